"""From ratings to intraclass correlations with intervals that hold."""

from exprstats.reliability.audits import Audit, audit_table
from exprstats.reliability.contrasts import ContextDifferences, compare_reliability
from exprstats.reliability.decisions import Decisions, Plan, plan_raters, study_decisions
from exprstats.reliability.designs import Design, describe_design
from exprstats.reliability.family import rate_reliability
from exprstats.reliability.forensics import Raters, judge_raters, remove_raters
from exprstats.reliability.result import Reliability
from exprstats.reliability.scale_errors import ScaleErrors, measure_errors

__all__ = [
    "Audit",
    "ContextDifferences",
    "Decisions",
    "Design",
    "Plan",
    "Raters",
    "Reliability",
    "ScaleErrors",
    "audit_table",
    "compare_reliability",
    "describe_design",
    "judge_raters",
    "measure_errors",
    "plan_raters",
    "rate_reliability",
    "remove_raters",
    "study_decisions",
]
