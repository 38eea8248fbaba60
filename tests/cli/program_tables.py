"""Logs of programs, loops of surveys, predictions and measures, each with the answer that is right.

Means, errors and areas are typed out for numpy; ICCs come from `strange_tables`.
"""

import numpy as np

from .laboratory_tables import say
from .strange_files import text
from .strange_tables import CLIPS, GRID, ICC, JUDGES, PEOPLE, join

OTHER = GRID[::-1]
WORDS = ["nada", "pouco", "moderadamente", "muito", "extremamente"]
rng = np.random.default_rng(77)
TRUTH = (3 + GRID.mean(1) + 0.3 * rng.normal(size=24)).round(2)
NEAR, FAR = (TRUTH + s * rng.normal(size=24) for s in (0.4, 0.9))
NEAR, FAR = NEAR.round(3), FAR.round(3)
ERROR = float(np.sqrt(np.mean((NEAR - TRUTH) ** 2)))
HIT = (GRID.mean(1) > 3).astype(int)
SHARE = np.clip(0.5 + 0.12 * (GRID.mean(1) - 3) + 0.2 * rng.normal(size=24), 0.01, 0.99).round(3)
# The share of pairs that the probabilities order rightly (Hanley & McNeil, 1982).
AREA = float(np.mean(SHARE[HIT == 1][:, None] > SHARE[HIT == 0]))
KINDS = ["joy", "fear", "calm"]
SEEN = [KINDS[int(one) % 3] for one in GRID[:, 0]]
GUESSED = [KINDS[int(one) % 3] for one in GRID[:, 1]]


def loop(column, cell, before, labels=None, grids=(GRID, OTHER)):
    """Return a row a rater with a column for each clip and question."""
    names = [column(i, k) for i in range(24) for k in range(len(grids))]
    rows = [
        [*(make(j) for _, make in before), *(cell(f"{grid[i, j]:g}", i, k) for i in range(24)
         for k, grid in enumerate(grids))] for j in range(4)
    ]  # fmt: skip
    told = [] if labels is None else [labels]
    return [[*(name for name, _ in before), *names], *told, *rows]


def _codes():
    """Return a survey whose second row tells clips and questions, and codes of the second one."""

    def cell(value, i, k):
        return "-9" if k and i % 7 == 3 else "-1" if k and i % 11 == 4 else value

    before = [("CASE", lambda j: str(41 + j)), ("STARTED", lambda j: f"2024-05-0{j + 1} 10:01:00")]
    told = ["Interview-Nummer", "Beginn des Interviews"]
    told += [f"Clip {i + 1:02d}: {one}" for i in range(24) for one in ("warm", "ehrlich")]
    return loop(lambda i, k: f"CL{i + 1:02d}_0{k + 1}", cell, before, told)


def _films(change):
    before = [("Zeitstempel", lambda j: f"0{j + 1}.03.24 10:11"), ("Alter", lambda j: str(20 + j)),
              ("Code", lambda j: f"KL{j}7")]  # fmt: skip
    name = "Film {} : wie wirkt die Person? [{}]".format
    return loop(lambda i, k: name(i + 1, ["froh", "müde"][k]), lambda v, i, k: change(v), before)


def _media():
    before = [("ResponseId", lambda j: f"R_{j}aX"), ("DistributionChannel", lambda j: "anonymous")]
    told = ["Response ID", "Distribution Channel"]
    told += [f"Watch {c}.mp4 first. How is the person? - {one}" for c in CLIPS
             for one in ("Open", "Sad")]  # fmt: skip
    rows = loop(lambda i, k: f"{i + 1}_Q9_{k + 1}", lambda v, i, k: v, before, told)
    # A trial run of the author, who is no rater.
    return [*rows[:2], ["R_9zZ", "preview", *["5"] * 48], *rows[2:]]


