"""Adaptation to new people: each person's copy, its curve, errors, and paired differences.

Estimates are means and shares of the predictions, exact. Standard errors are the delete-one
jackknife over people, written out here: 1e-9. With neutral levels of 2 labels on average a network
that does not know a person calls neutral faces smiling by about the level it has not learned to
expect: bias and level correlate above .7 in 9 people, where chance gives .67 at p = .05.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import exprstats as ex
from exprstats.errors import DataError, DataWarning, OptionError

pytestmark = pytest.mark.torch
CORNERS = ["x_48", "y_48", "x_54", "y_54"]
SETTINGS = {"hidden": 12, "layers": 1, "lr": 0.01, "epochs": 14, "rescale": True}


@pytest.fixture(scope="module")
def study():
    import torch

    torch.set_num_threads(1)
    simulated = ex.simulate_intensity(subjects=30, seed=4)
    frames = simulated.frames.assign(label=ex.label_intensity(simulated.frames)["label"])
    windows = ex.cut_windows(frames, dense_step=3)
    clips, arrays = ex.gather_windows(frames, windows, features=CORNERS, keep=["subject", "task"])
    clips = clips.assign(still=clips["task"].eq("neutral"))
    parts = ex.split_subjects(clips, train=0.5, validate=0.2, test=0.3, seed=1)
    models = ex.fit_deep(
        clips,
        target="label",
        parts=parts,
        load=lambda row: arrays[row["clip"]],
        classes=range(11),
        grid=[SETTINGS],
        training_only="added",
        device="cpu",
        seed=1,
    )
    tested = clips["subject"].isin(parts.loc[parts["part"].eq("test"), "subject"])
    return models, clips, tested.to_numpy(), simulated.truth


def adapt(model, clips, **options):
    chosen = {"neutral": "still", "lr": 0.003, "draws": 200, "seed": 1, **options}
    return ex.adapt_people(model, clips, **chosen)


@pytest.fixture(scope="module")
def adapted(study):
    models, clips, tested, _ = study
    return adapt(models.fits[-1], clips[tested])


def test_only_windows_of_training_people_were_added(study):
    models, clips, _, _ = study
    known = clips.set_index("clip")["added"]
    rows = models.predictions
    rows = rows.assign(added=known.loc[rows["clip"]].to_numpy())
    counts = rows.groupby("part")["added"].sum()
    assert counts["train"] > 50
    assert counts["validate"] == counts["test"] == 0
    whole = clips[~clips["added"]]
    assert (rows["added"].eq(0)).sum() == len(whole)


def test_copies_are_those_of_the_estimator_and_start_from_the_model(study, adapted):
    models, clips, _, _ = study
    model = models.fits[-1]
    own = clips[clips["subject"].eq(adapted.people["subject"].iloc[2])].sort_values("clip")
    still, rest = own[own["still"]], own[~own["still"] & ~own["added"]]
    copy = model.adapt(still, np.zeros(len(still), int), iterations=5, lr=0.003)
    found = adapted.predictions.set_index(["clip", "iteration"])["prediction"]
    for iteration, network in ((0, model), (5, copy)):
        known = network.predict(rest)
        assert found.loc[[(clip, iteration) for clip in rest["clip"]]].tolist() == known.tolist()
    longer = model.adapt(still, np.zeros(len(still), int), iterations=7, lr=0.003)
    assert longer.history_["epoch"].tolist() == [1, 2]  # 13 windows are 5 batches


def test_estimates_are_shares_and_means_of_the_predictions(adapted):
    rows = adapted.predictions
    away = (rows["prediction"] - rows["truth"]).to_numpy()
    for place in (0, 1, 2, 3, 5):
        here = away[rows["iteration"].eq(place).to_numpy()]
        known = {"accuracy": here == 0, "within2": abs(here) <= 2, "within3": abs(here) <= 3}
        known |= {"mae": abs(here), "bias": here}
        for metric, values in known.items():
            assert adapted.pick(metric, place)["estimate"] == pytest.approx(values.mean())
    for place in (0, 5):
        here = np.abs(away[rows["iteration"].eq(place).to_numpy()])
        shares = np.bincount(here, minlength=int(np.abs(away).max()) + 1) / len(here)
        found = [adapted.pick(f"error{size}", place)["estimate"] for size in range(here.max() + 1)]
        np.testing.assert_allclose(found, shares[: here.max() + 1], atol=1e-12)
        assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("metric", ["within2", "mae", "error0"])
def test_differences_are_paired_within_people(adapted, metric):
    measures = {"within2": lambda d: abs(d) <= 2, "mae": abs, "error0": lambda d: d == 0}
    rows = adapted.predictions
    value = measures[metric](rows["prediction"] - rows["truth"]).astype(float)
    table = rows.assign(value=value).pivot_table("value", ["subject", "clip"], "iteration")
    change = table[5] - table[0]
    people = change.index.get_level_values("subject")
    without = np.array([change[people != one].mean() for one in people.unique()])
    count = len(without)
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    row = adapted.pick(metric, 5, versus=True)
    assert row["estimate"] == pytest.approx(change.mean(), abs=1e-12)
    assert row["std_error"] == pytest.approx(error, rel=1e-9)
    reach = stats.t.ppf(0.975, count - 1) * error
    limits = [change.mean() - reach, change.mean() + reach]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(limits, abs=1e-9)
    known = 2 * stats.t.sf(abs(change.mean()) / error, count - 1)
    assert row["p_value"] == pytest.approx(known, rel=1e-6)
    assert row["term"] == "iteration 5 - iteration 0"


def test_people_are_judged_apart(adapted):
    rows = adapted.predictions
    for person in adapted.people.to_dict("records"):
        own = rows[rows["subject"].eq(person["subject"])]
        away = own["prediction"] - own["truth"]
        first, last = own["iteration"].eq(0), own["iteration"].eq(5)
        assert person["before"] == pytest.approx(away[first].abs().le(2).mean())
        assert person["bias_after"] == pytest.approx(away[last].mean())
        assert person["n_clips"] == first.sum()


def test_neutral_faces_that_smile_are_called_smiling_and_adapting_lowers_them(study, adapted):
    _, _, _, truth = study
    level = truth.query("term == 'neutral'").set_index("subject")["truth"]
    people = adapted.people.set_index("subject")
    level = level.loc[people.index]
    assert np.corrcoef(level, people["bias_before"])[0, 1] > 0.7
    change = people["bias_after"] - people["bias_before"]
    assert change.mean() < 0
    assert change[level > level.median()].mean() < change[level <= level.median()].mean()


def test_the_order_of_rows_plays_no_part(study, adapted):
    models, clips, tested, _ = study
    turned = adapt(models.fits[-1], clips[tested].iloc[::-1])
    one, other = (found.predictions.reset_index(drop=True) for found in (adapted, turned))
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(adapted.table, turned.table)


def test_people_who_were_trained_on_are_left_out_with_a_warning(study, adapted):
    models, clips, tested, _ = study
    with pytest.warns(DataWarning, match="21 people took part in training"):
        found = adapt(models.fits[-1], clips)
    pd.testing.assert_frame_equal(found.predictions, adapted.predictions)
    with pytest.raises(DataError, match=r"0 new people have both kinds.*21 people took part"):
        adapt(models.fits[-1], clips[~tested])


def test_windows_that_share_frames_with_neutral_ones_are_not_judged(study):
    models, clips, tested, _ = study
    own = clips[tested]
    own = own.assign(still=own["task"].eq("neutral") | own["last_frame"].eq(16))
    found = adapt(models.fits[-1], own, iterations=1)
    judged = own.set_index("clip").loc[found.predictions["clip"].unique()]
    assert judged["first_frame"].min() == 19
    smiles = own[own["task"].ne("neutral") & ~own["added"]]
    assert found.n_shared == smiles["last_frame"].isin([22, 28]).sum()


def test_steps_too_small_to_matter_change_nothing_and_the_sentence_says_so(study):
    models, clips, tested, _ = study
    found = adapt(models.fits[-1], clips[tested], lr=1e-12, iterations=2)
    row = found.pick("within2", 2, versus=True)
    assert row["estimate"] == 0 and not np.signbit(row["estimate"])
    assert "a difference of .00, the same for all people." in found.sentence()


def test_a_network_is_rated_beside_the_middle_label_of_windows_that_were_not_added(study):
    models, clips, _, _ = study
    rows = models.predictions
    test = rows[rows["part"].eq("test")]
    added = clips.set_index("clip")["added"]
    trained = rows[rows["part"].eq("train") & ~added.loc[rows["clip"]].to_numpy()]
    assert rows["added"].tolist() == added.loc[rows["clip"]].tolist()
    middle = np.floor(np.median(trained["truth"]))
    table = ex.rate_labels(models, draws=200, seed=1).table
    found = table[table["headline"] & table["versus"].isna()].set_index(["model", "metric"])
    for model, guess in (("lstm", test["prediction"]), ("median", middle)):
        away = (guess - test["truth"]).abs()
        for metric, value in (("accuracy", away.eq(0)), ("within2", away.le(2))):
            assert found.loc[(model, metric), "estimate"] == pytest.approx(value.mean())
    # Between two middle labels, of 4 and 7, it is the label below their mean.
    pairs = trained.index[: len(trained) // 2 * 2]
    even = rows.drop(trained.index.difference(pairs))
    even.loc[pairs, "truth"] = np.tile([4.0, 7.0], len(pairs) // 2)
    table = ex.rate_labels(replace(models, predictions=even), draws=200, seed=1).table
    told = table.query("headline and term == 'median' and metric == 'accuracy'")["estimate"].item()
    assert told == pytest.approx(test["truth"].eq(5).mean())


def test_what_cannot_be_adapted_is_refused(study):
    models, clips, tested, _ = study
    model, own = models.fits[-1], clips[tested]
    with pytest.raises(OptionError, match="knows '0', '1'"):
        adapt(model, own, neutral_label=11)
    with pytest.raises(OptionError, match="DeepRegressor without numbered classes"):
        adapt(ex.DeepRegressor(), own)
    with pytest.raises(OptionError, match="iterations"):
        adapt(model, own, iterations=0)
    with pytest.raises(DataError, match="still"):
        adapt(model, own.drop(columns="still"))
    with pytest.raises(DataError, match="2 new people have both kinds of windows"):
        adapt(model, own[own["subject"].isin(own["subject"].unique()[:2])])


@pytest.mark.slow
def test_where_neutral_faces_are_alike_there_is_nothing_to_adapt_to():
    import torch

    torch.set_num_threads(1)
    simulated = ex.simulate_intensity(subjects=40, neutral_sd=0, seed=7)
    frames = simulated.frames.assign(label=ex.label_intensity(simulated.frames)["label"])
    windows = ex.cut_windows(frames)
    clips, arrays = ex.gather_windows(frames, windows, features=CORNERS, keep=["subject", "task"])
    parts = ex.split_subjects(clips, train=0.5, validate=0.2, test=0.3, seed=1)
    models = ex.fit_deep(
        clips.assign(still=clips["task"].eq("neutral")),
        target="label",
        parts=parts,
        load=lambda row: arrays[row["clip"]],
        classes=range(11),
        grid=[{**SETTINGS, "epochs": 30}],
        device="cpu",
        seed=1,
    )
    tested = clips["subject"].isin(parts.loc[parts["part"].eq("test"), "subject"])
    own = clips[tested].assign(still=clips["task"].eq("neutral"))
    found = adapt(models.fits[-1], own)
    assert found.pick("within2", 0)["estimate"] > 0.97
    assert abs(found.pick("within2", 5, versus=True)["estimate"]) < 0.02
