"""The R script that refits a factor, and modification indices.

Tolerances: the script runs lavaan on the rows, the fit ran it on their moments, and its optimiser
stops within about 1e-6 of the maximum (2e-6); scores multiply that by the weights (2e-5).
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
    return read_found(folder)


def read_found(folder):
    estimates = pd.read_csv(folder / "factor_estimates.csv", keep_default_na=False)
    return estimates, pd.read_csv(folder / "factor_scores.csv")


CASES = {
    "plain": {},
    "robust": {"estimator": "mlr"},
    "trained": {"parts": "parts.csv"},
    "clustered": {"cluster": "subject"},
    "incomplete": {"missing": "fiml"},
    "robust and incomplete": {"missing": "fiml", "estimator": "mlr"},
    "clustered and incomplete": {"missing": "fiml", "cluster": "subject"},
}


ASKED = [
    (*asked, by)
    for by in ("context", None)
    for asked in (
        *((case, ITEMS, True) for case in CASES),
        *((case, [*ITEMS, "gaze"], case == "incomplete") for case in CASES),
        ("plain", ITEMS, False),
    )
]
# By default each case runs once: those of two words with a fourth item, which gives degrees of
# freedom, and those of one word without; those of WITHIN by context, the others of all clips.
WITHIN = {"trained", "clustered and incomplete"}


def is_rare(case, items, reverse, by):
    if case == "plain":
        return (by is None) == (reverse or len(items) == 4)
    return ("and" in case) == (len(items) == 3) or (by is None) == (case in WITHIN)


PLACES = [
    pytest.param(
        place,
        id="-".join(map(str, (asked[0], len(asked[1]), *asked[2:]))),
        marks=[pytest.mark.slow] if is_rare(*asked) else [],
    )
    for place, asked in enumerate(ASKED)
]
# Each script in an environment of its own; what stops one is told to its test.
ALL = """
for (place in commandArgs(TRUE)) {
  setwd(place)
  tryCatch(sys.source("refit.R", new.env()), error = function(e) writeLines(format(e), "error"))
}
"""


def prepare(asked, draw, split, folder):
    """Write a case's table and script, and return the fit."""
    case, items, reverse, by = asked
    table = draw()
    table["gaze"] = 0.6 * table["factor"] + np.random.default_rng(3).normal(size=120) * 0.6
    if reverse:
        table["smile"] = 4 - table["smile"]
    if "incomplete" in case:
        table.loc[[3, 50, 77], "voice"] = np.nan
    options, told = dict(CASES[case]), {}
    if case == "trained":
        told = options.copy()
        options["parts"] = split(table)
        options["parts"].to_csv(folder / "parts.csv", index=False)
    elif "cluster" in options:
        told = {"cluster": "subject"}
    table.to_csv(folder / "clips.csv", index=False)
    factor = fit_factor(table, items=items, by=by, **options)
    write_lavaan_script(factor, folder / "refit.R", data="clips.csv", **told)
    return table, factor


@pytest.fixture(scope="module")
def scripts(draw, split, tmp_path_factory, request):
    """The folder, table and fit of each case that is tried; one R has run all scripts."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    tried = sorted({call.params["script"] for call in calls if call and "script" in call.params})
    folders = {place: tmp_path_factory.mktemp("script") for place in tried}
    fits = {place: prepare(ASKED[place], draw, split, folders[place]) for place in tried}
    command = ["Rscript", "--vanilla", "-e", ALL, *map(str, folders.values())]
    subprocess.run(command, capture_output=True, check=True)
    return {place: (folders[place], *fits[place]) for place in tried}


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:.*lack an item:UserWarning")
@pytest.mark.filterwarnings("ignore:.*loads against the other items:UserWarning")
@pytest.mark.filterwarnings("ignore:.*does not appear to be positive definite:UserWarning")
@pytest.mark.parametrize("script", PLACES)
def test_the_script_finds_what_the_fit_found(scripts, script):
    """In sign and in every number: also where the first item is reverse-keyed."""
    _, items, reverse, by = ASKED[script]
    fits = 2 if by else 1
    folder, table, factor = scripts[script]
    stopped = folder / "error"
    assert not stopped.exists(), stopped.read_text()
    estimates, scores = read_found(folder)
    mine = factor.tidy().fillna({"context": "NA", "item": "NA"})
    mine = mine[mine["term"].isin(estimates["term"]) & (mine["method"] != "jackknife")]
    keys = ["context", "part", "term", "item"]
    both = estimates.merge(mine, on=keys, suffixes=("", "_mine"))
    assert len(both) == len(estimates) == len(mine)
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        theirs = pd.to_numeric(both[name], errors="coerce")
        known = theirs.notna()
        assert known.all() or name != "estimate"
        np.testing.assert_allclose(theirs[known], both.loc[known, f"{name}_mine"], atol=2e-6)
    if reverse:
        assert (
            both.loc[both["item"].eq("smile") & both["term"].eq("loading"), "estimate"] < 0
        ).all()
    own = factor.scores.assign(row=np.tile(np.arange(1, 121), fits))
    both = scores.merge(own, on=["row", "fitted_on"], suffixes=("", "_mine"))
    assert len(both) == 120 * fits
    for name in ("score", "factor_se"):
        np.testing.assert_allclose(both[name], both[f"{name}_mine"], atol=2e-5)
    loads = factor.solutions[-1].standard
    mean = (table[items] * np.sign(loads)).mean(axis=1)
    assert factor.scores.query("fitted_on == 'all'")["score"].corr(mean) > 0.9


@pytest.mark.r
def test_strange_names_are_harmless_in_the_script(draw, tmp_path):
    names = [f'system("touch {tmp_path / "ran"}")*x1', "a \\ b\n@items@", "größe 😀"]
    table = draw().rename(columns=dict(zip(ITEMS, names, strict=True)))
    table.to_csv(tmp_path / "clips.csv", index=False)
    factor = fit_factor(table, items=names)
    write_lavaan_script(factor, tmp_path / "refit.R", data="clips.csv")
    estimates, _ = run_script(tmp_path)
    assert estimates["item"].unique().tolist() == [*names, "NA"]
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
