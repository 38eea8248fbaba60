"""Whether contexts differ in how reliably they are rated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from exprstats.errors import DataError, Problem
from exprstats.inference.significance import adjust_holm
from exprstats.numerals import write_interval, write_level, write_number, write_p
from exprstats.reliability.estimands import Estimand, measure_estimand
from exprstats.reliability.jackknife import Spread, combine_thetas
from exprstats.reliability.oneway import find_usual_divisor
from exprstats.reliability.panels import Panel, find_cluster, split_panels
from exprstats.reliability.samples import Samples, sample_panel
from exprstats.reliability.scale_errors import ESTIMANDS, OBSTACLES
from exprstats.results import Result
from exprstats.tables import arrange_rows, encode_ids
from exprstats.words import IccModel, check_level, check_word


@dataclass(frozen=True, slots=True)
class Placed:
    """A context's samples with the codes that its subjects, raters and cells have in the table."""

    name: str
    samples: Samples
    places: Mapping[str, np.ndarray]
    k: float
    n_clips: int


@dataclass(frozen=True, slots=True, eq=False)
class ContextDifferences(Result):
    """Differences between contexts' reliabilities.

    Attributes
    ----------
    table
        One row for each item, coefficient and pair of contexts: ``context`` less ``versus``, with
        the cluster interval, p, and p adjusted within item and coefficient (Holm, 1979).
    level
        Confidence level.
    """

    table: pd.DataFrame
    level: float

    def tidy(self) -> pd.DataFrame:
        """Return one row for each difference."""
        return self.table

    def glance(self) -> pd.DataFrame:
        """Return one row: how many differences there are."""
        return pd.DataFrame([{"differences": len(self.table), "level": self.level}])

    def sentence(self) -> str:
        """Return the differences of means of k ratings in APA style."""
        rows = self.table[self.table["term"].str.endswith(",k)")].to_dict("records")
        return " ".join(
            f"{row['item']}: {row['term']} of {row['context']} less that of {row['versus']} is "
            f"{write_number(row['estimate'], bounded=True)}, {write_level(self.level)} CI "
            f"{write_interval(row['conf_low'], row['conf_high'], bounded=True)}, "
            f"adjusted p {_write_p(row['p_adjusted'])}."
            for row in rows
        )


def compare_reliability(
    ratings: pd.DataFrame,
    *,
    by: str = "context",
    model: IccModel = "one-way",
    items: Sequence[str] | str | None = None,
    cluster: str | None = "subject",
    level: float = 0.95,
) -> ContextDifferences:
    """Estimate differences between contexts' reliabilities, with intervals that hold.

    Contexts share subjects and raters, so that their reliabilities hang together: each subject,
    rater and cell is left out of all contexts at once, and the variance is that of the difference.

    Parameters
    ----------
    ratings, model, items, cluster, level
        As in `rate_reliability`.
    by
        Column of contexts.

    Raises
    ------
    DataError
        As in `rate_reliability`, and if there is one context only.
    OptionError
        As in `rate_reliability`.
    """
    check_word(model, IccModel, "model")
    check_level(level)
    panels = [
        panel
        for panel in split_panels(ratings, items=items, by=by, cluster=cluster)
        if panel.context is not None
    ]
    problems = [problem for panel in panels for problem in OBSTACLES[model](panel)]
    if len({panel.context for panel in panels}) < 2:
        problems.append(Problem("there is one context.", "Name the column with by=.", column=by))
    if problems:
        raise DataError(problems)
    codes = _encode(ratings, by, find_cluster(ratings, cluster))
    rows = []
    for item in dict.fromkeys(panel.item for panel in panels):
        placed = [_place(panel, model, codes) for panel in panels if panel.item == item]
        for estimand in ESTIMANDS[model]:
            for averaged in (False, True):
                rows += _compare(placed, estimand, item, averaged=averaged, level=level)
    keys = ("context", "versus", "item", "term")
    return ContextDifferences(arrange_rows(rows, keys), level)


