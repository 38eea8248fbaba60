"""One or two rated items as target: their mean, its reliability, and what is said of both.

Targets, the one-way coefficient of raters' means, the Spearman–Brown coefficient, and the test
errors of the elastic net (scikit-learn) are formed again without exprstats, to rounding (1e-9; of
the net, whose tolerance is 1e-7, 1e-5).
"""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet

from exprstats.errors import DataError
from exprstats.study import read_study, run_study

STUDY = """\
title = "Two items"
seed = 6

[ratings]
file = "ratings.csv"
clip = "video"
rater = "wer"
subject = "vp"
items = ["warm", "offen"]
scale = [0, 6]

[clips]
file = "clips.csv"
clip = "video"
subject = "vp"
features = ["blick", "mund"]

[compare]
draws = 100
calibration = false
"""
FEATURES = ["blick", "mund"]


def make_tables(people=25, sign=1):
    rng = np.random.default_rng(7)
    count = people * 4
    clips = pd.DataFrame({"video": [f"v{k}" for k in range(count)]})
    clips["vp"] = [f"p{k // 4:02d}" for k in range(count)]
    clips[FEATURES] = rng.normal(size=(count, 2))
    truth = clips["blick"] - 0.5 * clips["mund"] + 0.3 * rng.normal(size=count)
    rows = clips.loc[clips.index.repeat(3), ["video", "vp"]].reset_index(drop=True)
    level = truth.loc[truth.index.repeat(3)].to_numpy()
    turn = {"warm": 1, "offen": sign}
    items = {
        name: np.clip(np.round(3 + by * level + 0.8 * rng.normal(size=len(rows))), 0, 6)
        for name, by in turn.items()
    }
    return rows.assign(wer=["a", "b", "c"] * count, **items), clips


@pytest.fixture
def run(tmp_path):
    def run(text=STUDY, tables=None):
        ratings, clips = tables or make_tables()
        ratings.to_csv(tmp_path / "ratings.csv", index=False)
        clips.to_csv(tmp_path / "clips.csv", index=False)
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = run_study(read_study(tmp_path / "study.toml"))
        return found, [str(one.message) for one in caught]

    return run


def rate_one_way(rows):
    """Return ICC(1,k) of balanced ratings by its mean squares."""
    groups = rows.groupby("video")["mean"]
    k = groups.size().iloc[0]
    between = k * groups.mean().var()
    within = ((rows["mean"] - groups.transform("mean")) ** 2).sum() / (len(rows) - groups.ngroups)
    return (between - within) / between


def test_the_mean_of_two_items_is_the_target_and_has_its_reliability(run):
    found, _ = run()
    ratings, _ = make_tables()
    assert found.study.target == "mean of warm and offen"
    assert found.factor is None
    own = ratings.assign(mean=ratings[["warm", "offen"]].mean(axis=1))
    means = own.groupby("video")["mean"].mean()
    truth = found.predictions.query("model == 'elastic'").set_index("clip")["truth"]
    np.testing.assert_allclose(truth, means.loc[truth.index], atol=1e-9)
    rows = found.reliability.tidy().query("term == 'ICC(1,k)' and headline")
    rows = rows.set_index("item")["estimate"]
    assert list(rows.index) == ["warm", "offen", "mean of warm and offen"]
    assert rows["mean of warm and offen"] == pytest.approx(rate_one_way(own), rel=1e-9)
    note = next(one for one in found.provenance.notes if "two items" in one)
    r = ratings.groupby("video")[["warm", "offen"]].mean().corr().iloc[0, 1]
    told = re.search(r"r = (\.\d\d), .* of (\.\d\d)\.", note)
    assert [float(one) for one in told.groups()] == [round(r, 2), round(2 * r / (1 + r), 2)]


def test_counts_are_of_what_people_were_asked(run):
    from exprstats.document.text import write_plain
    from exprstats.report.analysis import gather_analysis
    from exprstats.report.sections.data import describe_analysed

    found, _ = run()
    told = [write_plain(one) for one in describe_analysed(gather_analysis(found)).sentences]
    counts = "3 raters gave 600 ratings on 2 questions to 100 clips of 25 subjects."
    assert counts in [one.replace("\N{NO-BREAK SPACE}", " ") for one in told]
    items = found.descriptives.tidy()["item"].unique()
    assert list(items) == ["warm", "offen"]


