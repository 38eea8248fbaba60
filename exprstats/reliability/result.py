"""What `rate_reliability` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from exprstats.numerals import write_count, write_interval, write_level, write_number
from exprstats.results import Result
from exprstats.words import IccModel

LOWEST = -10.0
NOTABLE = 1.5
_METHODS = {
    "f": "F interval, clips treated as independent",
    "satterthwaite": "Satterthwaite interval, clips treated as independent",
    "jackknife": "cluster jackknife",
    "none": "no interval",
}


@dataclass(frozen=True, slots=True, eq=False)
class Reliability(Result):
    """Intraclass correlations of ratings, by context and item.

    Attributes
    ----------
    table
        Tidy rows: context, item, term, k_rule, raters_per_clip, estimator, n_raters, estimate,
        std_error, conf_low, conf_high, level, method, headline, n_clips, n_clusters, note.
        Contexts come first, pooled rows (context None) last.
    design
        One row for each context and item: counts, range, mean squares, components.
    level
        Confidence level.
    model
        The model that was asked for.
    r_call, r_versions
        The R call behind REML rows and the versions of R and lme4; None and empty without R.
    """

    table: pd.DataFrame
    design: pd.DataFrame
    level: float
    model: IccModel = "one-way"
    r_call: str | None = None
    r_versions: dict[str, str] = field(default_factory=dict)

    def glance(self) -> pd.DataFrame:
        """Return one row: the model, the level, and the counts of the pooled ratings."""
        pooled = self.design[self.design["context"].isna()]
        row: dict[str, Any] = {
            "model": self.model,
            "level": self.level,
            "n_contexts": int(self.design["context"].nunique()),
            "n_items": len(pooled),
            "n_ratings": int(pooled["n_ratings"].sum()),
            "n_missing": int(pooled["n_missing"].sum()),
        }
        row |= {name: pooled[name].max() for name in ("n_clips", "n_raters", "n_clusters")}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the headline coefficients in APA style, one sentence a context and item."""
        shown = self.table[self.table["headline"]]
        texts = [_write_sentence(row) for row in shown.to_dict("records")]
        return " ".join([*texts, *_explain_widths(self.design["design_effect"].max())])


def _explain_widths(effect: float) -> list[str]:
    """Return what the F interval misses, where its variance is too small by half or more."""
    if not effect >= NOTABLE:
        return []
    return [
        "Clips of one subject, and ratings of one rater, hang together: the intervals that take "
        f"clips as independent are too narrow by a factor of up to {effect**0.5:.1f} (design "
        f"effect {effect:.1f})."
    ]


def _write_sentence(row: dict[Any, Any]) -> str:
    place = "" if _absent(row["context"]) else f" in {row['context']}"
    text = (
        f"Ratings of {row['item']}{place}: {row['term']} = "
        f"{write_number(row['estimate'], bounded=True, lowest=LOWEST)}, "
        f"{write_level(row['level'])} CI {write_limits(row)} for the mean of "
        f"{write_number(row['raters_per_clip'], 1).removesuffix('.0')} raters "
        f"({write_count(row['n_clips'])} clips{_name_clusters(row)})."
    )
    if row["estimate"] < 0:
        text += " A negative value: clips differ less than their raters' disagreement predicts."
    return text


def write_limits(row: dict[Any, Any]) -> str:
    """Return a row's limits in brackets; a limit that no data could reach is named."""
    if row["conf_low"] == -float("inf"):
        return f"[not attainable, {write_number(row['conf_high'], bounded=True, lowest=LOWEST)}]"
    return write_interval(row["conf_low"], row["conf_high"], bounded=True, lowest=LOWEST)


def _name_clusters(row: dict[Any, Any]) -> str:
    subjects = (
        "" if _absent(row["n_clusters"]) else f" of {write_count(row['n_clusters'])} subjects"
    )
    return f"{subjects}; {_METHODS[row['method']]}"


def _absent(value: Any) -> bool:
    return bool(pd.isna(value))
