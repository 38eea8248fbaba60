"""Contents of a file as commands see them, and trials of their calls on it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things, write_count, write_percent
from exprstats.cli.calls import Call
from exprstats.cli.reading import get_reading
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.document.model import Column, Section, Table
from exprstats.document.tables import column, tabulate
from exprstats.document.terminal import spell
from exprstats.document.text import join_words, say
from exprstats.errors import DataError, Option, Problem

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io.files.annotations import Annotated, Use


UNSAID = "What the file does not say"
# Bytes from which on a file is told by its first lines alone.
_LARGE = 20_000_000
_SHOWN = 40
_IDS = frozenset({"clip", "rater", "subject", "context", "item", "model"})
# More rows take longer than a look should.
_TRIED = 50_000


def count_table(table: pd.DataFrame, *, classes: bool = False) -> Iterator[str]:
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
    from exprstats.codes import repeats_rows
    from exprstats.contracts import RATINGS
    from exprstats.descriptives import describe_ratings
    from exprstats.reliability import describe_design

    by = "context" if "context" in ratings else None
    design = describe_design(ratings, by=by)
    for row in list_records(design.table):
        session.rows.append(row | {"design": row["kind"], "kind": "design"})
    session.rows += [{"kind": "coefficient", **row} for row in list_records(design.coefficients)]
    key = [name for name in RATINGS.key if name in ratings]
    once = ratings[~ratings.duplicated(key)] if repeats_rows(ratings, key) else ratings
    found = describe_ratings(once, by=by)
    session.rows += [{"kind": "descriptives", **row} for row in list_records(found.tidy())]
    session.present(design, found)


def present_classes(session: Session, ratings: pd.DataFrame, labels: Sequence[str]) -> None:
    """Present how often each class was named, by all raters and by single ones."""
    rows = list(_count_classes(ratings, labels))
    session.rows += [{"kind": "class", **row} for row in rows]
    top = max(row["share"] for row in rows)
    most = [f"'{row['label']}'" for row in rows if row["share"] == top]
    raters = count_things(ratings["rater"].nunique(), "rater")
    labelled = count_things(len({row["label"] for row in rows}), "class", "classes")
    told = f"{raters} named one of {labelled}"
    told += f" {int(ratings['rating'].notna().sum()):,} times; most frequent:"
    session.say(f"{told} {join_words(most)} ({write_percent(top)}).")
    several = len({row["item"] for row in rows}) > 1
    columns = (
        column("item", "Question") if several else None,
        column("label", "Class"),
        column("n", "Answers", write_count),
        column("share", "Share", write_percent),
        column(
            "span",
            "Share by rater",
            of=lambda row: (
                f"{write_percent(row['share_low'])} to {write_percent(row['share_high'])}"
            ),
        ),
    )
    table = tabulate("classes", "Answers by Class", rows, columns)
    session.show(Section("classes", "", tables=(table,)))


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


def inspect_annotated(
    session: Session, path: Path, told: Mapping[Path, Annotated]
) -> list[Problem]:
    """Put what a file of annotations, estimates or words is into the session; return problems."""
    from exprstats.io.files.kinds import hash_file

    found = told[path]
    session.add_input(path, hash_file(path), None)
    session.show_points(f"{path}", [f"{found.kind}."])
    lexicons = [file for file, one in told.items() if one.use == "lexicon"]
    problems = try_reading(partial(read_annotated, path, found.use, lexicons))
    lines = []
    if found.use == "lexicon" and not any(one.use == "signing" for one in told.values()):
        session.say("Give it to exprstats signing beside annotations, with --lexicon.")
    elif found.rated:
        fact = "these are ratings, with which predictions of a model are compared."
        asked = Problem(fact, ("Name the predictions with ", Option("predictions"), "."))
        session.show_points(UNSAID, [spell("check", asked)])
    elif found.use == "signing" and not lexicons:
        fact = "emotions are found in the words by a lexicon, which is not among the files."
        asked = Problem(fact, ("Name it beside this file, or with ", Option("lexicon"), "."))
        session.show_points(UNSAID, [spell("check", asked)])
    elif found.use != "lexicon" and not problems:
        given = {"lexicon": str(lexicons[0])} if found.use == "signing" else found.options
        lines.append(Call(found.use, dict(given)).write(path, get_reading()))
    session.rows += [{"kind": "suggestion", "command": line} for line in lines]
    session.parts += [f"Try: {line}" for line in lines]
    return problems


def read_annotated(path: Path, use: Use, lexicons: Sequence[Path]) -> None:
    """Read a file of annotations, estimates or words as its command does, to meet what stops it."""
    if path.stat().st_size > _LARGE:
        return
    if use == "evoked":
        from exprstats.events import read_evoked

        read_evoked(path)
    elif use == "estimates":
        from exprstats.expressions import read_estimates

        read_estimates(path)
    elif use == "lexicon":
        from exprstats.events import read_lexicon

        read_lexicon(path)
    else:
        from exprstats.events import find_labels, read_events, read_lexicon

        events = read_events(path)
        for one in lexicons[:1]:
            find_labels(events, read_lexicon(one))


def _describe_column(row: dict[str, Any], roles: Mapping[str, str]) -> dict[str, Any]:
    role = roles.get(row["column"])
    ranged = row["kind"] == "number" and row["n"] and role not in _IDS
    return {
        "kind": "column",
        "name": row["column"],
        "holds": "numbers" if row["kind"] == "number" else "text",
        "role": role,
        "n_distinct": row["distinct"],
        "n_missing": row["missing"],
        "low": row["low"] if ranged else None,
        "high": row["high"] if ranged else None,
        "examples": row["shown"].split(", ") if row["shown"] else [],
        "labels": row["labels"],
    }


def show_columns(session: Session, columns: pd.DataFrame, roles: Mapping[str, str]) -> None:
    """Put what is known of each column into the session, and show it as a table."""
    import pandas as pd

    rows = [
        _describe_column({str(key): value for key, value in row.items()}, roles)
        for row in columns.to_dict("records")
    ]
    session.rows += rows

    title = "Columns" if len(rows) <= _SHOWN else f"The first {_SHOWN} of {len(rows)} columns"
    headings = ("Column", "Holds", "Role?", "Distinct", "Missing", "Values")
    shown = [
        Column(name, say(name), words=name not in {"Distinct", "Missing"}) for name in headings
    ]
    cells = [
        (
            row["name"],
            row["holds"],
            row["role"] or "",
            write_count(row["n_distinct"]),
            write_count(row["n_missing"]),
            _write_values(row),
        )
        for row in rows[:_SHOWN]
    ]
    table = Table("columns", title, tuple(shown), pd.DataFrame(cells, columns=[*headings]))
    session.show(Section("columns", "", tables=(table,)))


def _write_values(row: dict[str, Any]) -> str:
    """Return the range or the first values of a column, and its labels where it has any."""
    plain = row["low"] is None
    told = ", ".join(row["examples"]) if plain else f"{row['low']:g} to {row['high']:g}"
    labels = ", ".join(f"{value} = {label}" for value, label in row["labels"].items())
    text = _cut(told, _SHOWN)
    return f"{text} ({_cut(labels, 60)})" if labels else text


def _cut(text: str, most: int) -> str:
    """Return a text of at most so many characters, the last one dots where more were there."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
