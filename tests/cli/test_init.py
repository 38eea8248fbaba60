"""Study files drafted from data files: each runs and gives the numbers of the commands.

Both sides of each comparison are exprstats (a study file against a command with the same columns),
so that the tolerance is that of equal sums in another order: 1e-9. The numbers themselves have
their witnesses in tests/reliability and tests/models.
"""

import os
import pty
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats import study as studies
from exprstats.errors import ExprStatsWarning

pytestmark = pytest.mark.usefixtures("blank_pictures")

HOSTILE = ['say "hi"', "two\nlines", "größe 😀", "[x]", "a,b", "# no comment", "back\\slash"]


@pytest.fixture(scope="module")
def long():
    rng = np.random.default_rng(3)
    keys = pd.MultiIndex.from_product(
        [[f"s{i:02d}" for i in range(24)], ["All", "pain"], range(2), ["x", "y", "z"]],
        names=["person", "task", "take", "worker"],
    )
    table = keys.to_frame(index=False)
    table.insert(0, "clip", table["person"] + table["task"] + table["take"].astype(str))
    _, face = np.unique(table["clip"], return_inverse=True)
    truth = rng.normal(size=face.max() + 1)[face]
    for item in ("joy", "calm", "smile"):
        table[item] = np.clip(np.round(3 + truth + rng.normal(size=len(table))), 0, 6)
    return table.drop(columns="take")


def draft(call, folder, *files, more=()):
    place = folder / "study.toml"
    call("init", *files, "--out", place, "--force", *more)
    text = place.read_text(encoding="utf-8")
    return place, tomllib.loads(text), text


def lower(place):
    text = place.read_text(encoding="utf-8")
    if "[clips]" in text or "[openface]" in text:
        place.write_text(text + "\n[compare]\ndraws = 100\n", encoding="utf-8")
    return place


def run_study(call_json, place):
    out = call_json("report", lower(place), "--out", place.parent / "report", "--force")
    return pd.DataFrame(out["rows"])


def run_alone(_, place):
    """Return the rows of a study whose report is not written; two tests go the whole way."""
    with warnings.catch_warnings(action="ignore", category=ExprStatsWarning):
        found = studies.run_study(studies.read_study(lower(place)))
    return pd.concat([one.tidy().assign(result=one.find_place()) for one in found.results])


def pick_single(rows):
    """The single-rating ICC of each context and item, by name."""
    rows = rows[rows["term"].isin(["ICC(1,1)", "ICC(A,1)", "ICC(C,1)"])]
    rows = rows.reindex(columns=["context", "item", "term", "estimate"])
    named = rows[["context", "item", "term"]]
    keys = named.astype(object).where(named.notna(), "-")
    return dict(zip(map(tuple, keys.to_numpy()), rows["estimate"], strict=True))


def compare(call_json, place, *command, run=run_alone):
    rows = run(call_json, place)
    known = pd.DataFrame(call_json(*command, "--model", "auto")["rows"])
    mine = pick_single(rows[rows["result"] == "reliability"])
    theirs = pick_single(known)
    assert theirs
    assert mine == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_one_row_a_clip_and_rater_with_three_items(call, call_json, long, tmp_path, ending):
    file = tmp_path / f"ratings.{ending}"
    getattr(long, "to_csv" if ending == "csv" else "to_excel")(file, index=False)
    place, study, text = draft(call, tmp_path, file)
    assert study["ratings"] == {
        **{"file": file.name, "clip": "clip", "rater": "worker"},
        **{"items": ["joy", "calm", "smile"], "subject": "person", "context": "task"},
    }
    assert "rater = \"worker\"  # guessed: who rated, because its name holds 'worker'" in text
    assert "# scale = [0, 6]  # asked:" in text
    command = ("reliability", file, "--rating", "joy,calm,smile", "--rater", "worker")
    run = run_study if ending == "csv" else run_alone
    compare(call_json, place, *command, "--subject", "person", "--by", "task", run=run)


