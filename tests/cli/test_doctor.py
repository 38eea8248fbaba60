"""What the doctor says of machines that lack something.

Tolerance: 1e-9 for loadings of exact correlations, which the closed form only rounds.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from exprstats.cli import doctor as examinations
from exprstats.errors import FitError
from exprstats.rbridge import RState
from exprstats.rbridge.probe import forget_r

PROGRAM = Path(sys.executable).with_name("exprstats")
READY = RState(
    ready=True,
    r_version="4.2.2",
    r_home="/usr/lib/R",
    rpy2_version="3.5.17",
    rpy2_matches=True,
    lavaan_version="0.6-14",
    locale="C.UTF-8",
    utf8=True,
)


def test_a_whole_machine_is_well(call):
    out = call("doctor").stdout
    assert "FAIL" not in out
    assert "OK    CFA" in out


def test_json_has_a_row_an_examination(call):
    told = json.loads(call("doctor", "--json").stdout)
    assert told["command"] == "doctor"
    assert {row["status"] for row in told["rows"]} <= {"OK", "WARN"}
    names = [row["name"] for row in told["rows"]]
    assert {"Python", "Libraries", "Locale", "Fonts", "R", "rpy2", "lavaan", "CFA"} <= {*names}
    assert {"torch", "OpenCV"} <= {*names}


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        ((), "OK", "not installed; only 'exprstats clips' and 'exprstats faces' need it"),
        (("opencv_python-5.0.0",), "OK", "opencv-python 5.0.0"),
        (("opencv_python_headless-5.0.0",), "OK", "opencv-python-headless 5.0.0"),
        (
            ("opencv_python-5.0.0", "opencv_python_headless-4.1"),
            "WARN",
            "opencv-python 5.0.0 and opencv-python-headless 4.1 overwrite each other's files",
        ),
    ],
)
def test_either_build_of_opencv_serves_and_both_do_not(
    tmp_path, monkeypatch, packages, status, told
):
    from exprstats.cli.doctor import examine_opencv

    for name in packages:
        (tmp_path / f"{name}.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    found = examine_opencv()
    assert (found.status, told in found.text) == (status, True)


def goes_on(said):
    return "closed form is within" in said and "with the limits above" in said


def test_without_r_it_warns_and_goes_on():
    # A process of its own: where R is, this one knows already.
    ended = subprocess.run(
        [str(PROGRAM), "doctor"], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "R_HOME": "/nowhere"},
    )  # fmt: skip
    assert ended.returncode == 0
    assert "WARN  R " in ended.stdout and goes_on(ended.stdout)


def test_with_r_switched_off_it_says_so_and_goes_on(call, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("EXPRSTATS_NO_R", "1")
        said = call("doctor").stdout
    forget_r()
    assert "R is switched off" in said and goes_on(said)


def test_rpy2_that_does_not_fit_is_named_with_its_cure():
    state = replace(READY, ready=False, rpy2_matches=False, cure="pip install x")
    finding = examinations.examine_rpy2(state)
    assert (finding.status, finding.cure) == ("WARN", "pip install x")
    assert "3.5.17 does not fit" in finding.fact
    assert examinations.examine_r(replace(READY, engine="rpy2")).fact.endswith("by rpy2.")
    absent = examinations.examine_rpy2(replace(state, rpy2_version=None, rpy2_matches=None))
    assert absent.fact == "not installed."


@pytest.mark.parametrize(
    ("version", "matches", "told"),
    [
        (None, None, "not installed; not needed, R is reached by Rscript"),
        ("3.5.17", False, "3.5.17 (does not fit R); not needed, R is reached by Rscript"),
    ],
)
def test_where_rscript_serves_rpy2_is_no_lack(version, matches, told):
    state = replace(READY, engine="rscript", rpy2_version=version, rpy2_matches=matches)
    finding = examinations.examine_rpy2(state)
    assert (finding.status, finding.fact, finding.cure) == ("OK", told, "")
    assert "reached by Rscript" in examinations.examine_r(state).fact


@pytest.mark.parametrize(
    ("version", "status"), [("0.6-14", "OK"), ("0.6-9", "WARN"), ("0.7-1", "OK"), (None, "WARN")]
)
def test_old_lavaan_is_a_warning(version, status):
    finding = examinations.examine_lavaan(replace(READY, lavaan_version=version))
    assert finding.status == status


def test_a_wrong_model_fails(monkeypatch):
    import exprstats.measurement

    real = exprstats.measurement.fit_factor

    def bend(*arguments, **options):
        factor = real(*arguments, **options)
        loadings = factor.table["term"] == "loading"
        table = factor.table.assign(
            estimate=factor.table["estimate"].where(~loadings, factor.table["estimate"] + 1e-4)
        )
        return replace(factor, table=table)

    monkeypatch.setattr(exprstats.measurement, "fit_factor", bend)
    finding = examinations.examine_factor(READY)
    assert finding.status == "FAIL"
    assert "1e-06 is allowed" in finding.fact


def test_a_model_that_stops_fails_and_ends_with_1(monkeypatch, call):
    import exprstats.measurement

    def stop(*arguments, **options):
        message = "no convergence."
        raise FitError(message)

    monkeypatch.setattr(exprstats.measurement, "fit_factor", stop)
    out = call("doctor", code=1).stdout
    assert "FAIL  CFA        a fixed model fails: no convergence." in out
    assert "see FAIL above" in out


def test_the_closed_form_solves_exact_correlations():
    correlations = pd.DataFrame(examinations._ITEMS).corr().to_numpy()
    # x = 2f + e with e of size 1, 1.5 and 2: loadings 2 / sqrt(4 + e²).
    wanted = [2 / (4 + size**2) ** 0.5 for size in (1, 1.5, 2)]
    assert examinations.recover_loadings(correlations) == pytest.approx(wanted, abs=1e-9)
