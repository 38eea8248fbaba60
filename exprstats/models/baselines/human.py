"""The human baseline: raters judged against the others of a clip, and their rows beside models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.codes import Codes, encode_column, encode_table, number_ids, pack_codes, recode
from exprstats.contracts import RATINGS, check_kind, check_table, order_levels, require_columns
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.inference import Comparison
from exprstats.inference.comparison.wording import RATERS
from exprstats.inference.metrics.clustered import FEWEST_CLIPS
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.io.guards.tables import guard_table
from exprstats.measurement.factor.formulas import weigh_bartlett
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.scoring import pick_scoring
from exprstats.models.data.parts import label_parts
from exprstats.options import HumanUnit, check_word

if TYPE_CHECKING:
    from exprstats.measurement.factor.solution import Solution
    from exprstats.models.baselines.raters import HumanComparison

_ALONE = "over subjects alone: an interval over raters would rest on other clips"
_NUMBERS = ["std_error", "conf_low", "conf_high", "p_value", "df", "n_raters", "note"]


def guess_human(
    ratings: pd.DataFrame,
    factor: Factor,
    parts: pd.DataFrame | None = None,
    *,
    unit: HumanUnit = "worker",
    span: float | None = None,
) -> pd.DataFrame:
    """Let each rater's answers guess the mean of the other raters of the same clip.

    A rater's answers to a clip are scored like the clip itself, by the Bartlett weights of the
    factor: prediction and truth have the unit and the theoretical range of the scores that models
    predict, so that errors of raters and models may be divided by one span. The truth of a rating
    is the mean of the other raters' scores of that clip. Metrics are taken per seat and averaged
    over seats; `compare_human` gives them with intervals over subjects and raters.

    Parameters
    ----------
    ratings
        RATINGS with ``subject``.
    factor
        From `fit_factor` or `load_factor`; its training fit is used where it has one.
    parts
        PARTS from `split_subjects`; None leaves the part out.
    unit
        ``"worker"``: a seat is a rater, with at least three clips in a part. ``"seat"``: raters of
        a clip take numbered seats in the order of their ids, as if each seat were one judge.
        ``"paper"``: a seat is a rater, and in place of scores stand sums of the answers weighted by
        the standardised loadings, standardised over all ratings of the context (divisor n), as Lin,
        Girard, and Morency (2020) took them.
    span
        The range by which errors of raters and of models will be divided. With ``unit="paper"`` it
        must be named: standardized sums have another theoretical range than scores (3.29 against
        4.32 in one study), and dividing both by that of the scores turned a difference of -.021
        into a significant one of the other sign.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"human"``, a ``seat``, and a truth that belongs to the row;
        ``fitted_on`` is ``"context"`` for the weights of the context's own model; beside them
        ``rater``, and ``others``, the number of raters behind the truth.

    Raises
    ------
    DataError
        The ratings lack subjects, contexts or items of the factor, or no clip has two raters.
    OptionError
        ``unit`` is none of the words, or ``"paper"`` without a span.

    Warns
    -----
    DataWarning
        Ratings are left out: with a missing item, of a clip without another rater, or of a worker
        with too few clips.

    References
    ----------
    Bartlett, M. S. (1937). The statistical conception of mental factors. Lin, Girard, and Morency
    (2020), section "Baselines". Its printed errors and correlations fit together only if they are
    taken per worker: per seat, NRMSE is at least √(1 - r²)/7.

    Examples
    --------
    >>> from exprstats.measurement import average_raters, fit_factor
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, seed=1).ratings
    >>> items = sorted(ratings["item"].unique())
    >>> factor = fit_factor(average_raters(ratings), items=items, by="context")
    >>> human = guess_human(ratings, factor, unit="seat")
    >>> human[["truth", "prediction"]].corr().iloc[0, 1].round(1).item()
    0.6
    """
    check_word(unit, HumanUnit, "unit")
    if unit == "paper" and span is None:
        message = (
            "unit 'paper' needs a span: standardized sums have another range than the scores, so "
            "that errors of raters and models must be divided by one that you name, such as "
        )
        raise OptionError(message, Option("span", 7), ".")
    answers = weigh_answers(ratings, factor, paper=unit == "paper")
    if parts is not None:
        answers = answers.assign(part=label_parts(answers, parts))
    contexts = order_levels(answers["context"]) if factor.by else []
    frames = []
    for context in [*contexts, None]:
        own = answers if context is None else answers[answers["context"] == context]
        if find_scoring(factor, context).flaw:
            continue  # a model without scores can score nobody's answers either
        frames.append(_guess_others(own, "all" if context is None else "context", unit == "paper"))
    if not frames:
        fact = "no model of the factor has scores, so that raters have none."
        raise DataError(Problem(fact, "Fit more clips or other items."))
    frame = _drop_lonely(pd.concat(frames, ignore_index=True))
    if unit == "seat":
        key = [name for name in ("context", "clip", "fitted_on") if name in frame]
        order = frame.sort_values("rater", key=lambda ids: ids.astype(str), kind="stable")
        frame = frame.assign(seat=(order.groupby(key).cumcount() + 1).astype(str))
    else:
        frame = _seat_workers(frame)
    kept = ["subject", *(name for name in ("context", "part") if name in frame), "fitted_on"]
    frame = frame.assign(model="human")
    told = ["truth", "prediction", "rater", "others"]
    return frame[["clip", "model", "seat", *kept, *told]].reset_index(drop=True)


def _guess_others(answers: pd.DataFrame, fitted_on: str, standardised: bool) -> pd.DataFrame:
    sums = answers["sum" if fitted_on == "all" else "sum_context"].to_numpy(float)
    spread = sums.std()
    if not spread > 0:
        fact = f"all {len(sums):,} scores of answers are {sums[0]:g}."
        raise DataError(Problem(fact, "Raters cannot be compared.", column="rating"))
    z = (sums - sums.mean()) / spread if standardised else sums
    codes, _ = number_ids(answers, [name for name in ("context", "clip") if name in answers])
    total, raters = np.bincount(codes, z)[codes], np.bincount(codes)[codes]
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (total - z) / (raters - 1)
    ids = answers.drop(columns=["sum", "sum_context"], errors="ignore")
    truth = np.where(raters > 1, others, np.nan)
    return ids.assign(fitted_on=fitted_on, prediction=z, truth=truth, others=raters - 1)


def _drop_lonely(frame: pd.DataFrame) -> pd.DataFrame:
    alone = frame["truth"].isna()
    whole = frame["fitted_on"] == "all"
    counted = whole if whole.any() else ~whole
    if alone.all():
        remedy = "The human baseline needs clips with two or more raters."
        raise DataError(Problem("no clip has two raters.", remedy, column="rater"))
    told = "have no other rater on their clip"
    warn_dropped(int((alone & counted).sum()), int(counted.sum()), told)
    return frame[~alone]


def _seat_workers(frame: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in ("part", "fitted_on", "rater") if name in frame]
    # With contexts every rating stands twice, by the loadings of its context and by the pooled.
    own = (frame["fitted_on"] == "context").to_numpy(bool)
    ids = [encode_column(frame[name]) for name in kept]
    if "context" in frame:
        where = encode_column(frame["context"])
        ids.append(Codes(np.where(own, where.codes + 1, 0), range(len(where.levels) + 1)))
    codes = recode(pack_codes(ids)[0])
    few = np.bincount(codes)[codes] < FEWEST_CLIPS
    once = own if own.any() else ~own
    places = [*(["context"] if own.any() else []), *(["part"] if "part" in frame else [])]
    there = f" in that {' and '.join(places)}" if places else ""
    told = f"come from workers with fewer than {FEWEST_CLIPS} clips{there}"
    warn_dropped(int((few & once).sum()), int(once.sum()), told)
    return frame[~few].assign(seat=frame.loc[~few, "rater"].astype(str))


def weigh_answers(ratings: pd.DataFrame, factor: Factor, *, paper: bool = False) -> pd.DataFrame:
    """Return one row per rater and clip with the scores of the answers.

    The factor's Bartlett weights score RATINGS in SD of the factor, as they score clips; ``paper``
    sums the answers weighted by the standardised loadings instead. ``sum`` is by the weights of the
    pooled model and, with contexts, ``sum_context`` by those of the context's own.
    """
    check_kind(factor, Factor, "factor", "fit_factor")
    ratings = guard_table(ratings, ids=(*RATINGS.key, "subject"), quiet=True)
    if encode_table(ratings, RATINGS) is None:
        check_table(ratings, RATINGS)
    require_columns(ratings, ["subject", *(["context"] if factor.by else [])], "ratings")
    answers = _spread_items(ratings, factor.items)
    columns = _name_answers(factor.items)
    values = answers[columns].to_numpy(float)
    weighed = answers.drop(columns=columns).assign(sum=_score(values, factor, None, paper))
    if factor.by:
        own = np.full(len(values), np.nan)
        for context in order_levels(weighed["context"]):
            here = (weighed["context"] == context).to_numpy(bool)
            own[here] = _score(values[here], factor, context, paper)
        weighed["sum_context"] = own
    return weighed


def _score(values: np.ndarray, factor: Factor, context: Any, paper: bool) -> np.ndarray:
    """Return scores (n,) of answers (n, items) by the factor's fit to a context, or to all.

    They are NaN where that fit has no scores.
    """
    fit = find_scoring(factor, context)
    if fit.flaw:
        return np.full(len(values), np.nan)
    if paper:
        return values @ fit.standard
    # Scores of single raters about the intercepts of the clips: raters who share a clip share them.
    weights, _ = weigh_bartlett(fit.loadings, fit.residuals)
    return (values - fit.intercepts) @ weights


def find_scoring(factor: Factor, context: Any) -> Solution:
    """Return the factor's fit to a context, or to all, that scores come from."""
    fits = [one for one in pick_scoring(factor.solutions) if one.context == context]
    if not fits:
        fact = f"the factor has no loadings for context '{context}'."
        raise DataError(Problem(fact, "Fit it to the same contexts.", column="context"))
    return fits[0]


