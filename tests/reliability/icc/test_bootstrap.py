"""The cluster bootstrap against tables put together from drawn subjects.

Tolerance 1e-10: weighted sums against rows that were really repeated.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.inference.resampling.clusters import count_clusters, draw_clusters
from exprstats.parallel import spawn_seeds
from exprstats.reliability import rate_reliability
from exprstats.reliability.icc.analysis import analyse_crossed, analyse_nested, analyse_panel
from exprstats.reliability.icc.bootstrap import prepare_measure
from exprstats.reliability.icc.estimands import measure_estimand, move_reliability
from exprstats.reliability.icc.nested import find_subject_divisors
from exprstats.reliability.icc.panels import split_panels


def build_sample(table, drawn):
    """Return the rows of drawn subjects; each copy has a name and clips of its own."""
    names = table["subject"].unique()
    copies = [
        table[table["subject"] == names[code]].assign(copy=str(place))
        for place, code in enumerate(drawn)
    ]
    rows = pd.concat(copies, ignore_index=True)
    return rows.assign(clip=rows["copy"] + rows["clip"], subject=rows["copy"])


@pytest.mark.parametrize("analyse", [analyse_panel, analyse_crossed, analyse_nested])
def test_weighted_sums_equal_repeated_rows(make_crowd, analyse):
    table = make_crowd(3, subjects=8, clips=3, workers=7)
    [panel] = split_panels(table)
    analysis = analyse(panel, 0.95)
    groups = panel.n_subjects or panel.n_clips
    drawn = draw_clusters(spawn_seeds(1, 1)[0], [np.arange(groups)])[:10]
    found = prepare_measure(analysis)(count_clusters(drawn, groups))
    base = analysis.families[0].base
    for place, codes in enumerate(drawn):
        # The contract forbids a rater to rate a clip twice: copies have clips of their own.
        [sample] = split_panels(build_sample(table, codes))
        again = analyse(sample, 0.95)
        if analyse is analyse_panel:
            family = again.families[0]
            expected = [move_reliability(family.value, family.base, base)]
        else:
            divisors = find_subject_divisors(panel, analysis.counts) | {"k": base}
            expected = [
                float(measure_estimand(family.estimand, again.components, divisors))
                for family in again.families
            ]
        np.testing.assert_allclose(found[:, place], expected, atol=1e-10)


def test_bootstrap_rows_beside_the_others(crowd):
    result = rate_reliability(crowd, draws=600, seed=1).table
    rows = result[result["method"] == "bootstrap"]
    assert (rows["draws"] == 600).all()
    assert not rows["headline"].any()
    assert (rows["conf_low"] < rows["estimate"]).all()
    assert rows["note"].str.contains("600 draws of 12 subjects").all()
    jackknife = result.query("headline").iloc[0]
    same = rows[rows["k_rule"] == "harmonic"].iloc[0]
    assert same["std_error"] == pytest.approx(jackknife["std_error"], rel=0.6)


def test_the_seed_decides_and_more_draws_begin_with_the_same(crowd):
    one, two, other = (
        rate_reliability(crowd, draws=300, seed=seed).table["conf_low"] for seed in (1, 1, 2)
    )
    assert one.equals(two)
    assert not one.equals(other)


def test_clips_are_drawn_where_subjects_are_not_known(crowd):
    table = rate_reliability(crowd, cluster=None, draws=300, seed=1).table
    rows = table[table["method"] == "bootstrap"]
    assert rows["note"].str.contains("300 draws of 48 clips").all()


def test_standard_error_is_that_of_fresh_samples(make_crowd):
    """Own raters: subjects are the only clusters, so the bootstrap SE is the sampling SD."""
    found, errors = [], []
    for seed in range(60):
        table = make_crowd(seed, subjects=30, workers=4000)
        rows = rate_reliability(table, draws=200, seed=1).table.query("method == 'bootstrap'")
        found.append(rows["estimate"].iloc[0])
        errors.append(rows["std_error"].iloc[0])
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.3)


def test_an_interval_is_refused_above_five_percent_of_undefined_draws(make_ratings):
    """Of three clips, one alone is drawn in 1 of 9 draws: nothing then varies between clips."""
    table = rate_reliability(make_ratings([[1, 2], [3, 5], [8, 8]]), draws=1000, seed=1).table
    rows = table[table["method"] == "bootstrap"]
    assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
    assert rows["note"].str.startswith("interval refused: 1,000 draws of 3 clips").all()
    lost = 1000 - rows["draws"].iloc[0]
    assert lost / 1000 == pytest.approx(1 / 9, abs=0.04)
