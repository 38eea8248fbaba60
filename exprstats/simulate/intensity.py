"""Simulated smiles of people whose neutral faces differ, with the intensity of every frame."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.options import check_count, tell_kind
from exprstats.parallel import Seed, open_generator

_FPS = 30
_FRAMES = 90  # of a video: three seconds
_RISE = 15  # frames from neutral to the peak, half a second as in the paper
_TASKS = {"neutral": (0.0, 0.0), "smile": (0.35, 0.75), "smile more": (1.0, 1.0)}
# Corners of the mouth: where they are at rest, and how far a full smile moves them, in pixels.
_CORNERS = {
    "x_48": (290.0, -8.0),
    "y_48": (260.0, -6.0),
    "x_54": (350.0, 8.0),
    "y_54": (260.0, -6.0),
}
_UNITS = ("AU06_r", "AU12_r")


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedIntensity:
    """Simulated frames, with what they were drawn from.

    Attributes
    ----------
    frames
        One row a frame: ``subject``, ``video``, ``task``, ``frame`` (from 1), ``timestamp`` (s),
        ``success``, ``confidence``, the units that labels are made of (``AU06_r``, ``AU12_r``), the
        corners of the mouth that networks see (``x_48``, ``y_48``, ``x_54``, ``y_54``, in pixels)
        and the true ``intensity`` (0 to 1).
    truth
        ``subject``, ``task`` (None for terms of the person), ``term`` and ``truth``: ``neutral``,
        by how many labels the person's neutral face looks smiling, and ``peak``, the strongest
        intensity of each task.
    """

    frames: pd.DataFrame
    truth: pd.DataFrame


def simulate_intensity(
    *, subjects: int = 40, neutral_sd: float = 0.2, noise: float = 0.1, seed: Seed = None
) -> SimulatedIntensity:
    """Simulate people who look neutral, smile, and smile more, and whose neutral faces differ.

    Each person has three videos of 3 s, one a task. In the two smiles the intensity rises in half a
    second, stays, and falls; in the last it reaches 1. Units follow the intensity exactly, on a
    scale of each person's own, so that `label_intensity` recovers it. The corners of the mouth
    follow the sum of the intensity and the person's neutral level: who knows only strangers cannot
    tell the one from the other, and who knows a person's neutral face can.

    Parameters
    ----------
    subjects
        How many people.
    neutral_sd
        SD of the neutral levels, as a share of a full smile. They are exponential, with a mean of
        the same size: many people look neutral at rest, some as if they smiled. 0: all are alike.
    noise
        SD of the noise of each corner in each frame, as a share of its way in a full smile.
    seed
        Makes the frames repeatable.

    Returns
    -------
    SimulatedIntensity
        Frames and truth.

    Raises
    ------
    OptionError
        If a number is below what it may be.

    Examples
    --------
    >>> study = simulate_intensity(subjects=3, seed=1)
    >>> study.frames["task"].value_counts().to_dict()
    {'neutral': 270, 'smile': 270, 'smile more': 270}
    """
    check_count(subjects, "subjects")
    for name, value in (("neutral_sd", neutral_sd), ("noise", noise)):
        if not isinstance(value, Real) or not 0 <= value < np.inf:
            message = f"{name} is {tell_kind(value)}; it must be a number of at least 0."
            raise OptionError(message, option=name)
    rng = open_generator(seed)
    width = max(len(str(subjects)), 2)
    pieces, rows = [], []
    for number in range(1, subjects + 1):
        person = f"s{number:0{width}d}"
        neutral = neutral_sd * rng.exponential()
        ceilings = rng.uniform(2.5, 5, len(_UNITS))
        rows.append((person, None, "neutral", 10 * neutral))
        for task, bounds in _TASKS.items():
            course = draw_course(rng, rng.uniform(*bounds))
            rows.append((person, task, "peak", course.max()))
            frame = np.arange(1, _FRAMES + 1)
            columns: dict[str, object] = {
                "subject": person,
                "video": f"{person}_{task.replace(' ', '_')}",
                "task": task,
                "frame": frame,
                "timestamp": ((frame - 1) / _FPS).round(3),
                "success": 1,
                "confidence": 0.98,
            }
            for unit, ceiling in zip(_UNITS, ceilings, strict=True):
                columns[unit] = ceiling * course
            for corner, (rest, way) in _CORNERS.items():
                moved = course + neutral + noise * rng.normal(size=_FRAMES)
                columns[corner] = rest + way * moved
            pieces.append(pd.DataFrame({**columns, "intensity": course}))
    truth = pd.DataFrame(rows, columns=["subject", "task", "term", "truth"])
    return SimulatedIntensity(pd.concat(pieces, ignore_index=True), truth)


def draw_course(rng: np.random.Generator, peak: float) -> np.ndarray:
    """Return a rise, a stay and a fall of the intensity (frames,).

    Examples
    --------
    >>> course = draw_course(np.random.default_rng(1), 0.5)
    >>> float(course[0]), float(course.max()), float(course[-1])
    (0.0, 0.5, 0.0)
    """
    start = rng.integers(10, 25)
    stay = rng.integers(15, 30)
    ramp = (1 - np.cos(np.pi * np.arange(1, _RISE + 1) / _RISE)) / 2
    course = np.zeros(_FRAMES)
    shape = np.r_[ramp, np.ones(stay), ramp[::-1]]
    course[start : start + len(shape)] = shape
    return peak * course
