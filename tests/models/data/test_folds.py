"""Folds are counts and identities: every comparison is exact."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.errors import DataError, OptionError
from exprstats.models import fold_subjects
from exprstats.models.data.splits import check_folds


@given(st.integers(5, 60), st.integers(2, 5), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_folds_differ_by_one_subject_at_most(subjects, folds, seed):
    clips = pd.DataFrame({"subject": [f"S{i}" for i in range(subjects)] * 2})
    dealt = fold_subjects(clips, folds=folds, seed=seed)
    sizes = dealt["fold"].value_counts()
    assert dealt["subject"].is_unique
    assert sizes.sum() == subjects
    assert len(sizes) == folds
    assert sizes.max() - sizes.min() <= 1


def test_a_rare_context_reaches_every_fold(clips):
    few = sorted(clips["subject"].unique())[:5]
    rare = clips[(clips["context"] != "pain") | clips["subject"].isin(few)]
    for seed in range(20):
        dealt = fold_subjects(rare, folds=5, seed=seed).set_index("subject")["fold"]
        assert sorted(dealt[few]) == [1, 2, 3, 4, 5]


def test_the_deal_depends_on_ids_and_seed_only(clips):
    before = clips.copy(deep=True)
    first = fold_subjects(clips, repeats=2, seed=4)
    pd.testing.assert_frame_equal(
        first, fold_subjects(clips.sample(frac=1, random_state=1), repeats=2, seed=4)
    )
    pd.testing.assert_frame_equal(clips, before)
    halves = [own["fold"].to_numpy() for _, own in first.groupby("repeat")]
    assert len(halves) == 2
    assert not np.array_equal(*halves)
    assert not first.equals(fold_subjects(clips, repeats=2, seed=5))


def test_what_cannot_be_folded(clips):
    with pytest.raises(OptionError, match="folds is 1; it must be a whole number of at least 2"):
        fold_subjects(clips, folds=1)
    with pytest.raises(OptionError, match=r"folds is 2\.5"):
        fold_subjects(clips, folds=2.5)
    with pytest.raises(OptionError, match="repeats is 0"):
        fold_subjects(clips, repeats=0)
    with pytest.raises(DataError, match="40 subjects cannot fill 41 folds"):
        fold_subjects(clips, folds=41)
    with pytest.raises(DataError, match="differs only in case"):
        fold_subjects(clips.replace({"subject": {"S001": "s000"}}))
    two = clips["subject"].isin(["S000", "S001"])
    with pytest.raises(DataError, match="context 'pain' has no clips in some folds of repeat 1"):
        fold_subjects(clips[(clips["context"] != "pain") | two])


def test_folds_that_do_not_fit_the_clips(clips):
    dealt = fold_subjects(clips, seed=1)
    with pytest.raises(DataError, match="1 subject has no fold: 'S000'"):
        check_folds(clips, dealt.iloc[1:])
    torn = pd.concat([dealt.assign(fold=1), dealt.head(1).assign(fold=2)])
    with pytest.raises(DataError, match="1 subject stands in more than one fold: 'S000'"):
        check_folds(clips, torn)
    with pytest.raises(DataError, match="no column 'fold'"):
        check_folds(clips, dealt.drop(columns="fold"))
    holes = dealt.assign(fold=dealt["fold"].where(dealt.index != 2))
    with pytest.raises(DataError, match="column 'fold', row 3: 1 of 40 cells is empty"):
        check_folds(clips, holes)


def test_folds_without_repeats_are_one_deal(clips):
    dealt = fold_subjects(clips, seed=1)
    pd.testing.assert_frame_equal(
        check_folds(clips, dealt.drop(columns="repeat")), dealt, check_like=True
    )
