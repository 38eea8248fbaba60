"""Further checks of ``exprstats fit``: nested folds, leakage, majorities and confusions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number
from exprstats.cli.compare import LABEL_METRICS
from exprstats.cli.options import name_methods
from exprstats.document.cells import (
    Row,
    collect_row_notes,
    index_rows,
    list_records,
    name_context,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.fit import Partition
    from exprstats.cli.session import Session
    from exprstats.inference import Comparison
    from exprstats.models import Models
    from exprstats.models.data.classes import Task

_METRICS = ("rmse", "correlation")
REPEATS = 10
FEWEST_SUBJECTS = 3
_COUNTED = ("context", "class", "part")
_PARTS = ("train", "validate", "test")


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
    session.show_points("Notes on the intervals", collect_row_notes(rows))


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
    session.show_points("Notes on the intervals", collect_row_notes(rows))


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


def tell_chance(result: Models) -> str:
    """Return what always guessing the most frequent training class would give."""
    from exprstats.models import tally_classes

    counts = tally_classes(result)
    pooled = counts[counts["context"].isna()]
    train, test = (pooled[pooled["part"] == part] for part in ("train", "test"))
    most = train.sort_values("n_clips", ascending=False, kind="stable")["class"].iloc[0]
    hits, total = test.loc[test["class"] == most, "n_clips"].sum(), test["n_clips"].sum()
    share = write_number(hits / total, bounded=True) if total else MISSING
    return (
        f"Chance level: '{show_label(most)}', the most frequent class in training, is "
        f"{write_count(hits)} of the {write_count(total)} test clips, so that always guessing it "
        f"has an accuracy of {share}."
    )


def show_label(label: Any) -> str:
    """Return a class as people write it: codes without their decimals."""
    return f"{label:g}" if isinstance(label, float) else str(label)


def list_counts(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells: clips (subjects) of each class in each part."""
    found = index_rows([{**row, "class": show_label(row["class"])} for row in rows], *_COUNTED)
    keys = dict.fromkeys((name_context(row), show_label(row["class"])) for row in rows)
    cells = [
        [context, label, *(_show_part(found.get((context, label, part))) for part in _PARTS)]
        for context, label in keys
    ]
    return ["Context", "Class", *(part.capitalize() for part in _PARTS)], cells


def _show_part(row: Row | None) -> str:
    if row is None:
        return MISSING
    return f"{show_count(row, 'n_clips')} ({show_count(row, 'n_clusters')})"


def show_confusions(session: Session, result: Models) -> None:
    """Print what each class of the test clips is taken for, and add the rows."""
    from exprstats.models import cross_classes

    table = cross_classes(result)
    session.tables["confusions"] = table
    rows = list_records(table)
    keys = {"part": "test", "term": "confusion", "model": result.name}
    told = table.rename(columns={"share": "estimate"}).assign(**keys)
    session.rows += list_records(told)
    classes = list(dict.fromkeys(row["truth"] for row in rows))
    labels = [show_label(label) for label in classes]
    cells = []
    for context in order_contexts(rows):
        mine = [row for row in rows if name_context(row) == context]
        found = {(row["truth"], row["prediction"]): row for row in mine}
        for label in classes:
            counts = [show_count(found[label, other], "n_clips") for other in classes]
            cells.append([context, show_label(label), *counts, *_rate(mine, label)])
    headers = ["Context", "True class", *labels, "Recall", "Precision"]
    session.show_table("Test clips: true classes in rows, predicted in columns", headers, cells)


def _rate(rows: list[Row], label: Any) -> list[str]:
    """Return recall and precision of a class."""
    hits = sum(row["n_clips"] for row in rows if row["truth"] == row["prediction"] == label)
    shown = []
    for side in ("truth", "prediction"):
        total = sum(row["n_clips"] for row in rows if row[side] == label)
        shown.append(write_number(hits / total, bounded=True) if total else MISSING)
    return shown
