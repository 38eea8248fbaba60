"""Counts of moments by video, ratios of their sums with limits, and differences of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr

from exprstats.events.evoked.tables import cut_scores
from exprstats.events.limits import limit_terms
from exprstats.inference.comparison.contexts import ENOUGH_CLUSTERS
from exprstats.inference.resampling.intervals import spread_about
from exprstats.inference.resampling.scales import Scale, Sides, compare_sides, move_values
from exprstats.inference.resampling.terms import count_freedom
from exprstats.parallel import report_progress

UNIT = "video"
_ROWS = 1 << 17  # counted at a time
_AT_ONCE = 4_000_000  # numbers of terms and videos that are held at a time
_FEW = f"one side has fewer than {ENOUGH_CLUSTERS} videos, which makes its test too liberal"
Keys = Mapping[str, Any]


class Counts(NamedTuple):
    """Moments of each video, as counts; G videos and e expressions.

    Attributes
    ----------
    seen, shown
        (e, G) at which an expression could be seen, and was.
    both, given
        (e, e, G) with both expressions, and with the first where the second could be seen.
    whole, labels, none, multiple
        (G,) at which every expression could be seen, labels at them, and those with no and with
        several labels.
    unseen
        (G,) at which no expression could be seen.
    """

    seen: np.ndarray
    shown: np.ndarray
    both: np.ndarray
    given: np.ndarray
    whole: np.ndarray
    labels: np.ndarray
    none: np.ndarray
    multiple: np.ndarray
    unseen: np.ndarray


Source = tuple[pd.DataFrame, Sequence[str], float, np.ndarray]


def count_moments(
    table: pd.DataFrame,
    names: Sequence[str],
    threshold: float,
    codes: np.ndarray,
    groups: int,
    *,
    inside: np.ndarray | None = None,
    pairs: bool = True,
) -> Counts:
    """Return counts by video of the moments of a table, or of those ``inside``.

    Labels are cut and added some rows at a time, so that they need no table of their own.
    """
    values = [table[name].to_numpy() for name in names]
    total: list[Any] = []
    for first in range(0, len(codes), _ROWS):
        part = slice(first, first + _ROWS)
        kept = part if inside is None else first + np.flatnonzero(inside[part])
        labels = np.array([cut_scores(one[kept].astype(float), threshold) for one in values]).T
        found = _count_part(labels, codes[kept], groups, pairs=pairs)
        if total:
            for sums, more in zip(total, found, strict=True):
                sums += more
        else:
            total = list(found)
        if pairs:
            report_progress("Counting labels", min(first + _ROWS, len(codes)), len(codes))
    return Counts(*total)


def _count_part(labels: np.ndarray, codes: np.ndarray, groups: int, *, pairs: bool) -> Counts:
    """Return counts by video of labels (n, e) of 1, 0 and NaN."""
    known, shown = np.isfinite(labels), labels == 1
    count = labels.shape[1]

    def add(held: Any) -> np.ndarray:
        return np.bincount(codes[held], minlength=groups).astype(float)

    seen = np.array([add(known[:, one]) for one in range(count)])
    own = np.array([add(shown[:, one]) for one in range(count)])
    both = np.zeros((count, count, groups) if pairs else (0, 0, groups))
    given = both.copy()
    for one in range(count if pairs else 0):
        mine = np.flatnonzero(shown[:, one])
        for other in range(count):
            both[one, other] = add(mine[shown[mine, other]])
            given[one, other] = add(mine[known[mine, other]])
    full = known.all(axis=1)
    times = shown.sum(axis=1)
    whole, none, many = (add(full & held) for held in (full, times == 0, times > 1))
    total = np.bincount(codes[full], weights=times[full], minlength=groups)
    unseen = add(~known.any(axis=1))
    return Counts(seen, own, both, given, whole, total, none, many, unseen)


class Ratios(NamedTuple):
    """Ratios of sums, one line a term.

    Attributes
    ----------
    part, whole
        Numerators and denominators by video (t, G).
    """

    part: np.ndarray
    whole: np.ndarray

    @property
    def estimates(self) -> np.ndarray:
        """Ratios of all videos (t,)."""
        return divide(self.part.sum(axis=1), self.whole.sum(axis=1))

    @property
    def left_out(self) -> np.ndarray:
        """Ratios without each video (t, G)."""
        return divide(leave_videos_out(self.part), leave_videos_out(self.whole))

    @property
    def present(self) -> np.ndarray:
        """Which videos a ratio rests on (t, G)."""
        return self.whole > 0


def divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return quotients, NaN where the denominator is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def leave_videos_out(sums: np.ndarray) -> np.ndarray:
    """Return sums (…, G) of all videos but each one, of sums by video (…, G) of counts."""
    return sums.sum(axis=-1, keepdims=True) - sums


def list_ratios(
    ratios: Ratios, keys: Sequence[Keys], *, scale: Scale = "logit", level: float
) -> list[dict[str, Any]]:
    """Return tidy rows of ratios with jackknife-t limits over the videos that they rest on.

    One line a term, named by ``keys``; ``part`` and ``whole`` are counts, and the interval is
    symmetric on ``scale``.
    """
    rows: list[dict[str, Any]] = []
    for lines in cut_lines(len(keys), ratios.part.shape[1]):
        one = Ratios(ratios.part[lines], ratios.whole[lines])
        own = list_terms(
            one.estimates, one.left_out, one.present, keys[lines], scale=scale, level=level
        )
        sums = zip(own, one.part.sum(axis=1), one.whole.sum(axis=1), strict=True)
        rows += [
            row | {"n_joint": round(part), "n_whole": round(whole)} for row, part, whole in sums
        ]
    return rows


def list_terms(
    estimates: np.ndarray,
    left_out: np.ndarray,
    present: np.ndarray,
    keys: Sequence[Keys],
    *,
    scale: Scale,
    level: float,
    fewest: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Return tidy rows of terms from their values (t,) and those without each video (t, G).

    ``fewest`` are the videos (t,) that degrees of freedom rest on; None: those present.
    """
    freedom = None if fewest is None else fewest - 1
    options: dict[str, Any] = {"scale": scale, "level": level, "freedom": freedom, "unit": UNIT}
    found = limit_terms(estimates, left_out, present, **options)
    counts = present.sum(axis=1) if fewest is None else fewest
    notes = list(found.notes)
    lost = np.isfinite(estimates) & (counts >= 3) & (present & ~np.isfinite(left_out)).any(axis=1)
    for line in np.flatnonzero(lost):
        notes[line] = f"no interval: not defined without one of the {UNIT}s"
    return [
        {
            **key,
            "estimate": estimates[line],
            "std_error": found.std_error[line],
            "conf_low": found.conf_low[line],
            "conf_high": found.conf_high[line],
            "level": level,
            "method": "jackknife",
            "n_clusters": int(counts[line]),
            "note": notes[line],
        }
        for line, key in enumerate(keys)
    ]


