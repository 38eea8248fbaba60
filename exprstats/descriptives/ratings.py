"""Descriptives of ratings: distributions, missing answers, item correlations, and raters."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_number
from exprstats.codes import encode_table
from exprstats.contracts import RATINGS, check_table
from exprstats.descriptives.moments import (
    SkewType,
    check_skew_type,
    count_values,
    find_edges,
    measure_moments,
)
from exprstats.errors import NO_RATING, DataError, ExprStatsWarning, Problem
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.reliability.raters import average_others, judge_raters
from exprstats.results import Result

RATINGS_UNIT, CLIPS_UNIT = "ratings", "clip means"
_COLUMNS = ("severity", "spread", "agreement", "n_ratings")


@dataclass(frozen=True, slots=True, eq=False)
class RatingDescriptives(Result):
    """How answers are distributed, by item and context, before anything is estimated.

    Attributes
    ----------
    table
        One row for each context, item and unit (``"ratings"``, ``"clip means"``), the pooled ones
        last: n, n_missing (answers that a rater of the clip did not give), n_clips, n_raters,
        mean, sd, skew, kurtosis, low, high, n_values, share_low and share_high (of the answers at
        the lowest and the highest value of the scale, or of the item's answers), note.
    distribution
        How often each value was given: context, item, low, high, n, share. With more than 15
        values these are the limits of 20 bins; else low and high are the value.
    missing
        Patterns of missing answers: context, items (those missing, joined by commas; empty where
        all were answered), n_missing (how many items), n (a rater's answers to a clip), share.
    correlations
        One row for each context and pair of items (item, versus): term ``"between"``, of clip
        means, or ``"within"``, of answers less their clip's mean, so that what raters do to both
        items alike (halo) shows; estimate, n_ratings, n_clips, note.
    raters
        Statistics of single raters as `judge_raters` gives them; empty where no clip has two
        ratings.
    agreement
        Answers against the mean of the clip's other raters: context, item, rating, others, n.
    scale
        Lowest and highest possible answer, where they were given.
    skew_type
        The type of skewness and kurtosis.
    """

    place: ClassVar[str] = "descriptives"
    table: pd.DataFrame
    distribution: pd.DataFrame = field(repr=False)
    missing: pd.DataFrame = field(repr=False)
    correlations: pd.DataFrame = field(repr=False)
    raters: pd.DataFrame = field(repr=False)
    agreement: pd.DataFrame = field(repr=False)
    scale: tuple[float, float] | None = None
    skew_type: SkewType = 2

    def export(self) -> dict[str, Any]:
        """Return the tables by name; statistics of raters stand with the raters."""
        return {
            "descriptives": self.tidy(),
            "rating_distribution": self.distribution,
            "missing_patterns": self.missing,
            "item_correlations": self.correlations,
        }

    def glance(self) -> pd.DataFrame:
        """Return one row: how much there is, and how much is missing."""
        rows = self.table[self.table["context"].isna() & self.table["unit"].eq(RATINGS_UNIT)]
        counts = {"n_items": len(rows), "n_contexts": max(self.table["context"].nunique(), 1)}
        counts |= {name: int(rows[name].max()) for name in ("n_clips", "n_raters")}
        counts |= {name: int(rows[of].sum()) for name, of in
                   {"n_ratings": "n", "n_missing": "n_missing"}.items()}  # fmt: skip
        return pd.DataFrame([counts | {"low": rows["low"].min(), "high": rows["high"].max()}])

    def sentence(self) -> str:
        """Return mean and SD of each item over all contexts."""
        rows = self.table[self.table["context"].isna() & self.table["unit"].eq(RATINGS_UNIT)]
        told = [
            f"{row['item']}: M = {write_number(row['mean'])}, SD = {write_number(row['sd'])}"
            for row in rows.to_dict("records")
        ]
        gaps = int(rows["n_missing"].sum())
        lost = f" {count_things(gaps, 'answer is', 'answers are')} missing." if gaps else ""
        return f"{'; '.join(told)}.{lost}"


def describe_ratings(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    scale: tuple[float, float] | None = None,
    skew_type: SkewType = 2,
) -> RatingDescriptives:
    """Describe ratings as they are: distributions, gaps, item correlations, raters.

    Parameters
    ----------
    ratings
        RATINGS: clip, rater, item, rating, and where they exist context and subject.
    items
        Which items; None takes all in order of appearance.
    by
        Column of contexts, or None for all together.
    scale
        Lowest and highest possible answer; None takes those that occur, item by item.
    skew_type
        1, 2 (SPSS, SAS, Excel) or 3 (psych in R); see `measure_moments`.

    Returns
    -------
    RatingDescriptives
        Rows by context and item, of single ratings and of clip means.

    Raises
    ------
    DataError
        If the table breaks its contract or holds no rating.
    OptionError
        If the type of skewness is not known.

    Notes
    -----
    Ratings of one clip, and of one rater, are not independent: the SD describes the answers, and
    no standard error is derived from it. The statistics of single raters are those of
    `judge_raters`.

    References
    ----------
    Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis.
    *Journal of the Royal Statistical Society: Series D, 47*, 183-189.

    Examples
    --------
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, contexts={"pain": 4}, seed=1).ratings
    >>> found = describe_ratings(ratings, items="response")
    >>> found.table[["unit", "n", "low", "high"]].values.tolist()
    [['ratings', 462, 0.0, 4.0], ['clip means', 80, 0.0, 3.8]]
    """
    check_skew_type(skew_type)
    if encode_table(ratings, RATINGS) is None:
        check_table(ratings, RATINGS)
    panels = split_panels(ratings, items=items, by=by, cluster=None)
    contexts = [panel.context for panel in panels if panel.context is not None]
    if len(set(contexts)) == 1:
        panels = [panel for panel in panels if panel.context is None]
    if not any(panel.rating.size for panel in panels):
        raise DataError(Problem(NO_RATING, "Check the file.", column="rating"))
    names = list(dict.fromkeys(panel.item for panel in panels))
    wide = _spread_items(ratings, names, by)
    cells = {
        context: wide if context is None else wide[wide.index.get_level_values(str(by)) == context]
        for context in dict.fromkeys(panel.context for panel in panels)
    }
    pooled = {panel.item: panel.rating for panel in panels if panel.context is None}
    ends = {item: scale or _find_ends(values) for item, values in pooled.items()}
    edges = {item: find_edges(values) for item, values in pooled.items()}
    rows = [
        row
        for panel in panels
        for row in _describe_panel(panel, cells[panel.context], ends[panel.item], skew_type)
    ]
    values = [
        {"context": panel.context, "item": panel.item, **row}
        for panel in panels
        for row in count_values(panel.rating, edges[panel.item])
    ]
    missing = [row for context, part in cells.items() for row in _list_patterns(part, context)]
    correlations = [row for context, part in cells.items() for row in _correlate(part, context)]
    agreement = [row for panel in panels for row in _list_agreement(panel)]
    pairs = ["context", "item", "versus", "term", "estimate", "n_ratings", "n_clips", "note"]
    return RatingDescriptives(
        table=pd.DataFrame(rows),
        distribution=pd.DataFrame(values),
        missing=pd.DataFrame(missing),
        correlations=pd.DataFrame(correlations, columns=pairs),
        raters=_describe_raters(ratings, names),
        agreement=pd.DataFrame(agreement, columns=["context", "item", "rating", "others", "n"]),
        scale=scale,
        skew_type=skew_type,
    )


def _find_ends(values: np.ndarray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (np.nan, np.nan)


def _spread_items(ratings: pd.DataFrame, names: Sequence[str], by: str | None) -> pd.DataFrame:
    """Return a row for each clip and rater, with a column for each item; the ids as its index."""
    ids = [one for one in dict.fromkeys((by, "context", "clip")) if one and one in ratings]
    items = ratings["item"].unique()
    if len(names) == len(items) == 1 and isinstance(items[0], str):
        # Each row is one of those below; only the contexts are looked up in the index.
        index = ratings[by].astype(str) if by else ratings.index
        return pd.DataFrame({names[0]: ratings["rating"].to_numpy(float)}, index=index)
    keys = [ratings[name].astype(str) for name in (*ids, "rater")]
    items = ratings["item"].astype(str).rename("item")
    long = ratings["rating"].set_axis(pd.MultiIndex.from_arrays([*keys, items]))
    wide = long[~long.index.duplicated()].unstack(level=-1)  # noqa: PD010  (a key names a row once)
    return wide.reindex(columns=list(names)).astype(float)


def _describe_panel(
    panel: Panel, cells: pd.DataFrame, ends: tuple[float, float], skew_type: SkewType
) -> Iterator[dict[str, Any]]:
    keys = {"context": panel.context, "item": panel.item}
    sizes = np.bincount(panel.clip, minlength=panel.n_clips)
    means = np.bincount(panel.clip, panel.rating, panel.n_clips) / np.maximum(sizes, 1)
    counts = {"n_clips": panel.n_clips, "n_raters": panel.n_raters}
    n = max(panel.rating.size, 1)
    shares = {
        "share_low": float((panel.rating == ends[0]).sum() / n),
        "share_high": float((panel.rating == ends[1]).sum() / n),
    }
    of = {
        RATINGS_UNIT: (panel.rating, {"n_missing": int(cells[panel.item].isna().sum()), **shares}),
        CLIPS_UNIT: (means[sizes > 0], {"n_missing": None, "share_low": None, "share_high": None}),
    }
    for unit, (values, more) in of.items():
        found = measure_moments(values, skew_type)
        note = found.pop("note")
        row = {**keys, "unit": unit, "n": found.pop("n"), "n_missing": more["n_missing"], **counts}
        yield {**row, **found, **more, "note": note}


def _list_patterns(cells: pd.DataFrame, context: str | None) -> Iterator[dict[str, Any]]:
    """Yield how often which items of a rater's answers to a clip are missing, fewest first."""
    gaps = cells.isna()
    counts = gaps.groupby(list(gaps.columns), sort=False).size()
    listed = []
    for pattern, count in counts.items():
        marks = pattern if isinstance(pattern, tuple) else (pattern,)
        lost = [str(name) for name, mark in zip(gaps.columns, marks, strict=True) if mark]
        listed.append((len(lost), -int(count), ", ".join(lost)))
    for lost, count, names in sorted(listed):
        row = {"context": context, "items": names, "n_missing": lost}
        yield row | {"n": -count, "share": -count / len(gaps)}


def _correlate(cells: pd.DataFrame, context: str | None) -> Iterator[dict[str, Any]]:
    """Yield the correlations of each pair of items, between clips and within them."""
    if len(cells.columns) == 1:
        return
    levels = list(range(cells.index.nlevels - 1))
    clips = cells.groupby(level=levels, sort=False).ngroup().to_numpy()
    count = int(clips.max(initial=-1)) + 1
    known = cells.notna().to_numpy()
    answers = cells.to_numpy(float)
    means = _average_clips(np.where(known, answers, 0.0), clips, count, known)
    for i, j in combinations(range(len(cells.columns)), 2):
        rows = known[:, [i, j]].all(axis=1)
        both, codes = answers[rows][:, [i, j]], clips[rows]
        own = both - _average_clips(both, codes, count)[codes]
        n_clips = len(np.unique(codes))
        of_clips = means[:, [i, j]][~np.isnan(means[:, [i, j]]).any(axis=1)]
        for term, part, enough in (
            ("between", of_clips, len(of_clips) > 2),
            ("within", own, len(both) - n_clips > 1),
        ):
            r, note = _find_r(part, cells, enough=enough)
            item, versus = str(cells.columns[i]), str(cells.columns[j])
            row = {"context": context, "item": item, "versus": versus, "term": term}
            sizes = {
                "n_ratings": len(both),
                "n_clips": len(of_clips) if term == "between" else n_clips,
            }
            yield {**row, "estimate": r, **sizes, "note": note}


def _average_clips(
    values: np.ndarray, codes: np.ndarray, count: int, known: np.ndarray | None = None
) -> np.ndarray:
    """Return the means (count, p) by clip of values (n, p), of those that are known."""
    weights = np.ones(values.shape) if known is None else known
    sums, sizes = (
        np.array([np.bincount(codes, column, count) for column in part.T]).T
        for part in (values, weights)
    )
    return np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)


