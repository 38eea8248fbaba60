"""Which column of a file plays which part."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from exprstats.io.sources import Draft, Source

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


def rename_roles(draft: Draft, roles: Mapping[str, str]) -> Draft:
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
    ids = {name: table[column] for name, column in roles.items()}
    rest = [name for name in table.columns if name not in {*roles.values(), *lost}]
    draft.table = pd.concat([pd.DataFrame(ids, index=table.index), table[rest]], axis=1)
    return draft


def number_clips(draft: Draft) -> None:
    """Take the row number as the clip where a file has no clip column."""
    numbers = pd.array([str(row) for row in range(1, len(draft.table) + 1)], dtype="str")
    draft.table = draft.table.assign(clip=numbers)
    draft.table = draft.table[["clip", *draft.table.columns.drop("clip")]]
