"""``exprstats features`` as a user meets it."""

import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.behaviour import read_openface, summarise_clips, vary_confidence
from exprstats.cli.program import app


def call(*arguments):
    return CliRunner().invoke(app, ["features", *map(str, arguments)])


def read_line(text, start):
    """Return the cells of the printed line that begins with a text."""
    [line] = [line for line in text.splitlines() if line.strip().startswith(f"{start} ")]
    return line.strip().removeprefix(start).split()


@pytest.fixture
def study(folder, make_face, write_face):
    for i in range(2):
        write_face(make_face(150, seed=i), folder / f"v{i}.csv")
    segments = folder.parent / "segments.csv"
    segments.write_text(
        "id,film,start,end,person,task\n01,v0.mp4,0,3,p,pain\n02,v1,-3,0,q,pain\n03,v1,9,12,q,pain\n"
    )
    return folder, segments


def test_rows_are_those_of_the_verb_in_full(study, tmp_path):
    folder, segments = study
    columns = ["--clip", "id", "--video", "film", "--subject", "person", "--by", "task"]
    place = tmp_path / "rows.json"
    run = call(folder, "--segments", segments, *columns, "--json", place, "--out", tmp_path / "out")
    assert run.exit_code == 0, run.output
    assert "Features of 2 clips" in " ".join(run.output.split())
    assert "Left out: 03: lies outside the video" in run.output
    assert "No column names the subjects" not in run.output
    payload = json.loads(place.read_text())
    assert [one["rows"] for one in payload["inputs"]] == [3, 150, 150]
    rows = pd.DataFrame(payload["rows"])
    plan = pd.DataFrame(
        {"clip": ["01", "02"], "video": ["v0", "v1"], "start": [0.0, -3.0], "end": [3.0, 0.0]}
    )
    expected = summarise_clips(read_openface(folder), plan).drop(columns="video")
    pd.testing.assert_frame_equal(rows[expected.columns], expected, rtol=0, atol=0)
    assert rows[["subject", "context"]].to_numpy().tolist() == [["p", "pain"], ["q", "pain"]]
    tables = sorted(path.name for path in (tmp_path / "out" / "tables").iterdir())
    assert tables == ["files.csv", "ledger.csv"]
    assert (tmp_path / "out" / "data" / "features.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--face", "left"], "neither a face id"),
        (["--face", "²"], "neither a face id"),
        (["--shard", "1of2"], "two numbers"),
        (["--shard", "1/²"], "two numbers"),
        (["--shard", "3/2"], "shard 3/2 cannot be"),
        (["--hz", "0"], "hz is 0"),
        (["--windows", "3,1,1"], "a length and, if you like, a step"),
        (["--windows", "wide"], "a length and, if you like, a step"),
        (["--windows", "60"], "no video holds a window of 60 s; the longest of 2 lasts 6 s"),
        (["--windows", "inf"], "windows of inf s every inf s cannot be"),
        (["--subject", "who"], "--subject who is a column of the segments. Add --segments FILE."),
        (["--by", "task", "--windows", "3"], "--by task is a column of the segments."),
        (["--windows", "3,0"], "windows of 3 s every 0 s cannot be"),
    ],
)
def test_mistakes_end_with_2_and_say_why(study, arguments, said):
    run = call(study[0], *arguments)
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())


def test_steps_are_averaged_on_request(study):
    run = call(study[0], "--sampling", "mean", "--json", "-")
    rows = pd.DataFrame(json.loads(run.stdout)["rows"])
    expected = summarise_clips(read_openface(study[0]), sampling="mean")
    pd.testing.assert_frame_equal(rows[expected.columns], expected, rtol=0, atol=0)
    told = call(study[0], "--sampling", "mean").output
    assert "OpenFace frames, averaged over steps of 0.2 s," in " ".join(told.split())


def test_sensitivity_and_quality_are_shown_and_written(study, tmp_path):
    folder, _ = study
    lines = (folder / "v0.csv").read_text().splitlines()
    lines[1:20] = [line.replace(" 0.98,", " 0.85,", 1) for line in lines[1:20]]
    (folder / "v0.csv").write_text("\n".join(lines) + "\n")
    run = call(folder, "--sensitivity", "--json", tmp_path / "a.json", "--out", tmp_path / "out")
    assert run.exit_code == 0, run.output
    told = " ".join(run.output.split())
    assert "Caution: No column names the subjects; add it before" in told
    rows = pd.DataFrame(json.loads((tmp_path / "a.json").read_text())["rows"])
    for name in ("head_displacement", "valid_share", "gaps"):
        column = rows.loc[rows["term"].ne("sensitivity"), name]
        printed = read_line(run.output, name)
        assert int(printed[0]) == column.count() == 2
        numbers = (column.mean(), column.std(), column.min(), column.max())
        assert printed[3:5] == ["—", "—"]  # two clips have no skewness and no kurtosis
        for cell, value in zip([*printed[1:3], *printed[5:]], numbers, strict=True):
            assert float(cell) == pytest.approx(
                value, abs=0.51 * 10.0 ** -len(cell.partition(".")[2])
            )
    assert read_line(run.output, ".80 (chosen)") == ["2", "0", "—", "—", "—"]
    assert re.search(r"\.95 +2 +0 +\w+ +\d\.\d\d", run.output)
    expected = vary_confidence(read_openface(folder)).table
    found = rows[rows["term"] == "sensitivity"].reset_index(drop=True)
    columns = ["threshold", "feature", "mean", "shift"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_exact=True)
    assert rows["clip"].dropna().tolist() == ["v0", "v1"]
    written = pd.read_csv(tmp_path / "out" / "tables" / "sensitivity.csv")
    assert len(written) == len(expected) == 6 * 14


def test_windows_slide_over_all_videos(study):
    folder, segments = study
    (folder / "w.csv").write_text("no frames\n")
    run = call(folder, "--windows", "3,1.5", "--json", "-", "--fps", "30")
    rows = json.loads(run.stdout)["rows"]
    # 150 frames at 30 a second last 5 s, though the time stamps say 6.
    assert [row["clip"] for row in rows] == ["v0_1", "v0_2", "v1_1", "v1_2"]
    assert "1 of 3 videos has no length: 'w'" in run.stderr
    useless = call(folder / "w.csv", "--windows", "3")
    assert "the one file cannot be used: w: " in " ".join(useless.output.split())
    both = call(folder, "--windows", "3", "--segments", segments, "--clip", "id", "--video", "film")
    assert both.exit_code == 2
    assert "exclude each other" in both.output


def test_velocity_keeps_its_sign_on_request(study):
    run = call(study[0], "--signed", "--json", "-")
    found = pd.DataFrame(json.loads(run.stdout)["rows"])["head_velocity"]
    expected = summarise_clips(read_openface(study[0]), signed=True)["head_velocity"]
    assert found.tolist() == expected.tolist()


def test_an_empty_folder_ends_with_2(tmp_path):
    run = call(tmp_path)
    assert run.exit_code == 2
    assert "no .csv" in " ".join(run.output.split())


def test_quiet_json_is_nothing_but_json(study):
    run = call(study[0], "--json", "-", "--quiet")
    assert [row["clip"] for row in json.loads(run.stdout)["rows"]] == ["v0", "v1"]
