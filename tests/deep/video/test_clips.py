"""Clips as files: what each holds, what is left out, and what a stopped run keeps."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.deep.video import clips as cutting
from exprstats.deep.video.clips import cut_clips, name_contexts
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
    found = name_contexts(["F01_pain_2", "F02-FEAR"], ["pain", "fear"])
    assert found == {"F01_pain_2": "pain", "F02-FEAR": "fear"}
    with pytest.raises(DataError, match=r"'F03_painful' names 0 of the contexts"):
        name_contexts(["F03_painful"], ["pain", "fear"])


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
