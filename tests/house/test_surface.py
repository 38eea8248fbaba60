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
HEAVY = {
    *("pandas", "numpy", "scipy", "sklearn", "torch", "cv2", "rpy2", "plotnine", "matplotlib"),
    *("statsmodels", "pingouin", "great_tables", "jinja2", "joblib", "rich", "openpyxl"),
}


def list_loaded(code):
    script = f"import sys\n{code}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    return set(run.stdout.splitlines()[-1].split())


def test_a_cold_import_loads_nothing_heavy():
    assert not list_loaded("import exprstats") & HEAVY


def test_the_help_of_the_command_line_loads_nothing_heavy():
    code = (
        "from exprstats.cli import run\n"
        "sys.argv = ['exprstats', '--help']\n"
        "try: run()\n"
        "except SystemExit: pass"
    )
    assert not list_loaded(code) & HEAVY


def test_rooms_load_slow_packages_only_when_they_need_them():
    slow = {"sklearn", "statsmodels", "pingouin", "plotnine", "torch", "rpy2", "joblib"}
    rooms = ("inference", "reliability", "measurement", "behaviour", "io", "models")
    # What all of them together do not load, none of them does.
    assert not list_loaded("\n".join(f"import exprstats.{room}" for room in rooms)) & slow


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_resolve_and_are_documented(name):
    thing = getattr(exprstats, name)
    assert name in exprstats.__all__
    assert inspect.getdoc(thing)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_have_every_type(name):
    thing = getattr(exprstats, name)
    if not inspect.isfunction(thing):
        return
    assert set(thing.__annotations__) == {*inspect.signature(thing).parameters, "return"}


def test_public_results_can_tell_what_they_found():
    from exprstats.results import Result

    classes = [thing for name in PUBLIC if inspect.isclass(thing := getattr(exprstats, name))]
    results = [thing for thing in classes if issubclass(thing, Result)]
    for result in results:
        assert result.__dataclass_params__.frozen
        assert not result.__abstractmethods__


def test_rooms_are_attributes_of_the_package():
    rooms = "behaviour inference io measurement models plots reliability report simulate study"
    code = (
        f"import exprstats as ex\nfor room in '{rooms}'.split(): assert getattr(ex, room).__doc__"
    )
    assert "exprstats" in list_loaded(code)


VERBS = [name for name in PUBLIC if inspect.isfunction(getattr(exprstats, name))]


@pytest.mark.parametrize("name", VERBS)
def test_docstrings_of_verbs_are_complete(name):
    verb = getattr(exprstats, name)
    text, signature = inspect.getdoc(verb) or "", inspect.signature(verb)
    needed = {"Parameters", "Examples"} if signature.parameters else {"Examples"}
    needed |= set() if signature.return_annotation in {"None", None} else {"Returns"}
    assert needed <= set(re.findall(r"^([A-Z][a-z]+)\n-+$", text, flags=re.MULTILINE))
    listed = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : .*)?$", text, flags=re.MULTILINE)
    told = {one.strip("* ") for line in listed for one in line.split(",")}
    assert set(signature.parameters) <= told


def read_docstring(name):
    """Return a verb's docstring before its examples, and the names of its sections."""
    text = inspect.getdoc(getattr(exprstats, name)) or ""
    sections = set(re.findall(r"^([A-Z][a-z]+)\n-+$", text, flags=re.MULTILINE))
    return text.split("Examples\n----")[0], sections


@pytest.mark.parametrize("name", VERBS)
def test_verbs_that_raise_say_what(name):
    source = inspect.getsource(getattr(exprstats, name))
    raised = any(isinstance(node, ast.Raise) for node in ast.walk(ast.parse(source)))
    checked = re.search(r"^    check_\w+\(", source, flags=re.MULTILINE)
    assert not (raised or checked) or "Raises" in read_docstring(name)[1]


@pytest.mark.parametrize("name", VERBS)
def test_a_source_that_a_verb_cites_is_listed(name):
    text, sections = read_docstring(name)
    cited = re.search(r"[A-Z][a-z]+,? (and|&) [A-Z]\w+,? \(?(18|19|20)\d\d", text)
    assert not cited or "References" in sections


# These need networks, stored models, or places where files go: their tests run them.
SHOWN = {
    *("ablate_modalities", "adapt_people", "rate_labels", "load_factor", "load_models"),
    *("save_figure", "write_report"),
}


@pytest.mark.parametrize("name", VERBS)
def test_the_example_of_a_verb_runs(name):
    text = inspect.getdoc(getattr(exprstats, name)) or ""
    assert (">>>" in text.split("Examples\n----")[1]) is (name not in SHOWN)
