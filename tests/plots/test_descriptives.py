"""Figures of raw data: what is drawn is what the tables hold. Numbers compared exactly."""

import numpy as np
import pandas as pd
import pytest

from exprstats.descriptives import compare_means, describe_columns, describe_ratings
from exprstats.errors import DataError
from exprstats.plots import (
    draw_agreement,
    draw_means,
    draw_missing,
    draw_ratings,
    draw_values,
    save_figure,
)
from exprstats.simulate import simulate_expressiveness


@pytest.fixture(scope="module")
def ratings():
    study = simulate_expressiveness(subjects=6, contexts={"pain": 3, "startle": 2}, seed=1)
    table = study.ratings.copy()
    table.loc[::17, "rating"] = np.nan
    return table


@pytest.fixture(scope="module")
def found(ratings):
    return describe_ratings(ratings, by="context")


def test_bars_are_the_shares_of_the_distribution(found):
    plot = draw_ratings(found)
    assert plot.data["share"].tolist() == found.distribution["share"].tolist()
    assert set(plot.data["middle"]) == {0, 1, 2, 3, 4}
    assert plot.data.groupby(["context", "item"], observed=True).ngroups == 9


def test_many_values_are_drawn_in_bins(ratings):
    rng = np.random.default_rng(1)
    table = ratings.assign(rating=rng.normal(size=len(ratings)))
    plot = draw_ratings(describe_ratings(table))
    assert len(plot.data) == 3 * 20
    assert np.ptp(plot.data["width"][:20]) < 1e-12


def test_points_are_the_counts_of_the_agreement(found):
    plot = draw_agreement(found)
    assert plot.data["n"].sum() == found.agreement["n"].sum()
    sums = plot.data.groupby(["context", "item"], observed=True)["part"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(9))


def test_tiles_are_the_patterns_of_missing_answers(found):
    plot = draw_missing(found)
    pooled = found.missing[found.missing["context"].isna()]
    assert plot.data["lost"].sum() == pooled["n_missing"].sum()
    assert plot.data["pattern"].nunique() == len(pooled)


def test_without_missing_answers_or_pairs_there_is_no_figure(ratings):
    whole = ratings.dropna()
    whole = whole[whole["item"] == "motion"]
    with pytest.raises(DataError, match="no answer is missing"):
        draw_missing(describe_ratings(whole))
    alone = whole.drop_duplicates(["context", "clip"])
    with pytest.raises(DataError, match="nothing to draw"):
        draw_agreement(describe_ratings(alone))


def test_too_many_contexts_are_left_out_and_said():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"clip": np.repeat(range(40), 2).astype(str), "item": "q"})
    table["rater"] = ["x", "y"] * 40
    table["context"] = np.repeat(list("abcdefgh"), 10)
    table["rating"] = rng.integers(0, 4, 80).astype(float)
    plot = draw_ratings(describe_ratings(table, by="context"))
    assert plot.labels.caption == "All contexts together, without the 8 alone."


def test_histograms_share_their_bins_and_end_in_files(tmp_path):
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"score": rng.normal(size=80), "context": ["$x_1$", "All"] * 40})
    plot = draw_values(describe_columns(table, "score", by="context"))
    sums = plot.data.groupby("context", observed=True)["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(2))
    assert plot.data["middle"].nunique() == 24
    png, svg = save_figure(plot, tmp_path / "scores", dpi=50)
    assert png.stat().st_size > 1000 and svg.stat().st_size > 1000
    flat = table.assign(score=1.0)
    save_figure(draw_values(describe_columns(flat, "score")), tmp_path / "flat", dpi=50)


def build_scores():
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"subject": np.repeat(range(8), 6), "context": list("aabbcc") * 8})
    table["sex"] = np.where(table["subject"] < 4, "f", "m")
    return table.assign(score=rng.normal(size=48))


def test_means_are_drawn_with_their_people(tmp_path):
    table = build_scores()
    lost = table[~(table["subject"].eq(3) & table["context"].eq("b"))]
    found = compare_means(lost)
    plot = draw_means(found)
    wanted = found.table.query("term == 'mean' and method == 't'")
    assert plot.data["estimate"].tolist() == wanted["estimate"].tolist()
    assert len(plot.layers) == 5  # people with lines and without, the means' line, limits, means
    assert len(draw_means(compare_means(table)).layers) == 4
    apart = table.assign(subject=table["subject"].astype(str) + table["context"])
    assert len(draw_means(compare_means(apart)).layers) == 3
    save_figure(plot, tmp_path / "means", dpi=50)


@pytest.mark.parametrize("by", ["context", None])
def test_groups_of_people_have_panels(tmp_path, by):
    found = compare_means(build_scores(), by=by, between="sex")
    plot = draw_means(found)
    assert len(plot.data) == (6 if by else 2)
    assert plot.data["estimate"].notna().all()
    save_figure(plot, tmp_path / "groups", dpi=50)
