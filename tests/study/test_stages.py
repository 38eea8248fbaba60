"""Every stage of a study fails alone: it is named with cause and remedy, and the rest is reported.

Bad files are given where a file can make a stage fail; where none can, the verb of the stage is
replaced by one that fails. What is left must be what the same study has without the fault.
"""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.errors import DataError, Problem
from exprstats.study import read_study, run_study
from exprstats.study.provenance import STAGES

RATED = """\
[ratings]
file = "ratings.csv"
clip = "video"
rater = "wer"
subject = "vp"
context = "lage"
items = ["warm"]
scale = [0, 6]

[reliability]
raters = true
decisions = true
agreement = true
"""
CLIPS = """\
[clips]
file = "clips.csv"
clip = "video"
subject = "vp"
context = "lage"
features = ["blick", "mund"]

[compare]
draws = 100
"""
MODELS = """\
[[models]]
name = "netz"
kind = "elastic"

[[models]]
name = "mittel"
kind = "mean"

[[models]]
name = "zufall"
kind = "uniform"
"""
DEEPER = (
    "[weights]\ndraws = 100\n[contrasts]\ndraws = 100\n[importance]\nrepeats = 2\ndraws = 100\n"
)
TARGET = CLIPS.replace('["blick", "mund"]', '["blick", "mund"]\ntarget = "wert"')
WHOLE = {
    *("models", "comparison", "calibration", "means", "feature_correlations"),
    *("weights", "contrasts", "pooling", "importance"),
}


def make_tables(people=20):
    rng = np.random.default_rng(5)
    count = people * 4
    ids = {"video": [f"v{k}" for k in range(count)], "vp": np.repeat(range(people), 4)}
    clips = pd.DataFrame(ids).assign(lage=np.tile(["froh", "froh", "bang", "bang"], people))
    clips["vp"] = [f"p{k:02d}" for k in clips["vp"]]
    clips["blick"], clips["mund"] = rng.normal(size=(2, count))
    clips["wert"] = clips["blick"] - 0.5 * clips["mund"] + 0.5 * rng.normal(size=count)
    rows = clips.loc[clips.index.repeat(3)].reset_index(drop=True)
    items = {
        name: np.clip(np.round(3 + rows["wert"] + 0.7 * rng.normal(size=len(rows))), 0, 6)
        for name in ("warm", "offen", "wach")
    }
    keys = {"video": rows["video"], "vp": rows["vp"], "lage": rows["lage"]}
    return pd.DataFrame({**keys, "wer": ["a", "b", "c"] * count, **items}), clips


@pytest.fixture
def write(tmp_path):
    def write(text, change=lambda ratings, clips: (ratings, clips)):
        for name, table in zip(("ratings", "clips"), change(*make_tables()), strict=True):
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return tmp_path / "study.toml"

    return write


