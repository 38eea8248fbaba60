"""Plans for subjects' means against a loop that deletes rows, fresh studies, and known truth.

Tolerances: loops 1e-9 (pairs are summed in another order). Simulations: four Monte-Carlo standard
errors; coverage of nominal .95 intervals within four binomial standard errors of it.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError, OptionError
from exprstats.reliability import rate_reliability, study_subjects
from exprstats.reliability.icc.panels import split_panels
from exprstats.reliability.subject_means import find_overlap

SD = {"subject": 0.8, "clip": 0.6, "rater": 0.5, "residual": 0.7}


def find_by_hand(table, m, k, overlap):
    """Components from all pairs of ratings, then the reliability of a mean over m × k."""
    clip, subject, rater = (
        np.equal.outer(codes, codes)
        for codes in (table[name].to_numpy() for name in ("clip", "subject", "rater"))
    )
    y = table["rating"].to_numpy()
    half = np.subtract.outer(y, y) ** 2 / 2
    in_clip = half[clip & ~rater].mean()
    in_subject = half[subject & ~clip & ~rater].mean()
    apart = half[~subject & ~rater].mean()
    rater_part = apart - half[rater & ~subject].mean()
    traits, clips = apart - in_subject, in_subject - in_clip
    # Every rating's weight is 1/(mk); two clips of a subject share k·overlap raters.
    squared = (m * k + m * (m - 1) * k * overlap) / (m * k) ** 2
    noise = clips / m + rater_part * squared + (in_clip - rater_part) / (m * k)
    return traits / (traits + noise)


def delete_each(table, labels, *plan):
    found = np.array([find_by_hand(table[labels != one], *plan) for one in labels.unique()])
    return (len(found) - 1) / len(found) * ((found - found.mean()) ** 2).sum()


@pytest.mark.parametrize("plan", [(1, 1, 0.0), (3, 6, 0.3), (8, 2, 1.0)])
def test_limits_equal_a_loop_that_deletes_rows(make_crowd, plan):
    table = make_crowd(2, subjects=8, clips=3, workers=7, raters=(2, 4))
    m, k, overlap = plan
    found = study_subjects(table, clips=[m], raters=[k], overlap=overlap, level=0.9).table.iloc[0]
    by_subject, by_rater, by_cell = (
        delete_each(table, labels, *plan)
        for labels in (table["subject"], table["rater"], table["subject"] + "/" + table["rater"])
    )
    error = max(by_subject + by_rater - by_cell, by_subject, by_rater) ** 0.5
    value = find_by_hand(table, *plan)
    reach = stats.t.ppf(0.95, min(8, 7) - 1) * error
    names = ["estimate", "std_error", "raw_low", "raw_high"]
    expected = [value, error, value - reach, value + reach]
    np.testing.assert_allclose(found[names].astype(float), expected, atol=1e-9)


def test_own_raters_are_not_left_out_apart():
    rng = np.random.default_rng(4)
    subject = np.repeat(np.arange(7), 6)
    clip = np.arange(42) // 2
    y = rng.normal(size=7)[subject] + rng.normal(size=21)[clip] + rng.normal(size=42)
    table = pd.DataFrame({"subject": subject, "clip": clip, "rater": range(42), "rating": y})
    table = table.assign(item="x", **{name: table[name].astype(str) for name in table.columns[:3]})
    found = study_subjects(table, clips=[3], raters=[2]).table.iloc[0]
    assert found["overlap"] == 0
    assert found["note"].startswith("over 7 subjects; few")
    values = []
    for one in range(7):
        part, owner = table["rating"][subject != one].to_numpy(), np.repeat(np.arange(6), 3)
        means = part.reshape(18, 2).mean(axis=1)
        # Nested analysis of variance: the expected mean square of subjects holds all the rest.
        between = 3 * means.reshape(6, 3).mean(axis=1).var(ddof=1)
        within = ((means - means.reshape(6, 3).mean(axis=1)[owner]) ** 2).sum() / 12
        values.append(1 - within / between)
    error = (6 / 7 * ((values - np.mean(values)) ** 2).sum()) ** 0.5
    assert found["std_error"] == pytest.approx(error, abs=1e-9)


def test_the_plan_of_a_balanced_pilot_is_its_own_row():
    table = draw_study(np.random.default_rng(1), subjects=15, clips=4, raters=3, workers=9)
    row = rate_reliability(table, model="nested").table.query("term == 'ICC(subject,k)'").iloc[0]
    plan = study_subjects(table, clips=[4], raters=[3]).table.iloc[0]
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert plan[name] == pytest.approx(row[name], abs=1e-12)


def test_overlap_by_hand():
    """Subject a: clips of raters 01 and 02, half shared; subject b: 12 and 12, all shared."""
    table = pd.DataFrame(
        {
            "subject": [*"aaaabbbb"],
            "clip": [*"11223344"],
            "rater": [*"01021212"],
            "item": "x",
            "rating": np.arange(8.0),
        }
    )
    [panel] = split_panels(table)
    assert find_overlap(panel) == pytest.approx(0.75)


def draw_study(rng, *, subjects, clips, raters, workers):
    """Return normal ratings where each clip's raters are drawn from all workers."""
    subject = np.repeat(np.arange(subjects), clips)
    trait, severity = rng.normal(0, SD["subject"], subjects), rng.normal(0, SD["rater"], workers)
    rater = np.argsort(rng.random((subject.size, workers)), axis=1)[:, :raters]
    level = trait[subject] + rng.normal(0, SD["clip"], subject.size)
    y = level[:, None] + severity[rater] + rng.normal(0, SD["residual"], rater.shape)
    clip = np.repeat(np.arange(subject.size), raters)
    codes = {"subject": subject[clip], "clip": clip, "rater": rater.ravel()}
    return pd.DataFrame(codes).astype(str).assign(item="x", rating=y.ravel())


