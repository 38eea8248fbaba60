"""Loadings in print; restrictions, invariance, kinds of scores and resampling on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    index_rows,
    is_absent,
    list_records,
    name_context,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.numerals import MISSING, write_count, write_level, write_number, write_p

INDEPENDENT = "Standard errors and intervals take clips as independent, also those of one person."

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.measurement import Factor, NestedModels, OrderedFactor


def show_ordered(session: Session, table: pd.DataFrame, **options: Any) -> OrderedFactor:
    """Fit ordered items, print loadings and thresholds, and return the fit."""
    from exprstats.measurement import fit_ordered

    result = fit_ordered(table, **options)
    rows = list_records(result.tidy())
    session.rows = rows
    session.tables = {"factor": result.tidy(), "scores": result.scores}
    versions = ", ".join(f"{name} {one}" for name, one in result.receipt.versions.items())
    session.say(f"Computed by lavaan ({versions}): {result.receipt.call}")
    title = "Standardised loadings and residual variances of the responses behind the answers"
    session.show_table(title, *list_loadings(rows, list(result.items), result.level))
    cells = [
        [
            name_context(row),
            str(row["item"]),
            f"{row['category']:g}",
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
        ]
        for row in rows
        if row["term"] == "threshold"
    ]
    interval = f"{write_level(result.level)} CI"
    headers = ["Context", "Item", "Answers up to", "Threshold", interval]
    session.show_table("Thresholds", headers, cells)
    session.say(result.sentence())
    if "subject" in result.scores:
        session.show_points("Notes", [INDEPENDENT])
    return result


def list_loadings(
    rows: list[Row], items: list[str], level: float
) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells of loadings and residuals, one row for each context and item."""
    found = index_rows(rows, "context", "item", "term")
    cells = [
        [
            context,
            item,
            show_estimate(found.get((context, item, "loading"))),
            show_limits(found.get((context, item, "loading"))),
            show_estimate(found.get((context, item, "residual"))),
            show_limits(found.get((context, item, "residual"))),
        ]
        for context in order_contexts(rows)
        for item in items
    ]
    interval = f"{write_level(level)} CI"
    return ["Context", "Item", "Loading", interval, "Residual", interval], cells


def show_restrictions(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print whether items are interchangeable, and add the rows."""
    from exprstats.measurement import compare_restrictions

    result = compare_restrictions(table, **options)
    _show_steps(session, result, "Are the items interchangeable?", "restrictions")


def show_invariance(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print whether contexts are measured alike, and add the rows."""
    from exprstats.measurement import check_invariance

    result = check_invariance(table, **options)
    _show_steps(session, result, "Are contexts measured alike?", "invariance")
    session.say("Scores of different contexts can be compared in size only if scalar holds.")


def _show_steps(session: Session, result: NestedModels, title: str, stem: str) -> None:
    session.tables[stem] = result.steps
    session.rows += result.tidy().to_dict("records")
    cells = [
        [
            name_context(row),
            str(row["model"]),
            write_number(row["chisq"]),
            show_count(row, "df"),
            write_p(row["p_value"]),
            write_number(row["cfi"], 3, bounded=True),
            write_number(row["rmsea"], 3, bounded=True),
            write_number(row["chisq_change"]),
            show_count(row, "df_change"),
            write_p(row["p_change"]),
            write_number(row["cfi_change"], 3, bounded=True),
            write_number(row["rmsea_change"], 3, bounded=True),
        ]
        for row in list_records(result.steps)
    ]
    changes = ["Change χ²", "df", "p", "CFI", "RMSEA"]
    headers = ["Context", "Model", "χ²", "df", "p", "CFI", "RMSEA", *changes]
    session.show_table(title, headers, cells)
    session.say(result.sentence())


def show_score_card(session: Session, factor: Factor, table: pd.DataFrame) -> None:
    """Print what the choice of score changes, and add the rows."""
    from exprstats.measurement import compare_scores

    result = compare_scores(factor, table)
    rows = list_records(result.tidy())
    session.tables["score_card"] = result.tidy()
    session.rows += rows
    cells = [
        [
            name_context(row),
            str(row["term"]).replace("_", " "),
            MISSING if is_absent(row["score"]) else str(row["score"]),
            MISSING if is_absent(row["versus"]) else str(row["versus"]),
            show_estimate(row, 3),
        ]
        for row in rows
    ]
    headers = ["Context", "What", "Score", "Versus", "Estimate"]
    session.show_table("Bartlett, regression and mean scores", headers, cells)
    session.say(result.sentence())


def show_resampling(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print intervals that hold for clips of the same people, and add the rows."""
    from exprstats.measurement import bootstrap_factor

    result = bootstrap_factor(table, **options)
    rows = list_records(result.tidy(), headline=True)
    session.tables["resampling"] = result.tidy()
    session.rows += result.tidy().to_dict("records")
    level = write_level(options["level"])
    scores = [row for row in rows if is_absent(row["versus"])]
    draws = write_count(options["draws"])
    title = f"Over {draws} draws of whole {options['cluster']}s"
    session.show_table(title, *_list_scores(scores, level))
    versus = [row for row in rows if not is_absent(row["versus"])]
    if versus:
        session.show_table("Differences between contexts", *_list_differences(versus, level))
    session.say(result.sentence())


def _list_scores(rows: list[Row], level: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [name_context(row), _name(row), str(row["term"]), show_estimate(row), show_limits(row)]
        for row in rows
    ]
    return ["Context", "Item", "Term", "Estimate", f"{level} CI"], cells


def _list_differences(rows: list[Row], level: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            f"{row['context']} − {row['versus']}",
            _name(row),
            str(row["term"]),
            show_estimate(row),
            show_limits(row),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    return ["Contexts", "Item", "Term", "Difference", f"{level} CI", "p", "p Holm"], cells


def _name(row: Row) -> str:
    return MISSING if is_absent(row["item"]) else str(row["item"])
