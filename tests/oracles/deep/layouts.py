"""Write layouts.json: names, order and shapes of the public weights, from their publications.

R3D-18 as torchvision stores it (Tran et al., 2018), I3D as the public PyTorch port stores it
(Carreira & Zisserman, 2017); written from the tables of the papers and the naming of those files,
without PyTorch. Numbers of parameters are computed from the shapes: 33,371,472 for R3D-18 at 400
classes is the number that torchvision publishes, 12,287,264 + 1,024 x 11 + 11 is I3D at 11.
Run: python tests/oracles/deep/layouts.py
"""

import json
from math import prod
from pathlib import Path


def norm(name, size):
    yield from ((f"{name}.{part}", [size]) for part in ("weight", "bias"))
    yield from ((f"{name}.running_{part}", [size]) for part in ("mean", "var"))
    yield f"{name}.num_batches_tracked", []


def list_r3d(classes):
    yield "stem.0.weight", [64, 3, 3, 7, 7]
    yield from norm("stem.1", 64)
    inner = 64
    for layer, outer in enumerate((64, 128, 256, 512), start=1):
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            yield f"{name}.conv1.0.weight", [outer, inner, 3, 3, 3]
            yield from norm(f"{name}.conv1.1", outer)
            yield f"{name}.conv2.0.weight", [outer, outer, 3, 3, 3]
            yield from norm(f"{name}.conv2.1", outer)
            if layer > 1 and block == 0:
                yield f"{name}.downsample.0.weight", [outer, inner, 1, 1, 1]
                yield from norm(f"{name}.downsample.1", outer)
            inner = outer
    yield "fc.weight", [classes, 512]
    yield "fc.bias", [classes]


def unit(name, inner, outer, width):
    yield f"{name}.conv3d.weight", [outer, inner, width, width, width]
    yield from norm(f"{name}.bn", outer)


INCEPTION = """
3b 64 96 128 16 32 32
3c 128 128 192 32 96 64
4b 192 96 208 16 48 64
4c 160 112 224 24 64 64
4d 128 128 256 24 64 64
4e 112 144 288 32 64 64
4f 256 160 320 32 128 128
5b 256 160 320 32 128 128
5c 384 192 384 48 128 128
"""


def list_i3d(classes):
    yield "logits.conv3d.weight", [classes, 1024, 1, 1, 1]
    yield "logits.conv3d.bias", [classes]
    yield from unit("Conv3d_1a_7x7", 3, 64, 7)
    yield from unit("Conv3d_2b_1x1", 64, 64, 1)
    yield from unit("Conv3d_2c_3x3", 64, 192, 3)
    inner = 192
    for line in INCEPTION.split("\n")[1:-1]:
        block, *sizes = line.split()
        one, before, three, narrow, third, pooled = map(int, sizes)
        name = f"Mixed_{block}"
        yield from unit(f"{name}.b0", inner, one, 1)
        yield from unit(f"{name}.b1a", inner, before, 1)
        yield from unit(f"{name}.b1b", before, three, 3)
        yield from unit(f"{name}.b2a", inner, narrow, 1)
        yield from unit(f"{name}.b2b", narrow, third, 3)
        yield from unit(f"{name}.b3b", inner, pooled, 1)
        inner = one + three + third + pooled


def list_recurrent(prefix, gates, inner, hidden, layers):
    for layer in range(layers):
        width = hidden if layer else inner
        yield f"{prefix}.weight_ih_l{layer}", [gates * hidden, width]
        yield f"{prefix}.weight_hh_l{layer}", [gates * hidden, hidden]
        yield f"{prefix}.bias_ih_l{layer}", [gates * hidden]
        yield f"{prefix}.bias_hh_l{layer}", [gates * hidden]


def list_lstm(outputs, features):
    yield from list_recurrent("lstm", 4, features, 128, 2)
    yield "output.weight", [outputs, 128]
    yield "output.bias", [outputs]


def list_gru(outputs):
    for place, (size, hidden) in enumerate(((2048, 512), (2048, 256), (128, 128))):
        yield from list_recurrent(f"modalities.{place}", 3, size, hidden, 1)
    yield "gate.weights", [896, 896]
    yield from norm("gate.norm", 896)
    yield "experts.gates.weight", [3 * outputs, 896]
    yield "experts.experts.weight", [2 * outputs, 896]
    yield "experts.experts.bias", [2 * outputs]
    yield "labels.weights", [outputs, outputs]
    yield from norm("labels.norm", outputs)


def describe(entries):
    entries = list(entries)
    learned = [
        shape for name, shape in entries if not name.endswith(("mean", "var", "batches_tracked"))
    ]
    return {"parameters": sum(map(prod, learned)), "entries": entries}


layouts = {
    "R3D18(400)": describe(list_r3d(400)),
    "I3D(11)": describe(list_i3d(11)),
    "OpenFaceLSTM(1, 35)": describe(list_lstm(1, 35)),
    "GatedGRU(15)": describe(list_gru(15)),
}
lines = ",\n".join(
    f'"{net}": {{"parameters": {layout["parameters"]}, "entries": [\n'
    + ",\n".join(json.dumps(entry) for entry in layout["entries"])
    + "\n]}"
    for net, layout in layouts.items()
)
Path(__file__).with_suffix(".json").write_text(f"{{{lines}}}\n", encoding="utf-8")
