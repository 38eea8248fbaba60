"""Ratings as people really have them: two coders, three raters, panels by context, perfect ones.

Tolerance: printed cells have two decimals. `TRUE_GAP` was computed from the 29 pairs of coders
with three; the limits are those, the estimate also uses the lone rating, which moves it by .004.
"""

import json
import shlex
import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.apa import write_interval, write_number
from exprstats.errors import DataWarning
from exprstats.io import read_ratings
from exprstats.reliability import choose_icc, describe_design
from exprstats.study import read_study, run_study

GAP = """
4.4,4.3 4.7,5.2 4.5,5.2 4.0,4.5 5.5,5.0 2.7,2.6 3.5,3.8 2.4,3.1 3.9,3.3 5.9,4.3
4.2,4.0 4.2, 2.6,2.3 4.1,4.7 3.4,3.9 6.1,6.1 4.7,5.4 4.0,4.6 3.8,3.6 4.9,4.9
4.5,5.2 3.9,4.2 4.0,4.0 3.6,4.5 4.0,4.0 4.2,2.7 4.3,3.5 3.9,3.7 5.3,5.3 3.5,1.8
"""
TRUE_GAP = {"estimate": 0.733, "conf_low": 0.505, "conf_high": 0.866}


def squeeze(text):
    return " ".join(text.split())


def write(value):
    return write_number(value, bounded=True)


def write_limits(row):
    return write_interval(row["conf_low"], row["conf_high"], bounded=True)


