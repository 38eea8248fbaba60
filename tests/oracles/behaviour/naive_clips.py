"""The features of one clip by plain loops over an OpenFace file, read with the csv module.

Everything is written out from the definitions in Lin, Girard, and Morency (2020) and shares no
line with the package. Run: python naive_clips.py FILE START END HZ
"""

import csv
import json
import math
import sys
from itertools import pairwise
from pathlib import Path

RATED = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45]


def read_frames(path):
    with Path(path).open(newline="") as stream:
        return [
            {name.strip(): float(cell) for name, cell in row.items()}
            for row in csv.DictReader(stream)
        ]


def pick_frames(frames, start, end, hz):
    """One frame (or None) for each moment of the grid."""
    picked = []
    j = 0
    last = frames[-1]
    # Frame n begins at (n - 1) / fps and ends at n / fps; stamps are good to a millisecond.
    over = last["timestamp"] * last["frame"] / (last["frame"] - 1) - 1e-3
    while start + j / hz < end - 1e-9:
        moment = start + j / hz
        best = None
        for frame in frames:
            distance = abs(frame["timestamp"] - moment)
            if best is None or distance < best[0] - 1e-9:
                best = (distance, frame)
        near = best is not None and best[0] <= 1 / (2 * hz) + 1e-9
        picked.append(best[1] if near and moment < over else None)
        j += 1
    return picked


def average_frames(frames, start, end, hz, threshold):
    """The mean frame (or None) from each moment up to the next.

    Half of the frames must be valid, and these must show one face.
    """
    averaged = []
    j = 0
    while start + j / hz < end - 1e-9:
        stop = min(start + (j + 1) / hz, end)
        step = [f for f in frames if start + j / hz - 1e-9 <= f["timestamp"] < stop - 1e-9]
        good = [frame for frame in step if judge(frame, threshold)]
        enough = good and len(good) >= len(step) / 2 and len({f["face_id"] for f in good}) == 1
        averaged.append(merge_frames(good) if enough else None)
        j += 1
    return averaged


def merge_frames(good):
    mean = {name: sum(frame[name] for frame in good) / len(good) for name in good[0]}
    for name in ("pose_Rx", "pose_Ry", "pose_Rz"):
        sine = sum(math.sin(frame[name]) for frame in good)
        mean[name] = math.atan2(sine, sum(math.cos(frame[name]) for frame in good))
    mean["intensity"] = sum(rate_active(frame) for frame in good) / len(good)
    return mean


def judge(frame, threshold):
    return frame is not None and frame["success"] == 1 and frame["confidence"] >= threshold


def distance(a, b, names):
    return math.sqrt(sum((a[name] - b[name]) ** 2 for name in names))


def turn(a, b, name):
    change = abs(a[name] - b[name]) % (2 * math.pi)
    return min(change, 2 * math.pi - change)


def follow(picked, threshold, hz, measure):
    """Mean displacement and mean size of velocity of one point."""
    moved = [None]
    for before, now in pairwise(picked):
        both = judge(before, threshold) and judge(now, threshold)
        same = both and before["face_id"] == now["face_id"]
        moved.append(measure(before, now) if same else None)
    speeds = [
        abs((now - before) * hz)
        for before, now in pairwise(moved)
        if before is not None and now is not None
    ]
    return [value for value in moved if value is not None], speeds


def average(values):
    return sum(values) / len(values) if values else None


def describe_clip(frames, start, end, *, hz=5.0, threshold=0.8, axes="xy", sampling="nearest"):
    if sampling == "mean":
        picked = average_frames(frames, start, end, hz, threshold)
    else:
        picked = pick_frames(frames, start, end, hz)
    names = {f"point{i}": [f"{axis}_{i}" for axis in axes] for i in range(68)}
    names["gaze"] = ["gaze_angle_x", "gaze_angle_y"]
    names["head"] = ["pose_Tx", "pose_Ty", "pose_Tz"]
    found = {
        name: follow(picked, threshold, hz, lambda a, b, n=columns: distance(a, b, n))
        for name, columns in names.items()
    }
    for name, angle in (("pitch", "pose_Rx"), ("yaw", "pose_Ry"), ("roll", "pose_Rz")):
        found[name] = follow(picked, threshold, hz, lambda a, b, n=angle: turn(a, b, n))
    points = [found.pop(f"point{i}") for i in range(68)]
    found["points"] = [[v for point in points for v in point[part]] for part in (0, 1)]
    result = {}
    for name, (moved, speeds) in found.items():
        result[f"{name}_displacement"] = average(moved)
        result[f"{name}_velocity"] = average(speeds)
    good = [frame for frame in picked if judge(frame, threshold)]
    result["au_count"] = average([count_active(frame) for frame in good])
    result["au_intensity"] = average([rate_active(frame) for frame in good])
    result["valid_share"] = len(good) / len(picked)
    return result


def count_active(frame):
    return sum(frame[f"AU{unit:02d}_c"] for unit in [*RATED, 28])


def rate_active(frame):
    if "intensity" in frame:
        return frame["intensity"]
    active = [frame[f"AU{unit:02d}_r"] for unit in RATED if frame[f"AU{unit:02d}_c"] == 1]
    return average(active) if active else 0.0


if __name__ == "__main__":
    path, begin, stop, rate = sys.argv[1:]
    found = describe_clip(read_frames(path), float(begin), float(stop), hz=float(rate))
    print(json.dumps(found, indent=2))
