"""One draw from the simulated population: clips, behaviour, raters and answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.simulate.population import (
    FEATURES,
    HIGH,
    ITEMS,
    LOW,
    Population,
    assign_workers,
    measure_activity,
)


def list_clips(population: Population, subjects: int) -> pd.DataFrame:
    """Return the clip, subject and context of every clip, by subject.

    Parameters
    ----------
    population
        What is drawn from.
    subjects
        How many people.
    """
    width = max(3, len(str(subjects)))
    places = [
        (name, f"{name}_{number}")
        for name, count in population.contexts.items()
        for number in range(1, count + 1)
    ]
    people = [f"S{number:0{width}d}" for number in range(1, subjects + 1)]
    return pd.DataFrame(
        {
            "clip": [f"{person}_{place}" for person in people for _, place in places],
            "subject": np.repeat(np.array(people, object), len(places)),
            "context": [context for context, _ in places] * subjects,
        }
    )


def draw_signals(
    rng: np.random.Generator, population: Population, subjects: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what each clip shows and how expressive it is.

    Parameters
    ----------
    rng
        Source of chance.
    population
        What is drawn from.
    subjects
        How many people.

    Returns
    -------
    tuple
        Features (n, p) in SD of one context and expressiveness (n,), clips as in `list_clips`.
    """
    share = population.subject_share
    root = np.linalg.cholesky(population.correlations)
    clips = sum(population.contexts.values())
    traits = rng.standard_normal((subjects, 1, len(FEATURES) + 1))
    states = rng.standard_normal((subjects, clips, len(FEATURES) + 1))
    mixed = np.sqrt(share) * traits + np.sqrt(1 - share) * states
    features = mixed[..., :-1] @ root.T
    expressiveness = np.empty((subjects, clips))
    start = 0
    for name, count in population.contexts.items():
        profile, here = population.profiles[name], slice(start, start + count)
        explained = profile.weights @ population.correlations @ profile.weights
        own = np.sqrt(1 - explained) * mixed[:, here, -1]
        expressiveness[:, here] = features[:, here] @ profile.weights + own
        features[:, here] += profile.shifts
        start += count
    return features.reshape(subjects * clips, -1), expressiveness.ravel()


def sample_ratings(
    rng: np.random.Generator,
    population: Population,
    frame: pd.DataFrame,
    expressiveness: np.ndarray,
    workers: int,
) -> pd.DataFrame:
    """Draw who rates each clip, and the answers.

    Parameters
    ----------
    rng
        Source of chance.
    population
        What is drawn from.
    frame
        The clips.
    expressiveness
        (n,) of each clip.
    workers
        How many workers share the rating.

    Returns
    -------
    pandas.DataFrame
        RATINGS.
    """
    chosen = rng.choice(population.counts, size=len(frame), p=population.chances)
    activity = measure_activity(rng, workers)
    clip, worker = assign_workers(rng, chosen, activity)
    severities = rng.standard_normal(workers)
    answers = _answer(rng, population, (clip, worker), expressiveness, severities)
    ids = frame.take(np.repeat(clip, len(ITEMS))).reset_index(drop=True)
    width = max(3, len(str(workers)))
    names = np.array([f"W{number:0{width}d}" for number in range(1, workers + 1)], object)
    return pd.DataFrame(
        {
            "context": ids["context"],
            "clip": ids["clip"],
            "rater": np.repeat(names[worker], len(ITEMS)),
            "item": np.tile(np.array(ITEMS, object), len(clip)),
            "subject": ids["subject"],
            "rating": answers.ravel(),
        }
    )


def _answer(
    rng: np.random.Generator,
    population: Population,
    jobs: tuple[np.ndarray, np.ndarray],
    expressiveness: np.ndarray,
    severities: np.ndarray,
) -> np.ndarray:
    """Return (jobs, 3) whole-number answers of each worker to each clip."""
    clip, worker = jobs
    names = list(population.contexts)
    of_clip = np.tile(
        np.repeat(np.arange(len(names)), list(population.contexts.values())),
        len(expressiveness) // sum(population.contexts.values()),
    )
    stack = {
        field: np.array([getattr(population.profiles[name], field) for name in names])
        for field in ("means", "slopes", "specifics", "noise", "halo")
    }
    specific = stack["specifics"][of_clip] * rng.standard_normal((len(of_clip), len(ITEMS)))
    seen = stack["means"][of_clip] + stack["slopes"][of_clip] * expressiveness[:, None] + specific
    share = population.severity_share
    halo = stack["halo"][of_clip[clip]]
    errors = (
        np.sqrt(share) * severities[worker][:, None]
        + np.sqrt(halo - share) * rng.standard_normal((len(clip), 1))
        + np.sqrt(1 - halo) * rng.standard_normal((len(clip), len(ITEMS)))
    )
    # Half-way values are rounded up, as the population moments assume; they have no weight.
    answers = np.floor(seen[clip] + stack["noise"][of_clip[clip]] * errors + 0.5)
    return np.clip(answers, LOW, HIGH).astype(np.int64)
