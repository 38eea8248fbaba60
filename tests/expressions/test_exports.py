"""Exports that differ from the usual ones: texts without times, messages, long tables, repeats."""

import json

import pytest

import exprstats as ex
from exprstats.errors import DataError, DataWarning

EMOTIONS = [{"name": "Joy", "score": 0.5}, {"name": "Fear", "score": 0.2}]


def write_json(folder, content, name="x.json"):
    (folder / name).write_text(json.dumps(content))
    return folder / name


def list_rows(table):
    return table[["modality", "time", "emotion", "score"]].to_numpy().tolist()


def test_words_of_a_text_are_placed_by_their_characters(tmp_path):
    words = [
        {"text": word, "position": {"begin": at, "end": at + 2}, "time": None, "emotions": EMOTIONS}
        for word, at in (("Hi", 0), ("you", 3))
    ]
    models = {"language": {"grouped_predictions": [{"id": "unknown", "predictions": words}]}}
    job = [{"results": {"predictions": [{"file": "a.txt", "models": models}], "errors": []}}]
    with pytest.warns(DataWarning, match="words have no times"):
        table = ex.read_estimates(write_json(tmp_path, job))
    assert table["time"].unique().tolist() == [0, 3] and table["end"].max() == 5
    head = "Id,Text,BeginPosition,EndPosition,BeginTime,EndTime,Confidence,SpeakerConfidence,Joy\n"
    (tmp_path / "a_language.csv").write_text(head + "u,Hi,0,2,,,,,.5\nu,you,3,5,,,,,.4\n")
    with pytest.warns(DataWarning, match="words have no times"):
        table = ex.read_estimates(tmp_path / "a_language.csv")
    assert list_rows(table) == [["language", 0, "Joy", 0.5], ["language", 3, "Joy", 0.4]]


def test_models_without_emotions_and_messages_of_a_stream(tmp_path):
    speech = {"time": {"begin": 0, "end": 1}, "emotions": EMOTIONS}
    models = {
        "burst": {"grouped_predictions": [{"id": "unknown", "predictions": [speech]}]},
        "ner": {"grouped_predictions": [{"id": "u", "predictions": [{"entity": "x"}]}]},
        "facemesh": {"grouped_predictions": []},
    }
    job = [{"results": {"predictions": [{"file": "a.mp4", "models": models}]}}]
    table = ex.read_estimates(write_json(tmp_path, job))
    assert list_rows(table) == [["burst", 0, "Joy", 0.5], ["burst", 0, "Fear", 0.2]]
    message = {"face": {"predictions": [{"time": 2, "emotions": EMOTIONS}]}}
    message["prosody"] = {"warning": "No speech"}
    table = ex.read_estimates(write_json(tmp_path, message, "stream.json"))
    assert list_rows(table) == [["face", 2, "Joy", 0.5], ["face", 2, "Fear", 0.2]]


@pytest.mark.parametrize("emotions", [None, ["Joy"]])
def test_long_tables_are_read_as_they_are(tmp_path, emotions):
    rows = ["a,Joy,.5,p", "a,Fear,.2,p", "a,Joy,.4,p", "b,Joy,.3,q"]
    (tmp_path / "x.csv").write_text("recording,emotion,score,subject\n" + "\n".join(rows) + "\n")
    table = ex.read_estimates(tmp_path / "x.csv", emotions=emotions)
    joy = table[table["emotion"].eq("Joy")]
    assert joy[["recording", "time", "score"]].to_numpy().tolist() == [
        ["a", 0.0, 0.5],
        ["a", 1.0, 0.4],
        ["b", 0.0, 0.3],
    ]
    assert len(table) == (4 if emotions is None else 3) and "subject" in table


def test_moments_that_repeat_are_told_with_their_file(tmp_path):
    head = "Id,Frame,Time,Probability,FaceX0,FaceY0,FaceWidth,FaceHeight,Joy\n"
    (tmp_path / "x_face.csv").write_text(head + "face_0,8,.32,1,0,0,1,1,.9\n" * 2)
    with pytest.raises(DataError, match="1 moment is there more than once, the first 'face_0'"):
        ex.read_estimates(tmp_path / "x_face.csv")


def test_another_decimal_mark(tmp_path):
    head = "Id;Frame;Time;Probability;FaceX0;FaceY0;FaceWidth;FaceHeight;Joy\n"
    (tmp_path / "x_face.csv").write_text(head + "face_0;8;0,32;1;0;0;1;1;0,9\n")
    assert list_rows(ex.read_estimates(tmp_path / "x_face.csv")) == [["face", 0.32, "Joy", 0.9]]


def test_columns_of_strangers_that_are_no_scores_are_told(tmp_path):
    rows = [f"c{i // 6};A;{i % 6 * 0.5};{i % 3 / 4};0.2" for i in range(24)]
    path = tmp_path / "german.csv"
    path.write_text("\n".join(["Aufnahme;Person;Zeit;Freude;Angst", *rows]))
    with pytest.warns(DataWarning) as told:
        table = ex.read_estimates(path)
    assert sorted(set(table["emotion"])) == ["Angst", "Freude"]
    texts = " ".join(str(one.message) for one in told)
    assert "'Zeit' rises by one step from row to row" in texts
    assert "'Aufnahme', 'Person' hold words" in texts
    named = ex.read_estimates(path, id="Aufnahme", time="Zeit", emotions=["Freude", "Angst"])
    assert named["time"].max() == 2.5 and named["id"].nunique() == 4


def test_moments_of_zeros_lead_nowhere_and_are_told(tmp_path):
    path = tmp_path / "zero.csv"
    path.write_text("id,time,Joy,Fear\na,0,0,0\na,1,0,0\nb,0,0,0\n")
    with pytest.warns(DataWarning, match="3 of 3 moments have 0 for every emotion"):
        table = ex.read_estimates(path)
    assert ex.rate_estimates(table).sentence().startswith("No emotion leads on estimates")
