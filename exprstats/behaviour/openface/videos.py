"""Videos and the OpenFace files that belong to each of them."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import (
    KEYS,
    NEEDED,
    FileLayout,
    list_openface_files,
    name_video,
    read_names,
)
from exprstats.behaviour.openface.lines import FileLines, scan_file
from exprstats.errors import DataError, Problem

# Two programs may print a time to a millisecond in their own ways.
_MILLISECOND = 1e-3
_APART = 1.5e-3


@dataclass(frozen=True, slots=True)
class Video:
    """A video's name, and the files that hold its columns."""

    name: str
    paths: tuple[Path, ...]

    @property
    def label(self) -> str:
        """Name the files."""
        return " + ".join(str(path) for path in self.paths)


def list_videos(path: Path, *, recursive: bool = False, endings: Sequence[str] = ()) -> list[Video]:
    """Return the videos of a file or folder, in the order of their first files.

    Endings such as ``"_pose"`` tell the files of one video apart, which may not hold the same
    columns.
    """
    videos: dict[str, list[Path]] = {}
    for one in list_openface_files(path, recursive=recursive):
        videos.setdefault(_cut_ending(name_video(one), endings), []).append(one)
    _refuse_copies(videos, path)
    return [Video(name, tuple(paths)) for name, paths in videos.items()]


def open_video(video: Video) -> FileLines | Joined:
    """Find the lines of a video's files, which must fit together, and read their keys."""
    if len(video.paths) == 1:
        lines = scan_file(video.paths[0])
        named = lines.layout.rename(video.name)
        return lines if named == lines.layout else replace(lines, layout=named)
    return join_lines(video.name, [scan_file(path, partial=True) for path in video.paths])


def _cut_ending(name: str, endings: Sequence[str]) -> str:
    fitting = [one for one in endings if one and name.endswith(one) and name != one]
    return name.removesuffix(max(fitting, key=len)) if fitting else name


def _refuse_copies(videos: dict[str, list[Path]], place: Path) -> None:
    problems = []
    for name, paths in videos.items():
        if len(paths) == 1:
            continue
        counts = Counter(column for path in paths for column in _read_columns(path))
        twice = [column for column, count in counts.items() if count > 1]
        if twice:
            listed = ", ".join(str(one.relative_to(place)) for one in paths)
            counted = count_things(len(paths), "file shares", "files share")
            fact = f"{counted} a video's name, '{name}', and the column "
            fact += f"'{twice[0]}': {listed}."
            remedy = "Keep one file per video, or files that hold different columns."
            problems.append(Problem(fact, remedy, file=str(place)))
    if problems:
        raise DataError(problems)


def _read_columns(path: Path) -> set[str]:
    """Return the columns beside the keys; a file that cannot be read has none yet."""
    opener = gzip.open if path.name.lower().endswith(".gz") else Path.open
    try:
        with opener(path, "rb") as stream:
            names = read_names(path, stream.readline())
    except (OSError, EOFError, zlib.error, DataError):
        return set()
    return {name for name in names if name and name not in KEYS}


@dataclass(frozen=True, slots=True)
class Joined:
    """The lines of several files of one video; it stands where `FileLines` of one file stand.

    Attributes
    ----------
    layout
        Of the file that holds the keys, with the columns of all.
    numbers, keys
        Row numbers (n,) and keys (n, 5) of that file.
    notes
        What a person should know.
    pieces
        Each file's lines, and which of them belongs to each row (n,), −1 where none does.
    """

    layout: FileLayout
    numbers: np.ndarray
    keys: np.ndarray
    notes: tuple[str, ...]
    pieces: tuple[tuple[FileLines, np.ndarray], ...]

    def parse(self, rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return the numbers (len(rows), len(names)) of some rows and columns."""
        values = np.full((len(rows), len(names)), np.nan)
        waiting = list(range(len(names)))
        for lines, partner in self.pieces:
            held = [place for place in waiting if names[place] in lines.layout.names]
            waiting = [place for place in waiting if place not in held]
            found = np.flatnonzero(partner[rows] >= 0)
            if held and len(found):
                wanted = tuple(names[place] for place in held)
                values[found[:, None], held] = lines.parse(partner[rows[found]], wanted)
        return values


def join_lines(video: str, several: Sequence[FileLines]) -> Joined:
    """Match the rows of a video's files, or say in a DataError which do not fit together.

    The first file with time, confidence and success says which rows there are. Rows of the others
    are matched by frame and face, without frames by time (to a millisecond).
    """
    whole = [lines for lines in several if set(NEEDED) <= set(lines.layout.names)]
    if not whole:
        fact = f"no file of video '{video}' has {', '.join(NEEDED)} together."
        raise DataError(Problem(fact, "One of the files must.", file=str(several[0].layout.path)))
    main = whole[0]
    others = [lines for lines in several if lines is not main]
    pieces = [(main, np.arange(len(main.keys)))]
    notes = [note for lines in several for note in lines.notes]
    for lines in others:
        partner = _match_rows(main, lines)
        notes += _note_unmatched(partner, lines)
        pieces.append((lines, partner))
    names = dict.fromkeys(name for lines in (main, *others) for name in lines.layout.names)
    layout = FileLayout(main.layout.path, video, tuple(names))
    return Joined(layout, main.numbers, main.keys, tuple(notes), tuple(pieces))


def _match_rows(main: FileLines, other: FileLines) -> np.ndarray:
    """Return which row of another file belongs to each row (n,), −1 where none does."""
    key = "frame" if _hold(main, other, "frame") else "timestamp"
    if not _hold(main, other, key):
        raise _blame(other, "it has neither the frames nor the times of the other file.")
    names = [key, "face_id"] if _hold(main, other, "face_id") else [key]
    left, right = _index(main, names), _index(other, names)
    for lines, index in ((main, left), (other, right)):
        if index.has_duplicates:
            counted = count_things(index.duplicated(keep=False).sum(), "row shares", "rows share")
            fact = f"{counted} their "
            raise _blame(lines, f"{fact}{' and '.join(names)}, so that files cannot be matched.")
    partner = right.get_indexer(left)
    if (partner < 0).all():
        raise _blame(other, f"none of its rows matches by {' and '.join(names)}.")
    if key == "frame" and _hold(main, other, "timestamp"):
        _check_times(main, other, partner)
    return partner


def _hold(main: FileLines, other: FileLines, name: str) -> bool:
    return name in main.layout.names and name in other.layout.names


def _index(lines: FileLines, names: Sequence[str]) -> pd.MultiIndex:
    columns = {name: lines.keys[:, KEYS.index(name)] for name in names}
    if "timestamp" in columns:
        columns["timestamp"] = columns["timestamp"] / _MILLISECOND
    return pd.MultiIndex.from_arrays([np.rint(one).astype(np.int64) for one in columns.values()])


def _check_times(main: FileLines, other: FileLines, partner: np.ndarray) -> None:
    place = KEYS.index("timestamp")
    both = partner >= 0
    apart = np.abs(main.keys[both, place] - other.keys[partner[both], place]).max()
    if apart > _APART:
        raise _blame(other, f"its times differ by up to {apart:.3f} s in the same frames.")


def _note_unmatched(partner: np.ndarray, lines: FileLines) -> list[str]:
    lost = int((partner < 0).sum())
    if not lost:
        return []
    counted = count_things(lost, "rows has", "rows have", of=len(partner))
    return [f"{counted} no partner in {lines.layout.path.name}."]


def _blame(lines: FileLines, fact: str) -> DataError:
    remedy = "Files of one video must show the same frames; give others another name."
    return DataError(Problem(fact, remedy, file=str(lines.layout.path)))
