"""Section on the data: what was analysed and what was excluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import count_things, write_count
from exprstats.document.cells import ALL, list_levels, name_contexts, pick_rows
from exprstats.document.model import Section, Table, keep
from exprstats.document.tables import column, match_row, tabulate
from exprstats.document.text import Text, join_words, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.stability import find_split

if TYPE_CHECKING:
    from exprstats.study import InputFile

MOST_FILES = 3  # of one table that are named
PART_NAMES = {"train": "Training", "validate": "Validation", "test": "Test"}


def describe_analysed(analysis: Analysis) -> Section:
    """Return the section; it says what it can from the results alone."""
    table = _build_table(analysis)
    sentences = keep(_say_files(analysis), say_ratings(analysis), _say_split(table))
    return Section(
        "analysed",
        "What was analyzed and what was left out",
        sentences=sentences
        or (say("These results were passed one by one, without the files that they come from."),),
        points=_list_points(analysis),
        tables=(table,) if table else (),
    )


def _say_files(analysis: Analysis) -> Text | None:
    if analysis.provenance is None or not analysis.provenance.inputs:
        return None
    tables: dict[str, list[InputFile]] = {}
    for file in analysis.provenance.inputs:
        tables.setdefault(file.table, []).append(file)
    told = [one for files in tables.values() for one in _name_files(files)]
    return say(
        "The analysis read {files}.{all} The files' SHA-256 hashes, all row counts and every "
        "exclusion are listed in provenance.json.",
        files=join_words(told),
        all="" if analysis.provenance.exclusions else " No row of a file was left out.",
    )


def _name_files(files: Sequence[InputFile]) -> list[str]:
    """Return files with their rows; many of one table are counted."""
    if len(files) <= MOST_FILES:
        noun = "clip" if files[0].table == "sequences" else "row"  # an array each
        return [f"{file.file} ({count_things(file.rows, noun)})" for file in files]
    kind = {"openface": "OpenFace "}.get(files[0].table, "")
    rows = sum(file.rows for file in files)
    return [f"{write_count(len(files))} {kind}files ({count_things(rows, 'row')})"]


def say_ratings(analysis: Analysis) -> Text | None:
    """Return how many raters rated how many clips of how many subjects, and how often."""
    if analysis.reliability is None:
        return None
    row = analysis.reliability.glance().iloc[0]
    subjects = row.get("n_clusters")
    if analysis.descriptives is not None:
        # Of a mean of two items there is reliability too, and nobody was asked for it.
        row = {**row, **analysis.descriptives.glance().iloc[0]}
    of = "" if subjects is None or pd.isna(subjects) else f" of {count_things(subjects, 'subject')}"
    missing = int(row.get("n_missing") or 0)
    return say(
        "{raters} gave {ratings} on {items} to {clips}{of}{contexts}.{missing}",
        raters=count_things(row["n_raters"], "rater"),
        ratings=count_things(row["n_ratings"], "rating"),
        items=count_things(row["n_items"], "question"),
        clips=count_things(row["n_clips"], "clip"),
        of=of,
        contexts=f" in {count_things(row['n_contexts'], 'context')}"
        if row["n_contexts"] > 1
        else "",
        missing=f" {count_things(missing, 'rating was', 'ratings were')} missing."
        if missing
        else "",
    )


def _say_split(table: Table | None) -> Text | None:
    if table is None:
        return None
    return say(
        "Subjects, not clips, were divided at random into {parts} parts, so that no person is "
        "in both training and test (<Table parts>).",
        parts=join_words([name.lower() for name in table.cells["part"]]),
    )


def _list_points(analysis: Analysis) -> tuple[Text, ...]:
    if analysis.provenance is None:
        return ()
    left_out = [say("{text}", text=str(one)) for one in analysis.provenance.exclusions]
    # What NRMSE was divided by stands below its table.
    told = [note for note in analysis.provenance.notes if "NRMSE" not in note]
    notes = [say("{note}", note=note) for note in told]
    read = _list_file_notes(analysis.provenance.inputs)
    warned = [
        say("Warning: {text}", text=text)
        for text in dict.fromkeys(str(one) for one in analysis.provenance.warnings)
    ]
    failed = [say("{failure}", failure=str(one)) for one in analysis.provenance.failures]
    return (*failed, *left_out, *read, *notes, *warned)


def _list_file_notes(files: Iterable[InputFile]) -> list[Text]:
    """Return each note on files once, with the first files that it holds for."""
    held: dict[str, list[str]] = {}
    for file in files:
        for note in file.notes:
            held.setdefault(note, []).append(file.file)
    return [
        say(
            "{files}{more}: {note}",
            files=", ".join(names[:MOST_FILES]),
            more=f" and {len(names) - MOST_FILES:,} more" if len(names) > MOST_FILES else "",
            note=note,
        )
        for note, names in held.items()
    ]


def _build_table(analysis: Analysis) -> Table | None:
    models = find_split(analysis)
    if models is None:
        return None
    rows = _count_parts(models.design.clips)
    contexts = [context for context in list_levels(rows, "context") if context != ALL]
    found = {context: match_row(rows, "part", context=context) for context in contexts}
    columns = (
        column("part", "Part", lambda part: PART_NAMES.get(part, str(part)), words=True),
        column("n_clusters", "Subjects", write_count),
        column("n_clips", "Clips", write_count),
        *(
            column(
                f"context{place}",
                say("{context}", context=context),
                write_count,
                of=lambda row, own=own: own(row)["n_clips"],
                under="Clips in context",
            )
            for place, (context, own) in enumerate(found.items())
        ),
    )
    title = "Subjects and Clips in Each Part"
    return tabulate("parts", title, pick_rows(rows, context=ALL), columns, rows=rows)


def _count_parts(clips: pd.DataFrame) -> pd.DataFrame:
    """Return subjects and clips of each part, by context where there are several, and pooled."""
    contexts = list_levels(clips, "context")
    rows = []
    for part in PART_NAMES:
        here = clips[clips["part"].eq(part)]
        if here.empty:
            continue
        for context in [*(contexts if len(contexts) > 1 else []), None]:
            own = here if context is None else here[here["context"].eq(context)]
            counts = {"n_clips": len(own), "n_clusters": own["subject"].nunique()}
            rows.append({"part": part, "context": context, **counts})
    return name_contexts(pd.DataFrame(rows))


def list_session_versions(analysis: Analysis) -> dict[str, str]:
    """Return the versions of everything that took part."""
    if analysis.provenance is not None:
        return dict(analysis.provenance.versions)
    from exprstats.study.provenance import list_versions

    receipt = getattr(analysis.factor, "receipt", None)
    deep = any((analysis.networks, analysis.adaptation, analysis.ablation))
    return list_versions([receipt] if receipt is not None else [], deep=deep)


def describe_session(analysis: Analysis) -> Section:
    """Return the section."""
    versions = list_session_versions(analysis)
    told = join_words([f"{name} {version}" for name, version in versions.items()])
    return Section(
        "session",
        "Session information",
        sentences=keep(
            _say_seed(analysis),
            say(
                "Every number of this report is stored in full precision in results.json and, "
                "table by table, in the folder “tables”."
            ),
            say("Software: {told}.", told=told),
        ),
    )


def _say_seed(analysis: Analysis) -> Text | None:
    if analysis.provenance is None:
        return None
    draws = analysis.provenance.draws
    return say(
        "Seed {seed}{draws}. The same data, seed and versions give the same numbers.",
        seed=analysis.provenance.seed,
        draws=f", {draws:,} bootstrap draws" if draws else "",
    )
