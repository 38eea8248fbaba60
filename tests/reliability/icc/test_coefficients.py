"""What rate_reliability does with tables: contexts, items, odd inputs, and what must not matter.

Tolerance 1e-9 where the same sums are taken in another order.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.reliability import rate_reliability

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]
quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read_numbers(result):
    return result.table[NUMBERS].to_numpy(float)


def add_contexts(table):
    return pd.concat(
        [
            table.assign(context="pain"),
            table.assign(context="disgust", rating=table["rating"] ** 2),
        ],
        ignore_index=True,
    )


def test_contexts_come_in_order_and_pooled_rows_last(crowd):
    both = add_contexts(crowd)
    result = rate_reliability(both, by="context")
    assert list(dict.fromkeys(result.table["context"].where(lambda x: x.notna(), "All"))) == [
        "pain",
        "disgust",
        "All",
    ]
    alone = rate_reliability(crowd)
    np.testing.assert_allclose(
        read_numbers(result)[: len(alone.table)], read_numbers(alone), atol=1e-12
    )
    clips = dict(zip(result.design["context"].fillna("All"), result.design["n_clips"], strict=True))
    assert clips == {"pain": 48, "disgust": 48, "All": 96}


def test_pooled_rows_take_a_clip_as_context_and_clip(crowd):
    both = add_contexts(crowd)
    apart = both.assign(clip=both["context"] + both["clip"]).drop(columns="context")
    pooled = rate_reliability(both, by="context").table.query("context.isna()")
    pooled = pooled[pooled["term"].str.endswith("of all clips")]
    np.testing.assert_allclose(
        pooled[NUMBERS].to_numpy(float), read_numbers(rate_reliability(apart)), atol=1e-12
    )
    np.testing.assert_allclose(
        pooled[NUMBERS].to_numpy(float), read_numbers(rate_reliability(both)), atol=1e-12
    )


def test_by_may_be_any_column(crowd):
    both = add_contexts(crowd).rename(columns={"context": "task"})
    named = rate_reliability(both, by="task")
    assert named.table.columns[0] == "context"
    assert set(named.table["context"].dropna()) == {"pain", "disgust"}


def test_items_in_the_order_asked(make_crowd):
    table = pd.concat([make_crowd(1, item="a"), make_crowd(2, item="b")], ignore_index=True)
    assert list(rate_reliability(table).design["item"]) == ["a", "b"]
    result = rate_reliability(table, items=["b", "a"])
    assert list(result.design["item"]) == ["b", "a"]
    assert result.table["headline"].sum() == 2
    assert rate_reliability(table, items="b").design["item"].tolist() == ["b"]


def test_one_headline_a_context_and_item(crowd):
    table = rate_reliability(add_contexts(crowd), by="context").table
    shown = table[table["headline"]]
    assert len(shown) == 3
    assert set(shown["term"]) == {"ICC(1,k)"}
    assert set(shown["k_rule"]) == {"harmonic"}
    assert set(shown["method"]) == {"jackknife"}
    assert set(table["k_rule"].dropna()) == {"n0", "harmonic", "mean"}


def test_without_subjects_f_rows_only(crowd):
    bare = rate_reliability(crowd.drop(columns="subject"))
    assert set(bare.table["method"]) == {"f"}
    assert bare.table["note"].str.contains("clips treated as independent").all()
    assert bare.table["n_clusters"].isna().all()
    with_them = rate_reliability(crowd, cluster=None)
    np.testing.assert_array_equal(read_numbers(bare), read_numbers(with_them))


def test_design_counts(crowd):
    holes = crowd.copy()
    holes.loc[[0, 5], "rating"] = np.nan
    design = rate_reliability(holes).design.iloc[0]
    counts = crowd.groupby("clip").size()
    assert design["n_missing"] == 2
    assert design["n_ratings"] == len(crowd) - 2
    assert (design["n_clips"], design["n_clusters"], design["n_raters"]) == (48, 12, 15)
    assert design["raters_max"] == counts.max()
    assert design["rating_low"] == holes["rating"].min()
    assert design["design_effect"] > 0


def test_missing_ratings_equal_absent_rows(crowd):
    holes = crowd.copy()
    holes.loc[[3, 8], "rating"] = np.nan
    whole, less = (read_numbers(rate_reliability(table)) for table in (holes, holes.dropna()))
    np.testing.assert_allclose(whole, less, atol=1e-12)


def test_constant_rater_is_named(make_ratings):
    matrix = np.random.default_rng(0).normal(size=(8, 4))
    matrix[:, 2] = 3
    with pytest.warns(DataWarning, match="'r2' gave one value"):
        rate_reliability(make_ratings(matrix))


def test_no_variance_at_all(make_ratings):
    with pytest.raises(DataError, match=r"all 9 ratings are 2; reliability is not defined"):
        rate_reliability(make_ratings(np.full((3, 3), 2.0)))


def test_perfect_agreement_has_no_interval(make_ratings):
    table = rate_reliability(make_ratings(np.repeat([[0.1], [0.7], [0.3]], 3, axis=1))).table
    assert table["estimate"].tolist() == [1.0, 1.0]
    assert table[["conf_low", "conf_high"]].isna().all(axis=None)
    assert table["note"].str.contains("agree perfectly").all()


def test_equal_clip_means_have_no_icc_k(make_ratings):
    table = rate_reliability(make_ratings([[1, 2, 3], [3, 1, 2]])).table
    assert table["estimate"].iloc[0] == pytest.approx(-1 / 2)
    assert np.isnan(table["estimate"].iloc[1])
    assert "not defined" in table["note"].iloc[1]


def test_one_rater_per_clip(make_ratings):
    with pytest.raises(DataError, match=r"each of 3 clips has 1 rating; ICC needs 2"):
        rate_reliability(make_ratings([[1], [2], [3]]))


def test_single_ratings_are_kept_counted_and_named(make_ratings):
    table = make_ratings([[1, 2, np.nan], [4, np.nan, np.nan], [5, 6, 4]])
    with pytest.warns(DataWarning, match=r"1 of 3 clips has 1 rating \('c1'\)"):
        result = rate_reliability(table)
    assert result.design["n_single"].tolist() == [1]
    groups = table.groupby("clip")["rating"]
    between = (groups.size() * (groups.mean() - table["rating"].mean()) ** 2).sum() / 2
    assert result.design["ms_between"].iloc[0] == pytest.approx(between)


def test_one_clip_and_one_subject(make_ratings):
    with pytest.raises(DataError, match="needs at least 2"):
        rate_reliability(make_ratings([[1, 2, 3]]))
    alone = make_ratings([[1, 2], [3, 5]]).assign(subject="a")
    table = rate_reliability(alone).table
    assert table["estimate"].notna().all()
    assert table.query("headline")["method"].item() == "f"
    assert table.query("method == 'jackknife'")["note"].str.contains("there is one subject").all()
    with pytest.raises(DataError, match="all clips show one subject"):
        rate_reliability(alone, model="nested")


def test_same_rater_twice(make_ratings):
    table = make_ratings([[1, 2], [3, 5]])
    with pytest.raises(DataError, match="rater 'r0'"):
        rate_reliability(pd.concat([table, table.head(1)]))


def test_clip_of_two_subjects(make_ratings):
    table = make_ratings([[1, 2], [3, 5]]).assign(subject=["a", "b", "b", "b"])
    with pytest.raises(DataError, match="'c0' show more than one subject"):
        rate_reliability(table)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"items": ["respons"]}, DataError, "Did you mean 'response'"),
        ({"by": "task"}, DataError, "no column 'task'"),
        ({"cluster": "person"}, DataError, "no column 'person'"),
        ({"level": 95}, OptionError, "level is 95"),
        ({"model": "two way"}, OptionError, "one-way"),
    ],
)
def test_unknown_words_and_columns(crowd, change, error, match):
    with pytest.raises(error, match=match):
        rate_reliability(crowd, **change)


def test_every_problem_at_once(make_ratings):
    flat = make_ratings(np.ones((3, 2)), item="flat")
    thin = make_ratings([[1], [2]], item="thin")
    with pytest.raises(DataError) as caught:
        rate_reliability(pd.concat([flat, thin]))
    assert len(caught.value.problems) == 2


def test_sentence_in_apa_style(make_ratings):
    fleiss = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    text = rate_reliability(make_ratings(fleiss)).sentence()
    assert "ICC(1,k) = .44, 95% CI [−.88, .91]" in text
    assert "6 clips" in text
    assert "independent" in text


def test_a_very_negative_icc_is_printed_short_and_kept_in_full(make_ratings):
    matrix = [[0, 4.0], [4.1, 0], [0, 4.2]]
    result = rate_reliability(make_ratings(matrix))
    assert result.table.query("headline")["estimate"].iloc[0] < -10
    assert "x: ICC(1,k) < −10, 95% CI [" in result.sentence()
    assert "clips differ less" in result.sentence()


def test_limits_beyond_every_variance_are_not_attainable(make_ratings):
    nan = np.nan
    table = make_ratings([[0, 9, *[nan] * 6], [9, 0.2, *[nan] * 6], [0, 9, 0, 9, 0, 9.3, 0, 9]])
    rows = rate_reliability(table).table.dropna(subset="k_rule").set_index("k_rule")
    assert rows.loc["mean", "raters_per_clip"] == 4
    assert rows.loc["mean", "conf_low"] == -np.inf
    assert "lower limit not attainable" in rows.loc["mean", "note"]
    assert np.isfinite(rows.loc["n0", "conf_low"])


def test_the_design_effect_is_explained_where_it_matters(make_crowd):
    strong = rate_reliability(make_crowd(1, subjects=40, clips=10, workers=20))
    effect = strong.design["design_effect"].item()
    rows = strong.table.query("k_rule == 'n0'").set_index("method")
    width = rows["conf_high"] - rows["conf_low"]
    assert effect == pytest.approx((width["jackknife"] / width["f"]) ** 2)
    assert f"too narrow by a factor of up to {effect**0.5:.1f}" in strong.sentence()
    own = make_crowd(1, subjects=60, clips=2, share=0.0, workers=3000)
    assert "too narrow" not in rate_reliability(own).sentence()


def test_glance_is_one_row(crowd):
    glance = rate_reliability(add_contexts(crowd), by="context").glance()
    assert len(glance) == 1
    assert glance["n_ratings"].iloc[0] == 2 * len(crowd)
    assert glance["n_clips"].iloc[0] == 96


@quick
@given(seed=st.integers(0, 10_000))
def test_row_order_and_names_do_not_matter(crowd, seed):
    mixed = crowd.sample(frac=1, random_state=seed)
    renamed = mixed.assign(rater="z" + mixed["rater"], clip="é" + mixed["clip"])
    np.testing.assert_allclose(
        read_numbers(rate_reliability(renamed)), read_numbers(rate_reliability(crowd)), atol=1e-9
    )


@quick
@given(slope=st.floats(0.01, 100), shift=st.floats(-1000, 1000), sign=st.sampled_from([-1, 1]))
def test_affine_scales_do_not_matter(crowd, slope, shift, sign):
    moved = crowd.assign(rating=sign * slope * crowd["rating"] + shift)
    np.testing.assert_allclose(
        read_numbers(rate_reliability(moved)), read_numbers(rate_reliability(crowd)), atol=1e-8
    )


def test_nothing_is_changed(crowd):
    before = crowd.copy(deep=True)
    rate_reliability(crowd)
    pd.testing.assert_frame_equal(crowd, before)


def test_what_is_no_table_or_holds_a_column_twice_is_told(make_ratings):
    with pytest.raises(OptionError, match="ratings table must be a pandas DataFrame; got a str"):
        rate_reliability("ratings.csv")
    table = make_ratings([[1, 2], [3, 5], [2, 2]])
    with pytest.raises(DataError, match="has 2 columns 'rating'"):
        rate_reliability(pd.concat([table, table[["rating"]]], axis=1))


@pytest.mark.parametrize("draws", [-1, 2.5, "many"])
def test_draws_are_whole_numbers(make_ratings, draws):
    with pytest.raises(OptionError, match=r"draws is .*; it must be a whole number of at least 0"):
        rate_reliability(make_ratings([[1, 2], [3, 5], [2, 2]]), draws=draws)
