"""The commands on files that nobody here made; EXPRSTATS_DATA says where they are.

Tolerance: half a unit of the last digit of a published value; 1e-6 against lavaan, whose optimiser
stops there.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.data

LAVAAN = """
suppressMessages(library(lavaan))
table <- read.csv(commandArgs(TRUE)[1])
solve_one <- function(rows) {
  fit <- cfa("f =~ x1 + x2 + x3", data = rows, std.lv = TRUE, meanstructure = TRUE)
  full <- standardizedSolution(fit)
  raw <- parameterEstimates(fit)
  pick <- function(s, op) s[s$op == op & (op == "=~" | s$lhs != "f"), ]
  cat(sprintf("%.12f", c(pick(full, "=~")$est.std, pick(full, "=~")$se, pick(raw, "=~")$est)), "\n")
}
solve_one(table[table$school == "Pasteur", ])
solve_one(table[table$school == "Grant-White", ])
solve_one(table)
"""


@pytest.fixture(scope="module")
def real():
    return Path(os.environ["EXPRSTATS_DATA"])


def pick(told, **equal):
    return [row for row in told["rows"] if all(row[key] == value for key, value in equal.items())]


def test_shrout_and_fleiss(call_json, real):
    # Shrout and Fleiss (1979), Table 4: ICC(1,1) = .17, ICC(1,4) = .44.
    file = real / "ratings" / "rpkgs" / "shrout_fleiss_1979.csv"
    told = call_json("reliability", file, "--raters", "J1,J2,J3,J4")
    [single] = pick(told, term="ICC(1,1)")
    [mean] = pick(told, term="ICC(1,k)")
    assert round(single["estimate"], 3) == 0.166
    assert round(mean["estimate"], 3) == 0.443


def test_ppa_ratings(call, call_both, real):
    file = real / "ratings" / "varde" / "ppa.csv"
    options = ("--clip", "Target", "--rater", "Rater", "--rating", "Score", "--by", "Type")
    both = call_both("reliability", file, *options)
    told = both.told
    headline = pick(told, headline=True)
    assert [row["context"] for row in headline] == ["1", "2", "3", "4", "5", "6", None]
    table = pd.read_csv(file)
    for row in headline[:-1]:
        mine = table[table["Type"] == int(row["context"])]
        means = mine.groupby("Target")["Score"].agg(["mean", "var"])
        between, within = 72 * means["mean"].var(), means["var"].mean()
        assert row["estimate"] == pytest.approx(1 - within / between, abs=1e-12)
    assert headline[-1]["n_clips"] == 216
    assert "All" in both.stdout
    assert call("check", file).stdout.count("Try: exprstats reliability") == 1


def test_ppa_two_way_is_the_known_one(call_json, real):
    # lme4 by the data's authors, type 1: ICC(A,1) = .219, ICC(C,1) = .329.
    file = real / "ratings" / "varde" / "ppa.csv"
    options = ("--clip", "Target", "--rater", "Rater", "--rating", "Score", "--by", "Type")
    told = call_json("reliability", file, *options, "--model", "two-way")
    for term, wanted in (("ICC(A,1)", 0.219), ("ICC(C,1)", 0.329)):
        assert round(pick(told, context="1", term=term)[0]["estimate"], 3) == wanted


@pytest.mark.r
def test_holzinger_equals_lavaan_by_hand(call_json, real, tmp_path):
    file = real / "ratings" / "rpkgs" / "lavaan_HolzingerSwineford1939.csv"
    script = tmp_path / "by_hand.R"
    script.write_text(LAVAAN)
    ended = subprocess.run(
        [shutil.which("Rscript"), str(script), str(file)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    wanted = [[float(part) for part in line.split()] for line in ended.stdout.splitlines()]
    told = call_json("factor", file, "--items", "x1,x2,x3", "--by", "school")
    for context, numbers in zip(("Pasteur", "Grant-White", None), wanted, strict=True):
        rows = pick(told, context=context, part="all")
        loadings = [row for row in rows if row["term"] == "loading"]
        raw = [row["estimate"] for row in rows if row["term"] == "loading_raw"]
        found = [row["estimate"] for row in loadings] + [row["std_error"] for row in loadings] + raw
        assert found == pytest.approx(numbers, abs=1e-6)


def test_fit_and_compare_on_the_audience(call_json, real, tmp_path):
    file, guesses = real / "prepared" / "audience_alone.csv", tmp_path / "guesses.csv"
    units = [name for name in pd.read_csv(file, nrows=1) if name.startswith("AU")]
    told = call_json(
        *("fit", file, "--target", "pleasantness", "--subject", "subject", "--by", "context"),
        *("--features", ",".join(units), "--predictions", guesses),
    )
    assert len(pick(told, term="weight", context=None)) == len(units) == 17
    compared = call_json(
        *("compare", guesses, "--subject", "subject", "--by", "context"),
        *("--metric", "nrmse,correlation", "--span", "2"),
    )
    mine = pick(compared, metric="nrmse", headline=True)
    assert [row["context"] for row in mine] == ["amusement", "fear", "neutral", None]
    for row in mine:
        [rmse] = pick(told, context=row["context"], part="test", term="rmse")
        assert row["estimate"] == pytest.approx(rmse["estimate"] / 2, rel=1e-9)
        assert "few clusters" in row["note"]


@pytest.mark.usefixtures("blank_pictures")
def test_report_on_the_audience(call, real, tmp_path):
    study = tmp_path / "study.toml"
    file = real / "prepared" / "audience_alone.csv"
    study.write_text(
        f'title = "Alone"\n[clips]\nfile = "{file}"\ntarget = "pleasantness"\nscale = [-1, 1]\n'
    )
    out = call("report", study).stdout
    assert "NRMSE is RMSE / 2 " in out
    folder = tmp_path / "report"
    results = json.loads((folder / "results.json").read_text())
    assert {row["model"] for row in results["comparison"]} == {"elastic", "uniform", "mean"}
    assert "NaN" not in (folder / "results.json").read_text()
