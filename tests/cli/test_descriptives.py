"""Descriptives, means and correlations as commands print and write them."""

import numpy as np
import pandas as pd
import pytest

from exprstats.descriptives import compare_means, correlate_features, describe_ratings
from exprstats.io import read_ratings

ITEMS = ("response", "emotion", "motion")


@pytest.fixture(scope="module")
def wide(data, tmp_path_factory):
    """Ratings with a column for each item and the sex of each person."""
    key = ["context", "clip", "rater", "subject"]
    table = pd.read_csv(data / "ratings.csv")
    table = table.groupby(key, sort=False)[list(ITEMS)].first().reset_index()
    table["sex"] = np.where(table["subject"] < "S012", "f", "m")
    place = tmp_path_factory.mktemp("descriptives") / "ratings.csv"
    table.to_csv(place, index=False)
    return place


def test_reliability_describes_its_ratings(call_json, data):
    options = ("--rating", ",".join(ITEMS), "--by", "context")
    told = call_json("reliability", data / "ratings.csv", *options)["descriptives"]
    ratings = read_ratings(data / "ratings.csv", items=ITEMS, context="context")
    wanted = describe_ratings(ratings, by="context").table
    assert [row["mean"] for row in told] == wanted["mean"].tolist()
    assert {row["unit"] for row in told} == {"ratings", "clip means"}


def test_check_describes_ratings(call, data):
    out = " ".join(call("check", data / "ratings.csv").stdout.split())
    assert "Descriptive Statistics of Ratings and Clip Means" in out
    assert "Correlations of the Questions" in out


@pytest.mark.parametrize("rated", [True, False])
def test_factor_compares_means_of_contexts_and_groups(call_json, draw_only, wide, tmp_path, rated):
    draw_only("means")
    file = wide
    if not rated:
        table = pd.read_csv(wide).groupby(["context", "clip", "subject", "sex"], sort=False)
        file = tmp_path / "means.csv"
        table[list(ITEMS)].mean().reset_index().to_csv(file, index=False)
    options = ("--items", ",".join(ITEMS), "--by", "context", "--subject", "subject")
    options += ("--rater", "rater") if rated else ()
    folder = tmp_path / "out"
    told = call_json("factor", file, *options, "--between", "sex", "--out", folder)
    scores = pd.read_csv(folder / "data" / "scores.csv").query("fitted_on == 'all'")
    groups = pd.read_csv(wide)[["subject", "sex"]].drop_duplicates()
    found = compare_means(scores.merge(groups, on="subject"), between="sex")
    estimates = [row["estimate"] for row in told["means"]]
    assert estimates == pytest.approx(found.table["estimate"].tolist(), abs=1e-9)
    assert [row["term"] for row in told["mean_tests"]] == ["group", "context", "context x group"]
    assert list((folder / "figures").glob("figure*_means.png"))
    assert ("descriptives" in told) == rated


def test_groups_need_people(call, wide):
    options = ("--items", ",".join(ITEMS), "--rater", "rater", "--between", "sex")
    error = " ".join(call("factor", wide, *options, code=2).stderr.split())
    assert "--between sex compares people. Name them with --subject." in error


def test_a_person_in_two_groups_is_named(call, wide, tmp_path):
    table = pd.read_csv(wide)
    table.loc[0, "sex"] = "m"
    table.to_csv(tmp_path / "wrong.csv", index=False)
    options = ("--items", ",".join(ITEMS), "--rater", "rater", "--subject", "subject")
    error = call("factor", tmp_path / "wrong.csv", *options, "--between", "sex", code=2).stderr
    assert "1 person is in two groups: 'S001'" in " ".join(error.split())


def test_fit_correlates_features_with_the_target(call_both, data, tmp_path):
    clips = pd.read_csv(data / "clips.csv")
    names = ["au_count", "gaze_velocity"]
    clips["score"] = clips[names[0]].rank() / 10 + np.arange(len(clips)) % 7
    clips.to_csv(tmp_path / "clips.csv", index=False)
    options = ("--target", "score", "--subject", "subject", "--features", ",".join(names))
    both = call_both("fit", tmp_path / "clips.csv", *options)
    told = both.told["feature_correlations"]
    wanted = correlate_features(clips, names).table
    assert [row["estimate"] for row in told] == pytest.approx(wanted["estimate"].tolist())
    out = both.stdout
    assert "Correlations of the features with the target" in out


def test_means_are_those_of_the_model_of_all_clips(call_json, wide):
    """A shift of one context by 1 scale point shows, which that context's own model would hide."""
    table = pd.read_csv(wide)
    table.loc[table["context"].eq("pain"), list(ITEMS)] += 1
    place = wide.with_name("shifted.csv")
    table.to_csv(place, index=False)
    options = ("--items", ",".join(ITEMS), "--rater", "rater", "--subject", "subject")
    plain, moved = (
        {
            row["context"]: row["estimate"]
            for row in call_json("factor", file, *options, "--by", "context")["means"]
            if row["term"] == "mean" and row["method"] == "t"
        }
        for file in (wide, place)
    )
    assert moved["pain"] - moved["startle"] > plain["pain"] - plain["startle"] + 0.5
