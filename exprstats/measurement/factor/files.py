"""Files of a fitted factor: its estimates as JSON, and its lavaan script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.contracts import check_kind
from exprstats.errors import DataError, OptionError, Problem
from exprstats.io import write_json
from exprstats.io.outputs import read_stored, write_text
from exprstats.measurement.factor.checks import list_notes
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.scoring import list_spans
from exprstats.measurement.factor.solution import Receipt, Solution, list_solution_rows
from exprstats.options import take_path

FORMAT = "exprstats factor"
VERSION = 1
_WRITERS = "save_factor or exprstats factor --save"
_TEMPLATE = Path(__file__).with_name("refit.R")


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

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "factor.json"
    >>> save_factor(ex.fit_factor(means, items=items), path)
    >>> load_factor(path).items
    ('response', 'emotion', 'motion')
    """
    check_kind(factor, Factor, "factor", "fit_factor")
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

    Examples
    --------
    See `save_factor`.
    """
    payload = read_stored(path, format=FORMAT, version=VERSION, holds="factor", writers=_WRITERS)
    try:
        solutions = tuple(_read_solution(one) for one in payload["solutions"])
        said = payload["receipt"]
        receipt = Receipt(**{**said, "warnings": tuple(said["warnings"])})
        items, level = tuple(payload["items"]), float(payload["level"])
        by = payload["by"]
    except (KeyError, TypeError, ValueError) as error:
        fact = f"the stored factor is damaged ({error})."
        remedy = f"Give a file that {_WRITERS} wrote."
        raise DataError(Problem(fact, remedy, file=str(path))) from error
    columns = ["clip", "fitted_on", "score", "std_error", "factor_se", "note"]
    return Factor(
        table=list_solution_rows(solutions, level),
        scores=pd.DataFrame({name: [] for name in [*(["context"] if by else []), *columns]}),
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


def _read_solution(stored: Mapping[str, Any]) -> Solution:
    p = len(stored["items"])
    shapes = {"vcov": (2 * p, 2 * p), "covariance": (p, p)}
    values: dict[str, Any] = {}
    for field in fields(Solution):
        # Files of earlier versions lack the fields that have a default.
        if field.name not in stored and field.default is not MISSING:
            continue
        if field.name == "jackknife" and field.name not in stored:
            continue
        value: Any = stored[field.name]
        if value is None and field.type == "float":
            value = float("nan")
        if field.type == "np.ndarray":
            array = np.array(value, dtype=float)
            value = array.reshape(shapes.get(field.name, (p,)))
        values[field.name] = value
    return Solution(**{**values, "items": tuple(stored["items"])})


def write_lavaan_script(
    factor: Factor,
    path: str | Path,
    *,
    data: str,
    cluster: str | None = None,
    parts: str | None = None,
) -> str:
    """Write an R script that refits the factor with lavaan alone, and return its text.

    Parameters
    ----------
    factor
        From `fit_factor`.
    path
        Where the script goes.
    data
        The data file as the script shall find it: CSV, one row per clip, columns as they were
        fitted.
    cluster
        The column of clusters, if the fit had one.
    parts
        File with columns subject and part, if the fit had training subjects.

    Returns
    -------
    str
        The script, as it stands in the file.

    Raises
    ------
    OptionError
        The fit had clusters or training subjects and the script was not told where to find them,
        or the file cannot be written.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "refit.R"
    >>> factor = ex.fit_factor(means, items=items)
    >>> print(write_lavaan_script(factor, path, data="means.csv").splitlines()[6])
    items <- c("response", "emotion", "motion")
    """
    from exprstats import __version__

    check_kind(factor, Factor, "factor", "fit_factor")
    first = factor.solutions[0]
    _check_roles(factor, cluster, parts)
    versions = factor.receipt.versions
    words = {
        "engine": f"lavaan {versions['lavaan']}" if "lavaan" in versions else factor.engine,
        "version": __version__,
        "file": quote_text(data),
        "items": f"c({', '.join(map(quote_text, factor.items))})",
        "by": quote_text(factor.by),
        "cluster": quote_text(cluster),
        "parts": quote_text(parts),
        "estimator": quote_text("MLR" if first.method == "robust" else "ML"),
        "missing": quote_text(first.missing),
        "level": repr(factor.level),
        "starts": _write_starts(factor.solutions),
    }
    lines = [_fill(line, words) for line in _TEMPLATE.read_text("utf-8").splitlines()]
    text = "\n".join(lines) + "\n"
    if not take_path(path).parent.is_dir():
        message = f"the script cannot be written to '{path}': there is no such folder."
        raise OptionError(message)
    write_text(text, path)
    return text


def _write_starts(solutions: Sequence[Solution]) -> str:
    """Return as R the starting values of fits that lavaan's own lead to a lower maximum."""
    pairs = []
    for one in solutions:
        if one.started:
            numbers = ", ".join(map(repr, np.concatenate([one.loadings, one.residuals]).tolist()))
            key = f"{one.part} {'NA' if one.context is None else one.context}"
            pairs.append(f"{quote_text(key)} = c({numbers})")
    return f"list({', '.join(pairs)})"


def _check_roles(factor: Factor, cluster: str | None, parts: str | None) -> None:
    if (cluster is None) != (factor.solutions[-1].n_clusters is None):
        message = "name the cluster column if, and only if, the fit had clusters (cluster=)."
        raise OptionError(message)
    trained = any(one.part == "train" for one in factor.solutions)
    if trained != (parts is not None):
        message = "name the file of parts if, and only if, the fit had training subjects (parts=)."
        raise OptionError(message)


def _fill(line: str, words: dict[str, str]) -> str:
    """Fill the one placeholder of a line; what is filled in is not looked at again."""
    for name, word in words.items():
        before, mark, after = line.partition(f"@{name}@")
        if mark:
            return before + word + _fill(after, words)
    return line


def quote_text(text: str | None) -> str:
    r"""Return a text as a literal that R reads as that text and nothing else.

    Examples
    --------
    >>> print(quote_text('say "hi"\\'), quote_text(None))
    "say \"hi\"\\" NULL
    """
    if text is None:
        return "NULL"
    escapes: Sequence[tuple[str, str]] = (
        *(("\\", "\\\\"), ('"', '\\"')),
        *(("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\0", "")),
    )
    for plain, escaped in escapes:
        text = text.replace(plain, escaped)
    return f'"{text}"'
