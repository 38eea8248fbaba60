"""Deep estimators: what they recover, that people stay apart, and that runs repeat.

The planted signal is a slope over frames with three times the SD of its noise; a correlation of .6
with unseen people's targets is far above what chance gives (SD 1/sqrt(40) = .16 in 40 clips).
"""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold

from exprstats.deep import DeepClassifier, DeepMultilabel, DeepRegressor
from exprstats.errors import DataError, DataWarning, FitError, OptionError

pytestmark = pytest.mark.torch
SMALL = {"settings": {"layers": 1, "hidden": 8}, "epochs": 3, "device": "cpu", "random_state": 1}
GRU = {"settings": {"hidden": (8,), "dropout": 0.0}, "device": "cpu", "random_state": 1}


def hold_out(groups):
    return np.isin(groups, np.unique(groups)[-8:])


@pytest.mark.parametrize(
    "model",
    [
        DeepRegressor(settings={"hidden": 16}, epochs=20, device="cpu", random_state=1),
        DeepRegressor("gated-gru", lr=0.01, batch=32, epochs=30, **GRU),
    ],
    ids=["lstm", "gated-gru"],
)
def test_regression_recovers_a_planted_signal_on_unseen_people(model, people):
    clips, y, groups = people
    test = hold_out(groups)
    y = 100 + 20 * y
    model.fit(clips[~test], y[~test], groups=groups[~test])
    found = model.predict(clips[test])
    assert np.corrcoef(found, y[test])[0, 1] > 0.6
    assert abs(found.mean() - y[test].mean()) < 10
    assert not np.isin(model.held_out_, groups[test]).any()


def test_classes_and_labels_are_recovered_on_unseen_people(people):
    clips, y, groups = people
    test = hold_out(groups)
    classes = np.digitize(y, [-0.5, 0.5]) + 3
    model = DeepClassifier(settings={"hidden": 16}, epochs=20, device="cpu", random_state=1)
    model.fit(clips[~test], classes[~test], groups=groups[~test])
    chances = model.predict_proba(clips[test])
    assert chances.shape == (40, 11)
    np.testing.assert_allclose(chances.sum(1), 1)
    assert model.score(clips[test], classes[test]) > 0.6
    labels = np.column_stack([y > 0, y < 0.5]).astype(int)
    several = DeepMultilabel("gated-gru", lr=0.01, batch=32, epochs=30, **GRU)
    several.fit(clips[~test], labels[~test], groups=groups[~test])
    assert several.predict_proba(clips[test]).shape == (40, 2)
    assert several.score(clips[test], labels[test]) > 0.8


def test_nobody_is_on_both_sides_of_the_inner_split(people):
    from exprstats.deep.sequences import hold_people

    _, _, groups = people
    for seed in range(20):
        train, held, names = hold_people(200, groups, share=0.2, seed=seed)
        assert len(names) == 8
        assert set(groups[held]) == set(names)
        assert not set(groups[train]) & set(groups[held])
        assert sorted([*train, *held]) == list(range(200))
        turned = hold_people(200, groups[::-1], share=0.2, seed=seed)
        assert list(turned[2]) == list(names)


def test_people_who_stop_training_may_be_named_but_not_torn(people):
    clips, y, groups = people
    mask = hold_out(groups)
    model = DeepRegressor(**SMALL).fit(clips, y, groups=groups, held_out=mask)
    assert list(model.held_out_) == list(np.unique(groups[mask]))
    torn = mask.copy()
    torn[-1] = False
    with pytest.raises(DataError, match="1 person is on both sides of the inner split: 'p39'"):
        DeepRegressor(**SMALL).fit(clips, y, groups=groups, held_out=torn)


def test_clips_without_people_warn_that_training_stops_late(people):
    clips, y, _ = people
    with pytest.warns(DataWarning, match=r"may show people who are trained on.*groups="):
        DeepRegressor(**SMALL).fit(clips, y)
    DeepRegressor(**SMALL, validation=0).fit(clips, y)


def test_training_ends_with_the_weights_of_its_best_epoch(people):
    import torch

    clips, y, groups = people
    model = DeepRegressor(**{**SMALL, "epochs": 40}, lr=0.05, patience=3)
    history = model.fit(clips, y, groups=groups).history_
    held = np.isin(groups, model.held_out_)
    best = history["loss_validate"].min()
    assert history.loc[history["best"], "loss_validate"].item() == best
    assert len(history) < 40
    errors = (model.predict(clips[held]) - y[held]) / model.scale_
    assert np.mean(errors**2) == pytest.approx(best, rel=1e-5)
    assert all(torch.isfinite(value).all() for value in model.net_.state_dict().values())


