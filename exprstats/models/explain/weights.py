"""The weight report of an elastic net over resampled subjects."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows, check_kind
from exprstats.document.text import join_words
from exprstats.errors import OptionError
from exprstats.inference.resampling.intervals import find_percentile, sort_draws
from exprstats.inference.resampling.summaries import MOST_UNDEFINED
from exprstats.models.data.design import Design, seed_samples
from exprstats.models.explain.importance import list_importance, list_twins, tell_twins
from exprstats.models.explain.least_squares import list_unpenalised
from exprstats.models.explain.refits import (
    LIMITS,
    check_resampling,
    count_resampled,
    count_subjects,
    list_draws,
    refit_weights,
)
from exprstats.models.fitting.outcomes import KEYS, count_clips, group_contexts, note_few
from exprstats.models.fitting.penalties import take_moments
from exprstats.models.fitting.result import Fitted, Models
from exprstats.options import check_count, tell_kind
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result

NOTABLE = 0.2  # Lin, Girard, & Morency (2020) read weights close to or above it
ZERO = "the weight is 0"
GONE = "no interval: the weight is 0 in all refits"


@dataclass(frozen=True, slots=True, eq=False)
class Weights(Result):
    """Weights with what resampled subjects say about them.

    Attributes
    ----------
    table
        Tidy rows, context by context, the pooled model last. Terms: ``weight`` (with percentile
        interval); ``unpenalised`` (the weight by least squares without a penalty; with jackknife-t
        and percentile intervals over subjects, tests against 0, and Holm's p over the features of
        a context; ``headline`` marks the jackknife); ``selected`` (share of refits with a non-zero
        weight), ``same_sign`` (share with the sign of the weight), ``rank`` (of its size, 1 the
        largest; with interval), ``notable`` (share of refits in which its size reaches
        ``threshold``), ``vif`` (variance inflation in training), ``importance`` and
        ``group_importance`` (rise of the test RMSE under permutation; with intervals).
    refits
        Weights of every resample: context, draw, alpha, l1_ratio, feature, estimate.
    model
        Name of the model.
    threshold
        Size from which a weight counts as notable.
    level
        Confidence level.
    n_clusters
        Subjects that were resampled for fitting and tuning.
    """

    place: ClassVar[str] = "weights"
    table: pd.DataFrame
    refits: pd.DataFrame
    model: str
    threshold: float
    level: float
    n_clusters: int

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        weights = self.table[self.table["term"] == "weight"]
        row = {
            "model": self.model,
            "n_contexts": int(weights["context"].nunique()),
            "n_features": int(weights["feature"].nunique()),
            "n_clusters": self.n_clusters,
            "draws": int(self.refits["draw"].max()) + 1,
            "level": self.level,
            "threshold": self.threshold,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the notable weights with their intervals, in APA style."""
        row = self.glance().iloc[0]
        weights = self.table[self.table["term"] == "weight"]
        told = self._tell_weights(weights)
        ending = (
            f"Intervals are {write_level(self.level)} percentile intervals over "
            f"{write_count(row['draws'])} refits to resampled subjects ({self.n_clusters}), "
            "the penalty tuned in each."
        )
        return " ".join([*told, ending, self._tell_tests()])

    def _tell_weights(self, weights: pd.DataFrame) -> list[str]:
        least = write_number(self.threshold, bounded=True)
        told, quiet, silent = [], [], []
        for name, own in group_contexts(weights):
            if own["estimate"].eq(0).all():
                silent.append(name)
                continue
            named = [
                f"{row['feature']} {write_number(row['estimate'])} "
                f"{write_interval(row['conf_low'], row['conf_high'])}"
                for _, row in own[own["estimate"].abs() >= self.threshold].iterrows()
            ]
            if named:
                told.append(f"{name}: weights of {least} or more in size were {'; '.join(named)}.")
            else:
                quiet.append(name)
        if quiet:
            told.append(f"No weight reached {least} in size in {_join_names(quiet)}.")
        if silent:
            where = _join_names(silent)
            told.append(f"No feature was selected in {where}: every weight is zero.")
        return [*told, *tell_twins(weights)]

    def _tell_tests(self) -> str:
        rows = self.table[(self.table["term"] == "unpenalised") & self.table["headline"]]
        told, quiet = [], []
        for name, own in group_contexts(rows):
            found = own.loc[own["p_adjusted"] < 1 - self.level, "feature"].tolist()
            if own["p_adjusted"].notna().any() and not found:
                quiet.append(name)
            else:
                told.append(f"{name} ({', '.join(found) or 'not defined'})")
        adjusted = f"from 0 at the {write_level(1 - self.level)} level after Holm's adjustment"
        if not told:
            return f"Without a penalty, no weight differs {adjusted} in {_join_names(quiet)}."
        rest = f"; none does in {_join_names(quiet)}" if quiet else ""
        return f"Without a penalty, weights differ {adjusted} in {', '.join(told)}{rest}."


def _join_names(names: list[str]) -> str:
    return join_words(["all clips" if name == "All clips" else name for name in names])


