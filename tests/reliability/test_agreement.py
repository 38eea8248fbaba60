"""Agreement of categories against published numbers, other packages, loops over pairs, and truth.

The table of 12 units and 4 observers is that of Krippendorff (2011); its coefficients are those of
Gwet (2014, and the R package irrCAC 1.0, five decimals). Loops take one pair of ratings at a time
and share no code with the package; krippendorff, statsmodels and scikit-learn are further
witnesses. Tolerances: printed decimals; 1e-12 for the same arithmetic in another order; simulations
four Monte-Carlo standard errors.
"""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.document.text import write_plain
from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.reliability import measure_agreement
from exprstats.report import describe_results, gather_analysis

NAN = np.nan
SCALES = {"ac": (np.arctanh, np.tanh)} | dict.fromkeys(("conger", "fleiss"), (float, np.asarray))
# Krippendorff (2011): α of the three observers B, C, D is .691 nominal and .811 interval.
EXAMPLE = np.array(
    [
        [NAN, NAN, NAN, NAN, NAN, 3, 4, 1, 2, 1, 1, 3, 3, NAN, 3],
        [1, NAN, 2, 1, 3, 3, 4, 3, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
        [NAN, NAN, 2, 1, 3, 4, 4, NAN, 2, 1, 1, 3, 3, NAN, 4],
    ]
).T
UNITS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, NAN],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T
PUBLISHED = {
    "percent_agreement": 0.81818,
    "ac": 0.77544,
    "fleiss": 0.76117,
    "alpha": 0.74342,
    "conger": 0.76282,
    "brennan_prediger": 0.77273,
}


def pick(result, term, method="jackknife"):
    table = result.table
    return table[(table["term"] == term) & (table["method"] == method)].iloc[0]


def draw_answers(seed, clips=30, raters=4, values=4, gaps=0.2):
    rng = np.random.default_rng(seed)
    level = rng.integers(0, values, clips)[:, None]
    answers = np.clip(level + rng.integers(-1, 2, (clips, raters)), 0, values - 1).astype(float)
    answers[rng.random(answers.shape) < gaps] = NAN
    answers[:, 0] = np.where(np.isnan(answers).sum(axis=1) > raters - 2, 0, answers[:, 0])
    answers[:, 1] = np.where(np.isnan(answers).sum(axis=1) > raters - 2, 1, answers[:, 1])
    return answers


def loop_coefficients(answers, values, agree):
    """Every coefficient from single pairs of ratings."""
    raters = answers.shape[1]
    given = [[x for x in row if not np.isnan(x)] for row in answers]
    own = [row for row in given if len(row) > 1]
    p_a = np.mean([np.mean([agree(a, b) for a, b in permutations(row, 2)]) for row in own])
    share = {v: np.mean([row.count(v) / len(row) for row in given if row]) for v in values}
    q, every = len(values), sum(agree(a, b) for a in values for b in values)
    chance = {
        "fleiss": sum(share[a] * share[b] * agree(a, b) for a in values for b in values),
        "brennan_prediger": every / q**2,
        "ac": every * sum(p * (1 - p) for p in share.values()) / (q * (q - 1)),
    }
    uses = [[x for x in answers[:, g] if not np.isnan(x)] for g in range(raters)]
    chance["conger"] = np.mean(
        [np.mean([agree(a, b) for a in one for b in two]) for one, two in combinations(uses, 2)]
    )
    found = {name: (p_a - p_e) / (1 - p_e) for name, p_e in chance.items()}
    kappas = []
    for one, two in combinations(range(raters), 2):
        both = answers[~np.isnan(answers[:, [one, two]]).any(axis=1)][:, [one, two]]
        if len(both) >= 10:
            seen = np.mean([1 - agree(a, b) for a, b in both])
            kappas.append(
                1 - seen / np.mean([1 - agree(a, b) for a in both[:, 0] for b in both[:, 1]])
            )
    return found | {"kappa": np.mean(kappas)}


AGREE = {
    "identity": lambda a, b: float(a == b),
    "linear": lambda a, b: 1 - abs(a - b) / 3,
    "quadratic": lambda a, b: 1 - (a - b) ** 2 / 9,
}