def test_missing_ratings_are_counted_among_the_answers_that_were_asked(run):
    """Raters' means, which are formed of the answers, are no answers themselves."""
    ratings, clips = make_tables()
    ratings.loc[:8, "warm"] = np.nan
    found, _ = run(tables=(ratings, clips))
    [left] = [one for one in found.provenance.exclusions if one.stage == "reliability"]
    assert (left.rows_in, left.rows_out) == (ratings[["warm", "offen"]].size, 600 - 9)


def test_a_mean_rating_of_few_whole_numbers_is_not_taken_for_classes(run):
    """Two raters who always agree: the means are whole, and no column can be declared classes."""
    ratings, clips = make_tables()
    same = ratings.groupby("video")["warm"].transform("first")
    text = STUDY.replace('items = ["warm", "offen"]', 'items = ["warm"]')
    found, _ = run(text, (ratings.assign(warm=same), clips))
    assert set(found.predictions["truth"]) <= set(range(7))
    assert not [one for one in found.provenance.notes if "classes" in one]


def test_errors_of_the_net_are_those_of_scikit_learn(run):
    found, _ = run()
    ratings, clips = make_tables()
    means = ratings.groupby("video")[["warm", "offen"]].mean().mean(axis=1)
    parts = found.parts.set_index("subject")["part"]
    place = clips["vp"].map(parts)
    train = place.eq("train")
    x = (clips[FEATURES] - clips.loc[train, FEATURES].mean()) / clips.loc[train, FEATURES].std(
        ddof=0
    )
    y = clips["video"].map(means)
    pairs = [(a, b / 10) for a in (0.01, 0.05, 0.1, 0.5, 1) for b in range(11)]

    def judge(pair, part):
        net = ElasticNet(alpha=pair[0], l1_ratio=pair[1], tol=1e-10, max_iter=100_000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net.fit(x[train], y[train])
        here = place.eq(part)
        return float(np.sqrt(np.mean((net.predict(x[here]) - y[here]) ** 2)))

    best = min(pairs, key=lambda pair: judge(pair, "validate"))
    row = found.comparison.tidy().query("metric == 'nrmse' and model == 'elastic'")
    assert row.query("versus.isna()")["estimate"].iloc[0] == pytest.approx(
        judge(best, "test") / 6, rel=1e-5
    )


def test_a_rater_who_lacks_an_item_counts_for_the_other_only(run):
    ratings, clips = make_tables()
    ratings.loc[ratings["wer"].eq("a") & ratings["video"].eq("v0"), "offen"] = np.nan
    found, _ = run(tables=(ratings, clips))
    own = ratings.assign(mean=ratings[["warm", "offen"]].mean(axis=1, skipna=False))
    known = own.groupby("video")["mean"].mean()
    joined = found.clips.set_index("clip")["mean of warm and offen"]
    np.testing.assert_allclose(joined, known.loc[joined.index], atol=1e-9)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (
            make_tables(sign=-1),
            "'warm' and 'offen' ask for opposite things: over clips they correlate at r = −.",
        ),
        ((make_tables()[0].assign(offen=np.tile([0, 3, 6], 100)), make_tables()[1]), None),
    ],
)
def test_items_that_are_not_alike_are_warned_of(run, tables, told):
    found, warned = run(tables=tables)
    text = " ".join(warned)
    if told is None:
        assert "internal consistency" not in " ".join(found.provenance.notes)
    else:
        assert told in text and "Turn one with reverse=['offen']" in text
        study = " ".join(one.message for one in found.provenance.warnings)
        assert 'Turn one with reverse = ["offen"]' in study


def test_scales_that_differ_are_warned_of(run):
    ratings, clips = make_tables()
    wide = ratings.assign(offen=ratings["offen"] * 15)
    _, warned = run(STUDY.replace("scale = [0, 6]\n", ""), (wide, clips))
    told = "answers run 'warm' from 0 to 6 and 'offen' from 0 to 90, so that the mean follows"
    assert any(told in one for one in warned), warned


def test_a_model_of_raters_names_how_many_items_there_are(run):
    models = (
        '[[models]]\nname = "leute"\nkind = "human"\n[[models]]\nname = "n"\nkind = "elastic"\n'
    )
    with pytest.raises(DataError, match=r"'leute' judges raters by factor scores, .* two items"):
        run(STUDY + models)
