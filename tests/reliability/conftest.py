"""Small crowds of ratings with a known make-up."""

import numpy as np
import pandas as pd
import pytest


def draw_crowd(
    seed, *, subjects=12, clips=4, workers=15, raters=(2, 5), share=0.5, item="response"
):
    """Return ratings of clips of subjects by shared workers, as a RATINGS table."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(0, share**0.5, subjects)
    severity = rng.normal(0, 0.6, workers)
    rows = []
    for subject in range(subjects):
        for number in range(clips):
            level = 2 + trait[subject] + rng.normal(0, (1 - share) ** 0.5)
            count = rng.integers(raters[0], raters[1] + 1)
            for worker in rng.choice(workers, count, replace=False):
                value = level + severity[worker] + rng.normal(0, 0.8)
                rows.append((f"s{subject}", f"s{subject}_{number}", f"w{worker}", item, value))
    return pd.DataFrame(rows, columns=["subject", "clip", "rater", "item", "rating"])


@pytest.fixture
def crowd():
    return draw_crowd(3)


@pytest.fixture
def make_crowd():
    return draw_crowd


@pytest.fixture
def make_ratings():
    """Turn a matrix (clips × raters, NaN = not rated) into a RATINGS table of one item."""

    def build(matrix, item="x"):
        matrix = np.asarray(matrix, float)
        clip, rater = np.indices(matrix.shape)
        table = pd.DataFrame(
            {
                "clip": [f"c{code}" for code in clip.ravel()],
                "rater": [f"r{code}" for code in rater.ravel()],
                "item": item,
                "rating": matrix.ravel(),
            }
        )
        return table[table["rating"].notna()].reset_index(drop=True)

    return build
