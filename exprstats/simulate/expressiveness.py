"""A simulated study of expressiveness: subjects, contexts, clips, crowd ratings, features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from exprstats.contracts import check_kind
from exprstats.errors import OptionError
from exprstats.options import check_count, name_nearest, tell_kind
from exprstats.parallel import Seed, open_generator
from exprstats.simulate.population import (
    FEATURE_MEANS,
    FEATURE_SDS,
    FEATURES,
    PROFILES,
    Population,
    draw_signals,
    form_correlations,
    list_clips,
    sample_ratings,
)
from exprstats.simulate.truth import state_truth

_CONTEXTS = {"startle": 5, "pain": 7, "disgust": 4}
# Now and then a worker's answer is missing: one rater fewer, more rarely two.
_CHANCES = (0.80, 0.15, 0.05)
_CLIPS_PER_WORKER = 120


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A simulated study, with the population that it was drawn from.

    Attributes
    ----------
    ratings
        RATINGS table: ``context``, ``clip``, ``rater``, ``item``, ``subject``, ``rating`` (0–4).
    clips
        CLIPS table: ``clip``, ``subject``, ``context``, and one column for each feature.
    truth
        The population value of every estimate; see `exprstats.simulate.state_truth`.
    population
        What was drawn from; `simulate_again` draws from it again.
    """

    ratings: pd.DataFrame
    clips: pd.DataFrame
    truth: pd.DataFrame
    population: Population


def simulate_expressiveness(
    *,
    subjects: int = 140,
    contexts: Mapping[str, int] | None = None,
    raters_per_clip: int = 6,
    workers: int | None = None,
    subject_share: float = 0.4,
    severity_share: float = 0.3,
    seed: Seed = None,
) -> Simulated:
    """Simulate crowd ratings of expressiveness, and clip features that predict it.

    Subjects have traits, so their clips are alike; each context has its own weights of the
    features; workers differ in severity, rate clips of many subjects, and carry part of their
    impression of a clip over from item to item; most clips have all their raters.

    Parameters
    ----------
    subjects
        How many people.
    contexts
        Clips a person has in each context, any of startle, pain and disgust; ``None``:
        startle 5, pain 7, disgust 4.
    raters_per_clip
        Raters of a clip; one in five clips has one or two fewer, but at least two.
    workers
        How many workers share the rating; ``None``: one for every 120 clips to be rated.
    subject_share
        Share of the variance of features and expressiveness that lies between subjects.
    severity_share
        Share of a rating's error variance that is the worker's severity, at most .8.
    seed
        Makes the study repeatable.

    Returns
    -------
    Simulated
        Clips, ratings, and the true value of every estimate.

    Raises
    ------
    OptionError
        If a context is unknown or an option lies outside its range.

    Notes
    -----
    The design is that of Lin, Girard, & Morency (2020); sizes of reliability, loadings and
    predictability are near theirs.

    References
    ----------
    Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting and
    characterizing facial expressiveness. *Proceedings of AffCon*, 11–28.

    Examples
    --------
    >>> study = simulate_expressiveness(subjects=10, seed=1)
    >>> study.clips["clip"].nunique(), study.ratings["item"].unique().tolist()
    (160, ['response', 'emotion', 'motion'])
    """
    clips = _check_contexts(contexts)
    for option, number in (("subjects", subjects), ("raters_per_clip", raters_per_clip)):
        check_count(number, option)
    _check_ranges(subjects, raters_per_clip, subject_share, severity_share)
    counts = np.maximum(raters_per_clip - np.arange(len(_CHANCES)), 2)
    jobs = subjects * sum(clips.values()) * raters_per_clip
    if workers is None:
        workers = max(2 * raters_per_clip, round(jobs / _CLIPS_PER_WORKER))
    check_count(workers, "workers")
    if workers < raters_per_clip:
        message = f"workers {workers} cannot give {raters_per_clip} different raters to a clip."
        raise OptionError(message, option="workers")
    population = Population(
        contexts=clips,
        profiles={name: PROFILES[name] for name in clips},
        correlations=form_correlations(),
        subject_share=subject_share,
        severity_share=severity_share,
        counts=counts,
        chances=np.array(_CHANCES),
        load=jobs / workers,
    )
    return _draw_study(population, subjects, workers, seed, truth=state_truth(population))


def simulate_again(
    simulated: Simulated, *, subjects: int, workers: int | None = None, seed: Seed = None
) -> Simulated:
    """Draw new subjects, clips and workers from the population of a simulated study.

    A large draw shows how a fitted model performs on people whom it has never seen.

    Parameters
    ----------
    simulated
        The study whose population is drawn from.
    subjects
        How many new people.
    workers
        How many new workers share the rating; ``None``: as many clips for each as in the study.
    seed
        Must differ from the study's seed, or the same people come back.

    Returns
    -------
    Simulated
        Clips, ratings and the same truth.

    Raises
    ------
    OptionError
        If the number of subjects or of workers is too small.

    Examples
    --------
    >>> study = simulate_expressiveness(subjects=10, seed=1)
    >>> simulate_again(study, subjects=25, seed=2).clips["subject"].nunique()
    25
    """
    check_count(subjects, "subjects")
    check_kind(simulated, Simulated, "simulated", "simulate_expressiveness")
    population = simulated.population
    _check_ranges(subjects, int(population.counts.max()), 0.0, 0.0)
    most = int(population.counts.max())
    if workers is None:
        jobs = subjects * sum(population.contexts.values()) * most
        workers = max(most, round(jobs / population.load))
    check_count(workers, "workers")
    if workers < most:
        message = f"workers {workers} cannot give {most} different raters to a clip."
        raise OptionError(message, option="workers")
    return _draw_study(population, subjects, workers, seed, truth=simulated.truth)


def _check_contexts(contexts: Mapping[str, int] | None) -> dict[str, int]:
    if contexts is None:
        return dict(_CONTEXTS)
    if not isinstance(contexts, Mapping):
        message = "contexts must name the clips of each context, as in {'pain': 7, 'disgust': 4}."
        raise OptionError(message)
    for name, count in contexts.items():
        if name not in PROFILES:
            message = f"context '{name}' is not known. {name_nearest(name, PROFILES)}"
            raise OptionError(message)
        check_count(count, f"the number of clips in context '{name}'")
    if not contexts:
        message = f"contexts is empty. There is: {', '.join(PROFILES)}."
        raise OptionError(message)
    return dict(contexts)


def _check_ranges(subjects: int, raters: int, subject_share: float, severity_share: float) -> None:
    for name, value, low, high in (
        ("subjects", subjects, 1, 10_000_000),
        ("raters_per_clip", raters, 2, 1_000),
        ("subject_share", subject_share, 0, 1),
        ("severity_share", severity_share, 0, min(p.halo.min() for p in PROFILES.values())),
    ):
        if not isinstance(value, Real) or not low <= value <= high:
            message = f"{name} is {tell_kind(value)}; it must lie between {low:g} and {high:,g}."
            raise OptionError(message)


def _draw_study(
    population: Population, subjects: int, workers: int, seed: Seed, *, truth: pd.DataFrame
) -> Simulated:
    rng = open_generator(seed)
    frame = list_clips(population, subjects)
    features, expressiveness = draw_signals(rng, population, subjects)
    values = FEATURE_MEANS + FEATURE_SDS * features
    clips = pd.concat([frame, pd.DataFrame(values, columns=list(FEATURES))], axis=1)
    ratings = sample_ratings(rng, population, frame, expressiveness, workers)
    return Simulated(ratings, clips, truth, population)
