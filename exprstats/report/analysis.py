"""The analysis that a report is about: results, their study, and the names of models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.errors import OptionError
from exprstats.options import KIND_NAMES
from exprstats.results import Registered, Result, Results, refuse_stranger

if TYPE_CHECKING:
    from exprstats.study import StudyRun
    from exprstats.study.provenance import Provenance
    from exprstats.study.settings import Study

_FLAT = re.compile(r"the predictions of (.+?) do not vary")


@dataclass(frozen=True, slots=True, eq=False)
class Analysis(Registered):
    """What a report can speak of; what is not there is None or empty.

    Attributes
    ----------
    title
        The report's title.
    results
        The registry; each result is an attribute under its place, such as ``reliability`` or
        ``weights`` (see `exprstats.results.PLACES`).
    clips, parts
        The clips as the models saw them, and their subjects' parts.
    study, provenance
        Settings and origin, where a study was run.
    model_names
        What to print for a model's name.
    unseen
        Whether the people judged are known to be none that the models were fitted to.
    """

    title: str
    results: Results = field(default_factory=Results)
    clips: pd.DataFrame | None = None
    predictions: pd.DataFrame | None = None
    parts: pd.DataFrame | None = None
    study: Study | None = None
    provenance: Provenance | None = None
    model_names: Mapping[str, str] = field(default_factory=dict)
    unseen: bool = True

    @property
    def own_model(self) -> str | None:
        """Return the model that a comparison is about: the one asked for, or the first fitted."""
        if self.comparison is not None and self.comparison.against is not None:
            return self.comparison.against
        return next(iter(self.models), None)

    @property
    def target(self) -> str:
        """Return what the models predict, in words."""
        if self.factor is not None and (self.study is None or self.study.scored):
            return "factor scores"
        if self.study and self.study.target:
            return str(self.study.target)
        # What join_scores calls the scores of a factor says nothing without the factor.
        named = {one.design.target for one in self.models.values()} - {"score"}
        return str(named.pop()) if len(named) == 1 else "the target"

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
        words = {"worker": "raters", "seat": "seats (the first, second … rater of a clip)"}
        words["paper"] = words["worker"]
        models = () if self.study is None else self.study.models
        units = {one.name: one.unit or "worker" for one in models if one.kind == "human"}
        if len({words[unit] for unit in units.values()}) < 2:
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

    def tell_notes(self, notes: pd.Series) -> pd.Series:
        """Return notes of rows with printed names where predictions of models do not vary."""

        def tell(found: re.Match[str]) -> str:
            named = (self.tell_model(name) for name in found[1].split(" and "))
            return f"the predictions of {' and '.join(named)} do not vary"

        return notes.str.replace(_FLAT, tell, regex=True)


def gather_analysis(
    results: StudyRun | Result | Iterable[Result],
    title: str | None = None,
    *,
    names: Mapping[str, str] | None = None,
    unseen: bool = True,
) -> Analysis:
    """Return the analysis of a study's run, or of results in any order.

    Raises
    ------
    OptionError
        If something is no result, or two results are of one kind.
    """
    if not isinstance(results, Result | Iterable):
        from exprstats.study import StudyRun

        if not isinstance(results, StudyRun):
            raise refuse_stranger(results)
        kinds = {model.name: model.kind for model in results.study.models}
        return Analysis(
            title=title or results.study.title,
            results=results.results,
            clips=results.clips,
            predictions=results.predictions,
            parts=results.parts,
            study=results.study,
            provenance=results.provenance,
            model_names={name: KIND_NAMES[kind] for name, kind in kinds.items() if name == kind},
        )
    found = Results.collect([results] if isinstance(results, Result) else results)
    if not list(found):
        message = "results is empty; pass a StudyRun or results such as a Reliability."
        raise OptionError(message)
    # Names that our own verbs give by default are ours to print as words.
    keyed = [(key, one) for (_, key), one in found.held.items() if key is not None]
    ours = bool(keyed) and all(key == getattr(one, "kind", None) for key, one in keyed)
    told = KIND_NAMES if ours else {}
    names = told if names is None else names
    return Analysis(title or "Report", found, model_names=names, unseen=unseen)
