"""Headers of OpenFace files in all their layouts, and their groups of columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from exprstats.apa import count_things
from exprstats.errors import NO_ROWS, DataError, Option, Problem
from exprstats.io.files.headers import OWN_NAMES
from exprstats.io.guards.ids import clean_id
from exprstats.options import name_nearest

POINTS = 68
# OpenFace rates the intensity of every unit but 28.
RATED = tuple(
    f"AU{unit:02d}_r" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
)
SEEN = (*(name.replace("_r", "_c") for name in RATED), "AU28_c")

GROUPS: dict[str, tuple[str, ...]] = {
    "points_px": tuple(f"{axis}_{i}" for axis in "xy" for i in range(POINTS)),
    "points_mm": tuple(f"{axis}_{i}" for axis in "XYZ" for i in range(POINTS)),
    "gaze": ("gaze_angle_x", "gaze_angle_y"),
    "head": ("pose_Tx", "pose_Ty", "pose_Tz"),
    "pitch": ("pose_Rx",),
    "yaw": ("pose_Ry",),
    "roll": ("pose_Rz",),
    "units_seen": SEEN,
    "units_rated": RATED,
    # What other trackers' units give; see `exprstats.behaviour.trackers.alignment`.
    "au_count": ("au_count",),
    "au_intensity": ("au_intensity",),
}
# OpenFace before 2.0 wrote the direction of each eye and no angles.
GAZE_VECTORS = tuple(f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz")
GAZE_NOTE = "gaze angles are computed from the gaze vectors of both eyes."
NEEDED = ("timestamp", "confidence", "success")
KEYS = ("frame", "face_id", *NEEDED)
# What files of all trackers are told of in the same words.
NO_PATH = "there is no such file or folder."
NO_ROWS = NO_ROWS
CUT_OFF = "the last row is cut off and left out."
_ENDINGS = (".csv", ".csv.gz")
# Characters of a strange first line that a message quotes.
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The header of one file.

    Attributes
    ----------
    path, video
        The file, and the name that its ending leaves.
    names
        Column names without padding and quotes, in order.
    """

    path: Path
    video: str
    names: tuple[str, ...]

    @property
    def lacks_angles(self) -> bool:
        """Whether gaze angles must come from gaze vectors."""
        return set(GAZE_VECTORS) <= set(self.names) and GROUPS["gaze"][0] not in self.names

    def find_places(self, names: tuple[str, ...]) -> list[int]:
        """Return the places of some columns."""
        places = {name: place for place, name in enumerate(self.names)}
        return [places[name] for name in names]

    def rename(self, video: str) -> FileLayout:
        """Return the layout of a video with another name than its file's."""
        return replace(self, video=video)

    def list_groups(self) -> list[str]:
        """Return the groups that are complete."""
        return list_groups(self.names)


def tell_width(found: int, width: int) -> str:
    """Return what is wrong with a first row of other fields than the header."""
    return f"the first row has {found} fields, the header {width}."


def tell_repeats(repeated: int, frame: float, face: float) -> str:
    """Return what is wrong where rows of one face and frame repeat, with the first such."""
    counted = count_things(repeated, "row repeats", "rows repeat")
    return f"{counted} a frame and face: frame {frame:g}, face {face:g}."


def measure_gaze(vectors: np.ndarray) -> np.ndarray:
    """Return gaze angles (n, 2) in radians from the gaze vectors (n, 6) of both eyes.

    They are those of OpenFace 2: of the mean vector (x, y, z), atan2(x, −z) and atan2(y, −z).

    Examples
    --------
    >>> measure_gaze(np.array([[0.5, 0, -0.5, 0.5, 0, -0.5]])).round(3).tolist()
    [[0.785, 0.0]]
    """
    x, y, z = ((vectors[:, :3] + vectors[:, 3:]) / 2).T
    return np.column_stack([np.arctan2(x, -z), np.arctan2(y, -z)])


