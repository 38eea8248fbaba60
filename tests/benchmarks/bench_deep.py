"""Time networks and video on the CPU: seconds, medians of three, one thread for networks of frames.

Run: python tests/benchmarks/bench_deep.py
An epoch of the LSTM should take less than 5 s, and read_clip pass 500 frames a second. Nothing was
measured on a GPU.
"""

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from exprstats.deep import DeepRegressor
from exprstats.deep.nets import I3D, R3D18
from exprstats.deep.video.reading import index_video, read_clip

CLIPS, FRAMES, FEATURES = 1200, 75, 614


def time_wall(function, repeats=3):
    """Return the median seconds of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def time_lstm():
    """Return seconds of an epoch of training, and of predicting all clips."""
    rng = np.random.default_rng(1)
    clips = rng.normal(size=(CLIPS, FRAMES, FEATURES)).astype(np.float32)
    model = DeepRegressor("lstm", epochs=1, validation=0, device="cpu", random_state=1)
    y = rng.normal(size=CLIPS)
    return time_wall(lambda: model.fit(clips, y)), time_wall(lambda: model.predict(clips))


def time_convolutions():
    """Return seconds that each network takes for one clip of 16 frames."""
    found = {}
    for kind, side in ((R3D18, 112), (I3D, 224)):
        net, clip = kind(1).eval(), torch.zeros(1, 3, 16, side, side)
        with torch.inference_mode():
            found[kind.__name__] = time_wall(lambda net=net, clip=clip: net(clip))
    return found


def time_reading(folder):
    """Return frames of 640 x 480 that are read a second, cut by a box and scaled."""
    path = Path(folder) / "video.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (640, 480))
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (480, 640, 3), np.uint8)
    for frame in range(250):
        writer.write(np.roll(picture, frame, axis=1))
    writer.release()
    times = index_video(path)
    options = {"box": (100, 50, 300), "size": 112, "times": times}
    return 250 / time_wall(lambda: read_clip(path, 0, 10, **options))


if __name__ == "__main__":
    epoch, predict = time_lstm()
    print(f"LSTM, {CLIPS:,} clips of {FRAMES} x {FEATURES}: epoch {epoch:.2f} s, predict", end=" ")
    print(f"{predict:.2f} s")
    for name, seconds in time_convolutions().items():
        print(f"{name}, one clip of 16 frames, forward: {seconds:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        print(f"read_clip with a box, 640 x 480: {time_reading(folder):,.0f} frames a second")
