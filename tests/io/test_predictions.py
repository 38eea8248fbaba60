"""Prediction files, long, wide and several. Values are compared exactly."""

import pandas as pd
import pytest

from exprstats import DataError
from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataWarning
from exprstats.io import read_predictions, write_csv
from exprstats.io.guards.classed import find_classed

WIDE = "clip,who,y,ridge,forest\na,s1,1,1.5,0.5\nb,s2,2,2.5,NA\n"


def test_wide_files_become_long(write):
    table = read_predictions(write(WIDE), subject="who", truth="y", models=["ridge", "forest"])
    check_table(table, PREDICTIONS)
    assert table.columns.tolist() == ["clip", "model", "subject", "truth", "prediction"]
    assert table["model"].tolist() == ["ridge", "ridge", "forest", "forest"]
    assert table["prediction"].tolist()[:3] == [1.5, 2.5, 0.5]
    assert table["truth"].tolist() == [1, 2, 1, 2]


def test_wide_files_without_clips_are_numbered(write):
    table = read_predictions(write("subject,truth,m\ns1,1,2\ns1,3,4\n"), models=["m"])
    assert table["clip"].tolist() == ["1", "2"]


def test_a_model_may_be_called_like_a_canonical_column(write):
    path = write("clip,subject,y,truth,prediction\na,s,1,2,3\n")
    table = read_predictions(path, truth="y", models=["truth", "prediction"])
    assert table["model"].tolist() == ["truth", "prediction"]
    assert table["truth"].tolist() == [1, 1]
    assert table["prediction"].tolist() == [2, 3]


def test_long_predictions_survive_a_file(tmp_path):
    table = pd.DataFrame(
        {
            "clip": ["a", "b", "a", "b"],
            "model": ["elastic", "elastic", "human", "human"],
            "seat": [None, None, "W1", "W1"],
            "subject": ["s1", "s2"] * 2,
            "context": ["pain", "fear"] * 2,
            "part": ["test"] * 4,
            "fitted_on": ["context"] * 4,
            "truth": [0.1, 0.2, 0.1, 0.2],
            "prediction": [0.3, 0.4, 0.5, None],
        }
    )
    write_csv(table, tmp_path / "p.csv")
    pd.testing.assert_frame_equal(read_predictions(tmp_path / "p.csv"), table)


def test_long_files_without_a_model_column_are_the_model(write):
    first = write("clip,subject,truth,prediction\na,s,1,2\n", "ridge.csv")
    second = write("clip,subject,truth,prediction\na,s,1,3\n", "forest.csv")
    table = read_predictions([first, second])
    assert table["model"].tolist() == ["ridge", "forest"]
    assert table["prediction"].tolist() == [2, 3]


def test_several_wide_files_may_share_the_models_out(write):
    first = write("clip,subject,truth,ridge\na,s,1,2\n", "1.csv")
    second = write("clip,subject,truth,forest\na,s,1,3\n", "2.csv")
    table = read_predictions([first, second], models=["ridge", "forest"])
    assert table["model"].tolist() == ["ridge", "forest"]
    with pytest.raises(DataError, match="'lasso'"):
        read_predictions([first, second], models=["ridge", "forest", "lasso"])


def test_named_models_are_kept_of_a_long_file(write):
    path = write("clip,subject,model,truth,prediction\na,s,m1,1,2\na,s,m2,1,3\n")
    assert read_predictions(path, models=["m2"])["prediction"].tolist() == [3]


def test_a_file_without_any_named_model_is_told(write):
    text = "clip,subject,model,truth,prediction\na,s,m1,1,2\na,s,m2,1,3\n"
    other = text.replace(",m1", ",x1").replace(",m2", ",x2")
    one, two = write(text, "1.csv"), write(other, "2.csv")
    with pytest.warns(DataWarning, match=r"2\.csv: it holds no named model .* 'x1', 'x2'"):
        table = read_predictions([one, two], models=["m1"])
    assert table["model"].tolist() == ["m1"]
    with pytest.raises(DataError, match=r"no file holds predictions of 'y'\. .*x1"):
        read_predictions([two], models=["y"])


