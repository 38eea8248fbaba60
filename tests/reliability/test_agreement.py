"""α against the published example, κ against its formula from a table of counts.

Tolerance: three printed decimals; 1e-12 for the formula.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.reliability.agreement import FEWEST_SHARED, measure_agreement

NAN = np.nan
# Krippendorff (2011), the three-observer example: α is .691 nominal and .811 interval.
EXAMPLE = np.array(
    [
        [NAN, NAN, NAN, NAN, NAN, 3, 4, 1, 2, 1, 1, 3, 3, NAN, 3],
        [1, NAN, 2, 1, 3, 3, 4, 3, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
        [NAN, NAN, 2, 1, 3, 4, 4, NAN, 2, 1, 1, 3, 3, NAN, 4],
    ]
).T


def pick(result, term):
    return result.table[result.table["term"] == term].iloc[0]


@pytest.mark.parametrize(("scale", "alpha"), [("nominal", 0.691), ("interval", 0.811)])
def test_the_published_example(make_ratings, scale, alpha):
    row = pick(measure_agreement(make_ratings(EXAMPLE), scale=scale), "alpha")
    assert round(row["estimate"], 3) == alpha
    assert "no interval" in row["note"]


def test_kappa_is_its_formula_on_counts(make_ratings):
    rng = np.random.default_rng(4)
    one = rng.integers(0, 4, 60)
    two = np.clip(one + rng.integers(-1, 2, 60), 0, 3)
    counts = np.zeros((4, 4))
    np.add.at(counts, (one, two), 1)
    chance = np.outer(counts.sum(1), counts.sum(0)) / 60
    away = np.subtract.outer(np.arange(4), np.arange(4)).astype(float)
    for weights, cost in (("quadratic", away**2), ("linear", np.abs(away)), ("none", away != 0)):
        found = measure_agreement(make_ratings(np.stack([one, two], axis=1)), weights=weights)
        expected = 1 - (cost * counts).sum() / (cost * chance).sum()
        assert pick(found, "kappa")["estimate"] == pytest.approx(expected, abs=1e-12)


def test_kappa_needs_shared_clips(make_ratings):
    row = pick(measure_agreement(make_ratings(EXAMPLE[:6])), "kappa")
    assert np.isnan(row["estimate"])
    assert "no pair of raters shares 10 clips" in row["note"]


def test_bootstrap_of_alpha(crowd):
    rounded = crowd.assign(rating=crowd["rating"].round())
    row = pick(measure_agreement(rounded, draws=300, seed=1), "alpha")
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert row["draws"] == 300
    again = pick(measure_agreement(rounded, draws=300, seed=1), "alpha")
    assert again["conf_low"] == row["conf_low"]


def test_sentence_and_options(make_ratings):
    table = make_ratings(EXAMPLE)
    assert "Krippendorff's α (interval) = .81." in measure_agreement(table).sentence()
    with pytest.raises(OptionError, match="scale 'ranks'"):
        measure_agreement(table, scale="ranks")
    with pytest.raises(OptionError, match="draws is -1"):
        measure_agreement(table, draws=-1)
    with pytest.raises(DataError, match="1 rating"):
        measure_agreement(table.drop_duplicates("clip"))


def test_pairs_who_gave_one_value_only_have_no_kappa(make_ratings):
    flat = pd.DataFrame(
        [
            {"clip": f"f{clip}", "rater": rater, "item": "q", "rating": 1.0}
            for clip in range(FEWEST_SHARED)
            for rater in ("x", "y")
        ]
    )
    varied = flat.assign(rater=flat["rater"] + "2", clip=flat["clip"] + "2")
    varied["rating"] = [1.0, 1.0, 2.0, 2.0] * 5
    row = pick(measure_agreement(pd.concat([flat, varied], ignore_index=True)), "kappa")
    assert row["estimate"] == pytest.approx(1.0)
    assert row["note"].startswith("mean of 1 pair of raters with")
