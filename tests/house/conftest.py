"""The package's modules, each parsed once for all rules of the house."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def trees():
    """The syntax tree of each module of the package, by its path."""
    paths = sorted((ROOT / "exprstats").rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="session")
def nodes(trees):
    """The nodes of each module of the package, itself first, by its path."""
    return {path: list(ast.walk(tree)) for path, tree in trees.items()}
