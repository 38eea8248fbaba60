"""Write lin2020.csv: Tables 1, 5 and 6 of Lin, Girard, and Morency (2020), as printed.

n_clips is subjects × clips a task, from the paper's text and appendix: 140 subjects in Table 1,
5 in the pilots; startle 5, pain 7, fear 7, disgust 4, sadness 8 clips. Run: python lin2020.py
"""

import csv
from pathlib import Path

CLIPS = {"sadness": 8, "startle": 5, "fear": 7, "pain": 7, "disgust": 4, "all": 16}
TABLES = {
    ("1", 140, 6): """
        startle 0.84 0.82 0.86 / 0.85 0.83 0.87 / 0.85 0.84 0.87
        pain 0.84 0.82 0.85 / 0.83 0.81 0.85 / 0.80 0.78 0.82
        disgust 0.88 0.87 0.90 / 0.88 0.87 0.90 / 0.86 0.84 0.88
        all 0.86 0.85 0.87 / 0.86 0.85 0.87 / 0.85 0.84 0.86""",
    ("5", 5, 3): """
        sadness 0.419 -0.014 0.687 / 0.517 0.156 0.739 / 0.311 -0.203 0.628 / 0.562 0.235 0.764
        startle 0.632 0.290 0.825 / 0.616 0.248 0.821 / 0.749 0.515 0.861 / 0.280 -0.391 0.658
        fear 0.197 -0.403 0.567 / 0.391 -0.168 0.639 / 0.368 -0.103 0.659 / 0.086 -0.596 0.507
        pain 0.652 0.392 0.812 / 0.534 0.187 0.749 / 0.504 0.135 0.733 / -1.010 -2.509 -0.084
        disgust 0.879 0.747 0.948 / 0.856 0.699 0.938 / 0.837 0.660 0.930 / 0.797 0.568 0.915""",
    ("6", 5, 6): """
        startle 0.783 0.619 0.892 / 0.777 0.605 0.891 / 0.879 0.788 0.940 / 0.103 -0.574 0.553
        pain 0.774 0.634 0.872 / 0.765 0.620 0.867 / 0.763 0.615 0.868 / -0.059 -0.711 0.403""",
}
HEADER = [
    "table",
    "task",
    "question",
    "estimate",
    "conf_low",
    "conf_high",
    "n_clips",
    "raters_per_clip",
]

rows = []
for (table, subjects, raters), text in TABLES.items():
    for line in text.strip().splitlines():
        task, _, numbers = line.strip().partition(" ")
        for question, cells in enumerate(numbers.split("/"), start=1):
            rows.append([table, task, question, *cells.split(), subjects * CLIPS[task], raters])

with Path(__file__).with_name("lin2020.csv").open("w", newline="", encoding="utf-8") as file:
    csv.writer(file).writerows([HEADER, *rows])
