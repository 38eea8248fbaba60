"""Figure 4: the weight of each feature in each context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.contexts import name_contexts
from exprstats.plots.dots import draw_dots, keep_largest
from exprstats.plots.looks import add_caption
from exprstats.tables import require_columns

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.models import Models, Weights

MOST_FEATURES = 40
NOTABLE = 0.2  # Lin, Girard, & Morency (2020) read weights close to or above it


def draw_weights(weights: Models | Weights, *, most: int = MOST_FEATURES) -> ggplot:
    """Draw the feature weights, contexts side by side.

    Parameters
    ----------
    weights
        From `report_weights`, with intervals; or from `fit_elastic`, without. Their rows whose
        term is ``"weight"`` (units of the target for one SD of the feature).
    most
        Most features to draw: those of largest weight in any context. The figure says so where
        it leaves some out.

    Returns
    -------
    plotnine.ggplot
        Features stand in the order of the table, the first on top; filled points mark weights
        of .2 or more in size (or of the threshold of `report_weights`), light lines that size.

    Raises
    ------
    DataError
        If there are no weights, or all of them are zero.
    OptionError
        If `most` is below 1.

    Examples
    --------
    ::

        draw_weights(fit_elastic(clips, target="score", features=names)).show()
    """
    rows = select_weights(weights.tidy())
    notable = getattr(weights, "threshold", NOTABLE)
    rows, told = keep_largest(rows, most, "with the largest weights")
    plot = draw_dots(
        rows.assign(panel=rows["context"]),
        filled=rows["estimate"].abs().ge(notable),
        marks=(-notable, notable),
        step=notable,
        title="Weight (units of the target per SD of the feature)",
    )
    return add_caption(plot, told)


def select_weights(table: pd.DataFrame) -> pd.DataFrame:
    """Return the weight rows, pooled ones named "All"."""
    require_columns(table, ["term", "feature", "estimate"], "models")
    rows = table.loc[table["term"].eq("weight")].reset_index(drop=True)
    if rows.empty or not rows["estimate"].fillna(0).ne(0).any():
        fact = "there are no weights." if rows.empty else "all weights are zero."
        raise DataError(Problem(fact, "There is nothing to draw; look at the penalty's grid."))
    absent = {name: np.nan for name in ("conf_low", "conf_high") if name not in rows}
    return name_contexts(rows.assign(**absent))
