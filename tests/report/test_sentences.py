"""Numbers in running text against results.json: each estimate with its interval is a row there.

Tolerance: half a unit of the last printed digit.
"""

import json
import re

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.inference import compare_models
from exprstats.report import build_document, describe_results, gather_analysis, write_report
from exprstats.study import read_study, run_study

KEY = ("estimate",)
NUMBER = r"−?\d*\.\d+"
TRIPLE = re.compile(rf"({NUMBER})(?:, 95% CI)? \[({NUMBER}), ({NUMBER})\]")
P = re.compile(rf"({NUMBER}), 95% CI \[{NUMBER}, {NUMBER}\], p ([=<>]) ({NUMBER})")


@pytest.fixture(scope="module")
def told(plain, resampled, tmp_path_factory, without_pictures):
    """Return the text of each section, and what the folder says to machines."""
    results = [*plain, *resampled]
    folder = tmp_path_factory.mktemp("sentences") / "report"
    with without_pictures():
        write_report(results, folder)
    document = build_document(gather_analysis(results, None))
    texts = {
        section.name: " ".join(write_plain(text) for text in section.sentences)
        for section in document.sections
    }
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return {name: text.replace("\xa0", " ") for name, text in texts.items()}, found


def read_number(text):
    """Return a printed number and half a unit of its last digit."""
    decimals = len(text.split(".")[1])
    return float(text.replace("−", "-")), 0.5 * 10**-decimals + 1e-12


def holds(row, printed, keys=("estimate", "conf_low", "conf_high")):
    values = [row.get(key) for key in keys]
    if any(value is None for value in values):
        return False
    return all(
        abs(value - wanted) <= near
        for value, (wanted, near) in zip(values, map(read_number, printed), strict=True)
    )


@pytest.mark.parametrize(
    ("section", "pick", "least"),
    [
        ("reliability", lambda found: found["reliability"], 2),
        ("measurement", lambda found: found["factor"]["rows"], 2),
        ("performance", lambda found: found["comparison"], 2),
        ("comparisons", lambda found: found["comparison"], 3),
        ("weights", lambda found: found["weights"], 4),
    ],
)
def test_every_estimate_in_the_text_is_a_row(told, section, pick, least):
    texts, found = told
    printed = TRIPLE.findall(texts[section])
    assert len(printed) >= least, texts[section]
    rows = pick(found)
    for triple in printed:
        assert any(holds(row, triple) for row in rows), triple


def test_p_values_in_the_text_are_the_adjusted_ones(told):
    texts, found = told
    rows = [row for row in found["comparison"] if row["versus"] and row["headline"]]
    printed = P.findall(texts["comparisons"])
    assert len(printed) >= 3
    for estimate, sign, p in printed:
        (row,) = (row for row in rows if row["context"] is None and holds(row, [estimate], KEY))
        value, near = read_number(p)
        adjusted = row["p_adjusted"]
        assert adjusted < value if sign == "<" else abs(adjusted - value) <= near


def test_counts_in_the_text_are_those_of_the_rows(told):
    texts, found = told
    rows = [row for row in found["comparison"] if row["context"] is None and row["headline"]]
    (clips,) = {row["n_clips"] for row in rows}
    (subjects,) = {row["n_clusters"] for row in rows}
    assert texts["performance"].count(f"{clips} test clips of {subjects} subjects") == 1
    terms = [row for row in found["contrasts"] if row["p_adjusted"] is not None]
    held = sum(row["p_adjusted"] < 0.05 for row in terms)
    assert f"Holm): {held or 'none'} of {len(terms)} differ" in texts["contrasts"]


def test_a_model_whose_predictions_do_not_vary_has_no_correlation_of_another():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"clip": range(120), "subject": np.repeat(range(20), 6)})
    rows["truth"] = rng.normal(size=120)
    guesses = {"net": np.full(120, 0.1), "mean": np.full(120, 0.1), "other": rng.normal(size=120)}
    both = pd.concat([rows.assign(model=name, prediction=one) for name, one in guesses.items()])
    versus = compare_models(both, against="net", metrics=["rmse", "correlation"], draws=100, seed=1)
    said = " ".join(
        write_plain(text).replace("\N{NO-BREAK SPACE}", " ")
        for section in describe_results(gather_analysis([versus]))
        for text in section.sentences
    )
    assert "The correlation is not defined for net" in said
    assert "The correlation of other was" not in said
    assert "that of mean, Δ = 0.000, p > .999" in said and "CI —" not in said


def test_the_methods_name_the_range_that_errors_are_divided_by(tmp_path):
    rng = np.random.default_rng(2)
    clips = pd.DataFrame({"clip": [f"c{i}" for i in range(240)], "feature": rng.normal(size=240)})
    clips["subject"], clips["level"] = np.arange(240) // 6, clips["feature"] + rng.normal(size=240)
    clips.to_csv(tmp_path / "clips.csv", index=False)
    text = '[clips]\nfile = "clips.csv"\nfeatures = ["feature"]\ntarget = "level"\n'
    told = {}
    for scale in ("", "scale = [-9, 9]\n"):
        (tmp_path / "study.toml").write_text(f"{text}{scale}[compare]\ndraws = 100\n")
        run = run_study(read_study(tmp_path / "study.toml"))
        [methods] = [
            one for one in build_document(gather_analysis(run)).sections if one.name == "methods"
        ]
        told[scale] = " ".join(map(write_plain, methods.sentences))
    known = "theoretical range of the target (NRMSE)", "uniform over the theoretical range"
    seen = "range of the target in the training clips (NRMSE)", "uniform over the range of the"
    for scale, words in (("", seen), ("scale = [-9, 9]\n", known)):
        assert all(one in told[scale] for one in words)
    assert "theoretical" not in told[""]
