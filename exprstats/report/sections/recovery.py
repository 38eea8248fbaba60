"""Section on the recovery of known truth in a simulated study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_level, write_number
from exprstats.document.cells import name_contexts
from exprstats.document.model import Section, Table
from exprstats.document.tables import column, estimate_columns, tabulate
from exprstats.document.text import say
from exprstats.inference.comparison.wording import label_metric

_INSIDE = {True: "inside", False: "outside"}
_TITLES = {
    "reliability": "Reliability of a Clip’s Mean Rating",
    "loadings": "Standardized Loadings",
    "performance": "Performance on Test Subjects",
}


def describe_recovery(truth: pd.DataFrame) -> Section:
    """Return the estimates of `exprstats.study.compare_truth` with their true values."""
    judged = [bool(one) for one in truth["inside"] if one is not None and pd.notna(one)]
    held = count_things(sum(judged), "intervals holds", "intervals hold", of=len(judged))
    rows = name_contexts(truth)
    kinds = {
        "reliability": rows["term"].eq("ICC(1,k)"),
        "loadings": rows["term"].eq("loading"),
        "performance": rows["metric"].notna(),
    }
    return Section(
        "recovery",
        "Estimates and their true values",
        sentences=(
            say(
                "{held} the true value. Of {level} intervals one in twenty may miss it. True "
                "performance is that of the fitted models on 2,000 new subjects of the same "
                "population{judges}.",
                held=held,
                level=write_level(float(truth["level"].iloc[0])),
                judges="; that of raters is their mean over test sets of the same size, with new "
                "subjects and new raters in each"
                if "human" in set(truth["model"].dropna())
                else "",
            ),
        ),
        tables=tuple(
            _build_table(name, rows[picked]) for name, picked in kinds.items() if picked.any()
        ),
    )


def _build_table(name: str, rows: pd.DataFrame) -> Table:
    columns = (
        column("what", "Estimate of", of=_name_estimate, words=True),
        column("truth", "Truth", write_number, decimals=3, bounded=True),
        *estimate_columns(float(rows["level"].iloc[0]), decimals=3),
        column("inside", "Truth is", _write_verdict, words=True),
    )
    return tabulate(name, _TITLES[name], rows, columns, group="context")


def _name_estimate(row: dict[Any, Any]) -> str:
    """Return the item, or the model with what its performance is measured by."""
    if pd.isna(row.get("metric")):
        return str(row["item"])
    return f"{row['model']}, {label_metric(str(row['metric']))}"


def _write_verdict(inside: Any) -> str:
    return MISSING if inside is None or pd.isna(inside) else _INSIDE[bool(inside)]
