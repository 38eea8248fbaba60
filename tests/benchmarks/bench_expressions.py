"""Time estimates of expression against loops with scipy and scikit-learn, CPU seconds.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_expressions.py
Both sides are timed in one process and must give the same numbers; medians of three, peers once.
"""

import time

import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import exprstats as ex
from exprstats.expressions.moments import jackknife_ranks

EMOTIONS, SPEAKERS = 48, 200


def time_cpu(function, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        value = function()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds)), value


def tell(job, peer, slow, fast):
    print(f"{job}: {peer} {slow:.2f} s, ours {fast:.3f} s, {slow / fast:.1f}x")


def bench_agreement(moments=50):
    """Spearman's rho of 48 emotions in two modalities, each without every speaker."""
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(SPEAKERS), moments)
    one = rng.normal(size=(len(codes), EMOTIONS))
    two = one + rng.normal(size=one.shape)

    def ask_scipy():
        found = np.empty((EMOTIONS, SPEAKERS))
        for speaker in range(SPEAKERS):
            kept = codes != speaker
            for place in range(EMOTIONS):
                found[place, speaker] = spearmanr(one[kept, place], two[kept, place]).statistic
        return found

    slow, wanted = time_cpu(ask_scipy, 1)
    fast, (_, found) = time_cpu(lambda: jackknife_ranks(one, two, codes))
    np.testing.assert_allclose(found, wanted, atol=1e-10)
    tell(f"rho of {EMOTIONS} emotions without each of {SPEAKERS}", "scipy", slow, fast)


def bench_levels(moments=100):
    """Means, mean ranks and shares of the highest, with a jackknife over speakers."""
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(SPEAKERS), moments)
    scores = rng.random((len(codes), EMOTIONS))
    wide = pd.DataFrame(scores, columns=[f"e{n:02d}" for n in range(EMOTIONS)])
    keys = {"recording": codes.astype(str), "subject": codes.astype(str), "id": "a"}
    wide = wide.assign(**keys, modality="face", time=np.tile(np.arange(moments), SPEAKERS))
    names = ["recording", "subject", "id", "modality", "time"]
    long = wide.melt(names, var_name="emotion", value_name="score")

    def ask_pandas():
        table = long.pivot_table("score", names, "emotion")
        people = table.index.get_level_values("subject").to_numpy()
        values = table.to_numpy()
        ranks = rankdata(-values, axis=1)
        top = (values == values.max(axis=1, keepdims=True)).astype(float)
        return [
            [part[people != one].mean(axis=0) for one in np.unique(people)]
            for part in (values, ranks, top)
        ]

    slow, _ = time_cpu(ask_pandas, 1)
    fast, _ = time_cpu(lambda: ex.rate_estimates(long))
    told = f"levels of {len(long):,} scores with limits (ours with time and distributions)"
    tell(told, "pandas", slow, fast)


def bench_recall(clips=1440, speakers=24, classes=8):
    """One row of Table 1: 48 scores, 5 values of C, folds of speakers in folds of speakers."""
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(speakers), clips // speakers)
    y = np.tile(np.arange(classes), clips // classes)
    x = rng.normal(size=(clips, EMOTIONS)) + np.eye(classes, EMOTIONS)[y]
    costs = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]

    def ask_sklearn():
        found = np.empty_like(y)
        for train, test in GroupKFold(6).split(x, y, who):
            tool = make_pipeline(StandardScaler(), SVC(kernel="linear"))
            grid = GridSearchCV(
                tool, {"svc__C": costs}, cv=GroupKFold(3), scoring="balanced_accuracy"
            )
            grid.fit(x[train], y[train], groups=who[train])
            found[test] = grid.predict(x[test])
        return found

    # One deal of speakers into folds on both sides; the verb deals ten times by default.
    slow, _ = time_cpu(ask_sklearn, 1)
    once = {"folds": 6, "repeats": 1}
    fast, _ = time_cpu(lambda: ex.classify_expressions({"face": x}, y, who, **once), 1)
    job = "recall of 1,440 clips, C in 6 x 3 folds, one deal (ours also C by test)"
    tell(job, "scikit-learn", slow, fast)


if __name__ == "__main__":
    bench_agreement()
    bench_levels()
    bench_recall()
