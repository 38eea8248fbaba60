"""R on this machine: its home, our R files, and a process of R that is asked by lines of JSON."""

from __future__ import annotations

import atexit
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from exprstats.errors import RError

# Neither the site's nor the user's start-up files are read: they may print or stop.
OPTIONS = ("--quiet", "--no-save", "--no-restore", "--no-site-file", "--no-init-file")
MARK = "exprstats-answer:"
_KINDS = {"double": "<f8", "integer": "<i4", "logical": "<i4"}


@cache
def find_home() -> tuple[str | None, str | None]:
    """Return R's home and version, None where there is none."""
    home = os.environ.get("R_HOME")
    program = shutil.which("R")
    if not home and program:
        answer = subprocess.run([program, "RHOME"], capture_output=True, text=True, check=False)
        home = answer.stdout.strip()
    if not home:
        return None, None
    facts = Path(home) / "library" / "base" / "DESCRIPTION"
    if not facts.is_file():
        return home, None
    match = re.search(r"^Version: *(\S+)", facts.read_text("utf-8", "replace"), re.MULTILINE)
    return home, match[1] if match else None


def find_scripts() -> Path:
    """Return the folder of R files: inside the wheel, else beside the package."""
    inside = Path(__file__).parents[1] / "_r"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "r" / "R"


def find_files(room: str) -> list[Path]:
    """Return the R files of a room, the one of its name first."""
    folder = find_scripts()
    paths = [folder / f"{room}.R", *sorted(folder.glob(f"{room}_*.R"))]
    if not paths[0].is_file():
        message = f"there is no R file '{room}.R' in {folder}."
        raise RError(message)
    return paths


def ask_process(
    home: str, folder: Path, options: Sequence[str], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the R process of a home answers to one call.

    ``folder`` has our R files, ``options`` are R's, and ``asked`` has ``files`` of the room,
    ``function``, and its ``arguments``, packed. A process that does not start, or ended, is an
    RError.
    """
    process, log = _start(home, folder, tuple(options))
    if process.stdin is None or process.stdout is None:
        message = "the R process has no input."
        raise RError(message)
    try:
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith(MARK):
                return unpack(json.loads(line.removeprefix(MARK)))
    except OSError:
        pass
    _start.cache_clear()
    log.seek(0)
    said = log.read().decode("utf-8", "replace").strip().splitlines()
    _end(process, log)
    message = f"the R process ended: {said[-1].strip() if said else 'it said nothing'}"
    raise RError(message)


@cache
def _start(
    home: str, folder: Path, options: tuple[str, ...]
) -> tuple[subprocess.Popen[str], IO[bytes]]:
    program = Path(home) / "bin" / "Rscript"
    if not program.is_file():
        message = f"there is no Rscript in '{program.parent}'"
        raise RError(message)
    # A file, not a pipe: a pipe that nobody reads fills up and stops the process.
    log = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        [str(program), *options, str(Path(__file__).with_name("serve.R")), str(folder), MARK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    atexit.register(_end, process, log)
    return process, log


def _end(process: subprocess.Popen[str], log: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, log):
        # What was written to a process that ended cannot be flushed.
        with suppress(OSError):
            if stream is not None:
                stream.close()


def pack(value: Any) -> dict[str, Any]:
    """Return a Python value as a tree that JSON can hold; kinds as `to_r` gives them."""
    if isinstance(value, np.ndarray) and value.ndim == 2:
        value = {f"v{place}": part for place, part in enumerate(value.T, start=1)}
    if isinstance(value, Mapping):
        names = [str(name) for name in value]
        return {"kind": "list", "value": [pack(part) for part in value.values()], "names": names}
    if value is None:
        return {"kind": "null"}
    parts = [value] if np.isscalar(value) else value
    if not isinstance(parts, np.ndarray) and not all(np.isscalar(part) for part in parts):
        return {"kind": "list", "value": [pack(part) for part in parts]}
    array = np.asarray(parts)
    if array.dtype.kind not in "fiu":
        logical = array.dtype.kind == "b"
        plain = array.tolist() if logical else [str(text) for text in array]
        return {"kind": "logical" if logical else "text", "value": plain}
    whole = array.dtype.kind != "f" and (array.size == 0 or np.abs(array).max() < 2**31)
    kind = "integer" if whole else "double"
    coded = base64.b64encode(np.ascontiguousarray(array, _KINDS[kind]).tobytes())
    return {"kind": kind, "value": coded.decode("ascii")}


def unpack(packed: Mapping[str, Any]) -> Any:
    """Return an R value as Python's own; see `Reply.value`."""
    kind, value, names = packed["kind"], packed.get("value", ()), packed.get("names")
    if kind == "null":
        return None
    if kind in {"list", "text"}:
        parts = [unpack(part) for part in value] if kind == "list" else list(value)
        return parts if names is None else dict(zip(names, parts, strict=True))
    array = np.frombuffer(base64.b64decode(str(value)), _KINDS[kind])
    if kind == "double":
        array = array.astype(float)
    else:
        absent = array == np.iinfo(np.intc).min
        whole = array.astype(bool) if kind == "logical" else array.astype(int)
        array = np.where(absent, np.nan, array) if absent.any() else whole
    shape = packed.get("dim")
    return array if shape is None else array.reshape(tuple(shape), order="F")


def ask_apart(
    room: str, function: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """Return what R answers in a process of its own."""
    given = [pack(one) for one in (*arguments, *options.values())]
    names = [*("" for _ in arguments), *options]
    packed: dict[str, Any] = {"kind": "list", "value": given}
    packed |= {"names": names} if options else {}
    files = [str(path) for path in find_files(room)]
    home, _ = find_home()
    asked = {"files": files, "function": function, "arguments": packed}
    return ask_process(home or "", find_scripts(), OPTIONS, asked)
