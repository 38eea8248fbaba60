"""The pages for contributors and for those who cite: every path that they name is there."""

import re
import tomllib
from pathlib import Path

import pytest

import exprstats
from exprstats import options, results
from exprstats.report import outline
from exprstats.study.stages import central as stages

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:exprstats|tests|r)/[\w./]+)`", TEXT)))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_for_contributors_is_there(path):
    assert (ROOT / path).exists()


def test_the_recipes_name_what_there_is():
    assert len(PATHS) > 25
    named = {
        options: ("MetricName", "BaselineKind", "KIND_NAMES", "GUESSES"),
        results: ("PLACES",),
        outline: ("SECTIONS",),
        stages: ("guess_baselines",),
    }
    for module, names in named.items():
        for name in names:
            assert f"`{name}`" in TEXT and hasattr(module, name), name
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"\bmake (\w+)", TEXT)) <= set(targets)


def test_the_citation_is_of_this_version():
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    held = dict(line.split(": ", 1) for line in lines if re.match(r"[\w-]+: ", line))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert held["cff-version"] == "1.2.0"
    assert held["version"] == exprstats.__version__ == project["version"]
    assert held["license"] == project["license"]
    assert set(held) >= {"message", "title", "type"}
    authors = [line for line in lines if line.startswith("  - name: ")]
    assert authors == [f'  - name: "{one["name"]}"' for one in project["authors"]]
