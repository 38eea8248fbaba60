"""Chance-corrected agreement of categories: coefficients as sums over clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy.sparse import coo_array, csr_array

from exprstats.inference.metrics.classification import correct_fleiss, pair_ratings
from exprstats.options import Weights
from exprstats.reliability.icc.panels import Panel

Metric = Literal["nominal", "linear", "ordinal", "interval", "ratio"]
# Pairs of raters who share fewer clips have a κ that is noise (two raters in all always count).
FEWEST_SHARED = 10
NO_PAIR = f"no pair of raters shares {FEWEST_SHARED} clips"
BLOCK = 4_000_000
TERMS = (
    *("percent_agreement", "positive_agreement", "negative_agreement", "kappa", "conger"),
    *("fleiss", "brennan_prediger", "ac", "alpha"),
)


def holds_words(column: pd.Series) -> bool:
    """Return whether a column holds texts, categories or booleans."""
    return is_bool_dtype(column.dtype) or not is_numeric_dtype(column.dtype)


def number_words(
    ratings: pd.DataFrame, labels: Mapping[float, str] | None
) -> tuple[pd.DataFrame, Mapping[float, str]]:
    """Return ratings whose words are numbers, and the words; as they are where some are numbers."""
    words = ratings["rating"].map(str, na_action="ignore")
    if labels is None:
        labels = {float(place): name for place, name in enumerate(sorted(set(words.dropna())), 1)}
    numbers = words.map({name: number for number, name in labels.items()})
    if pd.to_numeric(words, errors="coerce").notna().any() or numbers.isna().ne(words.isna()).any():
        return ratings, {}
    return ratings.assign(rating=numbers.astype(float)), labels


def weigh_values(values: np.ndarray, weights: Weights) -> np.ndarray:
    """Return the agreement (q, q) of every two of the scale's values (q,), 1 for equal ones.

    Distances are those of the values, not of the ranks of those that happened to be used: on a
    scale from 0 to 4 of which 0, 1 and 4 were used, 4 is four times as far from 0 as 1 is.

    Examples
    --------
    >>> weigh_values(np.array([0.0, 1.0, 4.0]), "linear").tolist()
    [[1.0, 0.75, 0.0], [0.75, 1.0, 0.25], [0.0, 0.25, 1.0]]
    """
    if weights == "identity":
        return np.eye(len(values))
    apart = np.abs(np.subtract.outer(values, values)) / (values.max() - values.min())
    return 1 - (apart if weights == "linear" else apart**2)


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything that agreement coefficients are made of, as sums per cluster of clips.

    Attributes
    ----------
    scale
        The scale's values (q,) in ascending order.
    agree
        Agreement (q, q) of every two values.
    metric
        Disagreement of two values in Krippendorff's α.
    declared
        Whether the scale was declared: what chance does without it is not known.
    sums
        One row (G, m) a cluster: clips with two ratings, their weighted and plain agreement, clips
        with a rating, the shares of values in them (q), specific agreement (2q), coincidences (q²).
    raters
        How often each rater used each value (G, W·q).
    pairs
        How often each pair of raters used each two values (G, P·q²).
    who
        The raters (P, 2) of each pair.
    n_raters
        W.
    """

    scale: np.ndarray
    agree: np.ndarray
    metric: Metric
    declared: bool
    sums: np.ndarray
    raters: csr_array
    pairs: csr_array
    who: np.ndarray
    n_raters: int


def tally_panel(
    panel: Panel, values: np.ndarray, weights: Weights, metric: Metric, *, declared: bool
) -> Tally:
    """Return the tally of a panel whose ratings are all among the values (q,)."""
    q, n, owner = len(values), panel.n_clips, panel.owners
    code = np.searchsorted(values, panel.rating)
    counts = np.bincount(panel.clip * q + code, minlength=n * q).reshape(n, q).astype(float)
    agree = weigh_values(values, weights)
    found = pair_ratings(counts, agree)
    together = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(q)
    together *= (found.paired / np.maximum(counts.sum(axis=1) - 1, 1))[:, None, None]
    single = (found.paired, found.agreed, found.alike, found.rated)
    columns = [
        *(one[:, None] for one in single),
        found.shares,
        found.same,
        found.possible,
        together.reshape(n, q * q),
    ]
    groups = int(owner.max()) + 1
    adder = csr_array((np.ones(n), (owner, np.arange(n))), shape=(groups, n))
    who, by_pair = _tally_pairs(panel, code, q, groups)
    place = (panel.cluster, panel.rater * q + code)
    shape = (groups, panel.n_raters * q)
    raters = coo_array((np.ones(len(code)), place), shape=shape).tocsr()
    sums = adder @ np.concatenate(columns, axis=1)
    return Tally(values, agree, metric, declared, sums, raters, by_pair, who, panel.n_raters)