def test_one_row_a_rating_with_an_item_column(call, call_json, long, tmp_path):
    keys = ["clip", "person", "task", "worker"]
    melted = long.melt(keys, var_name="item", value_name="rating")
    melted.to_csv(tmp_path / "ratings.csv", index=False)
    place, study, _ = draft(call, tmp_path, tmp_path / "ratings.csv")
    assert study["ratings"]["rating"] == "rating"
    command = ("reliability", tmp_path / "ratings.csv", "--rater", "worker")
    compare(call_json, place, *command, "--subject", "person", "--by", "task")


def test_one_column_a_rater(call, call_json, long, tmp_path):
    wide = long.pivot_table(index="clip", columns="worker", values="joy").reset_index()
    wide = wide.rename(columns={"x": "coder1", "y": "coder2", "z": "coder3"})
    wide.to_csv(tmp_path / "wide.csv", index=False, sep=";", decimal=",")
    place, study, _ = draft(call, tmp_path, tmp_path / "wide.csv")
    assert study["ratings"]["raters"] == ["coder1", "coder2", "coder3"]
    command = ("reliability", tmp_path / "wide.csv", "--raters", "coder1,coder2,coder3")
    compare(call_json, place, *command)


def test_columns_that_are_items_by_raters(call, call_json, long, tmp_path):
    keys = {"index": ["clip", "person"], "columns": "worker"}
    wide = long.pivot_table(**keys, values=["joy", "calm", "smile"])[["joy", "calm", "smile"]]
    wide.columns = [f"{item}_{worker}" for item, worker in wide.columns]
    wide.reset_index().to_csv(tmp_path / "wide.csv", index=False)
    place, study, _ = draft(call, tmp_path, tmp_path / "wide.csv")
    assert study["ratings"]["items"] == ["joy", "calm", "smile"]
    command = ("reliability", tmp_path / "wide.csv", "--rating", "joy,calm,smile")
    compare(call_json, place, *command, "--subject", "person")


def test_raters_in_rows(call, call_json, long, tmp_path):
    rows = long.pivot_table(index="worker", columns="clip", values="joy").reset_index()
    rows.rename(columns={"worker": "rater"}).to_csv(tmp_path / "rows.csv", index=False)
    place, study, _ = draft(call, tmp_path, tmp_path / "rows.csv")
    assert study["ratings"] == {"file": "rows.csv", "raters_in_rows": True, "rater": "rater"}
    compare(call_json, place, "reliability", tmp_path / "rows.csv")


def test_clips_alone_get_a_target(call, call_json, data, tmp_path):
    clips = pd.read_csv(data / "clips.csv").rename(columns={"au_count": "target_score"})
    clips.to_csv(tmp_path / "clips.csv", index=False)
    place, study, text = draft(call, tmp_path, tmp_path / "clips.csv")
    assert study["clips"]["target"] == "target_score"
    assert "because its name holds 'target'" in text
    rows = run_study(call_json, place)
    fit = ("fit", tmp_path / "clips.csv", "--target", "target_score", "--subject", "subject")
    known = pd.DataFrame(call_json(*fit, "--by", "context")["rows"])
    weights = [one[one["term"] == "weight"]["estimate"].tolist() for one in (rows, known)]
    assert weights[0] == pytest.approx(weights[1], abs=1e-9)
    assert len(weights[0])


def test_ratings_and_clips_in_other_folders(call, call_json, data, tmp_path):
    (tmp_path / "where it is").mkdir()
    place = tmp_path / "where it is" / "study.toml"
    call("init", data / "ratings.csv", data / "clips.csv", "--out", place)
    study = tomllib.loads(place.read_text(encoding="utf-8"))
    assert set(study) == {"title", "seed", "ratings", "clips", "reliability"}
    assert "target" not in study["clips"]
    assert not Path(study["clips"]["file"]).is_absolute()
    assert {"reliability", "factor", "comparison"} <= set(run_alone(call_json, place)["result"])


