"""Short windows of frames with the label that a model should give them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem
from exprstats.numerals import count_things
from exprstats.tables import find_empty, find_unnumbers, require_columns

# Labels between neutral and full expression, which people pass through quickly.
_BETWEEN = (3, 7)


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

    Windows start at the first frame and then every ``step`` frames; the last one that is not
    full is left out (Ouyang, Koesmahargyo, Galatzer-Levy, & Zhang). Intensities from 3 to 7 are
    passed through quickly and are rare; ``dense_step`` adds the windows that end in one of them
    at a smaller step, so that classes are more even.

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
    follows = _find_followers(frames)
    pieces = []
    for name, places in frames.groupby(video, sort=False).indices.items():
        rows = np.asarray(places)
        starts = np.arange(max(len(rows) - length + 1, 0))
        last = rows[starts + length - 1]
        regular = starts % step == 0
        dense = starts % (dense_step or step) == 0
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
