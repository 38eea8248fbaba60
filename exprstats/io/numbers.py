"""Numbers from the texts of cells, with decimal marks and unreadable cells."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from exprstats.errors import Option, Problem, Text
from exprstats.io.files.answers import is_no_answer, order_answers

MISSING_TEXTS = frozenset({"", "NA", "NaN", "nan", "."})

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+,\d*|\d*,\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
# Marks of thousands that only a decimal mark of the other kind, or a second one, gives away.
_GROUPED = {
    mark: re.compile(
        rf"[+-]?[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+(\{other}\d+)"
        rf"|[+-]?[1-9]\d{{0,2}}(?:\{mark}\d{{3}}){{2,}}",
        re.ASCII,
    )
    for mark, other in ((",", "."), (".", ","))
}
_SPACED = re.compile(r"[+-]?[1-9]\d{0,2}(?: \d{3})+(?:[.,]\d+)?", re.ASCII)
_PLAIN_MARKS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": None, "\u202f": None})
_ENDLESS = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[-./ ]+[A-Za-zäéû]{3,9}\.?([-./ ]+\d{2,4})?"
    r"|[A-Za-z]{3,9}[-./ ]+\d{1,4}|\d{1,2}/\d{1,2}(/\d{2,4})?|\d{1,2}\.\d{1,2}\.\d{2,4}"
)
_DIGITS = frozenset("0123456789+-")
_TRUTH = frozenset({"TRUE", "FALSE", "True", "False", "true", "false"})


def list_codes(declared: str | float | Iterable[str | float]) -> list[str | float]:
    """Return codes for missing values as a list; a single one may stand alone."""
    return [declared] if isinstance(declared, str | int | float) else list(declared)


class Missing:
    """Which texts and numbers stand for a missing value.

    Parameters
    ----------
    declared
        Further texts or numbers; a number, or the text of one, matches by value, so that -1
        also meets "-1.0".
    """

    def __init__(self, declared: str | float | Iterable[str | float] = ()) -> None:
        texts = [str(value).strip() for value in list_codes(declared)]
        self.texts = MISSING_TEXTS.union(texts)
        self.values = [float(text) for text in texts if _NUMBER.fullmatch(text)]


@dataclass(slots=True)
class Parsed:
    """Numbers that some texts give, NaN where they give none.

    Attributes
    ----------
    found
        (n,) numbers.
    bad, endless, commas, percents
        Positions of texts that are no number, that are infinite, that use a decimal comma, that
        end in a percent sign.
    grouped
        First text with a mark for thousands, if any.
    point
        Position of the first text with a decimal point, if any.
    """

    found: np.ndarray
    bad: list[int] = field(default_factory=list)
    endless: list[int] = field(default_factory=list)
    commas: list[int] = field(default_factory=list)
    percents: list[int] = field(default_factory=list)
    point: int | None = None
    grouped: str | None = None


def parse_numbers(texts: Sequence[str], missing: Missing, thousands: str | None = None) -> Parsed:
    """Read texts as numbers, with a decimal point or a decimal comma.

    Parameters
    ----------
    texts
        (n,) cells.
    missing
        What stands for a missing value.
    thousands
        The mark for thousands, where other columns of the file tell.
    """
    parsed = parse_plain(texts, missing)
    if parsed is None:
        parsed = _parse_each(texts, missing, thousands)
        for value in missing.values:
            parsed.found[parsed.found == value] = np.nan
    return parsed


def describe_bad(texts: Sequence[str], count: int) -> str:
    """Return what kind of cells stand where numbers should: dates, booleans or texts."""
    shown = ", ".join(f"'{text}'" for text in list(dict.fromkeys(texts))[:3])
    if any(text.startswith("=") for text in texts):
        one, many = "is a formula without a stored value", "are formulas without stored values"
    elif any(_DATE.fullmatch(text.strip()) for text in texts):
        one, many = "is a date or another text", "are dates or other texts"
    elif all(text.strip() in _TRUTH for text in texts):
        one, many = "is true or false", "are true or false"
    else:
        one, many = "is not a number", "are not numbers"
    return f"{one if count == 1 else many}: {shown}"


def name_cure(texts: Sequence[str], mostly: bool = False) -> Text:
    """Return the one thing to do about cells that are no numbers.

    Parameters
    ----------
    texts
        The cells, each once.
    mostly
        Whether most cells of the column are such, so that they may be answers in words.
    """
    if any(text.startswith("=") for text in texts):
        return "Open the file in a spreadsheet and save it, so that it holds their values."
    words = list(dict.fromkeys(" ".join(text.split()) for text in texts))
    ordered = order_answers(words)
    if ordered is None and any(_DATE.fullmatch(text.strip()) for text in texts):
        return "Spreadsheets turn answers such as 2-1 into dates: format the column as text."
    if all(text.strip() in _TRUTH for text in texts):
        return "Recode them as numbers."
    if mostly and 1 < len(words) <= 11:
        start = "Give the answers from the lowest to the highest with "
        if ordered is not None:
            return (start, Option("labels", ordered), ".")
        # An order that nobody knows is no order to paste.
        listed = ", ".join(f"'{word}'" for word in words)
        blank = Option("labels", ["LOWEST", "...", "HIGHEST"])
        return (f"Their order is not known ({listed}). {start}", blank, ".")
    return ("Correct them, or declare them as missing with ", Option("missing"), ".")


def list_no_answers(texts: Sequence[str], missing: Missing) -> list[str]:
    """Return the texts among numbers, or among answers in order, that say nothing was answered.

    Examples
    --------
    >>> list_no_answers(["1", "2", "k.A."], Missing()), list_no_answers(["a", "-"], Missing())
    (['k.A.'], [])
    >>> list_no_answers(["--", "-", "+", "++"], Missing())
    []
    """
    parsed = parse_numbers(texts, missing)
    bad = [texts[place] for place in parsed.bad]
    silent = [text for text in bad if is_no_answer(text)]
    answers = [text for text in bad if text not in silent]
    numbers = bool(np.isfinite(parsed.found).any())
    if not silent or numbers == bool(answers) or order_answers(bad) is not None:
        return []
    return silent if numbers or order_answers(answers) is not None else []


def looks_grouped(text: str) -> bool:
    """Return whether a comma may group thousands, so that 1,234 may mean 1234."""
    return _THOUSANDS.fullmatch(text.strip()) is not None


def parse_plain(texts: Sequence[str], missing: Missing) -> Parsed | None:
    """Return the numbers if all texts are plain or missing; None if any needs a closer look."""
    joined, silent = "\n".join(texts), frozenset[str]()
    if not joined.isascii() or "_" in joined:
        return None
    try:
        values = np.fromiter(map(float, texts), float, len(texts))
    except ValueError:
        silent = missing.texts
        try:
            values = np.array([math.nan if text in silent else float(text) for text in texts])
        except ValueError:
            return None
    odd = np.flatnonzero(~np.isfinite(values)).tolist()
    if any(texts[place] not in missing.texts for place in odd):
        return None
    values[odd] = math.nan
    found = (i for i, text in enumerate(texts) if "." in text and text not in silent)
    point = next(found, None) if "." in joined else None
    for value in missing.values:
        values[values == value] = math.nan
    return Parsed(values, point=point)


def _parse_each(texts: Sequence[str], missing: Missing, thousands: str | None) -> Parsed:
    parsed = Parsed(np.full(len(texts), np.nan))
    # A word is no number, unless it is "inf".
    words = [text[:1].isalpha() and text[:1] not in "iI" and text.isalnum() for text in texts]
    parsed.bad = [at for at, text in enumerate(texts) if words[at] and text not in missing.texts]
    places = [at for at, word in enumerate(words) if not word]
    bare = [texts[at].strip().translate(_PLAIN_MARKS) for at in places]
    bare = [text.replace(" ", "") if _SPACED.fullmatch(text) else text for text in bare]
    mark = next((mark for mark in _GROUPED if any(map(_GROUPED[mark].fullmatch, bare))), thousands)
    if mark is not None:
        grouped = re.compile(rf"[+-]?\d{{1,3}}(\{mark}\d{{3}})+(\D\d+)?", re.ASCII)
        parsed.grouped = next((text for text in bare if grouped.fullmatch(text)), None)
        bare = [t.replace(mark, "") if grouped.fullmatch(t) else t for t in bare]
    for position, text in zip(places, bare, strict=True):
        if texts[position].strip() in missing.texts:
            continue
        if text.endswith("%"):
            text = text[:-1].rstrip()
            parsed.percents.append(position)
        if _NUMBER.fullmatch(text):
            if "." in text and parsed.point is None:
                parsed.point = position
        elif _COMMA.fullmatch(text):
            parsed.commas.append(position)
            text = text.replace(",", ".")
        elif not _ENDLESS.fullmatch(text):
            parsed.bad.append(position)
            continue
        value = float(text)
        if math.isinf(value):
            parsed.endless.append(position)
        parsed.found[position] = value
    parsed.bad.sort()
    return parsed


def find_thousands(rows: Sequence[Sequence[str]]) -> str | None:
    """Return the comma where all of a file's commas in numbers group thousands, beside points.

    Examples
    --------
    >>> find_thousands([["30.1", "11,543"]]), find_thousands([["30", "11,543"]])
    (',', None)
    """
    cells = {cell.strip() for row in rows for cell in row if cell[:1] in _DIGITS}
    commas = [cell for cell in cells if _COMMA.fullmatch(cell)]
    points = any("." in cell and _NUMBER.fullmatch(cell) for cell in cells)
    return "," if commas and points and all(map(looks_grouped, commas)) else None


class Marks:
    """Which decimal mark the number columns of one file use.

    Parameters
    ----------
    thousands
        The mark for thousands, where the first rows tell.
    """

    def __init__(self, thousands: str | None = None) -> None:
        self.thousands = thousands
        self.commas: list[tuple[str, str, int]] = []
        self.point: tuple[str, str, int] | None = None
        self._clear = False

    def note(self, name: str, texts: Sequence[str], rows: Sequence[int], parsed: Parsed) -> None:
        """Take the decimal marks that were met in a column."""
        if parsed.point is not None and self.point is None:
            self.point = (name, texts[parsed.point], rows[parsed.point])
        for place in parsed.commas:
            if not self._clear:
                self.commas.append((name, texts[place], rows[place]))
            self._clear = self._clear or not looks_grouped(texts[place])

    @property
    def decimal(self) -> str | None:
        """The mark that was met: comma, point, or None if there was neither."""
        if self.commas:
            return ","
        return "." if self.point else None

    def find_problems(self) -> list[Problem]:
        """Return a problem if the file mixes marks or a comma may group thousands."""
        if not self.commas:
            return []
        name, text, row = self.commas[-1] if self._clear else self.commas[0]
        if self.point:
            other, sample, place = self.point
            fact = (
                f"'{text}' has a decimal comma, '{sample}' (column '{other}', row {place}) a point."
            )
            remedy = "Use one decimal mark throughout the file, and no mark for thousands."
        elif not self._clear:
            fact = f"'{text}' may be {text.replace(',', '.')} or {text.replace(',', '')}."
            remedy = "Write the numbers with a decimal point, or without a mark for thousands."
        else:
            return []
        return [Problem(fact, remedy, column=name, rows=(row,))]
