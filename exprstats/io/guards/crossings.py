"""Two columns of ids that cross: one value for each pair, as raters give to clips."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import list_values, repeats_rows
from exprstats.errors import Option, Problem
from exprstats.io.files.words import (
    FROM_FILE,
    TIMES,
    WORDS,
    fold_name,
    is_answer,
    is_aside,
    split_name,
)
from exprstats.io.guards.answers import hold_words
from exprstats.io.guards.codes import holds_steps
from exprstats.options import MOST_WORDS, WIDEST

_FEWEST = 6
# Ids that come again so often in another place start anew there.
_AGAIN = 1.5
_PLACES = frozenset(
    {"site", "centre", "center", "lab", "laboratory", "clinic", "hospital", "school", "class"}
    | {"university", "country", "city", "study", "sample", "cohort", "batch", "location", "place"}
)
# Where more clips have several subjects, ids of clips begin anew with each subject.
FEW_SHARED = 0.1
# So many times more clips than raters tell which is which.
_TIMES_MORE = 2
# So many people saw a clip where people are its raters.
_SEEN = 2
_CODED = re.compile(r"(.*[_ .-])?(id|pid|nr|no|number|code)")


@dataclass(frozen=True, slots=True)
class Crossing:
    """Roles that a crossing gives, with reasons; or what it leaves open, with the options.

    Attributes
    ----------
    roles, reasons
        Role to column, and why.
    question
        What is not known; None where the roles are.
    viewed
        Whether those who saw the clips are who rated them, and not who is seen.
    """

    roles: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    question: Problem | None = None
    viewed: bool = False


def find_crossing(
    table: pd.DataFrame, roles: Mapping[str, str], numeric: Sequence[str]
) -> Crossing | None:
    """Return what two crossed columns of ids beside one of numbers are; None if there are none.

    Parameters
    ----------
    table
        As it was read.
    roles
        Role to column, by names.
    numeric
        Columns of numbers.

    Examples
    --------
    >>> rows = [(plate, sample, 20.5) for plate in "abcdef" for sample in "ABC"]
    >>> table = pd.DataFrame(rows, columns=["plate", "sample", "diameter"])
    >>> find_crossing(table, {}, ["diameter"]).roles
    {'clip': 'plate', 'rater': 'sample', 'rating': 'diameter'}
    """
    known = {"clip", "rater"} <= set(roles)
    if known or len(table) < _FEWEST or len(table.columns) > WIDEST:
        return None
    fixed = {roles[role] for role in ("clip", "rater", "subject") if role in roles}
    for value, one, two in _list_crossed(table, roles, numeric):
        if len(fixed) < 2 and not fixed <= {one, two}:
            continue
        if len(fixed) == 2 and fixed != {one, two}:
            continue
        return _settle(table, roles, value, one, two)
    return None


def find_rated(
    table: pd.DataFrame, roles: Mapping[str, str], numeric: Sequence[str]
) -> Crossing | None:
    """Return what raters rated, where one column of ids and the rater name each row once.

    Examples
    --------
    >>> rows = [(tape, rater, 3.0, 4.0) for tape in "abcdef" for rater in "xy"]
    >>> table = pd.DataFrame(rows, columns=["tape", "rater", "warm", "open"])
    >>> find_rated(table, {"rater": "rater"}, ["warm", "open"]).roles
    {'clip': 'tape'}
    """
    rater = roles.get("rater")
    if rater is None or "clip" in roles or len(table) < _FEWEST:
        return None
    taken = {name for role, name in roles.items() if role not in {"item", "subject"}}
    free = [
        name
        for name in map(str, table)
        if name not in taken and not _is_time(name) and _names_cases(table[name])
    ]
    # Texts before whole numbers, which may be answers.
    for name in sorted(free, key=lambda one: one in numeric and not is_named(one)):
        counts = table.groupby(name, sort=False)[rater].size()
        if counts.median() > 1 and not repeats_rows(table, [name, rater]):
            reason = f"'{name}' and '{rater}' together name each row once."
            return Crossing({"clip": name}, {"clip": reason})
    return None


def find_viewers(
    table: pd.DataFrame, roles: Mapping[str, str], numeric: Sequence[str]
) -> Crossing | None:
    """Return who rated clips where nobody is called a rater: people who each saw a clip once.

    Trial logs of experiments call their raters subjects or participants, or number them; of a row
    a question, the column that tells questions apart is found too.

    Examples
    --------
    >>> rows = [(who, film, 1 + (i + j) % 5) for i, who in enumerate("abc")
    ...         for j, film in enumerate(["x.mp4", "y.mp4", "z.mp4"])]
    >>> table = pd.DataFrame(rows, columns=["participant", "film", "warm"])
    >>> find_viewers(table, {"clip": "film", "subject": "participant"}, ["warm"]).roles
    {'rater': 'participant'}
    """
    clip, given = roles.get("clip"), roles.get("subject")
    if clip is None or "rater" in roles:
        return None
    seen = table[table[clip].notna()]
    coded = [name for name in map(str, table) if _CODED.fullmatch(fold_name(name))]
    tried = [given] if given else [name for name in coded if name not in roles.values()]
    tried += [FROM_FILE] if FROM_FILE in table else []
    kept = [name for name in numeric if name not in {*roles.values(), *tried, *coded}]
    named = [name for name in kept if is_answer(name)]
    kept = named or [name for name in kept if not is_aside(name)]
    kept = [roles["rating"]] if "rating" in roles else kept
    # Logs have rows of the same clip that hold no answer.
    seen = seen[seen[kept].notna().any(axis=1)] if named else seen
    held = bool(named) or hold_ratings(seen, kept) or hold_words(seen, roles)
    if len(seen) < _FEWEST or not held:
        return None
    asked = [roles["item"]] if "item" in roles else []
    if not seen.duplicated([clip, *asked]).any():
        return _find_single(seen, clip)
    texts = [str(n) for n in seen.select_dtypes(exclude="number") if not _is_time(str(n))]
    others = [n for n in texts if n not in {*tried, *roles.values()}] if not given else []
    found = (_find_viewer(seen, roles, who, sure=who in tried) for who in [*tried, *others])
    return next((one for one in found if one is not None), None)


def _find_viewer(
    seen: pd.DataFrame, roles: Mapping[str, str], who: str, *, sure: bool
) -> Crossing | None:
    """Return that each clip was seen by several of those that a column names, or ask if it was."""
    clip, asked = roles["clip"], [roles["item"]] if "item" in roles else []
    if not _names_cases(seen[who]) or seen.groupby(clip)[who].nunique().median() < _SEEN:
        return None
    key = [clip, who, *asked]
    for question in [None, *([] if asked else _list_questions(seen, key))]:
        if seen.duplicated([*key, *([question] if question else [])]).any():
            continue
        if not sure:
            fact = f"each '{clip}' has one row for each of several '{who}'."
            rated = (f"If '{who}' rated, say so with ", Option("rater", who), ".")
            return Crossing(question=Problem(fact, rated))
        reason = f"each '{clip}' was seen by several '{who}', each once."
        whole = {"rater": who} | ({"item": question} if question else {})
        if "rating" in roles and (question or asked):
            whole["rating"] = roles["rating"]
        return Crossing(whole, dict.fromkeys(whole, reason), viewed=True)
    sure &= who == FROM_FILE or FROM_FILE not in seen
    if sure and not asked and _find_again(seen, key) is not None:
        reason = f"each '{clip}' was seen by several '{who}', equally often."
        return Crossing({"rater": who}, {"rater": reason}, viewed=True)
    return None


def _find_again(table: pd.DataFrame, key: Sequence[str]) -> str | None:
    """Return the column that tells apart the times at which each rater saw each clip."""
    for name in map(str, table):
        few = name not in key and 1 < table[name].nunique() <= MOST_WORDS
        if few and not table.duplicated([*key, name]).any():
            return name
    return None


def find_asked(
    table: pd.DataFrame, roles: Mapping[str, str], numeric: Sequence[str]
) -> Crossing | None:
    """Return the column of questions, where each rater rated each clip on several rows.

    Examples
    --------
    >>> rows = [(clip, who, word, 3) for clip in "abc" for who in "xy" for word in ("warm", "open")]
    >>> table = pd.DataFrame(rows, columns=["clip", "rater", "word", "score"])
    >>> find_asked(table, {"clip": "clip", "rater": "rater", "rating": "score"}, ["score"]).roles
    {'item': 'word', 'rating': 'score'}
    """
    if not {"clip", "rater", "rating"} <= set(roles):
        return None
    key = [roles[role] for role in ("context", "clip", "rater") if role in roles]
    named = [roles["item"]] if "item" in roles else _list_questions(table, key)
    if not table.duplicated(key).any():
        return None
    for question in named:
        if not table.duplicated([*key, question]).any():
            reason = f"'{question}' tells the rows of one clip and rater apart."
            return Crossing({"item": question, "rating": roles["rating"]}, {"item": reason})
    return None


def _list_questions(table: pd.DataFrame, key: Sequence[str]) -> list[str]:
    """Return the columns of a few texts that may tell questions apart."""
    texts = map(str, table.select_dtypes(exclude="number"))
    free = [name for name in texts if name not in {*key, FROM_FILE}]
    return [name for name in free if 1 < table[name].nunique() <= MOST_WORDS]


def _find_single(table: pd.DataFrame, clip: str) -> Crossing | None:
    """Return the question that a file of one rater leaves open; None of another file."""
    people = {*WORDS["subject"], *WORDS["rater"]}
    for name in map(str, table):
        if split_name(name) & people and len(list_values(table[name])) == 1:
            who = table[name].iloc[0]
            told = f"{who:g}" if isinstance(who, float) else who
            fact = f"all rows are of one '{name}' ({told}), who saw each '{clip}' once."
            remedy = "Reliability needs several raters: name the files of all of them together."
            return Crossing(question=Problem(fact, remedy), viewed=True)
    return None


def hold_ratings(table: pd.DataFrame, names: Sequence[str]) -> bool:
    """Return whether columns hold whole or half steps of about one range, as ratings do."""
    held = [name for name in names if len(list_values(table[name])) > 1]
    if not held:
        return False
    spans = table[held].max().to_numpy(float) - table[held].min().to_numpy(float)
    return bool(spans.min() >= spans.max() / 2) and holds_steps(table[held].to_numpy(float))


def is_named(name: str) -> bool:
    """Return whether a name is one of clips."""
    return bool(split_name(name) & {*WORDS["clip"]})


def _list_crossed(
    table: pd.DataFrame, roles: Mapping[str, str], numeric: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield a column of values and two of ids, each pair of which has at most one row."""
    varied = [name for name in numeric if len(list_values(table[name])) > 1]
    given = roles.get("rating")
    worded = [name for name in numeric if split_name(name) & {*WORDS["rating"]}]
    tried = [given] if given else worded or [name for name in numeric if not is_aside(name)]
    for value in dict.fromkeys(tried):
        ids = [name for name in map(str, table) if name != value and _names_cases(table[name])]
        for one, two in combinations(ids, 2):
            others = [name for name in varied if name not in {value, one, two}]
            if not all(is_aside(name) or table[name].is_unique for name in others):
                continue
            levels = table[one].nunique() * table[two].nunique()
            if levels > 2 * len(table) or repeats_rows(table, [one, two]):
                continue
            # What all raters of a clip give alike is a fact about the clip.
            alike = (table.groupby(name)[value].nunique().max() < _SEEN for name in (one, two))
            if table[value].nunique() < _SEEN or not any(alike):
                yield value, one, two


