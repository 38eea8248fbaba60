"""Clip and item files. Values are compared exactly."""

import pandas as pd
import pytest

from exprstats import DataWarning, OptionError, simulate_expressiveness
from exprstats.contracts import CLIPS, ITEMS, check_table
from exprstats.io import read_clips, read_items, write_csv

TEXT = "video,who,task,note,au count,gaze\nv1,s1,pain,ok,1.5,2\nv2,s2,pain,,2.5,NA\n"


def test_clips_are_renamed_and_keep_their_other_columns(write):
    table = read_clips(write(TEXT), clip="video", subject="who", context="task")
    check_table(table, CLIPS)
    assert table.columns.tolist() == ["clip", "subject", "context", "note", "au count", "gaze"]
    assert table["au count"].tolist() == [1.5, 2.5]
    assert table["note"].isna().tolist() == [False, True]


def test_named_features_and_target_are_all_that_is_read(write):
    table = read_clips(
        write(TEXT), clip="video", subject="who", features=["au count"], target="gaze"
    )
    assert table.columns.tolist() == ["clip", "subject", "au count", "gaze"]


def test_simulated_clips_survive_a_file(tmp_path):
    study = simulate_expressiveness(subjects=6, seed=1)
    write_csv(study.clips, tmp_path / "clips.csv")
    pd.testing.assert_frame_equal(read_clips(tmp_path / "clips.csv"), study.clips)


def test_one_column_may_be_clip_and_subject(write):
    table = read_clips(write("id,x\na,1\nb,2\n"), clip="id", subject="id")
    assert table["clip"].tolist() == table["subject"].tolist() == ["a", "b"]
    assert table.columns.tolist() == ["clip", "subject", "x"]


def test_a_foreign_column_of_a_canonical_name_is_left_out_aloud(write):
    path = write("clip,subject,context,task,x\na,s,why,pain,1\n")
    with pytest.warns(DataWarning, match="'task' is the context"):
        table = read_clips(path, context="task")
    assert table["context"].tolist() == ["pain"]


def test_a_wanted_column_of_a_canonical_name_is_refused(write):
    path = write("clip,who,subject,x\na,p,1,2\nb,q,3,4\n")
    told = "column 'subject' cannot be read beside 'who', which becomes the subject"
    for wanted in ({"features": ["x", "subject"]}, {"target": "subject"}):
        with pytest.raises(OptionError, match=told):
            read_clips(path, subject="who", **wanted)
    with pytest.raises(OptionError, match=told):
        read_items(path, items=["x", "subject"], subject="who")


def test_clips_that_stand_twice_are_refused(write, refuse):
    path = write("clip,subject,x\na,s,1\nb,s,2\na,s,3\n")
    (problem,) = refuse(read_clips, path)
    assert problem.rows == (2, 4)
    assert "clip 'a'" in problem.fact


def test_features_must_be_numbers_and_there(write, refuse):
    problems = refuse(
        read_clips,
        write("clip,subject,x\na,s,1\nb,s,drei\n"),
        features=["x", "au_cout"],
        target="y",
    )
    facts = [problem.fact for problem in problems]
    assert len(facts) == 3
    assert any("'drei'" in fact for fact in facts)


def test_many_absent_columns_are_one_problem_and_few_are_one_each(write, refuse):
    names = [f"x{place}" for place in range(14)]

    def fail(*features):
        return refuse(read_clips, write(TEXT), clip="video", subject="who", features=features)

    (problem,) = fail(*names)
    assert "there are no columns 'x0', 'x1', 'x2', 'x3', 'x4' and 9 more." in str(problem)
    assert "There is: video, who, task, note, au count, gaze." in str(problem)
    assert ["Did you mean 'gaze'" in str(one) for one in fail(*names, "gaz")] == [True, False]
    assert len(fail(*names[:3])) == 3


