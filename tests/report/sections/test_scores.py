"""What terminal and report say of a factor and its scores at the edges.

Tolerance: half a unit of the last printed decimal against the verbs' own rows; 1e-9 against means
squares written out here, which the verbs reach by other sums.
"""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.measurement import average_raters, fit_factor, weight_ratings
from exprstats.models import rate_scores
from exprstats.report import build_document, gather_analysis

ITEMS = ["a", "b", "c"]
CONTEXTS = ("pain", "joy")


def draw_ratings(subjects=16, clips=3, raters=4, *, turned=(), contexts=CONTEXTS, seed=2):
    """Return ratings with halo: what a rater adds to a clip enters all items alike."""
    rng = np.random.default_rng(seed)
    rows = []
    for context in contexts:
        for subject in range(subjects):
            for take in range(clips):
                level = rng.normal()
                for rater in rng.choice(9, raters, replace=False):
                    halo = level + 0.8 * rng.normal()
                    for item in ITEMS:
                        sign = -1 if item in turned else 1
                        answer = sign * halo + 0.4 * rng.normal()
                        ids = (context, f"{context}{subject}.{take}", f"S{subject:02d}")
                        rows.append((*ids, f"W{rater}", item, answer))
    columns = ["context", "clip", "subject", "rater", "item", "rating"]
    return pd.DataFrame(rows, columns=columns)


def make_heywood(ratings, context="joy"):
    """Return ratings whose items of one context give a residual variance below 0."""
    rng = np.random.default_rng(7)
    here = ratings["context"].eq(context).to_numpy()
    keys = ["clip", "subject", "rater"]
    table = ratings[here].pivot_table(index=keys, columns="item", values="rating")
    clips, codes = np.unique(table.index.get_level_values("clip"), return_inverse=True)
    # s12·s13/s23 = 1.2 is larger than s11 = 1: closed form of a negative θ1.
    wanted = np.array([[1, 0.8, 0.75], [0.8, 1, 0.5], [0.75, 0.5, 1]])
    base = rng.normal(size=(len(clips), 3))
    base -= base.mean(axis=0)
    base = base @ np.linalg.inv(np.linalg.cholesky(np.cov(base.T))).T @ np.linalg.cholesky(wanted).T
    answers = pd.DataFrame(base[codes], index=table.index, columns=ITEMS)
    long = answers.reset_index().melt(keys, var_name="item", value_name="rating")
    return pd.concat([ratings[~here], long.assign(context=context)[ratings.columns]])


