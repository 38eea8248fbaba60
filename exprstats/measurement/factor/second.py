"""Coefficient α by a second package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from exprstats.measurement.factor.solution import Solution

PINGOUIN = "pingouin"
_NOTE = "limits by Feldt, Woodruff, & Salih (1987), rounded to three decimals; clips independent"


def add_alphas(
    table: pd.DataFrame,
    solutions: Sequence[Solution],
    answers: np.ndarray,
    rows: Iterable[tuple[str, str | None, np.ndarray]],
) -> pd.DataFrame:
    """Return a table of estimates with a row of α by pingouin for each fit of complete clips.

    Parameters
    ----------
    table
        The estimates of the fits.
    solutions
        The fits.
    answers
        All rows, shape (n, p); incomplete ones are left out.
    rows
        For each fit its part, its context, and which rows are behind it (n,).
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
        how = {"level": level, "method": PINGOUIN, "headline": False, "note": _NOTE}
        found.append({**key, **value, **how, "n_clips": len(complete)})
    kinds = {name: object for name in ("context", "item", "note")}
    both = pd.DataFrame([*table.to_dict("records"), *found], columns=table.columns)
    return both.astype({**kinds, "headline": bool, "n_clips": int})
