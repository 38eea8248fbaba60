"""Layouts of tables: what the columns are, and what keeps a table from being analysed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import Option, Problem
from exprstats.io.columns import CLOCK
from exprstats.io.files.spreads import are_judges, find_pairs
from exprstats.io.files.words import (
    find_times,
    fold_name,
    holds_shapes,
    is_aside,
    is_rated,
    is_truth,
)
from exprstats.io.files.workbooks import CODEBOOK
from exprstats.io.guards.codes import holds_correlations, holds_printed, holds_steps
from exprstats.options import name_some

if TYPE_CHECKING:
    from exprstats.io.detection import Guess

TRACKERS: dict[str, Callable[[set[str]], bool]] = {
    "OpenFace": {"frame", "timestamp", "confidence", "success"}.issubset,
    "OpenFace images": {"face", "confidence", "gaze_angle_x"}.issubset,
    "OpenFace 3": {"frame_index", "face_id", "action_units"}.issubset,
    "LibreFace": {"frame_idx", "frame_time_in_ms"}.issubset,
    "py-feat": {"FaceRectX", "FaceScore"}.issubset,
    "ARKit": {"Timecode", "BlendShapeCount"}.issubset,
    "MediaPipe": holds_shapes,
}
# Correlation with the truth from which on columns are its predictions.
_FOLLOWS = 0.2
_MEASURED = re.compile(r"-?\d+[.,]\d+")


def find_tracker(names: set[str]) -> str:
    """Return the face tracker whose columns a table has, or no name."""
    return next((name for name, fits in TRACKERS.items() if fits(names)), "")


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
    >>> from exprstats.io.detection import guess_roles
    >>> table = pd.DataFrame({"rater": ["x", "y"], "c1": [1, 2], "c2": [3, 4], "c3": [5, 6]})
    >>> find_layout_kind(table, guess_roles(table))
    'raters in rows'
    """
    names = {str(name).strip() for name in table.columns}
    tracker = find_tracker(names)
    ids = [name for name in table.select_dtypes(exclude="number") if table[name].is_unique]
    if tracker and not (tracker == "MediaPipe" and ids):
        # A row for each of several videos holds means, and no frames.
        return tracker
    words = [str(name).strip().lower() for name in table.columns]
    judge = guess.roles.get("rater")
    alone = judge is not None and not {"clip", "rating"} & set(guess.roles)
    compared = guess.kind != "predictions" and find_truth(table, guess.numbers) is not None
    pairs = find_pairs(guess.numbers, numbered={"clip", "subject"} <= set(guess.roles))
    # What nobody names a judge, and what is no answer in steps, is no rating: "rest_smile".
    pairs = pairs if are_judges(pairs) or holds_steps(table[list(pairs)].to_numpy(float)) else {}
    counted = bool(pairs) and all(judge.isdigit() for _, judge in pairs.values())
    found = {
        "codebook": len(words) < 6 and len(CODEBOOK.intersection(words)) > 1,
        "segments": _holds_times(table),
        "correlations": holds_correlations(table[list(guess.numbers)].to_numpy(float))
        or holds_printed(table),
        "models side by side": compared and len(guess.numbers) > 1,
        "raters in rows": bool(guess.loops)
        or (alone and len(guess.numbers) > 2 and table[judge].is_unique),
        "items by raters": bool(pairs) and ("clip" in guess.roles or not counted),
    }
    return next((layout for layout, holds in found.items() if holds), guess.kind)


def find_truth(table: pd.DataFrame, names: Sequence[str]) -> str | None:
    """Return the column that others predict: by its name, or its scale.

    The one column that is called as ratings are, in decimals, is what others follow on its scale.

    Examples
    --------
    >>> table = pd.DataFrame({"rating": [1.2, 3.4, 5.1], "net": [1.4, 3.1, 4.8]})
    >>> table["svm"] = [2.1, 3.4, 4.5]
    >>> find_truth(table, [*table])
    'rating'
    """
    named = next((name for name in map(str, table) if is_truth(name)), None)
    if named is not None:
        return named
    kept = [name for name in names if not is_aside(name)]
    values = table[kept]
    spans = values.max() - values.min()
    rated = [name for name in kept if is_rated(name)]
    steps = [name for name in kept if holds_steps(table[[name]].to_numpy(float))]
    # One column of whole numbers beside what is called human is a model's; judges are several.
    human = rated and "human" in re.split(r"[\W\d_]+", fold_name(rated[0]))
    alike = len(kept) > 2 and spans.min() >= spans.max() / 2
    if len(rated) == 1 and alike and len(steps) <= bool(human):
        follow = values.corrwith(values[rated[0]]).drop(rated[0])
        return rated[0] if follow.min() > _FOLLOWS else None
    return None


