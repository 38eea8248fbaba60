"""The command line in this process, and a small simulated study as files."""

import json
import re
import shlex
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app


@pytest.fixture(scope="session")
def call():
    """Run the program with arguments; return what it printed, and how it ended."""

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [str(one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        # A name that no document put a number for.
        assert not re.search(r"<(Table|Figure) [a-z_]+", result.output), result.output
        return result

    return run


@pytest.fixture(scope="session")
def call_json(call):
    """Run the program with ``--json -``; return what standard output holds."""

    def run(*arguments, code=0):
        return json.loads(call(*arguments, "--json", "-", code=code).stdout)

    return run


@pytest.fixture(scope="session")
def call_both(call, tmp_path_factory):
    """Run the program once; return what ``--json`` holds as ``told``, and what it printed."""
    place = tmp_path_factory.mktemp("both") / "told.json"

    def run(*arguments):
        shown = call(*arguments, "--json", place).stdout
        return SimpleNamespace(told=json.loads(place.read_text(encoding="utf-8")), stdout=shown)

    return run


@pytest.fixture(scope="module", autouse=True)
def few_settings(use_few):
    with use_few():
        yield


@pytest.fixture(scope="session")
def data(tmp_path_factory, call) -> Path:
    place = tmp_path_factory.mktemp("cli") / "small"
    call("simulate", "expressiveness", "--out", place, "--subjects", 30, "--seed", 4)
    return place


@pytest.fixture(scope="session")
def predictions(tmp_path_factory, call, data, use_few) -> Path:
    place = tmp_path_factory.mktemp("fit") / "predictions.csv"
    fit = ("fit", data / "clips.csv", "--target", "au_count", "--subject", "subject")
    with use_few():
        call(*fit, "--by", "context", "--predictions", place)
    return place


@pytest.fixture(scope="session")
def tried(tmp_path_factory):
    """Check a file that stays as it is, or run a suggested line, once for all tests that ask."""
    place = tmp_path_factory.mktemp("tried") / "rows.json"

    @cache
    def check(path):
        """Return how ``check`` ended, with all that it printed, and its rows."""
        place.unlink(missing_ok=True)
        told = CliRunner().invoke(app, ["check", str(path), "--json", str(place)])
        rows = json.loads(place.read_text(encoding="utf-8"))["rows"] if place.is_file() else []
        return told, rows

    @cache
    def run(line):
        return CliRunner().invoke(app, [*shlex.split(line)[1:], "--json", "-"])

    return SimpleNamespace(check=check, run=run)
