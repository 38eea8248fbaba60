"""Nested cross-validation, against loops over scikit-learn's pipelines.

Tolerance: 1e-6 (coordinate descent, see test_penalties); exact for counts and choices.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError
from exprstats.models import fold_subjects, guess_normal, nest_elastic, stack_predictions

FEATURES = ["motion", "gaze", "blink", "still"]
ALPHAS = [0.01, 0.1, 1.0]
RATIOS = [0.0, 0.5, 1.0]


@pytest.fixture(scope="module")
def small(draw_clips):
    return draw_clips(subjects=12, seed=3)


@pytest.fixture(scope="module")
def folds(small):
    return fold_subjects(small, folds=4, seed=1)


@pytest.fixture(scope="module")
def nested(small, folds):
    return nest(small, folds)


def nest(clips, folds, **options):
    options = {"by": "context", "alphas": ALPHAS, "l1_ratios": RATIOS, **options}
    return nest_elastic(clips, target="score", features=FEATURES, folds=folds, **options)


def fit_naively(rows, alpha, ratio):
    model = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-7, max_iter=10_000)
    if ratio == 0:
        model = Ridge(alpha=alpha * len(rows))
    return make_pipeline(StandardScaler(), model).fit(rows[FEATURES].to_numpy(), rows["y"])


@pytest.fixture(scope="module")
def uneven(draw_clips):
    """Clips of which the subjects of folds 1 and 2 have a quarter each, folds, and their fits."""
    clips = draw_clips(subjects=12, seed=1, noise=1.5)
    folds = fold_subjects(clips, folds=4, seed=1)
    few = clips["subject"].isin(folds.loc[folds["fold"] <= 2, "subject"])
    clips = clips[~few | (clips["clip"].str.split("_").str[1].astype(int) % 4 == 0)]
    return clips, folds, nest(clips, folds)


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("context", ["pain", None])
def test_choices_and_predictions_equal_nested_loops(request, uneven, context, even):
    small, folds, nested = uneven
    if even:
        small, folds, nested = map(request.getfixturevalue, ("small", "folds", "nested"))
    rows = small if context is None else small[small["context"] == context]
    rows = rows.merge(folds, on="subject")
    rows = rows.assign(y=rows["score_pooled"] if context is None else rows["score"])
    which = "all" if context is None else "context"
    told = nested.predictions[nested.predictions["fitted_on"] == which].set_index("clip")
    table = nested.table
    table = table[table["context"].isna() if context is None else table["context"] == context]
    for outer in (1, 2, 3, 4):
        rest = rows[rows["fold"] != outer]
        inner = [rest["fold"] == fold for fold in set(rest["fold"])]
        inner = [(rest[~held], rest[held][FEATURES].to_numpy(), rest[held]["y"]) for held in inner]
        errors = {}
        for ratio in RATIOS:
            for alpha in ALPHAS:
                errors[alpha, ratio] = sum(
                    ((fit_naively(trained, alpha, ratio).predict(x) - y) ** 2).sum()
                    for trained, x, y in inner
                )
        best = min(errors, key=errors.get)
        chosen = table[table["fold"] == outer].drop_duplicates("term").set_index("term")
        assert (chosen.loc["alpha", "estimate"], chosen.loc["l1_ratio", "estimate"]) == best
        held = rows[rows["fold"] == outer]
        wanted = fit_naively(rest, *best).predict(held[FEATURES].to_numpy())
        np.testing.assert_allclose(told.loc[held["clip"], "prediction"], wanted, atol=1e-6)
        weights = table[(table["fold"] == outer) & (table["term"] == "weight")]["estimate"]
        np.testing.assert_allclose(weights, fit_naively(rest, *best)[-1].coef_, atol=1e-6)


def test_every_clip_is_predicted_once(small, nested):
    check_table(nested.predictions, PREDICTIONS)
    assert len(nested.predictions) == 2 * len(small)
    own = nested.predictions.query("fitted_on == 'all'")
    rows = nested.table[nested.table["context"].isna()].set_index("term")
    dealt = nested.folds.set_index("subject")["fold"]
    assert (own["fold"] == own["subject"].map(dealt)).all()
    naive = (own["truth"] - own["prediction"]).pow(2).mean() ** 0.5
    assert rows.loc["rmse", "estimate"] == pytest.approx(naive, rel=1e-12)
    r = [one["truth"].corr(one["prediction"]) for _, one in own.groupby("fold")]
    assert rows.loc["correlation", "estimate"] == pytest.approx(np.mean(r), rel=1e-9)
    each = nested.table[nested.table["context"].isna()].query("term == 'fold_correlation'")
    np.testing.assert_allclose(each["estimate"], r, rtol=1e-9)
    assert rows.loc["rmse", "n_clips"] == len(small)


def test_repeats_are_seats(small):
    folds = fold_subjects(small, folds=3, repeats=2, seed=2)
    found = nest(small, folds)
    check_table(found.predictions, PREDICTIONS)
    assert set(found.predictions["seat"]) == {"1", "2"}
    assert (found.predictions["seat"] == found.predictions["repeat"].astype(str)).all()
    alone = nest(small, folds[folds["repeat"] == 2])
    second = found.predictions[found.predictions["seat"] == "2"]
    np.testing.assert_array_equal(second["prediction"], alone.predictions["prediction"])
    assert "repeated 2 times" in found.sentence()


def test_a_fold_s_truth_never_moves_its_predictions(small, folds, nested):
    inside = small["subject"].isin(folds.loc[folds["fold"] == 2, "subject"])
    noise = 5 * np.random.default_rng(1).normal(size=len(small))
    spoiled = small.assign(score=small["score"].where(~inside, noise))
    spoiled["score_pooled"] = small["score_pooled"].where(~inside, -noise)
    again = nest(spoiled, folds).predictions
    held = again["clip"].isin(small.loc[inside, "clip"])
    np.testing.assert_allclose(
        again.loc[held, "prediction"], nested.predictions.loc[held, "prediction"], atol=1e-9
    )
    assert not np.allclose(again["prediction"], nested.predictions["prediction"])


def test_row_order_does_not_matter(small, folds, nested):
    again = nest(small.sample(frac=1, random_state=1), folds.sample(frac=1, random_state=1))
    key = ["clip", "fitted_on"]
    wanted = nested.predictions.set_index(key)["prediction"].sort_index()
    found = again.predictions.set_index(key)["prediction"].sort_index()
    pd.testing.assert_series_equal(found, wanted, atol=1e-9)


def test_it_stacks_with_guesses_and_tells_its_story(small, nested):
    both = stack_predictions(nested, guess_normal(nested.predictions, seed=1))
    assert len(both) == 4 * len(small)
    assert "In 4-fold cross-validation over 12 subjects, with" in nested.sentence()
    row = nested.glance().iloc[0]
    assert (row["n_contexts"], row["n_clips"], row["folds"], row["repeats"]) == (3, 144, 4, 1)


def test_what_cannot_be_nested(small, folds):
    with pytest.raises(DataError, match="there are 2 folds"):
        nest(small, fold_subjects(small, folds=2, seed=1))
    flat = small.assign(score=np.where(small["subject"] == "S000", 1.0, 2.0))
    lone = int(folds.loc[folds["subject"] == "S000", "fold"].iloc[0])
    assert lone in {1, 2, 3, 4}
    with pytest.raises(DataError, match="does not vary outside 2 of the folds"):
        nest(flat, folds)
