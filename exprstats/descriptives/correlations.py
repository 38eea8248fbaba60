"""Correlations of features with a score, between people and within them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr

from exprstats.apa import count_things, tell_p, write_number
from exprstats.contracts import (
    arrange_rows,
    find_empty,
    find_unnumbers,
    order_levels,
    require_columns,
)
from exprstats.errors import DataError, Problem
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.clustered import find_varying
from exprstats.inference.resampling.clusters import Panel
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import jackknife_clusters
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.options import check_columns, check_level, take_columns
from exprstats.parallel import limit_threads
from exprstats.results import Result

FEWEST = 4  # people, for a correlation of their means with an interval
TERMS = {"between": "correlation_between", "within": "correlation_within"}
KEYS = ("context", "feature", "term")


@dataclass(frozen=True, slots=True, eq=False)
class FeatureCorrelations(Result):
    """Correlations of features with a score, of people's means and of clips within people.

    Attributes
    ----------
    table
        Tidy rows: context, feature, term (``"between"``: of people's means; ``"within"``: of
        clips less their person's mean), method (``"jackknife"``, over people; ``"pearson"`` for
        between, ``"rm_corr"`` for within), then the estimate columns and df. ``p_adjusted`` is
        Holm's over the features, within context, term and method.
    target
        What the features were correlated with.
    level
        Confidence level.
    n_left_out
        Clips without a value of the target or of a feature.
    """

    place: ClassVar[str] = "feature_correlations"
    table: pd.DataFrame
    target: str
    level: float
    n_left_out: int = 0

    def glance(self) -> pd.DataFrame:
        """Return one row: how many features, people and clips there are."""
        table = self.table
        row = {"features": table["feature"].nunique(), "n_left_out": self.n_left_out}
        return pd.DataFrame(
            [row | {name: int(table[name].max()) for name in ("n_clips", "n_clusters")}]
        )

    def list_largest(self, context: str | None = None) -> pd.DataFrame:
        """Return the headline rows of a context, features by their larger r first."""
        here = (
            self.table["context"].isna() if context is None else self.table["context"].eq(context)
        )
        rows = self.table[here & self.table["headline"]]
        size = rows["estimate"].abs().groupby(rows["feature"], sort=False).max()
        order = {name: -one if pd.notna(one) else 1.0 for name, one in size.items()}
        return rows.sort_values("feature", key=lambda names: names.map(order), kind="stable")

    def sentence(self) -> str:
        """Return the largest correlation between people and within them, and how many are sure."""
        rows = self.list_largest()
        told = []
        for term in TERMS:
            known = rows[rows["term"].eq(term) & rows["estimate"].notna()]
            if known.empty:
                told.append(f"No correlation {term} people is defined.")
                continue
            row = known.iloc[int(known["estimate"].abs().to_numpy().argmax())]
            if known["p_adjusted"].isna().all():
                r = write_number(row["estimate"], bounded=True)
                most = f"{row['feature']}{'' if len(known) == 1 else ' most'}: r = {r}"
                lacks = f"no correlation with {self.target} could be tested ({most})"
                told.append(f"{term.capitalize()} people, {lacks}.")
                continue
            clear = known[known["p_adjusted"].lt(1 - self.level)]
            sure, size = len(clear), len(known)
            # What is called the largest of some that are significant is one of them.
            held = clear if sure else known
            row = held.iloc[int(held["estimate"].abs().to_numpy().argmax())]
            if size == 1:
                who = f"{row['feature']} {'correlates' if sure else 'does not correlate'}"
            else:
                some = count_things(sure, "features correlates", "features correlate", of=size)
                who = some if sure else f"none of {size} features correlates"
            most = "" if size == 1 else f"{row['feature']} most: "
            told.append(
                f"{term.capitalize()} people, {who} significantly with {self.target} "
                f"({most}r = {write_number(row['estimate'], bounded=True)}, "
                f"p {tell_p(row['p_adjusted'])})."
            )
        return " ".join(told)


def correlate_features(
    table: pd.DataFrame,
    features: Sequence[str] | str,
    *,
    target: str = "score",
    pooled_target: str | None = None,
    by: str | None = None,
    subject: str = "subject",
    level: float = 0.95,
) -> FeatureCorrelations:
    """Correlate features with a score between people, and within people.

    Both questions differ: people who smile more on average may score higher, while a person's own
    clips with more smiling need not. A correlation of all clips mixes the two.

    Parameters
    ----------
    table
        One row per clip.
    features
        Columns of numbers.
    target
        Column of the score.
    pooled_target
        Column of the score over all contexts, where it is another one.
    by
        Column of contexts, which are also looked at alone; or None.
    subject
        Column of people.
    level
        Confidence level.

    Returns
    -------
    FeatureCorrelations
        Two correlations of each feature in each context and over all, each with the cluster
        interval (people left out one by one, on Fisher's z; within people only those who have two
        clips or more that vary, whom ``n_clusters`` counts) and with the usual one: Pearson's r
        of people's means, and the repeated-measures correlation of clips.

    Raises
    ------
    DataError
        If a column is absent, empty or holds no numbers, or no clip is complete.
    OptionError
        If the level is no share.

    Notes
    -----
    The repeated-measures correlation (Bakdash & Marusich, 2017) is that of clips less their
    person's means, with N - people - 1 degrees of freedom. Both are computed in closed form, for
    all features at once; they equal ``pairwise_corr`` and ``rm_corr`` of pingouin, whose analysis
    of covariance takes seconds for each feature of a study of 140 people. The usual intervals take
    a person's clips as independent beyond the person's mean; the cluster intervals do not. Over
    several contexts, both include differences between contexts.

    References
    ----------
    Bakdash, J. Z., & Marusich, L. R. (2017). Repeated measures correlation. *Frontiers in
    Psychology, 8*, 456. https://doi.org/10.3389/fpsyg.2017.00456

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"subject": np.repeat(range(20), 5), "smile": rng.normal(size=100)})
    >>> clips["score"] = clips["smile"] + rng.normal(size=100)
    >>> found = correlate_features(clips, "smile").table
    >>> found[["term", "method"]].agg(" ".join, axis=1).tolist()
    ['between jackknife', 'between pearson', 'within jackknife', 'within rm_corr']
    """
    check_level(level)
    given = [features] if isinstance(features, str) else take_columns(features, "features")
    names = list(dict.fromkeys(map(str, given)))
    check_columns(target, pooled_target)
    scores: list[str] = [target] if pooled_target is None else [target, pooled_target]
    numbers = list(dict.fromkeys([*names, *scores]))
    require_columns(table, [*numbers, subject, by])
    problems = [*find_unnumbers(table, numbers), *find_empty(table, [subject, by])]
    if problems:
        raise DataError(problems)
    whole = table[table[[*names, scores[-1]]].notna().all(axis=1)]
    if whole.empty:
        raise DataError(Problem("no clip has all features and the target.", "Check the columns."))
    levels = order_levels(whole[by]) if by else []
    levels = levels if len(levels) > 1 else []
    rows: list[dict[str, Any]] = []
    for context in [*levels, None]:
        part = whole if context is None else whole[whole[by].eq(context)]
        truth = (pooled_target or target) if context is None else target
        if part[truth].isna().all():
            continue  # a context whose factor model has no scores of its own
        part = part[part[truth].notna()]
        found = _correlate(part, names, truth, subject, level)
        named = None if context is None else str(context)
        rows += [{"context": named, **row, "level": level} for row in found]
    return FeatureCorrelations(arrange_rows(rows, KEYS), target, level, len(table) - len(whole))


def _correlate(
    part: pd.DataFrame, names: list[str], target: str, subject: str, level: float
) -> list[dict[str, Any]]:
    codes, people = pd.factorize(part[subject].astype(str))
    features = part[names].to_numpy(float)
    panel = Panel(part[target].to_numpy(float), features.T.copy(), codes, len(people))
    with limit_threads():
        evaluation = Evaluation(panel, find_metrics(list(TERMS.values())))
        whole, without = evaluation.measure_whole(), evaluation.measure_without()
    every = np.ones(len(people), dtype=bool)
    active = {"between": every, "within": find_varying(panel)}
    few, single = f"fewer than {FEWEST} people: no interval", "too few clips within people"
    usual = {
        "between": ("pearson", _test(whole[0], len(people) - 2, level, few)),
        "within": ("rm_corr", _test(whole[1], len(part) - len(people) - 1, level, single)),
    }

    def pick(block: dict[str, Any], line: int) -> list[tuple[str, Any]]:
        return [(key, values[line]) for key, values in block.items()]

    rows = []
    for place, term in enumerate(TERMS):
        own = active[term]
        counts = {"n_clips": int(own[codes].sum()), "n_clusters": int(own.sum())}
        cluster = _jackknife(whole[place], without[place][:, own], level)
        if own.sum() < len(people):
            rest = f"rests on the {own.sum():,} of {len(people):,} people whose clips vary"
            cluster["note"] = ["; ".join(filter(None, (one, rest))) for one in cluster["note"]]
        for method, block in (("jackknife", cluster), usual[term]):
            block["p_adjusted"] = adjust_holm(block["p_value"])
            rows += [
                {"feature": name, "term": term, "method": method, "headline": method == "jackknife"}
                | {"estimate": float(whole[place][line]), **counts}
                | {
                    key: one[line] if key == "note" else float(one[line])
                    for key, one in block.items()
                }
                for line, name in enumerate(names)
            ]
    order = {name: line for line, name in enumerate(names)}
    return sorted(rows, key=lambda row: order[row["feature"]])


def _jackknife(estimates: np.ndarray, without: np.ndarray, level: float) -> dict[str, Any]:
    """Return the cluster intervals of one kind of correlation, on Fisher's z."""
    size, people = without.shape
    free = np.full(size, float(people - 1))
    if people < FEWEST:
        empty = {name: np.full(size, np.nan) for name in ("std_error", "conf_low", "conf_high")}
        note = [f"fewer than {FEWEST} people: no interval"] * size
        return {**empty, "p_value": np.full(size, np.nan), "df": free, "note": note}
    found = jackknife_clusters(
        estimates, without, level=level, scales=np.full(size, "fisher", dtype=object)
    )
    flat = ~(found.std_error > 1e-12)
    lacks = np.where(
        np.isnan(without).any(axis=1),
        "no interval: without one of the people nothing varies",
        "no interval: it is the same whoever is left out",
    )
    lacks = np.where(np.isnan(estimates), "nothing varies", lacks).tolist()
    note = [lack if none else None for lack, none in zip(lacks, flat, strict=True)]
    limits = {
        name: np.where(flat, np.nan, getattr(found, name))
        for name in ("std_error", "conf_low", "conf_high", "p_value")
    }
    return {**limits, "df": free, "note": note}


