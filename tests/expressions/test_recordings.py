"""People, data sets and labels from columns of exports, names, folders and a table.

The real files are exports of FACET and AFFDEX on pictures of 22 actors, 5 seconds a picture in the
order of a list that came with them: recall far above chance is the witness that times, names and
labels meet, since nothing else here knows what a picture shows.
"""

import csv

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataError, DataWarning
from exprstats.expressions.recordings import join_about, read_about

FACE = "Id,Frame,Time,Probability,FaceX0,FaceY0,FaceWidth,FaceHeight,Joy,Fear\n"


@pytest.fixture
def hume(tmp_path):
    """Two exports of faces in folders of their own, two moments each."""
    for folder, scores in (("lab", (0.9, 0.8)), ("home", (0.2, 0.1))):
        (tmp_path / folder).mkdir()
        rows = [
            f"face_{n},{n},{time},1,0,0,1,1,{scores[n]},.5" for n, time in enumerate((0.5, 1.5))
        ]
        (tmp_path / folder / f"{folder}_face.csv").write_text(FACE + "\n".join(rows) + "\n")
    return [tmp_path / one / f"{one}_face.csv" for one in ("lab", "home")]


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("folder", ["lab", "home"]),
        ("recording", ["lab", "home"]),
        ("file", ["lab_face.csv", "home_face.csv"]),
        ("Id", ["face_0", "face_1"]),
    ],
)
def test_data_sets_of_exports_are_named(hume, by, told):
    table = ex.read_estimates(hume, context=by)
    assert table["context"].drop_duplicates().tolist() == told
    assert ex.rate_estimates(table, by="context").tidy()["context"].nunique() == 2


def test_a_column_that_no_file_has_is_told_with_what_may_be_named(hume):
    with pytest.raises(DataError, match="no column 'group'") as caught:
        ex.read_estimates(hume, context="group")
    assert "recording, folder, file, Id" in str(caught.value)
    assert "about" in str(caught.value)


def test_a_table_of_recordings_gives_people_labels_and_data_sets(hume, tmp_path):
    about = tmp_path / "about.csv"
    about.write_text("Recording,who,label,site\nlab.mp4,anna,joy,A\nhome.mp4,ben,fear,B\n")
    table = ex.read_estimates(hume, subject="who", context="site", about=about)
    told = table.drop_duplicates("recording").set_index("recording")
    assert told.loc["lab", ["subject", "label", "context"]].tolist() == ["anna", "joy", "A"]
    assert told.loc["home", ["subject", "label", "context"]].tolist() == ["ben", "fear", "B"]


def test_a_table_of_parts_cuts_recordings(hume, tmp_path):
    about = pd.DataFrame({"recording": ["lab", "lab", "home"], "label": ["a", "b", "c"]})
    about = about.assign(subject="x", start=[0, 1.5, 0], end=[1.5, 2, 1])
    with pytest.warns(DataWarning, match="2 of 8 scores lie outside of all parts"):
        table = ex.read_estimates(hume, about=about)
    joy = table[table["emotion"].eq("Joy")].set_index("recording")
    # A moment on the end of one part and the start of the next belongs to the next.
    assert joy["label"].to_dict() == {"lab 0": "a", "lab 1.5": "b", "home 0": "c"}
    assert joy.loc["lab 1.5", "score"] == 0.8


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"name": ["lab"]}, "no column 'recording'"),
        ({"recording": ["lab"], "start": [0]}, "'start' and 'end' one is missing"),
        ({"recording": ["lab", "lab"], "label": ["a", "b"]}, "'lab' has two rows"),
        ({"recording": ["x"], "label": ["a"]}, "names none of 'home', 'lab'"),
        ({"recording": ["lab"] * 2, "start": [0, 1], "end": [2, 3]}, "overlap"),
        ({"recording": ["lab"], "start": [7], "end": [8]}, "no moment lies in a part"),
    ],
)
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_tables_of_recordings_that_cannot_be_are_refused(hume, table, told):
    with pytest.raises(DataError, match=told):
        ex.read_estimates(hume, about=pd.DataFrame(table))


