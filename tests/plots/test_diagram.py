"""Figure 2: the numbers on the arrows are those of the table. Texts compared as printed."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.plots import draw_factor

ITEMS = ("response", "emotion", "motion")


def list_texts(plot):
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = plot.draw()
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_text()]
    plt.close(figure)
    return texts


def build_table(contexts=("startle", None), items=ITEMS, parts=("train", "all")):
    rows = []
    for part in parts:
        for place, context in enumerate(contexts):
            for rank, item in enumerate(items):
                value = 0.9 - 0.1 * rank - 0.01 * place - (0.3 if part == "train" else 0)
                key = {"context": context, "part": part, "item": item}
                limits = {"conf_low": value - 0.02, "conf_high": value + 0.02}
                rows.append({**key, "term": "loading", "estimate": value, **limits})
                rows.append({**key, "term": "residual", "estimate": 1 - value**2})
    return pd.DataFrame(rows)


@pytest.fixture
def make_factor(make_result):
    return lambda **options: make_result(build_table(**options))


def test_arrows_hold_the_loadings_of_all_clips(make_factor):
    texts = list_texts(draw_factor(make_factor(), name="Expressiveness"))
    assert texts.count(".90\n[.88, .92]") == 1
    assert ".89\n[.87, .91]" in texts
    assert "ε .19" in texts
    assert not any(text.startswith(".60") for text in texts)  # that is the training fit
    assert {"startle", "All", *ITEMS} <= set(texts)
    assert "".join(texts).count("Expressivene") == 2


def test_the_only_fit_is_drawn_where_there_is_one(make_factor):
    texts = list_texts(draw_factor(make_factor(parts=("train",))))
    assert ".60\n[.58, .62]" in texts


def test_arrows_start_on_the_circle_and_end_at_the_boxes(make_factor):
    for contexts in ((None,), ("startle", None)):
        data = draw_factor(make_factor(contexts=contexts)).data
        assert np.allclose(np.hypot(data["start_x"], data["start_y"]), 0.36)
        inside = abs(data["near_x"] - data["middle_x"]) <= data["wide"] + 1e-12
        assert inside.all()
        assert (abs(data["near_y"] - data["middle_y"]) <= data["high"] + 1e-12).all()


def test_contexts_that_do_not_fit_on_a_page_are_left_out_and_named(make_factor):
    contexts = (*(f"c{place}" for place in range(7)), None)
    plot = draw_factor(make_factor(contexts=contexts, items=[f"x{place}" for place in range(9)]))
    assert len(plot.data) == 9
    assert plot.labels.caption == "All clips together (All); the 7 contexts do not fit on a page."


def test_intervals_that_are_not_there_leave_the_loading(make_factor):
    factor = make_factor(contexts=(None,))
    factor.table[["conf_low", "conf_high"]] = np.nan
    assert ".90" in list_texts(draw_factor(factor))


def test_negative_loadings_are_dashed(make_factor):
    factor = make_factor(contexts=(None,))
    factor.table.loc[factor.table["item"].eq("motion"), "estimate"] *= -1
    data = draw_factor(factor).data
    assert data.set_index("item")["negative"].to_dict() == {
        "response": False,
        "emotion": False,
        "motion": True,
    }


def test_a_factor_without_loadings_is_no_picture(make_result):
    table = build_table()
    with pytest.raises(DataError, match="no loadings"):
        draw_factor(make_result(table[table["term"].ne("loading")]))


def test_the_table_is_not_changed(make_factor):
    factor = make_factor()
    before = factor.table.copy()
    draw_factor(factor)
    pd.testing.assert_frame_equal(factor.table, before)
