"""Codes of id columns, and the short cuts on them, against pandas.

Tolerance 1e-12: the same sums in another order.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.codes import (
    Codes,
    encode_column,
    encode_columns,
    keep_codes,
    note_codes,
    recall_codes,
    recode,
    repeats_rows,
)
from exprstats.reliability import rate_reliability
from exprstats.reliability.icc import checks as oddities
from exprstats.reliability.icc.oneway import find_block, sum_clips
from exprstats.reliability.icc.panels import number_cells


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.integers(1, 4))
def test_codes_follow_first_appearance(values, times):
    column = np.repeat(np.array(values), times)
    np.testing.assert_array_equal(recode(column), pd.factorize(column)[0])


def test_texts_in_runs_and_not_get_the_same_codes(make_crowd):
    table = make_crowd(1)
    mixed = table.sample(frac=1, random_state=1)
    for frame in (table, mixed, table.astype({"clip": object}), table.astype({"clip": "category"})):
        codes = encode_columns(frame, None, "subject")
        for name in ("clip", "rater", "item", "subject"):
            expected, levels = pd.factorize(frame[name])
            np.testing.assert_array_equal(codes[name].codes, expected)
            assert list(codes[name].levels) == list(levels)


def test_levels_of_categories_keep_their_order():
    levels = pd.CategoricalIndex(["b", "a"], categories=["a", "z", "b"])
    assert Codes(np.array([0, 1]), levels).order == ["a", "b"]


@pytest.mark.parametrize("empty", [None, "", "  ", "\t"])
def test_empty_ids_are_found(make_crowd, empty):
    table = make_crowd(1)
    table.loc[7, "rater"] = empty
    assert encode_columns(table, None, "subject") is None


def test_a_repeated_key_is_found_wherever_it_stands(make_crowd):
    table = make_crowd(1)
    assert encode_columns(table, None, "subject") is not None
    for row in (0, len(table) // 2, len(table) - 1):
        again = pd.concat([table, table.iloc[[row]]])
        assert encode_columns(again, None, "subject") is None


def test_blocks_are_summed_like_any_order():
    rng = np.random.default_rng(1)
    clip, values = np.repeat(np.arange(30), 4), rng.normal(size=120)
    order = rng.permutation(120)
    assert (find_block(clip), find_block(clip[order])) == (4, 0)
    assert find_block(np.array([0, 0, 1, 1, 1])) == find_block(np.array([0, 1, 0, 1])) == 0
    assert find_block(np.array([1, 1, 0, 0])) == find_block(np.array([0, 0, 0, 2])) == 0
    blocks, mixed = sum_clips(values, clip), sum_clips(values[order], clip[order])
    for name in ("counts", "totals", "within", "shift", "each"):
        np.testing.assert_allclose(getattr(blocks, name), getattr(mixed, name), atol=1e-12)
    np.testing.assert_allclose(blocks.squares[order], mixed.squares, atol=1e-12)


@pytest.mark.parametrize("raters", [5, 5_000])
def test_cells_are_numbered_by_subject_and_rater(raters):
    rng = np.random.default_rng(2)
    subject, rater = rng.integers(20, size=300), rng.integers(raters, size=300)
    cell, count = number_cells(subject, rater, raters)
    _, expected = np.unique(subject * raters + rater, return_inverse=True)
    np.testing.assert_array_equal(cell, expected)
    assert count == expected.max() + 1


def test_raters_who_vary_late_are_not_called_constant(monkeypatch):
    monkeypatch.setattr(oddities, "_SCREENS", (10,))
    rater = np.tile(np.arange(3), 20)
    values = np.where(rater == 0, 1.0, np.arange(60.0))
    values[rater == 2] = 2.0
    values[59] = 3.0
    constant, rows = oddities.find_constant(rater, values)
    assert (list(constant), list(rater[rows])) == ([0], [0])


def test_kept_codes_are_not_those_of_other_values_at_their_place():
    buffer = bytearray(np.array([1, 1, 2]).tobytes())
    with keep_codes():
        first = pd.Series(np.frombuffer(buffer, dtype=np.int64), copy=False)
        assert encode_column(first).codes.tolist() == [0, 0, 1]
        buffer[:] = np.array([4, 5, 6]).tobytes()
        second = pd.Series(np.frombuffer(buffer, dtype=np.int64), copy=False)
        assert encode_column(second).codes.tolist() == [0, 1, 2]
        assert len(first) == 3  # whose values lie at the same place


def test_order_of_rows_changes_no_number(make_crowd):
    table = make_crowd(5, raters=(3, 3))
    one = rate_reliability(table).table
    two = rate_reliability(table.sample(frac=1, random_state=4)).table
    pd.testing.assert_frame_equal(one, two, rtol=1e-12)


def test_kept_codes_are_those_of_the_column_and_go_with_it():
    ids = [f"x{place % 7}" for place in range(50)]
    with keep_codes():
        table = pd.DataFrame({"clip": pd.array(ids, dtype="str"), "rating": 1.0})
        first = encode_column(table["clip"])
        assert encode_column(table.assign(item="q")["clip"]) is first
        assert recall_codes(table["clip"]) is first
        # A copy that is changed has codes of its own.
        other = table.copy()
        other.loc[0, "clip"] = "new"
        assert recall_codes(other["clip"]) is None
        assert encode_column(other["clip"]).levels[0] == "new"
        assert encode_column(table["clip"]).levels.tolist() == [f"x{place}" for place in range(7)]
        assert recall_codes(table["clip"].iloc[:9]) is None
        del table, other, first
        fresh = pd.DataFrame({"clip": pd.array(["a", "b", "a"], dtype="str")})
        note_codes(fresh["clip"], np.array([0, 1, 0]), ["a", "b"])
        assert recall_codes(fresh["clip"]).codes.tolist() == [0, 1, 0]
        # Levels that come twice, or are empty, are coded anew.
        again = pd.DataFrame({"clip": pd.array(["a", "a"], dtype="str")})
        note_codes(again["clip"], np.array([0, 1]), ["a", "a"])
        assert encode_column(again["clip"]).codes.tolist() == [0, 0]
    assert recall_codes(fresh["clip"]) is None
    assert not repeats_rows(fresh.assign(rater=["x", "x", "y"]), ["clip", "rater"])
    assert repeats_rows(fresh, ["clip"])
