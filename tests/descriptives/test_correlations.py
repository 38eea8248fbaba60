"""Correlations between and within people against Bland & Altman, R, pingouin and plain loops.

R's numbers are stored with 15 digits: 1e-9. Published values have the digits that are printed.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.descriptives import correlate_features
from exprstats.descriptives.correlations import count_disagreements
from exprstats.errors import DataError

CLOSE = {"rel": 1e-9, "abs": 1e-12}


def pick(found, **equal):
    table = found.table
    for name, value in equal.items():
        table = table[table[name].isna() if value is None else table[name].eq(value)]
    return table.iloc[0]


@pytest.fixture(scope="module")
def found(people):
    return correlate_features(people, ["smile", "gaze"])


def test_the_eight_subjects_of_bland_and_altman():
    """Bland and Altman (1995), pH and PaCO2: within subjects r = -.51, p < .001, 38 df."""
    from pingouin import read_dataset

    found = correlate_features(read_dataset("rm_corr"), "pH", target="PacO2", subject="Subject")
    row = pick(found, term="within", method="rm_corr")
    assert round(row["estimate"], 2) == -0.51 and row["df"] == 38
    # The R package rmcorr prints r = -0.5067697, p = 0.0008471, CI [-0.7112297, -0.2236147]
    # from its bootstrap-free t; Fisher's z gives [-0.71, -0.23] (pingouin).
    assert row["estimate"] == pytest.approx(-0.5067697, abs=5e-8)
    assert row["p_value"] == pytest.approx(0.0008471, abs=5e-8)
    assert (round(row["conf_low"], 2), round(row["conf_high"], 2)) == (-0.71, -0.23)


def test_both_correlations_are_those_of_r(found, oracle):
    told = pd.DataFrame(oracle["features"]).set_index("feature")
    for name in ("smile", "gaze"):
        within = pick(found, feature=name, term="within", method="rm_corr")
        wanted = told.loc[name, ["within", "within_p", "within_df"]]
        assert tuple(within[["estimate", "p_value", "df"]]) == pytest.approx(tuple(wanted), **CLOSE)
        between = pick(found, feature=name, term="between", method="pearson")
        wanted = told.loc[name, ["between", "between_p", "between_low", "between_high"]]
        ours = between[["estimate", "p_value", "conf_low", "conf_high"]]
        assert tuple(ours) == pytest.approx(tuple(wanted), **CLOSE)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin's own, of pandas 3.1
def test_within_is_pingouins_rm_corr(people, found):
    from pingouin import rm_corr

    for name in ("smile", "gaze"):
        told = rm_corr(people, x=name, y="score", subject="subject").iloc[0]
        row = pick(found, feature=name, term="within", method="rm_corr")
        assert row["estimate"] == pytest.approx(told["r"], rel=1e-6)
        assert row["p_value"] == pytest.approx(told.filter(like="p").iloc[0], rel=1e-4)
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(told["CI95"], abs=0.006)


def test_between_is_pingouins_pairwise_corr(people, found):
    from pingouin import pairwise_corr

    means = people.groupby("subject")[["score", "smile", "gaze"]].mean()
    told = pairwise_corr(means, columns=[["score"], ["smile", "gaze"]], padjust="holm")
    rows = found.table.query("term == 'between' and method == 'pearson'")
    assert told["Y"].tolist() == rows["feature"].tolist()
    for ours, theirs in (("estimate", "r"), ("p_value", "p_unc"), ("p_adjusted", "p_corr")):
        assert rows[ours].to_numpy() == pytest.approx(told[theirs].to_numpy(), rel=1e-5)


def measure(people, name):
    means = people.groupby("subject")[["score", name]].mean()
    own = people[["score", name]] - people.groupby("subject")[["score", name]].transform("mean")
    return (means.corr().iloc[0, 1], own.corr().iloc[0, 1])


def test_cluster_intervals_are_a_plain_jackknife_on_fishers_z(people, found):
    names = people["subject"].unique()
    for place, term in enumerate(("between", "within")):
        values = [measure(people[people["subject"] != name], "smile")[place] for name in names]
        z = np.arctanh(values)
        reach = stats.t.ppf(0.975, 13) * np.sqrt(13 / 14 * ((z - z.mean()) ** 2).sum())
        row = pick(found, feature="smile", term=term, method="jackknife")
        estimate = measure(people, "smile")[place]
        limits = np.tanh(np.arctanh(estimate) + np.array([-reach, reach]))
        assert row["estimate"] == pytest.approx(estimate, **CLOSE)
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(tuple(limits), **CLOSE)


def test_p_are_adjusted_within_each_kind(found):
    for term in ("between", "within"):
        for _, rows in found.table[found.table["term"] == term].groupby("method"):
            p = np.sort(rows["p_value"])
            wanted = np.minimum(1, np.maximum.accumulate(p * [2, 1]))
            assert np.sort(rows["p_adjusted"]) == pytest.approx(wanted, **CLOSE)


def test_people_and_their_clips_may_go_in_opposite_directions():
    """Simpson's case, known truth: people's means r = 1, within them r = -1."""
    subject = np.repeat(np.arange(6), 5)
    step = np.tile(np.arange(5.0), 6)
    table = pd.DataFrame({"subject": subject, "smile": 10 * subject + step})
    table["score"] = 10.0 * subject - step
    found = correlate_features(table, "smile")
    assert pick(found, term="between")["estimate"] == pytest.approx(1)
    assert pick(found, term="within")["estimate"] == pytest.approx(-1)
    assert "smile: r = " in found.sentence()


def test_contexts_are_told_alone_and_pooled_scores_are_of_the_pooled_model(people):
    both = people.assign(score_pooled=people["score"] * 2 + people["gaze"])
    found = correlate_features(both, "smile", by="context", pooled_target="score_pooled")
    assert found.table["context"].dropna().unique().tolist() == ["calm", "fear", "joy"]
    pooled = correlate_features(both, "smile", target="score_pooled").table
    own = found.table[found.table["context"].isna()]
    assert own["estimate"].tolist() == pytest.approx(pooled["estimate"].tolist(), **CLOSE)
    joy = correlate_features(people[people["context"] == "joy"], "smile").table
    alone = found.table[found.table["context"] == "joy"]
    assert alone["conf_low"].tolist() == pytest.approx(joy["conf_low"].tolist(), **CLOSE)


def test_what_does_not_vary_has_no_correlation_and_spoils_no_other(people):
    table = people.assign(flat=1.0, constant=people.groupby("subject")["gaze"].transform("mean"))
    found = correlate_features(table, ["flat", "constant", "smile"])
    assert np.isnan(pick(found, feature="flat", term="between")["estimate"])
    assert pick(found, feature="flat", term="between")["note"] == "nothing varies"
    assert np.isnan(pick(found, feature="constant", term="within")["estimate"])
    assert np.isfinite(pick(found, feature="constant", term="between")["conf_low"])
    assert np.isfinite(pick(found, feature="smile", term="within")["conf_low"])
    [feature] = found.list_largest().head(1)["feature"]
    assert feature == "smile"


def test_the_feature_that_is_named_is_one_of_those_that_are_significant(found):
    table = found.table.assign(p_adjusted=np.where(found.table["feature"] == "gaze", 0.01, 0.4))
    table["estimate"] = np.where(table["feature"] == "gaze", 0.3, 0.5)
    told = replace(found, table=table).sentence()
    assert told.count("1 of 2 features correlates significantly") == 2
    assert told.count("(gaze most: r = .30, p = .010)") == 2 and "smile" not in told
    none = replace(found, table=table.assign(p_adjusted=0.4)).sentence()
    assert none.count("(smile most: r = .50, p = .400)") == 2


def test_few_people_and_single_clips_say_what_is_lacking(people):
    three = correlate_features(people[people["subject"] < "s04"], "smile")
    assert pick(three, term="between", method="pearson")["note"] == (
        "fewer than 4 people: no interval"
    )
    one = people.drop_duplicates("subject")
    single = correlate_features(one, "smile")
    assert np.isnan(pick(single, term="within")["estimate"])
    assert "No correlation within people is defined." in single.sentence()
    assert np.isfinite(pick(single, term="between")["conf_low"])


def test_clips_with_gaps_are_counted_and_left_out(people):
    table = people.assign(smile=people["smile"].mask(people.index < 3))
    found = correlate_features(table, ["smile", "gaze"])
    assert found.n_left_out == 3
    rest = correlate_features(people[people.index >= 3], ["smile", "gaze"])
    assert found.table["estimate"].tolist() == rest.table["estimate"].tolist()
    with pytest.raises(DataError, match="no clip has all features"):
        correlate_features(people.assign(smile=np.nan), "smile")


def test_disagreements_are_counted(found):
    apart, count = count_disagreements(found.table, 0.95)
    assert count == 4 and 0 <= apart <= 4
    table = found.table.assign(p_adjusted=0.5)
    assert count_disagreements(table, 0.95) == (0, 4)
    mixed = table.assign(p_adjusted=table["headline"].map({True: 0.01, False: 0.5}))
    assert count_disagreements(mixed, 0.95) == (4, 4)


def draw_singles(seed, sizes):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(len(sizes)), sizes)
    size = len(subject)
    return pd.DataFrame(
        {"subject": subject, "f": rng.normal(size=size), "score": rng.normal(size=size)}
    )


def test_people_with_one_clip_do_not_count_within_people():
    table = draw_singles(4, [14, 3, 3, 2, 2, 1, 1])
    row = pick(correlate_features(table, "f"), term="within", method="jackknife")
    alone = table[table["subject"] < 5]
    without = pick(correlate_features(alone, "f"), term="within", method="jackknife")
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "df"):
        assert row[name] == pytest.approx(without[name], **CLOSE)
    assert (row["df"], row["n_clusters"], row["n_clips"]) == (4, 5, 24)
    assert row["note"] == "rests on the 5 of 7 people whose clips vary"
    between = pick(correlate_features(table, "f"), term="between", method="jackknife")
    assert between["n_clusters"] == 7


@pytest.mark.parametrize("studies", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_unrelated_features_correlate_within_people_at_the_nominal_rate(studies):
    """Four people with ten clips and 16 with one: 17 of 100 were significant at .05 before."""
    found = []
    for seed in range(studies):
        table = draw_singles(seed, [10] * 4 + [1] * 16)
        row = pick(correlate_features(table, "f"), term="within", method="jackknife")
        found.append(row["p_value"] < 0.05)
    assert np.mean(found) < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / studies)


def test_what_lacks_an_interval_is_told_truly():
    table = draw_singles(1, [2] * 6).assign(f=[1.0] * 2 + [2.0] * 10)
    row = pick(correlate_features(table, "f"), term="between", method="jackknife")
    assert np.isfinite(row["estimate"]) and np.isnan(row["conf_low"])
    assert row["note"] == "no interval: without one of the people nothing varies"
    lonely = draw_singles(1, [7, 1, 1, 1, 1])
    row = pick(correlate_features(lonely, "f"), term="within", method="jackknife")
    told = "fewer than 4 people: no interval; rests on the 1 of 5 people whose clips vary"
    assert row["note"] == told and np.isnan(row["conf_low"])
