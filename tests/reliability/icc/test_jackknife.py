"""The cluster interval against loops that leave out one cluster at a time.

The loops recompute ICC(1) from group means with pandas, take it to the n0 of all ratings by the
Spearman–Brown formula, and share no code with the package.
Tolerance 1e-10: the same arithmetic in another order.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.reliability import rate_reliability
from exprstats.reliability.icc.jackknife import combine_thetas, jackknife_panel
from exprstats.reliability.icc.oneway import add_moments, peel_ratings, sum_clips
from exprstats.reliability.icc.panels import split_panels
from exprstats.simulate import simulate_expressiveness


def compute_theta(table):
    groups = table.groupby("clip")["rating"]
    n, total = groups.ngroups, len(table)
    between = (groups.size() * (groups.mean() - table["rating"].mean()) ** 2).sum() / (n - 1)
    within = ((table["rating"] - groups.transform("mean")) ** 2).sum() / (total - n)
    n0 = (total - (groups.size() ** 2).sum() / total) / (n - 1)
    return (between - within) / (between + (n0 - 1) * within), n0


def leave_each_out(table, labels):
    _, k = compute_theta(table)
    singles = np.array([compute_theta(table[labels != label])[0] for label in labels.unique()])
    return np.var(k * singles / (1 + (k - 1) * singles)) * (len(singles) - 1)


def naive_variance(table):
    subject = leave_each_out(table, table["subject"])
    rater = leave_each_out(table, table["rater"])
    cell = leave_each_out(table, table["subject"] + "/" + table["rater"])
    return max(subject + rater - cell, subject, rater), subject


def find_spread(table):
    [panel] = split_panels(table)
    return jackknife_panel(panel, sum_clips(panel.rating, panel.clip))[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_way_variance_equals_the_loop(make_crowd, seed):
    table = make_crowd(seed, raters=(1, 5))
    variance, _ = naive_variance(table)
    spread = find_spread(table)
    assert spread.variance == pytest.approx(variance, abs=1e-10)
    assert spread.df == min(table["subject"].nunique(), table["rater"].nunique()) - 1


@pytest.mark.parametrize("count", [10, pytest.param(40, marks=pytest.mark.slow)])
def test_unequal_loads_of_raters_do_not_widen_the_interval(count):
    """With the n0 of each rest recomputed, the interval covers .99 here instead of .95."""
    held = []
    for seed in range(count):
        study = simulate_expressiveness(subjects=50, seed=seed)
        table = rate_reliability(study.ratings, by="context").table
        table = table[(table["method"] == "jackknife") & (table["term"] == "ICC(1,1)")]
        truth = study.truth[study.truth["term"] == "ICC(1,1)"]
        both = table.merge(truth, on=["context", "item"], suffixes=("", "_true"))
        held += [*both["estimate_true"].between(both["conf_low"], both["conf_high"])]
    # Twelve intervals of one study hang together: the error is that of about 4 draws.
    assert 0.95 - 4 * (0.95 * 0.05 / (4 * count)) ** 0.5 < np.mean(held) < 0.985


def test_own_raters_need_subjects_only(make_crowd):
    table = make_crowd(4).assign(rater=lambda t: t["subject"] + t["rater"])
    _, subject = naive_variance(table)
    spread = find_spread(table)
    assert spread.variance == pytest.approx(subject, abs=1e-10)
    assert (spread.df, spread.n_raters) == (11, 0)


def test_the_sum_is_never_below_its_larger_part():
    thetas = {
        "subject": np.array([0.1, 0.5]),
        "rater": np.array([0.2, 0.3]),
        "cell": np.array([-1.0, 1.0]),
    }
    assert combine_thetas(thetas).variance == pytest.approx(0.04)


def test_limits_are_t_limits_mapped_through_f(make_crowd):
    table = make_crowd(5, raters=(2, 6))
    result = rate_reliability(table).table
    rows = result[result["method"] == "jackknife"].fillna({"k_rule": "one"}).set_index("k_rule")
    variance, _ = naive_variance(table)
    one, n0 = compute_theta(table)
    theta = n0 * one / (1 + (n0 - 1) * one)
    reach = stats.t.ppf(0.975, 11) * variance**0.5
    counts = table.groupby("clip").size()
    for side, limit in (("conf_low", theta - reach), ("conf_high", theta + reach)):
        ratio = 1 / (1 - limit)
        single = (ratio - 1) / (ratio + n0 - 1)
        harmonic = len(counts) / (1 / counts).sum()
        assert rows.loc["n0", side] == pytest.approx(limit, abs=1e-10)
        assert rows.loc["one", side] == pytest.approx(single, abs=1e-10)
        spearman = harmonic * single / (1 + (harmonic - 1) * single)
        assert rows.loc["harmonic", side] == pytest.approx(spearman, abs=1e-10)
    assert rows.loc["n0", "std_error"] == pytest.approx(variance**0.5, abs=1e-10)


def test_the_printed_upper_limit_is_cut_at_one_and_the_raw_one_kept(make_ratings):
    rng = np.random.default_rng(1)
    level = np.array([0, 0.1, 3, 9])[:, None]
    table = make_ratings(level + rng.normal(0, 0.8, (4, 3)))
    table["subject"] = table["clip"].map({"c0": "a", "c1": "a", "c2": "b", "c3": "c"})
    row = rate_reliability(table).table.query("headline").iloc[0]
    assert row["method"] == "jackknife"
    assert row["conf_high"] == 1
    assert row["raw_high"] > 1
    assert row["raw_low"] == row["conf_low"]
    assert "few clusters" in row["note"]


def test_refused_where_leaving_one_out_leaves_no_variance(make_ratings):
    table = make_ratings([[1, 1], [3, 3], [2, 4]])
    table["subject"] = table["clip"]
    with pytest.warns(match="each of 3 subjects has one clip"):
        result = rate_reliability(table).table
    rows = result[result["method"] == "jackknife"]
    assert rows[["conf_low", "conf_high", "std_error"]].isna().all(axis=None)
    assert rows["note"].str.contains("refused").all()
    assert result.loc[result["headline"], "method"].tolist() == ["f"]


def test_two_way_limits_are_wider_where_workers_differ_in_severity(make_crowd):
    table = make_crowd(6, subjects=40, workers=8)
    own = table.assign(rater=lambda t: t["subject"] + t["rater"])
    both, alone = (rate_reliability(t).table.query("headline").iloc[0] for t in (table, own))
    assert both["estimate"] == pytest.approx(alone["estimate"])
    assert both["std_error"] > alone["std_error"]
    assert pd.Series([both["note"], alone["note"]]).str.contains("raters").tolist() == [True, False]


def test_moments_without_a_rating_equal_those_of_the_rest(make_ratings):
    table = make_ratings([[1, 4, 2], [3, np.nan, np.nan], [5, 5, 3], [2, 1, 1]])
    clip = table["clip"].str[1:].astype(int).to_numpy()
    rating = table["rating"].to_numpy()
    sums = sum_clips(rating, clip)
    lost = np.stack(
        [np.broadcast_to(part, rating.shape) for part in peel_ratings(rating, clip, sums)]
    )
    for row in range(len(rating)):
        y = np.delete(rating, row) - rating.mean()
        groups = [y[np.delete(clip, row) == c] for c in np.unique(np.delete(clip, row))]
        expected = [
            len(groups),
            len(y),
            sum(len(g) ** 2 for g in groups),
            y.sum(),
            sum(len(g) * g.mean() ** 2 for g in groups),
            sum(((g - g.mean()) ** 2).sum() for g in groups),
        ]
        np.testing.assert_allclose(add_moments(sums) - lost[:, row], expected, atol=1e-12)


def test_degrees_of_freedom_are_those_of_the_fewer(make_crowd):
    assert find_spread(make_crowd(1, workers=6)).df == 5
    assert find_spread(make_crowd(1, workers=30)).df == 11


def test_standard_errors_travel_with_the_slope(crowd):
    table = rate_reliability(crowd).table.query("method == 'jackknife'")
    by_rule = table.fillna({"k_rule": "one"}).set_index("k_rule")
    n0, theta = by_rule.loc["n0", ["raters_per_clip", "estimate"]]
    for row in by_rule.itertuples():
        above, below = (
            (row.raters_per_clip * r) / (1 + (row.raters_per_clip - 1) * r)
            for x in (theta + 1e-6, theta - 1e-6)
            for r in [x / (n0 - (n0 - 1) * x)]
        )
        slope = (above - below) / 2e-6
        assert row.std_error == pytest.approx(by_rule.loc["n0", "std_error"] * slope, rel=1e-6)
