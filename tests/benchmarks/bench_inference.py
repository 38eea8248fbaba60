"""Cluster bootstrap against what people run today: CPU seconds, one BLAS thread, same run.

Prints job, peer, its time, ours, and their ratio. Run: python bench_inference.py [--large]
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from exprstats.inference import compare_models, find_metrics
from exprstats.inference.comparison.alignment import align_models
from exprstats.inference.resampling.clusters import Cell, Panel, Scheme, draw_clusters
from exprstats.inference.resampling.samples import count_blocks, sample_cell
from exprstats.inference.resampling.summaries import summarise_percentile
from exprstats.inference.resampling.terms import form_terms, pair_models
from exprstats.parallel import spawn_seeds

NAIVE = runpy.run_path(str(Path(__file__).parents[1] / "oracles/inference/naive_loop.py"))
BOOT = Path(__file__).with_name("boot_peer.R")
CLIPS, SUBJECTS, MODELS, DRAWS = 3_000, 140, 7, 2_000


def make_predictions(clips=CLIPS, subjects=SUBJECTS, models=MODELS):
    rng = np.random.default_rng(1)
    subject = rng.integers(subjects, size=clips)
    truth = rng.normal(size=subjects)[subject] + rng.normal(size=clips)
    frame = {
        "clip": np.tile([f"c{n}" for n in range(clips)], models),
        "subject": np.tile([f"s{n:04d}" for n in subject], models),
        "model": np.repeat([f"m{n}" for n in range(models)], clips),
        "truth": np.tile(truth, models),
        "prediction": np.concatenate(
            [0.5 * truth + rng.normal(size=clips) * (1 + 0.1 * n) for n in range(models)]
        ),
    }
    return pd.DataFrame(frame)


def time_cpu(function, repeats=1):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return median(times)


def run_formula(cell, metrics, draws):
    """Arrays in, arrays out: resample, pair, intervals and p, without tables."""
    seeds = spawn_seeds(1, count_blocks(draws))
    for sample in sample_cell(cell, metrics, seeds, draws=draws):
        terms = form_terms(sample, pair_models(sample.models))
        summarise_percentile(terms, 0.95)


def run_naive(cell, draws):
    panel = cell.panels[0]
    seeds = spawn_seeds(1, count_blocks(draws))
    for seed in seeds:
        drawn = draw_clusters(seed, [np.arange(panel.groups)])
        NAIVE["loop_draws"](panel.truth, panel.predictions, panel.codes, drawn, NAIVE["rmse"])


def run_pandas(table, draws):
    """Take rows by index from a wide frame, as a careful user would."""
    wide = table.set_index(["clip", "subject", "model"])["prediction"].unstack()  # noqa: PD010 -- the peer's way
    truth = table.drop_duplicates("clip").set_index("clip")["truth"]
    wide = wide.sub(truth, axis=0, level="clip")
    rows = list(wide.groupby(level="subject").indices.values())
    rng = np.random.default_rng(1)
    for _ in range(draws):
        drawn = rng.integers(len(rows), size=len(rows))
        scores = (wide.iloc[np.concatenate([rows[group] for group in drawn])] ** 2).mean() ** 0.5
        [scores[a] - scores[b] for a, b in combinations(scores.index, 2)]


def run_scipy(cell, draws):
    """Per-cluster sums and scipy.stats.bootstrap, vectorised: its best case, percentile only."""
    from scipy import stats

    panel = cell.panels[0]
    squares = (panel.predictions - panel.truth) ** 2
    sums = [np.bincount(panel.codes, row, minlength=panel.groups) for row in squares]
    counts = np.bincount(panel.codes, minlength=panel.groups).astype(float)

    def measure(*given, axis=-1):
        total = given[-1].sum(axis=axis)
        scores = [np.sqrt(values.sum(axis=axis) / total) for values in given[:-1]]
        return np.array([*scores, *(a - b for a, b in combinations(scores, 2))])

    stats.bootstrap(
        [*sums, counts], measure, paired=True, n_resamples=draws, method="percentile", rng=1
    )


def run_scipy_rows(cell, draws):
    """Rows of the drawn clusters in a statistic for one draw, as most write it."""
    from scipy import stats

    panel = cell.panels[0]
    squares = (panel.predictions - panel.truth) ** 2
    held = [np.flatnonzero(panel.codes == group) for group in range(panel.groups)]
    first, second = np.array(list(combinations(range(len(squares)), 2))).T

    def measure(drawn):
        rows = np.concatenate([held[group] for group in drawn])
        scores = np.sqrt(squares[:, rows].mean(axis=1))
        return np.concatenate([scores, scores[first] - scores[second]])

    options = {"n_resamples": draws, "method": "percentile", "rng": 1, "vectorized": False}
    stats.bootstrap((np.arange(panel.groups),), measure, **options)


def run_concat(table, draws):
    """Concatenate the drawn clusters' frames and score each model, as tutorials do."""
    wide = table.assign(square=(table["truth"] - table["prediction"]) ** 2)
    wide = wide.pivot_table("square", ["clip", "subject"], "model").reset_index("clip", drop=True)
    frames = [rows for _, rows in wide.groupby(level="subject")]
    rng = np.random.default_rng(1)
    for _ in range(draws):
        drawn = rng.integers(len(frames), size=len(frames))
        scores = pd.concat([frames[group] for group in drawn]).mean() ** 0.5
        [scores[a] - scores[b] for a, b in combinations(scores.index, 2)]


