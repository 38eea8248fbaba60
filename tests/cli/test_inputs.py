"""Bad inputs, each met alike by the command and by the verb: refused, or warned of once.

Every file is made by `made_files`. What must come out is a message with a fact and a remedy.
"""

import re
import unicodedata
import warnings

import numpy as np
import pytest

from exprstats import ExprStatsError, compare_models, fold_subjects, read_clips, read_predictions

from .made_files import (
    COMPARE,
    FACTOR,
    FIT,
    HEADER,
    ITEMS,
    RATE,
    ROWS,
    Case,
    change,
    clips,
    compare,
    correlate,
    each,
    factor,
    fit,
    one_factor,
    predictions,
    rate,
    write,
)


def nfd(text):
    return unicodedata.normalize("NFD", text)


ZOE = [["Zoë", nfd("Zoë")][i % 2] for i in range(64)]
CASES = [
    Case(
        "1",
        each(lambda i, r: [*r[:2], 2 if r[1] == "w1" else r[2], r[3]]),
        "one value to",
        kind="warning",
    ),
    Case("2", each(lambda _, r: [*r[:2], 3, r[3]]), "not vary|not defined|all ratings"),
    Case("4", [HEADER, *ROWS[::4]], "has 1 rating; ICC needs 2"),
    Case("5", [HEADER, *ROWS[:4]], "one clip|1 clip"),
    Case("6", [HEADER, *ROWS, ROWS[0]], "more than once.*duplicates"),
    Case("10", change(2, 2, "inf"), "row 4: 1 value is infinite"),
    Case(
        "11",
        [HEADER, *ROWS],
        "outside the scale 0 to 3",
        command=(*RATE, "--scale", "0,3"),
        verb=lambda path: rate(path, scale=(0, 3)),
    ),
    Case("12", change(2, 2, "drei"), "row 4: 1 of 64 cells is not a number: 'drei'"),
    Case("13 dates", change(2, 2, "02. Jan"), "date.*format the column as text"),
    Case(
        "13 truth",
        each(lambda i, r: [*r[:2], ["TRUE", "FALSE"][i % 2], r[3]]),
        "are true or false.*Recode",
    ),
    Case(
        "14",
        [HEADER, *ROWS],
        "no column 'ratng'.*'rating'",
        command=(*RATE, "--rating", "ratng"),
        verb=lambda path: rate(path, rating="ratng"),
    ),
    Case(
        "15",
        predictions(subject=lambda t: [f"p{i}" for i in range(len(t))]),
        "has one row",
        command=COMPARE,
        verb=compare,
        kind="warning",
    ),
    Case("18 fields", [HEADER, *ROWS[:9], [*ROWS[9], "x"], *ROWS[10:]], "row 11 has 5"),
    Case("18 twins", [["clip", "rater", "rating", "rating"], *ROWS], "names 'rating' 2 times"),
    Case(
        "19",
        each(
            lambda i, r: [*r[:3], ["1", "001", "2", "3"][i % 4] if i > 40 else r[3]],
            [[f"c{i}-{r[3]}" if i > 40 else r[0], *r[1:]] for i, r in enumerate(ROWS)],
        ),
        "count as different ids",
        kind="warning",
    ),
    Case(
        "22",
        correlate([[1, 0.9, 0.9], [0.9, 1, 0.65], [0.9, 0.65, 1]]),
        "'joy'.*Heywood",
        command=("factor", "{}", "--items", "joy,calm,warm"),
        verb=lambda path: factor(path, ITEMS[:3]),
    ),
    Case(
        "24",
        one_factor(),
        "three items",
        command=("factor", "{}", "--items", "joy,calm"),
        verb=lambda path: factor(path, ITEMS[:2]),
    ),
    Case(
        "25",
        [[*ITEMS], *([a, a, c, d] for a, _, c, d in one_factor()[1:])],
        "'joy' and 'calm' correlate",
        command=FACTOR,
        verb=factor,
    ),
    Case(
        "26 constant",
        [[*ITEMS], *([a, 3, c, d] for a, _, c, d in one_factor()[1:])],
        "'calm'",
        command=FACTOR,
        verb=factor,
    ),
    Case(
        "26 missing",
        [[*ITEMS], *([a, "", c, d] for a, _, c, d in one_factor()[1:])],
        "'calm'.*missing",
        command=FACTOR,
        verb=factor,
    ),
    Case("27", one_factor(4), "needs at least 5", command=FACTOR, verb=factor),
    Case(
        "29",
        one_factor(flip=True),
        "'joy' loads against",
        command=FACTOR,
        verb=factor,
        kind="warning",
    ),
    Case("30", correlate(np.eye(4).tolist()), "share no|no variance", command=FACTOR, verb=factor),
    Case("32 empty", "", "no rows|empty"),
    Case("32 header", [HEADER], "header but no rows"),
    Case(
        "39",
        clips(
            subject=lambda t: [s.upper() if i % 9 == 0 else s for i, s in enumerate(t["subject"])]
        ),
        "only in case",
        command=FIT,
        verb=fit,
    ),
    Case("40", change(2, 3, ""), "column 'subject'.*row 4: 1 of 64 cells is empty"),
    Case(
        "42",
        clips(n=16),
        "fold",
        command=(*FIT, "--folds", "9"),
        verb=lambda path: fold_subjects(read_clips(path), folds=9),
    ),
    Case(
        "45",
        predictions(),
        "rmsee.*rmse",
        command=(*COMPARE, "--metric", "rmsee"),
        verb=lambda path: compare_models(read_predictions(path, models=["net"]), metrics=["rmsee"]),
    ),
    Case(
        "49 codes",
        each(lambda i, r: [*r[:2], -9 if i % 20 == 3 else r[2], r[3]]),
        "far from the other values",
        kind="warning",
    ),
    Case("49 typo", change(5, 2, 44), "row 7: 1 cell holds 44", kind="warning"),
    Case("50", change(5, 2, "=1+1"), "formula", ending=".xlsx"),
    Case("51 digits", each(lambda i, r: [*r[:3], "2.02304E+11"]), "lost digits"),
    Case(
        "51 dates",
        each(lambda i, r: [*r[:3], "2-Jan" if r[3] == "p1" else r[3]]),
        "look like dates",
        kind="warning",
    ),
    Case(
        "51 forms",
        each(lambda i, r: [*r[:3], ZOE[i] if r[3] == "p1" else r[3]]),
        "looks alike",
        kind="warning",
    ),
    Case(
        "51 invisible",
        each(lambda i, r: [*r[:3], f"{r[3]}{chr(0x200B)}" if i == 3 else r[3]]),
        "looks alike",
        kind="warning",
    ),
    Case("51 point", each(lambda i, r: [*r[:3], f"{r[3][1:]}.0"]), "end in '.0'", kind="warning"),
    Case(
        "52",
        each(lambda i, r: [int(r[0][1:]), int(r[1][1:]), r[2], int(r[3][1:])]),
        "labels of 'subject' are other values",
        ending=".sav",
        kind="warning",
        options={"variable_value_labels": {"subject": {1: "2"}}},
    ),
    Case("53 title", [["Pilot study"], [], HEADER, *ROWS], "header is in row 3", kind="warning"),
    Case(
        "53 labels",
        [HEADER, ["Clip shown", "Code of worker", "How expressive was it?", "Who is seen"], *ROWS],
        "row 2 holds labels",
        kind="warning",
    ),
    Case(
        "54",
        each(
            lambda i, r: [*r[:2], ["never", "sometimes", "often", "always", "always"][r[2]], r[3]]
        ),
        "labels",
    ),
    Case(
        "57",
        clips(copy=lambda t: 2 * t["y"] + 1),
        "copy of the target|copies of the target",
        command=FIT,
        verb=lambda path: fit(path, features=("smile", "copy")),
        kind="warning",
    ),
    Case(
        "57 rows",
        clips(no=lambda t: np.arange(len(t)) + 3),
        "row numbers",
        command=FIT,
        verb=lambda path: fit(path, features=("smile", "no")),
        kind="warning",
    ),
    Case(
        "59",
        [
            ["", *ITEMS],
            *(
                [n, *r]
                for n, r in zip(
                    ITEMS, np.corrcoef(np.array(one_factor()[1:]).T).round(3).tolist(), strict=True
                )
            ),
        ],
        "correlation matrix",
        command=FACTOR,
        verb=factor,
    ),
    Case("61", b"RDX3\nX\n\x00\x00", "R workspace.*write.csv"),
    Case(
        "62",
        predictions(net=lambda t: t["net"].where(t.index > 3)),
        "row.*common",
        command=COMPARE,
        verb=compare,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[f"row {case.row}" for case in CASES])
def test_a_bad_input_is_met_alike_by_command_and_verb(call, tmp_path, case):
    path = write(case, tmp_path / f"table{case.ending}")
    words = [word.replace("{}", str(path)) for word in case.command]
    command = call(*words, code=2 if case.kind == "error" else 0)
    shown = " ".join((command.stdout + command.stderr).split())
    assert re.search(case.say, shown), shown[-600:]
    told = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if case.kind == "error":
            with pytest.raises(ExprStatsError) as refused:
                case.verb(path)
            told = [str(refused.value)]
        else:
            told = [str(case.verb(path))]
    told += [str(one.message) for one in caught]
    assert any(re.search(case.say, " ".join(one.split())) for one in told), told
    if case.kind == "warning":
        # Nothing is said twice.
        facts = [one for one in told[1:] if re.search(case.say, " ".join(one.split()))]
        assert len(set(facts)) == len(facts) == 1 or case.row == "57", facts
