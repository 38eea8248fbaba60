"""Splits are counts and identities: every comparison is exact."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.models import split_subjects
from exprstats.models.data.parts import PARTS
from exprstats.models.data.splits import share_out


def test_shares_of_the_central_paper(draw_clips):
    parts = split_subjects(draw_clips(subjects=140), seed=7)
    assert parts["part"].value_counts().to_dict() == {"train": 84, "validate": 28, "test": 28}
    assert parts["subject"].is_unique
    assert list(parts.columns) == ["subject", "part"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(5, [3, 1, 1]), (7, [4, 2, 1]), (8, [5, 2, 1]), (9, [5, 2, 2]), (10, [6, 2, 2]),
     (11, [7, 2, 2])],
)  # fmt: skip
def test_counts_by_largest_remainder_worked_by_hand(count, expected):
    assert share_out(count, (0.6, 0.2, 0.2)) == expected


@given(st.integers(1, 400), st.lists(st.integers(1, 9), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_counts_add_up_and_stay_within_one_of_the_share(count, pieces):
    shares = tuple(piece / sum(pieces) for piece in pieces)
    counts = share_out(count, shares)
    assert sum(counts) == count
    assert all(abs(n - count * share) < 1 for n, share in zip(counts, shares, strict=True))


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_neither_row_order_nor_repeated_rows_move_the_split(draw_clips, random):
    clips = draw_clips(subjects=12)
    order = list(range(len(clips)))
    random.shuffle(order)
    shuffled = pd.concat([clips.iloc[order], clips.head(20)])
    before = shuffled.copy(deep=True)
    first, second = split_subjects(clips, seed=3), split_subjects(shuffled, seed=3)
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(shuffled, before)


def test_every_subject_reaches_every_part_at_its_share(clips):
    chosen = [split_subjects(clips, seed=seed).set_index("subject")["part"] for seed in range(300)]
    shares = (pd.concat(chosen, axis=1) == "train").mean(axis=1)
    # SE of a share of .6 over 300 splits is .028; the largest of 40 lies within 4 of them.
    assert shares.between(0.6 - 0.113, 0.6 + 0.113).all()
    assert len({tuple(part) for part in chosen}) > 290


def test_a_generator_and_another_column_name_work(clips):
    renamed = clips.rename(columns={"subject": "person"})
    first = split_subjects(renamed, subject="person", seed=np.random.default_rng(3))
    pd.testing.assert_frame_equal(first, split_subjects(clips, seed=np.random.default_rng(3)))


def test_a_part_may_be_left_out(clips):
    parts = split_subjects(clips, train=0.75, validate=0.25, test=0, seed=1)
    assert set(parts["part"]) == {"train", "validate"}


@pytest.mark.parametrize("shares", [(0.6, 0.2, 0.3), (1.2, -0.1, -0.1), (0.5, 0.2, 0.2)])
def test_shares_that_are_no_shares(clips, shares):
    train, validate, test = shares
    with pytest.raises(OptionError, match=f"train {train:g}.*add up to 1"):
        split_subjects(clips, train=train, validate=validate, test=test)


def test_shares_that_are_no_numbers(clips):
    with pytest.raises(OptionError, match="train most, validate"):
        split_subjects(clips, train="most")


def test_too_few_subjects():
    clips = pd.DataFrame({"subject": ["a", "b", "c", "a"]})
    with pytest.raises(DataError, match="3 subjects leave none for test"):
        split_subjects(clips)


@pytest.mark.parametrize("twin", ["s000", "S000 ", " S000"])
def test_ids_that_differ_in_case_or_space(clips, twin):
    spoiled = clips.assign(subject=clips["subject"].where(clips.index > 0, twin))
    with pytest.raises(DataError, match=f"'{twin}'.*'S000'|'S000'.*'{twin}'"):
        split_subjects(spoiled)


def test_empty_ids(clips):
    spoiled = clips.assign(subject=clips["subject"].where(clips.index > 2))
    with pytest.raises(DataError, match="3 of 480 cells are empty"):
        split_subjects(spoiled)


def test_a_context_that_a_part_lacks(clips):
    rare = (clips["context"] != "pain") | clips["subject"].isin(["S000", "S001"])
    with pytest.raises(DataError, match=r"context 'pain' has no clips in .*train \d+"):
        split_subjects(clips[rare], seed=1)


def test_a_subject_column_that_names_clips(clips):
    with pytest.warns(DataWarning, match="Each of the 480 subjects has one row"):
        split_subjects(clips.drop(columns="subject"), subject="clip")


@given(st.integers(15, 80), st.integers(0, 1000), st.integers(5, 12))
@settings(max_examples=25, deadline=None)
def test_stratified_parts_share_every_pattern_of_contexts(subjects, seed, rare):
    names = [f"S{i:02d}" for i in range(subjects)]
    clips = pd.DataFrame(
        [(name, "joy") for name in names] + [(name, "fear") for name in names[:rare]],
        columns=["subject", "context"],
    )
    parts = split_subjects(clips, stratify=True, seed=seed)
    counts = parts["part"].value_counts()
    assert [counts[one] for one in PARTS] == share_out(subjects, (0.6, 0.2, 0.2))
    few = parts.loc[parts["subject"].isin(names[:rare]), "part"].value_counts()
    for part in PARTS:
        # A stretch of the deal is off its share by less than one at either end.
        assert abs(few.get(part, 0) - rare * counts[part] / subjects) < 2


def test_stratified_parts_depend_on_the_seed_and_not_on_the_rows(clips):
    first = split_subjects(clips, stratify=True, seed=4)
    shuffled = clips.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(first, split_subjects(shuffled, stratify=True, seed=4))
    assert not first.equals(split_subjects(clips, stratify=True, seed=5))
    with pytest.raises(DataError, match="no column 'context'"):
        split_subjects(clips.drop(columns="context"), stratify=True)
