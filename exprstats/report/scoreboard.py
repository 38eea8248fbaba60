"""Table 3: every model's score in every context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from exprstats.numerals import MISSING, write_count, write_level
from exprstats.plots import MetricLabel, name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_row,
    list_levels,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Table
from exprstats.report.intervals import METHODS, list_methods
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say

TOO_FEW = "too few clusters for a bootstrap"  # the caveat says it in full
UNDEFINED = "not defined"  # how a note begins that says no more than the dash
MOST_ACROSS = 5  # contexts that fit beside each other on a page
CEILING = "Ceiling"
LIMITED = "correlation"  # the metric that has a ceiling
SHARES = ("accuracy", "within1", "precision", "recall", "f1", "uar", "macro_f1")


def build_scoreboard(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> Table:
    """Return Table 3: contexts across where they fit, else metrics."""
    contexts = list_levels(shown, "context")
    across = len(contexts) <= MOST_ACROSS
    columns, cells = _lay_out(shown, labels, pieces, across=across)
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


def _write_score(row: dict[Any, Any], label: MetricLabel) -> str:
    value = write_estimate(row, 3, bounded=label.bounded)
    limits = write_limits(row, 3, bounded=label.bounded)
    return value if limits == MISSING else f"{value} {limits}"


def _lay_out(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces, *, across: bool
) -> tuple[tuple[Column, ...], pd.DataFrame]:
    """Return models as rows: contexts across in a block for each metric, or the other way."""
    contexts = list_levels(shown, "context")
    blocks, abreast = ([*labels], contexts) if across else (contexts, [*labels])
    heads = contexts if across else [label.name for label in labels.values()]
    key = "context" if across else "metric"
    columns = [Column("model", say("Model"), words=True)]
    columns += [Column(f"{key}{at}", say("{head}", head=head)) for at, head in enumerate(heads)]
    cells = []
    for block in blocks:
        told = f"{labels[block].name} ({labels[block].direction})" if across else str(block)
        for model in list_levels(shown, "model"):
            line = {"group": told, "model": pieces.name_model(model)}
            for at, one in enumerate(abreast):
                metric, context = (block, one) if across else (one, block)
                row = find_row(shown, metric=metric, model=model, context=context)
                line[f"{key}{at}"] = _write_score(row, labels[metric])
            cells.append(line)
        limits = {
            f"{key}{at}": _write_ceiling(pieces, block, one) for at, one in enumerate(abreast)
        }
        if any(limits.values()):
            cells.append({"group": told, "model": CEILING, **limits})
    return tuple(columns), pd.DataFrame(cells)


def _write_ceiling(pieces: Pieces, one: Any, other: Any) -> str:
    """Return the ceiling of a metric in a context, named in any order; "" where it has none."""
    if pieces.ceiling is None or LIMITED not in {one, other}:
        return ""
    rows = name_contexts(pieces.ceiling.tidy())
    row = find_row(rows, context=other if one == LIMITED else one)
    return _write_score(row, MetricLabel(CEILING, "r", "higher", bounded=True)) if row else ""


def _list_notes(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> tuple[Text, ...]:
    level = write_level(float(shown["level"].iloc[0]))
    methods = join_words([METHODS.get(name, name) for name in list_methods(shown)])
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
    if pieces.find_kind("human") is not None:
        notes.append(
            say(
                "Human baseline: each rater against the mean of the other raters of the same clip, "
                "and not against the models' target, averaged over {seats}.",
                seats=pieces.name_judges(),
            )
        )
    if pieces.ceiling is not None and LIMITED in labels:
        notes.append(
            say(
                "Ceiling: √ICC(1,*k*) of the raters' weighted sums, above which no prediction of "
                "scores as reliable as these can be expected to correlate with them."
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
    notes += _say_limits_of_shares(shown, labels)
    said = {TOO_FEW, *(_find_undefined(undefined) if flat else ())}
    return (*notes, *collect_notes(noted, ("model", "metric", "context"), said))


def _say_limits_of_shares(shown: pd.DataFrame, labels: Mapping[str, MetricLabel]) -> list[Text]:
    """Return how to read limits that no share can reach."""
    rows = shown[shown["metric"].isin(list(SHARES))]
    beyond = rows[rows["conf_low"].lt(0) | rows["conf_high"].gt(1)]
    if beyond.empty:
        return []
    names = [label.name for metric, label in labels.items() if metric in set(beyond["metric"])]
    return [
        say(
            "{names} cannot leave the range from 0 to 1: read limits beyond it as 0 or 1.",
            names=join_words(names),
        )
    ]


def _find_undefined(rows: pd.DataFrame) -> set[str]:
    """Return the notes that say that an estimate is not defined."""
    parts = [part for note in rows["note"].dropna() for part in str(note).split("; ")]
    return {part for part in parts if part.startswith(UNDEFINED)}


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