def fit(ratings, by="context"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        factor = fit_factor(average_raters(ratings), items=ITEMS, by=by, ratings=ratings)
        return factor, rate_scores(ratings, factor)


def read(*results):
    """Return the sections by name, and all their words."""
    sections = {one.name: one for one in build_document(gather_analysis(results)).sections}
    words = {
        name: " ".join(
            write_plain(text)
            for text in (
                *one.sentences,
                *one.caveats,
                *(note for table in one.tables for note in table.notes),
            )
        ).replace("\xa0", " ")
        for name, one in sections.items()
    }
    return sections, words


def read_number(cell):
    return float(cell.replace("−", "-"))


def test_table_a2_holds_both_errors_and_the_reliability_of_the_scores():
    ratings = draw_ratings()
    factor, rated = fit(ratings)
    sections, words = read(factor, rated)
    [table] = sections["scores"].tables
    named = {column.key: write_plain(column.heading) for column in table.columns}
    assert (named["std_error"], named["factor_se"]) == ("SE", "SE of the factor model")
    assert (
        "how much a clip's score would differ with other raters".replace("'", "’")
        in words["scores"]
    )
    rows = rated.tidy()
    for line in table.cells.to_dict("records"):
        context = None if line["context"] == "All" else line["context"]
        fitted = "all" if context is None else "context"
        own = factor.scores[factor.scores["fitted_on"] == fitted]
        own = own if context is None else own[own["context"] == context]
        assert read_number(line["std_error"]) == pytest.approx(own["std_error"].mean(), abs=0.0051)
        assert read_number(line["factor_se"]) == pytest.approx(own["factor_se"].mean(), abs=0.0051)
        assert own["std_error"].mean() > 1.5 * own["factor_se"].mean()
        here = rows[rows["headline"] & rows["context"].eq(context)]
        here = rows[rows["headline"] & rows["context"].isna()] if context is None else here
        [row] = here.to_dict("records")
        assert read_number(line["icc"]) == pytest.approx(row["estimate"], abs=0.0051)
        limits = [read_number(one) for one in re.findall(r"[−.\d]+", line["icc_limits"])]
        assert limits == pytest.approx([row["conf_low"], row["conf_high"]], abs=0.0051)
        assert row["method"].startswith("jackknife")
    assert "internal consistency of the items’ means" in words["measurement"]
    assert "composite, ω" not in words["measurement"]
    for name in ("measurement", "scores"):
        assert not re.search(r"reliability[^.]{0,40}ω|ω[^.]{0,20}reliability", words[name]), name


def test_the_reliability_is_the_mean_squares_of_weighted_ratings():
    ratings = draw_ratings()
    factor, rated = fit(ratings)
    for context in CONTEXTS:
        one = next(fitted for fitted in factor.solutions if fitted.context == context)
        ratio = one.loadings / one.residuals
        wide = ratings[ratings["context"] == context].pivot_table(
            index=["clip", "rater"], columns="item", values="rating"
        )
        scores = wide[ITEMS].to_numpy() @ ratio / (one.loadings @ ratio)
        by_clip = scores.reshape(-1, 4)  # clips in order, four raters each
        between = 4 * by_clip.mean(axis=1).var(ddof=1)
        within = by_clip.var(axis=1, ddof=1).mean()
        rows = rated.tidy().query("headline and context == @context")
        assert rows["estimate"].item() == pytest.approx(1 - within / between, abs=1e-9)


def test_without_ratings_the_error_is_a_dash_with_its_reason():
    factor = fit_factor(average_raters(draw_ratings()), items=ITEMS, by="context")
    sections, words = read(factor)
    [table] = sections["scores"].tables
    assert set(table.cells["std_error"]) == {"—"}
    assert "icc" not in {column.key for column in table.columns}
    why = "No SE of rater sampling: the raters behind the item means were not given."
    assert words["scores"].count(why) == 1
    assert "The reliability of the scores" not in words["scores"]


def test_a_context_without_an_admissible_fit_is_named_and_is_no_finding():
    ratings = make_heywood(draw_ratings())
    factor, rated = fit(ratings)
    flaw = next(one.flaw for one in factor.solutions if one.context == "joy")
    assert flaw
    sections, words = read(factor, rated)
    assert "Context ‘joy’ has no scores" in words["measurement"]
    # All clips together are improper too: 96 clips, half of them of that context.
    assert factor.solutions[-1].flaw
    assert "All clips have no scores" in words["measurement"]
    assert "R call for all clips" not in words["measurement"]
    row = rated.tidy().query("headline").iloc[0]
    assert f"ICC(1,k) = {row['estimate']:.2f}".replace("0.", ".") in words["scores"]
    assert "(pain; Table" in words["scores"]
    loadings = words["measurement"].split("Standardized loadings lay between")[1].split(";")[0]
    assert "joy" not in loadings
    [table] = sections["scores"].tables
    assert "joy" not in set(table.cells["context"])
    assert "joy" not in set(rated.tidy()["context"].dropna())


def test_ratings_of_a_context_without_scores_are_left_out_for_that_reason():
    ratings = make_heywood(draw_ratings())
    factor, _ = fit(ratings)
    with pytest.warns(UserWarning, match="left out") as told:
        weight_ratings(ratings, factor)
    [message] = [str(one.message) for one in told if "left out" in str(one.message)]
    assert "an item is missing" not in message
    assert "joy" in message


def test_a_reversed_item_is_named_beside_omega():
    ratings = draw_ratings(turned=("c",))
    factor, rated = fit(ratings)
    _, words = read(factor, rated)
    said = "the internal consistency of the items’ means, with c reversed, ω, was ."
    assert said in words["measurement"]
    assert re.search(r"loadings lay between −(\.9\d|1\.00), 95% CI", words["measurement"])
    turned = pd.concat(
        [draw_ratings(contexts=("pain",)), draw_ratings(contexts=("joy",), turned=("c",), seed=4)]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = fit_factor(average_raters(turned), items=ITEMS, by="context")
    _, words = read(own)
    assert "with c (joy" in words["measurement"]


def test_one_context_says_no_between():
    ratings = draw_ratings(contexts=("pain",))
    factor, rated = fit(ratings, by=None)
    _, words = read(factor, rated)
    text = words["measurement"]
    assert (
        " in each context" not in text
        and "SE and intervals by a delete-one jackknife over 16 sub" in text
    )
    row = rated.tidy().query("headline").iloc[0]
    value = f"{row['estimate']:.2f}".lstrip("0")
    assert f"ICC(1,k) = {value}, 95% CI [" in words["scores"]
    assert "ω, was ." in text
    assert "within contexts" not in words["scores"]
    assert "Fit cannot be tested with three items" in text


def test_unknown_subjects_are_said_to_be_independent_clips():
    ratings = draw_ratings().drop(columns="subject")
    factor, rated = fit(ratings)
    _, words = read(factor, rated)
    assert "SE and intervals take clips as independent" in words["measurement"]
    assert "jackknife" not in words["measurement"]
    assert "intervals by the F distribution, clips taken as independent" in words["scores"]


def test_contexts_with_one_clip_a_subject_are_named_apart():
    ratings = draw_ratings()
    first = ratings[ratings["context"].eq("pain") | ratings["clip"].str.endswith(".0")]
    factor, _ = fit(first)
    _, words = read(factor)
    assert "SE and intervals by a delete-one jackknife over 16 subjects." in words["measurement"]
    assert "SE and intervals of joy take clips as independent" in words["measurement"]


def test_reliability_without_a_factor_is_printed_all_the_same():
    _, rated = fit(draw_ratings())
    document = build_document(gather_analysis([rated]))
    assert any("ICC(1,k)" in write_plain(s) for one in document.sections for s in one.sentences)


def test_results_keep_the_reliability_under_its_own_name():
    _, rated = fit(draw_ratings(contexts=("pain",)), by=None)
    assert list(rated.export()) == ["score_reliability"]


def test_spans_say_which_answers_they_rest_on():
    ratings = draw_ratings(contexts=CONTEXTS[:1])
    means = average_raters(ratings)
    low, high = means[ITEMS].to_numpy().min(), means[ITEMS].to_numpy().max()
    observed = read(fit_factor(means, items=ITEMS))[1]["scores"]
    ends = [f"{x:.2f}".removesuffix(".00").replace("-", "−") for x in (low, high)]
    assert f"lowest and highest value ({ends[0]} to {ends[1]})" in observed
    assert "possible answers" not in observed
    declared = read(fit_factor(means, items=ITEMS, scale=(-9, 9)))[1]["scores"]
    assert "lowest and highest value (−9 to 9): the ends of the scale where it was" in declared
