"""Section on the measurement model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_extremes,
    find_level,
    list_levels,
    name_contexts,
    name_pairs,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Figure, Section, Table, keep
from exprstats.document.tables import column, estimate_columns, p_columns, tabulate
from exprstats.document.text import Text, cite, join_texts, join_words, quote_sentence, say
from exprstats.plots import draw_factor
from exprstats.report.analysis import Analysis
from exprstats.report.sections.consistency import build_consistency, say_maxima, warn_of_misfit
from exprstats.report.sections.factors import (
    COMPOSITE,
    INDEPENDENT,
    SOLUTION,
    build_items,
    list_fits,
    quote_call,
    write_fit_clips,
)
from exprstats.report.sections.intervals import METHODS, list_methods
from exprstats.report.sections.invariance import build_nesting, say_nesting, warn_of_people

if TYPE_CHECKING:
    from exprstats.measurement import Factor, FactorBootstrap

_COMPOSITES = {"omega": COMPOSITE, "alpha": "Cronbach’s α"}
# Name and title of each table; its heading, its terms, and what Holm p goes by.
_LOADINGS = ("loadings", "Loadings"), "Standardized loading", ["loading", "omega"]
_RESIDUALS = (
    ("residuals", "Residual Variances and α"),
    "Standardized residual variance",
    ["residual", "alpha"],
)
_FAMILIES = {"loading": "loadings (of ω)", "residual": "residual variances (of α)"}


def describe_measurement(analysis: Analysis) -> Section | None:
    """Return the section, or None where no factor model was fitted."""
    further = (*say_nesting(analysis), *_say_draws(analysis.resampled))
    if analysis.factor is None and not further:
        return None
    tables = (*build_nesting(analysis), *_build_draws(analysis.resampled))
    title = ("measurement", "Measurement model")
    if analysis.factor is None:
        return Section(*title, sentences=further, tables=tables)
    rows = select_shown(name_contexts(analysis.factor.tidy()))
    whole = build_consistency(rows, analysis.factor)
    items = list_levels(rows[rows["term"].eq("loading")], "item")
    return Section(
        *title,
        sentences=keep(
            _say_model(rows, items, analysis),
            _say_loadings(rows, analysis.factor),
            _say_fit(rows),
            *further,
        ),
        caveats=keep(
            *_say_failures(analysis.factor),
            *say_closed_form(analysis),
            _say_three_items(items),
            say_maxima(analysis.factor),
            warn_of_misfit(rows),
            warn_of_people(analysis),
        ),
        tables=(_build_estimates(rows, analysis.factor), *whole, *tables),
        figures=(_build_figure(rows, analysis.factor),),
    )


def select_shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the fit on all clips, or of the only fit."""
    rows = rows[rows["headline"].eq(True)]
    parts = list_levels(rows, "part")
    return rows[rows["part"].eq("all")] if "all" in parts and len(parts) > 1 else rows


def _build_figure(rows: pd.DataFrame, factor: Factor) -> Figure:
    level = find_level(pick_rows(rows, term="loading"))
    return Figure(
        "factor",
        "The One-Factor Model With Standardized Estimates",
        lambda: draw_factor(factor),
        words=say(
            "Path diagram: the factor, its loadings on the items, and their residual variances; "
            "the same numbers as <Table measurement>."
        ),
        notes=(
            say(
                "Arrows from the factor hold loadings{limits}; ε is the share of an item's "
                "variance that the factor leaves. The factor's variance is fixed to 1.",
                limits=f" with {write_level(float(level))} confidence intervals" if level else "",
            ),
        ),
        main=True,
    )


def say_closed_form(analysis: Analysis) -> tuple[Text, ...]:
    """Return that there was no R, which the report says at its top as well."""
    factor = analysis.factor
    reason = str(getattr(factor.receipt, "reason", "") or "").strip().rstrip(".") if factor else ""
    # Improper models of three items need no R, so that its absence explains nothing.
    if factor is None or factor.engine == "lavaan" or not reason:
        return ()
    return (
        say(
            "This analysis was made without R and lavaan{reason}. The measurement model comes "
            "from the closed-form solution that exists for three items; its estimates are those "
            "of maximum likelihood. Run exprstats doctor for the cure, and run the analysis "
            "again before publishing.",
            reason=f" ({reason})" if reason else "",
        ),
    )


def _say_failures(factor: Factor) -> tuple[Text, ...]:
    """Return which contexts have no fit or no scores; these notes come first."""
    failed = sum(bool(one.flaw) for one in factor.solutions)
    return tuple(quote_sentence(note) for note in factor.notes[:failed])


