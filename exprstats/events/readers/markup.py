"""Markup of annotation files as a tree, without entities that a file declares itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from exprstats.errors import UNREADABLE, DataError, Option, Problem


def parse_markup(path: Path, encoding: str | None = None) -> Element:
    """Return the root of an XML file.

    Entities of the file's own are refused: a few lines of them can expand to gigabytes, or name
    other files. None of the annotation programs writes any.

    Parameters
    ----------
    path
        The file.
    encoding
        Of its text; None: as the file says, else UTF-8.

    Raises
    ------
    DataError
        If the file cannot be read, is no XML, or declares entities.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or UNREADABLE
        raise DataError(Problem(f"{reason}.", "Check the path.", file=str(path))) from None
    if encoding is not None:
        content = _decode(content, encoding, path).encode()
    builder = TreeBuilder()
    parser = expat.ParserCreate(None if encoding is None else "utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(name: str, *_: object) -> None:
        fact = f"the file declares an entity of its own ('{name}'), which can hide other content."
        raise DataError(Problem(fact, "Export the annotations again.", file=str(path)))

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        fact = f"line {error.lineno} is no valid XML ({expat.ErrorString(error.code)})."
        remedy = ("If its text is not UTF-8, name the ", Option("encoding"), "; else export again.")
        raise DataError(Problem(fact, remedy, file=str(path))) from None
    return builder.close()


def _decode(content: bytes, encoding: str, path: Path) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        fact = f"encoding '{encoding}' is not known."
        remedy = "Usual ones are utf-8, cp1252 and mac-roman."
        raise DataError(Problem(fact, remedy, file=str(path))) from None
    except UnicodeDecodeError as error:
        fact = f"byte {error.start:,} is not {encoding}."
        raise DataError(
            Problem(fact, ("Name another ", Option("encoding"), "."), file=str(path))
        ) from None


def read_text(node: Element | None) -> str:
    """Return the text of an element with single blanks; empty where there is none."""
    return "" if node is None else " ".join("".join(node.itertext()).split())