def write_video(path, rng):
    count = 40
    frames = pd.DataFrame({"frame": range(1, count + 1), "face_id": 0})
    frames = frames.assign(timestamp=np.arange(count) / 10, confidence=0.98, success=1)
    for axis in "xyz":
        frames[f"pose_T{axis}"] = 500 + rng.normal(size=count).cumsum()
        frames[f"pose_R{axis}"] = 0.1 * rng.normal(size=count)
    frames.to_csv(path, index=False)


def test_a_folder_of_frames_with_segments(call, call_json, tmp_path):
    rng = np.random.default_rng(2)
    (tmp_path / "frames").mkdir()
    rows = []
    for person in range(15):
        write_video(tmp_path / "frames" / f"v{person}.csv", rng)
        rows += [
            (f"v{person}_{part}", f"v{person}", 2 * part, 2 * part + 2, f"p{person}")
            for part in range(2)
        ]
    segments = pd.DataFrame(rows, columns=["clip", "video", "start", "end", "person"])
    segments["valence"] = rng.normal(size=len(segments))
    segments.to_csv(tmp_path / "segments.csv", index=False)
    place, study, _ = draft(call, tmp_path, tmp_path / "frames", tmp_path / "segments.csv")
    assert study["openface"] == {
        **{"folder": "frames", "segments": "segments.csv", "clip": "clip", "subject": "person"},
        **{"video": "video", "target": "valence"},
    }
    assert "comparison" in set(run_alone(call_json, place)["result"])
    _, study, text = draft(call, tmp_path, tmp_path / "frames")
    assert study["openface"] == {"folder": "frames"}
    assert '# segments = "..."  # asked: the file with columns' in text


def test_names_of_any_kind_survive(call, call_json, long, tmp_path):
    items = HOSTILE[:3]
    names = {"clip": "clip", "worker": "rater", "person": "subject", "task": "context"}
    names |= dict(zip(["joy", "calm", "smile"], items, strict=True))
    table = long.rename(columns=names)
    table.to_csv(tmp_path / "ratings [1] #2.csv", index=False)
    place, study, _ = draft(call, tmp_path, tmp_path / "ratings [1] #2.csv")
    assert study["ratings"]["items"] == items
    rows = run_alone(call_json, place)
    assert set(rows["item"].dropna()) >= set(items)
    assert {"All", "pain"} <= set(rows["context"].dropna())


@pytest.mark.parametrize("name", [*HOSTILE, "tab\there", "bell\x07", "del\x7f", "'''", '"""'])
def test_a_value_is_read_as_it_was(name):
    from exprstats.study.drafts import Entry

    line = Entry("ratings", "clip", name, f"the column {name}").write()
    assert tomllib.loads(f"[ratings]\n{line}\n") == {"ratings": {"clip": name}}


def test_files_without_a_place_are_named(call, long, tmp_path):
    long.to_csv(tmp_path / "ratings.csv", index=False)
    codebook = {"variable": ["joy", "calm"], "label": ["Joy", "Calm"], "values": ["0-6", "0-6"]}
    pd.DataFrame(codebook).to_csv(tmp_path / "codebook.csv", index=False)
    table = {"subject": ["a", "b"], "truth": [1.0, 2.0], "prediction": [1.5, 2.5]}
    pd.DataFrame(table).to_csv(tmp_path / "predictions.csv", index=False)
    _, study, text = draft(call, tmp_path, *sorted(tmp_path.glob("*.csv")))
    assert set(study) == {"title", "seed", "ratings", "reliability"}
    assert study["reliability"] == {"model": "auto"}
    assert "predictions.csv: it holds predictions, which a study makes itself: left out." in text
    assert "codebook.csv: it is a codebook" in text
    alone = call("init", tmp_path / "predictions.csv", "--out", tmp_path / "no.toml", code=2)
    assert "exprstats compare" in alone.output
    assert not (tmp_path / "no.toml").exists()


