"""Files of one layout, one a rater: read as one table by check, init, the commands and the verb.

The intraclass correlations are those of one-way analysis of variance, from sums of squares here.
"""

import json
import shlex

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning
from exprstats.io import read_contents, read_ratings, sniff_file

CLIPS, RATERS = [f"film{n:02}.mp4" for n in range(1, 9)], ["ada", "ben", "cem"]
WORDS = ["never", "rarely", "sometimes", "often", "always"]


def make_answers(seed=3):
    """Return answers (8 clips, 3 raters) from 1 to 5 that agree in part."""
    chance = np.random.default_rng(seed)
    level = chance.integers(1, 6, len(CLIPS))[:, None]
    return np.clip(level + chance.integers(-1, 2, (len(CLIPS), len(RATERS))), 1, 5)


def rate_oneway(answers):
    """Return ICC(1,1) from the sums of squares between and within rows."""
    count, size = answers.shape
    between = size * ((answers.mean(1) - answers.mean()) ** 2).sum() / (count - 1)
    within = ((answers - answers.mean(1, keepdims=True)) ** 2).sum() / (count * (size - 1))
    return (between - within) / (between + (size - 1) * within)


def write_folder(folder, answers, make=None, name="P{:02}_rate_films.csv", **options):
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for place, who in enumerate(RATERS):
        table = pd.DataFrame({"film": CLIPS, "warm": answers[:, place]}).sample(
            frac=1, random_state=place
        )
        table = table if make is None else make(table, place, who)
        files.append(folder / name.format(place + 1))
        table.to_csv(files[-1], index=False, **options)
    return files


def name_people(table, place, who):
    return table.assign(participant=who, warm_rt=np.linspace(200, 900, len(table)))


def take_lines(call, *arguments):
    rows = json.loads(call("check", *arguments, "--json", "-").stdout)["rows"]
    return [row["command"] for row in rows if row["kind"] == "suggestion"]


def find_icc(call, line, term="ICC(1,1)"):
    words = [one for one in shlex.split(line)[1:] if one not in {"--model", "auto"}]
    rows = json.loads(call(*words, "--json", "-").stdout)["rows"]
    return next(row["estimate"] for row in rows if row.get("term") == term)


@pytest.mark.parametrize("way", ["folder", "list", "pattern"])
@pytest.mark.parametrize("named", [True, False])
def test_the_files_of_several_raters_are_one_table(call, tmp_path, way, named):
    answers = make_answers()
    files = write_folder(tmp_path / "data", answers, name_people if named else None)
    given = {"folder": [tmp_path / "data"], "list": files, "pattern": [tmp_path / "data" / "P*"]}
    told = call("check", *given[way])
    assert "3 files, one below the other" in told.stdout
    (line, *_) = take_lines(call, *given[way])
    who = "participant" if named else "from_file"
    assert f"--rater {who}" in line and "--rating warm" in line
    assert find_icc(call, line) == pytest.approx(rate_oneway(answers), abs=1e-12)
    # Each file is an input of its own.
    rows = json.loads(call(*shlex.split(line)[1:], "--json", "-").stdout)["inputs"]
    assert [one["file"] for one in rows] == [str(one) for one in files]
    assert [one["rows"] for one in rows] == [len(CLIPS)] * len(files)
    assert [one["sha256"] for one in rows] == [sniff_file(one).sha256 for one in files]


@pytest.mark.parametrize("layout", ["tab", "semicolon", "xlsx", "mixed order"])
def test_files_of_raters_are_read_whatever_their_form(tmp_path, layout):
    answers = make_answers()
    folder = tmp_path / "data"
    if layout == "xlsx":
        folder.mkdir()
        for place, _ in enumerate(RATERS):
            table = pd.DataFrame({"film": CLIPS, "warm": answers[:, place]})
            table.to_excel(folder / f"subject-{place + 1}.xlsx", index=False)
    elif layout == "mixed order":
        turn = lambda table, place, who: table[["warm", "film"]] if place == 1 else table  # noqa: E731
        write_folder(folder, answers, turn)
    else:
        separator = {"tab": "\t", "semicolon": ";"}[layout]
        write_folder(folder, answers, name="subject-{}.csv", sep=separator)
    read = read_ratings(folder, clip="film", rating="warm")
    wide = read.pivot_table(index="clip", columns="rater", values="rating").loc[CLIPS]
    assert wide.to_numpy().tolist() == answers.tolist()
    assert list(wide) == (["P01", "P02", "P03"] if layout == "mixed order" else ["1", "2", "3"])


