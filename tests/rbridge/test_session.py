"""The door to R, tried in live R and in processes that have none.

Tolerance: none; numbers cross as the same doubles, so they are compared exactly.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from exprstats import rbridge
from exprstats.errors import RError, RWarning

SCRIPT = """
shout <- function() {
  cat("printed\\n"); message("told"); warning("v2 is odd, v20 is not"); print(1); 7
}
fail <- function() stop("v1 is broken")
echo <- function(...) list(...)
many <- function(x) list(matrix = matrix(x, 2), text = c("a", NA), none = NULL,
                         whole = c(1L, NA), yes = c(a = TRUE), frame = data.frame(n = 1:2))
kinds <- function(...) vapply(list(...), typeof, "")
spin <- function() repeat {}
named <- function() structure(1, call = "lavaan::cfa(v1)")
"""


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Return the name of a room whose R file holds SCRIPT."""
    (tmp_path / "trial.R").write_text(SCRIPT, "utf-8")
    monkeypatch.setattr("exprstats.rbridge.rscript.find_scripts", lambda: tmp_path)
    rbridge.session._source.cache_clear()
    yield "trial"
    rbridge.session._source.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def started():
    if rbridge.probe_r().ready:
        rbridge.call("bridge", "describe_r")


def ask_apart(code, **environment):
    """Run Python code in a process apart and return what it printed and its status."""
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout + answer.stderr, answer.returncode


PROBE = """
import json
from dataclasses import asdict
from exprstats import rbridge
from exprstats.errors import RError
print(json.dumps(asdict(rbridge.probe_r())))
try:
    rbridge.call("measurement", "write_one_factor", 3)
except RError as error:
    print(error)
"""


@pytest.mark.r
def test_everything_r_says_is_caught_and_nothing_reaches_the_console(room, capfd):
    with pytest.warns(RWarning, match="'second' is odd, v20 is not") as caught:
        reply = rbridge.call(room, "shout", names=["first", "second"])
    assert reply.value.tolist() == [7]
    assert reply.warnings == ("'second' is odd, v20 is not",)
    assert reply.messages == ("told", "printed", "[1] 1")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert capfd.readouterr() == ("", "")


@pytest.mark.r
def test_an_error_in_r_is_an_rerror_with_the_true_name_and_the_next_call_works(room, capfd):
    with pytest.raises(RError, match=r"R stopped in trial\.fail: 'smile' is broken"):
        rbridge.call(room, "fail", names=["smile"])
    assert rbridge.call(room, "echo", 1.5).value == [np.array([1.5])]
    assert capfd.readouterr() == ("", "")


@pytest.mark.r
def test_values_come_back_in_their_kind(room):
    value = rbridge.call(room, "many", np.arange(6.0)).value
    assert value["matrix"].tolist() == [[0, 2, 4], [1, 3, 5]]
    assert value["text"] == ["a", None]
    assert value["none"] is None
    assert value["whole"][0] == 1
    assert np.isnan(value["whole"][1])
    assert value["yes"].dtype == bool
    assert value["frame"]["n"].tolist() == [1, 2]


@pytest.mark.r
def test_values_go_over_in_their_kind(room):
    kinds = rbridge.call(
        room, "kinds", 1.0, 1, True, "a", None, [1.0, 2.0], ["a"], {"a": 1}, [[1], "a"],
        np.ones((2, 2)), np.array([2**40]),
    )  # fmt: skip
    assert kinds.value == [
        *("double", "integer", "logical", "character", "NULL", "double", "character"),
        *("list", "list", "list", "double"),
    ]


@pytest.mark.r
def test_a_table_crosses_as_aliases_bit_for_bit(room):
    table = np.random.default_rng(1).normal(size=(50, 3))
    table[3, 1] = np.nan
    (back,) = rbridge.call(room, "echo", table).value
    assert list(back) == ["v1", "v2", "v3"]
    np.testing.assert_array_equal(np.column_stack([*back.values()]), table)


@pytest.mark.r
def test_text_is_data_and_never_code(room, tmp_path):
    trap = f'system("touch {tmp_path / "ran"}")'
    reply = rbridge.call(room, "echo", trap, x={trap: 1.0})
    assert reply.value[""] == [trap]
    assert list(reply.value["x"]) == [trap]
    assert not (tmp_path / "ran").exists()


