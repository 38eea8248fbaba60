"""The section on differences between models, with Table 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exprstats.numerals import MISSING, write_level, write_p
from exprstats.plots import MetricLabel, label_metrics
from exprstats.report.cells import (
    ALL,
    collect_notes,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Section, Table
from exprstats.report.performance import METHODS, warn_of_clusters
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_texts, join_words, say

MOST_ABREAST = 2  # metrics whose columns fit beside each other on a page
_ALPHA = 0.05


def describe_comparisons(pieces: Pieces) -> Section | None:
    """Return the section, or None where there is nothing to tell apart."""
    if pieces.comparison is None:
        return None
    rows = name_contexts(pieces.comparison.tidy())
    shown = rows[rows["versus"].notna() & rows["headline"].eq(True)].reset_index(drop=True)
    if shown.empty:
        return None
    labels = label_metrics(pieces.comparison)
    return Section(
        "comparisons",
        "Comparisons",
        sentences=tuple(_say_metric(shown, metric, labels[metric], pieces) for metric in labels),
        caveats=(*warn_of_clusters(shown), *_warn_of_draws(shown)),
        tables=(_build_table(shown, labels, pieces),),
    )


def _say_metric(shown: pd.DataFrame, metric: str, label: MetricLabel, pieces: Pieces) -> Text:
    here = pick_rows(shown, metric=metric)
    contexts = list_levels(here, "context")
    place = ALL if ALL in contexts else contexts[-1]
    pairs = pick_rows(here, context=place)
    first = list_levels(pairs, "model")[0]
    told = [
        _say_pair(row, label, pieces)
        for row in pairs.to_dict("records")
        if row["model"] == first and pd.notna(row["estimate"])
    ]
    name = label.name if label.name.isupper() else label.name.lower()
    if not told:
        return say("Differences in {name} are not defined (Table 4).", name=name)
    opening = say(
        "In {name}, {model} differed{where}:",
        name=name,
        model=pieces.name_model(first),
        where=" over all contexts together" if len(contexts) > 1 else "",
    )
    return (*join_texts([opening, join_texts(told, "; ")]), *say(" (Table 4)."))


def _say_pair(row: dict[Any, Any], label: MetricLabel, pieces: Pieces) -> Text:
    p = write_p(row["p_adjusted"])
    verdict = "" if pd.isna(row["p_adjusted"]) or row["p_adjusted"] < _ALPHA else ", not reliably"
    return say(
        "from {other}{verdict} by {value}, {level} CI {limits}, Holm-adjusted *p* {p}",
        other=pieces.name_model(row["versus"]),
        verdict=verdict,
        value=write_estimate(row, 3, bounded=label.bounded),
        level=write_level(row["level"]),
        limits=write_limits(row, 3, bounded=label.bounded),
        p=p if p[0] in "<>" else f"= {p}",
    )


def _build_table(shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces) -> Table:
    abreast = len(labels) <= MOST_ABREAST
    level = write_level(float(shown["level"].iloc[0]))
    blocks = [[*labels]] if abreast else [[metric] for metric in labels]
    columns = [Column("pair", say("Comparison"), words=True)]
    for place, metric in enumerate(blocks[0]):
        spanner = f"Δ {labels[metric].name}" if abreast else "Difference"
        columns += [
            Column(f"estimate{place}", say("Estimate"), spanner),
            Column(f"limits{place}", say("{level} CI", level=level), spanner),
            Column(f"p{place}", say("*p*"), spanner),
            Column(f"adjusted{place}", say("Holm *p*"), spanner),
        ]
    cells = [
        _write_line(shown, labels, pieces, block=block, pair=pair, context=context)
        for block in blocks
        for context in list_levels(shown, "context")
        for pair in dict.fromkeys(zip(shown["model"], shown["versus"], strict=True))
    ]
    grouped = not abreast or shown["context"].nunique() > 1
    return Table(
        "4",
        "comparisons",
        "Differences Between Models",
        tuple(columns),
        pd.DataFrame(cells),
        group="group" if grouped else None,
        notes=_list_notes(shown, labels, pieces),
        rows=shown,
    )


def _write_line(
    shown: pd.DataFrame,
    labels: Mapping[str, MetricLabel],
    pieces: Pieces,
    *,
    block: list[str],
    pair: tuple[Any, Any],
    context: Any,
) -> dict[str, str]:
    model, versus = pair
    group = str(context)
    if len(block) < len(labels):
        group = f"{labels[block[0]].name}, {context}"
    line = {
        "group": group,
        "pair": f"{pieces.name_model(model)} − {pieces.name_model(versus)}",
    }
    for place, metric in enumerate(block):
        found = pick_rows(shown, context=context, metric=metric, model=model, versus=versus)
        row: Mapping[Any, Any] = found.iloc[0].to_dict() if len(found) else {}
        line[f"estimate{place}"] = write_estimate(row, 3, bounded=labels[metric].bounded)
        line[f"limits{place}"] = write_limits(row, 3, bounded=labels[metric].bounded)
        line[f"p{place}"] = write_p(row.get("p_value")) if row else MISSING
        line[f"adjusted{place}"] = write_p(row.get("p_adjusted")) if row else MISSING
    return line


def _list_notes(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> tuple[Text, ...]:
    reading = join_words(
        [
            f"Δ {label.name} {'< 0' if label.better == 'lower' else '> 0'}"
            for label in labels.values()
            if label.better != "zero"
        ]
    )
    methods = [METHODS.get(name, name) for name in list_levels(shown, "method")]
    notes = []
    if reading:
        notes.append(say("{reading}: the model named first does better.", reading=reading))
    notes.append(
        say(
            "Intervals and *p* are {how}; *p* is two-sided. Holm *p* is adjusted for the "
            "comparisons of one metric in one context.",
            how=f"from {join_words(methods)}",
        )
    )
    noted = shown.assign(
        pair=[
            f"{pieces.name_model(model)} − {pieces.name_model(versus)}"
            for model, versus in zip(shown["model"], shown["versus"], strict=True)
        ]
    )
    told = collect_notes(noted, ("pair", "metric", "context"))
    return (*notes, *(say("{note}.", note=note.rstrip(".")) for note in told))


def _warn_of_draws(shown: pd.DataFrame) -> tuple[Text, ...]:
    if "draws" not in shown or not shown["method"].eq("percentile").any():
        return ()
    draws = shown["draws"].dropna()
    if draws.empty or draws.min() >= 1000:
        return ()
    return (
        say(
            "With {draws} draws no *p* below {least} can be seen and limits vary from seed to "
            "seed; use 2,000 or more for publication.",
            draws=f"{int(draws.min()):,}",
            least=write_p(2 / (float(draws.min()) + 1)).lstrip("< "),
        ),
    )
