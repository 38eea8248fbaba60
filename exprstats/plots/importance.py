"""Figures of feature importance and partial dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import ALL, name_contexts
from exprstats.errors import DataError, OptionError, Problem
from exprstats.plots.looks import (
    FEW_ACROSS,
    INK,
    MOST_FEATURES,
    PALETTE,
    QUIET,
    add_caption,
    code_column,
    code_levels,
    name_panels,
    pick_colours,
    pick_shapes,
    place_apart,
    place_ticks,
    set_looks,
    tell_pooled,
    tidy_result,
    write_ticks,
)
from exprstats.plots.weights import keep_largest

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.models import Dependence, Importance, Weights

_APART = 0.36  # of a line, between the first and the last model
MOST_FEATURES_DEPENDENCE = 12


def draw_importance(
    importance: Importance | Weights | Sequence[Importance | Weights],
    *,
    names: Mapping[str, str] | None = None,
    most: int = MOST_FEATURES,
) -> ggplot:
    """Draw the importance of features with intervals, contexts side by side.

    Parameters
    ----------
    importance
        From `rate_importance`, or from `report_weights`; of one model or of several, which then
        stand below each other in the line of a feature. Their headline rows of single features.
    names
        What to print for a model's name; others are printed as they are.
    most
        Most features to draw: those of largest importance. The figure says so where it leaves
        some out.

    Returns
    -------
    plotnine.ggplot
        Features stand in the order of the table, the first on top; filled points mark intervals
        above zero.

    Raises
    ------
    DataError
        If no importance was measured.
    OptionError
        If nothing is passed, or `most` is below 1.

    Examples
    --------
    >>> from exprstats.models import fit_elastic, rate_importance, split_subjects
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=20, seed=1)
    >>> parts = split_subjects(study.clips, seed=1)
    >>> data = {"target": "au_intensity", "features": ["au_count", "gaze_velocity"], "parts": parts}
    >>> elastic = fit_elastic(study.clips, **data)
    >>> type(draw_importance(rate_importance(elastic, repeats=2, draws=500, seed=1))).__name__
    'ggplot'
    """
    several = importance if isinstance(importance, Sequence) else [importance]
    rows = select_importance([tidy_result(one) for one in several])
    rows, told = keep_largest(rows, most, "with the largest importance")
    errors = {str(getattr(one, "error", "RMSE")) for one in several}
    title = f"Rise of the test {' or '.join(sorted(errors))} when the feature is permuted"
    return add_caption(_build_lines(rows, names or {}, title), told)


def select_importance(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the headline rows of single features, pooled ones named "All"."""
    if not tables:
        message = "importance is an empty list; pass the results of rate_importance."
        raise OptionError(message)
    table = pd.concat(tables, ignore_index=True)
    require_columns(table, ["term", "model", "feature", "estimate", "conf_low"], "importance")
    shown = table["headline"].eq(True) if "headline" in table else True
    rows = table.loc[table["term"].eq("importance") & shown].reset_index(drop=True)
    if rows.empty:
        fact = "no importance was measured."
        raise DataError(Problem(fact, "Take the result of rate_importance."))
    return name_contexts(rows)


