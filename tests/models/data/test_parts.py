"""Looking up parts is exact; each refusal names the ids or counts at fault."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning
from exprstats.models import fit_elastic, split_subjects
from exprstats.models.data.parts import label_parts


@pytest.fixture
def parts(clips):
    return split_subjects(clips, seed=1)


def test_each_clip_gets_the_part_of_its_subject(clips, parts):
    labels = label_parts(clips, parts.sample(frac=1, random_state=1))
    expected = clips.merge(parts, on="subject", how="left")["part"]
    assert (labels == expected.to_numpy(object)).all()


def test_a_subject_in_two_parts(clips, parts):
    torn = pd.concat([parts.assign(part="train"), parts.head(1).assign(part="test")])
    with pytest.raises(DataError, match="1 subject stands in more than one part: 'S000'"):
        label_parts(clips, torn)


def test_a_split_of_rows_is_refused(clips):
    rows = pd.DataFrame({"clip": clips["clip"], "part": "train"})
    with pytest.raises(DataError, match="splits clips, not subjects"):
        label_parts(clips, rows)


def test_subjects_without_a_part(clips, parts):
    with pytest.raises(DataError, match="2 of 40 subjects have no part: 'S000', 'S001'"):
        label_parts(clips, parts.iloc[2:])


def test_subjects_without_clips(clips, parts):
    spare = pd.concat([parts, pd.DataFrame({"subject": ["Z9"], "part": ["test"]})])
    with pytest.warns(DataWarning, match="1 of 41 subjects of the split has no clips here: 'Z9'"):
        label_parts(clips, spare)
    with pytest.warns(DataWarning, match="no clips here") as caught:
        fit_elastic(clips, target="score", features=["motion"], parts=spare)
    assert caught[0].filename == __file__


def test_ids_of_the_split_that_differ_in_case(clips, parts):
    spoiled = parts.assign(subject=parts["subject"].str.lower())
    with pytest.raises(DataError, match="40 subject ids differ only in case"):
        label_parts(clips, spoiled)


def test_a_misspelt_part(clips, parts):
    spoiled = parts.assign(part=parts["part"].replace("validate", "valid"))
    with pytest.raises(DataError, match=r"'valid'.*Did you mean 'validate'"):
        label_parts(clips, spoiled)


def test_a_context_that_a_part_lacks(clips, parts):
    tested = parts.loc[parts["part"] == "test", "subject"]
    thin = clips[(clips["context"] != "pain") | ~clips["subject"].isin(tested)]
    message = r"context 'pain' has no clips in test \(clips: train 96, validate 32, test 0\)"
    with pytest.raises(DataError, match=message):
        label_parts(thin, parts)


def test_numbers_as_ids_meet_their_text():
    clips = pd.DataFrame({"subject": [1, 2, 3, 1]})
    parts = pd.DataFrame({"subject": ["1", "2", "3"], "part": ["train", "validate", "test"]})
    expected = np.array(["train", "validate", "test", "train"], dtype=object)
    assert (label_parts(clips, parts) == expected).all()
