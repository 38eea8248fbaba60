"""``exprstats features``: clip features from files of OpenFace or another face tracker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.options import FACE_HELP, ConfidenceOption, option, split_id, split_names
from exprstats.cli.places import check_folder, spare_input
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.errors import Option, OptionError
from exprstats.options import PointUnit, SamplingRule, Tracker

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.behaviour import ClipFeatures, Frames


@reads_files
@opens_session("features")
def summarise_folder(
    session: Session,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="OpenFace .csv files (or .csv.gz), one per video; others with --tracker.",
        ),
    ],
    segments: Annotated[
        Path | None,
        option(
            "Where clips begin and end: clip, video, start, end in seconds; negative times "
            "count from the end. [default: each video is one clip]",
            "FILE",
        ),
    ] = None,
    windows: Annotated[
        str | None,
        option(
            "Instead of --segments: windows of so many seconds, every so many seconds.",
            "LENGTH[,STEP]",
        ),
    ] = None,
    hz: Annotated[float, option("Moments a second.")] = 5.0,
    sampling: Annotated[
        SamplingRule, option("The frame nearest to each moment, or the mean up to the next moment.")
    ] = "nearest",
    confidence: ConfidenceOption = 0.8,
    min_valid: Annotated[
        float, option("Least share of valid moments; others are left out.", min=0, max=1)
    ] = 0.5,
    unit: Annotated[PointUnit, option("Landmarks in the picture, or in space.")] = "px",
    signed: Annotated[
        bool,
        option("Average velocity with its sign, which cancels almost completely.", name="--signed"),
    ] = False,
    face: Annotated[str | None, option(FACE_HELP, "ID|largest")] = None,
    tracker: Annotated[
        Tracker | None, option("Of another face tracker: what wrote the files (then with --fps).")
    ] = None,
    fps: Annotated[float | None, option("Frames per second, where time stamps are wrong.")] = None,
    unmatched: Annotated[
        float, option("Tolerated share of segments without a video.", min=0, max=1)
    ] = 0.05,
    clip: Annotated[str | None, option("Of the segments. [default: clip]", "COLUMN")] = None,
    video: Annotated[str | None, option("Of the segments. [default: video]", "COLUMN")] = None,
    subject: Annotated[
        str | None, option("Person seen in the clip. [default: subject]", "COLUMN")
    ] = None,
    by: Annotated[str | None, option("The context. [default: context]", "COLUMN")] = None,
    time_unit: Annotated[
        Literal["s", "ms"], option("Of times in the segments that are numbers.")
    ] = "s",
    recursive: Annotated[
        bool, option("Search folders inside the folder, too.", name="--recursive")
    ] = False,
    endings: Annotated[
        str | None,
        option(
            "Endings of names that tell files of one video apart; they are joined by frame.",
            "_A,_B",
        ),
    ] = None,
    resume: Annotated[
        Path | None, option("Keeps finished files, so that a stopped run goes on.", "DIR")
    ] = None,
    shard: Annotated[
        str | None,
        option(
            "Only every N-th file, from the I-th. Shards that share a --resume folder are "
            "merged by a last run without --shard.",
            "I/N",
        ),
    ] = None,
    sensitivity: Annotated[
        bool,
        option(
            "How far features move, and which clips are lost, with other least confidences.",
            name="--sensitivity",
        ),
    ] = False,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Measure how much and how fast face, gaze and head move.

    One row per clip, with the quality of its frames.
    """
    spare_input(folder, session.files, session.out)
    if resume is not None:
        check_folder(resume, "--resume")
    choices = {"hz": hz, "sampling": sampling, "confidence": confidence, "fps": fps}
    choices |= {"min_valid": min_valid, "unit": unit, "signed": signed}
    choices |= {"face": _pick_face(face), "unmatched": unmatched, "recursive": recursive}
    choices |= {"endings": split_names(endings, "--endings") or (), "resume": resume}
    choices |= {"shard": _split_shard(shard), "n_jobs": n_jobs}
    columns = {"clip": split_id(clip, "--clip"), "video": video, "subject": subject, "context": by}
    _check_plan(segments, windows, columns)
    plan = _read_plan(session, segments, columns | {"unit": time_unit})
    if tracker not in {None, "openface"} or _is_written_otherwise(folder):
        others = {"windows": windows, "resume": resume, "shard": shard, "endings": endings}
        others |= {"recursive": recursive, "sensitivity": sensitivity}
        made = _summarise_tracker(session, folder, tracker, plan, choices, others)
        if made is not None:
            session.present(made)
        return
    if windows is not None:
        plan = _slide(folder, _split_windows(windows), choices)
    from exprstats.behaviour import summarise_openface, vary_confidence

    result = summarise_openface(folder, plan, **choices, hashed=True)
    _keep_features(session, result)
    varied = vary_confidence(folder, plan, **choices, hashed=True) if sensitivity else None
    if varied is not None:
        session.add_table("sensitivity", varied.tidy(), clip=None, term="sensitivity")
    session.present(result, varied)


