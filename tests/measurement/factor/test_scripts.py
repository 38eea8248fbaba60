"""The R script that refits a factor, and modification indices.

Tolerance 1e-6: the script runs lavaan on the rows, the fit ran it on their moments.
"""

import subprocess

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import OptionError
from exprstats.measurement import fit_factor, suggest_modifications, write_lavaan_script

ITEMS = ["smile", "voice", "pose"]


def run_script(folder):
    answer = subprocess.run(
        ["Rscript", "--vanilla", "refit.R"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    estimates = pd.read_csv(folder / "factor_estimates.csv", keep_default_na=False)
    return estimates, pd.read_csv(folder / "factor_scores.csv")


@pytest.mark.r
@pytest.mark.parametrize("case", ["plain", "trained", "clustered", "incomplete"])
def test_the_script_finds_what_the_fit_found(draw, split, tmp_path, case):
    table = draw()
    options, told = {}, {}
    if case == "trained":
        parts = split(table)
        parts.to_csv(tmp_path / "parts.csv", index=False)
        options, told = {"parts": parts}, {"parts": "parts.csv"}
    if case == "clustered":
        options, told = {"cluster": "subject"}, {"cluster": "subject"}
    if case == "incomplete":
        table.loc[[3, 50, 77], "voice"] = np.nan
        options = {"missing": "fiml"}
    table.to_csv(tmp_path / "clips.csv", index=False)
    if case == "incomplete":
        with pytest.warns(UserWarning, match="3 of 120 clips lack an item"):
            factor = fit_factor(table, items=ITEMS, by="context", **options)
    else:
        factor = fit_factor(table, items=ITEMS, by="context", **options)
    write_lavaan_script(factor, tmp_path / "refit.R", data="clips.csv", **told)
    estimates, scores = run_script(tmp_path)
    mine = factor.tidy().fillna({"context": "NA"})
    mine = mine[mine["term"].isin(estimates["term"])]
    keys = ["context", "part", "term", "item"]
    both = estimates.merge(mine, on=keys, suffixes=("", "_mine"))
    assert len(both) == len(estimates) == len(mine)
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(both[name], both[f"{name}_mine"], atol=1e-6)
    own = factor.scores.assign(row=np.tile(np.arange(1, 121), 2))
    both = scores.merge(own, on=["row", "fitted_on"], suffixes=("", "_mine"))
    assert len(both) == 240
    np.testing.assert_allclose(both["score"], both["score_mine"], atol=1e-6)


@pytest.mark.r
def test_strange_names_are_harmless_in_the_script(draw, tmp_path):
    names = [f'system("touch {tmp_path / "ran"}")*x1', "a \\ b\n@items@", "größe 😀"]
    table = draw().rename(columns=dict(zip(ITEMS, names, strict=True)))
    table.to_csv(tmp_path / "clips.csv", index=False)
    factor = fit_factor(table, items=names)
    write_lavaan_script(factor, tmp_path / "refit.R", data="clips.csv")
    estimates, _ = run_script(tmp_path)
    assert estimates["item"].unique().tolist() == names
    assert not (tmp_path / "ran").exists()


def test_a_script_without_its_roles_is_refused(draw, split, closed, tmp_path):
    table = draw()
    trained = fit_factor(table, items=ITEMS, parts=split(table))
    with pytest.raises(OptionError, match="file of parts"):
        write_lavaan_script(trained, tmp_path / "refit.R", data="clips.csv")
    plain = fit_factor(table, items=ITEMS)
    with pytest.raises(OptionError, match="cluster column"):
        write_lavaan_script(plain, tmp_path / "refit.R", data="clips.csv", cluster="subject")
    with pytest.raises(OptionError, match="cannot be written"):
        write_lavaan_script(plain, tmp_path / "nowhere" / "refit.R", data="clips.csv")


def draw_pair(seed=1):
    """Return five items of one factor; d and e share something more."""
    rng = np.random.default_rng(seed)
    answers = rng.normal(size=(1500, 1)) * 0.8 + rng.normal(size=(1500, 5)) * 0.6
    answers[:, 3:] += 0.35 * rng.normal(size=(1500, 1))
    return pd.DataFrame(answers, columns=list("abcde"))


@pytest.mark.r
def test_the_pair_that_shares_more_is_named_first():
    table = draw_pair()
    factor = fit_factor(table, items=list("abcde"))
    rows = suggest_modifications(factor)
    assert len(rows) == 20
    first = rows.iloc[0]
    assert {first["item"], first["versus"]} == {"d", "e"}
    assert first["p_value"] < 1e-6
    second = rows.iloc[1]
    # 0.35² over the residual variance 0.36 + 0.35².
    assert second["estimate"] == pytest.approx(0.1225 / 0.4825, abs=0.08)
    chisq = factor.tidy().set_index("term").loc["chisq", "estimate"]
    assert 0.7 < first["estimate"] / chisq < 1.05


@pytest.mark.r
def test_a_model_without_df_or_with_robust_errors_has_no_indices():
    table = draw_pair()
    with pytest.raises(OptionError, match="no degrees of freedom"):
        suggest_modifications(fit_factor(table, items=list("abc")))
    with pytest.raises(OptionError, match="plain maximum likelihood"):
        suggest_modifications(fit_factor(table, items=list("abcd"), estimator="mlr"))
