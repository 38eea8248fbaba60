"""Whether features weigh differently in different contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.models.designs import Design, build_design
from exprstats.models.differences import list_differences, list_slopes, list_weights
from exprstats.models.joint import fit_jointly, list_contexts
from exprstats.models.outcomes import note_few
from exprstats.models.resamples import check_resampling, count_resampled, list_draws
from exprstats.models.tuning import ALPHAS, L1_RATIOS, check_grid
from exprstats.numerals import count_things, tell_p, write_interval, write_level, write_number
from exprstats.parallel import Seed
from exprstats.results import Result
from exprstats.tables import arrange_rows

KEYS = ("context", "versus", "part", "term", "feature")


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts(Result):
    """Differences between the weights of contexts that share one penalty.

    Attributes
    ----------
    table
        Tidy rows. ``weight``: a feature's weight in a context, in units of the target for one
        pooled SD of the feature. ``difference``: context minus versus, with percentile interval,
        p, Holm's p and max-|t| p over all differences (method ``"percentile"``, the headline), and
        the same by ordinary least squares without a penalty (method ``"ols"``), with jackknife-t
        intervals and p over subjects and Holm's p.
    refits
        Weights in every resample: context, draw, feature, estimate.
    alpha, l1_ratio
        The penalty that all contexts share.
    level
        Confidence level.
    n_clusters
        Subjects that were resampled.
    """

    table: pd.DataFrame
    refits: pd.DataFrame
    alpha: float
    l1_ratio: float
    level: float
    n_clusters: int

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
        """Return the differences that hold after adjustment, in APA style, with and without it."""
        differences = self.table[self.table["term"] == "difference"]
        rows = differences[differences["headline"] & differences["estimate"].notna()]
        found = rows[rows["p_max_t"] < 1 - self.level]
        opening = (
            f"With one penalty for all contexts (alpha = {self.alpha:g}, L1 ratio = "
            f"{self.l1_ratio:g}), {len(found)} of {len(rows)} differences between contexts' "
            f"weights held at the {write_level(1 - self.level)} level after adjustment for their "
            "number (max-|t|)"
        )
        told = [
            f"{row['feature']} in {row['context']} minus {row['versus']} "
            f"{write_number(row['estimate'])} "
            f"{write_interval(row['conf_low'], row['conf_high'])}, "
            f"p {tell_p(row['p_max_t'])}"
            for _, row in found.iterrows()
        ]
        opening += f": {'; '.join(told)}." if told else "."
        return f"{opening} {self._describe_slopes(differences)}"

    def _describe_slopes(self, differences: pd.DataFrame) -> str:
        """Return what the same differences are without a penalty."""
        rows = differences[differences["method"].eq("ols") & differences["p_adjusted"].notna()]
        if rows.empty:
            return "Without a penalty no difference could be tested."
        held = rows[rows["p_adjusted"] < 1 - self.level]
        named = [
            f"{row['feature']} in {row['context']} minus {row['versus']} "
            f"{write_number(row['estimate'])}, p {tell_p(row['p_adjusted'])}"
            for _, row in held.iterrows()
        ]
        text = (
            f"Without a penalty, by least squares (jackknife-t over subjects, Holm), {len(held)} "
            f"of {len(rows)} held"
        )
        return f"{text}: {'; '.join(named)}." if named else f"{text}."


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

    The penalty pulls differences towards zero, and the percentile test is the more cautious for it:
    where slopes are equal it calls fewer of them different than the level allows. And a feature
    that varies less in one context than in another is still shrunken more there. The least-squares
    rows have no penalty: all features of all contexts at once, tested by leaving out subjects. They
    call equal slopes different at the level that was asked (.04 to .05 of tests at .05 with 24 to
    84 training subjects), find more, and tell whether a difference rests on the penalty.

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
    Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing.
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
    found = fit_jointly(design, penalties, draws=draws, seed=seed, n_jobs=n_jobs)
    if found is None:
        fact = "a context's training target does not vary, or it has no validation clips."
        raise DataError(Problem(fact, "Leave this context out.", column=target))
    weights, point, refits = found
    rows = list_weights(design, weights, refits, level)
    rows += list_differences(design, weights, refits, level)
    rows += list_slopes(design, level)
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