def report_weights(
    models: Models,
    *,
    draws: int = 500,
    threshold: float = 0.2,
    repeats: int = 20,
    level: float = 0.95,
    seed: Seed = None,
    n_jobs: int = 1,
) -> Weights:
    """Refit an elastic net to resampled subjects, and say how far its weights can be trusted.

    Subjects are drawn with replacement within the training and the validation part, the same ones
    for every context, and the penalty is tuned anew in each draw: the intervals hold the
    uncertainty of the tuning too. They are intervals of penalized weights, which lie nearer to 0
    than those of a regression without a penalty: in simulations with 60 subjects they held weights
    of 0 always, and the unpenalised values of .3 and .8 in 84 of 100 samples. They tell which
    signals the model uses, and which it would use with other people.

    Which signals go along with the target in the population, the others held constant, is asked of
    the ``unpenalised`` rows: least squares on the same features and subjects, in the same unit
    (target per SD of the feature). Their jackknife-t intervals over subjects held weights of 0,
    .3 and .8 in 94 to 96 of 100 samples of 40 to 140 subjects, percentile ones in 93 to 95. With
    strongly skewed features (skewness 2), whose SD is hard to know, they still held weights of 0 in
    95, but those of .8 in 88 to 91: take logarithms of such features before the analysis.
    They are not defined where features determine one another or outnumber the clips.

    Parameters
    ----------
    models
        From `fit_elastic`.
    draws
        Refits; below 100 the limits are coarse.
    threshold
        Size from which a weight counts as notable; Lin, Girard, and Morency (2020) use .2.
    repeats
        Permutations of each feature between the test subjects; 0 leaves importance out.
    level
        Confidence level.
    seed
        The first draws of many are the few.
    n_jobs
        Workers; the numbers do not depend on it.

    Returns
    -------
    Weights

    Raises
    ------
    OptionError
        The models have no weights, or an option is out of its range.
    DataError
        Fewer than three training or validation subjects.

    References
    ----------
    Bach, F. (2008). Bolasso. Meinshausen, N., & Bühlmann, P. (2010). Stability selection.
    Breiman, L. (2001). Random forests (permutation importance).

    Examples
    --------
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> models = fit_elastic(clips, parts=split_subjects(clips, seed=1), **data)
    >>> rows = report_weights(models, draws=50, repeats=0, seed=1).tidy()
    >>> tested = rows.query("headline and term == 'unpenalised'").set_index("feature")
    >>> (tested["p_adjusted"] < 0.05).to_dict()
    {'motion': True, 'noise': False}
    """
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    if models.penalties is None:
        message = f"{models.kind} models have no weights. Give models from fit_elastic."
        raise OptionError(message)
    check_resampling(draws, level)
    check_count(repeats, "repeats", 0)
    if not isinstance(threshold, Real) or not threshold >= 0:
        message = f"threshold is {tell_kind(threshold)}; sizes of weights are 0 or more."
        raise OptionError(message)
    design = models.require_clips()
    resampled = count_resampled(design, folded=models.rounds is not None)
    first, second = spawn_seeds(seed, 2)
    seeds = seed_samples(design, np.random.default_rng(second))
    weights, chosen = refit_weights(
        design,
        models.penalties,
        draws=draws,
        refit=models.refit,
        rounds=models.rounds,
        seed=np.random.default_rng(first),
        n_jobs=n_jobs,
    )
    counts = count_subjects(design, draws=draws, seed=np.random.default_rng(first))
    rows: list[dict[str, Any]] = []
    for fit, refits, one in zip(models.fits, weights, seeds, strict=True):
        key = {"context": fit.sample.context, "model": models.name}
        found = _rate_weights(models, fit, refits, counts, threshold=threshold, level=level)
        rows += [{**key, **row} for row in found]
        if repeats:
            generator = np.random.default_rng(one)
            options = {"repeats": repeats, "draws": draws, "level": level}
            found = list_importance(design, fit, seed=generator, **options)
            rows += [{**key, **row} for row in found]
    return Weights(
        table=arrange_rows(note_few(rows), KEYS),
        refits=_list_refits(design, weights, chosen),
        model=models.name,
        threshold=threshold,
        level=level,
        n_clusters=resampled,
    )


def _rate_weights(
    models: Models,
    fit: Fitted,
    refits: np.ndarray,
    counts: np.ndarray,
    *,
    threshold: float,
    level: float,
) -> list[dict[str, Any]]:
    """Return rows of one sample's weights, from refits (B, p) and counts (B, G) of subjects."""
    design, sample = models.design, fit.sample
    known = models.table[models.table["term"] == "weight"]
    context = known["context"]
    known = known[context.isna() if sample.context is None else context == sample.context]
    own = known["estimate"].to_numpy(float)
    found = list_stability(own, refits, threshold=threshold, level=level)
    found += list_inflation(design.split(sample, "train")[0])
    found += list_unpenalised(design, sample, counts, refit=models.refit, level=level)
    for j, note in list_twins(design, sample).items():
        for row in found:
            if row["feature"] == j and row["term"] == "weight":
                row["note"] = "; ".join(filter(None, [row.get("note"), note]))
    about = {"part": "train", "headline": True, **count_clips(design, sample, "train")}
    return [{**about, **row, "feature": design.features[row["feature"]]} for row in found]


