"""Average precision of millions of moments, and what each video adds to it.

AP = Σ_k h_k·S_k/N_k / Σ_k h_k over the distinct scores s_k of moments with the label: h_k of them
are at s_k and S_k at s_k or above, among N_k moments there. Ties are grouped, and nothing is
interpolated, which would reward them (Buckley & Voorhees, 2000).
Scores are sorted without their rows, which is several times as fast as ordering rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Trace(NamedTuple):
    """Average precision, and its derivatives by the weights of videos.

    Attributes
    ----------
    estimate
        Average precision.
    influence
        (G,) dAP/dw_g at w = 1: what leaving out video g takes away, to the first order. They sum to
        0, as AP does not change when all weights do.
    """

    estimate: float
    influence: np.ndarray


def find_precision(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the average precision of scores (n,) for truth (n,) of 0 and 1; NaN without a 1.

    Examples
    --------
    >>> find_precision(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.8, 0.1]))
    0.8333333333333333
    """
    hits, steps, seen, _ = _count_steps(truth, score)
    return float(np.dot(hits, steps / seen) / steps[0]) if len(hits) else float("nan")


def _count_steps(
    truth: np.ndarray, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return h, S, N and s of the distinct scores with the label, lowest first."""
    # The least memory for what is sorted: positives, and all.
    positive = np.sort(score[truth == 1])
    if not len(positive):
        none = np.zeros(0)
        return none, none, none, none
    starts = np.flatnonzero(np.r_[True, positive[1:] != positive[:-1]])
    steps = (len(positive) - starts).astype(float)
    hits = np.diff(np.r_[starts, len(positive)]).astype(float)
    levels = positive[starts]
    every = np.sort(score)
    seen = (len(every) - np.searchsorted(every, levels, side="left")).astype(float)
    return hits, steps, seen, levels


def trace_precision(truth: np.ndarray, score: np.ndarray, codes: np.ndarray, groups: int) -> Trace:
    """Return average precision and the influence of each video.

    Parameters
    ----------
    truth, score
        (n,) of 0 and 1, and any numbers.
    codes, groups
        Video of each row (n,), and the number of videos.

    Notes
    -----
    With weights w_i, a row i that reaches the steps k ≥ r(i) has dAP/dw_i = (y_i (S_r/N_r + A_r -
    AP) - B_r)/P, A_r = Σ h_k/N_k and B_r = Σ h_k S_k/N_k² over those steps, P = Σ h_k.
    """
    hits, steps, seen, levels = _count_steps(truth, score)
    if not len(hits):
        return Trace(float("nan"), np.full(groups, np.nan))
    rate = steps / seen
    estimate = float(np.dot(hits, rate) / steps[0])
    # Steps from the highest score down are those that a row at or above them reaches last.
    gain, loss = np.cumsum(hits / seen), np.cumsum(hits * rate / seen)
    place = np.searchsorted(levels, score, side="right") - 1
    reached = place >= 0
    at = np.maximum(place, 0)
    slope = np.where(reached, -loss[at], 0.0)
    positive = truth == 1
    slope[positive] += rate[at[positive]] + gain[at[positive]] - estimate
    return Trace(estimate, np.bincount(codes, weights=slope, minlength=groups) / steps[0])
