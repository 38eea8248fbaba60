"""A study file's run in the report: origin, exclusions, the same bytes again. Compared exactly."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exprstats import rbridge
from exprstats.document.text import write_plain
from exprstats.errors import RError
from exprstats.io import write_csv
from exprstats.report import gather_analysis, write_report
from exprstats.report.methods.paragraph import describe_procedure
from exprstats.simulate import simulate_expressiveness
from exprstats.study import read_study, run_study

STUDY = """
title = "Two contexts"
seed = 11
[ratings]
file = "ratings.csv"
items = ["response", "emotion", "motion"]
scale = [0, 4]
[clips]
file = "clips.csv"
features = ["au_count", "points_displacement"]
[compare]
draws = 200
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("study")
    simulated = simulate_expressiveness(subjects=25, contexts={"startle": 3, "pain": 3}, seed=6)
    key = ["context", "clip", "subject", "rater"]
    wide = simulated.ratings.pivot_table(index=key, columns="item", values="rating").reset_index()
    clips = simulated.clips.copy()
    clips.loc[clips.index[4], "au_count"] = np.nan
    write_csv(wide, place / "ratings.csv")
    write_csv(clips, place / "clips.csv")
    (place / "study.toml").write_text(STUDY)
    return place


@pytest.fixture(scope="module")
def reports(folder, without_pictures):
    def refuse(*_, **__):
        message = "R was taken away."
        raise RError(message)

    # The same results give the same bytes of figures in tests of the folder.
    with without_pictures(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbridge, "call", refuse)
        patch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
        for name in ("first", "again"):
            run = run_study(read_study(folder / "study.toml"))
            write_report(run, folder / name)
    return folder / "first", folder / "again"


def test_two_runs_give_the_same_results_and_page(reports):
    for name in ("results.json", "index.html", "tables/table3_performance.csv"):
        first, again = (report / name for report in reports)
        assert first.read_bytes() == again.read_bytes(), name


def test_provenance_names_files_hashes_exclusions_and_seeds(folder, reports):
    found = json.loads((reports[0] / "provenance.json").read_text(encoding="utf-8"))
    hashes = {one["file"]: one["sha256"] for one in found["inputs"]}
    for name in ("ratings.csv", "clips.csv"):
        assert hashes[name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (left_out,) = found["exclusions"]
    assert left_out["rows_in"] - left_out["rows_out"] == 1
    assert found["seed"] == 11
    assert found["draws"] == 200
    assert {"read", "factor", "compare", "report"} <= found["seconds"].keys()
    assert found["study"] == "study.toml"


def test_the_page_says_what_was_left_out_and_what_nrmse_was_divided_by(reports, read_page):
    page = read_page(reports[0] / "index.html")
    assert "1 of 150 clips left out: a feature or the target is missing" in page.text
    assert "No row of a file was left out" not in page.text
    assert page.text.count("RMSE / the theoretical range of the scores") == 1
    assert "seed 11" in page.text
    assert "Two contexts" in page.text


def test_the_methods_paragraph_names_the_ceiling_and_the_reliability_of_scores(reports, read_page):
    text = read_page(reports[0] / "index.html").text.rpartition("Methods paragraph ")[2]
    found = json.loads((reports[0] / "results.json").read_text(encoding="utf-8"))
    (root,) = {row["icc"] for row in found["ceiling"]}
    assert f"The ceiling is √{root} of the raters’ scores, above which" in text
    (term,) = {row["term"] for row in found["score_reliability"] if row["headline"]}
    assert f"The reliability of the scores was estimated as {term} of the raters’ own" in text


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("worker", "averaged over raters, those with fewer than 3 clips left out."),
        ("seat", "averaged over seats (the first, second … rater of a clip)."),
    ],
)
def test_raters_whom_the_human_baseline_leaves_out_are_told(unit, told, folder, plain):
    model = '[[models]]\nname = "elastic"\nkind = "elastic"\n'
    model += f'[[models]]\nname = "human"\nkind = "human"\nunit = "{unit}"\n'
    (folder / f"{unit}.toml").write_text(f"{STUDY}{model}")
    study = read_study(folder / f"{unit}.toml")
    section, _ = describe_procedure(replace(gather_analysis(plain), study=study))
    assert told in " ".join(map(write_plain, section.sentences))


@pytest.mark.usefixtures("blank_pictures")
def test_the_page_says_which_answers_were_coded_and_reversed(tmp_path, read_page):
    words = {0: "never", 1: "rarely", 2: "at times", 3: "often", 4: "always"}
    ratings = simulate_expressiveness(subjects=8, contexts={"pain": 3}, seed=2).ratings
    ratings = ratings[ratings["item"].eq("motion")].astype({"rating": object})
    write_csv(ratings.assign(rating=ratings["rating"].map(words)), tmp_path / "words.csv")
    (tmp_path / "study.toml").write_text(
        'title = "Words"\n[ratings]\nfile = "words.csv"\nreverse = ["motion"]\nscale = [0, 4]\n'
        "labels = {never = 0, rarely = 1, 'at times' = 2, often = 3, always = 4}\n"
    )
    run = run_study(read_study(tmp_path / "study.toml"))
    text = read_page(write_report(run, tmp_path / "r")).text
    coded = "(never = 0, rarely = 1, at times = 2, often = 3, always = 4)."
    assert text.count(f"Answers in words were coded as numbers {coded}") == 2
    turned = "Answers to motion were reversed on the scale (0 became 4, and 4 became 0)."
    assert text.count(turned) == 2
    assert text.rpartition("Methods paragraph ")[2].count(turned) == 1
    assert turned in json.loads((tmp_path / "r" / "provenance.json").read_text())["notes"]


def test_baselines_are_named_as_in_a_paper(reports, read_page):
    table = read_page(reports[0] / "index.html").find_table("ElasticNet")
    names = [row[0] for row in table if len(row) > 1][1:5]
    assert names == ["ElasticNet", "Uniform baseline", "Normal baseline", "Mean baseline"]


@pytest.mark.data
@pytest.mark.usefixtures("blank_pictures")
def test_a_study_that_nobody_here_made_is_reported(tmp_path, read_page):
    source = Path(os.environ["EXPRSTATS_DATA"]) / "prepared" / "audience_alone.csv"
    (tmp_path / "study.toml").write_text(
        f'title = "Pleasantness"\n[clips]\nfile = "{source.as_posix()}"\ncontext = "context"\n'
        'target = "pleasantness"\n[compare]\ndraws = 200\n'
    )
    page = read_page(write_report(run_study(read_study(tmp_path / "study.toml")), tmp_path / "r"))
    assert "480 rows" in page.text
    assert page.find_table("Part")[1:][-1][1:3] == ["8", "96"]
    assert page.find_table("ElasticNet")[0] == ["Model", "amusement", "fear", "neutral", "All"]
    assert "reliability" not in page.list_sections()
