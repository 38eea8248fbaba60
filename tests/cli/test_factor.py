"""What ``factor`` and ``r-script`` do beside loadings.

Tolerance: none against the verbs, which give the same bits; 1e-6 against lavaan in plain R, whose
optimiser stops there.
"""

import shlex
import shutil
import subprocess

import pandas as pd
import pytest

from exprstats.cli.options import split_gaps
from exprstats.errors import OptionError
from exprstats.io import read_items
from exprstats.measurement import bootstrap_factor, check_invariance, fit_factor, score_clips

NAMES = ["response", "emotion", "motion"]
ITEMS = ("--items", "response,emotion,motion")
BY = ("--by", "task", "--subject", "person")


def squeeze(text):
    return " ".join(text.split())


def pick(rows, **equal):
    return [row for row in rows if all(row.get(key) == value for key, value in equal.items())]


@pytest.fixture(scope="module")
def items(data, tmp_path_factory):
    ratings = pd.read_csv(data / "ratings.csv")
    means = ratings.groupby(["context", "subject", "clip"])[NAMES].mean().reset_index()
    place = tmp_path_factory.mktemp("means") / "means.csv"
    means.rename(columns={"context": "task", "subject": "person"}).to_csv(place, index=False)
    return place


@pytest.fixture(scope="module")
def table(items):
    return read_items(items, items=NAMES, subject="person", context="task")


@pytest.mark.r
def test_robust_errors_and_estimators_are_those_of_the_verb(call, call_json, items, table):
    for options, choices in (
        (("--cluster-robust",), {"cluster": "subject"}),
        (("--estimator", "mlr"), {"estimator": "mlr"}),
    ):
        rows = call_json("factor", items, *ITEMS, *BY, *options)["rows"]
        wanted = fit_factor(table, items=NAMES, by="context", **choices).table
        assert [row["std_error"] for row in pick(rows, term="loading")] == wanted.loc[
            wanted["term"] == "loading", "std_error"
        ].tolist()
    out = call("factor", items, *ITEMS, *BY, "--cluster-robust").stdout
    for told in (out, call("factor", items, *ITEMS, *BY).stdout):
        assert "leaving out one of 30 people at a time (jackknife)." in squeeze(told)


@pytest.mark.r
def test_gaps_count_with_fiml(call_json, items, tmp_path):
    gappy = pd.read_csv(items)
    gappy.loc[:9, "motion"] = -99
    gappy.to_csv(tmp_path / "gaps.csv", index=False)
    told = call_json("factor", tmp_path / "gaps.csv", *ITEMS, "--missing", "fiml,-99")
    assert {row["n_clips"] for row in told["rows"]} == {len(gappy)}
    left = call_json("factor", tmp_path / "gaps.csv", *ITEMS, "--missing", "-99")
    assert {row["n_clips"] for row in left["rows"]} == {len(gappy) - 10}
    assert "10 of 480 clips lack an item" in left["warnings"][0]


def test_missing_holds_a_rule_and_codes():
    assert split_gaps(None) == ("listwise", [])
    assert split_gaps("-9, fiml ,-8") == ("fiml", ["-9", "-8"])
    with pytest.raises(OptionError, match="two rules"):
        split_gaps("fiml,listwise")


@pytest.mark.r
def test_restrictions_and_invariance_stand_in_tables(call, call_json, items, table):
    options = (*ITEMS, *BY, "--cluster-robust", "--restrictions", "--invariance")
    rows = call_json("factor", items, *options)["rows"]
    wanted = check_invariance(table, items=NAMES, cluster="subject").table
    scalar = wanted[(wanted["model"] == "scalar") & wanted["versus"].notna()]
    [found] = pick(rows, model="scalar", versus="metric", term="chisq")
    assert found["p_value"] == scalar.loc[scalar["term"] == "chisq", "p_value"].item()
    assert pick(rows, model="tau-equivalent", context="pain", term="chisq")
    out = call("factor", items, *options).stdout
    assert [line.split()[0] for line in out.split("measured alike?")[1].splitlines()[4:8]] == [
        *("configural", "metric", "scalar", "strict")
    ]
    assert "All      parallel" in out
    assert "only if scalar holds" in squeeze(out)


