"""Differences between contexts against a loop, and their error rate where there is none.

Tolerance 1e-10: the same sums in another order.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError
from exprstats.reliability import rate_reliability
from exprstats.reliability.contexts import compare_reliability


def join_contexts(*tables):
    names = ("pain", "fear", "joy")
    parts = [table.assign(context=name) for name, table in zip(names, tables, strict=False)]
    return pd.concat(parts, ignore_index=True)


def compute_icc(table, k=None):
    groups = table.groupby("clip")["rating"]
    n, total = groups.ngroups, len(table)
    between = (groups.size() * (groups.mean() - table["rating"].mean()) ** 2).sum() / (n - 1)
    within = ((table["rating"] - groups.transform("mean")) ** 2).sum() / (total - n)
    n0 = (total - (groups.size() ** 2).sum() / total) / (n - 1)
    single = (between - within) / (between + (n0 - 1) * within)
    return single if k is None else k * single / (1 + (k - 1) * single)


def find_k(table):
    return 1 / (1 / table.groupby("clip").size()).mean()


def test_difference_and_its_error_equal_a_loop(make_crowd):
    one = make_crowd(1, subjects=8, clips=3, workers=9)
    two = make_crowd(2, subjects=10, clips=2, workers=7)
    both = join_contexts(one, two)
    ks = [find_k(table) for table in (one, two)]

    def leave_out(labels, name, k):
        rows = both[both["context"] == name]
        here = labels[rows.index].unique()
        left = [compute_icc(rows[labels[rows.index] != label], k) for label in here]
        scale = ((len(left) - 1) / len(left)) ** 0.5
        return pd.Series(scale * (np.array(left) - np.mean(left)), here)

    def spread(labels):
        sides = [leave_out(labels, *side) for side in zip(("pain", "fear"), ks, strict=True)]
        moves = sides[0].sub(sides[1], fill_value=0) ** 2
        shared = moves.index.isin(sides[0].index) & moves.index.isin(sides[1].index)
        alone = [moves[~shared & moves.index.isin(side.index)] for side in sides]
        # A cluster of a context frees 1 - 1/n degrees, n the clusters of the smaller it is in.
        counts = [len(side) for side in sides]
        parts = [*zip(alone, counts, strict=True), (moves[shared], min(counts))]
        lost = sum(own.sum() ** 2 / (len(own) * (1 - 1 / n)) for own, n in parts if len(own))
        return moves.sum(), moves.sum() ** 2 / lost

    (subject, df), (rater, df_rater) = spread(both["subject"]), spread(both["rater"])
    cell = spread(both["subject"] + "/" + both["rater"])[0]
    error = max(subject + rater - cell, subject, rater) ** 0.5
    row = compare_reliability(both).table.set_index("term").loc["ICC(1,k)"]
    values = [compute_icc(table, k) for table, k in zip((one, two), ks, strict=True)]
    difference = values[0] - values[1]
    assert row["estimate"] == pytest.approx(difference, abs=1e-10)
    assert row["std_error"] == pytest.approx(error, abs=1e-10)
    assert row["df"] == pytest.approx(min(df, df_rater), abs=1e-8)
    reach = stats.t.ppf(0.975, min(df, df_rater)) * error
    assert row["conf_high"] == pytest.approx(difference + reach, abs=1e-10)
    expected = 2 * stats.t.sf(abs(difference) / error, min(df, df_rater))
    assert row["p_value"] == pytest.approx(expected, abs=1e-10)


def test_people_of_one_context_alone_give_no_freedom_to_the_other(make_crowd):
    """6 people and 40 others: each context's own variance, and Welch's degrees of freedom.

    Raters are one clip's own, so that people alone are left out. With the degrees of freedom of all
    46 people a true null was rejected in .12 of 200 studies of 6 and 80 people, now in .09.
    """
    parts, tables = [], []
    for name, people, seed in (("pain", 6, 1), ("fear", 40, 2)):
        table = make_crowd(seed, subjects=people, clips=3).assign(context=name)
        for column in ("subject", "clip"):
            table[column] = name + table[column].astype(str)
        table["rater"] = table["clip"] + table["rater"].astype(str)
        tables.append(table)
        k, who = find_k(table), table["subject"].unique()
        left = [compute_icc(table[table["subject"] != one], k) for one in who]
        parts.append((compute_icc(table, k), np.var(left) * (len(left) - 1), len(left)))
    row = compare_reliability(pd.concat(tables)).table.set_index("term").loc["ICC(1,k)"]
    (a, va, na), (b, vb, nb) = parts
    df = (va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1))
    assert df < 20
    assert row["df"] == pytest.approx(df, rel=1e-8)
    assert row["std_error"] == pytest.approx((va + vb) ** 0.5, abs=1e-10)
    assert row["p_value"] == pytest.approx(
        2 * stats.t.sf(abs(a - b) / (va + vb) ** 0.5, df), abs=1e-10
    )


def test_pairs_and_adjustment(make_crowd):
    both = join_contexts(make_crowd(1), make_crowd(2, share=0.2), make_crowd(3, workers=30))
    result = compare_reliability(both)
    rows = result.table[result.table["term"] == "ICC(1,1)"]
    pairs = list(zip(rows["context"], rows["versus"], strict=True))
    assert pairs == [("pain", "fear"), ("pain", "joy"), ("fear", "joy")]
    order = rows["p_value"].sort_values()
    adjusted = np.maximum.accumulate(np.minimum(1, order.to_numpy() * [3, 2, 1]))
    np.testing.assert_allclose(rows.loc[order.index, "p_adjusted"], adjusted)
    single = rate_reliability(both, by="context").table.query("term == 'ICC(1,1)'")
    values = dict(zip(single["context"], single["estimate"], strict=True))
    for row in rows.itertuples():
        assert row.estimate == pytest.approx(values[row.context] - values[row.versus])


@pytest.mark.parametrize(("model", "terms"), [("two-way", 4), ("nested", 2)])
def test_other_models(make_crowd, model, terms):
    both = join_contexts(make_crowd(1), make_crowd(2))
    result = compare_reliability(both, model=model)
    assert len(result.table) == terms
    rated = rate_reliability(both, by="context", model=model).table
    term = result.table["term"].iloc[0]
    rated = rated[(rated["term"] == term) & rated["context"].notna()]["estimate"].to_numpy()
    assert result.table["estimate"].iloc[0] == pytest.approx(rated[0] - rated[1])


def test_equal_contexts_have_no_difference(crowd):
    twice = pd.concat([crowd.assign(context="a"), crowd.assign(context="b")], ignore_index=True)
    row = compare_reliability(twice).table.iloc[0]
    assert row["estimate"] == 0
    assert row["std_error"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("count", [40, pytest.param(150, marks=pytest.mark.slow)])
def test_error_rate_without_a_difference(make_crowd, count):
    """Contexts of one population share subjects and workers: p < .05 in about 5 of 100."""
    p_values = []
    for seed in range(count):
        table = make_crowd(seed, subjects=30, clips=6, workers=30)
        number = table["clip"].str.split("_").str[1].astype(int)
        table["context"] = np.where(number < 3, "a", "b")
        p_values.append(compare_reliability(table).table["p_value"].iloc[0])
    rate = np.mean(np.array(p_values) < 0.05)
    assert rate <= 0.05 + 3 * (0.05 * 0.95 / count) ** 0.5


def test_one_context(crowd):
    with pytest.raises(DataError, match="there is one context"):
        compare_reliability(crowd.assign(context="a"))
    with pytest.raises(DataError, match="no column 'context'"):
        compare_reliability(crowd)


def test_sentence(make_crowd):
    text = compare_reliability(join_contexts(make_crowd(1), make_crowd(2))).sentence()
    assert text.startswith("response: ICC(1,k) of pain minus that of fear is ")
    assert "adjusted p " in text


def test_a_context_of_two_raters_is_said_to_take_them_as_fixed():
    rng = np.random.default_rng(3)
    rows = [
        (
            context,
            f"{context}{clip}",
            f"s{clip // 3}",
            f"{context}{rater}",
            "x",
            rng.normal() + clip % 3,
        )
        for context, raters in (("a", 4), ("b", 2))
        for clip in range(18)
        for rater in range(raters)
    ]
    table = pd.DataFrame(rows, columns=["context", "clip", "subject", "rater", "item", "rating"])
    found = compare_reliability(table)
    row = found.table.iloc[0]
    assert row["method"] == "jackknife_subjects" and row["df"] == 5
    assert "raters treated as fixed; few clusters: it rests on 5 degrees" in row["note"]
    assert "raters treated as fixed" in found.sentence()
