"""Coefficient α by a second package beside ours, and what is said of both.

Tolerance: 1e-12 for the same sums; limits by the F distribution of scipy to the three decimals
that pingouin keeps.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f

from exprstats.measurement import fit_factor
from exprstats.report import gather_analysis
from exprstats.report.sections.consistency import build_consistency
from exprstats.report.sections.measurement import select_shown

ITEMS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def factor():
    """Return a factor of two contexts, with a reversed item and a clip that lacks an answer."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.normal(size=(90, 1)) + rng.normal(size=(90, 3)), columns=ITEMS)
    table["c"] = -table["c"]
    table.loc[7, "b"] = np.nan
    table = table.assign(clip=range(90), subject=np.arange(90) // 3)
    table["context"] = np.where(table["clip"] % 2, "joy", "pain")
    with pytest.warns(UserWarning):
        return fit_factor(table, items=ITEMS, by="context", second=True), table


@pytest.mark.parametrize("context", ["joy", "pain", None])
def test_alpha_by_pingouin_is_that_of_item_variances(factor, context):
    found, table = factor
    own = (table if context is None else table[table["context"] == context]).dropna()
    keyed = own[ITEMS].to_numpy() * [1, 1, -1]
    alpha = 1.5 * (1 - keyed.var(axis=0, ddof=1).sum() / keyed.sum(axis=1).var(ddof=1))
    rows = found.tidy()
    here = rows["context"].isna() if context is None else rows["context"] == context
    rows = rows[here & rows["term"].eq("alpha")].set_index("method")
    assert rows.loc["pingouin", "estimate"] == pytest.approx(alpha, rel=1e-12)
    assert rows.loc["jackknife", "estimate"] == pytest.approx(alpha, rel=1e-12)
    n = len(own)
    limits = [1 - (1 - alpha) * f.ppf(share, n - 1, 2 * (n - 1)) for share in (0.975, 0.025)]
    shown = rows.loc["pingouin", ["conf_low", "conf_high"]].astype(float)
    np.testing.assert_allclose(shown, limits, atol=5.1e-4)
    assert not rows.loc["pingouin", "headline"]
    assert rows.loc["pingouin", "n_clips"] == n


def say_notes(found, change=None):
    analysis = gather_analysis(found)
    rows = found.tidy() if change is None else change(found.tidy())
    object.__setattr__(found, "table", rows)
    from exprstats.document.cells import name_contexts

    (table,) = build_consistency(select_shown(name_contexts(rows)), analysis.factor)
    return " ".join("".join(str(part) for part in note) for note in table.notes)


def test_agreement_is_said_and_disagreement_is_named(factor):
    found, _ = factor
    before = found.tidy()
    assert "A second method agrees: pingouin gives the same α in all 3 models" in say_notes(found)

    def shift(rows):
        odd = rows["method"].eq("pingouin") & rows["context"].eq("joy")
        return rows.assign(estimate=rows["estimate"].where(~odd, rows["estimate"] + 0.02))

    told = say_notes(found, shift)
    object.__setattr__(found, "table", before)
    assert "differs by up to 0.020 in α (joy)" in told
    assert "agrees" not in told


def test_there_is_no_second_alpha_unless_it_is_asked_for(factor):
    _, table = factor
    with pytest.warns(UserWarning, match="loads against"):
        plain = fit_factor(table.dropna(), items=ITEMS)
    assert not plain.tidy()["method"].eq("pingouin").any()
