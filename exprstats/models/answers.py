"""Each rater's answers to a clip as one number: their sum, weighted by a factor's loadings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem, warn_user
from exprstats.tables import RATINGS, check_table, encode_ids, order_levels, require_columns

if TYPE_CHECKING:
    from exprstats.measurement import Factor


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
