"""Agreement of annotators, and a machine against them.

Witnesses: Fleiss' kappa by its definition over pairs of annotators, by statsmodels, and by hand
where annotations are missing; precision
and recall by scikit-learn, the averages that Sun et al. (2020) print, and a looping jackknife.
Estimates are ratios of counts: 1e-12.
"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit
from sklearn.metrics import f1_score, precision_score, recall_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

import exprstats as ex
from exprstats.errors import DataError, DataWarning

EXPRESSIONS = ["amusement", "concentration", "interest", "surprise"]
PRINTED = {  # Sun et al. (2020), Table 1; the text averages them to 73.3% and 21.9%
    "amusement": (0.770, 0.289),
    "concentration": (0.840, 0.134),
    "contentment": (0.552, 0.182),
    "interest": (0.769, 0.475),
    "surprise": (0.733, 0.017),
}


@pytest.fixture(scope="module")
def found(study):
    return ex.compare_annotators(study.human, study.machine)


def spread(human, name):
    return human.pivot_table(name, ["video", "time"], "annotator")


def pair_kappa(table):
    """Kappa of two categories from all ordered pairs of annotators at a moment."""
    agreed = [
        np.mean([a == b for a, b in permutations(row[~np.isnan(row)], 2)])
        for row in table.to_numpy()
        if (~np.isnan(row)).sum() > 1
    ]
    share = np.nanmean(table.mean(axis=1))  # of moments, each by its own annotators
    chance = share**2 + (1 - share) ** 2
    return (np.mean(agreed) - chance) / (1 - chance)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_kappa_is_that_of_statsmodels_and_of_all_pairs(found, study, name):
    wide = spread(study.human, name)
    theirs = fleiss_kappa(aggregate_raters(wide.to_numpy(int))[0])
    mine = found.pick("fleiss_kappa", expression=name)["estimate"].item()
    assert mine == pytest.approx(theirs, abs=1e-12)
    assert mine == pytest.approx(pair_kappa(wide), abs=1e-12)


def test_kappa_holds_where_annotators_are_missing(study):
    kept = study.human.sample(frac=0.8, random_state=1)
    found = ex.compare_annotators(kept)
    for name in EXPRESSIONS:
        expected = pair_kappa(spread(kept, name))
        got = found.pick("fleiss_kappa", expression=name)["estimate"].item()
        assert got == pytest.approx(expected, abs=1e-12)


def test_agreement_with_gaps_by_hand_and_as_in_measure_agreement():
    """Moments with 2 of 3, 1 of 2, 0 of 2, and 1 of 1 annotators who see it, in four videos each.

    p_a = (1/3 + 0 + 1)/3 = 4/9, the mean share is (2/3 + 1/2 + 0 + 1)/4 = 13/24, p_e = 290/576,
    kappa = (256 - 290)/(576 - 290) = -17/143. Of 2·2 + 1·1 = 5 pairs that start with a label 2 end
    with one. Of 7 annotations of the first three moments 3 have the label.
    """
    moments = [(1, 1, 0), (1, 0, None), (None, 0, 0), (None, None, 1)]
    rows = [
        {"video": video, "time": time, "annotator": name, "joy": label}
        for video in "abcd"
        for time, labels in enumerate(moments)
        for name, label in zip("xyz" if video < "c" else "yxz", labels, strict=True)
        if label is not None
    ]
    table = ex.compare_annotators(pd.DataFrame(rows)).pick
    expected = {"fleiss_kappa": -17 / 143, "agreement": 4 / 9, "positive_agreement": 2 / 5}
    for term, value in expected.items():
        assert table(term, expression="joy")["estimate"].item() == pytest.approx(value, abs=1e-12)
    assert table("prevalence", expression="joy")["estimate"].item() == pytest.approx(3 / 7)
    ratings = pd.DataFrame(rows).rename(columns={"annotator": "rater", "joy": "rating"})
    ratings["clip"] = ratings["video"] + ratings["time"].astype(str)
    found = ex.measure_agreement(ratings.assign(item="joy"), scale=(0, 1), weights="identity")
    theirs = found.table.set_index("term")["estimate"]
    names = {"fleiss_kappa": "fleiss", "agreement": "percent_agreement"}
    for term, value in expected.items():
        assert theirs[names.get(term, term)] == pytest.approx(value, abs=1e-12)


def test_limits_of_kappa_with_gaps_count_videos_with_single_annotations(study, jackknife):
    """Two of the videos have one annotator: left out in turn, without a degree of freedom."""
    human = study.human
    names = human["video"].unique()[:8]
    human = human[human["video"].isin(names)]
    single = human["video"].isin(names[:2]) & human["annotator"].ne("A1")
    human = human[~single].sample(frac=0.9, random_state=2)
    wide = spread(human, "amusement")
    home = wide.index.get_level_values("video")
    row = ex.compare_annotators(human).pick("fleiss_kappa", expression="amusement").iloc[0]
    low, high = jackknife(lambda kept: pair_kappa(wide[home.isin(kept)]), names)
    wider = stats.t.ppf(0.975, 5) / stats.t.ppf(0.975, 7)
    centre = row["estimate"]
    expected = (centre + (low - centre) * wider, centre + (high - centre) * wider)
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), expected, rtol=1e-9)
    assert row["n_clusters"] == 6
    single = ex.compare_annotators(human, expressions=["amusement"])
    mean = single.pick("fleiss_kappa", expression=None).iloc[0]
    for term in ("estimate", "conf_low", "conf_high", "n_clusters"):
        assert mean[term] == row[term]


def test_kappa_is_undefined_where_all_but_one_video_lack_the_label():
    """Sums of thirds must not make 1 - p_e a rounding error."""
    rows = [
        {"video": video, "time": time, "annotator": name, "joy": int(video == "a" and name != "z")}
        for video in "abcdefg"
        for time in range(7)
        for name in "xyz"
    ]
    row = ex.compare_annotators(pd.DataFrame(rows)).pick("fleiss_kappa", expression="joy").iloc[0]
    assert np.isfinite(row["estimate"]) and np.isnan(row["conf_low"])
    assert "not defined without one of the videos" in row["note"]


def test_agreement_and_positive_agreement_count_pairs(found, study):
    wide = spread(study.human, "interest").to_numpy()
    pairs = [(a, b) for row in wide for a, b in permutations(row, 2)]
    same = np.mean([a == b for a, b in pairs])
    positive = np.mean([b for a, b in pairs if a == 1])
    assert found.pick("agreement", expression="interest")["estimate"].item() == pytest.approx(same)
    got = found.pick("positive_agreement", expression="interest")["estimate"].item()
    assert got == pytest.approx(positive)


def test_limits_of_kappa_are_those_of_a_looping_jackknife(found, study, jackknife):
    wide = spread(study.human, "amusement")
    home = wide.index.get_level_values("video")
    row = found.pick("fleiss_kappa", expression="amusement").iloc[0]

    def kappa(kept):
        return fleiss_kappa(aggregate_raters(wide[home.isin(kept)].to_numpy(int))[0])

    limits = jackknife(kappa, home.unique())
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), limits, rtol=1e-9)


@pytest.mark.parametrize("rule", ["each", "majority", "any", "all"])
def test_precision_recall_and_f1_are_those_of_scikit_learn(found, study, rule):
    for name in EXPRESSIONS:
        wide = spread(study.human, name)
        own = study.machine.set_index(["video", "time"])[name].reindex(wide.index) >= 0.5
        votes = wide.sum(axis=1)
        truth = {"majority": votes >= 2, "any": votes >= 1, "all": votes == 3}.get(rule)
        if rule == "each":
            truth, own = wide.to_numpy(bool).T.ravel(), np.tile(own, 3)
        for term, score in (
            ("precision", precision_score),
            ("recall", recall_score),
            ("f1", f1_score),
        ):
            row = found.pick(term, expression=name, rule=rule, source="machine").iloc[0]
            assert row["estimate"] == pytest.approx(score(truth, own), abs=1e-12)
            assert row["headline"] == (rule == "majority")


def test_limits_of_precision_are_those_of_a_looping_jackknife(found, study, jackknife):
    wide = spread(study.human, "interest").sum(axis=1) >= 2
    own = study.machine.set_index(["video", "time"])["interest"].reindex(wide.index) >= 0.5
    home = wide.index.get_level_values("video")

    def precision(kept):
        inside = home.isin(kept)
        return precision_score(wide[inside], own[inside])

    row = found.pick("precision", expression="interest", rule="majority").iloc[0]
    limits = jackknife(precision, home[own].unique(), there=logit, back=expit)
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), limits, rtol=1e-9)


def test_the_published_averages_are_plain_means_over_expressions():
    # 1,000 claims and as many labels as give the printed precision and recall, of one annotator.
    tables = []
    for place, (name, (precision, recall)) in enumerate(PRINTED.items()):
        hits = round(1000 * precision)
        labels = round(hits / recall)
        count = 1000 + labels - hits
        truth = np.r_[np.ones(labels), np.zeros(count - labels)]
        claim = np.r_[np.ones(hits), np.zeros(labels - hits), np.ones(1000 - hits)]
        tables.append(pd.DataFrame({"i": np.arange(count), f"{name}": truth, f"m{place}": claim}))
    size = max(len(one) for one in tables)
    joined = pd.concat(
        [one.set_index("i").reindex(range(size)).fillna(0) for one in tables], axis=1
    )
    keys = pd.DataFrame({"video": np.arange(size) % 50, "time": np.arange(size) // 50})
    human = pd.concat([keys, joined[list(PRINTED)]], axis=1)
    people = pd.concat([human.assign(annotator=one) for one in "xyz"])
    machine = pd.concat([keys, joined[[f"m{i}" for i in range(5)]]], axis=1)
    machine.columns = ["video", "time", *PRINTED]
    found = ex.compare_annotators(people, machine)
    row = found.glance().iloc[0]
    assert row["precision"] == pytest.approx(0.733, abs=5e-4)
    assert row["recall"] == pytest.approx(0.219, abs=5e-4)
    assert row["fleiss_kappa"] == 1
    assert "mean precision = .73" in found.sentence()
    # Perfect agreement: kappa without an interval, and a reason; the sentence holds.
    assert found.pick("fleiss_kappa", expression=None)["note"].item().startswith("no interval")
    assert "= 1.00." in found.sentence()


def test_a_machine_that_is_an_annotator_reaches_what_an_annotator_reaches(study):
    # The machine repeats A1; against each it is judged by itself too, so that it lies above.
    own = study.human[study.human["annotator"].eq("A1")].drop(columns="annotator")
    others = study.human[study.human["annotator"].ne("A1")]
    found = ex.compare_annotators(others, own)
    rows = found.table[found.table["source"].eq("machine - annotator")]
    rows = rows[rows["expression"].isna()]
    assert rows["estimate"].abs().lt(0.03).all()
    assert (rows["conf_low"].lt(0) & rows["conf_high"].gt(0)).all()


def test_moments_that_the_machine_lacks_are_told(study):
    part = study.machine[study.machine["time"] < 20]
    with pytest.warns(DataWarning, match=r"of 2,\d+ moments that people annotated have no label"):
        found = ex.compare_annotators(study.human, part)
    assert found.n_unmatched == (study.machine["time"] >= 20).sum()
    with pytest.raises(DataError, match="at no moment that people annotated"):
        ex.compare_annotators(study.human, study.machine.assign(video="x" + study.machine["video"]))
    with pytest.raises(DataError, match="no moment has two annotators"):
        ex.compare_annotators(study.human[study.human["annotator"].eq("A1")])
    with pytest.raises(DataError, match=r"stand twice, such as that of 'A1'"):
        ex.compare_annotators(pd.concat([study.human, study.human]))
    with pytest.raises(DataError, match="the same names"):
        ex.compare_annotators(study.human, study.machine[["video", "time"]].assign(joy=1))


def test_correlations_are_with_the_share_of_the_others(found, study, jackknife):
    wide = spread(study.human, "interest")
    score = study.machine.set_index(["video", "time"])["interest"].reindex(wide.index)
    rows = pd.concat(
        pd.DataFrame({"x": wide[one], "t": wide.drop(columns=one).mean(axis=1), "s": score})
        for one in wide
    )
    home = rows.index.get_level_values("video")

    def correlate(kept, name):
        part = rows[home.isin(kept)]
        return np.corrcoef(part[name], part["t"])[0, 1]

    videos = home.unique()
    both = [correlate(videos, name) for name in ("x", "s")]
    for source, name, value in (("annotators", "x", both[0]), ("machine", "s", both[1])):
        row = found.pick("correlation", expression="interest", source=source).iloc[0]
        assert row["estimate"] == pytest.approx(value, abs=1e-10)
        limits = jackknife(
            lambda v, n=name: correlate(v, n), videos, there=np.arctanh, back=np.tanh
        )
        np.testing.assert_allclose((row["conf_low"], row["conf_high"]), limits, rtol=1e-8)
    row = found.pick("correlation", expression="interest", source="machine - annotator").iloc[0]
    assert row["estimate"] == pytest.approx(both[1] - both[0], abs=1e-10)


def test_an_expression_that_nobody_sees_is_undefined_and_the_mean_says_so(study):
    human, machine = study.human.assign(surprise=0), study.machine.assign(surprise=0.1)
    found = ex.compare_annotators(human, machine)
    for term in ("fleiss_kappa", "correlation", "precision", "recall"):
        rows = found.pick(term, expression="surprise")
        assert rows["estimate"].isna().all(), term
        assert rows["note"].str.startswith("not defined").all(), term
    mean = found.pick("fleiss_kappa", expression=None).iloc[0]
    own = found.pick("fleiss_kappa")["estimate"].iloc[:3]
    assert mean["estimate"] == pytest.approx(own.mean())
    assert "mean of the 3 of 4 expressions in which it is defined" in mean["note"]
    some = human.copy()
    some.loc[some["time"] > 3, "interest"] = np.nan
    assert ex.compare_annotators(some, machine).pick("correlation", expression="interest").shape[0]


def test_what_a_machine_never_claims_has_precision_0_in_the_same_mean_as_recall(study):
    """scikit-learn with zero_division=0, over the expressions that people see."""
    machine = study.machine.assign(surprise=0.0)
    people = study.human.assign(interest=0)
    found = ex.compare_annotators(people, machine, expressions=EXPRESSIONS)
    head = found.table[found.table["headline"].eq(True)]
    rows = head.set_index(["expression", "term"])["estimate"]
    assert rows["surprise", "precision"] == rows["surprise", "recall"] == 0
    assert np.isnan(rows["interest", "recall"])
    means = head[head["expression"].isna()].set_index("term")
    seen = ["amusement", "concentration", "surprise"]
    for term in ("precision", "recall", "f1"):
        wanted = np.mean([rows[name, term] for name in seen])
        assert means.loc[term, "estimate"] == pytest.approx(wanted, abs=1e-12)
        assert "3 of 4 expressions" in means.loc[term, "note"]
    assert "mean precision of 3 of 4 expressions" in found.sentence()


def test_a_machine_is_judged_by_one_annotator_and_agreement_is_undefined(study):
    alone = study.human[study.human["annotator"].eq(study.human["annotator"].iloc[0])]
    with pytest.raises(DataError, match="no moment has two annotators"):
        ex.compare_annotators(alone)
    found = ex.compare_annotators(alone, study.machine)
    keys = ["video", "time"]
    both = alone.merge(study.machine, on=keys, suffixes=("", "_machine"))
    for name in EXPRESSIONS:
        claims = both[f"{name}_machine"].ge(0.5).astype(int)
        for term, peer in (("precision", precision_score), ("recall", recall_score)):
            rows = found.pick(term, expression=name, source="machine")["estimate"]
            assert rows.tolist() == pytest.approx([peer(both[name], claims)] * 4)
    assert found.pick("fleiss_kappa")["estimate"].isna().all()
    text = found.sentence()
    assert "1 annotator per moment" in text and "κ is not defined" in text
    assert "The machine against single annotators: mean precision = ." in text


def test_annotators_who_see_nothing_leave_everything_undefined(study):
    nothing = study.human.assign(**dict.fromkeys(EXPRESSIONS, 0))
    text = ex.compare_annotators(nothing, study.machine).sentence()
    assert "κ is not defined" in text and text.endswith("mean recall undefined.")


def test_agreement_of_one_video_is_said_to_be_of_one():
    human = pd.DataFrame({"video": np.repeat(list("abcd"), 6), "time": np.tile(np.arange(6.0), 4)})
    human = human.assign(annotator="x", joy=[0, 1, 1, 0, 1, 0] * 4)
    second = human[human["video"].eq("a")].assign(annotator="y", joy=[0, 1, 0, 0, 1, 1])
    found = ex.compare_annotators(pd.concat([human, second]))
    kappa = found.pick("fleiss_kappa", expression="joy").iloc[0]
    assert kappa["n_clusters"] == 1
    assert kappa["note"] == "no interval: it occurs in 1 video"


def test_annotators_of_few_videos_give_the_difference_of_a_machine_few_degrees_of_freedom():
    """Two people saw 4 of 20 videos, one person the others: t has 3 degrees of freedom."""
    rng = np.random.default_rng(5)
    video, time = np.repeat(np.arange(20), 8), np.tile(np.arange(8.0), 20)
    base = pd.DataFrame({"video": video, "time": time})
    truth = rng.random(len(base)) < 0.5
    tables = [
        base.assign(annotator=name, joy=np.where(rng.random(len(base)) < 0.8, truth, ~truth) * 1)
        for name in "xy"
    ]
    human = pd.concat([tables[0], tables[1][tables[1]["video"] < 4]])
    machine = base.assign(joy=np.where(rng.random(len(base)) < 0.7, truth, ~truth) * 1.0)
    found = ex.compare_annotators(human, machine).table
    rows = found[found["source"].eq("machine - annotator") & found["term"].ne("correlation")]
    assert rows["n_clusters"].eq(4).all()
    reach = (rows["conf_high"] - rows["conf_low"]) / 2
    np.testing.assert_allclose(reach, stats.t.ppf(0.975, 3) * rows["std_error"], rtol=1e-9)
