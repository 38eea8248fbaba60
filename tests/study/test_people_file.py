"""A third file, of people: joined to clips and ratings, or refused with the names of both files.

Joined values, coded features, strata and the test between groups are formed again with pandas,
numpy and scipy, to rounding (1e-9).
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError
from exprstats.study import read_study, run_study

STUDY = """\
title = "People"
seed = 4

[clips]
file = "clips.csv"
clip = "video"
subject = "vp"
target = "wert"
features = ["blick"]

[split]
train = 0.5
validate = 0.25
test = 0.25

[compare]
draws = 100
calibration = false

[subjects]
file = "leute.csv"
subject = "person"
"""


def make_people(count=24):
    rng = np.random.default_rng(2)
    ids = [f"{place:03d}" for place in range(1, count + 1)]
    columns = {"alter": rng.integers(20, 60, count), "ort": rng.permutation(["Bonn", "Ulm"] * 12)}
    return pd.DataFrame({"person": ids, **columns, "gruppe": rng.integers(1, 3, count)})


def make_clips(people):
    rng = np.random.default_rng(3)
    rows = people.loc[people.index.repeat(4)].reset_index(drop=True)
    blick = rng.normal(size=len(rows))
    wert = blick + 0.05 * rows["alter"] + (rows["gruppe"] == 2) + 0.3 * rng.normal(size=len(rows))
    ids = {"video": [f"v{k}" for k in range(len(rows))], "vp": rows["person"]}
    return pd.DataFrame({**ids, "blick": blick, "wert": wert})


@pytest.fixture
def run(tmp_path):
    def start(more="", people=None, clips=None, text=STUDY):
        whole = make_people()
        (whole if people is None else people).to_csv(tmp_path / "leute.csv", index=False)
        (make_clips(whole) if clips is None else clips).to_csv(tmp_path / "clips.csv", index=False)
        (tmp_path / "study.toml").write_text(text + more, encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run_study(read_study(tmp_path / "study.toml"))

    return start


def test_columns_of_people_become_features_and_nothing_else_does(run):
    found = run('features = ["alter", "ort"]\n')
    assert found.features == ("blick", "alter", "ort: Ulm")
    people = make_people().set_index("person")
    expected = people.loc[found.clips["subject"]]
    np.testing.assert_array_equal(found.clips["alter"], expected["alter"])
    np.testing.assert_array_equal(found.clips["ort: Ulm"], expected["ort"].eq("Ulm"))
    assert [one.table for one in found.provenance.inputs] == ["clips", "subjects"]
    assert run().features == ("blick",)


def test_features_of_clips_may_stand_in_the_file_of_people(run):
    text = STUDY.replace('["blick"]', '["alter", "blick"]')
    assert run(text=text).features == ("alter", "blick")
    # Without a list all numbers of the clips are features, and of people those that are named.
    bare = STUDY.replace('features = ["blick"]\n', "")
    assert run(text=bare).features == ("blick",)
    assert run('group = "gruppe"\nfeatures = ["alter"]\n', text=bare).features == ("blick", "alter")


def test_groups_of_people_are_compared(run):
    found = run('group = "gruppe"\n').means
    means = make_clips(make_people()).groupby("vp")["wert"].mean()
    groups = make_people().set_index("person")["gruppe"]
    known = stats.f_oneway(*(means[groups == one] for one in (1, 2)))
    row = found.tests.query("method == 'one-way ANOVA'").iloc[0]
    assert row["statistic"] == pytest.approx(known.statistic, rel=1e-9)
    assert row["p_value"] == pytest.approx(known.pvalue, rel=1e-9)
    assert set(found.people["group"]) == {"1", "2"}


def test_strata_may_be_a_column_of_people(run):
    text = STUDY.replace("[split]", '[split]\nstratify = "ort"')
    parts = run(text=text).parts.set_index("subject")["part"]
    places = make_people().set_index("person")["ort"]
    counts = pd.crosstab(places, parts)
    assert counts.loc["Bonn"].tolist() == counts.loc["Ulm"].tolist() == [3, 6, 3]
    with pytest.raises(
        DataError, match=r"leute.csv: there is no column 'Ort'\. Did you mean 'ort'"
    ):
        run(text=text.replace('"ort"', '"Ort"'))


def test_a_context_may_stand_in_the_file_of_people(run):
    found = run('context = "ort"\n')
    places = make_people().set_index("person")["ort"]
    np.testing.assert_array_equal(found.clips["context"], places.loc[found.clips["subject"]])
    assert set(found.models["elastic"].tidy()["context"].dropna()) == {"Bonn", "Ulm"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda one: one.iloc[:12],
            r"12 of 24 people of clips.csv are not in leute.csv: '013'.*unmatched=0.5 in \[subj",
        ),
        (lambda one: one.assign(person="x" + one["person"]), r"24 of 24 people of clips.csv are n"),
        (
            lambda one: pd.concat([one, one.head(1).assign(alter=99)]),
            r"leute.csv, column 'alter': '001' has several values",
        ),
        (lambda one: one.drop(columns="alter"), "leute.csv: there is no column 'alter'"),
        (lambda one: one.drop(columns="person"), "leute.csv: there is no column 'person'"),
    ],
)
def test_what_cannot_be_joined_is_named_with_its_files(run, change, told):
    with pytest.raises(DataError, match=told):
        run('features = ["alter"]\n', people=change(make_people()))


def test_files_that_disagree_about_a_person_are_both_named(run):
    clips = make_clips(make_people())
    ages = make_people().set_index("person")["alter"]
    same = clips.assign(alter=ages.loc[clips["vp"]].to_numpy())
    assert run('features = ["alter"]\n', clips=same).features == ("blick", "alter")
    other = same.assign(alter=same["alter"].where(same["vp"].ne("005"), 3))
    told = "1 person has two values of 'alter': '005' has '3.0' in clips.csv and '.*' in leute.csv"
    with pytest.raises(DataError, match=told):
        run('features = ["alter"]\n', clips=other)


def test_rows_that_say_the_same_twice_are_one_person(run):
    people = make_people()
    twice = pd.concat([people, people.assign(ort=None)])
    found, known = (run('features = ["alter"]\n', people=one) for one in (twice, people))
    pd.testing.assert_frame_equal(found.comparison.tidy(), known.comparison.tidy())


def test_a_person_without_a_row_is_counted_where_few_are(run):
    found = run('features = ["alter"]\nunmatched = 0.1\n', people=make_people().iloc[1:])
    notes = " ".join(found.provenance.notes)
    assert "1 person is in clips.csv and not in leute.csv: '001'" in notes
    assert found.provenance.exclusions[0].rows_in - found.provenance.exclusions[0].rows_out == 4


def test_people_alone_are_no_study(tmp_path):
    make_people().to_csv(tmp_path / "leute.csv", index=False)
    (tmp_path / "study.toml").write_text('[subjects]\nfile = "leute.csv"\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"neither \[ratings\] nor \[clips\]"):
        read_study(tmp_path / "study.toml")
