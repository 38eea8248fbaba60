"""Decision studies: reliability at other numbers of raters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from exprstats.apa import count_things, tell_number, write_interval, write_level, write_number
from exprstats.contracts import find_unnumbers, require_columns
from exprstats.errors import DataError, OptionError
from exprstats.options import check_count, is_positive
from exprstats.reliability.icc.coefficients import LOWEST, Reliability
from exprstats.reliability.icc.estimands import move_reliability
from exprstats.results import Result

NEEDED = ("estimate", "conf_low", "conf_high", "raters_per_clip")
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

    place: ClassVar[str] = "decisions"
    table: pd.DataFrame

    def glance(self) -> pd.DataFrame:
        """Return one row: the numbers of raters that were looked at."""
        raters = self.table["raters_per_clip"]
        return pd.DataFrame(
            [{"rows": len(self.table), "raters_min": raters.min(), "raters_max": raters.max()}]
        )

    def sentence(self) -> str:
        """Return each coefficient at the fewest and the most raters."""
        texts = []
        for name, rows in self.table.groupby(name_coefficients(self.table), sort=False):
            ends = rows.iloc[sorted({0, len(rows) - 1})].to_dict("records")
            parts = [
                f"{_tell_value(row['estimate'])} "
                f"{write_interval(row['conf_low'], row['conf_high'], bounded=True, lowest=LOWEST)} "
                f"with {count_things(row['raters_per_clip'], 'rater')}"
                for row in ends
            ]
            texts.append(f"{name}: {' and '.join(parts)}.")
        return " ".join([*texts, *tell_fixed(self.table)])


def tell_fixed(table: pd.DataFrame) -> list[str]:
    """Return that limits are too narrow where they take the raters of the study as fixed."""
    if "method" not in table or not table["method"].eq("jackknife_subjects").any():
        return []
    return ["Limits that take the raters as fixed are too narrow for other raters."]


def _tell_value(value: float) -> str:
    return tell_number(write_number(value, bounded=True, lowest=LOWEST), after="")


def study_decisions(
    reliability: Reliability | pd.DataFrame, *, raters: Iterable[int] | int = range(1, 13)
) -> Decisions:
    """Say how reliable the mean of other numbers of raters would be.

    Parameters
    ----------
    reliability
        A result, whose headline rows are taken; or a table, published or not, with columns
        estimate, conf_low, conf_high, raters_per_clip and any that name its rows.
    raters
        Numbers of raters per clip, one or several.

    Returns
    -------
    Decisions
        The estimate and its limits at each number, by the Spearman–Brown formula.

    Raises
    ------
    DataError
        If a column is missing or holds no numbers.
    OptionError
        If a number of raters is no whole number from 1 on.

    References
    ----------
    Brown, W. (1910). Some experimental results in the correlation of mental abilities. *British
    Journal of Psychology, 3*, 296–322.

    Spearman, C. (1910). Correlation calculated from faulty data. *British Journal of Psychology,
    3*, 271–295.

    See Also
    --------
    plan_raters : Raters that a target needs.
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
    numbers = list_sizes(raters, "raters")
    rows = [
        row
        | {name: move_reliability(row[name], row["raters_per_clip"], k) for name in NEEDED[:3]}
        | {"raters_per_clip": k}
        for row in take_rows(reliability)
        for k in numbers
    ]
    return Decisions(pd.DataFrame(rows))


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

    place: ClassVar[str] = "plan"
    table: pd.DataFrame
    target: float

    def glance(self) -> pd.DataFrame:
        """Return one row: the target and the most raters that a coefficient needs."""
        return pd.DataFrame([{"target": self.target, "raters": self.table["raters"].max()}])

    def sentence(self) -> str:
        """Return how many raters each coefficient needs."""
        names = name_coefficients(self.table)
        texts = [
            f"{name}: a reliability of {write_number(self.target, bounded=True)} needs "
            f"{_write_raters(row)}."
            for name, row in zip(names, self.table.to_dict("records"), strict=True)
        ]
        return " ".join([*texts, *tell_fixed(self.table)])