def test_an_id_cannot_be_a_feature(write):
    with pytest.raises(OptionError, match="'who' cannot be the subject"):
        read_clips(write(TEXT), clip="video", subject="who", features=["who"])


def test_items_without_a_clip_column_are_numbered(write):
    path = write("x1,x2,x3,school\n1,2,3,A\n4,5,6,B\n")
    table = read_items(path, items=["x1", "x2", "x3"], context="school")
    check_table(table, ITEMS)
    assert table.columns.tolist() == ["clip", "context", "x1", "x2", "x3"]
    assert table["clip"].tolist() == ["1", "2"]


def test_clips_without_a_clip_column_are_numbered_unless_one_is_near(write, refuse):
    table = read_clips(write("person,x\np,1\np,2\n"), subject="person")
    check_table(table, CLIPS)
    assert table["clip"].tolist() == ["1", "2"]
    (problem,) = refuse(read_clips, write("Clip,subject,x\na,p,1\n"))
    assert "Name it with --clip Clip" in problem.speak("command")


def test_items_take_up_subject_and_context(write):
    path = write("clip,subject,context,x1,x2,x3\na,s,pain,1,2,3\nb,s,pain,4,5,6\n")
    table = read_items(path, items=["x1", "x2", "x3"])
    assert table.columns.tolist() == ["context", "clip", "subject", "x1", "x2", "x3"]


def test_items_of_several_raters_are_refused(write, refuse):
    (problem,) = refuse(read_items, write("clip,x\na,1\na,2\n"), items=["x"])
    assert "read the file as ratings" in problem.speak()


def test_items_outside_the_scale_are_refused_column_by_column(write, refuse):
    path = write("clip,x,y\na,1,9\nb,5,2\n")
    problems = refuse(read_items, path, items=["x", "y"], scale=(0, 4))
    assert [(problem.column, problem.rows) for problem in problems] == [("x", (3,)), ("y", (2,))]


FACES = "clip,subject,x,emotion\na,s,1,joy\nb,s,2, anger \nc,t,3,NA\nd,t,4,-9\n"


def test_a_target_of_texts_is_refused_unless_it_may_hold_classes(write, refuse):
    (problem,) = refuse(read_clips, write(FACES), target="emotion")
    assert problem.column == "emotion"
    table = read_clips(write(FACES), target="emotion", classes=None, missing=["-9"])
    assert table["emotion"].isna().tolist() == [False, False, True, True]
    assert table["emotion"].tolist()[:2] == ["joy", "anger"]
    assert table["x"].tolist() == [1, 2, 3, 4]


def test_numbers_among_class_names_are_a_problem_unless_they_are_classes(write, refuse):
    text = "clip,subject,y\na,s,1\nb,s,k.A.\nc,s,n.a.\nd,s,2\n"
    (problem,) = refuse(read_clips, write(text), target="y", classes=None)
    assert problem.fact == "2 of 4 cells are numbers, others 'k.A.', 'n.a.'."
    assert problem.rows == (3, 4)
    named = read_clips(write(text), target="y", classes=True)["y"]
    assert named.tolist() == ["1", "k.A.", "n.a.", "2"]
    table = read_clips(write(text), target="y", classes=None, missing=["k.A.", "n.a."])
    assert table["y"].dropna().tolist() == [1.0, 2.0]


def test_codes_of_classes_stay_numbers(write):
    path = write("clip,subject,y\na,s,0\nb,s,1\nc,s,\n")
    for classes in (None, True):
        values = read_clips(path, target="y", classes=classes)["y"]
        assert values.tolist()[:2] == [0.0, 1.0]
        assert values.isna().tolist() == [False, False, True]


def test_classes_that_differ_in_case_are_refused(write, refuse):
    path = write("clip,subject,y\na,s,Joy\nb,s,joy\nc,s,joy \nd,s,fear\n")
    (problem,) = refuse(read_clips, path, target="y", classes=None)
    assert "'Joy' and 'joy'" in problem.fact
    assert problem.rows == (3, 4)
