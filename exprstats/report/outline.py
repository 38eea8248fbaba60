"""The outline of a report: its sections in order."""

from __future__ import annotations

from pkgutil import resolve_name

from exprstats.document.model import Document, Section
from exprstats.document.numbering import number_document
from exprstats.document.text import say
from exprstats.report.analysis import Analysis

# Each section with the results that it speaks of (`exprstats.results.PLACES`), in order, and where
# in `sections/` it is written; it is loaded with the first result of its own. A result of no
# section has its sentence and its rows at the end.
SECTIONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("choice",), "design:describe_choice"),
    (("design",), "design:describe_rating_design"),
    (("descriptives",), "descriptives:describe_distributions"),
    (("reliability", "differences", "decisions", "plan"), "reliability:describe_reliability"),
    (("subjects",), "decisions:describe_subjects"),
    (("errors",), "measurement_error:describe_errors"),
    (("agreement",), "agreement:describe_agreement"),
    (("raters",), "raters:describe_raters"),
    (("factor", "resampled", "invariance", "restrictions"), "measurement:describe_measurement"),
    (("ordered",), "factors:describe_ordered"),
    (("factors",), "factors:describe_factors"),
    (("levels",), "factors:describe_levels"),
    (("factor", "score_reliability"), "scores:describe_scores"),
    (("scorecard",), "scores:describe_scorecard"),
    (("columns",), "means:describe_score_columns"),
    (("means",), "means:describe_means"),
    (("clip_features",), "features:describe_tracking"),
    (("sensitivity",), "features:describe_sensitivity"),
    (("models",), "features:describe_features"),
    (("feature_correlations",), "features:describe_correlations"),
    (("models",), "validation:describe_fits"),
    (("comparison", "models", "ceiling"), "performance:describe_performance"),
    (("comparison",), "comparisons:describe_comparisons"),
    (("calibration",), "calibration:describe_calibration"),
    (("networks",), "networks:describe_networks"),
    (("tasks",), "adaptation:describe_tasks"),
    (("adaptation",), "adaptation:describe_adaptation"),
    (("ablation",), "networks:describe_ablation"),
    (("contexts",), "companions:describe_contexts"),
    (("equivalence",), "companions:describe_equivalence"),
    (("permutation",), "companions:describe_permutation"),
    (("training",), "companions:describe_training"),
    (("precision",), "companions:describe_precision"),
    (("nested",), "validation:describe_nested"),
    (("leakage",), "validation:describe_leakage"),
    (("models", "weights"), "weights:describe_weights"),
    (("contrasts",), "contrasts:describe_contrasts"),
    (("importance", "dependence", "weights"), "importance:describe_importance"),
    (("pooling",), "comparisons:describe_pooling"),
    (("label_prediction",), "events:describe_prediction"),
    (("event_counts",), "events:describe_events"),
    (("cooccurrence",), "cooccurrence:describe_cooccurrence"),
    (("evoked_labels",), "evoked:describe_evoked_labels"),
    (("evoked_split",), "evoked:describe_evoked_split"),
    (("evoked_annotators",), "evoked_annotators:describe_evoked_annotators"),
    (("evoked_scores",), "evoked_scores:describe_evoked_scores"),
    (("estimates", "structure", "maps", "leed"), "estimates:describe_estimates"),
    (("transfer",), "transfer:describe_transfer"),
)


def describe_results(
    analysis: Analysis, *, failures: list[str] | None = None
) -> tuple[Section, ...]:
    """Return the sections on what was found, in order; the command line prints the same ones.

    ``failures`` gets a sentence on each section that cannot be written; without it that is raised.
    """
    from exprstats.report.sections.others import describe_further

    told = {place for places, _ in SECTIONS for place in places}
    held = {one.find_place() for one in analysis.results.held.values()}
    rest = [one for one in analysis.results.held.values() if one.find_place() not in told]
    sections = [
        _describe(verb, analysis, failures) for places, verb in SECTIONS if held & {*places}
    ]
    found = (section for section in sections if section is not None)
    return (*found, *describe_further([*rest, *analysis.others]))


def _describe(verb: str, analysis: Analysis, failures: list[str] | None) -> Section | None:
    """Return a section; after hours of work one that fails does not take the others with it."""
    try:
        return resolve_name(f"exprstats.report.sections.{verb}")(analysis)
    except Exception as error:
        if failures is None:
            raise
        name = verb.partition(":describe_")[2].replace("_", " ")
        cause = f"{type(error).__name__}: {error}"
        failures.append(f"The section on {name} could not be written ({cause}).")
        return None


def build_document(
    analysis: Analysis, *, failures: list[str] | None = None, numbered: bool = True
) -> Document:
    """Return the report as a document; unless numbered, texts name tables and figures."""
    from exprstats.report.methods.citations import list_sources
    from exprstats.report.methods.paragraph import describe_procedure
    from exprstats.report.sections.data import (
        describe_analysed,
        describe_session,
        list_session_versions,
    )
    from exprstats.report.sections.measurement import say_closed_form

    methods, cited = describe_procedure(analysis)
    results = describe_results(analysis, failures=failures)
    origin = analysis.provenance
    failed = [*(origin.failures if origin else ()), *(failures or ())]
    document = Document(
        title=analysis.title,
        banners=(
            *(say("The analysis is incomplete. {failure}", failure=str(one)) for one in failed),
            *say_closed_form(analysis),
        ),
        sections=(describe_analysed(analysis), *results, methods, describe_session(analysis)),
        references=list_sources(cited, r_version=list_session_versions(analysis).get("R", "")),
    )
    return number_document(document) if numbered else document
