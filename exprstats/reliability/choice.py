"""Choice of the coefficient to report, with its reasons and its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from exprstats.options import IccModel, check_word
from exprstats.reliability.coverage import MOST_RATERS, recommend_interval
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
    if ratings is not None and model == "two-way":
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
