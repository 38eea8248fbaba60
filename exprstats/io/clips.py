"""Clip and item tables from files, one row per clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.io.drafts import ONCE, Draft, list_names, number_rows, refuse_hidden, rename_roles
from exprstats.io.files.reading import AS_IT_IS, Reading, choose_reading
from exprstats.io.guards.codes import holds_correlations
from exprstats.io.guards.features import counts_rows
from exprstats.io.sources import Columns, FilePath, Role, Source, give_role, open_source, pick_roles
from exprstats.options import name_nearest

_SHARED = (f"{ONCE} If contexts share ids, name their column with ", Option("context"), ".")
# What the cells of a target may be, by whether they are classes.
TARGETS: dict[bool | None, Role] = {False: "number", None: "target", True: "class"}


def read_clips(
    path: FilePath,
    *,
    clip: Columns = "clip",
    subject: Columns | None = "subject",
    context: Columns | None = None,
    features: Sequence[str] | None = None,
    target: str | None = None,
    classes: bool | None = False,
    categories: bool = False,
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read clip features, one row per clip.

    Parameters
    ----------
    path
        Delimited text, .xlsx, .ods, SPSS .sav or .por, Stata .dta, also packed (.gz); ``-`` is
        standard input.
    clip, subject
        Columns of the clip's and its subject's id, several where they make one id together
        (``["site", "subject"]``); where the file has no column "clip", the row number is it. None
        allows a file without subjects.
    context
        Column; by default "context" where the file has it.
    features
        Number columns to read; None: all columns of the file, those that hold numbers as
        numbers.
    target
        A further column, of numbers unless ``classes`` says otherwise.
    classes
        Whether the target holds classes, as names or codes; None: if it holds texts.
    categories
        Whether features may hold texts too, for `code_categories`.
    missing, reading, **options
        How the file is to be read, a `Reading` or its fields by name: further texts or numbers
        that stand for a missing value, ``encoding``, ``sheet``, ``header_row``, ``labels``.

    Returns
    -------
    pandas.DataFrame
        CLIPS: ``clip``, ``subject``, ``context``?, then the other columns under their own names.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "clips.csv"
    >>> _ = path.write_text("clip,subject,smile\na,001,0.5\nb,001,1.5\n")
    >>> read_clips(path).to_numpy().tolist()
    [['a', '001', 0.5], ['b', '001', 1.5]]
    """
    source = open_source(path, choose_reading(reading, missing, options))
    named = {"clip": clip, "subject": subject, "context": context}
    taken = [*(features or ()), *(() if target is None else (target,))]
    roles = pick_roles(source, named, taken, numbered=True)
    numbers = [] if features is None else list_names(features, roles)
    if target is not None:
        numbers = list_names([*numbers, target], roles)
    wanted = give_role(source.header, "guess") if features is None else {}
    wanted |= give_role(numbers, "guess" if categories else "number")
    if target is not None:
        wanted[target] = TARGETS[classes]
    refuse_hidden(roles, numbers)
    draft = _take(source, roles, wanted)
    if features is None:
        _pass_over_row_numbers(draft, target)
    remedy = ONCE if "context" in roles else _SHARED
    draft.check_clips(roles, remedy, named=context is not None)
    return draft.finish()


def _pass_over_row_numbers(draft: Draft, target: str | None) -> None:
    """Turn columns that only number the rows into texts, which are no features."""
    table = draft.table
    for name, column in table.items():
        if name == target or not pd.api.types.is_numeric_dtype(column):
            continue
        if len(column) and column.iloc[0] in {0, 1} and counts_rows(column):
            fact = "its numbers count the rows, so it is read as an id and not as a feature."
            warn_user(Problem(fact, file=draft.file, column=str(name)))
            table[name] = column.map("{:.0f}".format).astype("str")


