"""Unfinished training on disk, from which a stopped run goes on to the same last bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exprstats.deep.recipes import report_absence
from exprstats.errors import OptionError, warn_user

try:
    import torch
except ImportError as error:
    raise report_absence(error) from error

from torch import nn

if TYPE_CHECKING:
    from exprstats.deep.model import DeepModel
    from exprstats.deep.training import Material

FORMAT = "exprstats checkpoint 1"


class Checkpoint:
    """The state of one training after each epoch: weights, optimiser, draws and losses.

    The file is written after every epoch and replaced as a whole; ``about`` says what is trained on
    what, and the file of another training is not used.
    """

    def __init__(self, path: Path, about: str) -> None:
        self.path = path
        self.about = about

    def write(
        self,
        net: nn.Module,
        optimiser: torch.optim.Optimizer,
        generators: Mapping[str, np.random.Generator],
        progress: dict[str, Any],
    ) -> None:
        """Keep where training is; a file that cannot be written is an OptionError."""
        states = {name: json.dumps(one.bit_generator.state) for name, one in generators.items()}
        held = {
            "format": FORMAT,
            "about": self.about,
            "net": net.state_dict(),
            "optimiser": optimiser.state_dict(),
            "draws": states,
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "progress": progress,
        }
        draft = self.path.with_name(f".{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(held, draft)
            draft.replace(self.path)
        except (OSError, RuntimeError) as error:
            message = f"{self.path} cannot be written ({error}). Choose another place."
            raise OptionError(message, option="checkpoint") from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def read(
        self,
        net: nn.Module,
        optimiser: torch.optim.Optimizer,
        generators: Mapping[str, np.random.Generator],
    ) -> dict[str, Any] | None:
        """Bring everything to where training was, and return its progress; None for a new start.

        The file of another training is replaced, with a warning; one of another program is an
        OptionError.
        """
        if not self.path.is_file():
            return None
        message = (
            f"{self.path} is no unfinished training that exprstats can read, and would be "
            "replaced. Move it elsewhere, or choose another place."
        )
        try:
            held = torch.load(self.path, map_location="cpu", weights_only=True)
            known = held["format"] == FORMAT
            if known and held["about"] == self.about:
                net.load_state_dict(held["net"])
                optimiser.load_state_dict(held["optimiser"])
                for name, one in generators.items():
                    one.bit_generator.state = json.loads(held["draws"][name])
                torch.set_rng_state(held["torch"])
                if held["cuda"] and torch.cuda.is_available():
                    torch.cuda.set_rng_state_all(held["cuda"])
                return held["progress"]
        except Exception as error:  # whatever a file makes of itself
            raise OptionError(message, option="checkpoint") from error
        if not known:
            raise OptionError(message, option="checkpoint")
        told = "is of other data, settings or versions"
        warn_user(f"{self.path} {told}: training starts anew.")
        return None


def open_checkpoint(
    place: str | Path | None, model: DeepModel, material: Material
) -> Checkpoint | None:
    """Return the checkpoint of a training, known by its settings, seed, versions and data.

    Of the clips the first and the last count, since to read all would take as long as an epoch. The
    model's ``seed_`` is drawn; no place, no checkpoint.
    """
    if place is None:
        return None
    settings = {name: str(value) for name, value in model.get_params().items()}
    for name in ("load", "random_state"):
        settings.pop(name)
    told = [type(model).__name__, json.dumps(settings, sort_keys=True), str(model.seed_)]
    digest = hashlib.sha256("\n".join([*told, torch.__version__]).encode())
    ends = material.take(material.train[[0, -1]])
    for array in (material.targets, material.train, material.held, ends):
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return Checkpoint(Path(place), digest.hexdigest())