def test_answers_in_words_of_one_rater_a_file(call, tmp_path):
    answers = make_answers()
    folder = tmp_path / "data"

    def speak(table, place, who):
        return table.assign(warm=[WORDS[one - 1] for one in table["warm"]], nr=place + 1)

    files = write_folder(folder, answers, speak, name="subject-{}.csv")
    (line, *_) = take_lines(call, *files)
    assert "--labels" in line
    assert find_icc(call, line) == pytest.approx(rate_oneway(answers), abs=1e-12)
    # One file alone holds no reliability, and says so.
    told = " ".join(call("check", files[0]).stdout.split())
    assert "Try: exprstats reliability" not in told


def test_ids_that_files_share_and_columns_that_files_lack_are_told(call, tmp_path):
    answers = make_answers()

    def number(table, place, who):
        table = table.assign(subject_nr=0)
        return table.drop(columns="subject_nr") if place == 2 else table.assign(age=30 + place)

    write_folder(tmp_path / "data", answers, number)
    told = " ".join(call("check", tmp_path / "data").stdout.split())
    assert "1 of 3 files lacks the column 'age' ('P03_rate_films.csv')" in told
    write_folder(tmp_path / "same", answers, lambda table, place, who: table.assign(subject_nr=0))
    told = " ".join(call("check", tmp_path / "same").stdout.split())
    assert "all files have the same 'subject_nr' (0)" in told
    assert "--rater from_file" in told
    twice = lambda table, place, who: table.assign(subject_nr=[7, 8, 7][place])  # noqa: E731
    write_folder(tmp_path / "twice", answers, twice)
    told = " ".join(call("check", tmp_path / "twice").stdout.split())
    assert "have the same 'subject_nr' (7)" in told and "--rater from_file" in told


def test_a_problem_is_placed_in_its_own_file(call, tmp_path):
    answers = make_answers()

    def spoil(table, place, who):
        table = name_people(table, place, who).reset_index(drop=True).astype({"warm": object})
        table.loc[3, "warm"] = "x7?" if place == 1 else table.loc[3, "warm"]
        return table

    files = write_folder(tmp_path / "data", answers, spoil)
    with pytest.raises(DataError) as caught:
        read_ratings(tmp_path / "data", clip="film", rater="participant", rating="warm")
    (problem,) = caught.value.problems
    assert (problem.file, problem.rows) == (str(files[1]), (5,))
    told = call("reliability", *files, "--clip", "film", "--rater", "participant", "--rating",
                "warm", code=2)  # fmt: skip
    assert "P02_rate_films.csv" in told.stderr and "row 5" in told.stderr


def test_files_of_other_columns_are_refused_or_left_out(tmp_path):
    files = write_folder(tmp_path / "data", make_answers(), name_people)
    people = tmp_path / "data" / "people.csv"
    pd.DataFrame({"id": RATERS, "age": [1, 2, 3], "city": "Bonn"}).to_csv(people, index=False)
    with pytest.warns(DataWarning, match="people.csv has other columns: left out"):
        read_ratings(tmp_path / "data", clip="film", rater="participant", rating="warm")
    with pytest.raises(DataError, match="has other columns"):
        read_ratings([*files, people], clip="film", rater="participant", rating="warm")


def test_files_that_hold_several_raters_each_are_checked_one_by_one(call, tmp_path):
    whole = pd.DataFrame(
        {"clip": np.repeat(CLIPS, 3), "rater": RATERS * 8, "rating": 3 * [1, 2, 4, 5] * 2}
    )
    for name in ("one.csv", "two.csv"):
        whole.assign(rating=np.random.default_rng(1).permutation(whole["rating"])).to_csv(
            tmp_path / name, index=False
        )
    told = call("check", tmp_path / "one.csv", tmp_path / "two.csv").stdout
    assert told.count("Try: exprstats reliability") == 2


