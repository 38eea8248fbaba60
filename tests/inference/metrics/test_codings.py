"""Metrics of classes refuse what they would misread, in every verb."""

import numpy as np
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.inference import (
    Metric,
    bootstrap_clusters,
    compare_contexts,
    compare_models,
    list_metrics,
    permute_models,
    plan_precision,
)

QUICK = {"draws": 250, "seed": 1}


@pytest.fixture
def make_classes(make_predictions):
    """Two models' predictions of two classes with given codes."""

    def make(truth=(0, 1), prediction=(0, 1)):
        table = make_predictions(groups=12, clips=60, models=("a", "b"), contexts=("calm", "pain"))
        high = {name: (table[name] > 0).astype(int) for name in ("truth", "prediction")}
        codes = {"truth": truth, "prediction": prediction}
        coded = {name: np.array(codes[name], dtype=float)[high[name]] for name in codes}
        return table.assign(**coded)

    return make


@pytest.mark.parametrize("name", ["auc", "average_precision", "precision", "recall", "f1"])
def test_a_truth_of_1_and_2_is_refused(make_classes, name):
    told = rf"column 'truth': {name} needs 0 and 1; found 1, 2\. Write 1 for the class of interest"
    with pytest.raises(DataError, match=told):
        compare_models(make_classes(truth=(1, 2)), metrics=name, **QUICK)


@pytest.mark.parametrize(
    ("name", "truth", "prediction", "told"),
    [
        ("f1", (0, 1), (0.2, 0.8), r"f1 needs 0 and 1; found 0\.2, 0\.8\. .* at a threshold"),
        ("precision", (0, 1), (0, 2), r"column 'prediction': precision needs 0 and 1; found 0, 2"),
    ],
)
def test_scores_are_no_labels(make_classes, name, truth, prediction, told):
    with pytest.raises(DataError, match=told):
        compare_models(make_classes(truth, prediction), metrics=name, **QUICK)


@pytest.mark.parametrize("name", ["accuracy", "kappa", "uar", "macro_f1"])
def test_numbers_are_no_labels_and_halves_of_a_scale_are(make_classes, name):
    table = make_classes(truth=(0, 1))
    rng = np.random.default_rng(1)
    noisy = table.assign(prediction=table["prediction"] + rng.normal(size=len(table)))
    told = f"column 'prediction': {name} needs labels, .*; found .* values from .* Round them"
    with pytest.raises(DataError, match=told):
        compare_models(noisy, metrics=name, **QUICK)
    whole = compare_models(table, metrics=name, **QUICK).table["estimate"]
    halves = table.assign(truth=table["truth"] / 2, prediction=table["prediction"] / 2)
    found = compare_models(halves, metrics=name, **QUICK).table["estimate"]
    np.testing.assert_allclose(found, whole, rtol=1e-12)


@pytest.mark.parametrize(
    "verb", [bootstrap_clusters, permute_models, plan_precision, compare_contexts]
)
def test_every_verb_refuses_them(make_classes, verb):
    table = make_classes(truth=(1, 2))
    how = {"statistic": "auc", "cluster": "subject"}
    with pytest.raises(DataError, match="auc needs 0 and 1; found 1, 2"):
        verb(table, **(how if verb is bootstrap_clusters else {"metrics": "auc"}), **QUICK)


def test_of_many_values_the_ends_are_named(make_predictions):
    with pytest.raises(DataError, match=r"found 60 values from -[\d.]+ to [\d.]+\. Write 1"):
        compare_models(make_predictions(), metrics="auc", **QUICK)


def test_what_they_take_is_taken(make_classes):
    names = [name for name, metric in list_metrics().items() if metric.takes != "numbers"]
    assert len(names) == 9
    assert compare_models(make_classes(), metrics=names, **QUICK).table["estimate"].notna().all()
    scores = make_classes(prediction=(-3.5, 7.25))
    assert compare_models(scores, metrics=["auc", "average_precision"], **QUICK).samples
    labels = make_classes(truth=(1, 4), prediction=(4, 7))
    assert compare_models(labels, metrics=["accuracy", "kappa", "within1"], **QUICK).samples


def test_a_metric_of_ones_own_may_ask_the_same(make_classes):
    own = Metric("hits", lambda y, p: float(np.mean(p[y == 1])), takes="binary")
    with pytest.raises(DataError, match="hits needs 0 and 1; found 1, 2"):
        compare_models(make_classes(truth=(1, 2)), metrics=own, **QUICK)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"direction": "two"}, "direction of metric 'slope' 'two' is not known. There is: higher"),
        ({"takes": "label"}, "takes of metric 'slope' 'label' is not known. Did you mean 'labels'"),
    ],
)
def test_unknown_words_are_refused(options, told):
    with pytest.raises(OptionError, match=told):
        Metric("slope", lambda y, p: 1.0, **options)
