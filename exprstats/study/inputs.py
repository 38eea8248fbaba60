"""Tables of a study from its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_disagreements, order_levels
from exprstats.errors import DataError, Option, Problem, Style, speak, warn_user
from exprstats.io.guards.features import list_lost
from exprstats.options import name_nearest, name_some
from exprstats.study.files import ClipsSettings, FileSettings, RatingsSettings, SubjectsSettings
from exprstats.study.joins import (
    Tables,
    align_ids,
    join_tables,
    list_settings,
    name_files,
    rename_columns,
)
from exprstats.study.provenance import InputFile, Logbook
from exprstats.study.settings import Study
from exprstats.study.stages.clips import summarise_videos
from exprstats.study.stages.people import join_people, list_needed, read_people

if TYPE_CHECKING:
    from exprstats.io import Reading

FEWEST_SUBJECTS = 3  # of the test part, for intervals
_THIN = "Leave out the features that are missing most often."


def read_tables(
    study: Study, log: Logbook, *, n_jobs: int = 1
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return the ratings and the clips of a study, whichever it has.

    Clips are summarised from videos where the study has ``[openface]``. Ids are written as the
    first file has them; subjects and contexts that one file names, and columns of people, are
    joined to the others.

    Raises
    ------
    DataError
        With the problems of both files together.
    """
    try:
        return _read_tables(study, log, n_jobs=n_jobs)
    except DataError as error:
        raise DataError(rename_columns(study, error.problems)) from None


