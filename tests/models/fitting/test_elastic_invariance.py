"""What must not matter to the elastic net: order, units, labels.

Tolerances: 1e-9 where sums are taken in another order, 1e-6 where coordinate descent goes round
the features in another order or at another scale; exact for labels.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.models import fit_elastic, split_subjects

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, seed=1)


@pytest.fixture(scope="module")
def models(clips, parts):
    return fit_by(clips, parts)


def fit_by(clips, parts, **options):
    return fit_elastic(
        clips, target="score", features=FEATURES, parts=parts, by="context", **options
    )


def pick(models, context, term):
    table = models.table
    return table[(table["context"] == context) & (table["term"] == term)]


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_row_order_does_not_matter(clips, parts, models, random):
    order = list(range(len(clips)))
    random.shuffle(order)
    found = fit_by(clips.iloc[order], parts)
    wanted = models.predictions.set_index(["clip", "fitted_on"])["prediction"]
    given_back = found.predictions.set_index(["clip", "fitted_on"])["prediction"]
    pd.testing.assert_series_equal(given_back.reindex(wanted.index), wanted, rtol=1e-9, atol=1e-9)


@given(st.permutations(FEATURES))
@settings(max_examples=10, deadline=None)
def test_feature_order_does_not_matter(clips, parts, models, names):
    found = fit_elastic(clips, target="score", features=names, parts=parts, by="context")
    wanted = pick(models, "startle", "weight").set_index("feature")["estimate"]
    given_back = pick(found, "startle", "weight").set_index("feature")["estimate"]
    np.testing.assert_allclose(given_back[wanted.index], wanted, atol=1e-6)


@given(st.floats(0.001, 1e4) | st.floats(-1e4, -0.001), st.floats(-1e3, 1e3))
@settings(max_examples=15, deadline=None)
def test_units_of_a_feature_do_not_matter_and_a_flip_flips(clips, parts, models, scale, move):
    before = clips.copy(deep=True)
    found = fit_by(clips.assign(motion=clips["motion"] * scale + move), parts)
    wanted = pick(models, "startle", "weight")["estimate"].to_numpy().copy()
    wanted[0] *= np.sign(scale)
    np.testing.assert_allclose(pick(found, "startle", "weight")["estimate"], wanted, atol=1e-6)
    np.testing.assert_allclose(
        found.predictions["prediction"], models.predictions["prediction"], atol=1e-6
    )
    pd.testing.assert_frame_equal(clips, before)


def test_context_labels_do_not_matter(clips, parts, models):
    names = {"startle": "c", "pain": "a", "disgust": "b"}
    found = fit_by(clips.assign(context=clips["context"].map(names)), parts)
    np.testing.assert_array_equal(found.table["estimate"], models.table["estimate"])
    assert list(found.table["context"].dropna().unique()) == ["c", "a", "b"]
