"""What check suggests for real tables runs, and gives their published answers.

Published: Krippendorff (2011) nominal alpha .743, two decimals more in the R package irrCAC;
Shrout and Fleiss (1979) ICC(2,4) .62; Gwet (2014) gives the tables. To .005, the rounding of print.
"""

import json
import os
import shlex
from pathlib import Path

import pytest

SLOW = [pytest.mark.slow]
DATA = Path(os.environ.get("EXPRSTATS_DATA", "/nowhere"))
FILES = [
    *sorted((DATA / "ratings" / "irr_csv").glob("*.csv")),
    *sorted((DATA / "ratings" / "varde").glob("*.csv")),
    DATA / "ratings" / "rpkgs" / "shrout_fleiss_1979.csv",
    DATA / "ratings" / "rpkgs" / "psych_bfi.csv",
    *sorted((DATA / "prepared").glob("*.csv")),
]
KNOWN = {
    "agreement_unordered.csv": ("agreement", 0.743),
    "agreement_unordered_wide.csv": ("agreement", 0.743),
    "shrout_fleiss_1979.csv": ("reliability", 0.62),
    "agreement_table8_1.csv": ("reliability", 0.62),
}
# By default those with a published answer, and each third of the others.
CASES = [
    pytest.param(file, id=file.name, marks=[] if file.name in KNOWN or not place % 3 else SLOW)
    for place, file in enumerate(FILES)
]


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="EXPRSTATS_DATA names no folder")
@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("file", CASES)
def test_suggestions_for_real_tables_run(file, tried):
    told, found = tried.check(file)
    assert told.exit_code in {0, 2}
    lines = [row["command"] for row in found if row["kind"] == "suggestion"]
    for line in lines:
        ended = tried.run(line)
        assert ended.exit_code in {0, 2}, ended.output
        # A refusal names its cause.
        assert ended.exit_code == 0 or "problem" in ended.stderr or "all clips" in ended.stderr
    if file.name in KNOWN:
        command, value = KNOWN[file.name]
        assert shlex.split(lines[0])[1] == command
        rows = json.loads(tried.run(lines[0]).stdout)
        estimate = next(r for r in rows["rows"] if r.get("headline", True))["estimate"]
        assert estimate == pytest.approx(value, abs=0.005)
