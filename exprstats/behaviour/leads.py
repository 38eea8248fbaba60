"""The leading fields of all lines of a file at once."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd

from exprstats.behaviour.lines import Data

# Bytes that hold a few leading fields; a line of 714 fields has thousands.
HEAD = 128
NEAR = 8
_BLOCK = 8 << 20


def find_spans(data: Data, begin: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each line from ``begin`` on starts and ends, without its line feed (n,)."""
    view = np.frombuffer(data, np.uint8)
    found = [
        np.flatnonzero(view[low : low + _BLOCK] == ord("\n")) + low
        for low in range(begin, len(view), _BLOCK)
    ]
    ends = np.concatenate([np.empty(0, np.int64), *found])
    if begin < len(view) and view[-1] != ord("\n"):
        ends = np.r_[ends, len(view)]
    return np.r_[begin, ends[:-1] + 1][: len(ends)], ends


def read_leads(
    data: Data, starts: np.ndarray, ends: np.ndarray, places: list[int]
) -> np.ndarray | None:
    """Return the numbers (n, places) of a few leading fields of each line.

    Parameters
    ----------
    data
        The file's bytes.
    starts, ends
        Where the lines are (n,).
    places
        The fields, ascending.

    Returns
    -------
    numpy.ndarray or None
        None unless each line holds a number in each place, with another field after the last;
        such files need a closer look.
    """
    fields = places[-1] + 1
    if fields > NEAR or not len(starts):
        return None
    stops = np.minimum(ends, starts + HEAD)
    spans = zip(starts.tolist(), stops.tolist(), strict=True)
    heads = [data[start:stop] for start, stop in spans]
    commas = [head.count(b",") for head in heads]
    if min(commas) < fields:
        return None
    try:
        table = pd.read_csv(
            BytesIO(b"\n".join(heads)),
            header=None,
            names=range(max(commas) + 1),
            usecols=places,
            index_col=False,
            dtype=np.float64,
            skipinitialspace=True,
            skip_blank_lines=False,
        )
    except ValueError:
        return None
    values = table.to_numpy()
    return None if len(values) != len(starts) or np.isnan(values).any() else values
