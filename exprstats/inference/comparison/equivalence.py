"""Equivalence and non-inferiority of two models by two one-sided tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from exprstats.apa import count_things, tell_p, write_count, write_level
from exprstats.contracts import arrange_rows, check_kind
from exprstats.errors import OptionError
from exprstats.inference.comparison.models import Comparison
from exprstats.inference.comparison.wording import (
    METHOD_WORDS,
    RATERS,
    label_metric,
    tell_place,
    write_metric,
)
from exprstats.inference.metrics.metric import PrintedMetric, strip_metrics
from exprstats.inference.resampling.intervals import (
    SMOOTH,
    expand_level,
    expand_share,
    find_percentile,
    jackknife_clusters,
    sort_draws,
)
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.inference.resampling.samples import Sample
from exprstats.inference.resampling.summaries import (
    FEWEST_CLUSTERS,
    MOST_UNDEFINED,
    measure_smoothness,
    name_headline,
)
from exprstats.inference.resampling.terms import (
    KEYS,
    Terms,
    check_pairs,
    form_terms,
    pair_models,
    write_keys,
)
from exprstats.options import is_positive, name_nearest
from exprstats.results import Result

MOST_VERDICTS = 6
UNTESTED = "not tested: too few clusters make a difference"


@dataclass(frozen=True, slots=True, eq=False)
class Equivalence(Result):
    """Which models differ by less than a margin, and which are not worse by more than it.

    Attributes
    ----------
    table
        Tidy rows: context, metric, model, versus, term and ``margin``; the interval has level
        1 - 2α, which lies within ±margin where ``p_value`` is below α; ``p_lower`` and
        ``p_upper`` of the two one-sided tests, ``p_value`` the larger of them; ``p_adjusted`` by
        Holm, and ``equivalent`` where that is below α; ``p_noninferior`` and ``noninferior``.
    alpha
        Error rate of each one-sided test.
    metrics
        What was measured.
    """

    place: ClassVar[str] = "equivalence"
    table: pd.DataFrame
    alpha: float
    metrics: tuple[PrintedMetric, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: how many differences, how many judged equivalent."""
        return pd.DataFrame(
            {
                "differences": [len(self.table)],
                "equivalent": [int(self.table["equivalent"].sum())],
                "noninferior": [int(self.table["noninferior"].sum())],
                "alpha": [self.alpha],
            }
        )

    def sentence(self) -> str:
        """Return verdicts in words, in APA style; of many, the pooled ones and then the rest."""
        defined = self.table[self.table["estimate"].notna()]
        ordered = defined.sort_values("context", key=lambda names: names.notna(), kind="stable")
        texts = [_describe_verdict(row, self.metrics) for _, row in ordered.iterrows()]
        rest = ordered["equivalent"].iloc[MOST_VERDICTS:]
        if len(rest):
            alike = count_things(int(rest.sum()), "is", "are")
            told = f"Of {write_count(len(rest))} other differences, {alike} equivalent."
            if len(rest) == 1:
                verb = "is" if rest.iloc[0] else "is not shown to be"
                told = f"The other difference {verb} equivalent."
            texts = [*texts[:MOST_VERDICTS], told]
        return " ".join(texts)


class _Sides(NamedTuple):
    """One-sided p-values and limits of differences, each (terms,)."""

    conf_low: np.ndarray
    conf_high: np.ndarray
    p_lower: np.ndarray
    p_upper: np.ndarray


