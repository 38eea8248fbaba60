"""Section on estimates of expression: levels, agreement, structure, sentences, classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_count, write_level, write_number, write_p
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_row,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import join_words, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.expressions import Estimates, EstimateStructure, Sentences, Transfer

_MOST = 5  # emotions of a modality in print
_MOST_PAIRS = 6


def describe_estimates(analysis: Analysis) -> Section | None:
    """Return the section, or None where there are no estimates of expression."""
    held = (analysis.estimates, analysis.structure, analysis.maps, analysis.leed, analysis.transfer)
    builders = (_tabulate_levels, _tabulate_structure, None, _tabulate_cuts, _tabulate_recall)
    tables = []
    sentences = []
    for result, build in zip(held, builders, strict=True):
        if result is None:
            continue
        sentences.append(quote_sentence(result.sentence()))
        tables += [] if build is None else build(result)
    if not sentences:
        return None
    named = [f"Table {table.number}" for table in tables]
    return Section(
        "estimates",
        "Estimates of expression",
        sentences=(*sentences, *[say("See {names}.", names=join_words(named))] * bool(named)),
        tables=tuple(tables),
    )


def _tabulate_levels(result: Estimates) -> list[Table]:
    rows = name_contexts(result.tidy())
    keys = ["context", "modality"]
    ranked = rows[rows["term"].eq("mean_rank")].sort_values("estimate", kind="stable")
    shown = ranked.groupby(keys, sort=False).head(_MOST).sort_index()
    order = shown.sort_values([*keys, "estimate"], kind="stable")
    cells = []
    for row in order.to_dict("records"):
        mine = rows[(rows[keys] == [row[key] for key in keys]).all(axis=1)]
        mine = mine[mine["emotion"].eq(row["emotion"]) & mine["versus"].isna()]
        found = {one["term"]: one for one in mine.to_dict("records")}
        cells.append(
            {
                "place": _name(row),
                "emotion": row["emotion"],
                "mean": write_estimate(found["mean"], bounded=False),
                "limits": write_limits(found["mean"], bounded=False),
                "rank": write_estimate(row, 1, bounded=False),
                "share": write_estimate(found["share_top"]),
                "share_limits": write_limits(found["share_top"]),
            }
        )
    interval = f"{write_level(result.level)} CI"
    columns = (
        Column("emotion", say("Emotion"), words=True),
        Column("mean", say("Mean"), "Score"),
        Column("limits", say("{one}", one=interval), "Score"),
        Column("rank", say("Mean rank")),
        Column("share", say("Share"), "Highest of all"),
        Column("share_limits", say("{one}", one=interval), "Highest of all"),
    )
    levels = rows[rows["term"].isin(["mean", "share_top"]) & rows["emotion"].isin(shown["emotion"])]
    note = say(
        "The {most} emotions with the best mean rank. Intervals leave out one {who} at a time.",
        most=_MOST,
        who=result.cluster or "moment",
    )
    title = "Leading Emotions by Modality"
    first = Table(
        "A85",
        "estimates",
        title,
        columns,
        pd.DataFrame(cells),
        group="place",
        notes=(note, *collect_notes(levels, ("term", "emotion", "modality", "context"))),
        rows=result.tidy(),
    )
    return [first, *_tabulate_agreement(rows, interval)]


def _name(row: dict[Any, Any]) -> str:
    return row["modality"] if row["context"] == ALL else f"{row['modality']}, {row['context']}"


def _tabulate_agreement(rows: pd.DataFrame, interval: str) -> list[Table]:
    """Return Table A86: agreement between modalities over all emotions, and the extremes."""
    mine = rows[rows["term"].isin(["spearman", "spearman_within"])]
    if mine.empty:
        return []
    cells = []
    for (context, one, two), part in mine.groupby(["context", "modality", "versus"], sort=False):
        own = part[part["emotion"].notna()].sort_values("estimate", ascending=False, kind="stable")
        ends = pd.concat([own.head(_MOST_PAIRS // 2), own.tail(_MOST_PAIRS // 2)]).drop_duplicates()
        for row in [*part[part["emotion"].isna()].to_dict("records"), *ends.to_dict("records")]:
            overall = {"spearman": "All, as one sample", "spearman_within": "All, mean of their ρ"}
            name = row["emotion"] if pd.notna(row["emotion"]) else overall[row["term"]]
            pair = f"{one} and {two}"
            cells.append(
                {
                    "place": pair if context == ALL else f"{pair}, {context}",
                    "emotion": name,
                    "rho": write_estimate(row),
                    "limits": write_limits(row),
                    "n": write_count(row["n_clips"]),
                }
            )
    columns = (
        Column("emotion", say("Emotion"), words=True),
        Column("rho", say("ρ")),
        Column("limits", say("{one}", one=interval)),
        Column("n", say("Pairs")),
    )
    note = say(
        "The three highest and the three lowest emotions. All emotions as one sample agree already "
        "where the same emotions are high in both modalities; the mean of their ρ does not count "
        "that."
    )
    return [
        Table(
            "A86",
            "estimates_agreement",
            "Spearman Correlations Between Modalities",
            columns,
            pd.DataFrame(cells),
            group="place",
            notes=(note, *collect_notes(mine, ("term", "emotion", "modality"))),
            rows=mine,
        )
    ]


def _tabulate_structure(result: EstimateStructure) -> list[Table]:
    if result.table.empty:
        return []
    cells = []
    for row in result.table[result.table["term"].eq("rms_difference")].to_dict("records"):
        key = {name: row[name] for name in ("context", "versus", "modality")}
        alike = find_row(result.table, term="similarity", **key)
        cells.append(
            {
                "pair": f"{row['context']} and {row['versus']}",
                "modality": row["modality"],
                "difference": write_number(row["estimate"], 2),
                "similarity": write_estimate(alike),
                "p": write_p(row["p_value"]),
                "people": write_count(row["n_clusters"]),
            }
        )
    columns = (
        Column("pair", say("Data sets"), words=True),
        Column("modality", say("Modality"), words=True),
        Column("difference", say("Difference")),
        Column("similarity", say("Similarity")),
        Column("p", say("*p*")),
        Column("people", say("People")),
    )
    note = say(
        "Difference: root mean square of Fisher z differences. Similarity: correlation of both "
        "matrices. *p*: whole people dealt anew to the data sets."
    )
    name, title = "estimates_structure", "Correlations of Emotions in Two Data Sets"
    notes = (note, *collect_notes(result.table, ("modality",)))
    return [Table("A87", name, title, columns, pd.DataFrame(cells), notes=notes, rows=result.table)]


def _tabulate_cuts(result: Sentences) -> list[Table]:
    cells = [
        {
            "modality": row["modality"],
            "adverb": row["adverb"],
            "low": write_number(row["low"], 3, bounded=True),
            "high": write_number(row["high"], 3, bounded=True),
        }
        for row in result.cuts.to_dict("records")
    ]
    columns = (
        Column("adverb", say("Adverb"), words=True),
        Column("low", say("From")),
        Column("high", say("Below")),
    )
    note = say("A score on a bound takes the adverb above it; below the lowest, it is not named.")
    name, title = "estimates_adverbs", "Adverbs by Score"
    cells = pd.DataFrame(cells)
    return [
        Table("A88", name, title, columns, cells, group="modality", notes=(note,), rows=result.cuts)
    ]


def _tabulate_recall(result: Transfer) -> list[Table]:
    cells = []
    for features, rows in result.table.groupby("features", sort=False):
        found = {row["term"]: row for row in rows.to_dict("records")}
        cells.append(
            {
                "features": features,
                "dimensions": write_count(found["uar"]["dimensions"]),
                "uar": write_estimate(found["uar"]),
                "limits": write_limits(found["uar"]),
                "test": write_estimate(found["uar_test"]),
                "more": write_number(found["inflation"]["estimate"], 3, bounded=True),
            }
        )
    columns = (
        Column("features", say("Features"), words=True),
        Column("dimensions", say("Dimensions")),
        Column("uar", say("UAR"), "C by training speakers"),
        Column("limits", say("{one} CI", one=write_level(result.level)), "C by training speakers"),
        Column("test", say("UAR"), "C by test speakers"),
        Column("more", say("Inflation"), "C by test speakers"),
    )
    note = say(
        "UAR: unweighted average recall of {count} classes; chance is {chance}. Nobody is in "
        "training and test.",
        count=result.classes,
        chance=write_number(1 / result.classes, 3, bounded=True),
    )
    name, title = "estimates_recall", "Recall of Acted Emotions"
    notes = (note, *collect_notes(result.table, ("features", "term")))
    return [
        Table("A89", name, title, columns, pd.DataFrame(cells), notes=notes, rows=result.tidy())
    ]
