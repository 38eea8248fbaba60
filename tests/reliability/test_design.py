"""Designs named from small tables whose design is known by construction. Exact: counts only."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.reliability.design import describe_design

NAN = np.nan


def give_verdicts(design):
    rows = design.coefficients
    return dict(zip(rows["term"], rows["identified"], strict=True))


def give_reasons(design):
    return dict(zip(design.coefficients["term"], design.coefficients["why"], strict=True))


def make_crowd_of(rows):
    table = pd.DataFrame(rows, columns=["subject", "clip", "rater"])
    return table.assign(item="q", rating=np.arange(len(table), dtype=float))


def test_crossed(make_ratings):
    design = describe_design(make_ratings(np.arange(12).reshape(4, 3)))
    row = design.table.iloc[0]
    assert (row["kind"], row["density"], row["blocks"]) == ("crossed", 1.0, 1)
    assert row["recommended"] == "ICC(A,k)"
    verdicts = give_verdicts(design)
    assert verdicts["ICC(1,k)"] and verdicts["ICC(A,k)"] and verdicts["ICC(C,k)"]
    assert not verdicts["ICC(subject,k)"]
    assert "rated by 3 of 3 raters" in design.sentence()


def test_one_way(make_ratings):
    design = describe_design(make_ratings([[1, 2, NAN, NAN], [NAN, NAN, 3, 4]]))
    assert design.table["kind"].item() == "one-way"
    assert design.table["recommended"].item() == "ICC(1,k)"
    assert not give_verdicts(design)["ICC(A,k)"]
    assert "every rater rated once" in give_reasons(design)["ICC(A,k)"]


def test_partly_crossed_and_connected(make_ratings):
    design = describe_design(
        make_ratings([[1, 2, 3, NAN], [NAN, 2, 4, 5], [2, NAN, 1, 3], [4, 4, NAN, 2]])
    )
    row = design.table.iloc[0]
    assert (row["kind"], row["blocks"], row["density"]) == ("partly crossed", 1, 0.75)
    assert give_verdicts(design)["ICC(A,k)"]
    assert "not the reliability of those means" in give_reasons(design)["ICC(C,k)"]


def test_blocks_that_share_nothing(make_ratings):
    design = describe_design(
        make_ratings([[1, 2, NAN, NAN], [3, 5, NAN, NAN], [NAN, NAN, 2, 1], [NAN, NAN, 4, 4]])
    )
    assert design.table["blocks"].item() == 2
    assert design.table["kind"].item() == "crossed in blocks"
    assert "2 sets that share nothing" in give_reasons(design)["ICC(A,k)"]


def test_raters_nested_in_subjects_and_mixed():
    own = [(s, f"{s}{c}", f"{s}r{r}") for s in "ab" for c in "12" for r in "12"]
    nested = describe_design(make_crowd_of(own))
    assert nested.table["kind"].item() == "raters nested in subjects"
    assert nested.table["within"].item() == 4
    assert give_verdicts(nested)["ICC(subject,k)"]
    mixed = describe_design(make_crowd_of([*own, *[(s, f"{s}1", "shared") for s in "ab"]]))
    assert mixed.table["kind"].item() == "mixed"
    assert mixed.table["blocks"].item() == 1


def test_a_chain_leaves_nothing_over(make_ratings):
    design = describe_design(make_ratings([[1, 2, NAN], [NAN, 4, 5], [NAN, NAN, 3]]))
    assert "no rating is left over" in give_reasons(design)["ICC(A,k)"]


def test_replicates_and_missing_are_counted_not_refused(make_ratings):
    table = make_ratings([[1, 2], [3, 4]])
    twice = pd.concat([table, table.head(2), table.tail(1).assign(rater="r9", rating=NAN)])
    row = describe_design(twice).table.iloc[0]
    assert (row["n_replicates"], row["n_missing"], row["n_ratings"]) == (2, 1, 4)


def test_contexts_and_items_each_have_a_row(crowd):
    both = pd.concat(
        [crowd.assign(context="pain"), crowd.assign(context="fear", item="other")],
        ignore_index=True,
    )
    design = describe_design(both, by="context")
    pairs = list(zip(design.table["context"].fillna("All"), design.table["item"], strict=True))
    assert pairs == [("pain", "response"), ("fear", "other"), ("All", "response"), ("All", "other")]
    assert design.glance()["n_ratings"].item() == 2 * len(crowd)


def test_one_sentence_where_items_share_the_design(crowd):
    both = pd.concat([crowd, crowd.assign(item="other")])
    text = describe_design(both).sentence()
    assert text.count("Each of 48 clips of 12 subjects") == 1
    assert text.endswith("report the one-way ICC(1,k).")


@pytest.mark.parametrize("seed", [0, 1])
def test_row_order_does_not_matter(crowd, seed):
    mixed = describe_design(crowd.sample(frac=1, random_state=seed)).table
    pd.testing.assert_frame_equal(mixed, describe_design(crowd).table)


def test_a_table_without_a_rating_has_no_design(make_ratings):
    with pytest.raises(DataError, match="all ratings are missing"):
        describe_design(make_ratings([[1, 2], [3, 5]]).assign(rating=np.nan))
