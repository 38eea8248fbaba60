"""One factor within subjects and one between them: what a clip shows, and what a person is like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.errors import FitWarning, Problem, warn_user
from exprstats.measurement.components import split_squares
from exprstats.measurement.engines import Job
from exprstats.measurement.itemsets import read_items, warn_incomplete
from exprstats.measurement.jobs import find_clusters, list_jobs
from exprstats.measurement.levelfits import LAYERS, LevelFit, list_rows, solve_levels
from exprstats.measurement.rows import UNTESTABLE
from exprstats.measurement.screening import (
    check_items,
    find_improper,
    raise_improper,
    raise_problems,
)
from exprstats.measurement.solution import Receipt
from exprstats.measurement.wording import write_fit
from exprstats.numerals import write_count, write_interval, write_level, write_number
from exprstats.results import Result
from exprstats.tables import arrange_rows
from exprstats.words import check_level

KEYS = ("context", "layer", "term", "item")


@dataclass(frozen=True, slots=True, eq=False)
class LevelFactors(Result):
    """A factor within clusters and one between them.

    Attributes
    ----------
    table
        context layer term item estimate std_error conf_low conf_high level method p_value n_clips
        n_clusters note. Layer ``"within"``: clips around their subject's mean; ``"between"``:
        subjects. Terms: ``loading`` and ``residual`` (standardised within their layer),
        ``loading_raw``, ``residual_raw``, ``intercept``; ``omega`` of each layer (Geldhof,
        Preacher, & Zyphur, 2014); ``omega_means``, the reliability of a subject's observed mean
        over their clips (Lai, 2021); ``icc``, the share of an item's variance between subjects;
        the fit where df > 0.
    items, by, cluster, level
        As they were asked for.
    df, fit
        Degrees of freedom and fit of all clips, as of `Solution`.
    receipt
        Where the numbers come from.
    """

    table: pd.DataFrame
    items: tuple[str, ...]
    by: str | None
    cluster: str
    level: float
    fit: dict[str, float]
    receipt: Receipt

    @property
    def df(self) -> int:
        """Degrees of freedom of the fit of all clips."""
        return int(self.fit["df"])

    def glance(self) -> pd.DataFrame:
        """Return one row: counts, degrees of freedom, versions."""
        pooled = self.table[self.table["context"].isna()].iloc[0]
        facts = {
            "n_items": len(self.items),
            "n_clips": int(pooled["n_clips"]),
            "n_clusters": int(pooled["n_clusters"]),
            "df": self.df,
        }
        return pd.DataFrame([{**facts, **self.receipt.list_versions()}])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        pooled = self.table[self.table["context"].isna()]
        counts = pooled.iloc[0]
        told = "; ".join(_write_layer(pooled, layer) for layer in LAYERS)
        fit = write_fit(self.df, self.fit) if self.df else f"{UNTESTABLE.capitalize()}."
        return (
            f"A two-level factor model of {len(self.items)} items ({', '.join(self.items)}) was"
            f" fitted by maximum likelihood ({self.receipt.describe()}) to"
            f" {write_count(int(counts['n_clips']))} clips in"
            f" {write_count(int(counts['n_clusters']))} clusters ({self.cluster}):"
            f" {told}. {fit}"
        )


def _write_layer(rows: pd.DataFrame, layer: str) -> str:
    own = rows[rows["layer"] == layer]
    loads = own[own["term"] == "loading"]["estimate"]
    omega = own[own["term"] == "omega"].iloc[0]
    low, high = (write_number(one, bounded=True) for one in (loads.min(), loads.max()))
    told = f"{layer} clusters, standardized loadings were {low} to {high}"
    if np.isnan(omega["estimate"]):
        return f"{told} and the reliability is {omega['note']}"
    limits = write_interval(float(omega["conf_low"]), float(omega["conf_high"]), bounded=True)
    value = write_number(omega["estimate"], bounded=True)
    return f"{told} and ω = {value}, {write_level(omega['level'])} CI {limits}"


def fit_levels(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    cluster: str = "subject",
    by: str | None = None,
    level: float = 0.95,
) -> LevelFactors:
    """Fit one factor within clusters and one between them by maximum likelihood through lavaan.

    Clips of one person differ, and persons differ: loadings and reliability of the two can be
    told apart where subjects have several clips each (Muthén, 1994). Needs R. Clips that lack an
    item are left out.

    Parameters
    ----------
    items_table, items, by, level
        As for `fit_factor`.
    cluster
        Column of clusters: 10 or more, of more than one clip.

    Warns
    -----
    FitWarning
        An item's residual variance between clusters is not positive, as happens where it hardly
        differs from 0; the reliability between clusters is then not given.

    Raises
    ------
    OptionError
        Fewer than three items, an item named twice.
    DataError
        As `fit_factor`; too few clusters, one clip in each of them, items that vary only within
        clusters or only between them.
    FitError
        No convergence, or a residual variance within clusters that is not positive.
    RError
        R cannot be used.
    """
    names = check_items(items)
    check_level(level)
    itemset = read_items(items_table, names, by)
    jobs = list_jobs(itemset, names, cluster=find_clusters(items_table, cluster), keep_rows=True)
    raise_problems([one for job in jobs for one in _find_unlayered(job, cluster)])
    warn_incomplete(itemset)
    fits = [solve_levels(job) for job in jobs]
    _judge_residuals(jobs, fits)
    table = arrange_rows([row for fit in fits for row in list_rows(fit, names, level)], KEYS)
    return LevelFactors(
        table=table.astype({name: object for name in (*KEYS, "note")}),
        items=names,
        by=by,
        cluster=cluster,
        level=level,
        fit=dict(fits[-1].fit),
        receipt=fits[-1].receipt,
    )


def _find_unlayered(job: Job, cluster: str) -> list[Problem]:
    """Return why the rows have no two layers; empty if they have."""
    if job.cluster is None or job.answers is None:
        fact = f"{job.name}: every cluster has one clip."
        return [Problem(fact, "Fit one level with fit_factor.", column=cluster)]
    within, between = split_squares(job.answers, job.cluster)
    problems = []
    for item, inner, outer in zip(job.items, within, between, strict=True):
        if inner <= 1e-12 * (inner + abs(outer)):
            fact = f"{job.name}: it does not vary within clusters."
            problems.append(Problem(fact, "It belongs to the cluster; leave it out.", column=item))
        elif outer <= 0:
            share = outer / (outer + inner)
            fact = (
                f"{job.name}: it varies no more between clusters than by chance (ICC {share:.3f})."
            )
            remedy = "There is no factor between clusters; fit_factor(cluster=...) fits one level."
            problems.append(Problem(fact, remedy, column=item))
    return problems


def _judge_residuals(jobs: Sequence[Job], fits: Sequence[LevelFit]) -> None:
    pairs = list(zip(jobs, fits, strict=True))
    raise_improper(
        [
            text
            for job, fit in pairs
            for text in find_improper(f"{job.name}, within", job.items, *fit.find_layer("within"))
        ]
    )
    for job, fit in pairs:
        for item, residual in zip(job.items, fit.find_layer("between")[1], strict=True):
            if residual <= 0:
                message = (
                    f"{job.name}: between clusters, item '{item}' has a residual variance of"
                    f" {residual:.4g} (a Heywood case); the reliability between clusters is not"
                    " given. More clusters may help."
                )
                warn_user(message, FitWarning)
