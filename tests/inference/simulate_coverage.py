"""How often intervals hold the truth, and tests reject what is true: the coverage table.

Two models predict a truth that clusters share; the same noise in both (their differences are
exactly 0 in the population) or more in the second. Writes vignettes/coverage_intervals.csv, one
row a design, term and method. Run: python simulate_coverage.py [repeats] [workers]
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.inference.metrics import find_metrics
from exprstats.inference.resampling.clusters import Cell, Panel, Scheme
from exprstats.inference.resampling.samples import count_blocks, sample_cell
from exprstats.inference.resampling.summaries import form_terms, summarise_terms
from exprstats.parallel import run_tasks, spawn_seeds

TABLE = Path(__file__).parents[2] / "vignettes" / "coverage_intervals.csv"
METHODS = ("percentile", "basic", "bca", "jackknife", "t")
METRICS = ("correlation", "rmse")
DESIGNS = list(
    product(
        (5, 8, 10, 15, 20, 28, 40, 80),
        ("balanced", "unbalanced"),
        ("normal", "heavy"),
        (0.1, 0.4, 0.7),
    )
)
NOISE = {"same": 1.0, "more": 1.3}
DRAWS = 500


def draw_values(rng, tails, size):
    """Draw values of mean 0 and variance 1; heavy tails are those of t with 5 df."""
    if tails == "normal":
        return rng.normal(size=size)
    return rng.standard_t(5, size=size) / np.sqrt(5 / 3)


def draw_panel(rng, clusters, balance, tails, icc):
    """Draw one study: ten clips a cluster, or 2 to 30; predictions of both noises."""
    sizes = np.full(clusters, 10) if balance == "balanced" else rng.integers(2, 19, size=clusters)
    if balance == "unbalanced":
        sizes[:: max(clusters // 3, 1)] += 12
    codes = np.repeat(np.arange(clusters), sizes)

    def draw_shared():
        shared = draw_values(rng, tails, clusters)[codes]
        return np.sqrt(icc) * shared + np.sqrt(1 - icc) * draw_values(rng, tails, len(codes))

    truth = draw_shared()
    noise = [draw_shared(), draw_shared()]
    predictions = [truth + noise[0], truth + noise[1], truth + NOISE["more"] * noise[1]]
    return Panel(truth, np.array(predictions), codes, clusters)


def find_truth():
    """Return population values: noise adds to the truth's variance of 1."""
    scale = NOISE["more"]
    return {
        ("correlation", 0): 1 / np.sqrt(2),
        ("correlation", 1): 0.0,
        ("correlation", 2): 1 / np.sqrt(2) - 1 / np.sqrt(1 + scale**2),
        ("rmse", 0): 1.0,
        ("rmse", 1): 0.0,
        ("rmse", 2): 1.0 - scale,
    }


def judge_study(seed, design, draws=DRAWS):
    """Return (rows, 2) of one study: whether the interval holds the truth; p below .05."""
    rng = np.random.default_rng(seed)
    panel = draw_panel(rng, *design)
    groups = panel.groups
    cell = Cell(
        None,
        ("a", "b", "c"),
        (panel,),
        (np.arange(3),),
        tuple(range(groups)),
        len(panel.truth),
        Scheme((np.arange(groups),)),
    )
    pairs = [(0, 1), (0, 2)]
    metrics = find_metrics(list(METRICS))
    seeds = spawn_seeds(rng, count_blocks(draws))
    truth, found = find_truth(), []
    for sample in sample_cell(cell, metrics, seeds, draws=draws, pairs=pairs):
        terms = form_terms(sample, pairs)
        for method in METHODS:
            options = {"n_clusters": groups, "interval": method, "level": 0.95}
            rows = [row for _, row in summarise_terms(terms, **options) if row["method"] == method]
            for place, line in enumerate((0, 3, 4)):
                value = truth[sample.metric.name, place]
                row = rows[line]
                holds = row["conf_low"] <= value <= row["conf_high"]
                undefined = np.isnan(row["conf_low"])
                found.append((np.nan if undefined else holds, row["p_value"] < 0.05, undefined))
    return np.array(found, dtype=float)


def judge_design(design, repeats):
    """Return the table's rows of one design."""
    start = 7919 * (DESIGNS.index(design) + 1)
    seeds = np.random.SeedSequence(start).spawn(repeats)
    judged = np.array([judge_study(seed, design) for seed in seeds])
    names = list(product(METRICS, METHODS, ("score", "equal", "unequal")))
    rows = []
    for line, (metric, method, term) in enumerate(names):
        holds = judged[:, line, 0]
        coverage = np.nanmean(holds) if np.isfinite(holds).any() else np.nan
        rows.append(
            dict(zip(("clusters", "sizes", "tails", "icc"), design, strict=True))
            | {"metric": metric, "term": term, "method": method}
            | {
                "coverage": round(float(coverage), 3),
                "error": round(float(np.sqrt(coverage * (1 - coverage) / repeats)), 4),
                "rejects": round(float(judged[:, line, 1].mean()), 3) if term != "score" else None,
                "undefined": round(float(judged[:, line, 2].mean()), 3),
            }
        )
    return rows


def simulate_designs(designs, *, repeats, workers=1):
    """Return the table of some designs."""
    found = run_tasks(partial(judge_design, repeats=repeats), designs, n_jobs=workers)
    return pd.DataFrame([row for rows in found for row in rows])


if __name__ == "__main__":
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    simulate_designs(DESIGNS, repeats=repeats, workers=workers).to_csv(TABLE, index=False)
