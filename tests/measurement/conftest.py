"""Items with known truth, and the way without R."""

import numpy as np
import pandas as pd
import pytest

from exprstats import rbridge
from exprstats.errors import RError

ITEMS = ["smile", "voice", "pose"]


def draw_items(n=120, contexts=("calm", "loud"), seed=1, loadings=(0.9, 0.8, 0.7), noise=0.5):
    """Return an items table with known truth: `factor` holds each clip's own value."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    answers = 2 + np.outer(factor, loadings) + rng.normal(size=(n, 3)) * noise
    table = pd.DataFrame(answers, columns=ITEMS)
    table.insert(0, "context", [contexts[i % len(contexts)] for i in range(n)])
    table.insert(1, "clip", [f"c{i // len(contexts)}" for i in range(n)])
    table.insert(2, "subject", [f"s{i % 20}" for i in range(n)])
    return table.assign(factor=factor)


def _split(table):
    subjects = sorted(table["subject"].unique())
    parts = ["train"] * 12 + ["validate"] * 4 + ["test"] * 4
    return pd.DataFrame({"subject": subjects, "part": parts})


@pytest.fixture(scope="session")
def draw():
    """Return the function that draws items."""
    return draw_items


@pytest.fixture(scope="session")
def split():
    """Return the function that splits their 20 subjects."""
    return _split


@pytest.fixture
def closed(monkeypatch):
    """Without R: quick, and the same numbers."""

    def refuse(*_arguments, **_options):
        message = "R is not asked here."
        raise RError(message)

    monkeypatch.setattr(rbridge, "call", refuse)
    monkeypatch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
