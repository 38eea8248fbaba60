"""Numbers from the texts of cells, with decimal marks and unreadable cells."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from exprstats.errors import Option, Problem, Text
from exprstats.io.files.words import SCALES

MISSING_TEXTS = frozenset({"", "NA", "NaN", "nan", "."})

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+,\d*|\d*,\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_ENDLESS = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[-./ ]+[A-Za-zäéû]{3,9}\.?([-./ ]+\d{2,4})?"
    r"|[A-Za-z]{3,9}[-./ ]+\d{1,4}|\d{1,2}/\d{1,2}(/\d{2,4})?|\d{1,2}\.\d{1,2}\.\d{2,4}"
)
_TRUTH = frozenset({"TRUE", "FALSE", "True", "False", "true", "false"})


class Missing:
    """Which texts and numbers stand for a missing value.

    Parameters
    ----------
    declared
        Further texts or numbers; a number, or the text of one, matches by value, so that -1
        also meets "-1.0".
    """

    def __init__(self, declared: str | float | Iterable[str | float] = ()) -> None:
        if isinstance(declared, str | int | float):
            declared = [declared]
        texts = [str(value).strip() for value in declared]
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
    point
        Position of the first text with a decimal point, if any.
    """

    found: np.ndarray
    bad: list[int] = field(default_factory=list)
    endless: list[int] = field(default_factory=list)
    commas: list[int] = field(default_factory=list)
    percents: list[int] = field(default_factory=list)
    point: int | None = None


def parse_numbers(texts: Sequence[str], missing: Missing) -> Parsed:
    """Read texts as numbers, with a decimal point or a decimal comma.

    Parameters
    ----------
    texts
        (n,) cells.
    missing
        What stands for a missing value.
    """
    parsed = _parse_plain(texts)
    if parsed is None:
        parsed = _parse_each(texts, missing)
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
    if any(_DATE.fullmatch(text.strip()) for text in texts):
        return "Spreadsheets turn answers such as 2-1 into dates: format the column as text."
    if all(text.strip() in _TRUTH for text in texts):
        return "Recode them as numbers."
    words = sorted({" ".join(text.split()) for text in texts}, key=_rank_answer)
    if mostly and 1 < len(words) <= 11:
        return (
            "Give the answers from the lowest to the highest with ",
            Option("labels", words),
            ".",
        )
    return ("Correct them, or declare them as missing with ", Option("missing"), ".")


def order_answers(texts: Sequence[str]) -> list[str] | None:
    """Return answers from the lowest to the highest; None where their order is not known.

    Examples
    --------
    >>> order_answers(["often", "Never", "sometimes"]), order_answers(["cat", "dog"])
    (['Never', 'sometimes', 'often'], None)
    """
    lower = [" ".join(text.lower().split()) for text in texts]
    known = next((scale for scale in SCALES if set(lower) <= set(scale)), None)
    return None if known is None else sorted(texts, key=lambda text: _rank_answer(text, known))


def _rank_answer(text: str, scale: Sequence[str] = sum(SCALES, ())) -> int:
    lower = " ".join(text.lower().split())
    return scale.index(lower) if lower in scale else len(scale)


def looks_grouped(text: str) -> bool:
    """Return whether a comma may group thousands, so that 1,234 may mean 1234."""
    return _THOUSANDS.fullmatch(text.strip()) is not None


def _parse_plain(texts: Sequence[str]) -> Parsed | None:
    """Return the numbers if all texts are plain ones; None if any needs a closer look."""
    joined = "\n".join(texts)
    if not joined.isascii() or "_" in joined:
        return None
    try:
        values = np.array([float(text) for text in texts])
    except ValueError:
        return None
    if not np.isfinite(values).all():
        return None
    found = (i for i, text in enumerate(texts) if "." in text) if "." in joined else iter(())
    return Parsed(values, point=next(found, None))


def _parse_each(texts: Sequence[str], missing: Missing) -> Parsed:
    parsed = Parsed(np.full(len(texts), np.nan))
    for position, raw in enumerate(texts):
        text = raw.strip()
        if text in missing.texts:
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
    return parsed


class Marks:
    """Which decimal mark the number columns of one file use."""

    def __init__(self) -> None:
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
