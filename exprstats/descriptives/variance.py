"""Analysis of variance and t tests of people's means, by pingouin."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.parallel import limit_threads

_FLAT = 1e-12  # spread so small beside the means is that of their rounding


@dataclass(frozen=True, slots=True, eq=False)
class VarianceCells:
    """People's means that are compared.

    Attributes
    ----------
    frame
        subject, context, group, mean, n_clips: one row for each person and context.
    contexts, groups
        Their levels, in order.
    design
        As of `exprstats.descriptives.MeanComparison`.
    level
        Confidence level.
    """

    frame: pd.DataFrame
    contexts: tuple[str, ...]
    groups: tuple[str, ...]
    design: str
    level: float

    @property
    def factor(self) -> str:
        """The column of what differs between people in a one-way design."""
        return "group" if self.design == "groups" else "context"


def run_anova(cells: VarianceCells) -> Iterator[dict[str, Any]]:
    """Yield a row for each F test of the design.

    Notes
    -----
    Repeated and mixed designs have the generalized η² (Olejnik & Algina, 2003), and p corrected by
    the ε of Greenhouse and Geisser (1959) wherever there are three contexts or more, whatever
    Mauchly's test says: few people leave it without power. One-way designs come with Welch's test,
    which does not take variances for equal.
    """
    import pingouin

    frame = cells.frame
    people = int(frame["subject"].nunique())
    shared = {"n_clusters": people, "note": None}
    if cells.design in {"repeated", "mixed"}:
        ids: dict[str, Any] = {
            "dv": "mean",
            "within": "context",
            "subject": "subject",
            "effsize": "ng2",
            "correction": True,
        }
        method = "repeated-measures ANOVA" if cells.design == "repeated" else "mixed ANOVA"
        flaw = _find_flaw(cells)
        terms = {"context": "context"}
        if cells.design == "mixed":
            terms = {"group": "group", "context": "context", "Interaction": "context x group"}
        if flaw:
            yield from (_leave(term, method, shared, flaw) for term in terms.values())
            return
        with limit_threads(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if cells.design == "repeated":
                found = pingouin.rm_anova(frame, detailed=True, **ids)
                error = float(found["DF"].iloc[1])
                found = found.iloc[:1].rename(columns={"DF": "DF1"}).assign(DF2=error)
            else:
                found = pingouin.mixed_anova(frame, between="group", **ids)
        for row in _list_rows(found):
            term, three = terms[row["Source"]], len(cells.contexts) > 2
            yield _write_test(row, term, method, shared, three=three)
        return
    factor = cells.factor
    flaw = _find_small(frame, factor)
    for method, verb in (("one-way ANOVA", "anova"), ("Welch's ANOVA", "welch_anova")):
        if flaw:
            yield _leave(factor, method, shared, flaw)
            continue
        with limit_threads(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = {"detailed": False} if verb == "anova" else {}
            found = getattr(pingouin, verb)(frame, dv="mean", between=factor, **options)
        row = _list_rows(found)[0]
        row |= {"DF1": row["ddof1"], "DF2": row["ddof2"]}
        told = _write_test(row, factor, method, shared, three=False)
        own = verb == "anova"
        yield told | {"effect": row["np2"] if own else np.nan, "effect_name": "η²" if own else None}


def _list_rows(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Return pingouin's rows; older versions write p-unc for p_unc."""
    named = found.rename(columns=lambda name: str(name).replace("-", "_"))
    return [{str(key): one for key, one in row.items()} for row in named.to_dict("records")]


def _write_test(
    row: dict[str, Any], term: str, method: str, shared: dict[str, Any], *, three: bool
) -> dict[str, Any]:
    within = three and term != "group"
    names = ("epsilon", "p_corrected", "sphericity_w", "sphericity_p")
    lacks: dict[str, float] = {name: float("nan") for name in names}
    found = {
        "epsilon": row.get("eps", np.nan),
        "p_corrected": row.get("p_GG_corr", np.nan),
        "sphericity_w": row.get("W_spher", np.nan),
        "sphericity_p": row.get("p_spher", np.nan),
    }
    if within and not float(found["sphericity_w"]) > 1e-12:
        # With fewer people than contexts the covariances are singular: nothing to test.
        found |= {"sphericity_w": np.nan, "sphericity_p": np.nan}
    numbers = {name: float(one) for name, one in found.items()} if within else dict(lacks)
    return {
        "term": term,
        "method": method,
        "statistic": float(row["F"]),
        "df1": float(row["DF1"]),
        "df2": float(row["DF2"]),
        "p_value": float(row["p_unc"]),
        **numbers,
        "effect": float(row.get("ng2", np.nan)),
        "effect_name": "generalized η²" if "ng2" in row else None,
        **shared,
    }


def _leave(term: str, method: str, shared: dict[str, Any], flaw: str) -> dict[str, Any]:
    names = ("statistic", "df1", "df2", "p_value", "epsilon", "p_corrected", "sphericity_w")
    empty = dict.fromkeys((*names, "sphericity_p", "effect"), np.nan)
    return {"term": term, "method": method, **empty, "effect_name": None, **shared, "note": flaw}


