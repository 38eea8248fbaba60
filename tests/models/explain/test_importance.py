"""The importance report: same numbers as the rows beneath, exact; planted order recovered."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.models import fit_elastic, fit_forest, rate_importance, split_subjects
from exprstats.models.explain.importance import list_importance
from exprstats.parallel import spawn_seeds

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def models(draw_clips):
    clips = draw_clips(subjects=100, seed=3)
    parts = split_subjects(clips, seed=1)
    return fit_elastic(clips, target="score", features=FEATURES, parts=parts, by="context")


@pytest.fixture(scope="module")
def importance(models):
    return rate_importance(models, repeats=10, draws=100, seed=3)


def test_rows_of_every_sample(models, importance):
    table = importance.table
    assert len(table) == 4 * len(FEATURES) * 2
    one = np.random.default_rng(spawn_seeds(3, 4)[1])
    wanted = list_importance(models.design, models.fits[1], repeats=10, draws=100, seed=one)
    own = table[table["context"] == "pain"]
    np.testing.assert_array_equal(own["estimate"], [row["estimate"] for row in wanted])
    np.testing.assert_array_equal(own["conf_low"], [row["conf_low"] for row in wanted])
    again = rate_importance(models, repeats=10, draws=100, seed=3)
    pd.testing.assert_frame_equal(table, again.table)


def test_the_planted_order_and_its_words(importance):
    rows = importance.table[importance.table["headline"]].set_index(["context", "feature"])
    rise = rows["estimate"]
    assert rise["startle", "motion"] > rise["startle", "gaze"] > rise["startle", "still"]
    assert rows.loc[("startle", "gaze"), "conf_low"] > 0
    assert abs(rise["disgust", "motion"]) < 0.05
    told = importance.sentence()
    assert "startle: motion 0." in told
    assert told.index("startle: motion") < told.index("gaze")
    row = importance.glance().iloc[0]
    assert (row["n_contexts"], row["n_features"], row["n_clusters"]) == (3, 4, 20)


def test_a_jackknife_limit_equals_leaving_people_out(models, importance):
    row = importance.table.query("context.isna() and feature == 'motion' and headline").iloc[0]
    assert row["method"] == "jackknife"
    assert row["conf_high"] - row["estimate"] == pytest.approx(row["estimate"] - row["conf_low"])
    # t(.975; 19) = 2.093
    assert row["conf_high"] - row["estimate"] == pytest.approx(2.093 * row["std_error"], rel=1e-3)


def test_forests_too(draw_clips):
    clips = draw_clips(subjects=30, seed=3)
    forest = fit_forest(
        clips, target="score", features=FEATURES, parts=split_subjects(clips, seed=1), trees=20,
        seed=1,
    )  # fmt: skip
    found = rate_importance(forest, repeats=3, draws=20, seed=1)
    assert found.sentence().startswith("Random forest: rise of the test RMSE")
    assert found.table["context"].isna().all()


def test_what_cannot_be_rated(models, draw_clips):
    with pytest.raises(OptionError, match="repeats is 0"):
        rate_importance(models, repeats=0)
    with pytest.raises(OptionError, match="alike is 0"):
        rate_importance(models, alike=0)
    clips = draw_clips(subjects=20)
    parts = split_subjects(clips, train=0.7, validate=0.3, test=0, seed=1)
    untested = fit_elastic(clips, target="score", features=FEATURES, parts=parts)
    with pytest.raises(DataError, match="fewer than 3 test subjects"):
        rate_importance(untested)
