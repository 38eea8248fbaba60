"""Sentences of scores at the edges of their bins."""

import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import OptionError


def write(score, emotion="Joy", modality="face", **options):
    table = pd.DataFrame({"id": ["a"], "modality": modality, "time": 0.0, "emotion": emotion})
    return ex.write_sentences(table.assign(score=score), **options)


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (0.84, "They look extremely joyful."),
        (0.35, "They look somewhat joyful."),  # on a bound: vanishes in the published program
        (0.34, "They look slightly joyful."),
        (0.26, "They look slightly joyful."),
        (0.2599, "They look neutral."),
        (0.0, "They look neutral."),
        (1.0, "They look extremely joyful."),
    ],
)
def test_bins_hold_their_lower_bound(score, told):
    assert write(score).sentences["sentence"].item() == told


def test_a_mean_that_misses_its_bound_by_rounding_stays_on_it():
    table = pd.DataFrame({"id": "a", "modality": "face", "time": [0.0, 1, 2], "emotion": "Joy"})
    found = ex.write_sentences(table.assign(score=[0.35, 0.35, 0.35]))
    assert found.sentences["sentence"].item() == "They look somewhat joyful."


def test_all_neutral_is_said_with_the_highest_score():
    found = write(0.1, modality="prosody")
    told = "By the published thresholds 1 of 1 sentence (100%) on prosody is neutral: no score "
    assert found.sentence() == told + "reaches the lowest bound (the highest is .10)."


def test_own_thresholds_by_modality_and_own_adjectives():
    cuts = {"prosody": {"quite": 0.3, "very": 0.5}}
    found = write(0.34, "Sadness", "prosody", thresholds=cuts, adjectives={"Sadness": "sorrowful"})
    assert found.sentences["sentence"].item() == "They sound quite sorrowful."
    assert found.cuts["high"].iloc[0] == 0.5 and pd.isna(found.cuts["high"].iloc[1])


@pytest.mark.parametrize("cuts", [{}, {"quite": "a"}, {"quite": 0.3, "very": 0.3}])
def test_thresholds_that_cannot_be_are_refused(cuts):
    with pytest.raises(OptionError, match="thresholds of 'face' must"):
        write(0.3, thresholds=cuts)


def test_speech_is_quoted_and_the_highest_emotions_come_first():
    table = pd.DataFrame(
        {"emotion": ["Joy", "Fear", "Anger", "Awe"], "score": [0.3, 0.9, 0.5, 0.4]}
    )
    table = table.assign(id="a", modality="prosody", time=0.0, end=1.0, text="Hi.")
    found = ex.write_sentences(table).sentences["sentence"].item()
    told = "They said “Hi.” and sound extremely fearful, moderately angry, somewhat awestruck, "
    assert found == told + "and slightly joyful."
    one = ex.write_sentences(table, most=1).sentences["sentence"].item()
    assert one == "They said “Hi.” and sound extremely fearful."


def test_a_sentence_for_each_frame():
    table = pd.DataFrame({"id": "a", "modality": "face", "time": [0.0, 1], "emotion": "Joy"})
    found = ex.write_sentences(table.assign(score=[0.3, 0.9]), unit="frame").sentences["sentence"]
    assert found.tolist() == ["They look slightly joyful.", "They look extremely joyful."]


# Adverbs and ranges of the program that was published with the paper, and its rule: a score has
# the adverb of the range whose ends it lies strictly between, and none on a bound.
PROGRAM = {
    "slightly": (0.26, 0.35),
    "somewhat": (0.35, 0.44),
    "moderately": (0.44, 0.53),
    "quite": (0.53, 0.62),
    "very": (0.62, 0.71),
    "extremely": (0.71, 10),
}


def test_scores_off_the_bounds_have_the_adverbs_of_the_published_program():
    for score in [place / 1000 for place in range(5, 1000, 10)]:
        told = [word for word, (low, high) in PROGRAM.items() if low < score < high]
        wanted = f"They look {told[0]} joyful." if told else "They look neutral."
        assert write(score).sentences["sentence"].item() == wanted
    lows = ex.write_sentences(
        pd.DataFrame({"id": ["a"], "modality": "face", "time": 0.0, "emotion": "Joy", "score": 0.1})
    ).cuts
    assert dict(zip(lows["adverb"], lows["low"], strict=True)) == {
        word: low for word, (low, _) in PROGRAM.items()
    }


def test_tables_of_thresholds_are_read_again_as_they_were_written():
    found = write(0.34, thresholds="published")
    assert (
        write(0.34, thresholds=found.cuts).sentences["sentence"].equals(found.sentences["sentence"])
    )
    table = pd.DataFrame({"modality": ["face", "prosody"], "adverb": "very", "low": [0.3, 0.1]})
    assert write(0.2, modality="prosody", thresholds=table).sentences["neutral"].tolist() == [False]
    assert write(0.2, thresholds=table).sentences["neutral"].tolist() == [True]


def test_shares_are_quantiles_of_each_modality():
    scores = [0.1, 0.2, 0.3, 0.4, 0.5]
    table = pd.DataFrame({"id": list("abcde"), "modality": "face", "time": 0.0, "emotion": "Joy"})
    shares = pd.DataFrame({"adverb": ["quite", "very"], "share": [0.5, 0.75]})
    found = ex.write_sentences(table.assign(score=scores), thresholds=shares)
    assert found.cuts["low"].tolist() == [0.3, 0.4]
    assert found.sentences["neutral"].tolist() == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"adverb": ["very"]}, "needs the column 'low'"),
        ({"low": [0.3]}, "needs the column 'adverb'"),
        ({"adverb": ["very"] * 2, "low": [0.1, 0.2]}, "name 'very' twice"),
        ({"adverb": ["very"], "low": ["x"]}, "thresholds of 'face' must"),
        ({"adverb": ["very"], "share": [75]}, "numbers from 0 to 1"),
        ({"adverb": ["very"], "low": [0.1], "modality": ["voice"]}, "thresholds of 'face' must"),
    ],
)
def test_tables_of_thresholds_that_cannot_be_are_refused(table, told):
    with pytest.raises(OptionError, match=told):
        write(0.3, thresholds=pd.DataFrame(table))


def test_adjectives_are_a_table_beside_the_published_ones():
    table = ex.list_adjectives().set_index("emotion")
    assert table.loc["Joy"].tolist() == ["joyful", "happy"]
    assert table.loc["Anger"].tolist() == ["angry", "angry"]
    own = table.assign(adjective=table["published"]).reset_index()
    told = write(0.84, adjectives=own).sentences["sentence"].item()
    assert told == "They look extremely happy."
    with pytest.raises(OptionError, match="name 'joy' twice"):
        write(0.8, adjectives=pd.DataFrame({"emotion": ["Joy", "joy"], "adjective": ["a", "b"]}))
