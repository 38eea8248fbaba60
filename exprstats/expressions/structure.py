"""Correlations of emotions within a modality, and their equality between data sets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr
from scipy.stats import rankdata

from exprstats.apa import count_things, tell_p, write_number
from exprstats.contracts import arrange_rows, check_table
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.expressions.distributions import OTHER_GROUPS
from exprstats.expressions.estimates import ESTIMATES
from exprstats.expressions.moments import Side, order_emotions, pick_cluster, spread_sides
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.options import check_count
from exprstats.parallel import Seed, limit_threads, report_progress, spawn_seeds
from exprstats.results import Result

FEWEST = 4  # clusters of each of two matrices
_MOST = 0.999999  # of a correlation, whose Fisher z is taken
_BLOCK = 200  # draws at a time
_MOST_SETS = 20  # data sets that are compared two by two


@dataclass(frozen=True, slots=True, eq=False)
class EstimateStructure(Result):
    """Correlation matrices of emotions, and a test of their equality; `compare_structure` makes it.

    Attributes
    ----------
    table
        Rows of two data sets (``context``, ``versus``) of one modality, and of two modalities
        (``modality``, ``versus_modality``) of one data set: ``term`` ``rms_difference`` (the root
        mean square of the differences of Fisher z, with what it would be on average under equal
        structure as ``expected``, and the ``p_value`` of equal structure, with Holm's
        ``p_adjusted`` over all comparisons), ``similarity`` (the correlation of both matrices),
        ``draws`` and ``n_clusters``.
    correlations
        One row a pair of emotions, by context and modality: ``r`` and ``n`` as pingouin gives them,
        and the ``p_value`` and ``p_adjusted`` of no correlation from leaving out one person (or
        recording) at a time. ``p_moments`` and ``p_moments_adjusted`` are pingouin's, which take
        moments of one person as independent.
    order
        The emotions in an order that puts those next to each other that go together on the average
        of all matrices (average linkage).
    unit
        What is left out, ``"people"`` or ``"recordings"``.
    level
        p below one less this level is told as a difference.
    """

    place: ClassVar[str] = "structure"
    table: pd.DataFrame
    correlations: pd.DataFrame
    order: tuple[str, ...] = ()
    unit: str = "people"
    level: float = 0.95

    def export(self) -> dict[str, Any]:
        """Return the comparisons, and the correlations."""
        return {"structure": self.tidy(), "structure_correlations": self.correlations}

    def glance(self) -> pd.DataFrame:
        """Return one row: the number of correlations and of comparisons."""
        return pd.DataFrame([{"correlations": len(self.correlations), "tests": len(self.table)}])

    def sentence(self) -> str:
        """Return whether data sets, and modalities, have equal structures."""
        rows = self.table[self.table["term"].eq("rms_difference")]
        if not len(rows):
            count, was = len(self.correlations), "was" if len(self.correlations) == 1 else "were"
            counted = count_things(count, "correlation of emotions", "correlations of emotions")
            return f"{counted} {was} estimated, of one data set."
        tested = [row for row in rows.to_dict("records") if pd.notna(row["p_value"])]
        texts = [self._compare(row) for row in tested]
        left = len(rows) - len(tested)
        if left:
            first = rows[rows["p_value"].isna()]["note"].iloc[0]
            counted = count_things(left, "comparison", of=len(rows) if tested else None)
            were = "was" if left == 1 else "were"
            texts.append(
                f"{counted} of correlations of emotions {were} described and not tested: {first}."
            )
        return " ".join(texts)

    def _compare(self, row: dict[Any, Any]) -> str:
        size, expected = (write_number(row[name], 2) for name in ("estimate", "expected"))
        where, pair = f" on {row['modality']}", f"{row['context']} and {row['versus']}"
        if not pd.isna(row["versus_modality"]):
            where = "" if pd.isna(row["context"]) else f" in {row['context']}"
            pair = f"{row['modality']} and {row['versus_modality']}"
        p_value = row["p_value"] if pd.isna(row.get("p_adjusted")) else row["p_adjusted"]
        adjusted = "adjusted " if p_value != row["p_value"] else ""
        verb = "differ" if p_value < round(1 - self.level, 9) else "do not clearly differ"
        return (
            f"Correlations of emotions{where} {verb} between {pair}: {size} on Fisher's z "
            f"(root mean square), {expected} expected if equal, {adjusted}p {tell_p(p_value)}."
        )


def compare_structure(
    estimates: pd.DataFrame,
    *,
    by: str | None = None,
    cluster: str | None = "subject",
    padjust: str = "holm",
    draws: int = 999,
    seed: Seed = None,
) -> EstimateStructure:
    """Correlate emotions within each modality, and compare data sets and modalities.

    Parameters
    ----------
    estimates
        ESTIMATES, from `read_estimates`.
    by
        The column of data sets.
    cluster
        Who is seen or heard. Recordings where it is missing.
    padjust
        As pingouin takes it: ``"holm"``, ``"fdr_bh"``, ``"none"`` …
    draws
        Random signs of each person.
    seed
        Of the signs.

    Returns
    -------
    EstimateStructure
        Spearman's ρ of each pair of emotions, with p by jackknife-t over people on Fisher's z, and
        the comparison of each pair of data sets, and of modalities within each.

    Raises
    ------
    DataError
        If the estimates break their contract, or ``by`` is no column.

    Notes
    -----
    Scores are ranked within each data set, so that levels and spreads do not count. How far each
    person moves both matrices is measured by leaving the person out; under equal structure the
    difference of the matrices is a sum of such moves with random signs, the same sign in both for
    a person in both, and p = (1 + #{T* ≥ T})/(draws + 1). The plain permutation test, which deals
    people anew to the data sets, takes them as exchangeable: with equal structure, 60 people of 40
    moments and 24 of 4 it rejected in .23 of 150 studies at α = .05, the test by signs in .07 of
    400 (.03 to .07 in six designs from 6 and 6 people on).

    References
    ----------
    Canay, I. A., Romano, J. P., & Shaikh, A. M. (2017). Randomization tests under an approximate
    symmetry assumption. *Econometrica, 85*(3), 1013–1030.

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
        raise DataError(Problem(fact, (OTHER_GROUPS, Option("by", None), ".")))
    used = pick_cluster(estimates, cluster)
    rows: list[dict[str, Any]] = []
    with limit_threads():
        sides = spread_sides(estimates, by, used)
        listed = []
        for place, one in enumerate(sides):
            report_progress("Correlations of emotions", place, len(sides))
            listed.append(_list_pairs(one, used, padjust))
        pairs = _pair_sides(sides)
        for place, pair in enumerate(pairs):
            report_progress("Comparing correlations", place, len(pairs))
            rows += _compare(pair, used, (draws, stream))
    names = ("context", "versus", "modality", "versus_modality", "term")
    frame = pd.DataFrame(columns=[*names, "estimate"])
    if rows:
        tested = [row for row in rows if np.isfinite(row.get("p_value", np.nan))]
        adjusted = adjust_holm(np.array([row["p_value"] for row in tested]))
        for row, p in zip(tested, adjusted, strict=True):
            row["p_adjusted"] = float(p)
        frame = arrange_rows(rows, names)
    held = pd.concat(listed, ignore_index=True)
    return EstimateStructure(frame, held, order_emotions(held), _name_unit(used))


def _name_unit(cluster: str | None) -> str:
    return {"subject": "people", None: "moments"}.get(cluster, f"{cluster}s")


def _list_pairs(side: Side, cluster: str | None, padjust: str) -> pd.DataFrame:
    """Return one row a pair of emotions: pingouin's, and p that takes people as units."""
    from pingouin import multicomp, pairwise_corr

    moments = side.moments
    # The standard deviation of equal numbers may be 1e-17 and not 0.
    varied = np.nanmax(moments.scores, axis=0) > np.nanmin(moments.scores, axis=0)
    kept = [name for name, one in zip(moments.emotions, varied, strict=True) if one]
    if len(kept) < 2 or len(moments.keys) < 4:
        return pd.DataFrame(columns=["context", "modality", "emotion", "other", "r", "n"])
    wide = pd.DataFrame(moments.scores[:, varied], columns=kept)
    found = pairwise_corr(wide, method="spearman", padjust=padjust)
    left = _leave_out(wide.to_numpy(), side.codes)
    error = np.sqrt((left.moves**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(error > 0, np.abs(left.z) / error, np.nan)
    enough, unit = left.counts >= FEWEST, _name_unit(cluster)
    own = np.where(enough, 2 * stdtr(np.maximum(left.counts - 1, 1), -size), np.nan)
    few = zip(enough, left.counts.tolist(), strict=True)
    note = [None if some else _tell_few(count, unit) for some, count in few]
    known = np.isfinite(own)
    mine = own.copy()
    if known.any() and padjust != "none":
        mine[known] = multicomp(own[known], method=padjust)[1]
    return pd.DataFrame(
        {
            "context": side.context,
            "modality": side.modality,
            "emotion": found["X"],
            "other": found["Y"],
            "r": found["r"],
            "n": found["n"],
            "n_clusters": left.counts,
            "p_value": own,
            "p_adjusted": mine,
            "p_moments": found["p_unc"],
            "p_moments_adjusted": found.get("p_corr", found["p_unc"]),
            "note": note,
        }
    )


def _tell_few(count: int, unit: str) -> str:
    return f"{FEWEST} {unit} are needed, and there {'is' if count == 1 else 'are'} {count}"


def _pair_sides(sides: list[Side]) -> list[tuple[Side, Side]]:
    """Return data sets of one modality, then modalities of one data set, two by two."""
    pairs = list(combinations(sides, 2))
    sets = len({one.context for one in sides})
    alike = [pair for pair in pairs if pair[0].modality == pair[1].modality]
    if sets > _MOST_SETS:
        told = f"Correlations are compared two by two between at most {_MOST_SETS} data sets, and "
        remedy = ("Name data sets of more recordings with ", Option("by"), ".")
        warn_user((f"{told}here there are {sets:,}. ", *remedy))
        alike = []
    return alike + [pair for pair in pairs if pair[0].context == pair[1].context]


def _compare(
    sides: tuple[Side, Side], cluster: str | None, plan: tuple[int, np.random.SeedSequence]
) -> list[dict[str, Any]]:
    shared = sorted(set.intersection(*(set(one.moments.emotions) for one in sides)))
    if len(shared) < 2:
        return []
    parts = [one.narrow(shared) for one in sides]
    codes = np.concatenate([mine for _, mine in parts])
    left = [_leave_out(scores, mine) for scores, mine in parts]
    # A pair of emotions that few people have, or one alone lets vary, is no evidence of structure.
    enough = np.logical_and.reduce(
        [(one.counts >= FEWEST) & np.isfinite(one.moves).all(axis=0) for one in left]
    )
    if enough.any():
        left = [one._replace(z=np.where(enough, one.z, np.nan)) for one in left]
    defined = np.logical_and.reduce([np.isfinite(one.z) for one in left])
    found, alike = _distance(left[0].z - left[1].z), _resemble(*(one.z[defined] for one in left))
    people = [len(one.people) for one in left]
    draws, seed = plan
    p_value, note = np.nan, _tell_few(min(people), f"{_name_unit(cluster)} on each side")
    expected = np.nan
    if min(people) >= FEWEST and not enough.any():
        note = f"no two emotions are known of {FEWEST} {_name_unit(cluster)} on each side"
    elif min(people) >= FEWEST:
        drawn = _flip_signs(left, draws, np.random.default_rng(seed))
        p_value, note = (1 + (drawn >= found - 1e-12).sum()) / (draws + 1), None
        expected = float(drawn.mean())
    one, two = sides
    crossed = one.modality != two.modality
    row = {
        "context": one.context,
        "versus": None if crossed else two.context,
        "modality": one.modality,
        "versus_modality": two.modality if crossed else None,
        "n_clips": len(codes),
        "n_clusters": len(np.unique(codes)),
    }
    tested = {"estimate": float(found), "expected": expected, "p_value": float(p_value)}
    tested |= {"method": "signs", "headline": True, "draws": draws, "note": note}
    return [
        row | {"term": "rms_difference"} | tested,
        row | {"term": "similarity", "estimate": float(alike), "headline": False},
    ]


class _Left(NamedTuple):
    """Fisher z (pairs,) of a matrix, how far each person moves it (people, pairs), and who.

    ``counts`` (pairs,) are the people who have both emotions.
    """

    z: np.ndarray
    moves: np.ndarray
    people: np.ndarray
    counts: np.ndarray


def _leave_out(scores: np.ndarray, codes: np.ndarray) -> _Left:
    """Return the matrix of all moments (n, emotions), and how far it moves without each person.

    The squares of the moves add up to the jackknife's variance. Where scores are missing, a pair of
    emotions has the moments and the people that have both.
    """
    people, mine = np.unique(codes, return_inverse=True)
    if np.isfinite(scores).all():
        z, moves = _move_pairs(scores, mine)
        return _Left(z, moves, people, np.full(len(z), len(people)))
    pairs = [*combinations(range(scores.shape[1]), 2)]
    found, counts = np.full((len(people) + 1, len(pairs)), np.nan), np.zeros(len(pairs), int)
    for place, pair in enumerate(pairs):
        known = np.isfinite(scores[:, pair]).all(axis=1)
        held, own = np.unique(mine[known], return_inverse=True)
        counts[place] = len(held)
        if known.sum() >= FEWEST:
            z, moves = _move_pairs(scores[known][:, pair], own)
            found[0, place], found[1:, place] = z[0], 0.0
            found[1 + held, place] = moves[:, 0]
    return _Left(found[0], found[1:], people, counts)


def _move_pairs(scores: np.ndarray, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Fisher z (pairs,) of complete scores, and the moves (people, pairs)."""
    ranks = rankdata(scores, axis=0)
    spread = ranks.std(axis=0)
    table = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    whole = np.column_stack([np.ones(len(table)), table])
    count = int(mine.max()) + 1
    order = np.argsort(mine, kind="stable")
    starts = np.searchsorted(mine[order], np.arange(count + 1))
    sums = np.stack(
        [whole[order[start:stop]].T @ whole[order[start:stop]] for start, stop in pairwise(starts)]
    )
    total = sums.sum(axis=0)
    z = _find_matrix(total)
    if count < 2:
        return z, np.full((count, len(z)), np.nan)
    without = np.stack([_find_matrix(total - one) for one in sums])
    return z, np.sqrt((count - 1) / count) * (without - without.mean(axis=0))


def _flip_signs(left: list[_Left], draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return distances (draws,) with equal structure: each person's moves with a sign at random."""
    everybody = np.unique(np.concatenate([one.people for one in left]))
    found = np.empty(draws)
    for start in range(0, draws, _BLOCK):
        stop = min(start + _BLOCK, draws)
        signs = rng.choice([-1.0, 1.0], size=(stop - start, len(everybody)))
        moved = [signs[:, np.searchsorted(everybody, one.people)] @ one.moves for one in left]
        found[start:stop] = _distance(moved[0] - moved[1])
    return found


def _find_matrix(sums: np.ndarray) -> np.ndarray:
    """Return Fisher z (pairs,) of correlations from bordered sums of squares and products."""
    count, totals = sums[0, 0], sums[0, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = sums[1:, 1:] / count - np.outer(totals, totals) / count**2
        spread = np.sqrt(np.clip(np.diag(covariance), 0, None))
        whole = covariance / np.outer(spread, spread)
        return np.arctanh(np.clip(whole[np.triu_indices(len(whole), 1)], -_MOST, _MOST))


def _distance(differences: np.ndarray) -> Any:
    """Return the root mean square over the last axis of what is defined."""
    known = np.isfinite(differences)
    counts = np.maximum(known.sum(axis=-1), 1)
    return np.sqrt((np.where(known, differences, 0.0) ** 2).sum(axis=-1) / counts)


def _resemble(one: np.ndarray, two: np.ndarray) -> float:
    """Return the correlation of two matrices (pairs,), NaN where one does not vary."""
    one, two = np.tanh(one), np.tanh(two)
    if len(one) < 3 or not np.ptp(one) > 0 or not np.ptp(two) > 0:
        return np.nan
    return float(np.corrcoef(one, two)[0, 1])
