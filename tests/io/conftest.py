import csv
import random

import openpyxl
import pytest

from exprstats import DataError


@pytest.fixture
def write(tmp_path):
    """Write bytes or text to a file and return its path."""

    def write_file(content, name="data.csv", encoding="utf-8"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(data)
        return path

    return write_file


@pytest.fixture
def refuse():
    """Call a reader that must refuse its file, and return the problems."""

    def call(function, *args, **options):
        with pytest.raises(DataError) as caught:
            function(*args, **options)
        assert all(problem.file == str(args[0]) for problem in caught.value.problems)
        return caught.value.problems

    return call


HEADER = ["clip", "rater", "rating", "subject"]


rng = random.Random(5)


LEVELS = [rng.randint(0, 4) for _ in range(16)]


ROWS = [
    [
        f"S{clip // 2}_{clip}",
        f"W{rater}",
        min(4, max(0, LEVELS[clip] + rng.randint(-1, 1))),
        f"S{clip // 2}",
    ]
    for clip in range(16)
    for rater in range(4)
]


def write_rows(path, rows, **dialect):
    with path.open("w", newline="", encoding=dialect.pop("encoding", "utf-8")) as stream:
        csv.writer(stream, **dialect).writerows(rows)
    return path


def write_book(path, sheets, hidden=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    book.save(path)
    return path


def number_ids(rows):
    places = {}
    code = lambda text: places.setdefault(text, len(places) + 1)  # noqa: E731
    return [
        [code(clip), code(rater), rating, code(subject)] for clip, rater, rating, subject in rows
    ]
