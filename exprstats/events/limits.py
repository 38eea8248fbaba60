"""Jackknife-t intervals and a permutation test over the clusters in which an event occurs at all.

A feature that 12 of 1,000 utterances show has 12 clusters that say something of it, so that its
intervals rest on 11 degrees of freedom and not on 999.

For the test of independence, the covariance of a feature x and a label y over all frames splits
exactly into a part between and a part within utterances (n_g, f_g, l_g, a_g: frames of utterance
g, with x, with y, with both):

    Σ (x - x̄)(y - ȳ) = Σ_g (f_g - x̄ n_g)(l_g/n_g - ȳ) + Σ_g (a_g - f_g l_g/n_g).

Under independence the utterances' shares of labels may change places, and the part within an
utterance is as likely below 0 as above it. A label of whole utterances has no part within.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import stdtrit

from exprstats.apa import count_things
from exprstats.inference.resampling.clusters import BLOCK
from exprstats.inference.resampling.pvalues import TIE
from exprstats.inference.resampling.samples import count_blocks
from exprstats.inference.resampling.scales import Scale, limit_ends, move_back, move_values
from exprstats.parallel import Seed, limit_threads, report_progress, spawn_seeds

FEWEST, FEW = 3, 10
_RANGES: dict[Scale, tuple[float, float]] = {
    "logit": (0.0, 1.0),
    "log": (0.0, np.inf),
    "raw": (-1.0, 1.0),
    "fisher": (-1.0, 1.0),
}


class Limits(NamedTuple):
    """Standard errors and limits of terms, each (t,), and notes on them."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    notes: list[str | None]


