"""Studies whose target is one of classes: models, metrics and baselines that suit it.

Tolerance 1e-12: metrics agree with scikit-learn's up to the rounding of sums.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from exprstats.errors import DataError
from exprstats.report import write_report
from exprstats.study import read_study, run_study

pytestmark = pytest.mark.usefixtures("blank_pictures")

NAMES = np.array(["fear", "joy", "anger"])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with clips of 30 people: motion decides between three emotions, joy most often."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(size=(180, 2)), columns=["motion", "gaze"])
    frame["subject"] = np.repeat([f"P{i:02d}" for i in range(30)], 6)
    level = frame["motion"] + 0.4 * rng.normal(size=180)
    frame["code"] = np.digitize(level, [-0.7, 0.9])
    folder = tmp_path_factory.mktemp("classes")
    named = frame.assign(emotion=NAMES[frame["code"]]).drop(columns="code")
    named.to_csv(folder / "named.csv", index=False)
    frame.to_csv(folder / "codes.csv", index=False)
    return folder


def write(place, text, file="named.csv", target="emotion"):
    path = place / "study.toml"
    path.write_text(f'[clips]\nfile = "{file}"\ntarget = "{target}"\n{text}', encoding="utf-8")
    return read_study(path)


@pytest.fixture(scope="module")
def run(place):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = write(place, "[compare]\ndraws = 200\n[importance]\nrepeats = 2\ndraws = 100\n")
        return run_study(study)


def refuse(study):
    with pytest.raises(DataError) as caught:
        run_study(study)
    assert all(problem.file == str(study.path) for problem in caught.value.problems)
    return [f"{problem.fact} {problem.remedy}" for problem in caught.value.problems]


def test_texts_bring_a_forest_and_baselines_of_classes(run):
    kinds = {model.name: model.kind for model in run.study.models}
    assert kinds == {"forest": "forest", "uniform": "uniform", "majority": "majority"}
    assert run.study.compare.metrics == ("accuracy", "macro_f1")
    assert run.study.clips.classes
    assert run.models["forest"].design.classes == ("anger", "fear", "joy")
    assert set(run.predictions["model"]) == {"forest", "uniform", "majority"}
    assert "The target 'emotion' has 3 classes: anger, fear, joy." in run.provenance.notes
    assert list(run.importance) == ["forest"]


def test_metrics_are_scikit_learns(run):
    scores = run.comparison.tidy().query("headline and versus.isna()")
    found = scores.set_index(["metric", "model"])["estimate"]
    for model, rows in run.predictions.groupby("model"):
        truth, guess = rows["truth_class"], rows["prediction_class"]
        accuracy = accuracy_score(truth, guess)
        assert found["accuracy", model] == pytest.approx(accuracy, abs=1e-12)
        macro = f1_score(truth, guess, average="macro")
        assert found["macro_f1", model] == pytest.approx(macro, abs=1e-12)
    majority = run.predictions.query("model == 'majority'")["prediction_class"]
    assert set(majority) == {"joy"}
    uniform = run.predictions.query("model == 'uniform'")["prediction_class"]
    assert set(uniform) == set(NAMES)


def test_the_report_tells_of_classes(run, tmp_path):
    page = write_report(run, tmp_path / "report").read_text(encoding="utf-8")
    assert "Majority baseline" in page
    assert "the macro-F1 of" in page
    assert "lowest share of wrong classes" in page
    assert "classes drawn at random, each as probable" in page
    assert "NRMSE" not in page
    assert "Predicted Classes of the Test Clips (Random forest)" in page
    # Shares have limits within their range, and nothing is said of limits beyond it.
    reach = run.comparison.tidy().query("headline and versus.isna()")
    assert reach["conf_low"].ge(0).all() and reach["conf_high"].le(1).all()
    assert "cannot leave the range from 0 to 1" not in page


def test_an_elastic_net_and_numbers_are_refused_with_what_to_do(place):
    models = '[[models]]\nname = "net"\nkind = "elastic"\n'
    more = '[[models]]\nname = "normal"\nkind = "normal"\n[contrasts]\n'
    told = refuse(write(place, f'{models}{more}[compare]\nmetrics = ["nrmse", "f1", "uar"]\n'))
    assert "and 'net' an elastic net of numbers. Use kind = \"forest\"." in told[0]
    assert "and 'normal' draws numbers. Use kind = \"uniform\"." in told[1]
    assert "[contrasts] compares weights of numbers. Remove [contrasts]." in told[2]
    assert "cannot measure by nrmse. There is: accuracy, uar, macro_f1, kappa." in told[3]
    assert "cannot measure by f1." in told[4]
    assert len(told) == 5


def test_models_that_went_cannot_be_compared_against(place):
    (told,) = refuse(write(place, '[compare]\nagainst = "elastic"\n'))
    assert "[compare] against 'elastic' names no model. There is: forest, uniform, mean." in told


def test_codes_are_classes_only_if_the_study_says_so(place):
    models = '[[models]]\nname = "mean"\nkind = "mean"\n[[models]]\nname = "f"\nkind = "forest"\n'
    compare = '[compare]\nagainst = "mean"\ndraws = 100\nmetrics = ["accuracy", "within1"]\n'
    fast = "[importance]\nrepeats = 1\ndraws = 100\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = write(place, f"classes = true\n{models}{compare}{fast}", "codes.csv", "code")
        run = run_study(said)
        plain = run_study(write(place, "[compare]\ndraws = 100\n", "codes.csv", "code"))
    assert [model.kind for model in run.study.models] == ["forest", "majority"]
    assert run.comparison.against == "majority"
    assert run.models["f"].design.classes == (0.0, 1.0, 2.0)
    assert set(run.predictions.query("model == 'majority'")["prediction"]) == {1.0}
    assert plain.study.compare.metrics == ("nrmse", "correlation")
    (hint,) = [note for note in plain.provenance.notes if "whole numbers" in note]
    assert "'code' holds 3 whole numbers (0, 1, 2)" in hint and "write classes = true" in hint


def test_a_quantity_has_no_majority(place):
    models = '[[models]]\nname = "elastic"\nkind = "elastic"\n'
    more = '[[models]]\nname = "most"\nkind = "majority"\n'
    (told,) = refuse(write(place, f"{models}{more}", "codes.csv", "code"))
    assert "'code' is a quantity, which has no majority. Use kind = \"mean\"" in told


def test_scores_of_ratings_are_no_classes(write_study):
    text = '[ratings]\nfile = "ratings.csv"\n[clips]\nfile = "clips.csv"\nclasses = true\n'
    with pytest.raises(DataError, match="classes describes a target column"):
        read_study(write_study(text))


def test_settings_of_quantities_are_not_ignored(place):
    told = refuse(write(place, "scale = [0, 4]\n[compare]\nspan = 3\n[weights]\n"))
    assert "[weights] are those of an elastic net. Remove [weights]." in told[0]
    assert "which have no scale. Remove scale." in told[1]
    assert "which have no span. Remove [compare] span." in told[2]
    assert len(told) == 3


def test_a_quantity_stays_on_its_scale(place):
    (told,) = refuse(write(place, "scale = [0, 1]\n", "codes.csv", "code"))
    assert "'code' runs from 0 to 2, beyond its scale from 0 to 1. Correct scale" in told


def test_classes_are_counted_and_listed_in_the_order_of_their_numbers(tmp_path):
    rng = np.random.default_rng(1)
    clips = pd.DataFrame({"clip": [f"c{i}" for i in range(600)]})
    clips["subject"] = [f"s{i // 30}" for i in range(600)]
    clips["level"] = np.resize(np.arange(14), 600)
    clips["near"] = clips["level"] + rng.normal(size=600)
    clips.to_csv(tmp_path / "clips.csv", index=False)
    text = '[clips]\nfile = "clips.csv"\nfeatures = ["near"]\ntarget = "level"\nclasses = true\n'
    (tmp_path / "study.toml").write_text(text + "[compare]\ndraws = 100\n", encoding="utf-8")
    notes = run_study(read_study(tmp_path / "study.toml")).provenance.notes
    listed = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
    assert f"The target 'level' has 14 classes: {listed}." in notes
