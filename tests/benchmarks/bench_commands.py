"""Time commands as processes, from file to result: CPU seconds and peak memory, beside plain peers.

Run: python tests/benchmarks/bench_commands.py [JOB ...] [--large]

Each job writes its files to a temporary folder. Peers are scripts of a few lines that read the same
file and stop at the number. ``--large`` adds the forest of 20,000 clips and 200 recordings.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

os.environ["OMP_NUM_THREADS"] = "1"
PROGRAM = str(Path(sys.executable).with_name("exprstats"))
ROWS = 1_000_000
PEERS = {
    "reliability": """
import pandas as pd, pingouin
t = pd.read_csv("ratings.csv")
t["seat"] = t.groupby("clip").cumcount()
pingouin.intraclass_corr(data=t, targets="clip", raters="seat", ratings="rating")
""",
    "compare": """
import numpy as np, pandas as pd
t = pd.read_csv("predictions.csv")
codes, names = pd.factorize(t["subject"])
y, p = t["truth"].to_numpy(), t.filter(like="m").to_numpy().T
sums = np.array([np.bincount(codes, one) for one in (p - y) ** 2])
rng, n = np.random.default_rng(1), np.bincount(codes)
drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=2000)
print(np.percentile(np.sqrt(drawn @ sums.T / (drawn @ n)[:, None]), [2.5, 97.5], axis=0))
""",
    "elastic": """
import pandas as pd
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
t = pd.read_csv("clips.csv")
grid = {"elasticnet__alpha": [.01, .05, .1, .5, 1], "elasticnet__l1_ratio": [.1, .5, 1]}
tool = GridSearchCV(make_pipeline(StandardScaler(), ElasticNet()), grid, cv=GroupKFold(3))
tool.fit(t.filter(like="f").to_numpy(), t["score"], groups=t["subject"])
""",
    "features": """
import glob, pandas as pd
for name in sorted(glob.glob("recordings/*.csv")):
    pd.read_csv(name, usecols=["timestamp", "confidence", "success", "AU12_r"]).mean()
""",
}


def run(arguments):
    """Return wall and CPU seconds and the most megabytes of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)}:\n{told[-2000:]}")
    wall = time.perf_counter() - start
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def write_ratings(rng, items):
    clips = ROWS // 10
    clip = np.repeat(np.arange(clips), 10)
    level = rng.normal(size=clips)[clip] + rng.normal(size=clips // 16 + 1)[clip // 16]
    table = {
        "clip": [f"c{code}" for code in clip],
        "subject": [f"s{code // 16}" for code in clip],
        "rater": [
            f"w{code}"
            for code in rng.permuted(np.tile(np.arange(40), (clips, 1)), axis=1)[:, :10].ravel()
        ],
        "rating": np.clip(np.rint(2 + level + rng.normal(size=len(clip))), 0, 4).astype(int),
    }
    pd.DataFrame(table).to_csv("ratings.csv", index=False)
    answers = rng.normal(size=(ROWS, 1)) + 0.7 * rng.normal(size=(ROWS, items))
    frame = pd.DataFrame(answers.round(3), columns=["response", "emotion", "motion"])
    frame.insert(0, "clip", [f"c{code}" for code in range(ROWS)])
    frame["context"] = np.array(["startle", "pain", "disgust"])[np.arange(ROWS) % 3]
    frame.to_csv("items.csv", index=False)


def write_predictions(rng):
    truth = rng.normal(size=ROWS)
    table = {
        "clip": [f"c{n}" for n in range(ROWS)],
        "subject": [f"s{n // 100}" for n in range(ROWS)],
    }
    table["truth"] = truth.round(4)
    table |= {f"m{n}": (0.5 * truth + rng.normal(size=ROWS)).round(4) for n in range(7)}
    pd.DataFrame(table).to_csv("predictions.csv", index=False)


def write_clips(rng, name, clips, width):
    values = rng.normal(size=(clips, width))
    table = pd.DataFrame(values.round(4), columns=[f"f{n}" for n in range(width)])
    table.insert(0, "clip", [f"c{n}" for n in range(clips)])
    table.insert(1, "subject", [f"s{n // 16}" for n in range(clips)])
    table["score"] = (values[:, 0] + rng.normal(size=clips)).round(4)
    table.to_csv(name, index=False)


def write_recordings(rng, files):
    Path("recordings").mkdir()
    names = ["frame", "face_id", "timestamp", "confidence", "success"]
    names += [f"AU{n:02d}_r" for n in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)]
    names += [f"{one}_{n}" for one in "xyXYZ" for n in range(68)]
    rows = 1900
    table = pd.DataFrame(
        rng.normal(size=(rows, len(names))).round(3).astype(np.float32), columns=names
    )
    table["frame"], table["face_id"], table["success"] = np.arange(1, rows + 1), 0, 1
    table["timestamp"], table["confidence"] = (np.arange(rows) / 30).round(3), 0.98
    text = table.to_csv(index=False)
    for number in range(files):
        Path(f"recordings/s{number:03d}_1.csv").write_text(text)


