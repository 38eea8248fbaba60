"""Tables of evoked expressions (EVOKED): one row a moment of a video, one column an expression.

``video`` names the video and ``time`` the moment in s; ``annotator``, ``model``, ``group`` and
``part`` may stand beside them. All other columns of numbers are expressions: labels of 0 and 1,
scores, or ratings such as valence; a missing cell is an expression that nobody could see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_absent, find_empty, find_unnumbers, require_columns
from exprstats.errors import OTHER_COLUMN, DataError, Option, OptionError, Problem, warn_user
from exprstats.io.files.workbooks import write_number
from exprstats.options import name_nearest, name_some

NO_EXPRESSION = "no column holds numbers of an expression."

CHECK_VIDEOS = "Check the names of videos and the unit of times."

ROLES = ("video", "time", "annotator", "model", "group", "part")
MOST_GROUPS = 200
_MILLI, _MANY = 1000, 1 << 20
Groups = str | pd.DataFrame | None
Predictions = pd.DataFrame | Mapping[str, pd.DataFrame]


def list_expressions(table: pd.DataFrame, expressions: Iterable[str] | None = None) -> list[str]:
    """Return the columns of a table that are expressions: those named, or all further numbers.

    Examples
    --------
    >>> list_expressions(pd.DataFrame({"video": ["a"], "time": [0.0], "joy": [1], "note": ["x"]}))
    ['joy']
    """
    numbers = [
        str(name)
        for name in table.columns
        if name not in ROLES and pd.api.types.is_numeric_dtype(table[name])
    ]
    if expressions is None:
        if not numbers:
            fact = NO_EXPRESSION
            raise DataError(Problem(fact, ("Name some with ", Option("expressions"), ".")))
        return numbers
    named = [expressions] if isinstance(expressions, str) else list(dict.fromkeys(expressions))
    absent = [name for name in named if name not in table.columns]
    if absent or not named:
        fact = (
            f"there is no expression {name_some(absent)}." if absent else "no expression is named."
        )
        raise DataError(Problem(fact, name_nearest(absent[0] if absent else "", numbers)))
    return named


def check_evoked(
    table: pd.DataFrame,
    expressions: Iterable[str] | None = None,
    *,
    needs: Sequence[str] = ("video",),
) -> list[str]:
    """Refuse a table that is none of evoked expressions, with every reason; return these."""
    problems = find_absent(table, needs, "evoked")
    if not problems and not len(table):
        problems.append(Problem("the evoked table has no rows.", "Check the file."))
    if problems:
        raise DataError(problems)
    names = list_expressions(table, expressions)
    times = [name for name in needs if name == "time"]
    problems += find_empty(table, list(needs))
    problems += find_unnumbers(table, [*times, *names])
    if problems:
        raise DataError(problems)
    return names


def code_names(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return codes (n,) of ids, and their names (G,) in alphabetical order.

    Examples
    --------
    >>> codes, names = code_names(pd.Series(["b", "a", "b"]))
    >>> codes.tolist(), names.tolist()
    ([1, 0, 1], ['a', 'b'])
    """
    first, levels = pd.factorize(column)
    names = np.array([write_number(level) for level in levels], dtype=object)
    sorted_names, ranks = np.unique(names, return_inverse=True)
    return ranks[first].astype(np.int64, copy=False), sorted_names


def decode_names(codes: np.ndarray, names: np.ndarray) -> pd.Series:
    """Return a column of categories from codes (n,), -1 where missing, and their names."""
    levels: Any = names
    return pd.Series(pd.Categorical.from_codes(codes, categories=levels))


def key_moments(time: pd.Series) -> np.ndarray:
    """Return times (n,) in whole milliseconds, by which the rows of two tables meet."""
    moments = time.to_numpy(float) * _MILLI
    return np.rint(moments, out=moments).astype(np.int64)


