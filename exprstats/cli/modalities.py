"""Modalities of a network on the command line: their sizes, and networks that lack one each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.cli.options import split_names
from exprstats.cli.session import Session
from exprstats.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd


def split_counts(text: str | None) -> dict[str, int]:
    """Return modalities with their numbers of features.

    Raises
    ------
    OptionError
        If it is no list of NAME=COUNT.

    Examples
    --------
    >>> split_counts("image=2048,audio=128")
    {'image': 2048, 'audio': 128}
    """
    found = {}
    for part in split_names(text, "--modalities") or []:
        name, mark, count = (one.strip() for one in part.partition("="))
        if not (name and mark and count.isdigit() and int(count) > 0):
            message = f"--modalities '{part}' must be a name and its features, such as audio=128."
            raise OptionError(message)
        found[name] = int(count)
    return found


def fit_modalities(
    tried: list[dict[str, Any]], model: str, sizes: dict[str, int], *, ablate: bool
) -> list[dict[str, Any]]:
    """Return the settings to try with the modalities of a gated GRU.

    Raises
    ------
    OptionError
        Modalities are given to another network, or are missing where one is to be left out.
    """
    if sizes and model != "gated-gru":
        message = f"--modalities are for --model gated-gru, not {model}."
        raise OptionError(message)
    if ablate and len(sizes) < 2:
        message = "--ablate needs --modalities, two or more, such as image=2048,audio=128."
        raise OptionError(message)
    if model != "gated-gru":
        return tried
    count = max(len(sizes), 1)
    whole = {"sizes": tuple(sizes.values())} if sizes and not ablate else {}
    return [
        {**whole, **one, **({"hidden": (one["hidden"],) * count} if "hidden" in one else {})}
        for one in tried
    ]


def ablate_network(
    session: Session,
    table: pd.DataFrame,
    targets: list[str],
    parts: pd.DataFrame,
    *,
    plain: bool,
    sequences: Path,
    grid: list[dict[str, Any]],
    **options: Any,
) -> None:
    """Print what networks lose without one of the modalities each."""
    from exprstats.deep import ablate_modalities, read_sequences

    if not plain:
        message = (
            "--ablate takes neither --by, --classes, --weights, --crop, --brightness, "
            "--training-only, --resume, --save nor --predictions."
        )
        raise OptionError(message)
    widths = {one["hidden"][0] for one in grid if "hidden" in one}
    if len(widths) > 1:
        message = "--ablate takes one number of --hidden units, the same for each modality."
        raise OptionError(message)
    units = {name: one for one in widths for name in options["modalities"]} or None
    kept = [{name: value for name, value in one.items() if name != "hidden"} for one in grid]
    found = ablate_modalities(table, targets=targets, parts=parts, load=read_sequences(sequences),
                              hidden=units, grid=kept, **options)  # fmt: skip
    session.add_table("ablation", found.tidy())
    session.tables |= {"predictions": found.predictions, "runs": found.runs}
    session.present(found)
