"""Options of a resampling: draws, intervals, level, seed and what is drawn."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from exprstats.errors import OptionError
from exprstats.options import (
    MOST_DRAWS,
    Compat,
    IntervalName,
    SchemeName,
    check_count,
    check_level,
    check_word,
)
from exprstats.parallel import Seed, check_jobs, check_seed


@dataclass(frozen=True, slots=True)
class Resampling:
    """How clusters are resampled and intervals are made, for several verbs at once.

    Every verb that takes ``resampling=`` also takes these options one by one; one that is given
    in both places is refused.

    Parameters
    ----------
    draws
        Bootstrap draws, at least 2; the jackknife needs none.
    interval
        ``"auto"`` gives bootstrap and jackknife-t rows and marks one as headline: the jackknife-t
        row, or, of plain functions that are not smooth, the bootstrap row from 10 clusters on,
        with levels expanded for the number of clusters. ``"percentile"``, ``"expanded"`` (the
        percentile interval with those levels), ``"jackknife"``, ``"basic"`` and ``"t"``
        (symmetric bootstrap-t) give that one; ``"bca"`` gives BCa beside those of ``"auto"``,
        whose headline stays.
    level
        Confidence level, between 0 and 1.
    seed
        A whole number or a generator for the same numbers again.
    compat
        ``"mlboot"`` for percentile rows with the p-values that the R package mlboot defines
        (ties on one side, no sample of its own, scores tested against 0): to retrace published
        numbers, on other random draws.
    strata
        Column of strata (groups, sites) within which clusters are drawn: their numbers are then
        fixed by design, and the jackknife loses a degree of freedom for each.
    scheme
        ``"clusters"`` keeps a drawn cluster's rows as they are. ``"two-stage"`` draws its rows
        again: what varies within clusters is then counted twice, and intervals are too wide
        unless clusters are large (Davison & Hinkley, 1997, §3.8). The jackknife rows stay.
    n_jobs
        Workers; the numbers do not depend on it.

    Raises
    ------
    OptionError
        For an option that is not allowed, and for options that exclude each other.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*.
    Hesterberg, T. C. (2015). What teachers should know about the bootstrap. *The American
    Statistician, 69*, 371-386.

    Examples
    --------
    >>> Resampling(draws=5000, seed=1).level
    0.95
    """

    draws: int = 2000
    interval: IntervalName = "auto"
    level: float = 0.95
    seed: Seed = None
    compat: Compat | None = None
    strata: str | None = None
    scheme: SchemeName = "clusters"
    n_jobs: int = 1

    def __post_init__(self) -> None:
        check_options(
            interval=self.interval,
            level=self.level,
            draws=self.draws,
            compat=self.compat,
            scheme=self.scheme,
        )
        check_seed(self.seed)
        check_jobs(self.n_jobs)


def check_options(
    *, interval: str, level: float, draws: int, compat: str | None = None, scheme: str = "clusters"
) -> None:
    """Refuse options that no resampling can have."""
    check_word(interval, IntervalName, "interval")
    check_word(scheme, SchemeName, "scheme")
    if scheme == "two-stage" and interval == "t":
        message = "bootstrap-t needs the scheme 'clusters': its errors are those of drawn clusters."
        raise OptionError(message)
    check_level(level)
    check_count(draws, "draws", least=2, most=MOST_DRAWS)
    if compat is not None:
        check_word(compat, Compat, "compat")
        if interval not in {"auto", "percentile"}:
            message = f"compat '{compat}' has percentile intervals only; interval is '{interval}'."
            raise OptionError(message)


def choose_resampling(
    resampling: Resampling | None, verb: str, *, without: tuple[str, ...] = (), **given: Any
) -> Resampling:
    """Return the options of a verb, given together or one by one (None where not given).

    ``without`` are options that would change the numbers, but that this verb does not have.
    """
    named = {name: value for name, value in given.items() if value is not None}
    if resampling is None:
        return Resampling(**named)
    if not isinstance(resampling, Resampling):
        message = f"resampling must be a Resampling(…); got {resampling!r}."
        raise OptionError(message)
    usual = {field.name: field.default for field in fields(Resampling)}
    set_there = [name for name, value in usual.items() if getattr(resampling, name) != value]
    for name in set_there:
        if name in named:
            message = f"{name} is given twice, in resampling= and by itself. Write it once."
            raise OptionError(message)
        if name in without:
            message = f"{verb} has no {name}; it must not be part of resampling."
            raise OptionError(message)
    return replace(resampling, **named)