def list_jobs(large):
    """Return for each job its arguments, and the target in CPU seconds and megabytes."""
    models = ",".join(f"m{n}" for n in range(7))
    jobs = {
        "start": (["reliability", "small.csv"], 0.5, None),
        "doctor": (["doctor"], 2, None),
        "check": (["check", "ratings.csv"], 2, None),
        "reliability": (["reliability", "ratings.csv", "--subject", "subject"], 3, 300),
        "factor": (
            [
                "factor",
                "items.csv",
                "--items",
                "response,emotion,motion",
                "--by",
                "context",
                "--scores",
                "scores.csv",
                "--force",
            ],
            4.5,
            None,
        ),
        "compare": (
            ["compare", "predictions.csv", "--subject", "subject", *("--models", models)],
            8,
            500,
        ),
        "elastic": (["fit", "clips.csv", "--target", "score", "--subject", "subject"], 7, 500),
        "forest": (
            ["fit", "few.csv", "--target", "score", "--subject", "subject", "--model", "forest"],
            6,
            None,
        ),
        "features": (
            ["features", "recordings", "--out", "features.csv", "--force"],
            4 if large else 0.4,
            None,
        ),
        "report": (["demo", "--out", "report", "--force"], 25, None),
    }
    if large:
        jobs["forest-large"] = (["fit", "many.csv", *jobs["forest"][0][2:]], 90, None)
    return jobs


def write_files(jobs, large):
    rng = np.random.default_rng(1)
    rows = [f"c{n // 3},w{n % 3},{n % 5}" for n in range(18)]
    Path("small.csv").write_text("\n".join(["clip,rater,rating", *rows]))
    if {"check", "reliability", "factor"} & set(jobs):
        write_ratings(rng, 3)
    if "compare" in jobs:
        write_predictions(rng)
    if "elastic" in jobs:
        write_clips(rng, "clips.csv", 100_000, 100)
    write_clips(rng, "few.csv", 2_240, 12)
    if "forest-large" in jobs:
        write_clips(rng, "many.csv", 20_000, 50)
    if "features" in jobs:
        write_recordings(rng, 200 if large else 20)


def main():
    """Print each command's seconds and megabytes, its target, and the peer's seconds."""
    asked = [one for one in sys.argv[1:] if not one.startswith("-")]
    large = "--large" in sys.argv
    jobs = {name: job for name, job in list_jobs(large).items() if not asked or name in asked}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        # In a process of its own: the memory of this one would count as that of its children.
        writer = multiprocessing.get_context("fork").Process(target=write_files, args=(jobs, large))
        writer.start()
        writer.join()
        print(f"{'job':14}{'wall':>8}{'CPU s':>8}{'MB':>8}{'target':>12}{'peer s':>9}{'ratio':>8}")
        for name, (arguments, seconds, megabytes) in jobs.items():
            wall, cpu, most = run([PROGRAM, *arguments])
            aim = f"{seconds:g} s" + (f" {megabytes}" if megabytes else "")
            peer = run([sys.executable, "-c", PEERS[name]])[1] if name in PEERS else None
            beside = "" if peer is None else f"{peer:9.2f}{peer / cpu:8.1f}"
            print(f"{name:14}{wall:8.2f}{cpu:8.2f}{most:8.0f}{aim:>12}{beside}", flush=True)
        os.chdir("/")


if __name__ == "__main__":
    main()
