"""From ratings to intraclass correlations with intervals that hold."""

from exprstats.reliability.audits import Audit, audit_table
from exprstats.reliability.decisions import Decisions, Plan, plan_raters, study_decisions
from exprstats.reliability.designs import Design, describe_design
from exprstats.reliability.family import rate_reliability
from exprstats.reliability.forensics import Raters, judge_raters, remove_raters
from exprstats.reliability.result import Reliability

__all__ = [
    "Audit",
    "Decisions",
    "Design",
    "Plan",
    "Raters",
    "Reliability",
    "audit_table",
    "describe_design",
    "judge_raters",
    "plan_raters",
    "rate_reliability",
    "remove_raters",
    "study_decisions",
]
