"""Figure 3: what stands in the drawing is what stands in the table. Numbers compared exactly."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from exprstats.errors import DataError
from exprstats.inference import list_metrics
from exprstats.plots import draw_performance, label_metrics


def list_texts(plot):
    """Return every text that the drawn figure shows."""
    from matplotlib import pyplot as plt

    figure = plot.draw()
    found = figure.findobj(lambda one: isinstance(one, Text) and one.get_visible())
    texts = [text.get_text() for text in found if text.get_text()]
    plt.close(figure)
    return texts


def find_rows(plot, geom):
    """Return the rows that a layer draws."""
    return next(layer for layer in plot.layers if type(layer.geom).__name__ == geom)._data


def test_points_are_the_headline_scores_and_nothing_else(make_comparison):
    comparison = make_comparison()
    plot = draw_performance(comparison)
    table = comparison.tidy()
    kept = table[table["versus"].isna() & table["headline"] & table["estimate"].notna()]
    assert sorted(plot.data["estimate"]) == sorted(kept["estimate"])
    ranged = find_rows(plot, "geom_segment")
    assert np.allclose(ranged["conf_high"] - ranged["conf_low"], 0.05)


def test_an_undefined_score_is_named_and_not_drawn(make_comparison):
    texts = list_texts(draw_performance(make_comparison()))
    assert texts.count("not defined") == 2


def test_one_context_needs_no_name(make_comparison):
    assert "All" not in list_texts(draw_performance(make_comparison(contexts=(None,))))
    assert "All" in list_texts(draw_performance(make_comparison()))


def find_height(plot):
    """Return the height of a figure in inches."""
    return plot.theme.getp("figure_size")[1]


def test_every_figure_fits_on_a_page(make_comparison):
    contexts = ("startle", "pain", "disgust", "fear", None)
    seven = draw_performance(make_comparison(contexts, [f"model {i}" for i in range(7)]))
    assert find_height(seven) < 9
    assert {"pain", "All"} <= set(list_texts(seven))
    twelve = draw_performance(make_comparison(contexts, [f"model {i}" for i in range(12)]))
    assert find_height(twelve) < 9
    texts = list_texts(twelve)
    told = "All contexts together; the 4 contexts do not fit on a page."
    assert f"Lines: 95% confidence intervals.\n{told}" in texts
    assert len(twelve.data) == 12 * 2
    apart = draw_performance(make_comparison(contexts[:4], [f"model {i}" for i in range(12)]))
    assert {"pain", "fear"} <= set(list_texts(apart))


def test_headings_of_many_metrics_stay_apart(make_comparison):
    from matplotlib import pyplot as plt

    told = make_comparison(models=("one", "two"))
    named = ("nrmse", "correlation", "rmse", "correlation_between")
    told.table = pd.concat([told.table.assign(metric=name) for name in named])
    told.samples = tuple(type(told.samples[0])(list_metrics()[name]) for name in named)
    figure = draw_performance(told).draw()
    figure.canvas.draw()
    heads = figure.findobj(lambda one: isinstance(one, Text) and "better)" in one.get_text())
    edges = sorted((one.get_window_extent().x0, one.get_window_extent().x1) for one in heads)
    plt.close(figure)
    assert len(edges) == len(named)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(edges))


def test_lines_of_names_that_are_wrapped_have_room(make_comparison):
    short = draw_performance(make_comparison(models=("one", "two", "three")))
    long = draw_performance(make_comparison(models=("a name that is long, " * 3, "two", "three")))
    assert find_height(long) > find_height(short)


def test_nothing_is_called_undefined_where_all_is_defined(make_comparison):
    texts = list_texts(draw_performance(make_comparison(models=("elastic", "normal"))))
    assert "not defined" not in texts


def test_models_stand_in_order_contexts_pooled_last_and_directions_are_said(make_comparison):
    plot = draw_performance(make_comparison(models=("zebra", "ape")), names={"zebra": "Zebra!"})
    texts = list_texts(plot)
    scale = next(scale for scale in plot.scales if "y" in scale.aesthetics)
    assert list(scale.limits) == ["0001", "0000"]  # from the bottom up
    assert list(scale.labels) == ["ape", "Zebra!"]
    assert texts.index("startle") < texts.index("All")
    assert "NRMSE\n(lower is better)" in texts
    assert "Correlation\n(higher is better)" in texts


def test_a_context_called_all_stays_apart_from_the_pool(make_comparison):
    texts = list_texts(draw_performance(make_comparison(contexts=("All", None))))
    assert "All" in texts
    assert "All (context)" in [" ".join(text.split()) for text in texts]


def test_an_interval_that_was_refused_leaves_its_point(make_comparison):
    comparison = make_comparison(models=("elastic", "normal"))
    comparison.table.loc[comparison.table["model"].eq("normal"), ["conf_low", "conf_high"]] = np.nan
    plot = draw_performance(comparison)
    assert set(find_rows(plot, "geom_segment")["model"]) == {"0000"}
    assert set(plot.data["model"]) == {"0000", "0001"}
    assert list_texts(plot)


def test_without_contexts_there_is_one_row(make_comparison):
    comparison = make_comparison(contexts=(None,))
    comparison.table = comparison.table.drop(columns="context")
    assert list_texts(draw_performance(comparison)).count("All") == 0


def test_differences_alone_cannot_be_drawn(make_comparison):
    comparison = make_comparison()
    comparison.table = comparison.table[comparison.table["versus"].notna()]
    with pytest.raises(DataError, match="no single model"):
        draw_performance(comparison)


def test_the_table_is_not_changed(make_comparison):
    comparison = make_comparison()
    before = comparison.table.copy()
    draw_performance(comparison)
    pd.testing.assert_frame_equal(comparison.table, before)


def test_metrics_are_named_with_their_direction(make_comparison):
    labels = label_metrics(make_comparison())
    assert labels["nrmse"].direction == "lower is better"
    assert labels["correlation"].name == "Correlation"
    assert labels["correlation"].bounded
