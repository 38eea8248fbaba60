"""Checks of items before a factor is fitted, and of estimates after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from exprstats.apa import count_things, tell_p
from exprstats.document.text import join_words
from exprstats.errors import (
    LEAVE_ONE_OUT,
    DataError,
    FitError,
    FitWarning,
    Option,
    OptionError,
    Problem,
    warn_user,
)
from exprstats.measurement.factor.moments import Moments, scale_covariance
from exprstats.measurement.factor.solution import UNTESTABLE, Receipt, Solution
from exprstats.options import take_columns

SAME = 0.999
SINGULAR = 1e-9
TIED = 0.01
# Unrelated items give p above this half of the time; items worth a factor hardly ever do.
CHANCE = 0.5
DOUBT = 0.05
PINGOUIN = "pingouin"  # the second package that computes α
UNUSED = "lavaan was not used: {}"  # though it is there; with the reason
_FELDT = "limits by Feldt, Woodruff, & Salih (1987), rounded to three decimals; clips independent"


def tell_heywood(item: str, residual: float) -> str:
    """Return what is said of an item with less than no residual variance."""
    return f"item '{item}' has a residual variance of {residual:.4g} (a Heywood case)"


def check_items(items: Sequence[str]) -> tuple[str, ...]:
    """Return the names of items, unless no factor can be fitted to so few; each stands once."""
    items = take_columns(items, "items", "three or more ")
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        message = f"item '{twice[0]}' is named twice; name each item once."
        raise OptionError(message)
    if len(items) < 3:
        counted = count_things(len(items), "item was", "items were")
        message = f"{counted} named; a factor needs three items."
        raise OptionError(message)
    return tuple(map(str, items))


def find_problems(moments: Moments, items: Sequence[str], where: str) -> list[Problem]:
    """Return why a factor cannot be fitted to these moments; empty if it can."""
    if moments.shared <= len(items):
        which = f"all {len(items)} items" if moments.n == moments.shared else "a certain two items"
        fact = f"{where}: {count_things(moments.shared, 'clip has', 'clips have')} {which}."
        return [Problem(fact, f"A factor needs at least {len(items) + 1} of them.")]
    spread = np.sqrt(np.maximum(np.diag(moments.covariance), 0))
    size = np.maximum(np.abs(moments.low), np.abs(moments.high))
    constant = np.flatnonzero((moments.low == moments.high) | (spread <= 1e-12 * size))
    if constant.size:
        return [
            Problem(
                f"{where}: every value is {moments.low[place]:g}.",
                "Leave this item out: one that does not vary measures nothing.",
                column=str(items[int(place)]),
            )
            for place in constant
        ]
    return _find_shared(scale_covariance(moments.covariance), moments.shared, items, where)


def _find_shared(r: np.ndarray, n: int, items: Sequence[str], where: str) -> list[Problem]:
    problems = [
        Problem(
            f"{where}: items '{items[i]}' and '{items[j]}' correlate {r[i, j]:.4f}.",
            "They are one measurement; keep one of them.",
        )
        for i, j in combinations(range(len(items)), 2)
        if abs(r[i, j]) > SAME
    ]
    values, vectors = np.linalg.eigh(r)
    if not problems and values[0] < SINGULAR:
        tied = [item for item, part in zip(items, vectors[:, 0], strict=True) if abs(part) > TIED]
        named = ", ".join(f"'{item}'" for item in tied)
        fact = f"{where}: {named} determine each other: one is a sum of the others."
        problems.append(Problem(fact, LEAVE_ONE_OUT, column=str(tied[-1])))
    if problems:
        return problems
    pairs = r[np.triu_indices(len(items), 1)]
    p_value = judge_sphericity(r, n)
    if len(items) == 3 and not np.prod(pairs) > 0:
        listed = ", ".join(f"{value:.2f}" for value in pairs)
        fact = f"{where}: the items share no variance one factor could explain (r = {listed})."
        problems.append(Problem(fact, "Check that they measure the same thing."))
    elif p_value > CHANCE:
        largest = np.abs(pairs).max()
        fact = (
            f"{where}: the items share no variance beyond chance: their correlations (largest"
            f" {largest:.2f}, {n} clips) are those of unrelated items, p {tell_p(p_value)}."
        )
        problems.append(Problem(fact, "Check that they measure the same thing, or add clips."))
    return problems


def warn_weak(moments: Moments, items: Sequence[str], where: str) -> None:
    """Warn if the items may share no more than chance would give so few clips."""
    p_value = judge_sphericity(scale_covariance(moments.covariance), moments.shared)
    if p_value > DOUBT:
        message = (
            f"{where}: {', '.join(items)} do not correlate more than unrelated items may in "
            f"{moments.shared} clips (p {tell_p(p_value)}); the factor is weakly supported."
        )
        warn_user(message, FitWarning)


def judge_sphericity(r: np.ndarray, n: int) -> float:
    """Return p that the items with correlations (p, p) of n rows are unrelated (Bartlett, 1951)."""
    p = len(r)
    statistic = -(n - 1 - (2 * p + 5) / 6) * np.linalg.slogdet(r)[1]
    return float(chdtrc(p * (p - 1) / 2, max(statistic, 0.0)))


def find_improper(
    name: str, items: Sequence[str], loadings: np.ndarray, residuals: np.ndarray
) -> list[str]:
    """Return the reasons why estimates (p,) cannot be right: residual variances that are not > 0.

    ``name`` is the rows in words.
    """
    cure = "Leave the item out, or fit more clips."
    if len(items) == 3:
        cure = "Fit more clips or more items: without this one, two are too few for a factor."
    return [
        f"{name}: {tell_heywood(item, residual)}; scores are not defined. {cure}"
        for item, loading, residual in zip(items, loadings, residuals, strict=True)
        if residual <= 1e-6 * (loading**2 + residual)
    ]


def warn_reversed(name: str, items: Sequence[str]) -> None:
    """Warn of items that load against the others of the rows in words."""
    if items:
        named = join_words([f"'{item}'" for item in items])
        one = len(items) == 1
        verb, they, them = ("loads", "it is", "it") if one else ("load", "they are", "them")
        fact = f"{name}: {named} {verb} against the other items; if {they} reverse-keyed,"
        turned = Option("reverse", list(items))
        how = (f"{fact} reverse {them} on the scale with ", turned, " and ", Option("scale"))
        warn_user((*how, ", and fit again. If that was done already, undo it."), FitWarning)


def raise_improper(improper: Sequence[str]) -> None:
    """Raise all improper estimates as one error, if there are any."""
    if improper:
        message = "\n".join(improper)
        raise FitError(message)


def raise_problems(problems: Sequence[Problem]) -> None:
    """Raise all problems as one error, if there are any."""
    if problems:
        raise DataError(problems)


def add_alphas(
    table: pd.DataFrame,
    solutions: Sequence[Solution],
    answers: np.ndarray,
    rows: Iterable[tuple[str, str | None, np.ndarray]],
) -> pd.DataFrame:
    """Return a table of estimates with a row of α by pingouin for each fit of complete clips.

    ``rows`` has for each solution its part, its context, and which answers (n, p) are behind it
    (n,).
    """
    from pingouin import cronbach_alpha

    level = float(table["level"].dropna().iloc[0])
    found = []
    whole = ~np.isnan(answers).any(axis=1)
    for one, (*_, kept) in zip(solutions, rows, strict=True):
        complete = answers[kept & whole]
        if one.missing == "fiml" or len(complete) < 3 or not np.isfinite(one.standard).all():
            continue
        keyed = pd.DataFrame(complete * np.where(one.standard < 0, -1.0, 1.0))
        alpha, (low, high) = cronbach_alpha(data=keyed, ci=level)
        key = {"context": one.context, "part": one.part, "term": "alpha", "item": None}
        value = {"estimate": float(alpha), "conf_low": float(low), "conf_high": float(high)}
        how = {"level": level, "method": PINGOUIN, "headline": False, "note": _FELDT}
        found.append({**key, **value, **how, "n_clips": len(complete)})
    kinds = {name: object for name in ("context", "item", "note")}
    both = pd.DataFrame([*table.to_dict("records"), *found], columns=table.columns)
    return both.astype({**kinds, "headline": bool, "n_clips": int})


def list_notes(solutions: Sequence[Solution], receipt: Receipt) -> tuple[str, ...]:
    """Return what must stand beside the numbers, the most important first."""
    notes = []
    for one in solutions:
        if one.flaw:
            has, was = ("have", "were") if one.context is None else ("has", "was")
            scored = np.isfinite(one.loadings).all()
            fate = f"{has} no scores" if scored else f"{was} not fitted"
            notes.append(f"{one.name[0].upper()}{one.name[1:]} {fate}: {_cut(one.flaw, one.name)}")
    if receipt.reason:
        notes.append(
            f"R was not used: the estimates come from the closed form for three items, which is"
            f" the same maximum likelihood solution. The reason: {receipt.reason.rstrip('.')}."
        )
    if maxima := tell_maxima(solutions):
        notes.append(maxima)
    if solutions[0].df == 0:
        notes.append(f"{UNTESTABLE[0].upper()}{UNTESTABLE[1:]}; no fit indices are given.")
    if any(one.part == "train" for one in solutions):
        notes.append(
            "The scores come from the fit on training subjects; the loadings in the sentence from"
            " the fit on all clips."
        )
    return tuple(notes)


def tell_maxima(solutions: Sequence[Solution]) -> str:
    """Return that the likelihood has several maxima, where lavaan needed other starts."""
    started = join_words([one.name for one in solutions if one.started])
    if not started:
        return ""
    return (
        f"The likelihood has several maxima ({started}); from lavaan's own starting values the fit"
        " would have ended at a lower one, so that it was started near the highest that was found."
    )


def _cut(flaw: str, name: str) -> str:
    """Return a flaw that does not name its rows again."""
    return flaw.replace(f"{name}: ", "")
