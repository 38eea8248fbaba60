"""A simulated corpus of signing: utterances with annotated intervals, texts, and true chances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.options import check_count
from exprstats.parallel import Seed, open_generator

_FPS = 30
# Chances of labels, and of a frame to show each feature without and with the label named.
_LABELS = {"negative_emotion": 0.25, "confusion": 0.2, "joy": 0.15}
_WORDS = {
    "negative_emotion": ("Afraid,", "cruel", "HURT!"),
    "confusion": ("why?", "puzzled", "Unsure..."),
    "joy": ("delighted!", "Happy", "glad."),
}
_FEATURES: dict[str, tuple[str, float, float]] = {
    "eye brows=lowered": ("negative_emotion", 0.12, 0.36),
    "nose=wrinkle": ("negative_emotion", 0.05, 0.15),
    "wh question=whq": ("confusion", 0.05, 0.40),
    "cheeks=tensed": ("confusion", 0.04, 0.08),
    "mouth=smile mouth open": ("joy", 0.06, 0.24),
    "eye brows=raised": ("", 0.20, 0.20),
    "head pos: turn=left": ("", 0.30, 0.30),
    "head pos: turn=right": ("", 0.25, 0.25),
    "eye aperture=squint": ("", 0.15, 0.15),
    "head mvmt: nod=single": ("", 0.10, 0.10),
}
_FILLERS = [
    "he",
    "went",
    "to",
    "the",
    "store",
    "and",
    "then",
    "they",
    "drove",
    "home",
    "with",
    "a",
    "friend",
]
_CLUMPING = 3.0  # sum of the beta's parameters: how unlike utterances are
_LENGTHS = (30, 160)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSigning:
    """A simulated corpus, with what it was drawn from.

    Attributes
    ----------
    events
        EVENTS with texts of tier ``"translation"``; every utterance is spanned.
    labels
        EVENTS of the labels, as `exprstats.events.find_labels` finds them in the texts.
    lexicon
        LEXICON of the words that stand for each label.
    truth
        ``label``, ``feature``, ``term`` (``p_label_given_feature``, ``p_feature_given_label``,
        ``lift``) and ``truth``.
    """

    events: pd.DataFrame
    labels: pd.DataFrame
    lexicon: pd.DataFrame
    truth: pd.DataFrame


def simulate_signing(
    *, utterances: int = 400, signers: int = 8, associated: bool = True, seed: Seed = None
) -> SimulatedSigning:
    """Simulate annotated signing in which some features go with some labels.

    An utterance has each label with a chance of its own, and shows each feature in one interval
    whose share of the utterance is drawn anew (beta), with a mean that depends on one label. Its
    length depends on nothing, so that the true probabilities over frames are known.

    Parameters
    ----------
    utterances, signers
        How many; signers have about equally many utterances and do not differ.
    associated
        Whether features depend on labels at all; without, all true lifts are 1.
    seed
        Makes the corpus repeatable.

    Returns
    -------
    SimulatedSigning
        Events, labels, lexicon and truth.

    Raises
    ------
    OptionError
        If a number is below 1.

    Examples
    --------
    >>> study = simulate_signing(utterances=20, seed=1)
    >>> study.events["utterance"].nunique(), study.truth["label"].nunique()
    (20, 3)
    """
    check_count(utterances, "utterances")
    check_count(signers, "signers")
    rng = open_generator(seed)
    chances = {
        name: (label, low, high if associated else low)
        for name, (label, low, high) in _FEATURES.items()
    }
    length = rng.integers(*_LENGTHS, size=utterances)
    labelled = {name: rng.random(utterances) < chance for name, chance in _LABELS.items()}
    keys = pd.DataFrame(
        {
            "utterance": [f"u{i:05d}" for i in range(1, utterances + 1)],
            "signer": [f"S{i % signers + 1:02d}" for i in range(utterances)],
            "start": 0.0,
            "end": length / _FPS,
        }
    )
    texts = [
        _write_text(rng, [one for one in _LABELS if labelled[one][i]]) for i in range(utterances)
    ]
    pieces = [
        keys.assign(tier="utterance", value=None),
        keys.assign(tier="translation", value=texts),
    ]
    for name, (label, low, high) in chances.items():
        tier, value = name.rsplit("=", 1)
        mean = np.where(labelled[label], high, low) if label else np.full(utterances, low)
        share = rng.beta(_CLUMPING * mean, _CLUMPING * (1 - mean))
        frames = np.floor(share * length + rng.random(utterances)).astype(int)
        first = np.floor(rng.random(utterances) * (length - frames + 1)).astype(int)
        shown = keys.assign(tier=tier, value=value, start=first / _FPS, end=(first + frames) / _FPS)
        pieces.append(shown[frames > 0])
    events = pd.concat(pieces, ignore_index=True)
    columns = ["utterance", "signer", "tier", "start", "end", "value"]
    named = [keys[labelled[one]].assign(tier="label", value=one) for one in _LABELS]
    labels = pd.concat(named, ignore_index=True)[columns]
    lexicon = pd.DataFrame(
        [
            (label, word.strip(",.!?").lower(), False)
            for label, words in _WORDS.items()
            for word in words
        ],
        columns=["category", "word", "prefix"],
    )
    return SimulatedSigning(events[columns], labels, lexicon, state_chances(chances))


def _write_text(rng: np.random.Generator, labels: list[str]) -> str:
    words = [str(one) for one in rng.choice(_FILLERS, size=6)]
    for label in labels:
        place = int(rng.integers(len(words) + 1))
        words.insert(place, str(rng.choice(_WORDS[label])))
    return " ".join(words)


def state_chances(chances: Mapping[str, tuple[str, float, float]]) -> pd.DataFrame:
    """Return the true probabilities over frames, by Bayes' theorem.

    Each feature has its label, and its chance in a frame without and with it.
    """
    rows = []
    for feature, (own, low, high) in chances.items():
        for label, base in _LABELS.items():
            mixed = low if own == "" else low + _LABELS[own] * (high - low)
            with_label = high if own == label else mixed
            found = {
                "p_label_given_feature": base * with_label / mixed,
                "p_feature_given_label": with_label,
                "lift": with_label / mixed,
            }
            rows += [
                {"label": label, "feature": feature, "term": term, "truth": value}
                for term, value in found.items()
            ]
    return pd.DataFrame(rows)
