"""Section on the measurement model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, tell_p, write_level, write_number, write_p
from exprstats.document.cells import (
    collect_notes,
    find_extremes,
    find_row,
    first_value,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Section, Table
from exprstats.document.text import Text, join_texts, join_words, quote_code, quote_sentence, say
from exprstats.plots import ALL, draw_factor, name_contexts, name_pairs
from exprstats.report.analysis import Analysis
from exprstats.report.sections.invariance import build_nesting, say_nesting
from exprstats.report.sections.performance import METHODS, list_methods

if TYPE_CHECKING:
    from exprstats.measurement import Factor, FactorBootstrap

_TERMS = {"loading": "Loading (λ)", "residual": "Residual (ε)"}
_OMEGA = "ω of the composite"


def describe_measurement(analysis: Analysis) -> Section | None:
    """Return the section, or None where no factor model was fitted."""
    further = (*say_nesting(analysis), *say_loadings(analysis.resampled))
    if analysis.factor is None and not further:
        return None
    tables = (*build_nesting(analysis), *build_loadings(analysis.resampled))
    title = ("measurement", "Measurement model")
    if analysis.factor is None:
        return Section(*title, sentences=further, tables=tables)
    rows = select_shown(name_contexts(analysis.factor.tidy()))
    items = list_levels(rows[rows["term"].eq("loading")], "item")
    return Section(
        *title,
        sentences=(
            _say_model(rows, items, analysis),
            _say_loadings(rows),
            *_say_fit(rows),
            *further,
        ),
        caveats=(*_say_closed_form(analysis), *_say_three_items(items)),
        tables=(build_estimates(rows, analysis), *tables),
        figures=(_build_figure(rows, analysis.factor),),
    )


def list_banners(analysis: Analysis) -> tuple[Text, ...]:
    """Return what stands at the top of the report about the measurement model."""
    return _say_closed_form(analysis)


def select_shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the fit on all clips, or of the only fit."""
    rows = rows[rows["headline"].eq(True)]
    parts = list_levels(rows, "part")
    return rows[rows["part"].eq("all")] if "all" in parts and len(parts) > 1 else rows


