"""Time the elastic net grid against scikit-learn: CPU seconds, medians, one BLAS thread.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_models.py
"""

import time
import warnings

import numpy as np
import pandas as pd
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import GridSearchCV, GroupKFold, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exprstats.models import (
    contrast_contexts,
    fit_elastic,
    fold_subjects,
    nest_elastic,
    report_weights,
    split_subjects,
)
from exprstats.models.data.design import build_design
from exprstats.models.fitting.elastic import ALPHAS, L1_RATIOS, check_grid, tune_sample
from exprstats.models.fitting.folds import measure_rounds, plan_rounds

FEATURES = [f"feature{i}" for i in range(12)]
CLIPS_EACH = {"startle": 5, "pain": 7, "disgust": 4}


def draw_clips(subjects=140):
    """Return a clip table of the central paper's size: 2,240 clips, 12 features."""
    rng = np.random.default_rng(1)
    rows = [
        (f"{context}_{subject}_{i}", f"S{subject:03d}", context)
        for context, count in CLIPS_EACH.items()
        for subject in range(subjects)
        for i in range(count)
    ]
    table = pd.DataFrame(rows, columns=["clip", "subject", "context"])
    mixing = np.eye(len(FEATURES)) + 0.4
    table[FEATURES] = rng.normal(size=(len(table), len(FEATURES))) @ mixing
    weights = np.r_[0.5, 0.3, 0.2, np.zeros(len(FEATURES) - 3)]
    table["score"] = table[FEATURES].to_numpy() @ weights + rng.normal(size=len(table))
    return table


def time_cpu(function, repeats=5):
    """Return the median CPU seconds of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def search_grid(clips, parts):
    """Search the same grid as a user would: a pipeline in GridSearchCV, at the same tolerance."""
    rows = clips.merge(parts, on="subject").query("part != 'test'")
    split = PredefinedSplit(np.where(rows["part"] == "train", -1, 0))
    model = make_pipeline(StandardScaler(), ElasticNet(tol=1e-7, max_iter=10_000))
    grid = {"elasticnet__alpha": ALPHAS, "elasticnet__l1_ratio": L1_RATIOS[1:]}
    scoring = "neg_root_mean_squared_error"
    GridSearchCV(model, grid, cv=split, scoring=scoring).fit(rows[FEATURES], rows["score"])


def search_folds(clips, folds):
    """Search the same 55 points in the same grouped folds, scikit-learn's ElasticNet throughout."""
    rows = clips.merge(folds, on="subject")
    model = make_pipeline(StandardScaler(), ElasticNet(tol=1e-7, max_iter=10_000))
    grid = {"elasticnet__alpha": ALPHAS, "elasticnet__l1_ratio": L1_RATIOS}
    split = PredefinedSplit(rows["fold"])
    scoring = "neg_root_mean_squared_error"
    search = GridSearchCV(model, grid, cv=split, scoring=scoring, refit=False)
    with warnings.catch_warnings():
        # Without an L1 part scikit-learn advises Ridge, which the grid cannot hold.
        warnings.simplefilter("ignore")
        search.fit(rows[FEATURES[:11]].to_numpy(), rows["score"].to_numpy())


def time_folds():
    """Print the grid of 5 x 11 in grouped 5-fold cross-validation, 2,000 clips, 11 features."""
    clips = draw_clips(125)
    parts = pd.DataFrame({"subject": clips["subject"].unique(), "part": "train"})
    folds = fold_subjects(clips, folds=5, seed=1)
    data = {"target": "score", "features": FEATURES[:11]}
    design = build_design(clips, parts, folded=True, **data)
    rounds, penalties = plan_rounds(design, folds), check_grid(ALPHAS, L1_RATIOS)
    theirs = time_cpu(lambda: search_folds(clips, folds), 3)
    ours = time_cpu(lambda: measure_rounds(design, design.samples[-1], rounds, penalties), 21)
    print_row("grid 5 x 11, grouped 5-fold, 2,000 x 11", "GridSearchCV", theirs, ours)
    ours = time_cpu(lambda: fit_elastic(clips, parts=parts, folds=folds, **data), 21)
    print_row("the same, table to result", "GridSearchCV", theirs, ours)


def nest_search(clips):
    """Nest GridSearchCV in grouped 5-fold cross-validation, with 4 folds inside."""
    model = make_pipeline(StandardScaler(), ElasticNet(tol=1e-7, max_iter=10_000))
    grid = {"elasticnet__alpha": ALPHAS, "elasticnet__l1_ratio": L1_RATIOS[1:]}
    scoring = "neg_root_mean_squared_error"
    x, y, groups = clips[FEATURES].to_numpy(), clips["score"].to_numpy(), clips["subject"]
    for rest, held in GroupKFold(5).split(x, y, groups):
        search = GridSearchCV(model, grid, cv=GroupKFold(4), scoring=scoring)
        search.fit(x[rest], y[rest], groups=groups.iloc[rest])
        search.predict(x[held])


def print_row(job, peer, theirs, ours):
    """Print one line of the table."""
    print(f"{job:<44} {peer:<14} {1e3 * theirs:>9.1f} {1e3 * ours:>9.2f} {theirs / ours:>8.1f}")


def main():
    """Print job, peer, both times in milliseconds, and the ratio."""
    clips = draw_clips()
    parts = split_subjects(clips, seed=1)
    data = {"target": "score", "features": FEATURES, "parts": parts}
    print(f"{'job':<44} {'peer':<14} {'peer ms':>9} {'ours ms':>9} {'ratio':>8}")
    time_folds()
    design = build_design(clips, parts, target="score", features=FEATURES)
    penalties = check_grid(ALPHAS, L1_RATIOS)
    theirs = time_cpu(lambda: search_grid(clips, parts), 3)
    ours = time_cpu(lambda: tune_sample(design, design.samples[-1], penalties))
    print_row("grid 5 x 11, hold-out, 2,240 x 12", "GridSearchCV", theirs, ours)
    ours = time_cpu(lambda: fit_elastic(clips, by="context", **data))
    contexts = [clips[clips["context"] == name] for name in CLIPS_EACH]
    theirs = time_cpu(lambda: [search_grid(one, parts) for one in (*contexts, clips)], 3)
    print_row("table to result, 3 contexts and pooled", "GridSearchCV", theirs, ours)
    folds = fold_subjects(clips, seed=1)
    nested = {"target": "score", "features": FEATURES, "folds": folds}
    ours = time_cpu(lambda: nest_elastic(clips, **nested), 3)
    print_row(
        "nested 5 x 4 folds, table to result",
        "GridSearchCV",
        time_cpu(lambda: nest_search(clips), 1),
        ours,
    )
    models = fit_elastic(clips, by="context", **data)
    ours = time_cpu(lambda: report_weights(models, draws=500, seed=1), 1)
    print_row("500 tuned refits of 4 nets (peer: 500 times)", "GridSearchCV", 500 * theirs, ours)
    ours = time_cpu(lambda: contrast_contexts(clips, draws=500, seed=1, **data), 1)
    print_row("500 tuned refits of 3 joint contexts", "GridSearchCV", 500 * theirs, ours)


if __name__ == "__main__":
    main()
