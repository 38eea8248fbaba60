"""Equal items and equal contexts: against lavaan by hand, and by simulation.

Tolerances: 1e-5 against lavaan (a χ² moves by its optimiser's 1e-7 times n); rejection rates within
3 of their own standard errors. Witnesses: lavaan from the rows with its own identification (first
loading 1), and, for clusters of one clip, the likelihood-ratio test itself.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning, RError
from exprstats.measurement import check_invariance, compare_restrictions
from exprstats.measurement.factor.items import take_items
from exprstats.measurement.factor.moments import sum_factor_clusters
from exprstats.measurement.invariance import contrast_groups

ORACLES = Path(__file__).parents[1] / "oracles" / "measurement"
ITEMS = ["x1", "x2", "x3"]
NAMES = {"chisq": "chisq", "df": "df", "p_value": "pvalue", "cfi": "cfi", "rmsea": "rmsea"}
NAMES |= {name: name for name in ("chisq_change", "df_change", "p_change")}


@pytest.fixture(scope="module")
def holzinger():
    return pd.read_csv(ORACLES / "holzinger.csv", dtype={"clip": str})


@pytest.fixture(scope="module")
def by_school(holzinger):
    """Return the function that compares schools in three items, once for each cluster."""
    return cache(
        lambda cluster=None: check_invariance(holzinger, items=ITEMS, by="school", cluster=cluster)
    )


def compare_steps(result, case):
    wanted = pd.read_csv(ORACLES / "invariance.csv")
    wanted = wanted[wanted["case"] == case].set_index("model")
    mine = result.steps[result.steps["context"].isna()].set_index("model")
    assert list(mine.index) == list(wanted.index)
    for model in mine.index:
        for ours, theirs in NAMES.items():
            number = wanted.loc[model, theirs]
            if mine.loc[model, "df"] == 0:
                assert ours == "df" or np.isnan(mine.loc[model, ours])
            elif not np.isnan(number):
                assert mine.loc[model, ours] == pytest.approx(number, abs=1e-5), (model, ours)


@pytest.mark.r
@pytest.mark.parametrize("p", [3, 4])
def test_invariance_is_what_lavaan_says_by_hand(holzinger, by_school, p):
    more = [*ITEMS, "x4"]
    result = by_school() if p == 3 else check_invariance(holzinger, items=more, by="school")
    compare_steps(result, f"groups{p}")
    assert result.glance()["holds"].item() == "metric"
    assert "equal loadings and intercepts (Δχ²" in result.sentence()
    assert "On these tests, equal loadings held." in result.sentence()


@pytest.mark.r
def test_equal_items_are_what_lavaan_says_by_hand(holzinger):
    result = compare_restrictions(holzinger, items=ITEMS, by="school")
    compare_steps(result, "items")
    assert result.steps["context"].dropna().unique().tolist() == ["Pasteur", "Grant-White"]
    row = result.tidy().iloc[-3]
    assert (row["model"], row["versus"], row["term"]) == ("parallel", "tau-equivalent", "chisq")
    assert result.receipt.versions["lavaan"]


@pytest.mark.r
def test_rows_without_df_have_no_indices(holzinger):
    rows = compare_restrictions(holzinger, items=ITEMS).tidy()
    first = rows[rows["model"] == "congeneric"]
    assert first["term"].tolist() == ["chisq"]
    assert first["note"].item() == "fits perfectly (df = 0): no test"


@pytest.mark.r
def test_with_one_clip_a_cluster_the_jackknife_is_close_to_the_likelihood_ratio(by_school):
    plain = by_school().steps.set_index("model")
    clustered = by_school("clip")
    steps = clustered.steps.set_index("model")
    for model in ("metric", "scalar", "strict"):
        ratio = steps.loc[model, "chisq_change"] / plain.loc[model, "chisq_change"]
        assert 0.8 < ratio < 1.2
        assert steps.loc[model, "df_change"] == plain.loc[model, "df_change"]
    assert "T²(2)" in clustered.sentence()
    changes = clustered.tidy()
    changes = changes[changes["versus"].notna() & (changes["term"] == "chisq")]
    assert set(changes["method"]) == {"jackknife"}


@pytest.mark.r
def test_units_do_not_matter_between_contexts(holzinger, by_school):
    stretched = holzinger.assign(x2=holzinger["x2"] * 1e5)
    for cluster in (None, "clip"):
        one = by_school(cluster).steps
        other = check_invariance(stretched, items=ITEMS, by="school", cluster=cluster).steps
        np.testing.assert_allclose(one["chisq_change"], other["chisq_change"], rtol=1e-4)


def simulate(rng, subjects, shift=0.0, stretch=0.0):
    """Return sums of clips of subjects who appear in all of three contexts."""
    n = subjects * 6
    subject, context = np.repeat(np.arange(subjects), 6), np.tile([0, 1, 2], n // 3)
    factor = (rng.normal(size=subjects)[subject] + rng.normal(size=n)) / np.sqrt(2)
    factor = factor * np.array([1, 1.3, 0.8])[context] + np.array([0, 0.5, -0.3])[context]
    loadings = np.tile([0.9, 0.8, 0.7], (n, 1))
    loadings[context == 1, 0] += stretch
    own = 0.4 * rng.normal(size=(subjects, 3))[subject]
    answers = factor[:, None] * loadings + rng.normal(size=(n, 3)) * 0.5 + own
    answers[context == 1, 1] += shift
    table = pd.DataFrame(answers, columns=ITEMS).assign(context=context.astype(str))
    return sum_factor_clusters(take_items(table, ITEMS, "context"), subject, subjects)[:-1]


def test_the_jackknife_keeps_its_level_where_subjects_are_shared():
    """Factor means and variances differ between contexts: no step may mistake that."""
    rng = np.random.default_rng(1)
    found = [contrast_groups(simulate(rng, 60), 60) for _ in range(200)]
    for step in ("metric", "scalar", "strict"):
        rejected = np.mean([one[step].p_value < 0.05 for one in found])
        assert rejected < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
        assert found[0][step].df == {"metric": 4, "scalar": 4, "strict": 6}[step]


def test_the_jackknife_finds_what_differs():
    rng = np.random.default_rng(2)
    shifted = [contrast_groups(simulate(rng, 140, shift=0.3), 140) for _ in range(20)]
    assert np.mean([one["scalar"].p_value < 0.05 for one in shifted]) > 0.8
    assert np.mean([one["metric"].p_value < 0.05 for one in shifted]) < 0.3
    stretched = [contrast_groups(simulate(rng, 140, stretch=0.4), 140) for _ in range(20)]
    assert np.mean([one["metric"].p_value < 0.05 for one in stretched]) > 0.8


@pytest.mark.r
def test_parallel_items_pass_and_others_do_not(draw):
    items = ["smile", "voice", "pose"]
    alike = compare_restrictions(draw(n=2000, loadings=(0.8, 0.8, 0.8)), items=items)
    assert alike.glance()["holds"].item() == "parallel"
    unlike = compare_restrictions(draw(n=2000, loadings=(0.9, 0.8, 0.4)), items=items)
    assert unlike.glance()["holds"].item() == "congeneric"
    assert "no restriction was tenable" in unlike.sentence()


@pytest.mark.r
def test_clustered_tests_of_items_are_scaled(draw):
    table = draw(n=400)
    scaled = compare_restrictions(table, items=["smile", "voice", "pose"], cluster="subject")
    plain = compare_restrictions(table, items=["smile", "voice", "pose"])
    assert set(scaled.tidy()["method"]) == {"robust"}
    assert scaled.tidy()["n_clusters"].unique().tolist() == [20]
    assert not np.allclose(scaled.steps["chisq"].iloc[1], plain.steps["chisq"].iloc[1])


def test_one_context_is_refused(draw):
    with pytest.raises(DataError, match="the data have 1 context"):
        check_invariance(draw(contexts=("calm",)), items=["smile", "voice", "pose"])


def test_without_r_there_is_no_test(draw, closed):
    with pytest.raises(RError):
        check_invariance(draw(), items=["smile", "voice", "pose"])


@pytest.mark.r
def test_clips_that_lack_an_item_are_left_out_and_told(draw):
    table = draw()
    table.loc[3, "pose"] = np.nan
    for verb in (compare_restrictions, check_invariance):
        with pytest.warns(DataWarning, match="1 of 120 clips lacks an item; they are left out"):
            steps = verb(table, items=["smile", "voice", "pose"]).steps
        assert steps["n_clips"].unique().tolist() == [119]


@pytest.mark.r
def test_the_unit_of_the_items_does_not_matter(draw):
    table = draw()
    tiny = table.assign(**{item: table[item] * 1e-9 for item in ("smile", "voice", "pose")})
    one, other = (
        compare_restrictions(given, items=["smile", "voice", "pose"]).steps
        for given in (table, tiny)
    )
    np.testing.assert_allclose(one["chisq"], other["chisq"], rtol=1e-5)
