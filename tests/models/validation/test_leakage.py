"""Leakage is found where people carry it and not where they do not.

Tolerance: exact against the same fits made by hand; thresholds far from the simulated values.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataWarning, OptionError
from exprstats.models import fit_elastic, fit_forest, fold_subjects, measure_leakage, split_subjects
from exprstats.parallel import spawn_seeds

FEATURES = [f"feature{i}" for i in range(6)]


def draw_people(carry, subjects=30, clips=10, seed=1):
    """Clips whose features name the person, and whose score is the person (if ``carry``)."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(subjects), clips)
    table = pd.DataFrame(
        rng.normal(size=(subjects, 6))[codes] + 0.1 * rng.normal(size=(len(codes), 6)),
        columns=FEATURES,
    )
    person = rng.normal(size=subjects)[codes] if carry else rng.normal(size=len(codes))
    table["score"] = person + 0.3 * rng.normal(size=len(codes))
    table["subject"] = [f"S{code}" for code in codes]
    table["clip"] = range(len(codes))
    return table


def read(leakage, split, term="correlation"):
    rows = leakage.table[(leakage.table["split"] == split) & (leakage.table["term"] == term)]
    return rows["estimate"].item()


def measure(clips, fit=fit_forest, **options):
    if fit is fit_forest:
        options = {"trees": 20, "min_leaves": [1], "max_features": [1.0], **options}
    return measure_leakage(fit, clips, target="score", features=FEATURES, seed=1, **options)


def test_a_forest_learns_who_people_are():
    found = measure(draw_people(carry=True), repeats=3)
    assert read(found, "rows") > 0.75
    assert read(found, "subjects") < 0.5
    assert read(found, "rows - subjects") > 0.4
    assert read(found, "rows - subjects", "rmse") < -0.2
    assert "test correlation would have been .8" in found.sentence()


def test_without_people_in_the_score_nothing_leaks():
    found = measure(draw_people(carry=False), repeats=4)
    # r of 60 test clips has SE .13; the four splits overlap.
    assert abs(read(found, "rows - subjects")) < 0.3


def test_the_scores_are_those_of_the_fits():
    clips = draw_people(carry=True)
    found = measure(clips, fit_elastic, repeats=2)
    wanted = []
    for one in spawn_seeds(1, 2):
        parts = split_subjects(clips, seed=np.random.default_rng(one))
        models = fit_elastic(clips, target="score", features=FEATURES, parts=parts)
        rows = models.table[(models.table["part"] == "test") & (models.table["term"] == "rmse")]
        wanted.append(rows["estimate"].item())
    assert read(found, "subjects", "rmse") == pytest.approx(np.mean(wanted), rel=1e-12)
    spread = found.table.query("split == 'subjects' and term == 'rmse'")["split_sd"].item()
    assert spread == pytest.approx(np.std(wanted, ddof=1), rel=1e-12)
    again = measure(clips, fit_elastic, repeats=2)
    pd.testing.assert_frame_equal(found.table, again.table)


def test_contexts_and_the_pool(draw_clips):
    clips = draw_clips(subjects=15)
    found = measure_leakage(
        fit_elastic,
        clips,
        target="score",
        features=["motion", "gaze"],
        by="context",
        repeats=2,
        seed=1,
        alphas=[0.1],
        l1_ratios=[0.5],
    )
    assert len(found.table) == 4 * 2 * 3
    assert found.table["context"].isna().sum() == 6
    assert found.glance().columns.to_list() == ["repeats", "rmse_change", "correlation_change"]


def test_warnings_about_the_rows_are_kept_quiet_and_errors_are_not(draw_clips):
    clips = draw_people(carry=True).assign(feature0=1.0)
    measure(clips, fit_elastic, repeats=1)
    with pytest.warns(DataWarning, match="do not vary"):
        parts = split_subjects(clips, seed=1)
        fit_elastic(clips, target="score", features=FEATURES, parts=parts)
    with pytest.raises(OptionError, match="repeats is 0"):
        measure(clips, fit_elastic, repeats=0)


def test_the_order_of_rows_does_not_matter():
    clips = draw_people(carry=True, subjects=12)
    one, other = (
        measure(given, fit_elastic, repeats=2).table
        for given in (clips, clips.sample(frac=1, random_state=1))
    )
    assert one["estimate"].to_numpy() == pytest.approx(other["estimate"].to_numpy(), rel=1e-9)


def test_folds_and_classes_are_refused():
    clips = draw_people(carry=True)
    with pytest.raises(OptionError, match="Leave folds out"):
        measure(clips, fit_elastic, repeats=1, folds=fold_subjects(clips, seed=1))
    faces = clips.assign(score=np.where(clips["score"] > 0, "smile", "calm"))
    with pytest.raises(OptionError, match="'score' holds classes"):
        measure(faces, fit_forest, repeats=1, trees=2)
