"""Sections on results without a section of their own, and the columns that they print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, write_count, write_interval, write_level, write_number, write_p
from exprstats.document.cells import ALL, collect_notes, list_levels, name_contexts
from exprstats.document.model import Column, Section, Table
from exprstats.document.tables import column, tabulate
from exprstats.document.text import Text, join_words, quote_sentence, say, write_plain

if TYPE_CHECKING:
    from exprstats.reliability import Audit
    from exprstats.reliability.audit import Printed
    from exprstats.results import Result


MOST_ROWS = 60
_MOST_RECORDS = 12  # of a table that holds no estimates, such as the clips themselves
_PARTS = ("test", "validate", "train")
_UNSTANDARDIZED = ("_raw", "intercept")
_SMALL = {"a", "and", "between", "from", "in", "of", "on", "the", "to", "with", "within"}
_KEYS = ("item", "feature", "metric", "model", "versus", "term", "context")
_TITLES = {
    "HumanComparison": "Models and raters, with other raters allowed for",
    "Bootstrap": "A statistic with its cluster bootstrap",
    "Ceiling": "Ceiling of prediction",
    "Prospects": "Prospects of studies to come",
}


def describe_further(results: Sequence[Result]) -> tuple[Section, ...]:
    """Return a section for each result that has none of its own."""
    return tuple(_describe(result, place) for place, result in enumerate(results))


def name_kind(result: Result) -> str:
    """Return what a kind of result is called in print.

    Examples
    --------
    >>> class NewSortOfThing: ...
    >>> name_kind(NewSortOfThing())
    'New sort of thing'
    """
    kind = type(result).__name__
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind).lower()
    return _TITLES.get(kind, words[:1].upper() + words[1:])


def _describe(result: Result, place: int) -> Section:
    from exprstats.reliability import Audit

    if isinstance(result, Audit):
        return describe_audit(result, f"further{place + 1}")
    table = _build_table(result, place)
    sentence = quote_sentence(result.sentence())
    pointer = say("<Table {name}> lists the results.", name=table.name) if table else None
    return Section(
        f"further{place + 1}",
        name_kind(result),
        sentences=(sentence, *([pointer] if pointer else [])),
        tables=(table,) if table else (),
    )


def _build_table(result: Result, place: int) -> Table | None:
    whole = result.tidy()
    rows = _arrange_rows(whole)
    chosen = choose_columns(rows)
    numbers = any(pd.api.types.is_numeric_dtype(rows[name]) for name in rows)
    if rows.empty or not chosen.names or (len(rows) == 1 and not numbers):
        return None
    rest = [name for name in chosen.names if name != "context"]
    # A context stands above its rows, or in the line if nothing else names it.
    grouped = rest != chosen.names and any(head_column(rows, name).words for name in rest)
    names = rest if grouped else chosen.names
    printed = rows.head(MOST_ROWS if "estimate" in rows else _MOST_RECORDS)
    cells = pd.DataFrame({name: write_column(printed, name) for name in names})
    if grouped:
        cells["group"] = printed["context"].astype(str)
    return Table(
        f"{type(result).__name__}{place + 1 if place else ''}",
        _capitalise(name_kind(result)),
        tuple(head_column(rows, name) for name in names),
        cells,
        group="group" if grouped else None,
        notes=(
            *_list_notes(rows, whole, chosen, shown=len(printed)),
            *collect_notes(rows, [name for name in _KEYS if name in rows]),
        ),
        rows=whole,
    )


def _arrange_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the headline rows, contexts together, the test part of each first."""
    if "context" in rows:
        rows = name_contexts(rows)
    if "headline" in rows and rows["headline"].eq(True).any():
        rows = rows[rows["headline"].eq(True)]
    if "term" in rows and len(rows) > MOST_ROWS:
        # Standardized estimates say the same; those in the items' units stand in the folder.
        rows = rows[~rows["term"].astype(str).str.endswith(_UNSTANDARDIZED)]
    for name, levels in (("part", _PARTS), ("context", list_levels(rows, "context"))):
        if name in rows:
            order = rows[name].map({level: at for at, level in enumerate(levels)})
            rows = rows.iloc[order.fillna(len(levels)).argsort(kind="stable")]
    return rows.reset_index(drop=True)


def _capitalise(title: str) -> str:
    words = title.split(" ")
    return " ".join(word if word in _SMALL else word[:1].upper() + word[1:] for word in words)


def _list_notes(
    rows: pd.DataFrame, whole: pd.DataFrame, chosen: Chosen, *, shown: int
) -> tuple[Text, ...]:
    notes = []
    if chosen.same:
        told = [f"{name[0].lower()}{name[1:]} {value}" for name, value in chosen.same.items()]
        notes.append(say("The same in every row: {told}.", told="; ".join(told)))
    if shown < len(rows):
        told = "The first {some} of {all} rows; all stand in the folder “tables”."
        notes.append(say(told, some=write_count(shown), all=write_count(len(rows))))
    elif len(rows) < len(whole):
        notes.append(say("Further rows stand in the folder “tables”."))
    if chosen.left_out:
        told = "In the folder “tables” as well: {names}."
        notes.append(say(told, names=join_words(chosen.left_out)))
    return tuple(notes)


