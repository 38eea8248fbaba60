"""What `fit_factor` refuses and warns of, how scores line up, and that names are harmless.

Tolerance 1e-6 where two engines or two orders of rows meet; known truths within 3 standard errors.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exprstats import rbridge
from exprstats.errors import (
    DataError,
    DataWarning,
    FitError,
    FitWarning,
    OptionError,
    RError,
)
from exprstats.measurement import fit_factor, score_clips

ITEMS = ["smile", "voice", "pose"]


def draw_items(n=120, contexts=("calm", "loud"), seed=1, loadings=(0.9, 0.8, 0.7), noise=0.5):
    """Return an items table with known truth: `factor` holds each clip's own value."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    answers = 2 + np.outer(factor, loadings) + rng.normal(size=(n, 3)) * noise
    table = pd.DataFrame(answers, columns=ITEMS)
    table.insert(0, "context", [contexts[i % len(contexts)] for i in range(n)])
    table.insert(1, "clip", [f"c{i // len(contexts)}" for i in range(n)])
    table.insert(2, "subject", [f"s{i % 20}" for i in range(n)])
    return table.assign(factor=factor)


def split(table):
    subjects = sorted(table["subject"].unique())
    parts = ["train"] * 12 + ["validate"] * 4 + ["test"] * 4
    return pd.DataFrame({"subject": subjects, "part": parts})


@pytest.fixture
def closed(monkeypatch):
    """Without R: quick, and the same numbers."""

    def refuse(*_arguments, **_options):
        message = "R is not asked here."
        raise RError(message)

    monkeypatch.setattr(rbridge, "call", refuse)
    monkeypatch.setattr("exprstats.measurement.factor.probe_r", lambda: rbridge.RState())


# --- what it finds ------------------------------------------------------------------------------


def test_known_loadings_are_inside_their_intervals(closed):
    table = draw_items(n=4000, seed=3)
    rows = fit_factor(table, items=ITEMS).tidy().set_index(["term", "item"])
    for item, loading in zip(ITEMS, (0.9, 0.8, 0.7), strict=True):
        row = rows.loc[("loading_raw", item)]
        assert abs(row["estimate"] - loading) < 3 * row["std_error"]
        assert row["std_error"] < 0.03
    omega = 2.4**2 / (2.4**2 + 3 * 0.25)
    row = rows.xs("omega", level="term").iloc[0]
    assert abs(row["estimate"] - omega) < 3 * row["std_error"]


def test_rows_come_by_context_with_the_pooled_ones_last(closed):
    table = draw_items()
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


def test_the_level_moves_the_limits(closed):
    table = draw_items()
    narrow = fit_factor(table, items=ITEMS, level=0.5).tidy().iloc[0]
    assert narrow["conf_high"] - narrow["estimate"] == pytest.approx(
        0.6744897501960817 * narrow["std_error"]
    )
    assert narrow["level"] == 0.5


# --- scores -------------------------------------------------------------------------------------


def test_scores_keep_the_index_and_survive_missing_rows(closed):
    table = draw_items()
    holes = table.copy()
    holes.loc[[3, 50], "voice"] = np.nan
    holes.index = [f"row {i}" for i in range(len(holes))]
    with pytest.warns(DataWarning, match="2 of 120 clips lack an item"):
        factor = fit_factor(holes, items=ITEMS)
    scores = factor.scores
    assert list(scores.index) == list(holes.index)
    assert list(np.flatnonzero(scores["score"].isna())) == [3, 50]
    assert scores["std_error"].isna().sum() == 2
    again = fit_factor(holes.drop(index=["row 3", "row 50"]), items=ITEMS).scores
    np.testing.assert_allclose(scores["score"].dropna(), again["score"], atol=1e-12)
    assert np.corrcoef(scores["score"].dropna(), holes["factor"].drop(["row 3", "row 50"]))[
        0, 1
    ] > 0.9  # fmt: skip


def test_with_parts_the_scores_come_from_training_subjects_only(closed):
    table = draw_items()
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


def test_own_context_and_pooled_scores_stand_side_by_side(closed):
    table = draw_items()
    scores = fit_factor(table, items=ITEMS, by="context").scores
    assert list(scores.columns) == [
        *("context", "clip", "subject", "fitted_on", "score", "std_error"),
    ]
    assert scores["fitted_on"].value_counts().to_dict() == {"context": 120, "all": 120}
    calm = fit_factor(table[table["context"] == "calm"], items=ITEMS).scores
    own = scores[(scores["fitted_on"] == "context") & (scores["context"] == "calm")]
    np.testing.assert_allclose(own["score"], calm["score"], atol=1e-12)
    assert own.index.equals(calm.index)


