"""The FRAMES table of OpenFace files, and a summary of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.behaviour.measurements import describe_recording
from exprstats.behaviour.openface.layout import GROUPS, KEYS, tell_repeats
from exprstats.behaviour.openface.lines import AGAIN, FileLines
from exprstats.behaviour.openface.recordings import record_lines
from exprstats.behaviour.openface.videos import Joined, Video, list_videos, open_video
from exprstats.behaviour.settings import Settings
from exprstats.errors import DataError, Problem, warn_user
from exprstats.io.sources import FilePath
from exprstats.options import name_nearest, take_path
from exprstats.parallel import run_tasks

Columns = Sequence[str] | Literal["all"] | None
_FEATURED = tuple(name for columns in GROUPS.values() for name in columns)


def read_openface(
    path: FilePath,
    *,
    columns: Columns = None,
    recursive: bool = False,
    endings: Sequence[str] = (),
    n_jobs: int = 1,
) -> pd.DataFrame:
    r"""Read OpenFace output.

    Files of the same video that hold different columns (found with ``recursive`` in folders of
    their own, or told apart by ``endings``) are joined by frame and face, without frames by time.
    The first file with time, confidence and success says which rows there are.

    Parameters
    ----------
    path
        A .csv (or .csv.gz) file of OpenFace 2.x, or a folder of them.
    columns
        OpenFace columns beside the keys; None: those that features need, as far as a file has
        them; ``"all"``: every column.
    recursive
        Whether folders inside the folder are searched, too.
    endings
        Endings of file names, such as ``["_units", "_pose"]``, that are no part of a video's name.
    n_jobs
        Processes that share the files.

    Returns
    -------
    pandas.DataFrame
        FRAMES: ``video`` (the file's name without ending), ``face``, ``frame``, ``timestamp``
        (seconds), ``success``, ``confidence``, then OpenFace's columns under their own names; a
        column that a video's file lacks is missing there.

    Raises
    ------
    DataError
        If the file cannot be read. In a folder, files that cannot be read are left out with a
        warning; it is an error if none can.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text(
    ...     "frame, face_id, timestamp, confidence, success, pose_Tx\n"
    ...     "1,0,0.000,0.98,1,5.5\n2,0,0.033,0.98,1,5.6\n"
    ... )
    >>> read_openface(path)[["video", "frame", "timestamp", "pose_Tx"]].to_numpy().tolist()
    [['a', 1, 0.0, 5.5], ['a', 2, 0.033, 5.6]]
    """
    files = list_videos(take_path(path), recursive=recursive, endings=endings)
    answers = run_tasks(
        partial(_read_quietly, columns=columns), files, n_jobs=n_jobs, label="Reading frames"
    )
    read = [answer for answer in answers if isinstance(answer, pd.DataFrame)]
    problems = [one for answer in answers if isinstance(answer, tuple) for one in answer]
    if not read:
        raise DataError(problems)
    for problem in problems:
        warn_user(f"{problem} The file is left out.")
    return read[0] if len(read) == 1 else pd.concat(read, ignore_index=True)


def inspect_openface(
    path: FilePath,
    *,
    confidence: float = 0.8,
    fps: float | None = None,
    recursive: bool = False,
    endings: Sequence[str] = (),
    n_jobs: int = 1,
) -> pd.DataFrame:
    r"""Say what each OpenFace file holds, without reading more than its keys.

    Parameters
    ----------
    path, recursive, endings
        As in `read_openface`.
    confidence
        Least confidence of a valid frame.
    fps
        Frames per second, where the time stamps are wrong.
    n_jobs
        Processes that share the files.

    Returns
    -------
    pandas.DataFrame
        One row a file: ``video``, ``file``, ``n_rows``, ``n_columns``, ``n_faces``,
        ``shared_frames`` (frames that show several faces), ``fps`` (from frame numbers and time
        stamps), ``length`` (seconds), ``valid_share``, ``mean_confidence``, ``absent`` (features
        that its columns do not allow), ``status`` (``ok`` or ``failed``) and ``note``.

    Raises
    ------
    DataError
        If there is no such file or folder, or it holds no files.
    OptionError
        If a choice cannot be.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text(
    ...     "frame, face_id, timestamp, confidence, success, pose_Tx\n"
    ...     "1,0,0.000,0.98,1,5.5\n2,0,0.033,0.98,1,5.6\n"
    ... )
    >>> inspect_openface(path)[["video", "n_rows", "valid_share", "status"]].to_numpy().tolist()
    [['a', 2, 1.0, 'ok']]
    """
    settings = Settings(confidence=confidence, fps=fps)
    files = list_videos(take_path(path), recursive=recursive, endings=endings)
    rows = run_tasks(
        partial(_inspect_file, settings=settings), files, n_jobs=n_jobs, label="Looking at files"
    )
    return pd.DataFrame(rows)


def fail_file(video: Video, error: DataError) -> dict[str, Any]:
    """Return the status row of a video whose files could not be read."""
    texts = [str(replace(one, file=None)) for one in error.problems]
    row: dict[str, Any] = {"video": video.name, "file": video.label}
    return row | {"status": "failed", "note": " ".join(texts)}


def _inspect_file(video: Video, settings: Settings) -> dict[str, Any]:
    try:
        recording = record_lines(open_video(video)).retime(settings.fps)
    except DataError as error:
        return fail_file(video, error)
    facts = describe_recording(recording, settings)
    note = " ".join(recording.notes) or None
    return {"video": recording.video, "file": video.label} | facts | {"status": "ok", "note": note}


def _read_quietly(video: Video, columns: Columns) -> pd.DataFrame | tuple[Problem, ...]:
    try:
        return _read_file(video, columns)
    except DataError as error:
        return error.problems


def _read_file(video: Video, columns: Columns) -> pd.DataFrame:
    lines = open_video(video)
    _refuse_repeats(lines)
    names = _choose_columns(lines, columns)
    keys = {name: lines.keys[:, place] for place, name in enumerate(KEYS)}
    head = pd.DataFrame(
        {
            "video": lines.layout.video,
            "face": keys["face_id"].astype(np.int64),
            "frame": keys["frame"].astype(np.int64),
            "timestamp": keys["timestamp"],
            "success": keys["success"],
            "confidence": keys["confidence"],
        }
    )
    fetch = record_lines(lines).fetch
    values = fetch(np.arange(len(head)), names)
    return pd.concat([head, pd.DataFrame(values, columns=list(names))], axis=1)


def _choose_columns(lines: FileLines | Joined, columns: Columns) -> tuple[str, ...]:
    present = [name for name in lines.layout.names if name and name not in KEYS]
    present += GROUPS["gaze"] if lines.layout.lacks_angles else ()
    if columns == "all":
        return tuple(present)
    wanted = _FEATURED if columns is None else list(dict.fromkeys(columns))
    absent = [name for name in wanted if name not in {*lines.layout.names, *present}]
    if columns is not None and absent:
        remedy = name_nearest(absent[0], present)
        fact = f"there is no column '{absent[0]}'."
        raise DataError(Problem(fact, remedy, file=str(lines.layout.path)))
    return tuple(name for name in wanted if name in set(present))


def _refuse_repeats(lines: FileLines | Joined) -> None:
    """Refuse a face that stands twice in a frame; the frames would have no key."""
    keys = pd.DataFrame(lines.keys[:, :2])
    repeated = keys.duplicated(keep=False).to_numpy()
    if repeated.any():
        frame, face = lines.keys[repeated][0, :2]
        fact = tell_repeats(int(repeated.sum()), frame, face)
        rows = tuple(int(number) for number in lines.numbers[repeated])
        remedy = AGAIN
        raise DataError(Problem(fact, remedy, file=str(lines.layout.path), rows=rows))
