"""What is printed: alignment, wrapping, notes, option lists."""

import pandas as pd
import pytest

from exprstats.cli.options import split_names, split_scale
from exprstats.document.cells import write_limits
from exprstats.document.model import Column, Section, Table
from exprstats.document.terminal import (
    describe_error,
    render_section,
    render_table,
    wrap_text,
    write_line,
)
from exprstats.document.text import quote_code, say
from exprstats.errors import DataError, Option, OptionError, Problem


def draw(headers, rows, words=1, width=None):
    """Return a table of texts whose first columns hold words, without its title."""
    keys = [str(place) for place in range(len(headers))]
    columns = [
        Column(key, say(header), words=place < words)
        for place, (key, header) in enumerate(zip(keys, headers, strict=True))
    ]
    cells = pd.DataFrame(rows, columns=keys)
    table = Table("x", "T", tuple(columns), cells)
    return render_table(table, width=width).partition("\n\n")[2]


def test_numbers_stand_right_and_words_left():
    table = draw(["Clip", "r"], [["a", "−.10"], ["long", ".5"]])
    assert table.splitlines()[2:] == ["a     −.10", "long    .5"]


def test_wide_letters_count_twice():
    lines = draw(["Clip", "n"], [["笑い", "1"], ["abcd", "2"]]).splitlines()
    assert lines[2:] == ["笑い  1", "abcd  2"]


def test_an_empty_table_is_its_head():
    assert draw(["A", "B"], []).splitlines()[0] == "A  B"


def test_text_is_wrapped_but_words_are_not_broken(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    path = "/a/very/long/path/that/is/wider/than/the/terminal.csv"
    assert path in wrap_text(f"see {path} for more").split("\n")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b", ["a", "b"]),
        ('a,"b, c"', ["a", "b, c"]),
        (' a , "b" ', ["a", "b"]),
        ('"say ""x"""', ['say "x"']),
    ],
)
def test_lists_are_quoted_csv(text, names):
    assert split_names(text) == names


@pytest.mark.parametrize("text", ["", ",", "a,", "a,a"])
def test_bad_lists_are_refused(text):
    with pytest.raises(OptionError):
        split_names(text, "--items")


@pytest.mark.parametrize("text", ["4,0", "1", "a,b", "0,inf", "1,2,3", ""])
def test_bad_scales_are_refused(text):
    with pytest.raises(OptionError, match="--scale"):
        split_scale(text)


def test_limits_that_cannot_be_attained():
    assert write_limits({"conf_low": float("-inf"), "conf_high": 0.5}) == "[not attainable, .50]"
    assert write_limits({"conf_low": None, "conf_high": 0.5}) == "—"


def test_messages_speak_of_options():
    told = describe_error("compare", OptionError("nrmse needs ", Option("span"), ", the range."))
    assert told == "exprstats compare: nrmse needs --span, the range."
    parts = ("Name it with ", Option("cluster"), ". Use ", Option("model", "one-way"), ".")
    told = describe_error("reliability", OptionError(*parts))
    assert told == "exprstats reliability: Name it with --subject. Use --model one-way."
    told = describe_error("report", OptionError("Set ", Option("by"), "."))
    assert told == "exprstats report: Set 'by'."
    told = describe_error("x", DataError([Problem("one."), Problem("two.")]))
    assert told == "exprstats x: 2 problems\n  - one.\n  - two."


def test_names_of_files_are_left_as_they_are():
    told = describe_error("compare", DataError(Problem("is empty.", file="run_span=3.csv")))
    assert "run_span=3.csv" in told


def test_names_cannot_steer_the_terminal(capsys):
    write_line("a\x1b[31mred\x1b[0m\tb\nc")
    assert capsys.readouterr().out == "a\ufffd[31mred\ufffd[0m\tb\nc\n"


def test_very_many_problems_are_cut():
    told = describe_error("x", DataError([Problem(f"fault {i}.") for i in range(1200)]))
    assert told.splitlines()[0] == "exprstats x: 1,200 problems"
    assert told.splitlines()[-1] == "  - ... and 1,180 more."
    assert len(told.splitlines()) == 22


