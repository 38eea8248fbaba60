"""A study's numbers are those of the verbs called by hand, and its provenance adds up.

Tolerance: none; the same verbs with the same seeds must give the same bits.
"""

import hashlib
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.inference import compare_models
from exprstats.io import read_clips, read_ratings
from exprstats.measurement import average_raters, fit_factor, join_scores
from exprstats.models import fit_elastic, guess_mean, rate_scores, split_subjects, stack_predictions
from exprstats.parallel import watching
from exprstats.reliability import rate_reliability
from exprstats.study import Logbook, read_study, run_study
from exprstats.study.joins import join_tables
from exprstats.study.provenance import STAGES

ITEMS = ["response", "emotion", "motion"]
RATED = '[ratings]\nfile = "ratings.csv"\ncontext = "task"\nitems = ["response"]\n'
PLAIN = '[clips]\nfile = "clips.csv"\ncontext = "task"\ntarget = "au_count"\n'


def test_the_numbers_are_those_of_the_verbs(folder, run):
    ratings = read_ratings(folder / "ratings.csv", items=ITEMS, context="task", scale=(0, 4))
    clips = read_clips(folder / "clips.csv", context="task")
    seeds = run.provenance.seeds
    parts = split_subjects(clips, seed=seeds["split"])
    whole = {"parts": parts, "scale": (0, 4), "ratings": ratings}
    factor = fit_factor(average_raters(ratings), items=ITEMS, by="context", **whole)
    features = [name for name in clips if name not in {"clip", "subject", "context"}]
    data = join_scores(clips, factor)
    elastic = fit_elastic(data, target="score", features=features, parts=parts, by="context")
    mean = guess_mean(elastic.predictions)
    mine = stack_predictions(elastic, mean)

    reliability = rate_reliability(ratings, by="context")
    pd.testing.assert_frame_equal(run.reliability.table, reliability.table)
    pd.testing.assert_frame_equal(run.parts, parts)
    pd.testing.assert_frame_equal(run.factor.scores, factor.scores)
    rated = rate_scores(ratings, factor)
    pd.testing.assert_frame_equal(run.score_reliability.table, rated.table)
    theirs = run.predictions[run.predictions["model"].isin(["elastic", "mean"])]
    pd.testing.assert_frame_equal(theirs.reset_index(drop=True), mine)
    spans = factor.spans[factor.spans["part"] == "train"].set_index("context")["span"]
    again = compare_models(
        run.predictions,
        metrics=["nrmse", "correlation"],
        against="elastic",
        by="context",
        span={context: spans[context] for context in ("startle", "pain")}
        | {None: factor.spans.query("part == 'train' and fitted_on == 'all'")["span"].iloc[0]},
        draws=200,
        seed=seeds["compare"],
    )
    numbers = ["estimate", "conf_low", "conf_high", "p_value"]
    pd.testing.assert_frame_equal(
        run.comparison.table[numbers], again.table[numbers], check_exact=False, rtol=1e-9
    )


def test_a_second_run_tells_its_progress_and_is_the_same_and_another_seed_is_not(folder, run):
    from dataclasses import replace

    study = read_study(folder / "study.toml")
    seen = []
    with watching(lambda label, done, total: seen.append((label, done, total))):
        again = run_study(study)
    steps = [(done, total) for label, done, total in seen if label == "Study"]
    assert steps[0] == (0, len(STAGES)) and steps[-1] == (len(STAGES), len(STAGES))
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    pd.testing.assert_frame_equal(again.comparison.table, run.comparison.table)
    pd.testing.assert_frame_equal(again.predictions, run.predictions)
    other = run_study(replace(study, seed=6))
    assert not other.parts.equals(run.parts)


def test_the_uniform_baseline_stays_in_the_theoretical_range(run):
    uniform = run.predictions[run.predictions["model"] == "uniform"]
    scores = run.factor.scores
    for context in ("startle", "pain"):
        mine = uniform[(uniform["context"] == context) & (uniform["fitted_on"] == "context")]
        own = scores[(scores["context"] == context) & (scores["fitted_on"] == "context")]
        span = run.factor.spans.query("part == 'train' and context == @context")["span"].iloc[0]
        spread = mine["prediction"].max() - mine["prediction"].min()
        assert 0.7 * span < spread < span
        # The range of all possible answers holds every score that clips got.
        assert own["score"].max() - own["score"].min() <= span