@pytest.mark.r
def test_the_reply_names_the_call_and_the_versions(room):
    reply = rbridge.call(room, "named")
    assert reply.call == "lavaan::cfa(v1)"
    assert reply.versions["R"] == rbridge.probe_r().r_version


@pytest.mark.r
def test_an_unknown_room_or_function_is_an_rerror(room):
    with pytest.raises(RError, match=r"no R file 'attic\.R'"):
        rbridge.call("attic", "echo")
    with pytest.raises(RError, match=r"no function 'sing' in trial\.R"):
        rbridge.call(room, "sing")


@pytest.mark.r
def test_a_signal_ends_what_r_does_and_then_does_what_it_does_elsewhere(room):
    class Ended(Exception):
        pass

    def end(number, _):
        raise Ended(number)

    asked = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: end}
    before = {number: signal.signal(number, handler) for number, handler in asked.items()}
    try:
        for number, raised in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Ended)):
            timer = threading.Timer(0.2, os.kill, (os.getpid(), number))
            timer.start()
            with pytest.raises(raised):
                rbridge.call(room, "spin")
            assert signal.getsignal(number) is asked[number]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert rbridge.call(room, "echo", 1.5).value == [np.array([1.5])]


@pytest.mark.r
def test_another_thread_is_told_so():
    said = []

    def work():
        try:
            rbridge.call("bridge", "describe_r")
        except RError as error:
            said.append(str(error))

    thread = threading.Thread(target=work, name="painter")
    thread.start()
    thread.join()
    assert "main thread" in said[0]
    assert "'painter'" in said[0]


@pytest.mark.r
def test_the_probe_says_what_is_there_and_is_asked_once():
    state = rbridge.probe_r()
    assert state.ready
    assert state.rpy2_matches
    assert state.lavaan_version == state.packages["lavaan"]
    assert state.cure == ""
    assert rbridge.probe_r() is state
    with pytest.raises(AttributeError):
        state.ready = False


LIVE = """
import json, os, signal, sys
mine = lambda *_: None
signal.signal(signal.SIGINT, mine)
from exprstats import rbridge
before = "rpy2" in sys.modules
ready = rbridge.probe_r().ready
probed = "rpy2.rinterface" in sys.modules
value = rbridge.call("measurement", "write_one_factor", 3).value
print(json.dumps({
    "before": before, "ready": ready, "probed": probed, "value": value,
    "handler": signal.getsignal(signal.SIGINT) is mine,
    "libraries": os.environ.get("LD_LIBRARY_PATH"),
}))
"""


@pytest.fixture(scope="module", params=["R_PROFILE", "R_PROFILE_USER"])
def apart(request, tmp_path_factory):
    """All that a process printed which calls R amid traps, its own libraries, and their folder.

    Traps are a profile of the site or of the user, and one in the home and the working folder.
    """
    place = tmp_path_factory.mktemp("traps")
    text = f'cat("Welcome\\n"); message("to R"); file.create("{place / "ran"}")\n'
    for name in ("banner.R", ".Rprofile"):
        (place / name).write_text(text, "utf-8")
    libraries = "/opt/own" if request.param == "R_PROFILE" else None
    places = {request.param: str(place / "banner.R"), "HOME": str(place)}
    places |= {"LD_LIBRARY_PATH": libraries} if libraries else {}
    said, status = ask_apart(f"import os; os.chdir({str(place)!r})\n{LIVE}", **places)
    assert status == 0, said
    return said, libraries, place


@pytest.mark.r
def test_r_starts_only_when_called_and_leaves_ctrl_c_alone(apart):
    told = json.loads(apart[0])
    assert told["ready"] and told["value"] == ["f =~ v1 + v2 + v3"]
    assert not told["before"] and not told["probed"]
    assert told["handler"]


@pytest.mark.r
def test_a_profile_is_not_read_and_its_banner_breaks_nothing(apart):
    said, _, place = apart
    assert said.count("\n") == 1
    assert not (place / "ran").exists()


@pytest.mark.r
def test_children_of_this_process_load_their_own_libraries(apart):
    assert json.loads(apart[0])["libraries"] == apart[1]


def test_without_r_the_probe_names_the_cure(tmp_path):
    said, status = ask_apart(PROBE, PATH=str(tmp_path), R_HOME="")
    state, error = said.splitlines()
    assert status == 0
    assert json.loads(state)["problem"] == "R was not found."
    assert "apt-get install" in json.loads(state)["cure"]
    assert error.startswith("R was not found. Install R and lavaan")


