"""Differences between models as they stand in the table. Numbers compared exactly."""

import numpy as np
import pytest

from exprstats.errors import DataError
from exprstats.plots import draw_differences


def list_texts(plot):
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = plot.draw()
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_text()]
    plt.close(figure)
    return texts


def test_points_are_the_headline_differences(make_comparison):
    comparison = make_comparison()
    data = draw_differences(comparison).data
    assert data["estimate"].tolist() == [9.0] * 4
    assert not data["sure"].any()
    comparison.table["p_adjusted"] = np.where(comparison.table["context"].isna(), 0.01, 0.2)
    assert draw_differences(comparison).data["sure"].tolist() == [False, False, True, True]


def test_pairs_and_metrics_are_named_with_what_is_better(make_comparison):
    texts = list_texts(draw_differences(make_comparison(), names={"elastic": "ElasticNet"}))
    assert "ElasticNet − mean" in texts
    assert "Δ NRMSE\n(below 0: the first is better)" in texts
    assert "Δ Correlation\n(above 0: the first is better)" in texts


def test_an_undefined_difference_leaves_its_line_empty(make_comparison):
    comparison = make_comparison()
    lost = comparison.table["versus"].notna() & comparison.table["context"].isna()
    comparison.table.loc[lost, ["estimate", "conf_low", "conf_high"]] = np.nan
    plot = draw_differences(comparison)
    assert len(plot.data) == 2
    assert list_texts(plot)


def test_too_many_lines_leave_the_pooled_differences(make_comparison):
    contexts = (*(f"c{place}" for place in range(50)), None)
    plot = draw_differences(make_comparison(contexts=contexts))
    assert len(plot.data) == 2
    assert plot.labels.caption == "All contexts together; the 50 contexts do not fit on a page."


def test_scores_alone_are_no_picture(make_comparison):
    comparison = make_comparison()
    comparison.table = comparison.table[comparison.table["versus"].isna()]
    with pytest.raises(DataError, match="no difference between models"):
        draw_differences(comparison)
