"""What other splits than the one would show, as ``fit`` prints it: nested folds, and clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    collect_notes,
    index_rows,
    list_records,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
)
from exprstats.cli.metrics import name_methods
from exprstats.numerals import write_level

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.partitions import Partition
    from exprstats.cli.session import Session
    from exprstats.models.classes import Task

_METRICS = ("rmse", "correlation")
REPEATS = 10


def show_nested(
    session: Session,
    clips: pd.DataFrame,
    plan: Partition,
    *,
    seed: int,
    n_jobs: int,
    by: str | None,
    **data: Any,
) -> None:
    """Print how well everybody is predicted by models that were tuned without them.

    Parameters
    ----------
    session, clips, plan
        The session, CLIPS, and how folds are dealt.
    seed, n_jobs
        Of the folds and of the resampling of subjects.
    by, **data
        As `exprstats.models.nest_elastic` takes them.
    """
    from exprstats.inference import compare_models
    from exprstats.models import nest_elastic

    found = nest_elastic(clips, folds=plan.deal(clips, seed), by=by, **data)
    options = {"metrics": list(_METRICS), "by": by, "seed": seed, "n_jobs": n_jobs}
    comparison = compare_models(found.predictions, **options)
    table = comparison.tidy()
    session.tables |= {"nested": found.tidy(), "nested_performance": table}
    renamed = table.drop(columns="term").rename(columns={"metric": "term"}).assign(part="nested")
    session.rows += list_records(renamed)
    rows = list_records(table, headline=True)
    index = index_rows(rows, "context", "metric")
    cells = [_list_cells(context, index) for context in order_contexts(rows)]
    interval = f"{write_level(comparison.level)} CI"
    headers = ["Context", "RMSE", interval, "r", interval, "Subjects", "Clips"]
    session.show_table("Nested cross-validation: everybody is a test subject once", headers, cells)
    session.say(found.sentence())
    methods = name_methods(rows, "subjects")
    session.say(f"Intervals: {methods}; they take the models of the folds as given.")
    session.show_points("Notes on the intervals", collect_notes(rows))


def _list_cells(context: str, index: dict[tuple[str, ...], Row]) -> list[str]:
    cells = [context]
    for name in _METRICS:
        row, bounded = index[context, name], name != "rmse"
        cells += [show_estimate(row, bounded=bounded), show_limits(row, bounded=bounded)]
    row = index[context, "rmse"]
    return [*cells, show_count(row, "n_clusters"), show_count(row, "n_clips")]


def show_leakage(
    session: Session,
    clips: pd.DataFrame,
    model: str,
    task: Task,
    *,
    seed: int,
    n_jobs: int,
    **data: Any,
) -> None:
    """Print what test scores a split by clips would have shown.

    Parameters
    ----------
    session, clips
        The session and CLIPS.
    model, task
        ``"elastic"`` or ``"forest"``, tuned on validation subjects, and what it predicts.
    seed, n_jobs
        Of the splits and forests, and the workers of forests.
    **data
        ``target``, ``features`` and ``by``.
    """
    from exprstats.models import fit_elastic, fit_forest, measure_leakage

    if model == "forest":
        data |= {"n_jobs": n_jobs, "task": task}
    fit = fit_forest if model == "forest" else fit_elastic
    found = measure_leakage(fit, clips, repeats=REPEATS, seed=seed, **data)
    rows = session.add_table("leakage", found.tidy(), part="test")
    index = index_rows(rows, "context", "term", "split")
    cells = [
        [
            context,
            *(
                show_estimate(index[context, term, split], bounded=term != "rmse")
                for term in _METRICS
                for split in ("subjects", "rows")
            ),
        ]
        for context in order_contexts(rows)
    ]
    headers = ["Context", "RMSE by people", "By clips", "r by people", "By clips"]
    session.show_table("What a split by clips would have pretended", headers, cells)
    session.say(found.sentence())
