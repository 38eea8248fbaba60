"""Answers that are classes in ``check``: frequencies, and no statistic of codes.

Witness: counts with collections.Counter from the rows written here. No tolerance: shares are of
the same integers.
"""

import random
from collections import Counter

import pytest

NAMES = ["anger", "fear", "joy", "none"]
JUDGES = ["A", "B", "C"]
FALSE = ("M =", "SD", "Skew", "ICC", "scale points", "from 1 to", "lowest one")


@pytest.fixture
def rows():
    draw = random.Random(1)
    return [(f"s{k // 4}", f"c{k}", *(draw.choice(NAMES) for _ in JUDGES)) for k in range(40)]


def save(path, rows):
    lines = ["subject,clip,A,B,C", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_classes_are_counted(call_both, tmp_path, rows):
    file = save(tmp_path / "a.csv", rows)
    both = call_both("check", file)
    found = {row["label"]: row for row in both.told["rows"]
             if row["kind"] == "class"}  # fmt: skip
    every = Counter(label for row in rows for label in row[2:])
    own = [Counter(row[2 + j] for row in rows) for j in range(3)]
    assert {label: row["n"] for label, row in found.items()} == dict(every)
    for label, row in found.items():
        assert row["share"] == every[label] / 120
        assert row["share_low"] == min(one[label] for one in own) / 40
        assert row["share_high"] == max(one[label] for one in own) / 40
    out = " ".join(both.stdout.split())
    most, count = every.most_common(1)[0]
    assert f"named one of {len(every)} classes 120 times" in out
    assert f"most frequent: '{most}' ({round(100 * count / 120)}%)" in out
    assert "exprstats agreement" in out and "answers in" in out
    assert not [words for words in FALSE if words in out]


def test_two_classes_have_no_lowest_one(call, tmp_path, rows):
    words = {"anger": "no", "fear": "no", "joy": "yes", "none": "no"}
    two = [(*row[:2], *(words[one] for one in row[2:])) for row in rows]
    out = " ".join(call("check", save(tmp_path / "b.csv", two)).stdout.split())
    assert "no" in out and "yes" in out
    assert not [one for one in FALSE if one in out]


def test_classes_that_are_tied_are_named_together(call, tmp_path):
    tied = [(f"s{k // 4}", f"c{k}", *[("joy", "fear")[k % 2]] * 3) for k in range(40)]
    out = " ".join(call("check", save(tmp_path / "a.csv", tied)).stdout.split())
    assert "most frequent: 'fear' and 'joy' (50%)" in out
