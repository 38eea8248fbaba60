"""Panels: the ratings of one item in one context, as codes and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.codes import Codes, close_gaps, find_places, pack_codes, recode
from exprstats.contracts import require_columns
from exprstats.errors import DataError, Problem
from exprstats.io.guards.tables import code_ratings
from exprstats.options import check_columns, name_nearest, name_some, take_columns


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
    contexts
        Codes (N,) of the contexts that are pooled; None where there is one, or none was asked for.
    fixed
        Whether these raters are all there are of interest (case 3A of McGraw & Wong, 1996), so that
        intervals allow for subjects alone.
    places
        Codes (N,) of contexts whose level differences count, since all clips are one sample; None
        where no contexts are known.
    """

    context: str | None
    item: str
    rating: np.ndarray
    clip: np.ndarray
    rater: np.ndarray
    subject: np.ndarray | None
    rows: np.ndarray
    n_missing: int
    contexts: np.ndarray | None = None
    fixed: bool = False
    places: np.ndarray | None = None

    @property
    def label(self) -> str:
        """What messages call the panel."""
        place = "" if self.context is None else f" in context '{self.context}'"
        return f"item '{self.item}'{place}"

    @property
    def parts(self) -> list[tuple[np.ndarray, Panel]]:
        """The panels of the contexts that are pooled, each with the places of its ratings here."""
        if self.contexts is None:
            return [(np.arange(len(self.rating)), self)]
        places = [np.flatnonzero(self.contexts == code) for code in list_used(self.contexts)]
        return [(rows, _take_rows(self, rows, self.context, self.item)) for rows in places]

    @property
    def n_clips(self) -> int:
        """How many clips were rated."""
        return int(self.clip.max(initial=-1)) + 1

    @property
    def n_raters(self) -> int:
        """How many raters there were."""
        return int(self.rater.max(initial=-1)) + 1

    @property
    def n_subjects(self) -> int | None:
        """How many subjects clips show; None where they are not known."""
        return None if self.subject is None else int(self.subject.max(initial=-1)) + 1

    @property
    def cluster(self) -> np.ndarray:
        """Subject codes (N,) of the ratings; where subjects are not known, each clip is one."""
        return self.clip if self.subject is None else self.subject

    @property
    def owners(self) -> np.ndarray:
        """Subject code of each clip (n,), as in `cluster`."""
        owner = np.zeros(self.n_clips, dtype=np.int64)
        owner[self.clip] = self.cluster
        return owner


