"""The range that a study's target can take: what baselines draw from, what NRMSE divides by."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from exprstats.study.settings import Study
from exprstats.tables import order_levels

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor

Key = Hashable | None
Bounds = dict[Key, float]


@dataclass(frozen=True, slots=True)
class Ranges:
    """Lowest and highest target and their distance, by context; None is the pooled fit.

    ``note`` says where they come from.
    """

    lows: Bounds
    highs: Bounds
    spans: Bounds
    note: str


def find_ranges(study: Study, factor: Factor | None, predictions: pd.DataFrame) -> Ranges:
    """Return the ranges of a study's target.

    A span in the study file replaces every other: for factor scores it stands for ±span/2 (Lin,
    Girard, & Morency, 2020, took -3.5 to 3.5). Without it factor scores have their theoretical
    range, from the answers that score lowest to those that score highest, and a plain target has
    the scale that the study file gives, or else the range of the training clips.

    Parameters
    ----------
    study
        The settings.
    factor
        The fitted factor; None for a plain target.
    predictions
        PREDICTIONS of all parts, for the fits there are and the truths of the training clips.
    """
    keys = _list_fits(predictions)
    span = study.compare.span if study.compare else None
    if factor is None:
        return _find_plain(keys, study, predictions, span)
    if span is not None:
        note = f"NRMSE is RMSE / {span:g} and the uniform baseline draws from ±{span / 2:g}, "
        return _repeat(keys, -span / 2, span / 2, f"{note}as the study file says.")
    return _find_theoretical(factor)


def _find_theoretical(factor: Factor) -> Ranges:
    from exprstats.measurement.normal import weigh_bartlett

    trained = [one for one in factor.solutions if one.part == "train"]
    lows: Bounds = {}
    highs: Bounds = {}
    for one in trained or factor.solutions:
        weights, _ = weigh_bartlett(one.loadings, one.residuals)
        ends = weights * (np.array([one.low, one.high]) - one.intercepts)
        lows[one.context], highs[one.context] = np.sort(ends, axis=0).sum(axis=1).tolist()
    spans = {key: highs[key] - lows[key] for key in lows}
    named = ", ".join(f"{'all' if key is None else key} {span:.2f}" for key, span in spans.items())
    note = (
        "NRMSE is RMSE / the theoretical range of the scores, from all answers lowest to all "
        f"answers highest ({named}); the uniform baseline draws from that range."
    )
    return Ranges(lows, highs, spans, note)


def _find_plain(
    keys: list[Key], study: Study, predictions: pd.DataFrame, span: float | None
) -> Ranges:
    scale = study.clips.scale if study.clips else None
    train = predictions.loc[predictions["part"] == "train", "truth"]
    low, high = scale or (float(train.min()), float(train.max()))
    source = "its scale in the study file" if scale else "its range in the training clips"
    note = (
        f"The target '{study.target}' runs from {low:g} to {high:g} ({source}): the uniform "
        "baseline draws from there, and NRMSE is RMSE / "
    )
    ranges = _repeat(keys, low, high, f"{note}{span or high - low:g}.")
    return ranges if span is None else replace(ranges, spans=dict.fromkeys(keys, span))


def _list_fits(predictions: pd.DataFrame) -> list[Key]:
    own = predictions[predictions["fitted_on"] == "context"]
    return [*(order_levels(own["context"]) if "context" in own else []), None]


def _repeat(keys: list[Key], low: float, high: float, note: str) -> Ranges:
    lows, highs = dict.fromkeys(keys, low), dict.fromkeys(keys, high)
    return Ranges(lows, highs, dict.fromkeys(keys, high - low), note)
