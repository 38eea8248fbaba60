"""Commands that suit what a file holds, as calls that run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from exprstats.cli.holdings import SINGLE, Call, Value, write_labels
from exprstats.options import MOST_JUDGES, MOST_WORDS, WIDEST

if TYPE_CHECKING:
    from exprstats.io import FileContents

# Layouts of face trackers, and the word for the tracker where frames do not tell it.
_TRACKERS = {"OpenFace": "", "OpenFace 3": "openface3", "LibreFace": "libreface"}
_ALWAYS = frozenset({"subject", "by"})
_INITIALS = re.compile(r"[A-Z]{1,2}")
_MOST_ANSWERS = 25
_BEYOND = 20
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
        from exprstats.io.files.spreads import asks_judges, find_pairs

        pairs = find_pairs(contents.numbers, numbered=True)
        if asks_judges(pairs):
            return
        items = list(dict.fromkeys(item for item, _ in pairs.values()))
        ids = _name_ids(roles, "clip", "subject", "context")
        yield Call("reliability", {"rating": items, **ids, "model": "auto", **codes})
    elif layout in {"predictions", "models side by side"} and {"subject", "clip"} & {*roles}:
        yield _suit_predictions(contents)
    elif layout in {"clips", "wide"}:
        classed = _find_classed(contents)
        yield from _suit_clips(contents, codes) if classed is None else [classed]
    elif any(one.option == "face" for one in contents.questions):
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
    columns = _index_columns(contents)
    held = (word for name in contents.loops for word in columns[name]["levels"])
    for call in _suit_words(options, _list_words(contents, held)):
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
            _list_words(contents, _index_columns(contents)[roles["item"]]["levels"])
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
    worded = _find_worded(contents)
    names, labels = ([worded[0]], worded[1]) if worded else (_find_word_judges(contents), [])
    if len(names) > 1:
        columns = _index_columns(contents)
        labels = _list_words(contents, (word for name in names for word in columns[name]["levels"]))
    if names:
        judged = list(_suit_words({"rating": names, **ids}, labels))
        yield from judged
        if len(names) > 2 and judged[0].command == "reliability":
            given = {name: one for name, one in judged[0].options.items() if name == "labels"}
            known = {name: one for name, one in ids.items() if name != "rater"}
            yield Call("factor", {"items": names, "rater": roles["rater"], **known, **given})


def _suit_words(options: dict[str, Value], labels: list[str]) -> Iterator[Call]:
    """Yield calls on answers in words: an order that is known gives numbers, others categories."""
    from exprstats.io.files.answers import order_answers
    from exprstats.io.files.reading import read_coded

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
    from exprstats.io.files.words import is_prediction, is_truth

    roles = contents.roles
    options: dict[str, Value] = {}
    truth, predicted = roles.get("truth", "truth"), roles.get("prediction", "prediction")
    if contents.layout == "models side by side":
        options["models"] = [
            one for one in contents.numbers if one != truth and not _is_index(contents, one)
        ]
    elif not is_prediction(predicted):
        options["models"] = [predicted]
    options |= _name_people(contents, "context")
    if truth != "truth" and ("models" in options or not is_truth(truth)):
        options["truth"] = truth
    columns = _index_columns(contents)
    models = options.get("models", [])
    if (
        isinstance(models, list)
        and len(models) > 1
        and any(columns[one]["missing"] for one in models)
    ):
        options["common"] = True
    if _index_columns(contents)[truth]["distinct"] == 2 and contents.layout != "predictions":
        options["metric"] = ["auc", "rmse"]
    return Call("compare", options)


def _suit_clips(contents: FileContents, codes: dict[str, list[str]]) -> Iterator[Call]:
    """Yield calls on one row per clip: judges, a target with features, or items."""
    roles = contents.roles
    ids = _name_ids(roles, "clip", "subject", "context") | _name_site(contents)
    columns = _index_columns(contents)
    judges = list(contents.judges)
    if contents.parts and "subject" not in roles:
        ids["clip"] = [*contents.parts]
    numbers = [name for name in judges if columns[name]["kind"] == "number"]
    if judges:
        if len(numbers) > 1:
            yield Call("reliability", {"raters": numbers, **ids, "model": "auto", **codes})
            return
        words = _list_words(contents, (word for name in judges for word in columns[name]["levels"]))
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
    columns = _index_columns(contents)
    answers = list_answers(contents)
    words = _find_word_judges(contents)
    if words and len(answers) < min(3, len(words)):
        levels = _list_words(contents, (word for name in words for word in columns[name]["levels"]))
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


def _find_classed(contents: FileContents) -> Call | None:
    """Return the comparison of models with a truth in words."""
    from exprstats.io.files.words import is_truth

    columns = _index_columns(contents)
    texts = [n for n, row in columns.items() if row["kind"] == "text" and row["levels"]]
    truth = next((one for one in texts if is_truth(one) or one.strip().lower() == "label"), None)
    if truth is None or not {"subject", "clip"} & {*contents.roles}:
        return None
    known = {*columns[truth]["levels"]}
    taken = {truth, *contents.roles.values()}
    models = [n for n in texts if n not in taken and {*columns[n]["levels"]} <= known]
    if not models or not 1 < len(known) <= MOST_WORDS:
        return None
    named: dict[str, Value] = {"truth": truth} if truth != "truth" else {}
    return Call("compare", {"models": models, **_name_people(contents, "context"), **named})


def _find_word_judges(contents: FileContents) -> list[str]:
    """Return columns of words that share most of their answers, as those of judges do."""
    taken = set(contents.roles.values())
    texts = [
        (name, set(_list_words(contents, row["levels"])))
        for name, row in _index_columns(contents).items()
        if row["kind"] == "text" and name not in taken and row["levels"]
    ]
    known = [(name, levels) for name, levels in texts if 1 < len(levels) <= MOST_WORDS]
    sets = (
        [name for name, held in known if 2 * len(levels & held) >= len(levels | held)]
        for _, levels in known
    )
    alike = max(sets, key=len, default=[])
    used = set().union(*(levels for name, levels in known if name in alike))
    enough = len(alike) > 2 or len(alike) == len(known) > 1
    return alike if enough and len(used) <= MOST_WORDS else []


def list_answers(contents: FileContents) -> list[str]:
    """Return the columns of numbers that may be answers to items, without counts of rows.

    Of many, those that are numbered alike (x1, x2, x3) are taken.
    """
    from exprstats.io.files.words import TRACKED

    columns = _index_columns(contents)
    names = [
        name
        for name in contents.numbers
        if columns[name]["distinct"] > 1 and not _is_index(contents, name)
    ]
    if contents.layout != "ratings":
        names = [name for name in names if TRACKED.fullmatch(name.strip()) is None]
    given = [name for name in names if re.match(r"answer[._ ]|.*\.response$", name, re.IGNORECASE)]
    names = given or names
    stems: dict[str, list[str]] = {}
    for name in names:
        if found := re.fullmatch(r"(.*?)[\[_ .-]*(?:SQ)?\d+\]?", name):
            stems.setdefault(found[1], []).append(name)
    alike = max(stems.values(), key=len, default=[])
    alone = sum(len(one) == len(alike) for one in stems.values()) == 1
    if alone and 2 < len(alike) < len(names):
        names = alike
    elif contents.layout == "ratings" and len(names) > 2:
        # Times and counts have ranges far beyond those of answers.
        reach = _span(contents, names)
        names = [name for name in names if reach[name] <= _BEYOND * median(reach.values())]
    elif len(names) > 2:
        spans = _span(contents, names)
        if max(spans.values()) > 4 * min(spans.values()):
            names = _pick_scale(contents, spans)
    return names if len(names) <= WIDEST else []


def _pick_scale(contents: FileContents, spans: dict[str, float]) -> list[str]:
    """Return columns on one scale of few steps, beside others of far wider ranges."""
    columns = _index_columns(contents)
    steps = {
        name: span
        for name, span in spans.items()
        if span <= MOST_WORDS and columns[name]["low"] % 1 == 0 == span % 1
    }
    if len(steps) < 3 or max(steps.values()) > 2 * min(steps.values()):
        return []
    lows = {columns[name]["low"] for name in steps}
    counted = all(columns[name]["distinct"] <= steps[name] + 1 for name in steps)
    alone = min((spans[one] for one in spans if one not in steps), default=0)
    return [*steps] if counted and max(lows) - min(lows) <= 1 and alone > 20 else []


def _span(contents: FileContents, names: Iterable[str]) -> dict[str, float]:
    """Return the range of each column, without codes for missing answers far from it."""
    columns = _index_columns(contents)
    ends = {name: (columns[name]["low"], columns[name]["high"]) for name in names}
    ends |= {one.column: (one.low, one.high) for one in contents.codes if one.column in ends}
    return {name: high - low for name, (low, high) in ends.items()}


@lru_cache(maxsize=1)
def _index_columns(contents: FileContents) -> dict[str, dict[str, Any]]:
    return {
        str(row["column"]): {str(name): value for name, value in row.items()}
        for row in contents.columns.to_dict("records")
    }


def _is_index(contents: FileContents, name: str) -> bool:
    """Return whether a column numbers the rows, or names people by numbers."""
    from exprstats.io.files.words import is_aside

    row = _index_columns(contents)[name]
    whole = row["n"] > _MOST_ANSWERS and row["distinct"] == row["n"]
    return is_aside(name) or bool(whole and row["high"] - row["low"] == row["n"] - 1)


def _find_worded(contents: FileContents) -> tuple[str, list[str]] | None:
    """Return the column of answers in words, and the answers."""
    from exprstats.io.files.words import WORDS, split_name

    texts = contents.columns[contents.columns["kind"] == "text"]
    free = texts[~texts["column"].isin(list(contents.roles.values()))]
    words = [(row, _list_words(contents, row["levels"])) for row in free.to_dict("records")]
    fits = [row for row, held in words if 1 < len(held) <= MOST_WORDS]
    named = [row for row in fits if split_name(row["column"]) & set(WORDS["rating"])]
    found = (named or (fits if len(fits) == 1 else []))[:1]
    return (found[0]["column"], _list_words(contents, found[0]["levels"])) if found else None


def _list_words(contents: FileContents, levels: Iterable[str]) -> list[str]:
    """Return different answers; texts that stand for a missing value are none."""
    from exprstats.io.numbers import MISSING_TEXTS

    return sorted({*levels} - MISSING_TEXTS - {*contents.silent})


def _find_codes(contents: FileContents) -> dict[str, list[str]]:
    """Return the option that declares missing what is a usual code or a slip of the keyboard."""
    from exprstats.io.guards.codes import USUAL_CODES

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
