"""The section on whether contexts need models of their own, with Table 9."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.numerals import count_things, tell_p, write_level, write_p
from exprstats.plots import ALL, MetricLabel, label_metrics, name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_row,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.report.document import Column, Section, Table
from exprstats.report.intervals import name_sources
from exprstats.report.performance import name_metric
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say
from exprstats.report.scoreboard import TOO_FEW


def describe_pooling(pieces: Pieces) -> Section | None:
    """Return the section, or None where contexts were not compared with one model for all."""
    if pieces.pooling is None:
        return None
    rows = name_contexts(pieces.pooling.tidy())
    rows = rows[rows["headline"].eq(True)].reset_index(drop=True)
    labels = label_metrics(pieces.pooling)
    return Section(
        "pooling",
        "One model or one for each context",
        sentences=(
            _say_setting(pieces.tell_model(pieces.pooling.against)),
            *(_say_metric(rows, metric, label) for metric, label in labels.items()),
        ),
        tables=(_build_table(rows, labels),),
    )


def _say_setting(model: str) -> Text:
    return say(
        "Does each context need a model of its own? On the same test clips, {model} tuned and "
        "fitted to single contexts was compared with one of its kind for all contexts together, "
        "with an intercept for each context (Table 9).",
        model=model,
    )


def _say_metric(rows: pd.DataFrame, metric: str, label: MetricLabel) -> Text:
    here = pick_rows(rows[rows["versus"].notna()], metric=metric)
    whole = find_row(here, context=ALL)
    if not whole or pd.isna(whole["estimate"]):
        return say("Differences in {name} are not defined.", name=name_metric(label))
    sure = whole["p_value"] < 1 - whole["level"]
    return say(
        "Over all contexts together, the {name} of models of single contexts was {verdict} that "
        "of the one model, Δ = {value}, {level} CI {limits}, *p* {p}{single}.",
        name=name_metric(label),
        verdict=("lower than" if whole["estimate"] < 0 else "higher than")
        if sure
        else "not reliably different from",
        value=write_estimate(whole, 3, bounded=label.bounded),
        level=write_level(whole["level"]),
        limits=write_limits(whole, 3, bounded=label.bounded),
        p=tell_p(whole["p_value"]),
        single=_say_single(here),
    )


def _say_single(here: pd.DataFrame) -> str:
    """Return in how many contexts the two differ."""
    tested = here[(here["context"] != ALL) & here["p_value"].notna()]
    if len(tested) < 2:
        return ""
    alpha = 1 - float(tested["level"].iloc[0])
    held = int(tested["p_value"].lt(alpha).sum())
    told = f"{held or 'none'} of {count_things(len(tested), 'context')}"
    return (
        f"; taken one by one, {told} differed at the {write_mark(alpha)} level without adjustment"
    )


def _build_table(rows: pd.DataFrame, labels: dict[str, MetricLabel]) -> Table:
    level = write_level(float(rows["level"].iloc[0]))
    columns = (
        Column("context", say("Context"), words=True),
        Column("own", say("Own models")),
        Column("pooled", say("One for all")),
        Column("estimate", say("Δ")),
        Column("limits", say("{level} CI", level=level)),
        Column("p", say("*p*")),
    )
    differences = rows[rows["versus"].notna()]
    cells = [
        {"metric": label.name, "context": str(row["context"]), **_write_row(row, rows, label)}
        for metric, label in labels.items()
        for row in pick_rows(differences, metric=metric).to_dict("records")
    ]
    noted = differences.assign(metric=[labels[name].name for name in differences["metric"]])
    own, pooled = (str(differences[side].iloc[0]) for side in ("model", "versus"))
    for name, words in ((pooled, "the one model"), (own, "the own models")):
        noted["note"] = noted["note"].str.replace(f" of {name}", f" of {words}", regex=False)
    return Table(
        "9",
        "pooling",
        "Models of Single Contexts and One Model for All",
        columns,
        pd.DataFrame(cells),
        group="metric" if len(list_levels(differences, "metric")) > 1 else None,
        notes=(
            say(
                "Δ = own models minus the one for all. In All, both know the level of each clip's "
                "context. Intervals and two-sided *p* values, one for each row, come from {how}.",
                how=join_words(name_sources(differences)),
            ),
            *collect_notes(noted, ("metric", "context"), {TOO_FEW}),
        ),
        rows=rows,
    )


def _write_row(row: dict[Any, Any], rows: pd.DataFrame, label: MetricLabel) -> dict[str, str]:
    key = {"metric": row["metric"], "context": row["context"]}
    own, pooled = (find_row(rows, term=row[side], **key) for side in ("model", "versus"))
    return {
        "own": write_estimate(own, 3, bounded=label.bounded),
        "pooled": write_estimate(pooled, 3, bounded=label.bounded),
        "estimate": write_estimate(row, 3, bounded=label.bounded),
        "limits": write_limits(row, 3, bounded=label.bounded),
        "p": write_p(row["p_value"]),
    }
