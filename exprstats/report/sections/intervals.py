"""What the intervals and p-values of rows come from, in words."""

from __future__ import annotations

import pandas as pd

from exprstats.inference.comparison.wording import RATERS

METHODS: dict[str, str] = {
    "percentile": "percentile intervals of a bootstrap that resamples subjects",
    "expanded": "expanded percentile intervals of a bootstrap that resamples subjects",
    "basic": "basic intervals of a bootstrap that resamples subjects",
    "bca": "bias-corrected and accelerated (BCa) intervals of a bootstrap that resamples subjects",
    "t": "bootstrap-t intervals from resampled subjects",
    "jackknife": "jackknife intervals over subjects",
    RATERS: "jackknife intervals over subjects and raters (human baseline)",
}
KINDS = {"percentile": "", "basic": "basic bootstrap ", "bca": "BCa ", "t": "bootstrap-t "}
KINDS["expanded"] = "expanded percentile "


def list_methods(rows: pd.DataFrame) -> list[str]:
    """Return the methods behind the intervals of rows, each once, in order."""
    return [str(method) for method in rows["method"].dropna().unique()]


def is_bootstrapped(rows: pd.DataFrame) -> bool:
    """Return whether some of the intervals come from resampled subjects."""
    return not KINDS.keys().isdisjoint(list_methods(rows))


def name_sources(rows: pd.DataFrame) -> list[str]:
    """Return what the intervals and p-values of rows come from."""
    named = {"jackknife": "a jackknife over subjects"}
    named[RATERS] = "one over subjects and raters (human baseline)"
    named |= dict.fromkeys(KINDS, "a bootstrap that resamples subjects")
    return list(dict.fromkeys(named.get(method, method) for method in list_methods(rows)))
