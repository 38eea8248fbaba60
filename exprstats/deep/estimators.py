"""Deep regression, deep classification, and deep models of several labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import average_precision_score

from exprstats.apa import count_things
from exprstats.deep.model import DeepModel
from exprstats.deep.recipes import NetName
from exprstats.deep.sequences import LEAVE_OUT, Clips, Loader
from exprstats.errors import DataError, Problem
from exprstats.options import name_some

if TYPE_CHECKING:
    import torch


class DeepRegressor(RegressorMixin, DeepModel):
    """Deep regression by mean squared error.

    Targets are standardised by the clips that are trained on, so that the learning rate does not
    depend on their unit; losses in ``history_`` are in squared SDs. Predictions are in the unit of
    the targets.

    See `exprstats.deep.model.DeepModel` for parameters and attributes.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = rng.normal(size=(60, 10, 3))
    >>> y = clips[:, -1, 0]
    >>> people = np.repeat(range(20), 3)
    >>> model = DeepRegressor(settings={"hidden": 8}, epochs=2, device="cpu", random_state=1)
    >>> model.fit(clips, y, groups=people).predict(clips[:2]).shape
    (2,)
    >>> list(model.history_)
    ['epoch', 'lr', 'loss_train', 'loss_validate', 'best']
    """

    _experts = 0

    def predict(self, X: Clips) -> np.ndarray:
        """Return predictions of the shape that the targets had, (n,) or (n, k)."""
        values = self._run(X) * self.scale_ + self.center_
        return values[:, 0] if self.flat_ else values

    def _learn_targets(self, y: np.ndarray) -> tuple[np.ndarray, int]:
        targets = _check_numbers(y)
        self.flat_ = targets.ndim == 1
        targets = targets.reshape(len(targets), -1)
        return targets, targets.shape[1]

    def _centre(self, targets: np.ndarray, train: np.ndarray) -> np.ndarray:
        self.center_ = targets[train].mean(0)
        spread = targets[train].std(0)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        return self._standardise(targets)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        targets = _check_numbers(y)
        _check_width(targets, 1 if self.flat_ else self.outputs_, flat=self.flat_)
        return self._standardise(targets.reshape(len(targets), -1))

    def _standardise(self, targets: np.ndarray) -> np.ndarray:
        return ((targets - self.center_) / self.scale_).astype(np.float32)

    def _loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        # Both are (n, k): a vector against a column would broadcast to n x n without a word.
        return (outputs - targets).square().mean()


class DeepClassifier(ClassifierMixin, DeepModel):
    """Deep classification by cross entropy.

    Parameters
    ----------
    classes
        All classes in order, also those that these clips lack, so that all fits agree on columns;
        None takes the classes of ``y``.
    net, settings, weights, lr, batch, epochs, patience, validation, weight_decay
        As in `exprstats.deep.model.DeepModel`.
    rescale, augment, load, device, random_state
        As there.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = rng.normal(size=(60, 10, 3))
    >>> y = (clips[:, -1, 0] > 0).astype(int)
    >>> model = DeepClassifier(range(11), epochs=1, device="cpu", random_state=1)
    >>> model.fit(clips, y, groups=np.repeat(range(20), 3)).predict_proba(clips).shape
    (60, 11)
    """

    def __init__(
        self,
        classes: Sequence[Any] | None = range(11),
        net: NetName = "lstm",
        *,
        settings: dict[str, Any] | None = None,
        weights: str | Path | None = None,
        lr: float | None = None,
        batch: int | None = None,
        epochs: int | None = None,
        patience: int = 10,
        validation: float = 0.2,
        weight_decay: float = 0.0,
        rescale: bool = False,
        augment: dict[str, float] | None = None,
        load: Loader | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        super().__init__(
            net,
            settings=settings,
            weights=weights,
            lr=lr,
            batch=batch,
            epochs=epochs,
            patience=patience,
            validation=validation,
            weight_decay=weight_decay,
            rescale=rescale,
            augment=augment,
            load=load,
            device=device,
            random_state=random_state,
        )
        self.classes = classes

    def predict_proba(self, X: Clips) -> np.ndarray:
        """Return the probability (n, K) of each of ``classes_``; rows sum to 1."""
        scores = self._run(X)
        odds = np.exp(scores - scores.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def predict(self, X: Clips) -> np.ndarray:
        """Return the most probable class (n,)."""
        return self.classes_[self._run(X).argmax(1)]

    def _learn_targets(self, y: np.ndarray) -> tuple[np.ndarray, int]:
        self.classes_ = np.unique(y) if self.classes is None else np.asarray(list(self.classes))
        return self._encode(y), len(self.classes_)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        if y.ndim != 1:
            fact = f"classes have shape {y.shape}."
            raise DataError(Problem(fact, "Give one class for each clip: a vector (n,)."))
        codes = {name: code for code, name in enumerate(self.classes_.tolist())}
        labels = y.tolist()
        unknown = [name for name in dict.fromkeys(labels) if name not in codes]
        if unknown:
            fact = f"{name_some(unknown)} not among the classes {name_some(list(codes))}."
            raise DataError(Problem(fact, "Name all classes: classes=[...].", option="classes"))
        return np.array([codes[name] for name in labels], dtype=np.int64)

    def _loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn import functional

        return functional.cross_entropy(outputs, targets)


class DeepMultilabel(DeepModel):
    """Deep models of several labels at once, by the sum of their cross entropies.

    Each label is absent (0) or present (1), whatever the others are.

    See `exprstats.deep.model.DeepModel` for parameters and attributes.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = rng.normal(size=(60, 10, 3))
    >>> y = (clips[:, -1, :2] > 0).astype(int)
    >>> model = DeepMultilabel("gated-gru", epochs=1, device="cpu", random_state=1)
    >>> model.fit(clips, y, groups=np.repeat(range(20), 3)).predict_proba(clips).shape
    (60, 2)
    """

    def predict_proba(self, X: Clips) -> np.ndarray:
        """Return the probability (n, L) of each label."""
        # The logistic function by tanh, which never overflows.
        return (1 + np.tanh(self._run(X) / 2)) / 2

    def predict(self, X: Clips) -> np.ndarray:
        """Return which labels (n, L) are more probable than not, as 0 and 1."""
        return (self.predict_proba(X) >= 0.5).astype(int)

    def score(self, X: Clips, y: Any) -> float:
        """Return mean average precision over the labels that are present in some clips of y."""
        from exprstats.deep.training import check_targets

        truth = _check_marks(check_targets(y, len(X), self.targets_))
        chances = self.predict_proba(X)
        _check_width(truth, chances.shape[1])
        some = truth.any(0)
        if not some.any():
            raise DataError(Problem("no label is present in any clip.", "Check the targets."))
        return float(average_precision_score(truth[:, some], chances[:, some], average="macro"))

    def _learn_targets(self, y: np.ndarray) -> tuple[np.ndarray, int]:
        targets = _check_marks(y)
        return targets, targets.shape[1]

    def _encode(self, y: np.ndarray) -> np.ndarray:
        targets = _check_marks(y)
        _check_width(targets, self.outputs_)
        return targets

    def _loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn import functional

        entropies = functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
        return entropies.sum(1).mean()


def _check_numbers(y: np.ndarray) -> np.ndarray:
    try:
        targets = y.astype(float)
    except (TypeError, ValueError) as error:
        raise DataError(
            Problem("the targets are not numbers.", "DeepClassifier takes names.")
        ) from error
    gaps = targets.size - int(np.isfinite(targets).sum())
    if gaps:
        counted = count_things(gaps, "targets is", "targets are", of=targets.size)
        fact = f"{counted} missing or infinite."
        raise DataError(Problem(fact, LEAVE_OUT))
    return targets


def _check_marks(y: np.ndarray) -> np.ndarray:
    targets = _check_numbers(y).astype(np.float32)
    if targets.ndim != 2 or not np.isin(targets, (0, 1)).all():
        fact = f"labels have shape {y.shape}; they must be a table (clips, labels) of 0 and 1."
        raise DataError(Problem(fact, "Give one column for each label."))
    return targets


def _check_width(targets: np.ndarray, width: int, *, flat: bool = False) -> None:
    found = 1 if targets.ndim == 1 else targets.shape[1]
    if found != width or (targets.ndim == 1) != flat:
        fact = f"targets have shape {targets.shape}; the model was fitted to {width} for each clip."
        raise DataError(Problem(fact, "Give the targets of the fit, in their order."))
