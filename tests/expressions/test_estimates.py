"""Readers of estimates and their description.

Witnesses: scipy's spearmanr, a jackknife typed as a loop, and hand-made files. Tolerance 1e-12:
the same sums in another order.
"""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import exprstats as ex
from exprstats.errors import DataError, DataWarning


def make_table(seed=1, speakers=6, moments=5, emotions=("Anger", "Joy", "Fear")):
    """Return long estimates of two modalities whose moments share a part."""
    rng = np.random.default_rng(seed)
    rows = []
    for speaker in range(speakers):
        for clip in range(moments):
            base = rng.random(len(emotions))
            for modality in ("face", "voice"):
                for emotion, score in zip(
                    emotions, base + 0.3 * rng.random(len(emotions)), strict=True
                ):
                    row = {"recording": f"s{speaker}c{clip}", "subject": f"s{speaker}"}
                    row |= {"id": "one", "modality": modality, "time": 0.0}
                    rows.append(row | {"emotion": emotion, "score": score})
    return pd.DataFrame(rows)


def test_hume_faces_interleave_and_empty_columns_are_left_out(tmp_path):
    path = tmp_path / "talk_face.csv"
    path.write_text(
        "Id,Frame,Time,Probability,FaceX0,FaceY0,FaceWidth,FaceHeight,Joy,Anger,AU1 Inner,Smile\n"
        "face_0,8,0.32,1,0,0,1,1,.9,.1,,\nface_1,8,0.32,1,0,0,1,1,.2,.8,,\n"
        "face_0,17,0.68,1,0,0,1,1,.7,.3,,\n"
    )
    with pytest.warns(DataWarning, match="2 columns are empty"):
        table = ex.read_estimates(path)
    assert table["recording"].unique().tolist() == ["talk"]
    joy = table.query("id == 'face_0' and emotion == 'Joy'")
    assert joy["score"].tolist() == [0.9, 0.7]
    assert set(table["emotion"]) == {"Joy", "Anger"}


def test_language_is_read_by_name_and_a_column_called_1_is_no_emotion(tmp_path):
    path = tmp_path / "talk_language.csv"
    path.write_text(
        "Id,Text,BeginPosition,EndPosition,BeginTime,EndTime,Confidence,SpeakerConfidence,"
        'Confusion,Contemplation,1\nunknown,"Hi, ""you"".",0,8,1.0,2.0,,,.4,.3,.9\n'
    )
    with pytest.warns(DataWarning, match="no emotion"):
        table = ex.read_estimates(path)
    assert table["score"].tolist() == [0.4, 0.3]
    assert table["text"].iloc[0] == 'Hi, "you".'
    assert table["end"].tolist() == [2.0, 2.0]


def test_hume_json_with_errors_beside_predictions(tmp_path):
    emotion = [{"name": "Joy", "score": 0.5}]
    one = {"text": "Hi", "time": {"begin": 1.0, "end": 2.0}, "emotions": emotion}
    models = {"prosody": {"grouped_predictions": [{"id": "spk_0", "predictions": [one]}]}}
    results = {"predictions": [{"file": "talk.mp4", "models": models}], "errors": [{"file": "b"}]}
    path = tmp_path / "out.json"
    path.write_text(json.dumps([{"source": {}, "results": results}]))
    with pytest.warns(DataWarning, match="1 file failed"):
        table = ex.read_estimates(path)
    assert table[["recording", "modality", "score"]].to_numpy().tolist() == [
        ["talk", "prosody", 0.5]
    ]


def test_affectiva_frames(tmp_path):
    path = tmp_path / "talk.json"
    path.write_text(json.dumps([{"Timestamp": 0.1, "joy": 80.0, "valence": -20.0, "smile": 3}]))
    with pytest.warns(DataWarning, match="0 to 100; valence is no emotion and left out"):
        alone = ex.read_estimates(path)
    assert alone["emotion"].tolist() == ["joy"]
    with pytest.warns(DataWarning, match="0 to 100"):
        table = ex.read_estimates(path, emotions=["joy", "valence"])
    assert dict(zip(table["emotion"], table["score"], strict=True)) == {
        "joy": 80.0,
        "valence": -20.0,
    }


def test_a_json_of_something_else_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}')
    with pytest.raises(DataError, match="no predictions"):
        ex.read_estimates(path)


def test_ravdess_names():
    found = ex.decode_ravdess("x/03-01-08-02-02-01-07.wav")
    assert (found["channel"], found["label"], found["gender"]) == ("audio", "surprised", "male")
    assert ex.decode_ravdess("03-01-09-02-02-01-07.wav") == {}
    assert ex.decode_ravdess("2020-03-01-08-02-02-01-07") == {}


