"""What comparisons take and refuse.

Tolerance 1e-12: the same sums in another order.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.inference import compare_models

OPTIONS = {"draws": 300, "seed": 1}


def test_seats_may_be_categories(make_predictions):
    table = make_predictions(models=("a", "human"))
    table["seat"] = pd.Categorical(np.where(table["model"] == "human", "one", None))
    seated = compare_models(table, metrics="rmse", **OPTIONS)
    plain = compare_models(table.drop(columns="seat"), metrics="rmse", **OPTIONS)
    # A model in a seat has rows of its own, of which there is no paired regression.
    kept = plain.table[plain.table["method"].ne("ols_cluster")]
    np.testing.assert_allclose(seated.table["estimate"], kept["estimate"], rtol=1e-12)


def test_few_draws_are_no_matter_to_the_jackknife(make_predictions):
    options = {"metrics": "rmse", "draws": 2, "seed": 1}
    assert compare_models(make_predictions(), interval="jackknife", **options).draws == 2
    with pytest.warns(DataWarning, match="2 draws are too few"):
        compare_models(make_predictions(), **options)


@pytest.mark.parametrize("span", ["7", 0, np.nan])
def test_spans_are_positive_numbers(make_predictions, span):
    with pytest.raises(OptionError, match=f"span must be a positive number; got {span!r}"):
        compare_models(make_predictions(), metrics="nrmse", span=span)


def test_models_that_lose_all_their_rows_are_named(make_predictions):
    table = make_predictions(models=("a", "b"))
    table.loc[table["model"] == "b", "prediction"] = np.nan
    told = r"left out\. Nothing is left of 1 model: 'b'\.$"
    with pytest.warns(DataWarning, match=told):
        result = compare_models(table, metrics="rmse", **OPTIONS)
    assert set(result.table["model"]) == {"a"}
    with pytest.raises(DataError, match=r"none of the .* rows has a truth and a prediction"):
        compare_models(table.assign(truth=np.nan), metrics="rmse", **OPTIONS)


def test_predictions_that_are_the_truth_are_pointed_at(make_predictions):
    table = make_predictions(models=("a", "b"))
    same = table["model"].eq("a")
    table.loc[same, "prediction"] = table.loc[same, "truth"]
    told = rf"every prediction of 'a' is the truth itself \({same.sum()} rows\)"
    with pytest.warns(DataWarning, match=told) as caught:
        compare_models(table, metrics="mae", **OPTIONS)
    assert not any("'b'" in str(one.message) for one in caught)
    # A few values can all be hit, and one miss is no copy.
    few = table.assign(truth=table["truth"].gt(0) * 1.0)
    few.loc[same, "prediction"] = few.loc[same, "truth"]
    compare_models(few, metrics="accuracy", **OPTIONS)
    table.loc[table.index[same][0], "prediction"] += 0.1
    compare_models(table, metrics="mae", **OPTIONS)