def test_draws_compare_contexts(call, call_json, items, table):
    options = (*ITEMS, *BY, "--draws", 200, "--seed", 3)
    rows = call_json("factor", items, *options)["rows"]
    wanted = bootstrap_factor(table, items=NAMES, by="context", draws=200, seed=3).table
    wanted = wanted[wanted["headline"] & wanted["versus"].notna()]
    found = [row for row in rows if row.get("headline") and row.get("versus")]
    assert [row["p_adjusted"] for row in found] == wanted["p_adjusted"].tolist()
    out = call("factor", items, *options).stdout
    assert "Over 200 draws of whole subjects" in out
    assert "Differences between contexts" in out and "disgust − pain" in out


def test_scores_of_all_methods(call, items, table, tmp_path):
    file = tmp_path / "scores.csv"
    options = ("--score-method", "all", "--scores", file)
    out = call("factor", items, *ITEMS, *BY, *options).stdout
    written = pd.read_csv(file)
    factor = fit_factor(table, items=NAMES, by="context")
    for method in ("bartlett", "regression", "mean"):
        wanted = score_clips(factor, table, method=method)["score"]
        assert written[f"score_{method}"].tolist() == pytest.approx(wanted.tolist(), abs=1e-12)
    assert "rank change largest" in out
    call("factor", items, *ITEMS, "--score-method", "mean", "--scores", file, "--quiet")
    means = pd.read_csv(items)[NAMES].mean(axis=1)
    assert pd.read_csv(file)["score"].tolist() == pytest.approx(means.tolist(), abs=1e-12)


@pytest.mark.r
def test_ordered_answers_have_thresholds(call, call_json, data, tmp_path):
    pd.read_csv(data / "ratings.csv").drop_duplicates("clip").to_csv(tmp_path / "one.csv")
    told = call_json("factor", tmp_path / "one.csv", *ITEMS, "--ordered")
    assert len(pick(told["rows"], term="threshold")) == 3 * 4
    out = call("factor", tmp_path / "one.csv", *ITEMS, "--ordered").stdout
    assert "WLSMV" in out and "Answers up to" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--cluster-robust",), "--cluster-robust needs to know whose clips"),
        (("--draws", 500), "--draws needs to know whose clips"),
        (("--draws", 5, "--subject", "person"), "--draws 5 is too few"),
        (("--invariance",), "Name their column with --by"),
        (("--ordered", "--estimator", "mlr"), "--ordered has its own estimator"),
    ],
)
def test_options_that_cannot_go_together(call, items, options, told):
    assert told in squeeze(call("factor", items, *ITEMS, *options, code=2).stderr)


@pytest.mark.r
@pytest.mark.parametrize("plain", [True, False])
def test_the_r_script_gives_the_same_numbers(call, call_json, items, tmp_path, plain):
    file = tmp_path / "my means.csv"
    text = items.read_text()
    file.write_text(text if plain else text.replace(",", ";").replace(".", ","))
    script = tmp_path / "refit it.R"
    options = (*ITEMS, *BY, "--cluster-robust")
    out = call("r-script", file, *options, "--script", script).stdout
    assert ("could not read" in out) != plain
    line = next(line for line in out.splitlines() if line.startswith("Run: "))
    assert shlex.split(line)[-1] == script.name
    subprocess.run(
        [shutil.which("Rscript"), script.name],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    refitted = pd.read_csv(tmp_path / "factor_estimates.csv").query("term == 'loading'")
    loadings = pick(call_json("factor", file, *options)["rows"], term="loading", method="robust")
    for name in ("estimate", "std_error"):
        assert refitted[name].tolist() == pytest.approx([row[name] for row in loadings], abs=1e-6)
    assert "exists" in call("r-script", file, *options, "--script", script, code=2).stderr


def test_the_r_script_needs_a_subject_for_robust_errors(call, items, tmp_path):
    options = ("--cluster-robust", "--script", tmp_path / "x.R")
    assert "Name --subject" in squeeze(call("r-script", items, *ITEMS, *options, code=2).stderr)


def test_a_kind_of_scores_needs_a_place_for_them(call, items):
    told = squeeze(call("factor", items, *ITEMS, "--score-method", "mean", code=2).stderr)
    assert "--score-method mean is for scores that are written. Add --scores." in told
