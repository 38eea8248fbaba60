"""How often intervals hold the truth, and tests reject what is true: the coverage table.

Two models predict a truth that clusters share; the same noise in both (their differences are
exactly 0 in the population) or more in the second. Many studies of one design are one array, so
that sums, intervals and draws of all of them are made at once. Writes
vignettes/coverage_intervals.csv, one row a design and term.
Run: python simulate_coverage.py [repeats] [workers]
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.ranking import rank_middle
from exprstats.inference.resampling.clusters import Cell, Panel, Scheme, count_clusters
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import (
    find_accelerated,
    find_basic,
    find_percentile,
    jackknife_clusters,
    sort_draws,
    spread_about,
)
from exprstats.inference.resampling.pvalues import count_tails
from exprstats.inference.resampling.samples import spread_folds
from exprstats.inference.resampling.scales import Sides, compare_sides, limit_ends, move_values
from exprstats.inference.resampling.terms import count_freedom
from exprstats.parallel import run_tasks

TABLE = Path(__file__).parents[2] / "vignettes" / "coverage_intervals.csv"
KEYS = ["clusters", "versus", "sizes", "tails", "icc", "metric", "term"]
METHODS = ("jackknife", "percentile", "basic", "bca")
QUICK = ("correlation", "ccc", "rmse", "mae", "accuracy", "recall", "f1")
DRAWN = ("correlation", "rmse", "accuracy")
SLOW = ("spearman", "auc", "uar")
SIZES = ("balanced", "unbalanced")
TAILS = ("normal", "heavy")
DESIGNS = list(product((5, 10, 15, 20, 28, 40, 80, 160), SIZES, TAILS, (0.1, 0.4, 0.7)))
PAIRS = list(product(((6, 80), (10, 80), (15, 80), (20, 20)), TAILS, (0.1, 0.7)))
FOLDED = list(product((30, 60), (5, 10), (0.0, 0.2, 0.5)))
NOISE = 1.3
CUT = 0.8
DRAWS = 400
BLOCK = 125


def draw_values(rng, tails, size):
    """Draw values of mean 0 and variance 1; heavy tails are those of t with 5 df."""
    if tails == "normal":
        return rng.normal(size=size)
    return rng.standard_t(5, size=size) / np.sqrt(5 / 3)


def draw_sizes(rng, clusters, balance):
    """Draw numbers of clips: ten a cluster, or 2 to 30."""
    if balance == "balanced":
        return np.full(clusters, 10)
    sizes = rng.integers(2, 19, size=clusters)
    sizes[:: max(clusters // 3, 1)] += 12
    return sizes


def draw_studies(rng, studies, sizes, tails, icc):
    """Draw truth (studies, n) and predictions (3, studies, n): two alike, one with more noise."""
    codes = np.repeat(np.arange(len(sizes)), sizes)

    def draw_shared():
        shared = draw_values(rng, tails, (studies, len(sizes)))[:, codes]
        own = draw_values(rng, tails, (studies, len(codes)))
        return np.sqrt(icc) * shared + np.sqrt(1 - icc) * own

    truth, one, other = draw_shared(), draw_shared(), draw_shared()
    return truth, np.array([truth + one, truth + other, truth + NOISE * other])


def cut_labels(metric, *values):
    """Return values as the metric takes them: 1 above the cut, 0 below; scores stay for AUC."""
    if metric.takes == "numbers":
        return values
    truth, guess = values
    return (truth > CUT) * 1.0, guess if metric.takes == "ranked" else (guess > CUT) * 1.0


def find_truths(tails, icc, names=(*QUICK, *SLOW), size=2_000_000):
    """Return the population's score, and the difference from the model with more noise, by metric.

    In closed form, or from clips that each have a cluster of their own.
    """
    closed = {
        "correlation": lambda noise: 1 / np.sqrt(1 + noise**2),
        "ccc": lambda noise: 2 / (2 + noise**2),
        "rmse": lambda noise: noise,
    }
    rng = np.random.default_rng(2015)
    truth, noise = (
        np.sqrt(icc) * draw_values(rng, tails, size)
        + np.sqrt(1 - icc) * draw_values(rng, tails, size)
        for _ in range(2)
    )
    found = {}
    for metric in find_metrics(list(names)):
        values = []
        for scale in (1.0, NOISE):
            if metric.name in closed:
                values.append(closed[metric.name](scale))
            elif metric.name == "spearman":
                ranks = rank_middle(truth), rank_middle(truth + scale * noise)
                values.append(np.corrcoef(*ranks)[0, 1])
            else:
                values.append(metric(*cut_labels(metric, truth, truth + scale * noise)))
        found[metric.name] = {"score": values[0], "unequal": values[0] - values[1]}
    return found


def sum_studies(metric, truth, guess, starts):
    """Return a metric's sums over clusters (studies, clusters), by name."""
    lines = {}
    for name, term in metric.sums.items():
        rows = np.broadcast_to(term(truth, guess), truth.shape)
        lines[name] = np.add.reduceat(rows, starts, axis=1)
    return lines


