"""Identification: the coefficients that a design can give, and the one to report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.options import IccChoice, IccModel
from exprstats.reliability.icc.estimands import (
    AGREEMENT,
    CLIP_NESTED,
    CONSISTENCY,
    ONE_WAY,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
)
from exprstats.reliability.icc.panels import Panel, count_blocks, number_cells

# Designs whose clips have the same raters.
CROSSED = ("crossed", "crossed with gaps")
NESTED = "raters nested in subjects"
Verdict = tuple[Estimand, bool, str]


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
        # Half of the clips or more have a rating of everyone: one panel was meant to rate all.
        whole = self.n_raters > 1 and self.raters_median == self.n_raters
        if whole and self.blocks == 1 and self.spare > 0:
            return "crossed with gaps"
        if self.once == self.n_raters:
            return "one-way"
        if self.within == self.n_raters:
            return NESTED
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
        cells, n_cells = number_cells(panel.cluster, panel.rater, n_raters)
        pairs = np.zeros(n_cells, dtype=np.int64)
        pairs[cells] = panel.rater
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
    return [_judge_one_way(links), *_judge_two_way(links), *_judge_nested(links)]


def choose_estimand(panels: Iterable[Panel]) -> Estimand:
    """Return the coefficient to report for a table of ratings: the one place that decides.

    One model serves a table: agreement where the contexts that are told apart (else all ratings)
    have, item by item, the same raters for all clips. Contexts may have raters of their own.
    """
    filled = [panel for panel in panels if panel.rating.size]
    shown = [panel for panel in filled if panel.context is not None] or filled
    links = [link_panel(panel) for panel in shown]
    same = all(one.kind in CROSSED and one.n_raters > 1 for one in links)
    return AGREEMENT if same else ONE_WAY


def settle_model(model: IccChoice, panels: Iterable[Panel]) -> IccModel:
    """Return a model as it was asked for; ``"auto"`` becomes what the design recommends."""
    if model != "auto":
        return model
    return "two-way" if choose_estimand(panels) is AGREEMENT else "one-way"


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
    elif links.kind == "crossed with gaps":
        why = "every rater rated every clip but a few; components come from pairs of ratings"
        return [(AGREEMENT, True, why), (CONSISTENCY, True, why)]
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
