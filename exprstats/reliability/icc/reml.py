"""Variance components by restricted maximum likelihood."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from exprstats import rbridge
from exprstats.errors import RError
from exprstats.options import IccModel
from exprstats.reliability.icc.analysis import Analysis, Family, Interval
from exprstats.reliability.icc.estimands import measure_estimand
from exprstats.reliability.icc.nested import find_subject_divisors
from exprstats.reliability.icc.oneway import ClipSums, sum_clips
from exprstats.reliability.icc.panels import Panel

# statsmodels holds a matrix of ratings by ratings.
MOST_CLIPS = 500
_NO_VARIANCE = 1e-6  # of a component, in residual variances


@dataclass(frozen=True, slots=True)
class RemlFit:
    """REML components of a panel, and the R call behind them (None where it was done here)."""

    components: Mapping[str, float]
    call: str | None = None
    versions: Mapping[str, str] | None = None


def fit_reml(panel: Panel, model: IccModel) -> RemlFit:
    """Return the REML components of a panel under a model.

    ``"one-way"`` needs no R; ``"two-way"`` and, with subjects, ``"nested"`` call ``lme4::lmer``.
    Without lme4 two-way components of fewer than 500 clips come from statsmodels.

    References
    ----------
    Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects models
    using lme4. *Journal of Statistical Software, 67*(1).
    """
    if model == "one-way":
        clip, error = solve_one_way(sum_clips(panel.rating, panel.clip))
        return RemlFit({"clip": clip, "error": error})
    if model == "two-way" and panel.n_clips < MOST_CLIPS and not _has_lme4():
        clip, rater, error = solve_two_way(panel)
        return RemlFit({"clip": clip, "rater": rater, "residual": error})
    _require_lme4()
    subject = panel.subject if model == "nested" else None
    reply = rbridge.call(
        "reliability",
        "fit_components",
        panel.rating,
        clip=panel.clip,
        rater=panel.rater,
        subject=subject,
    )
    names = [*(["subject"] if subject is not None else []), "clip", "rater", "residual"]
    found = dict(zip(names, map(float, reply.value["components"]), strict=True))
    if subject is None and min(found["clip"], found["rater"]) < _NO_VARIANCE * found["residual"]:
        # lme4 stops 1e-6 from the maximum there, which is that of a model without the component.
        solved = _solve_without(panel, int(found["rater"] < found["clip"]))
        found = dict(zip(names, solved, strict=True))
    if subject is not None:
        found["clip_total"] = found["subject"] + found["clip"]
    return RemlFit(found, reply.call, reply.versions)


def solve_one_way(sums: ClipSums) -> tuple[float, float]:
    """Return the REML variances between and within clips, neither negative.

    With the ratio λ of the two, the residual variance has a closed form and the restricted
    likelihood one argument (Searle, Casella, & McCulloch, 1992, §6.6).
    """
    from scipy.optimize import fminbound, root_scalar

    n = sums.counts.astype(float)
    mean, total, within = sums.totals / n, n.sum(), float(sums.within.sum())

    def profile(ratio: float) -> tuple[float, float]:
        weight = n / (1 + n * ratio)
        centre = (weight * mean).sum() / weight.sum()
        error = (within + (weight * (mean - centre) ** 2).sum()) / (total - 1)
        penalty = np.log1p(n * ratio).sum() + math.log(weight.sum())
        return (total - 1) * math.log(error) + penalty, error

    def deviance(place: float) -> float:
        return profile(math.exp(place))[0]

    def slope(ratio: float) -> float:
        weight = n / (1 + n * ratio)
        away = (mean - (weight * mean).sum() / weight.sum()) ** 2
        lost = (weight**2 * away).sum() / (within + (weight * away).sum())
        return weight.sum() - (weight**2).sum() / weight.sum() - (total - 1) * lost

    ratio = math.exp(float(np.asarray(fminbound(deviance, -20, 20, xtol=1e-10))))
    if profile(0.0)[0] <= profile(ratio)[0] + 1e-9:
        ratio = 0.0
    elif within > 0 and slope(0.99 * ratio) < 0 < slope(1.01 * ratio):
        # The search stops where the deviance is flat, half the digits from its lowest place.
        ends = (0.99 * ratio, 1.01 * ratio)
        ratio = float(root_scalar(slope, bracket=ends, xtol=1e-15 * ratio, rtol=1e-14).root)
    error = profile(ratio)[1]
    return ratio * error, error


def solve_two_way(panel: Panel) -> tuple[float, float, float]:
    """Return the REML variances of clips, raters and residuals by statsmodels.

    `MixedLM` stops where the likelihood is flat, 1e-4 from its maximum; the root of its score
    gives the rest of the digits. A variance of 0 leaves a one-way model, whose likelihood has one
    argument.
    """
    from scipy.optimize import root
    from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

    whole = pd.DataFrame(
        {"rating": panel.rating, "clip": panel.clip, "rater": panel.rater, "whole": 0}
    )
    parts = {"clip": "0 + C(clip)", "rater": "0 + C(rater)"}
    none = np.zeros((0, 0))
    with warnings.catch_warnings():
        # A variance near 0 is no fault: it is settled below.
        warnings.simplefilter("ignore")
        model = MixedLM.from_formula(
            "rating ~ 1", whole, groups="whole", re_formula="0", vc_formula=parts
        )
        fit = model.fit(reml=True, method=["bfgs"], gtol=1e-3)
        ratios = np.asarray(fit.vcomp) / fit.scale
        if ratios.min() < _NO_VARIANCE:
            return _solve_without(panel, int(ratios.argmin()))

        def score(places: np.ndarray) -> np.ndarray:
            values = np.exp(places)
            state = MixedLMParams.from_components(
                fe_params=fit.fe_params, cov_re=none, vcomp=values
            )
            return np.ravel(model.score(state, profile_fe=True)) * values

        values = np.exp(root(score, np.log(ratios), tol=1e-10).x)
        if values.min() < _NO_VARIANCE:
            return _solve_without(panel, int(values.argmin()))
        centre, _ = model.get_fe_params(none, values)
        error = float(model.get_scale(centre, none, values))
    clip, rater = (values * error).tolist()
    return clip, rater, error


def _solve_without(panel: Panel, lost: int) -> tuple[float, float, float]:
    """Return the components where that of clips (0) or of raters (1) is 0."""
    codes = panel.clip if lost else panel.rater
    order = np.argsort(codes, kind="stable")
    found, error = solve_one_way(sum_clips(panel.rating[order], codes[order]))
    return (found, 0.0, error) if lost else (0.0, found, error)


def add_reml(analysis: Analysis, fit: RemlFit) -> Analysis:
    """Return an analysis with REML families before the closed ones.

    The interval is centred on the REML value; its width is that of the closed-form jackknife,
    since refitting the model without each subject and rater would take hours.
    """
    panel, divisors = analysis.panel, {"k": analysis.families[0].base}
    if "subject" in fit.components:
        divisors = find_subject_divisors(panel, analysis.counts) | divisors
    if panel.contexts is not None:
        # lme4 sees all clips as one sample; within contexts the closed form stays the headline.
        alike = [family for family in analysis.families if family.suffix]
        families = [_replace_family(family, fit, divisors) for family in alike]
        return replace(analysis, families=(*analysis.families, *families))
    families = [_replace_family(family, fit, divisors) for family in analysis.families]
    return replace(
        analysis, families=(*families, *analysis.families), components=dict(fit.components)
    )


def _replace_family(family: Family, fit: RemlFit, divisors: Mapping[str, float]) -> Family:
    value = float(measure_estimand(family.estimand, fit.components, divisors))
    ways = [way for way in family.intervals if way.method.startswith("jackknife")]
    moved = [
        Interval(
            way.method,
            value - (way.high - way.low) / 2,
            value + (way.high - way.low) / 2,
            way.std_error,
            f"{way.note}; width from the closed-form estimate",
            df=way.df,
        )
        for way in ways
    ]
    none = Interval("none", math.nan, math.nan, note="no interval: REML without clusters")
    return replace(family, value=value, estimator="reml", intervals=tuple(moved or [none]))


def _has_lme4() -> bool:
    state = rbridge.probe_r()
    return state.ready and "lme4" in state.packages


def _require_lme4() -> None:
    state = rbridge.probe_r()
    if state.ready and "lme4" not in state.packages:
        message = (
            "R lacks lme4, which fits crossed and nested models. Install it: "
            "'sudo apt-get install -y r-cran-lme4', or install.packages(\"lme4\") in R; or pass "
            "estimator='closed'."
        )
        raise RError(message)
