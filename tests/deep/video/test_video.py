"""Frames in arrays: bar codes prove which frame stands where.

Time stamps of .mp4 files are whole units of 1/12800 s or the like: 1e-4 s is the tolerance of a
time.
"""

import numpy as np
import pytest

from exprstats.deep.video.reading import choose_frames, index_video, read_clip, resolve_bounds
from exprstats.errors import DataError, DataWarning, OptionError


def test_a_clip_holds_exactly_its_frames(codes, make_video):
    path = make_video(100)
    clip = read_clip(path, 1, 2)
    # Frame i begins at (i − 1)/25 s.
    assert codes.read(clip) == list(range(26, 51))
    assert clip.time == pytest.approx(1 + np.arange(25) / 25)
    assert clip.present.all()


def test_times_from_the_end_and_neighbours_share_no_frame(codes, make_video):
    path = make_video(100)
    times = index_video(path)
    assert (times.fps, times.length) == (25, pytest.approx(4, abs=1e-4))
    last = codes.read(read_clip(path, -1, 0, times=times))
    assert last == list(range(76, 101))
    before = codes.read(read_clip(path, -2, -1, times=times))
    assert before == list(range(51, 76))
    assert codes.read(read_clip(path, times=times)) == list(range(1, 101))


def test_the_tail_past_the_end_is_black(codes, make_video):
    clip = read_clip(make_video(50), 1, 4)
    assert codes.read(clip) == [*range(26, 51), *[0] * 50]
    assert clip.present.sum() == 25
    assert (clip.frames[25:] == 0).all()


def test_frames_that_were_dropped_are_black_and_the_others_keep_their_times(codes, make_video):
    """Frames 11 and 12 are as long as three and two steps: 2 and 1 frames were dropped."""
    durations = np.full(50, 0.04)
    durations[[10, 11]] = [0.12, 0.08]
    path = codes.retime(make_video(50), durations)
    times = index_video(path)
    assert times.time == pytest.approx(np.r_[0, np.cumsum(durations)[:-1]], abs=1e-4)
    assert times.fps == 25
    assert codes.read(read_clip(path, 0.4, 0.72, times=times)) == [11, 0, 0, 12, 0, 13, 14, 15]


def test_variable_rates_are_followed_by_time_stamp(codes, make_video):
    """The second half runs at half the rate: the header's mean rate would place it wrongly."""
    durations = np.r_[np.full(60, 0.04), np.full(20, 0.08)]
    path = codes.retime(make_video(80), durations)
    clip = read_clip(path, 2.4, 4)
    expected = [61 + moment // 2 if moment % 2 == 0 else 0 for moment in range(40)]
    assert codes.read(clip) == expected
    assert codes.read(read_clip(path, 0, 4, fps=12.5))[30:] == list(range(61, 81))


def test_channels_are_red_green_blue(make_video):
    frame = read_clip(make_video(30), 0, 0.2).frames[0].astype(float)
    assert frame[..., 2].mean() > frame[..., 0].mean() + 25


def test_a_recording_on_its_side_is_turned_upright(codes, make_video):
    path = codes.turn(make_video(30))
    times = index_video(path)
    assert (times.height, times.width) == (160, 32)
    frame = read_clip(path, 0, 0.04, times=times).frames[0]
    assert frame.shape == (160, 32, 3)
    # The bits of frame 1 run from the top: the first bar is white, all others dark.
    assert frame[:16, :, 1].mean() > 150
    assert frame[20:, :, 1].mean() < 50


def test_a_box_crops_pads_and_scales(make_video):
    path = make_video(30)
    clip = read_clip(path, 0, 0.2, box=(-8, -4, 40))
    assert clip.frames.shape == (5, 40, 40, 3)
    assert (clip.frames[:, :4] == 0).all()
    assert (clip.frames[:, :, :8] == 0).all()
    whole = read_clip(path, 0, 0.2)
    assert (clip.frames[:, 4:36, 8:] == whole.frames[:, :, :32]).all()
    assert read_clip(path, 0, 0.2, box=(0, 0, 32), size=8).frames.shape == (5, 8, 8, 3)
    assert read_clip(path, 0, 0.2, size=(16, 80)).frames.shape == (5, 16, 80, 3)


def test_a_file_that_is_cut_off_is_refused(make_video, tmp_path):
    whole = make_video(100).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be opened as a video; it may be cut off"):
        index_video(tmp_path / "cut.mp4")
    film = make_video(100, name="v.avi", code="MJPG").read_bytes()
    (tmp_path / "cut.avi").write_bytes(film[: len(film) // 2])
    with pytest.raises(DataError, match=r"cut off: it holds \d+ of the 100 frames"):
        index_video(tmp_path / "cut.avi")


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_text("frame,timestamp\n1,0\n")
    with pytest.raises(DataError, match="cannot be opened"):
        read_clip(tmp_path / "a.mp4")
    with pytest.raises(DataError, match="no such file"):
        read_clip(tmp_path / "none.mp4")


def test_choices_that_cannot_be_are_refused(make_video):
    path = make_video(30)
    times = index_video(path)
    with pytest.raises(OptionError, match="25 frames per second and no more"):
        read_clip(path, fps=50, times=times)
    with pytest.raises(OptionError, match=r"GiB.*size="):
        read_clip(path, 0, 10_000_000, times=times)
    with pytest.raises(OptionError, match="side must be at least 1"):
        read_clip(path, box=(0, 0, 0), times=times)
    with pytest.raises(DataError, match="holds no frame"):
        read_clip(path, 1, 0.5, times=times)


@pytest.mark.parametrize("fps", [23.976023976023978, 24, 25, 29.97002997002997, 30, 60])
def test_clips_in_a_row_use_each_frame_once(fps):
    """At rates that no clip's length is a multiple of, too, and with stamps rounded to 1 ms."""
    exact = np.arange(int(fps * 60)) / fps
    for time in (exact, exact.round(3)):
        used = np.concatenate([choose_frames(time, t, t + 3, fps) for t in range(0, 60, 3)])
        used = used[used >= 0]
        assert (np.diff(used) > 0).all()
        # Where the phase passes half a step, a clip may have a frame more than moments.
        assert len(used) >= len(time) - 3


def test_times_count_from_the_end():
    assert resolve_bounds(-12, -9, 60.5) == (48.5, 51.5)
    assert resolve_bounds(-3, 0, 60.5) == (57.5, 60.5)


def test_a_few_frames_that_are_missing_at_the_end_are_said(tmp_path, make_video):
    """A film that lacks 4 of 100 frames is whole; the announced ones stay black."""
    film = make_video(100, name="v.avi", code="MJPG").read_bytes()
    at = film.index(b"idx1")
    for _ in range(4):
        at = film.rindex(b"00dc", 0, at)
    (tmp_path / "short.avi").write_bytes(film[:at])
    with pytest.warns(DataWarning, match="holds 96 of the 100 frames"):
        times = index_video(tmp_path / "short.avi")
    assert len(times.time) == 96
