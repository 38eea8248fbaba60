"""Guesses about a table that nobody has described: what its columns are, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["ratings", "wide", "clips", "predictions"]

_WORDS: dict[str, tuple[str, ...]] = {
    "clip": ("clip", "video", "stimulus", "target", "segment", "trial", "recording", "image"),
    "rater": ("rater", "worker", "judge", "coder", "annotator", "observer", "crowdworker"),
    "subject": ("subject", "participant", "person", "actor", "speaker", "sender"),
    "context": ("context", "task", "condition", "type", "emotion", "situation", "category"),
    "item": ("item", "question", "scale", "measure"),
    "rating": ("rating", "score", "response", "answer", "value"),
    "model": ("model", "method", "system"),
    "truth": ("truth", "true", "label", "actual", "gold"),
    "prediction": ("prediction", "predicted", "pred"),
}
_IDS = ("clip", "rater", "subject", "context", "item", "model")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a table seems to hold.

    Attributes
    ----------
    kind
        ``"ratings"`` (one row a rating), ``"predictions"``, ``"clips"`` (one row a clip, with its
        subject), or ``"wide"`` (one row a clip, without).
    roles
        Role to column, by the columns' names.
    numbers
        Columns of numbers without another role: ratings, judges, items or features.
    """

    kind: Kind
    roles: dict[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()


def guess_roles(table: pd.DataFrame) -> Guess:
    """Guess what a table holds, from the names and types of its columns.

    Parameters
    ----------
    table
        From `read_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"Target": ["a"], "Rater": ["r"], "Score": [3.0]})
    >>> guess_roles(table)
    Guess(kind='ratings', roles={'clip': 'Target', 'rater': 'Rater', 'rating': 'Score'}, numbers=())
    """
    names = [str(name) for name in table.columns]
    numeric = {str(name) for name in table.select_dtypes("number").columns}
    roles = _match_roles(names, numeric)
    if "context" in roles and table[roles["context"]].nunique() < 2:
        del roles["context"]
    kind = _find_kind(roles)
    if kind != "ratings":
        roles = _leave_out(roles, "item", "rating")
    if kind != "predictions":
        roles = _leave_out(roles, "model", "truth", "prediction")
    if kind == "ratings" and "rating" in roles and not _is_plain(roles["rating"]):
        others = numeric - set(roles.values())
        roles = _leave_out(roles, "rating") if others else roles
    taken = set(roles.values())
    numbers = tuple(name for name in names if name in numeric and name not in taken)
    return Guess(kind, roles, numbers)


def _match_roles(names: Iterable[str], numeric: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for role, words in _WORDS.items():
        for word in words:
            free = [name for name in names if name not in found.values()]
            fits = [name for name in free if word in _split_name(name)]
            if role not in _IDS:
                fits = [name for name in fits if name in numeric]
            if fits:
                found[role] = fits[0]
                break
    return found


def _split_name(name: str) -> set[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    parts = {part for part in re.split(r"[^a-z]+", spaced) if part}
    # A name such as rating_date or task_order only mentions a role.
    return {part for part in parts if len(parts) == 1 or parts <= {part, "id", "name", "code"}}


def _is_plain(name: str) -> bool:
    """Return whether a column is the one of all ratings, and not one question among others."""
    return bool(_split_name(name) & {"rating", "score"})


def _find_kind(roles: dict[str, str]) -> Kind:
    if {"truth", "prediction"} <= set(roles):
        return "predictions"
    if "rater" in roles:
        return "ratings"
    return "clips" if "subject" in roles else "wide"


def _leave_out(roles: dict[str, str], *unwanted: str) -> dict[str, str]:
    return {role: name for role, name in roles.items() if role not in unwanted}
