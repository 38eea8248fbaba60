"""Designs at the edge: few raters, gaps, perfect agreement, contexts that share nothing, one value.

Each table is drawn here; the right numbers come from loops over pandas groups and from the formulas
of McGraw and Wong (1996) typed out, which share no code with the package. Tolerance 1e-10: the same
arithmetic in another order. Sentences are read at each edge.
"""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.reliability import (
    choose_icc,
    describe_design,
    plan_raters,
    rate_reliability,
    study_decisions,
)
from exprstats.reliability.icc.estimands import CONSISTENCY, measure_estimand


def draw_crossed(seed, subjects, clips, raters, *, severity=0.0, error=0.8):
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.normal(0, 0.8, subjects), clips) + rng.normal(0, 0.6, subjects * clips)
    bias = rng.normal(0, severity, raters)
    return level[:, None] + bias + rng.normal(0, error, (len(level), raters))


def name_subjects(table, clips):
    return table.assign(subject="s" + (table["clip"].str[1:].astype(int) // clips).astype(str))


def square(matrix):
    """Mean squares of a complete table: clips, raters, error."""
    n, k = matrix.shape
    clip = k * matrix.mean(axis=1).var(ddof=1)
    rater = n * matrix.mean(axis=0).var(ddof=1)
    rest = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    return clip, rater, (rest**2).sum() / ((n - 1) * (k - 1))


def agree(matrix, averaged=True):
    (n, k), (msr, msc, mse) = matrix.shape, square(matrix)
    more = 0 if averaged else k - 1
    share = 1 if averaged else k
    return (msr - mse) / (msr + more * mse + share * (msc - mse) / n)


def limit_agreement(matrix):
    """McGraw and Wong's limits of ICC(A,1)."""
    (n, k), (msr, msc, mse) = matrix.shape, square(matrix)
    r = agree(matrix, averaged=False)
    a, b = k * r / (n * (1 - r)), 1 + k * r * (n - 1) / (n * (1 - r))
    v = (a * msc + b * mse) ** 2 / ((a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1)))
    low, high = stats.f.ppf(0.975, n - 1, v), stats.f.ppf(0.975, v, n - 1)
    rest = k * msc + (k * n - k - n) * mse
    return n * (msr - low * mse) / (low * rest + n * msr), n * (high * msr - mse) / (
        rest + n * high * msr
    )


@pytest.mark.parametrize("model", ["one-way", "two-way", "auto"])
def test_two_coders_get_the_interval_over_subjects(make_ratings, model):
    matrix = draw_crossed(1, 24, 5, 2)
    table = name_subjects(make_ratings(matrix), 5)
    result = rate_reliability(table, model=model)
    row = result.table.query("headline").iloc[0]
    assert row["method"] == "jackknife_subjects"
    refused = result.table.query("method == 'jackknife'")
    assert refused["estimate"].notna().all()
    assert refused["conf_low"].isna().all()
    assert refused["note"].str.contains("of two raters none can be left out").all()
    assert (
        "Two raters are too few for an interval that allows for raters; this one leaves out the 24 "
        "subjects one by one and treats the raters as fixed." in result.sentence()
    )
    assert "No subjects" not in result.sentence()
    if model != "one-way":
        values = [agree(np.delete(matrix, range(5 * s, 5 * s + 5), axis=0)) for s in range(24)]
        reach = stats.t.ppf(0.975, 23) * (np.var(values) * 23) ** 0.5
        assert row["estimate"] == pytest.approx(agree(matrix), abs=1e-10)
        assert row["raw_low"] == pytest.approx(agree(matrix) - reach, abs=1e-10)


def test_fixed_raters_get_the_interval_over_subjects(make_ratings):
    matrix = draw_crossed(8, 24, 3, 12, severity=0.8)
    table = name_subjects(make_ratings(matrix), 3)
    sample, fixed = (
        rate_reliability(table, model="two-way", raters=raters) for raters in ("sample", "fixed")
    )
    one, two = (result.table.query("headline").iloc[0] for result in (sample, fixed))
    assert (one["method"], two["method"]) == ("jackknife", "jackknife_subjects")
    assert one["estimate"] == two["estimate"]
    values = [agree(np.delete(matrix, range(3 * s, 3 * s + 3), axis=0)) for s in range(24)]
    assert two["std_error"] == pytest.approx((np.var(values) * 23) ** 0.5, abs=1e-10)
    assert two["std_error"] < one["std_error"]
    assert "The interval does not allow for other raters" in fixed.sentence()
    assert "too few" not in fixed.sentence()
    with pytest.raises(OptionError, match="takes raters as a sample"):
        rate_reliability(table, raters="fixed")


def test_one_gap_changes_next_to_nothing(make_ratings):
    matrix = draw_crossed(2, 30, 1, 2)
    whole = rate_reliability(make_ratings(matrix), model="auto")
    gap = matrix.copy()
    gap[11, 1] = np.nan
    with pytest.warns(DataWarning, match="1 of 30 clips has 1 rating"):
        result = rate_reliability(make_ratings(gap), model="auto")
    assert result.model == whole.model == "two-way"
    rows = result.table.query("method == 'satterthwaite'").set_index("term")
    assert rows["estimate"].notna().all()
    single = rows.loc["ICC(A,1)"]
    assert single["estimate"] == pytest.approx(
        whole.table.query("term == 'ICC(A,1)'")["estimate"].iloc[0], abs=0.03
    )
    low, high = limit_agreement(np.delete(matrix, 11, axis=0))
    assert (single["conf_low"], single["conf_high"]) == pytest.approx((low, high), abs=1e-10)
    assert "the 29 clips that all raters rated" in single["note"]
    assert result.table.query("headline")["method"].item() == "satterthwaite"
    assert describe_design(make_ratings(gap)).table["kind"].item() == "crossed with gaps"


def test_three_raters_name_their_degrees_of_freedom_and_stay_in_range(make_ratings):
    table = name_subjects(make_ratings(draw_crossed(5, 12, 3, 3, severity=0.9)), 3)
    result = rate_reliability(table, model="two-way")
    row = result.table.query("headline").iloc[0]
    assert (row["method"], row["df"]) == ("jackknife", 2)
    assert row["raw_high"] > 1
    assert row["conf_high"] == 1
    assert result.table["conf_high"].max() <= 1
    text = result.sentence()
    assert (
        "With only 3 raters this interval rests on 2 degrees of freedom and is very wide." in text
    )
    assert "For these raters alone, treated as fixed, it is [" in text
    # The design effect compares subjects with clips, not two degrees of freedom with many.
    rows = result.table.query("term == 'ICC(A,k)'").set_index("method")
    width = rows["raw_high"] - rows["raw_low"]
    effect = (width["jackknife_subjects"] / width["satterthwaite"]) ** 2
    assert result.design["design_effect"].item() == pytest.approx(effect, rel=1e-6)


@pytest.mark.parametrize("model", ["one-way", "two-way"])
def test_perfect_agreement_is_1_everywhere(make_ratings, model):
    result = rate_reliability(make_ratings([[1, 1], [2, 2], [3, 3], [4, 4]]), model=model)
    assert (result.table["estimate"] == 1).all()
    assert result.table["conf_low"].isna().all()
    assert "= 1.00 for the mean of 2 raters" in result.sentence()
    assert "agree perfectly about every clip, so that no interval" in result.sentence()
    assert (study_decisions(result).table["estimate"] == 1).all()


def test_an_icc_of_exactly_0_is_not_called_negative(make_ratings):
    """Clip means −1, 0, 1 and two ratings 2 apart: both mean squares are 2."""
    matrix = 0.1 * np.array([[-2, 0], [-1, 1], [0, 2]]) + 0.3
    result = rate_reliability(make_ratings(matrix))
    assert result.table["estimate"].tolist() == [0, 0]
    assert "negative" not in result.sentence()
    assert "Zero: clips differ just as much as" in result.sentence()


def test_limits_in_the_range_of_a_single_rating(make_ratings):
    matrix = draw_crossed(3, 4, 2, 3, error=3.0)
    table = rate_reliability(name_subjects(make_ratings(matrix), 2)).table
    singles = table[table["k_rule"].isna()]
    assert (singles["conf_low"].dropna() >= -1 / 2).all()
    assert (table["conf_high"].dropna() <= 1).all()


def add_contexts(make_ratings, seed=4, apart=3.0):
    """Two contexts of 20 subjects with 2 clips each, whose levels are far apart; own raters."""
    frames = []
    for place, name in enumerate(("pain", "joy")):
        matrix = draw_crossed(seed + place, 20, 2, 4, error=1.2) + apart * place
        frame = name_subjects(make_ratings(matrix), 2)
        frames.append(frame.assign(context=name, rater=name + frame["rater"]))
    return pd.concat(frames, ignore_index=True)


def find_within(table):
    """ICC(k) from the sums of squares within contexts, and the F ratio with its degrees."""
    ssb = ssw = dfb = dfw = 0.0
    for _, part in table.groupby("context"):
        groups = part.groupby("clip")["rating"]
        ssb += (groups.size() * (groups.mean() - part["rating"].mean()) ** 2).sum()
        ssw += ((part["rating"] - groups.transform("mean")) ** 2).sum()
        dfb, dfw = dfb + groups.ngroups - 1, dfw + len(part) - groups.ngroups
    return 1 - (ssw / dfw) / (ssb / dfb), (ssb / dfb) / (ssw / dfw), dfb, dfw


def test_the_pooled_row_is_the_reliability_within_contexts(make_ratings):
    table = add_contexts(make_ratings)
    result = rate_reliability(table, by="context")
    pooled = result.table[result.table["context"].isna()]
    value, ratio, dfb, dfw = find_within(table)
    row = pooled.query("headline").iloc[0]
    assert row["term"] == "ICC(1,k)"
    assert row["estimate"] == pytest.approx(value, abs=1e-10)
    subjects = table["subject"].unique()
    values = [find_within(table[table["subject"] != name])[0] for name in subjects]
    assert row["std_error"] == pytest.approx((np.var(values) * (len(values) - 1)) ** 0.5, abs=1e-10)
    by_f = pooled.query("method == 'f' and term == 'ICC(1,k)'").iloc[0]
    limits = 1 - stats.f.ppf([0.975, 0.025], dfb, dfw) / ratio
    assert by_f[["conf_low", "conf_high"]].tolist() == pytest.approx(limits.tolist(), abs=1e-10)
    beside = pooled.query("method == 'f' and term == 'ICC(1,k) of all clips'")["estimate"].item()
    contexts = result.table.query("headline and context.notna()")["estimate"]
    assert contexts.min() < row["estimate"] < contexts.max() < beside
    within, whole = (f"{x:.2f}".removeprefix("0") for x in (row["estimate"], beside))
    assert f"Ratings of x within contexts: ICC(1,k) = {within}, 95% CI [" in result.sentence()
    assert f"counted as reliability, all clips give {whole}." in result.sentence()


@pytest.mark.parametrize("model", ["one-way", "two-way", "nested"])
def test_levels_of_contexts_do_not_matter_within_them(make_ratings, model):
    near, far = (add_contexts(make_ratings, apart=apart) for apart in (0.0, 50.0))
    for table in (near, far):
        table["rater"] = table["rater"].str.replace("pain|joy", "", regex=True)
    found = []
    for table in (near, far):
        rows = rate_reliability(table, by="context", model=model, draws=40, seed=1).table
        rows = rows[~rows["term"].str.contains("all clips")]
        found.append(rows[["estimate", "conf_low", "conf_high"]])
    pd.testing.assert_frame_equal(*found, atol=1e-8, rtol=0)


@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_the_interval_within_contexts_holds_the_truth(make_ratings, count):
    """Clip variance 1, error 1.44 / 4: the truth is 1 / 1.36 whatever the levels of contexts."""
    held = []
    for seed in range(0, 2 * count, 2):
        table = rate_reliability(add_contexts(make_ratings, seed=seed), by="context").table
        row = table[table["context"].isna() & table["headline"]].iloc[0]
        held.append(row["conf_low"] <= 1 / 1.36 <= row["conf_high"])
    assert np.mean(held) > 0.95 - 4 * (0.95 * 0.05 / len(held)) ** 0.5


def test_panels_of_their_own_refuse_the_pooled_row_alone(make_ratings):
    table = add_contexts(make_ratings).drop(columns="subject")
    result = rate_reliability(table, by="context", model="two-way")
    pooled = result.table["context"].isna()
    assert result.table.loc[~pooled, "estimate"].notna().all()
    assert result.table.loc[pooled, ["estimate", "conf_low"]].isna().all(axis=None)
    assert result.table.loc[pooled, "note"].str.contains("2 sets that share nothing").all()
    assert "ICC(A,k) was not estimated: raters and clips fall into 2 sets" in result.sentence()
    assert "model='one-way'" not in result.sentence()
    assert rate_reliability(table, by="context", model="auto").model == "two-way"
    assert choose_icc(table, by="context").term == "ICC(A,k)"
    assert choose_icc(table).term == "ICC(1,k)"
    assert plan_raters(result).table["note"].iloc[-1] == "not estimated"
    assert "there is no estimate" in plan_raters(result).sentence()


def test_a_context_without_reliability_does_not_take_the_others_along(make_ratings):
    table = add_contexts(make_ratings)
    flat = table[table["context"] == "joy"].assign(context="calm", rating=2.0)
    result = rate_reliability(pd.concat([table, flat], ignore_index=True), by="context")
    rows = result.table.query("headline").set_index(result.table.query("headline")["context"])
    assert np.isnan(rows.loc["calm", "estimate"])
    assert "all 160 ratings are 2" in rows.loc["calm", "note"]
    assert rows.loc[["pain", "joy"], "estimate"].notna().all()
    assert "in calm: ICC(1,k) was not estimated" in result.sentence()


def test_one_context_is_not_called_several(make_ratings):
    table = add_contexts(make_ratings).query("context == 'pain'")
    result = rate_reliability(table, by="context")
    assert not result.table["term"].str.contains("all clips").any()
    assert "within contexts" not in result.sentence()


@pytest.mark.parametrize(
    ("cells", "model"), [(1.0, "two-way"), (0.97, "two-way"), (0.5, "one-way")]
)
def test_one_decision_for_one_table(make_ratings, cells, model):
    matrix = draw_crossed(6, 40, 1, 4)
    lost = np.random.default_rng(1).random(matrix.shape) > cells
    lost[:, :2] &= cells > 0.9
    table = make_ratings(np.where(lost, np.nan, matrix))
    result = rate_reliability(table, model="auto")
    term = result.table.query("headline")["term"].item()
    assert result.model == model
    assert choose_icc(table).term == term
    assert describe_design(table).table["recommended"].item() == term


def test_ties_and_coarse_scales(make_ratings):
    matrix = np.round(draw_crossed(7, 20, 2, 3, severity=0.5)).clip(-1, 1)
    result = rate_reliability(name_subjects(make_ratings(matrix), 2), model="auto")
    assert result.table["estimate"].between(-1, 1).all()
    assert result.table.query("headline")["estimate"].item() == pytest.approx(agree(matrix))


@pytest.mark.parametrize("answers", [(1.0, 2, 4), (0.1, 0.4, 0.9), (1 / 3, 2 / 3, 2)])
@pytest.mark.parametrize("model", ["two-way", "one-way"])
def test_clips_with_one_mean_have_no_reliability(model, answers, make_ratings):
    """Every clip has the same ratings in another order, as ranks have.

    Signal and errors cancel to rounding: what is left of their sum is no variance to divide by.
    """
    matrix = list(itertools.permutations(answers))
    found = rate_reliability(make_ratings(matrix), model=model)
    of_means = found.table[found.table["term"].str.endswith(",k)")]
    assert of_means["estimate"].isna().all()
    assert of_means["note"].str.contains("clips vary less than any variance allows").all()
    assert "< −10" not in found.sentence()


@pytest.mark.parametrize("seed", range(12))
def test_cancelled_components_divide_nothing(seed):
    """1 − MSE/MSR with MSR = 0 is −∞, whatever rounding leaves of signal + error/k."""
    rng = np.random.default_rng(seed)
    error, k = rng.uniform(0.1, 10), int(rng.integers(2, 8))
    parts = {"clip": -error / k, "rater": 0.0, "residual": error * (1 + rng.uniform(-2, 2) * 1e-16)}
    assert measure_estimand(CONSISTENCY, parts, {"k": k}) == -np.inf


@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_values_above_1_say_why(make_ratings):
    """Few ratings overlap, and the residual variance comes out negative."""
    rng = np.random.default_rng(0)
    matrix = 3 * rng.normal(size=(6, 1)) + rng.normal(size=(1, 5)) + 0.2 * rng.normal(size=(6, 5))
    matrix[rng.random(matrix.shape) < 0.5] = np.nan
    found = rate_reliability(make_ratings(matrix), model="two-way")
    assert found.design["variance_residual"].item() < 0
    above = found.table["estimate"] > 1
    assert above.any() and not above.all()
    said = found.table["note"].str.contains("above 1: the variance of error comes out negative")
    assert said.fillna(False).tolist() == above.tolist()


def test_ratings_at_one_end_of_the_scale_are_told(make_ratings):
    rng = np.random.default_rng(1)
    matrix = np.clip(np.round(rng.normal(-1.2, 1, size=(30, 4))), 0, 4)
    matrix[:4] += np.eye(4)
    share = (matrix == 0).mean()
    assert share > 0.8
    with pytest.warns(DataWarning, match=f"{share:.0%} of the ratings are the lowest, 0"):
        rate_reliability(make_ratings(matrix))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rate_reliability(make_ratings(matrix + rng.normal(size=matrix.shape)))


def test_the_sentence_names_the_clips_behind_an_interval_of_complete_ones(make_ratings):
    """McGraw and Wong's limits rest on the clips that all rated, 11 of 14 here."""
    rng = np.random.default_rng(8)
    matrix = np.round(3 + rng.normal(size=(14, 1)) + 0.6 * rng.normal(size=(14, 3)), 1)
    matrix[[2, 6, 9], [0, 1, 2]] = np.nan
    found = rate_reliability(make_ratings(matrix), model="two-way")
    assert "(14 clips; " in found.sentence()
    assert ", of the 11 clips that all raters rated)" in found.sentence()


@pytest.mark.parametrize(("contexts", "count"), [(4, 5), (5, 6), (6, 1), (40, 1)])
def test_many_contexts_without_a_reliability_are_one_problem(contexts, count):
    rows = [(f"c{i}", f"r{i}", "joy", str(i % contexts), float(i % 5)) for i in range(80)]
    ratings = pd.DataFrame(rows, columns=["clip", "rater", "item", "age", "rating"])
    with pytest.raises(DataError) as caught:
        rate_reliability(ratings, by="age")
    # Below the bound each context is named, and all together.
    assert len(caught.value.problems) == count
    if count == 1:
        told = caught.value.speak("command")
        assert f"{contexts} of {contexts} contexts have no reliability" in told
        assert "Name a column of few contexts" in told
