"""The real files: what the command line's user would feed in.

Tolerance 1e-6 against lavaan run by hand on the same data.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.io import read_table
from exprstats.measurement import bootstrap_factor, check_invariance, fit_factor, fit_ordered

ORACLES = Path(__file__).parents[2] / "oracles" / "measurement"
pytestmark = [pytest.mark.data, pytest.mark.r]


def find_file(*parts):
    return Path(os.environ["EXPRSTATS_DATA"]).joinpath("ratings", "rpkgs", *parts)


def test_three_items_by_school():
    items = ["x1", "x2", "x3"]
    table = read_table(find_file("lavaan_HolzingerSwineford1939.csv"), ids=("id", "school"))
    factor = fit_factor(table.rename(columns={"id": "clip"}), items=items, by="school")
    wanted = pd.read_csv(ORACLES / "holzinger_estimates.csv", keep_default_na=False)
    wanted = wanted[(wanted["items"] == 3) & (wanted["op"] == "=~")]
    rows = factor.tidy()
    for group in ("Pasteur", "Grant-White", "all"):
        mine = rows[rows["context"].isna() if group == "all" else rows["context"] == group]
        for kind, term in (("raw", "loading_raw"), ("standardized", "loading")):
            theirs = wanted[(wanted["group"] == group) & (wanted["kind"] == kind)]
            found = mine[mine["term"] == term].set_index("item").loc[items]
            for ours, name in (("estimate", "estimate"), ("std_error", "se")):
                np.testing.assert_allclose(found[ours], theirs[name].astype(float), atol=1e-6)


def test_ordered_answers_of_many_people():
    items = ["A2", "A3", "A4", "A5"]
    table = read_table(find_file("psych_bfi.csv"))[items].dropna()
    ordered = fit_ordered(table, items=items)
    linear = fit_factor(table, items=items)
    assert np.corrcoef(ordered.scores["score"], linear.scores["score"])[0, 1] > 0.97
    # Polychoric loadings are larger: coarse answers hide part of what items share.
    assert (ordered.solutions[0].loadings > linear.solutions[0].standard).all()


def test_children_in_schools_are_clusters():
    items = ["y1", "y2", "y3"]
    table = read_table(find_file("lavaan_Demo_twolevel.csv"), ids=("cluster",))
    naive = fit_factor(table, items=items).tidy()
    robust = fit_factor(table, items=items, cluster="cluster").tidy()
    drawn = bootstrap_factor(table, items=items, cluster="cluster", draws=1000, seed=1).tidy()
    found = [
        frame[(frame["term"] == "loading") & (frame["item"] == "y1")]["std_error"].iloc[0]
        for frame in (naive, robust, drawn)
    ]
    assert found[1] > found[0]
    assert found[2] == pytest.approx(found[1], rel=0.1)
    coin = np.random.default_rng(1).random(len(table)) < 0.5
    halves = table.assign(half=np.where(coin, "heads", "tails"))
    alike = check_invariance(halves, items=items, by="half", cluster="cluster")
    assert alike.glance()["holds"].item() == "strict"