def test_training_runs_may_stand_in_a_column_of_any_name(write, refuse):
    path = write("clip,subject,model,fold,truth,prediction\na,s,m,1,1,2\na,s,m,2,1,3\n")
    table = read_predictions(path, seat="fold")
    assert table["seat"].tolist() == ["1", "2"]
    assert "fold" not in table
    wide = write("clip,subject,fold,truth,m\na,s,1,1,2\na,s,2,1,3\n", "wide.csv")
    assert read_predictions(wide, models=["m"], seat="fold")["seat"].tolist() == ["1", "2"]
    problem = refuse(read_predictions, path, seat="run")[0]
    assert "no column 'run'" in problem.fact and "fold" in problem.remedy


def test_one_file_with_seats_is_enough(write):
    model = write("clip,subject,model,seat,truth,prediction\na,s,m,one,1,2\n", "model.csv")
    human = write("clip,subject,model,rater,truth,prediction\na,s,h,1,1,2\na,s,h,2,1,3\n", "h.csv")
    table = read_predictions([model, human], seat="rater").set_index("model")
    assert table.loc["h", "seat"].tolist() == ["1", "2"] and pd.isna(table.loc["m", "seat"])


def test_a_wide_file_without_named_models_is_told_how(write, refuse):
    path = write("clip,subject,truth,m\na,s,1,1\n")
    problem = refuse(read_predictions, path)[0]
    assert problem.fact == "there is no column 'prediction'."
    told = problem.speak("command")
    assert "If each model has a column of its own, name these with --models. " in told


def test_a_model_that_predicts_a_clip_twice_is_refused(write, refuse):
    text = "clip,subject,model,truth,prediction\na,s,m,1,2\na,s,m,1,3\n"
    (problem,) = refuse(read_predictions, write(text))
    assert problem.rows == (2, 3)
    one = write(text.replace("a,s,m,1,3\n", ""), "1.csv")
    two = write(text.replace("a,s,m,1,3\n", ""), "2.csv")
    with pytest.raises(DataError, match=r"model 'm' .*1\.csv.*2\.csv"):
        read_predictions([one, two])


def test_problems_of_all_files_travel_together(write):
    first = write("clip,subject,truth,m\na,s,drei,2\n", "1.csv")
    second = write("clip,who,truth,m\na,s,1,3\n", "2.csv")
    with pytest.raises(DataError) as caught:
        read_predictions([first, second], models=["m"])
    assert [problem.file for problem in caught.value.problems] == [str(first), str(second)]


def test_no_file_at_all_is_refused():
    with pytest.raises(DataError, match="at least one"):
        read_predictions([])


NAMED = "clip,subject,emotion,forest,human\na,s,joy,joy,fear\nb,s,fear,joy,\nc,t,anger,fear,anger\n"


def test_names_of_classes_are_coded_in_their_order_and_kept(write):
    table = read_predictions(write(NAMED), truth="emotion", models=["forest", "human"])
    check_table(table, PREDICTIONS)
    assert table["truth"].tolist() == [2, 1, 0] * 2
    assert table["prediction"].tolist()[:4] == [2, 2, 1, 1]
    assert table["prediction"].isna().tolist() == [False] * 4 + [True, False]
    assert table["truth_class"].tolist() == ["joy", "fear", "anger"] * 2
    assert table["prediction_class"].tolist()[:3] == ["joy", "joy", "fear"]
    long = "clip,subject,truth,prediction\na,s,joy,joy\nb,s,fear,joy\nc,t,anger,fear\n"
    same = read_predictions(write(long, "forest.csv"))
    pd.testing.assert_frame_equal(same, table[:3])


