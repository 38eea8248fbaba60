"""What a factor says at the edges, word by word.

Tolerance: none for words; numbers in them are those of the table, which other tests check.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, FitError, FitWarning
from exprstats.measurement import bootstrap_factor, fit_factor, score_clips

ITEMS = ["smile", "voice", "pose"]
UNTESTED = "Fit cannot be tested with three items (df = 0); no fit indices are given."


def make_heywood(seed=4):
    """Return clips whose first item has a negative residual variance."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=300)
    noise = 0.3 * rng.normal(size=(300, 2))
    voice = 0.9 * factor + noise[:, 0] - 0.25 * noise[:, 1]
    return pd.DataFrame({"smile": factor, "voice": voice, "pose": 0.9 * factor + noise[:, 1]})


def test_three_items_have_no_fit_and_say_so(draw, closed):
    factor = fit_factor(draw(), items=ITEMS)
    assert factor.sentence().count("cannot be tested") == 1
    assert UNTESTED in factor.sentence()
    assert not {"chisq", "cfi", "rmsea", "srmr"} & set(factor.tidy()["term"])


def test_omega_is_no_reliability(draw, closed):
    factor = fit_factor(draw(), items=ITEMS)
    assert "The internal consistency of the items' means was ω = ." in factor.sentence()
    assert " over 20 subjects." in factor.sentence()
    assert "reliab" not in factor.sentence()
    boot = bootstrap_factor(draw(), items=ITEMS, draws=100, seed=1)
    assert "internal consistency of the items was ω = ." in boot.sentence()
    assert "reliab" not in boot.sentence()


def test_one_context_is_named_as_one(draw, closed):
    said = fit_factor(draw(contexts=("calm",)), items=ITEMS, by="context").sentence()
    assert "to 120 clips in 1 context. Standardized" in said
    said = fit_factor(draw(), items=ITEMS, by="context").sentence()
    assert "to 120 clips in 2 contexts, and to each context. Standardized" in said
    assert "subjects (all clips)." in said


def test_a_reversed_item_is_turned_round_for_omega_and_the_mean(draw, closed):
    table = draw()
    plain = fit_factor(table, items=ITEMS, scale=(-10, 14))
    table["smile"] = 4 - table["smile"]
    with pytest.warns(FitWarning, match="'smile' loads against the other items"):
        factor = fit_factor(table, items=ITEMS, scale=(-10, 14))
    for term in ("omega", "alpha", "ave"):
        one, other = (
            rows[rows["term"] == term].reset_index(drop=True)
            for rows in (plain.tidy(), factor.tidy())
        )
        columns = ["estimate", "std_error", "conf_low", "conf_high"]
        np.testing.assert_allclose(other[columns], one[columns], atol=1e-10)
    assert "means, with 'smile' reversed, was ω = ." in factor.sentence()
    np.testing.assert_allclose(factor.scores["score"], plain.scores["score"], atol=1e-10)
    means = score_clips(factor, table, method="mean")["score"]
    np.testing.assert_allclose(means, score_clips(plain, draw(), method="mean")["score"])


def test_two_reversed_items_turn_the_factor_and_the_first_decides_a_tie(draw, closed):
    table = draw()
    table[["smile", "voice"]] = 4 - table[["smile", "voice"]]
    with pytest.warns(FitWarning, match="'pose' loads against the other items"):
        factor = fit_factor(table, items=ITEMS)
    loads = factor.solutions[0].standard
    assert (loads[:2] > 0).all()
    assert loads[2] < 0
    assert np.corrcoef(factor.scores["score"], table["factor"])[0, 1] < -0.9


def test_items_that_correlate_perfectly_are_one_measurement(draw):
    table = draw()
    with pytest.raises(DataError, match=r"'smile' and 'pose' correlate 1\.0000\. They are one"):
        fit_factor(table.assign(pose=2 * table["smile"]), items=ITEMS)


