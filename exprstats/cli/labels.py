"""What ``fit`` and ``compare`` print where classes are predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from exprstats.cli.cells import (
    Row,
    collect_notes,
    index_rows,
    list_records,
    name_context,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.errors import OptionError
from exprstats.numerals import MISSING, count_things, write_count, write_level, write_number
from exprstats.words import MetricName

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.inference import Comparison
    from exprstats.models import Models

_COUNTED = ("context", "class", "part")
# Metrics of classes that need no one class to be the one of interest.
LABEL_METRICS = ("accuracy", "uar", "macro_f1", "kappa")
NUMBER_METRICS = ("rmse", "correlation")
FEWEST_SUBJECTS = 3
_METHODS = {
    "percentile": "2,000 draws of whole test subjects",
    "jackknife": "jackknife-t over test subjects",
}
_PARTS = ("train", "validate", "test")


def settle_metrics(asked: list[str] | None, predictions: pd.DataFrame) -> list[str]:
    """Return the metrics asked for, or those that suit the predictions.

    Raises
    ------
    OptionError
        A metric of numbers, or of a class called 1, for predictions that are names.
    """
    named = "truth_class" in predictions
    if asked is None:
        return list(LABEL_METRICS if named else NUMBER_METRICS)
    known = set(get_args(MetricName)) - set(LABEL_METRICS)
    wrong = [name for name in asked if named and name in known]
    if wrong:
        classes = list_names(predictions)
        message = (
            f"--metric {wrong[0]} needs numbers, but these are names of classes: "
            f"{', '.join(classes[:5])}{' ...' * (len(classes) > 5)}. "
            f"Use {', '.join(LABEL_METRICS)}, or write 1 for one class and 0 for all others."
        )
        raise OptionError(message)
    return asked


def list_names(predictions: pd.DataFrame) -> list[str]:
    """Return the names of the classes that are true or predicted somewhere, in order."""
    columns = (predictions[name].dropna() for name in ("truth_class", "prediction_class"))
    return sorted({str(one) for column in columns for one in column.unique()})


def show_predicted(session: Session, predictions: pd.DataFrame) -> None:
    """Print how often each class is true, and how often each model predicts it."""
    if "truth_class" not in predictions:
        return
    if "fitted_on" in predictions and predictions["fitted_on"].eq("all").any():
        predictions = predictions[predictions["fitted_on"] == "all"]
    models = [str(one) for one in predictions["model"].unique()]
    first = predictions[predictions["model"] == models[0]]
    cells = []
    for label in list_names(predictions):
        true = first[first["truth_class"] == label]
        counts = [
            int(predictions.query("model == @model")["prediction_class"].eq(label).sum())
            for model in models
        ]
        cells.append([label, write_count(len(true)), *map(write_count, counts)])
    headers = ["Class", "True", *(f"By {model}" for model in models)]
    session.show_table("Clips of each class", headers, cells)


def show_classes(session: Session, result: Models, *, seed: int, n_jobs: int) -> None:
    """Print class counts, test metrics beside the majority class, and confusions."""
    from exprstats.models import tally_classes

    counts = tally_classes(result)
    session.tables["classes"] = counts
    rows = list_records(counts)
    session.show_table("Clips (subjects) of each class", *_list_counts(rows))
    comparison = _compare(session, result, seed=seed, n_jobs=n_jobs)
    if comparison is not None:
        _show_metrics(session, result, comparison)
    _show_confusions(session, result)


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
    methods = sorted({_METHODS.get(str(row["method"]), str(row["method"])) for row in rows})
    session.say(f"Intervals and p: {'; '.join(methods)}. p of the differences is not adjusted.")
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


def _list_counts(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
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


def _show_confusions(session: Session, result: Models) -> None:
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
