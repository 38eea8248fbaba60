"""The one-factor model, per context and pooled, and its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats import rbridge
from exprstats.codes import number_ids
from exprstats.contracts import find_absent, find_empty
from exprstats.errors import DataError, FitError, FitWarning, Problem, warn_user
from exprstats.measurement.factor.checks import (
    UNUSED,
    add_alphas,
    check_items,
    find_problems,
    list_notes,
    raise_problems,
    warn_reversed,
    warn_weak,
)
from exprstats.measurement.factor.engines import Job, solve_jobs
from exprstats.measurement.factor.items import (
    ItemSet,
    find_complete,
    find_range,
    find_training,
    take_items,
    warn_incomplete,
    widen_range,
)
from exprstats.measurement.factor.moments import ClusterSums, sum_rows
from exprstats.measurement.factor.refits import form_used_moments
from exprstats.measurement.factor.scoring import list_spans, score_itemset
from exprstats.measurement.factor.solution import (
    Receipt,
    Solution,
    list_solution_rows,
    write_sentence,
)
from exprstats.options import FactorEstimator, MissingRule, check_level, check_word
from exprstats.results import Result

_UNSCORED = "they are left out of the fit and have no score"
FEWEST_CLUSTERS = 10
FEWEST_SUBJECTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Factor(Result):
    """A fitted factor.

    Attributes
    ----------
    table
        Tidy rows: context part term item estimate std_error conf_low conf_high level method
        headline p_value n_clips n_clusters note. ``loading`` and ``residual`` are the completely
        standardised solution; ``loading_raw``, ``residual_raw`` and ``intercept`` are in the items'
        units. Part ``"all"`` is fitted on all clips, ``"train"`` on those of training subjects.
        Where subjects have several clips each estimate has two rows: by the jackknife over
        subjects, the headline, and by the model, which takes clips for independent (``"ml"``) or
        corrects its errors (``"robust"``).
    scores
        SCORES of all clips, from the training fit where there is one; see `score_clips`.
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

    place: ClassVar[str] = "factor"
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

    def export(self) -> dict[str, Any]:
        """Return the rows, the engine that served, and the span of scores by context."""
        return {self.place: {"engine": self.engine, "rows": self.tidy(), "spans": self.spans}}

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
    ratings: pd.DataFrame | None = None,
    missing: MissingRule = "listwise",
    estimator: FactorEstimator = "ml",
    level: float = 0.95,
    scale: tuple[float, float] | None = None,
    second: bool = False,
) -> Factor:
    """Fit one factor to three or more items by maximum likelihood, and score the clips.

    The factor's variance is fixed to 1, and its sign such that the standardised loadings add up
    to something positive: more of the factor is more of what most items measure (where they
    balance, of the first). With R the numbers come from lavaan (Rosseel, 2012); without it three
    items are solved by the closed form, which is the same maximum likelihood solution, and the
    result says so. Where the clips have a column ``subject`` (or `cluster`), and subjects several
    clips, intervals come from leaving out one subject at a time; their coverage is .93 to .96 from
    20 subjects on, where intervals that take clips for independent cover .75 to .92.

    Parameters
    ----------
    items_table
        One row per clip: clip (or the rows are numbered), the items, and context and subject where
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
    ratings
        The RATINGS behind the item means: each score then gets the standard error of rater
        sampling. See `score_clips`.
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
    second
        Whether Cronbach's α has a second row, by pingouin.

    Returns
    -------
    Factor

    Raises
    ------
    OptionError
        Fewer than three items, an item named twice, an option that is not known.
    DataError
        No context can carry a factor: too few clips, constant items, items that are copies or
        sums of each other or share nothing; answers outside the scale.
    FitError
        No convergence, or a residual variance that is not positive, in every fit.
    RError
        R cannot be used and there are more than three items.

    Warns
    -----
    FitWarning
        One context (or all clips together) cannot be fitted, or has a residual variance that is not
        positive: it has no scores, and the others are reported. Items that load against the others.
    DataWarning
        Clips that lack an item.

    References
    ----------
    Jöreskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor analysis.
    Psychometrika, 34, 183–202.

    Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. Journal of
    Statistical Software, 48(2).

    Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
    structure analysis with nonnormal missing data. Sociological Methodology, 30, 165–200.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> factor = fit_factor(means, items=items)
    >>> loadings = factor.tidy().query("term == 'loading' and method == 'ml'")
    >>> loadings[["item", "estimate"]].round(2).to_records(index=False).tolist()
    [('response', 0.98), ('emotion', 0.97), ('motion', 0.88)]
    """
    names = check_items(items)
    check_word(missing, MissingRule, "missing")
    check_word(estimator, FactorEstimator, "estimator")
    check_level(level)
    itemset = take_items(items_table, names, by)
    jobs = list_jobs(
        itemset,
        names,
        parts=parts,
        scale=scale,
        estimator=estimator,
        missing=missing,
        cluster=None if cluster is None else find_clusters(items_table, cluster),
        ratings=ratings,
        strict=False,
    )
    if all(job.problems for job in jobs):
        raise DataError([problem for job in jobs for problem in job.problems])
    warn_incomplete(itemset, missing, _UNSCORED)
    for job in jobs:
        if not job.problems:
            warn_weak(job.moments, names, job.name)
    solutions, receipt = solve_jobs(jobs)
    _check_solutions(solutions, receipt)
    table = list_solution_rows(solutions, level)
    if second:
        table = add_alphas(table, solutions, itemset.answers, _list_rows(itemset, parts))
    return Factor(
        table=table,
        scores=score_itemset(solutions, itemset, ratings=ratings),
        spans=list_spans(solutions),
        solutions=tuple(solutions),
        items=names,
        by=by,
        level=level,
        receipt=receipt,
        notes=list_notes(solutions, receipt),
    )