def run(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = run_study(read_study(path))
    return found, {one.find_place() for one in found.results}


def merge_people(table):
    """Write one person's id as another's in capitals."""
    return table.assign(vp=table["vp"].replace("p03", "P02"))


# Stage, what it is about, study, change of the tables, words of cause and remedy, what is left.
CAUSES = {
    "reliability": (
        "reliability",
        RATED + CLIPS + MODELS,
        lambda r, c: (r[r["wer"].eq("a")], c),
        ("no clip has two ratings of an item", "Ask a second person"),
        {"descriptives", "models", "comparison"},
    ),
    "split": (
        "split",
        RATED + CLIPS + MODELS,
        lambda r, c: (merge_people(r), merge_people(c)),
        ("column 'vp'", "'p02' and 'P02'", "Write each subject's id in one way"),
        {"descriptives", "reliability", "raters", "decisions", "agreement"},
    ),
    "join": (
        "join",
        RATED + CLIPS + MODELS,
        lambda r, c: (r, c.assign(video="x" + c["video"])),
        ("80 of 80 rated clips of ratings.csv are not in clips.csv", "'v0'", "'xv0'", "alike"),
        {"descriptives", "reliability", "raters", "decisions", "agreement"},
    ),
    "factor": (
        "factor",
        RATED.replace('["warm"]', '["warm", "offen", "wach"]').partition("[rel")[0],
        lambda r, c: (r.assign(wach=r["warm"] + r["offen"], scale=1).drop(columns="scale"), c),
        ("sum of the others",),
        {"descriptives", "reliability"},
    ),
    "models": (
        "models",
        RATED + TARGET + MODELS,
        lambda r, c: (r, c.assign(wert=1.0)),
        ("There is nothing to predict", "And 1 more problem."),
        {"descriptives", "reliability", "raters", "decisions", "agreement"},
    ),
    "compare": (
        "compare",
        TARGET + MODELS,
        lambda r, c: (r, c[c["vp"].isin([f"p{k:02d}" for k in range(9)])]),
        ("context 'froh' has 2 test subjects, and intervals need 3", "'test' in [split]"),
        {"models", "feature_correlations"},
    ),
    "estimates": (
        "estimates",
        RATED + '[estimates]\nfiles = "study.toml"\n',
        lambda r, c: (r, c),
        (),
        {"descriptives", "reliability", "raters", "decisions", "agreement"},
    ),
    "evoked": (
        "evoked",
        RATED + '[evoked]\nfiles = "clips.csv"\n',
        lambda r, c: (r, c[["vp", "lage"]]),
        (),
        {"descriptives", "reliability", "raters", "decisions", "agreement"},
    ),
    "signing": (
        "signing",
        RATED + '[signing]\nfiles = "clips.csv"\nlexicon = "ratings.csv"\n',
        lambda r, c: (r, c),
        (),
        {"descriptives", "reliability", "raters", "decisions", "agreement"},
    ),
}


@pytest.mark.parametrize("case", CAUSES)
def test_a_bad_input_of_one_stage_leaves_the_others(write, case):
    stage, text, change, told, left = CAUSES[case]
    path = write(text.replace("scale = [0, 6]\n", "") if stage == "factor" else text, change)
    found, places = run(path)
    [failure] = found.provenance.failures
    assert failure.stage == stage
    assert not [one for one in told if one not in str(failure)], str(failure)
    assert "a fault of exprstats" not in str(failure)
    assert left <= places


@pytest.mark.usefixtures("blank_pictures")
def test_the_report_and_the_command_name_what_failed(write, tmp_path):
    _, text, change, _, left = CAUSES["join"]
    result = CliRunner().invoke(app, ["report", str(write(text, change))])
    assert result.exit_code == 2, result.output
    said = " ".join(result.stderr.split())
    assert "exprstats report: 1 part failed - The stage 'join' failed: 80 of 80 rated" in said
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert len(found["failed"]) == 1
    assert left <= {name for name, held in found.items() if held}
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "The analysis is incomplete" in page


# Verb of a stage, the stage, what of it fails, and which results go with it.
VERBS = {
    "models.split_subjects": ("split", "", WHOLE),
    "models.fold_subjects": ("models", "the folds", WHOLE),
    "models.fit_elastic": ("models", "'netz'", WHOLE),
    "models.guess_mean": ("baselines", "'mittel'", set()),
    "models.guess_uniform": ("baselines", "'zufall'", set()),
    "models.report_weights": ("weights", "", {"weights"}),
    "models.contrast_contexts": ("contrasts", "", {"contrasts"}),
    "models.pair_pooled": ("contrasts", "one model for all contexts", {"pooling"}),
    "models.rate_importance": ("importance", "", {"importance"}),
    "inference.calibrate_models": ("compare", "calibration", {"calibration"}),
    "descriptives.compare_means": ("models", "the means of the target", {"means"}),
    "descriptives.correlate_features": (
        *("models", "the correlations of the features"),
        {"feature_correlations"},
    ),
}
RATERS = {
    "reliability.rate_reliability": ("reliability", "", {"reliability", "decisions"}),
    "reliability.judge_raters": ("reliability", "raters", {"raters"}),
    "reliability.study_decisions": ("reliability", "decisions", {"decisions"}),
    "reliability.measure_agreement": ("reliability", "agreement", {"agreement"}),
    "descriptives.describe_ratings": ("reliability", "the descriptives", {"descriptives"}),
}


def fail(*_, **__):
    raise DataError(Problem("the moon is full.", "Wait a week."))


@pytest.mark.parametrize("verb", {**VERBS, **RATERS})
def test_a_verb_that_fails_takes_only_what_needs_it(write, monkeypatch, verb):
    stage, about, gone = {**VERBS, **RATERS}[verb]
    folds = "[split]\nfolds = 2\n" if verb.endswith("fold_subjects") else ""
    text = RATED if verb in RATERS else TARGET + MODELS + DEEPER + folds
    whole = {"reliability", "raters", "decisions", "agreement", "descriptives"}
    whole = whole if verb in RATERS else WHOLE
    if gone == WHOLE:
        # Nothing would be left of clips alone.
        text, whole = RATED + text, {*whole, "reliability", "raters", "descriptives"}
    monkeypatch.setattr(f"exprstats.{verb}", fail)
    found, places = run(write(text))
    [failure] = found.provenance.failures
    assert (failure.stage, failure.about) == (stage, about)
    assert str(failure).endswith("failed: the moon is full. Wait a week.")
    assert whole - gone <= places
    assert not gone & places


def test_a_comparison_that_fails_leaves_calibration_and_predictions(write, monkeypatch):
    monkeypatch.setattr("exprstats.inference.compare_models", fail)
    found, places = run(write(TARGET + MODELS))
    assert [one.stage for one in found.provenance.failures] == ["compare"]
    assert {"models", "calibration"} <= places
    assert len(found.predictions) > 0


def test_every_stage_is_tried():
    tried = {one[0] for one in (*CAUSES.values(), *VERBS.values(), *RATERS.values())}
    # Reading gives the tables without which there is no study; networks are tried with torch.
    assert {*STAGES} - tried == {"read", "networks"}
