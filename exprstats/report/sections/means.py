"""Sections on scores and item means: their distributions, and their means by context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import count_things, write_count, write_level, write_number, write_p
from exprstats.descriptives.moments import SKEW_NAMES
from exprstats.document.cells import (
    ALL,
    Row,
    collect_notes,
    list_levels,
    list_records,
    name_contexts,
)
from exprstats.document.model import Column, Figure, Section, Table, keep, list_columns
from exprstats.document.tables import column, estimate_columns, match_row, read_value, tabulate
from exprstats.document.text import Text, cite, quote_sentence, say
from exprstats.options import name_some
from exprstats.plots import draw_means, draw_values
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.descriptives import ColumnDescriptives, MeanComparison


_TERMS = {"context": "Context", "group": "Group", "context x group": "Context × group"}
_EVERYBODY = "All people"


def describe_means(analysis: Analysis) -> Section | None:
    """Return the section, or None where no means were compared."""
    found: MeanComparison | None = analysis.means
    if found is None:
        return None
    tests = () if found.tests.empty else (_build_tests(found),)
    pairs = found.table[found.table["term"].eq("difference")]
    return Section(
        "means",
        "Means by context" if found.by else "Means by group",
        sentences=(
            say(
                "We averaged each person’s clips of a context first, so that people and not clips "
                "are the observations ({name}; <Table means>).",
                name=found.value,
            ),
            *_quote(found.list_tests(), "Table mean_tests" if tests else ""),
            *_quote(found.judge_agreement(), "Table mean_pairs" if len(pairs) else ""),
        ),
        caveats=keep(
            _say_left_out(found),
            _say_scale(analysis, found),
            *(quote_sentence(note) for note in found.notes),
        ),
        tables=(_build_means(found), *tests, *(_build_pairs(found),) * bool(len(pairs))),
        figures=(
            Figure(
                "means",
                "Means by Context" if found.by else "Means by Group",
                lambda: draw_means(found),
                words=say(
                    "Thin lines are people, points the means of people's means with their "
                    "intervals; the same numbers as <Table means>."
                ),
                notes=(
                    say(
                        "Thin lines are people, points means over people with their {level} "
                        "confidence intervals (<Table means>).",
                        level=write_level(found.level),
                    ),
                ),
            ),
        ),
    )


def _quote(told: list[str], place: str) -> Iterator[Text]:
    for count, one in enumerate(told, start=1):
        last = place and count == len(told)
        yield cite(one, place) if last else quote_sentence(one)


def _say_left_out(found: MeanComparison) -> Text | None:
    if not found.left_out or found.design not in {"repeated", "mixed"}:
        return None
    return say(
        "{people} without clips in all contexts {verb} not in the ANOVA and its t tests "
        "({names}); the cluster intervals hold them.",
        people=count_things(len(found.left_out), "person", "people"),
        verb="is" if len(found.left_out) == 1 else "are",
        names=name_some(found.left_out),
    )


def _say_scale(analysis: Analysis, found: MeanComparison) -> Text | None:
    """Return what the comparison of factor scores takes for granted."""
    factor = analysis.factor
    if factor is None or not factor.by or found.tests.empty:
        return None
    return say(
        "Scores are those of the factor model of all clips. Comparing their means assumes "
        "that the questions measure the same in every context; tests of invariance examine "
        "that."
    )


def _label(row: dict[Any, Any]) -> str:
    """Return the context or the group that a row is about."""
    return str(row["context"] if pd.notna(row["context"]) else row["group"])


def _build_means(found: MeanComparison) -> Table:
    """Return the table: means of people's means, and of clips."""
    rows = found.table[found.table["term"].eq("mean")]
    lines = []
    for row in list_records(rows.drop_duplicates(["context", "group"])):
        context, group = (pd.notna(row[name]) for name in ("context", "group"))
        block = (
            f"Group {row['group']}" if context and group else _EVERYBODY if context else "Groups"
        )
        lines.append(row | {"block": block, "name": _label(row) if context or group else "All"})
    own, clips = _split_methods(rows, "context", "group")
    form: dict[str, Any] = {"heading": "*M*", "bounded": False}
    people, under = read_value(clips, "n_clusters"), ("Means over people", "Means of clips")
    columns = (
        column("name", "Context" if found.by else "Group"),
        column("people", "People", write_count, of=read_value(own, "n_clusters"), under=under[0]),
        *estimate_columns(found.level, of=own, under=under[0], **form),
        column("people_clips", "People", write_count, of=people, under=under[1]),
        column("n_clips", "Clips", write_count, of=read_value(clips, "n_clips"), under=under[1]),
        *estimate_columns(found.level, key="clips", of=clips, under=under[1], **form),
    )
    who = "people who have all contexts" if found.design in {"repeated", "mixed"} else "people"
    notes = (
        say(
            "Means over people: of {who}, with *t* intervals. Means of clips: of all clips, with "
            "cluster intervals (jackknife over people).",
            who=who,
        ),
        *collect_notes(rows.assign(which=rows["method"]), ("context", "group")),
    )
    return tabulate(
        "means",
        "Means by Context" if found.by else "Means by Group",
        lines,
        columns,
        group="block" if len({line["block"] for line in lines}) > 1 else None,
        notes=notes,
        rows=rows,
    )


