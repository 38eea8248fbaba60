"""Drafts and suggestions for tables of one item, of sites, of judges in words, and of no judges.

Files are made by the random module; what the commands must give follows from how they were made,
or is what the same columns give when they are named by hand (to 1e-9).
"""

import csv
import random
import shlex
import tomllib

import pytest

pytestmark = pytest.mark.usefixtures("blank_pictures")

draw = random.Random(23)
LEVELS = [draw.gauss(2, 1) for _ in range(24)]


def save(path, rows, encoding="utf-8", **dialect):
    with path.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, **dialect).writerows(rows)
    return path


def answer(level):
    return min(4, max(0, round(level + draw.gauss(0, 0.7))))


def make_long():
    return [
        ["clip", "rater", "subject", "smile"],
        *([f"c{i}", f"r{j}", f"p{i // 3}", answer(LEVELS[i])] for i in range(24) for j in range(4)),
    ]


def list_lines(call_json, path):
    rows = call_json("check", path)["rows"]
    return [row["command"] for row in rows if row["kind"] == "suggestion"]


def run(call_json, line):
    return call_json(*shlex.split(line)[1:])["rows"]


def test_ratings_of_one_item_make_a_study_that_runs(call, call_json, tmp_path):
    path = save(tmp_path / "ratings.csv", make_long())
    place = tmp_path / "study.toml"
    call("init", path, "--out", place)
    study = tomllib.loads(place.read_text(encoding="utf-8"))
    assert study["ratings"]["rating"] == "smile"
    assert study["reliability"] == {"model": "auto"}
    told = call("report", place, "--out", tmp_path / "report")
    assert told.exit_code == 0
    rows = call_json("report", place, "--out", tmp_path / "again")["rows"]
    known = call_json("reliability", path, "--rating", "smile", "--subject", "subject",
                      "--model", "auto")["rows"]  # fmt: skip
    pick = lambda table: [r["estimate"] for r in table if r.get("term") == "ICC(A,1)"][:1]  # noqa: E731
    assert pick(rows) == pytest.approx(pick(known), abs=1e-9)


