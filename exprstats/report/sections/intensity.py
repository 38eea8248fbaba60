"""Section on labels of emotional intensity and the windows that carry them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.behaviour import count_labels
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import say


def describe_labels(
    frames: pd.DataFrame, windows: pd.DataFrame, *, length: int, step: int, emotion: str = ""
) -> Section:
    """Return the section on labelled frames and windows.

    Parameters
    ----------
    frames
        One row a frame: ``subject``, ``video``, ``label``.
    windows
        From `exprstats.behaviour.cut_windows`.
    length, step
        Of the windows, in frames.
    emotion
        Its name, where there are several.
    """
    known = int(frames["label"].notna().sum())
    sentences = [
        say(
            "We labelled {known} of {frames} of {people} by how much of the person's own strongest "
            "expression each shows, in tenths from 0 to 10.",
            known=write_count(known),
            frames=count_things(len(frames), "frame"),
            people=count_things(frames["subject"].nunique(), "person", "people"),
        ),
        say(
            "{windows} of {length} frames, every {step} frames, carry the label of their last "
            "frame; incomplete ones were left out.",
            windows=count_things(len(windows), "window").capitalize(),
            length=length,
            step=step,
        ),
    ]
    added = int(windows["added"].astype(bool).sum()) if len(windows) else 0
    if added:
        counted = count_things(added, "was", "were")
        sentences.append(
            say(
                "Of these {counted} added nearer to each other, for labels 3 to 7.", counted=counted
            )
        )
    broken = int((~windows["complete"].astype(bool)).sum()) if len(windows) else 0
    if broken:
        counted = count_things(broken, "window holds", "windows hold")
        sentences.append(say("{counted} a frame without a label or a gap.", counted=counted))
    counts = count_labels(windows)
    cells: list[dict[str, Any]] = [
        {
            "label": str(row["label"]),
            "n": write_count(int(row["n"])),
            "share": write_number(row["share"], 2, bounded=True),
        }
        for row in counts.astype({"label": int}).to_dict("records")
    ]
    columns = (
        Column("label", say("Label")),
        Column("n", say("Windows")),
        Column("share", say("Share")),
    )
    title = "Windows by Label" if not emotion else f"Windows by Label of {emotion.capitalize()}"
    table = Table("", "labels", title, columns, pd.DataFrame(cells), rows=counts)
    heading = "Intensity Labels" if not emotion else f"Intensity Labels: {emotion.capitalize()}"
    return Section("labels", heading, sentences=tuple(sentences), tables=(table,))
