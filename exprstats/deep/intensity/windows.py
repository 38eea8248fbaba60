"""Windows of frames as clips: who is seen, the label, and the features of each frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_absent, find_unnumbers, require_columns
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.options import name_some


def gather_windows(
    frames: pd.DataFrame,
    windows: pd.DataFrame,
    *,
    features: Sequence[str],
    keep: Sequence[str] = ("subject",),
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Return windows as CLIPS, and the features of each.

    Parameters
    ----------
    frames
        One row a frame: ``video``, the features, and the columns to keep; ``frame`` where frames
        are numbered.
    windows
        From `cut_windows` of these frames.
    features
        Columns that networks see; none where they see pictures.
    keep
        Further columns of the frames, such as the task; those of a window's last frame are taken.

    Returns
    -------
    clips : pandas.DataFrame
        ``clip`` (the video's name and the number of the last frame), ``video``, the columns to
        keep, ``first_frame``, ``last_frame``, ``start`` and ``end`` (s, where frames have a
        ``timestamp``: as SEGMENTS for `read_pictures`), ``label`` and ``added``. Windows that are
        not complete or lack a feature are left out, and a warning says how many.
    arrays : dict
        Clip to (frames, features), in single precision; ``load=lambda row: arrays[row["clip"]]``.

    Raises
    ------
    DataError
        Columns are absent or hold no numbers, or no window is left.

    References
    ----------
    Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L.: windows of 16 frames every 6
    frames, each with the label of its last frame.

    Examples
    --------
    >>> from exprstats import cut_windows, simulate_intensity
    >>> frames = simulate_intensity(subjects=2, seed=1).frames
    >>> frames["label"] = frames["intensity"].mul(10).round()
    >>> windows = cut_windows(frames)
    >>> clips, arrays = gather_windows(frames, windows, features=["x_48", "y_48"])
    >>> clips["clip"].iloc[0], arrays[clips["clip"].iloc[0]].shape
    ('s01_neutral_16', (16, 2))
    """
    chosen, kept = list(features), [one for one in dict.fromkeys(keep) if one != "video"]
    require_columns(frames, ["video", *kept, *chosen], "frames")
    require_columns(windows, ["video", "first", "last", "label", "added", "complete"], "windows")
    problems = find_unnumbers(frames, chosen)
    if problems:
        raise DataError(problems)
    values = frames[chosen].to_numpy(np.float32, na_value=np.nan)
    numbers = frames["frame"] if "frame" in frames else frames.groupby("video").cumcount() + 1
    rows = {name: np.asarray(places) for name, places in frames.groupby("video").indices.items()}
    known = np.asarray(np.isfinite(values).all(axis=1))
    times = frames["timestamp"].to_numpy(float) if "timestamp" in frames else None
    found, arrays, gaps = [], {}, 0
    for window in windows.to_dict("records"):
        own = rows[window["video"]]
        ends = np.searchsorted(own, [window["first"], window["last"]])
        place = own[ends[0] : ends[1] + 1]
        if not (window["complete"] and known[place].all()):
            gaps += 1
            continue
        first, last = (int(numbers.iloc[place[end]]) for end in (0, -1))
        line = {"clip": f"{window['video']}_{last}", "video": window["video"]}
        line |= {name: frames[name].iloc[place[-1]] for name in kept}
        line |= {"first_frame": first, "last_frame": last}
        if times is not None:
            here = times[place]
            step = float(np.ptp(here)) / max(len(here) - 1, 1)
            line |= {"start": round(float(here[0]), 6), "end": round(float(here[-1]) + step, 6)}
        found.append({**line, "label": window["label"], "added": window["added"]})
        arrays[line["clip"]] = values[place]
    if not found:
        fact = f"none of {count_things(len(windows), 'window')} is complete."
        raise DataError(Problem(fact, f"Check the features {name_some(chosen)}."))
    if gaps:
        counted = count_things(gaps, "window is", "windows are", of=len(windows))
        warn_user(f"{counted} left out: frames are missing, or their labels or features.")
    clips = pd.DataFrame(found)
    if pd.api.types.is_numeric_dtype(windows["label"]) and (clips["label"] % 1 == 0).all():
        clips["label"] = clips["label"].astype(int)  # labels may be missing elsewhere
    return clips, arrays