def count_whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose counts stay whole numbers beside rows without any."""
    kept = [name for name in ("n_joint", "n_whole") if name in table]
    return table.astype(dict.fromkeys(kept, "Int64"))


def cut_lines(count: int, groups: int) -> list[slice]:
    """Return slices of terms so that a table of terms and videos stays small."""
    step = max(_AT_ONCE // max(groups, 1), 1)
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def list_share_differences(
    one: Ratios, other: Ratios, keys: Sequence[Keys], *, level: float
) -> list[dict[str, Any]]:
    """Return tidy rows of differences of shares of two groups, with p of no difference.

    Both have the same terms, named by ``keys``, in rows (t, G), whose videos may be the same or
    others.

    Notes
    -----
    The limits come from those of both shares on the logit scale, and p from the interval that ends
    at 0 (Zou & Donner, 2008); a video in both groups is left out of both at once. Degrees of
    freedom are Welch's where groups have videos of their own.
    """
    rows: list[dict[str, Any]] = []
    for lines in cut_lines(len(keys), one.part.shape[1]):
        sides = [Ratios(each.part[lines], each.whole[lines]) for each in (one, other)]
        rows += _difference_rows(sides, keys[lines], level)
    return rows


def _difference_rows(
    sides: Sequence[Ratios], keys: Sequence[Keys], level: float
) -> list[dict[str, Any]]:
    present = np.stack([side.present for side in sides], axis=1)
    values = np.stack([side.estimates for side in sides], axis=1)
    left_out = np.stack([side.left_out for side in sides], axis=1)
    sizes = present.sum(axis=2)
    usable = (sizes.min(axis=1) >= 3) & np.isfinite(left_out).all(axis=(1, 2))
    lines = np.flatnonzero(usable)
    compared = _compare(values[lines], left_out[lines], present[lines], level)
    found = dict(zip(lines.tolist(), compared, strict=True))
    rows = []
    for line, key in enumerate(keys):
        row: dict[str, Any] = {
            **key,
            "estimate": values[line, 0] - values[line, 1],
            "level": level,
            "method": "jackknife",
            "n_clusters": int(sizes[line].min()),
        }
        few = {"note": f"no interval: one side has {sizes[line].min()} videos"}
        rows.append(row | found.get(line, few))
    return rows


def _compare(
    values: np.ndarray, left_out: np.ndarray, present: np.ndarray, level: float
) -> list[dict[str, Any]]:
    """Return limits and p of differences of shares (t, 2), without each video (t, 2, G)."""
    if not len(values):
        return []
    laid = [_lay_sides(*one) for one in zip(values, left_out, present, strict=True)]
    sizes = present.sum(axis=2)
    centre, about, scales, errors, freedom = (list(one) for one in zip(*laid, strict=True))
    known = np.array(scales, dtype=object), sizes, np.full(len(values), fill_value=True)
    sides = Sides(values, np.stack(centre), np.stack(about), *known)
    found = compare_sides(sides, np.array(freedom), level)
    rows = []
    for line, error in enumerate(errors):
        low, high, p_value = (float(one[line]) for one in found)
        still = error == 0 and scales[line] != "share"
        note = _FEW if sizes[line].min() < ENOUGH_CLUSTERS else None
        if still or not high > low:
            low = high = p_value = np.nan
            note = "no interval: no video makes a difference"
        limits = {"conf_low": max(low, -1.0), "conf_high": min(high, 1.0)}
        rows.append({"std_error": error, **limits, "p_value": p_value, "note": note})
    return rows


def _lay_sides(
    values: np.ndarray, left_out: np.ndarray, present: np.ndarray
) -> tuple[np.ndarray, np.ndarray, str, float, float]:
    """Return two shares on their scale, without each video, and their difference's error and df."""
    moved = move_values(np.full(2, "logit", dtype=object), values, left_out)
    scale = moved.scales[0]
    if (moved.scales != "logit").any():
        # A share of 0 or 1 throughout has no place there; its limit is the exact one.
        moved, scale = move_values(np.full(2, "raw", dtype=object), values, left_out), "share"
    about = np.stack(
        [spread_about(*side) for side in zip(moved.centre, moved.spread, present, strict=True)]
    )
    plain = np.stack([spread_about(*side) for side in zip(values, left_out, present, strict=True)])
    away = (plain - values[:, None])[0] - (plain - values[:, None])[1]
    groups = present.shape[1]
    error = float(np.sqrt((groups - 1) / groups * ((away - away.mean()) ** 2).sum()))
    return moved.centre, about, scale, error, max(count_freedom(away, present), 1.0)


