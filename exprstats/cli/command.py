"""The frame of a command: the options of output that commands have, and the session they open."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from exprstats.cli.options import (
    ForceOption,
    JobsOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SingleJobOption,
)
from exprstats.cli.session import open_session

Command = Callable[..., None]
_OUTPUT = {"json": (JsonOption, None), "out": (OutOption, None), "force": (ForceOption, False)}
_OWN = ("session", "seed", "n_jobs")  # what a body gets from here, where it asks for it


def opens_session(
    name: str, *files: str, seeded: bool = True, one_process: bool = False
) -> Callable[[Command], Command]:
    """Open the session of a command, and give it the options that all commands have.

    Its first parameter is the session; ``seed`` and ``n_jobs``, keywords at its end, are passed on
    to it. ``files`` are its options with files that it writes; ``one_process``: it takes
    ``--n-jobs`` only because others do.
    """

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        added: dict[str, tuple[Any, Any]] = dict(_OUTPUT)
        added |= {"seed": (SeedOption, 1)} if seeded else {}
        jobs = JobsOption if "n_jobs" in own.parameters else SingleJobOption
        added |= {"n_jobs": (jobs, 1)} if one_process or jobs is JobsOption else {}
        added["quiet"] = (QuietOption, False)

        @wraps(command)
        def run(**given: Any) -> None:
            told = {one: given.pop(one) for one in added}
            given |= {one: told[one] for one in _OWN[1:] if one in own.parameters}
            told.pop("n_jobs", None)
            written = {f"--{one}": given[one] for one in files}
            with open_session(name, files=written, **told) as session:
                command(session, **given)

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        listed = [one for one in own.parameters.values() if one.name not in _OWN]
        listed += [
            inspect.Parameter(one, kind, default=default, annotation=hint)
            for one, (hint, default) in added.items()
        ]
        whole = own.replace(parameters=listed)
        run.__signature__ = whole  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in listed}
        return run

    return decorate
