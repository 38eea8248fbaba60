"""Files as laboratories hand them on, made by a script, each with the answer that is right."""

import gzip
import itertools
import unicodedata
from dataclasses import dataclass

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat

from .strange_tables import (
    ANSWERS,
    CLIPS,
    GRID,
    HEADER,
    ICC,
    JUDGES,
    LOADING,
    PEOPLE,
    agree,
    items,
    join,
    load_first,
    long,
    wide,
)


@dataclass(frozen=True)
class Strange:
    """A file: how it is written, and the call's command, term and value or the cause of refusal."""

    name: str
    write: object
    right: object


def text(name, content, right, encoding="utf-8"):
    made = content if isinstance(content, str) else join(content)
    return Strange(name, lambda path: path.write_bytes(made.encode(encoding)), right)


def book(name, sheets, right, change=None):
    """Return a workbook: sheet to rows, numbers as numbers; `change` gets the book."""

    def write(path):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append([_number(cell) for cell in row])
        if change is not None:
            change(made)
        made.save(path)

    return Strange(name, write, right)


def _number(cell):
    try:
        return float(cell) if "." in cell else int(cell)
    except (ValueError, TypeError):
        return cell


def frame(rows, numbers=()):
    table = pd.DataFrame(rows[1:], columns=rows[0])
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def spss(name, table, right, **options):
    return Strange(name, lambda path: pyreadstat.write_sav(table, str(path), **options), right)


def _nfd(name):
    return unicodedata.normalize("NFD", name)


def _comma(cell):
    return cell.replace(".", ",")


HALF = GRID / 2
HALVES = ("reliability", "ICC(A,1)", agree(GRID))
LIKERT = {"1": "trifft gar nicht zu", "2": "trifft eher nicht zu", "3": "teils, teils",
          "4": "trifft eher zu", "5": "trifft voll zu"}  # fmt: skip
AGREE = {"1": "Strongly disagree", "2": "Somewhat disagree", "3": "Neither agree nor disagree",
         "4": "Somewhat agree", "5": "Strongly agree"}  # fmt: skip
FREQUENT = {"1": "jamais", "2": "rarement", "3": "parfois", "4": "souvent", "5": "toujours"}
Q = [f"Q4_{i}" for i in range(1, 6)]


def _qualtrics(names, change=str):
    def stamp(i):
        return f"2024-03-{i % 28 + 1:02d} 10:{i:02d}:00"

    before = [("StartDate", stamp), ("EndDate", stamp), ("Status", lambda i: "0"),
              ("IPAddress", lambda i: "*******"), ("Progress", lambda i: "100"),
              ("Duration (in seconds)", lambda i: str(200 + 7 * i % 90)),
              ("Finished", lambda i: "1"), ("RecordedDate", stamp),
              ("ResponseId", lambda i: f"R_{i:04x}Ab"),
              ("LocationLatitude", lambda i: f"{47 + i / 100:.2f}")]  # fmt: skip
    rows = items(names, before, [("SC0", lambda i: str(i * 3 % 17))], change=change)
    questions = ["Please say how much - " + name for name in names]
    told = ["Start Date", "End Date", "Response Type", "IP Address", "Progress",
            "Duration (in seconds)", "Finished", "Recorded Date", "Response ID",
            "Location Latitude", *questions, "Score"]  # fmt: skip
    marks = [f'{{"ImportId":"{name}"}}' for name in rows[0]]
    return [rows[0], told, marks, *rows[1:]]


