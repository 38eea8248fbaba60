"""The predictions of several models in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem
from exprstats.models.parts import PARTS
from exprstats.models.skeletons import take_predictions
from exprstats.numerals import count_things
from exprstats.tables import PREDICTIONS, check_table
from exprstats.words import name_some

if TYPE_CHECKING:
    from exprstats.models.fits import Models


def stack_predictions(*models: Models | pd.DataFrame, part: str | None = "test") -> pd.DataFrame:
    """Put the predictions of several models into one table, ready to be compared.

    Parameters
    ----------
    *models
        Fitted or cross-validated models, or PREDICTIONS tables.
    part
        The part to keep; None keeps all. Tables without the column keep all their rows.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS.

    Raises
    ------
    DataError
        A model stands in two tables, or two tables differ in the truth of a clip.
    OptionError
        Nothing to stack, or an unknown part.
    """
    if not models or (part is not None and part not in PARTS):
        message = f"Give at least one model, and a part out of {', '.join(PARTS)} or None."
        raise OptionError(message)
    tables = [take_predictions(one) for one in models]
    for table in tables:
        seated = "seat" in table
        check_table(table.assign(seat=table["seat"].fillna("-")) if seated else table, PREDICTIONS)
    _check_names(tables)
    kept = [
        table if part is None or "part" not in table else table[table["part"] == part]
        for table in tables
    ]
    stacked = pd.concat(kept, ignore_index=True)
    if stacked.empty:
        raise DataError(Problem(f"no predictions in the {part} part.", "Check the split."))
    _check_truths(stacked)
    first = [name for name in (*PREDICTIONS.key, *PREDICTIONS.ids) if name in stacked]
    return stacked[[*first, *(name for name in stacked if name not in first)]]


def _check_names(tables: Sequence[pd.DataFrame]) -> None:
    names = [name for table in tables for name in table["model"].unique()]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        fact = f"more than one table calls its model {name_some(twice)}."
        raise DataError(Problem(fact, "Give each model its own name.", column="model"))


def _check_truths(stacked: pd.DataFrame) -> None:
    if "seat" in stacked:
        stacked = stacked[stacked["seat"].isna()]
    key = [name for name in ("context", "clip", "fitted_on") if name in stacked]
    spread = stacked.groupby(key, dropna=False, sort=False)["truth"].agg(["min", "max"])
    torn = (spread["max"] - spread["min"]) > 1e-9 * spread.abs().max(axis=1)
    if torn.any():
        cases = [" ".join(map(str, np.atleast_1d(one))) for one in torn.index[torn][:5]]
        counted = count_things(torn.sum(), "clip has", "clips have")
        fact = f"{counted} different truths under different models: "
        remedy = "Predict the same scores with every model."
        raise DataError(Problem(f"{fact}{name_some(cases)}.", remedy, column="truth"))
