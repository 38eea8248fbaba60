"""``exprstats features``: OpenFace files to clip features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exprstats.cli.options import (
    ForceOption,
    JobsOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    check_options,
    split_names,
)
from exprstats.cli.session import Session, open_session
from exprstats.errors import OptionError
from exprstats.numerals import write_count, write_number

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.behaviour import ClipFeatures

_SHOWN = 10


def summarise_folder(
    folder: Annotated[Path, typer.Argument(help="OpenFace .csv files (or .csv.gz), one a video.")],
    segments: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where clips begin and end: clip, video, start, end in seconds; negative times "
            "count from the end. [default: each video is one clip]",
        ),
    ] = None,
    hz: Annotated[float, typer.Option(help="Moments a second.")] = 5.0,
    sampling: Annotated[
        Literal["nearest", "mean"],
        typer.Option(help="The frame nearest to each moment, or the mean up to the next moment."),
    ] = "nearest",
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Least confidence of a valid frame.")
    ] = 0.8,
    min_valid: Annotated[
        float, typer.Option(min=0, max=1, help="Least share of valid moments; others are left out.")
    ] = 0.5,
    unit: Annotated[
        Literal["px", "mm"], typer.Option(help="Landmarks in the picture, or in space.")
    ] = "px",
    face: Annotated[
        str | None,
        typer.Option(metavar="ID|largest", help="Which face, where frames show several."),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second, where time stamps are wrong.")
    ] = None,
    unmatched: Annotated[
        float, typer.Option(min=0, max=1, help="Tolerated share of segments without a video.")
    ] = 0.05,
    clip: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of the segments. [default: clip]")
    ] = None,
    video: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of the segments. [default: video]")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Who is seen. [default: subject]")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The context. [default: context]")
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Search folders inside the folder, too.")
    ] = False,
    endings: Annotated[
        str | None,
        typer.Option(
            metavar="_A,_B",
            help="Endings of names that tell files of one video apart; they are joined by frame.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keeps finished files, so that a stopped run goes on."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Only every N-th file, from the I-th. Shards that share a --resume folder are "
            "merged by a last run without --shard.",
        ),
    ] = None,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """How much and how fast face, gaze and head move in each clip, with the frames' quality."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("features", seed=seed, **options) as session:
        check_options(n_jobs=n_jobs)
        choices = {"hz": hz, "confidence": confidence, "min_valid": min_valid, "unit": unit}
        part, chosen = _split_shard(shard), _pick_face(face)
        columns = {"clip": clip, "video": video, "subject": subject, "context": by}
        plan = _read_plan(session, segments, columns)
        from exprstats.behaviour import summarise_openface

        result = summarise_openface(
            folder,
            plan,
            **choices,
            sampling=sampling,
            face=chosen,
            fps=fps,
            unmatched=unmatched,
            recursive=recursive,
            endings=split_names(endings, "--endings") or (),
            resume=resume,
            shard=part,
            hashed=True,
            n_jobs=n_jobs,
        )
        _show(session, result)


def _read_plan(
    session: Session, path: Path | None, columns: dict[str, str | None]
) -> pd.DataFrame | None:
    if path is None:
        return None
    from exprstats.behaviour import read_segments

    session.note_file(path)
    return read_segments(path, **{role: name for role, name in columns.items() if name})


def _pick_face(text: str | None) -> int | Literal["largest"] | None:
    if text is None or text == "largest":
        return text
    if text.isdigit():
        return int(text)
    message = f"--face '{text}' is neither a face id, such as 0, nor 'largest'."
    raise OptionError(message)


def _split_shard(text: str | None) -> tuple[int, int] | None:
    """Return the two numbers of ``I/N``."""
    if text is None:
        return None
    first, _, second = text.partition("/")
    if first.isdigit() and second.isdigit():
        return int(first), int(second)
    message = f"--shard '{text}' must be two numbers, such as 1/8."
    raise OptionError(message)


def _show(session: Session, result: ClipFeatures) -> None:
    for row in result.files.to_dict("records"):
        if row["status"] == "ok":
            session.add_input(Path(row["file"]), row["sha256"], int(row["n_rows"]))
        else:
            session.warnings.append(f"{row['file']} could not be used: {row['note']}")
    session.rows = result.clips
    session.tables = {"clips": result.clips, "ledger": result.ledger, "files": result.files}
    session.show_table("Features over clips", *_list_features(result))
    session.say(result.sentence())
    if "subject" not in result.clips:
        session.say("No column names the subjects; add it before clips are split by person.")
    out = result.ledger[~result.ledger["kept"]]
    points = [f"{row['clip']}: {row['reason']}" for row in out.head(_SHOWN).to_dict("records")]
    if len(out) > _SHOWN:
        points.append(f"and {write_count(len(out) - _SHOWN)} more (see ledger.csv in --out)")
    session.show_points("Clips left out", points)


def _list_features(result: ClipFeatures) -> tuple[list[str], list[list[str]]]:
    from exprstats.behaviour import FEATURES

    cells = []
    for name in FEATURES:
        if name in result.clips.columns:
            column = result.clips[name]
            numbers = (column.mean(), column.std(), column.min(), column.max())
            cells.append(
                [name, write_count(column.count()), *(write_number(one, 3) for one in numbers)]
            )
    return ["Feature", "Clips", "M", "SD", "Lowest", "Highest"], cells
