"""What a reader of a study must be told: copies of the target, few test people, unused columns."""

import warnings

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.models import fit_elastic, rate_importance, split_subjects
from exprstats.models.data.categories import code_categories, group_codes
from exprstats.study import read_study, run_study

STUDY = """\
seed = 3

[clips]
file = "clips.csv"
target = "wert"
context = "lage"

[compare]
draws = 100
calibration = false
"""


def make_clips(people=20):
    rng = np.random.default_rng(4)
    count = 6 * people
    clips = pd.DataFrame({"clip": [f"v{k}" for k in range(count)]})
    clips["subject"] = [f"p{k // 6:02d}" for k in range(count)]
    clips["lage"] = np.tile(["froh", "bang"], count // 2)
    clips[["blick", "mund"]] = rng.normal(size=(count, 2))
    clips["wert"] = clips["blick"] - clips["mund"] + rng.normal(size=count)
    return clips


@pytest.fixture
def run(tmp_path):
    def run(clips, text=STUDY):
        clips.to_csv(tmp_path / "clips.csv", index=False)
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = run_study(read_study(tmp_path / "study.toml"))
        return found, [str(one.message) for one in caught]

    return run


@pytest.mark.parametrize(
    "copy", [lambda y: (10 * y).round(), lambda y: np.exp(y / 3), lambda y: 3 - 2 * y]
)
def test_columns_that_follow_the_target_are_no_features_unless_they_are_named(run, copy):
    clips = make_clips()
    clips["kopie"] = copy(clips["wert"])
    found, warned = run(clips)
    assert found.features == ("blick", "mund")
    assert any("'kopie'" in one and "left out of the features" in one for one in warned)
    named = STUDY.replace("[compare]", 'features = ["blick", "kopie"]\n[compare]')
    found, warned = run(clips, named)
    assert found.features == ("blick", "kopie")
    assert any("'kopie'" in one and "target" in one for one in warned)


def test_equal_features_are_named(run):
    clips = make_clips().assign(zoll=lambda one: one["blick"] / 2.54)
    _, warned = run(clips)
    told = "Features 'blick' and 'zoll' are the same in other units, and share the credit"
    assert any(told in one for one in warned)


def test_constants_and_unused_texts_are_named(run):
    clips = make_clips().assign(flach=1.0, emotion=["sad", "glad", "calm"] * 40)
    found, warned = run(clips)
    assert found.features == ("blick", "mund")
    assert any("'flach' (a constant)" in one for one in warned)
    told = "1 column of texts is no feature, context or target: 'emotion'."
    assert told in found.provenance.notes


def test_a_category_that_may_be_the_context_says_how(run):
    clips = make_clips()
    found, _ = run(clips, STUDY.replace('context = "lage"\n', ""))
    note = next(one for one in found.provenance.notes if "is a category" in one)
    assert 'If it names contexts, write context = "lage" instead.' in note


def test_a_context_without_a_feature_is_named(run):
    clips = make_clips()
    clips["blick"] = clips["blick"].where(clips["lage"].eq("froh"))
    found, _ = run(clips)
    told = str(found.provenance.exclusions[0])
    assert "60 of 120 clips left out" in told
    assert "of context 'bang' no clip is left, since 'blick' is empty there" in told
    assert found.comparison is not None


@pytest.mark.usefixtures("blank_pictures")
def test_scores_stand_without_intervals_where_test_people_are_few(tmp_path):
    make_clips(8).to_csv(tmp_path / "clips.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    result = CliRunner().invoke(app, ["report", str(tmp_path / "study.toml")])
    assert result.exit_code == 2, result.output
    told = " ".join(result.stderr.split())
    assert "has 1 test subject, and intervals need 3; the scores are reported without" in told
    assert "'test' in [split], or collect more subjects" in told
    assert "Scores of Each Part of the Split" in result.stdout
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "Scores of Each Part of the Split" in page


def test_check_finds_ids_that_do_not_meet(tmp_path):
    clips = make_clips()
    clips.drop(columns="wert").to_csv(tmp_path / "clips.csv", index=False)
    rows = clips.loc[clips.index.repeat(2), ["clip", "subject", "lage"]]
    rows = rows.assign(rater=["a", "b"] * 120, warm=range(240), clip="x" + rows["clip"])
    rows.to_csv(tmp_path / "ratings.csv", index=False)
    rated = '[ratings]\nfile = "ratings.csv"\nitems = ["warm"]\ncontext = "lage"\n'
    (tmp_path / "study.toml").write_text(
        rated + STUDY.replace("seed = 3\n", "").replace('target = "wert"\n', ""), encoding="utf-8"
    )
    result = CliRunner().invoke(app, ["check", str(tmp_path / "study.toml")])
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert (
        "120 of 120 rated clips of ratings.csv are not in clips.csv ('xv0', 'xv1', 'xv2')" in told
    )
    assert "No problems found" not in result.stdout


def test_codes_of_one_category_are_exchanged_together():
    """With one category alone, a level drawn for its codes together is that of the donor."""
    rng = np.random.default_rng(6)
    clips = make_clips(30).assign(art=rng.choice(["a", "b", "c"], 180))
    clips["wert"] = clips["art"].map({"a": 0.0, "b": 2.0, "c": -2.0}) + rng.normal(size=180)
    coded, named = code_categories(clips, ["art"])
    titles = list(named)
    values = coded[titles].to_numpy(float)
    assert group_codes(["blick", *titles], np.column_stack([clips["blick"], values])) == {
        "art": [1, 2]
    }
    data = {"target": "wert", "features": ["blick", *titles]}
    models = fit_elastic(coded, parts=split_subjects(clips, seed=1), **data)
    rows = rate_importance(models, draws=100, seed=2).tidy()
    single = rows[rows["term"].eq("importance") & rows["headline"]]
    assert single["feature"].tolist() == ["blick", "art"]
    # Squared error with levels exchanged at random: the variance of the differences, by hand.
    design = models.design
    test = design.clips["part"].eq("test").to_numpy()
    fit = models.fits[-1]
    guess = fit.predict(design.matrix)[test]
    truth = clips["wert"].to_numpy()[test]
    before = np.sqrt(np.mean((guess - truth) ** 2))
    mixed = np.repeat(design.matrix[test], test.sum(), axis=0)
    mixed[:, 1:] = np.tile(design.matrix[test][:, 1:], (test.sum(), 1))
    after = np.sqrt(np.mean((fit.predict(mixed) - np.repeat(truth, test.sum())) ** 2))
    # Everybody gets one of the others; on average over all donors within 15 %.
    assert single["estimate"].iloc[1] == pytest.approx(after - before, rel=0.15)