def _sosci():
    before = [("CASE", lambda i: str(i + 31)), ("SERIAL", lambda i: ""), ("REF", lambda i: ""),
              ("QUESTNNR", lambda i: "base"), ("MODE", lambda i: "interview"),
              ("STARTED", lambda i: f"2024-05-01 10:{i:02d}:31")]  # fmt: skip
    after = [("TIME001", lambda i: str(5 + i * 7 % 31)), ("TIME002", lambda i: str(9 + i % 23)),
             ("TIME_SUM", lambda i: str(14 + i * 5 % 53)), ("LASTPAGE", lambda i: "7"),
             ("MAXPAGE", lambda i: "7"), ("MISSING", lambda i: str(i % 3)),
             ("FINISHED", lambda i: "1"),
             ("TIME_RSI", lambda i: f"{0.5 + i % 9 / 8:.2f}")]  # fmt: skip
    names = [f"AU01_0{i}" for i in range(1, 6)]
    rows = items(names, before, after)
    told = ["Interview-Nummer", "Seriennummer", "Referenz", "Fragebogen", "Interview-Modus",
            "Beginn", *(f"Ausdruck: {one}" for one in ("lebhaft", "offen", "warm", "frei", "klar")),
            *("Verweildauer Seite 1", "Verweildauer Seite 2", "Verweildauer gesamt",
              "Letzte Seite", "Letzte Seite", "Fehlende", "Beendet", "Index")]  # fmt: skip
    return [rows[0], told, *rows[1:]]


def _lime():
    names = [f"G01Q01[SQ00{i}]" for i in range(1, 6)]
    before = [("id", lambda i: str(i + 4)), ("submitdate", lambda i: "1980-01-01 00:00:00"),
              ("lastpage", lambda i: "3"), ("startlanguage", lambda i: "de"),
              ("seed", lambda i: str(1_000_000 + i * 7919))]  # fmt: skip
    return items(names, before, [("interviewtime", lambda i: f"{90 + i * 13 % 71}.25")])


def _redcap():
    names = ["warm_1", "warm_2", "warm_3", "warm_4", "warm_5"]
    before = [("record_id", lambda i: str(i + 1)), ("redcap_event_name", lambda i: "t0_arm_1"),
              ("redcap_repeat_instance", lambda i: ""),
              ("dob", lambda i: f"1990-02-{i % 28 + 1:02d}")]  # fmt: skip
    return items(names, before, [("warmth_complete", lambda i: ["2", "0", "1"][i % 3])])


def _turk():
    head = ["HITId", "AssignmentId", "WorkerId", "WorkTimeInSeconds", "Input.video", "Answer.smile"]
    rows = [
        [f"3X{i:03d}", f"A{i:02d}{j}", f"W{JUDGES[j]}", str(20 + (i * 7 + j) % 60),
         f"{CLIPS[i]}.mp4", f"{GRID[i, j]:g}"]
        for i, j in itertools.product(range(24), range(4))
    ]  # fmt: skip
    return [head, *rows]


def _trials(names):
    """Return trials in which every person rates every clip once."""
    return [[*names], *([JUDGES[j], CLIPS[i], f"{GRID[i, j]:g}"]
            for j, i in itertools.product(range(4), range(24)))]  # fmt: skip


def _total(word, how=np.mean, columns=JUDGES):
    return [*wide(columns), [word, *(f"{one:.2f}" for one in how(GRID, axis=0))]]


def _margin(word, how):
    rows = wide(["rater1", "rater2", "rater3", "rater4"])
    sums = how(GRID, axis=1)
    return [
        [*rows[0], word],
        *([*row, f"{one:g}"] for row, one in zip(rows[1:], sums, strict=True)),
    ]


def _crossed(form, second=GRID[::-1]):
    names = [form.format(item=item, judge=j + 1) for item in ("joy", "calm") for j in range(4)]
    return [["clip", *names], *([CLIPS[i], *map("{:g}".format, [*GRID[i], *second[i]])]
            for i in range(24))]  # fmt: skip


def _pack(path):
    with gzip.open(path, "wb") as stream:
        stream.write(join(long(_comma, grid=HALF), ";").encode("cp1252"))


def _merge(made):
    sheet = made["Daten"]
    for start in range(2, 2 + 96, 4):
        for column in (1, 4):
            for row in range(start + 1, start + 4):
                sheet.cell(row, column).value = None
            sheet.merge_cells(None, start, column, start + 3, column)


def _hide(made):
    made["old"].sheet_state = "hidden"


def _stata(path):
    table = frame(items(["w1", "w2", "w3", "w4", "w5"]), ["w1", "w2", "w3", "w4", "w5"])
    labels = {name: {1: "never", 5: "always"} for name in table}
    pyreadstat.write_dta(table, str(path), variable_value_labels=labels)


