"""No module imports itself by way of others, inside a room or between rooms.

Imports inside functions count; those for type checkers only, which never run, do not.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "exprstats").rglob("*.py"))


def name_module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_module(path): path for path in FILES}
ROOMS = sorted({name.split(".")[1] for name in MODULES if "." in name})


def walk_running(node):
    """Yield the statements below a node but those under `if TYPE_CHECKING`."""
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        child = waiting.pop()
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            waiting += child.orelse
        elif not isinstance(child, ast.expr):  # in which no import can stand
            yield child
            waiting += ast.iter_child_nodes(child)


def list_imports(tree):
    """Return the modules of exprstats that a module's source names."""
    found = set()
    for node in walk_running(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            named = inner & set(MODULES)
            found |= named | ({node.module} if inner - named else set())
    return {name for name in found if name in MODULES}


def find_circles(edges):
    """Return the sets of modules that reach each other (Tarjan, 1972)."""
    order, low, stack, circles = {}, {}, [], []

    def visit(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(edges[name]):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            circle = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(circle) > 1 or name in edges[name]:
                circles.append(sorted(circle))

    for name in sorted(edges):
        if name not in order:
            visit(name)
    return circles


@pytest.fixture(scope="module")
def circles(trees):
    return find_circles({name: list_imports(trees[path]) for name, path in MODULES.items()})


@pytest.mark.parametrize("room", ROOMS)
def test_no_import_circle_passes_through_a_room(room, circles):
    inside = [one for one in circles if any(name.split(".")[1:2] == [room] for name in one)]
    assert not inside, "\n".join(" <-> ".join(circle) for circle in inside)


def test_a_circle_is_found():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}, "e": {"a"}}
    assert sorted(find_circles(edges)) == [["b", "c"], ["d"]]


def test_imports_inside_functions_count_and_those_of_types_do_not():
    source = """
from typing import TYPE_CHECKING
from exprstats import errors
if TYPE_CHECKING:
    from exprstats.results import Result
else:
    from exprstats import codes
def late():
    from exprstats.inference.metrics import find_metrics, metric
"""
    found = {
        "exprstats.codes",
        "exprstats.errors",
        "exprstats.inference.metrics",
        "exprstats.inference.metrics.metric",
    }
    assert list_imports(ast.parse(source)) == found
