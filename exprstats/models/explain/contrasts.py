"""Contrasts of feature weights between contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, tell_p, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem
from exprstats.inference.resampling.intervals import jackknife_clusters, spread_about
from exprstats.inference.resampling.pvalues import TIE, adjust_holm
from exprstats.inference.resampling.terms import count_freedom
from exprstats.models.data.design import Design, build_design
from exprstats.models.explain.joint import fit_jointly, list_contexts, regress_contexts
from exprstats.models.explain.refits import (
    check_resampling,
    count_resampled,
    limit_draws,
    list_draws,
)
from exprstats.models.fitting.elastic import ALPHAS, L1_RATIOS, check_grid
from exprstats.models.fitting.outcomes import UNVARYING, count_clips, note_few
from exprstats.models.fitting.penalties import scale_columns
from exprstats.parallel import Seed, open_generator
from exprstats.results import Result

KEYS = ("context", "versus", "part", "term", "feature")
MULTIPLIERS = 4_999
UNTESTED = "described, not tested: penalties shrink contexts unequally"


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts(Result):
    """Differences between the weights of contexts that share one penalty.

    Attributes
    ----------
    table
        Tidy rows. ``weight``: a feature's weight in a context, in units of the target for one
        pooled SD of the feature. ``difference``: context minus versus, by ordinary least squares
        without a penalty (method ``"ols"``, the headline), with jackknife-t intervals and p over
        subjects, Holm's p and max-|t| p over all differences; and of the penalized weights, with
        percentile intervals (method ``"percentile"``), which describe and are not tested.
    refits
        Weights in every resample: context, draw, feature, estimate.
    alpha, l1_ratio
        The penalty that all contexts share.
    level
        Confidence level.
    n_clusters
        Subjects that were resampled.
    """

    place: ClassVar[str] = "contrasts"
    table: pd.DataFrame
    refits: pd.DataFrame
    alpha: float
    l1_ratio: float
    level: float
    n_clusters: int

    def export(self) -> dict[str, Any]:
        """Return the rows, and the penalty that all contexts share."""
        return {self.place: self.tidy(), "contrasts_penalty": self.glance()}

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        weights = self.table[self.table["term"] == "weight"]
        row = {
            "n_contexts": int(weights["context"].nunique()),
            "n_features": int(weights["feature"].nunique()),
            "alpha": self.alpha,
            "l1_ratio": self.l1_ratio,
            "n_clusters": self.n_clusters,
            "draws": int(self.refits["draw"].max()) + 1,
            "level": self.level,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the differences that hold after adjustment, in APA style, and how penalties do."""
        differences = self.table[self.table["term"] == "difference"]
        rows = differences[differences["method"].eq("ols") & differences["p_adjusted"].notna()]
        held = rows[rows["p_adjusted"] < 1 - self.level]
        named = [
            f"{row['feature']} in {row['context']} minus {row['versus']} "
            f"{write_number(row['estimate'])} "
            f"{write_interval(row['conf_low'], row['conf_high'])}, p {tell_p(row['p_adjusted'])}"
            for _, row in held.iterrows()
        ]
        opening = (
            f"By least squares without a penalty, {len(held)} of {len(rows)} differences between "
            f"contexts' slopes held at the {write_level(1 - self.level)} level (jackknife-t over "
            "subjects, Holm)"
        )
        opening += f": {'; '.join(named)}." if named else "."
        if rows.empty:
            opening = "By least squares no difference between contexts' slopes could be tested."
        return f"{opening} {self._describe_weights(differences)}"

    def _describe_weights(self, differences: pd.DataFrame) -> str:
        """Return which penalized weights differ most; the penalty makes them no test."""
        rows = differences[differences["method"].eq("percentile")]
        rows = rows[rows["estimate"].notna() & (rows["estimate"] != 0)]
        shared = f"one penalty for all contexts (alpha = {self.alpha:g}, L1 ratio = "
        shared += f"{self.l1_ratio:g})"
        if rows.empty:
            return f"Under {shared} every weight is zero, which does not show contexts to be alike."
        row = rows.iloc[int(rows["estimate"].abs().to_numpy().argmax())].to_dict()
        return (
            f"Under {shared} the largest difference is that of {row['feature']}, "
            f"{row['context']} minus {row['versus']}: {write_number(row['estimate'])} "
            f"{write_interval(row['conf_low'], row['conf_high'])}. Differences of penalized weights"
            " are described, not tested: a feature that varies less in one context is "
            "shrunken more there."
        )


