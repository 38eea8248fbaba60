"""Predicted classes, as ``compare`` reads them: which metrics suit, and how often each is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from exprstats.errors import OptionError
from exprstats.numerals import write_count
from exprstats.words import MetricName

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session

# Metrics of classes that need no one class to be the one of interest.
LABEL_METRICS = ("accuracy", "uar", "macro_f1", "kappa")
NUMBER_METRICS = ("rmse", "correlation")


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
