"""The verb that rates how far raters agree."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exprstats.inference.samples import count_blocks
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.analysis import Analysis, write_rows
from exprstats.reliability.counts import count_design
from exprstats.reliability.estimates import analyse_panel
from exprstats.reliability.nested import analyse_nested
from exprstats.reliability.obstacles import refuse_obstacles
from exprstats.reliability.oddities import warn_oddities
from exprstats.reliability.ratings import split_whole
from exprstats.reliability.reml import RemlFit, add_reml, fit_reml
from exprstats.reliability.resampling import add_bootstrap
from exprstats.reliability.result import Reliability
from exprstats.reliability.twoway import analyse_crossed
from exprstats.tables import arrange_rows
from exprstats.words import IccEstimator, IccModel, check_count, check_level, check_word

KEYS = ("context", "item", "term", "k_rule", "raters_per_clip", "estimator", "n_raters")
_ANALYSES = {"one-way": analyse_panel, "two-way": analyse_crossed, "nested": analyse_nested}


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
    estimator: IccEstimator = "closed",
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
        ``"nested"``: ICC(clip,·), clips told apart; ICC(within,·), clips of one subject told
        apart; ICC(subject,k), subjects told apart by the mean of their clips.
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
        Draws of a cluster bootstrap (percentile rows, method ``bootstrap``); 0 for none.
    seed
        Of the bootstrap.
    estimator
        ``"closed"``: ANOVA, and pairs of ratings where a table is incomplete; negative components
        stay. ``"reml"`` puts rows of restricted maximum likelihood before them: one-way here,
        two-way and nested through ``lme4`` in R.

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
        If the level is not between 0 and 1, or draws is no whole number from 0 on.
    RError
        If REML needs R or lme4 and they are missing.

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
    check_word(estimator, IccEstimator, "estimator")
    check_level(level)
    check_count(draws, "draws", least=0)
    whole, panels = split_whole(ratings, items=items, by=by, cluster=cluster)
    refuse_obstacles(panels, model)
    warn_oddities(ratings, whole, [panel for panel in panels if panel.context is None])
    analyses = [_ANALYSES[model](panel, level) for panel in panels]
    if draws:
        seeds = spawn_seeds(seed, count_blocks(draws))
        analyses = [add_bootstrap(analysis, seeds, draws, level) for analysis in analyses]
    fits = [fit_reml(panel, model) for panel in panels] if estimator == "reml" else []
    if fits:
        analyses = [add_reml(*pair) for pair in zip(analyses, fits, strict=True)]
    return _collect(analyses, fits, level, model)


def _collect(
    analyses: Sequence[Analysis], fits: Sequence[RemlFit], level: float, model: IccModel
) -> Reliability:
    rows = [row for analysis in analyses for row in write_rows(analysis, level)]
    design = pd.DataFrame([count_design(analysis) for analysis in analyses])
    call, versions = (fits[-1].call, dict(fits[-1].versions or {})) if fits else (None, {})
    return Reliability(arrange_rows(rows, KEYS), design, level, model, call, versions)
