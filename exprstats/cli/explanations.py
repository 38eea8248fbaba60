"""Notes on coefficients: what their intervals take for granted, and who computed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import ALL, collect_notes, is_absent, list_records, name_context
from exprstats.numerals import write_number

if TYPE_CHECKING:
    from exprstats.reliability import Reliability


# A design effect below this is no news: the F interval is then at most a fifth too narrow.
NOTABLE = 1.5
_INDEPENDENT = "clips treated as independent"
_FAMILIES = (
    ("ICC(A", "ICC(A) asks raters to agree in level, ICC(C) in the order of clips only."),
    (
        "ICC(clip",
        "ICC(clip) tells all clips apart, ICC(within) the clips of one subject, ICC(subject) "
        "subjects by the mean of their clips.",
    ),
)


def explain_coefficients(result: Reliability, told: str) -> list[str]:
    """Return the notes on printed coefficients; ``told`` is the sentence above them."""
    rows = list_records(result.tidy())
    headline = [row for row in rows if row["headline"]]
    methods = {str(row["method"]) for row in rows}
    terms = {str(row["term"]) for row in rows}
    points = ["k is the harmonic mean number of raters a clip; --json has the other rules for k."]
    points += [text for start, text in _FAMILIES if any(term.startswith(start) for term in terms)]
    if "reml" in {str(row["estimator"]) for row in rows}:
        points.append(_tell_reml(result))
    if not any(row["method"] == "jackknife" for row in headline):
        points.append(
            "The interval takes clips as independent. If people are seen in several clips, name "
            "their column with --subject for an interval that holds."
        )
    elif methods & {"f", "satterthwaite"}:
        points.append(_compare_widths(result, told))
    if "bootstrap" in methods:
        points.append("The bootstrap draws subjects; that raters are shared does not widen it.")
    notes = [note for note in collect_notes(headline) if note != _INDEPENDENT]
    return [*points, *(_say_cluster(note) for note in notes)]


def _compare_widths(result: Reliability, told: str) -> str:
    """Return why the F interval is not the one to report, and what it misses, if it does."""
    rows = [row for row in list_records(result.design) if not is_absent(row["design_effect"])]
    text = (
        "The F interval takes clips as independent, which clips of one person and clips that "
        "share raters are not; report the other one."
    )
    largest = max(rows, key=lambda row: row["design_effect"], default=None)
    if largest is None or largest["design_effect"] < NOTABLE or "design effect" in told:
        return text
    effect = largest["design_effect"]
    place = name_context(largest)
    where = str(largest["item"]) if place == ALL else f"{largest['item']} in {place}"
    factor, size = write_number(effect**0.5, 1), write_number(effect, 1)
    return f"{text} For {where} it is {factor} times too narrow (design effect {size})."


def _say_cluster(note: str) -> str:
    head, mark, tail = note.rpartition("over ")
    return f"{head}The interval is a jackknife over {tail}." if mark else note


def _tell_reml(result: Reliability) -> str:
    if result.r_call is None:
        return "REML components are computed without R; they are never negative."
    versions = ", ".join(f"{name} {version}" for name, version in result.r_versions.items())
    return f"REML components come from R ({versions}): {result.r_call}"
