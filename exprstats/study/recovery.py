"""How near a study of simulated data comes to the truth that it was drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.parallel import Seed
from exprstats.study.newcomers import FRESH, measure_performance
from exprstats.study.outcome import StudyRun
from exprstats.tables import arrange_rows

if TYPE_CHECKING:
    from exprstats.simulate import Simulated

Row = dict[str, Any]
_KEYS = ("context", "item", "model", "metric", "term")


def compare_truth(
    run: StudyRun, simulated: Simulated, *, subjects: int = FRESH, seed: Seed = None
) -> pd.DataFrame:
    """Put the truth beside the headline estimates of a study of simulated data.

    Reliabilities and loadings have their population values. The truth of a model's performance
    is that of the very model that was fitted, on new subjects of the same population, whose
    clips are scored by the fitted factor.

    Parameters
    ----------
    run
        From `run_study` on the files of ``simulated``.
    simulated
        What was drawn, with its population.
    subjects
        New subjects to measure performance on; 2,000 leave an error of about .005 in r.
    seed
        Of the new subjects; must differ from that of ``simulated``.

    Returns
    -------
    pandas.DataFrame
        context, item, model, metric, term, truth, estimate, conf_low, conf_high, level, method,
        inside (None where the truth or the interval is not defined).
    """
    rows = [
        *_list_reliabilities(run, simulated.truth),
        *_list_loadings(run, simulated.truth),
        *_list_performance(run, measure_performance(run, simulated, subjects=subjects, seed=seed)),
    ]
    frame = arrange_rows([{**row, "inside": _lies_inside(row)} for row in rows], _KEYS)
    front = [name for name in (*_KEYS, "truth") if name in frame]
    return frame[[*front, *(name for name in frame if name not in front)]]


def _list_reliabilities(run: StudyRun, truth: pd.DataFrame) -> Iterator[Row]:
    if run.reliability is not None:
        rows = run.reliability.table
        yield from _pair(rows[rows["headline"]], truth, ("context", "item", "term"))


def _list_loadings(run: StudyRun, truth: pd.DataFrame) -> Iterator[Row]:
    if run.factor is not None:
        rows = run.factor.table
        loadings = rows[(rows["term"] == "loading") & (rows["part"] == "all")]
        yield from _pair(loadings, truth, ("context", "item", "term"))


def _list_performance(run: StudyRun, truth: pd.DataFrame) -> Iterator[Row]:
    if run.comparison is not None:
        rows = run.comparison.table
        scores = rows[rows["headline"] & rows["versus"].isna()]
        yield from _pair(scores, truth, ("context", "model", "metric"))


def _pair(rows: pd.DataFrame, truth: pd.DataFrame, keys: tuple[str, ...]) -> Iterator[Row]:
    known = {_name_row(row, keys): row["estimate"] for row in truth.to_dict("records")}
    for row in rows.to_dict("records"):
        value = known.get(_name_row(row, keys), np.nan)
        kept = ("estimate", "conf_low", "conf_high", "level", "method")
        yield {
            **{key: None if pd.isna(row[key]) else row[key] for key in keys},
            "truth": value,
            **{name: row[name] for name in kept},
        }


def _name_row(row: Mapping[Any, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if pd.isna(row[key]) else str(row[key]) for key in keys)


def _lies_inside(row: Row) -> bool | None:
    numbers = (row["truth"], row["conf_low"], row["conf_high"])
    if any(pd.isna(number) for number in numbers):
        return None
    return bool(row["conf_low"] <= row["truth"] <= row["conf_high"])
