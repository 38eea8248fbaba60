"""Rating files, long and wide, to one shape. Values are compared exactly."""

import pandas as pd
import pytest

from exprstats import DataWarning, OptionError, simulate_expressiveness
from exprstats.contracts import RATINGS, check_table
from exprstats.io import read_ratings, write_csv

ITEMS = ["response", "emotion", "motion"]
LONG = (
    "video,judge,task,who,emotion,motion\nv1,A,pain,s1,1,2\nv1,B,pain,s1,3,4\nv2,A,fear,s1,0,NA\n"
)


def test_several_rating_columns_become_items(write):
    table = read_ratings(
        write(LONG),
        clip="video",
        rater="judge",
        context="task",
        subject="who",
        items=["emotion", "motion"],
        scale=(0, 4),
    )
    check_table(table, RATINGS)
    assert table.columns.tolist() == ["context", "clip", "rater", "item", "subject", "rating"]
    assert table["item"].tolist() == ["emotion", "motion"] * 3
    assert table["rating"].tolist()[:5] == [1, 2, 3, 4, 0]
    assert table["rating"].isna().sum() == 1
    assert table["context"].tolist() == ["pain"] * 4 + ["fear"] * 2


def test_one_rating_column_is_one_item(write):
    table = read_ratings(write(LONG), clip="video", rater="judge", rating="emotion")
    assert table.columns.tolist() == ["clip", "rater", "item", "rating"]
    assert set(table["item"]) == {"emotion"}


def test_wide_files_number_their_clips_and_leave_empty_cells_out(write):
    path = write("J1,J2,J3\n9,2,\n6,NA,3\n8,4,6\n")
    table = read_ratings(path, raters=["J1", "J2", "J3"])
    check_table(table, RATINGS)
    rows = list(zip(table["clip"], table["rater"], table["rating"], strict=True))
    assert rows == [
        *[("1", "J1", 9), ("1", "J2", 2), ("2", "J1", 6), ("2", "J3", 3)],
        *[("3", "J1", 8), ("3", "J2", 4), ("3", "J3", 6)],
    ]


def test_wide_files_may_name_clips_subjects_and_the_item(write):
    path = write("video,subject,J1,J2\nv1,s1,1,2\nv2,s2,3,4\n")
    table = read_ratings(path, clip="video", raters=["J1", "J2"], rating="smile")
    assert table["clip"].tolist() == ["v1", "v1", "v2", "v2"]
    assert table["subject"].tolist() == ["s1", "s1", "s2", "s2"]
    assert set(table["item"]) == {"smile"}


def test_clips_that_nobody_rated_are_told(write):
    with pytest.warns(DataWarning, match="row 3: 1 clip has no rating"):
        table = read_ratings(write("J1,J2\n1,2\nNA,.\n3,4\n"), raters=["J1", "J2"])
    assert table["clip"].unique().tolist() == ["1", "3"]


def test_simulated_ratings_survive_a_file(tmp_path):
    study = simulate_expressiveness(subjects=6, seed=1)
    write_csv(study.ratings, tmp_path / "ratings.csv")
    table = read_ratings(tmp_path / "ratings.csv", items=ITEMS, scale=(0, 4))
    pd.testing.assert_frame_equal(table, study.ratings.astype({"rating": float}))
    one = read_ratings(tmp_path / "ratings.csv", items="emotion")
    assert one["item"].unique().tolist() == ["emotion"]
    assert len(one) == len(study.ratings) / 3


def test_long_and_wide_files_of_the_same_ratings_agree(tmp_path):
    study = simulate_expressiveness(subjects=4, seed=1)
    wide = study.ratings.pivot_table(
        index=["context", "clip", "rater", "subject"], columns="item", values="rating"
    ).reset_index()
    write_csv(wide, tmp_path / "wide.csv")
    table = read_ratings(tmp_path / "wide.csv", items=ITEMS)
    key = ["context", "clip", "rater", "item"]
    expected = study.ratings.astype({"rating": float}).sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(table.sort_values(key, ignore_index=True), expected)


def test_repeats_are_refused_averaged_or_kept_first(write, refuse):
    text = "clip,rater,rating\na,x,1\nb,x,2\na,x,4\n"
    (problem,) = refuse(read_ratings, write(text))
    assert problem.rows == (2, 4)
    assert "clip 'a', rater 'x'" in problem.fact
    assert "duplicates='mean' or duplicates='first'" in str(problem)
    assert "--duplicates mean or --duplicates first" in problem.speak("command")
    for way, kept, told in (
        ("mean", 2.5, "their mean was taken"),
        ("first", 1, "the first was kept"),
    ):
        with pytest.warns(DataWarning, match=f"1 of 3 ratings repeats another .*: {told}"):
            table = read_ratings(write(text), duplicates=way)
        assert table["rating"].tolist() == [kept, 2] and table.attrs["repeated"] == ["a"]


