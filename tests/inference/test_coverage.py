"""Coverage and type-I error: a small simulation here, and what the stored table claims.

The table vignettes/coverage_intervals.csv is written by simulate_coverage.py: 500 studies a design
(1,000 of two contexts, 300 of rank metrics). `make coverage` simulates it again and compares.
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
from exprstats.inference.resampling.pvalues import adjust_maximum

HERE = Path(__file__).parent
DESIGN = ["clusters", "sizes", "tails", "icc"]
MODELS = ("score", "equal", "unequal")


@pytest.fixture(scope="module")
def simulation():
    return runpy.run_path(str(HERE / "simulate_coverage.py"))


@pytest.fixture(scope="module")
def table(simulation):
    return pd.read_csv(simulation["TABLE"])


@pytest.fixture(scope="module")
def designs(table):
    return table[table["term"].isin(MODELS)]


def compare_shares(found, stored, keys, room=4.0):
    """Assert that shares of both tables are those of the same truth."""
    both = found.merge(stored, on=keys, suffixes=("", "_stored"))
    assert len(both) == len(found)
    for name in ("jackknife", "percentile", "basic", "bca", "rejects_jackknife"):
        share = ((both[name] + both[f"{name}_stored"]) / 2).clip(0.02, 0.98)
        # Bootstrap columns rest on the first half of the studies.
        size = 1 / both["studies"] + 1 / both["studies_stored"]
        error = np.sqrt(share * (1 - share) * 2 * size)
        assert ((both[name] - both[f"{name}_stored"]).abs() < room * error).loc[error.notna()].all()


def test_the_table_has_every_design_metric_and_term(simulation, designs, table):
    assert len(designs[DESIGN].drop_duplicates()) == len(simulation["DESIGNS"]) == 96
    quick = designs[designs["metric"].isin(simulation["QUICK"])]
    slow = designs[designs["metric"].isin(simulation["SLOW"])]
    assert len(quick) == 96 * 7 * 3 and len(slow) == 16 * 3 * 3
    assert len(table) == len(designs) + 4 * len(simulation["PAIRS"]) + 2 * len(simulation["FOLDED"])
    assert not table.duplicated(simulation["KEYS"]).any()


def test_a_small_simulation_agrees_with_the_table(simulation, table):
    design = (15, "balanced", "normal", 0.4)
    known = {design[2:]: simulation["find_truths"](*design[2:], size=400_000)}
    options = {"repeats": 125, "drawn": 125, "truths": known}
    found = simulation["simulate"](simulation["judge_design"], [design], **options)
    assert len(found) == 21
    compare_shares(found, table, [*DESIGN, "metric", "term"])


@pytest.mark.slow
def test_designs_simulated_again_agree_with_the_table(simulation, table):
    designs = [d for d in simulation["DESIGNS"] if d[0] in {10, 28, 80} and d[3] == 0.4]
    options = {"repeats": 2000, "drawn": 1000, "truths": simulation["list_truths"]()}
    options["workers"] = os.cpu_count() or 1
    found = simulation["simulate"](simulation["judge_design"], designs, **options)
    compare_shares(found, table, [*DESIGN, "metric", "term"], room=4.5)


@pytest.mark.slow
def test_contexts_and_folds_simulated_again_agree_with_the_table(simulation, table):
    keys = ["clusters", "sizes", "tails", "icc", "metric", "term"]
    for name, designs in (("judge_pair", "PAIRS"), ("judge_folds", "FOLDED")):
        found = simulation["simulate"](simulation[name], simulation[designs], repeats=1000)
        by = [*keys, "versus"] if name == "judge_pair" else keys
        compare_shares(found, table, by, room=4.5)


@pytest.mark.parametrize("groups", [10, 28, 80])
def test_jackknife_p_is_uniform_where_models_are_equally_good(simulation, groups):
    # 400 studies: Kolmogorov-Smirnov, 1 % level.
    rng = np.random.default_rng(groups)
    (metric,) = find_metrics("correlation")
    truth, guesses = simulation["draw_studies"](rng, 400, np.full(groups, 10), "normal", 0.4)
    codes = np.repeat(np.arange(groups), 10)
    p_values = []
    for study in range(400):
        panel = simulation["Panel"](truth[study], guesses[:2, study], codes, groups)
        evaluation = Evaluation(panel, [metric])
        whole, without = evaluation.measure_whole()[0], evaluation.measure_without()[0]
        difference = jackknife_clusters(whole[:1] - whole[1:2], without[:1] - without[1:2])
        p_values.append(difference.p_value[0])
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_the_vectorised_studies_are_those_of_the_package(simulation):
    rng = np.random.default_rng(1)
    sizes = simulation["draw_sizes"](rng, 12, "unbalanced")
    truth, guesses = simulation["draw_studies"](rng, 3, sizes, "heavy", 0.4)
    codes, starts = np.repeat(np.arange(12), sizes), np.cumsum(sizes) - sizes
    for metric in find_metrics(["correlation", "ccc", "rmse", "mae", "accuracy", "f1"]):
        whole, without, _ = simulation["measure_studies"](metric, truth, guesses[0], starts)
        for study in range(3):
            one, other = simulation["cut_labels"](metric, truth[study], guesses[0][study])
            if metric.takes != "numbers":
                one, other = (truth[study] > 0.8) * 1.0, (guesses[0][study] > 0.8) * 1.0
            evaluation = Evaluation(simulation["Panel"](one, other[None], codes, 12), [metric])
            assert whole[study] == pytest.approx(evaluation.measure_whole()[0, 0], rel=1e-10)
            known = evaluation.measure_without()[0, 0]
            np.testing.assert_allclose(without[study], known, rtol=1e-10)


@pytest.mark.parametrize("count", [250, pytest.param(600, marks=pytest.mark.slow)])
def test_max_t_by_jackknife_errors_holds_its_level_at_unequal_clusters(count):
    # 80 unequal clusters of means of six equal models: 15 true nulls a study; four standard errors.
    rng = np.random.default_rng(6)
    first, second = np.triu_indices(6, 1)
    rejected = 0
    for _ in range(count):
        sizes = rng.integers(2, 19, size=80)
        sizes[::26] += 12
        sums = rng.standard_t(5, size=(6, 80)) * sizes + rng.normal(size=(6, 80)) * np.sqrt(sizes)
        sums = sums[first] - sums[second]
        counts = rng.multinomial(80, np.full(80, 1 / 80), size=299)
        estimates = sums.sum(axis=1) / sizes.sum()
        draws = (sums @ counts.T) / (counts @ sizes)
        without = (sums.sum(axis=1, keepdims=True) - sums) / (sizes.sum() - sizes)
        errors = jackknife_clusters(estimates, without).std_error
        rejected += adjust_maximum(estimates, draws, errors).min() < 0.05
    assert rejected / count < 0.05 + 4 * (0.05 * 0.95 / count) ** 0.5


def find_outside(designs):
    """Cells outside .93 to .97, and those that are so by more than 2.6 standard errors."""
    share = designs["jackknife"]
    error = (share * (1 - share) / designs["studies"]).clip(lower=1e-5) ** 0.5
    beyond = (share < 0.93 - 2.6 * error) | (share > 0.97 + 2.6 * error)
    return int(((share < 0.93) | (share > 0.97)).sum()), designs[beyond]


def write_share(share):
    return f"{share:.2f}".removeprefix("0")


def read_prose(path):
    """A file's words, without what starts a line of prose in a notebook, in single spaces."""
    lines = (HERE.parents[1] / path).read_text(encoding="utf-8").splitlines()
    return " ".join(" ".join(line.removeprefix("#") for line in lines).split())


