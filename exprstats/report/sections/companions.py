"""Sections on companions of a comparison: equivalence, swaps, contexts, plans, training runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number, write_p, write_percent
from exprstats.document.cells import (
    collect_notes,
    list_levels,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section
from exprstats.document.tables import column, p_columns, tabulate
from exprstats.document.text import Text, quote_sentence, say
from exprstats.inference.comparison.wording import (
    is_bounded,
    label_metric,
    name_clusters,
    write_alpha,
    write_range,
    write_size,
)
from exprstats.inference.metrics.metric import PrintedMetric
from exprstats.plots.performance import name_heading, open_label
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.inference import Precision

# A plan for many times the pilot's subjects rests on the few that the pilot had.
_FAR = 10
_SHOWN = {True: "yes", False: "not shown"}
_PAIR = column("pair", "Difference")
_OF = column("pair", "Of")


def _value_column(
    key: str, heading: str, write: Callable[..., str] | None = None, *, under: str = ""
) -> Column:
    """Return a column of values of the metric, or of estimates and limits, which ``write`` says."""

    def fill(row: dict[Any, Any]) -> str:
        if write is None:
            return write_number(row[key], 3, bounded=row["bounded"])
        return write(row, 3, bounded=row["bounded"])

    return column(key, heading, of=fill, under=under)


_ESTIMATE = _value_column("estimate", "Estimate", write_estimate)


def _limits_column(level: float) -> Column:
    return _value_column("limits", f"{write_level(level)} CI", write_limits)


def _verdict_columns(under: str, p: str, verdict: str) -> tuple[Column, Column]:
    """Return the columns of a p, and of what it shows where there is one."""

    def tell(row: dict[Any, Any]) -> str:
        return MISSING if pd.isna(row[p]) else _SHOWN[bool(row[verdict])]

    return column(p, "*p*", write_p, under=under), column(verdict, "Shown", of=tell, under=under)


def describe_equivalence(analysis: Analysis) -> Section | None:
    """Return the section on equivalence, or None where no margin was given."""
    result = analysis.equivalence
    if result is None:
        return None
    alpha, level = write_alpha(result.alpha), 1 - 2 * result.alpha
    columns = (
        *(_PAIR, _ESTIMATE, _limits_column(level)),
        *_verdict_columns("Equivalence", "p_adjusted", "equivalent"),
        *_verdict_columns("Not inferior", "p_noninferior", "noninferior"),
    )
    note = say(
        "Equivalence: the *p* of two one-sided tests, adjusted by Holm’s method, is below {alpha}; "
        "before that, it is where the {level} interval of the difference lies within the margin. "
        "A test that does not show equivalence is no evidence of a difference. The margin must "
        "be chosen from the research question, not from these data.",
        alpha=alpha,
        level=write_level(level),
    )
    margins = result.table.set_index("metric")["margin"].to_dict()
    return _build_section(
        ("equivalence", "Equivalence of models", "Equivalence of Models Within a Margin"),
        (result, analysis),
        columns,
        note,
        tell=lambda metric: f" within ±{write_size(metric, margins[metric], result.metrics)}",
    )


def describe_permutation(analysis: Analysis) -> Section | None:
    """Return the section on permutation tests, or None without."""
    result = analysis.permutation
    if result is None:
        return None
    note = say(
        "The predictions of two models were swapped within {cluster}s; the test needs no standard "
        "error. Holm *p* is adjusted for the differences of a metric and context.",
        cluster=result.cluster,
    )
    title = "Differences Tested by Swapping Predictions Within Subjects"
    heading = ("permutation", "Permutation tests of models", title)
    return _build_section(heading, (result, analysis), (_PAIR, _ESTIMATE, *p_columns()), note)


def describe_contexts(analysis: Analysis) -> Section | None:
    """Return the section on each model's performance in different contexts, or None without."""
    result = analysis.contexts
    if result is None:
        return None
    columns = (
        *(column("model", "Model"), column("contexts", "Contexts")),
        *(_ESTIMATE, _limits_column(result.level), *p_columns()),
    )
    note = say("Holm *p* is adjusted for all models and pairs of contexts of a metric.")
    title = "Each Model Compared Between Contexts"
    heading = ("contexts", "Contexts compared in performance", title)
    return _build_section(heading, (result, analysis), columns, note)


