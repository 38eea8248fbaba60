"""Contents of a file in one reading: layout, roles with reasons, columns, problems, questions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataWarning, Option, Problem, Text
from exprstats.io.detection import IDS, WORDS, FileFacts, Guess, guess_roles, list_facts, split_name
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.workbooks import CODEBOOK, Labels
from exprstats.io.guards.codes import Outlying, holds_correlations
from exprstats.io.guards.tables import find_all_codes
from exprstats.io.sources import FilePath, give_role, open_source

_FEW = 25
_AGAIN = 1.5
_PLACES = frozenset(
    {"site", "centre", "center", "lab", "laboratory", "clinic", "hospital", "school", "class"}
    | {"university", "country", "city", "study", "sample", "cohort", "batch", "location", "place"}
)
_JUDGES = re.compile(
    r"(rater|judge|coder|annotator|observer|obs|rat|j|r)[_ .-]?\d+"
    r"|(rater|judge|coder|annotator|observer)[_ .-]?[a-z]",
    re.IGNORECASE,
)
_STATISTICS = frozenset(
    {"mean", "sd", "var", "se", "min", "max", "median", "entropy", "n", "c", "std"}
)
_TRACKERS = {
    "OpenFace": {"frame", "timestamp", "confidence", "success"},
    "OpenFace images": {"face", "confidence", "gaze_angle_x"},
    "OpenFace 3": {"frame_index", "face_id", "action_units"},
    "LibreFace": {"frame_idx", "frame_time_in_ms"},
    "py-feat": {"FaceRectX", "FaceScore"},
}


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
    source = open_source(path, how, warned=False)
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        table = source.take(give_role(source.header, "guess")).table
    guess = guess_roles(table)
    layout = find_layout_kind(table, guess)
    ids = {role: name for role, name in guess.roles.items() if role in IDS}
    roles = give_role(source.header, "guess") | give_role(guess.numbers, "number")
    again = open_source(path, how, warned=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        draft = again.take(roles | give_role(ids.values(), "id"))
    told = [one.message for one in caught if isinstance(one.message, DataWarning)]
    facts = list_facts(again, len(draft.table))
    problems = [*draft.problems, *_refuse_layout(layout)]
    labels = again.layout.labels
    judges = [name for name in map(str, draft.table) if _JUDGES.fullmatch(name.strip())]
    site = find_site(draft.table, guess.roles)
    codes = (
        one
        for name in (*guess.numbers, *(guess.roles.get(role, "") for role in ("rating", "truth")))
        if name in draft.table
        for one in find_all_codes(name, draft.table[name], draft.rows)
    )
    return FileContents(
        facts=facts,
        layout=layout,
        roles=guess.roles,
        numbers=guess.numbers,
        reasons={role: _give_reason(role, name) for role, name in guess.roles.items()},
        columns=pd.DataFrame(
            [
                _describe_column(column, str(name), guess, labels)
                for name, column in draft.table.items()
            ]
        ),
        problems=tuple(problems),
        warnings=(*again.layout.notes, *(one.parts for one in told)),
        questions=(*_ask(layout, guess, draft.table), *_ask_sites(site, guess.roles)),
        shared_clips=_share_ids(draft.table, guess.roles),
        site=site,
        codes=tuple(codes),
        judges=tuple(judges) if len(judges) > 1 else (),
    )


def find_layout_kind(table: pd.DataFrame, guess: Guess) -> str:
    """Return how a table is laid out, by its columns' names and values.

    Parameters
    ----------
    table
        From `read_table`.
    guess
        From `guess_roles`.

    Examples
    --------
    >>> table = pd.DataFrame({"rater": ["x", "y"], "c1": [1, 2], "c2": [3, 4], "c3": [5, 6]})
    >>> find_layout_kind(table, guess_roles(table))
    'raters in rows'
    """
    names = {str(name).strip() for name in table.columns}
    tracker = next((name for name, marks in _TRACKERS.items() if marks <= names), None)
    if tracker is not None:
        return tracker
    words = [str(name).strip().lower() for name in table.columns]
    judge = guess.roles.get("rater")
    alone = judge is not None and not {"clip", "rating"} & set(guess.roles)
    found = {
        "codebook": len(words) < 6 and len(CODEBOOK.intersection(words)) > 1,
        "segments": {"start", "end"} <= set(words),
        "correlations": holds_correlations(table[list(guess.numbers)].to_numpy(float)),
        "models side by side": "truth" in words
        and guess.kind != "predictions"
        and len(guess.numbers) > 1,
        "raters in rows": alone and len(guess.numbers) > 2 and table[judge].is_unique,
        "items by raters": bool(find_pairs(guess.numbers)),
    }
    return next((layout for layout, holds in found.items() if holds), guess.kind)


def find_pairs(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return columns that are items by judges, such as "joy_r1", with both parts.

    Every item must have the same two or more judges, and there must be no other columns.

    Examples
    --------
    >>> find_pairs(["joy_r1", "joy_r2", "calm_r1", "calm_r2"])["calm_r2"]
    ('calm', 'r2')
    """
    pairs = {name: tuple(re.split(r"[_.\- ](?=[^_.\- ]+$)", name)) for name in names}
    if not pairs or any(len(parts) != 2 for parts in pairs.values()):
        return {}
    judges: dict[str, set[str]] = {}
    for item, judge in pairs.values():
        judges.setdefault(item, set()).add(judge)
    alike = {frozenset(held) for held in judges.values()}
    if alike and next(iter(alike)) <= _STATISTICS:
        return {}
    whole = len(alike) == 1 and len(next(iter(alike))) > 1 and len(judges) > 1
    return {name: (parts[0], parts[1]) for name, parts in pairs.items()} if whole else {}


