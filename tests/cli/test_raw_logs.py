"""Raw logs and exports of further programs: the first command that check suggests, or what it asks.

The intraclass correlations are those of one-way analysis of variance, from sums of squares here.
"""

import csv
import io
import json
import shlex

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning
from exprstats.io import read_ratings
from exprstats.io.files.headers import find_header
from exprstats.io.guards.features import find_equal_columns

CLIPS = [f"S{n:02}_sad.mp4" for n in range(1, 9)]
PEOPLE = ["ada", "ben", "cem", "dia"]


def make_answers(seed=5, high=5):
    chance = np.random.default_rng(seed)
    level = chance.integers(1, high + 1, len(CLIPS))[:, None]
    noise = chance.integers(-1, 2, (len(CLIPS), len(PEOPLE)))
    return np.clip(level + noise, 1, high)


def rate_oneway(answers):
    """Return ICC(1,1) from the sums of squares between and within rows."""
    count, size = answers.shape
    between = size * ((answers.mean(1) - answers.mean()) ** 2).sum() / (count - 1)
    within = ((answers - answers.mean(1, keepdims=True)) ** 2).sum() / (count * (size - 1))
    return (between - within) / (between + (size - 1) * within)


@pytest.fixture
def check(call, tmp_path_factory):
    """Return how check spoke of files, in one line, and the commands that it suggests."""
    place = tmp_path_factory.mktemp("told") / "told.json"

    def run(*files, code=0):
        shown = call("check", *files, "--json", place, code=code)
        told = " ".join((shown.stdout + shown.stderr).split())
        rows = json.loads(place.read_text(encoding="utf-8"))["rows"]
        return told, [row["command"] for row in rows if row["kind"] == "suggestion"]

    return run


@pytest.fixture
def find_icc(call):
    """Return ICC(1,1) of each item that a suggested line gives."""

    def run(line):
        words = [one for one in shlex.split(line)[1:] if one not in {"--model", "auto"}]
        rows = json.loads(call(*words, "--json", "-").stdout)["rows"]
        return {row["item"]: row["estimate"] for row in rows if row.get("term") == "ICC(1,1)"}

    return run


def write(path, rows, **options):
    with path.open("w", encoding=options.pop("encoding", "utf-8"), newline="") as stream:
        csv.writer(stream, **options).writerows(rows)
    return path


def test_arrays_of_limesurvey_are_clips_by_questions(check, find_icc, tmp_path):
    warm, open_ = make_answers(1), make_answers(2)
    words = ["Pas du tout", "Un peu", "Moyennement", "Beaucoup", "Extrêmement"]
    names = [f"V{n:02}[{item}]" for n in range(1, 9) for item in ("chaleureux", "ouvert")]
    rows = [["ID de la réponse", "Date de soumission", "Votre âge", *names]]
    for place in range(4):
        cells = [words[one[clip, place] - 1] for clip in range(8) for one in (warm, open_)]
        rows.append([14 + place, "2024-01-01" if place else "", 20 + place, *cells])
    told, (line, *_) = check(write(tmp_path / "results.csv", rows, delimiter=";"))
    assert "--raters-in-rows" in line and "--rater 'ID de la réponse'" in line
    assert "1 of 4 rows is unfinished by 'Date de soumission'" in told
    found = find_icc(line)
    assert found["chaleureux"] == pytest.approx(rate_oneway(warm), abs=1e-12)
    assert found["ouvert"] == pytest.approx(rate_oneway(open_), abs=1e-12)


def test_intake_rows_of_redcap_are_no_clips(check, find_icc, tmp_path):
    answers = make_answers()
    head = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "rater_initials",
            "rater_age", "clip_id", "pain"]  # fmt: skip
    rows = [head]
    for place in range(4):
        rows.append([place + 1, "", "", PEOPLE[place], 30 + place, "", ""])
        rows += [[place + 1, "rating", n + 1, "", "", clip, answers[n, place]]
                 for n, clip in enumerate(CLIPS)]  # fmt: skip
    told, (line, *_) = check(write(tmp_path / "redcap.csv", rows))
    assert "--rater record_id" in line and "4 rows hold no 'clip_id' and no answer" in told
    assert find_icc(line)["pain"] == pytest.approx(rate_oneway(answers), abs=1e-12)


