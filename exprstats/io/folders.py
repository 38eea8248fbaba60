"""Output folders that are whole or absent, and names that stay inside them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exprstats.errors import OptionError
from exprstats.io.sources import FilePath

PROVENANCE = "provenance.json"
_LONGEST = 80
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@contextmanager
def stage_folder(path: FilePath, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``path`` once the work inside is done.

    Nothing half-written is left behind: if the work fails, the folder that was there stays.

    Parameters
    ----------
    path
        The folder to come.
    force
        Whether a folder that exprstats wrote (it holds our provenance.json) may be replaced.

    Yields
    ------
    pathlib.Path
        The temporary folder, beside ``path``.

    Raises
    ------
    OptionError
        If ``path`` is taken, is no folder of ours, or cannot be written.

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
    target = Path(os.path.normpath(Path(path).absolute()))
    _refuse_target(target, force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message) from error
    try:
        draft.chmod(0o755)
        yield draft
        _refuse_target(target, force)
        _swap(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def slug(text: str) -> str:
    """Return a file name for any text: ASCII letters, digits, "-", "_" and "." only.

    Where letters had to go, part of the text's hash is added, so that two texts do not share a
    name.

    Parameters
    ----------
    text
        A clip's id, a context, a title.

    Examples
    --------
    >>> slug("F012_3"), slug("../../etc/passwd").startswith("etc_passwd-")
    ('F012_3', True)
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._-")[:_LONGEST]
    if name and name == text and not _RESERVED.fullmatch(name):
        return name
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name or 'x'}-{mark}" if not _RESERVED.fullmatch(name) else f"x_{name}-{mark}"


def join_inside(folder: Path, text: str, ending: str = "") -> Path:
    """Return the path of a file named after any text, inside the folder.

    Parameters
    ----------
    folder
        Where it must lie.
    text
        Becomes the name through `slug`.
    ending
        Such as ``".png"``.

    Raises
    ------
    OptionError
        If it would lie elsewhere, for instance through a link.
    """
    path = folder / f"{slug(text)}{ending}"
    if not path.resolve().is_relative_to(folder.resolve()):
        message = f"'{text}' would be written outside {folder}."
        raise OptionError(message)
    return path


def _refuse_target(target: Path, force: bool) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        message = f"{target} is a file or a link. Name a new folder."
        raise OptionError(message)
    if not target.exists() or not any(target.iterdir()):
        return
    if Path.cwd().is_relative_to(target):
        message = f"{target} holds the working folder. Name a new folder."
        raise OptionError(message)
    if not _is_ours(target):
        message = f"{target} holds files that exprstats did not write. Name a new folder."
        raise OptionError(message)
    if not force:
        message = f"{target} already holds results. Name a new folder, or force the replacement."
        raise OptionError(message)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder holds a provenance file that names exprstats."""
    try:
        found = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and "exprstats" in json.dumps(found)


def _swap(draft: Path, target: Path) -> None:
    """Rename the draft to the target; what was there goes last."""
    old = draft.with_name(f"{draft.name}.old")
    try:
        with suppress(FileNotFoundError):
            target.rename(old)
        draft.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        message = f"{target} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message) from error
    shutil.rmtree(old, ignore_errors=True)
