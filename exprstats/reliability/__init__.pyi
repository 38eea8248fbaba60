from .agreement import Agreement, measure_agreement
from .audit import Audit, audit_table
from .bland_altman import RaterDifferences, compare_raters
from .choice import Choice, choose_icc
from .contexts import ContextDifferences, compare_reliability
from .decisions import Decisions, Plan, plan_raters, study_decisions
from .design import Design, describe_design
from .icc.coefficients import Reliability, rate_reliability
from .measurement_error import ScaleErrors, measure_errors
from .precision import Prospects, simulate_plans
from .raters import Raters, judge_raters, remove_raters
from .subject_means import SubjectDecisions, study_subjects

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
