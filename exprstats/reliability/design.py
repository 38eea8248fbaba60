"""The design of a ratings table and the coefficients it identifies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.codes import repeats_rows
from exprstats.contracts import RATINGS, require_columns
from exprstats.errors import NO_RATING, DataError, Problem
from exprstats.io.guards.tables import guard_ratings
from exprstats.reliability.icc.estimands import (
    CROSSED,
    NESTED,
    Links,
    choose_estimand,
    judge_estimands,
    link_panel,
)
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

_KINDS = {
    "crossed": "every rater rated every clip (fully crossed)",
    "crossed with gaps": "every rater rated every clip but a few (crossed with gaps)",
    "one-way": "every rating comes from a rater of its own (one-way)",
    NESTED: "each rater rated clips of one subject only (nested)",
    "mixed": "some raters rated clips of one subject only, others of several (mixed)",
    "partly crossed": "raters share clips without rating all of them (partly crossed)",
    "crossed in blocks": "raters and clips form {blocks} sets that share nothing",
}


@dataclass(frozen=True, slots=True, eq=False)
class Design(Result):
    """The design of ratings.

    Attributes
    ----------
    table
        One row for each context and item: kind and counts (see `Links`), ``n_missing``,
        ``n_replicates``, and the coefficient to report.
    coefficients
        One row for each context, item and coefficient: whether it is identified, and why.
    """

    place: ClassVar[str] = "design"
    table: pd.DataFrame
    coefficients: pd.DataFrame

    def export(self) -> dict[str, Any]:
        """Return the rows, and the coefficients that the design identifies."""
        return {"designs": self.tidy(), "coefficients": self.coefficients}

    def glance(self) -> pd.DataFrame:
        """Return one row: the kinds of design found, and the counts of the pooled ratings."""
        pooled = self.table[self.table["context"].isna()]
        row: dict[str, Any] = {"kind": " / ".join(dict.fromkeys(pooled["kind"]))}
        row |= {name: pooled[name].max() for name in ("n_clips", "n_raters", "n_subjects")}
        return pd.DataFrame([row | {"n_ratings": int(pooled["n_ratings"].sum())}])

    def sentence(self) -> str:
        """Return the pooled design in words for a paper; items that share it, together."""
        return describe_links(self.table, advised=True)


def describe_design(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
) -> Design:
    """Say what the design of a table of ratings is and what it can tell.

    Nothing is refused but a table that breaks its contract: rows that repeat a clip, rater and
    item are counted as replicates and their first is taken.

    Parameters
    ----------
    ratings, items, by, cluster
        As in `rate_reliability`.

    Returns
    -------
    Design
        Counts, the design's name, the coefficients it identifies and the one to report.

    Raises
    ------
    DataError
        If the table breaks its contract or holds no rating.

    References
    ----------
    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. *Psychological Methods, 1*, 30–46.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame(
    ...     {"clip": list("aabb"), "rater": list("xyxy"), "item": "q", "rating": [1, 2, 4, 4]}
    ... )
    >>> design = describe_design(ratings)
    >>> design.table["kind"].item(), design.table["recommended"].item()
    ('crossed', 'ICC(A,k)')
    """
    require_columns(ratings, ["clip", "rater", "item", "rating"], "ratings")
    ratings = guard_ratings(ratings, by, cluster)
    names = (name for name in (by, *RATINGS.key) if name is not None)
    key = list(dict.fromkeys(name for name in names if name in ratings.columns))
    repeated = np.zeros(len(ratings), bool)
    if repeats_rows(ratings, key):
        repeated = ratings.duplicated(key).to_numpy()
    once = ratings[~repeated] if repeated.any() else ratings
    panels = split_panels(once, items=items, by=by, cluster=cluster)
    filled = [panel for panel in panels if panel.rating.size]
    if not filled:
        raise DataError(Problem(NO_RATING, "Check the file.", column="rating"))
    extra = ratings[repeated]
    links = [link_panel(panel) for panel in filled]
    advice = choose_estimand(filled).name_term(averaged=True)
    return Design(
        pd.DataFrame(
            [
                _write_row(panel, link, _count_extra(extra, panel, by)) | {"recommended": advice}
                for panel, link in zip(filled, links, strict=True)
            ]
        ),
        pd.DataFrame(
            [
                row
                for panel, link in zip(filled, links, strict=True)
                for row in _write_verdicts(panel, link)
            ]
        ),
    )


def _count_extra(extra: pd.DataFrame, panel: Panel, by: str | None) -> int:
    here = extra["item"].astype(str) == panel.item
    if by is not None and panel.context is not None:
        here &= extra[by].astype(str) == panel.context
    return int(here.sum())


def _write_row(panel: Panel, links: Links, replicates: int) -> dict[str, Any]:
    return (
        {"context": panel.context, "item": panel.item}
        | links.write_row()
        | {"n_missing": panel.n_missing, "n_replicates": replicates}
    )


def _write_verdicts(panel: Panel, links: Links) -> list[dict[str, Any]]:
    return [
        {
            "context": panel.context,
            "item": panel.item,
            "term": estimand.name_term(averaged=True),
            "identified": identified,
            "why": why,
            "meaning": estimand.meaning,
        }
        for estimand, identified, why in judge_estimands(links)
    ]


def describe_links(table: pd.DataFrame, *, advised: bool) -> str:
    """Return the pooled rows of a design's table in words; items that share a design, together.

    ``advised``: the coefficient to report is told as well.
    """
    pooled = table[table["context"].isna()].drop(columns="context").to_dict("records")
    told = [_join_items([(row["item"], _write_design(row)) for row in pooled])]
    told += [_join_items([(row["item"], _advise(row)) for row in pooled])] if advised else []
    return " ".join(told)


def _join_items(told: list[tuple[Any, str]]) -> str:
    """Return texts after the items that they hold for; one that holds for all alone."""
    texts: dict[str, list[str]] = {}
    for item, text in told:
        texts.setdefault(text, []).append(str(item))
    if len(texts) == 1:
        return next(iter(texts))
    return " ".join(f"{', '.join(items)}: {text}" for text, items in texts.items())


def _write_design(row: dict[Any, Any]) -> str:
    subjects = (
        "" if pd.isna(row["n_subjects"]) else f" of {count_things(row['n_subjects'], 'subject')}"
    )
    least, most = row["raters_min"], row["raters_max"]
    span = f"{least}" if least == most else f"{least} to {most} (median {row['raters_median']:g})"
    kind = _KINDS[row["kind"]].format(blocks=write_count(row["blocks"]))
    filled = write_number(100 * row["density"], 0)
    text = (
        f"Each of {write_count(row['n_clips'])} clips{subjects} was rated by {span} of "
        f"{write_count(row['n_raters'])} raters; {kind}"
    )
    if row["density"] < 1:
        text += f", {filled}% of all clip-by-rater cells are filled"
    if row["n_replicates"]:
        repeats = count_things(row["n_replicates"], "rating repeats", "ratings repeat")
        text += f", and {repeats} another"
    return f"{text}."


def _advise(row: dict[Any, Any]) -> str:
    if row["recommended"] == "ICC(A,k)" and row["kind"] not in CROSSED:
        return (
            "Within each context all clips have the same raters: ICC(A,k) for the raters' mean "
            "where their level matters, ICC(C,k) where only the order of clips does."
        )
    if row["recommended"] == "ICC(A,k)":
        return (
            "Two-way coefficients are identified: ICC(A,k) for the raters' mean where their level "
            "matters, ICC(C,k) where only the order of clips does."
        )
    if row["kind"] in CROSSED and row["n_raters"] > 1:
        return (
            "Other items or contexts have raters who differ from clip to clip: report the one-way "
            "ICC(1,k) for all of them."
        )
    return (
        "Clip means come from different raters, whose differences stay in them: report the "
        "one-way ICC(1,k)."
    )
