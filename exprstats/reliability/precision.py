"""Planned precision of a reliability study, by simulation from fitted components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.errors import OptionError
from exprstats.options import MOST_DRAWS, check_count, check_level
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.decisions import list_sizes
from exprstats.reliability.icc.analysis import analyse_panel
from exprstats.reliability.icc.checks import refuse_obstacles
from exprstats.reliability.icc.estimands import move_reliability
from exprstats.reliability.icc.jackknife import sample_panel
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

COMPONENTS = ("subject", "clip", "rater", "residual")


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

    def glance(self) -> pd.DataFrame:
        """Return one row: how many plans were simulated, how often."""
        return pd.DataFrame([{"plans": len(self.table), "draws": self.draws}])

    def sentence(self) -> str:
        """Return the expected width of each plan's interval."""
        return " ".join(
            f"{row['item']}: {write_count(row['subjects'])} subjects with "
            f"{count_things(row['clips_per_subject'], 'clip')} rated by "
            f"{row['raters_per_clip']} raters each ({write_count(row['n_ratings'])} ratings) would "
            f"give ICC(1,k) = {write_number(row['reliability'], bounded=True)} within an interval "
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
        Numbers of subjects, of clips a subject, of raters per clip; every combination is a plan.
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

    Returns
    -------
    Prospects
        For each plan the expected interval width and the coverage of both intervals.

    Raises
    ------
    DataError
        If the pilot does not identify the components.
    OptionError
        If a plan is impossible, such as more raters per clip than workers, or components leave no
        error.

    Examples
    --------
    >>> parts = {"subject": 0.4, "clip": 0.6, "rater": 0.2, "residual": 0.8}
    >>> found = simulate_plans(
    ...     parts, subjects=[20, 60], clips=4, raters=3, workers=30, draws=20, seed=1
    ... ).table
    >>> found["reliability"].round(2).tolist(), bool(found["width"].is_monotonic_decreasing)
    ([0.75, 0.75], True)
    """
    check_level(level)
    plans = [
        StudyPlan(people, films, judges, workers)
        for people, films, judges in product(
            list_sizes(subjects, "subjects", least=2),
            list_sizes(clips, "clips"),
            list_sizes(raters, "raters", least=2),
        )
    ]
    for plan in plans:
        check_count(workers, f"workers, with {plan.raters} raters per clip,", plan.raters)
    check_count(draws, "draws", least=2, most=MOST_DRAWS)
    components = _find_components(ratings, items, cluster)
    rows = []
    for parts in components.to_dict("records"):
        for plan, plan_seed in zip(plans, spawn_seeds(seed, len(plans)), strict=True):
            rng = np.random.default_rng(plan_seed)
            rows.append({"item": parts["item"]} | simulate_plan(plan, parts, rng, draws, level))
    return Prospects(pd.DataFrame(rows), components, draws)


def _find_components(
    ratings: pd.DataFrame | Mapping[str, float], items: Sequence[str] | str | None, cluster: str
) -> pd.DataFrame:
    if not isinstance(ratings, pd.DataFrame):
        return pd.DataFrame([{"item": "the item"} | _read_components(ratings)])
    panels = split_panels(ratings, items=items, cluster=cluster)
    refuse_obstacles(panels, "nested")
    rows = []
    for panel in panels:
        whole = sample_panel(panel, "nested").whole
        rows.append({"item": panel.item} | {name: whole[name] for name in COMPONENTS})
    return pd.DataFrame(rows)


def _read_components(given: Mapping[str, float]) -> dict[str, float]:
    absent = [name for name in COMPONENTS if name not in given]
    if absent:
        message = f"components lack {', '.join(absent)}; 0 is allowed."
        raise OptionError(message)
    wrong = [name for name in COMPONENTS if not isinstance(given[name], Real)]
    if wrong or not max(given["rater"], given["residual"]) > 0:
        told = ", ".join(f"{name} {given[name]!r}" for name in COMPONENTS)
        message = f"components must be numbers, those of raters or residuals above 0; got {told}."
        raise OptionError(message)
    return {name: float(given[name]) for name in COMPONENTS}


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study to be: how many subjects, clips a subject, raters per clip, workers in all."""

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
        analysis = analyse_panel(draw_study(plan, parts, rng), level)
        family, shown = analysis.families[0], ("f", analysis.headline)
        ways = {way.method: way for way in family.intervals}
        limits = [min(x, 1.0) for name in shown for x in (ways[name].low, ways[name].high)]
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
