"""Truths beside estimates: predictions for new clips, and what the truth of each row is.

Tolerance: 1e-9 for predictions, which are the same arithmetic in another order; .05 between
the performances on two draws of 1,500 subjects, whose standard errors are below .01; 3 % for a
spread over 4,500 clips of 1,500 subjects, whose standard error is about 1.5 %;
4 Monte-Carlo standard errors for means over panels of raters.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import OptionError
from exprstats.models import fit_forest
from exprstats.simulate import simulate_again
from exprstats.study import ModelSettings
from exprstats.study.recovery import compare_truth, measure_performance, predict_sample


@pytest.mark.parametrize("context", ["startle", "pain", None])
def test_predictions_for_new_clips_are_those_of_the_model(run, context):
    models = run.models["elastic"]
    fitted_on = "all" if context is None else "context"
    theirs = models.predictions[models.predictions["fitted_on"] == fitted_on]
    clips = run.clips
    if context is not None:
        theirs = theirs[theirs["context"] == context]
        clips = clips[clips["context"] == context]
    np.testing.assert_allclose(
        predict_sample(models, clips, context), theirs["prediction"].to_numpy(), rtol=1e-9
    )


def test_each_truth_is_the_population_value(run, simulated):
    frame = compare_truth(run, simulated, subjects=50, seed=3)
    truth = simulated.truth
    for term in ("ICC(1,k)", "loading"):
        rows = frame[frame["term"] == term]
        wanted = truth[truth["term"] == term]
        assert len(rows) == len(wanted) == 9
        joined = rows.fillna({"context": "All"}).merge(
            wanted.fillna({"context": "All"}), on=["context", "item", "term"]
        )
        pd.testing.assert_series_equal(
            joined["truth"], joined["estimate_y"], check_names=False, check_exact=True
        )


def test_inside_is_what_it_says(run, simulated):
    frame = compare_truth(run, simulated, subjects=50, seed=3)
    for row in frame.to_dict("records"):
        if row["inside"] is None:
            assert pd.isna(row["truth"]) or pd.isna(row["conf_low"])
        else:
            assert row["inside"] == (row["conf_low"] <= row["truth"] <= row["conf_high"])
    assert frame["inside"].eq(True).sum() > 0.7 * frame["inside"].notna().sum()


def test_performance_on_new_subjects_is_about_that_on_test_subjects(run, simulated):
    key = ["context", "model", "metric"]
    large = measure_performance(run, simulated, subjects=1500, seed=11).set_index(key)
    other = measure_performance(run, simulated, subjects=1500, seed=12).set_index(key)
    gap = (large["estimate"] - other["estimate"]).abs()
    assert gap.dropna().max() < 0.05
    scores = large["estimate"]
    for context in ("startle", "pain"):
        assert scores[context, "elastic", "correlation"] > 0.3
        assert abs(scores[context, "uniform", "correlation"]) < 0.06
        assert np.isnan(scores[context, "mean", "correlation"])
        assert scores[context, "elastic", "nrmse"] < scores[context, "mean", "nrmse"]
        assert scores[context, "mean", "nrmse"] < scores[context, "uniform", "nrmse"]


@pytest.mark.parametrize("context", ["startle", "pain"])
def test_a_mean_guess_misses_by_what_the_population_says(run, simulated, context):
    # Scores are w'(x - v): their variance over the population is w'Cw, with C from the true
    # loadings and residuals, and the guess is off by the difference of the means.
    rows = measure_performance(run, simulated, subjects=1500, seed=11)
    found = rows.set_index(["context", "model", "metric"])["estimate"]
    true = simulated.truth[simulated.truth["context"] == context].set_index("term")["estimate"]
    loadings, residuals = true["loading_raw"].to_numpy(), true["residual_raw"].to_numpy()
    covariance = np.outer(loadings, loadings) + np.diag(residuals)
    fit = next(
        one for one in run.factor.solutions if one.context == context and one.part == "train"
    )
    weights = fit.loadings / fit.residuals
    weights = weights / (weights @ fit.loadings)
    offset = weights @ (true["intercept"].to_numpy() - fit.intercepts)
    train = run.models["elastic"].predictions.query(
        "part == 'train' and fitted_on == 'context' and context == @context"
    )["truth"]
    wanted = np.sqrt(weights @ covariance @ weights + (offset - train.mean()) ** 2)
    spans = run.factor.spans[run.factor.spans["part"] == "train"].set_index("context")["span"]
    assert found[context, "mean", "nrmse"] * spans[context] == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize("context", ["startle", None])
def test_forests_predict_new_clips_as_they_predicted_their_own(run, context):
    settings = {"target": "score", "features": list(run.features), "parts": run.parts}
    forest = fit_forest(run.clips, by="context", trees=5, min_leaves=[5], seed=1, **settings)
    theirs = forest.predictions[
        forest.predictions["fitted_on"] == ("context" if context else "all")
    ]
    clips = run.clips
    if context is not None:
        theirs = theirs[theirs["context"] == context]
        clips = clips[clips["context"] == context]
    found = predict_sample(forest, clips, context)
    np.testing.assert_allclose(found, theirs["prediction"].to_numpy(), rtol=1e-9)


def judge_panel(ratings, fit, span):
    """Return the mean over raters of NRMSE and r, each rater against the others of a clip."""
    weights = fit.loadings / fit.residuals
    weights = weights / (weights @ fit.loadings)
    answers = ratings.pivot_table("rating", ["clip", "rater"], "item")
    own = (answers[list(fit.items)].to_numpy() - fit.intercepts) @ weights
    rows = answers.index.to_frame(index=False).assign(own=own)
    clips = rows.groupby("clip")["own"]
    rows["others"] = (clips.transform("sum") - own) / (clips.transform("size") - 1)
    raters = [group for _, group in rows.groupby("rater") if len(group) >= 3]
    misses = [np.sqrt(((one["own"] - one["others"]) ** 2).mean()) / span for one in raters]
    pairs = [one[["own", "others"]].corr().iloc[0, 1] for one in raters]
    return np.mean(misses), np.nanmean(pairs)


@pytest.fixture(scope="module", params=[(80, 40), pytest.param((200, 100), marks=pytest.mark.slow)])
def judged(run, simulated, request):
    """What raters show on average by the package, and half as many panels to judge it by."""
    own, others = request.param
    judges = (*run.study.models, ModelSettings(name="human", kind="human"))
    asked = replace(run, study=replace(run.study, models=judges))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exprstats.study.recovery.PANELS", own)
        rows = measure_performance(asked, simulated, subjects=20, seed=11)
    options = {
        "subjects": run.parts["part"].eq("test").sum(),
        "workers": simulated.ratings["rater"].nunique(),
    }
    return rows, [simulate_again(simulated, seed=seed, **options).ratings for seed in range(others)]


@pytest.mark.parametrize("context", ["startle", None])
def test_the_truth_of_raters_is_their_mean_over_new_panels(run, judged, context):
    rows, drawn = judged[0].copy(), judged[1]
    rows["context"] = rows["context"].fillna("All")
    found = rows[rows["model"] == "human"].set_index(["context", "metric"])["estimate"]
    fit = next(
        one for one in run.factor.solutions if one.context == context and one.part == "train"
    )
    spans = run.factor.spans[run.factor.spans["part"] == "train"].set_index("context")["span"]
    span = spans[spans.index.isna()].item() if context is None else spans[context]
    panels = []
    for ratings in drawn:
        own = ratings if context is None else ratings[ratings["context"] == context]
        panels.append(judge_panel(own, fit, span))
    # Twice as many panels there: the standard error of the difference is √1.5 of that here.
    error = np.std(panels, axis=0, ddof=1) / np.sqrt(len(panels)) * np.sqrt(1.5)
    wanted = np.mean(panels, axis=0)
    values = found["All" if context is None else context]
    assert abs(values["nrmse"] - wanted[0]) < 4 * error[0]
    assert abs(values["correlation"] - wanted[1]) < 4 * error[1]
    assert error.max() < 0.03 * np.sqrt(100 / len(panels))


def test_new_people_may_be_rated_by_a_panel_of_the_same_size(simulated):
    again = simulate_again(simulated, subjects=8, workers=30, seed=2)
    assert again.ratings["rater"].nunique() <= 30
    assert again.ratings["rater"].nunique() > 20
    with pytest.raises(OptionError, match="workers 3 cannot give 6 different raters"):
        simulate_again(simulated, subjects=8, workers=3, seed=2)