def test_same_clip_name_in_two_contexts_is_no_repeat(write):
    text = "clip,rater,context,rating\na,x,pain,1\na,x,fear,4\n"
    read = read_ratings(write(text), context="context")
    assert read["context"].tolist() == ["pain", "fear"]
    with pytest.warns(DataWarning, match="'a' stands with 'pain' and 'fear'"):
        pd.testing.assert_frame_equal(read_ratings(write(text)), read)


@pytest.mark.parametrize("name", ["context", "item"])
def test_a_column_that_nobody_named_splits_no_clips(write, refuse, name):
    text = f"clip,rater,{name},warm\na,x,home,1\na,y,lab,4\nb,x,home,2\nb,y,lab,2\n"
    (problem,) = refuse(read_ratings, write(text), rating="warm")
    assert problem.column == name
    assert "'home'" in problem.fact and "'lab'" in problem.fact
    option = {"context": "--by context", "item": "--item item"}[name]
    assert option in problem.speak("command", {"context": "by"})
    read = read_ratings(write(text), rating="warm", **{name: name})
    assert read[name].tolist() == ["home", "lab"] * 2
    kept = read_ratings(write(text.replace("lab", "home")), rating="warm")
    assert kept[["clip", "rater", "rating"]].to_numpy().tolist() == [
        ["a", "x", 1], ["a", "y", 4], ["b", "x", 2], ["b", "y", 2]]  # fmt: skip


@pytest.mark.parametrize("name", ["context", "item", "subject"])
@pytest.mark.parametrize("role", ["clip", "rater", "rating"])
def test_a_column_plays_the_one_part_that_it_was_named_for(write, name, role):
    names = {"clip": "video", "rater": "who", "rating": "warm"} | {role: name}
    header = ",".join(names.values())
    read = read_ratings(write(f"{header}\n1,x,1\n1,y,4\n2,x,2\n"), **names)
    assert set(read.columns) == {"clip", "rater", "item", "rating"}
    assert set(read["item"]) == {names["rating"]}
    assert read["clip"].nunique() == 2 and read["rater"].nunique() == 2


def test_ratings_outside_the_scale_are_refused(write, refuse):
    path = write("clip,rater,rating\na,x,0\na,y,5\nb,x,-1\nb,y,4\n")
    (problem,) = refuse(read_ratings, path, scale=(0, 4))
    assert (problem.column, problem.rows) == ("rating", (3, 4))
    assert "0 to 4: 5, -1" in problem.fact
    assert read_ratings(path, scale=(0, 4), missing=[5, -1])["rating"].isna().sum() == 2


def test_problems_of_every_kind_travel_together(write, refuse):
    path = write("clip,rater,rating\n,x,0\na,y,drei\nb,x,9\nb,y\nb,x,1\n")
    problems = refuse(read_ratings, path, scale=(0, 4))
    facts = [problem.fact for problem in problems]
    for part in ("cells is empty", "'drei'", "has 2", "scale 0 to 4: 9", "more than once"):
        assert sum(part in fact for fact in facts) == 1
    assert {problem.rows for problem in problems} == {(2,), (3,), (4,), (5,), (4, 6)}


def test_items_that_the_file_lacks_are_named(write, refuse):
    long = write("clip,rater,item,rating\na,x,emotion,1\n")
    (problem,) = refuse(read_ratings, long, items=["emotion", "motoin"])
    assert "no item 'motoin'" in problem.fact
    wide = write("clip,rater,emotion,motion\na,x,1,2\n")
    (problem,) = refuse(read_ratings, wide, items=["emotion", "motoin"])
    assert "Did you mean 'motion'?" in problem.remedy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"raters": ["a"], "items": ["b"]}, "exclude each other"),
        ({"items": []}, "no number column"),
        ({"items": ["clip"]}, "'clip' cannot be the clip and hold numbers"),
        ({"scale": (4, 0)}, "lowest answer must come first"),
        ({"duplicates": "median"}, "duplicates 'median'"),
    ],
)
def test_options_that_make_no_sense_are_refused(write, options, message):
    with pytest.raises(OptionError, match=message):
        read_ratings(write("clip,rater,rating\na,x,1\n"), **options)


@pytest.mark.parametrize("name", ['system("touch x")*x1', "a b", "x,y", "😀", "if"])
def test_names_of_items_and_judges_may_hold_anything(write, name):
    quoted = '"' + name.replace('"', '""') + '"'
    long = read_ratings(write(f"clip,rater,{quoted}\na,x,1\n"), items=[name])
    wide = read_ratings(write(f"clip,{quoted}\na,1\n"), raters=[name])
    assert long["item"].tolist() == wide["rater"].tolist() == [name]
