"""Variance components, standard error of measurement and smallest detectable change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import chdtri, ndtri

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.options import IccChoice, IccModel, check_level, check_word
from exprstats.reliability.icc.checks import split_obstacles
from exprstats.reliability.icc.estimands import ESTIMANDS, Estimand
from exprstats.reliability.icc.identification import settle_model
from exprstats.reliability.icc.jackknife import (
    Samples,
    Spread,
    find_t_limits,
    sample_panel,
    settle_spread,
    spread_thetas,
)
from exprstats.reliability.icc.nested import find_subject_divisors
from exprstats.reliability.icc.oneway import find_usual_divisor
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class ScaleErrors(Result):
    """How far ratings are off, on the scale that was rated on.

    Attributes
    ----------
    table
        Rows by context and item: ``term`` ``variance`` (squared points) of each ``component``
        with its ``share``; ``SEM`` and ``SDC`` (points) of one rating and of a clip's mean, by
        ``family`` (``1``, ``A`` agreement, ``C`` consistency, ``clip``).
    level
        Confidence level.
    """

    place: ClassVar[str] = "errors"
    table: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row: how much was decomposed."""
        return pd.DataFrame(
            [{"n_items": self.table["item"].nunique(), "n_clips": self.table["n_clips"].max()}]
        )

    def sentence(self) -> str:
        """Return the errors of a clip's mean rating."""
        rows = self.table[(self.table["term"] == "SDC") & (self.table["raters_per_clip"] > 1)]
        errors = self.table[(self.table["term"] == "SEM") & (self.table["raters_per_clip"] > 1)]
        return " ".join(
            _write_errors(sem, sdc)
            for sem, sdc in zip(errors.to_dict("records"), rows.to_dict("records"), strict=True)
        )


def measure_errors(
    ratings: pd.DataFrame,
    *,
    model: IccChoice = "one-way",
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
    level: float = 0.95,
) -> ScaleErrors:
    """Estimate variance components and what they mean in points of the scale.

    The standard error of measurement is the square root of the error variance, of one rating and
    of the mean of k (harmonic); the smallest detectable change is z·√2 times it (Weir, 2005).

    Parameters
    ----------
    ratings, model, items, by, cluster, level
        As in `rate_reliability`.

    Returns
    -------
    ScaleErrors
        With limits of components that are never below 0 (modified large-sample, df in the table),
        and jackknife limits over subjects (clips, where subjects are not known) and raters of SEM
        and SDC, on the logarithm's scale. Contexts without a reliability are left out.

    Raises
    ------
    DataError, OptionError
        As in `rate_reliability`.

    References
    ----------
    Burdick, R. K., & Graybill, F. A. (1992). *Confidence intervals on variance components*. Dekker.

    Weir, J. P. (2005). Quantifying test-retest reliability using the intraclass correlation
    coefficient and the SEM. *Journal of Strength and Conditioning Research, 19*, 231–240.

    Examples
    --------
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, contexts={"pain": 4}, seed=1).ratings
    >>> table = measure_errors(ratings, items="response").table
    >>> table["component"].dropna().tolist(), bool(table["conf_low"].min() >= 0)
    (['clip', 'error'], True)
    """
    check_word(model, IccChoice, "model")
    check_level(level)
    panels = split_panels(ratings, items=items, by=by, cluster=cluster)
    settled = settle_model(model, panels)
    sound, _ = split_obstacles(panels, settled)
    rows = [row for panel in sound for row in _write_panel(panel, settled, level)]
    keys = ("context", "item", "term", "component", "family", "raters_per_clip", "share")
    return ScaleErrors(arrange_rows(rows, keys), level)


def _write_panel(panel: Panel, model: IccModel, level: float) -> Iterator[dict[str, Any]]:
    samples = sample_panel(panel, model)
    k = find_usual_divisor(np.bincount(panel.clip))
    shared = {
        "context": panel.context,
        "item": panel.item,
        "level": level,
        "method": "jackknife",
        "n_clips": panel.n_clips,
        "n_clusters": panel.n_subjects,
    }
    parts = {name: value for name, value in samples.whole.items() if name != "clip_total"}
    total = sum(parts.values())
    noise = _find_noise(panel, parts, k)
    for name, value in parts.items():
        thetas = {part: sample[name] for part, sample in samples.without.items()}
        spread = settle_spread(spread_thetas(thetas))
        whole = value + noise[name]
        # A mean square M with df degrees of freedom has the variance 2M²/df (Satterthwaite); of
        # four raters the jackknife knows too little, and their mean square has W − 1.
        df = panel.n_raters - 1 if name == "rater" else 2 * whole**2 / spread.variance
        low, high = limit_component(value, noise[name], df, level)
        keys = {"term": "variance", "component": name, "share": value / total, "df": df}
        limits = {"estimate": value, "std_error": spread.variance**0.5}
        limits |= {"conf_low": low, "conf_high": high, "note": spread.refusal or None}
        yield shared | keys | limits | {"method": "large-sample"}
    for estimand in ESTIMANDS[model]:
        for divisor in (1.0, k):
            yield from _write_sem(samples, estimand, divisor, shared)


