"""Weights as ``fit`` prints them, and what resampled subjects say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import Row, index_rows, order_contexts, show_estimate, show_limits
from exprstats.errors import OptionError
from exprstats.numerals import write_level

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.models import Models

FEWEST_DRAWS = 50


def check_draws(model: str, draws: int) -> None:
    """Refuse refits of models without weights, or too few of them."""
    if draws and model != "elastic":
        message = f"--weights-draws {draws} needs --model elastic; a forest has no weights."
        raise OptionError(message)
    if 0 < draws < FEWEST_DRAWS:
        message = f"--weights-draws {draws} is too few; ask for {FEWEST_DRAWS}, better 500."
        raise OptionError(message)


def show_stability(session: Session, result: Models, *, draws: int, seed: int, n_jobs: int) -> None:
    """Print weights with intervals over refits to resampled subjects, in place of their rows."""
    from exprstats.models import report_weights

    weights = report_weights(result, draws=draws, seed=seed, n_jobs=n_jobs)
    session.rows = [row for row in session.rows if row["term"] != "weight"]
    rows = session.add_table("weights", weights.tidy())
    found = index_rows([row for row in rows if row["headline"]], "context", "feature", "term")
    cells = [
        [
            context,
            feature,
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
            show_estimate(found.get((context, feature, "selected"))),
            show_estimate(found.get((context, feature, "same_sign"))),
            show_estimate(found.get((context, feature, "notable"))),
        ]
        for (context, feature, term), row in found.items()
        if term == "weight"
    ]
    interval = f"{write_level(weights.level)} CI"
    headers = ["Context", "Feature", "Weight", interval, "Selected", "Same sign", "|w| ≥ .2"]
    session.show_table(f"Weights over {draws:,} refits to resampled subjects", headers, cells)
    session.say(weights.sentence())


def list_weights(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells: a line a feature, a column a context."""
    weights = [row for row in rows if row["term"] == "weight"]
    found = index_rows(weights, "context", "feature")
    contexts = order_contexts(weights)
    features = dict.fromkeys(str(row["feature"]) for row in weights)
    cells = [
        [feature, *(show_estimate(found.get((c, feature)), bounded=False) for c in contexts)]
        for feature in features
    ]
    return ["Feature", *contexts], cells
