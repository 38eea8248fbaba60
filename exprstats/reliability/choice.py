"""Choice of the coefficient to report, with its reasons and its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.document.text import join_words
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
# What is analyzed next: single ratings, or the means of clips.
_NEXT = (
    "Single ratings are analyzed next, so the reliability of one counts.",
    "The mean of a clip's ratings is analyzed next, so its reliability counts.",
)


class MeasuredCoverage(NamedTuple):
    """The least and the most of how often 95% intervals held the truth.

    ``both`` is the interval over subjects and raters (None: not defined), ``alone`` that over
    subjects; ``_fixed`` where the truth is that of these raters. ``ratio`` is the mean width of the
    former in widths of the latter.
    """

    both: Span | None
    alone: Span
    both_fixed: Span | None
    alone_fixed: Span
    ratio: float = 1.0


# By subjects and raters, while raters' severity was 0, .1 and .3 of the error; from
# vignettes/coverage_few_raters.csv.
MEASURED: dict[tuple[int, int], MeasuredCoverage] = {
    (12, 2): MeasuredCoverage(None, (0.865, 0.951), None, (0.951, 0.955)),
    (12, 3): MeasuredCoverage((0.992, 0.998), (0.865, 0.946), (0.998, 1), (0.946, 0.951), 2.1),
    (12, 4): MeasuredCoverage((0.984, 0.993), (0.904, 0.95), (0.993, 0.996), (0.945, 0.952), 1.6),
    (12, 5): MeasuredCoverage((0.976, 0.993), (0.916, 0.957), (0.991, 0.995), (0.955, 0.957), 1.3),
    (12, 6): MeasuredCoverage((0.969, 0.982), (0.909, 0.958), (0.982, 0.986), (0.958, 0.96), 1.2),
    (12, 8): MeasuredCoverage((0.964, 0.971), (0.927, 0.954), (0.971, 0.974), (0.954, 0.957), 1.1),
    (24, 2): MeasuredCoverage(None, (0.786, 0.937), None, (0.937, 0.943)),
    (24, 3): MeasuredCoverage((0.998, 1), (0.816, 0.963), (1, 1), (0.958, 0.963), 2.5),
    (24, 4): MeasuredCoverage((0.982, 0.997), (0.833, 0.957), (0.996, 0.998), (0.951, 0.957), 1.8),
    (24, 5): MeasuredCoverage((0.969, 0.993), (0.865, 0.952), (0.992, 0.993), (0.949, 0.955), 1.5),
    (24, 6): MeasuredCoverage((0.968, 0.984), (0.877, 0.955), (0.984, 0.99), (0.955, 0.957), 1.4),
    (24, 8): MeasuredCoverage((0.962, 0.975), (0.887, 0.956), (0.974, 0.984), (0.949, 0.956), 1.2),
    (60, 2): MeasuredCoverage(None, (0.638, 0.96), None, (0.957, 0.96)),
    (60, 3): MeasuredCoverage((0.99, 1), (0.653, 0.948), (1, 1), (0.946, 0.948), 3.2),
    (60, 4): MeasuredCoverage((0.954, 1), (0.681, 0.954), (1, 1), (0.954, 0.959), 2.1),
    (60, 5): MeasuredCoverage((0.946, 0.991), (0.727, 0.947), (0.991, 0.998), (0.941, 0.949), 1.8),
    (60, 6): MeasuredCoverage((0.942, 0.991), (0.742, 0.954), (0.991, 0.998), (0.954, 0.96), 1.6),
    (60, 8): MeasuredCoverage((0.948, 0.974), (0.804, 0.937), (0.972, 0.991), (0.933, 0.937), 1.4),
}
# Coverage that is .95 within two Monte-Carlo standard errors of these studies.
ENOUGH, TOO_WIDE = 0.93, 0.97
# Beyond this ratio another size is not like the one that was simulated.
NEAR = 1.5
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
        Whether the mean of a clip's ratings is analyzed next, or single ratings.
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
    reasons, design = [], None
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
    reasons += [why, _NEXT[bool(averaged)]]
    if design is not None and model == "two-way":
        reasons += _recommend_everywhere(design.table)
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


def _recommend_everywhere(table: pd.DataFrame) -> list[str]:
    """Return what `recommend_interval` says, once where all contexts and questions agree."""
    if "n_subjects" not in table:
        return []
    own = table[table["context"].notna()] if table["context"].notna().any() else table
    start, named = ("In", "context") if len(own["context"].unique()) > 1 else ("For", "item")
    places: dict[str, list[str]] = {}
    for row in own.to_dict("records"):
        few = pd.notna(row["n_subjects"]) and 2 <= row["n_raters"] <= MOST_RATERS
        size = int(row["n_subjects"]) if few else 0, int(row["n_raters"])
        told = recommend_interval(*size) if few else ""
        places.setdefault(told, []).append(str(row[named]))
    if len(places) == 1:
        return [told for told in places if told]
    return [
        f"{start} {join_words([*dict.fromkeys(names)])}, {told[0].lower()}{told[1:]}"
        for told, names in places.items()
        if told
    ]


def recommend_interval(subjects: int, raters: int) -> str:
    """Return which interval to report of few crossed raters, by what was measured at such sizes.

    For each claim it is the one whose worst measured coverage is the nearest to .95 from above
    (within Monte-Carlo error), and the one that comes nearest where none reaches it. The nearest
    sizes that were simulated are quoted.

    Examples
    --------
    >>> print(recommend_interval(30, 3)[:82])
    For other raters of their kind, report the interval over subjects and raters (2 de
    >>> print(recommend_interval(30, 2)[:59])
    With two raters no interval allows for other raters: report
    """
    nearest = min({one for one, _ in MEASURED}, key=lambda one: abs(one - subjects))
    judges = min({one for _, one in MEASURED}, key=lambda one: (abs(one - raters), one))
    found = MEASURED[nearest, judges]
    where = f"simulated studies of {write_count(nearest)} subjects and {write_count(judges)} raters"
    if not 1 / NEAR <= subjects / nearest <= NEAR:
        where += f", the nearest to these {write_count(subjects)} subjects that were simulated"
    told = f"{_write(found.alone)}, less the more raters differ in severity"
    if found.both is None or found.both_fixed is None:
        return (
            "With two raters no interval allows for other raters: report the one over subjects, "
            "say that it is for these two raters, and collect more raters if the claim is wider "
            f"(95% intervals of its kind held the truth of other raters in {told}, in {where})."
        )
    if _prefers_both(found.both, found.alone):
        text = (
            "For other raters of their kind, report the interval over subjects and raters ("
            f"{count_things(min(subjects, raters) - 1, 'degree')} of freedom): 95% intervals of "
            f"its kind held the truth in {_write(found.both)} of {where}, those over subjects "
            f"alone in {told}."
        )
        text += _warn_of_width(found)
    else:
        text = (
            "For other raters of their kind, report the interval over subjects alone: 95% "
            f"intervals of its kind held the truth in {told} of {where}, those over subjects and "
            f"raters in {_write(found.both)}."
        )
    both = _prefers_both(found.both_fixed, found.alone_fixed)
    span = found.both_fixed if both else found.alone_fixed
    kind = "over subjects and raters" if both else "over subjects"
    return f"{text} For these raters alone, report the one {kind}, which held it in {_write(span)}."


def _prefers_both(both: Span, alone: Span) -> bool:
    """Return whether the worst coverage of the former is the better one."""
    if max(both[0], alone[0]) < ENOUGH:
        return both[0] > alone[0]
    return alone[0] < ENOUGH or ENOUGH <= both[0] < alone[0]


def _warn_of_width(found: MeasuredCoverage) -> str:
    """Return what an interval that holds the truth too often costs, and what to do about it."""
    if found.both is None or found.both[0] <= TOO_WIDE:
        return ""
    times = write_number(found.ratio, 1)
    return (
        f" It is too wide, on average {times} times as wide as the other: where it says too "
        "little, collect more raters, or make the claim for these raters alone."
    )


def _write(span: Span) -> str:
    low, high = (f"{write_number(100 * one, 0)}%" for one in span)
    return low if low == high else f"{low} to {high}"
