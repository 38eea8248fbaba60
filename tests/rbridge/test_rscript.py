"""R in a process of its own against R in this process.

Tolerance: none; numbers cross as the bytes of the same doubles, and lavaan is deterministic.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from exprstats import rbridge
from exprstats.errors import RError
from exprstats.rbridge.rscript import ask_apart, pack, unpack

pytestmark = pytest.mark.r("jsonlite")


def check_same(one, other):
    if isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            check_same(one[name], other[name])
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, list) and one and isinstance(one[0], np.ndarray | dict | list):
        for mine, theirs in zip(one, other, strict=True):
            check_same(mine, theirs)
    else:
        assert one == other


def draw(n=80, p=4, holes=False):
    rng = np.random.default_rng(1)
    answers = rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, p))
    if holes:
        answers[::7, 1] = np.nan
    return answers


PLACES = [np.array([1, 2, 3]), np.array([4, 5, 6])]
HALVES = np.kron([[1, 0.4], [0.4, 1]], np.full((3, 3), 0.6)) + 0.4 * np.eye(6)
FOURS = np.arange(80) // 4
CALLS = {
    "moments": ("fit_moments", (np.cov(draw().T), draw().mean(axis=0), 80), {}),
    "rows": ("fit_one_factor", (draw(),), {"estimator": "MLR"}),
    "holes": ("fit_one_factor", (draw(holes=True),), {"missing": "fiml"}),
    "clusters": ("fit_one_factor", (draw(p=3),), {"estimator": "MLR", "cluster": FOURS}),
    "factors": ("fit_factors", (HALVES, np.zeros(6), 80, PLACES), {}),
    "ordered": ("fit_ordered", (np.digitize(draw(p=3), [-1, 0, 1]) + 1,), {}),
    "text": ("write_one_factor", (3,), {}),
}


@pytest.mark.parametrize("case", CALLS)
def test_every_answer_is_the_same_to_the_last_bit(case):
    function, arguments, options = CALLS[case]
    theirs = rbridge.call("measurement", function, *arguments, **options)
    mine = ask_apart("measurement", function, arguments, options)
    check_same(theirs.value, mine["value"])
    assert (theirs.call is None) == (mine["call"] is None)
    assert theirs.versions["R"] == mine["versions"]["R"]
    assert mine["error"] is None


def test_errors_and_warnings_come_back_and_the_next_call_works():
    failed = ask_apart("measurement", "fit_one_factor", (draw(p=2),), {})
    assert failed["error"] == ["one factor needs three items"]
    assert ask_apart("measurement", "sing", (), {}) == {"absent": True}
    assert ask_apart("bridge", "describe_r", (), {})["error"] is None


def test_what_goes_over_comes_back():
    numbers = {"a": np.array([1.5, np.nan, -np.inf, 0.1 + 0.2]), "d": np.array([1, -2])}
    texts = ["é 😀", "NA", 'x"\\ \n']
    back = unpack(pack({**numbers, "b": texts, "none": None}))
    check_same({name: back[name] for name in numbers}, numbers)
    assert back["b"] == texts
    assert back["none"] is None


RUN = """
import json, sys, threading
import exprstats as ex
import numpy as np, pandas as pd
from exprstats import rbridge
state = rbridge.probe_r()
rng = np.random.default_rng(1)
answers = rng.normal(size=(90, 1)) + 0.7 * rng.normal(size=(90, 4))
table = pd.DataFrame(answers, columns=list("abcd"))
found = []
def work():
    found.append(ex.fit_factor(table, items=list("abcd")))
thread = threading.Thread(target=work)
if state.engine == "rscript":
    thread.start(); thread.join()
else:
    work()
print(json.dumps({
    "engine": state.engine, "rpy2": "rpy2.rinterface" in sys.modules,
    "sentence": found[0].sentence(), "estimates": found[0].tidy()["estimate"].tolist(),
}))
"""


def run(code, **environment):
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer.stdout + answer.stderr


def test_a_fit_by_either_engine_is_the_same_and_profiles_are_not_read(
    tmp_path, monkeypatch, capsys
):
    """What rpy2 reads of profiles stands in test_session.py; here R may have started before."""
    (tmp_path / "banner.R").write_text('cat("Welcome\\n"); stop("profile")\n', "utf-8")
    places = {"R_PROFILE": str(tmp_path / "banner.R"), "R_PROFILE_USER": str(tmp_path / "banner.R")}
    mine = json.loads(run(RUN, EXPRSTATS_R="rscript", **places))
    monkeypatch.setenv("EXPRSTATS_R", "rpy2")
    rbridge.probe_r.cache_clear()
    try:
        exec(RUN, {})
    finally:
        rbridge.probe_r.cache_clear()
    theirs = json.loads(capsys.readouterr().out)
    assert (mine.pop("engine"), mine.pop("rpy2")) == ("rscript", False)
    assert (theirs.pop("engine"), theirs.pop("rpy2")) == ("rpy2", True)
    assert mine == theirs


def test_the_variable_says_which_way_to_take():
    ask = (
        "from exprstats.rbridge import probe_r; state = probe_r(); print(state.problem, state.cure)"
    )
    assert run(ask, EXPRSTATS_R="none").strip() == "R is switched off. Unset EXPRSTATS_R."
    said = run(ask, EXPRSTATS_R="julia")
    assert "'julia', which is no way to R. Set it to auto, rpy2, rscript or none." in said


def test_a_process_that_ended_is_named_and_started_again():
    from exprstats.rbridge import rscript

    killed = []

    class Killer(rscript.subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            killed.append(self)

    rscript._start.cache_clear()
    before, rscript.subprocess.Popen = rscript.subprocess.Popen, Killer
    try:
        assert ask_apart("bridge", "describe_r", (), {})["error"] is None
        killed[0].kill()
        killed[0].wait()
        with pytest.raises(RError, match="the R process ended"):
            ask_apart("bridge", "describe_r", (), {})
        assert ask_apart("bridge", "describe_r", (), {})["error"] is None
    finally:
        rscript.subprocess.Popen = before
