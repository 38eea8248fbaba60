"""Intensity labels through the command, by hand and on real exports.

Witness: the published rule (sum of sides over the sum of their maxima, mean over units, nearest
tenth; windows of 16 frames every 6) written out with numpy from the file itself. Intensities agree
to 1e-12; labels and windows exactly.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.usefixtures("blank_pictures")

NAMES = ["CheekSquintLeft", "CheekSquintRight", "MouthSmileLeft", "MouthSmileRight"]


def write_libreface(path, smile, cheek):
    count = len(smile)
    frames = {"frame_idx": range(count), "frame_time_in_ms": np.arange(count) * 40.0}
    units = {"au_6_intensity": cheek, "au_12_intensity": smile}
    pd.DataFrame({**frames, **units}).to_csv(path, index=False)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(5)
    (tmp_path / "faces").mkdir()
    for name in ("a1", "a2", "b1"):
        cheek = np.zeros(40) if name == "b1" else rng.uniform(0, 5, 40)
        write_libreface(tmp_path / "faces" / f"{name}.csv", rng.uniform(0, 5, 40), cheek)
    owners = {"video": ["a1", "a2", "b1"], "subject": ["a", "a", "b"]}
    pd.DataFrame(owners).to_csv(tmp_path / "subjects.csv", index=False)
    return tmp_path


def test_maxima_are_of_the_person_and_a_still_unit_is_named(call, call_json, folder):
    who = ("label", folder / "faces", "--subjects", folder / "subjects.csv")
    call(*who, "--out", folder / "out")
    frames = pd.read_csv(folder / "out" / "data" / "frames.csv")
    raw = {
        name: pd.read_csv(folder / "faces" / f"{name}.csv")[["au_6_intensity", "au_12_intensity"]]
        for name in ("a1", "a2", "b1")
    }
    both = pd.concat([raw["a1"], raw["a2"]]).to_numpy()
    smile = raw["b1"]["au_12_intensity"].to_numpy()
    known = np.r_[(both / both.max(axis=0)).mean(axis=1), smile / smile.max()]
    assert frames["intensity"].to_numpy() == pytest.approx(known, abs=1e-12)
    assert frames["label"].tolist() == np.floor(10 * known + 0.5).tolist()
    found = call_json(*who)
    assert any("AU06 is 0 or missing" in one and "'b'" in one for one in found["warnings"])
    rows = pd.DataFrame(found["rows"])
    assert rows["first_frame"].tolist() == [1, 7, 13, 19, 25] * 3
    assert (rows["last_frame"] - rows["first_frame"]).eq(15).all()
    ends = frames.set_index(["video", "frame"])["label"]
    assert rows["label"].tolist() == ends.loc[list(zip(rows["video"], rows["last_frame"],
                                                       strict=True))].tolist()  # fmt: skip


def test_each_video_is_a_person_by_default(call_json, folder):
    rows = pd.DataFrame(call_json("label", folder / "faces")["rows"])
    assert (rows["subject"] == rows["video"]).all()


def test_units_may_be_named(call_json, folder):
    file = folder / "faces" / "a1.csv"
    found = call_json("label", file, "--units", "AU12=au_12_intensity", "--step", 1)
    smile = pd.read_csv(file)["au_12_intensity"].to_numpy()
    known = np.floor(10 * smile / smile.max() + 0.5)[15:]
    assert [row["label"] for row in found["rows"]] == known.tolist()


def test_what_cannot_be_is_refused(call, folder):
    file = folder / "faces" / "a1.csv"
    for options, told in (
        (("--units", "AU12"), "such as AU12=left+right"),
        (("--face", 3), "is not in the file"),
        (("--tracker", "arkit"), "is not that of ARKit"),
    ):
        assert told in " ".join(call("label", file, *options, code=2).output.split())
    pd.DataFrame({"video": ["a1"], "subject": ["a"]}).to_csv(folder / "few.csv", index=False)
    told = call("label", folder / "faces", "--subjects", folder / "few.csv", code=2).output
    assert "names no subject of 'a2', 'b1'" in " ".join(told.split())


def test_a_clip_shorter_than_a_window_has_none(call, folder):
    write_libreface(folder / "short.csv", np.arange(5.0), np.arange(5.0))
    assert "0 windows" in " ".join(call("label", folder / "short.csv").output.split()).lower()


def test_features_of_another_tracker(call, call_json, folder):
    for name in ("a1", "a2", "b1"):
        file = folder / "faces" / f"{name}.csv"
        pd.read_csv(file).assign(pitch=np.arange(40.0), yaw=0.5, roll=0.1).to_csv(file, index=False)
    other = ("features", folder / "faces", "--tracker", "libreface")
    rows = call_json(*other)["rows"]
    # One degree a frame of 40 ms is 5 degrees from one fifth of a second to the next.
    assert [row["pitch_displacement"] for row in rows] == pytest.approx([np.pi / 36] * 3)
    assert "--windows is for files of OpenFace" in call(*other, "--windows", "1", code=2).output
    told = call("features", folder / "faces", code=2).output
    assert "--tracker NAME" in " ".join(told.split())


PUBLISHED = {
    "happiness": (6, 12),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "fear": (1, 2, 4, 5, 7, 20, 26),
    "anger": (4, 5, 6, 23),
    "disgust": (9, 15, 16),
}
RATED = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)  # by LibreFace


@pytest.fixture
def acted(tmp_path):
    """Four people who are asked to be glad, gladder, sad and sadder, all units rated."""
    rng = np.random.default_rng(8)
    (tmp_path / "acted").mkdir()
    rows = []
    for person in "abcd":
        for asked in ("happiness", "sadness"):
            for strength, task in ((2, "some"), (5, "much")):
                video = f"{person}_{asked}_{task}"
                frames = {"frame_idx": range(30), "frame_time_in_ms": np.arange(30) * 40.0}
                for unit in RATED:
                    top = strength if unit in PUBLISHED[asked] else 1
                    frames[f"au_{unit}_intensity"] = rng.uniform(0, top, 30)
                pd.DataFrame(frames).to_csv(tmp_path / "acted" / f"{video}.csv", index=False)
                rows.append({"video": video, "subject": person, "task": task, "emotion": asked})
    pd.DataFrame(rows).to_csv(tmp_path / "who.csv", index=False)
    return tmp_path


def test_every_emotion_has_labels_of_its_own(call, call_json, acted):
    who = ("label", acted / "acted", "--subjects", acted / "who.csv", "--emotion", "all")
    said = " ".join(call(*who, "--out", acted / "out").output.split())
    assert "anger is the mean of AU04, AU05, and AU06; LibreFace lacks AU23" in said
    assert "Intensity labels: Disgust" in said
    frames = pd.read_csv(acted / "out" / "data" / "frames.csv")
    files = sorted((acted / "acted").glob("*.csv"))
    raw = pd.concat([pd.read_csv(one).assign(subject=one.stem[0]) for one in files])
    for emotion, units in PUBLISHED.items():
        names = [f"au_{unit}_intensity" for unit in units if unit in RATED]
        top = raw.groupby("subject")[names].transform("max")
        known = (raw[names] / top).mean(axis=1).to_numpy()
        own = frames[frames["emotion"].eq(emotion)].sort_values(["video", "frame"])
        assert own["intensity"].to_numpy() == pytest.approx(known, abs=1e-12)
        assert own["label"].tolist() == np.floor(10 * known + 0.5).tolist()
    rows = pd.DataFrame(call_json(*who)["rows"])
    assert set(rows["emotion"]) == set(PUBLISHED)
    assert set(rows["asked"]) == {"happiness", "sadness"}


def test_peaks_are_compared_where_an_emotion_was_asked_for(call_json, acted):
    options = ("--emotion", "happiness,sadness", "--tasks", "task", "--asked", "emotion")
    found = call_json("label", acted / "acted", "--subjects", acted / "who.csv", *options)
    rows = pd.DataFrame(found["rows"]).query("headline == True and versus.isna()")
    files = sorted((acted / "acted").glob("*.csv"))
    for emotion in ("happiness", "sadness"):
        names = [f"au_{unit}_intensity" for unit in PUBLISHED[emotion]]
        raw = {one.stem: pd.read_csv(one)[names] for one in files}
        for task in ("some", "much"):
            peaks = []
            for person in "abcd":
                own = [table for video, table in raw.items() if video[0] == person]
                top = pd.concat(own).max()
                peaks.append((raw[f"{person}_{emotion}_{task}"] / top).mean(axis=1).max())
            row = rows[rows["emotion"].eq(emotion) & rows["task"].eq(task)]
            assert row["estimate"].item() == pytest.approx(np.mean(peaks), abs=1e-12)


def test_units_of_several_emotions_may_be_named(call_json, acted):
    both = ("--units", "lips:AU12=au_12_intensity", "--units", "brow: AU01=au_1_intensity")
    rows = pd.DataFrame(call_json("label", acted / "acted", *both)["rows"])
    raw = pd.read_csv(acted / "acted" / "a_sadness_much.csv")
    for emotion, name in (("lips", "au_12_intensity"), ("brow", "au_1_intensity")):
        known = np.floor(10 * raw[name] / raw[name].max() + 0.5)[15::6]
        own = rows[rows["emotion"].eq(emotion) & rows["video"].eq("a_sadness_much")]
        assert own["label"].tolist() == known.tolist()


def test_emotions_that_cannot_be_are_refused(call, acted):
    file = acted / "acted" / "a_sadness_much.csv"
    for options, told in (
        (("--emotion", "joyness"), "--emotion joyness: "),
        (("--emotion", "anger", "--units", "AU12=au_12_intensity"), "Give one of them"),
        (("--units", "AU12=au_12_intensity", "--units", "AU01=au_1_intensity"), "twice"),
        (("--emotion", "all", "--sequences", acted / "s", "--features", "au_*"), "one emotion"),
        (("--tasks", "task", "--asked", "emotion", "--subjects", acted / "who.csv"), "--asked"),
    ):
        assert told in " ".join(call("label", file, *options, code=2).output.split())


@pytest.mark.data
def test_blendshapes_of_a_phone(call_json):
    file = Path(os.environ["EXPRSTATS_DATA"]) / "arkit" / "alex_rom_3.csv"
    found = call_json("label", file, "--fps", 60)
    values = pd.read_csv(file)[NAMES].to_numpy(float)
    top = values.max(axis=0)
    pairs = [(values[:, i] + values[:, i + 1]) / (top[i] + top[i + 1]) for i in (0, 2)]
    label = np.floor(10 * np.mean(pairs, axis=0) + 0.5 + 1e-9)
    rows = pd.DataFrame(found["rows"])
    assert rows["label"].tolist() == label[15::6].tolist()


@pytest.mark.data
def test_frames_of_openface(call, call_json):
    folder = Path(os.environ["EXPRSTATS_DATA"]) / "openface" / "open_dbm"
    file = folder / "subj01_timepoint02.csv"
    rows = pd.DataFrame(call_json("label", file)["rows"])
    table = pd.read_csv(file).rename(columns=str.strip)
    seen = (table["success"] == 1) & (table["confidence"] >= 0.8)
    units = table[["AU06_r", "AU12_r"]].where(seen)
    intensity = (units / units.max()).mean(axis=1, skipna=False)
    label = np.floor(10 * intensity + 0.5 + 1e-9)
    ends = label.to_numpy()[15::6]
    assert rows["label"].tolist() == ends[~np.isnan(ends)].tolist()
    assert len(rows) > 10
    # In the other recording both units are 0 throughout: there is nothing to relate frames to.
    still = call("label", folder / "subj01_timepoint01.csv", code=2).output
    assert "AU06 and AU12 are 0 or missing in every tracked frame" in still
    assert "no frame has a label" in still
