"""Two sources of variance, against the simulation that has them.

Tolerance: 60 runs give a standard deviation within 9 % (1 SE), 60 subjects one within 9 %.
"""

import re

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.inference import compare_models, split_variance


def make_runs(runs=60, subjects=60, training=0.2, seed=1, models=("a", "b")):
    """Predictions whose bias varies by run, and by subject."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=subjects).repeat(2)
    shared = training * rng.normal(size=runs)
    frames = []
    for place, model in enumerate(models):
        own = 0.1 * rng.normal(size=runs)
        for number in range(runs):
            error = person + 0.5 * place + shared[number] + own[number]
            frames.append(
                pd.DataFrame(
                    {
                        "clip": [f"c{n:03d}" for n in range(2 * subjects)],
                        "subject": np.repeat([f"s{n:03d}" for n in range(subjects)], 2),
                        "model": model,
                        "seat": f"run {number}",
                        "truth": 0.0,
                        "prediction": error + 0.3 * rng.normal(size=2 * subjects),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def test_the_two_errors_are_those_of_the_simulation():
    row = split_variance(make_runs(), metrics="bias").table.set_index("term").loc["a"]
    assert row["error_training"] == pytest.approx(np.hypot(0.2, 0.1), rel=0.3)
    assert row["error_test"] == pytest.approx(1 / np.sqrt(60), rel=0.3)
    assert row["error_run"] == pytest.approx(np.hypot(row["error_training"], row["error_test"]))
    both = row["error_test"] ** 2 + row["error_training"] ** 2 / 60
    assert row["std_error"] == pytest.approx(np.sqrt(both))


def test_what_models_share_in_a_run_cancels_in_their_difference():
    row = split_variance(make_runs(), metrics="bias").table.set_index("term").loc["a - b"]
    assert row["error_training"] == pytest.approx(0.1 * np.sqrt(2), rel=0.3)
    assert row["error_test"] < 0.02
    assert row["estimate"] == pytest.approx(-0.5, abs=0.05)


def test_the_test_error_is_the_jackknife_of_the_mean_over_runs():
    table = make_runs(runs=3)
    found = split_variance(table, metrics="rmse").table.set_index("term")
    rows = compare_models(table, metrics="rmse", interval="jackknife", draws=50, seed=1).table
    known = rows.set_index("term")
    for term in ("a", "b", "a - b"):
        assert found.loc[term, "estimate"] == pytest.approx(known.loc[term, "estimate"])
        assert found.loc[term, "error_test"] == pytest.approx(known.loc[term, "std_error"])


def test_nrmse_has_every_error_of_rmse_over_the_range():
    table = make_runs(runs=3)
    found = split_variance(table, metrics=["rmse", "nrmse"], span=4).table
    plain, shared = (found[found["metric"] == name] for name in ("rmse", "nrmse"))
    divided = ["estimate", "error_test", "error_training", "std_error", "error_run"]
    np.testing.assert_allclose(shared[divided], plain[divided] / 4, rtol=1e-10)
    np.testing.assert_allclose(shared["share_training"], plain["share_training"], rtol=1e-10)


def test_runs_must_be_the_same_and_several():
    table = make_runs(runs=3)
    with pytest.raises(DataError, match="'b' lacks some"):
        split_variance(table[(table["model"] == "a") | (table["seat"] != "run 2")], metrics="mae")
    with pytest.raises(DataError, match="1 training run"):
        split_variance(table[table["seat"] == "run 1"], metrics="mae")
    with pytest.raises(DataError, match="predict different rows: 120, 120, 118"):
        split_variance(
            table[(table["seat"] != "run 2") | (table["subject"] != "s000")], metrics="mae"
        )


def test_the_sentence_names_both_errors():
    text = split_variance(make_runs(runs=3), metrics="mae").sentence()
    assert re.fullmatch(
        r"(MAE of .+ = −?\d\.\d{3} \(SE = \d\.\d{3} from test subjects, \d\.\d{3} from training\)"
        r"(; |\.$))+",
        text,
    )


@pytest.mark.parametrize(
    ("model", "told"),
    [("b", "different models in context 'pain'"), (None, "different values of context")],
)
@pytest.mark.filterwarnings("ignore:not in every context:exprstats.errors.DataWarning")
def test_runs_that_lack_what_others_have_are_refused(model, told):
    runs = make_runs(runs=2, subjects=12)
    runs = runs.assign(context=np.where(runs["subject"].str[-1].astype(int) % 2, "pain", "joy"))
    gone = (runs["seat"] == "run 1") & (runs["context"] == "pain")
    gone &= (runs["model"] == model) if model else True
    with pytest.raises(DataError, match=told):
        split_variance(runs[~gone], metrics="rmse", by="context")


def test_training_errors_are_those_of_three_runs_by_hand():
    # Biases of the runs: 1, 2 and 6, so that their variance is 7 with divisor 2.
    table = make_runs(runs=3, models=("a",))
    bias = table["seat"].map({"run 0": 1.0, "run 1": 2.0, "run 2": 6.0})
    row = split_variance(table.assign(prediction=bias), metrics="bias").table.iloc[0]
    assert row["estimate"] == pytest.approx(3) and row["error_test"] == pytest.approx(0)
    assert row["error_training"] == pytest.approx(np.sqrt(7))
    assert row["std_error"] == pytest.approx(np.sqrt(7 / 3))


def test_sentences_of_several_contexts_name_them():
    table = make_runs(runs=2, models=("a",))
    table["context"] = np.where(table["clip"].str[-1].astype(int) % 2, "pain", "calm")
    text = split_variance(table, metrics="mae", by="context").sentence()
    assert all(f"MAE of a{place} = 0." in text for place in (" in calm", " in pain", ""))


def test_clusters_that_cannot_tell_have_no_part_in_the_test_error():
    """Of 20 people 3 have clips enough for a correlation of their own: as in compare_models."""
    rng = np.random.default_rng(4)
    who = np.repeat(np.arange(20), [10] * 3 + [1] * 17)
    base = pd.DataFrame({"clip": range(len(who)), "subject": who, "truth": rng.normal(size=47)})
    table = pd.concat(
        [
            base.assign(model=model, seat=run, prediction=base["truth"] + rng.normal(size=47))
            for model in "ab"
            for run in range(3)
        ]
    )
    found = split_variance(table, metrics="correlation_mean").table.set_index("term")
    options = {"interval": "jackknife", "draws": 50, "seed": 1}
    known = compare_models(table, metrics="correlation_mean", **options).table.set_index("term")
    for term in ("a", "b", "a - b"):
        assert found.loc[term, "error_test"] == pytest.approx(known.loc[term, "std_error"])
        assert found.loc[term, "n_clusters"] == 3