def test_levels_and_correlations_are_those_of_scipy():
    table = make_table()
    found = ex.rate_estimates(table).tidy().set_index(["term", "modality", "emotion"])
    wide = table.pivot_table("score", ["recording", "subject"], ["modality", "emotion"])
    for emotion in ("Anger", "Joy", "Fear"):
        rho = stats.spearmanr(wide["face", emotion], wide["voice", emotion]).statistic
        assert found.loc[("spearman", "face", emotion), "estimate"] == pytest.approx(rho, abs=1e-12)
        mean = wide["face", emotion].mean()
        assert found.loc[("mean", "face", emotion), "estimate"] == pytest.approx(mean, abs=1e-12)
    pooled = stats.spearmanr(wide["face"].to_numpy().ravel(), wide["voice"].to_numpy().ravel())
    rows = ex.rate_estimates(table).tidy().query("term == 'spearman' and emotion.isna()")
    assert rows["estimate"].item() == pytest.approx(pooled.statistic, abs=1e-12)
    # The interval: a loop over speakers, symmetric on Fisher's z.
    people = wide.index.get_level_values("subject")
    left = []
    for person in people.unique():
        rest = wide[people != person]
        one, two = rest["face"].to_numpy().ravel(), rest["voice"].to_numpy().ravel()
        left.append(np.arctanh(stats.spearmanr(one, two).statistic))
    count = len(left)
    error = np.sqrt((count - 1) / count * np.sum((np.array(left) - np.mean(left)) ** 2))
    centre = np.arctanh(pooled.statistic)
    limits = np.tanh(centre + np.array([-1, 1]) * stats.t.ppf(0.975, count - 1) * error)
    assert rows[["conf_low", "conf_high"]].to_numpy()[0] == pytest.approx(limits, abs=1e-10)


def test_shares_of_the_highest_emotion_sum_to_one_also_with_ties():
    table = pd.DataFrame({"id": list("aabb"), "modality": "face", "time": 0.0})
    table = table.assign(emotion=["Joy", "Fear"] * 2, score=[0.5, 0.5, 0.4, 0.6])
    rows = ex.rate_estimates(table).tidy().query("term == 'share_top'").set_index("emotion")
    assert rows["estimate"].to_dict() == {"Fear": 0.75, "Joy": 0.25}


def test_the_order_of_rows_does_not_count_and_input_stays():
    table = make_table()
    kept = table.copy()
    one = ex.rate_estimates(table).tidy()
    two = ex.rate_estimates(table.sample(frac=1, random_state=2)).tidy()
    keys = ["modality", "versus", "emotion", "term"]
    same = one[one["versus"].isna()].merge(two[two["versus"].isna()], on=keys)
    assert len(same) == one["versus"].isna().sum()
    np.testing.assert_allclose(same["estimate_x"], same["estimate_y"], atol=1e-12)
    pd.testing.assert_frame_equal(table, kept)


def test_one_modality_and_one_speaker_have_sentences_without_intervals():
    table = make_table(speakers=1).query("modality == 'face'")
    result = ex.rate_estimates(table)
    assert result.tidy()["conf_low"].isna().all()
    assert "it needs 3 people or recordings, and there is 1" in result.tidy()["note"].iloc[0]
    assert "Spearman" not in result.sentence()
    assert result.sentence().startswith("Highest on face are ")


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth(count):
    """Samples of 20 speakers with ρ = .5 by design; of 60, 95 % is within three SE of .917."""
    held, rho = 0, 6 / np.pi * np.arcsin(0.5 / 2)
    for seed in range(count):
        rng = np.random.default_rng(seed)
        clips = np.repeat(np.arange(20), 6)
        joint = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], len(clips))
        table = pd.concat(
            pd.DataFrame({"modality": name, "score": joint[:, side]})
            .assign(recording=np.arange(len(clips)).astype(str), subject=clips.astype(str))
            .assign(id="a", time=0.0, emotion="Joy")
            for side, name in enumerate(("face", "voice"))
        )
        rows = ex.rate_estimates(table).tidy().query("term == 'spearman' and emotion == 'Joy'")
        held += rows["conf_low"].item() <= rho <= rows["conf_high"].item()
    assert held / count >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / count)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_real_csv_and_json_are_the_same_estimates(data_folder):
    folder = data_folder / "eee" / "hume_interviews"
    names = [f"bad_interview_{one}.csv" for one in ("face", "prosody", "language")]
    table = ex.read_estimates([folder / one for one in names])
    other = ex.read_estimates(folder / "predictions.json")
    keys = ["recording", "id", "modality", "time", "emotion"]
    both = table.merge(other, on=keys, how="outer", indicator=True)
    assert both["_merge"].eq("both").all()
    assert (both["score_x"] == both["score_y"]).all()
    assert table.groupby("modality")["emotion"].nunique().to_dict() == {
        "face": 48,
        "language": 53,
        "prosody": 48,
    }
    leed = ex.write_sentences(table).table.set_index("modality")
    assert leed.loc["prosody", ["n_neutral", "n_clips"]].tolist() == [23, 24]


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_a_real_imotions_export_has_two_trackers(data_folder):
    path = data_folder / "eee" / "imotions_adfes" / "Dump058_M12.txt.gz"
    table = ex.read_estimates(path)
    assert set(table["modality"]) == {"face (affdex)", "face (facet)"}
    assert table["score"].notna().all()
