"""The stage of a study on the importance of features and partial dependence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.study.provenance import Logbook
from exprstats.study.settings import ImportanceSettings

if TYPE_CHECKING:
    from exprstats.models import Dependence, Importance, Models

MOST_TRACED = 4  # features whose curves stand beside each other on a page


def rate_features(
    models: dict[str, Models], settings: ImportanceSettings, log: Logbook
) -> dict[str, Importance]:
    """Return the importance of each model's features, by the models' names.

    One seed serves all models, so that they meet the same permutations of the same people.
    """
    from exprstats.models import rate_importance

    options = {"repeats": settings.repeats, "draws": settings.draws}
    return {
        name: rate_importance(one, seed=log.draw_seed("importance"), **options)
        for name, one in models.items()
    }


def trace_forests(
    models: dict[str, Models], importance: dict[str, Importance]
) -> dict[str, Dependence]:
    """Return how the predictions of forests move along their most important features.

    Classes have no mean prediction, and are left out.
    """
    from exprstats.models import trace_dependence

    return {
        name: trace_dependence(models[name], features=_list_traced(models[name], found))
        for name, found in importance.items()
        if found.kind == "forest" and not models[name].design.classes
    }


def _list_traced(model: Models, importance: Importance) -> list[str]:
    """Return the features whose curves are drawn: a category has levels, and no curve."""
    named = list_important(importance, len(model.design.features))
    kept = [one for one in named if one in model.design.features][:MOST_TRACED]
    return kept or list(model.design.features[:1])


def list_important(importance: Importance, most: int) -> list[str]:
    """Return the features of largest importance for all clips, the first the largest."""
    rows = importance.tidy()
    rows = rows[rows["term"].eq("importance") & rows["headline"].eq(True)]
    pooled = rows[rows["context"].isna()]
    sizes = (pooled if len(pooled) else rows).groupby("feature", sort=False)["estimate"].max()
    return [str(one) for one in sizes.sort_values(ascending=False, kind="stable").index[:most]]
