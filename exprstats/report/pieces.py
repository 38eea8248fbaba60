"""Results of one analysis, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.errors import OptionError

if TYPE_CHECKING:
    from exprstats.inference import Comparison
    from exprstats.measurement import Factor, FactorBootstrap, NestedModels
    from exprstats.models import Ceiling, Contrasts, Dependence, Importance, Models, Weights
    from exprstats.reliability import (
        ContextDifferences,
        Decisions,
        Design,
        Plan,
        Raters,
        Reliability,
    )
    from exprstats.results import Result
    from exprstats.study import StudyRun
    from exprstats.study.provenance import Provenance
    from exprstats.study.settings import Study

KIND_NAMES = {
    "elastic": "ElasticNet",
    "forest": "Random forest",
    "human": "Human baseline",
    "uniform": "Uniform baseline",
    "normal": "Normal baseline",
    "mean": "Mean baseline",
    "majority": "Majority baseline",
}

# What a study's run holds under the same name.
_OF_RUNS = (
    *(
        "reliability",
        "factor",
        "models",
        "comparison",
        "weights",
        "contrasts",
        "pooling",
        "ceiling",
    ),
    *("importance", "dependence", "clips", "parts", "study", "provenance"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What a report can speak of; what is not there is None or empty.

    Attributes
    ----------
    title
        The report's title.
    reliability, factor, comparison
        Results, one of each kind at most.
    design, raters, decisions, plan, differences
        What goes with the reliability: the design of the ratings, its raters one by one, other
        numbers of raters, raters for a target, and contexts compared.
    invariance, restrictions, resampled
        What goes with the factor: nested models across contexts and across items, and intervals
        that allow for clusters.
    ceiling
        The highest correlation that the scores' reliability allows.
    weights, contrasts
        What goes with the models: weights with intervals, and how contexts differ in them.
    pooling
        Models of single contexts against one for all.
    importance, dependence
        What models need to predict, and how their predictions move along features, by the
        models' names.
    models
        Fitted models by name.
    others
        Results without a place of their own, in the order that they were passed in.
    clips, parts
        The clips as the models saw them, and their subjects' parts.
    study, provenance
        Settings and origin, where a study was run.
    model_names
        What to print for a model's name.
    """

    title: str
    reliability: Reliability | None = None
    factor: Factor | None = None
    models: dict[str, Models] = field(default_factory=dict)
    comparison: Comparison | None = None
    design: Design | None = None
    raters: Raters | None = None
    decisions: Decisions | None = None
    plan: Plan | None = None
    differences: ContextDifferences | None = None
    invariance: NestedModels | None = None
    restrictions: NestedModels | None = None
    resampled: FactorBootstrap | None = None
    ceiling: Ceiling | None = None
    weights: Weights | None = None
    contrasts: Contrasts | None = None
    pooling: Comparison | None = None
    importance: dict[str, Importance] = field(default_factory=dict)
    dependence: dict[str, Dependence] = field(default_factory=dict)
    others: tuple[Result, ...] = ()
    clips: pd.DataFrame | None = None
    parts: pd.DataFrame | None = None
    study: Study | None = None
    provenance: Provenance | None = None
    model_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_model(self) -> str | None:
        """Return the model that a comparison is about: the one asked for, or the first fitted."""
        if self.comparison is not None and self.comparison.against is not None:
            return self.comparison.against
        return next(iter(self.models), None)

    @property
    def target(self) -> str:
        """Return what the models predict, in words."""
        if self.factor is not None:
            return "factor scores"
        return str(self.study.target) if self.study and self.study.target else "the target"

    def find_kind(self, kind: str) -> str | None:
        """Return the name of the study's model of a kind, or None where there is none.

        Without a study the names that our own verbs give tell the kind.
        """
        if self.study is not None:
            return next((one.name for one in self.study.models if one.kind == kind), None)
        compared = () if self.comparison is None else self.comparison.tidy()["model"].unique()
        return kind if kind in compared and kind in self.model_names else None

    def name_judges(self) -> str:
        """Return over whom the human baselines' metrics are averaged."""
        words = {"worker": "raters", "seat": "seats, the places that raters of a clip take"}
        models = () if self.study is None else self.study.models
        units = {one.name: one.unit or "worker" for one in models if one.kind == "human"}
        if len(set(units.values())) < 2:
            return words[next(iter(units.values()), "worker")]
        told = [f"{words[unit]} ({self.tell_model(name)})" for name, unit in units.items()]
        return " or ".join(told)

    def name_model(self, model: Any) -> str:
        """Return a model's printed name."""
        return self.model_names.get(str(model), str(model))

    def tell_model(self, model: Any) -> str:
        """Return a model's name as a sentence has it."""
        name = self.name_model(model)
        nouns = (" baseline", " forest")
        known = str(model) in self.model_names and name.endswith(nouns)
        return f"the {name[0].lower()}{name[1:]}" if known else name


