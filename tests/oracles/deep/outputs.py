"""Write outputs.json: outputs of the networks for weights and inputs that formulas give.

Each forward pass is written anew in NumPy (recurrent networks, gates, experts) or in bare
convolutions on named weights (R3D-18, I3D), in double precision; layouts.json names the weights.
Run: python tests/oracles/deep/outputs.py
"""

import json
from math import prod
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = Path(__file__).parent


def fill(entries):
    """Return weights that depend on the place of the entry and of the number in it only."""
    made = {}
    for place, (name, shape) in enumerate(entries):
        wave = np.sin(np.arange(prod(shape)) * 0.7 + place).reshape(shape)
        fan = prod(shape[1:]) if len(shape) > 1 else 1
        if name.endswith("running_var"):
            made[name] = 1 + wave**2
        elif name.endswith("num_batches_tracked"):
            made[name] = np.zeros(())
        elif len(shape) > 1:
            made[name] = wave * 2 / fan**0.5
        else:
            made[name] = 0.2 * wave + (1 if name.endswith(("bn.weight", ".1.weight")) else 0)
    return made


def draw(*shape):
    return np.cos(np.arange(prod(shape)) ** 1.3 * 0.11).reshape(shape)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def run_lstm(weights, frames):
    frames = (frames - frames.mean(1, keepdims=True)) / frames.std(1, keepdims=True)
    for layer in range(2):
        wi, wh, bi, bh = (
            weights[f"lstm.{part}_l{layer}"]
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        state = cell = np.zeros((len(frames), 128))
        seen = []
        for step in range(frames.shape[1]):
            enter, forget, new, leave = np.split(
                frames[:, step] @ wi.T + bi + state @ wh.T + bh, 4, axis=1
            )
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
            state = sigmoid(leave) * np.tanh(cell)
            seen.append(state)
        frames = np.stack(seen, 1)
    return state @ weights["output.weight"].T + weights["output.bias"]


def run_gru(weights, frames):
    states = []
    for place, part in enumerate(np.split(frames, [2048, 4096], axis=2)):
        wi, wh, bi, bh = (
            weights[f"modalities.{place}.{name}_l0"]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        state = np.zeros((len(frames), wh.shape[1]))
        for step in range(part.shape[1]):
            ri, zi, ni = np.split(part[:, step] @ wi.T + bi, 3, axis=1)
            rh, zh, nh = np.split(state @ wh.T + bh, 3, axis=1)
            reset, update = sigmoid(ri + rh), sigmoid(zi + zh)
            state = (1 - update) * np.tanh(ni + reset * nh) + update * state
        states.append(state)
    values = gate(weights, "gate", np.concatenate(states, 1))
    count = weights["experts.experts.bias"].size // 2
    odds = np.exp((values @ weights["experts.gates.weight"].T).reshape(-1, count, 3))
    shares = (odds / odds.sum(2, keepdims=True))[:, :, :2]
    votes = values @ weights["experts.experts.weight"].T + weights["experts.experts.bias"]
    chances = (shares * sigmoid(votes.reshape(-1, count, 2))).sum(2)
    chances = np.clip(gate(weights, "labels", chances), 1e-6, 1 - 1e-6)
    return np.log(chances / (1 - chances))


def gate(weights, name, values):
    mixed = values @ weights[f"{name}.weights"]
    mean, var = weights[f"{name}.norm.running_mean"], weights[f"{name}.norm.running_var"]
    scaled = (mixed - mean) / np.sqrt(var + 1e-5)
    scaled = scaled * weights[f"{name}.norm.weight"] + weights[f"{name}.norm.bias"]
    return values * sigmoid(scaled)


def norm(weights, name, values, epsilon):
    parts = (
        weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(values, *parts, False, 0.0, epsilon)


def run_r3d(weights, clips):
    def conv(name, values, stride, pad):
        values = F.conv3d(values, weights[f"{name}.0.weight"], None, stride, pad)
        return norm(weights, f"{name}.1", values, 1e-5)

    values = conv("stem", clips, (1, 2, 2), (1, 3, 3)).clamp(min=0)
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            name, stride = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            inner = conv(f"{name}.conv1", values, stride, 1).clamp(min=0)
            inner = conv(f"{name}.conv2", inner, 1, 1)
            if stride == 2:
                values = conv(f"{name}.downsample", values, 2, 0)
            values = (inner + values).clamp(min=0)
    return values.mean((2, 3, 4)) @ weights["fc.weight"].T + weights["fc.bias"]


def same(values, widths, strides):
    """Pad as TensorFlow's SAME: ceil(size / stride) windows, the odd zero at the end."""
    pads = []
    for size, width, stride in zip(values.shape[2:], widths, strides, strict=True):
        total = max((-(-size // stride) - 1) * stride + width - size, 0)
        pads.append((total // 2, total - total // 2))
    return F.pad(values, [side for pair in pads[::-1] for side in pair])


def pool(values, widths, strides):
    return F.max_pool3d(same(values, widths, strides), widths, strides)


def run_i3d(weights, clips):
    def conv(name, values, stride=1):
        kernel = weights[f"{name}.conv3d.weight"]
        values = F.conv3d(same(values, kernel.shape[2:], (stride,) * 3), kernel, None, stride)
        return norm(weights, f"{name}.bn", values, 1e-3).clamp(min=0)

    values = pool(conv("Conv3d_1a_7x7", clips, 2), (1, 3, 3), (1, 2, 2))
    values = conv("Conv3d_2c_3x3", conv("Conv3d_2b_1x1", values))
    values = pool(values, (1, 3, 3), (1, 2, 2))
    for block in ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c"):
        if block == "4b":
            values = pool(values, (3, 3, 3), (2, 2, 2))
        if block == "5b":
            values = pool(values, (2, 2, 2), (2, 2, 2))
        name = f"Mixed_{block}"
        branches = [
            conv(f"{name}.b0", values),
            conv(f"{name}.b1b", conv(f"{name}.b1a", values)),
            conv(f"{name}.b2b", conv(f"{name}.b2a", values)),
            conv(f"{name}.b3b", pool(values, (3, 3, 3), (1, 1, 1))),
        ]
        values = torch.cat(branches, 1)
    values = F.avg_pool3d(values, (2, 7, 7), 1)
    values = F.conv3d(values, weights["logits.conv3d.weight"], weights["logits.conv3d.bias"])
    return values.mean((2, 3, 4))


def main():
    layouts = json.loads((FOLDER / "layouts.json").read_text(encoding="utf-8"))
    weights = {net: fill(layout["entries"]) for net, layout in layouts.items()}
    tensors = {
        net: {name: torch.from_numpy(value) for name, value in weights[net].items()}
        for net in ("R3D18(400)", "I3D(11)")
    }
    clip = torch.from_numpy
    found = {
        "OpenFaceLSTM(1, 35)": run_lstm(weights["OpenFaceLSTM(1, 35)"], draw(2, 30, 35)),
        "GatedGRU(15)": run_gru(weights["GatedGRU(15)"], draw(2, 4, 4224)),
        "R3D18(400)": run_r3d(tensors["R3D18(400)"], clip(draw(1, 3, 6, 40, 36)))[:, :8].numpy(),
        "I3D(11)": run_i3d(tensors["I3D(11)"], clip(draw(1, 3, 17, 200, 216))).numpy(),
    }
    stored = {"numpy": np.__version__, "torch": torch.__version__}
    stored |= {net: value.tolist() for net, value in found.items()}
    text = json.dumps(stored, indent=1)
    (FOLDER / "outputs.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
