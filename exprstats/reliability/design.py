"""The design of a ratings table and the coefficients it identifies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.contracts import RATINGS, require_columns
from exprstats.errors import DataError, Problem
from exprstats.reliability.icc.estimands import (
    AGREEMENT,
    CLIP_NESTED,
    CONSISTENCY,
    ONE_WAY,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
)
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

Verdict = tuple[Estimand, bool, str]
_KINDS = {
    "crossed": "every rater rated every clip (fully crossed)",
    "one-way": "every rating comes from a rater of its own (one-way)",
    "raters nested in subjects": "each rater rated clips of one subject only (nested)",
    "mixed": "some raters rated clips of one subject only, others of several (mixed)",
    "partly crossed": "raters share clips without rating all of them (partly crossed)",
    "crossed in blocks": "raters and clips form {blocks} sets that share nothing",
}


@dataclass(frozen=True, slots=True, eq=False)
class Design(Result):
    """The design of ratings.

    Attributes
    ----------
    table
        One row for each context and item: kind and counts (see `Links`), ``n_missing``,
        ``n_replicates``, and the coefficient to report.
    coefficients
        One row for each context, item and coefficient: whether it is identified, and why.
    """

    place: ClassVar[str] = "design"
    table: pd.DataFrame
    coefficients: pd.DataFrame

    def export(self) -> dict[str, Any]:
        """Return the rows, and the coefficients that the design identifies."""
        return {"designs": self.tidy(), "coefficients": self.coefficients}

    def glance(self) -> pd.DataFrame:
        """Return one row: the kinds of design found, and the counts of the pooled ratings."""
        pooled = self.table[self.table["context"].isna()]
        row: dict[str, Any] = {"kind": " / ".join(dict.fromkeys(pooled["kind"]))}
        row |= {name: pooled[name].max() for name in ("n_clips", "n_raters", "n_subjects")}
        return pd.DataFrame([row | {"n_ratings": int(pooled["n_ratings"].sum())}])

    def sentence(self) -> str:
        """Return the pooled design in words for a paper; items that share it, together."""
        return describe_links(self.table, advised=True)


def describe_design(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
) -> Design:
    """Say what the design of a table of ratings is and what it can tell.

    Nothing is refused but a table that breaks its contract: rows that repeat a clip, rater and
    item are counted as replicates and their first is taken.

    Parameters
    ----------
    ratings, items, by, cluster
        As in `rate_reliability`.

    Raises
    ------
    DataError
        If the table breaks its contract or holds no rating.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame(
    ...     {"clip": list("aabb"), "rater": list("xyxy"), "item": "q", "rating": [1, 2, 4, 4]}
    ... )
    >>> design = describe_design(ratings)
    >>> design.table["kind"].item(), design.table["recommended"].item()
    ('crossed', 'ICC(A,k)')
    """
    require_columns(ratings, ["clip", "rater", "item", "rating"], "ratings")
    key = dict.fromkeys((*([by] if by else []), *RATINGS.key))
    repeated = ratings.duplicated([name for name in key if name in ratings.columns])
    panels = split_panels(ratings[~repeated], items=items, by=by, cluster=cluster)
    filled = [panel for panel in panels if panel.rating.size]
    if not filled:
        raise DataError(Problem("all ratings are missing.", "Check the file.", column="rating"))
    extra = ratings[repeated]
    links = [link_panel(panel) for panel in filled]
    return Design(
        pd.DataFrame(
            [
                _write_row(panel, link, _count_extra(extra, panel, by))
                for panel, link in zip(filled, links, strict=True)
            ]
        ),
        pd.DataFrame(
            [
                row
                for panel, link in zip(filled, links, strict=True)
                for row in _write_verdicts(panel, link)
            ]
        ),
    )


def _count_extra(extra: pd.DataFrame, panel: Panel, by: str | None) -> int:
    here = extra["item"].astype(str) == panel.item
    if by is not None and panel.context is not None:
        here &= extra[by].astype(str) == panel.context
    return int(here.sum())


def _write_row(panel: Panel, links: Links, replicates: int) -> dict[str, Any]:
    return (
        {"context": panel.context, "item": panel.item}
        | links.write_row()
        | {
            "n_missing": panel.n_missing,
            "n_replicates": replicates,
            "recommended": recommend_estimand(links).name_term(averaged=True),
        }
    )


def _write_verdicts(panel: Panel, links: Links) -> list[dict[str, Any]]:
    return [
        {
            "context": panel.context,
            "item": panel.item,
            "term": estimand.name_term(averaged=True),
            "identified": identified,
            "why": why,
            "meaning": estimand.meaning,
        }
        for estimand, identified, why in judge_estimands(links)
    ]


@dataclass(frozen=True, slots=True)
class Links:
    """Counts that name a design.

    Attributes
    ----------
    n_clips, n_raters, n_ratings
        How many there are.
    n_subjects
        Subjects, or None where they are not known.
    blocks
        Sets of raters and clips that share nothing with each other.
    density
        Share of all clip-by-rater cells that hold a rating.
    once
        Raters with one rating.
    within
        Raters who rate clips of one subject only; None without subjects.
    raters_min, raters_median, raters_max
        Ratings of a clip.
    clips_median
        Clips of a rater, the median.
    clips_each
        Clips of a subject, the median; None without subjects.
    """

    n_clips: int
    n_raters: int
    n_ratings: int
    n_subjects: int | None
    blocks: int
    density: float
    once: int
    within: int | None
    raters_min: int
    raters_median: float
    raters_max: int
    clips_median: float
    clips_each: float | None

    @property
    def kind(self) -> str:
        """The design's name."""
        if self.density == 1:
            return "crossed"
        if self.once == self.n_raters:
            return "one-way"
        if self.within == self.n_raters:
            return "raters nested in subjects"
        if self.within:
            return "mixed"
        return "partly crossed" if self.blocks == 1 else "crossed in blocks"

    @property
    def spare(self) -> int:
        """Ratings left over after a level for each clip and each rater: two-way df of error."""
        return self.n_ratings - self.n_clips - self.n_raters + self.blocks

    def write_row(self) -> dict[str, Any]:
        """Return the counts as one row of a table."""
        names = (*self.__slots__,)
        return {"kind": self.kind} | {name: getattr(self, name) for name in names}


