"""The section on the features, with Table A3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from exprstats.numerals import count_things, write_count, write_number
from exprstats.report.behaviour import say_tracking
from exprstats.report.document import Column, Section, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import say


def describe_features(pieces: Pieces) -> Section | None:
    """Return the section, or None where no model saw features."""
    found = _read_features(pieces)
    if found is None:
        return None
    rows = _summarise(found)
    columns = (
        Column("feature", say("Feature"), words=True),
        Column("clips", say("Clips")),
        Column("mean", say("*M*")),
        Column("sd", say("*SD*")),
        Column("lowest", say("Lowest")),
        Column("highest", say("Highest")),
    )
    cells = pd.DataFrame([_write_row(row) for row in rows.to_dict("records")])
    notes = (say("In the features' own units, over all clips that models saw."),)
    return Section(
        "features",
        "Features",
        sentences=(
            say(
                "The models used {features} of {clips} (Table A3).",
                features=count_things(len(rows), "feature"),
                clips=count_things(len(found), "clip"),
            ),
            *say_tracking(pieces),
        ),
        tables=(
            Table(
                "A3", "features", "Features of the Clips", columns, cells, notes=notes, rows=rows
            ),
        ),
    )


def _read_features(pieces: Pieces) -> pd.DataFrame | None:
    design = next((models.design for models in pieces.models.values()), None)
    if design is None:
        return None
    return pd.DataFrame(np.asarray(design.matrix), columns=list(design.features))


def _summarise(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": [str(name) for name in values.columns],
            "n_clips": values.notna().sum().to_numpy(),
            "mean": values.mean().to_numpy(),
            "sd": values.std().to_numpy(),
            "lowest": values.min().to_numpy(),
            "highest": values.max().to_numpy(),
        }
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    decimals = _pick_decimals(row["sd"])
    return {
        "feature": row["feature"],
        "clips": write_count(row["n_clips"]),
        **{name: write_number(row[name], decimals) for name in ("mean", "sd", "lowest", "highest")},
    }


def _pick_decimals(sd: float) -> int:
    """Return decimals that show two digits of the standard deviation."""
    if not np.isfinite(sd) or sd <= 0:
        return 2
    return int(np.clip(1 - np.floor(np.log10(sd)), 0, 8))
