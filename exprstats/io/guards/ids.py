"""Ids that spreadsheets, programs or systems changed."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import Problem

_NULL_WORDS = frozenset({"na", "nan", "none", "null", "n/a", "#n/a"})
_WHOLE = re.compile(r"0*(\d+)(\.0+)?", re.ASCII)
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BLANK = re.compile("[\u00a0\u2007\u202f]")
_FORMULA = re.compile(r"=[\w(+\-'$]")
_LOST_DIGITS = re.compile(r"\d(\.\d+)?E\+\d+")
# Blanks at an end, marks of dates and numbers, leading zeros, words for nothing, empty ids.
_SUSPECT = re.compile(
    r"^[^\S\n]|[^\S\n]$|^$|\r|E\+|\d\.0+$|^0+\d|^\d{1,4}[-./ ]|^[a-z]{3,9}[-. ]+\d"
    r"|^#?n/?an?$|^none$|^null$",
    re.IGNORECASE | re.MULTILINE,
)
_PADDED = re.compile(r"\n0+\d")
_WORDS = (string.ascii_letters + string.digits + "_\n").encode()
_MONTHS = "jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d([T ]00:00(:00)?)?|\d{{1,2}}[-./ ]+({_MONTHS})[a-z]*\.?"
    rf"|({_MONTHS})[a-z]*\.?[- ]\d{{1,4}}",
    re.IGNORECASE,
)
# Contexts that are numbers with decimals are fewer.
_MEASURED = 12


# A clip is called after its file in one table, and after the recording in another.
_ENDING = re.compile(r"\.(mp4|m4v|mov|avi|mkv|webm|mpe?g|wmv|wav|mp3|csv|txt|jpe?g|png)$")


def clean_id(text: str) -> str:
    """Return an id without what nobody sees: NFC, no invisible characters or outer blanks.

    Examples
    --------
    >>> clean_id("Zoe\u0308\u200b ") == "Zoë"
    True
    """
    if text.isascii():
        return text.strip()
    return _BLANK.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def find_formulas(levels: Sequence[str]) -> list[int]:
    """Return the places of cells that hold a formula, since no value of it was stored."""
    return [place for place, text in enumerate(levels) if _FORMULA.match(text)]


def find_lost_digits(levels: Sequence[str]) -> list[int]:
    """Return the places of ids that a spreadsheet wrote as rounded numbers (2.02304E+11)."""
    return [
        place
        for place, text in enumerate(levels)
        if "E+" in text and _LOST_DIGITS.fullmatch(text.strip())
    ]


def looks_like_date(text: str) -> bool:
    """Return whether a text is a date as spreadsheets write it.

    Examples
    --------
    >>> looks_like_date("02. Jan"), looks_like_date("2 - January is cold")
    (True, False)
    """
    return _DATE.fullmatch(text.strip()) is not None


def find_dates(levels: Sequence[str]) -> list[int]:
    """Return the places of ids that look like dates, where others do not."""
    # A date has a mark between its parts, which most ids lack.
    marked = [place for place, text in enumerate(levels) if not text.isalnum()]
    dates = [place for place in marked if looks_like_date(levels[place])]
    return dates if len(dates) < 0.8 * len(levels) else []


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found among the ids of a column.

    Attributes
    ----------
    kind
        ``"null"``, ``"merged"``, ``"decimals"``, ``"padded"``, ``"dates"``, and, which stops an
        analysis, ``"lost"``.
    fact, remedy
        What it is, and what to do about it.
    places
        Of the ids among the levels.
    """

    kind: str
    fact: str
    remedy: str
    places: tuple[int, ...]


