"""Sections on companions of a comparison: equivalence, swaps, contexts, plans, training runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number, write_p
from exprstats.document.cells import (
    collect_notes,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import FIXED, Text, quote_sentence, say
from exprstats.inference.comparison.wording import (
    is_bounded,
    label_metric,
    name_clusters,
    write_alpha,
    write_range,
    write_size,
)
from exprstats.inference.metrics.metric import Printed
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.inference import Precision

Row = dict[Any, Any]
# A plan for many times the pilot's subjects rests on the few that the pilot had.
_FAR = 10
_P = (Column("p", say("*p*")), Column("adjusted", say(f"Holm{FIXED}*p*")))


def describe_equivalence(analysis: Analysis) -> Section | None:
    """Return the section on equivalence, or None where no margin was given."""
    result = analysis.equivalence
    if result is None or result.table.empty:
        return None
    words = {True: "yes", False: "not shown"}

    def write(row: Row, bounded: bool) -> dict[str, str]:
        verdicts = (("p_adjusted", "equivalent"), ("p_noninferior", "noninferior"))
        return {
            "pair": _name_term(row, analysis),
            "estimate": write_estimate(row, 3, bounded=bounded),
            "limits": write_limits(row, 3, bounded=bounded),
            **{name: write_p(row[name]) for name, _ in verdicts},
            **{
                told: MISSING if pd.isna(row[name]) else words[bool(row[told])]
                for name, told in verdicts
            },
        }

    level = write_level(1 - 2 * result.alpha)
    columns = (
        Column("pair", say("Difference"), words=True),
        Column("estimate", say("Estimate")),
        Column("limits", say("{level} CI", level=level)),
        Column("p_adjusted", say("*p*"), "Equivalence"),
        Column("equivalent", say("Shown"), "Equivalence"),
        Column("p_noninferior", say("*p*"), "Not inferior"),
        Column("noninferior", say("Shown"), "Not inferior"),
    )
    note = say(
        "Equivalence: the *p* of two one-sided tests, adjusted by Holm’s method, is below {alpha}; "
        "before that, it is where the {level} interval of the difference lies within the margin. "
        "Not shown is no proof of a difference. The margin must come from the question, not from "
        "these data.",
        alpha=write_alpha(result.alpha),
        level=level,
    )
    margins = result.table.set_index("metric")["margin"].to_dict()
    table = _build_table(
        ("A32", "equivalence", "Equivalence of Models Within a Margin"),
        (result, analysis),
        columns,
        write,
        notes=(note,),
        tell=lambda metric: f" within ±{write_size(metric, margins[metric], result.metrics)}",
    )
    return _build_section(("equivalence", "Equivalence of models"), result, analysis, table)


def describe_permutation(analysis: Analysis) -> Section | None:
    """Return the section on permutation tests, or None without."""
    result = analysis.permutation
    if result is None or result.table.empty:
        return None

    def write(row: Row, bounded: bool) -> dict[str, str]:
        return {
            "pair": _name_term(row, analysis),
            "estimate": write_estimate(row, 3, bounded=bounded),
            "p": write_p(row["p_value"]),
            "adjusted": write_p(row["p_adjusted"]),
        }

    columns = (
        Column("pair", say("Difference"), words=True),
        Column("estimate", say("Estimate")),
        *_P,
    )
    note = say(
        "The predictions of two models were swapped within {cluster}s; the test needs no standard "
        "error. Holm *p* is adjusted for the differences of a metric and context.",
        cluster=result.cluster,
    )
    title = "Differences Tested by Swapping Predictions Within Subjects"
    heading = ("A33", "permutation", title)
    table = _build_table(heading, (result, analysis), columns, write, notes=(note,))
    return _build_section(("permutation", "Permutation tests of models"), result, analysis, table)


def describe_contexts(analysis: Analysis) -> Section | None:
    """Return the section on each model's performance in different contexts, or None without."""
    result = analysis.contexts
    if result is None or result.table.empty:
        return None

    def write(row: Row, bounded: bool) -> dict[str, str]:
        return {
            "model": analysis.name_model(row["model"]),
            "contexts": f"{row['first']} − {row['versus']}",
            "estimate": write_estimate(row, 3, bounded=bounded),
            "limits": write_limits(row, 3, bounded=bounded),
            "p": write_p(row["p_value"]),
            "adjusted": write_p(row["p_adjusted"]),
        }

    columns = (
        Column("model", say("Model"), words=True),
        Column("contexts", say("Contexts"), words=True),
        Column("estimate", say("Estimate")),
        Column("limits", say("{level} CI", level=write_level(result.level))),
        *_P,
    )
    note = say("Holm *p* is adjusted for all models and pairs of contexts of a metric.")
    heading = ("A34", "contexts", "Each Model Compared Between Contexts")
    table = _build_table(heading, (result, analysis), columns, write, notes=(note,))
    return _build_section(("contexts", "Contexts compared in performance"), result, analysis, table)