def contrast_contexts(
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    parts: pd.DataFrame,
    by: str = "context",
    alphas: Sequence[float] = ALPHAS,
    l1_ratios: Sequence[float] = L1_RATIOS,
    draws: int = 500,
    level: float = 0.95,
    seed: Seed = None,
    n_jobs: int = 1,
) -> Contrasts:
    """Compare the weights of contexts that are fitted with one penalty and one scale.

    Penalties that are tuned in each context shrink the same truth by different amounts, so the
    weights of `fit_elastic` are shown and not tested. Here every context has its own weights and
    intercept, features have the unit of their SD over the training clips of all contexts, and one
    (alpha, l1_ratio) is chosen by the validation error over all contexts. Subjects are resampled
    within training and validation, the same ones in every context, and the penalty is tuned anew.

    Differences of penalized weights are described, not tested: their rows have intervals and no p.
    A feature that varies less in one context than in another is shrunken more there, and a test of
    equal slopes then erred in .09 to .125 of families instead of .05. The least-squares rows have
    no penalty: all features of all contexts at once, tested by leaving out subjects. They call
    equal slopes different at the level that was asked (.04 to .05 of tests at .05 with 24 to 84
    training subjects).

    Parameters
    ----------
    clips, target, features, parts, by, alphas, l1_ratios
        As in `fit_elastic`.
    draws
        Refits.
    level
        Of the intervals.
    seed, n_jobs
        The numbers depend on the seed only.

    Returns
    -------
    Contrasts

    Raises
    ------
    DataError
        As in `fit_elastic`; or fewer than two contexts, or fewer than three subjects in a part.

    References
    ----------
    Chernozhukov, V., Chetverikov, D., & Kato, K. (2013). Gaussian approximations and multiplier
    bootstrap for maxima of sums of high-dimensional random vectors. Westfall, P. H., & Young, S. S.
    (1993). Resampling-based multiple testing.

    Examples
    --------
    >>> from exprstats.models import split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> clips["context"] = np.where(clips["clip"] % 2, "pain", "fear")
    >>> clips.loc[clips["context"] == "pain", "score"] *= -1
    >>> data["parts"] = split_subjects(clips, seed=1)
    >>> rows = contrast_contexts(clips, draws=50, seed=1, **data).tidy()
    >>> rows = rows.query("method == 'ols' and feature == 'motion'")
    >>> rows[["context", "versus"]].values.tolist(), rows["estimate"].round().tolist()
    ([['fear', 'pain']], [2.0])
    """
    check_resampling(draws, level)
    penalties = check_grid(alphas, l1_ratios)
    design = build_design(
        clips, parts, target=target, features=features, by=by, pooled_target=target
    )
    contexts = list_contexts(design)
    if len(contexts) < 2:
        fact = f"the data have {count_things(len(contexts), 'context')}."
        raise DataError(Problem(fact, "A contrast needs two.", column=by))
    resampled = count_resampled(design)
    second = open_generator(seed)
    found = fit_jointly(design, penalties, draws=draws, seed=seed, n_jobs=n_jobs)
    if found is None:
        fact = "a context's training target does not vary, or it has no validation clips."
        raise DataError(Problem(fact, "Leave this context out.", column=target))
    weights, point, refits = found
    rows = list_weights(design, weights, refits, level)
    rows += list_differences(design, weights, refits, level)
    rows += list_slopes(design, level, second)
    return Contrasts(
        table=arrange_rows(note_few(rows), KEYS),
        refits=_list_refits(design, refits),
        alpha=float(point[0]),
        l1_ratio=float(point[1]),
        level=level,
        n_clusters=resampled,
    )


