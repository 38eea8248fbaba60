"""Ratings averaged over raters, and scores joined to clips.

Tolerance: none for joins; means 1e-12 against pandas' own group-by.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats import rbridge
from exprstats.errors import DataError, DataWarning, OptionError, RError
from exprstats.measurement import average_raters, fit_factor, join_scores
from exprstats.measurement.factor.items import take_items

ITEMS = ["a", "b", "c"]


def draw_ratings(seed=1, contexts=("calm", "loud"), clips=20):
    rng = np.random.default_rng(seed)
    rows = [
        {
            "context": context,
            "clip": f"k{clip}",
            "subject": f"s{clip % 7}",
            "rater": f"r{rater}",
            "item": item,
            "rating": float(rng.integers(0, 5)),
        }
        for context in contexts
        for clip in range(clips)
        for rater in rng.choice(9, size=rng.integers(1, 6), replace=False)
        for item in ITEMS
    ]
    return pd.DataFrame(rows)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_means_are_those_of_pandas_in_any_order(seed):
    ratings = draw_ratings(seed)
    ratings.loc[ratings.index[::7], "rating"] = np.nan
    shuffled = ratings.sample(frac=1, random_state=seed)
    before = shuffled.copy()
    table = average_raters(shuffled)
    pd.testing.assert_frame_equal(shuffled, before)
    wanted = ratings.pivot_table(
        index=["context", "clip"], columns="item", values="rating", aggfunc="mean", dropna=False
    )
    mine = table.set_index(["context", "clip"])[ITEMS]
    wanted = wanted.reindex(mine.index)
    np.testing.assert_allclose(mine, wanted[ITEMS], atol=1e-12)
    assert list(table.columns[:3]) == ["context", "clip", "subject"]


def test_clips_keep_their_order_of_appearance_and_their_subject():
    table = average_raters(draw_ratings())
    assert list(table["clip"][:3]) == ["k0", "k1", "k2"]
    assert list(table["context"].unique()) == ["calm", "loud"]
    assert list(table["subject"][:8]) == ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s0"]


def test_a_clip_of_two_subjects_is_refused():
    ratings = draw_ratings()
    ratings.loc[1, "subject"] = "other"
    with pytest.raises(DataError, match="clip 'k0' has ratings under two subjects"):
        average_raters(ratings)


def test_an_item_called_like_an_id_is_refused():
    ratings = draw_ratings()
    ratings["item"] = ratings["item"].replace("a", "clip")
    with pytest.raises(DataError, match="an item is called 'clip'"):
        average_raters(ratings)


def test_a_rater_twice_on_a_clip_is_refused():
    ratings = draw_ratings()
    with pytest.raises(DataError, match="rows share their context, clip, rater, item"):
        average_raters(pd.concat([ratings, ratings.head(1)]))


@pytest.fixture
def factor(monkeypatch):
    def refuse(*_arguments, **_options):
        message = "R is not asked here."
        raise RError(message)

    monkeypatch.setattr(rbridge, "call", refuse)
    monkeypatch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
    return fit_factor(draw_items(), items=ITEMS, by="context")


def draw_items():
    rng = np.random.default_rng(8)
    ids = [(context, f"k{clip}", f"s{clip}") for context in ("calm", "loud") for clip in range(40)]
    table = pd.DataFrame(ids, columns=["context", "clip", "subject"])
    table[ITEMS] = rng.normal(size=(80, 1)) + rng.normal(size=(80, 3)) * 0.6
    return table


def test_scores_find_their_clip_and_context_in_any_order(factor):
    clips = draw_items().drop(columns=ITEMS).sample(frac=1, random_state=1).assign(feature=1.0)
    joined = join_scores(clips, factor)
    assert joined.index.equals(clips.index)
    assert list(joined.columns) == [*clips.columns, "score", "score_pooled"]
    scores = factor.scores
    for fitted_on, column in (("context", "score"), ("all", "score_pooled")):
        wanted = scores[scores["fitted_on"] == fitted_on]["score"]
        np.testing.assert_array_equal(joined[column].sort_index(), wanted)
    assert "score" not in clips.columns


def test_without_contexts_there_is_one_score(factor):
    single = fit_factor(draw_items(), items=ITEMS)
    joined = join_scores(draw_items().drop(columns=ITEMS), single)
    assert "score_pooled" not in joined.columns
    np.testing.assert_array_equal(joined["score"], single.scores["score"])


def test_a_clip_name_that_two_contexts_share_needs_the_context(factor):
    clips = draw_items().drop(columns=[*ITEMS, "context"]).head(40)
    with pytest.raises(DataError, match="no column 'context'"):
        join_scores(clips, factor)


def test_ids_that_do_not_match_are_counted_both_ways(factor):
    clips = draw_items().drop(columns=ITEMS)
    strange = clips.assign(clip=clips["clip"].where(clips.index > 9, clips["clip"] + "x"))
    with pytest.raises(DataError, match=r"10 of 80 clips have no score \('k0x'.*10 of 80 scores"):
        join_scores(strange, factor)
    with pytest.warns(DataWarning, match="10 of 80 clips have no score"):
        joined = join_scores(strange, factor, unmatched=0.2)
    assert joined["score"].isna().sum() == 10
    with pytest.warns(DataWarning, match="3 of 80 scores have no clip"):
        join_scores(clips.iloc[3:], factor)
    with pytest.raises(OptionError, match="unmatched"):
        join_scores(clips, factor, unmatched=5)


def test_a_column_that_is_there_already_is_not_overwritten(factor):
    with pytest.raises(DataError, match=r"'score'.*already"):
        join_scores(draw_items().assign(score=1.0), factor)


def test_clips_that_stand_twice_are_refused(factor):
    clips = draw_items()
    with pytest.raises(DataError, match="share their context, clip"):
        join_scores(pd.concat([clips, clips.head(1)]), factor)


def test_items_come_in_category_order_and_whole_columns_give_what_rows_give():
    ratings = pd.DataFrame(
        {
            "clip": ["b", "b", "a", "a"],
            "rater": ["r", "r", "r", "r"],
            "item": pd.Categorical(["z", "y", "z", "y"], ["x", "y", "z"]),
            "rating": [1.0, 2.0, 3.0, 4.0],
        }
    )
    means = average_raters(ratings)
    assert means.to_dict("records") == [
        {"clip": "b", "y": 2.0, "z": 1.0},
        {"clip": "a", "y": 4.0, "z": 3.0},
    ]
    shuffled = average_raters(ratings.iloc[[3, 0, 2, 1]])
    assert shuffled["clip"].tolist() == ["a", "b"]
    assert shuffled["y"].tolist() == [4.0, 2.0]


@pytest.mark.parametrize("column", ["clip", "rater", "item"])
@pytest.mark.parametrize("value", ["", "  ", None])
def test_empty_ids_of_any_column_are_found(column, value):
    ratings = pd.DataFrame(
        {"clip": list("aabb"), "rater": list("rsrs"), "item": "i", "rating": 1.0}
    ).astype({column: object})
    ratings.loc[2, column] = value
    with pytest.raises(DataError, match=f"'{column}'.*1 of 4 cells is empty"):
        average_raters(ratings)


def test_repeated_ratings_are_found_among_few_ids_and_among_many():
    few = pd.DataFrame({"clip": list("aab"), "rater": list("rrr"), "item": "i", "rating": 1.0})
    with pytest.raises(DataError, match="2 rows share their clip, rater, item"):
        average_raters(few)
    names = [f"x{place}" for place in range(50)]
    many = pd.DataFrame({"clip": names, "rater": names, "item": names, "rating": 1.0})
    assert len(average_raters(many)) == 50
    with pytest.raises(DataError, match="2 rows share their clip, rater, item"):
        average_raters(pd.concat([many, many.head(1)]))


@pytest.mark.parametrize("n", [5, 999, 1000, 1001, 2345])
def test_rows_without_clips_are_numbered(n):
    answers = np.random.default_rng(n).normal(size=(n, 3))
    itemset = take_items(pd.DataFrame(answers, columns=list("abc")), list("abc"), None)
    assert itemset.ids["clip"].tolist() == [str(number) for number in range(1, n + 1)]
    np.testing.assert_array_equal(itemset.answers, answers)


@pytest.mark.parametrize("kind", [str, object])
def test_broken_ids_of_items_are_found(kind):
    table = pd.DataFrame({"clip": ["a", "b", "c"], "i": [1.0, 2.0, 4.0]}).astype({"clip": kind})
    table["context"] = ["x", "x", "y"]
    for column, value, fact in (
        ("clip", " ", "1 of 3 cells is empty"),
        ("clip", None, "1 of 3 cells is empty"),
        ("context", "", "1 of 3 cells is empty"),
        ("clip", "b", "2 rows share their context, clip"),
    ):
        broken = table.copy()
        broken.loc[0, column] = value
        with pytest.raises(DataError, match=fact):
            take_items(broken, ["i"], None)
    alike = table.assign(clip=["a", "b", "a"])
    assert len(take_items(alike, ["i"], None).ids) == 3
