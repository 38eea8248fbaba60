"""Time what a user waits for first: help, an import, and the first verb of a cold process."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = [
    *("demo", "report", "check", "simulate", "reliability", "audit", "factor", "r-script"),
    *("features", "fit", "compare", "doctor"),
]
FIRST_VERB = """
import exprstats as ex
ratings = ex.simulate_expressiveness(subjects=35, seed=1).ratings.head(10_000)
ex.rate_reliability(ratings, by="context", cluster="subject")
"""


def time_command(arguments, repeats=5):
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(arguments, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main():
    program = str(Path(sys.executable).with_name("exprstats"))
    empty = time_command([sys.executable, "-c", ""])
    jobs = {"exprstats --help": ([program, "--help"], 0.2)}
    jobs |= {f"exprstats {name} --help": ([program, name, "--help"], 0.2) for name in COMMANDS}
    jobs["import exprstats"] = ([sys.executable, "-c", "import exprstats"], 0.2)
    jobs["import pandas (for scale)"] = ([sys.executable, "-c", "import pandas"], None)
    jobs["first verb, 10,000 rows, cold"] = ([sys.executable, "-c", FIRST_VERB], 1.5)
    print(f"{'job':34}{'seconds':>9}{'target':>9}{'x empty Python':>16}")
    for job, (arguments, target) in jobs.items():
        seconds = time_command(arguments)
        aim = "" if target is None else f"< {target:g}"
        print(f"{job:34}{seconds:9.3f}{aim:>9}{seconds / empty:16.1f}")


if __name__ == "__main__":
    main()
