"""Features from frames as printed: cells against the clips, to the printed decimals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import summarise_clips, summarise_openface, vary_confidence
from exprstats.document.text import write_plain
from exprstats.report import build_document, gather_analysis


def read_section(result, name):
    document = build_document(gather_analysis([result]))
    return next(one for one in document.sections if one.name == name)


def make_frames():
    """Return a head that moves at random in three videos, worse tracked in the last."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"frame": np.tile(np.arange(1, 51), 3)})
    table["video"], table["face"], table["success"] = np.repeat([*"abc"], 50), 0, 1
    table["timestamp"] = (table["frame"] - 1) / 10
    table["confidence"] = np.where(table["video"].eq("c"), 0.85, 0.98)
    moved = rng.normal(size=(150, 3)).cumsum(axis=0)
    return table.assign(**dict(zip(["pose_Tx", "pose_Ty", "pose_Tz"], moved.T, strict=True)))


@pytest.fixture
def result(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for video, own in make_frames().groupby("video"):
        own.drop(columns=["video", "face"]).to_csv(folder / f"{video}.csv", index=False)
    with pytest.warns(UserWarning, match="hold no columns"):
        return summarise_openface(folder)


def test_features_and_quality_stand_in_one_table(result):
    section = read_section(result, "clip_features")
    [table] = section.tables
    assert list(dict.fromkeys(table.cells["block"])) == ["Features", "Quality of the frames"]
    cells = table.cells.set_index("feature")
    column = result.clips["head_displacement"]
    for name, value in (("mean", column.mean()), ("lowest", column.min())):
        printed = cells.loc["head_displacement", name]
        decimals = len(printed.partition(".")[2])
        assert float(printed) == pytest.approx(value, abs=0.51 * 10.0**-decimals)
    assert cells.loc["valid_share", "mean"] == "1.00"
    told = [write_plain(one) for one in section.caveats]
    assert told == ["No column names the subjects; add it before clips are split by person."]
    named = replace(result, clips=result.clips.assign(subject="s"))
    assert read_section(named, "clip_features").caveats == ()


def test_clips_left_out_are_named_up_to_ten(result):
    ledger = pd.DataFrame({"clip": [f"c{i}" for i in range(12)], "kept": False, "reason": "dark"})
    points = read_section(replace(result, ledger=ledger), "clip_features").points
    told = [write_plain(point) for point in points]
    assert told[0] == "Left out: c0: dark" and len(told) == 11
    assert told[-1] == "Left out: 2 more; the ledger names each."
    ten = read_section(replace(result, ledger=ledger.head(10)), "clip_features").points
    assert len(ten) == 10


def test_thresholds_print_what_moves_and_what_is_lost():
    with pytest.warns(UserWarning, match="hold no columns"):
        summarise_clips(make_frames())
    varied = vary_confidence(make_frames(), thresholds=[0.8, 0.9])
    [table] = read_section(varied, "sensitivity").tables
    cells = table.cells.set_index("threshold")
    assert cells.index.tolist() == [".80 (chosen)", ".90"]
    assert cells["n_clips"].tolist() == ["3", "2"]
    assert cells["n_left_out"].tolist() == ["0", "1"]
    assert cells.loc[".80 (chosen)", ["feature", "shift", "lowest"]].tolist() == ["—"] * 3
