"""A fitted factor as an R script that refits it from the data file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from exprstats.errors import OptionError
from exprstats.measurement.factor import Factor

_TEMPLATE = Path(__file__).with_name("refit.R")


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
        The data file as the script shall find it: CSV, one row a clip, columns as they were
        fitted.
    cluster
        The column of clusters, if the fit had one.
    parts
        File with columns subject and part, if the fit had training subjects.

    Raises
    ------
    OptionError
        The fit had clusters or training subjects and the script was not told where to find them,
        or the file cannot be written.
    """
    from exprstats import __version__

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
    }
    lines = [_fill(line, words) for line in _TEMPLATE.read_text("utf-8").splitlines()]
    text = "\n".join(lines) + "\n"
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        message = f"the script cannot be written to '{path}': {error.strerror}."
        raise OptionError(message) from error
    return text


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
