"""Co-occurrence against frames counted one by one, scipy's permutation test, and known truth.

Counts are whole numbers and must be equal; probabilities are their ratios, 1e-12. Coverage of 95%
intervals over 60 corpora has a Monte-Carlo SE of about .01 (pairs of one corpus are not
independent): the reduced form takes .90 to .99, the slow form of 300 corpora .92 to .98.
"""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import exprstats as ex
from exprstats.errors import DataError, OptionError
from exprstats.events.cooccurrence import count_utterances, lay_labelled, pick_columns
from exprstats.events.limits import (
    Parts,
    find_moments,
    permute_labels,
    rank_pairs,
    split_covariance,
)

TERMS = ["p_label_given_feature", "p_feature_given_label", "lift"]


def count_frames(corpus):
    both = pd.concat([corpus.events, corpus.labels], ignore_index=True)
    frames = ex.expand_frames(both)
    labels = sorted(corpus.labels["value"].unique())
    features = [one for one in frames.columns[3:] if one not in labels]
    return frames, labels, features


@pytest.fixture(scope="module")
def found(corpus):
    return ex.measure_cooccurrence(corpus.events, corpus.labels, seed=1, draws=500)


def test_counts_and_both_directions_are_those_of_frames(corpus, found):
    frames, labels, features = count_frames(corpus)
    table = found.table.set_index(["label", "feature", "term"])
    for label in labels:
        for feature in features:
            x, y = frames[feature], frames[label]
            rows = table.loc[(label, feature)]
            assert rows["n_joint"].iloc[0] == (x & y).sum()
            assert rows["n_total"].iloc[0] == len(frames)
            want = [(x & y).sum() / x.sum(), (x & y).sum() / y.sum()]
            want.append(want[0] / y.mean())
            assert rows.loc[TERMS, "estimate"].tolist() == pytest.approx(want, abs=1e-12)


def test_utterances_as_unit_are_those_in_which_both_occur(corpus):
    found = ex.measure_cooccurrence(corpus.events, corpus.labels, unit="utterances", draws=0)
    frames, labels, features = count_frames(corpus)
    seen = frames.groupby("utterance")[[*labels, *features]].max()
    table = found.table[found.table["term"].eq(TERMS[0])]
    for row in table.to_dict("records"):
        x, y = seen[row["feature"]], seen[row["label"]]
        assert row["estimate"] == pytest.approx((x & y).sum() / x.sum(), abs=1e-12)


def test_labelled_frames_alone_raise_probabilities(corpus, found):
    among = ex.measure_cooccurrence(corpus.events, corpus.labels, among="labelled", draws=0)
    frames, labels, _ = count_frames(corpus)
    kept = frames[frames[labels].any(axis=1)]
    assert among.n_frames == len(kept)
    row = among.table[among.table["term"].eq(TERMS[0])].iloc[0]
    x = kept[row["feature"]]
    assert row["estimate"] == pytest.approx((x & kept[row["label"]]).sum() / x.sum(), abs=1e-12)
    wide = found.table.merge(among.table, on=["label", "feature", "term"])
    wide = wide[wide["term"].eq(TERMS[0])]
    assert (wide["estimate_y"] >= wide["estimate_x"] - 1e-12).all()


def test_limits_are_those_of_a_jackknife_written_out(corpus, found):
    frames, _, _ = count_frames(corpus)
    label, feature = "confusion", "wh question=whq"
    sums = frames.assign(both=frames[label] & frames[feature]).groupby("utterance")
    a, f = sums["both"].sum().to_numpy(float), sums[feature].sum().to_numpy(float)
    a, f = a[f > 0], f[f > 0]
    without = np.log((a.sum() - a) / (f.sum() - f - a.sum() + a))
    m = len(f)
    error = np.sqrt((m - 1) / m * ((without - without.mean()) ** 2).sum())
    centre = np.log(a.sum() / (f.sum() - a.sum()))
    ends = centre + np.array([-1, 1]) * stats.t.ppf(0.975, m - 1) * error
    row = found.table.query("label == @label and feature == @feature and term == @TERMS[0]").iloc[0]
    want = 1 / (1 + np.exp(-ends))
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(want, abs=1e-9)
    assert row["n_clusters"] == m


def make_parts(corpus, labels):
    runs = lay_labelled(corpus.events, labels, fps=30)
    features, named, _ = pick_columns(runs, 1)
    counts = count_utterances(runs, "frames", features, named)
    owned = (counts.total, counts.feature, counts.label, counts.keys, counts.joint)
    return split_covariance(*owned), counts, runs


