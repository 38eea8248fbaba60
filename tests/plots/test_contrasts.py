"""Figure 5: differences as they stand in the table. Numbers compared exactly."""

from dataclasses import dataclass

import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.plots import draw_contrasts


@dataclass
class Told:
    table: pd.DataFrame
    level: float = 0.95

    def tidy(self):
        return self.table.copy()


@pytest.fixture
def contrasts():
    key = {"term": "difference", "headline": True, "conf_low": -0.5, "conf_high": 0.5}
    rows = [
        {
            "context": "pain",
            "versus": "fear",
            "feature": "count",
            "estimate": 0.3,
            "p_adjusted": 0.01,
        },
        {
            "context": "pain",
            "versus": "fear",
            "feature": "speed",
            "estimate": 0.1,
            "p_adjusted": 0.06,
        },
        {
            "context": "pain",
            "versus": "joy",
            "feature": "count",
            "estimate": -0.2,
            "p_adjusted": 0.9,
        },
        {
            "context": "pain",
            "versus": "joy",
            "feature": "speed",
            "estimate": 0.0,
            "p_adjusted": 1.0,
        },
    ]
    slopes = [row | key | {"headline": False, "estimate": 9.0} for row in rows]
    weights = [{"context": "pain", "term": "weight", "feature": "count", "estimate": 8.0}]
    return Told(pd.DataFrame([*weights, *(key | row for row in rows), *slopes]))


def test_points_are_the_headline_differences_and_only_sure_ones_are_filled(contrasts):
    data = draw_contrasts(contrasts).data
    assert data["estimate"].tolist() == [0.3, 0.1, -0.2, 0.0]
    assert data["filled"].tolist() == [True, False, False, False]
    contrasts.level = 0.9
    assert draw_contrasts(contrasts).data["filled"].tolist() == [True, True, False, False]


def test_a_panel_is_a_pair(contrasts):
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = draw_contrasts(contrasts).draw()
    texts = [text.get_text() for text in figure.findobj(Text)]
    plt.close(figure)
    assert texts.index("pain − fear") < texts.index("pain − joy")


def test_features_that_differ_least_are_left_out_and_counted(contrasts):
    plot = draw_contrasts(contrasts, most=1)
    assert plot.data["estimate"].tolist() == [0.3, -0.2]
    assert plot.labels.caption == "The 1 of 2 features that differ most."


def test_without_differences_there_is_no_picture(contrasts):
    contrasts.table = contrasts.table[contrasts.table["term"].eq("weight")]
    with pytest.raises(DataError, match="no difference between contexts"):
        draw_contrasts(contrasts)
