"""The verb, against a grid search written with scikit-learn's own pieces and planted weights.

Tolerances: 1e-6 on errors, weights and predictions (see test_penalties); 1e-9 where the same
fit is asked for twice; planted weights within 4 standard errors.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.models import fit_elastic, split_subjects

FEATURES = ["motion", "gaze", "blink", "still"]
ALPHAS = [0.01, 0.05, 0.1, 0.5, 1.0]


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, seed=1)


@pytest.fixture(scope="module")
def models(clips, parts):
    return fit_elastic(clips, target="score", features=FEATURES, parts=parts, by="context")


def fit_by(clips, parts, **options):
    return fit_elastic(
        clips, target="score", features=FEATURES, parts=parts, by="context", **options
    )


def pick(models, context, term):
    table = models.table
    here = table["context"].isna() if context is None else table["context"] == context
    return table[here & (table["term"] == term)]


def search_with_sklearn(clips, parts, target):
    """Errors of GridSearchCV over a pipeline, trained on train and scored on validate."""
    rows = clips.merge(parts, on="subject")
    rows = rows[rows["part"] != "test"]
    split = PredefinedSplit(np.where(rows["part"] == "train", -1, 0))
    n = int((rows["part"] == "train").sum())
    searches = (
        (Ridge(), {"ridge__alpha": [n * a for a in ALPHAS]}),
        (
            ElasticNet(tol=1e-7, max_iter=10_000),
            {"elasticnet__alpha": ALPHAS, "elasticnet__l1_ratio": [i / 10 for i in range(1, 11)]},
        ),
    )
    found = {}
    for model, grid in searches:
        search = GridSearchCV(
            make_pipeline(StandardScaler(), model),
            grid,
            cv=split,
            scoring="neg_root_mean_squared_error",
            refit=False,
        ).fit(rows[FEATURES], rows[target])
        for point, score in zip(
            search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
        ):
            ratio = point.get("elasticnet__l1_ratio", 0.0)
            alpha = point.get("elasticnet__alpha", point.get("ridge__alpha", 0) / n)
            found[round(alpha, 6), ratio] = -score
    return found


@pytest.mark.parametrize("context", ["startle", "pain", "disgust", None])
def test_the_grid_equals_grid_search_over_a_pipeline(clips, parts, models, context):
    own = clips if context is None else clips[clips["context"] == context]
    peer = search_with_sklearn(own, parts, "score_pooled" if context is None else "score")
    grid = models.grid
    grid = grid[grid["context"].isna() if context is None else grid["context"] == context]
    assert len(grid) == len(peer) == 55
    for row in grid.itertuples():
        assert row.rmse_validate == pytest.approx(peer[row.alpha, row.l1_ratio], abs=1e-6)
    chosen = grid[grid["chosen"]].iloc[0]
    assert peer[chosen["alpha"], chosen["l1_ratio"]] == pytest.approx(min(peer.values()), abs=1e-9)
    assert pick(models, context, "alpha")["estimate"].item() == chosen["alpha"]
    assert pick(models, context, "l1_ratio")["estimate"].item() == chosen["l1_ratio"]


@pytest.mark.parametrize("context", ["startle", None])
def test_weights_and_predictions_equal_scikit_learn(clips, parts, models, context):
    alpha = pick(models, context, "alpha")["estimate"].item()
    ratio = pick(models, context, "l1_ratio")["estimate"].item()
    own = clips if context is None else clips[clips["context"] == context]
    target = "score_pooled" if context is None else "score"
    train = own.merge(parts, on="subject").query("part == 'train'")
    model = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-7, max_iter=10_000)
    if ratio == 0:
        model = Ridge(alpha=alpha * len(train))
    peer = make_pipeline(StandardScaler(), model).fit(train[FEATURES], train[target])
    np.testing.assert_allclose(
        pick(models, context, "weight")["estimate"], peer[-1].coef_, atol=1e-6
    )
    intercept = pick(models, context, "intercept")["estimate"].item()
    assert intercept == pytest.approx(peer[-1].intercept_, abs=1e-9)
    frame = models.predictions
    which = "all" if context is None else "context"
    frame = frame[(frame["fitted_on"] == which) & frame["context"].isin(own["context"])]
    assert list(frame["clip"]) == list(own["clip"])
    np.testing.assert_allclose(frame["prediction"], peer.predict(own[FEATURES]), atol=1e-6)
    np.testing.assert_allclose(frame["truth"], own[target], atol=0)


def test_predictions_keep_their_contract(clips, models):
    check_table(models.predictions, PREDICTIONS)
    assert len(models.predictions) == 2 * len(clips)
    assert set(models.predictions["part"]) == {"train", "validate", "test"}


def test_scores_are_those_of_the_predictions(models):
    frame = models.predictions.query("fitted_on == 'context' and context == 'pain'")
    for part, own in frame.groupby("part"):
        rows = pick(models, "pain", "rmse")
        rows = rows[rows["part"] == part]
        naive = (own["truth"] - own["prediction"]).pow(2).mean() ** 0.5
        assert rows["estimate"].item() == pytest.approx(naive, rel=1e-12)
        assert rows["n_clips"].item() == len(own)
        assert rows["n_clusters"].item() == own["subject"].nunique()
        r = pick(models, "pain", "correlation").set_index("part")["estimate"][part]
        assert r == pytest.approx(own["truth"].corr(own["prediction"]), rel=1e-9)


def test_planted_weights_come_back(draw_clips, planted):
    clips = draw_clips(subjects=400, seed=5)
    models = fit_by(clips, split_subjects(clips, seed=2), alphas=[1e-4], l1_ratios=[0.5])
    for context, truth in planted.items():
        found = pick(models, context, "weight")["estimate"].to_numpy()
        # 960 training clips with residual SD .58: SE .019.
        np.testing.assert_allclose(found, truth, atol=4 * 0.019)


def test_without_contexts_there_is_one_fit(clips, parts):
    models = fit_elastic(
        clips, target="score", features=FEATURES, parts=parts, pooled_target="score"
    )
    assert models.table["context"].isna().all()
    assert set(models.predictions["fitted_on"]) == {"all"}
    assert len(models.predictions) == len(clips)


def test_the_pooled_target(clips, parts, models):
    pooled = models.predictions.query("fitted_on == 'all'")
    np.testing.assert_array_equal(pooled["truth"], clips["score_pooled"])
    asked = fit_by(clips, parts, pooled_target="score")
    pooled = asked.predictions.query("fitted_on == 'all'")
    np.testing.assert_array_equal(pooled["truth"], clips["score"])
    plain = fit_by(clips.drop(columns="score_pooled"), parts)
    pd.testing.assert_frame_equal(plain.table, asked.table)


def test_another_context_column(clips, parts, models):
    renamed = clips.rename(columns={"context": "task"})
    found = fit_elastic(renamed, target="score", features=FEATURES, parts=parts, by="task")
    pd.testing.assert_frame_equal(found.table, models.table)


def test_refit_uses_training_and_validation_subjects(clips, parts):
    own = clips[clips["context"] == "pain"]
    found = fit_by(own, parts, alphas=[0.1], l1_ratios=[0.5], refit=True)
    rows = own.merge(parts, on="subject").query("part != 'test'")
    peer = make_pipeline(
        StandardScaler(), ElasticNet(alpha=0.1, l1_ratio=0.5, tol=1e-7, max_iter=10_000)
    ).fit(rows[FEATURES], rows["score"])
    np.testing.assert_allclose(pick(found, "pain", "weight")["estimate"], peer[-1].coef_, atol=1e-6)
    assert (pick(found, "pain", "weight")["n_clips"] == len(rows)).all()


def test_the_result_tells_its_story(models):
    row = models.glance().iloc[0]
    assert (row["n_train"], row["n_validate"], row["n_test"]) == (24, 8, 8)
    assert (row["n_contexts"], row["n_features"], row["n_clips"]) == (3, 4, 480)
    test = pick(models, None, "rmse").query("part == 'test'")["estimate"].item()
    assert f"All clips: test RMSE = {test:.2f}, r = ." in models.sentence()
    assert "<table" in models._repr_html_()
    frame = models.tidy()
    frame["estimate"] = 0.0
    assert not (models.table["estimate"] == 0).all()


def test_the_edge_of_the_grid_is_noted(clips, parts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit_by(clips, parts, alphas=[5.0, 50.0], l1_ratios=[0.0])
    assert (
        pick(found, "startle", "alpha")["note"].item()
        == "the smallest alpha of the grid was chosen"
    )
