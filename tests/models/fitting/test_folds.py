"""Tuning in folds of subjects, against scikit-learn's searches and rows that are really repeated.

Tolerances: 1e-6 on errors, weights and predictions (see test_penalties), 1e-8 between a refit from
sums of products and one from repeated rows; choices are exact.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exprstats.errors import DataError, OptionError
from exprstats.inference.resampling.clusters import draw_clusters
from exprstats.models import fit_elastic, fold_subjects, report_weights, split_subjects
from exprstats.models.explain.refits import refit_weights
from exprstats.models.fitting.penalties import code_subjects
from exprstats.parallel import spawn_seeds

FEATURES = ["motion", "gaze", "blink", "still"]
ALPHAS = [0.01, 0.1, 1.0]
RATIOS = [0.0, 0.5, 1.0]
OPTIONS = {"target": "score", "features": FEATURES, "alphas": ALPHAS, "l1_ratios": RATIOS}


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, train=0.8, validate=0, test=0.2, seed=1)


@pytest.fixture(scope="module")
def folds(clips, parts):
    rest = clips.merge(parts.query("part == 'train'"), on="subject")
    return fold_subjects(rest, folds=5, seed=2)


@pytest.fixture(scope="module")
def models(clips, parts, folds):
    return fit_elastic(clips, parts=parts, folds=folds, by="context", **OPTIONS)


def take_rows(clips, folds, context):
    own = clips if context is None else clips[clips["context"] == context]
    own = own.assign(y=own["score_pooled"] if context is None else own["score"])
    return own.merge(folds, on="subject")


def pick(table, context):
    return table[table["context"].isna() if context is None else table["context"] == context]


def build_pipeline(n, alpha, ratio):
    model = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-7, max_iter=10_000)
    return make_pipeline(StandardScaler(), Ridge(alpha=n * alpha) if ratio == 0 else model)


@pytest.mark.parametrize("context", ["pain", None])
def test_each_fold_error_equals_grid_search(clips, folds, models, context):
    rows = take_rows(clips, folds, context)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), ElasticNet(tol=1e-7, max_iter=10_000)),
        {"elasticnet__alpha": ALPHAS, "elasticnet__l1_ratio": RATIOS[1:]},
        cv=PredefinedSplit(rows["fold"]),
        scoring="neg_root_mean_squared_error",
        refit=False,
    ).fit(rows[FEATURES], rows["y"])
    grid = pick(models.grid, context).set_index(["alpha", "l1_ratio"])
    assert len(grid) == 9
    for i, point in enumerate(search.cv_results_["params"]):
        own = grid.loc[(point["elasticnet__alpha"], point["elasticnet__l1_ratio"])]
        for fold in range(5):
            peer = -search.cv_results_[f"split{fold}_test_score"][i]
            assert own[f"rmse_fold{fold + 1}"] == pytest.approx(peer, abs=1e-6)


@pytest.mark.parametrize("context", ["pain", None])
def test_the_chosen_model_equals_loops_over_pipelines(clips, folds, models, context):
    rows = take_rows(clips, folds, context)
    errors, guesses = {}, {}
    for alpha in ALPHAS:
        for ratio in RATIOS:
            guess = np.empty(len(rows))
            for fold in range(1, 6):
                held = rows["fold"].to_numpy() == fold
                rest = rows[~held]
                model = build_pipeline(len(rest), alpha, ratio).fit(rest[FEATURES], rest["y"])
                guess[held] = model.predict(rows.loc[held, FEATURES])
            guesses[alpha, ratio] = guess
            errors[alpha, ratio] = np.sqrt(np.mean((guess - rows["y"]) ** 2))
    grid = pick(models.grid, context).set_index(["alpha", "l1_ratio"])
    found = grid["rmse_validate"]
    np.testing.assert_allclose(found, [errors[point] for point in found.index], atol=1e-6)
    best = min(errors, key=errors.get)
    assert grid.index[grid["chosen"]].tolist() == [best]
    table = pick(models.table, context)
    tuned = table[table["part"] == "validate"].set_index("term")
    assert (tuned.loc["alpha", "estimate"], tuned.loc["l1_ratio", "estimate"]) == best
    assert tuned.loc["rmse", "estimate"] == pytest.approx(errors[best], abs=1e-6)
    pairs = rows.assign(guess=guesses[best]).groupby("fold")
    r = np.mean([own["guess"].corr(own["y"]) for _, own in pairs])
    assert tuned.loc["correlation", "estimate"] == pytest.approx(r, abs=1e-6)
    assert (tuned["n_clusters"] == 32).all()
    peer = build_pipeline(len(rows), *best).fit(rows[FEATURES], rows["y"])
    weights = table[table["term"] == "weight"]["estimate"]
    np.testing.assert_allclose(weights, peer[-1].coef_, atol=1e-6)


def test_repeats_are_averaged_over_their_clips(clips, parts):
    rest = clips.merge(parts.query("part == 'train'"), on="subject")
    folds = fold_subjects(rest, folds=3, repeats=2, seed=5)
    point = {"target": "score_pooled", "features": FEATURES, "alphas": [0.1], "l1_ratios": [0.5]}
    models = fit_elastic(clips, parts=parts, folds=folds, **point)
    squares, scores = [], []
    for again in (1, 2):
        rows = rest.merge(folds[folds["repeat"] == again], on="subject")
        model, split = build_pipeline(0, 0.1, 0.5), PredefinedSplit(rows["fold"])
        guess = cross_val_predict(model, rows[FEATURES], rows["score_pooled"], cv=split)
        squares.append(np.mean((guess - rows["score_pooled"]) ** 2))
        pairs = rows.assign(guess=guess).groupby("fold")
        scores += [own["guess"].corr(own["score_pooled"]) for _, own in pairs]
    tuned = models.table[models.table["part"] == "validate"].set_index("term")["estimate"]
    assert tuned["rmse"] == pytest.approx(np.sqrt(np.mean(squares)), abs=1e-6)
    assert tuned["correlation"] == pytest.approx(np.mean(scores), abs=1e-6)
    assert "rmse_repeat2_fold3" in models.grid
    assert "tuned in 3 folds (dealt 2 times) of the training subjects" in models.sentence()


def test_validation_subjects_train_where_folds_tune(clips, parts, folds, models):
    some = parts.assign(part=parts["part"].where(parts.index % 3 > 0, "validate"))
    some["part"] = some["part"].where(parts["part"] != "test", "test")
    assert (some["part"] == "validate").sum() > 5
    again = fit_elastic(clips, parts=some, folds=folds, by="context", **OPTIONS)
    pd.testing.assert_frame_equal(again.table, models.table)
    pd.testing.assert_frame_equal(again.predictions, models.predictions)
    assert set(models.predictions["part"]) == {"train", "test"}


def test_folds_of_everybody_serve_as_well(clips, parts, folds, models):
    tested = parts.loc[parts["part"] == "test", ["subject"]].assign(repeat=1, fold=1)
    more = pd.concat([tested, folds.sample(frac=1, random_state=1)])
    again = fit_elastic(clips, parts=parts, folds=more, by="context", **OPTIONS)
    pd.testing.assert_frame_equal(again.table, models.table)


def test_the_test_part_never_moves_the_model(clips, parts, folds, models):
    inside = clips["subject"].isin(parts.loc[parts["part"] == "test", "subject"])
    noise = np.random.default_rng(1).normal(size=len(clips))
    spoiled = clips.assign(
        score=clips["score"].where(~inside, noise), motion=clips["motion"].where(~inside, 9 * noise)
    )
    spoiled["score_pooled"] = clips["score_pooled"].where(~inside, noise)
    again = fit_elastic(spoiled, parts=parts, folds=folds, by="context", **OPTIONS)
    pd.testing.assert_frame_equal(again.grid, models.grid)
    kept = models.table["part"] != "test"
    pd.testing.assert_frame_equal(again.table[kept], models.table[kept])


def test_a_refit_equals_repeated_rows_whose_copies_share_a_fold(clips, models, folds):
    design = models.design
    _, strata = code_subjects(design)
    names = np.unique(design.clips["subject"])
    weights, chosen = refit_weights(design, models.penalties, draws=3, rounds=models.rounds, seed=5)
    lookup = folds.set_index("subject")["fold"]
    for draw, drawn in enumerate(draw_clusters(spawn_seeds(5, 1)[0], strata)[:3]):
        takes, dealt = [], []
        for place, code in enumerate(drawn):
            own = clips[clips["subject"] == names[code]]
            copy = f"copy {place}"
            takes.append(own.assign(subject=copy, clip=own["clip"] + f" {place}"))
            dealt.append((copy, "train", lookup[names[code]]))
        rows = pd.concat(takes)
        deal = pd.DataFrame(dealt, columns=["subject", "part", "fold"])
        naive = fit_elastic(
            rows, parts=deal[["subject", "part"]], folds=deal, by="context", **OPTIONS
        )
        for i, context in enumerate(["startle", "pain", "disgust", None]):
            table = pick(naive.table, context)
            wanted = table[table["term"] == "weight"]["estimate"]
            np.testing.assert_allclose(weights[i, draw], wanted, atol=1e-8)
            point = table.drop_duplicates("term").set_index("term")["estimate"]
            assert tuple(chosen[i, draw]) == (point["alpha"], point["l1_ratio"])


def test_the_weights_are_reported(models):
    report = report_weights(models, draws=10, repeats=2, seed=1)
    assert report.n_clusters == 32
    rows = report.table[report.table["term"] == "unpenalised"]
    assert (rows["n_clusters"] == 32).all()
    assert "tuned in 5 folds of the training subjects and tested on 8 others" in models.sentence()


def test_without_a_test_part_the_folds_are_told(clips, folds, parts):
    own = clips[clips["subject"].isin(folds["subject"])]
    whole = parts[parts["part"] == "train"]
    told = fit_elastic(own, parts=whole, folds=folds, **OPTIONS).sentence()
    assert "All clips: validate RMSE = 0." in told


def test_folds_that_do_not_fit(clips, parts, folds):
    with pytest.raises(OptionError, match=r"must be a pandas DataFrame; got 5\. Read a file"):
        fit_elastic(clips, parts=parts, folds=5, **OPTIONS)
    with pytest.raises(DataError, match="there is one fold, 1"):
        fit_elastic(clips, parts=parts, folds=folds.assign(fold=1), **OPTIONS)
    with pytest.raises(DataError, match="1 subject has no fold"):
        fit_elastic(clips, parts=parts, folds=folds.iloc[1:], **OPTIONS)
    first = folds.loc[folds["fold"] == 1, "subject"]
    thin = clips[(clips["context"] != "pain") | ~clips["subject"].isin(first)]
    with pytest.raises(DataError, match=r"context 'pain' has no clips in some folds"):
        fit_elastic(thin, parts=parts, folds=folds, by="context", **OPTIONS)
    alone = folds.loc[folds["fold"] == 1, "subject"]
    flat = clips.assign(score_pooled=clips["subject"].isin(alone).astype(float))
    with pytest.raises(DataError, match="does not vary outside one of the folds"):
        fit_elastic(flat, parts=parts, folds=folds, **OPTIONS)
