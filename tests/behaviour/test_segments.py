"""Segments from files and plans; times are given numbers, so equality is exact."""

import pandas as pd
import pytest

from exprstats.behaviour import plan_segments, plan_windows, read_segments, summarise_clips
from exprstats.contracts import CLIPS, check_table
from exprstats.errors import DataError, DataWarning, OptionError


def test_a_file_of_segments_with_other_names(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("id;film;von;bis;person;task\n001;F1;0;3,5;01;pain\n002;F1;-3;0;01;pain\n")
    names = {"clip": "id", "video": "film", "start": "von", "end": "bis"}
    table = read_segments(path, **names, subject="person", context="task")
    assert table.columns.tolist() == ["context", "clip", "video", "subject", "start", "end"]
    assert table["clip"].tolist() == ["001", "002"]
    assert table["end"].tolist() == [3.5, 0.0]


def test_a_foreign_column_of_a_canonical_name_is_left_out_aloud(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("id,film,video,start,end\n001,F1,x,0,3\n")
    with pytest.warns(DataWarning, match="column 'video': the file's own column is left out"):
        table = read_segments(path, clip="id", video="film")
    assert table[["clip", "video"]].to_numpy().tolist() == [["001", "F1"]]
    with pytest.raises(OptionError, match="'video' cannot be read beside 'film'"):
        read_segments(path, clip="id", video="film", target="video")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,v,3,1", "row 2: 1 clip has an end that is not after its start: 'a'"),
        ("a,v,-1,-3", "not after its start: 'a'. Give .* 3 and 6, or -6 and -3"),
        ("a,v,0,1\n\nb,v,2,2\nc,v,-2,-2", "rows 4, 5: 2 clips have an end .*: 'b'"),
        ("a,v,0,1\nb,v,0,", "row 3: .* no start or no end"),
        ("a,v,0,1\na,v,1,2", "share their clip"),
        ("a,v,0,x", "'x'"),
    ],
)
def test_segments_that_cannot_be_are_named(tmp_path, rows, said):
    path = tmp_path / "segments.csv"
    path.write_text(f"clip,video,start,end\n{rows}\n")
    with pytest.raises(DataError, match=said) as caught:
        read_segments(path)
    assert caught.value.problems[0].file == str(path)


