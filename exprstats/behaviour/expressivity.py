"""Expressivity without training: emotions as fixed sets of action units, after OpenDBM."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.grid import SLACK
from exprstats.behaviour.measurements import note_switches, resolve_times
from exprstats.behaviour.motion import average_active
from exprstats.behaviour.openface.recordings import Face, Recording, follow_face, record_frames
from exprstats.behaviour.segments import make_plan
from exprstats.behaviour.settings import Settings
from exprstats.behaviour.trackers.faces import Frames
from exprstats.behaviour.trackers.units import TRACKER_NAMES
from exprstats.contracts import FRAMES, check_table
from exprstats.errors import DataError, Problem, warn_user

# Units of each emotion that OpenFace can see (OpenDBM, facial expressivity).
EMOTIONS: dict[str, tuple[str, ...]] = {
    "happiness": ("AU06", "AU12"),
    "sadness": ("AU01", "AU04", "AU15"),
    "surprise": ("AU01", "AU02", "AU05", "AU26"),
    "fear": ("AU01", "AU02", "AU04", "AU05", "AU07", "AU20", "AU26"),
    "anger": ("AU04", "AU05", "AU07", "AU23"),
    "disgust": ("AU09", "AU15"),
    "contempt": ("AU12", "AU14"),
}
# OpenDBM divides by six, although intensities end at five.
_SCALE = 6.0
_NEEDED = tuple(dict.fromkeys(unit for units in EMOTIONS.values() for unit in units))


def rate_expressivity(
    frames: pd.DataFrame | Frames,
    segments: pd.DataFrame | None = None,
    *,
    confidence: float = 0.8,
    complete: bool = False,
    face: Face = None,
    fps: float | None = None,
    unmatched: float = 0.05,
) -> pd.DataFrame:
    """Rate how much each clip expresses by OpenDBM's rule, a comparator that learns nothing.

    In each frame an emotion is the mean intensity of its active units over 6, 0 where none is
    active; expressivity is the mean over the seven emotions. A clip has the mean over all of its
    valid frames, without a grid; where these show one face after another, a warning names it.

    Parameters
    ----------
    frames, segments, confidence, face, fps, unmatched
        As in `summarise_clips`.
    complete
        Count an emotion only in frames in which all of its units are active.

    Returns
    -------
    pandas.DataFrame
        The segments' columns, the seven emotions, ``expressivity`` and ``valid_share`` (of
        frames); missing where a clip has no valid frame. All lie between 0 and 5/6.

    Raises
    ------
    DataError
        If a table breaks its contract or action units are absent.

    References
    ----------
    AiCure (2021). *OpenDBM: Open digital biomarkers* [Computer software], facial expressivity.

    Examples
    --------
    A smile of intensity 3 in all frames is half of what the rule calls complete happiness:

    >>> import numpy as np, pandas as pd
    >>> units = sorted({unit for units in EMOTIONS.values() for unit in units})
    >>> frames = pd.DataFrame({"video": "a", "face": 0, "frame": np.arange(1, 11)})
    >>> frames = frames.assign(timestamp=np.arange(10) / 10, success=1, confidence=0.98)
    >>> levels = {f"{unit}_r": 3.0 * (unit in EMOTIONS["happiness"]) for unit in units}
    >>> seen = {f"{unit}_c": float(unit in EMOTIONS["happiness"]) for unit in units}
    >>> rate_expressivity(frames.assign(**levels, **seen))[["happiness", "sadness"]].to_numpy()
    array([[0.5, 0. ]])
    """
    settings = Settings(confidence=confidence, face=face, fps=fps, unmatched=unmatched)
    if isinstance(frames, Frames):
        if frames.tracker != "openface":
            fact = f"the rule weighs OpenFace's units; these are {TRACKER_NAMES[frames.tracker]}'s."
            raise DataError(Problem(fact, "Run OpenFace with -aus on the videos."))
        frames = frames.table
    check_table(frames, FRAMES)
    _require_units(frames)
    recordings = list(record_frames(frames))
    plan = make_plan(segments, [one.video for one in recordings], settings)
    names = [*EMOTIONS, "expressivity", "valid_share", "mixed"]
    rated = pd.DataFrame(np.nan, index=range(len(plan.segments)), columns=names)
    places = pd.Series(range(len(plan.segments)))
    for recording in recordings:
        rows = places[(plan.video == recording.video).to_numpy()]
        if len(rows):
            bounds = plan.get_bounds(recording.video)
            rated.loc[rows, names] = _rate_recording(recording, bounds, settings, complete)
    mixed = plan.segments["clip"][(rated.pop("mixed") == 1).to_numpy()]
    if len(mixed):
        warn_user(note_switches([*mixed], len(rated)))
    times = ["start", "end"] if segments is None else []
    return pd.concat(
        [plan.segments.drop(columns=times), rated.set_axis(plan.segments.index)], axis=1
    )


def measure_emotions(rated: np.ndarray, seen: np.ndarray, *, complete: bool = False) -> np.ndarray:
    """Return the seven emotions (n, 7) of each frame, in the order of `EMOTIONS`.

    ``rated`` and ``seen`` are intensities and activity (n, units) of the units that the emotions
    name, in the order of first mention; ``complete``: whether all units of an emotion must be
    active.
    """
    columns = []
    for units in EMOTIONS.values():
        places = [_NEEDED.index(unit) for unit in units]
        value = average_active(rated[:, places], seen[:, places]) / _SCALE
        columns.append(value * (seen[:, places] == 1).all(axis=1) if complete else value)
    return np.column_stack(columns)


def _require_units(frames: pd.DataFrame) -> None:
    wanted = [f"{unit}_{kind}" for unit in _NEEDED for kind in "rc"]
    absent = [name for name in wanted if name not in frames.columns]
    if absent:
        counted = count_things(len(absent), "column")
        fact = f"the frames table lacks {counted} of action units: {', '.join(absent[:5])}."
        raise DataError(Problem(fact, "Run OpenFace with -aus."))


def _rate_recording(
    recording: Recording, bounds: tuple[np.ndarray, np.ndarray], settings: Settings, complete: bool
) -> np.ndarray:
    """Return each clip's emotions, their mean, valid share, whether faces change (c, 10)."""
    timed = recording.retime(settings.fps)
    followed = follow_face(timed, settings.face)
    bounds = resolve_times(*bounds, timed)
    # A clip that begins before the video holds no frame.
    inside = np.where(bounds[0] >= -SLACK, bounds, -np.inf)
    everything = np.arange(len(followed.time))
    rated, seen = (
        followed.get(everything, tuple(f"{unit}_{kind}" for unit in _NEEDED)) for kind in "rc"
    )
    emotions = measure_emotions(rated, seen, complete=complete)
    values = np.column_stack([emotions, emotions.mean(axis=1)])
    valid = followed.judge(settings.confidence)
    rows = []
    for low, high in zip(*np.searchsorted(followed.time, inside - SLACK), strict=True):
        chosen = valid[low:high]
        means = values[low:high][chosen].mean(axis=0) if chosen.any() else np.full(8, np.nan)
        mixed = len(np.unique(followed.face[low:high][chosen])) > 1
        rows.append([*means, chosen.mean() if high > low else np.nan, mixed])
    return np.array(rows)
