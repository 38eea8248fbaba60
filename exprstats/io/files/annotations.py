"""Files of annotations, estimates and lexicons, told by their first bytes or their names."""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from exprstats.io.files.words import list_words

Use = Literal["evoked", "signing", "estimates", "lexicon"]

_BLOCK = 1 << 16
_LINES = 40
_WORDED = 0.98
_ROOTS = {
    "ANNOTATION_DOCUMENT": "annotations of ELAN (.eaf)",
    "SIGNSTREAM-DATABASE": "annotations of SignStream 2 (.xml)",
    "SIGNSTREAM_DAI": "annotations of SignStream 3 (.xml)",
}
_LIRIS = re.compile(
    r"accede(ranking|sets|description)|.+_(valence-arousal|valence|arousal)", re.IGNORECASE
)
_EEV = {"Video ID", "Timestamp (milliseconds)"}
_TIER = {"tier", "start", "end"}
_NOLDUS = {"Video Time", "Neutral", "Happy", "Sad", "Angry"}
# Emotions by which programs call their columns, in lower case.
_EMOTIONS = frozenset(
    list_words(
        "joy|happy|happiness|sad|sadness|anger|angry|fear|fearful|scared|surprise|surprised|"
        "disgust|disgusted|contempt|neutral|admiration|adoration|amusement|anxiety|awe|"
        "awkwardness|boredom|calmness|concentration|confusion|contentment|craving|desire|"
        "determination|disappointment|distress|doubt|ecstasy|embarrassment|excitement|guilt|"
        "horror|interest|nostalgia|pain|pride|realization|relief|romance|satisfaction|shame|"
        "sympathy|tiredness|triumph"
    )
)
_TIME = re.compile(r"(time|timestamp|time stamp|seconds?|frame_time)([_ ]?\(?(s|secs?|ms)\)?)?")
_FILMS = frozenset(list_words("sourcestimuliname|stimulusname|stimulus"))
# So many columns of emotions are no items of a questionnaire, if so many of their cells have
# decimals.
_FEWEST, _DECIMAL = 4, 0.5
_AFFDEX = {"Anger", "Sadness", "Disgust", "Joy", "Surprise", "Fear", "Contempt"}


@dataclass(frozen=True, slots=True)
class Annotated:
    """What a file is, its use (a command, a lexicon) with options, and whether people rated."""

    kind: str
    use: Use
    rated: bool = field(default=False, repr=False)
    options: Mapping[str, str | list[str]] = field(default_factory=dict, repr=False)


def tell_annotated(path: Path) -> Annotated | None:
    r"""Return what a file of annotations, estimates or words is; None if it is another.

    Parameters
    ----------
    path
        The file; a folder, a pipe and what cannot be read are none.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.eaf"
    >>> _ = path.write_text('<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT/>')
    >>> tell_annotated(path)
    Annotated(kind='annotations of ELAN (.eaf)', use='signing')
    """
    if not path.is_file():
        return None
    named = path.suffix.lower() in {".txt", ".xml"}
    if named and _LIRIS.fullmatch(path.stem):
        return Annotated("annotations of LIRIS-ACCEDE", "evoked", rated=True)
    try:
        text = _read_start(path)
    except (OSError, EOFError):
        return None
    if text.lstrip()[:1] == "<":
        tags = re.findall(r"<([A-Za-z_][\w.-]*)", re.sub(r"<!--.*?-->", "", text, flags=re.S))
        kind = _ROOTS.get(tags[0]) if tags else None
        return Annotated(kind, "signing") if kind else None
    if text.lstrip()[:1] in {"{", "["}:
        return _tell_json(text)
    return _tell_lexicon(path, text) or _tell_table(text)


def pick_annotated(paths: Sequence[Path]) -> list[Path]:
    """Return paths, with the files of folders whose first file is of annotations or estimates."""
    listed: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else []
        files = [one for one in inside if one.is_file() and one.name[0] != "."]
        told = bool(files) and tell_annotated(files[0]) is not None
        listed += files if told else [path]
    return listed


