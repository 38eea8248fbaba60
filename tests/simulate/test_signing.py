"""The simulated corpus: its chances over many frames, and labels that its texts name.

Over 6,000 utterances the standard error of a probability is about .01; 4 of them are allowed.
"""

import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import OptionError


def test_chances_over_many_frames_are_the_stated_ones():
    study = ex.simulate_signing(utterances=6000, seed=1)
    found = ex.measure_cooccurrence(study.events, study.labels, draws=0).table
    both = found.merge(study.truth, on=["label", "feature", "term"])
    shares = both[both["term"].ne("lift")]
    assert len(shares) == 60
    assert (shares["estimate"] - shares["truth"]).abs().max() < 0.04


def test_texts_name_the_labels_through_punctuation():
    study = ex.simulate_signing(utterances=100, seed=2)
    found = ex.find_labels(study.events, study.lexicon)
    keys = ["utterance", "value", "start", "end"]
    pd.testing.assert_frame_equal(
        found[keys].sort_values(keys, ignore_index=True),
        study.labels[keys].sort_values(keys, ignore_index=True),
        check_dtype=False,
    )
    assert len(ex.find_labels(study.events, study.lexicon, tokens="spaces")) < len(found)


def test_without_associations_every_lift_is_1_and_seeds_repeat():
    one, other = (ex.simulate_signing(utterances=9, associated=False, seed=3) for _ in range(2))
    assert one.truth.query("term == 'lift'")["truth"].eq(1).all()
    pd.testing.assert_frame_equal(one.events, other.events)
    with pytest.raises(OptionError, match="signers"):
        ex.simulate_signing(signers=0)
