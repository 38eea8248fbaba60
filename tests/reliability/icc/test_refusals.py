"""Tables in which a mean square is 0, with all clusters or without one of them.

A coefficient of such a table lies at an end of its range, and a jackknife of it has width 0 or is
far too narrow: the interval is refused, the estimate stands. Estimates come from the mean squares
of McGraw and Wong (1996, Table 3) typed out for numpy. Tolerance 1e-10: the same arithmetic in
another order.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.reliability import compare_reliability, rate_reliability, study_decisions
from exprstats.reliability.icc.twoway import lacks_squares

pytestmark = pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
LEVELS = np.random.default_rng(9).integers(0, 5, 20).astype(float)


def build(matrix, clips=2):
    """A RATINGS table from clips x raters (NaN: not rated), so many clips a subject."""
    matrix = np.asarray(matrix, float)
    clip, rater = np.indices(matrix.shape)
    table = pd.DataFrame(
        {
            "clip": [f"c{code}" for code in clip.ravel()],
            "subject": [f"s{code // clips}" for code in clip.ravel()],
            "rater": [f"r{code}" for code in rater.ravel()],
            "item": "x",
            "rating": matrix.ravel(),
        }
    )
    return table.dropna(subset="rating").reset_index(drop=True)


def agree(matrix):
    """ICC(A,k) of a complete table."""
    n, k = matrix.shape
    msr = k * matrix.mean(axis=1).var(ddof=1)
    msc = n * matrix.mean(axis=0).var(ddof=1)
    rest = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    mse = (rest**2).sum() / ((n - 1) * (k - 1))
    return (msr - mse) / (msr + (msc - mse) / n)


def gap(matrix):
    matrix = matrix.copy()
    matrix[3, 1] = matrix[7, 0] = matrix[8, 1:] = np.nan
    return matrix


ALIKE = np.tile(LEVELS[:, None], (1, 3))
SHIFTED = ALIKE + np.array([0, 1, -1])


@pytest.mark.parametrize("matrix", [ALIKE, gap(ALIKE)], ids=["whole", "gap"])
@pytest.mark.parametrize("model", ["one-way", "two-way", "nested", "auto"])
@pytest.mark.parametrize("draws", [0, 100])
def test_raters_who_agree_have_no_interval(matrix, model, draws):
    result = rate_reliability(build(matrix), model=model, draws=draws, seed=1)
    told = result.table[~result.table["term"].str.contains("subject")]
    assert told["estimate"].to_numpy() == pytest.approx(1, abs=1e-10)
    assert told[["conf_low", "conf_high"]].isna().all(axis=None)
    assert told["note"].notna().all()
    text = result.sentence()
    assert "degrees of freedom" not in text
    assert "CI" not in text
    assert "interval, clips" not in text
    assert "agree perfectly about every clip, so that no interval can be computed." in text
    assert study_decisions(result).table[["conf_low", "conf_high"]].isna().all(axis=None)


@pytest.mark.parametrize("matrix", [SHIFTED, gap(SHIFTED)], ids=["whole", "gap"])
def test_raters_who_differ_in_level_alone(matrix):
    result = rate_reliability(build(matrix), model="two-way")
    assert result.table[["conf_low", "conf_high"]].isna().all(axis=None)
    if not np.isnan(matrix).any():
        row = result.table.query("headline").iloc[0]
        assert row["estimate"] == pytest.approx(agree(matrix), abs=1e-10)
        assert "There is no interval: raters differ in level alone." in result.sentence()
    assert result.table["note"].str.contains("level").all()
    # Severity is error to the one-way model, which is told apart from no disagreement at all.
    assert rate_reliability(build(matrix)).table["conf_low"].notna().any()


@pytest.mark.parametrize("base", [ALIKE, SHIFTED, gap(ALIKE), gap(SHIFTED)])
@pytest.mark.parametrize("who", ["subject", "rater"])
def test_disagreement_of_one_cluster_alone(base, who):
    matrix = base.copy()
    if who == "subject":
        matrix[4:6] += np.random.default_rng(2).normal(size=(2, 3))
    else:
        matrix[:, 2] += np.random.default_rng(2).normal(size=20)
    table = rate_reliability(build(matrix), model="two-way").table
    assert table["estimate"].notna().all()
    refused = table[table["method"].eq("jackknife")]
    assert refused["conf_low"].isna().all()
    assert refused["note"].str.contains(f"without one {who} the ratings no longer vary").all()
    alone = table.loc[table["method"].eq("jackknife_subjects"), "conf_low"]
    assert alone.isna().all() if who == "subject" else alone.notna().all()
    assert table.loc[table["method"].isin(["f", "satterthwaite"]), "conf_low"].notna().all()


def test_disagreement_of_two_subjects_has_intervals():
    matrix = SHIFTED.copy()
    matrix[4:8] += np.random.default_rng(2).normal(size=(4, 3))
    rows = rate_reliability(build(matrix), model="two-way").table
    assert rows["conf_low"].notna().all()


def test_clips_whose_means_are_alike():
    """Every clip has the mean 2: MSR = 0, and no coefficient of the mean is defined."""
    matrix = np.stack([LEVELS, 4 - LEVELS], axis=1)
    rows = rate_reliability(build(matrix), model="two-way").table
    assert rows[["conf_low", "conf_high"]].isna().all(axis=None)


def test_contexts_are_bare_together_or_not_at_all():
    tables = [
        build(matrix).assign(context=name)
        for name, matrix in (("joy", SHIFTED), ("pain", SHIFTED + 3))
    ]
    table = pd.concat(tables, ignore_index=True)
    rows = rate_reliability(table, by="context", model="two-way").table
    within = rows[~rows["term"].str.contains("all clips")]
    assert within["conf_low"].isna().all()
    noise = np.random.default_rng(3).normal(size=len(table))
    mixed = table.assign(rating=table["rating"] + noise * table["context"].eq("pain"))
    rows = rate_reliability(mixed, by="context", model="two-way").table
    limited = rows.groupby("context", dropna=False)["conf_low"].count()
    assert limited["joy"] == 0
    assert limited["pain"] > 0 and limited[np.nan] > 0
    compared = compare_reliability(mixed, by="context", model="two-way").table
    assert compared["estimate"].notna().all()
    assert compared["conf_low"].isna().all()


def test_squares_by_a_fit_of_dummies():
    """The sums of squares of a least-squares fit with a column for each clip and rater."""
    rng = np.random.default_rng(5)
    for seed in range(30):
        clip, rater = rng.integers(0, 6, 15), rng.integers(0, 3, 15)
        clip, rater = (np.unique(x, return_inverse=True)[1] for x in (clip, rater))
        rating = rng.integers(0, 3, 15) if seed % 3 else clip * 2.0 + rater
        rating = np.asarray(rating, float)
        columns = [np.eye(x.max() + 1)[x] for x in (clip, rater)]
        left = [
            rating - x @ np.linalg.lstsq(x, rating, rcond=None)[0]
            for x in (np.hstack(columns), columns[1])
        ]
        rest, severe = (float(x @ x) for x in left)
        expected = min(rest, severe - rest) < 1e-10
        assert lacks_squares(rating, clip, rater) == expected


def draw_unequal(seed=1, *, known=True, apart=3.0):
    """Two contexts of 12 subjects: two raters see all 48 clips, three more those of one context."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(0, 1, (48, 1)) + rng.normal(0, 1.2, (48, 5))
    matrix[24:] += apart
    matrix[:24, 2:] = np.nan
    table = build(matrix).assign(context=lambda rows: _name(rows["clip"]))
    table["subject"] = "s" + (table["clip"].str[1:].astype(int) % 12).astype(str)
    return table if known else table.drop(columns="subject")


