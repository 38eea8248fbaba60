"""Sections on factor models of ordered answers, several factors and two levels.

The tables of loadings that all factor models share are built here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import tell_p, write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_level,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table, list_columns
from exprstats.document.text import Text, cite, join_texts, quote_code, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.measurement import Receipt

INDEPENDENT = (
    "*SE* and intervals{where} take clips as independent; they are too small where clips of one "
    "subject are alike."
)
_TERMS = {"loading": "Loading (λ)", "residual": "Residual (ε)"}
_FIT = {"df", "chisq", "cfi", "rmsea", "srmr"}
VARIANTS = {"scaled", "robust", "unscaled"}
_LAYERS = {"within": "Within clusters", "between": "Between clusters"}
SOLUTION = "Completely standardized solution, ε = 1 − λ²; all clips{counts}."
COMPOSITE = "ω of the composite"
_COMPOSITES = {"omega": COMPOSITE, "omega_means": "ω of clusters’ means"}


def describe_ordered(analysis: Analysis) -> Section | None:
    """Return the section, or None where no factor was fitted to ordered answers."""
    factor = analysis.ordered
    if factor is None:
        return None
    rows = name_contexts(factor.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    notes: list[Text] = [
        say(
            "Completely standardized solution for the normal responses behind the answers, "
            "ε = 1 − λ²; all clips{counts}.",
            counts=count_clips(rows, grouped=grouped),
        ),
        say(INDEPENDENT, where=""),
        *list_context_fits(rows),
        *quote_call(factor.receipt, factor.items),
    ]
    naming = ("ordered", "Standardized Estimates of the Factor of Ordered Answers")
    return Section(
        "ordered",
        "Factor model of ordered answers",
        sentences=(cite(factor.sentence(), "Table ordered", "Table thresholds"),),
        tables=(
            build_items(rows, naming, notes=tuple(notes), whole=rows),
            _build_thresholds(rows, factor.level, grouped=grouped),
        ),
    )


def _build_thresholds(rows: pd.DataFrame, level: float, *, grouped: bool) -> Table:
    shown = rows[rows["term"].eq("threshold")]
    columns = (
        *list_columns(words=1, item="Question", category="Answers up to", estimate="Threshold"),
        Column("limits", say("{level} CI", level=write_level(level))),
    )
    cells = [
        {
            "context": str(row["context"]),
            "item": str(row["item"]),
            "category": f"{row['category']:g}",
            "estimate": write_estimate(row, bounded=False),
            "limits": write_limits(row, bounded=False),
        }
        for row in shown.to_dict("records")
    ]
    note = say("In standard deviations of the response behind the answers.")
    return Table(
        "thresholds",
        "Thresholds Between the Answers",
        columns,
        pd.DataFrame(cells),
        group="context" if grouped else None,
        notes=(note,),
        rows=shown,
    )


def describe_factors(analysis: Analysis) -> Section | None:
    """Return the section, or None where no several factors were fitted."""
    factors = analysis.factors
    if factors is None:
        return None
    rows = name_contexts(factors.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    own = rows[rows["term"].isin(["loading", "residual"])]
    names = own["factor"].astype(str)
    blocks = own.assign(block=own["context"] + ": " + names if grouped else names)
    items = [item for group in factors.items.values() for item in group]
    notes = (
        say(SOLUTION, counts=count_clips(rows, grouped=grouped)),
        say(INDEPENDENT, where=""),
        *list_context_fits(rows),
        *quote_call(factors.receipt, items),
    )
    naming = ("factors", "Standardized Estimates of the Correlated Factors")
    return Section(
        "factors",
        "Factor models with several factors",
        sentences=(cite(factors.sentence(), "Table factors", "Table correlations"),),
        tables=(
            build_items(blocks, naming, notes=notes, whole=rows, group="block"),
            _build_correlations(rows, factors.level, grouped=grouped),
        ),
    )


def _build_correlations(rows: pd.DataFrame, level: float, *, grouped: bool) -> Table:
    """Return the table: each factor's ω, and each pair's correlation."""
    shown = rows[rows["term"].isin(["omega", "correlation"])]
    columns = (
        *list_columns(words=1, what="Factors", estimate="Estimate"),
        Column("limits", say("{level} CI", level=write_level(level))),
    )
    cells = [
        {
            "context": str(row["context"]),
            "what": f"ω of {row['factor']}"
            if row["term"] == "omega"
            else f"r of {row['factor']} and {row['versus']}",
            "estimate": write_estimate(row, 3),
            "limits": write_limits(row, 3),
        }
        for row in shown.to_dict("records")
    ]
    note = say(
        "ω = internal consistency of the means of a factor's items; *r* = correlation of two "
        "factors."
    )
    return Table(
        "correlations",
        "Internal Consistency and Correlations of the Factors",
        columns,
        pd.DataFrame(cells),
        group="context" if grouped else None,
        notes=(note,),
        rows=shown,
    )


def describe_levels(analysis: Analysis) -> Section | None:
    """Return the section, or None where no two-level factor was fitted."""
    factors = analysis.levels
    if factors is None:
        return None
    rows = name_contexts(factors.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    interval = say("{level} CI", level=write_level(factors.level))
    columns = [Column("item", say("Question"), words=True)]
    for layer, spanner in _LAYERS.items():
        columns += [
            Column(f"{layer}_estimate", say("λ"), spanner),
            Column(f"{layer}_limits", interval, spanner),
            Column(f"{layer}_residual", say("ε"), spanner),
        ]
    columns += [Column("icc", say("ICC")), Column("icc_limits", interval)]
    contexts = list_levels(rows, "context")
    cells = [line for context in contexts for line in _write_lines(rows, context, factors.items)]
    pooled = rows["n_clusters"].iloc[-1]
    notes = (
        say(
            "Standardized within each level; λ = loading, ε = residual variance, ICC = share of an "
            "item's variance that lies between clusters. All clips{counts}; {clusters} clusters "
            "({name}).",
            counts=count_clips(rows[rows["layer"].eq("within")], grouped=grouped),
            clusters=f"{int(pooled):,}",
            name=factors.cluster,
        ),
        say(
            "ω of clusters' means: internal consistency of the items' means over a cluster's "
            "clips; what is specific to a clip counts as error."
        ),
        *list_context_fits(rows),
        *quote_call(factors.receipt, factors.items),
        *collect_notes(rows[rows["term"].isin([*_COMPOSITES])], ("context",)),
    )
    table = Table(
        "levels",
        "Standardized Estimates Within and Between Clusters",
        tuple(columns),
        pd.DataFrame(cells),
        group="context" if grouped else None,
        notes=notes,
        rows=rows,
    )
    return Section(
        "levels",
        "Factor models within and between subjects",
        sentences=(cite(factors.sentence(), "Table levels"),),
        tables=(table,),
    )


def _write_lines(rows: pd.DataFrame, context: Any, items: tuple[str, ...]) -> list[dict[str, str]]:
    """Return one line for each item, then one for each composite."""
    own = rows[rows["context"].eq(context)]
    named = [(str(item), "loading", item) for item in items]
    named += [(told, term, None) for term, told in _COMPOSITES.items()]
    lines = []
    for name, term, item in named:
        line = {"context": str(context), "item": name}
        for layer in _LAYERS:
            row = find_row(own, layer=layer, term=term, item=item)
            rest = find_row(own, layer=layer, term="residual", item=item)
            line |= {f"{layer}_estimate": write_estimate(row, 3)}
            line |= {f"{layer}_limits": write_limits(row, 3)}
            line |= {f"{layer}_residual": write_estimate(rest, 3)}
        share = find_row(own, term="icc", item=item)
        lines.append(line | {"icc": write_estimate(share, 3), "icc_limits": write_limits(share, 3)})
    return lines


def build_items(
    rows: pd.DataFrame,
    naming: tuple[str, str],
    *,
    notes: tuple[Text, ...],
    whole: pd.DataFrame,
    group: str = "context",
    main: bool = False,
) -> Table:
    """Return a table of loadings and residual variances, one line per item."""
    level = find_level(rows)
    interval = say("{level} CI", level=write_level(float(level)) if level else "")
    columns = [Column("item", say("Question"), words=True)]
    for term, heading in _TERMS.items():
        columns += [
            Column(f"{term}_estimate", say("Estimate"), heading),
            Column(f"{term}_error", say("*SE*"), heading),
            Column(f"{term}_limits", interval, heading),
        ]
    loadings = pick_rows(rows, term="loading").to_dict("records")
    cells = pd.DataFrame([_write_row(row, rows, group) for row in loadings])
    several = len(list_levels(cells, group)) > 1
    name, title = naming
    return Table(
        name,
        title,
        tuple(columns),
        cells,
        group=group if several else None,
        notes=notes,
        rows=whole,
        main=main,
    )


def _write_row(loading: dict[Any, Any], rows: pd.DataFrame, group: str) -> dict[str, str]:
    cells = {group: str(loading[group]), "item": str(loading["item"])}
    for term in _TERMS:
        same = {name: loading[name] for name in {group, "context", "item"}}
        row = find_row(rows, **same, term=term)
        cells[f"{term}_estimate"] = write_estimate(row, 3)
        cells[f"{term}_error"] = write_number(row.get("std_error"), 3, bounded=True)
        cells[f"{term}_limits"] = write_limits(row, 3)
    return cells


def list_fits(rows: pd.DataFrame) -> list[tuple[str, Text]]:
    """Return the fit of each context's model that can be tested, by the name of the context."""
    fits = []
    for context, own in rows[rows["term"].isin(_FIT)].groupby("context", sort=False):
        found = {row["term"]: row for row in own.to_dict("records")}
        if found.keys() >= _FIT:
            fits.append((str(context), _write_fit(found)))
    return fits


