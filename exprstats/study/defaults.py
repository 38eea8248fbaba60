"""Tables and models that a study file may leave out."""

from __future__ import annotations

from typing import Any

from exprstats.study.settings import (
    BASELINES,
    USUAL_BASELINES,
    CompareSettings,
    ImportanceSettings,
    ModelSettings,
    ScoresSettings,
    SplitSettings,
)
from exprstats.words import ModelKind


def fill_tables(tables: dict[str, Any], models: tuple[ModelSettings, ...]) -> dict[str, Any]:
    """Return the tables of a study file with those that it needs and leaves out."""
    if "openface" in tables:
        tables["clips"] = tables["openface"].describe_clips()
    if "ratings" in tables:
        # Without clips nobody is held out, so that there is no training set to fit on.
        fitted_on = "train" if "clips" in tables else "all"
        tables.setdefault("scores", ScoresSettings(fitted_on))
    if "clips" in tables:
        tables.setdefault("split", SplitSettings())
        tables.setdefault("compare", CompareSettings())
        tables["models"] = _fill_models(models, rated="ratings" in tables)
        tables["usual_models"] = not models
        # A forest says nothing of its features by itself, and weights alone only half.
        if "weights" in tables or any(model.kind == "forest" for model in models):
            tables.setdefault("importance", ImportanceSettings())
    return tables


def _fill_models(models: tuple[ModelSettings, ...], *, rated: bool) -> tuple[ModelSettings, ...]:
    fitted = [model for model in models if model.kind not in BASELINES]
    named = [model for model in models if model.kind in BASELINES]
    if not models:
        fitted = [ModelSettings("elastic", "elastic")]
    if not named:
        taken = {model.name for model in fitted}
        # Standard normal guesses are in the unit of factor scores, not of any other target.
        kinds: list[ModelKind] = [kind for kind in USUAL_BASELINES if rated or kind != "normal"]
        named = [ModelSettings(kind, kind) for kind in kinds if kind not in taken]
    return (*fitted, *named)
