"""Pairing moves rows and changes none; a planted difference between contexts is found."""

import numpy as np
import pytest

from exprstats.errors import DataError
from exprstats.inference import compare_models
from exprstats.models import fit_elastic, pair_pooled, split_subjects, stack_predictions
from exprstats.tables import PREDICTIONS, check_table

FEATURES = ["motion", "gaze", "blink", "still"]


def fit(clips, **options):
    parts = split_subjects(clips, seed=1)
    return fit_elastic(clips, target="score", features=FEATURES, parts=parts, **options)


@pytest.fixture(scope="module")
def models(clips):
    return fit(clips, by="context", pooled_target="score")


def test_each_clip_has_both_predictions_and_one_truth(models):
    paired = pair_pooled(models)
    check_table(paired, PREDICTIONS)
    wide = paired.pivot_table(index=["context", "clip"], columns="model", values="prediction")
    for name, kind in (("elastic", "context"), ("elastic pooled", "all")):
        rows = models.predictions[models.predictions["fitted_on"] == kind]
        wanted = rows.set_index(["context", "clip"])["prediction"][wide.index]
        np.testing.assert_array_equal(wide[name], wanted)
    assert (paired.groupby(["context", "clip"])["truth"].nunique() == 1).all()


def test_the_order_of_clips_does_not_matter(clips, models):
    again = fit(clips.sample(frac=1, random_state=1), by="context", pooled_target="score")
    tables = [
        pair_pooled(one).set_index(["model", "context", "clip"]).sort_index()[["prediction"]]
        for one in (models, again)
    ]
    np.testing.assert_allclose(*tables, atol=1e-9)


def test_contexts_that_differ_gain_from_models_of_their_own(draw_clips):
    models = fit(draw_clips(subjects=100, seed=2), by="context", pooled_target="score")
    test = stack_predictions(pair_pooled(models))
    found = compare_models(test, metrics="rmse", by="context", draws=200, seed=1).table
    rows = found[found["versus"].notna() & found["headline"] & found["context"].notna()]
    assert set(rows["term"]) == {"elastic - elastic pooled"}
    gain = rows.set_index("context")["conf_high"]
    assert gain["disgust"] < 0
    assert gain["pain"] < 0


def test_other_scores_and_no_contexts_are_refused(clips):
    with pytest.raises(DataError, match="predicts other scores"):
        pair_pooled(fit(clips, by="context"))
    with pytest.raises(DataError, match="fitted to all clips only"):
        pair_pooled(fit(clips))
