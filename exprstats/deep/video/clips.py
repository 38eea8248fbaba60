"""Clips of a video as files, with a ledger of what became of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.segments import check_segments, match_videos
from exprstats.deep.video.reading import (
    VideoTimes,
    choose_frames,
    index_video,
    load_opencv,
    resolve_bounds,
    walk_frames,
)
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.io.files.kinds import hash_file
from exprstats.io.outputs import join_inside, write_csv
from exprstats.io.sources import FilePath
from exprstats.options import name_some
from exprstats.parallel import report_progress

LEDGER = "ledger.csv"
# What a finished clip must share with a planned one to be kept.
_DONE = ["clip", "video_sha256", "start", "end", "fps"]


def cut_clips(video: FilePath, plan: pd.DataFrame, out: FilePath) -> pd.DataFrame:
    """Cut a video into files, one a clip, in one pass that holds one frame at a time.

    Clips never share a frame: one that overlaps with an earlier one is left out. Frames are placed
    as in `read_clip`, so that a clip whose video ends early has a black tail. A clip that an
    earlier call finished, from the same bytes and between the same times, is kept.

    Parameters
    ----------
    video
        A video file.
    plan
        SEGMENTS; rows of other videos are passed over. Negative times, and an end of 0, count
        from the video's end.
    out
        The folder that takes the clips (.mp4, MPEG-4, without sound) and ``ledger.csv``.

    Returns
    -------
    pandas.DataFrame
        The ledger of this video, one row per clip: ``clip``, ``context``?, ``subject``?, ``video``,
        ``start``, ``end`` (s, from 0), ``fps``, ``n_frames``, ``n_black``, ``file``, ``status``
        (``cut``, ``kept`` or ``left out``), ``reason``, ``video_sha256``. The file holds the rows
        of every video that was cut into this folder, and no file of another program is replaced.
    """
    source, folder = Path(video), Path(out)
    check_segments(plan)
    rows = plan[(match_videos(plan, [source.stem]) == source.stem).to_numpy()]
    if not len(rows):
        fact = f"the plan has no clip of video '{source.stem}'."
        raise DataError(Problem(fact, "Use the video's name.", column="video"))
    index = index_video(source)
    ledger = _lay_out_ledger(rows, index)
    earlier = _read_ledger(folder)
    ledger["status"], ledger["reason"] = _judge_clips(ledger, index, earlier, folder)
    left = ledger[ledger["status"] == "left out"]
    if len(left):
        counted = count_things(len(left), "clips is", "clips are", of=len(ledger))
        first = left.iloc[0]
        warn_user(f"{source.name}: {counted} left out; '{first['clip']}' {first['reason']}.")
    others = earlier[~earlier["clip"].isin(ledger["clip"])] if len(earlier) else None
    finished = ledger["status"].to_numpy() != "cut"
    for place in _write_clips(index, ledger[~finished], folder):
        finished[place] = True
        # A run that is stopped keeps the clips that are whole.
        write_csv(pd.concat([others, ledger[finished]], ignore_index=True), folder / LEDGER)
    write_csv(pd.concat([others, ledger], ignore_index=True), folder / LEDGER)
    return ledger


def list_unmatched(plan: pd.DataFrame, videos: Sequence[FilePath], out: FilePath) -> pd.DataFrame:
    """Return ledger rows of planned clips whose video is not given, and add them to the ledger.

    There is a warning for such clips.
    """
    given = [Path(one).stem for one in videos]
    rows = plan[match_videos(plan, given).isna().to_numpy()]
    if rows.empty:
        return pd.DataFrame()
    names = name_some([str(one) for one in rows["video"].unique()])
    warn_user(
        f"{count_things(len(rows), 'clips is', 'clips are', of=len(plan))} left out: the plan "
        f"names videos that were not given ({names})."
    )
    ids = [name for name in ("clip", "context", "subject", "video", "start", "end") if name in rows]
    lost = rows[ids].reset_index(drop=True).astype({"clip": str})
    lost = lost.assign(fps=0.0, n_frames=0, n_black=0, file="", video_sha256="")
    lost = lost.assign(status="left out", reason="no such video was given")
    earlier = _read_ledger(Path(out))
    kept = earlier[~earlier["clip"].isin(lost["clip"])] if len(earlier) else None
    write_csv(pd.concat([kept, lost], ignore_index=True), Path(out) / LEDGER)
    return lost


def _lay_out_ledger(rows: pd.DataFrame, index: VideoTimes) -> pd.DataFrame:
    ids = [name for name in ("clip", "context", "subject", "video") if name in rows]
    ledger = rows[ids].reset_index(drop=True).astype({"clip": str})
    bounds = [
        resolve_bounds(float(start), float(end), index.length)
        for start, end in rows[["start", "end"]].to_numpy(float)
    ]
    # A millionth of a second is kept, so that a ledger that is read again says the same.
    starts, ends = (np.round([one[place] for one in bounds], 6) for place in (0, 1))
    chosen = [
        choose_frames(index.time, start, end, index.fps)
        for start, end in zip(starts, ends, strict=True)
    ]
    count = np.array([len(one) for one in chosen])
    black = [int((one < 0).sum()) for one in chosen]
    files = [join_inside(Path(), str(name), ".mp4").name for name in ledger["clip"]]
    more = {"start": starts, "end": ends, "fps": round(index.fps, 6), "n_frames": count}
    more |= {"n_black": black, "file": files, "video_sha256": hash_file(index.path)}
    return ledger.assign(**more)


def _judge_clips(
    ledger: pd.DataFrame, index: VideoTimes, earlier: pd.DataFrame, folder: Path
) -> tuple[list[str], list[str]]:
    """Return each clip's status and, where it is left out, the reason."""
    status, reason = ["cut"] * len(ledger), [""] * len(ledger)
    done = set(earlier[_DONE].itertuples(index=False, name=None)) if len(earlier) else set()
    ours = set(earlier["file"]) if len(earlier) else set()
    last, holder = -np.inf, ""
    for place in np.argsort(ledger["start"].to_numpy(), kind="stable").tolist():
        row = ledger.iloc[place]
        if row["start"] < 0 or row["n_frames"] < 1 or row["start"] >= index.length:
            status[place] = "left out"
            reason[place] = f"lies outside the video of {index.length:.5g} s"
        elif row["start"] < last - 1e-5:
            status[place], reason[place] = "left out", f"overlaps with '{holder}'"
        else:
            last, holder = row["end"], row["clip"]
            there = (folder / row["file"]).exists()
            if there and (folder / row["file"]).samefile(index.path):
                told = f"clip '{row['clip']}' would replace the video {index.path}."
                raise OptionError(told, " Choose another folder.", option="out")
            if there and tuple(row[name] for name in _DONE) in done:
                status[place] = "kept"
            elif there and row["file"] not in ours:
                message = f"{folder}: {row['file']} is no clip of ours. Choose another folder."
                raise OptionError(message, option="out")
    return status, reason


