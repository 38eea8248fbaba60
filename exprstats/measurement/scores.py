"""Factor scores of clips from stored estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import Contract, check_table, require_columns
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.measurement.factor.items import TOLERATED, read_items
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.scoring import list_scores
from exprstats.options import ScoreMethod, check_word

_CLIPS = Contract("clips", key=("context", "clip"), optional=("context",))


def score_clips(
    factor: Factor, items_table: pd.DataFrame, *, method: ScoreMethod = "bartlett"
) -> pd.DataFrame:
    """Score clips, new ones too, by the estimates of a fitted factor.

    Parameters
    ----------
    factor
        From `fit_factor`; its training fit is used where it has one.
    items_table
        One row a clip, with the factor's items and, if it was fitted by context, the contexts.
    method
        ``"bartlett"`` (Bartlett, 1937): unbiased for each clip's own factor value;
        ``"regression"`` (Thurstone, 1935): closest to it on average, drawn towards the mean;
        ``"mean"``: the plain mean of the items, in their own units.

    Returns
    -------
    DataFrame
        context, clip, subject (as far as there are any), fitted_on (``"context"``: the context's
        own model, ``"all"``: the pooled one), score and std_error in standard deviations of the
        factor (of ``"mean"`` in the items' units). The index is the caller's, once for each
        model. A clip with a missing item keeps its row and has no score, except under
        ``missing="fiml"``.

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
    itemset = read_items(items_table, factor.items, factor.by)
    return list_scores(factor.solutions, itemset, method)


def join_scores(
    clips: pd.DataFrame, factor: Factor, *, unmatched: float = TOLERATED
) -> pd.DataFrame:
    """Return the clips with their scores: ``score``, and ``score_pooled`` where there are contexts.

    Parameters
    ----------
    clips
        One row a clip; matched by clip, and by context where both tables have it.
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
    if not 0 <= unmatched <= 1:
        message = f"unmatched is {unmatched:g}; it is a share between 0 and 1."
        raise OptionError(message)
    check_table(clips, _CLIPS)
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
        remedy = "Give both tables the same ids, or allow it with unmatched=."
        raise DataError(Problem(fact, remedy, column="clip"))
    warn_user(fact)
