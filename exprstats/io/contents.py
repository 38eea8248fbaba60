"""Contents of a file in one reading: layout, roles with reasons, columns, problems, questions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import NO_NUMBERS, NO_TIMES, DataWarning, Option, Problem, Text
from exprstats.io.detection import FileFacts, Guess, guess_roles, list_facts
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.spreads import asks_judges, find_judges, find_pairs
from exprstats.io.files.words import IDS, WORDS, is_answer, is_aside, is_truth, split_name
from exprstats.io.files.workbooks import Labels
from exprstats.io.guards.codes import Outlying
from exprstats.io.guards.crossings import FEW_SHARED, find_site, find_strays
from exprstats.io.guards.layouts import (
    ask_faces,
    find_headless,
    find_layout_kind,
    judge_frames,
    refuse_layout,
)
from exprstats.io.guards.tables import find_fixed, find_sums, find_table_codes
from exprstats.io.numbers import Missing, list_codes, list_no_answers
from exprstats.io.sources import FilePath, Source, give_role, open_source
from exprstats.options import MOST_JUDGES, name_some

_FEW = 25
# Ids of people who come again name fewer than so many of the rows.
_REPEATED = 0.6
# Rows that hold an answer where a column of answers is one.
_MOST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class FileContents:
    """What a file holds, as far as one reading tells, and what it does not tell.

    Attributes
    ----------
    facts
        How it is written.
    layout
        ``"ratings"``, ``"raters in rows"``, ``"items by raters"``, ``"wide"`` (a column a judge or
        item), ``"clips"``, ``"predictions"``, ``"models side by side"``, ``"segments"``,
        ``"codebook"``, ``"correlations"``, or the name of a face tracker.
    roles
        Role to column.
    numbers
        Columns of numbers without another role.
    reasons
        Why each role was guessed.
    columns
        One row a column: ``column``, ``role``, ``kind`` (``number`` or ``text``), ``n``,
        ``missing``, ``distinct``, ``low``, ``high``, ``shown`` (first values), ``levels`` (the
        different texts, if they are few), ``labels``.
    problems
        What stops an analysis.
    warnings
        What a person should know before one.
    questions
        What the file does not tell, with the option that does.
    shared_clips
        Whether clips of different people have the same id.
    site
        A column, such as one of sites, in which ids of people seem to start anew.
    codes
        Values far from all others of their column.
    judges
        Columns that are named as judges are (rater1, JudgeA), if there are two or more.
    silent
        Texts among numbers or answers that say nothing was answered, such as "k.A.".
    loops
        Columns that ask questions about one clip each, with the clip and the question.
    """

    facts: FileFacts
    layout: str
    roles: dict[str, str]
    numbers: tuple[str, ...]
    reasons: dict[str, str]
    columns: pd.DataFrame
    problems: tuple[Problem, ...]
    warnings: tuple[Text, ...]
    questions: tuple[Problem, ...]
    shared_clips: bool = False
    site: str | None = None
    codes: tuple[Outlying, ...] = ()
    judges: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    loops: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def share_range(self, names: Sequence[str]) -> bool:
        """Return whether columns have about one range, as answers on one scale do."""
        rows = self.columns[self.columns["column"].isin(list(names))]
        spread = rows["high"].max() - rows["low"].min()
        return bool(len(rows) and (rows["high"] - rows["low"] >= spread / 2).all())


def read_contents(
    path: FilePath,
    *,
    missing: str | float | Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> FileContents:
    r"""Read a file once, and say what it holds, what is wrong with it, and what it does not tell.

    Parameters
    ----------
    path
        Any table, as in `read_clips`.
    missing, reading, **options
        How the file is to be read, as in `read_clips`.

    Returns
    -------
    FileContents
        Layout, roles with reasons, columns, problems, warnings and questions.

    Raises
    ------
    DataError
        If the file cannot be read as a table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "ratings.csv"
    >>> _ = path.write_text("clip;rater;rating\na;x;1\na;y;2\nb;x;3\n")
    >>> found = read_contents(path)
    >>> found.layout, found.roles, [problem.option for problem in found.questions]
    ('ratings', {'clip': 'clip', 'rater': 'rater', 'rating': 'rating'}, ['subject'])
    """
    how = choose_reading(reading, missing, options)
    table, source = _take_guessed(path, how)
    silent = _find_silent(table, how)
    if silent:
        how = replace(how, missing=(*list_codes(how.missing), *silent))
        table, source = _take_guessed(path, how)
    guess = guess_roles(table, source.layout.header.labels)
    sums = find_sums(table, guess.numbers) if guess.kind == "wide" else {}
    sums |= find_fixed(table, guess.numbers, guess.roles.get("rater"))
    guess = replace(guess, numbers=tuple(name for name in guess.numbers if name not in sums))
    layout = find_layout_kind(table, guess)
    ids = {role: name for role, name in guess.roles.items() if role in IDS}
    roles = give_role(source.header, "guess") | give_role(guess.numbers, "number")
    again = open_source(path, how, warned=False)
    again.shared = {name: question for name, (_, question) in guess.loops.items()}
    again.answers = _list_cells(table, guess)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        draft = again.take(roles | give_role(ids.values(), "id"))
    told = [one.message for one in caught if isinstance(one.message, DataWarning)]
    facts = list_facts(again, len(draft.table))
    # Dashes of a printed matrix are no numbers to complain of.
    own = [] if layout == "correlations" else [*draft.problems, *find_headless(draft.table)]
    own += find_strays(draft.table, guess.roles) if layout in {"ratings", "clips"} else []
    # Ages and times that are no numbers stop no analysis of ratings.
    used = {*guess.roles.values(), *guess.numbers}
    aside = [one for one in own if one.column and is_aside(one.column) and one.column not in used]
    rest = [one for one in own if one not in aside]
    problems = [*rest, *refuse_layout(layout), *judge_frames(layout, draft.table)]
    labels = again.layout.labels
    judges = find_judges(list(map(str, draft.table)))
    site = find_site(draft.table, guess.roles)
    answers = (*guess.numbers, *(guess.roles.get(role, "") for role in ("rating", "truth")))
    measured = [name for name in answers if name in draft.table]
    codes = find_table_codes(draft.table, measured, draft.rows, shared=again.shared)
    return FileContents(
        facts=facts,
        layout=layout,
        roles=guess.roles,
        numbers=guess.numbers,
        reasons={role: _give_reason(role, name, guess) for role, name in guess.roles.items()},
        columns=pd.DataFrame(
            [
                _describe_column(column, str(name), guess, labels)
                for name, column in draft.table.items()
            ]
        ),
        problems=tuple(problems),
        warnings=(
            *again.layout.notes,
            *(one.parts for one in told),
            *map(tuple, aside),
            *(f"'{name}' is not taken for an answer: {why}." for name, why in sums.items()),
            *_tell_silent(silent),
            *_tell_empty(draft.table),
        ),
        questions=(*_ask(layout, guess, draft.table), *_ask_sites(site, guess.roles)),
        shared_clips=_share_ids(draft.table, guess.roles),
        site=site,
        codes=tuple(codes),
        judges=judges,
        silent=silent,
        loops=guess.loops,
    )


def _take_guessed(path: FilePath, how: Reading) -> tuple[pd.DataFrame, Source]:
    source = open_source(path, how, warned=False)
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        return source.take(give_role(source.header, "guess")).table, source


def _list_cells(table: pd.DataFrame, guess: Guess) -> list[str]:
    """Return columns of which a row of this table holds some: the ratings, or most numbers."""
    if "rating" in guess.roles or "clip" not in guess.roles:
        return [guess.roles["rating"]] if "rating" in guess.roles else []
    rows = table[table[guess.roles["clip"]].notna()]
    free = [name for name in guess.numbers if not is_aside(name)]
    worded = [name for name in free if is_answer(name)]
    return [name for name in worded or free if rows[name].notna().mean() > _MOST]


def _find_silent(table: pd.DataFrame, how: Reading) -> tuple[str, ...]:
    """Return texts among numbers or ordered answers that stand where nothing was answered."""
    found: dict[str, None] = {}
    for _, column in table.select_dtypes(exclude="number").items():
        levels = column.dropna().astype(str).unique().tolist()
        found |= dict.fromkeys(list_no_answers(levels, Missing(how.missing)))
    return tuple(found)


def _tell_silent(silent: Sequence[str]) -> list[Text]:
    if not silent:
        return []
    what = ("stands", "it") if len(silent) == 1 else ("stand", "them")
    fact = f"{name_some(silent)} {what[0]} for answers that nobody gave; what is suggested reads "
    return [(f"{fact}{what[1]} as missing: ", Option("missing", list(silent)))]


_LABELS = ("Answers in words get numbers with ", Option("labels"), ".")
_FPS = ("Run 'exprstats features' with --tracker py-feat and ", Option("fps"), ".")
_SEGMENTS = ("Give them to 'exprstats features' beside the videos, with ", Option("segments"), ".")
_TOLD = {
    "py-feat": (Problem(NO_TIMES, _FPS),),
    "segments": (Problem("these are beginnings and ends of clips.", _SEGMENTS),),
}


def _tell_empty(table: pd.DataFrame) -> list[str]:
    names = [str(name) for name in table if table[name].isna().all()]
    if not names:
        return []
    what = "a column without any value is" if len(names) == 1 else "columns without any value are"
    return [f"{what} left out of what is suggested: {name_some(names)}."]


def _share_ids(table: pd.DataFrame, roles: dict[str, str]) -> bool:
    if not {"clip", "subject"} <= set(roles):
        return False
    key = [roles[role] for role in ("context", "clip") if role in roles]
    counts = table.groupby(key, sort=False)[roles["subject"]].nunique()
    return bool((counts > 1).mean() > FEW_SHARED)


def _ask_sites(site: str | None, roles: dict[str, str]) -> list[Problem]:
    if site is None:
        return []
    both = Option("subject", [site, roles["subject"]])
    fact = f"ids of '{roles['subject']}' come again in each '{site}', perhaps of other people."
    return [Problem(fact, ("If so, name both: ", both, "."))]


def _ask(layout: str, guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return what the columns do not tell, with the options that do."""
    asked = []
    if layout == "ratings" and "clip" not in guess.roles:
        fact = "no column names what was rated, and rows of one rater and person come again."
        asked.append(Problem(fact, ("Name it with ", Option("clip"), ".")))
    if layout in {"ratings", "wide", "items by raters", "raters in rows"}:
        if "subject" not in guess.roles:
            asked.append(_ask_people(table, guess))
        if layout == "wide" and len(guess.numbers) > 1:
            fact = f"{len(guess.numbers)} columns of numbers may be judges or items."
            either = (Option("raters"), " or items with ", Option("items"), ".")
            asked.append(Problem(fact, ("Name judges with ", *either)))
    asked += _ask_roles(layout, guess, table)
    if layout == "wide" and not guess.numbers:
        asked.append(Problem(NO_NUMBERS, _LABELS))
    if layout in {"predictions", "models side by side"} and "subject" not in guess.roles:
        fact = "no column names the people who are seen, whom intervals of models need."
        asked.append(Problem(fact, ("Name it with ", Option("subject"), ".")))
    asked += ask_faces(layout, table)
    return [*asked, *_ask_numbers(layout, guess, table), *_TOLD.get(layout, ())]


