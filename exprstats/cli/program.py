"""The program ``exprstats``: its commands and its exit codes."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from exprstats import __version__
from exprstats.cli.adapt import adapt_sequences, predict_sequences
from exprstats.cli.agreement import agree_file
from exprstats.cli.audit import audit_file
from exprstats.cli.check import check_input
from exprstats.cli.clips import cut_videos
from exprstats.cli.compare import compare_files
from exprstats.cli.deep import deep_app, fit_sequences
from exprstats.cli.demo import show_demo, simulate_design
from exprstats.cli.doctor import examine_machine
from exprstats.cli.estimates import estimate_files
from exprstats.cli.evoked import analyse_videos
from exprstats.cli.faces import box_faces
from exprstats.cli.factor import fit_file
from exprstats.cli.features import summarise_folder
from exprstats.cli.fit import fit_clips
from exprstats.cli.init import init_study
from exprstats.cli.label import label_file
from exprstats.cli.predict import predict_file
from exprstats.cli.reading import allow_strict
from exprstats.cli.reliability import rate_file
from exprstats.cli.report import report_study
from exprstats.cli.score import score_file
from exprstats.cli.script import write_script
from exprstats.cli.signing import relate_signing


class PlainValues:
    """What spares Typer to load pydantic, .08 s of every call, for values that need no conversion.

    The help option, when it is not given, is False and not unset.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.default = False
        return option


class Program(PlainValues, TyperGroup):
    """A group of commands."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what is wrong with an option's value is said in our own words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if (found := getattr(error.__cause__, "errors", None)) is not None:
                error.message = describe_value(**found()[0])
            raise


class Command(PlainValues, TyperCommand):
    """A command that takes defaults, texts and paths as they are."""

    def __init__(self, *values: Any, **options: Any) -> None:
        super().__init__(*values, **options)
        parameters: list[Any] = self.params
        for one in parameters:
            kind = getattr(getattr(one, "type_descriptor", None), "annotation", None)
            if kind is not None:
                one.process_value = partial(_take_value, one, kind, one.process_value)
            shown: Any = one
            shown.display_type = partial(_name_type, one, shown.display_type)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse a list that is given twice; tell of other options of which the last counts."""
        parser: Any = self.make_parser(ctx)
        _, _, given = parser.parse_args(args=[*args])
        options = [one for one in given if one.param_type_name == "option"]
        for one in dict.fromkeys(options):
            if options.count(one) < 2 or one.multiple or one.is_flag:
                continue
            if "," in (one.metavar or ""):
                whole = "Name all in one list, separated by commas." if "..." in one.metavar else ""
                message = f"it is given twice. {whole or 'Give it once.'}"
                raise typer.BadParameter(message, ctx=ctx, param=one)
            typer.echo(f"{one.opts[0]} is given twice: the last one counts.", err=True)
        return super().parse_args(ctx, args)


def _name_type(option: Any, tell: Callable[..., str], ctx: Any) -> str:
    """Return what help shows as a value: a name, the words to choose from, or a number."""
    told = tell(ctx)
    if not told.startswith("<") or "|" in told:
        return told
    if option.param_type_name == "argument":
        return ""
    return "N" if told.startswith(("<int", "<float")) else "NAME"


def _take_value(option: Any, kind: Any, convert: Callable[..., Any], ctx: Any, value: Any) -> Any:
    """Return an option's value, which Typer converts unless it needs no conversion."""
    texts = value if isinstance(value, list | tuple) else (value,)
    unset = value is None and (option.required or option.multiple or option.nargs != 1)
    if (value is option.default and not unset) or (kind is str and isinstance(value, str)):
        taken = value
    elif kind in (Path, list[Path]) and texts and all(map(_is_plain, texts)):
        taken = [Path(one) for one in texts]
        taken = taken[0] if kind is Path else taken
    else:
        return convert(ctx, value)
    return taken if option.callback is None else option.callback(ctx, option, taken)


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and (os.access(value, os.R_OK) or not os.path.lexists(value))


def describe_value(
    input: object, msg: str, type: str, ctx: Mapping[str, Any] | None = None, **_: object
) -> str:
    """Return what is wrong with an option's value, of which pydantic found one error.

    Examples
    --------
    >>> describe_value("95", "", "less_than_equal", {"le": 0.9999})
    "'95' is more than .9999. It is a share: write .95 for 95%."
    >>> describe_value("ten", "", "int_parsing"), describe_value("0", "", "", {"ge": 1})
    ("'ten' is not a whole number.", "'0' is less than 1.")
    """
    from exprstats.options import name_nearest

    words = re.findall("'([^']*)'", msg.partition("is not one of")[2])
    if words:
        return f"'{input}' is not known. {name_nearest(str(input), words)}"
    limits = dict(ctx or {})
    for name, side in (("le", "more"), ("lt", "not less"), ("ge", "less"), ("gt", "not more")):
        if name in limits:
            limit = f"{limits[name]:g}".replace("0.", ".")
            share = name == "le" and limits[name] <= 1 < float(str(input)) <= 100
            cure = f" It is a share: write {float(str(input)) / 100:g} for {input}%." * share
            return f"'{input}' is {side} than {limit}.{cure.replace(' 0.', ' .')}"
    kind = {"int": "whole number", "float": "number"}.get(type.partition("_")[0])
    return f"'{input}' is not a {kind}." if kind else msg.removeprefix("Value error, ")


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
app = typer.Typer(
    name="exprstats",
    cls=Program,
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=_SETTINGS,
)


for _name, _command in (
    ("demo", show_demo),
    ("report", report_study),
    ("check", check_input),
    ("init", init_study),
    ("reliability", rate_file),
    ("agreement", agree_file),
    ("audit", audit_file),
    ("factor", fit_file),
    ("score", score_file),
    ("r-script", write_script),
    ("features", summarise_folder),
    ("clips", cut_videos),
    ("faces", box_faces),
    ("label", label_file),
    ("fit", fit_clips),
    ("predict", predict_file),
    ("compare", compare_files),
    ("signing", relate_signing),
    ("estimates", estimate_files),
    ("evoked", analyse_videos),
    ("simulate", simulate_design),
    ("doctor", examine_machine),
):
    app.command(_name, cls=Command)(allow_strict(_command))
deep_app.command("fit", cls=Command)(fit_sequences)
deep_app.command("predict", cls=Command)(predict_sequences)
deep_app.command("adapt", cls=Command)(adapt_sequences)
app.add_typer(
    deep_app,
    name="deep",
    cls=Program,
    help="Networks on clips as arrays: fit, predict, adapt.",
    context_settings=_SETTINGS,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"exprstats {__version__}")
        raise typer.Exit


@app.callback()
def start_program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """From crowd ratings and video-derived behavior to statistics that survive review.

    Start with 'exprstats demo', which simulates a study and writes its report.
    """


def _stop(number: int, _: object) -> None:
    sys.exit(128 + number)


def narrow_program(words: list[str]) -> typer.Typer:
    """Return the program with the command that words ask for, if they begin with one.

    The options of all other commands are then not built, .03 s of every call.
    """
    asked = [one for one in app.registered_commands if one.name in words[:1]]
    if not asked:
        return app
    program = copy(app)
    program.registered_commands, program.registered_groups = asked, []
    return program


def run() -> None:
    """Run the command line; the entry point of the package."""
    # Whoever ends the process lets it clear away what is half-written.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    try:
        narrow_program(sys.argv[1:])()
    except BrokenPipeError:
        # Whoever read the output has left (exprstats … | head); there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        typer.echo(f"exprstats: {error}", err=True)
        sys.exit(1)
