"""Ids, subjects and contexts that files of a study share, and how far they overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import THEIR_COLUMN, DataError, Option, Problem, warn_user
from exprstats.io.guards.ids import align_forms
from exprstats.io.guards.truths import ALIKE
from exprstats.options import name_some
from exprstats.study.provenance import Logbook
from exprstats.study.settings import Study

if TYPE_CHECKING:
    from exprstats.study.files import ClipsSettings, RatingsSettings, SubjectsSettings

IDS = ("context", "clip", "subject")
_SHOWN = 3
Tables = dict[str, pd.DataFrame]


def name_files(study: Study) -> dict[str, str]:
    """Return what messages call the file of each table: names that tell the files apart.

    Examples
    --------
    >>> from pathlib import Path
    >>> from exprstats.study.files import ClipsSettings, RatingsSettings
    >>> one, two = RatingsSettings(file=Path("a/x.csv")), ClipsSettings(file=Path("b/x.csv"))
    >>> name_files(Study(Path("study.toml"), ratings=one, clips=two))
    {'ratings': 'a/x.csv', 'clips': 'b/x.csv'}
    """
    files = {name: one.file for name, one in list_settings(study).items()}
    plain = [path.name for path in files.values()]
    folder = study.path.parent
    names = {}
    for name, path in files.items():
        near = path.is_relative_to(folder)
        whole = (path.relative_to(folder) if near else path).as_posix()
        names[name] = whole if plain.count(path.name) > 1 else path.name
    shared = list(names.values())
    return {
        name: f"{shown} [{name}]" if shared.count(shown) > 1 else shown
        for name, shown in names.items()
    }


def list_settings(study: Study) -> dict[str, RatingsSettings | ClipsSettings | SubjectsSettings]:
    """Return the settings of each table of the study that names one file, by the table."""
    named = {"ratings": study.ratings, "clips": study.clips, "subjects": study.subjects}
    return {name: one for name, one in named.items() if one is not None}


def name_role(settings: object, role: str) -> str:
    """Return what a file calls the column of a role, as its settings say."""
    column = getattr(settings, role, None) or role
    return column if isinstance(column, str) else ", ".join(column)


def find_file_columns(study: Study) -> dict[str, str]:
    """Return what the files call the columns of clips, people, contexts and raters, by our names.

    Examples
    --------
    >>> from pathlib import Path
    >>> from exprstats.study.files import RatingsSettings
    >>> study = Study(Path("s.toml"), ratings=RatingsSettings(file=Path("x.csv"), clip="video"))
    >>> find_file_columns(study)["clip"]
    'video'
    """
    settings, names = list_settings(study).values(), {}
    for role in (*IDS, "rater"):
        told = dict.fromkeys(name_role(one, role) for one in settings if hasattr(one, role))
        own = [one for one in told if one != role]
        names[role] = "' or '".join(own or told) or role
    return names


def rename_columns(study: Study, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems whose column is called as the study's user calls it."""
    settings, names = list_settings(study).values(), find_file_columns(study)
    renamed = []
    for one in problems:
        # What a file says of its own columns has their own names.
        own = any(one.file and held.file.name in one.file for held in settings)
        column = one.column if own else names.get(one.column or "", one.column)
        renamed.append(replace(one, column=column))
    return renamed


def align_ids(study: Study, tables: Tables) -> tuple[Tables, list[Problem]]:
    """Return tables in which ids that differ between files in form alone are written alike.

    Forms are those of `align_forms`; problems are ids of which one file has several forms, and
    another not the same ones.
    """
    files, names = name_files(study), find_file_columns(study)
    aligned, problems = dict(tables), []
    for column in IDS:
        held = {
            name: [str(one) for one in table[column].dropna().unique()]
            for name, table in tables.items()
            if column in table
        }
        if len(held) < 2:
            continue
        merged, wrong = align_forms(held)
        for (first, second), cases in wrong.items():
            fact = f"{files[first]} and {files[second]} write {column}s in different forms"
            shown = f"{fact}: {'; '.join(cases[:_SHOWN])}."
            problems.append(Problem(shown, "Write each alike in both.", column=names[column]))
        for name, pairs in merged.items():
            if pairs and not problems:
                kept = set(pairs.values())
                other = next(one for one in held if one != name and kept.intersection(held[one]))
                _warn_merged(pairs, column, files[name], files[other])
                ids = tables[name][column].astype(str).replace(pairs).astype("str")
                aligned[name] = aligned[name].assign(**{column: ids})
    return aligned, problems


def _warn_merged(merged: Mapping[str, str], column: str, file: str, other: str) -> None:
    pairs = ", ".join(f"'{own}' for '{best}'" for own, best in list(merged.items())[:_SHOWN])
    counted = count_things(len(merged), column)
    told = "it counts" if len(merged) == 1 else "they count"
    fact = f"{file} writes {counted} otherwise than {other} ({pairs}); {told} as the same."
    warn_user(Problem(fact, "If they are not, give one file other ids."))


