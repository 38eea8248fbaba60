"""Cluster bootstrap of a factor against plain refits, simulation, and contexts known to differ.

Tolerances: the same draws refitted one by one agree to 1e-10; simulated standard errors 20 %
(Monte-Carlo error of a standard deviation over 60 samples is 9 %).
"""

import time

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.inference.resampling.clusters import draw_clusters
from exprstats.measurement import bootstrap_factor, fit_factor
from exprstats.measurement.factor.formulas import compute_alpha, solve_many
from exprstats.parallel import spawn_seeds

ITEMS = ["a", "b", "c"]


def draw_clips(seed=1, subjects=50, clips=6, loadings=(0.9, 0.8, 0.7), p=3):
    """Return clips whose subjects share half of the factor; context 'y' has a weak first item."""
    rng = np.random.default_rng(seed)
    n = subjects * clips
    subject = np.repeat(np.arange(subjects), clips)
    factor = (rng.normal(size=subjects)[subject] + rng.normal(size=n)) / np.sqrt(2)
    context = np.tile(["x", "y"], n // 2)
    strength = np.tile(np.resize(loadings, p), (n, 1)).astype(float)
    strength[context == "y", 0] = 0.4
    answers = factor[:, None] * strength + rng.normal(size=(n, p)) * 0.5
    table = pd.DataFrame(answers, columns=list("abcdef")[:p])
    ids = {"context": context, "clip": [f"c{i}" for i in range(n)]}
    return table.assign(**ids, subject=[f"s{one}" for one in subject])


def find(table, **keys):
    for name, value in keys.items():
        table = table[table[name].isna()] if value is None else table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_estimates_are_those_of_the_fit(closed):
    table = draw_clips()
    rows = bootstrap_factor(table, items=ITEMS, by="context", draws=250, seed=1).tidy()
    fitted = fit_factor(table, items=ITEMS, by="context").tidy().query("headline")
    for context in ("x", "y", None):
        for term in ("loading", "residual", "omega", "alpha"):
            for item in ITEMS if term in {"loading", "residual"} else [None]:
                keys = {"context": context, "term": term, "item": item}
                mine = find(rows, **keys, versus=None, method="percentile")
                assert mine["estimate"] == pytest.approx(
                    find(fitted, **keys)["estimate"], abs=1e-10
                )


def test_draws_are_plain_refits_of_whole_subjects(closed):
    table = draw_clips(subjects=12)
    rows = bootstrap_factor(table, items=ITEMS, draws=40, seed=7).tidy()
    drawn = draw_clusters(spawn_seeds(7, 1)[0], [np.arange(12)])[:40]
    by_subject = [part for _, part in table.groupby("subject")]
    found = []
    for who in drawn:
        sample = pd.concat([by_subject[one] for one in who])
        covariance = np.cov(sample[ITEMS].to_numpy().T, bias=True)
        first = np.sqrt(covariance[0, 1] * covariance[0, 2] / covariance[1, 2])
        found.append(first / np.sqrt(covariance[0, 0]))
    row = find(rows, term="loading", item="a", method="percentile")
    assert row["std_error"] == pytest.approx(np.std(found, ddof=1), abs=1e-10)
    left = []
    for out in range(12):
        sample = pd.concat([part for place, part in enumerate(by_subject) if place != out])
        left.append(compute_alpha(np.cov(sample[ITEMS].to_numpy().T, bias=True), 1)[0])
    jackknife = np.sqrt(11 / 12 * np.sum((left - np.mean(left)) ** 2))
    row = find(rows, term="alpha", method="jackknife")
    assert row["std_error"] == pytest.approx(jackknife, abs=1e-10)
    assert bool(row["headline"])


def test_the_error_is_that_of_new_subjects(closed):
    """Clips share subjects: the bootstrap sees it, the normal theory of single clips does not."""
    omegas, errors, naive = [], [], []
    for seed in range(60):
        table = draw_clips(seed=seed, subjects=40)
        table["a"] += np.random.default_rng(seed).normal(size=40)[
            np.repeat(np.arange(40), 6)
        ] * 0.7  # fmt: skip
        rows = bootstrap_factor(table, items=ITEMS, draws=250, seed=seed).tidy()
        row = find(rows, term="omega", method="percentile")
        omegas.append(row["estimate"])
        errors.append(row["std_error"])
        naive.append(
            find(fit_factor(table, items=ITEMS).tidy(), term="omega", method="ml")["std_error"]
        )
    assert np.mean(errors) == pytest.approx(np.std(omegas, ddof=1), rel=0.2)
    assert np.mean(naive) < 0.85 * np.mean(errors)


def test_contexts_that_differ_are_told_apart_and_the_others_not(closed):
    table = draw_clips(subjects=80)
    result = bootstrap_factor(table, items=ITEMS, by="context", draws=2000, seed=2)
    rows = result.tidy()
    differs = find(rows, context="x", versus="y", term="loading", item="a", method="percentile")
    assert differs["conf_low"] > 0.05
    assert differs["p_adjusted"] < 0.02
    same = find(rows, context="x", versus="y", term="loading", item="c", method="percentile")
    assert same["p_adjusted"] > 0.05
    assert "differed from zero" in result.sentence()
    own = [find(rows, context=one, versus=None, term="loading", item="a", method="percentile")
           for one in "xy"]  # fmt: skip
    assert differs["estimate"] == pytest.approx(own[0]["estimate"] - own[1]["estimate"])
    assert rows["context"].isna().to_numpy().nonzero()[0].min() == rows["context"].notna().sum()


def test_the_first_draws_do_not_depend_on_their_number(closed):
    table = draw_clips()
    short = bootstrap_factor(table, items=ITEMS, draws=300, seed=3).tidy()
    again = bootstrap_factor(table, items=ITEMS, draws=300, seed=3).tidy()
    other = bootstrap_factor(table, items=ITEMS, draws=300, seed=4).tidy()
    pd.testing.assert_frame_equal(short, again)
    assert not np.allclose(short["std_error"], other["std_error"])


def test_ten_thousand_draws_take_less_than_a_second(closed):
    table = draw_clips(subjects=140)
    start = time.process_time()
    bootstrap_factor(table, items=ITEMS, by="context", draws=10_000, seed=1)
    assert time.process_time() - start < 1


def test_few_clusters_are_refused_or_marked(closed):
    table = draw_clips(subjects=8)
    rows = bootstrap_factor(table, items=ITEMS, draws=250, seed=1).tidy()
    assert rows["note"].str.contains("too few clusters").all()
    with pytest.raises(DataError, match="the data have 2 clusters"):
        bootstrap_factor(table[table["subject"].isin(["s0", "s1"])], items=ITEMS, draws=9)
    with pytest.raises(DataError, match="no column 'subjects'"):
        bootstrap_factor(table, items=ITEMS, cluster="subjects")
    with pytest.raises(OptionError, match="'percent'"):
        bootstrap_factor(table, items=ITEMS, interval="percent")
    for draws in (0, 1, 99.5):
        with pytest.raises(OptionError, match=f"{draws}"):
            bootstrap_factor(table, items=ITEMS, draws=draws)


def test_alpha_has_the_error_that_simulation_shows():
    rng = np.random.default_rng(6)
    truth = np.outer([0.9, 0.7, 0.8, 0.5], [0.9, 0.7, 0.8, 0.5]) + np.diag([0.4, 0.5, 0.3, 0.8])
    root = np.linalg.cholesky(truth)
    found = [
        compute_alpha(np.cov(root @ rng.normal(size=(4, 300)), bias=True), 300)[0]
        for _ in range(1500)
    ]
    alpha, error = compute_alpha(truth, 300)
    assert np.std(found) == pytest.approx(error, rel=0.08)
    assert np.mean(found) == pytest.approx(alpha, abs=0.005)
    assert alpha == pytest.approx(4 / 3 * (1 - np.trace(truth) / truth.sum()))


@pytest.mark.r
def test_more_items_are_refitted_as_lavaan_fits_them():
    items = ["a", "b", "c", "d"]
    tables = [draw_clips(p=4, subjects=30, seed=seed) for seed in (1, 2, 3)]
    covariances = [np.cov(table[items].to_numpy().T, bias=True) for table in tables]
    covariances.insert(1, np.full((4, 4), np.nan))
    loadings, residuals = solve_many(np.array(covariances))
    assert np.isnan(loadings[1]).all()
    for place, table in zip((0, 2, 3), tables, strict=True):
        one = fit_factor(table, items=items).solutions[0]
        np.testing.assert_allclose(loadings[place], one.loadings, atol=1e-6)
        np.testing.assert_allclose(residuals[place], one.residuals, atol=1e-6)


@pytest.mark.r
def test_more_items_have_intervals_too():
    table = draw_clips(p=4, subjects=11)
    rows = bootstrap_factor(table, items=["a", "b", "c", "d"], draws=20, seed=1).tidy()
    assert rows["std_error"].notna().all()
    assert set(rows["item"].dropna()) == {"a", "b", "c", "d"}


def test_neither_rows_nor_categories_set_the_draws():
    table = draw_clips(subjects=14)
    levels = [*table["subject"].unique()[::-1], "nobody"]
    given = [
        table,
        table.sample(frac=1, random_state=1),
        table.assign(subject=pd.Categorical(table["subject"], categories=levels)),
    ]
    found = [bootstrap_factor(one, items=ITEMS, draws=200, seed=1).table for one in given]
    for other in found[1:]:
        for name in ("estimate", "std_error", "conf_low", "conf_high"):
            np.testing.assert_allclose(found[0][name], other[name], rtol=1e-9)
