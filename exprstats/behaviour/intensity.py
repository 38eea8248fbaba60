"""Emotional intensity of frames, relative to the most that each person shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.numerals import count_things
from exprstats.tables import find_empty, find_unnumbers, require_columns

Units = Mapping[str, tuple[str, ...]]
HAPPINESS: dict[str, Units] = {
    "openface": {"AU06": ("AU06_r",), "AU12": ("AU12_r",)},
    "arkit": {
        "AU06": ("CheekSquintLeft", "CheekSquintRight"),
        "AU12": ("MouthSmileLeft", "MouthSmileRight"),
    },
}
# Decimals that end in 5 go up, although their doubles may lie just below.
_SLACK = 1e-9


def label_intensity(
    frames: pd.DataFrame,
    units: Units | str = "openface",
    *,
    subject: str = "subject",
    confidence: float = 0.8,
) -> pd.DataFrame:
    """Label each frame by how much of its person's strongest expression it shows.

    A unit is the sum of its sides over the sum of the sides' maxima; maxima are taken over all
    frames of a person, apart for each side. The emotion is the mean over its units, and the label
    is the nearest tenth, from 0 to 10 (Ouyang, Koesmahargyo, Galatzer-Levy, & Zhang, equations
    1 and 2). It supposes that everybody showed all they can.

    Parameters
    ----------
    frames
        One row a frame in the order of time; FRAMES with a subject column, or blendshapes.
    units
        The emotion's units, each with its columns (left and right, or one); ``"openface"`` and
        ``"arkit"`` stand for happiness (AU 6 and 12) under the names of these programs.
    subject
        Column that names the person.
    confidence
        Where the table has ``success`` and ``confidence``, frames that were not tracked with at
        least this confidence are missing.

    Returns
    -------
    pandas.DataFrame
        With the index of ``frames``: ``intensity`` (0 to 1) and ``label`` (0 to 10), missing
        where a column is.

    Raises
    ------
    DataError
        If columns are absent, hold no numbers or negative ones.
    OptionError
        If the word for the units is not known, or the confidence is no share.

    Warns
    -----
    DataWarning
        For units that a person never shows; they are left out for this person.

    Examples
    --------
    >>> frames = pd.DataFrame({"subject": "a", "AU06_r": [0.0, 1, 2], "AU12_r": [0.0, 4, 4]})
    >>> label_intensity(frames)["label"].tolist()
    [0, 8, 10]
    """
    chosen = _pick_units(units)
    if not 0 <= confidence <= 1:
        message = f"confidence is {confidence:g}; it is a share between 0 and 1."
        raise OptionError(message)
    columns = [name for sides in chosen.values() for name in sides]
    _check_frames(frames, [subject, *columns])
    values = frames[columns].to_numpy(float, na_value=np.nan)
    if {"success", "confidence"} <= set(frames.columns):
        tracked = (frames["success"] == 1) & (frames["confidence"] >= confidence)
        values = np.where(tracked.to_numpy(bool, na_value=False)[:, None], values, np.nan)
    unit = np.repeat(np.arange(len(chosen)), [len(sides) for sides in chosen.values()])
    intensity = np.full(len(frames), np.nan)
    silent: dict[str, list[str]] = {}
    for person, rows in frames.groupby(subject, sort=False).indices.items():
        intensity[rows], quiet = measure_intensity(values[rows], unit)
        for place in quiet:
            silent.setdefault(list(chosen)[place], []).append(str(person))
    _tell_silent(silent)
    label = pd.array(np.floor(10 * intensity + 0.5 + _SLACK), dtype="Float64").astype("Int64")
    return pd.DataFrame({"intensity": intensity, "label": label}, index=frames.index)


def measure_intensity(values: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return one person's intensities and the units that never move.

    Parameters
    ----------
    values
        Activations (n, columns), NaN where missing.
    unit
        Which unit each column is a side of (columns,), from 0.

    Returns
    -------
    intensity : numpy.ndarray
        (n,); NaN where a column is missing or no unit ever moves.
    silent : list of int
        Units whose maximum is 0 or that are missing throughout.
    """
    highest = np.nan_to_num(np.fmax.reduce(values, axis=0))
    sides = np.equal.outer(unit, np.arange(unit.max() + 1)).astype(float)
    ceiling = highest @ sides
    moving = ceiling > 0
    silent = [int(place) for place in np.flatnonzero(~moving)]
    if not moving.any():
        return np.full(len(values), np.nan), silent
    kept = sides[:, moving]
    shown = values[:, kept.any(axis=1)] @ kept[kept.any(axis=1)]
    return (shown / ceiling[moving]).mean(axis=1), silent


def _pick_units(units: Units | str) -> Units:
    if isinstance(units, str):
        if units not in HAPPINESS:
            message = f"units '{units}' is not known. There is: {', '.join(HAPPINESS)}."
            raise OptionError(message)
        return HAPPINESS[units]
    if not units or not all(units.values()):
        message = "an emotion needs at least one unit, and each unit a column."
        raise OptionError(message)
    return {unit: (held,) if isinstance(held, str) else held for unit, held in units.items()}


def _check_frames(frames: pd.DataFrame, columns: list[str]) -> None:
    require_columns(frames, columns, "frames")
    problems = [*find_empty(frames, columns[:1]), *find_unnumbers(frames, columns[1:])]
    if not problems:
        problems = [
            Problem(
                f"{count_things((frames[name] < 0).sum(), 'value is', 'values are')} below 0.",
                column=name,
            )
            for name in columns[1:]
            if (frames[name] < 0).any()
        ]
    if problems:
        raise DataError(problems)


def _tell_silent(silent: dict[str, list[str]]) -> None:
    for unit, people in silent.items():
        named = ", ".join(f"'{person}'" for person in people[:5])
        noun = "person" if len(people) == 1 else "people"
        message = (
            f"{unit} is 0 or missing in every tracked frame of {len(people):,} {noun} ({named}) "
            "and is left out there."
        )
        warn_user(message)
