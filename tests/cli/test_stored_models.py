"""Scores and predictions of new clips by stored models.

Witnesses: the closed form of Bartlett scores from the estimates in the stored file, and the linear
predictor from its weights, both computed here from the JSON with numpy. Tolerance 1e-9: the same
doubles, written in full precision, in another order of sums.
"""

import json

import numpy as np
import pandas as pd
import pytest

ITEMS = ["response", "emotion", "motion"]


@pytest.fixture(scope="module")
def ratings(data, tmp_path_factory):
    table = pd.read_csv(data / "ratings.csv")
    if "item" in table:
        keys = ["context", "subject", "clip", "rater"]
        table = table.pivot_table(index=keys, columns="item", values="rating").reset_index()
    place = tmp_path_factory.mktemp("stored") / "ratings.csv"
    table.to_csv(place, index=False)
    return place


@pytest.fixture(scope="module")
def factor(call, ratings):
    place = ratings.with_name("factor.json")
    call("factor", ratings, "--items", ",".join(ITEMS), "--rater", "rater",
                "--by", "context", "--save", place)  # fmt: skip
    return place


@pytest.fixture(scope="module")
def net(call, data, tmp_path_factory):
    place = tmp_path_factory.mktemp("net") / "net.json"
    call("fit", data / "clips.csv", "--target", "au_count", "--subject", "subject",
         "--by", "context", "--save", place)  # fmt: skip
    return place


def test_scores_are_bartletts_from_the_stored_estimates(call_json, ratings, factor):
    rows = pd.DataFrame(call_json("score", ratings, "--model", factor, "--by", "context")["rows"])
    means = pd.read_csv(ratings).groupby(["context", "clip"])[ITEMS].mean()
    for fit in json.loads(factor.read_text())["solutions"]:
        loading, residual, centre = (
            np.array(fit[name]) for name in ("loadings", "residuals", "intercepts")
        )
        weights = loading / residual / np.sum(loading**2 / residual)
        chosen = rows[rows["fitted_on"] == ("all" if fit["context"] is None else "context")]
        if fit["context"] is not None:
            chosen = chosen[chosen["context"] == fit["context"]]
        mine = means.loc[list(zip(chosen["context"], chosen["clip"], strict=True))] - centre
        assert chosen["score"].to_numpy() == pytest.approx(mine.to_numpy() @ weights, abs=1e-9)
        assert chosen["std_error"].gt(0).all()
        error = 1 / np.sqrt(np.sum(loading**2 / residual))
        assert chosen["factor_se"].to_numpy() == pytest.approx(error, abs=1e-9)


def test_a_fresh_fit_gives_the_scores_of_factor(call, call_json, ratings, tmp_path):
    items = ("--items", ",".join(ITEMS), "--by", "context")
    fresh = pd.DataFrame(call_json("score", ratings, *items)["rows"])
    call("factor", ratings, *items, "--rater", "rater", "--scores", tmp_path / "scores.csv")
    known = pd.read_csv(tmp_path / "scores.csv")
    assert fresh["score"].to_numpy() == pytest.approx(known["score"].to_numpy(), abs=1e-9)


def test_the_sentence_names_the_method_and_the_unit(call, ratings, factor):
    told = call("score", ratings, "--model", factor, "--by", "context", "--score-method", "mean")
    text = " ".join(told.output.split())
    assert "as means of the items, with a stored factor model" in text
    assert "in the items' own units" in text


@pytest.mark.usefixtures("blank_pictures")
def test_a_folder_takes_means_and_scores(call, ratings, factor, tmp_path):
    call("score", ratings, "--model", factor, "--by", "context", "--out", tmp_path / "out")
    tables = {one.stem for one in (tmp_path / "out" / "data").iterdir()}
    assert {"items", "scores"} <= tables


def change(source, place, **edits):
    table = pd.read_csv(source)
    table.assign(**edits).to_csv(place, index=False)
    return place


def refuse(call, *arguments):
    return " ".join(call(*arguments, code=2).output.split())


