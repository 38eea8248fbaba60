"""Files that check and init tell: annotations, estimates and lexicons; questions and answers."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest

from exprstats import (
    DataError,
    code_categories,
    fit_elastic,
    load_models,
    predict_clips,
    read_study,
    save_models,
    split_subjects,
)
from exprstats.io.files.tails import find_tail
from exprstats.io.guards.crossings import find_crossing

from .strange_tables import GRID, join, long

pytestmark = pytest.mark.usefixtures("blank_pictures")

EMOTIONS = ("amusement", "anger", "awe", "sadness")
ELAN = """<?xml version="1.0"?>
<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/>
<TIME_ORDER>{slots}</TIME_ORDER>
<TIER TIER_ID="translation" PARTICIPANT="s1">{words}</TIER>
<TIER TIER_ID="head movement" PARTICIPANT="s1">{moves}</TIER></ANNOTATION_DOCUMENT>"""


def evoked():
    rng = np.random.default_rng(4)
    head = ["Video ID", "Timestamp (milliseconds)", *EMOTIONS]
    rows = [[f"v{i // 40}", i % 40 * 166_667, *rng.uniform(size=4).round(3)] for i in range(160)]
    return join([head, *rows])


def hume():
    rng = np.random.default_rng(4)
    names = ["Admiration", "Anger", "Awe", "Joy", "Sadness"]
    rows = [[f"face_{i % 2}", i // 2, *rng.uniform(size=5).round(3)] for i in range(80)]
    return join([["Id", "Time", *names], *rows])


def elan():
    def note(tier, i, text):
        return (
            f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{tier}{i}" TIME_SLOT_REF1="t{i}" '
            f'TIME_SLOT_REF2="t{i + 1}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>'
            "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        )

    slots = "".join(f'<TIME_SLOT TIME_SLOT_ID="t{i}" TIME_VALUE="{1000 * i}"/>' for i in range(41))
    words = "".join(note("w", i, ["I am happy", "so sad", "a house"][i % 3]) for i in range(40))
    moves = "".join(note("m", i, ["nod", "shake"][i % 2]) for i in range(0, 40, 3))
    return ELAN.format(slots=slots, words=words, moves=moves)


LEXICON = "category,word\njoy,happy\nsadness,sad\n"
TOLD = {
    "eev.csv": (evoked, "expressions that videos evoke (EEV)", "evoked"),
    "face.csv": (hume, "predictions of Hume", "estimates"),
    "film.eaf": (elan, "annotations of ELAN (.eaf)", "signing"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_file_is_told_and_its_command_runs(call, call_json, call_both, tmp_path, name):
    make, kind, command = TOLD[name]
    path, words = tmp_path / name, tmp_path / "words.csv"
    path.write_text(make())
    words.write_text(LEXICON)
    beside = [words] if command == "signing" else []
    both = call_both("check", path, *beside)
    shown = both.stdout
    assert kind in " ".join(shown.split())
    (line,) = [row["command"] for row in both.told["rows"] if row["kind"] == "suggestion"]
    assert line.startswith(f"exprstats {command} ")
    assert call_json(*shlex.split(line)[1:])["rows"]
    study = tmp_path / "study.toml"
    call("init", path, *beside, "--out", study)
    assert f"[{command}]" in study.read_text()
    assert read_study(study).path == study
    assert "No problems found" in call("check", study).stdout


def test_annotations_without_a_lexicon_are_asked_about(call, tmp_path):
    path = tmp_path / "film.eaf"
    path.write_text(elan())
    shown = " ".join(call("check", path).stdout.split())
    assert "--lexicon" in shown and "Try:" not in shown
    call("init", path, "--out", tmp_path / "study.toml")
    assert '# lexicon = "..."' in (tmp_path / "study.toml").read_text()


def test_ratings_of_liris_are_asked_about(call, tmp_path):
    path = tmp_path / "ACCEDEranking.txt"
    head = ["id", "name", "valenceRank", "arousalRank", "valenceValue", "arousalValue"]
    rows = [[i, f"ACCEDE{i:05d}.mp4", i + 1, 2 - i, 2.9, 1.2] for i in (0, 1)]
    path.write_text(join([head, *rows], "\t"))
    shown = " ".join(call("check", path).stdout.split())
    assert "annotations of LIRIS-ACCEDE" in shown and "--predictions" in shown


def test_a_repeated_measure_is_asked_about_and_its_answer_runs(call, call_json, tmp_path):
    rows = [["Subject", "Days", "Reaction"]]
    rows += [[f"s{i}", j, 250 + 10 * GRID[i, j] + i] for i in range(12) for j in range(4)]
    path = tmp_path / "sleep.csv"
    path.write_text(join(rows))
    shown = " ".join(call("check", path).stdout.split())
    answer = "--clip Subject, --rater Days, --rating Reaction"
    assert answer in shown and "Try:" not in shown
    named = answer.replace(",", "").split()
    (line,) = [
        row["command"]
        for row in call_json("check", path, *named)["rows"]
        if row["kind"] == "suggestion"
    ]
    assert call_json(*shlex.split(line)[1:])["rows"]


def test_the_larger_of_two_crossed_ids_is_the_clip_and_equal_ones_are_asked_about():
    rows = [(a, b, i * 7 % 5) for i, (a, b) in enumerate((a, b) for a in "pqrstu" for b in "xyz")]
    table = pd.DataFrame(rows, columns=["plate", "sample", "diameter"])
    found = find_crossing(table, {}, ["diameter"])
    assert found.roles == {"clip": "plate", "rater": "sample", "rating": "diameter"}
    assert "6 are more than 3" in found.reasons["clip"]
    square = table[table["plate"].isin(list("pqr"))].reset_index(drop=True)
    assert find_crossing(square, {}, ["diameter"]).question is not None


@pytest.mark.parametrize(
    ("last", "found"),
    [
        (["Total", "9", "12"], True),
        (["", "1.8", "2.4"], True),
        (["SD", "0.84", "0.55"], True),
        (["M", "1.8", "2.4"], True),
        (["f", "2", "2"], False),
        (["M", "3", "3"], False),
    ],
)
def test_totals_are_told_by_their_name_or_by_their_numbers(last, found):
    rows = [["a", "1", "2"], ["b", "2", "3"], ["c", "3", "3"], ["d", "1", "2"], ["e", "2", "2"]]
    told = find_tail([*rows, last], [*range(2, 8)], whole=True)
    assert [place for place, _ in told] == ([5] if found else [])


def test_an_unknown_level_of_a_category_of_two_is_refused_by_name(call, tmp_path):
    rng = np.random.default_rng(1)
    clips = pd.DataFrame({"clip": range(120), "subject": np.repeat(range(30), 4)})
    clips["gender"] = np.where(rng.uniform(size=120) < 0.6, "f", "m")
    clips["y"] = (clips["gender"] == "m") + rng.normal(size=120)
    coded, names = code_categories(clips, ["gender"])
    models = fit_elastic(coded, target="y", features=[*names], parts=split_subjects(coded, seed=1))
    save_models(models, tmp_path / "net.json")
    assert json.loads((tmp_path / "net.json").read_text())["references"] == {"gender": "f"}
    new = pd.DataFrame({"clip": ["a", "b"], "gender": ["m", "x"]})
    for stored in (models, load_models(tmp_path / "net.json")):
        assert predict_clips(stored, new[:1])["prediction"].notna().all()
        with pytest.raises(DataError, match="'x' was not in the fit, which had 'f', 'm'"):
            predict_clips(stored, new)


def test_columns_are_told_in_the_words_of_the_command(call, tmp_path):
    path = tmp_path / "old.csv"
    path.write_bytes(join(long(judges=["Zoë", "Ben", "Cem", "Dora"])).encode("cp1252"))
    assert "--encoding" in call("check", path).stdout


def tell(call, file, *options):
    """Return what check prints as one line, and the lines after "Try:"."""
    printed = call("check", file, *options).output
    lines = [line for line in printed.splitlines() if line.startswith("Try: ")]
    return " ".join(printed.split()), lines


def clips(*columns):
    return [["clip", "subject", *columns]] + [
        [f"c{i}", f"s{i // 3}", *(1 + (7 * i + 3 * place) % 5 for place in range(len(columns)))]
        for i in range(36)
    ]


def test_items_by_raters_need_no_separator_and_numbers_may_be_seats(call, tmp_path):
    names = [f"{item}{rater}" for item in ("warm", "open") for rater in "123"]
    file = tmp_path / "wide.csv"
    file.write_text(join(clips(*names)))
    told, [line] = tell(call, file)
    assert "--rating warm,open " in line
    assert "are read as the same" in told and "--model one-way" in told
    rows = json.loads(call(*shlex.split(line)[2:], "--json", "-").stdout)["rows"]
    assert {row["item"] for row in rows if row["term"] == "ICC(A,k)"} >= {"warm", "open"}
    people = [row[1:] if row[0] == "clip" else [row[0], *row[2:]] for row in clips(*names)]
    file.write_text(join(people))
    assert "--rating" not in "".join(tell(call, file)[1])


def test_a_truth_in_words_is_no_rater(call, tmp_path):
    words = ["joy", "fear", "anger"]
    rows = [[*row[:2], *(words[cell % 3] for cell in row[2:])] for row in clips("a", "b", "c")[1:]]
    file = tmp_path / "classes.csv"
    file.write_text(join([["clip", "subject", "truth", "m1", "m2"], *rows]))
    told = f"Try: exprstats compare {shlex.quote(str(file))} --models m1,m2 --subject subject"
    assert tell(call, file)[1] == [told]
    coded = [[*row[:2], *(words.index(cell) for cell in row[2:])] for row in rows]
    file.write_text(join([["clip", "subject", "truth", "m1", "m2"], *coded]))
    assert "codes of classes, compare them by --metrics accuracy" in tell(call, file)[0]


def test_clips_that_a_model_lacks_and_empty_columns_are_named(call, tmp_path):
    rows = clips("truth", "m1", "m2")
    for i, row in enumerate(rows[1:]):
        row[2:] = [cell + i / 7 for cell in row[2:]]
    rows[5][4] = ""
    file = tmp_path / "gap.csv"
    file.write_text(join(rows))
    told = tell(call, file)[0]
    assert "1 of 36 clips lacks a prediction of some model" in told and "(m2: 'c4')" in told
    file.write_text(join([[*row, "" if row[0] != "clip" else "joy"] for row in clips("x", "y")]))
    assert "a column without any value is left out of what is suggested: 'joy'" in (
        tell(call, file)[0])  # fmt: skip


def test_a_draft_is_read_before_it_is_said_to_run(call, tmp_path):
    words = ["not at all", "slightly", "moderately", "very", "extremely"]
    rows = [["clip", "rater", "subject", "question", "answer"]] + [
        [f"c{i}", f"r{j}", f"s{i // 2}", item, 1 + (i + j) % 5]
        for i in range(12) for j in range(3) for item in ("warm", "open")
    ]  # fmt: skip
    file, study = tmp_path / "long.csv", tmp_path / "study.toml"
    file.write_text(join(rows))
    told = call("init", file, "--out", study).stdout.split()
    assert read_study(study).ratings.item == "question" and "Next:" in told
    file.write_text(join([*rows, [*rows[1][:4], 5]]))
    told = call("init", file, "--out", study, "--force").stdout.split()
    assert "Before" in told and "Next:" not in told
    rows = [row for row in rows if row[0] == "clip" or row[3] == "warm"]
    kept = [[*row[:3], words[row[4] - 1], words[-row[4]]] for row in rows[1:]]
    file.write_text(join([["clip", "rater", "subject", "warm", "open"], *kept]))
    told = call("init", file, "--out", study, "--force").stdout.split()
    assert read_study(study).ratings.labels == tuple(words) and "Next:" in told
