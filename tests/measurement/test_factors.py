"""Several correlated factors: the published example, lavaan by hand, the full score formula.

Tolerances: published numbers half a unit of their last digit; lavaan 1e-6; algebra 1e-10.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, FitError, FitWarning, OptionError, RError
from exprstats.measurement import fit_factors

ORACLES = Path(__file__).parents[1] / "oracles" / "measurement"
GROUPS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}


@pytest.fixture(scope="module")
def holzinger():
    return pd.read_csv(ORACLES / "holzinger.csv", dtype={"clip": str})


@pytest.mark.r
def test_the_published_example(holzinger):
    """Rosseel (2012), Journal of Statistical Software, 48(2), section 4."""
    factors = fit_factors(holzinger, items=GROUPS)
    facts = factors.glance().iloc[0]
    published = {"chisq": 85.306, "df": 24, "cfi": 0.931, "rmsea": 0.092}
    for name, number in published.items():
        assert facts[name] == pytest.approx(number, abs=0.0005)
    rows = factors.tidy().set_index(["term", "item"])
    loadings = [0.772, 0.424, 0.581, 0.852, 0.855, 0.838, 0.570, 0.723, 0.665]
    for place, number in enumerate(loadings, start=1):
        assert rows.loc[("loading", f"x{place}"), "estimate"] == pytest.approx(number, abs=0.0006)
    pairs = factors.tidy()
    pairs = pairs[pairs["term"] == "correlation"].set_index(["factor", "versus"])["estimate"]
    wanted = {("visual", "textual"): 0.459, ("visual", "speed"): 0.471, ("textual", "speed"): 0.283}
    for pair, number in wanted.items():
        assert pairs[pair] == pytest.approx(number, abs=0.0006)
    assert "χ²(24) = 85.31, p < .001" in factors.sentence()


@pytest.mark.r
def test_estimates_errors_and_scores_are_lavaans(holzinger):
    wanted = pd.read_csv(ORACLES / "factors.csv").set_index(["lhs", "op", "rhs"])
    factors = fit_factors(holzinger, items=GROUPS)
    rows = factors.tidy().set_index(["term", "item"])
    for name, items in GROUPS.items():
        for item in items:
            for key, term in (((name, "=~", item), "loading"), ((item, "~~", item), "residual")):
                for column in ("estimate", "std_error"):
                    number = wanted.loc[key, column]
                    assert rows.loc[(term, item), column] == pytest.approx(number, abs=1e-6)
    scores = factors.scores.pivot_table(index="clip", columns="factor", values="score")
    theirs = pd.read_csv(ORACLES / "factors_scores.csv").set_index("clip")
    for name in GROUPS:
        np.testing.assert_allclose(scores.loc[theirs.index, name], theirs[name], atol=1e-6)


@pytest.mark.r
def test_scores_are_those_of_the_whole_matrix(holzinger):
    factors = fit_factors(holzinger, items=GROUPS)
    rows = factors.tidy().set_index(["term", "item"])["estimate"]
    items = [item for one in GROUPS.values() for item in one]
    pattern = np.zeros((9, 3))
    for place, item in enumerate(items):
        pattern[place, place // 3] = rows["loading_raw", item]
    precision = np.diag([1 / rows["residual_raw", item] for item in items])
    centred = holzinger[items].to_numpy() - [rows["intercept", item] for item in items]
    inner = np.linalg.inv(pattern.T @ precision @ pattern)
    by_matrix = centred @ precision @ pattern @ inner
    for place, name in enumerate(GROUPS):
        own = factors.scores[factors.scores["factor"] == name]
        np.testing.assert_allclose(own["score"], by_matrix[:, place], atol=1e-10)
        assert own["factor_se"].iloc[0] == pytest.approx(np.sqrt(inner[place, place]), abs=1e-10)


@pytest.mark.r
def test_reversed_factors_are_turned_and_their_correlations_with_them(holzinger):
    turned = holzinger.assign(**{item: -holzinger[item] for item in GROUPS["speed"]})
    before, after = (fit_factors(table, items=GROUPS).tidy() for table in (holzinger, turned))
    pairs = [table[table["term"] == "correlation"]["estimate"] for table in (before, after)]
    np.testing.assert_allclose(np.abs(pairs[0]), np.abs(pairs[1]), atol=1e-6)
    np.testing.assert_allclose(pairs[1].to_numpy(), pairs[0] * [1, -1, -1], atol=1e-6)


@pytest.mark.r
def test_contexts_come_first_and_all_clips_last(holzinger):
    factors = fit_factors(holzinger, items=GROUPS, by="school")
    order = factors.tidy()["context"].drop_duplicates().tolist()
    assert order[:2] == ["Pasteur", "Grant-White"]
    assert pd.isna(order[2])
    counts = factors.scores.groupby(["fitted_on", "factor"]).size()
    assert set(counts) == {301}


@pytest.mark.r
def test_names_never_reach_r(holzinger, tmp_path):
    trap = f'system("touch {tmp_path / "ran"}")*x1'
    renamed = holzinger.rename(columns={"x1": trap})
    groups = {trap + "f": [trap, "x2", "x3"], "b": ["x4", "x5", "x6"]}
    factors = fit_factors(renamed, items=groups)
    assert factors.tidy()["factor"].iloc[0] == trap + "f"
    assert not (tmp_path / "ran").exists()


def test_items_and_factors_that_do_not_do_are_refused(holzinger):
    with pytest.raises(OptionError, match="there is fit_factor"):
        fit_factors(holzinger, items={"visual": ["x1", "x2", "x3"]})
    with pytest.raises(OptionError, match="factor 'b' has 1 item"):
        fit_factors(holzinger, items={"a": ["x1", "x2"], "b": ["x3"]})
    with pytest.raises(OptionError, match="'x2' is named twice"):
        fit_factors(holzinger, items={"a": ["x1", "x2"], "b": ["x2", "x3"]})
    for items in (["x1", "x2"], {"a": ["x1", "x2"], "b": "x3"}):
        with pytest.raises(OptionError, match="items must give a list for each factor"):
            fit_factors(holzinger, items=items)
    with pytest.raises(DataError, match="no column 'x10'"):
        fit_factors(holzinger, items={"a": ["x1", "x2"], "b": ["x10", "x3"]})


def test_without_r_there_are_no_several_factors(holzinger, closed):
    with pytest.raises(RError):
        fit_factors(holzinger, items=GROUPS)


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:measurement.fit_factors:exprstats.errors.RWarning")
def test_impossible_correlations_of_factors_are_refused():
    """Each item of the second factor is half the sum of the first's: they correlate beyond 1."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=(60, 1))
    one = common + 0.6 * rng.normal(size=(60, 3))
    two = 0.5 * one + 0.25 * rng.normal(size=(60, 3))
    table = pd.DataFrame(np.hstack([one, two]), columns=["q0", "q1", "q2", "z0", "z1", "z2"])
    with pytest.raises(FitError, match=r"factors 'A' and 'B' correlate 1\.\d\d; scores are not"):
        fit_factors(table, items={"A": ["q0", "q1", "q2"], "B": ["z0", "z1", "z2"]})


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:.*not positive definite:exprstats.errors.RWarning")
def test_correlations_that_contradict_each_other_are_refused():
    """Each of three correlations is below 1, but no three factors can have all of them."""
    rng = np.random.default_rng(39)
    truth = np.full((3, 3), 0.95) + 0.05 * np.eye(3)
    factors = rng.multivariate_normal(np.zeros(3), truth, size=25)
    answers = np.repeat(factors, 3, axis=1) + 0.9 * rng.normal(size=(25, 9))
    items = {"A": list("abc"), "B": list("def"), "C": list("ghi")}
    with pytest.raises(FitError, match=r"largest 0\.\d\d, of 'A' and 'C'\) contradict each other"):
        fit_factors(pd.DataFrame(answers, columns=list("abcdefghi")), items=items)


@pytest.mark.r
def test_an_item_that_loads_against_its_factor_is_told():
    rng = np.random.default_rng(2)
    factors = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=300)
    answers = np.repeat(factors, 3, axis=1) * [1, 1, -1, 1, 1, 1]
    table = pd.DataFrame(answers + 0.6 * rng.normal(size=(300, 6)), columns=list("abcdef"))
    with pytest.warns(FitWarning, match="'c' loads against the other items"):
        fit_factors(table, items={"A": list("abc"), "B": list("def")})
