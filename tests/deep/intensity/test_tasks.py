"""Peaks of tasks compared, against scipy's paired t test on the same peaks.

Estimates, limits and p agree to 1e-9: the delete-one jackknife of a mean of independent people is
its textbook standard error.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import exprstats as ex
from exprstats.errors import DataError, DataWarning


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(2)
    rows = [
        {"subject": f"s{person}", "emotion": emotion, "task": task, "intensity": value}
        for person in range(14)
        for emotion, lift in (("joy", 0.3), ("sadness", 0.05))
        for task in ("plain", "strong")
        for value in rng.uniform(0, 0.6, 8) + lift * (task == "strong")
    ]
    return pd.DataFrame(rows)


def test_differences_are_paired_t_tests_of_peaks(frames):
    found = ex.compare_tasks(frames, emotion="emotion", draws=100, seed=1)
    rows = found.table[found.table["headline"]]
    for emotion, own in frames.groupby("emotion"):
        peaks = own.pivot_table("intensity", "subject", "task", aggfunc="max")
        test = stats.ttest_rel(peaks["strong"], peaks["plain"])
        limits = test.confidence_interval(0.95)
        row = rows[rows["emotion"].eq(emotion) & rows["versus"].eq("plain")].iloc[0]
        assert row["term"] == "strong - plain"
        assert row["estimate"] == pytest.approx((peaks["strong"] - peaks["plain"]).mean(), abs=1e-9)
        assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-9)
        assert [row["conf_low"], row["conf_high"]] == pytest.approx(list(limits), abs=1e-9)
        mean = rows[rows["emotion"].eq(emotion) & rows["term"].eq("plain")].iloc[0]
        assert mean["estimate"] == pytest.approx(peaks["plain"].mean(), abs=1e-9)
        assert mean["std_error"] == pytest.approx(stats.sem(peaks["plain"]), rel=1e-9)
    assert "joy, strong − plain: .3" in found.sentence()


def test_three_tasks_are_adjusted_by_holm(frames):
    third = frames[frames["task"].eq("plain")].assign(task="calm")
    third["intensity"] *= 0.9
    both = pd.concat([frames, third])[lambda table: table["emotion"].eq("joy")]
    rows = ex.compare_tasks(both, draws=400, seed=1).table
    rows = rows[rows["headline"] & rows["versus"].notna()]
    assert set(rows["term"]) == {"strong - plain", "calm - plain", "calm - strong"}
    raw = rows["p_value"].to_numpy()
    order = np.argsort(raw)
    holm = np.maximum.accumulate(np.minimum(raw[order] * np.array([3, 2, 1]), 1))
    np.testing.assert_allclose(rows["p_adjusted"].to_numpy()[order], holm, rtol=1e-9)


def test_people_who_lack_a_task_are_left_out_and_named(frames):
    joy = frames[frames["emotion"].eq("joy")]
    fewer = joy[~(joy["subject"].eq("s3") & joy["task"].eq("strong"))]
    with pytest.warns(DataWarning, match="lack of a task: 1 person, 's3'"):
        found = ex.compare_tasks(fewer, draws=100, seed=1)
    assert set(found.table["n_clusters"]) == {13}


def test_without_any_difference_of_people_nothing_is_tested():
    frames = pd.DataFrame({"subject": list("abcd") * 2, "task": ["rest"] * 4 + ["smile"] * 4})
    frames["intensity"] = [0.0] * 4 + [1.0] * 4
    text = ex.compare_tasks(frames, draws=100, seed=1).sentence()
    assert "smile − rest: 1.00, the same in all people" in text


def test_what_cannot_be_compared_is_refused(frames):
    with pytest.raises(DataError, match="one task: 'plain'"):
        ex.compare_tasks(frames[frames["task"].eq("plain")])
    with pytest.raises(DataError, match="smile"):
        ex.compare_tasks(frames, intensity="smile")