def test_new_clips_are_scored_by_stored_estimates(closed):
    table = draw_items()
    factor = fit_factor(table, items=ITEMS, by="context")
    again = score_clips(factor, table)
    pd.testing.assert_frame_equal(again, factor.scores)
    one = score_clips(factor, table.iloc[[7]])
    assert one["score"].iloc[0] == factor.scores["score"].iloc[7]
    with pytest.raises(DataError, match=r"context 'cold' was not in the fit.*calm, loud"):
        score_clips(factor, table.head(1).assign(context="cold"))
    with pytest.raises(OptionError, match="'bartlet'"):
        score_clips(factor, table, method="bartlet")


def test_the_span_is_what_the_extreme_answers_score(closed):
    table = draw_items()
    factor = fit_factor(table, items=ITEMS, by="context", scale=(-2, 6))
    corners = pd.DataFrame({"context": "calm", "clip": ["low", "high"], **dict.fromkeys(ITEMS)})
    corners[ITEMS] = [[-2.0] * 3, [6.0] * 3]
    scores = score_clips(factor, corners)
    own = scores[scores["fitted_on"] == "context"]["score"].to_numpy()
    spans = factor.spans
    assert spans.loc[spans["context"] == "calm", "span"].item() == pytest.approx(own[1] - own[0])
    assert list(spans["fitted_on"]) == ["context", "context", "all"]


def test_without_a_clip_column_the_rows_are_numbered(closed):
    table = draw_items()[ITEMS]
    assert list(fit_factor(table, items=ITEMS).scores["clip"][:3]) == ["1", "2", "3"]


# --- properties ---------------------------------------------------------------------------------


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), shift=st.floats(-50, 50), stretch=st.floats(0.01, 100))
def test_order_units_and_input_do_not_matter(closed, seed, shift, stretch):
    table = draw_items(n=90, seed=seed)
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


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("items", [["smile"], ["smile", "voice"], [], "smile"])
def test_fewer_than_three_items_are_refused(items):
    with pytest.raises(OptionError, match="three"):
        fit_factor(draw_items(), items=items)


def test_an_item_named_twice_is_refused():
    with pytest.raises(OptionError, match="'voice' is named twice"):
        fit_factor(draw_items(), items=["smile", "voice", "voice"])


def test_an_absent_item_is_named_with_its_neighbour():
    with pytest.raises(DataError, match=r"no column 'smil'.*'smile'"):
        fit_factor(draw_items(), items=["smil", "voice", "pose"])


def test_a_constant_item_is_named():
    with pytest.raises(DataError, match=r"'voice'.*every value is 2\.") as caught:
        fit_factor(draw_items().assign(voice=2.0), items=ITEMS)
    assert caught.value.problems[0].column == "voice"


def test_an_item_constant_in_one_context_is_named_with_the_context():
    table = draw_items()
    table.loc[table["context"] == "calm", "pose"] = 1.0
    with pytest.raises(DataError, match=r"'pose'.*context 'calm'"):
        fit_factor(table, items=ITEMS, by="context")


def test_a_wholly_missing_item_is_named():
    with pytest.raises(DataError, match=r"'pose'.*every value is missing"):
        fit_factor(draw_items().assign(pose=np.nan), items=ITEMS)


def test_text_and_infinity_are_refused():
    with pytest.raises(DataError, match=r"'pose'.*'drei'"):
        fit_factor(draw_items().assign(pose="drei"), items=ITEMS)
    table = draw_items()
    table.loc[4, "pose"] = np.inf
    with pytest.raises(DataError, match="infinite"):
        fit_factor(table, items=ITEMS)


def test_copies_of_an_item_are_named_as_a_pair():
    table = draw_items()
    with pytest.raises(DataError, match="'smile' and 'pose' correlate 1"):
        fit_factor(table.assign(pose=3 - 2 * table["smile"] * -1), items=ITEMS)


def test_too_few_clips_are_refused_before_r(monkeypatch):
    monkeypatch.setattr(rbridge, "call", pytest.fail)
    with pytest.raises(DataError, match="3 clips have all 3 items"):
        fit_factor(draw_items().head(3), items=ITEMS)


