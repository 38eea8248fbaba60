"""How well one person's answers predict those of the others: the human baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.models.answers import warn_dropped, weigh_answers
from exprstats.models.parts import label_parts
from exprstats.tables import encode_ids, order_levels
from exprstats.words import HumanUnit, check_word

if TYPE_CHECKING:
    from exprstats.measurement import Factor

FEWEST_CLIPS = 3


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
