"""The R session of this process, started at its first call, and the values that cross to it."""

from __future__ import annotations

import os
import re
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from exprstats.errors import RError, RWarning, warn_user
from exprstats.rbridge.probe import forget_r, probe_r
from exprstats.rbridge.rscript import OPTIONS, ask_apart, find_files, find_scripts

_lock = threading.RLock()
# Profiles, the site's and the user's, are code that is not ours to run. Their .Renviron is read: it
# sets where packages are, and cannot run anything.


@dataclass(frozen=True, slots=True)
class Reply:
    """What R answered.

    Attributes
    ----------
    value
        Double, integer and logical vectors as arrays (a matrix keeps its shape), text as lists
        of str, named lists and data frames as dicts, NULL as None.
    call
        The R call behind the numbers, where the R function names it.
    versions
        Of R and of the loaded packages that the numbers come from.
    warnings, messages
        What R said on the way, in its own words.
    """

    value: Any
    call: str | None
    versions: dict[str, str]
    warnings: tuple[str, ...]
    messages: tuple[str, ...]


def call(
    room: str, function: str, *arguments: Any, names: Sequence[str] = (), **options: Any
) -> Reply:
    """Run one R function of a room and bring back its value with everything R said.

    Parameters
    ----------
    room
        Stem of the file in ``r/R`` (and of those called ``<room>_*.R``).
    function
        Name of a function in it.
    *arguments, **options
        Numbers, texts (data for R, never code), None, arrays (n,), sequences and mappings of
        these. An array (n, p) crosses as a list of double vectors ``v1`` … ``vp``: names of
        columns never reach R.
    names
        The true names of ``v1`` … ``vp``, put into R's warnings and errors on this side.

    Raises
    ------
    RError
        R is not usable (with the cure), the call comes from another thread than the main one, or
        the function stopped.

    Warns
    -----
    RWarning
        Once for each R warning.
    """
    state = probe_r()
    if not state.ready:
        message = f"{state.problem} {state.cure}"
        raise RError(message)
    if state.engine == "rpy2" and threading.current_thread() is not threading.main_thread():
        message = (
            f"R answers only in the main thread, and this call came from"
            f" '{threading.current_thread().name}'. Call from the main thread, or work in"
            f" processes instead of threads."
        )
        raise RError(message)
    with _lock:
        ask = _ask if state.engine == "rpy2" else ask_apart
        answer = ask(room, function, arguments, options)
    if answer.get("absent") is not None:
        message = f"there is no function '{function}' in {room}.R."
        raise RError(message)
    return _open(answer, f"{room}.{function}", names)


