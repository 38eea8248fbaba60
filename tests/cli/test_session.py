"""Files that a command cannot write, or would lose, are refused before anything is read."""

import pytest

COLUMNS = ("--target", "y", "--subject", "who")
ITEMS = ("--items", "a,b,c")
# The input does not exist, so that a complaint about the place came first.
CALLS = [
    (("fit", "none.csv", *COLUMNS), "--predictions"),
    (("factor", "none.csv", *ITEMS), "--scores"),
    (("r-script", "none.csv", *ITEMS), "--script"),
    *(
        ((command, "none.csv", *options), "--json")
        for command, options in (
            ("fit", COLUMNS),
            ("factor", ITEMS),
            ("reliability", ()),
            ("audit", ()),
            ("check", ()),
            ("report", ()),
            ("features", ()),
            ("compare", ("--subject", "who")),
        )
    ),
    (("demo",), "--json"),
]
NAMES = [f"{call[0]} {option}" for call, option in CALLS]


def squeeze(text):
    return " ".join(text.split())


@pytest.mark.parametrize(("words", "option"), CALLS, ids=NAMES)
def test_places_that_cannot_be_written_are_refused_at_once(call, tmp_path, words, option):
    told = squeeze(call(*words, option, tmp_path, code=2).stderr)
    assert f"{option} {tmp_path} is a folder. Name a file in it" in told
    (tmp_path / "x.csv").write_text("a\n1\n")
    told = squeeze(call(*words, option, tmp_path / "x.csv" / "p.csv", code=2).stderr)
    assert "x.csv is a file, not a folder" in told


def test_a_folder_to_resume_from_is_no_file(call, tmp_path):
    place = tmp_path / "x.csv"
    place.write_text("a\n1\n")
    told = squeeze(call("features", tmp_path / "none", "--resume", place, code=2).stderr)
    assert "x.csv is a file, not a folder" in told


def test_two_files_need_two_places(call, tmp_path):
    place = tmp_path / "x.csv"
    options = ("--scores", place, "--json", tmp_path / "." / "x.csv")
    told = squeeze(call("factor", "none.csv", *ITEMS, *options, code=2).stderr)
    assert "--scores and --json both name" in told


def test_files_lie_outside_the_folder_that_is_written_as_a_whole(call, tmp_path):
    options = ("--out", tmp_path / "out", "--scores", tmp_path / "out" / "scores.csv")
    told = squeeze(call("factor", "none.csv", *ITEMS, *options, code=2).stderr)
    assert "lies in the folder of --out" in told
    assert not (tmp_path / "out").exists()


@pytest.fixture
def items(tmp_path):
    place = tmp_path / "items.csv"
    rows = ["1,2,3", "2,2,4", "3,4,4", "1,1,2", "3,3,5", "5,4,6"]
    place.write_text("\n".join(["a,b,c", *rows]) + "\n")
    return place


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("factor", ("--scores",)),
        ("factor", ("--json",)),
        ("r-script", ("--force", "--script")),
    ],
)
def test_what_is_read_is_not_written_over(call, items, command, options):
    held = items.read_bytes()
    told = squeeze(call(command, items, *ITEMS, *options, items, code=2).stderr)
    assert f"{options[-1]} {items} is a file that is read." in told
    assert items.read_bytes() == held


def test_the_data_of_a_script_are_not_written_over_what_is_read(call, items):
    items.write_text(items.read_text().replace(",", ";"))
    held = items.read_bytes()
    script = items.with_suffix(".R")
    told = call("r-script", items, *ITEMS, "--script", script, "--force", code=2).stderr
    assert "items.csv is a file that is read." in squeeze(told)
    same = ("--script", items.with_name("script.csv"))
    assert "both name" in squeeze(call("r-script", items, *ITEMS, *same, code=2).stderr)
    assert items.read_bytes() == held


def test_a_folder_with_the_input_is_not_replaced(call, tmp_path):
    place = tmp_path / "small"
    call("simulate", "expressiveness", "--out", place, "--subjects", 20)
    held = {file.name: file.read_bytes() for file in place.iterdir()}
    for words in (("reliability", place / "ratings.csv"), ("report", place / "study.toml")):
        told = squeeze(call(*words, "--out", place, "--force", code=2).stderr)
        assert f"--out {place} would replace" in told
    told = squeeze(
        call("check", place / "study.toml", "--json", place / "study.toml", code=2).stderr
    )
    assert "is a file that is read" in told
    assert {file.name: file.read_bytes() for file in place.iterdir()} == held
