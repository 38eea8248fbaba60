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


def fill_folder(session: Session, stage: Path) -> None:
    """Write tables, figures, sentences, results and provenance into a folder."""
    from exprstats.io import write_csv, write_json

    for stem, frame in session.tables.items():
        write_csv(frame, stage / "tables" / f"{stem}.csv")
    for stem, draw in session.figures.items():
        from exprstats.plots import save_figure

        (stage / "figures").mkdir(exist_ok=True)
        save_figure(draw(), stage / "figures" / stem)
    if session.sentences:
        text = "\n\n".join(session.sentences)
        (stage / "sentences.txt").write_text(f"{text}\n", encoding="utf-8")
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
