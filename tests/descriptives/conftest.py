"""The stored numbers of R, and a small table of ratings."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ORACLE = Path(__file__).parents[1] / "oracles" / "descriptives" / "people.json"


@pytest.fixture(scope="session")
def oracle():
    return json.loads(ORACLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def people(oracle):
    return pd.DataFrame(oracle["clips"])


@pytest.fixture(scope="session")
def ratings():
    """Six clips in two contexts, three raters, two items, some answers missing or not asked."""
    rng = np.random.default_rng(8)
    rows = [
        (context, f"{context}{clip}", f"r{rater}", item, float(rng.integers(1, 6)))
        for context in ("joy", "fear")
        for clip in range(6)
        for rater in range(3)
        for item in ("smile", "arousal")
    ]
    table = pd.DataFrame(rows, columns=["context", "clip", "rater", "item", "rating"])
    table.loc[[0, 5, 40, 41], "rating"] = np.nan
    return table.drop(index=[10]).reset_index(drop=True)
