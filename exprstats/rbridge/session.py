"""The R session of this process, started at its first call."""

from __future__ import annotations

import os
import re
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from exprstats.errors import RError, RWarning, warn_user
from exprstats.rbridge.crossing import list_r, to_python, to_r
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

    with _hush():
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
