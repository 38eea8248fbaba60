"""One planned study, simulated from variance components and analysed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.reliability.estimates import analyse_panel
from exprstats.reliability.limits import move_reliability
from exprstats.reliability.panels import Panel

COMPONENTS = ("subject", "clip", "rater", "residual")


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study to be: how many subjects, clips a subject, raters a clip, workers in all."""

    subjects: int
    clips: int
    raters: int
    workers: int


def draw_study(plan: StudyPlan, parts: Mapping[Any, float], rng: np.random.Generator) -> Panel:
    """Return ratings of a simulated study, given variances by component."""
    n = plan.subjects * plan.clips
    subject = np.repeat(np.arange(plan.subjects), plan.clips)
    spread = {name: max(float(parts[name]), 0.0) ** 0.5 for name in COMPONENTS}
    level = rng.normal(0, spread["subject"], plan.subjects)[subject]
    level = level + rng.normal(0, spread["clip"], n)
    rater = np.argpartition(rng.random((n, plan.workers)), plan.raters - 1, axis=1)
    rater = rater[:, : plan.raters].ravel()
    clip = np.repeat(np.arange(n), plan.raters)
    severity = rng.normal(0, spread["rater"], plan.workers)
    rating = level[clip] + severity[rater] + rng.normal(0, spread["residual"], clip.size)
    codes = np.unique(rater, return_inverse=True)[1]
    return Panel(None, "simulated", rating, clip, codes, subject[clip], clip, 0)


def simulate_plan(
    plan: StudyPlan, parts: Mapping[Any, float], rng: np.random.Generator, draws: int, level: float
) -> dict[str, Any]:
    """Return the true reliability of a plan, and what studies drawn from it print."""
    variances = {name: max(float(parts[name]), 0.0) for name in COMPONENTS}
    signal = variances["subject"] + variances["clip"]
    error = variances["rater"] + variances["residual"]
    truth = move_reliability(signal / (signal + error), 1, plan.raters)
    found = np.empty((draws, 5))
    for draw in range(draws):
        family = analyse_panel(draw_study(plan, parts, rng), level).families[0]
        limits = [limit for way in family.intervals for limit in (way.low, way.high)]
        found[draw] = [family.value, *limits]
    held = (found[:, 1::2] <= truth) & (truth <= found[:, 2::2])
    width = found[:, 2::2] - found[:, 1::2]
    return {
        "subjects": plan.subjects,
        "clips_per_subject": plan.clips,
        "raters_per_clip": plan.raters,
        "workers": plan.workers,
        "n_ratings": plan.subjects * plan.clips * plan.raters,
        "reliability": truth,
        "estimate": float(found[:, 0].mean()),
        "width": float(np.nanmean(width[:, 1])),
        "width_f": float(np.nanmean(width[:, 0])),
        "coverage": float(held[:, 1].mean()),
        "coverage_f": float(held[:, 0].mean()),
    }
