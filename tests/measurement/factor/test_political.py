"""PoliticalDemocracy (Bollen, 1989): against lavaan run by hand, and against semopy.

Tolerances: 1e-6 of each estimate's size against lavaan; 1e-3 against semopy, whose optimizer stops
earlier (Igolkina & Meshcheryakov, 2020).
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.measurement import fit_factor, fit_factors

ORACLES = Path(__file__).parents[2] / "oracles" / "measurement"
ITEMS = {"democracy": ["y1", "y2", "y3", "y4"], "industry": ["x1", "x2", "x3"]}
GROUPS = {
    "industry": ITEMS["industry"],
    "early": ITEMS["democracy"],
    "late": ["y5", "y6", "y7", "y8"],
}
FIT = ("chisq", "pvalue", "cfi", "rmsea", "srmr")


@pytest.fixture(scope="module")
def political():
    return pd.read_csv(ORACLES / "political.csv")


@pytest.fixture(scope="module")
def lavaan():
    table = pd.read_csv(ORACLES / "political_estimates.csv", keep_default_na=False)
    numbers = ["estimate", "std_error", "standard", "standard_error"]
    table[numbers] = table[numbers].replace("", np.nan).astype(float)
    return table.set_index(["model", "lhs", "op", "rhs"]).sort_index()


def estimate_by_semopy(table, model):
    """Return semopy's maximum likelihood estimates, raw and standardised."""
    with warnings.catch_warnings(action="ignore"):
        import semopy

        one = semopy.Model(model)
        one.fit(table, obj="MLW")
        return one.inspect(std_est=True).set_index(["lval", "op", "rval"])


@pytest.mark.r
@pytest.mark.parametrize("model", ITEMS)
def test_one_factor_is_lavaans(political, lavaan, model):
    factor = fit_factor(political, items=ITEMS[model])
    rows = factor.tidy().set_index(["term", "item"])
    kinds = {"loading": ("=~", model), "residual": ("~~", None)}
    for item in ITEMS[model]:
        for term, (op, lhs) in kinds.items():
            theirs = lavaan.loc[(model, lhs or item, op, item)]
            for mine, raw, error in (
                (term, "standard", "standard_error"),
                (f"{term}_raw", "estimate", "std_error"),
            ):
                assert rows.loc[(mine, item), "estimate"] == pytest.approx(theirs[raw], rel=1e-6)
                assert rows.loc[(mine, item), "std_error"] == pytest.approx(theirs[error], rel=1e-5)
    scores = pd.read_csv(ORACLES / "political_scores.csv")[model]
    np.testing.assert_allclose(factor.scores["score"], scores, atol=2e-6)


@pytest.mark.r
def test_fit_is_lavaans(political, lavaan):
    rows = fit_factor(political, items=ITEMS["democracy"]).tidy().set_index("term")
    theirs = lavaan.loc[("democracy", "fit", "")]["estimate"]
    assert rows.loc["df", "estimate"] == theirs["df"] == 2
    assert rows.loc["chisq", "p_value"] == pytest.approx(theirs["pvalue"], abs=1e-6)
    for term in ("chisq", "cfi", "rmsea", "srmr"):
        assert rows.loc[term, "estimate"] == pytest.approx(theirs[term], abs=1e-6)


@pytest.mark.r
def test_three_factors_are_lavaans(political, lavaan):
    factors = fit_factors(political, items=GROUPS)
    rows = factors.tidy().set_index(["term", "item"])
    for name, items in GROUPS.items():
        for item in items:
            theirs = lavaan.loc[("all", name, "=~", item)]
            mine = rows.loc[("loading", item)]
            assert mine["estimate"] == pytest.approx(theirs["standard"], abs=1e-6)
            assert mine["std_error"] == pytest.approx(theirs["standard_error"], abs=1e-6)
    pairs = factors.tidy().query("term == 'correlation'").set_index(["factor", "versus"])
    for pair in pairs.index:
        theirs = lavaan.loc[("all", pair[0], "~~", pair[1]), "standard"]
        assert pairs.loc[pair, "estimate"] == pytest.approx(theirs, abs=1e-6)
    for name in FIT:
        assert factors.fit[name] == pytest.approx(
            lavaan.loc[("all", "fit", "", name), "estimate"], abs=1e-6
        )


@pytest.mark.r
@pytest.mark.parametrize("model", ITEMS)
def test_a_third_voice_finds_the_same(political, model):
    theirs = estimate_by_semopy(political, f"f =~ {' + '.join(ITEMS[model])}")
    # semopy fixes the first loading and frees the factor's variance.
    spread = np.sqrt(theirs.loc[("f", "~~", "f"), "Estimate"])
    mine = fit_factor(political, items=ITEMS[model]).tidy().set_index(["term", "item"])["estimate"]
    for item in ITEMS[model]:
        found = theirs.loc[(item, "~", "f")]
        assert mine["loading", item] == pytest.approx(found["Est. Std"], abs=1e-3)
        assert mine["loading_raw", item] == pytest.approx(found["Estimate"] * spread, rel=1e-3)
        residual = theirs.loc[(item, "~~", item), "Estimate"]
        assert mine["residual_raw", item] == pytest.approx(residual, rel=2e-3)
