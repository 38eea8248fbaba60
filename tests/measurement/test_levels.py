"""Two levels: lavaan by hand, the closed form of balanced data, and known truth.

Tolerances: 1e-6 against stored lavaan (its optimiser stops within about 1e-7); 2e-5 against the
closed form, for the same reason on a flatter likelihood; known truth within 3.5 standard errors.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning, FitWarning, OptionError, RError
from exprstats.measurement import fit_levels
from exprstats.measurement.factor.moments import split_squares

ORACLES = Path(__file__).parents[1] / "oracles" / "measurement"
ITEMS = ["y1", "y2", "y3"]
WITHIN, BETWEEN = np.array([0.9, 0.7, 0.5]), np.array([0.6, 0.8, 0.7])


@pytest.fixture(scope="module")
def demo():
    return pd.read_csv(ORACLES / "levels.csv", dtype={"cluster": str})


@pytest.fixture(scope="module")
def wanted():
    table = pd.read_csv(ORACLES / "levels_estimates.csv").fillna({"op": ""})
    return table.set_index(["level", "lhs", "op", "rhs"]).sort_index()


def draw_levels(groups=150, size=6, *, specific=0.4, seed=1, within=WITHIN, between=BETWEEN):
    """Return items of known loadings within and between subjects."""
    rng = np.random.default_rng(seed)
    p = len(within)
    subject = np.repeat(np.arange(groups), size)
    person = np.outer(rng.normal(size=groups), between) + rng.normal(size=(groups, p)) * specific
    clip = np.outer(rng.normal(size=len(subject)), within)
    answers = 2 + person[subject] + clip + rng.normal(size=(len(subject), p)) * 0.6
    table = pd.DataFrame(answers, columns=[f"y{place}" for place in range(1, p + 1)])
    return table.assign(subject=np.char.mod("s%d", subject))


def index_rows(found):
    return found.tidy().set_index(["layer", "term", "item"])


@pytest.mark.r
def test_both_levels_are_lavaans(demo, wanted):
    rows = index_rows(fit_levels(demo, items=ITEMS, cluster="cluster"))
    for number, layer in ((1, "within"), (2, "between")):
        for item in ITEMS:
            for term, lhs, op in (("loading", layer, "=~"), ("residual", item, "~~")):
                theirs = wanted.loc[(number, lhs, op, item)]
                mine, raw = rows.loc[(layer, term, item)], rows.loc[(layer, f"{term}_raw", item)]
                assert mine["estimate"] == pytest.approx(theirs["standard"], abs=1e-6)
                assert mine["std_error"] == pytest.approx(theirs["standard_error"], abs=1e-6)
                assert raw["estimate"] == pytest.approx(theirs["estimate"], abs=1e-6)
                assert raw["std_error"] == pytest.approx(theirs["std_error"], abs=1e-6)


@pytest.mark.r
def test_shares_and_reliabilities_are_those_of_lavaans_estimates(demo, wanted):
    found = fit_levels(demo, items=ITEMS, cluster="cluster")
    rows = found.tidy()
    shares = rows[rows["term"] == "icc"].set_index("item")["estimate"]
    for item in ITEMS:
        assert shares[item] == pytest.approx(
            wanted.loc[(0, "icc", "", item), "estimate"].item(), abs=1e-4
        )
    omegas, parts = {}, {}
    for number, layer in ((1, "within"), (2, "between")):
        loads = sum(wanted.loc[(number, layer, "=~", item), "estimate"] for item in ITEMS)
        rests = sum(wanted.loc[(number, item, "~~", item), "estimate"] for item in ITEMS)
        parts[layer] = (loads**2, rests)
        omegas[layer] = loads**2 / (loads**2 + rests)
    mine = rows[rows["term"] == "omega"].set_index("layer")["estimate"]
    for layer, omega in omegas.items():
        assert mine[layer] == pytest.approx(omega, abs=1e-6)
    size = 1 / (1 / demo.groupby("cluster").size()).mean()
    observed = sum(parts["between"]) + sum(parts["within"]) / size
    means = rows[rows["term"] == "omega_means"]["estimate"].item()
    assert means == pytest.approx(parts["between"][0] / observed, abs=1e-6)
    assert found.glance()["n_clusters"].item() == 200
    assert "2,500 clips in 200 clusters (cluster): within clusters" in found.sentence()
    assert "cannot be tested with three items" in found.sentence()


@pytest.fixture(scope="module")
def balanced():
    """Items of 150 subjects with 6 clips each, and the rows of their fit."""
    table = draw_levels()
    return table, index_rows(fit_levels(table, items=ITEMS))


@pytest.mark.r
def test_balanced_data_have_a_closed_form(balanced):
    """Muthén (1994): pooled within covariances, and what the means have beyond them."""
    table, rows = balanced
    answers = table[ITEMS].to_numpy()
    means = table.groupby("subject", sort=False)[ITEMS].mean().to_numpy()
    rest = answers - np.repeat(means, 6, axis=0)
    inner = rest.T @ rest / (len(answers) - len(means))
    outer = np.cov(means.T, bias=True) - inner / 6
    for layer, s in (("within", inner), ("between", outer)):
        first = np.sqrt(s[0, 1] * s[0, 2] / s[1, 2])
        for item, number in zip(ITEMS, (first, s[0, 1] / first, s[0, 2] / first), strict=True):
            assert rows.loc[(layer, "loading_raw", item), "estimate"] == pytest.approx(
                number, abs=2e-5
            )


@pytest.mark.r
def test_known_loadings_are_found_and_scales_do_not_matter(balanced):
    table, rows = balanced
    stretched = table.assign(y1=table["y1"] * 1000, y2=-table["y2"])
    with pytest.warns(FitWarning, match="'y2' loads against the other items"):
        other = index_rows(fit_levels(stretched, items=ITEMS))
    for layer, truth in (("within", WITHIN), ("between", BETWEEN)):
        for item, number in zip(ITEMS, truth, strict=True):
            row = rows.loc[(layer, "loading_raw", item)]
            assert abs(row["estimate"] - number) < 3.5 * row["std_error"]
            turn = -1 if item == "y2" else 1
            assert other.loc[(layer, "loading", item), "estimate"] == pytest.approx(
                turn * rows.loc[(layer, "loading", item), "estimate"], abs=1e-5
            )
        assert other.loc[(layer, "loading_raw", "y1"), "std_error"] == pytest.approx(
            1000 * rows.loc[(layer, "loading_raw", "y1"), "std_error"], rel=1e-4
        )


@pytest.mark.r
def test_items_that_are_turned_round_leave_the_reliability_of_means_as_it_was(balanced):
    """Of the keyed sum, which is that of the items before they were turned (Lai, 2021)."""
    table, rows = balanced
    with pytest.warns(FitWarning, match="'y3' loads against the other items"):
        turned = index_rows(fit_levels(table.assign(y3=8 - table["y3"]), items=ITEMS))
    for name in ("estimate", "conf_low", "conf_high"):
        told, other = (one.query("term == 'omega_means'")[name].item() for one in (rows, turned))
        assert other == pytest.approx(told, abs=1e-5)


@pytest.mark.r
def test_four_items_have_a_fit_and_contexts_come_first():
    loads = np.array([0.9, 0.7, 0.5, 0.8])
    table = draw_levels(groups=60, size=8, within=loads, between=loads[::-1])
    table = table.rename(columns={"y4": "ça ~ 1"}).assign(task="x")
    table.loc[table.index % 2 == 0, "task"] = "y"
    found = fit_levels(table, items=[*ITEMS, "ça ~ 1"], by="task")
    rows = found.tidy()
    assert found.df == 4
    assert rows["context"].drop_duplicates().tolist()[:2] == ["y", "x"]
    assert rows["context"].isna().iloc[-1]
    pooled = rows[rows["context"].isna()].set_index("term")
    assert 0 < pooled.loc["chisq", "p_value"] < 1
    assert "χ²(4)" in found.sentence()


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:.*some estimated ov variances:exprstats.errors.RWarning")
def test_a_heywood_case_between_subjects_is_named():
    table = draw_levels(groups=25, specific=0.0, seed=3)
    with pytest.warns(FitWarning, match=r"between clusters, item 'y\d' has a residual variance"):
        found = fit_levels(table, items=ITEMS)
    rows = found.tidy().set_index(["term", "layer"])
    assert np.isnan(rows.loc[("omega", "between"), "estimate"])
    assert "residual variance" in rows.loc[("omega", "between"), "note"]
    assert np.isfinite(rows.loc[("omega", "within"), "estimate"])
    assert "ω is not defined" in found.sentence()


@pytest.mark.r
def test_names_never_reach_r(tmp_path):
    trap = f'system("touch {tmp_path / "ran"}")*x1'
    table = draw_levels(groups=40).rename(columns={"y1": trap, "subject": trap + "g"})
    found = fit_levels(table, items=[trap, "y2", "y3"], cluster=trap + "g")
    assert trap in set(found.tidy()["item"])
    assert not (tmp_path / "ran").exists()


def test_variance_components_are_those_of_the_one_way_table():
    table = draw_levels(groups=12, size=5)
    table = table.drop(index=[0, 7, 8])
    inner, outer = split_squares(table[ITEMS].to_numpy(), pd.factorize(table["subject"])[0])
    groups = table.groupby("subject")
    for place, item in enumerate(ITEMS):
        sizes = groups.size()
        ms_within = ((table[item] - groups[item].transform("mean")) ** 2).sum() / (len(table) - 12)
        spread = (sizes * (groups[item].mean() - table[item].mean()) ** 2).sum() / 11
        n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 11
        assert inner[place] == pytest.approx(ms_within)
        assert outer[place] == pytest.approx((spread - ms_within) / n0)


def test_data_without_two_layers_are_refused():
    table = draw_levels(groups=40)
    alone = table.assign(subject=np.char.mod("s%d", np.arange(len(table))))
    with pytest.raises(DataError, match="every cluster has one clip"):
        fit_levels(alone, items=ITEMS)
    fixed = table.assign(y2=table.groupby("subject")["y2"].transform("mean"))
    with pytest.raises(DataError, match=r"'y2'.*does not vary within clusters"):
        fit_levels(fixed, items=ITEMS)
    level = table.assign(y3=table["y3"] - table.groupby("subject")["y3"].transform("mean"))
    with pytest.raises(DataError, match=r"'y3'.*varies no more between clusters than by chance"):
        fit_levels(level, items=ITEMS)
    with pytest.raises(DataError, match="9 clusters; robust standard errors need 10"):
        fit_levels(draw_levels(groups=9), items=ITEMS)
    with pytest.raises(OptionError, match="level is 95"):
        fit_levels(table, items=ITEMS, level=95)


def test_without_r_there_are_no_levels(closed):
    table = draw_levels(groups=40)
    with pytest.raises(RError):
        fit_levels(table, items=ITEMS)
    table.loc[3, "y1"] = np.nan
    with pytest.warns(DataWarning, match="1 of 240 clips lacks an item"), pytest.raises(RError):
        fit_levels(table, items=ITEMS)
