"""Predictions of several models in one table, and what may not be put together."""

import numpy as np
import pytest

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, OptionError
from exprstats.models import fit_elastic, guess_normal, split_subjects, stack_predictions


@pytest.fixture(scope="module")
def elastic(clips):
    parts = split_subjects(clips, seed=1)
    return fit_elastic(
        clips, target="score", features=["motion", "gaze"], parts=parts, by="context"
    )


def test_stacking_keeps_the_test_part(elastic):
    normal = guess_normal(elastic.predictions, seed=1)
    found = stack_predictions(elastic, normal)
    check_table(found, PREDICTIONS)
    assert set(found["part"]) == {"test"}
    assert list(found["model"].unique()) == ["elastic", "normal"]
    test = elastic.predictions.query("part == 'test'")
    assert len(found) == 2 * len(test)
    np.testing.assert_array_equal(
        found.query("model == 'elastic'")["prediction"], test["prediction"]
    )
    assert len(stack_predictions(elastic, part=None)) == len(elastic.predictions)


def test_two_models_of_one_name(elastic):
    with pytest.raises(DataError, match="calls its model 'elastic'"):
        stack_predictions(elastic, elastic.predictions)


def test_truths_that_differ(elastic):
    other = elastic.predictions.assign(model="other")
    other["truth"] = other["truth"].where(other["clip"] != "pain_0", 9.0)
    with pytest.raises(DataError, match=r"2 clips have different truths.*pain_0"):
        stack_predictions(elastic, other, part=None)


def test_nothing_to_stack_and_unknown_parts(elastic):
    with pytest.raises(OptionError, match="at least one model"):
        stack_predictions()
    with pytest.raises(OptionError, match="train, validate, test"):
        stack_predictions(elastic, part="holdout")
    with pytest.raises(OptionError, match="a NoneType holds no predictions"):
        stack_predictions(elastic, None)