def log(names, extra=(), question=None, practice=(), opening=None):
    """Return a row a trial: who, what was seen, further columns, the answer or one a question."""
    grids = [GRID] if question is None else [GRID, OTHER]
    rows = []
    for j in range(4):
        rows += [[f"{701 + j}", f"try{n}.mp4", "practice", *(["one"] * (question is not None)),
                  *(make(n) for _, make in extra), "3"] for n in practice]  # fmt: skip
        rows += [[f"{701 + j}", "", "main", *[""] * (question is not None),
                  *(make(0) for _, make in extra), ""]] * (opening is not None)  # fmt: skip
        rows += [[f"{701 + j}", f"{CLIPS[i]}.mp4", "main", *([question[k]] if question else []),
                  *(make(24 * j + i) for _, make in extra), f"{grid[i, j]:g}"]
                 for i in range(24) for k, grid in enumerate(grids)]  # fmt: skip
    head = [*names[:3], *(["prompt"] * (question is not None)), *(n for n, _ in extra), names[3]]
    return [head, *rows]


RT = ("latency_ms", lambda i: str(700 + i * 331 % 900))
ELAPSED = ("started", lambda i: f"{3.5 + 1.27 * i:.3f}")


def _loops_of_practice():
    head = ["movieFile", "practice_loop.thisN", "main_loop.thisN", "warmth.response", "warmth.rt",
            "participant", "expName"]  # fmt: skip
    rows = [["", "", "", "", "", "07", "rate"]]
    rows += [[f"p{n}.mp4", str(n), "", "2", "1.31", "07", "rate"] for n in range(3)]
    rows += [[f"{c}.mp4", "", str(i), f"{GRID[i, 0]:g}", f"{1 + i / 7:.2f}", "07", "rate"]
             for i, c in enumerate(CLIPS)]  # fmt: skip
    return [head, *rows]


def _beside(names):
    head = ["id", "sex", "wave", *(name.format(j) for name in names for j in range(1, 5))]
    return [head, *([PEOPLE[i], str(1 + i % 2), str(i % 3), *map("{:g}".format, GRID[i]),
            *map("{:g}".format, OTHER[i])] for i in range(24))]  # fmt: skip


def predicted(head, *columns, ids=True):
    rows = [[*([CLIPS[i]] if ids else []), *(f"{one[i]}" for one in columns)] for i in range(24)]
    return [head, *rows]


def _tall():
    head = ["system", "clip", "fold", "y_true", "y_pred"]
    models = {"near": NEAR, "far": FAR}
    rows = [(name, i) for name in models for i in np.argsort(models[name])]
    return [head, *([n, CLIPS[i], str(i % 5), f"{TRUTH[i]}", f"{models[n][i]}"] for n, i in rows)]


def _caret():
    head = ["", "pred", "obs", "rowIndex", "Resample", "model"]
    rows = [[f"{NEAR[i] + r / 50:.3f}", str(TRUTH[i]), str(i + 1), f"Fold{i % 3}.Rep{r}", "ridge"]
            for r in range(3) for i in range(24)]  # fmt: skip
    return [head, *([str(n + 1), *row] for n, row in enumerate(rows))]


def _measures(target, twin=()):
    """Return measures in units of their own and what they predict, all of one person a row."""
    head = ["VP", "Smile_sec", "Pixels", "Tilt_deg", target, *twin]
    rows = []
    for i in range(24):
        z = (TRUTH[i] - TRUTH.mean()) / TRUTH.std(ddof=1)
        rows.append([f"VP{i}", f"{abs(NEAR[i]) / 3:.2f}", f"{11000 + 37 * i * i % 9000:,}",
                     f"{-2 + i * 7 % 11}.5", str(TRUTH[i]), *[f"{z:.3f}"] * len(twin)])  # fmt: skip
    return [head, *rows]


def _frames():
    head = ["TimeStamp", "faceId", "gap", "joy", "fear", "anger", "sadness", "valence"]
    return [head, *([f"{i / 15:.4f}", "0", "54.1", *(f"{abs(np.sin(i + k)) * 40:.4f}" for k in
            range(5))] for i in range(40))]  # fmt: skip