def _find_r(pairs: np.ndarray, cells: pd.DataFrame, *, enough: bool) -> tuple[float, str | None]:
    if not enough:
        return np.nan, "too few answers to both items for a correlation"
    away = pairs - pairs.mean(axis=0)
    sizes = np.sqrt((away**2).sum(axis=0))
    largest = float(np.nanmax(np.abs(cells.to_numpy(float)), initial=0.0))
    if (sizes <= 1e-12 * max(largest, 1e-300) * np.sqrt(len(pairs))).any():
        return np.nan, "one of the items does not vary"
    return float(np.clip((away[:, 0] * away[:, 1]).sum() / sizes.prod(), -1, 1)), None


def _describe_raters(ratings: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the statistics of raters; none where no clip has two ratings of an item."""
    # Why an item has no raters to judge is said with its reliability.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExprStatsWarning)
        try:
            return judge_raters(ratings, items=list(names)).table
        except DataError:
            return pd.DataFrame(columns=["item", "rater", *_COLUMNS])


def _list_agreement(panel: Panel) -> Iterator[dict[str, Any]]:
    """Yield how often a rating meets which mean of the clip's other raters, in 20 steps each."""
    if not panel.rating.size:
        return
    seen, others = average_others(panel.rating, panel.clip)
    own = panel.rating[seen]
    if not own.size:
        return
    low, high = float(panel.rating.min()), float(panel.rating.max())
    step = max(high - low, 1e-300) / 20
    grid = low + step * np.round((others - low) / step)
    mine = own if find_edges(panel.rating) is None else low + step * np.round((own - low) / step)
    (first, ratings), (second, means) = (pd.factorize(one, sort=True) for one in (mine, grid))
    counts = np.bincount(first * len(means) + second, minlength=len(ratings) * len(means))
    for place in np.flatnonzero(counts):
        rating, mean = ratings[place // len(means)], means[place % len(means)]
        row = {"context": panel.context, "item": panel.item, "rating": float(rating)}
        yield row | {"others": float(mean), "n": int(counts[place])}
