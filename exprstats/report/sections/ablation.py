"""Section on ablation: what networks lose without some modalities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_level, write_number, write_p
from exprstats.document.cells import (
    collect_notes,
    find_row,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table, list_columns
from exprstats.document.text import FIXED, Text, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.deep import Ablation

_MOST = 5  # targets that have columns of their own
_METRICS = {
    "average_precision": ("Average precision", True),
    "mse": ("MSE", False),
    "correlation": ("Pearson’s r", True),
}


def describe_ablation(analysis: Analysis) -> Section | None:
    """Return the section, or None where no modality was left out."""
    found: Ablation | None = analysis.ablation
    if found is None:
        return None
    return Section(
        "ablation",
        "Ablation of Modalities",
        sentences=(quote_sentence(found.sentence()), *_say_runs(found)),
        caveats=_warn(found),
        tables=(_build_table(found, analysis),),
    )


def _count_runs(found: Ablation) -> int:
    return int(found.runs["run"].max())


def _say_runs(found: Ablation) -> tuple[Text, ...]:
    runs = _count_runs(found)
    if runs == 1:
        return ()
    whole = found.runs[found.runs["target"].isna()]
    first = whole["metric"].iloc[0]
    spread = whole[whole["metric"].eq(first)].groupby("model")["estimate"].std()
    bounded = first == "map"
    words = (
        "Each network was trained {runs} times and is judged by its mean prediction; between "
        "single trainings the score has an SD of {low} to {high}."
    )
    told = {
        "runs": runs,
        "low": write_number(spread.min(), 3, bounded=bounded),
        "high": write_number(spread.max(), 3, bounded=bounded),
    }
    return (say(words, **told),)


def _warn(found: Ablation) -> tuple[Text, ...]:
    if _count_runs(found) > 1:
        return ()
    words = (
        "Each network was trained once. Intervals show what other test people would change; what "
        "another training would change may be as much, and five runs or more show it."
    )
    return (say(words),)


def _build_table(found: Ablation, analysis: Analysis) -> Table:
    rows = found.table[found.table["headline"]]
    rows = rows.assign(target=rows["target"].astype(object).where(rows["target"].notna(), None))
    targets = [one for one in list_levels(rows, "target") if one is not None]
    shown = targets if len(targets) <= _MOST else []
    lines = []
    for metric in list_levels(rows, "metric"):
        own = rows[rows["metric"].eq(metric)]
        title, bounded = _METRICS[metric]
        for model in list_levels(own, "model"):
            whole = own[own["target"].isna() & own["model"].eq(model) & own["versus"].isna()]
            line: dict[str, Any] = {"metric": title, "model": analysis.name_model(model)}
            for number, target in enumerate(shown):
                row = find_row(pick_rows(own, target=target, model=model), term=model)
                line[f"target{number}"] = write_estimate(row, bounded=bounded) if row else MISSING
            score = whole.iloc[0].to_dict()
            line["mean"] = write_estimate(score, bounded=bounded)
            line["limits"] = write_limits(score, bounded=bounded)
            apart = own[own["target"].isna() & own["versus"].eq(model)]
            change = apart.iloc[0].to_dict() if len(apart) else {}
            line["change"] = write_estimate(change, bounded=bounded) if change else MISSING
            line["between"] = write_limits(change, bounded=bounded) if change else MISSING
            line["p"] = write_p(change.get("p_adjusted"))
            lines.append(line)
    interval = say("{level} CI", level=write_level(found.level))
    spanner = "Full network minus this one"
    columns = [Column("model", say("Features"), words=True)]
    columns += [
        Column(f"target{number}", say("{name}", name=str(target)), "Target")
        for number, target in enumerate(shown)
    ]
    columns += [
        *list_columns(mean="Mean", limits=interval),
        *list_columns(spanner, change="Estimate", between=interval, p=say(f"Holm{FIXED}*p*")),
    ]
    note = say(
        "Means are over {targets}. All networks have the same training, validation and test "
        "people; intervals are over test people. No features: the training mean of each "
        "target, whose average precision is the share of clips that have the label.",
        targets=count_things(len(targets), "target"),
    )
    notes = (note, *collect_notes(rows[rows["target"].isna()], ("model",)))
    cells = pd.DataFrame(lines)
    title = "Networks Without Some of the Modalities"
    table = found.tidy()
    return Table("ablation", title, tuple(columns), cells, "metric", notes, table)
