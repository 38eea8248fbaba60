"""Tables of a comparison: each metric's scores and differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import (
    Row,
    is_absent,
    list_records,
    name_context,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.cli.metrics import is_bounded, label_metric
from exprstats.numerals import write_level

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.inference import Comparison


def show_metrics(session: Session, result: Comparison) -> None:
    """Print each metric's scores and differences, the headline intervals only."""
    rows = list_records(result.tidy(), headline=True)
    for name in dict.fromkeys(row["metric"] for row in rows):
        label, bounded = label_metric(name), is_bounded(name)
        mine = [row for row in rows if row["metric"] == name]
        scores = [row for row in mine if is_absent(row.get("versus"))]
        versus = [row for row in mine if not is_absent(row.get("versus"))]
        session.show_table(label, *_list_scores(scores, result.level, bounded))
        if versus:
            title = f"{label}: differences"
            session.show_table(title, *_list_differences(versus, result.level, bounded))


def _list_scores(rows: list[Row], level: float, bounded: bool) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["model"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
            show_count(row, "n_clips"),
            show_count(row, "n_clusters"),
        ]
        for row in rows
    ]
    headers = ["Context", "Model", "Estimate", f"{write_level(level)} CI", "Clips", "Subjects"]
    return headers, cells


def _list_differences(
    rows: list[Row], level: float, bounded: bool
) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["term"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    return ["Context", "Difference", "Estimate", f"{write_level(level)} CI", "p", "p Holm"], cells
