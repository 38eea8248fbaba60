"""Permutation importance of features on held-out subjects."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows, check_kind
from exprstats.document.text import join_words
from exprstats.errors import DataError, OptionError, Problem
from exprstats.inference.resampling.clusters import BLOCK, count_clusters, draw_clusters
from exprstats.inference.resampling.intervals import find_percentile, jackknife_clusters, sort_draws
from exprstats.models.data.categories import group_codes
from exprstats.models.data.design import Design, Sample, seed_samples
from exprstats.models.explain.permutation import permute_features
from exprstats.models.explain.refits import LIMITS, check_resampling
from exprstats.models.fitting.outcomes import FEW_SUBJECTS, KEYS, group_contexts
from exprstats.models.fitting.penalties import scale_columns
from exprstats.models.fitting.result import Fitted, Models
from exprstats.options import KIND_NAMES, check_count, tell_kind
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result

# From such a correlation on two features are one for every purpose of a model.
TWINS = 0.98
SHARED = "shares the credit"
WRONG = "share of wrong classes"
STILL = "no interval: permuting it changes no prediction"


@dataclass(frozen=True, slots=True, eq=False)
class Importance(Result):
    """How much the test error rises when features are permuted between people.

    Attributes
    ----------
    table
        Tidy rows, context by context, the pooled model last. Terms: ``importance`` of one feature
        (of a category, whose codes are permuted together) and ``group_importance`` of correlated
        ones together, in units of the target (of classes: the share of wrong ones), each with
        percentile and jackknife-t intervals over the test subjects; ``headline`` marks one.
    model, kind
        Name and kind of the model.
    repeats
        Permutations of each feature.
    level
        Confidence level.
    error
        What rises, in words.
    """

    place: ClassVar[str] = "importance"
    table: pd.DataFrame
    model: str
    kind: str
    repeats: int
    level: float
    error: str = "RMSE"

    @property
    def key(self) -> str:
        """The name of the model."""
        return self.model

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        row = {
            "model": self.model,
            "kind": self.kind,
            "n_contexts": int(self.table["context"].nunique()),
            "n_features": int(self.table.query("term == 'importance'")["feature"].nunique()),
            "n_clusters": int(self.table["n_clusters"].max()),
            "repeats": self.repeats,
            "level": self.level,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the features whose interval lies above 0, in APA style."""
        rows = self.table[self.table["headline"] & (self.table["term"] == "importance")]
        share = self.error == WRONG
        told = [_tell_context(*one, bounded=share) for one in group_contexts(rows)]
        opening = (
            f"{KIND_NAMES[self.kind]}: rise of the test {self.error} when a feature is permuted "
            f"between subjects, with {write_level(self.level)} intervals over test subjects."
        )
        few = self.table["n_clusters"].min()
        if few < FEW_SUBJECTS:
            told.append(
                f"With only {few} test subjects such an interval rests on {few - 1} degrees of "
                "freedom and is very wide."
            )
        return " ".join([opening, *told, *tell_twins(rows, self.table)])


