"""Stage of a study that joins a third file, of the people who are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import THEIR_COLUMN, DataError, Option, Problem
from exprstats.options import name_some
from exprstats.study.files import SubjectsSettings
from exprstats.study.joins import Tables, name_files, name_role
from exprstats.study.provenance import Logbook
from exprstats.study.settings import Study

_SHOWN = 3


def list_needed(study: Study, known: Sequence[str] = ()) -> list[str]:
    """Return the columns of people that a study uses, beside the context.

    Strata and features of ``[clips]`` that are no ``known`` columns of the clips may stand in the
    file of people.
    """
    if study.subjects is None:
        return []
    stratify = study.split.stratify if study.split else False
    named = study.clips.features if study.clips and study.clips.features else ()
    either = [one for one in (*named, stratify) if isinstance(one, str) and one not in known]
    own = [*(study.subjects.features or ()), *filter(None, [study.subjects.group])]
    return list(dict.fromkeys([*own, *either]))


def read_people(settings: SubjectsSettings, needed: Sequence[str]) -> pd.DataFrame:
    """Return one row per person with the columns that a study needs, each with one value."""
    from exprstats.io.clips import read_subjects

    file = str(settings.file)
    table = read_subjects(
        settings.file,
        subject=settings.subject,
        context=settings.context,
        needed=needed,
        reading=settings.choose_reading(),
    )
    wanted = [*(["context"] if settings.context else []), *needed]
    problems = []
    for name in wanted:
        # An empty cell of a second row says nothing against the first.
        counts = table.dropna(subset=name).groupby("subject", sort=False)[name].nunique()
        several = counts.index[counts > 1]
        if len(several):
            values = table.loc[table["subject"].eq(several[0]), name].dropna().unique()
            fact = f"'{several[0]}' has several values ({name_some(list(values))})."
            remedy = "Keep one row per person, or leave the column out of [subjects]."
            called = name_role(settings, name) if name == "context" else name
            problems.append(Problem(fact, remedy, file=file, column=called))
    if problems:
        raise DataError(problems)
    people = table[["subject", *wanted]].groupby("subject", sort=False, as_index=False).first()
    group = settings.group
    if group is None or group in (settings.features or ()):
        return people
    if pd.api.types.is_float_dtype(people[group]):
        # Codes of groups are names: "1", not "1.0".
        names = people[group].map("{:g}".format, na_action="ignore")
        people = people.assign(**{group: names})
    return people


@dataclass(frozen=True, slots=True)
class _Pair:
    """A table and the people in it, with the names of both files."""

    table: pd.DataFrame
    people: pd.DataFrame
    file: str
    other: str
    settings: SubjectsSettings

    def find_lost(self) -> list[str]:
        """Return the people of the table who have no row of their own."""
        seen = self.table["subject"].drop_duplicates()
        return [str(one) for one in seen[~seen.isin(self.people["subject"])]]

    def tell_lost(self, lost: Sequence[str]) -> Problem:
        """Return what is wrong where people lack a row."""
        count = self.table["subject"].nunique()
        known = self.people["subject"]
        strange = known[~known.isin(self.table["subject"])]
        own = name_some(strange.tolist()[:_SHOWN])
        counted = count_things(len(lost), "person", "people", of=count)
        verb = "is" if len(lost) == 1 else "are"
        named = name_some(lost[:_SHOWN])
        fact = f"{counted} of {self.file} {verb} not in {self.other}: {named}"
        fact += f" (there: {own})." if own else "."
        if len(lost) == count:
            return Problem(fact, "Write people alike in both files.")
        enough = Option("unmatched", -(-len(lost) / count * 100 // 1) / 100)
        remedy = ("Write people alike in both files, or allow it with ", enough, " in [subjects].")
        return Problem(fact, remedy)

    def take(self, column: str) -> pd.Series:
        """Return the column of people for each row of the table."""
        return self.table["subject"].map(self.people.set_index("subject")[column])

    def find_apart(self, column: str) -> Iterator[Problem]:
        """Yield a problem where both files give one person different values."""
        if column not in self.table:
            return
        own, values = self.table[column], self.take(column)
        numbers = all(pd.api.types.is_numeric_dtype(one) for one in (own, values))
        same = own.eq(values) if numbers else own.astype(str).eq(values.astype(str))
        wrong = own.notna() & values.notna() & ~same
        if not wrong.any():
            return
        place = int(wrong.to_numpy().argmax())
        first = self.table.iloc[place]
        called = name_role(self.settings, column) if column == "context" else column
        count = self.table.loc[wrong, "subject"].nunique()
        people = count_things(count, "person has", "people have")
        fact = (
            f"{people} two values of '{called}': '{first['subject']}' has '{first[column]}' in "
            f"{self.file} and '{values.iloc[place]}' in {self.other}."
        )
        yield Problem(fact, "Correct one of the files, or leave the column out of one.")


def join_people(
    study: Study, tables: Tables, people: pd.DataFrame, needed: Sequence[str], log: Logbook
) -> Tables:
    """Return ratings and clips with the columns of their people, who all must be known."""
    settings, files = study.subjects, name_files(study)
    if settings is None:
        return tables
    if not any("subject" in table for table in tables.values()):
        fact = f"{files['subjects']} describes people, and no other file says whom a clip shows."
        remedy = (THEIR_COLUMN, Option("subject"), " in [ratings] or [clips].")
        raise DataError(Problem(fact, remedy, file=str(study.path)))
    contexts = ["context"] if "context" in people else []
    problems: list[Problem] = []
    joined = dict(tables)
    for name, table in tables.items():
        if "subject" not in table:
            continue
        pair = _Pair(table, people, files[name], files["subjects"], settings)
        lost = pair.find_lost()
        if len(lost) / table["subject"].nunique() > settings.unmatched:
            problems.append(pair.tell_lost(lost))
            continue
        if lost:
            counted = count_things(len(lost), "person is", "people are")
            told = f"{counted} in {files[name]} and not in {files['subjects']}: {name_some(lost)}."
            log.notes.append(told)
        wanted = [*contexts, *(needed if name == "clips" else filter(None, [settings.group]))]
        problems += [one for column in wanted for one in pair.find_apart(column)]
        values = {one: pair.take(one) for one in wanted}
        filled = {
            one: table[one].where(table[one].notna(), held) if one in table else held
            for one, held in values.items()
        }
        joined[name] = _drop_unknown(table.assign(**filled), name, files, log)
    if problems:
        raise DataError(problems)
    return joined


def _drop_unknown(
    table: pd.DataFrame, name: str, files: dict[str, str], log: Logbook
) -> pd.DataFrame:
    """Return a table without the rows of people whose context nobody knows."""
    if "context" not in table or not (lost := table["context"].isna()).any():
        return table
    reason = f"{files['subjects']} does not say the person's context"
    log.exclude("read", name, len(table), reason, left_out=table.loc[lost, "clip"].tolist())
    return table[~lost].reset_index(drop=True)
