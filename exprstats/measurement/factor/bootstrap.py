"""Cluster bootstrap of loadings, residuals, ω and α, and their differences between contexts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_interval, write_level, write_number
from exprstats.contracts import sort_ids
from exprstats.errors import DataError, Problem
from exprstats.inference.resampling.clusters import BLOCK, count_clusters, draw_clusters
from exprstats.inference.resampling.options import check_options
from exprstats.inference.resampling.pvalues import settle_ties
from exprstats.inference.resampling.samples import count_blocks
from exprstats.inference.resampling.summaries import arrange_table, summarise_terms
from exprstats.inference.resampling.terms import Terms
from exprstats.measurement.factor.checks import check_items
from exprstats.measurement.factor.items import take_items, warn_incomplete
from exprstats.measurement.factor.model import find_clusters, list_jobs
from exprstats.measurement.factor.moments import ClusterSums, PatternSums, sum_factor_clusters
from exprstats.measurement.factor.refits import derive_quantities, fit_sums
from exprstats.options import IntervalName, MissingRule, check_word
from exprstats.parallel import Seed, limit_threads, spawn_seeds
from exprstats.results import Result

KEYS = ("context", "versus", "term", "item")
TERMS = ("loading", "residual", "omega", "alpha")
FEWEST = 3
# Estimates (fits, q, 1), draws (fits, q, B) and left-out values (fits, q, G).
Values = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class FactorBootstrap(Result):
    """Estimates of a factor with intervals that allow for clusters.

    Attributes
    ----------
    table
        context versus term item method headline estimate std_error conf_low conf_high level
        p_value p_adjusted p_max_t n_clips n_clusters draws undefined note. Terms: ``loading`` and
        ``residual`` (standardised), ``omega``, ``alpha``. A row with ``versus`` is the difference
        context − versus; only those are tested, and p is adjusted within a term. Pooled rows come
        last, their context null.
    level, draws
        As they were asked for.
    """

    place: ClassVar[str] = "resampled"
    table: pd.DataFrame
    level: float
    draws: int

    def glance(self) -> pd.DataFrame:
        """Return one row: clips, clusters, draws."""
        pooled = self.table[self.table["context"].isna()].iloc[0]
        facts = {"n_clips": pooled["n_clips"], "n_clusters": pooled["n_clusters"]}
        return pd.DataFrame([{**facts, "draws": self.draws, "level": self.level}])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        rows = self.table[self.table["headline"]]
        omega = rows[(rows["term"] == "omega") & rows["context"].isna()].iloc[0]
        how, limits = " (no interval)", ""
        if not pd.isna(omega["conf_low"]):
            how = f" ({omega['method']} interval)"
            limits = write_interval(omega["conf_low"], omega["conf_high"], bounded=True)
            limits = f", {write_level(self.level)} CI {limits}"
        told = (
            f"With {omega['n_clusters']} clusters{how}, the internal consistency of the items was"
            f" ω = {write_number(omega['estimate'], bounded=True)}{limits}."
        )
        differences = rows[rows["versus"].notna() & (rows["term"] == "loading")]
        if differences.empty:
            return told
        differing = int((differences["p_adjusted"] < 1 - self.level).sum())
        return (
            f"{told} Of {len(differences)} differences of standardized loadings between contexts,"
            f" {differing} differed from zero (Holm-adjusted)."
        )


def bootstrap_factor(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    by: str | None = None,
    cluster: str = "subject",
    draws: int = 2000,
    interval: IntervalName = "auto",
    missing: MissingRule = "listwise",
    level: float = 0.95,
    seed: Seed = None,
) -> FactorBootstrap:
    """Refit a one-factor model to resampled clusters.

    Clusters are drawn with replacement, all contexts together, so that differences between
    contexts rest on the same people. Three items are refitted by the closed form, more by Fisher
    scoring on their moments, which gives lavaan's estimates.

    Parameters
    ----------
    items_table, items, by
        As for `fit_factor`.
    cluster
        Column of clusters, such as subjects.
    draws
        Resamples.
    interval
        ``"auto"``: percentile and jackknife rows, one of them marked ``headline``.
    missing
        As for `fit_factor`; full-information refits do without R.
    level
        Confidence level.
    seed
        Makes the draws repeatable.

    Returns
    -------
    FactorBootstrap

    Raises
    ------
    DataError
        As `fit_factor`, and fewer than three clusters.
    OptionError
        Fewer than two draws, an interval that is not known, a list of items that is too short.

    Warns
    -----
    DataWarning
        Clips that lack an item are left out, or count with the items they have.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
    University Press. (§3.8, clusters)

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> boot = bootstrap_factor(means, items=items, draws=100, seed=1)
    >>> omega = boot.tidy().query("headline and term == 'omega'")
    >>> omega[["estimate", "conf_low", "conf_high"]].round(2).values.tolist()
    [[0.96, 0.95, 0.97]]
    """
    names = check_items(items)
    check_options(interval=interval, level=level, draws=draws)
    check_word(missing, MissingRule, "missing")
    itemset = take_items(items_table, names, by)
    list_jobs(itemset, names, missing=missing)  # refuses items that carry no factor
    warn_incomplete(itemset, missing)
    codes, people = sort_ids(find_clusters(items_table, cluster))
    groups = len(people)
    if groups < FEWEST:
        fact = f"the data have {count_things(groups, 'cluster')}."
        raise DataError(Problem(fact, f"Resampling needs {FEWEST} or more.", column=cluster))
    fits = sum_factor_clusters(itemset, codes, groups, missing)
    values = measure_fits(fits, groups, draws, seed)
    rows = [
        {**keys, **row}
        for term in TERMS
        for keys, row in _list_term(term, names, fits, values, interval=interval, level=level)
    ]
    table = arrange_table(_order(rows, fits), KEYS)
    objects = {name: object for name in ("context", "versus", "item")}
    return FactorBootstrap(table.astype(objects), level, draws)


def _list_term(
    term: str,
    items: tuple[str, ...],
    fits: Sequence[ClusterSums],
    values: Values,
    *,
    interval: str,
    level: float,
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    p = len(items)
    lines = {
        "loading": range(p),
        "residual": range(p, 2 * p),
        "omega": [2 * p],
        "alpha": [2 * p + 1],
    }[term]
    singles = [(fit, None, line) for line in lines for fit in range(len(fits))]
    pairs = [
        (one, other, line) for line in lines for one, other in combinations(range(len(fits) - 1), 2)
    ]
    terms = form_fit_terms([*singles, *pairs], values)
    groups = values[2].shape[2]
    for place, row in summarise_terms(terms, n_clusters=groups, interval=interval, level=level):
        one, other, line = [*singles, *pairs][place]
        keys = {
            "context": fits[one].context,
            "versus": None if other is None else fits[other].context,
            "term": term,
            "item": items[line % p] if term in {"loading", "residual"} else None,
            "n_clips": fits[one].n + (0 if other is None else fits[other].n),
        }
        yield keys, row


def _order(rows: list[dict[str, Any]], fits: Sequence[ClusterSums]) -> list[dict[str, Any]]:
    """Put each context's own rows first, then the differences, the pooled rows last."""
    places = {fit.context: place for place, fit in enumerate(fits)}

    def rank(row: dict[str, Any]) -> int:
        if row["context"] is None:
            return len(fits) + 1
        return len(fits) if row["versus"] else places[row["context"]]

    return sorted(rows, key=rank)


