"""Study files drafted from data files: what was guessed, why, and what is not known."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from exprstats.apa import count_things
from exprstats.errors import DataError, Problem, speak
from exprstats.io import FileContents, Reading, read_contents
from exprstats.io.files.annotations import tell_annotated
from exprstats.io.files.answers import order_answers
from exprstats.io.files.joined import list_joined, place_problems, take_files
from exprstats.io.files.spreads import find_pairs
from exprstats.io.files.words import TRACKED, WORDS, split_name
from exprstats.io.guards.answers import find_word_judges, find_worded, list_answers
from exprstats.io.guards.codes import USUAL_CODES
from exprstats.io.guards.groups import group_files
from exprstats.io.guards.layouts import TRACKERS
from exprstats.io.numbers import list_codes
from exprstats.options import MOST_JUDGES, name_some
from exprstats.study.entries import (
    PEOPLE,
    ROLES,
    Entry,
    StudyDraft,
    Value,
    ask_entry,
    draft_annotated,
    draft_openface,
    guess_target,
    list_answer_columns,
    list_roles,
    list_texts,
    write_path,
)

_LAYOUTS = {
    "ratings": "ratings",
    "raters in rows": "ratings",
    "items by raters": "ratings",
    "clips": "clips",
    "segments": "segments",
}
_HOLDS = {
    "ratings": "one row per rating",
    "raters in rows": "one row per rater, one column per clip",
    "items by raters": "one row per clip, one column per item and rater",
    "wide": "one row per clip, one column per rater",
    "clips": "one row per clip, with its features",
    "segments": "where clips begin and end",
    "people": "one row per person",
}


def draft_study(
    files: Sequence[str | Path], *, folder: str | Path = ".", reading: Reading | None = None
) -> StudyDraft:
    r"""Draft a study file from data files: its lines with reasons, and what the files hold.

    ``files`` are tables (ratings in any layout, clips, segments, a codebook, predictions) and at
    most one folder of OpenFace files, each kind once. Paths in the study file are taken from
    ``folder``, where it will be; it repeats ``reading``, how files that do not say so themselves
    are to be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ratings.csv"
    >>> _ = path.write_text("clip,worker,smile\na,x,1\na,y,2\nb,x,3\nb,y,2\n")
    >>> print(draft_study([path], folder=path.parent).write("study.toml").split("[ratings]")[1])
    <BLANKLINE>
    file = "ratings.csv"
    clip = "clip"  # guessed: what was rated or seen, because its name holds 'clip'
    rater = "worker"  # guessed: who rated, because its name holds 'worker'
    rating = "smile"  # guessed: the ratings, because no other column holds numbers
    # subject = "..."  # asked: the column of the people who are seen; else clips are independent
    # scale = [1, 3]  # asked: the lowest and the highest possible answer (seen: 1 to 3)
    <BLANKLINE>
    [reliability]
    model = "auto"  # guessed: the design of the ratings decides
    <BLANKLINE>
    """
    reading = reading or Reading()
    paths = [Path(one) for one in files]
    told = {path: one for path in paths if (one := tell_annotated(path)) is not None}
    rest = _group([path for path in paths if path not in told], reading)
    where = Path(folder)
    if told and not rest:
        folders, found, holds, notes = [], {}, [], []
    else:
        folders, found, holds, notes = _sort_files(rest, reading)
    holds += [f"{path.name}: {one.kind}." for path, one in told.items()]
    entries: list[Entry] = list(draft_annotated(told, where))
    if "ratings" in found:
        alone = len(found) == 1 and not folders
        entries += _draft_ratings(*found["ratings"], where, alone=alone)
        entries += _draft_reading("ratings", found["ratings"][1], reading)
        entries.append(Entry("reliability", "model", "auto", "the design of the ratings decides"))
    if folders or "segments" in found:
        frames = folders[0] if folders else None
        entries += draft_openface(frames, found.get("segments"), where, rated="ratings" in found)
    elif "clips" in found:
        entries += _draft_clips(*found["clips"], where, rated="ratings" in found)
        entries += _draft_reading("clips", found["clips"][1], reading)
    if "people" in found:
        entries += _draft_people(*found["people"], where)
        entries += _draft_reading("subjects", found["people"][1], reading)
    return StudyDraft(tuple(entries), tuple(holds), tuple(notes))


Found = dict[str, tuple[Path, FileContents]]


def _sort_files(
    paths: Sequence[Path], reading: Reading
) -> tuple[list[Path], Found, list[str], list[str]]:
    """Return folders, each kind's file with its contents, what they hold, and notes on them."""
    folders = [path for path in paths if path.is_dir()]
    if len(folders) > 1:
        fact = f"'{folders[0]}' and '{folders[1]}' are both folders of videos' frames."
        raise DataError(Problem(fact, "Name the folder above them, or one of them."))
    read = [(path, _look(path, reading)) for path in paths if path not in folders]
    rated = any(_LAYOUTS.get(one.layout) == "ratings" or _holds_judges(one) for _, one in read)
    alone = not folders and sum(_find_people(one) is None for _, one in read) < 1 + rated
    found: Found = {}
    holds = [f"{path.name}: a folder of videos' frames." for path in folders]
    notes, passed = [], []
    for path, one in read:
        people = not alone and _find_people(one) is not None
        kind = "people" if people else _name_kind(one, rated=rated)
        if kind is None:
            passed.append(_pass_over(path, one))
            continue
        rows = count_things(one.facts.rows, "row")
        layout = "people" if people else "wide" if _holds_judges(one) else one.layout
        holds.append(f"{path.name}: {rows}, {_HOLDS[layout]}.")
        notes += [f"{path.name}: {speak(text, 'study')}" for text in one.warnings]
        if kind in found:
            fact = f"'{found[kind][0]}' and '{path}' both hold {kind}."
            raise DataError(Problem(fact, "Name one of them, or put them into one file."))
        found[kind] = (path, one)
    if not found and not folders:
        raise DataError(passed)
    return folders, found, holds, [*notes, *(str(one) for one in passed)]


