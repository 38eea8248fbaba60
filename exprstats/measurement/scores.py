"""Factor scores of clips and of single raters from stored estimates."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_number
from exprstats.contracts import NAMED_CLIPS, check_kind, check_table, order_levels, require_columns
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.io.guards.tables import guard_table
from exprstats.measurement.factor.items import TOLERATED, take_items
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.scoring import read_raters, score_itemset
from exprstats.options import ScoreMethod, check_share, check_word

# Answers so many ranges outside the range of the fit point to another scale.
_FAR = 0.5
# Clips from which on items are looked at for having been turned round.
_FEWEST_TURNED = 10


def score_clips(
    factor: Factor,
    items_table: pd.DataFrame,
    *,
    method: ScoreMethod = "bartlett",
    ratings: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score clips, new ones too, by the estimates of a fitted factor.

    Parameters
    ----------
    factor
        From `fit_factor`; its training fit is used where it has one.
    items_table
        One row per clip, with the factor's items and, if it was fitted by context, the contexts.
    method
        ``"bartlett"`` (Bartlett, 1937): unbiased for each clip's own factor value;
        ``"regression"`` (Thurstone, 1935): closest to it on average, drawn towards the mean;
        ``"mean"``: the plain mean of the items, in their own units, items that load negatively
        reversed.
    ratings
        The RATINGS that the items are means of, for standard errors of rater sampling.

    Returns
    -------
    DataFrame
        context, clip, subject (as far as there are any), fitted_on (``"context"``: the context's
        own model, ``"all"``: the pooled one), score, std_error, factor_se and note; in standard
        deviations of the factor (of ``"mean"`` in the items' units). The index is the caller's,
        once for each model. A clip with a missing item keeps its row and has no score, except
        under ``missing="fiml"``.

        ``std_error`` says by how much the score would differ with other raters: SD·√(1 − ICC_k)
        of the raters' own scores, with the clip's own number of raters k (one-way, within the
        clip's context; raters who lack an item are not counted). Without ratings it is null.
        ``factor_se`` is the model's own, 1/√Σ(λ²/θ): it takes an error that a rater makes on all
        items alike (halo) for truth, and can be a third of the other.

    Raises
    ------
    DataError
        Items are absent or no numbers, or a context was not in the fit.

    References
    ----------
    Bartlett, M. S. (1937). The statistical conception of mental factors. British Journal of
    Psychology, 28, 97–104.

    Thurstone, L. L. (1935). The vectors of mind. University of Chicago Press.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> factor = ex.fit_factor(means, items=items)
    >>> score_clips(factor, means)["score"].head(2).round(2).tolist()
    [-1.49, -1.1]
    """
    check_word(method, ScoreMethod, "method")
    check_kind(factor, Factor, "factor", "fit_factor")
    itemset = take_items(items_table, factor.items, factor.by)
    _warn_beyond(factor, itemset.answers)
    _warn_turned(factor, itemset.answers)
    return score_itemset(factor.solutions, itemset, method, ratings)


def _warn_beyond(factor: Factor, answers: np.ndarray) -> None:
    """Warn of answers that point to another scale than that of the fit."""
    fit = factor.solutions[-1]
    reach = _FAR * (fit.high - fit.low)
    beyond = (answers < fit.low - reach) | (answers > fit.high + reach)
    for place in np.flatnonzero(beyond.any(axis=0)):
        counted = count_things(beyond[:, place].sum(), "answer lies", "answers lie")
        warn_user(
            f"{counted} far outside those that the factor was fitted to, '{factor.items[place]}' "
            f"from {fit.low[place]:g} to {fit.high[place]:g}. Check that the scale is the same."
        )