def gather_pieces(results: StudyRun | Result | Iterable[Result], title: str | None) -> Pieces:
    """Return the pieces of a study's run, or of results in any order.

    Raises
    ------
    OptionError
        If something is no result, or two results are of one kind.
    """
    from exprstats.study import StudyRun

    if isinstance(results, StudyRun):
        return _open_run(results, title)
    from exprstats.results import Result

    if not isinstance(results, Result | Iterable):
        message = f"a report cannot be made of {type(results).__name__}; pass results."
        raise OptionError(message)
    several = [results] if isinstance(results, Result) else list(results)
    if not several:
        message = "results is empty; pass a StudyRun or results such as a Reliability."
        raise OptionError(message)
    return _sort_results(several, title or "Report")


def _open_run(run: StudyRun, title: str | None) -> Pieces:
    kinds = {model.name: model.kind for model in run.study.models}
    return Pieces(
        title=title or run.study.title,
        model_names={name: KIND_NAMES[kind] for name, kind in kinds.items() if name == kind},
        **{name: getattr(run, name) for name in _OF_RUNS},
    )


def _sort_results(results: Iterable[Any], title: str) -> Pieces:
    from exprstats.results import Result

    found: dict[str, Any] = {}
    by_model: dict[str, dict[str, Any]] = {"models": {}, "importance": {}, "dependence": {}}
    others: list[Result] = []
    results = list(results)
    given = {_find_place(result)[0] for result in results}
    for result in results:
        if not isinstance(result, Result):
            message = f"a report cannot be made of {type(result).__name__}; pass results."
            raise OptionError(message)
        kind, model = _find_place(result)
        # Table 3 is the ceiling's place.
        kind = "" if kind == "ceiling" and "comparison" not in given else kind
        group = found if model is None else by_model[kind]
        name = kind if model is None else model
        if not kind:
            others += [] if any(one is result for one in others) else [result]
        elif name in group:
            message = f"there are two results of kind {type(result).__name__}; pass one."
            if model is not None:
                message = f"there are two {type(result).__name__} of model '{model}'; rename one."
            raise OptionError(message)
        else:
            group[name] = result
    # Names that our own verbs give by default are ours to print as words.
    known = [one for group in by_model.values() for one in group.items()]
    ours = known and all(name == one.kind for name, one in known)
    names = KIND_NAMES if ours else {}
    return Pieces(title=title, model_names=names, others=tuple(others), **by_model, **found)


def _find_place(result: Any) -> tuple[str, str | None]:
    """Return the field of a result, "" where it has none, and its model where there are several."""
    from exprstats import inference, measurement, models, reliability

    if isinstance(result, measurement.NestedModels):
        across = result.steps["model"].eq("configural").any()
        return ("invariance" if across else "restrictions"), None
    if isinstance(result, models.Models):
        return "models", result.name
    if _is_pooling(result):
        return "pooling", None
    places: dict[str, type] = {
        "importance": models.Importance,
        "dependence": models.Dependence,
        "reliability": reliability.Reliability,
        "design": reliability.Design,
        "raters": reliability.Raters,
        "decisions": reliability.Decisions,
        "plan": reliability.Plan,
        "differences": reliability.ContextDifferences,
        "factor": measurement.Factor,
        "resampled": measurement.FactorBootstrap,
        "comparison": inference.Comparison,
        "ceiling": models.Ceiling,
        "weights": models.Weights,
        "contrasts": models.Contrasts,
    }
    place = next((name for name, kind in places.items() if isinstance(result, kind)), "")
    return place, result.model if place in {"importance", "dependence"} else None


def _is_pooling(result: Any) -> bool:
    """Return whether models of single contexts are compared with the one of `pair_pooled`."""
    from exprstats.inference import Comparison

    if not isinstance(result, Comparison):
        return False
    rows = result.table
    models = list(dict.fromkeys(rows["model"].tolist()))
    two = {*models} == {models[0], f"{models[0]} pooled"}
    return two and bool(rows["context"].notna().any())
