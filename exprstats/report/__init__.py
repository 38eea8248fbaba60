"""Reports: sections, methods paragraph and the report folder."""

from exprstats.report.analysis import gather_analysis
from exprstats.report.folder import collect_tables, try_figure, write_document, write_report
from exprstats.report.outline import build_document, describe_results
from exprstats.report.sections.recovery import describe_recovery

__all__ = [
    "build_document",
    "collect_tables",
    "describe_recovery",
    "describe_results",
    "gather_analysis",
    "try_figure",
    "write_document",
    "write_report",
]
