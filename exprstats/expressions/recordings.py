"""Recordings: what their names say of them, and what a table about them says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.options import name_some

# What may name a person or a data set without being a column of a file; the last are told by the
# names of RAVDESS recordings.
PLACED = ("recording", "folder", "file", "voice", "intensity", "statement", "repetition", "gender")

_ENDINGS = re.compile(r"(\.gz|\.csv|\.tsv|\.txt|\.json|\.mp4|\.wav|\.avi|\.mov|\.mkv|\.mp3)$", re.I)
_MODALITY = re.compile(r"(?:^|[ _.-])(face|prosody|language|burst)$", re.I)
_RAVDESS = re.compile(r"(?<![\d-])(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)(?![\d-])")
_CHANNELS = {"01": "audio and video", "02": "video", "03": "audio"}
_VOICES = {"01": "speech", "02": "song"}
_EMOTIONS = {
    **{"01": "neutral", "02": "calm", "03": "happy", "04": "sad"},
    **{"05": "angry", "06": "fearful", "07": "disgust", "08": "surprised"},
}
_INTENSITIES = {"01": "normal", "02": "strong"}


def name_source(name: str) -> tuple[str, str | None]:
    """Return the recording that an export is about, and the modality that its name ends in.

    Examples
    --------
    >>> name_source("out/bad_interview_face.csv")
    ('bad_interview', 'face')
    >>> name_source("talk.mp4"), name_source("face.csv")
    (('talk', None), ('face', 'face'))
    """
    stem = Path(name.replace("\\", "/")).name
    while (shorter := _ENDINGS.sub("", stem)) != stem and shorter:
        stem = shorter
    found = _MODALITY.search(stem)
    if found is None:
        return stem, None
    return stem[: found.start()] or stem, found[1].lower()


def decode_ravdess(name: str) -> dict[str, str]:
    """Return what the name of a RAVDESS recording says of it.

    Parameters
    ----------
    name
        A file's name or path with seven pairs of digits, ``MM-VV-EE-II-SS-RR-AA``.

    Returns
    -------
    dict
        ``recording`` (the name without its first pair, so that video and audio of one take meet),
        ``channel``, ``voice``, ``label`` (the emotion acted), ``intensity``, ``statement``,
        ``repetition``, ``subject`` (the actor) and ``gender``; empty for any other name.

    References
    ----------
    Livingstone, S. R., & Russo, F. A. (2018). The Ryerson Audio-Visual Database of Emotional
    Speech and Song (RAVDESS). *PLoS ONE, 13*(5), e0196391.

    Examples
    --------
    >>> found = decode_ravdess("Actor_12/02-01-06-01-02-01-12.mp4")
    >>> found["label"], found["subject"], found["gender"], found["recording"]
    ('fearful', '12', 'female', '01-06-01-02-01-12')
    >>> decode_ravdess("interview.mp4")
    {}
    """
    found = _RAVDESS.search(str(name))
    if found is None:
        return {}
    channel, voice, emotion, intensity, statement, repetition, actor = found.groups()
    # Neutral was acted in one intensity only; any other code is not a name of this corpus.
    known = channel in _CHANNELS and voice in _VOICES and emotion in _EMOTIONS
    if not known or intensity not in _INTENSITIES or not 1 <= int(actor) <= 24:
        return {}
    return {
        "recording": found[0][3:],
        "channel": _CHANNELS[channel],
        "voice": _VOICES[voice],
        "label": _EMOTIONS[emotion],
        "intensity": _INTENSITIES[intensity],
        "statement": statement,
        "repetition": repetition,
        "subject": actor,
        "gender": "male" if int(actor) % 2 else "female",
    }


def place_recordings(
    table: pd.DataFrame, path: Path, roles: Mapping[str, str | None]
) -> pd.DataFrame:
    """Return estimates of one file with the roles that its recordings, folder or name give."""
    names = table["recording"].astype(str)
    told: dict[str, Any] = {"recording": names, "folder": path.resolve().parent.name}
    told["file"] = path.name
    for role, one in roles.items():
        if one is None or one not in PLACED or role in table:
            continue
        if one not in told:
            known = {name: decode_ravdess(name) or decode_ravdess(path.name) for name in set(names)}
            told[one] = names.map({name: found.get(one) for name, found in known.items()})
        table = table.assign(**{role: told[one]})
    return table


def read_about(about: str | Path | pd.DataFrame | None) -> pd.DataFrame:
    """Return a table about recordings with their names, each once, as exports have them."""
    if about is None:
        return pd.DataFrame()
    if isinstance(about, pd.DataFrame):
        table = about
    else:
        from exprstats.io import read_table

        table = read_table(about)
    lower = {str(name): str(name).lower() for name in table}
    known = ("recording", "id", "start", "end", "clip", "label", "subject", "context")
    table = table.rename(columns={name: low for name, low in lower.items() if low in known})
    file = None if isinstance(about, pd.DataFrame) else str(about)
    if "recording" not in table or ("start" in table) != ("end" in table):
        fact = "there is no column 'recording'."
        if "recording" in table:
            fact = "of the columns 'start' and 'end' one is missing."
        remedy = f"There is: {', '.join(map(str, table.columns))}."
        raise DataError(Problem(fact, remedy, file=file))
    names = [name_source(name)[0] for name in map(str, table["recording"])]
    table = table.assign(recording=[decode_ravdess(n).get("recording", n) for n in names])
    keys = ["recording", "id"] if "id" in table else ["recording"]
    if "start" in table and "id" in table:
        fact = "it has rows for parts (start, end) and for faces or voices (id)."
        raise DataError(Problem(fact, "Give two tables one after the other.", file=file))
    if "start" not in table and table[keys].duplicated().any():
        twice = " of ".join(map(str, table.loc[table[keys].duplicated(), keys[::-1]].iloc[0]))
        fact = f"recording '{twice}' has two rows."
        remedy = "Give it one, or add the columns start and end (parts), or id (faces, voices)."
        raise DataError(Problem(fact, remedy, file=file))
    return table


def join_about(
    estimates: pd.DataFrame, about: pd.DataFrame, roles: Mapping[str, str | None]
) -> pd.DataFrame:
    """Return estimates with the people, data sets and labels of a table about recordings.

    ``roles`` has the column of each role. Parts of one recording may not overlap; recordings that
    the table lacks, and moments outside of all parts, are a warning.
    """
    if about.empty:
        return estimates
    named = {one: role for role, one in roles.items() if one in about and one not in PLACED}
    about = about.drop(
        columns=[role for role in named.values() if role in about and role not in named]
    ).rename(columns=named)
    told = [name for name in ("subject", "context", "label") if name in about]
    known = estimates["recording"].astype(str)
    lost = sorted(set(known.unique()) - set(about["recording"]))
    if len(lost) == known.nunique():
        fact = f"the table about recordings names none of {name_some(lost)}."
        remedy = ("Name them in the column 'recording' of ", Option("about"), ".")
        raise DataError(Problem(fact, remedy))
    if lost:
        warn_user(f"The table about recordings has no row of {name_some(lost)}.")
    if "start" in about:
        return _cut_parts(estimates, about, told)
    if "id" in about:
        return _name_ids(estimates, about, told)
    rows = about.set_index("recording").reindex(known)
    return estimates.assign(**{name: rows[name].to_numpy(object) for name in told})


def _name_ids(estimates: pd.DataFrame, about: pd.DataFrame, told: list[str]) -> pd.DataFrame:
    """Return estimates with what the table says of each face and voice; name those it lacks."""
    pairs = [
        pd.MultiIndex.from_arrays([one["recording"].astype(str), one["id"].astype(str)])
        for one in (about, estimates)
    ]
    places = pairs[0].get_indexer(pairs[1])
    lost = list(dict.fromkeys(f"{two} of {one}" for one, two in pairs[1][places < 0]))
    if lost:
        warn_user(f"The table about recordings has no row of {name_some(lost)}.")
    rows = about[told].reindex(columns=told).iloc[np.maximum(places, 0)]
    return estimates.assign(
        **{name: rows[name].astype(object).where(places >= 0, None).to_numpy() for name in told}
    )


def _cut_parts(estimates: pd.DataFrame, about: pd.DataFrame, told: list[str]) -> pd.DataFrame:
    """Return the moments within parts, which become recordings; what lasts counts by its middle."""
    times = estimates["time"].to_numpy(float)
    if "end" in estimates:
        ends = estimates["end"].to_numpy(float)
        times = np.where(np.isnan(ends), times, (times + ends) / 2)
    known = estimates["recording"].astype(str)
    places = np.full(len(estimates), -1)
    groups = known.groupby(known).indices
    for name, part in about.groupby("recording", sort=False):
        order = part["start"].to_numpy(float).argsort()
        starts, ends = (part[one].to_numpy(float)[order] for one in ("start", "end"))
        if (starts[1:] < ends[:-1]).any() or (ends <= starts).any():
            fact = f"parts of recording '{name}' overlap or are empty."
            raise DataError(Problem(fact, "Let each part end before the next starts."))
        rows = groups.get(str(name), np.array([], int))
        found = np.searchsorted(starts, times[rows], side="right") - 1
        inside = (found >= 0) & (times[rows] < ends[np.maximum(found, 0)])
        index = about.index.get_indexer(part.index[order])
        places[rows[inside]] = index[found[inside]]
    kept = places >= 0
    if not kept.all():
        counted = count_things(int((~kept).sum()), "score lies", "scores lie", of=len(kept))
        warn_user(f"{counted} outside of all parts and left out.")
    if not kept.any():
        fact = "no moment lies in a part of the table about recordings."
        raise DataError(Problem(fact, "Give start and end in seconds of the recording."))
    rows = about.iloc[places[kept]]
    names = rows["recording"] + " " + rows["start"].map("{:g}".format)
    clips = rows["clip"].astype(str) if "clip" in about else names
    table = estimates[kept].reset_index(drop=True)
    table = table.assign(recording=clips.to_numpy(object))
    return table.assign(**{name: rows[name].to_numpy(object) for name in told})
