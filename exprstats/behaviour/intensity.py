"""Emotional intensity of frames relative to each person's maximum, and windows of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.grid import SLACK
from exprstats.behaviour.trackers.faces import Frames
from exprstats.behaviour.trackers.units import TRACKER_NAMES, UNIT_COLUMNS, Units, name_units
from exprstats.contracts import find_empty, find_unnumbers, require_columns
from exprstats.document.text import join_words
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.options import check_share

HAPPINESS: dict[str, Units] = {
    tracker: name_units(tracker, "happiness")[0] for tracker in UNIT_COLUMNS
}
# Intensities of OpenFace and LibreFace: one far beyond the scale would be a person's maximum.
_RATED, _SCALED, _ABOVE = re.compile(r"AU\d+_r|au_\d+_intensity"), 5.0, 0.5
# Labels between neutral and full expression, which people pass through quickly.
_BETWEEN = (3, 7)


def label_intensity(
    frames: pd.DataFrame | Frames,
    units: Units | str | None = None,
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
        One row a frame in the order of time; FRAMES with a subject column, blendshapes, or what
        `read_faces` returns, of which each video is a person unless its table names them.
    units
        The emotion's units, each with its columns (left and right, or one); ``"openface"``,
        ``"arkit"``, ``"py-feat"``, ``"libreface"`` and ``"affdex"`` stand for happiness (AU 6 and
        12) under the names of these programs; None: of the tracker, of a plain table OpenFace's.
    subject
        Column that names the person.
    confidence
        Where the table has ``success`` and ``confidence``, frames that were not tracked with at
        least this confidence are missing; without any confidence, all that were tracked count.

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
    if isinstance(frames, Frames):
        units = frames.tracker if units is None else units
        frames = frames.table
        if subject not in frames:
            frames = pd.concat([frames, frames["video"].rename(subject)], axis=1)
    chosen = _pick_units("openface" if units is None else units)
    check_share(confidence, "confidence")
    columns = [name for sides in chosen.values() for name in sides]
    _check_frames(frames, [subject, *columns])
    values = frames[columns].to_numpy(float, na_value=np.nan)
    if {"success", "confidence"} <= set(frames.columns):
        trust = frames["confidence"]
        trust = trust.fillna(1.0) if trust.isna().all() else trust
        tracked = (frames["success"] == 1) & (trust >= confidence)
        values = np.where(tracked.to_numpy(bool, na_value=False)[:, None], values, np.nan)
    _refuse_beyond(values, columns)
    unit = np.repeat(np.arange(len(chosen)), [len(sides) for sides in chosen.values()])
    intensity = np.full(len(frames), np.nan)
    silent: dict[str, list[str]] = {}
    for person, rows in frames.groupby(subject, sort=False).indices.items():
        intensity[rows], quiet = measure_intensity(values[rows], unit)
        for place in quiet:
            silent.setdefault(list(chosen)[place], []).append(str(person))
    _tell_silent(silent)
    label = pd.array(np.floor(10 * intensity + 0.5 + SLACK), dtype="Float64").astype("Int64")
    return pd.DataFrame({"intensity": intensity, "label": label}, index=frames.index)


def measure_intensity(values: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return one person's intensities (n,) and the units that never move.

    ``values`` are activations (n, columns), and ``unit`` (columns,) says of which unit each column
    is a side. NaN where a column is missing or no unit ever moves; silent are units whose maximum
    is 0.
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
            name = TRACKER_NAMES.get(units)
            start = f"{name} rates no units from 0 upwards" if name else f"'{units}' is not known"
            message = f": {start}. There is: {', '.join(HAPPINESS)}; or name columns."
            raise OptionError(Option("units", units), message)
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
                ("Correct them, or declare codes of missing values with ", Option("missing"), "."),
                column=name,
            )
            for name in columns[1:]
            if (frames[name] < 0).any()
        ]
    if problems:
        raise DataError(problems)


def _refuse_beyond(values: np.ndarray, columns: list[str]) -> None:
    """Refuse ratings of tracked frames (n, columns) beyond the scale that their names tell."""
    highest = np.fmax.reduce(values, axis=0, initial=-np.inf)
    problems = [
        Problem(
            f"it reaches {top:g}, and the scale ends at {_SCALED:g}.",
            ("Correct it, or declare it as missing with ", Option("missing"), "."),
            column=name,
        )
        for name, top in zip(columns, highest, strict=True)
        if _RATED.fullmatch(name) and top > _SCALED + _ABOVE
    ]
    if problems:
        raise DataError(problems)


def _tell_silent(silent: dict[str, list[str]]) -> None:
    found: dict[tuple[str, ...], list[str]] = {}
    for unit, people in silent.items():
        found.setdefault(tuple(people), []).append(unit)
    for people, units in found.items():
        named = ", ".join(f"'{person}'" for person in people[:5])
        noun = "person" if len(people) == 1 else "people"
        verb = "is" if len(units) == 1 else "are"
        message = (
            f"{join_words(units)} {verb} 0 or missing in every tracked frame of {len(people):,} "
            f"{noun} ({named}) and {verb} left out there."
        )
        warn_user(message)


def cut_windows(
    frames: pd.DataFrame,
    *,
    label: str = "label",
    video: str = "video",
    length: int = 16,
    step: int = 6,
    dense_step: int | None = None,
) -> pd.DataFrame:
    """Cut videos into overlapping windows, each with the label of its last frame.

    Windows start at the first frame and then every ``step`` frames, those that are missing
    counted; the last one that is not full is left out (Ouyang, Koesmahargyo, Galatzer-Levy, &
    Zhang). Intensities from 3 to 7 are passed through quickly and are rare; ``dense_step`` adds the
    windows that end in one of them at a smaller step, so that classes are more even.

    Parameters
    ----------
    frames
        One row a frame in the order of time.
    label, video
        Columns.
    length, step
        Frames.
    dense_step
        Frames; None adds nothing.

    Returns
    -------
    pandas.DataFrame
        One row a window: ``video``, ``first`` and ``last`` (rows of the table, from 0),
        ``label``, ``added`` (by ``dense_step``) and ``complete`` (all its frames have labels
        and, where the table has ``frame`` and ``face``, follow each other and show one face).
        Windows whose last frame has no label are left out.

    Raises
    ------
    DataError
        If columns are absent, a row names no video, or ``dense_step`` meets labels that are no
        numbers.
    OptionError
        If a number of frames is not whole or below 1.

    Examples
    --------
    >>> frames = pd.DataFrame({"video": "a", "label": range(30)})
    >>> cut_windows(frames)[["first", "last", "label"]].to_numpy().tolist()
    [[0, 15, 15], [6, 21, 21], [12, 27, 27]]
    """
    for name, value in (("length", length), ("step", step), ("dense_step", dense_step)):
        if value is not None and (value < 1 or value != int(value)):
            message = f"{name} is {value}; it must be a whole number of frames, at least 1."
            raise OptionError(message)
    require_columns(frames, [label, video], "frames")
    problems = find_empty(frames, [video])
    numbers = ["frame"] * ("frame" in frames) + [label] * (dense_step is not None)
    problems += find_unnumbers(frames, numbers)
    if problems:
        raise DataError(problems)
    known = frames[label].notna().to_numpy()
    between = np.zeros(len(frames), bool)
    if dense_step is not None:
        between = frames[label].between(*_BETWEEN).fillna(False).to_numpy(bool)
    follows, order = _find_followers(frames), _find_order(frames)
    pieces = []
    for name, homes in frames.groupby(video, sort=False).indices.items():
        rows = np.asarray(homes)
        starts = np.arange(max(len(rows) - length + 1, 0))
        last = rows[starts + length - 1]
        places = order(rows)[starts]
        regular = places % step == 0
        dense = places % (dense_step or step) == 0
        added = ~regular & dense & between[last]
        chosen = (regular | added) & known[last]
        gaps = np.r_[0, np.cumsum(~known[rows])]
        jumps = np.cumsum(~follows(rows))
        piece = {
            "video": name,
            "first": rows[starts[chosen]],
            "last": last[chosen],
            "label": frames[label].iloc[last[chosen]].array,
            "added": added[chosen],
            "complete": (
                (gaps[starts + length] == gaps[starts])
                & (jumps[starts + length - 1] == jumps[starts])
            )[chosen],
        }
        pieces.append(pd.DataFrame(piece))
    return pd.concat(pieces, ignore_index=True)


def _find_order(frames: pd.DataFrame) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that counts a video's rows (n,) from 0: by frame, gaps included."""
    numbers = frames["frame"].to_numpy(float, na_value=np.nan) if "frame" in frames else None

    def count(rows: np.ndarray) -> np.ndarray:
        if numbers is not None and np.isfinite(numbers[rows]).all():
            away = numbers[rows] - numbers[rows[0]]
            if (np.diff(away) > 0).all():
                return away
        return np.arange(float(len(rows)))

    return count


