"""Subjects drawn into training, validation and test parts."""

from __future__ import annotations

from numbers import Real

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.models.folds import name_patterns, shuffle_patterns
from exprstats.models.parts import PARTS, find_thin_contexts, list_subjects
from exprstats.numerals import count_things
from exprstats.parallel import Seed, open_generator
from exprstats.tables import require_columns


def split_subjects(
    clips: pd.DataFrame,
    *,
    subject: str = "subject",
    train: float = 0.6,
    validate: float = 0.2,
    test: float = 0.2,
    stratify: bool = False,
    seed: Seed = None,
) -> pd.DataFrame:
    """Draw each subject, with all of their clips, into one part.

    Parameters
    ----------
    clips
        One row a clip (or a rating); only the subject column is used, and ``context``, where it
        stands, is checked. The draw depends on the set of ids and the seed, not on the order or
        number of rows, so that one split serves all contexts.
    subject
        The column that names the person.
    train, validate, test
        Shares of the subjects, with sum 1; counts are rounded by largest remainder. A share of 0
        leaves the part out.
    stratify
        Share out subjects who stand in the same contexts evenly among the parts, so that a context
        that only some people saw has its share in each part.
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
    ids = list_subjects(clips, subject)
    counts = share_out(len(ids), shares)
    _check_counts(counts, shares, len(ids))
    rng = open_generator(seed)
    if stratify:
        require_columns(clips, ["context"], "clips")
        order = shuffle_patterns(name_patterns(clips, subject, ids), rng)
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
        remedy = "Check that the column names people; else more are needed, or other shares."
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
