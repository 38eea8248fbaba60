"""Annotated intervals (EVENTS), and the one step from intervals to frames.

A frame belongs to an interval if its middle does: frame k of a video at f frames per second covers
[k/f, (k + 1)/f), and lies in [start, end) if start ≤ (k + ½)/f < end. Times of frames that were
rounded to the millisecond are far from these middles, so that rounding never moves an interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from exprstats.apa import count_things
from exprstats.contracts import find_empty, find_unnumbers, require_columns
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import Among, is_positive, tell_kind

LABEL = "label"
_SLACK = 1e-9  # of a frame: the middle counts as reached although its double lies just above
MOST_FRAMES = 200_000_000
TEXTS = ("utterance", "translation", "gloss", "non-dominant gloss")
Pair = tuple[str, str]


def check_rate(fps: float) -> None:
    """Refuse a number of frames per second that is not above 0."""
    if not is_positive(fps):
        message = (
            f" is {tell_kind(fps)}; it must be a number of frames per second above 0, such as 30."
        )
        raise OptionError(Option("fps"), message)


def check_events(events: pd.DataFrame) -> None:
    """Refuse a table that is none of intervals, with every reason."""
    require_columns(events, ["utterance", "tier", "start", "end", "value"], "events")
    problems = find_empty(events, ["utterance", "tier"])
    problems += find_unnumbers(events, ["start", "end"])
    if not len(events):
        problems.append(Problem("the events table has no rows.", "Check the file."))
    if not problems:
        times = events[["start", "end"]].to_numpy(float)
        wrong = np.flatnonzero(~(times[:, 1] >= times[:, 0]))
        if len(wrong):
            counted = count_things(
                len(wrong), "interval ends before its start", "intervals end before their starts"
            )
            row = events.iloc[wrong[0]]
            fact = (
                f"{counted}, such as tier '{row['tier']}' of "
                f"'{row['utterance']}' ({row['start']:g} to {row['end']:g} s)."
            )
            problems.append(Problem(fact, "Correct the times."))
    if problems:
        raise DataError(problems)


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Frames of utterances in runs during which nothing begins or ends.

    Attributes
    ----------
    utterances, signers
        Names (G,) of utterances, in order of their names, and who signs them (None: not known).
    codes
        Utterance of each run (R,), 0 … G - 1.
    frames
        Frames of each run (R,).
    pairs
        Tier and value of each column (p,), in alphabetical order.
    shown
        (R, p) whether a run shows the value, sparse, 1.0 where it does.
    fps
        Frames per second.
    """

    utterances: np.ndarray
    signers: np.ndarray
    codes: np.ndarray
    frames: np.ndarray
    pairs: tuple[Pair, ...]
    shown: sparse.csr_array
    fps: float

    @property
    def lengths(self) -> np.ndarray:
        """Frames of each utterance (G,)."""
        return np.bincount(self.codes, weights=self.frames, minlength=len(self.utterances))

    def keep(self, chosen: np.ndarray) -> Runs:
        """Return some runs (R,), without the utterances that lose all of theirs."""
        used, codes = np.unique(self.codes[chosen], return_inverse=True)
        names, signers = self.utterances[used], self.signers[used]
        return replace(
            self,
            utterances=names,
            signers=signers,
            codes=codes,
            frames=self.frames[chosen],
            shown=self.shown[chosen],
        )

    def find_columns(self, *, label: bool) -> np.ndarray:
        """Return the places of the labels, or of all other columns."""
        return np.flatnonzero([(tier == LABEL) == label for tier, _ in self.pairs])