@pytest.mark.parametrize("word", ["PracProc", "Practice", "prac", "PracticeList"])
def test_practice_is_left_out_under_its_usual_names(check, find_icc, tmp_path, word):
    answers = make_answers()
    rows = [["Subject", "Procedure[Block]", "VideoFile", "Slide.RESP", "Slide.RT"]]
    for place in range(4):
        rows += [[place + 1, word, f"demo{n}.wmv", 1 + n % 5, 1000 + n] for n in range(2)]
        rows += [[place + 1, "RateProc", clip, answers[n, place], 900 + n]
                 for n, clip in enumerate(CLIPS)]  # fmt: skip
    told, (line, *_) = check(write(tmp_path / "merged.txt", rows, delimiter="\t"))
    assert f"8 rows of '{word}' left out" in told or "8 rows of 'practice' left out" in told
    assert find_icc(line)["Slide.RESP"] == pytest.approx(rate_oneway(answers), abs=1e-12)


def test_screens_of_gorilla_that_take_no_response_are_no_ratings(check, find_icc, tmp_path):
    answers = make_answers(high=7)
    head = ["Event Index", "Participant Public ID", "Participant Private ID", "Participant Status",
            "Zone Type", "Reaction Time", "Response", "display", "Video"]  # fmt: skip
    rows = [head]
    for place in range(4):
        who = ["BLIND", 4102200 + place, "incomplete" if place == 3 else "complete"]
        rows.append([1, *who, "continue_button", 812.5, "", "instructions", ""])
        for n, clip in enumerate(CLIPS):
            rows.append([n, *who, "content_video", 7000.1, "VIDEO STARTED", "trial", clip])
            given = answers[n, place]
            rows.append([n, *who, "response_slider_endValue", 913.2, given, "trial", clip])
    told, (line, *_) = check(write(tmp_path / "task.csv", rows))
    assert "--rater 'Participant Private ID'" in line and "--rating Response" in line
    assert "8 of 32 rows are 'incomplete' by 'Participant Status'" in told
    assert find_icc(line)["Response"] == pytest.approx(rate_oneway(answers), abs=1e-12)


def test_answers_of_jspsych_in_json_cells_become_columns(check, find_icc, tmp_path):
    warm, tense = make_answers(1), make_answers(2)
    rows = [["rt", "response", "trial_type", "task", "clip", "subject"]]
    for place, who in enumerate(PEOPLE):
        rows.append([3500, "", "html-keyboard-response", "intro", "", who])
        for n, clip in enumerate(CLIPS):
            given = json.dumps({"warm": int(warm[n, place]), "tense": int(tense[n, place])})
            rows.append([2100, "", "video-button-response", "video", clip, who])
            rows.append([900, given, "survey-likert", "rating", clip, who])
        rows.append([999, json.dumps({"Q0": str(20 + place)}), "survey-text", "age", "", who])
    _, (line, *_) = check(write(tmp_path / "jatos.csv", rows))
    found = find_icc(line)
    assert found["response.warm"] == pytest.approx(rate_oneway(warm), abs=1e-12)
    assert found["response.tense"] == pytest.approx(rate_oneway(tense), abs=1e-12)


def test_sheets_of_raters_are_one_table(check, find_icc, tmp_path):
    answers = make_answers()
    path = tmp_path / "ratings.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"How to": ["Rate each film."]}).to_excel(book, sheet_name="read me")
        for place, who in enumerate(PEOPLE):
            table = pd.DataFrame({"No": range(1, 9), "film": CLIPS, "warm": answers[:, place]})
            table = table.sample(frac=1, random_state=place)
            table.to_excel(book, sheet_name=who, index=False)
    told, (line, *_) = check(path)
    assert "4 sheets, one below the other: ada to dia" in told
    assert "--sheet '*'" in line and "--rater from_file" in line
    assert find_icc(line)["warm"] == pytest.approx(rate_oneway(answers), abs=1e-12)


