"""Stages of a study on annotated signing and on what videos evoke."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.options import PARTS, TIE_NAMES, list_inside
from exprstats.study.files import EvokedSettings
from exprstats.study.settings import SigningSettings
from exprstats.study.stages import Note, Outcome, note_source

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import Reading
    from exprstats.results import Result


ROLES = ("utterance", "signer", "tier", "start", "end", "value")


def analyse_signing(
    settings: SigningSettings,
    *,
    seed: int,
    note: Note,
    n_jobs: int = 1,
    reading: Reading | None = None,
) -> Outcome:
    """Read annotations and a lexicon, count, relate labels to features, and predict them.

    Co-occurrence is measured on the annotated values; labels are predicted from action units, or
    from the values where none of these has a unit. Results are `EventCounts`, `CoOccurrence`, and
    `LabelPrediction` where there are folds to be had; a warning says why there are none.
    """
    from exprstats.errors import DataError, warn_user
    from exprstats.events import (
        compare_tokens,
        count_events,
        find_labels,
        map_units,
        measure_cooccurrence,
        predict_labels,
        read_lexicon,
    )
    from exprstats.events.readers.files import list_annotated

    others = (settings.lexicon, settings.units, settings.spellings)
    for path in (*list_annotated(settings.files), *(one for one in others if one is not None)):
        note_source(note, path, table=path.suffix.lower() in {".csv", ".xlsx"})
    fps = settings.fps
    lexicon = read_lexicon(settings.lexicon, categories=settings.categories)
    spellings = _read_table(settings.spellings)
    events, text = _read_annotations(settings, spellings, reading)
    labels = find_labels(events, lexicon, text=text, tokens=settings.tokens)
    table = _read_table(settings.units)
    units = None
    try:
        units = map_units(events, table)
    except DataError:
        if table is not None:
            raise
    tokens = compare_tokens(events, lexicon, text=text)
    shared = {"among": settings.among, "fps": fps, "level": settings.level, "seed": seed}
    shared["least"] = settings.least
    found: list[Result] = [
        count_events(events, labels, units, tokens=tokens, fps=fps),
        measure_cooccurrence(
            events, labels, given=settings.given, unit=settings.unit, draws=settings.draws, **shared
        ),
    ]
    try:
        predicted = predict_labels(
            events if units is None else units,
            labels,
            folds=settings.folds,
            n_folds=settings.n_folds,
            trees=settings.trees,
            n_jobs=n_jobs,
            **shared,
        )
        found.append(predicted)
    except DataError as error:
        warn_user(("Labels are not predicted: ", *error.parts))
    return Outcome(tuple(found))


def _read_annotations(
    settings: SigningSettings, spellings: pd.DataFrame | None, reading: Reading | None
) -> tuple[pd.DataFrame, str]:
    """Return the annotations, and the tier of their texts under the name that marks it as such.

    The texts of the tier that bounds utterances are theirs; a tier of texts is no feature.
    """
    from exprstats.events import read_events
    from exprstats.events.intervals import TEXTS

    events = read_events(
        settings.files,
        fps=settings.fps,
        within=settings.within,
        spellings=spellings,
        unit=settings.time_unit,
        reading=settings.choose_reading(reading),
        **{role: getattr(settings, role) for role in ROLES},
    )
    text = TEXTS[0] if settings.text == settings.within else settings.text
    if text in TEXTS or not events["tier"].eq(text).any():
        return events, text
    events["tier"] = events["tier"].replace(text, TEXTS[1])
    return events, TEXTS[1]


def _read_table(path: Path | None) -> pd.DataFrame | None:
    """Return a table of texts, empty cells as empty texts; None without a file."""
    if path is None:
        return None
    from exprstats.io import read_table

    table = read_table(path)
    return table.astype(object).where(table.notna(), "").astype(str)


MACHINE = "machine"


def analyse_evoked(
    settings: EvokedSettings,
    *,
    seed: int,
    note: Note,
    n_jobs: int = 1,
    reading: Reading | None = None,
) -> Outcome:
    """Read what videos evoke, and do what the settings ask for.

    Labels are described and compared between groups and parts; annotators with each other and with
    the files; predictions with the files' labels and, where there are annotators, with theirs.
    Results are `EvokedLabels`, `VideoSplit`, `EvokedAnnotators` and `EvokedScores`, with labels
    after a vote as ``voted`` and the parts of videos as ``parts``.
    """
    from exprstats.errors import OptionError
    from exprstats.events import measure_labels, split_videos, vote_labels

    reading = settings.choose_reading(reading)
    table = _read(settings, settings.files, note, reading)
    people = None
    if settings.human:
        people = _read(settings, settings.human, note, reading, annotator=True)
    elif "annotator" in table:
        people, table = table, table.drop(columns="annotator")
    models = _read_models(settings, note, reading)
    tables, told = {}, ""
    if settings.vote:
        grid = {"hz": settings.hz, "window": settings.window, "stride": settings.stride}
        options: dict[str, Any] = {"expressions": settings.expressions, "ties": settings.ties}
        table = vote_labels(table, threshold=settings.threshold, **grid, **options)
        tables["voted"], told = table, _tell_vote(settings, *table.attrs["tied"])
    groups = _find_themes(settings, note)
    shared: dict[str, Any] = {"expressions": settings.expressions, "level": settings.level}
    cut: dict[str, Any] = shared | {"threshold": settings.threshold}
    found: list[Result] = []
    labelled = is_labelled(table, settings.expressions)
    if labelled:
        every = people if people is not None and not (settings.human or settings.vote) else table
        measured = measure_labels(every, by=groups, **cut)
        by = settings.by or ("theme" if settings.themes else None)
        found.append(replace(measured, by=by))
    elif not models:
        raise OptionError(*_tell_ratings(table, settings))
    if labelled and (settings.part or settings.split):
        shares = dict(zip(_name_parts(settings.split), settings.split or (), strict=True)) or None
        part = "part" if settings.part else None
        split = split_videos(table, shares=shares, part=part, seed=seed, **cut)
        tables["parts"] = split.parts
        found.append(split)
    options = {"draws": settings.draws, "seed": seed, "n_jobs": n_jobs} | shared
    if people is not None:
        found += _compare_people(settings, people, table, groups, options)
    if models:
        found += _rate_models(settings, (table, people), models, groups, options)
    return Outcome(tuple(found), tables, told)


def _tell_vote(settings: EvokedSettings, tied: int, votes: int) -> str:
    return (
        f"Labels are majorities over windows of {settings.window:g} s, one each "
        f"{settings.stride:g} s: a tie is {TIE_NAMES[settings.ties]} ({tied:,} of {votes:,} "
        "votes), missing samples count on neither side, and windows that are not full are left out."
    )


def is_labelled(table: pd.DataFrame, expressions: tuple[str, ...] | None = None) -> bool:
    """Return whether every value is a label or a score from 0 to 1, and none a rating."""
    import numpy as np

    from exprstats.events.evoked.tables import list_expressions

    # Column by column, without a copy: the table may fill half of the memory.
    columns = [table[name].to_numpy() for name in list_expressions(table, expressions)]
    return all(
        np.fmin.reduce(one, initial=0) >= 0 and np.fmax.reduce(one, initial=0) <= 1
        for one in columns
    )


def _tell_ratings(table: pd.DataFrame, settings: EvokedSettings) -> tuple[Any, ...]:
    """Return what a table holds beside labels of 0 to 1, and how to go on."""
    from exprstats.errors import Option
    from exprstats.events.evoked.tables import list_expressions
    from exprstats.options import name_some

    names = list_expressions(table, settings.expressions)
    ends = {name: (table[name].min(), table[name].max()) for name in names}
    beyond = [name for name, (low, high) in ends.items() if low < 0 or high > 1]
    low, high = ends[beyond[0]]
    verb = "holds" if len(beyond) == 1 else "hold"
    return (
        f"{name_some(beyond)} {verb} ratings and no labels from 0 to 1 ('{beyond[0]}' runs from "
        f"{low:g} to {high:g}). A column of times is named with ",
        *(Option("time"), "; columns of expressions with ", Option("expressions")),
        *("; ratings are compared with predictions, which are named with ",),
        *(Option("predictions"), "."),
    )


def _read(
    settings: EvokedSettings,
    paths: tuple[Path, ...],
    note: Note,
    reading: Reading | None,
    **named: Any,
) -> pd.DataFrame:
    from exprstats.errors import DataError, Option, Problem
    from exprstats.events import read_evoked

    files = [one for path in paths for one in list_inside(path)]
    roles: dict[str, Any] = {"video": settings.video, "time": settings.time}
    own = not named
    roles |= {"group": settings.by if own and settings.themes is None else None}
    roles |= {"part": settings.part if own else None}
    roles |= {"model": settings.model if "model" in named else None}
    roles |= {
        "annotator": settings.annotator if named.get("annotator", not settings.human) else None
    }
    table = read_evoked(
        files,
        unit=settings.unit,
        expressions=settings.expressions,
        zeros=settings.zeros,
        # Scores count beside other scores only; labels need a quarter of their memory.
        threshold=None if settings.predictions or settings.human else settings.threshold,
        reading=reading,
        **{role: column for role, column in roles.items() if column is not None},
    )
    for path in files:
        note(path, *table.attrs["files"][str(path)])
    if named.get("annotator") and "annotator" not in table:
        fact = "there is no column that names the annotators."
        remedy = ("Name it with ", Option("annotator"), ".")
        raise DataError(Problem(fact, remedy, file=str(files[0])))
    return table


def _read_models(
    settings: EvokedSettings, note: Note, reading: Reading | None
) -> dict[str, pd.DataFrame]:
    """Return predictions by model: those a column names, or one a file, by its name."""
    from exprstats.events.evoked.tables import name_models

    found: dict[str, pd.DataFrame] = {}
    for path in settings.predictions:
        table = _read(settings, (path,), note, reading, model=True)
        found |= name_models(table) if "model" in table else {path.stem: table}
    return found


def _find_themes(settings: EvokedSettings, note: Note) -> str | pd.DataFrame | None:
    from exprstats.errors import DataError, Option, Problem

    if settings.themes is None:
        return None if settings.by is None else "group"
    from exprstats.io import read_table

    table = read_table(settings.themes)
    video = settings.video if settings.video in table else "video"
    group = settings.by or next((one for one in ("group", "theme") if one in table), "group")
    absent = [one for one in (video, group) if one not in table]
    if absent:
        fact = f"there is no column '{absent[0]}' of videos or themes."
        remedy = ("Name them with ", Option("video"), " and ", Option("by"), ".")
        raise DataError(Problem(fact, remedy, file=str(settings.themes)))
    note_source(note, settings.themes, len(table))
    return table[[video, group]].rename(columns={video: "video", group: "group"})


def _name_parts(shares: tuple[float, ...] | None) -> list[str]:
    if shares is None:
        return []
    if len(shares) == len(PARTS):
        return list(PARTS)
    return ["train", "test"] if len(shares) == 2 else [f"part {i + 1}" for i in range(len(shares))]


def _compare_people(
    settings: EvokedSettings,
    people: pd.DataFrame,
    table: pd.DataFrame,
    groups: str | pd.DataFrame | None,
    options: dict[str, Any],
) -> list[Result]:
    """Return the agreement of annotators, and the machine's with them where files are a machine's.

    Labels or scores are correlated with the share of annotators, within groups as well.
    """
    from exprstats.errors import DataError, warn_user
    from exprstats.events import compare_annotators, rate_evoked

    machine = table if settings.human else None
    cut = {name: options[name] for name in ("expressions", "level")}
    cut["threshold"] = settings.threshold
    found: list[Result] = [compare_annotators(people, machine, truth=settings.truth, **cut)]
    if machine is None:
        return found
    names = found[0].expressions  # type: ignore[attr-defined]
    shared = options | {"expressions": names, "metrics": ["correlation"], "common": True}
    share = _place_groups(average_people(people, list(names), settings.threshold), machine, groups)
    models = {MACHINE: machine}
    try:
        found.append(rate_evoked(share, models, by=groups, source="share of annotators", **shared))
    except DataError as error:
        warn_user(("The scores are not compared with the share of annotators: ", *error.parts))
    return found


def average_people(people: pd.DataFrame, names: list[str], threshold: float) -> pd.DataFrame:
    """Return the share of annotators with each label, one row a moment."""
    import pandas as pd

    from exprstats.events.evoked.tables import cut_labels

    keys = people[["video", "time"]].astype({"video": "str"})
    labels = cut_labels(people, names, threshold).astype(float)
    labelled = pd.DataFrame(labels, people.index, names)
    held = labelled.groupby([keys["video"], keys["time"]], sort=True).mean()
    return held.reset_index()


def _place_groups(
    share: pd.DataFrame, table: pd.DataFrame, groups: str | pd.DataFrame | None
) -> pd.DataFrame:
    """Return moments of people with the group that the files' table gives each of them."""
    from exprstats.events.evoked.tables import key_moments

    if not isinstance(groups, str):
        return share
    homes = table[["video", "group"]].astype({"video": "str"})
    homes = homes.assign(at=key_moments(table["time"])).drop_duplicates(["video", "at"])
    placed = share.assign(at=key_moments(share["time"])).merge(homes, on=["video", "at"])
    return placed.drop(columns="at")


