"""The FRAMES table of any face tracker, with the units of its columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import tell_repeats
from exprstats.behaviour.openface.lines import find_bad_keys
from exprstats.behaviour.trackers.readers import PARSERS, find_trackers
from exprstats.behaviour.trackers.tables import (
    KEYS,
    ParsedFile,
    TrackerFile,
    list_tracker_files,
    read_tracker_file,
)
from exprstats.behaviour.trackers.units import SECONDS, TRACKER_NAMES, map_columns
from exprstats.contracts import check_kind
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.io.files.reading import Reading
from exprstats.io.sources import FilePath
from exprstats.options import Tracker, check_word, is_positive, take_path
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class Frames(Result):
    """What a face tracker wrote, frame by frame; `read_faces` makes it.

    Attributes
    ----------
    table
        FRAMES: ``video``, ``face``, ``frame`` (from 1), ``timestamp`` (s), ``success`` (0 or 1),
        ``confidence`` (0 to 1, missing where the tracker writes none), then the tracker's columns
        under their own names.
    units
        One row a column of the table but its ids: ``column`` and ``unit``, such as ``px``,
        ``rad``, ``intensity (0 to 5)`` or ``evidence (log10 odds)``.
    tracker
        Its name, as ``tracker=`` of `read_faces` takes it.
    notes
        What a person should know about the reading.
    """

    place: ClassVar[str] = ""

    table: pd.DataFrame
    units: pd.DataFrame
    tracker: str
    notes: tuple[str, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: tracker, videos, faces, frames, and the share that is tracked."""
        faces = self.table[["video", "face"]].drop_duplicates()
        row = {
            "tracker": self.tracker,
            "n_videos": self.table["video"].nunique(),
            "n_faces": len(faces),
            "n_frames": len(self.table),
            "tracked_share": float((self.table["success"] == 1).mean()),
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return what was read, and on which scales."""
        row = self.glance().iloc[0]
        counted = count_things(int(row["n_frames"]), "frame")
        videos = count_things(int(row["n_videos"]), "video")
        scales = [one for one in self.units["unit"].unique() if "(" in one]
        named = f" Its scales are {', '.join(scales)}." if scales else ""
        name = TRACKER_NAMES[self.tracker]
        return f"{name} wrote {counted} of {videos}.{named}"

    def get_unit(self, column: str) -> str:
        """Return the unit of a column.

        Raises
        ------
        OptionError
            If there is no such column.
        """
        found = self.units.loc[self.units["column"] == column, "unit"]
        if found.empty:
            message = f"there is no column '{column}'."
            raise OptionError(message)
        return str(found.iloc[0])

    def __str__(self) -> str:
        return "\n".join([self.sentence(), *self.notes])

    def _repr_html_(self) -> str:
        return self.units.to_html(index=False, border=0)


def read_faces(
    path: FilePath,
    *,
    tracker: Tracker | None = None,
    fps: float | None = None,
    reading: Reading | None = None,
) -> Frames:
    r"""Read what a face tracker wrote: OpenFace, py-feat, LibreFace, ARKit, FACET or AFFDEX.

    Parameters
    ----------
    path
        A table (.csv, .tsv, .txt, also compressed by gzip), or a folder of tables of one tracker.
    tracker
        Which tracker wrote it; None: as the header says. An iMotions export may hold two.
    fps
        Frames per second of the video, where the file holds no times (py-feat, OpenFace 3) or wrong
        ones; for ARKit, of the clock that counts the timecodes.
    reading
        How files are to be read, where they do not say so themselves.

    Returns
    -------
    Frames
        The frames, the unit of each column, and notes. Values and scales stay the tracker's own.

    Raises
    ------
    DataError
        If no tracker's header is found or two are, times are missing, or keys repeat; in a
        folder, if the files are of different trackers.
    OptionError
        If a choice cannot be.

    References
    ----------
    Baltrusaitis, T., Zadeh, A., Lim, Y. C., & Morency, L.-P. (2018). OpenFace 2.0: Facial behavior
    analysis toolkit. *FG 2018*, 59–66.

    Cheong, J. H., Jolly, E., Xie, T., Byrne, S., Kenney, M., & Chang, L. J. (2023). Py-Feat:
    Python facial expression analysis toolbox. *Affective Science, 4*, 781–796.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("frame_idx,frame_time_in_ms,au_12_intensity,yaw\n0,0.0,1.5,-2.2\n")
    >>> faces = read_faces(path)
    >>> faces.tracker, faces.get_unit("au_12_intensity"), faces.get_unit("yaw")
    ('libreface', 'intensity (0 to 5)', 'deg')
    """
    if tracker is not None:
        check_word(tracker, Tracker, "tracker")
    if fps is not None and not is_positive(fps):
        message = f"fps is {fps}; it must be a number above 0."
        raise OptionError(message, option="fps")
    return join_frames(
        _read_file(read_tracker_file(one, reading), tracker, fps)
        for one in list_tracker_files(take_path(path))
    )


def join_frames(several: Iterable[Frames]) -> Frames:
    r"""Put the frames of several recordings of one tracker into one table.

    Parameters
    ----------
    several
        Results of `read_faces`.

    Returns
    -------
    Frames
        All frames; a column that one recording lacks is missing there.

    Raises
    ------
    DataError
        If trackers or the units of a column differ, or two recordings share a video's name: a
        unit rated from 0 to 1 is not one rated from 0 to 5.
    OptionError
        If there is nothing to join.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp())
    >>> for name in "ab":
    ...     _ = (path / f"{name}.csv").write_text("frame_idx,frame_time_in_ms,au_1\n0,0,1\n")
    >>> join_frames(read_faces(path / f"{name}.csv") for name in "ab").table["video"].tolist()
    ['a', 'b']
    """
    parts = list(several) if isinstance(several, Iterable) else [several]
    for one in parts:
        check_kind(one, Frames, "each of several", "read_faces")
    if not parts:
        message = "there are no frames to join."
        raise OptionError(message)
    if len(parts) == 1:
        return parts[0]
    trackers = list(dict.fromkeys(one.tracker for one in parts))
    if len(trackers) > 1:
        names = " and ".join(TRACKER_NAMES[one] for one in trackers)
        fact = f"the recordings come from {names}, whose scales differ."
        raise DataError(Problem(fact, "Join recordings of one tracker."))
    units = pd.concat([one.units for one in parts], ignore_index=True).drop_duplicates()
    mixed = units["column"][units["column"].duplicated()].unique()
    if len(mixed):
        found = units.loc[units["column"] == mixed[0], "unit"]
        fact = f"column '{mixed[0]}' is in different units: {' and '.join(found)}."
        raise DataError(Problem(fact, "Join recordings of one version of the tracker."))
    table = pd.concat([one.table for one in parts], ignore_index=True)
    repeated = table.duplicated(["video", "face", "frame"])
    if repeated.any():
        fact = f"two recordings are called '{table['video'][repeated].iloc[0]}'."
        raise DataError(Problem(fact, "Give each recording's file a name of its own."))
    notes = dict.fromkeys(note for one in parts for note in one.notes)
    return Frames(table, units.reset_index(drop=True), trackers[0], tuple(notes))


def _read_file(file: TrackerFile, tracker: Tracker | None, fps: float | None) -> Frames:
    chosen = tracker or _detect(file)
    if chosen not in find_trackers(set(file.table.columns)):
        fact = f"the header is not that of {TRACKER_NAMES[chosen]}."
        raise file.blame(fact, "Leave the tracker to be found from the header.")
    parsed = PARSERS[chosen](file, fps)
    _check_keys(file, parsed)
    keys = parsed.keys.astype({"face": np.int64, "frame": np.int64})
    # A tracker's column that is called as a key is one cannot stand beside it.
    own = parsed.columns[[name for name in parsed.columns.columns if name not in KEYS]]
    table = pd.concat([keys.reset_index(drop=True), own.reset_index(drop=True)], axis=1)
    units = map_columns(chosen, own)
    clock = pd.DataFrame({"column": ["timestamp"], "unit": [SECONDS]})
    notes = tuple(dict.fromkeys((*file.notes, *parsed.notes)))
    return Frames(table, pd.concat([clock, units], ignore_index=True), chosen, notes)


def _detect(file: TrackerFile) -> Tracker:
    found = find_trackers(set(file.table.columns))
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(TRACKER_NAMES[one] for one in found)
        fact = f"the file holds columns of {names}, whose scales differ."
        remedy = ("Choose one of them with ", Option("tracker", found[0]), ".")
        raise DataError(Problem(fact, remedy, file=str(file.path)))
    shown = ", ".join(str(name) for name in list(file.table.columns)[:6])
    known = ", ".join(TRACKER_NAMES.values())
    fact = f"the header is of no known tracker: {shown}."
    raise file.blame(fact, f"Known are {known}.")


def _check_keys(file: TrackerFile, parsed: ParsedFile) -> None:
    keys = parsed.keys
    numbers = np.arange(2, len(keys) + 2)
    columns = ["frame", "face", "timestamp", "confidence", "success"]
    problems = find_bad_keys(keys[columns].to_numpy(float), numbers)
    if problems:
        raise file.blame(" ".join(str(one.fact) for one in problems))
    repeated = keys.duplicated(["video", "face", "frame"], keep=False).to_numpy()
    if repeated.any():
        row = keys[repeated].iloc[0]
        fact = tell_repeats(int(repeated.sum()), row["frame"], row["face"])
        raise file.blame(fact, "Run the tracker on this video again.")
