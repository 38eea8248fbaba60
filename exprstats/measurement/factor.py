"""One factor from item ratings, per context and pooled, with the scores it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from exprstats.errors import FitWarning, warn_user
from exprstats.measurement.engines import foresee_improper, solve_jobs
from exprstats.measurement.itemsets import read_items, warn_incomplete
from exprstats.measurement.jobs import find_clusters, list_jobs
from exprstats.measurement.rows import list_rows
from exprstats.measurement.scoring import list_scores, list_spans
from exprstats.measurement.screening import (
    check_items,
    find_improper,
    raise_improper,
    warn_reversed,
    warn_weak,
)
from exprstats.measurement.solution import Receipt, Solution
from exprstats.measurement.wording import list_notes, write_sentence
from exprstats.rbridge import probe_r
from exprstats.results import Result
from exprstats.words import FactorEstimator, MissingRule, check_level, check_word


@dataclass(frozen=True, slots=True, eq=False)
class Factor(Result):
    """A fitted factor.

    Attributes
    ----------
    table
        Tidy rows: context part term item estimate std_error conf_low conf_high level method
        p_value n_clips note. ``loading`` and ``residual`` are the completely standardised
        solution; ``loading_raw``, ``residual_raw`` and ``intercept`` are in the items' units.
        Part ``"all"`` is fitted on all clips, ``"train"`` on those of training subjects.
    scores
        SCORES of all clips, from the training fit where there is one.
    spans
        context fitted_on part span: the range that a score can take.
    solutions
        The fits, as `score_clips` needs them.
    items, by, level
        As they were asked for.
    receipt
        Where the numbers come from.
    notes
        What a reader must know beside the numbers.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    spans: pd.DataFrame
    solutions: tuple[Solution, ...]
    items: tuple[str, ...]
    by: str | None
    level: float
    receipt: Receipt
    notes: tuple[str, ...]

    @property
    def engine(self) -> str:
        """``"lavaan"`` or ``"closed form"``."""
        return self.receipt.engine

    def glance(self) -> pd.DataFrame:
        """Return one row: engine, versions, counts, degrees of freedom."""
        pooled = next(one for one in self.solutions if one.context is None and one.part == "all")
        facts = {
            "engine": self.engine,
            **self.receipt.list_versions(),
            "n_items": len(self.items),
            "n_clips": pooled.n_clips,
            "n_contexts": len({one.context for one in self.solutions} - {None}),
            "df": pooled.df,
            "level": self.level,
        }
        return pd.DataFrame([facts])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        return write_sentence(self.table, self.solutions, self.receipt, self.notes)


def fit_factor(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    by: str | None = None,
    cluster: str | None = None,
    parts: pd.DataFrame | None = None,
    missing: MissingRule = "listwise",
    estimator: FactorEstimator = "ml",
    level: float = 0.95,
    scale: tuple[float, float] | None = None,
) -> Factor:
    """Fit one factor to three or more items by maximum likelihood, and score the clips.

    The factor's variance is fixed to 1. With R the numbers come from lavaan (Rosseel, 2012);
    without it three items are solved by the closed form, which is the same maximum likelihood
    solution, and the result says so.

    Parameters
    ----------
    items_table
        One row a clip: clip (or the rows are numbered), the items, and context and subject where
        there are any, as `average_raters` returns it.
    items
        The columns that measure the factor.
    by
        Column of contexts: one model for each, and a pooled one. None: the pooled one only.
    cluster
        Column whose ids say which clips belong together, such as ``"subject"``: standard errors
        and test allow for it (``estimator="mlr"``). Needs R and at least 10 clusters.
    parts
        From `split_subjects`: the model is fitted on training subjects too, and the scores come
        from that fit, so that test clips do not shape their own targets.
    missing
        ``"listwise"``: a clip that lacks an item is left out of the fit and has no score.
        ``"fiml"``: it counts with the items it has (needs R).
    estimator
        ``"ml"``, or ``"mlr"``: standard errors and test that do not lean on normality (Yuan &
        Bentler, 2000; needs R).
    level
        Confidence level.
    scale
        Lowest and highest possible answer, for the range of the scores; None: as observed.

    Raises
    ------
    OptionError
        Fewer than three items, an item named twice, an option that is not known.
    DataError
        The data cannot carry a factor: too few clips, constant items, items that are copies of
        each other or share nothing; answers outside the scale.
    FitError
        No convergence, or a residual variance that is not positive.
    RError
        R cannot be used and there are more than three items.
    """
    names = check_items(items)
    check_word(missing, MissingRule, "missing")
    check_word(estimator, FactorEstimator, "estimator")
    check_level(level)
    itemset = read_items(items_table, names, by)
    jobs = list_jobs(
        itemset,
        names,
        parts=parts,
        scale=scale,
        estimator=estimator,
        missing=missing,
        cluster=find_clusters(items_table, cluster) if cluster else None,
    )
    warn_incomplete(itemset, _FATES[missing])
    for job in jobs:
        warn_weak(job.moments, names, job.name)
    raise_improper([text for job in jobs for text in foresee_improper(job)])
    solutions, receipt = solve_jobs(jobs)
    _check_solutions(solutions, receipt)
    return Factor(
        table=list_rows(solutions, level),
        scores=list_scores(solutions, itemset),
        spans=list_spans(solutions),
        solutions=tuple(solutions),
        items=names,
        by=by,
        level=level,
        receipt=receipt,
        notes=list_notes(solutions, receipt),
    )


_FATES = {
    "listwise": "they are left out of the fit and have no score",
    "fiml": "they count with the items they have",
}


def _check_solutions(solutions: Sequence[Solution], receipt: Receipt) -> None:
    raise_improper(
        [
            text
            for one in solutions
            for text in find_improper(one.name, one.items, one.loadings, one.residuals)
        ]
    )
    for one in solutions:
        if one.part == "all":
            warn_reversed(one)
    # That R is absent stands in the result; that it is there and failed needs a louder word.
    if receipt.reason and probe_r().lavaan_version:
        warn_user(f"lavaan was not used: {receipt.reason}", FitWarning)