def test_the_same_seed_gives_the_same_bits_and_leaves_the_global_numbers_alone(people):
    import torch

    clips, y, groups = people
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002  (the global generator is what must not move)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    runs = [DeepRegressor(**SMALL).fit(clips, y, groups=groups) for _ in range(2)]
    other = DeepRegressor(**{**SMALL, "random_state": 2}).fit(clips, y, groups=groups)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
    first, second = (run.predict(clips) for run in runs)
    assert first.tobytes() == second.tobytes()
    pd.testing.assert_frame_equal(runs[0].history_, runs[1].history_, check_exact=True)
    assert other.predict(clips).tobytes() != first.tobytes()


def test_estimators_clone_pickle_and_search_over_folds_of_people(people):
    clips, y, groups = people
    model = DeepRegressor(**SMALL)
    assert clone(model).get_params() == model.get_params()
    classifier = DeepClassifier(**SMALL)
    assert clone(classifier).get_params() == classifier.get_params()
    with config_context(enable_metadata_routing=True):
        grid = {"lr": [1e-5, 0.02], "settings": [{"layers": 1, "hidden": 8}]}
        routed = clone(model).set_fit_request(groups=True)
        search = GridSearchCV(routed, grid, cv=GroupKFold(3), scoring="r2")
        search.fit(clips, y, groups=groups)
    assert search.best_params_["lr"] == 0.02
    best = search.best_estimator_
    again = pickle.loads(pickle.dumps(best))
    assert again.predict(clips).tobytes() == best.predict(clips).tobytes()
    assert len(best.held_out_) == 8


def test_files_give_the_same_model_back(people, tmp_path):
    clips, y, groups = people
    path = tmp_path / "model.safetensors"
    model = DeepRegressor(**SMALL).fit(clips, y, groups=groups)
    model.save(path)
    again = DeepRegressor.open(path, device="cpu")
    assert again.predict(clips).tobytes() == model.predict(clips).tobytes()
    pd.testing.assert_frame_equal(again.history_, model.history_)
    assert list(again.held_out_) == list(model.held_out_)
    assert again.get_params() == model.get_params()
    assert again.adapt(clips[:6], y[:6]).predict(clips).shape == (200,)
    with pytest.raises(DataError, match=r"holds a DeepRegressor, not a DeepClassifier"):
        DeepClassifier.open(path)
    named = DeepClassifier(["calm", "pain"], **SMALL)
    named.fit(clips, np.where(y > 0, "pain", "calm"), groups=groups).save(path)
    opened = DeepClassifier.open(path)
    assert opened.predict(clips).tolist() == named.predict(clips).tolist()
    settings = {"sizes": (2, 1), "hidden": (4, 3)}
    labels = np.column_stack([y > 0, y > 1]).astype(int)
    several = DeepMultilabel("gated-gru", settings=settings, epochs=1, device="cpu")
    several.fit(clips, labels, groups=groups).save(path)
    found = DeepMultilabel.open(path, device="cpu").predict_proba(clips)
    np.testing.assert_array_equal(found, several.predict_proba(clips))
    with pytest.raises(OptionError, match="cannot be written"):
        model.save(tmp_path / "nowhere" / "model.safetensors")


def test_what_is_no_model_is_refused(people, tmp_path):
    from safetensors.numpy import save_file

    bare = tmp_path / "bare.safetensors"
    save_file({"a": np.zeros(2)}, bare)
    with pytest.raises(DataError, match="weights without the settings of a model"):
        DeepRegressor.open(bare)
    bare.write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read as safetensors"):
        DeepRegressor.open(bare)
    with pytest.raises(DataError, match="there is no such file"):
        DeepRegressor.open(tmp_path / "none.safetensors")


def test_adaptation_returns_a_copy_and_follows_every_step(people):
    clips, y, groups = people
    mine = groups == "p00"
    model = DeepClassifier(range(3), **SMALL)
    model.fit(clips[~mine], np.digitize(y, [-0.5, 0.5])[~mine], groups=groups[~mine])
    before = model.predict_proba(clips)
    own = np.zeros(int(mine.sum()), int)
    follow = lambda one: {"accuracy": one.score(clips[mine], own)}  # noqa: E731
    tuned = model.adapt(clips[mine], own, epochs=10, lr=0.05, watch=follow)
    assert model.predict_proba(clips).tobytes() == before.tobytes()
    assert list(tuned.history_) == ["iteration", "loss", "accuracy"]
    assert tuned.history_["iteration"].tolist() == list(range(21))
    assert tuned.history_["accuracy"].iloc[0] == model.score(clips[mine], own)
    assert tuned.history_["accuracy"].iloc[-1] == 1


