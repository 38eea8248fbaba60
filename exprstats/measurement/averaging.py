"""From the ratings of many raters to one row of item means a clip."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.tables import RATINGS, check_table, encode_ids, order_levels


def average_raters(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over raters of each clip on each item.

    Parameters
    ----------
    ratings
        One row a rating: clip, rater, item, rating, and context and subject where there are any.

    Returns
    -------
    DataFrame
        One row a clip in order of first appearance: context, clip, subject (as far as they were
        given), then one column an item. A clip nobody rated on an item is missing there.

    Raises
    ------
    DataError
        The table breaks its contract, a clip has two subjects, or an item is called like an id.

    Examples
    --------
    >>> ratings = pd.DataFrame(
    ...     {"clip": ["a", "a"], "rater": ["r", "s"], "item": "smile", "rating": [1, 4]}
    ... )
    >>> average_raters(ratings).to_dict("records")
    [{'clip': 'a', 'smile': 2.5}]
    """
    check_table(ratings, RATINGS)
    key = [name for name in ("context", "clip") if name in ratings.columns]
    rows, n_rows = encode_ids(ratings, key)
    _, first = np.unique(rows, return_index=True)
    ids = [*key, *(["subject"] if "subject" in ratings.columns else [])]
    items = order_levels(ratings["item"])
    _check_roles(ratings, rows, first, ids, items)
    table = ratings.iloc[first][ids].reset_index(drop=True)
    places = pd.Index(items).get_indexer(pd.Index(ratings["item"]))
    means = _average(rows * len(items) + places, ratings["rating"], n_rows * len(items))
    for place, item in enumerate(items):
        table[item] = means.reshape(n_rows, len(items))[:, place]
    return table


def _average(cells: np.ndarray, rating: pd.Series, n_cells: int) -> np.ndarray:
    values = rating.to_numpy(float, na_value=np.nan)
    given = ~np.isnan(values)
    sums = np.bincount(cells[given], values[given], n_cells)
    counts = np.bincount(cells[given], minlength=n_cells)
    return np.divide(sums, counts, out=np.full(n_cells, np.nan), where=counts > 0)


def _check_roles(
    ratings: pd.DataFrame, rows: np.ndarray, first: np.ndarray, ids: list[str], items: list[object]
) -> None:
    problems = [
        Problem(f"an item is called '{item}', like a column of ids.", "Rename the item.")
        for item in items
        if item in ids
    ]
    if "subject" in ids:
        subjects, _ = encode_ids(ratings, ["subject"])
        torn = np.flatnonzero(subjects != subjects[first][rows])
        if torn.size:
            clip = ratings["clip"].iloc[torn[0]]
            problems.append(
                Problem(
                    f"clip '{clip}' has ratings under two subjects.",
                    "A clip shows one subject; name clips apart.",
                    column="subject",
                    rows=tuple(int(row) + 1 for row in torn[:5]),
                )
            )
    if problems:
        raise DataError(problems)
