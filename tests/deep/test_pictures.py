"""Pictures of videos as networks take them.

Frames of a written video have one flat colour each, which says their number. mp4v shifts colours
by up to five of 255 levels, so that the frames as OpenCV decodes them in order are the witness;
flat pictures are scaled without error, hence the tolerance of single precision (1e-6).
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError

cv2 = pytest.importorskip("cv2")
MEANS, SDS = np.array([0.43216, 0.394666, 0.37645]), np.array([0.22803, 0.22145, 0.216989])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("videos")
    writer = cv2.VideoWriter(str(place / "v1.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 20, (160, 120))
    for number in range(40):
        colour = np.array([5 * number, 40 + 2 * number, 220 - 4 * number], np.uint8)
        writer.write(np.tile(colour, (120, 160, 1)))
    writer.release()
    return place


@pytest.fixture(scope="module")
def colours(folder):
    """RGB (40, 3), from 0 to 1, as decoded one after the other."""
    reader = cv2.VideoCapture(str(folder / "v1.mp4"))
    decoded = [reader.read()[1] for _ in range(40)]
    return np.array([frame[60, 80, ::-1] for frame in decoded]) / 255


def segments(**other):
    return pd.DataFrame({"clip": ["c"], "video": ["v1"], "start": [0.5], "end": [1.5], **other})


@pytest.mark.parametrize(("net", "side"), [("r3d", 112), ("i3d", 224)])
def test_frames_are_spread_over_the_clip_and_scaled_for_the_network(folder, colours, net, side):
    from exprstats.deep.video.pictures import read_pictures

    load = read_pictures(folder, segments(), net=net, frames=4)
    found = load(pd.Series({"clip": "c"}))
    assert found.shape == (3, 4, side, side)
    assert found.dtype == np.float32
    # One second at 20 a second, four of them: frames 10, 15, 20 and 25.
    middle = found[:, :, side // 2, side // 2]
    back = (middle + 1) / 2 if net == "i3d" else middle * SDS[:, None] + MEANS[:, None]
    np.testing.assert_allclose(back, colours[[10, 15, 20, 25]].T, atol=1e-6)
    np.testing.assert_array_equal(load(pd.Series({"clip": "c"})), found)


def test_times_count_from_the_end_too(folder, colours):
    from exprstats.deep.video.pictures import read_pictures

    late = read_pictures(folder, segments(start=[-0.5], end=[0.0]), net="i3d", frames=2)
    found = (late(pd.Series({"clip": "c"}))[:, :, 112, 112] + 1) / 2
    np.testing.assert_allclose(found, colours[[30, 35]].T, atol=1e-6)


def test_a_video_that_is_absent_is_named(folder):
    from exprstats.deep.video.pictures import read_pictures

    with pytest.raises(DataError, match="lacks the videos 'v2'"):
        read_pictures(folder, segments(video=["v2"]))


def test_windows_of_frames_are_cut_from_their_video_whole_or_in_the_middle(folder, colours):
    import exprstats as ex
    from exprstats.deep.video.pictures import read_pictures

    frames = pd.DataFrame({"video": "v1", "frame": np.arange(1, 41), "label": np.arange(40) % 11})
    frames["timestamp"] = ((frames["frame"] - 1) / 20).round(3)
    windows = ex.cut_windows(frames)
    clips, _ = ex.gather_windows(frames, windows, features=[], keep=[])
    assert clips["clip"].tolist() == [f"v1_{last}" for last in (16, 22, 28, 34, 40)]
    middle = read_pictures(folder, clips, net="i3d", frames=16)
    whole = read_pictures(folder, clips, net="i3d", frames=16, whole=True)
    for row in clips.to_dict("records"):
        line = pd.Series(row)
        shown = (middle(line)[:, :, 112, 112] + 1) / 2
        known = colours[row["first_frame"] - 1 : row["last_frame"]]
        np.testing.assert_allclose(shown, known.T, atol=1e-6)
        assert whole(line).shape == (3, 16, 256, 256)
        np.testing.assert_array_equal(whole(line)[:, :, 16:240, 16:240], middle(line))