def measure_studies(metric, truth, guess, starts, counts=None):
    """Return values (studies,), without each cluster (studies, clusters), and of draws."""
    sums = sum_studies(metric, *cut_labels(metric, truth, guess), starts)
    totals = {name: line.sum(axis=1, keepdims=True) for name, line in sums.items()}
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = metric.formula(**totals)[:, 0]
        without = metric.formula(**{name: totals[name] - line for name, line in sums.items()})
        if counts is None:
            return whole, without, None
        drawn = metric.formula(**{name: line @ counts.T for name, line in sums.items()})
    return whole, without, drawn


def measure_ranked(metric, truth, guesses, codes):
    """Return values (studies, models) and without each cluster, study by study."""
    whole, without = [], []
    for place in range(len(truth)):
        labels = [cut_labels(metric, truth[place], guess[place]) for guess in guesses]
        panel = Panel(labels[0][0], np.array([one for _, one in labels]), codes, codes.max() + 1)
        evaluation = Evaluation(panel, [metric])
        whole.append(evaluation.measure_whole()[0])
        without.append(evaluation.measure_without()[0])
    return np.array(whole), np.array(without)


def judge(metric, term, value, parts, groups):
    """Return how often each method holds the value, and rejects 0."""
    estimates, left_out, drawn = parts
    scale = metric.scale if term == "score" else "raw"
    found = jackknife_clusters(estimates, left_out, scales=np.full(len(estimates), scale))
    ranges = np.array(metric.range if term == "score" else (-np.inf, np.inf))
    ends = limit_ends(
        estimates,
        found.conf_low,
        found.conf_high,
        errors=found.std_error,
        ranges=np.broadcast_to(ranges, (len(estimates), 2)),
        holders=np.full(len(estimates), groups if scale == "logit" else 0),
        level=0.95,
    )
    limits = {"jackknife": (ends.conf_low, ends.conf_high)}
    rejects = {"jackknife": found.p_value < 0.05}
    if drawn is not None:
        ordered, finite = sort_draws(drawn)
        near = {"left_out": left_out, "level": 0.95}
        limits["percentile"] = find_percentile(ordered, finite, 0.95)[1:]
        limits["basic"] = find_basic(estimates, ordered, finite, 0.95)[1:]
        limits["bca"] = find_accelerated(estimates, ordered, finite, **near)[1:3]
        rejects["percentile"] = count_tails(ordered, finite) < 0.05
    holds = {
        name: np.where(np.isnan(low), np.nan, (low <= value) & (value <= high))
        for name, (low, high) in limits.items()
    }
    return holds | {f"rejects_{name}": one for name, one in rejects.items() if term != "score"}


