"""What the report folder says to machines: results.json and provenance.json."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.report.classes import cross_pieces
from exprstats.report.pieces import Pieces, gather_pieces
from exprstats.report.session import list_session_versions

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
