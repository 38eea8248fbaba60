"""Which features a fitted model needs, as ``fit`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import Row, name_context, show_estimate, show_limits
from exprstats.cli.majorities import FEWEST_SUBJECTS
from exprstats.numerals import write_level

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.models import Importance, Models

DRAWS = 2000


def show_importance(session: Session, result: Models, *, seed: int) -> None:
    """Print how much the test error rises when features are permuted, and add the rows."""
    from exprstats.models import rate_importance

    counts = [result.design.count(sample, "test")[1] for sample in result.design.samples]
    if max(counts) < FEWEST_SUBJECTS:
        session.warnings.append(
            f"Importance is measured on test subjects, of whom there are {max(counts)}; it needs "
            f"{FEWEST_SUBJECTS}. Collect more subjects."
        )
        return
    found = rate_importance(result, draws=DRAWS, seed=seed)
    rows = [row for row in session.add_table("importance", found.tidy()) if row["headline"]]
    title = f"Importance: rise of the test {found.error} when a feature is permuted"
    single = [row for row in rows if row["term"] == "importance"]
    session.show_table(title, *_list_rises(single, found.level, found.error))
    groups = [row for row in rows if row["term"] == "group_importance"]
    if groups:
        title = "The same of features that correlate and are permuted together"
        session.show_table(title, *_list_rises(groups, found.level, found.error))
    session.say(found.sentence())
    session.add_figure("importance", "draw_importance", found)
    if session.out is not None and result.kind == "forest" and not result.design.classes:
        _trace(session, result, found)


def _trace(session: Session, result: Models, importance: Importance) -> None:
    """Keep how predictions move along the most important features, for the output folder."""
    from exprstats.study.importance import trace_forests

    curves = trace_forests({result.name: result}, {result.name: importance})[result.name]
    session.tables["dependence"] = curves.tidy()
    session.add_figure("dependence", "draw_dependence", curves)


def _list_rises(rows: list[Row], level: float, error: str) -> tuple[list[str], list[list[str]]]:
    bounded = error != "RMSE"
    cells = [
        [
            name_context(row),
            str(row["feature"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
        ]
        for row in rows
    ]
    return ["Context", "Feature", "Rise", f"{write_level(level)} CI"], cells
