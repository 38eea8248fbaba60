"""Simulated estimates of acted expressions on face and voice, with the truth of every interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from exprstats.options import check_count
from exprstats.parallel import Seed, open_generator

EMOTIONS = ("Calmness", "Joy", "Sadness", "Anger", "Fear", "Interest")
LABELS = ("calm", "happy", "sad", "angry")  # of the first four emotions
SETS = ("laboratory", "home")
_TAKES = 2
_FRAMES = 6
_HZ = 3.0
_FACE, _VOICE = "face", "prosody"
# By modality: levels of the emotions, what acting adds, and SD of speakers, clips and moments.
_LEVELS = {
    _FACE: np.array([0.44, 0.40, 0.36, 0.32, 0.30, 0.42]),
    _VOICE: np.array([0.24, 0.20, 0.19, 0.16, 0.15, 0.22]),
}
_ACTED = {_FACE: 0.10, _VOICE: 0.04}
_SPEAKER = {_FACE: 0.04, _VOICE: 0.02}
_CLIP = {_FACE: 0.06, _VOICE: 0.03}
_MOMENT = 0.05
_FOLLOWING = 0.5  # autoregression from moment to moment
_SHARED = 0.5  # correlation of face and voice, of speakers and of clips
# Loadings of the clips' deviations on one factor; with other structure the last three are turned.
_LOADINGS = np.array([0.6, 0.6, -0.6, -0.6, -0.3, 0.3])
_NODES = 40


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedEstimates:
    """Simulated estimates, with what they were drawn from.

    Attributes
    ----------
    estimates
        ESTIMATES of faces (six moments a clip) and voices (one segment), with ``label`` and the
        data set as ``context``.
    truth
        ``context``, ``modality``, ``versus``, ``emotion``, ``term`` and ``truth``, of every row
        of `exprstats.rate_estimates` that has an interval; where nothing is acted also the
        recall of any features.
    """

    estimates: pd.DataFrame
    truth: pd.DataFrame


def simulate_estimates(
    *, speakers: int = 24, acted: bool = True, alike: bool = True, seed: Seed = None
) -> SimulatedEstimates:
    """Simulate estimates of speakers who act four emotions, in two data sets.

    A score is the level of the emotion, more of it where it is acted, and normal deviations of the
    speaker, the clip and the moment, which follow each other. Deviations of face and voice
    correlate, and those of a clip share a factor over emotions.

    Parameters
    ----------
    speakers
        How many in each data set; each acts every emotion twice.
    acted
        Whether acting shows at all; without, recall of new speakers is at chance.
    alike
        Whether both data sets have the same correlations of emotions.
    seed
        Makes the study repeatable.

    Returns
    -------
    SimulatedEstimates
        Estimates and truth.

    Raises
    ------
    OptionError
        If there are no speakers.

    Examples
    --------
    >>> study = simulate_estimates(speakers=4, seed=1)
    >>> study.estimates.groupby("modality")["recording"].nunique().to_dict()
    {'face': 64, 'prosody': 64}
    """
    check_count(speakers, "speakers")
    rng = open_generator(seed)
    parts = []
    for place, name in enumerate(SETS):
        loadings = _turn(_LOADINGS, turned=bool(place) and not alike)
        keys = _list_clips(name, speakers)
        for modality, scores in _draw_scores(rng, keys, loadings, acted=acted).items():
            parts.append(_lengthen(keys, modality, scores))
    truth = [
        {"context": name, **row}
        for place, name in enumerate(SETS)
        for row in _state_set(turned=bool(place) and not alike, acted=acted)
    ]
    return SimulatedEstimates(pd.concat(parts, ignore_index=True), pd.DataFrame(truth))


@cache
def _state_set(*, turned: bool, acted: bool) -> list[dict[str, Any]]:
    # Quadrature takes longer than a study, and there are four answers.
    return state_levels(_turn(_LOADINGS, turned=turned), acted=acted)


def _turn(loadings: np.ndarray, *, turned: bool) -> np.ndarray:
    return np.where(np.arange(len(loadings)) >= 3, -loadings, loadings) if turned else loadings


def _list_clips(name: str, speakers: int) -> pd.DataFrame:
    rows = [
        (
            name,
            f"{name[0]}{speaker + 1:03d}",
            f"{name[0]}{speaker + 1:03d}_{label}_{take + 1}",
            label,
        )
        for speaker in range(speakers)
        for label in LABELS
        for take in range(_TAKES)
    ]
    return pd.DataFrame(rows, columns=["context", "subject", "recording", "label"])


def _draw_scores(
    rng: np.random.Generator, keys: pd.DataFrame, loadings: np.ndarray, *, acted: bool
) -> dict[str, np.ndarray]:
    """Return scores (clips, moments, emotions) of faces, and of voices with one moment."""
    clips, count = len(keys), len(EMOTIONS)
    who = pd.factorize(keys["subject"])[0]
    matched = _match(keys["label"]) * float(acted)
    people = _draw_pair(rng, (int(who.max()) + 1, count))
    factor, own = _draw_pair(rng, (clips, 1)), _draw_pair(rng, (clips, count))
    found = {}
    for place, modality in enumerate((_FACE, _VOICE)):
        deviation = loadings * factor[place] + np.sqrt(1 - loadings**2) * own[place]
        found[modality] = (
            _LEVELS[modality]
            + _ACTED[modality] * matched
            + _SPEAKER[modality] * people[place][who]
            + _CLIP[modality] * deviation
        )[:, None, :]
    steps = rng.normal(size=(clips, _FRAMES, count))
    for moment in range(1, _FRAMES):
        fresh = np.sqrt(1 - _FOLLOWING**2) * steps[:, moment]
        steps[:, moment] = _FOLLOWING * steps[:, moment - 1] + fresh
    found[_FACE] = found[_FACE] + _MOMENT * steps
    return found


def _match(labels: pd.Series) -> np.ndarray:
    """Return 1 (clips, emotions) where the label is that of the emotion."""
    places = labels.map({name: place for place, name in enumerate(LABELS)}).to_numpy(int)
    return np.eye(len(EMOTIONS))[places]


def _draw_pair(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    one, other = rng.normal(size=shape), rng.normal(size=shape)
    return one, _SHARED * one + np.sqrt(1 - _SHARED**2) * other


def _lengthen(keys: pd.DataFrame, modality: str, scores: np.ndarray) -> pd.DataFrame:
    clips, moments, count = scores.shape
    rows = np.repeat(np.arange(clips), moments * count)
    face = modality == _FACE
    return keys.iloc[rows].assign(
        id="face_0" if face else "speaker_0",
        modality=modality,
        time=np.tile(np.repeat(np.arange(moments) / _HZ, count), clips),
        end=np.nan if face else _FRAMES / _HZ,
        emotion=np.tile(np.array(EMOTIONS, object), clips * moments),
        score=scores.ravel(),
    )


def state_levels(loadings: np.ndarray, *, acted: bool) -> list[dict[str, Any]]:
    """Return the truth of one data set: normal mixtures over the labels, by quadrature.

    Loadings (emotions,) are those of the clips' deviations on their factor; ``acted``: acting
    shows.
    """
    matched = np.eye(len(LABELS), len(EMOTIONS)) * float(acted)
    rows: list[dict[str, Any]] = []

    def add(modality: str, term: str, values: Any, versus: str | None = None) -> None:
        values = np.atleast_1d(values)
        names = EMOTIONS if len(values) == len(EMOTIONS) else (None,)
        rows.extend(
            {"modality": modality, "versus": versus, "emotion": name, "term": term, "truth": value}
            for name, value in zip(names, values.tolist(), strict=True)
        )

    for modality in (_FACE, _VOICE):
        means = _LEVELS[modality] + _ACTED[modality] * matched
        moment = _MOMENT if modality == _FACE else 0.0
        rest = _SPEAKER[modality] ** 2 + _CLIP[modality] ** 2 * (1 - loadings**2) + moment**2
        shared = _CLIP[modality] * loadings
        add(modality, "mean", means.mean(axis=0))
        add(modality, "mean_rank", _rank_means(means, rest, shared))
        add(modality, "share_top", _lead_means(means, rest, shared))
    follows = _FOLLOWING ** np.abs(np.subtract.outer(np.arange(_FRAMES), np.arange(_FRAMES)))
    add(_FACE, "stability", _halve(matched, follows))
    add(_FACE, "lag_one", np.full(len(EMOTIONS), _follow(follows)))
    pairs = _pair(matched, follows)
    each = np.array([_correlate_ranks([one]) for one in pairs])
    # The segment of speech comes first in a pair.
    add(_VOICE, "spearman", each, versus=_FACE)
    add(_VOICE, "spearman", _correlate_ranks(pairs), versus=_FACE)
    add(_VOICE, "spearman_within", each.mean(), versus=_FACE)
    if not acted:
        rows.append({"term": "uar", "truth": 1 / len(LABELS)})
    return rows


def _rank_means(means: np.ndarray, rest: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Return mean ranks: one more than the chances of the others to be higher."""
    spread = np.sqrt(np.add.outer(rest, rest) + np.subtract.outer(shared, shared) ** 2)
    apart = means[:, None, :] - means[:, :, None]
    chances = ndtr(apart / spread)
    chances[:, np.arange(len(rest)), np.arange(len(rest))] = 0.0
    return 1 + chances.sum(axis=2).mean(axis=0)


