"""Every vignette runs, and the figures that its text states are asserted in it."""

import runpy
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "vignettes"
VIGNETTES = sorted(FOLDER.glob("*.py"))
# Tests of restrictions and of invariance are lavaan's.
NEED_R = {"measurement"}
NEED_TORCH = {"adaptation", "networks"}
MARKS = {name: pytest.mark.r for name in NEED_R} | {name: pytest.mark.torch for name in NEED_TORCH}
RUNS = [
    pytest.param(path, id=path.stem, marks=[MARKS[path.stem]] if path.stem in MARKS else [])
    for path in VIGNETTES
]


@pytest.mark.usefixtures("blank_pictures")
@pytest.mark.parametrize("path", RUNS)
def test_the_vignette_runs(path, tmp_path, monkeypatch):
    for table in FOLDER.glob("*.csv"):
        shutil.copy(table, tmp_path)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.stem)
def test_the_vignette_asserts_what_it_states(path):
    assert path.read_text(encoding="utf-8").count("\nassert ") >= 5
