"""Tables and results to files, and folders that are whole or absent. Compared exactly."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exprstats import DataWarning, OptionError
from exprstats.io import (
    encode_json,
    join_inside,
    read_table,
    slug,
    stage_folder,
    write_csv,
    write_json,
)

RISKY = ["=1+1", "+2", "-x", "@SUM(A1)", "\tx", "plain", "a=b", "'quoted"]


def test_risky_texts_are_written_as_text_and_read_back(tmp_path):
    table = pd.DataFrame({"=name": RISKY, "x": np.arange(8) - 4.5})
    before = table.copy()
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    lines = (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "'=name,x"
    assert [line[:2] for line in lines[1:5]] == ["'=", "'+", "'-", "'@"]
    assert lines[1].endswith(",-4.5")
    stripped = table.assign(**{"=name": table["=name"].str.strip()})  # ids have no outer blanks
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.csv", ids=["=name"]), stripped)
    pd.testing.assert_frame_equal(table, before)


def test_missing_cells_are_empty_and_two_columns_may_share_a_name(tmp_path):
    table = pd.DataFrame([[None, np.nan, "a"]], columns=["x", "y", "x"])
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text("utf-8-sig") == "x,y,x\n,,a\n"


def test_json_holds_no_nan_and_keeps_full_precision(tmp_path):
    payload = {
        "rows": pd.DataFrame({"a": [0.1 + 0.2, np.nan], "b": ["ä", None], "n": [1, 2]}),
        "more": [np.float64(math.inf), np.int64(3), np.bool_(True), pd.NA, Path("x")],
        "values": np.array([1 / 3]),
    }
    write_json(payload, tmp_path / "r.json")
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "ä" in text
    assert json.loads(text) == {
        "rows": [{"a": 0.1 + 0.2, "b": "ä", "n": 1}, {"a": None, "b": None, "n": 2}],
        "more": [None, 3, True, None, "x"],
        "values": [1 / 3],
    }
    assert encode_json(payload) == text


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    place = tmp_path / "t.csv"
    place.write_text("old")

    class Broken:
        def __str__(self):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_csv(pd.DataFrame({"x": ["a", Broken()]}), place)
    assert place.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_an_unwritable_place_is_an_option_error(tmp_path):
    (tmp_path / "file").write_text("")
    for write in (
        lambda: write_json({}, tmp_path / "file" / "r.json"),
        lambda: stage_folder(tmp_path / "file" / "report").__enter__(),
    ):
        with pytest.raises(OptionError, match="cannot be written"):
            write()


def _fill(folder, text):
    (folder / "provenance.json").write_text('{"versions": {"exprstats": "0.1.0"}}')
    (folder / "index.html").write_text(text)


def test_a_folder_appears_only_when_it_is_whole(tmp_path):
    place = tmp_path / "deep" / "report"
    with stage_folder(place) as folder:
        _fill(folder, "one")
        assert not place.exists()
    assert (place / "index.html").read_text() == "one"
    assert [path.name for path in place.parent.iterdir()] == ["report"]
    assert place.stat().st_mode & 0o777 == 0o755


def test_work_that_fails_leaves_the_old_folder(tmp_path):
    place = tmp_path / "report"
    with stage_folder(place) as folder:
        _fill(folder, "one")
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), stage_folder(place, force=True) as folder:
            _fill(folder, "two")
            raise error
    assert (place / "index.html").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_results_are_replaced_only_when_forced_and_never_mixed(tmp_path):
    place = tmp_path / "report"
    with stage_folder(place) as folder:
        _fill(folder, "one")
        (folder / "old.png").write_text("")
    with pytest.raises(OptionError, match="already holds results"), stage_folder(place):
        pass
    with stage_folder(place, force=True) as folder:
        _fill(folder, "two")
    assert sorted(path.name for path in place.iterdir()) == ["index.html", "provenance.json"]
    assert (place / "index.html").read_text() == "two"


@pytest.mark.parametrize("provenance", [None, "{}", "not json", '["exprstats"]'])
def test_foreign_folders_are_never_replaced(tmp_path, provenance):
    (tmp_path / "thesis.docx").write_text("years of work")
    if provenance is not None:
        (tmp_path / "provenance.json").write_text(provenance)
    with pytest.raises(OptionError, match="did not write"), stage_folder(tmp_path, force=True):
        pass
    assert (tmp_path / "thesis.docx").exists()


def test_files_links_and_the_working_folder_are_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(OptionError, match="file or a link"), stage_folder(tmp_path / name):
            pass
    _fill(tmp_path, "")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    with pytest.raises(OptionError, match="working folder"), stage_folder("..", force=True):
        pass


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "report").mkdir()
    with stage_folder(tmp_path / "report") as folder:
        _fill(folder, "one")
    assert (tmp_path / "report" / "index.html").exists()


@given(st.text(max_size=120))
def test_slugs_are_plain_names_of_one_part(text):
    name = slug(text)
    assert name == Path(name).name
    assert name.isascii()
    assert name not in {"", ".", ".."}
    assert len(name) <= 100
    assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def test_slugs_tell_texts_apart_and_leave_plain_ones_alone():
    texts = ["a/b", "a_b", "a b", "ä b", "../a_b", "CON", "", "x" * 200, "x" * 201]
    assert len({slug(text) for text in texts}) == len(texts)
    assert slug("S001_pain_3") == "S001_pain_3"


def test_named_files_stay_inside_their_folder(tmp_path):
    inside = join_inside(tmp_path, "../../etc/passwd", ".png")
    assert inside.parent == tmp_path
    assert inside.suffix == ".png"
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(OptionError, match="outside"):
        join_inside(tmp_path, "out")


def test_a_foreign_file_with_the_name_of_a_new_one_is_kept_under_another(tmp_path):
    place = tmp_path / "report"
    with stage_folder(place) as folder:
        _fill(folder, "one")
    (place / "figure.png").write_text("mine")
    with pytest.warns(DataWarning, match="figure_kept.png"), stage_folder(place, force=True) as new:
        _fill(new, "two")
        (new / "figure.png").write_text("ours")
    assert (place / "figure.png").read_text() == "ours"
    assert (place / "figure_kept.png").read_text() == "mine"
    with stage_folder(place, force=True) as new:
        _fill(new, "three")
    assert sorted(one.name for one in place.iterdir()) == [
        "figure_kept.png",
        "index.html",
        "provenance.json",
    ]


def test_a_folder_without_a_list_and_one_with_an_input_are_refused(tmp_path):
    _fill(tmp_path / "." / "", "old")
    with pytest.raises(OptionError, match="did not list"), stage_folder(tmp_path, force=True):
        pass
    inputs = [tmp_path / "index.html"]
    with pytest.raises(OptionError, match="is read"), stage_folder(tmp_path, inputs=inputs):
        pass


def test_a_result_is_no_table(tmp_path):
    with pytest.raises(OptionError, match=r"got dict\. A result has \.tidy\(\)"):
        write_csv({"a": [1]}, tmp_path / "a.csv")