def draw_crossed(seed, raters, contexts=("talk", "video"), subjects=24):
    """Return ratings on 1 to 5 of the same raters, five clips a subject in two contexts."""
    rng = np.random.default_rng(seed)
    severity = rng.normal(0, 0.3, raters)
    rows = []
    for subject in range(subjects):
        person = rng.normal(0, 0.7)
        for clip, context in enumerate((*[contexts[0]] * 3, *[contexts[1]] * 2)):
            level = 3 + person + rng.normal(0, 0.6)
            rows += [
                {"subject": f"P{subject}", "clip": f"P{subject}_{clip}", "context": context}
                | {"rater": f"rater{rater}"}
                | {"lively": float(np.clip(np.rint(level + severity[rater] + noise), 1, 5))}
                for rater, noise in enumerate(rng.normal(0, 0.6, raters))
            ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def cases(tmp_path_factory, data):
    """Each case's file, with the options that read it and the same as a study's [ratings]."""
    place = tmp_path_factory.mktemp("cases")
    lines = [f"c{place:02},{pair}" for place, pair in enumerate(GAP.split())]
    (place / "one_gap.csv").write_text("\n".join(["clip,coder1,coder2", *lines]) + "\n")
    pd.DataFrame({"J1": [1, 2, 3, 4], "J2": [1, 2, 3, 4]}).to_csv(
        place / "perfect.csv", index=False
    )
    rng = np.random.default_rng(7)
    person = np.repeat(rng.normal(0, 1, 30), 8)
    clip = 3 + person + rng.normal(0, 0.8, 240)
    coders = {f"coder{i}": (clip + rng.normal(0, 1.1, 240)).round(2) for i in (1, 2)}
    names = {"clip": [f"c{i}" for i in range(240)], "subject": np.repeat(range(30), 8)}
    pd.DataFrame(names | coders).to_csv(place / "two_coders.csv", index=False)
    draw_crossed(3, 2).to_csv(place / "two_raters.csv", index=False)
    draw_crossed(4, 3).to_csv(place / "three_raters.csv", index=False)
    panels = draw_crossed(5, 4, ("A", "B"))
    panels["rater"] = panels["context"] + panels["rater"]
    panels.to_csv(place / "by_context.csv", index=False)
    long = {"rating": "lively", "subject": "subject", "by": "context"}
    return {
        "one_gap": (place / "one_gap.csv", {"raters": "coder1,coder2"}),
        "perfect": (place / "perfect.csv", {"raters": "J1,J2"}),
        "two_coders": (place / "two_coders.csv", {"raters": "coder1,coder2", "subject": "subject"}),
        "two_raters": (place / "two_raters.csv", long),
        "three_raters": (place / "three_raters.csv", long),
        "by_context": (place / "by_context.csv", long),
        "crowd": (data / "ratings.csv", long | {"rating": "response"}),
    }


def spell(options):
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def find_line(out, title, *words):
    table = out.split(title)[1].split("\nNote.")[0]
    [line] = [line for line in table.splitlines() if line.split()[: len(words)] == list(words)]
    return " ".join(line.split()[len(words) :])


def run(call, tmp_path, case, *more):
    """Return what is printed and, by context, term and method, the rows of the usual k."""
    file, options = case
    target = tmp_path / "rows.json"
    out = call("reliability", file, *spell(options), *more, "--json", target).stdout
    rows = json.loads(target.read_text())["rows"]
    return out, {
        (row["context"], row["term"], row["method"]): row
        for row in rows
        if row.get("k_rule") in {None, "all", "harmonic"} and "versus" not in row
    }


def test_one_gap_of_sixty_leaves_the_estimate_and_its_interval(call, cases, tmp_path):
    out, rows = run(call, tmp_path, cases["one_gap"], "--model", "two-way")
    row = rows[None, "ICC(A,1)", "satterthwaite"]
    assert row["estimate"] == pytest.approx(TRUE_GAP["estimate"], abs=0.005)
    for name in ("conf_low", "conf_high"):
        assert row[name] == pytest.approx(TRUE_GAP[name], abs=0.0011)
    assert find_line(out, ". Forms of the Intraclass Correlation", "rating", "ICC(A,k)").endswith(
        ".73 [.50, .87]"
    )
    assert "F interval of the 29 clips that all raters rated." in squeeze(out)
    assert "No subjects were named, so the intervals" in squeeze(out)
    assert "name their column with --subject" in squeeze(out)
    assert "clustered by subject could" not in squeeze(out)


def test_perfect_raters_have_ones_everywhere_and_no_interval(call, cases, tmp_path):
    out, rows = run(call, tmp_path, cases["perfect"], "--model", "two-way")
    estimates = [row["estimate"] for row in rows.values() if row["term"].startswith("ICC")]
    assert set(estimates) == {1.0}
    assert find_line(out, "Table 1.", "rating").split()[:3] == ["1.00", "—", "1.00"]
    assert find_line(out, ". Reliability With Other Numbers of Rater", "rating").split() == [
        "1.00"
    ] * 6 + ["1"]
    told = squeeze(out)
    assert "ICC(A,k) = 1.00 (Table 1)." in told and "CI —" not in told
    assert "No interval could be computed for rating: raters agree perfectly." in told
    assert "needs 1 rater per clip" in told and "not attainable" not in told


@pytest.mark.parametrize("model", ["one-way", "two-way"])
def test_two_coders_have_the_interval_over_subjects(call, cases, tmp_path, model):
    out, rows = run(call, tmp_path, cases["two_coders"], "--model", model)
    family = "1" if model == "one-way" else "A"
    term = f"ICC({family},k)"
    row = rows[None, term, "jackknife_subjects"]
    assert row["headline"]
    told = squeeze(out)
    assert f"{term} = {write(row['estimate'])}, 95% CI {write_limits(row)} (Table 1)." in told
    assert find_line(out, "Table 1.", "rating").startswith(
        f"{write(row['estimate'])} {write_limits(row)} "
    )
    assert (
        "Two raters are too few for an interval that allows for raters; this one leaves out the "
        "30 subjects one by one and treats the raters as fixed."
    ) in told
    assert "No subjects" not in told and "--subject for an interval" not in told
    if model == "one-way":
        assert (row["estimate"], row["conf_low"]) == jackknife_one_way(cases["two_coders"][0])
        return
    single = rows[None, "ICC(A,1)", "jackknife_subjects"]
    assert find_line(out, ". Forms of the Intraclass Correlation", "rating", "ICC(A,k)").endswith(
        f"{write(single['estimate'])} {write_limits(single)}"
    )


def jackknife_one_way(file):
    """Return ICC(1,2) and its lower limit, leaving out each of the 30 subjects by hand."""
    table = pd.read_csv(file)

    def rate(part):
        both = part[["coder1", "coder2"]].to_numpy()
        within = (np.diff(both) ** 2 / 2).mean()
        return 1 - within / (2 * both.mean(axis=1).var(ddof=1))

    left = np.array([rate(table[table["subject"] != one]) for one in range(30)])
    error = np.sqrt(29 / 30 * ((left - left.mean()) ** 2).sum())
    # The .975 quantile of t with 29 degrees of freedom.
    return pytest.approx(rate(table)), pytest.approx(rate(table) - 2.045230 * error, abs=1e-6)


def test_two_raters_in_contexts_have_limits_in_every_row(call, cases, tmp_path):
    out, rows = run(call, tmp_path, cases["two_raters"], "--model", "two-way", "--errors")
    for context, term, words in (
        ("talk", "ICC(A,k)", ["talk"]),
        ("video", "ICC(A,k)", ["video"]),
        (None, "ICC(A,k) of all clips", ["All", "clips", "as", "one", "sample"]),
    ):
        row = rows[context, term, "jackknife_subjects"]
        cells = find_line(out, "Table 1.", *words)
        assert cells.startswith(f"{write(row['estimate'])} {write_limits(row)} [")
    pooled = rows[None, "ICC(A,k)", "jackknife_subjects"]
    assert f"All {write(pooled['estimate'])} {write_limits(pooled)} —" in squeeze(out)
    assert "these leave out the 24 subjects one by one and treat the raters as fixed." in (
        squeeze(out)
    )
    for component in ("clip", "rater", "residual"):
        assert " df " in out.split(". Variance Components")[1]
        assert "[−" not in find_line(out, ". Variance Components", "talk", component)
    assert find_line(out, ". Variance Components", "talk", "rater").split()[-2] == "1"


def test_three_raters_name_their_degrees_of_freedom(call, cases, tmp_path):
    out, rows = run(call, tmp_path, cases["three_raters"], "--model", "two-way")
    told = squeeze(out)
    assert "With only 3 raters these intervals rest on 2 degrees of freedom" in told
    for context in ("talk", "video"):
        full = rows[context, "ICC(A,k)", "jackknife"]
        fixed = rows[context, "ICC(A,k)", "jackknife_subjects"]
        cells = find_line(out, "Table 1.", context)
        assert cells.startswith(
            f"{write(full['estimate'])} {write_limits(full)} {write_limits(fixed)} ["
        )
        assert full["headline"] and full["conf_high"] <= 1 and full["df"] == 2
    assert "Intervals: clustered by subject." in told
    assert "of the clips that all raters rated" not in told


def test_panels_of_raters_refuse_the_pooled_row_alone(call, cases, tmp_path):
    options = ("--model", "two-way", "--errors", "--explain")
    out, rows = run(call, tmp_path, cases["by_context"], *options)
    told = squeeze(out)
    for context in ("A", "B"):
        row = rows[context, "ICC(A,k)", "jackknife"]
        assert find_line(out, "Table 1.", context).startswith(
            f"{write(row['estimate'])} {write_limits(row)}"
        )
    refused = rows[None, "ICC(A,k)", "none"]
    assert refused["headline"] and refused["estimate"] is None
    assert "Not estimated: raters and clips fall into 2 sets that share nothing" in told
    assert find_line(out, ". Reliability With Other Numbers of Rater", "All").split() == ["—"] * 7
    assert "no number of raters" not in told
    assert "All " not in out.split(". Variance Components")[1].split("Note.")[0]
    assert "Report ICC(A,k). Within each context, all clips have the same raters" in told
    assert "ICC(A,k) (report this one within contexts): " in told
    assert "Two-way coefficients are identified" not in told
    assert "Within each context all clips have the same raters: ICC(A,k)" in told


NAMES = ("one_gap", "perfect", "two_coders", "two_raters", "three_raters", "by_context", "crowd")


@pytest.mark.parametrize("name", NAMES)
def test_everyone_chooses_the_same_coefficient(call, call_json, cases, tmp_path, name):
    """The verbs, ``check``, ``--explain``, ``--model auto`` and a study's report."""
    file, options = cases[name]
    renamed = {"rating": "rating", "subject": "subject", "by": "context"}
    named = {renamed.get(key, key): value for key, value in options.items()}
    if "raters" in named:
        named["raters"] = named["raters"].split(",")
    table = read_ratings(file, **named)
    by = "context" if "context" in table else None
    choice = choose_icc(table, by=by)
    assert set(describe_design(table, by=by).table["recommended"]) == {choice.term}
    assert choice.term == ("ICC(1,k)" if name == "crowd" else "ICC(A,k)")

    rows = call_json("reliability", file, *spell(options), "--model", "auto")["rows"]
    assert {row["term"] for row in rows if row.get("headline")} == {choice.term}
    told = call("reliability", file, *spell(options), "--explain").stdout
    assert f"Report {choice.term}. " in told
    [line] = [line for line in told.splitlines() if line.startswith("  exprstats ")]
    assert line.endswith(f"--model {choice.model}")
    seen = call_json("check", file, *spell(options))["rows"]
    assert {row["recommended"] for row in seen if row["kind"] == "design"} == {choice.term}

    keys = {"by": "context"}
    lines = [f"{keys.get(key, key)} = {json.dumps(value)}" for key, value in named.items()]
    path = tmp_path / "study.toml"
    study = [f'[ratings]\nfile = "{file}"', *lines, '[reliability]\nmodel = "auto"']
    path.write_text("\n".join(study) + "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of the clip with one rating
        result = run_study(read_study(path)).reliability
    assert {*result.table.loc[result.table["headline"], "term"]} == {choice.term}
    assert result.model == choice.model


def test_the_line_to_try_runs_and_reports_what_check_recommends(call, cases):
    file, _ = cases["two_raters"]
    out = call("check", file).stdout
    assert "ICC(A,k) (report this one)" in squeeze(out)
    [line] = [line for line in out.splitlines() if line.startswith("Try: exprstats reliability")]
    tried = call(*shlex.split(line.removeprefix("Try: "))[1:]).stdout
    assert "ICC(A,k), lay between" in squeeze(tried)
