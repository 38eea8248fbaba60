"""From ratings to intraclass correlations with intervals that hold."""

from exprstats.reliability.agreement import Agreement, measure_agreement
from exprstats.reliability.audits import Audit, audit_table
from exprstats.reliability.choices import Choice, choose_icc
from exprstats.reliability.contrasts import ContextDifferences, compare_reliability
from exprstats.reliability.decisions import Decisions, study_decisions
from exprstats.reliability.designs import Design, describe_design
from exprstats.reliability.family import rate_reliability
from exprstats.reliability.forensics import Raters, judge_raters, remove_raters
from exprstats.reliability.plans import Plan, plan_raters
from exprstats.reliability.prospects import Prospects, simulate_plans
from exprstats.reliability.result import Reliability
from exprstats.reliability.scale_errors import ScaleErrors, measure_errors
from exprstats.reliability.subject_means import SubjectDecisions, study_subjects

__all__ = [
    "Agreement",
    "Audit",
    "Choice",
    "ContextDifferences",
    "Decisions",
    "Design",
    "Plan",
    "Prospects",
    "Raters",
    "Reliability",
    "ScaleErrors",
    "SubjectDecisions",
    "audit_table",
    "choose_icc",
    "compare_reliability",
    "describe_design",
    "judge_raters",
    "measure_agreement",
    "measure_errors",
    "plan_raters",
    "rate_reliability",
    "remove_raters",
    "simulate_plans",
    "study_decisions",
    "study_subjects",
]
