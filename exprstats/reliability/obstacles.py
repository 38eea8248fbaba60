"""Why a panel of ratings has no reliability under a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things
from exprstats.reliability.graphs import count_blocks
from exprstats.reliability.panels import Panel
from exprstats.words import IccModel


def refuse_obstacles(panels: Iterable[Panel], model: IccModel = "one-way") -> None:
    """Refuse panels that have no reliability under a model.

    Raises
    ------
    DataError
        With every obstacle of every panel.
    """
    problems = [problem for panel in panels for problem in OBSTACLES[model](panel)]
    if problems:
        raise DataError(problems)


def find_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no reliability, as problems; empty where it has one."""
    counts = np.bincount(panel.clip) if panel.rating.size else np.zeros(0)
    if counts.size < 2:
        fact = f"{panel.label} has ratings of {count_things(counts.size, 'clip')};"
        return [Problem(f"{fact} reliability needs at least 2.", "Add clips or leave it out.")]
    if counts.max() < 2:
        fact = f"{panel.label}: each of {counts.size:,} clips has 1 rating; ICC needs 2."
        return [Problem(fact, "Check the clip column, or collect further raters.")]
    if panel.rating.min() == panel.rating.max():
        fact = f"{panel.label}: all {panel.rating.size:,} ratings are {panel.rating[0]:g};"
        return [Problem(f"{fact} reliability is not defined.", "Leave it out.")]
    if panel.n_subjects == 1:
        fact = f"{panel.label}: all clips show one subject; the cluster interval needs 2."
        return [Problem(fact, "Pass cluster=None for the F interval alone.")]
    return []


def find_crossed_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no two-way reliability, as problems."""
    problems = find_obstacles(panel)
    if problems:
        return problems
    if panel.n_raters == 1:
        return [Problem(f"{panel.label} has 1 rater; two-way reliability needs 2.", "Add raters.")]
    blocks = count_blocks(panel.clip, panel.rater)
    if blocks > 1:
        fact = f"{panel.label}: raters and clips fall into {blocks:,} sets that share nothing;"
        return [
            Problem(
                f"{fact} differences between raters and between clips cannot be told apart.",
                "Use model='one-way', or add raters who link the sets.",
            )
        ]
    if len(panel.rating) == panel.n_clips + panel.n_raters - 1:
        fact = f"{panel.label}: no rating is left over to show disagreement beside raters' level."
        return [Problem(fact, "Use model='one-way', or collect ratings that overlap more.")]
    return []


def find_nested_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no nested reliability, as problems."""
    problems = find_obstacles(panel)
    if problems:
        return problems
    if panel.subject is None:
        fact = f"{panel.label}: subjects are not known; clips cannot be nested in them."
        return [Problem(fact, "Name the subject column with cluster=.")]
    if panel.n_subjects == panel.n_clips:
        fact = f"{panel.label}: each subject has one clip, so clips and subjects are the same."
        return [Problem(fact, "Use model='one-way'.")]
    return []


OBSTACLES: dict[IccModel, Callable[[Panel], list[Problem]]] = {
    "one-way": find_obstacles,
    "two-way": find_crossed_obstacles,
    "nested": find_nested_obstacles,
}
