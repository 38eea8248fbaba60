"""The human baseline, against a loop over clips and the correlation of parallel raters.

Tolerances: 1e-12 for the same sums in another order; .03 for a simulated correlation (SE .008).
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.inference import compare_models
from exprstats.measurement import average_raters, fit_factor
from exprstats.models import (
    guess_human,
    guess_mean,
    guess_normal,
    split_subjects,
    stack_predictions,
)

ITEMS = ("response", "emotion", "motion")
LOADINGS = {"fear": (0.9, 0.7, 0.5), "joy": (0.6, 0.8, 0.4), None: (0.8, 0.75, 0.45)}
RESIDUALS, INTERCEPTS = (0.2, 0.5, 0.9), (2.0, 1.5, 1.0)


@pytest.fixture(scope="module")
def ratings(draw_ratings):
    return draw_ratings()


@pytest.fixture(scope="module")
def human(ratings, make_factor):
    return guess_human(ratings, make_factor())


def score_naively(own, context, unit):
    """Return the score of every rater of every clip, by loops."""
    bartlett = np.array(LOADINGS[context]) / np.array(RESIDUALS)
    bartlett /= bartlett @ np.array(LOADINGS[context])
    weights = dict(zip(ITEMS, LOADINGS[context] if unit == "paper" else bartlett, strict=True))
    starts = dict(zip(ITEMS, (0, 0, 0) if unit == "paper" else INTERCEPTS, strict=True))
    sums = {
        key: sum(weights[row.item] * (row.rating - starts[row.item]) for row in rows.itertuples())
        for key, rows in own.groupby(["clip", "rater"])
    }
    if unit != "paper":
        return sums
    mean, spread = np.mean(list(sums.values())), np.std(list(sums.values()))
    return {key: (value - mean) / spread for key, value in sums.items()}


@pytest.mark.parametrize("unit", ["worker", "paper"])
@pytest.mark.parametrize("context", ["fear", None])
def test_predictions_and_truths_equal_a_loop(ratings, make_factor, context, unit):
    human = guess_human(ratings, make_factor(), unit=unit, span=7)
    own = ratings if context is None else ratings[ratings["context"] == context]
    z = score_naively(own, context, unit)
    which = human["fitted_on"] == ("all" if context is None else "context")
    rows = human[which & human["context"].isin(own["context"])]
    assert len(rows) == len(z)
    for row in rows.itertuples():
        others = [v for (clip, rater), v in z.items() if clip == row.clip and rater != row.seat]
        assert row.prediction == pytest.approx(z[row.clip, row.seat], abs=1e-12)
        assert row.truth == pytest.approx(np.mean(others), abs=1e-12)
        assert (row.others, row.rater) == (len(others), row.seat)


def test_raters_are_scored_like_clips(ratings):
    """The mean of the raters' scores of a clip is the score that models predict."""
    factor = fit_factor(average_raters(ratings), items=list(ITEMS), by="context")
    human = guess_human(ratings, factor)
    clip = human.groupby(["fitted_on", "context", "clip"])["prediction"].mean()
    wanted = factor.scores.set_index(["fitted_on", "context", "clip"])["score"]
    pd.testing.assert_series_equal(
        clip.sort_index(), wanted.sort_index(), check_names=False, atol=1e-9
    )


def test_the_paper_s_sums_need_a_span(ratings, make_factor):
    with pytest.raises(OptionError, match="unit 'paper' needs a span"):
        guess_human(ratings, make_factor(), unit="paper")


def test_the_correlation_of_parallel_raters(draw_ratings, make_factor):
    ratings = draw_ratings(subjects=600, raters=5, workers=5, seed=2)
    found = guess_human(ratings, make_factor())
    found = found[found["fitted_on"] == "all"]
    # Raters alike: signal 1, noise of a sum 1 + small item noise; the mean of 4 has a quarter.
    weights = np.array(LOADINGS[None]) / np.array(RESIDUALS)
    error = 1 + 0.3**2 * (weights @ weights) / weights.sum() ** 2
    expected = 1 / np.sqrt((1 + error) * (1 + error / 4))
    per_worker = [own["truth"].corr(own["prediction"]) for _, own in found.groupby("seat")]
    assert np.mean(per_worker) == pytest.approx(expected, abs=0.03)


def test_the_order_of_ratings_does_not_matter(ratings, human, make_factor):
    before = ratings.copy(deep=True)
    again = guess_human(ratings.sample(frac=1, random_state=1), make_factor())
    key = ["fitted_on", "clip", "seat"]
    pd.testing.assert_frame_equal(
        again.sort_values(key, ignore_index=True), human.sort_values(key, ignore_index=True)
    )
    pd.testing.assert_frame_equal(ratings, before)


def test_loadings_of_the_training_fit_are_used_wherever_they_stand(ratings, human, make_factor):
    factor = make_factor()
    factor.solutions = factor.solutions[::-1]
    pd.testing.assert_frame_equal(guess_human(ratings, factor), human)
    factor.solutions = [one for one in factor.solutions if one.part == "all"]
    without = guess_human(ratings, factor)
    assert np.abs(without["prediction"] - human["prediction"]).max() > 0.01


def test_units_of_the_answers_do_not_matter_to_the_paper_s_sums(ratings, make_factor):
    human = guess_human(ratings, make_factor(), unit="paper", span=7)
    moved = ratings.assign(rating=7 + 25 * ratings["rating"])
    again = guess_human(moved, make_factor(), unit="paper", span=7)
    np.testing.assert_allclose(again["prediction"], human["prediction"], atol=1e-10)