def join_plans(plans: Sequence[Precision]) -> Precision:
    """Return plans of several metrics as one, each row with the width asked for (``asked``)."""
    tables = [plan.tidy().assign(asked=plan.width) for plan in plans]
    metrics = tuple(metric for plan in plans for metric in plan.metrics)
    table = pd.concat(tables, ignore_index=True)
    return replace(plans[0], table=table, width=None, metrics=metrics)


def describe_precision(analysis: Analysis) -> Section | None:
    """Return the section on studies of other sizes, or None without."""
    result = analysis.precision
    if result is None or result.table.empty:
        return None
    rows = result.tidy()
    asked = rows["asked"] if "asked" in rows else pd.Series(result.width, rows.index, dtype=float)
    asked = dict(zip(rows["metric"], asked, strict=True))
    sizes = [int(size) for size in list_levels(rows, "n_clusters")]
    keys = [name for name in ("context", "metric", "term") if name in rows]
    rows = rows.assign(key=["\x1f".join(map(str, key)) for key in rows[keys].to_numpy()])
    widths = rows.set_index(["key", "n_clusters"])["width"]

    def write(row: Row, bounded: bool) -> dict[str, str]:
        needed = row["needed"]
        return {
            "pair": _name_term(row, analysis),
            **{
                f"size{size}": write_number(widths.get((row["key"], size)), 3, bounded=bounded)
                for size in sizes
            },
            "needed": MISSING if pd.isna(needed) else write_count(needed),
        }

    def tell(metric: str) -> str:
        width = asked[metric]
        return "" if pd.isna(width) else f", width {write_size(metric, width, result.metrics)}"

    columns = [Column("pair", say("Of"), words=True)]
    spanner = f"Width of the {write_level(result.level)} CI by number of subjects"
    columns += [Column(f"size{size}", say("{n}", n=write_count(size)), spanner) for size in sizes]
    if rows["needed"].notna().any():
        columns.append(Column("needed", say("Needed")))
    far = (rows["needed"] > _FAR * rows["pilot"]).any()
    note = say(
        "The plan draws studies from these {pilot} subjects, clips as they are.{far} Needed: "
        "subjects at which the interval has the width named beside the metric.",
        pilot=write_range(rows["pilot"].astype(int)),
        far=f" Beyond {_FAR} times as many it is a guess." if far else "",
    )
    first = replace(result, table=rows.drop_duplicates("key"))
    heading = ("A35", "precision", "Expected Width of Intervals in Studies of Other Sizes")
    table = _build_table(
        heading, (first, analysis), tuple(columns), write, notes=(note,), tell=tell
    )
    heading = ("precision", "Precision with other numbers of subjects")
    section = _build_section(heading, result, analysis, replace(table, rows=result.tidy()))
    if result.width is not None or not any(map(pd.notna, asked.values())):
        return section
    needed = rows.dropna(subset="needed").groupby("metric", sort=False)["needed"]
    metrics = _name_metrics(result, analysis)
    told = [
        f"{metrics[str(metric)].label}{tell(str(metric))}, {write_range(own.astype(int))}"
        for metric, own in needed
    ]
    opening = say("Subjects that the wanted widths need: {told}.", told="; ".join(told))
    return replace(section, sentences=(opening, *section.sentences[1:]))


