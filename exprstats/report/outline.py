"""The outline of a report: its sections in order."""

from __future__ import annotations

from exprstats.document.model import Document
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import list_sources
from exprstats.report.methods.paragraph import describe_methods
from exprstats.report.sections.comparisons import describe_comparisons, describe_pooling
from exprstats.report.sections.contrasts import describe_contrasts
from exprstats.report.sections.data import (
    describe_analysed,
    describe_features,
    describe_session,
    list_session_versions,
)
from exprstats.report.sections.importance import describe_importance
from exprstats.report.sections.measurement import describe_measurement, list_banners
from exprstats.report.sections.others import describe_further
from exprstats.report.sections.performance import describe_performance
from exprstats.report.sections.reliability import describe_reliability
from exprstats.report.sections.scores import describe_scores
from exprstats.report.sections.weights import describe_weights

_MIDDLE = (
    describe_reliability,
    describe_measurement,
    describe_scores,
    describe_features,
    describe_performance,
    describe_comparisons,
    describe_weights,
    describe_contrasts,
    describe_importance,
    describe_pooling,
)


def build_document(analysis: Analysis) -> Document:
    """Return the report as a document that no file format knows of yet.

    A section exists if the analysis has its input.
    """
    middle = [section for describe in _MIDDLE if (section := describe(analysis)) is not None]
    methods, cited = describe_methods(analysis)
    middle += describe_further(analysis)
    return Document(
        title=analysis.title,
        banners=list_banners(analysis),
        sections=(describe_analysed(analysis), *middle, methods, describe_session(analysis)),
        references=list_sources(cited, r_version=list_session_versions(analysis).get("R", "")),
    )
