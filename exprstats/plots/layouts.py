"""Where the parts of a path diagram stand."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Any

import pandas as pd

from exprstats.numerals import MISSING, write_interval, write_number
from exprstats.plots.labels import write_label
from exprstats.tables import order_levels

RADIUS = 0.36  # all lengths are inches of the printed figure
TALLEST = 8.0
_TAIL = 0.28  # arrow of a residual


@dataclass(frozen=True, slots=True)
class Layout:
    """Which way a diagram runs, and its lengths along that way (depth) and across it.

    Attributes
    ----------
    down
        Whether items stand below the factor, and not at its right.
    reach
        From the circle's centre to the boxes.
    depth, breadth
        Of a box.
    step
        From one box to the next.
    label
        Where on its arrow a loading stands, as a share.
    """

    down: bool
    reach: float
    depth: float
    breadth: float
    step: float
    label: float

    def turn(self, along: Any, across: Any) -> tuple[Any, Any]:
        """Return x and y of points along and across the diagram; the factor is at 0."""
        return (across, -along) if self.down else (along, -across)

    def measure(self, items: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the limits of x and of y."""
        half = (items - 1) / 2 * self.step + self.breadth / 2 + 0.06
        end = self.reach + self.depth + _TAIL
        if self.down:
            return (-half, half), (-end - 0.2, RADIUS + 0.42)
        return (-RADIUS - 0.42, end + 0.45), (-max(half, RADIUS) - 0.04, max(half, RADIUS) + 0.04)


SIDEWAYS = Layout(down=False, reach=2.2, depth=1.25, breadth=0.36, step=0.5, label=0.6)
DOWNWARDS = Layout(down=True, reach=1.08, depth=0.36, breadth=0.9, step=1.0, label=0.68)


def fit_page(contexts: list[Any], items: int, layout: Layout) -> list[Any]:
    """Return the contexts whose panels fit on a page: all of them, or only the pooled one."""
    high = measure_height(len(contexts), items, layout)
    return contexts if len(contexts) == 1 or high <= TALLEST else [contexts[-1]]


def measure_height(panels: int, items: int, layout: Layout) -> float:
    """Return the height in inches of a figure with so many panels."""
    _, (low, high) = layout.measure(items)
    return -(-panels // (2 if layout.down else 1)) * (high - low + 0.34) + 0.1


def place_items(rows: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return the rows with the positions of their boxes, arrows and labels."""
    levels = order_levels(rows["item"])
    places = {item: place - (len(levels) - 1) / 2 for place, item in enumerate(levels)}
    across = rows["item"].map(places).astype(float) * layout.step
    far = layout.reach + layout.depth
    # An arrow starts on the circle, in the direction of its box.
    start = RADIUS / (layout.reach**2 + across**2) ** 0.5
    points = {
        "start": (start * layout.reach, start * across),
        "near": (layout.reach, across),
        "middle": (layout.reach + layout.depth / 2, across),
        "far": (far, across),
        "tail": (far + _TAIL, across),
        "behind": (far + _TAIL + (0.09 if layout.down else 0.04), across),
        "on": (layout.label * layout.reach, layout.label * across),
    }
    placed = rows.assign(
        loading=[_write_loading(row) for row in rows.to_dict("records")],
        error=[_write_error(value) for value in rows["residual"]],
        label=[write_label(item, width=13 if layout.down else 17) for item in rows["item"]],
        negative=rows["estimate"].lt(0),
    )
    for name, (along, beside) in points.items():
        x, y = layout.turn(along, beside)
        placed = placed.assign(**{f"{name}_x": x, f"{name}_y": y})
    wide, high = layout.turn(layout.depth / 2, layout.breadth / 2)
    return placed.assign(wide=abs(wide), high=abs(high))


def _write_loading(row: dict[Any, Any]) -> str:
    value = write_number(row["estimate"], 2, bounded=True)
    limits = write_interval(row["conf_low"], row["conf_high"], 2, bounded=True)
    return value if limits == MISSING else f"{value} {limits}"


def _write_error(value: Any) -> str:
    return f"ε {write_number(value, 2, bounded=True)}" if pd.notna(value) else ""


def bend_loop() -> list[tuple[float, float]]:
    """Return an arc behind the circle, from one of its sides to the other."""
    size, offset = 0.17, RADIUS + 0.1
    angles = [pi * (0.36 + 1.28 * place / 40) for place in range(41)]
    return [(size * cos(angle) - offset, size * sin(angle)) for angle in angles]


def bend_circle() -> list[tuple[float, float]]:
    """Return the circle of the factor."""
    angles = [2 * pi * place / 90 for place in range(91)]
    return [(RADIUS * cos(angle), RADIUS * sin(angle)) for angle in angles]
