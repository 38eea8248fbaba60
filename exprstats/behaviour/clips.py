"""Clip features of Lin, Girard, and Morency (2020), from frames and segments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.behaviour.grid import place_grid
from exprstats.behaviour.ledger import ClipFeatures, assemble
from exprstats.behaviour.measurements import (
    RATE,
    Measured,
    find_within,
    measure_recording,
    resolve_times,
)
from exprstats.behaviour.motion import trace_signals
from exprstats.behaviour.openface.recordings import Recording, follow_face, record_frames
from exprstats.behaviour.segments import SegmentPlan, make_plan
from exprstats.behaviour.settings import Quality, Sampling, Settings, choose_settings
from exprstats.behaviour.trackers.alignment import align_frames
from exprstats.behaviour.trackers.faces import Frames
from exprstats.contracts import FRAMES, check_table
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.options import SamplingRule


def summarise_clips(
    frames: pd.DataFrame | Frames,
    segments: pd.DataFrame | None = None,
    *,
    sampling: SamplingRule | Sampling = "nearest",
    quality: Quality | None = None,
    **choices: Any,
) -> pd.DataFrame:
    """Summarise how much, and how fast, the face, gaze and head move in each clip.

    On a grid of ``hz`` moments a second (the clip's end excluded) the nearest frame is taken, or
    the frames of a step are averaged. No change is counted across a gap or from one face to
    another: a displacement needs two valid moments of the same face in a row, a velocity three.

    Parameters
    ----------
    frames
        FRAMES, for instance from `read_openface`; or what `read_faces` read of another tracker,
        of which those features are made that its columns allow, on the scales that a warning names.
    segments
        SEGMENTS; None: each video is one clip.
    sampling
        How frames become moments and moments movement, a `Sampling`; or the word of its rule,
        ``"nearest"`` or ``"mean"``.
    quality
        Which frames count and which clips are kept, a `Quality`.
    **choices
        Fields of `Sampling` and `Quality` by name, such as ``hz=10`` or ``confidence=0.9``.

    Returns
    -------
    pandas.DataFrame
        CLIPS, with the index of ``segments``: their ids and other columns (without times), then

        - ``points_displacement`` and ``points_velocity`` (px or mm, px/s or mm/s), the mean
          over 68 landmarks; ``gaze_`` (rad); ``head_`` (mm); ``pitch_``, ``yaw_``, ``roll_``
          (rad): the mean displacement a step of 1/hz, and the mean size of its change a second;
        - ``au_count``, the mean number of active units a frame (of 18), and ``au_intensity``,
          the mean intensity of the active ones (of 17), 0 in frames without any;
        - ``valid_share`` of moments, ``mean_confidence`` of frames, ``gaps`` (steps between
          frames longer than 1.5 median steps, and moments in a row without a valid frame),
          ``face_switches`` (other face ids than in the frame before; a clip with any averages
          over the faces, and a warning names it).

        Features whose columns are absent everywhere are left out with a warning.

    Raises
    ------
    DataError
        If a table breaks its contract, frames show several faces and none is chosen, too many
        segments have no video, or no clip is left.
    OptionError
        If a choice cannot be, is not known or is given twice.

    References
    ----------
    Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting and
    characterizing facial expressiveness. *Proceedings of AffCon*, 11–28.

    Examples
    --------
    A head that moves one millimetre a frame, for two seconds at 10 frames per second:

    >>> import numpy as np, pandas as pd
    >>> frames = pd.DataFrame({"video": "a", "face": 0, "frame": np.arange(1, 21)})
    >>> frames = frames.assign(timestamp=np.arange(20) / 10, success=1, confidence=0.98)
    >>> frames = frames.assign(pose_Tx=np.arange(20.0), pose_Ty=0.0, pose_Tz=500.0)
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     clips = summarise_clips(frames, quality=Quality(confidence=0.9), hz=5)
    >>> clips[["head_displacement", "head_velocity", "valid_share"]].round(3).iloc[0].tolist()
    [2.0, 0.0, 1.0]
    """
    settings = choose_settings(sampling, quality, choices)
    return measure_frames(frames, segments, settings).clips


def trace_clips(
    frames: pd.DataFrame | Frames,
    segments: pd.DataFrame | None = None,
    *,
    sampling: SamplingRule | Sampling = "nearest",
    quality: Quality | None = None,
    **choices: Any,
) -> pd.DataFrame:
    """Return the series behind the features, one row a moment of each clip's grid.

    Parameters
    ----------
    frames, segments, sampling, quality, **choices
        As in `summarise_clips`; no clip is left out.

    Returns
    -------
    pandas.DataFrame
        ``context``?, ``clip``, ``video``, ``time`` (seconds), ``frame`` (missing where none is
        near), ``valid``, and a column for each feature: points and gaze as in `summarise_clips`,
        missing where there is no step to the moment before (a gap, or another face).

    Raises
    ------
    DataError, OptionError
        As in `summarise_clips`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frames = pd.DataFrame({"video": "a", "face": 0, "frame": np.arange(1, 11)})
    >>> frames = frames.assign(timestamp=np.arange(10) / 10, success=1, confidence=0.98)
    >>> frames = frames.assign(pose_Tx=np.arange(10.0) ** 2, pose_Ty=0.0, pose_Tz=500.0)
    >>> trace_clips(frames)[["time", "frame", "head_displacement"]].to_numpy().tolist()[:3]
    [[0.0, 1, nan], [0.2, 3, 4.0], [0.4, 5, 12.0]]
    """
    settings = choose_settings(sampling, quality, choices)
    recordings, plan = _prepare(frames, segments, settings)
    names = [name for name in ("context", "clip", "video") if name in plan.segments]
    pieces = []
    for recording in recordings:
        here = plan.segments.loc[(plan.video == recording.video).to_numpy(), names]
        if len(here):
            pieces.append(_trace(recording, plan, here.reset_index(drop=True), settings))
    if not pieces:
        fact = "no segment names a video that has frames."
        raise DataError(Problem(fact, "Use the names of the videos.", column="video"))
    return pd.concat(pieces, ignore_index=True)


def measure_frames(
    frames: pd.DataFrame | Frames, segments: pd.DataFrame | None, settings: Settings
) -> ClipFeatures:
    """Return the clip features of a FRAMES table with everything that was left out."""
    recordings, plan = _prepare(frames, segments, settings)
    measured: dict[str, Measured] = {}
    for recording in recordings:
        start, end = plan.get_bounds(recording.video)
        if len(start):
            measured[recording.video] = measure_recording(recording, start, end, settings)
    warn_notes(measured)
    status = [
        one.facts | {"status": "ok", "note": " ".join(one.notes) or None}
        for one in measured.values()
    ]
    found = assemble(plan, measured, status, settings)
    if not isinstance(frames, Frames):
        return found
    rated = bool(frames.table["confidence"].notna().any())
    if not rated:
        # Frames got one so that they count; it is no measurement.
        blank = {"mean_confidence": np.nan}
        found = replace(
            found, clips=found.clips.assign(**blank), ledger=found.ledger.assign(**blank)
        )
    return replace(found, tracker=frames.tracker, rated=rated)


def warn_notes(measured: dict[str, Measured]) -> None:
    """Warn once for each thing that was noted about recordings, with the first of them."""
    noted: dict[str, list[str]] = {}
    for video, one in measured.items():
        for note in one.notes:
            noted.setdefault(note, []).append(video)
    for note, videos in noted.items():
        more = f" and {len(videos) - 1:,} more" if len(videos) > 1 else ""
        start, rate, end = note.partition(RATE)
        remedy = ("give the true rate with ", Option("fps")) if rate else ()
        warn_user((f"Video '{videos[0]}'{more}: {start}", *remedy, end))


def _prepare(
    frames: pd.DataFrame | Frames, segments: pd.DataFrame | None, settings: Settings
) -> tuple[list[Recording], SegmentPlan]:
    table = align_frames(frames) if isinstance(frames, Frames) else frames
    check_table(table, FRAMES)
    recordings = list(record_frames(table))
    return recordings, make_plan(segments, [one.video for one in recordings], settings)


def _trace(
    recording: Recording, plan: SegmentPlan, clips: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    timed = recording.retime(settings.fps)
    followed = follow_face(timed, settings.face)
    start, end = resolve_times(*plan.get_bounds(recording.video), timed)
    inside = find_within(start, end, timed.length) & (end > start)
    grid = place_grid(np.where(inside, start, 0), np.where(inside, end, 0), settings.hz)
    traces = trace_signals(followed, grid, settings)
    near = traces.frame >= 0
    frame = pd.Series(followed.frame[traces.frame], dtype="Int64").mask(~near)
    table = clips.iloc[grid.clip].reset_index(drop=True)
    return table.assign(time=grid.time, frame=frame, valid=traces.valid, **traces.series)