def link_panel(panel: Panel) -> Links:
    """Return the links of a panel's ratings."""
    per_clip, per_rater = np.bincount(panel.clip), np.bincount(panel.rater)
    n_clips, n_raters, n_ratings = len(per_clip), len(per_rater), len(panel.rating)
    n_subjects, within, each = panel.n_subjects, None, None
    if n_subjects is not None:
        pairs = np.unique(panel.rater * n_subjects + panel.cluster) // n_subjects
        within = int((np.bincount(pairs) == 1).sum()) if n_subjects > 1 else 0
        each = float(np.median(np.bincount(panel.owners)))
    return Links(
        n_clips=n_clips,
        n_raters=n_raters,
        n_ratings=n_ratings,
        n_subjects=n_subjects,
        blocks=count_blocks(panel.clip, panel.rater),
        density=n_ratings / (n_clips * n_raters),
        once=int((per_rater == 1).sum()),
        within=within,
        raters_min=int(per_clip.min()),
        raters_median=float(np.median(per_clip)),
        raters_max=int(per_clip.max()),
        clips_median=float(np.median(per_rater)),
        clips_each=each,
    )


def judge_estimands(links: Links) -> list[Verdict]:
    """Return each coefficient with whether the design identifies it, and the reason."""
    return [
        _judge_one_way(links),
        *_judge_two_way(links),
        *_judge_nested(links),
    ]


def recommend_estimand(links: Links) -> Estimand:
    """Return the coefficient to report for the mean rating of a clip.

    Where all clips have the same raters who can be told apart, agreement; else one-way, because
    differences between raters then stay in the differences between clip means.
    """
    return AGREEMENT if links.kind == "crossed" and links.n_raters > 1 else ONE_WAY


def _judge_one_way(links: Links) -> Verdict:
    if links.n_clips < 2:
        return ONE_WAY, False, "there is one clip"
    if links.raters_max < 2:
        return ONE_WAY, False, "no clip has two ratings"
    return ONE_WAY, True, "it needs only that clips have two ratings; raters may differ by clip"


