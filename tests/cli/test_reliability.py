"""What ``reliability`` prints and writes: the sections of the report, and rows for JSON.

Tolerance: none against the verbs, which give the same bits; printed cells have two decimals.
"""

import shlex

import pandas as pd
import pytest

from exprstats.apa import write_interval, write_number
from exprstats.io import read_ratings
from exprstats.reliability import (
    compare_reliability,
    describe_design,
    measure_errors,
    rate_reliability,
    study_subjects,
)

ITEMS = ("--rating", "response,emotion,motion", "--subject", "subject")
ONE = ("--rating", "response", "--subject", "subject")


def squeeze(text):
    return " ".join(text.split())


def find_line(out, title, *words):
    """Return the words of the only line below a title that starts with some words."""
    table = out.split(title)[1].split("\nNote.")[0]
    [line] = [line for line in table.splitlines() if line.split()[: len(words)] == list(words)]
    return line.split()


def write(value):
    return write_number(value, bounded=True)


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
    row = next(row for row in found if row["term"].startswith("ICC(1,k): startle - pain"))
    assert find_line(out, ". Differences Between Contexts in Reliabi", "startle", "−", "pain")[
        3
    ] == write(row["estimate"])
    assert "Differences Between" not in call("reliability", ratings, *ONE).stdout


def test_differences_of_several_forms_name_theirs(call_both, ratings):
    options = (*ONE, "--by", "context", "--model", "two-way")
    both = call_both("reliability", ratings, *options)
    rows = both.told["rows"]
    out = both.stdout
    for form in ("ICC(A,k)", "ICC(C,k)"):
        [row] = [row for row in rows if row["term"] == f"{form}: startle - pain"]
        cells = find_line(
            out, ". Differences Between Contexts in Reliabi", "startle", "−", "pain", form
        )
        assert cells[4] == write(row["estimate"])


def test_many_coefficients_make_one_sentence(call, ratings, table):
    out = squeeze(call("reliability", ratings, *ITEMS, "--by", "context").stdout)
    result = rate_reliability(table, by="context")
    shown = result.table[result.table["headline"]].sort_values("estimate")
    told = [
        f"{write(row['estimate'])}, 95% CI "
        f"{write_interval(row['conf_low'], row['conf_high'], bounded=True)} ({row['item']}, "
        for row in (shown.iloc[0], shown.iloc[-1])
    ]
    opening = "The reliability of a clip’s mean rating, ICC(1,k), lay between"
    assert f"{opening} {told[0]}" in out and f", and {told[1]}" in out
    effects = result.design["design_effect"]
    assert f"by a factor of up to {effects.max() ** 0.5:.1f} (" in out
    assert f"design effect {effects.max():.1f})" in out


def test_every_coefficient_is_that_of_json(call_both, ratings):
    options = (*ITEMS, "--by", "context")
    both = call_both("reliability", ratings, *options)
    rows = both.told["rows"]
    table = both.stdout.split("Table 1.")[1]
    lines, place = {}, None
    for line in table.split("Note.")[0].splitlines()[5:]:
        place = line.strip() if line and not line.startswith(" ") else place
        lines |= {(place, line.split()[0]): line.split()} if line.startswith("  ") else {}
    shown = [row for row in rows if row["headline"]]
    assert len(shown) == 12
    for row in shown:
        cells = lines[row["context"] or "All", row["item"]]
        limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
        assert cells[1] == write(row["estimate"]) and " ".join(cells[2:4]) == limits


