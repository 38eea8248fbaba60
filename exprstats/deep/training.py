"""The training loop of the deep comparators: batches, early stopping and reproducible draws."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.deep.recipes import find_recipe, report_absence
from exprstats.deep.sequences import Taker, Variation
from exprstats.errors import DataError, FitError, Option, OptionError, Problem
from exprstats.options import name_some
from exprstats.parallel import report_progress

try:
    import torch
except ImportError as error:
    raise report_absence(error) from error

from torch import nn

if TYPE_CHECKING:
    from exprstats.deep.checkpoints import Checkpoint

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How one network is trained.

    Attributes
    ----------
    optimiser
        ``"adam"`` or ``"sgd"``, the latter with momentum .9.
    lr, weight_decay
        Learning rate, and the weight of the squared weights in each step.
    batch
        Clips in a step.
    epochs, patience
        Passes at most, and passes without improvement on held-out clips before training stops.
    step
        After how many epochs the learning rate is divided by 10; 0 for never.
    clip_norm
        The norm to which gradients are cut; 0 for none.
    freeze_norm
        Whether batch norms keep their means and variances.
    steps
        Steps in all, after which training ends within an epoch; 0 for none.
    """

    optimiser: str
    lr: float
    weight_decay: float
    batch: int
    epochs: int
    patience: int
    step: int
    clip_norm: float
    freeze_norm: bool = False
    steps: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The clips that one network is trained on.

    Attributes
    ----------
    take
        Returns the arrays (m, ...) of the clips at m positions.
    draw
        Returns them as they are trained on, varied by random numbers.
    targets
        (n, ...) targets in the form that the loss takes.
    train, held
        Positions of clips to train on, and of those on which training is stopped (maybe none).
    """

    take: Taker
    draw: Variation
    targets: np.ndarray
    train: np.ndarray
    held: np.ndarray


def find_device(name: str) -> torch.device:
    """Return the device of a name, if it is here; ``"auto"`` is a GPU with CUDA if there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()  # which "meta" cannot, as it holds no numbers
    # A torch built without CUDA fails an assertion; a device without numbers is not implemented.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        message = (f"device '{name}' is not at hand. Use ", Option("device", "auto"), ".")
        raise OptionError(*message, option="device") from error
    return device


