"""A simulated study as the files that a user would have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.simulate import Simulated

_STUDY = """\
# A study file: what to analyse. Run it with: exprstats report study.toml
title = "Expressiveness in three contexts (simulated)"
seed = {seed}

[ratings]                      # one row a rater and clip, one column an item
file = "ratings.csv"
clip = "clip"
rater = "rater"
subject = "subject"
context = "context"
items = [{items}]
scale = [{low:g}, {high:g}]

[scores]
fitted_on = "train"            # scores come from training subjects only; "all" uses everyone
method = "bartlett"

[clips]                        # one row a clip, one column a feature
file = "clips.csv"
clip = "clip"
subject = "subject"
context = "context"
features = [
{features}
]

[split]                        # shares of subjects; nobody is in two parts
train = 0.6
validate = 0.2
test = 0.2

[[models]]
name = "elastic"
kind = "elastic"

[[models]]
name = "forest"
kind = "forest"

[[models]]                     # baselines: random guesses, the training mean, other raters
name = "uniform"
kind = "uniform"

[[models]]
name = "normal"
kind = "normal"

[[models]]
name = "mean"
kind = "mean"

[[models]]
name = "human"
kind = "human"

[compare]
against = "elastic"
metrics = ["nrmse", "correlation"]
draws = 2000

[weights]                      # intervals of the weights, from refits to resampled subjects
draws = 500

[contrasts]                    # do contexts differ in their weights, and need models of their own?
draws = 500
"""


def write_study_files(simulated: Simulated, folder: Path, *, seed: int) -> list[str]:
    """Write ratings, clips, truth and a study file; return a line about each."""
    from exprstats.io import write_csv, write_json
    from exprstats.study import list_versions

    ratings = widen_ratings(simulated.ratings)
    tables = {"ratings": ratings, "clips": simulated.clips, "truth": simulated.truth}
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
    (folder / "study.toml").write_text(describe_study(simulated, seed), encoding="utf-8")
    versions = list_versions()
    write_json(
        {"design": "expressiveness", "seed": seed, "versions": versions}, folder / "provenance.json"
    )
    return [
        f"ratings.csv: {len(ratings):,} rows, one a rater and clip",
        f"clips.csv: {len(simulated.clips):,} rows, one a clip",
        f"truth.csv: {len(simulated.truth):,} population values",
        "study.toml: what to analyse",
    ]


def widen_ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return one row a rater and clip, with one column an item, as crowd platforms export it."""
    key = ["context", "subject", "clip", "rater"]
    wide = ratings.pivot_table("rating", key, "item", sort=False, observed=True)
    items = list(dict.fromkeys(ratings["item"]))
    return wide[items].astype(int).reset_index()


def describe_study(simulated: Simulated, seed: int) -> str:
    """Return the study file."""
    ratings = simulated.ratings
    features = [name for name in simulated.clips if name not in {"clip", "subject", "context"}]
    return _STUDY.format(
        seed=seed,
        items=", ".join(f'"{name}"' for name in dict.fromkeys(ratings["item"])),
        low=ratings["rating"].min(),
        high=ratings["rating"].max(),
        features="\n".join(f'  "{name}",' for name in features),
    )