def test_the_design_is_counted(call, ratings, table):
    out = call("reliability", ratings, *ITEMS, "--by", "context").stdout
    counts = describe_design(table, by="context").table
    for context, line in (("pain", "pain"), (None, "All")):
        [row] = (
            counts[counts["context"].isna() if context is None else counts["context"].eq(context)]
            .query("item == 'response'")
            .to_dict("records")
        )
        cells = find_line(out, ". Ratings, Raters, and Clips", line)
        numbers = [row[name] for name in ("n_ratings", "n_missing", "n_clips", "n_subjects")]
        assert cells[1:4] == ["response,", "emotion,", "motion"]
        assert cells[4:6] == row["kind"].split()
        assert cells[6:11] == [f"{number:,}" for number in (*numbers, row["n_raters"])]
        assert cells[11:] == [
            f"{row['raters_min']}–{row['raters_max']}",
            f"({row['raters_median']:g})",
            f"{row['clips_median']:g}",
            f"{100 * row['density']:.0f}%",
            "0–4",
        ]
    assert squeeze(out).count("Each of 480 clips of 30 subjects was rated by") == 1
    assert "Identified: " not in out


def test_without_subjects_their_option_is_named(call, data, ratings, tmp_path):
    file = tmp_path / "ratings.csv"
    pd.read_csv(ratings).drop(columns="subject").to_csv(file, index=False)
    out = squeeze(call("reliability", file, "--rating", "response").stdout)
    assert "No subjects were named, so the intervals treat clips as independent." in out
    assert "name their column with --subject" in out
    assert "--subject" not in call("reliability", ratings, *ONE).stdout


def test_names_that_mean_other_things_go_through(call_both, ratings, tmp_path):
    """A context called All is not the pooled row, and a file may be named like an option."""
    file = tmp_path / "run_span=3.csv"
    renamed = pd.read_csv(ratings).replace({"context": {"pain": "All"}})
    renamed.to_csv(file, index=False)
    options = (*ONE, "--by", "context", "--errors", "--forensics", "--explain")
    both = call_both("reliability", file, *options)
    rows = both.told["rows"]
    out = both.stdout
    found = {row["context"]: row for row in rows if row.get("headline")}
    for context, words in (("All", ["All", "(context)"]), (None, ["All"])):
        row = found[context]
        [cells] = [
            line.split()[len(words) :]
            for line in out.split("Table 1.")[1].split("Note.")[0].splitlines()
            if line.split()[: len(words)] == words
            and not (len(words) == 1 and line.split()[1] in {"(context)", "clips"})
        ]
        assert cells[0] == write(row["estimate"])
    assert "startle − All (context)" in out.split(". Differences Between Contexts in Reliabi")[1]
    for title in (
        ". Ratings, Raters, and Clips",
        ". Reliability With Other Numbers of Rater",
        ". Variance Components",
        ". Errors in Points of the Scale",
    ):
        assert "All (context)" in out.split(title)[1].split("\nNote.")[0]
    assert str(file) in out and "run_span=3.csv: " not in out


def test_explain_names_the_coefficient_and_the_call(call, ratings):
    out = call("reliability", ratings, *ITEMS, "--by", "context", "--explain").stdout
    opening = "Choice of the intraclass correlation Report ICC(1,k). Clips have different raters"
    assert squeeze(out).startswith(opening)
    assert squeeze(out).count("Each of 480 clips of 30 subjects was rated by") == 1
    assert "ICC(1,k) (report this one): " in out
    [line] = [line for line in out.splitlines() if line.startswith("  exprstats ")]
    told = " ".join(shlex.split(line))  # a folder with a space is in quotes
    assert "ratings.csv --rating response,emotion,motion --subject subject" in told
    assert line.endswith("--by context --model one-way")
    assert (
        "If subjects are told apart, by the mean of their clips: ICC(subject,k) (model nested)."
        in (squeeze(out))
    )


def test_the_call_of_explain_runs_with_odd_names(call, tmp_path):
    import shlex

    file = tmp_path / "judges of faces.csv"
    file.write_text('"A, 1",B 2,C\n9,2,5\n6,1,3\n8,4,6\n7,1,2\n')
    out = call("reliability", file, "--raters", '"A, 1",B 2,C', "--explain").stdout
    assert "Report ICC(A,k)." in out
    assert "ICC(C,k) (model two-way)" in squeeze(out) and "nested" not in out
    [line] = [line for line in out.splitlines() if line.startswith("  exprstats ")]
    assert "ICC(A,k)" in call(*shlex.split(line)[1:]).stdout


