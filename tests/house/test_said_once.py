"""Words and numbers that are said once, and code that somebody uses.

A sentence, a message, or a constant that two modules spell out for themselves will one day differ
in one of them; a parameter that nobody sets or reads is a promise that nobody keeps.
"""

import ast
from collections import defaultdict
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "exprstats"
WORDS = 4


def name_file(path):
    return path.relative_to(PACKAGE).as_posix()


def find_docstrings(nodes):
    held = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in nodes if isinstance(node, held) and node.body]
    return {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}


def list_sentences(nodes):
    """Return the texts of at least four words of a module, docstrings apart."""
    documented = find_docstrings(nodes)
    return {
        node.value.strip()
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
        and len([word for word in node.value.split() if word.strip("{}.,;:=()[]'").isalpha()])
        >= WORDS
    }


def list_constants(nodes):
    """Return the written-out texts and tuples, lists, sets or dicts of texts that have a name."""
    found = {}
    for node in nodes[0].body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            name, value = node.target.id, node.value
        else:
            continue
        try:
            held = ast.literal_eval(value)
        except ValueError:
            continue
        several = isinstance(held, tuple | list | set | dict) and len(held) > 1
        if several or (isinstance(held, str) and len(held) > 12):
            found[repr(held)] = name
    return found


def list_numbers(nodes):
    """Return the numbers that have a name, by both: FEW_CLUSTERS = 10."""
    return {
        (node.targets[0].id.strip("_"), ast.unparse(node.value))
        for node in nodes[0].body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int | float)
    }


# The same name and number of things that have nothing to do with each other.
APART = {
    # Halves of sentences whose other half differs.
    *("there is no column '", "Give a file that", "raters nested in subjects"),
    *("' belongs to more than one", "' is not known. Usual ones are utf-8 and cp1252."),
    *(", far from the other values (", ", which is read. Choose another folder."),
    *(": no clips in the", "; it must be a number above 0.", "; it must be at least 1."),
    *("; it must be a share from 0 to below 1.", "the estimates have no column '"),
    *("If contexts share ids, name their column with", "Name the column with"),
    *("expressions in which it is defined", "in more than one part, such as '"),
    *("on the validation subjects", "the file cannot be read (", "the workbook cannot be read ("),
    *("there is no item '", "too few for intervals, which need"),
    "There is no reliability of the scores:",
    # Names of layouts and what is printed of them.
    *("models side by side", "one row per rating"),
    *(("VERSION", "1"), ("FEWEST_CLIPS", "3"), ("FEWEST_SUBJECTS", "3"), ("SLACK", "1e-09")),
    *(("FEWEST", "3"), ("FEWEST", "4"), ("FEWEST", "10"), ("FEW", "2"), ("FPS", "30")),
    *(("SHOWN", "3"), ("SHOWN", "40")),
    *(("MOST", "4"), ("MOST", "5"), ("MOST_NAMED", "4"), ("MOST_NAMED", "5")),
}


@pytest.mark.parametrize(
    ("kind", "collect"),
    [("a sentence", list_sentences), ("a list", list_constants), ("a number", list_numbers)],
)
def test_two_modules_do_not_say_the_same(kind, collect, nodes):
    places = defaultdict(list)
    for path, own in nodes.items():
        for held in collect(own):
            places[held].append(name_file(path))
    twice = {held: found for held, found in places.items() if len(found) > 1 and held not in APART}
    told = "\n".join(
        f"{held}: {', '.join(found)}" for held, found in sorted(twice.items(), key=str)
    )
    assert not twice, f"{kind} that two modules spell out; name it once and import it:\n{told}"


def count_calls(nodes):
    """Return the calls of each name in the package and its tests, and how often it is named."""
    calls, named = defaultdict(list), defaultdict(int)
    tests = (ROOT / "tests").rglob("*.py")
    # Trees of tests are read for this rule only, and go.
    read = (ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in tests)
    for node in chain(*nodes.values(), chain.from_iterable(read)):
        if isinstance(node, ast.Call):
            calls[getattr(node.func, "id", getattr(node.func, "attr", None))].append(node)
        elif isinstance(node, ast.Name):
            named[node.id] += 1
        elif isinstance(node, ast.Attribute):
            named[node.attr] += 1
    for node in nodes[PACKAGE / "report" / "outline.py"]:
        if isinstance(node, ast.Constant):
            named[str(node.value).rpartition(":")[2]] += 1
    return calls, named


def sets_parameter(call, name, place):
    if any(word.arg in {name, None} for word in call.keywords):
        return True
    return len(call.args) > place or any(isinstance(one, ast.Starred) for one in call.args)


def list_unused(function, calls):
    """Yield the parameters that a function does not read, and the options that nobody sets."""
    ordered = [*function.args.posonlyargs, *function.args.args]
    words = dict(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
    optional = ordered[len(ordered) - len(function.args.defaults) :]
    optional += [one for one, default in words.items() if default is not None]
    read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    for one in [*ordered, *words]:
        if one.arg not in read and not one.arg.startswith("_"):
            yield f"{function.name} does not read {one.arg}"
    for one in optional:
        place = ordered.index(one) if one in ordered else 99
        if not any(sets_parameter(call, one.arg, place) for call in calls):
            yield f"nobody sets {one.arg} of {function.name}"


def test_every_function_is_called_and_every_option_set(trees, nodes):
    public = (PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    public += "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*/__init__.py*"))
    calls, named = count_calls(nodes)
    found = []
    for path, tree in trees.items():
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or node.decorator_list or "cli" in path.parts:
                continue
            if node.name in public:
                continue
            if not named[node.name]:
                found.append(f"{name_file(path)}: nobody calls {node.name}")
            elif named[node.name] == len(calls[node.name]):
                own = list_unused(node, calls[node.name])
                found += [f"{name_file(path)}: {told}" for told in own]
    assert not found, "\n".join(found)


# Names of the rooms that read files, which meet the others nowhere, and of tables of two kinds.
SHARED = {
    *("Column", "Panel", "Interval", "Sample", "Design", "Analysis"),
    *("find_absent", "write_number"),
}


def test_a_name_means_one_thing_in_all_rooms(trees):
    places = defaultdict(list)
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                places[node.name].append(name_file(path))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert set(twice) <= SHARED, f"name one of them anew: {twice}"
    assert set(twice) >= SHARED, "names that are single by now need no exception"
