"""From ratings to intraclass correlations with intervals that hold."""

from exprstats.reliability.audits import Audit, audit_table
from exprstats.reliability.designs import Design, describe_design
from exprstats.reliability.family import rate_reliability
from exprstats.reliability.result import Reliability

__all__ = [
    "Audit",
    "Design",
    "Reliability",
    "audit_table",
    "describe_design",
    "rate_reliability",
]
