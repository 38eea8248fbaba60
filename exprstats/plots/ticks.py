"""Numbers on the axes of figures: where they stand, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, isnan
from typing import Any

from exprstats.numerals import write_number

_CHARACTERS = 56  # of tick labels, with air between, that fit on one line

Place = Callable[[tuple[float, float]], list[float]]


def place_ticks(count: int) -> Place:
    """Return a function that places about `count` round numbers, two or more between two limits.

    Examples
    --------
    >>> place_ticks(4)((-0.39, 0.36))
    [-0.4, -0.2, 0.0, 0.2, 0.4]
    """
    from mizani.breaks import breaks_extended

    def place(limits: tuple[float, float]) -> list[float]:
        low, high = sorted(float(limit) for limit in limits)
        places: list[float] = []
        for wanted in range(count, count + 3):
            places = [round(float(one), 12) for one in breaks_extended(wanted)(limits)]
            if sum(low <= one <= high for one in places) > 1:
                break
        return places

    return place


def place_apart(panels: int) -> Place:
    """Return a function that places as many ticks, at most five, as have room for their labels.

    Parameters
    ----------
    panels
        Panels side by side, which share the room.

    Examples
    --------
    >>> place_apart(1)((-0.3, 0.4)), place_apart(4)((-0.3, 0.4))
    ([-0.4, -0.2, 0.0, 0.2, 0.4], [-0.4, 0.0, 0.4])
    """

    def place(limits: tuple[float, float]) -> list[float]:
        places: list[float] = []
        for wanted in (5, 4, 3, 2):
            places = place_ticks(wanted)(limits)
            inside = [one for one in places if min(limits) <= one <= max(limits)]
            if sum(len(text) + 1 for text in write_ticks(inside)) <= _CHARACTERS // panels:
                break
        return places

    return place


def place_multiples(step: float, most: int) -> Place:
    """Return a function that places multiples of a step between limits, doubling it if many.

    Examples
    --------
    >>> place_multiples(0.2, 4)((-0.3, 0.5))
    [-0.2, 0.0, 0.2, 0.4]
    """

    def place(limits: tuple[float, float]) -> list[float]:
        low, high = sorted(float(limit) for limit in limits)
        width = step
        while floor(high / width) - ceil(low / width) + 1 > most:
            width *= 2
        first, last = ceil(low / width), floor(high / width)
        return [round(count * width, 10) for count in range(first, last + 1)]

    return place


def write_ticks(places: Sequence[Any]) -> list[str]:
    """Return axis numbers with a true minus and the same decimals throughout, zero as 0.

    Examples
    --------
    >>> write_ticks([-0.25, 0.0, 0.5])
    ['−0.25', '0', '0.50']
    """
    finite = [float(place) for place in places if not isnan(place)]
    digits = [len(f"{place:.6f}".rstrip("0").partition(".")[2]) for place in finite]
    most = max(digits, default=0)
    return [
        "" if isnan(place) else write_number(float(place), most if place else 0) for place in places
    ]