def test_two_header_rows_whose_last_columns_only_the_upper_names(check, tmp_path):
    path = tmp_path / "hand.xlsx"
    people = ["Anna", "Bernd"]
    top = ["Clip", "Person", "Warm", None, "Open", None, "Remark"]
    rows = [["Ratings of spring"], [], top, [None, None, *people, *people]]
    answers = make_answers()
    rows += [[f"c{n}", f"p{n // 2}", *answers[n].tolist(), None] for n in range(8)]
    rows += [["MW", None, *answers.mean(0).round(2).tolist(), None]]
    width = max(map(len, rows))
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    pd.DataFrame(padded).to_excel(path, index=False, header=False)
    told, _ = check(path)
    assert "Warm_Anna" in told and "Open_Bernd" in told and "row 13 holds totals (MW)" in told


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-16", "utf-8"])
def test_japanese_tables_in_the_encodings_of_spreadsheets(check, find_icc, tmp_path, encoding):
    answers = make_answers()
    rows = [["参加者ID", "評定者A", "評定者B", "評定者C", "評定者D", "備考"]]
    rows += [[f"P{n:02}", *answers[n].tolist(), ""] for n in range(8)]
    told, (line, *_) = check(write(tmp_path / "table.csv", rows, encoding=encoding))
    assert "評定者A" in line
    assert "are read as the same 4 people in every clip" in told and "--model one-way" in told
    assert next(iter(find_icc(line).values())) == pytest.approx(rate_oneway(answers), abs=1e-12)


def test_seats_are_asked_about_and_people_are_not(check, tmp_path):
    answers = make_answers()
    for names, asked in ((["r1", "r2", "r3", "r4"], True), (["rater_Ada", "rater_Ben",
                         "rater_Cem", "rater_Dia"], False)):  # fmt: skip
        table = pd.DataFrame(answers, columns=names)
        table.insert(0, "clip", CLIPS)
        table.to_csv(tmp_path / "wide.csv", index=False)
        assert ("labels alone cannot tell" in check(tmp_path / "wide.csv")[0]) == asked
        long = table.melt("clip", var_name="rater", value_name="rating")
        long.to_csv(tmp_path / "long.csv", index=False)
        assert ("labels alone cannot tell" in check(tmp_path / "long.csv")[0]) == asked
    people = long.assign(rater=long["rater"].map({n: i for i, n in enumerate(names)}))
    people.rename(columns={"rater": "participant"}).to_csv(tmp_path / "who.csv", index=False)
    assert "labels alone cannot tell" not in check(tmp_path / "who.csv")[0]


def test_a_first_row_of_numbers_is_no_header(check, tmp_path):
    numbers = np.random.default_rng(2).normal(size=(20, 6)).round(5)
    told, lines = check(write(tmp_path / "X.csv", numbers.tolist()), code=2)
    assert not lines and "the names of the columns are missing" in told


def test_items_that_run_against_the_others_are_asked_about(check, tmp_path):
    chance = np.random.default_rng(3)
    rows = []
    for clip in CLIPS:
        level = chance.integers(20, 80)
        for who in PEOPLE:
            warm, calm, tense = (level + chance.integers(-9, 10, 3)).tolist()
            rows.append([clip, who, warm, calm, 100 - tense])
    path = write(tmp_path / "items.csv", [["clip", "rater", "warm", "calm", "tense"], *rows])
    told, _ = check(path)
    assert "'tense' runs against the other items (mean r = -0." in told
    assert "--reverse tense" in told
    turned = [["clip", "rater", "warm", "calm", "tense"], *([*r[:4], 100 - r[4]] for r in rows)]
    assert "against the other items" not in check(write(path, turned))[0]


def test_forms_that_were_sent_twice_or_left_are_told(check, tmp_path):
    answers = make_answers()
    names = [f"Video {n}: how warm is she?" for n in range(1, 9)]
    rows = [["Timestamp", "Email address", "Finished", *names]]
    mails = ["a@x.org", "b@x.org", "c@x.org", "a@x.org"]
    rows += [[f"2024-01-0{n + 1}", mails[n], n != 2, *answers[:, n].tolist()] for n in range(4)]
    told, lines = check(write(tmp_path / "form.csv", rows))
    assert "1 of 4 rows is unfinished by 'Finished'" in told
    assert "'Email address' has 3 values in 4 rows ('a@x.org' again)" in told
    assert lines