def _rate_models(
    settings: EvokedSettings,
    tables: tuple[pd.DataFrame, pd.DataFrame | None],
    models: dict[str, pd.DataFrame],
    groups: str | pd.DataFrame | None,
    options: dict[str, Any],
) -> list[Result]:
    """Return the scores of models by the files' labels and by most annotators, by groups too."""
    import numpy as np

    from exprstats.events import rate_evoked
    from exprstats.events.evoked.tables import cut_labels, list_expressions

    table, people = tables
    shared = options | {"against": settings.against, "common": settings.common}
    shared |= {"metrics": settings.metrics, "by": groups}
    found: list[Result] = []
    if settings.human or people is None:
        truth, names = table, list_expressions(table, settings.expressions)
        if settings.metrics and {"average_precision", "auc"} & set(settings.metrics):
            truth = table.assign(**_spread(cut_labels(table, names, settings.threshold), names))
        found.append(rate_evoked(truth, models, source="labels", **shared))
    if people is not None:
        names = list_expressions(people, settings.expressions)
        share = _place_groups(average_people(people, names, settings.threshold), table, groups)
        values = share[names].to_numpy()
        # A tie of annotators is no majority; the models' truth is that of most of them.
        most = np.where(np.isnan(values), np.nan, (values > 0.5) * 1.0)
        truth = share.assign(**_spread(most, names))
        found.append(rate_evoked(truth, models, source="majority of annotators", **shared))
    return found


def _spread(values: Any, names: list[str]) -> dict[str, Any]:
    return dict(zip(names, values.T, strict=True))
