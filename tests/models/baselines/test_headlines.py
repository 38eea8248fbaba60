"""Rows of raters in a comparison: whose intervals head them, and what is adjusted together.

Tolerances: 1e-12 for numbers that are taken over; 1e-9 for Holm's p by statsmodels and for t tests
by scipy.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from exprstats.inference import compare_models, judge_equivalence
from exprstats.models import compare_human
from exprstats.models.baselines.human import head_raters

WIDER = "jackknife_raters"


@pytest.fixture(scope="module")
def rows():
    """Return three models and raters who share clips of 14 people."""
    rng = np.random.default_rng(3)
    score = rng.normal(size=(70, 1)) + 0.9 * rng.normal(size=(70, 4))
    people = pd.DataFrame({"clip": np.repeat(np.arange(70), 4)})
    people["rater"] = [f"W{(clip * 2 + seat) % 9}" for clip in range(70) for seat in range(4)]
    people = people.assign(
        model="human", seat=people["rater"], others=3, prediction=score.ravel(),
        truth=((score.sum(axis=1, keepdims=True) - score) / 3).ravel(),
    )  # fmt: skip
    whole = pd.DataFrame({"clip": np.arange(70), "truth": score.mean(axis=1)})
    nets = [
        whole.assign(model=name, prediction=share * whole["truth"] + rng.normal(size=70))
        for name, share in (("good", 0.9), ("fair", 0.6), ("poor", 0.1))
    ]
    frame = pd.concat([*nets, people], ignore_index=True)
    return frame.assign(subject=frame["clip"] // 5, context=np.where(frame["clip"] % 2, "b", "a"))


def compare(rows, **options):
    how = {"metrics": ["rmse", "correlation"], "draws": 400, "seed": 1, "by": "context"}
    return compare_models(rows, **how | options)


@pytest.mark.parametrize("against", ["good", "human", None])
def test_raters_rows_are_headed_by_both_ways(rows, against):
    before = compare(rows, against=against)
    wider = compare_human(rows, metrics=["rmse", "correlation"], by="context")
    after = head_raters(before, wider).table
    own = after[after["method"] == WIDER]
    judged = before.table[before.table["headline"]]
    touched = judged[(judged["model"] == "human") | (judged["versus"] == "human")]
    assert len(own) == len(touched) == {"good": 12, "human": 24, None: 24}[against]
    assert own["headline"].all()
    keys = ["context", "metric", "model", "versus"]
    assert not after[after["headline"]].duplicated(keys).any()
    assert len(after[after["headline"]]) == len(judged)
    table = wider.table.set_index(["context", "metric", "model", "versus"])
    for row in own.to_dict("records"):
        pair = [None if pd.isna(row[name]) else row[name] for name in ("model", "versus")]
        context = None if pd.isna(row["context"]) else row["context"]
        turned = pair[0] == "human" and pair[1] is not None
        theirs = table.loc[[(context, row["metric"], *(pair[::-1] if turned else pair))]].iloc[0]
        sign = -1 if turned else 1
        limits = sorted(sign * theirs[name] for name in ("conf_low", "conf_high"))
        assert row["estimate"] == pytest.approx(sign * theirs["estimate"], abs=1e-9)
        np.testing.assert_allclose([row["conf_low"], row["conf_high"]], limits, atol=1e-12)
        assert row["n_raters"] == 9
        assert row["df"] == 8
        if pair[1] is not None:
            p = 2 * t.sf(abs(row["estimate"]) / row["std_error"], 8)
            assert row["p_value"] == pytest.approx(p, rel=1e-9)


def test_headline_differences_are_adjusted_together(rows):
    before = compare(rows)
    wider = compare_human(rows, metrics=["rmse", "correlation"], by="context")
    after = head_raters(before, wider).table
    shown = after[after["headline"] & after["versus"].notna()]
    for _, group in shown.groupby(["context", "metric"], dropna=False):
        assert set(group["method"]) == {"jackknife", WIDER}
        wanted = multipletests(group["p_value"], method="holm")[1]
        np.testing.assert_allclose(group["p_adjusted"], wanted, rtol=1e-9)
    rest = before.table[~before.table["headline"]]
    kept = after.drop(index=shown.index)
    kept = kept[~kept["headline"]].reset_index(drop=True)
    assert len(kept) == len(rest) + (after["method"] == WIDER).sum()


def test_intervals_that_were_asked_for_stay(rows):
    wider = compare_human(rows, metrics=["rmse", "correlation"], by="context")
    for options in ({"interval": "percentile"}, {"compat": "mlboot"}):
        before = compare(rows, **options)
        assert head_raters(before, wider) is before


def test_models_are_judged_on_the_clips_that_raters_have(rows):
    fewer = rows[(rows["model"] != "human") | (rows["subject"] < 10)]
    with pytest.warns(UserWarning, match="predicts 50 of 70 rows; all models are judged on"):
        before = compare(fewer, by=None)
    same = compare(rows[rows["subject"] < 10], by=None)
    for one in (before, same):
        assert set(one.table["n_clips"]) == {50}
    pd.testing.assert_frame_equal(before.table, same.table)
    after = head_raters(before, compare_human(fewer, metrics=["rmse", "correlation"])).table
    human = after["versus"].eq("human") | after["term"].eq("human")
    assert after.loc[human & after["headline"], "method"].eq(WIDER).all()
    best = after[after["headline"] & after["metric"].eq("rmse")].set_index("term")["estimate"]
    assert best["good - human"] == pytest.approx(best["good"] - best["human"], abs=1e-12)


def test_equivalence_allows_for_raters(rows):
    before = compare(rows, by=None, metrics=["rmse"])
    after = head_raters(before, compare_human(rows, metrics=["rmse"]))
    told = judge_equivalence(after, margin=0.4).tidy().set_index("term")
    row = told.loc["good - human"]
    wider = after.table[after.table["method"] == WIDER].set_index("term").loc["good - human"]
    reach = t.ppf(0.95, 8) * wider["std_error"]
    limits = [wider["estimate"] - reach, wider["estimate"] + reach]
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], limits, rtol=1e-9)
    p = max(t.sf((0.4 + side * wider["estimate"]) / wider["std_error"], 8) for side in (1, -1))
    assert row["p_value"] == pytest.approx(p, rel=1e-9)
    assert row["method"] == WIDER
    plain = judge_equivalence(before, margin=0.4).tidy().set_index("term")
    assert told.loc["good - fair", "p_value"] == plain.loc["good - fair", "p_value"]


def test_crossed_raters_have_no_interval_of_bias_and_r2_stays_below_1(rows):
    rng = np.random.default_rng(8)
    people = rows[rows["model"] == "human"].copy()
    people["rater"] = people["seat"] = [f"W{seat}" for seat in range(4)] * 70
    score = 0.05 * rng.normal(size=(70, 1)) + rng.normal(size=70)[:, None] + np.arange(4)
    people["prediction"] = score.ravel()
    people["truth"] = ((score.sum(axis=1, keepdims=True) - score) / 3).ravel()
    both = pd.concat([rows[rows["model"] == "good"], people], ignore_index=True)
    found = compare_human(both, metrics=["bias", "r2", "correlation"]).table
    own = found[found["term"] == "human"].set_index("metric")
    assert np.isnan(own.loc["bias", "conf_low"])
    assert "same whichever" in own.loc["bias", "note"]
    assert own.loc["r2", "conf_high"] <= 1
    before = compare(both, by=None, metrics=["bias", "r2", "correlation"])
    after = head_raters(before, compare_human(both, metrics=["bias", "r2", "correlation"])).table
    shown = after[after["headline"] & after["term"].eq("human") & after["metric"].eq("bias")]
    assert shown["conf_low"].isna().all()
    assert len(shown) == 1


def test_two_raters_are_fixed_and_keep_subjects_alone(rows):
    people = rows[rows["model"] == "human"].groupby("clip").head(2).copy()
    people["rater"] = people["seat"] = ["W0", "W1"] * 70
    people = people.assign(others=1)
    people["truth"] = people.groupby("clip")["prediction"].transform(
        lambda one: one.to_numpy()[::-1]
    )
    both = pd.concat([rows[rows["model"] != "human"], people], ignore_index=True)
    found = compare_human(both)
    assert set(found.table["method"]) == {"jackknife"}
    after = head_raters(compare(both, by=None), found).table
    assert not after["method"].eq(WIDER).any()
