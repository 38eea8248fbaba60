"""Coverage of 95% limits of what videos evoke, of signing and of recall, by number of clusters.

Run: python tests/events/simulate_coverage.py [studies]
Writes vignettes/coverage_events.csv, one row a term and number of clusters: ``held``, the share of
intervals with the truth of the simulated studies, and ``error``, its Monte-Carlo standard error
over studies. Clusters are videos of `simulate_evoked`, utterances of `simulate_signing`, and
speakers of unit normal features, whose recall has the mean over studies as its truth.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import exprstats as ex

TABLE = Path(__file__).parents[2] / "vignettes" / "coverage_events.csv"
CLUSTERS = (12, 24, 80)
KEYS = ["source", "group", "expression", "versus", "model", "rule", "term"]
NAMES = ["amusement", "concentration", "interest", "surprise"]


def match(found: pd.DataFrame, truth: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return estimates beside their truth; what a table has no column for is empty."""
    tables = []
    for one in (truth, found):
        one = one.reindex(columns=list(dict.fromkeys([*keys, *one])))
        tables.append(
            one.assign(**{k: one[k].astype(object).where(one[k].notna(), "") for k in keys})
        )
    return tables[0][[*keys, "truth"]].merge(tables[1], on=keys)


def study_videos(videos: int, seed: int) -> pd.DataFrame:
    study = ex.simulate_evoked(videos=videos, seed=seed)
    labels = ex.measure_labels(study.machine).table.assign(source="labels")
    people = ex.compare_annotators(study.human, study.machine).table
    cut = study.machine.assign(**{name: (study.machine[name] >= 0.5) * 1.0 for name in NAMES})
    scores = ex.rate_evoked(cut, study.predictions, draws=100, seed=1).table
    scores = scores[scores["headline"] & scores["versus"].isna()].assign(source="scores")
    found = match(pd.concat([labels, people, scores], ignore_index=True), study.truth, KEYS)
    return found[found["source"].ne("machine - annotator")]


def study_signing(utterances: int, seed: int) -> pd.DataFrame:
    study = ex.simulate_signing(utterances=utterances, signers=4, seed=seed)
    found = ex.measure_cooccurrence(study.events, study.labels, draws=0, seed=1, least=1).table
    return match(found, study.truth, ["label", "feature", "term"])


def study_recall(speakers: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    labels = np.tile(np.repeat(np.arange(4), 2), speakers)
    people = np.repeat(np.arange(speakers), 8)
    means = rng.normal(0, 0.5, (speakers, 4))[people]
    scores = np.eye(4)[labels] * 1.2 + means + rng.normal(size=(len(labels), 4))
    found = ex.classify_expressions(
        {"scores": scores}, labels.tolist(), people.tolist(), folds=4, repeats=2, seed=seed
    ).table
    return found[found["term"].eq("uar")].assign(truth=np.nan)


def count(found: pd.DataFrame, clusters: int) -> pd.DataFrame:
    """Return the share of intervals that hold the truth, by term."""
    mean = found.groupby("term")["estimate"].transform("mean")
    truth = found["truth"].where(found["truth"].notna(), mean)
    held = (found["conf_low"].le(truth) & found["conf_high"].ge(truth)).astype(float)
    held = held[found["conf_low"].notna()]
    rows = []
    for term, own in held.groupby(found["term"]):
        means = own.groupby(found["study"]).mean()
        error = means.std(ddof=1) / np.sqrt(len(means))
        rows.append(
            {
                "term": term,
                "clusters": clusters,
                "intervals": len(own),
                "held": own.mean(),
                "error": error,
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    tables = []
    for run, kind in (
        (study_videos, "videos"),
        (study_signing, "utterances"),
        (study_recall, "speakers"),
    ):
        for clusters in CLUSTERS:
            drawn = [run(clusters, 100 + n).assign(study=n) for n in range(studies)]
            found = pd.concat(drawn, ignore_index=True)
            tables.append(count(found, clusters).assign(kind=kind))
            print(tables[-1].to_string(), flush=True)
    table = pd.concat(tables)[["kind", "term", "clusters", "intervals", "held", "error"]]
    table.round(3).to_csv(TABLE, index=False)
