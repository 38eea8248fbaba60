"""Section on estimates of expression: levels, agreement, structure, maps, sentences."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_number, write_p
from exprstats.document.cells import (
    ALL,
    Row,
    collect_notes,
    list_records,
    name_contexts,
    write_estimate,
)
from exprstats.document.model import Figure, Section, Table, refer_to
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import join_words, quote_sentence, say
from exprstats.plots.estimates import draw_estimates, draw_maps, draw_structure
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.expressions import Estimates, EstimateStructure, ExpressionMap, Sentences

_MOST = 5  # emotions of a modality in print
_MOST_PAIRS = 6
_MOST_SETS, _MOST_COMPARED = 12, 30  # data sets, and comparisons of them, in print


def describe_estimates(analysis: Analysis) -> Section | None:
    """Return the section, or None where there are no estimates of expression."""
    held = (analysis.estimates, analysis.structure, analysis.maps, analysis.leed)
    builders = (_show_levels, _show_structure, _show_maps, _tabulate_cuts)
    tables, figures, sentences = [], [], []
    for result, build in zip(held, builders, strict=True):
        if result is None:
            continue
        sentences.append(quote_sentence(result.sentence()))
        built = build(result)
        tables += [one for one in built if isinstance(one, Table)]
        figures += [one for one in built if isinstance(one, Figure)]
    if not sentences:
        return None
    return Section(
        "estimates",
        "Estimates of expression",
        sentences=(*sentences, *[refer_to(*tables, *figures)] * bool(tables or figures)),
        tables=tuple(tables),
        figures=tuple(figures),
    )


def _show_levels(result: Estimates) -> list[Table | Figure]:
    shown: list[Table | Figure] = [*_tabulate_levels(result)]
    if len(result.densities):
        title = "Distributions of the Leading Emotions by Modality and Data Set"
        words = say("Density curves of scores, the emotion with the best mean rank on top.")
        note = say(
            "Gaussian kernels of Scott's width between the lowest and the highest score, relative "
            "to the highest curve of a panel; lines mark medians."
        )
        shown.append(
            Figure(
                "estimates_distributions",
                title,
                lambda: draw_estimates(result),
                words,
                notes=(note,),
            )
        )
    return shown


def _tabulate_levels(result: Estimates) -> list[Table]:
    rows = name_contexts(result.tidy())
    keys = ["context", "modality"]
    sets = rows["context"].unique()[:_MOST_SETS].tolist()
    listed = rows["context"].isin(sets)
    ranked = rows[rows["term"].eq("mean_rank") & listed].sort_values("estimate", kind="stable")
    shown = ranked.groupby(keys, sort=False).head(_MOST).sort_index()
    groups = rows.groupby(keys, sort=False, dropna=False).ngroup()
    order = shown.assign(_group=groups).sort_values(["_group", "estimate"], kind="stable")
    alone = rows[rows["versus"].isna()]
    mean, share = (match_row(alone, *keys, "emotion", term=term) for term in ("mean", "share_top"))
    score: dict[str, Any] = {"key": "mean", "heading": "Mean", "under": "Score", "bounded": False}
    columns = (
        column("emotion", "Emotion"),
        *estimate_columns(result.level, of=mean, **score),
        column("rank", "Mean rank", write_estimate, of=dict, decimals=1, bounded=False),
        *estimate_columns(
            result.level, key="share", heading="Share", of=share, under="Highest of all"
        ),
    )
    levels = rows[listed & rows["term"].isin(["mean", "share_top"])]
    levels = levels[levels["emotion"].isin(shown["emotion"])]
    note = say(
        "The {most} emotions with the best mean rank. Intervals leave out one {who} at a time.",
        most=_MOST,
        # People who are not known are left out by their recordings.
        who="subject (where not known, recording)"
        if result.cluster == "subject"
        else result.cluster or "moment",
    )
    more = say(
        "The first {shown} of {count} data sets; the tables in the folder have all of them.",
        shown=len(sets),
        count=write_count(rows["context"].nunique()),
    )
    limited = [more] * bool(rows["context"].nunique() > len(sets))
    title = "Leading Emotions by Modality"
    first = tabulate(
        "estimates",
        title,
        _place_rows(order),
        columns,
        group="place",
        notes=(note, *limited, *collect_notes(levels, ("term", "emotion", "modality", "context"))),
        rows=result.tidy(),
    )
    agreement = _tabulate_agreement(rows[listed], result.level)
    return [first, *_tabulate_time(rows, order, result.level), *agreement]


def _place_rows(rows: pd.DataFrame) -> list[Row]:
    """Return rows with what heads them: the modality, and the data set if there are several."""
    told = rows["modality"].where(
        rows["context"].eq(ALL), rows["modality"] + ", " + rows["context"]
    )
    return list_records(rows.assign(place=told))


def _tabulate_time(rows: pd.DataFrame, order: pd.DataFrame, level: float) -> list[Table]:
    """Return the table: how the leading emotions agree with themselves over time."""
    keys = ["context", "modality", "emotion"]
    mine = rows[rows["term"].isin(["stability", "lag_one"])]
    mine = mine.merge(order[keys].drop_duplicates())
    if mine.empty:
        return []
    halves, lag = (match_row(mine, *keys, term=term) for term in ("stability", "lag_one"))
    form: dict[str, Any] = {"heading": "*r*"}
    columns = (
        column("emotion", "Emotion"),
        *estimate_columns(level, key="halves", of=halves, under="Halves of a recording", **form),
        *estimate_columns(level, key="lag", of=lag, under="Moment to moment", **form),
    )
    note = say(
        "Halves: correlation, over the faces or voices of recordings, of the mean of the first "
        "half with that of the second, stepped up to a whole recording (Spearman–Brown, "
        "2r/(1 + |r|)). Moment to moment: correlation of neighboring moments about the mean of "
        "their recording; its expectation is below zero where moments are independent."
    )
    title = "Reliability of the Leading Emotions Over Time"
    notes = (note, *collect_notes(mine, ("term", "emotion", "modality", "context")))
    lines = [row for row in _place_rows(order) if lag(row)]
    return [
        tabulate("estimates_time", title, lines, columns, group="place", notes=notes, rows=mine)
    ]


_OVERALL = {"spearman": "All, as one sample", "spearman_within": "All, mean of their ρ"}


def _tabulate_agreement(rows: pd.DataFrame, level: float) -> list[Table]:
    """Return the table: agreement between modalities over all emotions, and the extremes."""
    mine = rows[rows["term"].isin(list(_OVERALL))]
    if mine.empty:
        return []
    lines = []
    for (context, one, two), part in mine.groupby(["context", "modality", "versus"], sort=False):
        own = part[part["emotion"].notna()].sort_values("estimate", ascending=False, kind="stable")
        ends = pd.concat([own.head(_MOST_PAIRS // 2), own.tail(_MOST_PAIRS // 2)]).drop_duplicates()
        place = f"{one} and {two}" if context == ALL else f"{one} and {two}, {context}"
        shown = pd.concat([part[part["emotion"].isna()], ends])
        emotion = shown["emotion"].fillna(shown["term"].map(_OVERALL))
        lines += list_records(shown.assign(place=place, emotion=emotion))
    columns = (
        column("emotion", "Emotion"),
        *estimate_columns(level, heading="ρ"),
        column("n_clips", "Pairs", write_count),
    )
    every = mine["emotion"].nunique() <= _MOST_PAIRS
    note = say(
        "{which}All emotions as one sample agree already "
        "where the same emotions are high in both modalities; the mean of their ρ does not count "
        "that.",
        which="" if every else "The three highest and the three lowest emotions. ",
    )
    return [
        tabulate(
            "estimates_agreement",
            "Spearman Correlations Between Modalities",
            lines,
            columns,
            group="place",
            notes=(note, *collect_notes(mine, ("term", "emotion", "modality"))),
            rows=mine,
        )
    ]


def _show_structure(result: EstimateStructure) -> list[Table | Figure]:
    shown: list[Table | Figure] = [*_tabulate_structure(result)]
    if len(result.correlations):
        shown.append(
            Figure(
                "estimates_structure",
                "Correlations of Emotions Within Modalities",
                lambda: draw_structure(result),
                say("Matrices of Spearman correlations, one for each modality and data set."),
                notes=(
                    say(
                        "Emotions stand in one order in all matrices, from average linkage of the "
                        "mean correlations."
                    ),
                ),
            )
        )
    return shown


def _show_maps(result: ExpressionMap) -> list[Table | Figure]:
    return [
        Figure(
            "estimates_maps",
            "Maps of Moments by t-SNE",
            lambda: draw_maps(result),
            say("Points of moments, near each other where their scores are alike."),
            notes=(
                *collect_notes(result.table, ("modality",)),
                say(
                    "Only neighborhoods count: distances between groups, their sizes, and the "
                    "axes have no meaning. Trust: trustworthiness over five neighbors (Venna & "
                    "Kaski, 2001)."
                ),
            ),
        )
    ]


def _tabulate_structure(result: EstimateStructure) -> list[Table]:
    if result.table.empty:
        return []
    every = result.table[result.table["term"].eq("rms_difference")]
    shown = every.sort_values(["p_value", "estimate"], ascending=[True, False], kind="stable")
    shown = every if len(every) <= _MOST_COMPARED else shown.head(_MOST_COMPARED)
    keys = ("context", "versus", "modality", "versus_modality")
    alike = match_row(result.table, *keys, term="similarity")
    columns = (
        column("pair", "Compared"),
        column("within", "Within"),
        column("estimate", "Found", write_number, under="Difference"),
        column("expected", "If equal", write_number, under="Difference"),
        column("similarity", "Similarity", write_estimate, of=alike),
        column("p_value", "*p*", write_p),
        column("adjusted", "Adj. *p*", write_p, of=lambda row: row.get("p_adjusted"))
        if len(shown) > 1
        else None,
        column("n_clusters", say("{unit}", unit=result.unit.capitalize()), write_count),
    )
    note = say(
        "Difference: root mean square of the differences of Fisher z; what it would be on average "
        "with equal structure, since correlations of samples always differ. Similarity: "
        "correlation of both matrices. *p*: random signs of what each of the {unit} adds.",
        unit=result.unit,
    )
    name, title = "estimates_structure", "Equality of Correlations of Emotions"
    adjusted = say("Adj. *p*: over all comparisons, by Holm's method.")
    more = say("The {n} of {of} comparisons with the smallest *p*.", n=len(shown), of=len(every))
    told = collect_notes(result.table, ("modality", "context"))
    limited = [more] * bool(len(every) > len(shown))
    notes = (note, *limited, *([adjusted] if len(shown) > 1 else []), *told)
    lines = [row | _name_pair(row) for row in list_records(shown)]
    return [tabulate(name, title, lines, columns, notes=notes, rows=result.table)]


def _name_pair(row: dict[Any, Any]) -> dict[str, str]:
    """Return what is compared, and what both have in common."""
    if pd.isna(row["versus_modality"]):
        return {"pair": f"{row['context']} and {row['versus']}", "within": row["modality"]}
    place = MISSING if pd.isna(row["context"]) else row["context"]
    return {"pair": f"{row['modality']} and {row['versus_modality']}", "within": place}


def _tabulate_cuts(result: Sentences) -> list[Table | Figure]:
    cuts = result.cuts
    parts = [part for _, part in cuts.groupby("modality", sort=False)]
    if len(parts) > 1 and len({(*part["adverb"], *part["low"]) for part in parts}) == 1:
        cuts = parts[0].assign(modality="all modalities")
    columns = (
        column("adverb", "Adverb"),
        column("low", "From", write_number, decimals=3, bounded=True),
        column("high", "Below", _write_bound),
    )
    told = {
        "published": "Bounds of the program that Brooks et al. (2023) published; they suit scores "
        "of faces. ",
        "quantile": "Bounds are quantiles of each modality's own scores. ",
    }
    kinds = result.table["thresholds"].unique()
    source = told.get(kinds[0], "") if len(kinds) == 1 else told["published"]
    unlike = result.table["modality"][result.table["thresholds"].ne("published")]
    if len(kinds) > 1:
        source += f"On {join_words(unlike.tolist())}, bounds are quantiles of the scores. "
    note = say(
        "{source}A score on a bound takes the adverb above it; below the lowest, it is not named.",
        source=source,
    )
    name, title = "estimates_adverbs", "Adverbs by Score"
    return [tabulate(name, title, cuts, columns, group="modality", notes=(note,), rows=result.cuts)]


def _write_bound(value: float) -> str:
    return "" if isnan(value) else write_number(value, 3, bounded=True)