def _check_solutions(solutions: Sequence[Solution], receipt: Receipt) -> None:
    flawed = [one for one in solutions if one.flaw]
    if len(flawed) == len(solutions) and not (
        len(flawed) > 1 and any(np.isfinite(one.loadings).all() for one in flawed)
    ):
        message = "\n".join(one.flaw for one in flawed)
        raise FitError(message)
    for one in flawed:
        rest = "; the other fits are reported" if len(flawed) < len(solutions) else ""
        warn_user(f"{one.flaw} It has no scores{rest}.", FitWarning)
    for one in (one for one in solutions if one.part == "all"):
        warn_reversed(one.name, one.reversed_items)
    # That R is absent stands in the result; that it is there and failed needs a louder word.
    if receipt.reason and rbridge.probe_r().lavaan_version:
        warn_user(UNUSED.format(receipt.reason), FitWarning)


def list_jobs(
    itemset: ItemSet,
    items: tuple[str, ...],
    *,
    parts: pd.DataFrame | None = None,
    scale: tuple[float, float] | None = None,
    estimator: str = "ml",
    missing: str = "listwise",
    cluster: pd.Series | None = None,
    ratings: pd.DataFrame | None = None,
    keep_rows: bool = False,
    strict: bool = True,
) -> list[Job]:
    """Return the jobs, training subjects first, the fit of all clips last.

    ``cluster`` has the ids of the rows' clusters, in the order of the rows; ``ratings`` are those
    that the items are means of, whose range is that of the answers. The jobs hold rows even where
    moments would do with ``keep_rows``. If ``strict``, one context that cannot carry a factor (see
    `find_problems`) refuses all; else its job says why.
    """
    low, high = find_range(itemset.answers, items, scale)
    if ratings is not None and scale is None:
        low, high = widen_range(low, high, items, ratings)
    codes = None if cluster is None else number_ids(cluster.to_frame("cluster"), ["cluster"])[0]
    people = codes
    if codes is None and "subject" in itemset.ids.columns:
        people = number_ids(itemset.ids, ["subject"])[0]
    plain = codes is None and (estimator, missing) == ("ml", "listwise")
    jobs = []
    for part, context, keep in _list_rows(itemset, parts):
        answers = itemset.answers if keep.all() else itemset.answers[keep]
        used = find_complete(answers)
        if missing == "fiml":
            used = np.logical_not(np.isnan(answers).all(axis=1))
        who = None if codes is None else codes[keep][used]
        n_clusters = None if who is None else len(np.unique(who))
        moments = form_used_moments(answers, missing)
        job = Job(
            context=context,
            part=part,
            items=items,
            moments=moments,
            low=low,
            high=high,
            estimator="ml" if plain or (codes is None and estimator == "ml") else "mlr",
            missing=missing,
            answers=None if plain and not keep_rows else answers[used],
            cluster=None if n_clusters == used.sum() else who,
            n_clusters=n_clusters,
        )
        problems = (*find_problems(moments, items, job.name), *_find_few(job))
        sums = None
        if people is not None and not strict and not problems:
            sums = _sum_people(context, answers[used], people[keep][used], missing)
        jobs.append(replace(job, problems=problems, sums=sums))
    if strict:
        raise_problems([problem for job in jobs for problem in job.problems])
    return jobs


def _sum_people(
    context: str | None, answers: np.ndarray, people: np.ndarray, missing: str
) -> ClusterSums | None:
    """Return sums over subjects; None where they are too few, or have one clip each."""
    found, codes = np.unique(people, return_inverse=True)
    if not FEWEST_SUBJECTS <= len(found) < len(people):
        return None
    centre = np.nanmean(answers, axis=0)
    return sum_rows(context, answers, codes, len(found), centre=centre, missing=missing)


def _list_rows(
    itemset: ItemSet, parts: pd.DataFrame | None
) -> Iterator[tuple[str, str | None, np.ndarray]]:
    rows = {} if parts is None else {"train": find_training(itemset.ids, parts)}
    rows["all"] = np.ones(len(itemset.ids), dtype=bool)
    for part, members in rows.items():
        for context in (*itemset.contexts, None):
            yield part, context, itemset.select(context) & members


def _find_few(job: Job) -> list[Problem]:
    if job.n_clusters is None or job.n_clusters >= FEWEST_CLUSTERS:
        return []
    fact = f"{job.name}: {job.n_clusters} clusters; robust standard errors need {FEWEST_CLUSTERS}."
    remedy = "With fewer they come out far too small (.004 where .071 is right, with two)."
    return [Problem(fact, remedy)]


def find_clusters(table: pd.DataFrame, cluster: str) -> pd.Series:
    """Return the ids of the rows' clusters, from a column without empty cells."""
    raise_problems(find_absent(table, [cluster], "items"))
    raise_problems(find_empty(table, [cluster]))
    return table[cluster]
