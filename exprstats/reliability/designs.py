"""What a table of ratings is, which coefficients it identifies, and how to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.reliability.identification import judge_estimands, recommend_estimand
from exprstats.reliability.links import Links, link_panel
from exprstats.reliability.panels import Panel
from exprstats.reliability.ratings import split_panels
from exprstats.reliability.wordings import describe_links
from exprstats.results import Result
from exprstats.tables import RATINGS, require_columns


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

    table: pd.DataFrame
    coefficients: pd.DataFrame

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

    Raises
    ------
    DataError
        If the table breaks its contract or holds no rating.

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
    key = dict.fromkeys((*([by] if by else []), *RATINGS.key))
    repeated = ratings.duplicated([name for name in key if name in ratings.columns])
    panels = split_panels(ratings[~repeated], items=items, by=by, cluster=cluster)
    filled = [panel for panel in panels if panel.rating.size]
    if not filled:
        raise DataError(Problem("all ratings are missing.", "Check the file.", column="rating"))
    extra = ratings[repeated]
    links = [link_panel(panel) for panel in filled]
    return Design(
        pd.DataFrame(
            [
                _write_row(panel, link, _count_extra(extra, panel, by))
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
        | {
            "n_missing": panel.n_missing,
            "n_replicates": replicates,
            "recommended": recommend_estimand(links).name_term(averaged=True),
        }
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
