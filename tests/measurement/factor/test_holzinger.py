"""Estimates, standard errors, limits, fit and scores against lavaan run by hand in R.

Tolerance 1e-6: lavaan's optimiser stops within about 1e-7 of the maximum; the closed form is
exact. Witnesses: lavaan from the rows (stored, with its script), lavaan from the moments, and the
closed form.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats import rbridge
from exprstats.errors import FitWarning, RError
from exprstats.measurement import fit_factor

ORACLES = Path(__file__).parents[2] / "oracles" / "measurement"
TERMS = {
    ("raw", "=~"): "loading_raw",
    ("raw", "~~"): "residual_raw",
    ("raw", "~1"): "intercept",
    ("standardized", "=~"): "loading",
    ("standardized", "~~"): "residual",
}
ITEMS = ["x1", "x2", "x3"]
pytestmark = pytest.mark.filterwarnings("ignore:lavaan was not used:exprstats.errors.FitWarning")


@pytest.fixture(scope="module")
def holzinger():
    return pd.read_csv(ORACLES / "holzinger.csv", dtype={"clip": str})


@pytest.fixture(scope="module")
def by_hand():
    return pd.read_csv(ORACLES / "holzinger_estimates.csv", keep_default_na=False)


@pytest.fixture(params=[pytest.param("lavaan", marks=pytest.mark.r), "closed form"])
def engine(request, monkeypatch):
    if request.param == "closed form":
        monkeypatch.setattr(rbridge, "call", refuse)
    return request.param


def refuse(*_arguments, **_options):
    message = "R was not found."
    raise RError(message)


def select_estimates(by_hand, items, group):
    """Return lavaan's numbers by (term, item)."""
    rows = by_hand[(by_hand["items"] == items) & (by_hand["group"] == group)]
    found = {}
    for row in rows.to_dict("records"):
        term = TERMS.get((row["kind"], row["op"]))
        item = row["rhs"] if row["op"] == "=~" else row["lhs"]
        if term and item.startswith("x"):
            keys = ("estimate", "se", "ci.lower", "ci.upper")
            found[term, item] = [float(row[key]) for key in keys]
    return found


@pytest.mark.parametrize("group", ["Pasteur", "Grant-White", "all"])
def test_estimates_errors_and_limits_are_lavaans(holzinger, by_hand, engine, group):
    factor = fit_factor(holzinger, items=ITEMS, by="school")
    assert factor.engine == engine
    context = None if group == "all" else group
    rows = factor.tidy()
    mine = rows[rows["context"].isna() if context is None else rows["context"] == context]
    mine = mine.set_index(["term", "item"])
    wanted = select_estimates(by_hand, 3, group)
    assert len(wanted) == 15
    for key, numbers in wanted.items():
        columns = ["estimate", "std_error", "conf_low", "conf_high"]
        np.testing.assert_allclose(mine.loc[key, columns].to_list(), numbers, atol=1e-6, rtol=0)


@pytest.mark.parametrize("group", ["Pasteur", "Grant-White", "all"])
def test_scores_are_lavaans(holzinger, engine, group):
    factor = fit_factor(holzinger, items=ITEMS, by="school")
    wanted = pd.read_csv(ORACLES / "holzinger_scores.csv", dtype={"clip": str})
    wanted = wanted[wanted["group"] == group].set_index("clip")["score"]
    scores = factor.scores[
        (factor.scores["fitted_on"] == "all")
        if group == "all"
        else (factor.scores["fitted_on"] == "context") & (factor.scores["context"] == group)
    ].set_index("clip")["score"]
    assert len(scores) == len(wanted)
    np.testing.assert_allclose(scores.loc[wanted.index], wanted, atol=1e-6, rtol=0)


