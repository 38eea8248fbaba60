"""SignStream files: the databases of version 2 and the exports of version 3.

Version 2 gives times in milliseconds from the start of the utterance; the end is the start of the
last frame, so that an interval reaches one frame further. Version 3 wraps its texts in single
quotes, and counts from the start of the video.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from exprstats.errors import UNREADABLE, DataError, Option, Problem, warn_user

PHASES = ("hold", "onset", "offset")
TRANSLATION, GLOSS, WHOLE = "translation", "gloss", "utterance"
_LONGEST = 900  # frames of a usual utterance; longer ones are counted in milliseconds


class Event(NamedTuple):
    """An annotated interval, in seconds from the start of its utterance."""

    utterance: str
    signer: str | None
    tier: str
    start: float
    end: float
    value: str | None
    phase: str | None = None


def list_signstream2(root: Element, path: Path, fps: float, odd: Counter[str]) -> list[Event]:
    """Return the intervals of a database of SignStream 2 whose videos have ``fps`` frames a second.

    ``odd`` counts the intervals that were cut or left out, by what was done.
    """
    version = root.get("SIGNSTREAM-VERSION", "2")
    if not version.startswith("2"):
        fact = f"it is a database of SignStream {version}, whose form is not known."
        remedy = "Export it as XML (its first element is then SIGNSTREAM_DAI), or as a table."
        raise DataError(Problem(fact, remedy, file=str(path)))
    people = {
        one.get("ID"): one.get("LABEL") or one.get("NAME") for one in root.iter("PARTICIPANT")
    }
    scheme = {
        field.get("ID"): (
            " ".join((field.get("NAME") or field.get("LABEL") or "").split()),
            {value.get("ID"): _trim(value.get("NAME")) for value in field.iter("VALUE")},
        )
        for field in root.iter("FIELD")
    }

    def frame(milliseconds: float) -> int:
        return round(milliseconds * fps / 1000)

    events: list[Event] = []
    for utterance in root.iter("UTTERANCE"):
        name = f"{path.stem}/{utterance.get('ID')}"
        start, end = (_read_time(utterance, key, path) for key in ("S", "E"))
        length = frame(end - start) + 1
        segments = utterance.findall("SEGMENT")
        signers = [people.get(one.get("PARTICIPANT-ID")) for one in segments]
        excerpt = utterance.get("EXCERPT")
        events.append(
            Event(name, next(iter(signers), None), WHOLE, 0.0, length / fps, _trim(excerpt))
        )
        for segment, signer in zip(segments, signers, strict=True):
            for track in segment.iter("TRACK"):
                code = track.get("FID")
                tier, values = scheme.get(code, ("", {}))
                for mark in track.iter("A"):
                    odd["of a field that the coding scheme lacks, named by its number"] += not tier
                    first, last = (frame(_read_time(mark, key, path)) for key in ("S", "E"))
                    odd["cut at the end of their utterance"] += last >= length
                    stop = min(last + 1, length)
                    if first >= stop:
                        odd["left out, since no frame of their utterance holds them"] += 1
                        continue
                    value, phase = _read_value(mark, values)
                    place = (first / fps, stop / fps)
                    events.append(
                        Event(name, signer, tier or f"field {code}", *place, value, phase)
                    )
    return events


def _read_value(mark: Element, values: dict[str | None, str | None]) -> tuple[str | None, ...]:
    """Return the value and the phase of an annotation, of which it has one."""
    code = mark.get("VID")
    if code is None:
        return join_text(mark) or None, None
    value = values.get(code) or f"value {code}"
    phase = value.lower()
    # Numbers of phases are far above those of values, of which one may be called "hold" too.
    marked = phase in PHASES and code.isdigit() and int(code) >= 400_000
    return (None, phase) if marked else (value, None)


def _read_time(node: Element, key: str, path: Path) -> float:
    try:
        return float(str(node.get(key)))
    except ValueError:
        fact = f"a time is '{node.get(key)}' and no number ({node.tag}, {key})."
        raise DataError(Problem(fact, "Correct it in the file.", file=str(path))) from None


def _trim(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def list_signstream3(root: Element, path: Path, fps: float, odd: Counter[str]) -> list[Event]:
    """Return the intervals of an export of SignStream 3.

    Times are called frames, and are frames of the session's video, the last one included. Some
    published exports have numbers that no frames can have; utterances that would last longer than
    half a minute as frames are counted in milliseconds. Parameters are those of `list_signstream2`.

    Warns
    -----
    DataWarning
        That times were taken as milliseconds.
    """
    spans = [_read_span(one) for one in root.iter("UTTERANCE")]
    lengths = [one[1] - one[0] for one in spans if one is not None]
    rate = fps
    if lengths and np.median(lengths) > _LONGEST:
        rate = 1000.0
        warn_user(
            f"{path.name}: START_FRAME and END_FRAME were taken as milliseconds; as frames the "
            f"median utterance would last {np.median(lengths) / fps:,.0f} s."
        )
    events: list[Event] = []
    for name, signer, utterance in _name_utterances(root, path):
        span = _read_span(utterance)
        if span is None:
            odd["with their utterance left out, since it has no times"] += 1
            continue
        length = (span[1] - span[0]) / rate + 1 / fps
        label = _unquote(utterance.find("UTTERANCE-NUMBER"))
        events.append(Event(name, signer, WHOLE, 0.0, length, label or None))
        text = _unquote(utterance.find("TRANSLATION"))
        if text:
            events.append(Event(name, signer, TRANSLATION, 0.0, length, text))
        for mark, value, phase, tier in _list_marks(utterance):
            place = _read_span(mark)
            if place is None:
                odd["left out, since they have no times"] += 1
                continue
            first = max((place[0] - span[0]) / rate, 0.0)
            stop = min((place[1] - span[0]) / rate + 1 / fps, length)
            if first >= stop:
                odd["left out, since no frame of their utterance holds them"] += 1
                continue
            odd["cut at the ends of their utterance"] += place[0] < span[0] or place[1] > span[1]
            events.append(Event(name, signer, tier, first, stop, value, phase))
    return events


def _name_utterances(root: Element, path: Path) -> Iterator[tuple[str, str | None, Element]]:
    """Yield the name, signer and element of each utterance.

    Numbers start anew in another collection or for another signer of some files; there the names
    of these stand before them.
    """
    found = [
        (collection.get("NAME") or collection.get("ID") or "", tier, utterance)
        for collection in root.iter("COLLECTION")
        for tier in collection.iter("SEGMENT-TIER")
        for utterance in tier.iter("UTTERANCE")
    ]
    numbers = Counter(utterance.get("ID") for *_, utterance in found)
    met: Counter[str] = Counter()
    for collection, tier, utterance in found:
        signer = _unquote(tier.find("PARTICIPANT")) or None
        number = utterance.get("ID")
        name = str(number)
        if number is None or numbers[number] > 1:
            name = "/".join(filter(None, (collection, tier.get("ID"), number)))
            met[name] += 1
            name += f"/{met[name]}" if number is None or met[name] > 1 else ""
        yield f"{path.stem}/{name}", signer, utterance


def _list_marks(utterance: Element) -> Iterator[tuple[Element, str | None, str | None, str]]:
    """Yield signs, non-manual markers and their phases: the element, value, phase and tier."""
    for sign in utterance.iter("SIGN"):
        hands = {one.tag: one for one in sign if one.tag.endswith("DOMINANT_HAND")}
        hand = hands.get("DOMINANT_HAND", next(iter(hands.values()), sign))
        yield hand, _unquote(sign.find("LABEL")) or None, None, GLOSS
    for marker in utterance.iter("NON_MANUAL"):
        tier = _unquote(marker.find("LABEL")) or "non-manual"
        yield marker, _unquote(marker.find("VALUE")) or "yes", None, tier
        for phase in PHASES[1:]:
            part = marker.find(phase.upper())
            if part is not None and _read_span(part) is not None:
                yield part, None, phase, tier


def _read_span(node: Element) -> tuple[float, float] | None:
    try:
        return float(node.get("START_FRAME", "")), float(node.get("END_FRAME", ""))
    except ValueError:
        return None


def _unquote(node: Element | None) -> str:
    text = join_text(node)
    quoted = len(text) > 1 and text[0] == text[-1] == "'"
    return text[1:-1].strip() if quoted else text


def parse_markup(path: Path, encoding: str | None = None) -> Element:
    """Return the root of an XML file; without an encoding it is the file's own, else UTF-8.

    Entities of the file's own are refused: a few lines of them can expand to gigabytes, or name
    other files. None of the annotation programs writes any.
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


def join_text(node: Element | None) -> str:
    """Return the text of an element with single blanks; empty where there is none."""
    return "" if node is None else " ".join("".join(node.itertext()).split())
