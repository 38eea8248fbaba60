"""Section on the recovery of known truth in a simulated study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_level, write_number
from exprstats.document.cells import name_contexts, write_estimate, write_limits
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, say

_INSIDE = {True: "inside", False: "outside"}
_NAMES = ("item", "model", "metric")
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
    columns: tuple[tuple[str, Text, bool], ...] = (
        ("what", say("Estimate of"), True),
        ("truth", say("Truth"), False),
        ("estimate", say("Estimate"), False),
        ("limits", say("{level} CI", level=write_level(float(rows["level"].iloc[0]))), False),
        ("inside", say("Truth is"), True),
    )
    return Table(
        name,
        _TITLES[name],
        tuple(Column(key, heading, words=words) for key, heading, words in columns),
        pd.DataFrame([_write_row(row) for row in rows.to_dict("records")]),
        group="context",
        rows=rows,
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    inside = row["inside"]
    return {
        "context": str(row["context"]),
        "what": " ".join(str(row[name]) for name in _NAMES if pd.notna(row.get(name))),
        "truth": write_number(row["truth"], 3, bounded=True),
        "estimate": write_estimate(row, 3),
        "limits": write_limits(row, 3),
        "inside": MISSING if inside is None or pd.isna(inside) else _INSIDE[bool(inside)],
    }
