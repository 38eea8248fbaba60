"""Sentences with italic symbols, in a form that every renderer can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

FIXED = "\N{NO-BREAK SPACE}"
# Where they stand before a number, F before its degrees of freedom, t before what it is of, or k in
# a coefficient.
_SYMBOLS = re.compile(
    r"\b(p(?= [=<>] [.\d]| (?:values?|adjusted)\b)|(?:r|M|SD|SE)(?= = [−.\d])"
    r"|F(?=\([\d.]+, [\d.]+\) =)"
    r"|t(?= (?:tests?|intervals?|distribution)\b)|(?<=ICC\(\w,)k(?=\)))"
)


# A straight mark that opens a quotation: before it no word, behind it one, and no year ('23).
_OPENING = re.compile(r"(?<![\w’.,;:!?)\]}%])'(?=[^\s'])(?!\d\d\b(?!'))")


# A reference to tables and figures by name, with the marks that leave with it.
_NAMED = r"<((?:Table|Figure) [^<>]+)>"
_REFERENCE = re.compile(rf"( \(){_NAMED}(\))|(; ){_NAMED}()|(){_NAMED}(; |)")

# What would break a line, which names from files may bring.
_BREAK = re.compile(r"\s*[\t\r\n\f\v]+\s*")
# Where a name may break: at marks that join. Words of up to 24 characters with what parts them, or
# as many characters of a longer one, stay whole.
_JOINTS = re.compile(r"(?<=[_/\\])(?=.)|(?<=\w[.-])(?=[^\W\d])")
_SHORT = re.compile(r"(?:(?<!\S)\S{1,24}(?!\S)|\s)+|\S{1,24}")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style.

    Attributes
    ----------
    text
        Literal characters; a renderer escapes them.
    italic
        Statistical symbols and titles of works.
    code
        What a reader may copy into a program, character by character.
    named
        Tables and figures by name ("Table raters") that the run refers to; a document puts their
        numbers in their place.
    frame
        What stands before and after the reference and goes where none of them exists.
    link
        The anchor that the run leads to; empty for none.
    """

    text: str
    italic: bool = False
    code: bool = False
    named: tuple[str, ...] = ()
    frame: tuple[str, str] = ("", "")
    link: str = ""


Text = tuple[Run, ...]


def say(template: str, **values: Any) -> Text:
    """Fill a template; what stands between asterisks in the template is italic.

    The values are put in after the asterisks were read, so that nothing in the data can change
    the style. A value may be a text of its own. ``<Table raters, Figure curve>`` refers to a table
    and a figure by name; in brackets it is left out of a document that has neither.

    Examples
    --------
    >>> [(run.text, run.italic) for run in say("*M* of {name}", name="*x*")]
    [('M', True), (' of *x*', False)]
    >>> say("{model} won (<Table scores>).", model="Ridge")[1].named
    ('Table scores',)
    """
    runs: list[Run] = []
    for place, piece in enumerate(curl_quotes(template).split("*")):
        end = 0
        for found in _REFERENCE.finditer(piece):
            runs += _fill(piece[end : found.start()], values, italic=place % 2 == 1)
            before, names, after = (part for part in found.groups() if part is not None)
            runs.append(_refer(tuple(names.format(**values).split(", ")), before, after))
            end = found.end()
        runs += _fill(piece[end:], values, italic=place % 2 == 1)
    return tuple(runs)


def _fill(template: str, values: dict[str, Any], *, italic: bool) -> list[Run]:
    """Return the runs of a stretch of a template whose values are texts or anything else."""
    runs, held = [], ""
    for literal, name, form, change in Formatter().parse(template):
        held += literal
        value = None if name is None else values.get(name)
        if isinstance(value, tuple) and all(isinstance(one, Run) for one in value):
            runs += [Run(bind_numbers(held), italic)] if held else []
            runs, held = [*runs, *value], ""
        elif name is not None:
            told = f"{{{name}{'!' + change if change else ''}{':' + form if form else ''}}}"
            held += told.format(**values)
    return [*runs, Run(bind_numbers(held), italic)] if held else runs


