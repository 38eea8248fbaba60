"""What ``fit`` predicts: a quantity or classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.confusions import show_label
from exprstats.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.models import Models
    from exprstats.models.classes import Task

# A target of so few whole numbers may stand for classes.
FEW_VALUES = 7


def settle_target(session: Session, target: pd.Series, model: str, *, classes: bool) -> Task:
    """Return whether classes are predicted: texts, or whole numbers that are called so.

    Raises
    ------
    OptionError
        Classes for a model of numbers.
    """
    from exprstats.models.classes import holds_names

    if not (classes or holds_names(target)):
        session.show_points("Hint", _hint_classes(target, model))
        return "regression"
    held = sorted(target.dropna().unique(), key=str)
    shown = ", ".join(show_label(one) for one in held[:5]) + " ..." * (len(held) > 5)
    require_forest(model, f"column '{target.name}' holds names of {len(held)} classes ({shown})")
    return "classification"


def require_forest(model: str, reason: str) -> None:
    """Refuse classes for a model that predicts numbers."""
    if model != "forest":
        message = f"{reason}: --model {model} predicts numbers. Add --model forest."
        raise OptionError(message)


def require_numbers(task: Task) -> None:
    """Refuse classes where a split by clips is compared."""
    if task == "classification":
        message = "--leakage compares RMSE and r, which classes do not have. Leave it out."
        raise OptionError(message)


def _hint_classes(target: pd.Series, model: str) -> list[str]:
    values = sorted(target.dropna().unique().tolist())
    if not 2 <= len(values) <= FEW_VALUES or not all(float(one).is_integer() for one in values):
        return []
    shown = ", ".join(f"{one:g}" for one in values)
    forest = "" if model == "forest" else "--model forest "
    return [
        f"'{target.name}' holds {len(values)} whole numbers ({shown}) and is predicted as a "
        f"quantity. If they are codes of classes, use {forest}--classes."
    ]


def name_predictions(result: Models) -> pd.DataFrame:
    """Return predictions for a file: classes by their names, or codes without decimals."""
    predictions = result.predictions
    if not result.design.classes:
        return predictions
    if "truth_class" not in predictions:
        return predictions.astype({"truth": int, "prediction": int})
    columns = {name: predictions[f"{name}_class"] for name in ("truth", "prediction")}
    return predictions.drop(columns=["truth_class", "prediction_class"]).assign(**columns)
