"""What stands beside comparisons on request: equivalence, swaps, and contexts compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    is_absent,
    list_records,
    name_context,
    name_first,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.cli.metrics import is_bounded, label_metric
from exprstats.numerals import MISSING, write_level

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.inference import Comparison, ContextComparison, Equivalence, Permutation

_WORDS = {True: "yes", False: "not shown"}


def show_equivalence(
    session: Session, result: Comparison, margin: dict[str, float], reference: str | None
) -> Equivalence:
    """Print which models differ by less than a margin, and add the rows."""
    from exprstats.inference import judge_equivalence
    from exprstats.inference.sentences import write_alpha, write_size

    verdict = judge_equivalence(result, margin=margin, reference=reference)
    rows = session.add_table("equivalence", verdict.tidy(), headline=False)
    for name in dict.fromkeys(str(row["metric"]) for row in rows):
        mine = [row for row in rows if row["metric"] == name]
        title = f"{label_metric(name)}: equivalence within ±{write_size(name, margin[name])}"
        session.show_table(title, *_list_equivalence(mine, is_bounded(name)))
    level, alpha = write_level(1 - 2 * verdict.alpha), write_alpha(verdict.alpha)
    session.say(
        f"Equivalent: p of two one-sided tests, adjusted by Holm, is below {alpha}; before that, "
        f"it is where the {level} interval of the difference lies within the margin. Not shown is "
        "no proof of a difference. The margin must come from the question, not from these data."
    )
    return verdict


def _list_equivalence(rows: list[Row], bounded: bool) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["term"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
            show_p(row, "p_adjusted"),
            _judge(row, "p_adjusted", "equivalent"),
            show_p(row, "p_noninferior"),
            _judge(row, "p_noninferior", "noninferior"),
        ]
        for row in rows
    ]
    interval = f"{write_level(rows[0]['level'])} CI"
    verdicts = ["p equiv.", "Equivalent", "p noninf.", "Not inferior"]
    return ["Context", "Difference", "Estimate", interval, *verdicts], cells


def _judge(row: Row, p_value: str, name: str) -> str:
    return MISSING if is_absent(row[p_value]) else _WORDS[bool(row[name])]


def show_swaps(session: Session, predictions: pd.DataFrame, **options: Any) -> Permutation:
    """Print p values of swapping models' predictions within subjects, and add the rows."""
    from exprstats.inference import permute_models

    result = permute_models(predictions, **options)
    more = {"method": "permutation", "headline": False}
    rows = session.add_table("permutation", result.tidy(), **more)
    cells = [
        [
            name_context(row),
            label_metric(str(row["metric"])),
            str(row["term"]),
            show_estimate(row, 3, bounded=is_bounded(str(row["metric"]))),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    headers = ["Context", "Metric", "Difference", "Estimate", "p", "p Holm"]
    session.show_table("Differences tested by swapping predictions within subjects", headers, cells)
    return result


def show_contexts(session: Session, predictions: pd.DataFrame, **options: Any) -> ContextComparison:
    """Print how each model's performance differs between contexts, and add the rows."""
    from exprstats.inference import compare_contexts

    result = compare_contexts(predictions, **options)
    rows = list_records(result.tidy())
    session.tables["context_differences"] = result.tidy()
    session.rows += [name_first(row, f"{row['model']}: {row['term']}") for row in rows]
    cells = [
        [
            str(row["model"]),
            label_metric(str(row["metric"])),
            str(row["term"]),
            show_estimate(row, 3, bounded=is_bounded(str(row["metric"]))),
            show_limits(row, 3, bounded=is_bounded(str(row["metric"]))),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
        if row["headline"]
    ]
    interval = f"{write_level(result.level)} CI"
    headers = ["Model", "Metric", "Contexts", "Estimate", interval, "p", "p Holm"]
    session.show_table("Each model between contexts", headers, cells)
    return result
