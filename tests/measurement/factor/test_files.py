"""Saving, loading, and comparing scores.

Tolerance: none for files (full precision); score card numbers 1e-10 against pandas' own.
"""

import json

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.measurement import (
    compare_scores,
    fit_factor,
    join_scores,
    load_factor,
    save_factor,
    score_clips,
)
from exprstats.measurement.factor.moments import share_between

ITEMS = ["smile", "voice", "pose"]


def test_a_saved_factor_scores_new_clips_like_the_first(draw, split, closed, tmp_path):
    table = draw()
    factor = fit_factor(table, items=ITEMS, by="context", parts=split(table), scale=(-9, 9))
    save_factor(factor, tmp_path / "factor.json")
    loaded = load_factor(tmp_path / "factor.json")
    pd.testing.assert_frame_equal(score_clips(loaded, table), factor.scores)
    pd.testing.assert_frame_equal(loaded.tidy(), factor.tidy())
    pd.testing.assert_frame_equal(loaded.spans, factor.spans)
    assert loaded.sentence() == factor.sentence()
    assert loaded.receipt == factor.receipt
    assert len(loaded.scores) == 0
    with pytest.raises(DataError, match="holds no scores, as one that was stored"):
        join_scores(table[["context", "clip"]], loaded)


def test_the_file_holds_no_row_of_data_and_no_nan(draw, closed, tmp_path):
    table = draw()
    save_factor(fit_factor(table, items=ITEMS), tmp_path / "factor.json")
    text = (tmp_path / "factor.json").read_text("utf-8")
    assert "NaN" not in text
    assert str(table["smile"].iloc[0]) not in text
    assert json.loads(text)["format"] == "exprstats factor"


@pytest.mark.r
def test_a_factor_of_lavaan_keeps_its_receipt(draw, tmp_path):
    factor = fit_factor(draw(), items=ITEMS)
    save_factor(factor, tmp_path / "factor.json")
    loaded = load_factor(tmp_path / "factor.json")
    assert loaded.engine == "lavaan"
    assert loaded.receipt.call == factor.receipt.call
    assert loaded.receipt.versions == dict(factor.receipt.versions)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "holds no factor"),
        ('{"format": "exprstats factor", "version": 99}', "version is 99"),
        ('{"format": "exprstats factor", "version": 1}', "damaged"),
    ],
)
def test_a_strange_file_is_refused(tmp_path, text, said):
    path = tmp_path / "strange.json"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=said):
        load_factor(path)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_factor(tmp_path / "nowhere.json")


def test_the_score_card_agrees_with_pandas(draw, closed):
    table = draw()
    factor = fit_factor(table, items=ITEMS, by="context")
    card = compare_scores(factor, table)
    rows = card.tidy().set_index(["context", "term", "score", "versus"]).sort_index()
    mean = table[ITEMS].mean(axis=1)
    calm = (table["context"] == "calm").to_numpy()
    own = factor.scores[factor.scores["fitted_on"] == "context"]["score"]
    wanted = own[calm].corr(mean[calm])
    row = rows.loc[("calm", "correlation", "bartlett", "mean")]
    assert row["estimate"].item() == pytest.approx(wanted, abs=1e-10)
    moved = (own[calm].rank() - mean[calm].rank()).abs() / calm.sum()
    row = rows.loc[("calm", "rank_change", "bartlett", "mean")]
    assert row["estimate"].item() == pytest.approx(moved.mean(), abs=1e-10)
    row = rows.loc[("calm", "rank_change_largest", "bartlett", "mean")]
    assert row["estimate"].item() == pytest.approx(moved.max(), abs=1e-10)
    same = rows.loc[("calm", "correlation", "bartlett", "regression")]
    assert same["estimate"].item() == pytest.approx(1, abs=1e-10)
    assert "Bartlett, regression and mean scores" in card.sentence()
    assert card.tidy()["context"].isna().sum() == 12


def test_without_subjects_the_card_has_no_share(draw, closed):
    table = draw().drop(columns="subject")
    card = compare_scores(fit_factor(table, items=ITEMS), table)
    assert "between_share" not in set(card.tidy()["term"])
    assert "between subjects" not in card.sentence()


def test_subjects_without_a_name_are_refused(draw, closed):
    table = draw()
    table["person"] = table["subject"].where(table.index > 2)
    factor = fit_factor(table, items=ITEMS)
    with pytest.raises(DataError, match="no column 'persons'"):
        compare_scores(factor, table, subject="persons")
    with pytest.raises(DataError, match="3 of 120 cells are empty"):
        compare_scores(factor, table, subject="person")


def test_too_few_scored_clips_are_refused(draw, closed):
    table = draw()
    with pytest.raises(DataError, match="2 clips have scores"):
        compare_scores(fit_factor(table, items=ITEMS), table.head(2))


def test_the_share_between_subjects_is_the_one_simulated():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 2000, 12_000)
    score = rng.normal(size=2000)[codes] * np.sqrt(0.3) + rng.normal(size=12_000) * np.sqrt(0.7)
    _, codes = np.unique(codes, return_inverse=True)
    assert share_between(score, codes) == pytest.approx(0.3, abs=0.03)
    assert np.isnan(share_between(score[:3], np.arange(3)))
