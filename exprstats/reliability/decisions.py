"""The next study: reliability at other numbers of raters, and raters for a target."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from exprstats.errors import DataError, OptionError
from exprstats.numerals import write_interval, write_level, write_number
from exprstats.reliability.limits import move_reliability
from exprstats.reliability.result import Reliability
from exprstats.results import Result
from exprstats.tables import require_columns

_NEEDED = ("estimate", "conf_low", "conf_high", "raters_per_clip")
_DROPPED = ("k_rule", "std_error", "headline", "n_raters", "note")


@dataclass(frozen=True, slots=True, eq=False)
class Decisions(Result):
    """Reliability at other numbers of raters.

    Attributes
    ----------
    table
        One row for each coefficient and number of raters: its keys, raters_per_clip, estimate,
        conf_low, conf_high.
    """

    table: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Return one row for each coefficient and number of raters."""
        return self.table

    def glance(self) -> pd.DataFrame:
        """Return one row: the numbers of raters that were looked at."""
        raters = self.table["raters_per_clip"]
        return pd.DataFrame(
            [{"rows": len(self.table), "raters_min": raters.min(), "raters_max": raters.max()}]
        )

    def sentence(self) -> str:
        """Return each coefficient at the fewest and the most raters."""
        texts = []
        for name, rows in self.table.groupby(_name_rows(self.table), sort=False):
            ends = rows.iloc[[0, -1]].to_dict("records")
            parts = [
                f"{write_number(row['estimate'], bounded=True, lowest=-10)} "
                f"{write_interval(row['conf_low'], row['conf_high'], bounded=True, lowest=-10)} "
                f"with {row['raters_per_clip']:g} rater{'s' * (row['raters_per_clip'] != 1)}"
                for row in ends
            ]
            texts.append(f"{name}: {' and '.join(parts)}.")
        return " ".join(texts)


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

    def tidy(self) -> pd.DataFrame:
        """Return one row for each coefficient."""
        return self.table

    def glance(self) -> pd.DataFrame:
        """Return one row: the target and the most raters that a coefficient needs."""
        return pd.DataFrame([{"target": self.target, "raters": self.table["raters"].max()}])

    def sentence(self) -> str:
        """Return how many raters each coefficient needs."""
        names = _name_rows(self.table)
        return " ".join(
            f"{name}: a reliability of {write_number(self.target, bounded=True)} needs "
            f"{_write_raters(row)}."
            for name, row in zip(names, self.table.to_dict("records"), strict=True)
        )


def study_decisions(
    reliability: Reliability | pd.DataFrame, *, raters: Iterable[int] = range(1, 13)
) -> Decisions:
    """Say how reliable the mean of other numbers of raters would be.

    Parameters
    ----------
    reliability
        A result, whose headline rows are taken; or a table, published or not, with columns
        estimate, conf_low, conf_high, raters_per_clip and any that name its rows.
    raters
        Numbers of raters a clip.

    Returns
    -------
    Decisions
        The estimate and its limits at each number, by the Spearman–Brown formula.

    Raises
    ------
    DataError
        If a column is missing.
    OptionError
        If a number of raters is below 1.

    See Also
    --------
    study_subjects : Subjects' means over other numbers of clips and raters.

    Examples
    --------
    Pilot with 3 raters of Lin, Girard, and Morency (2020, Table 5), startle, question 1:

    >>> pilot = pd.DataFrame(
    ...     [{"estimate": 0.632, "conf_low": 0.29, "conf_high": 0.825, "raters_per_clip": 3}]
    ... )
    >>> study_decisions(pilot, raters=[6]).table["estimate"].round(3).item()
    0.775
    """
    numbers = list(dict.fromkeys(raters))
    if not numbers or min(numbers) < 1:
        message = f"raters {numbers} must be numbers from 1 up."
        raise OptionError(message)
    rows = [
        row
        | {name: move_reliability(row[name], row["raters_per_clip"], k) for name in _NEEDED[:3]}
        | {"raters_per_clip": k}
        for row in _take_rows(reliability)
        for k in numbers
    ]
    return Decisions(pd.DataFrame(rows))


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
        If a column is missing.
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
    if not 0 < target < 1:
        message = f"target {target:g} is not between 0 and 1; 0.8 is usual."
        raise OptionError(message)
    rows = []
    for row in _take_rows(reliability):
        k = row["raters_per_clip"]
        names = {"raters": "estimate", "raters_low": "conf_high", "raters_high": "conf_low"}
        needs = {ours: count_raters(row[name], k, target) for ours, name in names.items()}
        away = [name for name, number in needs.items() if math.isnan(number)]
        note = None if not away else f"not attainable: {', '.join(names[name] for name in away)}"
        keys = {name: value for name, value in row.items() if name not in _NEEDED}
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


def _take_rows(reliability: Reliability | pd.DataFrame) -> list[dict[Any, Any]]:
    if isinstance(reliability, Reliability):
        table = reliability.table[reliability.table["headline"]]
    else:
        table = reliability
    require_columns(table, _NEEDED, "reliability")
    if len(table) == 0:
        message = "the reliability table has no rows."
        raise DataError(message)
    table = table.drop(columns=[*_DROPPED], errors="ignore")
    return table.astype(dict.fromkeys(_NEEDED, float)).to_dict("records")


def _name_rows(table: pd.DataFrame) -> list[str]:
    keys = [
        name for name in table.columns if name in {"context", "task", "item", "question", "term"}
    ]
    named = table[keys].astype(object).where(table[keys].notna(), "")
    return [" ".join(str(cell) for cell in row if cell != "") or "It" for row in named.to_numpy()]


def _write_raters(row: dict[Any, Any]) -> str:
    if math.isnan(row["raters"]):
        return "more raters than there can be (not attainable)"
    high = "not attainable" if math.isnan(row["raters_high"]) else f"{row['raters_high']:g}"
    low = "not attainable" if math.isnan(row["raters_low"]) else f"{row['raters_low']:g}"
    level = f"{write_level(row['level'])} CI " if "level" in row else ""
    return f"{row['raters']:g} raters a clip ({level}{low} to {high})"