def test_ids_that_start_anew_at_each_site_need_both(call, call_json, tmp_path):
    rows = [["clip", "subject", "site", "smile", "nod", "y"]]
    for i in range(120):
        smile, nod = draw.gauss(0, 1), draw.gauss(0, 1)
        rows.append(
            [f"c{i}", f"p{i // 4 % 15}", "AB"[i // 60], smile, nod, smile + draw.gauss(0, 1)]
        )
    path = save(tmp_path / "sites.csv", rows)
    told = " ".join(call("check", path).stdout.split())
    assert "ids of 'subject' come again in each 'site'" in told
    assert "--subject site,subject" in told
    [line] = list_lines(call_json, path)
    assert "--subject site,subject" in line
    rows = [r for r in run(call_json, line) if r["term"] == "rmse" and not r["context"]]
    assert sum({r["part"]: r["n_clusters"] for r in rows}.values()) == 30
    place = tmp_path / "study.toml"
    call("init", path, "--out", place)
    study = tomllib.loads(place.read_text(encoding="utf-8"))
    assert study["clips"]["subject"] == ["site", "subject"]
    assert study["clips"]["target"] == "y"


def test_a_slip_of_the_keyboard_is_declared_in_the_line(call_json, tmp_path):
    rows = make_long()
    rows[7][3] = 44
    [line] = list_lines(call_json, save(tmp_path / "a.csv", rows))
    assert line.endswith("--missing 44")
    rows[7][3] = ""
    whole = run(call_json, list_lines(call_json, save(tmp_path / "b.csv", rows))[0])
    assert [r["estimate"] for r in run(call_json, line)] == [r["estimate"] for r in whole]


@pytest.mark.parametrize("names", [["JudgeA", "JudgeB", "JudgeC"], ["left", "right", "middle"]])
def test_judges_in_words_get_agreement(call_json, tmp_path, names):
    rows = [["place", *names]]
    for i in range(30):
        one = draw.choice(["good", "bad", "odd"])
        rows.append(
            [i, *(one if draw.random() < 0.7 else draw.choice(["good", "bad"]) for _ in names)]
        )
    [line] = list_lines(call_json, save(tmp_path / "a.csv", rows))
    words = shlex.split(line)
    assert words[1] == "agreement" and words[words.index("--raters") + 1] == ",".join(names)
    assert any(r["term"] == "alpha" and r["estimate"] > 0.2 for r in run(call_json, line))


def test_the_only_number_that_no_tracker_wrote_is_the_target(call_json, tmp_path):
    rows = [["clip", "subject", "AU01", "AU12", "pleasantness"]]
    rows += [[f"c{i}", f"p{i // 4}", *(draw.gauss(0, 1) for _ in range(3))] for i in range(120)]
    [line] = list_lines(call_json, save(tmp_path / "a.csv", rows))
    assert "fit" in line and "--target pleasantness" in line
    assert {r["feature"] for r in run(call_json, line) if r["term"] == "weight"} == {"AU01", "AU12"}


def test_columns_of_different_ranges_are_no_judges(call, tmp_path):
    rows = [["age_years", "reaction", "weight"]]
    rows += [[20 + i % 30, draw.gauss(300, 50), draw.gauss(70, 9)] for i in range(40)]
    path = save(tmp_path / "wide.csv", rows)
    told = " ".join(call("init", path, "--out", tmp_path / "s.toml", code=2).stderr.split())
    assert "different ranges, so that they are no judges" in told
    assert not (tmp_path / "s.toml").exists()


def test_two_crossed_ids_are_asked_about(call, tmp_path):
    rows = [["diameter", "plate", "sample"]]
    rows += [[draw.randint(18, 27), p, s] for p in "abcdefgh" for s in "ABCDEF"]
    told = " ".join(call("check", save(tmp_path / "a.csv", rows)).stdout.split())
    assert "'plate' and 'sample' together name each row once" in told
    assert "say so: --clip plate, --rater sample, --rating diameter" in told


def test_init_label_and_estimates_read_as_told(call, call_json, tmp_path):
    rows = make_long()
    rows[0] = ["clip", "rater", "subject", "größe"]
    path = save(tmp_path / "r.csv", [["Studie"], *rows], encoding="cp1252", delimiter=";")
    place = tmp_path / "study.toml"
    call("init", path, "--out", place, "--encoding", "cp1252", "--header-row", 2, "--missing", "4")
    study = tomllib.loads(place.read_text(encoding="utf-8"))["ratings"]
    assert (study["encoding"], study["header_row"], study["rating"]) == ("cp1252", 2, "größe")
    assert study["missing"] == ["4"]
    call("report", place, "--out", tmp_path / "report")
    wide = [["id", "joy", "änger", "fear"]]
    wide += [["a", *(round(draw.random(), 3) for _ in range(3))] for _ in range(20)]
    titled = save(tmp_path / "e.csv", [["made today"], *wide], encoding="cp1252")
    plain = save(tmp_path / "e2.csv", wide)
    known = call_json("estimates", plain, "--id", "id")["rows"]
    found = call_json("estimates", titled, "--id", "id", "--encoding", "cp1252", "--header-row", 2)
    assert [r.get("estimate") for r in found["rows"]] == [r.get("estimate") for r in known]
    frames = [["frame_idx", "frame_time_in_ms", "au_6_intensity", "au_12_intensity"]]
    frames += [[i, round(i * 33.3, 1), draw.random() * 3, draw.random() * 3] for i in range(60)]
    tracked = save(tmp_path / "video.csv", frames)
    people = save(
        tmp_path / "p.csv", [["x"], ["video", "subject"], ["video", "Zoë"]], encoding="cp1252"
    )
    told = call_json("label", tracked, "--subjects", people, "--encoding", "cp1252")
    assert {row["subject"] for row in told["rows"]} == {"Zoë"}


def test_descriptions_of_people_are_no_judges(call_json, tmp_path):
    rows = [["ActorID", "Age", "Sex", "Race"]]
    rows += [[1000 + i, 20 + i, "FM"[i % 2], draw.choice(["A", "B", "C"])] for i in range(60)]
    assert list_lines(call_json, save(tmp_path / "people.csv", rows)) == []
