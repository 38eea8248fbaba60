"""Distribution, cardinality, co-occurrence and groups of labels.

Witnesses: plain pandas over the definition, a jackknife that loops over videos, statsmodels, and
population values of a simulation. Counts are exact, so that estimates agree to 1e-12; limits go
through logits and agree to 1e-9.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from statsmodels.stats.multitest import multipletests

import exprstats as ex
from exprstats.errors import DataError, OptionError
from exprstats.events.evoked import terms

EXPRESSIONS = ["amusement", "concentration", "interest", "surprise"]


@pytest.fixture(scope="module")
def found(study):
    return ex.measure_labels(study.machine, by="group")


@pytest.fixture(scope="module")
def wide(study):
    labels = (study.machine[EXPRESSIONS] >= 0.5).astype(float)
    return labels.assign(video=study.machine["video"], group=study.machine["group"])


def test_shares_and_cardinality_are_plain_means(found, wide):
    shares = found.pick("share").set_index("expression")["estimate"]
    np.testing.assert_allclose(shares[EXPRESSIONS], wide[EXPRESSIONS].mean(), rtol=1e-12)
    times = wide[EXPRESSIONS].sum(axis=1)
    for term, value in (
        ("cardinality", times.mean()),
        ("share_none", (times == 0).mean()),
        ("share_multiple", (times > 1).mean()),
    ):
        assert found.pick(term)["estimate"].item() == pytest.approx(value, rel=1e-12)
    portion = found.pick("label_share")["estimate"]
    assert portion.sum() == pytest.approx(1, rel=1e-12)


def test_co_occurrence_is_the_matrix_over_its_diagonal(found, wide):
    values = wide[EXPRESSIONS].to_numpy()
    matrix = values.T @ values
    matrix = matrix / np.diag(matrix)[:, None]
    rows = found.pick("co_occurrence")
    table = rows.pivot_table("estimate", "expression", "versus").loc[EXPRESSIONS, EXPRESSIONS]
    away = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(table.to_numpy()[away], matrix[away], rtol=1e-12)
    lift = found.pick("lift").pivot_table("estimate", "expression", "versus")
    np.testing.assert_allclose(lift, lift.T, rtol=1e-12)
    expected = matrix[0, 1] / wide["concentration"].mean()
    assert lift.loc["amusement", "concentration"] == pytest.approx(expected, rel=1e-12)


def test_limits_are_those_of_a_jackknife_that_loops_over_videos(found, wide, jackknife):
    videos = wide["video"].unique()

    def share(kept, name="amusement", of=None):
        rows = wide[wide["video"].isin(kept)]
        return (rows if of is None else rows[rows[of] == 1])[name].mean()

    row = found.pick("share", expression="amusement").iloc[0]
    limits = jackknife(share, videos, there=logit, back=expit)
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), limits, rtol=1e-9)
    row = found.pick("co_occurrence", expression="surprise", versus="interest").iloc[0]
    able = wide.loc[wide["surprise"] == 1, "video"].unique()
    assert row["n_clusters"] == len(able)
    limits = jackknife(lambda v: share(v, "interest", "surprise"), able, there=logit, back=expit)
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), limits, rtol=1e-9)


def test_differences_of_groups_hold_and_are_adjusted(found, wide):
    rows = found.table[found.table["term"].eq("share_difference")]
    comedy = wide["group"] == "comedy"
    for name in EXPRESSIONS:
        expected = wide.loc[comedy, name].mean() - wide.loc[~comedy, name].mean()
        row = rows[rows["group"].eq("comedy") & rows["expression"].eq(name)]
        assert row["estimate"].item() == pytest.approx(expected, abs=1e-12)
    adjusted = multipletests(rows["p_value"], method="holm")[1]
    np.testing.assert_allclose(rows["p_adjusted"], adjusted, rtol=1e-12)
    # p is below .05 exactly where the 95% interval leaves out 0.
    outside = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
    assert (outside == rows["p_value"].lt(0.05)).all()
    assert "Clearest: amusement in comedy" in found.describe_groups()


def test_videos_may_have_several_themes(study):
    first = study.machine[["video", "group"]].drop_duplicates()
    more = first[first["group"].eq("comedy")].assign(group="short")
    found = ex.measure_labels(study.machine, by=pd.concat([first, more]))
    assert found.groups == ("comedy", "horror", "music", "short")
    rows = found.table[found.table["term"].eq("share") & found.table["group"].notna()]
    held = rows.set_index(["group", "expression"])["estimate"]
    np.testing.assert_allclose(held["comedy"], held["short"], rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0.1, 0.9))
def test_row_order_and_names_of_videos_change_nothing(random, threshold):
    rng = np.random.default_rng(random.randint(0, 10_000))
    table = pd.DataFrame(rng.random((40, 2)), columns=["joy", "awe"])
    table.loc[rng.random(40) < 0.2, "joy"] = np.nan
    table["video"] = rng.choice(list("abcde"), 40)
    kept = table.copy()
    one = ex.measure_labels(table, threshold=threshold).table
    shuffled = table.sample(frac=1, random_state=1).assign(video=table["video"].str.upper())
    other = ex.measure_labels(shuffled, threshold=threshold).table
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(table, kept)


def test_missing_moments_are_in_no_denominator():
    table = pd.DataFrame({"video": list("aabbcc"), "joy": [1, np.nan, 0, 1, 0, np.nan]})
    table["awe"] = [1, np.nan, 1, 0, 1, 1]
    found = ex.measure_labels(table)
    assert found.pick("share")["estimate"].tolist() == [0.5, 0.8]
    assert found.pick("cardinality")["estimate"].item() == 1.25
    assert found.pick("co_occurrence", expression="awe")["estimate"].item() == pytest.approx(1 / 3)
    assert (found.n_moments, found.n_missing) == (6, 1)
    assert "in 5 of which something could be seen" in found.sentence()


def test_edges_have_words_and_no_false_limits():
    table = pd.DataFrame({"video": ["a", "b"] * 3, "joy": 0, "awe": 1})
    found = ex.measure_labels(table)
    assert found.pick("share", expression="joy")["note"].item().startswith("no interval: it occurs")
    table = pd.DataFrame({"video": list("abcdef"), "joy": 0, "awe": 1})
    found = ex.measure_labels(table)
    joy, awe = (found.pick("share", expression=one).iloc[0] for one in ("joy", "awe"))
    assert (joy["conf_low"], joy["conf_high"]) == (0, pytest.approx(1 - 0.05 ** (1 / 6)))
    assert (awe["conf_low"], awe["conf_high"]) == (pytest.approx(0.05 ** (1 / 6)), 1)
    assert found.pick("co_occurrence", expression="joy")["estimate"].isna().all()
    none = ex.measure_labels(table[["video", "joy"]])
    assert none.sentence() == "6 videos with 6 moments have no label."


def test_what_cannot_be_is_refused(study):
    with pytest.raises(DataError, match="no expression 'joy'"):
        ex.measure_labels(study.machine, expressions=["joy"])
    with pytest.raises(DataError, match=r"valence.*from -1 to 1"):
        ex.measure_labels(pd.DataFrame({"video": ["a", "b"], "valence": [-1.0, 1.0]}))
    with pytest.raises(OptionError, match="threshold= is 2"):
        ex.measure_labels(study.machine, threshold=2)
    with pytest.raises(DataError, match="1 group; a comparison needs two"):
        ex.measure_labels(study.machine.assign(group="x"), by="group")


def test_parts_are_dealt_by_video_and_checked(study):
    split = ex.split_videos(study.machine, seed=3)
    assert split.parts["part"].value_counts().to_dict() == {"train": 36, "test": 15, "validate": 9}
    assert split.parts["video"].is_unique
    again = ex.split_videos(study.machine.sample(frac=1, random_state=1), seed=3)
    pd.testing.assert_frame_equal(split.parts, again.parts)
    part = study.machine["video"].map(split.parts.set_index("video")["part"])
    rows = split.table[split.table["term"].eq("share")].set_index(["part", "expression"])
    expected = (study.machine["interest"] >= 0.5)[part == "test"].mean()
    assert rows.loc[("test", "interest"), "estimate"] == pytest.approx(expected)
    assert "does not differ beyond chance" in split.sentence()


def test_parts_that_differ_or_share_videos_are_told(study):
    table = study.machine.assign(
        part=np.where(study.machine["group"].eq("horror"), "test", "train")
    )
    split = ex.split_videos(table, part="part")
    assert "The distribution of labels differs between parts" in split.sentence()
    table.loc[table.index[0], "part"] = "test" if table["part"].iloc[0] == "train" else "train"
    told = ex.split_videos(table, part="part").sentence()
    assert "1 video stands in more than one part" in told
    with pytest.raises(OptionError, match="add up to 1"):
        ex.split_videos(table, shares={"a": 0.5, "b": 0.4})


def test_groups_have_their_share_of_the_videos(study):
    """Videos of themes counted by pandas; limits by hand: logit of k/n, jackknife of a mean."""
    videos = study.machine["video"].unique()
    themes = pd.DataFrame({"video": videos, "group": np.where(np.arange(60) < 21, "a", "b")})
    themes = pd.concat([themes, themes[:9].assign(group="c")])
    rows = ex.measure_labels(study.machine, by=themes).table.query("term == 'video_share'")
    assert rows.set_index("group")["n_joint"].to_dict() == {"a": 21, "b": 39, "c": 9}
    assert rows["estimate"].tolist() == pytest.approx([21 / 60, 39 / 60, 9 / 60], abs=1e-15)
    row = rows.iloc[0]
    assert row["std_error"] == pytest.approx(np.sqrt(0.35 * 0.65 / 59), rel=1e-9)
    assert row["conf_low"] < 0.35 < row["conf_high"]


def test_moments_that_stand_twice_are_refused_and_not_counted_twice(study):
    again = pd.concat([study.machine, study.machine.iloc[:3]])
    with pytest.raises(DataError, match="3 rows repeat the moment of another"):
        ex.measure_labels(again)
    people = pd.concat([study.machine.assign(annotator=one) for one in "xy"])
    assert ex.measure_labels(people).n_moments == 2 * len(study.machine)


def test_rows_are_counted_in_bounded_memory(monkeypatch, tmp_path):
    """120,000 rows of 8 scores: labels take 2 bytes a value, and what counts them ten a row more.

    Scores of three decimals take 8 bytes a value; counts of all rows at once took 14 a value.
    """
    monkeypatch.setattr(terms, "_ROWS", 4_000)
    rng = np.random.default_rng(8)
    count, names = 120_000, [f"e{i}" for i in range(8)]
    scores = pd.DataFrame(rng.random((count, 8)).round(3), columns=names)
    scores = scores.mask(rng.random((count, 8)) < 0.1)
    scores.insert(0, "video", np.repeat([f"v{i:03d}" for i in range(200)], 600))
    scores.insert(1, "time", np.tile(np.arange(600.0), 200))
    scores.to_csv(tmp_path / "big.csv", index=False)
    table = ex.read_evoked(tmp_path / "big.csv", threshold=0.5)
    assert (table.dtypes[names] == np.float16).all()
    kept = table.memory_usage(deep=True).sum() / count
    assert kept < 2 * 8 + 13
    ex.measure_labels(table.head(600 * 12))  # imports and caches
    tracemalloc.start()
    found = ex.measure_labels(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * count
    # The same counts as of all scores at once, by pandas.
    known = scores[names].notna()
    shown = (scores[names] >= 0.5) & known
    shares = found.pick("share").set_index("expression")["estimate"]
    np.testing.assert_allclose(shares, shown.sum() / known.sum(), rtol=1e-12)
    both = found.pick("co_occurrence", expression="e1", versus="e4").iloc[0]
    assert both["n_joint"] == (shown["e1"] & shown["e4"]).sum()
    assert both["n_whole"] == (shown["e1"] & known["e4"]).sum()
    full = known.all(axis=1)
    card = found.pick("cardinality")["estimate"].item()
    assert card == pytest.approx(shown[full].sum(axis=1).mean(), rel=1e-12)
    assert found.n_missing == (~known.any(axis=1)).sum()


def test_labels_are_kept_where_scores_are_not_needed_and_ratings_never(tmp_path):
    (tmp_path / "one.csv").write_text("video,time,joy,awe\na,0,.5,.2\na,1,,.7\nb,0,.49,1\n")
    table = ex.read_evoked(tmp_path / "one.csv", threshold=0.5)
    np.testing.assert_array_equal(table["joy"], [1, np.nan, 0])
    assert table["awe"].tolist() == [0, 1, 1]
    (tmp_path / "two.csv").write_text("video,time,joy,valence\na,0,.4,-.5\na,1,.6,.7\n")
    table = ex.read_evoked(tmp_path / "two.csv", threshold=0.5)
    assert table["joy"].tolist() == [0.4, 0.6] and table["valence"].tolist() == [-0.5, 0.7]
    with pytest.raises(OptionError, match="threshold"):
        ex.read_evoked(tmp_path / "two.csv", threshold=2)


def test_expressions_that_are_tied_are_named_together():
    rows = {"video": np.repeat(["v", "w", "x"], 4), "time": np.tile(np.arange(4.0), 3)}
    table = pd.DataFrame(rows).assign(joy=[1, 0, 0, 0] * 3, awe=[0, 1, 0, 0] * 3, fear=0.0)
    said = ex.measure_labels(table).sentence()
    assert "Most frequent: joy and awe, in 25.0% of the moments" in said


def test_the_sentence_says_from_which_score_on_there_is_a_label():
    table = pd.DataFrame({"video": list("aabb"), "joy": [0.1, 0.3, 1.0, 0.0]})
    told = ex.measure_labels(table, threshold=0.3).sentence()
    assert "have labels (scores of 0.3 or more). Most frequent: joy, in 50.0%" in told
    none = ex.measure_labels(table.assign(joy=0.01), threshold=0.3).sentence()
    assert none.endswith("have no label: no score is 0.3 or more.")
    labels = ex.measure_labels(table.assign(joy=[0, 1, 1, np.nan]))
    assert not labels.scored and "score" not in labels.sentence()


def test_limits_of_labels_per_moment_are_no_more_than_expressions():
    """Of two expressions no moment has more than two labels, however unlike videos are."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"video": np.repeat(np.arange(4), 5)})
    table["joy"] = (table["video"] < 2).astype(int)
    table["awe"] = (table["video"] < 1).astype(int) * (rng.random(20) < 0.9)
    row = ex.measure_labels(table).pick("cardinality").iloc[0]
    assert row["estimate"] < row["conf_high"] == 2
