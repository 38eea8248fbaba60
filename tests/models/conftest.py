"""Clip tables with planted weights that the tests of this room share."""

import numpy as np
import pandas as pd
import pytest

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
