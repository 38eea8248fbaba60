"""Truths in files of their own, classes, probabilities and scores of classes, through compare.

Metrics are counted here from their definitions: pairs of clips for the AUC, precision at each hit.
"""

import json
import shlex
from itertools import product

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning
from exprstats.io import read_predictions

CLASSES = ["happy", "neutral", "sad"]
FORMS = {
    "equal": lambda one: one,
    ".mp4": lambda one: one + ".mp4",
    "upper": str.lower,
    "path": lambda one: f"data/test/{one}.mp4",
}


@pytest.fixture
def chance():
    return np.random.default_rng(8)


@pytest.fixture
def check(call, tmp_path_factory):
    """Return how check spoke of files, in one line, and the commands that it suggests."""
    place = tmp_path_factory.mktemp("told") / "told.json"

    def run(*files):
        shown = call("check", *files, "--json", place)
        told = " ".join((shown.stdout + shown.stderr).split())
        rows = json.loads(place.read_text(encoding="utf-8"))["rows"]
        return told, [row["command"] for row in rows if row["kind"] == "suggestion"]

    return run


def compare(call, line, *more):
    """Return (model, metric) to value, as a suggested line gives them."""
    words = [*shlex.split(line)[1:], "--draws", "100", *more, "--json", "-"]
    rows = json.loads(call(*words).stdout)["rows"]
    single = [row for row in rows if row.get("metric") and row.get("versus") is None]
    return {(row["model"], row["metric"]): row["estimate"] for row in single if row["model"]}


def count_auc(truth, values):
    pairs = [(a, b) for a in values[truth == 1] for b in values[truth == 0]]
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


def count_precision(truth, values):
    order = np.argsort(-values)
    hits = truth[order]
    return (np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits == 1].mean()


def make_truth(chance, count=24):
    clips = [f"P{n // 3 + 1:02}_T{n % 3 + 1}" for n in range(count)]
    return pd.DataFrame({"video": clips, "valence_rated": chance.normal(size=count).round(3)})


def write_models(folder, chance, truth, names=("lstm", "ridge"), column="prediction"):
    folder.mkdir(parents=True, exist_ok=True)
    tables = {}
    for place, name in enumerate(names):
        guess = truth["valence_rated"] + chance.normal(size=len(truth)) * (place + 0.5)
        table = pd.DataFrame({"video_id": truth["video"], column: guess.round(4)})
        tables[name] = table.sample(frac=1, random_state=place)
        tables[name].to_csv(folder / f"{name}.csv", index=False)
    return tables


@pytest.mark.parametrize("way", [*product(FORMS, ["prediction", "y_pred", "output"])], ids="-".join)
def test_a_truth_in_a_file_of_its_own_joins_by_clips(call, check, tmp_path, chance, way):
    ids, column = way
    truth = make_truth(chance)
    models = write_models(tmp_path / "preds", chance, truth, column=column)
    truth.assign(video=truth["video"].map(FORMS[ids])).to_csv(tmp_path / "truth.csv", index=False)
    told, (line,) = check(tmp_path / "truth.csv", tmp_path / "preds")
    assert "'valence_rated' is the truth" in told
    found = compare(call, line)
    own = truth.set_index("video")["valence_rated"]
    for name, table in models.items():
        error = table[column].to_numpy() - own[table["video_id"]].to_numpy()
        assert found[name, "rmse"] == pytest.approx(np.sqrt((error**2).mean()), abs=1e-12)


def test_clips_that_one_file_lacks_are_counted(call, check, tmp_path, chance):
    truth = make_truth(chance)
    models = write_models(tmp_path / "preds", chance, truth)
    short = models["lstm"].iloc[2:]
    extra = pd.DataFrame({"video_id": ["demo"], "prediction": [0.1]})
    pd.concat([short, extra]).to_csv(tmp_path / "preds" / "lstm.csv", index=False)
    truth.to_csv(tmp_path / "truth.csv", index=False)
    told, (line,) = check(tmp_path / "truth.csv", tmp_path / "preds")
    lost = models["lstm"]["video_id"].iloc[:2]
    assert "1 clip has no truth in" in told and "'demo'" in told
    assert "2 of 24 clips lack a prediction of some model" in told
    assert all(one in told for one in lost)
    found = compare(call, line)
    kept = truth[~truth["video"].isin(lost)].set_index("video")["valence_rated"]
    ridge = models["ridge"].set_index("video_id").loc[kept.index, "prediction"]
    assert found["ridge", "rmse"] == pytest.approx(np.sqrt(((ridge - kept) ** 2).mean()), abs=1e-12)


