"""Ratings of one item in one context, as integer codes and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.tables import (
    RATINGS,
    check_table,
    find_unnumbers,
    order_levels,
    require_columns,
)
from exprstats.words import name_nearest


@dataclass(frozen=True, slots=True)
class Panel:
    """The ratings of one item in one context.

    Attributes
    ----------
    context, item
        What the panel is about; ``context`` is None where contexts are pooled.
    rating
        Ratings (N,) in scale points, missing ones left out.
    clip, rater, subject
        Codes (N,) from 0, every code in use; ``subject`` is None without clusters.
    rows
        Positions (N,) of the ratings in the caller's table.
    n_missing
        Ratings that were missing.
    """

    context: str | None
    item: str
    rating: np.ndarray
    clip: np.ndarray
    rater: np.ndarray
    subject: np.ndarray | None
    rows: np.ndarray
    n_missing: int

    @property
    def label(self) -> str:
        """What messages call the panel."""
        place = "" if self.context is None else f" in context '{self.context}'"
        return f"item '{self.item}'{place}"


def split_panels(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
) -> list[Panel]:
    """Return the panels of a ratings table: each context's items, the pooled items last.

    Parameters
    ----------
    ratings
        RATINGS: clip, rater, item, rating, and where they exist context and subject. A clip is
        (context, clip).
    items
        Which items, in which order; None takes all in order of appearance.
    by
        The column that names contexts, or None for one pooled analysis.
    cluster
        The column that names who is seen in a clip. The default may be absent.

    Raises
    ------
    DataError
        If the table breaks its contract, an item is unknown, or a clip shows two subjects.
    """
    return split_whole(ratings, items=items, by=by, cluster=cluster)[1]


def split_whole(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
) -> tuple[Panel, list[Panel]]:
    """Return all rows of a ratings table as one panel, and what `split_panels` gives."""
    cluster = find_cluster(ratings, cluster)
    extra = [name for name in (by, cluster) if name is not None]
    require_columns(ratings, extra, "ratings")
    codes = encode_columns(ratings, by, cluster)
    if codes is None:
        _explain_breach(ratings, by, cluster)
    whole = _encode_panel(ratings, codes, by, cluster)
    if cluster is not None:
        _check_nesting(ratings, whole, cluster)
    where = _find_items(ratings, codes["item"], items)
    contexts = [] if by is None else order_levels(ratings[by])
    panels = []
    if by is not None:
        place = {level: code for code, level in enumerate(codes[by].levels)}
        for context in contexts:
            here = codes[by].codes == place[context]
            panels += [
                _take_rows(whole, rows[here[rows]], str(context), item) for item, rows in where
            ]
    panels += [_take_rows(whole, rows, None, item) for item, rows in where]
    return whole, [panel for panel in panels if panel.rating.size or panel.n_missing]


def find_cluster(ratings: pd.DataFrame, cluster: str | None) -> str | None:
    """Return the cluster column; the default ``subject`` may be absent, another may not."""
    if cluster == "subject" and cluster not in ratings.columns:
        return None
    if cluster is not None:
        require_columns(ratings, [cluster], "ratings")
    return cluster


def name_rows(ratings: pd.DataFrame, column: str, rows: np.ndarray) -> str:
    """Return the first five different ids at some rows, quoted, and how many more there are."""
    names = [f"'{name}'" for name in pd.unique(ratings[column].iloc[rows].astype(str))]
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


@dataclass(frozen=True, slots=True)
class Codes:
    """An id column as codes (N,), and its levels in order of appearance."""

    codes: np.ndarray
    levels: np.ndarray


def encode_columns(
    ratings: pd.DataFrame, by: str | None, cluster: str | None
) -> dict[str, Codes] | None:
    """Return the id columns as codes, or None where the table breaks its contract.

    A table of millions of rows is screened on these codes; `check_table` then looks for the words
    only where something is wrong.
    """
    names = [*_name_key(by)]
    if cluster is not None and cluster not in names:
        names.append(cluster)
    if any(name not in ratings.columns for name in (*RATINGS.numbers, "clip", "rater", "item")):
        return None
    codes = {name: _factorize(ratings[name]) for name in names if name in ratings.columns}
    sound = len(ratings) > 0 and not find_unnumbers(ratings, RATINGS.numbers)
    if not sound or any(_has_empty(column) for column in codes.values()):
        return None
    key = [codes[name] for name in _name_key(by) if name in codes]
    return codes if _is_key(key) else None


def _name_key(by: str | None) -> tuple[str, ...]:
    extra = (by,) if by else ()
    return tuple(dict.fromkeys((*RATINGS.key, *extra)))


def _factorize(column: pd.Series) -> Codes:
    codes, levels = pd.factorize(column)
    return Codes(codes, np.asarray(levels, dtype=object))


def _has_empty(column: Codes) -> bool:
    blank = any(not str(level).strip() for level in column.levels)
    return blank or bool((column.codes < 0).any())


def _is_key(columns: Sequence[Codes]) -> bool:
    room = 1
    for column in columns:
        room *= max(len(column.levels), 1)
    if room > 2**62:
        return not pd.DataFrame([column.codes for column in columns]).T.duplicated().any()
    return pd.Series(_combine(columns)).is_unique


def _combine(columns: Sequence[Codes]) -> np.ndarray:
    place = columns[0].codes.astype(np.int64)
    for column in columns[1:]:
        place *= max(len(column.levels), 1)
        place += column.codes
    return place


def _explain_breach(ratings: pd.DataFrame, by: str | None, cluster: str | None) -> NoReturn:
    key = _name_key(by)
    ids = tuple(name for name in ([cluster] if cluster else []) if name not in key)
    check_table(ratings, replace(RATINGS, key=key, ids=ids))
    message = "the ratings table breaks its contract in a way that was not found."
    raise DataError(message)


def _check_nesting(ratings: pd.DataFrame, whole: Panel, cluster: str) -> None:
    clip, subject = whole.clip, whole.subject
    if subject is None:
        return
    first = np.zeros(int(clip.max()) + 1, dtype=np.int64)
    first[clip[::-1]] = subject[::-1]
    torn = np.flatnonzero(first[clip] != subject)
    if torn.size:
        fact = f"clips {name_rows(ratings, 'clip', torn)} show more than one {cluster}."
        remedy = f"Each clip shows one {cluster}; give clips of different people different ids."
        raise DataError(Problem(fact, remedy, column=cluster, rows=tuple(torn[:5] + 1)))


def _find_items(
    ratings: pd.DataFrame, codes: Codes, items: Sequence[str] | str | None
) -> list[tuple[str, np.ndarray]]:
    """Return the chosen items and the positions of their rows."""
    code = {level: place for place, level in enumerate(codes.levels)}
    present = {str(item): code[item] for item in order_levels(ratings["item"])}
    chosen = [items] if isinstance(items, str) else list(dict.fromkeys(items or present))
    problems = [
        Problem(f"there is no item '{item}'.", name_nearest(str(item), present), column="item")
        for item in chosen
        if item not in present
    ]
    if problems:
        raise DataError(problems)
    return [(item, np.flatnonzero(codes.codes == present[item])) for item in chosen]


def _encode_panel(
    ratings: pd.DataFrame, codes: dict[str, Codes], by: str | None, cluster: str | None
) -> Panel:
    values = ratings["rating"].to_numpy(float, na_value=np.nan)
    names = [name for name in dict.fromkeys((by, "context", "clip")) if name in codes]
    clip = codes["clip"].codes
    if len(names) > 1:
        clip = recode(_combine([codes[name] for name in names if name is not None]))
    subject = None if cluster is None else codes[cluster].codes
    rows = np.arange(len(values))
    return Panel(None, "", values, clip, codes["rater"].codes, subject, rows, 0)


def _take_rows(whole: Panel, rows: np.ndarray, context: str | None, item: str) -> Panel:
    given = rows[~np.isnan(whole.rating[rows])]
    if len(given) == len(whole.rating):
        return replace(whole, context=context, item=item)
    subject = None if whole.subject is None else _close_gaps(whole.subject[given])
    return Panel(
        context,
        item,
        whole.rating[given],
        _close_gaps(whole.clip[given]),
        _close_gaps(whole.rater[given]),
        subject,
        given,
        len(rows) - len(given),
    )


def _close_gaps(codes: np.ndarray) -> np.ndarray:
    """Return codes (n,) that run from 0 without gaps, in the order that they had."""
    used = np.zeros(int(codes.max(initial=-1)) + 1, dtype=bool)
    used[codes] = True
    return (np.cumsum(used) - 1)[codes]


def recode(codes: np.ndarray) -> np.ndarray:
    """Return codes (n,) that run from 0 in order of appearance without gaps."""
    return np.asarray(pd.factorize(codes)[0])
