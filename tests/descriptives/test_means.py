"""Means by context against R's aov, anova.mlm and t.test, statsmodels, and closed forms.

R's numbers are stored with 15 digits: 1e-9 relative; its ε is printed with 4 digits: 5e-5, and is
tested to 1e-9 through the p values that it gives.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.anova import AnovaRM
from statsmodels.stats.multitest import multipletests

from exprstats.descriptives import compare_means
from exprstats.errors import DataError, OptionError

CLOSE = {"rel": 1e-9, "abs": 1e-12}


def pick(table, **equal):
    for name, value in equal.items():
        table = table[table[name].isna() if value is None else table[name].eq(value)]
    return table.reset_index(drop=True)


@pytest.fixture(scope="module")
def repeated(people):
    return compare_means(people)


@pytest.fixture(scope="module")
def mixed(people):
    return compare_means(people, between="group")


def test_the_repeated_measures_test_is_that_of_aov(repeated, oracle):
    [row] = repeated.tests.to_dict("records")
    told = oracle["repeated"]
    assert (row["df1"], row["df2"]) == (told["df"][1], told["df"][2])
    assert row["statistic"] == pytest.approx(told["f"][1], **CLOSE)
    ss = dict(zip(("people", "context", "error"), told["ss"], strict=True))
    assert row["effect"] == pytest.approx(ss["context"] / sum(ss.values()), **CLOSE)
    assert row["effect_name"] == "generalized η²" and repeated.design == "repeated"


def test_epsilon_and_mauchlys_test_are_those_of_anova_mlm(repeated, mixed, oracle):
    for found, end in ((repeated, ""), (mixed, "_mixed")):
        rows = pick(found.tests, term="context")
        assert rows["epsilon"].item() == pytest.approx(oracle[f"epsilon{end}"], abs=5e-5)
        assert rows["sphericity_w"].item() == pytest.approx(oracle[f"mauchly{end}"]["w"], **CLOSE)
        # pingouin adds a second term to Box's approximation that R has as well.
        assert rows["sphericity_p"].item() == pytest.approx(oracle[f"mauchly{end}"]["p"], rel=1e-6)
    assert repeated.tests["p_corrected"].item() == pytest.approx(oracle["gg"], **CLOSE)
    corrected = [pick(mixed.tests, term=term)["p_corrected"].item()
                 for term in ("context", "context x group")]  # fmt: skip
    assert corrected == pytest.approx(oracle["gg_mixed"], **CLOSE)


def test_epsilon_is_that_of_its_definition(people, repeated):
    wide = people.pivot_table(index="subject", columns="context", values="score")
    s = np.cov(wide.to_numpy().T)
    k = len(s)
    c = np.eye(k) - 1 / k
    t = c @ s @ c
    epsilon = np.trace(t) ** 2 / ((k - 1) * np.trace(t @ t))
    row = repeated.tests.iloc[0]
    assert row["epsilon"] == pytest.approx(epsilon, **CLOSE)
    p = stats.f.sf(row["statistic"], epsilon * 2, epsilon * 26)
    assert row["p_corrected"] == pytest.approx(p, **CLOSE)


def test_statsmodels_has_the_same_f(people, repeated):
    cells = people.groupby(["subject", "context"], as_index=False)["score"].mean()
    table = AnovaRM(cells, "score", "subject", within=["context"]).fit().anova_table
    assert repeated.tests["statistic"].item() == pytest.approx(table["F Value"].item(), **CLOSE)
    assert repeated.tests["p_value"].item() == pytest.approx(table["Pr > F"].item(), **CLOSE)


def test_the_mixed_tests_are_those_of_aov(mixed, oracle):
    told = oracle["mixed"]
    rows = mixed.tests.set_index("term")
    for term, place, error in (("group", 0, 1), ("context", 2, 4), ("context x group", 3, 4)):
        row = rows.loc[term]
        assert row["statistic"] == pytest.approx(told["f"][place], **CLOSE)
        assert (row["df1"], row["df2"]) == (told["df"][place], told["df"][error])
        ss = told["ss"]
        whole = ss[place] + ss[1] + ss[4]
        assert row["effect"] == pytest.approx(ss[place] / whole, **CLOSE)
    pair = pick(mixed.table, term="difference", method="t", context=None).iloc[0]
    wanted = oracle["groups"]
    named = (pair["statistic"], pair["df"], pair["p_value"], pair["conf_low"], pair["conf_high"])
    told = tuple(wanted[name] for name in ("t", "df", "p", "low", "high"))
    assert (pair["group"], pair["versus"]) == ("patient", "control")
    assert named == pytest.approx(told, rel=1e-6)


def test_pairs_are_those_of_t_test_with_holms_adjustment(repeated, oracle):
    rows = pick(repeated.table, term="difference", method="t")
    told = pd.DataFrame(oracle["pairs"])
    assert rows["context"].tolist() == told["context"].tolist()
    assert rows["versus"].tolist() == told["versus"].tolist()
    for ours, theirs in (
        *(("statistic", "t"), ("df", "df"), ("p_value", "p"), ("p_adjusted", "holm")),
        *(("conf_low", "low"), ("conf_high", "high")),
    ):
        assert rows[ours].to_numpy() == pytest.approx(told[theirs].to_numpy(), **CLOSE)
    adjusted = multipletests(rows["p_value"], method="holm")[1]
    assert rows["p_adjusted"].to_numpy() == pytest.approx(adjusted, **CLOSE)


def test_hedges_g_is_that_of_its_formula(people, repeated):
    wide = people.pivot_table(index="subject", columns="context", values="score")
    x, y = wide["calm"], wide["joy"]
    d = (x.mean() - y.mean()) / np.sqrt((x.var() + y.var()) / 2)
    row = pick(repeated.table, method="t", context="calm", versus="joy")
    assert row["hedges_g"].item() == pytest.approx(d * (1 - 3 / (4 * 28 - 9)), **CLOSE)


def test_contexts_with_people_of_their_own_are_those_of_oneway_test(oracle):
    told = oracle["apart"]
    found = compare_means(pd.DataFrame(told["rows"]).sort_values("context", kind="stable"))
    assert found.design == "independent" and found.left_out == ()
    plain, welch = found.tests.to_dict("records")
    assert (plain["statistic"], plain["p_value"]) == pytest.approx((told["f"], told["p"]), **CLOSE)
    assert welch["statistic"] == pytest.approx(told["welch_f"], **CLOSE)
    assert (welch["df1"], welch["df2"]) == pytest.approx(tuple(told["welch_df"]), **CLOSE)
    assert welch["p_value"] == pytest.approx(told["welch_p"], **CLOSE)
    pair = pick(found.table, method="t", context="calm", versus="joy").iloc[0]
    assert pair["statistic"] == pytest.approx(told["t"], **CLOSE)
    assert (pair["df"], pair["p_value"]) == pytest.approx((told["t_df"], told["t_p"]), rel=1e-6)
    # One row a person: the cluster interval is Welch's.
    cluster = pick(found.table, method="jackknife", context="calm", versus="joy").iloc[0]
    for name in ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value"):
        assert cluster[name] == pytest.approx(pair[name], rel=1e-6)


def test_with_as_many_clips_everywhere_both_ways_are_the_paired_t_interval():
    rng = np.random.default_rng(6)
    table = pd.DataFrame({"subject": np.repeat(range(15), 8), "context": list("ab") * 60})
    table["score"] = rng.normal(size=15)[table["subject"]] + rng.normal(size=120)
    found = compare_means(table)
    t, cluster = (pick(found.table, term="difference", method=m) for m in ("t", "jackknife"))
    for name in ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value"):
        assert cluster[name].item() == pytest.approx(t[name].item(), **CLOSE)
    means = table.groupby(["context", "subject"])["score"].mean()
    wanted = stats.ttest_rel(means["a"], means["b"])
    assert t["p_value"].item() == pytest.approx(wanted.pvalue, **CLOSE)
    f = found.tests["statistic"].item()
    assert f == pytest.approx(wanted.statistic**2, **CLOSE)
    assert np.isnan(found.tests["epsilon"].item()) and np.isnan(found.tests["p_corrected"].item())


def test_cluster_rows_are_a_plain_jackknife_of_all_clips(people, repeated):
    def difference(table):
        means = table.groupby("context")["score"].mean()
        return means["calm"] - means["joy"]

    names = people["subject"].unique()
    without = np.array([difference(people[people["subject"] != name]) for name in names])
    error = np.sqrt(13 / 14 * ((without - without.mean()) ** 2).sum())
    row = pick(repeated.table, method="jackknife", context="calm", versus="joy").iloc[0]
    assert row["estimate"] == pytest.approx(difference(people), **CLOSE)
    assert row["std_error"] == pytest.approx(error, **CLOSE)
    reach = stats.t.ppf(0.975, 13) * error
    assert row["conf_high"] - row["estimate"] == pytest.approx(reach, **CLOSE)
    mean = pick(repeated.table, term="mean", method="jackknife", context="joy").iloc[0]
    joy = people[people["context"] == "joy"]
    left = [joy.loc[joy["subject"] != name, "score"].mean() for name in names]
    assert mean["std_error"] == pytest.approx(np.sqrt(13 / 14 * 14 * np.var(left)), **CLOSE)


def test_people_without_a_context_leave_the_anova_and_stay_in_the_cluster_interval(people):
    lost = people[~(people["subject"].eq("s03") & people["context"].eq("fear"))]
    found = compare_means(lost)
    assert found.left_out == ("s03",)
    assert found.tests["n_clusters"].item() == 13
    rest = compare_means(people[people["subject"] != "s03"])
    assert found.tests["statistic"].item() == pytest.approx(rest.tests["statistic"].item(), **CLOSE)
    cluster = pick(found.table, method="jackknife", context="calm", versus="joy")
    assert cluster["n_clusters"].item() == 14
    assert cluster["estimate"].item() == pytest.approx(
        lost.groupby("context")["score"].mean()[["calm", "joy"]].diff().iloc[-1] * -1, **CLOSE
    )


def test_clips_are_averaged_before_they_are_tested(people):
    doubled = pd.concat([people, people])
    first, second = (compare_means(table).tests for table in (people, doubled))
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_three_people_are_the_fewest(people):
    three = compare_means(people[people["subject"].isin(["s01", "s02", "s03"])])
    assert three.tests["df2"].item() == 4 and three.design == "repeated"
    assert 0.5 <= three.tests["epsilon"].item() <= 1
    assert set(pick(three.table, method="jackknife")["note"]) == {"only 3 people: a rough interval"}
    two = compare_means(people[people["subject"].isin(["s01", "s02"])])
    assert two.tests.empty and two.design == "none"
    assert two.notes == (
        "Only 2 of 2 people have all 3 contexts; a repeated-measures ANOVA needs 3.",
    )
    assert pick(two.table, method="jackknife")["conf_low"].isna().all()


def test_one_context_has_nothing_to_compare(people):
    one = compare_means(people[people["context"] == "joy"])
    assert one.sentence() == "There is one context, so that there are no means to compare."
    groups = compare_means(people[people["context"] == "joy"], between="group")
    assert groups.design == "groups" and groups.tests["term"].tolist() == ["group", "group"]


def test_a_difference_that_everybody_shares_is_no_test(people):
    table = people[people["context"] != "joy"].copy()
    level = table["subject"].str[1:].astype(float)
    table["score"] = level + table["context"].eq("fear") * 2.0
    found = compare_means(table)
    assert found.tests["statistic"].isna().all()
    assert "contexts differ by the same amount in everybody" in found.sentence()
    row = pick(found.table, term="difference", method="t")
    assert row["estimate"].item() == pytest.approx(-2) and np.isnan(row["p_value"].item())
    assert row["note"].item() == "the difference is the same in everybody: no test"


def test_what_cannot_be_compared_is_refused(people):
    with pytest.raises(DataError, match=r"1 person is in two groups: 's01'"):
        compare_means(
            people.assign(group=people["group"].mask(people.index == 0, "other")), between="group"
        )
    with pytest.raises(OptionError, match="nothing to compare by"):
        compare_means(people, by=None)
    with pytest.raises(DataError, match="no clip has a value"):
        compare_means(people.assign(score=np.nan))


def test_a_group_of_one_person_has_no_mixed_anova(people):
    alone = people.assign(group=np.where(people["subject"] == "s01", "only", "rest"))
    found = compare_means(alone, between="group")
    assert found.tests["statistic"].isna().all()
    assert "a group has fewer than 2 people with all contexts (only)" in found.sentence()
    assert pick(found.table, term="difference", method="t", context=None)["note"].item() == (
        "fewer than 2 people: no test"
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_rows_and_the_unit_do_not_matter(people, repeated, seed):
    mixed = people.sample(frac=1, random_state=seed)
    mixed["context"] = pd.Categorical(mixed["context"], ["calm", "fear", "joy"])
    found = compare_means(mixed.assign(score=100 + 10 * mixed["score"]))
    for name in ("statistic", "p_corrected", "effect"):
        wanted = repeated.tests[name].item()
        assert found.tests[name].item() == pytest.approx(wanted, rel=1e-8)
    first, second = (
        one.table[one.table["term"].eq("difference")]["estimate"].to_numpy()
        for one in (repeated, found)
    )
    assert second == pytest.approx(10 * first, rel=1e-8)


def test_sentences_follow_the_numbers(repeated, mixed, people):
    told = repeated.sentence()
    assert "Means differed between contexts, F(1.51, 19.67) = 12.34, p < .001" in told
    assert "the same 2 of the 3 differences are significant" in told or "disagree" in told
    assert "did not interact significantly" in mixed.sentence()
    rng = np.random.default_rng(1)
    noise = compare_means(people.assign(score=rng.normal(size=len(people))))
    assert "Means did not differ significantly between contexts" in noise.sentence()
    two = compare_means(people[people["context"] != "calm"])
    assert "both find a difference" in two.sentence()


def test_two_contexts_and_two_groups_are_t_tests_of_sums_and_of_differences(people):
    table = people[people["context"] != "fear"]
    found = compare_means(table, between="group").tests.set_index("term")
    wide = table.pivot_table(index=["group", "subject"], columns="context", values="score")
    for term, values in (
        ("group", wide.mean(axis=1)),
        ("context x group", wide["joy"] - wide["calm"]),
    ):
        wanted = stats.ttest_ind(values["patient"], values["control"])
        assert found.loc[term, "statistic"] == pytest.approx(wanted.statistic**2, **CLOSE)
        assert found.loc[term, "p_value"] == pytest.approx(wanted.pvalue, **CLOSE)
    assert found["p_corrected"].isna().all() and found["epsilon"].isna().all()


def test_groups_of_contexts_with_other_people_are_not_compared(oracle):
    rows = pd.DataFrame(oracle["apart"]["rows"])
    found = compare_means(rows.assign(sex=["f", "m"] * 7), between="sex")
    assert found.tests["term"].tolist() == ["context", "context"]
    assert found.notes == ("Contexts have different people; groups within them were not compared.",)