CODED = [[*row] for row in items([f"i{j}" for j in range(5)])]
for place, code in ((7, "999"), (20, "999"), (33, "-9"), (41, "-9"), (50, "999")):
    CODED[place][2] = code
_kept = np.delete(ANSWERS, [6, 19, 32, 40, 49], axis=0)
_labelled = frame(items([f"i{j}" for j in range(5)]), [f"i{j}" for j in range(5)])
_labelled.loc[[3, 9, 27], "i1"] = 8.0
_silent = np.delete(ANSWERS, [3, 9, 27], axis=0)
SCALE = {1.0: "stimme nicht zu", 5.0: "stimme zu", 8.0: "keine Angabe"}
FIVE = [f"i{j}" for j in range(5)]
_MATRIX = np.corrcoef(ANSWERS.T).round(2)

# Two clips that nobody could rate.
_GONE = [3, 9]
KEPT = ("reliability", "ICC(A,1)", agree(np.delete(GRID, _GONE, axis=0)))


def _miss(code, unit=1):
    """Return ratings with a code for two clips; at unit 20 those of a slider up to 100."""
    made = GRID * unit
    made[_GONE] = code
    return long(grid=made)


def _nine():
    made = ANSWERS.copy()
    made[[3, 9, 27], 1] = 9
    return items(FIVE, answers=made)