def test_the_parts_add_up_to_the_covariance(corpus):
    rng = np.random.default_rng(5)
    cut = corpus.labels.assign(end=corpus.labels["end"] * rng.random(len(corpus.labels)))
    parts, counts, runs = make_parts(corpus, cut)
    shown = np.repeat(runs.shown.toarray(), runs.frames, axis=0)
    x, y = (shown[:, runs.find_columns(label=one)] for one in (False, True))
    want = (x - x.mean(axis=0)).T @ (y - y.mean(axis=0))
    between = parts.feature.T @ parts.label
    within = np.zeros_like(between)
    np.add.at(within, parts.owners[1], parts.within)
    assert between + within == pytest.approx(want, abs=1e-8)
    assert counts.total.sum() == len(shown)
    assert np.any(parts.within)


def test_moments_and_p_are_those_of_permutations(corpus):
    parts, _, runs = make_parts(corpus, corpus.labels)
    assert not np.any(parts.within)  # labels of whole utterances
    strata = np.unique(runs.signers.astype(str), return_inverse=True)[1]
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(4000):
        places = np.arange(len(strata))
        for code in range(strata.max() + 1):
            places[strata == code] = rng.permutation(np.flatnonzero(strata == code))
        drawn.append(parts.feature[:, :2].T @ parts.label[places])
    mean, spread = find_moments(parts, strata)
    assert np.mean(drawn, axis=0) == pytest.approx(mean[:2], abs=4 * spread[:2].max() / 63)
    assert np.std(drawn, axis=0) == pytest.approx(spread[:2], rel=0.06)
    tested = np.ones(spread.shape, dtype=bool)
    own = permute_labels(parts, 0 * strata, tested, draws=3000, seed=1)
    x, y = parts.feature[:, 0], parts.label[:, 1]
    peer = stats.permutation_test(
        (y,), lambda one: x @ one, permutation_type="pairings", n_resamples=3000, rng=4
    )
    # Two Monte-Carlo p of 3,000 draws: SE of each √(p(2-p)/B).
    assert own.p_value[0, 1] == pytest.approx(peer.pvalue, abs=4 * np.sqrt(2 * peer.pvalue / 3000))
    assert (own.p_max_t >= own.p_value - 0.03).all()


def test_moments_of_labels_that_change_within_utterances_are_those_of_all_permutations():
    """All orders of four utterances and all signs of their parts within; sums, 1e-12."""
    rng = np.random.default_rng(3)
    owners = np.array([[0, 0, 1, 2, 3], [0, 1, 0, 1, 1]])
    feature, label, within = (rng.normal(size=(size, 2)) for size in (4, 4, 5))
    parts, drawn = Parts(feature, label, owners, within), []
    for order, signs in product(permutations(range(4)), product([-1, 1], repeat=4)):
        drawn.append(feature.T @ label[list(order)])
        np.add.at(drawn[-1], owners[1], np.array(signs)[owners[0]][:, None] * within)
    mean, spread = find_moments(parts, np.zeros(4, int))
    np.testing.assert_allclose(mean, np.mean(drawn, axis=0), rtol=1e-12)
    np.testing.assert_allclose(spread, np.std(drawn, axis=0), rtol=1e-12)
    found = permute_labels(parts, np.zeros(4, int), np.ones((2, 2), bool), draws=99, seed=1)
    # What was observed is one of the 100 draws that p counts.
    counts = 100 * found.p_max_t
    assert counts == pytest.approx(counts.round(), abs=1e-9)
    assert counts.min() > 0.5


def run_corpora(count, **options):
    covered, false = [], []
    for seed in range(count):
        study = ex.simulate_signing(utterances=250, seed=seed, **options)
        found = ex.measure_cooccurrence(study.events, study.labels, draws=199, seed=seed)
        table = found.table.merge(study.truth, on=["label", "feature", "term"])
        assert len(table) == len(study.truth)
        covered.append(
            table["truth"]
            .between(table["conf_low"], table["conf_high"])
            .groupby(table["term"])
            .mean()
        )
        lift = table[table["term"].eq("lift") & table["truth"].eq(1)]
        false.append((lift["p_value"].lt(0.05).mean(), lift["p_max_t"].lt(0.05).any()))
    return pd.concat(covered, axis=1).mean(axis=1), np.mean(false, axis=0)


def test_intervals_cover_the_truth_and_chance_is_rarely_called_more():
    covered, (alone, family) = run_corpora(15)
    assert covered.between(0.90, 0.99).all(), covered
    assert alone < 0.09
    assert family < 0.3


