"""Sections on factor models of ordered answers, several factors and two levels.

The tables of loadings that all factor models share are built here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import tell_p, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_level,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table, keep
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
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
        *keep(
            say(
                "Completely standardized solution for the normal responses behind the answers, "
                "ε = 1 − λ²; all clips{counts}.",
                counts=write_fit_clips(rows, grouped=grouped),
            ),
            say(INDEPENDENT, where=""),
            *list_context_fits(rows),
            quote_call(factor.receipt, factor.items),
        )
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
    columns = (
        column("item", "Question"),
        column("category", "Answers up to", "{:g}".format),
        *estimate_columns(level, heading="Threshold", bounded=False),
    )
    note = say("In standard deviations of the response behind the answers.")
    return tabulate(
        "thresholds",
        "Thresholds Between the Answers",
        rows[rows["term"].eq("threshold")],
        columns,
        group="context" if grouped else None,
        notes=(note,),
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
    notes = keep(
        say(SOLUTION, counts=write_fit_clips(rows, grouped=grouped)),
        say(INDEPENDENT, where=""),
        *list_context_fits(rows),
        quote_call(factors.receipt, items),
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

    def name_factors(row: dict[Any, Any]) -> str:
        omega = row["term"] == "omega"
        return f"ω of {row['factor']}" if omega else f"r of {row['factor']} and {row['versus']}"

    note = say(
        "ω = internal consistency of the means of a factor's items; *r* = correlation of two "
        "factors."
    )
    return tabulate(
        "correlations",
        "Internal Consistency and Correlations of the Factors",
        rows[rows["term"].isin(["omega", "correlation"])],
        (
            column("what", "Factors", of=name_factors, words=True),
            *estimate_columns(level, decimals=3),
        ),
        group="context" if grouped else None,
        notes=(note,),
    )


def describe_levels(analysis: Analysis) -> Section | None:
    """Return the section, or None where no two-level factor was fitted."""
    factors = analysis.levels
    if factors is None:
        return None
    rows = name_contexts(factors.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    # One line for each item, then one for each composite.
    named = [(str(item), "loading", item) for item in factors.items]
    named += [(told, term, None) for term, told in _COMPOSITES.items()]
    lines = [
        {"context": context, "name": name, "term": term, "item": item}
        for context in list_levels(rows, "context")
        for name, term, item in named
    ]
    pooled = rows["n_clusters"].iloc[-1]
    notes = (
        say(
            "Standardized within each level; λ = loading, ε = residual variance, ICC = share of an "
            "item's variance that lies between clusters. All clips{counts}; {clusters} clusters "
            "({name}).",
            counts=write_fit_clips(rows[rows["layer"].eq("within")], grouped=grouped),
            clusters=f"{int(pooled):,}",
            name=factors.cluster,
        ),
        say(
            "ω of clusters' means: internal consistency of the items' means over a cluster's "
            "clips; what is specific to a clip counts as error."
        ),
        *list_context_fits(rows),
        *keep(quote_call(factors.receipt, factors.items)),
        *collect_notes(rows[rows["term"].isin([*_COMPOSITES])], ("context",)),
    )
    table = tabulate(
        "levels",
        "Standardized Estimates Within and Between Clusters",
        lines,
        _list_level_columns(rows, factors.level),
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


def _list_level_columns(rows: pd.DataFrame, level: float) -> list[Column]:
    same = ("context", "item")
    columns = [column("name", "Question")]
    for layer, spanner in _LAYERS.items():
        found = match_row(rows, *same, "term", layer=layer)
        rest = match_row(rows, *same, layer=layer, term="residual")
        form: dict[str, Any] = {"under": spanner, "decimals": 3}
        columns += estimate_columns(level, heading="λ", key=f"{layer}_estimate", of=found, **form)
        columns.append(column(f"{layer}_residual", "ε", write_estimate, of=rest, **form))
    share = match_row(rows, *same, term="icc")
    columns += estimate_columns(level, heading="ICC", key="icc", of=share, decimals=3)
    return columns


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
    columns = [column("item", "Question")]
    for term, heading in _TERMS.items():
        of = match_row(rows, *dict.fromkeys((group, "context", "item")), term=term)
        estimate, limits = estimate_columns(
            find_level(rows), key=f"{term}_estimate", of=of, under=heading, decimals=3
        )
        error = column(
            f"{term}_error",
            "*SE*",
            write_number,
            of=lambda row, of=of: of(row).get("std_error"),
            under=heading,
            decimals=3,
            bounded=True,
        )
        columns += [estimate, error, limits]
    loadings = pick_rows(rows, term="loading")
    several = len(list_levels(loadings, group)) > 1
    return tabulate(
        *naming,
        loadings,
        columns,
        group=group if several else None,
        notes=notes,
        rows=whole,
        main=main,
    )


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


def quote_call(receipt: Receipt, items: Sequence[str]) -> Text | None:
    """Return the R call of the fit on all clips, with its names and versions; none without R."""
    if not receipt.call:
        return None
    aliases = ", ".join(f"v{place} = {item}" for place, item in enumerate(items, start=1))
    versions = ", ".join(f"{name} {version}" for name, version in receipt.versions.items())
    told = say("({aliases}; {name}).", aliases=aliases, name=versions)
    return join_texts([say("R call for all clips:"), quote_code(receipt.call), told])


def write_fit_clips(rows: pd.DataFrame, *, grouped: bool) -> str:
    """Return the clips of each fit in brackets."""
    counts = pick_rows(rows, term="loading").groupby("context", sort=False)["n_clips"].first()
    if counts.isna().all():
        return ""
    if not grouped:
        return f" ({int(counts.iloc[0]):,})"
    named = ", ".join(f"{context} {int(count):,}" for context, count in counts.items())
    return f" ({named})"