def test_a_span_in_the_file_rules(write_study):
    text = (
        RATED.replace('["response"]', '["response", "emotion", "motion"]')
        + '[clips]\nfile = "clips.csv"\ncontext = "task"\n[compare]\nspan = 7\ndraws = 200\n'
    )
    run = run_study(read_study(write_study(text)))
    rmse = compare_models(
        run.predictions, metrics="rmse", by="context", against="elastic", draws=200, seed=1
    ).table.query("versus.isna() and method == 'jackknife'")["estimate"]
    nrmse = run.comparison.table.query(
        "metric == 'nrmse' and versus.isna() and method == 'jackknife'"
    )["estimate"]
    np.testing.assert_allclose(nrmse.to_numpy() * 7, rmse.to_numpy(), rtol=1e-12)
    assert "RMSE / 7 and the uniform baseline draws from ±3.5" in run.provenance.notes[0]
    uniform = run.predictions.query("model == 'uniform'")["prediction"]
    assert uniform.abs().max() < 3.5
    assert uniform.abs().max() > 3


def test_ratings_alone_give_reliability_and_a_factor(write_study):
    text = RATED.replace('["response"]', '["response", "emotion", "motion"]')
    run = run_study(read_study(write_study(text)))
    assert set(run.factor.table["part"]) == {"all"}
    assert run.comparison is None and run.models == {} and run.clips is None
    assert run.provenance.draws == 0


def test_one_item_ends_with_its_reliability(write_study):
    run = run_study(read_study(write_study(RATED)))
    assert run.factor is None
    assert len(run.reliability.table["item"].unique()) == 1
    assert "1 of the 3 items" in run.provenance.notes[0]


def test_clips_alone_predict_a_plain_column(write_study):
    run = run_study(read_study(write_study(PLAIN)), draws=100)
    assert run.reliability is None and run.factor is None
    assert run.provenance.draws == 100
    assert "au_count" not in run.features
    train = run.models["elastic"].predictions.query("part == 'train'")["truth"]
    span = train.max() - train.min()
    rows = run.comparison.table
    assert f"NRMSE is RMSE / {span:g}" in run.provenance.notes[0]
    rmse = run.models["elastic"].table.query("part == 'test' and term == 'rmse'")["estimate"]
    scores = rows[rows["versus"].isna() & (rows["metric"] == "nrmse") & rows["headline"]]
    mine = scores[scores["model"] == "elastic"]["estimate"]
    np.testing.assert_allclose(mine.to_numpy(), rmse.to_numpy() / span, rtol=1e-9)


def test_a_plain_column_with_a_scale(write_study):
    run = run_study(read_study(write_study(PLAIN + "scale = [0, 17]\n")), draws=100)
    uniform = run.predictions.query("model == 'uniform'")["prediction"]
    assert 0 < uniform.min() < 2 and 15 < uniform.max() < 17
    assert "from 0 to 17 (its scale in the study file)" in run.provenance.notes[0]


def test_inputs_are_hashed_and_counted(folder, run):
    for one in run.provenance.inputs:
        content = (folder / one.file).read_bytes()
        assert one.sha256 == hashlib.sha256(content).hexdigest()
        assert one.rows == content.count(b"\n") - 1
    assert [one.table for one in run.provenance.inputs] == ["ratings", "clips"]


def test_versions_seconds_and_seeds_are_kept(run):
    told = run.provenance
    assert {"exprstats", "python", "numpy", "pandas", "scipy", "scikit-learn"} <= set(told.versions)
    wanted = ["read", "reliability", "split", "factor", "join", "models", "baselines", "compare"]
    assert list(told.seconds) == wanted
    assert all(seconds > 0 for seconds in told.seconds.values())
    assert len(set(told.seeds.values())) == len(told.seeds)


@pytest.mark.r
def test_r_fits_a_study_and_its_versions_are_kept(folder, run, with_r):
    found = run_study(read_study(folder / "study.toml"))
    assert found.factor.engine == "lavaan"
    assert re.fullmatch(r"\d+\.\d+-\d+", found.provenance.versions["lavaan"])
    # Its optimiser stops within 1e-6 of the maximum.
    scores = [one.factor.scores["score"] for one in (found, run)]
    np.testing.assert_allclose(*scores, atol=1e-5)