def time_boot(cell, draws, by):
    """CPU seconds of R's boot over clusters: by rows, or tuned to per-cluster sums."""
    if shutil.which("Rscript") is None:
        return None
    panel = cell.panels[0]
    squares = (panel.predictions - panel.truth) ** 2
    sums = np.array([np.bincount(panel.codes, row, minlength=panel.groups) for row in squares])
    counts = np.bincount(panel.codes, minlength=panel.groups)
    tables = {"rows": (panel.codes + 1, squares.T), "sums": (counts, sums.T)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sums.csv"
        pd.DataFrame(np.column_stack(tables[by])).to_csv(path, index=False)
        command = ["Rscript", str(BOOT), str(path), str(draws), by]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(run.stdout) if run.returncode == 0 else None


def run_sklearn(table, draws):
    """Ten metrics the usual way: scikit-learn and scipy on the rows of each draw."""
    from scipy import stats
    from sklearn import metrics as sk

    peers = {
        "rmse": sk.root_mean_squared_error,
        "mae": sk.mean_absolute_error,
        "r2": sk.r2_score,
        "correlation": lambda y, p: stats.pearsonr(y, p).statistic,
        "spearman": lambda y, p: stats.spearmanr(y, p).statistic,
        "auc": lambda y, p: sk.roc_auc_score(y > 1, p),
        "average_precision": lambda y, p: sk.average_precision_score(y > 1, p),
        "accuracy": lambda y, p: sk.accuracy_score(y > 1, p > 1),
        "macro_f1": lambda y, p: sk.f1_score(np.round(y), np.round(p), average="macro"),
        "uar": lambda y, p: sk.balanced_accuracy_score(y > 1, p > 1),
    }
    panel = align_models(table, ["clip"], cluster="subject").panels[0]
    groups = [np.flatnonzero(panel.codes == group) for group in range(panel.groups)]
    rng = np.random.default_rng(1)
    for _ in range(draws):
        drawn = rng.integers(panel.groups, size=panel.groups)
        rows = np.concatenate([groups[group] for group in drawn])
        for prediction in panel.predictions:
            for measure in peers.values():
                measure(panel.truth[rows], prediction[rows])


def run_ten(table, draws):
    """Run the same ten metrics here; labels need tables of their own."""
    marked = table.assign(truth=(table["truth"] > 1) * 1.0)
    rounded = table.assign(truth=table["truth"].round(), prediction=table["prediction"].round())
    hard = marked.assign(prediction=(table["prediction"] > 1) * 1.0)
    for rows, names in (
        (table, ["rmse", "mae", "r2", "correlation", "spearman"]),
        (marked, ["auc", "average_precision"]),
        (rounded, ["macro_f1"]),
        (hard, ["accuracy", "uar"]),
    ):
        cell = align_models(rows, ["clip"], cluster="subject")
        run_formula(cell, find_metrics(names), draws)


def time_large(clips=1_000_000, subjects=10_000, models=7, draws=100_000):
    """Return CPU seconds and megabytes above the data of five moment metrics."""
    rng = np.random.default_rng(1)
    codes, truth = rng.integers(subjects, size=clips), rng.normal(size=clips)
    predictions = np.array([0.5 * truth + rng.normal(size=clips) for _ in range(models)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cell = Cell(
        None,
        tuple("abcdefg"),
        (Panel(truth, predictions, codes, subjects),),
        (np.arange(models),),
        tuple(range(subjects)),
        clips,
        Scheme((np.arange(subjects),)),
    )
    metrics = find_metrics(["rmse", "mae", "bias", "correlation", "ccc"])
    seeds = spawn_seeds(1, count_blocks(draws))
    seconds = time_cpu(lambda: sample_cell(cell, metrics, seeds, draws=draws))
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def print_row(job, peer, theirs, ours):
    ratio = f"{theirs / ours:,.0f}x" if theirs is not None and ours else "not here"
    shown = "" if theirs is None else f"{theirs:.3f}"
    print(f"{job:<58} {peer:<28} {shown:>9} {ours:>9.4f} {ratio:>9}")


def main():
    table = make_predictions()
    cell = align_models(table, ["clip"], cluster="subject")
    metrics = find_metrics("rmse")
    job = "RMSE, 3,000 clips, 140 subjects, 7 models + 21, 2,000 draws"
    print(f"{'job':<58} {'peer':<28} {'peer s':>9} {'ours s':>9} {'ratio':>9}")
    run_formula(cell, metrics, DRAWS)
    ours = time_cpu(lambda: run_formula(cell, metrics, DRAWS), 101)
    print_row(job, "naive NumPy loop", time_cpu(lambda: run_naive(cell, DRAWS)), ours)
    slow = time_cpu(lambda: run_pandas(table, DRAWS // 4)) * 4
    print_row(job, "pandas take loop (4 x 500)", slow, ours)
    slow = time_cpu(lambda: run_concat(table, DRAWS // 10)) * 10
    print_row(job, "pandas concat loop (10 x 200)", slow, ours)
    by_rows = time_cpu(lambda: run_scipy_rows(cell, DRAWS), 3)
    print_row(job, "scipy bootstrap, rows", by_rows, ours)
    print_row(job, "scipy bootstrap, our sums", time_cpu(lambda: run_scipy(cell, DRAWS), 3), ours)
    print_row(job, "R boot::boot, rows", time_boot(cell, DRAWS, "rows"), ours)
    print_row(job, "R boot::boot, our sums", time_boot(cell, DRAWS, "sums"), ours)
    verb = time_cpu(lambda: compare_models(table, metrics="rmse", draws=DRAWS, seed=1), 9)
    print_row("the same, the verb from table to result", "target .060 s", 0.060, verb)
    both = ["rmse", "correlation"]
    many = time_cpu(lambda: compare_models(table, metrics=both, draws=10_000, seed=1), 3)
    print_row("RMSE and r, the same, 10,000 draws (verb)", "target .5 s", 0.5, many)
    ten = time_cpu(lambda: run_ten(table, DRAWS), 3)
    slow = time_cpu(lambda: run_sklearn(table, 20)) * DRAWS / 20
    print_row(
        "ten metrics with ranks and labels, 2,000 draws", "sklearn, scipy (100 x 20)", slow, ten
    )
    marked = align_models(
        table.assign(truth=(table["truth"] > 1) * 1.0), ["clip"], cluster="subject"
    )
    for name, one in (("spearman", cell), ("average_precision", marked), ("auc", marked)):
        ours = time_cpu(lambda one=one, name=name: run_formula(one, find_metrics(name), 10_000))
        print_row(f"{name}, 7 models, 10,000 draws", "target 2 s", 2.0, ours)
    if "--large" in sys.argv:
        seconds, megabytes = time_large()
        job = f"5 metrics, 1,000,000 clips, 100,000 draws, {megabytes:.0f} MB"
        print_row(job, "target 15 s, 500 MB", 15.0, seconds)


if __name__ == "__main__":
    sys.exit(main())
