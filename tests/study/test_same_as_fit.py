"""The command ``fit`` and a study of the same settings give the same parts, weights and scores.

Tolerance: none, since both run the same stages from the same seed; but 1e-12 for test scores, which
the study averages over draws' weights and the models directly.
"""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.study import read_study, run_study

FEATURES = ("motion", "gaze", "blink")
SHARES = "[split]\ntrain = 0.5\nvalidate = 0.25\ntest = 0.25\n"
SPLIT = ("--split", "50,25,25")
SCORES = '[compare]\nmetrics = ["rmse", "correlation"]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """240 clips of 30 people in two tasks, with a score, and a gap in one feature."""
    rng = np.random.default_rng(8)
    table = pd.DataFrame(rng.normal(size=(240, 3)), columns=list(FEATURES))
    table["who"] = np.repeat([f"P{i:02d}" for i in range(30)], 8)
    table["task"] = np.tile(["pain", "startle"], 120)
    table["clip"] = [f"c{i}" for i in range(240)]
    table["score"] = table["motion"] + 0.4 * table["gaze"] + 0.5 * rng.normal(size=240)
    table["face"] = np.array(["still", "lively", "wild"])[np.digitize(table["score"], [-0.4, 0.7])]
    table.loc[5, "blink"] = np.nan
    place = tmp_path_factory.mktemp("both")
    table.to_csv(place / "clips.csv", index=False)
    return place


def run_both(folder, kind, target, *options, keys="", seed=7, by=True):
    """Return rows and predictions of the command, and the run of the study."""
    common = ("--subject", "who", "--features", ",".join(FEATURES), "--seed", seed)
    asked = ("fit", folder / "clips.csv", "--target", target, "--model", kind, *common, *options)
    asked += ("--by", "task") if by else ()
    files = ("--json", "-", "--predictions", folder / "p.csv")
    result = CliRunner().invoke(app, [str(one) for one in (*asked, *files)])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    named = ", ".join(f'"{name}"' for name in FEATURES)
    context = 'context = "task"\n' if by else ""
    text = (
        f'seed = {seed}\n[clips]\nfile = "clips.csv"\nsubject = "who"\ntarget = "{target}"\n'
        f'{context}features = [{named}]\n{keys}[[models]]\nname = "{kind}"\nkind = "{kind}"\n'
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return told, pd.read_csv(folder / "p.csv"), run_study(read_study(folder / "study.toml"))


def key_rows(rows, *keys):
    """Return estimates, limits and p by their keys; absent ones are None."""
    values = ("estimate", "conf_low", "conf_high", "p_value")
    found = {}
    for row in rows.to_dict("records") if isinstance(rows, pd.DataFrame) else rows:
        key = tuple(None if pd.isna(row.get(name)) else row[name] for name in keys)
        found[key] = [None if pd.isna(row.get(name)) else row[name] for name in values]
    return found


def test_seed_split_and_gaps_are_the_same(folder):
    told, predictions, run = run_both(folder, "elastic", "score", *SPLIT, keys=SHARES + SCORES)
    parts = predictions.drop_duplicates("subject").set_index("subject")["part"].sort_index()
    assert parts.to_dict() == run.parts.set_index("subject")["part"].to_dict()
    assert parts.value_counts().to_dict() == {"train": 15, "validate": 8, "test": 7}
    assert told["seed"] == run.provenance.seed == 7
    assert told["warnings"] == [str(one) for one in run.provenance.exclusions]
    assert [one["sha256"] for one in told["inputs"]] == [
        one.sha256 for one in run.provenance.inputs
    ]


@pytest.mark.parametrize(
    ("kind", "options", "keys"),
    [
        ("elastic", SPLIT, SHARES),
        ("elastic", ("--folds", 4, "--repeats", 2), "[split]\nfolds = 4\nrepeats = 2\n"),
        ("elastic", ("--stratify",), "[split]\nstratify = true\n"),
        ("forest", SPLIT, SHARES),
    ],
)
def test_models_weights_and_test_scores_are_the_same(folder, kind, options, keys):
    told, predictions, run = run_both(folder, kind, "score", *options, keys=keys + SCORES)
    names = ("context", "part", "term", "feature")
    assert key_rows(told["rows"], *names) == key_rows(run.models[kind].tidy(), *names)
    tested = predictions[predictions["part"] == "test"].reset_index(drop=True)
    own = run.predictions[run.predictions["model"] == kind].reset_index(drop=True)
    for name in ("clip", "fitted_on", "prediction"):
        assert tested[name].tolist() == own[name].tolist()
    scores = run.comparison.tidy().query("model == @kind and versus.isna() and headline")
    fitted = key_rows(told["rows"], "context", "part", "term")
    for row in scores.to_dict("records"):
        context = None if pd.isna(row["context"]) else row["context"]
        found = fitted[context, "test", row["metric"]][0]
        assert row["estimate"] == pytest.approx(found, rel=1e-12)


def test_intervals_of_weights_and_importance_are_the_same(folder):
    keys = "[weights]\ndraws = 100\n[importance]\ndraws = 2000\n[compare]\ndraws = 100\n"
    options = ("--weights-draws", 100, "--importance")
    told, _, run = run_both(folder, "elastic", "score", *options, keys=keys)
    names = ("context", "term", "feature", "method")
    weights, rises = run.weights.tidy(), run.importance["elastic"].tidy()
    found = key_rows(told["rows"], *names)
    wanted = {**key_rows(weights, *names), **key_rows(rises, *names)}
    assert len(wanted) > 50
    assert {key: found[key] for key in wanted} == wanted


def test_classes_are_judged_the_same(folder):
    metrics = '[compare]\nmetrics = ["accuracy", "uar", "macro_f1", "kappa"]\n'
    told, _, run = run_both(folder, "forest", "face", keys=metrics)
    names = ("context", "term", "model", "versus", "method")
    rows = run.comparison.tidy().drop(columns="term").rename(columns={"metric": "term"})
    rows = rows[rows["model"].isin(["forest", "majority"])]
    rows = rows[rows["versus"].isna() | rows["versus"].eq("majority")]
    found = key_rows(told["rows"], *names)
    wanted = key_rows(rows, *names)
    # Two methods for every number, and a regression for the one difference that is a mean of rows.
    assert len(wanted) == 3 * 4 * 3 * 2 + 3
    assert {key: found[key] for key in wanted} == wanted


def test_a_study_too_warns_of_a_feature_that_gives_the_target_away(folder):
    table = pd.read_csv(folder / "clips.csv")
    codes = table["face"].map({"still": 1.0, "lively": 2.0, "wild": 3.0})
    table.assign(blink=codes + 0.5 * (table.index // 2 % 2)).to_csv(
        folder / "clips.csv", index=False
    )
    try:
        with pytest.warns(UserWarning, match="Feature 'blink' gives 'face' away"):
            told, _, run = run_both(folder, "forest", "face")
    finally:
        table.to_csv(folder / "clips.csv", index=False)
    [warned] = [one for one in told["warnings"] if "away" in one]
    assert warned.endswith("leave it out with --features.")
    assert any("gives 'face' away" in str(one) for one in run.provenance.warnings)
