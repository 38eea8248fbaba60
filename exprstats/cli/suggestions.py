"""Commands that suit what a file holds, as calls that run."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.cli.calls import SINGLE, Call, Value, write_labels
from exprstats.errors import DataError
from exprstats.io.contents import read_contents
from exprstats.io.files.answers import order_answers
from exprstats.io.files.joined import take_files
from exprstats.io.files.reading import read_coded
from exprstats.io.files.spreads import asks_judges, find_pairs
from exprstats.io.files.words import IDS, TRACKED, is_aside, is_prediction, is_rated, is_truth
from exprstats.io.guards.answers import (
    find_word_judges,
    find_worded,
    index_columns,
    is_index,
    list_answer_words,
    list_answers,
)
from exprstats.io.guards.codes import USUAL_CODES
from exprstats.io.guards.layouts import TRACKERS
from exprstats.options import MOST_JUDGES, WIDEST

if TYPE_CHECKING:
    from exprstats.io import FileContents, Reading
    from exprstats.io.guards.classed import Classed

# Layouts of face trackers, and the word for the tracker where frames do not tell it.
_TRACKERS = {
    **{"OpenFace": "", "OpenFace 3": "openface3", "LibreFace": "libreface"},
    **{"ARKit": "arkit", "MediaPipe": "mediapipe"},
}
_ALWAYS = frozenset({"subject", "by"})
# Counts, spreads and cut-offs beside a truth or predictions.
_BESIDE = re.compile(r"n[_ .].*|.*[_ .](sd|se|n)|threshold.*|cut.?off.*")
_INITIALS = re.compile(r"[A-Z]{1,2}")
# An answer so many ranges away from all others is a slip of the keyboard.
_SLIP = 3
_SPARSE = 0.2


def list_calls(path: Path, contents: FileContents) -> Iterator[Call]:
    """Yield the calls that suit what a file holds, the most likely first."""
    layout, roles = contents.layout, contents.roles
    codes = _find_codes(contents)
    if layout == "ratings" and {"clip", "rater"} <= set(roles):
        yield from _suit_ratings(contents, codes)
    elif layout == "raters in rows":
        judge = {"rater": roles["rater"]} if roles.get("rater", "rater") != "rater" else {}
        yield from _suit_rows(contents, {"raters-in-rows": True, **judge}, codes)
    elif layout == "items by raters":
        pairs = find_pairs(contents.numbers, numbered=True)
        if asks_judges(pairs):
            return
        items = list(dict.fromkeys(item for item, _ in pairs.values()))
        ids = _name_ids(roles, "clip", "subject", "context")
        yield Call("reliability", {"rating": items, **ids, "model": "auto", **codes})
    elif layout in {"predictions", "models side by side"} and {"subject", "clip"} & {*roles}:
        yield _suit_predictions(contents)
    elif (
        (classed := contents.classed) is not None
        and classed.models
        and {"subject", "clip"} & {*roles}
    ):
        yield from _suit_classed(contents, classed)
    elif layout in {"clips", "wide"}:
        yield from _suit_clips(contents, codes)
    elif any(one.option in {"face", "fps"} for one in contents.questions):
        return
    elif layout in _TRACKERS and str(path) != "-":
        yield Call("features", {"tracker": word} if (word := _TRACKERS[layout]) else {})


def _suit_rows(
    contents: FileContents, options: dict[str, Value], codes: dict[str, list[str]]
) -> Iterator[Call]:
    """Yield calls on a row a rater, whose columns of clips hold numbers or words."""
    if contents.numbers or not contents.loops:
        yield Call("reliability", {**options, "model": "auto", **codes})
        return
    columns = index_columns(contents)
    held = (word for name in contents.loops for word in columns[name]["levels"])
    for call in _suit_words(options, list_answer_words(contents, held)):
        yield Call(call.command, {**call.options, **codes})


def _suit_ratings(contents: FileContents, codes: dict[str, list[str]]) -> Iterator[Call]:
    roles = contents.roles
    ids = _name_ids(roles, "clip", "rater", "subject", "context") | _name_site(contents)
    if contents.parts:
        ids["clip"] = [*contents.parts]
    answers = [roles["rating"]] if "rating" in roles else list_answers(contents)
    own = roles.get("item") == "item" and answers == ["rating"]
    if "item" in roles and not own and len(answers) == 1:
        ids["item"] = roles["item"]
    if answers:
        yield Call("reliability", {"rating": answers, **ids, "model": "auto", **codes})
        asked = (
            list_answer_words(contents, index_columns(contents)[roles["item"]]["levels"])
            if ("item" in roles and len(answers) == 1)
            else []
        )
        if 2 < len(asked) <= WIDEST:
            # Of a row a question, whose levels are the items.
            given = {"items": asked, "item": roles["item"], "rater": roles["rater"], **ids}
            named = {"rating": answers} if answers != ["rating"] else {}
            yield Call("factor", {**given, **named, **codes})
        if len(answers) > 2 and "item" not in roles:
            known = {name: value for name, value in ids.items() if name != "rater"}
            items: dict[str, Value] = {"items": answers, "rater": roles["rater"]}
            yield Call("factor", {**items, **known, **codes})
        return
    worded = find_worded(contents)
    names, labels = ([worded[0]], worded[1]) if worded else (find_word_judges(contents), [])
    if len(names) > 1:
        columns = index_columns(contents)
        labels = list_answer_words(
            contents, (word for name in names for word in columns[name]["levels"])
        )
    if names:
        judged = list(_suit_words({"rating": names, **ids}, labels))
        yield from judged
        if len(names) > 2 and judged[0].command == "reliability":
            given = {name: one for name, one in judged[0].options.items() if name == "labels"}
            known = {name: one for name, one in ids.items() if name != "rater"}
            yield Call("factor", {"items": names, "rater": roles["rater"], **known, **given})


def _suit_words(options: dict[str, Value], labels: list[str]) -> Iterator[Call]:
    """Yield calls on answers in words: an order that is known gives numbers, others categories."""
    coded = [read_coded(one) for one in labels]
    words = [re.sub(r"^\W*\d+\W*|\s*\(\d+\)$", "", one) for one in labels]
    ordered = order_answers(labels) or order_answers(words)
    if all(coded):
        # "4 - Extremely" is more than "3 - Quite a bit"; "4. Neurosis" is another category.
        if ordered is None:
            yield Call("agreement", {**options, "weights": "identity"})
        else:
            yield Call("reliability", {**options, "model": "auto"})
        return
    if ordered is not None:
        yield Call("reliability", {**options, "labels": write_labels(ordered), "model": "auto"})
    else:
        yield Call("agreement", {**options, "labels": sorted(labels), "weights": "identity"})


def _suit_predictions(contents: FileContents) -> Call:
    roles = contents.roles
    options: dict[str, Value] = {}
    truth, predicted = roles.get("truth", "truth"), roles.get("prediction", "prediction")
    if contents.layout == "models side by side":
        options["models"] = [
            one for one in contents.numbers if one != truth and not is_index(contents, one)
        ]
    elif not is_prediction(predicted):
        options["models"] = [predicted]
    options |= _name_people(contents, "context")
    if truth != "truth" and ("models" in options or not is_truth(truth)):
        options["truth"] = truth
    columns = index_columns(contents)
    models = options.get("models", [predicted] if contents.layout == "predictions" else [])
    if (
        isinstance(models, list)
        and (len(models) > 1 or contents.layout == "predictions")
        and any(columns[one]["missing"] for one in models)
    ):
        options["common"] = True
    return Call("compare", options)


def _suit_clips(contents: FileContents, codes: dict[str, list[str]]) -> Iterator[Call]:
    """Yield calls on one row per clip: judges, a target with features, or items."""
    roles = contents.roles
    ids = _name_ids(roles, "clip", "subject", "context") | _name_site(contents)
    columns = index_columns(contents)
    judges = list(contents.judges)
    if contents.parts and "subject" not in roles:
        ids["clip"] = [*contents.parts]
    numbers = [name for name in judges if columns[name]["kind"] == "number"]
    if judges:
        if len(numbers) > 1:
            yield Call("reliability", {"raters": numbers, **ids, "model": "auto", **codes})
            return
        words = list_answer_words(
            contents, (word for name in judges for word in columns[name]["levels"])
        )
        if 1 < len(words) <= 11:
            yield from _suit_words({"raters": judges, **ids}, words)
        return
    target = contents.target
    if target is not None and {"subject", "clip"} & {*roles}:
        yield Call("fit", {"target": target, **_name_people(contents, "context"), **codes})
        return
    yield from _suit_answers(contents, ids, codes)


def _suit_answers(
    contents: FileContents, ids: dict[str, Value], codes: dict[str, list[str]]
) -> Iterator[Call]:
    """Yield calls on columns that may be items or judges."""
    columns = index_columns(contents)
    answers = list_answers(contents)
    words = find_word_judges(contents)
    if words and len(answers) < min(3, len(words)):
        levels = list_answer_words(
            contents, (word for name in words for word in columns[name]["levels"])
        )
        judged = list(_suit_words({"raters": words, **ids}, levels))
        labels = {name: one for name, one in judged[0].options.items() if name == "labels"}
        ordered = judged[0].command == "reliability" and len(words) > 2
        if ordered and not all(_INITIALS.fullmatch(name.strip()) for name in words):
            yield Call("factor", {"items": words, **ids, **labels})
        yield from judged
        return
    if len(answers) > 2:
        # Where many answers are missing, few rows are whole.
        held = [columns[name] for name in answers]
        sparse = sum(one["missing"] for one in held) > _SPARSE * sum(one["n"] for one in held)
        gaps = {"missing": ["fiml", *codes.get("missing", [])]} if sparse else codes
        calls = []
        if contents.facts.rows > len(answers):
            calls.append(Call("factor", {"items": answers, **ids, **gaps}))
        if len(answers) <= MOST_JUDGES and contents.share_range(answers):
            judged = Call("reliability", {"raters": answers, **ids, "model": "auto", **codes})
            # Columns that are called by initials are people.
            initials = all(_INITIALS.fullmatch(name.strip()) for name in answers)
            calls.insert(0 if initials else len(calls), judged)
        yield from calls


def _suit_classed(contents: FileContents, classed: Classed) -> Iterator[Call]:
    """Yield the comparison of models with a truth that is a class, if clips or people are known."""
    if not classed.models or not {"subject", "clip"} & {*contents.roles}:
        return
    options: dict[str, Value] = {"models": [*classed.models]}
    options |= _name_people(contents, "context")
    options |= {"truth": classed.truth} if classed.truth != "truth" else {}
    options |= {"positive": classed.positive} if classed.positive is not None else {}
    if classed.kind == "probabilities":
        options["metric"] = ["auc", "average_precision", "mse"]
    elif classed.coded:
        options["metric"] = ["accuracy", "uar", "macro_f1", "kappa"]
    rows = index_columns(contents)
    if any(one in rows and rows[one]["missing"] for one in classed.models):
        options["common"] = True
    yield Call("compare", options)


def _find_codes(contents: FileContents) -> dict[str, list[str]]:
    """Return the option that declares missing what is a usual code or a slip of the keyboard."""
    codes = {
        code
        for one in contents.codes
        for code in one.codes
        if code in USUAL_CODES
        or code < 0 <= one.low
        or max(code - one.high, one.low - code) > _SLIP * max(one.high - one.low, 1)
    }
    found = [*contents.silent, *(f"{code:g}" for code in sorted(codes))]
    return {"missing": found} if found else {}


def _name_ids(roles: dict[str, str], *wanted: str) -> dict[str, Value]:
    named = {("by" if role == "context" else role): roles.get(role) for role in wanted}
    return {
        option: name if option in SINGLE else [name]
        for option, name in named.items()
        if name and (name != option or option in _ALWAYS)
    }


def _name_people(contents: FileContents, *wanted: str) -> dict[str, Value]:
    """Return the options of clips and people; where nobody is named, each clip is one person."""
    roles = contents.roles
    if "subject" not in roles:
        roles = {**roles, "subject": roles["clip"]}
    return _name_ids(roles, "clip", "subject", *wanted) | _name_site(contents)


def _name_site(contents: FileContents) -> dict[str, Value]:
    """Return the option that makes one id of site and subject, where ids start anew in each."""
    if contents.site is None:
        return {}
    return {"subject": [contents.site, contents.roles["subject"]]}


def pair_files(
    files: list[Path], reading: Reading, *, alone: bool = False
) -> tuple[Path, Call] | None:
    """Return the comparison of predictions with a truth in a file of its own; None of others.

    The truth is the one file of clips with a column that is called as ratings or truths are, or
    with a single one; the others have one column of predictions, or several. With ``alone`` only
    the name of a column makes it a truth, since the other files may be those of raters.
    """
    if len(files) < 2 or len(files) > WIDEST:
        return None
    try:
        read = {file: read_contents(file, reading=reading) for file in files}
    except DataError:
        return None
    values = {file: _list_values(one) for file, one in read.items()}
    known = {
        file: [name for name in held if is_truth(name) or is_rated(name)]
        for file, held in values.items()
        if not any(map(is_prediction, held)) and read[file].layout not in TRACKERS
    }
    tried = [file for file, held in known.items() if len(held) == 1]
    tried = tried or [file for file in known if len(values[file]) == 1 and not alone]
    if len(tried) != 1 or not all(values.values()):
        return None
    owner = tried[0]
    truth = (known[owner] or values[owner])[0]
    models: list[str] = []
    for file in files:
        named = [name for name in values[file] if is_prediction(name)]
        if file != owner and len(named or values[file]) > 1:
            models += _list_models(read[file], values[file], index_columns(read[owner])[truth])
            if not models:
                return None
    roles = read[owner].roles
    options: dict[str, Value] = {"models": models} if models else {}
    options |= {"clip": [roles["clip"]]} if roles.get("clip", "clip") != "clip" else {}
    people = [one.roles["subject"] for one in read.values() if "subject" in one.roles]
    options |= {"subject": [people[0] if people else "clip"]}
    options |= {"truth": truth} if truth != "truth" else {}
    whole = take_files([owner, *(file for file in files if file != owner)])
    call = Call("compare", {**options, "common": True})
    try:
        with warnings.catch_warnings(action="ignore"):
            call.read(whole, reading)
    except DataError:
        return None
    return whole, call


def _list_models(contents: FileContents, names: list[str], truth: dict[str, Any]) -> list[str]:
    """Return columns that may be predictions of a truth, on its scale, if all of them may."""
    rows = [index_columns(contents)[name] for name in names]
    if truth["kind"] == "text":
        return [*names] if all(row["kind"] == "text" for row in rows) else []
    span = truth["high"] - truth["low"]
    near = (truth["low"] - span <= row["low"] and row["high"] <= truth["high"] + span
            and row["high"] - row["low"] > span / 4 for row in rows)  # fmt: skip
    tracked = any(TRACKED.fullmatch(name.strip()) for name in names)
    return [*names] if len(names) <= MOST_JUDGES and not tracked and all(near) else []


def _list_values(contents: FileContents) -> list[str]:
    """Return the columns that may hold a truth or predictions of clips."""
    rows = index_columns(contents)
    taken = {name for role, name in contents.roles.items() if role in IDS}
    free = [name for name in rows if name not in taken and not is_aside(name)]
    texts = {one for one in free if rows[one]["kind"] == "text" and not rows[one]["levels"]}
    counts = {one for one in free if _BESIDE.fullmatch(one.lower())}
    return [one for one in free if one not in texts | counts and contents.facts.rows > 2]