def _tally_pairs(
    panel: Panel, code: np.ndarray, q: int, groups: int
) -> tuple[np.ndarray, csr_array]:
    """Return the pairs of raters (P, 2) with enough clips in common, and their confusions."""
    order = np.lexsort((panel.rater, panel.clip))
    clip, rater, value = panel.clip[order], panel.rater[order], code[order]
    owner = panel.cluster[order]
    found = []
    # The ratings of a clip that lie ``step`` places apart are all its pairs, step by step.
    for step in range(1, int(np.bincount(clip).max())):
        one = np.flatnonzero(clip[step:] == clip[:-step])
        two = one + step
        found.append((rater[one] * panel.n_raters + rater[two], value[one] * q + value[two], one))
    pair, cell, first = (np.concatenate(part) for part in zip(*found, strict=True))
    names, number, shared = np.unique(pair, return_inverse=True, return_counts=True)
    kept = shared >= (2 if panel.n_raters == 2 else FEWEST_SHARED)
    place, use = np.cumsum(kept) - 1, kept[number]
    columns = place[number[use]] * q * q + cell[use]
    shape = (groups, int(kept.sum()) * q * q)
    table = coo_array((np.ones(len(columns)), (owner[first[use]], columns)), shape=shape)
    return np.stack(np.divmod(names[kept], panel.n_raters), axis=1), table.tocsr()


def measure_agreements(tally: Tally, times: np.ndarray) -> dict[str, np.ndarray]:
    """Return every coefficient (B,) with clusters counted so many times (B, G).

    The form is that of Gwet (2014): (p_a − p_e)/(1 − p_e), with an agreement by chance p_e that
    each coefficient takes from elsewhere.
    """
    q = len(tally.scale)
    sums = times @ tally.sums
    ends = np.cumsum([1, 1, 1, 1, q, q, q])
    parts = np.split(sums, ends, axis=1)
    clips, weighted, plain, rated, shares, same, possible, together = parts
    with np.errstate(divide="ignore", invalid="ignore"):
        p_a = (weighted / clips)[:, 0]
        pi = shares / rated
        found = {"percent_agreement": (plain / clips)[:, 0]}
        found["fleiss"] = correct_fleiss(p_a, pi, tally.agree)
        chances = {"conger": _find_conger(tally, times)}
        # Both take all values that could have been chosen as equally likely.
        every = tally.agree.sum() if tally.declared else np.nan
        chances["brennan_prediger"] = np.full(len(times), every / q**2)
        chances["ac"] = every * (pi * (1 - pi)).sum(axis=1) / (q * (q - 1))
        found |= {name: (p_a - p_e) / (1 - p_e) for name, p_e in chances.items()}
        if q == 2:
            specific = same / possible
            found |= {"negative_agreement": specific[:, 0], "positive_agreement": specific[:, 1]}
        found["alpha"] = _find_alpha(tally, together.reshape(-1, q, q))
    kappas = [_average(find_kappas(tally, block)) for block in _split_blocks(tally, times)]
    found["kappa"] = np.concatenate(kappas)
    return {name: found[name] for name in TERMS if name in found}


