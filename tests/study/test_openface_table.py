"""A study whose clips come from OpenFace files is the study of the features made by hand.

Tolerance: none; the same verbs with the same seeds must give the same bits.
"""

import hashlib
import html
import inspect
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import read_segments, summarise_openface
from exprstats.behaviour.settings import Settings
from exprstats.errors import DataError, DataWarning
from exprstats.models import fit_elastic
from exprstats.report import write_report
from exprstats.study import Logbook, read_study, run_study
from exprstats.study.inputs import read_tables

pytestmark = pytest.mark.usefixtures("blank_pictures")

STUDY = """\
seed = 3
[openface]
folder = "videos"
segments = "segments.csv"
hz = 4
context = "task"
target = "pleasure"
scale = [0, 4]
[compare]
draws = 100
"""


def write_video(path, rng, frames=50):
    """Write a face whose head moves and whose units come and go."""
    table = pd.DataFrame({"frame": np.arange(1, frames + 1)})
    table["timestamp"] = (table["frame"] - 1) / 10
    table["confidence"], table["success"] = 0.98, 1
    for name in ("pose_Tx", "pose_Ty", "pose_Tz"):
        table[name] = (rng.uniform(1, 4) * rng.normal(size=frames)).cumsum().round(2)
    table.to_csv(path, index=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openface")
    (folder / "videos").mkdir()
    rng = np.random.default_rng(1)
    rows = []
    for i in range(16):
        write_video(folder / "videos" / f"v{i}.csv", rng)
        for j, task in enumerate(("fear", "joy", "fear", "joy")):
            pleasure = round(rng.uniform(0, 4), 2)
            rows.append((f"v{i}_{j}", f"v{i}", f"s{i}", task, j, j + 1.0, pleasure, 7 * i))
    names = ["clip", "video", "subject", "task", "start", "end", "pleasure", "age"]
    table = pd.DataFrame(rows, columns=names)
    table.loc[5, ["start", "end"]] = [90, 91]
    table.to_csv(folder / "segments.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(place):
    study = read_study(place / "study.toml")
    with pytest.warns(DataWarning):
        return run_study(study)


def test_the_numbers_are_those_of_the_verbs(place, run):
    segments = read_segments(place / "segments.csv", context="task")
    with pytest.warns(DataWarning):
        clips = summarise_openface(place / "videos", segments, hz=4).clips
    features = ["head_displacement", "head_velocity"]
    # Neither quality nor another column of the segments is a feature by itself.
    assert list(run.features) == features
    options = {"target": "pleasure", "features": features, "by": "context", "parts": run.parts}
    expected = fit_elastic(clips, **options)
    pd.testing.assert_frame_equal(run.models["elastic"].table, expected.table)


def test_files_and_exclusions_are_written_down(place, run):
    inputs = {one.file: one for one in run.provenance.inputs}
    assert len(inputs) == 17
    assert inputs["segments.csv"].rows == 64
    video = inputs["videos/v3.csv"]
    assert (video.rows, video.columns) == (50, 7)
    content = (place / "videos" / "v3.csv").read_bytes()
    assert video.sha256 == hashlib.sha256(content).hexdigest()
    told = [str(one) for one in run.provenance.exclusions]
    assert told == ["1 of 64 clips left out: lies outside the video (v1_1)."]
    assert run.provenance.rows["clips"] == 63


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("videos", "films"), "'films' is no folder"),
        (("hz = 4", "hz = 0"), "hz"),
        (("hz = 4", 'sampling = "median"'), "sampling"),
        (("hz = 4", "recursive = 1"), "recursive must be true or false"),
        (("hz = 4", 'face = "biggest"'), "face must be a face id, such as 0, or 'largest', not 'b"),
        (("hz = 4", "face = -1"), "face must be a face id"),
        (("hz = 4", 'unit = "cm"'), "unit cannot be 'cm'. There is: px, mm"),
        (("hz = 4", "min_valid = 1.2"), "min_valid must be a share from 0 to 1, not 1.2"),
        (("hz = 4", "fps = 0"), "fps must be a number above 0"),
        (("hz = 4", 'endings = "_units"'), "endings must be a list of texts"),
        (("hz = 4", "signed = 1"), "signed must be true or false"),
        (('target = "pleasure"', ""), r"\[openface\] has no target"),
        (("[compare]", '[clips]\nfile = "segments.csv"\n[compare]'), "both .clips. and .openface."),
    ],
)
def test_mistakes_are_told(place, change, said):
    path = place / "wrong.toml"
    path.write_text(STUDY.replace(*change), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_study(path)


def test_the_report_tells_how_the_features_were_made(run, tmp_path):
    page = write_report(run, tmp_path / "report").read_text(encoding="utf-8")
    text = html.unescape(page).replace("\xa0", " ")
    assert "segments.csv (64 rows) and 16 OpenFace files (800 rows)" in text
    assert "sampled at 4 Hz (steps of 0.25 s)" in text
    assert "1 clip was left out." in text


CHOICES = {
    "face": 0,
    "fps": 20.0,
    "unit": "mm",
    "min_valid": 0.9,
    "endings": ("_a",),
    "signed": True,
    "unmatched": 0.5,
}


def test_every_choice_reaches_the_verb(place, monkeypatch):
    text = STUDY.replace(
        "hz = 4",
        'face = 0\nfps = 20\nunit = "mm"\nmin_valid = 0.9\nendings = ["_a"]\nsigned = true\n'
        "unmatched = 0.5",
    )
    path = place / "choices.toml"
    path.write_text(text, encoding="utf-8")
    seen = {}

    def keep(folder, segments, **choices):
        seen.update(choices)
        message = "enough"
        raise DataError(message)

    monkeypatch.setattr("exprstats.behaviour.summarise_openface", keep)
    with pytest.raises(DataError, match="enough"):
        run_study(read_study(path))
    assert {name: seen[name] for name in CHOICES} == CHOICES


def test_the_defaults_are_those_of_the_verb(place):
    settings = read_study(place / "study.toml").openface
    single = inspect.signature(summarise_openface).parameters
    usual = asdict(Settings()) | {name: one.default for name, one in single.items()}
    shared = (*CHOICES, "sampling", "confidence", "recursive")
    assert {name: getattr(settings, name) for name in shared} == {
        name: usual[name] for name in shared
    }


def test_a_target_of_classes_is_read_as_that_of_clips(place):
    table = pd.read_csv(place / "segments.csv")
    names = np.where(table["pleasure"] > 2, "joy", "fear").astype(object)
    names[[2, 9]] = ["NA", "?"]
    table.assign(mood=names).to_csv(place / "moods.csv", index=False)
    text = STUDY.replace("segments.csv", "moods.csv").replace("scale = [0, 4]", 'missing = ["?"]')
    text = text.replace('"pleasure"', '"mood"')
    path = place / "moods.toml"
    path.write_text(text, encoding="utf-8")
    study = read_study(path)
    with pytest.warns(DataWarning):
        _, clips = read_tables(study, Logbook(1))
    assert set(clips["mood"].dropna()) == {"joy", "fear"}
    assert clips["mood"].isna().sum() == 2
    lower = table.assign(mood=np.where(np.arange(len(names)) == 4, "Joy", "joy"))
    lower.to_csv(place / "moods.csv", index=False)
    with pytest.raises(DataError, match="only in upper and lower case"):
        read_tables(study, Logbook(1))


@pytest.mark.parametrize("named", ["head_speed", "age_group"])
def test_a_feature_that_no_table_gives_is_told_before_videos_are_read(place, monkeypatch, named):
    def refuse(*_, **__):
        pytest.fail("The videos were read.")

    monkeypatch.setattr("exprstats.behaviour.summarise_openface", refuse)
    path = place / "misspelt.toml"
    path.write_text(STUDY.replace("hz = 4", f'features = ["{named}"]'), encoding="utf-8")
    with pytest.raises(DataError, match=f"names '{named}', which no column is"):
        run_study(read_study(path))


def test_a_feature_that_the_videos_cannot_give_is_named(place):
    path = place / "bare.toml"
    path.write_text(STUDY.replace("hz = 4", 'hz = 4\nfeatures = ["au_count"]'), encoding="utf-8")
    with pytest.raises(DataError, match="no column 'au_count'"), pytest.warns(DataWarning):
        run_study(read_study(path))