@pytest.mark.parametrize("way", ["folder", "list", "pattern"])
def test_a_study_names_the_files_of_its_raters(call, tmp_path, way):
    answers = make_answers()
    files = write_folder(tmp_path / "data", answers, name_people)
    file = {
        "folder": '"data"',
        "list": json.dumps([f"data/{one.name}" for one in files]),
        "pattern": '"data/*.csv"',
    }[way]
    study = tmp_path / "study.toml"
    keys = 'clip = "film"\nrater = "participant"\nrating = "warm"\n'
    study.write_text(f"[ratings]\nfile = {file}\n{keys}", encoding="utf-8")
    rows = json.loads(call("check", study, "--json", "-").stdout)["rows"]
    tables = [row["file"] for row in rows if row["kind"] == "table"]
    assert tables == [f"data/{one.name}" for one in files]


@pytest.mark.parametrize("named", [True, False])
def test_init_drafts_a_study_of_the_files_of_raters(call, tmp_path, named):
    files = write_folder(tmp_path / "data", make_answers(), name_people if named else None)
    for given in ([tmp_path / "data"], files):
        out = tmp_path / "study.toml"
        call("init", *given, "--out", out, "--force")
        text = out.read_text(encoding="utf-8")
        assert 'file = "data/P*_rate_films.csv"' in text
        assert f'rater = "{"participant" if named else "from_file"}"' in text
        assert "rt" not in text.split("[ratings]")[1].split("#")[0]
        call("check", out)


def test_one_file_a_clip_gives_clips_by_their_files(call, tmp_path):
    answers = make_answers()
    for place in range(len(CLIPS)):
        table = pd.DataFrame({"rater": RATERS, "warm": answers[place]})
        table.to_csv(tmp_path / f"clip_{place + 1:02}.csv", index=False)
    contents = read_contents(tmp_path)
    assert contents.roles["clip"] == "from_file"
    (line, *_) = take_lines(call, tmp_path)
    assert find_icc(call, line) == pytest.approx(rate_oneway(answers), abs=1e-12)


@pytest.mark.parametrize("names", [["r1", "r2", "r3"], ["Ada", "Ben", "Cem"]])
@pytest.mark.parametrize("book", [True, False])
def test_files_of_sites_with_a_column_a_rater_are_no_raters_in_silence(call, tmp_path, names, book):
    tables = [pd.DataFrame(make_answers(seed), columns=names) for seed in (1, 2)]
    for table, site in zip(tables, ("Bonn", "Ulm"), strict=True):
        table.insert(0, "film", CLIPS)
        if not book:
            table.to_csv(tmp_path / f"{site}.csv", index=False)
    given = sorted(tmp_path.glob("*.csv"))
    if book:
        given = [tmp_path / "sites.xlsx"]
        with pd.ExcelWriter(given[0]) as writer:
            for table, site in zip(tables, ("Bonn", "Ulm"), strict=True):
                table.to_excel(writer, sheet_name=site, index=False)
    told = " ".join(call("check", *given).stdout.split())
    if names[0] == "r1":
        assert "--rater from_file" not in told and "--raters r1,r2,r3" in told
        return
    assert "each file or sheet is read as one rater" in told
    assert "--raters Ada,Ben,Cem, --by from_file" in told
    # What it says to type if the columns are the raters runs, for files and for sheets.
    place = ["--sheet", "*"] if book else []
    how = ["--raters", "Ada,Ben,Cem", "--clip", "film", "--by", "from_file", *place]
    rows = json.loads(call("reliability", *given, *how, "--json", "-").stdout)["rows"]
    found = {row["context"]: row["estimate"] for row in rows if row.get("term") == "ICC(1,1)"}
    for table, site in zip(tables, ("Bonn", "Ulm"), strict=True):
        assert found[site] == pytest.approx(rate_oneway(table[names].to_numpy()), abs=1e-12)