def share_frames(windows: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Return which windows (n,) show a frame that one of the others shows, too.

    Examples
    --------
    >>> table = pd.DataFrame({"video": "a", "first_frame": [1, 7, 19], "last_frame": [16, 22, 34]})
    >>> share_frames(table.iloc[1:], table.iloc[:1]).tolist()
    [True, False]
    """
    shared = np.zeros(len(windows), bool)
    first, last = (windows[name].to_numpy(float) for name in ("first_frame", "last_frame"))
    videos = windows["video"].astype(str).to_numpy()
    for video, own in others.groupby(others["video"].astype(str), sort=False):
        here = np.flatnonzero(videos == video)
        starts, ends = (own[name].to_numpy(float) for name in ("first_frame", "last_frame"))
        meets = (first[here, None] <= ends) & (last[here, None] >= starts)
        shared[here] = meets.any(1)
    return shared


def read_marks(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column of True and False (n,), also where it was read from a file.

    Examples
    --------
    >>> read_marks(pd.DataFrame({"added": ["True", "false", "1"]}), "added").tolist()
    [True, False, True]
    """
    require_columns(table, [column])
    known = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
    texts = table[column].astype(str).str.casefold()
    odd = table[column][~texts.isin(list(known)).to_numpy()]
    if len(odd):
        fact = f"{name_some(odd.unique().tolist()[:3])} not True or False."
        raise DataError(Problem(fact, "Write 1 and 0.", column=column))
    return texts.map(known).to_numpy(bool)


def keep_trained(clips: pd.DataFrame, parts: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the CLIPS without those for training only that are of other people.

    The column, such as ``"added"``, is True for clips that only training people (PARTS) may have.

    Examples
    --------
    >>> clips = pd.DataFrame({"subject": ["a", "a", "b", "b"], "added": [0, 1, 0, 1]})
    >>> parts = pd.DataFrame({"subject": ["a", "b"], "part": ["train", "test"]})
    >>> keep_trained(clips, parts, "added").index.tolist()
    [0, 1, 2]
    """
    problems = find_absent(parts, ["subject", "part"]) + find_absent(clips, ["subject"], "clips")
    if problems:
        raise DataError(problems)
    marked = read_marks(clips, column)
    trained = parts.loc[parts["part"].astype(str) == "train", "subject"].astype(str)
    own = clips["subject"].astype(str).isin(trained).to_numpy()
    return clips[own | ~marked]


def mark_value(table: pd.DataFrame, pair: str) -> np.ndarray:
    """Return which rows (n,) have the value that ``COLUMN=VALUE`` names; there must be some.

    Examples
    --------
    >>> mark_value(pd.DataFrame({"task": ["neutral", "smile"]}), "task=neutral").tolist()
    [True, False]
    """
    column, mark, value = (part.strip() for part in pair.partition("="))
    if not (column and mark and value):
        message = f" {pair}: give a column and a value, such as task=neutral."
        raise OptionError(Option("neutral"), message)
    if column not in table:
        fact = "there is no such column."
        raise DataError(Problem(fact, "Name one of the clips' columns.", column=column))
    held = table[column]
    texts = held.astype(str)
    if held.dtype.kind == "f":
        texts = held.map("{:g}".format)
    marked = (texts == value).to_numpy(bool)
    if not marked.any():
        fact = f"no clip has the value '{value}'; there is {name_some(texts.unique().tolist())}."
        raise DataError(Problem(fact, "Name one of these values.", column=column))
    return marked