def _spread_items(ratings: pd.DataFrame, items: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per rater and clip, with a column for each item of the factor."""
    key = [name for name in ("context", "clip", "rater") if name in ratings]
    rows, count = number_ids(ratings, key)
    named = encode_column(ratings["item"])
    places = pd.Index(items).get_indexer(pd.Index([*map(str, named.levels)]))[named.codes]
    absent = [item for j, item in enumerate(items) if j not in places]
    if absent:
        fact = f"no ratings of item '{absent[0]}', which the factor has."
        raise DataError(Problem(fact, "Give the ratings that the factor was fitted to."))
    values = np.full((count, len(items)), np.nan)
    used = places >= 0
    values[rows[used], places[used]] = ratings["rating"].to_numpy(float, na_value=np.nan)[used]
    _, first = np.unique(rows, return_index=True)
    table = ratings.iloc[first][[*key, "subject"]].reset_index(drop=True)
    table[_name_answers(items)] = values
    complete = np.flatnonzero(np.isfinite(values).all(axis=1))
    warn_dropped(count - len(complete), count, "lack an item")
    return table.iloc[complete]


def _name_answers(items: Sequence[str]) -> list[str]:
    # An item may be called like an id.
    return [f"answer {j}" for j in range(len(items))]


def warn_dropped(dropped: int, total: int, why: str) -> None:
    """Warn of ratings that the human baseline leaves out."""
    if dropped:
        message = f"{dropped:,} of {total:,} ratings {why}; the human baseline leaves them out."
        warn_user(message)


def head_raters(comparison: Comparison, found: HumanComparison) -> Comparison:
    """Return a comparison whose rows of raters are headed by intervals over subjects and raters.

    The comparison has intervals of its own choice or by the jackknife; others stay as they were
    asked for. Each headline row of raters, and of a difference from them, is followed by one of
    method ``"jackknife_raters"`` (with ``df`` and ``n_raters``) that takes its place as headline;
    Holm's p of headline rows are taken again.
    """
    table = comparison.table
    if comparison.compat or comparison.interval not in {"auto", "jackknife"}:
        return comparison
    known = {_name_key(row): row for row in found.table.to_dict("records")}
    signs = {key: 1 for key in known}
    for (context, metric, model, versus), row in list(known.items()):
        if versus is not None:
            known[context, metric, versus, model] = row
            signs[context, metric, versus, model] = -1
    rows = []
    for row in table.to_dict("records"):
        rows.append(row)
        key = _name_key(row)
        if not row["headline"] or key not in known:
            continue
        wider, sign = known[key], signs[key]
        if not np.isclose(sign * wider["estimate"], row["estimate"], rtol=1e-9, atol=1e-9):
            row["note"] = "; ".join(one for one in (row["note"], _ALONE) if isinstance(one, str))
            continue
        if wider["method"] != RATERS:
            continue
        row["headline"] = False
        numbers = {name: wider[name] for name in _NUMBERS}
        if sign < 0:
            numbers |= {"conf_low": -wider["conf_high"], "conf_high": -wider["conf_low"]}
        kept = ("context", "metric", "model", "versus", "term", "estimate", "level", "n_clips")
        own = {name: row[name] for name in (*kept, "n_clusters")}
        rows.append({**own, **numbers, "method": RATERS, "headline": True})
    extra = [name for name in ("df", "n_raters") if name not in table]
    merged = pd.DataFrame(rows, columns=[*table.columns, *extra])
    for name in ("n_clips", "n_clusters", "headline", "level"):
        merged[name] = merged[name].astype(table[name].dtype)
    return replace(comparison, table=_adjust(merged))


def _name_key(row: dict) -> tuple:
    context, versus = (None if pd.isna(row[name]) else row[name] for name in ("context", "versus"))
    return context, row["metric"], row["model"], versus


def _adjust(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose headline differences are adjusted together, within metric and context."""
    shown = rows[rows["headline"].eq(True) & rows["versus"].notna()]
    for _, own in shown.groupby(["context", "metric"], dropna=False, sort=False):
        if own["method"].eq(RATERS).any():
            rows.loc[own.index, "p_adjusted"] = adjust_holm(own["p_value"].to_numpy(float))
    return rows
