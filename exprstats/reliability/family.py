"""The verb that rates how far raters agree."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.parallel import Seed
from exprstats.reliability.analysis import write_rows
from exprstats.reliability.counts import count_design
from exprstats.reliability.estimates import analyse_panel, find_obstacles
from exprstats.reliability.panels import Panel, name_rows, split_panels
from exprstats.reliability.result import Reliability
from exprstats.reliability.twoway import analyse_crossed, find_crossed_obstacles
from exprstats.tables import arrange_rows
from exprstats.words import IccModel, check_word

KEYS = ("context", "item", "term", "k_rule", "raters_per_clip", "estimator", "n_raters")
CONSTANT_FROM = 5
_MODELS = {
    "one-way": (find_obstacles, analyse_panel),
    "two-way": (find_crossed_obstacles, analyse_crossed),
}


def rate_reliability(
    ratings: pd.DataFrame,
    *,
    model: IccModel = "one-way",
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
    level: float = 0.95,
    draws: int = 0,
    seed: Seed = None,
) -> Reliability:
    """Estimate the reliability of ratings, of one rating and of a clip's mean.

    The one-way model of Shrout and Fleiss (1979) lets raters differ from clip to clip, and clips
    in their number of raters. The two-way model of McGraw and Wong (1996) is for raters who rate
    the same clips, all of them or, connected by shared clips, many. ANOVA components keep
    negative values visible.

    Parameters
    ----------
    ratings
        RATINGS: clip, rater, item, rating; subject and context where they exist. Missing ratings
        are left out and counted.
    model
        ``"one-way"``: ICC(1,1), ICC(1,k). ``"two-way"``: agreement ICC(A,·), consistency ICC(C,·).
    items
        Items to rate, in this order; None takes all.
    by
        Column of contexts. Each context is rated, then all of them pooled (context None); a clip
        is (context, clip).
    cluster
        Column of the people seen in clips. Without it only the F interval is given, which takes
        clips as independent.
    level
        Confidence level.
    draws
        Reserved for the cluster bootstrap; must be 0.
    seed
        Reserved for the cluster bootstrap.

    Returns
    -------
    Reliability
        ``table`` with a row for each coefficient, k rule and interval method: ``f`` (for agreement
        ``satterthwaite``), which take clips as independent, and ``jackknife`` over subjects (and
        raters, where some rate clips of several subjects).

    Raises
    ------
    DataError
        If the table breaks its contract, no clip has two ratings, ratings do not vary at all, or
        there are fewer than two clips or subjects.
    OptionError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame(
    ...     {
    ...         "clip": ["a", "a", "b", "b", "c", "c"],
    ...         "rater": ["r1", "r2", "r3", "r4", "r5", "r6"],
    ...         "item": "response",
    ...         "rating": [1.0, 2.0, 4.0, 4.0, 2.0, 3.0],
    ...     }
    ... )
    >>> table = rate_reliability(ratings).table
    >>> [(row.term, round(row.estimate, 3)) for row in table.itertuples()]
    [('ICC(1,1)', 0.81), ('ICC(1,k)', 0.895)]
    """
    check_word(model, IccModel, "model")
    check_level(level)
    if draws:
        message = f"draws={draws} is not available yet; pass draws=0."
        raise OptionError(message)
    panels = split_panels(ratings, items=items, by=by, cluster=cluster)
    obstacles, analyse = _MODELS[model]
    problems = [problem for panel in panels for problem in obstacles(panel)]
    if problems:
        raise DataError(problems)
    warn_oddities(ratings, [panel for panel in panels if panel.context is None])
    analyses = [analyse(panel, level) for panel in panels]
    rows = [row for analysis in analyses for row in write_rows(analysis, level)]
    design = pd.DataFrame([count_design(analysis) for analysis in analyses])
    return Reliability(arrange_rows(rows, KEYS), design, level, model)


def check_level(level: float) -> None:
    """Refuse a confidence level outside (0, 1)."""
    if not 0 < level < 1:
        message = f"level {level:g} is not between 0 and 1; 0.95 is usual."
        raise OptionError(message)


def warn_oddities(ratings: pd.DataFrame, pooled: Sequence[Panel]) -> None:
    """Warn of clips with one rating, raters who never vary, and subjects with one clip each.

    Parameters
    ----------
    ratings
        The caller's table, for its ids.
    pooled
        One panel an item, all contexts together.
    """
    for panel in pooled:
        counts = np.bincount(panel.clip)
        alone = np.flatnonzero(counts[panel.clip] == 1)
        if alone.size:
            names = name_rows(ratings, "clip", panel.rows[alone])
            _warn(
                f"item '{panel.item}': {alone.size:,} of {len(counts):,} clips have 1 rating "
                f"({names}); they tell about differences between clips only."
            )
    _warn_constant(ratings, np.concatenate([panel.rows for panel in pooled]))
    first = pooled[0]
    if first.subject is not None and int(first.subject.max()) == int(first.clip.max()):
        _warn(
            f"each of {int(first.subject.max()) + 1:,} subjects has one clip, so the cluster "
            "interval treats clips as independent; check that the subject column names people."
        )


def _warn_constant(ratings: pd.DataFrame, rows: np.ndarray) -> None:
    rater, names = pd.factorize(ratings["rater"].iloc[rows])
    values = ratings["rating"].to_numpy(float)[rows]
    order = np.argsort(rater, kind="stable")
    starts = np.searchsorted(rater[order], np.arange(len(names)))
    spread = np.maximum.reduceat(values[order], starts) - np.minimum.reduceat(values[order], starts)
    constant = (spread == 0) & (np.bincount(rater) >= CONSTANT_FROM)
    if constant.any():
        shown = ", ".join(f"'{name}'" for name in names[constant][:5])
        more = f" and {int(constant.sum()) - 5:,} more" if constant.sum() > 5 else ""
        _warn(
            f"raters {shown}{more} gave one value to everything ({CONSTANT_FROM} ratings or "
            "more); nothing was removed, look at them before trusting the reliability."
        )


def _warn(message: str) -> None:
    warnings.warn(message, DataWarning, stacklevel=4)