def _find_noise(panel: Panel, parts: Mapping[str, float], k: float) -> dict[str, float]:
    """Return what else is in the mean square that shows each component, per unit of it."""
    counts = np.bincount(panel.clip)
    error = parts.get("error", parts.get("residual", 0.0))
    rater = parts.get("rater", 0.0)
    # Raters who rate all clips shift all clip means alike, which leaves their variance as it is.
    shared = len(panel.rating) == panel.n_clips * panel.n_raters
    loads = np.bincount(panel.rater)
    noise = dict.fromkeys(parts, 0.0) | {"clip": (error + (0.0 if shared else rater)) / k}
    noise["rater"] = error * float((1 / loads).mean())
    if "subject" in parts:
        found = find_subject_divisors(panel, counts)
        noise["subject"] = parts["clip"] / found["m"] + rater / found["ks"] + error / found["mk"]
    return noise


def limit_component(value: float, noise: float, df: float, level: float) -> tuple[float, float]:
    """Return limits, never below 0, of a variance that is a mean square M less its noise.

    The modified large-sample limits of Burdick and Graybill (1992, §3.3) with the noise taken as
    known: those of M by χ², less the noise. Exact where there is none.

    Parameters
    ----------
    value
        The component.
    noise
        What M holds beside it.
    df
        Degrees of freedom of M.
    level
        Confidence level.

    Examples
    --------
    >>> [round(limit, 3) for limit in limit_component(1.0, 0.0, 10, 0.95)]
    [0.488, 3.08]
    >>> limit_component(-0.1, 0.5, 10, 0.95)[0]
    0.0
    """
    whole = max(value + noise, 0.0)
    if math.isnan(df) or df <= 0:
        return math.nan, math.nan
    low, high = (
        whole * df / float(chdtri(df, tail)) for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return max(low - noise, 0.0), max(high - noise, 0.0)


def _write_sem(
    samples: Samples, estimand: Estimand, divisor: float, shared: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    level = shared["level"]
    value = _find_log(samples.whole, estimand, divisor)
    thetas = {
        part: _find_log(sample, estimand, divisor) for part, sample in samples.without.items()
    }
    limits = _find_limits(float(value), settle_spread(spread_thetas(thetas)), level)
    sem = {name: math.exp(limits[name]) for name in ("estimate", "conf_low", "conf_high")}
    sem["std_error"] = sem["estimate"] * limits["std_error"]
    note = {"note": limits["note"]}
    factor = float(ndtri((1 + level) / 2)) * math.sqrt(2)
    keys = {"family": estimand.family, "raters_per_clip": divisor}
    yield shared | keys | {"term": "SEM"} | sem | note
    yield shared | keys | {"term": "SDC"} | {name: factor * x for name, x in sem.items()} | note


def _find_log(sample: Mapping[str, Any], estimand: Estimand, divisor: float) -> np.ndarray:
    """Return the logarithm of the standard error of measurement; NaN where there is none."""
    error = sum(np.asarray(sample[name], float) for name in estimand.errors) / divisor
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, np.log(error) / 2, np.nan)


def _find_limits(value: float, spread: Spread, level: float) -> dict[str, Any]:
    low, high = find_t_limits(value, spread, level)
    return {
        "estimate": value,
        "std_error": spread.variance**0.5,
        "conf_low": low,
        "conf_high": high,
        "note": spread.refusal or None,
    }


def _write_errors(sem: dict[Any, Any], sdc: dict[Any, Any]) -> str:
    place = "" if pd.isna(sem["context"]) else f" in {sem['context']}"
    return (
        f"{sem['item']}{place} ({sem['family']}): a clip's mean of "
        f"{write_number(sem['raters_per_clip'], 1).removesuffix('.0')} ratings has a standard "
        f"error of measurement of {write_number(sem['estimate'])} points, "
        f"{write_level(sem['level'])} CI {write_interval(sem['conf_low'], sem['conf_high'])}; a "
        f"change below {write_number(sdc['estimate'])} points may be error alone."
    )