def _list_refits(design: Design, weights: np.ndarray, chosen: np.ndarray) -> pd.DataFrame:
    points = {"alpha": chosen[..., 0], "l1_ratio": chosen[..., 1]}
    frames = [
        list_draws(design, refits, **{name: values[i] for name, values in points.items()})
        .assign(context=sample.context)
        .astype({"context": object})
        for i, (sample, refits) in enumerate(zip(design.samples, weights, strict=True))
    ]
    columns = ["context", "draw", "alpha", "l1_ratio", "feature", "estimate"]
    return pd.concat(frames, ignore_index=True)[columns]


def list_stability(
    weights: np.ndarray, refits: np.ndarray, *, threshold: float, level: float
) -> list[dict[str, Any]]:
    """Return tidy rows for each feature, by its position, from weights (p,) and refits (B, p).

    A weight of at least ``threshold`` is notable; percentile intervals are of ``weight`` and
    ``rank``.
    """
    defined = refits[np.isfinite(refits).all(axis=1)]
    about = {"draws": len(defined), "level": level, "method": "percentile"}
    refused = len(refits) - len(defined) > MOST_UNDEFINED * len(refits)
    note = f"{len(refits) - len(defined)} of {len(refits)} refits undefined" if refused else None
    ranks = rank_sizes(defined)
    limits = [_find_limits(one, level, refused) for one in (defined, ranks)]
    # What the penalty takes away in every refit is not known to be 0 without any doubt.
    gone = (defined == 0).all(axis=0)
    limits[0] = {name: np.where(gone, np.nan, values) for name, values in limits[0].items()}
    own_ranks = rank_sizes(weights[None])[0]
    sizes = np.abs(defined)
    shares = {
        "selected": (defined != 0).mean(axis=0),
        "same_sign": np.where(weights == 0, np.nan, (np.sign(defined) == np.sign(weights)).mean(0)),
        "notable": (sizes >= threshold).mean(axis=0),
    }
    rows: list[dict[str, Any]] = []
    for j, weight in enumerate(weights):
        interval = {name: values[j] for name, values in limits[0].items()}
        rows.append({"feature": j, "term": "weight", "estimate": weight, **interval, **about})
        rows[-1]["note"] = note or (GONE if gone[j] else None)
        for term, share in shares.items():
            zero = ZERO if np.isnan(share[j]) else None
            row = {"estimate": share[j], "draws": len(defined), "note": zero}
            rows.append({"feature": j, "term": term, **row})
        interval = {name: values[j] for name, values in limits[1].items()}
        rows.append({"feature": j, "term": "rank", "estimate": own_ranks[j], **interval, **about})
        rows[-1]["note"] = note
    return rows


def list_inflation(values: np.ndarray) -> list[dict[str, Any]]:
    """Return tidy rows of variance inflation factors of training features (n, p)."""
    return [
        {
            "feature": j,
            "term": "vif",
            "estimate": factor,
            "note": "constant, or determined by other features" if np.isnan(factor) else None,
        }
        for j, factor in enumerate(inflate_variance(values))
    ]


def rank_sizes(weights: np.ndarray) -> np.ndarray:
    """Return ranks (B, p) of sizes, 1 the largest, ties sharing the mean of their ranks.

    Examples
    --------
    >>> rank_sizes(np.array([[0.5, 0.0, -0.9, 0.0]])).tolist()
    [[2.0, 3.5, 1.0, 3.5]]
    """
    ranks = np.empty(weights.shape)
    for draw, size in enumerate(np.abs(weights)):
        above = (size[None, :] > size[:, None]).sum(axis=1)
        equal = (size[None, :] == size[:, None]).sum(axis=1)
        ranks[draw] = above + (equal + 1) / 2
    return ranks


def inflate_variance(values: np.ndarray) -> np.ndarray:
    """Return variance inflation factors (p,) of features (n, p); NaN where undefined.

    The diagonal of the inverse correlation matrix (Marquardt, 1970). Undefined for constant
    features, and for features that others determine exactly.
    """
    from scipy.linalg import eigh

    moments = take_moments(values, np.arange(len(values), dtype=float))
    factors = np.full(values.shape[1], np.nan)
    used = np.flatnonzero(~moments.constant)
    roots, vectors = eigh(moments.gram[np.ix_(used, used)])
    free = roots > 1e-10 * len(used)
    # A feature with a share in a direction without variance is determined by others.
    tied = (vectors[:, ~free] ** 2).sum(axis=1) > 1e-8
    inverse = (vectors[:, free] ** 2 / roots[free]).sum(axis=1)
    factors[used] = np.where(tied, np.nan, inverse)
    return factors


def _find_limits(values: np.ndarray, level: float, refused: bool) -> dict[str, np.ndarray]:
    if refused or len(values) < 2:
        return {name: np.full(values.shape[1], np.nan) for name in LIMITS}
    found = find_percentile(*sort_draws(values.T), level)
    return dict(zip(LIMITS, found, strict=True))
