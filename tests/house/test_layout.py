"""The layout of the house: files, folders, functions, parameters and names."""

import ast
import re
import subprocess
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


@pytest.fixture(scope="module")
def lengths():
    return {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}


def test_no_file_is_over_400_lines(lengths):
    long = {name_file(path): length for path, length in lengths.items() if length > 400}
    assert not long, "split them by concept"


def test_the_house_keeps_its_size(lengths, capsys):
    modules = sorted(lengths[path] for path in MODULES)
    total = sum(lengths[path] for path in PACKAGE)
    with capsys.disabled():
        print(f"\n{len(modules)} modules, {total:,} lines, median {modules[len(modules) // 2]}")
    assert len(modules) <= 360
    assert total <= 93_900


def test_a_folder_holds_at_most_12_modules_unless_it_is_a_list():
    for folder in FOLDERS:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= 12 or folder.name in LISTS, name_file(folder)
        assert len(folder.relative_to(ROOT / "exprstats").parts) <= 2, name_file(folder)


def test_the_first_line_of_a_file_is_a_noun_phrase(trees):
    for path, tree in trees.items():
        title = ast.get_docstring(tree).splitlines()[0]
        assert title.endswith("."), name_file(path)
        assert not QUESTIONS.match(title), f"{name_file(path)}: {title}"


def test_functions_read_top_to_bottom_and_take_few_positional_parameters(nodes):
    for path, held in nodes.items():
        for function in held:
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            told = f"{name_file(path)}: {function.name}"
            assert count_body_lines(function) <= 60, f"{told} is too long"
            positional = [*function.args.posonlyargs, *function.args.args]
            names = [one.arg for one in positional if one.arg not in {"self", "cls"}]
            if "cli" not in path.parts:
                assert len(names) <= 5, f"{told} takes {len(names)} positional parameters"


def test_no_module_is_a_drawer_and_none_shares_its_name_with_a_function_beside_it(trees):
    for folder in FOLDERS:
        modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
        assert not modules & DRAWERS, name_file(folder)
        beside = [node for path in folder.glob("*.py") for node in trees[path].body]
        functions = {node.name for node in beside if isinstance(node, ast.FunctionDef)}
        assert not modules & functions, name_file(folder)


def test_imports_by_name_happen_in_two_places_only(nodes):
    for path, held in nodes.items():
        if name_file(path) == "exprstats/__init__.py" or "rbridge" in path.parts:
            continue
        for node in held:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found = any(name.split(".")[0] == "importlib" for name in names)
            assert not found, f"{name_file(path)}:{node.lineno}"


def test_users_never_meet_a_bare_except_or_a_print(nodes):
    for path, held in nodes.items():
        for node in held:
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{name_file(path)}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found = node.func.id in {"print", "eval", "exec"}
                assert not found, f"{name_file(path)}:{node.lineno}"


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