def _split_methods(rows: pd.DataFrame, *keys: str) -> tuple[Callable[[Row], Row], ...]:
    """Return what finds, for a printed row, that of people's means and that of clips."""
    people = rows["method"].ne("jackknife")
    return tuple(match_row(rows[kept], *keys) for kept in (people, ~people))


def _build_tests(found: MeanComparison) -> Table:
    """Return the table: the F tests."""
    corrected = found.tests["p_corrected"].notna().any()
    cells = []
    for row in list_records(found.tests):
        scale = row["epsilon"] if pd.notna(row["p_corrected"]) else 1.0
        digits = 2 if scale != 1.0 or row["method"] == "Welch's ANOVA" else 0
        cells.append(
            {
                "term": _TERMS[row["term"]],
                "method": str(row["method"]).replace("'", "’"),
                "df1": write_number(scale * row["df1"], 2 if scale != 1.0 else 0),
                "df2": write_number(scale * row["df2"], digits),
                "f": write_number(row["statistic"]),
                "p": write_p(row["p_corrected"] if scale != 1.0 else row["p_value"]),
                "plain": write_p(row["p_value"]),
                "epsilon": write_number(row["epsilon"], bounded=True),
                "w": write_number(row["sphericity_w"], bounded=True),
                "w_p": write_p(row["sphericity_p"]),
                "effect": write_number(row["effect"], bounded=True),
            }
        )
    frame = pd.DataFrame(cells)
    effects = list(found.tests["effect_name"].dropna().unique())
    columns = (
        *list_columns(
            words=2, term="Effect", method="Test", df1="*df*1", df2="*df*2", f="*F*", p="*p*"
        ),
        *((Column("effect", say("{name}", name=effects[0])),) if effects else ()),
        *(
            (
                *list_columns(epsilon="ε", plain="*p* without ε"),
                *list_columns("Sphericity", w="*W*", w_p="*p*"),
            )
            if corrected
            else ()
        ),
    )
    told = {
        "repeated": "Generalized η² is that of Olejnik and Algina (2003).",
        "mixed": "Generalized η² is that of Olejnik and Algina (2003). Sums of squares are "
        "sequential (group, context, interaction), which matters for contexts where groups are "
        "of unequal size.",
    }.get(found.design, "Welch’s test does not take the variances for equal.")
    epsilon = (
        " Degrees of freedom and *p* are corrected by ε of Greenhouse and Geisser (1959) in any "
        "case; *W* is Mauchly’s."
        if corrected
        else ""
    )
    title = "Analysis of Variance of People’s Means"
    notes = (say(f"{told}{epsilon}"), *collect_notes(found.tests, ("term", "method")))
    return Table("mean_tests", title, columns, frame, notes=notes, rows=found.tests)