def test_seats_are_numbered_within_clips(ratings, make_factor):
    seats = guess_human(ratings, make_factor(), unit="seat")
    check_table(seats, PREDICTIONS)
    assert set(seats["seat"]) == {"1", "2", "3", "4", "5"}
    first = seats[(seats["clip"] == "joy 3 1") & (seats["fitted_on"] == "context")]
    workers = guess_human(ratings, make_factor()).query("clip == 'joy 3 1'")
    workers = workers[workers["fitted_on"] == "context"].sort_values("seat")
    np.testing.assert_array_equal(first.sort_values("seat")["truth"], workers["truth"])


def test_seats_follow_the_ids_of_raters_not_the_order_of_categories(ratings, make_factor):
    seats = guess_human(ratings, make_factor(), unit="seat")
    names = sorted(ratings["rater"].unique(), reverse=True)
    turned = ratings.assign(rater=pd.Categorical(ratings["rater"], names))
    again = guess_human(turned, make_factor(), unit="seat")
    pd.testing.assert_frame_equal(again.astype({"rater": str}), seats)


def test_workers_with_few_clips_in_a_part_are_left_out(ratings, make_factor):
    parts = split_subjects(ratings[["subject", "context"]], seed=1)
    tested = ratings["subject"].isin(parts.loc[parts["part"] == "test", "subject"])
    here = tested & (ratings["context"] == "fear")
    busy = ratings.loc[here, "rater"].value_counts().idxmax()
    rare = (ratings["rater"] == busy) & here
    assert ratings.loc[rare, "clip"].nunique() >= 4
    kept = ratings.loc[rare, "clip"].unique()[:2]
    thinned = ratings[~rare | ratings["clip"].isin(kept)]
    labelled = thinned.merge(parts)[["context", "part", "rater", "clip"]].drop_duplicates()
    sizes = labelled.groupby(["context", "part", "rater"])["clip"].transform("size")
    told = (
        f"^{(sizes < 3).sum()} of {len(labelled)} ratings come from workers with fewer than 3 clips"
        " in that context and part; the human baseline leaves them out"
    )
    with pytest.warns(DataWarning, match=told):
        found = guess_human(thinned, make_factor(), parts)
    own = found[(found["seat"] == busy) & (found["context"] == "fear")]
    assert "test" not in set(own.loc[own["fitted_on"] == "context", "part"])
    assert "train" in set(own.loc[own["fitted_on"] == "context", "part"])
    sizes = found.query("fitted_on == 'all'").groupby(["seat", "part"]).size()
    assert sizes.min() >= 3


def test_ratings_that_cannot_be_used_are_counted(ratings, make_factor):
    lonely = ratings[(ratings["clip"] != "joy 3 1")]
    one = ratings[(ratings["clip"] == "joy 3 1")].head(3)
    with pytest.warns(DataWarning, match="1 of 396 ratings have no other rater"):
        found = guess_human(pd.concat([lonely, one]), make_factor(), unit="seat")
    assert "joy 3 1" not in set(found["clip"])
    with pytest.warns(DataWarning, match="1 of 400 ratings lack an item") as caught:
        guess_human(ratings.iloc[1:], make_factor(), unit="seat")
    assert caught[0].filename == __file__
    with pytest.raises(DataError, match="no clip has two raters"):
        guess_human(ratings.drop_duplicates(["clip", "item"]), make_factor())


def test_what_the_ratings_must_hold(ratings, make_factor):
    with pytest.raises(DataError, match="no column 'subject'"):
        guess_human(ratings.drop(columns="subject"), make_factor())
    with pytest.raises(DataError, match="no ratings of item 'motion'"):
        guess_human(ratings[ratings["item"] != "motion"], make_factor())
    with pytest.raises(DataError, match="no loadings for context 'awe'"):
        guess_human(ratings.replace({"context": {"joy": "awe"}}), make_factor())
    with pytest.raises(OptionError, match="'judge' is not known"):
        guess_human(ratings, make_factor(), unit="judge")


def test_items_may_be_called_like_ids(ratings, human, make_factor):
    factor = make_factor()
    factor.items = ("rater", "emotion", "clip")
    renamed = ratings.replace({"item": {"response": "rater", "motion": "clip"}})
    pd.testing.assert_frame_equal(guess_human(renamed, factor), human)


def test_without_contexts(ratings, make_factor):
    plain = guess_human(ratings.drop(columns="context"), make_factor(by=None))
    assert "context" not in plain
    assert set(plain["fitted_on"]) == {"all"}


def test_humans_stand_beside_models_in_a_comparison(human):
    clips = human.drop_duplicates(["clip", "fitted_on"]).drop(columns="seat")
    model = guess_normal(clips.assign(part="test"), seed=1)
    stacked = stack_predictions(model, human)
    assert stacked.loc[stacked["model"] == "normal", "seat"].isna().all()
    again = stack_predictions(stacked, part=None)
    assert len(again) == len(stacked)
    assert set(guess_mean(stacked.assign(part="train"))["model"]) == {"mean"}
    found = compare_models(
        stacked, metrics="correlation", by="context", draws=50, interval="jackknife", seed=1
    )
    rows = found.table[found.table["model"].eq("human") & found.table["versus"].isna()]
    own = human[(human["fitted_on"] == "context") & (human["context"] == "joy")]
    naive = np.mean([one["truth"].corr(one["prediction"]) for _, one in own.groupby("seat")])
    assert rows.loc[rows["context"] == "joy", "estimate"].item() == pytest.approx(naive, abs=1e-9)
