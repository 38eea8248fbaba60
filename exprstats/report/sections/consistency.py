"""Table of the internal consistency of items, with a second method beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.document.cells import ALL, find_level, name_contexts, write_estimate, write_limits
from exprstats.document.model import Table
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.measurement.factor.checks import PINGOUIN, tell_maxima
from exprstats.report.sections.intervals import SAME

if TYPE_CHECKING:
    from exprstats.measurement import Factor

# Beyond these a model is said to describe its items badly.
POOR_CFI, POOR_SRMR = 0.90, 0.10


def build_consistency(rows: pd.DataFrame, factor: Factor) -> tuple[Table, ...]:
    """Return the table: ω and AVE of every context."""
    shown = rows[rows["term"].isin(["omega", "ave", "alpha"])]
    if shown.empty:
        return ()
    level = find_level(shown)
    alpha, ave = (match_row(shown, "context", term=term) for term in ("alpha", "ave"))
    columns = (
        column("context", "Model"),
        column("n_clips", "Clips", write_count),
        *estimate_columns(level, heading="ω", key="omega"),
        *estimate_columns(level, heading="α", key="alpha", of=alpha),
        column("ave", "AVE", write_estimate, of=ave),
    )
    note = say(
        "ω = internal consistency of the items' means, the share of the variance of the summed "
        "items that the factor explains; it does not say whether raters agree. α = "
        "Cronbach's (1951), the same where loadings are equal, and lower elsewhere. AVE = average "
        "variance extracted, the mean share of an item's variance that the factor explains."
    )
    second = _say_alpha(name_contexts(factor.tidy()), shown)
    title = "Internal Consistency of the Items’ Means"
    omegas = shown[shown["term"].eq("omega")].drop_duplicates("context")
    return (tabulate("composite", title, omegas, columns, notes=(note, *second), rows=shown),)


def _say_alpha(rows: pd.DataFrame, shown: pd.DataFrame) -> tuple[Text, ...]:
    """Return whether α by a second package is the same, where there is one."""
    rows = rows[rows["method"].eq(PINGOUIN) & rows["part"].eq("all")]
    both = rows.merge(shown[shown["term"].eq("alpha")], on="context", suffixes=("_second", ""))
    if both.empty:
        return ()
    apart = (both["estimate"] - both["estimate_second"]).abs()
    worst = both.iloc[int(apart.to_numpy().argmax())]
    limits = {name: worst[f"{name}_second"] for name in ("estimate", "conf_low", "conf_high")}
    if apart.max() < SAME:
        told = "A second method agrees: pingouin gives the same α"
        if len(both) < shown["context"].nunique():
            told += f" for {join_words(list(both['context'].astype(str)))}"
        elif len(both) > 1:
            told += f" in all {write_count(len(both))} models"
    else:
        told = (
            f"A second method, pingouin, differs by up to {write_number(apart.max(), 3)} in α "
            f"({worst['context']})"
        )
    return (
        say(
            "{told}; its limits, for independent clips, are {limits} for {where}.",
            told=told,
            limits=write_limits(limits),
            where=worst["context"],
        ),
    )


def say_maxima(factor: Factor) -> Text | None:
    """Return that the likelihood has several maxima, where lavaan needed other starts."""
    told = tell_maxima(factor.solutions)
    return quote_sentence(told) if told else None


def warn_of_misfit(rows: pd.DataFrame) -> Text | None:
    """Return which models describe their items badly by usual marks (Hu & Bentler, 1999)."""
    poor = []
    for context, own in rows[rows["term"].isin(["cfi", "srmr"])].groupby("context", sort=False):
        value = own.set_index("term")["estimate"]
        if value.get("cfi", 1.0) < POOR_CFI or value.get("srmr", 0.0) > POOR_SRMR:
            poor.append("all clips" if context == ALL else str(context))
    if not poor:
        return None
    return say(
        "One factor does not describe these items well ({where}: CFI below {cfi} or SRMR above "
        "{srmr}; Hu & Bentler, 1999, ask for .95 and .08). Items may measure several things; "
        "scores and ω then have no plain meaning.",
        where=join_words(poor),
        cfi=write_number(POOR_CFI, bounded=True),
        srmr=write_number(POOR_SRMR, bounded=True),
    )
