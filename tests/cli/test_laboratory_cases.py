"""Files of laboratories beyond their first try: segments, rows of questions, drafts, conflicts.

Times are given numbers, so equality is exact; features and loadings are those of the same data in
its plain form, to 1e-9.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats import DataError, read_ratings, read_segments, run_study
from exprstats.errors import DataWarning
from exprstats.io import read_contents
from exprstats.measurement import average_raters, fit_factor
from exprstats.study import read_study

from .made_files import FIT, fit
from .strange_tables import CLIPS, GRID, JUDGES, PEOPLE, join, long
from .test_file_cases import write_frames

pytestmark = pytest.mark.usefixtures("blank_pictures")

SPELT = {
    "duration": ("clip,video,start,duration", "{c},a,{s},{d}"),
    "named_ms": ("clip,video,Start (ms),Duration (ms)", "{c},a,{s}000,{d}000"),
    "mixed": ("clip,video,onset,duration_ms", "{c},a,{s},{d}000"),
    "elan": ("clip,video,Begin Time - hh:mm:ss.ms,End Time - msec", "{c},a,00:00:0{s}.000,{e}000"),
    "boris": ("clip,video,Start (s),Stop (s),Duration (s)", "{c},a,{s}.0,{e}.0,{d}.0"),
    "datavyu": ("clip,video,x.ordinal,x.onset,x.offset", "{c},a,1,{s}000,{e}000"),
    "german": ("clip,video,Beginn,Dauer", "{c},a,00:0{s},0:0{d}"),
}


@pytest.mark.parametrize("kind", SPELT)
def test_beginnings_with_ends_or_durations_in_the_units_of_their_names(call_json, tmp_path, kind):
    folder = tmp_path / "openface"
    folder.mkdir()
    write_frames(folder / "a.csv", 300)
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    plain.write_text("clip,video,start,end\nx,a,1,3\ny,a,4,9\n")
    header, row = SPELT[kind]
    rows = [row.format(c=c, s=s, e=e, d=e - s) for c, s, e in (("x", 1, 3), ("y", 4, 9))]
    other.write_text("\n".join([header, *rows, ""]))
    with pytest.warns(DataWarning, match="it is read as the"):
        table = read_segments(other)
    assert table[["start", "end"]].to_numpy().tolist() == [[1.0, 3.0], [4.0, 9.0]]
    known = call_json("features", folder, "--segments", plain)["rows"]
    found = call_json("features", folder, "--segments", other)["rows"]
    # Further columns of the segments are kept beside the features.
    assert [{name: row[name] for name in known[0]} for row in found] == known
    assert read_contents(other).layout == "segments"


def test_clock_times_stay_clock_times_where_numbers_are_milliseconds(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("clip,video,start,end\nx,a,0:01,3000\ny,a,4000,0:00:09.5\n")
    table = read_segments(path, unit="ms")
    assert table[["start", "end"]].to_numpy().tolist() == [[1, 3], [4, 9.5]]


def test_times_of_a_survey_are_no_segments(tmp_path):
    path = tmp_path / "kobo.csv"
    rows = [f"2024-03-01T10:0{i}:00,2024-03-01T10:0{i}:30,{i},{5 - i},{i}" for i in range(1, 5)]
    path.write_text("\n".join(["start,end,a,b,c", *rows, ""]))
    assert read_contents(path).layout != "segments"


def spread():
    """Return one row a question, and the same ratings with a column a question."""
    shift = np.random.default_rng(2).integers(0, 3, size=GRID.shape)
    rows = {"warm": GRID, "open": GRID + shift, "calm": GRID + shift[::-1]}
    tall = [["clip", "coder", "question", "response"]]
    broad = [["clip", "coder", *rows]]
    for i in range(24):
        for j in range(4):
            tall += [[CLIPS[i], JUDGES[j], name, f"{held[i, j]:g}"] for name, held in rows.items()]
            broad.append([CLIPS[i], JUDGES[j], *(f"{held[i, j]:g}" for held in rows.values())])
    return tall, broad


def test_a_row_a_question_is_fitted_as_a_column_a_question_is(call, call_json, tmp_path):
    tall, broad = (tmp_path / "tall.csv", tmp_path / "broad.csv")
    for path, rows in zip((tall, broad), spread(), strict=True):
        path.write_text(join(rows))
    items = ("--items", "warm,open,calm", "--rater", "coder")
    named = (*items, "--item", "question", "--rating", "response")
    known = call_json("factor", broad, *items)["rows"]
    found = call_json("factor", tall, *named)["rows"]
    pick = ("term", "item", "estimate", "conf_low")
    assert [[row[n] for n in pick] for row in found] == [[row[n] for n in pick] for row in known]
    names = {"rater": "coder", "item": "question", "rating": "response"}
    ratings = read_ratings(tall, items=["warm", "open", "calm"], **names)
    verb = fit_factor(average_raters(ratings), items=["warm", "open", "calm"]).tidy()
    told = [row["estimate"] for row in found if row["term"] == "loading"]
    assert told == pytest.approx(
        verb.loc[verb["term"] == "loading", "estimate"].to_list(), abs=1e-9
    )
    scores = tmp_path / "one"
    call("score", tall, *named, "--out", scores)
    (written,) = scores.rglob("*scores*.csv")
    assert len(pd.read_csv(written)) == 24
    told = call("factor", tall, *items[:2], "--item", "question", code=2).stderr
    assert "--rater" in told
    assert "--item" in call("factor", broad, *items, "--rating", "response", code=2).stderr
    lines = [row["command"] for row in call_json("check", tall)["rows"] if "command" in row]
    assert any(line.startswith("exprstats factor") and "--item question" in line for line in lines)


def test_a_column_of_emotions_is_what_models_predict_where_nothing_else_is(call, tmp_path):
    rows = [["clip", "subject", "emotion", "AU12_r", "AU04_r"]]
    rows += [[f"c{i}", f"s{i // 3}", ["joy", "fear"][i % 2], i % 7, i % 5] for i in range(60)]
    path, place = tmp_path / "clips.csv", tmp_path / "study.toml"
    path.write_text(join(rows))
    call("init", path, "--out", place)
    assert read_study(place).target == "emotion"
    text = place.read_text()
    assert 'target = "emotion"  # guessed: the classes' in text and "\ncontext =" not in text
    rows[0][3] = "y"
    path.write_text(join(rows))
    call("init", path, "--out", place, "--force")
    assert 'target = "y"' in place.read_text() and 'context = "emotion"' in place.read_text()


def test_row_65_files_that_name_different_subjects_for_a_clip_are_an_error(call, tmp_path):
    (tmp_path / "r.csv").write_text(join(long()))
    rows = [["clip", "subject", "smile"]]
    rows += [[c, "P008" if i == 0 else PEOPLE[i], i % 7] for i, c in enumerate(CLIPS)]
    (tmp_path / "c.csv").write_text(join(rows))
    study = tmp_path / "study.toml"
    study.write_text(
        '[ratings]\nfile = "r.csv"\nrating = "rating"\nsubject = "subject"\n'
        '[clips]\nfile = "c.csv"\nsubject = "subject"\n'
    )
    for command in ("check", "report"):
        told = " ".join(call(command, study, code=2).stderr.split())
        assert all(word in told for word in ("clip01", "P001", "P008", "r.csv", "c.csv")), told
    with pytest.raises(DataError, match="clip01"):
        run_study(read_study(study))


def test_row_43_more_features_than_clips_and_twins_among_them_are_fitted(call_json, tmp_path):
    rng = np.random.default_rng(3)
    made = rng.normal(size=(40, 50)).round(4)
    made[:, 1] = made[:, 0]
    table = pd.DataFrame(made, columns=[f"f{i}" for i in range(50)])
    table["y"] = (table["f0"] + 0.5 * rng.normal(size=40)).round(4)
    table["clip"], table["subject"] = (
        [f"c{i}" for i in range(40)],
        [f"p{i // 2}" for i in range(40)],
    )
    path = tmp_path / "c.csv"
    table.to_csv(path, index=False)
    told = call_json(*(one.format(path) for one in FIT))["rows"]
    weights = {row["feature"]: row["estimate"] for row in told if row["term"] == "weight"}
    verb = fit(path, features=[f"f{i}" for i in range(50)]).tidy()
    assert set(weights) == set(verb.loc[verb["term"] == "weight", "feature"])
    # The twin gets nothing, or the same.
    assert (
        weights["f0"] > 0.3 and min(abs(weights["f1"]), abs(weights["f1"] - weights["f0"])) < 1e-6
    )


def test_loops_of_a_questionnaire_are_clips_by_the_verb_too(tmp_path):
    path = tmp_path / "forms.csv"
    head = ["Timestamp", *(f"How open is the person in video {i}?" for i in range(1, 5))]
    rows = [[f"2024/03/0{j} 10:00", *map(str, range(j, j + 4))] for j in range(1, 4)]
    path.write_text(join([head, *rows]))
    with pytest.warns(DataWarning, match="columns that name no clip are left out: 'Other'"):
        path.write_text(join([[*head, "Other"], *([*row, "9"] for row in rows)]))
        found = read_ratings(path, rater="Timestamp", raters_in_rows=True)
    assert found["rater"].nunique() == 3 and found["clip"].unique().tolist() == [
        f"video {i}" for i in range(1, 5)
    ]
    assert found["rating"].tolist() == [float(i + j) for j in range(1, 4) for i in range(4)]
