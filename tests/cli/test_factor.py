"""What ``factor`` and ``r-script`` do beside loadings.

Tolerance: none against the verbs, which give the same bits; 1e-6 against lavaan in plain R, whose
optimiser stops there.
"""

import re
import shlex
import shutil
import subprocess

import pandas as pd
import pytest

from exprstats.cli.options import split_gaps
from exprstats.errors import OptionError
from exprstats.io import read_items, read_ratings
from exprstats.measurement import (
    average_raters,
    bootstrap_factor,
    check_invariance,
    fit_factor,
    score_clips,
)
from exprstats.models import rate_scores

NAMES = ["response", "emotion", "motion"]
ITEMS = ("--items", "response,emotion,motion")
BY = ("--by", "task", "--subject", "person")


def squeeze(text):
    return " ".join(text.split())


def write(value, decimals):
    """Return a number that is at most about 1 in size as APA style prints it."""
    return f"{value:.{decimals}f}".replace("-", "−").replace("0.", ".", 1)


def read_table(text, title):
    """Return the lines of a printed table below its rule, each as cells without brackets."""
    block = text.split(f". {title}")[1].split("─\n")[1].split("\n\n")[0]
    return [re.sub(r"[\[\],]", " ", line).split() for line in block.splitlines()]


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
def test_robust_errors_and_estimators_are_those_of_the_verb(call, call_both, items, table):
    both = {}
    for options, choices in (
        (("--cluster-robust",), {"cluster": "subject"}),
        (("--estimator", "mlr"), {"estimator": "mlr"}),
    ):
        both[options[0]] = call_both("factor", items, *ITEMS, *BY, *options)
        rows = both[options[0]].told["rows"]
        wanted = fit_factor(table, items=NAMES, by="context", **choices).table
        assert [row["std_error"] for row in pick(rows, term="loading")] == wanted.loc[
            wanted["term"] == "loading", "std_error"
        ].tolist()
    out = both["--cluster-robust"].stdout
    assert "SE and intervals by a delete-one jackknife over 30 subjects." in squeeze(out)
    own = "which allow for clips of the same subject (30 subjects), are the rows of method robust."
    assert own in squeeze(out)
    assert "take clips as independent" not in squeeze(out)
    plain = squeeze(call("factor", items, *ITEMS, *BY).stdout)
    assert "SE and intervals by a delete-one jackknife over 30 subjects." in plain
    assert "which take clips as independent, are the rows of method ml." in plain
    unknown = squeeze(call("factor", items, *ITEMS, "--by", "task").stdout)
    assert "SE and intervals take clips as independent; they are too small where" in unknown
    assert "jackknife" not in unknown


@pytest.mark.parametrize("cluster", [False, pytest.param(True, marks=pytest.mark.r)])
def test_the_printed_numbers_are_the_rows(call_both, items, cluster):
    options = (*ITEMS, *BY, *(["--cluster-robust"] if cluster else []))
    both = call_both("factor", items, *options)
    rows = both.told["rows"]
    out = both.stdout
    loadings = read_table(out, "Standardized Estimates of the One-Factor Model")
    contexts = [*dict.fromkeys(row["context"] for row in rows)]
    assert contexts[-1] is None and len(contexts) == 4
    lines = iter(loadings)
    for context in contexts:
        assert next(lines) == ["All" if context is None else context]
        for item in NAMES:
            name, *cells = next(lines)
            assert name == item
            for term, own in zip(("loading", "residual"), (cells[:4], cells[4:]), strict=True):
                [row] = pick(rows, context=context, item=item, term=term, headline=True)
                assert row["method"] == "jackknife"
                wanted = [row[key] for key in ("estimate", "std_error", "conf_low", "conf_high")]
                assert own == [write(value, 3) for value in wanted]
    for context, line in zip(
        contexts, read_table(out, "Internal Consistency of the Items"), strict=True
    ):
        [omega] = pick(rows, context=context, term="omega", headline=True)
        [ave] = pick(rows, context=context, term="ave", headline=True)
        [alpha] = pick(rows, context=context, term="alpha", headline=True)
        keys = ("estimate", "conf_low", "conf_high")
        wanted = [one[key] for one in (omega, alpha) for key in keys] + [ave["estimate"]]
        name = "All" if context is None else context
        assert line == [name, str(omega["n_clips"]), *(write(value, 2) for value in wanted)]


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
def test_restrictions_and_invariance_stand_in_tables(call_both, items, table):
    options = (*ITEMS, *BY, "--cluster-robust", "--restrictions", "--invariance")
    both = call_both("factor", items, *options)
    rows = both.told["rows"]
    checked = check_invariance(table, items=NAMES, cluster="subject")
    wanted, steps = checked.table, checked.steps
    scalar = wanted[(wanted["model"] == "scalar") & wanted["versus"].notna()]
    [found] = pick(rows, model="scalar", versus="metric", term="chisq")
    assert found["p_value"] == scalar.loc[scalar["term"] == "chisq", "p_value"].item()
    assert pick(rows, model="tau-equivalent", context="pain", term="chisq")
    out = both.stdout
    printed = read_table(out, "Measurement Invariance")
    assert [line[0].lower() for line in printed] == steps["model"].tolist()
    for line, step in zip(printed[1:], steps.iloc[1:].to_dict("records"), strict=True):
        assert f"{step['chisq']:.2f}" in line and f"{step['chisq_change']:.2f}" in line
    within = read_table(out, "Equality of the Items")
    blocks = [line[0] for line in within if len(line) == 1]
    assert blocks == ["disgust", "pain", "startle", "All"]
    assert [line[0] for line in within[-3:]] == ["Congeneric", "Tau-equivalent", "Parallel"]
    assert "in size only under scalar invariance (Meredith, 1993)" in squeeze(out)


