"""Jackknife-t intervals over the clusters in which an event occurs at all.

A feature that 12 of 1,000 utterances show has 12 clusters that say something of it, so that its
intervals rest on 11 degrees of freedom and not on 999.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from exprstats.apa import count_things
from exprstats.inference.resampling.scales import Scale, limit_ends, move_back, move_values

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
