"""Two one-sided tests against statsmodels, and what they mean.

Tolerance 1e-10: with one clip a cluster the jackknife of a mean difference is the paired t test.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.weightstats import ttost_paired

from exprstats.errors import OptionError
from exprstats.inference import compare_models, judge_equivalence

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


def test_draws_decide_from_forty_clusters_on(make_predictions):
    table = make_predictions(groups=50, clips=200, models=("a", "b"))
    comparison = compare_models(table, metrics="rmse", draws=999, seed=1)
    row = judge_equivalence(comparison, margin=0.05, reference="a").table.iloc[0]
    draws = comparison.samples[0].draws[1] - comparison.samples[0].draws[0]
    assert row["term"] == "b - a"
    assert row["method"] == "percentile"
    assert row["p_upper"] == pytest.approx((1 + (draws >= 0.05).sum()) / 1000)
    assert row["p_lower"] == pytest.approx((1 + (draws <= -0.05).sum()) / 1000)


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
