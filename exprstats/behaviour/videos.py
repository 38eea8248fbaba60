"""Which OpenFace files belong to which video; what stands in several files is read as one."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exprstats.behaviour.joins import Joined, join_lines
from exprstats.behaviour.layouts import KEYS, list_files, name_video, read_names
from exprstats.behaviour.lines import Lines
from exprstats.behaviour.scanning import scan_file
from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things


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

    Parameters
    ----------
    path
        A file or folder.
    recursive
        Whether folders inside are searched, too.
    endings
        Endings of names, such as ``"_pose"``, that tell the files of one video apart.

    Raises
    ------
    DataError
        If there are no files, or two files of a video hold the same columns.
    """
    videos: dict[str, list[Path]] = {}
    for one in list_files(path, recursive=recursive):
        videos.setdefault(_cut_ending(name_video(one), endings), []).append(one)
    _refuse_copies(videos, path)
    return [Video(name, tuple(paths)) for name, paths in videos.items()]


def open_video(video: Video) -> Lines | Joined:
    """Find the lines of a video's files and read their keys.

    Raises
    ------
    DataError
        If a file cannot be read, or the files do not fit together.
    """
    if len(video.paths) == 1:
        lines = scan_file(video.paths[0])
        named = lines.layout.rename(video.name)
        return lines if named == lines.layout else lines.relabel(named)
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
            remedy = "Keep one file a video, or files that hold different columns."
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
