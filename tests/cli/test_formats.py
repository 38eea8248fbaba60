"""One table in other orders, names and formats gives the same rows of JSON.

Texts and counts are equal. Estimates differ by the rounding of sums whose terms come in another
order: 1e-12 of sums over 60 ratings, and 1e-9 of ends of intervals that are solved for.
"""

import csv
import gzip
import random
import zipfile

import openpyxl
import pandas as pd
import pyreadstat
import pytest

rng = random.Random(11)
RATINGS = [
    {"clip": f"v{i}", "rater": f"w{j}", "rating": max(0, min(4, i % 5 + rng.choice([-1, 0, 0, 1]))),
     "subject": f"s{i // 2}"}
    for i in range(20) for j in range(3)
]  # fmt: skip
PREDICTIONS = [
    {"clip": f"v{i}", "subject": f"s{i // 3}", "truth": i % 7, "net": (i + rng.randint(0, 2)) % 7,
     "base": rng.randint(0, 6)}
    for i in range(30)
]  # fmt: skip
NAMES = {"clip": "Film Nr.", "rater": "Beurteiler", "rating": "Wert, 0-4", "subject": "Größe \"x\"",
         "truth": "wahr", "net": "net", "base": "base"}  # fmt: skip
DIALECTS = {
    "comma": {},
    "semicolon": {"delimiter": ";"},
    "tab": {"delimiter": "\t"},
    "bar": {"delimiter": "|", "quoting": csv.QUOTE_ALL},
    "utf-16": {"encoding": "utf-16", "lineterminator": "\n"},
}
FORMATS = [*DIALECTS, "bom", "cp1252", "xlsx", "sav", "dta", "ods", "gz"]


def shuffle(rows, names):
    columns = list(rows[0])
    mixed = random.Random(2)
    rows = mixed.sample(rows, len(rows))
    order = mixed.sample(columns, len(columns))
    return [[names.get(name, name) for name in order], *([row[n] for n in order] for row in rows)]


def write_ods(path, rows):
    names = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"'
        for one in ("office", "table", "text")
    )

    def write_cell(cell):
        if isinstance(cell, int):
            return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
        text = str(cell).replace('"', "&quot;")
        text = f"<text:p>{text}</text:p>"
        return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'

    body = "".join(
        f"<table:table-row>{''.join(map(write_cell, row))}</table:table-row>" for row in rows
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            f'<table:table table:name="Data">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


def save(folder, rows, kind):
    path = folder / f"table.{kind if kind in FORMATS[7:] else 'csv'}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    elif kind == "ods":
        write_ods(path, rows)
    elif kind in {"sav", "dta"}:
        # Their columns' names cannot hold blanks.
        table = pd.DataFrame(rows[1:], columns=rows[0])
        getattr(pyreadstat, f"write_{kind}")(table, str(path))
    elif kind == "gz":
        with gzip.open(path, "wt", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
    else:
        dialect = dict(DIALECTS.get(kind, {}))
        encoding = {"bom": "utf-8-sig", "cp1252": "cp1252"}.get(
            kind, dialect.pop("encoding", "utf-8")
        )
        with path.open("w", newline="", encoding=encoding) as stream:
            csv.writer(stream, **dialect).writerows(rows)
    return path


def quote(name):
    text = name.replace('"', '""')
    return f'"{text}"'


def rename(kind):
    plain = {
        "clip": "film",
        "rater": "judge_x",
        "rating": "points",
        "subject": "who",
        "truth": "wahr",
    }
    return plain if kind in {"sav", "dta"} else NAMES


def compare_rows(found, known, ignored=frozenset()):
    for row, other in zip(found, known, strict=True):
        for name in row.keys() - ignored:
            if isinstance(other[name], float):
                assert row[name] == pytest.approx(other[name], rel=1e-9, abs=1e-12), name
            else:
                assert row[name] == other[name], name


@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
@pytest.mark.parametrize("kind", FORMATS)
def test_reliability_is_the_same_whatever_the_order_names_and_format(call_json, tmp_path, kind):
    plain = save(tmp_path, [list(RATINGS[0]), *(list(row.values()) for row in RATINGS)], "comma")
    known = call_json("reliability", plain, "--subject", "subject", "--model", "auto")["rows"]
    names = rename(kind)
    options = [f"--{role}={quote(names[role])}" for role in ("clip", "rating", "subject")]
    file = save(tmp_path, shuffle(RATINGS, names), kind)
    told = call_json("reliability", file, *options, f"--rater={names['rater']}", "--model", "auto")
    compare_rows(told["rows"], known, ignored={"item"})
    assert len(known) > 10


@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
@pytest.mark.parametrize("kind", FORMATS)
def test_comparisons_are_the_same_whatever_the_order_names_and_format(call_json, tmp_path, kind):
    rows = [list(PREDICTIONS[0]), *(list(row.values()) for row in PREDICTIONS)]
    shared = ("--models", "net,base", "--draws", 200)
    known = call_json("compare", save(tmp_path, rows, "comma"), "--subject", "subject", *shared)
    names = rename(kind) | {"clip": "clip"}
    file = save(tmp_path, shuffle(PREDICTIONS, names), kind)
    options = [f"--subject={quote(names['subject'])}", f"--truth={names['truth']}"]
    compare_rows(call_json("compare", file, *options, *shared)["rows"], known["rows"])
    assert len(known["rows"]) > 3
