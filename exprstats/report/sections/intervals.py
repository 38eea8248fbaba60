"""Words for what intervals and p-values come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import write_number
from exprstats.document.text import Text, say
from exprstats.inference.comparison.regression import REPEATED
from exprstats.inference.comparison.wording import RATERS

if TYPE_CHECKING:
    from exprstats.inference import Comparison

SAME = 1e-6  # of a coefficient by two packages
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
    methods = sorted(list_methods(rows), key=lambda one: one == RATERS)
    named = {"jackknife": "a jackknife over subjects"}
    first = "one" if "jackknife" in methods else "a jackknife"
    named[RATERS] = f"{first} over subjects and raters (human baseline)"
    named |= dict.fromkeys(KINDS, "a bootstrap that resamples subjects")
    return list(dict.fromkeys(named.get(method, method) for method in methods))


def say_repeated(rows: pd.DataFrame, shown: pd.DataFrame) -> list[Text]:
    """Return whether pingouin's repeated measures correlation is r within subjects, where shown."""
    keys = ["context", "metric", "model"]
    both = rows[rows["method"].eq(REPEATED)].merge(shown, on=keys, suffixes=("_second", ""))
    if both.empty:
        return []
    apart = (both["estimate"] - both["estimate_second"]).abs().max()
    wider = (both["conf_high"] - both["conf_low"]) / (
        both["conf_high_second"] - both["conf_low_second"]
    )
    ratios = [write_number(one) for one in (wider.min(), wider.max()) if pd.notna(one)]
    told = " to ".join(dict.fromkeys(ratios))
    spread = say(
        "; its intervals take clips, about their subject's mean, as independent, and the intervals "
        "of <Table performance> are {told} times as wide"
        if told
        else "",
        told=told,
    )
    opening = "A second method, repeated measures correlation (pingouin), "
    if apart < SAME:
        return [say(f"{opening}agrees on *r* within subjects{{spread}}.", spread=spread)]
    most = write_number(apart, 3, bounded=True)
    words = f"{opening}differs in *r* within subjects by up to {{most}}{{spread}}."
    return [say(words, most=most, spread=spread)]


def say_resampling(comparison: Comparison | None) -> list[Text]:
    """Return what is unusual about how a comparison resampled and tested."""
    if comparison is None:
        return []
    told = []
    used = comparison.table.loc[comparison.table["headline"], "method"]
    if comparison.scheme == "two-stage" and used.eq("jackknife").any():
        told.append(
            "The two-stage scheme is that of the bootstrap: jackknife intervals do not depend on "
            "it, percentile intervals do"
        )
    if comparison.strata is not None:
        told.append("Strata ({strata}) hold for the intervals and *p* of scores and differences")
    if comparison.interval == "bca":
        told.append("BCa intervals are in the tidy rows, and never printed")
    if comparison.compat:
        told.append(
            f"*p* values are defined as in {comparison.compat}: twice the smaller share of draws "
            "beyond 0, also for single scores"
        )
    return [say(f"{text}.", strata=comparison.strata) for text in told]
