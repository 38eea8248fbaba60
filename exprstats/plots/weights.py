"""Figures of feature weights and their contrasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import name_contexts, name_pairs
from exprstats.errors import DataError, OptionError, Problem
from exprstats.models.explain.weights import NOTABLE
from exprstats.plots.looks import (
    FEW_ACROSS,
    LIGHT,
    MOST_FEATURES,
    PALETTE,
    QUIET,
    add_caption,
    code_column,
    code_levels,
    count_lines,
    name_panels,
    place_multiples,
    place_ticks,
    set_looks,
    tidy_result,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.models import Contrasts, Models, Weights


def keep_largest(
    rows: pd.DataFrame, most: int, which: str, *, sizes: pd.Series | None = None
) -> tuple[pd.DataFrame, str]:
    """Return the rows of the ``most`` features of largest size, and what is said where some go.

    ``which`` sets them apart, such as "with the largest weights"; without ``sizes`` a feature has
    the size of its largest estimate.
    """
    if most < 1:
        message = f"most is {most}; it must be at least 1."
        raise OptionError(message)
    if sizes is None:
        sizes = rows["estimate"].abs().groupby(rows["feature"], sort=False).max()
    kept = sizes.sort_values(ascending=False, kind="stable").index[:most]
    told = f"The {most:,} of {len(sizes):,} features {which}." if len(sizes) > most else ""
    return rows[rows["feature"].isin(kept)].reset_index(drop=True), told


def draw_dots(
    rows: pd.DataFrame,
    *,
    filled: pd.Series,
    marks: Sequence[float] = (),
    step: float | None = None,
    title: str,
) -> ggplot:
    """Draw one point a row, with its interval where it has one and a stem from zero where not.

    Rows have columns feature, panel, estimate, conf_low, conf_high; the features' and panels' order
    is that of their levels. Dashed lines stand at ``marks``; axis numbers are ``step`` apart,
    doubled where there are many, or round.
    """
    import plotnine as p9

    levels = {name: order_levels(rows[name]) for name in ("feature", "panel")}
    coded = {
        "feature": code_levels(levels["feature"], width=26),
        "panel": code_levels(levels["panel"], width=20),
    }
    drawn = rows.assign(filled=filled, zero=0.0)
    for name, codes in coded.items():
        drawn[name] = code_column(rows[name], levels[name], codes)
    plot = _build_dots(drawn[drawn["estimate"].notna()], coded, marks, step)
    return plot + p9.labs(x=title, y="")


def _build_dots(
    drawn: pd.DataFrame,
    coded: dict[str, dict[str, str]],
    marks: Sequence[float],
    step: float | None,
) -> ggplot:
    import plotnine as p9

    panels = len(coded["panel"])
    across = min(panels, FEW_ACROSS)
    lines = count_lines(coded["feature"].values())
    high = max(label.count("\n") for label in coded["panel"].values()) * 0.14
    down = -(-panels // across)
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    bare = drawn.drop(index=ranged.index)
    places = place_ticks(4) if step is None else place_multiples(step, 4)
    plot = p9.ggplot(drawn, p9.aes(y="feature", x="estimate"))
    if marks:
        plot += p9.geom_vline(xintercept=list(marks), color=LIGHT, size=0.5, linetype="dashed")
    plot += p9.geom_vline(xintercept=0, color=QUIET, size=0.4)
    for part, start, end in ((bare, "zero", "estimate"), (ranged, "conf_low", "conf_high")):
        if len(part):
            ends = p9.aes(x=start, xend=end, yend="feature")
            plot += p9.geom_segment(ends, part, color=PALETTE[0], size=0.6)
    return (
        plot
        + p9.geom_point(p9.aes(fill="filled"), color=PALETTE[0], size=1.6, stroke=0.5)
        + p9.facet_wrap("panel", ncol=across, labeller=name_panels("panel", coded["panel"]))
        + p9.scale_x_continuous(breaks=places, labels=write_ticks, expand=(0.08, 0))
        + p9.scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + p9.scale_y_discrete(
            limits=list(coded["feature"])[::-1], labels=list(coded["feature"].values())[::-1]
        )
        + set_looks(0.8 + down * (0.3 + high + max(0.6, 0.19 * lines)))
        + p9.theme(panel_spacing_x=0.02, axis_text_x=p9.element_text(size=7.5))
    )


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
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=20, seed=1)
    >>> parts = split_subjects(study.clips, seed=1)
    >>> data = {"target": "au_intensity", "features": ["au_count", "gaze_velocity"], "parts": parts}
    >>> type(draw_weights(fit_elastic(study.clips, **data))).__name__
    'ggplot'
    """
    rows = select_weights(tidy_result(weights))
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
    >>> from exprstats.models import contrast_contexts, split_subjects
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=20, seed=1)
    >>> parts = split_subjects(study.clips, seed=1)
    >>> data = {"target": "au_intensity", "features": ["au_count", "gaze_velocity"], "parts": parts}
    >>> contrasts = contrast_contexts(study.clips, **data, draws=100, seed=1)
    >>> type(draw_contrasts(contrasts)).__name__
    'ggplot'
    """
    rows = select_differences(tidy_result(contrasts))
    rows, told = keep_largest(rows, most, "that differ most")
    plot = draw_dots(
        rows.assign(panel=name_pairs(rows)),
        filled=rows["p_adjusted"].lt(1 - contrasts.level),
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