def test_the_published_coefficients_of_four_observers(make_ratings):
    found = measure_agreement(make_ratings(UNITS), scale=(1, 5), weights="identity")
    for term, value in PUBLISHED.items():
        assert round(pick(found, term)["estimate"], 5) == value, term


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
@pytest.mark.parametrize("seed", [1, 2])
def test_coefficients_equal_loops_over_pairs(make_ratings, weights, seed):
    answers = draw_answers(seed)
    found = measure_agreement(make_ratings(answers), scale=(0, 3), weights=weights)
    for term, value in loop_coefficients(answers, [0, 1, 2, 3], AGREE[weights]).items():
        assert pick(found, term)["estimate"] == pytest.approx(value, abs=1e-12), term


@pytest.mark.parametrize(("scale", "alpha"), [("nominal", 0.691), ("interval", 0.811)])
def test_the_published_example(make_ratings, scale, alpha):
    row = pick(measure_agreement(make_ratings(EXAMPLE), scale=scale), "alpha")
    assert round(row["estimate"], 3) == alpha


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_equals_the_package_krippendorff(make_ratings, scale):
    from krippendorff import alpha

    answers = draw_answers(3)
    row = pick(measure_agreement(make_ratings(answers), scale=scale), "alpha")
    theirs = alpha(reliability_data=answers.T, level_of_measurement=scale)
    assert row["estimate"] == pytest.approx(theirs, abs=1e-12)


def test_kappas_equal_scikit_learn_and_statsmodels(make_ratings):
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    answers = draw_answers(4, gaps=0)
    found = measure_agreement(make_ratings(answers), scale=(0, 3), weights="identity")
    theirs = fleiss_kappa(aggregate_raters(answers.astype(int))[0])
    assert pick(found, "fleiss")["estimate"] == pytest.approx(theirs, abs=1e-12)
    two = answers[:, :2]
    for weights, kind in (("identity", None), ("linear", "linear"), ("quadratic", "quadratic")):
        found = measure_agreement(make_ratings(two), scale=(0, 3), weights=weights)
        theirs = cohen_kappa_score(*two.T.astype(int), labels=range(4), weights=kind)
        assert pick(found, "kappa")["estimate"] == pytest.approx(theirs, abs=1e-12)
        # With two raters and no gaps Conger's κ is Cohen's.
        assert pick(found, "conger")["estimate"] == pytest.approx(theirs, abs=1e-12)


def test_weights_follow_the_scale_and_not_the_values_that_were_used(make_ratings):
    """Nobody used 2 and 3 on a scale from 0 to 4: 4 is further from 1 than 1 is from 0."""
    two = np.array([[0, 0], [1, 1], [4, 4], [0, 1], [1, 0], [4, 1], [0, 0], [4, 4], [1, 1], [1, 4]])
    found = measure_agreement(make_ratings(two), scale=(0, 4), weights="quadratic")
    cost = np.subtract.outer(two[:, 0], two[:, 1]) ** 2
    expected = 1 - np.diag(cost).mean() / cost.mean()
    assert pick(found, "kappa")["estimate"] == pytest.approx(expected, abs=1e-12)
    ranks = np.searchsorted([0, 1, 4], two)
    cost = np.subtract.outer(ranks[:, 0], ranks[:, 1]) ** 2
    assert abs(expected - (1 - np.diag(cost).mean() / cost.mean())) > 0.02
    row = pick(measure_agreement(make_ratings(two)), "kappa")
    assert row["estimate"] == pytest.approx(expected, abs=1e-12)


def test_chance_by_the_number_of_values_needs_the_scale(make_ratings):
    undeclared = measure_agreement(make_ratings(UNITS), weights="identity")
    for term in ("ac", "brennan_prediger"):
        assert np.isnan(pick(undeclared, term)["estimate"])
        assert "declare it" in pick(undeclared, term)["note"]
    assert "Gwet" not in undeclared.sentence()


