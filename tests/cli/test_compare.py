"""What ``compare`` prints and writes beside scores and differences.

Tolerance: none against the verbs, which give the same bits on the same draws.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.cli.verdicts import split_margin
from exprstats.errors import OptionError
from exprstats.inference import compare_contexts, compare_models, judge_equivalence, permute_models
from exprstats.io import read_predictions

OPTIONS = ("--subject", "subject", "--models", "good,twin,poor", "--draws", 200)


def squeeze(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def guesses(tmp_path_factory):
    rng = np.random.default_rng(5)
    truth = rng.normal(size=160)
    table = pd.DataFrame({"clip": [f"c{i}" for i in range(160)], "truth": truth})
    table["subject"] = [f"s{i // 8}" for i in range(160)]
    table["task"] = ["calm" if i % 8 < 4 else "pain" for i in range(160)]
    for name, noise in (("good", 0.5), ("twin", 0.5), ("poor", 2.0)):
        table[name] = truth + noise * rng.normal(size=160)
    file = tmp_path_factory.mktemp("compare") / "guesses.csv"
    table.to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def table(guesses):
    return read_predictions(
        [guesses], subject="subject", models=["good", "twin", "poor"], context="task"
    )


def test_against_leaves_other_pairs_out(call_json, guesses):
    told = call_json("compare", guesses, *OPTIONS, "--against", "poor", "--metric", "rmse")
    terms = {row["term"] for row in told["rows"]}
    assert terms == {"good", "twin", "poor", "poor - good", "poor - twin"}


def test_equivalence_uses_the_margin(call, call_json, guesses, table):
    options = (*OPTIONS, "--metric", "rmse,correlation", "--margin", "rmse=.3,correlation=.1")
    rows = [row for row in call_json("compare", guesses, *options)["rows"] if "margin" in row]
    comparison = compare_models(table, metrics=["rmse", "correlation"], draws=200, seed=1)
    wanted = judge_equivalence(comparison, margin={"rmse": 0.3, "correlation": 0.1}).table
    assert [row["p_value"] for row in rows] == wanted["p_value"].tolist()
    verdicts = {(row["metric"], row["term"]): row["equivalent"] for row in rows}
    assert verdicts["rmse", "good - twin"] and not verdicts["rmse", "good - poor"]
    out = call("compare", guesses, *options).stdout
    lines = out.split("equivalence within ±0.3")[1].splitlines()
    line = next(line for line in lines if "good - twin" in line)
    assert "yes" in line and "not shown" not in line
    assert "r: equivalence within ±0.1" in out


@pytest.mark.parametrize("text", ["-1", "x", "0", "rmse=.1", "rmse=.1,r2=.1", "nan", "inf"])
def test_bad_margins_are_refused(text):
    with pytest.raises(OptionError, match=r"rmse=\.05,correlation=\.05"):
        split_margin(text, ["rmse", "correlation"])


def test_swaps_and_contexts(call, call_json, guesses, table):
    options = (*OPTIONS, "--metric", "rmse", "--by", "task", "--swaps", "--contexts")
    rows = call_json("compare", guesses, *options)["rows"]
    swaps = permute_models(table, metrics=["rmse"], by="context", draws=200, seed=1).table
    found = [row["p_value"] for row in rows if row["method"] == "permutation"]
    assert found == swaps["p_value"].tolist()
    contexts = compare_contexts(table, metrics=["rmse"], draws=200, seed=1).table
    found = [row["estimate"] for row in rows if "first" in row]
    assert found == contexts["estimate"].tolist()
    out = call("compare", guesses, *options).stdout
    assert "Differences tested by swapping predictions within subjects" in out
    assert "good   rmse    calm - pain" in out
    told = squeeze(call("compare", guesses, *OPTIONS, "--contexts", code=2).stderr)
    assert "Name their column with --by" in told


def test_every_interval_and_the_methods_paragraph(call, call_json, guesses):
    for interval in ("percentile", "jackknife", "basic", "bca", "t"):
        told = call_json("compare", guesses, *OPTIONS, "--interval", interval, "--metric", "mae")
        assert interval in {row["method"] for row in told["rows"]}
    out = squeeze(call("compare", guesses, *OPTIONS).stdout)
    assert "Methods: The performance of 3 models (good, twin, poor) was measured by RMSE" in out


def test_mlboot_p_values(call, call_json, guesses):
    options = (*OPTIONS, "--metric", "correlation", "--compat", "mlboot")
    rows = call_json("compare", guesses, *options)["rows"]
    # mlboot's p is twice a share of the draws, and scores have one.
    assert all(row["p_value"] * 200 % 2 == pytest.approx(0, abs=1e-9) for row in rows)
    assert len(rows) == 6
    assert "p values are defined as in mlboot" in squeeze(call("compare", guesses, *options).stdout)


def test_the_folder_holds_the_differences_as_a_figure(call, guesses, tmp_path):
    options = ("--metric", "rmse", "--against", "good", "--margin", ".3", "--quiet")
    call("compare", guesses, *OPTIONS, *options, "--out", tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").rglob("*.*")}
    assert {"figure3_performance.png", "differences.png", "equivalence.csv"} <= names