def rate_importance(
    models: Models,
    *,
    repeats: int = 20,
    alike: float = 0.7,
    draws: int = 500,
    level: float = 0.95,
    seed: Seed = None,
) -> Importance:
    """Permute features between the test subjects, and say how much worse the predictions get.

    Every test subject gets the values of another one, in random order: the link to the target is
    cut within and between people, while one person's clips stay as alike as they are.

    Parameters
    ----------
    models
        From `fit_elastic` or `fit_forest`.
    repeats
        Permutations of each feature; the rise is their mean.
    alike
        Features that correlate at this size or more in training (average linkage) are permuted
        together as well, since each alone can hide behind the others.
    draws
        Resamples of the test subjects for the percentile interval.
    level
        Confidence level.
    seed
        Of permutations and resamples.

    Returns
    -------
    Importance

    Raises
    ------
    DataError
        Fewer than three test subjects in every context.
    OptionError
        Options outside their range.

    Notes
    -----
    Intervals leave out a subject as one whose clips are predicted and as one whose values others
    got. In 200 simulated studies each with 6, 12, 25 and 80 test subjects, 95% limits held what the
    fitted model loses in .92 to .97.

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning, 45, 5-32.

    Examples
    --------
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> models = fit_elastic(clips, parts=split_subjects(clips, seed=1), **data)
    >>> rows = rate_importance(models, draws=50, seed=1).tidy().query("headline")
    >>> rows.loc[rows["conf_low"] > 0, "feature"].tolist()
    ['motion']
    """
    check_resampling(draws, level)
    check_count(repeats, "repeats")
    if not isinstance(alike, Real) or not 0 < alike <= 1:
        message = f"alike is {tell_kind(alike)}; it must lie above 0 and be at most 1."
        raise OptionError(message)
    rows: list[dict[str, Any]] = []
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    design = models.require_clips()
    seeds = seed_samples(design, seed)
    for fit, one in zip(models.fits, seeds, strict=True):
        key = {"context": fit.sample.context, "model": models.name}
        options = {"repeats": repeats, "draws": draws, "level": level, "alike": alike}
        found = list_importance(design, fit, seed=np.random.default_rng(one), **options)
        rows += [{**key, **row} for row in found]
    if not rows:
        fact = "fewer than 3 test subjects."
        raise DataError(Problem(fact, "Importance is measured on people held out.", "part"))
    error = WRONG if design.classes else "RMSE"
    return Importance(arrange_rows(rows, KEYS), models.name, models.kind, repeats, level, error)


def _tell_context(name: str, own: pd.DataFrame, *, bounded: bool) -> str:
    held = own[own["conf_low"] > 0].sort_values("estimate", ascending=False)
    if held.empty:
        return f"{name}: no feature's interval lies above 0."
    told = [
        f"{row['feature']} {write_number(row['estimate'], bounded=bounded)} "
        f"{write_interval(row['conf_low'], row['conf_high'], bounded=bounded)}"
        for _, row in held.iterrows()
    ]
    return f"{name}: {'; '.join(told)}."


