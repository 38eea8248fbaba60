"""What `fit_factor` finds, and how scores line up.

Tolerance 1e-6 where two orders or units of rows meet; known truths within 3 standard errors.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.measurement import fit_factor, score_clips

ITEMS = ["smile", "voice", "pose"]


# --- what it finds ------------------------------------------------------------------------------


def test_known_loadings_are_inside_their_intervals(draw, closed):
    table = draw(n=4000, seed=3)
    rows = fit_factor(table, items=ITEMS).tidy()
    rows = rows[rows["headline"]].set_index(["term", "item"])
    for item, loading in zip(ITEMS, (0.9, 0.8, 0.7), strict=True):
        row = rows.loc[("loading_raw", item)]
        assert abs(row["estimate"] - loading) < 3 * row["std_error"]
        assert row["std_error"] < 0.03
    omega = 2.4**2 / (2.4**2 + 3 * 0.25)
    row = rows.xs("omega", level="term").iloc[0]
    assert abs(row["estimate"] - omega) < 3 * row["std_error"]


def test_rows_come_by_context_with_the_pooled_ones_last(draw, split, closed):
    table = draw()
    factor = fit_factor(table, items=ITEMS, by="context", parts=split(table))
    rows = factor.tidy()
    assert list(rows.columns[:4]) == ["context", "part", "term", "item"]
    order = rows[["part", "context"]].drop_duplicates().to_numpy().tolist()
    assert [(part, None if pd.isna(name) else name) for part, name in order] == [
        *(("train", "calm"), ("train", "loud"), ("train", None)),
        *(("all", "calm"), ("all", "loud"), ("all", None)),
    ]
    counts = rows.groupby("part")["n_clips"].max()
    assert counts.to_dict() == {"all": 120, "train": 72}
    assert factor.glance().iloc[0][["n_clips", "n_contexts", "df"]].tolist() == [120, 2, 0]


def test_the_level_moves_the_limits(draw, closed):
    table = draw()
    rows = fit_factor(table, items=ITEMS, level=0.5).tidy()
    # The t of 19 degrees of freedom, that of 20 subjects, and the normal distribution.
    narrow = rows[rows["method"] == "jackknife"].iloc[0]
    assert narrow["conf_high"] - narrow["estimate"] == pytest.approx(
        0.6876214596 * narrow["std_error"]
    )
    narrow = rows[rows["method"] == "ml"].iloc[0]
    assert narrow["conf_high"] - narrow["estimate"] == pytest.approx(
        0.6744897501960817 * narrow["std_error"]
    )
    assert narrow["level"] == 0.5


# --- scores -------------------------------------------------------------------------------------


def test_scores_keep_the_index_and_survive_missing_rows(draw, closed):
    table = draw()
    holes = table.copy()
    holes.loc[[3, 50], "voice"] = np.nan
    holes.index = [f"row {i}" for i in range(len(holes))]
    with pytest.warns(DataWarning, match="2 of 120 clips lack an item"):
        factor = fit_factor(holes, items=ITEMS)
    scores = factor.scores
    assert list(scores.index) == list(holes.index)
    assert list(np.flatnonzero(scores["score"].isna())) == [3, 50]
    assert scores["factor_se"].isna().sum() == 2
    assert scores["note"].value_counts().to_dict() == {
        "an item is missing": 2,
        "the raters behind the item means were not given": 118,
    }
    again = fit_factor(holes.drop(index=["row 3", "row 50"]), items=ITEMS).scores
    np.testing.assert_allclose(scores["score"].dropna(), again["score"], atol=1e-12)
    assert np.corrcoef(scores["score"].dropna(), holes["factor"].drop(["row 3", "row 50"]))[
        0, 1
    ] > 0.9  # fmt: skip


def test_with_parts_the_scores_come_from_training_subjects_only(draw, split, closed):
    table = draw()
    parts = split(table)
    factor = fit_factor(table, items=ITEMS, by="context", parts=parts)
    trained = set(parts.loc[parts["part"] == "train", "subject"])
    changed = table.copy()
    others = ~changed["subject"].isin(trained)
    changed.loc[others, "smile"] *= 1.3
    after = fit_factor(changed, items=ITEMS, by="context", parts=parts)
    twice = pd.concat([table, table])
    same = twice["subject"].isin(trained).to_numpy()
    np.testing.assert_array_equal(factor.scores["score"][same], after.scores["score"][same])
    assert not np.allclose(factor.scores["score"][~same], after.scores["score"][~same])
    only = fit_factor(table[~others], items=ITEMS, by="context")
    np.testing.assert_allclose(only.scores["score"], factor.scores["score"][same], atol=1e-12)


def test_own_context_and_pooled_scores_stand_side_by_side(draw, closed):
    table = draw()
    scores = fit_factor(table, items=ITEMS, by="context").scores
    assert list(scores.columns) == [
        *("context", "clip", "subject", "fitted_on", "score", "std_error", "factor_se", "note")
    ]
    assert scores["fitted_on"].value_counts().to_dict() == {"context": 120, "all": 120}
    calm = fit_factor(table[table["context"] == "calm"], items=ITEMS).scores
    own = scores[(scores["fitted_on"] == "context") & (scores["context"] == "calm")]
    np.testing.assert_allclose(own["score"], calm["score"], atol=1e-12)
    assert own.index.equals(calm.index)


def test_new_clips_are_scored_by_stored_estimates(draw, closed):
    table = draw()
    factor = fit_factor(table, items=ITEMS, by="context")
    again = score_clips(factor, table)
    pd.testing.assert_frame_equal(again, factor.scores)
    one = score_clips(factor, table.iloc[[7]])
    assert one["score"].iloc[0] == factor.scores["score"].iloc[7]
    with pytest.raises(DataError, match=r"context 'cold' was not in the fit.*calm, loud"):
        score_clips(factor, table.head(1).assign(context="cold"))
    with pytest.raises(OptionError, match="'bartlet'"):
        score_clips(factor, table, method="bartlet")


def test_the_span_is_what_the_extreme_answers_score(draw, closed):
    table = draw()
    factor = fit_factor(table, items=ITEMS, by="context", scale=(-2, 6))
    corners = pd.DataFrame({"context": "calm", "clip": ["low", "high"], **dict.fromkeys(ITEMS)})
    corners[ITEMS] = [[-2.0] * 3, [6.0] * 3]
    scores = score_clips(factor, corners)
    own = scores[scores["fitted_on"] == "context"]["score"].to_numpy()
    spans = factor.spans
    assert spans.loc[spans["context"] == "calm", "span"].item() == pytest.approx(own[1] - own[0])
    assert list(spans["fitted_on"]) == ["context", "context", "all"]


def test_without_a_clip_column_the_rows_are_numbered(draw, closed):
    table = draw()[ITEMS]
    assert list(fit_factor(table, items=ITEMS).scores["clip"][:3]) == ["1", "2", "3"]


# --- properties ---------------------------------------------------------------------------------


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), shift=st.floats(-50, 50), stretch=st.floats(0.01, 100))
def test_order_units_and_input_do_not_matter(draw, closed, seed, shift, stretch):
    table = draw(n=90, seed=seed)
    before = table.copy()
    factor = fit_factor(table, items=ITEMS)
    pd.testing.assert_frame_equal(table, before)
    order = np.random.default_rng(seed).permutation(len(table))
    shuffled = fit_factor(table.iloc[order], items=ITEMS[::-1])
    np.testing.assert_allclose(
        shuffled.scores["score"].loc[table.index], factor.scores["score"], atol=1e-8
    )
    moved = table.assign(voice=table["voice"] * stretch + shift)
    moved = fit_factor(moved, items=ITEMS)
    np.testing.assert_allclose(moved.scores["score"], factor.scores["score"], atol=1e-6)