def _group(paths: Sequence[Path], reading: Reading) -> list[Path]:
    """Return paths of one table each; a folder stays one unless its files are ratings."""
    if len(paths) == 1 and not paths[0].is_dir():
        return [*paths]
    grouped, folders = group_files(paths, reading), [path for path in paths if path.is_dir()]
    framed = [one for one in folders if one not in grouped or _holds_frames(one, reading)]
    inside = [*folders, *(one for folder in framed for one in list_joined(folder))]
    rated = [take_files(list_joined(one)) for one in folders if one not in framed]
    return [*framed, *rated, *(one for one in grouped if one not in inside)]


def _holds_frames(folder: Path, reading: Reading) -> bool:
    files = list_joined(folder)
    return not files or read_contents(files[0], reading=reading).layout in TRACKERS


def _look(path: Path, reading: Reading) -> FileContents:
    if path.suffix.lower() == ".toml":
        fact = "this is a study file already."
        raise DataError(Problem(fact, f"Run it: exprstats report {path}", file=str(path)))
    contents = read_contents(path, reading=reading)
    wrong = [one for one in contents.problems if contents.layout in _HOLDS]
    if wrong:
        raise DataError(place_problems(wrong, str(path)))
    return contents


def _holds_judges(contents: FileContents) -> bool:
    """Return whether a row a clip holds a column of numbers for each of several judges."""
    judged = len({*contents.judges} & {*contents.numbers}) > 1
    return judged and contents.layout in {"wide", "clips"}


def _name_kind(contents: FileContents, *, rated: bool) -> str | None:
    if _holds_judges(contents):
        return "ratings"
    if contents.layout != "wide":
        return _LAYOUTS.get(contents.layout)
    numbers = list_answer_columns(contents)
    tracked = sum(TRACKED.fullmatch(name.strip()) is not None for name in numbers)
    if rated or tracked > len(numbers) / 2:
        # Beside ratings, a table of numbers holds features, as does one of a tracker.
        return "clips"
    alike = 2 <= len(numbers) <= MOST_JUDGES and contents.share_range(numbers)
    return "ratings" if contents.judges or alike else None


def _find_people(contents: FileContents) -> str | None:
    """Return the column of people of a table with one row per person; None where it has clips."""
    names = [contents.roles[role] for role in ("subject", "clip") if role in contents.roles]
    if contents.layout not in {"clips", "wide"} or len(names) != 1:
        return None
    distinct = contents.columns.loc[contents.columns["column"] == names[0], "distinct"]
    once = bool(distinct.eq(contents.facts.rows).all())
    return names[0] if once and split_name(names[0]) & set(WORDS["subject"]) else None


