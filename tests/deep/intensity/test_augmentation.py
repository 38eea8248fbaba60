"""Random squares and brightness of pictures, and features standardised by the training frames.

Pictures carry their own coordinates, so that a square tells where it was cut. Colours pass through
single precision twice: 1e-5. A network on standardised features cannot see their unit: 1e-4, for
many steps in single precision.
"""

import numpy as np
import pytest
from sklearn.base import clone

import exprstats as ex
from exprstats.deep.video.pictures import brighten, open_augmentation, scale_pictures
from exprstats.errors import DataError, OptionError

pytestmark = pytest.mark.torch


def code_places(count=6, frames=3, height=7, width=9):
    """Pictures whose values are row and column, from dark to light, alike in all frames."""
    code = (np.arange(height)[:, None] * width + np.arange(width)) / (height * width) - 1
    return np.broadcast_to(code, (count, 3, frames, height, width)).astype(np.float32)


def test_squares_are_cut_from_the_picture_one_place_a_clip():
    clips = code_places(60)
    _, vary = open_augmentation({"crop": 5}, "i3d")
    found = vary(clips, np.random.default_rng(1))
    corners = np.rint((found[:, 0, 0, 0, 0] + 1) * 63).astype(int)
    tops, lefts = corners // 9, corners % 9
    for clip, top, left in zip(found, tops, lefts, strict=True):
        np.testing.assert_array_equal(clip, clips[0][..., top : top + 5, left : left + 5])
    assert set(tops) == {0, 1, 2}
    assert set(lefts) == {0, 1, 2, 3, 4}


def test_predictions_see_the_middle():
    settle, _ = open_augmentation({"crop": 5, "brightness": 0.5}, "i3d")
    clips = code_places()
    np.testing.assert_array_equal(settle(clips), clips[..., 1:6, 2:7])


def test_brightness_multiplies_light_by_one_factor_a_clip():
    clips = np.full((200, 3, 2, 4, 4), -0.8, np.float32)
    _, vary = open_augmentation({"brightness": 0.3}, "i3d")
    light = (vary(clips, np.random.default_rng(2)) + 1) / 2
    factors = light[:, 0, 0, 0, 0] / 0.1
    np.testing.assert_allclose(light, np.broadcast_to(light[:, :1, :1, :1, :1], light.shape))
    assert factors.min() > 0.7 - 1e-4 and factors.max() < 1.3 + 1e-4
    # Even between .7 and 1.3: SD .6/sqrt(12) = .173, of 200 draws within 4 standard errors.
    assert factors.std() == pytest.approx(0.173, abs=4 * 0.173 / np.sqrt(2 * 200))


@pytest.mark.parametrize("net", ["i3d", "r3d"])
def test_brighter_is_what_a_brighter_picture_would_be(net):
    pictures = np.random.default_rng(3).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)
    clip = scale_pictures(pictures, net)[None]
    found = brighten(clip, np.array([1.5]), net)
    light = np.clip(pictures / 255 * 1.5, 0, 1)
    middle, spread = (0.5, 0.5)
    if net == "r3d":  # Kinetics-400, as torchvision prints them
        middle, spread = (
            np.array([0.43216, 0.394666, 0.37645]),
            np.array([0.22803, 0.22145, 0.216989]),
        )
    known = np.moveaxis((light - middle) / spread, -1, 0)
    np.testing.assert_allclose(found[0], known, atol=1e-5)


@pytest.mark.parametrize(
    ("net", "settings", "words"),
    [
        ("lstm", {"crop": 5}, "takes features"),
        ("i3d", {"crop": 0}, "at least 1"),
        ("i3d", {"crop": 2.5}, "whole number"),
        ("i3d", {"brightness": 1}, "below 1"),
        ("i3d", {"flip": 1}, "no 'flip'"),
    ],
)
def test_what_cannot_be_is_refused(net, settings, words):
    with pytest.raises(OptionError, match=words):
        open_augmentation(settings, net)


def test_a_crop_larger_than_the_picture_is_refused():
    settle, _ = open_augmentation({"crop": 8}, "r3d")
    with pytest.raises(DataError, match="7 × 9 pixels"):
        settle(code_places())


def test_training_is_repeated_to_the_last_bit_and_differs_from_plain_training(tmp_path):
    rng = np.random.default_rng(4)
    clips = rng.normal(size=(6, 3, 2, 20, 20)).astype(np.float32)
    people = np.repeat(["a", "b", "c"], 2)
    options = {"epochs": 1, "batch": 4, "device": "cpu", "random_state": 1}
    varied = ex.DeepRegressor("i3d", augment={"crop": 16, "brightness": 0.4}, **options)
    one, other = (clone(varied).fit(clips, np.arange(6.0), people) for _ in range(2))
    np.testing.assert_array_equal(one.predict(clips), other.predict(clips))
    plain = ex.DeepRegressor("i3d", augment={"crop": 16}, **options)
    plain.fit(clips, np.arange(6.0), people)
    assert (plain.predict(clips) != one.predict(clips)).all()
    one.save(tmp_path / "m.safetensors")
    again = ex.DeepRegressor.open(tmp_path / "m.safetensors", device="cpu")
    assert again.augment == {"crop": 16, "brightness": 0.4}
    np.testing.assert_array_equal(again.predict(clips), one.predict(clips))


@pytest.mark.parametrize("net", ["lstm", "gated-gru"])
def test_rescaled_features_have_no_unit_and_keep_their_level(net, people, tmp_path):
    clips, y, groups = people
    level = clips + y[:, None, None]  # the level of a clip says what is asked for
    options = {"rescale": True, "epochs": 6, "lr": 0.01, "device": "cpu", "random_state": 1}
    settings = {"hidden": 8} if net == "lstm" else {"hidden": (8,), "dropout": 0.0}
    model = ex.DeepRegressor(net, settings=settings, **options).fit(level, y, groups)
    other = ex.DeepRegressor(net, settings=settings, **options).fit(300 + 40 * level, y, groups)
    found = model.predict(level)
    np.testing.assert_allclose(other.predict(300 + 40 * level), found, atol=1e-3)
    assert np.corrcoef(found, y)[0, 1] > 0.8
    trained = level[np.isin(groups, model.trained_on_)].reshape(-1, 3)
    np.testing.assert_allclose(model.levels_, [trained.mean(0), trained.std(0)], rtol=1e-5)
    model.save(tmp_path / "m.safetensors")
    again = ex.DeepRegressor.open(tmp_path / "m.safetensors", device="cpu")
    np.testing.assert_array_equal(again.predict(level), found)
    assert not set(again.trained_on_) & set(again.held_out_)


def test_pictures_are_not_rescaled():
    clips = np.zeros((4, 3, 2, 16, 16))
    with pytest.raises(OptionError, match="takes pictures"):
        ex.DeepRegressor("r3d", rescale=True).fit(clips, np.arange(4.0), list("abcd"))