def test_items_that_share_nothing_are_refused():
    rng = np.random.default_rng(2)
    noise = pd.DataFrame(rng.normal(size=(500, 3)), columns=ITEMS)
    noise["pose"] -= noise["smile"] * 0.5
    noise["voice"] += noise["smile"] * 0.5
    noise["voice"] += noise["pose"] * 0.9
    with pytest.raises(DataError, match="share no variance"):
        fit_factor(noise, items=ITEMS)


def test_a_heywood_case_is_named(closed):
    rng = np.random.default_rng(4)
    factor = rng.normal(size=300)
    table = pd.DataFrame(
        {
            "smile": factor,
            "voice": factor * 0.9 + rng.normal(size=300) * 0.3,
            "pose": factor * 0.9 + rng.normal(size=300) * 0.3,
        }
    )
    table["voice"] -= 0.25 * (table["pose"] - 0.9 * factor)
    with pytest.raises(FitError, match=r"item 'smile' has a residual variance of -.*Heywood"):
        fit_factor(table, items=ITEMS)


def test_every_problem_is_told_at_once():
    table = draw_items(contexts=("calm", "loud", "dark"))
    table.loc[table["context"] == "calm", "pose"] = 1.0
    table.loc[table["context"] == "dark", "voice"] = 1.0
    with pytest.raises(DataError) as caught:
        fit_factor(table, items=ITEMS, by="context")
    assert [problem.column for problem in caught.value.problems] == ["pose", "voice"]


def test_a_reverse_keyed_item_is_named(closed):
    table = draw_items()
    table["smile"] = 6 - table["smile"]
    with pytest.warns(FitWarning, match="'smile' loads against the other items"):
        factor = fit_factor(table, items=ITEMS)
    assert np.corrcoef(factor.scores["score"], table["factor"])[0, 1] > 0.9


def test_clips_that_stand_twice_are_refused():
    table = draw_items()
    with pytest.raises(DataError, match="share their context, clip"):
        fit_factor(pd.concat([table, table.head(2)]), items=ITEMS)


def test_answers_outside_the_scale_are_refused():
    with pytest.raises(DataError, match="outside the scale 0 to 2") as caught:
        fit_factor(draw_items(), items=ITEMS, scale=(0, 2))
    assert {problem.column for problem in caught.value.problems} == set(ITEMS)


def test_subjects_in_no_part_are_refused_or_warned_of(closed):
    table = draw_items()
    parts = split(table)
    with pytest.raises(DataError, match="2 of 20 subjects are in no part, among them 's0'"):
        fit_factor(table, items=ITEMS, parts=parts[~parts["subject"].isin(["s0", "s1"])])
    with pytest.warns(DataWarning, match="1 of 20 subjects"):
        factor = fit_factor(table, items=ITEMS, parts=parts[parts["subject"] != "s0"])
    assert factor.solutions[0].n_clips == 66


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "mlx"}, "estimator 'mlx'"),
        ({"missing": "pairwise"}, "missing 'pairwise'"),
        ({"level": 95}, "level is 95"),
        ({"scale": (4, 0)}, "scale is 4 to 0"),
    ],
)
def test_unknown_options_are_refused(options, said):
    with pytest.raises(OptionError, match=said):
        fit_factor(draw_items(), items=ITEMS, **options)


# --- names --------------------------------------------------------------------------------------

NAMES = [
    'system("touch {}")*x1',
    "a + b =~ f",
    "v2",
    "if",
    "Überraschung 😀",
    "x1; file.create('{}')",
    "<script>",
]


@pytest.mark.r
def test_names_never_reach_r(tmp_path):
    trap = tmp_path / "ran"
    table = draw_items()
    plain = fit_factor(table, items=ITEMS, by="context")
    for start in range(len(NAMES) - 2):
        names = [name.format(trap) for name in NAMES[start : start + 3]]
        renamed = table.rename(columns=dict(zip(ITEMS, names, strict=True)))
        renamed["context"] = renamed["context"].map({"calm": names[0], "loud": names[1]})
        factor = fit_factor(renamed, items=names, by="context")
        assert factor.engine == "lavaan"
        np.testing.assert_array_equal(factor.scores["score"], plain.scores["score"])
        assert list(dict.fromkeys(factor.tidy()["item"].dropna())) == names
        assert "touch" not in factor.receipt.call
    assert not trap.exists()
