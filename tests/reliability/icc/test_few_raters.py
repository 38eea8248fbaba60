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

from exprstats.reliability.icc.analysis import ROUGHEST, analyse_crossed, analyse_panel
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
            found[way.method].append((*held, min(way.high, 1) - way.low))
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
