"""The report folder: a page for people, tables and figures for papers, JSON for machines."""

from __future__ import annotations

import time
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.io import slug, stage_folder, write_csv, write_json
from exprstats.plots import save_figure
from exprstats.report.document import Document, Table
from exprstats.report.html import render_html
from exprstats.report.outline import build_document
from exprstats.report.payloads import collect_provenance, collect_results
from exprstats.report.pieces import gather_pieces
from exprstats.report.prose import write_plain

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.results import Result
    from exprstats.study import StudyRun


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
        Whether to replace a folder that exprstats wrote.
    title
        Heading of the report; the study's own by default.

    Returns
    -------
    pathlib.Path
        The page, ``index.html``. Beside it stand ``tables/`` (each table as printed and, named
        ``…_rows.csv``, in full precision), ``figures/`` (PNG and SVG), ``results.json`` (all
        tidy rows; the same bytes for the same data, seed and versions) and ``provenance.json``.

    Raises
    ------
    OptionError
        If something is no result, or the folder is taken or cannot be written.

    Examples
    --------
    ::

        write_report([reliability, factor], "report/")
    PosixPath('report/index.html')
    """
    started = time.perf_counter()
    pieces = gather_pieces(results, title)
    with stage_folder(folder, force=force) as draft:
        document = build_document(pieces)
        images = _save_figures(document, draft / "figures")
        _save_tables(document, draft / "tables")
        write_json(collect_results(pieces), draft / "results.json")
        page = render_html(document, images)
        (draft / "index.html").write_text(page, encoding="utf-8", newline="\n")
        seconds = time.perf_counter() - started
        write_json(collect_provenance(pieces, seconds=seconds), draft / "provenance.json")
    return Path(folder) / "index.html"


def _save_figures(document: Document, folder: Path) -> dict[str, bytes]:
    images = {}
    for section in document.sections:
        for figure in section.figures:
            folder.mkdir(exist_ok=True)
            _, svg = save_figure(figure.plot, folder / f"figure{figure.number}_{slug(figure.name)}")
            images[figure.name] = svg.read_bytes()
    return images


def _save_tables(document: Document, folder: Path) -> None:
    for section in document.sections:
        for table in section.tables:
            stem = f"table{table.number}_{slug(table.name)}"
            write_csv(print_table(table), folder / f"{stem}.csv")
            if table.rows is not None:
                write_csv(table.rows, folder / f"{stem}_rows.csv")


def print_table(table: Table) -> pd.DataFrame:
    """Return a table as printed, block names in a first column, spanners before headings."""
    keys = [column.key for column in table.columns]
    group = [table.group] if table.group else []
    printed = table.cells[[*group, *keys]]
    headings = [
        f"{column.spanner}: {heading}" if column.spanner else heading
        for column in table.columns
        for heading in (write_plain(column.heading),)
    ]
    printed.columns = [*(["Block"] if group else []), *headings]
    return printed
