"""Ratings of one item in one context, as integer codes and numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
