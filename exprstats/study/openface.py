"""A folder of OpenFace files to the clips of a study, with everything left out written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.study.logbook import Logbook
from exprstats.study.provenance import InputFile
from exprstats.study.settings import OpenfaceSettings
from exprstats.tables import require_columns
from exprstats.words import name_nearest

if TYPE_CHECKING:
    import pandas as pd

IDS = ("context", "clip", "subject")
# How well a clip was tracked says how far its features can be trusted, not how a face moves.
QUALITY = ("valid_share", "mean_confidence", "gaps", "face_switches")
# What the study says in the words of summarise_openface.
_CHOICES = (
    *("hz", "sampling", "confidence", "min_valid", "unit", "signed", "face", "fps"),
    *("unmatched", "recursive", "endings"),
)


def summarise_videos(
    settings: OpenfaceSettings, folder: Path, log: Logbook, *, n_jobs: int = 1
) -> pd.DataFrame:
    """Return CLIPS: ids, features, quality, and the target and features that the study names.

    Parameters
    ----------
    settings
        The table ``[openface]``.
    folder
        Where the study file is; files below it are named from there.
    log
        Gets the files, and the clips that could not be used with the reason.
    n_jobs
        Processes that share the files.

    Raises
    ------
    DataError
        If files cannot be used, or give no column that the study names.
    """
    from exprstats.behaviour import FEATURES, read_segments, summarise_openface

    segments = read_segments(
        settings.segments,
        clip=settings.clip,
        video=settings.video,
        subject=settings.subject,
        context=settings.context,
        target=None if settings.target in (*FEATURES, *QUALITY) else settings.target,
        classes=True if settings.classes else None,
        missing=settings.missing,
    )
    named = (*(settings.features or ()), *filter(None, [settings.target]))
    # A misspelt name is told before hours of frames are read.
    _refuse_unknown(named, (*FEATURES, *QUALITY, *segments.columns))
    result = summarise_openface(
        settings.folder,
        segments,
        **{name: getattr(settings, name) for name in _CHOICES},
        hashed=True,
        n_jobs=n_jobs,
    )
    _note_videos(result.files, folder, log)
    _note_failures(result.ledger, log)
    require_columns(result.clips, named, "clips")
    wanted = dict.fromkeys((*IDS, *FEATURES, *QUALITY, *named))
    return result.clips[[name for name in wanted if name in result.clips]]


def _refuse_unknown(named: Iterable[str], known: Sequence[str]) -> None:
    problems = [
        Problem(f"[openface] names '{name}', which no column is.", name_nearest(name, known))
        for name in named
        if name not in known
    ]
    if problems:
        raise DataError(problems)


def _note_videos(files: pd.DataFrame, folder: Path, log: Logbook) -> None:
    for row in files[files["status"] == "ok"].to_dict("records"):
        path = Path(row["file"])
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        notes = (str(row["note"]),) if isinstance(row["note"], str) else ()
        rows, columns = int(row["n_rows"]), int(row["n_columns"])
        one = InputFile("openface", shown.as_posix(), row["sha256"], rows, columns, notes)
        log.inputs.append(one)


def _note_failures(ledger: pd.DataFrame, log: Logbook) -> None:
    """Write down the clips that fail, one entry a kind of reason."""
    failed = ledger[~ledger["kept"]]
    kinds = failed["reason"].map(lambda reason: str(reason).split(" (")[0])
    left = len(ledger)
    for kind, rows in failed.groupby(kinds):
        log.exclude("read", "clips", left, str(kind), left_out=rows["clip"].tolist())
        left -= len(rows)
