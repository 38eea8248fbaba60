"""Section on the choice of the intraclass correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.document.model import Section
from exprstats.document.text import quote_code, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.reliability import Choice

_QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("single ratings, not means, are analysed", {"averaged": False}),
    ("only the order of clips matters, not the raters' level", {"agreement": False}),
    ("only clips of one subject are compared", {"target": "clips within subjects"}),
    ("subjects are told apart, by the mean of their clips", {"target": "subjects"}),
)


def describe_choice(analysis: Analysis) -> Section | None:
    """Return the section, or None where no coefficient was chosen."""
    choice: Choice | None = analysis.choice
    if choice is None:
        return None
    reasons = " ".join(choice.reasons)
    others = [
        say("If {question}: {other}.", question=question, other=other)
        for question, other in _list_others(choice, named=_names_subjects(analysis))
    ]
    return Section(
        "choice",
        "Choice of the intraclass correlation",
        sentences=(
            say("Report {term}. {reasons}", term=choice.term, reasons=reasons),
            *([say("Other questions have other coefficients.")] if others else []),
        ),
        points=tuple(others),
        steps=tuple(quote_code(line) for line in (choice.call, choice.command) if line),
    )


def _names_subjects(analysis: Analysis) -> bool:
    """Return whether subjects are known; so they are taken where nothing says otherwise."""
    if analysis.reliability is None:
        return True
    return bool(analysis.reliability.design["n_clusters"].notna().any())


def _list_others(choice: Choice, *, named: bool) -> list[tuple[str, str]]:
    """Return other questions, each with its coefficient and the model that gives it."""
    from exprstats.reliability import choose_icc

    found = [
        (question, choose_icc(same_raters=choice.model == "two-way", **options))
        for question, options in _QUESTIONS
    ]
    return [
        (question, f"{other.term} (model {other.model})")
        for question, other in found
        if other.term != choice.term and (named or other.model != "nested")
    ]
