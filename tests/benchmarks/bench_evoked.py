"""Time votes, labels and average precision of millions of moments against peers, CPU seconds.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_evoked.py
Both sides are timed in one process; medians of three, scikit-learn once. Targets: vote 20x pandas,
average precision 3.5x scikit-learn.
"""

import time

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

import exprstats as ex
from exprstats.events.evoked.sampling import trace_precision
from exprstats.events.evoked.vote import vote_windows

VIDEOS, SECONDS, HZ, NAMES = 2000, 80, 6, list("abcde")  # 960,000 samples of 5: 4.8 million labels
MOMENTS = 4_800_000


def time_cpu(function, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        value = function()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds)), value


def bench_vote():
    rng = np.random.default_rng(1)
    count = VIDEOS * SECONDS * HZ
    labels = (rng.random((count, len(NAMES))) < 0.4).astype(float)
    codes = np.repeat(np.arange(VIDEOS), SECONDS * HZ)
    slots = np.tile(np.arange(SECONDS * HZ), VIDEOS)
    table = pd.DataFrame(labels, columns=NAMES)
    table.insert(0, "video", codes)

    def ask_pandas():
        rolled = table.groupby("video")[NAMES].rolling(3 * HZ).sum().to_numpy()
        full = slots >= 3 * HZ - 1
        return (rolled[full & ((slots - 3 * HZ + 1) % HZ == 0)] > 9).astype(float)

    shown = np.ascontiguousarray(labels.T == 1)
    slow, peer = time_cpu(ask_pandas)
    fast, ours = time_cpu(lambda: vote_windows(shown, None, codes, slots, width=18, step=6))
    assert np.array_equal(peer, ours.labels)
    whole = table.assign(time=slots / HZ)
    verb, _ = time_cpu(lambda: ex.vote_labels(whole))
    print(
        f"vote of {labels.size:,} labels, 6 to 1 Hz: pandas {slow:.2f} s, "
        f"ours {1000 * fast:.0f} ms, {slow / fast:.0f}x; the verb, table to table, {verb:.2f} s"
    )


def bench_precision():
    rng = np.random.default_rng(2)
    shares = (0.065, 0.157, 0.088, 0.452, 0.001)
    truth = np.stack([rng.random(MOMENTS) < share for share in shares]).astype(int)
    scores = rng.normal(size=truth.shape) + truth

    def ask_sklearn():
        return [average_precision_score(*one) for one in zip(truth, scores, strict=True)]

    videos = np.repeat(np.arange(MOMENTS // 256), 256)

    def ask_ours():
        traced = [
            trace_precision(*one, videos, MOMENTS // 256) for one in zip(truth, scores, strict=True)
        ]
        return [one.estimate for one in traced]

    slow, peer = time_cpu(ask_sklearn, 1)
    fast, ours = time_cpu(ask_ours)
    assert np.allclose(peer, ours, rtol=1e-10)
    print(
        f"average precision, {MOMENTS:,} moments x {len(shares)}: scikit-learn {slow:.1f} s, "
        f"ours with the influence of each video {fast:.2f} s, {slow / fast:.1f}x"
    )


def bench_labels():
    rng = np.random.default_rng(3)
    table = pd.DataFrame((rng.random((MOMENTS, 5)) < 0.2).astype(np.float32), columns=NAMES)
    table.insert(0, "video", np.repeat(np.arange(18_750), MOMENTS // 18_750))

    def ask_pandas():
        values = table[NAMES]
        return values.T.dot(values) / values.sum()

    slow, _ = time_cpu(ask_pandas)
    fast, _ = time_cpu(lambda: ex.measure_labels(table), 1)
    print(
        f"labels and co-occurrence of {MOMENTS:,} moments with limits over 18,750 videos: "
        f"{fast:.1f} s (pandas, the matrix alone, without limits: {slow:.2f} s)"
    )


if __name__ == "__main__":
    bench_vote()
    bench_precision()
    bench_labels()
