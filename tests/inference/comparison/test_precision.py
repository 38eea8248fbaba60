"""Planning against studies of the planned size, and the closed form of a mean.

Tolerance: standard deviations of 2,000 draws are good to 1.6 %, asked within 6 %.
"""

import statistics

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import OptionError
from exprstats.inference import plan_precision
from exprstats.inference.comparison.precision import count_needed, find_spread


def make_errors(subjects, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    person = rng.normal(size=subjects).repeat(3)
    table = {
        "clip": [f"c{n:04d}" for n in range(3 * subjects)],
        "subject": np.repeat([f"s{n:04d}" for n in range(subjects)], 3),
        "truth": 0.0,
    }
    frames = [
        pd.DataFrame(table).assign(
            model=name, prediction=person + rng.normal(size=3 * subjects) + by
        )
        for name, by in (("a", shift), ("b", 0.0))
    ]
    return pd.concat(frames, ignore_index=True)


def test_standard_errors_of_a_mean_fall_with_the_root_of_the_size():
    pilot = make_errors(40, seed=1)
    table = plan_precision(pilot, metrics="bias", sizes=(20, 80), seed=1).table
    means = pilot[pilot["model"] == "a"].groupby("subject")["prediction"].mean()
    found = table[table["term"] == "a"].set_index("n_clusters")
    for size in (20, 80):
        known = means.std(ddof=1) / np.sqrt(size)
        assert found.loc[size, "std_error"] == pytest.approx(known, rel=0.06)
        reach = stats.t.ppf(0.975, size - 1)
        assert found.loc[size, "width"] == pytest.approx(2 * reach * known, rel=0.06)


def test_a_small_pilot_is_not_taken_for_the_whole():
    # Six subjects drawn from six vary by 5/6 of what six new ones would: 9 % in the SE, which
    # 20,000 draws tell from sampling error (0.5 %).
    pilot = make_errors(6, seed=2)
    options = {"metrics": "bias", "sizes": (6,), "draws": 20_000, "seed": 1}
    found = plan_precision(pilot, **options).table
    means = pilot[pilot["model"] == "b"].groupby("subject")["prediction"].mean()
    planned = found.loc[found["term"] == "b", "std_error"].item()
    assert planned == pytest.approx(means.std(ddof=1) / np.sqrt(6), rel=0.02)


@pytest.mark.parametrize("width", [0.1, 0.2, 0.5, 0.75, 0.9, 1, 1.1, 1.2, 1.25, 1.4, 1.8])
def test_the_needed_number_gives_the_wanted_width(width):
    spread = 0.5 / np.sqrt(100)
    needed = count_needed(width, np.array([spread]), [100], 0.95)
    assert 2 * stats.t.ppf(0.975, needed - 1) * 0.5 / np.sqrt(needed) <= width
    assert 2 * stats.t.ppf(0.975, needed - 2) * 0.5 / np.sqrt(needed - 1) > width


def test_planned_widths_are_those_of_real_studies_of_that_size():
    # Widths of 100 fresh studies of 60 subjects; the pilot itself has 300, so that its own
    # sampling error (4 %) is small.
    table = plan_precision(make_errors(300, seed=2), metrics="rmse", sizes=(60,), seed=1).table
    values = []
    for seed in range(300):
        study = make_errors(60, seed=1000 + seed)
        values.append(np.sqrt((study[study["model"] == "a"]["prediction"] ** 2).mean()))
    planned = table[table["term"] == "a"]["std_error"].iloc[0]
    assert planned == pytest.approx(np.std(values, ddof=1), rel=0.15)


def test_power_is_that_of_the_paired_t_test():
    from statsmodels.stats.power import TTestPower

    pilot = make_errors(200, seed=3, shift=0.3)
    table = plan_precision(pilot, metrics="bias", sizes=(30,), draws=4000, seed=1).table
    row = table[table["term"] == "a - b"].iloc[0]
    wide = pilot.assign(e=pilot["prediction"]).groupby(["subject", "model"])["e"].mean()
    differences = wide.xs("a", level=1) - wide.xs("b", level=1)
    size = differences.mean() / differences.std(ddof=0)
    known = TTestPower().power(size, 30, 0.05)
    assert row["power"] == pytest.approx(known, abs=0.04)


def test_power_where_models_are_equally_good_is_the_chance_of_a_false_alarm():
    pilot = make_errors(40, seed=4)
    pilot["prediction"] -= pilot.groupby("model")["prediction"].transform("mean")
    table = plan_precision(pilot, metrics="bias", sizes=(8, 320), draws=250, seed=1).table
    rows = table[table["term"] == "a - b"].set_index("n_clusters")
    assert rows["power"].to_numpy() == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("size", [4, 10])
def test_power_of_few_clusters_is_that_of_studies_drawn_from_the_pilot(size):
    """Of means of 40 clusters, 4,000 t tests; standard error of a share about .007."""
    pilot = make_errors(40, seed=5, shift=0.35)
    table = plan_precision(pilot, metrics="bias", sizes=(size,), draws=4000, seed=1).table
    planned = table[table["term"] == "a - b"]["power"].iloc[0]
    means = pilot.groupby(["model", "subject"])["prediction"].mean()
    away = means["a"].to_numpy() - means["b"].to_numpy()
    drawn = np.random.default_rng(1).choice(away, size=(4000, size))
    rejected = stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05
    assert planned == pytest.approx(rejected.mean(), abs=0.06)


def test_widths_and_needed_numbers_follow_from_the_standard_errors(make_predictions):
    plan = plan_precision(
        make_predictions(), metrics="rmse", width=0.1, sizes=(5, 9, 40), draws=250, seed=1
    )
    for _, rows in plan.table.groupby("term"):
        half = [stats.t.ppf(0.975, size - 1) for size in (5, 9, 40)] * rows["std_error"]
        assert rows["width"].to_numpy() == pytest.approx(2 * half.to_numpy(), rel=1e-12)
        # From the largest size, on which chance and the few distinct studies tell least.
        spread = rows["std_error"].iloc[-1] * np.sqrt(40)
        (needed,) = rows["needed"].unique()
        widths = [2 * stats.t.ppf(0.975, n - 1) * spread / np.sqrt(n) for n in (needed, needed - 1)]
        assert widths[0] <= 0.1 < widths[1]


def test_plans_are_said_and_repeatable(make_predictions):
    pilot = make_predictions()
    options = {"metrics": "rmse", "width": 0.2, "against": "a", "draws": 300, "seed": 1}
    one, two = plan_precision(pilot, **options), plan_precision(pilot, n_jobs=2, **options)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    assert "clusters for a width of 0.2" in one.sentence()
    assert "from a pilot of 12 clusters" in one.sentence()


@pytest.mark.parametrize(
    "options", [{"width": 0}, {"sizes": (2, 10)}, {"sizes": ()}, {"sizes": (10.5,)}, {"width": "1"}]
)
def test_impossible_plans_are_refused(make_predictions, options):
    with pytest.raises(OptionError, match=r"must be"):
        plan_precision(make_predictions(), metrics="rmse", **options)


def test_the_spread_is_that_of_the_defined_draws():
    values = np.array([1.0, 4.0, np.nan, 7.0, 10.0]).reshape(1, 1, 1, 5)
    undefined = np.array([np.nan, np.nan, 3.0, np.nan, np.nan]).reshape(1, 1, 1, 5)
    assert find_spread(values).item() == pytest.approx(statistics.stdev([1, 4, 7, 10]))
    assert np.isnan(find_spread(undefined)).all()


def test_sizes_may_come_in_any_order_and_alone(make_predictions):
    options = {"metrics": "rmse", "width": 0.3, "draws": 60, "seed": 1}
    one = plan_precision(make_predictions(), sizes=np.array([20, 5, 10]), **options)
    two = plan_precision(make_predictions(), sizes=(5, 10, 20), **options)
    pd.testing.assert_frame_equal(one.table, two.table)
    alone = plan_precision(make_predictions(), sizes=20, **options)
    assert alone.table["n_clusters"].unique().tolist() == [20]


def test_each_context_has_its_own_pilot(make_predictions):
    pilot = make_predictions(contexts=("calm", "pain"))
    few = (pilot["context"] == "pain") & (pilot["subject"] > "s007")
    plan = plan_precision(pilot[~few], metrics="rmse", by="context", width=0.5, against="a")
    counts = plan.table.fillna({"context": "All"}).groupby("context")["pilot"].unique()
    assert {name: list(count) for name, count in counts.items()} == {
        "All": [12],
        "calm": [12],
        "pain": [7],
    }
    text = plan.sentence()
    assert "RMSE of a in calm: " in text and "RMSE of a in pain: " in text
    assert "from a pilot of 7 to 12 clusters" in text
    assert plan.glance()["pilot"].item() == 7


@pytest.mark.filterwarnings("ignore:subject '0' holds 41%:exprstats.errors.DataWarning")
def test_no_size_is_needed_whose_own_width_is_too_wide():
    """Correlations of few people vary by more than their width at many, times √n, says."""
    rng = np.random.default_rng(17)
    subject = np.repeat(np.arange(10), [18, 3, 3, 3, 3, 3, 3, 3, 3, 2])
    truth = rng.normal(size=44)
    guess = truth + 0.4 * rng.normal(size=44)
    pilot = pd.DataFrame({"clip": range(44), "subject": subject, "truth": truth})
    pilot = pilot.assign(prediction=guess, model="net")
    sizes = (10, 20, 40, 80, 160)
    for width in (0.5, 0.2, 0.1, 0.05):
        table = plan_precision(
            pilot, metrics="correlation", width=width, sizes=sizes, draws=500, seed=1
        ).table
        needed = table["needed"].iloc[0]
        assert needed > max(
            [n for n, w in zip(sizes, table["width"], strict=True) if w > width], default=2
        )
        reached = [n for n, w in zip(sizes, table["width"], strict=True) if w <= width]
        assert not reached or needed <= reached[0]


def test_a_share_that_all_studies_show_has_no_plan():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=30)
    pilot = pd.DataFrame({"clip": range(30), "subject": np.arange(30) // 3, "truth": truth})
    pilot = pilot.assign(prediction=truth + 0.01 * rng.normal(size=30), model="net")
    table = plan_precision(pilot, metrics="within1", sizes=(10, 40), draws=250, seed=1).table
    assert table[["width", "std_error"]].isna().all(axis=None)
    assert table["note"].str.contains("the same in all studies drawn").all()
