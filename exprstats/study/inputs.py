"""From a study's files to its tables, and which rows of them can be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things
from exprstats.study.openface import QUALITY, summarise_videos
from exprstats.study.provenance import InputFile, Logbook
from exprstats.study.settings import ClipsSettings, RatingsSettings, Study
from exprstats.tables import order_levels

if TYPE_CHECKING:
    import pandas as pd

_THIN = "Leave out the features that are missing most often."
_ROLES = ("context", "clip", "subject")


def read_tables(
    study: Study, log: Logbook, *, n_jobs: int = 1
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return the ratings and the clips of a study, whichever it has.

    Clips are summarised from videos where the study has ``[openface]``.

    Raises
    ------
    DataError
        With the problems of both files together.
    """
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name, settings in (("ratings", study.ratings), ("clips", study.clips)):
        if settings is None:
            continue
        try:
            _note_file(name, settings.file, study.path.parent, log)
            if name == "clips" and study.openface is not None:
                folder = study.path.parent
                tables[name] = summarise_videos(study.openface, folder, log, n_jobs=n_jobs)
            else:
                tables[name] = _read_table(settings)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    log.rows |= {name: len(table) for name, table in tables.items()}
    return tables.get("ratings"), tables.get("clips")


def list_features(clips: pd.DataFrame, settings: ClipsSettings) -> list[str]:
    """Return the feature columns: those that the study names, else all that could be."""
    return list(settings.features) if settings.features else list_numbers(clips, settings.target)


def list_numbers(clips: pd.DataFrame, target: str | None = None) -> list[str]:
    """Return the columns of numbers that could be features.

    Ids, the target and the quality columns of `exprstats.behaviour.summarise_clips` are none;
    quality becomes a feature only by name.
    """
    taken = {*_ROLES, *QUALITY, target}
    numbers = clips.select_dtypes("number").columns
    return [str(name) for name in numbers if name not in taken]


def find_by(table: pd.DataFrame) -> str | None:
    """Return ``"context"`` where a table has more than one context."""
    if "context" in table and len(order_levels(table["context"])) > 1:
        return "context"
    return None


def borrow_subjects(ratings: pd.DataFrame, clips: pd.DataFrame, log: Logbook) -> pd.DataFrame:
    """Return ratings with the subjects of their clips, where only the clips name subjects.

    Where a rated clip is not among them, the ratings stay without subjects, and a note says so.
    """
    if "subject" in ratings:
        return ratings
    key = [name for name in ("context", "clip") if name in ratings and name in clips]
    known = clips[[*key, "subject"]].drop_duplicates(key)
    found = ratings[key].merge(known, on=key, how="left")["subject"]
    if not found.isna().any():
        return ratings.assign(subject=found.to_numpy())
    unknown = len(ratings.loc[found.isna().to_numpy(), key].drop_duplicates())
    log.notes.append(
        f"The clips table lacks {count_things(unknown, 'rated clip')}, so that the ratings' "
        "subjects are not known, and their reliability takes clips as independent. Name the "
        "subjects in [ratings] to avoid it."
    )
    return ratings


def drop_gaps(
    clips: pd.DataFrame, columns: Sequence[str], log: Logbook, *, stage: str, reason: str
) -> pd.DataFrame:
    """Return the clips that have all the columns; the others are written down.

    Raises
    ------
    DataError
        If no clip is left.
    """
    gaps = clips[list(columns)].isna()
    broken = gaps.any(axis=1)
    named = [str(name) for name in gaps.columns[gaps.any(axis=0)]]
    told = ", ".join(f"'{name}'" for name in named[:5]) + (" …" if len(named) > 5 else "")
    left_out = clips.loc[broken, "clip"].tolist()
    log.exclude(
        stage, "clips", len(clips), f"{reason} ({told})" if named else reason, left_out=left_out
    )
    if broken.all():
        empty = ", ".join(f"'{name}'" for name in gaps.columns[gaps.all(axis=0)])
        fact = f"none of {len(clips):,} clips can be used: {reason} ({told})."
        remedy = f"No clip has a value of {empty}: name other columns." if empty else _THIN
        raise DataError(Problem(fact, remedy))
    return clips[~broken]


def _note_file(table: str, path: Path, folder: Path, log: Logbook) -> None:
    from exprstats.io import sniff_file

    facts = sniff_file(path)
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    notes = tuple(str(note) for note in facts.notes)
    columns = len(facts.columns)
    log.inputs.append(InputFile(table, shown.as_posix(), facts.sha256, facts.rows, columns, notes))


def _read_table(settings: RatingsSettings | ClipsSettings) -> pd.DataFrame:
    from exprstats.io import read_clips, read_ratings

    if isinstance(settings, ClipsSettings):
        return read_clips(
            settings.file,
            clip=settings.clip,
            subject=settings.subject,
            context=settings.context,
            features=settings.features,
            target=settings.target,
            classes=True if settings.classes else None,
            missing=settings.missing,
        )
    return read_ratings(
        settings.file,
        clip=settings.clip,
        rater=settings.rater,
        raters=settings.raters,
        rating=settings.rating,
        items=settings.items,
        subject=settings.subject,
        context=settings.context,
        scale=settings.scale,
        duplicates=settings.duplicates,
        missing=settings.missing,
    )
