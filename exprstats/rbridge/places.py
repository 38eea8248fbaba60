"""Places of R on this machine: its home, our R files, and the options that it starts with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from exprstats.errors import RError

# Neither the site's nor the user's start-up files are read: they may print or stop.
OPTIONS = ("--quiet", "--no-save", "--no-restore", "--no-site-file", "--no-init-file")


@cache
def find_home() -> tuple[str | None, str | None]:
    """Return R's home and version, None where there is none."""
    home = os.environ.get("R_HOME")
    program = shutil.which("R")
    if not home and program:
        answer = subprocess.run([program, "RHOME"], capture_output=True, text=True, check=False)
        home = answer.stdout.strip()
    if not home:
        return None, None
    facts = Path(home) / "library" / "base" / "DESCRIPTION"
    if not facts.is_file():
        return home, None
    match = re.search(r"^Version: *(\S+)", facts.read_text("utf-8", "replace"), re.MULTILINE)
    return home, match[1] if match else None


def find_scripts() -> Path:
    """Return the folder of R files: inside the wheel, else beside the package."""
    inside = Path(__file__).parents[1] / "_r"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "r" / "R"


def find_files(room: str) -> list[Path]:
    """Return the R files of a room, the one of its name first."""
    folder = find_scripts()
    paths = [folder / f"{room}.R", *sorted(folder.glob(f"{room}_*.R"))]
    if not paths[0].is_file():
        message = f"there is no R file '{room}.R' in {folder}."
        raise RError(message)
    return paths
