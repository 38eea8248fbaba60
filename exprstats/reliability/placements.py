"""Differences between contexts without a subject, a rater or a cell, left out of both at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.reliability.estimands import Estimand, measure_estimand
from exprstats.reliability.jackknife import Spread, combine_thetas
from exprstats.reliability.oneway import find_usual_divisor
from exprstats.reliability.panels import Panel
from exprstats.reliability.samples import Samples, sample_panel
from exprstats.tables import encode_ids
from exprstats.words import IccModel


@dataclass(frozen=True, slots=True)
class Placed:
    """A context's samples with the codes that its subjects, raters and cells have in the table."""

    name: str
    samples: Samples
    places: Mapping[str, np.ndarray]
    k: float
    n_clips: int

    def divide(self, *, averaged: bool) -> dict[str, float]:
        """Return what divides the errors of one rating, or of a clip's mean."""
        return {"k": self.k if averaged else 1.0}


def encode_clusters(
    ratings: pd.DataFrame, by: str, cluster: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return subject (clip, where it is not known) and rater codes (N,) of every row."""
    clip = [name for name in (by, "context", "clip") if name in ratings.columns]
    names = list(dict.fromkeys(clip)) if cluster is None else [cluster]
    return encode_ids(ratings, names)[0], encode_ids(ratings, ["rater"])[0]


def place_panel(panel: Panel, model: IccModel, codes: tuple[np.ndarray, np.ndarray]) -> Placed:
    """Return a context's samples, with the codes that `encode_clusters` gave its parts."""
    samples = sample_panel(panel, model, always=True)
    subject, rater = (
        _find_codes(local, everywhere[panel.rows])
        for local, everywhere in zip((panel.cluster, panel.rater), codes, strict=True)
    )
    cell = subject[samples.cells[0]] * (int(codes[1].max()) + 1) + rater[samples.cells[1]]
    k = find_usual_divisor(np.bincount(panel.clip))
    places = {"subject": subject, "rater": rater, "cell": cell}
    return Placed(str(panel.context), samples, places, k, panel.n_clips)


def _find_codes(local: np.ndarray, everywhere: np.ndarray) -> np.ndarray:
    found = np.zeros(int(local.max()) + 1, dtype=np.int64)
    found[local] = everywhere
    return found


def spread_difference(one: Placed, two: Placed, estimand: Estimand, *, averaged: bool) -> Spread:
    """Return the jackknife variance of the difference between two contexts' coefficients."""
    thetas = {}
    for part in ("subject", "rater", "cell"):
        union = np.unique(np.concatenate([one.places[part], two.places[part]]))
        values = []
        for context in (one, two):
            divisors = context.divide(averaged=averaged)
            whole = measure_estimand(estimand, context.samples.whole, divisors)
            filled = np.full(len(union), float(whole))
            without = measure_estimand(estimand, context.samples.without[part], divisors)
            filled[np.searchsorted(union, context.places[part])] = without
            values.append(np.where(np.isinf(filled), np.nan, filled))
        thetas[part] = values[0] - values[1]
    if len(thetas["cell"]) == len(thetas["rater"]):
        thetas = {"subject": thetas["subject"]}
    return combine_thetas(thetas)