def test_subjects_of_the_truth_are_those_of_the_predictions(tmp_path, chance):
    truth = make_truth(chance).assign(person=[f"p{n // 3}" for n in range(24)])
    write_models(tmp_path / "preds", chance, truth, names=("lstm",))
    truth.to_csv(tmp_path / "truth.csv", index=False)
    files = [tmp_path / "truth.csv", tmp_path / "preds" / "lstm.csv"]
    with pytest.warns(DataWarning, match="read as the column of the clip"):
        table = read_predictions(files, truth="valence_rated", subject="person", clip="video")
    pairs = dict(zip(truth["video"], truth["person"], strict=True))
    assert [pairs[one] for one in table["clip"]] == table["subject"].tolist()


def test_files_without_a_clip_in_common_are_refused(tmp_path, chance):
    truth = make_truth(chance)
    write_models(tmp_path / "preds", chance, truth, names=("lstm",))
    truth.assign(video=[f"x{n}" for n in range(24)]).to_csv(tmp_path / "truth.csv", index=False)
    files = [tmp_path / "truth.csv", tmp_path / "preds" / "lstm.csv"]
    with pytest.warns(DataWarning), pytest.raises(DataError, match="no clip has a truth in"):
        read_predictions(files, truth="valence_rated", subject="clip", clip="video")


