"""How many clips, subjects and contexts tables hold, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exprstats.numerals import count_things

if TYPE_CHECKING:
    import pandas as pd


def count_table(table: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips, subjects and contexts a table has, and which items were rated."""
    key = [name for name in ("context", "clip") if name in table]
    clips = table.drop_duplicates(key)
    people = f" of {clips['subject'].nunique():,} subjects" if "subject" in clips else ""
    yield count_things(len(clips), "clip") + people
    if "context" in table:
        counts = clips["context"].value_counts(sort=False)
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        yield f"{count_things(len(counts), 'context')} (clips): {told}"
    if "rater" in table:
        yield _tell_items(table)


def _tell_items(ratings: pd.DataFrame) -> str:
    items = [str(name) for name in ratings["item"].unique()]
    told = ", ".join(items[:6]) + (", ..." if len(items) > 6 else "")
    low, high = ratings["rating"].min(), ratings["rating"].max()
    return f"{count_things(len(items), 'item')} ({told}); ratings from {low:g} to {high:g}"


def match_tables(ratings: pd.DataFrame, clips: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips two tables share, and how many either has alone."""
    key = [name for name in ("context", "clip") if name in ratings and name in clips]
    rated = ratings[key].drop_duplicates()
    both = len(rated.merge(clips[key], on=key))
    yield f"{count_things(both, 'clip has', 'clips have')} ratings and features"
    if len(rated) > both:
        yield f"{count_things(len(rated) - both, 'rated clip has', 'rated clips have')} no features"
    if len(clips) > both:
        yield f"{count_things(len(clips) - both, 'clip')} with features and without ratings"
