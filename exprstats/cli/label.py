"""``exprstats label``: intensity labels of frames and windows, from any face tracker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.options import FACE_HELP, ConfidenceOption, option, split_names
from exprstats.cli.places import check_folders
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import Tracker, name_some

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.behaviour import Frames


@reads_files
@opens_session("label")
def label_file(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE|DIR", help="What a face tracker wrote, one file per video."),
    ],
    tracker: Annotated[
        Tracker | None, option("What wrote it. [default: as the header says]")
    ] = None,
    emotion: Annotated[
        str | None,
        option(
            "happiness, sadness, surprise, fear, anger, disgust, or all; each has labels of "
            "its own. [default: happiness]",
            "NAME[,NAME...]",
        ),
    ] = None,
    units: Annotated[
        list[str] | None,
        option(
            "An emotion's units with their columns, such as AU12=MouthSmileLeft+"
            "MouthSmileRight; once for each emotion. [default: as published]",
            "[NAME:]UNIT=COL+COL,...",
        ),
    ] = None,
    subjects: Annotated[
        Path | None,
        option(
            "Who is seen in each video: columns video and subject. "
            "[default: each video is another person]",
            "FILE",
        ),
    ] = None,
    confidence: ConfidenceOption = 0.8,
    face: Annotated[int | None, option(FACE_HELP, "ID")] = None,
    fps: Annotated[
        float | None, option("Frames per second, where the file holds no times.")
    ] = None,
    length: Annotated[int, option("Frames of a window.", min=1)] = 16,
    step: Annotated[int, option("Frames from one window to the next.", min=1)] = 6,
    dense_step: Annotated[
        int | None, option("Add windows this near that end in a label from 3 to 7.", min=1)
    ] = None,
    tasks: Annotated[
        str | None,
        option("Column of --subjects: compare peak intensities between tasks.", "COLUMN"),
    ] = None,
    asked: Annotated[
        str | None,
        option(
            "Column of --subjects with the emotion that a video's task asks for: peaks of "
            "another emotion are not compared there.",
            "COLUMN",
        ),
    ] = None,
    sequences: Annotated[
        Path | None,
        option(
            "Write each complete window as an array for 'exprstats deep', and clips.csv.", "DIR"
        ),
    ] = None,
    features: Annotated[
        str | None, option("Columns of these arrays; x_* stands for all that fit.", "COL,COL,...")
    ] = None,
    *,
    seed: int,
) -> None:
    """Label frames by intensity of expression, and cut windows.

    Intensity is the share of the person's strongest expression.
    """
    from exprstats.behaviour import read_faces
    from exprstats.behaviour.trackers.tables import list_tracker_files, name_recording
    from exprstats.io.files.kinds import hash_file
    from exprstats.report.sections.adaptation import describe_labelled_frames

    session.seed = seed if tasks is not None else None  # nothing else is random
    check_folders({"--out": session.out, "--sequences": sequences}, session.files)
    if sequences is not None:
        from exprstats.io.folders import refuse_folder

        refuse_folder(sequences, force=session.force, inputs=filter(None, [file, subjects]))
    faces = read_faces(file, tracker=tracker, fps=fps, reading=get_reading())
    frames = pick_face(faces.table, face)
    for one in list_tracker_files(file):
        count = int((frames["video"] == name_recording(one)).sum())
        session.add_input(one, hash_file(one), count)
    frames, more = name_subjects(session, frames, subjects)
    chosen, notes = choose_emotions(faces, emotion, units)
    cutting = {"length": length, "step": step, "dense_step": dense_step}
    parts = {
        name: label_frames(frames, held, more, confidence=confidence, **cutting)
        for name, held in chosen.items()
    }
    session.show_points("Reading", [faces.sentence(), *faces.notes, *notes])
    for name, (table, windows, _) in parts.items():
        told = name if len(parts) > 1 else ""
        section = describe_labelled_frames(table, windows, length=length, step=step, emotion=told)
        session.show(section)
    table, windows = (join_emotions(parts, place) for place in (0, 1))
    session.tables["frames"] = table
    session.add_table("windows", windows)
    if tasks is not None:
        compare_peaks(session, table, tasks, asked, several=len(parts) > 1, seed=seed)
    if sequences is not None:
        if len(parts) > 1:
            message = "--sequences carry the labels of one emotion. Write them for each apart."
            raise OptionError(message)
        wanted = pick_features(features, frames)
        (cut,) = (one for _, _, one in parts.values())
        write_sequences(session, frames, cut, folder=sequences, features=wanted, more=more)


def choose_emotions(
    faces: Frames, emotion: str | None, units: list[str] | None
) -> tuple[dict[str, dict[str, tuple[str, ...]]], list[str]]:
    """Return each emotion's units with their columns, and notes on those that are not rated."""
    from exprstats.behaviour.trackers.units import EMOTIONS, TRACKER_NAMES, name_units
    from exprstats.document.text import join_words

    if units and emotion:
        message = "--emotion takes the published units, --units your own. Give one of them."
        raise OptionError(message)
    if units:
        found = {}
        for text in units:
            start, mark, rest = text.partition(":")
            name = start.strip() if mark else "emotion"
            if name in found:
                message = f"--units names '{name}' twice. Write NAME: before each emotion's units."
                raise OptionError(message)
            found[name] = split_units(rest if mark else text) or {}
        return found, []
    names = split_names(emotion, "--emotion") or ["happiness"]
    names = list(EMOTIONS) if names == ["all"] else names
    found, notes, tracker = {}, [], faces.tracker
    for name in names:
        found[name], lacking = name_units(tracker, name, list(map(str, faces.table)))
        if lacking:
            kept = join_words(list(found[name]))
            lost = join_words(list(lacking))
            notes.append(f"{name} is the mean of {kept}; {TRACKER_NAMES[tracker]} lacks {lost}.")
    return found, notes


