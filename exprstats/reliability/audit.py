"""Audit of published intraclass correlations and their limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import pandas as pd
from scipy.special import fdtri

from exprstats.apa import write_level, write_number
from exprstats.contracts import require_columns
from exprstats.errors import DataError, Problem
from exprstats.options import check_level, check_word
from exprstats.reliability.icc.estimands import find_f_limits, move_reliability
from exprstats.results import Result

NUMBERS = ("estimate", "conf_low", "conf_high")
NEEDED = (*NUMBERS, "n_clips", "raters_per_clip")

ADDED = ("consistent", "expected_low", "expected_high", "note")
AuditTerm = Literal["ICC(1,k)", "ICC(1,1)", "ICC(C,k)", "ICC(C,1)"]
SLACK = 1e-9
_PERCENT = 2  # from which on an estimate is no share with a misprint


@dataclass(frozen=True, slots=True, eq=False)
class Audit(Result):
    """Published rows beside what the F interval gives.

    Attributes
    ----------
    table
        The rows as given, with ``consistent``, ``expected_low`` and ``expected_high`` (the limits
        of the printed estimate, with its decimals) and a ``note`` on what would explain a
        difference.
    level, term, decimals
        What the table was taken to hold; decimals None are those of each row.
    """

    table: pd.DataFrame
    level: float
    term: AuditTerm
    decimals: int | None = None

    @property
    def keys(self) -> list[str]:
        """The columns that name the rows."""
        return [name for name in self.table.columns if name not in {*NEEDED, *ADDED}]

    def read_claim(self, row: Mapping[Any, Any]) -> Claim:
        """Return what a row of the table claims, with the decimals of each printed number."""
        return _read_claim(row, self.term, self.level, self.decimals)

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
        for row in wrong.to_dict("records"):
            name = " ".join(str(row[key]) for key in self.keys) or "a row"
            text += f" {name}: {row['note']}."
        return text


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

    Returns
    -------
    Audit
        The rows as given, whether each follows, and what would explain a difference.

    Raises
    ------
    DataError
        If a column is missing or a cell is no number.
    OptionError
        If the term or level is not allowed.

    References
    ----------
    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. *Psychological Methods, 1*, 30–46 (Table 7).

    Examples
    --------
    >>> row = {"estimate": "-1.010", "conf_low": "-2.509", "conf_high": "-.084"}
    >>> audit_table(pd.DataFrame([row | {"n_clips": 35, "raters_per_clip": 3}])).sentence()
    '1 of 1 printed rows follow from the 95% F interval of ICC(1,k).'
    """
    check_word(term, AuditTerm, "term")
    check_level(level)
    require_columns(table, NEEDED, "published")
    claims = _read_claims(table, term, level, decimals)
    added = pd.DataFrame([_check_claim(claim) for claim in claims], index=table.index)
    checked = pd.concat([table.drop(columns=[*ADDED], errors="ignore"), added], axis=1)
    return Audit(checked, level, term, decimals)


def _check_claim(claim: Claim) -> dict[str, Any]:
    low, high = expect_limits(claim)
    consistent = is_consistent(claim)
    ends = Printed(low, claim.low.decimals), Printed(high, claim.high.decimals)
    expected = "" if math.isnan(low) else f"expected [{ends[0]}, {ends[1]}]"
    parts = [expected, claim.flaw, explain_claim(claim), claim.doubt]
    note = claim.doubt if consistent else "; ".join(filter(None, parts))
    return {
        "consistent": consistent,
        "expected_low": low,
        "expected_high": high,
        "note": note or None,
    }


def _read_claims(
    table: pd.DataFrame, term: AuditTerm, level: float, decimals: int | None
) -> list[Claim]:
    problems: list[Problem] = []
    claims = []
    # The header of a file is its first row.
    for place, row in enumerate(table.to_dict("records"), start=2):
        try:
            claims.append(_read_claim(row, term, level, decimals))
        except ValueError as error:
            problems.append(Problem(str(error), "Correct the row.", rows=(place,)))
    if problems or not claims:
        raise DataError(problems or "the published table has no rows.")
    return claims


def _read_claim(
    row: Mapping[Any, Any], term: AuditTerm, level: float, decimals: int | None
) -> Claim:
    numbers = [read_printed(row[name], decimals) for name in NUMBERS]
    digits = max(number.decimals for number in numbers)
    estimate, low, high = (
        number if isinstance(row[name], str) else Printed(number.value, digits)
        for name, number in zip(NUMBERS, numbers, strict=True)
    )
    n, k = (read_printed(row[name]).value for name in ("n_clips", "raters_per_clip"))
    if not (n >= 2 and k > 1 and n == int(n)):
        message = f"n_clips {n:g} and raters_per_clip {k:g}: the interval needs n ≥ 2, k > 1."
        raise ValueError(message)
    return Claim(estimate, low, high, int(n), k, term, level)


