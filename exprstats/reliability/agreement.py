"""Krippendorff's α and weighted κ, for those whose reviewers ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.inference.intervals import find_percentile, sort_draws
from exprstats.inference.samples import count_blocks
from exprstats.numerals import count_things, write_interval, write_level, write_number
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.chance import (
    FEWEST_SHARED,
    Scale,
    Weights,
    count_values,
    find_alpha,
    find_kappa,
)
from exprstats.reliability.obstacles import refuse_obstacles
from exprstats.reliability.panels import Panel
from exprstats.reliability.ratings import split_panels
from exprstats.reliability.resampling import draw_values
from exprstats.results import Result
from exprstats.tables import arrange_rows
from exprstats.words import check_count, check_level, check_word


@dataclass(frozen=True, slots=True, eq=False)
class Agreement(Result):
    """Agreement beyond chance.

    Attributes
    ----------
    table
        Rows by context and item: ``term`` ``alpha`` or ``kappa``.
    level
        Confidence level.
    scale, weights
        What disagreement was taken to be.
    """

    table: pd.DataFrame
    level: float
    scale: Scale
    weights: Weights

    def glance(self) -> pd.DataFrame:
        """Return one row: the kinds of disagreement."""
        return pd.DataFrame([{"scale": self.scale, "weights": self.weights}])

    def sentence(self) -> str:
        """Return the coefficients in APA style."""
        return " ".join(self._write(row) for row in self.table.to_dict("records"))

    def _write(self, row: dict[Any, Any]) -> str:
        place = "" if pd.isna(row["context"]) else f" in {row['context']}"
        name = {
            "alpha": f"Krippendorff's α ({self.scale})",
            "kappa": f"mean κ of pairs of raters ({self.weights} weights)",
        }[row["term"]]
        text = f"{row['item']}{place}: {name} = {write_number(row['estimate'], bounded=True)}"
        if not pd.isna(row["conf_low"]):
            limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
            text += f", {write_level(self.level)} CI {limits}"
        return f"{text}."


def measure_agreement(
    ratings: pd.DataFrame,
    *,
    scale: Scale = "interval",
    weights: Weights = "quadratic",
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
    level: float = 0.95,
    draws: int = 0,
    seed: Seed = None,
) -> Agreement:
    """Measure agreement by Krippendorff's α and by κ averaged over pairs of raters.

    Both come from the libraries that keep them: ``krippendorff`` and scikit-learn.

    Parameters
    ----------
    ratings, items, by, cluster, level
        As in `rate_reliability`.
    scale
        Disagreement of two values in α.
    weights
        Disagreement of two values in κ. Pairs of raters count who share at least ten clips
        (Light, 1971); with no such pair κ is left undefined.
    draws
        Draws of a bootstrap of subjects (clips, where they are not known) for α; 0 for none.
    seed
        Of the bootstrap.

    Raises
    ------
    MissingDependency
        If ``krippendorff`` is not installed.
    DataError
        As in `rate_reliability`.
    OptionError
        If an option is not allowed.
    """
    check_word(scale, Scale, "scale")
    check_word(weights, Weights, "weights")
    check_level(level)
    check_count(draws, "draws", least=0)
    panels = split_panels(ratings, items=items, by=by, cluster=cluster)
    refuse_obstacles(panels)
    seeds = spawn_seeds(seed, count_blocks(draws))
    rows = []
    for panel in panels:
        shared = _describe(panel, level)
        rows.append(shared | _write_alpha(panel, scale, seeds, draws, level))
        rows.append(shared | _write_kappa(panel, weights))
    return Agreement(arrange_rows(rows, ("context", "item", "term")), level, scale, weights)


def _describe(panel: Panel, level: float) -> dict[str, Any]:
    return {
        "context": panel.context,
        "item": panel.item,
        "level": level,
        "n_clips": panel.n_clips,
        "n_clusters": panel.n_subjects,
    }


def _write_alpha(
    panel: Panel, scale: Scale, seeds: Sequence[np.random.SeedSequence], draws: int, level: float
) -> dict[str, Any]:
    counts, levels = count_values(panel)
    row: dict[str, Any] = {
        "term": "alpha",
        "estimate": find_alpha(counts, levels, scale),
        "conf_low": np.nan,
        "conf_high": np.nan,
        "method": "bootstrap" if draws else None,
        "note": None,
    }
    if not draws:
        return row | {"note": "no interval: draws=0"}
    owners = panel.owners

    def measure(times: np.ndarray) -> np.ndarray:
        drawn = times[:, owners].astype(int)
        values = [find_alpha(np.repeat(counts, often, axis=0), levels, scale) for often in drawn]
        return np.array([values])

    values = draw_values(measure, panel.n_subjects or panel.n_clips, seeds)[:, :draws]
    ordered, finite = sort_draws(values)
    interval = find_percentile(ordered, finite, level)
    return row | {
        "std_error": float(interval.std_error[0]),
        "conf_low": float(interval.conf_low[0]),
        "conf_high": float(interval.conf_high[0]),
        "draws": int(finite[0]),
    }


def _write_kappa(panel: Panel, weights: Weights) -> dict[str, Any]:
    estimate, pairs = find_kappa(panel, weights)
    counted = count_things(pairs, "pair")
    note = f"mean of {counted} of raters with {FEWEST_SHARED} clips or more in common"
    return {
        "term": "kappa",
        "estimate": estimate,
        "conf_low": np.nan,
        "conf_high": np.nan,
        "note": note if pairs else f"no pair of raters shares {FEWEST_SHARED} clips",
    }
