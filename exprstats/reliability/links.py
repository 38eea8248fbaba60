"""How raters, clips and subjects are linked: the facts from which a design is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.reliability.graphs import count_blocks
from exprstats.reliability.panels import Panel


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