def _find_flaw(cells: VarianceCells) -> str | None:
    """Return why a repeated design has no F, or None."""
    wide = cells.frame.pivot_table(index="subject", columns="context", values="mean", sort=False)
    if cells.design == "mixed":
        sizes = cells.frame.drop_duplicates("subject")["group"].value_counts()
        small = [str(name) for name in cells.groups if sizes.get(name, 0) < 2]
        if small:
            return f"a group has fewer than 2 people with all contexts ({', '.join(small)})"
    values = wide.to_numpy(float)
    away = values - values.mean(axis=1, keepdims=True)
    away = away - away.mean(axis=0)
    if np.abs(away).max(initial=0.0) <= _FLAT * max(np.abs(values).max(initial=0.0), 1e-300):
        return "contexts differ by the same amount in everybody"
    return None


def _find_small(frame: pd.DataFrame, factor: str) -> str | None:
    sizes = frame[factor].value_counts()
    small = [str(name) for name, size in sizes.items() if size < 2]
    if small:
        return f"fewer than 2 people in {', '.join(small)}"
    spread = frame.groupby(factor, sort=False)["mean"].std()
    if (spread <= _FLAT * max(frame["mean"].abs().max(), 1e-300)).any():
        return "people's means do not vary within a level"
    return None


def compare_pairs(cells: VarianceCells) -> Iterator[dict[str, Any]]:
    """Yield the t test of each pair of contexts and of groups, adjusted after Holm (1979).

    People's own differences are tested where they have both contexts, else Welch's t. Hedges' g is
    the difference over the root of the mean variance of both sides, corrected for small samples.
    """
    paired = cells.design in {"repeated", "mixed"}
    if cells.design != "groups":
        yield from _adjust([_test_pair(cells, pair, "context", paired=paired)
                            for pair in combinations(cells.contexts, 2)])  # fmt: skip
    if cells.design in {"mixed", "groups"}:
        yield from _adjust([_test_pair(cells, pair, "group", paired=False)
                            for pair in combinations(cells.groups, 2)])  # fmt: skip


def _adjust(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    adjusted = adjust_holm(np.array([row["p_value"] for row in rows], float))
    return [{**row, "p_adjusted": float(one)} for row, one in zip(rows, adjusted, strict=True)]


def _test_pair(
    cells: VarianceCells, pair: tuple[str, str], factor: str, *, paired: bool
) -> dict[str, Any]:
    import pingouin

    frame = cells.frame
    if factor == "group":
        # A person counts once, by the mean over contexts.
        frame = frame.groupby(["subject", "group"], sort=False, observed=True)
        frame = frame.agg({"mean": "mean", "n_clips": "sum"}).reset_index()
    sides = [frame[frame[factor].eq(one)].set_index("subject") for one in pair]
    first, second = (side["mean"] for side in sides)
    if paired:
        second = second.reindex(first.index)
    x, y = first.to_numpy(float), second.to_numpy(float)
    name, versus = pair
    here = {"context": None, "group": None, factor: name}
    row: dict[str, Any] = {"term": "difference", **here, "versus": versus}
    row |= {"method": "t", "headline": False}
    row |= {"n_clusters": len(x) if paired else len(x) + len(y)}
    row |= {"n_clips": int(sum(side["n_clips"].sum() for side in sides))}
    row |= {"estimate": float(x.mean() - y.mean()) if min(len(x), len(y)) else np.nan}
    empty = dict.fromkeys(("std_error", "conf_low", "conf_high", "statistic", "df"), np.nan)
    empty |= {"p_value": np.nan, "hedges_g": np.nan}
    if min(len(x), len(y)) < 2:
        return {**row, **empty, "note": "fewer than 2 people: no test"}
    sides_sd = min(float(x.std(ddof=1)), float(y.std(ddof=1)))
    spread = float((x - y).std(ddof=1)) if paired else sides_sd
    if spread <= _FLAT * max(np.abs(x).max(), np.abs(y).max(), 1e-300):
        flat = "the difference is the same in everybody" if paired else "people's means do not vary"
        return {**row, **empty, "note": f"{flat}: no test"}
    with limit_threads(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        welch: Any = not paired
        found = pingouin.ttest(x, y, paired=paired, correction=welch)
        g = pingouin.compute_effsize(x, y, paired=paired, eftype="hedges")
    told = _list_rows(found)[0]
    statistic, df = float(told["T"]), float(told["dof"])
    p_value = float(next(told[one] for one in ("p_val", "pval", "p_unc") if one in told))
    error = float(np.sqrt(x.var(ddof=1) / len(x) + y.var(ddof=1) / len(y)))
    error = float(spread / np.sqrt(len(x))) if paired else error
    reach = float(stdtrit(df, (1 + cells.level) / 2)) * error
    limits = {"conf_low": row["estimate"] - reach, "conf_high": row["estimate"] + reach}
    tested = {"std_error": error, **limits, "statistic": statistic, "df": df, "p_value": p_value}
    return {**row, **tested, "hedges_g": float(np.asarray(g)), "note": None}
