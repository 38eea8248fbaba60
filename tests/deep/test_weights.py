"""Files of weights: only the head may differ, and no file runs code."""

import os
import pickle

import numpy as np
import pytest

from exprstats.errors import DataError

pytestmark = pytest.mark.torch


def build(outputs=11, **settings):
    from exprstats.deep.nets import OpenFaceLSTM

    return OpenFaceLSTM(outputs, 3, **{"layers": 1, "hidden": 4, **settings})


@pytest.fixture(params=["pt", "safetensors", "legacy"])
def stored(request, tmp_path):
    import torch
    from safetensors.torch import save_file

    net = build()
    weights = {f"module.{name}": value for name, value in net.state_dict().items()}
    path = tmp_path / f"weights.{request.param}"
    if request.param == "safetensors":
        save_file(weights, path)
    else:
        zipped = request.param == "pt"
        torch.save({"state_dict": weights}, path, _use_new_zipfile_serialization=zipped)
    return net, path


def test_a_file_fits_with_and_without_its_prefix(stored):
    import torch

    from exprstats.deep.weights import load_weights

    net, path = stored
    other = build()
    assert load_weights(other, path) == ()
    for name, value in net.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


def test_only_the_head_may_have_another_size(stored):
    import torch

    from exprstats.deep.weights import load_weights

    net, path = stored
    other = build(outputs=1)
    head = other.output.weight.clone()
    assert load_weights(other, path) == ("output.weight", "output.bias")
    assert torch.equal(other.output.weight, head)
    assert torch.equal(other.lstm.weight_ih_l0, net.lstm.weight_ih_l0)
    for wrong in ({"hidden": 5}, {"layers": 2}):
        with pytest.raises(DataError, match=r"not weights of OpenFaceLSTM.*only its last layer"):
            load_weights(build(**wrong), path)


def test_weights_of_another_network_are_refused_in_one_sentence(stored):
    from exprstats.deep.nets import GatedGRU
    from exprstats.deep.weights import load_weights

    with pytest.raises(DataError) as caught:
        load_weights(GatedGRU(2, (3,), hidden=(4,)), stored[1])
    [problem] = caught.value.problems
    assert "entries absent" in str(problem)
    assert "unknown: 'lstm." in str(problem)


def test_old_files_may_lack_the_counters_of_batch_norms(tmp_path):
    import torch

    from exprstats.deep.nets import GatedGRU
    from exprstats.deep.weights import load_weights

    net = GatedGRU(2, (3,), hidden=(4,))
    counters = ("num_batches_tracked",)
    held = {name: value for name, value in net.state_dict().items() if not name.endswith(counters)}
    torch.save(held, tmp_path / "old.pt")
    assert set(load_weights(GatedGRU(2, (3,), hidden=(4,)), tmp_path / "old.pt")) <= {
        "labels.norm.num_batches_tracked"
    }
    held.pop("gate.norm.running_mean")
    torch.save(held, tmp_path / "old.pt")
    with pytest.raises(DataError, match=r"1 entry absent: 'gate\.norm\.running_mean'"):
        load_weights(net, tmp_path / "old.pt")


class Malice:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["zip", "legacy", "bare"])
def test_a_file_with_code_is_refused_and_its_code_does_not_run(form, tmp_path):
    import torch

    from exprstats.deep.weights import read_weights

    path, mark = tmp_path / "weights.pt", tmp_path / "owned"
    if form == "bare":
        path.write_bytes(pickle.dumps({"fc.weight": Malice(mark)}))
    else:
        zipped = form == "zip"
        torch.save({"fc.weight": Malice(mark)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError, match=r"could run code; it was not opened.*safetensors"):
        read_weights(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(1, "not weights by name"), ({"a": 1}, "'a': not weights"), ({}, "not weights by name")],
)
def test_files_without_weights_are_refused(content, words, tmp_path):
    import torch

    from exprstats.deep.weights import read_weights

    path = tmp_path / "weights.pt"
    torch.save(content, path)
    with pytest.raises(DataError, match=words):
        read_weights(path)


def test_damaged_and_absent_files_are_refused(tmp_path):
    import torch

    from exprstats.deep.weights import read_weights

    path = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(99)}, path)
    whole = path.read_bytes()
    for content in (b"", b"<html>not found</html>", whole[:300], whole[:-40]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot be read|could run code"):
            read_weights(path)
    with pytest.raises(DataError, match=r"there is no such file.*nothing is downloaded"):
        read_weights(tmp_path / "other.pt")


def test_a_fit_starts_from_the_weights_of_a_file(tmp_path, people):
    import torch

    from exprstats.deep import DeepRegressor

    clips, y, groups = people
    net = build(layers=1)
    torch.save(net.state_dict(), tmp_path / "w.pt")
    settings = {"layers": 1, "hidden": 4}
    options = {"lr": 1e-9, "epochs": 1, "device": "cpu", "random_state": 1}
    model = DeepRegressor(settings=settings, weights=tmp_path / "w.pt", **options)
    model.fit(clips, y, groups=groups)
    found = model.net_.lstm.weight_ih_l0.detach().numpy()
    np.testing.assert_allclose(found, net.lstm.weight_ih_l0.detach().numpy(), atol=1e-6)
