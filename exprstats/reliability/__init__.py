"""Inter-rater reliability: intraclass correlations, agreement and study planning."""

from exprstats.reliability.agreement import Agreement, measure_agreement
from exprstats.reliability.audit import Audit, audit_table
from exprstats.reliability.bland_altman import RaterDifferences, compare_raters
from exprstats.reliability.choice import Choice, choose_icc
from exprstats.reliability.contexts import ContextDifferences, compare_reliability
from exprstats.reliability.decisions import Decisions, Plan, plan_raters, study_decisions
from exprstats.reliability.design import Design, describe_design
from exprstats.reliability.icc.coefficients import Reliability, rate_reliability
from exprstats.reliability.measurement_error import ScaleErrors, measure_errors
from exprstats.reliability.precision import Prospects, simulate_plans
from exprstats.reliability.raters import Raters, judge_raters, remove_raters
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
    "RaterDifferences",
    "Raters",
    "Reliability",
    "ScaleErrors",
    "SubjectDecisions",
    "audit_table",
    "choose_icc",
    "compare_raters",
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
