"""Networks have the layout of the public weights and the outputs of a second implementation.

Outputs differ by single precision only: within 1e-5 of the largest output.
"""

import json
from math import prod
from pathlib import Path

import numpy as np
import pytest

ORACLES = Path(__file__).parents[1] / "oracles" / "deep"
NETS = ["R3D18(400)", "I3D(11)", "OpenFaceLSTM(1, 35)", "GatedGRU(15)"]
pytestmark = pytest.mark.torch


def build(text):
    from exprstats.deep import nets

    name, _, arguments = text.rstrip(")").partition("(")
    return getattr(nets, name)(*map(int, arguments.split(", ")))


def fill(entries):
    """Return weights by the formula that the oracle states, in single precision."""
    import torch

    made = {}
    for place, (name, shape) in enumerate(entries):
        wave = np.sin(np.arange(prod(shape)) * 0.7 + place).reshape(shape)
        if name.endswith("running_var"):
            wave = 1 + wave**2
        elif name.endswith("num_batches_tracked"):
            wave = np.zeros(())
        elif len(shape) > 1:
            wave = wave * 2 / prod(shape[1:]) ** 0.5
        else:
            wave = 0.2 * wave + name.endswith(("bn.weight", ".1.weight"))
        made[name] = torch.from_numpy(wave)
    return made


def draw(*shape):
    return (np.cos(np.arange(prod(shape)) ** 1.3 * 0.11).reshape(shape)).astype(np.float32)


@pytest.mark.parametrize("text", NETS)
def test_keys_order_shapes_and_parameters_are_those_of_the_public_weights(text, layouts):
    net = build(text)
    found = [[name, list(value.shape)] for name, value in net.state_dict().items()]
    assert found == layouts[text]["entries"]
    assert sum(value.numel() for value in net.parameters()) == layouts[text]["parameters"]


INPUTS = {
    "R3D18(400)": (1, 3, 6, 40, 36),
    "I3D(11)": (1, 3, 17, 200, 216),
    "OpenFaceLSTM(1, 35)": (2, 30, 35),
    "GatedGRU(15)": (2, 4, 4224),
}


@pytest.mark.parametrize("text", NETS)
def test_outputs_are_those_of_a_second_implementation(text, layouts):
    import torch

    expected = np.array(json.loads((ORACLES / "outputs.json").read_text(encoding="utf-8"))[text])
    net = build(text)
    net.load_state_dict(fill(layouts[text]["entries"]))
    with torch.inference_mode():
        found = net.eval()(torch.from_numpy(draw(*INPUTS[text]))).numpy()
    found = found[:, : expected.shape[1]]
    assert np.abs(found - expected).max() <= 1e-5 * max(np.abs(expected).max(), 1)


def test_a_feature_that_does_not_change_is_zero_and_its_unit_plays_no_part():
    import torch

    from exprstats.deep.nets import OpenFaceLSTM

    net = OpenFaceLSTM(1, 2)
    clips = torch.randn(3, 20, 2)
    still = clips.clone()
    still[..., 1] = 0.1
    without = clips.clone()
    without[..., 1] = 0
    torch.testing.assert_close(net(still), net(without))
    torch.testing.assert_close(net(1000 * clips + 5), net(clips), rtol=1e-3, atol=1e-4)


def test_initial_weights_of_r3d_follow_he_and_those_of_its_head_are_small():
    from exprstats.deep.nets import R3D18

    net = R3D18(400)
    kernel = net.layer3[0].conv2[0].weight
    assert kernel.std().item() == pytest.approx((2 / (256 * 27)) ** 0.5, rel=0.01)
    assert net.fc.weight.std().item() == pytest.approx(0.01, rel=0.01)
    assert not net.fc.bias.any()


def test_a_linear_head_replaces_the_experts():
    import torch

    from exprstats.deep.nets import GatedGRU

    net = GatedGRU(2, (3, 2), hidden=(4, 4), experts=0).eval()
    assert {name.partition(".")[0] for name in net.state_dict()} == {"modalities", "gate", "output"}
    assert net(torch.zeros(5, 6, 5)).shape == (5, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r3d", "i3d"])
def test_convolutions_learn_four_clips_by_heart(name):
    from exprstats.deep import DeepClassifier

    rng = np.random.default_rng(3)
    clips = rng.normal(size=(4, 3, 8, 32, 32)).astype(np.float32)
    settings = {"dropout": 0.0} if name == "i3d" else None
    lr = 0.01 if name == "i3d" else 1e-3
    options = {"lr": lr, "batch": 4, "epochs": 40, "validation": 0, "random_state": 1}
    model = DeepClassifier(range(4), name, settings=settings, device="cpu", **options)
    model.fit(clips, np.arange(4))
    assert model.history_["loss_train"].iloc[-1] < 0.05
