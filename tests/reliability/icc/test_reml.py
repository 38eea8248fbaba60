"""Two-way REML components without R.

Tolerances: complete tables have a closed form (REML is the analysis of variance where no component
is negative; Searle, Casella, & McCulloch, 1992), met to 1e-9. lme4 stops up to 6e-5 from the
maximum on incomplete tables and 6e-6 on complete ones, hence 1e-4 and 1e-5 against it; that ours is
the maximum is tested by the likelihood itself, written out with dense matrices.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from exprstats import rbridge
from exprstats.reliability.icc import reml
from exprstats.reliability.icc.oneway import sum_clips
from exprstats.reliability.icc.panels import split_panels


def simulate(clips, raters, share, spread=0.5, seed=1):
    rng = np.random.default_rng(seed)
    clip, rater = np.divmod(np.arange(clips * raters), raters)
    kept = rng.random(clips * raters) < share
    clip, rater = clip[kept], rater[kept]
    effects = rng.standard_normal(clips)[clip] + spread * rng.standard_normal(raters)[rater]
    ratings = pd.DataFrame({"clip": clip.astype(str), "rater": rater.astype(str), "item": "q"})
    return ratings.assign(rating=effects + rng.standard_normal(len(clip)))


def solve(ratings):
    [panel] = split_panels(ratings)
    return np.array(reml.solve_two_way(panel)), panel


def restricted(values, panel):
    """Minus twice the restricted log-likelihood, from dense matrices."""
    clip, rater, error = values
    same = [np.equal.outer(codes, codes) for codes in (panel.clip, panel.rater)]
    v = clip * same[0] + rater * same[1] + error * np.eye(len(panel.rating))
    inverse = np.linalg.inv(v)
    weight = inverse.sum()
    away = panel.rating - (inverse @ panel.rating).sum() / weight
    return np.linalg.slogdet(v)[1] + np.log(weight) + away @ inverse @ away


def test_complete_tables_equal_the_analysis_of_variance():
    found, panel = solve(simulate(40, 8, 1.0))
    y = np.empty((40, 8))
    y[panel.clip, panel.rater] = panel.rating
    rows, columns, mean = y.mean(axis=1, keepdims=True), y.mean(axis=0, keepdims=True), y.mean()
    residual = np.sum((y - rows - columns + mean) ** 2) / (39 * 7)
    clip = (8 * np.sum((rows - mean) ** 2) / 39 - residual) / 8
    rater = (40 * np.sum((columns - mean) ** 2) / 7 - residual) / 40
    np.testing.assert_allclose(found, [clip, rater, residual], rtol=1e-9)


def test_incomplete_tables_reach_the_maximum_of_the_likelihood():
    found, panel = solve(simulate(40, 8, 0.6))
    best = restricted(found, panel)
    for place in range(3):
        for factor in (0.999, 1.001):
            moved = found.copy()
            moved[place] *= factor
            # 1e-3 away the likelihood is lower by more than its rounding error, 1e-10.
            assert restricted(moved, panel) > best + 1e-9


@pytest.mark.r("lme4")
@pytest.mark.parametrize(("share", "rtol"), [(1.0, 1e-5), (0.6, 1e-4)])
def test_lme4_agrees(share, rtol):
    found, panel = solve(simulate(60, 8, share))
    reply = rbridge.call(
        "reliability",
        "fit_components",
        panel.rating,
        clip=panel.clip,
        rater=panel.rater,
        subject=None,
    )
    np.testing.assert_allclose(found, [*map(float, reply.value["components"])], rtol=rtol)


def test_raters_who_do_not_differ_leave_the_one_way_model():
    ratings = simulate(40, 4, 1.0)
    centred = ratings["rating"] - ratings.groupby("rater")["rating"].transform("mean")
    found, panel = solve(ratings.assign(rating=centred))
    y = np.empty((40, 4))
    y[panel.clip, panel.rater] = panel.rating
    within = np.sum((y - y.mean(axis=1, keepdims=True)) ** 2) / (40 * 3)
    between = 4 * np.sum((y.mean(axis=1) - y.mean()) ** 2) / 39
    assert found[1] == 0
    # Balanced, so that the one-way analysis of variance is the maximum: 1e-9, as above.
    np.testing.assert_allclose(found[[0, 2]], [(between - within) / 4, within], rtol=1e-9)


@pytest.mark.parametrize("lost", ["rater", "clip"])
def test_the_maximum_where_a_component_is_0(lost):
    """Incomplete tables: no nearby components of a higher likelihood, the third stays 0."""
    ratings = simulate(30, 6, 0.7, seed=3)
    centred = ratings["rating"] - ratings.groupby(lost)["rating"].transform("mean")
    found, panel = solve(ratings.assign(rating=centred))
    at = {"clip": 0, "rater": 1}[lost]
    assert found[at] == 0
    best = restricted(found, panel)
    for place in {0, 1, 2} - {at}:
        # Central differences of the slope: 1e-4 away both sides are equally lower.
        sides = []
        for factor in (0.9999, 1.0001):
            moved = found.copy()
            moved[place] *= factor
            sides.append(restricted(moved, panel) - best)
        assert min(sides) > 0
        assert sides[0] == pytest.approx(sides[1], rel=1e-2)
    moved = found.copy()
    moved[at] = 1e-3 * found[2]
    assert restricted(moved, panel) > best


@pytest.mark.parametrize("counts", [(4,) * 30, (1, 2, 3, 5, 8) * 6])
def test_the_one_way_maximum_has_no_slope(counts):
    """Minus twice the restricted log-likelihood by dense matrices, differences of 1e-4."""
    rng = np.random.default_rng(2)
    clip = np.repeat(np.arange(len(counts)), counts)
    rating = rng.normal(size=len(counts))[clip] + rng.normal(size=len(clip))
    found = np.array(reml.solve_one_way(sum_clips(rating, clip)))
    panel = SimpleNamespace(rating=rating, clip=clip, rater=np.arange(len(clip)))

    def measure(values):
        return restricted((values[0], 0.0, values[1]), panel)

    for place in (0, 1):
        step = np.zeros(2)
        step[place] = 1e-4 * found[place]
        low, middle, high = (measure(found + s * step) for s in (-1, 0, 1))
        # The root of the slope lies (low - high)/2 / (low - 2·middle + high) steps away; the
        # rounding error of the likelihood, 1e-13, is 1e-6 of what a step changes.
        assert abs((low - high) / 2 / (low - 2 * middle + high)) * 1e-4 < 1e-6


def test_without_lme4_statsmodels_serves(monkeypatch):
    from exprstats.reliability import rate_reliability

    monkeypatch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
    result = rate_reliability(simulate(30, 5, 1.0), model="two-way", estimator="reml")
    rows = result.table[result.table["estimator"].eq("reml")]
    assert rows["estimate"].notna().all()
    assert result.r_call is None


@pytest.mark.r("lme4")
def test_a_component_of_0_is_the_same_with_and_without_r(monkeypatch):
    """lme4 alone is 2e-6 from the analysis of variance, which is the maximum of this table."""
    ratings = simulate(40, 4, 1.0)
    centred = ratings["rating"] - ratings.groupby("rater")["rating"].transform("mean")
    [panel] = split_panels(ratings.assign(rating=centred))
    fit = reml.fit_reml(panel, "two-way")
    assert fit.call is not None
    monkeypatch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
    alone = reml.fit_reml(panel, "two-way")
    assert alone.call is None
    assert dict(fit.components) == pytest.approx(dict(alone.components), rel=1e-12)
    assert fit.components["rater"] == 0
