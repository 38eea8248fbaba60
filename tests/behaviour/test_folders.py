"""The short way from a folder gives, bit for bit, what reading everything gives."""

import json

import pandas as pd
import pytest

from exprstats.behaviour import (
    folders,
    plan_windows,
    read_openface,
    summarise_clips,
    summarise_openface,
)
from exprstats.errors import DataError, DataWarning, OptionError


@pytest.fixture
def study(folder, make_face, write_face):
    """Return a folder of five videos, and segments over them."""
    for i in range(5):
        table = make_face(130 + i, fps=30.0 - i / 4, seed=i)
        table.loc[40:60, "confidence"] = 0.5 + i / 10
        write_face(table, folder / f"v{i}.csv")
    videos = pd.DataFrame({"video": [f"v{i}" for i in range(5)], "length": 4.2, "subject": "s"})
    return folder, plan_windows(videos, length=2, step=1)


def test_it_equals_reading_all_and_summarising(study):
    folder, segments = study
    result = summarise_openface(folder, segments)
    expected = summarise_clips(read_openface(folder), segments)
    pd.testing.assert_frame_equal(result.clips, expected, check_exact=True)
    assert len(result.ledger) == len(segments) == len(expected)
    assert result.files["status"].eq("ok").all()
    assert "Features of 15 clips" in result.sentence()
    parallel = summarise_openface(folder, segments, n_jobs=2)
    pd.testing.assert_frame_equal(parallel.clips, expected, check_exact=True)


def test_finished_files_are_not_computed_again(study, tmp_path, monkeypatch):
    folder, segments = study
    kept = tmp_path / "kept"
    first = summarise_openface(folder, segments, resume=kept)
    assert len(list(kept.iterdir())) == 5
    done = []
    # A file is not even scanned where its result is kept.
    scan = folders.open_video
    monkeypatch.setattr(folders, "open_video", lambda one: done.append(one.name) or scan(one))
    second = summarise_openface(folder, segments, resume=kept)
    assert done == []
    for name in ("clips", "ledger", "files"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)
    summarise_openface(folder, segments, failed="keep", unmatched=0.5, resume=kept)
    assert done == []
    # Another choice is other work, and so is a file that changed.
    summarise_openface(folder, segments, hz=6, resume=kept)
    assert done == [f"v{i}" for i in range(5)]
    text = (folder / "v2.csv").read_text()
    (folder / "v2.csv").write_text(text.replace("0.98", "0.99"))
    summarise_openface(folder, segments, resume=kept)
    assert done[5:] == ["v2"]
    assert len(list(kept.iterdir())) == 11


def test_what_cannot_be_read_fails_alone_where_results_are_kept(study, tmp_path):
    folder, _ = study
    (folder / "w.csv").mkdir()
    (folder / "x.csv").touch()
    with pytest.warns(DataWarning):
        files = summarise_openface(folder, resume=tmp_path).files.set_index("video")
    assert files["status"].tolist() == ["ok"] * 5 + ["failed"] * 2
    assert "the file cannot be read (" in files.loc["w", "note"]
    assert "the file is empty." in files.loc["x", "note"]


def test_other_clips_of_the_same_files_are_other_work(study, tmp_path):
    (folder, segments), kept = study, tmp_path / "kept"
    summarise_openface(folder, segments, resume=kept)
    later = segments.assign(start=segments["start"] + 0.2)
    found = summarise_openface(folder, later, resume=kept)
    expected = summarise_openface(folder, later)
    pd.testing.assert_frame_equal(found.clips, expected.clips, check_exact=True)
    pd.testing.assert_frame_equal(found.ledger, expected.ledger, check_exact=True)
    assert len(list(kept.iterdir())) == 10