def _build_lines(rows: pd.DataFrame, names: Mapping[str, str], title: str) -> ggplot:
    import plotnine as p9

    levels = {name: order_levels(rows[name]) for name in ("feature", "context", "model")}
    features = list(code_levels(levels["feature"], width=26).values())
    panels = code_levels(levels["context"], width=20)
    models = code_levels([names.get(str(one), one) for one in levels["model"]], width=30)
    colours = dict(zip(models, pick_colours(len(models)), strict=True))
    shapes = dict(zip(models, pick_shapes(len(models)), strict=True))
    named: dict[str, Any] = {"breaks": list(models), "labels": list(models.values()), "name": " "}
    drawn = _place_rows(rows, levels, list(panels), list(models))
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    across = min(len(panels), FEW_ACROSS)
    plot = (
        p9.ggplot(drawn, p9.aes(y="place", x="estimate", color="model", shape="model"))
        + p9.geom_vline(xintercept=0, color=QUIET, size=0.4)
        + p9.geom_segment(p9.aes(x="conf_low", xend="conf_high", yend="place"), ranged, size=0.6)
        + p9.geom_point(p9.aes(fill="fill"), size=1.5, stroke=0.5)
        + p9.facet_wrap("context", ncol=across, labeller=name_panels("context", panels))
        + p9.scale_color_manual(values=colours, **named)
        + p9.scale_shape_manual(values=shapes, **named)
        + p9.scale_fill_manual(values={**colours, "none": "white"}, guide=None)
        + p9.scale_x_continuous(breaks=place_apart(across), labels=write_ticks, expand=(0.08, 0))
        + p9.labs(x=title, y="")
    )
    return _name_lines(plot, features, models=len(models), down=-(-len(panels) // across))


def _name_lines(plot: ggplot, features: list[str], *, models: int, down: int) -> ggplot:
    """Return the figure with the features' names, as high as they need."""
    import plotnine as p9

    lines = sum(max(label.count("\n") + 1, 0.75 * models) for label in features)
    return (
        plot
        + p9.scale_y_continuous(
            breaks=[-float(i) for i in range(len(features))],
            labels=features,
            limits=(0.5 - len(features), 0.5),
            expand=(0, 0),
        )
        + set_looks(0.8 + 0.3 * (models > 1) + down * (0.35 + max(0.6, 0.19 * lines)))
        + p9.theme(
            panel_spacing_x=0.045,
            axis_text_x=p9.element_text(size=7.5),
            legend_position="top" if models > 1 else "none",
        )
    )


def _place_rows(
    rows: pd.DataFrame, levels: dict[str, list[Any]], panels: list[str], models: list[str]
) -> pd.DataFrame:
    """Return the defined rows with the height of their points, and codes for their names."""
    offsets = np.linspace(0.5, -0.5, len(models)) * _APART if len(models) > 1 else np.zeros(1)
    feature = rows["feature"].map({one: i for i, one in enumerate(levels["feature"])})
    model = rows["model"].map({one: i for i, one in enumerate(levels["model"])}).to_numpy(int)
    codes = dict(zip(levels["context"], panels, strict=True))
    coded = [models[i] for i in model]
    held = rows["conf_low"].gt(0)
    drawn = rows.assign(
        place=offsets[model] - feature.astype(float),
        model=pd.Categorical(coded, categories=models),
        fill=[code if one else "none" for code, one in zip(coded, held, strict=True)],
        context=pd.Categorical(rows["context"].map(codes), categories=panels),
    )
    return drawn[drawn["estimate"].notna()]


def draw_dependence(dependence: Dependence, *, most: int = MOST_FEATURES_DEPENDENCE) -> ggplot:
    """Draw the mean prediction along each feature, a panel a feature and a line a context.

    Parameters
    ----------
    dependence
        From `trace_dependence`.
    most
        Most features to draw: those along which predictions move most. The figure says so where
        it leaves some out.

    Returns
    -------
    plotnine.ggplot
        All panels share their height; the pooled line is dashed. Of more than seven contexts
        only the pooled line is drawn, and the figure says so.

    Raises
    ------
    DataError
        If there is no curve.
    OptionError
        If `most` is below 1.

    Examples
    --------
    >>> from exprstats.models import fit_forest, split_subjects, trace_dependence
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=20, seed=1)
    >>> parts = split_subjects(study.clips, seed=1)
    >>> data = {"target": "au_intensity", "features": ["au_count", "gaze_velocity"], "parts": parts}
    >>> forest = fit_forest(study.clips, trees=5, seed=1, **data)
    >>> type(draw_dependence(trace_dependence(forest, features=["au_count"]))).__name__
    'ggplot'
    """
    rows = select_dependence(tidy_result(dependence))
    contexts = order_levels(rows["context"])
    told = ""
    if len(contexts) > len(PALETTE) + 1 and ALL in contexts:
        told = f"{tell_pooled(len(contexts) - 1)} "
        rows = rows[rows["context"].eq(ALL)]
    which = "along which predictions move most"
    rows, left_out = keep_largest(rows, most, which, sizes=_measure_reach(rows))
    return add_caption(_build_curves(rows), (told + left_out).strip())


def select_dependence(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of curves, pooled ones named "All"."""
    require_columns(table, ["feature", "value", "estimate"], "dependence")
    rows = table[table["estimate"].notna()].reset_index(drop=True)
    if rows.empty:
        fact = "there is no curve."
        raise DataError(Problem(fact, "Take the result of trace_dependence."))
    return name_contexts(rows)


def _measure_reach(rows: pd.DataFrame) -> pd.Series:
    """Return how far predictions move along each feature, in the context where they do most."""
    curves = rows.groupby(["feature", "context"], sort=False)["estimate"]
    return (curves.max() - curves.min()).groupby("feature", sort=False).max()


def _build_curves(rows: pd.DataFrame) -> ggplot:
    import plotnine as p9

    levels = {name: order_levels(rows[name]) for name in ("feature", "context")}
    coded = {
        "feature": code_levels(levels["feature"], width=19),
        "context": code_levels(levels["context"], width=24),
    }
    drawn = rows.copy()
    for name, codes in coded.items():
        drawn[name] = code_column(rows[name], levels[name], codes)
    colours, dashes = _pick_looks(levels["context"])
    shown = {
        "breaks": list(coded["context"]),
        "labels": list(coded["context"].values()),
        "name": " ",
    }
    across = min(len(levels["feature"]), FEW_ACROSS)
    named = name_panels("feature", coded["feature"])
    plot = (
        p9.ggplot(drawn, p9.aes(x="value", y="estimate", color="context", linetype="context"))
        + p9.geom_line(size=0.7)
        + p9.facet_wrap("feature", ncol=across, scales="free_x", labeller=named)
        + p9.scale_color_manual(values=colours, **shown)
        + p9.scale_linetype_manual(values=dashes, **shown)
        + p9.scale_x_continuous(breaks=place_ticks(3), labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x="Value of the feature (its own unit)", y="Mean prediction")
    )
    return _set_size(plot, coded, down=-(-len(levels["feature"]) // across))


def _pick_looks(contexts: list[Any]) -> tuple[list[str], list[str]]:
    """Return a colour and a dash for each context; the pooled one, among others, is dashed."""
    pooled = [context == ALL and len(contexts) > 1 for context in contexts]
    colours, dashes = iter(pick_colours(len(contexts))), cycle(("solid", "dotted", "dashdot"))
    return (
        [INK if one else next(colours) for one in pooled],
        ["dashed" if one else next(dashes) for one in pooled],
    )


def _set_size(plot: ggplot, coded: dict[str, dict[str, str]], *, down: int) -> ggplot:
    import plotnine as p9

    several = len(coded["context"]) > 1
    high = max(label.count("\n") for label in coded["feature"].values()) * 0.14
    return (
        plot
        + set_looks(0.75 + 0.3 * several + down * (1.5 + high))
        + p9.theme(
            panel_grid_major_y=p9.element_line(color="#efefef", size=0.4),
            axis_text=p9.element_text(size=7.5),
            panel_spacing_y=0.06,
            legend_position="top" if several else "none",
        )
    )
