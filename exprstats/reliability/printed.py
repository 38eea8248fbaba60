"""Numbers as they stand in print: their value, their decimals, and what rounds to them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number.

    Attributes
    ----------
    value
        The number.
    decimals
        Digits after the point.
    """

    value: float
    decimals: int

    @property
    def low(self) -> float:
        """The smallest value that rounds to it."""
        return self.value - 0.5 * 10.0**-self.decimals - SLACK

    @property
    def high(self) -> float:
        """The largest value that rounds to it."""
        return self.value + 0.5 * 10.0**-self.decimals + SLACK

    def round(self, value: float) -> float:
        """Return another value with the same decimals."""
        return value if math.isinf(value) else round(value, self.decimals) + 0.0

    def misprints(self) -> list[Printed]:
        """Return the numbers that one wrong digit, one missing sign or a swap would make."""
        text = f"{abs(self.value):.{self.decimals}f}"
        sign = -1 if self.value < 0 else 1
        spots = [place for place, mark in enumerate(text) if mark.isdigit()]
        texts = {
            text[:place] + str(digit) + text[place + 1 :] for place in spots for digit in range(10)
        }
        for one, two in pairwise(spots):
            swapped = list(text)
            swapped[one], swapped[two] = text[two], text[one]
            texts.add("".join(swapped))
        values = {sign * float(other) for other in texts} | {-self.value}
        return [Printed(value, self.decimals) for value in sorted(values - {self.value})]


def read_printed(cell: Any, decimals: int | None = None) -> Printed:
    """Return a printed number from a number or text; a dash of any kind is a minus.

    Parameters
    ----------
    cell
        ``".84"``, ``"−1.010"`` or a float; text keeps its trailing zeros.
    decimals
        Digits after the point, if they are known otherwise.

    Raises
    ------
    ValueError
        If the cell is no finite number.

    Examples
    --------
    >>> read_printed("–.50")
    Printed(value=-0.5, decimals=2)
    """
    text = str(cell).strip()
    for dash in "−–—":
        text = text.replace(dash, "-")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"'{cell}' is not a finite number."
        raise ValueError(message)
    fraction = text.partition(".")[2] if "e" not in text.lower() else ""
    return Printed(value, len(fraction) if decimals is None else decimals)