FILES = [
    # Dialects and languages.
    text("german.csv", join(long(_comma, ("Clip", "Beurteiler", "Bewertung", "Versuchsperson"),
         HALF), ";"), HALVES, "cp1252"),
    text("german_umlaut.csv", join(long(_comma,
         ("Video", "Bewerter", "Ausprägung", "Probandennummer"), HALF,
         ["Jörg", "Änne", "Cem", "Dora"]), ";"), HALVES, "cp1252"),
    text("french.txt", join(long(str, ("extrait", "juge", "note", "participant")), "\t"), ICC,
         "utf-16"),
    text("turkish.csv", join(long(str, ("Klip", "Değerlendirici", "Puan", "Katılımcı")), ";"), ICC,
         "utf-8-sig"),
    text("chinese.csv", long(str, ("片段", "评分者", "评分", "被试")), ICC, "utf-8-sig"),
    text("spanish.csv", join(long(_comma, ("vídeo", "evaluador", "puntuación", "sujeto"), HALF),
         ";"), HALVES),
    text("bars.txt", join([[*row, ""] for row in long()], "|"), ICC),
    text("aligned.txt", "\n".join("".join(f"{cell:<12}" for cell in row) for row in long()), ICC),
    text("r_table.txt", " ".join(f'"{one}"' for one in HEADER) + "\n" + "".join(
         f'"{n}" "{c}" "{r}" {v} "{s}"\n' for n, (c, r, v, s) in enumerate(long()[1:], 1)), ICC),
    text("old_mac.csv", join(long(), end="\r"), ICC, "mac-roman"),
    text("declared.csv", "sep=;\r\n" + join(long(_comma, grid=HALF), ";", "\r\n"), HALVES,
         "cp1252"),
    text("comments.csv", "# lab 4, pilot\n# exported 2024-01-02\n\n" + join(long()), ICC),
    text("trailing.csv", join([[*row, "", ""] for row in long()]), ICC),
    text("leading.csv", join([["", *row] for row in long()]), ICC),
    text("gaps.csv", "\n\n".join(join(long()).split("\n")), ICC),
    text("quoted.csv", long(str, ("clip", "rater", 'How "expressive"\nwas it?', "subject")), ICC),
    text("nfd.csv", long(str, judges=["Zoë", "Ben", "Cem", "Dora"])[:50]
         + long(str, judges=[_nfd("Zoë"), "Ben", "Cem", "Dora"])[50:], ICC),
    text("invisible.csv", [[*row[:3], row[3] + "\u200b" * (i % 7 == 3)]
         for i, row in enumerate(long())], ICC),
    text("points.csv", [[*row[:3], row[3] if i == 0 else f"{int(row[3][1:])}.0"]
         for i, row in enumerate(long())], ICC),
    text("zeros.csv", long(clips=[f"{i:03d}" for i in range(24)]), ICC),
    text("percent.csv", long(lambda cell: f"{int(cell) * 20}%"), ICC),
    Strange("packed.csv.gz", _pack, HALVES),
    text("named.xlsx", long(), ICC),
    # What must be refused, with its cause.
    text("mixed.csv", join([*long(_comma, grid=HALF), ["x", "Ada", "2.5", "P001"]], ";"),
         "decimal comma"),
    text("grouped.csv", [["clip", "subject", "rt", "y"], *([c, PEOPLE[i], "1,200" if i % 2 else
         "980", str(i * 7 % 11)] for i, c in enumerate(CLIPS))], "may be 1.200 or 1200"),
    Strange("badbyte.csv", lambda path: path.write_bytes(
        join(long(judges=["Zoë", *JUDGES[1:]])).encode().replace(b"clip05,Ben", b"clip05,B\xe9n")),
        ("reliability", "ICC(1,1)", None, "not UTF-8")),
    text("cut.csv", join(long())[:-9] + '"', "may be cut off"),
    text("twice.csv", [*long(), long()[7]], "more than once"),
    text("twins.csv", long(header=("clip", "rater", "rating", "rating")), "names 'rating' 2 times"),
    text("headless.csv", long()[1:], "names of the columns"),
    text("exponents.csv", long(clips=[f"{2.02 + i // 8 / 100:.2f}E+11" for i in range(24)]),
         "lost digits"),
    text("triangle.csv", [["", *FIVE], *([FIVE[i], *(f"{v:.2f}" if j <= i else "" for j, v in
         enumerate(row))] for i, row in enumerate(_MATRIX))], "correlation matrix"),
    text("article.csv", [["Variable", "M", "SD", "1", "2", "3", "4", "5"], *(
         [FIVE[i], f"{ANSWERS[:, i].mean():.2f}", f"{ANSWERS[:, i].std():.2f}", *(
          f"{v:.2f}".lstrip("0") if j < i else "—" if i == j else "" for j, v in enumerate(row))]
         for i, row in enumerate(_MATRIX))], "correlation matrix"),
    Strange("page.xls", lambda path: path.write_text("<html><table><tr><td>clip</td></tr></table>"),
            "web page"),
    text("words.csv", long(lambda cell: "n/a" if cell == "5" else cell), ("reliability", "ICC(A,1)",
         None)),
    text("truths.csv", long(lambda cell: str(cell > "3").upper()), ("agreement", "alpha", None)),
    # Survey programs.
    text("qualtrics.csv", _qualtrics(Q), LOADING, "utf-8-sig"),
    text("qualtrics_words.csv", _qualtrics(Q, lambda cell: AGREE[cell]), LOADING, "utf-8-sig"),
    text("sosci.csv", join(_sosci(), "\t"), LOADING, "utf-16"),
    text("limesurvey.csv", _lime(), LOADING),
    text("redcap.csv", _redcap(), LOADING),
    text("turk.csv", _turk(), ICC),
    text("psychopy.csv", _trials(("participant", "stimulus", "rating")), ICC),
    text("testable.csv", _trials(("subjectNr", "stimFile", "resp")), ICC),
    text("likert_german.csv", items(FIVE, change=lambda cell: LIKERT[cell]), LOADING),
    text("likert_french.csv", long(lambda cell: FREQUENT[cell],
         ("clip", "juge", "réponse", "sujet")), ICC),
    text("likert_numbered.csv", items(FIVE, change=lambda cell: f"{cell} = {AGREE[cell]}"),
         LOADING),
    text("codes.csv", CODED, ("factor", "loading", load_first(_kept))),
    # Workbooks.
    book("merged.xlsx", {"Daten": long()}, ICC, _merge),
    book("codebook_first.xlsx", {"Codebuch": [["Variable", "Bedeutung"], ["clip", "Film"],
         ["rater", "Beurteiler"], ["rating", "1 bis 5"]], "Daten": long()}, ICC),
    book("hidden.xlsx", {"old": long(grid=GRID[::-1]), "new": long()}, ICC, _hide),
    book("titled.xlsx", {"A": [["Study 2: expressiveness"], ["by Ada"], [], *long()]}, ICC),
    book("offset.xlsx", {"A": [[], [], *([None, None, *row] for row in long())]}, ICC),
    book("noted.xlsx", {"A": [*long(), [], ["Note. Clips 1 to 24; rated in 2019."]]}, ICC),
    book("headed_twice.xlsx", {"A": [["", "joy", None, None, None, "calm", None, None, None],
         ["clip", *["r1", "r2", "r3", "r4"] * 2], *_crossed("{item}{judge}")[1:]]}, ICC),
    # Statistical programs.
    spss("labelled.sav", _labelled, ("factor", "loading", load_first(_silent)),
         variable_value_labels=dict.fromkeys(FIVE, SCALE)),
    spss("ranges.sav", _labelled, ("factor", "loading", load_first(_silent)),
         missing_ranges={name: [{"lo": 8, "hi": 9}] for name in FIVE}),
    Strange("answers.dta", _stata, LOADING),
    # Layouts.
    *(text(f"judges_{n}.csv", wide(names), ICC) for n, names in enumerate([
        ["Beurteiler 1", "Beurteiler 2", "Beurteiler 3", "Beurteiler 4"],
        ["juge1", "juge2", "juge3", "juge4"], ["R_1", "R_2", "R_3", "R_4"],
        ["expert_a", "expert_b", "expert_c", "expert_d"],
        ["score_rater1", "score_rater2", "score_rater3", "score_rater4"]])),
    *(text(f"crossed_{n}.csv", _crossed(form), ICC) for n, form in enumerate(
        ["r{judge}_{item}", "{item}.coder{judge}", "rater{judge}.{item}", "{item} (rater {judge})",
         "{item}_{judge}"])),
    text("rows.csv", [["Beurteiler", *CLIPS], *([JUDGES[j], *map("{:g}".format, GRID[:, j])]
         for j in range(4))], ICC),
    *(text(f"total_{word}.csv", _total(word, how, ["rater1", "rater2", "rater3", "rater4"]), ICC)
      for word, how in (("Total", np.sum), ("Mean", np.mean), ("Summe", np.sum), ("M", np.mean),
                        ("Gesamt", np.sum), ("Mittelwert", np.mean), ("", np.mean))),
    *(text(f"margin_{word}.csv", _margin(word, how), ICC)
      for word, how in (("Total", np.sum), ("Mean", np.mean), ("all", np.mean))),
    text("item_total.csv", items(FIVE, after=[("total", lambda i: f"{ANSWERS[i].sum():g}")]),
         LOADING),
    text("slider.csv", _miss(-99, 20), KEPT),
    text("below_one.csv", _miss(-1), KEPT),
    text("nine_of_five.csv", _nine(), ("factor", "loading", load_first(_silent))),
    text("end_labels.csv", long(lambda cell: {"1": "1 = not at all", "5": "5 = very"}.get(cell,
         cell)), ICC),
    text("adjectives.csv", [["clip", "coder", "adjective", "response"], *([c, r, word, v]
         for word in ("warm", "open") for c, r, v, _ in long()[1:])], ICC),
    text("short_names.csv", [["VP", "vid", "rater_nr", "i1", "i2"], *([s[1:], c[4:], r, v, v]
         for c, r, v, s in long()[1:])], ICC),
    text("loops.csv", _crossed("{judge}_{item}"), ICC),
    text("copies.csv", [*long(), *long()[5:8]], "copies of others"),
    text("sessions.csv", [[*HEADER, "session"], *([*row, one] for one in "12"
         for row in long()[1:])], "'session' ('1', '2') tells them apart"),
    text("stray.csv", [[*row[:3], "P009"] if i == 3 else row for i, row in enumerate(long())],
         "'clip01' has 'P001' (3 rows) and 'P009' (1 row)"),
    Strange("zero.csv", lambda path: path.write_bytes(
        join(long()).encode().replace(b"Cem", b"Ce\0m", 1)), "zero byte"),
    text("lone.csv", [HEADER, *long()[1::4]], "needs several raters"),
    *(text(f"two_ids_{n}.csv", _trials(names), ICC) for n, names in enumerate(
        [("evaluator", "picture", "score"), ("sample", "plate", "diameter"),
         ("vp", "bild", "urteil")])),
]  # fmt: skip
