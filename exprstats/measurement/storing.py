"""A fitted factor as a JSON file: its estimates, without a row of data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.io import write_json
from exprstats.measurement.factor import Factor
from exprstats.measurement.rows import list_rows
from exprstats.measurement.scoring import list_spans
from exprstats.measurement.solution import Receipt, Solution
from exprstats.measurement.wording import list_notes

FORMAT = "exprstats factor"
VERSION = 1
_REMEDY = "Give a file that save_factor wrote."


def save_factor(factor: Factor, path: str | Path) -> None:
    """Write a fitted factor to a JSON file, for scoring new clips elsewhere or later.

    Parameters
    ----------
    factor
        From `fit_factor`. Its estimates are written with full precision; the scores, which are
        data, are not.
    path
        The file; an existing one is replaced.

    Raises
    ------
    OptionError
        The file cannot be written.
    """
    payload = {
        "format": FORMAT,
        "version": VERSION,
        "items": list(factor.items),
        "by": factor.by,
        "level": factor.level,
        "receipt": _list_fields(factor.receipt),
        "solutions": [_list_fields(one) for one in factor.solutions],
    }
    write_json(payload, path)


def load_factor(path: str | Path) -> Factor:
    """Read a fitted factor back; `score_clips` takes it like a fresh one.

    Parameters
    ----------
    path
        A file that `save_factor` wrote.

    Returns
    -------
    Factor
        With the same table, spans, receipt and notes, and without scores.

    Raises
    ------
    DataError
        There is no such file, or it holds something else.
    """
    payload = _read_payload(Path(path))
    try:
        solutions = tuple(_read_solution(one) for one in payload["solutions"])
        said = payload["receipt"]
        receipt = Receipt(**{**said, "warnings": tuple(said["warnings"])})
        items, level = tuple(payload["items"]), float(payload["level"])
        by = payload["by"]
    except (KeyError, TypeError, ValueError) as error:
        fact = f"the stored factor is damaged ({error})."
        raise DataError(Problem(fact, _REMEDY, file=str(path))) from error
    columns = [*(["context"] if by else []), "clip", "fitted_on", "score", "std_error"]
    return Factor(
        table=list_rows(solutions, level),
        scores=pd.DataFrame({name: [] for name in columns}),
        spans=list_spans(solutions),
        solutions=solutions,
        items=items,
        by=by,
        level=level,
        receipt=receipt,
        notes=list_notes(solutions, receipt),
    )


def _list_fields(record: Solution | Receipt) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _read_payload(path: Path) -> Mapping[str, Any]:
    try:
        payload = json.loads(path.read_text("utf-8"))
    except OSError as error:
        fact = f"it cannot be read ({error.strerror})."
        raise DataError(Problem(fact, _REMEDY, file=str(path))) from error
    except ValueError as error:
        fact = f"it is no JSON ({error})."
        raise DataError(Problem(fact, _REMEDY, file=str(path))) from error
    if not isinstance(payload, dict) or payload.get("format") != FORMAT:
        raise DataError(Problem("it holds no factor.", _REMEDY, file=str(path)))
    if payload.get("version") != VERSION:
        fact = f"its version is {payload.get('version')}; this exprstats reads version {VERSION}."
        raise DataError(Problem(fact, "Fit and save the factor again.", file=str(path)))
    return payload


def _read_solution(stored: Mapping[str, Any]) -> Solution:
    p = len(stored["items"])
    shapes = {"vcov": (2 * p, 2 * p), "covariance": (p, p)}
    values: dict[str, Any] = {}
    for field in fields(Solution):
        value = stored[field.name]
        if field.type == "np.ndarray":
            array = np.array(value, dtype=float)
            value = array.reshape(shapes.get(field.name, (p,)))
        values[field.name] = tuple(value) if field.name == "items" else value
    return Solution(**values)