def _names_cases(column: pd.Series) -> bool:
    known = column.dropna()
    if len(known) < len(column) or not 1 < known.nunique() < len(known):
        return False
    return not pd.api.types.is_float_dtype(known) or bool((known % 1 == 0).all())


def _settle(
    table: pd.DataFrame, roles: Mapping[str, str], value: str, one: str, two: str
) -> Crossing:
    counts = {name: table[name].nunique() for name in (one, two)}
    more, fewer = sorted((one, two), key=lambda name: -counts[name])
    named = {column: role for role, column in roles.items() if column in counts}
    timed = [name for name in counts if _is_time(name)]
    crossed = f"each '{more}' has one '{value}' of each '{fewer}'"
    clip = next((name for name, role in named.items() if role == "clip"), None)
    rater = next((name for name, role in named.items() if role == "rater"), None)
    person = next((name for name, role in named.items() if role == "subject"), None)
    placed = any(role in {"context", "item"} for role in named.values())
    if rater is not None:
        clip = one if rater == two else two
    elif clip is not None and not timed and not placed:
        rater = one if clip == two else two
    elif not named and not timed and counts[more] >= _TIMES_MORE * counts[fewer]:
        clip, rater = more, fewer
        crossed += f", and {counts[more]} are more than {counts[fewer]}"
    if clip is None or rater is None or timed or placed:
        return Crossing(question=_ask(value, more, fewer, timed, person))
    reason = f"{crossed}."
    whole = {"clip": clip, "rater": rater, "rating": value}
    return Crossing(whole, {role: reason for role in whole if roles.get(role) != whole[role]})