def _find_followers(frames: pd.DataFrame) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that tells which of a video's rows (n,) go on from the one before."""
    steps = []
    if "frame" in frames:
        steps.append((frames["frame"].to_numpy(float, na_value=np.nan), 1))
    if "face" in frames:
        steps.append((pd.factorize(frames["face"])[0], 0))

    def follow(rows: np.ndarray) -> np.ndarray:
        follows = np.ones(len(rows), bool)
        for values, step in steps:
            follows[1:] &= np.diff(values[rows]) == step
        return follows

    return follow


def count_labels(windows: pd.DataFrame, *, label: str = "label") -> pd.DataFrame:
    """Return how many windows each of the 11 labels has, and their share.

    Parameters
    ----------
    windows
        From `cut_windows`, or any table with labels from 0 to 10.
    label
        Column.

    Returns
    -------
    pandas.DataFrame
        ``label`` (0 to 10), ``n`` and ``share``; missing labels are not counted.

    Raises
    ------
    DataError
        If the column is absent, or holds what is no label.

    Examples
    --------
    >>> count_labels(pd.DataFrame({"label": [0, 0, 10]})).query("n > 0").to_numpy().tolist()
    [[0.0, 2.0, 0.6666666666666666], [10.0, 1.0, 0.3333333333333333]]
    """
    require_columns(windows, [label], "windows")
    problems = find_unnumbers(windows, [label])
    if problems:
        raise DataError(problems)
    strange = windows[label][~windows[label].isin(range(11)) & windows[label].notna()]
    if len(strange):
        counted = count_things(len(strange), "value is", "values are")
        fact = f"{counted} no labels from 0 to 10, such as {strange.iloc[0]:g}."
        raise DataError(Problem(fact, "Use the column of labels.", column=label))
    counts = windows[label].value_counts().reindex(range(11), fill_value=0)
    total = max(int(counts.sum()), 1)
    return pd.DataFrame(
        {"label": range(11), "n": counts.to_numpy(int), "share": counts.to_numpy(float) / total}
    )