def read_items(
    path: FilePath,
    *,
    items: Sequence[str],
    clip: Columns = "clip",
    subject: Columns | None = None,
    context: Columns | None = None,
    scale: tuple[float, float] | None = None,
    reverse: Sequence[str] = (),
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read one row per clip (or person) with one column per item.

    Parameters
    ----------
    path
        Delimited text, .xlsx, .ods, SPSS .sav or .por, Stata .dta, also packed (.gz); ``-`` is
        standard input.
    items
        The item columns.
    clip
        Column of the id; where the file has no column "clip", the row number is the clip.
    subject, context
        Columns; by default "subject" and "context" where the file has them.
    scale
        Lowest and highest answer; values outside are an error.
    reverse
        Items that ask for the opposite: turned on the scale (5 of 1 to 5 is 1).
    missing, reading, **options
        How the file is to be read, a `Reading` or its fields by name: further texts or numbers
        that stand for a missing value, ``encoding``, ``sheet``, ``header_row``, ``labels``.

    Returns
    -------
    pandas.DataFrame
        ITEMS: ``context``?, ``clip``, ``subject``?, and one column for each item.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "items.csv"
    >>> _ = path.write_text("clip,joy,calm\na,1,4\nb,99,3\n")
    >>> read_items(path, items=["joy", "calm"], missing=[99]).to_numpy().tolist()
    [['a', 1.0, 4.0], ['b', nan, 3.0]]
    """
    check_reversed(reverse, scale, items)
    source = open_source(path, choose_reading(reading, missing, options))
    known = {"context": context, "clip": clip, "subject": subject}
    roles = pick_roles(source, known, list_names(items, {}), numbered=True)
    names = list_names(items, roles)
    refuse_hidden(roles, names)
    draft = _take(source, roles, give_role(names, "number"), guarded=scale is None)
    for item in names:
        draft.check_scale(item, scale)
    if set(names) <= set(draft.table) and holds_correlations(draft.table[names].to_numpy(float)):
        fact = "the items hold a correlation matrix instead of answers."
        draft.problems.append(Problem(fact, "Read the answers, one row per clip or person."))
    turned = [name for name in reverse if name in draft.table]
    if scale is not None and turned:
        draft.table = draft.table.assign(**{one: sum(scale) - draft.table[one] for one in turned})
    several = ("Where several raters rated a clip, name who rated with ", Option("rater"))
    remedy = (*several, ", or in Python read the file as ratings (read_ratings).")
    draft.check_clips(roles, remedy, named=context is not None)
    return draft.finish()


def check_reversed(
    reverse: Sequence[str], scale: tuple[float, float] | None, items: Sequence[str] | None = None
) -> None:
    """Refuse items that cannot be turned: without a scale, or that are none of those read.

    Raises
    ------
    OptionError
        With what is needed.
    """
    if reverse and scale is None:
        how = "Name the lowest and the highest answer with "
        raise OptionError(Option("reverse"), " needs the scale. ", how, Option("scale"), ".")
    absent = next((name for name in reverse if items is not None and name not in items), None)
    if absent is not None:
        message = f"there is no item '{absent}' to turn. {name_nearest(absent, items or ())}"
        raise OptionError(message, option="reverse")


def _take(
    source: Source, roles: Mapping[str, str], wanted: Mapping[str, Role], *, guarded: bool = True
) -> Draft:
    draft = source.take({**wanted, **give_role(roles.values(), "id")}, guarded=guarded)
    present = {role: name for role, name in roles.items() if name in draft.table.columns}
    rename_roles(draft, present)
    if "clip" not in roles:
        draft.table.insert(0, "clip", pd.Series(number_rows(len(draft.table))))
    return draft


def read_table(
    path: FilePath,
    *,
    ids: Sequence[str] = (),
    numbers: Sequence[str] = (),
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read all columns of a file.

    Parameters
    ----------
    path
        Delimited text (comma, semicolon, tab, pipe or blanks; UTF-8, UTF-16 or Windows-1252),
        or a file of another kind, as in `read_clips`.
    ids
        Columns kept as text, "001" and "NA" included.
    numbers
        Columns that must hold numbers. All others hold numbers if all their cells do.
    missing, reading, **options
        How the file is to be read, a `Reading` or its fields by name: further texts or numbers
        that stand for a missing value, ``encoding``, ``sheet``, ``header_row``, ``labels``.

    Returns
    -------
    pandas.DataFrame
        The file's columns under their own names.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = path.write_text("id;score\n007;1,5\n008;2\n")
    >>> read_table(path, ids=["id"]).to_numpy().tolist()
    [['007', 1.5], ['008', 2.0]]
    """
    source = open_source(path, choose_reading(reading, missing, options))
    roles = give_role(source.header, "guess")
    roles |= give_role(numbers, "number") | give_role(ids, "id")
    return source.take(roles).finish()


def read_subjects(
    path: FilePath,
    *,
    subject: Columns = "subject",
    context: Columns | None = None,
    needed: Sequence[str] = (),
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read what is known of people who are seen, such as their age and group.

    Parameters
    ----------
    path
        Delimited text, .xlsx, .ods, SPSS .sav or .por, Stata .dta, also packed (.gz); ``-`` is
        standard input.
    subject
        Column of the person's id, or several that make one id together.
    context
        Column, where people differ in their context.
    needed
        Further columns, which hold numbers if all their cells do.
    missing, reading, **options
        How the file is to be read, a `Reading` or its fields by name.

    Returns
    -------
    pandas.DataFrame
        ``subject``, ``context``?, and the columns that are needed, one row for each of the file.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("id;age;site\n001;31;Bonn\n002;28;Ulm\n")
    >>> read_subjects(path, subject="id", needed=["age"]).to_numpy().tolist()
    [['001', 31.0], ['002', 28.0]]
    """
    source = open_source(path, choose_reading(reading, missing, options))
    named = {"subject": subject, **({"context": context} if context is not None else {})}
    roles = pick_roles(source, named)
    refuse_hidden(roles, needed)
    draft = source.take({**give_role(needed, "guess"), **give_role(roles.values(), "id")})
    present = {role: name for role, name in roles.items() if name in draft.table.columns}
    rename_roles(draft, present)
    return draft.finish()


def join_strata(
    predictions: pd.DataFrame,
    files: Sequence[FilePath],
    *,
    subject: Columns,
    strata: str | None,
    reading: Reading = AS_IT_IS,
) -> pd.DataFrame:
    """Return predictions with the column of strata, read from the files that have it.

    Raises
    ------
    DataError
        If no file has the column, or a subject stands in two strata.
    """
    if strata is None:
        return predictions
    parts = [subject] if isinstance(subject, str) else list(subject)
    sources = [open_source(file, reading, warned=False) for file in files]
    holding = [source for source in sources if source.has(*parts, strata)]
    if not holding:
        columns = dict.fromkeys(name for source in sources for name in source.header)
        fact = f"no file has the columns '{','.join(parts)}' and '{strata}'."
        raise DataError(Problem(fact, name_nearest(strata, columns)))
    homes: dict[str, str] = {}
    for source in holding:
        who = source.join(parts)
        table = source.take(give_role([who, strata], "id")).finish()
        for name, home in table[[who, strata]].dropna().drop_duplicates().to_numpy():
            if homes.setdefault(name, home) != home:
                fact = f"{who} '{name}' is in '{homes[name]}' and in '{home}'."
                remedy = "Strata must hold whole subjects."
                raise DataError(Problem(fact, remedy, column=strata))
    return predictions.assign(**{strata: predictions["subject"].map(homes)})
