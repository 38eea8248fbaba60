"""Probe of R: what is installed, whether it starts, and the cure if not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from exprstats import __version__
from exprstats.errors import RError
from exprstats.rbridge.rscript import ask_apart, find_home

_INSTALL_R = (
    "Install R and lavaan: on Debian or Ubuntu"
    " 'sudo apt-get install -y --no-install-recommends r-base-core r-cran-lavaan'."
)
_INSTALL_LAVAAN = (
    "Install lavaan: 'sudo apt-get install -y r-cran-lavaan', or install.packages(\"lavaan\") in R."
)
ANSWER = "exprstats-r-state:"
PARTS = ("packages", "places")  # of what R says of itself, those that are not one text
ENGINES = ("auto", "rpy2", "rscript")
_PROBE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class RState:
    """What a look at R found, without starting it in this process.

    Attributes
    ----------
    ready
        Whether `call` can reach R.
    engine
        How: ``"rpy2"``, in this process, or ``"rscript"``, in a process of its own.
    r_version, r_home
        The R that was found; None without one.
    rpy2_version, rpy2_matches
        The rpy2 that is installed, and whether it fits that R (None: cannot be told).
    lavaan_version
        None where lavaan is not installed for that R.
    packages
        Versions of lavaan, lme4, psych, boot, glmnet, semTools and testthat, where installed.
    locale, utf8
        R's character locale, and whether it is UTF-8.
    problem, cure
        What is wrong, and the one thing to do; empty where nothing is.
    """

    ready: bool = False
    engine: str = ""
    r_version: str | None = None
    r_home: str | None = None
    rpy2_version: str | None = None
    rpy2_matches: bool | None = None
    lavaan_version: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    locale: str | None = None
    utf8: bool | None = None
    problem: str = ""
    cure: str = ""


@cache
def probe_r() -> RState:
    """Look for an R that `call` can use; the answer is kept for the life of the process.

    The variable EXPRSTATS_R says which way to R to take: ``rpy2``, ``rscript`` (slower, but it
    serves where rpy2 cannot be installed or does not fit R; needs R's package jsonlite), ``none``,
    or ``auto``, which tries them in this order.

    R is started in a process apart, because a wrong R_HOME or an rpy2 built for another R ends
    the process that tries it. That takes about half a second; an R that started is then remembered
    in the user's cache folder until R, rpy2, their settings or a package's files change.
    """
    wanted = os.environ.get("EXPRSTATS_R") or "auto"
    if os.environ.get("EXPRSTATS_NO_R") or wanted == "none":
        name = "EXPRSTATS_R" if wanted == "none" else "EXPRSTATS_NO_R"
        return RState(problem="R is switched off.", cure=f"Unset {name}.")
    if wanted not in ENGINES:
        fact = f"EXPRSTATS_R is '{wanted}', which is no way to R."
        return RState(problem=fact, cure=f"Set it to {', '.join(ENGINES)} or none.")
    home, version = find_home()
    seen = RState(r_home=home, r_version=version, rpy2_version=_find_rpy2())
    given = os.environ.get("R_HOME")
    if version is None and given:
        fact = f"R_HOME is '{given}', where no R lives."
        return replace(seen, problem=fact, cure="Unset R_HOME, or set it to what 'R RHOME' says.")
    if version is None:
        return replace(seen, problem="R was not found.", cure=_INSTALL_R)
    return _choose_engine(seen, version, wanted)


def _choose_engine(seen: RState, version: str, wanted: str) -> RState:
    if wanted == "rscript":
        return _start_rscript(seen)
    if seen.rpy2_version is None:
        state = replace(seen, problem="rpy2 is not installed.", cure=_name_rpy2(version))
    else:
        state = _start_apart(seen, version, seen.rpy2_version)
    if state.ready or wanted == "rpy2":
        return state
    second = _start_rscript(seen)
    return replace(second, rpy2_matches=state.rpy2_matches) if second.ready else state


def _start_rscript(seen: RState) -> RState:
    try:
        answer = ask_apart("bridge", "describe_r", (), {})
    except RError as error:
        cure = 'Install jsonlite for this R: install.packages("jsonlite").'
        return replace(seen, problem=f"Rscript cannot serve: {error}.", cure=cure)
    told = {name: part if name in PARTS else part[0] for name, part in answer["value"].items()}
    return _judge(seen, told, "rscript")


def _find_rpy2() -> str | None:
    try:
        return metadata.version("rpy2")
    except metadata.PackageNotFoundError:
        return None


def _is_before_45(version: str) -> bool:
    return tuple(int(part) for part in version.split(".")[:2]) < (4, 5)


def _name_rpy2(version: str) -> str:
    wanted = "rpy2==3.5.17" if _is_before_45(version) else "rpy2>=3.6.7"
    return f"For R {version} run: RPY2_CFFI_MODE=ABI {sys.executable} -m pip install '{wanted}'"


def _start_apart(seen: RState, version: str, rpy2: str) -> RState:
    key = _describe_setting(seen)
    if told := _recall(key):
        return _judge(seen, told, "rpy2")
    said = _ask_apart()
    for line in said.splitlines():
        if line.startswith(ANSWER):
            told = json.loads(line.removeprefix(ANSWER))
            _remember(key, told)
            return _judge(seen, told, "rpy2")
    fits = _is_before_45(version) == (tuple(map(int, rpy2.split(".")[:2])) < (3, 6))
    last = (said.strip().splitlines() or ["it ended without a word"])[-1]
    fact = f"R {version} does not start under rpy2 {rpy2}: {last.strip()}."
    cure = "Run 'R --version' to see whether R itself starts." if fits else _name_rpy2(version)
    return replace(seen, rpy2_matches=None if fits else False, problem=fact, cure=cure)


def _find_memory() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return folder.expanduser() / "exprstats" / "r-state.json"


def forget_r() -> None:
    """Look for R anew the next time, whatever was seen of it before."""
    with suppress(OSError, RuntimeError):
        _find_memory().unlink()
    probe_r.cache_clear()


def _describe_setting(seen: RState) -> dict[str, Any]:
    """Return all that decides, from outside R, whether R starts in this process."""
    names = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH")
    own = {k: v for k, v in os.environ.items() if k in names or k.startswith(("R_", "LC_"))}
    spec = find_spec("rpy2")
    places = [spec.origin if spec else None, f"{seen.r_home}/lib/libR.so"]
    places += [".Renviron"] * Path(".Renviron").exists()
    return {
        "exprstats": [__version__, str(Path(__file__).parent)],
        "python": [sys.executable, sys.version],
        "r": [seen.r_home, seen.r_version, seen.rpy2_version],
        "environment": own,
        "files": _list_times(str(Path(one).absolute()) for one in places if one),
    }


def _list_times(places: Iterable[str]) -> dict[str, int | None]:
    """Return when each file or folder changed last; None where there is none."""
    found = {one: Path(one) for one in places}
    return {one: path.stat().st_mtime_ns if path.exists() else None for one, path in found.items()}


def _recall(key: dict[str, Any]) -> dict[str, Any] | None:
    """Return what R said in the same setting, if nothing that it depends on has changed."""
    try:
        kept = json.loads(_find_memory().read_text("utf-8"))
        if kept["key"] == key and kept["times"] == _list_times(kept["told"]["places"]):
            return kept["told"]
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None  # unreadable, or of another version
    return None


def _remember(key: dict[str, Any], told: dict[str, Any]) -> None:
    kept = {"key": key, "told": told, "times": _list_times(told["places"])}
    with suppress(OSError, RuntimeError):  # a home that is not there, or not ours to write
        memory = _find_memory()
        memory.parent.mkdir(parents=True, exist_ok=True)
        part = memory.with_name(f"{os.getpid()}.json")
        try:
            part.write_text(json.dumps(kept), "utf-8")
            part.replace(memory)
        finally:
            part.unlink(missing_ok=True)


def _ask_apart() -> str:
    parent = str(Path(__file__).parents[2])
    place = os.pathsep.join(filter(None, (parent, os.environ.get("PYTHONPATH"))))
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "exprstats.rbridge"],
            env={**os.environ, "PYTHONPATH": place, "RPY2_CFFI_MODE": "ABI"},
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_PROBE_SECONDS} s"
    return answer.stdout + answer.stderr


def _judge(seen: RState, told: dict[str, Any], engine: str) -> RState:
    lavaan = told["packages"].get("lavaan")
    return replace(
        seen,
        ready=True,
        engine=engine,
        r_version=told["version"],
        r_home=told["home"],
        rpy2_matches=True if engine == "rpy2" else None,
        lavaan_version=lavaan,
        packages=told["packages"],
        locale=told["locale"],
        utf8=bool(told["utf8"]),
        problem="" if lavaan else "lavaan is not installed for this R.",
        cure="" if lavaan else _INSTALL_LAVAAN,
    )
