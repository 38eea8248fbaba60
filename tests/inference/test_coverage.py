"""Coverage and type-I error: a small simulation here, and what the stored table claims.

The table vignettes/coverage_intervals.csv is written by simulate_coverage.py: 1,000 studies a
design, 500 draws each. `make coverage` simulates some of its designs again and compares.
Tolerance: Monte-Carlo error of a share, four standard errors.
"""

import os
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.inference.metrics import find_metrics
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import jackknife_clusters

HERE = Path(__file__).parent
DESIGN = ["clusters", "sizes", "tails", "icc"]


@pytest.fixture(scope="module")
def simulation():
    return runpy.run_path(str(HERE / "simulate_coverage.py"))


@pytest.fixture(scope="module")
def table(simulation):
    return pd.read_csv(simulation["TABLE"])


def find_cell(frame, term, metric="correlation"):
    return frame[(frame["metric"] == metric) & (frame["term"] == term)].set_index("method")


def test_the_table_has_every_design_and_method(simulation, table):
    assert len(table[DESIGN].drop_duplicates()) == len(simulation["DESIGNS"]) == 96
    assert len(table) == 96 * 2 * 3 * len(simulation["METHODS"])
    assert not table.duplicated([*DESIGN, "metric", "term", "method"]).any()


def test_a_small_simulation_agrees_with_the_table(simulation, table):
    design = (15, "balanced", "normal", 0.4)
    found = simulation["simulate_designs"]([design], repeats=150)
    stored = table[(table[DESIGN] == list(design)).all(axis=1)]
    keys = ["metric", "term", "method"]
    both = found.merge(stored, on=keys, suffixes=("", "_stored"))
    assert len(both) == 30
    for name in ("coverage", "rejects"):
        share = both[f"{name}_stored"].clip(0.02, 0.98)
        error = np.sqrt(share * (1 - share) * (1 / 150 + 1 / 1000))
        assert ((both[name] - both[f"{name}_stored"]).abs() < 4 * error).loc[share.notna()].all()


@pytest.mark.slow
def test_designs_simulated_again_agree_with_the_table(simulation, table):
    designs = [d for d in simulation["DESIGNS"] if d[0] in {8, 28, 80} and d[3] == 0.4]
    found = simulation["simulate_designs"](designs, repeats=1000, workers=os.cpu_count() or 1)
    both = found.merge(table, on=[*DESIGN, "metric", "term", "method"], suffixes=("", "_stored"))
    assert len(both) == len(found)
    error = np.hypot(both["error"], both["error_stored"]).clip(lower=0.004)
    assert ((both["coverage"] - both["coverage_stored"]).abs() < 4.5 * error).all()


def test_jackknife_covers_differences_from_five_clusters_on(table):
    rows = table[(table["method"] == "jackknife") & (table["term"] != "score")]
    assert rows["coverage"].mean() == pytest.approx(0.95, abs=0.01)
    assert rows["coverage"].min() > 0.90


def test_percentile_needs_forty_clusters(table):
    rows = table[(table["method"] == "percentile") & (table["term"] != "score")]
    means = rows.groupby("clusters")["coverage"].mean()
    assert means[5] < 0.87
    assert means[10] < 0.92
    assert means[40] > 0.93
    assert means[80] > 0.935


def test_bca_is_never_better_than_percentile_for_few_clusters(table):
    few = table[(table["clusters"] <= 28) & (table["term"] == "equal")]
    means = few.groupby("method")["coverage"].mean()
    assert means["bca"] < means["percentile"] < means["jackknife"]


def test_tests_of_the_headline_rows_reject_the_truth_about_as_often_as_they_say(table):
    rows = table[table["term"] == "equal"]
    headline = np.where(rows["clusters"] >= 40, "percentile", "jackknife")
    assert rows.loc[rows["method"] == headline, "rejects"].max() < 0.10
    assert rows.loc[rows["method"] == headline, "rejects"].mean() == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("groups", [10, 28, 80])
def test_jackknife_p_is_uniform_where_models_are_equally_good(simulation, groups):
    # 400 studies: Kolmogorov-Smirnov, 1 % level.
    rng = np.random.default_rng(groups)
    (metric,) = find_metrics("correlation")
    p_values = []
    for _ in range(400):
        panel = simulation["draw_panel"](rng, groups, "balanced", "normal", 0.4)
        evaluation = Evaluation(panel, [metric])
        whole, without = evaluation.measure_whole()[0], evaluation.measure_without()[0]
        difference = jackknife_clusters(whole[:1] - whole[1:2], without[:1] - without[1:2])
        p_values.append(difference.p_value[0])
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
