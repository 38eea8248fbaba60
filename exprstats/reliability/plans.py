"""Raters a clip that a target reliability needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from exprstats.errors import OptionError
from exprstats.numerals import write_level, write_number
from exprstats.reliability.headlines import NEEDED, name_coefficients, take_rows
from exprstats.reliability.limits import move_reliability
from exprstats.reliability.result import Reliability
from exprstats.results import Result
from exprstats.words import is_positive


@dataclass(frozen=True, slots=True, eq=False)
class Plan(Result):
    """Raters a clip that a target needs.

    Attributes
    ----------
    table
        One row for each coefficient: its keys, ``target``, ``raters``, ``raters_low`` (from the
        upper limit) and ``raters_high`` (from the lower one), and a ``note`` where no number of
        raters gets there.
    target
        The reliability that is wanted.
    """

    table: pd.DataFrame
    target: float

    def glance(self) -> pd.DataFrame:
        """Return one row: the target and the most raters that a coefficient needs."""
        return pd.DataFrame([{"target": self.target, "raters": self.table["raters"].max()}])

    def sentence(self) -> str:
        """Return how many raters each coefficient needs."""
        names = name_coefficients(self.table)
        return " ".join(
            f"{name}: a reliability of {write_number(self.target, bounded=True)} needs "
            f"{_write_raters(row)}."
            for name, row in zip(names, self.table.to_dict("records"), strict=True)
        )


def plan_raters(reliability: Reliability | pd.DataFrame, *, target: float = 0.8) -> Plan:
    """Say how many raters a clip a target reliability needs.

    Parameters
    ----------
    reliability
        As in `study_decisions`.
    target
        Wanted reliability of the mean, between 0 and 1.

    Raises
    ------
    DataError
        If a column is missing or holds no numbers.
    OptionError
        If the target is not between 0 and 1.

    Examples
    --------
    >>> pilot = pd.DataFrame(
    ...     [{"estimate": 0.632, "conf_low": 0.29, "conf_high": 0.825, "raters_per_clip": 3}]
    ... )
    >>> plan = plan_raters(pilot, target=0.75).table.iloc[0]
    >>> [int(plan[name]) for name in ("raters", "raters_low", "raters_high")]
    [6, 2, 23]
    """
    if not (is_positive(target) and target < 1):
        message = f"target {target} is not between 0 and 1; 0.8 is usual."
        raise OptionError(message)
    rows = []
    for row in take_rows(reliability):
        k = row["raters_per_clip"]
        names = {"raters": "estimate", "raters_low": "conf_high", "raters_high": "conf_low"}
        needs = {ours: count_raters(row[name], k, target) for ours, name in names.items()}
        away = [name for name, number in needs.items() if math.isnan(number)]
        note = None if not away else f"not attainable: {', '.join(names[name] for name in away)}"
        keys = {name: value for name, value in row.items() if name not in NEEDED}
        rows.append(keys | {"target": target} | needs | {"note": note})
    return Plan(pd.DataFrame(rows), target)


def count_raters(value: float, k: float, target: float) -> float:
    """Return the fewest raters whose mean reaches a target; NaN where none do.

    Parameters
    ----------
    value
        Reliability of the mean of ``k`` ratings.
    k
        Number of ratings.
    target
        Wanted reliability.

    Examples
    --------
    >>> count_raters(0.5, 1, 0.8), count_raters(-0.1, 3, 0.8)
    (4, nan)
    """
    single = move_reliability(value, k, 1)
    if math.isnan(single) or single <= 0:
        return math.nan
    if single >= 1:
        return 1
    return max(1, math.ceil(target * (1 - single) / (single * (1 - target)) - 1e-9))


def _write_raters(row: dict[Any, Any]) -> str:
    if math.isnan(row["raters"]):
        return "more raters than there can be (not attainable)"
    high = "not attainable" if math.isnan(row["raters_high"]) else f"{row['raters_high']:g}"
    low = "not attainable" if math.isnan(row["raters_low"]) else f"{row['raters_low']:g}"
    level = f"{write_level(row['level'])} CI " if "level" in row else ""
    return f"{row['raters']:g} raters a clip ({level}{low} to {high})"
