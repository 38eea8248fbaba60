"""Options of reading, the same for every command, and ``--strict``."""

import random

import pandas as pd
import pytest

ROWS = [("a", "x", 1), ("a", "y", 2), ("b", "x", 3), ("b", "y", 5), ("c", "x", 2), ("c", "y", 2)]
COMMANDS = [
    ("reliability",),
    ("agreement",),
    ("audit",),
    ("factor", "--items", "a,b,c"),
    ("r-script", "--items", "a,b,c"),
    ("fit", "--target", "y", "--subject", "s"),
    ("compare", "--subject", "s"),
    ("check",),
]


def write(path, rows=ROWS, head="clip,rater,rating", encoding="utf-8", above=""):
    lines = [head, *(",".join(map(str, row)) for row in rows)]
    path.write_bytes((above + "\n".join(lines) + "\n").encode(encoding))
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[0])
@pytest.mark.parametrize("option", ["--encoding nothing", "--sheet 7", "--header-row 1"])
def test_every_command_that_reads_a_table_knows_the_options(call, tmp_path, command, option):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [("clip", "rater", "rating"), *ROWS]:
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    if "header" in option:
        told = call(command[0], "--help").stdout
        assert all(one in told for one in ("--header-row", "--labels", "--missing", "--strict"))
        return
    told = call(command[0], tmp_path / "table.xlsx", *command[1:], *option.split(), code=2).stderr
    known = "encoding 'nothing' is not known" if "enc" in option else "no sheet '7'"
    assert known in " ".join(told.split())


@pytest.mark.parametrize("command", ["report", "features", "clips", "demo", "simulate", "doctor"])
def test_every_command_can_be_strict(call, command):
    assert "--strict" in call(command, "--help").stdout


def test_encodings_and_headers_are_as_named(call_json, tmp_path):
    rows = [("größe" + clip, *rest) for clip, *rest in ROWS]
    file = write(tmp_path / "mac.csv", rows, encoding="mac-roman")
    told = call_json("check", file, "--encoding", "mac-roman")
    shown = next(row["examples"] for row in told["rows"] if row.get("name") == "clip")
    assert shown[0] == "größea"
    file = write(tmp_path / "high.csv", above="x,y,z\n1,2,3\n")
    told = call_json("reliability", file, "--header-row", 3)
    assert told["inputs"][0]["rows"] == len(ROWS)


def test_answers_get_their_numbers(call_json, tmp_path):
    words = {1: "never", 2: "rarely", 3: "often", 5: "always"}
    file = write(tmp_path / "words.csv", [(a, b, words[c]) for a, b, c in ROWS])
    given = ",".join(f"{word}={number}" for number, word in words.items())
    plain = call_json("reliability", write(tmp_path / "numbers.csv"))["rows"]
    assert call_json("reliability", file, "--labels", given)["rows"] == plain


def test_warnings_are_errors_where_that_is_asked(call, tmp_path):
    rows = [(f"c{i}", f"r{j}", (i + j) % 5) for i in range(20) for j in range(3)]
    rows[7] = ("c2", "r1", 99)
    file = write(tmp_path / "codes.csv", rows)
    call("reliability", file)
    told = call("reliability", file, "--strict", "--out", tmp_path / "out", code=2).stderr
    assert "row 9: 1 cell holds 99" in " ".join(told.split()) and "--missing 99" in told
    assert not (tmp_path / "out").exists()
    call("reliability", file, "--missing", 99, "--strict")


def test_several_columns_make_one_id(call_json, tmp_path):
    rows = [
        (f"c{i}", f"w{j}", f"p{i // 2 % 4}", "AB"[i // 8], i % 5 + j)
        for i in range(16)
        for j in (0, 1)
    ]
    file = write(tmp_path / "sites.csv", rows, head="clip,rater,person,site,rating")
    counts = {
        name: {
            row["n_clusters"] for row in call_json("reliability", file, "--subject", name)["rows"]
        }
        for name in ("person", "site,person")
    }
    assert 4 in counts["person"] and 8 in counts["site,person"]


def test_reversed_items_are_turned(call_json, tmp_path):
    rng = random.Random(3)
    faces = [rng.gauss(3, 1) for _ in range(60)]
    rows = [(f"c{i}", *(round(f + rng.gauss(0, 1), 2) for _ in "abc")) for i, f in enumerate(faces)]
    asked = write(tmp_path / "asked.csv", rows, head="clip,a,b,c")
    turned = [(*row[:3], round(6 - row[3], 2)) for row in rows]
    other = write(tmp_path / "turned.csv", turned, head="clip,a,b,c")
    shared = ("--items", "a,b,c", "--scale", "-3,9", "--quiet")
    one = call_json("factor", asked, *shared, "--reverse", "c")["rows"]
    two = call_json("factor", other, *shared)["rows"]
    for row, same in zip(one, two, strict=True):
        # Both go through doubles of two decimals: 6 - x twice rounds in the last digit.
        assert row["estimate"] == pytest.approx(same["estimate"], abs=1e-6)


def test_a_word_for_reverse_that_is_no_item_is_refused(call, tmp_path):
    file = write(tmp_path / "r.csv")
    told = call("reliability", file, "--reverse", "rating", code=2).stderr
    assert "--reverse needs the scale" in told
    told = call("reliability", file, "--reverse", "ratin", "--scale", "1,5", code=2).stderr
    assert "no item 'ratin'" in told


def test_common_takes_the_clips_that_all_models_predict(call, call_json, tmp_path):
    rows = [(f"c{i}", f"s{i // 3}", i % 7, (i * 3) % 7, (i * 5) % 6) for i in range(30)]
    rows[4] = (*rows[4][:3], "", rows[4][4])
    file = write(tmp_path / "p.csv", rows, head="clip,subject,truth,net,base")
    named = ("--models", "net,base", "--subject", "subject", "--draws", 200)
    told = call("compare", file, *named, code=2).stderr
    assert "--common" in told
    assert {row["n_clips"] for row in call_json("compare", file, *named, "--common")["rows"]} == {
        29
    }


def test_fit_reads_its_file_as_asked_and_counts_its_rows(call_json, data, tmp_path):
    clips = pd.read_csv(data / "clips.csv")
    options = ("--target", "au_count", "--subject", "subject", "--features", "au_intensity")
    plain = call_json("fit", data / "clips.csv", *options)
    book = tmp_path / "book.xlsx"
    with pd.ExcelWriter(book) as writer:
        clips.head(3).to_excel(writer, sheet_name="some", index=False)
        clips.to_excel(writer, sheet_name="all", index=False)
    sheet = call_json("fit", book, *options, "--sheet", "all")
    assert sheet["inputs"][0]["rows"] == len(clips)
    estimates = [[row["estimate"] for row in told["rows"]] for told in (plain, sheet)]
    assert estimates[0] == pytest.approx(estimates[1], rel=1e-9, nan_ok=True)
    mixed = tmp_path / "mac.csv"
    text = (data / "clips.csv").read_text(encoding="utf-8-sig")
    assert "S001" in text
    mixed.write_bytes(text.replace("S001", "Zo\u00eb").encode("mac-roman"))
    told = call_json("fit", mixed, *options, "--encoding", "mac-roman")
    assert told["inputs"][0]["rows"] == len(clips)
