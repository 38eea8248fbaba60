"""Sections on what videos evoke: distribution of labels, groups, and parts of the videos."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import (
    MISSING,
    count_things,
    write_count,
    write_interval,
    write_level,
    write_number,
    write_p,
)
from exprstats.document.cells import (
    Row,
    collect_notes,
    find_row,
    list_records,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, estimate_columns, match_row, name_interval, tabulate
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.plots.evoked import draw_groups, draw_themes, draw_together
from exprstats.report.analysis import Analysis
from exprstats.report.sections.data import PART_NAMES

if TYPE_CHECKING:
    from exprstats.events import EvokedLabels, VideoSplit

_MOST_PAIRS, _MOST_GROUPS, _FEWEST = 10, 12, 10
_WHOLE = {
    "cardinality": "Labels per {unit}",
    "share_none": "Without a label",
    "share_multiple": "With several labels",
}


def describe_evoked_labels(analysis: Analysis) -> Section | None:
    """Return the section on labels, or None where none were measured."""
    found: EvokedLabels | None = analysis.evoked_labels
    if found is None:
        return None
    pairs, groups = _build_pairs(found), _build_groups(found)
    tables = (_build_shares(found), *pairs, *groups)
    sentences = [
        quote_sentence(found.sentence()),
        say("<Table evoked_labels> has every expression.") if not pairs else _say_pairs(found),
    ]
    if found.groups:
        sentences.append(_say_videos(found))
    if groups:
        sentences.append(quote_sentence(found.describe_groups()))
    elif found.groups:
        sentences.append(
            say("Groups could not be compared: no group has three videos, or there is only one.")
        )
    return Section(
        "evoked_labels",
        "What videos evoke",
        tuple(sentences),
        caveats=(
            say(
                "{unit}s of one video are alike: intervals take videos as units. Where there is no "
                "label, an expression may have been missed.",
                unit=found.unit.capitalize(),
            ),
        ),
        tables=tables,
        figures=_draw_labels(found, pairs=bool(pairs)),
    )


def _draw_labels(found: EvokedLabels, *, pairs: bool) -> tuple[Figure, ...]:
    """Return the figures of groups' videos, of expressions together, and of groups' labels."""
    figures = []
    if found.groups:
        figures.append(
            Figure(
                "evoked_videos",
                f"Videos by {str(found.by).capitalize()}",
                lambda: draw_themes(found),
                words=say(
                    "Number of videos of each group, the most frequent ones first; a video may "
                    "have several."
                ),
            )
        )
    if pairs:
        figures.append(
            Figure(
                "evoked_together",
                "Expressions Evoked Together",
                lambda: draw_together(found),
                words=say(
                    "For each expression, the share of its moments that have each other one."
                ),
            )
        )
    if found.groups:
        figures.append(
            Figure(
                "evoked_groups",
                f"Distribution of Labels by {str(found.by).capitalize()}",
                lambda: draw_groups(found),
                words=say(
                    "Share of each group's labels by expression, with intervals where it "
                    "has enough videos."
                ),
                notes=(
                    say(
                        "Lines are {level} confidence intervals; the gray line is the share in "
                        "all videos.",
                        level=write_level(found.level),
                    ),
                ),
            )
        )
    return tuple(figures)


def write_percents(row: Any, decimals: int = 1) -> str:
    """Write a tidy row's share as a percentage."""
    value = row.get("estimate")
    return MISSING if value is None or pd.isna(value) else f"{100 * value:.{decimals}f}%"


def write_percent_limits(row: Any, decimals: int = 1) -> str:
    """Write the limits of a tidy row's share as percentages."""
    low, high = row.get("conf_low"), row.get("conf_high")
    if low is None or pd.isna(low):
        return MISSING
    return write_interval(100 * low, 100 * high, decimals)


def _note_shares(found: EvokedLabels) -> Text:
    """Return what counts as a label, and of which moments its share is."""
    rows = found.pick("share")
    whole = find_row(found.pick("cardinality"))
    return say(
        "{scored}Share: of the {unit}s in which the expression could be seen{whole}. Labels: of "
        "all labels. Videos: in which it could be seen. {level} CI: delete-one jackknife over "
        "videos.",
        level=write_level(found.level),
        scored=f"Scores of {found.threshold:g} or more count as labels. " if found.scored else "",
        unit=found.unit,
        whole=f", the lines below: of the {write_count(whole['n_whole'])} in which all could"
        if whole and rows["n_whole"].ne(whole["n_whole"]).any()
        else "",
    )


