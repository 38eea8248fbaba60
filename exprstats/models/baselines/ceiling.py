"""The reliability of factor scores, and the ceiling that it sets to predictions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows, check_kind, order_levels
from exprstats.errors import DataWarning
from exprstats.measurement import weight_ratings
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.scoring import pick_scoring
from exprstats.options import IccChoice
from exprstats.reliability import Reliability, rate_reliability
from exprstats.reliability.icc.estimands import AGREEMENT, CONSISTENCY
from exprstats.results import Result

LIMITED = "correlation"  # the metric that has a ceiling
_AGREEMENT = AGREEMENT.name_term(averaged=True)
_CONSISTENCY = CONSISTENCY.name_term(averaged=True)


@dataclass(frozen=True, slots=True, eq=False)
class Ceiling(Result):
    """Square roots of the reliability of clip means.

    Attributes
    ----------
    table
        Tidy rows, one a context and the pooled one last: term ``ceiling``, with the limits of the
        reliability's headline interval carried along; ``icc`` names the coefficient.
    level
        Confidence level.
    """

    place: ClassVar[str] = "ceiling"
    table: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return the pooled row."""
        return self.table[self.table["context"].isna()].reset_index(drop=True)

    def name_root(self) -> str:
        """Return the coefficients whose roots the ceilings are."""
        return " or ".join(f"√{name}" for name in dict.fromkeys(self.table["icc"]))

    def sentence(self) -> str:
        """Return the ceilings in APA style."""
        told = [
            f"{'all clips' if pd.isna(row['context']) else row['context']} "
            f"{write_number(row['estimate'], bounded=True)} "
            f"{write_interval(row['conf_low'], row['conf_high'], bounded=True)}"
            for _, row in self.table.iterrows()
        ]
        return (
            "Because of the scores' own unreliability, no prediction can be expected to correlate "
            f"with them above {self.name_root()} of the raters' scores: {'; '.join(told)} "
            f"({write_level(self.level)} CI)."
        )


def rate_ceiling(ratings: pd.DataFrame, factor: Factor, *, level: float = 0.95) -> Ceiling:
    """Rate how high a prediction of the scores could correlate with them at best.

    Each rater's answers are scored by the Bartlett weights, as clips are: the mean of the raters'
    scores of a clip is its score. The ceiling is the square root of the reliability of these
    means: one-way, at the harmonic mean of the numbers of raters, or, where the same raters rated
    all clips, that of consistency, because their levels shift all clips alike. (Sums weighted by
    the loadings are another composite: where one item is much noisier, theirs was .911 for a real
    .990.)

    Parameters
    ----------
    ratings
        RATINGS with ``subject``.
    factor
        From `fit_factor` or `load_factor`.
    level
        Confidence level.

    Returns
    -------
    Ceiling

    Raises
    ------
    DataError
        As in `guess_human` and `rate_reliability`.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things.

    Examples
    --------
    >>> from exprstats.measurement import average_raters, fit_factor
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=40, seed=1).ratings
    >>> items = sorted(ratings["item"].unique())
    >>> factor = fit_factor(average_raters(ratings), items=items)
    >>> rate_ceiling(ratings, factor).tidy()["estimate"].round(1).tolist()
    [0.9]
    """
    weighted = {one: _weight(ratings, factor, one) for one in _list_models(factor)}
    contexts = order_levels(weighted["context"]["context"]) if "context" in weighted else []
    rows = []
    for context in [*contexts, None]:
        sums = weighted["all" if context is None else "context"]
        own = sums if context is None else sums[sums["context"] == context]
        rows.append(_rate_sample(own, context, level))
    return Ceiling(arrange_rows(rows, ("context", "term")), level)


def _list_models(factor: Factor) -> list[Literal["context", "all"]]:
    """Return which models of a factor score clips: those of contexts, and the pooled one."""
    check_kind(factor, Factor, "factor", "fit_factor")
    sound = [one.context for one in pick_scoring(factor.solutions) if not one.flaw]
    kinds: list[Literal["context", "all"]] = ["context"] * any(one is not None for one in sound)
    return [*kinds, "all"] if None in sound else kinds