def test_draws_add_a_bootstrap_interval(call, call_both, ratings, table):
    options = (*ONE, "--draws", 200, "--seed", 3)
    both = call_both("reliability", ratings, *options)
    rows = both.told["rows"]
    wanted = rate_reliability(table, items=["response"], draws=200, seed=3).table
    assert [row["conf_low"] for row in rows] == wanted["conf_low"].tolist()
    assert "bootstrap" in {row["method"] for row in rows}
    out = both.stdout
    [row] = wanted[
        wanted["method"].eq("bootstrap")
        & wanted["term"].eq("ICC(1,k)")
        & wanted["k_rule"].eq("harmonic")
    ].to_dict("records")
    limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
    assert limits == " ".join(find_line(out, "Table 1.", "response")[6:8])
    assert "Bootstrap: percentiles of 200 draws of subjects" in squeeze(out)
    told = call("reliability", ratings, *ONE, "--draws", 5, code=2).stderr
    assert "--draws 5 is too few" in told


def test_errors_are_in_points(call_json, call_both, ratings, table):
    rows = call_json("reliability", ratings, *ONE, "--errors")["rows"]
    found = [row for row in rows if row["term"] in {"variance", "SEM", "SDC"}]
    wanted = measure_errors(table, items=["response"]).table
    assert [row["estimate"] for row in found] == wanted["estimate"].tolist()
    options = (*ONE, "--errors", "--model", "two-way")
    both = call_both("reliability", ratings, *options)
    rows = both.told["rows"]
    out = both.stdout
    for family, word in (("A", "agreement"), ("C", "consistency")):
        sem, sdc = (
            next(row for row in rows if row["term"] == term and row["family"] == family)
            for term in ("SEM", "SDC")
        )
        cells = find_line(out, ". Errors in Points of the Scale", "response", word, "1")
        assert (cells[3], cells[6]) == (f"{sem['estimate']:.2f}", f"{sdc['estimate']:.2f}")
    parts = [row for row in rows if row["term"] == "variance"]
    for row in parts:
        cells = find_line(out, ". Variance Components", "response", row["component"])
        assert cells[2] == f"{row['estimate']:.2f}".replace("-", "−")
    assert "a change below it may be error alone." in squeeze(out)


def test_forensics_flag_a_careless_rater(call, call_both, ratings, tmp_path):
    bad = pd.read_csv(ratings)
    rater = bad["rater"][0]
    bad.loc[bad["rater"] == rater, "response"] = 2
    bad.to_csv(tmp_path / "bad.csv", index=False)
    both = call_both("reliability", tmp_path / "bad.csv", *ONE, "--forensics")
    out = both.stdout
    flagged = find_line(out, ". Flagged Raters\n", rater)
    assert "100%" in flagged and flagged[1:3] == ["one", "value"]
    assert "The rule: with 10 ratings or more," in squeeze(out)
    counted = find_line(out, ". Flagged Raters and Reliability", "response")
    assert counted[1:4] == ["24", "1", str(len(bad[bad["rater"] == rater]))]
    without = rate_reliability(
        read_ratings(tmp_path / "bad.csv", rating="response").query("rater != @rater")
    )
    assert counted[5] == write(without.table["estimate"][0])
    assert "No rating was removed (Table" in squeeze(out)
    rows = both.told["rows"]
    assert [row["rater"] for row in rows if row["term"] == "rater" and row["flag"]] == [rater]
    fine = call("reliability", ratings, *ONE, "--forensics").stdout
    assert "Flagged Raters\n" not in fine and "None of" in fine


