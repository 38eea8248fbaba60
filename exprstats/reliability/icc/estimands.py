"""Coefficients as data: signal, error set, divisors and F limits; which ones a design gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import fdtri

from exprstats.inference.resampling.pvalues import TIE
from exprstats.options import IccChoice, IccModel
from exprstats.reliability.icc.panels import Panel, count_islands, number_cells

Components = Mapping[str, np.ndarray | float]


@dataclass(frozen=True, slots=True)
class Estimand:
    """A reliability: variance of the signal over itself plus the errors that stay in the mean.

    Attributes
    ----------
    family
        Letter of the coefficient in the notation of McGraw and Wong (1996): ``1``, ``A``, ``C``.
    signal
        Component whose differences are to be told apart.
    errors
        Each component that disturbs, and the name of the number that divides it: ``k`` raters a
        clip, ``m`` clips a subject, ``ks`` effective raters a subject, ``mk`` ratings a subject.
    meaning
        What the coefficient tells, in words.
    """

    family: str
    signal: str
    errors: Mapping[str, str]
    meaning: str

    def name_term(self, *, averaged: bool) -> str:
        """Return the coefficient's name for one rating or for a mean."""
        return f"ICC({self.family},{'k' if averaged else '1'})"


ONE_WAY = Estimand(
    "1",
    "clip",
    {"error": "k"},
    "how well clips are told apart when each may have raters of its own",
)
AGREEMENT = Estimand(
    "A",
    "clip",
    {"rater": "k", "residual": "k"},
    "how well clips are told apart when it matters that raters use the same values",
)
CONSISTENCY = Estimand(
    "C", "clip", {"residual": "k"}, "how well clips are ranked when all clips have the same raters"
)
CLIP_NESTED = Estimand(
    "clip",
    "clip_total",
    {"rater": "k", "residual": "k"},
    "how well clips are told apart, whoever is seen in them",
)
WITHIN_NESTED = Estimand(
    "within",
    "clip",
    {"rater": "k", "residual": "k"},
    "how well the clips of one subject are told apart",
)
SUBJECT_NESTED = Estimand(
    "subject",
    "subject",
    {"clip": "m", "rater": "ks", "residual": "mk"},
    "how well subjects are told apart by the mean of all their ratings",
)


# What tells clips apart under each model: the estimands of errors and of differences.
ESTIMANDS: dict[IccModel, tuple[Estimand, ...]] = {
    "one-way": (ONE_WAY,),
    "two-way": (AGREEMENT, CONSISTENCY),
    "nested": (CLIP_NESTED,),
}


def measure_estimand(
    estimand: Estimand, components: Components, divisors: Mapping[str, float]
) -> np.ndarray:
    """Return signal / (signal + Σ error / divisor); −∞ where the sum is not positive.

    Components are variances by name, numbers or arrays of one shape; divisors not named are 1.

    Examples
    --------
    >>> components = {"clip": 2.5556, "rater": 5.2444, "residual": 1.0194}
    >>> round(float(measure_estimand(AGREEMENT, components, {"k": 4})), 2)
    0.62
    >>> round(float(measure_estimand(CONSISTENCY, components, {})), 2)
    0.71
    """
    signal = np.asarray(components[estimand.signal], float)
    noise = sum(
        np.asarray(components[name], float) / divisors.get(divisor, 1.0)
        for name, divisor in estimand.errors.items()
    )
    total = signal + noise
    # Where signal and errors cancel, what is left is rounding and no variance to divide by.
    size = np.abs(signal) + sum(np.abs(components[name]) for name in estimand.errors)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(total > TIE * size, signal / total, -np.inf)
    return np.where(np.isnan(total), np.nan, found)


def clean_components(components: Mapping[str, float]) -> dict[str, float]:
    """Set to 0 a component that rounding alone keeps from it."""
    floor = 1e-14 * sum(abs(value) for value in components.values())
    return {name: 0.0 if abs(value) <= floor else value for name, value in components.items()}


def find_f_limits(
    ratio: float, df_signal: float, df_error: float, level: float
) -> tuple[float, float]:
    """Return limits of 1 − 1/F, the reliability of means, from an F ratio of signal over error.

    Exact for balanced, normal ratings of independent clips (Shrout & Fleiss, 1979; McGraw & Wong,
    1996, Table 7).

    Examples
    --------
    >>> [round(limit, 3) for limit in find_f_limits(1 / (1 + 1.010), 34, 70, 0.95)]
    [-2.509, -0.084]
    """
    upper_tail = (1 + level) / 2
    low = ratio / fdtri(df_signal, df_error, upper_tail)
    high = ratio * fdtri(df_error, df_signal, upper_tail)
    return float(1 - 1 / low), float(1 - 1 / high)


def move_reliability(value: float, from_k: float, to_k: float) -> float:
    """Return the reliability of the mean of ``to_k`` ratings, given that of ``from_k``.

    The Spearman–Brown formula between any two numbers of raters. A value so low that no positive
    variance could give it goes to −∞; one so high that none could, to ∞.

    Examples
    --------
    >>> round(move_reliability(0.6, 1, 3), 4), round(move_reliability(0.8182, 3, 1), 4)
    (0.8182, 0.6)
    >>> move_reliability(-0.6, 1, 3)
    -inf
    """
    if math.isinf(value) and value < 0:
        fewer = from_k > to_k and not math.isclose(from_k, to_k)
        return -to_k / (from_k - to_k) if fewer else -math.inf
    share = from_k - (from_k - to_k) * value
    if share <= 0:
        return math.copysign(math.inf, value)
    return to_k * value / share


def move_error(error: float, value: float, from_k: float, to_k: float) -> float:
    """Return the delta-method standard error of a moved reliability."""
    share = from_k - (from_k - to_k) * value
    return error * to_k * from_k / share**2


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
        blocks=count_islands(panel.clip, panel.rater),
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