def join_plans(plans: Sequence[Precision]) -> Precision:
    """Return plans of several metrics as one, each row with the width asked for (``asked``)."""
    tables = [plan.tidy().assign(asked=plan.width) for plan in plans]
    metrics = tuple(metric for plan in plans for metric in plan.metrics)
    table = pd.concat(tables, ignore_index=True)
    return replace(plans[0], table=table, width=None, metrics=metrics)


def describe_precision(analysis: Analysis) -> Section | None:
    """Return the section on studies of other sizes, or None without."""
    result = analysis.precision
    if result is None:
        return None
    rows = result.tidy()
    asked = rows["asked"] if "asked" in rows else pd.Series(result.width, rows.index, dtype=float)
    widths = dict(zip(rows["metric"], asked, strict=True))
    sizes = {int(size): f"size{size}" for size in list_levels(rows, "n_clusters")}
    spanner = f"Width of the {write_level(result.level)} CI by number of subjects"
    columns = [_OF, *(_value_column(key, f"{n:,}", under=spanner) for n, key in sizes.items())]
    if rows["needed"].notna().any():
        columns.append(column("needed", "Needed", write_count))
    note = say(
        "The plan draws studies from these {pilot} subjects, clips as they are.{far} Needed: "
        "subjects at which the interval has the width named beside the metric.",
        pilot=write_range(rows["pilot"].astype(int)) if len(rows) else "",
        far=f" Beyond {_FAR} times as many subjects it is an extrapolation without support."
        if (rows["needed"] > _FAR * rows["pilot"]).any()
        else "",
    )

    def tell(metric: str) -> str:
        width = widths[metric]
        return "" if pd.isna(width) else f", width {write_size(metric, width, result.metrics)}"

    groups = rows.groupby(["context", "metric", "term"], dropna=False, sort=False)
    lines = [
        {**own.iloc[0], **dict(zip(own["n_clusters"].map(sizes), own["width"], strict=True))}
        for _, own in groups
    ]
    title = "Expected Width of Intervals in Studies of Other Sizes"
    heading = ("precision", "Precision with other numbers of subjects", title)
    first = pd.DataFrame(lines)
    section = _build_section(heading, (result, analysis), tuple(columns), note, first, tell=tell)
    if result.width is not None or not any(map(pd.notna, widths.values())):
        return section
    metrics = _name_metrics(result, analysis)
    told = [
        f"{metrics[metric].label}{tell(metric)}, {write_range(own.astype(int))}"
        for metric, own in rows.dropna(subset="needed").groupby("metric", sort=False)["needed"]
    ]
    opening = say("Subjects that the wanted widths need: {told}.", told="; ".join(told))
    return replace(section, sentences=(opening, section.sentences[1]))


def describe_training(analysis: Analysis) -> Section | None:
    """Return the section on training runs, or None without."""
    result = analysis.training
    if result is None:
        return None
    columns = (
        _OF,
        _value_column("estimate", "Mean of runs", write_estimate),
        _value_column("error_test", "*SE* test"),
        _value_column("error_training", "*SD* training"),
        _value_column("error_run", "*SE* one run"),
        column("share_training", "Due to training", write_percent),
    )
    note = say(
        "*SE* test: from other test {cluster}s; *SD* training: between trainings of one model; due "
        "to training: its share of the variance of one run. All other intervals take the "
        "trained models as given.",
        cluster=result.cluster,
    )
    runs = write_range(result.table["n_runs"].astype(int)) if len(result.table) else "No"
    title = f"Error From Test Subjects and From Training ({runs} Runs)"
    heading = ("training", "Variance between training runs", title)
    return _build_section(heading, (result, analysis), columns, note)