@pytest.mark.parametrize(
    "spoil",
    [
        lambda payload: payload["columns"]["au_count"].__setitem__(0, 17.5),
        lambda payload: payload["columns"].pop("au_count"),
        lambda payload: payload.update(columns={k: v * 2 for k, v in payload["columns"].items()}),
        lambda payload: payload.update(facts={}),
        lambda payload: payload.pop("notes"),
        lambda payload: payload.clear(),
    ],
)
def test_what_was_kept_counts_only_unharmed(study, tmp_path, spoil):
    folder, segments = study
    one = segments[segments["video"] == "v0"]
    first = summarise_openface(folder, one, resume=tmp_path)
    (made,) = tmp_path.glob("*.json")
    payload = json.loads(made.read_text())
    spoil(payload)
    made.write_text(json.dumps(payload))
    second = summarise_openface(folder, one, resume=tmp_path)
    pd.testing.assert_frame_equal(first.clips, second.clips, check_exact=True)
    made.write_bytes(b"{\xff")
    third = summarise_openface(folder, one, resume=tmp_path)
    pd.testing.assert_frame_equal(first.ledger, third.ledger, check_exact=True)


def test_shards_meet_in_the_resume_folder(study, tmp_path):
    folder, segments = study
    whole = summarise_openface(folder, segments)
    shards = [
        summarise_openface(folder, segments, resume=tmp_path / "kept", shard=(i, 2)) for i in (1, 2)
    ]
    assert [len(shard.files) for shard in shards] == [3, 2]
    together = pd.concat([shard.clips for shard in shards]).loc[whole.clips.index]
    pd.testing.assert_frame_equal(together, whole.clips)
    assert len(list((tmp_path / "kept").iterdir())) == 5
    merged = summarise_openface(folder, segments, resume=tmp_path / "kept")
    pd.testing.assert_frame_equal(merged.clips, whole.clips)
    with pytest.raises(OptionError, match="shard 3/2"):
        summarise_openface(folder, segments, shard=(3, 2))
    with pytest.raises(OptionError, match="no files with clips"):
        summarise_openface(folder, segments, shard=(6, 6))


def test_a_bad_file_costs_its_own_clips_only(study):
    folder, segments = study
    (folder / "v3.csv").write_text("not,openface\n1,2\n")
    with pytest.warns(DataWarning, match="3 of 15 clips fail .3: its file could not be used"):
        result = summarise_openface(folder, segments)
    assert sorted(result.clips["video"].unique()) == ["v0", "v1", "v2", "v4"]
    failed = result.files.set_index("video").loc["v3"]
    assert failed["status"] == "failed"
    assert "not a header of OpenFace: 'not,openface'" in failed["note"]
    out = result.ledger[~result.ledger["kept"]]
    assert out["clip"].tolist() == ["v3_1", "v3_2", "v3_3"]
    assert result.glance()["n_left_out"].item() == 3


def test_clips_with_several_faces_are_named_and_counted(folder, make_face, write_face):
    for i in range(7):
        table = make_face(100, seed=i)
        table.loc[50:, "face_id"] = int(i < 6)
        write_face(table, folder / f"v{i}.csv")
    told = "within 6 of 7 clips: 'v0', 'v1', 'v2', 'v3', 'v4' and 1 more. Their means"
    with pytest.warns(DataWarning, match=told):
        result = summarise_openface(folder)
    assert result.ledger["face_switches"].tolist() == [1] * 6 + [0]
    assert "across a gap or a change of face (6 clips)." in result.sentence()


def test_nothing_usable_is_an_error(folder):
    (folder / "v.csv").write_text("not,openface\n1,2\n")
    with pytest.raises(DataError, match="the one file cannot be used: v:"):
        summarise_openface(folder)
    for name in "abcd":
        (folder / f"{name}.csv").write_text("not,openface\n1,2\n")
    with pytest.raises(DataError, match=r"none of 5 files .*; c: .*[^.]; and 2 more\. Leave"):
        summarise_openface(folder)


def test_hashes_are_those_of_the_files(study):
    import hashlib

    folder, segments = study
    files = summarise_openface(folder, segments, hashed=True).files.set_index("video")
    expected = hashlib.sha256((folder / "v2.csv").read_bytes()).hexdigest()
    assert files.loc["v2", "sha256"] == expected
