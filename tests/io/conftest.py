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
