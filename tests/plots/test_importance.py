"""Figure 6: importance as it stands in the table, models below each other. Compared exactly."""

import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.plots import draw_importance, save_figure


@pytest.fixture
def make_importance(make_result):
    def make(model="elastic", features=("count", "speed"), estimates=(0.3, -0.1, 0.2, 0.0)):
        rows = [
            {"context": context, "model": model, "term": "importance", "feature": feature}
            for context in ("fear", None)
            for feature in features
        ]
        kept = []
        for row, estimate in zip(rows, estimates, strict=True):
            limits = {"conf_low": estimate - 0.25, "conf_high": estimate + 0.1}
            kept += [
                row | {"estimate": estimate, **limits, "headline": True},
                row | {"estimate": 9.0, "conf_low": 8.0, "conf_high": 10.0, "headline": False},
            ]
        group = {"term": "group_importance", "feature": " + ".join(features), "estimate": 7.0}
        kept.append(kept[0] | group)
        return make_result(pd.DataFrame(kept))

    return make


def test_points_are_the_headline_rows_and_filled_where_the_interval_is_above_zero(make_importance):
    plot = draw_importance(make_importance())
    assert plot.data["estimate"].tolist() == [0.3, -0.1, 0.2, 0.0]
    assert plot.data["place"].tolist() == [0.0, -1.0, 0.0, -1.0]
    assert plot.data["fill"].tolist() == ["0000", "none", "none", "none"]


def test_models_stand_below_each_other_in_their_order(make_importance):
    plot = draw_importance([make_importance(), make_importance("trees")], names={"trees": "Forest"})
    drawn = plot.data[plot.data["context"].eq("0000")]
    first, second = (drawn[drawn["model"].eq(code)]["place"].tolist() for code in ("0000", "0001"))
    assert first == pytest.approx([0.18, -0.82])
    assert second == pytest.approx([-0.18, -1.18])
    scale = next(scale for scale in plot.scales if "color" in scale.aesthetics)
    assert list(scale.labels) == ["elastic", "Forest"]


def test_of_many_features_the_largest_are_drawn_and_the_figure_says_so(make_importance):
    one = make_importance(features=("a", "b", "c"), estimates=(0.1, 0.5, 0.2, 0.0, 0.0, 0.4))
    plot = draw_importance(one, most=2)
    scale = next(scale for scale in plot.scales if "y" in scale.aesthetics)
    assert list(scale.labels) == ["b", "c"]
    assert plot.labels.caption == "The 2 of 3 features with the largest importance."


def test_no_importance_is_no_picture(make_importance):
    one = make_importance()
    one.table = one.table[one.table["term"].ne("importance")]
    with pytest.raises(DataError, match="no importance was measured"):
        draw_importance(one)


def test_hostile_names_are_drawn_as_they_are(make_importance, tmp_path):
    names = ("$\\frac{1}{0}$", "<script>alert(1)</script>")
    several = [make_importance(one, names) for one in ("$x_1$ & {y}", "%s")]
    png, _ = save_figure(draw_importance(several), tmp_path / "figure")
    assert png.stat().st_size > 5000


def test_an_empty_list_is_refused():
    with pytest.raises(OptionError, match="importance is an empty list"):
        draw_importance([])
