"""ELAN files (.eaf): annotations with times of their own, and those that refer to others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element

from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.events.readers.signstream import Event, join_text
from exprstats.options import name_some


def list_elan(root: Element, path: Path, within: str | None, odd: Counter[str]) -> list[Event]:
    """Return the intervals of an ELAN file.

    Time slots without a value lie evenly between their neighbours that have one, as ELAN shows
    them. An annotation that refers to another has the time of that one; several of one tier that
    refer to the same one (a symbolic subdivision) have equal parts of it. ``within`` is the tier
    whose annotations are the utterances; without it the file is one utterance. ``odd`` counts the
    intervals that were left out, by the reason.
    """
    header = root.find("HEADER")
    if header is not None and header.get("TIME_UNITS", "milliseconds") != "milliseconds":
        fact = f"the file counts time in {header.get('TIME_UNITS')}."
        raise DataError(Problem(fact, "Export it from ELAN, which uses milliseconds.", str(path)))
    slots = _fill_slots(root, path)
    spans: dict[str | None, tuple[float, float]] = {}
    owed: dict[str | None, str | None] = {}
    chains: dict[tuple[str, str | None], dict[str | None, str | None]] = {}
    marks: list[tuple[str, str | None, str | None, str]] = []
    for tier in root.iter("TIER"):
        name, signer = str(tier.get("TIER_ID")), tier.get("PARTICIPANT") or None
        for mark in tier.iter():
            key = mark.get("ANNOTATION_ID")
            if mark.tag == "ALIGNABLE_ANNOTATION":
                ends = [slots.get(mark.get(f"TIME_SLOT_REF{i}")) for i in (1, 2)]
                if ends[0] is None or ends[1] is None:
                    fact = f"annotation {key} of tier '{name}' has no time."
                    raise DataError(Problem(fact, "Save the file again with ELAN.", str(path)))
                spans[key] = (ends[0], ends[1])
            elif mark.tag == "REF_ANNOTATION":
                owed[key] = mark.get("ANNOTATION_REF")
                chains.setdefault((name, owed[key]), {})[key] = mark.get("PREVIOUS_ANNOTATION")
            else:
                continue
            marks.append((name, signer, key, join_text(mark.find("ANNOTATION_VALUE"))))
    parts = {
        key: (place / len(chain), (place + 1) / len(chain))
        for chain in chains.values()
        for place, key in enumerate(_order_chain(chain))
    }
    placed = [
        (name, signer, *_find_span(key, spans, owed, parts, path), text)
        for name, signer, key, text in marks
    ]
    if within is None:
        _ask_within(root, path)
        last = max((one[3] for one in placed), default=0.0)
        whole = [Event(path.stem, None, "utterance", 0.0, last, None)] * bool(placed)
        return [
            *whole,
            *(
                Event(path.stem, signer, name, start, end, text or None)
                for name, signer, start, end, text in placed
            ),
        ]
    return _cut_utterances(placed, path, within, odd)


def _ask_within(root: Element, path: Path) -> None:
    """Say that a file is one utterance, and which tiers with times could hold its utterances."""
    counts = {
        str(tier.get("TIER_ID")): sum(1 for _ in tier.iter("ALIGNABLE_ANNOTATION"))
        for tier in root.iter("TIER")
    }
    several = [name for name, count in counts.items() if count > 1]
    if several:
        told = f"{path.name} was read as one utterance. If a tier holds utterances ("
        remedy = (f"{told}{name_some(several)}), name it with ", Option("within"), ".")
        warn_user(remedy)


def _order_chain(chain: dict[str | None, str | None]) -> list[str | None]:
    """Return annotations, each with the one before it, in their order; as in the file if broken."""
    after = {before: key for key, before in chain.items()}
    key = next((one for one, before in chain.items() if before not in chain), None)
    ordered: list[str | None] = []
    while key is not None and key not in ordered:
        ordered.append(key)
        key = after.get(key)
    return ordered if len(ordered) == len(chain) else list(chain)


def _fill_slots(root: Element, path: Path) -> dict[str | None, float]:
    """Return the seconds of each time slot."""
    slots = [(one.get("TIME_SLOT_ID"), one.get("TIME_VALUE")) for one in root.iter("TIME_SLOT")]
    try:
        times = [None if value is None else float(value) / 1000 for _, value in slots]
    except ValueError as error:
        fact = f"a time slot holds no number ({error})."
        raise DataError(Problem(fact, "Save the file again with ELAN.", str(path))) from None
    known = [place for place, value in enumerate(times) if value is not None]
    filled: dict[str | None, float] = {}
    for place, (key, _) in enumerate(slots):
        before = max((one for one in known if one <= place), default=None)
        after = min((one for one in known if one >= place), default=None)
        if before is None or after is None:
            continue
        low, high = float(times[before] or 0), float(times[after] or 0)
        share = (place - before) / max(after - before, 1)
        filled[key] = low + share * (high - low)
    return filled


def _find_span(
    key: str | None,
    spans: dict[str | None, tuple[float, float]],
    owed: dict[str | None, str | None],
    parts: dict[str | None, tuple[float, float]],
    path: Path,
) -> tuple[float, float]:
    seen = []
    while key not in spans:
        if key in seen or key not in owed:
            fact = f"annotation {key} refers to none that has a time."
            raise DataError(Problem(fact, "Save the file again with ELAN.", str(path)))
        seen.append(key)
        key = owed[key]
    start, end = spans[key]
    for one in reversed(seen):
        low, high = parts[one]
        start, end = start + low * (end - start), start + high * (end - start)
    return start, end


def _cut_utterances(
    placed: list[tuple[str, str | None, float, float, str]],
    path: Path,
    within: str,
    odd: Counter[str],
) -> list[Event]:
    """Return the events of each utterance that they overlap, in time from its start."""
    outer = sorted((one[2], one[3], one[4], one[1]) for one in placed if one[0] == within)
    if not outer:
        names = sorted({one[0] for one in placed})
        fact = f"there is no tier '{within}' with annotations. There is: {', '.join(names)}."
        raise DataError(Problem(fact, "Name one of these.", str(path)))
    events = []
    for number, (begin, stop, text, signer) in enumerate(outer, start=1):
        key = f"{path.stem}/{number}"
        events.append(Event(key, signer, "utterance", 0.0, stop - begin, text or None))
    for name, signer, start, end, text in placed:
        homes = [
            (number, begin, stop)
            for number, (begin, stop, *_) in enumerate(outer, start=1)
            if start < stop and end > begin
        ]
        odd["left out, since they lie outside every utterance"] += not homes
        for number, begin, stop in homes:
            place = (max(start, begin) - begin, min(end, stop) - begin)
            if name != within:
                events.append(Event(f"{path.stem}/{number}", signer, name, *place, text or None))
    return events
