"""The first command that check suggests, on every table at hand: the share that is right as it is.

Right is a file whose first suggestion runs and gives the known value, where one is known; or a file
that holds nothing to analyse, or something broken, and is refused or asked about in words that
name the cause. Known values: published (Gwet, 2014; Krippendorff, 2011; Shrout & Fleiss, 1979; the
manuals of irr, lavaan and psych), or the values from which the cases were made; to .005, the
rounding of print.
"""

import json
import os
import shlex
import warnings
from pathlib import Path

import pytest

from exprstats.errors import ExprStatsWarning

DATA = Path(os.environ.get("EXPRSTATS_DATA", "/nowhere"))
CASES = DATA.parent / "cases"
ENDINGS = {".csv", ".xlsx", ".sav", ".rds"}
FILES = [
    *(
        path
        for path in sorted(CASES.glob("*.*"))
        if path.suffix in {".csv", ".xlsx", ".sav", ".rds"}
    ),
    *sorted((DATA / "ratings").rglob("*.*")),
    *sorted((DATA / "prepared").glob("*.csv")),
]
SKIPPED = {"LICENSE.md", "LICENSE.txt"}
VIDEOS = {"v24_240.csv", "v30_60.csv", "v60_120.csv"}
BASE = ("reliability", "ICC(1,k)", 0.842)
KNOWN = {
    **dict.fromkeys(
        ("base_ratings.csv", "b01_trailing.csv", "b03_qualtrics.csv", "b04_title.xlsx",
         "b08_secondsheet.xlsx", "b10_newline.xlsx", "q00_name.csv", "c01_label_collision.sav",
         "k09_likert_labels.csv", "k10_likert_coded.csv"), BASE),
    "c02_usermissing.sav": ("reliability", "ICC(1,k)", 0.827),
    "c03_undeclared.sav": ("reliability", "ICC(1,k)", 0.827),
    **dict.fromkeys(("f00_wide.csv", "f01_raters_in_rows.csv", "f02_judge_empty.csv"),
                    ("reliability", "ICC(A,1)", 0.609)),
    "r03_two_coders_one_gap.csv": ("reliability", "ICC(A,1)", 0.731),
    "perfect4.csv": ("reliability", "ICC(A,1)", 1.0),
    "k05_planned_missing.csv": ("factor", "loading", 0.787),
    "miss99.csv": ("reliability", "ICC(A,1)", 0.521),
    "typo44.csv": ("reliability", "ICC(A,1)", 0.521),
    "shrout_fleiss_1979.csv": ("reliability", "ICC(A,1)", 0.290),
    "agreement_table8_1.csv": ("reliability", "ICC(A,1)", 0.290),
    "irr_anxiety.csv": ("reliability", "ICC(A,1)", 0.198),
    "agreement_unordered.csv": ("agreement", "alpha", 0.743),
    "agreement_unordered_wide.csv": ("agreement", "alpha", 0.743),
    "agreement_gwet4_table4.4.csv": ("agreement", "alpha", 0.743),
    "irr_diagnoses.csv": ("agreement", "fleiss", 0.430),
    "lavaan_HolzingerSwineford1939.csv": ("factor", "loading", 0.438),
}  # fmt: skip
# What must be refused or asked about, and the word that names the cause.
REFUSED = {
    **dict.fromkeys(("b05_formulas.xlsx", "v03_formula_allfeature.xlsx"), "formulas"),
    "u01_sci_ids.csv": "lost digits",
    "s09.rds": "R object",
    "posneg.rda": "R workspace",
    "ppa.rda": "R workspace",
    "p_values.xlsx": "2 times",
    "ml-icc.txt": "differ from the header",
    **dict.fromkeys(("agreement_lungfun2.csv", "agreement_lungfun_trials.csv"), "more than once"),
    **dict.fromkeys(("g12_segments.csv", "g20_segments.csv", "s3.csv"), "beginnings and ends"),
}


def judge(path, tried):
    """Return whether the first try is right, and what it was."""
    with warnings.catch_warnings(action="ignore", category=ExprStatsWarning):
        told, rows = tried.check(path)
        if told.exit_code not in {0, 2}:
            return False, repr(told.exception)
        lines = [row["command"] for row in rows if row["kind"] == "suggestion"]
        spoken = " ".join((told.stdout + told.stderr).split())
        if path.name in REFUSED:
            return not lines and REFUSED[path.name] in spoken, spoken[-200:]
        if not lines:
            asked = "What the file does not say" in spoken or told.exit_code == 2
            return asked and path.name not in KNOWN, "asks"
        words = shlex.split(lines[0])[1:]
        ended = tried.run(lines[0])
        if ended.exit_code:
            return False, f"{lines[0]}: {' '.join(ended.stderr.split())[-200:]}"
        if path.name not in KNOWN:
            return True, lines[0]
        command, term, value = KNOWN[path.name]
        found = [r for r in json.loads(ended.stdout)["rows"] if r["term"] == term]
        right = words[0] == command and any(
            abs(r["estimate"] - value) < 0.005 for r in found if r["estimate"] is not None
        )
        return right, f"{lines[0]}: {[r['estimate'] for r in found][:3]}"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="EXPRSTATS_DATA names no folder")
@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_the_first_try_is_right_for_nearly_every_file(record_property, tried, every):
    # Of files whose right answer is not written down above, one of eight by default.
    files = [
        path
        for path in FILES
        if path.is_file() and path.name not in SKIPPED and path.name not in VIDEOS
    ]
    named = [path for path in files if path.name in {*KNOWN, *REFUSED}]
    rest = [path for path in files if path not in named]
    judged = {
        str(path.relative_to(DATA.parent)): judge(path, tried) for path in [*named, *rest[::every]]
    }
    wrong = {name: told for name, (right, told) in judged.items() if not right}
    tried = {name: told for name, (_, told) in judged.items() if told != "asks"}
    share = 1 - len(wrong) / len(judged)
    answered = 1 - len(wrong) / len(tried)
    record_property("share", share)
    print(f"{len(judged)} files, {len(wrong)} wrong: {share:.3f}; of {len(tried)}: {answered:.3f}")
    for name, told in wrong.items():
        print(name, told)
    assert share >= 0.95, wrong
    assert not {Path(name).name for name in wrong} & set(KNOWN), wrong