def find_frames(start: np.ndarray, end: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the first frame (n,) of intervals [start, end) in s, and the one after the last.

    Examples
    --------
    >>> find_frames(np.array([0.0, 0.033]), np.array([0.1, 0.05]), 30)
    (array([0, 1]), array([3, 1]))
    """
    ends = (np.ceil(np.asarray(one, float) * fps - 0.5 - _SLACK) for one in (start, end))
    first, stop = (one.astype(np.int64) for one in ends)
    return first, np.maximum(first, stop)


def lay_runs(events: pd.DataFrame, *, fps: float) -> Runs:
    """Return the frames of every utterance, from its first start to its last end, in runs.

    A run is without change. Times that span more frames than any corpus has are a DataError.
    """
    check_rate(fps)
    check_events(events)
    names, codes = np.unique(events["utterance"].astype(str).to_numpy(object), return_inverse=True)
    times = events[["start", "end"]].to_numpy(float)
    first, stop = find_frames(times[:, 0], times[:, 1], fps)
    low, high = np.full(len(names), np.iinfo(np.int64).max), np.full(len(names), -(2**62))
    np.minimum.at(low, codes, first)
    np.maximum.at(high, codes, stop)
    lengths = np.maximum(high - low, 0)
    if lengths.sum() > MOST_FRAMES:
        fact = f"the intervals span {lengths.sum():,} frames at {fps:g} frames per second."
        raise DataError(Problem(fact, "Check that times are in seconds."))
    begin = np.cumsum(lengths) - lengths
    shift = (begin - low)[codes]
    first, stop = first + shift, stop + shift
    kept = events["value"].notna().to_numpy() & ~events["tier"].isin(list(TEXTS)).to_numpy()
    kept &= stop > first
    edges = np.unique(np.concatenate([begin, begin + lengths, first[kept], stop[kept]]))
    frames = np.diff(edges)
    columns, pairs = _code_pairs(events[kept])
    shown = _mark_runs(
        np.searchsorted(edges, first[kept]),
        np.searchsorted(edges, stop[kept]),
        columns,
        (len(frames), len(pairs)),
    )
    homes = np.searchsorted(begin + lengths, edges[:-1], side="right")
    return Runs(names, _find_signers(events, codes, len(names)), homes, frames, pairs, shown, fps)


def lay_labelled(
    events: pd.DataFrame, labels: pd.DataFrame, *, fps: float, among: Among = "all"
) -> Runs:
    """Return runs of features and labels together, of all frames or of those with a label."""
    check_events(events)
    require_columns(labels, [], "labels")
    if not len(labels):
        fact = "there is no label: no text names a category of the lexicon."
        raise DataError(Problem(fact, "Take a lexicon with more words, or other categories."))
    both = pd.concat([events[events["tier"].ne(LABEL)], labels], ignore_index=True)
    runs = lay_runs(both, fps=fps)
    if among == "all":
        return runs
    named = runs.shown[:, runs.find_columns(label=True)].sum(axis=1) > 0
    return runs.keep(np.asarray(named))


def _code_pairs(events: pd.DataFrame) -> tuple[np.ndarray, tuple[Pair, ...]]:
    keys = list(zip(events["tier"].astype(str), events["value"].astype(str), strict=True))
    pairs = tuple(sorted(set(keys)))
    places = {pair: place for place, pair in enumerate(pairs)}
    return np.array([places[key] for key in keys], dtype=np.int64), pairs


def _mark_runs(
    first: np.ndarray, stop: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    """Return which runs (R, p) the intervals cover; what overlaps itself counts once."""
    widths = stop - first
    offsets = np.repeat(np.cumsum(widths) - widths, widths)
    rows = np.repeat(first, widths) + np.arange(widths.sum()) - offsets
    ones = np.ones(len(rows))
    marked = sparse.coo_array((ones, (rows, np.repeat(columns, widths))), shape=shape).tocsr()
    marked.data[:] = 1.0
    return marked


def _find_signers(events: pd.DataFrame, codes: np.ndarray, count: int) -> np.ndarray:
    found = np.full(count, None, dtype=object)
    if "signer" in events:
        known = events["signer"].notna().to_numpy()
        # Backwards, so that the first signer of an utterance stays.
        found[codes[known][::-1]] = events["signer"].to_numpy(object)[known][::-1]
    return found


def expand_frames(events: pd.DataFrame, *, fps: float = 30.0) -> pd.DataFrame:
    """Return one row for each frame of each utterance, and one column for each value.

    Analyses do without: they count runs of equal frames. The table is for other programs.

    Parameters
    ----------
    events
        EVENTS, as from `read_events`; labels, as from `find_labels`, may be joined to it.
    fps
        Frames per second.

    Returns
    -------
    pandas.DataFrame
        ``utterance``, ``signer``, ``frame`` (from 0 at the start of the utterance), and a column
        ``"tier=value"`` of True and False for each value that occurs; phases and texts are none.

    Raises
    ------
    DataError, OptionError
        As `read_events`.

    Examples
    --------
    >>> events = pd.DataFrame(
    ...     {"utterance": "u", "tier": ["nose", "brows"], "start": [0, 0.1], "end": [0.2, 0.3]}
    ... ).assign(value=["wrinkle", "raised"])
    >>> expand_frames(events, fps=10)[["nose=wrinkle", "brows=raised"]].astype(int).T.to_numpy()
    array([[1, 1, 0],
           [0, 1, 1]])
    """
    runs = lay_runs(events, fps=fps)
    again = np.repeat(np.arange(len(runs.frames)), runs.frames)
    codes = runs.codes[again]
    starts = np.cumsum(runs.lengths).astype(int) - runs.lengths.astype(int)
    keys = pd.DataFrame(
        {
            "utterance": runs.utterances[codes],
            "signer": runs.signers[codes],
            "frame": np.arange(len(codes)) - starts[codes],
        }
    )
    values = pd.DataFrame.sparse.from_spmatrix(
        sparse.csr_matrix(runs.shown[again] > 0), columns=[name_pair(pair) for pair in runs.pairs]
    )
    return pd.concat([keys, values.sparse.to_dense()], axis=1)


def name_pair(pair: Pair) -> str:
    """Return what a value of a tier is called.

    Examples
    --------
    >>> name_pair(("nose", "wrinkle")), name_pair(("unit", "AU 4"))
    ('nose=wrinkle', 'AU 4')
    """
    tier, value = pair
    return value if tier in {LABEL, "unit"} else f"{tier}={value}"