def _refer(named: tuple[str, ...], before: str = "", after: str = "") -> Run:
    return Run(f"{before}{', '.join(named)}{after}", named=named, frame=(before, after))


def cite(sentence: str, *named: str) -> Text:
    """Return the sentence of a result with the tables and figures that show it in brackets.

    Examples
    --------
    >>> write_plain(cite("It held.", "Table fits"))
    'It held (Table fits).'
    >>> write_plain(cite("It held (with two).", "Table fits", "Figure fits"))
    'It held (with two; Table fits, Figure fits).'
    """
    told = sentence.rstrip(".")
    if told.endswith(")"):
        return (*quote_sentence(told[:-1]), _refer(named, "; "), Run(")."))
    return (*quote_sentence(told), _refer(named, " (", ")"), Run("."))


def quote_sentence(sentence: str) -> Text:
    r"""Return the sentence of a result as a text, its statistical symbols italic.

    Examples
    --------
    >>> [(run.text, run.italic) for run in quote_sentence("It held, p = .2")][1:]
    [('p', True), ('\xa0=\xa0.2', False)]
    >>> [run.text for run in quote_sentence("ICC(1,k) of ICC(1,1)") if run.italic]
    ['k']
    """
    plain = curl_quotes(sentence).replace(" - ", " − ")
    pieces = _SYMBOLS.split(plain)
    fixed = [re.sub(r"^ ([=<>]) ", rf"{FIXED}\1{FIXED}", piece) for piece in pieces]
    return tuple(
        Run(bind_numbers(piece), italic=place % 2 == 1)
        for place, piece in enumerate(fixed)
        if piece
    )


def curl_quotes(text: str) -> str:
    """Return a text whose straight marks are apostrophes, or open and close a quotation.

    Examples
    --------
    >>> curl_quotes("'warm' of raters' means isn't ('open'), in '23, of '07'")
    '‘warm’ of raters’ means isn’t (‘open’), in ’23, of ‘07’'
    """
    return _OPENING.sub("‘", text).replace("'", "’")


def quote_code(code: str) -> Text:
    """Return code as a text of its own."""
    return (Run(code, code=True),)


def bind_numbers(text: str) -> str:
    r"""Replace the spaces at which a number must not part from its neighbours by fixed ones.

    Examples
    --------
    >>> bind_numbers("Table 3: 95% CI [.10, .20]").split(" ")
    ['Table\xa03:', '95%\xa0CI', '[.10,\xa0.20]']
    """
    text = re.sub(r"\[[^\[\]]{1,24}, [^\[\]]{1,24}\]", lambda m: m[0].replace(" ", FIXED), text)
    text = re.sub(r"(\d%) CI ", rf"\1{FIXED}CI ", text)
    text = re.sub(r"\b(Table|Figure) (?=A?\d)", rf"\1{FIXED}", text)
    return re.sub(r" ([=<>∈]) (?=[\d.−{])", rf"{FIXED}\1{FIXED}", text)


def write_on_line(value: Any) -> str:
    r"""Return a value as a text without breaks of lines.

    Examples
    --------
    >>> write_on_line("very \n warm")
    'very warm'
    """
    return _BREAK.sub(" ", str(value))


def list_pieces(text: str) -> list[str]:
    """Return the pieces between which a name may break: at marks that join, or else when long.

    Examples
    --------
    >>> list_pieces("au_count/mean"), list_pieces("0.5 of it"), len(list_pieces("x" * 50))
    (['au_', 'count/', 'mean'], ['0.5 of it'], 3)
    """
    return [found for piece in _JOINTS.split(text) for found in _SHORT.findall(piece)]


def join_texts(texts: Sequence[Text], gap: str = " ") -> Text:
    """Return one text from several."""
    joined: list[Run] = []
    for text in texts:
        joined += [Run(gap), *text] if joined else text
    return tuple(joined)


def write_plain(text: Text) -> str:
    """Return a text without its style."""
    return "".join(run.text for run in text)


def join_words(words: Sequence[str]) -> str:
    """Join words as a sentence lists them.

    Examples
    --------
    >>> join_words(["startle", "pain", "disgust"])
    'startle, pain, and disgust'
    """
    if len(words) < 3:
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"
