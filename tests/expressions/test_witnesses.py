"""Further witnesses of estimates: ranks, time, stability, adjusted p, and coverage.

Loops with scipy and statsmodels; tolerance 1e-12, the same sums in another order, and 1e-10 for p
values, which pingouin and scipy take from other forms of one distribution.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

import exprstats as ex


@pytest.fixture(scope="module")
def moments():
    """Four recordings of 6 to 9 moments, with three emotions that drift."""
    rng = np.random.default_rng(3)
    rows = []
    for recording, count in zip("abcd", (6, 7, 8, 9), strict=True):
        level = rng.normal(size=3)
        for time in range(count):
            level = 0.6 * level + rng.normal(size=3)
            rows.append((recording, time, *level))
    return pd.DataFrame(rows, columns=["recording", "time", "Anger", "Fear", "Joy"])


@pytest.fixture(scope="module")
def long(moments):
    table = moments.assign(id="one", modality="face", subject=moments["recording"])
    keys = ["recording", "subject", "id", "modality", "time"]
    table = table.melt(keys, var_name="emotion", value_name="score")
    return table.assign(time=table["time"].astype(float))


def pick(table, term):
    rows = table[table["term"].eq(term)]
    return dict(zip(rows["emotion"], rows["estimate"], strict=True))


def test_mean_ranks_lags_and_stability_are_those_of_loops(moments, long):
    table = ex.rate_estimates(long).tidy()
    names = ["Anger", "Fear", "Joy"]
    ranks = np.array([stats.rankdata(-row) for row in moments[names].to_numpy()])
    assert pick(table, "mean_rank") == pytest.approx(
        dict(zip(names, ranks.mean(axis=0), strict=True)), abs=1e-12
    )
    for name in names:
        now, later, first, second = [], [], [], []
        for _, part in moments.groupby("recording"):
            values = part[name].to_numpy()
            centred = values - values.mean()
            now += centred[:-1].tolist()
            later += centred[1:].tolist()
            half = len(values) // 2
            first.append(values[:half].mean())
            second.append(values[half:].mean())
        assert pick(table, "lag_one")[name] == pytest.approx(stats.pearsonr(now, later)[0])
        r = stats.pearsonr(first, second)[0]
        wanted = 2 * r / (1 + r)
        assert pick(table, "stability")[name] == pytest.approx(wanted, abs=1e-12)


def test_p_of_moments_are_those_of_scipy_and_p_of_people_those_of_a_looping_jackknife(
    moments, long
):
    found = ex.compare_structure(long).correlations
    pairs = [("Anger", "Fear"), ("Anger", "Joy"), ("Fear", "Joy")]
    tests = [stats.spearmanr(moments[one], moments[two]) for one, two in pairs]
    assert list(zip(found["emotion"], found["other"], strict=True)) == pairs
    np.testing.assert_allclose(found["r"], [one.statistic for one in tests], rtol=1e-12)
    p = [one.pvalue for one in tests]
    holm = {"method": "holm"}
    np.testing.assert_allclose(found["p_moments"], p, rtol=1e-10)
    np.testing.assert_allclose(found["p_moments_adjusted"], multipletests(p, **holm)[1], rtol=1e-10)
    ranks = moments[["Anger", "Fear", "Joy"]].rank()
    own = []
    for one, two in pairs:
        left = [
            np.arctanh(ranks[moments["recording"].ne(name)][[one, two]].corr().iloc[0, 1])
            for name in "abcd"
        ]
        error = np.sqrt(3 / 4 * np.sum((left - np.mean(left)) ** 2))
        size = abs(np.arctanh(ranks[[one, two]].corr().iloc[0, 1])) / error
        own.append(2 * stats.t.sf(size, 3))
    np.testing.assert_allclose(found["p_value"], own, rtol=1e-9)
    np.testing.assert_allclose(found["p_adjusted"], multipletests(own, **holm)[1], rtol=1e-9)
    assert (found["n_clusters"] == 4).all()


@pytest.mark.parametrize("count", [30, pytest.param(120, marks=pytest.mark.slow)])
def test_p_of_correlations_holds_its_level_where_moments_of_a_person_are_alike(count):
    """Samples of 12 people of 8 moments, levels of each person's own, no correlation.

    Nominal .05: two Monte-Carlo errors of 120 samples above is .09. Moments taken as independent
    reject in a quarter and more.
    """
    held, naive = 0, 0
    for seed in range(count):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(12), 8)
        scores = 2 * rng.normal(size=(12, 2))[who] + rng.normal(size=(96, 2))
        wide = pd.DataFrame(scores, columns=["Fear", "Joy"]).assign(subject=who.astype(str), id="a")
        wide = wide.assign(recording=wide["subject"], modality="face", time=np.arange(96.0))
        keys = ["recording", "subject", "id", "modality", "time"]
        table = wide.melt(keys, var_name="emotion", value_name="score")
        row = ex.compare_structure(table, draws=1, seed=1).correlations.iloc[0]
        held += row["p_value"] < 0.05
        naive += row["p_moments"] < 0.05
    assert held / count <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / count)
    assert naive / count > 0.25


def test_quantile_thresholds_are_those_of_the_scores(long):
    cuts = ex.write_sentences(long, thresholds="quantile").cuts
    bounds = cuts.set_index("adverb")["low"]
    for adverb, share in (("slightly", 0.75), ("extremely", 0.99)):
        assert bounds[adverb] == pytest.approx(np.quantile(long["score"], share), abs=1e-12)


@pytest.mark.parametrize("count", [25, pytest.param(80, marks=pytest.mark.slow)])
def test_intervals_of_means_and_shares_hold_the_truth(count):
    """Samples of 20 speakers of 5 moments, alike within speakers.

    Two emotions of equal law: the mean is 0, and each leads in half of all moments. Three
    Monte-Carlo errors of 80 samples below 95 % is .877.
    """
    held = {"mean": 0, "share_top": 0}
    for seed in range(count):
        rng = np.random.default_rng(seed)
        speakers = np.repeat(np.arange(20), 5)
        scores = rng.normal(size=(20, 2))[speakers] + rng.normal(size=(100, 2))
        wide = pd.DataFrame(scores, columns=["Fear", "Joy"])
        wide = wide.assign(recording=speakers.astype(str), subject=speakers.astype(str), id="a")
        wide = wide.assign(modality="face", time=np.tile(np.arange(5.0), 20))
        keys = ["recording", "subject", "id", "modality", "time"]
        rows = ex.rate_estimates(wide.melt(keys, var_name="emotion", value_name="score")).tidy()
        for term, truth in (("mean", 0.0), ("share_top", 0.5)):
            row = rows[rows["term"].eq(term) & rows["emotion"].eq("Joy")].iloc[0]
            held[term] += row["conf_low"] <= truth <= row["conf_high"]
    assert min(held.values()) / count >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / count)
