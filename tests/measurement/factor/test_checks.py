"""What `fit_factor` refuses and warns of, and that names are harmless.

Tolerance: none; classes and named data are matched, scores under other names are equal.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats import rbridge
from exprstats.errors import DataError, DataWarning, FitError, FitWarning, OptionError
from exprstats.measurement import average_raters, bootstrap_factor, fit_factor
from exprstats.measurement.factor.checks import judge_sphericity

ITEMS = ["smile", "voice", "pose"]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("items", [["smile"], ["smile", "voice"], [], "smile"])
def test_fewer_than_three_items_are_refused(draw, items):
    with pytest.raises(OptionError, match="three"):
        fit_factor(draw(), items=items)


def test_an_item_named_twice_is_refused(draw):
    with pytest.raises(OptionError, match="'voice' is named twice"):
        fit_factor(draw(), items=["smile", "voice", "voice"])


def test_an_absent_item_is_named_with_its_neighbour(draw):
    with pytest.raises(DataError, match=r"no column 'smil'.*'smile'"):
        fit_factor(draw(), items=["smil", "voice", "pose"])


def test_a_constant_item_is_named(draw):
    with pytest.raises(DataError, match=r"'voice'.*every value is 2\.") as caught:
        fit_factor(draw().assign(voice=2.0), items=ITEMS)
    assert caught.value.problems[0].column == "voice"


def test_an_item_constant_in_one_context_is_named_and_the_others_are_reported(draw, closed):
    table = draw()
    alone = fit_factor(table[table["context"] == "loud"], items=ITEMS)
    table.loc[table["context"] == "calm", "pose"] = 1.0
    with pytest.warns(FitWarning, match="'pose': context 'calm': every value is 1"):
        factor = fit_factor(table, items=ITEMS, by="context")
    rows = factor.tidy()
    refused = rows[rows["context"] == "calm"]
    assert refused[refused["term"] == "loading"]["estimate"].isna().all()
    assert refused[refused["term"] == "loading"]["note"].str.contains("every value is 1").all()
    own = factor.scores.query("fitted_on == 'context'")
    calm = own[own["context"] == "calm"]
    assert calm["score"].isna().all()
    assert calm["note"].str.contains("every value is 1").all()
    loud = own[own["context"] == "loud"]["score"]
    np.testing.assert_allclose(loud, alone.scores["score"], atol=1e-12)
    assert "Context 'calm' was not fitted: 'pose': every value is 1." in factor.sentence()


def test_a_wholly_missing_item_is_named(draw):
    with pytest.raises(DataError, match=r"'pose'.*every value is missing"):
        fit_factor(draw().assign(pose=np.nan), items=ITEMS)


def test_text_and_infinity_are_refused(draw):
    with pytest.raises(DataError, match=r"'pose'.*'drei'"):
        fit_factor(draw().assign(pose="drei"), items=ITEMS)
    table = draw()
    table.loc[4, "pose"] = np.inf
    with pytest.raises(DataError, match="infinite"):
        fit_factor(table, items=ITEMS)


def test_copies_of_an_item_are_named_as_a_pair(draw):
    table = draw()
    with pytest.raises(DataError, match="'smile' and 'pose' correlate 1"):
        fit_factor(table.assign(pose=3 - 2 * table["smile"] * -1), items=ITEMS)


def test_too_few_clips_are_refused_before_r(draw, monkeypatch):
    monkeypatch.setattr(rbridge, "call", pytest.fail)
    with pytest.raises(DataError, match="3 clips have all 3 items"):
        fit_factor(draw().head(3), items=ITEMS)


def test_items_that_share_nothing_are_refused():
    rng = np.random.default_rng(2)
    noise = pd.DataFrame(rng.normal(size=(500, 3)), columns=ITEMS)
    noise["pose"] -= noise["smile"] * 0.5
    noise["voice"] += noise["smile"] * 0.5
    noise["voice"] += noise["pose"] * 0.9
    with pytest.raises(DataError, match="share no variance"):
        fit_factor(noise, items=ITEMS)


def test_unrelated_items_are_refused_or_warned_of_and_weak_ones_pass(closed):
    rng = np.random.default_rng(3)
    told = 0
    for _ in range(60):
        noise = pd.DataFrame(rng.normal(size=(300, 3)), columns=ITEMS)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                fit_factor(noise, items=ITEMS)
            except (DataError, FitError):
                told += 1
            else:
                told += any("weakly supported" in str(one.message) for one in caught)
    assert told >= 54
    weak = rng.normal(size=(300, 1)) * 0.7 + rng.normal(size=(300, 3))
    assert fit_factor(pd.DataFrame(weak, columns=ITEMS), items=ITEMS).solutions[0].n_clips == 300


def test_few_clips_that_may_be_chance_are_warned_of(closed):
    columns = np.random.default_rng(1).normal(size=(10, 3))
    white, _ = np.linalg.qr(columns - columns.mean(axis=0))
    half = np.full((3, 3), 0.5) + np.eye(3) * 0.5
    table = pd.DataFrame(white @ np.linalg.cholesky(half).T, columns=ITEMS)
    # Bartlett: -(9 - 11/6)·ln 0.5 = 4.97 on 3 df.
    with pytest.warns(FitWarning, match=r"in 10 clips \(p = \.174\); the factor is weakly"):
        fit_factor(table, items=ITEMS)


def test_bartletts_test_of_unrelated_items_keeps_its_level():
    rng = np.random.default_rng(4)
    found = [judge_sphericity(np.corrcoef(rng.normal(size=(4, 60))), 60) for _ in range(1000)]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.05)


def test_two_columns_of_one_name_are_refused(draw):
    table = draw()
    with pytest.raises(DataError, match="has 2 columns 'pose'"):
        fit_factor(pd.concat([table, table[["pose"]]], axis=1), items=ITEMS)


def test_columns_may_be_numbered(draw, closed):
    table = draw()
    numbered = table[ITEMS].rename(columns=dict(zip(ITEMS, [1, 2, 3], strict=True)))
    factor = fit_factor(numbered, items=[1, 2, 3])
    assert factor.items == ("1", "2", "3")
    wanted = fit_factor(table[ITEMS], items=ITEMS).scores["score"]
    np.testing.assert_array_equal(factor.scores["score"], wanted)


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


def test_every_problem_is_told_at_once(draw):
    table = draw(contexts=("calm", "dark"))
    table["pose"] = 1.0
    table.loc[table["context"] == "dark", "voice"] = 1.0
    with pytest.raises(DataError) as caught:
        fit_factor(table, items=ITEMS, by="context")
    assert [problem.column for problem in caught.value.problems] == [
        "pose",
        "voice",
        "pose",
        "pose",
    ]


def test_a_reverse_keyed_item_is_named(draw, closed):
    table = draw()
    table["smile"] = 6 - table["smile"]
    with pytest.warns(FitWarning, match="'smile' loads against the other items"):
        factor = fit_factor(table, items=ITEMS)
    assert np.corrcoef(factor.scores["score"], table["factor"])[0, 1] > 0.9


def test_clips_that_stand_twice_are_refused(draw):
    table = draw()
    with pytest.raises(DataError, match="share their context, clip"):
        fit_factor(pd.concat([table, table.head(2)]), items=ITEMS)


def test_answers_outside_the_scale_are_refused(draw):
    with pytest.raises(DataError, match="outside the scale 0 to 2") as caught:
        fit_factor(draw(), items=ITEMS, scale=(0, 2))
    assert {problem.column for problem in caught.value.problems} == set(ITEMS)


def test_subjects_in_no_part_are_refused_or_warned_of(draw, split, closed):
    table = draw()
    parts = split(table)
    with pytest.raises(DataError, match="2 of 20 subjects are in no part, among them 's0'"):
        fit_factor(table, items=ITEMS, parts=parts[~parts["subject"].isin(["s0", "s1"])])
    with pytest.warns(DataWarning, match="1 of 20 subjects") as caught:
        factor = fit_factor(table, items=ITEMS, parts=parts[parts["subject"] != "s0"])
    assert caught[0].filename == __file__
    assert factor.solutions[0].n_clips == 66


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "mlx"}, "estimator 'mlx'"),
        ({"missing": "pairwise"}, "missing 'pairwise'"),
        ({"level": 95}, "level is 95"),
        ({"scale": (4, 0)}, r"scale is \(4, 0\); give the lowest and then the highest"),
        ({"scale": (0, 2, 4)}, r"scale is \(0, 2, 4\)"),
        ({"scale": "0-4"}, "scale is 0-4"),
    ],
)
def test_unknown_options_are_refused(draw, options, said):
    with pytest.raises(OptionError, match=said):
        fit_factor(draw(), items=ITEMS, **options)


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
def test_names_never_reach_r(draw, tmp_path):
    trap = tmp_path / "ran"
    table = draw()
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


def test_a_split_that_is_none_is_refused(draw, split):
    table, parts = draw(), split(draw())
    torn = pd.concat([parts, parts.head(2).assign(part="test")])
    with pytest.raises(DataError, match="2 subjects stand in more than one part, such as 's0'"):
        fit_factor(table, items=ITEMS, parts=torn)
    with pytest.raises(DataError, match="nobody's part is 'train'; there is training"):
        fit_factor(table, items=ITEMS, parts=parts.assign(part="training"))


def test_a_file_name_is_no_table():
    for verb in (average_raters, lambda table: fit_factor(table, items=ITEMS)):
        with pytest.raises(OptionError, match="must be a pandas DataFrame; got a str"):
            verb("ratings.csv")


def test_clips_that_lack_an_item_are_told_at_the_line_that_fits(draw):
    table = draw()
    table.loc[3, "pose"] = np.nan
    calls = {
        "left out of the fit and have no score": lambda: fit_factor(table, items=ITEMS),
        r"they are left out of the fit\.": lambda: bootstrap_factor(table, items=ITEMS, draws=100),
    }
    for said, call in calls.items():
        with pytest.warns(DataWarning, match=said) as caught:
            call()
        assert caught[0].filename == __file__
        assert caught[0].lineno == call.__code__.co_firstlineno
