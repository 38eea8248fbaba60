"""What a report says of features from OpenFace and of the files behind them. Words compared."""

from dataclasses import replace

import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.report import build_document, gather_analysis
from exprstats.study import Exclusion, InputFile, Logbook
from exprstats.study.settings import OpenfaceSettings, Study


def read_words(pieces, name):
    document = build_document(pieces)
    section = next(section for section in document.sections if section.name == name)
    texts = [*section.sentences, *section.points]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


@pytest.fixture
def make_pieces(plain, tmp_path):
    """Analysis of a study whose clips came from videos, as far as the report looks at them."""

    def make(features=None, videos=0, notes=(), **settings):
        openface = OpenfaceSettings(tmp_path, tmp_path / "segments.csv", **settings)
        log = Logbook(1)
        log.inputs += [
            InputFile("openface", f"videos/v{place}.csv", "0", 100, 7, notes)
            for place in range(videos)
        ]
        log.exclusions += [
            Exclusion("read", "clips", 146, 145, "no valid frame", ("x",)),
            Exclusion("read", "clips", 145, 144, "too short", ("y",)),
            Exclusion("join", "clips", 144, 140, "no score"),
        ]
        models = plain.models
        if features:
            models = replace(models, design=replace(models.design, features=tuple(features)))
        pieces = gather_analysis([models], None)
        shares = [1.0, 0.976, 0.9, 0.61]
        return replace(
            pieces,
            study=Study(tmp_path / "study.toml", openface=openface),
            clips=pd.DataFrame({"valid_share": shares}),
            provenance=log.close(),
        )

    return make


def test_the_paragraph_says_how_features_were_made(make_pieces):
    words = read_words(make_pieces(), "methods")
    for told in (
        "OpenFace (Baltrušaitis et al., 2018) and sampled at 5 Hz (steps of 0.2 s)",
        "taking the frame nearest to each moment (within half a step)",
        "confidence of at least .80; clips with fewer than 50% of their moments valid",
        "Displacement is the mean Euclidean distance (of angles the absolute difference) from one "
        "moment to the next, over pairs of consecutive valid moments; velocity is the mean "
        "absolute change of displacement per second, over three valid moments in a row. Both were "
        "computed for 68 facial landmarks (px, averaged over landmarks) and the head’s position "
        "(mm); no change was counted across a gap or from one face to another.",
        "Action units gave the mean number of active action units (of 18).",
        "The median clip had 94% valid moments; 2 clips were left out.",
    ):
        assert told in words, told


def test_it_goes_by_the_choices_and_the_features(make_pieces):
    named = ["yaw_displacement", "au_intensity", "_velocity"]
    words = read_words(make_pieces(named, hz=30, sampling="mean", confidence=0.7), "methods")
    assert "30 Hz (steps of 0.0333 s), averaging the valid frames of each step" in words
    assert "at least .70" in words
    assert "valid moments. It was computed for the head’s yaw (rad); no change" in words
    assert "gave the mean intensity of the active ones" in words
    assert "velocity is" not in words


def test_it_tells_choices_that_change_definitions(make_pieces):
    named = ["points_displacement", "points_velocity", "smile"]
    settings = {"unit": "mm", "signed": True, "min_valid": 0.25, "fps": 29.97, "face": "largest"}
    words = read_words(make_pieces(named, **settings), "methods")
    for told in (
        "(with times counted at 29.97 frames per second)",
        "of several faces in a frame, the largest was followed",
        "clips with fewer than 25% of their moments valid",
        "velocity is the mean change of displacement per second, with its sign,",
        "68 facial landmarks (mm, averaged over landmarks)",
    ):
        assert told in words, told
    assert "face with id 2 was followed" in read_words(make_pieces(face=2), "methods")
    assert "a recording had to show one face at a time" in read_words(make_pieces(), "methods")


def test_features_of_other_kinds_need_no_definitions(make_pieces):
    words = read_words(make_pieces(["smile", "AU12_r", "<b>{x}</b>"]), "methods")
    assert "OpenFace (Baltrušaitis" in words
    assert "Displacement is" not in words
    assert "Action units gave" not in words


def test_openface_is_cited_where_it_was_used_only(make_pieces, plain):
    def list_references(pieces):
        return " ".join(write_plain(text) for text in build_document(pieces).references)

    assert "OpenFace 2.0" in list_references(make_pieces())
    assert "OpenFace" not in list_references(gather_analysis([plain.models], None))


def test_tracking_stands_beside_the_features(make_pieces):
    words = read_words(make_pieces(), "features")
    assert "94% were tracked well enough in the median clip and 61% in the worst one" in words


def test_many_videos_are_counted_and_their_notes_told_once(make_pieces):
    words = read_words(make_pieces(videos=1200, notes=("time stamps are wrong.",)), "analysed")
    assert "1,200 OpenFace files (120,000 rows)" in words
    told = "videos/v0.csv, videos/v1.csv, videos/v2.csv and 1,197 more: time stamps are wrong."
    assert words.count(told) == 1
    assert "v3.csv" not in words
