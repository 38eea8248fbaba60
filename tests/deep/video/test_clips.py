"""Clips as files: what each holds, what is left out, and what a stopped run keeps."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.deep.video import clips as cutting
from exprstats.deep.video.clips import cut_clips, match_contexts
from exprstats.errors import DataError, DataWarning, OptionError


def make_plan(*bounds, video="v"):
    plan = pd.DataFrame(bounds, columns=["start", "end"], dtype=float)
    return plan.assign(clip=[f"c{place}" for place in range(len(bounds))], video=video)


def test_files_hold_exactly_their_frames_in_any_order_of_the_plan(codes, make_video, tmp_path):
    path, out = make_video(100), tmp_path / "clips"
    ledger = cut_clips(path, make_plan((-1, 0), (0, 1), (1, 2.2)), out)
    assert codes.read_file(out, "c0.mp4") == list(range(76, 101))
    assert codes.read_file(out, "c1.mp4") == list(range(1, 26))
    assert codes.read_file(out, "c2.mp4") == list(range(26, 56))
    assert ledger["status"].tolist() == ["cut"] * 3
    bounds = np.array([[3, 4], [0, 1], [1, 2.2]])
    assert ledger[["start", "end"]].to_numpy() == pytest.approx(bounds, abs=1e-4)
    assert ledger["n_black"].tolist() == [0, 0, 0]
    stored = pd.read_csv(out / "ledger.csv")
    assert stored["clip"].tolist() == ["c0", "c1", "c2"]


def test_a_tail_past_the_end_is_black_and_counted(codes, make_video, tmp_path):
    ledger = cut_clips(make_video(50), make_plan((1, 3)), tmp_path / "clips")
    assert ledger[["n_frames", "n_black"]].to_numpy().tolist() == [[50, 25]]
    assert codes.read_file(tmp_path / "clips", "c0.mp4") == [*range(26, 51), *[0] * 25]


def test_clips_never_share_a_frame(make_video, tmp_path):
    plan = make_plan((0, 1), (0.5, 1.5), (1, 2), (90, 93))
    with pytest.warns(DataWarning, match="2 of 4 clips are left out; 'c1' overlaps with 'c0'"):
        ledger = cut_clips(make_video(100), plan, tmp_path / "clips")
    assert ledger["status"].tolist() == ["cut", "left out", "cut", "left out"]
    assert ledger["reason"].iloc[3] == "lies outside the video of 4 s"
    assert not (tmp_path / "clips" / "c1.mp4").exists()


def test_a_stopped_run_goes_on_where_it_stopped(codes, make_video, tmp_path, monkeypatch):
    path, out = make_video(100), tmp_path / "clips"
    plan = make_plan((0, 1), (1, 2))

    def stop(label, done, total):
        if done > 30:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cutting, "report_progress", stop)
        with pytest.raises(KeyboardInterrupt):
            cut_clips(path, plan, out)
    # The first clip was whole, the second was not; neither was in a ledger yet.
    assert sorted(one.name for one in out.iterdir()) == ["c0.mp4", "ledger.csv"]
    ledger = cut_clips(path, plan, out)
    assert ledger["status"].tolist() == ["kept", "cut"]
    assert codes.read_file(out, "c1.mp4") == list(range(26, 51))
    assert cut_clips(path, plan, out)["status"].tolist() == ["kept", "kept"]


def test_other_times_or_another_video_are_cut_anew(codes, make_video, tmp_path):
    out = tmp_path / "clips"
    cut_clips(make_video(100), make_plan((0, 1)), out)
    assert cut_clips(make_video(100), make_plan((1, 2)), out)["status"].tolist() == ["cut"]
    assert codes.read_file(out, "c0.mp4") == list(range(26, 51))
    assert cut_clips(make_video(90), make_plan((1, 2)), out)["status"].tolist() == ["cut"]


def test_two_videos_share_a_ledger(make_video, tmp_path):
    out = tmp_path / "clips"
    plan = pd.concat([make_plan((0, 1)), make_plan((0, 1), video="w").assign(clip="d0")])
    cut_clips(make_video(30), plan, out)
    cut_clips(make_video(30, name="w.mp4"), plan, out)
    assert pd.read_csv(out / "ledger.csv")["clip"].tolist() == ["c0", "d0"]


def test_a_file_of_the_user_is_not_replaced(make_video, tmp_path):
    out = tmp_path / "clips"
    out.mkdir()
    (out / "c0.mp4").write_text("mine")
    with pytest.raises(OptionError, match=r"c0\.mp4 is no clip of ours"):
        cut_clips(make_video(30), make_plan((0, 1)), out)
    assert (out / "c0.mp4").read_text() == "mine"
    with pytest.raises(DataError, match="no clip of video 'v'"):
        cut_clips(make_video(30), make_plan((0, 1), video="x"), tmp_path / "none")


def test_contexts_are_words_of_names():
    found = match_contexts(["F01_pain_2", "F02-FEAR"], ["pain", "fear"])
    assert found == {"F01_pain_2": "pain", "F02-FEAR": "fear"}
    with pytest.raises(DataError, match=r"'F03_painful' names 0 of the contexts"):
        match_contexts(["F03_painful"], ["pain", "fear"])


def call(*arguments):
    return CliRunner().invoke(app, ["clips", *map(str, arguments)])


def test_the_published_plan_cuts_pain_into_seven_clips(codes, make_video, tmp_path):
    path = make_video(22 * 5, fps=5, name="F01_pain.mp4")
    place = tmp_path / "rows.json"
    run = call(path, "--plan", "expressiveness", "--out", tmp_path / "clips", "--json", place)
    assert run.exit_code == 0, run.output
    assert "We cut 7 clips of 1 video." in " ".join(run.output.split())
    rows = json.loads(place.read_text())["rows"]
    assert [row["start"] for row in rows] == pytest.approx([0, 3, 6, 10, 13, 16, 19])
    assert codes.read_file(tmp_path / "clips", "F01_pain_7.mp4") == list(range(96, 111))
    again = call(path, "--plan", "expressiveness", "--out", tmp_path / "clips")
    assert "We cut 0 clips of 1 video and kept 7 clips" in " ".join(again.output.split())


def test_a_plan_of_the_user_is_read_and_errors_are_one_block(make_video, tmp_path):
    path = make_video(100)
    plan = tmp_path / "plan.csv"
    plan.write_text("clip,video,start,end\na,v.mp4,0,1\nb,v.mp4,3.5,5\n")
    run = call(path, "--plan", plan, "--out", tmp_path / "clips")
    assert run.exit_code == 0, run.output
    assert "b: 25 of 38 frames" in " ".join(run.output.split())
    run = call(path, "--plan", tmp_path / "none.csv", "--out", tmp_path / "clips")
    assert run.exit_code == 2
    run = call(path, "--plan", "expressiveness", "--out", tmp_path / "clips")
    assert run.exit_code == 2
    assert "names 0 of the contexts" in " ".join(run.output.split())


@pytest.mark.parametrize(("start", "end"), [(0, 1.5), (1, 2.02), (0.5, 1), (1, 2.5), (2, 2.5)])
def test_half_a_step_at_the_end_is_no_black_frame(codes, make_video, tmp_path, start, end):
    """Frames that begin in [start − step/2, end − step/2), by their stamps, and none is black."""
    path = make_video(100)
    ledger = cut_clips(path, make_plan((start, end)), tmp_path / "clips")
    known = [n + 1 for n in range(100) if start - 0.02 <= round(n / 25, 6) < round(end - 0.02, 6)]
    assert codes.read_file(tmp_path / "clips", "c0.mp4") == known
    assert ledger[["n_frames", "n_black"]].to_numpy().tolist() == [[len(known), 0]]
    later = cut_clips(path, make_plan((end, 3.5)), tmp_path / "later")
    assert codes.read_file(tmp_path / "later", "c0.mp4")[0] == known[-1] + 1
    assert later["n_black"].tolist() == [0]


def test_a_planned_video_that_is_not_given_is_told(make_video, tmp_path):
    path, plan, place = make_video(50), tmp_path / "plan.csv", tmp_path / "rows.json"
    plan.write_text("clip,video,start,end\na,v,0,1\nb,ghost,0,1\nc,ghost,1,2\n")
    run = call(path, "--plan", plan, "--out", tmp_path / "clips", "--json", place)
    assert run.exit_code == 0, run.output
    said = " ".join(run.output.split())
    assert "We cut 1 clip of 1 video." in said
    assert "2 of 3 clips are left out: the plan names videos that were not given ('ghost')" in said
    assert "b: no such video was given" in said
    ledger = pd.read_csv(tmp_path / "clips" / "ledger.csv", keep_default_na=False)
    assert ledger["status"].tolist() == ["cut", "left out", "left out"]
    assert ledger["n_frames"].tolist() == [25, 0, 0]
    rows = json.loads(place.read_text())["rows"]
    assert [row["reason"] for row in rows] == ["", *["no such video was given"] * 2]
    run = call(path, make_video(50, name="ghost.mp4"), "--plan", plan, "--out", tmp_path / "clips")
    assert "We cut 2 clips of 2 videos and kept 1 clip" in " ".join(run.output.split())
    ledger = pd.read_csv(tmp_path / "clips" / "ledger.csv", keep_default_na=False)
    assert sorted(ledger["clip"]) == ["a", "b", "c"]


EACH = """
import sys
from exprstats.cli import run
_, plan, out, *videos = sys.argv
for video in videos:
    sys.argv = ["exprstats", "clips", video, "--plan", plan, "--out", out]
    try:
        run()
    except SystemExit as done:
        print("ended", done.code)
"""


def test_a_damaged_video_is_one_readable_block(make_video, tmp_path):
    """In a process of its own, since the decoder writes to the terminal itself."""
    path = make_video(60, name="broken.mp4")
    paths = []
    for content in (b"", b"no video", path.read_bytes()[: path.stat().st_size // 2]):
        paths.append(tmp_path / str(len(paths)) / "broken.mp4")
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(content)
    plan = tmp_path / "plan.csv"
    plan.write_text("clip,video,start,end\na,broken,0,1\n")
    done = subprocess.run(
        [sys.executable, "-c", EACH, plan, tmp_path / "clips", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["ended", "2"] * 3, done.stderr
    assert "moov" not in done.stderr
    assert " ".join(done.stderr.split()).count("cannot be opened as a video") == 3