def _weight(
    ratings: pd.DataFrame, factor: Factor, fitted_on: Literal["context", "all"]
) -> pd.DataFrame:
    with warnings.catch_warnings():
        # What is odd about the raters is said by the reliability of the items.
        warnings.simplefilter("ignore", DataWarning)
        return weight_ratings(ratings, factor, fitted_on=fitted_on)


def _rate_sample(sums: pd.DataFrame, context: Any, level: float) -> dict[str, Any]:
    with warnings.catch_warnings():
        # What is odd about the raters is said by the reliability of the items.
        warnings.simplefilter("ignore", DataWarning)
        found = rate_reliability(sums, model="auto", by=None, level=level).table
    row = found[found["headline"].to_numpy(bool)].iloc[0]
    if row["term"] == _AGREEMENT:
        alike = found["term"].eq(_CONSISTENCY)
        alike &= found["k_rule"].eq(row["k_rule"]) & found["method"].eq(row["method"])
        row = found[alike].iloc[0] if alike.any() else row
    roots = {
        name: float(np.sqrt(row[name])) if row[name] >= 0 else np.nan
        for name in ("estimate", "conf_low", "conf_high")
    }
    note = None if row["estimate"] >= 0 else "the reliability is below 0"
    kept = {name: row[name] for name in ("method", "n_clips", "n_clusters", "raters_per_clip")}
    kept["icc"] = row["term"]
    return {"context": context, "term": "ceiling", **roots, "level": level, **kept, "note": note}


@dataclass(frozen=True, slots=True, eq=False)
class ScoreReliability(Reliability):
    """Intraclass correlations of the raters' own scores, as `rate_scores` gives them."""

    place: ClassVar[str] = "score_reliability"

    def export(self) -> dict[str, Any]:
        """Return the rows."""
        return {self.place: self.tidy()}


def rate_scores(
    ratings: pd.DataFrame, factor: Factor, *, model: IccChoice = "auto", level: float = 0.95
) -> ScoreReliability:
    """Rate how far factor scores would agree with those from other raters.

    Each rater's answers are scored by the Bartlett weights, as clips are; the reliability of a
    clip's score is the intraclass correlation of these ratings. (ω cannot tell it: where
    panels of raters correlated .868, it was .98.)

    Parameters
    ----------
    ratings
        RATINGS that the factor's items are means of.
    factor
        From `fit_factor`; its training fit is used where it has one.
    model
        As in `rate_reliability`; by default the one that the design asks for.
    level
        Confidence level.

    Returns
    -------
    ScoreReliability
        Rows as `rate_reliability` gives them, item ``"score"``: of each context by its own model,
        and pooled (within contexts) by the model of all clips. A context without scores has none.

    Raises
    ------
    DataError
        As in `weight_ratings` and `rate_reliability`.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
    reliability. Psychological Bulletin, 86, 420–428.

    Examples
    --------
    >>> from exprstats.measurement import average_raters, fit_factor
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, seed=1).ratings
    >>> items = sorted(ratings["item"].unique())
    >>> factor = fit_factor(average_raters(ratings), items=items)
    >>> rows = rate_scores(ratings, factor).tidy().query("headline")
    >>> rows[["term", "estimate"]].round(2).to_records(index=False).tolist()
    [('ICC(1,k)', 0.83)]
    """
    found = []
    for fitted_on in _list_models(factor):
        weighted = _weight(ratings, factor, fitted_on)
        by = "context" if factor.by else None
        cluster = "subject" if "subject" in weighted else None
        how = {"model": model, "by": by, "cluster": cluster, "level": level}
        found.append((fitted_on, rate_reliability(weighted, **how)))
    kept = [
        [table[table["context"].notna() == (fitted_on == "context")] for table in tables]
        for fitted_on, one in found
        for tables in [(one.table, one.design)]
    ]
    rows, design = (pd.concat(tables, ignore_index=True) for tables in zip(*kept, strict=True))
    return ScoreReliability(rows, design, level)
