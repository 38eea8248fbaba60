"""Messages agree in number with their counts: one row lacks what two rows lack."""

import re
from pathlib import Path

import exprstats

ROOT = Path(exprstats.__file__).parent
_COUNT = r"\{(?:write_count\([^{}]*\)|len\([^{}]*\)|[^{}]*:,)\}"
_VERBS = (
    "are|have|lack|name|hold|share|repeat|differ|stand|lie|show|come|fail|rate|predict|cannot|were"
)
# "Each of 5 clips has" and "none of 5 files can" have their number from elsewhere.
_PLURAL = re.compile(
    rf"(?<!each of )(?<!none of )(?<!Of )(?<!all ){_COUNT} (?!draws |correlated )"
    rf"(?:of {_COUNT} )?(?:[a-z]+ )?(?:[a-z]+s|people) (?:{_VERBS})\b"
)


def test_no_count_is_followed_by_a_verb_for_many_only():
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in ROOT.rglob("*.py")
        for match in _PLURAL.finditer(path.read_text(encoding="utf-8"))
    }
    assert not found, "write counts with count_things, which knows about one"
