"""Every metric against scikit-learn or scipy, on all rows and on the rows of drawn clusters.

Tolerance 1e-10: the same definition, summed in another order.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from exprstats.errors import OptionError
from exprstats.inference import Metric, compare_models, find_metrics, list_metrics
from exprstats.inference.metrics.classification import count_within
from exprstats.inference.metrics.ranking import accumulate_rows
from exprstats.inference.resampling.clusters import Panel, count_clusters, draw_clusters
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.options import MetricName

DRAWS = 25


def concord(truth, prediction):
    joint = np.cov(truth, prediction, ddof=0)
    return 2 * joint[0, 1] / (joint.trace() + (truth.mean() - prediction.mean()) ** 2)


NUMBERS = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "mse": sk.mean_squared_error,
    "bias": lambda y, p: (p - y).mean(),
    "correlation": lambda y, p: stats.pearsonr(y, p).statistic,
    "spearman": lambda y, p: stats.spearmanr(y, p).statistic,
    "ccc": concord,
    "r2": sk.r2_score,
    "calibration_slope": lambda y, p: stats.linregress(p, y).slope,
}
BINARY = {
    "accuracy": sk.accuracy_score,
    "precision": lambda y, p: sk.precision_score(y, p, zero_division=0),
    "recall": lambda y, p: sk.recall_score(y, p, zero_division=0),
    "f1": lambda y, p: sk.f1_score(y, p, zero_division=0),
}
SCORES = {"auc": sk.roc_auc_score, "average_precision": sk.average_precision_score}


def draw_rows(kind, seed=0, groups=9, models=3):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(groups), rng.integers(2, 9, size=groups)))
    level = rng.normal(size=groups)[codes]
    truth = level + rng.normal(size=len(codes))
    predictions = 0.6 * truth + rng.normal(size=(models, len(codes)))
    if kind == "ties":
        truth, predictions = np.round(truth), np.round(predictions)
    if kind in {"binary", "scores"}:
        truth = (truth > 0.3).astype(float)
    if kind == "binary":
        predictions = (predictions > 0).astype(float)
    if kind == "scores":
        predictions = np.round(predictions, 1)
    if kind == "labels":
        truth, predictions = (np.clip(np.round(x), -1, 2) for x in (truth, predictions))
        predictions[0, predictions[0] == 2] = 1
    return Panel(truth, predictions, codes, groups)


def take_draws(panel, seed=5):
    drawn = draw_clusters(np.random.SeedSequence(seed), [np.arange(panel.groups)])[:DRAWS]
    rows = [np.concatenate([np.flatnonzero(panel.codes == g) for g in one]) for one in drawn]
    return count_clusters(drawn, panel.groups), rows


def check_metric(name, known, panel, skip=lambda truth: False):
    (metric,) = find_metrics(name)
    evaluation = Evaluation(panel, [metric])
    counts, rows = take_draws(panel)
    ours = evaluation.measure_counts(counts)[0]
    checked = 0
    for model, prediction in enumerate(panel.predictions):
        whole = known(panel.truth, prediction)
        assert evaluation.measure_whole()[0, model] == pytest.approx(whole, rel=1e-10)
        assert metric(panel.truth, prediction) == pytest.approx(whole, rel=1e-10)
        for draw, taken in enumerate(rows):
            truth, guess = panel.truth[taken], prediction[taken]
            if skip(truth):
                continue
            found = known(truth, guess)
            assert ours[model, draw] == pytest.approx(found, rel=1e-10, abs=1e-12)
            checked += 1
        out = panel.codes != 2
        if skip(panel.truth[out]):
            continue
        left = evaluation.measure_without()[0, model, 2]
        wanted = known(panel.truth[out], prediction[out])
        assert left == pytest.approx(wanted, rel=1e-10, abs=1e-12)
    return checked


def lack_class(truth):
    return len(set(truth)) < 2


@pytest.mark.parametrize("kind", ["plain", "ties"])
@pytest.mark.parametrize("name", list(NUMBERS))
def test_numbers_are_those_of_scikit_learn_and_scipy(name, kind):
    assert check_metric(name, NUMBERS[name], draw_rows(kind)) > DRAWS


@pytest.mark.parametrize("name", list(BINARY))
def test_binary_labels_are_those_of_scikit_learn(name):
    assert check_metric(name, BINARY[name], draw_rows("binary")) > DRAWS


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from([*NUMBERS, *BINARY, *SCORES]),
    seed=st.integers(0, 10_000),
    size=st.tuples(st.integers(3, 25), st.integers(1, 4)),
)
def test_any_design_gives_the_numbers_of_scikit_learn_and_scipy(name, seed, size):
    kind = "plain" if name in NUMBERS else "binary" if name in BINARY else "scores"
    panel = draw_rows(kind, seed, *size)
    assume(kind == "plain" or not lack_class(panel.truth))
    known = (NUMBERS | BINARY | SCORES)[name]
    check_metric(name, known, panel, skip=lack_class if kind == "scores" else lambda truth: False)


@pytest.mark.parametrize("kind", ["scores", "plain"])
@pytest.mark.parametrize("name", list(SCORES))
def test_scores_are_those_of_scikit_learn(name, kind):
    panel = draw_rows(kind)
    if kind == "plain":
        panel = Panel((panel.truth > 1).astype(float), panel.predictions, panel.codes, panel.groups)
    assert check_metric(name, SCORES[name], panel, skip=lack_class) > DRAWS


def test_labels_are_those_of_scikit_learn_with_the_labels_of_the_whole_test_set():
    panel = draw_rows("labels")
    labels = sorted({-1.0, 0.0, 1.0, 2.0})
    assert set(panel.truth) == set(labels)
    assert check_metric("kappa", lambda y, p: sk.cohen_kappa_score(y, p), panel) > DRAWS
    options = {"labels": labels, "average": "macro", "zero_division": 0}
    assert check_metric("macro_f1", lambda y, p: sk.f1_score(y, p, **options), panel) > DRAWS
    checked = check_metric(
        "uar",
        lambda y, p: sk.recall_score(y, p, **options),
        panel,
        skip=lambda truth: len(set(truth)) < 4,
    )
    assert checked > DRAWS


def test_a_draw_without_a_class_has_no_uar():
    panel = draw_rows("labels")
    counts, rows = take_draws(panel)
    lacking = np.array([len(set(panel.truth[taken])) < 4 for taken in rows])
    assert lacking.any()
    found = Evaluation(panel, find_metrics("uar")).measure_counts(counts)[0]
    assert np.array_equal(np.isnan(found), np.tile(lacking, (3, 1)))


def test_macro_f1_has_the_labels_that_a_model_predicts_though_none_is_true():
    truth, prediction = np.array([0.0, 0, 1, 1]), np.array([0.0, 2, 1, 1])
    panel = Panel(truth, np.array([prediction, truth]), np.arange(4), 4)
    found = Evaluation(panel, find_metrics("macro_f1")).measure_whole()[0]
    assert found[0] == pytest.approx(sk.f1_score(truth, prediction, average="macro"))
    assert found[1] == 1.0


def test_within_counts_steps():
    truth, prediction = np.array([0.0, 1, 2, 3]), np.array([1.0, 1, 0, 0])
    assert [count_within(k)(truth, prediction) for k in (0, 1, 2, 3)] == [0.25, 0.5, 0.75, 1.0]
    panel = Panel(truth, prediction[None], np.arange(4), 4)
    assert Evaluation(panel, [count_within(2)]).measure_whole()[0, 0] == 0.75


def test_a_constant_score_has_the_prevalence_as_average_precision():
    truth = np.array([1.0, 0, 0, 1, 0])
    assert find_metrics("average_precision")[0](truth, np.zeros(5)) == pytest.approx(0.4)
    panel = Panel(truth, np.zeros((1, 5)), np.arange(5), 5)
    found = Evaluation(panel, find_metrics(["average_precision", "auc"])).measure_whole()
    assert found[:, 0].tolist() == pytest.approx([0.4, 0.5])


@pytest.mark.parametrize("name", ["correlation", "spearman", "ccc", "correlation_within"])
def test_where_nothing_varies_nothing_is_defined(name):
    codes = np.repeat(np.arange(4), 3)
    panel = Panel(np.full(12, 0.1), np.full((1, 12), 0.1), codes, 4)
    assert np.isnan(Evaluation(panel, find_metrics(name)).measure_whole()[0, 0])


def test_large_means_cost_no_digits():
    panel = draw_rows("plain")
    far = Panel(panel.truth + 1e6, panel.predictions + 1e6, panel.codes, panel.groups)
    names = ["correlation", "ccc", "r2", "rmse", "spearman"]
    near, away = (Evaluation(one, find_metrics(names)).measure_whole() for one in (panel, far))
    # 1e6 leaves 1e-10 of a standard deviation.
    np.testing.assert_allclose(near, away, rtol=1e-8)


def test_performance_between_and_within_subjects_by_hand():
    panel = draw_rows("plain", models=1)
    y, p, codes = panel.truth, panel.predictions[0], panel.codes
    groups = [codes == g for g in range(panel.groups)]
    means = np.array([[y[g].mean(), p[g].mean()] for g in groups])
    own = np.concatenate([[y[g] - y[g].mean(), p[g] - p[g].mean()] for g in groups], axis=1)
    each = [stats.pearsonr(y[g], p[g]).statistic for g in groups if g.sum() >= 3]
    names = ["correlation_between", "correlation_within", "correlation_mean"]
    found = Evaluation(panel, find_metrics(names)).measure_whole()[:, 0]
    known = [stats.pearsonr(*means.T).statistic, stats.pearsonr(*own).statistic, np.mean(each)]
    np.testing.assert_allclose(found, known, rtol=1e-10)
    counts, _ = take_draws(panel)
    copies = np.repeat(means, counts[0].astype(int), axis=0)
    drawn = Evaluation(panel, find_metrics(names)).measure_counts(counts)[0, 0, 0]
    assert drawn == pytest.approx(stats.pearsonr(*copies.T).statistic, rel=1e-10)


def test_a_model_that_knows_only_who_wins_between_and_not_within():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(30), 6)
    person = rng.normal(size=30)[codes]
    truth = person + rng.normal(size=180)
    panel = Panel(truth, (person + 0.1 * rng.normal(size=180))[None], codes, 30)
    names = ["correlation_between", "correlation_within"]
    between, within = Evaluation(panel, find_metrics(names)).measure_whole()[:, 0]
    assert between > 0.8
    assert abs(within) < 0.2


def test_what_needs_clusters_says_so():
    with pytest.raises(OptionError, match="needs clusters"):
        find_metrics("correlation_within")[0](np.arange(3.0), np.arange(3.0))


def test_every_word_is_a_metric_and_every_metric_a_word():
    assert set(MetricName.__args__) == set(list_metrics())


def test_all_metrics_run_through_the_verb(make_predictions):
    table = make_predictions(models=("a", "b"), groups=8, clips=40)
    labels = table.assign(
        truth=(table["truth"] > 0).astype(float), prediction=(table["prediction"] > 0).astype(float)
    )
    result = compare_models(labels, metrics=list(list_metrics()), span=1, draws=100, seed=1)
    scores = result.table[result.table["versus"].isna()]
    assert scores["estimate"].notna().all()
    assert set(scores["metric"]) == set(list_metrics())


def test_sums_without_a_formula_are_refused():
    with pytest.raises(OptionError, match="needs both sums and formula"):
        Metric("half", lambda truth, prediction: 0.0, sums={})


def test_map_is_average_precision_with_classes_in_seats(make_predictions):
    table = make_predictions(models=("a", "b"), groups=8, clips=40)
    classes = []
    for place, cut in enumerate((-0.5, 0.5, 1.0)):
        classes.append(table.assign(seat=f"class {place}", truth=(table["truth"] > cut) * 1.0))
    whole = pd.concat(classes, ignore_index=True)
    result = compare_models(whole, metrics="average_precision", draws=100, seed=1)
    known = [
        sk.average_precision_score(rows["truth"], rows["prediction"])
        for _, rows in whole[whole["model"] == "a"].groupby("seat")
    ]
    row = result.table.query("term == 'a'").iloc[0]
    assert row["estimate"] == pytest.approx(np.mean(known), rel=1e-10)


@pytest.mark.parametrize("rows", [1, 2, 63, 64, 65, 128, 200])
def test_running_sums_are_running_sums_at_any_length(rows):
    values = np.random.default_rng(rows).integers(0, 9, size=(rows, 3)).astype(float)
    known = np.cumsum(values, axis=0)
    assert np.array_equal(accumulate_rows(values), known)
