"""Whom models were tuned on, and whom their refits draw, as texts name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.report.pieces import Pieces

if TYPE_CHECKING:
    from exprstats.models import Models


def find_split(pieces: Pieces) -> Models | None:
    """Return models that show the parts of the split: those with validation subjects, if any."""
    models = list(pieces.models.values())
    return next((one for one in models if one.rounds is None), next(iter(models), None))


def name_tuning(models: Models | None, pieces: Pieces) -> str:
    """Return on whom a model's settings were chosen.

    Folds take in the validation subjects, where other models have some.
    """
    if models is None or models.rounds is None:
        return "on the validation subjects"
    split = find_split(pieces)
    apart = split is not None and split.rounds is None
    return f"in {models.rounds.describe('training and validation' if apart else 'training')}"


def name_resampled(model: str, pieces: Pieces) -> str:
    """Return the parts whose subjects the refits of a model draw."""
    models = pieces.models.get(model)
    split = find_split(pieces)
    if models is None or models.rounds is None or (split is not None and split.rounds is None):
        return "training and validation"
    return "training"