def test_a_study_file_is_never_replaced_unasked(call, long, tmp_path):
    long.to_csv(tmp_path / "ratings.csv", index=False)
    (tmp_path / "mine.toml").write_text("mine")
    told = call("init", tmp_path / "ratings.csv", "--out", tmp_path / "mine.toml", code=2)
    assert "--force" in told.output
    assert (tmp_path / "mine.toml").read_text() == "mine"


def test_two_files_of_ratings_are_refused(call, long, tmp_path):
    for name in "ab":
        long.to_csv(tmp_path / f"{name}.csv", index=False)
    files = (tmp_path / "a.csv", tmp_path / "b.csv")
    told = call("init", *files, "--out", tmp_path / "x.toml", code=2).output
    assert "both hold ratings" in " ".join(told.split())


def test_questions_need_a_terminal(call, long, tmp_path):
    long.to_csv(tmp_path / "ratings.csv", index=False)
    ask = ("init", tmp_path / "ratings.csv", "--interactive", "--out", tmp_path / "x.toml")
    assert "standard input is none" in call(*ask, code=2).output


def test_a_terminal_is_asked_with_the_guesses_as_defaults(long, tmp_path):
    long.to_csv(tmp_path / "ratings.csv", index=False)
    program = "from exprstats.cli.program import run; run()"
    ask = [sys.executable, "-c", program, "init", "ratings.csv", "-i", "-q"]
    ours, theirs = pty.openpty()
    # Clip, rater, items (a wrong name first), subject, context, scale.
    os.write(ours, b"\n\njoy,clam\njoy,calm\n\n\n0,6\n")
    done = subprocess.run(
        ask, stdin=theirs, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert "There is no column 'clam'" in done.stdout
    study = tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))
    assert study["ratings"]["items"] == ["joy", "calm"]
    assert study["ratings"]["scale"] == [0, 6]
    assert study["ratings"]["rater"] == "worker"


@pytest.mark.parametrize("context", [True, False])
def test_lines_that_are_asked_for_can_all_be_answered(call, tmp_path, context):
    """Each key is asked for once, so that a file with every # removed is valid TOML."""
    rng = np.random.default_rng(1)
    clips = pd.DataFrame({"clip": range(60), "subject": np.repeat(range(12), 5)})
    clips = clips.assign(smile=rng.normal(size=60), sex=[*"mf"] * 30, hand=[*"lr"] * 30)
    clips = clips.assign(task=["pain", "calm"] * 30) if context else clips
    clips.to_csv(tmp_path / "clips.csv", index=False)
    call("init", tmp_path / "clips.csv", "--out", tmp_path / "s.toml")
    text = (tmp_path / "s.toml").read_text(encoding="utf-8")
    lines = [line.removeprefix("# ") if "# asked" in line else line for line in text.splitlines()]
    drafted = tomllib.loads("\n".join(lines))["clips"]
    assert {"sex", "hand"} <= set(drafted["features"])
    assert ("context" in drafted) and "'sex' holds 2 texts" in text


@pytest.mark.parametrize("last", ["Dauer", "response_time", "temps", "id"])
def test_no_column_of_times_or_ids_is_the_guessed_target_or_a_feature(call, tmp_path, last):
    rows = [f"c{i},s{i // 3},{i % 7},{i % 5 / 3:.2f},{i * 7 % 11}" for i in range(30)]
    path, place = tmp_path / "clips.csv", tmp_path / "study.toml"
    path.write_text("\n".join([f"clip,subject,AU12_r,smile,{last}", *rows, ""]))
    call("init", path, "--out", place)
    text = place.read_text()
    assert 'target = "smile"' in text and '# features = ["AU12_r"]' in text