def _warn_turned(factor: Factor, answers: np.ndarray) -> None:
    """Warn of items that run against the others here, and did not where the factor was fitted."""
    keyed = (answers - np.nanmean(answers, axis=0)) * np.where(
        factor.solutions[-1].standard < 0, -1.0, 1.0
    )
    spread = np.nanstd(keyed, axis=0)
    whole = keyed[~np.isnan(keyed).any(axis=1)] / np.where(spread > 0, spread, 1.0)
    if len(whole) < _FEWEST_TURNED:
        return
    for place, item in enumerate(factor.items):
        rest = np.delete(whole, place, axis=1)
        # By pairs, not by the sum: with one item turned round, the sum of the others is mixed.
        r = np.array([_correlate(whole[:, place], other) for other in rest.T])
        if (np.arctanh(np.clip(r, -0.999999, 0.999999)) < -3 / np.sqrt(len(whole) - 3)).all():
            warn_user(
                f"'{item}' runs against the other items in these clips (r = "
                f"{write_number(r.max(), bounded=True)} at most), though not where the factor was "
                "fitted. If it is reversed here, turn it back (highest + lowest - answer)."
            )


def _correlate(one: np.ndarray, two: np.ndarray) -> float:
    one, two = one - one.mean(), two - two.mean()
    size = np.sqrt((one @ one) * (two @ two))
    return float(one @ two / size) if size > 0 else 0.0


def weight_ratings(
    ratings: pd.DataFrame,
    factor: Factor,
    *,
    fitted_on: Literal["context", "all"] | None = None,
    method: ScoreMethod = "bartlett",
) -> pd.DataFrame:
    """Return each rater's answers to a clip as one weighted rating.

    The reliability of scores is the intraclass correlation of these ratings, which
    `rate_reliability` gives with an interval that allows for subjects and raters. ω cannot stand
    in for it: it sees how items agree, not how raters do.

    Parameters
    ----------
    ratings
        RATINGS with the factor's items.
    factor
        From `fit_factor`; its training fit is used where it has one.
    fitted_on
        Whose weights: ``"context"``, the rating's own context's model, or ``"all"``, the pooled
        one. None: ``"context"`` where the factor was fitted by context.
    method
        As for `score_clips`.

    Returns
    -------
    DataFrame
        RATINGS: context, clip, subject (as far as there are any), rater, item (``"score"``) and
        rating, the score that the rater's answers alone would give. A rater who lacks an item of a
        clip has no row for it.

    Raises
    ------
    DataError
        The ratings break their contract, lack an item, or have a context that was not in the fit.
    OptionError
        ``fitted_on`` or ``method`` is not known, or the factor has no models of contexts.

    Warns
    -----
    DataWarning
        Raters who did not answer every item of a clip.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
    reliability. Psychological Bulletin, 86, 420–428.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> factor = ex.fit_factor(means, items=["response", "emotion", "motion"])
    >>> weighted = weight_ratings(study.ratings, factor)
    >>> weighted.columns.tolist()
    ['context', 'clip', 'subject', 'rater', 'item', 'rating']
    >>> rows = ex.rate_reliability(weighted, by=None).tidy().query("headline")
    >>> rows[["term", "estimate"]].round(2).to_records(index=False).tolist()
    [('ICC(1,k)', 0.83)]
    """
    check_word(method, ScoreMethod, "method")
    check_kind(factor, Factor, "factor", "fit_factor")
    own = any(one.context is not None for one in factor.solutions)
    if fitted_on not in {None, "context", "all"} or (fitted_on == "context" and not own):
        known = "'context' or 'all'" if own else "'all'; the factor has no models of contexts"
        message = f"fitted_on is '{fitted_on}'; it can be {known}."
        raise OptionError(message)
    raters = read_raters(ratings, factor.items)
    if own and fitted_on != "all":
        require_columns(ratings, ["context"], "ratings")
        raters = replace(raters, contexts=tuple(map(str, order_levels(raters.ids["context"]))))
    fitted = "context" if raters.contexts else "all"
    scores = score_itemset(factor.solutions, raters, method)
    scores = scores[scores["fitted_on"] == fitted]
    answered = np.isfinite(raters.answers).all(axis=1)
    complete = answered & scores["score"].notna().to_numpy()
    flaws = dict.fromkeys(scores["note"][answered & ~complete])
    for lost, why in ((~answered, "an item is missing."), (answered & ~complete, " ".join(flaws))):
        if lost.any():
            left = count_things(lost.sum(), "raters' clips was", "raters' clips were",
                                of=len(complete))  # fmt: skip
            warn_user(f"{left} left out: {why}")
    table = scores.loc[complete, list(raters.ids)].reset_index(drop=True)
    return table.assign(item="score", rating=scores.loc[complete, "score"].to_numpy())


