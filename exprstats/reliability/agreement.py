"""Agreement of categories: Krippendorff's α and weighted κ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import MissingDependency
from exprstats.inference.resampling.intervals import find_percentile, sort_draws
from exprstats.inference.resampling.samples import count_blocks
from exprstats.options import check_count, check_level, check_word
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.icc.bootstrap import draw_values
from exprstats.reliability.icc.checks import refuse_obstacles
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["none", "linear", "quadratic"]
FEWEST_SHARED = 10


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

    place: ClassVar[str] = "agreement"
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


def count_values(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each clip got each value (n, V), and the values (V,)."""
    levels, code = np.unique(panel.rating, return_inverse=True)
    counts = np.bincount(panel.clip * len(levels) + code, minlength=panel.n_clips * len(levels))
    return counts.reshape(panel.n_clips, len(levels)), levels


def find_alpha(counts: np.ndarray, values: np.ndarray, scale: Scale) -> float:
    """Return Krippendorff's α of value counts (n, V) of clips and the values (V,)."""
    try:
        from krippendorff import alpha
    except ImportError as error:
        message = "Krippendorff's α needs a package: pip install krippendorff"
        raise MissingDependency(message) from error
    used = counts[counts.sum(axis=1) > 1]
    try:
        return float(alpha(value_counts=used, value_domain=values, level_of_measurement=scale))
    except ValueError:
        return float("nan")


def find_kappa(panel: Panel, weights: Weights) -> tuple[float, int]:
    """Return κ averaged over pairs of raters with ten clips in common, and how many pairs.

    Pairs who gave one and the same value to all of these have no κ and do not count.
    """
    from sklearn.metrics import cohen_kappa_score

    levels, code = np.unique(panel.rating, return_inverse=True)
    kind = None if weights == "none" else weights
    found = []
    order = np.lexsort((panel.clip, panel.rater))
    starts = np.searchsorted(panel.rater[order], np.arange(panel.n_raters + 1))
    rows = [order[start:stop] for start, stop in pairwise(starts)]
    for one, two in combinations(rows, 2):
        _, left, right = np.intersect1d(panel.clip[one], panel.clip[two], return_indices=True)
        pair = code[one[left]], code[two[right]]
        if len(left) >= FEWEST_SHARED and len(np.unique(pair)) > 1:
            found.append(cohen_kappa_score(*pair, labels=np.arange(len(levels)), weights=kind))
    return (float(np.mean(found)) if found else float("nan")), len(found)