def judge_equivalence(
    comparison: Comparison, *, margin: float | Mapping[str, float], reference: str | None = None
) -> Equivalence:
    """Test whether models are equivalent to a reference, or not inferior to it.

    Parameters
    ----------
    comparison
        What `compare_models` returned; its draws are used again. α is 1 minus its level.
    margin
        Smallest difference that matters, in units of the metric; or one for each metric.
        It must come from the question, not from the data.
    reference
        Model that the others are compared with; all pairs by default.

    Returns
    -------
    Equivalence
        t tests of the cluster jackknife; of metrics that are not smooth, expanded percentile
        tests from 10 clusters on.

    Raises
    ------
    OptionError
        For an unknown reference, and for a margin that is missing or not positive.
    DataError
        If there is one model only.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
    approach. *Journal of Pharmacokinetics and Biopharmaceutics, 15*, 657-680.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "clip": [str(i) for i in range(12)] * 2,
    ...     "subject": [f"s{i // 2}" for i in range(12)] * 2,
    ...     "model": ["good"] * 12 + ["poor"] * 12,
    ...     "truth": [float(i) for i in range(12)] * 2,
    ...     "prediction": [i + 0.5 for i in range(12)] + [3.0, 1.0, 2.0] * 4,
    ... })
    >>> from exprstats.inference import compare_models
    >>> versus = compare_models(table, metrics="mae", draws=200, seed=1)
    >>> judge_equivalence(versus, margin=0.5).table["equivalent"].to_list()
    [False]
    """
    check_kind(comparison, Comparison, "comparison", "compare_models")
    alpha = 1 - comparison.level
    check_pairs(comparison.samples)
    rows: list[dict[str, Any]] = []
    for sample in comparison.samples:
        if reference is not None and str(reference) not in sample.models:
            message = f"reference '{reference}' is not known. "
            raise OptionError(message + name_nearest(str(reference), sample.models))
        asked = _find_margin(margin, sample.metric.name), reference, alpha
        rows += _judge_sample(sample, *asked, wider=_find_raters(comparison.table, sample))
    table = arrange_rows(rows, (*KEYS, "margin"))
    measures = [sample.metric for sample in comparison.samples]
    return Equivalence(table=table, alpha=alpha, metrics=strip_metrics(measures))


def _find_margin(margin: float | Mapping[str, float], metric: str) -> float:
    found = margin.get(metric) if isinstance(margin, Mapping) else margin
    if found is None or not is_positive(found):
        message = f"margin must be a positive number for {metric}; got {found!r}."
        raise OptionError(message)
    return float(found)


def _find_raters(table: pd.DataFrame, sample: Sample) -> dict[frozenset[str], tuple[float, float]]:
    """Return the error and degrees of freedom of differences whose headline allows for raters."""
    if table.empty or RATERS not in set(table["method"]):
        return {}
    here = table["context"].isna() if sample.context is None else table["context"] == sample.context
    rows = table[here & table["metric"].eq(sample.metric.name) & table["method"].eq(RATERS)]
    return {
        frozenset((str(row["model"]), str(row["versus"]))): (row["std_error"], row["df"])
        for row in rows[rows["versus"].notna()].to_dict("records")
    }


def _judge_sample(
    sample: Sample,
    margin: float,
    reference: str | None,
    alpha: float,
    *,
    wider: Mapping[frozenset[str], tuple[float, float]],
) -> list[dict[str, Any]]:
    pairs = pair_models(sample.models, reference)
    # The reference is subtracted: a difference says what choosing the other model costs.
    pairs = [(other, first) for first, other in pairs] if reference is not None else pairs
    terms = form_terms(sample, pairs)
    smooth = bool((measure_smoothness(terms)[terms.tested] >= SMOOTH).all())
    method = name_headline(sample.n_clusters, "auto", smooth=smooth)
    sides = (_side_draws if method == "expanded" else _side_jackknife)(terms, margin, alpha)
    if sample.n_clusters < FEWEST_CLUSTERS:
        sides = _Sides(*(np.full_like(values, np.nan) for values in sides))
    methods = [method] * len(terms.names)
    for line, pair in enumerate(terms.names):
        both = frozenset(map(str, pair))
        if pair[1] is not None and both in wider:
            methods[line] = RATERS
            error, freedom = (np.asarray(one) for one in wider[both])
            found = _side_normal(terms.estimates[line], error, freedom, margin, alpha)
            for values, value in zip(sides, found, strict=True):
                values[line] = value
    p_value = np.where(
        np.isnan(sides.p_lower + sides.p_upper), np.nan, np.maximum(sides.p_lower, sides.p_upper)
    )
    inferior = {"lower": sides.p_upper, "higher": sides.p_lower}.get(
        sample.metric.direction, np.full(len(p_value), np.nan)
    )
    tested = np.flatnonzero(terms.tested)
    adjusted, spared = adjust_holm(p_value[tested]), adjust_holm(inferior[tested])
    rows = []
    for place, line in enumerate(tested):
        rows.append(
            write_keys(sample.context, sample.metric.name, *terms.names[line])
            | {
                "margin": margin,
                "estimate": terms.estimates[line],
                "conf_low": sides.conf_low[line],
                "conf_high": sides.conf_high[line],
                "level": 1 - 2 * alpha,
                "method": methods[line],
                "p_lower": sides.p_lower[line],
                "p_upper": sides.p_upper[line],
                "p_value": p_value[line],
                "p_adjusted": adjusted[place],
                "equivalent": bool(adjusted[place] < alpha),
                "p_noninferior": spared[place],
                "noninferior": bool(spared[place] < alpha),
                "n_clips": sample.n_clips,
                "n_clusters": sample.n_clusters,
                "note": UNTESTED if np.isnan(p_value[line]) else None,
            }
        )
    return rows


