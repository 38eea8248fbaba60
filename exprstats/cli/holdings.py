"""Calls of commands on a file, what the file holds for them, and trials of them on it."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things, write_count, write_percent
from exprstats.cli.reading import get_reading, split_labels
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.document.model import Column, Section, Table
from exprstats.document.tables import column, tabulate
from exprstats.document.terminal import spell
from exprstats.document.text import join_words, say
from exprstats.errors import DataError, Option, Problem, join_names

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import Reading
    from exprstats.io.files.annotations import Annotated, Use


Value = str | list[str] | bool
# Options that name one column or word; the others take lists.
SINGLE = frozenset(
    {
        "rater",
        "item",
        "target",
        "truth",
        "positive",
        "model",
        "weights",
        "segments",
        "lexicon",
        "tracker",
        "time",
    }
    | {"encoding", "sheet", "header-row"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """A command on a file: its options in order, lists where the option takes several names."""

    command: str
    options: dict[str, Value]

    def write(self, file: Path, reading: Reading) -> str:
        """Return the call as a person types it; names of any kind survive the shell.

        How the file was read stands in it, so that it is read in the same way again.
        """
        words = ["exprstats", self.command, *map(_write_place, list_places(file))]
        for option, value in {**self.options, **self._name_reading(reading)}.items():
            if value is True:
                words.append(f"--{option}")
                continue
            names = value if isinstance(value, list) else [value]
            text = str(value) if option in SINGLE else join_names(names)
            # Click takes "--rating -x" for two options.
            glue = text.startswith("-")
            words += [f"--{option}={text}"] if glue else [f"--{option}", text]
        return shlex.join(words)

    def read(self, file: Path, reading: Reading) -> pd.DataFrame | None:
        """Return the table that the command would read, or refuse; None of one that reads none."""
        from exprstats.io import read_clips, read_items, read_predictions, read_ratings

        given: dict[str, Any] = {
            {"by": "context", "rating": "items"}.get(name.replace("-", "_"), name): value
            for name, value in self.options.items()
            if name not in {"model", "weights", "metric", "labels", "missing"}
        }
        reading = self._extend(reading)
        if self.command in {"reliability", "agreement"} or "rater" in given:
            if self.command == "factor":
                answers = self.options.get("rating")
                rating = answers[0] if isinstance(answers, list) else None
                given |= {"items": self.options["items"], "rating": rating}
            elif len(given.get("items", ())) == 1:
                given["rating"] = given.pop("items")[0]
            given["raters_in_rows"] = bool(given.pop("raters-in-rows", False))
            return read_ratings(file, **given, reading=reading)
        readers = {"factor": read_items, "fit": read_clips, "compare": read_predictions}
        reader: Any = readers.get(self.command)
        if self.command == "fit":
            given["classes"] = None
        return None if reader is None else reader(file, **given, reading=reading)

    def _name_reading(self, reading: Reading) -> dict[str, Value]:
        """Return the options of reading, with the codes and labels that the call adds."""
        single = {"encoding": reading.encoding, "sheet": reading.sheet}
        single |= {"header-row": reading.header_row}
        found: dict[str, Value] = {
            name: str(value) for name, value in single.items() if value is not None
        }
        if "labels" not in self.options and reading.name_answers():
            found["labels"] = write_labels(reading.labels)
        known, missing = self.options.get("missing", []), reading.missing
        codes = [missing] if isinstance(missing, str | float | int) else list(missing)
        if codes and isinstance(known, list):
            found["missing"] = list(dict.fromkeys([*known, *map(str, codes)]))
        return found

    def _extend(self, reading: Reading) -> Reading:
        more: dict[str, Any] = {
            name: [one for one in value if one != "fiml"]
            for name, value in self.options.items()
            if name in {"labels", "missing"} and isinstance(value, list)
        }
        if "labels" in more:
            more["labels"] = split_labels(join_names(more["labels"]))
        if "missing" in more:
            given: Any = self._name_reading(reading).get("missing", more["missing"])
            more["missing"] = [one for one in given if one != "fiml"]
        return replace(reading, **more)


def name_call(given: dict[str, Any]) -> Call:
    """Return the call of reliability with arguments of `exprstats.io.read_ratings`.

    Examples
    --------
    >>> name_call({"clip": "Subject", "rater": "Days", "rating": "rt"}).options["rating"]
    ['rt']
    """
    options: dict[str, Value] = {}
    for name, value in given.items():
        option = {"items": "rating", "context": "by"}.get(name, name.replace("_", "-"))
        if value is True or option in SINGLE:
            options[option] = value
        else:
            options[option] = [value] if isinstance(value, str) else list(value)
    return Call("reliability", {**options, "model": "auto"})


def write_labels(labels: Any) -> list[str]:
    """Return answers as an option lists them: from the lowest, or each with its number."""
    if isinstance(labels, Mapping):
        return [f"{name}={number:g}" for name, number in labels.items()]
    names = [str(name) for name in labels]
    numbered = any("=" in name for name in names)
    return [f"{one}={place}" for place, one in enumerate(names, 1)] if numbered else names


def list_places(file: Path) -> list[Path]:
    """Return the files that a path stands for, if nothing shorter names them."""
    from exprstats.io.files.joined import BETWEEN, list_joined

    return list(list_joined(file)) if BETWEEN in str(file) and not file.exists() else [file]


def _write_place(file: Path) -> str:
    text = str(file)
    return f"./{text}" if text.startswith("-") and text != "-" else text


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
