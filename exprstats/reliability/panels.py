"""Ratings of one item in one context, as integer codes and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.tables import RATINGS, check_table, encode_ids, order_levels, require_columns
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
    cluster = find_cluster(ratings, cluster)
    _check_ratings(ratings, by, cluster)
    whole = _encode_panel(ratings, by, cluster)
    where = _find_items(ratings, items)
    contexts = [] if by is None else order_levels(ratings[by])
    codes = None if by is None else pd.Categorical(ratings[by], categories=contexts).codes
    panels = [
        _take_rows(whole, rows[codes[rows] == code], str(context), item)
        for code, context in enumerate(contexts)
        for item, rows in where
        if codes is not None
    ]
    panels += [_take_rows(whole, rows, None, item) for item, rows in where]
    return [panel for panel in panels if panel.rating.size or panel.n_missing]


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


def _check_ratings(ratings: pd.DataFrame, by: str | None, cluster: str | None) -> None:
    extra = [name for name in (by, cluster) if name is not None]
    require_columns(ratings, extra, "ratings")
    key = tuple(dict.fromkeys((*RATINGS.key, *([by] if by else []))))
    ids = tuple(name for name in extra if name not in key)
    check_table(ratings, replace(RATINGS, key=key, ids=ids))
    if cluster is not None:
        _check_nesting(ratings, by, cluster)


def _check_nesting(ratings: pd.DataFrame, by: str | None, cluster: str) -> None:
    clip, count = encode_ids(ratings, _name_clip(ratings, by))
    subject, _ = encode_ids(ratings, [cluster])
    first = np.zeros(count, dtype=np.int64)
    first[clip[::-1]] = subject[::-1]
    torn = np.flatnonzero(first[clip] != subject)
    if torn.size:
        fact = f"clips {name_rows(ratings, 'clip', torn)} show more than one {cluster}."
        remedy = f"Each clip shows one {cluster}; give clips of different people different ids."
        raise DataError(Problem(fact, remedy, column=cluster, rows=tuple(torn[:5] + 1)))


def _find_items(
    ratings: pd.DataFrame, items: Sequence[str] | str | None
) -> list[tuple[str, np.ndarray]]:
    """Return the chosen items and the positions of their rows."""
    order = order_levels(ratings["item"])
    codes = pd.Categorical(ratings["item"], categories=order).codes
    present = {str(item): code for code, item in enumerate(order)}
    chosen = [items] if isinstance(items, str) else list(dict.fromkeys(items or present))
    problems = [
        Problem(f"there is no item '{item}'.", name_nearest(str(item), present), column="item")
        for item in chosen
        if item not in present
    ]
    if problems:
        raise DataError(problems)
    return [(item, np.flatnonzero(codes == present[item])) for item in chosen]


def _name_clip(ratings: pd.DataFrame, by: str | None) -> list[str]:
    names = (by, "context", "clip")
    return [name for name in dict.fromkeys(names) if name in ratings.columns and name is not None]


def _encode_panel(ratings: pd.DataFrame, by: str | None, cluster: str | None) -> Panel:
    values = ratings["rating"].to_numpy(float, na_value=np.nan)
    clip, _ = encode_ids(ratings, _name_clip(ratings, by))
    rater, _ = encode_ids(ratings, ["rater"])
    subject = None if cluster is None else encode_ids(ratings, [cluster])[0]
    return Panel(None, "", values, clip, rater, subject, np.arange(len(values)), 0)


def _take_rows(whole: Panel, rows: np.ndarray, context: str | None, item: str) -> Panel:
    given = rows[~np.isnan(whole.rating[rows])]
    subject = None if whole.subject is None else recode(whole.subject[given])
    return Panel(
        context,
        item,
        whole.rating[given],
        recode(whole.clip[given]),
        recode(whole.rater[given]),
        subject,
        given,
        len(rows) - len(given),
    )


def recode(codes: np.ndarray) -> np.ndarray:
    """Return codes (n,) that run from 0 in order of appearance without gaps."""
    return np.asarray(pd.factorize(codes)[0])