def _write_clips(index: VideoTimes, waiting: pd.DataFrame, folder: Path) -> Iterator[int]:
    """Write clips in the order of time, and yield the place of each whose file is whole."""
    cv2 = load_opencv()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message, option="out") from error
    ordered = waiting.sort_values("start", kind="stable")
    chosen = [
        choose_frames(index.time, float(start), float(end), index.fps)
        for start, end in ordered[["start", "end"]].to_numpy(float)
    ]
    total = sum(map(len, chosen))
    walk = walk_frames(index.path, np.concatenate(chosen)) if total else iter(())
    following = next(walk, None)
    black = np.zeros((index.height, index.width, 3), np.uint8)
    done = 0
    for label, file, places in zip(ordered.index, ordered["file"], chosen, strict=True):
        draft = folder / f".{file}.part.mp4"
        code = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(draft), code, index.fps, (index.width, index.height))
        try:
            if not writer.isOpened():
                message = f"{folder} takes no video file. Choose another place."
                raise OptionError(message, option="out")
            for moment in range(done, done + len(places)):
                if following is not None and following[0] == moment:
                    writer.write(following[1])
                    following = next(walk, None)
                else:
                    writer.write(black)
                report_progress(f"Cutting {index.path.name}", moment + 1, total)
            writer.release()
            draft.replace(folder / file)
        finally:
            writer.release()
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        done += len(places)
        yield int(label)


def _read_ledger(folder: Path) -> pd.DataFrame:
    path = folder / LEDGER
    if not path.is_file():
        return pd.DataFrame()
    table = pd.read_csv(path, dtype={"clip": str, "video": str, "file": str}, keep_default_na=False)
    absent = set(_DONE) - set(table.columns)
    if absent:
        fact = f"the file is no ledger of clips: it lacks {', '.join(sorted(absent))}."
        raise DataError(Problem(fact, "Choose another folder.", file=str(path)))
    return table


def match_contexts(videos: Sequence[str], contexts: Sequence[str]) -> dict[str, str]:
    """Return the context that each video's name holds as one of its words.

    Raises
    ------
    DataError
        If a name holds none or several.

    Examples
    --------
    >>> match_contexts(["F012_Pain"], ["pain", "fear"])
    {'F012_Pain': 'pain'}
    """
    found = {}
    for video in videos:
        words = set(re.split(r"[\W_]+", video.casefold()))
        held = [one for one in contexts if one.casefold() in words]
        if len(held) != 1:
            fact = f"the name of video '{video}' names {len(held)} of the contexts."
            remedy = f"They are {', '.join(contexts)}; or write a plan with the clips' times."
            raise DataError(Problem(fact, remedy))
        found[video] = held[0]
    return found
