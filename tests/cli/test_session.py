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
        ("factor", ("--force", "--scores")),
        ("factor", ("--force", "--json")),
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
    assert "study.toml exists, and may hold what you need. Choose another place." in told
    assert {file.name: file.read_bytes() for file in place.iterdir()} == held


@pytest.mark.parametrize("option", ["--scores", "--json"])
def test_a_file_that_exists_is_kept_unless_forced_or_ours(call, items, tmp_path, option):
    place = tmp_path / "notes.txt"
    place.write_text("years of work")
    told = squeeze(call("factor", items, *ITEMS, option, place, code=2).stderr)
    assert f"{option} {place} exists" in told
    assert "--force" in told
    assert place.read_text() == "years of work"
    call("factor", items, *ITEMS, option, place, "--force")
    assert place.read_text() != "years of work"


def test_a_run_that_is_repeated_replaces_its_own_json(call, items, tmp_path):
    for _ in range(2):
        call("factor", items, *ITEMS, "--json", tmp_path / "found.json")


@pytest.mark.usefixtures("blank_pictures")
def test_notes_and_tables_of_others_survive_force(call, items, tmp_path):
    place = tmp_path / "out"
    call("factor", items, *ITEMS, "--out", place)
    (place / "notes.txt").write_text("mine")
    (place / "mine" / "deep").mkdir(parents=True)
    (place / "mine" / "deep" / "more.csv").write_text("a\n1\n")
    (place / "mine" / "link").symlink_to("../notes.txt")
    call("factor", items, *ITEMS, "--out", place, "--force")
    assert (place / "notes.txt").read_text() == "mine"
    assert (place / "mine" / "deep" / "more.csv").read_text() == "a\n1\n"
    assert (place / "mine" / "link").read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


@pytest.mark.usefixtures("blank_pictures")
def test_a_file_of_ours_that_somebody_changed_is_not_replaced(call, items, tmp_path):
    place = tmp_path / "out"
    call("factor", items, *ITEMS, "--out", place)
    (place / "sentences.txt").write_text("commented by hand")
    told = squeeze(call("factor", items, *ITEMS, "--out", place, "--force", code=2).stderr)
    assert "changed since exprstats wrote them ('sentences.txt')" in told
    assert (place / "sentences.txt").read_text() == "commented by hand"


def test_a_study_beside_its_own_data_is_refused_before_any_work(call, data, tmp_path):
    place = tmp_path / "report"
    place.mkdir()
    (place / "provenance.json").write_text('{"program": "exprstats", "files": []}')
    for name in ("ratings.csv", "clips.csv"):
        (place / name).write_bytes((data / name).read_bytes())
    study = (data / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        study.replace('"ratings.csv"', '"report/ratings.csv"').replace(
            '"clips.csv"', '"report/clips.csv"'
        )
    )
    told = squeeze(call("report", tmp_path / "study.toml", "--force", code=2).stderr)
    assert "would replace" in told
    assert "ratings.csv, which is read" in told
    assert sorted(one.name for one in place.iterdir()) == [
        "clips.csv",
        "provenance.json",
        "ratings.csv",
    ]


@pytest.mark.parametrize("name", ["task", "context"])
def test_errors_name_the_column_that_the_user_named(call, tmp_path, name):
    rows = [f"c{n},s{n // 2},only,{n % 3},{n % 4}" for n in range(24)]
    place = tmp_path / "x.csv"
    place.write_text("\n".join([f"clip,subject,{name},truth,a", *rows]))
    options = ("--subject", "subject", "--by", name, "--models", "a", "--contexts")
    told = squeeze(call("compare", place, *options, code=2).stderr)
    assert f"column '{name}': 1 context; a difference needs two." in told


VALUES = {
    ("--model", "twoway"): "'twoway' is not known. Did you mean 'two-way'? There is: auto,",
    ("--level", "95"): "'95' is more than .9999. It is a share: write .95 for 95%.",
    ("--level", "high"): "'high' is not a number.",
    ("--seed", "1.5"): "'1.5' is not a whole number.",
    ("--seed=-1",): "'-1' is less than 0.",
}


@pytest.mark.parametrize("words", VALUES)
def test_values_that_options_do_not_take_are_named_with_what_they_take(call, words):
    told = squeeze(call("reliability", "x.csv", *words, code=2).stderr)
    option = words[0].partition("=")[0]
    assert f"Invalid value for '{option}': {VALUES[words]}" in told


def test_nothing_is_put_into_words_that_nobody_would_see(call, call_json, data, monkeypatch):
    words = ("reliability", data / "ratings.csv", "--rating", "response", "--seed", 1)
    whole = call_json(*words)["rows"]

    def stop(*_arguments, **_options):
        message = "words are asked for"
        raise RuntimeError(message)

    monkeypatch.setattr("exprstats.report.describe_results", stop)
    assert call_json(*words)["rows"] == whole
    assert call(*words, "--quiet").stdout == ""
    with pytest.raises(RuntimeError, match="words are asked for"):
        call(*words)
