"""Tables as programs of laboratories export them, each with the answer that is right."""

import datetime
import itertools

import numpy as np
import pyreadstat

from .strange_files import Strange, book, frame, spss, text
from .strange_tables import ANSWERS, CLIPS, GRID, HEADER, ICC, JUDGES, LOADING, PEOPLE

from .strange_tables import agree, items, join, load_first, long, wide  # isort: skip
from .test_formats import write_ods

HALF = GRID / 2
FIVE = ["lively", "open", "warm", "free", "clear"]
V = [f"v_{i}" for i in range(11, 16)]
# The answers that are left where rows 4, 10 and 28 have a gap in one item, or clips 4 and 10 none.
GAPS, GONE = [3, 9, 27], [3, 9]
FEWER = ("factor", "loading", load_first(np.delete(ANSWERS, GAPS, axis=0)))
KEPT = ("reliability", "ICC(A,1)", agree(np.delete(GRID, GONE, axis=0)))


def gap(code, names=FIVE, before=(), after=(), change=str):
    """Return answers in which a code stands for three that were not given."""
    rows = items(names, before, after, change=change)
    for place in GAPS:
        rows[place + 1][len(before) + 1] = code
    return rows


def skip(code, change=str, **options):
    """Return ratings with a code for all ratings of two clips."""
    lost = {CLIPS[place] for place in GONE}
    rows = long(change, **options)
    return [[*row[:2], code, row[3]] if row[0] in lost else row for row in rows]


def stamp(i):
    return f"2024/03/{i % 28 + 1:02d} 10:{i % 60:02d}:07 AM MEZ"


def say(words):
    return lambda cell: words[int(cell) - 1]


def by_rater(name, titles, before=(), after=()):
    """Return a row a rater, and a column a clip."""
    head = [*(one for one, _ in before), name, *titles, *(one for one, _ in after)]
    rows = [
        [*(make(j) for _, make in before), JUDGES[j], *map("{:g}".format, GRID[:, j]),
         *(make(j) for _, make in after)] for j in range(4)
    ]  # fmt: skip
    return [head, *rows]


def trials(names, more=(), shown="{}", change=str):
    """Return trials in which each person rates each clip; more columns by trial number."""
    rows = [
        [JUDGES[j], shown.format(CLIPS[i]), change(f"{GRID[i, j]:g}"),
         *(make(24 * j + i) for _, make in more)]
        for j, i in itertools.product(range(4), range(24))
    ]  # fmt: skip
    return [[*names, *(one for one, _ in more)], *rows]


QUESTION = "How expressive is the person in {}?"
GOOGLE = ("Timestamp", stamp)
PROLIFIC = [("Submission id", lambda i: f"65f{i:05x}"), ("Participant id", lambda i: f"5e{i:06x}"),
            ("Status", lambda i: "APPROVED"), ("Started at", lambda i: f"2024-03-01T10:{i:02d}Z"),
            ("Time taken", lambda i: str(300 + i * 37 % 211)),
            ("Age", lambda i: "CONSENT_REVOKED" if i % 9 == 4 else str(20 + i % 31)),
            ("Sex", lambda i: ["Male", "Female"][i % 2])]  # fmt: skip
UNIPARK = [("lfdn", lambda i: str(i + 11)), ("external_lfdn", lambda i: "0"),
           ("tester", lambda i: "0"), ("dispcode", lambda i: "31"),
           ("lastpage", lambda i: "4711"), ("quality", lambda i: "-77"),
           ("duration", lambda i: str(200 + i * 31 % 97))]  # fmt: skip
FORMS = [("ID", lambda i: str(i + 1)), ("Start time", stamp), ("Completion time", stamp),
         ("Email", lambda i: "anonymous"), ("Name", lambda i: "")]  # fmt: skip
QUALTRICS = [("StartDate", stamp), ("Finished", lambda i: "1"),
             ("ResponseId", lambda i: f"R_{i:03d}xY")]  # fmt: skip
GORILLA = [("Event Index", str), ("UTC Timestamp", lambda i: str(1_700_000_000_000 + 977 * i)),
           ("Experiment ID", lambda i: "7788"), ("Zone Type", lambda i: "response_slider_endValue"),
           ("Reaction Time", lambda i: f"{900 + i * 7919 % 1400}.5")]  # fmt: skip
PSYCHOPY = [("slider.rt", lambda i: f"{0.8 + i * 7 % 13 / 10:.3f}"),
            ("trials.thisN", lambda i: str(i % 24)), ("trials.thisRepN", lambda i: "0"),
            ("session", lambda i: "001"), ("date", lambda i: "2024-03-01_10h12.44.123"),
            ("expName", lambda i: "rate"), ("frameRate", lambda i: "59.94"),
            ("", lambda i: "")]  # fmt: skip
