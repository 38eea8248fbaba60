"""Sections on the design of ratings and the choice of the intraclass correlation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number
from exprstats.document.cells import ALL, list_levels, list_records, name_contexts
from exprstats.document.model import Column, Section, Table, keep
from exprstats.document.text import Text, join_texts, quote_code, quote_sentence, say
from exprstats.reliability.icc.coefficients import NOTABLE
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.reliability import Choice, Design

_MOST_ITEMS = 3  # that are named in one cell
_COLUMNS = {
    "item": "Question",
    "kind": "Design",
    "ratings": "Ratings",
    "missing": "Missing",
    "clips": "Clips",
    "subjects": "Subjects",
    "raters": "Raters",
    "per_clip": "Raters per clip",
    "per_rater": "Clips per rater",
    "filled": "Filled",
    "range": "Range",
}
_WORDS = ("context", "item", "kind")
_NOTES = {
    "per_clip": "Raters per clip: fewest–most (median).",
    "per_rater": "Clips per rater: median.",
    "filled": "Filled: share of all clip-by-rater pairs that hold a rating.",
    "range": "Range: lowest and highest rating.",
}
_QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("single ratings, not means, are analyzed", {"averaged": False}),
    ("only the order of clips matters, not the raters' level", {"agreement": False}),
    ("only clips of one subject are compared", {"target": "clips within subjects"}),
    ("subjects are told apart, by the mean of their clips", {"target": "subjects"}),
)


def describe_rating_design(analysis: Analysis) -> Section | None:
    """Return the section, or None where nobody asked for the design."""
    design: Design | None = analysis.design
    if design is None:
        return None
    pooled = design.table[design.table["context"].isna()]
    return Section(
        "design",
        "Ratings, raters, and clips",
        sentences=keep(
            join_texts(
                [quote_sentence(design.sentence()), say("<Table design> lists the counts.")]
            ),
            _say_widths(analysis),
        ),
        points=(*_list_links(pooled), *_list_verdicts(design.coefficients, pooled)),
        tables=(_build_counts(design, analysis),),
    )


def _build_counts(design: Design, analysis: Analysis) -> Table:
    """Return the table; questions that share all counts share a row."""
    rows = name_contexts(design.tidy())
    if analysis.reliability is not None:
        keys = ["context", "item"]
        ranges = name_contexts(analysis.reliability.design)[[*keys, "rating_low", "rating_high"]]
        rows = rows.merge(ranges, how="left", on=keys)
    merged: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for row in list_records(rows):
        merged.setdefault(tuple(_write_row(row).items()), []).append(str(row["item"]))
    cells = pd.DataFrame([{**dict(row), "item": _name_items(of)} for row, of in merged.items()])
    several = len(list_levels(rows, "context")) > 1
    headings = {**({"context": "Context"} if several else {}), **_COLUMNS}
    shown = {key: name for key, name in headings.items() if cells[key].ne(MISSING).any()}
    return Table(
        "design",
        "Ratings, Raters, and Clips",
        tuple(Column(key, say(name), words=key in _WORDS) for key, name in shown.items()),
        cells,
        notes=tuple(say(text) for key, text in _NOTES.items() if key in shown),
        rows=rows,
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    low, high = (f"{row[f'raters_{end}']:g}" for end in ("min", "max"))
    span = low if low == high else f"{low}–{high} ({row['raters_median']:g})"
    ends = [row.get(f"rating_{end}", math.nan) for end in ("low", "high")]
    return {
        "context": str(row["context"]),
        "kind": str(row["kind"]),
        "ratings": write_count(row["n_ratings"]),
        "missing": write_count(row["n_missing"]),
        "clips": write_count(row["n_clips"]),
        "subjects": MISSING if pd.isna(row["n_subjects"]) else write_count(row["n_subjects"]),
        "raters": write_count(row["n_raters"]),
        "per_clip": span,
        "per_rater": f"{row['clips_median']:g}",
        "filled": f"{_write_share(row['density'])}%",
        "range": MISSING if any(map(math.isnan, ends)) else "–".join(map(_write_plain, ends)),
    }


def _write_plain(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _write_share(density: float) -> str:
    return write_number(100 * density, 0 if density >= 0.095 or density == 1 else 1)


def _name_items(names: list[str]) -> str:
    if len(names) <= _MOST_ITEMS:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1} more"


def _list_links(pooled: pd.DataFrame) -> Iterator[Text]:
    """Yield what the columns of the table do not say; questions that share it, together."""
    told: dict[tuple[str, ...], list[str]] = {}
    for row in list_records(pooled):
        told.setdefault(tuple(_tell_links(row)), []).append(str(row["item"]))
    for texts, items in told.items():
        where = f"{_name_items(items)}: " if len(told) > 1 else ""
        yield from (say("{where}{text}", where=where, text=text) for text in texts)


def _tell_links(row: dict[Any, Any]) -> Iterator[str]:
    blocks, raters = int(row["blocks"]), write_count(row["n_raters"])
    if blocks == 1:
        yield "Connected: all raters can be compared through clips they share."
    else:
        yield (
            f"Not connected: raters and clips fall into {write_count(blocks)} sets that share "
            "nothing, so raters of different sets cannot be compared."
        )
    if row["once"]:
        yield f"{write_count(row['once'])} of {raters} raters gave one rating only."
    if not pd.isna(row["within"]) and row["within"]:
        yield f"{write_count(row['within'])} of {raters} raters rated clips of one subject only."
    if not pd.isna(row["clips_each"]):
        yield f"A subject is seen in {row['clips_each']:g} clips (median)."
    repeated = int(row["n_replicates"])
    yield (
        f"{count_things(repeated, 'rating repeats', 'ratings repeat')} another of the same rater, "
        "clip and item."
        if repeated
        else "In what was analyzed, no rater rated an item of a clip twice."
    )


def _list_verdicts(coefficients: pd.DataFrame, pooled: pd.DataFrame) -> Iterator[Text]:
    """Yield which coefficients of a clip's mean the ratings identify; items alike, together."""
    advised = dict(zip(pooled["item"].astype(str), pooled["recommended"], strict=True))
    told: dict[tuple[str, ...], list[str]] = {}
    rows = coefficients[coefficients["context"].isna()]
    for item, mine in rows.groupby("item", sort=False):
        texts = [_judge(row, advised[str(item)]) for row in list_records(mine)]
        told.setdefault(tuple(texts), []).append(str(item))
    for texts, items in told.items():
        where = f"{_name_items(items)}: " if len(told) > 1 else ""
        yield from (say("{where}{text}", where=where, text=text) for text in texts)


def _judge(row: dict[Any, Any], advised: str) -> str:
    verdict = "Identified" if row["identified"] else "Not identified"
    advice = " (report this one)" if row["term"] == advised else ""
    if advice and not row["identified"]:
        verdict, advice = f"{verdict} over all contexts", " (report this one within contexts)"
    return f"{row['term']}{advice}: {row['meaning'] or MISSING}. {verdict}: {row['why']}."


def _say_widths(analysis: Analysis) -> Text | None:
    """Return what intervals that take clips as independent miss, where they miss much."""
    if analysis.reliability is None:
        return None
    rows = name_contexts(analysis.reliability.design)
    rows = rows[rows["design_effect"].ge(NOTABLE)]
    if rows.empty:
        return None
    row = max(list_records(rows), key=lambda row: row["design_effect"])
    effect, context = float(row["design_effect"]), row["context"]
    template = (
        "Clips of one subject, and ratings of one rater, are alike: intervals that take clips as "
        "independent are too narrow by a factor of up to {factor} ({where}design effect {size})."
    )
    where = f"{row['item']}, " if context == ALL else f"{row['item']} in {context}, "
    factor, size = write_number(effect**0.5, 1), write_number(effect, 1)
    return say(template, factor=factor, where=where, size=size)


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