def _find_conger(tally: Tally, times: np.ndarray) -> np.ndarray:
    """Return Conger's (1980) agreement by chance: pairs of different raters, each with its own use.

    Written as the mean over all pairs less that of each rater with itself, so that it needs no
    loop over pairs.
    """
    q, raters = len(tally.scale), range(tally.n_raters)
    chance = []
    for block in np.array_split(times, 1 + len(times) * len(raters) * q // BLOCK):
        used = np.asarray(block @ tally.raters).reshape(len(block), len(raters), q)
        total = used.sum(axis=2, keepdims=True)
        share = np.where(total > 0.5, used / np.maximum(total, 1), 0.0)
        active = (total[:, :, 0] > 0.5).sum(axis=1)
        whole = share.sum(axis=1)
        every = np.einsum("bk,kl,bl->b", whole, tally.agree, whole)
        own = np.einsum("bgk,kl,bgl->b", share, tally.agree, share)
        chance.append((every - own) / (active * (active - 1)))
    return np.concatenate(chance)


def _find_alpha(tally: Tally, together: np.ndarray) -> np.ndarray:
    """Return Krippendorff's (2011) α from coincidences (B, q, q), 1 − (N − 1)·Σoδ/Σnnδ."""
    used = together.sum(axis=2)
    points = tally.scale
    if tally.metric == "ordinal":
        middle = np.cumsum(used, axis=1) - used / 2
        apart = (middle[:, :, None] - middle[:, None, :]) ** 2
    else:
        gaps = np.abs(np.subtract.outer(points, points))
        sizes = np.abs(np.add.outer(points, points))
        ratios = np.divide(gaps, sizes, out=np.zeros_like(gaps), where=sizes > 0)
        costs = {"nominal": gaps > 0, "linear": gaps, "interval": gaps**2, "ratio": ratios**2}
        apart = costs[tally.metric].astype(float)[None]
    observed = (together * apart).sum(axis=(1, 2))
    chance = (used[:, :, None] * used[:, None, :] * apart).sum(axis=(1, 2))
    return np.where(chance > 0, 1 - (used.sum(axis=1) - 1) * observed / chance, np.nan)


def find_kappas(tally: Tally, times: np.ndarray) -> np.ndarray:
    """Return Cohen's (1968) weighted κ of each pair of raters (B, P); NaN where it is undefined."""
    q = len(tally.scale)
    counts = np.asarray(times @ tally.pairs).reshape(len(times), len(tally.who), q, q)
    cost = 1 - tally.agree
    total = counts.sum(axis=(2, 3))
    rows, columns = counts.sum(axis=3), counts.sum(axis=2)
    chance = np.einsum("bpk,kl,bpl->bp", rows, cost, columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = 1 - total * np.einsum("bpkl,kl->bp", counts, cost) / chance
    return np.where(chance > 1e-9, kappa, np.nan)


def _split_blocks(tally: Tally, times: np.ndarray) -> Iterator[np.ndarray]:
    size = max(1, BLOCK // (1 + len(tally.who) * len(tally.scale) ** 2))
    for start in range(0, len(times), size):
        yield times[start : start + size]


def _average(kappas: np.ndarray) -> np.ndarray:
    """Return the mean over the pairs (B, P) whose κ is defined."""
    defined = ~np.isnan(kappas)
    with np.errstate(invalid="ignore"):
        return np.where(defined, kappas, 0.0).sum(axis=1) / defined.sum(axis=1)


def list_pairs(panel: Panel, tally: Tally, names: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield one row for each pair of raters: clips in common, agreement, and κ."""
    q = len(tally.scale)
    counts = np.asarray(tally.pairs.sum(axis=0)).reshape(-1, q, q)
    kappas = find_kappas(tally, np.ones((1, len(tally.sums))))[0]
    for (one, two), table, kappa in zip(tally.who, counts, kappas, strict=True):
        yield {
            "context": panel.context,
            "item": panel.item,
            "rater_1": names[one],
            "rater_2": names[two],
            "n_shared": int(table.sum()),
            "percent_agreement": float(np.trace(table) / table.sum()),
            "kappa": float(kappa),
        }


def list_confusions(panel: Panel, tally: Tally, names: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield one row for each pair of raters and pair of values that occurs: how often."""
    q = len(tally.scale)
    counts = np.asarray(tally.pairs.sum(axis=0)).reshape(-1, q, q)
    for pair, one, two in np.argwhere(counts > 0):
        yield {
            "context": panel.context,
            "item": panel.item,
            "rater_1": names[tally.who[pair, 0]],
            "rater_2": names[tally.who[pair, 1]],
            "value_1": float(tally.scale[one]),
            "value_2": float(tally.scale[two]),
            "count": int(counts[pair, one, two]),
        }


def name_agreements(weights: Weights, metric: Metric) -> Mapping[str, str]:
    """Return what sentences call each coefficient."""
    told = {"identity": "no weights", "linear": "linear weights", "quadratic": "quadratic weights"}
    return {
        "percent_agreement": "percent agreement",
        "positive_agreement": "positive agreement",
        "negative_agreement": "negative agreement",
        "kappa": f"mean κ of pairs of raters ({told[weights]})",
        "conger": f"Conger's κ ({told[weights]})",
        "fleiss": f"Fleiss' κ ({told[weights]})",
        "brennan_prediger": f"Brennan–Prediger coefficient ({told[weights]})",
        "ac": f"Gwet's {'AC1' if weights == 'identity' else 'AC2'} ({told[weights]})",
        "alpha": f"Krippendorff's α ({metric})",
    }
