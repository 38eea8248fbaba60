"""The section on how well models predict, with Table 3 and Figure 3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import MISSING, write_count, write_level
from exprstats.plots import ALL, MetricLabel, draw_performance, label_metrics, name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_extremes,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Figure, Section, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say

if TYPE_CHECKING:
    from exprstats.inference import Comparison

TOO_FEW = "too few clusters for a bootstrap"  # the caveat says it in full
UNDEFINED = "not defined in this sample"
MOST_ACROSS = 5  # contexts that fit beside each other on a page
METHODS: dict[str, str] = {
    "percentile": "percentile intervals of a bootstrap that resamples subjects",
    "jackknife": "jackknife intervals over subjects",
}


def describe_performance(pieces: Pieces) -> Section | None:
    """Return the section, or None where nothing was compared."""
    if pieces.comparison is None:
        return None
    rows = name_contexts(pieces.comparison.tidy())
    shown = pick_rows(rows, versus=None, headline=True).reset_index(drop=True)
    labels = label_metrics(pieces.comparison)
    return Section(
        "performance",
        "Performance",
        sentences=tuple(_say_metric(shown, metric, labels[metric], pieces) for metric in labels),
        caveats=warn_of_clusters(shown),
        tables=(_build_table(shown, labels, pieces),),
        figures=(_build_figure(shown, labels, pieces, pieces.comparison),),
    )


def warn_of_clusters(shown: pd.DataFrame) -> tuple[Text, ...]:
    """Return a caveat where subjects are too few for a bootstrap interval."""
    counts = shown.groupby("context", sort=False)["n_clusters"].first()
    if shown["method"].eq("percentile").all():
        return ()
    fewest = int(counts.min())
    text = (
        "With fewer than 40 test subjects a bootstrap interval is too narrow; jackknife-*t* "
        "intervals are printed instead, and the bootstrap's stand in results.json."
    )
    if fewest < 10:
        text += " Under 10 subjects ({fewest} here) even these are rough."
    return (say(text, fewest=fewest),)


def _say_metric(shown: pd.DataFrame, metric: str, label: MetricLabel, pieces: Pieces) -> Text:
    here = pick_rows(shown, metric=metric)
    contexts = list_levels(here, "context")
    pooled = pick_rows(here, context=ALL if ALL in contexts else contexts[-1])
    defined = pooled[pooled["estimate"].notna()]
    name = name_metric(label)
    if defined.empty:
        return say("The {name} is not defined for any model (Table 3).", name=name)
    best = _find_best(defined, label)
    own = pick_rows(defined, model=pieces.own_model or "").to_dict("records")
    row = own[0] if own else best
    rank = {"lower": "lowest", "higher": "highest", "zero": "smallest"}[label.better]
    compared = f", the {rank} of the {len(pooled)} models"
    if row["model"] != best["model"]:
        value = write_estimate(best, 3, bounded=label.bounded)
        compared = f"; {pieces.tell_model(best['model'])} had the {rank}, {value}"
    return say(
        "On the {clips} test clips of {subjects} subjects, the {name} of {model} was {value}, "
        "{level} CI {limits}{compared} (Table 3, Figure 3).{contexts}",
        clips=write_count(row["n_clips"]),
        subjects=write_count(row["n_clusters"]),
        model=pieces.tell_model(row["model"]),
        name=name,
        value=write_estimate(row, 3, bounded=label.bounded),
        level=write_level(row["level"]),
        limits=write_limits(row, 3, bounded=label.bounded),
        compared=compared,
        contexts=_say_contexts(here, row["model"], label),
    )


def name_metric(label: MetricLabel) -> str:
    """Return a metric's name as a sentence has it."""
    return label.name if label.name.isupper() else label.name.lower()


def _find_best(defined: pd.DataFrame, label: MetricLabel) -> dict[Any, Any]:
    if label.better == "zero":
        return find_extremes(defined.assign(estimate=defined["estimate"].abs()))[0]
    low, high = find_extremes(defined)
    return low if label.better == "lower" else high


def _say_contexts(here: pd.DataFrame, model: Any, label: MetricLabel) -> str:
    own = pick_rows(here, model=model)
    own = own[own["context"].ne(ALL) & own["estimate"].notna()]
    if not 2 <= len(own) <= MOST_ACROSS:
        return ""
    told = [
        f"{write_estimate(row, 3, bounded=label.bounded)} in {row['context']}"
        for row in own.to_dict("records")
    ]
    return f" Within contexts it was {join_words(told)}."


def _build_table(shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces) -> Table:
    contexts = list_levels(shown, "context")
    across = len(contexts) <= MOST_ACROSS
    build = _cross_contexts if across else _stack_contexts
    columns, cells = build(shown, labels, pieces)
    return Table(
        "3",
        "performance",
        "Test Performance" + (" by Context and Overall" if len(contexts) > 1 else ""),
        columns,
        cells,
        group="group",
        notes=_list_notes(shown, labels, pieces),
        rows=shown,
    )