def _say_three_items(items: list[Any]) -> Text | None:
    if len(items) != 3:
        return None
    return say(
        "Fit cannot be tested with three items: the model has no degrees of freedom "
        "(*df* = 0) and reproduces the data whatever they are, so no fit index is shown."
    )


def _say_model(rows: pd.DataFrame, items: list[Any], analysis: Analysis) -> Text:
    contexts = [context for context in list_levels(rows, "context") if context != ALL]
    where = " in each context and over all of them" if contexts else ""
    factor = analysis.factor
    full, errors = name_estimator(factor)
    how = f"by {full}maximum likelihood with lavaan (Rosseel, 2012){errors}"
    return say(
        "One factor was fitted to {means}{items}{where}{how}{intervals}.",
        means="the clip means of " if analysis.reliability else "",
        items=join_words([str(item) for item in items]),
        where=where,
        how=f" {how}" if factor.engine == "lavaan" else "",
        intervals=tell_jackknife(rows, "; "),
    )


def tell_jackknife(rows: pd.DataFrame, before: str = "") -> str:
    """Return how the headline intervals of loadings leave out subjects; empty where none does."""
    found = pick_rows(rows, term="loading", method="jackknife")
    if found.empty:
        return ""
    low, high = int(found["n_clusters"].min()), int(found["n_clusters"].max())
    people = count_things(high, "subject") if low == high else f"{low:,} to {high:,} subjects"
    return f"{before}intervals by a delete-one jackknife over {people}"


def name_estimator(factor: Factor) -> tuple[str, str]:
    """Return what is said of maximum likelihood: whether it used gaps, and other errors."""
    pooled = factor.solutions[-1]
    full = "full-information " if pooled.missing == "fiml" else ""
    if pooled.n_clusters is not None:
        told = count_things(pooled.n_clusters, "subject")
        return full, f", with standard errors that allow for clips of the same subject ({told})"
    return full, ", with robust standard errors" if pooled.method == "robust" else ""


def _say_loadings(rows: pd.DataFrame, factor: Factor) -> Text | None:
    loadings = pick_rows(rows, term="loading").reset_index(drop=True)
    # An inadmissible solution stands in the table, with its reason; it is no finding.
    loadings = loadings[~loadings["note"].isin(_list_flaws(factor))]
    if loadings["estimate"].isna().all():
        return None
    low, high = find_extremes(loadings)
    omegas = pick_rows(rows, term="omega")["estimate"].dropna()
    text = say(
        "Standardized loadings lay between {low}, and {high}; <Table measurement, Figure factor>)",
        low=_write_place(low),
        high=_write_place(high).removesuffix(")"),
    )
    if len(omegas):
        low_omega, high_omega = (
            write_number(value, bounded=True) for value in (omegas.min(), omegas.max())
        )
        same = low_omega == high_omega
        told = low_omega if same else f"between {low_omega} and {high_omega}"
        text += say(
            "; the internal consistency of the items’ means{turned}, ω, was {told} "
            "(<Table composite>)",
            turned=_tell_turned(factor),
            told=told,
        )
    return join_texts([text, say(".")], "")


def _list_flaws(factor: Factor) -> set[str]:
    return {one.flaw for one in factor.solutions if one.flaw}


def _tell_turned(factor: Factor) -> str:
    """Return which items ω has reversed, and in which fits unless in all."""
    sound = [one for one in factor.solutions if one.part == "all" and not one.flaw]
    frame = pd.DataFrame({"context": [one.context for one in sound]}, dtype=object)
    where: dict[str, list[str]] = {}
    for name, one in zip(name_contexts(frame)["context"], sound, strict=True):
        for item in one.reversed_items:
            where.setdefault(item, []).append(name)
    told = [
        item if len(names) == len(sound) else f"{item} ({join_words(names)})"
        for item, names in where.items()
    ]
    return f", with {join_words(told)} reversed" if told else ""


def _say_fit(rows: pd.DataFrame) -> Text | None:
    fits = dict(list_fits(rows))
    return join_texts([say("Fit over all clips:"), fits[ALL]]) if ALL in fits else None


def _write_place(row: dict[Any, Any]) -> str:
    where = "" if row["context"] == ALL else f", {row['context']}"
    level = write_level(row["level"]) if pd.notna(row.get("level")) else ""
    limits = write_limits(row)
    interval = f", {level} CI {limits}" if limits != MISSING else ""
    return f"{write_estimate(row)}{interval} ({row['item']}{where})"


def _build_estimates(rows: pd.DataFrame, factor: Factor) -> Table:
    """Return the table: loadings and residuals of every context."""
    return build_items(
        rows,
        ("measurement", "Standardized Estimates of the One-Factor Model"),
        notes=_list_notes(rows, factor, grouped=len(list_levels(rows, "context")) > 1),
        whole=name_contexts(factor.tidy()),
        main=True,
    )


