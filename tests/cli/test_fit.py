"""Classes from a file to metrics, confusions and files, and importance; counts are exact.

Metrics agree with scikit-learn's to 1e-12, the rounding of sums.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, f1_score

NAMES = np.array(["fear", "joy", "anger"])


@pytest.fixture(scope="module")
def table():
    """240 clips of 30 people: motion and gaze decide between three emotions."""
    rng = np.random.default_rng(4)
    count = 240
    frame = pd.DataFrame(rng.normal(size=(count, 3)), columns=["motion", "gaze", "blink"])
    frame.insert(0, "who", np.repeat([f"P{i:02d}" for i in range(30)], count // 30))
    frame.insert(1, "task", np.tile(["pain", "startle"], count // 2))
    frame["clip"] = [f"c{i}" for i in range(count)]
    level = frame["motion"] + 0.4 * frame["gaze"] + 0.3 * rng.normal(size=count)
    frame["code"] = np.digitize(level, [-0.3, 0.9])
    return frame.assign(emotion=NAMES[frame["code"]])


@pytest.fixture(scope="module")
def place(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    table.drop(columns="code").to_csv(folder / "clips.csv", index=False)
    table.drop(columns="emotion").to_csv(folder / "codes.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def forest(call, place):
    """The printed fit of names, and its predictions."""
    options = ("--target", "emotion", "--subject", "who", "--model", "forest")
    files = ("--predictions", place / "p.csv", "--out", place / "out")
    return call("fit", place / "clips.csv", *options, *files).stdout


@pytest.fixture(scope="module")
def predicted(forest, place):
    return pd.read_csv(place / "p.csv").query("part == 'test'")


def pick(rows, **keys):
    (row,) = [one for one in rows if all(one.get(key) == value for key, value in keys.items())]
    return row


def test_classes_are_judged_as_scikit_learn_does(call_json, place, predicted):
    options = ("--target", "emotion", "--subject", "who", "--model", "forest")
    rows = call_json("fit", place / "clips.csv", *options)["rows"]
    truth, guess = predicted["truth"], predicted["prediction"]
    wanted = {
        "accuracy": (truth == guess).mean(),
        "uar": balanced_accuracy_score(truth, guess),
        "macro_f1": f1_score(truth, guess, average="macro"),
        "kappa": cohen_kappa_score(truth, guess),
    }
    for term, value in wanted.items():
        row = pick(rows, term=term, part="test", model="forest", versus=None, headline=True)
        assert row["estimate"] == pytest.approx(value, abs=1e-12)
        assert row["conf_low"] < value < row["conf_high"]
        assert row["n_clusters"] == predicted["subject"].nunique() == 6
    most = pick(rows, term="kappa", model="majority", versus=None, headline=True)
    assert most["estimate"] == 0
    hit = pick(rows, term="confusion", truth="joy", prediction="anger")
    assert hit["n_clips"] == ((truth == "joy") & (guess == "anger")).sum()
    assert hit["estimate"] == pytest.approx(hit["n_clips"] / (truth == "joy").sum(), abs=1e-12)
    assert "share" not in hit


def test_counts_chance_and_confusions_are_printed(forest, place, table, predicted):
    assert ". Clips (Subjects) of Each Class" in forest
    told = pd.read_csv(place / "out" / "tables" / "classes.csv")
    assert (
        told.groupby("class")["n_clips"].sum().to_dict()
        == table["emotion"].value_counts().to_dict()
    )
    train = pd.read_csv(place / "p.csv").query("part == 'train'")["truth"]
    most = train.value_counts().index[0]
    hits = (predicted["truth"] == most).sum()
    share = f"{hits / len(predicted):.2f}".lstrip("0")
    words = " ".join(forest.replace("\xa0", " ").split())
    assert (
        f"The chance level is .33 for guesses that are even over the 3 classes, and {share} for "
        in (words)
    )
    assert f"for calling every clip {most}, the most frequent class in training." in words
    cells = pd.read_csv(place / "out" / "tables" / "confusions.csv")
    matrix = cells.pivot_table(index="truth", columns="prediction", values="n_clips")
    peer = pd.crosstab(predicted["truth"], predicted["prediction"])
    np.testing.assert_array_equal(matrix.loc[peer.index, peer.columns], peer)
    counted, crossed = (
        line.split() for line in forest.splitlines() if line.lstrip().startswith("joy ")
    )
    parts = told[told["class"] == "joy"].set_index("part")
    assert counted[1:] == [
        part
        for name in ("train", "validate", "test")
        for part in (f"{parts.loc[name, 'n_clips']}", f"({parts.loc[name, 'n_clusters']})")
    ]
    assert crossed[1:4] == [str(one) for one in peer.loc["joy", ["anger", "fear", "joy"]]]
    assert crossed[4] == str(peer.loc["joy"].sum())
    recall = peer.loc["joy", "joy"] / peer.loc["joy"].sum()
    precision = peer.loc["joy", "joy"] / peer["joy"].sum()
    assert crossed[5:] == [f"{one:.2f}".lstrip("0") for one in (recall, precision)]
    assert (place / "out" / "figures" / "figure1_performance.png").exists()


def test_compare_reads_the_names_that_fit_wrote(call, call_json, place, predicted, tmp_path):
    assert set(predicted["truth"]) == set(NAMES)
    long = ("compare", place / "p.csv", "--subject", "subject", "--draws", 200)
    out = call(*long).stdout
    lines = out.split(". Clips of Each Class")[1].splitlines()
    (line,) = [line.split() for line in lines if line.startswith("anger ")]
    counts = [(predicted[name] == "anger").sum() for name in ("truth", "prediction")]
    assert line[1:] == [str(count) for count in counts]
    found = call_json(*long)["rows"]
    accuracy = (predicted["truth"] == predicted["prediction"]).mean()
    row = pick(found, metric="accuracy", headline=True)
    assert row["estimate"] == pytest.approx(accuracy, abs=1e-12)
    assert {one["metric"] for one in found} == {"accuracy", "uar", "macro_f1", "kappa"}
    named = {"truth": "emotion", "prediction": "forest"}
    wide = predicted.drop(columns="model").rename(columns=named)
    wide.assign(other="joy").to_csv(tmp_path / "wide.csv", index=False)
    options = ("--subject", "subject", "--truth", "emotion", "--models", "forest,other")
    same = call_json("compare", tmp_path / "wide.csv", *options, "--metric", "accuracy,uar")["rows"]
    row = pick(same, metric="accuracy", term="forest", headline=True)
    assert row["estimate"] == pytest.approx(accuracy, abs=1e-12)
    told = call("compare", place / "p.csv", "--subject", "subject", "--metric", "f1", code=2)
    said = " ".join(told.stderr.split())
    assert "--metric f1 needs numbers, but these are names of classes: anger" in said
    typo = call("compare", place / "p.csv", "--subject", "subject", "--metric", "acuracy", code=2)
    assert "Did you mean 'accuracy'?" in " ".join(typo.stderr.split())


def test_codes_are_classes_only_if_it_is_said(call, call_json, place, predicted, tmp_path):
    fit = ("fit", place / "codes.csv", "--target", "code", "--subject", "who")
    out = " ".join(call(*fit).stdout.split())
    assert "'code' holds 3 whole numbers (0, 1, 2) and is predicted as a quantity." in out
    assert "If they are codes of classes, write --model forest --classes." in out
    assert "RMSE" in out and "Accuracy" not in out
    coded = ("--model", "forest", "--classes", "--predictions", tmp_path / "p.csv")
    rows = call_json(*fit, *coded)["rows"]
    assert set((tmp_path / "p.csv").read_text().splitlines()[1].split(",")[-2:]) <= {"0", "1", "2"}
    row = pick(rows, term="accuracy", part="test", model="forest", versus=None, headline=True)
    # The codes stand for the names in another order, which moves nothing but ties.
    accuracy = (predicted["truth"] == predicted["prediction"]).mean()
    assert row["estimate"] == pytest.approx(accuracy, abs=0.1)
    assert {one["truth"] for one in rows if one.get("truth") is not None} == {0.0, 1.0, 2.0}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--target", "emotion"),
            "the target 'emotion' is one of classes (anger, fear, joy), and 'elastic' an elastic "
            "net of numbers. Use --model forest.",
        ),
        (("--target", "motion", "--classes"), "the target 'motion' holds -"),
        (("--target", "motion", "--classes", "--model", "forest"), "or leave --classes out."),
        (("--target", "emtion", "--model", "forest"), "Did you mean 'emotion'?"),
    ],
)
def test_classes_that_cannot_be_predicted_are_refused(call, place, options, told):
    result = call("fit", place / "clips.csv", "--subject", "who", *options, code=2)
    assert told in " ".join(result.stderr.split())


def test_rare_classes_are_refused_with_what_to_do(call, table, tmp_path):
    def fit(frame):
        frame.to_csv(tmp_path / "rare.csv", index=False)
        options = ("--target", "emotion", "--subject", "who", "--model", "forest")
        return " ".join(call("fit", tmp_path / "rare.csv", *options, code=2).stderr.split())

    assert "one class only: joy" in fit(table.assign(emotion="joy"))
    rare = table["emotion"].mask(table.index == 3, "awe")
    told = fit(table.assign(emotion=rare))
    assert "class 'awe' has clips of 1 subject only." in told
    assert "merge it with another class, or leave its clips out." in told


def test_contexts_have_their_own_counts_and_confusions(call_json, place):
    options = ("--target", "emotion", "--subject", "who", "--model", "forest", "--by", "task")
    rows = call_json("fit", place / "clips.csv", *options)["rows"]
    for context in ("pain", "startle", None):
        cells = [row for row in rows if row["term"] == "confusion" and row["context"] == context]
        assert len(cells) == 9
        assert sum(row["n_clips"] for row in cells) == (48 if context is None else 24)
        key = {"term": "accuracy", "part": "test", "model": "forest", "context": context}
        row = pick(rows, **key, versus=None, headline=True)
        hits = sum(one["n_clips"] for one in cells if one["truth"] == one["prediction"])
        assert row["estimate"] == pytest.approx(hits / row["n_clips"], abs=1e-12)


@pytest.mark.parametrize("model", ["elastic", "forest"])
def test_importance_is_the_rise_of_held_out_error(call_both, place, tmp_path, model):
    fit = ("fit", place / "codes.csv", "--target", "code", "--subject", "who", "--model", model)
    both = call_both(*fit, "--importance", "--out", tmp_path / "out")
    out = both.stdout
    assert ". Importance of Features for Predicting Unseen Subjects" in out
    rows = both.told["rows"]
    rises = {row["feature"]: row for row in rows if row["term"] == "importance" and row["headline"]}
    assert list(rises) == ["motion", "gaze", "blink"]
    assert rises["motion"]["conf_low"] > 0.2
    assert rises["motion"]["estimate"] > rises["gaze"]["estimate"]
    assert abs(rises["blink"]["estimate"]) < 0.05
    written = pd.read_csv(tmp_path / "out" / "tables" / "importance.csv")
    (line,) = [
        line.split()
        for line in out.split(". Importance of Features for Predicting")[1].splitlines()
        if line.startswith("motion ")
    ]
    assert float(line[1]) == pytest.approx(rises["motion"]["estimate"], abs=0.0005)
    assert list((tmp_path / "out" / "figures").glob("figure*_importance.svg"))
    curves = tmp_path / "out" / "tables" / "dependence.csv"
    assert curves.exists() == (model == "forest")
    if model == "forest":
        # Predictions rise with motion, of which the code is made.
        traced = pd.read_csv(curves).query("feature == 'motion'").sort_values("value")["estimate"]
        assert traced.iloc[-1] - traced.iloc[0] > 0.5
    kept = written.query("headline and feature == 'motion'")["estimate"]
    assert kept.item() == pytest.approx(rises["motion"]["estimate"], abs=1e-12)


def fit_file(call, frame, folder, *options, code=0, target="code"):
    frame.to_csv(folder / "clips.csv", index=False)
    fit = ("fit", folder / "clips.csv", "--target", target, "--subject", "who")
    result = call(*fit, *options, code=code)
    return " ".join((result.stderr if code else result.stdout).split())


def test_a_target_without_values_is_named(call, table, tmp_path):
    told = fit_file(call, table.assign(code=None), tmp_path, code=2)
    assert "No clip has a value of 'code': name other columns." in told


def test_columns_that_are_no_features_are_named(call, table, tmp_path):
    out = fit_file(call, table.assign(blink=None), tmp_path)
    assert "Columns without numbers are no features: 'task', 'blink', 'emotion'." in out
    bare = table[["clip", "who", "code"]]
    told = fit_file(call, bare, tmp_path, code=2)
    assert (
        "no column of numbers or categories to predict from" in told and "with --features" in told
    )


def test_few_people_get_an_answer_or_a_remedy(call, table, tmp_path):
    lone = table[table["who"] == "P00"]
    told = fit_file(call, lone, tmp_path, code=2)
    assert "1 subject leaves none for validate, test. Check that the column names people" in told
    assert told.endswith("otherwise more are needed.")
    four = table[table["who"].isin(["P00", "P01", "P02", "P03"])]
    out = fit_file(call, four, tmp_path, "--model", "forest", "--classes", "--importance")
    assert "all clips: 1 test subject is too few for intervals, which need 3." in out
    assert "Importance is measured on test subjects, of whom there are 1; it needs 3." in out
    assert ". Predicted Classes of the Test Clips (Random forest)" in out


def test_features_that_give_the_target_away_are_named(call, table, tmp_path):
    forest = ("--model", "forest")
    named = table.drop(columns="code")
    again = named.assign(again=table["code"] * 2)
    out = fit_file(call, again, tmp_path, *forest, target="emotion")
    assert "left out of the features: 'again' (a copy of the target)." in out and "away" not in out
    asked = (*forest, "--features", "again,motion")
    out = fit_file(call, again, tmp_path, *asked, target="emotion")
    assert "copy of the target 'emotion' up to its unit: 'again'." in out and "away" not in out
    fine = table["code"] + 0.5 * (table.index % 2)  # two values for each class
    out = fit_file(call, named.assign(fine=fine), tmp_path, *forest, target="emotion")
    assert "Feature 'fine' gives 'emotion' away: each of its values goes with one of the" in out
    assert "leave it out with --features." in out and "copy" not in out
    out = fit_file(call, table.assign(square=(table["code"] - 3) ** 2), tmp_path)
    assert "out of the features: 'square' (all but a copy of the target)." in out
    out = fit_file(call, table.assign(scaled=3 - 2 * table["motion"]), tmp_path, target="motion")
    assert "left out of the features: 'scaled' (a copy of the target)." in out
    out = fit_file(call, table, tmp_path, target="motion")
    assert "away" not in out and "copy" not in out


def test_contexts_are_named_in_the_words_of_the_command_and_too_many_as_one(call, table, tmp_path):
    file = tmp_path / "clips.csv"
    rng = np.random.default_rng(5)
    people = [f"p{i // 4}" for i in range(160)]
    made = pd.DataFrame({"subject": people, "a": rng.normal(size=160), "y": rng.normal(size=160)})
    made = made.assign(
        sex=["fm"[i // 4 % 2] for i in range(160)], age=[20 + i // 4 for i in range(160)]
    )
    made.to_csv(file, index=False)
    named = ("--target", "y", "--subject", "subject")
    told = " ".join(call("fit", file, *named).stdout.split())
    assert "If it names contexts, write --by sex instead." in told
    told = call("fit", file, *named, "--features", "a", "--by", "age", code=2).stderr
    told = " ".join(told.split())
    assert "1 problem " in told and "Of 40 contexts, 40 have no clips in some part" in told
    assert "Name a column of few contexts, such as tasks, with --by." in told


def test_texts_among_numbers_are_refused_with_what_to_declare(call, table, tmp_path):
    broken = table.assign(code=table["code"].astype(object).mask(table.index % 3 == 0, "k.A."))
    told = fit_file(call, broken, tmp_path, code=2)
    assert "160 of 240 cells are numbers, others 'k.A.'." in told
    assert "Declare texts that mean missing with --missing" in told
    assert "say that it holds classes with --classes." in told
    assert "80 of 240 clips" in fit_file(call, broken, tmp_path, "--missing", "k.A.")


def test_check_says_what_a_study_of_classes_will_fit(call, place):
    study = place / "study.toml"
    text = '[clips]\nfile = "clips.csv"\nsubject = "who"\ntarget = "emotion"\n'
    study.write_text(text, encoding="utf-8")
    out = " ".join(call("check", study).stdout.split())
    assert "model forest (forest)" in out and "model majority (majority)" in out
    assert "The target 'emotion' has 3 classes: anger, fear, joy." in out
    study.write_text(f'{text}[[models]]\nname = "net"\nkind = "elastic"\n', encoding="utf-8")
    told = call("check", study, code=2)
    assert "'net' an elastic net of numbers." in " ".join((told.stdout + told.stderr).split())