def _pass_over(path: Path, contents: FileContents) -> Problem:
    """Return why a file has no place in a study, and where it has one."""
    compare = f"Compare them: exprstats compare {shlex.quote(str(path))}"
    made = ("it holds predictions, which a study makes itself", compare)
    told = {
        "predictions": made,
        "models side by side": made,
        "models of classes": made,
        "codebook": ("it is a codebook, not data", ""),
        "correlations": ("it holds a correlation matrix, not data", ""),
    }
    if contents.layout == "wide" and len(contents.numbers) == 1:
        name = contents.numbers[0]
        fact = f"'{name}' is one number for each clip, as what models predict is"
        either = f"Put this column into the file of features: target = '{name}'."
        return Problem(f"{fact}: left out.", either, file=path.name)
    if contents.layout == "wide":
        fact = "its columns of numbers have different ranges, so that they are no judges"
        either = "Items: exprstats factor. Features: add a column of subjects, and a target."
        return Problem(f"{fact}: left out.", either, file=path.name)
    frames = (f"it holds frames of {contents.layout}", "Name its folder, and a file of segments.")
    fact, remedy = told.get(contents.layout, frames)
    return Problem(f"{fact}: left out.", remedy, file=path.name)


def _draft_reading(table: str, contents: FileContents, reading: Reading) -> Iterator[Entry]:
    """Yield how a file is to be read, as far as somebody said so, and codes that it holds."""
    for key in ("encoding", "sheet", "header_row"):
        told: Value | None = getattr(reading, key)
        if told is not None:
            yield Entry(table, key, told)
    if reading.labels:
        labels = reading.labels
        mapped = isinstance(labels, bool | Mapping)
        yield Entry(table, "labels", labels if mapped else tuple(labels))
    declared = list_codes(reading.missing)
    codes = {code for one in contents.codes for code in one.codes if code in USUAL_CODES}
    if declared or codes or contents.silent:
        told = "codes far from all other values" if codes else ""
        told = "what stands where nothing was answered" if contents.silent else told
        yield Entry(table, "missing", (*declared, *contents.silent, *sorted(codes)), told)


def _draft_ratings(
    path: Path, contents: FileContents, folder: Path, *, alone: bool
) -> Iterator[Entry]:
    """Yield the lines of ``[ratings]``."""
    table, layout, roles = "ratings", contents.layout, contents.roles
    layout = "wide" if _holds_judges(contents) else layout
    yield Entry(table, "file", write_path(path, folder))
    long = layout == "ratings"
    rated = tuple(list_answers(contents)) if long else list_answer_columns(contents)
    if layout == "raters in rows":
        yield Entry(table, "raters_in_rows", True, "each row holds the ratings of one rater")
    asked = ("rater",) if layout == "raters in rows" else ("clip", *(("rater",) * long))
    yield from list_roles(table, contents, asked)
    if "clip" not in roles and long:
        yield ask_entry(table, "clip", "the column of the clips", contents)
    rated = yield from _draft_answers(table, contents, rated, layout)
    yield from list_roles(table, contents, ("subject", "context"))
    if "subject" not in roles and alone and layout != "raters in rows":
        told = f"{PEOPLE}; else clips are independent"
        yield ask_entry(table, "subject", told, contents)
    yield from _ask_scale(table, contents, rated)


def _draft_answers(
    table: str, contents: FileContents, rated: tuple[str, ...], layout: str
) -> Generator[Entry, None, tuple[str, ...]]:
    """Yield the lines of the answers; return their columns."""
    names, roles = tuple(contents.columns["column"]), contents.roles
    long, why = layout == "ratings", "because no other column holds numbers"
    if long and len(rated) < len(contents.numbers):
        why = "because other columns of numbers are called as ids, times and counts, or range wider"
    if layout == "wide":
        rated = tuple(one for one in contents.judges if one in rated) or rated
        named = "because their names are those of raters" if contents.judges else why
        told = f"one column per rater, {named}; items need a column of raters"
        yield Entry(table, "raters", rated, told, names)
    elif layout == "items by raters":
        pairs = find_pairs(contents.numbers, numbered=True)
        items = tuple(dict.fromkeys(item for item, _ in pairs.values()))
        yield Entry(table, "items", items, "the items, because columns are named item_rater")
    elif long and "rating" in roles:
        rated = (roles["rating"],)
        plain = roles.get("item") == "item" and roles["rating"] == "rating"
        yield from list_roles(table, contents, ["rating", *(() if plain else ("item",))])
    elif contents.loops and not contents.numbers:
        yield from _draft_labels(table, contents, contents.loops)
    elif long and not rated:
        yield from _draft_words(contents)
    elif long and len(rated) == 1:
        yield Entry(table, "rating", rated[0], f"the ratings, {why}", names)
    elif long:
        yield Entry(table, "items", rated, f"one column per item, {why}", names)
    return rated


