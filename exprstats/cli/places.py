"""Places that a command may write to, and those that it must spare."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from exprstats.errors import Option, OptionError

# How the header ends of tables that our commands write.
_OWN = (",part,fitted_on,truth,prediction", ",score,std_error,factor_se,note")


def check_places(files: Mapping[str, Path], folder: Path | None = None) -> None:
    """Refuse files (by option) that cannot be written, or of which one would be lost."""
    taken: dict[Path, str] = {}
    for option, place in files.items():
        _check_file(place, option)
        whole = place.resolve()
        other = taken.setdefault(whole, option)
        if other != option:
            message = f"{other} and {option} both name {place}. Give each its own file."
            raise OptionError(message)
        if folder is not None and whole.is_relative_to(folder.resolve()):
            message = (
                f"{option} {place} lies in the folder of --out, which is written as a whole. "
                "Choose a place outside."
            )
            raise OptionError(message)


def spare_input(path: Path, files: Mapping[str, Path], folder: Path | None = None) -> None:
    """Refuse to write over a file that is read; `files`, `folder` as in `check_places`."""
    read = path.resolve()
    for option, place in files.items():
        if place.resolve() == read:
            message = f"{option} {place} is a file that is read. Choose another place."
            raise OptionError(message)
    if folder is not None and read.is_relative_to(folder.resolve()):
        message = f"--out {folder} would replace {path}, which is read. Choose another folder."
        raise OptionError(message)


def spare_existing(files: Mapping[str, Path], *, forcible: bool) -> None:
    """Refuse to write over files of others; `forcible`: an option would replace them."""
    for option, place in files.items():
        if not place.is_file() or _is_own(place):
            continue
        told = f"{option} {place} exists, and may hold what you need. Choose another place"
        cure = (", or replace it with ", Option("force", True), ".") if forcible else (".",)
        raise OptionError(told, *cure)


def _is_own(place: Path) -> bool:
    """Return whether a file is one that a command wrote, which a later run may replace."""
    import json

    try:
        text = place.read_text(encoding="utf-8-sig")
        if text.partition("\n")[0].endswith(_OWN):
            return True
        found = json.loads(text)
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {"command", "version", "inputs", "rows"} <= found.keys()


def check_folders(folders: Mapping[str, Path | None], files: Mapping[str, Path]) -> None:
    """Refuse folders (by option) of which one would lie in another, or take a file's place."""
    given = {option: place.resolve() for option, place in folders.items() if place is not None}
    written = {option: place.resolve() for option, place in files.items()}
    for option, place in given.items():
        for other, inside in (given | written).items():
            if other != option and inside.is_relative_to(place):
                message = f"{other} lies in the folder of {option}. Choose a place outside."
                raise OptionError(message)


def check_folder(place: Path, option: str) -> None:
    """Refuse a folder that files cannot be written into."""
    folder = next(one for one in (place.absolute(), *place.absolute().parents) if one.exists())
    if not folder.is_dir():
        message = f"{option} {place}: {folder} is a file, not a folder. Choose another place."
        raise OptionError(message)
    if not os.access(folder, os.W_OK):
        message = f"{option} {place}: nothing may be written in {folder}. Choose another place."
        raise OptionError(message)


def _check_file(place: Path, option: str) -> None:
    if place.is_dir():
        message = f"{option} {place} is a folder. Name a file in it, such as {place / 'out.csv'}."
        raise OptionError(message)
    if place.exists() and not place.is_file():
        message = f"{option} {place} is not an ordinary file. Choose another place."
        raise OptionError(message)
    check_folder(place.absolute().parent, option)
