"""Every line that ``check`` prints after "Try:" runs, over all layouts and hostile names.

Ratings are drawn here by the random module; ICC(1,k) of equal numbers of ratings is the sums of
squares written out, to 1e-12 (rounding of sums).
"""

import csv
import json
import random
import shlex

import openpyxl
import pytest

rng = random.Random(7)
CLIPS = [(f"s{clip // 2}", f"v{clip}", rng.gauss(2, 1)) for clip in range(24)]
ITEMS = ["joy", "calm", "pride"]
HOSTILE = [
    "a, b",
    'say "hi"',
    "two\nlines",
    "smile 😀",
    "$(touch hacked)",
    "`touch hacked`",
    "-x",
    "it's",
    "größe; rm -rf",
    "=1+1",
    "a,b",
    "--out",
]


def answer(level):
    return min(4, max(0, round(level + rng.gauss(0, 0.7))))


def make_long(items=("rating",)):
    rows = [["clip", "rater", "subject", *items]]
    for subject, clip, level in CLIPS:
        rows += [[clip, f"w{j}", subject, *(answer(level) for _ in items)] for j in range(4)]
    return rows


def make_raters_in_rows():
    rows = [["rater", *(clip for _, clip, _ in CLIPS)]]
    return rows + [[f"w{j}", *(answer(level) for *_, level in CLIPS)] for j in range(4)]


def make_predictions(wide):
    rows = [["clip", "subject", "truth", *(["net", "base"] if wide else ["model", "prediction"])]]
    for subject, clip, level in CLIPS:
        guesses = [round(level + rng.gauss(0, noise), 3) for noise in (0.5, 1)]
        pairs = zip(("net", "base"), guesses, strict=True)
        rows += (
            [[clip, subject, level, *guesses]]
            if wide
            else [[clip, subject, level, *pair] for pair in pairs]
        )
    return rows


def make_frames(columns):
    return [columns, *([i, i / 30, 0.98, 1, *([0.1] * (len(columns) - 4))] for i in range(60))]


LAYOUTS = {
    "long": (make_long(), ["reliability"]),
    "items": (make_long(ITEMS), ["reliability", "factor"]),
    "judges": (
        [["clip", "subject", *(f"coder{j}" for j in range(3))]]
        + [[c, s, *(answer(level) for _ in range(3))] for s, c, level in CLIPS],
        ["reliability"],
    ),
    "raters in rows": (make_raters_in_rows(), ["reliability"]),
    "item by rater": (
        [["clip", *(f"{item}_r{j}" for item in ITEMS for j in range(3))]]
        + [[c, *(answer(level) for _ in range(9))] for _, c, level in CLIPS],
        ["reliability"],
    ),
    "predictions": (make_predictions(wide=False), ["compare"]),
    "models": (make_predictions(wide=True), ["compare"]),
    "clips": (
        [["clip", "subject", "smile", "nod", "target"]]
        + [
            [c, s, round(rng.random(), 3), round(rng.random(), 3), round(level, 3)]
            for s, c, level in CLIPS
        ],
        ["fit"],
    ),
    "words": (
        [["clip", "rater", "rating"]]
        + [
            [c, f"w{j}", ["never", "rarely", "sometimes", "often", "always"][answer(level)]]
            for _, c, level in CLIPS
            for j in range(3)
        ],
        ["reliability"],
    ),
    "categories": (
        [["clip", "rater1", "rater2"]]
        + [[f"c{i}", rng.choice("xyz"), rng.choice("xyz")] for i in range(30)],
        ["agreement"],
    ),
    "same ids": (
        [["clip", "subject", "rater", "rating"]]
        + [
            [f"film{i % 2}", s, f"w{j}", answer(lv)]
            for i, (s, _, lv) in enumerate(CLIPS)
            for j in "ab"
        ],
        ["reliability"],
    ),
    "segments": ([["clip", "video", "start", "end"], ["a", "v", 0, 1], ["b", "v", 1, 2]], []),
    "py-feat": (
        [["frame", "FaceRectX", "FaceRectY", "FaceScore"], *[[i, 1, 1, 0.9] for i in range(9)]],
        [],
    ),
    "LibreFace": (
        [["frame_idx", "frame_time_in_ms", "au_1"], *[[i, 33 * i, 0] for i in range(9)]],
        ["features"],
    ),
}


