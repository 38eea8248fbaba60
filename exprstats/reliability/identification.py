"""Which coefficients a design identifies, and why."""

from __future__ import annotations

from exprstats.reliability.estimands import (
    AGREEMENT,
    CLIP_NESTED,
    CONSISTENCY,
    ONE_WAY,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
)
from exprstats.reliability.links import Links

Verdict = tuple[Estimand, bool, str]


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
