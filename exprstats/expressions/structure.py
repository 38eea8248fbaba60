"""Correlations of emotions within a modality, and their equality between data sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from exprstats.apa import tell_p, write_count, write_number
from exprstats.contracts import arrange_rows, check_table, order_levels
from exprstats.document.cells import pick_rows
from exprstats.errors import DataError, Option, Problem
from exprstats.expressions.estimates import ESTIMATES
from exprstats.expressions.moments import code_clusters, find_cluster, spread_moments
from exprstats.options import check_count
from exprstats.parallel import Seed, limit_threads, spawn_seeds
from exprstats.results import Result

FEWEST = 4  # clusters of a modality in two data sets


@dataclass(frozen=True, slots=True, eq=False)
class EstimateStructure(Result):
    """Correlation matrices of emotions, and a test of their equality; `compare_structure` makes it.

    Attributes
    ----------
    table
        One row a modality and pair of data sets: ``term`` ``rms_difference`` (the root mean square
        of the differences of Fisher z, with what it would be on average under equal structure as
        ``expected``, and the ``p_value`` of equal structure), ``similarity`` (the correlation of
        both matrices), ``draws`` and ``n_clusters``.
    correlations
        One row a pair of emotions, by context and modality: ``r``, ``n``, ``p_value`` and
        ``p_adjusted`` as pingouin gives them. The p take moments as independent.
    order
        The emotions in an order that puts those next to each other that go together on the average
        of all matrices (average linkage).
    """

    place: ClassVar[str] = "structure"
    table: pd.DataFrame
    correlations: pd.DataFrame
    order: tuple[str, ...] = ()

    def export(self) -> dict[str, Any]:
        """Return the comparisons, and the correlations."""
        return {"structure": self.tidy(), "structure_correlations": self.correlations}

    def glance(self) -> pd.DataFrame:
        """Return one row: the number of correlations and of comparisons."""
        return pd.DataFrame([{"correlations": len(self.correlations), "tests": len(self.table)}])

    def sentence(self) -> str:
        """Return whether data sets have equal structures, by modality."""
        texts = []
        for row in self.table.to_dict("records"):
            if row["term"] != "rms_difference":
                continue
            size = write_number(row["estimate"], 2)
            expected = write_number(row["expected"], 2)
            told = f"{expected} expected if equal, permutation p {tell_p(row['p_value'])}"
            if pd.isna(row["p_value"]):
                told = f"not tested: {row['note']}"
            texts.append(
                f"Correlations of emotions on {row['modality']} differ between {row['context']} "
                f"and {row['versus']} by {size} on Fisher's z (root mean square; {told})."
            )
        count = write_count(len(self.correlations))
        alone = f"{count} correlations of emotions were estimated, of one data set."
        return " ".join(texts) or alone


def compare_structure(
    estimates: pd.DataFrame,
    *,
    by: str | None = None,
    cluster: str | None = "subject",
    padjust: str = "holm",
    draws: int = 999,
    seed: Seed = None,
) -> EstimateStructure:
    """Correlate emotions within each modality, and compare the correlations of data sets.

    Parameters
    ----------
    estimates
        ESTIMATES, from `read_estimates`.
    by
        The column of data sets.
    cluster
        Who is seen or heard; whole clusters are exchanged. Recordings where it is missing.
    padjust
        As pingouin takes it: ``"holm"``, ``"fdr_bh"``, ``"none"`` …
    draws
        Permutations.
    seed
        Of the permutations.

    Returns
    -------
    EstimateStructure
        Spearman's ρ of each pair of emotions, and the comparison of each pair of data sets.

    Raises
    ------
    DataError
        If the estimates break their contract, or ``by`` is no column.

    Notes
    -----
    Scores are ranked within each data set, so that levels and spreads do not count. Under equal
    structure each person could belong to either data set; whole persons are dealt anew, and
    p = (1 + #{T* ≥ T})/(draws + 1). A person in both data sets keeps both parts together: the parts
    are exchanged.

    References
    ----------
    Brooks, J. A., et al. (2023). Emotion expression estimates to measure and improve multimodal
    social-affective interactions. *ICMI '23 Companion*. https://doi.org/10.1145/3610661.3616129

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> wide = pd.DataFrame(rng.normal(size=(40, 2)), columns=["Joy", "Fear"]).assign(id="a")
    >>> wide = wide.assign(modality="face", time=range(40))
    >>> long = wide.melt(["id", "modality", "time"], var_name="emotion", value_name="score")
    >>> len(compare_structure(long).correlations)
    1
    """
    check_table(estimates, ESTIMATES)
    check_count(draws, "draws", least=1)
    [stream] = spawn_seeds(seed, 1)
    if by is not None and by not in estimates:
        fact = f"the estimates have no column '{by}'."
        raise DataError(Problem(fact, ("Give another column, or ", Option("by", None), ".")))
    used = find_cluster(estimates, cluster)
    levels = [None] if by is None else order_levels(estimates[by])
    listed, rows = [], []
    with limit_threads():
        for modality in map(str, estimates["modality"].unique()):
            mine = estimates[estimates["modality"].eq(modality)]
            parts = [mine if by is None else pick_rows(mine, **{by: level}) for level in levels]
            held = [(level, part) for level, part in zip(levels, parts, strict=True) if len(part)]
            listed += [_list_pairs(part, level, modality, padjust) for level, part in held]
            for place, one in enumerate(held):
                for two in held[place + 1 :]:
                    rows += _compare((one, two), modality, used, (draws, stream))
    names = ("context", "versus", "modality", "term")
    frame = arrange_rows(rows, names) if rows else pd.DataFrame(columns=[*names, "estimate"])
    pairs = pd.concat(listed, ignore_index=True)
    return EstimateStructure(frame, pairs, _order_emotions(pairs))


def _order_emotions(pairs: pd.DataFrame) -> tuple[str, ...]:
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


def _list_pairs(part: pd.DataFrame, context: Any, modality: str, padjust: str) -> pd.DataFrame:
    """Return one row a pair of emotions, by pingouin."""
    from pingouin import pairwise_corr

    moments = spread_moments(part)
    varied = np.nanstd(moments.scores, axis=0) > 0
    kept = [name for name, one in zip(moments.emotions, varied, strict=True) if one]
    if len(kept) < 2 or len(moments.keys) < 4:
        return pd.DataFrame(columns=["context", "modality", "emotion", "other", "r", "n"])
    wide = pd.DataFrame(moments.scores[:, varied], columns=kept)
    found = pairwise_corr(wide, method="spearman", padjust=padjust)
    told = found.columns
    p_value = next(name for name in ("p_unc", "p-unc", "p_val", "p-val") if name in told)
    adjusted = next((name for name in ("p_corr", "p-corr") if name in told), p_value)
    return pd.DataFrame(
        {
            "context": context,
            "modality": modality,
            "emotion": found["X"],
            "other": found["Y"],
            "r": found["r"],
            "n": found["n"],
            "p_value": found[p_value],
            "p_adjusted": found[adjusted],
        }
    )


def _compare(
    pair: tuple[tuple[Any, pd.DataFrame], tuple[Any, pd.DataFrame]],
    modality: str,
    cluster: str | None,
    plan: tuple[int, np.random.SeedSequence],
) -> list[dict[str, Any]]:
    (one, first), (two, second) = pair
    shared = set(map(str, first["emotion"])) & set(map(str, second["emotion"]))
    if len(shared) < 2:
        return []
    sides = [
        spread_moments(part[part["emotion"].astype(str).isin(shared)]) for part in (first, second)
    ]
    ranks = [_rank(side.scores) for side in sides]
    table = np.vstack(ranks)
    keys = pd.concat([side.keys for side in sides], ignore_index=True)
    side = np.repeat([0, 1], [len(part.keys) for part in sides])
    codes = code_clusters(keys, cluster)
    difference, similarity = _measure(table, side)
    sums = _sum_people(table, codes, side)
    people = len(sums[0])
    counts = [len(np.unique(codes[side == place])) for place in (0, 1)]
    expected = np.nan
    p_value, note = np.nan, f"there are {min(counts)} of the {FEWEST} people that it needs"
    draws, seed = plan
    if min(counts) >= FEWEST:
        drawn = _permute(sums, draws, np.random.default_rng(seed))
        p_value, note = (1 + (drawn >= difference - 1e-12).sum()) / (draws + 1), None
        expected = float(drawn.mean())
    found = {
        "rms_difference": (difference, p_value, note),
        "similarity": (similarity, np.nan, None),
    }
    return [
        {
            "context": one,
            "versus": two,
            "modality": modality,
            "term": term,
            "estimate": float(value),
            "expected": expected if term == "rms_difference" else np.nan,
            "p_value": float(p),
            "method": "permutation",
            "headline": term == "rms_difference",
            "n_clips": len(table),
            "n_clusters": people,
            "draws": draws,
            "note": told,
        }
        for term, (value, p, told) in found.items()
    ]


def _rank(scores: np.ndarray) -> np.ndarray:
    """Return ranks (n, emotions) as z values of the data set, so that only structure is left."""
    filled = np.where(np.isnan(scores), np.nanmedian(scores, axis=0), scores)
    ranks = rankdata(filled, axis=0)
    spread = ranks.std(axis=0)
    return (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _sum_people(
    table: np.ndarray, codes: np.ndarray, side: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return moments (people, 2, q, q) of each person's part in each data set, bordered by 1."""
    whole = np.column_stack([np.ones(len(table)), table])
    people = int(codes.max()) + 1
    sums = np.zeros((people, 2, whole.shape[1], whole.shape[1]))
    for person in range(people):
        for place in (0, 1):
            mine = whole[(codes == person) & (side == place)]
            sums[person, place] = mine.T @ mine
    present = np.stack([sums[:, place, 0, 0] > 0 for place in (0, 1)], axis=1)
    return sums, present


def _permute(
    sums: tuple[np.ndarray, np.ndarray], draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return distances (draws,) with whole people dealt anew to the data sets."""
    held, present = sums
    both = np.asarray(present.all(axis=1))
    own: np.ndarray = np.where(present[:, 0], 0, 1)
    alone = np.flatnonzero(~both)
    found = np.empty(draws)
    for draw in range(draws):
        to = own.copy()
        to[alone] = own[alone][rng.permutation(len(alone))]
        moved = np.where(both, rng.integers(2, size=len(own)), np.abs(to - own)) > 0
        swapped = np.where(moved[:, None, None, None], held[:, ::-1], held)
        found[draw] = _distance(*(_find_matrix(swapped[:, place].sum(axis=0)) for place in (0, 1)))
    return found


def _find_matrix(sums: np.ndarray) -> np.ndarray:
    """Return correlations (pairs,) from bordered sums of squares and products."""
    count, totals = sums[0, 0], sums[0, 1:]
    covariance = sums[1:, 1:] / count - np.outer(totals, totals) / count**2
    spread = np.sqrt(np.clip(np.diag(covariance), 0, None))
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = covariance / np.outer(spread, spread)
    return whole[np.triu_indices(len(whole), 1)]


def _distance(one: np.ndarray, two: np.ndarray) -> float:
    z = [np.arctanh(np.clip(r, -0.999999, 0.999999)) for r in (one, two)]
    return float(np.sqrt(np.nanmean((z[0] - z[1]) ** 2)))


def _measure(table: np.ndarray, side: np.ndarray) -> tuple[float, float]:
    sums = _sum_people(table, np.zeros(len(table), int), side)[0][0]
    one, two = (_find_matrix(sums[place]) for place in (0, 1))
    defined = np.isfinite(one) & np.isfinite(two)
    varied = defined.sum() > 2 and np.ptp(one[defined]) > 0 and np.ptp(two[defined]) > 0
    alike = np.corrcoef(one[defined], two[defined])[0, 1] if varied else np.nan
    return _distance(one, two), float(alike)
