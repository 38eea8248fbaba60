"""Local files of weights, read without running any code they hold.

Nothing is downloaded: the user names a file. A pickle can run code when it is opened, so that files
of PyTorch are opened by its reader for numbers only, which refuses everything else.
"""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things
from exprstats.deep.recipes import report_absence
from exprstats.errors import NO_FILE, DataError, Problem
from exprstats.options import name_some

if TYPE_CHECKING:
    from torch import Tensor, nn

# Under these keys, training scripts store weights beside other things.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "weights")
_SAFE = "Ask its author for a .safetensors file, which holds numbers only."


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the weights of a file by name, without the prefix ``module.``.

    Parameters
    ----------
    path
        A ``.safetensors`` file, or what ``torch.save`` wrote of a state dictionary, also in the old
        form, and also inside a dictionary under ``state_dict`` or ``model``.

    Raises
    ------
    DataError
        There is no such file, it holds objects that are not numbers, or it is damaged.
    MissingDependency
        torch or safetensors is not installed.

    Examples
    --------
    >>> import tempfile, torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"module.fc.bias": torch.zeros(2)}, f"{folder}/weights.pt")
    ...     read_weights(f"{folder}/weights.pt")
    {'fc.bias': tensor([0., 0.])}
    """
    path = Path(path)
    if not path.is_file():
        remedy = "Weights are read from local files only; nothing is downloaded."
        raise DataError(Problem(NO_FILE, remedy, file=str(path)))
    read = _read_safetensors if path.suffix.lower() == ".safetensors" else _read_pickle
    held = read(path)
    if isinstance(held, dict):
        inner = [held[name] for name in _WRAPPERS if isinstance(held.get(name), dict)]
        held = inner[0] if inner else held
    return _check_numbers(held, path)


def _read_safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise report_absence(error) from error
    try:
        return load_file(path)
    except (SafetensorError, ValueError, OSError) as error:
        fact = f"it cannot be read as safetensors ({_shorten(error)})."
        raise DataError(Problem(fact, "Fetch the file again.", file=str(path))) from error


def _read_pickle(path: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise report_absence(error) from error
    try:
        with warnings.catch_warnings():
            # PyTorch notes pickle protocols that its reader may not know; it refuses those anyway.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        fact = "it holds objects that are not weights, which could run code; it was not opened."
        raise DataError(Problem(fact, _SAFE, file=str(path))) from error
    except (RuntimeError, ValueError, EOFError, OSError, LookupError, TypeError) as error:
        fact = f"it cannot be read as PyTorch weights ({_shorten(error)})."
        raise DataError(Problem(fact, "Fetch the file again.", file=str(path))) from error


def _shorten(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:120].rstrip(".")


def _check_numbers(held: Any, path: Path) -> dict[str, Tensor]:
    import torch

    if not isinstance(held, dict) or not held:
        fact = f"it holds {type(held).__name__}, not weights by name."
        remedy = "Save the state dictionary: torch.save(net.state_dict(), file)."
        raise DataError(Problem(fact, remedy, file=str(path)))
    alien = [name for name, value in held.items() if not isinstance(value, torch.Tensor)]
    if alien:
        fact = f"{name_some(alien)}: not weights."
        remedy = "Save the state dictionary: torch.save(net.state_dict(), file)."
        raise DataError(Problem(fact, remedy, file=str(path)))
    return {str(name).removeprefix("module."): value for name, value in held.items()}


def load_weights(net: nn.Module, path: str | Path) -> tuple[str, ...]:
    """Put the weights of a file into a network; only its head may differ.

    Parameters
    ----------
    net
        One of the networks of `exprstats.deep.nets`; its ``head`` names the last layer.
    path
        As in `read_weights`.

    Returns
    -------
    tuple of str
        Entries of the head that the file lacks or has in another shape, which keep their initial
        values; empty where the whole file fits.

    Raises
    ------
    DataError
        Anything beside the head is absent, unknown or of another shape. Old files lack the counters
        ``num_batches_tracked``, which play no part, and are taken.

    Examples
    --------
    >>> import tempfile, torch
    >>> from exprstats.deep.nets import OpenFaceLSTM
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save(OpenFaceLSTM(11, 3).state_dict(), f"{folder}/eleven.pt")
    ...     load_weights(OpenFaceLSTM(1, 3), f"{folder}/eleven.pt")
    ('output.weight', 'output.bias')
    """
    held, own = read_weights(path), net.state_dict()
    heads: tuple[str, ...] = tuple(f"{name}." for name in getattr(net, "head", ()))
    body = [name for name in own if not name.startswith(heads)]
    absent = [
        name for name in body if name not in held and not name.endswith("num_batches_tracked")
    ]
    spare = [name for name in held if name not in own and not name.startswith(heads)]
    other = [name for name in body if name in held and held[name].shape != own[name].shape]
    problems = [
        Problem(f"{count_things(len(names), 'entry', 'entries')} {what}: {name_some(names)}.")
        for names, what in ((absent, "absent"), (spare, "unknown"), (other, "of another shape"))
        if names
    ]
    if problems:
        kind = type(net).__name__
        fact = f"these are not weights of {kind}: " + " ".join(str(one.fact) for one in problems)
        remedy = f"Give a file of {kind}; only its last layer ({', '.join(heads)}) may differ."
        raise DataError(Problem(fact, remedy.replace(".,", ",").replace(".)", ")"), file=str(path)))
    fresh = tuple(
        name
        for name in own
        if name not in body and (name not in held or held[name].shape != own[name].shape)
    )
    kept = {name: value for name, value in held.items() if name in own and name not in fresh}
    net.load_state_dict(kept, strict=False)
    return fresh