def _ask(
    room: str, function: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> dict[str, Any]:
    try:
        workplace = start_here()
    except Exception as error:
        # It started when it was probed, which may have been another day.
        forget_r()
        message = f"R does not start ({error}). Run 'exprstats doctor' for the cure."
        raise RError(message) from error
    from rpy2.rinterface_lib.embedded import RRuntimeError

    with _hold_signals(), _hush():
        try:
            _source(room)
            if function not in workplace:
                return {"absent": True}
            given = [*map(to_r, arguments)]
            named = {name: to_r(value) for name, value in options.items()}
            return to_python(workplace["answer_call"](workplace[function], list_r(given, named)))
        except RRuntimeError as error:
            message = f"R stopped at {room}.{function}: {' '.join(str(error).split())}"
            raise RError(message) from error


def _open(answer: dict[str, Any], what: str, names: Sequence[str]) -> Reply:
    def rename(text: str) -> str:
        return _rename(text, names)

    if answer["error"]:
        message = f"R stopped in {what}: {rename(answer['error'][0])}"
        raise RError(message)
    reply = Reply(
        value=answer["value"],
        call="\n".join(answer["call"] or ()) or None,
        versions=answer["versions"],
        warnings=tuple(map(rename, answer["warnings"])),
        messages=tuple(map(rename, answer["messages"])),
    )
    for text in reply.warnings:
        warn_user(f"{what}: {text}", RWarning)
    return reply


def _rename(text: str, names: Sequence[str]) -> str:
    def find(match: re.Match[str]) -> str:
        place = int(match[1])
        return f"'{names[place - 1]}'" if 0 < place <= len(names) else match[0]

    return re.sub(r"\bv([0-9]+)\b", find, " ".join(text.split()))


@cache
def start_here() -> Any:
    """Start R in this process and return the R environment that holds our functions."""
    os.environ["RPY2_CFFI_MODE"] = "ABI"
    handler = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings(action="ignore"), _keep_variables():
        import rpy2.rinterface as ri
        from rpy2.rinterface_lib import embedded

        if not embedded.isinitialized():
            options: Any = ("rpy2", *OPTIONS)
            embedded.set_initoptions(options)
        ri.initr()
    if handler is not None:
        signal.signal(signal.SIGINT, handler)
    workplace = ri.baseenv["new.env"](parent=ri.baseenv)
    _source_into(workplace, find_scripts() / "bridge.R")
    return workplace


@contextmanager
def _keep_variables() -> Iterator[None]:
    """Hide profiles from R's start, and keep R's library path from Python's child processes.

    rpy2 asks R for its library path in a process that reads profiles, whatever options R itself
    gets, and takes what they print for an answer. The library path comes too late for this
    process, and leads children to load the libraries of another Python.
    """
    hidden = ("R_PROFILE", "R_PROFILE_USER")
    before = {name: os.environ.get(name) for name in (*hidden, "LD_LIBRARY_PATH")}
    os.environ.update(dict.fromkeys(hidden, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@cache
def _source(room: str) -> None:
    for path in find_files(room):
        _source_into(start_here(), path)


def _source_into(workplace: Any, path: Path) -> None:
    import rpy2.rinterface as ri

    ri.baseenv["sys.source"](str(path), envir=workplace)


@contextmanager
def _hold_signals() -> Iterator[None]:
    """End R's work when the process is to end, and only then do what the signal asks for.

    While R works, Python runs in R's callbacks alone, and what is raised in those is lost.
    """
    from rpy2.rinterface_lib import openrlib

    # As rpy2's own callback tells R.
    flag = "UserBreak" if os.name == "nt" else "R_interrupts_pending"
    caught: list[int] = []

    def hold(number: int, _: object) -> None:
        caught.append(number)
        setattr(openrlib.rlib, flag, 1)

    held: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other gets signals
        known = (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
        asked = {one: signal.getsignal(one) for one in known if one is not None}
        held = {one: handler for one, handler in asked.items() if callable(handler)}
        for one in held:
            signal.signal(one, hold)
    try:
        yield
    finally:
        for one, handler in held.items():
            signal.signal(one, handler)
        if caught:
            setattr(openrlib.rlib, flag, 0)
            held[caught[0]](caught[0], None)


@contextmanager
def _hush() -> Iterator[None]:
    """Keep R off the console for the length of a call, and only for that."""
    from rpy2.rinterface_lib import callbacks

    def ignore(_text: str) -> None:
        return None

    # rpy2 3.6 renamed it, and warns at the old name.
    hold = getattr(callbacks, "replace_in_module", None) or callbacks.obj_in_module
    with (
        hold(callbacks, "consolewrite_print", ignore),
        hold(callbacks, "consolewrite_warnerror", ignore),
    ):
        yield


def to_r(value: Any) -> Any:
    """Return a Python value as R's own.

    None is NULL; a number or a text is a vector of one; an array (n,) is a vector; an array
    (n, p) is a list of vectors ``v1`` … ``vp``; a mapping is a named list; a sequence is a vector,
    or a list where its parts are no scalars.
    """
    import rpy2.rinterface as ri

    if value is None:
        return ri.NULL
    if isinstance(value, Mapping):
        return list_r([], {str(name): to_r(part) for name, part in value.items()})
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return list_r([], {f"v{place}": to_r(part) for place, part in enumerate(value.T, start=1)})
    parts = [value] if np.isscalar(value) else value
    if not isinstance(parts, np.ndarray) and not all(np.isscalar(part) for part in parts):
        return list_r([to_r(part) for part in parts], {})
    return _vector_r(np.asarray(parts))


def _vector_r(array: np.ndarray) -> Any:
    import rpy2.rinterface as ri

    if array.dtype.kind == "b":
        return ri.BoolSexpVector(array.tolist())
    if array.dtype.kind not in "fiu":
        return ri.StrSexpVector([str(text) for text in array])
    if array.dtype.kind != "f" and (array.size == 0 or np.abs(array).max() < 2**31):
        return ri.IntSexpVector.from_memoryview(np.ascontiguousarray(array, np.intc).data)
    return ri.FloatSexpVector.from_memoryview(np.ascontiguousarray(array, np.double).data)


def list_r(given: list[Any], named: dict[str, Any]) -> Any:
    """Return R values as an R list: those given by place, then those given by name."""
    import rpy2.rinterface as ri

    vector = ri.ListSexpVector([*given, *named.values()])
    if named:
        vector.names = ri.StrSexpVector([*("" for _ in given), *named])
    return vector


def to_python(value: Any) -> Any:
    """Return an R value as Python's own; see `Reply.value`."""
    import rpy2.rinterface as ri

    if value is ri.NULL or isinstance(value, type(ri.NULL)):
        return None
    names = value.names
    labels = None if isinstance(names, type(ri.NULL)) else [str(name) for name in names]
    if isinstance(value, ri.ListSexpVector):
        parts = [to_python(part) for part in value]
        return parts if labels is None else dict(zip(labels, parts, strict=True))
    if isinstance(value, ri.StrSexpVector):
        texts = [None if text is ri.NA_Character else str(text) for text in value]
        return texts if labels is None else dict(zip(labels, texts, strict=True))
    return _to_array(value)


def _to_array(value: Any) -> np.ndarray:
    import rpy2.rinterface as ri

    array = np.array(value.memoryview())
    if not isinstance(value, ri.FloatSexpVector):
        absent = array == np.iinfo(np.intc).min
        whole = array.astype(bool) if isinstance(value, ri.BoolSexpVector) else array.astype(int)
        array = np.where(absent, np.nan, array) if absent.any() else whole
    shape = value.do_slot("dim") if "dim" in value.list_attrs() else None
    return array if shape is None else array.reshape(tuple(shape), order="F")
