"""Counts and designs of tables, and trials of commands on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things, write_count, write_number
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.document.model import Column, Table
from exprstats.document.terminal import find_width, render_table
from exprstats.document.text import join_words, say
from exprstats.errors import DataError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.calls import Call

# More rows take longer than a look should.
_TRIED = 50_000


def count_table(table: pd.DataFrame, *, classes: bool = False) -> Iterator[str]:
    """Yield how many clips, subjects and contexts a table has, and which items were rated.

    Parameters
    ----------
    table
        RATINGS or CLIPS.
    classes
        Whether ratings are codes of classes, which have no range.
    """
    key = [name for name in ("context", "clip") if name in table]
    clips = table.drop_duplicates(key)
    people = f" of {clips['subject'].nunique():,} subjects" if "subject" in clips else ""
    yield f"{count_things(len(clips), 'clip')}{people}"
    if "context" in table:
        counts = clips["context"].value_counts(sort=False)
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        yield f"{count_things(len(counts), 'context')} (clips): {told}"
    if "rater" in table:
        yield _tell_items(table, classes=classes)


def _tell_items(ratings: pd.DataFrame, *, classes: bool) -> str:
    items = [str(name) for name in ratings["item"].unique()]
    told = ", ".join([*items[:6], *(["..."] if len(items) > 6 else [])])
    low, high = ratings["rating"].agg(["min", "max"])
    count = ratings["rating"].nunique()
    range_ = count_things(count, "class", "classes") if classes else f"from {low:g} to {high:g}"
    held = f"answers in {range_}" if classes else f"ratings {range_}"
    return f"{count_things(len(items), 'item')} ({told}); {held}"


def match_tables(ratings: pd.DataFrame, clips: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips two tables share, and how many either has alone."""
    key = [name for name in ("context", "clip") if name in ratings and name in clips]
    both = len((rated := ratings[key].drop_duplicates()).merge(clips[key], on=key))
    yield f"{count_things(both, 'clip has', 'clips have')} ratings and features"
    if len(rated) > both:
        yield f"{count_things(len(rated) - both, 'rated clip has', 'rated clips have')} no features"
    if len(clips) > both:
        yield f"{count_things(len(clips) - both, 'clip')} with features and without ratings"


def present_design(session: Session, ratings: pd.DataFrame) -> None:
    """Present the design of ratings and their descriptives."""
    from exprstats.contracts import RATINGS
    from exprstats.descriptives import describe_ratings
    from exprstats.reliability import describe_design

    by = "context" if "context" in ratings else None
    design = describe_design(ratings, by=by)
    for row in list_records(design.table):
        session.rows.append(row | {"design": row["kind"], "kind": "design"})
    session.rows += [{"kind": "coefficient", **row} for row in list_records(design.coefficients)]
    once = ~ratings.duplicated([name for name in RATINGS.key if name in ratings])
    found = describe_ratings(ratings[once], by=by)
    session.rows += [{"kind": "descriptives", **row} for row in list_records(found.tidy())]
    session.present(design, found)


def present_classes(session: Session, ratings: pd.DataFrame, labels: Sequence[str]) -> None:
    """Present how often each class was named, by all raters and by single ones.

    Parameters
    ----------
    session
        Gets the rows and the table.
    ratings
        RATINGS whose numbers are codes of classes.
    labels
        The classes of codes 1, 2 and so on; empty where the codes are the file's own.
    """
    import pandas as pd

    rows = list(_count_classes(ratings, labels))
    session.rows += [{"kind": "class", **row} for row in rows]
    top = max(row["share"] for row in rows)
    most = [f"'{row['label']}'" for row in rows if row["share"] == top]
    raters = count_things(ratings["rater"].nunique(), "rater")
    labelled = count_things(len({row["label"] for row in rows}), "class", "classes")
    told = f"{raters} named one of {labelled}"
    told += f" {int(ratings['rating'].notna().sum()):,} times; most frequent:"
    session.say(f"{told} {join_words(most)} ({_write_share(top)}).")
    several = len({row["item"] for row in rows}) > 1
    headings = {**({"item": "Question"} if several else {}), "label": "Class", "n": "Answers"}
    headings |= {"share": "Share", "span": "Share by rater"}
    cells = [
        {
            **row,
            "n": write_count(row["n"]),
            "share": _write_share(row["share"]),
            "span": f"{_write_share(row['share_low'])} to {_write_share(row['share_high'])}",
        }
        for row in rows
    ]
    columns = tuple(
        Column(key, say(name), words=key in {"item", "label"}) for key, name in headings.items()
    )
    table = Table("", "classes", "Answers by Class", columns, pd.DataFrame(cells)[[*headings]])
    session.blocks.append(render_table(table, width=find_width()))


def _write_share(share: float) -> str:
    return f"{write_number(100 * share, 0)}%"


def _count_classes(ratings: pd.DataFrame, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield how often each class was named, with its share among all answers and of raters."""
    known = ratings.dropna(subset=["rating"])
    for item, own in known.groupby("item", sort=False, observed=True):
        sizes = own.groupby("rater", observed=True).size()
        values = own["rating"].to_numpy(float)
        for code in sorted({float(one) for one in values}):
            here = own[values == code]
            place = int(code) - 1
            label = labels[place] if 0 <= place < len(labels) else f"{code:g}"
            shares = here.groupby("rater", observed=True).size().reindex(sizes.index, fill_value=0)
            shares = shares / sizes
            ends = {"share_low": float(shares.min()), "share_high": float(shares.max())}
            row = {"item": str(item), "label": label, "n": len(here)}
            yield {**row, "share": len(here) / len(own), **ends}


def try_reading(read: Callable[[], Any]) -> list[Problem]:
    """Return what stops a file from being read; what to know of it was said before."""
    try:
        with warnings.catch_warnings(action="ignore"):
            read()
    except DataError as error:
        return list(error.problems)
    return []


def try_call(call: Call, table: pd.DataFrame) -> None:
    """Refuse what the command would refuse of the table once it is read."""
    if len(table) > _TRIED:
        return
    if call.command == "reliability":
        from exprstats.reliability import rate_reliability

        cluster = "subject" if "subject" in table else None
        by = "context" if "by" in call.options else None
        rate_reliability(table, model="auto", by=by, cluster=cluster)
    elif call.command == "factor" and "by" not in call.options and "rater" not in table:
        from exprstats.measurement.factor.checks import find_problems, raise_problems
        from exprstats.measurement.factor.moments import form_moments

        items, codes = call.options["items"], call.options.get("missing")
        if isinstance(items, list) and not (isinstance(codes, list) and "fiml" in codes):
            moments = form_moments(table[items].dropna().to_numpy(float))
            raise_problems(find_problems(moments, items, "all clips"))
    elif call.command == "fit":
        from exprstats.models import split_subjects

        split_subjects(table)