def list_groups(names: tuple[str, ...]) -> list[str]:
    """Return the groups of columns that are complete among some names.

    Meshes of more points number other places of the face, so that theirs are no landmarks here.
    """
    present = set(names)
    mesh = f"x_{POINTS}" in present
    return [
        group
        for group, columns in GROUPS.items()
        if present.issuperset(columns) and not (mesh and group == "points_px")
    ]


def name_video(path: Path) -> str:
    """Return a file's name without its ending.

    Examples
    --------
    >>> name_video(Path("openface/F012_pain.csv.gz"))
    'F012_pain'
    """
    lower = path.name.lower()
    ending = next((one for one in (".csv.gz", ".csv") if lower.endswith(one)), "")
    # Systems write "ë" in two ways; a table of segments may have the other one.
    return clean_id(path.name[: len(path.name) - len(ending)])


def find_inside(path: Path, endings: tuple[str, ...], *, recursive: bool = False) -> list[Path]:
    """Return a path itself, or the files of such names in a folder; refuse a path that is none."""
    if not path.exists():
        raise DataError(Problem(NO_PATH, "Check the path.", file=str(path)))
    if not path.is_dir():
        return [path]
    inside = path.rglob("*") if recursive else path.iterdir()
    return sorted(one for one in inside if one.name.lower().endswith(endings))


def list_openface_files(path: Path, *, recursive: bool = False) -> list[Path]:
    """Return the files of a path: itself, or the CSV files (directly) in a folder; never none."""
    files = find_inside(path, _ENDINGS, recursive=recursive)
    if not files:
        fact = "the folder holds no .csv or .csv.gz files."
        inside = () if recursive else (", or search inside it with ", Option("recursive", True))
        remedy = ("Name the folder that OpenFace wrote into", *inside, ".")
        raise DataError(Problem(fact, remedy, file=str(path)))
    return files


def read_names(path: Path, line: bytes) -> tuple[str, ...]:
    """Return the column names of a header line of UTF-8, without padding and quotes."""
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        fact = "the header is not UTF-8 text."
        raise DataError(Problem(fact, "Save the file as CSV UTF-8.", file=str(path))) from None
    return tuple(name.strip().strip('"').strip() for name in text.strip().split(","))


def read_layout(path: Path, line: bytes, *, partial: bool = False) -> FileLayout:
    """Return the layout that a file's first line gives, if it is a header of OpenFace.

    If ``partial``, another file of the video may hold the keys; a frame or a time must be here.
    """
    names = read_names(path, line)
    anchored = partial and not {"frame", "timestamp"}.isdisjoint(names)
    if b"\r" in line.strip() or (not anchored and set(NEEDED).isdisjoint(names)):
        raise DataError(Problem(*_describe_stranger(line), file=str(path)))
    problems = [
        Problem(
            f"there is no column '{name}'.",
            f"Is this OpenFace output? {name_nearest(name, names)}",
            file=str(path),
        )
        for name in NEEDED
        if name not in names and not anchored
    ]
    problems += [
        Problem(f"the header names '{name}' {count} times.", OWN_NAMES, file=str(path))
        for name, count in Counter(names).items()
        if count > 1
    ]
    if problems:
        raise DataError(problems)
    return FileLayout(path, name_video(path), names)


def _describe_stranger(line: bytes) -> tuple[str, str]:
    """Return what is wrong with a first line that names none of the keys, and what to do."""
    text = line.decode("utf-8-sig").strip()
    if not text.strip("\0"):
        return "the first line is empty; it should name the columns.", "Check the export."
    if "\0" in text:
        return "the file is not UTF-8 text.", "Save the file as CSV UTF-8."
    if "\r" in text:
        fact = "its lines end with carriage returns alone."
        return fact, "Save the file with the line ends of Windows or Unix."
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    remedy = (
        "Leave out files that OpenFace did not write; those of another tracker are read by "
        "'exprstats features --tracker NAME', in Python by read_faces."
    )
    if any(mark in text for mark in ";\t"):
        remedy = "Save the file with commas between columns, as OpenFace writes it."
    return f"the first line is not a header of OpenFace: '{shown}'.", remedy
