"""Files as laboratories hand them on: the share whose first try is right, without an edit.

Right is the known value from the first command that check suggests, to .0005 (the rounding of
three decimals), or a refusal that names the cause. The values come from formulas of their own.
"""

import json
import shlex
import warnings

import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

from .laboratory_records import RECORDS
from .laboratory_tables import TABLES
from .program_tables import PROGRAMS
from .strange_files import FILES
from .unseen_tables import UNSEEN


def judge(path, right):
    """Return whether what check says and suggests is right, and what it was."""
    runner = CliRunner()
    with warnings.catch_warnings(action="ignore"):
        kept = path.with_suffix(".checked")
        shown = runner.invoke(app, ["check", str(path), "--json", str(kept)])
        spoken = " ".join((shown.stdout + shown.stderr).split())
        rows = json.loads(kept.read_text())["rows"] if kept.exists() else []
        lines = [row["command"] for row in rows if row["kind"] == "suggestion"]
        if isinstance(right, str):
            return right in spoken and not lines and shown.exit_code in {0, 2}, spoken[-300:]
        if not lines:
            return False, spoken[-300:]
        command, term, value, *said = right
        words = shlex.split(lines[0])[1:]
        ended = runner.invoke(app, [*words, "--json", "-"])
        if ended.exit_code:
            return False, f"{lines[0]}: {' '.join(ended.stderr.split())[-300:]}"
        if any(word not in spoken + ended.stderr for word in said):
            return False, f"{lines[0]}: says nothing of {said}"
        if term is None:
            return words[0] == command, lines[0]
        found = [row["estimate"] for row in json.loads(ended.stdout)["rows"] if row["term"] == term]
        near = [one for one in found if value is None or one == pytest.approx(value, abs=5e-4)]
        return words[0] == command and bool(near), f"{lines[0]}: {found[:3]}, not {value}"


# Some run by default: neighbours in the lists are of one kind.
CASES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.slow] if place % every else [])
    for files, every in ((FILES, 9), (TABLES, 15), (RECORDS, 9), (UNSEEN, 10), (PROGRAMS, 5))
    for place, one in enumerate(files)
]


@pytest.mark.r
@pytest.mark.parametrize("strange", CASES)
def test_the_first_try_is_right(tmp_path, strange):
    path = tmp_path / strange.name
    strange.write(path)
    right, told = judge(path, strange.right)
    assert right, told