def test_times_may_count_from_both_ends(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("clip,video,start,end\na,v,8,-1\nb,v,0,-1\nc,v,5,0\nd,v,-3,2\n")
    assert read_segments(path)["start"].tolist() == [8, 0, 5, -3]


def test_a_clip_from_0_to_0_is_refused_with_its_row(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("clip,video,start,end\na,v,1,2\nb,v,0,0\n")
    with pytest.raises(DataError, match="an end that is not after its start: 'b'") as caught:
        read_segments(path)
    assert caught.value.problems[0].rows == (3,)


def test_segments_beyond_their_videos_are_named_with_both_ranges(make_face):
    frames = make_face(250, fps=25, seed=1).rename(columns={"face_id": "face"}).assign(video="v")
    table = pd.DataFrame({"clip": ["a", "b"], "video": "v", "start": [1.0, 8], "end": [4.0, 12]})
    with pytest.warns(DataWarning, match=r"1 of 2 clips ends after its video: 'b' \(12 s of 10 s"):
        summarise_clips(frames, table)
    late = table.assign(start=[0.0, 4000], end=[4000.0, 12000])
    with pytest.raises(DataError, match=r"from 0 to 12,000 s, the videos from 0 to 10 s") as caught:
        summarise_clips(frames, late)
    told = caught.value.problems[0].speak("command", {"unit": "time_unit"})
    assert "--time-unit ms" in told and "Frame numbers" in told


def test_clips_without_length_in_their_videos_are_told_by_their_times(make_face):
    frames = make_face(50, fps=25, seed=1).rename(columns={"face_id": "face"}).assign(video="v")
    videos = pd.DataFrame({"video": ["v"], "context": ["x"]})
    plan = plan_segments(videos, {"x": [(1, -1.5), (-9, -8)]})
    with pytest.raises(DataError, match=r"1: has no length.* Correct the times of the segments"):
        summarise_clips(frames, plan)


def test_the_published_segments_have_the_published_numbers():
    tasks = ["sadness", "Startle", "fear", "pain", "disgust"]
    videos = pd.DataFrame({"video": [f"F1_{task}" for task in tasks], "context": tasks})
    table = plan_segments(videos.assign(subject="F1"))
    counts = table.groupby("context", sort=False).size().to_dict()
    assert counts == {"sadness": 8, "Startle": 5, "fear": 7, "pain": 7, "disgust": 4}
    assert ((table["end"] - table["start"]) == 3).all()
    bounds = table.set_index("context")[["start", "end"]]
    assert bounds.loc["sadness"].iloc[2:5].to_numpy().tolist() == [[30, 33], [33, 36], [-12, -9]]
    assert bounds.loc["disgust"].iloc[[0, -1]].to_numpy().tolist() == [[3, 6], [12, 15]]
    assert table["clip"].is_unique
    with pytest.raises(DataError, match="'joy' has no plan"):
        plan_segments(videos.assign(context="joy"))


def test_negative_times_count_from_the_end_of_the_last_frame(make_face):
    frames = make_face(250, fps=25, seed=1).rename(columns={"face_id": "face"}).assign(video="v")
    plan = {"x": [(-3, 0), (7, 10)]}
    videos = pd.DataFrame({"video": ["v"], "context": ["x"], "subject": ["s"]})
    with pytest.warns(DataWarning, match="overlap"):
        clips = summarise_clips(frames, plan_segments(videos, plan))
    check_table(clips, CLIPS)
    # 250 frames at 25 Hz last 10 s, though the last time stamp is 9.96.
    first, second = clips.drop(columns="clip").to_dict("records")
    assert first == second
    short = frames[frames["frame"] <= 50]
    apart = plan_segments(videos, {"x": [(-3, -2), (7, 10)]})
    with pytest.raises(DataError, match="2: lies outside the video"):
        summarise_clips(short, apart)


def test_clips_from_both_ends_of_a_short_video_are_told_to_overlap(make_face):
    frames = make_face(125, fps=25, seed=1).rename(columns={"face_id": "face"}).assign(video="v")
    videos = pd.DataFrame({"video": ["v"], "context": ["x"]})
    with pytest.warns(DataWarning, match="'v': it is so short that .* overlap"):
        summarise_clips(frames, plan_segments(videos, {"x": [(0, 3), (-3, 0)]}))
    clips = summarise_clips(frames, plan_segments(videos, {"x": [(0, 2), (-3, 0)]}))
    assert len(clips) == 2


def test_windows_slide_and_full_ones_only():
    videos = pd.DataFrame({"video": ["a", "b", "c"], "length": [10.0, 2.9, 3.0], "subject": "s"})
    table = plan_windows(videos, length=3)
    assert table.groupby("video").size().to_dict() == {"a": 3, "c": 1}
    assert plan_windows(videos, length=3, step=1)["start"].tolist() == [*range(8), 0]
    # Four windows of .7 s fill 2.8 s, although (2.8 - .7)/.7 is 2.9999999999999996 in doubles.
    assert len(plan_windows(videos.assign(length=2.8), length=0.7)) == 3 * 4
    with pytest.raises(OptionError, match="above 0"):
        plan_windows(videos, length=3, step=0)
    with pytest.raises(
        DataError, match=r"no video holds a window of 11 s; the longest of 3 lasts 10 s"
    ):
        plan_windows(videos, length=11)
    unread = videos.assign(length=[10.0, 3.0, None])
    with pytest.warns(DataWarning, match="1 of 3 videos has no length: 'c'"):
        assert set(plan_windows(unread, length=3)["video"]) == {"a", "b"}
    with (
        pytest.warns(DataWarning, match="3 of 3 videos have no length"),
        pytest.raises(DataError, match=r"no video holds a window of 3 s\. Choose"),
    ):
        plan_windows(videos.assign(length=float("nan")), length=3)
    with pytest.raises(DataError, match="'length'"):
        plan_windows(videos.drop(columns="length"), length=3)


def test_clock_times_and_milliseconds_are_read_as_seconds(tmp_path):
    clock = tmp_path / "clock.csv"
    clock.write_text("clip,video,start,end\na,v,0:00:03,0:00:06.5\nb,v,01:02,1:00:00\nc,v,-3,0\n")
    assert read_segments(clock)[["start", "end"]].to_numpy().tolist() == [
        [3.0, 6.5],
        [62.0, 3600.0],
        [-3.0, 0.0],
    ]
    ms = tmp_path / "ms.csv"
    ms.write_text("clip,video,start,end\na,v,0,2000\nb,v,1000,3500\n")
    assert read_segments(ms, unit="ms")[["start", "end"]].to_numpy().tolist() == [[0, 2], [1, 3.5]]


def test_segments_beyond_the_video_are_told_with_both_ranges():
    frames = pd.DataFrame({"video": "v", "face": 0, "frame": range(1, 121)})
    frames = frames.assign(timestamp=[i / 30 for i in range(120)], success=1, confidence=0.9)
    frames = frames.assign(pose_Tx=0.0, pose_Ty=0.0, pose_Tz=500.0)
    late = pd.DataFrame({"clip": ["a"], "video": ["v"], "start": [1000.0], "end": [3500.0]})
    with pytest.raises(DataError) as caught:
        summarise_clips(frames, late)
    (problem,) = caught.value.problems
    assert "The segments run from 1,000 to 3,500 s, the videos from 0 to 4 s." in str(problem)
    assert "unit='ms'" in str(problem)


def test_wild_times_end_at_once(tmp_path):
    frames = pd.DataFrame({"video": "v", "face": 0, "frame": range(1, 121)})
    frames = frames.assign(timestamp=[i / 30 for i in range(120)], success=1, confidence=0.9)
    frames = frames.assign(pose_Tx=0.0, pose_Ty=0.0, pose_Tz=500.0)
    wild = pd.DataFrame({"clip": ["a"], "video": ["v"], "start": [0.0], "end": [1.7e12]})
    with pytest.raises(DataError, match="lies outside the video"):
        summarise_clips(frames, wild)


def test_clips_that_are_numbered_anew_in_each_video_are_told_apart_by_both(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("clip,video,start,end\na,v,0,2\nb,v,2,4\na,w,0,2\n")
    with pytest.raises(DataError) as caught:
        read_segments(path)
    assert "--clip video,clip" in caught.value.problems[0].speak("command")
    table = read_segments(path, clip=["video", "clip"])
    assert table["clip"].tolist() == ["v:a", "v:b", "w:a"]
    assert table["video"].tolist() == ["v", "v", "w"]


def test_onset_and_offset_are_start_and_end(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("clip,file,onset,offset\na,v,1,2.5\n")
    with (
        pytest.warns(DataWarning, match="as the (start|end) of clips"),
        pytest.raises(DataError) as caught,
    ):
        read_segments(path)
    [problem] = caught.value.problems
    assert "there is no column 'video'" in str(problem) and "--video" in problem.speak("command")
    with pytest.warns(DataWarning) as told:
        table = read_segments(path, video="file")
    assert ["'onset'" in str(told[0].message), "'offset'" in str(told[1].message)] == [True, True]
    assert table[["start", "end"]].to_numpy().tolist() == [[1, 2.5]]
