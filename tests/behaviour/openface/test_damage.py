"""Files that are damaged or were never OpenFace's: each is named with what to do.

Texts are matched; there are no numbers to tolerate.
"""

import gzip
import warnings

import pandas as pd
import pytest

from exprstats.behaviour import read_openface, summarise_clips, summarise_openface
from exprstats.errors import DataError, DataWarning


def put(lines, row, place, cell):
    """Return lines in which one cell of some rows is another."""
    changed = list(lines)
    for number in row:
        cells = changed[number].split(",")
        cells[place] = cell
        changed[number] = ",".join(cells)
    return changed


STRANGE = {
    "blank": (lambda text: b"\n\n\n", "the first line is empty"),
    "nothing": (lambda text: b"", "the file is empty"),
    "words": (lambda text: b"hello world\n1\n", "not a header of OpenFace: 'hello world'"),
    "long": (lambda text: b"a" * 999, "not a header of OpenFace: 'a{40}…'"),
    "zeros": (lambda text: bytes(999), "the first line is empty"),
    "binary": (lambda text: bytes(range(256)) * 9, "not UTF-8"),
    "utf16": (lambda text: text.encode("utf-16"), "not UTF-8"),
    "utf16-le": (lambda text: text.encode("utf-16-le"), "not UTF-8 .* Save the file as CSV UTF-8"),
    "mac": (lambda text: text.replace("\n", "\r").encode(), "carriage returns alone"),
    "semicolons": (lambda text: text.replace(",", ";").encode(), "commas between columns"),
    "header": (lambda text: text.split("\n")[0].encode(), "no rows. Run OpenFace"),
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_strange_file_is_described_in_one_line(folder, make_face, write_face, kind, ending):
    path = write_face(make_face(5), folder / "v.csv")
    spoil, said = STRANGE[kind]
    content = spoil(path.read_text())
    path.unlink()
    (folder / f"v{ending}").write_bytes(gzip.compress(content) if "gz" in ending else content)
    with pytest.raises(DataError, match=said) as caught:
        read_openface(folder)
    assert len(caught.value.problems) == 1
    assert len(caught.value.problems[0].fact) < 120


@pytest.mark.parametrize("step", [21, pytest.param(3, marks=pytest.mark.slow)])
def test_a_packed_file_that_is_damaged_costs_itself_only(folder, make_face, write_face, step):
    path = write_face(make_face(300, seed=1), folder / "v.csv.gz")
    write_face(make_face(20, seed=2), folder / "w.csv")
    packed = path.read_bytes()
    for place in range(10, 400, step):
        path.write_bytes(packed[:place] + bytes([packed[place] ^ 255]) + packed[place + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            found = summarise_openface(folder)
        assert found.clips["clip"].tolist() == ["w"]
        assert found.files["status"].tolist() == ["failed", "ok"]


@pytest.fixture
def spoil_cells(folder, make_face, write_face):
    """Return a function that writes a file with a cell of rows 3 and 4 exchanged."""

    def spoil(place, cell):
        path = write_face(make_face(8), folder / "v.csv")
        lines = put(path.read_text().splitlines(), [2, 3], place, cell)
        path.write_text("\n".join(lines) + "\n")
        return path

    return spoil


@pytest.mark.parametrize(
    ("place", "cell", "said"),
    [
        (0, "1.5", "column 'frame', rows 3, 4: 2 rows hold a frame that is no whole number: 1.5"),
        (0, "1e30", "no whole number: 1e.30"),
        (0, "nan", "no whole number: nan"),
        (1, " 0.5", "a face_id that is no whole number: 0.5"),
        (2, " inf", "a timestamp that is no number of seconds: inf"),
        (3, " 98", "a confidence that is not 0 to 1: 98"),
        (3, " -1", "a confidence that is not 0 to 1: -1"),
        (4, " 2", "a success that is neither 0 nor 1: 2"),
    ],
)
def test_keys_that_cannot_be_are_named(spoil_cells, place, cell, said):
    path = spoil_cells(place, cell)
    with pytest.raises(DataError, match=said):
        read_openface(path)
    with pytest.raises(DataError, match=said.split(":")[-1].strip()):
        summarise_openface(path)


def test_tables_of_frames_are_held_to_the_same(make_face):
    frames = make_face(40, seed=3).rename(columns={"face_id": "face"}).assign(video="v")
    for change, said in (
        ({"confidence": 98.0}, "confidence that is not 0 to 1: 98"),
        ({"confidence": 1.01}, "confidence that is not 0 to 1: 1.01"),
        ({"frame": frames["frame"] / 2}, "frame that is no whole number: 0.5"),
        ({"success": 3}, "success that is neither 0 nor 1: 3"),
    ):
        with pytest.raises(DataError, match=said):
            summarise_clips(frames.assign(**change))


def test_an_undefined_confidence_makes_no_frame_valid(folder, make_face, write_face):
    path = write_face(make_face(25, fps=5), folder / "v.csv")
    for cell in (" nan", " nan(ind)", " -nan(ind)"):
        lines = put(path.read_text().splitlines(), range(1, 6), 3, cell)
        path.write_text("\n".join(lines) + "\n")
        assert summarise_openface(path).clips["valid_share"].item() == pytest.approx(20 / 25)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda time: time.where(time.index < 30, time - time[30]),
            "go back at 1 frame .first at frame 31",
        ),
        (lambda time: time.mask(time.index.isin([10, 11]), time[9]), "stand still at 2 frames"),
        (lambda time: 0 * time, "all its time stamps are the same; give the true rate with fps="),
    ],
)
def test_times_that_do_not_run_are_told_and_corrected_by_the_rate(make_face, change, said):
    table = make_face(75, seed=4).rename(columns={"face_id": "face"}).assign(video="v")
    expected = summarise_clips(table)
    wrong = table.assign(timestamp=change(table["timestamp"]))
    with pytest.warns(DataWarning) as caught:
        summarise_clips(wrong, failed="keep")
    assert pd.Series([str(one.message) for one in caught]).str.contains(said).any()
    pd.testing.assert_frame_equal(summarise_clips(wrong, fps=25), expected)
