"""Paragraphs about comparisons: short however much was compared, and true to the table.

Tolerance: numbers as printed, three decimals.
"""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataWarning
from exprstats.inference import (
    Metric,
    bootstrap_clusters,
    compare_contexts,
    compare_models,
    describe_methods,
    judge_equivalence,
    permute_models,
    plan_precision,
    split_variance,
)
from exprstats.inference.comparison.equivalence import MOST_VERDICTS

QUICK = {"draws": 250, "seed": 1}
CONTEXTS = ("calm", "pain", "joy", "fear")
MANY = tuple(f"m{n:02d}" for n in range(12))
pytestmark = pytest.mark.filterwarnings("ignore:.* draws are too few:exprstats.errors.DataWarning")


@pytest.fixture(scope="module")
def crowd(make_predictions):
    return make_predictions(groups=12, clips=160, models=MANY, contexts=CONTEXTS)


def read_scores(table, context=None):
    rows = table[table["headline"] & table["versus"].isna()]
    here = rows["context"].isna() if context is None else rows["context"] == context
    return rows[here].set_index("model")["estimate"]


def test_many_models_and_contexts_make_a_short_paragraph(crowd):
    metrics = ["rmse", "correlation", "mae", "ccc", "r2", "bias"]
    result = compare_models(crowd, metrics=metrics, by="context", **QUICK)
    text = result.sentence()
    assert len(text) < 2600
    assert text.startswith("Over all clips (160 clips, 12 subjects), ")
    assert text.count("12 subjects") == 1
    assert text.endswith("p values are adjusted (Holm). 2 more metrics are in the table.")
    assert "R²" not in text and "bias" not in text


def test_contexts_are_grouped_by_their_best_model(make_predictions):
    table = make_predictions(clips=120, contexts=CONTEXTS)
    result = compare_models(table, metrics="rmse", by="context", **QUICK)
    text = result.sentence()
    grouped = text[text.index("By context") : text.index("; p < .05 for")]
    for context in CONTEXTS:
        scores = read_scores(result.table, context)
        before = grouped[: grouped.index(f"{context} ({scores.min():.3f})")]
        assert before.rindex(f"for {scores.idxmin()} in") == before.rindex("for ")
    assert "RMSE was lowest for" in grouped


def test_one_model_is_not_called_the_best(make_predictions):
    table = make_predictions(models=("net",), clips=120, contexts=CONTEXTS)
    result = compare_models(table, metrics="rmse", by="context", **QUICK)
    scores = [
        f"{read_scores(result.table, context)['net']:.3f} in {context}" for context in CONTEXTS
    ]
    assert (
        f"By context, RMSE of net was {', '.join(scores[:3])}, and {scores[3]}."
        in result.sentence()
    )


def test_counts_of_differences_are_those_of_the_table(crowd):
    result = compare_models(crowd, metrics="rmse", by="context", against="m03", **QUICK)
    rows = result.table[result.table["headline"] & result.table["versus"].notna()]
    pooled = rows[rows["context"].isna()]["p_adjusted"].iloc[6:]
    within = rows[rows["context"].notna()]["p_adjusted"]
    text = result.sentence()
    assert f"p < .05 for {(pooled < 0.05).sum()} of 5 other differences" in text
    assert f"p < .05 for {(within < 0.05).sum()} of its 44 differences" in text
    calm = read_scores(result.table, "calm")["m03"]
    assert f"By context, RMSE of m03 was {calm:.3f} in calm, " in text


def test_contexts_without_a_pool_are_told_in_full(make_predictions):
    table = make_predictions(contexts=("calm", "pain")).assign(fitted_on="context")
    text = compare_models(table, metrics="rmse", by="context", **QUICK).sentence()
    assert text.startswith("In calm (30 clips, ")
    assert " In pain (30 clips, " in text and "By context" not in text


