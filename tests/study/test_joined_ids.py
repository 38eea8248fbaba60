"""Ids that files write differently: the result of clean files, or an error that names both files.

Each change of form is tried on each column of each file. What must be the same is compared exactly,
since merged ids are all that could differ.
"""

import unicodedata
import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.study import read_study, run_study

STUDY = """\
title = "Ids"
seed = 2

[ratings]
file = "urteile.csv"
clip = "video"
rater = "wer"
subject = "vp"
context = "lage"
items = ["warm"]
scale = [0, 6]

[clips]
file = "merkmale.csv"
clip = "video"
subject = "person"
context = "lage"
features = ["blick"]

[subjects]
file = "leute.csv"
subject = "id"
features = ["alter"]

[compare]
draws = 100
calibration = false
"""
PEOPLE = 20
FILES = {"urteile": "vp", "merkmale": "person", "leute": "id"}


def make_tables():
    rng = np.random.default_rng(9)
    count = PEOPLE * 2
    people = pd.DataFrame({"id": [f"{k:03d}" for k in range(1, PEOPLE + 1)]})
    people["alter"] = rng.integers(20, 60, PEOPLE)
    clips = pd.DataFrame({"video": [f"{k:04d}" for k in range(1, count + 1)]})
    clips["person"] = np.repeat(people["id"], 2).to_numpy()
    clips["lage"] = ["Zoë", "froh"] * PEOPLE
    clips["blick"] = rng.normal(size=count)
    ratings = clips.loc[clips.index.repeat(3), ["video", "person", "lage"]].reset_index(drop=True)
    level = np.repeat(clips["blick"].to_numpy(), 3)
    noise = 0.7 * rng.normal(size=len(ratings))
    ratings["warm"] = np.clip(np.round(3 + level + noise), 0, 6).astype(int)
    ratings = ratings.rename(columns={"person": "vp"}).assign(wer=["a", "b", "c"] * count)
    return {"urteile": ratings, "merkmale": clips, "leute": people}


def start(folder, tables, text=STUDY):
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = run_study(read_study(folder / "study.toml"))
    return found, [str(one.message) for one in caught]


def take_numbers(found):
    rows = found.comparison.tidy()
    return rows[["estimate", "conf_low", "conf_high", "p_value"]].to_numpy(float)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    found, warned = start(tmp_path_factory.mktemp("clean"), make_tables())
    assert not [one for one in warned if "otherwise" in one]
    return take_numbers(found)


FORMS = {
    "without zeros": lambda text: text.lstrip("0"),
    "more zeros": lambda text: f"0{text}",
    "decimals": lambda text: f"{text.lstrip('0')}.0",
    "blanks": lambda text: f" {text} ",
    "zero width": lambda text: f"{text}\u200b",
    "full width": lambda text: text.translate({48 + k: 0xFF10 + k for k in range(10)}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", FILES)
def test_people_written_in_another_form_are_the_same(tmp_path, clean, file, form):
    tables = make_tables()
    tables[file][FILES[file]] = tables[file][FILES[file]].map(FORMS[form])
    found, warned = start(tmp_path, tables)
    np.testing.assert_array_equal(take_numbers(found), clean)
    if form not in {"blanks", "zero width"}:
        [told] = [one for one in warned if "otherwise than" in one]
        assert f"{file}.csv" in told or file == "urteile"
        assert "20 subjects" in told


@pytest.mark.parametrize("form", ["without zeros", "decimals", "full width"])
@pytest.mark.parametrize("file", ["urteile", "merkmale"])
def test_clips_written_in_another_form_are_the_same(tmp_path, clean, file, form):
    tables = make_tables()
    tables[file]["video"] = tables[file]["video"].map(FORMS[form])
    np.testing.assert_array_equal(take_numbers(start(tmp_path, tables)[0]), clean)


@pytest.mark.parametrize(
    "form", [str.upper, str.swapcase, lambda text: unicodedata.normalize("NFD", text), "{} ".format]
)
@pytest.mark.parametrize("file", ["merkmale"])
def test_contexts_written_in_another_form_are_the_same(tmp_path, clean, file, form):
    tables = make_tables()
    tables[file]["lage"] = tables[file]["lage"].map(form)
    np.testing.assert_array_equal(take_numbers(start(tmp_path, tables)[0]), clean)


def spoil(name, column, row, value):
    def change(tables):
        tables[name].loc[row, column] = value

    return change


def lose(name, rows):
    def change(tables):
        tables[name] = tables[name].drop(index=rows)

    return change


def double(name, row):
    def change(tables):
        tables[name] = pd.concat([tables[name], tables[name].iloc[[row]]], ignore_index=True)

    return change


WRONG = {
    "one rating of a clip in another form": spoil("urteile", "video", 0, "1"),
    "one person of a clip in another form": spoil("merkmale", "person", 0, "1"),
    "another person": spoil("merkmale", "person", 0, "002"),
    "another context": spoil("merkmale", "lage", 0, "froh"),
    "a new context": spoil("urteile", "lage", range(3), "wild"),
    "an unknown clip": spoil("merkmale", "video", range(8), [f"x{k}" for k in range(8)]),
    "clips lost": lose("merkmale", range(10)),
    "ratings lost": lose("urteile", range(60)),
    "people lost": lose("leute", range(10)),
    "clips doubled": double("merkmale", 0),
    "ratings doubled": double("urteile", 0),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_joined_is_refused_with_its_files(tmp_path, case):
    tables = make_tables()
    WRONG[case](tables)
    try:
        found, _ = start(tmp_path, tables)
        [failure] = found.provenance.failures
        told = str(failure)
    except DataError as error:
        told = str(error)
    if "doubled" in case:
        assert (tmp_path / {"c": "merkmale.csv", "r": "urteile.csv"}[case[0]]).name in told
    else:
        assert sum(f"{name}.csv" in told for name in FILES) >= 2, told


def test_people_in_another_order_with_doubled_rows_are_the_same(tmp_path, clean):
    tables = make_tables()
    tables["leute"] = pd.concat([tables["leute"].iloc[::-1], tables["leute"].iloc[:3]])
    tables["merkmale"] = tables["merkmale"].sample(frac=1, random_state=1)
    tables["urteile"] = tables["urteile"].sample(frac=1, random_state=2)
    found, _ = start(tmp_path, tables)
    np.testing.assert_allclose(take_numbers(found), clean, rtol=1e-9)


def test_two_files_of_one_name_are_told_apart(tmp_path):
    tables = make_tables()
    tables["merkmale"].loc[0, "person"] = "002"
    for folder, name in (("a", "urteile"), ("b", "merkmale")):
        (tmp_path / folder).mkdir()
        tables[name].to_csv(tmp_path / folder / "daten.csv", index=False)
    tables["leute"].to_csv(tmp_path / "leute.csv", index=False)
    text = STUDY.replace("urteile.csv", "a/daten.csv").replace("merkmale.csv", "b/daten.csv")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"in a/daten.csv and of '002' in b/daten.csv"):
        run_study(read_study(tmp_path / "study.toml"))


def test_a_share_without_partners_may_be_allowed(tmp_path):
    tables = make_tables()
    lose("merkmale", range(10))(tables)
    found, _ = start(tmp_path, tables, STUDY.replace("[subjects]", "unmatched = 0.3\n[subjects]"))
    assert len(found.clips) == 30
    [lost] = [one for one in found.provenance.exclusions if one.table == "rated clips"]
    assert (lost.rows_in, lost.rows_out) == (40, 30)
    assert "merkmale.csv has no row of the clip" in str(lost)
