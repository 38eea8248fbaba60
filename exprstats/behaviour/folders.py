"""Clip features from a folder of OpenFace files, each passed over once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.behaviour.clips import warn_notes
from exprstats.behaviour.ledger import ClipFeatures, assemble
from exprstats.behaviour.measurements import Measured, measure_recording
from exprstats.behaviour.openface.frames import fail_file
from exprstats.behaviour.openface.lines import describe_unreadable
from exprstats.behaviour.openface.recordings import Recording, hold_rows, record_lines
from exprstats.behaviour.openface.videos import Video, list_videos, open_video
from exprstats.behaviour.segments import SegmentPlan, make_plan
from exprstats.behaviour.settings import Quality, Sampling, Settings, choose_settings
from exprstats.errors import DataError, OptionError, Problem
from exprstats.io import encode_json, write_json
from exprstats.io.sources import FilePath
from exprstats.options import SamplingRule, take_path
from exprstats.parallel import run_tasks

# Raised when the same file and choices would give other numbers.
_EDITION = 5
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Task:
    """One video, its clips' bounds (c,), where finished work is kept, whether to hash its files."""

    video: Video
    start: np.ndarray
    end: np.ndarray
    resume: Path | None
    hashed: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a file gave (None if it could not be used), and its status row."""

    measured: Measured | None
    status: dict[str, Any]
    problems: tuple[Problem, ...] = ()


def summarise_openface(
    path: FilePath,
    segments: pd.DataFrame | None = None,
    *,
    sampling: SamplingRule | Sampling = "nearest",
    quality: Quality | None = None,
    recursive: bool = False,
    endings: Sequence[str] = (),
    resume: FilePath | None = None,
    shard: tuple[int, int] | None = None,
    hashed: bool = False,
    n_jobs: int = 1,
    **choices: Any,
) -> ClipFeatures:
    """Summarise the clips of a folder of OpenFace files without reading the frames between.

    The numbers are those of `read_openface` and `summarise_clips`. All lines are passed over, but
    only those nearest to the grid are read in full (damage in others goes unnoticed), and memory
    stays bounded by one file's share.
    A file that cannot be used costs its own clips only; ``files`` of the result says why.

    Parameters
    ----------
    path
        A folder of .csv or .csv.gz files, or one file.
    segments, sampling, quality, **choices
        As in `summarise_clips`.
    recursive, endings
        As in `read_openface`.
    resume
        A folder that keeps each file's finished features under the hash of its content, its
        clips and the choices; what is there is not computed again.
    shard
        (i, n): only every n-th video, starting with the i-th (from 1). Shards that share a
        ``resume`` folder are merged by a last call without ``shard``.
    hashed
        Also give the SHA-256 of each file in ``files``; of a video's several files, one after
        the other.
    n_jobs
        Processes that share the files.

    Returns
    -------
    ClipFeatures
        CLIPS, the ledger of all segments, and the status of all files.

    Raises
    ------
    DataError
        If the folder holds no files, none can be used, too many segments have no video, or no
        clip is left.
    OptionError
        If a choice cannot be, is not known or is given twice.

    Examples
    --------
    >>> import tempfile, warnings
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> names = ["frame", "face_id", "timestamp", "confidence", "success", "pose_Tx"]
    >>> rows = [(i + 1, 0, i / 10, 0.98, 1, i) for i in range(20)]
    >>> table = pd.DataFrame(rows, columns=names).assign(pose_Ty=0, pose_Tz=500)
    >>> table.to_csv(folder / "a.csv", index=False)
    >>> with warnings.catch_warnings(action="ignore"):
    ...     result = summarise_openface(folder, hz=5)
    >>> result.clips[["clip", "head_displacement"]].to_numpy().tolist()
    [['a', 2.0]]
    """
    settings = choose_settings(sampling, quality, choices)
    return summarise_each(
        path, segments, [settings], recursive=recursive, endings=endings, resume=resume,
        shard=shard, hashed=hashed, n_jobs=n_jobs,
    )[0]  # fmt: skip


def summarise_each(
    path: FilePath,
    segments: pd.DataFrame | None,
    choices: Sequence[Settings],
    *,
    recursive: bool = False,
    endings: Sequence[str] = (),
    resume: FilePath | None = None,
    shard: tuple[int, int] | None = None,
    hashed: bool = False,
    n_jobs: int = 1,
) -> list[ClipFeatures]:
    """Return what `summarise_openface` does for each of several settings in one pass of the files.

    They must agree on which segments may be without a video.
    """
    files = list_videos(take_path(path), recursive=recursive, endings=endings)
    plan = make_plan(segments, [one.name for one in files], choices[0])
    if shard is not None:
        files, plan = _cut_shard(files, plan, shard)
    place = None if resume is None else Path(resume)
    wanted = set(plan.video.dropna())
    tasks = [
        _Task(one, *plan.get_bounds(one.name), place, hashed) for one in files if one.name in wanted
    ]
    answers = run_tasks(
        partial(_summarise_file, choices=choices), tasks, n_jobs=n_jobs, label="Reading OpenFace"
    )
    return [
        _assemble_answers(plan, [one[place] for one in answers], settings)
        for place, settings in enumerate(choices)
    ]


def _assemble_answers(
    plan: SegmentPlan, answers: Sequence[_Answer], settings: Settings
) -> ClipFeatures:
    measured = {
        str(answer.status["video"]): answer.measured for answer in answers if answer.measured
    }
    status = [answer.status for answer in answers]
    if not measured:
        raise DataError(_tell_failures(answers))
    warn_notes(measured)
    return assemble(plan, measured, status, settings)


def _tell_failures(answers: Sequence[_Answer]) -> Problem:
    """Return why none of the files can be used, with the remedy of the first."""
    facts = []
    for answer in answers[:3]:
        told = " ".join(str(replace(one, file=None, remedy="")) for one in answer.problems)
        facts.append(f"{answer.status['video']}: {told.rstrip('.')}")
    facts += [f"and {len(answers) - 3:,} more"] if len(answers) > 3 else []
    start = f"none of {len(answers):,} files can" if len(answers) > 1 else "the one file cannot"
    remedy = answers[0].problems[0].remedy if answers and answers[0].problems else ""
    return Problem(f"{start} be used: {'; '.join(facts)}.", remedy)


def _cut_shard(
    files: list[Video], plan: SegmentPlan, shard: tuple[int, int]
) -> tuple[list[Video], SegmentPlan]:
    part, parts = shard
    if not 1 <= part <= parts:
        message = f"shard {part}/{parts} cannot be: the first number runs from 1 to the second."
        raise OptionError(message, option="shard")
    chosen = files[part - 1 :: parts]
    here = plan.video.isin([one.name for one in chosen]).to_numpy()
    if not here.any():
        message = f"shard {part}/{parts} has no files with clips ({len(files):,} files in all)."
        raise OptionError(message, option="shard")
    return chosen, SegmentPlan(plan.segments[here], plan.video[here])


def _summarise_file(task: _Task, choices: Sequence[Settings]) -> list[_Answer]:
    """Return an answer for each of the settings; a file is opened once, and not if all is kept."""

    @cache
    def record() -> Recording:
        recording = record_lines(open_video(task.video))
        return hold_rows(recording) if len(choices) > 1 else recording

    return [_answer(task, settings, record) for settings in choices]


def _answer(task: _Task, settings: Settings, record: Callable[[], Recording]) -> _Answer:
    try:
        digest = _hash_files(task.video.paths) if task.hashed or task.resume else None
        kept = _name_kept(task, digest, settings)
        measured = _load(kept)
        if measured is None:
            measured = measure_recording(record(), task.start, task.end, settings)
            _keep(kept, measured)
    except DataError as error:
        return _Answer(None, fail_file(task.video, error), tuple(error.problems))
    note = " ".join(measured.notes) or None
    status = measured.facts | {"file": task.video.label, "sha256": digest}
    return _Answer(measured, status | {"status": "ok", "note": note})


def _hash_files(paths: Sequence[Path]) -> str:
    """Return the SHA-256 of files' bytes, one after the other, packed as they are on the disk."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise DataError(describe_unreadable(path, error)) from error
    return digest.hexdigest()


