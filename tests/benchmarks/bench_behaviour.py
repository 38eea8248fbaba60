"""Time OpenFace files to clip features against pandas: CPU seconds, medians, one thread.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_behaviour.py
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.behaviour import plan_windows, read_openface, summarise_clips, summarise_openface

FPS, HZ, MEGABYTES = 30, 5, 121
UNITS = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45]
POSE = ["pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz"]
LEADING = ["frame", "face_id", "timestamp", "confidence", "success"]
EYES = [f"eye_lmk_{axis}_{i}" for axis in "xyXYZ" for i in range(56)]
GAZE = [f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"] + ["gaze_angle_x", "gaze_angle_y"]
POINTS = [f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)]
SHAPE = ["p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty", *(f"p_{i}" for i in range(34))]
RATED = [f"AU{i:02d}_r" for i in UNITS]
SEEN = [f"AU{i:02d}_c" for i in [*UNITS, 28]]
HEADER = [*LEADING, *GAZE, *EYES, *POSE, *POINTS, *SHAPE, *RATED, *SEEN]
NEEDED = [*LEADING, "gaze_angle_x", "gaze_angle_y", *POSE, *POINTS[:136], *RATED, *SEEN]


def write_video(path):
    """Write a file of 714 columns, as wide as OpenFace's, and return the number of frames."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(300, 80, (200, len(HEADER) - 5)).round(2)
    drawn[:, -18:] = rng.integers(0, 2, (200, 18))
    tails = [", ".join(f"{value:g}" for value in row) for row in drawn]
    with path.open("w") as stream:
        stream.write(", ".join(HEADER) + "\n")
        frame = 0
        while stream.tell() < MEGABYTES * 1e6:
            lead = f"{frame + 1}, 0, {frame / FPS:.3f}, 0.98, 1, "
            stream.write(f"{lead}{tails[frame * 7 % 200]}\n")
            frame += 1
    return frame


def time_cpu(jobs, repeats=5):
    """Return the median CPU seconds of each call; the calls take turns on a machine in use."""
    seconds = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, function in jobs.items():
            start = time.process_time()
            function()
            seconds[name].append(time.process_time() - start)
    return {name: float(np.median(one)) for name, one in seconds.items()}


def loop_over_clips(path, segments):
    """Read everything and loop over clips and landmarks, as a script would."""
    frames = pd.read_csv(path)
    frames.columns = [name.strip() for name in frames.columns]
    rows = []
    for start, end in zip(segments["start"], segments["end"], strict=True):
        clip = frames[(frames["timestamp"] >= start) & (frames["timestamp"] < end)]
        clip = clip[(clip["success"] == 1) & (clip["confidence"] >= 0.8)].iloc[:: FPS // HZ]
        moved, speed = [], []
        for i in range(68):
            steps = clip[[f"x_{i}", f"y_{i}"]].diff()
            distance = np.sqrt((steps**2).sum(axis=1, min_count=2))
            moved.append(distance.mean())
            speed.append((distance.diff() * HZ).abs().mean())
        head = np.sqrt((clip[POSE[:3]].diff() ** 2).sum(axis=1, min_count=3))
        turns = clip[POSE[3:]].diff().abs().mean()
        rows.append([np.mean(moved), np.mean(speed), head.mean(), *turns, clip[SEEN].sum(axis=1)])
    return rows


def read_needed(path):
    """Read only the needed columns, and take differences of whole arrays."""
    wanted = set(NEEDED)
    frames = pd.read_csv(path, skipinitialspace=True, usecols=lambda name: name.strip() in wanted)
    kept = frames.iloc[:: FPS // HZ]
    kept = kept[: len(kept) // 15 * 15]
    points = kept[POINTS[:136]].to_numpy().reshape(-1, 15, 2, 68)
    distance = np.linalg.norm(np.diff(points, axis=1), axis=2)
    head = kept[POSE].to_numpy().reshape(-1, 15, 6)
    turns = np.abs(np.diff(head, axis=1)).mean(axis=1)
    seen = kept[SEEN].to_numpy().reshape(-1, 15, 18).sum(axis=2).mean(axis=1)
    speed = np.abs(np.diff(distance, axis=1) * HZ).mean(axis=(1, 2))
    return distance.mean(axis=(1, 2)), speed, turns, seen


def print_row(job, theirs, ours, size):
    """Print one line of the table."""
    rate = size / ours / 1e6
    print(f"{job:<44} {theirs:>9.2f} {ours:>9.3f} {theirs / ours:>8.1f} {rate:>8.0f}")


def main():
    """Print job, both times in seconds, the ratio, and megabytes a second."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "video.csv"
        frames = write_video(path)
        size = path.stat().st_size
        videos = pd.DataFrame({"video": ["video"], "length": [frames / FPS]})
        segments = plan_windows(videos, length=3)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        summarise_openface(path, segments)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        took = time_cpu(
            {
                "ours": lambda: summarise_openface(path, segments),
                "usecols": lambda: read_needed(path),
                "hashed": lambda: summarise_openface(path, segments, hashed=True),
                "table": lambda: summarise_clips(read_openface(path), segments),
            }
        )
        loop = time_cpu({"loop": lambda: loop_over_clips(path, segments)}, 1)["loop"]
        print(
            f"{size / 1e6:.0f} MB, {frames:,} frames, {len(HEADER)} columns, {len(segments)} clips"
        )
        print(f"{'job':<44} {'theirs s':>9} {'ours s':>9} {'ratio':>8} {'MB/s':>8}")
        print_row("pandas, all columns, loops", loop, took["ours"], size)
        print_row("pandas usecols, arrays", took["usecols"], took["ours"], size)
        print_row(
            "the same, files hashed as the command does", took["usecols"], took["hashed"], size
        )
        print_row("usecols against the whole FRAMES table", took["usecols"], took["table"], size)
        scale = 1 if sys.platform == "darwin" else 1024
        print(f"memory above the start (the mapped file included): {memory * scale / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
