"""Checks of a panel: what makes a coefficient undefined, and what is unusual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import FEW_CONTEXTS, DataError, Option, Problem, speak, warn_user
from exprstats.options import IccModel
from exprstats.reliability.icc.panels import Panel, count_islands, quote_ids

CONSTANT_FROM = 5
_SCREENS = 4_000, 64_000
# With fewer clips of two ratings or more, what raters agree on is said to rest on few.
_FEW_PAIRED = 10
# More contexts without a reliability are one mistake: a measurement was named as their column.
_MOST_CONTEXTS = 5


def refuse_obstacles(panels: Iterable[Panel], model: IccModel = "one-way") -> None:
    """Refuse panels that have no reliability under a model, with every obstacle of every panel."""
    panels = list(panels)
    found = [OBSTACLES[model](panel) for panel in panels]
    if any(found):
        raise DataError(_gather(panels, found))


def _gather(panels: Sequence[Panel], found: Sequence[list[Problem]]) -> list[Problem]:
    """Return the problems of panels, or one for many contexts that are no sets of clips."""
    hit = dict.fromkeys(
        panel.context
        for panel, problems in zip(panels, found, strict=True)
        if problems and panel.context is not None
    )
    if len(hit) <= _MOST_CONTEXTS:
        return [problem for problems in found for problem in problems]
    total = len({panel.context for panel in panels} - {None})
    first = next(problems[0] for problems in found if problems)
    told = count_things(len(hit), "contexts has", "contexts have", of=total)
    fact = f"{told} no reliability; {speak(first.fact)}"
    remedy = (FEW_CONTEXTS, Option("context"), ", and check the clip column.")
    return [Problem(fact, remedy, column="context")]


def split_obstacles(panels: Sequence[Panel], model: IccModel) -> tuple[list[Panel], dict[int, str]]:
    """Return the panels that have a reliability, and why others, by place, have none; not all."""
    found = [OBSTACLES[model](panel) for panel in panels]
    sound = [panel for panel, problems in zip(panels, found, strict=True) if not problems]
    if not sound:
        raise DataError(_gather(panels, found))
    # What to do about it depends on who reads the row, so that a note holds the facts alone.
    facts = {
        place: " ".join(
            speak(problem.fact).removeprefix(f"{panels[place].label}: ") for problem in problems
        )
        for place, problems in enumerate(found)
        if problems
    }
    return sound, facts


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
    return []


def find_crossed_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no two-way reliability, as problems."""
    problems = find_obstacles(panel)
    if problems:
        return problems
    if panel.n_raters == 1:
        return [Problem(f"{panel.label} has 1 rater; two-way reliability needs 2.", "Add raters.")]
    blocks = count_islands(panel.clip, panel.rater)
    if blocks > 1:
        fact = f"{panel.label}: raters and clips fall into {blocks:,} sets that share nothing;"
        return [
            Problem(
                f"{fact} differences between raters and between clips cannot be told apart.",
                ("Use ", Option("model", "one-way"), ", or add raters who link the sets."),
            )
        ]
    if len(panel.rating) == panel.n_clips + panel.n_raters - 1:
        fact = f"{panel.label}: no rating is left over to show disagreement beside raters' level."
        return [
            Problem(
                fact,
                ("Use ", Option("model", "one-way"), ", or collect ratings that overlap more."),
            )
        ]
    return []