def _encode(ratings: pd.DataFrame, by: str, cluster: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Return subject (clip, where it is not known) and rater codes of every row."""
    clip = [name for name in (by, "context", "clip") if name in ratings.columns]
    names = list(dict.fromkeys(clip)) if cluster is None else [cluster]
    return encode_ids(ratings, names)[0], encode_ids(ratings, ["rater"])[0]


def _place(panel: Panel, model: IccModel, codes: tuple[np.ndarray, np.ndarray]) -> Placed:
    samples = sample_panel(panel, model, always=True)
    counts = np.bincount(panel.clip)
    own = panel.clip if panel.subject is None else panel.subject
    subject, rater = (
        _find_codes(local, everywhere[panel.rows])
        for local, everywhere in zip((own, panel.rater), codes, strict=True)
    )
    cell = subject[samples.cells[0]] * (int(codes[1].max()) + 1) + rater[samples.cells[1]]
    k = find_usual_divisor(counts)
    places = {"subject": subject, "rater": rater, "cell": cell}
    return Placed(str(panel.context), samples, places, k, len(counts))


def _find_codes(local: np.ndarray, everywhere: np.ndarray) -> np.ndarray:
    found = np.zeros(int(local.max()) + 1, dtype=np.int64)
    found[local] = everywhere
    return found


def _compare(
    placed: Sequence[Placed], estimand: Estimand, item: str, *, averaged: bool, level: float
) -> list[dict[str, Any]]:
    rows = list(_write_differences(placed, estimand, averaged=averaged, level=level))
    shared = {"item": item, "term": estimand.name_term(averaged=averaged), "level": level}
    adjusted = adjust_holm(np.array([row["p_value"] for row in rows]))
    return [shared | row | {"p_adjusted": float(p)} for row, p in zip(rows, adjusted, strict=True)]


def _write_differences(
    placed: Sequence[Placed], estimand: Estimand, *, averaged: bool, level: float
) -> Iterator[dict[str, Any]]:
    for one, two in combinations(placed, 2):
        values = [
            float(measure_estimand(estimand, context.samples.whole, _divide(context, averaged)))
            for context in (one, two)
        ]
        spread = _spread_difference(one, two, estimand, averaged=averaged)
        difference, error = values[0] - values[1], spread.variance**0.5
        reach = float(stdtrit(spread.df, (1 + level) / 2)) * error
        p_value = 2 * float(stdtr(spread.df, -abs(difference) / error)) if error > 0 else np.nan
        yield {
            "context": one.name,
            "versus": two.name,
            "estimate": difference,
            "std_error": error,
            "conf_low": difference - reach,
            "conf_high": difference + reach,
            "method": "jackknife",
            "p_value": p_value,
            "n_clips": one.n_clips + two.n_clips,
            "n_clusters": spread.n_subjects,
            "note": spread.refusal or None,
        }


def _divide(context: Placed, averaged: bool) -> dict[str, float]:
    return {"k": context.k if averaged else 1.0}


def _spread_difference(one: Placed, two: Placed, estimand: Estimand, *, averaged: bool) -> Spread:
    thetas = {}
    for part in ("subject", "rater", "cell"):
        union = np.unique(np.concatenate([one.places[part], two.places[part]]))
        values = []
        for context in (one, two):
            divisors = _divide(context, averaged)
            whole = measure_estimand(estimand, context.samples.whole, divisors)
            filled = np.full(len(union), float(whole))
            without = measure_estimand(estimand, context.samples.without[part], divisors)
            filled[np.searchsorted(union, context.places[part])] = without
            values.append(np.where(np.isinf(filled), np.nan, filled))
        thetas[part] = values[0] - values[1]
    n_raters = len(thetas["rater"])
    if len(thetas["cell"]) == n_raters:
        thetas = {"subject": thetas["subject"]}
    return combine_thetas(thetas, n_raters)


def _write_p(value: float) -> str:
    text = write_p(value)
    return text if text[0] in "<>—" else f"= {text}"