def _build_shares(found: EvokedLabels) -> Table:
    """Return the table: shares of moments and of labels, and labels per moment."""
    shares = found.pick("share").sort_values("estimate", ascending=False, kind="stable")
    rare = 2 if (shares["estimate"].gt(0) & shares["estimate"].lt(0.005)).any() else 1
    whole = [
        row | {"expression": name.format(unit=found.unit)}
        for term, name in _WHOLE.items()
        if (row := find_row(found.pick(term)))
    ]
    portion = match_row(found.pick("label_share"), "expression")
    unit = f"{found.unit.capitalize()}s"

    def write_share(row: Row) -> str:
        if row["term"] == "cardinality":
            return write_estimate(row, bounded=False)
        return write_percents(row, rare)

    def write_ends(row: Row) -> str:
        if row["term"] == "cardinality":
            return write_limits(row, bounded=False)
        return write_percent_limits(row, rare)

    def write_portion(row: Row) -> str:
        return write_percents(portion(row), rare) if row["term"] == "share" else ""

    columns = (
        column("name", "Expression", of=itemgetter("expression"), words=True),
        column("share", "Share", write_share, of=dict, under=unit),
        column("limits", name_interval(found.level), write_ends, of=dict, under=unit),
        column("n_joint", "Count", write_count, under=unit),
        column("portion", "Labels", write_portion, of=dict),
        column("n_clusters", "Videos", write_count),
    )
    return tabulate(
        "evoked_labels",
        "Distribution of Evoked Expressions",
        [*list_records(shares), *whole],
        columns,
        notes=(_note_shares(found), *collect_notes(found.pick("share"), ("expression",))),
        rows=found.tidy(),
    )


def _rank_pairs(found: EvokedLabels) -> pd.DataFrame:
    """Return each pair once, the clearest first, of those that enough videos have."""
    rows = found.pick("lift")
    order = {name: place for place, name in enumerate(found.expressions)}
    first = rows["expression"].map(order) < rows["versus"].map(order)
    rows = rows[first & rows["estimate"].notna() & rows["n_clusters"].ge(_FEWEST)]
    return rows.sort_values(["p_adjusted", "p_value"], kind="stable")


def _say_pairs(found: EvokedLabels) -> Text:
    rows = _rank_pairs(found)
    sure = rows[rows["p_adjusted"] < round(1 - found.level, 9)]
    more, fewer = int(sure["estimate"].gt(1).sum()), int(sure["estimate"].lt(1).sum())
    told = "none came together clearly more or less often than chance"
    if more or fewer:
        told = f"{more or 'none'} came together more often than chance, and {fewer or 'none'} less"
    return say(
        "Of {pairs} that ten videos or more show, {told} (lift, Holm-adjusted *p* < {alpha}; "
        "<Table evoked_pairs, Figure evoked_together>). How often one comes with another says "
        "mostly how frequent the other is.",
        pairs=count_things(len(rows), "pair of expressions", "pairs of expressions"),
        told=told,
        alpha=f"{1 - found.level:.10g}".removeprefix("0"),
    )


def _say_videos(found: EvokedLabels) -> Text:
    """Say how the videos are spread over groups."""
    rows = found.table[found.table["term"].eq("video_share")]
    counts = rows["n_joint"].to_numpy(int)
    several = "; some videos belong to several" if counts.sum() > found.n_videos else ""
    if counts.min() == counts.max():
        told = f"{count_things(len(rows), 'group has', 'groups have')} {write_count(counts[0])}"
        each = " each" if len(rows) > 1 else ""
        text = "By {by}, {told} videos{each}{several} (<Figure evoked_videos>)."
        return say(text, by=str(found.by), told=told, each=each, several=several)
    most, least = (rows["group"][counts == end] for end in (counts.max(), counts.min()))
    return say(
        "By {by}, most videos: {most} ({first}); fewest: {least} ({last}), of {count} "
        "groups{several} (<Figure evoked_videos>).",
        by=str(found.by),
        most=_name_tied(most),
        first=write_count(counts.max()),
        least=_name_tied(least),
        last=write_count(counts.min()),
        count=len(rows),
        several=several,
    )


def _name_tied(groups: pd.Series) -> str:
    """Return the groups with as many videos, of many the first three."""
    names = [str(one) for one in groups]
    more = f"{len(names) - 3} more" if len(names) > 4 else ""
    return join_words([*names[: 3 if more else 4], *([more] if more else [])])


