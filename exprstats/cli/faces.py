"""``exprstats faces``: one square box around the face in each clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import MISSING, count_things
from exprstats.cli.command import opens_session
from exprstats.cli.options import VIDEOS_HELP, option
from exprstats.cli.places import spare_input
from exprstats.cli.session import Session
from exprstats.document.model import Section, Table
from exprstats.document.tables import column, tabulate
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.options import name_some

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.deep.video.faces import FaceBox

_NAMES = ("x", "y", "side", "n_frames", "n_found", "n_several")


@opens_session("faces", seeded=False)
def box_faces(
    session: Session,
    clips: Annotated[list[Path], typer.Argument(metavar="VIDEO", help=VIDEOS_HELP)],
    landmarks: Annotated[
        Path | None,
        option(
            "A face tracker's landmarks of the same clips, by name (OpenFace, py-feat).", "FILE|DIR"
        ),
    ] = None,
    detector: Annotated[
        Path | None,
        option(
            "Or a face detector: YuNet as .onnx, or BlazeFace as .tflite. Nothing is "
            "downloaded; without the file, the message says where to get it.",
            "FILE",
        ),
    ] = None,
    margin: Annotated[
        float, option("Side of the square by the longer side of the face.", min=1)
    ] = 1.4,
    confidence: Annotated[float, option("Least confidence of landmarks.", min=0, max=1)] = 0.8,
    score: Annotated[float, option("Least score of a detected face.")] = 0.7,
    step: Annotated[int, option("Detect in every so many frames.", min=1)] = 1,
    fps: Annotated[float | None, option("Of landmarks whose files hold no times.")] = None,
) -> None:
    """Find one square around the face in each clip.

    Faces come from landmarks or a detector.
    """
    if (landmarks is None) == (detector is None):
        message = "name either --landmarks or --detector."
        raise OptionError(message)
    import pandas as pd

    from exprstats.io.files.kinds import hash_file

    for one in (*clips, *filter(None, [detector])):
        spare_input(one, session.files, session.out)
    chosen = {"score": score, "step": step, "confidence": confidence, "fps": fps}
    find = _open_finder(session, clips, landmarks, detector, margin=margin, **chosen)
    rows = [_box(clip, find, alone=len(clips) == 1) for clip in clips]
    for clip in clips:
        if clip.is_file():
            session.add_input(clip, hash_file(clip), 0)
    table = pd.DataFrame(rows).astype(dict.fromkeys(_NAMES, "Int64"))
    known = table[table["reason"].isna()]
    if known.empty:
        fact = f"none of {len(table):,} clips has a box; '{table['clip'][0]}': "
        raise DataError(Problem(f"{fact}{table['reason'][0]}"))
    session.add_table("boxes", table)
    session.show(Section("faces", "Faces", tables=(_print_boxes(table),)))
    session.say(f"Each of {count_things(len(known), 'clip')} has one square for all frames.")
    _tell(session, table)


def _open_finder(
    session: Session,
    clips: list[Path],
    landmarks: Path | None,
    detector: Path | None,
    *,
    margin: float,
    score: float,
    step: int,
    confidence: float,
    fps: float | None,
) -> Callable[[Path], FaceBox]:
    """Return what finds the box of a clip, and note the files that it rests on."""
    from exprstats.deep.video.detectors import open_detector
    from exprstats.deep.video.faces import box_clip, box_landmarks
    from exprstats.io.files.kinds import hash_file

    if detector is not None:
        find = open_detector(detector, score=score)
        session.add_input(detector, hash_file(detector), 0)
        return lambda clip: box_clip(clip, find, step=step, margin=margin)
    from exprstats.behaviour import read_faces
    from exprstats.behaviour.trackers.tables import list_tracker_files, name_recording

    frames = read_faces(str(landmarks), fps=fps).table
    names = {clip.stem for clip in clips}
    for one in list_tracker_files(Path(str(landmarks))):
        spare_input(one, session.files, session.out)
        if name_recording(one) in names:
            count = int(frames["video"].eq(name_recording(one)).sum())
            session.add_input(one, hash_file(one), count)

    def box(clip: Path) -> FaceBox:
        here = frames[frames["video"] == clip.stem]
        if here.empty:
            shown = ", ".join(f"'{name}'" for name in frames["video"].unique()[:3])
            fact = f"the landmarks are of other videos: {shown}."
            remedy = f"Name their file '{clip.stem}', or that of the clip so."
            raise DataError(Problem(fact, remedy, file=str(clip)))
        return box_landmarks(here, confidence=confidence, margin=margin)

    return box


def _box(clip: Path, find: Callable[[Path], FaceBox], *, alone: bool) -> dict[str, Any]:
    """Return the row of a clip; one without a box does not cost the others theirs."""
    try:
        found = find(clip)
    except DataError as error:
        if alone:
            raise
        reason = " ".join(str(one.fact) for one in error.problems)
        return {"clip": clip.stem, **dict.fromkeys(_NAMES), "reason": reason.rstrip(".")}
    return {"clip": clip.stem, **{name: getattr(found, name) for name in _NAMES}, "reason": None}


def _tell(session: Session, table: pd.DataFrame) -> None:
    """Say which clips have no box, and where other faces are seen."""
    lost = table[table["reason"].notna()]
    if len(lost):
        counted = count_things(len(lost), "clips has", "clips have", of=len(table))
        warn_user(f"{counted} no box: {name_some(lost['clip'].tolist())}.")
        points = [f"{row['clip']}: {row['reason']}" for row in lost.to_dict("records")]
        session.show_points("Clips left out", points)
    several = table[table["n_several"].fillna(0).gt(0)]
    if len(several):
        counted = count_things(len(several), "clip shows", "clips show")
        names = name_some(several["clip"].tolist())
        warn_user(f"{counted} several faces ({names}); the box is around the most frequent one.")


def _print_boxes(boxes: pd.DataFrame) -> Table:
    names = {"x": "x", "y": "y", "side": "Side (px)"}
    names |= {"n_frames": "Frames", "n_found": "With the face", "n_several": "With others"}
    shown = boxes.astype(object).where(boxes.notna(), MISSING)
    counts = (column(name, heading, words=False) for name, heading in names.items())
    columns = (column("clip", "Clip"), *counts)
    return tabulate("boxes", "Face Boxes", shown, columns, rows=boxes)
