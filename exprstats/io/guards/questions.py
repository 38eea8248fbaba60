"""Questions that a table leaves open, with the options that answer them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import list_values
from exprstats.errors import NO_NUMBERS, NO_TIMES, Option, Problem
from exprstats.io.classes import write_class
from exprstats.io.files.spreads import asks_judges, find_judges, find_pairs, is_seat
from exprstats.io.files.words import (
    FROM_FILE,
    REJECTED,
    TARGETS,
    TRACKED,
    WORDS,
    fold_name,
    is_aside,
    is_rated,
    split_name,
)
from exprstats.io.guards.crossings import hold_ratings
from exprstats.io.guards.features import counts_rows, find_fixed
from exprstats.io.guards.layouts import ask_faces, ask_times
from exprstats.options import MOST_JUDGES, WIDEST, name_some

if TYPE_CHECKING:
    from exprstats.io.detection import Guess

# Ids of people who come again name fewer than so many of the rows.
_REPEATED = 0.6
# So many times wider than the narrowest are the ranges of measures.
_WIDER = 4
# Mean correlation of items from which down some run against the others.
_AGAINST = -0.15
_OPEN = frozenset({"false", "0", "no", "nein", "non"})
_LABELS = ("Answers in words get numbers with ", Option("labels"), ".")
_FPS = ("Run 'exprstats features' with --tracker py-feat and ", Option("fps"), ".")
_SEGMENTS = ("Give them to 'exprstats features' beside the videos, with ", Option("segments"), ".")
_TOLD = {
    "py-feat": (Problem(NO_TIMES, _FPS),),
    "segments": (Problem("these are beginnings and ends of clips.", _SEGMENTS),),
}


def find_target(table: pd.DataFrame, guess: Guess) -> str | None:
    """Return the column to be predicted: by its name, or the one that no tracker wrote."""
    varied = [name for name in guess.numbers if len(list_values(table[name])) > 1]
    named = next((one for one in varied if one.strip().lower() in TARGETS), None)
    if named is not None:
        return named
    kept = [one for one in varied if not is_aside(one) and not counts_rows(table[one])]
    tracked = [one for one in varied if TRACKED.fullmatch(one.strip())]
    others = [one for one in kept if one not in tracked]
    if len(others) == 1 and len(tracked) > 1:
        return others[0]
    rated = [one for one in kept if is_rated(one)]
    rest = [one for one in kept if one not in rated]
    measured = len(rest) > 1 and not hold_ratings(table, rest)
    return rated[0] if len(rated) == 1 and measured else None


def ask_sites(site: str | None, roles: dict[str, str]) -> list[Problem]:
    """Return the question whether ids that come again in each site are of other people."""
    if site is None:
        return []
    both = Option("subject", [site, roles["subject"]])
    fact = f"ids of '{roles['subject']}' come again in each '{site}', perhaps of other people."
    return [Problem(fact, ("If so, name both: ", both, "."))]


def ask_layout(layout: str, guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return what the columns do not tell, with the options that do."""
    asked = []
    if layout == "ratings" and "clip" not in guess.roles:
        fact = "no column names what was rated, and rows of one rater and person come again."
        asked.append(Problem(fact, ("Name it with ", Option("clip"), ".")))
    rated = layout in {"ratings", "wide", "items by raters", "raters in rows"}
    if rated and "subject" not in guess.roles:
        asked.append(_ask_people(table, guess))
    asked += _ask_wide(guess, table) if layout == "wide" else []
    asked += [*_ask_roles(layout, guess, table), *_ask_texts(layout, table)]
    compared = layout in {"predictions", "models side by side", "models of classes"}
    if compared and "subject" not in guess.roles:
        fact = "no column names the people who are seen, so clips count as independent."
        asked.append(Problem(fact, ("Name it with ", Option("subject"), ".")))
    asked += [*ask_faces(layout, table), *ask_times(layout, table)]
    asked += guess.classed.questions if guess.classed is not None else ()
    asked += [*_ask_numbers(layout, guess, table), *_ask_seats(layout, guess, table)]
    asked += _ask_reversed(guess, table) if layout == "ratings" else []
    asked += _ask_files(guess) if layout == "ratings" else []
    return [*asked, *_TOLD.get(layout, ())]


