"""Sections on scores and item means: their distributions, and their means by context."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number, write_p
from exprstats.descriptives.moments import SKEW_NAMES
from exprstats.document.cells import (
    ALL,
    collect_notes,
    list_levels,
    list_records,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Section, Table, keep, list_columns
from exprstats.document.tables import column, tabulate
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
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in list_records(rows):
        context, group = row["context"], row["group"]
        both = pd.notna(context) and pd.notna(group)
        block = f"Group {group}" if both else _EVERYBODY if pd.notna(context) else "Groups"
        name = _label(row) if pd.notna(context) or pd.notna(group) else "All"
        line = lines.setdefault((block, name), {"block": block, "name": name})
        end = "" if row["method"] == "t" else "_clips"
        line |= {f"mean{end}": write_estimate(row, bounded=False)}
        line |= {f"limits{end}": write_limits(row, bounded=False)}
        line |= {f"people{end}": write_count(row["n_clusters"])}
        line |= {f"n{end}": write_count(row["n_clips"])}
    names = [f"{one}{end}" for end in ("", "_clips") for one in ("people", "n", "mean", "limits")]
    cells = pd.DataFrame([{**dict.fromkeys(names, MISSING), **line} for line in lines.values()])
    level = f"{write_level(found.level)} CI"
    own, clips = "Means over people", "Means of clips"
    columns = (
        Column("name", say("Context" if found.by else "Group"), words=True),
        *list_columns(own, people="People", mean="*M*"),
        Column("limits", say("{level}", level=level), own),
        *list_columns(clips, people_clips="People", n_clips="Clips", mean_clips="*M*"),
        Column("limits_clips", say("{level}", level=level), clips),
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
    return Table(
        "means",
        "Means by Context" if found.by else "Means by Group",
        columns,
        cells,
        group="block" if len(list_levels(cells, "block")) > 1 else None,
        notes=notes,
        rows=rows,
    )


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
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in list_records(rows):
        name = f"{_label(row)} – {row['versus']}"
        kind = "Contexts" if pd.notna(row["context"]) else "Groups"
        line = lines.setdefault((kind, name), {"kind": kind, "name": name})
        if row["method"] == "jackknife":
            line |= {
                "clips": write_estimate(row, bounded=False),
                "clips_limits": write_limits(row, bounded=False),
                "clips_p": write_p(row["p_adjusted"]),
            }
            continue
        df = row["df"]
        whole = pd.notna(df) and float(df).is_integer()
        line |= {
            "people": write_estimate(row, bounded=False),
            "limits": write_limits(row, bounded=False),
            "t": write_number(row["statistic"]),
            "df": write_number(df, 0 if whole else 2),
            "p": write_p(row["p_adjusted"]),
            "g": write_number(row["hedges_g"]),
        }
    names = ("people", "limits", "t", "df", "p", "g", "clips", "clips_limits", "clips_p")
    cells = pd.DataFrame([{**dict.fromkeys(names, MISSING), **line} for line in lines.values()])
    level = f"{write_level(found.level)} CI"
    own, clips = "Means over people", "Means of clips"
    columns = (
        Column("name", say("Pair"), words=True),
        Column("people", say("Δ"), own),
        Column("limits", say("{level}", level=level), own),
        *list_columns(own, t="*t*", df="*df*", p="*p*", g="*g*"),
        Column("clips", say("Δ"), clips),
        Column("clips_limits", say("{level}", level=level), clips),
        Column("clips_p", say("*p*"), clips),
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
    return Table(
        "mean_pairs",
        "Differences Between Means, by t Tests and by Cluster Intervals",
        columns,
        cells,
        group="kind" if len(list_levels(cells, "kind")) > 1 else None,
        notes=notes,
        rows=rows,
    )


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
