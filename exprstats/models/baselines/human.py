"""The human baseline and the ceiling that rater reliability sets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import (
    RATINGS,
    arrange_rows,
    check_table,
    encode_ids,
    order_levels,
    require_columns,
)
from exprstats.errors import DataError, DataWarning, Problem, warn_user
from exprstats.models.data.parts import label_parts
from exprstats.options import HumanUnit, check_word
from exprstats.reliability import rate_reliability
from exprstats.results import Result

if TYPE_CHECKING:
    from exprstats.measurement import Factor

FEWEST_CLIPS = 3
SUM = "weighted sum"


def guess_human(
    ratings: pd.DataFrame,
    factor: Factor,
    parts: pd.DataFrame | None = None,
    *,
    unit: HumanUnit = "worker",
) -> pd.DataFrame:
    """Let each rater's answers guess the mean of the other raters of the same clip.

    A rater's answers to a clip are weighted by the standardised loadings and summed; the sums are
    standardised over all ratings of the context (divisor n). The truth of a rating is the mean of
    the other raters' sums of that clip. Metrics are taken per seat and averaged over seats.

    Parameters
    ----------
    ratings
        RATINGS with ``subject``.
    factor
        From `fit_factor`; the loadings of its training fit are used where it has one.
    parts
        PARTS from `split_subjects`; None leaves the part out.
    unit
        ``"worker"``: a seat is a rater, with at least three clips in a part. ``"seat"``: raters of
        a clip take numbered seats in the order of their ids, as if each seat were one judge.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"human"``, a ``seat``, and a truth that belongs to the row;
        ``fitted_on`` is ``"context"`` for the loadings of the context's own model.

    Raises
    ------
    DataError
        The ratings lack subjects, contexts or items of the factor, or no clip has two raters.

    Warns
    -----
    DataWarning
        Ratings are left out: with a missing item, of a clip without another rater, or of a worker
        with too few clips.

    References
    ----------
    Lin, Girard, and Morency (2020), section "Baselines". Its printed errors and correlations fit
    together only if they are taken per worker: per seat, NRMSE is at least √(1 - r²)/7.
    """
    check_word(unit, HumanUnit, "unit")
    answers = weigh_answers(ratings, factor)
    if parts is not None:
        answers = answers.assign(part=label_parts(answers, parts))
    contexts = order_levels(answers["context"]) if factor.by else []
    frames = []
    for context in [*contexts, None]:
        own = answers if context is None else answers[answers["context"] == context]
        frames.append(_guess_others(own, "all" if context is None else "context"))
    frame = _drop_lonely(pd.concat(frames, ignore_index=True))
    frame = _seat_workers(frame) if unit == "worker" else _seat_raters(frame)
    kept = ["subject", *(name for name in ("context", "part") if name in frame), "fitted_on"]
    frame = frame.assign(model="human")
    return frame[["clip", "model", "seat", *kept, "truth", "prediction"]].reset_index(drop=True)


def _guess_others(answers: pd.DataFrame, fitted_on: str) -> pd.DataFrame:
    sums = answers["sum" if fitted_on == "all" else "sum_context"].to_numpy(float)
    spread = sums.std()
    if not spread > 0:
        fact = f"all {len(sums):,} weighted sums of answers are {sums[0]:g}."
        raise DataError(Problem(fact, "Nobody can be compared with anybody.", column="rating"))
    z = (sums - sums.mean()) / spread
    codes, _ = encode_ids(answers, [name for name in ("context", "clip") if name in answers])
    total, raters = np.bincount(codes, z)[codes], np.bincount(codes)[codes]
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (total - z) / (raters - 1)
    ids = answers.drop(columns=["sum", "sum_context"], errors="ignore")
    return ids.assign(fitted_on=fitted_on, prediction=z, truth=np.where(raters > 1, others, np.nan))


def _drop_lonely(frame: pd.DataFrame) -> pd.DataFrame:
    alone = frame["truth"].isna()
    counted = frame["fitted_on"] == "all"
    if alone.all():
        remedy = "The human baseline needs clips with two or more raters."
        raise DataError(Problem("no clip has two raters.", remedy, column="rater"))
    told = "have no other rater on their clip"
    warn_dropped(int((alone & counted).sum()), int(counted.sum()), told)
    return frame[~alone]


def _seat_workers(frame: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in ("part", "fitted_on", "rater") if name in frame]
    where = (
        frame["context"].where(frame["fitted_on"] == "context", "") if "context" in frame else ""
    )
    counts = frame.assign(where=where).groupby([*kept, "where"])["clip"].transform("size")
    few = counts < FEWEST_CLIPS
    # With contexts every rating stands twice, by the loadings of its context and by the pooled.
    own = frame["fitted_on"] == "context"
    once = own if own.any() else ~own
    places = [*(["context"] if own.any() else []), *(["part"] if "part" in frame else [])]
    there = f" in that {' and '.join(places)}" if places else ""
    told = f"come from workers with fewer than {FEWEST_CLIPS} clips{there}"
    warn_dropped(int((few & once).sum()), int(once.sum()), told)
    return frame[~few].assign(seat=frame.loc[~few, "rater"].astype(str))


def _seat_raters(frame: pd.DataFrame) -> pd.DataFrame:
    key = [name for name in ("context", "clip", "fitted_on") if name in frame]
    order = frame.sort_values("rater", key=lambda ids: ids.astype(str), kind="stable")
    return frame.assign(seat=(order.groupby(key).cumcount() + 1).astype(str))


def weigh_answers(ratings: pd.DataFrame, factor: Factor) -> pd.DataFrame:
    """Return one row a rater and clip with the weighted sums of the answers.

    Parameters
    ----------
    ratings
        RATINGS with ``subject``.
    factor
        Its standardised loadings are the weights.

    Returns
    -------
    pandas.DataFrame
        context (where there are any), clip, rater, subject, ``sum`` by the loadings of the pooled
        model, and with contexts ``sum_context`` by those of the context's own.
    """
    check_table(ratings, RATINGS)
    require_columns(ratings, ["subject", *(["context"] if factor.by else [])], "ratings")
    answers = _spread_items(ratings, factor.items)
    columns = _name_answers(factor.items)
    values = answers[columns].to_numpy(float)
    weighed = answers.drop(columns=columns).assign(sum=values @ _read_loadings(factor, None))
    if factor.by:
        own = np.full(len(values), np.nan)
        for context in order_levels(weighed["context"]):
            here = (weighed["context"] == context).to_numpy(bool)
            own[here] = values[here] @ _read_loadings(factor, context)
        weighed["sum_context"] = own
    return weighed


def _spread_items(ratings: pd.DataFrame, items: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a rater and clip, with a column for each item of the factor."""
    key = [name for name in ("context", "clip", "rater") if name in ratings]
    rows, count = encode_ids(ratings, key)
    places = pd.Index(items).get_indexer(pd.Index(ratings["item"].astype(str)))
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


