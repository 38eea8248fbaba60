"""What folds of frames make of labels that mean nothing: micro F1 by how frames are made.

15,056 rows of 99 features, each 12 frames long (180,669 frames are 15,056 rows twelve times over),
have 37 labels that were drawn without looking at a feature. Folds of frames find the copies of a
test frame in training; folds of whole rows find nothing. Each line of vignettes/leakage.csv changes
one thing. Rows with ``utterance`` above 1 share their labels with that many neighbours, and folds
hold all of them together. Last come the action units of the 26 SignStream files (EXPRSTATS_DATA),
with labels drawn for utterances, and for single runs of frames.
Run: python simulate_leakage.py
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

import exprstats as ex

TABLE = Path(__file__).parents[2] / "vignettes" / "leakage.csv"
FPS = 30.0
BASE = {
    "rows": 15_056,
    "copies": 12,
    "features": 99,
    "shown": 0.02,
    "labels": 37,
    "share": 0.05,
    "utterance": 1,
    "trees": 5,
}
CHANGES = [
    {},
    {"copies": 1},
    {"shown": 0.01},
    {"shown": 0.05},
    {"utterance": 12},
    {"labels": 3},
    {"share": 0.1},
    {"trees": 10},
]


def draw_frames(*, rows, copies, features, shown, labels, share, utterance, seed):
    """Return EVENTS of features and of labels that know nothing of each other."""
    rng = np.random.default_rng(seed)
    homes = np.arange(rows) // utterance
    starts = np.arange(rows) % utterance * copies / FPS
    ends = starts + copies / FPS
    names = np.array([f"u{home:05d}" for home in range(homes[-1] + 1)])
    row, column = np.nonzero(rng.random((rows, features)) < shown)
    seen = pd.DataFrame({"utterance": names[homes[row]], "tier": "unit"})
    seen = seen.assign(start=starts[row], end=ends[row], value=[f"f{one}" for one in column])
    last = np.maximum.reduceat(ends, np.flatnonzero(np.r_[True, np.diff(homes) > 0]))
    spans = pd.DataFrame({"utterance": names, "tier": "utterance", "start": 0.0, "end": last})
    events = pd.concat([spans.assign(value=None), seen], ignore_index=True)
    return events, draw_labels(spans, labels, share, rng)


def draw_labels(spans, labels, share, rng):
    """Return EVENTS of labels that each utterance has with one probability."""
    row, column = np.nonzero(rng.random((len(spans), labels)) < share)
    drawn = spans.iloc[row].reset_index(drop=True)
    return drawn.assign(tier="label", value=[f"l{one}" for one in column])


def measure(events, labels, trees):
    """Return micro F1 by both kinds of folds, with precision and recall by frames."""
    found = ex.predict_labels(events, labels, trees=trees, importance=False, least=1, seed=1)
    micro = found.table[found.table["average"].eq("micro")].set_index(["folds", "term"])["estimate"]
    return {
        "frames": found.n_frames,
        "distinct": found.n_distinct,
        "f1_frames": micro["frames", "f1"],
        "precision_frames": micro["frames", "precision"],
        "recall_frames": micro["frames", "recall"],
        "f1_grouped": micro["utterances", "f1"],
    }


def cut_runs(units):
    """Return EVENTS with each run of unchanged frames as an utterance of its own."""
    shown = ex.expand_frames(units, fps=FPS).drop(columns=["signer", "frame"])
    values = shown.drop(columns="utterance").to_numpy(bool)
    change = shown["utterance"].ne(shown["utterance"].shift()).to_numpy(copy=True)
    change[1:] |= (values[1:] != values[:-1]).any(axis=1)
    first = np.flatnonzero(change)
    length = np.diff(np.r_[first, len(values)])
    names = np.array([f"r{one:06d}" for one in range(len(first))])
    spans = pd.DataFrame({"utterance": names, "tier": "utterance", "start": 0.0})
    spans = spans.assign(end=length / FPS, value=None)
    row, column = np.nonzero(values[first])
    seen = spans.iloc[row].assign(tier="unit", value=shown.columns[1:].to_numpy()[column])
    return pd.concat([spans, seen], ignore_index=True)


def measure_corpus(folder, trees, seed=1):
    """Return what the action units of the 26 files make of labels drawn at random."""
    units = ex.map_units(ex.read_events(folder))
    for name, events in (("utterances", units), ("runs", cut_runs(units))):
        for share in (0.05, 0.25):
            rng = np.random.default_rng(seed)
            spans = events[events["tier"].eq("utterance")]
            labels = draw_labels(spans, 37, share, rng)
            source = f"26 files, labels of {name}"
            yield {"source": source, "labels": 37, "share": share, "trees": trees} | measure(
                events, labels, trees
            )


def list_studies():
    """Yield one row a study."""
    for change in CHANGES:
        options = BASE | change
        drawn = draw_frames(**{k: v for k, v in options.items() if k != "trees"}, seed=1)
        yield {"source": "drawn"} | options | measure(*drawn, options["trees"])
    if "EXPRSTATS_DATA" in os.environ:
        folder = Path(os.environ["EXPRSTATS_DATA"]) / "asl" / "ncslgr-xml"
        yield from measure_corpus(folder, BASE["trees"])


def main():
    rows = []
    for row in list_studies():
        rows.append(row)
        print(row, flush=True)
        counts = {name: "Int64" for name in BASE if name not in ("shown", "share")}
        table = pd.DataFrame(rows).reindex(columns=list(rows[0]))
        table.astype(counts).round(3).to_csv(TABLE, index=False)


if __name__ == "__main__":
    main()