def weigh_ratio(
    estimate: np.ndarray, left_out: np.ndarray, present: np.ndarray, fewest: np.ndarray
) -> np.ndarray:
    """Return two-sided p (t,) of a ratio of 1, by t on the log scale over the videos present.

    Degrees of freedom are those of the rarer event, which ``fewest`` videos (t,) have.
    """
    count = np.maximum(present.sum(axis=1), 1)
    moved = move_values(np.full(len(estimate), "log", dtype=object), estimate, left_out)
    held = np.where(present, moved.spread, 0.0)
    mean = held.sum(axis=1) / count
    spread = np.where(present, moved.spread - mean[:, None], 0.0)
    error = np.sqrt((count - 1) / count * (spread**2).sum(axis=1))
    usable = (fewest >= 3) & (error > 0) & (moved.scales == "log")
    size = np.abs(moved.centre) / np.where(usable, error, 1.0)
    return np.where(usable, 2 * stdtr(np.maximum(fewest - 1, 1), -size), np.nan)


def list_mean(
    estimates: np.ndarray,
    left_out: np.ndarray,
    present: np.ndarray,
    names: Sequence[str],
    *,
    term: str,
    scale: Any,
    level: float,
    held: np.ndarray | None = None,
    used: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Return rows of each expression and of their plain mean.

    Degrees of freedom rest on the videos ``held`` (e, G), None: those present; the mean is of those
    ``used`` (e,), None: that are defined.
    """
    held = present if held is None else held
    used = np.isfinite(estimates) if used is None else used & np.isfinite(estimates)
    keys: list[dict[str, Any]] = [{"expression": name, "term": term} for name in names]
    fewest = held.sum(axis=1)
    rows = list_terms(estimates, left_out, present, keys, scale=scale, level=level, fewest=fewest)
    if not used.any():
        return [*rows, {"expression": None, "term": term, "estimate": np.nan, "n_clusters": 0}]
    mean = list_terms(
        estimates[used].mean(keepdims=True),
        left_out[used].mean(axis=0, keepdims=True),
        np.asarray(present[used].any(axis=0, keepdims=True)),
        [{"expression": None, "term": term}],
        scale=scale,
        level=level,
        fewest=held[used].any(axis=0).sum(keepdims=True),
    )
    if not used.all():
        note = f"mean of the {used.sum()} of {len(used)} expressions in which it is defined"
        mean[0]["note"] = "; ".join(filter(None, (mean[0]["note"], note)))
    return rows + mean
