"""Exports of expression models: Hume, Affectiva, and wide or long tables of scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.document.text import join_words
from exprstats.errors import NO_NUMBERS, DataError, Option, Problem
from exprstats.expressions.recordings import PLACED, name_source
from exprstats.io import Reading
from exprstats.io.numbers import list_codes
from exprstats.options import name_nearest, name_some

# The names of the 53 expressions of Hume's models; face and voice have the first 48 of them.
_SHARED = (
    *("Admiration", "Adoration", "Aesthetic Appreciation", "Amusement", "Anger", "Anxiety"),
    *("Awe", "Awkwardness", "Boredom", "Calmness", "Concentration", "Confusion"),
    *("Contemplation", "Contempt", "Contentment", "Craving", "Desire", "Determination"),
    *("Disappointment", "Disgust", "Distress", "Doubt", "Ecstasy", "Embarrassment"),
    *("Empathic Pain", "Entrancement", "Envy", "Excitement", "Fear", "Guilt"),
    *("Horror", "Interest", "Joy", "Love", "Nostalgia", "Pain"),
    *("Pride", "Realization", "Relief", "Romance", "Sadness", "Satisfaction"),
    *("Shame", "Surprise (negative)", "Surprise (positive)", "Sympathy", "Tiredness", "Triumph"),
)
_SPOKEN = ("Annoyance", "Disapproval", "Enthusiasm", "Gratitude", "Sarcasm")
HUME = (*_SHARED, *_SPOKEN)
AFFECTIVA = (
    *("anger", "contempt", "disgust", "engagement", "fear", "joy", "sadness", "surprise"),
    *("valence", "attention"),
)
_NO_EMOTIONS = ("engagement", "valence", "attention")
# Columns that describe a row, by the names that they have in the table of estimates.
_BEGINS = ("Time", "BeginTime")
_CHECK = "Export the predictions again."


def parse_hume_table(table: pd.DataFrame, file: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return one row per prediction and emotion of a CSV file of Hume, and notes.

    Columns are found by their names: faces and words have other orders of emotions. Emotions
    without any value are left out, and so are sentiment (``1`` to ``9``), toxicity, action units
    and descriptions, which are no emotions.
    """
    recording, named = name_source(file)
    emotions = [name for name in HUME if name in table]
    filled = [name for name in emotions if table[name].notna().any()]
    modality = named if named == "burst" else _tell_modality(table) or named or "face"
    begin, end = next(name for name in _BEGINS if name in table), "EndTime"
    placed = bool(table[begin].isna().all()) and "BeginPosition" in table
    if placed:
        begin, end = "BeginPosition", "EndPosition"
    keys = pd.DataFrame({"recording": recording}, index=table.index)
    keys["id"] = table["Id"].astype(str) if "Id" in table else "unknown"
    keys = keys.assign(modality=modality, time=pd.to_numeric(table[begin]))
    if end in table:
        keys["end"] = pd.to_numeric(table[end])
    for name, column in (("Text", "text"), ("Probability", "probability")):
        if name in table:
            keys[column] = table[name]
    described = {"Id", "Frame", "Probability", "Confidence", "SpeakerConfidence", *_BEGINS}
    others = [name for name in table if name not in {*HUME, *described} and name not in _PLACES]
    empty = [name for name in (*others, *emotions) if table[name].isna().all()]
    kept_out = [name for name in others if name not in empty]
    notes = [_PLACED] if placed else []
    if empty:
        notes.append(f"{count_things(len(empty), 'column is', 'columns are')} empty and left out.")
    if kept_out:
        counted = count_things(len(kept_out), "column is no emotion", "columns are no emotions")
        notes.append(f"{counted} and left out ({', '.join(map(str, kept_out[:3]))} …).")
    return _lengthen(keys, table[filled].astype(float), file), tuple(notes)


_PLACES = {
    *("FaceX0", "FaceY0", "FaceWidth", "FaceHeight", "Text", "EndTime"),
    *("BeginPosition", "EndPosition"),
}


def _tell_modality(table: pd.DataFrame) -> str | None:
    if "FaceX0" in table or "Frame" in table:
        return "face"
    if "BeginPosition" in table:
        return "language"
    return "prosody" if "BeginTime" in table else None


def _lengthen(keys: pd.DataFrame, scores: pd.DataFrame, file: str) -> pd.DataFrame:
    if scores.empty or not len(scores.columns):
        fact = "the file holds no emotion with a value."
        raise DataError(Problem(fact, _CHECK, file=file))
    count = len(scores.columns)
    long = keys.loc[np.repeat(keys.index, count)].reset_index(drop=True)
    return long.assign(
        emotion=np.tile(scores.columns.to_numpy(object), len(scores)),
        score=scores.to_numpy(float).ravel(),
    )


