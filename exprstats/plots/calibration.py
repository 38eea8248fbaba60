"""Figure of the calibration of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.contracts import require_columns
from exprstats.document.cells import list_levels, name_contexts
from exprstats.plots.looks import (
    PALETTE,
    code_column,
    code_levels,
    name_grid,
    place_ticks,
    set_looks,
    write_ticks,
)
from exprstats.plots.performance import tell_level

if TYPE_CHECKING:
    from plotnine import ggplot

_NEEDED = ["context", "model", "prediction", "truth", "conf_low", "conf_high"]
MOST_MODELS = 4


def draw_calibration(
    curves: pd.DataFrame, *, names: Mapping[str, str] | None = None, level: float = 0.95
) -> ggplot:
    """Draw the smoothed truth over the predictions of each model, beside the line of equality.

    Parameters
    ----------
    curves
        As in `exprstats.inference.Calibration`; the first four models are drawn.
    names
        What models are called in print.
    level
        Of the bands, for the caption.

    Returns
    -------
    plotnine.ggplot
        Models below each other and contexts side by side.

    Examples
    --------
    ::

        draw_calibration(calibration.curves).show()
    """
    import plotnine as p9

    require_columns(curves, _NEEDED, "curves")
    kept = list_levels(curves, "model")[:MOST_MODELS]
    rows = name_contexts(curves)[curves["model"].isin(kept)].reset_index(drop=True)
    called = {name: (names or {}).get(str(name), str(name)) for name in kept}
    rows["model"] = rows["model"].map(called)
    coded = {}
    for name, width in (("model", 14), ("context", 18)):
        levels = list_levels(rows, name)
        coded[name] = code_levels(levels, width=width)
        rows[name] = code_column(rows[name], levels, coded[name])
    return (
        p9.ggplot(rows, p9.aes(x="prediction", y="truth"))
        + p9.geom_abline(intercept=0, slope=1, linetype="dashed", color="#777777", size=0.4)
        + p9.geom_ribbon(p9.aes(ymin="conf_low", ymax="conf_high"), fill=PALETTE[0], alpha=0.2)
        + p9.geom_line(color=PALETTE[0], size=0.8)
        + p9.facet_grid("model ~ context", labeller=name_grid(coded["model"], coded["context"]))
        + p9.scale_x_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(
            x="Prediction",
            y="Truth",
            caption=tell_level(level).replace("Lines", "Bands") + " Dashed: truth = prediction.",
        )
        + set_looks(1.0 + 1.5 * len(coded["model"]))
    )
