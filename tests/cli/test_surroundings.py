"""Rows of INPUTS about what surrounds a call: R, pipes, start-up files, locales and signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from exprstats import DataWarning, read_ratings

from .made_files import HEADER, ROWS, Case, one_factor, write

# As the installed program, it does not look for modules in the working folder.
RUN = [sys.executable, "-P", "-c", "from exprstats.cli.program import run; run()"]
FOUR = ("--items", "joy,calm,warm,open")
BANNER = 'cat("BANNER\\n"); stop("not here")\n'


# Several calls by one process, each with a pipe of its own as standard input where it has one.
EACH = """
import io, os, sys
from exprstats.cli.program import run
for words, text in {calls!r}:
    if text is not None:
        reading, writing = os.pipe()
        os.write(writing, text)
        os.close(writing)
        os.dup2(reading, 0)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.argv = ["exprstats", *words]
    code = 0
    try:
        run()
    except SystemExit as done:
        code = done.code or 0
    for stream in (sys.stdout, sys.stderr):
        print("\\nended", code, file=stream, flush=True)
"""


def start(*words, cwd, **more):
    """Run the program in a process of its own, with further variables of the environment."""
    known = {name: value for name, value in os.environ.items() if name != "EXPRSTATS_R"}
    known["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        [*RUN, *map(str, words)], cwd=cwd, env=known | more, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip


def start_each(calls, cwd, **more):
    """Return how calls by one process ended, and what each printed; a call is words and a text."""
    asked = [([*map(str, words)], text) for words, text in calls]
    done = subprocess.run(
        [sys.executable, "-P", "-c", EACH.format(calls=asked)], cwd=cwd, capture_output=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | more, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pieces = [re.split(rb"\nended (\d+)\n", one) for one in (done.stdout, done.stderr)]
    told = zip(pieces[0][1::2], pieces[0][::2], pieces[1][::2], strict=False)
    return [(int(code), out, error) for code, out, error in told]


@pytest.fixture
def ratings(tmp_path):
    return write(Case("", [HEADER, *ROWS], ""), tmp_path / "r.csv")


@pytest.fixture
def answers(tmp_path):
    return write(Case("", one_factor(), ""), tmp_path / "f.csv")


def test_row_46_a_wrong_r_is_named_with_its_cure_and_reliability_needs_none(
    tmp_path, ratings, answers
):
    wrong = {"R_HOME": str(tmp_path / "nowhere")}
    calls = ("factor", answers, *FOUR), ("reliability", ratings, "--subject", "subject")
    factor, rated = start_each([(words, None) for words in calls], tmp_path, **wrong)
    assert factor[0] == 2 and b"Traceback" not in factor[2]
    assert b"Unset R_HOME" in b" ".join(factor[2].split())
    assert rated[0] == 0 and rated[1]


def test_row_56_a_pipe_is_read_once_and_serves_check_and_commands(call_json, tmp_path, ratings):
    words, text = ("--subject", "subject"), ratings.read_bytes()
    names = ("-", "/dev/stdin")
    calls = [(("reliability", name, *words, "--json", "-"), text) for name in names]
    calls += [(("check", name), text) for name in names]
    told = [out for _, out, _ in start_each(calls, tmp_path)]
    whole = call_json("reliability", ratings, *words)["rows"]
    assert [json.loads(out)["rows"] for out in told[:2]] == [whole, whole]
    for name, out in zip(names, told[2:], strict=True):
        assert f"Try: exprstats reliability {name}".encode() in out


@pytest.mark.r
def test_rows_63_and_68_start_up_files_and_a_module_in_the_folder_change_nothing(
    call_json, tmp_path, answers
):
    words = ("factor", answers, *FOUR, "--missing", "fiml")
    plain = call_json(*words)["rows"]
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / ".Rprofile").write_text(BANNER)
    (odd / ".Renviron").write_text("R_LIBS_USER=/nowhere\nR_DEFAULT_PACKAGES=nope\n")
    (odd / "random.py").write_text("raise SystemExit('shadow')\n")
    profile = str(odd / ".Rprofile")
    told = start(*words, "--json", "-", cwd=odd, R_PROFILE=profile, R_PROFILE_USER=profile,
                 R_ENVIRON_USER=str(odd / ".Renviron"))  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert b"BANNER" not in told.stdout + told.stderr
    assert json.loads(told.stdout)["rows"] == plain


def test_row_66_one_bad_byte_is_said_with_its_row(call, tmp_path, ratings):
    # Letters of UTF-8 in one row, a byte of Windows-1252 in another.
    text = ratings.read_bytes().replace(b"c1,w1", "c1,Zoë".encode()).replace(b"c2,w1", b"c2,Zo\xeb")
    ratings.write_bytes(text)
    told = " ".join(call("reliability", ratings, "--subject", "subject").output.split())
    fact = "1 row holds bytes that are not UTF-8, as all other letters are (row 11, column 'rater')"
    assert fact in told and "--encoding" in told
    with pytest.warns(DataWarning, match=r"not UTF-8.*row 11, column 'rater'"):
        read = read_ratings(ratings)
    assert read["rater"].eq("Zoë").sum() == 2 and read["rater"].nunique() == 5


def test_row_68_locales_change_nothing(tmp_path, ratings):
    words = ("reliability", ratings, "--subject", "subject", "--json", "-")
    outputs = {
        start(*words, cwd=tmp_path, LC_ALL=name, LANG=name).stdout for name in ("C", "tr_TR.UTF-8")
    }
    assert len(outputs) == 1 and json.loads(outputs.pop())["rows"]


@pytest.mark.r
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_row_68_an_interrupted_call_ends_at_once_and_leaves_nothing(tmp_path, sent):
    people = [["person"], *([f"p{row // 2}"] for row in range(80))]
    rows = [[*row, *who] for row, who in zip(one_factor(), people, strict=True)]
    answers, out = write(Case("", rows, ""), tmp_path / "f.csv"), tmp_path / "out"
    words = ("factor", answers, *FOUR, "--missing", "fiml", "--subject", "person", "--out", out)
    process = subprocess.Popen(
        [*RUN, *map(str, words), "--draws", "200000"], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        # A shell that started the tests in its background ignores SIGINT, and so would they.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        # R is embedded, or serves as a child once it was looked for.
        while process.poll() is None and "libR.so" not in read_maps(process.pid):
            time.sleep(0.02)
        time.sleep(0.3)
        assert process.poll() is None and list(tmp_path.glob(".*out*"))
        process.send_signal(sent)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode != 0 and b"Traceback" not in told
    assert not out.exists() and not list(tmp_path.glob(".*out*"))


def read_maps(process):
    """Return what a process, and R as its child that serves it, have mapped into memory."""
    place = Path("/proc")
    children = (place / str(process) / "task" / str(process) / "children").read_text().split()
    told = ""
    for one in (str(process), *children):
        with suppress(OSError):
            serves = one == str(process) or b"serve.R" in (place / one / "cmdline").read_bytes()
            told += (place / one / "maps").read_text() if serves else ""
    return told
