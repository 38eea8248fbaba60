"""Counts and designs of tables, and trials of commands on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.errors import DataError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.calls import Call

# More rows take longer than a look should.
_TRIED = 50_000


def count_table(table: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips, subjects and contexts a table has, and which items were rated."""
    key = [name for name in ("context", "clip") if name in table]
    clips = table.drop_duplicates(key)
    people = f" of {clips['subject'].nunique():,} subjects" if "subject" in clips else ""
    yield f"{count_things(len(clips), 'clip')}{people}"
    if "context" in table:
        counts = clips["context"].value_counts(sort=False)
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        yield f"{count_things(len(counts), 'context')} (clips): {told}"
    if "rater" in table:
        yield _tell_items(table)


def _tell_items(ratings: pd.DataFrame) -> str:
    items = [str(name) for name in ratings["item"].unique()]
    told = ", ".join([*items[:6], *(["..."] if len(items) > 6 else [])])
    low, high = ratings["rating"].agg(["min", "max"])
    return f"{count_things(len(items), 'item')} ({told}); ratings from {low:g} to {high:g}"


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
    elif call.command == "fit":
        from exprstats.models import split_subjects

        split_subjects(table)
