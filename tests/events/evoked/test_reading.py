"""Readers of evoked expressions: EEV, LIRIS-ACCEDE and wide tables, written here as published.

Witnesses: the values that the test writes, and pandas' own reading of the same text.
"""

import gzip
import hashlib
import os
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataError, DataWarning
from exprstats.events.evoked import pieces
from exprstats.io import Reading

HEAD = "Video ID,Timestamp (milliseconds),amusement,anger,awe\n"


def test_eev_times_are_microseconds_and_rows_of_zeros_are_no_detection(tmp_path):
    rows = ["WKX,0,0.1,0.2,0.3", "WKX,166666,0,0,0", "o0o,0,0,0.5,0"]
    (tmp_path / "train.csv").write_text(HEAD + "\n".join(rows) + "\n")
    with pytest.warns(DataWarning, match=r"1 of 3 rows has 0 for every expression \(33.3%\)"):
        table = ex.read_evoked(tmp_path / "train.csv")
    assert table["time"].tolist() == [0.0, 0.166666, 0.0]
    assert table["video"].astype(str).tolist() == ["WKX", "WKX", "o0o"]
    assert table.loc[1, ["amusement", "anger", "awe"]].isna().all()
    assert table.loc[2, "amusement"] == 0.0
    same = ex.read_evoked(tmp_path / "train.csv", zeros="values")
    assert same.loc[1, "anger"] == 0.0
    place = tmp_path / "train.csv"
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    assert table.attrs["files"] == {str(place): (digest, 3)}


def test_a_file_of_eev_without_scores_and_a_pointer_are_told(tmp_path):
    (tmp_path / "test.csv").write_text("Video ID,Timestamp (milliseconds)\na,0\n")
    with pytest.raises(DataError, match="test file comes without them"):
        ex.read_evoked(tmp_path / "test.csv")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1f\nsize 852000000\n"
    (tmp_path / "train.csv").write_text(pointer)
    with pytest.raises(DataError, match="git lfs pull"):
        ex.read_evoked(tmp_path / "train.csv")


def test_liris_excerpts_have_films_and_published_sets(tmp_path):
    ranking = (
        "id\tname\tvalenceRank\tarousalRank\tvalenceValue\tarousalValue\tvalenceVariance\tarousalVariance\n"
        "0\tACCEDE00000.mp4\t5\t9\t2.91\t1.38\t.1\t.2\n1\tACCEDE00001.mp4\t7\t2\t3.2\t2.5\t.1\t.2\n"
    )
    (tmp_path / "ACCEDEranking.txt").write_text(ranking)
    (tmp_path / "ACCEDEsets.txt").write_text(
        "id\tname\tset\n0\tACCEDE00000.mp4\t1\n1\tACCEDE00001.mp4\t0\n"
    )
    media = "".join(
        f"<media><id>{i}</id><name>ACCEDE0000{i}.mp4</name><movie>After The Rain</movie>"
        f"<start>{500 * (2 - i)}</start><end>900</end></media>"
        for i in (0, 1)
    )
    (tmp_path / "ACCEDEdescription.xml").write_text(f"<library>{media}</library>")
    table = ex.read_evoked([tmp_path / "ACCEDEranking.txt"])
    assert table["video"].tolist() == ["ACCEDE00000.mp4", "ACCEDE00001.mp4"]
    names = ("ACCEDEranking.txt", "ACCEDEsets.txt", "ACCEDEdescription.xml")
    table = ex.read_evoked([tmp_path / name for name in names])
    assert table["video"].tolist() == ["After The Rain"] * 2
    assert table["part"].tolist() == ["learning", "test"]
    assert table["time"].tolist() == [1.0, 0.0]
    assert table[["valence", "arousal"]].to_numpy().tolist() == [[2.91, 1.38], [3.2, 2.5]]
    with pytest.raises(DataError, match="ACCEDEranking"):
        ex.read_evoked(tmp_path / "ACCEDEsets.txt")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("ACCEDEsets.txt", "id\tname\tset\n0\ta\t7\n", "excerpt 'a' has no set 0 to 2"),
        (
            "ACCEDEdescription.xml",
            "<r><media><id>x</id></media></r>",
            "an id or start is no number",
        ),
        ("ACCEDEdescription.xml", "<r><media></r>", "not valid XML"),
    ],
)
def test_liris_files_that_are_odd_are_told(tmp_path, name, text, told):
    ranking = "id\tname\tvalenceValue\tarousalValue\n0\ta\t1.5\t2.5\n"
    (tmp_path / "ACCEDEranking.txt").write_text(ranking, encoding="utf-16")
    assert ex.read_evoked(tmp_path / "ACCEDEranking.txt")["valence"].tolist() == [1.5]
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=told):
        ex.read_evoked([tmp_path / "ACCEDEranking.txt", tmp_path / name])


