"""Metrics as ``compare`` and ``fit`` take them from options, and what they are called in print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from exprstats.cli.cells import Row
from exprstats.errors import OptionError

if TYPE_CHECKING:
    pass


def split_sizes(
    text: str | None, metrics: Sequence[str], option: str = "--margin"
) -> dict[str, float] | None:
    """Return a size for each metric: the smallest difference that matters, or a wanted width.

    Raises
    ------
    OptionError
        Unless the text is one positive number, or one for each metric.

    Examples
    --------
    >>> split_sizes("rmse=.1,correlation=.05", ["rmse", "correlation"])
    {'rmse': 0.1, 'correlation': 0.05}
    """
    if text is None:
        return None
    pairs = [part.rpartition("=") for part in text.split(",")]
    try:
        found = {name.strip(): float(value) for name, _, value in pairs}
    except ValueError:
        found = {}
    if set(found) == {""}:
        found = dict.fromkeys(metrics, found[""])
    if set(found) != set(metrics) or not all(0 < one < math.inf for one in found.values()):
        message = (
            f"{option} '{text}' must be one positive number, such as .05, or one for each metric: "
            f"{','.join(f'{name}=.05' for name in metrics)}."
        )
        raise OptionError(message)
    return found


def label_metric(name: str) -> str:
    """Return what a metric is called in print, where clusters are subjects."""
    from exprstats.inference import list_metrics

    known = list_metrics()
    return known[name].label.replace("cluster", "subject") if name in known else name


def name_methods(rows: Sequence[Row], people: str) -> str:
    """Return how intervals were computed, in words; ``people`` says over whom."""
    words = {"percentile": "2,000 draws of whole", "jackknife": "jackknife-t over"}
    methods = sorted({str(row["method"]) for row in rows})
    return "; ".join(f"{words[name]} {people}" if name in words else name for name in methods)


def is_bounded(name: str) -> bool:
    """Return whether a metric cannot exceed 1 in size."""
    from exprstats.inference import list_metrics

    known = list_metrics()
    return name in known and known[name].bounded