@pytest.mark.parametrize("items", [["a", "b", "c"], ["a", "b", "c", "d"]])
def test_an_item_that_is_a_sum_of_others_is_named(items):
    rng = np.random.default_rng(1)
    answers = rng.normal(size=(100, 1)) + rng.normal(size=(100, 4))
    table = pd.DataFrame(answers, columns=list("abdc")).assign(c=lambda rows: rows.a + rows.b)
    with pytest.raises(DataError, match="'a', 'b', 'c' determine each other: one is a sum"):
        fit_factor(table, items=items)


def test_a_sum_in_one_context_leaves_the_others(draw, closed):
    table = draw()
    calm = table["context"] == "calm"
    table.loc[calm, "pose"] = table.loc[calm, "smile"] + table.loc[calm, "voice"]
    with pytest.warns(FitWarning, match="context 'calm'.*one is a sum of the others"):
        factor = fit_factor(table, items=ITEMS, by="context")
    said = factor.sentence()
    assert "Context 'calm' was not fitted: 'pose': 'smile', 'voice', 'pose' determine" in said
    assert "nan" not in said
    own = factor.scores.query("fitted_on == 'context'").groupby("context")["score"].count()
    assert own.to_dict() == {"calm": 0, "loud": 60}


def test_a_heywood_case_alone_is_an_error_that_names_the_item(closed):
    with pytest.raises(FitError, match=r"all clips: item 'smile' has a residual variance of -0\."):
        fit_factor(make_heywood(), items=ITEMS)


def check_heywood(factor):
    """The loadings are shown, what they imply is not, and the other context is whole."""
    rows = factor.tidy().set_index(["context", "term"]).sort_index()
    loads = rows.loc[("bad", "loading")]
    assert loads["estimate"].max() > 1
    assert loads["note"].str.contains("Heywood").all()
    assert np.isnan(rows.loc[("bad", "omega"), "estimate"]).all()
    assert np.isfinite(rows.loc[("good", "omega"), "estimate"]).all()
    own = factor.scores.query("fitted_on == 'context'").groupby("context")["score"].count()
    assert own.to_dict() == {"bad": 0, "good": 300}
    assert factor.spans.set_index("context").loc["bad", "span"] != factor.spans["span"].max()
    said = factor.sentence()
    assert "Context 'bad' has no scores: item 'smile' has a residual variance of -0." in said
    assert "nan" not in said


def join_contexts(draw):
    good = draw(n=300, contexts=("good",), seed=2)[["context", *ITEMS]]
    return pd.concat([make_heywood().assign(context="bad"), good], ignore_index=True)


def test_a_heywood_case_in_one_context_leaves_the_others(draw, closed):
    with pytest.warns(FitWarning, match="context 'bad': item 'smile'.*no scores; the other fits"):
        check_heywood(fit_factor(join_contexts(draw), items=ITEMS, by="context"))


@pytest.mark.r
def test_a_heywood_case_in_lavaan_leaves_the_others(draw):
    with pytest.warns(FitWarning, match="context 'bad': item 'smile'.*no scores; the other fits"):
        factor = fit_factor(join_contexts(draw), items=ITEMS, by="context")
    check_heywood(factor)
    assert factor.engine == "lavaan"


@pytest.mark.r
def test_robust_fit_indices_are_named_as_lavaan_names_them():
    rng = np.random.default_rng(3)
    answers = rng.normal(size=(200, 1)) + rng.normal(size=(200, 4))
    table = pd.DataFrame(answers, columns=list("abcd"))
    plain, robust = (
        fit_factor(table, items=list("abcd"), estimator=name) for name in ("ml", "mlr")
    )
    notes = robust.tidy().set_index("term")["note"]
    assert notes["chisq"] == "scaled"
    assert notes["cfi"] == notes["rmsea"] == notes["tli"] == "robust"
    assert "Fit: scaled χ²(2) = " in robust.sentence()
    assert ", robust CFI = " in robust.sentence()
    assert "Fit: χ²(2) = " in plain.sentence()
    assert plain.tidy()["note"].isna().all()
    alpha = robust.tidy().set_index("term").loc["alpha"]
    assert alpha["std_error"] > 0
