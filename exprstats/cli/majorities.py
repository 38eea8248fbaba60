"""A forest of classes beside always guessing the most frequent one, as ``fit`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    collect_notes,
    index_rows,
    list_records,
    order_contexts,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.cli.confusions import list_counts, show_confusions
from exprstats.cli.labels import LABEL_METRICS
from exprstats.cli.metrics import name_methods
from exprstats.numerals import count_things, write_level

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.inference import Comparison
    from exprstats.models import Models


FEWEST_SUBJECTS = 3


def show_classes(session: Session, result: Models, *, seed: int, n_jobs: int) -> None:
    """Print class counts, test metrics beside the majority class, and confusions."""
    from exprstats.models import tally_classes

    counts = tally_classes(result)
    session.tables["classes"] = counts
    rows = list_records(counts)
    session.show_table("Clips (subjects) of each class", *list_counts(rows))
    comparison = _compare(session, result, seed=seed, n_jobs=n_jobs)
    if comparison is not None:
        _show_metrics(session, result, comparison)
    show_confusions(session, result)


def _compare(session: Session, result: Models, **options: Any) -> Comparison | None:
    """Return the model beside the majority class, or None where test subjects are too few."""
    from exprstats.inference import compare_models
    from exprstats.models import guess_majority, stack_predictions

    few = [
        (sample.label, result.design.count(sample, "test")[1])
        for sample in result.design.samples
        if result.design.count(sample, "test")[1] < FEWEST_SUBJECTS
    ]
    if few:
        label, count = few[0]
        session.warnings.append(
            f"{label}: {count_things(count, 'test subject is', 'test subjects are')} too few for "
            f"intervals, which need {FEWEST_SUBJECTS}. Test scores stand without."
        )
        return None
    apart = len(result.design.samples) > 1
    both = stack_predictions(result, guess_majority(result.predictions))
    return compare_models(
        both,
        metrics=list(LABEL_METRICS),
        against=result.name,
        by="context" if apart else None,
        **options,
    )


def _show_metrics(session: Session, result: Models, comparison: Comparison) -> None:
    table = comparison.tidy()
    session.tables["performance"] = table
    session.add_figure("figure3_performance", "draw_performance", comparison)
    renamed = table.drop(columns="term").rename(columns={"metric": "term"}).assign(part="test")
    kept = [row for row in session.rows if row["part"] != "test"]
    session.rows = [*kept, *list_records(renamed)]
    rows = list_records(table, headline=True)
    title = "Test subjects: the forest, and always guessing the most frequent class"
    session.show_table(title, *_list_metrics(rows, result.name, comparison.level))
    methods = name_methods(rows, "test subjects")
    session.say(f"Intervals and p: {methods}. p of the differences is not adjusted.")
    session.show_points("Notes on the intervals", collect_notes(rows))


def _list_metrics(rows: list[Row], model: str, level: float) -> tuple[list[str], list[list[str]]]:
    from exprstats.inference import list_metrics

    labels = list_metrics()
    found = index_rows(rows, "context", "metric", "term")
    cells = []
    for context in order_contexts(rows):
        for metric in LABEL_METRICS:
            own, most, apart = (
                found.get((context, metric, term))
                for term in (model, "majority", f"{model} - majority")
            )
            label = labels[metric].label
            name = f"{label[0].upper()}{label[1:]}" if len(label) > 1 else label
            scores = [show_estimate(own, 3), show_limits(own, 3), show_estimate(most, 3)]
            versus = [show_estimate(apart, 3), show_limits(apart, 3), show_p(apart)]
            cells.append([context, name, *scores, *versus])
    interval = f"{write_level(level)} CI"
    headers = ["Context", "Metric", "Forest", interval, "Majority", "Difference", interval, "p"]
    return headers, cells
