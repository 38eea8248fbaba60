"""Features that are categories, coded as columns of 0 and 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from exprstats.contracts import require_columns
from exprstats.errors import DataError, OptionError, Problem
from exprstats.options import name_some, take_columns

MOST_LEVELS = 20
_MARK = ": "


def code_categories(
    clips: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Code categories as columns of 0 and 1, one for each level but the reference.

    The reference is the most frequent level (of equals the first in alphabetical order), or the
    first of an ordered or unordered `pandas.Categorical`. A weight is then the difference from the
    reference. An elastic net shrinks these differences, so that its predictions depend somewhat
    on the reference.

    Parameters
    ----------
    clips
        CLIPS; it is not changed.
    names
        Columns of categories: texts, booleans, or any values.

    Returns
    -------
    clips : pandas.DataFrame
        The table with columns such as ``gender: f`` behind its own. A clip without a category
        has missing codes.
    coded : dict of str to str
        Each new column to the reference that it differs from.

    Raises
    ------
    DataError
        A column is absent, has one level, or more than 20, as names of people have.
    OptionError
        A new column has a name that is taken.

    References
    ----------
    Cohen, J., Cohen, P., West, S. G., & Aiken, L. S. (2003). Applied multiple regression/
    correlation analysis for the behavioral sciences (3rd ed.), chapter 8 (dummy coding).

    Examples
    --------
    >>> clips = pd.DataFrame({"gender": ["f", "m", "f"], "smile": [1.0, 2.0, 3.0]})
    >>> table, coded = code_categories(clips, ["gender"])
    >>> table["gender: m"].tolist(), coded
    ([0.0, 1.0, 0.0], {'gender: m': 'f'})
    """
    require_columns(clips, take_columns(names, "names"), "clips")
    added: dict[str, np.ndarray] = {}
    coded: dict[str, str] = {}
    for name in names:
        column = clips[name]
        levels = list_category_levels(column)
        if not 2 <= len(levels) <= MOST_LEVELS:
            fact = f"it has {len(levels):,} different values, and a category has 2 to 20."
            raise DataError(Problem(fact, "Leave it out of the features.", column=name))
        for level in levels[1:]:
            title = f"{name}{_MARK}{level}"
            if title in clips or title in added:
                message = f"the clips have a column '{title}' already. Rename it."
                raise OptionError(message)
            added[title] = _mark_level(column, level)
            coded[title] = levels[0]
    return clips.assign(**added), coded


def group_codes(features: Sequence[str], values: np.ndarray) -> dict[str, list[int]]:
    """Return the columns of 0 and 1 that code one category together, by its name.

    Features (p,) are named as ``gender: f``; of one category at most one value is 1 in a row (n,
    p).

    Examples
    --------
    >>> group_codes(["x", "g: a", "g: b"], np.array([[0.5, 1, 0], [0.2, 0, 1], [0.1, 0, 0]]))
    {'g': [1, 2]}
    """
    groups: dict[str, list[int]] = {}
    for place, title in enumerate(features):
        name, mark, _ = title.partition(_MARK)
        if mark and np.isin(values[:, place], (0, 1)).all():
            groups.setdefault(name, []).append(place)
    return {
        name: places
        for name, places in groups.items()
        if len(places) > 1 and (values[:, places].sum(axis=1) <= 1).all()
    }


def list_category_levels(column: pd.Series) -> list[str]:
    """Return the levels of a category as texts, the reference first."""
    known = column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(known.unique())
        return [str(level) for level in column.cat.categories if level in used]
    counts = known.astype(str).value_counts()
    ordered = sorted(counts.index, key=lambda level: (-counts[level], level))
    return [*ordered[:1], *sorted(ordered[1:])]


def find_references(clips: pd.DataFrame, features: Iterable[str]) -> dict[str, str]:
    """Return the reference of each category whose columns of 0 and 1 are among the features.

    Examples
    --------
    >>> clips = pd.DataFrame({"gender": ["f", "m", "f"], "gender: m": [0.0, 1.0, 0.0]})
    >>> find_references(clips, ["gender: m"])
    {'gender': 'f'}
    """
    known: dict[str, set[str]] = {}
    for title in features:
        name, mark, level = title.partition(_MARK)
        if mark and name in clips:
            known.setdefault(name, set()).add(level)
    rest = {
        name: sorted(set(clips[name].dropna().astype(str)) - levels)
        for name, levels in known.items()
    }
    return {name: levels[0] for name, levels in rest.items() if len(levels) == 1}


def code_like(
    clips: pd.DataFrame, features: Iterable[str], references: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return new clips with the columns of 0 and 1 that a fit had for its features' categories.

    ``references`` names, of each category, the level that has no column. Where it is not known, a
    category that has one level more than columns has it there; levels that the fit did not see are
    a DataError.
    """
    wanted: dict[str, list[str]] = {}
    for title in features:
        name, mark, level = title.partition(_MARK)
        if mark and title not in clips and name in clips:
            wanted.setdefault(name, []).append(level)
    added = {}
    for name, known in wanted.items():
        others = sorted(set(clips[name].dropna().astype(str)) - set(known))
        reference = (references or {}).get(name)
        new = [level for level in others if level != reference]
        if reference is not None and new:
            seen = name_some([reference, *known])
            fact = f"{name_some(new)} was not in the fit, which had {seen}."
            where = clips[name].astype(str).isin(new).to_numpy(bool)
            rows = tuple((np.flatnonzero(where) + 1).tolist())
            remedy = "Leave out clips of levels that are new, or fit again with them."
            raise DataError(Problem(fact, remedy, column=name, rows=rows))
        if len(others) > 1:
            fact = (
                f"{name_some(others)} have no weight; the fit had {name_some(known)} and one "
                "level more, the reference."
            )
            raise DataError(Problem(fact, "Leave out clips of levels that are new.", column=name))
        added |= {f"{name}{_MARK}{level}": _mark_level(clips[name], level) for level in known}
    return clips.assign(**added)


def _mark_level(column: pd.Series, level: str) -> np.ndarray:
    marks = (column.astype(str) == level).to_numpy(float)
    marks[column.isna().to_numpy(bool)] = np.nan
    return marks


def find_categories(
    clips: pd.DataFrame, names: Iterable[str], target: str | None = None
) -> tuple[list[str], list[str]]:
    """Return which columns of texts are categories that could be features, and which give a target.

    A category has 2 to 20 levels, each held by at least two subjects. A copy has one value of the
    target at each of its levels.
    """
    categories, copies = [], []
    for name in names:
        column = clips[name].astype("object").where(clips[name].notna())
        known = column.notna()
        levels = column[known].nunique()
        if not 2 <= levels <= MOST_LEVELS:
            continue
        if target is not None and target in clips:
            held = clips.loc[known, target].groupby(column[known]).nunique()
            if (held <= 1).all():
                copies.append(name)
                continue
        if (clips.loc[known, "subject"].groupby(column[known]).nunique() >= 2).all():
            categories.append(name)
    return categories, copies
