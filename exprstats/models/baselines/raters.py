"""Human raters and models side by side, with intervals over subjects and raters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from exprstats.apa import count_things, tell_p, write_interval, write_level, write_number
from exprstats.codes import number_ids
from exprstats.contracts import arrange_rows, order_levels, require_columns
from exprstats.errors import DataError, OptionError, Problem
from exprstats.inference import Metric, find_metrics
from exprstats.inference.comparison.wording import RATERS
from exprstats.inference.metrics.clustered import FEWEST_CLIPS
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.inference.resampling.scales import move_back, move_values
from exprstats.inference.resampling.terms import KEYS
from exprstats.models.fitting.outcomes import group_contexts
from exprstats.options import check_level, name_nearest
from exprstats.results import Result

FEWEST = 3
ROUNDING = 1e-12
METRICS = ("rmse", "nrmse", "mse", "mae", "bias", "correlation", "ccc", "r2")


@dataclass(frozen=True, slots=True, eq=False)
class HumanComparison(Result):
    """How well one rater agrees with the others, and how models differ from that.

    Attributes
    ----------
    table
        Tidy rows: context, metric, model, versus (None for the raters' own score), term, with
        two-way jackknife-t intervals over subjects and raters, p and Holm's p of differences,
        ``n_clips``, ``n_clusters`` (subjects), ``n_raters`` and ``df``.
    human
        Name of the raters' model.
    level
        Confidence level.
    """

    place: ClassVar[str] = "human"
    table: pd.DataFrame
    human: str
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        row = {"model": self.human, "level": self.level}
        row |= {name: int(self.table[name].max()) for name in ("n_clusters", "n_raters")}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the raters' scores and the models' differences from them, in APA style.

        Of several contexts the table has each, the sentence all clips together.
        """
        told = []
        for name, own in list(group_contexts(self.table))[-1:]:
            parts = []
            for row in own.to_dict("records"):
                written = write_number(row["estimate"], bounded=row["metric"] in _BOUNDED)
                if not pd.isna(row["conf_low"]):
                    limits = (row["conf_low"], row["conf_high"])
                    written += f" {write_interval(*limits, bounded=row['metric'] in _BOUNDED)}"
                if not pd.isna(row["p_value"]):
                    written += f", p {tell_p(row['p_value'])}"
                parts.append(f"{row['term']}: {row['metric']} = {written}")
            told.append(f"{name}: {'; '.join(parts)}.")
        df = sorted(set(self.table["df"].dropna().astype(int)))
        rest = f"rest on {df[0]}" if len(df) == 1 else f"rest on {df[0]} to {df[-1]}" if df else ""
        freedom = f" and {rest} degrees of freedom" if rest else ""
        others = " and other raters" if self.table["method"].eq(RATERS).any() else ""
        ending = (
            f"{write_level(self.level)} intervals allow for other subjects{others}{freedom}; "
            "the truths of the models are taken as given."
        )
        notes = [f"{note}." for note in dict.fromkeys(self.table["note"].dropna())]
        return " ".join([*told, ending, *notes])


_BOUNDED = ("nrmse", "correlation", "ccc")


def compare_human(
    predictions: pd.DataFrame,
    *,
    metrics: Sequence[str] = ("rmse", "correlation"),
    human: str = "human",
    by: str | None = None,
    span: float | dict[Any, float] | None = None,
    level: float = 0.95,
) -> HumanComparison:
    """Rate raters by the mean of the others, and compare models with them.

    Metrics of raters are taken per seat and averaged over seats. Raters are a sample as well as
    subjects: intervals over subjects alone covered .80 to .87 instead of .95. Each subject and each
    rater is left out in turn, a rater also from the truth of the others.

    Parameters
    ----------
    predictions
        PREDICTIONS of one part: the rows of `guess_human` with ``rater`` and ``others``, and those
        of any models, as `stack_predictions` puts them together.
    metrics
        Out of rmse, nrmse, mse, mae, bias, correlation, ccc and r2.
    human
        Name of the raters' model.
    by
        Column of contexts: each is rated by its own fit, and all of them by the pooled one.
    span
        For NRMSE, the theoretical range of the scores; or one for each context, None for the pool.
    level
        Confidence level.

    Returns
    -------
    HumanComparison

    Raises
    ------
    DataError
        There are no rows of raters, they lack ``rater`` or ``others``, or come from fewer than
        three subjects.
    OptionError
        Another metric, or NRMSE without a span.

    Notes
    -----
    V = V_subject + V_rater - V_cell, never below the larger of the first two, each (n - 1)/n ·
    Σ(θ₋ᵢ - θ̄)² over subjects, raters, and pairs of a subject and a rater; t with the smaller
    number of subjects and raters less 1 degrees of freedom. Errors are limited on the log scale,
    correlations on Fisher's z, differences as they are; all models are judged on the clips that
    raters and models have in common. With fewer than three raters they are taken
    as fixed.

    References
    ----------
    Owen, A. B. (2007). The pigeonhole bootstrap. Cameron, A. C., Gelbach, J. B., & Miller, D. L.
    (2011). Robust inference with multiway clustering.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rows = pd.DataFrame({"clip": np.repeat(range(60), 4), "rater": list("abcd") * 60})
    >>> rows["subject"] = rows["clip"] // 3
    >>> rows["prediction"] = rng.normal(size=60)[rows["clip"]] + rng.normal(size=240)
    >>> total = rows.groupby("clip")["prediction"].transform("sum")
    >>> rows["truth"] = (total - rows["prediction"]) / 3
    >>> rows = rows.assign(model="human", seat=rows["rater"], others=3)
    >>> compare_human(rows, metrics=["correlation"]).tidy()["estimate"].round(2).tolist()
    [0.52]
    """
    check_level(level)
    measures = find_metrics(metrics)
    for metric in measures:
        if metric.name not in METRICS:
            message = f"metric '{metric.name}' has no such interval. {name_nearest('', METRICS)}"
            raise OptionError(message)
    names = ["model", "subject", "clip", "seat", "rater", "others", "truth", "prediction"]
    require_columns(predictions, [*names, by], "predictions")
    if human not in set(predictions["model"]):
        fact = f"no rows of model '{human}'. {name_nearest(human, predictions['model'].unique())}"
        raise DataError(Problem(fact, column="model"))
    rows: list[dict[str, Any]] = []
    for context in [*(order_levels(predictions[by]) if by else []), None]:
        own = predictions if context is None else predictions[predictions[by] == context]
        if "fitted_on" in own:
            known = own["fitted_on"] == ("all" if context is None else "context")
            own = own[known | own["fitted_on"].isna()]
            if own.empty:
                continue  # a context that only models of all contexts predict
        width = span.get(context) if isinstance(span, dict) else span
        for metric in measures:
            if metric.spanned and width is None:
                message = f"{metric.name} needs span: the highest less the lowest possible score."
                raise OptionError(message)
            found = _compare_context(own, human, metric, float(width or 1), level)
            rows += [{"context": context, **row} for row in found]
    return HumanComparison(arrange_rows(rows, KEYS), human, level)


def measure_raters(
    predictions: pd.DataFrame, metrics: Sequence[Metric], *, span: float | None = None
) -> list[float]:
    """Return metrics of raters, taken per seat and averaged over seats, without intervals.

    Predictions are rows of `guess_human` of one fit; ``span`` is the theoretical range for NRMSE.
    """
    seats = pd.factorize(predictions["seat"].astype(str), sort=True)[0]
    y, p = (predictions[name].to_numpy(float) for name in ("truth", "prediction"))
    values = []
    for metric in metrics:
        sums = _sum_seats(seats, int(seats.max()) + 1, y - y.mean(), p - y.mean(), metric)
        scale = float(span) if metric.spanned and span else 1.0
        values.append(float(_average(sums[None], metric, scale)[0]))
    return values


class Deletions(NamedTuple):
    """A score, and the score without each subject, each rater, and each pair of the two."""

    whole: float
    subjects: np.ndarray
    raters: np.ndarray
    cells: np.ndarray


def _compare_context(
    rows: pd.DataFrame, human: str, metric: Metric, span: float, level: float
) -> list[dict[str, Any]]:
    rows = _keep_common(rows)
    people = rows[rows["model"] == human].reset_index(drop=True)
    subjects = sorted(people["subject"].unique(), key=str)
    if len(subjects) < FEWEST:
        people = count_things(len(subjects), "subject")
        fact = f"the raters' rows come from {people}; intervals need {FEWEST}."
        raise DataError(Problem(fact, "Use a larger part.", column="subject"))
    scale = span if metric.spanned else 1.0
    judged = _delete(people, subjects, metric, scale)
    fixed = people["rater"].nunique() < FEWEST
    method = "jackknife" if fixed else RATERS
    about = {"metric": metric.name, "level": level, "method": method, "headline": True}
    counts = {"n_clips": people["clip"].nunique(), "n_clusters": len(subjects)}
    about |= {**counts, "n_raters": people["rater"].nunique()}
    found = [{"model": human, "versus": None, "term": human, **about}]
    spread = 1.0
    if metric.direction != "higher":
        spread = float(people["truth"].std(ddof=0)) ** (2 if metric.name == "mse" else 1) / scale
    found[0] |= _limit(judged, metric, level, spread)
    for name in [one for one in order_levels(rows["model"]) if one != human]:
        own = rows[rows["model"] == name]
        own = own.assign(seat="-", rater="-", others=0)
        single = _delete(own.reset_index(drop=True), subjects, metric, scale)
        apart = Deletions(
            single.whole - judged.whole,
            single.subjects - judged.subjects,
            single.whole - judged.raters,
            single.whole - judged.cells,
        )
        row = {"model": name, "versus": human, "term": f"{name} - {human}", **about}
        found.append({**row, **_limit(apart, None, level, spread)})
    adjusted = adjust_holm(np.array([row["p_value"] for row in found[1:]], dtype=float))
    for row, p in zip(found[1:], adjusted, strict=True):
        row["p_adjusted"] = p
    return found


def _keep_common(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of clips that all models have."""
    codes, count = number_ids(rows, [name for name in ("context", "clip") if name in rows])
    has = [
        np.bincount(codes[rows["model"] == one], minlength=count) > 0 for one in set(rows["model"])
    ]
    return rows[np.all(has, axis=0)[codes]]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Rows of raters as codes: seat, rater, subject and clip (n,) each, with what they said."""

    seats: np.ndarray
    raters: np.ndarray
    subjects: np.ndarray
    clips: np.ndarray
    truth: np.ndarray
    guess: np.ndarray
    others: np.ndarray

    def add(self, rows: np.ndarray, truth: np.ndarray, metric: Metric) -> np.ndarray:
        """Return a metric's sums (terms, seats) over rows with such truths, and their counts."""
        # Sums of different rows must be about one centre, where metrics take that of their own.
        middle = self.truth.mean()
        y, p = truth - middle, self.guess[rows] - middle
        return _sum_seats(self.seats[rows], int(self.seats.max()) + 1, y, p, metric)

    def remove(self, rows: np.ndarray, rater: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows without one rater, and their truths without that rater's answers."""
        gone = self.raters[rows] == rater
        given = np.full(int(self.clips.max()) + 1, np.nan)
        given[self.clips[rows[gone]]] = self.guess[rows[gone]]
        kept = rows[~gone]
        lost, n = given[self.clips[kept]], self.others[kept]
        with np.errstate(invalid="ignore", divide="ignore"):
            less = np.where(n > 1, (self.truth[kept] * n - lost) / (n - 1), np.nan)
        seen = np.where(np.isnan(lost), self.truth[kept], less)
        stays = ~np.isnan(seen)
        return kept[stays], seen[stays]


def _sum_seats(
    seats: np.ndarray, count: int, y: np.ndarray, p: np.ndarray, metric: Metric
) -> np.ndarray:
    """Return a metric's sums (terms, seats) over rows (n,) of truths and answers, and counts."""
    ready = {"y": y, "p": p, "yy": y**2, "pp": p**2, "yp": y * p, "e": p - y}
    terms = [
        ready[name] if name in ready else np.broadcast_to(term(y, p[None]), (1, len(y)))[0]
        for name, term in (metric.sums or {}).items()
    ]
    own = [np.bincount(seats, term, minlength=count) for term in terms]
    return np.array([*own, np.bincount(seats, minlength=count)])


def _delete(people: pd.DataFrame, subjects: list[Any], metric: Metric, scale: float) -> Deletions:
    """Return the mean over seats of a metric, whole and without subjects, raters and pairs."""
    answers = _code_answers(people, subjects)
    every, groups = np.arange(len(people)), len(subjects)
    blocks = [np.flatnonzero(answers.subjects == one) for one in range(groups)]
    parts = np.array([answers.add(rows, answers.truth[rows], metric) for rows in blocks])
    total = parts.sum(axis=0)
    judges = range(int(answers.raters.max()) + 1)
    without = np.array([answers.add(*answers.remove(every, one), metric) for one in judges])
    pairs = np.unique(answers.raters * groups + answers.subjects)
    cells = [
        total - parts[s] + answers.add(*answers.remove(blocks[s], judge), metric)
        for judge, s in zip(pairs // groups, pairs % groups, strict=True)
    ]
    sums = (total[None], total - parts, without, np.array(cells))
    whole, *others = (_average(one, metric, scale) for one in sums)
    return Deletions(float(whole[0]), *others)


def _code_answers(people: pd.DataFrame, subjects: list[Any]) -> Answers:
    place = {one: code for code, one in enumerate(subjects)}
    known = [name for name in ("context", "clip") if name in people]
    return Answers(
        seats=pd.factorize(people["seat"].astype(str), sort=True)[0],
        raters=pd.factorize(people["rater"].astype(str), sort=True)[0],
        subjects=people["subject"].map(place).to_numpy(int),
        clips=number_ids(people, known)[0],
        truth=people["truth"].to_numpy(float),
        guess=people["prediction"].to_numpy(float),
        others=people["others"].to_numpy(float),
    )


def _average(sums: np.ndarray, metric: Metric, scale: float) -> np.ndarray:
    """Return the mean over seats (draws,) of a metric from sums (draws, terms, seats)."""
    draws, _, seats = sums.shape
    flat = sums.transpose(1, 0, 2).reshape(sums.shape[1], -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        given = {name: flat[j][None] for j, name in enumerate(metric.sums or {})}
        values = metric.formula(**given) if metric.formula else flat
        values = np.where(
            flat[-1] >= (FEWEST_CLIPS if metric.scale == "fisher" else 1), values, np.nan
        )
        values = values.reshape(draws, seats) / scale
        known = np.isfinite(values)
        return np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)


def _join_errors(found: Deletions, *, fixed: bool) -> float:
    """Return the standard error over subjects and raters, or over subjects alone."""
    variances = [(len(one) - 1) / len(one) * ((one - one.mean()) ** 2).sum() for one in found[1:]]
    both = max(variances[0] + variances[1] - variances[2], *variances[:2])
    return float(np.sqrt(variances[0] if fixed else both))


def _limit(found: Deletions, metric: Metric | None, level: float, spread: float) -> dict[str, Any]:
    """Return limits of a score, or where no metric is given of a difference with its p.

    ``spread`` is the size of what is measured: variation far below it is rounding.
    """
    groups, raters = len(found.subjects), len(found.raters)
    fixed = raters < FEWEST
    centre, error = found.whole, _join_errors(found, fixed=fixed)
    error = 0.0 if error <= ROUNDING * max(spread, abs(centre)) else error
    df = groups - 1 if fixed else min(groups, raters) - 1
    scale = np.array(["raw" if metric is None else metric.scale], dtype=object)
    moved = move_values(scale, np.array([centre]), np.concatenate(found[1:])[None])
    sides = np.split(moved.spread[0], [groups, groups + raters])
    reach = stdtrit(df, (1 + level) / 2) * _join_errors(Deletions(centre, *sides), fixed=fixed)
    low, high = (move_back(moved.scales, moved.centre + one)[0] for one in (-reach, reach))
    if metric is not None:
        low, high = max(low, metric.range[0]), min(high, metric.range[1])
    p_value = 2 * stdtr(df, -abs(centre) / error) if metric is None and error > 0 else np.nan
    limits = (float(low), float(high)) if error > 0 else (np.nan, np.nan)
    names = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "df")
    numbers = dict(zip(names, (centre, error, *limits, float(p_value), df), strict=True))
    told = f"With {raters} raters the interval takes them as fixed and leaves out subjects only"
    still = "no interval: the value is the same whichever subject or rater is left out"
    return {**numbers, "note": still if error == 0 else told if fixed else None}
