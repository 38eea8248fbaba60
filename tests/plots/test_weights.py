"""Figure 4: weights as they stand in the table. Numbers compared exactly."""

import numpy as np
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.plots import draw_weights
from exprstats.plots.looks import place_multiples


def test_points_are_the_weights_and_only_large_ones_are_filled(make_models):
    plot = draw_weights(make_models())
    assert plot.data["estimate"].tolist() == [0.35, -0.1, 0.2, 0.0]
    assert plot.data["filled"].tolist() == [True, False, True, False]


def test_features_keep_their_order_first_on_top(make_models):
    plot = draw_weights(make_models(features=("zeta", "alpha")))
    scale = next(scale for scale in plot.scales if "y" in scale.aesthetics)
    assert list(scale.labels) == ["alpha", "zeta"]
    assert list(scale.limits) == ["0001", "0000"]


def test_intervals_are_drawn_where_there_are_some_and_stems_where_not(make_models):
    models = make_models()
    models.table["conf_low"] = [0.3, -0.2, np.nan, -0.1, np.nan]
    models.table["conf_high"] = [0.4, 0.1, np.nan, 0.1, np.nan]
    stems, ranges = (layer._data for layer in draw_weights(models).layers[2:4])
    assert stems["estimate"].tolist() == [0.2]
    assert ranges["conf_low"].tolist() == [0.3, -0.2, -0.1]
    assert ranges["conf_high"].tolist() == [0.4, 0.1, 0.1]


def test_all_zero_weights_are_no_picture(make_models):
    with pytest.raises(DataError, match="all weights are zero"):
        draw_weights(make_models(weights=[0.0, 0.0, 0.0, 0.0]))


def test_a_model_without_weights_is_no_picture(make_models):
    models = make_models()
    models.table = models.table[models.table["term"].ne("weight")]
    with pytest.raises(DataError, match="there are no weights"):
        draw_weights(models)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.3, 0.5, [-0.2, 0.0, 0.2, 0.4]),
        (-0.01, 0.12, [0.0]),
        (-2.0, 2.1, [-1.6, 0.0, 1.6]),
        (0.5, -0.3, [-0.2, 0.0, 0.2, 0.4]),
    ],
)
def test_axis_numbers_are_few_multiples_of_the_step(low, high, expected):
    assert np.allclose(place_multiples(0.2, 4)((low, high)), expected)


def test_of_many_features_the_largest_are_drawn_in_their_order_and_the_figure_says_so(make_models):
    names = [f"f{place}" for place in range(6)]
    weights = [0.1, -0.9, 0.2, 0.3, 0.0, 0.05, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0]
    plot = draw_weights(make_models(features=names, weights=weights), most=3)
    scale = next(scale for scale in plot.scales if "y" in scale.aesthetics)
    assert list(scale.labels) == ["f3", "f2", "f1"]
    assert plot.labels.caption == "The 3 of 6 features with the largest weights."
    assert plot.data["estimate"].tolist() == [-0.9, 0.2, 0.3, 0.0, 0.8, 0.0]


@pytest.mark.parametrize("most", [0, -1])
def test_a_figure_of_no_feature_is_refused(make_models, most):
    with pytest.raises(OptionError, match=f"most is {most}; it must be at least 1"):
        draw_weights(make_models(), most=most)
