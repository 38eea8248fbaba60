"""Which column of a file plays which part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from exprstats.errors import OptionError, Problem, warn_user
from exprstats.io.drafts import Draft
from exprstats.io.sources import Source

OPTIONAL = ("subject", "context")


def pick_roles(source: Source, named: Mapping[str, str | None]) -> dict[str, str]:
    """Return canonical name -> column; an unnamed subject or context is found by its name.

    Parameters
    ----------
    source
        The file.
    named
        Canonical name -> the caller's column, None if the caller named none.
    """
    found = {}
    for role, column in named.items():
        if column is not None:
            found[role] = column
        elif role in OPTIONAL and source.has(role):
            found[role] = role
    return found


def list_names(names: str | Iterable[str], ids: Mapping[str, str]) -> list[str]:
    """Return the names of number columns, each once; a single text is one name.

    Parameters
    ----------
    names
        Number columns.
    ids
        Canonical name -> id column.

    Raises
    ------
    OptionError
        If none is named, or a column is to be both an id and a number.
    """
    listed = list(dict.fromkeys([names] if isinstance(names, str) else names))
    if not listed:
        message = "no number column is named. Name at least one."
        raise OptionError(message)
    for role, column in ids.items():
        if column in listed:
            message = f"column '{column}' cannot be the {role} and hold numbers. Name another."
            raise OptionError(message)
    return listed


def refuse_hidden(roles: Mapping[str, str], names: Iterable[str]) -> None:
    """Refuse a wanted column whose name another column takes over, as it would be lost.

    Parameters
    ----------
    roles
        Canonical name -> column of the file.
    names
        Columns that are wanted under their own names.

    Raises
    ------
    OptionError
        With both columns.
    """
    for name in names:
        column = roles.get(name, name)
        if column != name:
            message = (
                f"column '{name}' cannot be read beside '{column}', which becomes the {name}. "
                "Give it another name in the file."
            )
            raise OptionError(message)


def rename_roles(draft: Draft, roles: Mapping[str, str]) -> None:
    """Give the columns their canonical names, ids first; a foreign column of that name goes.

    Parameters
    ----------
    draft
        A table under the file's own names.
    roles
        Canonical name -> column of the file.
    """
    table = draft.table
    lost = [name for name in roles if name in table.columns and name not in roles.values()]
    for name in lost:
        fact = f"the file's own column is left out, because '{roles[name]}' is the {name}."
        message = str(Problem(fact, file=draft.file, column=name))
        warn_user(message)
    ids = {name: table[column] for name, column in roles.items()}
    rest = [name for name in table.columns if name not in {*roles.values(), *lost}]
    draft.table = pd.concat([pd.DataFrame(ids, index=table.index), table[rest]], axis=1)


def lacks_clips(source: Source, clip: str | None) -> bool:
    """Return whether a file has no clip column, so that each row counts as a clip.

    Parameters
    ----------
    source
        The file.
    clip
        The column that the caller named; "clip" is what a caller gets who named none.
    """
    return clip == "clip" and not any(name.casefold() == "clip" for name in source.header)


def number_rows(count: int) -> pd.api.extensions.ExtensionArray:
    """Return the row numbers as ids, for files without a clip column."""
    return pd.array([str(row) for row in range(1, count + 1)], dtype="str")