def test_undefined_contexts_are_named(make_predictions):
    table = make_predictions(contexts=("calm", "pain"))
    table.loc[table["context"] == "pain", "prediction"] = 0.3
    text = compare_models(table, metrics="correlation", by="context", **QUICK).sentence()
    assert ", and not defined in pain; p < .05" in text
    table["prediction"] = 0.3
    text = compare_models(table, metrics="correlation", by="context", **QUICK).sentence()
    assert "Over all clips (60 clips, 12 subjects), r is not defined." in text
    assert "In no single context is r defined." in text


def test_clusters_keep_their_name_where_they_are_no_subjects(make_predictions):
    table = make_predictions().rename(columns={"subject": "dyad"})
    text = compare_models(table, metrics="correlation_between", cluster="dyad", **QUICK).sentence()
    assert "12 clusters), " in text and "r between clusters" in text
    text = compare_models(make_predictions(), metrics="correlation_between", **QUICK).sentence()
    assert "r between subjects" in text and "r between clusters" not in text


def test_companions_are_short_too(crowd):
    comparison = compare_models(crowd, metrics="rmse", by="context", **QUICK)
    told = judge_equivalence(comparison, margin=0.2)
    text = told.sentence()
    assert len(text) < 1600 and " in calm" not in text
    rest = (
        told.table["equivalent"].sum()
        - told.table[told.table["context"].isna()][:6]["equivalent"].sum()
    )
    assert "for equivalence by Holm's adjustment of p" in text
    assert (f"Of 324 other differences, {rest} are equivalent.") in text
    swapped = permute_models(crowd, metrics="rmse", **QUICK)
    assert "; 60 more in the table (swaps within subject, Holm)." in swapped.sentence()
    contexts = compare_contexts(crowd, metrics="rmse", **QUICK)
    sure = contexts.table[contexts.table["headline"]]["p_adjusted"].lt(0.05).sum()
    assert contexts.sentence().startswith(f"p < .05 for {sure} of 72 differences between contexts")


def test_contexts_with_subjects_of_their_own_are_not_called_paired(make_predictions):
    table = make_predictions()
    apart = table.assign(group=np.where(table["subject"] < "s006", "old", "young"))
    text = compare_contexts(apart, metrics="rmse", by="group", **QUICK).sentence()
    assert "contexts have subjects of their own" in text
    within = table.assign(group=np.where(table["clip"] < "c0030", "one", "two"))
    text = compare_contexts(within, metrics="rmse", by="group", **QUICK).sentence()
    assert "the same subjects left out one by one in all contexts" in text


def test_methods_name_the_scheme_and_the_strata(make_predictions):
    table = make_predictions()
    table["site"] = np.where(table["subject"] < "s006", "north", "south")
    options = {"metrics": "rmse", "interval": "percentile", "strata": "site", **QUICK}
    text = describe_methods(compare_models(table, scheme="two-stage", **options))
    assert (
        "resampled with replacement within strata (site), and then rows of each drawn cluster "
        "(Davison & Hinkley, 1997, §3.8), in 250 draws"
    ) in text
    assert "left out" not in text
    text = describe_methods(compare_models(table, metrics="rmse", interval="jackknife"))
    assert "whole clusters (12, by subject) were left out one at a time." in text
    assert "draws" not in text
    text = describe_methods(compare_models(table, metrics="rmse", compat="mlboot", **QUICK))
    assert "those of the R package mlboot" in text and "count the sample" not in text


def test_methods_name_what_else_was_done(make_predictions):
    table = make_predictions(contexts=("calm", "pain"))
    comparison = compare_models(table, metrics=["rmse", "correlation"], **QUICK)
    runs = pd.concat([table.assign(seat=name) for name in ("one", "two")], ignore_index=True)
    text = describe_methods(
        comparison,
        judge_equivalence(comparison, margin={"rmse": 0.25, "correlation": 0.05}),
        permute_models(table, metrics="rmse", **QUICK),
        compare_contexts(table, metrics="rmse", **QUICK),
        plan_precision(table, metrics="rmse", width=0.1, **QUICK),
        split_variance(runs, metrics="rmse"),
    )
    for words in (
        "Equivalence within ±0.25 (RMSE) and ±.05 (r) was tested by two one-sided tests at α = .05",
        "250 random swaps of two models' predictions within subjects",
        "Intervals of differences between contexts leave out one of the subjects at a time",
        "Numbers of subjects for intervals of width 0.1 (RMSE) were planned",
        "variance over 2 training runs (seat)",
    ):
        assert words in text
    every = describe_methods(comparison, permute_models(table, metrics="rmse", draws=4096))
    assert "all 4,096 swaps" in every