def describe_audit(audit: Audit, name: str) -> Section:
    """Return the section under a name of its own, as there may be several."""
    wrong = audit.table[~audit.table["consistent"].astype(bool)]
    records = [{str(name): cell for name, cell in row.items()} for row in wrong.to_dict("records")]
    points = [
        # The limits, up to a "]; ", are in the table.
        say("{row}: {note}.", row=_name_row(row, audit), note=str(row["note"]).split("]; ", 1)[-1])
        for row in records
    ]
    return Section(
        name,
        "Audit of published reliabilities",
        sentences=(
            say(
                "{right} of {all} rows follow from the {level} *F* interval of {term}.{ending}",
                right=write_count(len(audit.table) - len(wrong)),
                all=write_count(len(audit.table)),
                level=write_level(audit.level),
                term=audit.term,
                ending=say(" <Table {name}> lists the others.", name=f"audit_{name}")
                if points
                else "",
            ),
            say(
                "The *F* interval follows from the estimate, the number of clips and the number "
                "of raters alone, so that it can be checked without data. A row follows if one "
                "value that rounds to the printed estimate gives both printed limits. A row that "
                "does not may come from another number of clips or raters, another interval, or "
                "a misprint."
            ),
            *([say("Possible explanations of the others:")] if points else []),
        ),
        points=tuple(points),
        tables=(_list_misprints(audit, records, f"audit_{name}"),) if records else (),
    )


def _list_misprints(audit: Audit, records: list[dict[str, Any]], name: str) -> Table:
    lines = []
    for row in records:
        claim = audit.read_claim(row)
        ends = (claim.low.decimals, claim.high.decimals)
        printed = _write_limits(claim.low.value, claim.high.value, ends)
        # A limit that would have to be has the decimals of the printed one.
        expected = _write_limits(row["expected_low"], row["expected_high"], ends)
        lines.append(row | {"claim": claim, "printed": printed, "expected": expected})
    columns = (
        *(
            column(
                f"name{place}",
                say("{title}", title=_write_title(key)),
                _write_key,
                of=itemgetter(key),
                words=True,
            )
            for place, key in enumerate(audit.keys)
        ),
        column("clips", "Clips", write_count, of=lambda row: row["claim"].n),
        column("raters", "Raters", "{:g}".format, of=lambda row: row["claim"].k),
        column("estimate", "Estimate", _write_value, of=lambda row: row["claim"].estimate),
        column("printed", "Printed limits", words=False),
        column("expected", "Limits that would follow", words=False),
    )
    return tabulate(name, "Rows That Do Not Follow", lines, columns, rows=audit.tidy())


