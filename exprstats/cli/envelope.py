"""What commands write beside the terminal: the JSON envelope and the output folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exprstats.cli.session import Session


def write_envelope(envelope: dict[str, Any], target: str) -> None:
    """Write the envelope to a file, or to standard output where the target is ``-``."""
    from exprstats.io import encode_json, write_json

    if target == "-":
        sys.stdout.write(encode_json(envelope))
    else:
        write_json(envelope, Path(target))


def write_folder(session: Session, folder: Path) -> None:
    """Write tables, figures, results and provenance into a folder, all or nothing."""
    from exprstats.io import stage_folder, write_csv, write_json

    with stage_folder(folder, force=session.force) as stage:
        for stem, frame in session.tables.items():
            write_csv(frame, _make_place(stage, "tables") / f"{stem}.csv")
        for stem, draw in session.figures.items():
            from exprstats.plots import save_figure

            save_figure(draw(), _make_place(stage, "figures") / stem)
        write_json(session.make_envelope(), stage / "results.json")
        write_json(describe_run(session), stage / "provenance.json")


def describe_run(session: Session) -> dict[str, Any]:
    """Return where the numbers of an output folder come from."""
    from exprstats.study import list_versions

    return {
        "command": ["exprstats", *sys.argv[1:]],
        "seed": session.seed,
        "inputs": session.inputs,
        "versions": list_versions(),
        "warnings": session.warnings,
    }


def _make_place(stage: Path, name: str) -> Path:
    place = stage / name
    place.mkdir(exist_ok=True)
    return place
