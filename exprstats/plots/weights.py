"""Figure 4: the weight of each feature in each context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.contexts import name_contexts
from exprstats.plots.labels import code_levels
from exprstats.plots.looks import LIGHT, PALETTE, QUIET, place_multiples, set_looks, write_ticks
from exprstats.tables import order_levels, require_columns

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.models import Models

MOST_FEATURES = 40
NOTABLE = 0.2  # Lin, Girard, & Morency (2020) read weights close to or above it


def draw_weights(models: Models, *, most: int = MOST_FEATURES) -> ggplot:
    """Draw the feature weights, contexts side by side.

    Parameters
    ----------
    models
        From `fit_elastic`; the rows whose term is ``"weight"`` (units of the target for one SD
        of the feature).
    most
        Most features to draw: those of largest weight in any context. The figure says so where
        it leaves some out.

    Returns
    -------
    plotnine.ggplot
        Features stand in the order of the table, the first on top; filled points mark weights
        of .2 or more in size, light lines that size.

    Raises
    ------
    DataError
        If there are no weights, or all of them are zero.

    Examples
    --------
    >>> draw_weights(fit_elastic(clips, target="score", features=names)).show()  # doctest: +SKIP
    """
    rows = select_weights(models.tidy())
    count = rows["feature"].nunique()
    rows = keep_largest(rows, most)
    features, contexts = order_levels(rows["feature"]), order_levels(rows["context"])
    coded = {"feature": code_levels(features, width=26), "context": code_levels(contexts, width=18)}
    for name, levels in (("feature", features), ("context", contexts)):
        places = {level: code for level, code in zip(levels, coded[name], strict=True)}
        rows[name] = pd.Categorical(rows[name].map(places), categories=list(coded[name]))
    plot = _build_dots(rows, coded)
    return plot if count <= most else _add_caption(plot, most, count)


def select_weights(table: pd.DataFrame) -> pd.DataFrame:
    """Return the weight rows, pooled ones named "All"."""
    require_columns(table, ["term", "feature", "estimate"], "models")
    rows = table.loc[table["term"].eq("weight")].reset_index(drop=True)
    if rows.empty or not rows["estimate"].fillna(0).ne(0).any():
        fact = "there are no weights." if rows.empty else "all weights are zero."
        raise DataError(Problem(fact, "There is nothing to draw; look at the penalty's grid."))
    return name_contexts(rows)


def keep_largest(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the rows of the features whose largest weight is among the `most` largest."""
    sizes = rows["estimate"].abs().groupby(rows["feature"], sort=False).max()
    kept = sizes.sort_values(ascending=False, kind="stable").index[:most]
    return rows[rows["feature"].isin(kept)].reset_index(drop=True)


def _add_caption(plot: ggplot, most: int, count: int) -> ggplot:
    from plotnine import element_text, labs, theme

    told = f"The {most:,} of {count:,} features with the largest weights."
    return plot + labs(caption=told) + theme(plot_caption=element_text(size=7.5, ha="right"))


def _build_dots(rows: pd.DataFrame, coded: dict[str, dict[str, str]]) -> ggplot:
    from plotnine import (
        aes,
        element_text,
        facet_wrap,
        geom_point,
        geom_segment,
        geom_vline,
        ggplot,
        labs,
        scale_fill_manual,
        scale_x_continuous,
        scale_y_discrete,
        theme,
    )

    rows = rows[rows["estimate"].notna()].assign(zero=0.0)
    rows["notable"] = rows["estimate"].abs().ge(NOTABLE)
    panels = len(coded["context"])
    across = min(panels, 4)
    lines = sum(label.count("\n") + 1 for label in coded["feature"].values())
    down = -(-panels // across)
    return (
        ggplot(rows, aes(y="feature", x="estimate"))
        + geom_vline(xintercept=[-NOTABLE, NOTABLE], color=LIGHT, size=0.5, linetype="dashed")
        + geom_vline(xintercept=0, color=QUIET, size=0.4)
        + geom_segment(aes(x="zero", xend="estimate", yend="feature"), color=PALETTE[0], size=0.6)
        + geom_point(aes(fill="notable"), color=PALETTE[0], size=1.6, stroke=0.5)
        + facet_wrap("context", ncol=across, labeller=_read_codes(coded))
        + scale_x_continuous(
            breaks=place_multiples(NOTABLE, 4), labels=write_ticks, expand=(0.08, 0)
        )
        + scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + scale_y_discrete(
            limits=list(coded["feature"])[::-1], labels=list(coded["feature"].values())[::-1]
        )
        + labs(x="Weight (units of the target per SD of the feature)", y="")
        + set_looks(0.8 + down * (0.3 + max(0.6, 0.19 * lines)))
        + theme(panel_spacing_x=0.02, axis_text_x=element_text(size=7.5))
    )


def _read_codes(coded: dict[str, dict[str, str]]) -> Any:
    from plotnine import labeller

    return labeller(context=lambda code: coded["context"][code])
