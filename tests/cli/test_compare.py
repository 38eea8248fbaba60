"""What ``compare`` prints and writes beside scores and differences.

Tolerance: none against the verbs, which give the same bits on the same draws.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.cli.options import split_sizes
from exprstats.errors import OptionError
from exprstats.inference import (
    compare_contexts,
    compare_models,
    judge_equivalence,
    permute_models,
    plan_precision,
    split_variance,
)
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
    table["site"] = ["north" if i < 80 else "south" for i in range(160)]
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


def test_a_span_is_for_nrmse(call, guesses):
    told = call("compare", guesses, *OPTIONS, "--span", 7, code=2).stderr
    assert "--span 7 is for nrmse, which is not asked for." in squeeze(told)


def test_strata_that_no_file_has_are_named(call, guesses):
    told = squeeze(call("compare", guesses, *OPTIONS, "--strata", "sit", code=2).stderr)
    assert "no file has the columns 'subject' and 'sit'. Did you mean 'site'?" in told


def test_equivalence_uses_the_margin(call_both, guesses, table):
    options = (*OPTIONS, "--metric", "rmse,correlation", "--margin", "rmse=.3,correlation=.1")
    both = call_both("compare", guesses, *options)
    rows = [row for row in both.told["rows"] if "margin" in row]
    comparison = compare_models(table, metrics=["rmse", "correlation"], draws=200, seed=1)
    wanted = judge_equivalence(comparison, margin={"rmse": 0.3, "correlation": 0.1}).table
    assert [row["p_value"] for row in rows] == wanted["p_value"].tolist()
    verdicts = {(row["metric"], row["term"]): row["equivalent"] for row in rows}
    assert verdicts["rmse", "good - twin"] and not verdicts["rmse", "good - poor"]
    out = both.stdout
    lines = out.split("RMSE within ±0.3\n")[1].splitlines()
    line = next(line for line in lines if "good − twin" in line)
    assert "yes" in line and "not shown" not in line
    assert "\nCorrelation within ±.1\n" in out


@pytest.mark.parametrize("text", ["-1", "x", "0", "rmse=.1", "rmse=.1,r2=.1", "nan", "inf"])
def test_bad_margins_are_refused(text):
    with pytest.raises(OptionError, match=r"rmse=\.05,correlation=\.05"):
        split_sizes(text, ["rmse", "correlation"])


def test_swaps_and_contexts(call, call_both, guesses, table):
    options = (*OPTIONS, "--metric", "rmse", "--by", "task", "--swaps", "--contexts")
    both = call_both("compare", guesses, *options)
    rows = both.told["rows"]
    swaps = permute_models(table, metrics=["rmse"], by="context", draws=200, seed=1).table
    found = [row["p_value"] for row in rows if row["method"] == "permutation"]
    assert found == swaps["p_value"].tolist()
    contexts = compare_contexts(table, metrics=["rmse"], draws=200, seed=1).table
    found = [row["estimate"] for row in rows if "first" in row]
    assert found == contexts["estimate"].tolist()
    out = both.stdout
    assert ". Differences Tested by Swapping Predictions Within Subjects" in out
    lines = out.split(". Each Model Compared Between Contexts")[1].splitlines()
    line = next(line.split() for line in lines if line.startswith("  good  calm − pain"))
    wanted = next(row for row in both.told["rows"] if "first" in row)
    assert float(line[4].replace("−", "-")) == pytest.approx(wanted["estimate"], abs=0.0005)
    told = squeeze(call("compare", guesses, *OPTIONS, "--contexts", code=2).stderr)
    assert "Name their column with --by" in told


def test_every_interval_and_the_methods_paragraph(call, call_json, guesses):
    for interval in ("percentile", "jackknife", "basic", "bca", "t"):
        told = call_json("compare", guesses, *OPTIONS, "--interval", interval, "--metric", "mae")
        assert interval in {row["method"] for row in told["rows"]}
    out = squeeze(call("compare", guesses, *OPTIONS).stdout)
    assert "Methods: The performance of 3 models (good, twin, poor) was measured by RMSE" in out


def test_mlboot_p_values(call_both, guesses):
    options = (*OPTIONS, "--metric", "correlation", "--compat", "mlboot")
    both = call_both("compare", guesses, *options)
    rows = both.told["rows"]
    # mlboot's p is twice a share of the draws, and scores have one.
    assert all(row["p_value"] * 200 % 2 == pytest.approx(0, abs=1e-9) for row in rows)
    assert len(rows) == 6
    told = squeeze(both.stdout)
    assert "p values are defined as in mlboot: twice the smaller share of draws beyond 0" in told


def test_the_folder_holds_the_differences_as_a_figure(call, guesses, tmp_path):
    options = ("--metric", "rmse", "--against", "good", "--margin", ".3", "--quiet")
    call("compare", guesses, *OPTIONS, *options, "--out", tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").rglob("*.*")}
    assert {"figure1_performance.png", "differences.png", "equivalence.csv"} <= names


def test_strata_and_schemes_are_those_of_the_verb(call, call_json, guesses, table):
    options = (*OPTIONS, "--metric", "rmse", "--interval", "percentile", "--strata", "site")
    sites = np.where(table["subject"].str[1:].astype(int) < 10, "north", "south")
    for scheme in ("clusters", "two-stage"):
        told = call_json("compare", guesses, *options, "--scheme", scheme)["rows"]
        known = compare_models(
            table.assign(site=sites).drop(columns="context"),
            metrics="rmse",
            draws=200,
            seed=1,
            interval="percentile",
            strata="site",
            scheme=scheme,
        ).table
        for name in ("estimate", "conf_low", "conf_high"):
            assert [row[name] for row in told] == known[name].tolist()
    out = squeeze(call("compare", guesses, *options, "--scheme", "two-stage").stdout)
    assert "resampled with replacement within strata (site), and then rows" in out
    out = squeeze(call("compare", guesses, *OPTIONS, "--scheme", "two-stage").stdout)
    assert "jackknife intervals do not depend on it, percentile intervals do." in out
    assert "Strata" not in out


def test_strata_must_be_there_and_hold_whole_subjects(call, guesses):
    told = squeeze(call("compare", guesses, *OPTIONS, "--strata", "place", code=2).stderr)
    assert "no file has the columns 'subject' and 'place'" in told
    told = squeeze(call("compare", guesses, *OPTIONS, "--strata", "task", code=2).stderr)
    assert "subject 's0' is in 'calm' and in 'pain'. Strata must hold whole subjects." in told


def test_a_wanted_width_says_how_many_subjects(call, call_both, guesses, table):
    options = (*OPTIONS, "--metric", "rmse,correlation_between", "--against", "good")
    widths = ("--width", "rmse=.2,correlation_between=.1")
    both = call_both("compare", guesses, *options, *widths)
    rows = [r for r in both.told["rows"] if "needed" in r]
    pooled = table.drop(columns="context")
    known = plan_precision(pooled, metrics="rmse", width=0.2, against="good", draws=200, seed=1)
    mine = [row for row in rows if row["metric"] == "rmse"]
    assert [row["needed"] for row in mine] == known.table["needed"].tolist()
    assert {row["method"] for row in rows} == {"plan"}
    out = both.stdout
    assert "Width of the 95% CI by number of subjects" in out
    lines = out.split("RMSE, width 0.2\n")[1].splitlines()
    line = next(line for line in lines if "good − poor" in line)
    needed = known.table.set_index("term").loc["good - poor", "needed"].iloc[0]
    assert line.split()[-1] == f"{int(needed):,}"
    assert "r between subjects, width .1\n" in out
    told = squeeze(out)
    assert "for intervals of width 0.2 (RMSE) and .1 (r between subjects) were planned" in told
    told = squeeze(call("compare", guesses, *options, "--width", "-1", code=2).stderr)
    assert "--width '-1' must be one positive number" in told


def test_metrics_are_printed_by_their_labels(call, guesses):
    names = "correlation_between,correlation_within,correlation_mean"
    more = ("--by", "task", "--swaps", "--contexts", "--margin", ".1", "--width", ".1")
    out = call("compare", guesses, *OPTIONS, "--metric", names, *more).stdout
    for label in ("r between subjects", "r within subjects", "mean r per subject"):
        assert label in out
    assert "correlation_" not in out and "per cluster" not in out and "n clusters" not in out
    told = squeeze(call("compare", "--help").stdout)
    assert "_between is that of subjects' means" in told


def test_training_runs_are_told_apart(call_json, call_both, guesses, table, tmp_path):
    rng = np.random.default_rng(2)
    plain = table.drop(columns="context")
    noise = [plain["prediction"] + 0.3 * rng.normal(size=len(plain)) for _ in range(3)]
    runs = pd.concat(
        [plain.assign(seat=str(place), prediction=one) for place, one in enumerate(noise)]
    )
    file = tmp_path / "runs.csv"
    runs.to_csv(file, index=False)
    options = ("--subject", "subject", "--metric", "rmse", "--draws", 200, "--runs")
    both = call_both("compare", file, *options)
    rows = [r for r in both.told["rows"] if "error_training" in r]
    known = split_variance(runs.reset_index(drop=True), metrics="rmse").table
    # The file's decimals are those of the numbers, so that the same bits are read again.
    assert [row["error_training"] for row in rows] == known["error_training"].tolist()
    renamed = tmp_path / "folds.csv"
    runs.rename(columns={"seat": "fold"}).to_csv(renamed, index=False)
    again = call_json("compare", renamed, *options, "--seat", "fold")["rows"]
    assert [row for row in again if "error_training" in row] == rows
    out = both.stdout
    assert ". Error From Test Subjects and From Training (3 Runs)" in out
    line = next(
        line.split()
        for line in out.split(". Error From Test Subjects")[1].splitlines()
        if "good − " in line
    )
    row = known[known["term"] == "good - twin"].iloc[0]
    assert [float(one.replace("−", "-")) for one in line[3:7]] == pytest.approx(
        row[["estimate", "error_test", "error_training", "error_run"]].tolist(), abs=0.0005
    )
    assert line[7] == f"{100 * row['share_training']:.0f}%"
    assert "variance over 3 training runs (seat)" in squeeze(out)


def test_bca_intervals_are_said_to_be_rows(call, guesses):
    told = squeeze(call("compare", guesses, *OPTIONS, "--interval", "bca").stdout)
    assert "BCa intervals are in the tidy rows, and never printed." in told


def test_margins_and_widths_of_bounded_metrics_have_no_leading_zero(call, guesses):
    sizes = ("--metric", "correlation", "--margin", 0.05, "--width", 0.1)
    told = squeeze(call("compare", guesses, *OPTIONS, *sizes).stdout)
    assert "Correlation within ±.05" in told and "Correlation, width .1 " in told
    assert "±.05 (r) was tested" in told
    assert "adjusted by Holm’s method, is below .05; before that, it is where the 90% int" in told


def test_files_without_seats_stand_beside_one_that_has_them(call_json, guesses, table, tmp_path):
    human = table.query("model == 'good'").drop(columns="context").assign(model="human")
    raters = [human.assign(rater=name) for name in "xy"]
    pd.concat(raters).to_csv(tmp_path / "human.csv", index=False)
    table.drop(columns="context").to_csv(tmp_path / "models.csv", index=False)
    files = (tmp_path / "models.csv", tmp_path / "human.csv")
    options = ("--subject", "subject", "--seat", "rater", "--draws", 200, "--metric", "rmse")
    rows = call_json("compare", *files, *options)["rows"]
    found = {row["term"]: row["estimate"] for row in rows}
    assert found["human"] == pytest.approx(found["good"], rel=1e-12)


def test_a_wide_file_needs_the_names_of_its_models(call, guesses):
    told = squeeze(call("compare", guesses, "--subject", "subject", code=2).stderr)
    assert "If each model has a column of its own, name these with --models." in told


def test_a_context_and_a_model_called_all_and_an_option_in_a_file_name(call, call_both, tmp_path):
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"clip": [f"c{i}" for i in range(80)], "truth": rng.normal(size=80)})
    table["subject"] = [f"s{i // 8}" for i in range(80)]
    table["task"] = ["All" if i % 8 < 4 else "pain" for i in range(80)]
    for name, noise in (("All", 0.5), ("other", 1.5)):
        table[name] = table["truth"] + noise * rng.normal(size=80)
    file = tmp_path / "run_span=3.csv"
    table.to_csv(file, index=False)
    options = ("--subject", "subject", "--models", "All,other", "--by", "task", "--draws", 200)
    more = ("--metric", "rmse", "--swaps", "--contexts", "--margin", ".5", "--width", ".2")
    both = call_both("compare", file, *options, *more)
    rows = both.told["rows"]
    out = both.stdout
    scores = {(row["context"], row["model"]): row for row in rows if row.get("versus") is None}
    lines = out.split("Table 1.")[1].splitlines()
    assert next(line for line in lines if line.startswith("Model")).split() == [
        *("Model", "All", "(context)", "pain", "All")
    ]
    for model in ("All", "other"):
        line = next(line for line in lines if line.startswith(f"  {model} "))
        printed = [float(cell) for cell in line.replace("]", "").split()[1::3]]
        wanted = [scores[context, model]["estimate"] for context in ("All", "pain", None)]
        assert printed == pytest.approx(wanted, abs=0.0005)
    for head in ("RMSE within ±0.5", "RMSE, width 0.2", "RMSE"):
        for context in ("All (context)", "pain", "All"):
            assert f"\n{head} ({context})\n" in out
    told = squeeze(call("compare", file, *options, "--truth", "x", code=2).stderr)
    assert "run_span=3.csv" in told and "--span" not in told