JSPSYCH = [("rt", lambda i: str(900 + i * 7919 % 1400)),
           ("trial_type", lambda i: "video-slider-response"),
           ("trial_index", lambda i: str(i % 24)),
           ("time_elapsed", lambda i: str(1200 * (i % 24) + 50)),
           ("internal_node_id", lambda i: f"0.0-{i % 24}.0")]  # fmt: skip
LIKERT = {
    "spanish": ["Totalmente en desacuerdo", "En desacuerdo", "Ni de acuerdo ni en desacuerdo",
                "De acuerdo", "Totalmente de acuerdo"],
    "italian": ["Per niente d'accordo", "Poco d'accordo", "Né d'accordo né in disaccordo",
                "Abbastanza d'accordo", "Molto d'accordo"],
    "portuguese": ["Discordo totalmente", "Discordo", "Não concordo nem discordo", "Concordo",
                   "Concordo totalmente"],
    "dutch": ["Helemaal mee oneens", "Mee oneens", "Neutraal", "Mee eens", "Helemaal mee eens"],
    "polish": ["Zdecydowanie się nie zgadzam", "Nie zgadzam się", "Trudno powiedzieć",
               "Zgadzam się", "Zdecydowanie się zgadzam"],
    "russian": ["Совершенно не согласен", "Скорее не согласен", "Затрудняюсь ответить",
                "Скорее согласен", "Полностью согласен"],
    "chinese": ["非常不同意", "不同意", "一般", "同意", "非常同意"],
    "japanese": ["全くそう思わない", "そう思わない", "どちらともいえない", "そう思う",
                 "非常にそう思う"],
    "swedish": ["Instämmer inte alls", "Instämmer inte", "Varken eller", "Instämmer",
                "Instämmer helt"],
    "frequency": ["nie", "selten", "manchmal", "oft", "immer"],
    "amount": ["not at all", "a little", "moderately", "quite a bit", "extremely"],
}  # fmt: skip


NUMBERED = ["rater1", "rater2", "rater3", "rater4"]


def _label(cell):
    return f"{cell} - {LIKERT['amount'][int(cell) - 1]}"


def _extended(path):
    table = frame(items(FIVE), FIVE).astype(object)
    table.loc[GAPS, "open"] = "a"
    pyreadstat.write_dta(table, str(path), missing_user_values={"open": ["a"]})


def _labelled(path):
    table = frame(long(clips=list(map(str, range(1, 25)))), ["clip", "rating"])
    names = {float(i + 1): f"film {i + 1}" for i in range(24)}
    pyreadstat.write_sav(table, str(path), variable_value_labels={"clip": names})


def _judged(path):
    table = frame(wide(["R_Ada", "R_Ben", "R_Cem", "R_Dora"], first="VideoNr"))
    table[table.columns[1:]] = table[table.columns[1:]].astype(float)
    table.loc[GONE, table.columns[1:]] = -9.0
    ranges = {name: [{"lo": -9, "hi": -9}] for name in table.columns[1:]}
    pyreadstat.write_sav(table, str(path), missing_ranges=ranges)


def _ods(rows):
    """Return a writer of a workbook of LibreOffice, numbers as numbers."""
    numbered = [[int(cell) if cell.isdigit() else cell for cell in row] for row in rows]
    return lambda path: write_ods(path, numbered)