_SEGMENTS = ("Give them to 'exprstats features' beside the videos, with ", Option("segments"), ".")


def _refuse_layout(layout: str) -> list[Problem]:
    if layout == "codebook":
        return [
            Problem("this is a codebook, not data.", ("Name the data with ", Option("sheet"), "."))
        ]
    if layout == "correlations":
        fact = "this is a correlation matrix, not data."
        return [Problem(fact, "Analyses need the answers themselves, one row a clip or person.")]
    if layout == "OpenFace images":
        fact = "OpenFace wrote this of single pictures, which have no time."
        return [Problem(fact, "Motion features need videos: run FeatureExtraction on them.")]
    return []


def _share_ids(table: pd.DataFrame, roles: dict[str, str]) -> bool:
    if not {"clip", "subject"} <= set(roles):
        return False
    key = [roles[role] for role in ("context", "clip") if role in roles]
    pairs = table[[*key, roles["subject"]]].drop_duplicates()
    return bool(pairs.duplicated(key).any())


def find_site(table: pd.DataFrame, roles: dict[str, str]) -> str | None:
    """Return the column of sites, schools and the like whose people have the same ids.

    Parameters
    ----------
    table
        As it was read.
    roles
        Role to column.

    Examples
    --------
    >>> table = pd.DataFrame({"site": ["A", "A", "B", "B"], "subject": ["1", "2", "1", "2"]})
    >>> find_site(table, {"subject": "subject"})
    'site'
    """
    subject = roles.get("subject")
    if subject is None:
        return None
    taken = set(roles.values())
    for name in table.columns:
        if str(name) in taken or not _PLACES & split_name(str(name)):
            continue
        pairs = table[[subject, name]].dropna().drop_duplicates()
        people = pairs[subject].nunique()
        # A person who moved is the exception; ids that start anew are the rule.
        if len(pairs[name].unique()) > 1 and people and len(pairs) >= _AGAIN * people:
            return str(name)
    return None


def _ask_sites(site: str | None, roles: dict[str, str]) -> list[Problem]:
    if site is None:
        return []
    both = Option("subject", [site, roles["subject"]])
    fact = f"ids of '{roles['subject']}' come again in each '{site}', perhaps of other people."
    return [Problem(fact, ("If so, name both: ", both, "."))]


def _ask(layout: str, guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return what the columns do not tell, with the options that do."""
    asked = []
    if layout in {"ratings", "wide", "items by raters", "raters in rows"}:
        if "subject" not in guess.roles:
            fact = "no column names the people who are seen, so clips count as independent."
            asked.append(Problem(fact, ("Name it with ", Option("subject"), ".")))
        if layout == "wide" and len(guess.numbers) > 1:
            fact = f"{len(guess.numbers)} columns of numbers may be judges or items."
            either = (Option("raters"), " or items with ", Option("items"), ".")
            asked.append(Problem(fact, ("Name judges with ", *either)))
    if layout == "wide" and len(guess.numbers) == 1 and (pair := _find_crossed(table, guess)):
        fact = f"'{pair[0]}' and '{pair[1]}' together name each row once."
        either = ("If one is the clip and the other the rater, name them with ", Option("clip"))
        asked.append(Problem(fact, (*either, " and ", Option("rater"), ".")))
    if layout == "clips" and "target" not in guess.roles:
        fact = "the column that models are to predict is not known."
        asked.append(Problem(fact, ("Name it with ", Option("target"), ".")))
    if layout == "wide" and not guess.numbers:
        fact = "no column holds numbers."
        asked.append(Problem(fact, ("Answers in words get numbers with ", Option("labels"), ".")))
    if layout in {"predictions", "models side by side"} and "subject" not in guess.roles:
        fact = "no column names the people who are seen, whom intervals of models need."
        asked.append(Problem(fact, ("Name it with ", Option("subject"), ".")))
    if layout in {"OpenFace 3", "LibreFace", "py-feat"}:
        fact = f"{layout} wrote this of frames, which no command summarises."
        asked.append(Problem(fact, "In Python, read_faces reads it."))
    if layout == "segments":
        asked.append(Problem("these are beginnings and ends of clips.", _SEGMENTS))
    return asked


def _find_crossed(table: pd.DataFrame, guess: Guess) -> tuple[str, str] | None:
    """Return two columns of ids that cross: each pair has one row, and most pairs have it."""
    free = [one for one in table if one not in guess.numbers and len(table[one].unique()) > 1]
    for one, two in combinations(map(str, free), 2):
        cells = table[one].nunique() * table[two].nunique()
        if not table.duplicated([one, two]).any() and 2 * len(table) > cells > len(table) / 2:
            return one, two
    return None


def _give_reason(role: str, name: str) -> str:
    parts = split_name(name)
    word = next((one for one in WORDS[role] if one in parts), role)
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
