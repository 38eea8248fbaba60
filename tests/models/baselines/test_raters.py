"""Raters and models side by side, against loops that leave out people, and simulated studies.

Tolerances: 1e-9 for the same sums in another order; in simulations 3.5 Monte-Carlo standard errors.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from exprstats.errors import DataError, OptionError
from exprstats.inference import compare_models
from exprstats.inference.metrics import find_metrics
from exprstats.models import compare_human, guess_human, guess_mean, stack_predictions
from exprstats.models.baselines.raters import measure_raters


def draw_study(rng, *, subjects, clips_each, workers, raters, severity):
    """Draw raters' scores of clips, with workers who differ in severity, noise and activity."""
    count = subjects * clips_each
    own = np.sqrt(0.4) * rng.normal(size=(subjects, 1))
    level = (own + np.sqrt(0.6) * rng.normal(size=(subjects, clips_each))).ravel()
    speed = np.exp(0.7 * rng.normal(size=workers))
    who = np.argsort(rng.exponential(size=(count, workers)) / speed, axis=1)[:, :raters]
    noise = np.sqrt(1 - severity) * np.exp(0.25 * rng.normal(size=workers))
    score = level[:, None] + np.sqrt(severity) * rng.normal(size=workers)[who]
    score = score + noise[who] * rng.normal(size=who.shape)
    others = (score.sum(axis=1, keepdims=True) - score) / (raters - 1)
    frame = pd.DataFrame({"clip": np.repeat(np.arange(count), raters), "rater": who.ravel()})
    frame["rater"] = "W" + frame["rater"].astype(str)
    frame = frame.assign(
        subject=frame["clip"] // clips_each,
        seat=frame["rater"],
        others=raters - 1,
        model="human",
        truth=others.ravel(),
        prediction=score.ravel(),
    )
    net = pd.DataFrame({"clip": np.arange(count), "subject": np.arange(count) // clips_each})
    guess = 0.6 * level + 0.4 * rng.normal(size=count)
    net = net.assign(model="net", truth=score.mean(axis=1), prediction=guess)
    frame = frame[frame.groupby("rater")["clip"].transform("size") >= 3]
    return pd.concat([frame, net], ignore_index=True)


def measure(rows, term):
    """Return RMSE or r, of raters the mean over raters."""
    seats = pd.factorize(rows["seat"].fillna("-"))[0]
    y, x = (rows[name].to_numpy(float) for name in ("truth", "prediction"))
    n = np.bincount(seats)

    def average(values):
        return np.bincount(seats, values) / n

    if term == "rmse":
        return np.sqrt(average((x - y) ** 2)).mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (average(x * x) - average(x) ** 2) * (average(y * y) - average(y) ** 2)
        r = (average(x * y) - average(x) * average(y)) / np.sqrt(spread)
    return r[n >= 3].mean()


@pytest.mark.parametrize("metric", ["rmse", "correlation"])
def test_raters_who_are_all_too_severe_have_the_errors_of_severe_raters(metric):
    study = draw_study(
        np.random.default_rng(3), subjects=8, clips_each=4, workers=5, raters=4, severity=0.3
    )
    human = study[study["model"] == "human"].assign(prediction=lambda rows: rows["prediction"] - 2)
    [found] = measure_raters(human, find_metrics([metric]))
    assert found == pytest.approx(measure(human, metric), abs=1e-9)


def drop_rater(rows, rater, subject=None):
    """Return raters' rows without one rater (of one subject's clips), truths taken again."""
    gone = rows["rater"].eq(rater) & (rows["subject"].eq(subject) if subject is not None else True)
    known = rows[gone].set_index("clip")["prediction"]
    kept = rows[~gone].copy()
    lost = kept["clip"].map(known)
    less = (kept["truth"] * kept["others"] - lost) / (kept["others"] - 1)
    kept["truth"] = less.where(lost.notna(), kept["truth"])
    return kept


def join_errors(people, judges, cells):
    parts = [(len(one) - 1) * np.var(one) for one in (people, judges, cells)]
    return np.sqrt(max(parts[0] + parts[1] - parts[2], parts[0], parts[1]))


def test_raters_and_models_are_compared_on_the_clips_that_both_have():
    study = draw_study(
        np.random.default_rng(3), subjects=8, clips_each=4, workers=5, raters=4, severity=0.3
    )
    lost = study["model"].eq("human") & study["clip"].isin([0, 5, 6, 13])
    rows = compare_human(study[~lost], metrics=["rmse"]).tidy().set_index("term")
    both = study[~study["clip"].isin([0, 5, 6, 13])]
    net, human = both[both["model"] == "net"], both[both["model"] == "human"]
    assert rows.loc["net - human", "estimate"] == pytest.approx(
        measure(net, "rmse") - measure(human, "rmse"), abs=1e-12
    )
    assert set(rows["n_clips"]) == {28}


def test_two_raters_are_said_to_be_fixed_and_nothing_else():
    study = draw_study(
        np.random.default_rng(3), subjects=6, clips_each=4, workers=2, raters=2, severity=0.3
    )
    told = compare_human(study, metrics=["correlation"])
    assert "allow for other subjects and rest on 5 degrees" in told.sentence()
    assert "With 2 raters the interval takes them as fixed" in told.sentence()
    # One interval: that of the same row among the models'.
    among = compare_models(study, metrics="correlation", draws=100, seed=1).table
    own = among[among["term"].eq("human") & among["headline"]].iloc[0]
    row = told.tidy().set_index("term").loc["human"]
    for name in ("estimate", "conf_low", "conf_high"):
        assert row[name] == pytest.approx(own[name], abs=1e-9)


@pytest.mark.parametrize("term", ["rmse", "correlation"])
def test_two_way_intervals_equal_loops(term):
    rng = np.random.default_rng(5)
    study = draw_study(rng, subjects=9, clips_each=4, workers=6, raters=4, severity=0.3)
    human, net = (study[study["model"] == name] for name in ("human", "net"))
    pairs = human[["subject", "rater"]].drop_duplicates().itertuples(index=False)
    lists = {
        "human": [
            [measure(human[human["subject"] != one], term) for one in range(9)],
            [measure(drop_rater(human, one), term) for one in sorted(human["rater"].unique())],
            [measure(drop_rater(human, rater, subject), term) for subject, rater in pairs],
        ]
    }
    without = [measure(net[net["subject"] != one], term) for one in range(9)]
    whole = {"human": measure(human, term), "net": measure(net, term)}
    lists["net - human"] = [
        np.array(without) - lists["human"][0],
        whole["net"] - np.array(lists["human"][1]),
        whole["net"] - np.array(lists["human"][2]),
    ]
    estimates = {"human": whole["human"], "net - human": whole["net"] - whole["human"]}
    rows = compare_human(study, metrics=[term], level=0.9).tidy().set_index("term")
    for name, (people, judges, cells) in lists.items():
        error = join_errors(people, judges, cells)
        row, centre, reach = rows.loc[name], estimates[name], t.ppf(0.95, 5) * error
        assert row["df"] == 5
        assert row["estimate"] == pytest.approx(centre, abs=1e-9)
        assert row["std_error"] == pytest.approx(error, abs=1e-9)
        limits = centre - reach, centre + reach
        if name == "human":
            there, back = (np.log, np.exp) if term == "rmse" else (np.arctanh, np.tanh)
            moved = join_errors(*(there(np.array(one)) for one in (people, judges, cells)))
            limits = back(there(centre) + np.array([-1, 1]) * t.ppf(0.95, 5) * moved)
        np.testing.assert_allclose([row["conf_low"], row["conf_high"]], limits, atol=1e-9)
    p = rows.loc["net - human", "p_value"]
    away = estimates["net - human"] / rows.loc["net - human", "std_error"]
    assert p == pytest.approx(2 * t.sf(abs(away), 5), abs=1e-9)


@pytest.mark.parametrize(
    ("count", "workers", "severity"),
    [(30, 12, 0.5), *(pytest.param(500, *one, marks=pytest.mark.slow) for one in
                      ((30, 0.3), (12, 0.5)))],
)  # fmt: skip
def test_intervals_hold_what_other_subjects_and_raters_would_show(count, workers, severity):
    design = {"subjects": 28, "clips_each": 4, "workers": workers, "raters": 6}
    rng = np.random.default_rng(1)
    # The truth is what such studies show on average; its own error is small beside the intervals.
    drawn = [draw_study(rng, severity=severity, **design) for _ in range(max(200, count))]
    terms = ("rmse", "correlation")
    split = [[study[study["model"] == one] for one in ("human", "net")] for study in drawn]
    truth = {
        term: np.mean([[measure(one, term) for one in pair] for pair in split], axis=0)
        for term in terms
    }
    inside = {}
    for study in drawn[:count]:
        rows = compare_human(study, metrics=terms).tidy().set_index(["metric", "term"])
        for term in terms:
            human, net = truth[term]
            for name, true in (("human", human), ("net - human", net - human)):
                low, high = rows.loc[(term, name), ["conf_low", "conf_high"]]
                inside.setdefault((term, name), []).append(low <= true <= high)
    # Measured with 500 studies: .950 to .982. Over subjects alone such intervals covered .80-.87.
    for key, hits in inside.items():
        assert np.mean(hits) > 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / count), key


def test_raters_and_models_share_contexts_and_span(draw_ratings, make_factor):
    human = guess_human(draw_ratings(subjects=12), make_factor()).assign(part="test")
    clips = human.drop_duplicates(["clip", "fitted_on"]).drop(columns=["seat", "rater", "others"])
    guesses = guess_mean(clips.assign(part="train")).assign(part="test")
    both = stack_predictions(human, guesses)
    found = compare_human(
        both, metrics=["nrmse"], by="context", span={"fear": 2, "joy": 4, None: 8}
    )
    rmse = compare_human(both, metrics=["rmse"], by="context")
    ratio = rmse.tidy()["estimate"] / found.tidy()["estimate"]
    np.testing.assert_allclose(ratio, [2, 2, 4, 4, 8, 8], rtol=1e-12)
    assert "intervals allow for other subjects and other raters" in found.sentence()
    assert found.sentence().startswith("All clips: human: nrmse = .")


def test_two_raters_are_taken_as_fixed_and_said_so():
    rng = np.random.default_rng(2)
    study = draw_study(rng, subjects=10, clips_each=3, workers=2, raters=2, severity=0.2)
    found = compare_human(study)
    assert (found.tidy()["df"] == 9).all()
    assert found.tidy()["conf_low"].notna().all()
    assert "With 2 raters" in found.sentence()


def test_what_is_refused():
    rng = np.random.default_rng(2)
    study = draw_study(rng, subjects=10, clips_each=3, workers=5, raters=3, severity=0.2)
    with pytest.raises(OptionError, match="'spearman' has no such interval"):
        compare_human(study, metrics=["spearman"])
    with pytest.raises(OptionError, match="nrmse needs span"):
        compare_human(study, metrics=["nrmse"])
    with pytest.raises(DataError, match="no rows of model 'people'"):
        compare_human(study, human="people")
    with pytest.raises(DataError, match="no column 'others'"):
        compare_human(study.drop(columns="others"))
    with pytest.raises(DataError, match="come from 2 subjects"):
        compare_human(study[study["subject"] < 2])
