"""A printed coefficient with limits: whether the F interval gives them, and what else would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import fdtri

from exprstats.reliability.limits import find_f_limits, move_reliability
from exprstats.reliability.printed import Printed

AuditTerm = Literal["ICC(1,k)", "ICC(1,1)", "ICC(C,k)", "ICC(C,1)"]


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


def is_consistent(claim: Claim) -> bool:
    """Return whether one estimate that rounds to the printed one gives both printed limits."""
    return _fits(claim.estimate, *_cross_limits(claim))


def expect_limits(claim: Claim) -> tuple[float, float]:
    """Return the limits of the printed estimate itself."""
    base, k = _find_base(claim)
    mean = move_reliability(claim.estimate.value, base, k)
    limits = find_f_limits(1 / (1 - mean), *_find_df(claim), claim.level)
    low, high = (move_reliability(limit, k, base) for limit in limits)
    return claim.low.round(low), claim.high.round(high)


def explain_claim(claim: Claim) -> str:
    """Return what would make an inconsistent row consistent, or that nothing simple does."""
    sizes = [n for n in _near(claim.n) if is_consistent(replace(claim, n=n))]
    found = [f"it fits {_list_range(sizes)} clips, not {claim.n}"] if sizes else []
    raters = [k for k in range(2, 21) if k != claim.k and is_consistent(replace(claim, k=k))]
    found += [f"it fits {' or '.join(map(str, raters))} raters, not {claim.k:g}"] if raters else []
    found += list(_explain_digits(claim))
    return "; ".join(found) if found else "no other n, k or single digit explains it"


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
            shown = " or ".join(f"{other.value:.{other.decimals}f}" for other in fits)
            yield f"it fits if {name} reads {shown}, not {printed.value:.{printed.decimals}f}"


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


def _fits(estimate: Printed, *spans: tuple[float, float]) -> bool:
    low = max(estimate.low, *(span[0] for span in spans))
    high = min(estimate.high, *(span[1] for span in spans))
    return low <= high


def _find_base(claim: Claim) -> tuple[float, float]:
    return (1.0 if claim.term.endswith(",1)") else claim.k), claim.k


def _find_df(claim: Claim) -> tuple[float, float]:
    n, k = claim.n, claim.k
    return (n - 1, n * (k - 1)) if claim.term.startswith("ICC(1") else (n - 1, (n - 1) * (k - 1))


def _near(n: int) -> list[int]:
    return [other for other in range(max(2, n // 2), 2 * n + 1) if other != n]


def _list_range(sizes: Sequence[int]) -> str:
    return f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