def test_columns_without_room_follow_below_behind_the_first_words():
    headers = ["Context", "Class", "Estimate", "95% CI", "p"]
    rows = [["fear", "joy", ".50", "[.25, .75]", ".012"], ["All", "joy", ".45", "[.3, .6]", ".5"]]
    assert "\n\n" not in draw(headers, rows, 2, width=45)
    narrow = draw(headers, rows, 2, width=34)
    first, second = narrow.split("\n\n")
    assert first.splitlines()[0].split() == ["Context", "Class", "Estimate"]
    assert second.splitlines()[0].split() == ["Context", "Class", "95%", "CI", "p"]
    assert second.splitlines()[2].split() == ["fear", "joy", "[.25,", ".75]", ".012"]
    assert max(map(len, narrow.splitlines())) <= 34
    tiny = draw(headers, rows, 2, width=5)
    assert [block.splitlines()[0].split()[2:] for block in tiny.split("\n\n")] == [
        ["Estimate"],
        ["95%", "CI"],
        ["p"],
    ]
    numbers = draw(["a", "b"], [["1000", "2000"]], 0, width=5)
    assert [block.splitlines()[2] for block in numbers.split("\n\n")] == ["1000", "2000"]


def test_arguments_of_verbs_are_told_as_options():
    remedy = ("use their names, or raise ", Option("unmatched"), ".")
    error = DataError(Problem("no frames.", remedy))
    assert "or raise --unmatched" in describe_error("features", error)
    assert "or raise 'unmatched'" in describe_error("report", error)


RELIABILITY = Table(
    "x",
    "Reliability per Question and Context",
    (
        Column("item", say("Question"), words=True),
        Column("icc", say("ICC(1,*k*)")),
        Column("limits", say("Clips treated as independent"), "95% CI"),
        Column("more", say("Clustered by subject"), "95% CI"),
    ),
    pd.DataFrame(
        [
            {"item": "a", "icc": ".80", "limits": "[.70, .90]", "more": "—", "context": "pain"},
            {"item": "bb", "icc": "−.01", "limits": "[.70, .90]", "more": "—", "context": "All"},
        ]
    ),
    group="context",
    notes=(say("*k* is the number of raters."),),
    number="1",
)


def test_a_table_has_groups_spanners_and_folded_headings():
    assert render_table(RELIABILITY).splitlines() == [
        "Table 1. Reliability per Question and Context",
        "",
        "                    95% CI",
        "                          Clips",
        "                     treated as  Clustered by",
        "Question  ICC(1,k)  independent       subject",
        "─────────────────────────────────────────────",
        "pain",
        "  a            .80   [.70, .90]             —",
        "All",
        "  bb          −.01   [.70, .90]             —",
        "",
        "Note. k is the number of raters.",
    ]


def test_a_narrow_terminal_gets_the_columns_without_room_below():
    lines = render_table(RELIABILITY, width=34).splitlines()
    assert max(map(len, lines[2:-1])) <= 34
    assert sum(line.startswith("Question") for line in lines) == 2
    assert sum("[.70, .90]" in line for line in lines) == 2


def test_a_section_is_read_in_order():
    section = Section(
        "x",
        "Title",
        sentences=(say("One sentence."),),
        points=(say("a point"),),
        caveats=(say("mind this."),),
        tables=(RELIABILITY,),
        steps=(quote_code("exprstats report study.toml"),),
    )
    blocks = render_section(section)
    assert blocks[:4] == ["Title", "One sentence.", "  - a point", "Caution: mind this."]
    assert blocks[-1] == "Next:\n  exprstats report study.toml"


@pytest.mark.parametrize("width", [30, 34, 40, None])
def test_a_wide_label_above_few_columns_stays_in_the_line(width):
    keys = ["name", "first", "second", "third"]
    label = "Means of the clips"
    columns = [Column(key, say(key), "" if key == "name" else label, words=key == "name")
               for key in keys]  # fmt: skip
    columns[1] = Column("first", say("first"), "Ratings of all raters")
    cells = pd.DataFrame([["a", "1", "2", "3"]], columns=keys)
    lines = render_table(Table("x", "T", tuple(columns), cells), width=width).splitlines()
    assert max(map(len, lines)) <= (width or 60)
    assert sum(label in line for line in lines) == 1


def test_problems_list_what_there_is_once():
    problems = [Problem(f"there is no column '{name}'.", "There is: x, y.") for name in "abc"]
    block = describe_error("check", DataError([*problems, Problem("It is empty.", "There is: z.")]))
    assert block.count("There is: x, y.") == 1
    assert all(f"no column '{name}'" in block for name in "abc")
    assert "There is: z." in block


def test_a_study_command_names_its_own_options_as_options():
    error = OptionError("Replace it with ", Option("force", True), " or drop ", Option("span"), ".")
    assert "Replace it with --force or drop 'span'." in describe_error("report", error)
