"""Time reliability against pingouin and a pandas loop: CPU seconds, medians, one BLAS thread.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_reliability.py [--large]
``--large`` adds 6,000,000 rows (about 4 GB for the data).
"""

import sys
import time
import tracemalloc
import warnings

import numpy as np
import pandas as pd

from exprstats.parallel import spawn_seeds
from exprstats.reliability import rate_reliability
from exprstats.reliability.icc.analysis import analyse_panel
from exprstats.reliability.icc.bootstrap import prepare_measure, sample_values
from exprstats.reliability.icc.panels import split_panels


def draw_ratings(subjects, clips, raters, items, *, workers=40):
    """Return a crowd's long ratings: every clip by ``raters`` of the workers."""
    rng = np.random.default_rng(1)
    n = subjects * clips
    subject = np.repeat(np.arange(subjects), clips)
    rater = (rng.integers(workers, size=n)[:, None] + np.arange(raters)) % workers
    frames = []
    for item in range(items):
        level = rng.normal(size=subjects)[subject] + rng.normal(size=n)
        rating = level[:, None] + rng.normal(size=(n, raters))
        frames.append(
            pd.DataFrame(
                {
                    "clip": np.repeat(np.char.add("c", np.arange(n).astype(str)), raters),
                    "subject": np.repeat(np.char.add("s", subject.astype(str)), raters),
                    "rater": np.char.add("w", rater.ravel().astype(str)),
                    "item": f"q{item}",
                    "rating": rating.ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def time_cpu(function, repeats=5):
    """Return the median CPU seconds of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def run_pingouin(ratings):
    """Run pingouin on one item; raters become seats, since it needs a complete table."""
    import pingouin

    seats = ratings[ratings["item"] == "q0"].assign(seat=lambda t: t.groupby("clip").cumcount())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin.intraclass_corr(data=seats, targets="clip", raters="seat", ratings="rating")


def loop_subjects(ratings):
    """Leave out one subject at a time with pandas: what a careful user would write."""
    table = ratings[ratings["item"] == "q0"]
    for subject in table["subject"].unique():
        rest = table[table["subject"] != subject]
        groups = rest.groupby("clip")["rating"]
        mean = groups.transform("mean")
        within = ((rest["rating"] - mean) ** 2).sum() / (len(rest) - groups.ngroups)
        between = ((mean - rest["rating"].mean()) ** 2).sum() / (groups.ngroups - 1)
        _ = 1 - within / between


def find_peak(function):
    """Return the most memory, in MB, that a call holds above what was there before."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def number_ids(ratings):
    """Return the ratings with integers for the ids of clips, subjects and raters."""
    numbers = {name: pd.factorize(ratings[name])[0] for name in ("clip", "subject", "rater")}
    return ratings.assign(**numbers)


def time_large():
    """Time three items of 2,000,000 ratings each, by the verb, and report its memory."""
    for workers in (40, 5_000):
        ratings = draw_ratings(20_834, 16, 6, 3, workers=workers)
        # Three items, as the verb has them.
        peer = 3 * time_cpu(lambda table=ratings: run_pingouin(table), 1)
        for ids, table in (("text", ratings), ("integer", number_ids(ratings))):
            ours = time_cpu(lambda table=table: rate_reliability(table), 3)
            job = f"{len(table):,} rows, {ids} ids, {workers:,} raters: verb, 3 items"
            print_row(job, "pingouin", peer, ours)
            peak = find_peak(lambda table=table: rate_reliability(table))
            print(f"{'':<58} {peak:,.0f} MB above the data")


def print_row(job, peer, theirs, ours):
    """Print one line of the table."""
    print(f"{job:<58} {peer:<16} {1e3 * theirs:>10.1f} {1e3 * ours:>9.2f} {theirs / ours:>8.1f}")


def main():
    """Print job, peer, both times in milliseconds, and the ratio."""
    print(f"{'job':<58} {'peer':<16} {'peer ms':>10} {'ours ms':>9} {'ratio':>8}")
    ratings = draw_ratings(125, 16, 6, 3)
    peer = time_cpu(lambda: run_pingouin(ratings))
    job = "2,000 clips x 6: verb, 3 items, F + jackknife / 1 item"
    print_row(job, "pingouin", peer, time_cpu(lambda: rate_reliability(ratings)))
    panels = split_panels(ratings)
    ours = time_cpu(lambda: [analyse_panel(panel, 0.95) for panel in panels], 20)
    print_row("the same: formulas only", "pingouin", peer, ours)
    study = draw_ratings(140, 16, 6, 1)
    [panel] = split_panels(study)
    analysis = analyse_panel(panel, 0.95)
    peer = time_cpu(lambda: loop_subjects(study), 1)
    ours = time_cpu(lambda: analyse_panel(panel, 0.95), 20)
    print_row(
        "140 subjects x 16 clips x 6: two-way jackknife / subjects", "pandas loop", peer, ours
    )
    groups = panel.n_subjects or panel.n_clips
    measure, seeds = prepare_measure(analysis), spawn_seeds(1, 40)
    ours = time_cpu(lambda: sample_values(measure, groups, seeds), 5)
    print_row(
        "the same: cluster bootstrap, 10,000 draws", "pandas x 10,000", peer * 10_000 / 140, ours
    )
    if "--large" in sys.argv:
        time_large()


if __name__ == "__main__":
    main()