def test_draws_compare_contexts(call_both, items, table):
    options = (*ITEMS, *BY, "--draws", 200, "--seed", 3)
    both = call_both("factor", items, *options)
    rows = both.told["rows"]
    everything = bootstrap_factor(table, items=NAMES, by="context", draws=200, seed=3).table
    wanted = everything[everything["headline"] & everything["versus"].notna()]
    found = [row for row in rows if row.get("headline") and row.get("versus")]
    assert [row["p_adjusted"] for row in found] == wanted["p_adjusted"].tolist()
    out = both.stdout
    assert "200 draws of whole clusters." in squeeze(out)
    everything = everything[everything["headline"]]
    for title, terms in (
        ("Loadings With Intervals", ["loading", "omega"]),
        ("Residual Variances and", ["residual", "alpha"]),
    ):
        own = everything[everything["term"].isin(terms)]
        lines = [line for line in read_table(out, title) if "." in "".join(line)]
        estimates = [next(cell for cell in line if "." in cell) for line in lines]
        assert sorted(estimates) == sorted(write(value, 3) for value in own["estimate"])
        assert sum(line[-1] != "—" for line in lines) == own["p_adjusted"].notna().sum()
    heads = [line for line in read_table(out, "Loadings With Intervals") if "−" in line]
    assert len(heads) == 3  # the differences of two contexts stand together


def test_ratings_give_errors_and_reliability_of_the_scores(call_both, data, tmp_path):
    """The rows are those of the verbs; the file is the one that ``reliability`` reads."""
    file = data / "ratings.csv"
    columns = {"clip": "clip", "subject": "subject", "context": "context"}
    ratings = read_ratings(file, items=NAMES, rater="rater", **columns)
    factor = fit_factor(average_raters(ratings), items=NAMES, by="context", ratings=ratings)
    rated = rate_scores(ratings, factor).table
    named = ("--by", "context", "--subject", "subject", "--rater", "rater")
    both = call_both("factor", file, *ITEMS, *named, "--scores", tmp_path / "scores.csv")
    found = [row for row in pick(both.told["rows"], item="score", headline=True)]
    assert [row["estimate"] for row in found] == rated.loc[rated["headline"], "estimate"].tolist()
    out = both.stdout
    written = pd.read_csv(tmp_path / "scores.csv")
    assert written["std_error"].tolist() == pytest.approx(factor.scores["std_error"].tolist())
    lines = read_table(out, "Factor Scores of the Clips")
    assert [line[8] for line in lines] == [write(row["estimate"], 2) for row in found]
    errors = factor.scores.groupby("fitted_on")["std_error"].mean()
    assert float(lines[-1][6]) == pytest.approx(errors["all"], abs=0.0051)
    assert "The reliability of the scores, the intraclass correlation" in squeeze(out)


