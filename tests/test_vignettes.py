"""Every vignette runs, and the figures that its text states are asserted in it."""

import runpy
from pathlib import Path

import pytest

VIGNETTES = sorted((Path(__file__).parents[1] / "vignettes").glob("*.py"))


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.stem)
def test_the_vignette_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.stem)
def test_the_vignette_asserts_what_it_states(path):
    assert path.read_text(encoding="utf-8").count("\nassert ") >= 5
