"""Figures as files, the same bytes for the same data."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotnine import ggplot


def save_figure(plot: ggplot, stem: str | PathLike[str], *, dpi: int = 200) -> tuple[Path, Path]:
    """Save a figure as ``stem.png`` and ``stem.svg``.

    The files hold no date and no random ids: the same figure gives the same bytes.

    Parameters
    ----------
    plot
        A figure, at the size its theme states (inches).
    stem
        Path without ending; its folder must exist.
    dpi
        Resolution of the PNG.

    Returns
    -------
    tuple of Path
        The PNG and the SVG.

    Examples
    --------
    ::

        save_figure(draw_weights(models), "figures/weights")
    (PosixPath('figures/weights.png'), PosixPath('figures/weights.svg'))
    """
    from matplotlib import rc_context

    stem = Path(stem)
    png, svg = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    # Text in the SVG becomes outlines, so that it looks the same without our fonts.
    with rc_context({"svg.hashsalt": "exprstats", "svg.fonttype": "path"}):
        plot.save(png, dpi=dpi, limitsize=False, verbose=False, metadata={"Software": None})
        plot.save(svg, limitsize=False, verbose=False, metadata={"Date": None, "Creator": None})
    return png, svg
