"""The layout of the house: files, folders, functions, parameters and names."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = sorted((ROOT / "exprstats").rglob("*.py"))
SOURCES = [
    path
    for folder in ("exprstats", "r", "tests", "vignettes")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".R"}
]
MODULES = [path for path in PACKAGE if path.name != "__init__.py"]
FOLDERS = sorted({path.parent for path in PACKAGE})
LISTS = {"cli", "sections"}
QUESTIONS = re.compile(r"(What|Where|Which|How|Whether|Who|Why|When|Is|Are|Does|Do)\b")
DRAWERS = {"utils", "helpers", "base", "common", "core", "misc"}


@cache
def walk_file(path):
    """Return the nodes of a module, itself first; each is read once for all rules."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.fixture(scope="module", autouse=True)
def forget_files():
    yield
    walk_file.cache_clear()


def parse_functions(path):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in walk_file(path) if isinstance(node, kinds)]


def count_body_lines(function):
    body = function.body
    if (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    ):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def name_file(path):
    return path.relative_to(ROOT).as_posix()


def count_lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", SOURCES, ids=name_file)
def test_no_file_is_over_400_lines(path):
    assert count_lines(path) <= 400, "split it by concept"


def test_the_house_keeps_its_size(capsys):
    lengths = sorted(map(count_lines, MODULES))
    total = sum(map(count_lines, PACKAGE))
    with capsys.disabled():
        print(f"\n{len(MODULES)} modules, {total:,} lines, median {lengths[len(lengths) // 2]}")
    assert len(MODULES) <= 347
    assert total <= 90_320


@pytest.mark.parametrize("folder", FOLDERS, ids=name_file)
def test_a_folder_holds_at_most_12_modules_unless_it_is_a_list(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= 12 or folder.name in LISTS
    assert len(folder.relative_to(ROOT / "exprstats").parts) <= 2


@pytest.mark.parametrize("path", PACKAGE, ids=name_file)
def test_the_first_line_of_a_file_is_a_noun_phrase(path):
    title = ast.get_docstring(walk_file(path)[0]).splitlines()[0]
    assert title.endswith(".")
    assert not QUESTIONS.match(title), title


@pytest.mark.parametrize("path", PACKAGE, ids=name_file)
def test_functions_read_top_to_bottom_and_take_few_positional_parameters(path):
    for function in parse_functions(path):
        assert count_body_lines(function) <= 60, f"{function.name} is too long"
        positional = [*function.args.posonlyargs, *function.args.args]
        names = [argument.arg for argument in positional if argument.arg not in {"self", "cls"}]
        if "cli" not in path.parts:
            assert len(names) <= 5, f"{function.name} takes {len(names)} positional parameters"


@pytest.mark.parametrize("folder", FOLDERS, ids=name_file)
def test_no_module_is_a_drawer_and_none_shares_its_name_with_a_function_beside_it(folder):
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not modules & DRAWERS
    trees = [walk_file(path)[0] for path in folder.glob("*.py")]
    functions = {f.name for tree in trees for f in tree.body if isinstance(f, ast.FunctionDef)}
    assert not modules & functions


@pytest.mark.parametrize("path", PACKAGE, ids=name_file)
def test_imports_by_name_happen_in_two_places_only(path):
    if name_file(path) == "exprstats/__init__.py" or "rbridge" in path.parts:
        return
    for node in walk_file(path):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not any(name.split(".")[0] == "importlib" for name in names)


@pytest.mark.parametrize("path", PACKAGE, ids=name_file)
def test_users_never_meet_a_bare_except_or_a_print(path):
    for node in walk_file(path):
        assert not (isinstance(node, ast.ExceptHandler) and node.type is None)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "eval", "exec"}


def test_every_warning_points_at_the_line_of_its_user():
    calls = [path.name for path in PACKAGE if "warnings.warn(" in path.read_text(encoding="utf-8")]
    assert calls == ["errors.py"], "use errors.warn_user"


def test_no_tracked_file_is_over_200_kb():
    kept = [
        path
        for folder in ("exprstats", "r", "tests", "vignettes")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {name_file(path) for path in kept if path.stat().st_size > 200_000} == set()


def test_nothing_stands_beside_the_rooms():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this copy is no git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    rooms = {"exprstats", "r", "tests", "vignettes", ".ci"}
    needed = {*rooms, ".gitignore", "LICENSE", "Makefile", "README.md", "pyproject.toml"}
    may = {".git-blame-ignore-revs", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md"}
    assert needed <= top <= needed | may


def test_witnesses_import_nothing_from_exprstats():
    for path in (ROOT / "tests" / "oracles").rglob("*"):
        if path.suffix in {".py", ".R"}:
            assert "exprstats" not in path.read_text(encoding="utf-8"), path.name
