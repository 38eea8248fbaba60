"""The one model against scikit-learn; a planted difference between contexts is found."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, DataWarning
from exprstats.inference import compare_models
from exprstats.models import fit_elastic, fit_forest, pair_pooled, split_subjects, stack_predictions

FEATURES = ["motion", "gaze", "blink", "still"]


def fit(clips, **options):
    parts = split_subjects(clips, seed=1)
    return fit_elastic(clips, target="score", features=FEATURES, parts=parts, **options)


@pytest.fixture(scope="module")
def models(clips):
    return fit(clips, by="context", pooled_target="score")


def test_each_clip_has_both_predictions_and_one_truth(models):
    paired = pair_pooled(models)
    check_table(paired, PREDICTIONS)
    own = models.predictions[models.predictions["fitted_on"] == "context"]
    for name in ("elastic", "elastic pooled"):
        rows = paired[paired["model"] == name]
        columns = ["clip", "context", "subject", "part", "truth"]
        assert rows[columns].to_numpy().tolist() == own[columns].to_numpy().tolist()
        same = rows["prediction"].to_numpy() == own["prediction"].to_numpy()
        assert same.all() == (name == "elastic")


def test_the_one_model_is_a_regression_with_an_intercept_for_each_context(clips):
    # Dummies of contexts take what is left of level, so a penalty on slopes only is one on slopes
    # about the contexts' means: scikit-learn's ridge on centred columns.
    apart = clips.assign(score=clips["score"] + 3 * (clips["context"] == "pain"))
    options = {"alphas": [0.1], "l1_ratios": [0.0]}
    paired = pair_pooled(fit(apart, by="context", **options)).query("model == 'elastic pooled'")
    rows = apart.merge(paired[["clip", "context", "part", "prediction"]], on=["context", "clip"])
    train = rows["part"] == "train"
    columns = [*FEATURES, "score"]
    levels = rows[train].groupby("context")[columns].mean().loc[rows["context"], columns]
    centred = rows[columns] - levels.to_numpy()
    spread = centred.loc[train, FEATURES].std(ddof=0)
    ridge = Ridge(alpha=0.1 * train.sum())
    ridge.fit(centred.loc[train, FEATURES] / spread, centred.loc[train, "score"])
    wanted = ridge.predict(centred[FEATURES] / spread) + levels["score"].to_numpy()
    np.testing.assert_allclose(rows["prediction"], wanted, atol=1e-6)


def test_the_order_of_clips_does_not_matter(clips, models):
    again = fit(clips.sample(frac=1, random_state=1), by="context", pooled_target="score")
    tables = [
        pair_pooled(one).set_index(["model", "context", "clip"]).sort_index()[["prediction"]]
        for one in (models, again)
    ]
    np.testing.assert_allclose(*tables, atol=1e-9)


def test_contexts_that_differ_gain_from_models_of_their_own(draw_clips):
    models = fit(draw_clips(subjects=100, seed=2), by="context", pooled_target="score")
    test = stack_predictions(pair_pooled(models))
    found = compare_models(test, metrics="rmse", by="context", draws=200, seed=1).table
    rows = found[found["versus"].notna() & found["headline"] & found["context"].notna()]
    assert set(rows["term"]) == {"elastic - elastic pooled"}
    gain = rows.set_index("context")["conf_high"]
    assert gain["disgust"] < 0
    assert gain["pain"] < 0


def test_the_one_forest_is_that_of_scikit_learn_about_the_contexts_means(clips):
    parts = split_subjects(clips, seed=1)
    settings = {"trees": 20, "min_leaves": [7], "max_features": [0.5], "seed": 3}
    data = {"target": "score", "features": FEATURES, "parts": parts, "by": "context"}
    models = fit_forest(clips, **data, **settings)
    paired = pair_pooled(models).query("model == 'forest pooled'").reset_index(drop=True)
    rows = paired.merge(clips, on=["clip", "context", "subject"])
    columns = [*FEATURES, "score"]
    levels = rows[rows["part"] == "train"].groupby("context")[columns].mean()
    about = rows[columns] - levels.loc[rows["context"]].to_numpy()
    train = about[rows["part"] == "train"].sort_values(columns)
    known = RandomForestRegressor(**models.fits[-1].forest.get_params())
    known.fit(train[FEATURES].to_numpy(), train["score"])
    assert (known.min_samples_leaf, known.max_features) == (7, 0.5)
    wanted = known.predict(about[FEATURES].to_numpy()) + levels["score"][rows["context"]].to_numpy()
    np.testing.assert_allclose(rows["prediction"], wanted, atol=1e-9)


@pytest.mark.parametrize("verb", [fit_elastic, fit_forest])
def test_contexts_that_differ_in_level_only_need_no_models_of_their_own(verb):
    # 60 people, the same slopes everywhere, levels of context far apart, also those of features.
    rng = np.random.default_rng(2)
    clips = pd.DataFrame({"subject": np.repeat([f"s{n}" for n in range(60)], 12)})
    clips["clip"] = range(720)
    clips["context"] = np.tile(["joy", "pain", "awe"], 240)
    clips[FEATURES] = rng.normal(size=(720, 4))
    level = clips["context"].map({"joy": 0.0, "pain": 4.0, "awe": 8.0})
    clips["score"] = level + clips[FEATURES].sum(axis=1) + rng.normal(size=720)
    clips["motion"] -= level
    parts = split_subjects(clips, seed=1)
    options = {"target": "score", "features": FEATURES, "parts": parts, "by": "context"}
    options |= {"trees": 30, "seed": 1} if verb is fit_forest else {}
    pair = pair_pooled(verb(clips, **options)).query("part == 'test'")
    found = compare_models(pair, metrics="rmse", by="context", draws=100, seed=1).table
    row = found[found["versus"].notna() & found["headline"] & found["context"].isna()].iloc[0]
    # Without its levels the one model has an RMSE above 3.
    assert row["estimate"] > -0.03


def test_a_feature_that_is_constant_within_contexts_is_no_feature_of_the_one_model():
    # About its mean it is rounding, to which new people's values are infinite: seed 1 has a weight.
    rng = np.random.default_rng(1)
    constant = rng.uniform(0.1, 5, size=2)
    names = [f"s{n:02d}" for n in range(40)]
    clips = pd.DataFrame({"subject": np.repeat(names, 6), "clip": range(240)})
    clips["context"] = np.tile(["pain"] * 3 + ["joy"] * 3, 40)
    clips["motion"] = rng.normal(size=240)
    clips["still"] = np.where(clips["context"] == "pain", *constant)
    clips["score"] = clips["motion"] + rng.normal(size=240) / 2 + 3 * (clips["context"] == "pain")
    parts = pd.DataFrame(
        {"subject": names, "part": ["train"] * 23 + ["validate"] * 8 + ["test"] * 9}
    )
    clips["still"] += 100 * rng.normal(size=240) * (clips["subject"] > "s30")
    options = {"target": "score", "parts": parts, "by": "context", "alphas": [0.01]}
    options |= {"l1_ratios": [0.0, 0.1]}
    with pytest.warns(DataWarning, match="do not vary"):
        models = fit_elastic(clips, features=["motion", "still"], **options)
    without = fit_elastic(clips, features=["motion"], **options)
    paired, plain = (pair_pooled(one)["prediction"] for one in (models, without))
    np.testing.assert_allclose(paired, plain, atol=1e-6)


def test_what_has_no_contexts_is_refused(clips):
    with pytest.raises(DataError, match="fitted to all clips only"):
        pair_pooled(fit(clips))
