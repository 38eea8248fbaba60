"""What a study gave: one result for each stage that it had."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.study.provenance import Provenance
from exprstats.study.settings import Study

if TYPE_CHECKING:
    from exprstats.inference import Comparison
    from exprstats.measurement import Factor
    from exprstats.models import Ceiling, Contrasts, Dependence, Importance, Models, Weights
    from exprstats.reliability import Reliability


@dataclass(frozen=True, slots=True, eq=False)
class StudyRun:
    """The results of a study; what it had no input for is None or empty.

    Attributes
    ----------
    study
        The settings.
    reliability, factor, comparison
        From `rate_reliability`, `fit_factor` and `compare_models`.
    models
        From `fit_elastic`, by the names that the study file gives; the headline model first.
    predictions
        Test-set predictions of every model and baseline.
    ceiling
        From `rate_ceiling`, of ratings and their scores.
    weights, contrasts
        From `report_weights` and `contrast_contexts`, where the study asks for them.
    pooling
        With the contrasts: models of single contexts against one for all (`pair_pooled`).
    importance, dependence
        From `rate_importance`, and of forests from `trace_dependence`, by the models' names.
    provenance
        Where it all comes from.
    clips
        The clips with their features and targets, as the models saw them.
    features
        The columns that models predict from.
    parts
        Subject to part.
    """

    study: Study
    provenance: Provenance
    reliability: Reliability | None = None
    factor: Factor | None = None
    models: dict[str, Models] = field(default_factory=dict)
    predictions: pd.DataFrame | None = None
    comparison: Comparison | None = None
    ceiling: Ceiling | None = None
    weights: Weights | None = None
    contrasts: Contrasts | None = None
    pooling: Comparison | None = None
    importance: dict[str, Importance] = field(default_factory=dict)
    dependence: dict[str, Dependence] = field(default_factory=dict)
    clips: pd.DataFrame | None = None
    features: tuple[str, ...] = ()
    parts: pd.DataFrame | None = None