def _write_score(found: pd.DataFrame, label: MetricLabel) -> str:
    if found.empty:
        return MISSING
    row = found.iloc[0].to_dict()
    value = write_estimate(row, 3, bounded=label.bounded)
    limits = write_limits(row, 3, bounded=label.bounded)
    return value if limits == MISSING else f"{value} {limits}"


def _cross_contexts(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> tuple[tuple[Column, ...], pd.DataFrame]:
    """Return contexts as columns, models as rows, a block for each metric."""
    contexts = list_levels(shown, "context")
    keys = {context: f"context{place}" for place, context in enumerate(contexts)}
    columns = [Column("model", say("Model"), words=True)]
    for context, key in keys.items():
        columns.append(Column(key, say("{context}", context=context)))
    cells = []
    for metric, label in labels.items():
        for model in list_levels(shown, "model"):
            line = {
                "group": f"{label.name} ({label.direction})",
                "model": pieces.name_model(model),
            }
            for context, key in keys.items():
                found = pick_rows(shown, metric=metric, model=model, context=context)
                line[key] = _write_score(found, label)
            cells.append(line)
    return tuple(columns), pd.DataFrame(cells)


def _stack_contexts(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> tuple[tuple[Column, ...], pd.DataFrame]:
    """Return metrics as columns, models as rows, a block for each context."""
    keys = {metric: f"metric{place}" for place, metric in enumerate(labels)}
    columns = [Column("model", say("Model"), words=True)]
    for metric, key in keys.items():
        columns.append(Column(key, say("{name}", name=labels[metric].name)))
    cells = []
    for context in list_levels(shown, "context"):
        for model in list_levels(shown, "model"):
            line = {"group": str(context), "model": pieces.name_model(model)}
            for metric, key in keys.items():
                found = pick_rows(shown, metric=metric, model=model, context=context)
                line[key] = _write_score(found, labels[metric])
            cells.append(line)
    return tuple(columns), pd.DataFrame(cells)


def _list_notes(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> tuple[Text, ...]:
    level = write_level(float(shown["level"].iloc[0]))
    methods = join_words([str(METHODS.get(name, name)) for name in list_levels(shown, "method")])
    notes = [
        say("Brackets hold {level} confidence intervals: {how}.", level=level, how=methods),
        say("Test set: {counts}.", counts=_count_clips(shown)),
    ]
    if "nrmse" in labels:
        notes.append(say("{told}", told=_tell_spans(pieces)))
    if pieces.models and len(list_levels(shown, "context")) > 1:
        notes.append(
            say(
                "A context's column judges the models fitted to that context; All judges the "
                "models fitted to all contexts{scored}.",
                scored=", on the scores of the factor model fitted to all contexts"
                if pieces.factor
                else "",
            )
        )
    undefined = shown[shown["estimate"].isna()]
    flat = len(undefined) > 0 and bool(undefined["metric"].eq("correlation").all())
    if flat:
        notes.append(say("— = not defined: predictions that do not vary have no correlation."))
    noted = shown.assign(
        model=shown["model"].map(pieces.name_model),
        metric=[labels[metric].name for metric in shown["metric"]],
    )
    errors = [metric for metric, label in labels.items() if label.better == "lower"]
    if shown.loc[shown["metric"].isin(errors), "conf_low"].lt(0).any():
        notes.append(say("Errors cannot be negative: read a limit below 0 as 0."))
    said = {TOO_FEW, UNDEFINED} if flat else {TOO_FEW}
    return (*notes, *collect_notes(noted, ("model", "metric", "context"), said))


def _tell_spans(pieces: Pieces) -> str:
    """Return what NRMSE was divided by, in the study's own words where there are any."""
    told = pieces.provenance.notes if pieces.provenance else ()
    given = [note for note in told if "NRMSE" in note]
    return (
        re.sub(r"(?<=\s)-(?=\d)", "−", given[0])
        if given
        else "NRMSE = root mean square error / theoretical range."
    )


def _count_clips(shown: pd.DataFrame) -> str:
    first = shown.groupby("context", sort=False)[["n_clips", "n_clusters"]].first()
    return "; ".join(
        f"{context}, {write_count(row.n_clips)} clips of {write_count(row.n_clusters)} subjects"
        for context, row in first.iterrows()
    )


def _build_figure(
    shown: pd.DataFrame,
    labels: Mapping[str, MetricLabel],
    pieces: Pieces,
    comparison: Comparison,
) -> Figure:
    names = [label.name for label in labels.values()]
    level = write_level(float(shown["level"].iloc[0]))
    models = [pieces.name_model(model) for model in list_levels(shown, "model")]
    return Figure(
        "3",
        "performance",
        "Test Performance of Each Model",
        draw_performance(comparison, names=pieces.model_names),
        words=f"{join_words(names)} of {join_words(models)} with intervals; the same as Table 3.",
        notes=(say("Points are estimates, lines {level} confidence intervals.", level=level),),
    )
