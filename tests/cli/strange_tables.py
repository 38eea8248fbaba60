"""Ratings and answers from which strange files are made, and what they give, by own formulas."""

import itertools

import numpy as np

rng = np.random.default_rng(31)
_LEVELS = rng.normal(size=24)
# 24 clips of 8 people, each rated by the same four judges from 1 to 5.
GRID = np.clip(np.rint(3 + 1.1 * _LEVELS[:, None] + 0.7 * rng.normal(size=(24, 4))), 1, 5)
CLIPS = [f"clip{i + 1:02d}" for i in range(24)]
PEOPLE = [f"P{i // 3 + 1:03d}" for i in range(24)]
JUDGES = ["Ada", "Ben", "Cem", "Dora"]
HEADER = ("clip", "rater", "rating", "subject")
# 60 people answer five items from 1 to 5.
_TRAIT = rng.normal(size=60)
ANSWERS = np.clip(np.rint(3 + 0.9 * _TRAIT[:, None] + 0.8 * rng.normal(size=(60, 5))), 1, 5)


def agree(grid):
    """Return ICC(A,1) of a whole grid by mean squares (McGraw & Wong, 1996, Table 4)."""
    n, k = grid.shape
    grand = grid.mean()
    rows = k * ((grid.mean(1) - grand) ** 2).sum() / (n - 1)
    columns = n * ((grid.mean(0) - grand) ** 2).sum() / (k - 1)
    rest = grid - grid.mean(1, keepdims=True) - grid.mean(0) + grand
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    return (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)


def load_first(answers):
    """Return the first standardised loading of one factor by maximum likelihood (Jöreskog, 1967).

    For given uniquenesses the best loadings follow from the largest eigenvalue of the scaled
    correlations; the uniquenesses are iterated to a fixed point of the ML equations.
    """
    matrix = np.corrcoef(answers.T)
    unique = 1 / np.diag(np.linalg.inv(matrix))
    for _ in range(5000):
        scale = np.sqrt(unique)
        values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
        loadings = scale * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0))
        before, unique = unique, np.clip(1 - loadings**2, 0.005, None)
        if np.abs(unique - before).max() < 1e-13:
            break
    return abs(loadings[0])


ICC = ("reliability", "ICC(A,1)", agree(GRID))
LOADING = ("factor", "loading", load_first(ANSWERS))


def long(change=str, header=HEADER, grid=GRID, judges=JUDGES, *, clips=CLIPS):
    """Return one row per rating, each rating as a text."""
    rows = [
        [clips[i], judges[j], change(f"{grid[i, j]:g}"), PEOPLE[i]]
        for i, j in itertools.product(range(len(grid)), range(len(judges)))
    ]
    return [list(header), *rows]


def wide(judges=JUDGES, grid=GRID, first="clip"):
    return [[first, *judges], *([CLIPS[i], *map("{:g}".format, row)] for i, row in enumerate(grid))]


def items(names, before=(), after=(), answers=ANSWERS, change=str):
    """Return one row per person; columns before and after the items are (name, value of a row)."""
    head = [*(name for name, _ in before), *names, *(name for name, _ in after)]
    rows = [
        [
            *(make(i) for _, make in before),
            *(change(f"{one:g}") for one in row),
            *(make(i) for _, make in after),
        ]
        for i, row in enumerate(answers)
    ]
    return [head, *rows]


def join(rows, mark=",", end="\n", quoted=True):
    """Return the text of a table; cells that hold the mark, a quote or a line end are quoted."""

    def write(cell):
        text = str(cell)
        hard = quoted and any(one in text for one in (mark, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if hard else text

    return end.join(mark.join(map(write, row)) for row in rows) + end
