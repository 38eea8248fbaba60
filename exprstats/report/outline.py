"""The whole document, from the pieces of an analysis."""

from __future__ import annotations

from exprstats.report.analysed import describe_analysed
from exprstats.report.comparisons import describe_comparisons
from exprstats.report.contrasts import describe_contrasts
from exprstats.report.document import Document
from exprstats.report.features import describe_features
from exprstats.report.further import describe_further
from exprstats.report.importance import describe_importance
from exprstats.report.measurement import describe_measurement, list_banners
from exprstats.report.methods import describe_methods
from exprstats.report.performance import describe_performance
from exprstats.report.pieces import Pieces
from exprstats.report.pooling import describe_pooling
from exprstats.report.reliability import describe_reliability
from exprstats.report.scores import describe_scores
from exprstats.report.session import describe_session, list_session_versions
from exprstats.report.sources import list_sources
from exprstats.report.weights import describe_weights

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


def build_document(pieces: Pieces) -> Document:
    """Return the report as a document that no file format knows of yet.

    A section exists if the analysis has its input.
    """
    middle = [section for describe in _MIDDLE if (section := describe(pieces)) is not None]
    methods, cited = describe_methods(pieces)
    middle += describe_further(pieces)
    return Document(
        title=pieces.title,
        banners=list_banners(pieces),
        sections=(describe_analysed(pieces), *middle, methods, describe_session(pieces)),
        references=list_sources(cited, r_version=list_session_versions(pieces).get("R", "")),
    )
