"""Options of a resampling, given together or one by one, mean the same. No tolerance."""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import OptionError

VERBS = {
    "compare_models": {"draws": 300, "interval": "bca", "level": 0.9, "seed": 4},
    "compare_contexts": {"draws": 300, "level": 0.9, "seed": 4},
    "permute_models": {"draws": 300, "seed": 4},
    "plan_precision": {"draws": 300, "level": 0.9, "seed": 4},
}


@pytest.mark.parametrize("verb", VERBS)
def test_options_together_give_the_numbers_of_options_one_by_one(make_predictions, verb):
    table, options = make_predictions(contexts=("joy", "pain")), VERBS[verb]
    apart = getattr(ex, verb)(table, metrics="rmse", **options)
    together = getattr(ex, verb)(table, metrics="rmse", resampling=ex.Resampling(**options))
    pd.testing.assert_frame_equal(apart.table, together.table)


def test_strata_may_be_among_them(make_predictions):
    table = make_predictions().assign(site=lambda t: t["subject"].str[-1].isin(list("02468")))
    options = {"draws": 300, "seed": 4, "strata": "site"}
    for verb, more in (
        (ex.compare_models, {"metrics": "rmse"}),
        (ex.bootstrap_clusters, {"statistic": "rmse", "cluster": "subject"}),
    ):
        rows = table[table["model"] == "a"]
        apart = verb(rows, **more, **options)
        together = verb(rows, **more, resampling=ex.Resampling(**options))
        pd.testing.assert_frame_equal(apart.table, together.table)


def test_an_option_may_stand_beside_others_but_not_twice(make_predictions):
    shared = ex.Resampling(draws=300)
    found = ex.compare_models(make_predictions(), metrics="rmse", resampling=shared, seed=4)
    known = ex.compare_models(make_predictions(), metrics="rmse", draws=300, seed=4)
    pd.testing.assert_frame_equal(found.table, known.table)
    with pytest.raises(OptionError, match="draws is given twice"):
        ex.compare_models(make_predictions(), metrics="rmse", resampling=shared, draws=500)
    with pytest.raises(OptionError, match=r"must be a Resampling\(…\); got 300"):
        ex.compare_models(make_predictions(), metrics="rmse", resampling=300)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 1}, "draws is 1; it must be"),
        ({"interval": "wald"}, "interval 'wald' is not known"),
        ({"level": 95}, "level is 95; it must"),
        ({"seed": -1}, "seed is -1; it must"),
        ({"n_jobs": 0}, "n_jobs is 0; it must"),
        ({"scheme": "rows"}, "scheme 'rows' is not known"),
        ({"scheme": "two-stage", "interval": "t"}, "bootstrap-t needs the scheme 'clusters'"),
        ({"compat": "mlboot", "interval": "bca"}, "has percentile intervals only"),
    ],
)
def test_options_are_checked_when_they_are_written(options, words):
    with pytest.raises(OptionError, match=words):
        ex.Resampling(**options)


@pytest.mark.parametrize("verb", ["compare_contexts", "plan_precision"])
def test_options_that_a_verb_lacks_are_refused_not_ignored(make_predictions, verb):
    table = make_predictions(contexts=("joy", "pain"))
    with pytest.raises(OptionError, match=f"{verb} has no strata; it must"):
        getattr(ex, verb)(table, metrics="rmse", resampling=ex.Resampling(strata="site"))


def test_a_generator_is_a_seed():
    assert ex.Resampling(seed=np.random.default_rng(1)).draws == 2000
