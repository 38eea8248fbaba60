"""The simulated reactions: their truth in large samples, and the coverage of intervals over videos.

4 standard errors of one of 150 values: chance exceeds it once in 100 studies. Coverage: 95% ± 4
Monte-Carlo standard errors of the share of intervals that hold the truth.
"""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import OptionError

NAMES = ["amusement", "concentration", "interest", "surprise"]
KEYS = ["source", "group", "expression", "versus", "model", "rule", "term"]


def gather(study, draws=100):
    """Return every estimate of a study beside its truth."""
    labels = ex.measure_labels(study.machine, by="group").table.assign(source="labels")
    people = ex.compare_annotators(study.human, study.machine).table
    cut = study.machine.assign(**{name: (study.machine[name] >= 0.5) * 1.0 for name in NAMES})
    scores = ex.rate_evoked(cut, study.predictions, draws=draws, seed=1).table
    share = study.human.groupby(["video", "time"], as_index=False)[NAMES].mean()
    options = {"metrics": ["correlation"], "draws": draws, "seed": 1}
    seen = ex.rate_evoked(share, {"machine": study.machine}, **options).table
    scores = pd.concat([scores, seen]).assign(source="scores")
    scores = scores[scores["headline"] & scores["versus"].isna()]
    found = pd.concat([labels, people, scores], ignore_index=True)
    tables = [
        one.reindex(columns=[*KEYS, *more]).copy()
        for one, more in (
            (found, ("estimate", "std_error", "conf_low", "conf_high")),
            (study.truth, ("truth",)),
        )
    ]
    for one in tables:
        one[KEYS] = one[KEYS].astype(object).where(one[KEYS].notna(), "")
    return tables[1].merge(tables[0], on=KEYS, how="left")


def test_large_samples_find_every_true_value():
    found = gather(ex.simulate_evoked(videos=600, seed=2))
    assert len(found) > 150
    away = (found["estimate"] - found["truth"]) / found["std_error"]
    # Chance is exact up to the prevalence, whose error it shares.
    assert away.notna().all()
    assert away.abs().max() < 4


def check_coverage(studies, videos, seed):
    found = pd.concat(
        gather(ex.simulate_evoked(videos=videos, seed=seed + one)) for one in range(studies)
    )
    held = found["conf_low"].le(found["truth"]) & found["conf_high"].ge(found["truth"])
    known = found["conf_low"].notna()
    shares = held[known].groupby([found.loc[known, one] for one in ("source", "term")]).mean()
    sizes = found[known].groupby(["source", "term"]).size()
    return shares, sizes, studies


def test_intervals_over_videos_hold_the_truth():
    shares, _, studies = check_coverage(10, 50, 100)
    # Values of one study go together: count studies, not intervals.
    assert (shares > 0.95 - 4 * np.sqrt(0.95 * 0.05 / studies)).all(), shares
    assert 0.91 < shares.mean() < 0.98


@pytest.mark.slow
def test_intervals_over_videos_hold_the_truth_in_full():
    shares, _, studies = check_coverage(400, 60, 1000)
    assert (shares > 0.95 - 4 * np.sqrt(0.95 * 0.05 / studies)).all(), shares
    assert (shares < 0.985).all(), shares


def test_unrelated_studies_have_no_lift_and_no_differences():
    found = gather(ex.simulate_evoked(videos=300, related=False, seed=3))
    plain = found[found["term"].isin(["lift", "share_difference", "label_share_difference"])]
    null = np.where(plain["term"].eq("lift"), 1.0, 0.0)
    np.testing.assert_allclose(plain["truth"], null, atol=1e-12)
    away = (plain["estimate"] - plain["truth"]) / plain["std_error"]
    assert away.abs().max() < 4


def test_the_seed_repeats_and_small_numbers_are_refused():
    one, other = (ex.simulate_evoked(videos=5, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.human, other.human)
    with pytest.raises(OptionError, match="annotators"):
        ex.simulate_evoked(annotators=1)
