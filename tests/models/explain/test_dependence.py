"""Partial dependence, against scikit-learn's and a straight line (1e-9, the same means)."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence

from exprstats.errors import OptionError
from exprstats.models import fit_elastic, fit_forest, split_subjects, trace_dependence

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def data(clips):
    return {
        "clips": clips,
        "target": "score",
        "features": FEATURES,
        "parts": split_subjects(clips, seed=1),
        "by": "context",
    }


def test_a_forest_s_equals_scikit_learn(data, clips):
    # Of a feature with two values, both take these two as their steps.
    two = {**data, "clips": clips.assign(gaze=(clips["gaze"] > 0).astype(float))}
    forest = fit_forest(trees=10, min_leaves=[5], seed=1, **two)
    found = trace_dependence(forest, features=["gaze"], points=2).table
    for fit in forest.fits[:3]:
        own = found[found["context"] == fit.sample.context]
        values = forest.design.split(fit.sample, "train")[0]
        peer = partial_dependence(fit.forest, values, [1], method="brute")
        np.testing.assert_array_equal(own["value"], peer["grid_values"][0])
        np.testing.assert_allclose(own["estimate"], peer["average"][0], atol=1e-9)


def test_steps_run_between_percentiles(data):
    elastic = fit_elastic(alphas=[0.1], l1_ratios=[0.5], **data)
    found = trace_dependence(elastic, features=["gaze"], points=7).table
    values = elastic.design.split(elastic.fits[1].sample, "train")[0]
    low, high = np.quantile(values[:, 1], [0.05, 0.95])
    own = found[found["context"] == "pain"]
    np.testing.assert_allclose(own["value"], np.linspace(low, high, 7), atol=1e-9)


def test_a_net_s_is_a_line_with_the_weight_as_slope(data):
    elastic = fit_elastic(**data)
    found = trace_dependence(elastic, points=3).table
    for fit in elastic.fits[:3]:
        own = found[(found["context"] == fit.sample.context) & (found["feature"] == "motion")]
        slope = np.diff(own["estimate"]) / np.diff(own["value"])
        np.testing.assert_allclose(slope, fit.weights[0] / fit.moments.scale[0], atol=1e-9)
    told = trace_dependence(elastic).sentence()
    assert "startle: motion (" in told
    assert "all clips: " in told


@pytest.mark.parametrize("most", [1, 1000])
def test_steps_predicted_apart_and_together_are_the_same(data, monkeypatch, most):
    forest = fit_forest(trees=10, min_leaves=[5], seed=1, **data)
    found = trace_dependence(forest, features=["gaze"], points=7).table["estimate"]
    # By default all seven steps are one call, here one step each or a few.
    monkeypatch.setattr("exprstats.models.explain.dependence.MOST_ROWS", most)
    again = trace_dependence(forest, features=["gaze"], points=7).table["estimate"]
    np.testing.assert_allclose(again, found, atol=1e-12)


def test_unknown_features_and_too_few_points(data):
    elastic = fit_elastic(alphas=[0.1], l1_ratios=[0.5], **data)
    with pytest.raises(OptionError, match=r"'gazes' is no feature of the models. Did you mean"):
        trace_dependence(elastic, features=["gazes"])
    for points in (1, 2.5):
        with pytest.raises(OptionError, match=f"points is {points}"):
            trace_dependence(elastic, points=points)


def test_one_feature_may_come_without_a_list(data):
    elastic = fit_elastic(alphas=[0.1], l1_ratios=[0.5], **data)
    found = trace_dependence(elastic, features="gaze", points=3).table
    pd.testing.assert_frame_equal(
        found, trace_dependence(elastic, features=["gaze"], points=3).table
    )


def test_contexts_that_are_numbers_keep_their_names(draw_clips):
    """Beside the pooled model, which has none, pandas would make 1 a 1.0."""
    clips = draw_clips(subjects=20, seed=1)
    clips["context"] = clips["context"].factorize()[0] + 1
    parts = split_subjects(clips, seed=1)
    models = fit_elastic(
        clips, target="score", features=["motion", "gaze"], by="context", parts=parts, alphas=[0.1]
    )
    text = trace_dependence(models, points=3).sentence()
    assert ": 1: " in text and "; 2: " in text and "; all clips: " in text
    assert set(models.table["context"].dropna().map(str)) == {"1", "2", "3"}