def test_ravdess_recordings_are_told_apart_by_their_names(tmp_path):
    names = [f"03-01-0{e}-0{i}-01-01-0{a}.wav" for e in (3, 4) for i in (1, 2) for a in (1, 2)]
    rows = "".join(f"{name},.5,.2\n" for name in names)
    (tmp_path / "voice.csv").write_text("recording,Joy,Fear\n" + rows)
    table = ex.read_estimates(tmp_path / "voice.csv", context="intensity")
    assert table.groupby("context")["recording"].nunique().to_dict() == {"normal": 4, "strong": 4}
    assert sorted(table["label"].unique()) == ["happy", "sad"]
    assert table["subject"].unique().tolist() == ["01", "02"]
    (tmp_path / "other.csv").write_text("recording,Joy,Fear\ntalk,.5,.2\n")
    with pytest.raises(DataError, match="nothing says what 'intensity' is of any recording"):
        ex.read_estimates(tmp_path / "other.csv", context="intensity")
    # A column of the file is meant before what its place says.
    (tmp_path / "own.csv").write_text("file,Joy\nx,.5\ny,.2\n")
    table = ex.read_estimates(tmp_path / "own.csv", subject="file")
    assert table["subject"].tolist() == ["x", "y"]


@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_imotions_people_and_stimuli_meet_by_name_and_time(tmp_path):
    head = ["#Study : S", "#Date : 1", "#Version : 6", "#TestRunDate : 1", ""]
    columns = "StudyName,Name,StimulusName,EventSource,Timestamp,MediaTime,FrameNo,FrameTime"
    columns += ",NoOfFaces,FaceRect X,FaceRect Y,FaceRect Width,FaceRect Height,Joy Evidence"
    columns += ",Anger Evidence,Positive Evidence,AU1 Evidence"
    rows = [
        f"S,P1,{film},Emotient FACET,{time},{time},{n},{time},1,1,1,9,9,{n},0,{n},0"
        for n, (film, time) in enumerate((("cat", 0), ("cat", 40), ("dog", 80), ("dog", 120)))
    ]
    text = "\n".join([*head, *(one.replace(",", "\t") for one in (columns, *rows))])
    (tmp_path / "x.txt").write_text(text + "\n")
    table = ex.read_estimates(tmp_path / "x.txt", subject="Name", context="StimulusName")
    assert set(table["emotion"]) == {"Joy", "Anger"}  # "Positive" only repeats joy
    assert table["subject"].unique().tolist() == ["P1"]
    means = table[table["emotion"].eq("Joy")].groupby("context")["score"].mean()
    assert means.to_dict() == {"cat": 0.5, "dog": 2.5}


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
@pytest.mark.parametrize(
    "options",
    [{"repeats": 1, "costs": [0.1, 1.0]}, pytest.param({"repeats": 2}, marks=pytest.mark.slow)],
    ids=["reduced", "whole"],
)
def test_real_acted_expressions_of_new_actors_are_recalled(data_folder, options):
    folder = data_folder / "eee" / "imotions_adfes"
    files = {path.name.split("_")[1].split(".")[0]: path for path in folder.glob("Dump*.gz")}
    with (folder / "Resp_stim_ADFES.csv").open(encoding="utf-8-sig") as stream:
        order = {
            row[0]: [one for one in row[1:] if one] for row in csv.reader(stream, delimiter=";")
        }
    parts = [
        (files[actor].name, actor, 5 * n, 5 * n + 5, name.split("-")[1].removesuffix(".jpg"))
        for actor, names in order.items()
        for n, name in enumerate(names)
    ]
    about = pd.DataFrame(parts, columns=["recording", "subject", "start", "end", "label"])
    table = ex.read_estimates(sorted(files.values()), about=about)
    table = table[table["modality"].eq("face (facet)")]
    fused = ex.fuse_modalities(table, thresholds="quantile")
    assert len(fused.clips) == 216 and fused.clips["label"].nunique() == 10
    names = ("face (facet): scores", "face (facet): sentence of mean")
    sets = {name: fused.features[name] for name in names}
    found = ex.classify_expressions(
        sets, fused.clips["label"], fused.clips["subject"], folds=11, **options
    )
    rows = found.tidy().set_index(["term", "features"])["estimate"]
    assert rows["uar", names[0]] > 0.9 and 0.8 < rows["uar", names[1]] < 0.9
    assert rows["uar_difference", names[1]] < 0  # sentences lose what the scores hold
    means = table.pivot_table("score", "label", "emotion")
    for label, emotion in (("Anger", "Anger"), ("Joy", "Joy"), ("Sad", "Sadness")):
        assert means.loc[label].idxmax() == emotion
        assert np.isfinite(means.loc[label, emotion])


