"""The session of one command: its inputs, warnings, output and exit."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from exprstats import __version__
from exprstats.apa import count_things
from exprstats.cli.places import check_places, spare_existing, spare_input
from exprstats.cli.progress import show_progress
from exprstats.cli.reading import get_options, get_reading, is_strict, name_column
from exprstats.document.cells import Row, list_records
from exprstats.document.model import Document, Section
from exprstats.document.numbering import number_document
from exprstats.document.terminal import (
    describe_error,
    find_width,
    list_points,
    render_section,
    spell,
    wrap_text,
    write_line,
)
from exprstats.document.text import write_plain
from exprstats.errors import DataError, ExprStatsError, ExprStatsWarning, Problem

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import Reading
    from exprstats.study.stages import Outcome

# Tables with a row a clip, person or rater, and what their files are called.
DATA = {name: name for name in ("predictions", "scores", "parts", "raters", "items", "frames")} | {
    "windows": "windows",
    "clips": "features",
}


@dataclass(slots=True)
class Session:
    """What a command gathers while it runs; nothing is printed before all of it worked.

    Attributes
    ----------
    command, seed
        For the envelope.
    json, out, force, quiet
        The shared options.
    files
        Option to the file that it names, ``--json`` among them.
    inputs, warnings
        Files as ``{"file", "sha256", "rows"}``, and texts.
    parts
        What to print, in order: sections, and blocks of text as they are.
    told
        The blocks among them that ``--out`` keeps as sentences, as they are written there.
    rows
        The tidy rows that ``--json`` writes.
    further
        Rows of other kinds by name, such as ``descriptives``, beside those.
    tables, figures
        File stem to frame, and to a function that draws, for ``--out``.
    failures
        Parts of the analysis that failed while the others went on, a sentence each.
    """

    command: str
    seed: int | None = None
    json: str | None = None
    out: Path | None = None
    force: bool = False
    quiet: bool = False
    files: dict[str, Path] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    parts: list[Section | str] = field(default_factory=list)
    told: dict[int, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    further: dict[str, list[Row]] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, Callable[[], Any]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def note_file(self, path: Path, reading: Reading | None = None) -> Any:
        """Look at an input file, keep its hash and rows, and return all that was seen."""
        from exprstats.io import sniff_file

        facts = sniff_file(path, reading or get_reading())
        for one in facts.inputs:
            self.add_input(*one)
        return facts

    def add_input(self, path: Path, sha256: str, rows: int | None) -> None:
        """Keep an input for the envelope; it is not to be written over."""
        spare_input(path, self.files, self.out)
        self.inputs.append({"file": str(path), "sha256": sha256, "rows": rows})

    def present(
        self, *results: Any, names: Mapping[str, str] | None = None, unseen: bool = True
    ) -> None:
        """Print results as the report does; `gather_analysis` takes names and ``unseen`` too."""
        if self.out is None and (self.quiet or self.json == "-"):
            return  # nobody would see it
        from exprstats.report import describe_results, gather_analysis

        given = [one for one in results if one is not None]
        analysis = gather_analysis(given, names=names, unseen=unseen)
        sections = describe_results(analysis, failures=self.failures)
        # What was asked for comes before what is said beside it.
        first = {"choice": 0, self.command: 1}
        for section in sorted(sections, key=lambda one: first.get(one.name, 2)):
            self.show(section)

    def show(self, section: Section) -> None:
        """Print a section, and keep its figures and sentences for ``--out``."""
        self.parts.append(section)

    def add_table(self, stem: str, table: pd.DataFrame, **more: Any) -> list[Row]:
        """Keep a table for ``--out``, and return its rows, with further cells for ``--json``."""
        rows = list_records(table)
        self.tables[stem] = table
        self.rows += [{**row, **more} for row in rows]
        return rows

    def add_figure(self, stem: str, verb: str, result: Any, **options: Any) -> None:
        """Keep a figure for ``--out``: what a verb of `exprstats.plots` draws of a result."""

        def draw() -> Any:
            from exprstats import plots

            return getattr(plots, verb)(result, **options)

        self.figures[stem] = draw

    def say(self, text: str) -> None:
        """Print a paragraph."""
        self._tell(wrap_text(text), text)

    def say_recoding(
        self,
        reading: Reading,
        reverse: Sequence[str] = (),
        scale: tuple[float, float] | None = None,
    ) -> None:
        """Print how answers were coded and reversed, if they were."""
        from exprstats.io.files.reading import tell_recoding

        for told in tell_recoding(reading, reverse, scale):
            self.say(told)

    def show_points(self, title: str, points: list[str]) -> None:
        """Print a list, if it has points."""
        if points:
            self._tell(list_points(title, points), "\n".join([title, *map("- {}".format, points)]))

    def _tell(self, block: str, sentence: str) -> None:
        self.told[len(self.parts)] = sentence
        self.parts.append(block)

    def number_parts(self) -> list[Section | str]:
        """Return what is printed, with tables and figures numbered through all sections."""
        held = [part for part in self.parts if not isinstance(part, str)]
        if self.out is None:  # no figure is written, so that none may be named
            held = [replace(section, figures=()) for section in held]
        numbered = iter(number_document(Document(self.command, sections=tuple(held))).sections)
        return [part if isinstance(part, str) else next(numbered) for part in self.parts]

    def make_envelope(self) -> dict[str, Any]:
        """Return what ``--json`` writes."""
        return {
            "command": self.command,
            "version": __version__,
            "seed": self.seed,
            "inputs": self.inputs,
            "rows": self.rows,
            "warnings": self.warnings,
            **self.further,
            **({"failed": self.failures} if self.failures else {}),
        }

    def write_files(self, stage: Path | None) -> None:
        """Write what was asked for: into the staged output folder, and as JSON."""
        if stage is not None:
            fill_folder(self, stage)
            self.say(f"Tables, figures, data, and sentences are in {self.out}.")
        if self.json is not None:
            write_envelope(self.make_envelope(), self.json)

    def print_all(self) -> None:
        """Print the blocks, the warnings and the seed; beside JSON the warnings only."""
        if self.quiet:
            return
        warned = list_points("Warnings", self.warnings) if self.warnings else ""
        if self.json == "-":
            if warned:
                write_line(warned, to_errors=True)
            return
        closing = [] if self.seed is None else [f"Seed {self.seed}."]
        blocks = [warned, *closing]
        for part in reversed(self.number_parts()):
            own = [part] if isinstance(part, str) else render_section(part, width=find_width())
            blocks = [*own, *blocks]
        if any(blocks):
            write_line("\n\n".join(block for block in blocks if block))


@contextmanager
def open_session(
    command: str, *, files: Mapping[str, Path | None] | None = None, **options: Any
) -> Iterator[Session]:
    """Run a command's body: gather warnings, show progress, end errors in one readable block.

    ``files`` has, beside ``--json``, the file that the command will write for each option, or None;
    other options are as `Session` takes them.
    """
    session = Session(command, **options)
    session.files = {option: place for option, place in (files or {}).items() if place is not None}
    if session.json not in {None, "-"}:
        session.files["--json"] = Path(str(session.json))
    try:
        check_places(session.files, session.out)
        if not session.force:
            spare_existing(session.files, forcible="force" in options)
        with _stage_output(session) as stage:
            with _keep_warnings(session), show_progress(wanted=not session.quiet):
                yield session
            if is_strict() and session.warnings:
                told, session.warnings = session.warnings, []
                raise DataError([Problem(one) for one in told])
            session.write_files(stage)
        session.print_all()
        if session.failures:
            parts = count_things(len(session.failures), "part", "parts")
            write_line(
                list_points(f"exprstats {command}: {parts} failed", session.failures),
                to_errors=True,
            )
            raise typer.Exit(2)
    except ExprStatsError as error:
        if session.warnings and not session.quiet:
            write_line(list_points("Warnings", session.warnings), to_errors=True)
        if isinstance(error, DataError):
            problems = [replace(one, column=name_column(one.column)) for one in error.problems]
            error = DataError(problems)
        write_line(describe_error(command, error), to_errors=True)
        raise typer.Exit(2) from None


def run_stage(
    session: Session,
    kind: type[Any],
    analyse: Callable[..., Outcome],
    *,
    seed: int,
    n_jobs: int,
    **given: Any,
) -> Outcome:
    """Run a stage with the options of the running command; `given` are settings in their place."""
    from exprstats.study.files import fill_settings

    made = analyse(
        fill_settings(kind, **{**get_options(), **given}),
        seed=seed,
        n_jobs=n_jobs,
        reading=get_reading(),
        note=session.add_input,
    )
    session.tables |= made.tables
    if made.told:
        session.say(made.told)
    return made


@contextmanager
def _stage_output(session: Session) -> Iterator[Path | None]:
    """Give the folder to fill, so that a taken one is refused before any work is done."""
    if session.out is None:
        yield None
        return
    from exprstats.io import stage_folder

    with stage_folder(session.out, force=session.force) as stage:
        yield stage


@contextmanager
def _keep_warnings(session: Session) -> Iterator[None]:
    from exprstats.codes import keep_codes
    from exprstats.io.guards.tables import trust_readers

    with trust_readers(), keep_codes(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("always", RuntimeWarning)
        try:
            yield
        finally:
            # What arithmetic says of itself tells a reader nothing.
            told_of = [one for one in caught if not issubclass(one.category, RuntimeWarning)]
            spoken = [_spell_warning(session.command, one.message) for one in told_of]
            told = dict.fromkeys(one for one in spoken if one not in session.failures)
            session.warnings.extend(told)


def _spell_warning(command: str, warning: Exception | str) -> str:
    own = isinstance(warning, ExprStatsWarning | ExprStatsError)
    return " ".join((spell(command, warning) if own else str(warning)).split())


def write_envelope(envelope: dict[str, Any], target: str) -> None:
    """Write the envelope to a file, or to standard output where the target is ``-``."""
    from exprstats.io import encode_json, write_json

    if target == "-":
        sys.stdout.write(encode_json(envelope))
    else:
        write_json(envelope, Path(target))


def fill_folder(session: Session, stage: Path) -> None:
    """Write tables, data, figures, sentences, results and provenance into a folder."""
    from exprstats.io import write_csv, write_json

    lost: list[str] = []
    for stem, frame in session.tables.items():
        place = stage / "data" if stem in DATA else stage / "tables"
        write_csv(frame, place / f"{DATA.get(stem, stem)}.csv")
    parts = session.number_parts()
    sections = [part for part in parts if not isinstance(part, str)]
    figures = {one.stem: one.draw for section in sections for one in section.figures}
    for stem, draw in (figures | session.figures).items():
        from exprstats.report import try_figure

        _, reason = try_figure(draw, stage / "figures" / stem)
        if reason:
            told = f"The figure '{stem}' was left out: {_spell_warning(session.command, reason)}"
            session.warnings.append(told)
            lost.append(told)
    sentences = [*_list_sentences(session, parts), *lost]
    if sentences:
        text = "\n\n".join(sentences)
        (stage / "sentences.txt").write_text(f"{text}\n", encoding="utf-8")
    write_json(session.make_envelope(), stage / "results.json")
    write_json(describe_run(session), stage / "provenance.json")


def _list_sentences(session: Session, parts: Sequence[Section | str]) -> Iterator[str]:
    for place, part in enumerate(parts):
        if not isinstance(part, str):
            texts = (*part.sentences, *part.points, *part.caveats)
            yield from (write_plain(text) for text in texts)
        elif place in session.told:
            yield session.told[place]


def describe_run(session: Session) -> dict[str, Any]:
    """Return where the numbers of an output folder come from."""
    from exprstats.study import list_versions

    return {
        "command": ["exprstats", *sys.argv[1:]],
        "seed": session.seed,
        "inputs": session.inputs,
        "versions": list_versions(deep=True),
        "warnings": session.warnings,
    }
