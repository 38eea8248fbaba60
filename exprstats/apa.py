"""Numbers as the APA manual prints them (American Psychological Association, 2020, §6.36)."""

from __future__ import annotations

import math
from typing import Literal

NumberStyle = Literal["apa", "plain"]

MISSING = "—"
_MINUS = "−"
_MORE = 3  # decimals that a number next to 0 may have beyond those of others


def write_number(
    value: float | None,
    decimals: int = 2,
    *,
    bounded: bool = False,
    lowest: float | None = None,
    style: NumberStyle = "apa",
) -> str:
    """Write a number with fixed decimals.

    Parameters
    ----------
    value
        The number; None and NaN become an em dash.
    decimals
        Digits after the point.
    bounded
        Whether the quantity cannot exceed 1 in size in the population (r, ICC, p, loadings):
        APA then drops the leading zero. Values beyond ±1 print in full.
    lowest
        Values below it are printed as "< lowest".
    style
        ``"apa"``, or ``"plain"``, which keeps leading zeros and the ASCII minus.

    Examples
    --------
    >>> write_number(0.857, bounded=True), write_number(-1.0104, 3, bounded=True)
    ('.86', '−1.010')
    >>> write_number(-0.001), write_number(None), write_number(0.5, style="plain")
    ('0.00', '—', '0.50')
    """
    if value is None or math.isnan(value):
        return MISSING
    if lowest is not None and value < lowest:
        return f"< {_finish(f'{lowest:g}', style)}"
    if math.isinf(value):
        return _finish("-∞" if value < 0 else "∞", style)
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    if bounded and style == "apa" and abs(float(text)) < 1:
        text = text.replace("0.", ".", 1)
    return _finish(text, style)


def write_p(value: float | None) -> str:
    """Write a p-value to three decimals, or as beyond what three decimals show.

    Examples
    --------
    >>> write_p(0.0004), write_p(0.042), write_p(0.9996)
    ('< .001', '.042', '> .999')
    """
    if value is None or math.isnan(value):
        return MISSING
    if value < 0.001:
        return "< .001"
    if value > 0.999:
        return "> .999"
    return write_number(value, 3, bounded=True)


def tell_p(value: float | None) -> str:
    """Write a p-value with the sign that stands before it in a sentence.

    Examples
    --------
    >>> tell_p(0.042), tell_p(0.0004)
    ('= .042', '< .001')
    """
    written = write_p(value)
    return written if written[0] in f"<>{MISSING}" else f"= {written}"


def tell_number(text: str, *, after: str = "= ") -> str:
    """Return a written number as a sentence goes on: with its sign, or said to lie below.

    Examples
    --------
    >>> tell_number("−.35"), tell_number("< −10"), tell_number("< −10", after="")
    ('= −.35', '< −10', 'below −10')
    """
    if text.startswith("< "):
        return text if after else f"below {text[2:]}"
    return f"{after}{text}"


def write_interval(
    low: float | None,
    high: float | None,
    decimals: int = 2,
    *,
    bounded: bool = False,
    lowest: float | None = None,
    style: NumberStyle = "apa",
) -> str:
    """Write an interval in brackets; a bound next to 0 that excludes it gets more decimals.

    Examples
    --------
    >>> write_interval(0.816, 0.861, bounded=True), write_interval(0.0004, 0.2)
    ('[.82, .86]', '[0.0004, 0.20]')
    >>> write_interval(0.0001, 0.0042, bounded=True), write_interval(1e-9, 1, bounded=True)
    ('[.0001, .0042]', '[< .00001, 1.00]')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return MISSING
    digits = (show_sign(low, decimals, low > 0), show_sign(high, decimals, high < 0))
    if (
        math.isfinite(low)
        and math.isfinite(high)
        and round(low, digits[0]) > round(high, digits[1])
    ):
        digits = (max(digits), max(digits))
    bounds = [
        write_number(bound, places, bounded=bounded, lowest=lowest, style=style)
        for bound, places in zip((low, high), digits, strict=True)
    ]
    least = 10.0 ** -(decimals + _MORE)
    if 0 < low < least / 2:
        bounds[0] = f"< {write_number(least, decimals + _MORE, bounded=bounded, style=style)}"
    if -least / 2 < high < 0:
        bounds[1] = f"> {write_number(-least, decimals + _MORE, bounded=bounded, style=style)}"
    return f"[{', '.join(bounds)}]"


def write_count(value: int | float | None) -> str:
    """Write a count with thousands separated.

    Examples
    --------
    >>> write_count(40320), write_count(None)
    ('40,320', '—')
    """
    return MISSING if value is None or math.isnan(value) else f"{int(value):,}"


def count_things(
    count: float, one: str, many: str | None = None, *, of: float | None = None
) -> str:
    """Write a count with its noun, or with a noun and verb that agree with it.

    Parameters
    ----------
    count
        How many.
    one, many
        What follows the count of one, and of several (by default with an s).
    of
        How many there are in all.

    Examples
    --------
    >>> count_things(1, "clip"), count_things(2240, "clip")
    ('1 clip', '2,240 clips')
    >>> count_things(1, "row lacks", "rows lack"), count_things(1, "cells is", "cells are", of=9)
    ('1 row lacks', '1 of 9 cells is')
    """
    whole = "" if of is None else f" of {int(of):,}"
    return f"{int(count):,}{whole} {one if count == 1 else many or one + 's'}"


def write_level(level: float) -> str:
    """Write a confidence level as a percentage.

    Examples
    --------
    >>> write_level(0.95), write_level(0.999)
    ('95%', '99.9%')
    """
    return f"{100 * level:.10g}%"


def write_percent(share: float | None, decimals: int = 0) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> write_percent(0.125), write_percent(0.125, 1), write_percent(None)
    ('12%', '12.5%', '—')
    """
    if share is None or math.isnan(share):
        return MISSING
    return f"{write_number(100 * share, decimals)}%"


def show_sign(value: float, decimals: int, excludes_zero: bool) -> int:
    """Return the decimals of a number, more where it would be written as the 0 that it is not.

    Examples
    --------
    >>> show_sign(0.0004, 2, True), show_sign(0.0004, 2, False)
    (4, 2)
    """
    places = decimals
    while excludes_zero and places < decimals + _MORE and float(f"{value:.{places}f}") == 0:
        places += 1
    return places


def _finish(text: str, style: NumberStyle) -> str:
    return text.replace("-", _MINUS) if style == "apa" else text