def _read_start(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(_BLOCK)
    if head.startswith(b"\x1f\x8b"):
        with gzip.open(path) as packed:
            head = packed.read(_BLOCK)
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return head.decode("utf-16" if wide else "utf-8", "replace").removeprefix("\ufeff")


# Logs of one person over time, by what stands in their first lines, with what helps.
_LOGS = (
    (
        r"\A\W*(Time of Rating[,;\t]|Second[,;\t](Rating|X[,;\t]Y)\s*$)",
        "the continuous ratings of one rater (CARMA or DARMA)",
        "Reliability needs several raters: put them side by side, with one column of seconds and "
        "one a rater.",
    ),
    (
        r"^Video Time[,;\t]Emotion\s*$",
        "a state log of FaceReader, with a row where the leading emotion changes",
        "Export the detailed log, which has a row a frame: exprstats estimates reads it.",
    ),
    (
        r"^.*\bBehavior\b.*[,;\t]Status\s*$",
        "BORIS's list of single events, where starts and stops have rows of their own",
        "Export 'aggregated events', which hold beginnings and ends of clips in one row.",
    ),
)


def tell_log(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return what a log of another program is that holds no table to analyse, and what helps.

    Examples
    --------
    >>> tell_log(["Time of Rating,01-Mar-2024", "Second,Rating"])[0]
    'the continuous ratings of one rater (CARMA or DARMA)'
    >>> tell_log(["clip,rater,rating"])
    """
    text = "".join(lines[:_LINES]).replace('"', "")
    found = (log for log in _LOGS if re.search(log[0], text, re.MULTILINE))
    return next(((kind, cure) for _, kind, cure in found), None)


def _tell_json(text: str) -> Annotated | None:
    if '"grouped_predictions"' in text or ('"predictions"' in text and '"emotions"' in text):
        return Annotated("predictions of Hume (.json)", "estimates")
    if '"emotions"' in text and ('"faces"' in text or '"frames"' in text or '"engagement"' in text):
        return Annotated("estimates of Affectiva (.json)", "estimates")
    return None


def _tell_lexicon(path: Path, text: str) -> Annotated | None:
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if path.suffix.lower() in {".dic", ".dicx"} or (lines and lines[0].strip() == "%"):
        return Annotated("a lexicon of LIWC", "lexicon")
    if not lines:
        return None
    header = {cell.strip().lower() for cell in re.split(r"[,;\t]", lines[0])}
    if {"category", "word"} <= header and len(header) < 4:
        return Annotated("a lexicon", "lexicon")
    # One line a category, with as many words as it has.
    counts = [line.count("\t") for line in lines[:_LINES]]
    cells = [cell for line in lines[:_LINES] for cell in line.split("\t")]
    worded = sum(cell[:1].isalpha() for cell in cells) > _WORDED * len(cells)
    ragged = len(lines) > 2 and len(set(counts)) > 2 and min(counts) > 1
    return Annotated("a lexicon", "lexicon") if worded and ragged else None


def _tell_table(text: str) -> Annotated | None:
    for place, line in enumerate(text.split("\n")[:_LINES]):
        cells = re.split(r"[,;\t]", line.rstrip("\r"))
        names = {cell.strip().strip('"') for cell in cells}
        lower = {name.lower() for name in names}
        hume = "Id" in names and bool(names & {"Time", "BeginTime"})
        facet = any(name.endswith(" Evidence") for name in names)
        affdex = names & {"Engagement", "Valence", "Attention", "MediaTime"}
        kinds: tuple[tuple[bool, str, Use], ...] = (
            (names >= _EEV, "expressions that videos evoke (EEV)", "evoked"),
            (not place and lower >= _TIER, "annotated intervals, one row each", "signing"),
            (hume and names >= {"Admiration", "Joy"}, "predictions of Hume", "estimates"),
            (names >= _NOLDUS, "a detailed log of FaceReader", "estimates"),
            (facet, "estimates of FACET", "estimates"),
            (bool(affdex) and names >= _AFFDEX, "estimates of AFFDEX", "estimates"),
            (
                names >= {"FaceRectX", "FaceScore", "anger"},
                "frames of py-feat, with emotions",
                "estimates",
            ),
        )
        for holds, kind, use in kinds:
            if holds:
                return Annotated(kind, use)
        if (found := _find_scores(cells, text.split("\n")[place + 1 : _LINES])) is not None:
            return found
    return None


def _find_scores(cells: Sequence[str], below: Sequence[str]) -> Annotated | None:
    """Return what a log of frames is whose columns are called as emotions, in decimals."""
    names = [cell.strip().strip('"') for cell in cells]
    emotions = [one for one in names if re.sub(r"\W.*", "", one.lower()) in _EMOTIONS]
    times = [one for one in names if _TIME.fullmatch(one.lower())]
    films = [one for one in names if one.lower() in _FILMS]
    if len(emotions) < (2 if films else _FEWEST) or not times:
        return None
    places = [names.index(one) for one in emotions]
    rows = [re.split(r"[,;\t]", line) for line in below if line.strip()]
    held = [row[at] for row in rows for at in places if len(row) == len(names) and row[at].strip()]
    if not held or sum("." in cell for cell in held) < _DECIMAL * len(held):
        return None
    options: dict[str, str | list[str]] = {"emotions": emotions}
    options |= {"time": times[0]} if times[0] != "time" else {}
    options |= {"by": [films[0]]} if films else {}
    return Annotated("estimates of emotions, one row a frame", "estimates", options=options)
