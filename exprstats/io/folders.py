"""Output folders that are written whole or not at all, and in which nothing foreign is lost."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exprstats.errors import Option, OptionError, Problem, warn_user
from exprstats.io.outputs import write_json
from exprstats.io.sources import FilePath
from exprstats.options import name_some, take_path

PROVENANCE = "provenance.json"
# Errors of a disk without room; nothing else that is written then can be trusted either.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MANIFEST = "files"  # the key of provenance.json that lists what we wrote


@contextmanager
def stage_folder(
    path: FilePath, *, force: bool = False, inputs: Iterable[FilePath] = ()
) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``path`` once the work inside is done.

    Nothing half-written is left behind: if the work fails, the folder that was there stays. What
    exprstats wrote is listed with its hash in ``provenance.json``; a folder is replaced only where
    that list holds, and files that are not in it are kept beside the new ones.

    Parameters
    ----------
    path
        The folder to come.
    force
        Whether a folder that exprstats wrote (it holds our provenance.json) may be replaced.
    inputs
        Files and folders that the work reads; none may lie in the folder.

    Yields
    ------
    pathlib.Path
        The temporary folder, beside ``path``.

    Raises
    ------
    OptionError
        If ``path`` is taken, is no folder of ours, holds an input or a file of ours that was
        changed since, or cannot be written.

    Warns
    -----
    DataWarning
        A foreign file has the name of a new one, and gets "_kept" added to its own.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> place = Path(tempfile.mkdtemp()) / "report"
    >>> with stage_folder(place) as folder:
    ...     _ = (folder / "index.html").write_text("done")
    >>> (place / "index.html").read_text()
    'done'
    """
    # Not resolve(): a link must be seen as one.
    target = Path(os.path.normpath(take_path(path).absolute()))
    refuse_folder(target, force=force, inputs=inputs)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message) from error
    try:
        draft.chmod(0o755)
        yield draft
        _list_files(draft)
        _refuse_target(target, force)
        _keep_foreign(target, draft)
        _swap(draft, target)
    except OSError as error:
        if error.errno not in FULL:
            raise
        message = (
            f"{path} cannot be written ({error.strerror}). Make room, or choose another place."
        )
        raise OptionError(message) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_folder(
    folder: FilePath, *, force: bool = False, inputs: Iterable[FilePath] = ()
) -> None:
    """Refuse a folder that `stage_folder` would not replace, before any work is done.

    Raises
    ------
    OptionError
        As `stage_folder`.
    """
    target = Path(os.path.normpath(Path(folder).absolute()))
    spare_inputs(target, inputs)
    _refuse_target(target, force)
    _refuse_changed(target)


def spare_inputs(folder: Path, inputs: Iterable[FilePath]) -> None:
    """Refuse to write a folder as a whole that holds what is read.

    Raises
    ------
    OptionError
        With the input and the folder.
    """
    for one in inputs:
        if Path(one).resolve().is_relative_to(folder.resolve()):
            message = (
                f"the folder {folder} would replace {one}, which is read. Choose another folder."
            )
            raise OptionError(message, option="out")


def _refuse_target(target: Path, force: bool) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        message = f"{target} is a file or a link. Name a new folder."
        raise OptionError(message)
    if not target.exists() or not any(target.iterdir()):
        return
    if Path.cwd().is_relative_to(target):
        message = f"{target} holds the working folder. Name a new folder."
        raise OptionError(message)
    if _read_manifest(target) is None:
        message = f"{target} holds files that exprstats did not write. Name a new folder."
        raise OptionError(message)
    if not force:
        start = f"{target} already holds results. Name a new folder, or replace it with "
        raise OptionError(start, Option("force", True), ".")


def _refuse_changed(target: Path) -> None:
    """Refuse to replace what somebody wrote into a file of ours, or what nobody listed."""
    held = _read_manifest(target)
    if held == {}:
        message = (
            f"{target} was written by a version of exprstats that did not list its files, so that "
            "yours cannot be told from them. Name a new folder."
        )
        raise OptionError(message)
    changed = [name for name, sha256 in (held or {}).items() if _differs(target / name, sha256)]
    if changed:
        message = (
            f"{target} holds files that were changed since exprstats wrote them "
            f"({name_some(changed)}). Move them elsewhere, or name a new folder."
        )
        raise OptionError(message)


def _read_manifest(folder: Path) -> dict[str, str] | None:
    """Return what we wrote there, file to hash; None where it was not exprstats that wrote."""
    try:
        found = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or "exprstats" not in json.dumps(found):
        return None
    listed = found.get(_MANIFEST) or []
    try:
        return {one["file"]: one["sha256"] for one in listed if _lies_inside(one["file"])}
    except (TypeError, KeyError):
        return {}


def _lies_inside(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _differs(path: Path, sha256: str) -> bool:
    return path.is_file() and _hash(path) != sha256


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _list_files(draft: Path) -> None:
    """Write into the draft's provenance which files there are, each with its hash."""
    place = draft / PROVENANCE
    found = {"program": "exprstats"}
    if place.is_file():
        found = json.loads(place.read_text(encoding="utf-8"))
    files = sorted(one for one in draft.rglob("*") if one.is_file() and one != place)
    listed = [{"file": one.relative_to(draft).as_posix(), "sha256": _hash(one)} for one in files]
    write_json({**found, _MANIFEST: listed}, place)


def _keep_foreign(target: Path, draft: Path) -> None:
    """Put what is in the old folder and not ours into the draft, as links to the same data."""
    if not target.exists():
        return
    held = _read_manifest(target) or {}
    # What was changed while the work lasted is no longer ours.
    ours = {target / name for name, sha256 in held.items() if not _differs(target / name, sha256)}
    ours.add(target / PROVENANCE)
    for old in sorted(target.rglob("*")):
        if old in ours:
            continue
        new = draft / old.relative_to(target)
        if old.is_dir() and not old.is_symlink():
            # Folders of ours are never empty, and go with their files.
            if not any(old.iterdir()):
                new.mkdir(parents=True, exist_ok=True)
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        if new.exists():
            new = _find_free(new)
            fact = f"the new results have a file of the name {old.name}; yours is now {new.name}."
            warn_user(Problem(fact, file=str(old)))
        try:
            os.link(old, new, follow_symlinks=False)
        except OSError:
            shutil.copy2(old, new, follow_symlinks=False)


def _find_free(path: Path) -> Path:
    """Return a name beside a taken one that is free."""
    stem, number = f"{path.stem}_kept", 1
    while (free := path.with_name(f"{stem}{number if number > 1 else ''}{path.suffix}")).exists():
        number += 1
    return free


def _swap(draft: Path, target: Path) -> None:
    """Rename the draft to the target; what was there goes last."""
    old = draft.with_name(f"{draft.name}.old")
    try:
        with suppress(FileNotFoundError):
            target.rename(old)
        draft.rename(target)
    except BaseException as error:
        # Also one who interrupts finds the folder where it was.
        if old.exists() and not target.exists():
            old.rename(target)
        if not isinstance(error, OSError):
            raise
        message = f"{target} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message) from error
    shutil.rmtree(old, ignore_errors=True)
