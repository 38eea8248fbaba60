"""``exprstats clips``: videos cut into clips, frames placed by time stamp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.apa import count_things
from exprstats.cli.options import VIDEOS_HELP, JsonOption, QuietOption, option
from exprstats.cli.places import check_folder, spare_input
from exprstats.cli.session import Session, open_session

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 10
PUBLISHED = "expressiveness"


def cut_videos(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO", help=VIDEOS_HELP)],
    plan: Annotated[
        str,
        option(
            "The 3-second clips of Lin, Girard, and Morency (2020), for videos whose names "
            "hold sadness, startle, fear, pain or disgust; or a file with the columns clip, "
            "video, start, end in seconds, negative ones counted from the end.",
            "expressiveness|FILE",
        ),
    ],
    out: Annotated[Path, option("Takes the clips and ledger.csv; a stopped run goes on.", "DIR")],
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Cut videos into clips without shared frames.

    Missing frames are black.
    """
    with open_session("clips", json=json, quiet=quiet) as session:
        check_folder(out, "--out")
        import pandas as pd

        from exprstats.deep.video.clips import cut_clips, list_unmatched
        from exprstats.io.outputs import join_inside

        session.files["--out"] = out / "ledger.csv"
        segments = _read_plan(session, plan, videos)
        for name in segments["clip"]:
            planned = {"--out": join_inside(out, str(name), ".mp4")}
            for video in videos:
                spare_input(video, planned)
        ledgers = []
        for video in videos:
            ledgers.append(cut_clips(video, segments, out))
            session.add_input(video, str(ledgers[-1]["video_sha256"].iloc[0]), len(ledgers[-1]))
        ledgers.append(list_unmatched(segments, videos, out))
        show_ledger(session, pd.concat(ledgers, ignore_index=True), out)


def _read_plan(session: Session, plan: str, videos: list[Path]) -> pd.DataFrame:
    import pandas as pd

    from exprstats.behaviour import plan_segments, read_segments
    from exprstats.behaviour.segments import LIN2020
    from exprstats.deep.video.clips import match_contexts

    if plan != PUBLISHED:
        session.note_file(Path(plan))
        return read_segments(plan)
    contexts = match_contexts([video.stem for video in videos], list(LIN2020))
    return plan_segments(pd.DataFrame({"video": list(contexts), "context": [*contexts.values()]}))


def show_ledger(session: Session, ledger: pd.DataFrame, out: Path) -> None:
    """Print what became of the clips, and keep their rows for ``--json``."""
    session.add_table("ledger", ledger)
    counts = ledger["status"].value_counts()
    made = int(counts.get("cut", 0))
    kept = int(counts.get("kept", 0))
    given = ledger["video_sha256"].ne("")
    videos = count_things(ledger["video"][given].nunique(), "video")
    sentence = f"We cut {count_things(made, 'clip')} of {videos}"
    if kept:
        sentence += f" and kept {count_things(kept, 'clip')} that an earlier run had finished"
    session.say(f"{sentence}. They are in {out}, with ledger.csv.")
    held = ledger[ledger["status"] != "left out"]
    black = held[held["n_black"] > 0]
    points = [
        f"{row['clip']}: {row['n_black']:,} of {count_things(row['n_frames'], 'frame')}"
        for row in black.to_dict("records")
    ]
    _show_some(session, "Black frames, where the video has none", points)
    left = ledger[ledger["status"] == "left out"].to_dict("records")
    _show_some(session, "Clips left out", [f"{row['clip']}: {row['reason']}" for row in left])


def _show_some(session: Session, title: str, points: list[str]) -> None:
    more = [f"and {len(points) - _SHOWN:,} more (see ledger.csv)"] * (len(points) > _SHOWN)
    session.show_points(title, [*points[:_SHOWN], *more])
