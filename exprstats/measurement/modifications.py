"""Modification indices of a one-factor model."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.special import chdtrc

from exprstats import rbridge
from exprstats.contracts import arrange_rows
from exprstats.errors import OptionError
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.solution import Solution

KEYS = ("context", "item", "versus", "term")


def suggest_modifications(factor: Factor) -> pd.DataFrame:
    """Return lavaan's modification indices of each fit on all clips.

    They say where a model misses, not what to change: a pair of items freed because the data said
    so is no longer tested by these data (MacCallum, Roznowski, & Necowitz, 1992).

    Parameters
    ----------
    factor
        A maximum likelihood fit of four or more items to complete clips.

    Returns
    -------
    DataFrame
        context item versus term estimate df p_value n_clips, largest index first within a context,
        pooled rows last. Terms: ``modification_index``, the fall in χ² if the residuals of the two
        items were let correlate; ``residual_correlation``, the correlation expected.

    Raises
    ------
    OptionError
        The model has no degrees of freedom, or was not fitted by plain maximum likelihood.
    RError
        R cannot be used.

    References
    ----------
    MacCallum, R. C., Roznowski, M., & Necowitz, L. B. (1992). Model modifications in covariance
    structure analysis. Psychological Bulletin, 111, 490–504.

    Examples
    --------
    >>> import exprstats as ex
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(500, 1)) + 0.7 * rng.normal(size=(500, 4))
    >>> answers[:, 2:] += 0.5 * rng.normal(size=(500, 1))
    >>> table = pd.DataFrame(answers, columns=["a", "b", "c", "d"])
    >>> rows = suggest_modifications(ex.fit_factor(table, items=list("abcd")))
    >>> sorted(rows.loc[[0], ["item", "versus"]].to_numpy().ravel())
    ['c', 'd']
    """
    whole = [one for one in factor.solutions if one.part == "all"]
    if not whole[0].df:
        message = "three items leave no degrees of freedom (df = 0): nothing can be modified."
        raise OptionError(message)
    if whole[0].method != "ml" or whole[0].missing != "listwise":
        message = "modification indices need a fit by plain maximum likelihood to complete clips."
        raise OptionError(message)
    rows = [row for one in whole for row in _list_solution(one)]
    return arrange_rows(rows, KEYS).astype({"context": object})


def _list_solution(one: Solution) -> list[dict[str, Any]]:
    found = rbridge.call(
        "measurement",
        "list_modifications",
        one.covariance,
        one.intercepts,
        one.n_clips,
        names=one.items,
    ).value
    rows = []
    for place in range(len(found["index"])):
        keys = {
            "context": one.context,
            "item": one.items[int(found["first"][place]) - 1],
            "versus": one.items[int(found["second"][place]) - 1],
            "n_clips": one.n_clips,
        }
        index = float(found["index"][place])
        test = {"estimate": index, "df": 1.0, "p_value": float(chdtrc(1, index))}
        change = float(found["change_standardized"][place])
        rows.append({**keys, "term": "modification_index", **test})
        rows.append({**keys, "term": "residual_correlation", "estimate": change})
    return rows
