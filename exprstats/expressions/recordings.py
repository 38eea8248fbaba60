"""Names of recordings: the ending of an export, and the coded names of RAVDESS."""

from __future__ import annotations

import re
from pathlib import Path

_ENDINGS = re.compile(r"(\.gz|\.csv|\.tsv|\.txt|\.json|\.mp4|\.wav|\.avi|\.mov|\.mkv|\.mp3)$", re.I)
_MODALITY = re.compile(r"[ _.-](face|prosody|language|burst)$", re.I)
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
    >>> name_source("talk.mp4")
    ('talk', None)
    """
    stem = Path(name.replace("\\", "/")).name
    while (shorter := _ENDINGS.sub("", stem)) != stem and shorter:
        stem = shorter
    found = _MODALITY.search(stem)
    if found is None or not found.start():
        return stem, None
    return stem[: found.start()], found[1].lower()


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
    found = _RAVDESS.search(name)
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
