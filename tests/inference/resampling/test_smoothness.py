"""Statistics that are not smooth: the share that leaving out clusters foretells, and coverage.

Tolerance 1e-12 where the definition is written out; coverage is that of one fixed seed, four
standard errors of a share below its long-run value.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import Metric, bootstrap_clusters, compare_models, judge_equivalence
from exprstats.inference.resampling.clusters import draw_clusters
from exprstats.inference.resampling.intervals import foretell_draws, share_foretold
from exprstats.parallel import spawn_seeds


def measure_middle(truth, prediction):
    return float(np.median(prediction - truth))


def measure_worst(truth, prediction):
    return float(np.abs(prediction - truth).max())


def measure_mean(truth, prediction):
    return float(np.mean(prediction - truth))


def draw_study(rng, clusters):
    return pd.DataFrame(
        {
            "subject": [f"s{place:02d}" for place in range(clusters)],
            "truth": np.zeros(clusters),
            "prediction": rng.normal(size=clusters),
        }
    )


def test_the_share_is_its_definition_draw_by_draw():
    values = np.random.default_rng(3).normal(size=12)
    seeds = spawn_seeds(5, 1)
    drawn = draw_clusters(seeds[0], [np.arange(12)])[:200]
    without = np.array([np.median(np.delete(values, place)) for place in range(12)])
    draws = np.median(values[drawn], axis=1)
    known = np.corrcoef(draws, without[drawn].sum(axis=1))[0, 1] ** 2
    foretold = foretell_draws(without[None], seeds, [np.arange(12)], 200)
    found = share_foretold(draws[None], foretold)
    np.testing.assert_allclose(found, known, rtol=1e-12)


def test_a_mean_is_foretold_and_what_never_varies_says_nothing():
    values = np.random.default_rng(4).normal(size=15)
    seeds, strata = spawn_seeds(5, 1), [np.arange(15)]
    left_out = np.array([(values.sum() - values) / 14, np.full(15, 0.1), np.full(15, np.inf)])
    means = values[draw_clusters(seeds[0], strata)].mean(axis=1)
    draws = np.array([means, np.full(250, 0.1 + 1e-17), means])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = share_foretold(draws, foretell_draws(left_out, seeds, strata, 250))
    assert found[0] == pytest.approx(1, abs=1e-12)
    assert np.isnan(found[1:]).all()


def test_two_stages_are_judged_as_well():
    # Where rows of a subject are alike, drawing them again changes nothing.
    rng = np.random.default_rng(3)
    table = draw_study(rng, 20).loc[np.repeat(range(20), 4)].reset_index(drop=True)
    table = table.assign(clip=range(80), model="a")
    options = {"scheme": "two-stage", "draws": 250, "seed": 1}
    found = compare_models(table, metrics=[measure_middle, measure_mean], **options).table
    headline = found[found["headline"]].set_index("metric")["method"]
    assert headline.to_dict() == {"measure_middle": "expanded", "measure_mean": "jackknife"}


@pytest.mark.parametrize("count", [50, pytest.param(200, marks=pytest.mark.slow)])
def test_the_headline_of_a_median_covers_where_the_jackknife_does_not(count):
    rng, held = np.random.default_rng(8), {"headline": 0, "jackknife": 0}
    metric = Metric("middle", measure_middle, direction="zero")
    for _ in range(count):
        result = bootstrap_clusters(
            draw_study(rng, 20), metric, cluster="subject", draws=250, seed=1
        )
        table = result.table
        holds = table["conf_low"].le(0) & table["conf_high"].ge(0)
        held["headline"] += holds[table["headline"]].iloc[0]
        held["jackknife"] += holds[table["method"].eq("jackknife")].iloc[0]
    assert held["headline"] / count >= 0.88
    assert held["jackknife"] / count <= 0.82


@pytest.mark.parametrize("interval", ["auto", "bca"])
def test_the_jackknife_of_a_median_is_no_headline_and_says_why(interval):
    table = draw_study(np.random.default_rng(8), 20)

    def find_median(rows):
        return {"median": rows["prediction"].median(), "mean": rows["prediction"].mean()}

    options = {"cluster": "subject", "draws": 250, "seed": 1, "interval": interval}
    result = bootstrap_clusters(table, find_median, **options)
    heads = result.table.query("headline").set_index("term")["method"]
    assert heads.to_dict() == {"median": "expanded", "mean": "jackknife"}
    notes = result.table.query("method != 'bca'").set_index(["term", "method"])["note"]
    assert notes["median", "jackknife"] == notes["median", "expanded"]
    told = r"not smooth: leaving out clusters foretells \d\d% of how it moves over draws"
    assert pd.Series(notes["median"]).str.fullmatch(told).all() and notes["mean"].isna().all()
    told = "expanded percentile intervals of the cluster bootstrap and jackknife-t"
    assert told in result.sentence()


def test_below_ten_clusters_a_median_has_the_note_only():
    table = draw_study(np.random.default_rng(2), 7)

    def find_largest(rows):
        return rows["prediction"].max()

    result = bootstrap_clusters(table, find_largest, cluster="subject", draws=250, seed=1)
    row = result.table.query("headline").iloc[0]
    assert row["method"] == "jackknife"
    few = "too few clusters for a bootstrap; the t interval rests on 6 degrees of freedom"
    assert row["note"].startswith("not smooth") and row["note"].endswith(few)


def test_models_compared_by_a_largest_error_have_percentile_headlines(make_predictions):
    table = make_predictions(groups=20, clips=60, models=("a", "b"))
    options = {"draws": 250, "seed": 2}
    worst = compare_models(table, metrics=[measure_worst, measure_mean], **options)
    heads = worst.table.query("headline").groupby("metric")["method"].agg(set)
    assert heads.to_dict() == {"measure_worst": {"expanded"}, "measure_mean": {"jackknife"}}
    verdict = judge_equivalence(worst, margin=0.5).table.set_index("metric")["method"]
    assert verdict.to_dict() == {"measure_worst": "expanded", "measure_mean": "jackknife"}
