"""Tables of further kinds, each with the answer that is right, made after the readers were."""

import numpy as np
import pyreadstat

from .laboratory_tables import FIVE, NUMBERED, say
from .strange_files import HALVES, Strange, book, frame, text
from .strange_tables import ANSWERS, CLIPS, GRID, ICC, JUDGES, LOADING, PEOPLE

from .strange_tables import agree, items, join, long, wide  # isort: skip

HALF = GRID / 2
OTHER = GRID[::-1]


def _remarked():
    rows = wide(["AB", "CD", "EF", "GH"], first="Nr. Clip")
    return [[*rows[0], "Kommentar"], *([*row, "unscharf" if i % 5 == 2 else ""]
            for i, row in enumerate(rows[1:]))]  # fmt: skip


def _loops():
    names = [f"{i + 1}_Q5_{k}" for i in range(24) for k in (1, 2)]
    rows = [[f"R_{j}x", *(f"{grid[i, j]:g}" for i in range(24) for grid in (GRID, OTHER))]
            for j in range(4)]  # fmt: skip
    return [["ResponseId", *names], *rows]


def _repeated():
    head = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "video_id",
            "rater_initials", "expressiveness", "rating_complete"]  # fmt: skip
    return [head, *([str(i // 3 + 1), "ratings", str(i % 3 * 4 + j + 1), CLIPS[i], JUDGES[j],
            f"{GRID[i, j]:g}", "2"] for i in range(24) for j in range(4))]  # fmt: skip


def _labelled(path):
    table = frame(long(), ["rating"])
    words = dict(enumerate(["not at all", "a little", "somewhat", "quite", "very"], 1))
    pyreadstat.write_sav(table, str(path), variable_value_labels={"rating": {
        float(value): word for value, word in words.items()}})  # fmt: skip


def _coded(path):
    table = frame(long(judges=["1", "2", "3", "4"]), ["rating", "rater"])
    names = {"rater": dict(enumerate(JUDGES, 1))}
    pyreadstat.write_dta(table, str(path), variable_value_labels=names)


def _sure():
    head = ["clip", *(f"rater{j}{end}" for j in range(1, 5) for end in ("", "_conf"))]
    return [head, *([CLIPS[i], *(f"{v:g}" for j in range(4) for v in (GRID[i, j], 50 + 7 * i % 45))]
            for i in range(24))]  # fmt: skip


def _links(made):
    sheet = made["A"]
    for row in range(2, 98):
        sheet.cell(row, 1).hyperlink = "https://example.org/" + str(sheet.cell(row, 1).value)


def _space(value):
    return f"{value * 501.5:,.1f}".replace(",", " ").replace(".", ",")


def _comma(cell):
    return cell.replace("0.", ",").replace(".", ",")


def _annotated():
    head = ["url", *(f"Annotator{j}_{k}" for j in range(1, 5) for k in ("valence", "arousal"))]
    return [head, *([f"https://x.org/{CLIPS[i]}.mp4", *(f"{grid[i, j]:g}" for j in range(4)
            for grid in (GRID, GRID[::-1]))] for i in range(24))]  # fmt: skip


def _studio():
    head = ["annotation_id", "annotator", "choice", "created_at", "id", "lead_time", "video"]
    return [head, *([str(100 + 4 * i + j), str(j + 1), ["joy", "calm", "fear"][int(GRID[i, j]) % 3],
            f"2024-03-01T10:{i:02d}:0{j}Z", str(i), f"{i * 7 % 31}.{j}", f"/data/{CLIPS[i]}.mp4"]
            for i in range(24) for j in range(4))]  # fmt: skip


def _beside():
    head = ["ID", "Sex", "Cond", "Video", "R1", "R2", "R3", "R4", "Mean_R"]
    return [head, *([PEOPLE[i], "fm"[i % 2], "ab"[i // 12], CLIPS[i], *map("{:g}".format, GRID[i]),
            f"{GRID[i].mean():.2f}"] for i in range(24))]  # fmt: skip


UNSEEN = [
    book("remarks.xlsx", {"Tabelle1": _remarked()}, ICC),
    text("loops_of_two.csv", _loops(), ICC),
    text("features_by_video.csv", [["participant", *(f"video_{i}_smile" for i in range(1, 5))], *(
         [f"p{i}", *(f"{v / 7:.3f}" for v in GRID[i])] for i in range(24))],
         ("factor", "loading", None, "may be judges or items")),
    text("times_by_trial.csv", [["participant", *(f"trial_{i}" for i in range(1, 6))], *([f"p{i}",
         *(f"{700 + 31 * v + i:g}" for v in ANSWERS[i])] for i in range(24))],
         "--raters"),
    text("numbers.csv", "Table 1,,,\n" + join(long()), ICC),
    text("repeating.csv", _repeated(), ICC),
    Strange("scale_labelled.sav", _labelled, ICC),
    Strange("coders.dta", _coded, ICC),
    text("sheets.csv", [[*r[:2], "#REF!" if i in {7, 30} else r[2], r[3]] for i, r in
         enumerate(long())], ("reliability", "ICC(A,1)", None, "#REF!")),
    text("cyrillic.csv", join(long(str, ("видео", "оценщик", "оценка", "участник")), ";"),
         ICC, "cp1251"),
    text("chinese.csv", long(str, ("片段", "评分者", "评分", "被试")), ICC, "gb18030"),
    text("japanese.csv", long(str, ("動画", "評定者", "評定値", "参加者")), ICC, "shift_jis"),
    text("confidence.csv", _sure(), ICC),
    text("again.csv", [["clip", *(f"rater{j}_t{t}" for j in (1, 2) for t in (1, 2))], *([c, *map(
         "{:g}".format, GRID[i])] for i, c in enumerate(CLIPS))],
         ("reliability", "ICC(A,1)", agree(GRID[:, [0, 2]]))),
    text("single_quotes.csv", join([[f"'{c}'" for c in row] for row in long()], ";"), ICC),
    book("links.xlsx", {"A": long()}, ICC, _links),
    text("trailing_total.csv", [*long(), ["", "", f"{GRID.mean():.4f}", ""]], ICC),
    text("numbered_items.csv", items([f"{i}. Wie {w}?" for i, w in enumerate(FIVE, 1)],
         [("Code", lambda i: f"AB{i:02d}C"), ("Alter", lambda i: str(20 + i % 9))],
         [("Summe", lambda i: f"{ANSWERS[i].sum():g}")]), LOADING),
    text("two_people.csv", [["dyad", "partner", "clip", "rater", "rating"], *([f"d{i // 6}",
         "AB"[i // 3 % 2], CLIPS[i], JUDGES[j], f"{GRID[i, j]:g}"] for i in range(24)
         for j in range(4))], ICC),
    text("nested_seats.csv", [["clip", "subject", "rating_1", "rating_2", "rating_3", "rating_4",
         "n_raters"], *([CLIPS[i], PEOPLE[i], *map("{:g}".format, GRID[i]), "4"]
         for i in range(24))], ICC),
    text("mean_column.csv", [[*wide(["Coder A", "Coder B", "Coder C", "Coder D"])[0], "M", "SD"], *(
         [*row, f"{GRID[i].mean():.2f}", f"{np.std(GRID[i], ddof=1):.2f}"] for i, row in
         enumerate(wide()[1:]))], ICC),
    text("half.csv", join(long(_comma, grid=HALF), ";"), HALVES),
    book("two_languages.xlsx", {"A": [["clip", "rater", "rating", "subject"],
         ["Film", "Beurteiler", "Bewertung", "Person"], *long()[1:]]}, ICC),
    text("emails.csv", long(judges=[f"{one.lower()}@uni-x.de" for one in JUDGES]), ICC),
    text("annotators.csv", _annotated(), ICC),
    text("of_five.csv", long(lambda c: f"{c}/5"), ICC),
    text("spaces.csv", join([wide(["rater1", "rater2", "rater3", "rater4"])[0], *([CLIPS[i],
         *map(_space, GRID[i])] for i in range(24))], ";"), ICC),
    text("label_studio.csv", _studio(), ("agreement", "alpha", None)),
    text("dutch.csv", join(long(str, ("fragment", "beoordelaar", "score", "proefpersoon")), ";"),
         ICC),
    text("portuguese.csv", join(long(str, ("vídeo", "avaliador", "nota", "participante")), ";"),
         ICC),
    text("polish.csv", join(long(str, ("nagranie", "sędzia", "ocena", "osoba")), ";"), ICC),
    text("japanese_names.csv", long(str, ("動画", "評定者", "評定値", "参加者")), ICC, "utf-8-sig"),
    text("stars.csv", long(lambda c: "★" * int(c)), ICC),
    text("roman.csv", long(say(["I", "II", "III", "IV", "V"])), ICC),
    text("subject_first.csv", _beside(), ICC),
    # Answers that hold an order.
    text("severity.csv", items(FIVE, change=say(["none", "mild", "moderate", "severe",
         "very severe"])), LOADING),
    text("plus_minus.csv", long(say(["--", "-", "0", "+", "++"])), ICC),
    text("low_high.csv", [wide(NUMBERED)[0], *([row[0], *map(say(["very low", "low", "medium",
         "high", "very high"]), row[1:])] for row in wide(NUMBERED)[1:])], ICC),
    text("levels.csv", long(lambda c: f"Stufe {int(c) - 1}"), ICC),
    text("counted_stars.csv", long(lambda c: f"{c} star{'s' * (c != '1')}"), ICC),
    text("hollow_stars.csv", long(lambda c: "★" * int(c) + "☆" * (5 - int(c))), ICC),
    text("points.csv", long(lambda c: f"{c} Punkte"), ICC),
    text("rather_chinese.csv", items(FIVE, change=say(["非常不同意", "比较不同意", "一般",
         "比较同意", "非常同意"])), LOADING),
    text("unknown_class.csv", long(say(["joy", "anger", "unknown", "fear", "neutral"])),
         ("agreement", "alpha", None)),
    text("temps.csv", items(FIVE, [("participant", lambda i: f"p{i}")], [("temps", lambda i:
         str(1 + i * 7 % 5))]), (*LOADING, "clear --clip participant")),
]  # fmt: skip
