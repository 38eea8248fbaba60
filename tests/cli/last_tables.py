"""Tables of yet other kinds, each with the answer that is right."""

from .strange_files import HALVES, book, text
from .strange_tables import CLIPS, GRID, ICC, JUDGES, PEOPLE, join, long, wide

HALF = GRID / 2


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


LAST = [
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
    text("roman.csv", long(lambda c: ["I", "II", "III", "IV", "V"][int(c) - 1]),
         ("agreement", "alpha", None)),
    text("subject_first.csv", _beside(), ICC),
]  # fmt: skip
