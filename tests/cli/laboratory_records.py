"""Records of faces, moments and events as programs export them, with the answer that is right."""

import numpy as np

from .strange_files import text
from .strange_tables import CLIPS, GRID, JUDGES, agree, join

rng = np.random.default_rng(8)
N = 60
_FEATURES = ("features", None, None)
_AUS = [f"AU{i:02d}" for i in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26,
                               28, 43)]  # fmt: skip
_EMOTIONS = ["Neutral", "Happy", "Sad", "Angry", "Surprised", "Scared", "Disgusted"]
_SHAPES = ["_neutral", "browDownLeft", "browDownRight", "browInnerUp", "eyeBlinkLeft",
           "eyeBlinkRight", "jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
           "mouthFrownRight", "noseSneerLeft", "noseSneerRight"]  # fmt: skip
_FACE = ["frame", "face_id", "timestamp", "confidence", "success", "gaze_angle_x", "gaze_angle_y",
         "pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz",
         *(f"x_{i}" for i in range(68)), *(f"y_{i}" for i in range(68)),
         *(f"AU{i:02d}_r" for i in (1, 4, 12)),
         *(f"AU{i:02d}_c" for i in (1, 4, 12, 28))]  # fmt: skip


def _row(frame, face=0):
    return [str(frame), str(face), f"{(frame - 1) / 30:.3f}", "0.98", "1",
            *(f"{v:.3f}" for v in rng.normal(size=len(_FACE) - 5))]  # fmt: skip


def _openface(mark=", ", faces=1):
    rows = [_row(frame, face) for frame in range(1, N + 1) for face in range(faces)]
    return mark.join(_FACE) + "\n" + "".join(mark.join(row) + "\n" for row in rows)


def _several():
    rows = [[f"video{v}.mp4", *_row(frame)] for v in (1, 2) for frame in range(1, N + 1)]
    return [["filename", *_FACE], *rows]


def _pyfeat():
    head = ["frame", "FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore",
            *(f"x_{i}" for i in range(68)), *(f"y_{i}" for i in range(68)), "Pitch", "Roll", "Yaw",
            *_AUS, "anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral",
            "input"]  # fmt: skip
    rows = [[str(i), *(f"{v:.3f}" for v in rng.uniform(size=len(head) - 2)), "film.mp4"]
            for i in range(N)]  # fmt: skip
    return [head, *rows]


def _blendshapes():
    return [["frame", "timestamp_ms", *_SHAPES], *([str(i), str(i * 33),
            *(f"{v:.4f}" for v in rng.uniform(size=len(_SHAPES)))] for i in range(N))]  # fmt: skip


def _noldus(kind):
    top = [[f"Video analysis {kind} log"], ["Face Model:", "General"], ["Date:", "3/1/2024"],
           ["Start time:", "10:12:00"], ["Filename:", "C:\\films\\p01.mp4"], ["Frame rate:", "25"],
           []]  # fmt: skip
    if kind == "state":
        rows = [[f"00:00:{i:02d}.000", _EMOTIONS[i % 4]] for i in range(30)]
        return join([*top, ["Video Time", "Emotion"], *rows], "\t")
    rows = [
        [f"00:00:{i // 25:02d}.{i % 25 * 40:03d}", *(["FIND_FAILED"] * 9 if i % 11 == 5 else
         [f"{v:.4f}" for v in rng.uniform(size=9)])] for i in range(N)
    ]  # fmt: skip
    return join([*top, ["Video Time", *_EMOTIONS, "Valence", "Arousal"], *rows], "\t")


def _imotions():
    head = ["Row", "Timestamp", "EventSource", "SlideEvent", "SourceStimuliName", "SampleNumber",
            "Anger", "Contempt", "Disgust", "Fear", "Joy", "Sadness", "Surprise", "Engagement",
            "Valence", "Pitch", "Yaw", "Roll"]  # fmt: skip
    top = ["#INFO", "#Study name,expressions", "#Respondent Name,p01", "#METADATA", "#DATA"]
    rows = [[str(i), f"{i * 33.3:.1f}", "1", "", "film1", str(i), *(f"{v:.3f}" for v in
             rng.uniform(0, 100, size=12))] for i in range(N)]  # fmt: skip
    return "\n".join(top) + "\n" + join([head, *rows])