def _build_pairs(found: MeanComparison) -> Table:
    """Return the table: each difference by its t test and by its cluster interval."""
    rows = found.table[found.table["term"].eq("difference")]
    keys = ["context", "versus", "group"]
    lines = [
        row
        | {"kind": "Contexts" if pd.notna(row["context"]) else "Groups"}
        | {"name": f"{_label(row)} – {row['versus']}"}
        for row in list_records(rows.drop_duplicates(keys))
    ]
    own, clips = _split_methods(rows, *keys)
    form: dict[str, Any] = {"heading": "Δ", "bounded": False}
    under = ("Means over people", "Means of clips")
    columns = (
        column("name", "Pair"),
        *estimate_columns(found.level, of=own, under=under[0], **form),
        column("t", "*t*", write_number, of=read_value(own, "statistic"), under=under[0]),
        column("df", "*df*", _write_df, of=read_value(own, "df"), under=under[0]),
        column("p", "*p*", write_p, of=read_value(own, "p_adjusted"), under=under[0]),
        column("g", "*g*", write_number, of=read_value(own, "hedges_g"), under=under[0]),
        *estimate_columns(found.level, key="clips", of=clips, under=under[1], **form),
        column("clips_p", "*p*", write_p, of=read_value(clips, "p_adjusted"), under=under[1]),
    )
    kind = {"repeated": "paired", "mixed": "paired (contexts) or Welch’s (groups)"}
    notes = (
        say(
            "Δ = difference. Means over people: {kind} *t* tests; *g* = Hedges’ *g*, over the "
            "root of the mean variance of both sides. Means of clips: cluster intervals "
            "(jackknife over people). *p* are adjusted after Holm (1979) within each kind; "
            "intervals are not.",
            kind=kind.get(found.design, "Welch’s"),
        ),
        *collect_notes(rows, ("context", "versus", "group")),
    )
    return tabulate(
        "mean_pairs",
        "Differences Between Means, by t Tests and by Cluster Intervals",
        lines,
        columns,
        group="kind" if len({line["kind"] for line in lines}) > 1 else None,
        notes=notes,
        rows=rows,
    )


def _write_df(df: float | None) -> str:
    return write_number(df, 0 if df is not None and float(df).is_integer() else 2)


def describe_score_columns(analysis: Analysis) -> Section | None:
    """Return the section on scores and item means by context, or None where there are none."""
    held: dict[str, ColumnDescriptives] = analysis.columns
    if not held:
        return None
    held = dict(sorted(held.items(), key=lambda one: one[0] != "scores"))
    tables = tuple(build_columns(one) for one in held.values())
    sentences = [_say_columns(one) for one in held.values()]
    if "scores" in held and analysis.factor is not None and analysis.factor.by:
        told = "These are scores of the model of all clips, in which contexts share one scale."
        sentences.append(say(told))
    return Section(
        "distributions",
        "Distributions by context"
        if any(one.table["context"].notna().any() for one in held.values())
        else "Distributions",
        sentences=tuple(sentences),
        tables=tables,
        figures=_draw_columns(held),
    )


def _say_columns(found: ColumnDescriptives) -> Text:
    rows = name_contexts(found.tidy())
    pooled = rows[rows["context"].eq(ALL)]
    gaps = int(pooled["n_missing"].sum())
    lost = f"; {count_things(gaps, 'value is', 'values are')} missing" if gaps else ""
    return say(
        "<Table {table}> describes the {what} of {clips}{lost}.",
        table=_name_table(found),
        what=found.what.lower(),
        clips=count_things(len(found.observations) // max(len(pooled), 1), "clip"),
        lost=lost,
    )


def _name_table(found: ColumnDescriptives) -> str:
    return f"{found.what}_descriptives"


def build_columns(found: ColumnDescriptives) -> Table:
    """Return the table: a line for each context and column."""
    rows = name_contexts(found.tidy())
    several = len(list_levels(rows, "column")) > 1
    by = len(list_levels(rows, "context")) > 1
    first = "column" if several or not by else "context"
    headings = {"mean": "*M*", "sd": "*SD*", "skew": "Skew", "kurtosis": "Kurtosis"}
    headings |= {"low": "Lowest", "high": "Highest"}
    columns = (
        column(first, first.capitalize()),
        column("n_clusters", "People", write_count) if "n_clusters" in rows else None,
        column("n", "Clips", write_count),
        column("n_missing", "Missing", write_count) if rows["n_missing"].gt(0).any() else None,
        *(column(key, heading, write_number) for key, heading in headings.items()),
    )
    note = say(
        "*M* and *SD* are over clips. Skewness and excess kurtosis are of {kind}.",
        kind=SKEW_NAMES[found.skew_type],
    )
    return tabulate(
        _name_table(found),
        f"Distribution of the {found.what.capitalize()}",
        rows,
        columns,
        group="context" if by and several else None,
        notes=(note, *collect_notes(rows, ("context", "column"))),
    )


def _draw_columns(held: dict[str, ColumnDescriptives]) -> tuple[Figure, ...]:
    """Return the figure, of scores where there are any."""
    scores = held.get("scores")
    if scores is None or scores.observations["value"].notna().sum() < 2:
        return ()
    return (
        Figure(
            "scores",
            "Distribution of the Scores",
            lambda: draw_values(scores),
            words=say("Histograms of the clips' scores by context; dashed lines are means."),
            notes=(
                say(
                    "*N* = {n} clips. Dashed lines are means.",
                    n=write_count(scores.observations["value"].notna().sum()),
                ),
            ),
        ),
    )