def _side_draws(terms: Terms, margin: float, alpha: float) -> _Sides:
    ordered, finite = sort_draws(terms.draws)
    groups = np.full(len(ordered), terms.left_out.shape[1])
    freedom = groups - terms.strata_count
    interval = find_percentile(ordered, finite, expand_level(1 - 2 * alpha, groups, freedom))
    lower, upper = (
        expand_share((1 + beyond.sum(axis=1)) / (finite + 1), groups, freedom)
        for beyond in (ordered <= -margin, ordered >= margin)
    )
    count = terms.draws.shape[1]
    defined = np.isfinite(terms.estimates) & (count - finite <= MOST_UNDEFINED * count)
    defined &= interval.conf_high > interval.conf_low
    values = interval.conf_low, interval.conf_high, lower, upper
    return _Sides(*(np.where(defined, one, np.nan) for one in values))


def _side_jackknife(terms: Terms, margin: float, alpha: float) -> _Sides:
    found = jackknife_clusters(
        terms.estimates, terms.left_out, level=1 - 2 * alpha, strata=terms.strata
    )
    freedom = terms.left_out.shape[1] - terms.strata_count
    return _side_normal(terms.estimates, found.std_error, freedom, margin, alpha)


def _side_normal(
    estimates: np.ndarray,
    errors: np.ndarray,
    freedom: np.ndarray | int,
    margin: float,
    alpha: float,
) -> _Sides:
    """Return limits and one-sided p of estimates by the t distribution."""
    # Differences that no cluster changes are not tested: no width comes of no variance.
    errors = np.where(errors > 0, errors, np.nan)
    reach = stdtrit(freedom, 1 - alpha) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = stdtr(freedom, -(estimates + margin) / errors)
        upper = stdtr(freedom, (estimates - margin) / errors)
    return _Sides(estimates - reach, estimates + reach, lower, upper)


def _describe_verdict(row: pd.Series, metrics: Sequence[PrintedMetric]) -> str:
    metric, other = str(row["metric"]), row["versus"]
    write = partial(write_metric, metric, metrics=metrics)
    found = f"difference in {label_metric(metric, metrics)} {write(row['estimate'])}"
    if pd.isna(row["p_value"]):
        return f"{row['model']} and {other}{tell_place(row)}: {found}, {row['note']}."
    verdict = f"was not shown to be equivalent to {other}"
    if row["equivalent"]:
        verdict = f"was equivalent to {other}"
    elif row["noninferior"]:
        verdict = f"was not inferior to {other}, but not shown to be equivalent"
    how = METHOD_WORDS[str(row["method"])]
    alone = ""
    if row["p_adjusted"] > row["p_value"]:
        alone = f" by Holm's adjustment of p {tell_p(row['p_value'])}"
    return (
        f"{row['model']} {verdict}{tell_place(row)}: {found}, {write_level(row['level'])} CI "
        f"{write(row['conf_low'], row['conf_high'])}, margin ±{write(row['margin'])}, "
        f"p {tell_p(row['p_adjusted'])} for equivalence{alone} ({how})."
    )