def test_a_target_says_how_many_raters_it_needs(call, ratings):
    def count(target):
        out = call("reliability", ratings, *ONE, "--target", target).stdout
        assert f"a reliability of {target} needs".replace(" 0", " ") in squeeze(out)
        row = find_line(out, ". Reliability With Other Numbers of Rater", "response")
        return float(row[1]), int(row[-3])

    for target in (0.7, 0.95):
        single, raters = count(f"{target:.2f}")
        # Spearman and Brown, within what two printed decimals of the reliability allow.
        needed = [
            target * (1 - value) / (value * (1 - target))
            for value in (single - 0.01, single + 0.01)
        ]
        assert needed[1] <= raters <= needed[0] + 1


@pytest.mark.parametrize(("model", "term"), [("two-way", "ICC(C,k)"), ("nested", "ICC(subject,k)")])
def test_every_model_has_its_table_and_words(call, ratings, table, model, term):
    out = call("reliability", ratings, *ONE, "--model", model).stdout
    result = rate_reliability(table, items=["response"], model=model)
    rows = result.table[result.table["term"].eq(term) & result.table["method"].eq("jackknife")]
    values = {write(value) for value in rows["estimate"]}
    assert find_line(out, ". Forms of the Intraclass Correlation", "response", term)[3] in values
    notes = squeeze(
        out.split(". Forms of the Intraclass Correlation")[1].split("Note.")[1].split("\nTable")[0]
    )
    assert f"{term.split(',')[0]})" in notes
    assert "delete-one jackknife over 30 subjects and 24 raters" in squeeze(out)


@pytest.mark.usefixtures("blank_pictures")
def test_nested_plans_clips_a_subject(call, ratings, table, tmp_path):
    options = (*ONE, "--by", "context", "--model", "nested", "--level", 0.9)
    out = call("reliability", ratings, *options, "--out", tmp_path / "out").stdout
    shown = out.split(". Reliability of Subjects’ Means")[1]
    plans = {"clips": [8], "raters": [12], "level": 0.9, "by": "context"}
    wanted = study_subjects(table, items="response", **plans).table
    row = wanted[wanted["context"].isna()].iloc[0]
    numbers = [f"{row[name]:.2f}".removeprefix("0") for name in ("estimate", "conf_low")]
    assert "ICC(subject,k) with its 90% CI" in squeeze(shown)
    assert "All contexts together; contexts alone are in the folder “tables”." in squeeze(shown)
    [line] = [line for line in shown.splitlines() if line.split()[:1] == ["8"]]
    assert f"{numbers[0]} [{numbers[1]}, " in line.split("]")[-2]
    [file] = (tmp_path / "out").rglob("subject_decisions.csv")
    rows = pd.read_csv(file)
    assert len(rows) == 16 * (1 + table["context"].nunique())
    assert rows["conf_high"].iloc[-1] == pytest.approx(row["conf_high"])
    assert ". Reliability of Subjects’ Means" not in call("reliability", ratings, *ONE).stdout


@pytest.mark.r("lme4")
def test_reml_is_shown_and_names_its_call(call_both, ratings):
    options = (*ONE, "--model", "two-way", "--estimator", "reml")
    both = call_both("reliability", ratings, *options)
    rows = both.told["rows"]
    reml = next(row for row in rows if row["term"] == "ICC(C,1)" and row["estimator"] == "reml")
    out = both.stdout
    assert find_line(out, ". Forms of the Intraclass Correlation", "response", "ICC(C,k)")[
        6
    ] == write(reml["estimate"])
    assert "lme4::lmer(rating" in squeeze(out)


def test_the_folder_holds_the_decision_study_as_a_figure(call, ratings, tmp_path):
    call("reliability", ratings, *ONE, "--out", tmp_path / "out", "--quiet")
    names = {path.name for path in (tmp_path / "out").rglob("*.*")}
    assert {"figure1_decisions.png", "figure1_decisions.svg", "raters_needed.csv"} <= names
