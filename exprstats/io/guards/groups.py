"""Files and sheets that are one table together: those of raters, of clips, of a tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from exprstats.apa import count_things
from exprstats.errors import DataError, Problem, warn_user
from exprstats.io.contents import FileContents, read_contents
from exprstats.io.files.joined import list_joined, sort_alike, take_files
from exprstats.io.files.reading import AS_IT_IS, EVERY, Reading
from exprstats.io.files.words import FROM_FILE, is_prediction
from exprstats.io.files.workbooks import list_sheets
from exprstats.io.guards.layouts import TRACKERS, find_tracker
from exprstats.io.sources import FilePath, Source, open_source

# Files of a folder whose columns are compared.
_ENOUGH = 20


def group_files(paths: Sequence[FilePath], reading: Reading = AS_IT_IS) -> list[Path]:
    """Return paths that are one table each: files of one layout, one a rater or a clip, are one.

    Files of one header are read as one where only together they are ratings; those of a folder
    that are none, such as predictions of several models, are listed one by one.

    Parameters
    ----------
    paths
        Files and folders.
    reading
        How they are to be read.
    """
    places = [*map(take_files, paths)]
    grouped: list[Path] = []
    rest: list[Source] = []
    for one in places:
        files = list_joined(one) or (one,)
        kind = _name_tracker(files[0], reading) if len(files) > 1 else ""
        if kind:
            grouped.append(_show_first(one, files, kind))
            continue
        for file in files:
            try:
                rest.append(open_source(file, reading, warned=False))
            except DataError:
                grouped.append(file)
    while rest:
        alike, rest = sort_alike(rest)
        files = tuple(one.layout.path for one in alike)
        whole = next((one for one in places if list_joined(one) == files), None)
        whole = whole or take_files(files)
        kind = _name_parts(whole, files, reading) if len(files) > 1 else ""
        if kind in TRACKERS:
            grouped.append(_show_first(whole, files, kind))
        else:
            grouped += [whole] if kind else files
    return grouped


def _name_tracker(path: Path, reading: Reading) -> str:
    """Return the tracker whose columns a file has; the other files of its folder are not opened."""
    try:
        names = {*open_source(path, reading, warned=False).header}
    except DataError:
        return ""
    return find_tracker(names)


def _show_first(whole: Path, files: Sequence[Path], kind: str) -> Path:
    counted = count_things(len(files), "file holds", "files hold")
    told = f"{counted} frames of {kind}: the first is shown."
    warn_user(Problem(told, file=str(whole)))
    return files[0]


def are_alike(files: Sequence[Path]) -> bool:
    """Return whether files have most columns in common, as far as they can be read."""
    try:
        return not sort_alike([open_source(one, warned=False) for one in files[:_ENOUGH]])[1]
    except DataError:
        return False


def choose_sheets(path: Path, reading: Reading) -> Reading:
    """Return that all alike sheets of a workbook are read, where each is one rater's or clip's."""
    if reading.sheet is not None or len(list_sheets(path)) < 2:
        return reading
    every = replace(reading, sheet=EVERY)
    try:
        if _holds_raters(read_contents(path, reading=reading)):
            return reading
        roles = read_contents(path, reading=every).roles
    except DataError:
        return reading
    return every if {"clip", "rater"} <= {*roles} and FROM_FILE in roles.values() else reading


def _holds_raters(contents: FileContents) -> bool:
    """Return whether one file or sheet holds several raters by itself."""
    return {"clip", "rater"} <= {*contents.roles} or bool(contents.judges)


def _name_parts(whole: Path, files: Sequence[Path], reading: Reading) -> str:
    """Return what files are together, ratings or frames of a tracker; "" of single tables."""
    try:
        alone = read_contents(files[0], reading=reading)
        if any(map(is_prediction, alone.facts.columns)):
            return ""
        if alone.layout in {"predictions", "segments", *TRACKERS}:
            return alone.layout if alone.layout in TRACKERS else ""
        if _holds_raters(alone):
            return ""
        both = {"clip", "rater"} <= {*read_contents(whole, reading=reading).roles}
    except DataError:
        return ""
    return "ratings" if both else ""
