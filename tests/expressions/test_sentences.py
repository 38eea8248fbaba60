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
    assert found.cuts["high"].tolist() == [0.5, float("inf")]


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
    told = "They said “Hi.” and sound extremely fearful, moderately angry, and somewhat awestruck."
    assert found == told
    one = ex.write_sentences(table, most=1).sentences["sentence"].item()
    assert one == "They said “Hi.” and sound extremely fearful."


def test_a_sentence_for_each_frame():
    table = pd.DataFrame({"id": "a", "modality": "face", "time": [0.0, 1], "emotion": "Joy"})
    found = ex.write_sentences(table.assign(score=[0.3, 0.9]), unit="frame").sentences["sentence"]
    assert found.tolist() == ["They look slightly joyful.", "They look extremely joyful."]
