"""Kezar and Zhou's (2022) Tables 1 and 2 beside what 26 of their 67 videos give.

Each printed probability, and P(label | feature) by four readings of what a frame's label is: that
of its utterance's translation or of its sign, over all frames or those with a label only. The
labels are those of Empath's categories that the paper prints; LIWC's are not free. Writes
vignettes/signing_published.csv; needs EXPRSTATS_DATA.
Run: python compare_published.py
"""

import os
from pathlib import Path

import pandas as pd

import exprstats as ex

TABLE = Path(__file__).parents[2] / "vignettes" / "signing_published.csv"
CATEGORIES = [
    *("affection", "aggression", "confusion", "contentment", "horror", "love"),
    *("negative_emotion", "nervousness", "positive_emotion", "shame", "surprise"),
]
PRINTED = {
    "negative_emotion": {
        "nose=wrinkle": 0.694,
        "head mvmt: jut": 0.644,
        "Non-dominant POS=Classifier": 0.638,
        "eye gaze=to addressee": 0.605,
        "topic/focus=focus/top1": 0.500,
        "head mvmt: side to side=slow": 0.494,
        "head pos: tilt fr/bk=front": 0.469,
        "cheeks=puffed": 0.434,
        "eye brows=lowered": 0.434,
        "head pos: jut=back": 0.409,
    },
    "confusion": {
        "rhetorical question=wh rhq": 1.0,
        "wh question=whq": 0.946,
        "cheeks=tensed": 0.903,
        "POS=Wh-word": 0.881,
        "Non-dominant POS=Particle": 0.776,
        "eye brows=lowered": 0.632,
        "eye gaze=to addressee": 0.583,
        "role shift=3": 0.570,
        "head mvmt: side to side=rapid": 0.562,
        "head mvmt: nod=slow": 0.517,
    },
}


def read_corpus(folder):
    """Return EVENTS, with any jut of the head as a value of its own, as the paper lists it."""
    events = ex.read_events(folder / "ncslgr-xml")
    juts = events[events["tier"].eq("head mvmt: jut") & events["value"].notna()]
    every = juts.assign(tier="head mvmt", value="jut")
    return pd.concat([events, every], ignore_index=True)


def compare_readings(folder):
    """Return one row a printed probability, and frames of each reading."""
    events = read_corpus(folder)
    lexicon = ex.read_lexicon(folder / "empath" / "categories.tsv", categories=CATEGORIES)
    rows = [
        {"label": label, "feature": feature, "printed": value}
        for label, printed in PRINTED.items()
        for feature, value in printed.items()
    ]
    table, sizes = pd.DataFrame(rows), {}
    names = table["feature"].replace("head mvmt: jut", "head mvmt=jut")
    keys = pd.MultiIndex.from_arrays([table["label"], names])
    for text, short in (("translation", "translation"), ("gloss", "sign")):
        labels = ex.find_labels(events, lexicon, text=text)
        for among in ("all", "labelled"):
            found = ex.measure_cooccurrence(events, labels, among=among, draws=0, least=1)
            held = found.table[found.table["headline"]].set_index(["label", "feature"])
            reading = f"{short}_{among}"
            sizes[reading] = found.n_frames
            table[reading] = held["estimate"].reindex(keys).to_numpy()
            if among == "all" and short == "translation":
                for name in ("n_feature", "n_clusters"):
                    table[name] = held[name].reindex(keys).astype("Int64").to_numpy()
    return table, sizes


def main():
    table, sizes = compare_readings(Path(os.environ["EXPRSTATS_DATA"]) / "asl")
    print(sizes)
    print(table.round(3).to_string())
    table.round(3).to_csv(TABLE, index=False)


if __name__ == "__main__":
    main()
