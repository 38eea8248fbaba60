"""What ``reliability`` prints and writes beside the coefficients.

Tolerance: none against the verbs, which give the same bits.
"""

import pandas as pd
import pytest

from exprstats.cli.reliability import describe_range
from exprstats.io import read_ratings
from exprstats.reliability import (
    compare_reliability,
    measure_errors,
    rate_reliability,
    study_subjects,
)

ITEMS = ("--rating", "response,emotion,motion", "--subject", "subject")
ONE = ("--rating", "response", "--subject", "subject")


def squeeze(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def ratings(data):
    return data / "ratings.csv"


@pytest.fixture(scope="module")
def table(ratings):
    return read_ratings(ratings, items=["response", "emotion", "motion"])


def test_judges_as_columns_exclude_raters_and_items(call, ratings):
    wide = ("reliability", ratings, "--raters", "response,emotion")
    told = squeeze(call(*wide, "--rater", "rater", code=2).stderr)
    assert "--raters names a column for each rater; --rater does not go with it." in told
    told = squeeze(call(*wide, "--rating", "emotion,motion", code=2).stderr)
    assert "--rating emotion,motion does not go with it." in told


def test_repeated_ratings_are_settled_by_an_option(call, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text("clip,rater,rating\na,r,1\na,r,2\nb,r,3\nb,s,3\na,s,1\n")
    told = squeeze(call("reliability", file, code=2).stderr)
    assert "add --duplicates mean or --duplicates first" in told


def test_contexts_are_compared(call, call_json, ratings, table):
    rows = call_json("reliability", ratings, *ITEMS, "--by", "context")["rows"]
    found = [row for row in rows if "versus" in row]
    wanted = compare_reliability(table).table
    assert [row["estimate"] for row in found] == wanted["estimate"].tolist()
    assert [row["p_adjusted"] for row in found] == wanted["p_adjusted"].tolist()
    assert {row["context"] for row in found} == {None}
    assert not any(row["headline"] for row in found)
    assert found[0]["term"] == "ICC(1,1): startle - pain"
    out = call("reliability", ratings, *ONE, "--by", "context").stdout
    assert "startle − pain     response  ICC(1,k)" in out
    assert "Differences between" not in call("reliability", ratings, *ONE).stdout


def test_many_coefficients_make_one_sentence(call, ratings, table):
    out = squeeze(call("reliability", ratings, *ITEMS, "--by", "context").stdout)
    result = rate_reliability(table, by="context")
    shown = result.table[result.table["headline"]]
    apart = shown[shown["context"].notna()]
    low, high = apart["estimate"].min(), apart["estimate"].max()
    [place] = apart.loc[apart["estimate"] == low, ["item", "context"]].to_numpy().tolist()
    told = describe_range(result)
    assert told in out
    assert told.startswith("Over 3 contexts and 3 items, ICC(1,k) of the mean of 5.")
    assert f"ranges from {low:.2f}".replace(" 0", " ") in told
    assert f"({place[0]} in {place[1]}) to {high:.2f}".replace(" 0", " ") in told
    assert "Ratings of response in startle" not in out
    assert out.count("too narrow") == 1
    few = rate_reliability(table, items=["response"])
    assert describe_range(few) == few.sentence()


def test_one_coefficient_of_many_may_be_undefined(table):
    result = rate_reliability(table, by="context")
    result.table.loc[result.table["context"].isna(), "estimate"] = float("nan")
    assert "for all contexts" not in describe_range(result)


def test_explain_names_the_coefficient_and_the_call(call, ratings):
    out = call("reliability", ratings, *ITEMS, "--by", "context", "--explain").stdout
    assert squeeze(out).startswith("Report ICC(1,k). Each of 480 clips of 30 subjects")
    [line] = [line for line in out.splitlines() if line.startswith("Call: ")]
    assert "ratings.csv --rating response,emotion,motion --subject subject" in line
    assert line.endswith("--by context --model one-way")
    assert "ICC(subject,k) (--model nested)" in squeeze(out)


def test_the_call_of_explain_runs_with_odd_names(call, tmp_path):
    import shlex

    file = tmp_path / "judges of faces.csv"
    file.write_text('"A, 1",B 2,C\n9,2,5\n6,1,3\n8,4,6\n7,1,2\n')
    out = call("reliability", file, "--raters", '"A, 1",B 2,C', "--explain").stdout
    assert "Report ICC(A,k)." in out
    assert "ICC(C,k) (--model two-way)" in squeeze(out) and "nested" not in out
    [line] = [line for line in out.splitlines() if line.startswith("Call: ")]
    assert "ICC(A,k)" in call(*shlex.split(line)[2:]).stdout


def test_draws_add_a_bootstrap_interval(call, call_json, ratings, table):
    options = (*ONE, "--draws", 200, "--seed", 3)
    rows = call_json("reliability", ratings, *options)["rows"]
    wanted = rate_reliability(table, items=["response"], draws=200, seed=3).table
    assert [row["conf_low"] for row in rows] == wanted["conf_low"].tolist()
    assert "bootstrap" in {row["method"] for row in rows}
    assert "F interval   Bootstrap" in call("reliability", ratings, *options).stdout
    told = call("reliability", ratings, *ONE, "--draws", 5, code=2).stderr
    assert "--draws 5 is too few" in told


def test_errors_are_in_points(call, call_json, ratings, table):
    rows = call_json("reliability", ratings, *ONE, "--errors")["rows"]
    found = [row for row in rows if row["term"] in {"variance", "SEM", "SDC"}]
    wanted = measure_errors(table, items=["response"]).table
    assert [row["estimate"] for row in found] == wanted["estimate"].tolist()
    out = call("reliability", ratings, *ONE, "--errors", "--model", "two-way").stdout
    assert "response  agreement          1" in out and "response  consistency" in out
    assert "Variance components" in out


def test_forensics_flag_a_careless_rater(call, call_json, ratings, tmp_path):
    bad = pd.read_csv(ratings)
    rater = bad["rater"][0]
    bad.loc[bad["rater"] == rater, "response"] = 2
    bad.to_csv(tmp_path / "bad.csv", index=False)
    out = call("reliability", tmp_path / "bad.csv", *ONE, "--forensics").stdout
    flagged = out.split("Flagged raters")[1].split("Rule of the flags")[0]
    assert f"response  {rater}" in flagged
    assert "100%" in flagged and "one value" in flagged
    assert "No rating was removed." in squeeze(out)
    rows = call_json("reliability", tmp_path / "bad.csv", *ONE, "--forensics")["rows"]
    assert [row["rater"] for row in rows if row["term"] == "rater" and row["flag"]] == [rater]
    fine = call("reliability", ratings, *ONE, "--forensics").stdout
    assert "Flagged raters" not in fine


def test_a_target_says_how_many_raters_it_needs(call, ratings):
    def count(target):
        out = call("reliability", ratings, *ONE, "--target", target).stdout
        table = out.split("Decision study")[1]
        assert f"For {target}".replace(" 0", " ") in table
        row = table.splitlines()[4].split()
        return float(row[2]), int(row[-2])

    for target in (0.7, 0.95):
        single, raters = count(f"{target:.2f}")
        # Spearman and Brown, within what two printed decimals of the reliability allow.
        needed = [
            target * (1 - value) / (value * (1 - target))
            for value in (single - 0.01, single + 0.01)
        ]
        assert needed[1] <= raters <= needed[0] + 1


@pytest.mark.parametrize(("model", "term"), [("two-way", "ICC(C,k)"), ("nested", "ICC(subject,k)")])
def test_every_model_has_its_table_and_words(call, ratings, model, term):
    out = call("reliability", ratings, *ONE, "--model", model).stdout
    table = out.split("Reliability of one rating")[1].split("Decision study")[0]
    assert f"response  {term}" in table
    assert f"{term.split(',')[0]}) " in out.split("Notes")[1]
    assert "The interval is a jackknife over 30 subjects and 24 raters" in squeeze(out)


def test_nested_plans_clips_a_subject(call, ratings, table, tmp_path):
    options = (*ONE, "--by", "context", "--model", "nested", "--level", 0.9)
    out = call("reliability", ratings, *options, "--out", tmp_path / "out").stdout
    shown = out.split("Decision study: reliability of subjects' means")[1]
    plan = {"clips": [8], "raters": [12], "level": 0.9}
    wanted = study_subjects(table, items="response", by="context", **plan).table
    row = wanted[wanted["context"].isna()].iloc[0]
    numbers = [f"{row[name]:.2f}".removeprefix("0") for name in ("estimate", "conf_low")]
    assert shown.startswith(" over all contexts, with 90% CI")
    [line] = [line for line in shown.splitlines() if line.split()[:2] == ["response", "8"]]
    assert f"{numbers[0]} [{numbers[1]}, " in line.split("]")[-2]
    [file] = (tmp_path / "out").rglob("subject_decisions.csv")
    rows = pd.read_csv(file)
    assert len(rows) == 16 * (1 + table["context"].nunique())
    assert rows["conf_high"].iloc[-1] == pytest.approx(row["conf_high"])
    assert "subjects' means" not in call("reliability", ratings, *ONE).stdout


@pytest.mark.r("lme4")
def test_reml_is_shown_and_names_its_call(call, call_json, ratings):
    options = (*ONE, "--model", "two-way", "--estimator", "reml")
    rows = call_json("reliability", ratings, *options)["rows"]
    reml = next(row for row in rows if row["term"] == "ICC(C,1)" and row["estimator"] == "reml")
    out = call("reliability", ratings, *options).stdout
    [line] = [line for line in out.splitlines() if line.startswith("response  ICC(C,k)")]
    assert line.split()[3] == f"{reml['estimate']:.2f}".removeprefix("0")
    assert "lme4::lmer(rating" in squeeze(out)


def test_the_folder_holds_the_decision_study_as_a_figure(call, ratings, tmp_path):
    call("reliability", ratings, *ONE, "--out", tmp_path / "out", "--quiet")
    names = {path.name for path in (tmp_path / "out").rglob("*.*")}
    assert {"figure1_decisions.png", "figure1_decisions.svg", "raters_needed.csv"} <= names