def test_what_is_said_of_limits_by_clusters_is_what_was_found():
    """The table of simulate_coverage.py against the docstrings of the three verbs."""
    table = pd.read_csv(Path(__file__).parents[2] / "vignettes" / "coverage_events.csv")
    said = {
        "p_label_given_feature": [0.95, 0.93, 0.95],
        "p_feature_given_label": [0.95, 0.93, 0.94],
        "lift": [0.98, 0.97, 0.95],
        "average_precision": [0.96, 0.96, 0.95],
    }
    pairs = table[table["kind"].eq("utterances") | table["term"].eq("average_precision")]
    for term, shares in said.items():
        assert pairs.loc[pairs["term"].eq(term), "held"].tolist() == pytest.approx(
            shares, abs=0.0051
        )
    assert table["held"].min() >= 0.93


@pytest.mark.slow
def test_intervals_cover_the_truth_over_many_corpora():
    covered, _ = run_corpora(300)
    assert covered.between(0.92, 0.98).all(), covered
    _, (alone, family) = run_corpora(300, associated=False)
    assert alone == pytest.approx(0.05, abs=0.015)
    assert family == pytest.approx(0.05, abs=0.035)


def test_the_order_of_rows_changes_nothing(corpus, found):
    mixed = corpus.events.sample(frac=1, random_state=1)
    again = ex.measure_cooccurrence(mixed, corpus.labels, seed=1, draws=500)
    pd.testing.assert_frame_equal(found.table, again.table)


def test_a_pair_that_never_occurs_has_exact_limits():
    rows = [(f"u{i:02d}", "nose", "wrinkle", 0.0, 1.0) for i in range(12)]
    rows += [(f"v{i:02d}", "brows", "up", 0.0, 1.0) for i in range(12)]
    events = pd.DataFrame(rows, columns=["utterance", "tier", "value", "start", "end"])
    labels = events[events["tier"].eq("brows")].assign(tier="label", value="joy")
    table = ex.measure_cooccurrence(events, labels, draws=99, seed=1).table
    rows = table[table["feature"].eq("nose=wrinkle")].set_index("term")
    assert rows.loc[TERMS, "estimate"].tolist() == [0, 0, 0]
    # With 12 utterances without it, a share above 1 - .05^(1/12) would show it (exact binomial).
    assert rows.loc[TERMS[0], "conf_high"] == pytest.approx(1 - 0.05 ** (1 / 12))
    assert rows.loc["lift", "conf_high"] == pytest.approx((1 - 0.05 ** (1 / 12)) / 0.5)
    assert rows.loc["lift", "p_value"] <= 0.02


def test_the_sentence_names_the_pair_and_the_direction(found):
    assert "confusion and wh question=whq, lift = " in found.sentence()
    assert "of 30 pairs of a label and a feature differed from chance" in found.sentence()
    headline = found.table[found.table["headline"]]
    assert headline["term"].unique().tolist() == [TERMS[0]]


def test_without_tests_or_with_one_pair_the_sentence_still_holds(corpus):
    none = ex.measure_cooccurrence(corpus.events, corpus.labels, draws=0)
    assert none.sentence() == (
        "30 pairs of a label and a feature were described without a test of independence."
    )
    few = corpus.events[corpus.events["utterance"].lt("u00006")]
    labels = corpus.labels[corpus.labels["utterance"].lt("u00006")]
    assert "No pair" in ex.measure_cooccurrence(few, labels, draws=99, seed=1).sentence()


def test_labels_that_do_not_vary_within_signers_are_no_reason_to_ask_for_more(corpus):
    spans = corpus.events[corpus.events["tier"].eq("utterance")]
    everywhere = spans.assign(tier="label", value="joy")
    found = ex.measure_cooccurrence(corpus.events, everywhere, draws=9, seed=1)
    assert "it changes nothing when utterances of one signer" in found.sentence()
    lift = found.table[found.table["term"].eq("lift")]
    assert lift["estimate"].eq(1).all() and lift["conf_low"].isna().all()


def test_labels_and_options_that_cannot_be_are_refused(corpus):
    with pytest.raises(DataError, match="there is no label"):
        ex.measure_cooccurrence(corpus.events, corpus.labels.iloc[:0])
    with pytest.raises(OptionError, match="given 'words' is not known"):
        ex.measure_cooccurrence(corpus.events, corpus.labels, given="words")
    with pytest.raises(DataError, match="no feature has 1,000,000 frames"):
        ex.measure_cooccurrence(corpus.events, corpus.labels, least=1_000_000)


def test_among_equal_p_the_clearest_pair_is_that_farthest_from_one():
    rows = [("a", 1.3, 1.9, 0.005), ("b", 3.0, 3.6, 0.005), ("c", 0.01, 0.1, 0.005)]
    rows += [("d", 9.0, 11.0, 0.2), ("e", np.nan, np.nan, 0.005)]
    lift = pd.DataFrame(rows, columns=["feature", "conf_low", "conf_high", "p_max_t"])
    assert rank_pairs(lift)["feature"].tolist() == ["c", "b", "a", "e", "d"]
