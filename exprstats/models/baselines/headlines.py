"""Raters' rows in a comparison of models, headed by intervals over subjects and raters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from exprstats.inference import Comparison
from exprstats.inference.comparison.wording import RATERS
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.models.baselines.raters import HumanComparison

_SAME = 1e-9
_ALONE = "over subjects alone: raters judged other clips than those of the models"
_NUMBERS = ["std_error", "conf_low", "conf_high", "p_value", "df", "n_raters", "note"]


def head_raters(comparison: Comparison, found: HumanComparison) -> Comparison:
    """Return a comparison whose rows of raters are headed by intervals over subjects and raters.

    Parameters
    ----------
    comparison
        Of models and raters, by `compare_models`, with intervals of its own choice or by the
        jackknife; others stay as they were asked for.
    found
        The same raters and models by `compare_human`, at the same level.

    Returns
    -------
    Comparison
        Each headline row of raters, and of a difference from them, is followed by one of method
        ``"jackknife_raters"`` (with ``df`` and ``n_raters``) that takes its place as headline;
        Holm's p of headline rows are taken again.
    """
    table = comparison.table
    if comparison.compat or comparison.interval not in {"auto", "jackknife"}:
        return comparison
    known = {_name_key(row): row for row in found.table.to_dict("records")}
    signs = {key: 1 for key in known}
    for (context, metric, model, versus), row in list(known.items()):
        if versus is not None:
            known[context, metric, versus, model] = row
            signs[context, metric, versus, model] = -1
    rows = []
    for row in table.to_dict("records"):
        rows.append(row)
        key = _name_key(row)
        if not row["headline"] or key not in known:
            continue
        wider, sign = known[key], signs[key]
        if not _is_same(sign * wider["estimate"], row["estimate"]):
            row["note"] = "; ".join(one for one in (row["note"], _ALONE) if isinstance(one, str))
            continue
        if wider["method"] != RATERS:
            continue
        row["headline"] = False
        numbers = {name: wider[name] for name in _NUMBERS}
        if sign < 0:
            numbers |= {"conf_low": -wider["conf_high"], "conf_high": -wider["conf_low"]}
        kept = ("context", "metric", "model", "versus", "term", "estimate", "level", "n_clips")
        own = {name: row[name] for name in (*kept, "n_clusters")}
        rows.append({**own, **numbers, "method": RATERS, "headline": True})
    extra = [name for name in ("df", "n_raters") if name not in table]
    merged = pd.DataFrame(rows, columns=[*table.columns, *extra])
    for name in ("n_clips", "n_clusters", "headline", "level"):
        merged[name] = merged[name].astype(table[name].dtype)
    return replace(comparison, table=_adjust(merged))


def _name_key(row: dict) -> tuple:
    context, versus = (None if pd.isna(row[name]) else row[name] for name in ("context", "versus"))
    return context, row["metric"], row["model"], versus


def _is_same(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=_SAME, atol=_SAME))


def _adjust(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose headline differences are adjusted together, within metric and context."""
    shown = rows[rows["headline"].eq(True) & rows["versus"].notna()]
    for _, own in shown.groupby(["context", "metric"], dropna=False, sort=False):
        if own["method"].eq(RATERS).any():
            rows.loc[own.index, "p_adjusted"] = adjust_holm(own["p_value"].to_numpy(float))
    return rows