def _list_notes(rows: pd.DataFrame, factor: Factor, *, grouped: bool) -> tuple[Text, ...]:
    counts = write_fit_clips(rows, grouped=grouped)
    notes = [say(SOLUTION, counts=counts)]
    if "train" in list_levels(factor.tidy(), "part"):
        notes.append(
            say(
                "The scores that models predict come from the same model fitted to the training "
                "subjects only, so that nothing of the test set enters the target."
            )
        )
    shown = rows[rows["term"].isin(["loading", "residual"])]
    notes += [*_list_intervals(shown, factor)]
    keys = ("item", "context") if grouped else ("item",)
    told = collect_notes(shown[~shown["note"].isin(_list_flaws(factor))], keys)
    return keep(*notes, quote_call(factor.receipt, factor.items), *told)


def _list_intervals(shown: pd.DataFrame, factor: Factor) -> Iterator[Text]:
    """Yield how the printed intervals of loadings came about, and which others there are."""
    shown = shown[shown["estimate"].notna()]
    left_out = shown["method"].eq("jackknife")
    clusters = factor.solutions[-1].n_clusters
    subjects = count_things(clusters or 0, "subject")
    if left_out.any():
        yield say("*SE* and {intervals}.", intervals=tell_jackknife(shown[left_out]))
        beside = "The model's own intervals, which {what}, are the rows of method {method}."
        method = factor.solutions[-1].method
        what = "take clips as independent"
        what = f"allow for clips of the same subject ({subjects})" if clusters else what
        yield say(beside, method=method, what=what)
    if not left_out.all():
        where = ""
        if left_out.any():
            where = f" of {join_words(list_levels(shown[~left_out], 'context'))}"
        told = INDEPENDENT
        if clusters is not None:
            told = "*SE* and intervals{where} allow for clips of the same subject ({subjects})."
        yield say(told, where=where, subjects=subjects)


def _say_draws(resampled: FactorBootstrap | None) -> tuple[Text, ...]:
    """Return what resampling clusters says about the composite and about contexts."""
    if resampled is None:
        return ()
    more = say("Residual variances and α were resampled with them (<Table residuals>).")
    return cite(resampled.sentence(), "Table loadings"), more


def _build_draws(resampled: FactorBootstrap | None) -> tuple[Table, ...]:
    """Return the tables: estimates of each context, then their differences."""
    if resampled is None:
        return ()
    draws = say("{draws} draws of whole clusters.", draws=write_count(resampled.draws))
    return (
        _build_resampled(resampled, *_LOADINGS),
        _build_resampled(resampled, *_RESIDUALS, more=(draws,)),
    )


def _build_resampled(
    resampled: FactorBootstrap,
    naming: tuple[str, str],
    heading: str,
    terms: list[str],
    more: tuple[Text, ...] = (),
) -> Table:
    rows = resampled.tidy()
    shown = name_contexts(rows[rows["headline"].eq(True) & rows["term"].isin(terms)])
    single = shown[shown["versus"].isna()]
    pairs = shown[shown["versus"].notna()]
    others = name_contexts(pairs.assign(context=pairs["versus"]))["context"]
    printed = pd.concat(
        [
            single.assign(group=single["context"]),
            pairs.assign(group=name_pairs(pairs.assign(versus=others))),
        ]
    )
    places = {group: place for place, group in enumerate(dict.fromkeys(printed["group"]))}
    printed = printed.iloc[printed["group"].map(places).argsort(kind="stable")]
    columns = (
        column(
            "what",
            heading,
            of=lambda row: _COMPOSITES.get(row["term"], str(row["item"])),
            words=True,
        ),
        *estimate_columns(resampled.level, decimals=3),
        *(p_columns() if len(pairs) else ()),
    )
    name, title = naming
    return tabulate(
        name,
        f"{title} With Intervals That Allow for Clusters"
        + (", and Differences Between Contexts" if len(pairs) else ""),
        printed,
        columns,
        group="group" if len(list_levels(printed, "group")) > 1 else None,
        notes=(*_list_draw_notes(printed, _FAMILIES[terms[0]]), *more),
        rows=rows[rows["term"].isin(terms)] if more else rows,
    )


def _list_draw_notes(printed: pd.DataFrame, family: str) -> tuple[Text, ...]:
    methods = [METHODS.get(name, name) for name in list_methods(printed)]
    notes = [say("Intervals: {how}.", how=" and ".join(methods))]
    if printed["versus"].notna().any():
        told = (
            "Only differences are tested; Holm *p* is adjusted for all differences of {family}. "
            "{pooled} is the model fitted to all clips."
        )
        notes.append(say(told, family=family, pooled=ALL))
    return (*notes, *collect_notes(printed, ("item", "group")))