def _carma():
    top = (
        "Time of Rating,01-Mar-2024 10:12:00\nMultimedia File,p01.mp4\nLower Label,very negative\n"
    )
    rows = [[f"{i}", f"{v:.2f}"] for i, v in enumerate(rng.uniform(-100, 100, size=N))]
    return (
        f"{top}Upper Label,very positive\nMinimum Value,-100\nMaximum Value,100\n%%%%%%,%%%%%%\n"
        + join([["Second", "Rating"], *rows])
    )


def _moments():
    return [["Second", *(f"rater_{one}" for one in JUDGES)], *([f"{i + 1}", *map("{:g}".format,
            row)] for i, row in enumerate(GRID))]  # fmt: skip


def _clock(second):
    return f"00:{int(second) // 60:02d}:{second % 60:06.3f}"


def _elan(headed):
    head = ["Tier", "Participant", "Begin Time - hh:mm:ss.ms", "End Time - hh:mm:ss.ms",
            "Duration - ss.msec", "Annotation"]  # fmt: skip
    rows = [["smile", "P01", _clock(i * 3.0), _clock(i * 3.0 + 1.5), "1.500", "yes"]
            for i in range(30)]  # fmt: skip
    return join([head, *rows] if headed else rows, "\t")


def _boris():
    head = ["Observation id", "Observation date", "Media file", "Total length", "FPS", "Subject",
            "Behavior", "Behavioral category", "Modifiers", "Behavior type", "Start (s)",
            "Stop (s)", "Duration (s)", "Comment start"]  # fmt: skip
    rows = [["obs1", "2024-03-01 10:12:00", "p01.mp4", "120.0", "25.0", "P01", "smile", "", "",
             "STATE", f"{i * 3}.0", f"{i * 3 + 1}.5", "1.5", ""] for i in range(30)]  # fmt: skip
    return [head, *rows]


def _boris_events():
    top = [["Observation id", "obs1"], [], ["Media file(s)"], ["Player #1", "p01.mp4"], []]
    head = ["Time", "Media file path", "Total length", "FPS", "Subject", "Behavior",
            "Behavioral category", "Comment", "Status"]  # fmt: skip
    rows = [[f"{i * 1.5:g}", "p01.mp4", "120", "25", "P01", "smile", "", "",
             ["START", "STOP"][i % 2]]
            for i in range(40)]  # fmt: skip
    return join([*top, head, *rows], "\t")


def _datavyu():
    head = ["smile.ordinal", "smile.onset", "smile.offset", "smile.code01"]
    return [head, *([str(i + 1), str(i * 3000), str(i * 3000 + 1500), "y"] for i in range(30))]


RECORDS = [
    text("face.csv", _openface(","), _FEATURES),
    text("faces.csv", _openface(faces=2), "--face"),
    text("films.csv", _several(), "several videos"),
    text("fex.csv", _pyfeat(), ("estimates", None, None)),
    text("shapes.csv", _blendshapes(), ("features", None, None)),
    text("detailed.txt", _noldus("detailed"), ("estimates", None, None)),
    text("detailed16.txt", _noldus("detailed"), ("estimates", None, None), "utf-16"),
    text("state.txt", _noldus("state"), "FaceReader"),
    text("imotions.csv", _imotions(), ("estimates", None, None)),
    text("carma.csv", _carma(), "one rater"),
    text("darma.csv", [["Second", "X", "Y"], *([str(i), f"{a:.1f}", f"{b:.1f}"] for i, (a, b) in
         enumerate(rng.uniform(-100, 100, size=(N, 2))))], "one rater"),
    text("moments.csv", _moments(), ("reliability", "ICC(A,1)", agree(GRID))),
    text("elan.txt", _elan(True), "beginnings and ends"),
    text("elan_bare.txt", _elan(False), "names of the columns"),
    text("boris.csv", _boris(), "beginnings and ends"),
    text("boris_events.tsv", _boris_events(), "beginnings and ends"),
    text("datavyu.csv", _datavyu(), "beginnings and ends"),
    text("tracked.anvil", '<?xml version="1.0"?><annotation><head/><body><track name="smile"/>'
         "</body></annotation>", "Anvil"),
    text("clips_start.csv", [["clip", "video", "start", "duration"], *([c, "v1", str(3 * i), "3"]
         for i, c in enumerate(CLIPS))], "beginnings and ends"),
]  # fmt: skip