def test_one_rater_a_clip_has_no_reliability_and_the_factor_stays(call, data, tmp_path):
    pd.read_csv(data / "ratings.csv").drop_duplicates("clip").to_csv(tmp_path / "one.csv")
    out = squeeze(call("factor", tmp_path / "one.csv", *ITEMS, "--rater", "rater").stdout)
    assert "There is no reliability of the scores:" in out
    assert "No SE of rater sampling: no clip has two raters who answered every item." in out
    assert "Standardized loadings lay between" in out


def test_scores_of_all_methods(call, call_both, items, table, tmp_path):
    file = tmp_path / "scores.csv"
    options = ("--score-method", "all", "--scores", file, "--force")
    both = call_both("factor", items, *ITEMS, *BY, *options)
    out = both.stdout
    written = pd.read_csv(file)
    factor = fit_factor(table, items=NAMES, by="context")
    for method in ("bartlett", "regression", "mean"):
        wanted = score_clips(factor, table, method=method)["score"]
        assert written[f"score_{method}"].tolist() == pytest.approx(wanted.tolist(), abs=1e-12)
        for name in ("std_error", "factor_se", "note"):
            assert f"{name}_{method}" in written
    assert "note" not in written
    told = both.told["rows"]
    blocks = out.split(". Bartlett, Regression, and Mean Scores")[1].split("Note.")[0]
    for context in ("startle", "pain", "disgust", None):
        card = {
            (row["term"], row["score"], row["versus"]): row["estimate"]
            for row in told
            if row["context"] == context and "fitted_on" in row
        }
        block = blocks.split(f"\n{context or 'All'}\n")[1]
        line = next(one for one in block.splitlines() if "bartlett and mean" in one)
        terms = ("correlation", "rank_change", "rank_change_largest")
        wanted = [write(card[term, "bartlett", "mean"], 3) for term in terms]
        assert line.split()[4:] == [*wanted, "—"]
        own = next(one for one in block.splitlines() if one.strip().startswith("mean "))
        assert own.split()[-1] == write(card["between_share", "mean", None], 3)
    options = ("--score-method", "mean", "--scores", file, "--force")
    mean = call("factor", items, *ITEMS, *options).stdout
    assert "480 mean scores are in" in squeeze(mean)
    call("factor", items, *ITEMS, *options, "--quiet")
    means = pd.read_csv(items)[NAMES].mean(axis=1)
    assert pd.read_csv(file)["score"].tolist() == pytest.approx(means.tolist(), abs=1e-12)


@pytest.mark.r
def test_ordered_answers_have_thresholds(call_both, data, tmp_path):
    pd.read_csv(data / "ratings.csv").drop_duplicates("clip").to_csv(tmp_path / "one.csv")
    both = call_both("factor", tmp_path / "one.csv", *ITEMS, "--ordered")
    told = both.told
    assert len(pick(told["rows"], term="threshold")) == 3 * 4
    out = both.stdout
    assert "WLSMV" in out
    thresholds = pick(told["rows"], term="threshold")
    wanted = [
        [row["item"], f"{row['category']:g}", f"{row['estimate']:.2f}".replace("-", "−")]
        for row in thresholds
    ]
    assert [line[:3] for line in read_table(out, "Thresholds Between the Answers")] == wanted
    assert [
        line[:2] for line in read_table(out, "Standardized Estimates of the Factor of Ordered")
    ] == [[row["item"], write(row["estimate"], 3)] for row in pick(told["rows"], term="loading")]


def test_a_context_called_all_and_a_file_that_looks_like_an_option(call_both, items, tmp_path):
    file = tmp_path / "run_span=3.csv"
    pd.read_csv(items).replace({"task": {"pain": "All"}}).to_csv(file, index=False)
    options = (*ITEMS, *BY, "--draws", 100, "--score-method", "all")
    both = call_both("factor", file, *options)
    told = both.told
    assert told["inputs"][0]["file"] == str(file)
    out = both.stdout
    for title in (
        *("Standardized Estimates of the One-Factor", "Loadings With Intervals"),
        *("Residual Variances and", "Bartlett, Regression"),
    ):
        blocks = [" ".join(line) for line in read_table(out, title) if "." not in "".join(line)]
        assert blocks[:4] == ["disgust", "All (context)", "startle", "All"]
    pooled = [
        write(row["estimate"], 2)
        for row in told["rows"]
        if row["term"] == "omega"
        and row.get("headline")
        and not row.get("versus")
        and "draws" not in row
    ][:4]
    assert [line[-4] for line in read_table(out, "Internal Consistency of the Items")] == pooled
    assert "All (context) − startle" in out and "\nAll − " not in out


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