@contextmanager
def fork_random(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from a seed inside the block, and leave the global random numbers as they were."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def limit_torch(net: str) -> Iterator[None]:
    """Run recurrent networks on one thread, and leave the number of threads as it was.

    Their steps are small: a second core gains a third, but threads that wait for each other on a
    busy machine cost twenty times as much. One thread also gives the same bits whatever the
    number of cores; processors of another kind round differently.
    """
    threads = torch.get_num_threads()
    if "feature" in find_recipe(net).axes:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def train_net(
    net: nn.Module,
    material: Material,
    loss: Loss,
    plan: TrainingPlan,
    *,
    seed: int,
    watch: Callable[[int], dict[str, float]] | None = None,
    store: Checkpoint | None = None,
) -> pd.DataFrame:
    """Train a network in place, on the device where it is, and return one row an epoch.

    Where clips are held out, the network ends with the weights of the epoch in which their loss was
    lowest (``best``); else with the last ones. ``seed`` is that of the order of clips; dropout
    draws from the random numbers around. ``watch`` is called after every step with its number, from
    0 on; rows are steps then, to which what it returns is added. ``store`` keeps the state after
    each epoch; training goes on from the state that it holds. A loss that is not finite is a
    FitError.
    """
    optimiser = _open_optimiser(net, plan)
    # The order of clips does not depend on variations.
    draws = {"order": np.random.default_rng(seed), "variations": np.random.default_rng([seed, 1])}
    known = None if store is None else store.read(net, optimiser, draws)
    so_far = known or {"rows": [], "best": np.inf, "kept": None, "taken": 0}
    rows: list[dict[str, Any]] = so_far["rows"]
    steps = [] if watch is None else [{"iteration": 0, "loss": np.nan, **watch(0)}]
    for epoch in range(len(rows) + 1, plan.epochs + 1):
        kept = so_far["kept"]
        if kept is not None and epoch - 1 - kept[0] >= plan.patience:
            break
        if plan.step:
            optimiser.param_groups[0]["lr"] = plan.lr * 0.1 ** ((epoch - 1) // plan.step)
        report_progress("Training", epoch - 1, plan.epochs)
        batches = split_batches(draws["order"].permutation(material.train), plan.batch)
        batches = batches[: plan.steps - so_far["taken"]] if plan.steps else batches
        if not batches:
            break
        losses = []
        for batch in batches:
            pair = material.draw(batch, draws["variations"]), material.targets[batch]
            losses.append(_step(net, optimiser, pair, loss, plan))
            if watch is not None:
                found = watch(len(steps))
                steps.append({"iteration": len(steps), "loss": losses[-1], **found})
        so_far["taken"] += len(batches)
        held = measure_loss(net, material, loss, plan.batch) if len(material.held) else np.nan
        mean = float(np.average(losses, weights=list(map(len, batches))))
        lr = optimiser.param_groups[0]["lr"]
        rows.append({"epoch": epoch, "lr": lr, "loss_train": mean, "loss_validate": held})
        if held < so_far["best"]:
            so_far |= {"best": held, "kept": (epoch, copy.deepcopy(net.state_dict()))}
        if store is not None:
            store.write(net, optimiser, draws, so_far)
    report_progress("Training", plan.epochs, plan.epochs)
    return _end_training(net, rows, steps, so_far["kept"])


def _end_training(
    net: nn.Module,
    rows: list[dict[str, Any]],
    steps: list[dict[str, Any]],
    kept: tuple[int, dict[str, torch.Tensor]] | None,
) -> pd.DataFrame:
    """Give the network the weights that were kept, and return its history."""
    if kept is not None:
        net.load_state_dict(kept[1])
    if steps:
        return pd.DataFrame(steps)
    chosen = rows[-1]["epoch"] if kept is None else kept[0]
    return pd.DataFrame(rows).assign(best=lambda table: table["epoch"] == chosen)


def _open_optimiser(net: nn.Module, plan: TrainingPlan) -> torch.optim.Optimizer:
    weights, lr, decay = net.parameters(), plan.lr, plan.weight_decay
    if plan.optimiser == "sgd":
        return torch.optim.SGD(weights, lr, momentum=0.9, weight_decay=decay)
    return torch.optim.Adam(weights, lr, weight_decay=decay)


def _step(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    pair: tuple[np.ndarray, np.ndarray],
    loss: Loss,
    plan: TrainingPlan,
) -> float:
    net.train()
    if plan.freeze_norm:
        for module in net.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
    device = next(net.parameters()).device
    clips, targets = pair
    value = loss(_forward(net, clips, device), torch.from_numpy(targets).to(device))
    if not torch.isfinite(value):
        message = ("training diverged: the loss is no longer finite. Use a smaller ", Option("lr"))
        raise FitError(*message, ".")
    optimiser.zero_grad()
    value.backward()
    if plan.clip_norm:
        nn.utils.clip_grad_norm_(net.parameters(), plan.clip_norm)
    optimiser.step()
    return float(value.detach())


def _forward(net: nn.Module, clips: np.ndarray, device: torch.device) -> torch.Tensor:
    inputs = torch.from_numpy(clips).to(device)
    # Half precision serves on the GPU only; on the CPU it is slower and differs between machines.
    with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
        return net(inputs).float()


def split_batches(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Return positions in batches of nearly equal size, none of one clip if that can be avoided.

    Batch norms of vectors have no variance in a batch of one.

    Examples
    --------
    >>> [len(batch) for batch in split_batches(np.arange(9), 4)]
    [3, 3, 3]
    >>> [len(batch) for batch in split_batches(np.arange(5), 2)]
    [3, 2]
    """
    pieces = -(-len(order) // size)
    while size > 1 and pieces > 1 and len(order) // pieces < 2:
        pieces -= 1
    return np.array_split(order, max(pieces, 1))


def measure_loss(net: nn.Module, material: Material, loss: Loss, batch: int) -> float:
    """Return the mean loss of the clips that are held out."""
    outputs = torch.from_numpy(run_net(net, material.take, material.held, batch))
    return float(loss(outputs, torch.from_numpy(material.targets[material.held])))


def run_net(net: nn.Module, take: Taker, rows: np.ndarray, batch: int) -> np.ndarray:
    """Return outputs (m, k) of the clips at m positions, without dropout."""
    net.eval()
    device = next(net.parameters()).device
    with torch.inference_mode():
        pieces = [
            _forward(net, take(piece), device).cpu().numpy()
            for piece in np.array_split(rows, -(-len(rows) // batch))
        ]
    return np.concatenate(pieces)


def check_targets(y: Any, count: int, names: Sequence[str] = ()) -> np.ndarray:
    """Return targets (n,) or (n, k), one row per clip; nothing is broadcast.

    Columns of a table are taken in the order of ``names``, where these are known.
    """
    if isinstance(y, pd.DataFrame) and len(names):
        absent = [name for name in names if name not in y]
        if absent:
            fact = f"targets lack {name_some(absent)}."
            raise DataError(Problem(fact, "Give the targets of the fit."))
        y = y[list(names)]
    targets = np.asarray(y)
    if targets.ndim in {1, 2} and len(targets) == count:
        return targets
    fact = f"targets have shape {targets.shape}; there are {count:,} clips."
    raise DataError(Problem(fact, "Give one target, or one row of targets, for each clip."))
