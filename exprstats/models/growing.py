"""One sample's forests: grown with each setting, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.models.designs import Design, Sample

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    Forest = RandomForestClassifier | RandomForestRegressor


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """A sample's chosen forest, and what was tried on the way."""

    sample: Sample
    forest: Forest
    max_features: float
    min_leaf: int
    grid: pd.DataFrame

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return predictions (m,) of clips with features (m, p) in their own units."""
        return self.forest.predict(values)

    def weigh_class(self, values: np.ndarray, code: float) -> np.ndarray:
        """Return the probability (m,) of the class with a number; 0 if training lacked it."""
        forest: Any = self.forest
        return forest.predict_proba(values)[:, forest.classes_ == code].sum(axis=1)


def _grow(
    design: Design,
    sample: Sample,
    setting: tuple[float, int],
    *,
    parts: tuple[str, ...],
    state: int,
    trees: int,
) -> Forest:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    share, leaf = setting
    kind: Any = RandomForestClassifier if design.classes else RandomForestRegressor
    forest = kind(n_estimators=trees, max_features=share, min_samples_leaf=leaf, random_state=state)
    return forest.fit(*design.split(sample, *parts))


def grow_again(known: Grown, design: Design, sample: Sample, parts: tuple[str, ...]) -> Grown:
    """Return a forest with the settings, size and seed of a known one, grown on other clips."""
    setting, given = (known.max_features, known.min_leaf), known.forest.get_params()
    state, trees = given["random_state"], given["n_estimators"]
    forest = _grow(design, sample, setting, parts=parts, state=state, trees=trees)
    return Grown(sample, forest, *setting, known.grid)


def measure_setting(
    task: tuple[int, int],
    *,
    design: Design,
    settings: list[tuple[float, int]],
    states: list[int],
    trees: int,
) -> tuple[float, float]:
    """Return the RMSE, or the share of wrong classes, in training and in validation."""
    i, j = task
    sample = design.samples[i]
    forest = _grow(design, sample, settings[j], parts=("train",), state=states[i], trees=trees)
    found = []
    for part in ("train", "validate"):
        values, truth = design.split(sample, part)
        guess = forest.predict(values)
        missed = guess != truth if design.classes else (guess - truth) ** 2
        found.append(float(np.mean(missed) if design.classes else np.sqrt(np.mean(missed))))
    return found[0], found[1]


def keep_best(
    i: int,
    errors: np.ndarray,
    *,
    design: Design,
    settings: list[tuple[float, int]],
    states: list[int],
    trees: int,
    refit: bool,
) -> Grown:
    """Return the forest of lowest error (settings, 2) in validation of the i-th sample."""
    near = np.flatnonzero(errors[:, 1] <= errors[:, 1].min() * (1 + 1e-10))
    best = min(near.tolist(), key=lambda j: (-settings[j][1], settings[j][0]))
    parts = ("train", "validate") if refit else ("train",)
    sample = design.samples[i]
    forest = _grow(design, sample, settings[best], parts=parts, state=states[i], trees=trees)
    shares, leaves = zip(*settings, strict=True)
    measure = "error" if design.classes else "rmse"
    grid = pd.DataFrame(
        {
            "context": sample.context,
            "max_features": shares,
            "min_leaf": leaves,
            f"{measure}_train": errors[:, 0],
            f"{measure}_validate": errors[:, 1],
            "chosen": np.arange(len(settings)) == best,
        }
    )
    return Grown(sample, forest, *settings[best], grid)
