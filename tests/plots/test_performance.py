"""Figure 3: what stands in the drawing is what stands in the table. Numbers compared exactly."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.plots import draw_performance, label_metrics


def list_texts(plot):
    """Return every text that the drawn figure shows."""
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = plot.draw()
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_text()]
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
    assert list_texts(draw_performance(comparison)).count("All") == 1


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
