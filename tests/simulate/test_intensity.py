"""Simulated smiles: labels, neutral levels and peaks are those that were drawn.

A neutral level is the mean of 1,080 values with SD .1, standard error .003, or .03 labels; 5 of
them are allowed. The mean of 400 exponential levels has standard error .01; 4 are allowed.
"""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import OptionError

PLACES = {"x_48": (290, -8), "y_48": (260, -6), "x_54": (350, 8), "y_54": (260, -6)}


@pytest.fixture(scope="module")
def study():
    return ex.simulate_intensity(subjects=12, seed=3)


def test_labels_of_the_units_are_those_of_the_true_intensity(study):
    found = ex.label_intensity(study.frames)
    np.testing.assert_allclose(found["intensity"], study.frames["intensity"], atol=1e-12)
    tenths = np.floor(10 * study.frames["intensity"] + 0.5 + 1e-9)
    assert found["label"].astype(int).tolist() == tenths.astype(int).tolist()
    assert set(found["label"]) == set(range(11))


def test_neutral_levels_are_what_corners_show_beyond_the_intensity(study):
    frames = study.frames
    moved = [(frames[name] - rest) / way for name, (rest, way) in PLACES.items()]
    extra = (pd.concat(moved, axis=1).mean(axis=1) - frames["intensity"]) * 10
    found = extra.groupby(frames["subject"]).mean()
    known = study.truth.query("term == 'neutral'").set_index("subject")["truth"]
    np.testing.assert_allclose(found, known.loc[found.index], atol=0.15)


def test_peaks_are_those_of_the_frames_and_the_last_is_full(study):
    known = study.truth.query("term == 'peak'").set_index(["subject", "task"])["truth"]
    found = study.frames.groupby(["subject", "task"])["intensity"].max()
    pd.testing.assert_series_equal(found, known.loc[found.index], check_names=False)
    assert found.xs("smile more", level="task").eq(1).all()
    assert found.xs("smile", level="task").between(0.35, 0.75).all()


def test_levels_are_never_below_zero_and_have_their_mean():
    truth = ex.simulate_intensity(subjects=400, seed=1).truth.query("term == 'neutral'")["truth"]
    assert truth.min() >= 0
    assert truth.mean() == pytest.approx(2, abs=0.4)


def test_seeds_repeat_and_levels_can_be_alike():
    one, other = (ex.simulate_intensity(subjects=2, neutral_sd=0, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.frames, other.frames)
    assert one.truth.query("term == 'neutral'")["truth"].eq(0).all()


@pytest.mark.parametrize("options", [{"subjects": 0}, {"neutral_sd": -1}, {"noise": np.nan}])
def test_what_cannot_be_is_refused(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        ex.simulate_intensity(**options)
