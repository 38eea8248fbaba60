"""Agreement of categories: percent agreement, κ and its kin, AC1/AC2, and Krippendorff's α."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows, require_columns
from exprstats.errors import DataError, OptionError, Problem
from exprstats.inference.resampling.intervals import find_percentile, sort_draws
from exprstats.inference.resampling.samples import count_blocks
from exprstats.inference.resampling.scales import Scale as LimitScale
from exprstats.inference.resampling.scales import move_back, move_values
from exprstats.options import MOST_DRAWS, check_count, check_level, check_word, name_some
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.categories import (
    BLOCK,
    NO_PAIR,
    Metric,
    Tally,
    Weights,
    holds_words,
    list_confusions,
    list_pairs,
    measure_agreements,
    name_agreements,
    number_words,
    tally_panel,
)
from exprstats.reliability.icc.analysis import FIXED_RATERS
from exprstats.reliability.icc.bootstrap import sample_values
from exprstats.reliability.icc.checks import refuse_obstacles, warn_constant
from exprstats.reliability.icc.jackknife import Spread, combine_thetas, find_t_limits
from exprstats.reliability.icc.panels import Panel, split_whole
from exprstats.results import Result

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
# Near 1, limits of AC and of Brennan and Prediger's coefficient hold the truth of few people on
# Fisher's z (.94 to .97 of 400 studies each with 6, 12, 25 and 80 people, .90 to .95 without).
_SCALES: dict[str, LimitScale] = {
    **dict.fromkeys(("percent_agreement", "positive_agreement", "negative_agreement"), "logit"),
    **dict.fromkeys(("ac", "brennan_prediger"), "fisher"),
}
# What raters choose in clips of one rating counts in the agreement by chance of these.
_CHANCE_OF_ALL = {"conger", "fleiss", "ac"}
MOST_VALUES = 200
JOINED = "all clips as one sample, with differences between contexts counted as agreement"
_METRICS: dict[Weights, Metric] = {
    "identity": "nominal",
    "linear": "linear",
    "quadratic": "interval",
}


@dataclass(frozen=True, slots=True, eq=False)
class Agreement(Result):
    """Agreement of raters about categories, plain and beyond chance.

    Attributes
    ----------
    table
        Rows by context and item (no context: all clips as one sample, in which differences between
        contexts count as agreement): ``term`` ``percent_agreement``, ``kappa`` (Cohen's, the mean
        over pairs of raters), ``conger``, ``fleiss``, ``brennan_prediger``, ``ac`` (Gwet's AC1 or
        AC2), ``alpha`` (Krippendorff's, the headline); on scales of two values
        ``positive_agreement`` and ``negative_agreement``. With raw_low and raw_high before limits
        are cut at −1 and 1.
    pairs
        One row for each pair of raters: n_shared clips, percent_agreement and kappa.
    confusions
        One row for each pair of raters and pair of values that occurs: how often.
    level
        Confidence level.
    scale
        What disagreement α takes.
    weights
        Agreement of two values in all others.
    labels
        Names of values, where they were given.
    """

    place: ClassVar[str] = "agreement"
    table: pd.DataFrame
    pairs: pd.DataFrame
    confusions: pd.DataFrame
    level: float
    scale: Metric
    weights: Weights
    labels: Mapping[float, str] = field(default_factory=dict)

    def name_value(self, value: float) -> str:
        """Return a value as it is printed: its label, else the number."""
        return self.labels.get(value, f"{value:g}")

    def glance(self) -> pd.DataFrame:
        """Return one row: the kinds of disagreement."""
        return pd.DataFrame([{"scale": self.scale, "weights": self.weights}])

    def sentence(self) -> str:
        """Return the coefficients in APA style, one sentence a context and item."""
        shown = self.table[self.table["method"].eq("jackknife") & self.table["estimate"].notna()]
        texts = []
        for _, rows in shown.groupby(["context", "item"], dropna=False, sort=False):
            first = rows.iloc[0]
            place = "" if pd.isna(first["context"]) else f" in {first['context']}"
            if not place and shown["context"].notna().any():
                place = f" over {JOINED}"
            told = "; ".join(self._write(row) for row in rows.to_dict("records"))
            texts.append(f"{first['item']}{place}: {told}.")
        return " ".join(texts)

    def _write(self, row: dict[Any, Any]) -> str:
        name = name_agreements(self.weights, self.scale)[row["term"]]
        text = f"{name} = {write_number(row['estimate'], bounded=True)}"
        if not pd.isna(row["conf_low"]):
            limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
            text += f", {write_level(self.level)} CI {limits}"
        return text


def measure_agreement(
    ratings: pd.DataFrame,
    *,
    scale: Scale | Sequence[float] | None = None,
    weights: Weights | Literal["none"] | None = None,
    labels: Mapping[float, str] | None = None,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
    level: float = 0.95,
    draws: int = 0,
    seed: Seed = None,
) -> Agreement:
    """Measure how far raters agree about categories, plainly and beyond chance.

    Any number of raters may have rated each clip. Intervals leave out one subject (one clip, where
    subjects are not known) at a time and take the raters as fixed; degrees of freedom are those of
    the subjects with a clip that two rated. In 700 simulated studies each with 12, 25 and 80
    subjects, 95% limits held α in .95, .95 and .94.

    Parameters
    ----------
    ratings, items, by, cluster, level
        As in `rate_reliability`.
    scale
        The values that raters could choose: the lowest and the highest of whole numbers, or all of
        them. Without it agreement by chance of Brennan and Prediger and of Gwet is not known, and
        these are left out. A word (``"nominal"``, ``"ordinal"``, ``"interval"``, ``"ratio"``)
        names the disagreement in Krippendorff's α instead, which otherwise follows ``weights``.
    weights
        Agreement of two different values: none for ``"identity"`` (or ``"none"``), falling with
        their distance on the scale for ``"linear"`` and with its square for ``"quadratic"``; by
        default quadratic for numbers and none for words, which may stand in ``rating``. The
        distance is that of the values, whether those between them were used or not.
    labels
        Names of the values that raters could choose, by value; without ``scale`` they are it.
    draws
        Draws of a bootstrap of subjects (clips, where they are not known), whose rows stand beside
        the others; 0 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    Agreement
        Coefficients with intervals, and each pair of raters. Pairs count in κ who share at least
        ten clips (Light, 1971), or any two raters who are the only ones.

    Raises
    ------
    DataError
        As in `rate_reliability`, or if a rating is not on the scale.
    OptionError
        If an option is not allowed.

    References
    ----------
    Gwet, K. L. (2014). *Handbook of inter-rater reliability* (4th ed.). Advanced Analytics.

    Krippendorff, K. (2011). *Computing Krippendorff's alpha-reliability*. University of
    Pennsylvania.

    Light, R. J. (1971). Measures of response agreement for qualitative data. *Psychological
    Bulletin, 76*, 365–377.

    Examples
    --------
    >>> ratings = pd.DataFrame(
    ...     {"clip": list("aabbccdd"), "rater": list("xyxyxyxy"), "item": "smile"}
    ... ).assign(rating=[0, 0, 1, 1, 1, 0, 0, 0])
    >>> table = measure_agreement(ratings, scale=(0, 1), weights="identity").table
    >>> table.set_index("term")["estimate"][["percent_agreement", "kappa"]].tolist()
    [0.75, 0.5]
    """
    require_columns(ratings, [], "ratings")
    if "rating" in ratings and holds_words(ratings["rating"]):
        ratings, labels = number_words(ratings, labels)
        weights = weights or "identity"
    chosen: Weights = "identity" if weights == "none" else weights or "quadratic"
    check_word(chosen, Weights, "weights")
    metric = _METRICS[chosen]
    if isinstance(scale, str):
        check_word(scale, Scale, "scale")
        metric, scale = scale, None
    check_level(level)
    check_count(draws, "draws", least=0, most=MOST_DRAWS)
    if scale is None and labels:
        scale = list(labels)
    declared = None if scale is None else _list_values(scale)
    whole, panels = split_whole(ratings, items=items, by=by, cluster=cluster)
    refuse_obstacles(panels)
    warn_constant(ratings, whole, [panel for panel in panels if panel.context is None])
    seeds = spawn_seeds(seed, count_blocks(draws))
    rows, pairs, confusions = [], [], []
    for panel in panels:
        values = _find_values(panel, declared)
        tally = tally_panel(panel, values, chosen, metric, declared=declared is not None)
        rows += _write_rows(panel, tally, level)
        if draws:
            rows += _write_bootstrap(panel, tally, (seeds, draws), level)
        names = _name_raters(ratings, panel)
        pairs += list_pairs(panel, tally, names)
        confusions += list_confusions(panel, tally, names)
    if len({panel.context for panel in panels}) > 1:
        for row in (row for row in rows if row["context"] is None):
            row["note"] = "; ".join(filter(None, (row["note"], JOINED)))
    keys = ("context", "item", "term")
    table = arrange_rows(rows, keys)
    told = pd.DataFrame(pairs), pd.DataFrame(confusions)
    return Agreement(table, *told, level, metric, chosen, labels or {})


def _list_values(scale: Sequence[float]) -> np.ndarray:
    """Return the values (q,) of a declared scale, in ascending order."""
    given = [*scale]
    whole = all(isinstance(value, Real) and np.isfinite(value) for value in given)
    if not whole or len(given) < 2 or len({*given}) < len(given):
        message = f"scale {given!r} is not the lowest and highest, or all, of two or more numbers."
        raise OptionError(message)
    low, *_, high = sorted(given)
    if len(given) == 2 and low == int(low) and high == int(high):
        return np.arange(low, high + 1, dtype=float)
    return np.array(sorted(given), dtype=float)


def _find_values(panel: Panel, declared: np.ndarray | None) -> np.ndarray:
    used = np.unique(panel.rating)
    if declared is not None:
        off = used[~np.isin(used, declared)]
        if off.size:
            fact = f"{panel.label}: ratings {name_some([f'{x:g}' for x in off])} are not on the "
            fact += f"scale of {len(declared)} values from {declared[0]:g} to {declared[-1]:g}."
            raise DataError(Problem(fact, "Correct them, or declare the scale they are on."))
        used = declared
    if len(used) > MOST_VALUES:
        fact = f"{panel.label}: ratings have {len(used):,} different values; categories have few."
        raise DataError(
            Problem(
                fact, "Measurements have an intraclass correlation; rate their reliability instead."
            )
        )
    return used


def _write_rows(panel: Panel, tally: Tally, level: float) -> Iterator[dict[str, Any]]:
    groups = len(tally.sums)
    keys = _share_keys(panel, tally, level)
    whole = measure_agreements(tally, np.ones((1, groups)))
    without = _leave_out(tally, groups)
    over = "clips" if panel.subject is None else "subjects"
    with_two = "with a clip that two rated" if over == "subjects" else "that two rated"
    # Clusters without a clip of two ratings say at most what is chosen, and nothing of agreement.
    twice = tally.sums[:, 0] > 0
    shared = np.asarray(tally.pairs.sum(axis=1)).ravel() > 0
    for term, value in whole.items():
        held = shared if term == "kappa" else twice
        rests = np.ones_like(held) if term in _CHANCE_OF_ALL else held
        count = int(held.sum())
        spread = replace(combine_thetas({"subject": without[term][rests]}), df=count - 1)
        low, high = _find_limits(term, value, without[term][rests], spread, level)
        among = f"rests on the {over} {with_two}, {count:,} of {groups:,}"
        told = [f"over {count:,} {over}", FIXED_RATERS, *([among] if count < groups else [])]
        lone = f"no interval: of {groups:,} {over} there is one {with_two}" * (count == 1 < groups)
        note = lone or spread.refusal or "; ".join(told)
        if spread.variance < 1e-20:
            low, high, note = _limit_alike(term, float(value[0]), count, level)
        if np.isnan(value[0]):
            note = _explain_gap(term, tally)
        elif term == "kappa":
            counted = f"{len(tally.who):,} pair{'s' * (len(tally.who) > 1)}"
            note = f"mean of {counted} of raters with enough clips in common; {note}"
        yield keys | {
            "term": term,
            "n_clusters": count if panel.subject is not None else None,
            "estimate": float(value[0]),
            "std_error": spread.variance**0.5,
            "conf_low": max(low, -1.0),
            "conf_high": min(high, 1.0),
            "raw_low": low,
            "raw_high": high,
            "method": "jackknife",
            "headline": term == "alpha",
            "note": note,
        }


def _find_limits(
    term: str, value: np.ndarray, without: np.ndarray, spread: Spread, level: float
) -> tuple[float, float]:
    """Return t limits of a coefficient (1,) on its scale, from those without each cluster (G,)."""
    moved = move_values(np.array([_SCALES.get(term, "raw")], object), value, without[None])
    there = replace(combine_thetas({"subject": moved.spread[0]}), df=spread.df)
    ends = np.array([find_t_limits(float(moved.centre[0]), there, level)])
    low, high = move_back(moved.scales, ends)[0]
    return float(low), float(high)


def _leave_out(tally: Tally, groups: int) -> dict[str, np.ndarray]:
    """Return every coefficient (G,) without each cluster, of many clusters a part at a time."""
    parts = []
    for out in np.array_split(np.arange(groups), 1 + groups**2 // BLOCK):
        times = np.ones((len(out), groups))
        times[np.arange(len(out)), out] = 0.0
        parts.append(measure_agreements(tally, times))
    return {term: np.concatenate([part[term] for part in parts]) for term in parts[0]}


def _limit_alike(term: str, value: float, groups: int, level: float) -> tuple[float, float, str]:
    """Return limits where every cluster has the same value: of shares of 0 and 1 exact ones.

    With G clusters all of which agree, the lower limit is the share p with p^G = α.
    """
    reach = (1 - level) ** (1 / groups)
    if term.endswith("agreement") and value in {0.0, 1.0}:
        note = f"all {groups:,} clusters are alike: the exact limit"
        return (reach, 1.0, note) if value else (0.0, 1 - reach, note)
    return np.nan, np.nan, "no interval: all clusters are alike"


def _explain_gap(term: str, tally: Tally) -> str:
    if term == "kappa" and not len(tally.who):
        return NO_PAIR
    if term in {"ac", "brennan_prediger"} and not tally.declared:
        return "not known without the scale that raters chose from: declare it"
    return "not defined: all ratings that count are alike"


def _share_keys(panel: Panel, tally: Tally, level: float) -> dict[str, Any]:
    return {
        "context": panel.context,
        "item": panel.item,
        "level": level,
        "n_clips": panel.n_clips,
        "n_raters": panel.n_raters,
        "n_values": len(tally.scale),
        "n_clusters": panel.n_subjects,
        "draws": None,
    }


def _write_bootstrap(
    panel: Panel, tally: Tally, plan: tuple[Sequence[np.random.SeedSequence], int], level: float
) -> Iterator[dict[str, Any]]:
    seeds, draws = plan
    whole = measure_agreements(tally, np.ones((1, len(tally.sums))))
    values = sample_values(
        lambda times: np.stack([*measure_agreements(tally, times).values()]), len(tally.sums), seeds
    )[:, :draws]
    ordered, finite = sort_draws(values)
    interval = find_percentile(ordered, finite, level)
    for place, term in enumerate(whole):
        low, high = float(interval.conf_low[place]), float(interval.conf_high[place])
        alike = low == high  # in all draws, which does not make the population so
        low, high = (math.nan, math.nan) if alike else (low, high)
        yield _share_keys(panel, tally, level) | {
            "term": term,
            "estimate": float(whole[term][0]),
            "std_error": float(interval.std_error[place]),
            "conf_low": low,
            "conf_high": high,
            "raw_low": low,
            "raw_high": high,
            "method": "bootstrap",
            "headline": False,
            "draws": int(finite[place]),
            "note": "no interval: the same in all draws" if alike else None,
        }


def _name_raters(ratings: pd.DataFrame, panel: Panel) -> np.ndarray:
    first = np.zeros(panel.n_raters, dtype=np.int64)
    first[panel.rater[::-1]] = panel.rows[::-1]
    return ratings["rater"].iloc[first].to_numpy()
