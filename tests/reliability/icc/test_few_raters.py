"""How often the intervals hold the truth with two to eight crossed raters, and which is printed.

Every rater rates every clip. Clip variance 1, half of it between subjects; error variance 1, a
share of it raters' severity. The truth for raters as a sample follows from these; for the raters at
hand their own variance (divisor W − 1) stands for the population's. The full form (make coverage)
writes vignettes/coverage_few_raters.csv, which decides which interval is the headline; the reduced
form allows four Monte-Carlo standard errors.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.reliability.icc.analysis import analyse_crossed
from exprstats.reliability.icc.panels import Panel

TABLE = Path(__file__).parents[3] / "vignettes" / "coverage_few_raters.csv"
METHODS = ("satterthwaite", "jackknife", "jackknife_subjects")
CLIPS = 5


def draw_crossed(rng, subjects, raters, severity):
    """Return a complete panel, and the variance of its raters' severities."""
    subject = np.repeat(np.arange(subjects), CLIPS)
    n = subject.size
    level = rng.normal(0, 0.5**0.5, subjects)[subject] + rng.normal(0, 0.5**0.5, n)
    bias = rng.normal(0, severity**0.5, raters)
    y = level[:, None] + bias + rng.normal(0, (1 - severity) ** 0.5, (n, raters))
    clip, rater = np.indices(y.shape)
    codes = clip.ravel(), rater.ravel(), subject[clip.ravel()]
    return Panel(None, "x", y.ravel(), *codes, np.arange(y.size), 0), bias.var(ddof=1)


def measure_few(draws, subjects, raters, severity, seed=1):
    """Return, by method, how often ICC(A,k) is held and the mean width of what is printed."""
    rng = np.random.default_rng(seed)
    found = {method: [] for method in METHODS}
    for _ in range(draws):
        panel, spread = draw_crossed(rng, subjects, raters, severity)
        truth = 1 / (1 + 1 / raters)
        fixed = 1 / (1 + (spread + 1 - severity) / raters)
        for way in analyse_crossed(panel, 0.95).families[0].intervals:
            held = (way.low <= truth <= way.high, way.low <= fixed <= way.high)
            refused = (np.nan,) * 3
            row = (*held, min(way.high, 1) - way.low)
            found[way.method].append(refused if np.isnan(way.low) else row)
    rows = {method: np.mean(rows, axis=0) for method, rows in found.items() if rows}
    names = ("held", "held_fixed", "width")
    return {method: dict(zip(names, row, strict=True)) for method, row in rows.items()}


@pytest.mark.slow
def test_write_the_table_of_few_raters():
    """Every cell of the full table: 12, 24, 60 subjects with 5 clips each."""
    rows = []
    for subjects, raters, severity in product((12, 24, 60), (2, 3, 4, 5, 6, 8), (0.0, 0.1, 0.3)):
        found = measure_few(1000, subjects, raters, severity)
        keys = {"subjects": subjects, "raters": raters, "severity": severity}
        rows += [keys | {"method": method} | found.get(method, {}) for method in METHODS]
    pd.DataFrame(rows).round(3).to_csv(TABLE, index=False)


@pytest.mark.parametrize("count", [120, pytest.param(300, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("raters", "severity"), [(3, 0.1), (3, 0.3), (5, 0.3)])
def test_the_interval_that_allows_for_raters_holds_and_the_others_do_not(raters, severity, count):
    found = measure_few(count, 40, raters, severity)
    least = 0.95 - 4 * (0.95 * 0.05 / count) ** 0.5
    assert found["jackknife"]["held"] > least
    assert found["jackknife_subjects"]["held_fixed"] > least
    if severity == 0.3:
        assert found["jackknife_subjects"]["held"] < least
        assert found["jackknife_subjects"]["width"] < found["jackknife"]["width"] / 1.5


def test_the_stored_table_bears_out_the_choice():
    """The jackknife over subjects and raters holds everywhere; the other one its own truth."""
    table = pd.read_csv(TABLE).set_index("method")
    several = table[table["raters"] > 2]
    assert several.loc["jackknife", "held"].min() > 0.93
    assert table.loc["jackknife_subjects", "held_fixed"].between(0.93, 0.97).all()
    assert several.loc["jackknife_subjects", "held"].min() < 0.70
    assert several.loc["satterthwaite", "held"].min() < 0.87


def test_two_raters_leave_the_interval_over_subjects():
    rng = np.random.default_rng(3)
    analysis = analyse_crossed(draw_crossed(rng, 20, 2, 0.1)[0], 0.95)
    assert analysis.headline == "jackknife_subjects"
    three = analyse_crossed(draw_crossed(rng, 20, 3, 0.1)[0], 0.95)
    assert three.headline == "jackknife"