def describe_training(analysis: Analysis) -> Section | None:
    """Return the section on training runs, or None without."""
    result = analysis.training
    if result is None or result.table.empty:
        return None
    errors = {
        "error_test": say("*SE* test"),
        "error_training": say("*SD* training"),
        "error_run": say("*SE* one run"),
    }

    def write(row: Row, bounded: bool) -> dict[str, str]:
        share = row["share_training"]
        return {
            "pair": _name_term(row, analysis),
            "estimate": write_estimate(row, 3, bounded=bounded),
            **{name: write_number(row[name], 3, bounded=bounded) for name in errors},
            "share": MISSING if pd.isna(share) else f"{write_number(100 * share, 0)}%",
        }

    columns = (
        Column("pair", say("Of"), words=True),
        Column("estimate", say("Mean of runs")),
        *(Column(name, heading) for name, heading in errors.items()),
        Column("share", say("Training")),
    )
    note = say(
        "*SE* test: other test {cluster}s; *SD* training: the same models trained again; training: "
        "its share of the variance of one run. All other intervals take the trained models as "
        "given.",
        cluster=result.cluster,
    )
    runs = write_range(result.table["n_runs"].astype(int))
    heading = ("A36", "training", f"Error From Test Subjects and From Training ({runs} Runs)")
    table = _build_table(heading, (result, analysis), columns, write, notes=(note,))
    return _build_section(("training", "Variance between training runs"), result, analysis, table)


def _name_term(row: Row, analysis: Analysis) -> str:
    model = analysis.name_model(row["model"])
    return model if pd.isna(row["versus"]) else f"{model} − {analysis.name_model(row['versus'])}"


def _name_metrics(result: Any, analysis: Analysis) -> dict[str, Printed]:
    """Return how each metric of a result is printed, its clusters called what they are."""
    compared = analysis.comparison.cluster if analysis.comparison is not None else "subject"
    cluster = getattr(result, "cluster", compared)
    return {
        name: Printed(
            name,
            name_clusters(label_metric(name, result.metrics), cluster),
            is_bounded(name, result.metrics),
        )
        for name in map(str, result.table["metric"].unique())
    }


def _head_metric(metric: Printed) -> str:
    label = metric.label
    return label if label.split(" ")[0] == "r" else f"{label[0].upper()}{label[1:]}"


def _build_section(
    heading: tuple[str, str], result: Any, analysis: Analysis, table: Table
) -> Section:
    named = replace(result, metrics=tuple(_name_metrics(result, analysis).values()))
    pointer = say("All numbers are listed (Table {number}).", number=table.number)
    sentences = (quote_sentence(named.sentence()), pointer)
    return Section(*heading, sentences=sentences, tables=(table,))


def _build_table(
    heading: tuple[str, str, str],
    told: tuple[Any, Analysis],
    columns: tuple[Column, ...],
    write: Callable[[Row, bool], dict[str, str]],
    *,
    notes: tuple[Text, ...],
    tell: Callable[[str], str] = lambda metric: "",
) -> Table:
    """Return a table of headline rows, a block for each metric and context.

    Parameters
    ----------
    heading
        Number, name and title.
    told
        The result, and the analysis with the names of models.
    columns, write
        What is printed, and a row's cells, given whether its metric is bounded.
    notes
        Below the table, before those of the rows.
    tell
        What follows a metric's name.
    """
    result, analysis = told
    rows = result.tidy()
    if "headline" in rows:
        rows = pick_rows(rows, headline=True)
    if analysis.contexts is result:  # rows of a difference between contexts belong to none
        rows = rows.rename(columns={"context": "first"})
    rows = name_contexts(rows).reset_index(drop=True)
    apart, metrics = len(list_levels(rows, "context")) > 1, _name_metrics(result, analysis)
    cells = []
    for row in rows.to_dict("records"):
        metric = metrics[str(row["metric"])]
        where = f" ({row['context']})" if apart else ""
        group = f"{_head_metric(metric)}{tell(metric.name)}{where}"
        cells.append({"group": group} | write(row, metric.bounded))
    number, name, title = heading
    keys = ("context", "metric", "model", "versus", "term")
    frame = pd.DataFrame(cells)
    order = frame.groupby("group", sort=False).ngroup().argsort(kind="stable")
    return Table(
        number,
        name,
        title,
        columns,
        frame.iloc[order].reset_index(drop=True),
        group="group",
        notes=(*notes, *collect_notes(rows, [key for key in keys if key in rows])),
        rows=result.tidy(),
    )
