"""Two one-sided tests against statsmodels, and what they mean.

Tolerance 1e-10: with one clip a cluster the jackknife of a mean difference is the paired t test.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

from exprstats.errors import OptionError
from exprstats.inference import Comparison, compare_models, find_metrics, judge_equivalence
from exprstats.inference.resampling.samples import Sample

# One row a subject, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:each .* has one row:exprstats.errors.DataWarning")


@pytest.fixture(scope="module")
def twins():
    """Two models that are equally good, one clip a person."""
    rng = np.random.default_rng(4)
    truth = rng.normal(size=30)
    table = {
        "clip": [f"c{n}" for n in range(30)],
        "subject": [f"s{n}" for n in range(30)],
        "truth": truth,
    }
    frames = [
        pd.DataFrame(table).assign(model=name, prediction=truth + rng.normal(size=30))
        for name in ("a", "b")
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("margin", [0.1, 0.4, 1.0])
def test_below_forty_clusters_it_is_the_paired_tost(twins, margin):
    comparison = compare_models(twins, metrics="mae", draws=200, seed=1)
    row = judge_equivalence(comparison, margin=margin).table.iloc[0]
    errors = (twins["prediction"] - twins["truth"]).abs().to_numpy().reshape(2, 30)
    p_value, lower, upper = ttost_paired(errors[0], errors[1], -margin, margin)
    assert row["p_lower"] == pytest.approx(lower[1], rel=1e-10)
    assert row["p_upper"] == pytest.approx(upper[1], rel=1e-10)
    assert row["p_value"] == pytest.approx(p_value, rel=1e-10)
    inside = -margin < row["conf_low"] and row["conf_high"] < margin
    assert row["equivalent"] == inside
    assert row["level"] == pytest.approx(0.90)
    limits = DescrStatsW(errors[0] - errors[1]).tconfint_mean(alpha=0.10)
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(limits, rel=1e-10)


def test_strata_of_the_comparison_stay_strata(twins):
    sites = twins.assign(site=np.repeat(["north", "south"], [12, 18]).tolist() * 2)
    sites["prediction"] += (sites["site"] == "north") * (sites["model"] == "a") * 2.0
    comparison = compare_models(sites, metrics="mae", strata="site", draws=200, seed=1)
    row = judge_equivalence(comparison, margin=0.6).table.iloc[0]
    errors = (sites["prediction"] - sites["truth"]).abs().to_numpy().reshape(2, 30)
    difference = errors[0] - errors[1]
    parts = difference[:12], difference[12:]
    known = stats.t(28, difference.mean(), np.sqrt(sum(x.var(ddof=1) * len(x) for x in parts)) / 30)
    assert row["p_lower"] == pytest.approx(known.cdf(-0.6), rel=1e-10)
    assert row["p_upper"] == pytest.approx(known.sf(0.6), rel=1e-10)
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(known.interval(0.90), rel=1e-10)


def measure_middle(truth, prediction):
    return float(np.median(np.abs(truth - prediction)))


def test_expanded_draws_decide_where_a_metric_is_not_smooth(make_predictions):
    table = make_predictions(groups=50, clips=200, models=("a", "b"))
    comparison = compare_models(table, metrics=measure_middle, draws=999, seed=1)
    row = judge_equivalence(comparison, margin=0.05, reference="a").table.iloc[0]
    draws = comparison.samples[0].draws[1] - comparison.samples[0].draws[0]
    assert row["term"] == "b - a"
    assert row["method"] == "expanded"
    for name, beyond in (("p_upper", draws >= 0.05), ("p_lower", draws <= -0.05)):
        tail = stats.norm.ppf((1 + beyond.sum()) / 1000) * np.sqrt(49 / 50)
        assert row[name] == pytest.approx(stats.t(49).cdf(tail), rel=1e-10)


@pytest.mark.parametrize(("undefined", "judged"), [(5, True), (6, False)])
def test_draws_at_the_margin_speak_against_it_and_six_undefined_of_100_are_too_many(
    undefined, judged
):
    steps = np.resize(np.arange(-3, 5) / 8, 100)
    draws = np.array([np.where(np.arange(100) < undefined, np.nan, steps), np.zeros(100)])
    sample = Sample(
        context=None,
        metric=find_metrics("mae")[0],
        models=("a", "b"),
        estimates=np.array([0.0, 0.0]),
        draws=draws,
        left_out=np.zeros((2, 40)),
        n_clips=40,
        n_clusters=40,
        foretold=np.random.default_rng(1).normal(size=(2, 100)),
    )
    comparison = Comparison(pd.DataFrame(), (sample,), "subject", 0.95, 100, "auto", None)
    row = judge_equivalence(comparison, margin=0.25).table.iloc[0]
    found = row[["p_lower", "p_upper", "conf_low", "conf_high"]].to_numpy(float)
    assert np.isfinite(found).all() == judged
    assert np.isnan(found).all() != judged
    if judged:
        # In steps of eighths: -3 and -2 lie on or below -0.25, and 2, 3 and 4 on or above 0.25.
        eighths = (8 * steps[5:]).astype(int).tolist()
        for p_value, beyond in zip(found, ((-3, -2), (2, 3, 4)), strict=False):
            tail = stats.norm.ppf((1 + sum(map(eighths.count, beyond))) / 96) * np.sqrt(39 / 40)
            assert p_value == pytest.approx(stats.t(39).cdf(tail), rel=1e-10)


def test_p_of_several_verdicts_is_adjusted_by_holm(make_predictions):
    comparison = compare_models(
        make_predictions(groups=50, clips=200), metrics=["rmse", "correlation"], draws=499, seed=1
    )
    found = judge_equivalence(comparison, margin=0.1, reference="b").table
    for metric, side in (("rmse", "p_upper"), ("correlation", "p_lower")):
        rows = found[found["metric"] == metric]
        for raw, adjusted in (("p_value", "p_adjusted"), (side, "p_noninferior")):
            known = multipletests(rows[raw], method="holm")[1]
            assert rows[adjusted].to_numpy() == pytest.approx(known)
            assert not np.allclose(rows[adjusted], rows[raw])


def test_not_being_worse_is_one_side_and_follows_the_direction(make_predictions):
    table = make_predictions(groups=50, clips=200, models=("good", "poor"))
    spoiled = table["prediction"] + 3 * (table["model"] == "poor") * np.resize([1, -1], 400)
    table = table.assign(prediction=spoiled)
    both = compare_models(table, metrics=["rmse", "correlation"], draws=499, seed=1)
    margins = {"rmse": 0.2, "correlation": 0.1}
    good = judge_equivalence(both, margin=margins, reference="poor").table
    poor = judge_equivalence(both, margin=margins, reference="good").table
    assert good["noninferior"].all()
    assert not good["equivalent"].any()
    assert not poor["noninferior"].any()
    assert "good was not inferior to poor, but not shown to be equivalent" in str(
        judge_equivalence(both, margin=margins, reference="poor").sentence()
    )


def test_wrong_margins_and_references_are_refused(twins):
    comparison = compare_models(twins, metrics="mae", draws=200, seed=1)
    with pytest.raises(OptionError, match="margin must be a positive number for mae; got 0"):
        judge_equivalence(comparison, margin=0)
    with pytest.raises(OptionError, match="got None"):
        judge_equivalence(comparison, margin={"rmse": 1})
    with pytest.raises(OptionError, match="reference 'c' is not known"):
        judge_equivalence(comparison, margin=1, reference="c")


def test_the_interval_says_what_p_says_before_it_is_adjusted(twins):
    models = [twins.query("model == 'a'")]
    models += [twins.query("model == 'b'").assign(model=name) for name in "bcdef"]
    rng = np.random.default_rng(1)
    table = pd.concat(models, ignore_index=True)
    table["prediction"] += 0.3 * rng.normal(size=len(table))
    comparison = compare_models(table, metrics="rmse", draws=999, seed=1)
    limits = judge_equivalence(comparison, margin=1, reference="a").table
    # One interval alone lies within this margin, hardly so.
    margin = 1.01 * limits[["conf_low", "conf_high"]].abs().max(axis=1).min()
    found = judge_equivalence(comparison, margin=margin, reference="a").table
    within = (found["conf_low"] > -margin) & (found["conf_high"] < margin)
    assert (within == (found["p_value"] < 0.05)).all()
    assert (found["equivalent"] == (found["p_adjusted"] < 0.05)).all()
    assert (within & ~found["equivalent"]).any()


def test_a_difference_that_no_cluster_changes_is_not_tested():
    """Both errors of `a` and of `b` lie in one person; leaving others out changes nothing."""
    truth = [1.0, 0, 1, 0]
    table = {"clip": range(4), "subject": list("aabc"), "truth": truth}
    frames = [
        pd.DataFrame(table).assign(model=name, prediction=guess)
        for name, guess in (("a", [1.0, 1, 1, 0]), ("b", [0.0, 0, 1, 0]))
    ]
    comparison = compare_models(pd.concat(frames), metrics="accuracy", draws=200, seed=1)
    found = judge_equivalence(comparison, margin=0.05, reference="a")
    row = found.table.iloc[0]
    assert row[["conf_low", "conf_high", "p_value", "p_noninferior"]].isna().all()
    assert not row["equivalent"] and not row["noninferior"]
    assert "not tested: too few clusters make a difference." in found.sentence()
