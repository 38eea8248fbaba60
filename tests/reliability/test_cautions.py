"""What is said of thin, turned and untestable ratings, and contexts that cannot be rated."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataWarning
from exprstats.reliability import compare_reliability, judge_raters, rate_reliability


def draw_ratings(raters: int = 4, clips: int = 36) -> pd.DataFrame:
    """Return ratings of 1 to 7, all raters on all clips of 12 people in contexts A and B."""
    rng = np.random.default_rng(5)
    clip = np.repeat(np.arange(clips), raters)
    rating = rng.normal(size=clips)[clip] * 1.5 + 4 + rng.normal(size=len(clip)) * 0.7
    return pd.DataFrame(
        {
            "clip": [f"c{one}" for one in clip],
            "subject": [f"s{one % 12}" for one in clip],
            "context": np.where(clip % 2, "A", "B"),
            "rater": np.tile([f"r{one}" for one in range(raters)], clips),
            "item": "score",
            "rating": np.clip(np.round(rating), 1, 7),
        }
    )


def test_a_rater_who_turned_the_scale_is_named_and_nobody_else():
    table = draw_ratings()
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        rate_reliability(table)
    turned = table["rater"].eq("r2")
    table.loc[turned, "rating"] = 8 - table.loc[turned, "rating"]
    own = table[turned].set_index("clip")["rating"]
    others = table[~turned].groupby("clip")["rating"].mean()
    with pytest.warns(
        DataWarning, match=r"rater 'r2' rates against the others \(r = (.*?) "
    ) as got:
        rate_reliability(table)
    assert len(got) == 1
    r = f"{own.corr(others):.2f}".replace("0.", ".").replace("-", "−")
    assert f"(r = {r} over 36 clips)" in str(got[0].message)


def test_a_rater_who_leans_against_the_others_a_little_is_not_called_turned():
    table = draw_ratings(clips=200)
    turned = table["rater"].eq("r2")
    noise = np.random.default_rng(3).normal(size=turned.sum()) * 3
    table.loc[turned, "rating"] = np.clip(8 - table.loc[turned, "rating"] + noise, 1, 7).round()
    own = table[turned].set_index("clip")["rating"]
    r = own.corr(table[~turned].groupby("clip")["rating"].mean())
    assert -0.5 < r < -3 / np.sqrt(197)  # far from 0 by its error, and small
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        rate_reliability(table)


def test_agreement_that_rests_on_few_clips_is_said():
    table = draw_ratings()
    first = table.groupby("clip").head(1)
    some = table[table["clip"].isin(["c0", "c1", "c2"])]
    thin = pd.concat([first, some]).drop_duplicates(["clip", "rater"])
    with pytest.warns(DataWarning, match="agreement rests on 3 clips alone"):
        rate_reliability(thin)


def test_a_context_that_cannot_be_rated_leaves_the_differences_of_the_others():
    table = draw_ratings()
    extra = table[table["clip"].eq("c0")].assign(context="C", clip="alone")
    found = compare_reliability(pd.concat([table, extra])).table
    means = found[found["term"].eq("ICC(1,k)")].set_index(["context", "versus"])
    assert means["estimate"].notna().sum() == 1
    assert means["p_value"].notna().sum() == 1
    assert (
        means.loc[means["estimate"].isna(), "note"]
        .str.contains("context 'C' has ratings of 1 clip")
        .all()
    )
    alone = compare_reliability(table).table
    kept = alone[alone["term"].eq("ICC(1,k)")].iloc[0]
    assert means["estimate"].dropna().item() == pytest.approx(kept["estimate"], abs=1e-12)


@pytest.mark.parametrize("raters", [4, 9])
def test_severity_is_flagged_among_enough_raters_who_differ_enough(raters):
    table = draw_ratings(raters)
    slight = table["rater"].eq("r0")
    table["rating"] = table["rating"] + 0.3 * slight
    assert "lenient" not in "".join(judge_raters(table).table["flag"])
    table["rating"] = table["rating"] + 4 * slight
    flags = judge_raters(table).table.set_index("rater")["flag"]
    assert ("lenient" in flags["r0"]) == (raters == 9)


def test_a_single_difference_is_not_counted_and_an_untested_one_not_called_equal():
    from exprstats.report.sections.reliability import say_differences

    table = draw_ratings()
    text = "".join(str(part) for part in say_differences(compare_reliability(table)))
    assert "of 1 differences" not in text
    perfect = table["context"].eq("B")
    table.loc[perfect, "rating"] = table[perfect].groupby("clip")["rating"].transform("first")
    differences = compare_reliability(table)
    text = "".join(str(part) for part in say_differences(differences))
    assert "could not be tested" in text and "differed" not in text
    assert differences.table["note"].dropna().str.contains("in context 'B'").all()


def test_spans_rest_on_the_answers_of_raters_not_on_their_means():
    study = ex.simulate_expressiveness(subjects=12, contexts={"pain": 3, "disgust": 3}, seed=2)
    items = ["response", "emotion", "motion"]
    means = ex.average_raters(study.ratings)
    factor = ex.fit_factor(means, items=items, ratings=study.ratings)
    ends = study.ratings.groupby("item")["rating"].agg(["min", "max"]).loc[items]
    rows = factor.tidy().query("headline and part == 'all'")
    loading, residual = (
        rows[rows["term"] == term]["estimate"].to_numpy()
        for term in ("loading_raw", "residual_raw")
    )
    weight = loading / residual / (loading**2 / residual).sum()
    span = float(np.abs(weight) @ (ends["max"] - ends["min"]).to_numpy())
    assert factor.spans["span"].iloc[-1] == pytest.approx(span, rel=1e-6)
    assert (means[items].max() < ends["max"]).any() or (means[items].min() > ends["min"]).any()


def test_a_rater_who_gave_one_category_is_named_where_agreement_is_measured():
    table = draw_ratings(3)
    table["rating"] = np.where(table["rater"].eq("r1"), 2.0, (table["rating"] > 4) + 1.0)
    with pytest.warns(DataWarning, match="'r1' gave one value"):
        ex.measure_agreement(table, scale=(1, 2))


def test_labels_are_the_declared_scale_and_are_printed():
    table = draw_ratings(3)
    table["rating"] = (table["rating"] > 4) + 1.0
    labels = {1.0: "calm", 2.0: "moved", 3.0: "none"}
    named = ex.measure_agreement(table, weights="identity", labels=labels)
    plain = ex.measure_agreement(table, weights="identity", scale=[1, 2, 3])
    pd.testing.assert_frame_equal(named.table, plain.table)
    assert named.table["term"].eq("ac").any()
    assert [named.name_value(one) for one in (1.0, 2.0, 4.0)] == ["calm", "moved", "4"]
