"""Tables of yet other kinds, each with the answer that is right."""

from .strange_files import HALVES, book, text
from .strange_tables import CLIPS, GRID, ICC, JUDGES, join, long, wide

HALF = GRID / 2


def spaced(i, v):
    return f"{v * 501.5:,.1f}".replace(",", " ").replace(".", ",")


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