def join_tables(study: Study, tables: Tables, log: Logbook) -> Tables:
    """Return ratings and clips, each with the subjects and contexts that only the other names.

    Where some rated clips have no row among the clips, their subjects are not known: the ratings
    then stay without subjects, and a note says so. A clip of one file with several subjects or
    contexts in the other is a DataError.
    """
    if not {"ratings", "clips"} <= tables.keys():
        return tables
    files, ratings, clips = name_files(study), tables["ratings"], tables["clips"]
    names = [files["ratings"], files["clips"]]
    for column in ("context", "subject"):
        if column in clips and column not in ratings:
            ratings = _lend(clips, ratings, column, log, files=names[::-1], what="ratings")
        elif column in ratings and column not in clips:
            clips = _lend(ratings, clips, column, log, files=names, what="clips")
    if "subject" not in clips:
        fact = "no file names the people who are seen, whom the split needs."
        remedy = (THEIR_COLUMN, Option("subject"), " in [clips] or in [ratings].")
        raise DataError(Problem(fact, remedy, file=str(study.path)))
    return {"ratings": ratings, "clips": clips}


def _lend(
    owner: pd.DataFrame,
    table: pd.DataFrame,
    column: str,
    log: Logbook,
    *,
    files: list[str],
    what: str,
) -> pd.DataFrame:
    """Return a table with a column that only its owner has, by the clips that both name."""
    key = [name for name in ("context", "clip") if name in table and name in owner]
    known = owner[[*key, column]].drop_duplicates()
    twice = known[known.duplicated(key)]
    if len(twice):
        clip = twice["clip"].iloc[0]
        several = ", ".join(
            f"'{one}'" for one in known.loc[known["clip"] == clip, column].unique()[:3]
        )
        fact = (
            f"{files[1]} has no column of {column}s, and in {files[0]} clip '{clip}' has several "
            f"({several})."
        )
        raise DataError(Problem(fact, f"Give {files[1]} a column of {column}s."))
    found = table[key].merge(known, on=key, how="left")[column]
    lost = found.isna().to_numpy()
    if lost.all():
        fact = f"no clip of {files[1]} is in {files[0]}, which names the {column}s"
        shown = [name_some(one["clip"].unique().tolist()[:_SHOWN]) for one in (table, owner)]
        both = f"{shown[0]} in {files[1]}, {shown[1]} in {files[0]}"
        raise DataError(Problem(f"{fact} ({both}).", ALIKE))
    if lost.any() and (what, column) == ("ratings", "subject"):
        unknown = len(table.loc[lost, key].drop_duplicates())
        log.notes.append(
            f"{files[0]} lacks {count_things(unknown, 'rated clip')}, so that the ratings' "
            "subjects are not known, and their reliability takes clips as independent. Name the "
            "subjects in [ratings] to avoid it."
        )
        return table
    log.notes.append(
        f"{files[1]} has no column of {column}s, so {column}s were taken from {files[0]}."
    )
    reason = f"{files[0]} lacks the clip, so that its {column} is not known"
    log.exclude("read", what, len(table), reason, left_out=table.loc[lost, "clip"].tolist())
    joined = table.assign(**{column: found.to_numpy()})
    return joined[~lost].reset_index(drop=True) if lost.any() else joined


def check_overlap(study: Study, ratings: pd.DataFrame, clips: pd.DataFrame, log: Logbook) -> None:
    """Refuse ratings and clips of which too many have no partner in the other file."""
    if study.clips is None:
        return
    files, key = name_files(study), [one for one in ("context", "clip") if one in ratings]
    key = [one for one in key if one in clips]
    rated, seen = (table[key].drop_duplicates() for table in (ratings, clips))
    alone = [
        one[~one.set_index(key).index.isin(other.set_index(key).index)]
        for one, other in ((rated, seen), (seen, rated))
    ]
    shares = [len(one) / len(all_) for one, all_ in zip(alone, (rated, seen), strict=True)]
    if max(shares) > study.clips.unmatched:
        told = [
            f"{count_things(len(one), f'{noun} of {own} is', f'{noun}s of {own} are', of=count)} "
            f"not in {other} ({name_some(one['clip'].tolist()[:_SHOWN])})"
            for one, noun, own, other, count in (
                (alone[0], "rated clip", files["ratings"], files["clips"], len(rated)),
                (alone[1], "clip", files["clips"], files["ratings"], len(seen)),
            )
            if len(one)
        ]
        fact = f"{', and '.join(told)}."
        if max(shares) == 1:
            raise DataError(Problem(fact, ALIKE))
        table = "[openface]" if study.openface else "[clips]"
        enough = Option("unmatched", -(-max(shares) * 100 // 1) / 100)
        raise DataError(Problem(fact, (ALIKE[:-1], ", or allow it with ", enough, f" in {table}.")))
    if len(alone[0]):
        reason = f"{files['clips']} has no row of the clip, so that no model uses it"
        log.exclude("join", "rated clips", len(rated), reason, left_out=alone[0]["clip"].tolist())
