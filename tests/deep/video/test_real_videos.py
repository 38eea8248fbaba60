"""Real clips: what OpenCV alone reads of them, and one face where one is seen."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import read_faces
from exprstats.deep.video.clips import cut_clips
from exprstats.deep.video.detectors import open_detector
from exprstats.deep.video.faces import box_clip, box_landmarks
from exprstats.deep.video.reading import index_video, read_clip
from exprstats.errors import DataWarning

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def videos():
    return Path(os.environ["EXPRSTATS_DATA"]) / "video"


def read_plainly(path):
    reader = cv2.VideoCapture(str(path))
    frames = []
    while True:
        held, frame = reader.read()
        if not held:
            return np.array(frames)
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


def test_a_constant_rate_film_is_read_frame_by_frame(videos):
    path = videos / "pyfeat_single_face.mp4"
    frames = read_plainly(path)
    times = index_video(path)
    assert (times.fps, len(times.time)) == (30, 72)
    assert (read_clip(path, times=times).frames == frames).all()
    assert (read_clip(path, -1, 0, times=times).frames == frames[42:]).all()


def test_a_film_of_variable_rate_keeps_its_times(videos):
    path = videos / "pyfeat_face_noface.mov"
    times = index_video(path)
    # The header says 26.4 frames a second: the mean over short steps and long ones.
    assert times.fps == 24
    assert times.length == pytest.approx(6.402, abs=1e-3)
    clip = read_clip(path, times=times, size=32)
    assert clip.present.all()
    assert len(clip.time) == round(6.402 * 24)


def test_missing_frames_are_said(videos):
    with pytest.warns(DataWarning, match="holds 95 of the 98 frames"):
        assert len(index_video(videos / "pyfeat_no_face.mp4").time) == 95


def test_a_film_at_the_ntsc_rate_is_cut_without_a_loss(videos, tmp_path):
    path = videos / "pyfeat_WolfgangLanger_Pexels.mp4"
    times = index_video(path)
    assert times.fps == pytest.approx(24000 / 1001)
    plan = [(start, start + 3) for start in (0, 3, 6)]
    table = pd.DataFrame(plan, columns=["start", "end"], dtype=float)
    table = table.assign(clip=["a", "b", "c"], video=path.stem)
    ledger = cut_clips(path, table, tmp_path / "clips")
    assert ledger["n_black"].sum() <= 1
    assert ledger["n_frames"].tolist() == [72, 72, 72]


def test_the_square_of_openface_landmarks_holds_the_face(videos):
    data = videos.parent / "openface" / "open_dbm" / "subj01_timepoint01.csv"
    frames = read_faces(data).table
    found = box_landmarks(frames)
    points = frames[[f"x_{i}" for i in range(68)]].to_numpy()
    assert found.x < points.min()
    assert found.x + found.side > points.max()
    assert found.n_found == 158
    clip = read_clip(videos / "opendbm_subj01_timepoint01.mp4", 0, 1, box=found.box, size=112)
    assert clip.frames.shape == (30, 112, 112, 3)


@pytest.fixture
def detector():
    """Return BlazeFace from a file that the user has: face_detection_full_range.tflite."""
    place = os.environ.get("EXPRSTATS_DETECTOR")
    if not place:
        pytest.skip("EXPRSTATS_DETECTOR names no full-range BlazeFace file")
    return open_detector(place, score=0.5)


def test_blazeface_finds_the_faces_that_are_there(videos, detector):
    pictures = [cv2.imread(str(videos / f"pyfeat_{name}_face.jpg")) for name in ("single", "multi")]
    single, several = map(detector, pictures)
    assert len(single) == 1
    assert len(several) == 5
    found = box_clip(videos / "pyfeat_single_face.mp4", detector)
    assert (found.n_frames, found.n_found) == (72, 72)
    assert 200 < found.side < 360