def find_nested_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no nested reliability, as problems."""
    problems = find_obstacles(panel)
    if problems:
        return problems
    if panel.subject is None:
        fact = f"{panel.label}: subjects are not known; clips cannot be nested in them."
        return [Problem(fact, ("Name the subject column with ", Option("cluster"), "."))]
    if panel.n_subjects == 1:
        fact = f"{panel.label}: all clips show one subject; the nested model needs 2."
        return [Problem(fact, ("Use ", Option("model", "one-way"), "."))]
    if panel.n_subjects == panel.n_clips:
        fact = f"{panel.label}: each subject has one clip, so clips and subjects are the same."
        return [Problem(fact, ("Use ", Option("model", "one-way"), "."))]
    return []


# Share of ratings at one end of the scale: from it on 95% intervals of 20 subjects with 3 clips
# held .89 of the true values, at .93 of the ratings .82 (tests/reliability/icc/test_coverage.py).
_CROWDED = 0.8
OBSTACLES: dict[IccModel, Callable[[Panel], list[Problem]]] = {
    "one-way": find_obstacles,
    "two-way": find_crossed_obstacles,
    "nested": find_nested_obstacles,
}


def warn_oddities(ratings: pd.DataFrame, whole: Panel, pooled: Sequence[Panel]) -> None:
    """Warn of clips with one rating, raters who never vary, and subjects with one clip each.

    The caller's table gives the ids, all its rows are one panel, and ``pooled`` has one an item.
    """
    for panel in pooled:
        _warn_ends(panel)
        counts = np.bincount(panel.clip)
        if (counts == 1).any():
            alone = np.flatnonzero(counts[panel.clip] == 1)
            names = quote_ids(ratings, "clip", panel.rows[alone])
            told = count_things(alone.size, "clips has", "clips have", of=len(counts))
            several = int((counts > 1).sum())
            thin = f" Raters' agreement rests on {count_things(several, 'clip')} alone."
            warn_user(
                f"item '{panel.item}': {told} 1 rating ({names}), which informs about differences "
                f"between clips only.{thin if several < _FEW_PAIRED else ''}"
            )
    warn_constant(ratings, whole, pooled)
    first = pooled[0]
    if first.n_subjects == first.n_clips:
        warn_user(
            f"each of {first.n_clips:,} subjects has one clip, so the cluster "
            "interval treats clips as independent; check that the subject column names people."
        )


def _warn_ends(panel: Panel) -> None:
    """Warn of ratings most of which are the lowest or the highest one."""
    for word, end in (("lowest", panel.rating.min()), ("highest", panel.rating.max())):
        share = float((panel.rating == end).mean())
        if _CROWDED <= share < 1:
            warn_user(
                f"item '{panel.item}': {share:.0%} of the ratings are the {word}, {end:g}. "
                "Intervals of its reliability can then be too narrow."
            )


def warn_constant(ratings: pd.DataFrame, whole: Panel, pooled: Sequence[Panel]) -> None:
    """Warn of raters who gave one value to everything; parameters as of `warn_oddities`."""
    if sum(panel.rows.size for panel in pooled) == whole.rows.size:
        rows, rater, values = whole.rows, whole.rater, whole.rating
    else:
        rows = np.concatenate([panel.rows for panel in pooled])
        rater, values = whole.rater[rows], whole.rating[rows]
    constant, where = find_constant(rater, values)
    if constant.size:
        names = quote_ids(ratings, "rater", rows[where])
        warn_user(
            f"raters {names} gave one value to everything ({CONSTANT_FROM} ratings or "
            "more); nothing was removed, check them before interpreting the reliability."
        )


def find_constant(rater: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the raters who give one value (N,) to everything, and a row of each."""
    suspect = np.bincount(rater) >= CONSTANT_FROM
    # Almost everyone varies within the first rows; only the others' rows are then read.
    for rows in _SCREENS:
        if suspect.any():
            suspect &= ~_find_varied(rater[:rows], values[:rows], len(suspect))[0]
    rows = np.flatnonzero(suspect[rater]) if suspect.any() else np.zeros(0, dtype=int)
    varied, where = _find_varied(rater[rows], values[rows], len(suspect))
    constant = np.flatnonzero(suspect & ~varied)
    return constant, rows[where[constant]]


def _find_varied(rater: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    where = np.zeros(size, dtype=np.int64)
    where[rater] = np.arange(len(rater))
    varied = np.zeros(size, dtype=bool)
    varied[rater[values != values[where[rater]]]] = True
    return varied, where