def test_what_a_stored_factor_cannot_score_is_refused(call, ratings, factor, net, tmp_path):
    by = ("--by", "context", "--model", factor)
    other = change(ratings, tmp_path / "other.csv", context="joy")
    assert "the model was not fitted to joy" in refuse(call, "score", other, *by)
    lacking = tmp_path / "lacking.csv"
    pd.read_csv(ratings).drop(columns="motion").to_csv(lacking, index=False)
    assert "motion" in refuse(call, "score", lacking, *by)
    asked = ("--items", "response,emotion,joy")
    assert "are not those of the model" in refuse(call, "score", ratings, *by, *asked)
    plain = tmp_path / "plain.csv"
    pd.read_csv(ratings).drop(columns="context").groupby("clip")[ITEMS].mean().to_csv(plain)
    assert "--by" in refuse(call, "score", plain, "--model", factor)
    told = refuse(call, "score", ratings, "--by", "context", "--model", net)
    assert "it holds no factor; its format is 'exprstats models'" in told
    assert "--items" in refuse(call, "score", ratings)


def test_answers_on_another_scale_are_named(call, ratings, factor, tmp_path):
    wider = change(ratings, tmp_path / "w.csv", emotion=pd.read_csv(ratings)["emotion"] * 25)
    told = call("score", wider, "--model", factor, "--by", "context").output
    assert "far outside those that the factor was fitted to" in " ".join(told.split())


def test_predictions_are_the_stored_weights_on_standardised_features(call_json, data, net):
    found = call_json("predict", data / "clips.csv", "--model", net, "--by", "context")
    rows = pd.DataFrame([row for row in found["rows"] if "prediction" in row])
    stored = json.loads(net.read_text())
    clips = pd.read_csv(data / "clips.csv").set_index(["context", "clip"])
    for fit in stored["fits"]:
        values = (clips[stored["features"]] - fit["means"]) / np.where(
            np.array(fit["sds"]) > 0, fit["sds"], 1
        )
        mine = fit["intercept"] + values @ np.array(fit["weights"])
        chosen = rows[rows["fitted_on"] == ("all" if fit["context"] is None else "context")]
        if fit["context"] is not None:
            chosen = chosen[chosen["context"] == fit["context"]]
        keys = list(zip(chosen["context"], chosen["clip"], strict=True))
        assert chosen["prediction"].to_numpy() == pytest.approx(mine.loc[keys].to_numpy(), abs=1e-9)
    pooled = rows[rows["fitted_on"] == "all"]
    rmse = np.sqrt(np.mean((pooled["truth"] - pooled["prediction"]) ** 2))
    scores = pd.DataFrame(found["rows"]).query("metric == 'rmse'")
    assert np.isclose(scores["estimate"].astype(float), rmse, atol=1e-9).any()


def test_new_clips_without_truth_or_subject_are_predicted(call, data, net, tmp_path):
    clips = pd.read_csv(data / "clips.csv").drop(columns=["au_count", "subject"])
    clips.assign(mood=1.0).to_csv(tmp_path / "new.csv", index=False)
    place = tmp_path / "predictions.csv"
    told = call("predict", tmp_path / "new.csv", "--model", net, "--predictions", place)
    assert "does not use: 'mood'" in " ".join(told.output.split())
    assert len(pd.read_csv(place)) == 2 * len(clips)


def test_what_stored_models_cannot_predict_is_refused(call, data, net, factor, tmp_path):
    stored = json.loads(net.read_text())
    feature = stored["features"][0]
    clips = pd.read_csv(data / "clips.csv")
    clips.drop(columns=feature).to_csv(tmp_path / "less.csv", index=False)
    assert feature in refuse(call, "predict", tmp_path / "less.csv", "--model", net)
    clips.assign(context="joy").to_csv(tmp_path / "joy.csv", index=False)
    assert "not in the fit" in refuse(call, "predict", tmp_path / "joy.csv", "--model", net)
    call("predict", tmp_path / "joy.csv", "--model", net, "--unknown", "pooled")
    told = refuse(call, "predict", data / "clips.csv", "--model", factor)
    assert "it holds no models; its format is 'exprstats factor'" in told
    network = tmp_path / "net.safetensors"
    told = refuse(call, "predict", data / "clips.csv", "--model", network)
    assert "exprstats deep predict" in told
    forest = ("fit", data / "clips.csv", "--target", "au_count", "--subject", "subject")
    told = refuse(call, *forest, "--model", "forest", "--save", tmp_path / "forest.json")
    assert "a forest has no file that is safe to open" in told