def list_importance(
    design: Design,
    fit: Fitted,
    *,
    repeats: int = 20,
    draws: int = 500,
    level: float = 0.95,
    alike: float = 0.7,
    seed: Seed = None,
) -> list[dict[str, Any]]:
    """Return tidy rows of permutation importance, of single features and of correlated groups.

    Terms are ``importance`` (rise in RMSE, or in the share of wrong classes) and
    ``group_importance`` of features that correlate at ``alike`` or more in training (average
    linkage) and are permuted together, since each alone hides behind the others. Intervals
    resample the test subjects.
    """
    clips, subjects = design.count(fit.sample, "test")
    if subjects < 3:
        return []
    twins = list_twins(design, fit.sample)
    titles, singles = group_columns(design)
    groups = singles + _join_codes(
        group_features(design.split(fit.sample, "train")[0], alike), singles
    )
    first, *seeds = spawn_seeds(seed, 1 - (-draws // BLOCK))
    generator = np.random.default_rng(first)
    losses = permute_features(design, fit, groups, repeats=repeats, seed=generator)
    everyone = [np.arange(subjects)]
    counts = [count_clusters(draw_clusters(one, everyone), subjects) for one in seeds]
    shown = {i: title for title, unit in zip(titles, singles, strict=True) for i in unit}
    names = [" + ".join(dict.fromkeys(shown[i] for i in group)) for group in groups]
    whole = losses.measure_rise(np.ones((1, subjects)))[:, 0]
    drawn = losses.measure_rise(np.concatenate(counts)[:draws])
    percentile = find_percentile(*sort_draws(drawn), level)
    jackknife = jackknife_clusters(whole, losses.measure_rise(1 - np.eye(subjects)), level=level)
    own = losses.whole[:, None]
    still = [bool(np.allclose(one, own, rtol=1e-12, atol=0)) for one in losses.permuted]
    rows: list[dict[str, Any]] = []
    for j, name in enumerate(names):
        term = "importance" if j < len(singles) else "group_importance"
        key = {"part": "test", "term": term, "feature": name, "estimate": whole[j]}
        for method, found in (("percentile", percentile), ("jackknife", jackknife)):
            limits = {one: np.nan if still[j] else getattr(found, one)[j] for one in LIMITS}
            rows.append({**key, **limits, "level": level, "method": method})
            rows[-1]["headline"] = method == "jackknife"
            rows[-1] |= {"n_clips": clips, "n_clusters": subjects}
            rows[-1]["draws"] = draws if method == "percentile" else None
            known = (twins[i] for i in groups[j] if i in twins)
            told = next(known, None) if term == "importance" else None
            rows[-1]["note"] = STILL if still[j] else told
    return rows


def group_columns(design: Design) -> tuple[list[str], list[list[int]]]:
    """Return what is permuted as one, with names: features, and the codes of a category together.

    A person who got one code of a category from somebody else would be of two levels, or of none.
    """
    codes = group_codes(design.features, design.matrix)
    homes = {places[0]: name for name, places in codes.items()}
    inside = {i for places in codes.values() for i in places[1:]}
    kept = [i for i in range(len(design.features)) if i not in inside]
    names = [homes.get(i, design.features[i]) for i in kept]
    return names, [codes[homes[i]] if i in homes else [i] for i in kept]


def _join_codes(groups: list[list[int]], units: list[list[int]]) -> list[list[int]]:
    """Return groups of correlated features with whole categories; none that is one category."""
    held = [[unit for unit in units if not set(unit).isdisjoint(group)] for group in groups]
    return [[i for unit in one for i in unit] for one in held if len(one) > 1]


def list_twins(design: Design, sample: Sample) -> dict[int, str]:
    """Return a note for each feature that others all but repeat in training, by position.

    Least squares and permutation cannot tell which of two such features the target goes along
    with; a penalty halves the weight (ridge) or gives it to one of them (lasso).
    """
    notes = {}
    for group in group_features(design.split(sample, "train")[0], TWINS):
        named = join_words([design.features[i] for i in group])
        notes |= dict.fromkeys(group, f"{SHARED}: {named} correlate beyond ±{TWINS} in training")
    return notes


def tell_twins(rows: pd.DataFrame, table: pd.DataFrame | None = None) -> list[str]:
    """Return a sentence on features that share the credit, with what they do together if known."""
    notes = rows["note"].astype(object).fillna("")
    known = rows[:0] if table is None else table[table["headline"]]
    together = known[known["term"].eq("group_importance")].to_dict("records")
    told = []
    for note in dict.fromkeys(notes[notes.str.contains(SHARED, regex=False)]):
        names = rows.loc[notes == note, "feature"].unique().tolist()
        text = (
            f"{join_words(names)} all but repeat one another and share the credit: what one of "
            "them has says nothing of it alone"
        )
        for row in together:
            if set(str(row["feature"]).split(" + ")) >= set(names) and pd.isna(row["context"]):
                rise = write_number(row["estimate"])
                limits = write_interval(row["conf_low"], row["conf_high"])
                text += f"; permuted together they raise the error by {rise} {limits}"
        told.append(f"{text}.")
    return told


def group_features(values: np.ndarray, alike: float) -> list[list[int]]:
    """Return groups of two or more features (n, p) that correlate at ``alike`` or more."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    centre, scale, constant = scale_columns(values)
    used = np.flatnonzero(~constant)
    if len(used) < 2:
        return []
    z = (values[:, used] - centre[used]) / scale[used]
    apart = np.clip(1 - np.abs(z.T @ z) / len(z), 0, 1)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), method="average")
    labels = fcluster(tree, 1 - alike, criterion="distance")
    groups = [used[labels == label].tolist() for label in dict.fromkeys(labels.tolist())]
    return [group for group in groups if len(group) > 1]