def _test(estimates: np.ndarray, freedom: int, level: float, lacks: str) -> dict[str, Any]:
    """Return the t test of correlations with so many degrees of freedom, and limits on Fisher's z.

    t = r·√(df/(1 - r²)); z has the standard error 1/√(df - 1): for Pearson's r of n pairs, whose
    df are n - 2, the 1/√(n - 3) of Fisher (1921).
    """
    size = len(estimates)
    found: dict[str, Any] = {"std_error": np.full(size, np.nan)}
    found["df"] = np.full(size, float(freedom))
    if freedom < 2:
        empty = {name: np.full(size, np.nan) for name in ("conf_low", "conf_high", "p_value")}
        return {**found, **empty, "note": [lacks] * size}
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(estimates) * np.sqrt(freedom / (1 - estimates**2))
        reach, z = ndtri((1 + level) / 2) / np.sqrt(freedom - 1), np.arctanh(estimates)
        limits = {"conf_low": np.tanh(z - reach), "conf_high": np.tanh(z + reach)}
    note = [None if np.isfinite(one) else "nothing varies" for one in estimates]
    return {**found, **limits, "p_value": 2 * stdtr(freedom, -t), "note": note}


def count_disagreements(table: pd.DataFrame, level: float) -> tuple[int, int]:
    """Return for how many correlations both methods disagree about 0, and how many there are.

    Examples
    --------
    >>> rows = {"context": None, "feature": "f", "term": "within", "p_adjusted": [0.01, 0.2]}
    >>> count_disagreements(pd.DataFrame({**rows, "method": ["jackknife", "rm_corr"]}), 0.95)
    (1, 1)
    """
    known = table[table["p_adjusted"].notna()]
    sure = known["p_adjusted"].lt(1 - level)
    keys = [known[name].astype(object).where(known[name].notna(), "") for name in KEYS]
    groups = sure.groupby(keys, sort=False)
    both = groups.size().gt(1)
    return int((groups.nunique().gt(1) & both).sum()), int(both.sum())