def _ask_people(table: pd.DataFrame, guess: Guess) -> Problem:
    """Return who is not known: people, or what an id names that comes again in several rows."""
    free = [str(name) for name in table if name not in guess.roles.values()]
    fixed = find_fixed(table, free, guess.roles.get("rater"))
    free = [name for name in free if name not in fixed]
    for name in free:
        count = table[name].nunique()
        called = re.fullmatch(r"(.*[_ .])?(id|pid|code)", name.strip().lower())
        if called and 1 < count < _REPEATED * len(table):
            fact = f"'{name}' has {count:,} values in {len(table):,} rows, which count as "
            people = ("If it names people, say so with ", Option("subject", name), ".")
            return Problem(f"{fact}independent.", people)
    fact = "no column names the people who are seen, so clips count as independent."
    return Problem(fact, ("Name it with ", Option("subject"), "."))


def _ask_numbers(layout: str, guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return what plain numbers leave open: who numbered raters are, and what classes they code."""
    if layout == "items by raters":
        pairs = find_pairs(guess.numbers, numbered=True)
        raters = list(dict.fromkeys(judge for _, judge in pairs.values()))
        firsts = list(dict.fromkeys(item for item, _ in pairs.values()))
        if asks_judges(pairs):
            fact = (
                f"columns pair {name_some(firsts)} with {name_some(raters)}, and none is called "
                "as raters are."
            )
            remedy = ("Name the items, and the others are raters: ", Option("rating", firsts))
            return [Problem(fact, (*remedy, " or ", Option("rating", raters), "."))]
        if all(one.isdigit() for one in raters):
            fact = (
                f"columns end in numbers ({raters[0]} to {raters[-1]}), which are read as raters "
                "that rated every clip."
            )
            seats = "If a number is a seat that other people take for each clip, report ICC(1,k): "
            return [Problem(fact, (seats, Option("model", "one-way"), "."))]
    if layout == "models side by side":
        truth = next((name for name in map(str, table) if is_truth(name)), None)
        known = set() if truth is None else set(table[truth].dropna().unique())
        models = [name for name in guess.numbers if name != truth]
        alike = all(set(table[name].dropna().unique()) <= known for name in models)
        if 1 < len(known) <= MOST_JUDGES and alike and models:
            fact = f"'{truth}' and its models hold the same {len(known)} numbers."
            metrics = Option("metrics", ["accuracy", "uar", "macro_f1", "kappa"])
            return [
                Problem(fact, ("If these are codes of classes, compare them by ", metrics, "."))
            ]
    return []


def _ask_roles(layout: str, guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return what a crossing leaves open, or which columns are judges, items or the target."""
    if guess.crossing is not None and guess.crossing.question is not None:
        return [guess.crossing.question]
    if layout == "clips" and (alike := _share_scale(table, guess.numbers)):
        fact = f"{alike} columns of numbers on one scale may be judges or items."
        either = (Option("raters"), " or items with ", Option("items"), ".")
        return [Problem(fact, ("Name judges with ", *either))]
    if layout == "clips" and "target" not in guess.roles:
        fact = "the column that models are to predict is not known."
        return [Problem(fact, ("Name it with ", Option("target"), "."))]
    return []


def _share_scale(table: pd.DataFrame, names: Sequence[str]) -> int:
    """Return how many columns hold whole numbers of one range, if all but ids and facts do."""
    kept = [name for name in names if not is_aside(name)]
    if not 2 <= len(kept) <= MOST_JUDGES:
        return 0
    low, high = table[kept].min().to_numpy(float), table[kept].max().to_numpy(float)
    alike = (high - low >= (high.max() - low.min()) / 2).all()
    return len(kept) if alike and (table[kept].dropna() % 1 == 0).all(axis=None) else 0


def _give_reason(role: str, name: str, guess: Guess) -> str:
    if guess.crossing is not None and role in guess.crossing.reasons:
        return guess.crossing.reasons[role]
    parts = split_name(name)
    word = next((one for one in WORDS[role] if one in parts), None)
    if word is None:
        return f"'{name}' is what the rows are about."
    kind = "" if role in IDS else " and its cells are numbers"
    return f"its name holds '{word}'{kind}."


def _describe_column(column: pd.Series, name: str, guess: Guess, labels: Labels) -> dict[str, Any]:
    known = column.dropna()
    number = pd.api.types.is_numeric_dtype(column)
    role = next((role for role, held in guess.roles.items() if held == name), None)
    return {
        "column": name,
        "role": role,
        "kind": "number" if number else "text",
        "n": len(known),
        "missing": int(column.isna().sum()),
        "distinct": int(known.nunique()),
        "low": float(known.min()) if number and len(known) else np.nan,
        "high": float(known.max()) if number and len(known) else np.nan,
        "shown": ", ".join(str(value) for value in known.unique()[:3]),
        "levels": () if number or known.nunique() > _FEW else tuple(map(str, known.unique())),
        "labels": dict(labels.get(name, {})),
    }
