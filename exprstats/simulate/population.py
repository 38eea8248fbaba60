"""The simulated population: features, contexts and raters, and one draw from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

FEATURES = (
    *("points_displacement", "points_velocity", "gaze_displacement", "gaze_velocity"),
    *("head_displacement", "head_velocity", "pitch_displacement", "pitch_velocity"),
    *("yaw_displacement", "yaw_velocity", "roll_displacement", "roll_velocity"),
    *("au_count", "au_intensity"),
)
ITEMS = ("response", "emotion", "motion")
LOW, HIGH = 0, 4

# Means and SDs in the features' own units: px, px/s, rad, rad/s, mm, mm/s, units, intensity.
FEATURE_MEANS = np.array(
    [2.6, 9.0, 0.045, 0.16, 3.2, 11.0, 0.021, 0.075, 0.018, 0.066, 0.012, 0.045, 4.6, 1.15]
)
FEATURE_SDS = np.array(
    [0.5, 1.8, 0.009, 0.03, 0.6, 2.2, 0.004, 0.015, 0.0035, 0.013, 0.0024, 0.009, 0.95, 0.22]
)
# Everything that moves goes together a little; the two features of one part go together a lot.
_GENERAL = np.repeat([0.50, 0.25, 0.50, 0.45, 0.40, 0.40, 0.45], 2)
_PAIRED = 0.65
_CELLS = 4_000_000

_HALO = (0.92, 0.92, 0.80)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """How one context looks: feature weights, feature shifts, and the three items.

    Attributes
    ----------
    weights
        (p,) expressiveness SD per SD of feature.
    shifts
        (p,) how far the features' means lie from those of all contexts, in SD.
    means, slopes, specifics
        (3,) each item's mean before rounding, its scale points per SD of expressiveness, and
        the SD of what a clip adds to this item alone.
    noise, halo
        (3,) SD of one rating around the clip, and the share of that variance that a rater
        carries over from item to item of one clip.
    """

    weights: np.ndarray
    shifts: np.ndarray
    means: np.ndarray
    slopes: np.ndarray
    specifics: np.ndarray
    noise: np.ndarray
    halo: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Everything that is fixed when subjects, clips and raters are drawn.

    Attributes
    ----------
    contexts
        Clips a subject has in each context.
    profiles
        The `Profile` of each context.
    correlations
        (p, p) correlations of the features within a context.
    subject_share
        Share of the variance of features and expressiveness that lies between subjects.
    severity_share
        Share of a rating's error variance that is the worker's severity.
    counts, chances
        Numbers of raters per clip can have, and how often each occurs.
    load
        Clips that one worker rates on average.
    """

    contexts: dict[str, int]
    profiles: dict[str, Profile]
    correlations: np.ndarray
    subject_share: float
    severity_share: float
    counts: np.ndarray
    chances: np.ndarray
    load: float

    @property
    def shares(self) -> np.ndarray:
        """(c,) share of the clips that each context has."""
        clips = np.array(list(self.contexts.values()), float)
        return clips / clips.sum()

    @property
    def inverse_raters(self) -> float:
        """Expected 1/n over clips: one over the harmonic mean number of raters."""
        return float(self.chances @ (1 / self.counts))


def build_profile(
    weights: Mapping[str, float],
    shifts: Mapping[str, float],
    *,
    means: tuple[float, float, float],
    slopes: tuple[float, float, float],
    specifics: tuple[float, float, float],
    noise: tuple[float, float, float],
) -> Profile:
    """Return a profile from named weights and shifts; features not named have 0."""
    spread = [np.array([named.get(name, 0.0) for name in FEATURES]) for named in (weights, shifts)]
    rest = (np.array(values) for values in (means, slopes, specifics, noise, _HALO))
    return Profile(*spread, *rest)


def form_correlations() -> np.ndarray:
    """Return (p, p) correlations of the features: one general factor, and one for each pair."""
    pairs = np.kron(np.eye(len(FEATURES) // 2), np.ones((2, 2)))
    matrix = np.outer(_GENERAL, _GENERAL) + _PAIRED**2 * pairs
    np.fill_diagonal(matrix, 1.0)
    return matrix


# Signs and order of the weights follow Lin, Girard, & Morency (2020, Figure 4).
PROFILES = {
    "startle": build_profile(
        {
            "points_displacement": 0.40,
            "points_velocity": 0.28,
            "head_displacement": -0.28,
            "au_count": 0.38,
        },
        {"points_velocity": 0.3, "head_velocity": 0.3, "au_intensity": -0.2},
        means=(1.55, 1.60, 1.65),
        slopes=(1.05, 1.10, 1.08),
        specifics=(0.12, 0.16, 0.22),
        noise=(1.02, 1.02, 1.00),
    ),
    "pain": build_profile(
        {"points_velocity": -0.30, "au_count": 0.42, "au_intensity": 0.30},
        {"points_velocity": -0.2, "gaze_displacement": 0.2, "head_velocity": -0.2},
        means=(1.75, 1.60, 1.40),
        slopes=(1.02, 1.02, 0.86),
        specifics=(0.10, 0.22, 0.45),
        noise=(1.02, 1.06, 1.04),
    ),
    "disgust": build_profile(
        {
            "points_displacement": 0.28,
            "head_displacement": 0.22,
            "au_count": 0.40,
            "au_intensity": 0.34,
        },
        {"au_intensity": 0.4, "au_count": 0.2, "head_displacement": 0.2},
        means=(1.90, 1.85, 1.60),
        slopes=(1.22, 1.22, 1.10),
        specifics=(0.10, 0.12, 0.40),
        noise=(1.00, 1.00, 1.00),
    ),
}


def measure_activity(rng: np.random.Generator, workers: int) -> np.ndarray:
    """Return (w,) how readily each worker takes a clip: log-normal, as crowds are."""
    return np.exp(0.7 * rng.standard_normal(workers))


def assign_workers(
    rng: np.random.Generator, counts: np.ndarray, activity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give every clip its number of different workers, the active ones more often.

    Counts (n,) are at most the number of workers, activity (w,) their positive weights. Clip and
    worker positions, (Σ counts,) each, come by clip and then by worker.

    Notes
    -----
    Each worker runs an exponential race at a rate of their activity; the first to arrive rate
    the clip (Efraimidis & Spirakis, 2006).
    """
    most = int(counts.max())
    step = max(1, _CELLS // len(activity))
    chosen = []
    for start in range(0, len(counts), step):
        size = min(step, len(counts) - start)
        times = rng.standard_exponential((size, len(activity)), np.float32)
        times /= activity.astype(np.float32)
        first = np.argpartition(times, most - 1, axis=1)[:, :most]
        order = np.take_along_axis(times, first, axis=1).argsort(axis=1)
        chosen.append(np.take_along_axis(first, order, axis=1))
    kept = np.arange(most) < counts[:, None]
    clip, seat = np.nonzero(kept)
    worker = np.concatenate(chosen)[clip, seat]
    order = np.lexsort((worker, clip))
    return clip[order], worker[order]


def list_clips(population: Population, subjects: int) -> pd.DataFrame:
    """Return the clip, subject and context of every clip, by subject."""
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
    """Draw what each clip, as in `list_clips`, shows and how expressive it is (n,).

    Features (n, p) are in SD of one context.
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
    """Draw who of the workers rates each clip, whose expressiveness is (n,), and the answers."""
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
