"""Files of our own models: JSON that names its format and its version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exprstats.errors import DataError, Problem


def read_stored(
    path: str | Path, *, format: str, version: int, holds: str, writers: str
) -> dict[str, Any]:
    r"""Read a file that exprstats wrote, if it holds what is wanted.

    Parameters
    ----------
    path
        The file.
    format, version
        What its keys ``format`` and ``version`` must say.
    holds
        What such a file holds, in a word.
    writers
        What writes such a file.

    Returns
    -------
    dict
        All that the file says.

    Raises
    ------
    DataError
        There is no such file, it is not JSON, or it holds something else or another version.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "net.json"
    >>> _ = path.write_text('{"format": "net", "version": 1, "weights": [2]}')
    >>> read_stored(path, format="net", version=1, holds="net", writers="save_net")["weights"]
    [2]
    """
    path = Path(path)
    remedy = f"Give a file that {writers} wrote."
    try:
        payload = json.loads(path.read_text("utf-8"))
    except OSError as error:
        fact = f"it cannot be read ({error.strerror})."
        raise DataError(Problem(fact, remedy, file=str(path))) from error
    except ValueError as error:
        fact = f"it is not JSON ({error})."
        raise DataError(Problem(fact, remedy, file=str(path))) from error
    found = payload.get("format") if isinstance(payload, dict) else None
    if found != format:
        other = f"; its format is '{found}'" if isinstance(found, str) else ""
        raise DataError(Problem(f"it holds no {holds}{other}.", remedy, file=str(path)))
    if payload.get("version") != version:
        fact = f"its version is {payload.get('version')}; this exprstats reads version {version}."
        raise DataError(Problem(fact, f"Fit and save the {holds} again.", file=str(path)))
    return payload
