"""Forests of classes are scikit-learn's to the bit, and every metric of classes can judge them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from exprstats.errors import DataError, OptionError
from exprstats.inference import compare_models
from exprstats.models import (
    fit_forest,
    list_probabilities,
    pair_pooled,
    rate_importance,
    split_subjects,
    tally_classes,
    trace_dependence,
)
from exprstats.parallel import spawn_seeds

FEATURES = ["motion", "gaze", "blink", "still"]
NAMES = np.array(["neutral", "smile", "wince"])


@pytest.fixture(scope="module")
def faces(draw_clips):
    """Clips of three classes: motion and gaze decide, with some noise."""
    clips = draw_clips(subjects=50, seed=3).drop(columns=["score", "score_pooled"])
    noise = 0.4 * np.random.default_rng(1).normal(size=len(clips))
    level = clips["motion"] + 0.5 * clips["gaze"] + noise
    return clips.assign(code=np.digitize(level, [-0.7, 0.8]), lively=level > 0.3)


@pytest.fixture(scope="module")
def parts(faces):
    return split_subjects(faces, seed=1)


def grow(clips, parts, target, **options):
    options = {"trees": 12, "seed": 7, "min_leaves": [1, 10], "by": "context", **options}
    return fit_forest(clips, target=target, features=FEATURES, parts=parts, **options)


@pytest.fixture(scope="module")
def forest(faces, parts):
    return grow(faces, parts, "code", task="classification")


@pytest.fixture(scope="module")
def binary(faces, parts):
    return grow(faces, parts, "lively")


def follow(rows, place, target="code"):
    """Return scikit-learn's own errors and forests for each setting."""
    # Seeds go by the names of contexts, and trees draw from sorted clips: see test_forest.
    state = int(spawn_seeds(7, 4)[[2, 1, 0, 3][place]].generate_state(1)[0])
    rows = rows.sort_values([*FEATURES, target])
    train, held = (rows[rows["part"] == part] for part in ("train", "validate"))
    found = {}
    for share in (1 / 3, 1.0):
        for leaf in (1, 10):
            peer = RandomForestClassifier(
                12, max_features=share, min_samples_leaf=leaf, random_state=state
            ).fit(train[FEATURES].to_numpy(), train[target])
            wrong = 1 - peer.score(held[FEATURES].to_numpy(), held[target])
            found[share, leaf] = wrong, peer
    return found


@pytest.mark.parametrize("place", [0, 3])
def test_the_grid_and_predictions_equal_scikit_learn(faces, parts, forest, place):
    context = ["startle", "pain", "disgust", None][place]
    rows = faces if context is None else faces[faces["context"] == context]
    rows = rows.merge(parts, on="subject")
    peers = follow(rows, place)
    grid = forest.grid
    grid = grid[grid["context"].isna() if context is None else grid["context"] == context]
    for row in grid.itertuples():
        assert row.error_validate == pytest.approx(peers[row.max_features, row.min_leaf][0])
    chosen = grid[grid["chosen"]].iloc[0]
    # Of equal errors the larger leaf wins, then fewer features.
    best = min(peers, key=lambda key: (round(peers[key][0], 12), -key[1], key[0]))
    assert (chosen["max_features"], chosen["min_leaf"]) == best
    which = "all" if context is None else "context"
    told = forest.predictions[forest.predictions["fitted_on"] == which].set_index("clip")
    values = rows[FEATURES].to_numpy()
    np.testing.assert_array_equal(told["prediction"][rows["clip"]], peers[best][1].predict(values))
    for code in (0, 1, 2):
        ranked = list_probabilities(forest, label=float(code))
        ranked = ranked[ranked["fitted_on"] == which].set_index("clip").loc[rows["clip"]]
        np.testing.assert_array_equal(
            ranked["prediction"], peers[best][1].predict_proba(values)[:, code]
        )
        np.testing.assert_array_equal(ranked["truth"], rows["code"] == code)


def test_metrics_of_classes_judge_the_predictions(faces, forest, binary):
    def take(table):
        return table.query("part == 'test' and fitted_on == 'all'")

    rows = take(forest.predictions)
    found = compare_models(rows, metrics=["accuracy", "uar", "macro_f1"], draws=50, seed=1)
    found = found.tidy().query("headline").set_index("metric")["estimate"]
    truth, guess = rows["truth"], rows["prediction"]
    assert found["accuracy"] == pytest.approx((truth == guess).mean(), abs=1e-12)
    assert found["uar"] == pytest.approx(balanced_accuracy_score(truth, guess), abs=1e-12)
    assert found["macro_f1"] == pytest.approx(f1_score(truth, guess, average="macro"), abs=1e-12)
    ranked = take(list_probabilities(binary))
    named = take(binary.predictions)["truth_class"]
    assert (ranked["truth"].to_numpy() == 1).tolist() == (named.astype(str) == "True").tolist()
    auc = compare_models(ranked, metrics="auc", draws=50, seed=1).tidy().query("headline")
    expected = roc_auc_score(ranked["truth"], ranked["prediction"])
    assert auc["estimate"].item() == pytest.approx(expected, abs=1e-12)
    assert expected > 0.9
    table = forest.table[forest.table["context"].isna() & (forest.table["part"] == "test")]
    terms = table.set_index("term")["estimate"]
    assert terms[["accuracy", "uar"]].tolist() == pytest.approx(found[["accuracy", "uar"]].tolist())