def correlate_next_study(rng, m, k, *, same):
    """Return the squared correlation of traits with means of a study of 60,000 subjects."""
    n = 60_000
    trait = rng.normal(0, SD["subject"], n)
    severity = rng.normal(0, SD["rater"], (n, 1 if same else m, k))
    y = trait[:, None, None] + rng.normal(0, SD["clip"], (n, m, 1)) + severity
    y = y + rng.normal(0, SD["residual"], (n, m, k))
    return np.corrcoef(trait, y.mean(axis=(1, 2)))[0, 1] ** 2


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("count", [30, pytest.param(150, marks=pytest.mark.slow)])
def test_pilots_foretell_the_next_study_and_their_intervals_hold_it(same, count):
    """Pilots of 40 subjects × 4 clips × 3 of 20 workers; plans from one rating to 8 × 12."""
    rng = np.random.default_rng(12)
    plans = [(1, 1), (2, 6), (8, 12)]
    truth = {plan: correlate_next_study(rng, *plan, same=same) for plan in plans}
    tables = []
    for _ in range(count):
        pilot = draw_study(rng, subjects=40, clips=4, raters=3, workers=20)
        table = study_subjects(pilot, clips=[1, 2, 8], raters=[1, 6, 12], overlap=float(same)).table
        tables.append(table.set_index(["clips_per_subject", "raters_per_clip"]))
    for plan in plans:
        found = pd.DataFrame([table.loc[plan] for table in tables])
        held = ((found["conf_low"] <= truth[plan]) & (truth[plan] <= found["conf_high"])).mean()
        assert abs(held - 0.95) < 4 * (0.95 * 0.05 / count) ** 0.5, (plan, held)
        # A ratio of unbiased variances is a little low in small pilots: a hundredth or two.
        error = found["estimate"].std() / count**0.5
        assert abs(found["estimate"].mean() - truth[plan]) < 4 * error + 0.01, plan


def test_more_clips_help_where_more_raters_no_longer_do(crowd):
    table = study_subjects(crowd, clips=[1, 8], raters=[1, 1000]).table
    value = table.set_index(["clips_per_subject", "raters_per_clip"])["estimate"]
    assert value[1, 1] < value[1, 1000] < value[8, 1000]
    parts = rate_reliability(crowd, model="nested").design.iloc[0]
    ceiling = parts["variance_subject"] / (parts["variance_subject"] + parts["variance_clip"])
    assert value[1, 1000] == pytest.approx(ceiling, abs=0.002)


def test_rows_and_words(crowd):
    table = pd.concat([crowd.assign(context="pain"), crowd.assign(context="joy")])
    before = table.copy()
    result = study_subjects(table, clips=[4, 1], raters=[3, 1], by="context", level=0.9)
    pd.testing.assert_frame_equal(table, before)
    rows = result.tidy()
    assert rows["context"].fillna("pooled").tolist()[::4] == ["pain", "joy", "pooled"]
    assert set(rows["term"]) == {"ICC(subject,k)"}
    assert rows["n_clusters"].unique().tolist() == [12]
    pain = rows[rows["context"] == "pain"].set_index(["clips_per_subject", "raters_per_clip"])
    low, high = (f"{pain.loc[plan, 'estimate']:.2f}"[1:] for plan in ((1, 1), (4, 3)))
    text = result.sentence().split(" Means of")[0]
    assert text.startswith(
        f"Means of response in pain would tell subjects apart with ICC(subject,k) = {low}, 90% CI ["
    )
    assert f"over 1 clip with 1 rater, and {high}, 90% CI [" in text
    assert text.endswith("over 4 clips with 3 raters each (12 subjects; cluster jackknife).")
    assert result.glance()[["rows", "clips_max", "raters_min"]].iloc[0].tolist() == [12, 4, 1]


def test_what_is_not_defined_says_so():
    """Subjects all but equal, their clips far apart: σ²S is negative, and larger than the rest."""
    rows = [
        (f"s{s}", f"s{s}c{c}", f"s{s}c{c}r{r}", (-1) ** c * (3 + s / 100) + 0.1 * r)
        for s in range(6)
        for c in range(2)
        for r in range(2)
    ]
    table = pd.DataFrame(rows, columns=["subject", "clip", "rater", "rating"]).assign(item="x")
    found = study_subjects(table, clips=[8], raters=[2]).table.iloc[0]
    assert found[["estimate", "std_error", "conf_low", "conf_high"]].isna().all()
    assert found["note"].startswith("not defined: subjects vary less")


def test_bad_options(crowd, make_ratings):
    for options, told in (
        ({"clips": [0, 2]}, "clips is 0; it must"),
        ({"raters": []}, "raters is empty"),
        ({"overlap": 1.2}, "overlap is 1.2; it is a share"),
        ({"level": 95}, "level is 95"),
    ):
        with pytest.raises(OptionError, match=told):
            study_subjects(crowd, **options)
    with pytest.raises(DataError, match="subjects are not known"):
        study_subjects(make_ratings([[1, 2], [3, 5], [2, 2]]))
