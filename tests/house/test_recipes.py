"""The five recipes of CONTRIBUTING.md, carried out in a copy of the package.

Each recipe is a set of edits to files. The copy then has one more metric, baseline, section,
command and study key, and a program that uses them finds all of it with no other edit.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

METRIC = """
    Metric(
        "median_error",
        lambda truth, prediction: float(np.median(np.abs(prediction - truth))),
        direction="lower",
        range=(0, np.inf),
        label="median error",
    ),
    Metric(
        "calibration_slope","""
BASELINE = '''def guess_median(predictions: Models | pd.DataFrame) -> pd.DataFrame:
    """Guess each clip by the median truth of the training clips of the same fit."""
    frame = take_skeleton(predictions, "median")
    fit = name_fits(frame)
    return frame.assign(prediction=fit.map(keep_training(frame, "a median").groupby(fit).median()))


def guess_mean('''
SECTION = '''"""Section on surprise."""

from exprstats.document.model import Section
from exprstats.document.text import say
from exprstats.report.analysis import Analysis


def describe_surprise(analysis: Analysis) -> Section | None:
    """Return the section, or None without surprise."""
    if analysis.surprise is None:
        return None
    return Section("surprise", "Surprise", sentences=(say("Nobody knew."),))
'''
COMMAND = '''"""``exprstats greet``: a greeting."""

from exprstats.cli.options import JsonOption
from exprstats.cli.session import open_session


def greet_user(json: JsonOption = None) -> None:
    """Greet."""
    with open_session("greet", json=json) as session:
        session.say("Good morning.")
'''
_FIT = "from exprstats.cli.fit import"
_TRAIN = "        train=shares.train,"
# File to (text that is there, text in its place); of a new file there is nothing to replace.
RECIPES = {
    "metric": {
        "exprstats/inference/metrics/regression.py": [
            ('\n    Metric(\n        "calibration_slope",', METRIC)
        ],
        "exprstats/options.py": [('    "mae",\n', '    "mae",\n    "median_error",\n')],
    },
    "baseline": {
        "exprstats/models/baselines/guesses.py": [("def guess_mean(", BASELINE)],
        "exprstats/options.py": [
            ('"mean", "majority"]', '"mean", "majority", "median"]'),
            ('    "mean": "Mean', '    "median": "Median baseline",\n    "mean": "Mean'),
            ('    "mean": "the mean', '    "median": "the median",\n    "mean": "the mean'),
        ],
        "exprstats/study/stages/central.py": [
            ('        "mean": guess_mean,', '        "mean": guess_mean, "median": guess_median,'),
            (
                "    def draw_uniform(",
                "    from exprstats.models.baselines.guesses import guess_median\n\n"
                "    def draw_uniform(",
            ),
        ],
    },
    "section": {
        "exprstats/results.py": [('"errors", "subjects"', '"errors", "surprise", "subjects"')],
        "exprstats/report/sections/surprise.py": [("", SECTION)],
        "exprstats/report/outline.py": [
            (
                '    (("errors",),',
                '    (("surprise",), "surprise:describe_surprise"),\n    (("errors",),',
            )
        ],
    },
    "command": {
        "exprstats/cli/greet.py": [("", COMMAND)],
        "exprstats/cli/program.py": [
            (_FIT, f"from exprstats.cli.greet import greet_user\n{_FIT}"),
            ('    ("fit", fit_clips),', '    ("fit", fit_clips),\n    ("greet", greet_user),'),
        ],
    },
    "study key": {
        "exprstats/study/settings.py": [
            (
                "    stratify: Annotated[bool | str, read_strata] = False",
                "    stratify: Annotated[bool | str, read_strata] = False\n"
                "    noted: Annotated[bool, read_flag] = False",
            )
        ],
        "exprstats/study/stages/central.py": [
            (
                "    check_strata(study, clips, style=style)",
                '    log.notes += ["Noted."] if shares.noted else []\n'
                "    check_strata(study, clips, style=style)",
            )
        ],
    },
}
MOST = {"metric": 3, "baseline": 3, "section": 3, "command": 2, "study key": 3}
# What a user does with each; it is run in the copy.
PROGRAM = '''
import json, sys, warnings
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
import pandas as pd
import exprstats as ex
from typer.testing import CliRunner
from exprstats.cli.program import app
from exprstats.report.analysis import gather_analysis
from exprstats.report.folder import collect_results
from exprstats.report.outline import build_document
from exprstats.document.terminal import render_section
from exprstats.results import Result

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
assert Path(ex.__file__).is_relative_to(folder), ex.__file__
help_of = lambda *words: " ".join(CliRunner().invoke(app, [*words, "--help"]).output.split())
found = {}

keys = """seed = 1
[clips]
file = "clips.csv"
target = "au_count"
features = ["au_intensity"]
[split]
noted = true
[[models]]
name = "elastic"
kind = "elastic"
[[models]]
name = "median"
kind = "median"
[compare]
metrics = ["median_error"]
draws = 100
calibration = false
"""
(folder / "study.toml").write_text(keys, encoding="utf-8")
study = ex.simulate_expressiveness(subjects=30, seed=1)
study.clips.to_csv(folder / "clips.csv", index=False)
run = ex.run_study(ex.read_study(folder / "study.toml"))
table = run.comparison.tidy()
document = build_document(gather_analysis(run))
page = " ".join(str(one.sentences) for one in document.sections)

tests = run.predictions[run.predictions["model"] == "median"]
found["metric"] = (
    "median_error" in ex.inference.list_metrics()
    and "median_error" in help_of("compare")
    and set(table["metric"]) == {"median_error"}
    and table["conf_low"].notna().any()
)
truths = study.clips.merge(run.parts, on="subject").query("part == 'train'")
middle = truths.groupby("context")["au_count"].median()
own = tests[tests["fitted_on"] == "context"]
found["baseline"] = (
    (own["prediction"] == own["context"].map(middle)).all()
    and "Median baseline" in str([one.tables for one in document.sections])
    and "the median" in page
)
found["study key"] = "Noted." in run.provenance.notes


@dataclass(frozen=True, slots=True, eq=False)
class Surprise(Result):
    place: ClassVar[str] = "surprise"
    table: pd.DataFrame
    def glance(self): return self.table
    def sentence(self): return "Nobody knew."


analysis = gather_analysis([Surprise(pd.DataFrame({"estimate": [1.0]})), *run.results])
titles = [one.title for one in build_document(analysis).sections]
found["section"] = "surprise" in collect_results(analysis) and "Surprise" in titles

greeted = CliRunner().invoke(app, ["greet", "--json", "-"])
found["command"] = (
    "greet" in help_of()
    and json.loads(greeted.stdout)["command"] == "greet"
    and "Good morning." in CliRunner().invoke(app, ["greet"]).stdout
)
print(json.dumps({name: bool(held) for name, held in found.items()}))
'''


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Which of the new things a program finds in a copy with the edits of all recipes."""
    folder = tmp_path_factory.mktemp("copy")
    # With bytecode and times of files, so that only what is edited is compiled anew; bytecode that
    # another process is writing has a longer name, and may be gone.
    half = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(ROOT / "exprstats", folder / "exprstats", ignore=half)
    for edits in RECIPES.values():
        for name, changes in edits.items():
            path = folder / name
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            for old, new in changes:
                assert text.count(old) == 1, f"{name} has {text.count(old)} times {old!r}"
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
    (folder / "use.py").write_text(PROGRAM, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, folder / "use.py", folder],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_needs_no_other_edit(name, found):
    assert found[name]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_touches_few_files_and_these_are_told(name, capsys):
    with capsys.disabled():
        print(f"\na {name} touches {len(RECIPES[name])} files", end="")
    assert len(RECIPES[name]) <= MOST[name]
    [told] = re.findall(rf"^\*\*A {name}\.\*\* (.*?)\n\n", TEXT, flags=re.MULTILINE | re.DOTALL)
    paths = set(re.findall(r"`(exprstats/[\w./]+)`", told))
    for file in RECIPES[name]:
        assert file in paths or str(Path(file).parent) in paths, file
    made = {file for file in paths if file.endswith(".py")}
    assert made <= set(RECIPES[name]), "the recipe names a file that it does not need"
