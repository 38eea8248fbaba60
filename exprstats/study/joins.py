"""Subjects, contexts and single items that one file of a study lends another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, Problem
from exprstats.study.files import ClipsSettings
from exprstats.study.provenance import Logbook
from exprstats.study.settings import Study

if TYPE_CHECKING:
    import pandas as pd


def join_tables(
    study: Study, ratings: pd.DataFrame, clips: pd.DataFrame, log: Logbook
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ratings and clips, each with the subjects and contexts that only the other names.

    Where some rated clips have no row among the clips, their subjects are not known: the ratings
    then stay without subjects, and a note says so.

    Raises
    ------
    DataError
        No file names the subjects, or a clip of one file has several subjects or contexts in the
        other.
    """
    files = [one.file.name for one in (study.ratings, study.clips) if one is not None]
    for column in ("context", "subject"):
        if column in clips and column not in ratings:
            ratings = _lend(clips, ratings, column, log, files=files[::-1], what="ratings")
        elif column in ratings and column not in clips:
            clips = _lend(ratings, clips, column, log, files=files, what="clips")
    if "subject" not in clips:
        fact = "no file names the people who are seen, whom the split needs."
        remedy = ("Name their column with ", Option("subject"), " in [clips] or in [ratings].")
        raise DataError(Problem(fact, remedy, file=str(study.path)))
    return ratings, clips


def _lend(
    owner: pd.DataFrame,
    table: pd.DataFrame,
    column: str,
    log: Logbook,
    *,
    files: list[str],
    what: str,
) -> pd.DataFrame:
    """Return a table with a column that only its owner has, by the clips that both name."""
    key = [name for name in ("context", "clip") if name in table and name in owner]
    known = owner[[*key, column]].drop_duplicates()
    twice = known[known.duplicated(key)]
    if len(twice):
        clip = twice["clip"].iloc[0]
        several = ", ".join(
            f"'{one}'" for one in known.loc[known["clip"] == clip, column].unique()[:3]
        )
        fact = (
            f"{files[1]} has no column of {column}s, and in {files[0]} clip '{clip}' has several "
            f"({several})."
        )
        raise DataError(Problem(fact, f"Give {files[1]} a column of {column}s.", column=column))
    found = table[key].merge(known, on=key, how="left")[column]
    lost = found.isna().to_numpy()
    if lost.any() and (what, column) == ("ratings", "subject"):
        unknown = len(table.loc[lost, key].drop_duplicates())
        log.notes.append(
            f"The clips table lacks {count_things(unknown, 'rated clip')}, so that the ratings' "
            "subjects are not known, and their reliability takes clips as independent. Name the "
            "subjects in [ratings] to avoid it."
        )
        return table
    if lost.all():
        fact = f"no clip of {files[1]} is in {files[0]}, which names the {column}s."
        raise DataError(Problem(fact, "Check that both name the clips alike.", column="clip"))
    log.notes.append(
        f"{files[1]} has no column of {column}s, so {column}s were taken from {files[0]}."
    )
    reason = f"{files[0]} lacks the clip, so that its {column} is not known"
    log.exclude("read", what, len(table), reason, left_out=table.loc[lost, "clip"].tolist())
    joined = table.assign(**{column: found.to_numpy()})
    return joined[~lost].reset_index(drop=True) if lost.any() else joined


def take_item(
    study: Study,
    settings: ClipsSettings,
    ratings: pd.DataFrame,
    clips: pd.DataFrame,
    log: Logbook,
) -> tuple[Study, ClipsSettings, pd.DataFrame]:
    """Return study, its settings of clips, and clips, with the mean rating of one item as target.

    A factor needs three items, and scores by Bartlett's method need a factor. Ratings of several
    items, and a study that names its target, are returned as they are.

    Raises
    ------
    DataError
        A model is about factor scores.
    """
    from exprstats.measurement import average_raters

    items = [str(one) for one in ratings["item"].unique()]
    if study.ratings is None or not study.scored or len(items) != 1:
        return study, settings, clips
    human = next((one.name for one in study.models if one.kind == "human"), None)
    if human is not None:
        fact = f"'{human}' judges raters by factor scores, and the ratings have one item."
        raise DataError(Problem(fact, "Remove the model.", file=str(study.path)))
    [item] = items
    target = item if item not in clips else f"mean rating of {item}"
    means = average_raters(ratings).rename(columns={item: target})
    key = [name for name in ("context", "clip") if name in means and name in clips]
    joined = clips.merge(means[[*key, target]], on=key, how="left")
    log.notes.append(
        f"The ratings have one item, '{item}', so that there is no factor and no factor score: "
        "models predict each clip's mean rating. Its reliability is that of the mean of raters."
    )
    models = tuple(one for one in study.models if one.kind != "normal")
    if len(models) < len(study.models):
        told = "Standard normal guesses are in the unit of factor scores, so they are left out."
        log.notes.append(told)
    settings = replace(settings, target=target, scale=study.ratings.scale)
    return replace(study, clips=settings, models=models), settings, joined
