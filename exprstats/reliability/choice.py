"""Choice of the coefficient to report, with its reasons and its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.options import IccModel, check_word
from exprstats.reliability.design import describe_design, describe_links
from exprstats.reliability.icc.estimands import (
    AGREEMENT,
    CONSISTENCY,
    ONE_WAY,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
)
from exprstats.results import Result

Target = Literal["clips", "clips within subjects", "subjects"]
Span = tuple[float, float]
# By subjects and raters: the least and the most of how often 95% intervals held the truth while
# raters' severity was 0, .1 and .3 of the error, over subjects and raters (None: not defined) and
# over subjects alone; from vignettes/coverage_few_raters.csv.
MEASURED: dict[tuple[int, int], tuple[Span | None, Span]] = {
    (12, 2): (None, (0.865, 0.951)),
    (12, 3): ((0.992, 0.998), (0.865, 0.946)),
    (12, 4): ((0.984, 0.993), (0.904, 0.95)),
    (12, 5): ((0.976, 0.993), (0.916, 0.957)),
    (12, 6): ((0.969, 0.982), (0.909, 0.958)),
    (12, 8): ((0.964, 0.971), (0.927, 0.954)),
    (24, 2): (None, (0.786, 0.937)),
    (24, 3): ((0.998, 1), (0.816, 0.963)),
    (24, 4): ((0.982, 0.997), (0.833, 0.957)),
    (24, 5): ((0.969, 0.993), (0.865, 0.952)),
    (24, 6): ((0.968, 0.984), (0.877, 0.955)),
    (24, 8): ((0.962, 0.975), (0.887, 0.956)),
    (60, 2): (None, (0.638, 0.96)),
    (60, 3): ((0.99, 1), (0.653, 0.948)),
    (60, 4): ((0.954, 1), (0.681, 0.954)),
    (60, 5): ((0.946, 0.991), (0.727, 0.947)),
    (60, 6): ((0.942, 0.991), (0.742, 0.954)),
    (60, 8): ((0.948, 0.974), (0.804, 0.937)),
}
MOST_RATERS = 9


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Result):
    """A recommended coefficient.

    Attributes
    ----------
    term
        Its name, such as ``ICC(1,k)``.
    model
        The model of `rate_reliability` that gives it.
    reasons
        Why, one sentence a question.
    call, command
        The line of Python and the line of a shell that give it.
    """

    place: ClassVar[str] = "choice"
    term: str
    model: IccModel
    reasons: tuple[str, ...]
    call: str
    command: str

    def tidy(self) -> pd.DataFrame:
        """Return the choice as one row."""
        return pd.DataFrame(
            [
                {
                    "term": self.term,
                    "model": self.model,
                    "why": " ".join(self.reasons),
                    "call": self.call,
                    "command": self.command,
                }
            ]
        )

    def glance(self) -> pd.DataFrame:
        """Return the choice as one row."""
        return self.tidy()

    def sentence(self) -> str:
        """Return the choice and its reasons in plain words."""
        return f"Report {self.term}. {' '.join(self.reasons)} {self.call} gives it."


def choose_icc(
    ratings: pd.DataFrame | None = None,
    *,
    same_raters: bool | None = None,
    agreement: bool = True,
    averaged: bool = True,
    target: Target = "clips",
    by: str | None = None,
    cluster: str | None = "subject",
) -> Choice:
    """Choose a coefficient from a design and from what will be done with the ratings.

    Parameters
    ----------
    ratings
        RATINGS from which the design is read; None where ``same_raters`` says it.
    same_raters
        Whether every rater rated every clip; None reads it from the ratings, or takes raters to
        differ.
    agreement
        Whether it matters that raters use the same values (as it does where their mean is read in
        points of the scale), or only that they order clips alike.
    averaged
        Whether the mean of a clip's ratings is analysed next, or single ratings.
    target
        What is to be told apart.
    by, cluster
        Columns of contexts and of subjects in ``ratings``.

    Returns
    -------
    Choice
        The coefficient, its reasons, and the calls that give it.

    Raises
    ------
    OptionError
        If the target is not known.

    References
    ----------
    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. *Psychological Methods, 1*, 30–46.

    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
    reliability. *Psychological Bulletin, 86*, 420–428.

    Examples
    --------
    >>> choose_icc().term, choose_icc(same_raters=True, agreement=False, averaged=False).term
    ('ICC(1,k)', 'ICC(C,1)')
    """
    check_word(target, Target, "target")
    reasons = []
    design = None
    if ratings is not None:
        design = describe_design(ratings, by=by, cluster=cluster)
        reasons.append(describe_links(design.table, advised=False))
        if same_raters is None:
            same_raters = bool(
                (design.table["recommended"] == AGREEMENT.name_term(averaged=True)).all()
            )
    estimand, model, why = _choose(bool(same_raters), agreement, target)
    averaged = averaged or estimand is SUBJECT_NESTED
    if by is not None and model == "two-way":
        why = why.replace("All clips have", "Within each context, all clips have")
    reasons += [why, _say_mean(averaged=averaged)]
    if design is not None and model == "two-way":
        counted = design.table.reindex(columns=["n_subjects", "n_raters"]).min()
        subjects, raters = counted.tolist()
        if pd.notna(subjects) and 2 <= raters <= MOST_RATERS:
            reasons.append(recommend_interval(int(subjects), int(raters)))
    term = estimand.name_term(averaged=averaged)
    named = "" if by is None else f', by="{by}"'
    call = f'rate_reliability(ratings, model="{model}"{named})'
    return Choice(term, model, tuple(reasons), call, f"exprstats reliability FILE --model {model}")


def _choose(same: bool, agreement: bool, target: Target) -> tuple[Estimand, IccModel, str]:
    if target == "subjects":
        why = "Subjects are told apart by the mean of their clips, whose differences are error."
        return SUBJECT_NESTED, "nested", why
    if target == "clips within subjects":
        why = "Only differences between the clips of one subject are signal."
        return WITHIN_NESTED, "nested", why
    if not same:
        why = (
            "Clips have different raters, so differences between raters are part of the error "
            "and cannot be set aside: the one-way model."
        )
        return ONE_WAY, "one-way", why
    if agreement:
        why = "All clips have the same raters, and their values are to be interchangeable."
        return AGREEMENT, "two-way", why
    why = "All clips have the same raters, so their levels cancel when clips are compared."
    return CONSISTENCY, "two-way", why


def _say_mean(*, averaged: bool) -> str:
    if averaged:
        return "The mean of a clip's ratings is analysed next, so its reliability counts."
    return "Single ratings are analysed next, so the reliability of one counts."


def recommend_interval(subjects: int, raters: int) -> str:
    """Return which interval to report of few crossed raters, by what was measured at such sizes.

    Parameters
    ----------
    subjects, raters
        How many there are; the nearest sizes that were simulated are quoted.

    Examples
    --------
    >>> print(recommend_interval(30, 3)[:83])
    For other raters of their kind, report the interval over subjects and raters: it he
    >>> print(recommend_interval(30, 2)[:59])
    With two raters no interval allows for other raters: report
    """
    nearest = min({one for one, _ in MEASURED}, key=lambda one: abs(one - subjects))
    judges = min({one for _, one in MEASURED}, key=lambda one: (abs(one - raters), one))
    both, alone = MEASURED[nearest, judges]
    where = f"simulated studies of {write_count(nearest)} subjects and {write_count(judges)} raters"
    told = f"{_write(alone)}, less the more raters differ in severity"
    if both is None:
        return (
            "With two raters no interval allows for other raters: report the one over subjects, "
            "say that it is for these two raters, and collect more raters if the claim is wider "
            f"(as one for other raters it held the truth in {told}, in {where})."
        )
    return (
        "For other raters of their kind, report the interval over subjects and raters: it held "
        f"the truth in {_write(both)} of {where}, the one over subjects alone in {told}. For these "
        "raters alone, report the one over subjects."
    )


def _write(span: Span) -> str:
    low, high = (f"{write_number(100 * one, 0)}%" for one in span)
    return low if low == high else f"{low} to {high}"
