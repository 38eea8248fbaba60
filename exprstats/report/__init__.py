"""From results to a report folder."""

from exprstats.report.folder import write_report
from exprstats.report.outline import build_document
from exprstats.report.payloads import collect_tables
from exprstats.report.pieces import gather_pieces

__all__ = ["build_document", "collect_tables", "gather_pieces", "write_report"]
