"""The outline of a report: its sections in order."""

from __future__ import annotations

from collections.abc import Callable

from exprstats.document.model import Document, Section
from exprstats.document.numbering import number_document
from exprstats.document.text import say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import list_sources
from exprstats.report.methods.paragraph import describe_procedure
from exprstats.report.sections.ablation import describe_ablation
from exprstats.report.sections.adaptation import describe_adaptation, describe_tasks
from exprstats.report.sections.agreement import describe_agreement
from exprstats.report.sections.calibration import describe_calibration
from exprstats.report.sections.columns import describe_columns
from exprstats.report.sections.companions import (
    describe_contexts,
    describe_equivalence,
    describe_permutation,
    describe_precision,
    describe_training,
)
from exprstats.report.sections.comparisons import describe_comparisons, describe_pooling
from exprstats.report.sections.contrasts import describe_contrasts
from exprstats.report.sections.cooccurrence import describe_cooccurrence
from exprstats.report.sections.correlations import describe_correlations
from exprstats.report.sections.data import (
    describe_analysed,
    describe_session,
    list_session_versions,
)
from exprstats.report.sections.descriptives import describe_distributions
from exprstats.report.sections.design import describe_choice, describe_design
from exprstats.report.sections.estimates import describe_estimates
from exprstats.report.sections.events import describe_events
from exprstats.report.sections.evoked import describe_evoked_labels, describe_evoked_split
from exprstats.report.sections.evoked_annotators import describe_evoked_annotators
from exprstats.report.sections.evoked_scores import describe_evoked_scores
from exprstats.report.sections.factors import (
    describe_factors,
    describe_levels,
    describe_ordered,
)
from exprstats.report.sections.features import (
    describe_features,
    describe_sensitivity,
    describe_tracking,
)
from exprstats.report.sections.importance import describe_importance
from exprstats.report.sections.label_prediction import describe_prediction
from exprstats.report.sections.means import describe_means
from exprstats.report.sections.measurement import describe_measurement, list_banners
from exprstats.report.sections.measurement_error import describe_errors
from exprstats.report.sections.networks import describe_networks
from exprstats.report.sections.others import describe_further
from exprstats.report.sections.performance import describe_performance
from exprstats.report.sections.raters import describe_raters
from exprstats.report.sections.reliability import describe_reliability
from exprstats.report.sections.scores import describe_scorecard, describe_scores
from exprstats.report.sections.subject_means import describe_subjects
from exprstats.report.sections.transfer import describe_transfer
from exprstats.report.sections.validation import (
    describe_fits,
    describe_leakage,
    describe_nested,
)
from exprstats.report.sections.weights import describe_weights

# Each section with the results that it speaks of (`exprstats.results.PLACES`), in order. A result
# of no section has its sentence and its rows at the end.
SECTIONS: tuple[tuple[tuple[str, ...], Callable[[Analysis], Section | None]], ...] = (
    (("choice",), describe_choice),
    (("design",), describe_design),
    (("descriptives",), describe_distributions),
    (("reliability", "differences", "decisions", "plan"), describe_reliability),
    (("subjects",), describe_subjects),
    (("errors",), describe_errors),
    (("agreement",), describe_agreement),
    (("raters",), describe_raters),
    (("factor", "resampled", "invariance", "restrictions"), describe_measurement),
    (("ordered",), describe_ordered),
    (("factors",), describe_factors),
    (("levels",), describe_levels),
    (("factor", "score_reliability"), describe_scores),
    (("scorecard",), describe_scorecard),
    (("columns",), describe_columns),
    (("means",), describe_means),
    (("clip_features",), describe_tracking),
    (("sensitivity",), describe_sensitivity),
    (("models",), describe_features),
    (("feature_correlations",), describe_correlations),
    (("models",), describe_fits),
    (("comparison", "models", "ceiling"), describe_performance),
    (("comparison",), describe_comparisons),
    (("calibration",), describe_calibration),
    (("networks",), describe_networks),
    (("tasks",), describe_tasks),
    (("adaptation",), describe_adaptation),
    (("ablation",), describe_ablation),
    (("contexts",), describe_contexts),
    (("equivalence",), describe_equivalence),
    (("permutation",), describe_permutation),
    (("training",), describe_training),
    (("precision",), describe_precision),
    (("nested",), describe_nested),
    (("leakage",), describe_leakage),
    (("models", "weights"), describe_weights),
    (("contrasts",), describe_contrasts),
    (("importance", "dependence"), describe_importance),
    (("pooling",), describe_pooling),
    # What folds of frames pretend is the headline of signing.
    (("label_prediction",), describe_prediction),
    (("event_counts",), describe_events),
    (("cooccurrence",), describe_cooccurrence),
    (("evoked_labels",), describe_evoked_labels),
    (("evoked_split",), describe_evoked_split),
    (("evoked_annotators",), describe_evoked_annotators),
    (("evoked_scores",), describe_evoked_scores),
    (("estimates", "structure", "maps", "leed"), describe_estimates),
    (("transfer",), describe_transfer),
)


def describe_results(
    analysis: Analysis, *, failures: list[str] | None = None
) -> tuple[Section, ...]:
    """Return the sections on what was found, in order; the command line prints the same ones.

    ``failures`` gets a sentence on each section that cannot be written; without it that is raised.
    """
    told = {place for places, _ in SECTIONS for place in places}
    rest = [one for one in analysis.results.held.values() if one.find_place() not in told]
    sections = [_describe(describe, analysis, failures) for _, describe in SECTIONS]
    found = (section for section in sections if section is not None)
    return (*found, *describe_further([*rest, *analysis.others]))


def _describe(
    describe: Callable[[Analysis], Section | None], analysis: Analysis, failures: list[str] | None
) -> Section | None:
    """Return a section; after hours of work one that fails does not take the others with it."""
    try:
        return describe(analysis)
    except Exception as error:
        if failures is None:
            raise
        name = describe.__name__.removeprefix("describe_").replace("_", " ")
        cause = f"{type(error).__name__}: {error}"
        failures.append(f"The section on {name} could not be written ({cause}).")
        return None


def build_document(
    analysis: Analysis, *, failures: list[str] | None = None, numbered: bool = True
) -> Document:
    """Return the report as a document; unless numbered, texts name tables and figures."""
    methods, cited = describe_procedure(analysis)
    results = describe_results(analysis, failures=failures)
    origin = analysis.provenance
    failed = [*(origin.failures if origin else ()), *(failures or ())]
    document = Document(
        title=analysis.title,
        banners=(
            *(say("The analysis is incomplete. {failure}", failure=str(one)) for one in failed),
            *list_banners(analysis),
        ),
        sections=(
            describe_analysed(analysis),
            *results,
            methods,
            describe_session(analysis),
        ),
        references=list_sources(cited, r_version=list_session_versions(analysis).get("R", "")),
    )
    return number_document(document) if numbered else document
