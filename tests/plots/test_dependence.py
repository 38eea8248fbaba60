"""Figure 7: curves as they stand in the table. Numbers compared exactly."""

import pandas as pd
import pytest

from exprstats.document.cells import ALL
from exprstats.errors import DataError
from exprstats.plots import draw_dependence, save_figure


@pytest.fixture
def make_curves(make_result):
    def make(contexts=("fear", None), features=("count", "speed"), slopes=None):
        slopes = slopes or [1.0] * len(features)
        rows = [
            {"context": context, "feature": feature, "value": value, "estimate": slope * value}
            for context in contexts
            for feature, slope in zip(features, slopes, strict=True)
            for value in (0.0, 0.5, 1.0)
        ]
        return make_result(pd.DataFrame(rows))

    return make


def list_labels(plot, aesthetic):
    scale = next(scale for scale in plot.scales if aesthetic in scale.aesthetics)
    return list(scale.labels)


def test_lines_are_the_curves_and_the_pooled_one_is_dashed(make_curves):
    curves = make_curves()
    plot = draw_dependence(curves)
    assert plot.data["estimate"].tolist() == curves.table["estimate"].tolist()
    assert list_labels(plot, "linetype") == ["fear", "All"]
    scale = next(scale for scale in plot.scales if "linetype" in scale.aesthetics)
    assert [scale.map([code])[0] for code in ("0000", "0001")] == ["solid", "dashed"]


def test_of_many_contexts_only_the_pooled_line_is_drawn_and_the_figure_says_so(make_curves):
    plot = draw_dependence(make_curves([*(f"c{i}" for i in range(8)), None]))
    assert list_labels(plot, "color") == ["All"]
    assert plot.labels.caption == "All contexts together, without the 8 alone."
    seven = draw_dependence(make_curves([*(f"c{i}" for i in range(7)), None]))
    assert len(list_labels(seven, "color")) == 8


def test_of_many_features_those_that_move_are_drawn_in_their_order(make_curves):
    plot = draw_dependence(make_curves(features=["a", "b", "c"], slopes=[1.0, 0.1, -2.0]), most=2)
    assert plot.data["estimate"].abs().max() == 2.0
    assert 0.1 not in plot.data["estimate"].tolist()
    assert plot.labels.caption == "The 2 of 3 features along which predictions move most."


def test_no_curve_is_no_picture(make_curves):
    curves = make_curves()
    curves.table["estimate"] = float("nan")
    with pytest.raises(DataError, match="there is no curve"):
        draw_dependence(curves)


def test_hostile_names_are_drawn_as_they_are(make_curves, tmp_path):
    curves = make_curves(["$x_1$ & {y}", "%s", None], ["$\\frac{1}{0}$", "<b>&amp;</b>"])
    png, _ = save_figure(draw_dependence(curves), tmp_path / "figure")
    assert png.stat().st_size > 5000


def test_curves_of_contexts_differ_without_their_colours():
    from exprstats.plots.importance import _pick_looks

    dashes = _pick_looks(["calm", "fear", "pain", ALL])[1]
    assert len(set(dashes)) == 4 and dashes[-1] == "dashed"