def _build_pairs(found: EvokedLabels) -> tuple[Table, ...]:
    """Return the table: pairs of expressions, the clearest first."""
    rows = _rank_pairs(found).head(_MOST_PAIRS)
    if rows.empty:
        return ()
    both = match_row(found.pick("co_occurrence"), "expression", "versus")

    def turn(row: Row) -> Row:
        return both({"expression": row["versus"], "versus": row["expression"]})

    columns = (
        column("pair", "Pair", "{expression} (A) and {versus} (B)".format_map, of=dict, words=True),
        *estimate_columns(
            found.level,
            heading="B\N{NO-BREAK SPACE}|\N{NO-BREAK SPACE}A",
            key="given",
            of=both,
            under="Share",
        ),
        column(
            "back",
            "A\N{NO-BREAK SPACE}|\N{NO-BREAK SPACE}B",
            write_estimate,
            of=turn,
            under="Share",
        ),
        *estimate_columns(found.level, heading="Lift", bounded=False),
        column("p_adjusted", "*p*", write_p),
        column("n_joint", "Both", write_count),
    )
    note = say(
        "B | A: of the {unit}s with A, those with B. Lift: that share over the share of B in all "
        "{unit}s; 1 is independence. *p*: of a lift of 1, Holm-adjusted for all pairs. Both: "
        "{unit}s with both. {count}, the smallest *p* first.",
        count="All pairs" if len(rows) < _MOST_PAIRS else f"The {_MOST_PAIRS} pairs",
        unit=found.unit,
    )
    title = "Expressions Evoked Together"
    notes = (note, *collect_notes(rows, ("expression", "versus")))
    return (tabulate("evoked_pairs", title, rows, columns, notes=notes),)


def _build_groups(found: EvokedLabels) -> tuple[Table, ...]:
    """Return the table: differences of one group from all others, the clearest first."""
    if not found.groups:
        return ()
    rows = found.table[found.table["term"].eq("label_share_difference")]
    rows = rows[rows["p_value"].notna()] if "p_value" in rows else rows.iloc[:0]
    rows = rows.sort_values(["p_adjusted", "p_value"], kind="stable").head(_MOST_GROUPS)
    if rows.empty:
        return ()
    mine = match_row(found.table, "group", "expression", term="label_share")
    columns = (
        column("group", say("{by}", by=str(found.by).capitalize())),
        column("expression", "Expression"),
        column("share", "Labels", write_percents, of=mine),
        column("estimate", "Difference", lambda value: write_number(100 * value, 1)),
        column("limits", name_interval(found.level), write_percent_limits, of=dict),
        column("p_adjusted", "*p*", write_p),
        column("videos", "Videos", write_count, of=lambda row: mine(row)["n_clusters"]),
    )
    note = say(
        "Labels: what share of a group's labels an expression is. Difference: from all other "
        "moments, in percentage points; *p* Holm-adjusted for all groups and expressions. The "
        "{count} differences with the smallest *p*.",
        count=len(rows),
    )
    title = "Groups of Videos That Differ From All Others"
    notes = (note, *collect_notes(rows, ("group", "expression")))
    return (tabulate("evoked_groups", title, rows, columns, notes=notes),)


def describe_evoked_split(analysis: Analysis) -> Section | None:
    """Return the section on parts of the videos, or None where none were asked for."""
    found: VideoSplit | None = analysis.evoked_split
    if found is None:
        return None
    table = found.table
    counts = found.parts["part"].value_counts(sort=False)
    away = table[table["term"].eq("share_difference")]
    least = away.groupby("expression")["p_adjusted"].min() if "p_adjusted" in away else {}
    columns = [column("expression", "Expression")]
    for place, (part, count) in enumerate(counts.items()):
        share = match_row(table, "expression", term="share", part=part)
        under = f"{PART_NAMES.get(str(part), part)} ({count:,})"
        level = name_interval(found.level)
        columns.append(column(f"s{place}", "Share", write_percents, of=share, under=under))
        columns.append(column(f"l{place}", level, write_percent_limits, of=share, under=under))
    columns.append(column("p", "*p*", write_p, of=lambda row: least.get(row["expression"])))
    note = say(
        "Share of the moments, videos in brackets. *p*: the smallest of the parts' differences "
        "from all others, Holm-adjusted for all parts and expressions."
    )
    printed = tabulate(
        "evoked_split",
        "Evoked Expressions in the Parts of the Data",
        table[table["term"].eq("share")].drop_duplicates("expression"),
        columns,
        notes=(note, *collect_notes(away.replace({"part": PART_NAMES}), ("part",))),
        rows=found.tidy(),
    )
    return Section(
        "evoked_split",
        "Split by video",
        (quote_sentence(found.sentence()), say("<Table evoked_split> compares the parts.")),
        tables=(printed,),
    )
