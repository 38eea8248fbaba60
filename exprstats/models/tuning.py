"""The penalty of lowest validation error, for one sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.models.designs import Design, Sample
from exprstats.models.penalties import (
    Grid,
    Moments,
    choose_point,
    predict_grid,
    take_moments,
    trace_grid,
)
from exprstats.models.rounds import Rounds, measure_rounds
from exprstats.parallel import limit_threads

ALPHAS = (0.01, 0.05, 0.1, 0.5, 1.0)
L1_RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A sample's chosen model, and what was tried on the way."""

    sample: Sample
    moments: Moments
    weights: np.ndarray
    alpha: float
    l1_ratio: float
    grid: pd.DataFrame
    stopped: int

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return predictions (m,) of clips with features (m, p) in their own units."""
        return predict_grid(self.moments, self.weights[None], values)[:, 0]


def check_grid(alphas: Sequence[float], l1_ratios: Sequence[float]) -> Grid:
    """Return the penalties in falling order of alpha, or raise `OptionError`."""
    check_settings(alphas, "alphas")
    check_settings(l1_ratios, "l1_ratios")
    if not all(0 < alpha < np.inf for alpha in alphas):
        message = f"alphas must be above 0, not {min(alphas):g}."
        raise OptionError(message)
    if not all(0 <= ratio <= 1 for ratio in l1_ratios):
        message = (
            f"l1_ratios must lie between 0 and 1, not {min(l1_ratios):g} to {max(l1_ratios):g}."
        )
        raise OptionError(message)
    falling = sorted({float(alpha) for alpha in alphas}, reverse=True)
    return Grid(tuple(falling), tuple(sorted({float(ratio) for ratio in l1_ratios})))


def check_settings(values: Sequence[float], option: str) -> None:
    """Refuse settings to try that are no list, or an empty one, with an `OptionError`."""
    if np.ndim(values) != 1 or not len(values):
        message = f"{option} must be a list of values to try; got {values!r}."
        raise OptionError(message)


@limit_threads()
def tune_sample(
    design: Design,
    sample: Sample,
    penalties: Grid,
    *,
    refit: bool = False,
    rounds: Rounds | None = None,
) -> Tuned:
    """Return the model of lowest error in validation, or in rounds, for one sample."""
    moments = take_moments(*design.split(sample, "train"))
    weights, stopped = trace_grid(moments, penalties)
    errors = {}
    for part in ("train", "validate") if rounds is None else ("train",):
        values, truth = design.split(sample, part)
        missed = predict_grid(moments, weights, values) - truth[:, None]
        errors[f"rmse_{part}"] = np.sqrt(np.mean(missed**2, axis=0))
    if rounds is not None:
        errors["rmse_validate"], each = measure_rounds(design, sample, rounds, penalties)
        errors |= dict(zip(rounds.name_columns(), each, strict=True))
    best = choose_point(penalties, weights, errors["rmse_validate"])
    alpha, ratio = penalties.points[best].tolist()
    grid = pd.DataFrame(
        {
            "context": sample.context,
            "alpha": penalties.points[:, 0],
            "l1_ratio": penalties.points[:, 1],
            "n_nonzero": np.count_nonzero(weights, axis=1),
            **errors,
            "chosen": np.arange(len(weights)) == best,
        }
    )
    chosen = weights[best]
    if refit:
        moments = take_moments(*design.split(sample, "train", "validate"))
        chosen = trace_grid(moments, Grid((alpha,), (ratio,)))[0][0]
    return Tuned(sample, moments, chosen, alpha, ratio, grid, int(stopped.sum()))