def plan_raters(reliability: Reliability | pd.DataFrame, *, target: float = 0.8) -> Plan:
    """Say how many raters per clip a target reliability needs.

    Parameters
    ----------
    reliability
        As in `study_decisions`.
    target
        Wanted reliability of the mean, between 0 and 1.

    Returns
    -------
    Plan
        Raters a clip by the estimate and by its limits, which swap places.

    Raises
    ------
    DataError
        If a column is missing or holds no numbers.
    OptionError
        If the target is not between 0 and 1.

    References
    ----------
    Brown, W. (1910). Some experimental results in the correlation of mental abilities. *British
    Journal of Psychology, 3*, 296–322.

    Spearman, C. (1910). Correlation calculated from faulty data. *British Journal of Psychology,
    3*, 271–295.

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
        away = [names[n] for n, number in needs.items() if math.isnan(number)]
        known = [name for name in away if not math.isnan(row[name])]
        note = f"not attainable: {', '.join(known)}" if known else None
        if math.isnan(row["estimate"]):
            note = "not estimated"
        keys = {name: value for name, value in row.items() if name not in NEEDED}
        rows.append(keys | {"target": target} | needs | {"note": note})
    return Plan(pd.DataFrame(rows), target)


def count_raters(value: float, k: float, target: float) -> float:
    """Return the fewest raters whose mean reaches a target; NaN where none do.

    ``value`` is the reliability of the mean of ``k`` ratings.

    Notes
    -----
    With ρ the reliability of one rating, k·ρ/(1 + (k − 1)ρ) ≥ target is k ≥
    target(1 − ρ)/(ρ(1 − target)); the small number keeps an exact whole number from rounding up.

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
    if row["note"] == "not estimated":
        return "a number of raters that is not known, since there is no estimate"
    if math.isnan(row["raters"]):
        return "more raters than there can be (not attainable)"
    high = "not attainable" if math.isnan(row["raters_high"]) else f"{row['raters_high']:g}"
    low = "not attainable" if math.isnan(row["raters_low"]) else f"{row['raters_low']:g}"
    level = f"{write_level(row['level'])} CI " if "level" in row else ""
    return f"{row['raters']:g} raters per clip ({level}{low} to {high})"


def take_rows(reliability: Reliability | pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the headline rows of a result, or all rows of a table of numbers."""
    if isinstance(reliability, Reliability):
        reliability = reliability.table[reliability.table["headline"]]
    table = reliability
    require_columns(table, [], "reliability")
    if "rating" in table and "estimate" not in table:
        message = "these are ratings; pass what rate_reliability(ratings) returns."
        raise OptionError(message)
    require_columns(table, NEEDED, "reliability")
    if len(table) == 0:
        message = "the reliability table has no rows."
        raise DataError(message)
    try:
        table = table.astype(dict.fromkeys(NEEDED, float))
    except (TypeError, ValueError) as error:
        raise DataError(find_unnumbers(table, NEEDED)) from error
    return table.drop(columns=[*_DROPPED], errors="ignore").to_dict("records")


def name_coefficients(table: pd.DataFrame) -> pd.Series:
    """Return what sentences call each row of a table."""
    keys = [
        name for name in table.columns if name in {"context", "task", "item", "question", "term"}
    ]
    named = table[keys].astype(object).where(table[keys].notna(), "").to_numpy()
    names = [" ".join(str(cell) for cell in row if cell != "") or "It" for row in named]
    return pd.Series(names, index=table.index)


def list_sizes(sizes: Iterable[int] | int, option: str, least: int = 1) -> list[int]:
    """Return one whole number from ``least`` on, or several, as a list, each once."""
    numbers = list(dict.fromkeys(sizes)) if isinstance(sizes, Iterable) else [sizes]
    for number in numbers:
        check_count(number, option, least)
    if not numbers:
        message = f"{option} is empty; give one number or more."
        raise OptionError(message)
    return numbers
