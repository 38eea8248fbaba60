"""How many clips, subjects, raters and ratings tables hold, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exprstats.numerals import count_things

if TYPE_CHECKING:
    import pandas as pd


def count_table(table: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips, subjects, contexts and raters a table has."""
    key = [name for name in ("context", "clip") if name in table]
    clips = table.drop_duplicates(key)
    yield count_things(len(clips), "clip") + _count_levels(clips, "subject", "subjects")
    if "context" in table:
        counts = clips["context"].value_counts(sort=False)
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        yield f"{count_things(len(counts), 'context')} (clips): {told}"
    if "rater" in table:
        yield from _count_raters(table, key)


def _count_raters(ratings: pd.DataFrame, key: list[str]) -> Iterator[str]:
    items = [str(name) for name in ratings["item"].unique()]
    values = ratings["rating"]
    given = ratings[values.notna()]
    per_clip = given.groupby([*key, "item"], observed=True)["rater"].nunique()
    low, high, raters = int(per_clip.min()), int(per_clip.max()), given["rater"].nunique()
    told = ", ".join(items[:6]) + (", ..." if len(items) > 6 else "")
    span = f"ratings from {values.min():g} to {values.max():g}"
    yield f"{count_things(len(items), 'item')} ({told}); {span}"
    many = f"{low}" if low == high else f"{low} to {high}"
    crossed = "every rater rated every clip" if low == raters else "raters differ between clips"
    yield f"{count_things(raters, 'rater')}, {many} a clip: {crossed}"
    empty = int(ratings["rating"].isna().sum())
    if empty:
        yield f"{count_things(empty, 'ratings is', 'ratings are', of=len(ratings))} missing"


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


def _count_levels(table: pd.DataFrame, name: str, words: str) -> str:
    return f" of {table[name].nunique():,} {words}" if name in table else ""