def test_repeats_of_each_clip_are_asked_about(check, tmp_path):
    answers = make_answers()
    for place in range(3):
        rows = [["subject_nr", "block", "video", "response", "response_rating", "response_time"]]
        rows += [[place + 1, block, clip, one, one, 812 + n]
                 for block in (1, 2) for n, clip in enumerate(CLIPS)
                 for one in [int(answers[n, place])]]  # fmt: skip
        write(tmp_path / f"subject-{place + 1}.csv", rows)
    told, lines = check(tmp_path, code=2)
    assert not lines and "'block' ('1', '2') tells them apart" in told
    assert "'response' is not taken for an answer: it holds the same as" in told
    alike = pd.DataFrame({"first": [3, 3], "second": [3, 3]})
    assert find_equal_columns(alike, [*alike]) == {}


def test_a_single_coder_is_told_that_reliability_needs_several(check, tmp_path):
    answers = make_answers()
    rows = [["coder", "clip", "warm_t1", "warm_t2", "length_s"]]
    rows += [["MH", clip, *answers[n, :2].tolist(), 9.7] for n, clip in enumerate(CLIPS)]
    told, lines = check(write(tmp_path / "coding.csv", rows))
    assert not lines and "all rows are of one 'coder' (MH)" in told


def test_a_dump_of_a_database_is_named_with_its_cure(check, tmp_path):
    path = tmp_path / "dump.sql"
    path.write_text("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE a(b TEXT);\n")
    told, lines = check(path, code=2)
    assert not lines and "a dump of a database (SQL)" in told and "CSV" in told


def test_frames_that_facereader_could_not_fit_are_missing(call, check, tmp_path):
    chance = np.random.default_rng(4)
    top = ["Video analysis detailed log", "Face Model:\tGeneral", "Date:\t3/1/2024",
           "Filename:\tP1.avi", "Frame rate:\t15", "Start time:\t00:00:00.000", ""]  # fmt: skip
    names = ["Neutral", "Happy", "Sad", "Angry", "Surprised", "Scared", "Disgusted"]
    values = chance.uniform(size=(30, 7)).round(4)
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t").writerow(["Video Time", *names])
    for n, row in enumerate(values):
        cells = ["FIT_FAILED"] * 7 if n in {4, 5} else ["FIND_FAILED"] * 7 if n == 9 else row
        csv.writer(stream, delimiter="\t").writerow([f"00:00:{n / 15:06.3f}", *cells])
    path = tmp_path / "P1_detailed.txt"
    path.write_text("\n".join([*top, stream.getvalue()]), encoding="utf-8")
    told, (line,) = check(path)
    assert "estimates" in line and "are not numbers" not in told
    call(*shlex.split(line)[1:])


def test_numbered_sensors_of_imotions_are_told_by_their_values(call, tmp_path):
    chance = np.random.default_rng(6)
    names = ["Anger", "Contempt", "Disgust", "Fear", "Joy", "Sadness", "Surprise", "Engagement",
             "Valence", "Brow Furrow", "Lip Corner Depressor"]  # fmt: skip
    rows = [["Row", "Timestamp", "EventSource", "SourceStimuliName", *names]]
    values = chance.uniform(0, 100, (24, len(names))).round(3)
    for n, row in enumerate(values):
        blank = n % 12 == 0
        cells = [""] * len(names) if blank else row.tolist()
        rows.append([n + 1, n * 33.3, 1 if blank else 2, "Ad" if n < 12 else "Base", *cells])
    path = write(tmp_path / "001_R001.csv", rows)
    told = call("estimates", path, "--json", "-")
    assert json.loads(told.stdout)["rows"]


def test_a_target_without_ids_of_clips_asks_for_them(check, tmp_path):
    path = tmp_path / "target.csv"
    path.write_text('"","surprise"\n' + "".join(f'"{n}",{1 + n / 7:.2f}\n' for n in range(1, 13)))
    told, lines = check(path)
    assert not lines and "no column names the clips of 'surprise'" in told


