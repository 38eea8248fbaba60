"""Whether published reliabilities and their limits can stand together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.numerals import write_level
from exprstats.reliability.claims import (
    AuditTerm,
    Claim,
    expect_limits,
    explain_claim,
    is_consistent,
)
from exprstats.reliability.printed import Printed, read_printed
from exprstats.results import Result
from exprstats.tables import require_columns
from exprstats.words import check_level, check_word

_NUMBERS = ("estimate", "conf_low", "conf_high")
_NEEDED = (*_NUMBERS, "n_clips", "raters_per_clip")


@dataclass(frozen=True, slots=True, eq=False)
class Audit(Result):
    """Published rows beside what the F interval gives.

    Attributes
    ----------
    table
        The rows as given, with ``consistent``, ``expected_low`` and ``expected_high`` (the limits
        of the printed estimate, with its decimals) and a ``note`` on what would explain a
        difference.
    level, term
        What the table was taken to hold.
    """

    table: pd.DataFrame
    level: float
    term: AuditTerm

    def glance(self) -> pd.DataFrame:
        """Return one row: how many rows there were and how many follow."""
        return pd.DataFrame(
            [{"rows": len(self.table), "consistent": int(self.table["consistent"].sum())}]
        )

    def sentence(self) -> str:
        """Return how many rows follow from the F interval, and those that do not."""
        wrong = self.table[~self.table["consistent"]]
        text = (
            f"{len(self.table) - len(wrong)} of {len(self.table)} printed rows follow from the "
            f"{write_level(self.level)} F interval of {self.term}."
        )
        keys = [name for name in self.table.columns if name not in {*_NEEDED, *_ADDED}]
        for row in wrong.to_dict("records"):
            name = " ".join(str(row[key]) for key in keys) or "a row"
            text += f" {name}: {row['note']}."
        return text


_ADDED = ("consistent", "expected_low", "expected_high", "note")


def audit_table(
    table: pd.DataFrame,
    *,
    term: AuditTerm = "ICC(1,k)",
    level: float = 0.95,
    decimals: int | None = None,
) -> Audit:
    """Recompute the limits of published reliabilities from their estimates.

    The F interval depends on the estimate, the number of clips and the number of raters only, so
    that it can be checked without data. A row is consistent if one value that rounds to the
    printed estimate gives limits that round to the printed ones.

    Parameters
    ----------
    table
        Columns estimate, conf_low, conf_high (numbers or text; text keeps trailing zeros),
        n_clips, raters_per_clip, and any others that name the rows.
    term
        Which coefficient is printed.
    level
        Its confidence level.
    decimals
        Digits after the point of printed numbers. None takes each row's own: the most of its
        three numbers.

    Raises
    ------
    DataError
        If a column is missing or a cell is no number.
    OptionError
        If the term or level is not allowed.

    Examples
    --------
    >>> row = {"estimate": "-1.010", "conf_low": "-2.509", "conf_high": "-.084"}
    >>> audit_table(pd.DataFrame([row | {"n_clips": 35, "raters_per_clip": 3}])).sentence()
    '1 of 1 printed rows follow from the 95% F interval of ICC(1,k).'
    """
    check_word(term, AuditTerm, "term")
    check_level(level)
    require_columns(table, _NEEDED, "published")
    claims = _read_claims(table, term, level, decimals)
    added = pd.DataFrame([_check_claim(claim) for claim in claims], index=table.index)
    return Audit(
        pd.concat([table.drop(columns=[*_ADDED], errors="ignore"), added], axis=1), level, term
    )


def _check_claim(claim: Claim) -> dict[str, Any]:
    low, high = expect_limits(claim)
    consistent = is_consistent(claim)
    note = None if consistent else f"expected [{low:g}, {high:g}]; {explain_claim(claim)}"
    return {"consistent": consistent, "expected_low": low, "expected_high": high, "note": note}


def _read_claims(
    table: pd.DataFrame, term: AuditTerm, level: float, decimals: int | None
) -> list[Claim]:
    problems: list[Problem] = []
    claims = []
    for place, row in enumerate(table.to_dict("records"), start=1):
        try:
            claims.append(_read_claim(row, term, level, decimals))
        except ValueError as error:
            problems.append(Problem(str(error), "Correct the row.", rows=(place,)))
    if problems or not claims:
        raise DataError(problems or "the published table has no rows.")
    return claims


def _read_claim(row: dict[Any, Any], term: AuditTerm, level: float, decimals: int | None) -> Claim:
    numbers = [read_printed(row[name], decimals) for name in _NUMBERS]
    digits = max(number.decimals for number in numbers)
    estimate, low, high = (
        number if isinstance(row[name], str) else Printed(number.value, digits)
        for name, number in zip(_NUMBERS, numbers, strict=True)
    )
    n, k = (read_printed(row[name]).value for name in ("n_clips", "raters_per_clip"))
    if not (n >= 2 and k > 1 and n == int(n)):
        message = f"n_clips {n:g} and raters_per_clip {k:g}: the interval needs n ≥ 2, k > 1."
        raise ValueError(message)
    if not low.value <= estimate.value <= high.value <= 1 or estimate.value >= 1:
        message = (
            f"{estimate.value:g} [{low.value:g}, {high.value:g}] is no coefficient in its limits."
        )
        raise ValueError(message)
    return Claim(estimate, low, high, int(n), k, term, level)