def _lead_means(means: np.ndarray, rest: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Return the chance of each emotion to be the highest, given the factor and then without."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    sds = np.sqrt(rest)
    found = np.zeros(means.shape[1])
    for row in means:
        for node, weight in zip(nodes, weights, strict=True):
            centre = row + shared * node
            for place in range(len(found)):
                points = centre[place] + sds[place] * nodes
                below = ndtr((points[:, None] - centre) / sds)
                below[:, place] = 1.0
                found[place] += weight * (weights * below.prod(axis=1)).sum() / len(means)
    return found


def _halve(matched: np.ndarray, follows: np.ndarray) -> np.ndarray:
    """Return the correlation of halves, stepped up, of clips of all labels."""
    half = _FRAMES // 2
    common = (_ACTED[_FACE] * matched).var(axis=0) + _SPEAKER[_FACE] ** 2 + _CLIP[_FACE] ** 2
    inside, across = follows[:half, :half].mean(), follows[:half, half:].mean()
    r = (common + _MOMENT**2 * across) / (common + _MOMENT**2 * inside)
    return 2 * r / (1 + r)


def _follow(follows: np.ndarray) -> float:
    """Return the correlation of neighbouring moments about the mean of so few of them."""
    centre = np.eye(_FRAMES) - 1 / _FRAMES
    left = centre @ follows @ centre
    now, later = np.diag(left)[:-1].sum(), np.diag(left)[1:].sum()
    return float(np.diag(left, 1).sum() / np.sqrt(now * later))


Mixture = tuple[np.ndarray, np.ndarray, np.ndarray]


def _pair(matched: np.ndarray, follows: np.ndarray) -> list[Mixture]:
    """Return voice and mean face of each emotion as a mixture: weights, means, covariance."""
    shared = _SHARED * (_SPEAKER[_FACE] * _SPEAKER[_VOICE] + _CLIP[_FACE] * _CLIP[_VOICE])
    face = _SPEAKER[_FACE] ** 2 + _CLIP[_FACE] ** 2 + _MOMENT**2 * follows.mean()
    voice = _SPEAKER[_VOICE] ** 2 + _CLIP[_VOICE] ** 2
    covariance = np.array([[voice, shared], [shared, face]])
    found = []
    for place in range(len(EMOTIONS)):
        own, counts = np.unique(matched[:, place], return_counts=True)
        means = [_LEVELS[one][place] + _ACTED[one] * own for one in (_VOICE, _FACE)]
        found.append((counts / counts.sum(), np.column_stack(means), covariance))
    return found


def _correlate_ranks(mixtures: list[Mixture]) -> float:
    """Return Spearman's ρ of a mixture of bivariate normals: 12 E[F(X) G(Y)] − 3."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    shares = np.concatenate([one[0] for one in mixtures]) / len(mixtures)
    means = np.vstack([one[1] for one in mixtures])
    covariance = mixtures[0][2]
    sds = np.sqrt(np.diag(covariance))
    root = np.linalg.cholesky(covariance)
    grid = np.array(np.meshgrid(nodes, nodes, indexing="ij")).reshape(2, -1)
    mass = np.outer(weights, weights).ravel()
    total = 0.0
    for share, mean in zip(shares, means, strict=True):
        points = mean[:, None] + root @ grid
        ranks = [
            (shares[:, None] * ndtr((points[side] - means[:, side : side + 1]) / sds[side])).sum(0)
            for side in (0, 1)
        ]
        total += share * (mass * ranks[0] * ranks[1]).sum()
    return 12 * total - 3
