"""Repeated splits, against the formula by hand and simulated studies of equal models.

Tolerances: 1e-12 for the same arithmetic; in simulations 3.5 Monte-Carlo standard errors.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from exprstats.errors import OptionError
from exprstats.models import fit_elastic, fit_forest, repeat_splits, split_subjects

GRID = {"alphas": [0.01, 0.1], "l1_ratios": [0.0]}


def test_means_and_corrected_errors_equal_a_loop(draw_clips):
    clips = draw_clips(subjects=20, seed=3).drop(columns="score_pooled")
    fits = {"net": fit_elastic, "half": fit_elastic}
    options = {"net": GRID, "half": {"features": ["gaze"], **GRID}}
    data = {"target": "score", "features": ["motion", "gaze"], "repeats": 6, "seed": 4}
    found = repeat_splits(fits, clips, options=options, level=0.9, **data)
    errors = []
    for one in np.random.SeedSequence(4).spawn(6):
        parts = split_subjects(clips, seed=np.random.default_rng(one.spawn(2)[0]))
        pair = []
        for features in (["motion", "gaze"], ["gaze"]):
            models = fit_elastic(clips, target="score", features=features, parts=parts, **GRID)
            rows = models.predictions.query("part == 'test'")
            pair.append(((rows["truth"] - rows["prediction"]) ** 2).mean() ** 0.5)
        errors.append(pair)
    errors = np.array(errors)
    away = errors[:, 0] - errors[:, 1]
    error = away.std(ddof=1) * np.sqrt(1 / 6 + 4 / 12)
    row = found.tidy().query("versus == 'half' and term == 'rmse'").iloc[0]
    reach = t.ppf(0.95, 5) * error
    numbers = [away.mean(), error, away.mean() - reach, away.mean() + reach]
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(row[columns].astype(float), numbers, rtol=1e-12)
    assert row["p_value"] == pytest.approx(2 * t.sf(abs(away.mean() / error), 5), rel=1e-9)
    assert row["share"] == (away < 0).mean()
    single = found.tidy().query("versus.isna() and model == 'net' and term == 'rmse'")
    assert single["estimate"].item() == pytest.approx(errors[:, 0].mean(), rel=1e-12)
    assert "net minus half −0.12 [−0.24, 0.00], p = .104" in found.sentence()
    assert "better in 5 of 6 splits" in found.sentence()


@pytest.mark.parametrize("count", [6, pytest.param(500, marks=pytest.mark.slow)])
def test_equal_models_differ_at_no_more_than_the_level(count):
    rng, hits = np.random.default_rng(6), []
    for _ in range(count):
        people = np.repeat(np.arange(40), 4)
        clips = pd.DataFrame(rng.normal(size=(160, 2)), columns=["a", "b"])
        clips["y"] = 0.4 * (clips["a"] + clips["b"]) + rng.normal(size=160)
        clips["y"] += 0.5 * rng.normal(size=40)[people]
        clips = clips.assign(subject=people, clip=range(160))
        options = {name: {"features": [name], **GRID} for name in "ab"}
        fits = dict.fromkeys("ab", fit_elastic)
        data = {"target": "y", "features": ["a"], "repeats": 10, "seed": rng}
        rows = repeat_splits(fits, clips, options=options, **data).tidy()
        row = rows.query("versus == 'b' and term == 'rmse'")
        hits.append(row["p_value"].item() < 0.05)
    assert np.mean(hits) <= 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / count)


def test_forests_have_a_seed_and_one_split_is_refused(draw_clips):
    clips = draw_clips(subjects=12, seed=3).drop(columns="score_pooled")
    data = {"target": "score", "features": ["motion"], "seed": 1}
    options = {"forest": {"trees": 3, "min_leaves": [5]}}
    first, second = (
        repeat_splits({"forest": fit_forest}, clips, repeats=2, options=options, **data).tidy()
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    with pytest.raises(OptionError, match="repeats is 1"):
        repeat_splits({"net": fit_elastic}, clips, repeats=1, **data)


def test_splits_in_which_nothing_was_learned_count_as_no_correlation(draw_clips):
    """A large alpha leaves no weight, so that all test clips get the mean of training."""
    clips = draw_clips(subjects=20, seed=3).drop(columns="score_pooled")
    data = {"target": "score", "features": ["motion"], "repeats": 4, "seed": 4}
    options = {"flat": {"alphas": [1e6], "l1_ratios": [1.0]}}
    found = repeat_splits({"flat": fit_elastic}, clips, options=options, **data)
    row = found.tidy().query("term == 'correlation'").iloc[0]
    assert (row["estimate"], row["splits"]) == (0.0, 4)
    told = "splits in which all clips got one prediction count as r = 0: 4 of flat"
    assert row["note"] == f"{told}; no interval: the same in all splits"
    assert np.isnan(row["conf_low"])
    assert found.sentence().startswith("Test RMSE of flat over 4 splits by subjects, with 95%")


def test_models_that_no_split_tells_apart_have_no_interval(draw_clips):
    clips = draw_clips(subjects=20, seed=3).drop(columns="score_pooled")
    fits = {"net": fit_elastic, "again": fit_elastic}
    data = {"target": "score", "features": ["motion"], "repeats": 3, "seed": 1}
    found = repeat_splits(fits, clips, options=dict.fromkeys(fits, GRID), **data)
    rows = found.tidy().query("versus.notna()")
    assert rows["estimate"].eq(0).all()
    assert rows[["std_error", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    assert rows["note"].eq("no interval: the same in all splits").all()
    told = "net minus again 0.00 (no interval: the same in all splits), better in 0 of 3 splits."
    assert found.sentence().endswith(told)


def test_what_has_no_test_scores_in_numbers_is_refused(draw_clips):
    clips = draw_clips(subjects=20, seed=3).drop(columns="score_pooled")
    data = {"target": "score", "features": ["motion"], "repeats": 2, "seed": 1}
    with pytest.raises(OptionError, match="test is 0"):
        repeat_splits({"net": fit_elastic}, clips, train=0.6, validate=0.4, test=0, **data)
    clips["score"] = np.where(clips["score"] > 0, "high", "low")
    with pytest.raises(OptionError, match="'score' holds classes"):
        repeat_splits({"trees": fit_forest}, clips, options={"trees": {"trees": 3}}, **data)
