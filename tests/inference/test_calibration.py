"""Calibration of predictions against loops, local regressions and simulated new people.

Tolerances: 1e-9 for the same regression by scipy and numpy; 1e-6 for curves, whose neighbourhoods
end at the farthest of their clips; three Monte-Carlo standard errors for coverage of 400 studies.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress, t

from exprstats.errors import DataError, OptionError
from exprstats.inference import calibrate_models, compare_models
from exprstats.inference.calibration import find_half_width


def draw(rng, subjects=24, clips=5, slope=0.6, models=("net",)):
    n = subjects * clips
    rows = pd.DataFrame({"clip": range(n), "subject": np.arange(n) // clips})
    rows["context"] = np.where(rows["clip"] % 2, "joy", "pain")
    frames = []
    for name in models:
        guess = rng.normal(size=n)
        own = rng.normal(size=subjects)[rows["subject"]]
        truth = slope * guess + 0.5 * own + 0.7 * rng.normal(size=n)
        frames.append(rows.assign(model=name, prediction=guess, truth=truth))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("context", ["joy", None])
@pytest.mark.parametrize("level", [0.95, 0.9])
def test_slope_and_bias_are_those_of_a_regression_without_each_subject(context, level):
    rows = draw(np.random.default_rng(1))
    found = calibrate_models(rows, by="context", level=level).tidy()
    own = rows if context is None else rows[rows["context"] == context]
    here = found["context"].isna() if context is None else found["context"] == context
    found = found[here].set_index("term")
    subjects = own["subject"].unique()

    def measure(part):
        slope = linregress(part["prediction"], part["truth"]).slope
        return np.array([slope, (part["prediction"] - part["truth"]).mean()])

    whole = measure(own)
    without = np.array([measure(own[own["subject"] != one]) for one in subjects])
    groups = len(subjects)
    error = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    reach = t.ppf(0.5 + level / 2, groups - 1) * error
    shown = found.loc[["slope", "bias"]]
    np.testing.assert_allclose(shown["estimate"], whole, rtol=1e-9)
    np.testing.assert_allclose(shown["std_error"], error, rtol=1e-9)
    np.testing.assert_allclose(shown["conf_low"], whole - reach, rtol=1e-9)
    np.testing.assert_allclose(shown["conf_high"], whole + reach, rtol=1e-9)


def test_the_half_width_is_a_weighted_quantile():
    rng = np.random.default_rng(2)
    sizes = rng.integers(1, 7, size=30)
    codes = np.repeat(np.arange(30) * 3, sizes)
    errors = rng.exponential(size=len(codes))
    for level in (0.5, 0.8, 0.95):
        held = [
            sum((errors[codes == one] <= width).mean() for one in set(codes)) / 31
            for width in sorted(errors)
        ]
        wanted = sorted(errors)[next(at for at, share in enumerate(held) if share >= level)]
        assert find_half_width(errors, codes, level) == wanted
    # Equal clusters of one clip: the order statistic of split conformal prediction.
    single = rng.exponential(size=39)
    assert find_half_width(single, np.arange(39), 0.95) == np.sort(single)[37]


@pytest.mark.parametrize("clips", [1, 6])
def test_limits_hold_clips_of_new_people_as_often_as_they_say(clips):
    rng = np.random.default_rng(3)
    held = []
    for _ in range(400):
        spread = np.exp(0.5 * rng.normal(size=31))
        errors = np.abs(
            0.6 * rng.normal(size=(31, 1)) + spread[:, None] * rng.normal(size=(31, clips))
        )
        width = find_half_width(errors[:30].ravel(), np.repeat(np.arange(30), clips), 0.9)
        held.append((errors[30] <= width).mean())
    error = np.std(held) / np.sqrt(len(held))
    assert 0.9 - 3 * error < np.mean(held) < 0.9 + 1 / 31 + 3 * error


def test_curves_are_local_lines_with_jackknife_bands():
    rows = draw(np.random.default_rng(4), subjects=8, clips=6)
    curves = calibrate_models(rows).curves

    def smooth(part, at):
        x, y = part["prediction"].to_numpy(), part["truth"].to_numpy()
        near = int(0.75 * len(x) + 1e-10)
        apart = np.abs(x - at)
        weights = np.clip(1 - (apart / np.sort(apart)[near - 1]) ** 3, 0, None) ** 3
        return np.polyval(np.polyfit(x - at, y, 1, w=np.sqrt(weights)), 0)

    for place in (0, 12, 24):
        row = curves.iloc[place]
        at = row["prediction"]
        assert row["truth"] == pytest.approx(smooth(rows, at), abs=1e-6)
        without = np.array([smooth(rows[rows["subject"] != one], at) for one in range(8)])
        reach = t.ppf(0.975, 7) * np.sqrt(7 / 8 * ((without - without.mean()) ** 2).sum())
        assert row["conf_high"] - row["truth"] == pytest.approx(reach, rel=1e-4)
    assert len(curves) == 25
    ends = np.quantile(rows["prediction"], [0.025, 0.975])
    np.testing.assert_allclose(curves["prediction"].iloc[[0, -1]], ends)


def test_edges_are_named():
    rows = draw(np.random.default_rng(5), subjects=12, models=("net", "flat"))
    rows.loc[rows["model"] == "flat", "prediction"] = 0.3
    rows["truth"] = rows.groupby("clip")["truth"].transform("first")
    found = calibrate_models(rows)
    table = found.tidy().set_index(["model", "term"])
    assert pd.isna(table.loc[("flat", "slope"), "estimate"])
    assert "12 subjects are too few" in table.loc[("net", "half_width"), "note"]
    assert "need 19" in table.loc[("net", "half_width"), "note"]
    assert set(found.curves["model"]) == {"net"}
    assert "flat: bias" in found.sentence()
    # Limits of a lower probability need fewer people.
    lower = calibrate_models(rows, level=0.9).tidy().set_index(["model", "term"])
    assert np.isfinite(lower.loc[("net", "half_width"), "estimate"])
    with pytest.raises(OptionError):
        calibrate_models(rows, level=95)
    with pytest.raises(DataError):
        calibrate_models(rows[rows["subject"] < 2])


def test_raters_in_seats_are_left_out():
    rows = draw(np.random.default_rng(6), subjects=20)
    people = rows.assign(model="human", seat="W1")
    both = pd.concat([rows.assign(seat=None), people], ignore_index=True)
    pd.testing.assert_frame_equal(calibrate_models(both).tidy(), calibrate_models(rows).tidy())


@pytest.mark.parametrize("count", [80, pytest.param(200, marks=pytest.mark.slow)])
def test_slope_and_bias_of_the_population_are_covered(count):
    rng = np.random.default_rng(11)
    who = np.repeat(np.arange(28), 6)
    held = []
    for _ in range(count):
        guess = rng.normal(size=168) + 0.7 * rng.normal(size=28)[who]
        truth = 0.3 + 0.6 * guess + 0.5 * rng.normal(size=28)[who] + 0.8 * rng.normal(size=168)
        rows = pd.DataFrame({"clip": range(168), "subject": who, "model": "net"})
        rows = rows.assign(truth=truth, prediction=guess)
        metrics = ["calibration_slope", "bias"]
        table = compare_models(rows, metrics=metrics, interval="jackknife", draws=100).table
        held.append(table["conf_low"].le([0.6, -0.3]) & table["conf_high"].ge([0.6, -0.3]))
    share = np.mean(held, axis=0)
    assert (np.abs(share - 0.95) < 3 * np.sqrt(0.95 * 0.05 / count)).all()