def _judge_two_way(links: Links) -> list[Verdict]:
    if links.n_raters < 2 or links.n_clips < 2:
        reason = "it needs two raters and two clips"
    elif links.once == links.n_raters:
        reason = "every rater rated once, so a rater's level cannot be told from the clip's"
    elif links.blocks > 1:
        reason = f"raters and clips fall into {links.blocks:,} sets that share nothing"
    elif links.spare <= 0:
        reason = "no rating is left over to show disagreement beside raters' levels"
    elif links.density < 1:
        return [
            (AGREEMENT, True, "raters and clips are connected; raters are taken as a sample"),
            (
                CONSISTENCY,
                True,
                "estimable, but clip means here come from different raters, so it is not the "
                "reliability of those means",
            ),
        ]
    else:
        return [
            (AGREEMENT, True, "every rater rated every clip"),
            (CONSISTENCY, True, "every rater rated every clip, so their levels cancel"),
        ]
    return [(AGREEMENT, False, reason), (CONSISTENCY, False, reason)]


def _judge_nested(links: Links) -> list[Verdict]:
    levels = (CLIP_NESTED, WITHIN_NESTED, SUBJECT_NESTED)
    reason = ""
    if links.n_subjects is None or links.clips_each is None:
        reason = "subjects are not known"
    elif links.n_subjects < 2:
        reason = "there is one subject"
    elif links.n_subjects == links.n_clips:
        reason = "each subject has one clip"
    elif links.raters_max < 2:
        reason = "no clip has two ratings"
    if reason:
        return [(level, False, reason) for level in levels]
    why = "subjects have several clips with several ratings"
    return [(level, True, why) for level in levels]


def describe_links(table: pd.DataFrame, *, advised: bool) -> str:
    """Return the pooled rows of a design's table in words; items that share a design, together.

    Parameters
    ----------
    table
        The table of a `Design`.
    advised
        Whether the coefficient to report is told as well.
    """
    texts: dict[str, list[str]] = {}
    for row in table[table["context"].isna()].drop(columns="context").to_dict("records"):
        advice = f" {_advise(row)}" if advised else ""
        texts.setdefault(f"{_write_design(row)}{advice}", []).append(row["item"])
    if len(texts) == 1:
        return next(iter(texts))
    return " ".join(f"{', '.join(items)}: {text}" for text, items in texts.items())


def _write_design(row: dict[Any, Any]) -> str:
    subjects = (
        "" if pd.isna(row["n_subjects"]) else f" of {write_count(row['n_subjects'])} subjects"
    )
    least, most = row["raters_min"], row["raters_max"]
    span = f"{least}" if least == most else f"{least} to {most} (median {row['raters_median']:g})"
    kind = _KINDS[row["kind"]].format(blocks=write_count(row["blocks"]))
    filled = write_number(100 * row["density"], 0)
    text = (
        f"Each of {write_count(row['n_clips'])} clips{subjects} was rated by {span} of "
        f"{write_count(row['n_raters'])} raters; {kind}"
    )
    if row["density"] < 1:
        text += f", {filled}% of all clip-by-rater cells are filled"
    if row["n_replicates"]:
        repeats = count_things(row["n_replicates"], "rating repeats", "ratings repeat")
        text += f", and {repeats} another"
    return f"{text}."


def _advise(row: dict[Any, Any]) -> str:
    if row["recommended"] == "ICC(A,k)":
        return (
            "Two-way coefficients are identified: ICC(A,k) for the raters' mean where their level "
            "matters, ICC(C,k) where only the order of clips does."
        )
    return (
        "Clip means come from different raters, whose differences stay in them: report the "
        "one-way ICC(1,k)."
    )


def count_blocks(clip: np.ndarray, rater: np.ndarray) -> int:
    """Return how many sets of raters and clips share nothing with each other.

    Parameters
    ----------
    clip, rater
        Codes (N,) of who rated what.

    Examples
    --------
    >>> count_blocks(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]))
    1
    >>> count_blocks(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]))
    2
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_clips, n_raters = int(clip.max()) + 1, int(rater.max()) + 1
    size = n_clips + n_raters
    links = coo_array((np.ones(len(clip)), (clip, rater + n_clips)), shape=(size, size))
    return int(connected_components(links.tocsr(), directed=False, return_labels=False))
