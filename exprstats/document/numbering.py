"""Numbers of tables and figures, in the order in which they appear, and references to them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from exprstats.document.model import Document, Section
from exprstats.document.text import FIXED, Run, Text

_SENTENCE = re.compile(r"(?<=[.!?]) ")


def number_document(document: Document) -> Document:
    """Return a document whose tables and figures are numbered, and named so in its texts.

    Tables and figures of the main text are 1, 2, 3 …, all others A1, A2, A3 …, each in the order
    in which they appear. A document without any of the main text numbers all of them 1, 2, 3 ….
    A reference to what the document lacks goes, with the sentence around it unless it stands in
    brackets. Of two tables of one name a section refers to its own. What has a number keeps it.
    """
    held = [one for section in document.sections for one in (*section.tables, *section.figures)]
    apart = bool(document.appendix) or any(one.main for one in held)
    counts: Counter[str] = Counter()
    numbers: dict[str, str] = {}
    sections = []
    for section in (*document.sections, *document.appendix):
        numbered = {"tables": [], "figures": []}
        for kind, found in numbered.items():
            for one in getattr(section, kind):
                letter = "A" if apart and not one.main else ""
                counts[f"{kind}{letter}"] += 1
                found.append(
                    replace(one, number=one.number or f"{letter}{counts[f'{kind}{letter}']}")
                )
        sections.append(replace(section, **numbered))
        numbers |= _list_numbers(sections[-1])
    done = tuple(_resolve(one, numbers | _list_numbers(one)) for one in sections)
    return replace(
        document,
        banners=_resolve_all(document.banners, numbers),
        sections=done[: len(document.sections)],
        appendix=done[len(document.sections) :],
    )


def move_appendix(document: Document) -> Document:
    """Return a document whose further tables and figures stand in an appendix at its end.

    A document without tables and figures of the main text keeps all of them where they are.
    """
    held = [one for section in document.sections for one in (*section.tables, *section.figures)]
    if not any(one.main for one in held):
        return document
    parts = [_split(section, main=False) for section in document.sections]
    return replace(
        document,
        sections=tuple(_split(section, main=True) for section in document.sections),
        appendix=tuple(
            Section(f"{part.name}-appendix", part.title, tables=part.tables, figures=part.figures)
            for part in parts
            if part.tables or part.figures
        ),
    )


def _split(section: Section, *, main: bool) -> Section:
    tables = tuple(one for one in section.tables if one.main == main)
    figures = tuple(one for one in section.figures if one.main == main)
    return replace(section, tables=tables, figures=figures)


def _list_numbers(section: Section) -> dict[str, str]:
    shown = (*section.tables, *section.figures)
    return {f"{type(one).__name__} {one.name}": one.number for one in shown}


def _resolve(section: Section, numbers: Mapping[str, str]) -> Section:
    tables = (
        replace(
            table,
            notes=_resolve_all(table.notes, numbers),
            columns=tuple(
                replace(column, heading=resolve(column.heading, numbers))
                for column in table.columns
            ),
        )
        for table in section.tables
    )
    figures = (
        replace(
            figure, notes=_resolve_all(figure.notes, numbers), words=resolve(figure.words, numbers)
        )
        for figure in section.figures
    )
    texts = ("sentences", "caveats", "points", "steps")
    return replace(
        section,
        tables=tuple(tables),
        figures=tuple(figures),
        **{name: _resolve_all(getattr(section, name), numbers) for name in texts},
    )


def _resolve_all(texts: Iterable[Text], numbers: Mapping[str, str]) -> tuple[Text, ...]:
    found = (resolve(text, numbers) for text in texts)
    return tuple(text for text in found if text)


def resolve(text: Text, numbers: Mapping[str, str]) -> Text:
    """Return a text with numbers in place of names, such as A6 for "Table raters"."""
    if not any(run.named for run in text):
        return text
    sentences: list[list[Run]] = [[]]
    kept = [True]
    for run in text:
        known = [name for name in run.named if name in numbers]
        if known:
            sentences[-1] += _write_reference(run, known, numbers)
        elif run.named:
            kept[-1] = kept[-1] and any(run.frame)
        else:
            # A sentence may end with the run before, as where texts were joined.
            last = sentences[-1][-1].text[-1:] if sentences[-1] else ""
            first, *others = _SENTENCE.split(last + run.text)
            sentences[-1].append(replace(run, text=first.removeprefix(last)))
            sentences += [[replace(run, text=other)] for other in others]
            kept += [True] * len(others)
    whole = [own for own, good in zip(sentences, kept, strict=True) if good]
    joined = [run for own in whole for run in (Run(" "), *own)][1:]
    return tuple(_join_alike(run for run in joined if run.text))


def _write_reference(run: Run, known: list[str], numbers: Mapping[str, str]) -> list[Run]:
    """Return "Tables 1 and 2, Figure 3", each with its link, as an aside or a part of speech."""
    before, after = run.frame
    parts: list[list[Run]] = []
    for kind, names in groupby(known, key=lambda name: name.partition(" ")[0]):
        held = [numbers[name] for name in names]
        opening = f"{kind}s" if len(held) > 1 else kind
        told = [f"{opening}{FIXED}{held[0]}", *held[1:]]
        links = [f"{kind.lower()}-{number}" for number in held]
        linked = zip(told, links, strict=True)
        parts.append(_list_runs([[Run(word, link=link)] for word, link in linked]))
    listed = _list_runs(parts, aside=any(run.frame))
    return [one for one in (Run(before), *listed, Run(after)) if one.text]


def _list_runs(parts: Sequence[list[Run]], *, aside: bool = False) -> list[Run]:
    """Return runs as a sentence lists them; in brackets with commas alone."""
    last = ", " if aside else " and " if len(parts) == 2 else ", and "
    found: list[Run] = []
    for place, part in enumerate(parts):
        gap = [] if not place else [Run(last if place == len(parts) - 1 else ", ")]
        found += [*gap, *part]
    return found


def _join_alike(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield runs, neighbours of one style as one."""
    for style, own in groupby(runs, key=lambda run: replace(run, text="")):
        yield replace(style, text="".join(run.text for run in own))