def test_a_wrong_r_home_is_named_instead_of_killing_the_process(tmp_path):
    said, status = ask_apart(PROBE, R_HOME=str(tmp_path))
    state, error = said.splitlines()
    assert status == 0
    assert str(tmp_path) in json.loads(state)["problem"]
    assert "Unset R_HOME" in error


@pytest.mark.r
def test_an_r_home_that_looks_right_and_does_not_start_is_survived(tmp_path):
    base = tmp_path / "library" / "base"
    base.mkdir(parents=True)
    (base / "DESCRIPTION").write_text("Package: base\nVersion: 4.2.2\n", "utf-8")
    said, status = ask_apart(PROBE, R_HOME=str(tmp_path))
    state = json.loads(said.splitlines()[0])
    assert status == 0
    assert not state["ready"]
    assert "does not start under rpy2" in state["problem"]
    assert state["cure"]


@pytest.mark.r
def test_an_r_too_new_for_rpy2_gets_the_line_to_run(tmp_path):
    base = tmp_path / "library" / "base"
    base.mkdir(parents=True)
    new = rbridge.probe_r().rpy2_version < "3.6"
    version = "4.5.1" if new else "4.2.2"
    (base / "DESCRIPTION").write_text(f"Version: {version}\n", "utf-8")
    said, _ = ask_apart(PROBE, R_HOME=str(tmp_path))
    state = json.loads(said.splitlines()[0])
    assert state["rpy2_matches"] is False
    assert ("rpy2>=3.6.7" if new else "rpy2==3.5.17") in state["cure"]


def test_r_can_be_switched_off():
    said, status = ask_apart(PROBE, EXPRSTATS_NO_R="1")
    assert status == 0
    assert said.splitlines()[1] == "R is switched off. Unset EXPRSTATS_NO_R."


@pytest.mark.r
def test_no_warning_of_the_start_reaches_a_strict_program(apart):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rbridge.call("bridge", "describe_r").warnings == ()
    # That process was started with all warnings as errors, and printed one line of JSON.
    assert json.loads(apart[0])["ready"]


def test_the_r_files_are_where_the_package_looks():
    assert (rbridge.find_scripts() / "bridge.R").is_file()


@pytest.mark.r
def test_an_r_that_started_is_remembered_until_something_changes(tmp_path, monkeypatch):
    memory = tmp_path / "exprstats" / "r-state.json"
    asked, answers, run = [], {}, subprocess.run
    plain = {"PATH": os.environ["PATH"], "LC_CTYPE": "C.UTF-8", "XDG_CACHE_HOME": str(tmp_path)}

    def answer(command, **options):
        """Start R in a process apart, in each setting once, and count how often it is asked for."""
        if command[-1] != "exprstats.rbridge":
            return run(command, **options)
        asked.append(command)
        setting = options["env"].get("R_LIBS")
        answers[setting] = answers.get(setting) or run(command, **options)
        return answers[setting]

    def probe(**environment):
        asked.clear()
        rbridge.probe_r.cache_clear()
        monkeypatch.setattr(os, "environ", plain | environment)
        state = rbridge.probe_r()
        assert state.ready, state
        return bool(asked), str(state)

    told = "from exprstats import rbridge\nprint(rbridge.probe_r())"
    first = ask_apart(told, **plain)[0].strip()
    kept = memory.read_bytes()
    monkeypatch.setattr(subprocess, "run", answer)
    try:
        # What one process found another one knows; without it, R is asked and says the same.
        assert probe() == (False, first) and memory.read_bytes() == kept
        memory.unlink()
        assert probe() == (True, first) and probe() == (False, first)
        # Another setting, and a file of R's that is newer, as after an update of lavaan.
        library = tmp_path / "library"
        library.mkdir()
        assert probe(R_LIBS=str(library))[0] and not probe(R_LIBS=str(library))[0]
        (library / "another").mkdir()
        os.utime(library, (1, 1))
        assert probe(R_LIBS=str(library))[0]
        # What cannot be read or written is no error.
        for text in ("", "{", "[]", '{"key": 1}', "null"):
            memory.write_text(text)
            assert probe()[0]
        memory.unlink()
        memory.mkdir()
        assert probe()[0] and probe()[0]
    finally:
        rbridge.probe_r.cache_clear()
    assert [path.name for path in memory.parent.iterdir()] == ["r-state.json"]
