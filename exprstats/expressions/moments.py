"""Moments of expression, and their means and correlations without each cluster in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from exprstats.contracts import order_levels
from exprstats.document.cells import pick_rows
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.regression import NO_VARIANCE
from exprstats.inference.resampling.clusters import Panel
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import jackknife_clusters
from exprstats.inference.resampling.scales import limit_ends
from exprstats.parallel import report_progress

_KEYS = ("context", "recording", "subject", "id", "modality", "time", "end", "label")


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionMoments:
    """Scores (moments × emotions) of one modality in one context.

    Attributes
    ----------
    keys
        One row a moment.
    scores
        (n, emotions), NaN where a moment has no score.
    emotions
        Names of the columns.
    """

    keys: pd.DataFrame
    scores: np.ndarray
    emotions: tuple[str, ...]


def spread_moments(estimates: pd.DataFrame) -> ExpressionMoments:
    """Return estimates with one row a moment and one column per emotion."""
    keys = [name for name in _KEYS if name in estimates]
    codes = estimates.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()
    emotions = sorted(map(str, estimates["emotion"].unique()))
    columns = pd.Index(emotions).get_indexer(pd.Index(estimates["emotion"].astype(str)))
    scores = np.full((codes.max() + 1, len(emotions)), np.nan)
    scores[codes, columns] = estimates["score"].to_numpy(float)
    first = estimates.assign(_code=codes).drop_duplicates("_code").sort_values("_code")
    return ExpressionMoments(first[keys].reset_index(drop=True), scores, tuple(emotions))


def pick_cluster(estimates: pd.DataFrame, cluster: str | None) -> str | None:
    """Return the column of clusters: the given one, or recordings where people are not known."""
    if cluster is not None and cluster in estimates:
        return cluster
    return "recording" if "recording" in estimates else None


def code_clusters(keys: pd.DataFrame, cluster: str | None) -> np.ndarray:
    """Return each moment's cluster as a code (n,); all apart where there are none."""
    if cluster is None:
        return np.arange(len(keys))
    names = keys[cluster]
    if names.isna().any() and "recording" in keys:
        # People who are not known are taken apart by their recordings.
        names = names.astype(object).where(names.notna(), "\0" + keys["recording"].astype(str))
    return pd.factorize(names, sort=True, use_na_sentinel=False)[0]


