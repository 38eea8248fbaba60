"""Classes too rare to be learnt from some people and tested on others."""

from __future__ import annotations

from typing import Any

import numpy as np

from exprstats.errors import DataError, Problem, warn_user
from exprstats.models.classes import code_labels, show_label
from exprstats.models.designs import Design, Sample
from exprstats.words import name_some

FEWEST_SUBJECTS = 2
MOST_NAMED = 5


def refuse_rare(design: Design) -> None:
    """Refuse classes that cannot be learnt from one person and tested on another.

    Warns of classes that a context's own training clips lack.

    Raises
    ------
    DataError
        A class of all clips has fewer than two subjects, or none in training.
    """
    problems = []
    for sample in design.samples:
        rare, lost = [], []
        for label, code in code_labels(design):
            held = sample.rows[sample.truth == code]
            subjects = len(np.unique(design.people[held]))
            if sample.context is None and 0 < subjects < FEWEST_SUBJECTS:
                rare.append(label)
            elif len(held) and not np.isin(held, sample.rows[design.mark(sample, "train")]).any():
                lost.append(label)
        problems += [*_judge_rare(design, rare), *_judge_lost(design, sample, lost)]
    if problems:
        raise DataError(problems)


def _judge_rare(design: Design, rare: list[Any]) -> list[Problem]:
    """Return a problem for each class of one person; one for all of them if they are many."""
    remedy = (
        f"A class needs {FEWEST_SUBJECTS} subjects, one to learn from and one to test on: merge "
        "it with another class, or leave its clips out."
    )
    named = [show_label(label) for label in rare]
    facts = [f"class '{one}' has clips of 1 subject only." for one in named]
    if len(rare) > MOST_NAMED:
        count = f"{len(rare):,} of {len(design.classes):,} classes"
        facts = [f"{count} have clips of 1 subject only: {name_some(named)}."]
        remedy += " A quantity is no target of classes."
    return [Problem(fact, remedy, column=design.target) for fact in facts]


def _judge_lost(design: Design, sample: Sample, lost: list[Any]) -> list[Problem]:
    """Return a problem for classes without training clips; of one context only warn."""
    if not lost:
        return []
    named = name_some([show_label(label) for label in lost])
    fact = f"{sample.label}: no training clip shows {named}, so that it is never predicted."
    if sample.context is None:
        remedy = "Use another seed, merge the class with another, or leave its clips out."
        return [Problem(fact, remedy, column=design.target)]
    message = str(Problem(fact, "The model of all clips may know it.", column=design.target))
    warn_user(message)
    return []
