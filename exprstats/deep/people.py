"""The inner split: people on whose clips training is stopped early."""

from __future__ import annotations

from typing import Any

import numpy as np

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.options import name_some


def split_people(
    count: int, groups: Any, held_out: Any = None, *, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which clips are trained on, which stop training, and the people of the latter.

    Whole people are held out: a clip of a person who is trained on is predicted too well, so that
    training would stop too late.

    Parameters
    ----------
    count
        How many clips there are.
    groups
        (count,) the person of each clip; without them clips are held out, and a warning says so.
    held_out
        (count,) which clips stop training, in place of a random share.
    share
        Share of the people to hold out; at least one person on either side. 0 holds out nobody.
    seed
        Of the draw, which depends on the set of people and not on the order of clips.

    Returns
    -------
    train, held : numpy.ndarray
        Positions of clips.
    people : numpy.ndarray
        Who is held out, in order; empty without groups.

    Raises
    ------
    DataError
        Not one group for each clip, fewer than two people, or a person on both sides.

    Examples
    --------
    >>> split_people(6, list("aabbcc"), share=0.2, seed=1)
    (array([2, 3, 4, 5]), array([0, 1]), array(['a'], dtype='<U1'))
    """
    people = None if groups is None else np.asarray(groups)
    if people is not None and people.shape != (count,):
        fact = f"groups have shape {people.shape}; the number of clips is {count:,}."
        raise DataError(Problem(fact, "Name one person for each clip.", option="groups"))
    if held_out is None:
        if not share:
            return np.arange(count), np.arange(0), np.array([])
        if people is None:
            message = (
                "Without groups, clips that stop training may show people who are trained on. "
                "Name each clip's person: fit(X, y, groups=...)."
            )
            warn_user(message)
        held_out = _draw_people(np.arange(count) if people is None else people, share, seed)
    mask = np.asarray(held_out)
    if mask.shape != (count,) or mask.dtype != bool:
        fact = f"held_out has shape {mask.shape} and type {mask.dtype}."
        raise DataError(Problem(fact, f"Give one True or False for each of {count:,} clips."))
    train, held = np.flatnonzero(~mask), np.flatnonzero(mask)
    if not len(train):
        raise DataError(Problem("every clip is held out.", "Leave some to train on."))
    if people is None:
        return train, held, np.array([])
    torn = np.intersect1d(people[train], people[held])
    if len(torn):
        counted = count_things(len(torn), "person is", "people are")
        fact = f"{counted} on both sides of the inner split: {name_some(torn.tolist())}."
        raise DataError(Problem(fact, "Hold out whole people.", option="held_out"))
    return train, held, np.unique(people[held])


def _draw_people(units: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return which clips (n,) belong to the share of units that is held out."""
    names = np.unique(units)
    if len(names) < 2:
        fact = "all clips show one person, so that nobody can be held out to stop training."
        raise DataError(Problem(fact, ("Use ", Option("validation", 0), ".")))
    drawn = np.random.default_rng(seed).permutation(names)
    return np.isin(units, drawn[: min(max(round(share * len(names)), 1), len(names) - 1)])
