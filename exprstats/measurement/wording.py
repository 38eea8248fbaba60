"""A fitted factor in words, in the manner of the APA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from exprstats.measurement.rows import UNTESTABLE
from exprstats.measurement.solution import Receipt, Solution
from exprstats.numerals import tell_p, write_count, write_interval, write_level, write_number


def list_notes(solutions: Sequence[Solution], receipt: Receipt) -> tuple[str, ...]:
    """Return what must stand beside the numbers, the most important first."""
    notes = []
    if receipt.reason:
        notes.append(
            f"R was not used: the estimates come from the closed form for three items, which is"
            f" the same maximum likelihood solution. The reason: {receipt.reason.rstrip('.')}."
        )
    if solutions[0].df == 0:
        notes.append(f"{UNTESTABLE[0].upper()}{UNTESTABLE[1:]}; no fit indices are given.")
    if any(one.part == "train" for one in solutions):
        notes.append(
            "The scores come from the fit on training subjects; the loadings in the sentence from"
            " the fit on all clips."
        )
    return tuple(notes)


def write_sentence(
    table: pd.DataFrame, solutions: Sequence[Solution], receipt: Receipt, notes: Sequence[str]
) -> str:
    """Return the fit on all clips in APA style, followed by its notes."""
    whole = [one for one in solutions if one.part == "all"]
    pooled = next(one for one in whole if one.context is None)
    contexts = len(whole) - 1
    where = f" in {contexts} contexts, and to each context" if contexts else ""
    rows = table[table["part"] == "all"]
    loadings = rows[rows["term"] == "loading"]["estimate"]
    omega = rows[(rows["term"] == "omega") & rows["context"].isna()].iloc[0]
    value, low, high = (
        write_number(omega["estimate"], bounded=True),
        float(omega["conf_low"]),
        float(omega["conf_high"]),
    )
    return " ".join(
        [
            f"A one-factor model of {len(pooled.items)} items ({', '.join(pooled.items)}) was"
            f" fitted by {_name_method(pooled)} ({receipt.describe()}) to"
            f" {write_count(pooled.n_clips)} clips{where}.",
            f"Standardized loadings ranged from {write_number(loadings.min(), bounded=True)} to"
            f" {write_number(loadings.max(), bounded=True)}; the composite's reliability was"
            f" ω = {value}, {write_level(omega['level'])} CI"
            f" {write_interval(low, high, bounded=True)}{' (all clips)' if contexts else ''}.",
            *([write_fit(pooled.df, pooled.fit)] if pooled.df else []),
            *notes,
        ]
    )


def _name_method(one: Solution) -> str:
    full = "full-information " if one.missing == "fiml" else ""
    if one.n_clusters is not None:
        return (
            f"{full}maximum likelihood with standard errors that allow for"
            f" {write_count(one.n_clusters)} clusters"
        )
    robust = " with robust standard errors" if one.method == "robust" else ""
    return f"{full}maximum likelihood{robust}"


def write_fit(df: int, fit: Mapping[str, float]) -> str:
    """Return the fit of a model in APA style."""
    limits = write_interval(fit["rmsea.ci.lower"], fit["rmsea.ci.upper"], 3, bounded=True)
    return (
        f"Fit: χ²({df}) = {write_number(fit['chisq'])}, p {tell_p(fit['pvalue'])},"
        f" CFI = {write_number(fit['cfi'], 3, bounded=True)},"
        f" RMSEA = {write_number(fit['rmsea'], 3, bounded=True)}, 90% CI {limits},"
        f" SRMR = {write_number(fit['srmr'], 3, bounded=True)}."
    )
