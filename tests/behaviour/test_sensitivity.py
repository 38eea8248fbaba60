"""Thresholds compared; the same numbers come from calling the verb at each threshold."""

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import (
    folders,
    rate_expressivity,
    read_openface,
    summarise_clips,
    vary_confidence,
)
from exprstats.behaviour.openface.lines import FileLines
from exprstats.errors import DataError, OptionError


@pytest.fixture
def frames(make_face):
    pieces = []
    for i in range(6):
        table = make_face(100, seed=i)
        rng = np.random.default_rng(100 + i)
        table["confidence"] = rng.choice([0.6, 0.85, 0.98], 100, p=[0.1, 0.15, 0.75])
        pieces.append(table.rename(columns={"face_id": "face"}).assign(video=f"v{i}"))
    pieces[5]["confidence"] = 0.85
    return pd.concat(pieces, ignore_index=True)


def test_rows_are_those_of_the_verb_at_each_threshold(frames):
    result = vary_confidence(frames, thresholds=[0.5, 0.9])
    table = result.table.set_index(["threshold", "feature"])
    assert result.table["threshold"].unique().tolist() == [0.5, 0.8, 0.9]
    low, chosen = (summarise_clips(frames, confidence=t)["yaw_velocity"] for t in (0.5, 0.8))
    row = table.loc[(0.5, "yaw_velocity")]
    assert row["mean"] == pytest.approx(low.mean())
    assert row["correlation"] == pytest.approx(low.corr(chosen))
    assert row["shift"] == pytest.approx((low - chosen).abs().mean() / chosen.std())
    assert table.loc[(0.8, "yaw_velocity"), "shift"] == 0
    assert table.loc[(0.9, "yaw_velocity"), ["n_clips", "n_left_out"]].tolist() == [5, 1]
    assert "instead of .80 confidence" in result.sentence()
    assert "lowest correlation with the values at .80 was" in result.sentence()
    assert result.glance()["threshold"].tolist() == [0.5, 0.8, 0.9]


def test_few_clips_and_thresholds_that_change_nothing_are_said(frames):
    two = frames[frames["video"].isin(["v0", "v1"])]
    assert "the clips are too few" in vary_confidence(two, thresholds=[0.9]).sentence()
    three = vary_confidence(frames[frames["video"] < "v3"], thresholds=[0.9]).table
    assert three["n_shared"].eq(3).all() and three["correlation"].notna().all()
    still = vary_confidence(two.assign(confidence=0.98), thresholds=[0.5, 0.9])
    assert still.sentence() == "No feature moved with thresholds from .50 to .90 instead of .80."
    alone = vary_confidence(two, thresholds=[0.99])
    assert alone.sentence() == "No other threshold leaves clips to compare."


@pytest.mark.parametrize("sampling", ["nearest", "mean"])
def test_a_folder_gives_what_its_frames_give(sampling, frames, folder, write_face):
    # Another face is trusted little: moments of both count at higher thresholds only.
    frames["face"] = frames["confidence"].eq(0.6).astype(int)
    for video, table in frames.groupby("video"):
        columns = table.rename(columns={"face": "face_id"}).drop(columns="video")
        write_face(columns, folder / f"{video}.csv")
    read = read_openface(folder)
    segments = pd.DataFrame({"clip": [f"c{i}" for i in range(6)], "video": read["video"].unique()})
    segments = segments.assign(start=0.5, end=3.0)
    options = {"thresholds": [0.5, 0.9], "hz": 4, "sampling": sampling}
    found = vary_confidence(folder, segments, n_jobs=1, **options)
    expected = vary_confidence(read, segments, **options)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
    assert found.glance()["lowest_correlation"].iloc[2] == (
        found.table.query("threshold == 0.9")["correlation"].min()
    )
    with pytest.raises(OptionError, match="'n_jobs' is no choice for a table of frames"):
        vary_confidence(read, segments, n_jobs=2)


def test_a_folder_is_passed_over_once_for_all_thresholds(
    folder, write_face, make_face, monkeypatch
):
    opened, parsed = [], []
    for video in ("a", "b"):
        write_face(make_face(60), folder / f"{video}.csv")

    def open_video(video, *, own=folders.open_video):
        opened.append(video.name)
        return own(video)

    def parse(lines, rows, names, *, own=FileLines.parse):
        parsed.append(lines.layout.video)
        return own(lines, rows, names)

    monkeypatch.setattr(folders, "open_video", open_video)
    monkeypatch.setattr(FileLines, "parse", parse)
    found = vary_confidence(folder).table
    assert opened == parsed == ["a", "b"]
    assert found["threshold"].nunique() == 6


def test_expressivity_follows_the_rule_by_hand(make_face):
    table = make_face(4).rename(columns={"face_id": "face"}).assign(video="v")
    table[["AU06_c", "AU06_r", "AU12_r"]] = [1, 3.0, 5.0]
    table.loc[2:, "AU12_c"] = 1
    table.loc[3, "success"] = 0
    row = rate_expressivity(table).iloc[0]
    # Valid frames hold 3/6, 3/6 and (3 + 5)/2/6; contempt shows AU 12 in the third alone.
    assert row["happiness"] == pytest.approx((3 + 3 + 4) / 3 / 6)
    assert row["contempt"] == pytest.approx(5 / 3 / 6)
    assert row["expressivity"] == pytest.approx((10 + 5) / 3 / 6 / 7)
    assert row["valid_share"] == 0.75
    complete = rate_expressivity(table, complete=True).iloc[0]
    assert complete["happiness"] == pytest.approx(4 / 3 / 6)
    assert complete["contempt"] == 0


def test_expressivity_keeps_segments_and_needs_units(frames):
    segments = pd.DataFrame({"clip": ["b", "a"], "video": ["v1", "v0"], "start": 0.0, "end": 2.0})
    rated = rate_expressivity(frames, segments.set_index(pd.Index([5, 2])))
    assert rated.index.tolist() == [5, 2]
    assert rated["expressivity"].between(0, 5 / 6).all()
    with pytest.raises(DataError, match="lacks 1 column of action units: AU12_r"):
        rate_expressivity(frames.drop(columns="AU12_r"))


def test_a_tracker_without_known_columns_has_nothing_to_vary(frames):
    """Such as one that writes two landmarks only: no threshold moves a feature."""
    from exprstats.report import describe_results, gather_analysis

    known = ["video", "face", "frame", "timestamp", "success", "confidence"]
    result = vary_confidence(frames[known].assign(mouth=1.0), thresholds=[0.5, 0.9])
    assert result.table.empty and result.glance().empty
    assert result.sentence() == "No other threshold leaves clips to compare."
    assert describe_results(gather_analysis(result)) == ()
