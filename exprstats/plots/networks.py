"""Figure of the losses of networks over the epochs of their training."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from plotnine import ggplot

_PARTS = {"loss_train": "Training", "loss_validate": "Validation"}
_NEEDED = ["model", "context", "run", "epoch", "best", *_PARTS]


def draw_training(history: pd.DataFrame) -> ggplot:
    """Draw the loss of training and of validation people over the epochs.

    Parameters
    ----------
    history
        One row an epoch: model, context, run, epoch, loss_train, loss_validate and best, as in
        `exprstats.deep.DeepModels`.

    Returns
    -------
    plotnine.ggplot
        Models below each other and contexts side by side; a point marks the epoch that was kept.
        Runs after the first are thin lines.

    Examples
    --------
    ::

        draw_training(models.history.assign(model="LSTM")).show()
    """
    import plotnine as p9

    require_columns(history, _NEEDED, "history")
    keys = ["model", "context", "run", "epoch", "best"]
    rows = name_contexts(history)[[*keys, *_PARTS]].melt(keys, var_name="part", value_name="loss")
    rows = rows[rows["loss"].notna()].reset_index(drop=True)
    coded = {}
    for name, width in (("model", 14), ("context", 18)):
        levels = list_levels(rows, name)
        coded[name] = code_levels(levels, width=width)
        rows[name] = code_column(rows[name], levels, coded[name])
    parts = [one for one in _PARTS.values() if one in set(rows["part"].map(_PARTS))]
    rows["part"] = pd.Categorical(rows["part"].map(_PARTS), parts)
    rows["line"] = rows["part"].astype(str) + rows["run"].astype(str)
    first, others = rows[rows["run"] == 1], rows[rows["run"] > 1]
    aes = p9.aes(x="epoch", y="loss", color="part", group="line", linetype="part")
    plot = p9.ggplot(first, aes)
    if len(others):
        plot += p9.geom_line(data=others, size=0.3, alpha=0.5)
    return (
        plot
        + p9.geom_line(size=0.8)
        + p9.geom_point(data=first[first["best"]], size=1.8)
        + p9.facet_grid(
            "model ~ context", labeller=name_grid(coded["model"], coded["context"]), scales="free_y"
        )
        + p9.scale_color_manual(values=PALETTE[: len(parts)])
        + p9.scale_x_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x="Epoch", y="Loss", color="", linetype="")
        + set_looks(1.0 + 1.5 * len(coded["model"]))
        + p9.theme(legend_position="top")
    )
