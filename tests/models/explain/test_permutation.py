"""Permutation importance, against naive loops and what a linear model must lose.

Tolerances: 1e-12 for the same sums in another order; 15 % for expectations over 50 permutations.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.models import fit_elastic, report_weights, split_subjects
from exprstats.models.explain.importance import group_features, list_importance
from exprstats.models.explain.permutation import draw_donors, permute_features

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def models(draw_clips):
    clips = draw_clips(subjects=100, seed=3)
    parts = split_subjects(clips, seed=1)
    return fit_elastic(
        clips, target="score", features=FEATURES, parts=parts, by="context", l1_ratios=[1.0]
    )


def test_each_person_gets_all_values_from_one_other_person():
    codes = np.repeat([0, 1, 2, 3], [3, 5, 2, 5])
    donors = draw_donors(codes, np.random.default_rng(1))
    givers = [set(codes[donors[codes == taker]]) for taker in range(4)]
    assert all(len(one) == 1 for one in givers)
    assert set.union(*givers) == {0, 1, 2, 3}
    for taker in range(4):
        taken = donors[codes == taker]
        available = (codes == codes[taken[0]]).sum()
        assert len(set(taken)) == min(len(taken), available)


def test_givers_are_drawn_anew():
    codes = np.repeat(np.arange(10), 2)
    rng = np.random.default_rng(1)
    drawn = np.array([codes[draw_donors(codes, rng)][::2] for _ in range(400)])
    # Nobody gets the own values, and anybody else's equally often: 1/9, SE .016 in 400.
    shares = np.array([(drawn == giver).mean(axis=0) for giver in range(10)])
    assert (np.diag(shares) == 0).all()
    assert shares[~np.eye(10, dtype=bool)] == pytest.approx(1 / 9, abs=4.5 * 0.016)


def test_a_giver_s_clips_come_in_random_order():
    codes = np.repeat(np.arange(4), 3)
    rng = np.random.default_rng(2)
    orders = [tuple(np.argsort(draw_donors(codes, rng)[:3])) for _ in range(300)]
    counts = [orders.count(one) for one in set(orders)]
    # Six orders, each in 50 of 300 on average: SE 6.5.
    assert len(counts) == 6
    assert max(counts) < 50 + 4 * 6.5


@pytest.mark.parametrize(
    ("tested", "headline"), [(2, None), (3, "jackknife"), (39, "jackknife"), (40, "jackknife")]
)
def test_the_headline_is_the_jackknife_where_there_are_subjects_enough(
    draw_clips, tested, headline
):
    clips = draw_clips(subjects=60, clips_each=2)
    names = sorted(clips["subject"].unique())
    kinds = np.repeat(["test", "train", "validate"], [tested, 10, 50 - tested])
    parts = pd.DataFrame({"subject": names, "part": kinds})
    models = fit_elastic(clips, target="score", features=FEATURES, parts=parts, alphas=[0.1])
    rows = list_importance(models.design, models.fits[0], repeats=1, draws=10, seed=1)
    assert {row["method"] for row in rows if row["headline"]} == ({headline} - {None})


def test_losses_equal_a_loop_over_subjects(models):
    fit, design = models.fits[1], models.design
    losses = permute_features(design, fit, [[0], [0, 1]], repeats=3, seed=4)
    rows = fit.sample.rows[design.mark(fit.sample, "test")]
    values, truth = design.split(fit.sample, "test")
    # Donors are drawn by places, which clips have in the order of their values.
    order = pd.DataFrame(values).assign(truth=truth).sort_values([0, 1, "truth"]).index
    rows, values, truth = rows[order], values[order], truth[order]
    subjects = design.clips["subject"].to_numpy()[rows]
    names, codes = np.unique(subjects, return_inverse=True)
    rng = np.random.default_rng(4)
    donors = [draw_donors(codes, rng) for _ in range(3)]
    for g, name in enumerate(names):
        own = subjects == name
        assert losses.clips[g] == own.sum()
        whole = ((fit.predict(values[own]) - truth[own]) ** 2).sum()
        assert losses.whole[g] == pytest.approx(whole, rel=1e-12)
        missed = []
        for one in donors:
            mixed = values.copy()
            mixed[:, :2] = values[one][:, :2]
            missed.append(((fit.predict(mixed[own]) - truth[own]) ** 2).sum())
        assert losses.permuted[1, g] == pytest.approx(np.array(missed), rel=1e-12)


def test_a_linear_model_loses_twice_the_variance_it_used(models):
    fit, design = models.fits[0], models.design
    losses = permute_features(design, fit, [[0], [3]], repeats=50, seed=1)
    before, after = losses.whole.sum(), losses.permuted.mean(axis=2).sum(axis=1)
    n = losses.clips.sum()
    weight = fit.weights[0]
    # E(y - f')² - E(y - f)² = 2 w (b - (w - b) ...) = 2 w b for unit features, b the true weight.
    assert (after[0] - before) / n == pytest.approx(2 * weight * 0.8, rel=0.15)
    assert fit.weights[3] == 0
    assert after[1] == pytest.approx(before, rel=1e-12)


def test_rows_name_their_method_and_one_headline(models):
    rows = list_importance(models.design, models.fits[0], repeats=5, draws=100, seed=1)
    own = [row for row in rows if row["feature"] == "motion"]
    assert [(row["method"], row["headline"]) for row in own] == [
        ("percentile", False),
        ("jackknife", True),
    ]
    assert all(row["n_clusters"] == 20 and row["term"] == "importance" for row in own)
    assert own[1]["conf_low"] > 0


def test_a_feature_without_weight_has_importance_zero(models):
    fit = models.fits[0]
    assert fit.weights[3] == 0
    rows = list_importance(models.design, fit, repeats=5, draws=50, seed=1)
    own = [row for row in rows if row["feature"] == "still"]
    assert [row["estimate"] for row in own] == [0, 0]
    for row in own:
        assert np.isnan([row[name] for name in ("std_error", "conf_low", "conf_high")]).all()
        assert row["note"] == "no interval: permuting it changes no prediction"


def test_correlated_features_are_permuted_together(draw_clips):
    clips = draw_clips(subjects=40, seed=3)
    rng = np.random.default_rng(1)
    clips["echo"] = -clips["motion"] + 0.3 * rng.normal(size=len(clips))
    parts = split_subjects(clips, seed=1)
    models = fit_elastic(
        clips, target="score", features=[*FEATURES, "echo"], parts=parts, alphas=[0.5],
        l1_ratios=[0.0],
    )  # fmt: skip
    table = report_weights(models, draws=20, repeats=10, seed=1).table
    rows = table[table["headline"].to_numpy(bool)].set_index(["term", "feature"])["estimate"]
    assert rows.loc["group_importance"].index.to_list() == ["motion + echo"]
    together = rows["group_importance", "motion + echo"]
    assert together > rows["importance", "motion"] + 0.02
    assert together > rows["importance", "echo"] + 0.02


def test_groups_of_alike_features():
    rng = np.random.default_rng(1)
    base = rng.normal(size=(200, 3))
    near = -base[:, 0] + 0.2 * rng.normal(size=200)
    values = np.column_stack([base, near, np.ones(200)])
    assert group_features(values, 0.7) == [[0, 3]]
    assert group_features(base, 0.7) == []
    half = np.column_stack([base, base[:, 1] + 1.7 * base[:, 2]])
    r = np.abs(np.corrcoef(half.T))
    assert 0.8 < r[2, 3] < 0.9 and 0.4 < r[1, 3] < 0.6
    assert group_features(half, r[2, 3] + 1e-6) == []
    assert group_features(half, r[2, 3] - 1e-6) == [[2, 3]]
    assert group_features(values[:, :1], 0.7) == []


def test_without_test_subjects_there_is_no_importance(draw_clips):
    clips = draw_clips(subjects=20)
    parts = split_subjects(clips, train=0.7, validate=0.3, test=0, seed=1)
    models = fit_elastic(clips, target="score", features=FEATURES, parts=parts)
    table = report_weights(models, draws=10, seed=1).table
    assert "importance" not in set(table["term"])


def test_leaving_out_a_person_leaves_out_the_values_that_were_given(models):
    """A loop over people: gone as one whose clips are predicted, and as one who gave values."""
    fit, design = models.fits[0], models.design
    losses = permute_features(design, fit, [[0]], repeats=4, seed=2)
    groups = len(losses.clips)
    found = losses.measure_rise(1 - np.eye(groups))[0]
    for gone in range(groups):
        after, clips = 0.0, 0.0
        for taker in set(range(groups)) - {gone}:
            kept = [place for place in range(4) if losses.givers[taker, place] != gone]
            if kept:
                after += np.mean(losses.permuted[0, taker, kept])
                clips += losses.clips[taker]
        left = np.arange(groups) != gone
        before = losses.whole[left].sum() / losses.clips[left].sum()
        assert found[gone] == pytest.approx((after / clips) ** 0.5 - before**0.5, rel=1e-10)


@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_intervals_of_importance_hold_what_a_linear_model_loses(count):
    """y = .6a + .25b + …: swapping a costs 2·w·.6·Var(a), w the fitted weight.

    Of 120 studies each with 12, 25 and 80 test people, limits over those whose clips are predicted
    held the truth of a in .88, .88 and .87; of 200 with those who gave values, in .92, .97 and .96.
    """
    held = []
    for seed in range(count):
        rng = np.random.default_rng([seed, 1])
        who = np.repeat(np.arange(110), 4)
        values = 0.7 * rng.normal(size=(110, 2))[who] + rng.normal(size=(len(who), 2))
        clips = pd.DataFrame(values, columns=["a", "b"]).assign(
            clip=range(len(who)), subject=[f"s{one:03d}" for one in who]
        )
        noise = 0.5 * rng.normal(size=110)[who] + 0.7 * rng.normal(size=len(who))
        clips["score"] = values @ [0.6, 0.25] + noise
        names = clips["subject"].unique()
        parts = np.repeat(["train", "validate", "test"], [60, 20, 30])
        models = fit_elastic(
            clips, target="score", features=["a", "b"],
            parts=pd.DataFrame({"subject": names, "part": parts}),
        )  # fmt: skip
        zero, one, two = models.fits[0].predict(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        own = (one - zero, two - zero)
        plain = ((0.6 - own[0]) ** 2 + (0.25 - own[1]) ** 2) * 1.49 + 0.74 + zero**2
        truth = (plain + 2 * own[0] * 0.6 * 1.49) ** 0.5 - plain**0.5
        rows = list_importance(models.design, models.fits[0], repeats=20, draws=10, seed=seed)
        row = next(x for x in rows if x["feature"] == "a" and x["headline"])
        held.append(row["conf_low"] <= truth <= row["conf_high"])
    assert np.mean(held) > 0.95 - 2.5 * (0.95 * 0.05 / count) ** 0.5
