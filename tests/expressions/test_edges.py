"""Estimates at their edges: one emotion, people not known, scores of other units, sentences."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gaussian_kde
from scipy.stats import t as student

import exprstats as ex
from exprstats.errors import DataError, DataWarning
from exprstats.plots import draw_estimates, draw_maps, draw_recall, draw_structure, save_figure
from exprstats.report import describe_results, gather_analysis


def make_table(emotions=("Joy", "Fear"), people=4, moments=6, seed=1):
    rng = np.random.default_rng(seed)
    keys = pd.DataFrame({"subject": np.repeat([f"p{n}" for n in range(people)], moments)})
    keys["recording"] = keys["subject"] + "r"
    keys = keys.assign(id="a", modality="face", time=np.tile(np.arange(moments), people))
    wide = keys.assign(**{name: rng.random(len(keys)) for name in emotions})
    return wide.melt([*keys], var_name="emotion", value_name="score")


def test_one_emotion_has_levels_and_no_correlations():
    table = make_table(["Joy"])
    levels = ex.rate_estimates(table).tidy()
    assert levels.query("term == 'share_top'")["estimate"].tolist() == [1.0]
    structure = ex.compare_structure(table)
    assert structure.correlations.empty and structure.order == ()
    with pytest.raises(DataError, match="no correlations"):
        draw_structure(structure)


@pytest.mark.parametrize("constant", [0.0, 0.3, 0.5, 1 / 3])
def test_an_emotion_that_does_not_vary_has_no_correlations(constant):
    """The standard deviation of 96 scores of .3 is 6e-17 and not 0."""
    table = make_table(["Joy", "Fear", "Awe", "Calm"], people=8, moments=12)
    still = table["emotion"].isin(["Awe", "Calm"])
    found = ex.compare_structure(table.assign(score=table["score"].where(~still, constant)))
    assert found.correlations[["emotion", "other"]].to_numpy().tolist() == [["Fear", "Joy"]]


def test_people_who_are_not_known_are_taken_apart_by_recordings():
    table = make_table(people=5)
    some = table.assign(subject=table["subject"].where(~table["subject"].isin(["p0", "p1"])))
    one, two = (ex.rate_estimates(one).tidy() for one in (table, some))
    assert two["n_clusters"].unique().tolist() == [5]
    pd.testing.assert_frame_equal(one, two)


def test_scores_beyond_0_and_1_have_bounds_at_quantiles_and_this_is_told():
    table = make_table()
    voice = table.assign(modality="voice", score=10 * table["score"] - 5)
    with pytest.warns(DataWarning, match=r"on voice run from -.* Quantiles of the scores are"):
        found = ex.write_sentences(pd.concat([table, voice]))
    assert found.table.set_index("modality")["thresholds"].to_dict() == {
        "face": "published",
        "voice": "quantile",
    }
    own = found.cuts[found.cuts["modality"].eq("voice")]["low"].tolist()
    assert own == pytest.approx(np.quantile(voice["score"], [0.75, 0.8, 0.85, 0.9, 0.95, 0.99]))
    said = found.sentence()
    assert "By the published thresholds" in said and "By quantile thresholds" in said
    ex.write_sentences(table.assign(score=10 * table["score"] - 5), thresholds="quantile")
    # One score of 1.0004 among 200 is a matter of rounding.
    many = make_table(people=5, moments=20)
    stray = many.assign(score=many["score"].mask(many.index == 7, 1.0004))
    assert ex.write_sentences(stray).table["thresholds"].tolist() == ["published"]


def test_distributions_are_those_of_scipy_and_of_the_leading_emotions():
    table = make_table(list("abcdefg"), moments=31, seed=2)
    found = ex.rate_estimates(table).densities
    ranks = table.groupby(["recording", "time"])["score"].rank(ascending=False)
    best = ranks.groupby(table["emotion"]).mean().sort_values().index[:5].tolist()
    assert found["emotion"].drop_duplicates().tolist() == best
    for name, part in found.groupby("emotion"):
        values = table.loc[table["emotion"].eq(name), "score"].to_numpy()
        assert part["median"].iloc[0] == np.median(values)
        assert part["score"].iloc[[0, -1]].tolist() == [values.min(), values.max()]
        inside = gaussian_kde(values).integrate_box_1d(values.min(), values.max())
        # A trapezium rule of 64 points.
        assert np.trapezoid(part["density"], part["score"]) == pytest.approx(inside, abs=1e-3)


def test_the_expected_difference_is_that_of_permuted_people():
    """Of 199 permutations of equal data sets the found difference is an ordinary one."""
    parts = [make_table(people=6, seed=seed).assign(context=str(seed)) for seed in (1, 2)]
    table = pd.concat(parts, ignore_index=True)
    table["subject"] += table["context"]
    row = ex.compare_structure(table, by="context", draws=199, seed=1).tidy().iloc[0]
    assert row["term"] == "rms_difference" and 0 < row["expected"] < 1
    assert row["p_value"] > 0.05


def test_the_order_puts_emotions_together_that_go_together():
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 60))
    noise = rng.normal(size=(6, 60)) / 5
    wide = pd.DataFrame(
        {name: (one, two)[place % 2] + noise[place] for place, name in enumerate("abcdef")}
    )
    wide = wide.assign(id="x", modality="face", time=np.arange(60.0))
    long = wide.melt(["id", "modality", "time"], var_name="emotion", value_name="score")
    order = "".join(ex.compare_structure(long).order)
    assert {"".join(sorted(order[:3])), "".join(sorted(order[3:]))} == {"ace", "bdf"}


def test_maps_of_many_moments_are_of_a_sample():
    table = make_table(people=5, moments=8)
    found = ex.map_expressions(table, perplexities=[3], most=30, seed=1)
    assert found.tidy()["note"].item() == "30 of 40 moments, drawn at random"
    assert len(found.points) == 30 and found.tidy()["n_clips"].item() == 30
    assert ex.map_expressions(table, perplexities=[3], seed=1).tidy()["note"].isna().all()


@pytest.mark.parametrize("draw", ["estimates", "structure", "maps", "recall"])
def test_figures_are_drawn_with_names_that_no_axis_should_take_as_formulas(tmp_path, draw):
    table = make_table(["$x$", "a_very_long_name_of_an_emotion_that_must_be_cut", "Joy"], moments=9)
    table = table.assign(label=np.where(table["time"] % 2, "$odd", "even"))
    table = table.assign(recording=table["recording"] + table["time"].astype(str))
    fused = ex.fuse_modalities(table)
    sets = {name: fused.features[name] for name in ("face: scores", "face: sentence of mean")}
    figure = {
        "estimates": lambda: draw_estimates(ex.rate_estimates(table)),
        "structure": lambda: draw_structure(ex.compare_structure(table)),
        "maps": lambda: draw_maps(ex.map_expressions(table, perplexities=[5, 10])),
        "recall": lambda: draw_recall(
            ex.classify_expressions(
                sets, fused.clips["label"], fused.clips["subject"], costs=[1.0], nulls=1
            )
        ),
    }[draw]()
    png, svg = save_figure(figure, tmp_path / draw)
    assert png.stat().st_size > 5000 and svg.stat().st_size > 5000


def test_many_data_sets_are_described_and_not_compared_two_by_two():
    table = pd.concat(
        [make_table(people=2, moments=3, seed=n).assign(context=f"c{n}") for n in range(21)]
    )
    with pytest.warns(DataWarning, match="at most 20 data sets, and here there are 21"):
        found = ex.compare_structure(table, by="context", draws=9)
    assert found.table.empty and found.correlations["context"].nunique() == 21
    some = ex.compare_structure(table[table["context"].ne("c0")], by="context", draws=9)
    assert len(some.table) == 2 * 190
    # In words each data set counts once, for the emotion with the best mean rank.
    levels = ex.rate_estimates(table, by="context")
    ranks = levels.table.query("term == 'mean_rank'")
    best = Counter(
        part.loc[part["estimate"].idxmin(), "emotion"] for _, part in ranks.groupby("context")
    )
    (one, most), (other, least) = best.most_common()
    assert levels.sentence() == (
        f"Highest on face, of 21 data sets: {one} in {most} and {other} in {least}."
    )
    [section] = describe_results(gather_analysis([levels, some]))
    tables = {one.name: one for one in section.tables}
    assert tables["estimates"].cells["place"].nunique() == 12
    assert "The first 12 of 21 data sets" in str(tables["estimates"].notes)
    assert len(tables["estimates_structure"].cells) == 30
    assert "The 30 of 190 comparisons with the smallest" in str(tables["estimates_structure"].notes)


def test_moments_without_any_emotion_in_common_are_in_no_comparison():
    one = make_table().assign(context="one")
    two = make_table(["Joy", "Fear", "Awe"], seed=2).assign(context="two")
    lone = two["time"].eq(0) & two["emotion"].ne("Awe")
    found = ex.compare_structure(pd.concat([one, two[~lone]]), by="context", draws=9)
    assert found.table["n_clips"].tolist() == [24 + 20] * 2
    # A moment with some of them counts; the missing score is the median.
    some = two["time"].eq(0) & two["emotion"].eq("Joy")
    found = ex.compare_structure(pd.concat([one, two[~some]]), by="context", draws=9)
    assert found.table["n_clips"].tolist() == [24 + 24] * 2


def test_limits_of_stability_are_those_of_halves_on_fishers_z():
    table = make_table(people=6, moments=8, seed=3)
    rows = ex.rate_estimates(table).tidy().query("term == 'stability'").set_index("emotion")
    for name, part in table.groupby("emotion"):
        wide = part.pivot_table("score", "subject", "time").to_numpy()
        first, second = wide[:, :4].mean(axis=1), wide[:, 4:].mean(axis=1)
        z = np.arctanh(np.corrcoef(first, second)[0, 1])
        left = [
            np.arctanh(np.corrcoef(np.delete(first, n), np.delete(second, n))[0, 1])
            for n in range(6)
        ]
        reach = student.ppf(0.975, 5) * np.sqrt(5 / 6 * np.sum((left - np.mean(left)) ** 2))
        ends = np.tanh([z - reach, z, z + reach])
        wanted = 2 * ends / (1 + np.abs(ends))
        found = rows.loc[name, ["conf_low", "estimate", "conf_high"]].to_numpy(float)
        assert found == pytest.approx(wanted, rel=1e-9)


def drop_joy(table, kept):
    """Return the table without scores of joy beyond those of some people."""
    return table[table["emotion"].ne("Joy") | table["subject"].isin(kept)].reset_index(drop=True)


def test_people_without_an_emotion_do_not_make_its_limits_narrow():
    """Joy is known of 3 in 20 people: t has 2 degrees of freedom. Tolerance 1e-9: sums."""
    table = drop_joy(make_table(people=20, moments=8), kept := ["p3", "p7", "p12"])
    found = ex.rate_estimates(table).tidy()
    joy = table[table["emotion"].eq("Joy")]
    left = [joy.loc[joy["subject"].ne(who), "score"].mean() for who in kept]
    reach = student.ppf(0.975, 2) * np.std(left) * 2**0.5
    row = found.query("emotion == 'Joy' and term == 'mean'").iloc[0]
    limits = joy["score"].mean() + np.array([-reach, reach])
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(limits.tolist(), abs=1e-9)
    assert (row["n_clusters"], row["n_clips"]) == (3, 24)
    counted = found.groupby("emotion")["n_clusters"].unique().map(list).to_dict()
    assert counted == {"Fear": [20], "Joy": [3]}
    two = ex.rate_estimates(drop_joy(table, ["p3", "p7"])).tidy().query("emotion == 'Joy'")
    assert two["conf_low"].isna().all()
    notes = two.set_index("term")["note"]
    assert notes.pop("stability") == "not defined: fewer than 3 pairs of scores"
    assert notes.str.contains("it needs 3 people or recordings, and there are 2").all()


def test_an_emotion_that_a_person_never_changes_adds_nobody_to_its_lags():
    table = make_table(people=12, moments=8)
    still = table["emotion"].eq("Joy") & ~table["subject"].isin(["p0", "p1", "p2", "p3"])
    some = table.assign(score=table["score"].mask(still, 0.3))
    lags = ex.rate_estimates(some).tidy().query("term == 'lag_one'").set_index("emotion")
    own = table[table["subject"].isin(["p0", "p1", "p2", "p3"])]
    alone = ex.rate_estimates(own).tidy().query("term == 'lag_one'").set_index("emotion")
    assert lags["n_clusters"].to_dict() == {"Fear": 12, "Joy": 4}
    never = some.assign(score=some["score"].mask(some["emotion"].eq("Joy"), 0.3))
    rows = ex.rate_estimates(never).tidy().query("emotion == 'Joy' and term == 'lag_one'")
    assert rows["note"].tolist() == ["not defined: in no recording do the scores vary"]
    gone = table.assign(score=table["score"].mask(table["emotion"].eq("Joy")))
    rows = ex.rate_estimates(gone).tidy().query("emotion == 'Joy'").set_index("term")
    notes = rows.loc[["mean", "mean_rank", "share_top", "stability"], "note"]
    assert set(notes) == {"not defined: there are no scores"}
    assert ex.compare_structure(table).sentence().startswith("1 correlation of emotions was")
    names = ["estimate", "conf_low", "conf_high"]
    assert lags.loc["Joy", names].tolist() == pytest.approx(alone.loc["Joy", names].tolist())


def test_halves_that_go_against_one_another_are_stepped_up_to_no_less_than_minus_1():
    """r of halves by NumPy; 2r/(1 + r) would be -9 where r is -.8."""
    table = make_table(people=8, moments=8)
    late = table["time"] > table.groupby("subject")["time"].transform("median")
    own = table["subject"].str[1:].astype(float) / 10
    chance = np.random.default_rng(2).uniform(0, 0.1, len(table))
    table["score"] = own.where(~late, 0.9 - own) + chance
    rows = ex.rate_estimates(table).tidy().query("term == 'stability'")
    for row in rows.to_dict("records"):
        mine = table[table["emotion"].eq(row["emotion"])]
        means = mine.assign(late=late).pivot_table("score", "subject", "late").to_numpy()
        r = np.corrcoef(means.T)[0, 1]
        assert r < -0.5
        assert row["estimate"] == pytest.approx(2 * r / (1 - r), abs=1e-9)
        assert -1 <= row["conf_low"] < row["estimate"] < row["conf_high"] <= 1


def test_gaps_of_one_emotion_do_not_weaken_its_correlations():
    """Pairs have the moments with both: filled gaps made .9 of people look like another structure.

    Tolerance 1e-9: sums. p by leaving out people, ranks kept, as of complete tables.
    """
    rng = np.random.default_rng(3)
    table = make_table(people=12, moments=10)
    wide = table.pivot_table("score", ["subject", "time"], "emotion").reset_index()
    wide["Joy"] = wide["Fear"] + 0.2 * rng.random(len(wide))
    gaps = rng.random(len(wide)) < 0.6
    both = wide[~gaps & wide["subject"].ne("p0")]
    long = wide.assign(Joy=wide["Joy"].where(wide.index.isin(both.index)))
    long = long.melt(["subject", "time"], ["Joy", "Fear"], "emotion", "score").dropna()
    long = long.assign(recording=long["subject"] + "r", id="a", modality="face")
    row = ex.compare_structure(long).correlations.iloc[0]
    ranks = both[["Joy", "Fear"]].rank()
    r = np.corrcoef(ranks.T)[0, 1]
    assert row["r"] == pytest.approx(r, abs=1e-9)
    people = both["subject"].unique()
    left = [np.arctanh(np.corrcoef(ranks[both["subject"].ne(who)].T)[0, 1]) for who in people]
    error = np.std(left) * (len(left) - 1) ** 0.5
    expected = 2 * student.sf(np.arctanh(r) / error, len(left) - 1)
    assert row["n_clusters"] == len(people) == 11
    assert row["p_value"] == pytest.approx(expected, rel=1e-6)
    whole = wide.melt(["subject", "time"], ["Joy", "Fear"], "emotion", "score")
    whole = whole.assign(recording=whole["subject"] + "r", id="a", modality="face")
    joined = pd.concat([whole.assign(context="all"), long.assign(context="some")])
    told = ex.compare_structure(joined, by="context", seed=1).table.iloc[0]
    apart = np.arctanh(wide[["Joy", "Fear"]].corr("spearman").iloc[0, 1]) - np.arctanh(r)
    assert told["estimate"] == pytest.approx(abs(apart), abs=1e-9)
    assert told["p_value"] > 0.05


def make_clips(seed=0):
    rng = np.random.default_rng(seed)
    speakers, labels = np.repeat(list("abcdefgh"), 6), np.tile(["x", "y"], 24).astype(object)
    return rng.normal(size=(48, 3)) + (labels == "x")[:, None], labels, speakers.astype(object)


@pytest.mark.parametrize(
    ("place", "told"),
    [(0, "'n' lacks a number in 1 clip"), (1, "1 clip has no label"), (2, "no s")],
)
def test_clips_that_lack_something_are_refused_and_not_dealt_to_the_last_speaker(place, told):
    data = make_clips()
    data[place][7] = np.nan if place == 0 else None
    features, labels, speakers = data
    with pytest.raises(DataError, match=told):
        ex.classify_expressions({"n": features}, labels, speakers)


def test_a_class_of_one_speaker_has_no_interval():
    """Without this speaker the mean of recalls would be one of other classes."""
    features, labels, speakers = make_clips()
    labels[:3] = "rare"
    noise = np.random.default_rng(1).normal(size=(48, 2))
    data = {"n": features, "m": noise}
    found = ex.classify_expressions(data, labels, speakers, repeats=2).tidy()
    assert found["estimate"].notna().all()
    assert found[["conf_low", "conf_high"]].isna().all(axis=None)
    assert found["p_value"].isna().all()
    assert found["note"].eq("no interval: a class is of one speaker alone").all()