def test_every_clip_that_is_left_out_is_told(folder, write_study):
    path = write_study((folder / "study.toml").read_text())
    clips = pd.read_csv(path.parent / "clips.csv")
    ratings = pd.read_csv(path.parent / "ratings.csv")
    clips.loc[3, "au_count"] = np.nan
    unrated = clips["clip"][10]
    ratings = ratings[ratings["clip"] != unrated]
    ratings.loc[ratings.index[5], "motion"] = np.nan
    clips.to_csv(path.parent / "clips.csv", index=False)
    ratings.to_csv(path.parent / "ratings.csv", index=False)
    run = run_study(read_study(path))
    told = {(one.stage, one.table): one for one in run.provenance.exclusions}
    assert told["read", "clips"].examples == (clips["clip"][3],)
    assert "'au_count'" in told["read", "clips"].reason
    assert told["join", "clips"].examples == (unrated,)
    assert told["reliability", "ratings"].rows_in - told["reliability", "ratings"].rows_out == 1
    assert len(run.clips) == len(clips) - 2 == run.provenance.rows["clips used"]
    assert str(told["join", "clips"]).startswith(f"1 of {len(clips) - 1} clips left out:")


def test_warnings_are_kept_by_stage_and_passed_on(folder, write_study):
    path = write_study((folder / "study.toml").read_text())
    clips = pd.read_csv(path.parent / "clips.csv").assign(still=1.0)
    clips.to_csv(path.parent / "clips.csv", index=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = run_study(read_study(path))
    [kept] = [one for one in run.provenance.warnings if "'still'" in one.message]
    assert (kept.stage, kept.category) == ("read", "DataWarning")
    told = [one.message.speak("study") for one in caught if "still" in str(one.message)]
    assert told == [kept.message]


def test_problems_of_both_files_come_together(write_study):
    path = write_study(PLAIN.replace("au_count", "au_cout") + RATED.replace("response", "respons"))
    path.write_text(
        '[ratings]\nfile = "ratings.csv"\nitems = ["respons"]\n'
        '[clips]\nfile = "clips.csv"\nfeatures = ["au_cout"]\n'
    )
    with pytest.raises(DataError) as caught:
        run_study(read_study(path))
    assert {problem.file.rsplit("/")[-1] for problem in caught.value.problems} == {
        "ratings.csv",
        "clips.csv",
    }


def test_ratings_may_leave_the_subjects_to_the_clips(folder, write_study, run):
    path = write_study((folder / "study.toml").read_text().replace('subject = "subject"\n', ""))
    ratings = pd.read_csv(path.parent / "ratings.csv").drop(columns="subject")
    ratings.to_csv(path.parent / "ratings.csv", index=False)
    mine = run_study(read_study(path))
    pd.testing.assert_frame_equal(mine.reliability.table, run.reliability.table)
    pd.testing.assert_frame_equal(mine.comparison.table, run.comparison.table)


def test_subjects_that_only_some_ratings_could_have_are_told(simulated, folder):
    rated = simulated.ratings.drop(columns="subject")
    first = simulated.clips.iloc[:1]
    log = Logbook(1)
    study, fewer = read_study(folder / "study.toml"), simulated.clips.drop(index=first.index)
    kept = join_tables(study, {"ratings": rated, "clips": fewer}, log)
    assert "subject" not in kept["ratings"]
    assert "clips.csv lacks 1 rated clip, so that" in log.notes[0]
    assert "takes clips as independent" in log.notes[0]


def test_other_jobs_give_the_same_numbers(folder, run):
    again = run_study(read_study(folder / "study.toml"), n_jobs=2)
    pd.testing.assert_frame_equal(again.comparison.table, run.comparison.table)


def test_files_that_name_two_people_for_one_clip_are_refused(write_study, folder):
    clips = pd.read_csv(folder / "clips.csv", dtype=str)
    first = clips["subject"].iloc[0]
    clips.loc[0, "subject"] = "somebody else"
    path = write_study((folder / "study.toml").read_text(encoding="utf-8"))
    clips.to_csv(path.parent / "clips.csv", index=False)
    with pytest.raises(DataError) as caught:
        run_study(read_study(path))
    told = str(caught.value)
    for part in (clips["clip"].iloc[0], first, "somebody else", "ratings.csv", "clips.csv"):
        assert part in told
