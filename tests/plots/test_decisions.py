"""Figure 1: curves as they stand in the table. Numbers compared exactly."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.plots import draw_decisions


@dataclass
class Told:
    table: pd.DataFrame

    def tidy(self):
        return self.table.copy()


def build_table(contexts=("pain", None), items=("motion",), numbers=(1, 2, 4, 8)):
    rows = [
        {"context": context, "item": item, "raters_per_clip": k, "estimate": k / (k + 1)}
        for context in contexts
        for item in items
        for k in numbers
    ]
    table = pd.DataFrame(rows)
    return table.assign(conf_low=table["estimate"] - 0.1, conf_high=table["estimate"] + 0.1)


def test_points_are_filled_from_where_the_estimate_reaches_the_target():
    data = draw_decisions(Told(build_table()), target=0.8).data
    assert data["estimate"].tolist() == [1 / 2, 2 / 3, 4 / 5, 8 / 9] * 2
    assert data["reached"].tolist() == [False, False, True, True] * 2
    assert draw_decisions(Told(build_table())).data["reached"].all()


def test_numbers_of_clips_have_panels_of_their_own():
    table = pd.concat([build_table().assign(clips_per_subject=m) for m in (1, 4)])
    plot = draw_decisions(Told(table))
    assert plot.data.groupby(["context", "item"], observed=True).size().tolist() == [4] * 4
    assert plot.labels.y == "Reliability of a subject's mean"
    assert "clips_per_subject" in table and table["item"].unique().tolist() == ["motion"]


def test_a_published_table_without_contexts_has_one_panel():
    table = build_table(contexts=(None,)).drop(columns=["context", "item"])
    data = draw_decisions(Told(table)).data
    assert len(data) == 4
    data = draw_decisions(Told(build_table().rename(columns={"context": "task"}))).data
    assert len(set(data["context"])) == 2


def test_limits_that_nothing_attains_are_cut_and_undefined_rows_left_out():
    table = build_table(contexts=(None,))
    table.loc[0, "conf_low"] = -np.inf
    table.loc[1, "estimate"] = np.nan
    data = draw_decisions(Told(table)).data
    assert data["conf_low"].tolist() == [-0.2, 4 / 5 - 0.1, 8 / 9 - 0.1]
    with pytest.raises(DataError, match="no reliability is defined"):
        draw_decisions(Told(table.assign(estimate=np.nan)))


def test_too_many_contexts_leave_the_pooled_curve_and_too_many_items_the_first():
    contexts = (*(f"c{place}" for place in range(6)), None)
    plot = draw_decisions(Told(build_table(contexts, [f"q{place}" for place in range(10)])))
    assert len(plot.data) == 4 * 8
    assert plot.labels.caption == (
        "All contexts together, without the 6 alone. The first 8 of 10 questions."
    )


def test_the_figure_can_be_drawn():
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = draw_decisions(Told(build_table()), target=0.8).draw()
    texts = [text.get_text() for text in figure.findobj(Text)]
    plt.close(figure)
    assert {"pain", "All", "motion", "Raters per clip", "8"} <= set(texts)