def _moments():
    rows = [[c, str(k), *(KINDS[(i + k + (j and (i * k) % 5 == 0)) % 3] for j in range(3))]
            for i, c in enumerate(CLIPS[:6]) for k in range(10)]  # fmt: skip
    return [["clip", "frame", "ana", "bo", "cy"], *rows]


def _batch():
    head = ["AssignmentId", "WorkerId", "AssignmentStatus", "Input.video", "Answer.warm"]
    return [
        head,
        *(
            [
                f"3A{4 * i + j}",
                JUDGES[j],
                "Rejected" if i % 9 == 8 and j == 1 else "Approved",
                CLIPS[i],
                f"{GRID[i, j]:g}",
            ]
            for i in range(24)
            for j in range(4)
        ),
    ]


def _shapes():
    head = ["video", "browDownLeft", "jawOpen", "mouthSmileLeft", "cheekPuff"]
    return [head, *([f"{CLIPS[i]}.mp4", *(f"{abs(np.sin(i * k + 1)) / 2:.4f}" for k in range(4))]
            for i in range(24))]  # fmt: skip


def _packed():
    head = ["participant", "clip", "response", "rt"]
    return [head, *([JUDGES[j], CLIPS[i], f'{{"warm":{GRID[i, j]:g},"open":{OTHER[i, j]:g}}}',
            str(900 + i)] for i in range(24) for j in range(4))]  # fmt: skip


def _asked():
    head = ["ts", "worker_id", "stim", "dim", "val"]
    return [
        head,
        *(
            [f"17012{j}{i:02d}5", f"w{j}", CLIPS[i], ["warm", "open"][k], f"{grid[i, j]:g}"]
            for j in range(4)
            for i in range(24)
            for k, grid in enumerate((GRID, OTHER))
        ),
    ]


def _flagged():
    head = ["subject", "is_practice", "stimulus", "response", "rt"]
    return [head, *([f"s{j}", *one, str(900 + 7 * j)] for j in range(4) for one in (
            ("TRUE", "p1.mp4", "5"), ("TRUE", "p2.mp4", "1"),
            *(("FALSE", f"{CLIPS[i]}.mp4", f"{GRID[i, j]:g}") for i in range(24))))]  # fmt: skip


def _scenes():
    head = ["LogTime", "Pid", "SceneName", "Phase", "SliderValue", "HeadYaw"]
    rows = [["12:01", f"P{j}", "Start", "tutorial", "5", "0.11"] for j in range(4)]
    rows += [[f"12:{i}", f"P{j}", f"Avatar{i}", "main", f"{GRID[i, j]:g}", f"{i / 7:.3f}"]
             for j in range(4) for i in range(24)]  # fmt: skip
    return [head, *rows]


def _unnamed():
    """Return ratings whose raters' column nobody can read: perhaps cameras, perhaps people."""
    return [["clip", "kvs", "warm", "open"], *([CLIPS[i], JUDGES[j], f"{GRID[i, j]:g}",
            f"{OTHER[i, j]:g}"] for i in range(24) for j in range(4))]  # fmt: skip


def _grouped():
    """Return a survey with questions in one row and their parts in the next."""
    top = [
        "Respondent ID",
        "Date",
        *(one for i in range(24) for one in (f"Rate video {i + 1}", "")),
    ]
    parts = ["", "", *["Warm", "Open"] * 24]
    return [top, parts, *([f"11{j}77", "03/01/2024", *(f"{grid[i, j]:g}" for i in range(24)
            for grid in (GRID, OTHER))] for j in range(4))]  # fmt: skip


def _rows():
    head = ["wflow_id", ".pred", ".row", "rating", "id"]
    return [head, *([name, str(held[i]), str(i + 1), str(TRUTH[i]), f"Fold{i % 5}"]
            for name, held in (("near", NEAR), ("far", FAR)) for i in range(24))]  # fmt: skip