def _date_ids(made):
    sheet = made["A"]
    for row in range(2, 98):
        number = (row - 2) // 4
        sheet.cell(row, 1).value = datetime.datetime(2024, number % 12 + 1, number // 12 + 1)


def _as_percent(made):
    sheet = made["A"]
    for row in range(2, 98):
        cell = sheet.cell(row, 3)
        cell.value, cell.number_format = cell.value / 5, "0%"


def _twice():
    rows = long()
    return [*rows[:49], rows[0], *rows[49:]]


def _subtotals():
    rows = [long()[0]]
    for person in dict.fromkeys(PEOPLE):
        block = [row for row in long()[1:] if row[3] == person]
        rows += [*block, ["", "", f"{np.mean([float(r[2]) for r in block]):.2f}", f"{person} Mean"]]
    return rows


def _two_rows(outer, inner, second=GRID[::-1]):
    """Return two rows of headings above a row a clip: judges over items, or items over judges."""
    pair = [GRID, second]
    cells = [(o, n) for o in outer for n in inner]
    top = ["", *(o if k == 0 else "" for o in outer for k in range(len(inner)))]
    whole = [top, ["clip", *(n for _, n in cells)]]
    judged = len(outer) == 4
    for i in range(24):
        made = [
            pair[inner.index(n)][i, outer.index(o)] if judged
            else pair[outer.index(o)][i, inner.index(n)] for o, n in cells
        ]  # fmt: skip
        whole.append([CLIPS[i], *map("{:g}".format, made)])
    return whole


def _people_by_film(form):
    head = ["person", *(form.format(film=f + 1, judge=j) for f in range(3) for j in JUDGES)]
    rows = [[f"P{p + 1:03d}", *(f"{GRID[3 * p + f, j]:g}" for f in range(3) for j in range(4))]
            for p in range(8)]  # fmt: skip
    return [head, *rows]


def _reversed():
    answers = ANSWERS.copy()
    answers[:, 2] = 6 - answers[:, 2]
    return items(FIVE, answers=answers)


def _monkey():
    rows = items(FIVE, [("Respondent ID", lambda i: str(114_000_000 + i)), ("End Date", stamp)])
    top = ["Respondent ID", "End Date", "How much do you agree?", "", "", "", ""]
    return [top, ["", "", *FIVE], *rows[1:]]


def _loop():
    rows = by_rater("PROLIFIC_PID", [f"{i + 1}_Q5" for i in range(24)], QUALTRICS)
    told = [*rows[0][:4], *(f"{one} - How expressive?" for one in CLIPS)]
    return [rows[0], told, [f'{{"ImportId":"{one}"}}' for one in rows[0]], *rows[1:]]


def _fill(rows):
    return [row if i < 1 or i % 4 == 1 else ["", *row[1:3], ""] for i, row in enumerate(rows)]


def _thousands(point, comma):
    made = GRID * 250.5
    swap = str.maketrans({",": point, ".": comma})
    return wide(["rater1", "rater2", "rater3", "rater4"])[:1] + [
        [CLIPS[i], *(f"{one:,.1f}".translate(swap) for one in row)] for i, row in enumerate(made)
    ]


def _signed(cell):
    return f"{int(cell) - 3:+d}".replace("-", "\u2212").replace("+", "")


_INSTRUCT = ["Ada", "<p>Welcome to the study.</p>", "null", "5000", "html-button-response", "0",
             "5000", "0.0-0.0"]  # fmt: skip
TABLES = [
    # Statistical programs.
    Strange("judges_usermiss.sav", _judged, KEPT),
    Strange("films_labelled.sav", _labelled, ICC),
    spss("columns_labelled.sav", frame(items(V), V), LOADING,
         column_labels={name: f"Ausdruck: {word}" for name, word in zip(V, FIVE, strict=True)}),
    Strange("extended.dta", _extended, FEWER),
    Strange("lab.ods", _ods(long()), ICC),
    Strange("titled.ods", _ods([["Studie 3", "", "", ""], *long()]), ICC),
    text("write_csv.csv", "".join(",".join(f'"{c}"' if i == 0 or k != 3 else c for k, c in
         enumerate([str(i) if i else "", *row])) + "\n" for i, row in enumerate(long())), ICC),
    text("write_csv2.csv", join([[str(i) if i else "", *row] for i, row in enumerate(
         skip("NA", lambda c: f"{float(c) / 2:g}".replace(".", ",")))], ";"), KEPT),
    text("dput.R", 'structure(list(clip = c("a", "b"), rating = c(1, 2)), class = "data.frame")\n',
         "R"),
    text("ascii.rds", "A\n3\n262657\n197888\n5\nUTF-8\n787\n2\n16\n2\n262153\n1\na\n", "R object"),
    text("matlab.csv", skip("NaN"), KEPT),
    text("matrix.csv", [list(map("{:g}".format, row)) for row in GRID], "with the names"),
    text("writetable.txt", wide([f"rating_{i}" for i in range(1, 5)]), ICC),
    text("jamovi.csv", items(FIVE, [("ID", lambda i: str(i + 1)),
         ("group", lambda i: "ab"[i % 2])]),
         LOADING),
    Strange("data.omv", lambda p: p.write_bytes(b"PK\x03\x04" + bytes(60)), "jamovi"),
    Strange("data.jasp", lambda p: p.write_bytes(b"PK\x03\x04" + bytes(60)), "JASP"),
    # Workbooks.
    book("per_rater.xlsx", {name: [["clip", "rating"], *([CLIPS[i], f"{GRID[i, j]:g}"] for i in
         range(24))] for j, name in enumerate(JUDGES)}, ICC),
    book("readme_first.xlsx", {"README": [["This workbook holds the ratings of study 2."], [],
         ["Contact: the first author"]], "Data": long(), "Pivot": [["clip", "Mean"]]}, ICC),
    book("units_row.xlsx", {"A": [long()[0], ["", "", "(1-5)", ""], *long()[1:]]}, ICC),
    book("result_row.xlsx", {"A": [*wide(["coder1", "coder2", "coder3", "coder4"]),
         ["Gesamtergebnis", *(f"{v:.3f}" for v in GRID.mean(0))]]}, ICC),
    book("date_ids.xlsx", {"A": long()}, (*ICC, "date"), _date_ids),
    book("percent.xlsx", {"A": long()}, ICC, _as_percent),
    book("footnote.xlsx", {"A": [*long(), ["* two raters were replaced in week 2", None, None]]},
         ICC),
    book("two_rows.xlsx", {"A": _two_rows(["Ada", "Ben", "Cem", "Dora"], ["joy", "calm"])},
         "--rating joy,calm"),
    # Questionnaires.
    text("google_videos.csv", by_rater("Your name", [QUESTION.format(f"video {i + 1}") for i in
         range(24)], [GOOGLE]), ICC),
    text("google_grid.csv", items([f"How does the person seem? [{one}]" for one in FIVE], [GOOGLE,
         ("Email Address", lambda i: f"p{i}@example.org")]), LOADING),
    text("google_words.csv", items([f"Die Person wirkt ... [{one}]" for one in FIVE],
         [("Zeitstempel", stamp)], change=say(["Stimme überhaupt nicht zu", "Stimme eher nicht zu",
         "Weder noch", "Stimme eher zu", "Stimme voll und ganz zu"])), LOADING),
    text("loop_merge.csv", _loop(), ICC, "utf-8-sig"),
    text("legacy.csv", [items(V, QUALTRICS)[0], ["Start", "Finished", "ID", *FIVE],
         *items(V, QUALTRICS)[1:]], LOADING),
    text("sosci_codes.csv", join(gap("-9", [f"EX01_0{i}" for i in range(1, 6)],
         [("CASE", lambda i: str(i + 7)), ("MODE", lambda i: "interview")]), ";"), FEWER),
    text("lime_videos.csv", join(by_rater("Response ID", [f"G01Q0{i % 9}. Wie stark? [Video {i}]"
         for i in range(1, 25)]), ";"), ICC),
    text("redcap_labels.csv", items(FIVE, [("Record ID", lambda i: str(i + 1))],
         [("Complete?", lambda i: "Complete")], change=say(["Strongly Disagree", "Disagree",
         "Neutral", "Agree", "Strongly Agree"])), LOADING),
    text("prolific.csv", items(FIVE, PROLIFIC), LOADING),
    text("ms_forms.xlsx", items(FIVE, FORMS), LOADING),
    text("monkey.csv", _monkey(), LOADING),
    text("unipark.csv", join(gap("-77", V, UNIPARK, [("browser", lambda i: "Firefox")]), ";"),
         FEWER),
    # Experiment programs.
    text("gorilla.csv", trials(["Participant Private ID", "Spreadsheet: video", "Response"],
         GORILLA, "{}.mp4"), ICC),
    text("jspsych.csv", trials(["participant_id", "stimulus", "response"], JSPSYCH,
         '["video/{}.mp4"]'), ICC),
    text("jspsych_mixed.csv", [*(rows := trials(["participant_id", "stimulus", "response"], JSPSYCH,
         "{}.mp4"))[:1], _INSTRUCT, *rows[1:]], ICC),
    text("psychopy.csv", trials(["participant", "video", "slider.response"], PSYCHOPY), ICC),
    text("sesame.csv", trials(["subject_nr", "stimulus", "response"], [("response_time",
         lambda i: str(700 + i * 331 % 900)), ("correct", lambda i: "undefined")]), ICC),
    text("eprime.txt", "C:\\My Experiments\\rate\\merged.emrg2\n" + join(trials(["Subject",
         "Stimulus", "Rating.RESP"], [("Session", lambda i: "1"), ("Trial", lambda i:
         str(i % 24 + 1))]), "\t"), ICC, "utf-16"),
    text("labvanced.csv", trials(["Exp_Subject_Id", "video", "rating"], [("Trial_Nr", lambda i:
         str(i % 24 + 1)), ("Block_Nr", lambda i: "1")]), ICC),
    text("inquisit.iqdat", join(trials(["subject", "stimulusitem1", "response"], [("latency",
         lambda i: str(700 + i * 331 % 900)), ("blockcode", lambda i: "rate"),
         ("trialcode", lambda i: "one")]), "\t"), ICC),
    text("labjs.csv", trials(["observation", "video", "rating"], [("sender", lambda i: "Rate"),
         ("sender_type", lambda i: "html.Form"), ("timestamp", lambda i:
         f"2024-03-01T10:{i % 60:02d}:01Z")]), ICC),
    # Layouts.
    text("rater_over_item.csv", _two_rows(["Ada", "Ben", "Cem", "Dora"], ["joy", "calm"]),
         "--rating joy,calm"),
    text("item_over_rater.csv", _two_rows(["joy", "calm"], ["Ada", "Ben", "Cem", "Dora"]),
         "--rating joy,calm"),
    text("clip_rater.csv", _people_by_film("video{film}_{judge}"),
         ("reliability", "ICC(A,1)", agree(GRID[0::3]))),
    text("header_twice.csv", _twice(), ICC),
    text("subtotals.csv", _subtotals(), ICC),
    text("footnotes.csv", join(long()) + '"Note. Ratings from 1 to 5."\n* replaced in week 2\n',
         ICC),
    text("fill_down.csv", _fill(long()), "'clip'"),
    text("diary.csv", items(FIVE, [("id", lambda i: f"p{i // 5}"), ("day", lambda i: str(i % 5)),
         ("beep", lambda i: str(i % 3))]),
         (*LOADING, "--subject id")),
    text("reversed.csv", _reversed(), (*LOADING, "--reverse")),
    text("coders.csv", [["clip", "coder_1", "coder_2"], *([CLIPS[i], *(["joy", "calm"][int(v > 3)]
         for v in GRID[i, :2])] for i in range(24))], ("agreement", "alpha", None)),
    text("categories.csv", long(lambda c: ["joy", "calm", "fear"][int(c) % 3]),
         ("agreement", "alpha", None)),
    text("folds.csv", [["id", "participant", "fold", "y_true", "rf", "enet"], *([CLIPS[i],
         PEOPLE[i], str(i % 4), *(f"{v:.3f}" for v in GRID[i, :3] + (.01, .13, .27))]
         for i in range(24))], ("compare", "rf", None)),
    text("ages.csv", [[*HEADER, "age"], *([*row, "thirty" if i == 4 else str(20 + i % 9)]
         for i, row in enumerate(long()[1:]))], (*ICC, "'thirty'")),
    # Numbers.
    text("thousands_de.csv", join(_thousands(".", ","), ";"), ICC),
    text("thousands_en.csv", _thousands(",", "."), ICC),
    text("minus.csv", long(_signed), ICC),
    text("percent_comma.csv", join(long(lambda c: f"{float(c) * 12.5:g} %".replace(".", ",")), ";"),
         ICC),
    text("labelled_judges.csv", [wide(NUMBERED)[0], *([row[0], *map(_label, row[1:])]
         for row in wide(NUMBERED)[1:])], ICC),
    text("bracketed.csv", items(FIVE, change=lambda c: f"{LIKERT['amount'][int(c) - 1]} ({c})"),
         LOADING),
    *(text(f"likert_{name}.csv", items(FIVE, change=say(words)), LOADING)
      for name, words in LIKERT.items()),
    *(text(f"missing_{n}.csv", skip(code), KEPT) for n, code in enumerate(
        ["k.A.", "NA (not applicable)", "#NULL!", "-", "999", "#N/A", "n.a.", "-9.00",
         "keine Angabe", "--", "?", "missing", "(null)"])),
    # Form.
    text("excel_unicode.txt", join([[*row, "", ""] for row in long(lambda c: f"{float(c) / 2:g}"
         .replace(".", ","))], ";"), ICC, "utf-16"),
    text("percent_comments.csv", "% lab 3\n% 2024\n" + join(long()), ICC),
    text("remarks.csv", [[*row, 'said "no",\nthen left' if i % 7 == 3 else ""] if i else
         [*row, "remark"] for i, row in enumerate(long())], ICC),
    text("float_ids.csv", long(judges=["1.0", "2.0", "3.0", "4.0"]), ICC),
    text("blanks.csv", [[f"{c} " for c in row] for row in long()], ICC),
    text("nbsp.csv", long(lambda c: f"{c}\u00a0"), ICC),
    text("zero_width.csv", [[f"\u200b{c}" for c in HEADER], *long()[1:]], ICC),
    text("lost_zeros.csv", [[*row[:3], row[3] if i % 12 else row[3].replace("P00", "P")] for i, row
         in enumerate(long())], "'P001' and 'P1'"),
]  # fmt: skip