def test_continuous_liris_in_one_file_or_two(tmp_path):
    both = tmp_path / "MEDIAEVAL18_00_Valence-Arousal.txt"
    both.write_text("Time Valence Arousal\n0 0.1 -0.2\n1 0.3   -0.4\n")
    for what, rows in (
        ("Valence", "0\t.5\t.1\n1\t.6\t.1\n"),
        ("Arousal", "0\t-.5\t.1\n1\t-.6\t.1\n"),
    ):
        (tmp_path / f"Spaceman_{what}.txt").write_text(f"Time\tMean\tStd\n{rows}")
    names = ("Spaceman_Valence.txt", "Spaceman_Arousal.txt")
    table = ex.read_evoked([both, *(tmp_path / name for name in names)])
    assert table["video"].tolist() == ["MEDIAEVAL18_00"] * 2 + ["Spaceman"] * 2
    assert table["valence"].tolist() == [0.1, 0.3, 0.5, 0.6]
    assert table["arousal"].tolist() == [-0.2, -0.4, -0.5, -0.6]


def test_continuous_liris_with_other_columns_is_read_by_its_header(tmp_path):
    path = tmp_path / "MEDIAEVAL17_03_Valence-Arousal.txt"
    path.write_text("Start End Arousal Valence\n0 10 .2 .1\n5 15 .4 .3\n")
    assert ex.read_evoked(path)["valence"].tolist() == [0.1, 0.3]
    # Segments of 2017: two public programs take the third and the fourth field of a line.
    for header in (
        "Start time (s)\tEnd time (s)\tValence\tArousal",
        "S E Valence_mean Arousal_mean",
    ):
        path.write_text(f"{header}\n0\t10\t.1\t.2\n5\t15\t.3\t.4\n")
        table = ex.read_evoked(path)
        assert table[["time", "valence", "arousal"]].to_numpy().tolist() == [
            [0, 0.1, 0.2],
            [5, 0.3, 0.4],
        ]
    path.write_text("Time Valence Arousal\n0 .2\n")
    with pytest.raises(DataError, match=r"has 2 fields per line.*time, valence and arousal"):
        ex.read_evoked(path)
    path.write_text("Time Valence Arousal\n0 a .2\n")
    with pytest.raises(DataError, match="numbers only"):
        ex.read_evoked(path)


