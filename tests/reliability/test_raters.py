"""Rater descriptions against pandas loops, and careless raters planted in a good crowd.

Tolerance 1e-10: the same sums in another order.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.reliability import rate_reliability
from exprstats.reliability.raters import judge_raters, remove_raters

ODD = "ignore:(item|raters) '.*:exprstats.errors.DataWarning"


def plant(crowd):
    """Add a rater who answers at random and one who always says 2 to every second clip."""
    rng = np.random.default_rng(9)
    clips = crowd.drop_duplicates("clip").iloc[::2]
    bots = [clips.assign(rater="random", rating=rng.uniform(-4, 8, len(clips)))]
    bots.append(clips.assign(rater="two", rating=2.0))
    return pd.concat([crowd, *bots], ignore_index=True)


def find_row(result, rater):
    [row] = result.table[result.table["rater"] == rater].to_dict("records")
    return row


def estimate_single(table):
    return rate_reliability(table, cluster=None).table["estimate"].iloc[0]


@pytest.mark.filterwarnings(ODD)
def test_descriptions_equal_loops(crowd):
    result = judge_raters(crowd)
    for rater, rows in crowd.groupby("rater"):
        found = find_row(result, rater)
        rest = crowd[crowd["rater"] != rater].groupby("clip")["rating"].mean()
        both = rows.set_index("clip")["rating"].to_frame("own").join(rest.rename("others")).dropna()
        assert found["n_ratings"] == len(rows)
        assert found["severity"] == pytest.approx((both["own"] - both["others"]).mean(), abs=1e-10)
        assert found["agreement"] == pytest.approx(both.corr().iloc[0, 1], abs=1e-10)
        assert found["spread"] == pytest.approx(both["own"].std() / both["others"].std(), abs=1e-10)
        assert found["n_values"] == rows["rating"].nunique()
        without = crowd[crowd["rater"] != rater]
        change = estimate_single(crowd) - estimate_single(without)
        assert found["influence"] == pytest.approx(change, abs=1e-10)


@pytest.mark.filterwarnings(ODD)
@pytest.mark.parametrize("ordered", [True, False])
def test_complete_tables_equal_loops(ordered, make_ratings):
    """Ratings that stand clip by clip are summed as a matrix, others by their clips."""
    matrix = np.random.default_rng(4).normal(size=(12, 4)).round(1) + np.arange(12)[:, None]
    table = make_ratings(matrix)
    result = judge_raters(table if ordered else table.sample(frac=1, random_state=1))
    for rater, own in enumerate(matrix.T):
        others = [sum(row[:rater]) / 3 + sum(row[rater + 1 :]) / 3 for row in matrix.tolist()]
        found = find_row(result, sorted(table["rater"].unique())[rater])
        assert found["severity"] == pytest.approx(np.mean(own - others), abs=1e-10)
        assert found["spread"] == pytest.approx(np.std(own) / np.std(others), abs=1e-10)
        assert found["agreement"] == pytest.approx(np.corrcoef(own, others)[0, 1], abs=1e-10)


def test_careless_raters_are_flagged_by_rule_and_good_ones_are_not(crowd):
    result = judge_raters(plant(crowd))
    flags = dict(zip(result.table["rater"], result.table["flag"], strict=True))
    assert "disagrees" in flags["random"]
    assert flags["two"] == "one value"
    assert all(flag == "" for rater, flag in flags.items() if rater not in {"random", "two"})
    assert find_row(result, "two")["mode_share"] == 1.0
    assert find_row(result, "random")["influence"] < 0


def test_a_severe_rater_is_flagged(make_crowd):
    table = make_crowd(3, subjects=30)
    table.loc[table["rater"] == "w4", "rating"] -= 5
    assert "severe" in find_row(judge_raters(table), "w4")["flag"]


@pytest.mark.filterwarnings(ODD)
def test_effect_is_the_reliability_with_and_without(crowd):
    table = plant(crowd)
    effect = judge_raters(table).effect.iloc[0]
    assert effect["n_flagged"] == 2
    assert effect["estimate"] == pytest.approx(estimate_single(table))
    kept = table[~table["rater"].isin(["random", "two"])]
    assert effect["estimate_without"] == pytest.approx(estimate_single(kept))
    assert effect["estimate_without"] > effect["estimate"]


def test_nothing_is_removed_unless_asked(crowd):
    table = plant(crowd)
    before = table.copy(deep=True)
    result = judge_raters(table)
    pd.testing.assert_frame_equal(table, before)
    assert "No rating was removed" in result.sentence()
    left = remove_raters(table, result)
    pd.testing.assert_frame_equal(left, table[~table["rater"].isin(["random", "two"])])


def test_flags_are_by_item(crowd):
    table = pd.concat([plant(crowd), crowd.assign(item="other")], ignore_index=True)
    result = judge_raters(table)
    assert result.effect.set_index("item")["n_flagged"].to_dict() == {"response": 2, "other": 0}
    left = remove_raters(table.assign(rater="w0"), result)
    assert len(left) == len(table)


def test_few_ratings_are_never_flagged(crowd):
    result = judge_raters(plant(crowd), least=30)
    assert (result.table["flag"] == "").all()
    assert "0 of 17 raters are flagged." in result.sentence()


def test_bad_options(crowd):
    with pytest.raises(OptionError, match="mode 2"):
        judge_raters(crowd, mode=2)
    with pytest.raises(DataError, match="1 rating"):
        judge_raters(crowd.drop_duplicates("clip"))


def test_raters_who_are_equally_severe_are_not_flagged_for_rounding():
    values = [0.1 * clip + 1 / 3 for clip in range(10)]
    rows = [
        {"clip": f"c{clip}", "rater": f"r{rater}", "item": "q", "rating": value + (rater == 0)}
        for clip, value in enumerate(values)
        for rater in range(7)
    ]
    flags = judge_raters(pd.DataFrame(rows)).table["flag"].tolist()
    assert flags == ["lenient", *[""] * 6]


def test_ratings_without_items_cannot_lose_raters(make_crowd):
    table = make_crowd(1, subjects=12, workers=10)
    with pytest.raises(DataError, match="no column 'item'"):
        remove_raters(table.drop(columns="item"), judge_raters(table))


@pytest.mark.parametrize("options", [{"least": 2}, {"lowest": "low"}, {"mode": 0}])
def test_each_threshold_names_itself(make_crowd, options):
    with pytest.raises(OptionError, match=f"^{next(iter(options))} "):
        judge_raters(make_crowd(1, subjects=5), **options)


def test_of_three_raters_nobody_is_called_severe():
    """Of .08, .08 and -.16 the median deviation is 0, however little the third differs."""
    shifts = {"a": 0.0, "b": 0.0, "c": -0.2}
    rows = [
        {"clip": f"c{clip}", "rater": rater, "item": "q", "rating": clip % 7 + shift}
        for clip in range(20)
        for rater, shift in shifts.items()
    ]
    found = judge_raters(pd.DataFrame(rows))
    assert found.table["flag"].tolist() == ["", "", ""]
    assert "among 5 raters or more" in found.sentence()


def test_a_question_with_one_answer_is_left_out_with_its_reason(crowd):
    flat = crowd.assign(item="flat", rating=3.0)
    with pytest.warns(
        DataWarning, match="'flat': all .* ratings are 3.* Its raters are not judged"
    ):
        found = judge_raters(pd.concat([crowd, flat], ignore_index=True))
    assert set(found.table["item"]) == set(crowd["item"])