def test_positive_and_negative_agreement_of_two_classes(make_ratings):
    """Cicchetti & Feinstein (1990): 2a/(2a + b + c) and 2d/(2d + b + c)."""
    two = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [40, 9, 6, 45], axis=0)
    found = measure_agreement(make_ratings(two), scale=(0, 1), weights="identity")
    assert pick(found, "positive_agreement")["estimate"] == pytest.approx(80 / 95)
    assert pick(found, "negative_agreement")["estimate"] == pytest.approx(90 / 105)
    assert pick(found, "percent_agreement")["estimate"] == pytest.approx(0.85)
    assert set(found.confusions["count"]) == {40, 9, 6, 45}


def test_intervals_leave_out_one_subject_at_a_time(make_ratings):
    answers, agree = draw_answers(5), AGREE["linear"]
    table = make_ratings(answers)
    table["subject"] = "s" + (table["clip"].str[1:].astype(int) // 5).astype(str)
    found = measure_agreement(table, scale=(0, 3), weights="linear")
    rests = [np.delete(answers, range(5 * s, 5 * s + 5), axis=0) for s in range(6)]
    loops = [loop_coefficients(rest, range(4), agree) for rest in rests]
    for term in ("conger", "fleiss", "ac"):
        expected = (np.var([loop[term] for loop in loops]) * 5) ** 0.5
        assert pick(found, term)["std_error"] == pytest.approx(expected, abs=1e-12)
    for term in ("conger", "fleiss", "ac"):
        turn, back = SCALES[term]
        values = [turn(loop[term]) for loop in loops]
        reach = stats.t.ppf(0.975, 5) * (np.var(values) * 5) ** 0.5
        limits = back(turn(pick(found, term)["estimate"]) + np.array([-reach, reach]))
        row = pick(found, term)
        assert [row["raw_low"], row["raw_high"]] == pytest.approx(list(limits), abs=1e-9)


@pytest.mark.parametrize("count", [60, pytest.param(150, marks=pytest.mark.slow)])
def test_the_interval_holds_the_truth_where_clips_share_subjects(make_ratings, count):
    """Two classes; the truth is α of 100,000 clips of as many subjects."""
    rng = np.random.default_rng(6)

    def draw(subjects, clips):
        trait = np.repeat(rng.normal(0, 1.2, subjects), clips)[:, None]
        level = trait + rng.normal(0, 0.8, (subjects * clips, 1))
        return (level + rng.normal(0, 1, (subjects * clips, 3)) > 0.3).astype(float)

    def find_alpha(answers):
        p, pairs = answers.mean(), answers.sum(axis=1)
        unlike = 2 * (pairs * (3 - pairs)).mean() / 6
        return 1 - unlike / (2 * p * (1 - p))

    truth = find_alpha(draw(100_000, 1))
    held = []
    for _ in range(count):
        table = make_ratings(draw(30, 5))
        table["subject"] = "s" + (table["clip"].str[1:].astype(int) // 5).astype(str)
        row = pick(measure_agreement(table, scale=(0, 1), weights="identity"), "alpha")
        held.append(row["conf_low"] <= truth <= row["conf_high"])
    assert np.mean(held) > 0.95 - 4 * (0.95 * 0.05 / count) ** 0.5


def test_kappa_needs_shared_clips(make_ratings):
    row = pick(measure_agreement(make_ratings(EXAMPLE[:6])), "kappa")
    assert np.isnan(row["estimate"])
    assert "no pair of raters shares 10 clips" in row["note"]


def test_bootstrap_beside_the_jackknife(crowd):
    rounded = crowd.assign(rating=crowd["rating"].round())
    found = measure_agreement(rounded, draws=300, seed=1)
    row = pick(found, "alpha", "bootstrap")
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert row["draws"] == 300
    ratio = row["std_error"] / pick(found, "alpha")["std_error"]
    assert 0.7 < ratio < 1.4
    again = pick(measure_agreement(rounded, draws=300, seed=1), "alpha", "bootstrap")
    assert again["conf_low"] == row["conf_low"]


def test_sentences_at_the_edges(make_ratings):
    table = make_ratings(EXAMPLE)
    assert "Krippendorff's α (interval) = .81, 95% CI [" in measure_agreement(table).sentence()
    perfect = measure_agreement(make_ratings([[1, 1], [2, 2], [3, 3]]), scale=(1, 3)).sentence()
    # 1 in each of 3 clips: the lower limit is .05^(1/3).
    assert "percent agreement = 1.00, 95% CI [.37, 1.00];" in perfect
    assert perfect.endswith("Krippendorff's α (interval) = 1.00.")


def test_options(make_ratings):
    table = make_ratings(EXAMPLE)
    with pytest.raises(OptionError, match="scale 'ranks'"):
        measure_agreement(table, scale="ranks")
    with pytest.raises(OptionError, match="two or more numbers"):
        measure_agreement(table, scale=(1,))
    with pytest.raises(OptionError, match="draws is -1"):
        measure_agreement(table, draws=-1)
    with pytest.raises(DataError, match="1 rating"):
        measure_agreement(table.drop_duplicates("clip"))
    with pytest.raises(DataError, match="ratings '4' are not on the scale of 3 values from 1 to 3"):
        measure_agreement(table, scale=(1, 3))
    sizes = np.random.default_rng(1).normal(size=(120, 2))
    with pytest.raises(DataError, match="240 different values"):
        measure_agreement(make_ratings(sizes))


def test_pairs_who_gave_one_value_only_have_no_kappa(make_ratings):
    flat = pd.DataFrame(
        [
            {"clip": f"f{clip}", "rater": rater, "item": "q", "rating": 1.0}
            for clip in range(10)
            for rater in ("x", "y")
        ]
    )
    varied = flat.assign(rater=flat["rater"] + "2", clip=flat["clip"] + "2")
    varied["rating"] = [1.0, 1.0, 2.0, 2.0] * 5
    with pytest.warns(DataWarning, match="raters 'x', 'y' gave one value to everything"):
        found = measure_agreement(pd.concat([flat, varied], ignore_index=True))
    assert pick(found, "kappa")["estimate"] == pytest.approx(1.0)
    assert found.pairs["kappa"].isna().sum() == 1


def test_pooled_contexts_are_said_to_be_one_sample():
    rng = np.random.default_rng(0)
    rows = [
        (context, f"{context}{clip}", f"r{rater}", "q", float(low + rng.integers(0, 3)))
        for context, low in (("a", 1), ("b", 5))
        for clip in range(40)
        for rater in range(3)
    ]
    table = pd.DataFrame(rows, columns=["context", "clip", "rater", "item", "rating"])
    found = measure_agreement(table, scale=(1, 7), by="context", draws=50, seed=1)
    told = "all clips as one sample, with differences between contexts counted as agreement"
    pooled = found.table["context"].isna()
    assert found.table.loc[pooled, "note"].str.endswith(told).all()
    assert not found.table.loc[~pooled, "note"].str.contains(told).any()
    assert f"q over {told}:" in found.sentence()
    assert not found.table["note"].str.contains("None").any()


@pytest.mark.parametrize("words", [("sad", "angry", "glad"), (True, False)])
def test_words_are_categories_without_an_order(words):
    rng = np.random.default_rng(2)
    numbers = rng.integers(0, len(words), size=(30, 1)) + (rng.random((30, 3)) < 0.3)
    table = pd.DataFrame(
        {
            "clip": np.repeat(np.arange(30), 3),
            "rater": [*"xyz"] * 30,
            "item": "face",
            "rating": [words[number % len(words)] for number in numbers.ravel()],
        }
    )
    found = measure_agreement(table)
    codes = table["rating"].map({name: 7.0 * place for place, name in enumerate(words)})
    known = measure_agreement(table.assign(rating=codes), weights="identity")
    mine, theirs = (one.table.set_index("term")["estimate"] for one in (found, known))
    shared = ["percent_agreement", "kappa", "conger", "fleiss", "alpha"]
    np.testing.assert_allclose(mine[shared], theirs[shared], rtol=1e-12)
    assert found.weights == "identity" and set(found.labels.values()) == {*map(str, words)}


def test_people_of_whom_one_rater_saw_each_clip_are_no_degrees_of_freedom():
    """Clips of 3 in 20 people were rated twice, as in a reliability sample: t has 2 degrees.

    What people without two ratings of a clip do is drop out of α, percent agreement and κ. With 19
    degrees of freedom the limits of α were [.13, .76] where those of the three are [-.09, .99].
    """
    rng = np.random.default_rng(1)
    rows = []
    for subject in range(20):
        for clip in range(6):
            truth = rng.integers(0, 3)
            raters = "abc" if subject < 3 else rng.choice(list("abc"))
            ratings = [truth if rng.random() < 0.7 else rng.integers(0, 3) for _ in raters]
            rows += [
                (f"c{subject}.{clip}", subject, rater, "q", float(rating))
                for rater, rating in zip(raters, ratings, strict=True)
            ]
    table = pd.DataFrame(rows, columns=["clip", "subject", "rater", "item", "rating"])
    options = {"scale": (0, 2), "weights": "identity"}
    found, alone = (
        measure_agreement(one, **options).table.set_index("term")
        for one in (table, table[table["subject"] < 3])
    )
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    same = ["percent_agreement", "kappa", "brennan_prediger", "alpha"]
    np.testing.assert_allclose(found.loc[same, numbers], alone.loc[same, numbers], atol=1e-12)
    assert found["n_clusters"].eq(3).all()
    told = "rests on the subjects with a clip that two rated, 3 of 20"
    assert found["note"].str.contains(told).all()
    notes = (
        describe_results(gather_analysis(measure_agreement(table, **options)))[0].tables[0].notes
    )
    assert f"R{told[1:]}" in " ".join(write_plain(one) for one in notes).replace("\xa0", " ")
    lone = table[table["subject"].eq(0) | table["subject"].gt(2)]
    rows = measure_agreement(lone, **options).table.query("term != 'kappa'")
    told = "no interval: of 18 subjects there is one with a clip that two rated"
    assert rows["note"].eq(told).all() and rows["conf_low"].isna().all()
    clips = lone.drop(columns="subject").query("clip in ['c0.0', 'c4.0', 'c5.0']")
    rows = measure_agreement(clips, **options).table.query("term != 'kappa'")
    assert set(rows["note"]) == {"no interval: of 3 clips there is one that two rated"}
    others = found.loc[["conger", "fleiss"]]
    reach = others["raw_high"] - others["estimate"]
    np.testing.assert_allclose(reach, stats.t.ppf(0.975, 2) * others["std_error"])


def test_shares_of_equal_ratings_have_limits_on_the_logit_scale(make_ratings):
    """As those of annotators of evoked expressions have. Tolerance 1e-9: sums."""
    answers = draw_answers(5)
    table = make_ratings(answers)
    table["subject"] = "s" + (table["clip"].str[1:].astype(int) // 5).astype(str)
    row = pick(measure_agreement(table, scale=(0, 3)), "percent_agreement")

    def share(rows):
        found = []
        for _, own in rows.groupby("clip"):
            pairs = [one == two for one, two in combinations(own["rating"], 2)]
            found += [np.mean(pairs)] if pairs else []
        return np.log(np.mean(found) / (1 - np.mean(found)))

    left = [share(table[table["subject"] != who]) for who in table["subject"].unique()]
    reach = stats.t.ppf(0.975, 5) * (np.var(left) * 5) ** 0.5
    limits = 1 / (1 + np.exp(-share(table) - np.array([-reach, reach])))
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(limits.tolist(), abs=1e-9)


def test_ratings_that_never_differ_have_no_bootstrap_interval_without_width(make_ratings):
    answers = np.tile(np.arange(12)[:, None] % 2, (1, 2)).astype(float)
    found = measure_agreement(make_ratings(answers), scale=(0, 1), draws=50, seed=1).table
    rows = found[found["method"].eq("bootstrap") & found["term"].eq("percent_agreement")]
    assert rows["estimate"].tolist() == [1.0]
    assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
    assert rows["note"].tolist() == ["no interval: the same in all draws"]
