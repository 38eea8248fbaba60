"""Files of face trackers, written as the trackers write them."""

import numpy as np
import pandas as pd

POINTS = [f"{axis}_{i}" for axis in "xy" for i in range(68)]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def make_pyfeat(n, *, emotion="happiness", pose=0.1, **more):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"FaceRectX": np.full(n, 10.0), "FaceScore": 0.99})
    points = pd.DataFrame(rng.normal(100, 1, (n, 136)), columns=POINTS)
    rest = {"Pitch": pose, "Roll": 0.0, "Yaw": np.arange(n) * 0.01, "AU01": 0.7, "AU12": 0.4}
    rest |= {emotion: 0.3, **more, "frame": np.arange(n)}
    return pd.concat([table, points, pd.DataFrame(rest)], axis=1)


def write_libreface(path, indices):
    n = len(indices)
    table = pd.DataFrame(
        {
            "frame_idx": indices,
            "frame_time_in_ms": np.array(indices) * 40.0,
            **{"pitch": 1.0, "yaw": np.arange(n) * 2.0, "roll": 0.5},
            **{"au_1": 1, "au_12": [0, 1] * (n // 2), "au_7": 1},
            **{"au_1_intensity": 2.0, "au_12_intensity": 4.0, "au_5_intensity": 5.0},
            **{"facial_expression": "Happiness", "gaze_yaw": 3.0, "gaze_pitch": 4.0},
        }
    )
    table.to_csv(path, index=False)
    return path


def write_imotions(path, *, affdex=False, blank=""):
    """Write an export in which rows of an eye tracker repeat the last face."""
    facet = ["Joy Evidence", "Joy Intensity", "AU1 Evidence", "AU12 Evidence", "Yaw Degrees"]
    more = ["Brow Furrow", "Engagement", "Lip Corner Depressor", "Smile"] if affdex else []
    header = ["StudyName", "StimulusName", "EventSource", "Timestamp", "MediaTime"]
    header += [*more, "FrameNo", "FrameTime", "NoOfFaces", *facet]
    lines = ["#Study : s", "#Date : d", "#Version : 6.2", "#TestRunDate : t", blank]
    lines.append("\t".join(header))

    def row(source, time, *cells):
        lines.append("\t".join(map(str, ["s", cells[0], source, time, *cells[1:]])))

    scores = [70.0] * len(more)
    for i in range(4):
        values = [-1.5, 0, 0.3, -0.2, 5.0 + i]
        row("Emotient FACET", 1000 + i * 40, "film", i * 40, *scores, i, i * 40, 1, *values)
        row("ET", 1010 + i * 40, "film", i * 40 + 10, *scores, "", "", "", *values)
    row("Emotient FACET", 1400, "pause", 0, *scores, 10, 400, 0, *[""] * 5)
    path.write_text("\n".join(lines) + "\n")
    return path


def write_arkit(path, frames, rate, *, step=1, start=(23, 59, 58)):
    """Write timecodes of a clock from a start on, which may pass midnight."""
    hour, minute, second = start
    lines = ["Timecode,BlendShapeCount,EyeBlinkLeft,JawOpen,HeadYaw,HeadPitch,HeadRoll"]
    for i in range(frames):
        whole, part = divmod(i * step, rate)
        total = (hour * 3600 + minute * 60 + second + int(whole)) % 86_400
        code = f"{total // 3600:02d}:{total // 60 % 60:02d}:{total % 60:02d}:{part:06.3f}"
        lines.append(f"{code},61,0.1,0.2,{i * 0.001},0,0")
    path.write_text("\n".join(lines) + "\n")
    return path