FIT = ("fit", None, None)
PROGRAMS = [
    text("codes_below_labels.csv", join(_codes(), "\t"), (*ICC, "--missing=-9,-1"), "utf-16"),
    text("films_in_brackets.csv", _films(say(WORDS)), ICC),
    text("unordered_words.csv", _films(say(["ada", "bim", "cor", "dux", "elf"])),
         ("agreement", "alpha", None)),
    text("loop_of_media.csv", _media(), (*ICC, "1 row of 'preview' left out")),
    text("questions_and_practice.csv", log(["subject", "stimulus", "blockcode", "response"], [RT],
         ["warm?", "open?"], practice=(1, 2)), (*ICC, "8 rows of 'practice' left out")),
    text("opening_rows.csv", log(["participant_id", "video", "part", "rating"], [RT],
         opening=1), (*ICC, "no 'video' and no answer: left out")),
    text("numbered_people.csv", log(["Exp_Subject_Id", "film", "Block", "freundlich"],
         [("Trial_Nr", lambda i: str(i % 24 + 1)), ("Session_Nr", lambda i: str(i // 24 + 5))]),
         (*ICC, "'Session_Nr' is not taken for an answer")),
    text("single_rater.csv", _loops_of_practice(), "Reliability needs several raters"),
    text("items_beside.csv", _beside(["warm_r{}", "open_r{}"]), (*ICC, "2 items (warm, open)")),
    text("raters_first.csv", _beside(["rater{}.warm", "rater{}.open"]), ICC),
    text("tall_predictions.csv", _tall(), ("compare", "near", ERROR)),
    text("models_beside_rating.csv", join(predicted(["Clip", "Rating", "near", "far"], TRUTH, NEAR,
         FAR), ";").replace(".", ","), ("compare", "near", ERROR)),
    text("labels_and_classes.tsv", join(predicted(["filename", "label", "net", "always"], SEEN,
         GUESSED, ["joy"] * 24), "\t"),
         ("compare", "net", float(np.mean([a == b for a, b in zip(SEEN, GUESSED, strict=True)])))),
    text("probabilities.csv", predicted(["clip", "lied", "p_net"], HIT, SHARE),
         ("compare", "p_net", AREA)),
    text("flagged_practice.csv", _flagged(), (*ICC, "8 rows of 'practice' left out")),
    text("scenes.csv", _scenes(), (*ICC, "4 rows of 'tutorial' left out")),
    text("models_beside_people.csv", predicted(["video", "human_mean", "near", "far"], TRUTH, NEAR,
         FAR), ("compare", "near", ERROR)),
    text("unnamed_raters.csv", _unnamed(), "If 'kvs' rated, say so with --rater kvs"),
    text("questions_by_row.csv", _asked(), ICC),
    text("questions_in_two_rows.csv", _grouped(), ICC),
    text("rows_of_workflows.csv", _rows(), ("compare", "near", ERROR)),
    text("test_and_hats.csv", predicted(["participant", "y_test", "y_hat_near", "y_hat_far"], TRUTH,
         NEAR, FAR), ("compare", "y_hat_near", ERROR)),
    text("repetitions.csv", _caret(), "--seat Resample"),
    text("thousands_beside_points.csv", _measures("Rapport (1-7)"), (*FIT, "is read as 11000")),
    text("z_beside_rating.csv", _measures("Valence_rating", ["Valence_z"]),
         (*FIT, "a copy of the target")),
    text("no_target.csv", _measures("hirable"), "Name what models are to predict with --target"),
    text("shapes_by_video.csv", _shapes(), "of a tracker, which models predict from"),
    text("emotions_by_frame.csv", _frames(), ("estimates", "mean", None)),
    text("labels_by_frame.csv", join(_moments(), ";"), ("agreement", "alpha", None)),
    text("rejected.csv", _batch(), (*ICC, "are 'Rejected' by 'AssignmentStatus'")),
    text("answers_in_json.csv", _packed(), ("reliability", None, None)),
]  # fmt: skip
