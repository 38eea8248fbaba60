"""Files of bad and unusual inputs, made by a script with a fixed seed."""

import csv
import random
from dataclasses import dataclass, field

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat

from exprstats import (
    compare_models,
    fit_elastic,
    fit_factor,
    rate_reliability,
    read_clips,
    read_items,
    read_predictions,
    read_ratings,
    split_subjects,
)

draw = random.Random(17)
HEADER = ["clip", "rater", "rating", "subject"]
LEVELS = [draw.randint(0, 3) for _ in range(16)]
ROWS = [
    [f"c{i}", f"w{j}", LEVELS[i] + draw.randint(0, 1), f"p{i // 2}"]
    for i in range(16)
    for j in range(4)
]
ITEMS = ["joy", "calm", "warm", "open"]


def change(place, column, value, rows=ROWS):
    """Return the rows with one cell changed."""
    changed = [list(row) for row in rows]
    changed[place][column] = value
    return [HEADER, *changed]


def each(function, rows=ROWS):
    return [HEADER, *(function(i, list(row)) for i, row in enumerate(rows))]


def correlate(matrix, n=80):
    """Return items with exactly these correlations."""
    rng = np.random.default_rng(5)
    raw = rng.normal(size=(n, len(matrix)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    made = white @ np.linalg.cholesky(np.array(matrix)).T
    return [ITEMS[: len(matrix)], *np.round(made, 8).tolist()]


def one_factor(n=80, flip=False, unit=1.0, names=ITEMS):
    rng = np.random.default_rng(6)
    trait = rng.normal(size=n)
    made = np.round(trait[:, None] + 0.8 * rng.normal(size=(n, 4)), 4)
    made[:, 0] *= (-1 if flip else 1) * unit
    return [names, *made.tolist()]


def clips(n=120, **more):
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(size=(n, 2)).round(5), columns=["smile", "nod"])
    table["y"] = (0.7 * table["smile"] + rng.normal(size=n)).round(5)
    table["clip"] = [f"c{i}" for i in range(n)]
    table["subject"] = [f"p{i // 4}" for i in range(n)]
    table = table.assign(**{name: make(table) for name, make in more.items()})
    return [list(table), *table.astype(object).where(table.notna(), "").to_numpy().tolist()]


def predictions(n=60, **more):
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"subject": [f"p{i // 3}" for i in range(n)], "clip": range(n)})
    table["truth"] = rng.normal(size=n).round(4)
    table["net"] = (table["truth"] + rng.normal(size=n)).round(4)
    table["base"] = rng.normal(size=n).round(4)
    table = table.assign(**{name: make(table) for name, make in more.items()})
    return [list(table), *table.astype(object).where(table.notna(), "").to_numpy().tolist()]


RATE = ("reliability", "{}", "--subject", "subject")
FACTOR = ("factor", "{}", "--items", "joy,calm,warm,open")
FIT = ("fit", "{}", "--target", "y", "--subject", "subject")
COMPARE = ("compare", "{}", "--models", "net,base", "--subject", "subject", "--draws", "200")


def rate(path, **options):
    return rate_reliability(read_ratings(path, subject="subject", **options))


def factor(path, items=ITEMS):
    return fit_factor(read_items(path, items=items), items=items)


def fit(path, features=("smile", "nod"), **options):
    table = read_clips(path, target="y", **options)
    parts = split_subjects(table, seed=1)
    return fit_elastic(table, target="y", features=list(features), parts=parts)


def compare(path, **options):
    table = read_predictions(path, models=["net", "base"], **options)
    return compare_models(table, metrics=["rmse", "correlation"], draws=200)


@dataclass
class Case:
    """One row of INPUTS: its number, the file's rows, what is called, and what must be said."""

    row: str
    rows: object
    say: str
    command: tuple = RATE
    verb: object = rate
    kind: str = "error"
    ending: str = ".csv"
    options: dict = field(default_factory=dict)


def write(case, path):
    if isinstance(case.rows, str):
        path.write_text(case.rows)
    elif isinstance(case.rows, bytes):
        path.write_bytes(case.rows)
    elif case.ending == ".xlsx":
        book = openpyxl.Workbook()
        for row in case.rows:
            book.active.append(row)
        book.save(path)
    elif case.ending == ".sav":
        frame = pd.DataFrame(case.rows[1:], columns=case.rows[0])
        pyreadstat.write_sav(frame, str(path), **case.options)
    else:
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(case.rows)
    return path
