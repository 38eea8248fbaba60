"""Options of reading a file, where it does not say itself how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from exprstats.document.text import join_words
from exprstats.errors import Option, OptionError
from exprstats.io.guards.ids import looks_like_date
from exprstats.options import name_nearest

Answers = bool | Mapping[str, float] | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read, where it does not say so itself.

    Parameters
    ----------
    encoding
        Of a text, such as ``"cp1252"`` or ``"mac-roman"``; None: found from its bytes.
    sheet
        Of a workbook, by name or by number from 1; None: the visible sheet that holds data;
        ``"*"``: all with the same columns, one below the other.
    header_row
        The row with the columns' names, counted from 1; None: found below titles and comments.
    missing
        Further texts or numbers that stand for a missing value, beside empty, NA, NaN and ".".
    labels
        Numbers of answers that are texts: True reads the number that an answer begins with
        ("4 - Extremely"), a mapping gives each answer its number, a sequence lists the answers
        from the lowest, which is 1.

    Raises
    ------
    OptionError
        If a value cannot be.

    Examples
    --------
    >>> Reading(missing=[99]).number_answer("Often")
    'Often'
    >>> Reading(labels=["Never", "Often"]).number_answer("often")
    '2'
    """

    encoding: str | None = None
    sheet: str | int | None = None
    header_row: int | None = None
    missing: str | float | Iterable[str | float] = ()
    labels: Answers = False

    def __post_init__(self) -> None:
        """Refuse values that cannot be."""
        if isinstance(self.missing, Iterable) and not isinstance(self.missing, str):
            object.__setattr__(self, "missing", tuple(self.missing))
        if self.header_row is not None and self.header_row < 1:
            message = f"header_row is {self.header_row}; rows count from 1."
            raise OptionError(message, option="header_row")
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError:
                message = (
                    f"encoding '{self.encoding}' is not known. Usual ones are utf-8 and cp1252."
                )
                raise OptionError(message, option="encoding") from None

    def number_answer(self, cell: str) -> str:
        """Return the number of an answer as a text; the cell itself if it has none."""
        text = " ".join(cell.split())
        if self.labels is True:
            return read_coded(text) or cell
        if not self.labels:
            return cell
        names = self.labels
        if not isinstance(names, Mapping):
            names = {str(name): place for place, name in enumerate(names, start=1)}
        known = {str(name).strip().casefold(): number for name, number in names.items()}
        return f"{known[text.casefold()]:g}" if text.casefold() in known else cell

    def name_answers(self) -> dict[float, str]:
        """Return the names of answers by their numbers, where they were listed.

        Examples
        --------
        >>> Reading(labels=["Never", "Often"]).name_answers()
        {1.0: 'Never', 2.0: 'Often'}
        """
        if isinstance(self.labels, bool):
            return {}
        if isinstance(self.labels, Mapping):
            return {float(number): str(name) for name, number in self.labels.items()}
        return {float(place): str(name) for place, name in enumerate(self.labels, start=1)}


AS_IT_IS = Reading()
EVERY = "*"  # as a sheet: all with the same columns


def read_coded(text: str) -> str | None:
    """Return the number that an answer begins or ends with, as "4 - Extremely"; None if none.

    Examples
    --------
    >>> read_coded("4 - Extremely"), read_coded("never (1)"), read_coded("2 cats")
    ('4', '1', None)
    """
    if ended := re.fullmatch(r"[^\W\d].*?\s*\(([+-]?\d+)\)", text.strip()):
        return ended[1]
    found = re.fullmatch(r"\(?([+-]?\d+)(?:\s*[)=:]\s*|\s*[-–—./]\s+)([^\W\d].*)", text.strip())
    return found[1] if found and not looks_like_date(text) else None


def choose_reading(
    reading: Reading | None,
    missing: str | float | Iterable[str | float],
    options: Mapping[str, Any],
) -> Reading:
    """Return how a file is to be read, from a group of options and from single ones.

    Parameters
    ----------
    reading
        A group; None: as the file says itself.
    missing, options
        Fields of `Reading` by name.

    Raises
    ------
    OptionError
        If an option is not known or is given twice.
    """
    given = {"missing": missing, **options} if missing != () else dict(options)
    known = [one.name for one in fields(Reading)]
    wrong = next((name for name in given if name not in known), None)
    if wrong is not None:
        message = f"'{wrong}' is no option here. {name_nearest(wrong, known)}"
        raise OptionError(message, option=wrong)
    if reading is None:
        return Reading(**given)
    if given:
        raise OptionError(Option(next(iter(given))), " is given twice: alone and within reading=.")
    return reading


def tell_recoding(
    reading: Reading, reverse: Sequence[str] = (), scale: tuple[float, float] | None = None
) -> list[str]:
    """Return what becomes of answers before any analysis: words get numbers, items are turned.

    Examples
    --------
    >>> tell_recoding(Reading(labels=["Never", "Often"]), ["calm"], (1, 5))[0]
    'Answers in words were coded as numbers (Never = 1, Often = 2).'
    >>> tell_recoding(Reading(), ["calm", "sad"], (1, 5))
    ['Answers to calm and sad were reversed on the scale (1 became 5, and 5 became 1).']
    """
    told = []
    named = ", ".join(f"{name} = {number:g}" for number, name in reading.name_answers().items())
    if reading.labels:
        how = f"as numbers ({named})" if named else "by the number that each of them contains"
        told.append(f"Answers in words were coded {how}.")
    if reverse and scale is not None:
        low, high = (f"{end:g}" for end in scale)
        ends = f"{low} became {high}, and {high} became {low}"
        told.append(f"Answers to {join_words(reverse)} were reversed on the scale ({ends}).")
    return told