def limit_terms(
    estimates: np.ndarray,
    left_out: np.ndarray,
    present: np.ndarray,
    *,
    scale: Scale,
    level: float,
    freedom: np.ndarray | None = None,
    unit: str = "utterance",
    spread: np.ndarray | None = None,
) -> Limits:
    """Return jackknife-t intervals of terms that rest on clusters of their own.

    Undefined below three clusters. A share of 0 or 1 throughout has its exact limit.

    Parameters
    ----------
    estimates, left_out, present
        Values (t,), values without each cluster (t, G), and which clusters a term rests on (t, G).
    scale
        ``"logit"`` for shares, ``"log"`` for ratios, ``"fisher"`` for correlations, ``"raw"`` for
        differences of shares.
    level
        Confidence level.
    freedom
        Degrees of freedom (t,); None: the clusters of a term less one. Fewer are those of the
        clusters without which the event could not be, such as the utterances with a label for F1,
        whose denominator counts false alarms elsewhere as well.
    unit
        What a cluster is called.
    spread
        Other standard errors (t,), to which the intervals are widened where they are larger.

    Notes
    -----
    V = (m - 1)/m · Σ(θ₋g - θ̄)² over the m clusters of the term (Efron & Tibshirani, 1993, eq.
    11.5), t with m - 1 degrees of freedom; a cluster without the event changes nothing when it is
    left out, and would only add degrees of freedom.
    """
    count = present.sum(axis=1)
    count = count if freedom is None else np.minimum(count, freedom + 1)
    free = np.maximum(count - 1, 1)
    moved = move_values(np.full(len(estimates), scale, dtype=object), estimates, left_out)
    errors = _spread(moved.spread, present)
    plain = _spread(left_out, present)
    reach = stdtrit(free, (1 + level) / 2) * errors
    if spread is not None:
        larger = np.divide(spread, plain, out=np.ones_like(plain), where=plain > 0)
        reach, plain = reach * np.fmax(larger, 1.0), plain * np.fmax(larger, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (move_back(moved.scales, moved.centre + one) for one in (-reach, reach))
    ends = limit_ends(
        estimates,
        low,
        high,
        errors=np.nan_to_num(plain),
        ranges=np.tile(_RANGES[scale], (len(estimates), 1)),
        holders=count if scale == "logit" else np.zeros_like(count),
        level=level,
    )
    lost = (count < FEWEST) | ~np.isfinite(estimates)
    notes = [
        _tell_few(int(one), unit, undefined=not np.isfinite(value)) or _shorten(note)
        for one, value, note in zip(count, estimates, ends.notes, strict=True)
    ]
    low, high = (np.where(lost, np.nan, limit) for limit in (ends.conf_low, ends.conf_high))
    return Limits(np.where(lost, np.nan, plain), low, high, notes)


def _spread(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return jackknife standard errors (t,) over the clusters that are present (t, G)."""
    count = np.maximum(present.sum(axis=1), 1)
    held = np.where(present, values, 0.0)
    centre = held.sum(axis=1) / count
    away = np.where(present, values - centre[:, None], 0.0)
    return np.sqrt((count - 1) / count * (away**2).sum(axis=1))


def _tell_few(count: int, unit: str, *, undefined: bool) -> str | None:
    if undefined:
        return "not defined: the denominator is 0"
    if count < FEWEST:
        return f"no interval: it occurs in {count_things(count, unit)}"
    return f"rests on fewer than {FEW} {unit}s" if count < FEW else None


def _shorten(note: str) -> str | None:
    """Return a note without the number of clusters, which has a column of its own."""
    return note.partition(" of ")[0] if "exact one of" in note else note or None


_AT_ONCE = 25  # draws whose products are made in one step


class Chance(NamedTuple):
    """p of each feature and label (f, l), alone and among all that are tested."""

    p_value: np.ndarray
    p_max_t: np.ndarray


class Parts(NamedTuple):
    """The terms of the covariance.

    Attributes
    ----------
    feature
        f_g - x̄ n_g (G, f).
    label
        l_g/n_g - ȳ (G, l).
    owners
        Utterance and feature (2, m) of each line of ``within``.
    within
        a_g - f_g l_g/n_g (m, l), where utterance g shows the feature.
    """

    feature: np.ndarray
    label: np.ndarray
    owners: np.ndarray
    within: np.ndarray


def split_covariance(
    total: np.ndarray,
    feature: np.ndarray,
    label: np.ndarray,
    owners: np.ndarray,
    joint: sparse.csr_array,
) -> Parts:
    """Return the parts of the covariance of counts, as `UtteranceCounts` has them."""
    whole = total.sum()
    share = label / total[:, None]
    groups, features = owners
    both = joint.toarray().T
    within = both - feature[groups, features][:, None] * share[groups]
    within[np.abs(within) <= TIE * np.maximum(1.0, both)] = 0.0
    shown = feature - feature.sum(axis=0) / whole * total[:, None]
    return Parts(shown, share - label.sum(axis=0) / whole, owners, within)


def permute_labels(
    parts: Parts, strata: np.ndarray, tested: np.ndarray, *, draws: int, seed: Seed
) -> Chance:
    """Return two-sided permutation p, labels changing places within strata (G,) of utterances.

    ``tested`` marks pairs (f, l). ``p_max_t`` holds the largest |U* - μ|/σ among the tested pairs
    against the own one, with the exact μ and σ of permutations (Westfall & Young, 1993); NaN for
    pairs that are not tested.
    """
    seen = parts.feature.T @ parts.label + _gather(parts) @ parts.within
    mean, spread = find_moments(parts, strata)
    scale = np.where(tested & (spread > 0), spread, np.inf)
    size = np.abs(seen - mean) / scale
    slack = TIE * np.maximum(1.0, np.abs(seen))
    below, above = np.zeros_like(seen), np.zeros_like(seen)
    largest: list[np.ndarray] = []
    done = 0
    with limit_threads():
        for one in spawn_seeds(seed, count_blocks(draws)):
            for drawn in _draw_block(parts, strata, one, min(draws - done, BLOCK)):
                below += (drawn <= seen + slack).sum(axis=0)
                above += (drawn >= seen - slack).sum(axis=0)
                largest.append((np.abs(drawn - mean) / scale).max(axis=(1, 2)))
            done = min(done + BLOCK, draws)
            report_progress("Permuting labels", done, draws)
    p_value = np.minimum(1.0, 2 * (1 + np.minimum(below, above)) / (draws + 1))
    ordered = np.sort(np.concatenate(largest))
    reached = draws - np.searchsorted(ordered, size * (1 - TIE), side="left")
    blank = ~tested | ~(spread > 0)
    p_max = (1 + reached) / (draws + 1)
    return Chance(np.where(blank, np.nan, p_value), np.where(blank, np.nan, p_max))


def find_moments(parts: Parts, strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation (f, l) over all permutations and signs.

    Sums of products under permutation have mean Σx Σy/n and variance Σ(x - x̄)² Σ(y - ȳ)²/(n - 1)
    (Hoeffding, 1951); independent signs add the squares of each utterance's part within.
    """
    shape = (parts.feature.shape[1], parts.label.shape[1])
    mean, variance = np.zeros(shape), np.zeros(shape)
    for code in np.unique(strata):
        one, other = parts.feature[strata == code], parts.label[strata == code]
        mean += np.outer(one.sum(axis=0), other.sum(axis=0)) / len(one)
        if len(one) > 1:
            squares = (((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in (one, other))
            variance += np.outer(*squares) / (len(one) - 1)
    variance += _gather(parts) @ parts.within**2
    floor = TIE * np.outer(np.abs(parts.feature).sum(axis=0), np.ones(shape[1]))
    spread = np.sqrt(variance)
    return mean, np.where(spread > floor, spread, 0.0)


def _gather(parts: Parts) -> sparse.csr_array:
    """Return the matrix (f, m) that sums lines of the part within over utterances."""
    lines = np.arange(parts.owners.shape[1])
    shape = (parts.feature.shape[1], len(lines))
    return sparse.csr_array((np.ones(len(lines)), (parts.owners[1], lines)), shape=shape)


def _draw_block(
    parts: Parts, strata: np.ndarray, seed: np.random.SeedSequence, count: int
) -> list[np.ndarray]:
    """Return covariances (draws, f, l) of permuted labels, a few draws at a time."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(strata == code) for code in np.unique(strata)]
    gather, signed = _gather(parts), bool(np.any(parts.within))
    found = []
    for start in range(0, count, _AT_ONCE):
        size = min(_AT_ONCE, count - start)
        places = np.empty((size, len(strata)), dtype=np.int64)
        for one in places:
            for group in members:
                one[group] = rng.permutation(group)
        labels = parts.label[places]  # (size, G, l)
        drawn = np.tensordot(labels, parts.feature, axes=(1, 0)).transpose(0, 2, 1)
        if signed:
            for line in range(size):
                signs = rng.choice([-1.0, 1.0], len(strata))[parts.owners[0]]
                drawn[line] += gather @ (signs[:, None] * parts.within)
        found.append(drawn)
    return found


def rank_pairs(lift: pd.DataFrame) -> pd.DataFrame:
    """Return rows of lift, the clearest association first.

    The least p that permutations can give is shared by many pairs; among equal p the pair whose
    interval lies farthest from 1, as a ratio, is the clearest.
    """
    with np.errstate(divide="ignore"):
        low, high = np.log(lift["conf_low"].clip(lower=0)), np.log(lift["conf_high"].clip(lower=0))
    far = pd.Series(np.fmax(low, -high), lift.index).fillna(-np.inf)
    p = lift.get("p_max_t", 1.0)
    ranked = lift.assign(_p=p, _far=-far).sort_values(["_p", "_far"], kind="stable")
    return ranked.drop(columns=["_p", "_far"])