def _holds_times(table: pd.DataFrame) -> bool:
    """Return whether a table has beginnings with ends or durations, and no dates of a survey."""
    times = find_times([str(name) for name in table])
    if "start" not in times or not {"end", "duration"} & set(times):
        return False
    begun = table[times["start"][0]].dropna()
    if pd.api.types.is_numeric_dtype(begun):
        return True
    return len(begun) > 0 and bool(begun.astype(str).str.strip().map(CLOCK.fullmatch).notna().all())


def refuse_layout(layout: str) -> list[Problem]:
    """Return why nothing can be analysed in a table of some layouts."""
    if layout == "codebook":
        remedy = ("Name the data with ", Option("sheet"), ".")
        return [Problem("this is a codebook, not data.", remedy)]
    if layout == "correlations":
        fact = "this is a correlation matrix, not data."
        return [Problem(fact, "Analyses need the answers themselves, one row per clip or person.")]
    if layout == "OpenFace images":
        fact = "OpenFace wrote this of single pictures, which have no time."
        return [Problem(fact, "Motion features need videos: run FeatureExtraction on them.")]
    return []


def judge_frames(layout: str, table: pd.DataFrame) -> list[Problem]:
    """Return what keeps frames of one file from being one face of one video."""
    names = {str(name).strip(): name for name in table}
    if layout != "OpenFace" or not table[names["frame"]].duplicated().any():
        return []
    texts = table.select_dtypes(exclude="number")
    films = next((str(name) for name in texts if len(texts[name].unique()) > 1), None)
    if films is not None and not table.duplicated([films, names["frame"]]).any():
        counted = count_things(table[films].nunique(), "name")
        fact = f"the file holds frames of several videos ({counted} in '{films}')."
        return [Problem(fact, "Save one file a video, named as the video.", column=films)]
    return []


def ask_times(layout: str, table: pd.DataFrame) -> list[Problem]:
    """Return what frames of blendshapes do not say: how many there are a second."""
    named = r"(time|timestamp|t|seconds?|sec|ms)\W*.*"
    if layout != "MediaPipe" or any(re.match(named, str(name).strip().lower()) for name in table):
        return []
    fact = "the file has no column of times, and rows are frames at a rate that it does not say."
    cure = "Give its frames per second: run 'exprstats features' with --tracker mediapipe and "
    return [Problem(fact, (cure, Option("fps"), "."))]


def ask_faces(layout: str, table: pd.DataFrame) -> list[Problem]:
    """Return which face is not known, where frames of OpenFace show several."""
    names = {str(name).strip(): name for name in table}
    if layout != "OpenFace" or "face_id" not in names:
        return []
    shared = int(table[names["frame"]].duplicated().sum())
    if not shared:
        return []
    faces = table[names["face_id"]].nunique()
    fact = f"{count_things(faces, 'face')} share {count_things(shared, 'frame')}."
    return [Problem(fact, ("Choose one with ", Option("face", "largest"), " or by its id."))]


def find_headless(table: pd.DataFrame) -> list[Problem]:
    """Return a problem if the first row seems to be data: all its texts come again below."""
    again = [str(name) for name, column in table.items() if _comes_again(str(name), column)]
    timed = [name for name in map(str, table) if _MEASURED.fullmatch(name.strip())]
    clocks = [name for name in map(str, table) if CLOCK.fullmatch(name.strip())]
    if clocks and len(timed := [*clocks, *timed]) > 1:
        fact = f"the first row holds {name_some(timed[:2])}: the names of the columns are missing."
        return [Problem(fact, "Add a first row with the names, such as clip, start, end.")]
    if len(again) == len(table.columns) > 1 and timed:
        fact = f"the first row holds {name_some(timed[:2])}: the names of the columns are missing."
        return [Problem(fact, "Add a first row with the names, such as clip, smile, gaze.")]
    texts = [name for name in again if not pd.api.types.is_numeric_dtype(table[name])]
    if len(again) < len(table.columns) or not texts:
        return []
    shown = " and ".join(f"'{name}'" for name in texts[:2])
    fact = f"the first row holds {shown}, as rows below do: the names of the columns are missing."
    return [Problem(fact, "Add a first row with the names, such as clip, rater, rating.")]


def _comes_again(name: str, column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column):
        return bool((column == name).any())
    try:
        return np.isfinite(float(name.replace(",", ".")))
    except ValueError:
        return False
