"""Truths that are classes, and what models say of them: classes, probabilities, or scores."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from exprstats.codes import list_values
from exprstats.errors import Option, Problem
from exprstats.io.classes import write_class
from exprstats.io.files.answers import is_no_answer
from exprstats.io.files.spreads import find_judges
from exprstats.io.files.words import fold_name, is_aside, is_truth, list_words
from exprstats.options import MOST_JUDGES, MOST_WORDS, name_some

_LABELS = frozenset(list_words("label|labels|class|klasse|classe|y|target|category|gt|emotion"))
_HUMAN = frozenset(
    list_words(
        "human|humain|humaine|humano|mensch|menschlich|majority|majorite|mehrheit|consensus|"
        "konsens|expert|experte|reference|referenz|gold|criterion|kriterium|intended|actual|"
        "label|labels|truth|true|correct"
    )
)
_SHARES = frozenset(
    list_words("p|pr|prob|proba|probability|conf|confidence|likelihood|wahrscheinlichkeit|prob1")
)
_YES = frozenset(
    list_words("yes|ja|oui|si|sí|evet|tak|да|はい|是|true|1|present|positive|pos|smile|pain|hit")
)
# Rows of probabilities sum to 1 but for rounding; cells of a model are classes of the truth.
_ROUNDED, _KNOWN = 0.02, 0.8


@dataclass(frozen=True, slots=True)
class Classed:
    """Truth that is a class, and models.

    Attributes
    ----------
    truth
        Its column.
    models
        Columns of words or of probabilities, or the start of columns, one a class.
    kind
        What models hold: ``"classes"``, or ``"probabilities"`` of one class.
    positive
        That class; None where it is 1, or not known.
    coded
        Whether the truth is numbers.
    questions
        What is not known.
    """

    truth: str
    models: tuple[str, ...]
    kind: str
    positive: str | None = None
    coded: bool = False
    questions: tuple[Problem, ...] = field(default=(), repr=False)


def find_classed(table: pd.DataFrame, ids: Collection[str]) -> Classed | None:
    """Return the truth of a table that is a class with what models say of it; None of another.

    Parameters
    ----------
    table
        As it was read.
    ids
        Columns of clips, people and the like.

    Examples
    --------
    >>> table = pd.DataFrame({"label": ["joy", "sad", "joy"], "p_joy": [0.9, 0.2, 0.4]})
    >>> found = find_classed(table.assign(p_sad=1 - table["p_joy"]), [])
    >>> found.truth, found.models, found.kind
    ('label', ('p',), 'classes')
    """
    free = [name for name in map(str, table) if name not in ids and not is_aside(name)]
    levels = {name: _list_levels(table[name]) for name in free}
    held = [name for name in free if 1 < len(levels[name]) <= MOST_WORDS]
    named = [name for name in held if _is_named(name)]
    numeric = [n for n in free if pd.api.types.is_numeric_dtype(table[n]) and n not in named]
    for truth in [*named, *(name for name in held if name not in named)]:
        values = [one for one in numeric if one != truth]
        parts = find_class_columns(values, levels[truth])
        # Two columns of words may be raters: one of them must be called as a truth.
        words = _find_worded(table, truth, levels) if _is_certain(truth) else []
        if parts or words:
            asked = [*_ask_values(table, parts), *_ask_words(table, truth, levels[truth], words)]
            asked += _ask_truth(truth, [one for one in words if _is_named(one)])
            models = (*parts, *words)
            return _say(Classed(truth, models, "classes"), table, asked)
        found = _find_probable(table, truth, levels[truth], values)
        if found is not None:
            return found
    return None


def find_class_columns(names: Sequence[str], levels: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return models whose columns are called as the classes are: start to column to class.

    Examples
    --------
    >>> find_class_columns(["net_joy", "net_sad", "age"], ["joy", "sad"])
    {'net': {'net_joy': 'joy', 'net_sad': 'sad'}}
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        for level in levels:
            end = fold_name(level)
            start = name[: len(name) - len(end)]
            if fold_name(name).endswith(end) and start and not start[-1].isalnum():
                found.setdefault(start.rstrip("_-. "), {})[name] = level
    return {start: held for start, held in found.items() if {*held.values()} == {*levels}}


def _list_levels(column: pd.Series) -> list[str]:
    known = list_values(column)
    if len(known) > MOST_WORDS:
        return []
    if pd.api.types.is_numeric_dtype(column) and not all(float(one).is_integer() for one in known):
        return []
    return sorted(write_class(one) for one in known)


def _tokens(name: str) -> set[str]:
    return {one for one in re.split(r"[\W_]+", fold_name(name)) if one}


def _is_certain(name: str) -> bool:
    return is_truth(name) or bool(_tokens(name) & _HUMAN)


def _is_named(name: str) -> bool:
    return fold_name(name) in _LABELS or _is_certain(name)


def _find_worded(table: pd.DataFrame, truth: str, levels: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns whose words are nearly all classes of the truth, and no judges' own."""
    known = {one.casefold() for one in levels[truth]}
    texts = [str(n) for n in table.select_dtypes(exclude="number") if n in levels and n != truth]
    found = []
    for name in texts:
        cells = table[name].dropna().astype(str).str.strip().str.casefold()
        if len(cells) and cells.isin(known).mean() >= _KNOWN:
            found.append(name)
    return [] if truth not in table.select_dtypes(exclude="number") or find_judges(found) else found


