"""Correlations of few clusters' means: two means lie on a line whatever they are.

The estimate of three is numpy's; tolerance 1e-12, the same arithmetic in another order.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import compare_models


def draw(groups, seed=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"subject": np.repeat([f"s{n}" for n in range(groups)], 4)})
    table["clip"] = [f"c{n}" for n in range(len(table))]
    table["truth"] = rng.normal(size=len(table))
    return table.assign(prediction=rng.normal(size=len(table)), model="a")


@pytest.mark.parametrize("seed", range(4))
def test_three_means_have_an_estimate_and_no_interval(seed):
    table = draw(3, seed)
    rows = compare_models(table, metrics="correlation_between", draws=200, seed=1).table
    means = table.groupby("subject")[["truth", "prediction"]].mean()
    known = np.corrcoef(means.to_numpy().T)[0, 1]
    assert rows["estimate"].tolist() == pytest.approx([known] * len(rows), abs=1e-12)
    assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
    assert rows.loc[rows["headline"], "note"].str.contains("not defined without one").all()
    assert not rows["note"].astype(str).str.contains("the same whichever").any()


def test_four_means_have_an_interval():
    rows = compare_models(draw(4), metrics="correlation_between", draws=200, seed=1).table
    headline = rows[rows["headline"]].iloc[0]
    assert -1 <= headline["conf_low"] < headline["estimate"] < headline["conf_high"] <= 1
