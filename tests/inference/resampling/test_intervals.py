"""Intervals against R's boot, and the jackknife against what it must be for a mean.

Tolerance 1e-10: the same definition on the same draws, summed in another order.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from exprstats.inference.metrics import find_metrics
from exprstats.inference.resampling.clusters import Panel, count_clusters
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import (
    find_accelerated,
    find_basic,
    find_percentile,
    interpolate_quantiles,
    jackknife_clusters,
    sort_draws,
    spread_jackknife,
)

NAMES = ["rmse", "mae", "correlation"]


@pytest.fixture(scope="module")
def boot(read_oracle):
    """R's intervals, and our terms on R's data and drawn clusters."""
    oracle = read_oracle("boot_clusters")
    data = {name: np.array(values) for name, values in oracle["data"].items()}
    names, codes = np.unique(data["subject"], return_inverse=True)
    panel = Panel(data["truth"], np.array([data["a"], data["b"]]), codes, len(names))
    evaluation = Evaluation(panel, find_metrics(NAMES))
    counts = count_clusters(np.array(oracle["drawn"]), len(names))
    terms = {}
    for place, name in enumerate(NAMES):
        values = (
            evaluation.measure_whole()[place][:, None],
            evaluation.measure_counts(counts)[place],
            evaluation.measure_without()[place],
        )
        terms |= {f"{name} {model}": [v[i] for v in values] for i, model in enumerate("ab")}
        terms[f"{name} a - b"] = [v[0] - v[1] for v in values]
    return oracle["intervals"], terms


def test_estimates_are_those_of_r(boot):
    rows, terms = boot
    ours = [terms[name][0][0] for name in rows["term"]]
    np.testing.assert_allclose(ours, rows["estimate"], atol=1e-10)


def test_percentile_intervals_are_those_of_r(boot):
    rows, terms = boot
    for place, (name, level) in enumerate(zip(rows["term"], rows["level"], strict=True)):
        found = find_percentile(*sort_draws(terms[name][1][None, :]), level)
        theirs = rows["percentile_low"][place], rows["percentile_high"][place]
        np.testing.assert_allclose([found.conf_low[0], found.conf_high[0]], theirs, atol=1e-10)


def test_basic_intervals_are_those_of_r(boot):
    rows, terms = boot
    for place, (name, level) in enumerate(zip(rows["term"], rows["level"], strict=True)):
        whole, draws, _ = terms[name]
        found = find_basic(whole, *sort_draws(draws[None, :]), level)
        theirs = rows["basic_low"][place], rows["basic_high"][place]
        np.testing.assert_allclose([found.conf_low[0], found.conf_high[0]], theirs, atol=1e-10)


def test_accelerated_intervals_are_those_of_r(boot):
    rows, terms = boot
    for place, (name, level) in enumerate(zip(rows["term"], rows["level"], strict=True)):
        whole, draws, left_out = terms[name]
        found = find_accelerated(
            whole, *sort_draws(draws[None, :]), left_out=left_out[None, :], level=level
        )
        ours = [found.conf_low[0], found.conf_high[0]]
        theirs = rows["bca_low"][place], rows["bca_high"][place]
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
        # R's own empinf(type = "jack") is about the estimate, not about the leave-one-out mean:
        # the limits then move by less than the Monte-Carlo error of 999 draws.
        raw = rows["bca_raw_low"][place], rows["bca_raw_high"][place]
        np.testing.assert_allclose(ours, raw, atol=0.01)
        turned = find_accelerated(
            whole, *sort_draws(draws[None, :]), left_out=-left_out[None, :], level=level
        )
        if abs(found.acceleration[0]) > 0.02:
            assert abs(turned.conf_low[0] - theirs[0]) > 1e-4


def test_half_of_the_draws_equal_to_the_estimate_lie_below_it():
    # Of 40 draws 10 lie below and 12 at it: boot.ci counts 10, and 18 for the same draws negated.
    draws = np.repeat([-1.0, 0.0, 1.0, 2.0], [10, 12, 9, 9])[None, :]
    left_out = np.random.default_rng(1).normal(size=(1, 8))
    found = find_accelerated(np.zeros(1), *sort_draws(draws), left_out=left_out, level=0.9)
    assert stats.norm.cdf(found.bias[0]) == pytest.approx(16 / 40)


def test_quantiles_at_whole_places_are_order_statistics():
    ordered, finite = sort_draws(np.random.default_rng(1).permutation(999.0 * np.arange(999))[None])
    found = interpolate_quantiles(ordered, finite, np.array([0.025]))
    assert found[0] == 999.0 * 24


def test_quantiles_beyond_the_draws_are_the_extremes():
    ordered, finite = sort_draws(np.array([[3.0, 1.0, 2.0]]))
    assert interpolate_quantiles(ordered, finite, np.array([0.01]))[0] == 1.0
    assert interpolate_quantiles(ordered, finite, np.array([0.99]))[0] == 3.0


def test_undefined_draws_stand_aside():
    draws = np.random.default_rng(2).normal(size=(1, 400))
    holed = np.insert(draws, [3, 90], [np.nan, np.inf], axis=1)
    one, two = (find_percentile(*sort_draws(values), 0.95) for values in (draws, holed))
    for mine, theirs in zip(one, two, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_the_jackknife_of_a_mean_of_clusters_is_the_t_test():
    values = np.random.default_rng(4).normal(0.4, 1, size=17)
    left_out = (values.sum() - values)[None, :] / 16
    found = jackknife_clusters(np.array([values.mean()]), left_out)
    known = stats.ttest_1samp(values, 0)
    limits = known.confidence_interval(0.95)
    assert found.p_value[0] == pytest.approx(known.pvalue, rel=1e-10)
    assert found.conf_low[0] == pytest.approx(limits.low, rel=1e-10)
    assert found.conf_high[0] == pytest.approx(limits.high, rel=1e-10)
    assert found.std_error[0] == pytest.approx(stats.sem(values), rel=1e-10)


def test_the_jackknife_of_a_correlation_is_made_on_the_z_scale():
    left_out = np.array([[0.90, 0.93, 0.95, 0.91]])
    found = jackknife_clusters(np.array([0.93]), left_out, fisher=np.array([True]))
    z_values = np.arctanh(left_out[0])
    error = np.sqrt(3 / 4 * ((z_values - z_values.mean()) ** 2).sum())
    reach = stats.t.ppf(0.975, 3) * error
    assert found.conf_low[0] == pytest.approx(np.tanh(np.arctanh(0.93) - reach), rel=1e-12)
    assert found.conf_high[0] == pytest.approx(np.tanh(np.arctanh(0.93) + reach), rel=1e-12)
    assert found.conf_high[0] < 1


def test_the_jackknife_of_what_never_varies_tests_nothing():
    found = jackknife_clusters(np.array([0.0, 0.5, np.nan]), np.full((3, 5), [[0.0], [0.5], [0.1]]))
    assert found.p_value[0] == 1.0
    assert np.isnan(found.p_value[1:]).all()


def test_strata_each_have_a_mean_and_a_degree_of_freedom_of_their_own():
    # A mean over two strata of 5 and 8 clusters, whose numbers are fixed by design.
    rng = np.random.default_rng(9)
    values, strata = rng.normal(size=13), np.repeat([0, 1], [5, 8])
    left_out = ((values.sum() - values) / 12)[None, :]
    known = (
        np.sqrt(sum(n * values[strata == part].var(ddof=1) for part, n in ((0, 5), (1, 8)))) / 13
    )
    assert spread_jackknife(left_out, strata)[0] == pytest.approx(known, rel=1e-10)
    found = jackknife_clusters(np.array([values.mean()]), left_out, strata=strata)
    reach = stats.t.ppf(0.975, 11) * known
    assert found.conf_high[0] - values.mean() == pytest.approx(reach, rel=1e-10)
    # A cluster that is a stratum of its own has nobody to differ from.
    assert np.isnan(spread_jackknife(left_out, np.repeat([0, 1], [1, 12])))


@pytest.mark.r("boot")
def test_r_gives_the_stored_numbers_again(read_oracle, tmp_path):
    script = Path(__file__).parents[2] / "oracles" / "inference" / "boot_clusters.R"
    copy = tmp_path / script.name
    copy.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    # From its folder: R writes spaces of a path otherwise.
    run = ["Rscript", script.name]
    subprocess.run(run, check=True, capture_output=True, timeout=120, cwd=tmp_path)
    again = json.loads((tmp_path / "boot_clusters.json").read_text(encoding="utf-8"))
    stored = read_oracle("boot_clusters")
    assert again["drawn"] == stored["drawn"]
    for name, values in stored["intervals"].items():
        if name == "term":
            assert again["intervals"][name] == values
        else:
            np.testing.assert_allclose(again["intervals"][name], values, rtol=1e-10)


def test_what_rounding_leaves_of_no_variance_has_no_error_and_no_p():
    noise = np.array([[1.0, 1 + 2e-16, 1 - 1e-16, 1.0], [1.0, 1.1, 0.9, 1.0]])
    found = jackknife_clusters(np.array([1.0, 1.0]), noise)
    assert found.std_error[0] == 0
    assert np.isnan(found.p_value[0])
    assert found.std_error[1] > 0
    assert found.p_value[1] < 0.01
