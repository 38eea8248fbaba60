"""Section on the measurement model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, tell_p, write_count, write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_extremes,
    find_row,
    first_value,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Section, Table
from exprstats.document.text import Text, join_texts, join_words, quote_code, say
from exprstats.plots import draw_factor
from exprstats.report.analysis import Analysis
from exprstats.report.sections.invariance import build_nesting, say_nesting
from exprstats.report.sections.resampled import build_resampled, say_resampled

if TYPE_CHECKING:
    from exprstats.measurement import Factor, Receipt

_TERMS = {"loading": "Loading (λ)", "residual": "Residual (ε)"}
_FIT = {"df", "chisq", "cfi", "rmsea", "srmr"}
INDEPENDENT = (
    "*SE* and intervals take clips as independent; they are too small where clips of one subject "
    "are alike."
)


def describe_measurement(analysis: Analysis) -> Section | None:
    """Return the section, or None where no factor model was fitted."""
    further = (*say_nesting(analysis), *say_resampled(analysis.resampled))
    if analysis.factor is None and not further:
        return None
    tables = (*build_nesting(analysis), *build_resampled(analysis.resampled))
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
        tables=(_build_estimates(rows, analysis.factor), *_build_whole(rows, analysis), *tables),
        figures=(_build_figure(rows, analysis.factor),),
    )


def list_banners(analysis: Analysis) -> tuple[Text, ...]:
    """Return what stands at the top of the report about the measurement model."""
    return _say_closed_form(analysis)


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
    factor = analysis.factor
    full, errors = name_estimator(factor)
    how = f"by {full}maximum likelihood with lavaan (Rosseel, 2012){errors}"
    return say(
        "One factor was fitted to {means}{items}{where}{how}.",
        means="the clip means of " if analysis.reliability else "",
        items=join_words([str(item) for item in items]),
        where=where,
        how=f" {how}" if factor.engine == "lavaan" else "",
    )


def name_estimator(factor: Factor) -> tuple[str, str]:
    """Return what is said of maximum likelihood: whether it used gaps, and other errors."""
    pooled = factor.solutions[-1]
    full = "full-information " if pooled.missing == "fiml" else ""
    if pooled.n_clusters is not None:
        told = count_things(pooled.n_clusters, "subject")
        return full, f", with standard errors that allow for clips of the same subject ({told})"
    return full, ", with robust standard errors" if pooled.method == "robust" else ""


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
    fits = dict(list_fits(rows))
    return (join_texts([say("Fit over all clips:"), fits[ALL]]),) if ALL in fits else ()


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
    return say(
        "χ²({df}) = {chisq}, *p* {p}, CFI = {cfi}, RMSEA = {rmsea}, 90% CI {limits}, "
        "SRMR = {srmr}.",
        df=int(found["df"]["estimate"]),
        chisq=write_number(found["chisq"]["estimate"]),
        p=tell_p(found["chisq"]["p_value"]),
        cfi=write_estimate(found["cfi"], 3),
        rmsea=write_estimate(found["rmsea"], 3),
        limits=write_limits(found["rmsea"], 3),
        srmr=write_estimate(found["srmr"], 3),
    )


def _write_place(row: dict[Any, Any], pointer: str = "") -> str:
    where = "" if row["context"] == ALL else f", {row['context']}"
    level = write_level(row["level"]) if pd.notna(row.get("level")) else ""
    limits = write_limits(row)
    interval = f", {level} CI {limits}" if limits != MISSING else ""
    return f"{write_estimate(row)}{interval} ({row['item']}{where}{pointer})"


def _build_estimates(rows: pd.DataFrame, factor: Factor) -> Table:
    """Return Table 2: loadings and residuals of every context."""
    return build_items(
        rows,
        ("2", "measurement", "Standardized Estimates of the One-Factor Model"),
        notes=_list_notes(rows, factor, grouped=len(list_levels(rows, "context")) > 1),
        whole=name_contexts(factor.tidy()),
    )


def build_items(
    rows: pd.DataFrame,
    naming: tuple[str, str, str],
    *,
    notes: tuple[Text, ...],
    whole: pd.DataFrame,
    group: str = "context",
) -> Table:
    """Return a table of loadings and residual variances, one line an item.

    Parameters
    ----------
    rows
        Tidy rows of a factor model, contexts named.
    naming
        Number, name and title.
    notes
        Printed below.
    whole
        The rows behind the table.
    group
        Column whose values head blocks of lines, if it has several.
    """
    level = first_value(rows, "level")
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
    number, name, title = naming
    return Table(
        number,
        name,
        title,
        tuple(columns),
        cells,
        group=group if several else None,
        notes=notes,
        rows=whole,
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


def _list_notes(rows: pd.DataFrame, factor: Factor, *, grouped: bool) -> tuple[Text, ...]:
    counts = count_clips(rows, grouped=grouped)
    notes = [say("Completely standardized solution, ε = 1 − λ²; all clips{counts}.", counts=counts)]
    if "train" in list_levels(factor.tidy(), "part"):
        notes.append(
            say(
                "The scores that models predict come from the same model fitted to the training "
                "subjects only, so that nothing of the test set enters the target."
            )
        )
    clusters = factor.solutions[-1].n_clusters
    allowed = "*SE* and intervals allow for clips of the same subject ({subjects})."
    subjects = count_things(clusters or 0, "subject")
    notes.append(say(INDEPENDENT) if clusters is None else say(allowed, subjects=subjects))
    keys = ("item", "context") if grouped else ("item",)
    told = collect_notes(rows[rows["term"].isin([*_TERMS])], keys)
    return (*notes, *quote_call(factor.receipt, factor.items), *told)


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


def _build_whole(rows: pd.DataFrame, analysis: Analysis) -> tuple[Table, ...]:
    """Return Table A20: ω and AVE of every context. A study has ω in Table A2."""
    shown = rows[rows["term"].isin(["omega", "ave"])]
    if analysis.study is not None or shown.empty:
        return ()
    level = first_value(shown, "level")
    columns = (
        Column("context", say("Model"), words=True),
        Column("clips", say("Clips")),
        Column("omega", say("ω")),
        Column("limits", say("{level} CI", level=write_level(float(level)) if level else "")),
        Column("ave", say("AVE")),
    )
    cells = []
    for context in list_levels(shown, "context"):
        omega = find_row(shown, context=context, term="omega")
        line = {"context": str(context), "clips": write_count(omega["n_clips"])}
        line |= {"omega": write_estimate(omega), "limits": write_limits(omega)}
        cells.append(line | {"ave": write_estimate(find_row(shown, context=context, term="ave"))})
    note = say(
        "ω = share of the variance of the summed items that the factor explains; AVE = average "
        "variance extracted, the mean share of an item's variance that the factor explains."
    )
    title = "Reliability of the Composite"
    table = pd.DataFrame(cells)
    return (Table("A20", "composite", title, columns, table, notes=(note,), rows=shown),)