def make_talk():
    """Two people in a recording: a voice goes with its own face, against the other's."""
    rng = np.random.default_rng(2)
    rows = []
    for recording in ("one", "two"):
        for time in range(8):
            score = rng.normal(size=2)
            for place, who in enumerate(("face_0", "face_1")):
                key = {"recording": recording, "id": who, "modality": "face", "time": time + 0.5}
                rows += [key | {"emotion": name, "score": score[place]} for name in ("Joy", "Awe")]
            key = {"recording": recording, "id": "spk_0", "modality": "prosody", "end": time + 1.0}
            key["time"] = float(time)
            rows += [key | {"emotion": name, "score": score[1]} for name in ("Joy", "Awe")]
    return pd.DataFrame(rows)


def test_several_faces_of_a_recording_are_told_and_can_be_named():
    table = make_talk()
    with pytest.warns(DataWarning, match="2 recordings hold several ids of face, such as 'one'"):
        mixed = ex.rate_estimates(table)
    rows = mixed.tidy().query("term == 'spearman'")
    assert (
        rows["note"].str.contains("several of a recording (face) count as one", regex=False).all()
    )
    assert "prosody and face (the mean of several of a recording, face)" in mixed.sentence()
    assert rows["estimate"].max() < 0.95
    about = pd.DataFrame(
        [
            (recording, who, f"{person} of {recording}")
            for recording in ("one", "two")
            for who, person in (("face_0", "A"), ("face_1", "B"), ("spk_0", "B"))
        ],
        columns=["recording", "id", "subject"],
    )
    known = join_about(table, read_about(about), {})
    told = known.drop_duplicates(["recording", "id"]).set_index(["recording", "id"])["subject"]
    assert told["one", "spk_0"] == told["one", "face_1"] == "B of one"
    own = ex.rate_estimates(known).tidy().query("term == 'spearman'")
    # Each voice is exactly its own face's score.
    assert own["estimate"].tolist() == pytest.approx([1.0] * len(own))
    assert own["n_clips"].eq(16).all()


def test_tables_of_faces_that_cannot_be_are_refused():
    twice = pd.DataFrame({"recording": ["a", "a"], "id": ["f", "f"], "subject": ["x", "y"]})
    with pytest.raises(DataError, match="recording 'f of a' has two rows"):
        read_about(twice)
    parts = twice.assign(id=["f", "g"], start=[0, 1], end=[1, 2])
    with pytest.raises(DataError, match="rows for parts"):
        read_about(parts)
    lost = pd.DataFrame({"recording": ["one", "two"], "id": ["face_0"] * 2, "subject": ["x", "y"]})
    with pytest.warns(DataWarning, match="no row of 'face_1 of one', 'spk_0 of one'"):
        known = join_about(make_talk(), read_about(lost), {})
    assert known["subject"].isna().any()


def test_two_files_of_the_same_moments_are_named(hume, tmp_path):
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / "lab_face.csv"
    again.write_text(hume[0].read_text())
    with pytest.raises(DataError, match=r"again/lab_face\.csv both hold 2 moments of face"):
        ex.read_estimates([hume[0], again])
