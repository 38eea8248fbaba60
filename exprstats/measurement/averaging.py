"""From the ratings of many raters to one row of item means a clip."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.measurement.encoding import Codes, meets_contract, pack_codes
from exprstats.tables import RATINGS, check_table, find_absent, find_unnumbers, order_levels


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
    codes = _encode_columns(ratings)
    key = [name for name in ("context", "clip") if name in codes]
    rows, n_rows = codes["clip"][0], len(codes["clip"][1])
    if len(key) > 1:
        rows, contents = pd.factorize(pack_codes([codes[name] for name in key])[0])
        n_rows = len(contents)
    # Codes count up in order of appearance, so that a new highest one is a first row.
    first = np.flatnonzero(np.diff(np.maximum.accumulate(rows), prepend=-1))
    ids = [*key, *(["subject"] if "subject" in codes else [])]
    items = order_levels(pd.Series(codes["item"][1]))
    subjects = codes["subject"][0] if "subject" in codes else None
    _check_roles(ratings, rows, first, items, subjects)
    table = ratings.iloc[first][ids].reset_index(drop=True)
    places = pd.Index(items).get_indexer(pd.Index(codes["item"][1]))[codes["item"][0]]
    means = _average(rows * len(items) + places, ratings["rating"], n_rows * len(items))
    for place, item in enumerate(items):
        table[item] = means.reshape(n_rows, len(items))[:, place]
    return table


_IDS = ("context", "clip", "subject", "rater", "item")


def _encode_columns(ratings: pd.DataFrame) -> dict[str, Codes]:
    """Return codes and levels of each id column, once the table has met its contract.

    The contract is met on the codes; only a table that breaks it is read once more, to say how.
    """
    absent = find_absent(ratings, ["clip", "rater", "item", "rating"], "ratings")
    codes: dict[str, Codes] = {}
    if not absent:
        codes = {name: pd.factorize(ratings[name]) for name in _IDS if name in ratings.columns}
    key = [codes[name] for name in RATINGS.key if name in codes]
    if absent or find_unnumbers(ratings, ["rating"]) or not meets_contract(key):
        check_table(ratings, RATINGS)
    return codes


def _average(cells: np.ndarray, rating: pd.Series, n_cells: int) -> np.ndarray:
    values = rating.to_numpy(float, na_value=np.nan)
    given = ~np.isnan(values)
    sums = np.bincount(cells[given], values[given], n_cells)
    counts = np.bincount(cells[given], minlength=n_cells)
    return np.divide(sums, counts, out=np.full(n_cells, np.nan), where=counts > 0)


def _check_roles(
    ratings: pd.DataFrame,
    rows: np.ndarray,
    first: np.ndarray,
    items: list[object],
    subjects: np.ndarray | None,
) -> None:
    problems = [
        Problem(f"an item is called '{item}', like a column of ids.", "Rename the item.")
        for item in items
        if item in ("clip", *(name for name in ("context", "subject") if name in ratings.columns))
    ]
    if subjects is not None:
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
