"""Likelihoods with several maxima: the highest is reported, and refits stay at it.

Witnesses: lavaan, started at each group of items (stored call below, run through R here), and a
jackknife written out over lavaan fits. lavaan stops about 1e-5 short of a maximum in a loading.
"""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.measurement.factor.formulas import measure_misfit, solve_best
from exprstats.measurement.factor.moments import sum_rows
from exprstats.measurement.factor.refits import fit_sums

ITEMS = list("abcdef")
SCRIPT = """
suppressPackageStartupMessages(library(lavaan))
d <- read.csv(commandArgs(TRUE)[1])
start <- data.frame(lhs = c(rep("g", 6), letters[1:6]), op = rep(c("=~", "~~"), each = 6),
  rhs = rep(letters[1:6], 2), est = c(.1, .1, .1, .9, .9, .9, rep(.5, 6)))
run <- function(rows, ...) {
  cfa("g =~ a + b + c + d + e + f", sample.cov = cov(rows[letters[1:6]]), sample.nobs = nrow(rows),
    std.lv = TRUE, start = start, se = "none", ...)
}
loads <- function(fit) standardizedSolution(fit, se = FALSE)$est.std[1:6]
people <- unique(d$subject)
left <- sapply(people, function(one) {
  loads(run(d[d$subject != one, ], test = "none", baseline = FALSE))
})
errors <- sqrt((length(people) - 1) / length(people) * rowSums((left - rowMeans(left))^2))
cat(fitMeasures(run(d), "chisq"), loads(run(d)), errors, sep = "\\n")
"""


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    """Six items of two unrelated groups, the second a little closer; 40 people, 3 clips each."""
    rng = np.random.default_rng(7)
    people = np.repeat(np.arange(40), 3)
    table = {"subject": [f"s{one}" for one in people], "clip": [f"c{i}" for i in range(120)]}
    for group, strength in (("abc", 0.78), ("def", 0.84)):
        factor = rng.normal(size=40)[people] * 0.7 + rng.normal(size=120) * 0.7
        for item in group:
            table[item] = strength * factor + np.sqrt(1 - strength**2) * rng.normal(size=120)
    return pd.DataFrame(table).round(2)


@pytest.mark.r
def test_the_highest_maximum_is_reported_with_its_own_jackknife(pairs, tmp_path):
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    script = tmp_path / "pairs.R"
    script.write_text(SCRIPT)
    done = subprocess.run(
        ["Rscript", "--vanilla", str(script), str(tmp_path / "pairs.csv")],
        capture_output=True,
        text=True,
        check=True,
    )
    witness = np.array(done.stdout.split(), dtype=float)
    table = ex.fit_factor(pairs, items=ITEMS).tidy()
    chisq = table.loc[table["term"] == "chisq", "estimate"].item()
    rows = table[(table["term"] == "loading") & (table["method"] == "jackknife")]
    assert chisq == pytest.approx(witness[0], abs=1e-3)
    assert rows["estimate"].to_numpy() == pytest.approx(witness[1:7], abs=1e-4)
    assert rows["std_error"].to_numpy() == pytest.approx(witness[7:], abs=1e-3)
    drawn = ex.bootstrap_factor(pairs, items=ITEMS, draws=100, seed=1).tidy()
    loadings = drawn[(drawn["term"] == "loading") & drawn["headline"]]
    assert loadings["estimate"].to_numpy() == pytest.approx(witness[1:7], abs=1e-4)


@pytest.mark.r
def test_a_lower_maximum_is_left_and_said_and_the_script_starts_there_too(pairs, tmp_path):
    factor = ex.fit_factor(pairs, items=ITEMS)
    assert any(one.started for one in factor.solutions) == any("maxima" in n for n in factor.notes)
    plain = ex.fit_factor(
        pairs.rename(columns=dict(zip("abcdef", "defabc", strict=True))), items=ITEMS
    )
    both = [one.tidy().query("term == 'chisq'")["estimate"].item() for one in (factor, plain)]
    assert both[0] == pytest.approx(both[1], abs=1e-3)
    assert any(one.started for found in (factor, plain) for one in found.solutions)
    started = factor if factor.solutions[0].started else plain
    assert 'starts <- list("all NA" = c(' in ex.measurement.write_lavaan_script(
        started, tmp_path / "refit.R", data="pairs.csv"
    )


def test_the_search_finds_the_best_of_many_random_starts():
    from scipy.optimize import minimize

    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(5):
        two = rng.normal(size=(80, 2)) @ np.kron(np.eye(2), rng.uniform(0.5, 1, (1, 3)))
        r = np.corrcoef(two + rng.normal(size=(80, 6)), rowvar=False)

        def misfit(at, r=r):
            sigma = np.outer(at[:6], at[:6]) + np.diag(np.exp(at[6:]))
            inverse = np.linalg.inv(sigma)
            slope = inverse - inverse @ r @ inverse
            slopes = np.r_[2 * slope @ at[:6], np.diag(slope) * np.exp(at[6:])]
            return np.linalg.slogdet(sigma)[1] + np.trace(r @ inverse), slopes

        tries = [
            minimize(misfit, np.r_[rng.uniform(-1, 1, 6), np.log(rng.uniform(0.2, 1, 6))], jac=True)
            for _ in range(12)
        ]
        proper = [one.fun for one in tries if np.exp(one.x[6:]).min() > 1e-3]
        best = solve_best(r)
        if best is None or not proper:
            continue
        ours = measure_misfit(r[None], best[0][None], best[1][None])[0]
        assert ours <= min(proper) + 1e-6
        compared += 1
    assert compared >= 3, compared


def test_a_search_that_ran_away_has_the_greatest_misfit():
    r = np.full((4, 4), 0.49) + 0.51 * np.eye(4)
    loadings = np.array([[0.7] * 4, [np.inf] + [0.7] * 3, [np.nan] * 4])
    residuals = np.full((3, 4), 0.51)
    with np.errstate(invalid="ignore"):
        misfit = measure_misfit(np.repeat(r[None], 3, axis=0), loadings, residuals)
    assert misfit[0] == pytest.approx(np.linalg.slogdet(r)[1] + 4, abs=1e-12)
    assert np.isposinf(misfit[1:]).all()


def test_neither_the_fit_nor_its_refits_follow_the_largest_component():
    """Five items at r = .45 have the larger component, three at r = .8 the higher likelihood.

    The blocks are unrelated, so that each maximum has loadings √r in its block, and log|Σ| + tr is
    the log-determinant of that block's correlations and p: 2 log .2 + log 2.6 + 8 for the three.
    """
    r = np.eye(8)
    r[:5, :5] += 0.45 * (1 - np.eye(5))
    r[5:, 5:] += 0.8 * (1 - np.eye(3))
    loadings, residuals = solve_best(r)
    assert loadings == pytest.approx([*[0] * 5, *[0.8**0.5] * 3], abs=1e-6)
    misfit = measure_misfit(r[None], loadings[None], residuals[None])[0]
    assert misfit == pytest.approx(2 * np.log(0.2) + np.log(2.6) + 8, abs=1e-9)
    raw = np.random.default_rng(1).normal(size=(400, 8))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, bias=True)).T)
    answers = white @ np.linalg.cholesky(r).T
    sums = sum_rows(None, answers, np.arange(400) // 4, 100, centre=np.zeros(8))
    left = fit_sums(sums.leave_out()).loadings
    assert np.abs(left[:, :5]).max() < 0.1
    assert left[:, 5:].min() > 0.85
