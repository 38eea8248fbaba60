"""Splits of subjects into parts and folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_empty, require_columns
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.io.guards.tables import guard_table
from exprstats.models.data.parts import find_lookalikes, find_thin_contexts, list_subjects
from exprstats.options import PARTS, check_count, name_some
from exprstats.parallel import Seed, open_generator

FEWER_FOLDS = "Use fewer folds, or leave this context out."


def split_subjects(
    clips: pd.DataFrame,
    *,
    subject: str = "subject",
    train: float = 0.6,
    validate: float = 0.2,
    test: float = 0.2,
    stratify: bool | str = False,
    seed: Seed = None,
) -> pd.DataFrame:
    """Draw each subject, with all of their clips, into one part.

    Parameters
    ----------
    clips
        One row per clip (or a rating); only the subject column is used, and ``context``, where it
        stands, is checked. The draw depends on the set of ids and the seed, not on the order or
        number of rows, so that one split serves all contexts.
    subject
        The column that names the person.
    train, validate, test
        Shares of the subjects, with sum 1; counts are rounded by largest remainder. A share of 0
        leaves the part out.
    stratify
        Share out subjects who stand in the same contexts evenly among the parts, so that a context
        that only some people saw has its share in each part; or the name of another column, whose
        values are shared out so.
    seed
        An integer, a NumPy generator, or None for a fresh draw.

    Returns
    -------
    pandas.DataFrame
        PARTS: ``subject``, ``part``; one row a subject, sorted by id.

    Raises
    ------
    DataError
        Empty ids, ids that differ only in case or spaces, fewer subjects than parts, or a context
        that a part lacks.
    OptionError
        Shares outside 0 to 1, or that do not add up to 1.

    References
    ----------
    Lin, Girard, and Morency (2020), section "Data partitions": 60/20/20, no subject in two parts.

    Examples
    --------
    >>> clips = pd.DataFrame({"subject": list("abcdeabcde"), "clip": range(10)})
    >>> split_subjects(clips, seed=1)["part"].value_counts().to_dict()
    {'train': 3, 'validate': 1, 'test': 1}
    """
    shares = _check_shares(train, validate, test)
    list_subjects(clips, subject)
    clips = guard_table(clips, ids=[subject, "context"], passed=["padded"])
    ids = list_subjects(clips, subject)
    counts = share_out(len(ids), shares)
    _check_counts(counts, shares, len(ids))
    rng = open_generator(seed)
    if stratify:
        column = stratify if isinstance(stratify, str) else "context"
        require_columns(clips, [column], "clips")
        order = shuffle_patterns(name_patterns(clips, subject, ids, column), rng)
        labels = _spread_labels(counts)
    else:
        order = rng.permutation(len(ids))
        labels = np.repeat(np.array(PARTS, dtype=object), counts)
    parts = pd.DataFrame({"subject": ids, "part": labels[np.argsort(order)]})
    _check_contexts(clips, subject, parts)
    _warn_of_singles(clips[subject])
    return parts


def share_out(count: int, shares: tuple[float, ...]) -> list[int]:
    """Return whole counts with the given sum by the method of largest remainder.

    Examples
    --------
    >>> share_out(7, (0.6, 0.2, 0.2))
    [4, 2, 1]
    """
    exact = [round(count * share, 9) for share in shares]
    whole = [int(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[: count - sum(whole)]:
        whole[i] += 1
    return whole


def _spread_labels(counts: list[int]) -> np.ndarray:
    """Return the parts (n,) in such an order that every stretch has about its share of each.

    Each place goes to the part that lies farthest behind its share so far.
    """
    total = sum(counts)
    given = [0] * len(counts)
    labels = []
    for place in range(1, total + 1):
        behind = [place * count - total * had for count, had in zip(counts, given, strict=True)]
        part = behind.index(max(behind))
        given[part] += 1
        labels.append(PARTS[part])
    return np.array(labels, dtype=object)


def _check_shares(*shares: float) -> tuple[float, ...]:
    sound = all(isinstance(share, Real) and 0 <= share <= 1 for share in shares)
    if not sound or abs(sum(shares) - 1) > 1e-9:
        told = ", ".join(f"{part} {share}" for part, share in zip(PARTS, shares, strict=True))
        message = f"Shares ({told}) must lie between 0 and 1 and add up to 1."
        raise OptionError(message)
    return shares


def _check_counts(counts: list[int], shares: tuple[float, ...], subjects: int) -> None:
    starved = [
        part
        for part, count, share in zip(PARTS, counts, shares, strict=True)
        if share > 0 and count == 0
    ]
    if starved:
        counted = count_things(subjects, "subject leaves", "subjects leave")
        fact = f"{counted} none for {', '.join(starved)}."
        remedy = "Check that the column names people; otherwise more are needed."
        raise DataError(Problem(fact, remedy, column="subject"))


def _check_contexts(clips: pd.DataFrame, subject: str, parts: pd.DataFrame) -> None:
    if "context" not in clips:
        return
    lookup = parts.set_index("subject")["part"]
    problems = find_thin_contexts(clips[subject].map(lookup).to_numpy(object), clips["context"])
    if problems:
        raise DataError(problems)


def _warn_of_singles(subjects: pd.Series) -> None:
    if subjects.is_unique:
        message = (
            f"Each of the {len(subjects):,} subjects has one row. If '{subjects.name}' names "
            "clips rather than people, clips of one person may land in different parts."
        )
        warn_user(message)


def fold_subjects(
    clips: pd.DataFrame,
    *,
    subject: str = "subject",
    folds: int = 5,
    repeats: int = 1,
    seed: Seed = None,
) -> pd.DataFrame:
    """Deal each subject, with all of their clips, into one fold.

    Subjects who stand in the same contexts are dealt out evenly, so that a context that only some
    people saw reaches every fold.

    Parameters
    ----------
    clips
        One row per clip; the draw depends on the ids, their contexts and the seed, not on the order
        of the rows.
    subject
        The column that names the person.
    folds
        How many folds.
    repeats
        How often everybody is dealt anew.
    seed
        An integer, a NumPy generator, or None for a fresh draw.

    Returns
    -------
    pandas.DataFrame
        FOLDS: ``subject``, ``repeat``, ``fold`` (both from 1), sorted by repeat and id.

    Raises
    ------
    DataError
        Empty ids, ids that differ only in case or spaces, fewer subjects than folds, or a context
        that a fold lacks.
    OptionError
        Fewer than two folds, or no repeat.

    Examples
    --------
    >>> clips = pd.DataFrame({"subject": list("abcdefg")})
    >>> fold_subjects(clips, folds=3, seed=1)["fold"].value_counts().sort_index().to_dict()
    {1: 3, 2: 2, 3: 2}

    References
    ----------
    Kohavi, R. (1995). A study of cross-validation and bootstrap for accuracy estimation and model
    selection.
    """
    check_count(folds, "folds", 2)
    check_count(repeats, "repeats")
    list_subjects(clips, subject)
    clips = guard_table(clips, ids=[subject, "context"], passed=["padded"])
    ids = list_subjects(clips, subject)
    if len(ids) < folds:
        fact = f"{count_things(len(ids), 'subject cannot', 'subjects cannot')} fill {folds} folds."
        raise DataError(Problem(fact, "Use fewer folds.", column=subject))
    patterns = name_patterns(clips, subject, ids)
    rng = open_generator(seed)
    rounds = [
        pd.DataFrame({"subject": ids, "repeat": again, "fold": _deal(patterns, folds, rng)})
        for again in range(1, repeats + 1)
    ]
    dealt = pd.concat(rounds, ignore_index=True)
    check_folds(clips.rename(columns={subject: "subject"}), dealt)
    return dealt


def check_folds(clips: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Return folds with their ``repeat``, 1 where they have none, if they fit the clips.

    A subject in two folds of a repeat or in none, or a context that a fold lacks, does not fit.
    """
    require_columns(folds, ["subject", "fold"], "folds")
    folds = folds if "repeat" in folds else folds.assign(repeat=1)
    problems = find_empty(folds, ["subject", "repeat", "fold"])
    if problems:
        raise DataError(problems)
    codes, levels = pd.factorize(clips["subject"])
    subjects = [str(level) for level in levels]
    text = folds["subject"].astype(str).tolist()
    problems = find_lookalikes([*text, *subjects])
    deals = set(zip(folds["repeat"], text, folds["fold"], strict=True))
    places = Counter((again, one) for again, one, _ in deals)
    twice = sorted(one for (_, one), count in places.items() if count > 1)
    if twice:
        counted = count_things(len(twice), "subject stands", "subjects stand")
        fact = f"{counted} in more than one fold: {name_some(twice)}."
        problems.append(Problem(fact, "Give each subject one fold.", column="subject"))
    known = set(text)
    lost = [one for one in dict.fromkeys(subjects) if one not in known]
    if lost:
        counted = count_things(len(lost), "subject has", "subjects have")
        fact = f"{counted} no fold: {name_some(lost)}."
        problems.append(Problem(fact, "Fold the same clips: fold_subjects(clips)."))
    if problems:
        raise DataError(problems)
    for again in sorted(set(folds["repeat"])):
        lookup = {one: fold for repeat, one, fold in deals if repeat == again}
        absent = [one for one in subjects if one not in lookup]
        if absent:
            counted = count_things(len(absent), "subject has", "subjects have")
            fact = f"{counted} no fold in repeat {again}: {name_some(absent)}."
            problems.append(Problem(fact, "Fold the same clips: fold_subjects(clips)."))
        else:
            placed = np.array([lookup[one] for one in subjects], dtype=object)[codes]
            problems += _find_thin(clips, placed, sorted(set(lookup.values())), again)
    if problems:
        raise DataError(problems)
    return folds