def _write_title(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def _write_value(printed: Printed) -> str:
    return write_number(printed.value, printed.decimals, bounded=True)


def _write_limits(low: float, high: float, digits: tuple[int, int]) -> str:
    ends = zip((low, high), digits, strict=True)
    return f"[{', '.join(write_number(*end, bounded=True) for end in ends)}]"


def _name_row(row: dict[str, Any], audit: Audit) -> str:
    return " ".join(filter(None, (_write_key(row[name], "") for name in audit.keys))) or "A row"


def _write_key(value: Any, absent: str = MISSING) -> str:
    if pd.isna(value):
        return absent
    return f"{value:g}" if isinstance(value, float) else str(value)


MOST_COLUMNS = 9
LONGEST = 120  # characters of a cell
LIMITS = "limits"
_HIDDEN = ("headline", "note", "conf_low", "conf_high", "level")
_AFTER = ("error_", "share_")  # what an estimate consists of comes after it
_CORE = ("estimate", LIMITS, "p_value", "p_adjusted", "p_max_t")
_HEADINGS: dict[str, Text] = {
    "estimate": say("Estimate"),
    "std_error": say("*SE*"),
    "p_value": say("*p*"),
    "p_adjusted": say("Adjusted\N{NO-BREAK SPACE}*p*"),
    "p_max_t": say("max-|*t*|\N{NO-BREAK SPACE}*p*"),
    "n_clips": say("Clips"),
    "n_clusters": say("Clusters"),
    "n_raters": say("Raters"),
    "versus": say("Compared with"),
    "raters_per_clip": say("Raters per clip"),
    "clips_per_subject": say("Clips per subject"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of a table is printed.

    Attributes
    ----------
    names
        The printed columns; "limits" stands for an interval.
    same
        Columns with one value in every row, by heading, with that value as text.
    left_out
        Headings of columns for which there is no room.
    """

    names: list[str]
    same: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def choose_columns(rows: pd.DataFrame) -> Chosen:
    """Return the columns of tidy rows that a page has room for."""
    names = [str(name) for name in rows.columns if rows[name].notna().any()]
    if {"conf_low", "conf_high"} <= set(names):
        names.insert(names.index("estimate") + 1 if "estimate" in names else len(names), LIMITS)
    hidden = (*_HIDDEN, "std_error") if LIMITS in names else _HIDDEN
    several = "level" in rows and len(set(rows["level"].dropna())) > 1
    names = [name for name in names if name not in hidden or (several and name == "level")]
    names.sort(key=lambda name: name.startswith(_AFTER))  # stable: the others keep their order
    if {"model", "versus", "term"} <= set(names):
        names.remove("term")  # it repeats the two
    constant = [name for name in names if _is_constant(rows, name)]
    same = {
        _write_plain_heading(name): write_column(rows, name)[0]
        for name in constant
        if not (name == "context" and rows[name].eq(ALL).all())
    }
    names = [name for name in names if name not in constant]
    widest = {name: rows[name].astype(str).str.len().max() for name in names if name != LIMITS}
    long = [name for name, width in widest.items() if width > LONGEST]
    names = [name for name in names if name not in long]
    extra = [name for name in names if name not in _CORE and not _holds_words(rows, name)]
    spare = len(names) - MOST_COLUMNS
    cut = extra[len(extra) - spare :] if 0 < spare <= len(extra) else extra if spare > 0 else []
    kept = [name for name in names if name not in cut][:MOST_COLUMNS]
    left_out = [_write_plain_heading(name) for name in (*long, *names) if name not in kept]
    return Chosen(kept, same, left_out)


def head_column(rows: pd.DataFrame, name: str) -> Column:
    """Return a printed column."""
    if name == LIMITS:
        return Column(LIMITS, _name_limits(rows))
    heading = _HEADINGS.get(name, say("{name}", name=_write_plain_heading(name)))
    return Column(name, heading, words=_holds_words(rows, name))


def write_column(rows: pd.DataFrame, name: str) -> list[str]:
    """Return the cells of a column: texts, counts, p values, intervals or numbers."""
    beside = [one for one in ("estimate", "conf_low", "conf_high") if one in rows]
    if name == LIMITS:
        decimals = _pick_decimals(rows[[one for one in beside if not _holds_words(rows, one)]])
        pairs = zip(rows["conf_low"], rows["conf_high"], strict=True)
        return [_write_pair(low, high, decimals) for low, high in pairs]
    values = rows[name]
    if _holds_words(rows, name):
        return [_write_word(value) for value in values]
    if name.startswith("p_") or name == "p":
        return [MISSING if pd.isna(value) else write_p(float(value)) for value in values]
    if name == "level":
        return [MISSING if pd.isna(value) else write_level(float(value)) for value in values]
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    finite = numbers[np.isfinite(numbers)]
    if (finite == finite.round()).all() and name != "estimate":
        return [_write_whole(value) for value in numbers]
    decimals = _pick_decimals(rows[beside] if name == "estimate" else numbers.to_frame())
    return [(write_number(value, decimals) if np.isfinite(value) else MISSING) for value in numbers]


def _is_constant(rows: pd.DataFrame, name: str) -> bool:
    if name in _CORE or name == LIMITS or len(rows) < 2:
        return False
    return bool(rows[name].notna().all()) and len(set(rows[name].astype(str))) == 1


def _holds_words(rows: pd.DataFrame, name: str) -> bool:
    if name == LIMITS:
        return False
    column = rows[name]
    return not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def _write_plain_heading(name: str) -> str:
    if name in _HEADINGS:
        return write_plain(_HEADINGS[name])
    spaced = name.removeprefix("n_").replace("_", " ").strip()
    if name.startswith("p_"):
        return spaced
    return spaced[:1].upper() + spaced[1:]


def _name_limits(rows: pd.DataFrame) -> Text:
    levels = rows["level"].dropna().unique() if "level" in rows else []
    if len(levels) == 1:
        return say("{level} CI", level=write_level(float(levels[0])))
    return say("CI")


def _write_pair(low: Any, high: Any, decimals: int) -> str:
    if isinstance(low, str) and isinstance(high, str):  # as somebody else printed them
        return f"[{low.strip()}, {high.strip()}]"
    if pd.isna(low) or pd.isna(high) or not np.isfinite([low, high]).all():
        return MISSING
    return write_interval(float(low), float(high), decimals)


def _write_word(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    empty = value is None or (pd.api.types.is_scalar(value) and pd.isna(value))
    return MISSING if empty else str(value)


def _write_whole(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    return write_count(int(value)) if value >= 0 else write_number(value, 0)


def _pick_decimals(values: pd.DataFrame) -> int:
    """Return decimals that show two digits of the typical size, three below 1."""
    sizes = np.abs(values.to_numpy(dtype=float, na_value=np.nan))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not len(sizes):
        return 2
    middle = float(np.median(sizes))
    least = 3 if middle < 1 else 1 if sizes.max() >= 100 else 2
    return int(np.clip(1 - np.floor(np.log10(middle)), least, 6))