def parse_json(
    path: Path, emotions: Sequence[str] | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the estimates of a JSON file of Hume or Affectiva, and notes.

    Of Affectiva's, what is no emotion is left out unless it is named as one to keep.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        fact = f"the file is not JSON ({error})."
        raise DataError(Problem(fact, _CHECK, file=str(path))) from error
    jobs = data if isinstance(data, list) else [data]
    if jobs and all(
        isinstance(one, dict) and {"Timestamp", "timestamp"} & set(one) for one in jobs
    ):
        return _parse_affectiva(jobs, path, emotions or ())
    rows, errors = [], []
    for job in jobs:
        found = job.get("results", job) if isinstance(job, dict) else {}
        errors += found.get("errors") or ()
        streamed = [{"file": path.name, "models": found}] if _MODALITIES & set(found) else ()
        for one in found.get("predictions") or streamed:
            rows += list(_list_predictions(one))
    counted = count_things(len(errors), "file failed", "files failed")
    if not rows:
        fact = "the JSON holds no predictions of Hume and no frames of Affectiva."
        if errors:
            told = errors[0].get("message") if isinstance(errors[0], dict) else errors[0]
            fact = f"the JSON holds no predictions: {counted} at Hume ({told})."
        raise DataError(Problem(fact, _CHECK, file=str(path)))
    notes = [f"{counted} at Hume; the others are read."] if errors else []
    table = pd.DataFrame(rows)
    if table.pop("placed").any():
        notes.append(_PLACED)
    return table, tuple(notes)


_MODALITIES = {"face", "prosody", "language", "burst"}
_PLACED = "words have no times; the places of their characters stand for seconds."


def _list_predictions(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    recording, _ = name_source(str(one.get("file", "recording")))
    for modality, model in (one.get("models") or {}).items():
        if not isinstance(model, dict):
            continue
        for group in model.get("grouped_predictions") or [model]:
            for prediction in group.get("predictions") or ():
                # Texts that nobody spoke have places of characters only.
                placed = prediction.get("time") is None and "position" in prediction
                time = prediction["position"] if placed else prediction.get("time") or 0.0
                spoken = isinstance(time, dict)
                keys = {
                    "recording": recording,
                    "id": str(group.get("id") or prediction.get("face_id") or "unknown"),
                    "modality": modality,
                    "time": time["begin"] if spoken else time,
                    "end": time["end"] if spoken else np.nan,
                    "text": prediction.get("text"),
                    "probability": prediction.get("prob"),
                    "placed": placed,
                }
                for emotion in prediction.get("emotions") or ():
                    score = emotion.get("score")
                    yield keys | {
                        "emotion": str(emotion.get("name")),
                        "score": np.nan if score is None else score,
                    }


def _parse_affectiva(
    frames: list[dict[str, Any]], path: Path, kept: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    # Affectiva's own programs put emotions and expressions into objects of their own.
    table = pd.DataFrame([one | (one.get("emotions") or {}) for one in frames])
    lower = {str(name): str(name)[0].lower() + str(name)[1:] for name in table}
    table = table.rename(columns=lower)
    present = [name for name in AFFECTIVA if name in table]
    others = [name for name in present if name in _NO_EMOTIONS and name not in kept]
    scores = table[[name for name in present if name not in others]]
    scores = scores.apply(pd.to_numeric, errors="coerce")
    recording, _ = name_source(path.name)
    time = pd.to_numeric(table["timestamp"], errors="coerce")
    keys = pd.DataFrame({"recording": recording, "id": "face_0", "modality": "face", "time": time})
    note = "scores run from 0 to 100"
    if others:
        verb = "is no emotion" if len(others) == 1 else "are no emotions"
        note += f"; {join_words(others)} {verb} and left out, name those to keep as the emotions"
    return _lengthen(keys, scores, str(path)), (f"{note}.",)


FAILED = ("FIT_FAILED", "FIND_FAILED")  # what FaceReader writes of frames without a face
UNKNOWN = "estimates"  # the modality of a table that does not tell it
_ROLES = {"id", "time", "subject", "modality", "context", "recording", "frame"}
_CLOCKS = {"start", "begin", "onset", "offset", "timestamp", "sample_index", "row"}
_CARRIED = ("subject", "context", "end", "label", "text")  # of a wide table, as they are
_FEWEST_STEPS, _STEADY = 3, 0.6  # of a column of times: steps up, and the share that is equal


def read_wide(
    path: Path, roles: dict[str, str], emotions: Sequence[str] | None, reading: Reading | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table with one column per emotion as one row an emotion."""
    from exprstats.io import read_table

    named = [roles[role] for role in ("id", "subject", "context") if role in roles]
    reading = reading or Reading()
    failed = replace(reading, missing=(*list_codes(reading.missing), *FAILED))
    table = read_table(path, ids=[one for one in named if one not in PLACED], reading=failed)
    # What recordings, folders and files are to give is not taken from a column of the role's name.
    placed = {k for k, v in roles.items() if v in PLACED and v not in table}
    lower = {str(name).lower(): str(name) for name in table}
    own = {role: lower[role] for role in (*_ROLES, *_CARRIED) if role in lower}
    roles = {k: v for k, v in (own | roles).items() if k not in placed}
    constant = roles.get("modality") if roles.get("modality") not in table else None
    missing = [n for r, n in roles.items() if n not in table and not (r == "modality" and constant)]
    if missing:
        fact = f"there is no column '{missing[0]}'."
        raise DataError(Problem(fact, "Name one of the file's columns.", file=str(path)))
    recording, named = name_source(path.name)
    keys = pd.DataFrame(index=table.index)
    keys["recording"] = table[roles["recording"]] if "recording" in roles else recording
    keys["id"] = table[roles["id"]] if "id" in roles else "row"
    known = roles.get("modality")
    keys["modality"] = table.get(known, constant or named or UNKNOWN)
    times = "time" if "time" in roles else "frame"
    # A table may be long already, with one row an emotion.
    pair = [lower.get(name, "") for name in ("emotion", "score")]
    long = all(pair) and not set(emotions or ()) & set(table)
    told = [*(keys[name] for name in keys), *([table[pair[0]]] if long else [])]
    keys["time"] = (
        pd.to_numeric(table[roles[times]], errors="coerce")
        if times in roles
        else keys.groupby(told, sort=False).cumcount().astype(float)
    )
    for role in _CARRIED:
        if role in roles:
            keys[role] = table[roles[role]]
    keys = keys.astype({name: object for name in ("recording", "id", "modality")})
    if long:
        scores = pd.to_numeric(table[pair[1]], errors="coerce")
        return keys.assign(emotion=table[pair[0]].astype(str), score=scores), ()
    numbers = [str(name) for name in table.select_dtypes(include="number")]
    taken = set(roles.values())
    free = [name for name in numbers if name not in taken]
    clocks = [n for n in free if n.lower().strip() in _CLOCKS or _is_clock(table[n])]
    chosen = list(emotions) if emotions else [name for name in free if name not in clocks]
    absent = [name for name in chosen if name not in table]
    if absent or not chosen:
        fact = NO_NUMBERS
        if absent:
            fact = f"there is no column '{absent[0]}'. {name_nearest(absent[0], free)}"
        raise DataError(
            Problem(fact, ("Name the columns with ", Option("emotions"), "."), file=str(path))
        )
    whole = keys.loc[np.repeat(keys.index, len(chosen))].reset_index(drop=True)
    scores = table[chosen].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    emotion = np.tile(np.array(chosen, object), len(table))
    notes = () if emotions else _tell_unused(table, clocks, taken)
    return whole.assign(emotion=emotion, score=scores.ravel()), notes


def _is_clock(column: pd.Series) -> bool:
    """Return whether numbers mostly rise by one step beyond 1, as times and frame numbers do."""
    if not column.max() > 1:
        return False
    steps = np.round(np.diff(column.to_numpy(float)), 6)
    rising = steps[steps > 0]
    if len(rising) < _FEWEST_STEPS:
        return False
    values, counts = np.unique(rising, return_counts=True)
    return bool(counts.max() >= _STEADY * len(steps)) and float(values[counts.argmax()]) > 0


def _tell_unused(table: pd.DataFrame, clocks: list[str], taken: set[str]) -> tuple[str, ...]:
    """Return notes on columns that are no emotions: those that rise steadily, and words."""
    notes = []
    if clocks:
        verb = "looks like a time" if len(clocks) == 1 else "look like times"
        notes.append(
            f"{name_some(clocks)} {verb}, by name or by steady steps, and no use is made of it; "
            "name times as such, or name the emotions."
        )
    numbers = table.select_dtypes(include="number")
    words = [str(name) for name in table if name not in numbers and str(name) not in taken]
    if words:
        verb = "holds" if len(words) == 1 else "hold"
        notes.append(
            f"{name_some(words)} {verb} words and no use is made of them; recordings and faces, "
            "people, and data sets are named by options (id, subject, by) or in a table of "
            "recordings."
        )
    return tuple(notes)
