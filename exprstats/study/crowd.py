"""The stages of a study on its ratings: reliability, factor model, scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.study.logbook import Logbook
from exprstats.study.usable import drop_gaps, find_by

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor
    from exprstats.reliability import Reliability


def rate_crowd(ratings: pd.DataFrame, log: Logbook) -> Reliability:
    """Return the reliability of every item in every context."""
    from exprstats.reliability import rate_reliability

    empty = ratings["rating"].isna()
    named = (ratings["clip"] + " by " + ratings["rater"])[empty].tolist()
    log.exclude("reliability", "ratings", len(ratings), "the rating is missing", left_out=named)
    return rate_reliability(
        ratings,
        by=find_by(ratings),
        cluster="subject" if "subject" in ratings else None,
        seed=log.draw_seed("reliability"),
    )


def measure_clips(
    items: pd.DataFrame,
    names: list[str],
    parts: pd.DataFrame | None,
    log: Logbook,
    *,
    scale: tuple[float, float] | None,
) -> Factor:
    """Return the factor model of clip means, fitted on training subjects where parts are given."""
    from exprstats.measurement import fit_factor

    log.rows["rated clips"] = len(items)
    lacking = items[names].isna().any(axis=1)
    log.exclude(
        "factor",
        "rated clips",
        len(items),
        "nobody rated the clip on every item",
        left_out=items.loc[lacking, "clip"].tolist(),
    )
    return fit_factor(items, items=names, by=find_by(items), parts=parts, scale=scale)


def score_targets(clips: pd.DataFrame, factor: Factor, log: Logbook) -> pd.DataFrame:
    """Return the clips with their factor scores; clips without are left out."""
    from exprstats.measurement import join_scores

    joined = join_scores(clips, factor)
    scores = [name for name in ("score", "score_pooled") if name in joined]
    return drop_gaps(joined, scores, log, stage="join", reason="the clip has no score")