def _find_thin(
    clips: pd.DataFrame, placed: np.ndarray, folds: Sequence[Any], again: object
) -> list[Problem]:
    contexts = clips["context"] if "context" in clips else pd.Series("", index=clips.index)
    codes, levels = pd.factorize(contexts, sort=True)
    counts = {fold: np.bincount(codes[placed == fold], minlength=len(levels)) for fold in folds}
    problems = []
    for code, context in enumerate(levels):
        row = {fold: int(own[code]) for fold, own in counts.items()}
        if all(row.values()):
            continue
        told = ", ".join(f"{fold}: {count:,}" for fold, count in row.items())
        what = f"context '{context}'" if "context" in clips else "the table"
        fact = f"{what} has no clips in some folds of repeat {again} (clips by fold: {told})."
        problems.append(Problem(fact, FEWER_FOLDS))
    return problems


def name_patterns(
    clips: pd.DataFrame, subject: str, ids: list[object], column: str = "context"
) -> np.ndarray:
    """Return codes of the sets of contexts that each subject (in the order of ids) stands in."""
    if column not in clips:
        return np.zeros(len(ids), dtype=int)
    seen = clips.groupby(subject)[column].agg(lambda own: "\x1f".join(sorted(set(map(str, own)))))
    return pd.factorize(seen.reindex(ids), sort=True)[0]


def shuffle_patterns(patterns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions in random order, those of one pattern together."""
    return np.concatenate(
        [rng.permutation(np.flatnonzero(patterns == one)) for one in np.unique(patterns)]
    )


def _deal(patterns: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Deal shuffled subjects of one pattern after another, never starting over at fold 1."""
    order = shuffle_patterns(patterns, rng)
    dealt = np.empty(len(patterns), dtype=int)
    dealt[order] = np.arange(len(patterns)) % folds + 1
    return dealt
