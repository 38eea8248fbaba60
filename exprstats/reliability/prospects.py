"""How wide the interval of a planned study will be, by simulation from fitted components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError
from exprstats.numerals import write_count, write_number
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.estimates import analyse_panel
from exprstats.reliability.limits import move_reliability
from exprstats.reliability.nested import find_nested_obstacles
from exprstats.reliability.panels import Panel, split_panels
from exprstats.reliability.samples import sample_panel
from exprstats.results import Result
from exprstats.words import check_level

COMPONENTS = ("subject", "clip", "rater", "residual")


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study to be: how many subjects, clips a subject, raters a clip, workers in all."""

    subjects: int
    clips: int
    raters: int
    workers: int


@dataclass(frozen=True, slots=True, eq=False)
class Prospects(Result):
    """What planned studies would find.

    Attributes
    ----------
    table
        One row for each item and plan: subjects, clips_per_subject, raters_per_clip, workers,
        n_ratings, ``reliability`` (true ICC(1,k) of the components), ``estimate`` (its mean over
        simulated studies), ``width`` (mean width of the cluster interval), ``width_f`` (of the
        F interval), ``coverage`` and ``coverage_f`` (share that hold the truth).
    components
        The components that were drawn from, one row an item.
    draws
        Simulated studies a plan.
    """

    table: pd.DataFrame
    components: pd.DataFrame
    draws: int

    def tidy(self) -> pd.DataFrame:
        """Return one row for each item and plan."""
        return self.table

    def glance(self) -> pd.DataFrame:
        """Return one row: how many plans were simulated, how often."""
        return pd.DataFrame([{"plans": len(self.table), "draws": self.draws}])

    def sentence(self) -> str:
        """Return the expected width of each plan's interval."""
        return " ".join(
            f"{row['item']}: {write_count(row['subjects'])} subjects with "
            f"{row['clips_per_subject']} clips rated by {row['raters_per_clip']} raters each "
            f"({write_count(row['n_ratings'])} ratings) would give ICC(1,k) = "
            f"{write_number(row['reliability'], bounded=True)} within an interval "
            f"{write_number(row['width'], bounded=True)} wide."
            for row in self.table.to_dict("records")
        )


def simulate_plans(
    ratings: pd.DataFrame | Mapping[str, float],
    *,
    subjects: Sequence[int] | int,
    clips: Sequence[int] | int,
    raters: Sequence[int] | int,
    workers: int,
    items: Sequence[str] | str | None = None,
    cluster: str = "subject",
    draws: int = 200,
    level: float = 0.95,
    seed: Seed = None,
) -> Prospects:
    """Simulate planned studies and measure the intervals they would print.

    Effects of subjects, clips, raters and residuals are drawn from normal distributions with the
    fitted components (negative ones as 0), each clip gets a random set of the workers, and both
    one-way intervals are made as `rate_reliability` makes them.

    Parameters
    ----------
    ratings
        RATINGS of a pilot with subjects; or the variances by name: subject, clip, rater, residual.
    subjects, clips, raters
        Numbers of subjects, of clips a subject, of raters a clip; every combination is a plan.
    workers
        Raters in all, from whom each clip's are drawn.
    items
        Items of the pilot; None takes all.
    cluster
        Column of subjects in the pilot.
    draws
        Simulated studies a plan.
    level
        Confidence level of the intervals.
    seed
        Of the simulation.

    Raises
    ------
    DataError
        If the pilot does not identify the components.
    OptionError
        If a plan is impossible, such as more raters a clip than workers.
    """
    check_level(level)
    plans = [
        StudyPlan(people, films, judges, workers)
        for people, films, judges in product(_list(subjects), _list(clips), _list(raters))
    ]
    _check_plans(plans, draws)
    components = _find_components(ratings, items, cluster)
    rows = []
    for parts in components.to_dict("records"):
        for plan, plan_seed in zip(plans, spawn_seeds(seed, len(plans)), strict=True):
            rng = np.random.default_rng(plan_seed)
            rows.append({"item": parts["item"]} | _simulate_plan(plan, parts, rng, draws, level))
    return Prospects(pd.DataFrame(rows), components, draws)


def draw_panel(plan: StudyPlan, parts: Mapping[Any, float], rng: np.random.Generator) -> Panel:
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


def _simulate_plan(
    plan: StudyPlan, parts: Mapping[Any, float], rng: np.random.Generator, draws: int, level: float
) -> dict[str, Any]:
    variances = {name: max(float(parts[name]), 0.0) for name in COMPONENTS}
    signal = variances["subject"] + variances["clip"]
    error = variances["rater"] + variances["residual"]
    truth = move_reliability(signal / (signal + error), 1, plan.raters)
    found = np.empty((draws, 5))
    for draw in range(draws):
        family = analyse_panel(draw_panel(plan, parts, rng), level).families[0]
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


def _find_components(
    ratings: pd.DataFrame | Mapping[str, float],
    items: Sequence[str] | str | None,
    cluster: str,
) -> pd.DataFrame:
    if not isinstance(ratings, pd.DataFrame):
        absent = [name for name in COMPONENTS if name not in ratings]
        if absent:
            message = f"components lack {', '.join(absent)}; 0 is allowed."
            raise OptionError(message)
        return pd.DataFrame([{"item": "the item"} | {name: ratings[name] for name in COMPONENTS}])
    panels = split_panels(ratings, items=items, cluster=cluster)
    problems = [problem for panel in panels for problem in find_nested_obstacles(panel)]
    if problems:
        raise DataError(problems)
    rows = []
    for panel in panels:
        whole = sample_panel(panel, "nested").whole
        rows.append({"item": panel.item} | {name: whole[name] for name in COMPONENTS})
    return pd.DataFrame(rows)


def _check_plans(plans: Sequence[StudyPlan], draws: int) -> None:
    for plan in plans:
        if plan.subjects < 2 or plan.clips < 1 or plan.raters < 2 or plan.raters > plan.workers:
            message = (
                f"a study of {plan.subjects} subjects × {plan.clips} clips × {plan.raters} of "
                f"{plan.workers} raters cannot be: 2 subjects, 1 clip, 2 raters at least, and no "
                "more raters a clip than workers."
            )
            raise OptionError(message)
    if draws < 2:
        message = f"draws={draws}; at least 2 simulated studies are needed, 200 is usual."
        raise OptionError(message)


def _list(sizes: Sequence[int] | int) -> list[int]:
    return [sizes] if isinstance(sizes, int) else list(sizes)
