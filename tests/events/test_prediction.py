"""Forests on collapsed frames against scikit-learn on the frames themselves.

Trees: equal weights and random numbers must give equal splits, so that predictions are compared to
1e-7 (float32 features, double sums in another order). Metrics: scikit-learn's on expanded frames,
1e-12. Permutation importance: the mean of 400 real permutations, 4 standard errors of that mean.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score, precision_recall_fscore_support
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import exprstats as ex
from exprstats.errors import DataError, OptionError
from exprstats.events.cooccurrence import pick_columns
from exprstats.events.folds import ForestPlan, LabelledFrames, deal_groups, spread_halves
from exprstats.events.intervals import lay_labelled, lay_runs
from exprstats.events.limits import limit_terms
from exprstats.events.multilabel import (
    Cells,
    collapse_rows,
    count_confusions,
    grow_fold,
    measure_shares,
    permute_feature,
    place_guesses,
)
from exprstats.report import describe_results, gather_analysis


@pytest.fixture(scope="module")
def found(corpus):
    return ex.predict_labels(corpus.events, corpus.labels, trees=20, n_folds=5, seed=1)


def draw_rows(rng, rows=60, frames=600):
    features = rng.integers(0, 2, (rows, 4)).astype(float)
    labels = (rng.random((rows, 3)) < 0.3 + 0.3 * features[:, :1]).astype(float)
    return features, labels, rng.multinomial(frames, np.full(rows, 1 / rows))


def test_a_tree_on_distinct_rows_is_the_tree_on_frames():
    rng = np.random.default_rng(1)
    features, labels, counts = draw_rows(rng)
    one, other, pairs, codes = collapse_rows(features, labels)
    weights = rng.multinomial(600, counts / 600)
    drawn = np.repeat(np.arange(len(counts)), weights)  # the bootstrap's frames themselves
    sums = np.bincount(codes, weights=weights, minlength=pairs.shape[1])
    used = sums > 0
    for kind in (DecisionTreeRegressor, DecisionTreeClassifier):
        tree = kind(max_features=2, random_state=7).fit(features[drawn], labels[drawn])
        own = DecisionTreeRegressor(max_features=2, random_state=7)
        own.fit(one[pairs[0, used]], other[pairs[1, used]], sample_weight=sums[used])
        shares = (
            tree.predict(one)
            if kind is DecisionTreeRegressor
            else np.array([column[:, 1] for column in tree.predict_proba(one)]).T
        )
        assert own.predict(one) == pytest.approx(shares, abs=1e-7)
        assert own.feature_importances_ == pytest.approx(tree.feature_importances_, abs=1e-7)


def make_cells(seed, folds=3):
    rng = np.random.default_rng(seed)
    features, labels, counts = draw_rows(rng)
    *distinct, codes = collapse_rows(features, labels)
    groups = rng.integers(0, 12, len(counts))
    return Cells(*distinct, codes, groups, groups % folds, counts.astype(float))


def test_a_forest_predicts_as_scikit_learns_on_the_frames():
    cells = make_cells(4)
    ours = grow_fold(0, cells, trees=400, seed=np.random.SeedSequence(1), turn=False)
    train = np.repeat(cells.pair[cells.fold != 0], cells.frames[cells.fold != 0].astype(int))
    peer = RandomForestClassifier(400, random_state=1)
    peer.fit(cells.features[cells.kind[0, train]], cells.labels[cells.kind[1, train]])
    asked = np.unique(cells.kind[0, cells.pair[cells.fold == 0]])
    shares = np.array([one[:, 1] for one in peer.predict_proba(cells.features[asked])]).T
    # Shares of 400 trees have a standard error of up to .025: where they are clear, all agree.
    clear = np.abs(shares - 0.5) > 0.1
    assert clear.mean() > 0.5
    assert np.array_equal(ours.guesses[asked][clear], shares[clear] > 0.5)
    assert ours.impurity == pytest.approx(peer.feature_importances_, abs=0.03)


def test_metrics_are_scikit_learns():
    cells = make_cells(5)
    folds = [
        grow_fold(k, cells, trees=11, seed=np.random.SeedSequence(k), turn=False) for k in range(3)
    ]
    guesses = place_guesses(cells, folds)
    table = count_confusions(cells, guesses, 12)
    again = np.repeat(np.arange(len(cells.pair)), cells.frames.astype(int))
    truth = cells.labels[cells.kind[1, cells.pair]][again]
    want = precision_recall_fscore_support(truth, guesses[again], zero_division=0)
    sums = [one.sum(axis=0) for one in (table.hits, table.false_alarms, table.misses)]
    assert measure_shares(*sums) == pytest.approx(np.array(want[:3]), abs=1e-12)
    for average in ("micro", "weighted"):
        want = f1_score(truth, guesses[again], average=average, zero_division=0)
        scores = measure_shares(*sums)[2] @ (sums[0] + sums[2]) / (sums[0] + sums[2]).sum()
        if average == "micro":
            scores = measure_shares(*(np.array(one.sum()) for one in sums))[2]
        assert scores == pytest.approx(want, abs=1e-12)


def test_permutation_needs_no_permutations():
    cells = make_cells(6)
    folds = [
        grow_fold(k, cells, trees=15, seed=np.random.SeedSequence(k), turn=True) for k in range(3)
    ]
    again = np.repeat(np.arange(len(cells.pair)), cells.frames.astype(int))
    rows, fold = cells.kind[0, cells.pair][again], cells.fold[again]
    truth = cells.labels[cells.kind[1, cells.pair]][again]
    rng = np.random.default_rng(1)
    for feature in range(2):
        hits = []
        for _ in range(400):
            guesses = np.empty(truth.shape)
            for k in range(3):
                own = rows[fold == k]
                value = rng.permutation(cells.features[own, feature]).astype(int)
                guesses[fold == k] = folds[k].turned[feature][value, own]
            hits.append((guesses * truth).sum())
        expected = count_confusions(cells, permute_feature(cells, folds, feature), 12).hits.sum()
        assert expected == pytest.approx(np.mean(hits), abs=4 * np.std(hits) / 20 + 1e-9)


def test_folds_hold_whole_utterances_and_signers(corpus):
    runs = lay_runs(pd.concat([corpus.events, corpus.labels]), fps=30)
    rng = np.random.default_rng(1)
    fold, count = deal_groups(runs, "utterances", 10, rng)
    assert count == 10
    sizes = np.bincount(fold, weights=runs.lengths)
    assert sizes.max() / sizes.min() < 1.25
    fold, count = deal_groups(runs, "signers", 10, rng)
    assert count == 5
    assert all(len(set(fold[runs.signers == one])) == 1 for one in set(runs.signers))


def test_folds_of_frames_recognise_utterances_where_there_is_nothing_to_know():
    study = ex.simulate_signing(utterances=60, signers=4, associated=False, seed=9)
    turn = np.random.default_rng(1).permutation(study.events["utterance"].unique())
    names = dict(zip(sorted(turn), turn, strict=True))
    noise = study.labels.assign(utterance=study.labels["utterance"].map(names))
    ends = study.events.query("tier == 'utterance'").set_index("utterance")["end"]
    noise = noise.assign(end=noise["utterance"].map(ends))
    found = ex.predict_labels(study.events, noise, trees=20, seed=1, importance=False)
    row = found.glance().iloc[0]
    assert row["change"] == pytest.approx(row["f1_frames"] - row["f1"])
    assert row["change"] > 0.15
    micro = found.find_micro("frames - utterances")
    assert micro["conf_low"] > 0
    assert micro["headline"]


def test_rows_hold_every_label_both_averages_and_their_support(corpus, found):
    table = found.table
    assert table["folds"].unique().tolist() == ["utterances", "frames", "frames - utterances"]
    assert set(table["average"]) == {"label", "micro", "weighted"}
    support = table[table["average"].eq("label")].groupby("label")["support"].first()
    counts = ex.count_events(corpus.events, corpus.labels).table.query("kind == 'label'")
    assert support.to_dict() == counts.set_index("label")["estimate"].astype(int).to_dict()
    inside = table[~table["folds"].str.contains("-")]
    held = inside.dropna(subset=["conf_low"])
    assert held["estimate"].between(held["conf_low"], held["conf_high"]).all()
    impurity = found.importance.query("term == 'importance_impurity'")
    assert impurity["estimate"].sum() == pytest.approx(1)


def test_workers_and_the_order_of_rows_change_nothing(corpus, found):
    mixed = corpus.events.sample(frac=1, random_state=1)
    options = {"trees": 20, "n_folds": 5, "seed": 1}
    again = ex.predict_labels(mixed, corpus.labels, n_jobs=2, **options)
    pd.testing.assert_frame_equal(found.table, again.table)
    pd.testing.assert_frame_equal(found.importance, again.importance)


def test_the_sentence_says_which_folds(corpus, found):
    text = found.sentence()
    assert text.startswith("In utterances that no tree had seen, micro F1 = ")
    assert "Folds of single frames" in text
    signers = ex.predict_labels(corpus.events, corpus.labels, folds="signers", trees=5, seed=1)
    assert signers.sentence().startswith("In signers that no tree had seen")
    assert signers.n_folds == {"signers": 5, "frames": 10}
    # Five signers are the clusters of its intervals, and few.
    assert signers.find_micro("signers")["n_clusters"] == 5
    assert signers.find_micro("signers")["note"] == "rests on fewer than 10 signers"


def test_where_frames_pretend_nothing_the_sentence_claims_nothing(found):
    table = found.table.copy()
    change = table["folds"].eq("frames - utterances")
    table.loc[change, ["estimate", "conf_low", "conf_high"]] = [-0.01, -0.02, 0.01]
    text = replace(found, table=table).sentence()
    assert "is not clearly above 0" in text
    table.loc[change, ["conf_low", "conf_high"]] = np.nan
    assert "−.01, is not clearly above 0" in replace(found, table=table).sentence()


def test_signers_that_are_not_known_are_no_folds(corpus):
    options = {"trees": 2, "seed": 1, "folds": "signers"}
    with pytest.raises(DataError, match="have no signer"):
        ex.predict_labels(
            corpus.events.drop(columns="signer"), corpus.labels.drop(columns="signer"), **options
        )
    one = [table.assign(signer="S") for table in (corpus.events, corpus.labels)]
    with pytest.raises(DataError, match="there is one signer"):
        ex.predict_labels(*one, **options)
    with pytest.raises(OptionError, match="folds 'people' is not known"):
        ex.predict_labels(corpus.events, corpus.labels, folds="people")


def test_limits_rest_on_the_utterances_that_a_measure_can_come_from():
    """Labels of 12 utterances, 2 of which have one of them, never found: the exact upper limits.

    A label of five utterances that no forest finds has recall 0 in five clusters: 1 - .05^(1/5) is
    .451; F1 can come from these five only, whatever false alarms there are elsewhere. Two clusters
    have no limits.
    """
    count = 40
    names = [f"u{i:02d}" for i in range(count)]
    spans = pd.DataFrame({"utterance": names, "start": 0.0, "end": 2.0})
    rng = np.random.default_rng(5)
    events = pd.concat(
        [
            spans.assign(tier="nose", value=rng.choice(["a", "b"], count)),
            spans.assign(tier="brows", value=rng.choice(["c", "d"], count)),
        ]
    )
    rare = pd.concat([spans[:5].assign(value="rare"), spans[:2].assign(value="twice")])
    often = spans[5:].iloc[::2].assign(value="often")
    labels = pd.concat([rare, often]).assign(tier="label")
    found = ex.predict_labels(events, labels, trees=10, seed=1, importance=False).table
    own = found[found["folds"].eq("utterances") & found["average"].eq("label")]
    own = own.set_index(["label", "term"])
    for term in ("recall", "f1"):
        assert own.loc[("rare", term), "estimate"] == 0
        assert own.loc[("rare", term), "n_clusters"] == 5
        assert own.loc[("rare", term), "conf_high"] == pytest.approx(1 - 0.05 ** (1 / 5))
        assert own.loc[("twice", term), "n_clusters"] == 2
        assert np.isnan(own.loc[("twice", term), "conf_high"])
        assert own.loc[("often", term), "n_clusters"] == 18
    # Precision rests on where a label was predicted.
    predicted = own.loc[("often", "precision"), "n_clusters"]
    assert 0 < predicted <= 40


def test_intervals_are_widened_to_what_forests_on_halves_give():
    """Halves drawn and predicted by hand: SD over 12 of them, 3 standard errors of two SD.

    The SE of an SD of m values is SD/√(2(m - 1)): .24 and .21 of it for 10 and 12.
    """
    study = ex.simulate_signing(utterances=40, seed=12)
    options = {"trees": 3, "importance": False, "least": 1}
    whole = ex.predict_labels(study.events, study.labels, n_folds=10, seed=1, **options)
    names, rng, halves = study.events["utterance"].unique(), np.random.default_rng(2), []
    for seed in range(6):
        for half in np.array_split(rng.permutation(names), 2):
            tables = [one[one["utterance"].isin(half)] for one in (study.events, study.labels)]
            halves.append(ex.predict_labels(*tables, n_folds=5, seed=seed, **options))
    for kind in ("utterances", "frames", "frames - utterances"):
        spread = np.std([one.find_micro(kind)["estimate"] for one in halves], ddof=1)
        assert whole.find_micro(kind)["std_error"] > spread * (1 - 3 * np.hypot(0.24, 0.21))
    assert whole.find_micro("utterances")["std_error"] < spread * 3


def test_a_label_that_few_halves_have_has_no_spread():
    """One of 20 utterances has it, so that five of the ten halves have none to find."""
    study = ex.simulate_signing(utterances=20, seed=1)
    once = study.labels.iloc[:1].assign(value="once")
    runs = lay_labelled(study.events, pd.concat([study.labels, once]), fps=30.0, among="all")
    features, named, _ = pick_columns(runs, 1)
    data = [runs.shown[:, columns].toarray() for columns in (features, named)]
    frames = LabelledFrames(runs, data, np.arange(len(runs.utterances)))
    plan, seed = (
        ForestPlan("utterances", 4, 2, importance=False, n_jobs=1),
        np.random.SeedSequence(1),
    )
    scores, losses = spread_halves(frames, plan, seed)
    place = [runs.pairs[one][1] for one in named].index("once")
    assert np.isnan(scores[:, :, place]).all() and np.isfinite(scores[:, :, -2:]).all()
    assert np.isnan(losses).all()
    assert np.isnan(spread_halves(frames.keep(np.arange(3)), plan, seed)[0]).all()


def test_halves_keep_whole_signers_together():
    study = ex.simulate_signing(utterances=20, signers=4, seed=1)
    runs = lay_labelled(study.events, study.labels, fps=30.0, among="all")
    homes = np.unique(runs.signers.astype(str), return_inverse=True)[1]
    whole = LabelledFrames(runs, [runs.shown.toarray()], homes)
    half = whole.keep(np.array([1, 3]))
    kept = np.isin(homes, [1, 3])
    assert half.homes.tolist() == (homes[kept] == 3).astype(int).tolist()
    assert half.runs.lengths.sum() == runs.lengths[kept].sum() == half.runs.frames.sum()
    assert len(half.data[0]) == np.isin(runs.codes, np.flatnonzero(kept)).sum()


@pytest.mark.parametrize("scale", ["logit", "raw"])
def test_intervals_are_widened_and_never_narrowed(scale):
    """By the ratio of the standard errors, on the scale of the limits."""
    rng = np.random.default_rng(1)
    rests = 0.3 + rng.normal(0, 0.002, (1, 30))
    fixed = {"scale": scale, "level": 0.95}
    given = (np.array([0.3]), rests, np.ones((1, 30), dtype=bool))
    plain = limit_terms(*given, **fixed)
    for spread in (0.5 * plain.std_error, np.array([np.nan])):
        assert limit_terms(*given, **fixed, spread=spread)[:3] == plain[:3]
    wide = limit_terms(*given, **fixed, spread=2 * plain.std_error)
    assert wide.std_error == pytest.approx(2 * plain.std_error)
    move = logit if scale == "logit" else np.asarray
    for end in ("conf_low", "conf_high"):
        reach = [move(getattr(one, end)) - move(0.3) for one in (plain, wide)]
        assert reach[1] == pytest.approx(2 * reach[0])


def hold_expected(studies, *, utterances=80, trees=5):
    """Share of intervals that hold the mean over studies, by folds and term."""
    rows = []
    for seed in range(studies):
        study = ex.simulate_signing(utterances=utterances, signers=6, seed=9000 + seed)
        found = ex.predict_labels(study.events, study.labels, trees=trees, n_folds=5, seed=seed)
        micro = found.table[found.table["average"].eq("micro")]
        losses = found.importance[found.importance["term"].eq("importance_permutation")]
        rows += [micro, losses.assign(folds="loss", term=losses["feature"])]
    table = pd.concat(rows)
    truth = table.groupby(["folds", "term"])["estimate"].transform("mean")
    held = table["conf_low"].le(truth) & table["conf_high"].ge(truth)
    return held.groupby([table["folds"], table["term"]]).mean()


def test_intervals_hold_expected_scores():
    """Four standard errors of .95 over 8 studies; without halves recall has .78 of many."""
    held = hold_expected(8, utterances=60, trees=3)
    assert (held >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 8)).all()
    assert held.mean() > 0.92


@pytest.mark.slow
def test_intervals_hold_expected_scores_of_many_studies():
    """Features that are rare have skewed losses, whose intervals hold less."""
    held = hold_expected(200)
    assert (held.drop("loss") >= 0.93).all()
    assert held.loc["loss"].min() > 0.85


def test_the_report_ranks_features_and_sets_scores_of_both_folds_apart(found):
    (section,) = describe_results(gather_analysis([found]))
    cells = {table.name: table.cells for table in section.tables}
    rows = found.importance.set_index("feature")
    lost = rows[rows["term"].eq("importance_permutation")]["estimate"]
    top = rows[rows["term"].eq("importance_impurity")]["estimate"].nlargest(10).index
    told = cells["label_importance"]["rank"].astype(int)
    ranks = [(int((lost > lost[name]).sum()), int((lost >= lost[name]).sum())) for name in top]
    assert all(low < rank <= high for rank, (low, high) in zip(told, ranks, strict=True))
    scores = found.table[found.table["average"].eq("label") & found.table["term"].eq("f1")]
    for folds, key in ((found.folds, "own_f1"), ("frames", "leaky_f1")):
        own = scores[scores["folds"].eq(folds)].set_index("label")["estimate"]
        shown = cells["label_prediction"].set_index("label")[key].loc[own.index]
        assert shown.tolist() == [f"{one:.2f}".removeprefix("0") for one in own]
