"""Section on errors of measurement: variance components and errors in scale points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_level, write_number, write_percent
from exprstats.document.cells import (
    collect_notes,
    find_extremes,
    list_levels,
    list_records,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Section, Table
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.coefficients import place_rows
from exprstats.report.sections.reliability import name_place

if TYPE_CHECKING:
    from exprstats.reliability import ScaleErrors

_FAMILIES = {
    "1": "one-way",
    "A": "agreement",
    "C": "consistency",
    "clip": "clips",
    "within": "clips of a subject",
    "subject": "subjects",
}


def describe_errors(analysis: Analysis) -> Section | None:
    """Return the section, or None where errors were not measured."""
    errors: ScaleErrors | None = analysis.errors
    if errors is None:
        return None
    rows = name_contexts(errors.table)
    return Section(
        "errors",
        "Errors of measurement in scale points",
        sentences=(_say_error(rows), say("<Table components> lists the variance components.")),
        tables=(_build_components(errors, rows), _build_errors(errors, rows)),
    )


def _say_error(rows: pd.DataFrame) -> Text:
    means = rows[rows["term"].eq("SEM") & rows["raters_per_clip"].gt(1)]
    means = means[means["family"].isin(list_levels(means, "family")[:1])]
    if not means["estimate"].notna().any():
        return say("The error of a clip's mean rating is not defined (<Table errors>).")
    low, high = find_extremes(means)
    told = [_tell_error(row) for row in (low, high)]
    if len(means) > 1:
        told = [
            f"{text} ({name_place(row, means)})"
            for text, row in zip(told, (low, high), strict=True)
        ]
    return say(
        "A clip's mean rating has a standard error of measurement of {told} points (<Table "
        "errors>).",
        told=" to ".join(dict.fromkeys(told)),
    )


def _tell_error(row: dict[Any, Any]) -> str:
    limits = write_limits(row, bounded=False)
    told = f", {write_level(row['level'])} CI {limits}" if limits != MISSING else ""
    return f"{write_estimate(row, bounded=False)}{told}"


def _build_components(errors: ScaleErrors, rows: pd.DataFrame) -> Table:
    parts = rows[rows["term"].eq("variance")]
    first, group = place_rows(parts)
    columns = (
        first,
        column("component", "Component"),
        *estimate_columns(errors.level, heading="Variance", key="variance", bounded=False),
        column("df", "*df*", _write_short),
        column("share", "Share", write_percent),
    )
    return tabulate(
        "components",
        "Variance Components",
        parts,
        columns,
        group=group,
        notes=(
            say(
                "Variances in squared points of the scale; modified large-sample limits, never "
                "below 0; *df* = effective degrees of freedom of the limits."
            ),
            *collect_notes(parts, ("item", "context", "component")),
        ),
        rows=errors.tidy(),
    )


def _write_short(value: float) -> str:
    return write_number(value, 1).removesuffix(".0")


def _build_errors(errors: ScaleErrors, rows: pd.DataFrame) -> Table:
    shown = rows[rows["term"].isin(["SEM", "SDC"])]
    keys = ("context", "item", "family", "raters_per_clip")
    first, group = place_rows(shown)
    columns = (
        first,
        column(
            "family",
            "Error",
            of=lambda row: _FAMILIES.get(row["family"], row["family"]),
            words=True,
        ),
        column("raters_per_clip", "Ratings", _write_short),
        *(
            one
            for term in ("SEM", "SDC")
            for one in estimate_columns(
                errors.level,
                heading="Points",
                key=term,
                of=match_row(shown, *keys, term=term),
                under=term,
                bounded=False,
            )
        ),
    )
    return tabulate(
        "errors",
        "Errors in Points of the Scale",
        list_records(shown.drop_duplicates([*keys])),
        columns,
        group=group,
        notes=(
            say(
                "SEM = standard error of measurement, of the mean of that many ratings; SDC = "
                "smallest detectable change: a change below it may be error alone."
            ),
            *collect_notes(shown, ("item", "context", "family")),
        ),
    )
