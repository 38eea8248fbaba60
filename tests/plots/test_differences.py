"""Differences between models as they stand in the table. Numbers compared exactly."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.inference import compare_models
from exprstats.plots import draw_differences


def list_texts(plot):
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = plot.draw()
    texts = [
        text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()
    ]
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
    told = "All contexts together; the 50 contexts do not fit on a page."
    assert plot.labels.caption == f"Lines: 95% confidence intervals.\n{told}"


def test_scores_alone_are_no_picture(make_comparison):
    comparison = make_comparison()
    comparison.table = comparison.table[comparison.table["versus"].isna()]
    with pytest.raises(DataError, match="no difference between models"):
        draw_differences(comparison)


def test_without_contexts_none_is_said_to_be_left_out(make_comparison):
    plot = draw_differences(make_comparison(contexts=(None,)))
    assert len(plot.data) == 2
    assert plot.labels.caption == "Lines: 95% confidence intervals."
    assert "All" not in list_texts(plot)


@pytest.fixture(scope="module")
def crowd():
    """Twelve models of 66 differences, the fourth the best, in two contexts and all together."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=96)
    table = pd.DataFrame({"clip": [f"c{n}" for n in range(96)], "truth": truth})
    table["subject"] = [f"s{n // 8:02d}" for n in range(96)]
    table["context"] = ["calm", "pain"] * 48
    frames = [
        table.assign(model=f"m{n}", prediction=truth + (1 + abs(n - 3)) * rng.normal(size=96))
        for n in range(12)
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("by", [None, "context"])
@pytest.mark.filterwarnings("ignore:.* draws are too few:exprstats.errors.DataWarning")
def test_more_pairs_than_a_page_holds_leave_those_with_the_best_model(crowd, by):
    plot = draw_differences(compare_models(crowd, metrics="rmse", by=by, draws=100, seed=1))
    assert len(plot.data) == 11
    assert all("m3" in {row["model"], row["versus"]} for _, row in plot.data.iterrows())
    told = "66 differences do not fit on a page; here are the 11 with m3."
    assert plot.labels.caption.endswith(told)
    assert ("2 contexts do not fit" in plot.labels.caption) == (by is not None)
    assert "0 contexts" not in plot.labels.caption


def test_two_models_have_their_contexts_as_lines(crowd):
    two = crowd[crowd["model"].isin({"m3", "m9"})]
    plot = draw_differences(compare_models(two, metrics="rmse", by="context", draws=100, seed=1))
    texts = list_texts(plot)
    assert texts.count("m3 − m9") == 1
    assert {"calm", "pain", "All"} <= set(texts)


@pytest.mark.filterwarnings("ignore:.* draws are too few:exprstats.errors.DataWarning")
@pytest.mark.parametrize("metrics", [["rmse"], ["rmse", "correlation", "spearman", "mae"]])
def test_headings_and_ticks_have_room(crowd, metrics):
    from matplotlib import pyplot as plt

    result = compare_models(crowd, metrics=metrics, draws=100, seed=1)
    figure = draw_differences(result).draw()
    # A character of a tick is about 0.07 inches wide, one of a heading 0.09; 1.9 go to the names.
    room = (6.5 - 1.9) / len(metrics)
    for axes in figure.axes:
        low, high = axes.get_xlim()
        inside = [low <= place <= high for place in axes.get_xticks()]
        labels = [one.get_text() for one in axes.get_xticklabels()]
        shown = [text for text, seen in zip(labels, inside, strict=True) if seen and text]
        assert len(shown) != 1
        assert sum(len(text) + 1 for text in shown) * 0.07 < room
    headings = [text for text in list_texts(draw_differences(result)) if text.startswith("Δ")]
    assert len(headings) == len(metrics)
    widest = max(len(line) for text in headings for line in text.split("\n"))
    assert widest * 0.09 < max(room, 1.4) + 0.05
    plt.close(figure)


def test_headings_call_clusters_subjects_where_they_are(make_comparison, crowd):
    two = crowd[crowd["model"].isin({"m3", "m9"})]
    compared = compare_models(two, metrics="correlation_within", draws=100, seed=1)
    assert any("r within subjects" in text for text in list_texts(draw_differences(compared)))
