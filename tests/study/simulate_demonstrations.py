"""How often intervals of the demonstration hold the truth: 20 studies from ratings to reports.

Each study is that of `exprstats demo` (140 people), without what has no known truth (intervals of
weights and contrasts). Writes vignettes/coverage_demonstrations.csv, one row a kind of estimate
and method. Intervals of one study share people and raters: ``error`` is the standard error of
``held`` over studies.
Run: python simulate_demonstrations.py [studies]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.cli.demo import describe_study, widen_ratings
from exprstats.simulate import simulate_expressiveness
from exprstats.study import compare_truth, read_study, run_study

TABLE = Path(__file__).parents[2] / "vignettes" / "coverage_demonstrations.csv"


def run_demonstration(seed, *, subjects=140, fresh=2000):
    """Return the truths beside the estimates of one study."""
    simulated = simulate_expressiveness(subjects=subjects, seed=seed)
    text = describe_study(simulated, seed).partition("[weights]")[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        widen_ratings(simulated.ratings).to_csv(folder / "ratings.csv", index=False)
        simulated.clips.to_csv(folder / "clips.csv", index=False)
        (folder / "study.toml").write_text(text, encoding="utf-8")
        run = run_study(read_study(folder / "study.toml"))
        truth = compare_truth(run, simulated, subjects=fresh, seed=seed + 1)
    return truth.assign(study=seed)


def name_kinds(rows):
    """Return what each row estimates, in the words of the table."""
    judged = rows["metric"].map({"nrmse": "NRMSE", "correlation": "correlation"})
    whose = np.where(rows["model"].eq("human"), " of raters", " of models")
    return np.where(
        rows["metric"].notna(),
        judged.fillna("") + whose,
        np.where(rows["term"].eq("loading"), "loading", "reliability of clip means"),
    )


def count_held(rows):
    """Return how often intervals held the truth, by kind and method, and over all."""
    known = rows[rows["inside"].notna()]
    known = known.assign(kind=name_kinds(known), inside=known["inside"].astype(float))
    groups = [(("all", "all"), known), *known.groupby(["kind", "method"], sort=True)]
    table = []
    for (kind, method), group in groups:
        studies = group.groupby("study")["inside"].mean()
        table.append(
            {
                "kind": kind,
                "method": method,
                "studies": len(studies),
                "intervals": len(group),
                "held": round(group["inside"].mean(), 3),
                "error": round(studies.std() / np.sqrt(len(studies)), 3),
            }
        )
    return pd.DataFrame(table)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    found = []
    for seed in range(1, count + 1):
        found.append(run_demonstration(seed))
        count_held(pd.concat(found)).to_csv(TABLE, index=False)
    print(count_held(pd.concat(found)).to_string(index=False))
