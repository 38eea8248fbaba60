"""The report folder: page, tables, figures, results.json and provenance.json."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.document.html import render_html
from exprstats.document.model import Document, Table
from exprstats.document.text import write_plain
from exprstats.io import slug, stage_folder, write_csv, write_json
from exprstats.plots import save_figure
from exprstats.report.outline import build_document
from exprstats.report.pieces import Pieces, gather_pieces
from exprstats.report.sections.classes import cross_pieces
from exprstats.report.sections.data import list_session_versions

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.results import Result
    from exprstats.study import StudyRun

_FURTHER = (
    *("raters", "decisions", "plan", "differences", "invariance", "restrictions", "resampled"),
    *("ceiling", "weights", "contrasts", "pooling"),
)
_BY_MODEL = ("importance", "dependence")
_ONE = {"models": "model"}


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


def collect_results(pieces: Pieces) -> dict[str, Any]:
    """Return every tidy row in full precision, and nothing that changes from run to run."""
    provenance = pieces.provenance
    found: dict[str, Any] = {
        "title": pieces.title,
        "seed": provenance.seed if provenance else None,
        "versions": list_session_versions(pieces),
    }
    if pieces.reliability is not None:
        found["reliability"] = pieces.reliability.tidy()
        found["design"] = pieces.reliability.design
    if pieces.factor is not None:
        found["factor"] = {
            "engine": pieces.factor.engine,
            "rows": pieces.factor.tidy(),
            "spans": pieces.factor.spans,
        }
    if pieces.models:
        found["models"] = {name: models.tidy() for name, models in pieces.models.items()}
    classes = cross_pieces(pieces)
    if classes is not None:
        found["classes"] = classes
    if pieces.comparison is not None:
        found["comparison"] = pieces.comparison.tidy()
    found |= _collect_further(pieces)
    if provenance is not None:
        found["warnings"] = [asdict(one) for one in provenance.warnings]
    return found


def collect_tables(results: StudyRun | Result | Iterable[Result]) -> dict[str, pd.DataFrame]:
    """Return the tables of ``results.json`` that hold estimates, each under a name of its own.

    Parameters
    ----------
    results
        As for `write_report`.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tidy rows. What there is of each model has the model's name after it: "model elastic".
    """
    pieces = gather_pieces(results, None)
    found = collect_results(pieces)
    tables: dict[str, pd.DataFrame] = {}
    for name in ("reliability", "factor", "models", "classes", "comparison", *_FURTHER, *_BY_MODEL):
        held = found.get(name)
        if name == "factor" and held is not None:
            tables[name] = held["rows"]
        elif isinstance(held, dict):
            tables |= {f"{_ONE.get(name, name)} {model}": own for model, own in held.items()}
        elif held is not None:
            tables[name] = held
    for place, one in enumerate(found.get("further", ())):
        tables[f"further {place + 1} {one['kind']}"] = one["rows"]
    return tables


def _collect_further(pieces: Pieces) -> dict[str, Any]:
    """Return the rows of results that go with the main ones."""
    given = {name: getattr(pieces, name) for name in _FURTHER}
    found: dict[str, Any] = {
        name: result.tidy() for name, result in given.items() if result is not None
    }
    if pieces.design is not None:
        found["designs"] = pieces.design.tidy()
        found["coefficients"] = pieces.design.coefficients
    for name in ("invariance", "restrictions"):
        if given[name] is not None:
            found[f"{name}_call"] = given[name].receipt.call
    for name in _BY_MODEL:
        by_model = getattr(pieces, name)
        if by_model:
            found[name] = {model: result.tidy() for model, result in by_model.items()}
    if pieces.others:
        found["further"] = [
            {"kind": type(one).__name__, "rows": one.tidy()} for one in pieces.others
        ]
    if pieces.contrasts is not None:
        found["contrasts_penalty"] = pieces.contrasts.glance()
    return found


def collect_provenance(pieces: Pieces, *, seconds: float) -> dict[str, Any]:
    """Return where the numbers come from, when they were made, and how long it took.

    Parameters
    ----------
    pieces
        What was analysed.
    seconds
        Wall time of writing the report.
    """
    factor = pieces.factor
    found: dict[str, Any] = {
        "program": "exprstats",
        "title": pieces.title,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else [],
        "versions": list_session_versions(pieces),
    }
    if pieces.study is not None:
        found["study"] = pieces.study.path.name
    if pieces.provenance is not None:
        found |= {name: held for name, held in asdict(pieces.provenance).items()}
    if factor is not None:
        found["factor"] = asdict(factor.receipt)
    found["seconds"] = {**found.get("seconds", {}), "report": round(seconds, 3)}
    found["wall_time"] = round(sum(found["seconds"].values()), 3)
    return found
