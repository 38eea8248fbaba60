"""Correlations of cross-validated predictions: within folds and averaged.

Witness: numpy's correlation of each fold, left out subject by subject. Tolerance: 1e-10, the same
sums in another order. The simulation's shares have four standard errors of room.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.inference import compare_models, describe_methods

OPTIONS = {"draws": 250, "seed": 1}


def cross_validate(seed, groups=20, folds=5, repeats=1, models=("a", "b")):
    """Predictions of least squares on pure noise, each fold by the others' fit."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(groups), 8)
    truth = rng.normal(size=groups)[codes] + rng.normal(size=len(codes))
    frames = []
    for model in models:
        given = np.column_stack([np.ones(len(codes)), rng.normal(size=(len(codes), 6))])
        for repeat in range(repeats):
            dealt = (rng.permutation(groups) % folds)[codes]
            guess = np.empty(len(codes))
            for fold in range(folds):
                test = dealt == fold
                weights = np.linalg.lstsq(given[~test], truth[~test], rcond=None)[0]
                guess[test] = given[test] @ weights
            frame = pd.DataFrame({"clip": np.arange(len(codes)).astype(str), "truth": truth})
            frame["subject"] = [f"s{code:03}" for code in codes]
            frames.append(frame.assign(model=model, prediction=guess, fold=dealt, repeat=repeat))
    table = pd.concat(frames, ignore_index=True)
    return table.drop(columns="repeat") if repeats == 1 else table


def correlate(rows):
    return np.corrcoef(rows["truth"], rows["prediction"])[0, 1]


def test_folds_are_measured_apart_and_averaged():
    table = cross_validate(1)
    result = compare_models(table, metrics=["correlation", "rmse"], **OPTIONS)
    rows = result.table[result.table["headline"]].set_index(["metric", "term"])
    of_a = [part for _, part in table[table["model"] == "a"].groupby("fold")]
    estimate = np.mean([correlate(part) for part in of_a])
    row = rows.loc["correlation", "a"]
    assert row["estimate"] == pytest.approx(estimate, rel=1e-10)
    total = 0.0
    for part in of_a:
        names = part["subject"].unique()
        left = np.array([correlate(part[part["subject"] != name]) for name in names])
        total += (len(names) - 1) / len(names) * np.sum((left - left.mean()) ** 2)
    assert row["std_error"] == pytest.approx(np.sqrt(2 * total) / 5, rel=1e-10)
    plain = compare_models(table.drop(columns="fold"), metrics="rmse", **OPTIONS).table
    found = result.table[result.table["metric"] == "rmse"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, plain)


def test_repeats_are_averaged_too():
    table = cross_validate(2, repeats=3, models=("a",))
    rows = compare_models(table, metrics=["correlation", "mae"], **OPTIONS).table
    estimates = rows[rows["headline"]].set_index("metric")["estimate"]
    known = [correlate(part) for _, part in table.groupby(["repeat", "fold"])]
    assert estimates["correlation"] == pytest.approx(np.mean(known), rel=1e-10)
    errors = (table["truth"] - table["prediction"]).abs()
    assert estimates["mae"] == pytest.approx(errors.mean(), rel=1e-10)


def test_a_fold_for_each_subject_varies_between_folds():
    table = cross_validate(3, groups=12, folds=12, models=("a",))
    row = compare_models(table, metrics="correlation", **OPTIONS).table.query("headline").iloc[0]
    known = np.array([correlate(part) for _, part in table.groupby("fold")])
    assert row["estimate"] == pytest.approx(known.mean(), rel=1e-10)
    assert row["std_error"] == pytest.approx(np.sqrt(2 / 12) * known.std(ddof=1), rel=1e-10)


def test_a_column_of_another_name_and_what_is_said():
    table = cross_validate(4)
    named = table.rename(columns={"fold": "round"})
    one = compare_models(named, metrics="correlation", folds="round", **OPTIONS)
    other = compare_models(table, metrics="correlation", **OPTIONS)
    pd.testing.assert_frame_equal(one.table, other.table)
    told = "r is measured within folds (5) and averaged; because folds share training clusters"
    assert told in one.sentence() and told in describe_methods(one)
    assert "folds" not in compare_models(named, metrics="correlation", **OPTIONS).sentence()


def test_folds_that_share_a_subject_are_refused():
    table = cross_validate(5)
    table.loc[0, "fold"] = (table.loc[0, "fold"] + 1) % 5
    with pytest.raises(DataError, match="subject 's000' is in more than one fold"):
        compare_models(table, metrics="correlation", **OPTIONS)
    with pytest.raises(DataError, match="no column 'round'"):
        compare_models(table, metrics="correlation", folds="round", **OPTIONS)
    table.loc[0, "fold"] = np.nan
    with pytest.raises(DataError, match="fold"):
        compare_models(table, metrics="correlation", **OPTIONS)


@pytest.mark.parametrize("count", [30, pytest.param(120, marks=pytest.mark.slow)])
def test_noise_is_not_found_to_predict_backwards(count):
    # Studies of noise: 2.5 % of intervals may lie below 0, four standard errors for 120 are 5.7 %.
    below = {"within": 0, "pooled": 0}
    for seed in range(count):
        table = cross_validate(1000 + seed, models=("a",))
        pooled = table.drop(columns="fold")
        for name, rows in (("within", table), ("pooled", pooled)):
            found = compare_models(rows, metrics="correlation", interval="jackknife", draws=2)
            below[name] += found.table["conf_high"].item() < 0
    assert below["within"] <= (0.025 + 4 * np.sqrt(0.025 * 0.975 / count)) * count
    assert below["pooled"] >= 0.12 * count
