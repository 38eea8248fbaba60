"""Moments of columns against published values, scipy and pandas.

scipy and pandas compute the same sums in another order: 1e-12. Published values are printed to 6
digits: 5e-7.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.descriptives import describe_columns
from exprstats.descriptives.moments import count_values, find_edges, measure_moments
from exprstats.errors import DataError, OptionError

CLOSE = {"rel": 1e-12, "abs": 1e-12}
# Miles per gallon of 32 cars (Henderson & Velleman, 1981), R's mtcars.
MILES = np.array(
    [
        *(21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4),
        *(10.4, 14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8),
        *(19.7, 15, 21.4),
    ]
)


def test_the_cars_have_their_published_moments():
    # e1071 in R, types 1 and 3 (type 3 is that of psych::describe, printed .61 and -.37).
    first, third = measure_moments(MILES, 1), measure_moments(MILES, 3)
    assert (first["skew"], first["kurtosis"]) == pytest.approx((0.6404399, -0.2005332), abs=5e-7)
    assert (third["skew"], third["kurtosis"]) == pytest.approx((0.6106550, -0.3727660), abs=5e-7)
    assert (first["mean"], first["sd"]) == pytest.approx((20.090625, 6.026948), abs=5e-7)


@pytest.mark.parametrize("size", [4, 5, 40, 1000])
def test_types_1_and_2_are_scipys_and_pandas(size):
    values = np.random.default_rng(size).gamma(2, size=size) * 1e3 + 1e5
    plain, usual = measure_moments(values, 1), measure_moments(values)
    assert plain["skew"] == pytest.approx(stats.skew(values), **CLOSE)
    assert plain["kurtosis"] == pytest.approx(stats.kurtosis(values), **CLOSE)
    for found in (stats.skew(values, bias=False), pd.Series(values).skew()):
        assert usual["skew"] == pytest.approx(found, rel=1e-9)
    for found in (stats.kurtosis(values, bias=False), pd.Series(values).kurt()):
        assert usual["kurtosis"] == pytest.approx(found, rel=1e-8)
    assert usual["sd"] == pytest.approx(pd.Series(values).std(), **CLOSE)
    assert (usual["low"], usual["high"], usual["n_values"]) == (values.min(), values.max(), size)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_a_scale_turned_round_turns_the_skewness(kind):
    values = np.random.default_rng(1).integers(0, 5, 60).astype(float)
    one, other = measure_moments(values, kind), measure_moments(4 - values, kind)
    assert other["skew"] == pytest.approx(-one["skew"], **CLOSE)
    assert other["kurtosis"] == pytest.approx(one["kurtosis"], **CLOSE)
    wide = measure_moments(1e6 + 100 * values, kind)
    assert (wide["skew"], wide["kurtosis"]) == pytest.approx((one["skew"], one["kurtosis"]), 1e-9)


@pytest.mark.parametrize(
    ("values", "lacking", "note"),
    [
        ([], {"mean", "sd", "skew", "kurtosis", "low", "high"}, "no value is known"),
        ([np.nan], {"mean", "sd", "skew", "kurtosis", "low", "high"}, "no value is known"),
        ([3.0], {"sd", "skew", "kurtosis"}, "a single observation: no skewness or kurtosis"),
        ([3.0, 4.0], {"skew", "kurtosis"}, "skewness needs 3 values, kurtosis 4"),
        ([3.0, 4.0, 9.0], {"kurtosis"}, "kurtosis needs 4 values"),
        ([0.1] * 7, {"skew", "kurtosis"}, "one value only: no skewness or kurtosis"),
    ],
)
def test_what_is_not_defined_is_missing_and_said(values, lacking, note):
    found = measure_moments(np.array(values, float))
    numbers = {name: one for name, one in found.items() if name not in {"n", "n_values", "note"}}
    assert {name for name, one in numbers.items() if np.isnan(one)} == lacking
    assert found["note"] == note


def test_a_type_that_is_not_known_is_refused():
    with pytest.raises(OptionError, match=r"skew_type 4 is not known; it can be 1, 2"):
        describe_columns(pd.DataFrame({"x": [1.0, 2.0]}), "x", skew_type=4)


def test_values_are_counted_one_by_one_or_in_bins():
    values = np.array([0.0, 1, 1, 2, np.nan])
    assert find_edges(values) is None
    rows = count_values(values)
    assert [(row["low"], row["n"], row["share"]) for row in rows] == [
        (0, 1, 0.25),
        (1, 2, 0.5),
        (2, 1, 0.25),
    ]
    many = np.random.default_rng(2).normal(size=300)
    edges = find_edges(many)
    rows = count_values(many, edges)
    assert len(rows) == 20 and sum(row["n"] for row in rows) == 300
    inside = (many >= rows[7]["low"]) & (many < rows[7]["high"])
    assert rows[7]["n"] == inside.sum()


@pytest.fixture(scope="module")
def clips():
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"subject": np.repeat(list("abcdef"), 6), "context": ["joy", "fear"] * 18})
    table["score"] = rng.normal(size=36)
    table["smile"] = rng.exponential(size=36)
    table.loc[3, "score"] = np.nan
    return table


def test_columns_are_described_by_context_as_pandas_does(clips):
    found = describe_columns(clips, ["score", "smile"], by="context", what="scores")
    table = found.table.set_index(["column", "context"])
    for (context, name), row in clips.melt(["subject", "context"]).groupby(["context", "variable"]):
        ours, values = table.loc[(name, context)], row["value"]
        assert (ours["n"], ours["n_missing"]) == (values.count(), values.isna().sum())
        assert ours["n_clusters"] == row.loc[values.notna(), "subject"].nunique()
        wanted = (values.mean(), values.std(), values.skew(), values.kurt())
        assert tuple(ours[["mean", "sd", "skew", "kurtosis"]]) == pytest.approx(wanted, rel=1e-9)
    pooled = found.table[found.table["context"].isna()]
    assert pooled["n"].tolist() == [35, 36]
    assert found.key == "scores" and found.observations["value"].isna().sum() == 1
    assert "score: M = " in found.sentence()


def test_one_context_has_one_row_and_the_order_of_rows_does_not_matter(clips):
    one = describe_columns(clips[clips["context"] == "joy"], "score", by="context")
    assert one.table["context"].isna().all() and len(one.table) == 1
    mixed = clips.sample(len(clips), random_state=3)
    first, second = (describe_columns(table, "smile").table for table in (clips, mixed))
    assert second["mean"].item() == pytest.approx(first["mean"].item(), **CLOSE)
    with pytest.raises(DataError, match="not numbers"):
        describe_columns(clips, "subject")
