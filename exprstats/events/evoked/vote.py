"""Majority votes of labels over sliding windows, such as from 6 Hz to 1 Hz.

A window [t, t + 3 s) holds the samples of three seconds; a label stands at t if more than half of
the samples that are there have it. What is missing counts neither for nor against, exactly half is
no majority unless ``ties`` says so, and windows that are not full are left out; Sun et al. (2020)
say nothing of either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.events.evoked.tables import (
    check_evoked,
    code_names,
    cut_labels,
    decode_names,
    key_moments,
    refuse_repeats,
)
from exprstats.options import Ties, check_word, is_positive

_OFF, _SLOW = 0.25, 0.05  # of a step: how far samples may lie off the grid, and how long it may be


class Windows(NamedTuple):
    """Windows of a grid of samples.

    Attributes
    ----------
    video, start
        Of each window (w,): the video's code, and where it begins in s.
    labels
        (w, e) 1, 0, or NaN where every sample is missing.
    known
        (w, e) samples that are not missing.
    tied
        Votes of which exactly half have the label.
    """

    video: np.ndarray
    start: np.ndarray
    labels: np.ndarray
    known: np.ndarray
    tied: int


def vote_labels(
    table: pd.DataFrame,
    *,
    hz: float = 6.0,
    window: float = 3.0,
    stride: float = 1.0,
    threshold: float = 0.5,
    ties: Ties = "absent",
    expressions: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Reduce labels in time by a majority vote over sliding windows.

    Parameters
    ----------
    table
        EVOKED: labels of 0 and 1, or scores from 0 to 1, with ``video`` and ``time`` (s).
    hz
        Samples per second in the table.
    window, stride
        Length of a window, and the distance of two windows, in s.
    threshold
        A sample at this score or above has the label.
    ties
        What exactly half of the samples make: ``"absent"``, no label; ``"present"``, a label; or
        ``"missing"``.
    expressions
        Columns to vote on; None: all.

    Returns
    -------
    pandas.DataFrame
        EVOKED with one row a full window, ``time`` its start, labels of 1 and 0 or missing; other
        columns that are one for a video (``group``, ``part``) stay. ``attrs["tied"]`` has the votes
        of which exactly half have the label, and all votes.

    Raises
    ------
    DataError
        If times do not lie on a grid of ``hz``, or no video is as long as a window.
    OptionError
        If window or stride are no whole number of samples.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV
    dataset: Predicting expressions evoked by diverse videos*. arXiv:2001.05488.

    Examples
    --------
    >>> table = pd.DataFrame({"video": "a", "time": np.arange(24) / 6, "joy": [1] * 12 + [0] * 12})
    >>> vote_labels(table)[["time", "joy"]].to_numpy().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    check_word(ties, Ties, "ties")
    names = check_evoked(table, expressions, needs=("video", "time"))
    width, step = (
        _count_samples(one, hz, what) for one, what in ((window, "window"), (stride, "stride"))
    )
    codes, videos = code_names(table["video"])
    moments = key_moments(table["time"])
    order = refuse_repeats(codes, moments, videos)
    codes, times = codes[order], table["time"].to_numpy(float)[order]
    slots = np.round(times * hz).astype(np.int64)
    _refuse_off_grid(codes, times, slots, hz)
    shown = np.empty((len(names), len(order)), dtype=bool)
    held: np.ndarray | None = None
    for place, name in enumerate(names):  # one by one: the table may fill half of the memory
        labels = cut_labels(table, [name], threshold)[:, 0][order]
        shown[place], known = labels == 1, np.isfinite(labels)
        if not known.all():
            held = np.ones_like(shown) if held is None else held
            held[place] = known
    found = vote_windows(shown, held, codes, slots, width=width, step=step, ties=ties)
    if not len(found.start):
        fact = f"no video has {window:g} s of samples, the length of a window."
        raise DataError(Problem(fact, ("Shorten it with ", Option("window"), ".")))
    voted = pd.DataFrame({"video": decode_names(found.video, videos)})
    voted["time"] = found.start / hz
    for name in ("group", "part"):
        if name in table:
            first = np.searchsorted(codes, np.arange(len(videos)))
            voted[name] = table[name].to_numpy(object)[order][first][found.video]
    voted = pd.concat([voted, pd.DataFrame(found.labels.astype(np.float32), columns=names)], axis=1)
    voted.attrs["tied"] = (found.tied, int((found.known > 0).sum()))
    return voted


def vote_windows(
    shown: np.ndarray,
    known: np.ndarray | None,
    codes: np.ndarray,
    slots: np.ndarray,
    *,
    width: int,
    step: int,
    ties: Ties = "absent",
) -> Windows:
    """Return votes of labels at slots of a grid, over windows of some slots.

    ``shown`` (e, n) is whether a sample, in order of video and slot, has a label, and ``known``
    whether that is known (None: all are). ``codes`` and ``slots`` (n,) are its video and its place
    on the grid, a whole number, each once. Windows of ``width`` slots begin at multiples of
    ``step``.

    Notes
    -----
    Samples are first added within blocks of gcd(width, step) slots, and windows are sums of blocks,
    so that a sample is read once however many windows it lies in.
    """
    block = int(np.gcd(width, step))
    kind = np.min_scalar_type(2 * width)
    first, last = _find_ends(codes, slots)
    low = first // block
    sizes = last // block - low + 1
    begin = np.cumsum(sizes) - sizes
    total = int(sizes.sum()) * block
    place = None
    if len(slots) < total:
        place = ((begin - low) * block)[codes] + slots
    # Windows of a video: multiples of step from its first slot on, all of whose slots it reaches.
    start = -(-first // step)
    count = np.maximum((last + 1 - width) // step - start + 1, 0)
    video = np.repeat(np.arange(len(first)), count)
    begins = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    begins = (begins + np.repeat(start, count)) * step
    blocks = begins // block - low[video] + begin[video]
    options = {"place": place, "total": total, "block": block, "kind": kind}
    votes = _add_windows(_add_blocks(shown, **options), blocks, width // block)
    if known is None and place is None:
        even = 2 * votes == width
        won = _break_ties(2 * votes > width, even, ties)
        whole = np.full(votes.T.shape, width, kind)
        return Windows(video, begins, won.T, whole, int(even.sum()))
    held = np.ones(shown.shape, dtype=bool) if known is None else known
    held = _add_windows(_add_blocks(held, **options), blocks, width // block)
    even = (held > 0) & (2 * votes == held)
    won = np.where(held > 0, _break_ties(2 * votes > held, even, ties), np.nan)
    return Windows(video, begins, won.T, held.T, int(even.sum()))


def _break_ties(more: np.ndarray, even: np.ndarray, ties: Ties) -> np.ndarray:
    """Return votes of which more or exactly half of the samples have the label."""
    if ties == "missing":
        return np.where(even, np.nan, more)
    return more | even if ties == "present" else more


def _find_ends(codes: np.ndarray, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last slot (G,) of each video."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    starts, stops = np.r_[0, edges], np.r_[edges, len(codes)] - 1
    return slots[starts], slots[stops]


def _add_blocks(
    values: np.ndarray, *, place: np.ndarray | None, total: int, block: int, kind: np.dtype
) -> np.ndarray:
    """Return sums (e, blocks) of values (e, n) that stand at some places of a grid."""
    grid = values.view(np.uint8) if values.dtype == bool else values
    if place is not None:
        grid = np.zeros((len(values), total), dtype=np.uint8)
        grid[:, place] = values
    found = grid[:, 0::block].astype(kind)
    for shift in range(1, block):
        found += grid[:, shift::block]
    return found


def _add_windows(blocks: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    found = blocks[:, place]
    for shift in range(1, count):
        found += blocks[:, place + shift]
    return found


def _count_samples(seconds: float, hz: float, option: str) -> int:
    for name, value in ((option, seconds), ("hz", hz)):
        if not is_positive(value):
            message = f" is {value}; it must be a number above 0."
            raise OptionError(Option(name), message)
    count = seconds * hz
    if round(count) < 1 or abs(count - round(count)) > 1e-9 * max(count, 1):
        message = f" {seconds:g} s is {count:g} samples at {hz:g} Hz; it must be a whole number."
        raise OptionError(Option(option), message)
    return round(count)


def _refuse_off_grid(codes: np.ndarray, times: np.ndarray, slots: np.ndarray, hz: float) -> None:
    """Refuse times of which two fall into one slot, or one between slots."""
    same = np.diff(codes) == 0
    steps = np.diff(times)[same]
    usual = float(np.median(steps)) if len(steps) else 1 / hz
    twice = np.flatnonzero(same & (np.diff(slots) == 0))
    far = np.abs(times * hz - slots).max(initial=0) > _OFF
    if len(twice) or far or abs(usual * hz - 1) > _SLOW:
        rate = f"{round(1 / usual):,}" if usual < 0.01 else f"{1 / usual:.3g}"
        fact = f"samples are {usual:.3g} s apart, which is {rate} and not {hz:g} a second."
        if abs(usual * hz - 1) <= _SLOW:
            fact = f"some samples do not lie on a grid of {hz:g} a second."
        remedy = ("Say how many there are with ", Option("hz"), ", or the unit with ")
        raise DataError(Problem(fact, (*remedy, Option("unit"), ".")))
