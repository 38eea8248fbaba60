"""The section on the measurement model, with Table 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import MISSING, tell_p, write_level, write_number
from exprstats.plots import ALL, draw_factor, name_contexts
from exprstats.report.cells import (
    find_extremes,
    first_value,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Figure, Section
from exprstats.report.estimates import build_estimates
from exprstats.report.loadings import build_loadings, say_loadings
from exprstats.report.nesting import build_nesting, say_nesting
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say

if TYPE_CHECKING:
    from exprstats.measurement import Factor


def describe_measurement(pieces: Pieces) -> Section | None:
    """Return the section, or None where no factor model was fitted."""
    further = (*say_nesting(pieces), *say_loadings(pieces.resampled))
    if pieces.factor is None and not further:
        return None
    tables = (*build_nesting(pieces), *build_loadings(pieces.resampled))
    title = ("measurement", "Measurement model")
    if pieces.factor is None:
        return Section(*title, sentences=further, tables=tables)
    rows = select_shown(name_contexts(pieces.factor.tidy()))
    items = list_levels(rows[rows["term"].eq("loading")], "item")
    return Section(
        *title,
        sentences=(_say_model(rows, items, pieces), _say_loadings(rows), *_say_fit(rows), *further),
        caveats=(*_say_closed_form(pieces), *_say_three_items(items)),
        tables=(build_estimates(rows, pieces), *tables),
        figures=(_build_figure(rows, pieces.factor),),
    )


def list_banners(pieces: Pieces) -> tuple[Text, ...]:
    """Return what stands at the top of the report about the measurement model."""
    return _say_closed_form(pieces)


def select_shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the fit on all clips, or of the only fit."""
    parts = list_levels(rows, "part")
    return rows[rows["part"].eq("all")] if "all" in parts and len(parts) > 1 else rows


def _build_figure(rows: pd.DataFrame, factor: Factor) -> Figure:
    level = first_value(pick_rows(rows, term="loading"), "level")
    return Figure(
        "2",
        "factor",
        "The One-Factor Model With Standardized Estimates",
        draw_factor(factor),
        words="Path diagram: the factor, its loadings on the items, and their residual variances; "
        "the same numbers as Table 2.",
        notes=(
            say(
                "Arrows from the factor hold loadings{limits}; ε is the share of an item's "
                "variance that the factor leaves. The factor's variance is fixed to 1.",
                limits=f" with {write_level(float(level))} confidence intervals" if level else "",
            ),
        ),
    )


def _say_closed_form(pieces: Pieces) -> tuple[Text, ...]:
    factor = pieces.factor
    if factor is None or factor.engine == "lavaan":
        return ()
    reason = str(getattr(factor.receipt, "reason", "") or "").strip().rstrip(".")
    return (
        say(
            "R with lavaan did not take part in this analysis{reason}. The measurement model comes "
            "from the closed-form solution that exists for three items; its estimates are those "
            "of maximum likelihood. Run exprstats doctor for the cure, and run the analysis "
            "again before publishing.",
            reason=f" ({reason})" if reason else "",
        ),
    )


def _say_three_items(items: list[Any]) -> tuple[Text, ...]:
    if len(items) != 3:
        return ()
    return (
        say(
            "Fit cannot be tested with three items: the model has no degrees of freedom "
            "(*df* = 0) and reproduces the data whatever they are, so no fit index is shown."
        ),
    )


def _say_model(rows: pd.DataFrame, items: list[Any], pieces: Pieces) -> Text:
    contexts = [context for context in list_levels(rows, "context") if context != ALL]
    where = " in each context and over all of them" if contexts else ""
    engine = getattr(pieces.factor, "engine", "lavaan")
    how = "by maximum likelihood with lavaan (Rosseel, 2012)" if engine == "lavaan" else ""
    return say(
        "One factor was fitted to {means}{items}{where}{how}.",
        means="the clip means of " if pieces.reliability else "",
        items=join_words([str(item) for item in items]),
        where=where,
        how=f" {how}" if how else "",
    )


def _say_loadings(rows: pd.DataFrame) -> Text:
    loadings = pick_rows(rows, term="loading").reset_index(drop=True)
    low, high = find_extremes(loadings)
    omegas = pick_rows(rows, term="omega")["estimate"].dropna()
    text = (
        f"Standardized loadings lay between {_write_place(low)}, and "
        f"{_write_place(high, '; Table 2, Figure 2')}"
    )
    if len(omegas):
        low_omega, high_omega = (
            write_number(value, bounded=True) for value in (omegas.min(), omegas.max())
        )
        same = low_omega == high_omega
        text += "; the reliability of the composite, ω, was "
        text += low_omega if same else f"between {low_omega} and {high_omega}"
    return say("{text}.", text=text)


def _say_fit(rows: pd.DataFrame) -> tuple[Text, ...]:
    """Return the fit of the pooled model, where it can be tested."""
    pooled = rows[rows["context"].eq(ALL) & rows["item"].isna()]
    found = {row["term"]: row for row in pooled.to_dict("records")}
    if not {"df", "chisq", "cfi", "rmsea", "srmr"} <= found.keys():
        return ()
    return (
        say(
            "Fit over all clips: χ²({df}) = {chisq}, *p* {p}, CFI = {cfi}, RMSEA = {rmsea}, "
            "90% CI {limits}, SRMR = {srmr}.",
            df=int(found["df"]["estimate"]),
            chisq=write_number(found["chisq"]["estimate"]),
            p=tell_p(found["chisq"]["p_value"]),
            cfi=write_estimate(found["cfi"], 3),
            rmsea=write_estimate(found["rmsea"], 3),
            limits=write_limits(found["rmsea"], 3),
            srmr=write_estimate(found["srmr"], 3),
        ),
    )


def _write_place(row: dict[Any, Any], pointer: str = "") -> str:
    where = "" if row["context"] == ALL else f", {row['context']}"
    level = write_level(row["level"]) if pd.notna(row.get("level")) else ""
    limits = write_limits(row)
    interval = f", {level} CI {limits}" if limits != MISSING else ""
    return f"{write_estimate(row)}{interval} ({row['item']}{where}{pointer})"