def test_the_readme_quotes_the_stored_tables(designs):
    told = read_prose("README.md")
    outside, beyond = find_outside(designs)
    words = f"of {len(designs):,}, {outside} lie outside .93 to .97, {len(beyond)} of them by more"
    assert f"{words} than chance" in told
    differences = designs[designs["term"] != "score"]
    means = differences.groupby("clusters")["jackknife"].mean().map(write_share).unique()
    low, high = (write_share(end) for end in differences["jackknife"].agg(["min", "max"]))
    people = f"each number of people from {designs['clusters'].min()} to "
    people += f"{designs['clusters'].max()}, and {low} to {high} in single designs"
    assert f"a difference between two models {' to '.join(means)} on average at {people}" in told
    heavy = designs.query("metric == 'rmse' and term == 'score' and tails == 'heavy'")["jackknife"]
    low, high, mean = (write_share(x) for x in (heavy.min(), heavy.max(), heavy.mean()))
    words = f"the RMSE of one model {low} to {high}, on average {mean}, where errors have heavy"
    assert words in told


def test_the_readme_quotes_the_coverage_of_reliability():
    told = read_prose("README.md")
    table = pd.read_csv(HERE.parents[1] / "vignettes" / "coverage_reliability.csv")
    skewed = table["shape"].eq("skewed")
    ends = [
        " to ".join(write_share(end) for end in own.agg(["min", "max"]))
        for own in (table.loc[~skewed, "cluster"], table.loc[skewed, "cluster"])
    ]
    words = f"an ICC's cluster interval {ends[0]} with normal or 0-4 ratings, {ends[1]} with"
    assert words in told


def test_the_vignette_quotes_the_stored_table(designs):
    told = read_prose("vignettes/comparing_models.py")
    outside, beyond = find_outside(designs)
    assert (
        f"Of {len(designs):,} cells of the headline interval {outside} lie outside .93 to .97"
        in told
    )
    assert f"These {len(beyond)} do by more (2.6 standard errors)" in told
    query = "metric == 'rmse' and term == 'score' and tails == 'heavy'"
    named, every = beyond.query(query), designs.query(query)
    low, high = (100 * named["jackknife"].agg(["min", "max"])).round().astype(int)
    most = named["clusters"].max()
    assert f"covered in {low} to {high} of 100 studies up to {most} people" in told
    assert (named["icc"] < 0.4).sum() == 1 and "in all but one cell where errors are shared" in told
    kind = every[(every["icc"] >= 0.4) & (every["clusters"] <= most)]["jackknife"]
    low, high, mean = (round(100 * x) for x in (kind.min(), kind.max(), kind.mean()))
    words = f"All {len(kind)} cells of that kind lie between {low} and {high}, on average {mean}."
    assert words in told
