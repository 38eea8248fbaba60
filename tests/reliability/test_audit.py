"""Published rows recomputed: Tables 1, 5 and 6 of Lin, Girard, and Morency (2020).

The witness searches 201 estimates that round to the printed one with scipy's F distribution; the
package crosses the three ranges that printing allows instead. No tolerance: both say yes or no.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError, OptionError
from exprstats.reliability.audit import Printed, audit_table, read_printed

PUBLISHED = pd.read_csv(
    Path(__file__).parents[1] / "oracles" / "reliability" / "lin2020.csv",
    dtype=dict.fromkeys(["table", "question", "estimate", "conf_low", "conf_high"], str),
)


def search_estimates(row):
    """Whether any estimate that rounds to the printed one gives limits that round to theirs."""
    decimals = len(row["estimate"].partition(".")[2])
    half = 0.5 * 10**-decimals
    n, k = row["n_clips"], row["raters_per_clip"]
    x = float(row["estimate"]) + np.linspace(-half, half, 201)
    ratio = 1 / (1 - x)
    low = 1 - stats.f.ppf(0.975, n - 1, n * (k - 1)) / ratio
    high = 1 - 1 / (ratio * stats.f.ppf(0.975, n * (k - 1), n - 1))
    near = (np.abs(low - float(row["conf_low"])) <= half + 1e-9) & (
        np.abs(high - float(row["conf_high"])) <= half + 1e-9
    )
    return bool(near.any())


def f_limits(estimate, n, k):
    ratio = 1 / (1 - estimate)
    low = 1 - stats.f.ppf(0.975, n - 1, n * (k - 1)) / ratio
    return low, 1 - 1 / (ratio * stats.f.ppf(0.975, n * (k - 1), n - 1))


def test_verdicts_equal_a_search():
    found = audit_table(PUBLISHED).table["consistent"].tolist()
    assert found == [search_estimates(row) for row in PUBLISHED.to_dict("records")]


def test_what_there_is_to_be_found():
    table = audit_table(PUBLISHED).table
    wrong = table[~table["consistent"]]
    names = (wrong["table"] + " " + wrong["task"] + " " + wrong["question"]).tolist()
    assert names == [
        *[f"5 sadness {question}" for question in "1234"],
        *["5 startle 2", "5 startle 3", "5 fear 2", "5 disgust 4", "6 startle 2", "6 pain 3"],
    ]
    notes = dict(zip(names, wrong["note"], strict=True))
    assert all("it fits 35 clips, not 40" in notes[f"5 sadness {q}"] for q in "1234")
    assert "the upper limit reads .881, not .861" in notes["5 startle 3"]
    assert "the estimate reads .331, not .391" in notes["5 fear 2"]
    assert "it fits 24 clips, not 25" in notes["6 startle 2"]


def test_sadness_follows_from_35_clips():
    rows = PUBLISHED[PUBLISHED["task"] == "sadness"].assign(n_clips=35)
    assert audit_table(rows).table["consistent"].all()


def test_limits_of_the_printed_estimate():
    row = audit_table(PUBLISHED).table.query("table == '5' and task == 'sadness'").iloc[0]
    ratio = 1 / (1 - 0.419)
    assert row["expected_low"] == round(1 - stats.f.ppf(0.975, 39, 80) / ratio, 3)
    assert row["expected_high"] == round(1 - 1 / (ratio * stats.f.ppf(0.975, 80, 39)), 3)


@pytest.mark.parametrize(
    ("term", "df"), [("ICC(1,1)", (29, 90)), ("ICC(C,k)", (29, 87)), ("ICC(C,1)", (29, 87))]
)
def test_other_coefficients(term, df):
    ratio = 1 / (1 - 0.82)
    low = 1 - stats.f.ppf(0.95, *df) / ratio
    high = 1 - 1 / (ratio * stats.f.ppf(0.95, *df[::-1]))
    values = np.array([0.82, low, high])
    if term.endswith("1)"):
        values = values / (4 - 3 * values)
    row = dict(zip(["estimate", "conf_low", "conf_high"], values.round(4), strict=True))
    frame = pd.DataFrame([row | {"n_clips": 30, "raters_per_clip": 4}])
    assert audit_table(frame, term=term, level=0.9).table["consistent"].all()
    assert not audit_table(frame, term=term, level=0.95).table["consistent"].any()


def test_rows_keep_their_keys_and_index():
    part = PUBLISHED.iloc[[20, 3]].set_index(pd.Index(["x", "y"]))
    table = audit_table(part).table
    assert table.index.tolist() == ["x", "y"]
    assert table[PUBLISHED.columns].equals(part)


def test_sentence_counts_and_names():
    text = audit_table(PUBLISHED).sentence()
    assert text.startswith("30 of 40 printed rows follow from the 95% F interval of ICC(1,k).")
    assert "5 sadness 1: expected [.021, .673]" in text


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"estimate": "n/a"}, "n/a"),
        ({"n_clips": 1}, "needs n ≥ 2"),
        ({"raters_per_clip": 1}, "k > 1"),
    ],
)
def test_rows_that_are_no_reliabilities(change, match):
    row = {"estimate": ".84", "conf_low": ".80", "conf_high": ".88"}
    frame = pd.DataFrame([row | {"n_clips": 30, "raters_per_clip": 6} | change])
    with pytest.raises(DataError, match=match):
        audit_table(frame)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        # .93 was printed as .99: one digit; limits that change places are another slip.
        ({"estimate": ".99"}, "it fits if the estimate reads"),
        ({"conf_low": ".96", "conf_high": ".88"}, "; it fits with its limits exchanged"),
        (
            {"conf_low": ".88", "conf_high": ".80"},
            "; even with its limits exchanged, no other n, k or single digit explains it",
        ),
        ({"estimate": "93", "conf_low": "88", "conf_high": "96"}, "93 [88, 96] is impossible"),
        (
            {"estimate": "93.0", "conf_low": "96.3", "conf_high": "88.3"},
            "; it fits with its numbers read as percent and its limits exchanged",
        ),
        ({"estimate": "1.05"}, ""),
    ],
)
def test_impossible_rows_are_findings_beside_the_others(change, fits):
    row = {"estimate": ".93", "conf_low": ".880", "conf_high": ".963"}
    low, high = f_limits(0.93, 30, 6)
    row = row | {"conf_low": f"{low:.2f}", "conf_high": f"{high:.2f}"}
    frame = pd.DataFrame([row, row | change]).assign(n_clips=30, raters_per_clip=6)
    table = audit_table(frame).table
    assert table["consistent"].tolist() == [True, False]
    note = table["note"][1]
    assert "is impossible, for whatever data: it is no coefficient in its limits" in note
    assert fits in note
    assert pd.isna(table["expected_low"][1]) == (float(change.get("estimate", 0)) >= 1)


def test_percent_and_means_of_raters_are_said():
    low, high = (f"{100 * limit:.1f}" for limit in f_limits(0.783, 25, 3.5))
    row = {"estimate": "78.3", "conf_low": low, "conf_high": high}
    share = {name: f"{float(text) / 100:.3f}" for name, text in row.items()}
    frame = pd.DataFrame([row, share]).assign(n_clips=25, raters_per_clip=3.5)
    table = audit_table(frame).table
    assert table["consistent"].tolist() == [False, True]
    assert "it fits with its numbers read as percent; 3.5 raters are a mean" in table["note"][0]
    said = "3.5 raters are a mean: of unequal numbers the F interval is approximate"
    assert table["note"][1] == said


def test_rows_are_counted_as_the_file_shows_them():
    good = {"estimate": ".5", "conf_low": ".2", "conf_high": ".7", "n_clips": 30}
    frame = pd.DataFrame([good, good | {"estimate": "x"}]).assign(raters_per_clip=3)
    with pytest.raises(DataError, match=r"^row 3: 'x' is not a finite number"):
        audit_table(frame)


def test_missing_columns_and_words():
    with pytest.raises(DataError, match="no column 'n_clips'"):
        audit_table(PUBLISHED.drop(columns="n_clips"))
    with pytest.raises(OptionError, match="term"):
        audit_table(PUBLISHED, term="ICC(A,1)")


def test_printed_numbers_keep_their_decimals():
    assert read_printed(".750") == Printed(0.75, 3)
    assert read_printed("−1.010") == Printed(-1.01, 3)
    assert read_printed(0.5, 2).low == pytest.approx(0.495)
    values = [other.value for other in Printed(-0.12, 2).misprints()]
    assert {0.12, -0.21, -0.82, -0.15}.issubset(values)
