"""The contract of deep comparators: fitting, prediction, adaptation and files.

Clips that stop training early show nobody who is trained on. On one kind of CPU the same data,
settings, seed and number of threads give the same bits; on another kind, which rounds differently,
the network differs about as with another seed. CPU and GPU differ more: the GPU calculates in half
precision, and its gradient of pooling has no fixed order. Results on a GPU have not been measured.
"""

from __future__ import annotations

import copy
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from exprstats.deep.recipes import NAME_FEATURES, NetName, find_recipe, require_torch
from exprstats.deep.sequences import (
    Clips,
    Loader,
    Taker,
    Variation,
    hold_people,
    measure_levels,
    open_clips,
)
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import check_count, is_positive

if TYPE_CHECKING:
    import torch

    from exprstats.deep.training import TrainingPlan

Model = TypeVar("Model", bound="DeepModel")


class DeepModel(BaseEstimator, ABC):
    """A deep comparator of some kind; use `DeepRegressor`, `DeepClassifier` or `DeepMultilabel`.

    Parameters
    ----------
    net
        ``"lstm"`` and ``"gated-gru"`` take clips (n, frames, features), ``"r3d"`` and ``"i3d"``
        take RGB clips (n, 3, frames, height, width).
    settings
        Settings of the network, such as ``{"layers": 1, "hidden": 64}``; see `exprstats.deep.nets`.
        A gated GRU has one modality of 256 units unless ``sizes`` and ``hidden`` name others.
    weights
        A local file of weights to start from; its last layer may have another size.
    lr, batch, epochs
        Learning rate, clips in a step, and passes through the data at most; None takes the paper's.
    patience
        Passes without improvement on the held-out people before training stops.
    validation
        Share of people (clips, without groups) held out to stop training; 0 trains all ``epochs``.
    weight_decay
        Weight of the squared weights.
    rescale
        Standardize features by all frames that are trained on, so that levels in which clips differ
        stay; takes the place of the LSTM's standardising within each clip.
    augment
        Of pictures: ``{"crop": 224, "brightness": 0.2}`` trains on random squares of 224 pixels, as
        much as 20% darker or brighter, and predicts from the square in the middle.
    load
        Where X is a table of clips: returns the array of a row, so that memory stays bounded.
    device
        ``"auto"`` (the GPU where CUDA is at hand), ``"cpu"`` or ``"cuda"``.
    random_state
        Of initial weights, order, dropout and the people held out.

    Attributes
    ----------
    net_, history_
        The network; its epochs.
    held_out_, trained_on_, targets_, adapted_to_
        Groups that stopped training, those trained on, columns of y, and the person of a copy.
    n_parameters_, seconds_, device_
        Numbers trained, wall time, and where it ran.
    """

    targets_: tuple[str, ...] = ()
    adapted_to_: str | None = None
    _experts = 2  # of each label in a gated GRU, beside the dummy; 0 for a linear head

    def __init__(
        self,
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
        self.net = net
        self.settings = settings
        self.weights = weights
        self.lr = lr
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.weight_decay = weight_decay
        self.rescale = rescale
        self.augment = augment
        self.load = load
        self.device = device
        self.random_state = random_state

    def fit(
        self,
        X: Clips,
        y: Any,
        groups: Any = None,
        *,
        held_out: np.ndarray | None = None,
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X
            Clips (n, ...), or a table of n clips where ``load`` is set.
        y
            Targets (n,) or (n, k); of a table the columns are kept as ``targets_``.
        groups
            The person of each clip (n,). Without them a clip that stops training may show a person
            who is trained on, and training stops too late; a warning says so.
        held_out
            Which clips (n,) stop training, in place of a random share of the people.
        checkpoint
            A file that is written after each epoch; a fit that was stopped goes on from it.

        Returns
        -------
        DeepModel
            Itself.

        Raises
        ------
        DataError
            Lengths differ, values are missing, too few people, or a person on both sides.
        OptionError
            A setting outside its range.
        FitError
            Training diverged.
        MissingDependency
            torch is not installed.
        """
        require_torch()
        from exprstats.deep import training
        from exprstats.deep.checkpoints import open_checkpoint

        plan = self._plan()
        take, count, shape = open_clips(X, net=self.net, load=self.load)
        self.targets_ = tuple(getattr(y, "columns", ()))
        targets, outputs = self._learn_targets(training.check_targets(y, count))
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        share, seed = self.validation, self.seed_
        train, held, self.held_out_ = hold_people(count, groups, held_out, share=share, seed=seed)
        self.trained_on_ = np.unique([] if groups is None else np.asarray(groups)[train])
        targets = self._centre(targets, train)
        self._learn_levels(take, train, plan.batch)
        device = training.find_device(self.device)
        started = time.perf_counter()
        with training.fork_random(self.seed_, device), training.limit_torch(self.net):
            net = self._build(outputs, shape)
            if self.weights is not None:
                from exprstats.deep.weights import load_weights

                load_weights(net, self.weights)
            self.net_ = net.to(device)
            material = training.Material(*self._vary(take), targets, train, held)
            store = open_checkpoint(checkpoint, self, material)
            told: dict[str, Any] = {"seed": self.seed_, "store": store}
            self.history_ = training.train_net(self.net_, material, self._loss, plan, **told)
        self.seconds_ = time.perf_counter() - started
        self.device_, self.shape_, self.outputs_ = str(device), shape, outputs
        self.n_parameters_ = sum(weights.numel() for weights in self.net_.parameters())
        return self

    def adapt(
        self,
        X: Clips,
        y: Any,
        *,
        epochs: int = 1,
        batch: int = 3,
        iterations: int | None = None,
        lr: float | None = None,
        freeze_norm: bool = True,
        watch: Callable[[Self], dict[str, float]] | None = None,
    ) -> Self:
        """Return a copy that is trained further, on clips of a new person for instance.

        Parameters
        ----------
        X, y
            Clips and targets, all of which are trained on; classes are those of the fit.
        epochs, batch, lr
            Passes, clips in a step (three in the paper), and learning rate (None for the fit's).
        iterations
            Steps in all, in place of ``epochs``.
        freeze_norm
            Keep means and variances of batch norms, which a few clips cannot estimate.
        watch
            Called with the copy before the first and after every step; the numbers it returns stand
            in ``history_``, one row a step.

        Returns
        -------
        DeepModel
            The copy; this model stays as it is.

        Raises
        ------
        DataError, FitError, OptionError
            As `fit`.
        """
        check_is_fitted(self, "net_")
        from exprstats.deep import training

        check_count(epochs, "epochs")
        check_count(batch, "batch")
        if iterations is not None:
            check_count(iterations, "iterations")
            epochs = iterations  # of one step at least
        tuned = copy.deepcopy(self)
        rate = self._plan().lr if lr is None else lr
        change: dict[str, Any] = {"epochs": epochs, "batch": batch, "lr": rate, "step": 0}
        plan = replace(self._plan(), **change, steps=iterations or 0, freeze_norm=freeze_norm)
        take, count, _ = open_clips(X, net=self.net, load=self.load, shape=self.shape_)
        targets = self._encode(training.check_targets(y, count, self.targets_))
        material = training.Material(*self._vary(take), targets, np.arange(count), np.arange(0))
        follow = None if watch is None else (lambda _: watch(tuned))
        started, device = time.perf_counter(), next(tuned.net_.parameters()).device
        with training.fork_random(self.seed_, device), training.limit_torch(self.net):
            told: dict[str, Any] = {"seed": self.seed_, "watch": follow}
            tuned.history_ = training.train_net(tuned.net_, material, self._loss, plan, **told)
        tuned.seconds_ = time.perf_counter() - started
        return tuned

    def save(self, path: str | Path) -> None:
        """Write weights and settings to one safetensors file, which holds no code.

        Parameters
        ----------
        path
            The file; an existing one is replaced. Settings stand as JSON in its header. ``load`` is
            a function and is not stored: give it to `open` again.

        Raises
        ------
        OptionError
            The file cannot be written.
        """
        check_is_fitted(self, "net_")
        from exprstats.deep.files import write_model

        write_model(self, path)

    @classmethod
    def open(
        cls: type[Model], path: str | Path, *, load: Loader | None = None, device: str = "auto"
    ) -> Model:
        """Read a model that `save` wrote.

        Parameters
        ----------
        path
            The file.
        load, device
            As in the class; files do not hold them.

        Returns
        -------
        DeepModel
            With the same predictions and history.

        Raises
        ------
        DataError
            There is no such file, or it holds something else or a model of another kind.
        """
        require_torch()
        from exprstats.deep.files import read_model

        return read_model(cls, path, load=load, device=device)

    def _plan(self) -> TrainingPlan:
        from exprstats.deep.training import TrainingPlan

        recipe = find_recipe(self.net)
        lr = recipe.lr if self.lr is None else self.lr
        batch = recipe.batch if self.batch is None else self.batch
        epochs = recipe.epochs if self.epochs is None else self.epochs
        if not is_positive(lr):
            raise OptionError(Option("lr"), f" is {lr!r}; it must be a number above 0.")
        check_count(batch, "batch")
        check_count(epochs, "epochs")
        check_count(self.patience, "patience")
        if not 0 <= self.validation < 1:
            message = f"validation is {self.validation!r}; it must be a share from 0 to below 1."
            raise OptionError(message, option="validation")
        return TrainingPlan(
            optimiser=recipe.optimiser,
            lr=float(lr),
            weight_decay=self.weight_decay,
            batch=int(batch),
            epochs=int(epochs),
            patience=int(self.patience),
            step=recipe.step,
            clip_norm=recipe.clip_norm,
        )

    def _vary(self, take: Taker) -> tuple[Taker, Variation]:
        """Return what gives the clips as a network sees them, and as it sees them in training."""
        from exprstats.deep.video.pictures import open_augmentation

        settle, vary = open_augmentation(self.augment, self.net)
        center, scale = getattr(self, "levels_", (0.0, 1.0))

        def level(clips: np.ndarray) -> np.ndarray:
            return clips if not self.rescale else ((clips - center) / scale).astype(np.float32)

        def draw(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            return vary(level(take(rows)), rng)

        return (lambda rows: settle(level(take(rows)))), draw

    def _learn_levels(self, take: Taker, train: np.ndarray, batch: int) -> None:
        """Keep means and SDs of the features over all frames that are trained on."""
        if not self.rescale:
            return
        if "feature" not in find_recipe(self.net).axes:
            raise OptionError(Option("rescale"), f" is for features; '{self.net}' takes pictures.")
        self.levels_ = measure_levels(take, train, batch)

    def _build(self, outputs: int, shape: tuple[int, ...]) -> torch.nn.Module:
        from exprstats.deep import nets

        given = dict(self.settings or {})
        try:
            if self.net == "lstm":
                given = {"standardise": not self.rescale, **given}
                return nets.OpenFaceLSTM(outputs, shape[-1], **given)
            if self.net == "gated-gru":
                sizes = given.get("sizes", (shape[-1],))
                usual = {"sizes": sizes, "hidden": (256,) * len(sizes), "experts": self._experts}
                given = {**usual, **given}
                if sum(given["sizes"]) != shape[-1]:
                    fact = f"sizes sum to {sum(given['sizes'])}; clips have {shape[-1]} features."
                    raise DataError(Problem(fact, NAME_FEATURES))
                return nets.GatedGRU(outputs, **given)
            kinds: dict[str, Any] = {"r3d": nets.R3D18, "i3d": nets.I3D}
            return kinds[self.net](outputs, **given)
        except TypeError as error:
            message = f"settings {given!r} do not fit '{self.net}': {error}."
            raise OptionError(message, option="settings") from error

    def _run(self, X: Clips) -> np.ndarray:
        check_is_fitted(self, "net_")
        from exprstats.deep.training import limit_torch, run_net

        take, count, _ = open_clips(X, net=self.net, load=self.load, shape=self.shape_)
        take, rows = self._vary(take)[0], np.arange(count)
        with limit_torch(self.net):
            return run_net(self.net_, take, rows, self._plan().batch).astype(float)

    @abstractmethod
    def _learn_targets(self, y: np.ndarray) -> tuple[np.ndarray, int]:
        """Return targets as the loss takes them, and the number of outputs; learn their scale."""

    @abstractmethod
    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Return further targets in the form of those that were fitted."""

    def _centre(self, targets: np.ndarray, train: np.ndarray) -> np.ndarray:
        return targets

    @abstractmethod
    def _loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss of outputs (m, k)."""
