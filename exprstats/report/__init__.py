"""Reports: sections, methods paragraph and the report folder."""

from exprstats.report.folder import collect_tables, write_report
from exprstats.report.outline import build_document
from exprstats.report.pieces import gather_pieces

__all__ = ["build_document", "collect_tables", "gather_pieces", "write_report"]
