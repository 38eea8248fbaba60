"""Clip tables with planted weights, and ratings, that the tests of this room share."""

from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from exprstats.measurement import Factor

FEATURES = ["motion", "gaze", "blink", "still"]
WEIGHTS = {
    "startle": (0.8, 0.3, 0.0, 0.0),
    "pain": (0.5, -0.4, 0.0, 0.0),
    "disgust": (0.0, 0.6, 0.2, 0.0),
}


def make_clips(subjects=40, seed=1, noise=0.5, clips_each=4):
    """Clips whose score is a known mix of standard normal features, noise and the person."""
    rng = np.random.default_rng(seed)
    frames = []
    for context, weights in WEIGHTS.items():
        count = subjects * clips_each
        features = rng.normal(size=(count, len(FEATURES)))
        frame = pd.DataFrame(features, columns=FEATURES)
        frame["score"] = features @ np.array(weights) + noise * rng.normal(size=count)
        frame["context"] = context
        frame["subject"] = np.repeat([f"S{i:03d}" for i in range(subjects)], clips_each)
        frame["clip"] = [f"{context}_{i}" for i in range(count)]
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    person = pd.Series(0.3 * rng.normal(size=subjects), index=sorted(table["subject"].unique()))
    table["score"] += table["subject"].map(person)
    table["score_pooled"] = 0.9 * table["score"] + 0.1
    return table


@pytest.fixture(scope="session")
def clips():
    return make_clips()


@pytest.fixture(scope="session")
def draw_clips():
    return make_clips


@pytest.fixture(scope="session")
def planted():
    return WEIGHTS


ITEMS = ("response", "emotion", "motion")
LOADINGS = {"fear": (0.9, 0.7, 0.5), "joy": (0.6, 0.8, 0.4), None: (0.8, 0.75, 0.45)}


RESIDUALS = (0.2, 0.5, 0.9)


def build_factor(by="context"):
    """Stand in for a fitted factor: its items and its solutions, of training clips and of all."""
    solutions = [
        SimpleNamespace(
            context=context,
            part=part,
            loadings=np.array(values[::order]),
            residuals=np.array(RESIDUALS),
            intercepts=np.array([2.0, 1.5, 1.0]),
            standard=np.array(values[::order]),
            missing="listwise",
            flaw="",
        )
        for context, values in LOADINGS.items()
        for part, order in (("train", 1), ("all", -1))
        if by or context is None
    ]
    return Mock(spec=Factor, items=ITEMS, by=by, solutions=solutions)


def simulate_ratings(subjects=20, raters=5, workers=12, seed=1, noise=1.0):
    rng = np.random.default_rng(seed)
    rows = []
    for context in ("fear", "joy"):
        for subject in range(subjects):
            for take in range(2):
                level = rng.normal()
                clip = f"{context} {subject} {take}"
                for rater in rng.choice(workers, raters, replace=False):
                    heard = level + noise * rng.normal()
                    answers = 2 + heard + 0.3 * rng.normal(size=3)
                    ids = (context, clip, f"W{rater:02d}", f"S{subject:02d}")
                    rows += [(*ids, item, x) for item, x in zip(ITEMS, answers, strict=True)]
    columns = ["context", "clip", "rater", "subject", "item", "rating"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="session")
def draw_ratings():
    return simulate_ratings


@pytest.fixture(scope="session")
def make_factor():
    return build_factor