def test_names_and_numbers_do_not_mix(write):
    numbers = write("clip,subject,emotion,ridge\na,s,joy,0.5\nb,s,fear,0.25\n", "1.csv")
    with pytest.raises(DataError, match="texts such as 'joy', but column 'ridge' holds numbers"):
        read_predictions(numbers, truth="emotion", models=["ridge"])
    first = write("clip,subject,truth,prediction\na,s,joy,joy\nb,s,fear,joy\n", "forest.csv")
    second = write("clip,subject,truth,prediction\na,s,1,1\nb,s,0,1\n", "human.csv")
    with pytest.raises(
        DataError, match=r"forest\.csv: its truth is names of classes, .*human\.csv is numbers"
    ):
        read_predictions([first, second])


def test_a_model_without_any_prediction_leaves_numbers_numbers(write):
    table = read_predictions(
        write("clip,subject,truth,a,b\nx,s,1,,1\ny,s,2,,3\n"), models=["a", "b"]
    )
    assert table["prediction"].isna().tolist() == [True, True, False, False]
    assert "truth_class" not in table


def test_the_positive_class_is_one_in_either_case(write):
    rows = [f"c{at},s{at},{('Yes', 'yes', 'no', '')[at % 4]},.{at}\n" for at in range(8)]
    file = write("clip,subject,truth,p\n" + "".join(rows))
    for positive in ("yes", "Yes"):
        with pytest.warns(DataWarning, match="read in another case"):
            table = read_predictions(file, models=["p"], positive=positive)
        assert table["truth"].fillna(9).tolist() == [1, 1, 0, 9] * 2


def test_other_columns_that_begin_as_a_model_does_are_no_classes_of_it(write):
    rows = "a,s,joy,Ann,.2,.8\nb,t,sad,Bea,.7,.3\nc,u,joy,Cem,.9,.1\n"
    file = write("clip,subject,truth,person,p_joy,p_sad\n" + rows)
    table = read_predictions(file, models=["p"])
    assert table["prediction_class"].tolist() == ["sad", "joy", "joy"]


def test_the_class_is_not_known_where_one_of_its_values_is_missing(write):
    rows = "a,s,joy,.2,.8\nb,t,sad,.7,\nc,u,joy,.9,.1\nd,v,sad,.5,.5\n"
    table = read_predictions(write("clip,subject,truth,p_joy,p_sad\n" + rows), models=["p"])
    assert table["prediction_class"].fillna("").tolist() == ["sad", "", "joy", "joy"]


@pytest.mark.parametrize(
    ("low", "told"),
    [
        ("1 - high", "hold one model's probabilities: it predicts"),
        ("high / 2", "scores from 0.1 to 0.9, which do not sum to 1"),
        ("-high", "scores from -0.9 to 0.9 (as logits are), which are no probabilities"),
    ],
)
def test_what_values_of_classes_are_is_said_also_beside_missing_ones(low, told):
    table = pd.DataFrame({"label": ["joy", "sad", "joy"] * 2, "high": [0.9, 0.2, 0.4] * 2})
    table = table.eval(f"low = {low}").rename(columns={"high": "p_joy", "low": "p_sad"})
    table.loc[6] = ["joy", None, None]
    (question,) = find_classed(table, []).questions
    assert told in question.fact


def test_columns_of_classes_need_their_truth_beside_them_and_no_positive_class(write):
    shares = ",p_joy,p_sad\na,.2,.8\nb,.7,.3\n"
    truth = write("clip,subject,truth\na,s,joy\nb,t,sad\n", "truth.csv")
    with pytest.raises(DataError, match=r"'p' has a column for each class .* is in another file"):
        read_predictions([truth, write(f"clip{shares}", "net.csv")], models=["p"])
    whole = write("clip,subject,truth,p_joy,p_sad\na,s,joy,.2,.8\nb,t,sad,.7,.3\n", "whole.csv")
    with pytest.raises(DataError, match="Leave out positive=, or name one of them with models="):
        read_predictions(whole, models=["p"], positive="joy")
    table = read_predictions(whole, models=["p_joy"], positive="joy")
    assert table[["truth", "prediction"]].to_numpy().tolist() == [[1, 0.2], [0, 0.7]]
