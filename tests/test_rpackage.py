"""The R half as R sees it: it installs, its own tests pass, and the wheel would carry it.

Tolerances stand in r/tests/testthat.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exprstats import rbridge

PACKAGE = Path(__file__).parents[1] / "r"


def run(command, folder=None, **environment):
    answer = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.mark.r("testthat")
def test_the_package_installs_and_its_own_tests_pass(tmp_path):
    source = shutil.copytree(PACKAGE, tmp_path / "r")
    library = tmp_path / "library"
    library.mkdir()
    plain = ("--no-docs", "--no-byte-compile", "--no-test-load")
    run(["R", "CMD", "INSTALL", *plain, "-l", library, source])
    said = run(["Rscript", "--vanilla", "testthat.R"], source / "tests", R_LIBS=str(library))
    counts = re.search(r"FAIL 0 \| WARN 0 \| SKIP 0 \| PASS (\d+)", said)
    assert counts, said
    assert int(counts[1]) > 25


def test_what_is_exported_is_defined_and_documented():
    exported = re.findall(r"export\((\w+)\)", (PACKAGE / "NAMESPACE").read_text("utf-8"))
    text = "\n".join(path.read_text("utf-8") for path in (PACKAGE / "R").glob("*.R"))
    tagged = re.findall(r"#' @export\n(\w+) <- function", text)
    assert len(exported) >= 6
    assert sorted(exported) == sorted(tagged)
    pages = {path.stem for path in (PACKAGE / "man").glob("*.Rd")}
    assert pages == set(exported), 'write the pages: Rscript -e \'roxygen2::roxygenise("r", "rd")\''


def test_the_folder_that_the_wheel_carries_is_the_one_in_use():
    assert rbridge.find_scripts() == PACKAGE / "R"
    assert {path.name for path in rbridge.find_scripts().iterdir()} >= {"bridge.R", "measurement.R"}
