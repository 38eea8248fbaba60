"""The program as users start it: what it says, and how it ends."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import exprstats
from exprstats.cli.program import app, narrow_program

PROGRAM = Path(sys.executable).with_name("exprstats")
COMMANDS = (
    *("demo", "report", "check", "reliability", "audit", "factor", "features", "fit", "compare"),
    *("simulate", "r-script", "doctor", "clips", "faces"),
)


def start(*arguments, **options):
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_plain_and_says_what_the_command_is_for(call, command):
    out = call(command, "--help").stdout
    assert out.isascii()
    assert f"exprstats {command}" in out or f" {command} " in out
    assert "Options:" in out


def test_version(call):
    assert call("--version").stdout == f"exprstats {exprstats.__version__}\n"


def test_our_errors_end_with_2_in_one_block(tmp_path):
    ended = start("reliability", tmp_path / "none.csv", "--rating", "x")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("exprstats reliability: 1 problem\n  - ")
    assert "Traceback" not in ended.stderr


def test_errors_leave_standard_output_to_json(call, tmp_path):
    ended = call("reliability", tmp_path / "none.csv", "--rating", "x", "--json", "-", code=2)
    assert ended.stdout == ""


def test_a_list_that_is_given_twice_is_refused_and_of_others_the_last_counts_aloud(call, tmp_path):
    file = tmp_path / "predictions.csv"
    several = call("compare", file, "--subject", "s", "--metric", "rmse", "--metric=mae", code=2)
    told = " ".join(several.stderr.split())
    assert "'--metric': it is given twice. Name all in one list, separated by commas." in told
    assert "no such file" not in told
    ends = call("reliability", file, "--scale", "1,5", "--scale", "0,4", code=2)
    assert "'--scale': it is given twice. Give it once." in " ".join(ends.stderr.split())
    single = call("compare", file, "--subject", "s", "--subject", "t", "--swaps", "--swaps", code=2)
    assert single.stderr.startswith("--subject is given twice: the last one counts.\n")
    assert single.stderr.count("twice") == 1


def test_every_problem_of_a_call_is_told(call, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text("clip,rater,score\na,r,drei\nb,s,2\n")
    ended = call("reliability", file, "--rating", "scor", "--subject", "person", code=2)
    assert ended.stderr.count("\n  - ") == 2
    assert "Did you mean 'score'?" in ended.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--items", "a,,b"], "has an empty name"),
        (["--items", "a,b,b"], "names 'b' more than once"),
        (["--items", "a,b,c", "--scale", "4,0"], "lowest and the highest answer"),
        (["--items", "a,b,c", "--n-jobs", "0"], "--n-jobs': 0 means no work"),
        (["--items", "a,b"], "three items"),
    ],
)
def test_options_are_checked(call, tmp_path, options, told):
    file = tmp_path / "items.csv"
    file.write_text("a,b,c\n1,2,3\n2,3,4\n")
    assert told in " ".join(call("factor", file, *options, code=2).stderr.split())


def test_unknown_words_name_the_allowed_ones(call, data):
    ended = call("reliability", data / "ratings.csv", "--model", "oneway", code=2)
    assert "one-way" in ended.stderr


def test_a_fault_of_ours_ends_with_1(tmp_path):
    code = (
        "import exprstats.io, exprstats.cli, sys\n"
        "def fail(*a, **k): raise KeyError('fault')\n"
        "exprstats.io.sniff_file = fail\n"
        "sys.argv = ['exprstats', 'reliability', 'x.csv']\n"
        "exprstats.cli.run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert "KeyError" in ended.stderr


def test_a_reader_that_leaves_early_is_no_fault(data):
    ended = subprocess.run(
        f"{PROGRAM} reliability {data / 'ratings.csv'} --rating response | head -1; "
        "exit ${PIPESTATUS[0]}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr


def test_terminals_without_signs_get_plain_ones(data):
    env = {"PYTHONIOENCODING": "latin-1", "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [str(PROGRAM), "reliability", str(data / "ratings.csv"), "--rating", "response"],
        capture_output=True,
        check=False,
        timeout=60,
        env=env,
    )
    assert ended.returncode == 0
    text = ended.stdout.decode("latin-1")
    assert "?" not in text
    assert "-----" in text


@pytest.mark.parametrize("command", [*COMMANDS, "deep fit", "deep predict", "deep adapt", "label"])
def test_help_names_values_by_words_and_no_types(call, command):
    out = call(*command.split(), "--help").stdout
    assert not re.search(r"<(?:int|float|str|list|[Pp]ath|[^<>|]*range)\b", out)


def test_what_a_group_lists_is_not_cut(call):
    assert "..." not in call("deep", "--help").stdout.partition("Commands:")[2]


def test_a_command_that_stops_prints_nothing_but_the_error(call, tmp_path):
    stopped = call("check", tmp_path, code=2)
    assert stopped.stdout == ""
    assert "this is a folder" in " ".join(stopped.stderr.split())


def test_the_command_that_is_asked_for_is_built_alone():
    alone = narrow_program(["reliability", "--help"])
    assert [one.name for one in alone.registered_commands] == ["reliability"]
    assert all(narrow_program(words) is app for words in ([], ["--help"], ["deep"], ["relability"]))
    assert len(app.registered_commands) > 20
