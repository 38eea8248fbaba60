"""Any statistic: against the metric's fast path, and against what is known of a mean.

Tolerance 1e-10: the same rows summed in another order.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.inference import bootstrap_clusters

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


def test_a_function_of_a_table_takes_the_draws_that_a_metric_takes(make_predictions):
    table = make_predictions(models=("a",))

    def measure_error(rows):
        return ((rows["prediction"] - rows["truth"]) ** 2).mean() ** 0.5

    options = {"cluster": "subject", "draws": 260, "seed": 3}
    slow = bootstrap_clusters(table, measure_error, **options)
    fast = bootstrap_clusters(table, "rmse", **options)
    np.testing.assert_allclose(slow.draws["measure_error"], fast.draws["rmse"], rtol=1e-10)
    np.testing.assert_allclose(slow.table[NUMBERS], fast.table[NUMBERS], rtol=1e-10)
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
