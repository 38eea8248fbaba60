"""Published answers on public tables, and what a famous tool makes of a crowd.

Tolerance: half a unit of the last printed digit.
"""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.reliability import measure_errors, rate_reliability

CROWD = json.loads(
    (Path(__file__).parents[2] / "oracles" / "reliability" / "crowd.json").read_text("utf-8")
)


def read_data(name, **columns):
    table = pd.read_csv(Path(os.environ["EXPRSTATS_DATA"]) / "ratings" / name)
    table = table.rename(columns=columns).assign(item="x")
    ids = [name for name in ("clip", "rater", "subject") if name in table.columns]
    return table.astype(dict.fromkeys(ids, str))


def find_components(ratings, model):
    table = measure_errors(ratings, model=model).table.dropna(subset="component")
    return table.set_index("component")["estimate"]


def test_psych_takes_all_workers_of_a_crowd_for_the_raters_of_a_clip():
    """psych 2.2.9 prints ICC1k .965 [.957, .973] for a truth of .80: k is 40, not 6."""
    table = pd.DataFrame(CROWD["ratings"]).astype({"clip": str, "rater": str}).assign(item="x")
    rows = rate_reliability(table).table.set_index("term")
    single, mean = CROWD["psych"]["ICC"]
    assert mean == pytest.approx(40 * single / (1 + 39 * single), abs=1e-6)
    assert CROWD["psych"]["lower bound"][1] > 0.9
    assert rows.loc["ICC(1,1)", "estimate"] == pytest.approx(single, abs=0.01)
    found = rows.loc["ICC(1,k)"]
    assert (found["raters_per_clip"], found["k_rule"]) == (6, "all")
    assert found["conf_low"] < 0.8 < found["conf_high"] < mean


@pytest.mark.data
def test_irr_anxiety():
    """The example of irr::icc (two-way, agreement, single): .198, 95% CI [-.039, .494]."""
    wide = read_data("irr_csv/irr_anxiety.csv").drop(columns="item")
    long = wide.assign(clip=np.arange(len(wide)).astype(str)).melt(
        "clip", var_name="rater", value_name="rating"
    )
    rows = rate_reliability(long.assign(item="x"), model="two-way").table.set_index("term")
    row = rows.loc["ICC(A,1)"]
    assert row[["estimate", "conf_low", "conf_high"]].round(3).tolist() == [0.198, -0.039, 0.494]


@pytest.mark.data
def test_dyestuff_components():
    """REML of lme4's vignette (Bates et al., 2015): batch 1764.05, residual 2451.25."""
    table = read_data("rpkgs/lme4_Dyestuff.csv", Batch="clip", Yield="rating")
    table["rater"] = np.arange(len(table)).astype(str)
    found = find_components(table, "one-way")
    assert found["clip"] == pytest.approx(1764.05, abs=0.005)
    assert found["error"] == pytest.approx(2451.25, abs=0.005)
    reml = rate_reliability(table, estimator="reml").design.iloc[0]
    assert reml["variance_clip"] == pytest.approx(1764.05, abs=0.01)


@pytest.mark.data
def test_penicillin_components():
    """Complete 24 × 6: REML plate .71691, sample 3.73092, residual .30242, which ANOVA equals."""
    columns = {"plate": "clip", "sample": "rater", "diameter": "rating"}
    found = find_components(read_data("rpkgs/lme4_Penicillin.csv", **columns), "two-way")
    assert found["clip"] == pytest.approx(0.71691, abs=2e-5)
    assert found["rater"] == pytest.approx(3.73092, abs=2e-3)
    assert found["residual"] == pytest.approx(0.30242, abs=5e-6)


@pytest.mark.data
def test_pastes_components():
    """Casks in batches, two assays each: REML batch 1.6573, cask 8.4337, residual .678."""
    columns = {"batch": "subject", "strength": "rating"}
    table = read_data("rpkgs/lme4_Pastes.csv", **columns)
    table = table.assign(clip=table["sample"], rater=np.arange(len(table)).astype(str))
    found = find_components(table, "nested")
    assert found["subject"] == pytest.approx(1.6573, abs=1e-3)
    assert found["clip"] == pytest.approx(8.4337, abs=1e-3)
    assert found["residual"] == pytest.approx(0.678, abs=5e-4)