class Side(NamedTuple):
    """Moments of one modality in one data set, and codes (n,) of whose each is."""

    context: Any
    modality: str
    moments: ExpressionMoments
    codes: np.ndarray

    def narrow(self, emotions: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of some emotions at the moments that have any, and codes of people."""
        scores = self.moments.scores[:, [self.moments.emotions.index(one) for one in emotions]]
        known = np.isfinite(scores).any(axis=1)
        return scores[known], self.codes[known]


def spread_sides(estimates: pd.DataFrame, by: str | None, cluster: str | None) -> list[Side]:
    """Return the moments of each modality and data set, people coded alike in all of them."""
    levels = [None] if by is None else order_levels(estimates[by])
    placed, held = [], []
    for modality in map(str, estimates["modality"].unique()):
        mine = estimates[estimates["modality"].eq(modality)]
        for level in levels:
            part = mine if by is None else pick_rows(mine, **{by: level})
            if len(part):
                placed.append((level, modality))
                held.append(spread_moments(part))
    codes = code_clusters(pd.concat([one.keys for one in held], ignore_index=True), cluster)
    cuts = np.split(codes, np.cumsum([len(one.keys) for one in held])[:-1])
    return [Side(*one) for one in zip(*zip(*placed, strict=True), held, cuts, strict=True)]


def pair_modalities(
    estimates: pd.DataFrame,
) -> list[tuple[str, str, ExpressionMoments, np.ndarray]]:
    """Return pairs of modalities: names, moments of the first, scores of the second beside them.

    A segment of speech is met by the mean of all that the other modality has between its
    beginning and its end; without segments, recordings meet by their means. Where people are
    known, a person's voice meets the same person's face. Otherwise all faces of a recording count,
    because none is known to be the speaker's; `count_mixed` says where that is.
    """
    found = []
    for one, two in combinations([str(name) for name in estimates["modality"].unique()], 2):
        first = estimates[estimates["modality"].eq(one)]
        second = estimates[estimates["modality"].eq(two)]
        ends = ["end" in estimates and part["end"].notna().all() for part in (first, second)]
        if ends[1] and not ends[0]:
            first, second, one, two = second, first, two, one
        shared = sorted(set(map(str, first["emotion"])) & set(map(str, second["emotion"])))
        first = first[first["emotion"].astype(str).isin(shared)]
        second = second[second["emotion"].astype(str).isin(shared)]
        if not shared or "recording" not in estimates:
            continue
        segments = any(ends)
        left, right = (
            spread_moments(part if segments else _average_recordings(part))
            for part in (first, second)
        )
        beside = _gather(left.keys, right, segments=segments)
        whole = np.isfinite(np.hstack([beside, left.scores])).all(axis=1)
        kept = np.flatnonzero(whole)
        if len(kept) < 3:
            continue
        keys = left.keys.take(kept).reset_index(drop=True)
        moments = ExpressionMoments(keys, left.scores[kept], left.emotions)
        found.append((one, two, moments, beside[kept]))
    return found


def _tells_people(keys: pd.DataFrame) -> bool:
    """Return whether recordings of several people say whose each face or voice is."""
    if "subject" not in keys or "recording" not in keys:
        return False
    return bool(keys.groupby("recording")["subject"].nunique(dropna=False).gt(1).any())


def count_mixed(estimates: pd.DataFrame, modality: str) -> tuple[int, str]:
    """Return recordings whose faces (or voices) of a modality are averaged, and the first of them.

    Examples
    --------
    >>> table = pd.DataFrame({"recording": "r", "modality": "face", "id": ["face_0", "face_1"]})
    >>> count_mixed(table, "face")
    (1, 'r')
    """
    if "recording" not in estimates:
        return 0, ""
    mine = estimates[estimates["modality"].eq(modality)]
    if _tells_people(mine):
        return 0, ""
    homes = [name for name in ("context", "recording") if name in mine]
    several = mine.groupby(homes, sort=True, dropna=False)["id"].nunique().gt(1)
    names = several.index[several].get_level_values("recording")
    return len(names), str(names[0]) if len(names) else ""


def _average_recordings(part: pd.DataFrame) -> pd.DataFrame:
    named = ("context", "recording", "subject", "modality", "label", "emotion")
    keys = [name for name in named if name in part]
    mean = part.groupby(keys, sort=True, dropna=False, as_index=False)["score"].mean()
    return mean.assign(id="all", time=0.0)


def _gather(keys: pd.DataFrame, other: ExpressionMoments, *, segments: bool) -> np.ndarray:
    """Return the mean scores (n, emotions) of another modality during each row's time."""
    names = ("context", "recording", *(["subject"] if _tells_people(other.keys) else []))
    homes = [name for name in names if name in keys and name in other.keys]
    places = other.keys.groupby(homes, dropna=False).indices
    begins = other.keys["time"].to_numpy(float)
    ends = other.keys["end"].to_numpy(float) if "end" in other.keys else begins
    ends = np.where(np.isnan(ends), begins, ends)
    found = np.full((len(keys), len(other.emotions)), np.nan)
    for row, key in enumerate(keys.to_dict("records")):
        home = [key[name] for name in homes]
        near = places.get(tuple(home) if len(home) > 1 else home[0])
        if near is None:
            continue
        if segments:
            # What lasts some time counts by its middle.
            middle = (begins[near] + ends[near]) / 2
            near = near[(middle >= key["time"]) & (middle < key["end"])]
        if len(near):
            found[row] = np.nanmean(other.scores[near], axis=0)
    return found


def order_emotions(pairs: pd.DataFrame) -> tuple[str, ...]:
    """Return emotions with those that go together side by side; where a pair has no r, it is 0."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    mean = pairs.groupby(["emotion", "other"])["r"].mean()
    listed = [
        (str(row["emotion"]), str(row["other"]), float(row["r"]))
        for row in mean.reset_index().to_dict("records")
    ]
    names = sorted({name for one, two, _ in listed for name in (one, two)})
    if len(names) < 3:
        return tuple(names)
    places = {name: place for place, name in enumerate(names)}
    apart = np.ones((len(names), len(names)))
    for one, two, r in listed:
        place = places[one], places[two]
        apart[place] = apart[place[::-1]] = 1 - (r if np.isfinite(r) else 0.0)
    np.fill_diagonal(apart, 0.0)
    flat = squareform(np.clip(apart, 0, None), checks=False)
    tree = optimal_leaf_ordering(linkage(flat, "average"), flat)
    return tuple(names[place] for place in leaves_list(tree))


FEWEST = 3  # clusters that an interval needs
_SCALES = {"share_top": "logit"} | dict.fromkeys(
    ("spearman", "spearman_within", "stability"), "fisher"
)
_RANGES = {"share_top": (0.0, 1.0), "mean": (-np.inf, np.inf), "mean_rank": (1.0, np.inf)}


class Jackknifed(NamedTuple):
    """Statistics of all moments (names,), and without each cluster (names, G).

    ``known`` (names, G) are the moments of each cluster that a statistic rests on: a person without
    any score of an emotion says nothing of how sure its mean is.
    """

    whole: np.ndarray
    without: np.ndarray
    known: np.ndarray


def jackknife_means(values: np.ndarray, codes: np.ndarray) -> Jackknifed:
    """Return means (columns,) of values (n, columns), and without each cluster (columns, G).

    Missing values count neither above nor below the line.

    Examples
    --------
    >>> whole, without, _ = jackknife_means(np.array([[1.0], [2.0], [6.0]]), np.array([0, 0, 1]))
    >>> whole.tolist(), without.tolist()
    ([3.0], [[6.0, 1.5]])
    """
    known = np.isfinite(values)
    sums = _sum_clusters(np.where(known, values, 0.0), codes)
    counts = _sum_clusters(known.astype(float), codes)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = sums.sum(axis=1) / counts.sum(axis=1)
        without = (sums.sum(axis=1, keepdims=True) - sums) / (
            counts.sum(axis=1, keepdims=True) - counts
        )
    return Jackknifed(whole, without, counts)


def jackknife_correlations(one: np.ndarray, two: np.ndarray, codes: np.ndarray) -> Jackknifed:
    """Return Pearson correlations (columns,) of two tables, and without each cluster (columns, G).

    Rows that lack one of both count in neither. Undefined is what has fewer than three rows, or
    does not vary.
    """
    known = np.isfinite(one) & np.isfinite(two)
    a, b = (np.where(known, table, np.nan) for table in (one, two))
    with np.errstate(invalid="ignore"):
        count = np.maximum(known.sum(axis=0), 1)
        a, b = (np.where(known, t - np.nansum(t, axis=0) / count, 0.0) for t in (a, b))
    terms = [known.astype(float), a, b, a * a, b * b, a * b]
    sums = np.stack([_sum_clusters(term, codes) for term in terms])
    totals = sums.sum(axis=2, keepdims=True)
    whole = _correlate(totals, totals)[:, 0]
    return Jackknifed(whole, _correlate(totals - sums, totals), sums[0])


def _correlate(sums: np.ndarray, totals: np.ndarray) -> np.ndarray:
    n, a, b, aa, bb, ab = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        spreads = [aa - a**2 / n, bb - b**2 / n]
        least = [NO_VARIANCE * np.maximum(totals[place], 1e-300) for place in (3, 4)]
        varied = (spreads[0] > least[0]) & (spreads[1] > least[1]) & (n >= 3)
        r = (ab - a * b / n) / np.sqrt(spreads[0] * spreads[1])
    return np.where(varied, np.clip(r, -1.0, 1.0), np.nan)


def jackknife_ranks(one: np.ndarray, two: np.ndarray, codes: np.ndarray) -> Jackknifed:
    """Return Spearman's ρ (columns,) of two tables, and without each cluster (columns, G).

    Moments are ranked anew without each cluster.
    """
    groups = int(codes.max()) + 1
    metrics = find_metrics(["spearman"])
    wholes, withouts = [], []
    for place, (first, second) in enumerate(zip(one.T, two.T, strict=True)):
        report_progress("Agreement of modalities", place, one.shape[1])
        evaluation = Evaluation(Panel(first, second[None, :], codes, groups), metrics)
        wholes.append(evaluation.measure_whole()[0, 0])
        if groups >= FEWEST:
            withouts.append(evaluation.measure_without()[0, 0])
    counts = np.tile(np.bincount(codes, minlength=groups), (len(wholes), 1))
    return Jackknifed(np.array(wholes), np.array(withouts), counts)


def _sum_clusters(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return sums (columns, clusters) of the rows of each cluster."""
    groups = int(codes.max()) + 1
    return np.stack([np.bincount(codes, column, minlength=groups) for column in values.T])


_NEEDS = f"no interval: it needs {FEWEST} people or recordings, and there {{}}"
_STILL = "not defined: the scores do not vary"
# Where nothing is known: lags are of recordings in which an emotion moves at all.
_NONE = {"lag_one": "not defined: in no recording do the scores vary"}
_SHORT = f"not defined: fewer than {FEWEST} pairs of scores"
_TORN = "no interval: not defined without one of the people or recordings"


def list_limits(
    term: str, found: Jackknifed, names: Sequence[str], level: float
) -> Iterator[dict[str, Any]]:
    """Yield rows of a statistic (names,), with jackknife-t intervals over its clusters."""
    for place, name in enumerate(names):
        present = found.known[place] > 0
        groups, value = int(present.sum()), found.whole[place]
        low = high = error = np.nan
        note = _NEEDS.format(f"{'is' if groups == 1 else 'are'} {groups}")
        if groups >= FEWEST:
            without = found.without[place, present]
            low, high, error, note = _find_limits(term, value, without, level)
        count = int(found.known[place].sum())
        if np.isnan(value):
            absent = _NONE.get(term, "not defined: there are no scores")
            note = absent if not count else _SHORT if count < FEWEST else _STILL
        yield {
            "emotion": name,
            "term": term,
            "estimate": float(value),
            "std_error": float(error),
            "conf_low": float(low),
            "conf_high": float(high),
            "level": level,
            "method": "jackknife",
            "headline": True,
            "n_clips": count,
            "n_clusters": groups,
            "note": note,
        }


def _find_limits(
    term: str, value: float, without: np.ndarray, level: float
) -> tuple[float, float, float, str | None]:
    """Return limits, standard error and note of one value, and values without each cluster (G,)."""
    if np.isfinite(value) and not np.isfinite(without).all():
        return np.nan, np.nan, np.nan, _TORN
    scales, whole = np.array([_SCALES.get(term, "raw")]), np.array([value])
    jackknifed = jackknife_clusters(whole, without[None], level=level, scales=scales)
    ends = limit_ends(
        whole,
        jackknifed.conf_low,
        jackknifed.conf_high,
        errors=jackknifed.std_error,
        ranges=np.array([_RANGES.get(term, (-1.0, 1.0))]),
        holders=np.array([len(without) if term == "share_top" else 0]),
        level=level,
    )
    limits = float(ends.conf_low[0]), float(ends.conf_high[0])
    return *limits, float(jackknifed.std_error[0]), ends.notes[0] or None