@pytest.mark.r
def test_four_items_can_be_tested_and_the_fit_is_lavaans(holzinger, by_hand):
    factor = fit_factor(holzinger, items=[*ITEMS, "x4"], by="school")
    rows = factor.tidy()
    for group in ("Pasteur", "Grant-White"):
        wanted = by_hand[
            (by_hand["items"] == 4) & (by_hand["group"] == group) & (by_hand["kind"] == "fit")
        ].set_index("rhs")["estimate"].astype(float)  # fmt: skip
        mine = rows[rows["context"] == group].set_index("term")
        for term in ("chisq", "df", "cfi", "tli", "srmr", "rmsea"):
            np.testing.assert_allclose(mine.loc[term, "estimate"], wanted[term], atol=1e-5)
        assert mine.loc["chisq", "p_value"] == pytest.approx(wanted["pvalue"], abs=1e-6)
        assert mine.loc["rmsea", "conf_low"] == pytest.approx(wanted["rmsea.ci.lower"], abs=1e-5)
        assert mine.loc["rmsea", "conf_high"] == pytest.approx(wanted["rmsea.ci.upper"], abs=1e-5)
    assert "χ²(2) = " in factor.sentence()
    assert not any("cannot be tested" in note for note in factor.notes)


def test_three_items_have_no_fit_indices_and_say_so(holzinger, engine):
    factor = fit_factor(holzinger, items=ITEMS)
    terms = set(factor.tidy()["term"])
    assert not terms & {"chisq", "cfi", "tli", "rmsea", "srmr"}
    row = factor.tidy().set_index("term").loc["df"]
    assert (row["estimate"], row["note"]) == (0, "fit cannot be tested with three items (df = 0)")
    assert "Fit cannot be tested with three items (df = 0)" in factor.sentence()


@pytest.mark.r
def test_with_r_the_receipt_carries_the_call_and_the_versions(holzinger):
    factor = fit_factor(holzinger, items=ITEMS)
    assert factor.receipt.call.startswith('lavaan::cfa(model = "f =~ v1 + v2 + v3"')
    assert "sample.nobs = 301" in factor.receipt.call
    assert factor.receipt.versions["lavaan"] == rbridge.probe_r().lavaan_version
    assert f"lavaan {factor.receipt.versions['lavaan']}" in factor.sentence()
    assert json.loads((ORACLES / "holzinger.json").read_text())["lavaan"].startswith("0.6")


def test_without_r_the_closed_form_serves_and_says_so(holzinger, monkeypatch):
    monkeypatch.setattr(rbridge, "call", refuse)
    factor = fit_factor(holzinger, items=ITEMS)
    assert factor.engine == "closed form"
    assert factor.receipt.call is None
    assert factor.notes[0].startswith("R was not used")
    assert factor.notes[0].endswith("R was not found.")
    assert "closed form" in factor.sentence()


@pytest.mark.r
@pytest.mark.filterwarnings("default:lavaan was not used:exprstats.errors.FitWarning")
def test_an_r_that_is_there_and_fails_is_warned_of(holzinger, monkeypatch):
    monkeypatch.setattr(rbridge, "call", refuse)
    with pytest.warns(FitWarning, match="lavaan was not used: R was not found"):
        fit_factor(holzinger, items=ITEMS)


def test_without_r_four_items_are_refused_with_the_reason(holzinger, monkeypatch):
    monkeypatch.setattr(rbridge, "call", refuse)
    with pytest.raises(RError, match=r"R was not found\. Without R only three items"):
        fit_factor(holzinger, items=[*ITEMS, "x4"])


@pytest.mark.r
def test_items_of_very_different_scale_give_the_same_standardised_solution(holzinger):
    small = holzinger.assign(x1=holzinger["x1"] * 1e-6, x3=holzinger["x3"] * 1e6)
    before = fit_factor(holzinger, items=ITEMS).tidy().set_index(["term", "item"])
    after = fit_factor(small, items=ITEMS).tidy().set_index(["term", "item"])
    numbers = ["estimate", "std_error"]
    for term, power in (("loading", 0), ("residual", 0), ("loading_raw", 1), ("residual_raw", 2)):
        factor = np.array([1e-6, 1, 1e6]) ** power
        np.testing.assert_allclose(
            after.loc[term, numbers].to_numpy(float),
            before.loc[term, numbers].to_numpy(float) * factor[:, None],
            rtol=1e-5,
        )


@pytest.mark.r
def test_the_stored_numbers_are_what_r_says_today(holzinger, by_hand):
    table = holzinger[holzinger["school"] == "Pasteur"][ITEMS].to_numpy(float)
    reply = rbridge.call("measurement", "fit_one_factor", table)
    wanted = select_estimates(by_hand, 3, "Pasteur")
    for place, item in enumerate(ITEMS):
        loading = reply.value["parameters"]["estimate"][place]
        assert loading == pytest.approx(wanted["loading_raw", item][0], abs=1e-9)
