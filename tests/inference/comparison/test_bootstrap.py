"""Any statistic: against the metric's fast path, and against what is known of a mean.

Tolerance 1e-10: the same rows summed in another order.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.inference import bootstrap_clusters

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


def make_labels():
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"subject": [f"s{row // 4}" for row in range(48)]})
    return table.assign(label=rng.choice(list("xyz"), 48), value=rng.normal(size=48))


def test_a_function_of_a_table_takes_the_draws_that_a_metric_takes(make_predictions):
    table = make_predictions(models=("a",))

    def measure_error(rows):
        return ((rows["prediction"] - rows["truth"]) ** 2).mean() ** 0.5

    options = {"cluster": "subject", "draws": 260, "seed": 3}
    slow = bootstrap_clusters(table, measure_error, **options)
    fast = bootstrap_clusters(table, "rmse", **options)
    np.testing.assert_allclose(slow.draws["measure_error"], fast.draws["rmse"], rtol=1e-10)
    # The interval of a metric that errors have is symmetric on the log scale, a function's is not.
    percentile, jackknife = (np.arange(2) == place for place in range(2))
    np.testing.assert_allclose(
        slow.table.loc[percentile, NUMBERS], fast.table.loc[percentile, NUMBERS], rtol=1e-10
    )
    limits = fast.table.loc[jackknife, ["conf_low", "conf_high"]].to_numpy()[0]
    centre = fast.table.loc[jackknife, "estimate"].item()
    assert np.prod(limits) == pytest.approx(centre**2, rel=1e-10)
    limits = slow.table.loc[jackknife, ["conf_low", "conf_high"]].to_numpy()[0]
    assert np.mean(limits) == pytest.approx(centre, rel=1e-10)
    assert len(slow.draws) == 260


def test_the_standard_error_of_a_mean_of_equal_clusters_is_the_known_one():
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"person": np.repeat(np.arange(60), 4).astype(str)})
    table["smile"] = rng.normal(size=60).repeat(4) + rng.normal(size=240)
    means = table.groupby("person")["smile"].mean()
    result = bootstrap_clusters(
        table, lambda rows: rows["smile"].mean(), cluster="person", draws=4000, seed=1
    )
    rows = result.table.set_index("method")
    assert rows.loc["jackknife", "std_error"] == pytest.approx(means.sem(), rel=1e-10)
    # The bootstrap variance has divisor G; its own error at 4,000 draws is 1.1 %.
    known = means.std(ddof=0) / np.sqrt(60)
    assert rows.loc["percentile", "std_error"] == pytest.approx(known, rel=0.04)


def test_several_numbers_come_by_name(make_predictions):
    table = make_predictions(models=("a",))
    result = bootstrap_clusters(
        table,
        lambda rows: rows[["truth", "prediction"]].mean(),
        cluster="subject",
        draws=50,
        seed=1,
    )
    assert result.table["term"].unique().tolist() == ["truth", "prediction"]
    assert result.table["estimate"].iloc[0] == pytest.approx(table["truth"].mean())
    assert "truth = " in result.sentence()


def test_copies_of_a_cluster_have_names_of_their_own():
    table = pd.DataFrame({"person": list("aabbcc"), "value": range(6)})
    sizes = []

    def count_people(rows):
        sizes.append(rows.groupby("person").size().tolist())
        return rows["person"].nunique()

    result = bootstrap_clusters(table, count_people, cluster="person", draws=40, seed=1)
    assert (result.draws["count_people"] == 3).all()
    assert all(set(size) == {2} for size in sizes)


def test_correlations_have_intervals_within_one(make_predictions):
    table = make_predictions(models=("a",)).assign(prediction=lambda rows: rows["truth"] * 2)
    noisy = table.assign(prediction=table["prediction"] + np.tile([0.02, -0.02], 30))
    result = bootstrap_clusters(noisy, "correlation", cluster="subject", draws=100, seed=1)
    assert (result.table["conf_high"] < 1).all()


def test_what_cannot_be_resampled_is_refused(make_predictions):
    table = make_predictions(models=("a",))
    with pytest.raises(DataError, match="no column 'person'"):
        bootstrap_clusters(table, "rmse", cluster="person")
    with pytest.raises(DataError, match="2 clusters"):
        bootstrap_clusters(table.head(2), "rmse", cluster="subject")
    with pytest.raises(DataError, match="empty"):
        holed = table.assign(prediction=table["prediction"].mask(table.index == 1))
        bootstrap_clusters(holed, "rmse", cluster="subject")
    with pytest.raises(OptionError, match="interval 'normal'"):
        bootstrap_clusters(table, "rmse", cluster="subject", interval="normal")


def test_numbers_with_names_keep_them_whatever_their_order():
    """Counts come with the most frequent first, which differs between resamples."""
    table = make_labels()
    counted = bootstrap_clusters(
        table, lambda rows: rows["label"].value_counts(), cluster="subject", draws=60, seed=2
    )
    sums = bootstrap_clusters(
        table,
        lambda rows: {name: (rows["label"] == name).sum() for name in ("x", "y", "z")},
        cluster="subject",
        draws=60,
        seed=2,
    )
    for name in ("x", "y", "z"):
        np.testing.assert_array_equal(counted.draws[name].fillna(0), sums.draws[name])


def test_a_name_that_resamples_lack_is_undefined_in_them():
    table = make_labels()
    table.loc[table["subject"] == "s0", "label"] = "rare"
    result = bootstrap_clusters(
        table,
        lambda rows: rows.groupby("label")["value"].mean(),
        cluster="subject",
        draws=60,
        seed=1,
    )
    row = result.table[result.table["term"] == "rare"].iloc[0]
    assert result.draws["rare"].isna().sum() == row["undefined"] > 5
    assert "of the draws are undefined" in row["note"]


@pytest.mark.parametrize("answer", ["a", ["a", "b"], [[1.0, 2.0], [3.0, 4.0]], pd.DataFrame()])
def test_what_is_no_number_is_refused_with_what_it_is(answer):
    with pytest.raises(OptionError, match=f"returned {type(answer).__name__}"):
        bootstrap_clusters(make_labels(), lambda rows: answer, cluster="subject", draws=5, seed=1)


@pytest.mark.parametrize(
    ("statistic", "told"),
    [("nrmse", "nrmse needs a span"), (["rmse", "mae"], "must be one metric or a function")],
)
def test_statistics_that_are_none_are_refused(statistic, told):
    with pytest.raises(OptionError, match=told):
        bootstrap_clusters(make_labels(), statistic, cluster="subject", draws=5, seed=1)


def test_bootstrap_t_is_refused_where_draws_have_no_errors():
    with pytest.raises(OptionError, match="interval 't' is for compare_models"):
        bootstrap_clusters(make_labels(), len, cluster="subject", interval="t")
