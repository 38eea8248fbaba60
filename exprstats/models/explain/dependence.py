"""Partial dependence of predictions on features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.contracts import arrange_rows, check_kind
from exprstats.errors import OptionError
from exprstats.models.fitting.outcomes import KEYS, count_clips, group_contexts
from exprstats.models.fitting.result import Fitted, Models
from exprstats.options import KIND_NAMES, check_count, name_nearest, take_columns
from exprstats.results import Result

MOST_ROWS = 100_000  # predicted in one call


@dataclass(frozen=True, slots=True, eq=False)
class Dependence(Result):
    """Mean predictions along a feature.

    Attributes
    ----------
    table
        Tidy rows: context, model, feature, ``value`` (in the feature's unit), and term
        ``dependence``, the mean prediction over the training clips if all had that value.
    model, kind
        Name and kind of the model.
    """

    place: ClassVar[str] = "dependence"
    table: pd.DataFrame
    model: str
    kind: str

    @property
    def key(self) -> str:
        """The name of the model."""
        return self.model

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        row = {
            "model": self.model,
            "kind": self.kind,
            "n_contexts": int(self.table["context"].nunique()),
            "n_features": int(self.table["feature"].nunique()),
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the feature along which predictions move most, for each context."""
        told = []
        for name, rows in group_contexts(self.table):
            own = rows.groupby("feature", sort=False)["estimate"].agg(np.ptp)
            label = "all clips" if rows["context"].isna().all() else name
            if not own.max() > 0:
                told.append(f"{label}: none, all clips get the same prediction")
                continue
            told.append(f"{label}: {own.idxmax()} ({write_number(own.max())})")
        return (
            f"{KIND_NAMES[self.kind]}: the mean prediction moved most along these features, "
            f"between their 5th and 95th percentiles: {'; '.join(told)}."
        )


def trace_dependence(
    models: Models, *, features: Sequence[str] | None = None, points: int = 20
) -> Dependence:
    """Set a feature to one value after another for all training clips, and average predictions.

    Parameters
    ----------
    models
        From `fit_elastic` or `fit_forest`.
    features
        Which ones; None takes all.
    points
        Values of each feature, evenly from its 5th to its 95th percentile in training.

    Returns
    -------
    Dependence

    Raises
    ------
    OptionError
        An unknown feature, fewer than two points, or models of classes.

    Notes
    -----
    Where features are correlated, some of the clips so made exist nowhere in the data.

    References
    ----------
    Friedman, J. H. (2001). Greedy function approximation: A gradient boosting machine. Section 8.2.

    Examples
    --------
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> models = fit_elastic(clips, parts=split_subjects(clips, seed=1), **data)
    >>> rows = trace_dependence(models, features=["motion"], points=3).tidy()
    >>> bool(rows["estimate"].is_monotonic_increasing)
    True
    """
    check_count(points, "points", 2)
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    known = models.require_clips().features
    named = [features] if isinstance(features, str) else features
    traced = list(known) if named is None else take_columns(named, "features")
    for name in traced:
        if name not in known:
            message = f"'{name}' is no feature of the models. {name_nearest(str(name), known)}"
            raise OptionError(message)
    if models.design.classes:
        message = f"'{models.design.target}' holds classes; mean predictions need a quantity."
        raise OptionError(message)
    rows: list[dict[str, Any]] = []
    for fit in models.fits:
        values = models.design.split(fit.sample, "train")[0]
        counts = count_clips(models.design, fit.sample, "train")
        key = {"context": fit.sample.context, "model": models.name, "part": "train"}
        key |= {"term": "dependence", **counts}
        for name in traced:
            column = known.index(name)
            low, high = np.quantile(values[:, column], [0.05, 0.95]).tolist()
            steps = np.linspace(low, high, points)
            means = _average_steps(fit, values, column, steps)
            rows += [
                {**key, "feature": name, "value": step, "estimate": mean}
                for step, mean in zip(steps.tolist(), means, strict=True)
            ]
    return Dependence(arrange_rows(rows, (*KEYS, "value")), models.name, models.kind)


def _average_steps(fit: Fitted, values: np.ndarray, column: int, steps: np.ndarray) -> list[float]:
    """Return the mean prediction at each step, many steps in one call.

    Forests spend most of a call on starting it, so that few calls are much faster than many.
    """
    held = max(1, MOST_ROWS // max(1, len(values)))  # steps whose clips are in memory at once
    means: list[float] = []
    for first in range(0, len(steps), held):
        here = steps[first : first + held]
        moved = np.tile(values, (len(here), 1))
        moved[:, column] = np.repeat(here, len(values))
        means += fit.predict(moved).reshape(len(here), -1).mean(axis=1).tolist()
    return means
