"""Options of reading: each reads the file that needs it, and gives the numbers of a plain one."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

RNG = np.random.default_rng(7)
HOSTILE = ['a "b", c', "naïve;x", "$(touch x)", "-lead", "All", "O'Brien", "two\nlines", "😀"]


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def read_rows(*words: object) -> list[dict]:
    code, out, err = run(*words, "--json", "-")
    assert code == 0, err
    return json.loads(out)["rows"]


def find_icc(*words: object) -> float:
    rows = read_rows("reliability", *words)
    return next(row["estimate"] for row in rows if row["term"] == "ICC(1,k)" and row["headline"])


@pytest.fixture
def ratings() -> pd.DataFrame:
    clips = np.repeat(np.arange(20), 3)
    values = np.clip(np.round(3 + RNG.normal(size=20)[clips] + RNG.normal(0, 0.7, 60)), 1, 5)
    table = pd.DataFrame({"clip": [f"c{c}" for c in clips], "rater": np.tile(list("xyz"), 20)})
    return table.assign(rating=values.astype(int))


@pytest.fixture
def plain(ratings, tmp_path) -> Path:
    ratings.to_csv(tmp_path / "plain.csv", index=False)
    return tmp_path / "plain.csv"


def test_header_row_sheet_and_encoding(ratings, plain, tmp_path):
    titled = tmp_path / "titled.csv"
    titled.write_text("a,b,c\n1,2,3\n" + plain.read_text())
    assert find_icc(titled, "--header-row", 3) == find_icc(plain)

    book = tmp_path / "book.xlsx"
    with pd.ExcelWriter(book) as writer:
        other = ratings.assign(rating=ratings["rating"].to_numpy()[::-1])
        other.to_excel(writer, sheet_name="first", index=False)
        ratings.to_excel(writer, sheet_name="2", index=False)
    assert find_icc(book, "--sheet", "2") == find_icc(plain)
    assert find_icc(book, "--sheet", "first") != find_icc(plain)
    code, _, err = run("reliability", book, "--sheet", "third")
    assert code == 2 and "'first', '2'" in err and "--sheet" in err

    latin = tmp_path / "latin.csv"
    latin.write_bytes(plain.read_text().replace("c1,", "é1,").encode("mac-roman"))
    assert find_icc(latin, "--encoding", "mac-roman") == find_icc(plain)
    code, _, err = run("reliability", latin, "--encoding", "klingon")
    assert code == 2 and "klingon" in err


def test_labels_number_answers_from_the_lowest(ratings, plain, tmp_path):
    words = ["never", "rarely", "sometimes", "often", "always"]
    named = ratings.assign(rating=[words[value - 1] for value in ratings["rating"]])
    named.to_csv(tmp_path / "words.csv", index=False)
    assert find_icc(tmp_path / "words.csv", "--labels", ",".join(words)) == find_icc(plain)
    pairs = ",".join(f"{word}={place}" for place, word in enumerate(words))
    assert find_icc(tmp_path / "words.csv", "--labels", pairs) == pytest.approx(find_icc(plain))
    coded = ratings.assign(rating=[f"{v} - {words[v - 1]}" for v in ratings["rating"]])
    coded.to_csv(tmp_path / "coded.csv", index=False)
    assert find_icc(tmp_path / "coded.csv", "--labels", "coded") == find_icc(plain)
    code, _, err = run("reliability", tmp_path / "words.csv", "--labels", "never=1,often")
    assert code == 2 and "gives some answers a number" in err


def test_raters_in_rows_and_reversed_items(ratings, plain, tmp_path):
    wide = ratings.pivot(index="rater", columns="clip", values="rating")
    wide.to_csv(tmp_path / "turned.csv")
    turned = find_icc(tmp_path / "turned.csv", "--raters-in-rows")
    assert turned == pytest.approx(find_icc(plain), abs=1e-12)
    items = ratings.rename(columns={"rating": "calm"}).assign(tense=6 - ratings["rating"])
    items.to_csv(tmp_path / "items.csv", index=False)
    rows = read_rows(
        *("reliability", tmp_path / "items.csv", "--rating", "calm,tense"),
        *("--reverse", "tense", "--scale", "1,5", "--errors"),
    )
    found = [r for r in rows if r.get("term") == "ICC(1,k)" and r["headline"]]
    assert found[0]["estimate"] == pytest.approx(found[1]["estimate"])


def test_strict_makes_warnings_errors(ratings, tmp_path):
    odd = ratings.copy()
    odd.loc[3, "rating"] = 44
    odd.to_csv(tmp_path / "odd.csv", index=False)
    assert run("reliability", tmp_path / "odd.csv")[0] == 0
    code, _, err = run("reliability", tmp_path / "odd.csv", "--strict", "--out", tmp_path / "out")
    assert code == 2 and "44" in err and "--strict" in err
    assert not (tmp_path / "out").exists()


def test_two_columns_make_one_id(tmp_path):
    people = [(site, person) for site in "AB" for person in range(1, 16)]
    table = pd.DataFrame(
        [(site, str(p), *RNG.normal(size=3)) for site, p in people for _ in range(4)],
        columns=["site", "person", "smile", "nod", "y"],
    )
    table["clip"] = [f"k{row}" for row in range(len(table))]
    table.to_csv(tmp_path / "sites.csv", index=False)
    table.assign(who=table["site"] + ":" + table["person"]).to_csv(tmp_path / "one.csv")
    shared = ("--target", "y", "--features", "smile,nod")
    both = read_rows("fit", tmp_path / "sites.csv", *shared, "--subject", "site,person")
    one = read_rows("fit", tmp_path / "one.csv", *shared, "--subject", "who")
    assert [r["estimate"] for r in both] == [r["estimate"] for r in one]


def test_common_leaves_out_what_a_model_lacks(tmp_path):
    truth = RNG.normal(size=60)
    table = pd.DataFrame(
        {"subject": np.arange(60) // 3, "truth": truth, "a": truth + 0.3, "b": 0.0}
    )
    table.loc[[1, 5], "a"] = np.nan
    table.to_csv(tmp_path / "p.csv", index=False)
    asked = ("compare", tmp_path / "p.csv", "--subject", "subject", "--models", "a,b")
    code, _, err = run(*asked)
    assert code == 2 and "'a' 58, 'b' 60" in err and "--common" in err
    rows = read_rows(*asked, "--common", "--metric", "rmse")
    single = next(row for row in rows if row["model"] == "a" and row["versus"] is None)
    assert single["estimate"] == pytest.approx(0.3) and single["n_clips"] == 58


def make_layouts(folder: Path, ratings: pd.DataFrame) -> dict[str, Path]:
    """Write one file of each layout, with names that shells and lists stumble over."""
    wide = ratings.pivot(index="clip", columns="rater", values="rating")
    people = np.arange(60) // 2
    clips = pd.DataFrame(
        {"clip": [f"k{i}" for i in range(60)], "subject": [f"s{p}" for p in people]}
    )
    numbers = pd.DataFrame(RNG.normal(size=(60, 4)), columns=HOSTILE[:4])
    truth = RNG.normal(size=60)
    tables = {
        "ratings": ratings.assign(subject="s" + (ratings.index // 6).astype(str)),
        "hostile ratings": ratings.rename(columns={"rating": 'rating "x", y'}),
        "wide": wide.set_axis(HOSTILE[:3], axis=1).reset_index(),
        "more names": wide.set_axis(HOSTILE[4:7], axis=1).reset_index(),
        "raters in rows": wide.T.reset_index(),
        "items by raters": wide.set_axis(["j_r1", "j_r2", "j_r3"], axis=1)
        .join(wide.set_axis(["k_r1", "k_r2", "k_r3"], axis=1))
        .reset_index(),
        "clips": clips.join(numbers),
        "contexts": clips.join(numbers).assign(context=np.where(people % 2, "All", "a,b")),
        "predictions": clips.assign(
            model="m", truth=truth, prediction=truth + 0.5 * numbers.iloc[:, 0]
        ),
        "side by side": clips.assign(truth=truth, **{"m 1": truth + 0.1, "m,2": 0.5 * truth}),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name} $x.csv", index=False)
    return {name: folder / f"{name} $x.csv" for name in tables}


def test_every_try_line_runs(ratings, tmp_path):
    for name, path in make_layouts(tmp_path, ratings).items():
        rows = read_rows("check", path)
        lines = [row["command"] for row in rows if row["kind"] == "try"]
        assert lines, name
        for line in lines:
            words = shlex.split(line)
            assert words[0] == "exprstats"
            code, _, err = run(*words[1:])
            # Three judges as items of one factor: an honest refusal of the data, not of the call.
            signed = words[1] == "factor" and "option" not in err.lower() and "column" not in err
            assert code == 0 or (code == 2 and signed), (name, line, err)


def test_check_knows_what_is_no_data_and_takes_several_files(ratings, plain, tmp_path):
    book = pd.DataFrame({"variable": ["a", "b"], "label": ["x", "y"], "type": ["n", "n"]})
    book.to_csv(tmp_path / "book.csv", index=False)
    matrix = np.corrcoef(RNG.normal(size=(4, 50)))
    pd.DataFrame(matrix, columns=list("abcd")).to_csv(tmp_path / "matrix.csv", index=False)
    for name, word in (("book", "codebook"), ("matrix", "correlation matrix")):
        code, out, err = run("check", tmp_path / f"{name}.csv")
        assert code == 2 and word in err and "No problems" not in out
    code, out, err = run("check", plain, tmp_path / "book.csv")
    assert code == 2 and str(plain) in out and "codebook" in err
    both = read_rows("check", plain, plain)
    assert {row["of"] for row in both} == {str(plain)}
