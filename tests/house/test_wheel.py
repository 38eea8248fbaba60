"""What a user installs: the wheel carries the R half, and its command line runs from it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

ROOT = Path(__file__).parents[2]
# Small forests, few penalties, draws, panels of raters and new people, and one figure in place of
# each: what these are by default is tested where they are made.
DEMO = """
import shutil, sys
from pathlib import Path
import exprstats
assert Path(exprstats.__file__).resolve().is_relative_to(Path.cwd().resolve()), exprstats.__file__
from exprstats.cli import demo
from exprstats.models import Trees, contrast_contexts, fit_elastic, fit_forest
from exprstats.report import folder
from exprstats.study import recovery

fit_forest.__kwdefaults__["trees"] = Trees(10)
for verb in (fit_elastic, contrast_contexts):
    verb.__kwdefaults__["l1_ratios"] = (0.0, 0.5, 1.0)
recovery.PANELS, recovery.FRESH = 10, 200
demo._STUDY = demo._STUDY.replace("draws = 500", "draws = 100")
drawn = []

def save(plot, stem, *, draw=folder.save_figure):
    drawn[:] = drawn or draw(plot, stem)
    files = [stem.with_name(stem.name + one.suffix) for one in drawn]
    for one, file in zip(drawn, files):
        one == file or shutil.copy(one, file)
    return files

folder.save_figure = save
from exprstats.cli import run
sys.exit(run())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    [made] = folder.glob("*.whl")
    return made


def hash_files(pairs):
    return {name: hashlib.sha256(content).hexdigest() for name, content in pairs}


def test_the_wheel_carries_the_r_files_as_they_are(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = hash_files(
            (Path(name).name, archive.read(name))
            for name in archive.namelist()
            if name.startswith("exprstats/_r/")
        )
        names = archive.namelist()
    kept = hash_files((path.name, path.read_bytes()) for path in (ROOT / "r" / "R").glob("*.R"))
    assert packed == kept != {}
    assert "exprstats/py.typed" in names
    assert "exprstats/__init__.pyi" in names
    assert not any(name.startswith(("tests/", "vignettes/")) for name in names)


@pytest.fixture(scope="module")
def demonstration(wheel, tmp_path_factory):
    """What the demonstration said from the wheel, and the folder that it wrote."""
    place = tmp_path_factory.mktemp("demo")
    target = place / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    # Without workers of its own: their start-up costs more than 20 people do.
    options = ["--subjects", "20", "--seed", "2", "--out", "report", "--n-jobs", "1"]
    run = subprocess.run(
        [sys.executable, "-c", DEMO, "demo", *options],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout, place / "report"


def test_the_demonstration_runs_from_the_wheel(demonstration):
    assert (demonstration[1] / "index.html").stat().st_size > 10_000


def test_demo_compares_estimates_with_the_truth(demonstration):
    out, report = demonstration
    assert "intervals hold the true value" in out
    for word in ("Truth", "Estimate", "inside", "startle", "elastic, r"):
        assert word in out
    assert (report / "index.html").is_file()
    assert (report / "data" / "study.toml").is_file()
    again = ["demo", "--out", str(report), "--subjects", "20", "--seed", "2"]
    assert CliRunner().invoke(app, again).exit_code == 2
