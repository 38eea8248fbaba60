"""Classes counted by part and by what they are taken for, rare ones refused; counts are exact."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.models import (
    cross_classes,
    fit_elastic,
    fit_forest,
    guess_classes,
    guess_majority,
    split_subjects,
    stack_predictions,
    tally_classes,
)

NAMES = np.array(["fear", "joy", "anger"])
DATA = {"target": "emotion", "features": ["motion", "gaze"]}
QUICK = {"trees": 15, "seed": 2, "min_leaves": [5]}


@pytest.fixture(scope="module")
def faces(draw_clips):
    clips = draw_clips(subjects=30, seed=5)
    codes = np.digitize(clips["motion"] + 0.5 * clips["gaze"], [-0.2, 1.0])
    return clips.drop(columns=["score", "score_pooled"]).assign(emotion=NAMES[codes])


@pytest.fixture(scope="module")
def parts(faces):
    return split_subjects(faces, seed=1)


@pytest.fixture(scope="module")
def forest(faces, parts):
    return fit_forest(faces, parts=parts, by="context", **DATA, **QUICK)


def test_tallies_are_those_of_a_cross_table(faces, parts, forest):
    table = tally_classes(forest)
    joined = faces.merge(parts, on="subject")
    for context in ("pain", None):
        own = joined if context is None else joined[joined["context"] == context]
        told = table[table["context"].isna() if context is None else table["context"] == context]
        wanted = own.groupby(["emotion", "part"])
        told = told.set_index(["class", "part"]).loc[list(wanted.size().index)]
        assert told["n_clips"].tolist() == wanted.size().tolist()
        assert told["n_clusters"].tolist() == wanted["subject"].nunique().tolist()
    assert table["class"].unique().tolist() == ["anger", "fear", "joy"]


def test_confusions_are_scikit_learns(forest):
    cells = cross_classes(forest)
    rows = forest.predictions.query("part == 'test'")
    for context in ("startle", None):
        own = rows[rows["fitted_on"].eq("all" if context is None else "context")]
        own = own if context is None else own[own["context"] == context]
        told = cells[cells["context"].isna() if context is None else cells["context"] == context]
        matrix = told.pivot(index="truth", columns="prediction", values="n_clips")
        peer = confusion_matrix(own["truth_class"], own["prediction_class"], labels=sorted(NAMES))
        np.testing.assert_array_equal(matrix.loc[sorted(NAMES), sorted(NAMES)], peer)
        shares = told.pivot(index="truth", columns="prediction", values="share")
        np.testing.assert_allclose(shares, peer / peer.sum(axis=1, keepdims=True))


def test_the_majority_is_that_of_the_training_clips_of_the_same_fit(forest):
    guess = guess_majority(forest.predictions)
    train = forest.predictions.query("part == 'train'")
    for which, context in (("context", "pain"), ("all", "pain")):
        own = train.query(f"fitted_on == '{which}'")
        own = own.query(f"context == '{context}'") if which == "context" else own
        told = guess.query(f"fitted_on == '{which}' and context == '{context}'")
        assert set(told["prediction_class"]) == {own["truth_class"].value_counts().index[0]}
        assert (told["prediction"] == own["truth"].mode()[0]).all()
    both = stack_predictions(forest, guess, guess_classes(forest.predictions, seed=1))
    assert set(both["model"]) == {"forest", "majority", "uniform"}


def test_uniform_guesses_are_even_and_do_not_depend_on_the_order(forest):
    rows = forest.predictions
    guess = guess_classes(rows, seed=3)
    shares = guess["prediction_class"].value_counts(normalize=True)
    # 720 rows of 360 clips, each of whose draws counts twice: a share has an SD of .025.
    assert shares.to_numpy() == pytest.approx(np.full(3, 1 / 3), abs=0.08)
    turned = guess_classes(rows.iloc[::-1], seed=3).sort_values(["fitted_on", "clip"])
    ordered = guess.sort_values(["fitted_on", "clip"])
    assert turned["prediction"].tolist() == ordered["prediction"].tolist()


def test_classes_of_one_person_or_without_training_clips_are_refused(faces, parts):
    held = parts.loc[parts["part"] == "test", "subject"].tolist()
    rare = faces.copy()
    rare.loc[rare.index[rare["subject"] == held[0]][:2], "emotion"] = "awe"
    with pytest.raises(DataError, match="class 'awe' has clips of 1 subject only"):
        fit_forest(rare, parts=parts, **DATA, **QUICK)
    rare.loc[rare.index[rare["subject"] == held[1]][:2], "emotion"] = "awe"
    with pytest.raises(DataError, match=r"all clips: no training clip shows 'awe'.*another seed"):
        fit_forest(rare, parts=parts, **DATA, **QUICK)


def test_many_rare_classes_are_one_problem(faces, parts):
    odd = faces.assign(emotion=[f"{i}" for i in range(len(faces))])
    with pytest.raises(DataError) as caught:
        fit_forest(odd, parts=parts, **DATA, **QUICK)
    (problem,) = [one for one in caught.value.problems if "1 subject only" in one.fact]
    assert problem.fact.startswith(f"{len(faces)} of {len(faces)} classes have clips of 1 subject")
    assert "'101' and 355 more." in problem.fact
    assert problem.remedy.endswith("A quantity is no target of classes.")


def test_a_context_without_training_clips_of_a_class_is_warned_of(faces, parts):
    joyless = faces.copy()
    train = joyless["subject"].isin(parts.loc[parts["part"] == "train", "subject"])
    joyless.loc[train & joyless["emotion"].eq("joy") & joyless["context"].eq("pain"), "emotion"] = (
        "fear"
    )
    with pytest.warns(DataWarning, match="context 'pain': no training clip shows 'joy'"):
        fit_forest(joyless, parts=parts, by="context", **DATA, **QUICK)


def test_numbers_have_no_classes(draw_clips, parts):
    clips = draw_clips(subjects=30, seed=5)
    elastic = fit_elastic(clips, target="score", features=["motion", "gaze"], parts=parts)
    with pytest.raises(OptionError, match="predict numbers, no classes"):
        tally_classes(elastic)
    with pytest.raises(OptionError, match="predict numbers, no classes"):
        cross_classes(elastic)


def test_an_unknown_part_is_refused_and_tables_without_training_too(forest):
    with pytest.raises(OptionError, match="part 'tset' is not known"):
        cross_classes(forest, part="tset")
    test = forest.predictions.query("part == 'test'")
    for guess in (guess_majority, guess_classes):
        with pytest.raises(DataError, match="no training clips"):
            guess(test)
