"""Times the measurement room against what a user would run: job, peer, ours, ratio.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_measurement.py

CPU seconds of one thread, median of the runs, both sides in this one process.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats import rbridge
from exprstats.measurement import average_raters, fit_factor
from exprstats.measurement.factor.formulas import solve_three, weigh_bartlett
from exprstats.measurement.factor.moments import form_moments

ITEMS = ["a", "b", "c"]
FOLDER = Path(__file__).parent


def time_cpu(job: Callable[[], object], runs: int = 5) -> float:
    """Return the median CPU seconds of a job."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        job()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def draw_items(n: int) -> pd.DataFrame:
    """Return n clips with three items."""
    rng = np.random.default_rng(1)
    answers = rng.normal(size=(n, 1)) + rng.normal(size=(n, 3)) * 0.7
    return pd.DataFrame(answers, columns=ITEMS)


def fit_from_moments(values: np.ndarray) -> np.ndarray:
    """Fit through lavaan from the moments and score every row."""
    moments = form_moments(values)
    reply = rbridge.call("measurement", "fit_moments", moments.covariance, moments.mean, moments.n)
    loadings, residuals, intercepts = np.split(reply.value["parameters"]["estimate"], 3)
    weights, _ = weigh_bartlett(loadings, residuals)
    return values @ weights - intercepts @ weights


def fit_from_frame(table: pd.DataFrame) -> None:
    """Do what the rpy2 manual shows: pandas2ri, cfa, lavPredict."""
    from rpy2 import robjects
    from rpy2.robjects import pandas2ri
    from rpy2.robjects.conversion import localconverter

    with localconverter(robjects.default_converter + pandas2ri.converter):
        frame = robjects.conversion.get_conversion().py2rpy(table)
    robjects.globalenv["rows"] = frame
    robjects.r["source"](str(FOLDER / "bench_measurement.R"))


def time_pairs(
    theirs: Callable[[], object], ours: Callable[[], object], runs: int = 25
) -> tuple[float, float]:
    """Return the median CPU seconds of two jobs that take turns, so that both meet one machine."""
    pairs = [(time_cpu(theirs, 1), time_cpu(ours, 1)) for _ in range(runs + 3)][3:]
    return tuple(statistics.median(side) for side in zip(*pairs, strict=True))


def put_in_r(table: pd.DataFrame, code: str) -> Callable[[], object]:
    """Return an R function without arguments that works on `rows`, a data frame in R."""
    from rpy2 import rinterface as ri

    columns = ri.ListSexpVector(
        [ri.FloatSexpVector.from_memoryview(table[name].to_numpy(copy=True).data) for name in table]
    )
    columns.names = ri.StrSexpVector(list(table.columns))
    frame = ri.baseenv["as.data.frame"](columns)
    ri.globalenv["rows"] = frame
    return ri.evalr(f"function() {{ {code} }}")


def time_first_call() -> tuple[float, float]:
    """Return wall and CPU seconds of a fresh process that fits once: imports, R, lavaan and all."""
    code = (
        "import numpy as np, pandas as pd, exprstats as ex;"
        "r = np.random.default_rng(1);"
        "t = pd.DataFrame(r.normal(size=(400, 1)) + r.normal(size=(400, 3)), columns=list('abc'));"
        "assert ex.fit_factor(t, items=list('abc')).engine == 'lavaan'"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def refit_loop(values: np.ndarray, draws: int) -> None:
    """Refit in lavaan on resampled rows, one call a draw."""
    rng = np.random.default_rng(2)
    for _ in range(draws):
        moments = form_moments(values[rng.integers(0, len(values), len(values))])
        rbridge.call("measurement", "fit_moments", moments.covariance, moments.mean, moments.n)


def refit_closed(values: np.ndarray, draws: int) -> None:
    """The same refits by the closed form."""
    rng = np.random.default_rng(2)
    for _ in range(draws):
        solve_three(form_moments(values[rng.integers(0, len(values), len(values))]).covariance)


def show(job: str, peer: str, theirs: float, ours: float) -> None:
    """Print one line of the table."""
    ratio = theirs / ours
    sys.stdout.write(
        f"{job:<56} {peer:<28} {theirs * 1e3:10.1f} ms {ours * 1e3:10.2f} ms {ratio:8.1f}x\n"
    )


def main() -> None:
    """Print every job."""
    warnings.simplefilter("ignore")
    rbridge.call("bridge", "describe_r")
    small, large = draw_items(400), draw_items(1_000_000)
    moments = form_moments(small.to_numpy())
    rbridge.call("measurement", "fit_moments", moments.covariance, moments.mean, moments.n)
    show(
        "CFA and scores, 1,000,000 x 3",
        "pandas2ri, cfa, lavPredict",
        time_cpu(lambda: fit_from_frame(large), 1),
        time_cpu(lambda: fit_from_moments(large.to_numpy()), 5),
    )
    frame = time_cpu(lambda: fit_from_frame(large), 1)
    ids = {"numbered by us": large, "whole numbers": large.assign(clip=np.arange(len(large)))}
    ids["texts"] = ids["whole numbers"].astype({"clip": str})
    for kind, table in ids.items():
        show(
            f"the verb fit_factor, 1,000,000 x 3, ids {kind}",
            "pandas2ri, cfa, lavPredict",
            frame,
            time_cpu(lambda table=table: fit_factor(table, items=ITEMS), 5),
        )
    model = '"f =~ a + b + c", data = rows, std.lv = TRUE, meanstructure = TRUE'
    alone = put_in_r(small, f"lavaan::cfa({model})")
    told = put_in_r(
        small,
        f"fit <- lavaan::cfa({model}); lavaan::parameterEstimates(fit);"
        'lavaan::standardizedSolution(fit); lavaan::lavPredict(fit, method = "Bartlett")',
    )
    for peer, job in (("cfa() in R alone", alone), ("cfa() and its tables in R", told)):
        show(
            "fit_factor with tables and scores, 400 x 3",
            peer,
            *time_pairs(job, lambda: fit_factor(small, items=ITEMS)),
        )
    show(
        "one fit and scores, 400 x 3",
        "lavaan on the rows, same door",
        time_cpu(lambda: rbridge.call("measurement", "fit_one_factor", small.to_numpy()), 9),
        time_cpu(lambda: fit_from_moments(small.to_numpy()), 9),
    )
    values = small.to_numpy()
    show(
        "20 refits, 400 x 3",
        "lavaan, one call a draw",
        time_cpu(lambda: refit_loop(values, 20), 1),
        time_cpu(lambda: refit_closed(values, 20), 5),
    )
    ratings = pd.DataFrame(
        {
            "clip": np.repeat(np.arange(40_000), 18).astype(str),
            "rater": np.tile(np.repeat(np.arange(6), 3), 40_000).astype(str),
            "item": np.tile(ITEMS, 240_000),
            "rating": np.random.default_rng(3).integers(0, 5, 720_000).astype(float),
        }
    )
    show(
        "mean over raters, 720,000 ratings",
        "pandas pivot_table",
        time_cpu(lambda: ratings.pivot_table(index="clip", columns="item", values="rating"), 3),
        time_cpu(lambda: average_raters(ratings), 3),
    )
    wall, cpu = time_first_call()
    sys.stdout.write(f"first fit of a fresh process: {wall:.2f} s wall, {cpu:.2f} s CPU\n")


if __name__ == "__main__":
    main()
