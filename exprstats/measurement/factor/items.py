"""The ITEMS table: rater means, and items as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import encode_column, identifies_rows, pack_codes
from exprstats.contracts import (
    ITEMS,
    Contract,
    check_table,
    find_absent,
    find_empty,
    find_unnumbers,
    order_levels,
    require_columns,
)
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.io.guards.tables import code_ratings, guard_table, mark_said
from exprstats.options import check_columns

TOLERATED = 0.05
_NUMBERED = Contract("items", key=(), ids=("context",), optional=("context",))


@dataclass(frozen=True, slots=True, eq=False)
class ItemSet:
    """The ids and answers of n clips.

    Attributes
    ----------
    ids
        Columns context, clip, subject, as far as there are any; the caller's index.
    answers
        Shape (n, p); NaN where an item is missing.
    contexts
        Contexts in order; empty where there are none or they are not asked for.
    """

    ids: pd.DataFrame
    answers: np.ndarray
    contexts: tuple[str, ...]

    def select(self, context: str | None) -> np.ndarray:
        """Return which clips (n,) belong to a context; all of them for None."""
        if context is None:
            return np.ones(len(self.ids), dtype=bool)
        return (self.ids["context"].astype(str) == context).to_numpy(bool)

    def keep(self, rows: np.ndarray) -> ItemSet:
        """Return the rows of a mask (n,)."""
        return ItemSet(self.ids[rows], self.answers[rows], self.contexts)


def take_items(table: pd.DataFrame, items: Sequence[str], by: str | None) -> ItemSet:
    """Check an items table, with one row per clip, and take it apart.

    Without a column ``clip`` the rows are numbered from 1. Clips that stand twice, and items that
    are no numbers or wholly missing, are a DataError.
    """
    require_columns(table, [], "items")
    check_columns(by)
    if not all(isinstance(name, str) for name in table.columns):
        table = table.rename(columns=str)
    table = guard_table(table, ids=("context", "clip", "subject", by or "clip"), numbers=items)
    ids = [name for name in ("context", "clip", "subject") if name in table.columns]
    problems = find_absent(table, [*items, by, *ids], "items")
    if problems or len(table) == 0:
        raise DataError(problems or Problem("the items table has no rows.", "Check the file."))
    ids = _take_ids(table, by)
    problems = find_unnumbers(table, items)
    problems += [
        Problem("every value is missing.", "Leave this item out.", column=item)
        for item in items
        if bool(table[item].isna().all())
    ]
    if problems:
        raise DataError(problems)
    _check_ids(ids, numbered="clip" not in table.columns)
    # Columns that lie whole in memory are passed over ten times faster than rows of three.
    answers = np.array([table[item].to_numpy(float, na_value=np.nan) for item in items]).T
    contexts = tuple(str(level) for level in order_levels(ids["context"])) if by else ()
    return ItemSet(ids, answers, contexts)


def _check_ids(ids: pd.DataFrame, *, numbered: bool) -> None:
    if not numbered:
        if not identifies_rows([ids[name] for name in ITEMS.key if name in ids]):
            check_table(ids, ITEMS)
    # Numbers that we gave need no check.
    elif "context" in ids and encode_column(ids["context"]).has_empty:
        check_table(ids, _NUMBERED)


def _take_ids(table: pd.DataFrame, by: str | None) -> pd.DataFrame:
    ids = {}
    context = by or ("context" if "context" in table.columns else None)
    if context:
        ids["context"] = table[context]
    if "clip" in table.columns:
        ids["clip"] = table["clip"]
    else:
        ids["clip"] = pd.Series(_count_up(len(table)), table.index, dtype="str")
    if "subject" in table.columns:
        ids["subject"] = table["subject"]
    return pd.DataFrame(ids)


def warn_incomplete(itemset: ItemSet, missing: str = "listwise", fate: str = "") -> None:
    """Warn of clips that lack an item, and say what becomes of them.

    ``fate`` says what becomes of clips that are left out, where more must be said.
    """
    lacking = int(len(itemset.ids) - find_complete(itemset.answers).sum())
    if not lacking:
        return
    empty = int(np.isnan(itemset.answers).all(axis=1).sum())
    counted = count_things(lacking, "clips lacks", "clips lack", of=len(itemset.ids))
    if missing == "listwise":
        message = f"{counted} an item; {fate or 'they are left out of the fit'}."
    elif not empty:
        message = f"{counted} an item; they count with the items they have."
    else:
        rest = count_things(empty, "lacks", "lack")
        message = (
            f"{counted} an item; they count with the items they have, but {rest} every item and"
            " so no score."
        )
    warn_user(message)


def check_contexts(itemset: ItemSet, fitted: Sequence[str | None]) -> None:
    """Refuse clips of contexts that no fit was made for."""
    strange = [context for context in itemset.contexts if context not in fitted]
    if strange:
        known = sorted({context for context in fitted if context is not None})
        fact = f"context '{strange[0]}' was not in the fit."
        raise DataError(Problem(fact, f"It has {', '.join(known)}."))


def _count_up(n: int) -> np.ndarray:
    """Return the texts 1 … n; their last three digits are written once for all thousands."""
    page = "".join(f" @{number:03d}" for number in range(1000)) if n > 999 else ""
    pages = [page.replace("@", str(thousand)) for thousand in range(1, n // 1000 + 1)]
    texts = " ".join(map(str, range(1, 1000))) + "".join(pages)
    return np.array(texts.split(" ")[:n], dtype=object)


def find_complete(answers: np.ndarray) -> np.ndarray:
    """Return which rows (n,) of finite or missing answers (n, p) lack none."""
    # A sum is missing where a part is: one pass over columns, where any() takes rows apart.
    return np.logical_not(np.isnan(answers.sum(axis=1)))


def find_training(ids: pd.DataFrame, parts: pd.DataFrame) -> np.ndarray:
    """Return which clips (n,) belong to training subjects, if at most 5 % of these have no part."""
    problems = find_absent(ids, ["subject"], "items") + find_absent(
        parts, ["subject", "part"], "parts"
    )
    if problems:
        raise DataError(problems)
    problems = find_empty(ids, ["subject"]) + find_empty(parts, ["subject", "part"])
    parts = parts[["subject", "part"]].astype(str).drop_duplicates()
    torn = parts.loc[parts["subject"].duplicated(), "subject"].unique()
    if len(torn):
        counted = count_things(len(torn), "subject stands", "subjects stand")
        fact = f"{counted} in more than one part, such as '{torn[0]}'."
        problems.append(Problem(fact, "Give each subject one part.", column="subject"))
    if "train" not in set(parts["part"]):
        fact = f"nobody's part is 'train'; there is {', '.join(sorted(set(parts['part'])))}."
        problems.append(Problem(fact, "Give the table of split_subjects.", column="part"))
    if problems:
        raise DataError(problems)
    part = dict(zip(parts["subject"], parts["part"], strict=True))
    subjects = ids["subject"].astype(str)
    _check_subjects(set(subjects), set(part))
    return (subjects.map(part) == "train").to_numpy(bool)


def _check_subjects(rated: set[str], split: set[str]) -> None:
    absent = sorted(rated - split)
    if absent:
        fact = (
            f"{count_things(len(absent), 'subjects is', 'subjects are', of=len(rated))} in no part,"
            f" among them '{absent[0]}' (and {len(split - rated)} of the parts have no clip)."
        )
        remedy = "Split the same subjects that were rated; ids must match to the letter."
        if len(absent) > TOLERATED * len(rated):
            raise DataError(Problem(fact, remedy, column="subject"))
        # At the line that calls a verb, which lists its jobs, row by row, each with its training.
        warn_user(f"{fact} {remedy}")


def average_raters(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over raters of each clip on each item.

    Parameters
    ----------
    ratings
        One row per rating: clip, rater, item, rating, and context and subject where there are any.

    Returns
    -------
    DataFrame
        One row per clip in order of first appearance: context, clip, subject (as far as they were
        given), then one column per item. A clip nobody rated on an item is missing there.

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
    ratings, codes = code_ratings(ratings)
    if "subject" in ratings.columns:
        codes["subject"] = encode_column(ratings["subject"])
    key = [name for name in ("context", "clip") if name in codes]
    rows, n_rows = codes["clip"].codes, len(codes["clip"].levels)
    if len(key) > 1:
        rows, contents = pd.factorize(pack_codes([codes[name] for name in key])[0])
        n_rows = len(contents)
    # Codes count up in order of appearance, so that a new highest one is a first row.
    first = np.flatnonzero(np.diff(np.maximum.accumulate(rows), prepend=-1))
    ids = [*key, *(["subject"] if "subject" in codes else [])]
    items = order_levels(pd.Series(codes["item"].levels))
    subjects = codes["subject"].codes if "subject" in codes else None
    _check_roles(ratings, rows, first, items, subjects)
    table = ratings.iloc[first][ids].reset_index(drop=True)
    places = pd.Index(items).get_indexer(pd.Index(codes["item"].levels))[codes["item"].codes]
    means = _average(rows * len(items) + places, ratings["rating"], n_rows * len(items))
    for place, item in enumerate(items):
        table[item] = means.reshape(n_rows, len(items))[:, place]
    # A code that was averaged is none any more.
    return mark_said(table)


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


def widen_range(
    low: np.ndarray, high: np.ndarray, items: tuple[str, ...], ratings: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return the range of the raters' answers to each item: means of raters lie inside it."""
    require_columns(ratings, [], "ratings")
    if not {"item", "rating"} <= set(ratings.columns):
        return low, high
    answers = ratings["rating"].groupby(ratings["item"].astype(str)).agg(["min", "max"])
    ends = answers.reindex(list(items)).to_numpy(float)
    return np.fmin(low, ends[:, 0]), np.fmax(high, ends[:, 1])


def find_range(
    answers: np.ndarray, items: tuple[str, ...], scale: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest possible answer to each item, (p,) each."""
    low, high = np.nanmin(answers, axis=0), np.nanmax(answers, axis=0)
    if scale is None:
        return low, high
    if np.shape(scale) != (2,) or not scale[0] < scale[1]:
        message = f"scale is {scale}; give the lowest and then the highest answer, such as (0, 4)."
        raise OptionError(message)
    fact = f"outside the scale {scale[0]:g} to {scale[1]:g}: the answers run from"
    problems = [
        Problem(f"{fact} {low[place]:g} to {high[place]:g}.", "Correct them.", column=item)
        for place, item in enumerate(items)
        if low[place] < scale[0] or high[place] > scale[1]
    ]
    if problems:
        raise DataError(problems)
    return np.full(len(items), float(scale[0])), np.full(len(items), float(scale[1]))
