"""Baselines, against means taken by hand and known moments (4 standard errors)."""

import numpy as np
import pandas as pd
import pytest

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, OptionError
from exprstats.models import (
    fit_elastic,
    guess_majority,
    guess_mean,
    guess_normal,
    guess_uniform,
    split_subjects,
    stack_predictions,
)


@pytest.fixture(scope="module")
def elastic(clips):
    parts = split_subjects(clips, seed=1)
    return fit_elastic(
        clips, target="score", features=["motion", "gaze"], parts=parts, by="context"
    )


def test_uniform_guesses_fill_the_range(elastic):
    found = guess_uniform(elastic.predictions, low=-3.5, high=3.5, seed=1)
    check_table(found, PREDICTIONS)
    assert set(found["model"]) == {"uniform"}
    values = found.query("fitted_on == 'all'")["prediction"]
    assert values.between(-3.5, 3.5).all()
    # 480 draws: SD 7/sqrt(12) = 2.02, SE of the mean .092; the extremes come within .1.
    assert values.mean() == pytest.approx(0, abs=4 * 0.092)
    assert values.min() < -3.4
    assert values.max() > 3.4
    pd.testing.assert_frame_equal(
        found.drop(columns=["model", "prediction"]),
        elastic.predictions.drop(columns=["model", "prediction"]),
    )


def test_a_range_for_each_context(elastic):
    low = {"startle": 0.0, "pain": 10.0, "disgust": 20.0, None: 30.0}
    high = {key: value + 1 for key, value in low.items()}
    found = guess_uniform(elastic.predictions, low=low, high=high, seed=1)
    for key, value in low.items():
        own = found[(found["fitted_on"] == "all") if key is None else
                    (found["fitted_on"] == "context") & (found["context"] == key)]  # fmt: skip
        assert own["prediction"].between(value, value + 1).all()
    with pytest.raises(OptionError, match="low has no value for 'pain'"):
        guess_uniform(elastic.predictions, low={"startle": 0, "disgust": 0, None: 0}, high=high)


def test_low_above_high(elastic):
    with pytest.raises(OptionError, match=r"low \(2\) must be below high \(1\)"):
        guess_uniform(elastic.predictions, low=2, high=1)


def test_normal_guesses_are_standard(elastic):
    values = guess_normal(elastic.predictions, seed=1).query("fitted_on == 'all'")["prediction"]
    assert values.mean() == pytest.approx(0, abs=4 / np.sqrt(480))
    assert values.std() == pytest.approx(1, abs=4 / np.sqrt(2 * 480))


@pytest.mark.parametrize("guess", [guess_normal, lambda p, seed: guess_uniform(
    p, low=0, high=1, seed=seed)])  # fmt: skip
def test_a_clip_keeps_its_guess_whatever_the_row_order(elastic, guess):
    before = elastic.predictions.copy(deep=True)
    first = guess(elastic.predictions, seed=4)
    second = guess(elastic.predictions.sample(frac=1, random_state=1), seed=4)
    key = ["clip", "fitted_on"]
    pd.testing.assert_series_equal(
        first.set_index(key)["prediction"].sort_index(),
        second.set_index(key)["prediction"].sort_index(),
    )
    assert not first["prediction"].equals(guess(elastic.predictions, seed=5)["prediction"])
    pd.testing.assert_frame_equal(elastic.predictions, before)


def test_the_mean_is_that_of_the_training_clips_of_the_same_fit(elastic):
    found = guess_mean(elastic.predictions)
    frame = elastic.predictions
    for context in ("startle", "pain", "disgust"):
        own = frame[(frame["fitted_on"] == "context") & (frame["context"] == context)]
        own = own[own["part"] == "train"]
        here = (found["fitted_on"] == "context") & (found["context"] == context)
        told = found.loc[here, "prediction"]
        np.testing.assert_allclose(told, own["truth"].mean(), rtol=1e-12)
    pooled = frame.query("fitted_on == 'all' and part == 'train'")["truth"].mean()
    told = found.query("fitted_on == 'all'")["prediction"]
    np.testing.assert_allclose(told, pooled, rtol=1e-12)


def test_the_mean_needs_training_clips(elastic):
    with pytest.raises(DataError, match="no training clips"):
        guess_mean(elastic.predictions.query("part == 'test'"))


def test_the_skeleton_may_hold_several_models(elastic):
    both = stack_predictions(elastic, guess_normal(elastic.predictions, seed=1), part=None)
    again = guess_mean(both)
    assert len(again) == len(elastic.predictions)


def test_fitted_models_stand_for_their_predictions(elastic):
    for guess in (guess_mean, lambda rows: guess_normal(rows, seed=1)):
        pd.testing.assert_frame_equal(guess(elastic), guess(elastic.predictions))
    with pytest.raises(OptionError, match="a str holds no predictions"):
        guess_mean("elastic")


def test_of_equally_frequent_classes_the_first_is_the_majority():
    rows = pd.DataFrame({"clip": list("abcde"), "subject": list("stuvw"), "model": "forest"})
    rows = rows.assign(part=["train"] * 4 + ["test"], truth=[2.0, 1, 1, 2, 0], prediction=1.0)
    assert guess_majority(rows)["prediction"].tolist() == [1.0] * 5


def test_truths_of_seats_are_no_truths_of_clips():
    rows = pd.DataFrame({"clip": list("abcd"), "subject": list("stuv"), "model": "elastic"})
    rows = rows.assign(part=["train"] * 3 + ["test"], truth=[1.0, 2, 3, 4], prediction=0.0)
    seats = [rows.assign(model="human", seat=name, truth=9.0) for name in ("one", "two")]
    for order in ([*seats, rows], [rows, *seats]):
        guessed = guess_mean(pd.concat(order, ignore_index=True))
        assert guessed["truth"].tolist() == [1, 2, 3, 4]
        assert guessed["prediction"].tolist() == [2] * 4
