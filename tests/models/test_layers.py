"""The floors of the room: data, then fitting, then baselines, explanations and validation."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import exprstats.models

ROOT = Path(exprstats.models.__file__).parent
BELOW = {
    "data": set(),
    "fitting": {"data"},
    "baselines": {"data", "fitting"},
    "explain": {"data", "fitting"},
    "validation": {"data", "fitting"},
}


def list_imports():
    """Yield each module of the room and those of the room that it imports, for types as well."""
    for path in sorted(ROOT.glob("*/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        used = {one.removeprefix("exprstats.models.") for one in modules if ".models." in one}
        yield f"{path.parent.name}.{path.stem}", used


def test_no_module_imports_itself_by_way_of_others():
    order = list(TopologicalSorter(dict(list_imports())).static_order())
    assert len(order) >= 25


def test_a_floor_imports_only_what_lies_below_it():
    for module, used in list_imports():
        floor = module.split(".")[0]
        assert {one.split(".")[0] for one in used} <= BELOW[floor] | {floor}, module
