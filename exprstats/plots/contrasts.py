"""Figure 5: how the weights of contexts differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.dots import draw_dots, keep_largest
from exprstats.plots.looks import add_caption
from exprstats.tables import require_columns

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.models import Contrasts

MOST_FEATURES = 40


def draw_contrasts(contrasts: Contrasts, *, most: int = MOST_FEATURES) -> ggplot:
    """Draw the differences between contexts' weights with their intervals, pairs side by side.

    Parameters
    ----------
    contrasts
        From `contrast_contexts`; its headline differences.
    most
        Most features to draw: those of largest difference. The figure says so where it leaves
        some out.

    Returns
    -------
    plotnine.ggplot
        Filled points mark differences whose max-|t| p is below 1 − level.

    Raises
    ------
    DataError
        If there is no difference.
    OptionError
        If `most` is below 1.

    Examples
    --------
    ::

        draw_contrasts(contrast_contexts(clips, ...)).show()
    """
    rows = select_differences(contrasts.tidy())
    rows, told = keep_largest(rows, most, "that differ most")
    plot = draw_dots(
        rows.assign(panel=name_pairs(rows)),
        filled=rows["p_max_t"].lt(1 - contrasts.level),
        title="Difference of weights (units of the target per pooled SD of the feature)",
    )
    return add_caption(plot, told)


def select_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return the headline rows of differences between contexts."""
    require_columns(table, ["term", "context", "versus", "feature", "estimate"], "contrasts")
    shown = table["headline"].eq(True) if "headline" in table else True
    rows = table.loc[table["term"].eq("difference") & shown].reset_index(drop=True)
    if rows.empty:
        fact = "there is no difference between contexts."
        raise DataError(Problem(fact, "Take the result of contrast_contexts."))
    return rows


def name_pairs(rows: pd.DataFrame) -> list[str]:
    """Return "context − versus" of each row."""
    return [
        f"{context} − {versus}"
        for context, versus in zip(rows["context"], rows["versus"], strict=True)
    ]