def _name(clips):
    return np.where(clips.str[1:].astype(int) < 24, "x", "y")


@pytest.mark.parametrize("known", [True, False], ids=["subjects", "clips"])
@pytest.mark.parametrize("by", ["context", None])
def test_clips_of_one_context_do_not_stand_for_all(known, by):
    rows = rate_reliability(draw_unequal(known=known), model="two-way", by=by).table
    pooled = rows[rows["context"].isna() & rows["method"].isin(["f", "satterthwaite"])]
    assert len(pooled) > 0
    assert pooled["conf_low"].isna().all()
    reason = "refused: the 24 clips that all raters rated are of 1 of 2 contexts"
    assert pooled["note"].str.contains(reason).all()
    others = rows[rows["context"].notna() & rows["method"].isin(["f", "satterthwaite"])]
    assert others["conf_low"].notna().all()
    headline = rows[rows["headline"] & rows["context"].isna()]
    assert headline["conf_low"].notna().all()


def test_no_interval_excludes_its_estimate():
    """The same ratings where nobody says that there are contexts."""
    table = draw_unequal(apart=8.0).drop(columns="context")
    rows = rate_reliability(table, model="two-way").table
    limited = rows[rows["raw_low"].notna()]
    assert limited["estimate"].between(limited["raw_low"], limited["raw_high"]).all()
    refused = rows[rows["method"].isin(["f", "satterthwaite"])]
    assert refused["note"].str.contains("have another reliability than all clips").all()


def test_clips_of_few_subjects_do_not_stand_for_all():
    matrix = np.random.default_rng(4).normal(size=(40, 4)) + LEVELS.repeat(2)[:, None]
    lost = matrix.copy()
    lost[:8, 3] = np.nan  # all clips of 4 of 20 subjects
    rows = rate_reliability(build(lost), model="two-way").table
    exact = rows["method"].isin(["f", "satterthwaite"])
    assert rows.loc[exact, "conf_low"].isna().all()
    assert rows.loc[exact, "note"].str.contains("show 16 of 20 subjects").all()
    lost = matrix.copy()
    lost[::4, 3] = np.nan  # one of the two clips of 10 subjects
    rows = rate_reliability(build(lost), model="two-way").table
    exact = rows["method"].isin(["f", "satterthwaite"])
    assert rows.loc[exact, "conf_low"].notna().all()
    assert rows.loc[exact, "note"].str.contains("the 30 clips that all raters rated").all()