def _ask_wide(guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return what columns of numbers beside each other may be, where nothing tells."""
    tracked = [name for name in guess.numbers if TRACKED.fullmatch(name.strip())]
    predicted = ("Name what models are to predict with ", Option("target"), ".")
    if find_target(table, guess) is not None:
        return []
    if len(tracked) > len(guess.numbers) / 2:
        counted = count_things(len(tracked), "column is", "columns are")
        return [Problem(f"{counted} of a tracker, which models predict from.", predicted)]
    own = [one for one in guess.numbers if not is_aside(one) and not counts_rows(table[one])]
    if len(own) == 1 and not {"clip", "subject"} & {*guess.roles}:
        fact = f"no column names the clips of '{own[0]}': rows cannot be joined to other files."
        return [Problem(fact, ("Add one, and name it with ", Option("clip"), "."))]
    if len(guess.numbers) < 2 or find_judges([str(name) for name in table]):
        return [] if guess.numbers else [Problem(NO_NUMBERS, _LABELS)]
    count = f"{len(guess.numbers)} columns of numbers"
    if _differ(table, guess.numbers):
        return [Problem(f"{count} differ in their range, as measures do.", predicted)]
    either = ("Name judges with ", Option("raters"), " or items with ", Option("items"), ".")
    return [Problem(f"{count} may be judges or items.", either)]


def _ask_texts(layout: str, table: pd.DataFrame) -> list[Problem]:
    """Return what rows that were turned down, or not finished, leave open."""
    if layout not in {"ratings", "raters in rows"}:
        return []
    asked = []
    for name, column in table.select_dtypes(exclude="number").items():
        levels = list_values(column)
        refused = [one for one in levels if str(one).strip().lower() in REJECTED]
        if refused and len(levels) <= MOST_JUDGES:
            counted = count_things(column.isin(refused).sum(), "rows is", "rows are", of=len(table))
            fact = f"{counted} '{refused[0]}' by '{name}', and counted like all others."
            asked.append(Problem(fact, "If they are not to count, remove them from the file."))
    return [*asked, *_ask_unfinished(table)]


def _ask_unfinished(table: pd.DataFrame) -> list[Problem]:
    """Return which rows of a survey are not finished, not sent, or sent twice by one person."""
    cure = "If they are not to count, remove them from the file."
    asked: list[Problem] = []
    for name in map(str, table):
        low, column = fold_name(name), table[name]
        left = _find_unfinished(low, column)
        if not asked and left.any() and not left.all():
            told = count_things(int(left.sum()), "rows is", "rows are", of=len(table))
            fact = f"{told} unfinished by '{name}', and counted like all others."
            asked.append(Problem(fact, cure))
    for name in map(str, table):
        known = table[name].dropna()
        mail = re.search(r"e.?mail|correo|courriel|prolific|worker.?id", fold_name(name))
        if mail and len(table) / 2 < known.nunique() < len(known) == len(table):
            again = known[known.duplicated()].iloc[0]
            fact = f"'{name}' has {known.nunique()} values in {len(table)} rows ('{again}' again), "
            asked.append(Problem(f"{fact}which count as other people.", cure))
    return asked


def _find_unfinished(name: str, column: pd.Series) -> pd.Series:
    """Return the rows that a column of a survey program calls unfinished or not sent."""
    if re.fullmatch(r"(is_?)?(finished|completed?|beendet|termine|terminado|completo)", name):
        texts = [write_class(one).strip().lower() for one in column.astype(object)]
        return pd.Series([one in _OPEN for one in texts], index=column.index)
    if name == "progress" and pd.api.types.is_numeric_dtype(column):
        return column < column.max()
    if re.fullmatch(r"submit_?date|date submitted|date de soumission|abgesendet am", name):
        return column.isna()
    return pd.Series(False, index=column.index)


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
    if layout == "models side by side":
        truth = guess.roles["truth"]
        known = set(list_values(table[truth]))
        models = guess.numbers
        alike = all(set(list_values(table[name])) <= known for name in models)
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
    alike = _share_scale(table, guess.numbers) if layout == "clips" else 0
    if alike and find_judges([str(name) for name in table]):
        return []
    if alike:
        fact = f"{alike} columns of numbers on one scale may be judges or items."
        either = (Option("raters"), " or items with ", Option("items"), ".")
        return [Problem(fact, ("Name judges with ", *either))]
    if layout == "clips" and find_target(table, guess) is None:
        fact = "the column that models are to predict is not known."
        return [Problem(fact, ("Name it with ", Option("target"), "."))]
    return []


def _ask_seats(layout: str, guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return that labels such as r1 to r3, which every clip has, are read as the same people."""
    clip, rater = guess.roles.get("clip"), guess.roles.get("rater")
    labels: list[str] = []
    if layout == "items by raters":
        pairs = find_pairs(guess.numbers, numbered=True)
        labels = [] if asks_judges(pairs) else [judge for _, judge in pairs.values()]
    elif layout in {"wide", "clips"}:
        labels = [*find_judges([str(name) for name in table])]
    elif layout == "ratings" and clip is not None and rater is not None and not _are_people(guess):
        found = table[rater].dropna().astype(str).unique().tolist()
        own = table[table[clip].notna()].groupby(clip, sort=False)[rater].nunique()
        labels = found if len(found) <= WIDEST and own.median() == len(found) else []
    labels = list(dict.fromkeys(labels))
    plain = [one for one in labels if one.isdigit() or len(one) == 1 or is_seat(one)]
    if len(labels) < 2 or len(plain) < len(labels):
        return []
    fact = (
        f"{name_some(labels)} are read as the same {len(labels)} people in every clip (two-way, "
        "crossed); labels alone cannot tell."
    )
    seats = "If they are seats that other people take for each clip: "
    return [Problem(fact, (seats, Option("model", "one-way"), ", which reports ICC(1,k)."))]


def _ask_files(guess: Guess) -> list[Problem]:
    """Return that each file or sheet is read as one rater, where columns may be the raters."""
    answers = [name for name in guess.numbers if not is_aside(name)]
    if guess.roles.get("rater") != FROM_FILE or not 1 < len(answers) <= MOST_JUDGES:
        return []
    fact = f"each file or sheet is read as one rater, and {name_some(answers)} as items."
    cure = ("If files are sites or contexts, and the columns raters: ", Option("raters", answers))
    return [Problem(fact, (*cure, ", ", Option("context", FROM_FILE), "."))]


def _ask_reversed(guess: Guess, table: pd.DataFrame) -> list[Problem]:
    """Return which of several answers run against the others, as those to reversed items do."""
    kept = [one for one in guess.numbers if not is_aside(one) and table[one].std() > 0]
    if not 2 < len(kept) <= MOST_JUDGES or _differ(table, kept):
        return []
    related = np.nan_to_num(table[kept].corr().to_numpy())
    along = np.linalg.eigh(related)[1][:, -1] > 0
    fewer = along.sum() * 2 - len(along)
    along = along if fewer > 0 or (fewer == 0 and along[0]) else ~along
    against = [name for name, one in zip(kept, along, strict=True) if not one]
    mean = related[np.ix_(along, ~along)].mean() if against else 0.0
    if mean > _AGAINST:
        return []
    verb = "runs" if len(against) == 1 else "run"
    fact = f"{name_some(against)} {verb} against the other items (mean r = {mean:.2f})."
    cure = ("If they ask for the opposite, turn them: ", Option("reverse", against), ", with ")
    return [Problem(fact, (*cure, Option("scale"), "."))]


def _are_people(guess: Guess) -> bool:
    """Return whether raters are those who took part, or one a file, and no labels of seats."""
    viewed = guess.crossing is not None and guess.crossing.viewed
    return viewed or bool(split_name(guess.roles["rater"]) & {*WORDS["subject"], "worker"})


def _differ(table: pd.DataFrame, names: Sequence[str]) -> bool:
    """Return whether columns have ranges that no judges or items of one scale have."""
    kept = [name for name in names if not is_aside(name) and len(list_values(table[name])) > 1]
    spans = table[kept].max().to_numpy(float) - table[kept].min().to_numpy(float)
    return len(kept) > 2 and bool(spans.max() > _WIDER * spans.min())


def _share_scale(table: pd.DataFrame, names: Sequence[str]) -> int:
    """Return how many columns hold whole numbers of one range, if all but ids and facts do."""
    kept = [name for name in names if not is_aside(name)]
    if not 2 <= len(kept) <= MOST_JUDGES:
        return 0
    low, high = table[kept].min().to_numpy(float), table[kept].max().to_numpy(float)
    alike = (high - low >= (high.max() - low.min()) / 2).all()
    return len(kept) if alike and (table[kept].dropna() % 1 == 0).all(axis=None) else 0
