"""The RATINGS table from files, long or wide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import repeats_rows
from exprstats.errors import Option, OptionError, Problem, Text, warn_user
from exprstats.io.clips import check_reversed
from exprstats.io.drafts import ELSE_RENAME, Draft, list_names, number_rows
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.spreads import find_loops, split_judge
from exprstats.io.sources import (
    Columns,
    FilePaths,
    Source,
    give_role,
    open_source,
    pick_roles,
    read_others,
)
from exprstats.options import Duplicates, check_word, name_nearest, name_some

REPEATED = {"mean": "their mean was taken", "first": "the first was kept"}
_KEY = ("context", "clip", "rater", "item")
_ORDER = ("context", "clip", "rater", "item", "subject", "rating")


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where a rating file keeps its parts.

    Attributes
    ----------
    ids
        Canonical name -> column.
    numbers
        Rating columns.
    spread
        Canonical name -> what each rating column stands for: an item, a judge, a clip, or an item
        and a judge; empty for a long file that has all as columns.
    """

    ids: Mapping[str, str]
    numbers: tuple[str, ...]
    spread: Mapping[str, tuple[str, ...]]

    @property
    def numbered(self) -> bool:
        """Whether the row number is the clip."""
        return "clip" not in {*self.ids, *self.spread}


def read_ratings(
    path: FilePaths,
    *,
    clip: Columns = "clip",
    rater: str = "rater",
    raters: Sequence[str] | None = None,
    rating: str | Sequence[str] | None = None,
    items: Sequence[str] | None = None,
    item: str | None = None,
    subject: Columns | None = None,
    context: Columns | None = None,
    scale: tuple[float, float] | None = None,
    duplicates: Duplicates = "error",
    reverse: Sequence[str] = (),
    raters_in_rows: bool = False,
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read ratings from a long or a wide file.

    A long file has one row per rating (``rating``, by default the column "rating"; a column "item"
    is taken up), or one row per clip and rater with several rating columns (``items``). A wide file
    has one row per clip and one column per judge (``raters``); without a clip column its row number
    is the clip, and empty cells are ratings that nobody gave.

    Parameters
    ----------
    path
        Delimited text, .xlsx, .ods, SPSS .sav or .por, Stata .dta, also packed (.gz); ``-`` is
        standard input. Several files, a folder or a pattern such as ``data/*.csv`` are one table,
        with a column ``from_file`` unless a column of people tells the files apart.
    clip, rater
        Columns of the clip's and the rater's id; the rater is by default "rater", or the file.
    raters
        The judges' columns of a wide file.
    rating
        The rating column of a long file; several are ``items``.
    items
        Several rating columns, one an item; or, in a file with columns "item" and "rating", the
        items to keep.
    item
        The column that names the question of a rating, in a file with one row per question; by
        default "item" where the file has it.
    subject, context
        Columns; by default "subject" and "context" where the file has them, unless they were
        named for something else, or the context splits clips without need, which is an error.
    scale
        Lowest and highest answer; ratings outside are an error.
    duplicates
        What to do where a rater rated an item of a clip twice: ``"error"``, ``"mean"``,
        ``"first"``.
    reverse
        Items that ask for the opposite: their ratings are turned on the scale (5 of 1 to 5 is 1).
    raters_in_rows
        Whether each row is a judge and each column, but that of the judges' ids, a clip.
    missing, reading, **options
        How the file is to be read, a `Reading` or its fields by name: further texts or numbers
        that stand for a missing value, ``encoding``, ``sheet``, ``header_row``, ``labels``.

    Returns
    -------
    pandas.DataFrame
        RATINGS: ``context``?, ``clip``, ``rater``, ``item``, ``subject``?, ``rating``.

    Raises
    ------
    DataError
        With every problem of the file.
    OptionError
        If the options contradict each other.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "wide.csv"
    >>> _ = path.write_text("clip,A,B\na,1,2\nb,4,\n")
    >>> read_ratings(path, raters=["A", "B"])[["clip", "rater", "rating"]].to_numpy().tolist()
    [['a', 'A', 1.0], ['a', 'B', 2.0], ['b', 'A', 4.0]]
    """
    check_word(duplicates, Duplicates, "duplicates")
    if raters is not None and items is not None:
        judges = (Option("raters"), " (one column per judge) and ")
        raise OptionError(*judges, Option("items"), " (one column per item) exclude each other.")
    check_reversed(reverse, scale)
    source = open_source(path, choose_reading(reading, missing, options))
    named = {"clip": clip, "rater": rater, "subject": subject, "context": context}
    if rating is not None and not isinstance(rating, str):
        rating, items = None, [*rating] if items is None else items
    rows = raters_in_rows or (raters is None and rating is None and items is None)
    shape = _find_rows(source, named, certain=raters_in_rows) if rows else None
    named |= {"item": item} if item is not None else {}
    shape = shape or _find_shape(source, named, raters=raters, rating=rating, items=items)
    roles = give_role(shape.ids.values(), "id") | give_role(shape.numbers, "number")
    items_of = None if "item" in shape.spread else shape.ids.get("item")
    if "clip" in shape.spread:
        source.shared = dict(zip(shape.numbers, shape.spread["item"], strict=True))
    draft = source.take(roles, guarded=scale is None, apart=items_of)
    for column in shape.numbers:
        draft.check_scale(column, scale)
    if not {*shape.ids.values(), *shape.numbers} <= set(draft.table.columns):
        return draft.finish()
    apart = _tell_apart(source, draft, shape) if duplicates == "error" else ()
    draft = _lengthen(draft, shape)
    if context is None:
        draft.judge_contexts([*_KEY, *(("subject",) if "subject" in draft.table else ())])
    if items_of is not None and item is None and rating not in {None, "rating"}:
        _judge_items(draft)
    if not shape.spread and items is not None:
        _keep_items(draft, list_names(items, {}))
    if scale is not None and reverse:
        draft.table = turn_ratings(draft.table, reverse, scale)
    _settle_repeats(draft, duplicates, apart)
    return draft.finish()


def turn_ratings(
    table: pd.DataFrame, reverse: Sequence[str], scale: tuple[float, float]
) -> pd.DataFrame:
    """Return ratings with those of reversed items turned on the scale.

    Raises
    ------
    OptionError
        If there is no such item.

    Examples
    --------
    >>> table = pd.DataFrame({"item": ["calm", "joy"], "rating": [5.0, 5.0]})
    >>> turn_ratings(table, ["calm"], (1, 5))["rating"].tolist()
    [1.0, 5.0]
    """
    present = table["item"].unique().tolist()
    for name in reverse:
        if name not in present:
            message = f"there is no item '{name}' to turn. {name_nearest(name, present)}"
            raise OptionError(message, option="reverse")
    turned = table["item"].isin(list(reverse))
    return table.assign(rating=table["rating"].where(~turned, sum(scale) - table["rating"]))


def _find_rows(
    source: Source, named: Mapping[str, Columns | None], *, certain: bool
) -> _Shape | None:
    """Return the shape of a file with a row a judge and a column a clip; None if it is another."""
    judge = named["rater"] if isinstance(named["rater"], str) else "rater"
    if judge not in source.header and certain:
        judge = source.header[0]
    alone = judge in source.header and named["clip"] == "clip"
    if not certain and (not alone or source.has("clip") or source.has("rating")):
        return None
    ids = pick_roles(source, {"rater": judge, "context": named["context"]})
    rest = tuple(name for name in source.header if name not in ids.values())
    loops = find_loops(source.header, source.layout.header.labels)
    loops = {} if {*ids.values()} & {*loops} else loops
    clips = tuple(loops) or rest
    if certain and len(clips) < len(rest):
        others = [name for name in rest if name not in clips]
        fact = f"columns that name no clip are left out: {name_some(others)}."
        warn_user(Problem(fact, file=str(source.layout.path)))
    if not certain:
        if len(clips) < 3 or source.has("item"):
            return None
        fact = f"each row is read as a judge and each of the other {len(clips)} columns as a clip."
        remedy = ("If that is right, say so with ", Option("raters_in_rows", True))
        warn_user(Problem(fact, (*remedy, "."), file=str(source.layout.path)))
    told, asked = zip(*(loops.get(name, (name, "rating")) for name in clips), strict=True)
    return _Shape(ids, clips, {"clip": told, "item": asked})


def _find_shape(
    source: Source,
    named: Mapping[str, Columns | None],
    *,
    raters: Sequence[str] | None,
    rating: str | None,
    items: Sequence[str] | None,
) -> _Shape:
    known = {name: named[name] for name in ("clip", "subject", "context")}
    if raters is not None:
        ids = pick_roles(source, known, list_names(raters, {}), numbered=True)
        judges = tuple(list_names(raters, ids))
        spread = {"rater": judges, "item": (rating or "rating",) * len(judges)}
        return _Shape(ids, judges, spread)
    pairs = {} if items is None else _pair_columns(source, list_names(items, {}))
    if pairs:
        ids = pick_roles(source, known, numbered=True)
        kept, judges = zip(*pairs.values(), strict=True)
        return _Shape(ids, tuple(pairs), {"item": kept, "rater": judges})
    column = rating or "rating"
    names = list_names(column if items is None else items, {})
    ids = pick_roles(source, named, names)
    names = list_names(names, ids)
    used = {part for one in ids.values() for part in source.joined.get(one, (one,))}
    question = named.get("item") or "item"
    if "item" in named or (
        source.has("item", column)
        and "item" not in {column, *used}
        and not (items is not None and source.has(*names))
    ):
        return _Shape(ids | {"item": str(question)}, (column,), {})
    return _Shape(ids, tuple(names), {"item": tuple(names)})


def _pair_columns(source: Source, items: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return columns such as "joy_r1" or "r1_joy" with item and judge, if all items have some."""
    pairs: dict[str, tuple[str, str]] = {}
    for item in items:
        split = {name: split_judge(name) for name in source.header}
        found = {name: one for name, one in split.items() if one is not None and one[0] == item}
        tails = {name: name[len(item) :] for name in source.header if name.startswith(item)}
        found = found or {n: (item, end[1:]) for n, end in tails.items() if end[:1] in set("_.- ")}
        found = found or {n: (item, end) for n, end in tails.items() if end.isdigit()}
        # "r1_joy" and loops of Qualtrics, "1_joy".
        ends = {name: re.fullmatch(rf"(.+?)[_.\- ]+{re.escape(item)}", name) for name in split}
        found = found or {name: (item, one[1]) for name, one in ends.items() if one}
        if source.has(item) or len(found) < 2:
            return {}
        pairs |= found
    return pairs


def _lengthen(draft: Draft, shape: _Shape) -> Draft:
    """Return one row per rating, under the canonical names."""
    table, width = draft.table, len(shape.numbers)
    columns = {name: table[column] for name, column in shape.ids.items()}
    if shape.numbered:
        columns["clip"] = pd.Series(number_rows(len(table)))
    places = np.repeat(np.arange(len(table)), width)
    long = pd.DataFrame(columns)
    if width > 1:
        long = long.take(places).reset_index(drop=True)
    for name, held in shape.spread.items():
        long[name] = pd.array(held, dtype="str").take(np.tile(np.arange(width), len(table)))
    long["rating"] = table[list(shape.numbers)].to_numpy(float).ravel()
    long = long[[name for name in _ORDER if name in long.columns]]
    rows, problems = draft.rows[places], list(draft.problems)
    long_draft = Draft(draft.file, long, rows, problems, draft.said)
    if set(shape.spread) - {"item"}:
        _drop_empty(long_draft, "rater" if "clip" in shape.spread else "clip")
    return long_draft


def _drop_empty(draft: Draft, whole: str) -> None:
    """Drop the cells of a wide file that hold no rating, and name who or what has none at all."""
    given = draft.table["rating"].notna().to_numpy()
    for role, one, many in (
        ("clip", "clip has", "clips have"),
        ("rater", "judge has", "judges have"),
    ):
        ids = draft.table[role]
        rated = set(ids[given])
        unrated = [name for name in ids.unique() if name not in rated]
        if unrated:
            where = ids.isin(unrated).to_numpy() & (role == whole)
            rows = tuple(dict.fromkeys(draft.rows[where].tolist()))
            counted = count_things(len(unrated), one, many)
            named = "" if role == "clip" == whole else f" ({name_some(unrated)})"
            fact = f"{counted} no rating{named}: left out."
            warn_user(Problem(fact, file=draft.file, rows=rows))
    draft.keep(given)


def _judge_items(draft: Draft) -> None:
    """Note a column "item" that nobody named, where no rater rated a clip on two items."""
    key = [name for name in _KEY if name in draft.table.columns and name != "item"]
    levels = draft.table["item"].unique()[:3]
    if len(levels) > 1 and not repeats_rows(draft.table, key):
        shown = ", ".join(f"'{one}'" for one in levels)
        fact = f"nobody named it ({shown}), and no rater rated a clip on two of its values."
        named = "If these are questions, say so with ", Option("item", "item")
        remedy = (*named, ELSE_RENAME)
        draft.problems.append(Problem(fact, remedy, column="item"))


def _keep_items(draft: Draft, items: Sequence[str]) -> None:
    present = draft.table["item"]
    for name in items:
        if not (present == name).any():
            fact = f"there is no item '{name}'."
            draft.problems.append(
                Problem(fact, name_nearest(name, present.unique()), column="item")
            )
    draft.keep(present.isin(list(items)).to_numpy())


def _tell_apart(source: Source, draft: Draft, shape: _Shape) -> Text:
    """Return what tells rows with the same ids apart, and the option that says it; else nothing."""
    ids = draft.table[list(dict.fromkeys(shape.ids.values()))]
    people = shape.ids.get("subject")
    key = [str(name) for name in ids if name != people]
    if shape.numbered or not key or not repeats_rows(ids, key):
        return ()
    others = read_others(source, [*map(str, ids), *shape.numbers])
    whole = pd.concat([ids, draft.table[list(shape.numbers)], others], axis=1)
    repeats = int(ids.duplicated(key).sum())
    if int(whole.duplicated().sum()) == repeats:
        what = "One row is a copy" if repeats == 1 else f"{repeats} rows are copies of others"
        return (f"{what}: remove them, or add ", Option("duplicates", "first"), ".")
    for name in map(str, others):
        few = 1 < others[name].nunique() <= len(others) / 2
        if few and not pd.concat([ids[key], others[name]], axis=1).duplicated().any():
            shown = ", ".join(f"'{level}'" for level in others[name].dropna().unique()[:3])
            held = shape.ids.get("context")
            whole_context = name if held is None else [*source.joined.get(held, (held,)), name]
            start = f"'{name}' ({shown}) tells them apart. If it names contexts or occasions: "
            told: tuple[str | Option, ...] = (start, Option("context", whole_context))
            if len(shape.numbers) > 1 or "item" in shape.ids:
                return (*told, ".")
            return (*told, "; if questions: ", Option("item", name), ".")
    return ()


def _settle_repeats(draft: Draft, duplicates: Duplicates, apart: Text = ()) -> None:
    key = [name for name in _KEY if name in draft.table.columns]
    draft.drop_blank(key)
    if not repeats_rows(draft.table, key):
        return
    if duplicates == "error":
        either = (Option("duplicates", "mean"), " or ", Option("duplicates", "first"))
        remedy: Text = ("Remove the repeats, or add ", *either, ".")
        if apart:
            remedy = apart
        elif "subject" in draft.table and not repeats_rows(draft.table, [*key, "subject"]):
            both = Option("clip", ["subject", "clip"])
            remedy = ("Clips of different people share an id: name both, such as ", both, ".")
        draft.find_repeats(key, remedy)
        return
    again = draft.table.duplicated(key).to_numpy()
    if duplicates == "mean":
        means = draft.table.groupby(key, sort=False)["rating"].transform("mean")
        draft.table = draft.table.assign(rating=means)
    told = count_things(again.sum(), "ratings repeats", "ratings repeat", of=len(again))
    warn_user(f"{told} another of the same rater and clip: {REPEATED[duplicates]}.")
    merged = draft.table.loc[again, "clip"].tolist()
    draft.keep(~again)
    draft.table.attrs["repeated"] = merged
