"""Numbers of clips, raters and subjects of studies to be."""

from __future__ import annotations

from collections.abc import Iterable

from exprstats.errors import OptionError
from exprstats.words import check_count


def list_sizes(sizes: Iterable[int] | int, option: str, least: int = 1) -> list[int]:
    """Return one number or several as a list, each once.

    Raises
    ------
    OptionError
        If there is none, or one is no whole number from ``least`` on.
    """
    numbers = list(dict.fromkeys(sizes)) if isinstance(sizes, Iterable) else [sizes]
    for number in numbers:
        check_count(number, option, least)
    if not numbers:
        message = f"{option} is empty; give one number or more."
        raise OptionError(message)
    return numbers
