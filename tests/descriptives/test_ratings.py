"""Descriptives of ratings against pandas, plain loops and R.

Sums in another order: 1e-12. R's numbers are stored with 15 digits: 1e-10.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.descriptives import describe_ratings
from exprstats.errors import DataError
from exprstats.reliability import judge_raters
from exprstats.simulate import simulate_expressiveness

CLOSE = {"rel": 1e-9, "abs": 1e-12}


@pytest.fixture(scope="module")
def found(ratings):
    return describe_ratings(ratings, by="context", scale=(1, 5))


def test_moments_of_ratings_and_of_clip_means_are_those_of_pandas(ratings, found):
    table = found.table.set_index(["unit", "context", "item"])
    for (context, item), part in ratings.groupby(["context", "item"]):
        means = part.groupby("clip")["rating"].mean()
        for unit, values in (("ratings", part["rating"]), ("clip means", means)):
            row = table.loc[(unit, context, item)]
            wanted = (values.mean(), values.std(), values.skew(), values.kurt())
            assert tuple(row[["mean", "sd", "skew", "kurtosis"]]) == pytest.approx(wanted, **CLOSE)
            limits = (values.count(), values.min(), values.max(), values.nunique())
            assert tuple(row[["n", "low", "high", "n_values"]]) == limits
        row = table.loc[("ratings", context, item)]
        assert row["share_low"] == pytest.approx(part["rating"].dropna().eq(1).mean())
        assert row["share_high"] == pytest.approx(part["rating"].dropna().eq(5).mean())
    pooled = found.table[found.table["context"].isna() & found.table["unit"].eq("ratings")]
    assert pooled["n"].sum() == ratings["rating"].count()


def test_an_answer_is_missing_whether_its_cell_is_empty_or_its_row_absent(ratings, found):
    wide = ratings.pivot_table(
        index=["context", "clip", "rater"], columns="item", values="rating", dropna=False
    )
    wide = wide.dropna(how="all", axis=0).reindex(
        pd.MultiIndex.from_frame(ratings[["context", "clip", "rater"]].drop_duplicates())
    )
    pooled = found.missing[found.missing["context"].isna()].set_index("items")
    assert pooled["n"].sum() == len(wide) == 36
    both = wide.isna().sum(axis=1).eq(2).sum()
    assert pooled.loc["smile, arousal", "n"] == both
    assert pooled.loc["smile", "n"] == wide["smile"].isna().sum() - both
    assert pooled.loc["arousal", "n"] == wide["arousal"].isna().sum() - both
    assert pooled.loc["", "n"] == wide.notna().all(axis=1).sum()
    assert pooled["share"].sum() == pytest.approx(1)
    rows = found.table[found.table["context"].isna() & found.table["unit"].eq("ratings")]
    assert rows.set_index("item")["n_missing"].to_dict() == wide.isna().sum().to_dict()


def test_item_correlations_are_those_of_r(oracle):
    wide = pd.DataFrame(oracle["ratings"])
    long = wide.melt(["clip", "rater"], var_name="item", value_name="rating")
    table = describe_ratings(long.astype({"clip": str, "rater": str})).correlations
    found = table.set_index("term")["estimate"]
    assert found["between"] == pytest.approx(oracle["between"], abs=1e-10)
    assert found["within"] == pytest.approx(oracle["within"], abs=1e-10)
    assert table["n_clips"].tolist() == [20, 20] and table["n_ratings"].tolist() == [80, 80]


def test_item_correlations_are_those_of_a_plain_loop(ratings, found):
    for context, part in ratings.groupby("context"):
        wide = part.pivot_table(index=["clip", "rater"], columns="item", values="rating")
        both = wide.dropna()
        own = pd.concat([rows - rows.mean() for _, rows in both.groupby("clip")])
        means = wide.groupby("clip").mean()
        rows = found.correlations[found.correlations["context"] == context].set_index("term")
        for term, values in (("between", means), ("within", own)):
            r = np.corrcoef(values["smile"], values["arousal"])[0, 1]
            wanted = (
                r
                if term == "between"
                else (
                    (own["smile"] * own["arousal"]).sum()
                    / np.sqrt((own["smile"] ** 2).sum() * (own["arousal"] ** 2).sum())
                )
            )
            assert rows.loc[term, "estimate"] == pytest.approx(wanted, **CLOSE)


def test_halo_shows_within_clips_only():
    """Known truth: traits of two items are independent, half of the error variance is shared."""
    rng = np.random.default_rng(5)
    clip = np.repeat(np.arange(2000), 4)
    halo = rng.normal(size=8000)
    items = {
        name: rng.normal(size=2000)[clip] + halo + rng.normal(size=8000) for name in ("a", "b")
    }
    table = pd.DataFrame({"clip": clip, "rater": np.tile(range(4), 2000), **items})
    long = table.melt(["clip", "rater"], var_name="item", value_name="rating").astype(
        {"clip": str, "rater": str}
    )
    found = describe_ratings(long).correlations.set_index("term")["estimate"]
    # Within clips 1/2; between, halo of the mean of 4: (1/4)/(1 + 1/2) = 1/6. SE .008 and .022.
    assert found["within"] == pytest.approx(0.5, abs=0.03)
    assert found["between"] == pytest.approx(1 / 6, abs=0.08)


def test_statistics_of_raters_are_those_of_judge_raters(ratings, found):
    pd.testing.assert_frame_equal(found.raters, judge_raters(ratings).table)


def test_agreement_counts_each_rating_against_the_mean_of_the_others(ratings, found):
    part = ratings[ratings["context"].eq("joy") & ratings["item"].eq("smile")].dropna()
    pairs = []
    for row in part.to_dict("records"):
        rest = part[part["clip"].eq(row["clip"]) & part["rater"].ne(row["rater"])]["rating"]
        if len(rest):
            pairs.append((row["rating"], rest.mean()))
    rows = found.agreement
    rows = rows[rows["context"].eq("joy") & rows["item"].eq("smile")]
    assert rows["n"].sum() == len(pairs)
    told = np.repeat(rows[["rating", "others"]].to_numpy(), rows["n"], axis=0)
    step = (part["rating"].max() - part["rating"].min()) / 20
    wanted = np.array(sorted(pairs))
    assert sorted(told[:, 0]) == sorted(wanted[:, 0])
    assert np.abs(np.sort(told[:, 1]) - np.sort(wanted[:, 1])).max() <= step / 2 + 1e-12


def test_distributions_add_up_and_the_order_of_rows_does_not_matter(ratings, found):
    sums = found.distribution.groupby(["context", "item"], dropna=False)["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(6))
    mixed = describe_ratings(ratings.sample(frac=1, random_state=1), by="context", scale=(1, 5))
    keys = ["context", "item", "unit"]
    first, second = (
        one.table.fillna({"context": ""}).sort_values(keys).reset_index(drop=True)
        for one in (found, mixed)
    )
    pd.testing.assert_frame_equal(first, second, rtol=1e-10)
    pd.testing.assert_frame_equal(
        found.missing[found.missing["context"].isna()].drop(columns="items").reset_index(drop=True),
        mixed.missing[mixed.missing["context"].isna()].drop(columns="items").reset_index(drop=True),
    )


def test_nothing_given_is_changed(ratings):
    before = ratings.copy()
    describe_ratings(ratings, by="context")
    pd.testing.assert_frame_equal(ratings, before)


def test_one_context_is_not_told_twice(ratings):
    one = describe_ratings(ratings[ratings["context"] == "joy"], by="context")
    assert one.table["context"].isna().all() and len(one.table) == 4


def test_one_rater_a_clip_has_no_agreement_and_no_statistics_of_raters():
    table = pd.DataFrame({"clip": list("abcd"), "rater": list("xyxy"), "item": "q"})
    found = describe_ratings(table.assign(rating=[1.0, 2, 4, 4]))
    assert found.raters.empty and found.agreement.empty and found.correlations.empty
    assert found.table["n_clips"].tolist() == [4, 4]


def test_an_item_that_everybody_answers_alike_has_no_correlation():
    study = simulate_expressiveness(subjects=5, contexts={"pain": 3}, seed=1).ratings
    flat = study.assign(rating=study["rating"].where(study["item"] != "motion", 2.0))
    found = describe_ratings(flat)
    rows = found.correlations[found.correlations["versus"] == "motion"]
    assert rows["estimate"].isna().all()
    assert set(rows["note"]) == {"one of the items does not vary"}
    told = found.table[found.table["item"] == "motion"]
    assert set(told["note"]) == {"one value only: no skewness or kurtosis"}


def test_ratings_without_a_number_are_refused(ratings):
    with pytest.raises(DataError, match="all ratings are missing"):
        describe_ratings(ratings.assign(rating=np.nan))
