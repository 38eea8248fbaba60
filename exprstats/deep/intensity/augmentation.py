"""Random crops and brightness of pictures in training; the middle of the picture otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from exprstats.deep.recipes import find_recipe
from exprstats.deep.video.pictures import MEANS, SDS
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import VARIED

Settle = Callable[[np.ndarray], np.ndarray]
Vary = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def open_augmentation(settings: Mapping[str, Any] | None, net: str) -> tuple[Settle, Vary]:
    """Return what crops clips to their middle, and what varies them for training.

    All frames of a clip share one square and one factor, since a face does not jump and a lamp does
    not flicker; the factors of colours are those of light, so that black stays black.

    Parameters
    ----------
    settings
        ``crop`` (pixels, the side of the square) and ``brightness`` (a share from 0 to below 1: the
        factor is drawn evenly from 1 - share to 1 + share). None changes nothing.
    net
        The network, which fixes how colours are scaled.

    Returns
    -------
    settle : callable
        Clips (n, 3, frames, height, width) to their middle squares.
    vary : callable
        Clips and a generator of random numbers to squares at random places, darker or brighter.

    Raises
    ------
    OptionError
        Settings are not known or outside their range, or the network takes no pictures.

    References
    ----------
    Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L.: random crops of 224 pixels and
    brightness, whose range the paper leaves open.

    Examples
    --------
    >>> settle, vary = open_augmentation({"crop": 4, "brightness": 0.2}, "i3d")
    >>> clips = np.zeros((2, 3, 16, 6, 8), np.float32)
    >>> settle(clips).shape, vary(clips, np.random.default_rng(1)).shape
    ((2, 3, 16, 4, 4), (2, 3, 16, 4, 4))
    """
    if settings is None:
        return (lambda clips: clips), (lambda clips, _: clips)
    side, brightness = _check(settings, net)

    def settle(clips: np.ndarray) -> np.ndarray:
        if side is None:
            return clips
        top, left = (room // 2 for room in _find_room(clips, side))
        return np.ascontiguousarray(clips[..., top : top + side, left : left + side])

    def vary(clips: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        count = len(clips)
        if side is not None:
            places = [rng.integers(room + 1, size=count) for room in _find_room(clips, side)]
            squares = [
                clip[..., top : top + side, left : left + side]
                for clip, top, left in zip(clips, *places, strict=True)
            ]
            clips = np.stack(squares)
        if brightness:
            clips = brighten(clips, rng.uniform(1 - brightness, 1 + brightness, count), net)
        return np.ascontiguousarray(clips, dtype=np.float32)

    return settle, vary


def brighten(clips: np.ndarray, factors: np.ndarray, net: str) -> np.ndarray:
    """Return clips whose light is multiplied by a factor each, between black and white.

    Parameters
    ----------
    clips
        (n, 3, frames, height, width), scaled as the network takes them.
    factors
        (n,)
    net
        ``"i3d"`` (-1 to 1) or ``"r3d"`` (standardised by Kinetics' colours).

    Examples
    --------
    >>> clip = np.full((1, 3, 1, 1, 1), -0.5)
    >>> float(brighten(clip, np.array([2.0]), "i3d")[0, 0, 0, 0, 0])
    0.0
    """
    means, sds = (np.full(3, 0.5), np.full(3, 0.5)) if net == "i3d" else (MEANS, SDS)
    center, scale = (np.reshape(one, (3, 1, 1, 1)).astype(np.float32) for one in (means, sds))
    light = clips * scale + center
    light = np.clip(light * factors.astype(np.float32).reshape(-1, 1, 1, 1, 1), 0, 1)
    return (light - center) / scale


def _check(settings: Mapping[str, Any], net: str) -> tuple[int | None, float]:
    unknown = [name for name in settings if name not in VARIED]
    if unknown:
        message = (Option("augment"), f" has no '{unknown[0]}'; there is crop and brightness.")
        raise OptionError(*message)
    if "row" not in find_recipe(net).axes:
        raise OptionError(Option("augment"), f" is for pictures; '{net}' takes features.")
    side, brightness = settings.get("crop"), settings.get("brightness", 0.0)
    if side is not None and (side < 1 or side != int(side)):
        message = f": crop is {side}; it must be a whole number of pixels, at least 1."
        raise OptionError(Option("augment"), message)
    if not 0 <= brightness < 1:
        message = f": brightness is {brightness}; it must be a share from 0 to below 1."
        raise OptionError(Option("augment"), message)
    return None if side is None else int(side), float(brightness)


def _find_room(clips: np.ndarray, side: int) -> tuple[int, int]:
    """Return by how many pixels a square can move down and to the right."""
    height, width = clips.shape[-2:]
    if min(height, width) < side:
        fact = f"pictures are {height} × {width} pixels; a crop of {side} does not fit."
        raise DataError(Problem(fact, "Make pictures larger, or the crop smaller."))
    return height - side, width - side