def judge_design(design, repeats, truths, metrics=QUICK, drawn=0):
    """Return the rows of one design; the first studies have bootstrap intervals as well."""
    groups, balance, tails, icc = design
    rng = np.random.default_rng([7919, DESIGNS.index(design)])
    counts = count_clusters(rng.integers(groups, size=(DRAWS, groups)), groups)
    known = truths[tails, icc]
    found = {}
    for at in range(0, repeats, BLOCK):
        sizes = draw_sizes(rng, groups, balance)
        starts = np.cumsum(sizes) - sizes
        studies = min(BLOCK, repeats - at)
        truth, guesses = draw_studies(rng, studies, sizes, tails, icc)
        for metric in find_metrics(list(metrics)):
            if metric.sums is None:
                codes = np.repeat(np.arange(groups), sizes)
                whole, without = measure_ranked(metric, truth, guesses, codes)
                values = [(whole[:, model], without[:, model], None) for model in range(3)]
            else:
                used = counts if metric.name in DRAWN and icc == 0.4 and at < drawn else None
                values = [measure_studies(metric, truth, one, starts, used) for one in guesses]
            one, *others = values
            terms = {"score": one}
            for name, other in zip(("equal", "unequal"), others, strict=True):
                terms[name] = tuple(
                    None if a is None else a - b for a, b in zip(one, other, strict=True)
                )
            for term, parts in terms.items():
                judged = judge(metric, term, known[metric.name].get(term, 0.0), parts, groups)
                found.setdefault((metric.name, term), []).append(judged)
    key = {"clusters": groups, "versus": None, "sizes": balance, "tails": tails, "icc": icc}
    return [write_row(key | {"metric": m, "term": t}, blocks) for (m, t), blocks in found.items()]


def write_row(key, blocks):
    """Return a row of shares from blocks of studies."""
    row = dict(key)
    for name in (*METHODS, "rejects_jackknife", "rejects_percentile"):
        held = [block[name] for block in blocks if name in block]
        row[name] = round(float(np.nanmean(np.concatenate(held))), 3) if held else None
    row["studies"] = sum(len(block["jackknife"]) for block in blocks)
    return row


def judge_pair(design, repeats):
    """Return the rows of two contexts with clusters of their own: type I and coverage of 0."""
    (few, many), tails, icc = design
    rng = np.random.default_rng([104729, PAIRS.index(design)])
    present = np.arange(few + many) < few
    present = np.array([present, ~present])
    found = {}
    for at in range(0, repeats, BLOCK):
        studies = min(BLOCK, repeats - at)
        drawn = [draw_studies(rng, studies, np.full(n, 10), tails, icc) for n in (few, many)]
        for metric in find_metrics(["correlation", "rmse", "mae", "accuracy"]):
            sides = []
            for (truth, guesses), here in zip(drawn, present, strict=True):
                starts = np.arange(here.sum()) * 10
                whole, without, _ = measure_studies(metric, truth, guesses[0], starts)
                left = np.repeat(whole[:, None], few + many, axis=1)
                left[:, here] = without
                moved = move_values(np.full(studies, metric.scale), whole, left)
                sides.append((whole, moved.centre, spread_about(moved.centre, moved.spread, here)))
            whole, centre, spread = (
                np.stack([side[part] for side in sides], axis=1) for part in range(3)
            )
            scales = np.full(studies, metric.scale, dtype=object)
            sizes = np.tile([few, many], (studies, 1))
            both = Sides(whole, centre, spread, scales, sizes, np.ones(studies, dtype=bool))
            away = spread - centre[:, :, None]
            freedom = [count_freedom(one, present) for one in away[:, 0] - away[:, 1]]
            low, high, p_value = compare_sides(both, np.array(freedom), 0.95)
            judged = {"jackknife": (low <= 0) & (high >= 0), "rejects_jackknife": p_value < 0.05}
            found.setdefault(metric.name, []).append(judged)
    key = {"clusters": few, "versus": many, "sizes": "balanced", "tails": tails, "icc": icc}
    return [write_row(key | {"metric": m, "term": "contexts"}, one) for m, one in found.items()]


