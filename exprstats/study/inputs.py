"""From a study's files to its tables."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things
from exprstats.study.logbook import Logbook
from exprstats.study.openface import summarise_videos
from exprstats.study.provenance import InputFile
from exprstats.study.settings import ClipsSettings, RatingsSettings, Study

if TYPE_CHECKING:
    import pandas as pd


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


def _note_file(table: str, path: Path, folder: Path, log: Logbook) -> None:
    from exprstats.io import sniff_file

    facts = sniff_file(path)
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    notes = tuple(str(note) for note in facts.notes)
    columns = len(facts.columns)
    log.inputs.append(InputFile(table, shown.as_posix(), facts.sha256, facts.rows, columns, notes))


def _read_table(settings: RatingsSettings | ClipsSettings) -> pd.DataFrame:
    from exprstats.io import read_clips, read_ratings

    # Keys of the file and options of the reader have the same names.
    named = {one.name: getattr(settings, one.name) for one in fields(settings)}
    path = named.pop("file")
    if isinstance(settings, RatingsSettings):
        return read_ratings(path, **named)
    del named["scale"]
    return read_clips(path, **{**named, "classes": True if settings.classes else None})
