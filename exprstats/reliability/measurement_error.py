"""Variance components, standard error of measurement and smallest detectable change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import chdtri, ndtri

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.options import IccChoice, IccModel, check_level, check_word
from exprstats.reliability.icc.analysis import find_cluster_limits
from exprstats.reliability.icc.checks import split_obstacles
from exprstats.reliability.icc.estimands import ESTIMANDS, clean_components, settle_model
from exprstats.reliability.icc.jackknife import Samples, sample_panel, settle_spread, spread_thetas
from exprstats.reliability.icc.nested import find_subject_divisors
from exprstats.reliability.icc.oneway import find_usual_divisor
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

_POINTS = ("estimate", "std_error", "conf_low", "conf_high")
NO_ERROR = "what counts as error does not vary"


@dataclass(frozen=True, slots=True, eq=False)
class ScaleErrors(Result):
    """How far ratings are off, on the scale that was rated on.

    Attributes
    ----------
    table
        Rows by context and item: ``term`` ``variance`` (squared points) of each ``component``
        with its ``share``; ``SEM`` and ``SDC`` (points) of one rating and of a clip's mean, by
        ``family`` (``1``, ``A`` agreement, ``C`` consistency, ``clip``), each 0 without an interval
        where the error variance is not positive.
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
        With jackknife limits over subjects (clips, where subjects are not known) and raters of SEM,
        SDC and the error variance, on the logarithm's scale, and limits of the other components
        that are never below 0 (modified large-sample; ``df`` is effective, 2M²/V of a mean square
        M with jackknife variance V, or raters less 1). Contexts without a reliability are left out.

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
    samples = replace(samples, whole=clean_components(samples.whole))
    k = find_usual_divisor(np.bincount(panel.clip))
    shared = {
        "context": panel.context,
        "item": panel.item,
        "level": level,
        "n_clips": panel.n_clips,
        "n_clusters": panel.n_subjects,
    }
    over = "clip" if panel.subject is None else "subject"
    for row in _write_components(panel, samples, k, level, over):
        yield shared | {"term": "variance"} | row
    for estimand in ESTIMANDS[model]:
        for divisor in (1.0, k):
            errors = tuple(estimand.errors)
            told = samples if errors == ("residual",) else keep_telling(samples, panel)
            sem = _limit_sem(told, errors, divisor, level, over)
            keys = {"family": estimand.family, "raters_per_clip": divisor}
            yield shared | keys | {"term": "SEM"} | sem
            factor = float(ndtri((1 + level) / 2)) * math.sqrt(2)
            yield shared | keys | {"term": "SDC"} | sem | {x: factor * sem[x] for x in _POINTS}


def _write_components(
    panel: Panel, samples: Samples, k: float, level: float, over: str
) -> Iterator[dict[str, Any]]:
    parts = {name: value for name, value in samples.whole.items() if name != "clip_total"}
    total = sum(parts.values())
    noise = _find_noise(panel, parts, k)
    for name, value in parts.items():
        told = keep_telling(samples, panel) if name == "error" else samples
        spread = settle_spread(spread_thetas(told.split(told.joined[name])))
        row = {"component": name, "share": value / total, "estimate": value}
        row["std_error"] = spread.variance**0.5
        if name in {"error", "residual"} and value > 0:
            # The square of a SEM of one rating, and so are its limits.
            sem = _limit_sem(told, (name,), 1.0, level, over)
            squares = {end: sem[end] ** 2 for end in ("conf_low", "conf_high")}
            kept = [key for key in ("df", "method", "note", "n_clusters") if key in sem]
            yield row | squares | {key: sem[key] for key in kept}
            continue
        # A mean square M with df degrees of freedom has the variance 2M²/df (Satterthwaite); of
        # four raters the jackknife knows too little, and their mean square has W − 1.
        whole = value + noise[name]
        df = panel.n_raters - 1 if name == "rater" else 2 * whole**2 / spread.variance
        low, high = limit_component(value, noise[name], df, level)
        note = "no limits: the mean square that shows it is not positive" if whole <= 0 else None
        row |= {"conf_low": low, "conf_high": high, "df": df, "method": "large-sample"}
        yield row | {"note": spread.refusal or note}


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
    known: those of M, with ``df``, by χ², less the noise. Exact where there is none.

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


def keep_telling(samples: Samples, panel: Panel) -> Samples:
    """Return the samples without each subject, rater and cell that has a clip that two rated.

    Only they say how far ratings of one clip lie apart. Where a part of the clips was rated twice,
    all others would be degrees of freedom that nobody has.
    """
    twice = (np.bincount(panel.clip) > 1)[panel.clip].astype(float)
    codes = {"subject": panel.cluster, "rater": panel.rater, "cell": samples.cells.code}
    tells = {part: np.bincount(codes[part], twice) > 0 for part in samples.sizes}
    kept = np.concatenate([*tells.values()])
    joined = {name: values[kept] for name, values in samples.joined.items()}
    sizes = {part: int(np.count_nonzero(tell)) for part, tell in tells.items()}
    return replace(samples, joined=joined, sizes=sizes)


def _limit_sem(
    samples: Samples, errors: tuple[str, ...], divisor: float, level: float, over: str
) -> dict[str, Any]:
    """Return the root of summed error variances over a divisor, with limits on the log scale."""
    value = float(_find_log(samples.whole, errors, divisor))
    thetas = samples.split(_find_log(samples.joined, errors, divisor))
    beyond = "beyond raters' levels" if errors == ("residual",) else ""
    spread = settle_spread(spread_thetas(thetas, beyond))
    (way,) = find_cluster_limits(value, [spread], level, over)
    estimate = 0.0 if math.isnan(value) else math.exp(value)
    return {
        "estimate": estimate,
        "std_error": estimate * (math.nan if way.std_error is None else way.std_error),
        "conf_low": math.exp(way.low),
        "conf_high": math.exp(way.high),
        "df": way.df,
        "method": way.method,
        "note": way.note or None if estimate else f"no interval: {NO_ERROR}",
        **({"n_clusters": spread.n_subjects} if over == "subject" else {}),
    }


def _find_log(sample: Mapping[str, Any], errors: tuple[str, ...], divisor: float) -> np.ndarray:
    """Return the logarithm of the standard error of measurement; NaN where there is none."""
    error = sum(np.asarray(sample[name], float) for name in errors) / divisor
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, np.log(error) / 2, np.nan)


def _write_errors(sem: dict[Any, Any], sdc: dict[Any, Any]) -> str:
    place = "" if pd.isna(sem["context"]) else f" in {sem['context']}"
    start = f"{sem['item']}{place} ({sem['family']}): "
    if sem["estimate"] == 0:
        return f"{start}no error of measurement shows, as {NO_ERROR}."
    limits = "which has no interval"
    if not pd.isna(sem["conf_low"]):
        limits = write_interval(sem["conf_low"], sem["conf_high"])
        limits = f"{write_level(sem['level'])} CI {limits}"
    return (
        f"{start}a clip's mean of {write_number(sem['raters_per_clip'], 1).removesuffix('.0')} "
        f"ratings has a standard error of measurement of {write_number(sem['estimate'])} points, "
        f"{limits}; a change below {write_number(sdc['estimate'])} points may be error alone."
    )