def label_frames(
    frames: pd.DataFrame,
    units: dict[str, tuple[str, ...]],
    more: list[str],
    *,
    confidence: float,
    **cutting: Any,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return labelled frames, and their windows as they are printed and as they were cut."""
    from exprstats.behaviour import cut_windows, label_intensity

    labels = label_intensity(frames, units, confidence=confidence)
    if not labels["label"].notna().any():
        fact = "no frame has a label: no unit is above 0 in any frame that was tracked well."
        remedy = ("Lower ", Option("confidence"), ", or name other ", Option("units"), ".")
        raise DataError(Problem(fact, remedy))
    keys = ["subject", "video", "face", "frame", "timestamp"]
    table = frames[keys].assign(intensity=labels["intensity"], label=labels["label"])
    table = table.join(frames[more])
    cut = cut_windows(table, **cutting)
    places = table[["subject", "frame"]]
    windows = cut.assign(
        subject=places["subject"].to_numpy()[cut["last"].to_numpy(int)],
        first_frame=places["frame"].to_numpy()[cut["first"].to_numpy(int)],
        last_frame=places["frame"].to_numpy()[cut["last"].to_numpy(int)],
    ).drop(columns=["first", "last"])
    held = table[more].iloc[cut["last"].to_numpy(int)].reset_index(drop=True)
    return table, windows.join(held), cut


def join_emotions(
    parts: dict[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]], place: int
) -> pd.DataFrame:
    """Return the frames or windows of all emotions, which a column tells apart if there are two."""
    import pandas as pd

    tables = {name: one[place] for name, one in parts.items()}
    if len(tables) == 1:
        return next(iter(tables.values()))
    taken = next(iter(tables.values())).rename(columns={"emotion": "asked"}).columns
    named = [
        one.set_axis(taken, axis=1).assign(emotion=name)[["emotion", *taken]]
        for name, one in tables.items()
    ]
    return pd.concat(named, ignore_index=True)


def pick_face(frames: pd.DataFrame, face: int | None) -> pd.DataFrame:
    """Return the frames of one face, in the order of time; of several, one must be chosen."""
    known = sorted(frames["face"].unique().tolist())
    if face is not None and face not in known:
        told = f" is not in the file; it has {', '.join(map(str, known))}."
        raise OptionError(Option("face", face), told)
    kept = frames if face is None else frames[frames["face"] == face]
    shared = int(kept.duplicated(["video", "frame"]).sum())
    if shared:
        listed = ", ".join(map(str, known))
        counted = count_things(shared, "row shows", "rows show")
        message = f"{counted} another face of a frame (faces {listed}). Choose with "
        raise OptionError(message, Option("face", known[0]), ".")
    return kept.sort_values(["video", "frame"]).reset_index(drop=True)


def name_subjects(
    session: Session, frames: pd.DataFrame, path: Path | None
) -> tuple[pd.DataFrame, list[str]]:
    """Return the frames with the person of each video, and further columns of the file."""
    import pandas as pd

    if path is None:
        return pd.concat([frames, frames["video"].rename("subject")], axis=1), []
    from exprstats.io import read_table

    session.note_file(path)
    table = read_table(path, ids=["video", "subject"], reading=get_reading())
    twice = table["video"].duplicated()
    if twice.any():
        fact = f"two rows are of video '{table['video'][twice].iloc[0]}'."
        raise DataError(Problem(fact, "Give each video one row.", file=str(path)))
    known = table.set_index("video")
    lost = [one for one in frames["video"].unique() if one not in known.index]
    if lost:
        fact = f"it names no subject of {name_some(lost)}."
        raise DataError(Problem(fact, "Name videos as their files, without ending.",
                                file=str(path)))  # fmt: skip
    more = [str(name) for name in known if name != "subject" and name not in frames]
    found = known[["subject", *more]].loc[frames["video"]].set_axis(frames.index)
    return pd.concat([frames, found], axis=1), more


def compare_peaks(
    session: Session,
    frames: pd.DataFrame,
    column: str,
    asked: str | None,
    *,
    several: bool,
    seed: int,
) -> None:
    """Print how peak intensities differ between tasks, of each emotion apart."""
    from exprstats.deep import compare_tasks

    wanted = "asked" if several and asked == "emotion" else asked
    for name in filter(None, (column, wanted)):
        if name not in frames:
            message = f"{name}: --subjects has no such column beside video and subject."
            raise OptionError(message)
    if wanted is not None:
        if not several:
            message = "--asked tells several emotions apart; name them with --emotion."
            raise OptionError(message)
        frames = frames[frames[wanted].astype(str) == frames["emotion"]]
        if frames.empty:
            message = f"--asked {asked}: no video asks for one of the emotions."
            raise OptionError(message)
    emotion = "emotion" if several else None
    found = compare_tasks(frames, task=column, emotion=emotion, seed=seed)
    session.add_table("tasks", found.tidy())
    session.tables["peaks"] = found.peaks
    session.present(found)


def pick_features(text: str | None, frames: pd.DataFrame) -> list[str]:
    """Return the columns that are named, or that fit a name with asterisks, in their order."""
    from fnmatch import fnmatchcase

    names = split_names(text, "--features")
    if not names:
        message = "--sequences needs the columns that networks see, such as --features x_*,y_*."
        raise OptionError(message)
    held = [str(one) for one in frames]
    absent = [name for name in names if not any(fnmatchcase(one, name) for one in held)]
    if absent:
        message = f"--features: no column of the tracker fits {name_some(absent)}."
        raise OptionError(message)
    return [one for one in held if any(fnmatchcase(one, name) for name in names)]


def write_sequences(
    session: Session,
    frames: pd.DataFrame,
    windows: pd.DataFrame,
    *,
    folder: Path,
    features: list[str],
    more: list[str],
) -> None:
    """Write the array of each complete window, and the table that names them."""
    import numpy as np

    from exprstats.deep import gather_windows
    from exprstats.io import stage_folder, write_csv

    clips, arrays = gather_windows(frames, windows, features=features, keep=["subject", *more])
    means = np.array([arrays[name].mean(axis=0) for name in clips["clip"]], dtype=float)
    clips[features] = means
    given = [one["file"] for one in session.inputs]
    with stage_folder(folder, force=session.force, inputs=given) as stage:
        for name, values in arrays.items():
            np.save(stage / f"{name}.npy", values)
        write_csv(clips, stage / "clips.csv")
    told = count_things(len(arrays), "window is", "windows are")
    session.say(
        f"{told} in {folder}. Next: exprstats deep "
        f"fit {folder / 'clips.csv'} --sequences {folder} --target label --subject subject "
        "--classes 11 --rescale --training-only added --save model.safetensors"
    )


def split_units(text: str | None) -> dict[str, tuple[str, ...]] | None:
    """Return units with their columns from a list of UNIT=COLUMN+COLUMN.

    Examples
    --------
    >>> split_units("AU06=left+right,AU12=smile")
    {'AU06': ('left', 'right'), 'AU12': ('smile',)}
    """
    found = {}
    for part in split_names(text, "--units") or []:
        unit, mark, columns = part.partition("=")
        names = tuple(one.strip() for one in columns.split("+"))
        if not (unit.strip() and mark and all(names)):
            message = f"--units '{part}' must be a unit and its columns, such as AU12=left+right."
            raise OptionError(message)
        found[unit.strip()] = names
    return found or None
