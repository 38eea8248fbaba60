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
    assert "'Zeit' looks like a time, by name or by steady steps" in texts
    assert "'Aufnahme', 'Person' hold words" in texts
    named = ex.read_estimates(path, id="Aufnahme", time="Zeit", emotions=["Freude", "Angst"])
    assert named["time"].max() == 2.5 and named["id"].nunique() == 4


def test_files_of_unknown_modality_with_the_same_recordings_are_told(tmp_path):
    """Face and voice under names that do not say so would count each recording twice."""
    for name, face in (("run1.csv", "f"), ("run2.csv", "v")):
        (tmp_path / name).write_text(
            f"recording,id,time,Joy\na,{face},0,.2\na,{face},1,.3\nb,{face},0,.4\n"
        )
    files = [tmp_path / "run1.csv", tmp_path / "run2.csv"]
    with pytest.warns(DataWarning, match=r"run1.csv and run2.csv have 2 recordings in common"):
        table = ex.read_estimates(files)
    assert set(table["modality"]) == {"estimates"}
    named = [files[0].rename(tmp_path / "face.csv"), files[1].rename(tmp_path / "x_prosody.csv")]
    assert set(ex.read_estimates(named)["modality"]) == {"face", "prosody"}


def test_moments_of_zeros_lead_nowhere_and_are_told(tmp_path):
    path = tmp_path / "zero.csv"
    path.write_text("id,time,Joy,Fear\na,0,0,0\na,1,0,0\nb,0,0,0\n")
    with pytest.warns(DataWarning, match="3 of 3 moments have 0 for every emotion"):
        table = ex.read_estimates(path)
    assert ex.rate_estimates(table).sentence().startswith("No emotion leads on estimates")


def write_hume(place, predictions, errors=()):
    file = {"file": "a.mp4", "models": {"face": predictions}}
    results = {"predictions": [file] if predictions else [], "errors": list(errors)}
    place.write_text(json.dumps([{"source": {"type": "url"}, "results": results}]))
    return place


def test_faces_of_ungrouped_predictions_are_told_apart_and_gaps_are_missing(tmp_path):
    """An earlier interface gave each prediction its face_id; scores may be null."""
    shown = [
        {"time": 0.0, "face_id": name, "emotions": [{"name": "Joy", "score": score}]}
        for name, score in (("one", 0.4), ("two", None), ("three", 0.2))
    ]
    with pytest.warns(DataWarning, match="1 of 3 scores is missing"):
        found = ex.read_estimates(write_hume(tmp_path / "old.json", {"predictions": shown}))
    assert found[["id", "score"]].to_numpy().tolist() == [["one", 0.4], ["three", 0.2]]


def test_what_failed_at_hume_is_said(tmp_path):
    place = write_hume(tmp_path / "failed.json", {}, [{"message": "no face in b.mp4"}])
    with pytest.raises(DataError, match=r"1 file failed at Hume \(no face in b.mp4\)"):
        ex.read_estimates(place)


@pytest.mark.parametrize("stamp", ["Timestamp", "timestamp"])
def test_affectiva_frames_with_objects_of_their_own(tmp_path, stamp):
    frame = {stamp: 0.5, "emotions": {"joy": 50, "anger": 1}, "expressions": {"smile": 3}}
    (tmp_path / "a.json").write_text(json.dumps([frame]))
    with pytest.warns(DataWarning, match="from 0 to 100"):
        found = ex.read_estimates(tmp_path / "a.json")
    assert found[["time", "emotion", "score"]].to_numpy().tolist() == [
        *([0.5, "anger", 1.0], [0.5, "joy", 50.0])
    ]


def test_speech_without_ids_has_no_emotions_called_begin_and_end(tmp_path):
    (tmp_path / "talk_prosody.csv").write_text("Text,BeginTime,EndTime,Joy\nhi,0,1,.5\n")
    found = ex.read_estimates(tmp_path / "talk_prosody.csv")
    assert found["emotion"].tolist() == ["Joy"] and found["end"].tolist() == [1]
    (tmp_path / "talk_burst.csv").write_text("Id,BeginTime,EndTime,Joy\nu,0,1,.5\n")
    assert ex.read_estimates(tmp_path / "talk_burst.csv")["modality"].tolist() == ["burst"]


def test_frames_of_py_feat_without_times_are_in_order(tmp_path):
    """Of videos before version 2, and of single images, whose frame is always 0."""
    names = "frame,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,AU01,anger,happiness"
    for column, rows in (("a.mp4", (0, 1, 2)), (None, (0, 0, 0))):
        lines = [
            f"{frame},1,2,3,4,.99,0,.{place}1,.5,{column or f'face{place}.jpg'}"
            for place, frame in enumerate(rows)
        ]
        (tmp_path / "faces.csv").write_text("\n".join([f"{names},input", *lines]))
        with pytest.warns(DataWarning, match="times are frame numbers"):
            found = ex.read_estimates(tmp_path / "faces.csv").query("emotion == 'anger'")
        assert found["time"].tolist() == [float(one) for one in rows]
        assert found["score"].tolist() == [0.01, 0.11, 0.21]
        assert found["recording"].nunique() == (1 if column else 3)


def test_files_called_face_are_faces_and_files_are_data_sets_where_asked(tmp_path):
    """Also beside a column context, which counts only where nothing is asked."""
    for name, score in (("face", 0.5), ("prosody", 0.4)):
        lines = f"recording,context,Joy,start\na,lab,{score},3.5\nb,home,{score},7\n"
        (tmp_path / f"{name}.csv").write_text(lines)
    paths = [tmp_path / "face.csv", tmp_path / "prosody.csv"]
    with pytest.warns(DataWarning):
        found = ex.read_estimates(paths, context="file")
    assert found["modality"].tolist() == ["face", "face", "prosody", "prosody"]
    assert found["context"].unique().tolist() == ["face.csv", "prosody.csv"]
    assert found["emotion"].unique().tolist() == ["Joy"]
