"""``exprstats faces``: one square box around the face in each clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things
from exprstats.cli.options import ForceOption, JsonOption, OutOption, QuietOption
from exprstats.cli.session import open_session
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import say
from exprstats.errors import DataError, OptionError, Problem

if TYPE_CHECKING:
    import pandas as pd


def box_faces(
    clips: Annotated[list[Path], typer.Argument(help="Video files, such as .mp4.")],
    landmarks: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|DIR",
            help="A face tracker's landmarks of the same clips, by name (OpenFace, py-feat).",
        ),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Or a face detector: YuNet as .onnx, or BlazeFace as .tflite. Nothing is "
            "downloaded; without the file, the message says where to get it.",
        ),
    ] = None,
    margin: Annotated[
        float, typer.Option(min=1, help="Side of the square by the longer side of the face.")
    ] = 1.4,
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Least confidence of landmarks.")
    ] = 0.8,
    score: Annotated[float, typer.Option(help="Least score of a detected face.")] = 0.7,
    step: Annotated[int, typer.Option(min=1, help="Detect in every so many frames.")] = 1,
    fps: Annotated[
        float | None, typer.Option(help="Of landmarks whose files hold no times.")
    ] = None,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find one wide square around the face in each clip, from landmarks or with a detector."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("faces", **options) as session:
        if (landmarks is None) == (detector is None):
            message = "name either --landmarks or --detector."
            raise OptionError(message)
        rows = []
        if landmarks is not None:
            from exprstats.behaviour import read_faces

            frames = read_faces(landmarks, fps=fps).table
            for clip in clips:
                rows.append(_box_known(clip, frames, confidence, margin))
        else:
            from exprstats.deep.video.faces import box_clip, open_detector

            find = open_detector(Path(str(detector)), score=score)
            for clip in clips:
                found = box_clip(clip, find, step=step, margin=margin)
                rows.append(_list_box(clip, found))
        import pandas as pd

        table = pd.DataFrame(rows)
        session.add_table("boxes", table)
        session.show(Section("faces", "Faces", tables=(_print_boxes(table),)))
        session.say(f"Each of {count_things(len(table), 'clip')} has one square for all frames.")


def _print_boxes(boxes: pd.DataFrame) -> Table:
    names = {"x": "x", "y": "y", "side": "Side (px)"}
    names |= {"n_frames": "Frames", "n_found": "With the face"}
    columns = [Column(name, say(heading)) for name, heading in names.items()]
    first = Column("clip", say("Clip"), words=True)
    return Table("", "boxes", "Face Boxes", (first, *columns), boxes.astype(str), rows=boxes)


def _box_known(
    clip: Path, frames: pd.DataFrame, confidence: float, margin: float
) -> dict[str, Any]:
    from exprstats.deep.video.faces import box_landmarks

    here = frames[frames["video"] == clip.stem]
    if not len(here):
        shown = ", ".join(f"'{name}'" for name in frames["video"].unique()[:3])
        fact = f"the landmarks are of other videos: {shown}."
        remedy = f"Name their file '{clip.stem}', or that of the clip so."
        raise DataError(Problem(fact, remedy, file=str(clip)))
    return _list_box(clip, box_landmarks(here, confidence=confidence, margin=margin))


def _list_box(clip: Path, found: Any) -> dict[str, Any]:
    names = ("x", "y", "side", "n_frames", "n_found")
    return {"clip": clip.stem, **{name: getattr(found, name) for name in names}}