def draw_folds(rng, groups, folds, signal, *, features=10, clips=10, icc=0.4):
    """Cross-validate least squares once: a cell of folds, pooled panel, mean true r of the fits."""
    codes = np.repeat(np.arange(groups), clips)

    def draw(*shape):
        shared = rng.normal(size=(groups, *shape))[codes]
        return np.sqrt(icc) * shared + np.sqrt(1 - icc) * rng.normal(size=(len(codes), *shape))

    given = draw(features)
    truth = signal * given[:, 0] + np.sqrt(1 - signal**2) * draw()
    dealt = (rng.permutation(groups) % folds)[codes]
    guesses, panels, known = np.empty(len(codes)), [], []
    for fold in range(folds):
        test = dealt == fold
        centre, level = given[~test].mean(axis=0), truth[~test].mean()
        weights = np.linalg.lstsq(given[~test] - centre, truth[~test] - level, rcond=None)[0]
        guesses[test] = level + (given[test] - centre) @ weights
        panels.append(Panel(truth[test], guesses[None, test], codes[test], groups))
        known.append(signal * weights[0] / np.sqrt(weights @ weights))
    owners = (np.zeros(1, dtype=int),) * folds
    scheme = Scheme((np.arange(groups),))
    names = tuple(range(groups))
    cell = Cell(None, ("net",), tuple(panels), owners, names, len(codes), scheme, folded=True)
    return cell, Panel(truth, guesses[None], codes, groups), np.mean(known)


def judge_folds(design, repeats):
    """Return rows of cross-validated correlations: within folds, and (not to be done) pooled."""
    groups, folds, signal = design
    rng = np.random.default_rng([15485863, FOLDED.index(design)])
    metrics = find_metrics("correlation")
    found = {"folds": [], "pooled folds": []}
    for _ in range(repeats):
        cell, pooled, known = draw_folds(rng, groups, folds, signal)
        ready = [Evaluation(panel, metrics) for panel in cell.panels]
        whole = [one.measure_whole()[..., None] for one in ready]
        left_out = spread_folds(cell, whole, [one.measure_without() for one in ready])[0]
        every = Evaluation(pooled, metrics)
        parts = {
            "folds": (np.mean(whole, axis=0)[0, :, 0], left_out),
            "pooled folds": (every.measure_whole()[0], every.measure_without()[0]),
        }
        for term, (estimates, values) in parts.items():
            one = jackknife_clusters(estimates, values, scales=np.array(["fisher"]))
            holds = (one.conf_low <= known) & (known <= one.conf_high)
            found[term].append({"jackknife": holds, "rejects_jackknife": one.p_value < 0.05})
    key = {"clusters": groups, "versus": None, "sizes": f"{folds} folds", "tails": "normal"}
    key |= {"icc": signal, "metric": "correlation"}
    return [write_row(key | {"term": term}, blocks) for term, blocks in found.items()]


def list_truths(names=(*QUICK, *SLOW), size=2_000_000):
    """Return population values by tails and intraclass correlation."""
    found = {}
    for tails in TAILS:
        for icc in (0.1, 0.4, 0.7):
            found[tails, icc] = find_truths(tails, icc, names, size)
    return found


def simulate(judge_one, designs, *, repeats, workers=1, **options):
    """Return the table of some designs."""
    found = run_tasks(partial(judge_one, repeats=repeats, **options), designs, n_jobs=workers)
    return pd.DataFrame([row for rows in found for row in rows])


if __name__ == "__main__":
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    known = {"truths": list_truths(), "workers": workers}
    some = [design for design in DESIGNS if design[3] == 0.4 and design[0] in {10, 20, 40, 80}]
    tables = [
        simulate(judge_design, DESIGNS, repeats=repeats, drawn=repeats // 2, **known),
        simulate(judge_design, some, metrics=SLOW, repeats=3 * repeats // 5, **known),
        simulate(judge_pair, PAIRS, repeats=2 * repeats, workers=workers),
        simulate(judge_folds, FOLDED, repeats=repeats, workers=workers),
    ]
    pd.concat(tables, ignore_index=True).to_csv(TABLE, index=False)