def test_values_far_from_the_training_clips_are_named(call, data, net, tmp_path):
    stored = json.loads(net.read_text())
    feature = stored["features"][0]
    clips = pd.read_csv(data / "clips.csv")
    clips.loc[:2, feature] = stored["fits"][-1]["means"][0] + 50 * stored["fits"][-1]["sds"][0]
    clips.to_csv(tmp_path / "far.csv", index=False)
    told = " ".join(call("predict", tmp_path / "far.csv", "--model", net).output.split())
    assert (
        "3 of" in told
        and f"more than 5 SDs from the mean of the training clips ('{feature}')" in told
    )


def test_predicted_clips_are_not_called_those_of_a_test(call, data, net):
    out = " ".join(call("predict", data / "clips.csv", "--model", net).stdout.split())
    assert "does not say whom it was fitted to" in out
    assert "test clips" not in out and "Test Performance" not in out and "Test set" not in out
    assert "Performance" in out and "clips of" in out


def test_categories_are_predicted_from_the_column_that_the_fit_had(call, call_json, tmp_path):
    rng = np.random.default_rng(4)
    clips = pd.DataFrame({"clip": range(120), "who": np.repeat([f"s{i}" for i in range(24)], 5)})
    clips = clips.assign(smile=rng.normal(size=120), sex=np.repeat(list("fmfd" * 6), 5))
    clips["mood"] = clips["smile"] + (clips["sex"] == "m") * 2.0 + rng.normal(0, 0.1, 120)
    clips["task"] = ["talk", "game"] * 60
    file, net = tmp_path / "clips.csv", tmp_path / "net.json"
    clips.to_csv(file, index=False)
    chosen = ("--features", "smile,sex", "--subject", "who", "--by", "task")
    call("fit", file, "--target", "mood", *chosen, "--save", net)
    given = ("--subject", "who", "--by", "task", "--model", net)
    rows = pd.DataFrame(call_json("predict", file, *given)["rows"])
    rows = rows[rows["fitted_on"] == "all"]
    [fit] = [one for one in json.loads(net.read_text())["fits"] if one["context"] is None]
    names = json.loads(net.read_text())["features"]
    coded = pd.DataFrame(
        {name: clips[name] if name in clips else clips["sex"] == name[-1] for name in names}
    ).astype(float)
    mine = fit["intercept"] + (coded - fit["means"]) / fit["sds"] @ np.array(fit["weights"])
    assert rows["prediction"].to_numpy() == pytest.approx(mine.to_numpy(), abs=1e-9)
    new = tmp_path / "new.csv"
    clips.replace({"sex": {"m": "x"}}).to_csv(new, index=False)
    assert "'x' was not in the fit, which had 'f'" in refuse(call, "predict", new, *given)
    bare = tmp_path / "bare.csv"
    clips[["clip", "smile", "sex"]].to_csv(bare, index=False)
    told = refuse(call, "predict", bare, "--model", net)
    assert "--by" in told and "--unknown pooled" in told
    pooled = call_json("predict", bare, "--model", net, "--unknown", "pooled")
    found = [row["prediction"] for row in pooled["rows"] if "prediction" in row]
    assert found == pytest.approx(mine.tolist(), abs=1e-9)
    clips.drop(columns="sex").to_csv(bare, index=False)
    assert "lacks: 'sex'" in refuse(call, "predict", bare, *given)
