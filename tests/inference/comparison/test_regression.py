"""Cluster-robust regression beside the jackknife.

Tolerances: 1e-10 relative against the sandwich written out in loops and, where clusters are equal,
against the jackknife (the two are one formula there); rounding of sums is all that is left. The
delta method for RMSE equals the jackknife only in the limit: 5 % at 60 clusters.
"""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import exprstats as ex


def make_table(sizes, seed=3):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(len(sizes)), sizes)
    n = len(subject)
    base = pd.DataFrame(
        {"clip": [f"c{i}" for i in range(n)], "subject": [f"s{g}" for g in subject]}
    ).assign(truth=rng.standard_normal(n))
    shift = rng.standard_normal(len(sizes))[subject]
    return pd.concat(
        base.assign(model=name, prediction=w * base["truth"] + s * shift + rng.normal(0, 0.5, n))
        for name, w, s in (("a", 0.8, 0.2), ("b", 0.5, 0.4), ("c", 0.7, 0.1))
    )


def pick(table, **options):
    found = ex.compare_models(table, seed=1, draws=250, **options).table
    found = found[found["versus"].notna()]
    return {
        name: found[found["method"].eq(name)].reset_index(drop=True)
        for name in ("jackknife", "ols_cluster")
    }


def sandwich(table, one, two, loss):
    """CR1 and the jackknife of a mean difference, cluster by cluster."""
    wide = table.assign(loss=loss(table["prediction"] - table["truth"]))
    keys = ["clip", "subject"]
    wide = wide.pivot_table(index=keys, columns="model", values="loss").reset_index()
    away = wide[one] - wide[two]
    mean, n = away.mean(), len(wide)
    sums = [(away[wide["subject"] == s] - mean).sum() for s in wide["subject"].unique()]
    groups = len(sums)
    cr1 = math.sqrt(groups / (groups - 1) * math.fsum(s * s for s in sums)) / n
    return mean, cr1, groups


@pytest.mark.parametrize("sizes", [[3] * 20, [1, 2, 9, 4, 5, 3, 3, 7, 2, 6, 1, 8]])
@pytest.mark.parametrize(
    ("metric", "loss"), [("mae", np.abs), ("mse", np.square), ("bias", lambda e: e)]
)
def test_rows_are_the_sandwich_written_out(sizes, metric, loss):
    table = make_table(sizes)
    for row in pick(table, metrics=metric)["ols_cluster"].to_dict("records"):
        mean, error, groups = sandwich(table, row["model"], row["versus"], loss)
        assert row["estimate"] == pytest.approx(mean, rel=1e-10)
        assert row["std_error"] == pytest.approx(error, rel=1e-10)
        reach = stats.t.ppf(0.975, groups - 1) * error
        assert row["conf_low"] == pytest.approx(mean - reach, rel=1e-9)
        assert row["conf_high"] == pytest.approx(mean + reach, rel=1e-9)
        p = 2 * stats.t.sf(abs(mean) / error, groups - 1)
        assert row["p_value"] == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("sizes", [[3] * 20, [1, 2, 9, 4, 5, 3, 3, 7, 2, 6, 1, 8]])
def test_rows_are_those_of_a_regression_in_statsmodels(sizes):
    from statsmodels.regression.linear_model import OLS

    table = make_table(sizes)
    errors = (table["prediction"] - table["truth"]).abs()
    wide = table.assign(loss=errors).pivot_table("loss", ["clip", "subject"], "model").reset_index()
    for row in pick(table, metrics="mae")["ols_cluster"].to_dict("records"):
        loss = wide[row["model"]] - wide[row["versus"]]
        groups = {"groups": wide["subject"].astype("category").cat.codes}
        fit = OLS(loss, np.ones(len(loss))).fit(cov_type="cluster", cov_kwds=groups, use_t=True)
        assert row["estimate"] == pytest.approx(fit.params.iloc[0], rel=1e-10)
        assert row["std_error"] == pytest.approx(fit.bse.iloc[0], rel=1e-10)
        assert row["p_value"] == pytest.approx(fit.pvalues.iloc[0], rel=1e-9)


@pytest.mark.parametrize("metric", ["mae", "mse", "bias"])
def test_with_equal_clusters_it_is_the_jackknife(metric):
    rows = pick(make_table([3] * 20), metrics=metric)
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "p_adjusted"):
        one, other = (rows[method][name].astype(float) for method in rows)
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_with_unequal_clusters_the_ratio_keeps_its_bounds():
    sizes = [1, 2, 9, 4, 5, 3, 3, 7, 2, 6, 1, 8]
    shares = np.array(sizes) / sum(sizes)
    rows = pick(make_table(sizes), metrics="mae")
    ratio = (rows["jackknife"]["std_error"] / rows["ols_cluster"]["std_error"]).astype(float)
    low, high = ((1 - 1 / len(sizes)) / (1 - end) for end in (shares.min(), shares.max()))
    # The jackknife is centred at the mean of its values, which can only make it smaller.
    assert (ratio <= high + 1e-12).all()
    assert (ratio >= 0.99 * low).all()
    assert not np.allclose(ratio, 1, rtol=1e-4)


def test_root_mean_squares_are_linearised():
    rows = pick(make_table([3] * 60), metrics=["rmse", "nrmse"], span=7.0)
    one, other = rows["jackknife"], rows["ols_cluster"]
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-10)
    np.testing.assert_allclose(one["std_error"], other["std_error"].astype(float), rtol=0.05)
    nrmse, rmse = (other[other["metric"].eq(name)]["std_error"] for name in ("nrmse", "rmse"))
    np.testing.assert_allclose(nrmse.to_numpy() * 7, rmse.to_numpy(), rtol=1e-12)


def test_it_is_never_the_headline_and_leaves_out_what_has_no_mean():
    table = make_table([3] * 12)
    whole = ex.compare_models(table, metrics=["mae", "correlation"], seed=1, draws=250).table
    second = whole[whole["method"].eq("ols_cluster")]
    assert set(second["metric"]) == {"mae"}
    assert not second["headline"].any()
    assert whole[whole["headline"]].groupby(["metric", "term"]).size().eq(1).all()
    only = ex.compare_models(table, metrics="mae", seed=1, draws=250, interval="percentile").table
    assert set(only["method"]) == {"percentile"}


def test_equal_models_have_no_regression():
    table = make_table([3] * 12)
    a = table[table["model"].eq("a")]
    rows = pick(pd.concat([a, a.assign(model="twin")]), metrics="mae")
    assert rows["ols_cluster"].empty
    assert rows["jackknife"]["p_value"].eq(1).all()