def _list_refits(design: Design, refits: np.ndarray) -> pd.DataFrame:
    frames = [
        list_draws(design, drawn).assign(context=sample.context)
        for sample, drawn in zip(list_contexts(design), refits, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)[["context", "draw", "feature", "estimate"]]


def list_weights(
    design: Design, weights: np.ndarray, refits: np.ndarray, level: float
) -> list[dict[str, Any]]:
    """Return rows of weights (contexts, p) with limits from refits (contexts, B, p)."""
    rows = []
    samples, constant = list_contexts(design), _find_constant(design)
    for sample, own, drawn, flat in zip(samples, weights, refits, constant, strict=True):
        key = {"context": sample.context, "part": "train", "term": "weight", "headline": True}
        key |= {"level": level, "method": "percentile", **count_clips(design, sample, "train")}
        limits = limit_draws(drawn.T, level, "refits")
        notes = zip(flat, limits["note"], strict=True)
        limits["note"] = [UNVARYING if no else note for no, note in notes]
        rows += [
            {**key, "feature": feature, "estimate": own[j], **{k: v[j] for k, v in limits.items()}}
            for j, feature in enumerate(design.features)
        ]
    return rows


def list_differences(
    design: Design, weights: np.ndarray, refits: np.ndarray, level: float
) -> list[dict[str, Any]]:
    """Return rows of all pairwise differences of weights (contexts, p), with limits by refits."""
    pairs = list(combinations(range(len(weights)), 2))
    whole = np.concatenate([weights[i] - weights[j] for i, j in pairs])
    drawn = np.concatenate([refits[i] - refits[j] for i, j in pairs], axis=1)
    flat = _find_constant(design)
    # Where a feature does not vary there is no weight to compare; the fit's 0 is no finding.
    lost = np.concatenate([flat[i] | flat[j] for i, j in pairs])
    whole, drawn = np.where(lost, np.nan, whole), np.where(lost, np.nan, drawn)
    limits = limit_draws(drawn.T, level, "refits")
    told = f"not defined: {UNVARYING} in one of the contexts"
    notes = zip(lost, limits["note"], strict=True)
    limits["note"] = [told if no else note or UNTESTED for no, note in notes]
    columns = {"estimate": whole, **limits}
    about = {"level": level, "method": "percentile", "headline": False}
    return [
        {**key, **about, **{name: values[line] for name, values in columns.items()}}
        for line, key in enumerate(_name_differences(design, pairs))
    ]


def list_slopes(design: Design, level: float, seed: Seed = None) -> list[dict[str, Any]]:
    """Return rows of the same differences by least squares, tested by leaving out subjects."""
    slopes, left_out, present = regress_contexts(design)
    pairs = list(combinations(range(len(slopes)), 2))
    whole = np.concatenate([slopes[i] - slopes[j] for i, j in pairs])
    without = np.concatenate([left_out[i] - left_out[j] for i, j in pairs])
    notes = _note_slopes(whole, without)
    spread = [spread_about(*one) for one in zip(slopes, left_out, present, strict=True)]
    without = np.concatenate([spread[i] - spread[j] for i, j in pairs])
    places = np.repeat(pairs, slopes.shape[1], axis=0)
    away = without - whole[:, None]
    freedom = [count_freedom(*one) for one in zip(away, present[places], strict=True)]
    found = jackknife_clusters(whole, without, level=level, freedom=np.array(freedom))
    columns = {"estimate": whole, **found._asdict(), "p_adjusted": adjust_holm(found.p_value)}
    columns["note"] = notes
    columns["p_max_t"] = maximise_t(whole, without, freedom, open_generator(seed))
    about = {"level": level, "method": "ols", "headline": True}
    return [
        {**key, **about, **{name: values[line] for name, values in columns.items()}}
        for line, key in enumerate(_name_differences(design, pairs))
    ]


def maximise_t(
    whole: np.ndarray, left_out: np.ndarray, freedom: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    """Return p (terms,) adjusted by the largest |t| of the family, from what subjects change.

    Under equality t_j behaves like Σ_g ξ_g d_gj / √Σ_g d_gj² with d what leaving out subject g
    changes and ξ independent normal (Chernozhukov, Chetverikov, & Kato, 2013), over √(χ²/f) with
    the fewest degrees of freedom f. Resampled differences over jackknife standard errors have no
    such tails: with 24 subjects they called .11 of families of equal slopes different at .05.
    ``whole`` are the differences (terms,).
    """
    adjusted = np.full(len(whole), np.nan)
    used = np.flatnonzero(np.isfinite(left_out).all(axis=1) & np.isfinite(whole))
    if not len(used):
        return adjusted
    away = left_out[used] - left_out[used].mean(axis=1, keepdims=True)
    size = np.sqrt((away**2).sum(axis=1))
    groups, fewest = away.shape[1], np.asarray(freedom)[used].min()
    away /= np.where(size > 0, size, np.inf)[:, None]
    largest = np.abs(rng.standard_normal((MULTIPLIERS, groups)) @ away.T).max(axis=1)
    largest = np.sort(largest / np.sqrt(rng.chisquare(fewest, MULTIPLIERS) / fewest))
    error = np.sqrt((groups - 1) / groups) * size
    seen = np.abs(whole[used]) / np.where(error > 0, error, np.inf)
    above = MULTIPLIERS - np.searchsorted(largest, seen * (1 - TIE), side="left")
    adjusted[used] = (1 + above) / (MULTIPLIERS + 1)
    return adjusted


def _note_slopes(whole: np.ndarray, without: np.ndarray) -> list[str | None]:
    groups, lost = without.shape[1], np.isnan(without).sum(axis=1).tolist()
    gone = "not fitted: fewer clips than terms, constant or collinear features"
    told = [f"not fitted without {count} of {groups} subjects" if count else None for count in lost]
    return [gone if np.isnan(one) else note for one, note in zip(whole, told, strict=True)]


def _find_constant(design: Design) -> np.ndarray:
    """Return whether each feature does not vary among a context's training clips (contexts, p)."""
    values = [design.split(sample, "train")[0] for sample in list_contexts(design)]
    return np.array([scale_columns(own)[2] for own in values])


def _name_differences(design: Design, pairs: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    contexts = list_contexts(design)
    keys = []
    for i, j in pairs:
        rows = np.concatenate([contexts[one].rows for one in (i, j)])
        used = rows[(design.clips["part"].to_numpy(object) == "train")[rows]]
        counts = {"n_clips": len(used)}
        counts["n_clusters"] = int(design.clips["subject"].iloc[used].nunique())
        key = {"context": contexts[i].context, "versus": contexts[j].context, "part": "train"}
        key |= {"term": "difference", **counts}
        keys += [{**key, "feature": feature} for feature in design.features]
    return keys