def save(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path


def list_suggestions(call_both, file, *reading):
    """Return the lines that check suggests, which it also prints."""
    both = call_both("check", file, *reading)
    lines = [row["command"] for row in both.told["rows"] if row["kind"] == "suggestion"]
    assert all(f"Try: {line}\n" in both.stdout for line in lines)
    assert all(shlex.split(line)[0] == "exprstats" for line in lines)
    return lines


def try_all(call, call_both, file, *reading):
    """Run what check suggests; return the commands, and the rows of the first."""
    words = [shlex.split(line) for line in list_suggestions(call_both, file, *reading)]
    results = [json.loads(call(*one[1:], "--json", "-").stdout)["rows"] for one in words]
    return [one[1] for one in words], results


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_check_suggests_runs_on_every_layout(call, call_both, tmp_path, layout):
    rows, commands = LAYOUTS[layout]
    found, results = try_all(call, call_both, save(tmp_path / "table.csv", rows))
    assert found == commands
    assert all(results)


TEXTS = ["not at all", "a bit", "some, not all", "it's = much", "all"]
READINGS = {
    "code": (["--missing=-99"], str),
    "codes": (["--missing", "-99,no answer"], str),
    "words": (["--labels", ",".join(f'"{one}={i}"' for i, one in enumerate(TEXTS))],
              TEXTS.__getitem__),
    "order": (["--labels", "none,a bit,some more,much,all"],
              ["none", "a bit", "some more", "much", "all"].__getitem__),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("name", READINGS)
def test_what_check_suggests_reads_as_check_did(call, call_both, tmp_path, name):
    options, write = READINGS[name]
    long = LAYOUTS["long"][0]
    rows = [long[0], *([*row[:3], write(row[3])] for row in long[1:])]
    if name.startswith("code"):
        rows += [["v0", f"x{j}", "s0", -99] for j in range(3)]
    found, results = try_all(call, call_both, save(tmp_path / "table.csv", rows), *options)
    assert found[0] == "reliability"
    plain = save(tmp_path / "plain.csv", long)
    _, [expected] = try_all(call, call_both, plain)
    for one, other in zip(results[0], expected, strict=True):
        if one["term"].startswith("ICC"):
            assert one["estimate"] == pytest.approx(other["estimate"], abs=1e-12)


def test_what_check_suggests_reads_the_same_bytes_sheet_and_header(call, call_both, tmp_path):
    rows = LAYOUTS["long"][0]
    named = [[*rows[0][:3], "Wärme"], *rows[1:]]
    text = "".join(",".join(map(str, row)) + "\n" for row in named)
    file = tmp_path / "mac.csv"
    file.write_bytes(text.encode("mac-roman"))
    found, _ = try_all(call, call_both, file, "--encoding", "mac-roman")
    assert found == ["reliability"]
    book = openpyxl.Workbook()
    sheet = book.create_sheet("second one")
    for row in [["Study", "of", "what", "was"], [1, 2, 3, 4], *rows]:
        sheet.append(row)
    book.active.append(["clip", "rater", "subject", "rating"])
    for row in rows[1:]:
        book.active.append([*row[:3], 4 - row[3] if row[1] == "w0" else row[3]])
    book.save(tmp_path / "book.xlsx")
    options = ["--sheet", "second one", "--header-row", "3"]
    found, [first] = try_all(call, call_both, tmp_path / "book.xlsx", *options)
    _, [plain] = try_all(call, call_both, save(tmp_path / "plain.csv", rows))
    pairs = [(one["estimate"], two["estimate"]) for one, two in zip(first, plain, strict=True)]
    assert found == ["reliability"] and all(one == two for one, two in pairs)


def rate_mean_by_hand(rows):
    """Return ICC(1,k) of equal numbers of ratings from the sums of squares."""
    clips = {}
    for clip, _, _, rating in rows[1:]:
        clips.setdefault(clip, []).append(rating)
    k = len(clips["v0"])
    means = {clip: sum(held) / k for clip, held in clips.items()}
    grand = sum(means.values()) / len(means)
    between = k * sum((mean - grand) ** 2 for mean in means.values()) / (len(means) - 1)
    within = sum((x - means[c]) ** 2 for c, held in clips.items() for x in held)
    return 1 - within / (len(means) * (k - 1)) / between


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_come_through_the_shell(call, call_both, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    rows = [list(row) for row in LAYOUTS["long"][0]]
    rows[0] = ["clip", "rater", "subject", name]
    file = save(tmp_path / "-of 'mine' $HOME.csv", rows)
    [line] = list_suggestions(call_both, file)
    assert shlex.split(line)[1] == "reliability"
    line = line.replace("--model auto", "--model one-way")
    told = json.loads(call(*shlex.split(line)[1:], "--json", "-").stdout)["rows"]
    [estimate] = [r["estimate"] for r in told if r["term"] == "ICC(1,k)" and r["headline"]]
    assert estimate == pytest.approx(rate_mean_by_hand(rows), abs=1e-12)
    assert sorted(one.name for one in tmp_path.iterdir()) == [file.name]


def test_a_file_whose_name_begins_with_a_dash_is_named_by_its_folder(
    call, call_json, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "-x.csv", LAYOUTS["long"][0])
    rows = json.loads(call("check", "--json", "-", "--", "-x.csv").stdout)["rows"]
    [line] = [row["command"] for row in rows if row["kind"] == "suggestion"]
    assert " ./-x.csv " in line
    call(*shlex.split(line)[1:])


@pytest.mark.parametrize("name", ["pain", "All", "a, b", "-9"])
def test_contexts_of_any_name_are_kept(call, call_both, tmp_path, name):
    rows = [
        [*row, "task" if i == 0 else (name, "calm")[i % 2]]
        for i, row in enumerate(
            [r for r in LAYOUTS["long"][0] for _ in range(2 if r[0] != "clip" else 1)]
        )
    ]
    _, results = try_all(call, call_both, save(tmp_path / "contexts.csv", rows))
    assert {name, "calm", None} <= {row["context"] for row in results[0]}


def test_a_codebook_and_a_correlation_matrix_are_no_data(call, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Codebook"
    lines = [["Variable", "Meaning"], *[[f"x{i}", f"item {i}"] for i in range(4)]]
    for row in lines:
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    told = call("check", tmp_path / "book.xlsx", code=2)
    assert "this is a codebook" in told.stderr and "No problems" not in told.stdout
    matrix = [["a", "b", "c"], [1, 0.2, 0.3], [0.2, 1, 0.4], [0.3, 0.4, 1]]
    told = call("check", save(tmp_path / "matrix.csv", matrix), code=2)
    assert "correlation matrix" in told.stderr and "Try:" not in told.stdout


def test_pictures_have_no_time(call, tmp_path):
    rows = [["face", "confidence", "gaze_angle_x", "AU01_r"], *[[0, 0.9, 0.1, 1]] * 3]
    told = call("check", save(tmp_path / "image.csv", rows), code=2)
    assert "single pictures" in told.stderr


def test_several_files_are_looked_at_in_one_call(call_json, tmp_path):
    one = save(tmp_path / "a.csv", LAYOUTS["long"][0])
    two = save(tmp_path / "b.csv", LAYOUTS["models"][0])
    told = call_json("check", one, two)
    assert [len(i["sha256"]) for i in told["inputs"]] == [64, 64]
    calls = [row["command"].split()[1] for row in told["rows"] if row["kind"] == "suggestion"]
    assert calls == ["reliability", "compare"]


def test_codes_for_missing_answers_are_declared_in_the_line(call, call_json, tmp_path):
    rows = [list(row) for row in LAYOUTS["long"][0]]
    for place in (3, 17, 50):
        rows[place][3] = 99
    told = call_json("check", save(tmp_path / "codes.csv", rows))
    [line] = [row["command"] for row in told["rows"] if row["kind"] == "suggestion"]
    assert line.endswith("--missing 99") and "99, far from the other values" in told["warnings"][0]