def _read_tables(
    study: Study, log: Logbook, *, n_jobs: int
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    tables: Tables = {}
    problems: list[Problem] = []
    for name, settings in list_settings(study).items():
        try:
            if isinstance(settings, SubjectsSettings):
                _note_file(name, settings.file, study.path.parent, log, settings.choose_reading())
                known = list(map(str, tables["clips"])) if "clips" in tables else []
                log.joined = tuple(list_needed(study, known))
                tables[name] = read_people(settings, log.joined)
            else:
                tables[name] = _read_one(name, settings, study, log, n_jobs=n_jobs)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    for name, table in tables.items():
        again = table.attrs.get("repeated", [])
        reason = "another rating of the same rater, clip and item"
        log.exclude("read", name, len(table) + len(again), reason, left_out=again)
    log.rows |= {name: len(table) for name, table in tables.items()}
    tables, problems = align_ids(study, tables)
    people, files = tables.pop("subjects", None), name_files(study)
    problems += find_disagreements({files[name]: table for name, table in tables.items()})
    if problems:
        raise DataError(problems)
    tables = join_tables(study, tables, log)
    if people is not None:
        # A person's context is that of their clips, also of ratings that do not say whom they show.
        tables = join_people(study, tables, people, log.joined, log)
        tables = join_tables(study, tables, log)
    return tables.get("ratings"), tables.get("clips")


def _read_one(
    name: str, settings: RatingsSettings | ClipsSettings, study: Study, log: Logbook, *, n_jobs: int
) -> pd.DataFrame:
    """Return the table of ratings or clips, and write its file down."""
    folder, videos = study.path.parent, study.openface if name == "clips" else None
    reading = (videos or settings).choose_reading(study.reading)
    _note_file(name, settings.file, folder, log, reading)
    if videos is not None:
        return summarise_videos(videos, folder, log, n_jobs=n_jobs)
    if isinstance(settings, RatingsSettings):
        from exprstats.io.files.reading import tell_recoding

        log.notes += tell_recoding(reading, settings.reverse, settings.scale)
    whole = study.needs_columns or study.subjects is not None
    return open_table(settings, study.reading, borrowed=study.ratings is not None, whole=whole)


def keep_seen(ratings: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings of clips that models saw."""
    key = [one for one in ("context", "clip") if one in ratings and one in clips]
    return ratings[ratings.set_index(key).index.isin(clips.set_index(key).index)]


def _note_file(table: str, path: Path, folder: Path, log: Logbook, reading: Reading | None) -> None:
    from exprstats.io import Reading, sniff_file

    facts = sniff_file(path, reading or Reading())
    if reading is not None and reading.sheet is not None and facts.sheet is None:
        fact = f"{path.name} is no workbook, so that it has no sheet '{reading.sheet}'."
        warn_user((fact, " Remove ", Option("sheet"), "."))
    notes = tuple(str(note) for note in facts.notes)
    for file, digest, rows in facts.inputs:
        shown = file.relative_to(folder) if file.is_relative_to(folder) else file
        whole = InputFile(table, shown.as_posix(), digest, rows, len(facts.columns), notes)
        log.inputs.append(whole)


def open_table(
    settings: RatingsSettings | ClipsSettings,
    reading: Reading | None = None,
    *,
    borrowed: bool = False,
    whole: bool = False,
) -> pd.DataFrame:
    """Return the table of ``[ratings]`` or ``[clips]``, read as its settings say.

    With ``borrowed``, clips may lack a column ``subject``, since the ratings may have it; with
    ``whole`` they keep all their columns, and may lack features, which the file of people may have.
    """
    from exprstats.io import read_clips, read_ratings

    # Keys of the file and options of the reader have the same names.
    own = {one.name for one in fields(settings)} - {one.name for one in fields(FileSettings)}
    named = {name: getattr(settings, name) for name in own}
    path, reading = named.pop("file"), settings.choose_reading(reading)
    if isinstance(settings, RatingsSettings):
        return read_ratings(path, **named, reading=reading)
    del named["scale"], named["unmatched"]
    if borrowed and settings.subject == "subject":
        named["subject"] = None
    if whole:
        # Those of people are in another file, and whoever needs them names what is in none.
        named["features"] = None
    classes = True if settings.classes else None
    return read_clips(path, **{**named, "classes": classes}, categories=True, reading=reading)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What every model of a study learns from.

    Attributes
    ----------
    clips, parts, folds
        CLIPS with the target, each subject's part, and the folds that tune elastic nets, or None.
    target, features
        The column that is predicted, and those it is predicted from.
    by
        ``"context"`` where contexts have models of their own.
    classes
        Whether the target is one of classes.
    """

    clips: pd.DataFrame
    parts: pd.DataFrame
    folds: pd.DataFrame | None
    target: str
    features: tuple[str, ...]
    by: str | None = None
    classes: bool = False

    @property
    def columns(self) -> dict[str, Any]:
        """The target and the features, as verbs take them."""
        return {"target": self.target, "features": list(self.features)}


def find_by(table: pd.DataFrame) -> str | None:
    """Return ``"context"`` where a table has more than one context."""
    if "context" in table and len(order_levels(table["context"])) > 1:
        return "context"
    return None


def check_strata(study: Study, clips: pd.DataFrame, *, style: Style = "study") -> None:
    """Refuse strata where there is one context, or no such column."""
    if study.split and isinstance(column := study.split.stratify, str):
        if column not in clips:
            fact = f"[split] stratify names '{column}', which no column of the clips is."
            raise DataError(Problem(fact, name_nearest(column, map(str, clips.columns))))
        kinds = clips.groupby("subject")[column].agg(lambda own: tuple(sorted(set(map(str, own)))))
        if len(kinds) > 1 and kinds.is_unique:
            counted = count_things(len(kinds), "subject")
            fact = f"No two of {counted} have the same values of '{column}'"
            warn_user(f"{fact}, so that there is nothing to share out evenly.")
        return
    if study.split and study.split.stratify and find_by(clips) is None:
        fact = Option("stratify"), " shares out the subjects of several contexts; there is one."
        remedy = "Name the contexts' column with ", Option("context"), ", or leave this out."
        names = {"context": "by"} if style == "command" else None
        told = (speak(text, style, names) for text in (fact, remedy))
        raise DataError(Problem(*told, file=str(study.path)))


def check_marks(study: Study, clips: pd.DataFrame) -> None:
    """Refuse marks of clips for training only that no column of the clips holds."""
    marks = study.split.training_only if study.split else None
    if marks is not None and marks not in clips:
        fact = f"there is no column '{marks}', which [split] training_only names."
        remedy = name_nearest(marks, map(str, clips.columns))
        raise DataError(Problem(fact, remedy, file=name_files(study)["clips"]))


def check_tested(predictions: pd.DataFrame, by: str | None) -> None:
    """Refuse intervals where test subjects are too few."""
    parts = [("", predictions)] if by is None else predictions.groupby(by, sort=False)
    for context, part in parts:
        count = part["subject"].nunique()
        if count < FEWEST_SUBJECTS:
            verb = "there is" if count == 1 else "there are"
            where = verb if by is None else f"context '{context}' has"
            fact = f"{where} {count_things(count, 'test subject')}, and intervals need"
            remedy = ("Give the test part a larger share with ", Option("test"), " in [split], or ")
            told = f"{fact} {FEWEST_SUBJECTS}; the scores are reported without intervals."
            raise DataError(Problem(told, (*remedy, "collect more subjects.")))


def drop_gaps(
    clips: pd.DataFrame,
    columns: Sequence[str],
    log: Logbook,
    *,
    stage: str,
    reason: str,
    classes: str | None = None,
) -> pd.DataFrame:
    """Return the clips that have all the columns; the others are written down.

    Of a target of ``classes`` those are named of which nothing is left.

    Raises
    ------
    DataError
        If no clip is left.
    """
    gaps = clips[list(columns)].isna()
    broken = gaps.any(axis=1)
    told = list_lost(clips, ~broken.to_numpy(), columns, classes)
    left_out = clips.loc[broken, "clip"].tolist()
    if "context" in clips and not broken.all():
        for context in order_levels(clips["context"]):
            here = clips["context"].eq(context)
            if broken[here].all():
                empty = name_some([one for one in columns if gaps[one][here].all()])
                reason += f"; of context '{context}' no clip is left, since {empty} is empty there"
    log.exclude(
        stage, "clips", len(clips), f"{reason} ({told})" if told else reason, left_out=left_out
    )
    if broken.all():
        empty = ", ".join(f"'{name}'" for name in gaps.columns[gaps.all(axis=0)])
        fact = f"none of {len(clips):,} clips can be used: {reason} ({told})."
        remedy = f"No clip has a value of {empty}: name other columns." if empty else _THIN
        raise DataError(Problem(fact, remedy))
    return clips[~broken]