def refuse_repeats(codes: np.ndarray, moments: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return the order (n,) of rows by video and time; refuse two rows of one moment.

    Codes and moments (n,) are as from `code_names` and `key_moments`.
    """
    if _is_rising(codes, moments):
        return np.arange(len(codes))
    order = np.lexsort((moments, codes))
    codes, moments = codes[order], moments[order]
    twice = np.flatnonzero((np.diff(codes) == 0) & (np.diff(moments) == 0))
    if len(twice):
        counted = count_things(len(twice), "row repeats", "rows repeat")
        shown = f"'{names[codes[twice[0]]]}' at {moments[twice[0]] / _MILLI:g} s"
        fact = f"{counted} the moment of another, such as video {shown}."
        remedy = (
            "Leave copies out. If several people or faces stand there, name them with ",
            *(Option("annotator"), "."),
        )
        raise DataError(Problem(fact, remedy))
    return order


def _is_rising(codes: np.ndarray, moments: np.ndarray) -> bool:
    """Return whether rows stand in order, each once; a million at a time."""
    for first in range(0, len(codes), _MANY):
        part = slice(first, first + _MANY + 1)
        step, later = np.diff(codes[part]), np.diff(moments[part]) > 0
        if not ((step > 0) | ((step == 0) & later)).all():
            return False
    return True


def cut_labels(table: pd.DataFrame, names: Sequence[str], threshold: float) -> np.ndarray:
    """Return labels (n, e) of 1, 0 and NaN: a score of the threshold or above is a label."""
    check_labels(table, names, threshold)
    found = np.empty((len(table), len(names)), dtype=np.float32)
    for place, name in enumerate(names):
        found[:, place] = cut_scores(table[name].to_numpy(float), threshold)
    return found


def cut_scores(values: np.ndarray, threshold: float) -> np.ndarray:
    """Return labels (n,) of scores from 0 to 1, in half precision, which holds 1, 0 and NaN.

    Examples
    --------
    >>> cut_scores(np.array([0.2, 0.5, np.nan]), 0.5).tolist()
    [0.0, 1.0, nan]
    """
    return np.where(np.isnan(values), np.nan, values >= threshold).astype(np.float16)


def check_labels(table: pd.DataFrame, names: Sequence[str], threshold: float) -> None:
    """Refuse values that are no labels or scores from 0 to 1, as `cut_labels` does."""
    check_threshold(threshold)
    for name in names:
        values = table[name].to_numpy()
        low, high = np.fmin.reduce(values, initial=0), np.fmax.reduce(values, initial=1)
        if low < 0 or high > 1:
            fact = f"it holds values from {np.nanmin(values):g} to {np.nanmax(values):g}; labels "
            fact += "are 0 or 1, scores between."
            remedy = (
                *("Declare codes of missing values with ", Option("missing"), ", leave it out "),
                *("with ", Option("expressions"), ", or bring it to 0 to 1."),
            )
            raise DataError(Problem(fact, remedy, column=name))


def check_threshold(threshold: float) -> None:
    """Refuse a threshold of labels that is no share."""
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 < threshold <= 1:
        message = f" is {threshold}; it must lie above 0 and not above 1, such as 0.5."
        raise OptionError(Option("threshold"), message)


def sum_videos(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Return sums (…, G) over the rows of each video of values (n,) or (n, k), missing as 0."""
    if values.ndim == 1:
        return np.bincount(codes, weights=np.nan_to_num(values), minlength=groups)
    return np.array([sum_videos(column, codes, groups) for column in values.T])


def find_groups(
    table: pd.DataFrame, by: Groups, codes: np.ndarray, videos: np.ndarray
) -> dict[str, np.ndarray]:
    """Return whether each moment (n,) belongs to a group, by its name; groups are two or more."""
    if by is None:
        return {}
    if isinstance(by, str):
        require_columns(table, [by], "evoked")
        own, names = code_names(table[by].astype(object).where(table[by].notna(), ""))
        found = {str(name): own == place for place, name in enumerate(names) if name}
    else:
        require_columns(by, ["video", "group"], "groups")
        places = {name: place for place, name in enumerate(videos)}
        known = by.dropna(subset=["video", "group"])
        home = known["video"].astype(str).map(places)
        found = {}
        for name, part in home.groupby(known["group"].astype(str), sort=True):
            has = np.zeros(len(videos), dtype=bool)
            has[part.dropna().astype(int).to_numpy()] = True
            if has.any():
                found[str(name)] = has[codes]
    if len(found) < 2 and (len(found) == 0 or next(iter(found.values())).all()):
        fact = f"the moments are of {count_things(len(found), 'group')}; a comparison needs two."
        raise DataError(Problem(fact, (OTHER_COLUMN, Option("by"), ".")))
    if len(found) > MOST_GROUPS:
        message = f" gives {len(found):,} groups; at most {MOST_GROUPS} can be compared."
        raise OptionError(Option("by"), message)
    return found


class MatchedMoments(NamedTuple):
    """Moments of the truth with what each model says of them.

    Attributes
    ----------
    table
        The truth's rows, in order of video and time.
    codes, videos
        Video of each moment (n,), and names (G,).
    truth
        (n, e), NaN where unknown.
    predictions
        (models, n, e), NaN where a model says nothing.
    """

    table: pd.DataFrame
    codes: np.ndarray
    videos: np.ndarray
    truth: np.ndarray
    predictions: np.ndarray


def name_models(predictions: Predictions) -> dict[str, pd.DataFrame]:
    """Return the tables of predictions by the name of their model."""
    if isinstance(predictions, pd.DataFrame):
        if "model" not in predictions:
            return {"model": predictions}
        names = dict.fromkeys(predictions["model"].astype(str))
        own = predictions["model"].astype(str)
        return {name: predictions[own.eq(name)].drop(columns="model") for name in names}
    if not isinstance(predictions, Mapping) or not predictions:
        message = "there are no predictions. Name the table of at least one model."
        raise OptionError(message)
    return {str(name): table for name, table in predictions.items()}


def share_expressions(
    truth: pd.DataFrame, tables: Mapping[str, pd.DataFrame], expressions: Iterable[str] | None
) -> list[str]:
    """Return the expressions that the truth and every model have."""
    needs = ("video", "time")
    names = check_evoked(truth, expressions, needs=needs)
    for model, table in tables.items():
        own = check_evoked(table, expressions, needs=needs)
        shared = [name for name in names if name in own]
        if not shared:
            fact = f"the truth has {name_some(names)}, and model '{model}' has {name_some(own)}."
            raise DataError(Problem(fact, "Give columns of one expression one name."))
        names = shared
    return names


def align_moments(
    truth: pd.DataFrame, tables: Mapping[str, pd.DataFrame], names: list[str], *, common: bool
) -> MatchedMoments:
    """Return the truth with what each model says of it, matched by video and time.

    Moments that a model lacks are a DataError, or with ``common`` left out, with a warning.
    """
    codes, videos = code_names(truth["video"])
    moments = key_moments(truth["time"])
    order = refuse_repeats(codes, moments, videos)
    table = truth.iloc[order].reset_index(drop=True)
    codes = codes[order]
    keys = _join_keys(codes, moments[order])
    values = table[names].to_numpy(float)
    places = {str(name): place for place, name in enumerate(videos)}
    predicted = np.full((len(tables), *values.shape), np.nan)
    for line, (model, one) in enumerate(tables.items()):
        own, theirs = code_names(one["video"])
        times = key_moments(one["time"])
        refuse_repeats(own, times, theirs)
        home = np.array([places.get(str(name), -1) for name in theirs], dtype=np.int64)[own]
        kept = np.flatnonzero(home >= 0)
        mine = _join_keys(home[kept], times[kept])
        sort = np.argsort(mine, kind="stable")
        at = np.minimum(np.searchsorted(mine[sort], keys), max(len(mine) - 1, 0))
        met = np.zeros(len(keys), dtype=bool)
        if len(mine):
            met[mine[sort][at] == keys] = True
        said = one[names].to_numpy(float)
        predicted[line, met] = said[kept[sort[at[met]]]]
        _judge_gaps(values, predicted[line], table, model, common=common)
    lost = np.isnan(predicted).any(axis=0)
    values = np.where(lost, np.nan, values)
    if not np.isfinite(values).any():
        fact = "no moment of the truth is predicted by every model."
        raise DataError(Problem(fact, CHECK_VIDEOS))
    return MatchedMoments(table, codes, videos, values, predicted)


def _join_keys(codes: np.ndarray, moments: np.ndarray) -> np.ndarray:
    return (codes << 36) + moments


def _judge_gaps(
    truth: np.ndarray, predicted: np.ndarray, table: pd.DataFrame, model: str, *, common: bool
) -> None:
    gaps = np.asarray((np.isfinite(truth) & np.isnan(predicted)).any(axis=1))
    if not gaps.any():
        return
    row = table.iloc[int(np.argmax(gaps))]
    counted = count_things(gaps.sum(), "moment", "moments", of=len(gaps))
    where = f"video '{row['video']}' at {row['time']:g} s"
    if common:
        warn_user(f"model '{model}' lacks {counted}, such as {where}: left out for all models.")
        return
    fact = f"model '{model}' lacks {counted} of the truth, such as {where}."
    raise DataError(
        Problem(fact, ("Predict them, or leave them out with ", Option("common", True), "."))
    )
