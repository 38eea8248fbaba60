"""Clip features and their quality, as ``features`` prints them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.cli.session import Session
from exprstats.numerals import write_count, write_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exprstats.behaviour import ClipFeatures, Sensitivity


_SHOWN = 10
_QUALITY = ("valid_share", "mean_confidence", "gaps", "face_switches")


def show_features(session: Session, result: ClipFeatures) -> None:
    """Put features, ledger and files into the session, and print them."""
    for row in result.files.to_dict("records"):
        if row["status"] == "ok":
            session.add_input(Path(row["file"]), row["sha256"], int(row["n_rows"]))
        else:
            session.warnings.append(f"{row['file']} could not be used: {row['note']}")
    session.add_table("clips", result.clips)
    session.tables |= {"ledger": result.ledger, "files": result.files}
    from exprstats.behaviour import FEATURES

    session.show_table("Features over clips", *_list_columns(result, "Feature", FEATURES))
    session.show_table("Quality over clips", *_list_columns(result, "Quality", _QUALITY))
    session.say(result.sentence())
    if "subject" not in result.clips:
        session.say("No column names the subjects; add it before clips are split by person.")
    out = result.ledger[~result.ledger["kept"]]
    points = [f"{row['clip']}: {row['reason']}" for row in out.head(_SHOWN).to_dict("records")]
    if len(out) > _SHOWN:
        points.append(f"and {write_count(len(out) - _SHOWN)} more (see ledger.csv in --out)")
    session.show_points("Clips left out", points)


def show_sensitivity(session: Session, result: Sensitivity) -> None:
    """Print how features move with other least confidences, and add the rows."""
    session.add_table("sensitivity", result.tidy(), clip=None, term="sensitivity")
    headers = ["Confidence", "Clips", "Left out", "Moves most", "by (SD)", "Lowest r"]
    cells = [
        [
            f"{write_number(row['threshold'], 2, bounded=True)}{' *' * chosen}",
            write_count(row["n_clips"]),
            write_count(row["n_left_out"]),
            str(row["feature"]) if row["largest_shift"] > 0 else "",
            "" if chosen else write_number(row["largest_shift"], 2),
            "" if chosen else write_number(row["lowest_correlation"], 2, bounded=True),
        ]
        for row in result.glance().to_dict("records")
        for chosen in [row["threshold"] == result.chosen]
    ]
    session.show_table("Least confidence of a valid frame (* chosen)", headers, cells)
    session.say(result.sentence())


def _list_columns(
    result: ClipFeatures, title: str, names: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    cells = []
    for name in names:
        if name in result.clips.columns:
            column = result.clips[name]
            numbers = (column.mean(), column.std(), column.min(), column.max())
            cells.append(
                [name, write_count(column.count()), *(write_number(one, 3) for one in numbers)]
            )
    return [title, "Clips", "M", "SD", "Lowest", "Highest"], cells
