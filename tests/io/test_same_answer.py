"""One table in any order, under any names and in any format gives the same answers.

The tolerance is that of equal sums in another order: 1e-9. The numbers have their witnesses in
tests/reliability and tests/models.
"""

import csv
import gzip
import json
import random

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from exprstats.cli.program import app

from .conftest import write_book, write_rows
from .test_cases import write_ods

NAMES = ["clip", "rater", "subject", "task", "rating"]
OTHERS = ["Vidéo", "who, rated", 'the "person"', "=task", "Antwort (0-4)"]
draw = random.Random(11)
TABLE = [
    [f"c{i:02d}", f"r{(i + j) % 7}", f"p{i // 4}", "ab"[i % 2], draw.randint(0, 8) / 2]
    for i in range(24)
    for j in range(4)
]
CLIPS = ["clip", "subject", "task", "smile", "nod", "y"]
FEATURES = [
    [f"c{i}", f"p{i // 6}", "ab"[i % 2], draw.gauss(0, 1), draw.gauss(0, 1), draw.gauss(0, 1)]
    for i in range(120)
]


def local(rows):
    """Return rows with decimal commas."""
    return [[str(x).replace(".", ",") if isinstance(x, float) else x for x in r] for r in rows]


def write_stat(write):
    def save(path, rows):
        frame = pd.DataFrame(rows[1:], columns=rows[0])
        write(frame, str(path))

    return save


def pack(path, rows):
    plain = write_rows(path.with_suffix(""), rows)
    path.write_bytes(gzip.compress(plain.read_bytes()))


FORMATS = {
    "comma.csv": write_rows,
    "semicolon.csv": lambda p, rows: write_rows(p, local(rows), delimiter=";"),
    "tab.txt": lambda p, rows: write_rows(p, rows, delimiter="\t"),
    "bar.csv": lambda p, rows: write_rows(p, rows, delimiter="|", encoding="utf-8-sig"),
    "quoted.csv": lambda p, rows: write_rows(p, rows, quoting=csv.QUOTE_ALL, encoding="utf-16"),
    "book.xlsx": lambda p, rows: write_book(p, {"Data": rows}),
    "table.ods": lambda p, rows: write_ods(p, [[_cell(x) for x in row] for row in rows]),
    "table.sav": write_stat(pyreadstat.write_sav),
    "table.dta": write_stat(pyreadstat.write_dta),
    "packed.csv.gz": pack,
}


def _cell(value):
    return value if isinstance(value, str) else float(value)


def shuffle(header, rows, seed):
    """Return the table with its rows and columns in another order."""
    order = random.Random(seed)
    rows = order.sample(rows, len(rows))
    places = order.sample(range(len(header)), len(header))
    return [[header[k] for k in places], *([row[k] for k in places] for row in rows)]


def ask(*arguments):
    told = CliRunner().invoke(app, [*map(str, arguments), "--json", "-"])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)["rows"]


def sort(rows):
    key = lambda row: [str(row.get(name)) for name in KEYS]  # noqa: E731
    return sorted(rows, key=key)


KEYS = (
    *("context", "item", "term", "k_rule", "estimator", "method", "part", "feature", "model"),
    *("headline", "first", "versus", "level", "conf_low"),
)


def assert_same(found, known):
    assert len(found) == len(known)
    for mine, theirs in zip(sort(found), sort(known), strict=True):
        assert set(mine) == set(theirs)
        for name, value in theirs.items():
            if isinstance(value, float) and isinstance(mine[name], int | float):
                assert mine[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name
            else:
                assert mine[name] == value, name


def rate(path, names, item=None):
    from exprstats.errors import join_names

    given = dict(zip(NAMES, names, strict=True))
    options = [
        *("--clip", join_names([given["clip"]]), "--rater", given["rater"]),
        *("--subject", join_names([given["subject"]]), f"--by={join_names([given['task']])}"),
        *("--rating", join_names([given["rating"]])),
    ]
    # Which context a difference is taken from is that which the file names first.
    rows = [row for row in ask("reliability", path, *options) if not row.get("versus")]
    return [row | {"item": "rating"} if row.get("item") == item else row for row in rows]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    path = write_rows(tmp_path_factory.mktemp("same") / "a.csv", [NAMES, *TABLE])
    return rate(path, NAMES)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_and_order_gives_the_same_reliability(tmp_path, known, name):
    FORMATS[name](tmp_path / name, shuffle(NAMES, TABLE, seed=name))
    assert_same(rate(tmp_path / name, NAMES), known)


@pytest.mark.parametrize("name", ["comma.csv", "semicolon.csv", "quoted.csv", "book.xlsx"])
def test_other_names_change_nothing(tmp_path, known, name):
    FORMATS[name](tmp_path / name, shuffle(OTHERS, TABLE, seed=name))
    assert_same(rate(tmp_path / name, OTHERS, item=OTHERS[-1]), known)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(FORMATS)))
def test_any_order_gives_the_same_models(tmp_path_factory, seed, name):
    folder = tmp_path_factory.mktemp("fit")
    options = ("--target", "y", "--subject", "subject", "--by", "task", "--features", "smile,nod")
    first = write_rows(folder / "known.csv", [CLIPS, *FEATURES])
    FORMATS[name](folder / name, shuffle(CLIPS, FEATURES, seed))
    assert_same(ask("fit", folder / name, *options), ask("fit", first, *options))
