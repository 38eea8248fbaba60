"""The highest correlation that scores of finite reliability allow."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.errors import DataWarning
from exprstats.models.answers import weigh_answers
from exprstats.numerals import write_interval, write_level, write_number
from exprstats.reliability import rate_reliability
from exprstats.results import Result
from exprstats.tables import arrange_rows, order_levels

if TYPE_CHECKING:
    from exprstats.measurement import Factor

SUM = "weighted sum"


@dataclass(frozen=True, slots=True, eq=False)
class Ceiling(Result):
    """Square roots of the reliability of clip means.

    Attributes
    ----------
    table
        Tidy rows, one a context and the pooled one last: term ``ceiling``, with the limits of the
        reliability's headline interval carried along.
    level
        Confidence level.
    """

    table: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return the pooled row."""
        return self.table[self.table["context"].isna()].reset_index(drop=True)

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
            f"with them above √ICC(1,k) of the weighted sums of answers: {'; '.join(told)} "
            f"({write_level(self.level)} CI)."
        )


def rate_ceiling(ratings: pd.DataFrame, factor: Factor, *, level: float = 0.95) -> Ceiling:
    """Rate how high a prediction of the scores could correlate with them at best.

    Each rater's answers are weighted by the standardised loadings and summed, as in `guess_human`;
    the ceiling is the square root of the one-way reliability of the sums' means over the raters of
    a clip, at the harmonic mean of their numbers.

    Parameters
    ----------
    ratings
        RATINGS with ``subject``.
    factor
        From `fit_factor`.
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
    """
    answers = weigh_answers(ratings, factor)
    contexts = order_levels(answers["context"]) if factor.by else []
    rows = []
    for context in [*contexts, None]:
        column = "sum" if context is None else "sum_context"
        own = answers if context is None else answers[answers["context"] == context]
        rows.append(_rate_sample(own.assign(rating=own[column], item=SUM), context, level))
    return Ceiling(arrange_rows(rows, ("context", "term")), level)


def _rate_sample(sums: pd.DataFrame, context: Any, level: float) -> dict[str, Any]:
    with warnings.catch_warnings():
        # What is odd about the raters is said by the reliability of the items.
        warnings.simplefilter("ignore", DataWarning)
        found = rate_reliability(sums, by=None, level=level).table
    row = found[found["headline"].to_numpy(bool)].iloc[0]
    roots = {
        name: float(np.sqrt(row[name])) if row[name] >= 0 else np.nan
        for name in ("estimate", "conf_low", "conf_high")
    }
    note = None if row["estimate"] >= 0 else "the reliability is below 0"
    kept = {name: row[name] for name in ("method", "n_clips", "n_clusters", "raters_per_clip")}
    return {"context": context, "term": "ceiling", **roots, "level": level, **kept, "note": note}