def _name_kept(task: _Task, digest: str | None, settings: Settings) -> Path | None:
    if task.resume is None:
        return None
    bounds = (task.start.tolist(), task.end.tolist())
    # What happens to clips that fail does not change the numbers.
    choices = replace(settings, failed="keep", unmatched=1.0)
    said = repr((_EDITION, task.video.name, digest, bounds, choices))
    return task.resume / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.json"


def _keep(path: Path | None, measured: Measured) -> None:
    if path is not None:
        columns = {str(name): list(column) for name, column in measured.table.items()}
        payload = {"columns": columns, "facts": measured.facts, "notes": measured.notes}
        write_json({**payload, "sha256": _seal(json.loads(encode_json(payload)))}, path)


def _seal(payload: Mapping[str, Any]) -> str:
    """Return a hash that tells whether what was kept is what was found."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _load(path: Path | None) -> Measured | None:
    """Return what an earlier run kept; a file that was damaged since counts for nothing."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path is not None else None
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.pop("sha256", None) != _seal(found):
        return None
    columns = dict(found["columns"])
    reason = columns.pop("reason", None)
    # A column without any number comes back as objects.
    table = pd.DataFrame(columns).apply(pd.to_numeric)
    table["reason"] = pd.Series(reason, dtype=object)
    return Measured(table, dict(found["facts"]), tuple(found["notes"]))