def _summarise_tracker(
    session: Session,
    folder: Path,
    tracker: Tracker | None,
    plan: pd.DataFrame | None,
    choices: dict[str, Any],
    others: dict[str, Any],
) -> ClipFeatures | None:
    """Return the features of another tracker's files; options that need OpenFace are refused."""
    given = next((name for name, value in others.items() if value), None)
    if given is not None:
        told = (" is for files of OpenFace; leave it out with ", Option("tracker", tracker), ".")
        if tracker in {None, "openface"}:
            told = (" needs files as OpenFace writes them: .csv in UTF-8, with commas.",)
        raise OptionError(Option(given), *told)
    from exprstats.behaviour import FEATURES, read_faces
    from exprstats.behaviour.clips import measure_frames
    from exprstats.behaviour.settings import choose_settings
    from exprstats.behaviour.trackers.shapes import summarise_shapes
    from exprstats.behaviour.trackers.units import TRACKER_NAMES
    from exprstats.errors import DataError, Problem

    names = ("hz", "confidence", "fps", "min_valid", "unit", "signed", "face", "unmatched")
    settings = choose_settings(choices["sampling"], None, {one: choices[one] for one in names})
    faces = read_faces(folder, tracker=tracker or "openface", fps=choices["fps"],
                       reading=get_reading())  # fmt: skip
    if faces.tracker == "mediapipe":
        table = summarise_shapes(faces.table, faces.units, plan, settings)
        _keep_shapes(session, folder, faces, table)
        return None
    result = measure_frames(faces, plan, settings)
    if not set(FEATURES) & set(result.clips):
        fact = (
            f"the files of {TRACKER_NAMES[faces.tracker]} hold none of the landmarks, angles of "
            "head or gaze, or rated units that features are made of."
        )
        remedy = "Label intensities with 'exprstats label'."
        raise DataError(Problem(fact, remedy, file=str(folder)))
    _keep_inputs(session, folder, faces)
    session.add_table("clips", result.clips)
    session.tables |= {"ledger": result.ledger}
    session.show_points("Reading", [faces.sentence(), *faces.notes])
    return result


def _keep_inputs(session: Session, folder: Path, faces: Frames) -> None:
    from exprstats.behaviour.trackers.tables import list_tracker_files, name_recording
    from exprstats.io.files.kinds import hash_file

    for file in list_tracker_files(folder):
        count = int((faces.table["video"] == name_recording(file)).sum())
        session.add_input(file, hash_file(file), count or len(faces.table))


def _keep_shapes(session: Session, folder: Path, faces: Frames, table: pd.DataFrame) -> None:
    """Keep the means of blendshapes in each clip, and say what they are."""
    _keep_inputs(session, folder, faces)
    session.add_table("clips", table)
    session.show_points("Reading", [faces.sentence(), *faces.notes])
    shapes = len(table.columns) - len({"clip", "frames", "valid_share"})
    session.say(
        f"The features of {count_things(len(table), 'clip')} are the means of "
        f"{count_things(shapes, 'blendshape')} over the frames that show a face, as coefficients "
        "from 0 (neutral) to 1. Write them with --out or --json."
    )