def judge_ids(written: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """Return the ids that some texts stand for, and what a person should know of them.

    Parameters
    ----------
    written
        The different texts of a column.

    Returns
    -------
    ids : list of str
        In NFC, without invisible characters, outer blanks, and ".0" where all have it.
    findings : list of Finding
        In order; of kind ``"lost"`` where ids lost digits.

    Examples
    --------
    >>> ids, (found,) = judge_ids(["7.0", "8.0"])
    >>> ids, found.fact
    (['7', '8'], "all ids end in '.0', which is left out ('7.0' is '7').")
    """
    if are_plain(written):
        return list(written), []
    levels = [clean_id(level) for level in written]
    found = [*_find_null(levels), *_find_merged(levels)]
    filled = [level for level in levels if level]
    if filled and all(re.fullmatch(r"\d+\.0", level) for level in filled):
        fact = f"all ids end in '.0', which is left out ('{filled[0]}' is '{filled[0][:-2]}')."
        found.append(Finding("decimals", fact, "", ()))
        levels = [level.removesuffix(".0") for level in levels]
    found += _find_padded(levels)
    if lost := find_lost_digits(levels):
        fact = f"{_name_first(levels, lost)} lost digits, so that people share an id."
        remedy = "Format the column as text in the spreadsheet before you save it again."
        found.append(Finding("lost", fact, remedy, tuple(lost)))
    elif dates := find_dates(levels):
        fact = f"{_name_first(levels, dates)} look like dates that a spreadsheet made of ids."
        remedy = "Format the column as text before the ids are entered."
        found.append(Finding("dates", fact, remedy, tuple(dates)))
    return levels, found


def are_plain(levels: Collection[str]) -> bool:
    """Return whether ids are texts that give no reason to look at each: one look is faster."""
    try:
        text = "\n".join(levels)
    except TypeError:
        return False
    if not text.isascii():
        return False
    lower = text.lower()
    if text.encode("ascii").translate(None, _WORDS):
        suspect = _SUSPECT.search(text) is not None
    else:
        # Of letters and digits alone few marks can be made, and these are found at once.
        framed = f"\n{lower}\n"
        suspect = (
            "\n\n" in framed
            or _PADDED.search(framed) is not None
            or ("n" in framed and any(f"\n{word}\n" in framed for word in _NULL_WORDS))
        )
    if suspect:
        return False
    return lower == text or len(set(map(str.lower, levels))) == len(set(levels))


def name_ids(found: Finding, levels: Sequence[str]) -> list[str]:
    """Return names of a finding among ids, by which it is known again."""
    return [f"{found.kind} {levels[place]}" for place in found.places[:200]]


def _find_null(levels: Sequence[str]) -> Iterator[Finding]:
    null = [place for place, text in enumerate(levels) if text.lower() in _NULL_WORDS]
    if null:
        shown = ", ".join(f"'{levels[place]}'" for place in null)
        remedy = "If they mean missing, remove these rows."
        yield Finding("null", f"{shown} kept as ids, not as missing.", remedy, tuple(null))


def _find_merged(levels: Sequence[str]) -> Iterator[Finding]:
    """Yield ids that differ only in what nobody sees."""
    forms: dict[str, list[int]] = {}
    for place, level in enumerate(levels):
        forms.setdefault(level, []).append(place)
    merged = [places for level, places in forms.items() if level and len(places) > 1]
    if merged:
        shown = ", ".join(f"'{levels[places[0]]}'" for places in merged[:3])
        counted = count_things(len(merged), "id is", "ids are")
        fact = f"{counted} written in more than one way that looks alike and counts as one: "
        how = "Forms of accents, blanks around ids and invisible characters make no difference."
        again = tuple(place for places in merged for place in places[1:])
        yield Finding("merged", f"{fact}{shown}.", how, again)


def _find_padded(levels: Sequence[str]) -> Iterator[Finding]:
    """Yield ids such as 1 and 001, which are different people here."""
    alike: dict[str, list[str]] = {}
    for level in dict.fromkeys(levels):
        match = _WHOLE.fullmatch(level) if level[:1].isdigit() else None
        key = f"number {match[1]}" if match else f"text {level.casefold()}"
        alike.setdefault(key, []).append(level)
    pairs = [group for group in alike.values() if len(group) > 1]
    if pairs:
        shown = "; ".join(" and ".join(f"'{level}'" for level in pair) for pair in pairs[:3])
        how = "If they are the same, write them alike."
        again = (levels.index(pairs[0][-1]),)
        yield Finding("padded", f"{shown} count as different ids.", how, again)


def _name_first(levels: Sequence[str], places: Sequence[int]) -> str:
    shown = ", ".join(f"'{levels[place]}'" for place in places[:3])
    return f"{shown} and {len(places) - 3:,} more" if len(places) > 3 else shown


def judge_context(column: pd.Series, count: int) -> list[Problem]:
    """Return a problem if contexts are measured numbers: many levels with decimals.

    Examples
    --------
    >>> judge_context(pd.Series(["0.1", "0.27", "1.5"] * 4), 12)
    []
    """
    levels = column.dropna().unique()
    values = pd.to_numeric(pd.Series(levels, dtype=object), errors="coerce")
    if len(levels) < _MEASURED or values.isna().any() or (values % 1 == 0).mean() > 0.5:
        return []
    shown = ", ".join(str(level) for level in levels[:3])
    fact = f"it holds {len(levels):,} numbers in {count:,} rows ({shown}, …), as measurements do."
    return [Problem(fact, "Name a column of contexts, such as tasks.", column=str(column.name))]


def align_forms(
    held: Mapping[str, Sequence[str]],
) -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], list[str]]]:
    """Return ids that files write in different forms, with the form that all are to have.

    Form is leading zeros, ".0", case, width of letters, blanks inside, a file's ending, and the
    folders before it. The form of most files is kept, else the one that a spreadsheet would not
    have made of the other. Ids are merged only where each file has one id of the kind.

    Parameters
    ----------
    held
        File to its ids, each once.

    Returns
    -------
    merged : dict
        File to own form to the form that is kept.
    wrong : dict
        Pairs of files to ids of which one has several forms, and the other not the same ones.

    Examples
    --------
    >>> align_forms({"a.csv": ["P1.mp4", "P2.mp4"], "b.csv": ["p1", "p3"]})[0]
    {'a.csv': {}, 'b.csv': {'p1': 'P1.mp4'}}
    """
    groups: dict[str, dict[str, list[str]]] = {}
    for name, levels in held.items():
        bare = [re.split(r"[/\\]", one)[-1] for one in levels]
        bare = bare if len({*bare}) == len({*levels}) else [*levels]
        for one, text in zip(levels, bare, strict=True):
            groups.setdefault(_find_key(text), {}).setdefault(name, []).append(one)
    merged: dict[str, dict[str, str]] = {name: {} for name in held}
    wrong: dict[tuple[str, str], list[str]] = {}
    for forms in groups.values():
        if len(forms) < 2 or len({text for own in forms.values() for text in own}) < 2:
            continue
        best = _choose_form(forms)
        if all(len(own) == 1 for own in forms.values()):
            for name, (own,) in forms.items():
                merged[name] |= {} if own == best else {own: best}
        elif len({frozenset(own) for own in forms.values()}) > 1:
            # The file with most forms of the id, and one that has others.
            first = max(forms, key=lambda name: len(forms[name]))
            second = next(name for name in forms if set(forms[name]) != set(forms[first]))
            told = [" and ".join(f"'{one}'" for one in forms[name]) for name in (first, second)]
            wrong.setdefault((first, second), []).append(f"{told[0]} for {told[1]}")
    return merged, wrong


def _choose_form(forms: Mapping[str, Sequence[str]]) -> str:
    """Return the form of most files; then plain letters, no decimals, and leading zeros."""
    written = [own[0] for own in forms.values()]

    def rank(form: str) -> tuple[int, bool, bool, int]:
        plain = unicodedata.normalize("NFKC", form) == form
        return written.count(form), plain, not form.endswith(".0"), len(form)

    return max(dict.fromkeys(written), key=rank)


def _find_key(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = _ENDING.sub("", plain)
    parts = (_WHOLE.fullmatch(part) for part in plain.split(":"))
    kept = zip(plain.split(":"), parts, strict=True)
    return ":".join(match[1] if match else part for part, match in kept)
