"""Comparison of scoring methods: agreement, ranks and variance between subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, get_args

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_number
from exprstats.codes import number_ids
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem
from exprstats.measurement.factor.model import Factor, find_clusters
from exprstats.measurement.factor.moments import share_between
from exprstats.measurement.factor.solution import name_fit
from exprstats.measurement.scores import score_clips
from exprstats.options import ScoreMethod, check_columns
from exprstats.results import Result

KEYS = ("context", "fitted_on", "term", "score", "versus")


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCard(Result):
    """How the kinds of scores compare.

    Attributes
    ----------
    table
        context fitted_on term score versus estimate n_clips n_clusters note. Terms:
        ``correlation`` (Pearson) of two kinds; ``rank_change``, the mean distance of a clip's
        ranks under two kinds, as a share of the clips; ``rank_change_largest``, the largest;
        ``between_share``, the share of a kind's variance that lies between subjects (one-way
        ICC(1), may be negative).
    """

    place: ClassVar[str] = "scorecard"
    table: pd.DataFrame

    def glance(self) -> pd.DataFrame:
        """Return one row: the lowest correlation, the largest change of rank."""
        terms = self.table.set_index("term")["estimate"]
        facts = {
            "lowest_correlation": float(terms.loc[["correlation"]].min()),
            "largest_rank_change": float(terms.loc[["rank_change_largest"]].max()),
            "n_clips": int(self.table["n_clips"].max()),
        }
        return pd.DataFrame([facts])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        facts = self.glance().iloc[0]
        rows = self.table[self.table["term"] == "between_share"]
        told = (
            f"Bartlett, regression and mean scores correlated at least"
            f" r = {write_number(facts['lowest_correlation'], 3, bounded=True)}; no clip's rank"
            f" moved by more than {write_number(100 * facts['largest_rank_change'], 1)}% of the"
            " clips."
        )
        if rows.empty:
            return told
        share = rows[rows["score"] == "bartlett"]["estimate"].iloc[-1]
        return (
            f"{told} Of the variance of Bartlett scores,"
            f" {write_number(100 * share, 0)}% lay between subjects."
        )


def compare_scores(
    factor: Factor, items_table: pd.DataFrame, *, subject: str = "subject"
) -> ScoreCard:
    """Compare Bartlett, regression and mean scores of the same clips.

    Parameters
    ----------
    factor
        From `fit_factor`.
    items_table
        The clips to score.
    subject
        Column of subjects; where there is no column ``subject``, the share between subjects is
        left out.

    Returns
    -------
    ScoreCard

    Raises
    ------
    DataError
        Fewer than three clips of a context have scores, or the column of subjects is absent or
        has empty cells.

    References
    ----------
    Grice, J. W. (2001). Computing and evaluating factor scores. Psychological Methods, 6, 430–450.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> card = compare_scores(ex.fit_factor(means, items=items), means)
    >>> card.glance()["lowest_correlation"].round(3).tolist()
    [0.992]
    """
    kinds = get_args(ScoreMethod)
    tables = {kind: score_clips(factor, items_table, method=kind) for kind in kinds}
    ids = (
        tables[kinds[0]]
        .drop(columns=["score", "std_error", "factor_se", "note"])
        .reset_index(drop=True)
    )
    scores = pd.DataFrame({kind: table["score"].to_numpy() for kind, table in tables.items()})
    people = None
    check_columns(subject)
    if subject in items_table.columns or subject != "subject":
        copies = len(ids) // len(items_table)
        people = pd.Series(np.tile(find_clusters(items_table, subject).astype(str), copies))
    rows = []
    for context, fitted_on, keep in _list_cells(ids, factor.by):
        kept = keep & scores.notna().all(axis=1).to_numpy()
        if kept.sum() < 3:
            counted = count_things(kept.sum(), "clip has", "clips have")
            fact = f"{name_fit(context)}: {counted} scores."
            raise DataError(Problem(fact, "Comparing scores needs three."))
        found = {kind: scores[kind].to_numpy()[kept] for kind in kinds}
        who = None if people is None else people[kept]
        rows += [
            {"context": context, "fitted_on": fitted_on, **row, "n_clips": int(kept.sum())}
            for row in _list_card(found, who)
        ]
    return ScoreCard(arrange_rows(rows, KEYS).astype({"context": object}))


def _list_cells(ids: pd.DataFrame, by: str | None) -> Iterator[tuple[str | None, str, np.ndarray]]:
    if by:
        own = (ids["fitted_on"] == "context").to_numpy()
        names = ids["context"].astype(str)
        for context in names[own].unique():
            yield context, "context", own & (names == context).to_numpy()
    yield None, "all", (ids["fitted_on"] == "all").to_numpy()


def _list_card(found: dict[str, np.ndarray], people: pd.Series | None) -> Iterator[dict[str, Any]]:
    ranks = {kind: pd.Series(score).rank().to_numpy() for kind, score in found.items()}
    for one, other in combinations(found, 2):
        pair = {"score": one, "versus": other}
        moved = np.abs(ranks[one] - ranks[other]) / len(ranks[one])
        correlation = np.corrcoef(found[one], found[other])[0, 1]
        yield {"term": "correlation", **pair, "estimate": float(correlation)}
        yield {"term": "rank_change", **pair, "estimate": float(moved.mean())}
        yield {"term": "rank_change_largest", **pair, "estimate": float(moved.max())}
    if people is None:
        return
    codes, groups = number_ids(people.to_frame("subject"), ["subject"])
    for kind, score in found.items():
        share = share_between(score, codes)
        note = None if np.isfinite(share) else "needs two subjects, one of them with two clips"
        row = {"term": "between_share", "score": kind, "estimate": share, "note": note}
        yield {**row, "n_clusters": groups}