def _is_written_otherwise(folder: Path) -> bool:
    """Return whether OpenFace's files have another form than it writes today: .csv with commas.

    Spreadsheets and older versions write .txt, tabs, semicolons or UTF-16.
    """
    from exprstats.behaviour.openface.layout import NEEDED
    from exprstats.behaviour.trackers.tables import list_tracker_files, read_tracker_file
    from exprstats.errors import ExprStatsError

    try:
        files = list_tracker_files(folder)
        if all(_is_plain(one) for one in files):
            return False
        names = read_tracker_file(files[0], get_reading()).table.columns
    except (OSError, ExprStatsError):
        return False  # which is told where the files are read
    return set(NEEDED) <= set(names)


def _is_plain(path: Path) -> bool:
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        return False
    if path.name.lower().endswith(".gz"):
        return True
    with path.open("rb") as stream:
        first = stream.readline(1 << 20)
    return b"\0" not in first and (b"," in first or not {*b";\t"} & {*first})


def _check_plan(segments: Path | None, windows: str | None, columns: dict[str, Any]) -> None:
    if segments is not None and windows is not None:
        message = "--segments and --windows exclude each other: choose one of them."
        raise OptionError(message)
    role = next((role for role, name in columns.items() if name), None)
    if segments is None and role is not None:
        option = "by" if role == "context" else role
        message = f"--{option} {columns[role]} is a column of the segments. Add --segments FILE."
        raise OptionError(message)


def _read_plan(session: Session, path: Path | None, columns: dict[str, Any]) -> pd.DataFrame | None:
    if path is None:
        return None
    from exprstats.behaviour import read_segments

    session.note_file(path)
    given = {role: name for role, name in columns.items() if name}
    return read_segments(path, reading=get_reading(), **given)


def _split_windows(text: str) -> tuple[float, float | None]:
    """Return the length and the step, in seconds, of ``LENGTH[,STEP]``."""
    try:
        length, *step = (float(part) for part in text.split(","))
    except ValueError:
        length, step = -1.0, []
    if length > 0 and len(step) < 2:
        return length, step[0] if step else None
    message = f"--windows '{text}' must be a length and, if you like, a step, such as 3,1."
    raise OptionError(message)


def _slide(
    folder: Path, windows: tuple[float, float | None], choices: dict[str, Any]
) -> pd.DataFrame | None:
    from exprstats.behaviour import inspect_openface, plan_windows

    looking = {name: choices[name] for name in ("fps", "recursive", "endings", "n_jobs")}
    facts = inspect_openface(folder, **looking)
    if "length" not in facts:
        # No file can be used, which is told where the files are read.
        return None
    return plan_windows(facts[["video", "length"]], length=windows[0], step=windows[1])


def _pick_face(text: str | None) -> int | Literal["largest"] | None:
    if text is None or text == "largest":
        return text
    if text.isdecimal():
        return int(text)
    message = f"--face '{text}' is neither a face id, such as 0, nor 'largest'."
    raise OptionError(message)


def _split_shard(text: str | None) -> tuple[int, int] | None:
    """Return the two numbers of ``I/N``."""
    if text is None:
        return None
    first, _, second = text.partition("/")
    if first.isdecimal() and second.isdecimal():
        return int(first), int(second)
    message = f"--shard '{text}' must be two numbers, such as 1/8."
    raise OptionError(message)


def _keep_features(session: Session, result: ClipFeatures) -> None:
    """Put features, ledger and files into the session."""
    for row in result.files.to_dict("records"):
        if row["status"] == "ok":
            session.add_input(Path(row["file"]), row["sha256"], int(row["n_rows"]))
        else:
            session.warnings.append(f"{row['file']} could not be used: {row['note']}")
    session.add_table("clips", result.clips)
    session.tables |= {"ledger": result.ledger, "files": result.files}