@pytest.mark.parametrize("freeze", [True, False])
def test_batch_norms_stay_as_they_were_where_they_are_frozen(freeze, people):
    clips, y, groups = people
    model = DeepRegressor("gated-gru", epochs=1, **GRU).fit(clips, y, groups=groups)
    tuned = model.adapt(clips[:6], y[:6], freeze_norm=freeze)
    kept = (tuned.net_.gate.norm.running_mean == model.net_.gate.norm.running_mean).all()
    assert bool(kept) is freeze


def test_clips_of_a_table_are_loaded_when_they_are_needed(people):
    clips, y, groups = people
    table = pd.DataFrame({"place": range(200)})
    loaded = []

    def load(row):
        loaded.append(row["place"])
        return clips[row["place"]]

    lazy = DeepRegressor(**SMALL, load=load).fit(table, y, groups=groups)
    held = DeepRegressor(**SMALL).fit(clips, y, groups=groups)
    assert lazy.predict(table[:50]).tobytes() == held.predict(clips[:50]).tobytes()
    assert set(loaded) == set(range(200))
    with pytest.raises(OptionError, match="load="):
        DeepRegressor(**SMALL).fit(table, y, groups=groups)


def test_modalities_are_ranges_of_columns(people):
    clips, y, groups = people
    settings = {"sizes": (2, 1), "hidden": (4, 3)}
    model = DeepRegressor("gated-gru", settings=settings, epochs=1, device="cpu", random_state=1)
    assert model.fit(clips, y, groups=groups).predict(clips).shape == (200,)
    model.set_params(settings={"sizes": (2, 2), "hidden": (4, 3)})
    with pytest.raises(DataError, match="sizes sum to 4; clips have 3 features"):
        model.fit(clips, y, groups=groups)


def test_columns_of_targets_stay_columns_and_nothing_is_broadcast(people):
    clips, y, groups = people
    both = np.column_stack([y, -y])
    model = DeepRegressor(**SMALL).fit(clips, both, groups=groups)
    assert model.predict(clips).shape == (200, 2)
    column = DeepRegressor(**SMALL).fit(clips, y[:, None], groups=groups)
    flat = DeepRegressor(**SMALL).fit(clips, y, groups=groups)
    assert column.predict(clips).shape == (200, 1)
    np.testing.assert_array_equal(column.predict(clips)[:, 0], flat.predict(clips))
    with pytest.raises(DataError, match=r"targets have shape \(199,\); there are 200 clips"):
        flat.fit(clips, y[:199], groups=groups)


BROKEN = {
    "gap": (lambda x, y: (np.where(x == x[0, 0, 0], np.nan, x), y), DataError, "1 of"),
    "target": (
        lambda x, y: (x, np.where(y == y[0], np.inf, y)),
        DataError,
        "1 of 200 targets is missing",
    ),
    "axes": (lambda x, y: (x[..., 0], y), DataError, "axes frame, feature"),
    "none": (lambda x, y: (x[:0], y[:0]), DataError, "no clips"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_data_are_refused_in_words(case, people):
    clips, y, groups = people
    change, kind, words = BROKEN[case]
    clips, y = change(clips, y)
    with pytest.raises(kind, match=words):
        DeepRegressor(**SMALL).fit(clips, y, groups=groups[: len(y)])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("lr", 0),
        ("batch", 0),
        ("epochs", 1.5),
        ("patience", 0),
        ("validation", 1.0),
        ("net", "lstn"),
        ("device", "cuda:9"),
        ("settings", {"units": 3}),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(option, value, people):
    clips, y, groups = people
    with pytest.raises(OptionError) as caught:
        DeepRegressor(**{**SMALL, option: value}).fit(clips, y, groups=groups)
    assert caught.value.option == option


def test_classes_that_were_not_named_are_refused(people):
    clips, y, groups = people
    with pytest.raises(DataError, match="'11' not among the classes"):
        DeepClassifier(**SMALL).fit(clips, np.full(200, 11), groups=groups)
    with pytest.raises(DataError, match=r"table \(clips, labels\) of 0 and 1"):
        DeepMultilabel(**SMALL).fit(clips, y, groups=groups)


def test_training_that_diverges_says_so(people):
    clips, y, groups = people
    with pytest.raises(FitError, match="lr="):
        DeepRegressor(**{**SMALL, "epochs": 30}, lr=1e30).fit(clips, y, groups=groups)