def test_a_row_for_each_expression_is_no_wide_table(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("video,time,expression,score\na,0,joy,.1\na,0,awe,.2\n")
    with pytest.raises(DataError, match=r"a row for each expression.*pivot_table\('score'"):
        ex.read_evoked(path)


def test_wide_tables_have_roles_numbers_and_words(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("clip;t;who;theme;joy;awe;note\na;0;x;fun;1;;ok\na;1000;x;fun;0;0,5;no\n")
    with pytest.warns(DataWarning) as caught:
        whole = ex.read_evoked(path, video="clip", time="t")
    told = " ".join(str(one.message) for one in caught)
    assert "rows of a video are 1e+03 apart" in told or "1000 apart" in told
    assert "2 columns" not in told and "left out: 'who', 'theme', 'note'" in told
    # Decimal commas are read where semicolons part the cells.
    assert whole["awe"].tolist()[1] == 0.5
    table = ex.read_evoked(
        path, video="clip", time="t", unit="ms", annotator="who", group="theme", expressions=["joy"]
    )
    assert list(table) == ["video", "time", "annotator", "group", "joy"]
    assert table["time"].tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match=r"no column 'joi'.*joy"):
        ex.read_evoked(path, video="clip", expressions=["joi"])
    with pytest.raises(DataError, match=r"labels.csv, column 'note', row 2: 'ok' is no number"):
        ex.read_evoked(path, video="clip", expressions=["note"])


def test_mistakes_in_a_column_of_numbers_are_not_words(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("video,joy\na,1\nb,0\nc,x\nNA,1\n")
    with pytest.raises(DataError, match=r"column 'joy', row 4: 'x' is no number.*missing="):
        ex.read_evoked(path)
    with pytest.warns(DataWarning, match="'NA' kept as ids"):
        table = ex.read_evoked(path, missing=["x"])
    assert table["video"].astype(str).tolist() == ["a", "b", "c", "NA"]
    path.write_text("video,joy\nZo\u00eb,1\nZoe\u0308\u200b,0\n", encoding="utf-8")
    with pytest.warns(DataWarning, match="looks alike"):
        assert len(set(ex.read_evoked(path)["video"])) == 1
    path.write_text("video,joy\n2.02304E+11,1\n2.02304E+11,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="lost digits"):
        ex.read_evoked(path)
    path.write_text("video,joy\na,1\nb,-9\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"from -9 to 1.*missing="):
        ex.measure_labels(ex.read_evoked(path))
    path.write_text("video,joy\n,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 of 1 cells is empty"):
        ex.measure_labels(ex.read_evoked(path))
    path.write_text("video,joy\n", encoding="utf-8")
    with pytest.raises(DataError, match="no rows"):
        ex.read_evoked(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("video,joy\na,1\nb\nc,0\n", "1 row differs from the header's 2 fields: row 3 has 1"),
        ("video,joy\na,1\nb,0,5\n", "row 3 has 3"),
        ('video,joy\n"a, b",1\n"c, d",0,7\n', "row 3 has 3"),
        ("video,joy,joy\na,1,0\n", "names 'joy' 2 times"),
        ('video,joy\n"a,1\nb,0\n', "cannot be read as a table"),
        ("", "the file is empty"),
    ],
)
def test_broken_tables_are_refused(tmp_path, text, told):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(told)):
        ex.read_evoked(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "text",
    [
        "video,joy,\na,1,\nb,0,\n",
        "video,joy\r\na,1\r\n\r\nb,0\r\n",
        '"video","joy"\n"a","1"\n"b","0"',
        "sep=;\nvideo;joy\na;1\nb;0\n",
        "A study,\nvideo,joy\na,1\nb,0\n",
        ",video,joy\n1,a,1\n2,b,0\n",
    ],
)
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_usual_quirks_of_exports_are_read(tmp_path, text):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8-sig")
    table = ex.read_evoked(tmp_path / "t.csv")
    assert table[["video", "joy"]].astype({"video": "str"}).to_numpy().tolist() == [
        ["a", 1],
        ["b", 0],
    ]


def test_answers_in_words_are_numbers_where_asked(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("video,joy,awe\na,yes,True\nb,no,\nc,yes,FALSE\n")
    table = ex.read_evoked(path, reading=Reading(labels={"no": 0, "yes": 1}))
    assert table["joy"].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(table["awe"], [1, np.nan, 0])


def test_names_without_a_video_column_and_files_below_each_other(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("joy,awe\n1,0\n0,.25\n")
    table = ex.read_evoked([tmp_path / "one.csv", tmp_path / "two.csv"])
    assert table["video"].astype(str).tolist() == ["one", "one", "two", "two"]
    assert table["time"].tolist() == [0, 1, 0, 1]
    assert table["joy"].dtype == np.float32


def test_a_column_that_is_named_for_one_role_is_no_other(tmp_path):
    (tmp_path / "t.csv").write_text("video,group,joy\na,one,1\nb,two,0\n", encoding="utf-8")
    table = ex.read_evoked(tmp_path / "t.csv", part="group")
    assert table["part"].astype(str).tolist() == ["one", "two"] and "group" not in table
    with pytest.raises(DataError, match="'group' is named for two roles, group and part"):
        ex.read_evoked(tmp_path / "t.csv", part="group", group="group")


def test_a_workbook_reads_as_the_text_does(tmp_path):
    table = pd.DataFrame({"video": ["a", "b"], "time": [0.0, 1.0], "joy": [0.25, 1.0]})
    table.to_excel(tmp_path / "t.xlsx", index=False)
    table.to_csv(tmp_path / "t.csv", index=False)
    one, other = (ex.read_evoked(tmp_path / f"t.{kind}") for kind in ("xlsx", "csv"))
    pd.testing.assert_frame_equal(one, other)


def test_pieces_give_what_pandas_reads_whole_in_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "ROWS", 5_000)
    monkeypatch.setattr(pieces, "_BLOCK", 1 << 17)
    rng = np.random.default_rng(3)
    count = 120_000
    wide = pd.DataFrame(
        {
            "video": np.repeat([f"v{i:04d}" for i in range(600)], 200),
            "time": np.tile(np.arange(200.0), 600),
        }
    )
    wide[[f"e{i}" for i in range(5)]] = (rng.random((count, 5)) < 0.3).astype(int)
    wide.to_csv(tmp_path / "big.csv", index=False)
    tracemalloc.start()
    table = ex.read_evoked(tmp_path / "big.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    again = pd.read_csv(tmp_path / "big.csv")
    pd.testing.assert_frame_equal(
        table.astype({"video": "str"}), again, check_dtype=False, check_exact=True
    )
    # 36 bytes a row are kept, once: a list of pieces to be joined needs twice that. A piece of
    # texts has at most 400 bytes a row, and ids are looked through once.
    assert peak < 1.25 * 36 * count + 400 * 5_000


@pytest.mark.data
def test_real_scores_of_two_interviews_are_a_wide_table():
    folder = Path(os.environ["EXPRSTATS_DATA"]) / "eee" / "hume_interviews"
    paths = [folder / f"{one}_interview_face.csv" for one in ("good", "bad")]
    names = ["Amusement", "Concentration", "Interest"]
    table = ex.read_evoked(paths, time="Time", expressions=names)
    plain = pd.concat([pd.read_csv(path) for path in paths])
    np.testing.assert_array_equal(table[names], plain[names])
    with pytest.raises(DataError, match="several people or faces stand there"):
        ex.measure_labels(table, threshold=0.3)
    table = ex.read_evoked(paths, time="Time", expressions=names, annotator="Id")
    found = ex.measure_labels(table, threshold=0.3).pick("share").set_index("expression")
    np.testing.assert_allclose(found["estimate"], (plain[names] >= 0.3).mean(), rtol=1e-12)
    assert found["note"].str.contains("2 videos").all()


def test_times_of_eev_that_are_milliseconds_are_told_by_their_steps(tmp_path):
    rows = [f"v,{time},.2,.1" for time in (0, 167, 333, 500)]
    path = tmp_path / "eev.csv"
    path.write_text("\n".join(["Video ID,Timestamp (milliseconds),awe,pain", *rows]))
    with pytest.warns(DataWarning, match="167 apart and were taken as milliseconds"):
        table = ex.read_evoked(path)
    assert table["time"].tolist() == pytest.approx([0, 0.167, 0.333, 0.5])


def test_a_packed_file_of_eev_is_the_same_table(tmp_path):
    text = "Video ID,Timestamp (milliseconds),awe,pain\nv,0,.2,.1\nv,166666,0,0\n"
    (tmp_path / "eev.csv").write_text(text)
    with gzip.open(tmp_path / "eev.csv.gz", "wt") as stream:
        stream.write(text)
    with pytest.warns(DataWarning, match="1 of 2 rows"):
        one, other = (ex.read_evoked(tmp_path / name) for name in ("eev.csv", "eev.csv.gz"))
    pd.testing.assert_frame_equal(one, other)
    assert one["awe"].isna().tolist() == [False, True]
