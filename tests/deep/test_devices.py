"""Devices: what is chosen, and what is said where there is none. No GPU is at hand: torch is told
that there is one, and nothing is run on it."""

import pytest

from exprstats.deep import DeepRegressor
from exprstats.errors import OptionError

pytestmark = pytest.mark.torch


def test_a_gpu_is_taken_where_there_is_one(monkeypatch):
    import torch

    from exprstats.deep.training import find_device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device("auto") == torch.device("cuda")
    assert find_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "meta", "mps", "gpu", "cpu:x"])
def test_a_device_that_is_not_at_hand_is_named(name, people):
    import torch

    if name.startswith("cuda") and torch.cuda.is_available():
        pytest.skip("a GPU is at hand")
    clips, y, groups = people
    with pytest.raises(OptionError, match=f"device '{name}' is not at hand. Use .*auto"):
        DeepRegressor(epochs=1, device=name).fit(clips, y, groups)


@pytest.mark.parametrize("text", ["OpenFaceLSTM(1, 35)", "R3D18(1)", "I3D(11)", "GatedGRU(3)"])
def test_networks_make_nothing_on_a_device_of_their_own(text):
    """Tensors of ``meta`` have shapes alone: one of the CPU among them would be an error."""
    import torch

    from exprstats.deep import nets

    name, _, arguments = text.rstrip(")").partition("(")
    shapes = {"OpenFaceLSTM": (2, 9, 35), "GatedGRU": (2, 9, 4224)}
    with torch.device("meta"):
        net = getattr(nets, name)(*map(int, arguments.split(", "))).train()
        clips = torch.empty(shapes.get(name, (2, 3, 16, 64, 64)))
    found = net(clips)
    assert found.device.type == "meta"
    found.sum().backward()


def test_half_precision_is_for_gpus_alone(people):
    import torch

    from exprstats.deep.training import _forward

    seen = []

    class Probe(torch.nn.Linear):
        def forward(self, clips):
            seen.append((torch.is_autocast_enabled("cuda"), torch.is_autocast_enabled("cpu")))
            return super().forward(clips)

    clips = people[0][:2, :, 0].astype("float32")
    assert _forward(Probe(12, 1), clips, torch.device("cpu")).dtype == torch.float32
    assert seen == [(False, False)]


def test_the_documentation_says_what_was_not_measured():
    from exprstats.deep import model

    assert "on a GPU have not been measured" in " ".join(model.__doc__.split())
