"""Time networks and video on the CPU: seconds of CPU time on one thread, medians where short.

Run: python tests/benchmarks/bench_deep.py
An epoch of the LSTM should take less than 5 s and little more than a plain loop over torch; and
read_clip pass 500 frames per second on what codecs can pack, and lose nothing to a plain loop over
OpenCV, which sets the bound on noise. Ratios are of CPU time in one run, since other programs slow
the clock of the wall. Nothing was measured on a GPU.
"""

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from exprstats.deep import DeepRegressor
from exprstats.deep.nets import I3D, R3D18, GatedGRU, OpenFaceLSTM
from exprstats.deep.video.reading import index_video, read_clip

CLIPS, FRAMES, FEATURES = 1200, 75, 614


def time_processor(function, repeats=3):
    """Return the median seconds of CPU time of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def train_plainly(clips, y):
    """Train the same network for an epoch in a plain loop."""
    net = OpenFaceLSTM(1, FEATURES)
    optimiser = torch.optim.Adam(net.parameters(), 0.005)
    targets = torch.from_numpy(((y - y.mean()) / y.std()).astype(np.float32))[:, None]
    inputs = torch.from_numpy(clips)
    for batch in torch.randperm(CLIPS).split(32):
        loss = (net(inputs[batch]) - targets[batch]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()


def time_lstm():
    """Return seconds of an epoch of training, plainly and here, and of predicting all clips."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    clips = rng.normal(size=(CLIPS, FRAMES, FEATURES)).astype(np.float32)
    model = DeepRegressor("lstm", epochs=1, validation=0, device="cpu", random_state=1)
    y = rng.normal(size=CLIPS)
    jobs = (lambda: model.fit(clips, y), lambda: train_plainly(clips, y))
    jobs = (*jobs, lambda: model.predict(clips))
    return tuple(time_processor(job) for job in jobs)


def take_step(net, inputs, targets):
    """Train a network by one step of Adam on one batch."""
    optimiser = torch.optim.Adam(net.train().parameters(), 1e-4)
    loss = (net(inputs) - targets).square().mean()
    loss.backward()
    optimiser.step()


def time_networks():
    """Return CPU seconds of prediction and of a training step on one thread, by network."""
    found = {}
    for kind, side in ((R3D18, 112), (I3D, 224)):
        net, clip = kind(1).eval(), torch.zeros(1, 3, 16, side, side)
        with torch.inference_mode():
            forward = time_processor(lambda net=net, clip=clip: net(clip), 1)
        step = time_processor(lambda net=net, clip=clip: take_step(net, clip, torch.zeros(1, 1)), 1)
        found[f"{kind.__name__}, one clip of 16 frames"] = forward, step
    net, frames = GatedGRU(15), torch.zeros(128, 60, 4224)
    with torch.inference_mode():
        forward = time_processor(lambda: net.eval()(frames), 1)
    step = time_processor(lambda: take_step(net, frames, torch.zeros(128, 15)), 1)
    found["Gated GRU, 128 clips of 60 x 4,224"] = forward, step
    return found


def write_video(path, blur):
    """Write 250 moving frames of 640 x 480: noise, which no codec can pack, or soft shapes."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (640, 480))
    picture = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    if blur:
        picture = cv2.normalize(
            cv2.GaussianBlur(picture, (0, 0), blur), None, 0, 255, cv2.NORM_MINMAX
        )
    for frame in range(250):
        writer.write(np.roll(picture, frame, axis=1))
    writer.release()


def loop_plainly(path):
    """Return the frames as a plain loop over OpenCV reads, cuts and scales them."""
    reader, frames = cv2.VideoCapture(str(path)), []
    while True:
        held, frame = reader.read()
        if not held:
            return np.stack(frames)
        cut = cv2.resize(frame[50:350, 100:400], (112, 112), interpolation=cv2.INTER_AREA)
        frames.append(cut[..., ::-1])


def time_reading(folder, blur):
    """Return frames per second of CPU time: read_clip with a box, and the plain loop beside it."""
    path = Path(folder) / f"video{blur}.mp4"
    write_video(path, blur)
    options = {"box": (100, 50, 300), "size": 112, "times": index_video(path)}
    ours, plain = [], []
    for _ in range(5):
        for seconds, read in (
            (ours, lambda: read_clip(path, 0, 10, **options).frames),
            (plain, lambda: loop_plainly(path)),
        ):
            start = time.process_time()
            frames = read()
            seconds.append(time.process_time() - start)
            assert len(frames) == 250
    return 250 / float(np.median(ours)), 250 / float(np.median(plain))


if __name__ == "__main__":
    epoch, plain, predict = time_lstm()
    print(
        f"LSTM, {CLIPS:,} clips of {FRAMES} x {FEATURES}: epoch {epoch:.2f} s, a plain loop",
        end=" ",
    )
    print(f"over torch {plain:.2f} s, ratio {plain / epoch:.2f}; predict {predict:.2f} s")
    for name, (forward, step) in time_networks().items():
        print(f"{name}: forward {forward:.2f} s, training step {step:.2f} s of one thread")
    with tempfile.TemporaryDirectory() as folder:
        for blur, name in ((0, "noise"), (5, "soft shapes")):
            ours, plain = time_reading(folder, blur)
            print(
                f"640 x 480 of {name}, with a box: read_clip {ours:,.0f} frames per second,",
                end=" ",
            )
            print(f"a plain loop over OpenCV {plain:,.0f}, ratio {ours / plain:.2f}")
