"""Simulated reactions to videos: a machine's labels, annotators, predictions, and true values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import ndtr

from exprstats.options import RULES, check_count
from exprstats.parallel import Seed, open_generator

# How often a moment evokes each expression, by theme; the shares of themes.
_RATES: dict[str, dict[str, float]] = {
    "amusement": {"comedy": 0.30, "horror": 0.06, "music": 0.14},
    "concentration": {"comedy": 0.10, "horror": 0.34, "music": 0.16},
    "interest": {"comedy": 0.38, "horror": 0.40, "music": 0.36},
    "surprise": {"comedy": 0.04, "horror": 0.09, "music": 0.02},
}
_THEMES = {"comedy": 0.4, "horror": 0.25, "music": 0.35}
_COMMON, _OWN = 0.4, 0.5  # how far rates of a video lie from those of its theme, all and each
_HUMAN = (0.80, 0.05)  # that an annotator names what is there, and what is not
_MACHINE = (0.55, 0.03)
_MODELS = {"full": 1.2, "image": 0.7}  # by how many SD scores of labels lie higher
_SECONDS = (25, 55)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedEvoked:
    """Simulated reactions, with what they were drawn from.

    Attributes
    ----------
    machine
        EVOKED at 1 Hz with ``group`` (the theme): scores of which those at .5 or above are labels.
    human
        EVOKED with ``annotator``: labels of three people at the same moments.
    predictions
        EVOKED scores by model, of the machine's labels.
    truth
        Population values: ``source`` (``"labels"``, ``"annotators"``, ``"machine"``,
        ``"scores"``), ``group``, ``expression``, ``versus``, ``model``, ``rule``, ``term`` and
        ``truth``.
    """

    machine: pd.DataFrame
    human: pd.DataFrame
    predictions: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def simulate_evoked(
    *, videos: int = 80, annotators: int = 3, related: bool = True, seed: Seed = None
) -> SimulatedEvoked:
    """Simulate what videos of three themes evoke, a machine's labels, annotators and predictions.

    Each second of a video evokes each expression with a rate of the video's own, which a factor
    common to all expressions and one of each raise or lower. The machine, the annotators and the
    models err independently given what was evoked.

    Parameters
    ----------
    videos
        How many, of 25 to 54 s.
    annotators
        How many annotate each moment, two or more.
    related
        Whether themes and videos differ; without, all lifts are 1 and all differences 0.
    seed
        Makes the study repeatable.

    Returns
    -------
    SimulatedEvoked
        Machine, annotators, predictions and truth.

    Raises
    ------
    OptionError
        If a number is too small.

    Examples
    --------
    >>> study = simulate_evoked(videos=10, seed=1)
    >>> study.machine["video"].nunique(), sorted(study.predictions)
    (10, ['full', 'image'])
    """
    check_count(videos, "videos")
    check_count(annotators, "annotators", least=2)
    rng = open_generator(seed)
    rates = _mix_rates(related)
    names = list(rates)
    theme = rng.choice(list(_THEMES), size=videos, p=list(_THEMES.values()))
    spread = (_COMMON, _OWN) if related else (0.0, 0.0)
    common = 1 + spread[0] * rng.uniform(-1, 1, (videos, 1))
    own = 1 + spread[1] * rng.uniform(-1, 1, (videos, len(names)))
    mean = np.array([[rates[name][one] for name in names] for one in theme])
    length = rng.integers(*_SECONDS, size=videos)
    home = np.repeat(np.arange(videos), length)
    time = np.arange(len(home)) - np.repeat(np.cumsum(length) - length, length)
    keys = pd.DataFrame({"video": [f"v{one:05d}" for one in home], "time": time.astype(float)})
    there = rng.random((len(home), len(names))) < (mean * common * own)[home]
    claimed = rng.random(there.shape) < np.where(there, *_MACHINE)
    scores = np.where(claimed, 0.5, 0.0) + 0.5 * rng.random(there.shape)
    machine = pd.concat(
        [keys.assign(group=theme[home]), pd.DataFrame(scores, columns=names)], axis=1
    )
    people = []
    for place in range(annotators):
        said = rng.random(there.shape) < np.where(there, *_HUMAN)
        own_keys = keys.assign(annotator=f"A{place + 1}")
        people.append(pd.concat([own_keys, pd.DataFrame(said.astype(int), columns=names)], axis=1))
    predictions = {}
    for model, distance in _MODELS.items():
        values = distance * claimed + rng.normal(size=there.shape)
        predictions[model] = pd.concat([keys, pd.DataFrame(values, columns=names)], axis=1)
    human = pd.concat(people, ignore_index=True)
    truth = state_evoked(annotators=annotators, related=related)
    return SimulatedEvoked(machine, human, predictions, truth)


def _mix_rates(related: bool) -> dict[str, dict[str, float]]:
    if related:
        return _RATES
    whole = {
        name: sum(_THEMES[theme] * rate for theme, rate in rates.items())
        for name, rates in _RATES.items()
    }
    return {name: dict.fromkeys(_THEMES, rate) for name, rate in whole.items()}


def state_evoked(*, annotators: int = 3, related: bool = True) -> pd.DataFrame:
    """Return the population values of a simulated study, as `SimulatedEvoked` holds them."""
    return _state_evoked(annotators, related).copy()


@cache
def _state_evoked(annotators: int, related: bool) -> pd.DataFrame:
    rates = _mix_rates(related)
    rows = [*_state_labels(rates, _COMMON if related else 0.0)]
    plain = {name: sum(_THEMES[t] * r for t, r in of.items()) for name, of in rates.items()}
    for name, rate in plain.items():
        rows += [{"expression": name, **row} for row in _state_people(rate, annotators)]
        rows += [{"expression": name, **row} for row in _state_scores(rate, annotators)]
    frame = pd.DataFrame(rows)
    averaged = frame["source"].isin(["machine", "machine - annotator", "scores"])
    averaged |= frame["term"].isin(["fleiss_kappa", "correlation"])
    keys = ["source", "model", "rule", "term"]
    means = frame[averaged].groupby(keys, dropna=False, as_index=False)["truth"].mean()
    columns = ["source", "group", "expression", "versus", "model", "rule", "term", "truth"]
    whole = pd.concat([frame, pd.DataFrame(means)], ignore_index=True)
    return whole.reindex(columns=columns)


def _state_labels(rates: dict[str, dict[str, float]], reach: float) -> list[dict[str, object]]:
    """Return the truth of the machine's labels: probabilities given theme and common factor.

    Given both, labels of two expressions are independent, so that products of their means are
    integrated over the factor (Gauss-Legendre, exact for such polynomials).
    """
    nodes, weights = np.polynomial.legendre.leggauss(12)
    factor, weights = 1 + reach * nodes, weights / 2
    names, themes = list(rates), list(_THEMES)
    share = np.array(list(_THEMES.values()))
    base = np.array([[rates[name][theme] for name in names] for theme in themes])
    hit, false = _MACHINE
    mean = false + (hit - false) * base[:, :, None] * factor  # (themes, e, nodes)
    own = mean @ weights  # (themes, e)
    single, joint = share @ own, np.einsum("t,tan,tbn,n->ab", share, mean, mean, weights)
    none = np.einsum("t,tn,n->", share, np.prod(1 - mean, axis=1), weights)
    one = sum(
        np.einsum("t,tn,tn,n->", share, mean[:, a], np.prod(1 - np.delete(mean, a, 1), 1), weights)
        for a in range(len(names))
    )
    found: list[tuple[str | None, str | None, str | None, str, float]] = [
        (None, None, None, "cardinality", single.sum()),
        (None, None, None, "share_none", none),
        (None, None, None, "share_multiple", 1 - none - one),
    ]
    for a, name in enumerate(names):
        found.append((None, name, None, "share", single[a]))
        found.append((None, name, None, "label_share", single[a] / single.sum()))
        for b, other in enumerate(names):
            if a != b:
                together = joint[a, b] / single[a]
                found.append((None, name, other, "co_occurrence", together))
                found.append((None, name, other, "lift", together / single[b]))
        for t, theme in enumerate(themes):
            rest = (single - share[t] * own[t]) / (1 - share[t])
            portion = own[t, a] / own[t].sum() - rest[a] / rest.sum()
            found.append((theme, name, None, "share", own[t, a]))
            found.append((theme, name, None, "share_difference", own[t, a] - rest[a]))
            found.append((theme, name, None, "label_share_difference", portion))
    names_of = ("group", "expression", "versus", "term", "truth")
    return [{"source": "labels", **dict(zip(names_of, one, strict=True))} for one in found]


def _state_people(rate: float, annotators: int) -> list[dict[str, object]]:
    """Return the truth of annotators, and of the machine against them, given what was evoked."""
    both = np.array([rate, 1 - rate])
    said, claimed = np.array(_HUMAN), np.array(_MACHINE)
    share, pair = both @ said, both @ said**2
    calls = both @ claimed
    rows = _state_correlations(both, annotators)
    kappa = (pair - share**2) / (share - share**2)
    rows += [
        {"source": "annotators", "term": "fleiss_kappa", "truth": kappa},
        {"source": "annotators", "term": "agreement", "truth": 1 - 2 * (share - pair)},
        {"source": "annotators", "term": "positive_agreement", "truth": pair / share},
        {"source": "annotators", "term": "prevalence", "truth": share},
    ]
    for rule in RULES:
        true = _apply_rule(said, rule, annotators)
        hits, there = both @ (claimed * true), both @ true
        values = (hits / calls, hits / there, 2 * hits / (calls + there))
        for term, value in zip(("precision", "recall", "f1"), values, strict=True):
            rows.append({"source": "machine", "rule": rule, "term": term, "truth": value})
            if rule == "each" and term != "f1":
                less = {"source": "machine - annotator", "rule": rule, "term": term}
                rows.append({**less, "truth": value - pair / share})
    return rows


def _state_correlations(both: np.ndarray, annotators: int) -> list[dict[str, object]]:
    """Return the true correlations of a label, and of a score, with the share of the others."""
    said, claimed = np.array(_HUMAN), np.array(_MACHINE)
    share, pair, calls = both @ said, both @ said**2, both @ claimed
    own = share * (1 - share)
    others = (own + (annotators - 2) * (pair - share**2)) / (annotators - 1)
    one = (pair - share**2) / np.sqrt(own * others)
    # Scores are half a label and half of something uniform.
    spread = 0.25 * calls * (1 - calls) + 0.25 / 12
    score = 0.5 * (both @ (claimed * said) - calls * share) / np.sqrt(spread * others)
    values = {"annotators": one, "machine": score, "machine - annotator": score - one}
    return [{"source": s, "term": "correlation", "truth": value} for s, value in values.items()]


def _apply_rule(said: np.ndarray, rule: str, annotators: int) -> np.ndarray:
    """Return the chance that annotators with these chances make a label by a rule."""
    from scipy.stats import binom

    least = {"each": 0, "majority": annotators // 2, "any": 0, "all": annotators - 1}[rule]
    return said if rule == "each" else binom.sf(least, annotators, said)


def _state_scores(rate: float, annotators: int) -> list[dict[str, object]]:
    """Return the true average precision of models, and the correlation of machine and people."""
    both = np.array([rate, 1 - rate])
    said, claimed = np.array(_HUMAN), np.array(_MACHINE)
    calls, share, pair = both @ claimed, both @ said, both @ said**2
    rows: list[dict[str, object]] = []
    cuts = np.linspace(-9, 11, 200_001)
    for model, distance in _MODELS.items():
        recall, false = ndtr(distance - cuts), ndtr(-cuts)
        precision = calls * recall / (calls * recall + (1 - calls) * false)
        value = -np.sum((precision[1:] + precision[:-1]) / 2 * np.diff(recall))
        rows.append(
            {"source": "scores", "model": model, "term": "average_precision", "truth": value}
        )
    chance = {"source": "scores", "model": "chance", "term": "average_precision"}
    rows.append({**chance, "truth": calls})
    # Scores are half a label and half of something uniform; people's share is a mean of labels.
    cross = 0.5 * (both @ (claimed * said) - calls * share)
    spread = 0.25 * calls * (1 - calls) + 0.25 / 12
    people = (share * (1 - share) + (annotators - 1) * (pair - share**2)) / annotators
    value = cross / np.sqrt(spread * people)
    rows.append({"source": "scores", "model": "machine", "term": "correlation", "truth": value})
    return rows
