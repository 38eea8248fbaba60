"""Sections on the features of clips: those of the models, and their origin in tracked frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number
from exprstats.behaviour.ledger import KEPT_QUALITY
from exprstats.descriptives.moments import SKEW_NAMES, measure_moments
from exprstats.document.model import Section, Table, list_columns
from exprstats.document.text import Text, cite, say
from exprstats.report.analysis import Analysis

MOST_CLIPS = 10  # left out, that are named
_COLUMNS = list_columns(
    words=1,
    feature="Feature",
    clips="Clips",
    mean="*M*",
    sd="*SD*",
    skew="Skew",
    kurtosis="Kurtosis",
    lowest="Lowest",
    highest="Highest",
)


def describe_features(analysis: Analysis) -> Section | None:
    """Return the section on the models' features, or None where no model saw features."""
    design = next((models.design for models in analysis.models.values()), None)
    if design is None:
        return None
    found = pd.DataFrame(np.asarray(design.matrix), columns=list(design.features))
    rows = _summarise(found)
    told = f"Skewness and excess kurtosis are of {SKEW_NAMES[2]}."
    notes = (say(f"In the features' own units, over all clips that models saw. {told}"),)
    cells = pd.DataFrame([_write_row(row) for row in rows.to_dict("records")])
    title = "Features of the Clips"
    return Section(
        "features",
        "Features",
        sentences=(
            say(
                "The models used {features} of {clips} (<Table features>).",
                features=count_things(len(rows), "feature"),
                clips=count_things(len(found), "clip"),
            ),
            *_say_tracking(analysis),
        ),
        tables=(Table("features", title, _COLUMNS, cells, notes=notes, rows=rows),),
    )


def describe_tracking(analysis: Analysis) -> Section | None:
    """Return the section on features from frames, or None where none were made."""
    result = analysis.clip_features
    if result is None:
        return None
    from exprstats.behaviour import FEATURES
    from exprstats.behaviour.trackers.units import TRACKER_NAMES

    blocks = {"Features": FEATURES, "Quality of the frames": KEPT_QUALITY}
    lines, rows = [], []
    for block, names in blocks.items():
        present = [name for name in names if name in result.clips]
        present = [name for name in present if result.clips[name].notna().any()]
        held = _summarise(result.clips[present])
        rows.append(held.assign(block=block))
        lines += [{**_write_row(row), "block": block} for row in held.to_dict("records")]
    note = say(
        "In the features' own units; skewness and excess kurtosis of type 2. valid_share = share "
        "of the moments of a clip with a valid "
        "frame; gaps and face_switches are counts."
    )
    told = "No column names the subjects; add it before clips are split by person."
    table = Table(
        "clip_features",
        "Features of the Clips and Quality of Their Frames",
        _COLUMNS,
        pd.DataFrame(lines),
        group="block",
        notes=(note,),
        rows=pd.concat(rows, ignore_index=True),
    )
    return Section(
        "clip_features",
        f"Features from {TRACKER_NAMES[result.tracker]}",
        sentences=(cite(result.sentence(), "Table clip_features"),),
        points=_list_left_out(result.ledger[~result.ledger["kept"]]),
        caveats=() if "subject" in result.clips else (say(told),),
        tables=(table,),
    )


def _list_left_out(left: pd.DataFrame) -> tuple[Text, ...]:
    points = [
        say("Left out: {clip}: {reason}", clip=row["clip"], reason=row["reason"])
        for row in left.head(MOST_CLIPS).to_dict("records")
    ]
    if len(left) > MOST_CLIPS:
        more = write_count(len(left) - MOST_CLIPS)
        points.append(say("Left out: {more} more; the ledger names each.", more=more))
    return tuple(points)


def describe_sensitivity(analysis: Analysis) -> Section | None:
    """Return the section, or None where no other thresholds were tried or nothing can move."""
    result = analysis.sensitivity
    if result is None or result.table.empty:
        return None
    columns = (
        *list_columns(threshold="Confidence", clips="Clips", left="Left out"),
        *list_columns(words=1, feature="Moves most", shift="By (*SD*)", lowest="Lowest *r*"),
    )
    rows = result.glance()
    cells = pd.DataFrame([_write_threshold(row, result.chosen) for row in rows.to_dict("records")])
    note = say(
        "Least confidence of a valid frame. The feature that moves most, by the mean size of its "
        "shift, and the lowest correlation of any feature with its values at {chosen}, over the "
        "clips that both thresholds keep.",
        chosen=write_number(result.chosen, 2, bounded=True),
    )
    title = "Clips and Features With Other Least Confidences"
    return Section(
        "sensitivity",
        "Sensitivity to the tracker’s confidence",
        sentences=(cite(result.sentence(), "Table sensitivity"),),
        tables=(Table("sensitivity", title, columns, cells, notes=(note,), rows=result.tidy()),),
    )


def _write_threshold(row: dict[Any, Any], chosen: float) -> dict[str, str]:
    same = row["threshold"] == chosen
    moved = {
        "feature": str(row["feature"]) if row["largest_shift"] > 0 else MISSING,
        "shift": write_number(row["largest_shift"], 2),
        "lowest": write_number(row["lowest_correlation"], 2, bounded=True),
    }
    return {
        "threshold": write_number(row["threshold"], 2, bounded=True) + " (chosen)" * same,
        "clips": write_count(row["n_clips"]),
        "left": write_count(row["n_left_out"]),
        **(dict.fromkeys(moved, MISSING) if same else moved),
    }


def _summarise(values: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in values.columns:
        found = measure_moments(values[name].to_numpy(float, na_value=np.nan))
        ends = {"lowest": found["low"], "highest": found["high"]}
        moments = {one: found[one] for one in ("mean", "sd", "skew", "kurtosis")}
        rows.append({"feature": str(name), "n_clips": found["n"], **moments, **ends})
    return pd.DataFrame(rows)


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    decimals = _pick_decimals(row["sd"])
    return {
        "feature": row["feature"],
        "clips": write_count(row["n_clips"]),
        **{name: write_number(row[name], decimals) for name in ("mean", "sd", "lowest", "highest")},
        **{name: write_number(row[name]) for name in ("skew", "kurtosis")},
    }


def _pick_decimals(sd: float) -> int:
    """Return decimals that show two digits of the standard deviation."""
    if not np.isfinite(sd) or sd <= 0:
        return 2
    return int(np.clip(1 - np.floor(np.log10(sd)), 0, 8))


def _say_tracking(analysis: Analysis) -> tuple[Text, ...]:
    """Return how well the clips' frames were tracked, where that is known."""
    shares = read_shares(analysis)
    if analysis.study is None or analysis.study.openface is None or shares.empty:
        return ()
    return (
        say(
            "Of the moments of a clip, {middle} were tracked well enough in the median clip and "
            "{least} in the worst one that was kept.",
            middle=write_share(shares.median()),
            least=write_share(shares.min()),
        ),
    )


def read_shares(analysis: Analysis) -> pd.Series:
    """Return the share of valid moments of each clip; empty where it is not known."""
    clips = analysis.clips
    if clips is None or "valid_share" not in clips:
        return pd.Series(dtype=float)
    return clips["valid_share"].dropna()


def write_share(share: float) -> str:
    """Write a share as a percentage without decimals."""
    return f"{write_count(round(100 * share))}%"
