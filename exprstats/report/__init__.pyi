from .analysis import gather_analysis
from .folder import collect_tables, try_figure, write_document, write_report
from .outline import build_document, describe_results
from .sections.recovery import describe_recovery

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
