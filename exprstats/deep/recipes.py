"""Names of the networks, what the papers fix of their training, and the extra they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from exprstats.errors import MissingDependency
from exprstats.options import check_word

NAME_FEATURES = "Name the features of each modality."
NetName = Literal["lstm", "r3d", "i3d", "gated-gru"]
INSTALL = 'pip install "exprstats[deep]"'


def report_absence(error: ImportError) -> MissingDependency:
    """Return the error that names the line which installs the deep extra.

    Examples
    --------
    >>> print(report_absence(ImportError(name="torch")))
    Deep models need the package 'torch', which is not installed. Run: pip install "exprstats[deep]"
    """
    package = (error.name or "torch").partition(".")[0]
    message = f"Deep models need the package '{package}', which is not installed. Run: {INSTALL}"
    return MissingDependency(message)


def require_torch() -> None:
    """Raise `MissingDependency`, which names the line that installs it, where torch is absent."""
    try:
        import torch  # noqa: F401  (asked for, not used here)
    except ImportError as error:
        raise report_absence(error) from error


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained unless a setting says otherwise.

    Attributes
    ----------
    optimiser
        ``"adam"`` or ``"sgd"`` (with momentum .9).
    lr
        Learning rate.
    batch
        Clips in a step.
    epochs
        Passes through the training clips at most.
    step
        After how many epochs the learning rate is divided by 10; 0 for never.
    clip_norm
        The norm to which gradients are cut; 0 for none.
    axes
        What the axes of one clip are.
    """

    optimiser: Literal["adam", "sgd"]
    lr: float
    batch: int
    epochs: int
    step: int
    clip_norm: float
    axes: tuple[str, ...]


_PICTURES = ("colour", "frame", "row", "column")
# The papers fix: learning rate of the LSTM; optimiser, rate, momentum, steps and epochs of I3D;
# optimiser, rate and batch of the gated GRU. All else is our choice.
RECIPES: dict[str, Recipe] = {
    "lstm": Recipe("adam", 0.005, 32, 50, 0, 1.0, ("frame", "feature")),
    "r3d": Recipe("adam", 1e-4, 8, 30, 0, 0.0, _PICTURES),
    "i3d": Recipe("sgd", 1e-4, 8, 30, 7, 0.0, _PICTURES),
    "gated-gru": Recipe("adam", 5e-4, 128, 50, 0, 1.0, ("frame", "feature")),
}


def find_recipe(net: str) -> Recipe:
    """Return the recipe of a network.

    Raises
    ------
    OptionError
        There is no such network; the message has the nearest name.

    Examples
    --------
    >>> find_recipe("lstm").lr
    0.005
    """
    check_word(net, NetName, "net")
    return RECIPES[net]


def describe_settings(model: Any) -> dict[str, Any]:
    """Return the settings of an estimator: of training, and the network's own; defaults too."""
    recipe = find_recipe(model.net)
    usual = {name: getattr(recipe, name) for name in ("lr", "batch", "epochs")}
    given = {name: one for name in usual if (one := getattr(model, name)) is not None}
    more = {name: getattr(model, name) for name in ("patience", "weight_decay")}
    own = {"lstm": {"layers": 2, "hidden": 128}, "gated-gru": {"hidden": 256}}
    return {**usual, **given, **more, **own.get(model.net, {}), **(model.settings or {})}