def test_a_category_without_clips_is_no_rare_class(faces, parts):
    named = pd.Categorical(NAMES[faces["code"]], [*NAMES, "yawn"])
    data = {"target": "face", "features": FEATURES, "parts": parts, "trees": 5, "seed": 1}
    counts = tally_classes(fit_forest(faces.assign(face=named), min_leaves=[5], **data))
    clips = counts.groupby("class")["n_clips"].sum()
    assert clips["yawn"] == 0
    assert clips.sum() == len(faces)


@pytest.mark.parametrize("kind", ["text", "category"])
def test_names_are_coded_in_order_and_named_again(faces, parts, forest, kind):
    named = faces.assign(code=NAMES[faces["code"]])
    if kind == "category":
        named["code"] = pd.Categorical(named["code"], categories=NAMES)
    before = named.copy()
    found = grow(named, parts, "code")
    assert found.design.classes == tuple(NAMES)
    for column in ("truth", "prediction"):
        codes = forest.predictions[column]
        np.testing.assert_array_equal(found.predictions[column], codes)
        assert (found.predictions[f"{column}_class"] == NAMES[codes.astype(int)]).all()
    assert "truth_class" not in forest.predictions
    pd.testing.assert_frame_equal(named, before)


def test_only_features_that_decide_are_important(forest):
    importance = rate_importance(forest, repeats=5, draws=50, seed=1)
    rows = importance.table.query("headline and term == 'importance'")
    rise = rows[rows["context"].isna()].set_index("feature")["estimate"]
    assert rise["motion"] > rise["gaze"] > 0.05 > abs(rise["still"])
    assert "rise of the test share of wrong classes" in importance.sentence()


def test_the_rise_is_the_share_of_wrong_classes_with_another_subjects_values(forest):
    fit, design = forest.fits[3], forest.design
    rows = fit.sample.rows[design.mark(fit.sample, "test")]
    values, truth = design.split(fit.sample, "test")
    permuted = rate_importance(forest, repeats=1, draws=50, seed=1).table
    permuted = permuted[permuted["context"].isna() & permuted["headline"]]
    # One permutation changes a whole number of clips from right to wrong.
    moved = permuted["estimate"].to_numpy() * len(rows)
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-9)
    assert np.abs(moved).max() < (fit.predict(values) == truth).sum()


def test_words_and_company(forest, binary):
    assert "test accuracy = ." in forest.sentence()
    assert "UAR = ." in forest.sentence()
    assert "RMSE" not in forest.sentence()
    pair = pair_pooled(binary).query("part == 'test'")
    versus = compare_models(pair, metrics="accuracy", draws=50, seed=1, by="context")
    assert "forest - forest pooled" in versus.tidy()["term"].tolist()


def test_what_is_refused(faces, parts, forest, binary):
    with pytest.raises(OptionError, match="task 'classes' is not known"):
        grow(faces, parts, "code", task="classes")
    with pytest.raises(DataError, match="classes are no whole numbers"):
        grow(faces, parts, "motion", task="classification")
    with pytest.raises(DataError, match="one class only: smile"):
        grow(faces.assign(code="smile"), parts, "code")
    with pytest.raises(DataError, match="1 of 600 targets are missing"):
        code = pd.Series(NAMES[faces["code"]], dtype=object)
        code[5] = None
        grow(faces.assign(code=code), parts, "code")
    with pytest.raises(DataError, match="no column 'coed'"):
        grow(faces, parts, "coed", task="classification")
    with pytest.raises(OptionError, match="must name one of the 3 classes"):
        list_probabilities(forest)
    with pytest.raises(OptionError, match="class '9' is not known"):
        list_probabilities(forest, label=9)
    number = grow(faces, parts, "code", by=None)
    with pytest.raises(OptionError, match="predict numbers, no classes"):
        list_probabilities(number)
    with pytest.raises(OptionError, match="mean predictions need a quantity"):
        trace_dependence(binary)