def _read_loadings(factor: Factor, context: Any) -> np.ndarray:
    table = factor.table
    rows = table[table["term"] == "loading"]
    rows = rows[rows["context"].isna() if context is None else rows["context"] == context]
    trained = rows[rows["part"] == "train"]
    rows = (trained if len(trained) else rows).drop_duplicates("item")
    if set(rows["item"]) != set(factor.items):
        fact = f"the factor has no loadings for context '{context}'."
        raise DataError(Problem(fact, "Fit it to the same contexts.", column="context"))
    return rows.set_index("item")["estimate"][list(factor.items)].to_numpy(float)


def warn_dropped(dropped: int, total: int, why: str) -> None:
    """Warn of ratings that the human baseline leaves out."""
    if dropped:
        message = f"{dropped:,} of {total:,} ratings {why}; the human baseline leaves them out."
        warn_user(message)


@dataclass(frozen=True, slots=True, eq=False)
class Ceiling(Result):
    """Square roots of the reliability of clip means.

    Attributes
    ----------
    table
        Tidy rows, one a context and the pooled one last: term ``ceiling``, with the limits of the
        reliability's headline interval carried along.
    level
        Confidence level.
    """

    place: ClassVar[str] = "ceiling"
    table: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return the pooled row."""
        return self.table[self.table["context"].isna()].reset_index(drop=True)

    def sentence(self) -> str:
        """Return the ceilings in APA style."""
        told = [
            f"{'all clips' if pd.isna(row['context']) else row['context']} "
            f"{write_number(row['estimate'], bounded=True)} "
            f"{write_interval(row['conf_low'], row['conf_high'], bounded=True)}"
            for _, row in self.table.iterrows()
        ]
        return (
            "Because of the scores' own unreliability, no prediction can be expected to correlate "
            f"with them above √ICC(1,k) of the weighted sums of answers: {'; '.join(told)} "
            f"({write_level(self.level)} CI)."
        )


def rate_ceiling(ratings: pd.DataFrame, factor: Factor, *, level: float = 0.95) -> Ceiling:
    """Rate how high a prediction of the scores could correlate with them at best.

    Each rater's answers are weighted by the standardised loadings and summed, as in `guess_human`;
    the ceiling is the square root of the one-way reliability of the sums' means over the raters of
    a clip, at the harmonic mean of their numbers.

    Parameters
    ----------
    ratings
        RATINGS with ``subject``.
    factor
        From `fit_factor`.
    level
        Confidence level.

    Returns
    -------
    Ceiling

    Raises
    ------
    DataError
        As in `guess_human` and `rate_reliability`.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things.
    """
    answers = weigh_answers(ratings, factor)
    contexts = order_levels(answers["context"]) if factor.by else []
    rows = []
    for context in [*contexts, None]:
        column = "sum" if context is None else "sum_context"
        own = answers if context is None else answers[answers["context"] == context]
        rows.append(_rate_sample(own.assign(rating=own[column], item=SUM), context, level))
    return Ceiling(arrange_rows(rows, ("context", "term")), level)


def _rate_sample(sums: pd.DataFrame, context: Any, level: float) -> dict[str, Any]:
    with warnings.catch_warnings():
        # What is odd about the raters is said by the reliability of the items.
        warnings.simplefilter("ignore", DataWarning)
        found = rate_reliability(sums, by=None, level=level).table
    row = found[found["headline"].to_numpy(bool)].iloc[0]
    roots = {
        name: float(np.sqrt(row[name])) if row[name] >= 0 else np.nan
        for name in ("estimate", "conf_low", "conf_high")
    }
    note = None if row["estimate"] >= 0 else "the reliability is below 0"
    kept = {name: row[name] for name in ("method", "n_clips", "n_clusters", "raters_per_clip")}
    return {"context": context, "term": "ceiling", **roots, "level": level, **kept, "note": note}