def _name_terms(table: pd.DataFrame, analysis: Analysis) -> list[str]:
    """Return what sentences call each model or difference; other terms are what they are."""
    told = []
    for model, versus, term in zip(table["model"], table["versus"], table["term"], strict=True):
        pair = [str(one) for one in (model, versus) if not pd.isna(one)]
        ours = term == " - ".join(pair)
        told.append(" - ".join(map(analysis.tell_model, pair)) if ours else str(term))
    return told


def _name_metrics(result: Any, analysis: Analysis) -> dict[str, PrintedMetric]:
    """Return how each metric of a result is printed, its clusters called what they are."""
    compared = analysis.comparison.cluster if analysis.comparison is not None else "subject"
    cluster = getattr(result, "cluster", compared)
    return {
        name: PrintedMetric(
            name,
            name_clusters(label_metric(name, result.metrics), cluster),
            is_bounded(name, result.metrics),
        )
        for name in map(str, result.table["metric"].unique())
    }


# How the cells of a column are written, by its key; others are values of the metric.


def _build_section(
    heading: tuple[str, str, str],
    told: tuple[Any, Analysis],
    columns: tuple[Column, ...],
    note: Text,
    given: pd.DataFrame | None = None,
    *,
    tell: Callable[[str], str] = lambda metric: "",
) -> Section:
    """Return a section of headline rows, or of ``given`` ones, a block for each metric and context.

    ``heading``: name and title of the section, title of the table; ``told``: the result and the
    analysis; ``note`` stands before the notes of the rows, and ``tell`` follows a metric's name.
    """
    result, analysis = told
    name, title, caption = heading
    metrics = _name_metrics(result, analysis)
    said = result.table.assign(term=_name_terms(result.table, analysis))
    if name == "training":  # the table lists contexts and differences, too
        pooled = said["context"].isna()
        said = said[(pooled | ~pooled.any()) & said["versus"].isna()]
    words = replace(result, table=said, metrics=tuple(metrics.values())).sentence()
    sentence = quote_sentence(open_label(words) if name == "training" else words)
    if result.table.empty:
        return Section(name, title, sentences=(sentence,))
    rows: pd.DataFrame = result.tidy() if given is None else given
    if "headline" in rows:
        rows = rows[rows["headline"].eq(True)]
    if any(column.key == "contexts" for column in columns):
        rows = rows.rename(columns={"context": "first"})  # a difference belongs to no context
    rows = name_contexts(rows).reset_index(drop=True)
    if "note" in rows:
        rows["note"] = analysis.tell_notes(rows["note"])
    apart = len(list_levels(rows, "context")) > 1
    lines = []
    for row in rows.to_dict("records"):
        metric = metrics[str(row["metric"])]
        head = name_heading(metric.name, metric.label)
        where = f" ({row['context']})" if apart else ""
        names = [analysis.name_model(row["model"])]
        names += [] if pd.isna(row["versus"]) else [analysis.name_model(row["versus"])]
        row |= {"model": names[0], "pair": " − ".join(names), "bounded": metric.bounded}
        row |= {"contexts": f"{row.get('first')} − {row['versus']}"}
        lines.append({**row, "group": f"{head}{tell(metric.name)}{where}"})
    blocks = list(dict.fromkeys(line["group"] for line in lines))
    sentences = (sentence, say("All numbers are listed (<Table {table}>).", table=name))
    keys = [key for key in ("context", "metric", "model", "versus", "term") if key in rows]
    table = tabulate(
        name,
        caption,
        sorted(lines, key=lambda line: blocks.index(line["group"])),
        columns,
        group="group",
        notes=(note, *collect_notes(rows, keys)),
        rows=result.tidy(),
    )
    return Section(name, title, sentences=sentences, tables=(table,))