def measure_fits(fits: Sequence[ClusterSums], groups: int, draws: int, seed: Seed) -> Values:
    """Return estimates (fits, q, 1), draws (fits, q, B), left-out values (fits, q, G)."""

    def measure(sums: Sequence[PatternSums]) -> np.ndarray:
        found = [derive_quantities(fit_sums(one)) for one in sums]
        return np.array([np.concatenate([one[term] for term in TERMS]) for one in found])

    def weigh(counts: np.ndarray) -> list[PatternSums]:
        return [fit.weigh(counts) for fit in fits]

    strata = [np.arange(groups)]
    with limit_threads():
        blocks = [
            measure(
                weigh(count_clusters(draw_clusters(one, strata)[: draws - BLOCK * place], groups))
            )
            for place, one in enumerate(spawn_seeds(seed, count_blocks(draws)))
        ]
        drawn = np.concatenate(blocks, axis=2)
        whole = measure(weigh(np.ones((1, groups))))
        without = measure([fit.leave_out() for fit in fits])
    return whole, drawn, without


def form_fit_terms(cells: Sequence[tuple[int, int | None, int]], values: Values) -> Terms:
    """Return the terms of cells: a fit, the fit that is subtracted from it or None, a quantity."""
    joined = []
    for stack in values:
        taken = []
        for one, other, line in cells:
            value = stack[one, line]
            if other is not None:
                value = settle_ties(value - stack[other, line], value, stack[other, line])
            taken.append(value)
        joined.append(np.array(taken))
    tested = np.array([other is not None for _, other, _ in cells])
    return Terms(
        names=tuple(("", "" if other is not None else None) for _, other, _ in cells),
        estimates=joined[0][:, 0],
        draws=joined[1],
        left_out=joined[2],
        tested=tested,
    )
