"""Sections on what videos evoke: distribution of labels, groups, and parts of the videos."""

from __future__ import annotations

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
from exprstats.document.cells import collect_notes, find_row, write_estimate, write_limits
from exprstats.document.model import Column, Figure, Section, Table, list_columns
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


def write_percent(row: Any, decimals: int = 1) -> str:
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
    cells = []
    shares = found.pick("share").sort_values("estimate", ascending=False, kind="stable")
    rare = 2 if (shares["estimate"].gt(0) & shares["estimate"].lt(0.005)).any() else 1
    for row in shares.to_dict("records"):
        portion = find_row(found.pick("label_share"), expression=row["expression"])
        cells.append(
            {
                "name": str(row["expression"]),
                "share": write_percent(row, rare),
                "limits": write_percent_limits(row, rare),
                "portion": write_percent(portion, rare),
                "count": write_count(row["n_joint"]),
                "videos": write_count(row["n_clusters"]),
            }
        )
    for term, name in _WHOLE.items():
        row = find_row(found.pick(term))
        if not row:
            continue
        plain = term == "cardinality"
        cells.append(
            {
                "name": name.format(unit=found.unit),
                "share": write_estimate(row, bounded=False) if plain else write_percent(row, rare),
                "limits": write_limits(row, bounded=False)
                if plain
                else write_percent_limits(row, rare),
                "portion": "",
                "count": write_count(row["n_joint"]),
                "videos": write_count(row["n_clusters"]),
            }
        )
    level = write_level(found.level)
    spanner = f"{found.unit.capitalize()}s"
    columns = (
        Column("name", say("Expression"), words=True),
        *list_columns(spanner, share="Share", limits=say("{level} CI", level=level), count="Count"),
        *list_columns(portion="Labels", videos="Videos"),
    )
    return Table(
        "evoked_labels",
        "Distribution of Evoked Expressions",
        columns,
        pd.DataFrame(cells),
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
    cells = []
    for row in rows.to_dict("records"):
        one, other = row["expression"], row["versus"]
        both = [
            find_row(found.pick("co_occurrence"), expression=a, versus=b)
            for a, b in ((one, other), (other, one))
        ]
        cells.append(
            {
                "pair": f"{one} (A) and {other} (B)",
                "given": write_estimate(both[0]),
                "given_limits": write_limits(both[0]),
                "back": write_estimate(both[1]),
                "lift": write_estimate(row, bounded=False),
                "limits": write_limits(row, bounded=False),
                "p": write_p(row["p_adjusted"]),
                "count": write_count(row["n_joint"]),
            }
        )
    level = write_level(found.level)
    columns = (
        Column("pair", say("Pair"), words=True),
        *list_columns(
            "Share",
            given="B\N{NO-BREAK SPACE}|\N{NO-BREAK SPACE}A",
            given_limits=say("{level} CI", level=level),
            back="A\N{NO-BREAK SPACE}|\N{NO-BREAK SPACE}B",
        ),
        *list_columns(lift="Lift", limits=say("{level} CI", level=level), p="*p*", count="Both"),
    )
    note = say(
        "B | A: of the {unit}s with A, those with B. Lift: that share over the share of B in all "
        "{unit}s; 1 is independence. *p*: of a lift of 1, Holm-adjusted for all pairs. Both: "
        "{unit}s with both. {count}, the smallest *p* first.",
        count="All pairs" if len(cells) < _MOST_PAIRS else f"The {_MOST_PAIRS} pairs",
        unit=found.unit,
    )
    title = "Expressions Evoked Together"
    notes = (note, *collect_notes(rows, ("expression", "versus")))
    name = "evoked_pairs"
    return (Table(name, title, columns, pd.DataFrame(cells), notes=notes, rows=rows),)


def _build_groups(found: EvokedLabels) -> tuple[Table, ...]:
    """Return the table: differences of one group from all others, the clearest first."""
    if not found.groups:
        return ()
    rows = found.table[found.table["term"].eq("label_share_difference")]
    rows = rows[rows["p_value"].notna()] if "p_value" in rows else rows.iloc[:0]
    rows = rows.sort_values(["p_adjusted", "p_value"], kind="stable").head(_MOST_GROUPS)
    if rows.empty:
        return ()
    own = found.table[found.table["term"].eq("label_share")]
    cells = []
    for row in rows.to_dict("records"):
        mine = find_row(own, group=row["group"], expression=row["expression"])
        cells.append(
            {
                "group": str(row["group"]),
                "name": str(row["expression"]),
                "share": write_percent(mine),
                "difference": write_number(100 * row["estimate"], 1),
                "limits": write_percent_limits(row),
                "p": write_p(row["p_adjusted"]),
                "videos": write_count(mine["n_clusters"]),
            }
        )
    columns = (
        Column("group", say("{by}", by=str(found.by).capitalize()), words=True),
        *list_columns(words=1, name="Expression", share="Labels", difference="Difference"),
        Column("limits", say("{level} CI", level=write_level(found.level))),
        *list_columns(p="*p*", videos="Videos"),
    )
    note = say(
        "Labels: what share of a group's labels an expression is. Difference: from all other "
        "moments, in percentage points; *p* Holm-adjusted for all groups and expressions. The "
        "{count} differences with the smallest *p*.",
        count=len(cells),
    )
    title = "Groups of Videos That Differ From All Others"
    notes = (note, *collect_notes(rows, ("group", "expression")))
    name = "evoked_groups"
    return (Table(name, title, columns, pd.DataFrame(cells), notes=notes, rows=rows),)


def describe_evoked_split(analysis: Analysis) -> Section | None:
    """Return the section on parts of the videos, or None where none were asked for."""
    found: VideoSplit | None = analysis.evoked_split
    if found is None:
        return None
    table = found.table
    parts = list(dict.fromkeys(found.parts["part"]))
    names = list(dict.fromkeys(table.loc[table["term"].eq("share"), "expression"]))
    counts = found.parts["part"].value_counts()
    cells = []
    for name in names:
        cell = {"name": str(name)}
        for place, part in enumerate(parts):
            row = find_row(table, term="share", part=part, expression=name)
            cell[f"s{place}"] = write_percent(row)
            cell[f"l{place}"] = write_percent_limits(row)
        away = table[table["term"].eq("share_difference") & table["expression"].eq(name)]
        least = away["p_adjusted"].min() if "p_adjusted" in away else None
        cells.append(cell | {"p": write_p(least)})
    columns = [Column("name", say("Expression"), words=True)]
    for place, part in enumerate(parts):
        spanner = f"{PART_NAMES.get(part, part)} ({counts[part]:,})"
        columns.append(Column(f"s{place}", say("Share"), spanner))
        level = write_level(found.level)
        columns.append(Column(f"l{place}", say("{level} CI", level=level), spanner))
    columns.append(Column("p", say("*p*")))
    note = say(
        "Share of the moments, videos in brackets. *p*: the smallest of the parts' differences "
        "from all others, Holm-adjusted for all parts and expressions."
    )
    rows = table[table["term"].eq("share_difference")]
    printed = Table(
        "evoked_split",
        "Evoked Expressions in the Parts of the Data",
        tuple(columns),
        pd.DataFrame(cells),
        notes=(note, *collect_notes(rows.replace({"part": PART_NAMES}), ("part",))),
        rows=found.tidy(),
    )
    return Section(
        "evoked_split",
        "Split by video",
        (quote_sentence(found.sentence()), say("<Table evoked_split> compares the parts.")),
        tables=(printed,),
    )