def test_a_single_sheet_that_is_read_after_all_has_its_own_rows(tmp_path):
    path = tmp_path / "ratings.xlsx"
    with pd.ExcelWriter(path) as book:
        for place, who in enumerate(PEOPLE):
            table = pd.DataFrame({"clip": CLIPS, "rater": who, "rating": make_answers()[:, place]})
            table = table.astype({"rating": object})
            table.loc[3, "rating"] = "x7?" if who == "ben" else 2
            table.to_excel(book, sheet_name=who, index=False)
    for sheet, file in (("*", f"{path}, sheet 'ben'"), ("ben", str(path))):
        with pytest.raises(DataError) as caught:
            read_ratings(path, sheet=sheet)
        (problem,) = caught.value.problems
        assert (problem.file, problem.rows) == (file, (5,))
    assert len(read_ratings(path, sheet="ada")) == len(CLIPS)


def test_rows_of_intake_that_name_the_film_leave_the_record_as_the_clip(call, tmp_path):
    """REDCap's repeating instruments: the film stands in a record's first row, raters in others."""
    rows = ["record_id,redcap_repeat_instrument,redcap_repeat_instance,video_file,rater,sens"]
    given = {}
    for record in range(1, 13):
        rows.append(f"{record},,,ECHO_{record:03}.mov,,")
        for place, who in enumerate(("MB", "JT", "AK"), 1):
            given[record, who] = (record * 7 + place * 3 + record % place) % 5
            rows.append(f"{record},rating_form,{place},,{who},{given[record, who]}")
    (tmp_path / "echo.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    told = " ".join(call("check", tmp_path / "echo.csv").output.split())
    assert "12 rows hold no 'rater' and no answer: left out." in told
    assert "--rating sens --clip record_id" in told
    with pytest.warns(DataWarning, match="12 rows hold no 'rater' and no answer"):
        read = read_ratings(tmp_path / "echo.csv", rating="sens", clip="record_id", rater="rater")
    held = read.set_index([read["clip"].astype(int), "rater"])["rating"]
    assert held.to_dict() == given


def test_who_fills_in_a_form_is_the_rater(check, find_icc, tmp_path):
    answers = make_answers()
    rows = [["Timestamp", "Your initials", "Clip number", "How nervous?", "Anything else?"]]
    rows += [[f"01/17/2022 09:{place:02}:{n:02}", PEOPLE[place][:2].upper(), n + 1, value, ""]
             for n, own in enumerate(answers) for place, value in enumerate(own)]  # fmt: skip
    _, (line, *_) = check(write(tmp_path / "form.csv", rows))
    assert "--rater 'Your initials'" in line and "--clip 'Clip number'" in line
    assert find_icc(line)["How nervous?"] == pytest.approx(rate_oneway(answers), abs=1e-12)


def test_questions_on_parts_of_the_face_are_no_blendshapes(check, tmp_path):
    answers = make_answers()
    rows = [["clip", "rater", "eyeContact", "browRaise", "mouthOpen"]]
    chance = np.random.default_rng(3)
    rows += [[n + 1, PEOPLE[place], value, *np.clip(value + chance.integers(-1, 2, 2), 1, 5)]
             for n, own in enumerate(answers) for place, value in enumerate(own)]  # fmt: skip
    told, lines = check(write(tmp_path / "items.csv", rows))
    assert "MediaPipe" not in told
    assert any("--rating eyeContact,browRaise,mouthOpen" in line for line in lines)


@pytest.mark.parametrize(
    ("above", "place"),
    [
        ([["Clip:", "K1", "K2"]], 0),
        ([["Judge:", "Anna", "1 to 7"], ["Rate:", "25"], ["clip", "K1", "K2", "notes"]], 2),
        ([["Study 2"], ["Judge:", "Anna", "1 to 7"], [], ["clip", "K1", "K2", "notes"]], 3),
    ],
)
def test_what_names_a_value_stands_above_a_table_and_a_header_above_data(above, place):
    data = [[one, str(n), "2", "seen"] for n, one in enumerate("abcde")]
    assert find_header([*above, *data]).place == place
