"""Scales of single values, limits at the ends of a range, and differences from two sides.

Witnesses: closed forms in numpy, scipy's exact binomial limits and Welch test.
Tolerance: 1e-9 where both sides are sums of the same numbers; p found by halving to 1e-6.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.inference import Metric, bootstrap_clusters, compare_contexts, compare_models
from exprstats.inference.resampling.intervals import expand_level, expand_share

OPTIONS = {"draws": 300, "seed": 1}


def find_headline(result, metric, term="a"):
    rows = result.table
    return rows[rows["headline"] & (rows["metric"] == metric) & (rows["term"] == term)].iloc[0]


def make_labels(groups=50, wrong=(), rare=None):
    """Ten clips a subject, right but for the clips (subject, place) that are wrong."""
    subject = np.repeat(np.arange(groups), 10)
    truth = np.tile([0.0, 1.0], 5 * groups)
    if rare is not None:
        truth = np.where(subject < rare, truth, 0.0)
    guess = truth.copy()
    for one, place in wrong:
        guess[10 * one + place] = 1 - guess[10 * one + place]
    table = {"clip": np.arange(len(truth)).astype(str), "subject": [f"s{n:03}" for n in subject]}
    return pd.DataFrame(table).assign(model="a", truth=truth, prediction=guess)


def leave_out(table, measure):
    return np.array(
        [measure(table[table["subject"] != name]) for name in sorted(set(table["subject"]))]
    )


def spread(values):
    return np.sqrt((len(values) - 1) / len(values) * np.sum((values - values.mean()) ** 2))


def test_the_interval_of_a_single_error_is_symmetric_on_the_log_scale(make_predictions):
    table = make_predictions(models=("a",))

    def measure(rows):
        return np.log(np.sqrt(((rows["truth"] - rows["prediction"]) ** 2).mean()))

    reach = stats.t(11).ppf(0.975) * spread(leave_out(table, measure))
    for metric in ("rmse", "nrmse"):
        scale = 1 if metric == "rmse" else 7
        row = find_headline(compare_models(table, metrics=metric, span=7, **OPTIONS), metric)
        known = np.exp(measure(table) + np.array([-reach, reach])) / scale
        assert row[["conf_low", "conf_high"]].to_numpy(float) == pytest.approx(known, rel=1e-9)


def test_the_interval_of_a_share_is_symmetric_on_the_logit_scale():
    table = make_labels(20, wrong=[(1, 3), (4, 2), (4, 5), (9, 1), (12, 2), (12, 3)])

    def measure(rows):
        share = (rows["truth"] == rows["prediction"]).mean()
        return np.log(share / (1 - share))

    reach = stats.t(19).ppf(0.975) * spread(leave_out(table, measure))
    row = find_headline(compare_models(table, metrics="accuracy", **OPTIONS), "accuracy")
    known = 1 / (1 + np.exp(-(measure(table) + np.array([-reach, reach]))))
    assert row[["conf_low", "conf_high"]].to_numpy(float) == pytest.approx(known, rel=1e-9)
    assert 0 < row["conf_low"] < row["estimate"] < row["conf_high"] < 1


def test_one_cluster_with_all_errors_has_an_interval_by_the_slope():
    # Without subject 3 the share is 1, which has no logit.
    table = make_labels(20, wrong=[(3, 1)])
    row = find_headline(compare_models(table, metrics="accuracy", **OPTIONS), "accuracy")
    share = 199 / 200
    without = np.where(np.arange(20) == 3, 1.0, 189 / 190)
    reach = stats.t(19).ppf(0.975) * spread(without) / (share * (1 - share))
    known = stats.logistic.cdf(stats.logistic.ppf(share) + np.array([-reach, reach]))
    assert row[["conf_low", "conf_high"]].to_numpy(float) == pytest.approx(known, rel=1e-9)


@pytest.mark.parametrize("metric", ["accuracy", "recall", "precision", "f1", "uar", "macro_f1"])
@pytest.mark.parametrize("method", ["percentile", "jackknife", "basic", "bca", "t"])
def test_a_share_of_one_in_every_cluster_has_the_exact_lower_limit(metric, method):
    result = compare_models(make_labels(50), metrics=metric, interval=method, **OPTIONS)
    row = result.table[result.table["method"] == method].iloc[0]
    exact = stats.binomtest(50, 50, alternative="greater").proportion_ci(0.95).low
    assert exact == pytest.approx(0.942, abs=5e-4)
    limits = row[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    assert limits == pytest.approx([1, exact, 1], rel=1e-9)
    assert "1 in every cluster: the lower limit is the exact one of 50" in row["note"]


def test_a_share_of_zero_counts_the_clusters_that_hold_the_label():
    # Five of fifty subjects show a 1, and the model never finds one.
    table = make_labels(50, rare=5).assign(prediction=0.0)
    row = find_headline(compare_models(table, metrics="recall", **OPTIONS), "recall")
    exact = stats.binomtest(0, 5, alternative="less").proportion_ci(0.95).high
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx([0, exact], rel=1e-9)
    other = bootstrap_clusters(table, "recall", cluster="subject", **OPTIONS).table.iloc[0]
    assert other["conf_high"] == pytest.approx(exact, rel=1e-9)


def test_no_limit_lies_beyond_the_range_of_its_metric():
    table = make_labels(5, wrong=[(0, 1), (0, 2), (1, 1), (2, 5), (2, 6), (3, 0), (4, 2)])
    both = pd.concat([table, table.assign(model="b", prediction=1 - table["prediction"])])
    metrics = ["kappa", "accuracy", "f1", "correlation", "r2", "mse", "mae"]
    for interval in ("auto", "basic", "bca", "t"):
        found = compare_models(both, metrics=metrics, interval=interval, **OPTIONS).table
        for metric, low, high in (
            ("kappa", -1, 1),
            ("accuracy", 0, 1),
            ("f1", 0, 1),
            ("correlation", -1, 1),
            ("r2", -np.inf, 1),
            ("mse", 0, np.inf),
        ):
            rows = found[(found["metric"] == metric) & found["versus"].isna()]
            limits = rows[["conf_low", "conf_high"]].to_numpy(float)
            limits = limits[np.isfinite(limits)]
            assert ((limits >= low) & (limits <= high)).all() and (len(limits) or interval == "t")
            differences = found[(found["metric"] == metric) & found["versus"].notna()]
            limits = differences[["conf_low", "conf_high"]].to_numpy(float)
            limits = limits[np.isfinite(limits)]
            assert ((limits >= low - high) & (limits <= high - low)).all()


def test_sentences_of_what_does_not_vary_are_true():
    table = make_labels(12)
    twins = pd.concat([table, table.assign(model="b")])
    perfect = compare_models(twins, metrics="correlation", **OPTIONS)
    text = perfect.sentence()
    assert (
        "a had r = 1.000 (no interval: the value is the same whichever subject is left out)" in text
    )
    assert "no difference from b in any subject." in text
    assert "[1.000, 1.000]" not in text and "nan" not in text and "—" not in text
    assert perfect.table["conf_low"].isna().all()
    accurate = compare_models(twins, metrics="accuracy", **OPTIONS).sentence()
    assert "a had accuracy = 1.000, 95% CI [.779, 1.000]: no difference from b in any" in accurate


def test_a_difference_that_is_the_same_everywhere_has_no_interval(make_predictions):
    table = make_predictions(models=("a",), clips=96)
    both = pd.concat([table, table.assign(model="b", prediction=table["prediction"] + 0.5)])
    result = compare_models(both, metrics="bias", **OPTIONS)
    row = find_headline(result, "bias", "a - b")
    assert row["estimate"] == pytest.approx(-0.5) and np.isnan(row["conf_low"])
    assert row["note"] == "no interval: the value is the same whichever cluster is left out"
    assert "difference from a 0.500 (no interval)" in result.sentence()


def test_an_interval_of_three_clusters_gives_its_reason(make_predictions):
    result = compare_models(make_predictions(groups=3, clips=30), metrics="r2", **OPTIONS)
    told = "With only 3 subjects, intervals rest on 2 degrees of freedom and are wide."
    assert told in result.sentence()
    notes = result.table.loc[result.table["headline"], "note"]
    assert notes.str.contains("the t interval rests on 2 degrees of freedom").all()


def test_expanded_levels_make_a_normal_percentile_interval_that_of_t():
    groups, freedom = np.array([12, 40]), np.array([11, 39])
    level = expand_level(0.95, groups, freedom)
    # A bootstrap mean of G values has variance (G - 1)/G of that of s²/G.
    reach = stats.norm.ppf((1 + level) / 2) * np.sqrt((groups - 1) / groups)
    assert reach == pytest.approx(stats.t(freedom).ppf(0.975), rel=1e-9)
    p_value = 2 * expand_share((1 - level) / 2, groups, freedom)
    assert p_value == pytest.approx([0.05, 0.05], rel=1e-9)


def make_contexts(rng, sizes, noise=(1.0, 1.0)):
    frames = []
    for place, (name, size) in enumerate(zip(("pain", "joy"), sizes, strict=True)):
        subject = np.repeat(np.arange(size), 8)
        truth = rng.normal(size=size)[subject] + rng.normal(size=8 * size)
        shared = rng.normal(size=size)[subject] + rng.normal(size=8 * size)
        frame = pd.DataFrame({"truth": truth, "prediction": truth + noise[place] * shared})
        frame["clip"] = [f"{name}{number}" for number in range(8 * size)]
        frame["subject"] = [f"{name}{number:03}" for number in subject]
        frames.append(frame.assign(context=name, model="net"))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(("sizes", "seed"), [((6, 80), 1), ((20, 15), 2), ((6, 6), 3)])
def test_contexts_apart_differ_by_the_limits_of_two_log_scales(sizes, seed):
    table = make_contexts(np.random.default_rng(seed), sizes, (1.0, 1.6))
    row = compare_contexts(table, metrics="mae", **OPTIONS).table.query("headline").iloc[0]
    logs, errors = [], []
    for name in ("pain", "joy"):
        rows = table[table["context"] == name]
        logs.append(np.log((rows["truth"] - rows["prediction"]).abs().mean()))
        errors.append(
            spread(
                leave_out(
                    rows, lambda part: np.log((part["truth"] - part["prediction"]).abs().mean())
                )
            )
        )
    squares = np.array(errors) ** 2
    free = squares.sum() ** 2 / (squares**2 / (np.array(sizes) - 1)).sum()
    reach = stats.t(free).ppf(0.975) * np.array(errors)
    value = np.exp(logs)
    low, high = np.exp(logs - reach), np.exp(logs + reach)
    known = [
        value[0] - value[1] - np.hypot(value[0] - low[0], high[1] - value[1]),
        value[0] - value[1] + np.hypot(high[0] - value[0], value[1] - low[1]),
    ]
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(known, rel=1e-9)
    few = min(sizes) < 15
    told = f"one context has {min(sizes)} clusters: below 15, p of errors can be too small"
    assert (told in str(row["note"])) == few
    # At the level 1 - p one limit is 0.
    again = compare_contexts(table, metrics="mae", level=1 - row["p_value"], **OPTIONS).table
    limits = again.query("headline")[["conf_low", "conf_high"]].abs().min(axis=1)
    assert limits.item() == pytest.approx(0, abs=1e-6)


def test_a_plain_difference_of_contexts_apart_is_welch_s(make_predictions):
    table = make_contexts(np.random.default_rng(5), (9, 30), (1.0, 2.0))
    row = compare_contexts(table, metrics="bias", **OPTIONS).table.query("headline").iloc[0]
    means = table.assign(error=table["prediction"] - table["truth"]).groupby(
        ["context", "subject"]
    )["error"]
    one, other = (means.mean().loc[name] for name in ("pain", "joy"))
    known = stats.ttest_ind(one, other, equal_var=False)
    assert row["p_value"] == pytest.approx(known.pvalue, rel=1e-6)
    limits = known.confidence_interval(0.95)
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(list(limits), rel=1e-9)


def test_a_metric_names_its_scale_and_old_names_work():
    assert Metric("r", lambda y, p: 0.0, fisher=True).scale == "fisher"
    with pytest.raises(Exception, match="scale of metric 'r' 'probit' is not known"):
        Metric("r", lambda y, p: 0.0, scale="probit")
