import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ORACLES = Path(__file__).parents[1] / "oracles" / "inference"


@pytest.fixture(scope="session")
def naive():
    """The naive loop's functions, by name."""
    return runpy.run_path(str(ORACLES / "naive_loop.py"))


@pytest.fixture(scope="session")
def read_oracle():
    def read(name):
        return json.loads((ORACLES / f"{name}.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def make_predictions():
    """PREDICTIONS of several models with known structure."""

    def make(groups=12, clips=60, models=("a", "b", "c"), seed=0, contexts=None):
        rng = np.random.default_rng(seed)
        subject = np.concatenate([np.arange(groups), rng.integers(groups, size=clips - groups)])
        truth = rng.normal(size=groups)[subject] + rng.normal(size=clips)
        frames = []
        for place, model in enumerate(models):
            prediction = truth * (0.8 - 0.1 * place) + rng.normal(size=clips)
            frame = pd.DataFrame(
                {
                    "clip": [f"c{number:04d}" for number in range(clips)],
                    "subject": [f"s{number:03d}" for number in subject],
                    "model": model,
                    "truth": truth,
                    "prediction": prediction,
                }
            )
            if contexts:
                frame["context"] = [contexts[number % len(contexts)] for number in range(clips)]
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    return make