def test_a_metric_of_ones_own_keeps_its_label_and_range(make_predictions):
    table = make_predictions(contexts=("calm", "pain"))

    def measure_near(truth, prediction):
        return float(np.mean(np.abs(truth - prediction) < 0.7))

    near = Metric("near", measure_near, range=(0, 1), label="share near")
    comparison = compare_models(table, metrics=near, **QUICK)
    runs = pd.concat([table.assign(seat=name) for name in ("one", "two")], ignore_index=True)
    companions = (
        judge_equivalence(comparison, margin=0.25),
        permute_models(table, metrics=near, **QUICK),
        compare_contexts(table, metrics=near, **QUICK),
        plan_precision(table, metrics=near, width=0.1, **QUICK),
        split_variance(runs, metrics=near),
    )
    for told in companions:
        assert "share near" in told.sentence()
        assert " 0." not in told.sentence() and "−0." not in told.sentence()
    text = describe_methods(comparison, *companions)
    assert "±.25 (share near)" in text and "width .1 (share near)" in text


def test_a_bootstrapped_metric_has_its_label(make_predictions):
    table = make_predictions(models=("a",))
    found = bootstrap_clusters(table, "correlation_within", cluster="subject", **QUICK)
    assert found.sentence().startswith("r within subjects = .")
    assert "CI [." in found.sentence()


@pytest.mark.parametrize("alike", [0, 1, 2])
def test_the_rest_of_many_verdicts_agrees_in_number(crowd, alike):
    comparison = compare_models(crowd, metrics="rmse", **QUICK)
    told = judge_equivalence(comparison, margin=0.2)
    for count in (1, 3):
        table = told.table.head(MOST_VERDICTS + count).assign(equivalent=False)
        table.loc[table.index[-alike:] if alike else [], "equivalent"] = True
        text = replace(told, table=table).sentence()
        if count == 1:
            word = "is" if alike else "is not shown to be"
            assert f" The other difference {word} equivalent." in text
        else:
            word = "is" if alike == 1 else "are"
            assert f" Of 3 other differences, {alike} {word} equivalent." in text


def test_an_adjusted_p_is_called_adjusted(crowd):
    told = judge_equivalence(compare_models(crowd, metrics="rmse", **QUICK), margin=0.2)
    assert told.table["p_adjusted"].gt(told.table["p_value"]).any()
    assert "for equivalence by Holm's adjustment of p" in told.sentence()
    alone = told.table.head(1).assign(p_adjusted=lambda rows: rows["p_value"])
    assert "Holm" not in replace(told, table=alone).sentence()


@pytest.mark.parametrize("interval", ["auto", "percentile", "basic", "bca", "t"])
def test_one_cluster_that_tells_has_a_value_and_no_interval(interval):
    """Five people with one clip beside one with ten: a mean r per person is that of one person."""
    who = np.repeat(np.arange(6), [10, 1, 1, 1, 1, 1])
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"clip": range(15), "subject": who, "truth": rng.normal(size=15)})
    guess = [table.assign(model=one, prediction=rng.normal(size=15)) for one in "AB"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = compare_models(
            pd.concat(guess), metrics="correlation_mean", interval=interval, **QUICK
        )
    assert found.table["estimate"].notna().all()
    assert found.table[["conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    text = found.sentence()
    assert "Over all clips (10 clips, 1 subject)" in text
    assert "degrees of freedom" not in text and "Intervals are" not in text
