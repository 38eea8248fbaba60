"""What a user meets first: public names, their docstrings and types, and what an import costs."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import exprstats

ROOT = Path(__file__).parents[2]
STUB = ast.parse((ROOT / "exprstats" / "__init__.pyi").read_text(encoding="utf-8"))
PUBLIC = sorted(
    alias.name for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names
)
VERBS = [name for name in PUBLIC if inspect.isfunction(getattr(exprstats, name))]
HEAVY = {
    *("pandas", "numpy", "scipy", "sklearn", "torch", "cv2", "rpy2", "plotnine", "matplotlib"),
    *("statsmodels", "pingouin", "great_tables", "jinja2", "joblib", "rich", "openpyxl"),
}


# One process does it all: what was loaded after a stage is what all stages so far have loaded.
STAGES = """
import sys

def run(*words):
    from exprstats.cli import run
    sys.argv = ["exprstats", *words]
    try: run()
    except SystemExit as done: assert not done.code, done.code

def tell(stage):
    print("loaded", stage, *sorted({name.split(".")[0] for name in sys.modules}))

import exprstats as ex
tell("import")
run("--help")
tell("help")
for command in ("check", "reliability"):
    run(command, "ratings.csv", "--json", f"{command}.json")
    tell(command)
for room in "inference reliability measurement behaviour io models".split():
    __import__(f"exprstats.{room}")
tell("rooms")
rooms = "behaviour inference io measurement models plots reliability report simulate study"
for room in rooms.split():
    assert getattr(ex, room).__doc__
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The packages that were loaded when a stage had ended, by the stage."""
    place = tmp_path_factory.mktemp("loaded")
    rows = [f"c{n // 3},w{n % 3},{n % 5}" for n in range(18)]
    table = "\n".join(["clip,rater,rating", *rows])
    (place / "ratings.csv").write_text(table, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", STAGES], cwd=place, capture_output=True, text=True, timeout=120
    )
    assert not run.returncode, run.stderr
    assert {path.name for path in place.glob("*.json")} == {"check.json", "reliability.json"}
    lines = [line.split() for line in run.stdout.splitlines() if line.startswith("loaded ")]
    return {stage: set(names) for _, stage, *names in lines}


@pytest.mark.parametrize("stage", ["import", "help"])
def test_a_cold_import_and_the_help_load_nothing_heavy(stage, loaded):
    assert "exprstats" in loaded[stage]
    assert not loaded[stage] & HEAVY


@pytest.mark.parametrize("command", ["check", "reliability"])
def test_a_command_on_a_small_file_loads_nothing_that_it_does_not_use(command, loaded):
    unused = HEAVY - {"pandas", "numpy", "scipy"} | {"pydantic", "pydantic_core"}
    assert "pandas" in loaded[command]
    assert not loaded[command] & unused


def test_rooms_load_slow_packages_only_when_they_need_them(loaded):
    slow = {"sklearn", "statsmodels", "pingouin", "plotnine", "torch", "rpy2", "joblib"}
    # What all of them together do not load, none of them does.
    assert not loaded["rooms"] & slow


def test_public_names_resolve_and_are_documented():
    for name in PUBLIC:
        assert name in exprstats.__all__
        assert inspect.getdoc(getattr(exprstats, name)), name


def test_public_functions_have_every_type():
    for name in VERBS:
        thing = getattr(exprstats, name)
        needed = {*inspect.signature(thing).parameters, "return"}
        assert set(thing.__annotations__) == needed, name


def test_public_results_can_tell_what_they_found():
    from exprstats.results import Result

    classes = [thing for name in PUBLIC if inspect.isclass(thing := getattr(exprstats, name))]
    results = [thing for thing in classes if issubclass(thing, Result)]
    for result in results:
        assert result.__dataclass_params__.frozen
        assert not result.__abstractmethods__


def test_docstrings_of_verbs_are_complete():
    for name in VERBS:
        verb = getattr(exprstats, name)
        text, signature = inspect.getdoc(verb) or "", inspect.signature(verb)
        needed = {"Parameters", "Examples"} if signature.parameters else {"Examples"}
        needed |= set() if signature.return_annotation in {"None", None} else {"Returns"}
        sections = set(re.findall(r"^([A-Z][a-z]+)\n-+$", text, flags=re.MULTILINE))
        assert needed <= sections, name
        listed = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : .*)?$", text, flags=re.MULTILINE)
        told = {one.strip("* ") for line in listed for one in line.split(",")}
        assert set(signature.parameters) <= told, name


def read_docstring(name):
    """Return a verb's docstring before its examples, and the names of its sections."""
    text = inspect.getdoc(getattr(exprstats, name)) or ""
    sections = set(re.findall(r"^([A-Z][a-z]+)\n-+$", text, flags=re.MULTILINE))
    return text.split("Examples\n----")[0], sections


def test_verbs_that_raise_say_what():
    for name in VERBS:
        source = inspect.getsource(getattr(exprstats, name))
        raised = any(isinstance(node, ast.Raise) for node in ast.walk(ast.parse(source)))
        checked = re.search(r"^    check_\w+\(", source, flags=re.MULTILINE)
        assert not (raised or checked) or "Raises" in read_docstring(name)[1], name


def test_a_source_that_a_verb_cites_is_listed():
    for name in VERBS:
        text, sections = read_docstring(name)
        cited = re.search(r"[A-Z][a-z]+,? (and|&) [A-Z]\w+,? \(?(18|19|20)\d\d", text)
        assert not cited or "References" in sections, name


# These need networks, stored models, or places where files go: their tests run them.
SHOWN = {
    *("ablate_modalities", "adapt_people", "rate_labels", "load_factor", "load_models"),
    *("save_figure", "write_report"),
}


def test_the_example_of_a_verb_runs():
    for name in VERBS:
        text = inspect.getdoc(getattr(exprstats, name)) or ""
        assert (">>>" in text.split("Examples\n----")[1]) is (name not in SHOWN), name