def split_panels(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
) -> list[Panel]:
    """Return the panels of a ratings table: each context's items, the pooled items last.

    A clip of RATINGS is (context, clip), and shows one subject. ``items`` come in order of
    appearance by default; ``by`` names contexts, None one pooled analysis; ``cluster`` names who is
    seen in a clip, and its default may be absent.
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
    require_columns(ratings, [by], "ratings")
    chosen = (
        None
        if items is None
        else take_columns([items] if isinstance(items, str) else items, "items")
    )
    cluster = find_cluster(ratings, cluster)
    ratings, codes = code_ratings(ratings, by, cluster)
    whole = _encode_panel(ratings, codes, by, cluster)
    if cluster is not None:
        _check_nesting(ratings, whole, cluster)
    where = _find_items(codes["item"], chosen)
    panels = [] if by is None else _split_contexts(whole, codes[by], where)
    panels += [
        _name_contexts(_take_rows(whole, rows, None, item), by, codes) for item, rows in where
    ]
    return whole, [panel for panel in panels if panel.rating.size or panel.n_missing]


def find_cluster(ratings: pd.DataFrame, cluster: str | None) -> str | None:
    """Return the cluster column; the default ``subject`` may be absent, another may not."""
    check_columns(cluster)
    if cluster == "subject" and cluster not in ratings.columns:
        return None
    if cluster is not None:
        require_columns(ratings, [cluster], "ratings")
    return cluster


def quote_ids(ratings: pd.DataFrame, column: str, rows: np.ndarray) -> str:
    """Return the first five different ids at some rows, quoted, and how many more there are."""
    return name_some(pd.unique(ratings[column].iloc[rows].astype(str)).tolist())


def _check_nesting(ratings: pd.DataFrame, whole: Panel, cluster: str) -> None:
    if np.array_equal(whole.owners[whole.clip], whole.cluster):
        return
    first = np.zeros(whole.n_clips, dtype=np.int64)
    first[whole.clip[::-1]] = whole.cluster[::-1]
    torn = np.flatnonzero(first[whole.clip] != whole.cluster)
    fact = f"clips {quote_ids(ratings, 'clip', torn)} show more than one {cluster}."
    remedy = f"Each clip shows one {cluster}; give clips of different people different ids."
    raise DataError(Problem(fact, remedy, column=cluster, rows=tuple(torn[:5] + 1)))


def _find_items(codes: Codes, items: Sequence[Any] | None) -> list[tuple[str, slice | np.ndarray]]:
    """Return the chosen items and where their rows are."""
    places = codes.places
    present = {str(item): places[item] for item in codes.order}
    chosen = list(dict.fromkeys(items or present))
    problems = [
        Problem(f"there is no item '{item}'.", name_nearest(str(item), present), column="item")
        for item in chosen
        if item not in present
    ]
    if problems:
        raise DataError(problems)
    rows = find_places(codes.codes, len(codes.levels))
    return [(item, rows[present[item]]) for item in chosen]


def _name_contexts(pooled: Panel, by: str | None, codes: dict[str, Codes]) -> Panel:
    """Return a pooled panel that knows its contexts, where there are several."""
    if by is None:
        known = codes["context"].codes[pooled.rows] if "context" in codes else None
        return replace(pooled, places=known)
    here = codes[by].codes[pooled.rows]
    return replace(pooled, contexts=here) if (here != here[:1]).any() else pooled


def _split_contexts(
    whole: Panel, codes: Codes, where: Sequence[tuple[str, slice | np.ndarray]]
) -> list[Panel]:
    places = codes.places
    panels = []
    for context in codes.order:
        here = codes.codes == places[context]
        panels += [
            _take_rows(whole, whole.rows[rows][here[rows]], str(context), item)
            for item, rows in where
        ]
    return panels


def _encode_panel(
    ratings: pd.DataFrame, codes: dict[str, Codes], by: str | None, cluster: str | None
) -> Panel:
    values = ratings["rating"].to_numpy(float, na_value=np.nan)
    names = [name for name in dict.fromkeys((by, "context", "clip")) if name in codes]
    clip = codes["clip"].codes
    if len(names) > 1:
        clip = recode(pack_codes([codes[name] for name in names if name is not None])[0])
    subject = None if cluster is None else codes[cluster].codes
    rows = np.arange(len(values))
    return Panel(None, "", values, clip, codes["rater"].codes, subject, rows, 0)


def _take_rows(whole: Panel, rows: slice | np.ndarray, context: str | None, item: str) -> Panel:
    given, rating = whole.rows[rows], whole.rating[rows]
    missing = np.isnan(rating)
    n_missing = int(np.count_nonzero(missing))
    if n_missing:
        rows = given = given[~missing]
        rating = rating[~missing]
    if len(given) == len(whole.rating):
        return replace(whole, context=context, item=item)
    subject = None if whole.subject is None else close_gaps(whole.subject[rows])
    clip, rater = close_gaps(whole.clip[rows]), close_gaps(whole.rater[rows])
    kept = {"n_missing": n_missing, "fixed": whole.fixed}
    return Panel(context, item, rating, clip, rater, subject, given, **kept)


@dataclass(frozen=True, slots=True)
class CellCodes:
    """Subject-by-rater cells in use: the code of each rating (N,), and subject and rater (C,)."""

    code: np.ndarray
    subject: np.ndarray
    rater: np.ndarray


def find_cells(panel: Panel) -> CellCodes:
    """Return the cells of a panel; where subjects are not known, each clip stands for one."""
    code, size = number_cells(panel.cluster, panel.rater, panel.n_raters)
    first = np.zeros(size, dtype=np.int64)
    first[code] = np.arange(len(code))
    return CellCodes(code, panel.cluster[first], panel.rater[first])


def number_cells(subject: np.ndarray, rater: np.ndarray, n_raters: int) -> tuple[np.ndarray, int]:
    """Return codes (N,) of the subject-by-rater cells in use, and how many there are."""
    place = subject * n_raters + rater
    room = (int(subject.max()) + 1) * n_raters
    if is_sparse(room, len(place)):
        order = np.argsort(place)
        ordered = place[order]
        number = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]]))
        place[order] = number
        return place, int(number[-1]) + 1
    used = np.zeros(room, dtype=bool)
    used[place] = True
    return (np.cumsum(used) - 1)[place], int(used.sum())


def list_used(codes: np.ndarray) -> np.ndarray:
    """Return which codes (N,) are in use, in their order."""
    return np.flatnonzero(np.bincount(codes))


def is_sparse(room: int, n_ratings: int) -> bool:
    """Return whether a table of so many cells would stand almost empty."""
    return room > 4 * n_ratings


def count_islands(clip: np.ndarray, rater: np.ndarray) -> int:
    """Return how many sets of raters and clips (N,) share nothing with each other.

    Examples
    --------
    >>> count_islands(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]))
    1
    >>> count_islands(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]))
    2
    """
    # Each clip points to the least clip known of its block (Shiloach & Vishkin, 1982).
    root = np.arange(int(clip.max()) + 1)
    while True:
        least = np.full(int(rater.max()) + 1, len(root))
        np.minimum.at(least, rater, root[clip])
        hooked = root.copy()
        np.minimum.at(hooked, root[clip], least[rater])
        while not np.array_equal(jumped := hooked[hooked], hooked):
            hooked = jumped
        if np.array_equal(hooked, root):
            return int((root == np.arange(len(root))).sum())
        root = hooked