def _find_probable(
    table: pd.DataFrame, truth: str, levels: Sequence[str], names: Sequence[str]
) -> Classed | None:
    """Return the truth of two classes, of one of which other columns are probabilities."""
    if len(levels) != 2:
        return None
    own = {one.casefold() for one in levels}
    shares = []
    for name in names:
        values = table[name].dropna().to_numpy(float)
        within = len(values) and values.min() >= 0 and values.max() <= 1
        varied = len(np.unique(values)) > 2
        if within and varied and _tokens(name) & (_SHARES | own):
            shares.append(name)
    if not shares:
        return None
    coded = pd.api.types.is_numeric_dtype(table[truth])
    said = [one for one in levels if any(one.casefold() in _tokens(name) for name in shares)]
    usual = [one for one in levels if one.casefold() in _YES]
    positive = next((held[0] for held in (said, usual) if len(held) == 1), None)
    asked = []
    if coded and {*levels} == {"0", "1"}:
        positive = None
        asked.append(Problem(f"1 is read as the class of '{truth}' that probabilities are of."))
    elif positive is None:
        fact = f"which class of '{truth}' probabilities are of is not known ({name_some(levels)})."
        either = (Option("positive", levels[0]), " or ", Option("positive", levels[1]), ".")
        asked.append(Problem(fact, ("Name it: ", *either)))
        positive = levels[0]
        return replace(_say(Classed(truth, (), "probabilities"), table, asked), positive=positive)
    else:
        fact = f"'{positive}' is read as the class of '{truth}' that probabilities are of."
        other = next(one for one in levels if one != positive)
        asked.append(Problem(fact, ("If it is the other: ", Option("positive", other), ".")))
    return _say(Classed(truth, tuple(shares), "probabilities", positive), table, asked)


def _say(found: Classed, table: pd.DataFrame, asked: Sequence[Problem]) -> Classed:
    coded = pd.api.types.is_numeric_dtype(table[found.truth])
    return replace(found, coded=coded, questions=tuple(asked))


def _ask_values(table: pd.DataFrame, parts: Mapping[str, Mapping[str, str]]) -> list[Problem]:
    """Return what the values of a model's classes are: probabilities, or scores that are none."""
    asked = []
    for start, held in parts.items():
        values = table[[*held]].dropna().to_numpy(float)
        if not len(values):
            continue
        low, high = values.min(), values.max()
        told = "probabilities"
        if low < 0 or high > 1:
            told = (
                f"scores from {low:.3g} to {high:.3g} (as logits are), which are no probabilities"
            )
        elif np.abs(values.sum(axis=1) - 1).max() >= _ROUNDED:
            told = f"scores from {low:.3g} to {high:.3g}, which do not sum to 1"
        fact = f"{len(held)} columns '{start}_…' hold one model's {told}"
        asked.append(Problem(f"{fact}: it predicts the class with the largest."))
    return asked


def _ask_words(
    table: pd.DataFrame, truth: str, levels: Sequence[str], words: Sequence[str]
) -> list[Problem]:
    """Return which words of models are no class of the truth, and how they count."""
    known = {one.casefold() for one in levels}
    asked = []
    for name in words:
        cells = table[name].dropna().astype(str).str.strip()
        other = cells[~cells.str.casefold().isin(known)]
        shown = [one for one in other.unique().tolist() if not is_no_answer(one)]
        if shown:
            fact = f"'{name}' holds {name_some(shown[:MOST_JUDGES])}, which is no class of "
            fact += f"'{truth}' ({len(other)} of {len(cells)} cells) and counts as wrong."
            cure = ("To leave these clips out: ", Option("missing", shown[:MOST_JUDGES]))
            asked.append(Problem(fact, (*cure, ", ", Option("common", True), ".")))
    return asked


def _ask_truth(truth: str, others: Sequence[str]) -> list[Problem]:
    if not others:
        return []
    fact = f"'{truth}' is read as the truth, and '{others[0]}' as a model."
    return [Problem(fact, ("If that is the truth: ", Option("truth", others[0]), "."))]
