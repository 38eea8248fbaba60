"""Videos, arrays and networks: outputs that overlap with inputs, or with what we did not write.

Files are compared byte by byte before and after; interruptions are exceptions in the midst of the
work, which a signal becomes in the program too.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

FIT = ("--target", "score", "--subject", "subject", "--device", "cpu", "--hidden", 4)
FIT = (*FIT, "--layers", 1, "--epochs", 2)
SEGMENTS = "clip,video,start,end\nc0,v,0,1\nc1,v,1,2\n"


def call(*words):
    return CliRunner().invoke(app, [str(one) for one in words])


def squeeze(text):
    return " ".join(text.split())


def read_all(folder):
    files = (one for one in sorted(folder.rglob("*")) if one.is_file())
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


@pytest.fixture
def place(tmp_path):
    """A video, a tracker's file, arrays with their table, and files of somebody."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    rng = np.random.default_rng(1)
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(tmp_path / "v.mp4"), code, 25, (64, 32))
    for picture in rng.integers(0, 255, (50, 32, 64, 3), dtype=np.uint8):
        writer.write(picture)
    writer.release()
    (tmp_path / "plan.csv").write_text(SEGMENTS)
    (tmp_path / "faces").mkdir()
    smile = np.round(rng.uniform(0, 5, 60), 2)
    frames = {"frame_idx": range(60), "frame_time_in_ms": np.arange(60) * 40.0}
    units = {"au_6_intensity": smile[::-1], "au_12_intensity": smile}
    pd.DataFrame({**frames, **units}).to_csv(tmp_path / "faces" / "a.csv", index=False)
    (tmp_path / "seq").mkdir()
    clips = pd.DataFrame({"clip": range(30), "subject": np.arange(30) // 3})
    clips["score"] = rng.normal(size=30)
    clips.to_csv(tmp_path / "clips.csv", index=False)
    for name in clips["clip"]:
        np.save(tmp_path / "seq" / f"{name}.npy", rng.normal(size=(5, 2)))
    (tmp_path / "own").mkdir()
    for name in ("training_1.pt", "c0.mp4", "notes.txt"):
        (tmp_path / "own" / name).write_text("years of work")
    return tmp_path


def cut(at, *more):
    return ("clips", at / "v.mp4", "--plan", at / "plan.csv", *more)


def label(at, *more):
    return ("label", at / "faces", "--features", "au_*", *more)


def fit(at, *more):
    return ("deep", "fit", at / "clips.csv", "--sequences", at / "seq", *FIT, *more)


def adapt(at, *more):
    words = ("deep", "adapt", at / "m.safetensors", at / "clips.csv", "--sequences", at / "seq")
    return (*words, "--target", "score", "--device", "cpu", *more)


def cut_over_its_video(at):
    (at / "own" / "c0.mp4").unlink()
    (at / "v.mp4").rename(at / "own" / "c0.mp4")
    (at / "plan.csv").write_text("clip,video,start,end\nc0,c0,0,1\n")
    return ("clips", at / "own" / "c0.mp4", "--plan", at / "plan.csv", "--out", at / "own")


def cut_by_a_ledger(at):
    (at / "ledger.csv").write_text(SEGMENTS)
    return ("clips", at / "v.mp4", "--plan", at / "ledger.csv", "--out", at)


def box(at, *more):
    return ("faces", at / "v.mp4", "--landmarks", at / "faces" / "a.csv", *more)


OVERLAPS = {
    "clips over a file of somebody": lambda at: cut(at, "--out", at / "own"),
    "a clip over its video": cut_over_its_video,
    "a ledger over the plan": cut_by_a_ledger,
    "clips below a file": lambda at: cut(at, "--out", at / "plan.csv"),
    "boxes over landmarks": lambda at: box(at, "--json", at / "faces" / "a.csv", "--force"),
    "boxes into the landmarks": lambda at: box(at, "--out", at / "faces", "--force"),
    "boxes over the video": lambda at: box(at, "--json", at / "v.mp4", "--force"),
    "windows into the faces": lambda at: label(at, "--sequences", at / "faces", "--force"),
    "windows over files of somebody": lambda at: label(at, "--sequences", at / "own", "--force"),
    "windows in the output": lambda at: label(at, "--sequences", at / "o" / "s", "--out", at / "o"),
    "the output in the windows": lambda at: label(
        at, "--sequences", at / "o", "--out", at / "o" / "s"
    ),
    "labels over faces": lambda at: label(at, "--json", at / "faces" / "a.csv", "--force"),
    "a simulation": lambda at: ("simulate", "intensity", "--out", at / "own", "--force"),
}
NETWORKS = {
    "predictions over an array": lambda at: fit(
        at, "--predictions", at / "seq" / "1.npy", "--force"
    ),
    "the output over arrays": lambda at: fit(at, "--out", at / "seq", "--force"),
    "unfinished training over a file": lambda at: fit(at, "--resume", at / "own"),
    "unfinished training in the output": lambda at: fit(
        at, "--resume", at / "o" / "r", "--out", at / "o"
    ),
    "a network over the clips": lambda at: fit(at, "--save", at / "clips.csv", "--force"),
    "a network over a file": lambda at: fit(at, "--save", at / "own" / "notes.txt"),
    "copies over files of somebody": lambda at: adapt(
        at, "--neutral", "subject=1", "--save", at / "own", "--force"
    ),
    "copies in the output": lambda at: adapt(
        at, "--neutral", "subject=1", "--save", at / "o" / "s", "--out", at / "o"
    ),
    "the adapted over the network": lambda at: adapt(
        at, "--save", at / "m.safetensors", "--force"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OVERLAPS)
def test_places_that_overlap_are_refused(place, case):
    words = OVERLAPS[case](place)
    before = read_all(place)
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert "Choose" in result.stderr or "Name a new folder" in result.stderr
    assert read_all(place) == before


@pytest.mark.torch
@pytest.mark.parametrize("case", NETWORKS)
def test_networks_spare_what_they_did_not_write(place, case):
    (place / "m.safetensors").write_bytes(b"a network of somebody")
    words = NETWORKS[case](place)
    before = read_all(place)
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("exprstats deep ") and "Traceback" not in result.output
    assert read_all(place) == before


@pytest.mark.torch
def test_unfinished_training_takes_only_its_own_files_away(place):
    (place / "own" / "training_1.pt").unlink()
    (place / "own" / "training_7.pt").write_text("years of work")
    before = read_all(place)
    assert call(*fit(place, "--resume", place / "own")).exit_code == 0
    assert read_all(place) == before


def test_windows_replace_windows_and_keep_the_rest(place):
    words = label(place, "--sequences", place / "w")
    assert call(*words).exit_code == 0
    (place / "w" / "notes.txt").write_text("years of work")
    again = call(*words)
    assert again.exit_code == 2 and "already holds results" in squeeze(again.stderr)
    assert call(*words, "--force").exit_code == 0
    assert (place / "w" / "notes.txt").read_text() == "years of work"
    (place / "w" / "clips.csv").write_text("mine")
    changed = call(*words, "--force")
    assert changed.exit_code == 2 and "changed since exprstats wrote" in squeeze(changed.stderr)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("words", "broken"),
    [
        (lambda at: fit(at, "--save", at / "n.safetensors"), "safetensors.torch.save_file"),
        (lambda at: fit(at, "--resume", at / "r"), "torch.save"),
        (lambda at: label(at, "--sequences", at / "w"), "numpy.save"),
    ],
)
def test_what_is_interrupted_is_whole_or_absent(place, monkeypatch, words, broken):
    """Whoever stops the work while a file is half-written finds none of it."""

    def stop(*given, **_):
        for one in given:
            if hasattr(one, "parent") or isinstance(one, str):
                Path(one).write_bytes(b"half")
        raise KeyboardInterrupt

    chosen = words(place)
    before = read_all(place)
    monkeypatch.setattr(broken, stop)
    assert call(*chosen).exit_code != 0
    assert read_all(place) == before
