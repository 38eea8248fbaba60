"""The report folder: page, tables, figures, results.json and provenance.json."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.document.html import render_html
from exprstats.document.latex import render_latex
from exprstats.document.markdown import render_markdown
from exprstats.document.model import Document, Table
from exprstats.document.numbering import move_appendix, number_document
from exprstats.document.text import say, write_plain
from exprstats.errors import ExprStatsError, warn_user
from exprstats.io import slug, stage_folder, write_csv, write_json
from exprstats.io.folders import FULL
from exprstats.plots import save_figure
from exprstats.report.analysis import Analysis, gather_analysis
from exprstats.report.outline import build_document
from exprstats.report.sections.classes import cross_analysis
from exprstats.report.sections.data import list_session_versions

if TYPE_CHECKING:
    from exprstats.results import Result
    from exprstats.study import StudyRun

_INTERVAL = re.compile(r"^\[([^,\[\]]+), ([^,\[\]]+)\]$")
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_ENDS = ("lower", "upper")
_ONE = {"models": "model", "networks": "network"}


def write_report(
    results: StudyRun | Result | Iterable[Result],
    folder: str | PathLike[str],
    *,
    force: bool = False,
    title: str | None = None,
) -> Path:
    """Write everything that was found to one folder.

    Parameters
    ----------
    results
        What `run_study` returned, or results in any order, one of a kind: a `Reliability` with
        its `Design`, `Decisions`, `Plan`, `Raters` and `ContextDifferences`; a `Factor` with its
        `FactorBootstrap` and `NestedModels` (of contexts and of items); a `Comparison`;
        `Weights` and `Contrasts`; and `Models`, `Importance` and `Dependence`, one of each model.
        Any other result has its sentence and a table of its tidy rows.
    folder
        Where to; nothing half-written is left there.
    force
        Whether to replace what exprstats wrote there; files of others are kept.
    title
        Heading of the report; the study's own by default.

    Returns
    -------
    pathlib.Path
        The page, ``index.html``. Beside it stand ``report.docx`` (the same for Word, in APA style),
        ``tables/`` (each table as printed, as CSV, Markdown and LaTeX, and, named ``…_rows.csv``,
        in full precision), ``figures/`` (PNG and SVG), ``data/`` (scores, parts, predictions,
        raters and features, as far as there are any), ``results.json`` (all tidy rows; the same
        bytes for the same data, seed and versions) and ``provenance.json``.

    Raises
    ------
    OptionError
        If something is no result, or the folder is taken, holds what the study reads, or cannot
        be written.

    Examples
    --------
    ::

        write_report([reliability, factor], "report/")
    PosixPath('report/index.html')
    """
    failures: list[str] = []
    write_document(gather_analysis(results, title), folder, force=force, failures=failures)
    for failure in failures:
        warn_user(failure)
    return Path(folder) / "index.html"


def write_document(
    analysis: Analysis, folder: str | PathLike[str], *, force: bool = False, failures: list[str]
) -> Document:
    """Write the report folder as `write_report`; return its document, and failures in the list."""
    started = time.perf_counter()
    inputs = [] if analysis.study is None else analysis.study.list_files()
    with stage_folder(folder, force=force, inputs=inputs) as draft:
        document = build_document(analysis, failures=failures, numbered=False)
        document, drawn = _draw_figures(document, draft / "figures")
        document = number_document(move_appendix(document))
        pictures = _name_figures(document, drawn)
        _save_tables(document, draft / "tables")
        images = {number: png for number, (_, png) in pictures.items()}
        failures += _save_word(document, images, draft / "report.docx")
        for name, table in collect_data(analysis).items():
            write_csv(table, draft / "data" / f"{name}.csv")
        failed = [
            *([str(one) for one in analysis.provenance.failures] if analysis.provenance else []),
            *failures,
        ]
        write_json({**collect_results(analysis), "failed": failed}, draft / "results.json")
        page = render_html(document, {one: svg.read_bytes() for one, (svg, _) in pictures.items()})
        (draft / "index.html").write_text(page, encoding="utf-8", newline="\n")
        seconds = time.perf_counter() - started
        origin = collect_provenance(analysis, seconds=seconds)
        write_json({**origin, "failed_sections": failures}, draft / "provenance.json")
    return document


def _draw_figures(document: Document, folder: Path) -> tuple[Document, dict[int, Path]]:
    """Return the document without the figures that cannot be drawn, and the files of the others."""
    files: dict[int, Path] = {}  # by what draws a figure, which numbering leaves as it is
    sections = []
    for section in document.sections:
        drawn, caveats = [], list(section.caveats)
        for figure in section.figures:
            svg, reason = try_figure(figure.draw, folder / f"{len(files)}_{slug(figure.name)}")
            if svg is None:
                told = "The figure ‘{title}’ was left out: {reason}"
                caveats.append(say(told, title=figure.title, reason=str(reason)))
                continue
            drawn.append(figure)
            files[id(figure.draw)] = svg
        sections.append(replace(section, figures=tuple(drawn), caveats=tuple(caveats)))
    return replace(document, sections=tuple(sections)), files


def _name_figures(document: Document, files: dict[int, Path]) -> dict[str, tuple[Path, Path]]:
    """Give the files of figures their numbers, and return SVG and PNG of each by number."""
    pictures: dict[str, tuple[Path, Path]] = {}
    sections = (*document.sections, *document.appendix)
    for figure in (one for section in sections for one in section.figures):
        file = files[id(figure.draw)]
        svg, png = (
            file.with_suffix(ending).rename(file.with_name(f"{slug(figure.stem)}{ending}"))
            for ending in (".svg", ".png")
        )
        pictures[figure.number] = svg, png
    return pictures


def try_figure(
    draw: Callable[[], Any], stem: Path
) -> tuple[Path | None, ExprStatsError | str | None]:
    """Save a figure under a stem; return its SVG, or None and why it cannot be drawn."""
    try:
        stem.parent.mkdir(exist_ok=True)
        return save_figure(draw(), stem)[1], None
    except Exception as error:
        for ending in (".png", ".svg"):
            stem.with_name(f"{stem.name}{ending}").unlink(missing_ok=True)
        if not any(stem.parent.iterdir()):
            stem.parent.rmdir()
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        known = isinstance(error, ExprStatsError)
        return None, error if known else f"it could not be drawn ({type(error).__name__}: {error})."


def _save_word(document: Document, images: dict[str, Path], path: Path) -> list[str]:
    """Write the Word file; return why there is none, which is no reason to lose the page."""
    try:
        from exprstats.document.docx import render_docx

        packed = render_docx(document, images)
    except Exception as error:
        return [f"The Word file could not be written ({type(error).__name__}: {error})."]
    path.write_bytes(packed)
    return []


def _save_tables(document: Document, folder: Path) -> None:
    for section in (*document.sections, *document.appendix):
        for table in section.tables:
            stem = slug(table.stem)
            write_csv(print_table(table), folder / f"{stem}.csv")
            for ending, render in (("md", render_markdown), ("tex", render_latex)):
                path = folder / f"{stem}.{ending}"
                path.write_text(render(table), encoding="utf-8", newline="\n")
            if table.rows is not None:
                write_csv(table.rows, folder / f"{stem}_rows.csv")


def print_table(table: Table) -> pd.DataFrame:
    """Return a table as printed, block names in a first column, spanners before headings.

    Numbers stand as spreadsheets know them: with a plain minus, without marks of thousands, and
    the two ends of an interval in columns of their own.
    """
    keys = [column.key for column in table.columns]
    group = [table.group] if table.group else []
    printed = table.cells[[*group, *keys]]
    headings = [
        f"{column.spanner}: {heading}" if column.spanner else heading
        for column in table.columns
        for heading in (write_plain(column.heading),)
    ]
    printed.columns = [*(["Block"] if group else []), *headings]
    columns: list[tuple[str, pd.Series]] = []
    for place, name in enumerate(printed.columns):
        column = printed.iloc[:, place].map(_write_cell)
        ends = column.astype(str).str.extract(_INTERVAL)
        whole = ends[0].notna()
        if whole.any() and (whole | column.isin(["", "–", "—"]) | column.isna()).all():
            columns += [(f"{name}: {end}", ends[k].fillna("")) for k, end in enumerate(_ENDS)]
        else:
            columns.append((name, column))
    # Two headings may be alike.
    cells = pd.concat([column for _, column in columns], axis=1)
    cells.columns = [name for name, _ in columns]
    return cells


def _write_cell(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = cell.replace("−", "-")
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def collect_results(analysis: Analysis) -> dict[str, Any]:
    """Return every tidy row in full precision, and nothing that changes from run to run."""
    provenance = analysis.provenance
    found: dict[str, Any] = {
        "title": analysis.title,
        "seed": provenance.seed if provenance else None,
        "versions": list_session_versions(analysis),
    }
    for (place, key), result in analysis.results.held.items():
        if key is None:
            found |= result.export()
        else:
            found.setdefault(place, {})[key] = result.export()[place]
    classes = cross_analysis(analysis)
    if classes is not None:
        found["classes"] = classes
    if analysis.others:
        found["further"] = [
            {"kind": type(one).__name__, "rows": one.tidy()} for one in analysis.others
        ]
    if provenance is not None:
        found["warnings"] = [asdict(one) for one in provenance.warnings]
    return found


def collect_tables(results: StudyRun | Result | Iterable[Result]) -> dict[str, pd.DataFrame]:
    """Return the tables of ``results.json`` that hold estimates, each under a name of its own.

    What there is of each model has the model's name after it: "model elastic".
    """
    analysis = gather_analysis(results, None)
    tables = {
        place if key is None else f"{_ONE.get(place, place)} {key}": result.tidy()
        for (place, key), result in analysis.results.held.items()
    }
    classes = cross_analysis(analysis)
    if classes is not None:
        tables["classes"] = classes
    for number, one in enumerate(analysis.others, start=1):
        tables[f"further {number} {type(one).__name__}"] = one.tidy()
    return tables


def collect_data(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Return the tables that an analysis made of clips, people or raters, by name.

    ``scores`` (SCORES), ``parts`` (subject to part), ``predictions`` (of test subjects where models
    were compared, else of all), ``raters``, ``features`` (CLIPS as models saw them).
    """
    found: dict[str, pd.DataFrame] = {}
    if analysis.factor is not None and not analysis.factor.scores.empty:
        found["scores"] = analysis.factor.scores
    models = list(analysis.models.values())
    if analysis.parts is not None:
        found["parts"] = analysis.parts
    elif models:
        people = models[0].design.clips[["subject", "part"]]
        found["parts"] = people.drop_duplicates("subject", ignore_index=True)
    if analysis.predictions is not None:
        found["predictions"] = analysis.predictions
    elif models:
        found["predictions"] = pd.concat([one.predictions for one in models], ignore_index=True)
    if analysis.raters is not None:
        found["raters"] = analysis.raters.tidy()
    if analysis.clips is not None:
        found["features"] = analysis.clips
    return found


def collect_provenance(analysis: Analysis, *, seconds: float) -> dict[str, Any]:
    """Return where the numbers come from, when they were made, and how long it took."""
    factor = analysis.factor
    found: dict[str, Any] = {
        "program": "exprstats",
        "title": analysis.title,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else [],
        "versions": list_session_versions(analysis),
    }
    if analysis.study is not None:
        found["study"] = analysis.study.path.name
    if analysis.provenance is not None:
        found |= {name: held for name, held in asdict(analysis.provenance).items()}
    if factor is not None:
        found["factor"] = asdict(factor.receipt)
    found["seconds"] = {**found.get("seconds", {}), "report": round(seconds, 3)}
    found["wall_time"] = round(sum(found["seconds"].values()), 3)
    return found
