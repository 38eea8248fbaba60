"""Which features a model needs to predict people it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem
from exprstats.models.fits import KIND_NAMES, Models
from exprstats.models.outcomes import KEYS, group_contexts
from exprstats.models.permutation import list_importance
from exprstats.models.resamples import check_resampling
from exprstats.numerals import write_interval, write_level, write_number
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result
from exprstats.tables import arrange_rows
from exprstats.words import check_count


@dataclass(frozen=True, slots=True, eq=False)
class Importance(Result):
    """How much the test error rises when features are permuted between people.

    Attributes
    ----------
    table
        Tidy rows, context by context, the pooled model last. Terms: ``importance`` of one feature
        and ``group_importance`` of correlated ones together, in units of the target (of classes:
        the share of wrong ones), each with percentile and jackknife-t intervals over the test
        subjects; ``headline`` marks one.
    model, kind
        Name and kind of the model.
    repeats
        Permutations of each feature.
    level
        Confidence level.
    error
        What rises, in words.
    """

    table: pd.DataFrame
    model: str
    kind: str
    repeats: int
    level: float
    error: str = "RMSE"

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        row = {
            "model": self.model,
            "kind": self.kind,
            "n_contexts": int(self.table["context"].nunique()),
            "n_features": int(self.table.query("term == 'importance'")["feature"].nunique()),
            "n_clusters": int(self.table["n_clusters"].max()),
            "repeats": self.repeats,
            "level": self.level,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the features whose interval lies above 0, in APA style."""
        rows = self.table[self.table["headline"] & (self.table["term"] == "importance")]
        told = [_tell_context(name, own) for name, own in group_contexts(rows)]
        opening = (
            f"{KIND_NAMES[self.kind]}: rise of the test {self.error} when a feature is permuted "
            f"between subjects, with {write_level(self.level)} intervals over test subjects."
        )
        return " ".join([opening, *told])


def rate_importance(
    models: Models,
    *,
    repeats: int = 20,
    alike: float = 0.7,
    draws: int = 500,
    level: float = 0.95,
    seed: Seed = None,
) -> Importance:
    """Permute features between the test subjects, and say how much worse the predictions get.

    Every test subject gets the values of another one, in random order: the link to the target is
    cut within and between people, while one person's clips stay as alike as they are.

    Parameters
    ----------
    models
        From `fit_elastic` or `fit_forest`.
    repeats
        Permutations of each feature; the rise is their mean.
    alike
        Features that correlate at this size or more in training (average linkage) are permuted
        together as well, since each alone can hide behind the others.
    draws
        Resamples of the test subjects for the percentile interval.
    level
        Confidence level.
    seed
        Of permutations and resamples.

    Returns
    -------
    Importance

    Raises
    ------
    DataError
        Fewer than three test subjects in every context.
    OptionError
        Options outside their range.

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning, 45, 5-32.
    """
    check_resampling(draws, level)
    check_count(repeats, "repeats")
    if not 0 < alike <= 1:
        message = f"alike is {alike:g}; it must lie above 0 and be at most 1."
        raise OptionError(message)
    rows: list[dict[str, Any]] = []
    seeds = spawn_seeds(seed, len(models.fits))
    for fit, one in zip(models.fits, seeds, strict=True):
        key = {"context": fit.sample.context, "model": models.name}
        options = {"repeats": repeats, "draws": draws, "level": level, "alike": alike}
        found = list_importance(models.design, fit, seed=np.random.default_rng(one), **options)
        rows += [{**key, **row} for row in found]
    if not rows:
        fact = "fewer than 3 test subjects."
        raise DataError(Problem(fact, "Importance is measured on people held out.", "part"))
    error = "share of wrong classes" if models.design.classes else "RMSE"
    return Importance(arrange_rows(rows, KEYS), models.name, models.kind, repeats, level, error)


def _tell_context(name: str, own: pd.DataFrame) -> str:
    held = own[own["conf_low"] > 0].sort_values("estimate", ascending=False)
    if held.empty:
        return f"{name}: no feature's interval lies above 0."
    told = [
        f"{row['feature']} {write_number(row['estimate'])} "
        f"{write_interval(row['conf_low'], row['conf_high'])}"
        for _, row in held.iterrows()
    ]
    return f"{name}: {'; '.join(told)}."
