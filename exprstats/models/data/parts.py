"""Parts of a split: training, validation and test clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_absent, find_empty, order_levels, require_columns
from exprstats.errors import FEW_CONTEXTS, DataError, Option, Problem, warn_user
from exprstats.options import PARTS, name_nearest, name_some

# More contexts without clips in a part are told as one.
_MOST_THIN = 5
_COLUMNS = ("subject", "part")


def label_parts(clips: pd.DataFrame, parts: pd.DataFrame) -> np.ndarray:
    """Return the part (n,) of every clip, looked up by its subject and, where it stands, context.

    PARTS are as `split_subjects` returns them, or read from a file. A subject in two parts or in
    none, ids that differ only in case or spaces, unknown parts, or a context that a part lacks are
    a DataError.
    """
    _check_parts(parts)
    codes, levels = pd.factorize(clips["subject"], use_na_sentinel=False)
    subjects = [str(level) for level in levels]
    pairs = list(zip(*(parts[name].astype(str).tolist() for name in _COLUMNS), strict=True))
    lookup = dict(pairs)
    problems = find_lookalikes([*lookup, *subjects]) + _find_torn(pairs)
    if problems:
        raise DataError(problems)
    _match_subjects(subjects, lookup)
    labels = np.array([lookup[one] for one in subjects], dtype=object)[codes]
    problems = find_thin_contexts(labels, clips.get("context"))
    if problems:
        raise DataError(problems)
    return labels


def list_subjects(clips: pd.DataFrame, subject: str) -> list[Any]:
    """Return the ids of the subjects once each, sorted as text; near-equal ones are a DataError."""
    require_columns(clips, [subject], "clips")
    ids = clips[subject].unique()
    problems = find_empty(clips, [subject]) + find_lookalikes(ids)
    if problems:
        raise DataError(problems)
    return sorted(ids, key=str)


def find_lookalikes(ids: Iterable[Any]) -> list[Problem]:
    """Return a problem if ids differ only in case or in spaces at their ends."""
    written: dict[str, list[str]] = {}
    for one in dict.fromkeys(str(value) for value in ids):
        written.setdefault(one.strip().casefold(), []).append(one)
    pairs = [forms for forms in written.values() if len(forms) > 1]
    if not pairs:
        return []
    named = "; ".join(" and ".join(f"'{form}'" for form in forms) for forms in pairs[:5])
    counted = count_things(len(pairs), "subject id differs", "subject ids differ")
    fact = f"{counted} only in case or spaces: {named}."
    remedy = "Write each subject's id in one way; the two could land in different parts."
    return [Problem(fact, remedy, column="subject")]


def find_thin_contexts(labels: np.ndarray, contexts: pd.Series | None) -> list[Problem]:
    """Return a problem for each context that lacks a part which other clips have."""
    if contexts is None:
        return []
    codes, levels = pd.factorize(contexts)
    table = {
        part: np.bincount(codes[(labels == part) & (codes >= 0)], minlength=len(levels))
        for part in PARTS
    }
    used = [part for part, own in table.items() if own.any()]
    place = {level: code for code, level in enumerate(levels)}
    problems = []
    for context in order_levels(contexts):
        counts = {part: int(table[part][place[context]]) for part in used}
        if all(counts.values()):
            continue
        told = ", ".join(f"{part} {count:,}" for part, count in counts.items())
        absent = ", ".join(part for part, count in counts.items() if not count)
        fact = f"context '{context}' has no clips in {absent} (clips: {told})."
        remedy = ("Use another ", Option("seed"), " or larger parts, or leave this context out.")
        problems.append(Problem(fact, remedy, column="context"))
    if len(problems) > _MOST_THIN:
        fact = f"Of {len(levels):,} contexts, {len(problems):,} have no clips in some part, "
        fact += f"such as '{problems[0].fact.split(chr(39))[1]}'."
        remedy = (FEW_CONTEXTS, Option("context"), ".")
        return [Problem(fact, remedy, column="context")]
    return problems


def _check_parts(parts: pd.DataFrame) -> None:
    problems = find_absent(parts, _COLUMNS, "parts")
    if "subject" not in parts and "clip" in parts:
        fact = "the parts table splits clips, not subjects."
        remedy = "Use split_subjects: clips of one person in two parts leak into the test."
        problems = [Problem(fact, remedy)]
    if problems:
        raise DataError(problems)
    problems = find_empty(parts, _COLUMNS)
    unknown = sorted(set(map(str, parts["part"].dropna().unique())) - set(PARTS))
    if unknown and not problems:
        fact = f"unknown parts: {name_some(unknown)}."
        problems.append(Problem(fact, name_nearest(unknown[0], PARTS), column="part"))
    if problems:
        raise DataError(problems)


def _find_torn(pairs: Sequence[tuple[str, str]]) -> list[Problem]:
    places = Counter(subject for subject, _ in dict.fromkeys(pairs))
    torn = [subject for subject, count in places.items() if count > 1]
    if not torn:
        return []
    counted = count_things(len(torn), "subject stands", "subjects stand")
    fact = f"{counted} in more than one part: {name_some(torn)}."
    remedy = "Give each subject one part; a person on both sides of a split inflates the test."
    return [Problem(fact, remedy, column="subject")]


def _match_subjects(subjects: list[str], lookup: dict[str, str]) -> None:
    present = dict.fromkeys(subjects)
    lost = [one for one in present if one not in lookup]
    if lost:
        counted = count_things(len(lost), "subjects has", "subjects have", of=len(present))
        fact = f"{counted} no part: {name_some(lost)}."
        remedy = "Split the same clips that are fitted: split_subjects(clips)."
        raise DataError(Problem(fact, remedy, column="subject"))
    spare = [one for one in lookup if one not in present]
    if spare:
        what = "subjects of the split"
        counted = count_things(len(spare), f"{what} has", f"{what} have", of=len(lookup))
        message = (
            f"{counted} no clips here: {name_some(spare)}. "
            "Check that the split and the clips belong together."
        )
        # At the line that calls a verb, which builds a design, which labels its clips.
        warn_user(message)