def test_predictions_as_a_list_of_records_in_json(tmp_path, chance):
    truth = make_truth(chance)
    models = write_models(tmp_path / "preds", chance, truth, names=("lstm",))
    rows = models["lstm"].rename(columns={"video_id": "id"}).to_dict("records")
    (tmp_path / "net.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    truth.to_csv(tmp_path / "truth.csv", index=False)
    files = [tmp_path / "truth.csv", tmp_path / "net.json"]
    with pytest.warns(DataWarning):
        table = read_predictions(files, truth="valence_rated", subject="clip", clip="video")
    assert set(table["model"]) == {"net"}
    found = table.set_index("clip")["prediction"]
    assert found.to_dict() == models["lstm"].set_index("video_id")["prediction"].to_dict()


def make_smiles(chance, count=30):
    happened = chance.integers(0, 2, count)
    first = np.clip(0.5 * happened + chance.uniform(0, 0.6, count), 0, 1).round(4)
    second = np.clip(0.3 * happened + chance.uniform(0, 0.7, count), 0, 1).round(4)
    return happened, {"prob_yes": first, "conf_yes": second}


@pytest.mark.parametrize("words", [("no", "yes"), ("nein", "ja"), (0, 1)])
def test_yes_and_no_with_probabilities(call, check, tmp_path, chance, words):
    happened, shares = make_smiles(chance)
    shares = {name.replace("yes", str(words[1])): one for name, one in shares.items()}
    table = pd.DataFrame({"clip": [f"c{n}" for n in range(30)], "smile": np.take(words, happened)})
    table.assign(**shares, threshold=0.5).to_csv(tmp_path / "test.csv", index=False)
    told, (line,) = check(tmp_path / "test.csv")
    assert f"{'1' if words[1] == 1 else repr(words[1])} is read as the class of 'smile'" in told
    found = compare(call, line)
    for name, one in shares.items():
        assert found[name, "auc"] == pytest.approx(count_auc(happened, one), abs=1e-12)
        expected = count_precision(happened, one)
        assert found[name, "average_precision"] == pytest.approx(expected, abs=1e-12)
        assert found[name, "mse"] == pytest.approx(((one - happened) ** 2).mean(), abs=1e-12)
    shown = " ".join(call(*shlex.split(line)[1:], "--draws", "100").stdout.split())
    named = "1" if words[1] == 1 else repr(words[1])
    assert f"The positive class of 'smile' is {named}: {happened.sum()} of 30 clips" in shown
    if words[1] != 1:
        turned = compare(call, line.replace(f"--positive {words[1]}", f"--positive {words[0]}"))
        name = next(iter(shares))
        assert turned[name, "auc"] == pytest.approx(1 - found[name, "auc"], abs=1e-12)


def test_an_unknown_positive_class_is_asked_for(call, check, tmp_path, chance):
    happened, shares = make_smiles(chance)
    table = pd.DataFrame({"clip": [f"c{n}" for n in range(30)]})
    table["side"] = np.take(["left", "right"], happened)
    table["prob"] = shares["prob_yes"]
    table.to_csv(tmp_path / "test.csv", index=False)
    told, lines = check(tmp_path / "test.csv")
    assert not lines
    assert "which class of 'side' probabilities are of is not known" in told
    assert "--positive left or --positive right" in told
    ended = call("compare", tmp_path / "test.csv", "--subject", "clip", "--truth", "side",
                 "--models", "prob", "--positive", "up", code=2)  # fmt: skip
    assert "no row holds the class 'up'" in " ".join(ended.stderr.split())


@pytest.mark.parametrize("kind", ["probabilities", "logits", "numbers"])
def test_columns_of_classes_are_one_model(call, check, tmp_path, chance, kind):
    truth = chance.integers(0, 3, 30)
    scores = chance.normal(size=(30, 3)) + 2 * (truth[:, None] == np.arange(3))
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    values = scores if kind == "logits" else shares
    ends = ["0", "1", "2"] if kind == "numbers" else CLASSES
    # The order of columns is not that of classes.
    columns = {f"net_{ends[at]}": values[:, at].round(5) for at in (2, 0, 1)}
    named = truth if kind == "numbers" else np.take(CLASSES, truth)
    table = pd.DataFrame({"clip": [f"c{n}" for n in range(30)], "label": named})
    table.assign(**columns).to_csv(tmp_path / "softmax.csv", index=False)
    told, (line,) = check(tmp_path / "softmax.csv")
    assert "label is the truth: its cells are classes that other columns predict." in told
    assert ("which are no probabilities" in told) == (kind == "logits")
    assert "--models net" in line
    found = compare(call, line)
    assert found["net", "accuracy"] == pytest.approx((scores.argmax(1) == truth).mean(), abs=1e-12)


def test_classes_in_other_cases_and_refusals(call, check, tmp_path, chance):
    truth = np.take(CLASSES, chance.integers(0, 3, 30))
    model = truth.copy()
    model[:9] = np.take(CLASSES, chance.integers(0, 3, 9))
    written = [one.title() if n % 4 == 0 else one for n, one in enumerate(model)]
    written[28:] = ["refused to say", "refused to say"]
    table = pd.DataFrame({"clip": [f"c{n}" for n in range(30)], "human majority": truth})
    table.assign(net=written, rule=truth[::-1]).to_csv(tmp_path / "classes.csv", index=False)
    told, (line,) = check(tmp_path / "classes.csv")
    assert "'net' holds 'refused to say', which is no class of 'human majority' (2 of 30" in told
    hits = (model == truth)[:28].sum()
    assert compare(call, line)["net", "accuracy"] == pytest.approx(hits / 30, abs=1e-12)
    left = compare(call, line, "--missing", "refused to say", "--common")
    assert left["net", "accuracy"] == pytest.approx(hits / 28, abs=1e-12)


def test_columns_of_raters_words_are_no_models(call, check, tmp_path, chance):
    words = np.take(CLASSES, chance.integers(0, 3, (12, 3)))
    table = pd.DataFrame(words, columns=["Ada", "Ben", "Cem"])
    table.insert(0, "clip", [f"c{n}" for n in range(12)])
    table.to_csv(tmp_path / "raters.csv", index=False)
    _, lines = check(tmp_path / "raters.csv")
    assert lines and lines[0].split()[1] == "agreement"
    # What was acted is no truth that raters are compared with as models are.
    judged = table.rename(columns={"Ada": "rater1", "Ben": "rater2", "Cem": "rater3"})
    judged.assign(label=words[:, 0]).to_csv(tmp_path / "acted.csv", index=False)
    _, lines = check(tmp_path / "acted.csv")
    assert lines and "--raters rater1,rater2,rater3" in lines[0]


def test_what_is_called_human_is_the_truth_also_beside_whole_numbers(call, check, tmp_path, chance):
    human = chance.uniform(1, 7, 40)
    table = pd.DataFrame({"clip_id": [f"c{n:03}" for n in range(40)], "human_mean": human})
    table["openface_ridge"] = 4 + 0.7 * (human - 4) + chance.normal(0, 0.4, 40)
    table["zeroshot"] = np.clip(np.round(human + chance.normal(0, 0.8, 40)), 1, 7)
    table.round(3).to_csv(tmp_path / "test.csv", index=False)
    _, (line,) = check(tmp_path / "test.csv")
    assert "--models openface_ridge,zeroshot" in line and "--truth human_mean" in line
    rows = json.loads(call(*shlex.split(line)[1:], "--metric", "mae", "--json", "-").stdout)["rows"]
    found = {r["term"]: r["estimate"] for r in rows if r["metric"] == "mae" and r["headline"]}
    assert found["zeroshot"] == pytest.approx(np.abs(table["zeroshot"] - human.round(3)).mean())


def test_judges_beside_a_human_mean_are_no_models(check, tmp_path, chance):
    human = chance.uniform(1, 7, 40)
    table = pd.DataFrame({"clip": [f"c{n:03}" for n in range(40)], "human_mean": human.round(2)})
    for name in ("Anna", "Ben"):
        table[name] = np.clip(np.round(human + chance.normal(0, 0.8, 40)), 1, 7)
    table.to_csv(tmp_path / "judged.csv", index=False)
    _, lines = check(tmp_path / "judged.csv")
    assert not any("exprstats compare" in line for line in lines)