def join_scores(
    clips: pd.DataFrame, factor: Factor, *, unmatched: float = TOLERATED
) -> pd.DataFrame:
    """Return the clips with their scores: ``score``, and ``score_pooled`` where there are contexts.

    Parameters
    ----------
    clips
        One row per clip; matched by clip, and by context where both tables have it.
    factor
        From `fit_factor`: ``score`` comes from the clip's own context's model, ``score_pooled``
        from the model of all clips.
    unmatched
        Largest share of clips without a partner in the other table that is let through, with a
        warning.

    Returns
    -------
    DataFrame
        The clips in their order and with their index; a clip without a partner has no score.

    Raises
    ------
    DataError
        More clips than that have no partner, the clips already have such columns, or the factor
        was stored and has no scores.
    OptionError
        ``unmatched`` is no share.

    Warns
    -----
    DataWarning
        Clips or scores without a partner, as many as ``unmatched`` lets through.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> factor = ex.fit_factor(means, items=items, by="context")
    >>> join_scores(study.clips, factor)[["score", "score_pooled"]].head(1).round(2).values.tolist()
    [[-1.37, -1.49]]
    """
    check_share(unmatched, "unmatched")
    check_kind(factor, Factor, "factor", "fit_factor")
    clips = guard_table(clips, ids=(*NAMED_CLIPS.key, "subject"), quiet=True)
    check_table(clips, NAMED_CLIPS)
    if factor.scores.empty:
        fact = "the factor holds no scores, as one that was stored."
        raise DataError(Problem(fact, "Fit it again, or merge what score_clips returns."))
    columns = {"score": "context", "score_pooled": "all"} if factor.by else {"score": "all"}
    taken = [name for name in columns if name in clips.columns]
    if taken:
        fact = "the clips have this column already."
        raise DataError([Problem(fact, "Rename it.", column=name) for name in taken])
    joined = clips.copy()
    for name, fitted_on in columns.items():
        scores = factor.scores[factor.scores["fitted_on"] == fitted_on]
        key = _find_key(clips, scores)
        places = _name_rows(scores, key).get_indexer(_name_rows(clips, key))
        if name == "score":
            _check_match(clips, scores, places, unmatched)
        values = np.append(scores["score"].to_numpy(float), np.nan)
        joined[name] = values[places]
    return joined


def _find_key(clips: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    if "context" in clips.columns and "context" in scores.columns:
        return ["context", "clip"]
    if "context" in scores.columns and scores["clip"].duplicated().any():
        require_columns(clips, ["context"], "clips")
    return ["clip"]


def _name_rows(table: pd.DataFrame, key: list[str]) -> pd.Index:
    if len(key) == 1:
        return pd.Index(table[key[0]].astype(str))
    return pd.MultiIndex.from_arrays([table[name].astype(str) for name in key])


def _check_match(
    clips: pd.DataFrame, scores: pd.DataFrame, places: np.ndarray, unmatched: float
) -> None:
    alone = places < 0
    left = len(scores) - len(np.unique(places[~alone]))
    share = max(alone.mean(), left / len(scores))
    if share == 0:
        return
    named = ", ".join(f"'{clip}'" for clip in clips["clip"][alone].head(5))
    unscored = count_things(alone.sum(), "clips has", "clips have", of=len(clips))
    unused = count_things(left, "scores has", "scores have", of=len(scores))
    fact = f"{unscored} no score{f' ({named})' if named else ''}, and {unused} no clip."
    if share > unmatched:
        remedy = ("Give both tables the same ids, or allow it with ", Option("unmatched"), ".")
        raise DataError(Problem(fact, remedy, column="clip"))
    warn_user(fact)
