"""Forests are scikit-learn's: with its own calls and the same random state they are equal."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor

from exprstats.errors import DataError, OptionError
from exprstats.models import (
    fit_elastic,
    fit_forest,
    rate_importance,
    report_weights,
    split_subjects,
)
from exprstats.models.explain.importance import list_importance
from exprstats.parallel import spawn_seeds

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def curved(draw_clips):
    """Clips whose score is a square, which no line follows."""
    clips = draw_clips(subjects=60, seed=2)
    noise = 0.3 * np.random.default_rng(1).normal(size=len(clips))
    clips["score"] = clips["motion"] ** 2 + 0.5 * clips["gaze"] + noise
    return clips.drop(columns="score_pooled")


@pytest.fixture(scope="module")
def parts(curved):
    return split_subjects(curved, seed=1)


@pytest.fixture(scope="module")
def forest(curved, parts):
    return grow(curved, parts)


def grow(clips, parts, **options):
    options = {"trees": 15, "seed": 7, "min_leaves": [1, 10], "by": "context", **options}
    return fit_forest(clips, target="score", features=FEATURES, parts=parts, **options)


@pytest.mark.parametrize("place", [0, 3])
def test_the_grid_and_predictions_equal_scikit_learn(curved, parts, forest, place):
    context = ["startle", "pain", "disgust", None][place]
    rows = curved if context is None else curved[curved["context"] == context]
    rows = rows.merge(parts, on="subject")
    # Seeds go to contexts in the order of their names: disgust, pain, startle, and all clips last.
    state = int(spawn_seeds(7, 4)[[2, 1, 0, 3][place]].generate_state(1)[0])
    rows = rows.sort_values([*FEATURES, "score"])
    train, held = (rows[rows["part"] == part] for part in ("train", "validate"))
    errors = {}
    for share in (1 / 3, 1.0):
        for leaf in (1, 10):
            peer = RandomForestRegressor(
                15, max_features=share, min_samples_leaf=leaf, random_state=state
            ).fit(train[FEATURES].to_numpy(), train["score"])
            guess = peer.predict(held[FEATURES].to_numpy())
            errors[share, leaf] = (((guess - held["score"]) ** 2).mean() ** 0.5, peer)
    grid = forest.grid
    grid = grid[grid["context"].isna() if context is None else grid["context"] == context]
    for row in grid.itertuples():
        assert row.rmse_validate == pytest.approx(errors[row.max_features, row.min_leaf][0])
    best = min(errors, key=lambda key: errors[key][0])
    chosen = grid[grid["chosen"]].iloc[0]
    assert (chosen["max_features"], chosen["min_leaf"]) == best
    which = "all" if context is None else "context"
    told = forest.predictions[forest.predictions["fitted_on"] == which]
    told = told.set_index("clip")["prediction"][rows["clip"]]
    wanted = errors[best][1].predict(rows[FEATURES].to_numpy())
    np.testing.assert_allclose(told, wanted, rtol=1e-12)


def test_noise_asks_for_larger_leaves(curved, parts):
    noise = 3 * np.random.default_rng(2).normal(size=len(curved))
    noisy = grow(curved.assign(score=curved["score"] + noise), parts, min_leaves=[1, 40])
    grid = noisy.grid[noisy.grid["context"].isna()].set_index("min_leaf")
    assert grid.loc[1, "rmse_train"].max() < grid.loc[40, "rmse_train"].min()
    assert grid.loc[40, "chosen"].any()


@pytest.mark.parametrize("refit", [False, True])
def test_of_equal_errors_the_larger_leaf_wins_and_then_fewer_features(curved, parts, refit):
    # No leaf can be that large: every tree is its root, and every setting the same forest.
    options = {"trees": 3, "by": None, "refit": refit}
    for leaves, shares in (([500, 900], [0.25, 1.0]), ([900, 500], [1.0, 0.25])):
        found = grow(curved, parts, min_leaves=leaves, max_features=shares, **options)
        assert found.grid["rmse_validate"].max() == found.grid["rmse_validate"].min()
        chosen = found.table.set_index("term")["estimate"][["min_leaf", "max_features"]]
        assert chosen.tolist() == [900, 0.25]


def test_it_follows_a_curve_that_the_elastic_net_cannot(curved, parts, forest):
    elastic = fit_elastic(curved, target="score", features=FEATURES, parts=parts, by="context")

    def read(models):
        rows = models.table.query("term == 'correlation' and part == 'test'")
        return rows.loc[rows["context"].isna(), "estimate"].item()

    assert read(forest) > 0.9
    assert read(elastic) < 0.6


def test_workers_do_not_matter_and_seeds_do(curved, parts, forest):
    again = grow(curved, parts, n_jobs=2)
    np.testing.assert_array_equal(again.predictions["prediction"], forest.predictions["prediction"])
    other = grow(curved, parts, seed=8)
    assert not np.allclose(other.predictions["prediction"], forest.predictions["prediction"])


def test_the_order_of_rows_does_not_matter(curved, parts, forest):
    shuffled = curved.sample(frac=1, random_state=3)
    assert list(shuffled["context"].unique()) != list(curved["context"].unique())
    again = grow(shuffled, parts)
    key = ["fitted_on", "clip"]
    wanted = forest.predictions.set_index(key)["prediction"].sort_index()
    found = again.predictions.set_index(key)["prediction"].sort_index()
    pd.testing.assert_series_equal(found, wanted, check_exact=True)
    faces = [
        one.assign(score=np.where(one["motion"] > 0, "yes", "no")) for one in (curved, shuffled)
    ]
    first, second = (grow(one, parts).predictions.set_index(key).sort_index() for one in faces)
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_the_importance_of_features_does_not_depend_on_the_order_of_rows(curved, parts, forest):
    shuffled = grow(curved.sample(frac=1, random_state=3), parts)
    first, second = (
        rate_importance(one, repeats=3, draws=50, seed=2) for one in (forest, shuffled)
    )
    key = ["context", "term", "feature", "method"]
    tables = [one.tidy().sort_values(key, ignore_index=True) for one in (first, second)]
    pd.testing.assert_frame_equal(*tables, rtol=1e-9)


def test_refit_adds_the_validation_subjects(curved, parts):
    refitted = grow(curved, parts, refit=True, min_leaves=[5], max_features=[1.0], by=None)
    rows = curved.merge(parts, on="subject").query("part != 'test'")
    rows = rows.sort_values([*FEATURES, "score"])
    state = int(spawn_seeds(7, 1)[0].generate_state(1)[0])
    peer = RandomForestRegressor(15, min_samples_leaf=5, random_state=state)
    peer.fit(rows[FEATURES].to_numpy(), rows["score"])
    wanted = peer.predict(curved[FEATURES].to_numpy())
    np.testing.assert_allclose(refitted.predictions["prediction"], wanted, rtol=1e-12)


def test_importance_of_a_curve(forest):
    rows = list_importance(forest.design, forest.fits[3], repeats=5, draws=50, seed=1)
    rise = {row["feature"]: row["estimate"] for row in rows if row["headline"]}
    assert rise["motion"] > 0.5 > rise["gaze"] > 0.1 > abs(rise["still"])


def test_words_and_what_is_refused(curved, parts, forest):
    assert forest.sentence().startswith("Random forest models of score on 4 features")
    assert "alpha" not in forest.sentence()
    with pytest.raises(OptionError, match="forest models have no weights"):
        report_weights(forest)
    with pytest.raises(OptionError, match="max_features are shares"):
        grow(curved, parts, max_features=[2.0])
    with pytest.raises(OptionError, match="min_leaves is 0"):
        grow(curved, parts, min_leaves=[0, 1])
    with pytest.raises(OptionError, match="max_features must be a list of values to try"):
        grow(curved, parts, max_features=0.5)
    with pytest.raises(OptionError, match="trees is 0"):
        grow(curved, parts, trees=0)
    with pytest.raises(DataError, match="values are missing"):
        grow(curved.assign(gaze=np.nan), parts)
