"""Items that run against the others in new clips, and not where the factor was fitted.

Witness: pandas' correlations.
"""

from __future__ import annotations

import warnings

import pytest

import exprstats as ex
from exprstats.errors import DataWarning


def test_an_item_that_is_turned_round_in_new_clips_is_named():
    study = ex.simulate_expressiveness(subjects=30, seed=4)
    means = ex.average_raters(study.ratings)
    items = ["response", "emotion", "motion"]
    factor = ex.fit_factor(means, items=items)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ex.score_clips(factor, means)
    turned = means.assign(emotion=4 - means["emotion"])
    pairs = turned[items].corr().loc["emotion", ["response", "motion"]].max()
    with pytest.warns(DataWarning, match="'emotion' runs against the other items") as got:
        ex.score_clips(factor, turned)
    told = f"{pairs:.2f}".replace("-0.", "−.")
    assert len(got) == 1 and f"(r = {told} at most)" in str(got[0].message)


def test_an_item_that_only_goes_its_own_way_is_not_called_turned():
    study = ex.simulate_expressiveness(subjects=30, seed=4)
    means = ex.average_raters(study.ratings)
    factor = ex.fit_factor(means, items=["response", "emotion", "motion"])
    shuffled = means["emotion"].sample(frac=1, random_state=1).to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ex.score_clips(factor, means.assign(emotion=shuffled))