def list_context_fits(rows: pd.DataFrame) -> list[Text]:
    """Return the fit of each context's model as notes; that of all clips is in the sentence."""
    fits = [(context, fit) for context, fit in list_fits(rows) if context != ALL]
    return [join_texts([say("Fit of {context}:", context=context), fit]) for context, fit in fits]


def _write_fit(found: Mapping[Any, dict[Any, Any]]) -> Text:
    # Under a robust test lavaan's indices have further names, which stand in the notes.
    names = {term: row["note"] for term, row in found.items() if row.get("note") in VARIANTS}
    words = {f"{term}_name": f"{names.get(term, '')} ".lstrip() for term in _FIT}
    return say(
        "{chisq_name}χ²({df}) = {chisq}, *p* {p}, {cfi_name}CFI = {cfi}, {rmsea_name}RMSEA = "
        "{rmsea}, 90% CI {limits}, SRMR = {srmr}.",
        **words,
        df=int(found["df"]["estimate"]),
        chisq=write_number(found["chisq"]["estimate"]),
        p=tell_p(found["chisq"]["p_value"]),
        cfi=write_estimate(found["cfi"], 3),
        rmsea=write_estimate(found["rmsea"], 3),
        limits=write_limits(found["rmsea"], 3),
        srmr=write_estimate(found["srmr"], 3),
    )


def quote_call(receipt: Receipt, items: Sequence[str]) -> tuple[Text, ...]:
    """Return the R call of the fit on all clips, with its names and versions; none without R."""
    if not receipt.call:
        return ()
    aliases = ", ".join(f"v{place} = {item}" for place, item in enumerate(items, start=1))
    versions = ", ".join(f"{name} {version}" for name, version in receipt.versions.items())
    told = say("({aliases}; {name}).", aliases=aliases, name=versions)
    return (join_texts([say("R call for all clips:"), quote_code(receipt.call), told]),)


def count_clips(rows: pd.DataFrame, *, grouped: bool) -> str:
    """Return the clips of each fit in brackets."""
    counts = pick_rows(rows, term="loading").groupby("context", sort=False)["n_clips"].first()
    if counts.isna().all():
        return ""
    if not grouped:
        return f" ({int(counts.iloc[0]):,})"
    named = ", ".join(f"{context} {int(count):,}" for context, count in counts.items())
    return f" ({named})"
