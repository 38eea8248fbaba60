"""Strata and two-stage resampling, against what is known of means.

Tolerance: 1e-10 for the jackknife; Monte-Carlo error of a standard deviation from 4,000 draws is
1.1 %, asked within 4 %.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.inference import bootstrap_clusters, compare_models
from exprstats.inference.resampling.clusters import Scheme, iterate_counts

OPTIONS = {"metrics": "bias", "draws": 4000, "seed": 1}


def find_errors(table, **options):
    rows = compare_models(table, **OPTIONS, **options).table
    return rows[rows["term"] == "a"].set_index("method")["std_error"]


@pytest.fixture(scope="module")
def errors():
    """Biases of 48 subjects with 4 clips each, in two groups that differ much."""
    rng = np.random.default_rng(5)
    group = np.repeat(["ill", "well"], [16, 32])
    person = np.where(group == "ill", 2.0, 0.0) + 0.5 * rng.normal(size=48)
    clips = person.repeat(4) + rng.normal(size=192)
    table = {
        "clip": [f"c{n:03d}" for n in range(192)],
        "subject": np.repeat([f"s{n:02d}" for n in range(48)], 4),
        "group": group.repeat(4),
        "model": "a",
        "truth": 0.0,
        "prediction": clips,
    }
    return pd.DataFrame(table)


def test_strata_keep_their_sizes_in_every_draw():
    members = (np.arange(4), np.arange(4, 10))
    (counts,) = iterate_counts(np.random.SeedSequence(1), Scheme(members))
    assert (counts[:, :4].sum(axis=1) == 4).all()
    assert (counts[:, 4:].sum(axis=1) == 6).all()
    assert len(np.unique(counts, axis=0)) > 200


def test_differences_between_strata_leave_the_standard_error(errors):
    means = errors.groupby(["group", "subject"])["prediction"].mean()
    inside = sum(means[g].var(ddof=0) * len(means[g]) for g in ("ill", "well")) / 48**2
    found = find_errors(errors, strata="group")
    assert found["percentile"] == pytest.approx(np.sqrt(inside), rel=0.04)
    known = sum(means[g].var(ddof=1) * len(means[g]) for g in ("ill", "well")) / 48**2
    assert found["jackknife"] == pytest.approx(np.sqrt(known), rel=1e-10)
    assert find_errors(errors)["jackknife"] > 1.5 * found["jackknife"]


def test_bootstrap_t_and_bca_run_within_strata(errors):
    pair = pd.concat([errors, errors.assign(model="b", prediction=errors["prediction"] * 0.9)])
    for interval in ("t", "bca"):
        rows = compare_models(
            pair, metrics="rmse", strata="group", interval=interval, draws=250, seed=1
        ).table
        assert rows[["conf_low", "conf_high"]].notna().all(axis=None)


def test_two_stage_counts_rows_of_drawn_clusters():
    homes = np.array([0, 1, 0, 2, 2, 1, 1, 0])
    clusters = np.concatenate(
        list(iterate_counts(np.random.SeedSequence(2), Scheme((np.arange(3),))))
    )
    scheme = Scheme((np.arange(3),), homes)
    rows = np.concatenate(list(iterate_counts(np.random.SeedSequence(2), scheme)))
    for group, size in enumerate((3, 3, 2)):
        # A cluster drawn twice brings twice its size in rows, drawn among its own.
        assert np.array_equal(rows[:, homes == group].sum(axis=1), size * clusters[:, group])
    assert rows[:, homes == 0].max() > clusters[:, 0].max()
    shares = rows[:, homes == 1].sum(axis=0) / rows[:, homes == 1].sum()
    assert np.abs(shares - 1 / 3).max() < 0.06


def test_two_stage_counts_what_varies_within_clusters_twice(errors):
    well = errors[errors["group"] == "well"]
    means = well.groupby("subject")["prediction"].agg(["mean", "var"])
    between = means["mean"].var(ddof=0) / 32
    within = (means["var"] * 3 / 4 / 4).mean() / 32
    found = find_errors(well, scheme="two-stage")
    assert found["percentile"] == pytest.approx(np.sqrt(between + within), rel=0.04)
    assert find_errors(well)["percentile"] == pytest.approx(np.sqrt(between), rel=0.04)


def test_two_stage_draws_do_not_depend_on_workers_or_seats(errors):
    pair = pd.concat([errors, errors.assign(model="b", prediction=errors["prediction"] * 0.9)])
    options = {"metrics": ["rmse", "spearman"], "scheme": "two-stage", "draws": 500, "seed": 1}
    pair["truth"] = np.tile(np.random.default_rng(1).normal(size=192), 2)
    one = compare_models(pair, **options)
    two = compare_models(pair, n_jobs=2, **options)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    seated = pair.assign(seat=np.where(pair["model"] == "b", "one", None))
    three = compare_models(seated, **options)
    np.testing.assert_allclose(three.samples[0].draws, one.samples[0].draws, rtol=1e-10)


def test_strata_that_cut_clusters_or_hold_one_are_refused(errors):
    with pytest.raises(DataError, match="subject 's00' belongs to more than one clip"):
        compare_models(errors, strata="clip", **OPTIONS)
    lone = errors.assign(group=errors["group"].where(errors["subject"] != "s00", "other"))
    with pytest.raises(DataError, match="'other' has one subject"):
        compare_models(lone, strata="group", **OPTIONS)
    with pytest.raises(OptionError, match="bootstrap-t needs the scheme"):
        compare_models(errors, scheme="two-stage", interval="t", **OPTIONS)


def test_any_statistic_is_drawn_within_strata(make_predictions):
    table = make_predictions(models=("a",))
    table["site"] = np.where(table["subject"] < "s004", "north", "south")
    options = {"draws": 300, "interval": "percentile", "strata": "site", "seed": 2}
    known = compare_models(table, metrics="rmse", **options)

    def measure_rmse(rows):
        return np.sqrt(((rows["truth"] - rows["prediction"]) ** 2).mean())

    def count_north(rows):
        return rows.loc[rows["site"] == "north", "subject"].nunique()

    for statistic in ("rmse", measure_rmse):
        found = bootstrap_clusters(table, statistic, cluster="subject", **options)
        draws = found.draws.to_numpy()[:, 0]
        np.testing.assert_allclose(draws, known.samples[0].draws[0], rtol=0, atol=1e-10)
    counts = bootstrap_clusters(table, count_north, cluster="subject", **options)
    assert (counts.draws == 4).all(axis=None)
    jackknife = {**options, "interval": "jackknife"}
    same = compare_models(table, metrics="rmse", **jackknife).table
    found = bootstrap_clusters(table, measure_rmse, cluster="subject", **jackknife).table
    errors = [one["std_error"].to_numpy() for one in (found, same)]
    assert errors[0] == pytest.approx(errors[1], abs=1e-10)
    split = table.assign(site=np.where(table["clip"] < "c0030", "north", "south"))
    with pytest.raises(DataError, match="belongs to more than one site"):
        bootstrap_clusters(split, measure_rmse, cluster="subject", **options)