def _ask_scale(table: str, contents: FileContents, rated: Sequence[str]) -> Iterator[Entry]:
    rows = contents.columns[contents.columns["column"].isin(rated)]
    if len(rows) and rows["low"].min() < rows["high"].max():
        ends = (float(rows["low"].min()), float(rows["high"].max()))
        told = f"the lowest and the highest possible answer (seen: {ends[0]:g} to {ends[1]:g})"
        yield Entry(table, "scale", ends, told, asked=True)


def _draft_words(contents: FileContents) -> Iterator[Entry]:
    """Yield the lines of answers in words."""
    table = "ratings"
    worded = find_worded(contents)
    texts = [worded[0]] if worded else find_word_judges(contents)
    if not texts:
        yield ask_entry(table, "rating", "the column of the ratings", contents)
        return
    told, names = "the answers, which are words", tuple(contents.columns["column"])
    key, value = ("items", tuple(texts)) if len(texts) > 1 else ("rating", texts[0])
    yield Entry(table, key, value, told, names)
    yield from _draft_labels(table, contents, texts)


def _draft_labels(table: str, contents: FileContents, names: Iterable[str]) -> Iterator[Entry]:
    rows = contents.columns[contents.columns["column"].isin(list(names))]
    words = sorted({one for held in rows["levels"] for one in held} - {*contents.silent})
    ordered = order_answers(words)
    told = "the answers from the lowest, which is 1, to the highest"
    if ordered is None:
        yield ask_entry(table, "labels", told)
    else:
        yield Entry(table, "labels", ordered if isinstance(ordered, dict) else tuple(ordered), told)


def _draft_clips(
    path: Path, contents: FileContents, folder: Path, *, rated: bool
) -> Iterator[Entry]:
    """Yield the lines of ``[clips]``."""
    table = "clips"
    yield Entry(table, "file", write_path(path, folder))
    lines = [] if rated else list(guess_target(table, contents))
    target = next((one.value for one in lines if one.key == "target"), None)
    predicted = target == contents.roles.get("context")
    roles = ("clip", "subject", *(() if predicted else ("context",)))
    yield from list_roles(table, contents, roles)
    if "subject" not in contents.roles:
        yield ask_entry(table, "subject", PEOPLE, contents)
    yield from lines
    texts = {name: one for name, one in list_texts(contents).items() if name != target}
    held = [f"'{name}' holds {len(one)} texts ({name_some(one)})" for name, one in texts.items()]
    other = "" if rated else ", or what models predict, if named as target"
    told = "without it every other column of numbers, and of few texts, is taken"
    if texts and "context" in contents.roles:
        told += f"; {'; '.join(held)}: a feature{other}"
    elif texts:
        use = f"{'; '.join(held)}: contexts, if named here{other}"
        yield Entry(table, "context", next(iter(texts)), use, asked=True)
    numbers = [name for name in list_answer_columns(contents) if name != target]
    yield Entry(table, "features", (*numbers, *texts), told, asked=True)


def _draft_people(path: Path, contents: FileContents, folder: Path) -> Iterator[Entry]:
    """Yield the lines of ``[subjects]``."""
    table, names = "subjects", tuple(contents.columns["column"])
    yield Entry(table, "file", write_path(path, folder))
    person = _find_people(contents)
    yield Entry(table, "subject", person or "subject", ROLES["subject"], names)
    told = "the column whose groups of people are compared"
    texts = tuple(one for one in list_texts(contents) if one != person)
    yield Entry(table, "group", texts[0] if texts else "...", told, names, asked=True)
    numbers = tuple(one for one in contents.numbers if one not in contents.roles.values())
    told = "columns that models predict from, beside those of clips; none unless they are named"
    yield Entry(table, "features", (*numbers, *texts) or ("...",), told, names, asked=True)
