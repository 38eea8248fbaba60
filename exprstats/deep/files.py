"""Files of deep models: weights as safetensors, settings as JSON in the header."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.deep.recipes import report_absence
from exprstats.errors import DataError, OptionError, Problem

if TYPE_CHECKING:
    from exprstats.deep.model import DeepModel
    from exprstats.deep.sequences import Loader

FORMAT = "exprstats deep model 1"
# What a fit learned beside the weights, as far as the kind of model has it.
_LEARNED = ("center_", "scale_", "flat_", "classes_", "held_out_", "outputs_", "shape_")
_LEARNED += ("trained_on_", "levels_", "targets_", "adapted_to_")
_LEARNED += ("seed_", "seconds_", "device_", "n_parameters_")
_REMEDY = "Give a file that save wrote."


def write_model(model: DeepModel, path: str | Path) -> None:
    """Write a fitted model to one safetensors file, or say why not in an OptionError."""
    try:
        from safetensors import SafetensorError
        from safetensors.torch import save_file
    except ImportError as error:
        raise report_absence(error) from error
    learned = {name: vars(model)[name] for name in _LEARNED if name in vars(model)}
    header = {
        "format": FORMAT,
        "kind": type(model).__name__,
        "settings": {**model.get_params(), "load": None},
        "learned": learned,
        "history": model.history_.to_dict("list"),
    }
    text = json.dumps(header, default=_simplify)
    weights = {name: value.contiguous().cpu() for name, value in model.net_.state_dict().items()}
    draft = Path(path).with_name(f".{Path(path).name}.part")
    try:
        save_file(weights, draft, metadata={"exprstats": text})
        draft.replace(path)
    except (OSError, ValueError, SafetensorError) as error:
        message = f"'{path}' cannot be written ({error})."
        raise OptionError(message) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _simplify(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, range | set):
        return list(value)
    # Generators of random numbers are not kept: the seed they gave is.
    return str(value) if isinstance(value, Path) else None


def read_model(kind: type[Any], path: str | Path, *, load: Loader | None, device: str) -> Any:
    """Return a model of a kind from its file; another file or kind is a DataError."""
    from exprstats.deep.training import find_device
    from exprstats.deep.weights import read_weights

    weights = read_weights(path)
    header = _read_header(Path(path))
    if header["kind"] != kind.__name__:
        fact = f"it holds a {header['kind']}, not a {kind.__name__}."
        remedy = f"Use {header['kind']}.open(file)."
        raise DataError(Problem(fact, remedy, file=str(path)))
    try:
        model = kind(**{**header["settings"], "load": load, "device": device})
        for name, value in header["learned"].items():
            held = np.array(value) if isinstance(value, list) else value
            setattr(model, name, tuple(value) if name in {"shape_", "targets_"} else held)
        model.history_ = pd.DataFrame(header["history"])
        net = model._build(model.outputs_, model.shape_)
        net.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        fact = f"the stored model is damaged ({str(error).splitlines()[0]})."
        raise DataError(Problem(fact, _REMEDY, file=str(path))) from error
    model.net_ = net.to(find_device(device)).eval()
    return model


def read_kind(path: str | Path) -> str:
    """Return which estimator a file holds, such as ``"DeepRegressor"``."""
    from exprstats.deep.weights import read_weights

    read_weights(path)
    return _read_header(Path(path))["kind"]


def list_copies(folder: Path) -> dict[str, Path]:
    """Return the files of copies in a folder, by the one person whom each was adapted to."""
    from exprstats.deep.weights import read_weights

    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        read_weights(path)
        person = _read_header(path)["learned"].get("adapted_to_")
        if not person or person in found:
            fact = f"it is the second of '{person}'." if person else "it was adapted to nobody."
            remedy = "Keep one file per person, as 'exprstats deep adapt --save DIR' writes them."
            raise DataError(Problem(fact, remedy, file=str(path)))
        found[str(person)] = path
    if not found:
        remedy = "Name the folder that 'exprstats deep adapt --neutral ... --save DIR' wrote."
        raise DataError(Problem("there is no .safetensors file.", remedy, file=str(folder)))
    return found


def _read_header(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    text = None
    if path.suffix.lower() == ".safetensors":
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get("exprstats")
    try:
        header = json.loads(text or "{}")
    except ValueError:
        header = {}
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        fact = "it holds weights without the settings of a model."
        remedy = f"{_REMEDY} Weights alone start a fit: weights=file."
        raise DataError(Problem(fact, remedy, file=str(path)))
    return header


def number_places(folder: str | Path | None) -> Iterator[Path | None]:
    """Yield the files of one training after another in a folder; None without one."""
    for number in count(1):
        yield None if folder is None else Path(folder) / f"training_{number}.pt"


def clear_places(folder: str | Path | None, shelf: Iterator[Path | None]) -> None:
    """Remove the files that were taken from a shelf, and their folder if nothing else is in it."""
    if folder is None:
        return
    following = next(shelf)
    for path in number_places(folder):
        if path is None or path == following:
            break
        path.unlink(missing_ok=True)
    with suppress(OSError):
        Path(folder).rmdir()
