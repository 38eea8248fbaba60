"""Time co-occurrence and a multi-label forest against pandas and scikit-learn, CPU seconds.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_events.py
Both sides are timed in one process; medians of three, the forest once.
"""

import time

import numpy as np
import pandas as pd
from scipy import sparse

from exprstats.events.cooccurrence import count_utterances
from exprstats.events.intervals import Runs
from exprstats.events.multilabel import Cells, collapse_rows, grow_tree

FRAMES, COPIES, SHOWN = 180_669, 12, 35
FEATURES, LABELS = 1000, 37


def time_cpu(function, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        value = function()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds)), value


def make_runs(rng):
    """Return frames in runs of equal ones, as annotations give them: 6.3 million entries."""
    runs = FRAMES // COPIES
    frames = np.full(runs, COPIES)
    columns = rng.integers(0, FEATURES, (runs, SHOWN))
    rows = np.repeat(np.arange(runs), SHOWN)
    shown = sparse.coo_array(
        (np.ones(rows.size), (rows, columns.ravel())), (runs, FEATURES)
    ).tocsr()
    shown.data[:] = 1.0
    labels = sparse.csr_array((rng.random((runs, LABELS)) < 0.03).astype(float))
    return shown, labels, frames


def bench_cooccurrence():
    shown, labels, frames = make_runs(np.random.default_rng(1))
    long = [
        one.tocoo()
        for one in (
            shown[np.repeat(np.arange(len(frames)), frames)],
            labels[np.repeat(np.arange(len(frames)), frames)],
        )
    ]
    tables = [
        pd.DataFrame(dict(zip(("frame", name), one.coords, strict=True)))
        for name, one in zip(("feature", "label"), long, strict=True)
    ]

    def ask_pandas():
        both = tables[0].merge(tables[1], on="frame")
        return both.groupby(["feature", "label"]).size()

    slow, peer = time_cpu(ask_pandas, 1)
    codes = np.arange(len(frames)) // 30
    utterances = np.arange(codes[-1] + 1)
    held = sparse.hstack([shown, labels]).tocsr()
    pairs = tuple(("tier", str(place)) for place in range(held.shape[1]))
    runs = Runs(utterances, utterances, codes, frames, pairs, held, 30.0)
    columns = np.arange(FEATURES), FEATURES + np.arange(LABELS)

    # The counts of each utterance, which the limits need, where pandas has those of all frames.
    fast, counts = time_cpu(lambda: count_utterances(runs, "frames", *columns), 9)
    ours = np.array([counts.spread_joint(place).sum(axis=0) for place in range(LABELS)]).T
    full = np.zeros_like(ours)
    full[tuple(np.array(peer.index.to_list()).T)] = peer.to_numpy()
    assert np.array_equal(full, ours)
    entries = len(tables[0])
    print(
        f"co-occurrence, {entries:,} entries: pandas {slow:.2f} s, ours {fast:.3f} s, "
        f"{slow / fast:.0f}x"
    )


def bench_forest(trees=5):
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(2)
    runs = FRAMES // COPIES
    features = (rng.random((runs, 99)) < 0.15).astype(np.float32)
    labels = (rng.random((runs, LABELS)) < 0.05).astype(np.float32)
    again = np.repeat(np.arange(runs), COPIES)

    def ask_sklearn():
        forest = RandomForestClassifier(trees, random_state=1, n_jobs=1)
        return forest.fit(features[again], labels[again])

    def ask_ours():
        one, other, kind, codes = collapse_rows(features, labels)
        counts = np.bincount(codes, weights=np.full(runs, float(COPIES)))
        cells = Cells(one, other, kind, codes, codes, codes, counts)
        draws = np.random.default_rng(1)
        total = int(counts.sum())
        rows = cells.features[kind[0]], cells.labels[kind[1]]
        return [
            grow_tree(*rows, draws.multinomial(total, counts / total).astype(float), seed)
            for seed in range(trees)
        ]

    slow, _ = time_cpu(ask_sklearn, 1)
    fast, _ = time_cpu(ask_ours, 1)
    print(
        f"forest of {trees} trees, {len(again):,} frames x 99 -> {LABELS}, copied {COPIES}x: "
        f"scikit-learn {slow:.1f} s, ours {fast:.2f} s, {slow / fast:.1f}x "
        f"({slow / fast / COPIES:.2f} of the copies)"
    )


if __name__ == "__main__":
    bench_cooccurrence()
    bench_forest()