def _is_time(name: str) -> bool:
    return bool(split_name(name) & TIMES) or fold_name(name) in TIMES


def _ask(value: str, more: str, fewer: str, timed: list[str], person: str | None) -> Problem:
    """Return the question which of two crossed columns is the clip and which the rater."""
    fact = f"'{more}' and '{fewer}' together name each row once, with one '{value}'."
    rater = timed[0] if timed else (person or fewer)
    clip = fewer if rater == more else more
    start = (
        f"If '{clip}' was measured again at each '{rater}', reliability is that of one occasion: "
        if timed
        else f"If '{rater}' rated '{clip}', say so: "
    )
    given = (Option("clip", clip), ", ", Option("rater", rater), ", ", Option("rating", value))
    return Problem(fact, (start, *given, "."))


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


def find_strays(table: pd.DataFrame, roles: Mapping[str, str]) -> list[Problem]:
    """Return a problem where a few clips have several subjects, and all others one."""
    if not {"clip", "subject"} <= set(roles):
        return []
    key = [roles[role] for role in ("context", "clip") if role in roles]
    counts = table.groupby(key, sort=False)[roles["subject"]].nunique()
    several = counts[counts > 1]
    if len(several) > FEW_SHARED * len(counts):
        return _find_padded(table, key, roles["subject"])
    if not len(several):
        return []
    first = several.index[0]
    where = (table[key] == (first if len(key) > 1 else [first])).all(axis=1)
    people = table.loc[where, roles["subject"]].value_counts()
    named = " and ".join(f"'{name}' ({count_things(n, 'row')})" for name, n in people.items())
    label = first[-1] if len(key) > 1 else first
    counted = count_things(len(several), "clip has", "clips have")
    fact = f"{counted} several subjects: '{label}' has {named}."
    return [Problem(fact, "Correct the subject, or the clip.", column=roles["subject"])]


def _find_padded(table: pd.DataFrame, key: Sequence[str], subject: str) -> list[Problem]:
    """Return a problem where clips have several subjects that differ by zeros only: 007 and 7."""
    people = table[subject].astype(str)
    bare = people.str.replace(r"(?<!\d)0+(?=\d)", "", regex=True)
    if bare.groupby([table[name] for name in key], sort=False).nunique().max() > 1:
        return []
    forms = people.groupby(bare).unique()
    pairs = [f"'{one[0]}' and '{one[1]}'" for one in forms if len(one) > 1]
    fact = f"clips have subjects whose ids differ by zeros only: {', '.join(pairs[:3])}."
    remedy = "Spreadsheets drop leading zeros: write the ids of each person alike."
    return [Problem(fact, remedy, column=subject)] if pairs else []