@dataclass(frozen=True, slots=True)
class Claim:
    """A printed coefficient with limits, of n clips by k raters."""

    estimate: Printed
    low: Printed
    high: Printed
    n: int
    k: float
    term: AuditTerm
    level: float

    @property
    def flaw(self) -> str:
        """Why no data can give these three numbers; empty where some could."""
        estimate, low, high = self.estimate.value, self.low.value, self.high.value
        if low <= estimate <= high <= 1 and estimate < 1:
            return ""
        shown = f"{self.estimate} [{self.low}, {self.high}]"
        return f"{shown} is impossible, for whatever data: it is no coefficient in its limits"

    @property
    def doubt(self) -> str:
        """What is said of a number of raters that is none."""
        if self.k == int(self.k):
            return ""
        return f"{self.k:g} raters are a mean: of unequal numbers the F interval is approximate"

    def mend_slips(self) -> tuple[list[str], Claim]:
        """Return what was wrong in writing the numbers down, by their looks, and the claim mended.

        Percent are divided by 100, and limits exchanged of which the lower is the higher.
        """
        found: list[str] = []
        claim = self
        numbers = [claim.estimate, claim.low, claim.high]
        if claim.estimate.value >= _PERCENT and all(abs(one.value) <= 100 for one in numbers):
            found.append("its numbers read as percent")
            shares = [Printed(one.value / 100, one.decimals + 2) for one in numbers]
            claim = replace(claim, estimate=shares[0], low=shares[1], high=shares[2])
        if claim.low.value > claim.high.value:
            found.append("its limits exchanged")
            claim = replace(claim, low=claim.high, high=claim.low)
        return found, claim


def is_consistent(claim: Claim) -> bool:
    """Return whether one estimate that rounds to the printed one gives both printed limits."""
    spans = (claim.estimate.low, claim.estimate.high), *_cross_limits(claim)
    lows, highs = zip(*spans, strict=True)
    return not claim.flaw and max(lows) <= min(highs)


def expect_limits(claim: Claim) -> tuple[float, float]:
    """Return the limits of the printed estimate itself; NaN where it is 1 or more."""
    if claim.estimate.value >= 1:
        return math.nan, math.nan
    base, k = _find_base(claim)
    mean = move_reliability(claim.estimate.value, base, k)
    limits = find_f_limits(1 / (1 - mean), *_find_df(claim), claim.level)
    low, high = (move_reliability(limit, k, base) for limit in limits)
    return claim.low.round(low), claim.high.round(high)


def explain_claim(claim: Claim) -> str:
    """Return what would make an inconsistent row consistent, or that nothing simple does."""
    slips, claim = claim.mend_slips()
    mended = f"with {' and '.join(slips)}" if slips else ""
    if slips and is_consistent(claim):
        return f"it fits {mended}"
    near = range(max(2, claim.n // 2), 2 * claim.n + 1)
    sizes = [n for n in near if n != claim.n and is_consistent(replace(claim, n=n))]
    ends = " to ".join(dict.fromkeys(map(str, (*sizes[:1], *sizes[-1:]))))
    found = [f"it fits {ends} clips, not {claim.n}"] if sizes else []
    raters = [k for k in range(2, 21) if k != claim.k and is_consistent(replace(claim, k=k))]
    found += [f"it fits {' or '.join(map(str, raters))} raters, not {claim.k:g}"] if raters else []
    found += list(_explain_digits(claim))
    if found:
        return f"{mended}, {'; '.join(found)}" if slips else "; ".join(found)
    none = "no other n, k or single digit explains it"
    return f"even {mended}, {none}" if slips else none


def _explain_digits(claim: Claim) -> Iterator[str]:
    names = {"estimate": "the estimate", "low": "the lower limit", "high": "the upper limit"}
    for field, name in names.items():
        printed: Printed = getattr(claim, field)
        fits = [
            other
            for other in printed.misprints()
            if is_consistent(replace(claim, **{field: other}))
        ]
        if fits:
            yield f"it fits if {name} reads {' or '.join(map(str, fits))}, not {printed}"


def _cross_limits(claim: Claim) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the estimates that each printed limit allows."""
    df, tail = _find_df(claim), (1 + claim.level) / 2
    base, k = _find_base(claim)
    factors = (fdtri(*df, tail), 1 / fdtri(*df[::-1], tail))
    spans = []
    for printed, factor in zip((claim.low, claim.high), factors, strict=True):
        ends = (move_reliability(end, base, k) for end in (printed.low, printed.high))
        means = (1 - (1 - end) / factor for end in ends)
        low, high = (move_reliability(mean, k, base) for mean in means)
        spans.append((low, high))
    return spans[0], spans[1]


def _find_base(claim: Claim) -> tuple[float, float]:
    return (1.0 if claim.term.endswith(",1)") else claim.k), claim.k


def _find_df(claim: Claim) -> tuple[float, float]:
    n, k = claim.n, claim.k
    return (n - 1, n * (k - 1)) if claim.term.startswith("ICC(1") else (n - 1, (n - 1) * (k - 1))


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

    def __str__(self) -> str:
        """Return the number in APA style, with its decimals."""
        return write_number(self.value, self.decimals, bounded=True)

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

    Text such as ``"−1.010"`` keeps its trailing zeros unless ``decimals`` are known otherwise.

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