def _build_figure(rows: pd.DataFrame, factor: Factor) -> Figure:
    level = first_value(pick_rows(rows, term="loading"), "level")
    return Figure(
        "2",
        "factor",
        "The One-Factor Model With Standardized Estimates",
        lambda: draw_factor(factor),
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


def _say_closed_form(analysis: Analysis) -> tuple[Text, ...]:
    factor = analysis.factor
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


def _say_model(rows: pd.DataFrame, items: list[Any], analysis: Analysis) -> Text:
    contexts = [context for context in list_levels(rows, "context") if context != ALL]
    where = " in each context and over all of them" if contexts else ""
    engine = getattr(analysis.factor, "engine", "lavaan")
    how = "by maximum likelihood with lavaan (Rosseel, 2012)" if engine == "lavaan" else ""
    return say(
        "One factor was fitted to {means}{items}{where}{how}.",
        means="the clip means of " if analysis.reliability else "",
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


def build_estimates(rows: pd.DataFrame, analysis: Analysis) -> Table:
    """Return Table 2: loadings and residuals of every context."""
    level = first_value(rows, "level")
    interval = say("{level} CI", level=write_level(float(level)) if level else "")
    columns = [Column("item", say("Question"), words=True)]
    for term, heading in _TERMS.items():
        columns += [
            Column(f"{term}_estimate", say("Estimate"), heading),
            Column(f"{term}_error", say("*SE*"), heading),
            Column(f"{term}_limits", interval, heading),
        ]
    contexts = list_levels(rows, "context")
    grouped = len(contexts) > 1
    loadings = pick_rows(rows, term="loading").to_dict("records")
    return Table(
        "2",
        "measurement",
        "Standardized Estimates of the One-Factor Model",
        tuple(columns),
        pd.DataFrame([_write_row(row, rows) for row in loadings]),
        group="context" if grouped else None,
        notes=_list_notes(rows, analysis, grouped=grouped),
        rows=name_contexts(analysis.factor.tidy()) if analysis.factor else None,
    )


def _write_row(loading: dict[Any, Any], rows: pd.DataFrame) -> dict[str, str]:
    cells = {"context": str(loading["context"]), "item": str(loading["item"])}
    for term in _TERMS:
        row = find_row(rows, context=loading["context"], item=loading["item"], term=term)
        cells[f"{term}_estimate"] = write_estimate(row, 3)
        cells[f"{term}_error"] = write_number(row.get("std_error"), 3, bounded=True)
        cells[f"{term}_limits"] = write_limits(row, 3)
    return cells


def _list_notes(rows: pd.DataFrame, analysis: Analysis, *, grouped: bool) -> tuple[Text, ...]:
    counts = _count_clips(rows, grouped=grouped)
    notes = [say("Completely standardized solution, ε = 1 − λ²; all clips{counts}.", counts=counts)]
    if "train" in list_levels(analysis.factor.tidy() if analysis.factor else rows, "part"):
        notes.append(
            say(
                "The scores that models predict come from the same model fitted to the training "
                "subjects only, so that nothing of the test set enters the target."
            )
        )
    notes.append(
        say(
            "*SE* and intervals take clips as independent; they are too small where clips of one "
            "subject are alike."
        )
    )
    receipt = getattr(analysis.factor, "receipt", None)
    call = getattr(receipt, "call", None)
    if call:
        items = list_levels(pick_rows(rows, term="loading"), "item")
        aliases = ", ".join(f"v{place} = {item}" for place, item in enumerate(items, start=1))
        told = say("({aliases}; {name}).", aliases=aliases, name=_name_versions(receipt))
        notes.append(join_texts([say("R call for all clips:"), quote_code(call), told]))
    keys = ("item", "context") if grouped else ("item",)
    return (*notes, *collect_notes(rows[rows["term"].isin([*_TERMS])], keys))


def _count_clips(rows: pd.DataFrame, *, grouped: bool) -> str:
    counts = pick_rows(rows, term="loading").groupby("context", sort=False)["n_clips"].first()
    if counts.isna().all():
        return ""
    if not grouped:
        return f" ({int(counts.iloc[0]):,})"
    named = ", ".join(f"{context} {int(count):,}" for context, count in counts.items())
    return f" ({named})"


def _name_versions(receipt: Any) -> str:
    versions = getattr(receipt, "versions", None) or {}
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def say_loadings(resampled: FactorBootstrap | None) -> tuple[Text, ...]:
    """Return what resampling clusters says about the composite and about contexts."""
    if resampled is None:
        return ()
    told = quote_sentence(resampled.sentence().rstrip("."))
    return (join_texts([told, say("(Table A9).")]),)


def build_loadings(resampled: FactorBootstrap | None) -> tuple[Table, ...]:
    """Return Table A9: loadings and ω of each context, then their differences."""
    if resampled is None:
        return ()
    rows = resampled.tidy()
    shown = rows[rows["headline"].eq(True) & rows["term"].isin(["loading", "omega"])]
    single = name_contexts(shown[shown["versus"].isna()])
    pairs = shown[shown["versus"].notna()]
    printed = pd.concat(
        [
            single.assign(group=single["context"].astype(str)),
            pairs.assign(group=name_pairs(pairs)),
        ]
    )
    columns = [
        Column("what", say("Standardized loading"), words=True),
        Column("estimate", say("Estimate")),
        Column("limits", say("{level} CI", level=write_level(resampled.level))),
    ]
    if len(pairs):
        columns += [
            Column("p", say("*p*")),
            Column("adjusted", say("Holm\N{NO-BREAK SPACE}*p*")),
        ]
    return (
        Table(
            "A9",
            "loadings",
            "Loadings With Intervals That Allow for Clusters"
            + (", and Differences Between Contexts" if len(pairs) else ""),
            tuple(columns),
            pd.DataFrame([_write_loading(row) for row in printed.to_dict("records")]),
            group="group" if len(list_levels(printed, "group")) > 1 else None,
            notes=_list_loading_notes(printed),
            rows=rows,
        ),
    )


def _write_loading(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "group": str(row["group"]),
        "what": _OMEGA if row["term"] == "omega" else str(row["item"]),
        "estimate": write_estimate(row, 3),
        "limits": write_limits(row, 3),
        "p": write_p(row["p_value"]),
        "adjusted": write_p(row["p_adjusted"]),
    }


def _list_loading_notes(printed: pd.DataFrame) -> tuple[Text, ...]:
    methods = [METHODS.get(name, name) for name in list_methods(printed)]
    tested = printed["versus"].notna().any()
    notes = [say("Intervals: {how}.", how=" and ".join(methods))]
    if tested:
        notes.append(
            say(
                "Only differences are tested; Holm *p* is adjusted for all differences of loadings "
                "(of ω). {pooled} is the model fitted to all clips.",
                pooled=ALL,
            )
        )
    return (*notes, *collect_notes(printed, ("item", "group")))
